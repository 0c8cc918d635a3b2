//! Which versions of a plugin served, one after the other: the way back.
//!
//! Outlives a restart as a fact of the host. The files of these versions are kept by `versions`.

use moa_store::Store;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const FACT: &str = "registry.history";
/// Versions that are remembered of each plugin.
const DEPTH: usize = 8;
/// Of how many of them, counted from the newest, the files are kept whatever else is.
const KEPT: usize = 3;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct History {
    /// By plugin, the newest last.
    served: BTreeMap<String, Vec<String>>,
}

impl History {
    /// `None` if it can't be read: then it is not to be overwritten either.
    pub(super) async fn read(store: &dyn Store) -> Option<Self> {
        match store.fact_get(FACT).await {
            Ok(None) => Some(Self::default()),
            Ok(Some(text)) => Some(serde_json::from_str(&text).unwrap_or_else(|error| {
                tracing::error!(%error, "which versions of plugins served before is unreadable; it is forgotten");
                Self::default()
            })),
            Err(error) => {
                tracing::error!(%error, "which versions of plugins served before cannot be read; what serves now is not kept");
                None
            }
        }
    }

    pub(super) async fn write(&self, store: &dyn Store) -> Result<(), String> {
        let text = serde_json::to_string(self).map_err(|error| error.to_string())?;
        let written = store.fact_set(FACT, Some(&text)).await;
        written.map_err(|error| error.to_string())
    }

    /// A version serves.
    pub(super) fn serves(&mut self, plugin: &str, version: &str) {
        if self.latest(plugin) == Some(version) {
            return;
        }
        let served = self.served.entry(plugin.to_owned()).or_default();
        served.retain(|known| known != version);
        served.push(version.to_owned());
        let too_many = served.len().saturating_sub(DEPTH);
        served.drain(..too_many);
    }

    /// The last version that served.
    pub(super) fn latest(&self, plugin: &str) -> Option<&str> {
        self.served.get(plugin)?.last().map(String::as_str)
    }

    /// The one before this.
    pub(super) fn before(&self, plugin: &str, version: &str) -> Option<&str> {
        let served = self.served.get(plugin)?;
        let at = served.iter().rposition(|known| known == version)?;
        served.get(at.checked_sub(1)?).map(String::as_str)
    }

    /// A version serves again: those after it were no good.
    pub(super) fn back_to(&mut self, plugin: &str, version: &str) {
        if let Some(served) = self.served.get_mut(plugin)
            && let Some(at) = served.iter().rposition(|known| known == version)
        {
            served.truncate(at + 1);
        }
    }

    pub(super) fn forget(&mut self, plugin: &str) {
        self.served.remove(plugin);
    }

    /// The versions of these plugins that there has to be a way back to.
    pub(super) fn needed<'a>(&'a self, plugins: impl Iterator<Item = &'a str>) -> impl Iterator<Item = String> {
        plugins
            .filter_map(|plugin| self.served.get(plugin))
            .flat_map(|served| served.iter().rev().take(KEPT).cloned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_is_the_order_in_which_versions_served() {
        let mut history = History::default();
        assert_eq!(history.latest("a"), None);
        for version in ["1", "2", "2", "3"] {
            history.serves("a", version);
        }
        history.serves("b", "9");
        assert_eq!((history.latest("a"), history.before("a", "3")), (Some("3"), Some("2")));
        history.back_to("a", "2");
        assert_eq!((history.latest("a"), history.before("a", "2")), (Some("2"), Some("1")));
        assert_eq!((history.before("a", "1"), history.before("b", "9")), (None, None));
        // Alternating between two is no way back of many steps.
        for version in ["1", "2", "1"] {
            history.serves("a", version);
        }
        assert_eq!((history.before("a", "1"), history.before("a", "2")), (Some("2"), None));
        for version in 10..30 {
            history.serves("a", &version.to_string());
        }
        assert_eq!(history.served["a"].len(), DEPTH);
        let needed: Vec<_> = history.needed(["a", "gone"].into_iter()).collect();
        assert_eq!(needed, ["29", "28", "27"]);
        history.forget("a");
        assert_eq!(history.latest("a"), None);
    }

    #[tokio::test]
    async fn it_outlives_a_restart() {
        let store = moa_store::MemoryStore::new(moa_store::SystemClock);
        let mut history = History::read(&store).await.unwrap();
        history.serves("a", "1");
        history.write(&store).await.unwrap();
        assert_eq!(History::read(&store).await.unwrap(), history);
    }
}
