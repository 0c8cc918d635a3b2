//! The links that were taught in one place.

use moa_plugin::brain::{Change, Undoable};
use moa_plugin::triggers::Scopes;
use serde::{Deserialize, Serialize};

/// Where it stands in the brain: that of a conversation has what was taught there, the plugin's what counts everywhere.
pub const BOOK: &str = "book";

/// Words, their address, and who taught them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Link {
    /// That of the call that taught it; in the configuration its key.
    pub id: String,
    /// As they were typed; of a regular expression that alone.
    pub words: Vec<String>,
    pub is_regex: bool,
    pub address: String,
    /// The messages that it is for.
    pub scopes: Scopes,
    /// Where it counts; empty: everywhere.
    pub conversations: Vec<String>,
    /// The name by which people know who taught it, and when that was; empty: it stands in the configuration.
    pub teacher: String,
    pub time: String,
}

impl Link {
    /// What it is called by: its first word.
    pub fn name(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }

    /// Whether this is one of its words. Upper and lower case don't matter, and neither does how wide the blanks are.
    pub fn has(&self, word: &str) -> bool {
        self.words.iter().any(|own| folded(own) == folded(word))
    }

    /// Whether it was taught in one conversation.
    pub fn is_own(&self) -> bool {
        !self.teacher.is_empty() && !self.conversations.is_empty()
    }

    pub fn is_for(&self, conversation: &String) -> bool {
        self.conversations.is_empty() || self.conversations.contains(conversation)
    }
}

/// All links of one place, with the latest changes.
pub type Book = Undoable<Link>;

/// Keeps a link. Its words are taken from the links that had them; one that keeps none is gone.
pub fn teach(book: &mut Book, link: Link) -> Change<Link> {
    let (mut removed, mut added) = (Vec::new(), Vec::new());
    for old in book.items() {
        let mut left = old.clone();
        left.words.retain(|word| !link.has(word));
        if left.words.len() < old.words.len() {
            removed.push(old.clone());
            added.extend((!left.words.is_empty()).then_some(left));
        }
    }
    let (who, time) = (link.teacher.clone(), link.time.clone());
    added.push(link);
    book.change(&who, &time, removed, added)
}

/// Drops the link with this word, if there is one.
pub fn forget(book: &mut Book, word: &str, who: &str, time: &str) -> Option<Change<Link>> {
    let link = book.items().iter().find(|link| link.has(word))?.clone();
    Some(book.change(who, time, vec![link], Vec::new()))
}

/// All links of a book, by what they are called.
pub fn sorted(book: &Book) -> Vec<Link> {
    let mut links = book.items().to_vec();
    links.sort_by_key(|link| folded(link.name()));
    links
}

fn folded(word: &str) -> String {
    word.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(id: &str, words: &[&str]) -> Link {
        Link {
            id: id.into(),
            words: words.iter().map(|word| (*word).to_owned()).collect(),
            is_regex: false,
            address: format!("https://example.com/{id}"),
            scopes: Scopes::all(),
            conversations: Vec::new(),
            teacher: "로지".into(),
            time: String::new(),
        }
    }

    #[test]
    fn a_word_leads_to_one_place() {
        let mut book = Book::default();
        teach(&mut book, link("1", &["guide", "튜토리얼"]));
        let change = teach(&mut book, link("2", &["Guide"]));
        assert_eq!((change.removed.len(), change.added.len()), (1, 2));
        // The link that had it keeps its other word.
        assert_eq!(sorted(&book), [link("2", &["Guide"]), link("1", &["튜토리얼"])]);
        teach(&mut book, link("3", &["튜토리얼"]));
        assert_eq!(sorted(&book), [link("2", &["Guide"]), link("3", &["튜토리얼"])]);

        // All of it can be taken back.
        book.undo();
        book.undo();
        assert_eq!(sorted(&book), [link("1", &["guide", "튜토리얼"])]);
        book.undo();
        assert!(book.items().is_empty() && book.undo().is_none());
    }
}
