//! The chat service of a transcript: people and channels by their names, and a list of what the bot did.

use crate::adapter::{Adapter, Me, MemberPage, Outgoing, SendError, Stamp};
use async_trait::async_trait;
use moa_core::call::Sent;
use moa_core::content::{Audience, Content};
use moa_core::event::{Conversation, Event, EventKind, Identity, Mention, Message, MessageRef, Place, PlaceKind, User};
use moa_core::text::{neutralise, normalise, plain_mentions};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

const SERVICE: &str = "transcript";
const TEAM: &str = "T1";
const BOT_ID: &str = "UBOT";
/// As long as with Slack, so that long answers come in the same parts.
const MAX_TEXT: usize = 3_600;
/// What the host itself shows while a call takes long: that depends on the machine and is no part of a conversation.
const HOURGLASS: &str = "hourglass_flowing_sand";

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
    /// Reacted.
    Reacted(String),
}

#[derive(Default)]
struct State {
    happened: Vec<Happening>,
    /// The roots of the threads, by conversation.
    threads: HashMap<String, Vec<String>>,
    /// The last message, by conversation.
    last: HashMap<String, String>,
    count: u64,
}

/// The chat service.
pub(super) struct Room {
    me: Me,
    people: Vec<String>,
    channels: Vec<String>,
    state: Mutex<State>,
}

impl Room {
    pub(super) fn new(people: Vec<String>, mut channels: Vec<String>) -> Self {
        let general = "general".to_owned();
        if !channels.contains(&general) {
            channels.push(general);
        }
        Self {
            me: Me {
                user_id: BOT_ID.into(),
                bot_id: "B1".into(),
                team: TEAM.into(),
                name: super::parse::BOT.into(),
            },
            people,
            channels,
            state: Mutex::default(),
        }
    }

    /// What the bot did since this was asked last.
    pub(super) fn happened(&self) -> Vec<Happening> {
        std::mem::take(&mut self.state().happened)
    }

    /// A person writes. `None`: there is no such thread, and it is not the next one either.
    pub(super) fn says(&self, who: &str, spot: &Spot, text: &str, time: jiff::Timestamp) -> Option<Event> {
        let conversation = self.conversation_id(spot);
        let mut state = self.state();
        let id = state.next_id();
        let thread = match spot {
            Spot::Channel(_, Some(number)) => {
                let last = state.last.get(&conversation).cloned();
                let threads = state.threads.entry(conversation.clone()).or_default();
                if *number == threads.len() + 1 {
                    // Somebody begins a thread below what was said last.
                    threads.push(last.unwrap_or_else(|| format!("{id}-before")));
                }
                Some(threads.get(number - 1)?.clone())
            }
            Spot::Channel(_, None) | Spot::Direct(_) => None,
        };
        if thread.is_none() {
            state.last.insert(conversation.clone(), id.clone());
        }
        drop(state);
        let (shown, mentions) = self.marked(text);
        let place = Place {
            service: SERVICE.into(),
            conversation: conversation.clone(),
            thread,
            kind: kind(spot),
        };
        Some(Event {
            identity: Identity::message(SERVICE, TEAM, &conversation, &id),
            team: TEAM.into(),
            redelivered: false,
            kind: EventKind::Message(Message {
                at: MessageRef { place, id },
                author: self.person_id(who),
                text: shown,
                raw: text.into(),
                mentions,
                files: Vec::new(),
                time: time.to_string(),
                edited: false,
            }),
        })
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

    fn person_id(&self, name: &str) -> String {
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
        if let Some(person) = place.conversation.strip_prefix('D') {
            return Spot::Direct(self.person(person).unwrap_or(person).to_owned());
        }
        let name = self.channel(&place.conversation).unwrap_or(&place.conversation);
        let number = thread.map(|root| {
            let threads = state.threads.entry(place.conversation.clone()).or_default();
            match threads.iter().position(|known| known == root) {
                Some(at) => at + 1,
                None => {
                    threads.push(root.to_owned());
                    threads.len()
                }
            }
        });
        Spot::Channel(name.to_owned(), number)
    }

    /// Text as people see it: names instead of ids, nothing invisible.
    fn shown(&self, content: &Content) -> String {
        let text = if content.text.is_empty() {
            let cards = content.cards.iter();
            let lines = cards.flat_map(|card| [&card.pretext, &card.title, &card.text]);
            let lines: Vec<&str> = lines.map(String::as_str).filter(|text| !text.is_empty()).collect();
            lines.join("\n")
        } else {
            content.text.clone()
        };
        let named = plain_mentions(&text, |mark, id| {
            let name = if mark == '@' { self.person(id) } else { self.channel(id) };
            name.map(str::to_owned)
        });
        named.replace('\u{2060}', "")
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Ids sort in the order of their messages.
    fn next_id(&mut self) -> String {
        self.count += 1;
        format!("{:06}", self.count)
    }
}

fn kind(spot: &Spot) -> PlaceKind {
    match spot {
        Spot::Channel(..) => PlaceKind::Channel,
        Spot::Direct(_) => PlaceKind::Direct,
    }
}

#[async_trait]
impl Adapter for Room {
    fn service(&self) -> &'static str {
        SERVICE
    }

    fn me(&self) -> &Me {
        &self.me
    }

    fn max_text(&self) -> usize {
        MAX_TEXT
    }

    async fn send(&self, message: Outgoing<'_>) -> Result<Sent, SendError> {
        let text = self.shown(message.content);
        let mut state = self.state();
        let inside = message.to.thread.as_deref();
        let direct = message.to.kind == PlaceKind::Direct;
        let thread = match message.content.audience {
            Audience::Thread | Audience::Broadcast if !direct => inside.or(message.answers),
            _ => inside,
        };
        let spot = self.spot(message.to, thread, &mut state);
        if message.content.audience == Audience::Asker {
            let asker = message.asker.and_then(|id| self.person(id)).unwrap_or("?").to_owned();
            let what = What::Told(asker, text);
            state.happened.push(Happening { spot, what });
            return Ok(None);
        }
        let id = state.next_id();
        if thread.is_none() {
            state.last.insert(message.to.conversation.clone(), id.clone());
        }
        let what = What::Said(text);
        state.happened.push(Happening { spot, what });
        let place = Place {
            thread: thread.map(str::to_owned),
            ..message.to.clone()
        };
        Ok(Some(MessageRef { place, id }))
    }

    async fn find(&self, _message: Outgoing<'_>) -> Result<Option<MessageRef>, SendError> {
        // Nothing is ever sent twice here.
        Ok(None)
    }

    async fn edit(&self, at: &MessageRef, content: &Content, _stamp: &Stamp) -> Result<(), SendError> {
        let what = What::Edited(self.shown(content));
        let mut state = self.state();
        let spot = self.spot(&at.place, at.place.thread.as_deref(), &mut state);
        state.happened.push(Happening { spot, what });
        Ok(())
    }

    async fn delete(&self, _at: &MessageRef) -> Result<(), SendError> {
        Ok(())
    }

    async fn react(&self, at: &MessageRef, emoji: &str) -> Result<(), SendError> {
        if emoji == HOURGLASS {
            return Ok(());
        }
        let mut state = self.state();
        let spot = self.spot(&at.place, at.place.thread.as_deref(), &mut state);
        let what = What::Reacted(emoji.to_owned());
        state.happened.push(Happening { spot, what });
        Ok(())
    }

    async fn unreact(&self, _at: &MessageRef, _emoji: &str) -> Result<(), SendError> {
        Ok(())
    }

    async fn find_user(&self, id: &str) -> Result<Option<User>, SendError> {
        Ok(self.person(id).map(|name| User {
            id: id.into(),
            name: name.into(),
            display_name: name.into(),
            locale: None,
            timezone: None,
            bot: id == BOT_ID,
        }))
    }

    async fn find_conversation(&self, id: &str) -> Result<Option<Conversation>, SendError> {
        Ok(self.channel(id).map(|name| Conversation {
            id: id.into(),
            name: name.into(),
            kind: PlaceKind::Channel,
            topic: String::new(),
        }))
    }

    async fn find_members(&self, conversation: &str, _cursor: Option<&str>) -> Result<Option<MemberPage>, SendError> {
        let mut ids: Vec<String> = match conversation.strip_prefix('D') {
            Some(person) => vec![person.to_owned()],
            None if self.channel(conversation).is_none() => return Ok(None),
            // Everybody who occurs is in every channel.
            None => self.people.iter().map(|name| self.person_id(name)).collect(),
        };
        ids.push(BOT_ID.into());
        Ok(Some(MemberPage { ids, next: None }))
    }
}
