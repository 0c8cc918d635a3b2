//! What the configuration says that plugins may use.

use crate::capability::{Grants, Said, Says};
use crate::dispatch::Room;
use crate::grants::Approvals;
use crate::invocation::{Allowance, Allowances};
use crate::registry::{ConfigOf, LimitsOf};
use moa_core::config::{Config, PluginSettings};
use moa_engine::Limits;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The limits of the plugins, as the configuration sets them.
pub fn limits_of(config: &Config) -> LimitsOf {
    let allowances = allowances(config, false);
    Arc::new(move |plugin| allowances.of(plugin).limits.clone())
}

/// The plugins' own tables of the configuration.
pub fn config_of(config: &Config) -> ConfigOf {
    let allowances = allowances(config, false);
    Arc::new(move |plugin| Arc::clone(&allowances.of(plugin).config))
}

/// What the configuration grants, and what was approved beside it.
pub fn grants_of(config: &Config, approvals: &Approvals) -> Grants {
    let mut grants = allowances(config, false).grants;
    if let Grants::Configured(says) = &mut grants {
        says.approved = approvals.approved();
    }
    grants
}

pub(super) fn allowances(config: &Config, grant_everything: bool) -> Allowances {
    let grants = match grant_everything {
        true => Grants::Everything,
        false => Grants::Configured(Says {
            by_plugin: said(config).into(),
            ..Says::default()
        }),
    };
    Allowances {
        by_plugin: arc_swap::ArcSwap::from_pointee(by_plugin(config)),
        default: Arc::new(allowance(&PluginSettings::default())),
        grants,
        outward: Arc::default(),
        data: Arc::default(),
    }
}

fn allowance(plugin: &PluginSettings) -> Allowance {
    let limits = &plugin.limits;
    let size = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
    Allowance {
        limits: Limits {
            cpu: limits.cpu,
            wall: limits.wall,
            memory: limits.memory,
            host_calls: limits.host_calls.into(),
            log_bytes: limits.log,
            messages: limits.messages,
            key: size(limits.key),
            value: size(limits.value),
            // A file leaves the plugin whole, and with a name and a comment.
            transfer: Limits::default()
                .transfer
                .max(size(limits.http_body).saturating_add(1 << 20)),
        },
        room: Room {
            concurrency: size(limits.concurrency.into()),
            queue: size(limits.queue.into()),
        },
        brain: limits.brain,
        file: size(limits.http_body),
        config: Arc::new(plugin.config.clone()),
    }
}

/// What each plugin with a table of its own may use.
pub(super) fn by_plugin(config: &Config) -> BTreeMap<String, Arc<Allowance>> {
    let plugins = config.plugin.iter();
    plugins
        .map(|(name, plugin)| (name.clone(), Arc::new(allowance(plugin))))
        .collect()
}

/// What each may touch and may not.
pub(super) fn said(config: &Config) -> BTreeMap<String, Said> {
    let of = |plugin: &PluginSettings| Said {
        grant: plugin.grant.clone(),
        deny: plugin.deny.clone(),
    };
    let plugins = config.plugin.iter();
    plugins.map(|(name, plugin)| (name.clone(), of(plugin))).collect()
}
