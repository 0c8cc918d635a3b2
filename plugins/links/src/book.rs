//! What was taught in one place, and how to take it back.
//!
//! A book is one entry of the brain, `book`: that of a conversation has what was taught there, the plugin's what counts
//! everywhere. So a change and its undoing are one step each.

use serde::{Deserialize, Serialize};

/// How many changes can be taken back.
const REMEMBERED: usize = 50;

/// Words, their address, and who taught them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Link {
    /// That of the call that taught it.
    pub id: String,
    /// As they were typed; of a regular expression that alone.
    pub words: Vec<String>,
    pub is_regex: bool,
    pub address: String,
    /// The names of the [scopes](crate::scopes) in which it counts.
    pub scopes: Vec<String>,
    /// The name by which people know who taught it, and when that was.
    pub teacher: String,
    pub time: String,
}

impl Link {
    /// What it is called by: its first word.
    pub fn name(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }
}

/// One change: the links that went, and those that came.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Change {
    pub who: String,
    pub time: String,
    pub removed: Vec<Link>,
    pub added: Vec<Link>,
}

/// All links of one place, with the latest changes.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Book {
    links: Vec<Link>,
    changes: Vec<Change>,
}

impl Book {
    /// By what they are called.
    pub fn links(&self) -> Vec<&Link> {
        let mut links: Vec<&Link> = self.links.iter().collect();
        links.sort_by_key(|link| key_of(link.name()));
        links
    }

    pub fn by_id(&self, id: &str) -> Option<&Link> {
        self.links.iter().find(|link| link.id == id)
    }

    /// The link with this word.
    pub fn by_word(&self, word: &str) -> Option<&Link> {
        let key = key_of(word);
        let has = |link: &&Link| link.words.iter().any(|word| key_of(word) == key);
        self.links.iter().find(has)
    }

    /// The latest first.
    pub fn changes(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().rev()
    }

    /// Keeps a link. Its words are taken from the links that had them; one that keeps none is gone.
    pub fn teach(&mut self, link: Link) -> Change {
        let is_taken = |word: &String| link.words.iter().any(|new| key_of(new) == key_of(word));
        let mut change = Change {
            who: link.teacher.clone(),
            time: link.time.clone(),
            ..Change::default()
        };
        for old in &self.links {
            let left: Vec<String> = old.words.iter().filter(|word| !is_taken(word)).cloned().collect();
            if left.len() < old.words.len() {
                change.removed.push(old.clone());
                if !left.is_empty() {
                    change.added.push(Link {
                        words: left,
                        ..old.clone()
                    });
                }
            }
        }
        change.added.push(link);
        self.make(change)
    }

    /// Drops the link with this word, if there is one.
    pub fn forget(&mut self, word: &str, who: &str, time: &str) -> Option<Change> {
        let removed = vec![self.by_word(word)?.clone()];
        Some(self.make(Change {
            who: who.into(),
            time: time.into(),
            removed,
            added: Vec::new(),
        }))
    }

    /// Undoes the latest change that was not undone yet; what is returned is the change that this makes.
    pub fn undo(&mut self) -> Option<Change> {
        let Change {
            who,
            time,
            removed,
            added,
        } = self.changes.pop()?;
        let back = Change {
            who,
            time,
            removed: added,
            added: removed,
        };
        self.apply(&back);
        Some(back)
    }

    fn make(&mut self, change: Change) -> Change {
        self.apply(&change);
        self.changes.push(change.clone());
        self.changes.drain(..self.changes.len().saturating_sub(REMEMBERED));
        change
    }

    fn apply(&mut self, change: &Change) {
        self.links.retain(|link| !change.removed.contains(link));
        self.links.extend(change.added.iter().cloned());
    }
}

/// Upper and lower case don't matter, and neither does how wide the blanks are.
fn key_of(word: &str) -> String {
    word.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(id: &str, words: &[&str]) -> Link {
        Link {
            id: id.into(),
            words: words.iter().map(|word| (*word).to_owned()).collect(),
            address: format!("https://example.com/{id}"),
            ..Link::default()
        }
    }

    #[test]
    fn a_word_leads_to_one_place() {
        let mut book = Book::default();
        book.teach(link("1", &["guide", "튜토리얼"]));
        let change = book.teach(link("2", &["Guide"]));
        assert_eq!((change.removed.len(), change.added.len()), (1, 2));
        assert_eq!(book.by_word("guide").map(|link| link.id.as_str()), Some("2"));
        assert_eq!(
            book.by_id("1").map(|link| link.words.clone()),
            Some(vec!["튜토리얼".to_owned()])
        );
        book.teach(link("3", &["튜토리얼"]));
        assert_eq!(book.by_id("1"), None);

        // All of it can be taken back.
        book.undo();
        book.undo();
        assert_eq!(book.links(), [&link("1", &["guide", "튜토리얼"])]);
        book.undo();
        assert!(book.links().is_empty() && book.undo().is_none());
    }
}
