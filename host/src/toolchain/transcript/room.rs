//! The chat service of a transcript: people and channels by their names, what stands there, and a list of what the bot
//! did.
//!
//! In reading order: this file knows names and places, `state` what stands where, `people` is what people do (and
//! `press` what they press), `service` what the bot does.

mod people;
mod press;
mod service;
mod state;

use super::parse::BOT;
use crate::adapter::Me;
use moa_core::content::Content;
use moa_core::event::{Mention, Place, PlaceKind};
use moa_core::manifest::Manifest;
use moa_core::text::{neutralise, normalise, plain_mentions};
use state::State;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

const SERVICE: &str = "transcript";
const TEAM: &str = "T1";
const BOT_ID: &str = "UBOT";

/// Where something happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spot {
    /// A channel, or its thread of this number (from 1, in the order in which they began).
    Channel(String, Option<usize>),
    /// A person's direct conversation with the bot.
    Direct(String),
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Channel(name, None) => write!(f, "[#{name}]"),
            Self::Channel(name, Some(thread)) => write!(f, "[#{name} > {thread}]"),
            Self::Direct(name) => write!(f, "[@{name}]"),
        }
    }
}

/// Something that the bot did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happening {
    /// Where.
    pub spot: Spot,
    /// What.
    pub what: What,
    /// What can be pressed below the message, as it is written in a transcript: `[주문] [취소]`. Empty: nothing.
    pub below: String,
}

/// What the bot did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// Said it to all.
    Said(String),
    /// Said it to one person (their name).
    Told(String, String),
    /// Changed an earlier message to this.
    Edited(String),
    /// Took an earlier message away, which said this.
    Deleted(String),
    /// Reacted.
    Reacted(String),
    /// Took a reaction back.
    Unreacted(String),
    /// Sent a file: its name and content.
    Sent(String, Vec<u8>),
}

/// The chat service.
pub(super) struct Room {
    me: Me,
    people: Vec<String>,
    channels: Vec<String>,
    /// The plugin's, for its shortcuts.
    manifest: Arc<Manifest>,
    state: Mutex<State>,
}

impl Room {
    pub(super) fn new(people: Vec<String>, mut channels: Vec<String>, manifest: Arc<Manifest>) -> Self {
        let general = "general".to_owned();
        if !channels.contains(&general) {
            channels.push(general);
        }
        Self {
            me: Me {
                user_id: BOT_ID.into(),
                bot_id: "B1".into(),
                team: TEAM.into(),
                name: BOT.into(),
            },
            people,
            channels,
            manifest,
            state: Mutex::default(),
        }
    }

    /// What the bot did since this was asked last.
    pub(super) fn happened(&self) -> Vec<Happening> {
        std::mem::take(&mut self.state().happened)
    }

    /// Typed text as an adapter gives it: normalised, harmless, with mentions of those who are there.
    fn marked(&self, text: &str) -> (String, Vec<Mention>) {
        let text = neutralise(&normalise(text)).into_owned();
        let mut out = String::with_capacity(text.len());
        let mut mentions = Vec::new();
        let mut rest = text.as_str();
        while let Some(at) = rest.find(['@', '#']) {
            let (before, found) = rest.split_at(at);
            out.push_str(before);
            let mark = found.chars().next().unwrap_or('@');
            let behind = found.get(1..).unwrap_or_default();
            let apart = !before.ends_with(|c: char| c.is_alphanumeric() || c == '{');
            match self.named(mark, behind).filter(|_| apart) {
                Some((name, mention, id)) => {
                    out.push_str(&format!("{{{mark}{id}}}"));
                    mentions.push(mention);
                    rest = behind.get(name.len()..).unwrap_or_default();
                }
                None => {
                    out.push(mark);
                    rest = behind;
                }
            }
        }
        out.push_str(rest);
        for word in out.split_whitespace() {
            if word.starts_with("https://") || word.starts_with("http://") {
                mentions.push(Mention::Link(word.into(), word.into()));
            }
        }
        (out, mentions)
    }

    /// Whose name the text begins with: the longest that fits.
    fn named(&self, mark: char, text: &str) -> Option<(&str, Mention, String)> {
        let names = if mark == '@' { &self.people } else { &self.channels };
        let own = Some(self.me.name.as_str()).filter(|_| mark == '@');
        let name = names
            .iter()
            .map(String::as_str)
            .chain(own)
            .filter(|name| text.starts_with(name))
            .max_by_key(|name| name.len())?;
        Some(if mark == '@' {
            let id = self.person_id(name);
            (name, Mention::User(id.clone()), id)
        } else {
            let id = self.conversation_id(&Spot::Channel(name.into(), None));
            (name, Mention::Conversation(id.clone()), id)
        })
    }

    /// The id of whoever or whatever has exactly this name.
    fn id_of(&self, mark: char, name: &str) -> Option<String> {
        let (found, _, id) = self.named(mark, name)?;
        (found == name).then_some(id)
    }

    pub(super) fn person_id(&self, name: &str) -> String {
        match self.people.iter().position(|person| person == name) {
            Some(at) => format!("U{at}"),
            None => BOT_ID.into(),
        }
    }

    fn person(&self, id: &str) -> Option<&str> {
        if id == BOT_ID {
            return Some(&self.me.name);
        }
        let at: usize = id.strip_prefix('U')?.parse().ok()?;
        self.people.get(at).map(String::as_str)
    }

    fn conversation_id(&self, spot: &Spot) -> String {
        match spot {
            Spot::Channel(name, _) => {
                let at = self.channels.iter().position(|channel| channel == name);
                format!("C{}", at.unwrap_or(usize::MAX))
            }
            Spot::Direct(name) => format!("D{}", self.person_id(name)),
        }
    }

    fn channel(&self, id: &str) -> Option<&str> {
        let at: usize = id.strip_prefix('C')?.parse().ok()?;
        self.channels.get(at).map(String::as_str)
    }

    fn spot(&self, place: &Place, thread: Option<&str>, state: &mut State) -> Spot {
        if place.kind == PlaceKind::Direct {
            // A direct conversation may be addressed by its person's id.
            let person = place.conversation.strip_prefix('D').unwrap_or(&place.conversation);
            return Spot::Direct(self.person(person).unwrap_or(person).to_owned());
        }
        let name = self.channel(&place.conversation).unwrap_or(&place.conversation);
        let number = thread.map(|root| state.thread_number(&place.conversation, root));
        Spot::Channel(name.to_owned(), number)
    }

    /// Text as people see it: names instead of ids, nothing invisible.
    fn shown(&self, text: &str) -> String {
        let named = plain_mentions(text, |mark, id| {
            let name = if mark == '@' { self.person(id) } else { self.channel(id) };
            name.map(str::to_owned)
        });
        named.replace('\u{2060}', "")
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a message says: its text, or where it has none that of its cards.
fn spoken(content: &Content) -> String {
    if !content.text.is_empty() {
        return content.text.clone();
    }
    let cards = content.cards.iter();
    let lines = cards.flat_map(|card| [&card.pretext, &card.title, &card.text]);
    let lines: Vec<&str> = lines.map(String::as_str).filter(|text| !text.is_empty()).collect();
    lines.join("\n")
}

fn kind(spot: &Spot) -> PlaceKind {
    match spot {
        Spot::Channel(..) => PlaceKind::Channel,
        Spot::Direct(_) => PlaceKind::Direct,
    }
}

#[cfg(test)]
mod tests;
