//! What the operator said about webhooks, and what they have to know.

use super::super::Source;
use crate::settings;
use moa_core::config::{Config, PluginSettings};
use moa_core::hook::{HookSettings, Refused, SetUpError, Verifier};
use moa_core::manifest::Webhook;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often it is told of one webhook that requests are refused.
const TOLD: Duration = Duration::from_secs(60);

/// What the operator said about webhooks.
pub struct SetUp {
    hooks: BTreeMap<String, BTreeMap<String, HookSettings>>,
    /// The values of the secrets that webhooks are checked with.
    secrets: BTreeMap<String, String>,
    /// Whether a webhook that nothing is said about is served unchecked.
    trying: bool,
    /// The largest body, in bytes, where a webhook has no limit of its own.
    pub(super) body: u64,
}

impl SetUp {
    /// What the configuration says. `trying`: webhooks that it says nothing about are served, too (`moa dev`).
    ///
    /// # Errors
    /// A secret that it names cannot be had.
    pub fn of(config: &Config, trying: bool) -> Result<Self, settings::SecretError> {
        let hooks: BTreeMap<_, _> = config
            .plugin
            .iter()
            .filter(|(_, plugin)| !plugin.webhooks.is_empty())
            .map(|(name, plugin): (_, &PluginSettings)| (name.clone(), plugin.webhooks.clone()))
            .collect();
        let names: BTreeSet<&String> = hooks
            .values()
            .flat_map(BTreeMap::values)
            .filter_map(|hook| hook.secret.as_ref())
            .collect();
        let mut secrets = BTreeMap::new();
        for name in names {
            if let Some(source) = config.secrets.get(name) {
                secrets.insert(name.clone(), settings::secret("secrets", source)?);
            }
        }
        Ok(Self {
            hooks,
            secrets,
            // Nobody but this machine's own people.
            trying: trying && config.http.listen.ip().is_loopback(),
            body: config.http.body,
        })
    }

    /// What is said about one webhook.
    pub(super) fn about(&self, plugin: &str, hook: &str) -> Option<&HookSettings> {
        self.hooks.get(plugin)?.get(hook)
    }

    /// How its requests are checked.
    pub(super) fn verifier(&self, plugin: &str, hook: &Webhook) -> Result<Verifier, SetUpError> {
        let secret_of = |name: &str| self.secrets.get(name).map(String::as_str);
        match self.about(plugin, &hook.name) {
            Some(settings) => settings.verifier(plugin, hook, secret_of),
            None if self.trying => Ok(Verifier::open()),
            None => HookSettings::default().verifier(plugin, hook, secret_of),
        }
    }
}

/// What was told to the operator already.
#[derive(Default)]
pub(super) struct Noted {
    set_up: Mutex<BTreeSet<String>>,
    refused: Mutex<HashMap<String, (Instant, u64)>>,
}

impl Noted {
    /// A webhook cannot be served. It is told once.
    pub(super) fn set_up(&self, plugin: &str, hook: &str, error: &SetUpError) {
        let mut told = self.set_up.lock().unwrap_or_else(PoisonError::into_inner);
        if told.insert(format!("{plugin}/{hook}")) {
            tracing::warn!("{error}");
        }
    }

    /// A request was refused. It is told now and then, with how many there were since.
    pub(super) fn refused(&self, plugin: &str, hook: &str, source: Source, why: Refused) {
        tracing::debug!(plugin, hook, %source, "refused: {why}");
        let mut all = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        // Only webhooks that there are have a place here.
        let (last, since) = match all.get_mut(&format!("{plugin}/{hook}")) {
            Some((last, since)) => (last, since),
            None => {
                all.insert(format!("{plugin}/{hook}"), (Instant::now(), 0));
                drop(all);
                tracing::warn!("a request from {source} for the webhook {plugin}/{hook} was refused: {why}");
                return;
            }
        };
        *since += 1;
        if last.elapsed() >= TOLD {
            tracing::warn!(
                "{since} more requests for the webhook {plugin}/{hook} were refused; the last, from {source}: {why}"
            );
            (*last, *since) = (Instant::now(), 0);
        }
    }
}
