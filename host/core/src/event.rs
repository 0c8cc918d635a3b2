//! What happens in chat, in words that no chat service owns.
//!
//! An adapter turns a service's frames into [`Event`]s; everything behind it (router, journal, dispatch) knows only
//! these types. They are serialisable because the journal keeps an accepted event until it is finished.

mod outside;
mod ruling;

pub(crate) use outside::body;
pub use outside::{Due, Hook};
pub use ruling::{Decided, Ruling};

use crate::manifest::ChatEvent;
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

/// Who the bot is at a service, as the service itself says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Me {
    /// The bot's user id: what people mention.
    pub user_id: String,
    /// The bot's own id, which marks its messages; empty where the service has none.
    pub bot_id: String,
    /// The team (workspace) that the credentials belong to.
    pub team: String,
    /// The account's name.
    pub name: String,
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
    /// Whether all in the conversation saw it, as in JANDI; in Slack nobody else does.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub seen: bool,
    /// Whether whoever delivered it waits for its end, as JANDI does: its acknowledgement is held back until then.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub awaited: bool,
}

/// What somebody did with what a plugin had put there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PressKind {
    /// Pressed a button.
    Button,
    /// Chose from a menu.
    Select,
    /// Sent a form.
    Modal,
    /// Used a shortcut of the service.
    Shortcut,
    /// Answered a question.
    Answer,
    /// Did not answer a question in time.
    Timeout,
}

impl PressKind {
    /// The contract's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Button => "button",
            Self::Select => "select",
            Self::Modal => "modal",
            Self::Shortcut => "shortcut",
            Self::Answer => "answer",
            Self::Timeout => "timeout",
        }
    }
}

/// A press of a button and its relatives. Slack redelivers none of these, so they are journaled before they are
/// acknowledged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Press {
    /// What it was.
    pub kind: PressKind,
    /// The plugin that put it there.
    pub plugin: String,
    /// The plugin's own id of the button, menu, form, shortcut or question.
    pub id: String,
    /// The button's value, or that of the choice; a form's private data.
    pub value: String,
    /// A form's fields, or the other menus of the message: id and value, in the order in which they stand.
    pub state: Vec<(String, String)>,
    /// The id of the person.
    pub user: String,
    /// Where. The service names no place for what is used from anywhere: then it is the direct conversation with the
    /// person, by the person's id.
    pub place: Place,
    /// The message that carried it. Without an id it is one that only the person sees.
    pub on: Option<MessageRef>,
    /// What opens a form, for some seconds and once.
    pub trigger: Option<String>,
    /// Where an answer that only the person sees may be sent, and where a message that only they see can be changed
    /// (Slack: 5 times within 30 minutes).
    pub response_url: Option<String>,
    /// When, RFC 3339 in UTC.
    pub time: String,
}

/// What happened to a message or a conversation. `M` is how much is known of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Changed<M> {
    /// A reaction was added: to what, and the emoji's name without colons.
    Reacted(MessageRef, String),
    /// A reaction was taken back.
    Unreacted(MessageRef, String),
    /// Somebody joined a conversation.
    Joined(Place),
    /// Somebody left a conversation.
    Left(Place),
    /// A conversation has another topic; empty if it has none now.
    Topic(Place, String),
    /// A message was edited: as it is now.
    Edited(M),
    /// A message was deleted.
    Deleted(MessageRef),
}

impl<M> Changed<M> {
    /// The manifest's name of it.
    pub fn name(&self) -> ChatEvent {
        match self {
            Self::Reacted(..) => ChatEvent::Reacted,
            Self::Unreacted(..) => ChatEvent::Unreacted,
            Self::Joined(_) => ChatEvent::Joined,
            Self::Left(_) => ChatEvent::Left,
            Self::Topic(..) => ChatEvent::Topic,
            Self::Edited(_) => ChatEvent::Edited,
            Self::Deleted(_) => ChatEvent::Deleted,
        }
    }
}

/// Something that happened in chat besides messages and presses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The id of the person who did it.
    pub who: String,
    /// What happened.
    pub what: Changed<Message>,
    /// When, RFC 3339 in UTC.
    pub time: String,
}

impl Change {
    /// Where it happened.
    pub fn place(&self) -> &Place {
        match &self.what {
            Changed::Reacted(at, _) | Changed::Unreacted(at, _) | Changed::Deleted(at) => &at.place,
            Changed::Joined(place) | Changed::Left(place) | Changed::Topic(place, _) => place,
            Changed::Edited(message) => &message.at.place,
        }
    }
}

/// What an event is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventKind {
    /// Somebody wrote a message.
    Message(Message),
    /// Somebody used a slash command.
    Slash(Slash),
    /// Somebody pressed a button, chose from a menu, sent a form, used a shortcut, or answered a question (or did not).
    Press(Press),
    /// Something else that plugins may want to know of.
    Change(Change),
    /// It was decided about a command that had to be confirmed.
    Ruling(Ruling),
    /// A job of a plugin's is due.
    Due(Due),
    /// Another system asks a plugin for something.
    Hook(Hook),
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
    /// The message that this event is or carries: of a slash command, what was typed behind it. Here and below, a decision
    /// about a command is answered as the command would have been.
    pub fn message(&self) -> Option<&Message> {
        match &self.kind {
            EventKind::Message(message) => Some(message),
            EventKind::Slash(slash) => Some(&slash.message),
            EventKind::Press(_) | EventKind::Change(_) | EventKind::Due(_) | EventKind::Hook(_) => None,
            EventKind::Ruling(ruling) => ruling.asked.message(),
        }
    }

    /// Where it happened. What happens outside of chat happens nowhere: at a service and in a conversation without a name.
    pub fn place(&self) -> &Place {
        match &self.kind {
            EventKind::Message(message) => &message.at.place,
            EventKind::Slash(slash) => &slash.message.at.place,
            EventKind::Press(press) => &press.place,
            EventKind::Change(change) => change.place(),
            EventKind::Ruling(ruling) => ruling.asked.place(),
            EventKind::Due(_) | EventKind::Hook(_) => &outside::NOWHERE,
        }
    }

    /// The id of the person who caused it; empty where nobody did.
    pub fn author(&self) -> &str {
        match &self.kind {
            EventKind::Message(message) => &message.author,
            EventKind::Slash(slash) => &slash.message.author,
            EventKind::Press(press) => &press.user,
            EventKind::Change(change) => &change.who,
            EventKind::Ruling(ruling) => ruling.asked.author(),
            EventKind::Due(_) | EventKind::Hook(_) => "",
        }
    }

    /// The message that an answer hangs on, or is a thread below: a slash command has none, and a press has that which
    /// carried it.
    pub fn answers(&self) -> Option<&MessageRef> {
        match &self.kind {
            EventKind::Message(message) => Some(&message.at),
            EventKind::Slash(_) | EventKind::Due(_) | EventKind::Hook(_) => None,
            EventKind::Press(press) => press.on.as_ref().filter(|on| !on.id.is_empty()),
            EventKind::Change(change) => match &change.what {
                Changed::Reacted(at, _) | Changed::Unreacted(at, _) => Some(at),
                Changed::Edited(message) => Some(&message.at),
                Changed::Joined(_) | Changed::Left(_) | Changed::Topic(..) | Changed::Deleted(_) => None,
            },
            EventKind::Ruling(ruling) => ruling.asked.answers(),
        }
    }

    /// Where an answer that only the person sees may be sent.
    pub fn response_url(&self) -> Option<&str> {
        match &self.kind {
            EventKind::Message(_) | EventKind::Change(_) | EventKind::Due(_) | EventKind::Hook(_) => None,
            EventKind::Slash(slash) => slash.response_url.as_deref(),
            EventKind::Press(press) => press.response_url.as_deref(),
            EventKind::Ruling(ruling) => ruling.asked.response_url(),
        }
    }

    /// When it happened, RFC 3339 in UTC.
    pub fn time(&self) -> &str {
        match &self.kind {
            EventKind::Message(message) => &message.time,
            EventKind::Slash(slash) => &slash.message.time,
            EventKind::Press(press) => &press.time,
            EventKind::Change(change) => &change.time,
            EventKind::Ruling(ruling) => ruling.asked.time(),
            EventKind::Due(due) => &due.time,
            EventKind::Hook(hook) => &hook.time,
        }
    }

    /// Whether the service would deliver this event again if it were not acknowledged.
    pub fn is_redeliverable(&self) -> bool {
        matches!(self.kind, EventKind::Message(_) | EventKind::Change(_))
    }

    /// Whether it ends a question: with its answer, or because none came.
    pub fn ends_question(&self) -> bool {
        let ends = |kind| matches!(kind, PressKind::Answer | PressKind::Timeout);
        matches!(&self.kind, EventKind::Press(press) if ends(press.kind))
    }

    /// Whether it is that nobody did something: then nobody waits for an answer to it either.
    pub fn is_timeout(&self) -> bool {
        matches!(&self.kind, EventKind::Press(press) if press.kind == PressKind::Timeout)
    }

    /// Whether its acknowledgement carries what the plugin says to it: a form that was sent stays before the person until
    /// then, and whoever asked from outside waits, as JANDI does for the answer to a command.
    pub fn is_answered_at_once(&self) -> bool {
        match &self.kind {
            EventKind::Press(press) => press.kind == PressKind::Modal,
            EventKind::Slash(slash) => slash.awaited,
            EventKind::Hook(_) => true,
            _ => false,
        }
    }

    /// Whether no other delivery of it can come: a request from outside that its sender gave no name.
    pub fn comes_once(&self) -> bool {
        let id = self.identity.as_str().rsplit('/').next();
        matches!(self.kind, EventKind::Hook(_)) && id.is_some_and(|id| id.starts_with(Hook::UNNAMED))
    }

    /// Whether it happened outside of chat: nobody there is told anything of it.
    pub fn is_outside(&self) -> bool {
        matches!(self.kind, EventKind::Due(_) | EventKind::Hook(_))
    }
}
