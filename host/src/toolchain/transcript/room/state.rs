//! What stands where in the chat of a transcript.

use super::{BOT_ID, Happening, Spot};
use crate::toolchain::transcript::control::Control;
use crate::toolchain::transcript::form::Form;
use jiff::{SignedDuration, Timestamp};
use moa_core::event::{Message, MessageRef};
use std::collections::{HashMap, HashSet};

/// How long a press can open a form, as with Slack.
const TRIGGER: SignedDuration = SignedDuration::from_secs(3);

/// Everything that changes.
#[derive(Default)]
pub(super) struct State {
    pub(super) happened: Vec<Happening>,
    /// When the last thing happened that somebody did.
    pub(super) now: Timestamp,
    /// Oldest first.
    pub(super) notes: Vec<Note>,
    /// The roots of the threads, by conversation.
    threads: HashMap<String, Vec<String>>,
    /// What can still open a form: whose it is, and since when.
    triggers: HashMap<String, Option<(String, Timestamp)>>,
    /// The open form, by person.
    pub(super) forms: HashMap<String, Form>,
    /// Contents, by file.
    pub(super) files: HashMap<String, Vec<u8>>,
    /// Topics, by conversation.
    pub(super) topics: HashMap<String, String>,
    /// Who left: conversation and person.
    pub(super) left: HashSet<(String, String)>,
    count: u64,
}

/// A message that stands somewhere, with all that hangs on it.
#[derive(Clone, Debug)]
pub(super) struct Note {
    /// The message. Its id is known here also where the bot is told none.
    pub(super) message: Message,
    /// The id of the only person who sees it.
    pub(super) only: Option<String>,
    /// The plugin that sent it; empty where the host or a person did.
    pub(super) plugin: String,
    /// What can be pressed.
    pub(super) controls: Vec<Control>,
    /// Person and emoji.
    pub(super) reactions: Vec<(String, String)>,
    /// Whether it stands in a thread and in the conversation.
    pub(super) broadcast: bool,
}

impl Note {
    /// Its address, as the bot may know it.
    pub(super) fn at(&self) -> MessageRef {
        let mut at = self.message.at.clone();
        if self.only.is_some() {
            at.id.clear();
        }
        at
    }

    pub(super) fn is_from_bot(&self) -> bool {
        self.message.author == BOT_ID
    }

    pub(super) fn below(&self) -> String {
        let shown: Vec<String> = self.controls.iter().map(Control::shown).collect();
        shown.join(" ")
    }
}

/// Why a form cannot be opened by this.
pub(super) enum Dead {
    Unknown,
    Used,
    TooOld,
}

impl State {
    /// Ids sort in the order of what has them.
    pub(super) fn next_id(&mut self) -> String {
        self.count += 1;
        format!("{:06}", self.count)
    }

    /// Which of the threads there this is; a new one is the next.
    pub(super) fn thread_number(&mut self, conversation: &str, root: &str) -> usize {
        let threads = self.threads.entry(conversation.to_owned()).or_default();
        match threads.iter().position(|known| known == root) {
            Some(at) => at + 1,
            None => {
                threads.push(root.to_owned());
                threads.len()
            }
        }
    }

    /// The root of the thread of this number.
    pub(super) fn thread_root(&self, conversation: &str, number: usize) -> Option<&str> {
        let threads = self.threads.get(conversation)?;
        threads.get(number.checked_sub(1)?).map(String::as_str)
    }

    /// How many threads there are.
    pub(super) fn threads(&self, conversation: &str) -> usize {
        self.threads.get(conversation).map_or(0, Vec::len)
    }

    /// The last message of a conversation that everybody sees and that is in no thread.
    pub(super) fn last(&self, conversation: &str) -> Option<&str> {
        let there = |note: &&Note| {
            let place = &note.message.at.place;
            place.conversation == conversation && place.thread.is_none() && note.only.is_none()
        };
        self.notes
            .iter()
            .rev()
            .find(there)
            .map(|note| note.message.at.id.as_str())
    }

    /// A new thing that can open a form once, for a while.
    pub(super) fn trigger(&mut self, person: &str) -> String {
        let trigger = format!("t{}", self.next_id());
        self.triggers
            .insert(trigger.clone(), Some((person.to_owned(), self.now)));
        trigger
    }

    /// The id of the person before whom this opens a form.
    pub(super) fn pull(&mut self, trigger: &str) -> Result<String, Dead> {
        let now = self.now;
        let pulled = self.triggers.get_mut(trigger).ok_or(Dead::Unknown)?;
        let (person, since) = pulled.take().ok_or(Dead::Used)?;
        if now.duration_since(since) > TRIGGER {
            return Err(Dead::TooOld);
        }
        Ok(person)
    }

    /// The message with this id, however it is known to the bot.
    pub(super) fn find(&mut self, id: &str) -> Option<&mut Note> {
        self.notes.iter_mut().find(|note| note.message.at.id == id)
    }

    /// Where in the list the messages are that a person sees at a place, newest first.
    pub(super) fn seen(&self, conversation: &str, spot: &Spot, root: Option<&str>, person: &str) -> Vec<usize> {
        let sees = |note: &Note| {
            let at = &note.message.at;
            let here = match (spot, root) {
                (Spot::Direct(_), _) => true,
                (Spot::Channel(..), Some(root)) => at.id == root || at.place.thread.as_deref() == Some(root),
                (Spot::Channel(..), None) => at.place.thread.is_none() || note.broadcast,
            };
            here && at.place.conversation == conversation && note.only.as_deref().is_none_or(|only| only == person)
        };
        let notes = self.notes.iter().enumerate().rev();
        notes.filter(|(_, note)| sees(note)).map(|(at, _)| at).collect()
    }
}
