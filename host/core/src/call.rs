//! What one call of a plugin is given, and what it gives back.

use crate::content::Content;
use crate::event::{Changed, Conversation, Message, MessageRef, Place, PressKind, User};
use serde::{Deserialize, Serialize};

/// A typed argument, as the router read it. People and conversations are ids here: only what is really called is
/// looked up in the directory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ArgValue {
    /// Text.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A number.
    Number(f64),
    /// Yes or no.
    Truth(bool),
    /// A person's id.
    User(String),
    /// A conversation's id.
    Conversation(String),
    /// A duration in seconds.
    Seconds(u32),
    /// A date, `YYYY-MM-DD`.
    Date(String),
    /// A time of day, `HH:MM:SS`.
    Time(String),
    /// Several texts.
    Many(Vec<String>),
}

/// A named argument.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Arg {
    /// The name in the manifest.
    pub name: String,
    /// Its value.
    pub value: ArgValue,
}

/// A typed argument with people and conversations looked up: what the plugin gets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Value {
    /// Text.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A number; kept by its bits, so that it comes back as it was.
    Number(#[serde(with = "bits")] f64),
    /// Yes or no.
    Truth(bool),
    /// A person.
    User(User),
    /// A conversation.
    Conversation(Conversation),
    /// A duration in seconds.
    Seconds(u32),
    /// A date, `YYYY-MM-DD`.
    Date(String),
    /// A time of day, `HH:MM:SS`.
    Time(String),
    /// Several texts.
    Many(Vec<String>),
}

/// A number as the integer that has the same bits.
mod bits {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(number: &f64, to: S) -> Result<S::Ok, S::Error> {
        number.to_bits().serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
        u64::deserialize(from).map(f64::from_bits)
    }
}

/// What every call is told about itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invocation {
    /// hash(identity, plugin, trigger): the same however often the call is repeated.
    pub id: String,
    /// When its event arrived, RFC 3339 in UTC; the same on a repetition.
    pub time: String,
    /// 1 for the first try.
    pub attempt: u32,
    /// The caller's language (`ko`, `en`, …).
    pub locale: String,
    /// The caller's time zone, an IANA name.
    pub timezone: String,
}

/// A message with its author looked up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FullMessage {
    /// The message.
    pub message: Message,
    /// Who wrote it.
    pub author: User,
}

/// A command for a plugin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CommandCall {
    /// About this call.
    pub invocation: Invocation,
    /// The manifest's name of the command, whatever alias was typed.
    pub command: String,
    /// The manifest's names of the subcommands, outermost first.
    pub path: Vec<String>,
    /// The arguments, in the manifest's order; optional ones that were not given are left out.
    pub args: Vec<(String, Value)>,
    /// Everything behind the command word(s), as typed.
    pub rest: String,
    /// The same in tokens.
    pub tokens: Vec<String>,
    /// The message that carried the command.
    pub message: FullMessage,
}

/// A message that a plugin listens for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HeardCall {
    /// About this call.
    pub invocation: Invocation,
    /// The pattern's id.
    pub id: String,
    /// The whole match, then each group; `None` for a group that took no part.
    pub captures: Vec<Option<String>>,
    /// The message.
    pub message: FullMessage,
}

/// A press for a plugin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PressCall {
    /// About this call.
    pub invocation: Invocation,
    /// What it was.
    pub kind: PressKind,
    /// The plugin's id of the button, menu, form, shortcut or question.
    pub id: String,
    /// The button's value, or that of the choice; a form's private data.
    pub value: String,
    /// A form's fields, or the other menus of the message.
    pub state: Vec<(String, String)>,
    /// Who did it, or was asked.
    pub user: User,
    /// Where.
    pub place: Place,
    /// The message that carried it.
    pub on: Option<MessageRef>,
    /// What opens a form.
    pub trigger: Option<String>,
}

/// What a plugin says to a press.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// Nothing to be seen; a form closes.
    Done,
    /// A new message.
    Say(Content),
    /// New content for the message that carried it.
    Update(Content),
    /// A form stays open and shows these: a field's id, and what is wrong with it.
    Errors(Vec<(String, String)>),
    /// Another form in its place: JSON of the service's own.
    View(String),
}

/// Something else that happened, for a plugin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChangeCall {
    /// About this call.
    pub invocation: Invocation,
    /// Who did it.
    pub who: User,
    /// What happened.
    pub what: Changed<FullMessage>,
}

/// A job that is due, for its plugin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobCall {
    /// About this call.
    pub invocation: Invocation,
    /// The job's id in the manifest, or its name in `schedule`.
    pub name: String,
    /// The instant for which it was due, RFC 3339 in UTC.
    pub due: String,
    /// What `schedule` was given.
    pub payload: String,
}

/// A request from outside, for a plugin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HookCall {
    /// About this call.
    pub invocation: Invocation,
    /// The hook's name in the manifest.
    pub name: String,
    /// The method, in capitals.
    pub method: String,
    /// What follows the hook's own address, without the query.
    pub path: String,
    /// The query without the `?`.
    pub query: String,
    /// Headers, names in lower case, in the order received.
    pub headers: Vec<(String, String)>,
    /// The body.
    #[serde(with = "crate::event::body")]
    pub body: Vec<u8>,
}

/// What whoever asked from outside is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookAnswer {
    /// The status, from 200 to 599.
    pub status: u16,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl HookAnswer {
    /// How many bytes its headers and its body have.
    pub fn size(&self) -> usize {
        let headers = self
            .headers
            .iter()
            .map(|(name, value)| name.len().saturating_add(value.len()));
        headers.fold(self.body.len(), usize::saturating_add)
    }
}

/// The sign by which a message can be found again, and by which its buttons lead back: which call of which plugin sent
/// it, and its place in the order of that call's effects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The plugin's name; empty where the host itself speaks.
    pub plugin: String,
    /// The invocation's id.
    pub invocation: String,
    /// The effect's number within the invocation.
    pub ordinal: u32,
}

/// Why a plugin says it could not do it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The command was used wrongly: the person is shown the text and the right form.
    Usage(String),
    /// Understood and refused: the person is shown the text.
    Rejected(String),
    /// Try again in so many seconds.
    Retry(u32),
    /// Something inside the plugin went wrong: the operator is shown the text, the person the invocation id.
    Internal(String),
}

/// Why a capability said no. The cases of the contract's `error`, and one of the host's own.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CapError {
    /// Not granted; the text carries the configuration line to add.
    #[error("access denied: {0}")]
    AccessDenied(String),
    /// It is not there.
    #[error("not found: {0}")]
    NotFound(String),
    /// The request makes no sense.
    #[error("invalid: {0}")]
    Invalid(String),
    /// Somebody else was faster.
    #[error("conflict: {0}")]
    Conflict(String),
    /// Past a limit.
    #[error("over limit: {0}")]
    OverLimit(String),
    /// Not now.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// An earlier attempt may have done it.
    #[error("uncertain: {0}")]
    Uncertain(String),
    /// This host cannot do that.
    #[error("unsupported: {0}")]
    Unsupported(String),
    /// No case of the contract: the host ends the call here, and the plugin learns nothing any more.
    #[error("the host stops the call")]
    Stopped,
}

/// What a capability answers.
pub type CapResult<T> = Result<T, CapError>;

/// A sent message's address, or nothing where the service tells none (ephemeral messages).
pub type Sent = Option<MessageRef>;
