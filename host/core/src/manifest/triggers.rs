//! What a plugin is called for besides commands: patterns, jobs, webhooks, chat events, shortcuts.

use super::LocalText;
use serde::{Deserialize, Serialize};

/// In which messages a pattern is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// In direct conversations with the bot.
    Direct,
    /// In messages that begin with its name.
    DirectMention,
    /// In messages that mention it anywhere.
    Mention,
    /// In all others.
    Ambient,
}

/// A pattern that the plugin listens for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Hear {
    /// Unique within the plugin.
    pub id: String,
    /// A regular expression that compiles, matched without regard to upper and lower case.
    pub pattern: String,
    /// Where to look.
    pub scopes: Vec<Scope>,
}

/// What happens to due times that passed while nobody could run them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Missed {
    /// They are left out.
    Skip,
    /// They are made up for by one run.
    #[default]
    Once,
    /// Each is made up for.
    All,
}

/// A moment at which a job is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Moment {
    /// The plugin begins to serve: when the host starts, when a version of it is put in or takes the place of another,
    /// when an operator lets it serve again.
    Load,
}

impl Moment {
    /// The manifest's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Load => "load",
        }
    }
}

/// Work that is done again and again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Job {
    /// Unique within the plugin.
    pub id: String,
    /// The moment at which it is due, instead of times.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<Moment>,
    /// When it is due, as [`Pattern::parse`](crate::schedule::Pattern::parse) reads it: five fields, or six with
    /// seconds first. Empty where there are rules or a moment. `config:PATH` where the operator says it: see
    /// [`Manifest::configured`](super::Manifest::configured).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub cron: String,
    /// The same as rules: `mon-fri 09:50`. Empty where there is a cron expression.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<String>,
    /// The days on which it isn't due: `2026-12-25`, or `12-25` for every year.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<String>,
    /// An IANA name; the bot's own where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    /// What happens to missed runs.
    pub missed: Missed,
    /// The id of a job that goes first where both are due; empty where it waits for none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub after: String,
    /// The start is put off by a random time up to this, in milliseconds (in JSON as text: `"500ms"`).
    #[serde(rename = "jitter", with = "super::read::jitter")]
    pub jitter_ms: u64,
}

/// How a webhook request is checked before the plugin sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verify {
    /// Not at all.
    #[serde(rename = "none")]
    None,
    /// By a token in a header.
    #[serde(rename = "bearer")]
    Bearer,
    /// By a signature over the body.
    #[serde(rename = "hmac-sha256")]
    HmacSha256,
    /// By Slack's signature over time and body.
    #[serde(rename = "slack")]
    Slack,
    /// By the token in the body that JANDI sends.
    #[serde(rename = "jandi")]
    Jandi,
}

impl Verify {
    /// All of them, by the manifest's words.
    pub const WORDS: [(&'static str, Self); 5] = [
        ("none", Self::None),
        ("bearer", Self::Bearer),
        ("hmac-sha256", Self::HmacSha256),
        ("slack", Self::Slack),
        ("jandi", Self::Jandi),
    ];

    /// The manifest's word for it.
    pub fn as_str(self) -> &'static str {
        let mut words = Self::WORDS.into_iter();
        words.find(|(_, one)| *one == self).map_or("none", |(word, _)| word)
    }
}

/// An address under `/hooks/PLUGIN/NAME`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Webhook {
    /// `[a-z0-9-]{1,64}`.
    pub name: String,
    /// The methods it answers to.
    pub methods: Vec<String>,
    /// How a request is checked.
    pub verify: Verify,
}

/// Something in chat that is no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChatEvent {
    /// Somebody reacted.
    Reacted,
    /// Somebody took a reaction back.
    Unreacted,
    /// Somebody joined a conversation.
    Joined,
    /// Somebody left one.
    Left,
    /// The topic changed.
    Topic,
    /// A message was edited.
    Edited,
    /// A message was deleted.
    Deleted,
}

impl ChatEvent {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Reacted,
        Self::Unreacted,
        Self::Joined,
        Self::Left,
        Self::Topic,
        Self::Edited,
        Self::Deleted,
    ];

    /// The manifest's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reacted => "reacted",
            Self::Unreacted => "unreacted",
            Self::Joined => "joined",
            Self::Left => "left",
            Self::Topic => "topic",
            Self::Edited => "edited",
            Self::Deleted => "deleted",
        }
    }
}

/// Where a shortcut is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ShortcutPlace {
    /// In the menu of every message.
    Message,
    /// Wherever people write.
    Anywhere,
}

/// Something that people can choose from a menu of the service, instead of typing a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Shortcut {
    /// `[a-z0-9._-]{1,64}`, unique within the plugin.
    pub id: String,
    /// Where it is offered.
    pub on: ShortcutPlace,
    /// What people read in the menu.
    pub name: LocalText,
    /// What it does; empty where the name says it.
    #[serde(default)]
    pub description: LocalText,
}
