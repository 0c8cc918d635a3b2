//! What a call may use of the host, as traits in plain types: here what chat needs, in [`outside`] what reaches beyond it.
//!
//! The host gives every call its own [`Host`], already bound to the plugin, the invocation and what is granted; the
//! engine translates between these traits and the contract and knows nothing of grants. The engine enforces the limits
//! that are per call or per argument ([`Limits`](crate::Limits)): number of host calls and messages, sizes of keys,
//! values and logs. Everything else (grants, quotas, pace) is up to the implementation.
//!
//! A function that this host does not have answers [`CapError::Unsupported`]. One that answers [`CapError::Stopped`] ends
//! the call there, as [`Fault::Stopped`](crate::Fault::Stopped).

mod outside;

pub use outside::{
    Absent, Cell, Http, HttpBody, HttpRequest, HttpResponse, Job, Missed, Object, ObjectPage, Objects, Rows, Schedule,
    Signing, Sql,
};

use async_trait::async_trait;
use moa_core::call::{CapError, CapResult, FullMessage, Sent};
use moa_core::content::Content;
use moa_core::event::{Conversation, MessageRef, Place, User};
use moa_core::router::hears::Taught;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Everything that one call may use.
#[derive(Clone)]
pub struct Host {
    /// Durable memory.
    pub brain: Arc<dyn Brain>,
    /// Speaking in chat.
    pub chat: Arc<dyn Chat>,
    /// Configuration, clock, chance, log.
    pub system: Arc<dyn System>,
    /// Patterns taught at run time.
    pub triggers: Arc<dyn Triggers>,
    /// Work at a later time.
    pub schedule: Arc<dyn Schedule>,
    /// Requests to the outside.
    pub http: Arc<dyn Http>,
    /// Databases.
    pub sql: Arc<dyn Sql>,
    /// Object stores.
    pub objects: Arc<dyn Objects>,
}

/// Whose memory. The same key in two scopes is two entries.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// The plugin's.
    Plugin,
    /// The plugin's about one conversation, by id.
    Conversation(String),
    /// The plugin's about one person, by id.
    User(String),
    /// Common to all plugins that are allowed to.
    Shared,
}

/// What is stored under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The value as it was written.
    pub value: Vec<u8>,
    /// Changes with every write and never comes back for the same key.
    pub version: String,
    /// When the entry will be gone, RFC 3339 in UTC.
    pub expires: Option<String>,
}

/// Some of the keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyPage {
    /// The keys, ascending by their bytes.
    pub keys: Vec<String>,
    /// Where to go on; `None` if that was all.
    pub next: Option<String>,
}

/// What to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// The key, 1 byte up to [`Limits::key`](crate::Limits::key).
    pub key: String,
    /// The value, up to [`Limits::value`](crate::Limits::value) bytes.
    pub value: Vec<u8>,
    /// Seconds until the entry is gone, at least 1; `None`: never.
    pub ttl_seconds: Option<u32>,
}

/// The plugin's durable memory. What each function promises stands in the contract, `brain.wit`.
#[async_trait]
pub trait Brain: Send + Sync {
    /// The entry under a key; `None` if there is none.
    async fn get(&self, at: Scope, key: String) -> CapResult<Option<Entry>>;
    /// Writes, whatever was there. Returns the new version.
    async fn set(&self, at: Scope, what: Write) -> CapResult<String>;
    /// Deletes. Whether there was something to delete.
    async fn delete(&self, at: Scope, key: String) -> CapResult<bool>;
    /// The keys that begin with `prefix`, a page at a time; `limit` is from 1 to 1,000.
    async fn list_keys(&self, at: Scope, prefix: String, cursor: Option<String>, limit: u32) -> CapResult<KeyPage>;
    /// Adds to a number and returns the sum, in one step.
    async fn increment(&self, at: Scope, key: String, by: i64) -> CapResult<i64>;
    /// Writes only if the entry's version is `expected` (`None`: there is no entry). Returns the new version.
    async fn compare_and_swap(&self, at: Scope, what: Write, expected: Option<String>) -> CapResult<String>;
    /// The entries under at most 1,000 keys, as of one moment, in the order of the keys.
    async fn get_many(&self, at: Scope, keys: Vec<String>) -> CapResult<Vec<Option<Entry>>>;
    /// At most 1,000 writes to different keys: all of them or none.
    async fn set_many(&self, at: Scope, what: Vec<Write>) -> CapResult<()>;
}

/// Speaking in chat. What each function promises stands in the contract, `chat.wit`.
///
/// Functions with a body here are those that a host may lack; what they answer then is
/// [`CapError::Unsupported`].
#[async_trait]
pub trait Chat: Send + Sync {
    /// Sends a message. A message without an address (an ephemeral one) reaches the plugin with an empty id.
    async fn send(&self, to: Place, what: Content) -> CapResult<Sent>;
    /// Replaces a message that the bot sent.
    async fn edit(&self, which: MessageRef, what: Content) -> CapResult<()>;
    /// Adds the bot's reaction: a name without colons or a Unicode emoji.
    async fn react(&self, which: MessageRef, emoji: String) -> CapResult<()>;

    /// Deletes a message that the bot sent.
    async fn delete(&self, _which: MessageRef) -> CapResult<()> {
        absent("chat.delete")
    }
    /// Takes the bot's own reaction back.
    async fn unreact(&self, _which: MessageRef, _emoji: String) -> CapResult<()> {
        absent("chat.unreact")
    }
    /// Puts a file into a place. Returns the file's id.
    async fn upload(&self, _to: Place, _name: String, _data: Vec<u8>, _comment: String) -> CapResult<String> {
        absent("chat.upload")
    }
    /// The content of a file.
    async fn download(&self, _file: String) -> CapResult<Vec<u8>> {
        absent("chat.download")
    }
    /// The direct conversation with a person.
    async fn open_direct(&self, _user: String) -> CapResult<Place> {
        absent("chat.open-direct")
    }
    /// Opens a form before the person who pressed.
    async fn open_modal(&self, _trigger: String, _view: String) -> CapResult<()> {
        absent("chat.open-modal")
    }
    /// A person by id.
    async fn get_user(&self, _id: String) -> CapResult<User> {
        absent("chat.get-user")
    }
    /// A conversation by id.
    async fn get_conversation(&self, _id: String) -> CapResult<Conversation> {
        absent("chat.get-conversation")
    }
    /// The ids of a conversation's members, a page at a time, and where to go on.
    async fn members(
        &self,
        _conversation: String,
        _cursor: Option<String>,
    ) -> CapResult<(Vec<String>, Option<String>)> {
        absent("chat.members")
    }
    /// Messages of a place, newest first; `limit` is from 1 to 200.
    async fn history(&self, _at: Place, _before: Option<String>, _limit: u32) -> CapResult<Vec<FullMessage>> {
        absent("chat.history")
    }
    /// Asks a person something and waits durably for the answer.
    async fn ask(
        &self,
        _to: Place,
        _who: String,
        _id: String,
        _what: Content,
        _wait_seconds: u32,
    ) -> CapResult<MessageRef> {
        absent("chat.ask")
    }
}

/// Patterns taught at run time. What each function promises stands in the contract, `triggers.wit`.
#[async_trait]
pub trait Triggers: Send + Sync {
    /// Teaches a pattern under an id, replacing the one that had it. There is an id and at least one scope.
    async fn hear(&self, id: String, what: Taught) -> CapResult<()>;
    /// Unlearns. Whether the id was there.
    async fn forget(&self, id: String) -> CapResult<bool>;
}

/// How important a line of a plugin's log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Each step.
    Trace,
    /// For finding a fault.
    Debug,
    /// What happened.
    Info,
    /// Something is odd, and work goes on.
    Warn,
    /// Something failed.
    Error,
}

/// What every plugin may have without asking. These are called on the thread that runs the guest and must
/// not block.
///
/// The clocks and the chance of a language's own library (WASI) come from here too, so that a repeated call can be given
/// what its first attempt got.
pub trait System: Send + Sync {
    /// The plugin's configuration: a JSON object, `{}` if there is nothing.
    fn config(&self) -> String;
    /// The present instant. Must not go back within a call.
    fn now(&self) -> SystemTime;
    /// The time since some moment before the call. Must not go back within a call.
    fn elapsed(&self) -> Duration;
    /// Fills the buffer with bytes that nobody can foretell. Never more than 64 KiB at once.
    fn random(&self, buffer: &mut [u8]);
    /// Takes one line of the plugin's log; also what it writes to its standard output (info) and error (error).
    fn log(&self, level: Level, text: &str);
    /// An instant (RFC 3339) on the clock of a time zone (IANA name). The error says which of the two is malformed.
    fn local(&self, instant: &str, timezone: &str) -> Result<String, String> {
        crate::clock::local(instant, timezone)
    }
}

fn absent<T>(function: &str) -> CapResult<T> {
    Err(CapError::Unsupported(format!("this host has no `{function}` yet")))
}
