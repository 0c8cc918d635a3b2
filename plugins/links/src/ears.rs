//! What the host listens for: two patterns for each link and place, so that the pattern's id tells whether somebody spoke
//! to the bot (`asked/…`) or about something (`said/…`).

use crate::book::{Change, Link};
use crate::scopes;
use moa_plugin::prelude::*;
use triggers::{Pattern, Scopes};

/// Korean words carry particles: `가이드가`, `가이드는요`. What else follows makes it another word (`가이드라인`).
const PARTICLES: &str = "은|는|이|가|을|를|의|에|에서|에게|로|으로|와|과|랑|이랑|도|만|부터|까지|보다|처럼|요|이요|은요|는요|좀|이란|란|이라는|라는";

/// Where a link comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Source {
    /// A book: the conversation's, or the plugin's for links that count everywhere.
    Taught,
    /// The configuration.
    Config,
}

/// Whose pattern fits: `WAY/CONVERSATION/SOURCE/LINK`.
#[derive(Debug, PartialEq)]
pub struct Ear<'a> {
    pub is_ambient: bool,
    /// `None`: all conversations.
    pub conversation: Option<&'a str>,
    pub source: Source,
    pub link: &'a str,
}

impl<'a> Ear<'a> {
    pub fn parse(id: &'a str) -> Option<Self> {
        let mut parts = id.splitn(4, '/');
        let (way, conversation, source, link) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        Some(Self {
            is_ambient: way == "said",
            conversation: (conversation != "*").then_some(conversation),
            source: if source == "config" {
                Source::Config
            } else {
                Source::Taught
            },
            link,
        })
    }
}

/// Makes the host listen for a link, in one conversation or in all.
pub fn listen(source: Source, conversation: Option<&str>, link: &Link) -> Result<(), HostError> {
    let (scopes, pattern) = (scopes::of(&link.scopes), pattern(link));
    for (id, wanted) in ids(source, conversation, &link.id)
        .into_iter()
        .zip([!Scopes::AMBIENT, Scopes::AMBIENT])
    {
        match scopes & wanted {
            none if none.is_empty() => drop(triggers::forget(&id)?),
            some => triggers::hear(&id, &pattern, some, conversation)?,
        }
    }
    Ok(())
}

/// Ends that.
pub fn forget(source: Source, conversation: Option<&str>, link: &str) -> Result<(), HostError> {
    for id in ids(source, conversation, link) {
        triggers::forget(&id)?;
    }
    Ok(())
}

/// Makes the host listen for what is in a book now.
pub fn follow(conversation: Option<&str>, change: &Change) -> Result<(), HostError> {
    for link in &change.removed {
        forget(Source::Taught, conversation, &link.id)?;
    }
    for link in &change.added {
        listen(Source::Taught, conversation, link)?;
    }
    Ok(())
}

fn ids(source: Source, conversation: Option<&str>, link: &str) -> [String; 2] {
    let source = if source == Source::Config { "config" } else { "taught" };
    ["asked", "said"].map(|way| format!("{way}/{}/{source}/{link}", conversation.unwrap_or("*")))
}

/// Any of the words by itself; the first group is the word.
fn pattern(link: &Link) -> Pattern {
    if link.is_regex {
        return Pattern::regex(link.name());
    }
    let words: Vec<String> = link.words.iter().map(|word| expression(word)).collect();
    let any = words.join("|");
    Pattern::regex(format!(r"\b{{start-half}}({any})(?:{PARTICLES})?\b{{end-half}}"))
}

/// A word in which every character means itself, and blanks any white space.
fn expression(word: &str) -> String {
    let mut expression = String::new();
    for character in word.split_whitespace().collect::<Vec<_>>().join(" ").chars() {
        match character {
            ' ' => expression.push_str(r"\s+"),
            // Behind a back-slash these two would be the ends of a word.
            '<' | '>' => expression.push(character),
            _ if character.is_ascii_punctuation() => expression.extend(['\\', character]),
            _ => expression.push(character),
        }
    }
    expression
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_tells_whose_it_is() {
        let [asked, said] = ids(Source::Config, Some("jandi:ops"), "a/b");
        let ear = Ear {
            is_ambient: false,
            conversation: Some("jandi:ops"),
            source: Source::Config,
            link: "a/b",
        };
        assert_eq!(Ear::parse(&asked), Some(ear));
        assert_eq!(Ear::parse(&said).map(|ear| ear.is_ambient), Some(true));
        assert_eq!(Ear::parse("else"), None);
    }
}
