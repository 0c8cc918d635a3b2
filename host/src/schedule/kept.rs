//! What the store holds of jobs.

use super::Key;
use moa_core::manifest::Missed;
use moa_store::{Scope, Space, Store, StoreError, Write};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How many are read at once.
const PAGE: u32 = 1_000;

/// A job that a plugin made at run time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    /// Another one for each job, also where a plugin makes one of the same name again.
    pub uid: String,
    /// When it is due.
    pub when: When,
    /// Handed to each run.
    pub payload: String,
    /// When it was made, in milliseconds since 1970.
    pub made_ms: i64,
}

/// When a job that was made at run time is due.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum When {
    /// Once.
    Once {
        /// In milliseconds since 1970.
        at_ms: i64,
    },
    /// Again and again.
    Every {
        /// As [`Pattern::parse`](moa_core::schedule::Pattern::parse) reads it.
        cron: String,
        /// An IANA name.
        timezone: String,
        /// What happens to missed runs.
        missed: Missed,
    },
}

/// Where a job stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Standing {
    /// Which plan it is of: another one begins anew.
    pub plan: String,
    /// Up to when its due times were seen to, in milliseconds since 1970.
    pub since_ms: i64,
    /// Whether an operator lets it rest.
    pub paused: bool,
    /// Which host tells that it is due, from when on, in milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claim: Option<(String, i64)>,
    /// When it was claimed for the first time for what is owed, in milliseconds since 1970: what was not late then is not
    /// late for whoever takes it up. Of no meaning without a claim.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claimed_ms: Option<i64>,
    /// Its last run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<Last>,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Last {
    /// For which due time, RFC 3339.
    pub due: String,
    /// When it ended, in milliseconds since 1970.
    pub ended_ms: i64,
    /// Why it failed; `None` if it did not.
    pub failed: Option<String>,
}

/// No plugin's name has a colon.
pub(super) fn made_space() -> Space {
    Space::new("moa:jobs", Scope::Plugin)
}

pub(super) fn standing_space() -> Space {
    Space::new("moa:job-standing", Scope::Plugin)
}

/// The key of a job in both spaces. No plugin's name has a slash.
pub(super) fn cell((plugin, name): &Key) -> String {
    format!("{plugin}/{name}")
}

/// What forgets a job.
pub(super) fn deletes(key: &Key) -> Vec<Write> {
    vec![
        Write::delete(made_space().cell(cell(key))),
        Write::delete(standing_space().cell(cell(key))),
    ]
}

pub(super) fn bytes(value: &impl Serialize) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(value).map_err(|error| StoreError::Io(error.to_string()))
}

/// What is stored of a job, with its version.
pub(super) async fn one<T: DeserializeOwned>(
    store: &dyn Store,
    space: &Space,
    key: &Key,
) -> Result<Option<(T, String)>, StoreError> {
    let entry = store.get(&space.cell(cell(key))).await?;
    Ok(entry.and_then(|entry| Some((serde_json::from_slice(&entry.value).ok()?, entry.version))))
}

/// What is stored of all jobs.
pub(super) async fn all<T: DeserializeOwned>(store: &dyn Store, space: &Space) -> Result<BTreeMap<Key, T>, StoreError> {
    let mut all = BTreeMap::new();
    let mut after = None;
    loop {
        let page = store.keys(space, "", after.as_deref(), PAGE).await?;
        let cells: Vec<_> = page.keys.iter().map(|key| space.cell(key.as_str())).collect();
        for (key, entry) in page.keys.iter().zip(store.get_many(&cells).await?) {
            let value = entry.and_then(|entry| serde_json::from_slice(&entry.value).ok());
            match key.split_once('/').zip(value) {
                Some(((plugin, name), value)) => drop(all.insert((plugin.into(), name.into()), value)),
                None => tracing::warn!(job = key, "what is stored of a job cannot be read; it begins anew"),
            }
        }
        after = page.next;
        if after.is_none() {
            return Ok(all);
        }
    }
}
