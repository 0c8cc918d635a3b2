//! What the host in memory remembers.

use super::outside::Outside;
use super::{Posted, Uploaded};
use crate::bindings::moa::plugin::triggers::{Pattern, Scopes};
use crate::bindings::moa::plugin::types::{
    Content, Conversation, File, Invocation, Message, MessageRef, Place, PlaceKind, User,
};
use crate::clock;
use crate::manifest::{Hear, Scope};
use regex::{Regex, RegexBuilder};
use std::cell::{Ref, RefCell, RefMut};
use std::collections::BTreeMap;
use std::rc::Rc;

/// The bot's own id.
pub(super) const BOT: &str = "B0";

thread_local! {
    /// The host of the call that is running on this thread.
    static CURRENT: RefCell<Option<Shared>> = const { RefCell::new(None) };
}

/// The state, shared by the test and the call that is running.
#[derive(Clone, Debug)]
pub(super) struct Shared(Rc<RefCell<State>>);

impl Shared {
    pub(super) fn new(state: State) -> Self {
        Self(Rc::new(RefCell::new(state)))
    }

    pub(super) fn borrow(&self) -> Ref<'_, State> {
        self.0.borrow()
    }

    pub(super) fn borrow_mut(&self) -> RefMut<'_, State> {
        self.0.borrow_mut()
    }

    /// Lets a call have this host, also if it panics.
    pub(super) fn enter<R>(&self, act: impl FnOnce() -> R) -> R {
        struct Restore(Option<Shared>);
        impl Drop for Restore {
            fn drop(&mut self) {
                let before = self.0.take();
                CURRENT.with_borrow_mut(|current| *current = before);
            }
        }
        let _restore = Restore(CURRENT.replace(Some(self.clone())));
        act()
    }
}

/// Asks the host of the running call; `None` outside of one.
pub(super) fn current<R>(ask: impl FnOnce(&mut State) -> R) -> Option<R> {
    let shared = CURRENT.with_borrow(Clone::clone)?;
    let mut state = shared.borrow_mut();
    Some(ask(&mut state))
}

/// What is stored under a key.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) value: Vec<u8>,
    pub(super) version: u64,
    /// In milliseconds since 1970.
    pub(super) expires: Option<u64>,
}

/// A taught pattern.
#[derive(Clone, Debug)]
pub(super) struct Taught {
    pub(super) regex: Regex,
    pub(super) scopes: Scopes,
    pub(super) conversation: Option<String>,
}

/// A message, of a person or of the bot.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) address: MessageRef,
    pub(super) author: User,
    pub(super) content: Content,
    pub(super) files: Vec<File>,
    pub(super) time: String,
    /// How often.
    pub(super) edits: u32,
}

/// A question that waits.
#[derive(Clone, Debug)]
pub(super) struct Question {
    pub(super) message: MessageRef,
    pub(super) who: String,
    pub(super) id: String,
    pub(super) seconds: u32,
}

/// A form before a person, and where the press that opened it was.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    pub(super) view: serde_json::Value,
    pub(super) errors: Vec<(String, String)>,
    pub(super) place: Place,
    pub(super) on: Option<MessageRef>,
}

/// What opens a form: once, and not for long.
#[derive(Clone, Debug)]
pub(super) struct Trigger {
    pub(super) name: String,
    /// In milliseconds since 1970.
    pub(super) until: u64,
    pub(super) place: Place,
    pub(super) on: Option<MessageRef>,
}

/// Everything.
#[derive(Debug)]
pub(super) struct State {
    /// In milliseconds since 1970.
    pub(super) now: u64,
    pub(super) chance: u64,
    pub(super) config: String,
    pub(super) speaker: User,
    pub(super) place: Place,
    pub(super) locale: String,
    pub(super) timezone: String,
    pub(super) users: Vec<User>,
    pub(super) conversations: Vec<Conversation>,
    /// By scope and key.
    pub(super) brain: BTreeMap<(String, String), Stored>,
    pub(super) writes: u64,
    pub(super) taught: BTreeMap<String, Taught>,
    pub(super) lines: Vec<Line>,
    pub(super) deleted: Vec<Posted>,
    pub(super) reactions: Vec<(MessageRef, String)>,
    pub(super) files: Vec<Uploaded>,
    /// What the speaker's next message brings along.
    pub(super) attached: Vec<File>,
    /// By the file's id.
    pub(super) contents: BTreeMap<String, Vec<u8>>,
    pub(super) questions: Vec<Question>,
    pub(super) form: Option<Shown>,
    pub(super) trigger: Option<Trigger>,
    /// What was chosen last, by message and menu.
    pub(super) chosen: BTreeMap<(String, String), String>,
    pub(super) log: Vec<String>,
    pub(super) outside: Outside,
    said: u64,
    calls: u64,
}

impl State {
    pub(super) fn new() -> Self {
        let mut state = Self {
            now: 1_795_143_600_000, // 2026-11-20T03:00:00Z
            chance: 0,
            config: "{}".into(),
            speaker: person(BOT, "moa", true),
            place: place("", PlaceKind::Channel),
            locale: "en".into(),
            timezone: "UTC".into(),
            users: vec![person(BOT, "moa", true)],
            conversations: Vec::new(),
            brain: BTreeMap::new(),
            writes: 0,
            taught: BTreeMap::new(),
            lines: Vec::new(),
            deleted: Vec::new(),
            reactions: Vec::new(),
            files: Vec::new(),
            attached: Vec::new(),
            contents: BTreeMap::new(),
            questions: Vec::new(),
            form: None,
            trigger: None,
            chosen: BTreeMap::new(),
            log: Vec::new(),
            outside: Outside::default(),
            said: 0,
            calls: 0,
        };
        state.speaker = state.user("tester");
        let general = state.conversation("general");
        state.place = place(&general.id, PlaceKind::Channel);
        state
    }

    /// The person of a name, who may be new.
    pub(super) fn user(&mut self, name: &str) -> User {
        if let Some(user) = self.users.iter().find(|user| user.name == name) {
            return user.clone();
        }
        let user = person(&format!("U{}", self.users.len()), name, false);
        self.users.push(user.clone());
        user
    }

    /// The channel of a name, which may be new.
    pub(super) fn conversation(&mut self, name: &str) -> Conversation {
        if let Some(known) = self.conversations.iter().find(|known| known.name == name) {
            return known.clone();
        }
        let conversation = Conversation {
            id: format!("C{}", self.conversations.len() + 1),
            name: name.into(),
            kind: PlaceKind::Channel,
            topic: String::new(),
        };
        self.conversations.push(conversation.clone());
        conversation
    }

    /// What the next call is told about itself.
    pub(super) fn invocation(&mut self) -> Invocation {
        self.calls += 1;
        Invocation {
            id: format!("call-{}", self.calls),
            time: clock::format(self.now),
            attempt: 1,
            locale: self.locale.clone(),
            timezone: self.timezone.clone(),
        }
    }

    /// A message that the speaker wrote.
    pub(super) fn hear(&mut self, text: &str) -> Message {
        let (place, speaker) = (self.place.clone(), self.speaker.clone());
        let mut line = self.line(&place, speaker, &Content::text(text));
        line.files = std::mem::take(&mut self.attached);
        if let Some(last) = self.lines.last_mut() {
            last.files.clone_from(&line.files);
        }
        message(&line)
    }

    /// A message that the bot wrote.
    pub(super) fn post(&mut self, to: &Place, content: &Content) -> MessageRef {
        let bot = person(BOT, "moa", true);
        self.line(to, bot, content).address
    }

    fn line(&mut self, place: &Place, author: User, content: &Content) -> Line {
        self.said += 1;
        let line = Line {
            address: MessageRef {
                place: place.clone(),
                id: format!("{}", self.said),
            },
            author,
            content: content.clone(),
            files: Vec::new(),
            time: clock::format(self.now),
            edits: 0,
        };
        self.lines.push(line.clone());
        line
    }

    /// Replaces a message's content. Whether it is there.
    pub(super) fn replace(&mut self, which: &MessageRef, content: &Content) -> bool {
        let Some(line) = self.lines.iter_mut().find(|line| line.address == *which) else {
            return false;
        };
        line.content = content.clone();
        line.edits += 1;
        true
    }

    pub(super) fn posted(&self) -> Vec<Posted> {
        let of_bot = self.lines.iter().filter(|line| line.author.id == BOT);
        let posted = of_bot.map(|line| Posted {
            address: line.address.clone(),
            content: line.content.clone(),
            edits: line.edits,
        });
        posted.collect()
    }

    /// What a pattern of the manifest finds in a text.
    pub(super) fn matches(&self, hear: &Hear, text: &str) -> Vec<(String, Vec<Option<String>>)> {
        let (scopes, text) = self.said(text);
        let wanted = hear.scopes.iter().fold(Scopes::empty(), |all, scope| {
            all | match scope {
                Scope::Direct => Scopes::DIRECT,
                Scope::DirectMention => Scopes::DIRECT_MENTION,
                Scope::Mention => Scopes::MENTION,
                Scope::Ambient => Scopes::AMBIENT,
            }
        });
        if !wanted.is_empty() && !wanted.intersects(scopes) {
            return Vec::new();
        }
        let found = compile(&Pattern::regex(hear.pattern)).and_then(|regex| captures(&regex, text));
        found.map(|found| (hear.id.to_owned(), found)).into_iter().collect()
    }

    /// What the taught patterns find in a text.
    pub(super) fn taught(&self, text: &str) -> Vec<(String, Vec<Option<String>>)> {
        let (scopes, text) = self.said(text);
        let here = |taught: &Taught| {
            let conversation = taught.conversation.as_ref();
            taught.scopes.intersects(scopes) && conversation.is_none_or(|id| *id == self.place.conversation)
        };
        let heard = self.taught.iter().filter(|(_, taught)| here(taught));
        heard
            .filter_map(|(id, taught)| Some((id.clone(), captures(&taught.regex, text)?)))
            .collect()
    }

    /// A message as patterns see it: its kinds, and what is said; to the bot, without its name.
    fn said<'a>(&self, text: &'a str) -> (Scopes, &'a str) {
        let named = text.strip_prefix("@moa").map(str::trim_start);
        let mut scopes = Scopes::empty();
        scopes.set(Scopes::DIRECT, self.place.kind == PlaceKind::Direct);
        scopes.set(Scopes::DIRECT_MENTION, named.is_some());
        scopes.set(Scopes::MENTION, text.contains("@moa"));
        scopes.set(Scopes::AMBIENT, scopes.is_empty());
        (scopes, named.unwrap_or(text))
    }
}

/// A pattern to search with, as the host does; `None` if it is malformed.
pub(super) fn compile(pattern: &Pattern) -> Option<Regex> {
    let expression = match pattern {
        Pattern::Keyword(text) if text.trim().is_empty() || text.chars().count() > 200 => return None,
        // Half boundaries look outwards only, so that a keyword may end with punctuation.
        Pattern::Keyword(text) => format!(r"\b{{start-half}}{}\b{{end-half}}", regex::escape(text)),
        Pattern::Regex(pattern) => pattern.clone(),
    };
    RegexBuilder::new(&expression).case_insensitive(true).build().ok()
}

fn captures(regex: &Regex, text: &str) -> Option<Vec<Option<String>>> {
    let found = regex.captures(text)?;
    let groups = found.iter().map(|group| group.map(|group| group.as_str().to_owned()));
    Some(groups.collect())
}

pub(super) fn message(line: &Line) -> Message {
    Message {
        ref_: line.address.clone(),
        author: line.author.clone(),
        text: line.content.text.clone(),
        raw: line.content.text.clone(),
        mentions: Vec::new(),
        files: line.files.clone(),
        time: line.time.clone(),
        edited: line.edits > 0,
    }
}

fn person(id: &str, name: &str, bot: bool) -> User {
    User {
        id: id.into(),
        name: name.into(),
        display_name: name.into(),
        locale: None,
        timezone: None,
        bot,
    }
}

pub(super) fn place(conversation: &str, kind: PlaceKind) -> Place {
    Place {
        service: "test".into(),
        conversation: conversation.into(),
        thread: None,
        kind,
    }
}

/// The direct conversation of a person and the bot.
pub(super) fn direct(user: &str) -> Place {
    place(&format!("D-{user}"), PlaceKind::Direct)
}
