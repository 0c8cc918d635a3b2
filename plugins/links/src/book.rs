//! What was taught, and how to take it back.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How many changes can be taken back.
const REMEMBERED: usize = 50;

/// A word, its address, and who taught it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Link {
    /// As it was typed.
    pub keyword: String,
    pub address: String,
    /// The name by which people know who taught it.
    pub teacher: String,
}

/// One change: what there was under a key, and what there is now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    pub key: String,
    pub before: Option<Link>,
    pub after: Option<Link>,
}

/// All links by key, with the latest changes.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Book {
    links: BTreeMap<String, Link>,
    changes: Vec<Change>,
}

impl Book {
    /// The link of a key.
    pub fn get(&self, key: &str) -> Option<&Link> {
        self.links.get(key)
    }

    /// All, by keyword.
    pub fn links(&self) -> impl Iterator<Item = &Link> {
        self.links.values()
    }

    /// Keeps a link, in place of the one with the same keyword.
    pub fn teach(&mut self, link: Link) -> Change {
        let key = key_of(&link.keyword);
        let before = self.links.insert(key.clone(), link.clone());
        self.note(Change {
            key,
            before,
            after: Some(link),
        })
    }

    /// Drops a link, if there is one.
    pub fn forget(&mut self, keyword: &str) -> Option<Change> {
        let key = key_of(keyword);
        let before = self.links.remove(&key)?;
        Some(self.note(Change {
            key,
            before: Some(before),
            after: None,
        }))
    }

    /// Undoes the latest change that was not undone yet; what is returned is the change that this makes.
    pub fn undo(&mut self) -> Option<Change> {
        let Change { key, before, after } = self.changes.pop()?;
        match before.clone() {
            Some(link) => self.links.insert(key.clone(), link),
            None => self.links.remove(&key),
        };
        Some(Change {
            key,
            before: after,
            after: before,
        })
    }

    fn note(&mut self, change: Change) -> Change {
        self.changes.push(change.clone());
        self.changes.drain(..self.changes.len().saturating_sub(REMEMBERED));
        change
    }
}

/// Upper and lower case don't matter, and neither does how wide the blanks are.
fn key_of(keyword: &str) -> String {
    keyword.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}
