//! Connections to chat services: events in, messages out.
//!
//! An adapter turns what a service sends into [`Event`]s and gives them to an [`Intake`]; in the other direction it
//! carries out what the [`Adapter`] trait names. Nothing outside this module knows a service's formats.

pub mod incoming;
pub mod jandi;
pub mod slack;
pub mod switchboard;
pub mod webhook;

use async_trait::async_trait;
pub use moa_core::call::Stamp;
use moa_core::call::{HookAnswer, Sent};
use moa_core::content::Content;
pub use moa_core::event::Me;
use moa_core::event::{Conversation, Event, Message, MessageRef, Place, PlaceKind, User};
use moa_core::slack::render::Refused;
use std::time::Duration;

/// The right to acknowledge one delivery.
///
/// Dropping it without [`Ack::done`] leaves the delivery unacknowledged, so that the service sends it again.
#[must_use = "a delivery that is never acknowledged comes again"]
pub struct Ack(Box<dyn FnOnce(Option<AckAnswer>) -> bool + Send>);

/// What an acknowledgement says to whoever waits for it: the person who sent a form, or who asked from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AckAnswer {
    /// The form stays and shows what is wrong: a field's id and a sentence.
    Errors(Vec<(String, String)>),
    /// Another form takes its place: JSON of the service's own.
    View(String),
    /// The response to a request from outside.
    Response(HookAnswer),
}

impl Ack {
    /// `acknowledge` must not block. It runs at most once; dropped without having run, it must free what it holds.
    pub fn new(acknowledge: impl FnOnce() + Send + 'static) -> Self {
        Self(Box::new(|_| {
            acknowledge();
            false
        }))
    }

    /// The acknowledgement of what is answered with it. As [`Ack::new`]; `acknowledge` is told what to say to whoever waits,
    /// and tells whether that can be said.
    pub fn answering(acknowledge: impl FnOnce(Option<AckAnswer>) -> bool + Send + 'static) -> Self {
        Self(Box::new(acknowledge))
    }

    /// Tells the service that the delivery is taken over. Does not block, and never fails: where the connection is gone
    /// the service sends the event again, which its identity then shows.
    pub fn done(self) {
        (self.0)(None);
    }

    /// The same, and says something to whoever waits for it; `false` where they will not see it. Where nobody does it is
    /// [`Ack::done`].
    pub fn answer(self, what: AckAnswer) -> bool {
        (self.0)(Some(what))
    }
}

impl std::fmt::Debug for Ack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ack")
    }
}

/// An event and the right to acknowledge it.
#[derive(Debug)]
pub struct Delivery {
    /// What happened.
    pub event: Event,
    /// To be used once the event is taken over (or is nobody's business).
    pub ack: Ack,
}

/// Why a connection can never work with these credentials. The host ends with exit code 3.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{service} refuses the credentials ({code}): {explanation}")]
pub struct Fatal {
    /// The chat service.
    pub service: &'static str,
    /// The service's own word for it.
    pub code: String,
    /// What to do, as a sentence.
    pub explanation: String,
}

/// Where events go. All methods are called from the task that reads the connection: they must return at once.
pub trait Intake: Send + Sync {
    /// An event arrived. Events the bot has no use for (its own messages, joins, …) are acknowledged by the adapter
    /// and never get here.
    fn deliver(&self, delivery: Delivery);

    /// The number of usable connections changed.
    fn connected(&self, connections: usize);

    /// The service refused the credentials for good: nothing more will come.
    fn fatal(&self, why: Fatal);
}

/// One message on its way out.
#[derive(Clone, Copy, Debug)]
pub struct Outgoing<'a> {
    /// Where to.
    pub to: &'a Place,
    /// The id of the message that this answers, in the same conversation: the root of a thread where the audience asks
    /// for one, and the point from which [`Adapter::find`] looks.
    pub answers: Option<&'a str>,
    /// The id of the person who asked: who sees it where the audience is only them.
    pub asker: Option<&'a str>,
    /// What it says. At most [`Adapter::max_text`] characters of text: longer ones are split before.
    pub content: &'a Content,
    /// The sign by which it is found again.
    pub stamp: &'a Stamp,
    /// The address for answers that came with a slash command, if it is still good.
    pub response_url: Option<&'a str>,
}

/// A form on its way to a person.
#[derive(Clone, Copy, Debug)]
pub struct Form<'a> {
    /// What opens it, as a press brought it.
    pub trigger: &'a str,
    /// What it looks like: JSON of the service's own.
    pub view: &'a str,
    /// The plugin that is told what the person fills in.
    pub plugin: &'a str,
    /// Where the press was: what is sent comes from there, too.
    pub place: &'a Place,
    /// The message that carried what was pressed.
    pub on: Option<&'a MessageRef>,
}

/// A file on its way out.
#[derive(Clone, Copy, Debug)]
pub struct Upload<'a> {
    /// Where to.
    pub to: &'a Place,
    /// The file's name; not empty.
    pub name: &'a str,
    /// What is in it.
    pub data: &'a [u8],
    /// What is said with it, portable markup; empty: nothing.
    pub comment: &'a str,
}

/// Some of a conversation's members.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemberPage {
    /// Their ids in the service's order, the bot's own included.
    pub ids: Vec<String>,
    /// Where to go on; `None` if that was all.
    pub next: Option<String>,
}

/// Some of the conversations that the bot is a member of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConversationPage {
    /// Their ids.
    pub ids: Vec<String>,
    /// Where to go on; `None` if that was all.
    pub next: Option<String>,
}

/// The code of what a service does not have at all.
pub const UNSUPPORTED: &str = "unsupported";

/// Why the service did not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The service understood and said no. Trying again gives the same answer.
    #[error("the chat service refused ({code}): {explanation}")]
    Refused {
        /// The service's own word for it.
        code: String,
        /// What to do, as a sentence.
        explanation: String,
    },
    /// Too much in too short a time, and waiting inside the adapter was not enough. Nothing was done.
    #[error("the chat service asks to wait {} s before the next call", retry_after.as_secs())]
    RateLimited {
        /// How long to wait.
        retry_after: Duration,
    },
    /// The service could not be reached or failed, several times. Nothing was done; it may work later.
    #[error("the chat service cannot be used right now: {reason}; it may work again later")]
    Temporary {
        /// What happened.
        reason: String,
    },
    /// The connection broke after the request had left, and whether it was carried out could not be found out.
    #[error("the chat service may or may not have done it: {reason}")]
    Uncertain {
        /// What happened.
        reason: String,
    },
    /// The credentials are no longer good: nothing will work until the operator acts.
    #[error("{0}")]
    Revoked(Fatal),
}

/// The codes of places where the bot may not write, whatever it says.
const CLOSED: &[&str] = &[
    "not_in_channel",
    "channel_not_found",
    "is_archived",
    "restricted_action",
    "restricted_action_read_only_channel",
    "restricted_action_thread_only_channel",
    "restricted_action_non_threadable_channel",
    "posting_to_channel_denied",
];

impl SendError {
    /// Whether the bot may not write in that place at all: then nothing else can be said there either.
    pub fn is_of_closed_place(&self) -> bool {
        matches!(self, Self::Refused { code, .. } if CLOSED.contains(&code.as_str()))
    }
}

impl From<Refused> for SendError {
    fn from(refused: Refused) -> Self {
        Self::Refused {
            code: refused.code,
            explanation: refused.explanation,
        }
    }
}

/// A chat service, as far as the rest of the host uses it. Functions with a body are those that a service may lack.
#[async_trait]
pub trait Adapter: Send + Sync {
    /// The service's name in places and identities, for example `slack`.
    fn service(&self) -> &'static str;

    /// Whether places of a service can be spoken in through it.
    fn serves(&self, service: &str) -> bool {
        service == self.service()
    }

    /// The service of a conversation of which only the id is known.
    fn service_of(&self, _conversation: &str) -> &'static str {
        self.service()
    }

    /// Who the bot is there.
    fn me(&self) -> &Me;

    /// The longest text of one message, in characters (Unicode scalar values).
    fn max_text(&self) -> usize;

    /// Sends a message and answers its address, or nothing where the service tells none (messages for one person).
    ///
    /// A rate limit or a passing failure is waited out for a while. Where the connection breaks after the request left,
    /// the conversation's history is looked at before it is sent again, so that the message never stands there twice.
    async fn send(&self, message: Outgoing<'_>) -> Result<Sent, SendError>;

    /// Looks in the conversation's history, from the answered message on, for this very message: first by its stamp,
    /// then by author, thread and text. `None` where it is not there or is of a kind that leaves no trace (for one
    /// person only).
    async fn find(&self, message: Outgoing<'_>) -> Result<Option<MessageRef>, SendError>;

    /// Replaces what an own message says. Repeating it does no harm.
    async fn edit(&self, at: &MessageRef, content: &Content, stamp: &Stamp) -> Result<(), SendError>;

    /// Replaces a message that only one person sees, through the address for answers that came with a press on it.
    async fn replace(&self, _response_url: &str, _content: &Content, _stamp: &Stamp) -> Result<(), SendError> {
        Err(self.lacks("messages for one person that can be changed"))
    }

    /// Opens a form before the person who pressed. The trigger is good for some seconds and once.
    async fn open_form(&self, _form: Form<'_>) -> Result<(), SendError> {
        Err(self.lacks("forms"))
    }

    /// Puts a file into a place. Returns the service's id of it.
    async fn upload(&self, _file: Upload<'_>) -> Result<String, SendError> {
        Err(self.lacks("files"))
    }

    /// The content of a file, whole; `None` where there is none of that id that the bot may see. A file of more than
    /// `limit` bytes is refused with the code `too_large`, without being read to its end.
    async fn download(&self, _file: &str, _limit: usize) -> Result<Option<Vec<u8>>, SendError> {
        Err(self.lacks("files"))
    }

    /// The ids of the conversations in which a file can be seen; `None` where there is no file of that id that the bot
    /// may see.
    async fn find_file(&self, _file: &str) -> Result<Option<Vec<String>>, SendError> {
        Err(self.lacks("files"))
    }

    /// The direct conversation with a person, opened if need be.
    async fn open_direct(&self, _user: &str) -> Result<Place, SendError> {
        Err(self.lacks("direct conversations that a bot can open"))
    }

    /// At most `limit` messages of a place that are older than the message `before`, newest first; an empty list is the
    /// end.
    async fn history(&self, _at: &Place, _before: Option<&str>, _limit: u32) -> Result<Vec<Message>, SendError> {
        Err(self.lacks("a history that a bot can read"))
    }

    /// Removes an own message. A message that is already gone counts as removed.
    async fn delete(&self, at: &MessageRef) -> Result<(), SendError>;

    /// Adds a reaction: an emoji's name, or the emoji itself. One that is already there counts as added.
    async fn react(&self, at: &MessageRef, emoji: &str) -> Result<(), SendError>;

    /// Takes an own reaction away. One that is not there counts as taken away.
    async fn unreact(&self, at: &MessageRef, emoji: &str) -> Result<(), SendError>;

    /// Looks a person up; `None` where the service knows nobody of that id. Answers may be 10 minutes old.
    async fn find_user(&self, id: &str) -> Result<Option<User>, SendError>;

    /// Looks a conversation up; `None` where there is none of that id that the bot may see. Answers may be 10 minutes
    /// old.
    async fn find_conversation(&self, id: &str) -> Result<Option<Conversation>, SendError>;

    /// A page of a conversation's members, from the first on or from where an earlier page says that it goes on; `None`
    /// where there is no conversation of that id that the bot may see. Answers may be a minute old.
    async fn find_members(&self, conversation: &str, cursor: Option<&str>) -> Result<Option<MemberPage>, SendError>;

    /// A page of the conversations that the bot is a member of, but for direct ones and those that are archived: the first
    /// one, or from where an earlier page says that it goes on. Answers may be a minute old.
    async fn own_conversations(&self, _cursor: Option<&str>) -> Result<ConversationPage, SendError> {
        Err(self.lacks("list of the conversations that a bot is in"))
    }

    /// What an adapter answers to the functions that its service has nothing for.
    fn lacks(&self, what: &str) -> SendError {
        SendError::Refused {
            code: UNSUPPORTED.into(),
            explanation: format!("the chat service `{}` has no {what}", self.service()),
        }
    }

    /// A person, or at least their id where the service does not tell more: a command must not fail because a name
    /// cannot be looked up.
    async fn user(&self, id: &str) -> User {
        match self.find_user(id).await {
            Ok(Some(user)) => user,
            Ok(None) => User::unknown(id),
            Err(error) => {
                tracing::warn!(user = id, %error, "a person could not be looked up; going on with the id alone");
                User::unknown(id)
            }
        }
    }

    /// A conversation, or at least its id where the service does not tell more.
    async fn conversation(&self, id: &str) -> Conversation {
        let unknown = || Conversation {
            id: id.into(),
            name: String::new(),
            kind: PlaceKind::Channel,
            topic: String::new(),
        };
        match self.find_conversation(id).await {
            Ok(Some(conversation)) => conversation,
            Ok(None) => unknown(),
            Err(error) => {
                tracing::warn!(conversation = id, %error, "a conversation could not be looked up; going on with the id alone");
                unknown()
            }
        }
    }
}
