//! What happens in chat, in words that no chat service owns.
//!
//! An adapter turns a service's frames into [`Event`]s; everything behind it (router, journal, dispatch) knows only
//! these types. They are serialisable because the journal keeps an accepted event until it is finished.

use serde::{Deserialize, Serialize};

/// The name of an event that stays the same however often and in whatever envelope it is delivered.
///
/// A message is `service/team/conversation/id`; any other event the service's own event id. Two deliveries with one
/// identity are one event and are answered once.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Identity(pub String);

impl Identity {
    /// The identity of a message: where it stands and its id there.
    pub fn message(service: &str, team: &str, conversation: &str, id: &str) -> Self {
        Self(format!("{service}/{team}/{conversation}/{id}"))
    }

    /// The identity of anything that is no message, from the service's own id for it.
    pub fn other(service: &str, team: &str, id: &str) -> Self {
        Self(format!("{service}/{team}//{id}"))
    }

    /// The identity as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// What sort of conversation a place is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PlaceKind {
    /// Open to the whole team, or a private channel.
    Channel,
    /// A direct conversation of several people.
    Group,
    /// One person and the bot.
    Direct,
}

/// Where messages are: service, conversation and thread. The thread is part of the address.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Place {
    /// The chat service, for example `slack`.
    pub service: String,
    /// The service's id of the channel, group or direct conversation.
    pub conversation: String,
    /// The id of the thread's first message, when this place is inside a thread.
    pub thread: Option<String>,
    /// Channel, group or direct.
    pub kind: PlaceKind,
}

/// One message, by its address.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MessageRef {
    /// Where it stands.
    pub place: Place,
    /// The service's id of it; with Slack its `ts`.
    pub id: String,
}

/// A person or a bot, as far as the service tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The service's id. The only thing that may ever authorise.
    pub id: String,
    /// The account's name.
    pub name: String,
    /// The name people see.
    pub display_name: String,
    /// The person's own language as a BCP 47 tag, where the service knows it.
    pub locale: Option<String>,
    /// The person's time zone as an IANA name, where the service knows it.
    pub timezone: Option<String>,
    /// Whether this is a program.
    pub bot: bool,
}

impl User {
    /// A person of whom nothing but the id is known (the directory could not be asked).
    pub fn unknown(id: &str) -> Self {
        Self {
            id: id.into(),
            name: id.into(),
            display_name: id.into(),
            locale: None,
            timezone: None,
            bot: false,
        }
    }
}

/// A channel, group or direct conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversation {
    /// The service's id.
    pub id: String,
    /// Its name without a leading `#`; empty for direct conversations.
    pub name: String,
    /// Channel, group or direct.
    pub kind: PlaceKind,
    /// The topic, empty when none is set.
    pub topic: String,
}

/// Something in a text that the service marked as more than text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mention {
    /// A person, by id.
    User(String),
    /// A conversation, by id.
    Conversation(String),
    /// A group of people, by id.
    Group(String),
    /// Everybody: `channel`, `here` or `everyone`.
    Everyone(String),
    /// A link: address and label (the label is the address where none was given).
    Link(String, String),
}

/// A file that hangs on a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// The service's id.
    pub id: String,
    /// The file's name.
    pub name: String,
    /// Its media type.
    pub mime: String,
    /// Its size in bytes; `u32::MAX` for anything larger.
    pub size: u32,
}

/// A message that somebody wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Its address.
    #[serde(rename = "ref")]
    pub at: MessageRef,
    /// The author's id. Names are looked up when a plugin is called, not for every message that passes.
    pub author: String,
    /// The text, normalised (see [`crate::text::normalise`]); mentions stand in it as `{@USER}`, `{#CONVERSATION}`,
    /// links as their bare address or `[label](url)`.
    pub text: String,
    /// The text exactly as the service sent it.
    pub raw: String,
    /// The mentions, in order of appearance.
    pub mentions: Vec<Mention>,
    /// The files.
    pub files: Vec<File>,
    /// When it was written, RFC 3339 in UTC.
    pub time: String,
    /// Whether it was edited since.
    pub edited: bool,
}

/// A slash command. Slack redelivers none of these, so they are journaled before they are acknowledged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slash {
    /// The word behind the slash.
    pub command: String,
    /// The rest, as a message by the person who typed it.
    pub message: Message,
    /// Where an answer that only the person sees may be sent (Slack: 5 times within 30 minutes).
    pub response_url: Option<String>,
}

/// What an event is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventKind {
    /// Somebody wrote a message.
    Message(Message),
    /// Somebody used a slash command.
    Slash(Slash),
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Stable across redeliveries.
    pub identity: Identity,
    /// The service's id of the team (workspace).
    pub team: String,
    /// Whether this delivery is marked as a repetition: an earlier one may have been answered.
    pub redelivered: bool,
    /// What happened.
    pub kind: EventKind,
}

impl Event {
    /// The message that this event is or carries.
    pub fn message(&self) -> &Message {
        match &self.kind {
            EventKind::Message(message) => message,
            EventKind::Slash(slash) => &slash.message,
        }
    }

    /// Whether the service would deliver this event again if it were not acknowledged.
    pub fn is_redeliverable(&self) -> bool {
        matches!(self.kind, EventKind::Message(_))
    }
}
