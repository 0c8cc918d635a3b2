//! The manifest as plain data, which the macros write and `describe` turns into JSON by `manifest.schema.json`.

mod happenings;
mod outside;
mod parts;
mod unique;

pub use happenings::{Event, On, Press, PressFor, Shortcut, ShortcutOn};
pub use outside::{Job, Webhook};
pub use parts::{Count, Part, commands_of, count, events_of, hears_of, jobs_of, presses_of, webhooks_of};
pub use unique::{
    are_arguments_unique, are_events_unique, are_ids_unique, are_jobs_unique, are_parents_there, are_presses_unique,
    are_webhooks_unique, are_words_unique,
};

use crate::bindings::moa::plugin::types::Content;
use crate::{Context, Error, argument::Args};
use serde::ser::{Serialize, SerializeMap, Serializer};

/// Text for people: in one language for all, or by language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Text {
    /// The same for everybody. Empty: there is none.
    Any(&'static str),
    /// Language tag and text.
    ByLanguage(&'static [(&'static str, &'static str)]),
}

impl Text {
    fn is_empty(&self) -> bool {
        match self {
            Self::Any(text) => text.is_empty(),
            Self::ByLanguage(texts) => texts.is_empty(),
        }
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Any(text) => serializer.serialize_str(text),
            Self::ByLanguage(texts) => {
                let mut map = serializer.serialize_map(Some(texts.len()))?;
                for (language, text) in *texts {
                    map.serialize_entry(language, text)?;
                }
                map.end()
            }
        }
    }
}

/// How the host reads typed text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// One token.
    String,
    /// A whole number.
    Int,
    /// A number.
    Float,
    /// Yes or no.
    Bool,
    /// A person.
    User,
    /// A conversation.
    Conversation,
    /// A length of time.
    Duration,
    /// A calendar date.
    Date,
    /// A time of day.
    Time,
    /// One of several words.
    Choice,
    /// All that follows, split.
    List,
    /// All that follows, as typed.
    Rest,
    /// In configuration only: a table of anything.
    Table,
}

/// A value written in the source: a default or a bound.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
#[serde(untagged)]
pub enum Literal {
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f64),
    /// Yes or no.
    Bool(bool),
    /// Text.
    Text(&'static str),
    /// Several texts.
    Many(&'static [&'static str]),
}

/// An argument of a command.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct ArgSpec {
    /// The name shown in help.
    pub name: &'static str,
    /// The type.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// Whether it may be left out.
    #[serde(skip_serializing_if = "is_false")]
    pub optional: bool,
    /// Filled in where nothing was typed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<Literal>,
    /// The least value of a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<Literal>,
    /// The greatest value of a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<Literal>,
    /// What a choice may be.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub choices: &'static [&'static str],
}

/// Who is asked before a command runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confirm {
    /// Nobody.
    None,
    /// The person who gave the command.
    #[serde(rename = "self")]
    Oneself,
    /// Another person.
    Second,
}

/// A command: what people see, and the function behind it.
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub struct Command {
    /// The name.
    pub name: &'static str,
    /// Other names.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub aliases: &'static [&'static str],
    /// One line for the list.
    #[serde(skip_serializing_if = "Text::is_empty")]
    pub summary: Text,
    /// The rest.
    #[serde(skip_serializing_if = "Text::is_empty")]
    pub help: Text,
    /// As typed.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub examples: &'static [&'static str],
    /// In the order typed.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub args: &'static [ArgSpec],
    /// Whether it is for admins.
    #[serde(skip_serializing_if = "is_false")]
    pub restricted: bool,
    /// Who is asked first.
    #[serde(skip_serializing_if = "is_unconfirmed")]
    pub confirm: Confirm,
    /// What may follow. A command that has some does not run by itself.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub subcommands: &'static [Command],
    /// The name of the subcommand that runs where none is typed; empty for none.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub default: &'static str,
    /// The name of the type that carries the arguments before a subcommand; empty for a command that runs.
    #[serde(skip)]
    pub group: &'static str,
    /// The groups that the function takes as parameters.
    #[serde(skip)]
    pub parents: &'static [&'static str],
    /// Takes the arguments apart and calls the author's function; `None` for a command with subcommands.
    #[serde(skip)]
    pub run: Option<Run>,
}

/// Takes the arguments apart and calls a command's function.
pub type Run = fn(&Context, &mut Args) -> Result<Option<Content>, Error>;

impl Command {
    /// What an array is filled with before it has its commands.
    pub(crate) const BLANK: Self = Self {
        name: "",
        aliases: &[],
        summary: Text::Any(""),
        help: Text::Any(""),
        examples: &[],
        args: &[],
        restricted: false,
        confirm: Confirm::None,
        subcommands: &[],
        default: "",
        group: "",
        parents: &[],
        run: None,
    };
}

/// In which messages a pattern is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// Direct messages.
    Direct,
    /// Messages that begin with the bot's name.
    DirectMention,
    /// Messages that mention the bot.
    Mention,
    /// All others.
    Ambient,
}

/// A pattern, and the function behind it.
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub struct Hear {
    /// Unique within the plugin.
    pub id: &'static str,
    /// A regular expression; empty for the function that hears what was taught at run time.
    pub pattern: &'static str,
    /// Where to look; empty: everywhere.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub scopes: &'static [Scope],
    /// Calls the author's function.
    #[serde(skip)]
    pub run: fn(&Context) -> Result<Option<Content>, Error>,
}

impl Hear {
    /// What an array is filled with before it has its patterns.
    pub(crate) const BLANK: Self = Self {
        id: "",
        pattern: "",
        scopes: &[],
        run: |_| Ok(None),
    };

    /// Whether it hears the patterns that were taught at run time.
    pub fn is_for_taught(&self) -> bool {
        self.pattern.is_empty()
    }
}

/// A key of the plugin's configuration.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Setting {
    /// The key.
    #[serde(skip)]
    pub name: &'static str,
    /// The type.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// What it is for.
    #[serde(skip_serializing_if = "Text::is_empty")]
    pub summary: Text,
    /// Whether it may be left out.
    #[serde(skip_serializing_if = "is_false")]
    pub optional: bool,
    /// Taken where the operator wrote nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<Literal>,
    /// The least value of a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<Literal>,
    /// The greatest value of a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<Literal>,
    /// What a choice may be.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub choices: &'static [&'static str],
}

/// What the plugin asks the operator to allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Requests {
    /// Origins.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub http: &'static [&'static str],
    /// Conversations besides the call's own.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub conversations: &'static [&'static str],
    /// People besides the event's.
    #[serde(skip_serializing_if = "is_false")]
    pub users: bool,
    /// Database connections.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub sql: &'static [&'static str],
    /// Buckets.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub objects: &'static [&'static str],
    /// Secrets for requests.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub secrets: &'static [&'static str],
    /// The brain's common scope.
    #[serde(skip_serializing_if = "is_false")]
    pub shared_brain: bool,
    /// Jobs made at run time.
    #[serde(skip_serializing_if = "is_false")]
    pub schedule: bool,
    /// Messages that call everybody.
    #[serde(skip_serializing_if = "is_false")]
    pub broadcast: bool,
}

impl Requests {
    /// Asks for nothing.
    pub const NONE: Self = Self {
        http: &[],
        conversations: &[],
        users: false,
        sql: &[],
        objects: &[],
        secrets: &[],
        shared_brain: false,
        schedule: false,
        broadcast: false,
    };

    fn is_none(&self) -> bool {
        *self == Self::NONE
    }
}

/// All that `describe` tells.
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub struct Manifest {
    /// The plugin's identity.
    pub name: &'static str,
    /// For people to read.
    pub version: &'static str,
    /// What it is for.
    #[serde(skip_serializing_if = "Text::is_empty")]
    pub summary: Text,
    /// Its commands.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub commands: &'static [Command],
    /// Its patterns, and perhaps the function for those taught at run time.
    #[serde(skip_serializing_if = "has_no_patterns", serialize_with = "patterns")]
    pub hears: &'static [Hear],
    /// Its jobs, and perhaps functions for those made at run time.
    #[serde(
        skip_serializing_if = "outside::are_not_of_manifest",
        serialize_with = "outside::of_manifest"
    )]
    pub jobs: &'static [Job],
    /// Its addresses for the outside world.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub webhooks: &'static [Webhook],
    /// What presses it handles. The host learns of its shortcuts alone; the others are on what it sends.
    #[serde(
        rename = "shortcuts",
        skip_serializing_if = "happenings::have_no_shortcuts",
        serialize_with = "happenings::shortcuts"
    )]
    pub presses: &'static [Press],
    /// What else it learns of.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub events: &'static [On],
    /// Its configuration.
    #[serde(skip_serializing_if = "<[_]>::is_empty", serialize_with = "as_table")]
    pub config: &'static [Setting],
    /// What it asks for.
    #[serde(skip_serializing_if = "Requests::is_none")]
    pub requests: Requests,
}

// The argument is a reference because serde's attributes ask for one.
fn is_false(flag: &bool) -> bool {
    !flag
}

fn is_unconfirmed(confirm: &Confirm) -> bool {
    *confirm == Confirm::None
}

fn has_no_patterns(hears: &&[Hear]) -> bool {
    hears.iter().all(Hear::is_for_taught)
}

fn patterns<S: Serializer>(hears: &[Hear], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(hears.iter().filter(|hear| !hear.is_for_taught()))
}

fn as_table<S: Serializer>(settings: &[Setting], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(settings.iter().map(|setting| (setting.name, setting)))
}

/// Whether the host takes this as a plugin's name: 1 to 64 of `a-z`, `0-9` and `-`. Checked while compiling.
pub const fn is_plugin_name(name: &str) -> bool {
    let mut rest = name.as_bytes();
    if rest.is_empty() || rest.len() > 64 {
        return false;
    }
    while let [first, tail @ ..] = rest {
        if !matches!(first, b'a'..=b'z' | b'0'..=b'9' | b'-') {
            return false;
        }
        rest = tail;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    const BARE: Command = Command {
        name: "bare",
        ..Command::BLANK
    };

    #[test]
    fn what_is_not_said_is_left_out() {
        let manifest = Manifest {
            name: "x",
            version: "1",
            summary: Text::Any(""),
            commands: &[BARE],
            hears: &[],
            jobs: &[],
            webhooks: &[],
            presses: &[],
            events: &[],
            config: &[],
            requests: Requests::NONE,
        };
        let json = serde_json::to_value(manifest).unwrap();
        assert_eq!(
            json,
            serde_json::json!({ "name": "x", "version": "1", "commands": [{ "name": "bare" }] })
        );
    }

    #[test]
    fn names_of_plugins() {
        assert!(is_plugin_name("lunch-2"));
        for bad in ["", "Lunch", "점심", "a_b", "a b"] {
            assert!(!is_plugin_name(bad), "{bad}");
        }
        assert!(is_plugin_name(&"a".repeat(64)));
        assert!(!is_plugin_name(&"a".repeat(65)));
    }
}
