//! The configuration, read again at SIGHUP while the host runs.
//!
//! All of it is read and checked as at a start, and a bad one is refused whole: what was before stays. What can change while
//! calls run is taken over: grants, limits, settings and names of commands, access, secrets, rates, admins. Everything else
//! is told, and counts after a restart.

use super::allowed;
use super::services::Webhooks;
use super::signal::{Hangup, Hangups};
use crate::access::{Access, Names, Policy};
use crate::admins::Admins;
use crate::audit::Audit;
use crate::capability::Grants;
use crate::data::Data;
use crate::invocation::Allowances;
use crate::outward::Outward;
use crate::rates::Rates;
use crate::registry::{Order, Registry};
use crate::service::Life;
use crate::settings::{self, LoadError};
use crate::web::SetUp;
use moa_core::access::Rules;
use moa_core::config::{Change, Config};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Reads the configuration from where it lies.
pub type Reread = Arc<dyn Fn() -> Result<Config, LoadError> + Send + Sync>;

/// What a configuration that is read again is given to.
pub(super) struct Reload {
    pub(super) reread: Reread,
    /// The host's own secrets, and what they are called.
    pub(super) own: Vec<(String, String)>,
    pub(super) allowances: Arc<Allowances>,
    pub(super) access: Arc<Access>,
    pub(super) names: Arc<Names>,
    pub(super) rates: Arc<Rates>,
    pub(super) admins: Arc<Admins>,
    pub(super) audit: Arc<Audit>,
    pub(super) registry: Arc<Registry>,
    pub(super) life: Life,
}

/// What counts now.
struct Standing {
    /// As it was when the host started: for what cannot be taken over.
    started: Config,
    /// As it was read last.
    now: Config,
}

impl Reload {
    /// Reads it again whenever that is asked for.
    pub(super) async fn watch(self, config: Config, mut hangups: Hangups) {
        let mut standing = Standing {
            started: config.clone(),
            now: config,
        };
        loop {
            match hangups.next().await {
                Hangup::Reload => {
                    self.life.reloading();
                    match self.reload(&mut standing).await {
                        Ok(()) => {}
                        Err(error) => tracing::error!(
                            "the configuration was read again and is refused; what was before stays: {error:#}"
                        ),
                    }
                    self.life.reloaded();
                }
                Hangup::Gone => {
                    tracing::info!("the terminal is gone");
                    // As if somebody had asked for it: nothing that runs is cut off.
                    // SAFETY: a signal to this very process, which listens for it.
                    unsafe {
                        libc::kill(libc::getpid(), libc::SIGTERM);
                    }
                }
            }
        }
    }

    async fn reload(&self, standing: &mut Standing) -> anyhow::Result<()> {
        let new = (self.reread)()?;
        let fresh = self.checked(&standing.now, &new)?;
        let live = standing.now.changes(&new);
        let live: Vec<&Change> = live.iter().filter(|change| change.is_live).collect();
        let mut later: Vec<String> = standing
            .started
            .changes(&new)
            .iter()
            .filter(|change| !change.is_live)
            .map(ToString::to_string)
            .collect();

        let names = self.allowances.outward.take_secrets(&fresh, &self.own);
        let secrets = self.allowances.outward.secrets.load_full();
        self.audit.hide(secrets.values().cloned());
        self.allowances.by_plugin.store(Arc::new(allowed::by_plugin(&new)));
        if let Grants::Configured(says) = &self.allowances.grants {
            says.by_plugin.replace(allowed::said(&new));
        }
        self.access.replace(Policy {
            rules: Rules(new.access.clone()),
            admins: new.bot.admins.clone(),
        });
        self.admins.ids.store(Arc::new(new.bot.admins.clone()));
        if standing.now.rate != new.rate {
            self.rates.replace(&new.rate);
        }
        if standing.now.aliases != new.aliases {
            self.registry.rename(new.aliases.clone());
        }
        let plugins = self.configured_anew(&live).await;
        self.names.look();

        let hidden = |text: &str| self.allowances.outward.redactor.text(text).into_owned();
        for change in &live {
            tracing::info!("configuration: {}", hidden(&change.to_string()));
        }
        for name in &names {
            tracing::info!("configuration: the secret {name} is another one");
            if of_webhooks(&new).contains(name) {
                later.push(format!("secrets.{name}: webhooks check with what it was"));
            }
        }
        for change in &later {
            tracing::warn!("configuration: needs a restart: {}", hidden(change));
        }
        let taken = live.len() + names.len();
        tracing::info!(
            plugins = plugins.join(", "),
            "the configuration was read again: {taken} changes taken over, {} need a restart",
            later.len()
        );
        standing.now = new;
        Ok(())
    }

    /// What a start would refuse is refused here, too; and what would take from plugins what they have now.
    fn checked(&self, now: &Config, new: &Config) -> anyhow::Result<Outward> {
        let own = Webhooks::read(new, false)?.secrets(None);
        SetUp::of(new, false)?;
        if !settings::is_without_slack(new) {
            settings::secret("slack.app-token", &new.slack.app_token)?;
            settings::secret("slack.bot-token", &new.slack.bot_token)?;
        }
        let mut wrong = Data::problems(new).wrong;
        wrong.extend(self.misconfigured(now, new));
        if !wrong.is_empty() {
            anyhow::bail!("{}", wrong.join("\n"));
        }
        let fresh = Outward::of(new, &own)?;
        let (before, after) = (self.allowances.outward.secrets.load_full(), fresh.secrets.load_full());
        let is_lost = |name: &&String| before.contains_key(*name) && !after.contains_key(*name);
        let lost: Vec<&str> = new.secrets.keys().filter(is_lost).map(String::as_str).collect();
        if !lost.is_empty() {
            anyhow::bail!("secrets that count now cannot be read any more: {}", lost.join(", "));
        }
        Ok(fresh)
    }

    /// What the plugins that are loaded cannot take of their own settings, where these are others than before.
    fn misconfigured(&self, now: &Config, new: &Config) -> Vec<String> {
        let snapshot = self.registry.current();
        let mut wrong = Vec::new();
        for (name, loaded) in &snapshot.plugins {
            let of = |config: &Config| {
                let own = config.plugin.get(name);
                own.map(|plugin| plugin.config.clone()).unwrap_or_default()
            };
            let (before, after) = (of(now), of(new));
            if before != after
                && let Err(errors) = loaded.manifest.settle(&after)
            {
                wrong.extend(errors.iter().map(ToString::to_string));
            }
        }
        wrong
    }

    /// Loads those plugins anew whose own tables are others: what their manifests take from these is settled then.
    async fn configured_anew(&self, live: &[&Change]) -> Vec<String> {
        let of = |change: &&Change| {
            let mut parts = change.key.split('.');
            match (parts.next(), parts.next(), parts.next()) {
                (Some("plugin"), Some(name), Some("config")) => Some(name.to_owned()),
                _ => None,
            }
        };
        let names: BTreeSet<String> = live.iter().filter_map(of).collect();
        let mut loaded = Vec::new();
        for name in names {
            // One that is not loaded takes it from the new configuration when it is.
            if !self.registry.current().plugins.contains_key(&name) {
                continue;
            }
            match self.registry.order(Order::Restart(name.clone())).await {
                Ok(_) => loaded.push(name),
                Err(error) => tracing::error!(
                    plugin = name,
                    "its configuration is another one, and it cannot be loaded with that: {error}"
                ),
            }
        }
        loaded
    }
}

/// The secrets that requests from outside are checked with.
fn of_webhooks(config: &Config) -> BTreeSet<String> {
    let hooks = config.plugin.values().flat_map(|plugin| plugin.webhooks.values());
    hooks.filter_map(|hook| hook.secret.clone()).collect()
}
