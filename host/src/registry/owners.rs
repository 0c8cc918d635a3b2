//! What must outlive a restart: which plugin a word belongs to, and which file a plugin came from.
//!
//! An owner keeps its words while its file is there, even if that can't be loaded at the moment: another plugin may
//! stand in, and gives them back. They are free once the file is gone or its plugin doesn't name them any more.

use moa_store::Store;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;

const FACT: &str = "registry.owners";

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Owners {
    /// Plugin by word.
    pub(super) words: BTreeMap<String, String>,
    /// File name by plugin.
    pub(super) files: BTreeMap<String, String>,
}

impl Owners {
    /// `None` if they can't be read: then they are not to be overwritten either.
    pub(super) async fn read(store: &dyn Store) -> Option<Self> {
        match store.fact_get(FACT).await {
            Ok(None) => Some(Self::default()),
            Ok(Some(text)) => match serde_json::from_str(&text) {
                Ok(owners) => Some(owners),
                Err(error) => {
                    tracing::error!(%error, "the stored owners of command words are unreadable; they are found anew");
                    Some(Self::default())
                }
            },
            Err(error) => {
                tracing::error!(%error, "the owners of command words cannot be read; what is decided now is not kept");
                None
            }
        }
    }

    pub(super) async fn write(&self, store: &dyn Store) -> Result<(), String> {
        let text = serde_json::to_string(self).map_err(|error| error.to_string())?;
        store
            .fact_set(FACT, Some(&text))
            .await
            .map_err(|error| error.to_string())
    }

    /// Takes over how it is now: `actual` are the words of the plugins in `loaded`.
    pub(super) fn update(&mut self, actual: &BTreeMap<String, String>, loaded: &BTreeMap<&str, String>) {
        for (plugin, file) in loaded {
            self.files.insert((*plugin).to_owned(), file.clone());
        }
        self.words.retain(|word, plugin| {
            !loaded.contains_key(plugin.as_str()) || actual.get(word).is_some_and(|actual| actual == plugin)
        });
        for (word, plugin) in actual {
            self.words.entry(word.clone()).or_insert_with(|| plugin.clone());
        }
    }

    /// Forgets every plugin that is neither loaded nor has its file in the folder any more.
    pub(super) fn release(&mut self, loaded: &BTreeSet<&str>, there: &BTreeSet<&OsString>) {
        let there: BTreeSet<_> = there.iter().map(|name| name.to_string_lossy()).collect();
        self.files
            .retain(|plugin, file| loaded.contains(plugin.as_str()) || there.contains(file.as_str()));
        let files = &self.files;
        self.words.retain(|_, plugin| files.contains_key(plugin));
    }

    /// Whether the last plugin of some name came from this file.
    pub(super) fn is_incumbent(&self, file: &OsString) -> bool {
        let file = file.to_string_lossy();
        self.files.values().any(|known| *known == file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
    }

    fn loaded(names: &[&'static str]) -> BTreeMap<&'static str, String> {
        names.iter().map(|name| (*name, format!("{name}.wasm"))).collect()
    }

    #[test]
    fn a_broken_owner_gets_its_word_back_and_a_removed_one_does_not() {
        let mut owners = Owners::default();
        owners.update(&map(&[("lunch", "a"), ("tea", "a")]), &loaded(&["a", "b"]));
        assert_eq!(owners.words, map(&[("lunch", "a"), ("tea", "a")]));

        // `a` can't be loaded, `b` stands in.
        owners.update(&map(&[("lunch", "b")]), &loaded(&["b"]));
        let files: Vec<OsString> = vec!["a.wasm".into(), "b.wasm".into()];
        owners.release(&BTreeSet::from(["b"]), &files.iter().collect());
        assert_eq!(owners.words["lunch"], "a");

        // `a` is removed.
        owners.release(&BTreeSet::from(["b"]), &files[1..].iter().collect());
        assert_eq!(owners.words, map(&[]));
        owners.update(&map(&[("lunch", "b")]), &loaded(&["b"]));
        assert_eq!(owners.words, map(&[("lunch", "b")]));
        assert!(owners.is_incumbent(&"b.wasm".into()) && !owners.is_incumbent(&"a.wasm".into()));
    }

    #[test]
    fn a_word_that_its_owner_gave_up_is_free() {
        let mut owners = Owners::default();
        owners.update(&map(&[("lunch", "a")]), &loaded(&["a", "b"]));
        owners.update(&map(&[("lunch", "b")]), &loaded(&["a", "b"]));
        assert_eq!(owners.words, map(&[("lunch", "b")]));
    }

    #[tokio::test]
    async fn they_outlive_a_restart() {
        let store = moa_store::MemoryStore::new(moa_store::SystemClock);
        let mut owners = Owners::read(&store).await.unwrap();
        assert_eq!(owners, Owners::default());
        owners.update(&map(&[("lunch", "a")]), &loaded(&["a"]));
        owners.write(&store).await.unwrap();
        assert_eq!(Owners::read(&store).await.unwrap(), owners);
    }
}
