//! How plugins stand between what they ask for and what they have, for the operator, whether a host runs or not.

use super::Approvals;
use super::asking::now_ms;
use crate::capability::Grants;
use crate::registry::{Loaded, Snapshot};
use arc_swap::ArcSwap;
use moa_core::config::{Grant, LineError};
use moa_store::StoreError;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// How a plugin stands between what it asks for and what it has, in lines of the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Status {
    /// The plugin.
    pub plugin: String,
    /// What its manifest asks for.
    pub requested: Vec<String>,
    /// What was approved beyond the configuration.
    pub approved: Vec<String>,
    /// What it asks for and nobody granted.
    pub missing: Vec<String>,
    /// What it asks for and the configuration denies.
    pub denied: Vec<String>,
}

/// Why nothing was granted.
#[derive(Debug, thiserror::Error)]
pub enum GrantError {
    /// No such plugin.
    #[error("no plugin `{0}` is loaded; `moa plugin list` shows those that are")]
    NoPlugin(String),
    /// The line says nothing.
    #[error(transparent)]
    Line(#[from] LineError),
    /// The store could not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How plugins stand.
#[derive(Clone)]
pub struct Standing {
    plugins: Arc<ArcSwap<Snapshot>>,
    grants: Grants,
    approvals: Arc<Approvals>,
}

impl Standing {
    /// Of these plugins, by what the configuration says and what was approved.
    pub fn new(plugins: Arc<ArcSwap<Snapshot>>, grants: Grants, approvals: Arc<Approvals>) -> Self {
        Self {
            plugins,
            grants,
            approvals,
        }
    }

    /// How a plugin stands.
    ///
    /// # Errors
    /// [`GrantError::NoPlugin`].
    pub fn status(&self, plugin: &str) -> Result<Status, GrantError> {
        let loaded = self.loaded(plugin)?;
        let requested = Grant::of(&loaded.manifest.requests);
        let denied = requested.without(&requested.without(&self.grants.denied(plugin)));
        Ok(Status {
            plugin: plugin.to_owned(),
            requested: requested.lines(),
            approved: self.approvals.of(plugin).approved.lines(),
            missing: self.missing(&loaded).lines(),
            denied: denied.lines(),
        })
    }

    /// The operator approves these lines, or all that the plugin asks for.
    ///
    /// # Errors
    /// [`GrantError`]; nothing is approved then.
    pub async fn approve(&self, plugin: &str, lines: Option<&[String]>) -> Result<Status, GrantError> {
        let loaded = self.loaded(plugin)?;
        let what = match lines {
            None => self.missing(&loaded),
            Some(lines) => lines.iter().try_fold(Grant::default(), |all, line| {
                Grant::of_line(line).map(|one| all.or(&one))
            })?,
        };
        self.approvals.approve(plugin, &what, now_ms()).await?;
        tracing::info!(plugin, granted = what.lines().join(", "), "the operator approved");
        self.status(plugin)
    }

    /// The operator takes back what was approved.
    ///
    /// # Errors
    /// [`GrantError`]; what was approved counts on then.
    pub async fn withdraw(&self, plugin: &str) -> Result<Status, GrantError> {
        self.loaded(plugin)?;
        self.approvals.withdraw(plugin, now_ms()).await?;
        tracing::info!(plugin, "the operator took back what was approved");
        self.status(plugin)
    }

    fn loaded(&self, plugin: &str) -> Result<Arc<Loaded>, GrantError> {
        let found = self.plugins.load().plugins.get(plugin).cloned();
        found.ok_or_else(|| GrantError::NoPlugin(plugin.to_owned()))
    }

    pub(super) fn missing(&self, loaded: &Loaded) -> Grant {
        self.grants.missing(&loaded.name, &loaded.manifest.requests)
    }
}
