//! What a plugin says about itself: the JSON that its `guest.describe` returns.
//!
//! [`Manifest::parse`] refuses what it cannot rely on and warns about keys it does not know, so that a plugin made for a
//! newer host still loads. The limits below are far above what a person would read.
//!
//! | what | limit |
//! |---|---|
//! | the whole manifest | [`MAX_BYTES`] |
//! | commands and subcommands together | [`MAX_COMMANDS`] |
//! | levels of subcommands | [`MAX_DEPTH`] |
//! | aliases of a command, its examples | [`MAX_ALIASES`], [`MAX_EXAMPLES`] |
//! | arguments of a command, choices of one | [`MAX_ARGS`], [`MAX_CHOICES`] |
//! | names, ids | [`MAX_NAME`] characters |
//! | summaries, help | [`MAX_SUMMARY`] characters, [`MAX_HELP`] bytes in each language |
//! | hears, jobs, webhooks, shortcuts, settings: each | [`MAX_TRIGGERS`] |
//! | a shortcut's name, its description | [`MAX_SHORTCUT_NAME`], [`MAX_SHORTCUT_DESCRIPTION`] characters in each language |
//! | a pattern | [`MAX_PATTERN`] bytes |
//! | names in each list of requests | [`MAX_REQUESTS`] |

mod check;
mod configured;
mod fields;
mod json;
mod local;
mod read;
mod settings;
mod triggers;

pub use local::LocalText;
pub use settings::SettingError;
pub use triggers::{ChatEvent, Hear, Job, Missed, Moment, Scope, Shortcut, ShortcutPlace, Verify, Webhook};

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The largest manifest, in bytes.
pub const MAX_BYTES: usize = 1024 * 1024;
/// The most commands, subcommands counted.
pub const MAX_COMMANDS: usize = 200;
/// The most levels of subcommands below a command.
pub const MAX_DEPTH: usize = 4;
/// The most aliases of a command.
pub const MAX_ALIASES: usize = 20;
/// The most examples of a command.
pub const MAX_EXAMPLES: usize = 20;
/// The most arguments of a command.
pub const MAX_ARGS: usize = 20;
/// The most choices of an argument or setting.
pub const MAX_CHOICES: usize = 100;
/// The longest name or id, in characters.
pub const MAX_NAME: usize = 64;
/// The longest summary, in characters.
pub const MAX_SUMMARY: usize = 200;
/// The longest help of a command, in bytes; also of an example.
pub const MAX_HELP: usize = 10 * 1024;
/// The most hears, jobs, webhooks, shortcuts and settings, each.
pub const MAX_TRIGGERS: usize = 1000;
/// The longest name of a shortcut, in characters: what Slack shows.
pub const MAX_SHORTCUT_NAME: usize = 24;
/// The longest description of a shortcut, in characters: what Slack takes.
pub const MAX_SHORTCUT_DESCRIPTION: usize = 150;
/// The most shortcuts that Slack offers for one app, of all its plugins together. A plugin with more of them loads, and
/// its author is warned.
pub const OFFERED_SHORTCUTS: usize = 10;
/// The longest pattern, in bytes.
pub const MAX_PATTERN: usize = 10 * 1024;
/// The most names in one list of requests.
pub const MAX_REQUESTS: usize = 100;

/// Whether a plugin (or a webhook) can be called this: `[a-z0-9-]{1,64}`.
pub fn is_plain_name(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=MAX_NAME).contains(&name.len()) && name.bytes().all(plain)
}

/// Whether a shortcut can have this id: `[a-z0-9._-]{1,64}`.
pub fn is_shortcut_id(id: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_' | b'-');
    (1..=MAX_NAME).contains(&id.len()) && id.bytes().all(plain)
}

/// A plugin's description of itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Manifest {
    /// The plugin's identity: `[a-z0-9-]{1,64}`.
    pub name: String,
    /// For people to read; empty where the plugin tells none.
    pub version: String,
    /// What it is for, in one line.
    pub summary: LocalText,
    /// What people can type.
    pub commands: Vec<Command>,
    /// What it listens for.
    pub hears: Vec<Hear>,
    /// What it does again and again.
    pub jobs: Vec<Job>,
    /// The addresses it answers at.
    pub webhooks: Vec<Webhook>,
    /// The chat events it wants.
    pub events: Vec<ChatEvent>,
    /// What people can choose from a menu of the service.
    pub shortcuts: Vec<Shortcut>,
    /// The keys of `[plugin.NAME.config]`.
    pub config: BTreeMap<String, Setting>,
    /// What it asks the operator to allow.
    pub requests: Requests,
}

/// A command, or a subcommand of one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Command {
    /// The word people type.
    pub name: String,
    /// Other words for the same.
    pub aliases: Vec<String>,
    /// One line for the list of commands.
    pub summary: LocalText,
    /// Everything else, portable markup.
    pub help: LocalText,
    /// Commands as typed, with the prefix `!`.
    pub examples: Vec<String>,
    /// The arguments, in the order in which they are typed; a command with subcommands takes its own before the
    /// subcommand's name.
    pub args: Vec<ArgSpec>,
    /// The subcommands.
    pub subcommands: Vec<Command>,
    /// The name of the subcommand that runs where none is typed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// Whether only admins may run it (unless the operator says otherwise), by its exact name.
    pub restricted: bool,
    /// Who is asked before it runs.
    pub confirm: Confirm,
}

impl Command {
    /// The subcommand that runs where none is typed.
    pub fn default_subcommand(&self) -> Option<&Self> {
        let name = self.default.as_deref()?;
        self.subcommands.iter().find(|sub| sub.name == name)
    }
}

/// Who is asked before a command runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confirm {
    /// Nobody.
    #[default]
    None,
    /// The person who typed it.
    #[serde(rename = "self")]
    Caller,
    /// Another person.
    Second,
}

/// How typed text is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ArgType {
    /// One token.
    #[default]
    String,
    /// A whole number.
    Int,
    /// A number.
    Float,
    /// Yes or no.
    Bool,
    /// A mentioned person.
    User,
    /// A mentioned conversation.
    Conversation,
    /// A length of time.
    Duration,
    /// A day.
    Date,
    /// A time of day.
    Time,
    /// One of `choices`.
    Choice,
    /// All that follows, split at commas and blanks.
    List,
    /// All that follows, as typed.
    Rest,
}

/// An argument of a command.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct ArgSpec {
    /// Shown in help and usage errors.
    pub name: String,
    /// How it is read.
    #[serde(rename = "type")]
    pub kind: ArgType,
    /// What it is for.
    pub summary: LocalText,
    /// Whether it may be left out. One with a default may be left out anyway: see [`ArgSpec::is_optional`].
    pub optional: bool,
    /// Taken where nothing was typed: a value of the argument's type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<serde_json::Value>,
    /// The least value of a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// The greatest value of a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
    /// What a choice may be.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<String>,
}

impl ArgSpec {
    /// Whether it may be left out.
    pub fn is_optional(&self) -> bool {
        self.optional || self.default.is_some()
    }

    /// Whether it takes everything that follows.
    pub fn takes_rest(&self) -> bool {
        matches!(self.kind, ArgType::List | ArgType::Rest)
    }
}

/// The type of a setting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SettingType {
    /// Text.
    #[default]
    String,
    /// A whole number.
    Int,
    /// A number.
    Float,
    /// `true` or `false`.
    Bool,
    /// A person's id.
    User,
    /// A conversation's id.
    Conversation,
    /// A length of time, as text: `"90s"`.
    Duration,
    /// A day, as text: `"2026-11-21"`.
    Date,
    /// A time of day, as text: `"09:30"`.
    Time,
    /// One of `choices`.
    Choice,
    /// Several texts.
    List,
    /// A table of anything.
    Table,
}

/// A key of a plugin's configuration.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Setting {
    /// The type of its value.
    #[serde(rename = "type")]
    pub kind: SettingType,
    /// What it is for.
    pub summary: LocalText,
    /// Whether the operator may leave it out.
    pub optional: bool,
    /// Taken where the operator wrote nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<serde_json::Value>,
    /// The least value of a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// The greatest value of a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
    /// What a choice may be.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<String>,
}

/// What a plugin asks the operator to allow. What is not named here is denied, whatever the operator grants. A line
/// `config:PATH` asks for what the operator's configuration names there: see [`Manifest::configured`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Requests {
    /// Where to send requests, as [`crate::http_rule`] has it: `https://api.example.com`.
    pub http: Vec<String>,
    /// Conversations besides the one a call comes from: ids, `#name`, `*`.
    pub conversations: Vec<String>,
    /// To look up and write to other people.
    pub users: bool,
    /// Database connections.
    pub sql: Vec<String>,
    /// Buckets.
    pub objects: Vec<String>,
    /// Secrets.
    pub secrets: Vec<String>,
    /// The brain's scope that all plugins share.
    pub shared_brain: bool,
    /// Jobs made at run time.
    pub schedule: bool,
    /// Messages that call everybody.
    pub broadcast: bool,
}

/// A manifest that can be relied on, and what was odd about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed {
    /// The manifest.
    pub manifest: Manifest,
    /// One sentence for each oddity (unknown keys); shown to the operator and the author.
    pub warnings: Vec<String>,
}

/// Why a manifest is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// It is too large to be looked at.
    #[error("the manifest has {size} bytes; at most {MAX_BYTES} are read. Shorten its help texts")]
    TooLarge {
        /// Its size in bytes.
        size: usize,
    },
    /// It is no JSON.
    #[error("the manifest is not JSON: {reason}. `guest.describe` must return one JSON object")]
    Json {
        /// What the parser says, with line and column.
        reason: String,
    },
    /// Something in it has the wrong type.
    #[error("the manifest's `{path}` must be {expected}, but is {got}")]
    Type {
        /// Where: `commands[0].args[1].type`.
        path: String,
        /// What should be there.
        expected: String,
        /// What is there.
        got: String,
    },
    /// Something that must be there is not.
    #[error("the manifest lacks `{path}`: {expected}")]
    Missing {
        /// Where.
        path: String,
        /// What should be there.
        expected: String,
    },
    /// Something in it breaks a rule.
    #[error("the manifest's `{path}` {problem}")]
    Invalid {
        /// Where.
        path: String,
        /// What is wrong and how it would be right.
        problem: String,
    },
}
