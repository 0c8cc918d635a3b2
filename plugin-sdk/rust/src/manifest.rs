//! The manifest as plain data, which the macros write and `describe` turns into JSON by `manifest.schema.json`.

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
    /// Takes the arguments apart and calls the author's function.
    #[serde(skip)]
    pub run: fn(&Context, &mut Args) -> Result<Option<Content>, Error>,
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
    /// Whether it may be left out.
    #[serde(skip_serializing_if = "is_false")]
    pub optional: bool,
    /// Taken where the operator wrote nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<Literal>,
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
    pub commands: &'static [Command],
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

/// Whether no two commands share a name or alias. Checked while compiling.
pub const fn are_words_unique(commands: &[Command]) -> bool {
    let mut rest = commands;
    while let [first, tail @ ..] = rest {
        if !is_new(first.name, first.aliases, tail) {
            return false;
        }
        let mut aliases = first.aliases;
        while let [alias, others @ ..] = aliases {
            if !is_new(alias, others, tail) {
                return false;
            }
            aliases = others;
        }
        rest = tail;
    }
    true
}

const fn is_new(word: &str, siblings: &[&str], commands: &[Command]) -> bool {
    let mut rest = commands;
    while let [command, tail @ ..] = rest {
        if is_same(word, command.name) || is_among(word, command.aliases) {
            return false;
        }
        rest = tail;
    }
    !is_among(word, siblings)
}

const fn is_among(word: &str, words: &[&str]) -> bool {
    let mut rest = words;
    while let [first, tail @ ..] = rest {
        if is_same(word, first) {
            return true;
        }
        rest = tail;
    }
    false
}

const fn is_same(one: &str, other: &str) -> bool {
    let (mut one, mut other) = (one.as_bytes(), other.as_bytes());
    while let ([a, more_one @ ..], [b, more_other @ ..]) = (one, other) {
        if *a != *b {
            return false;
        }
        (one, other) = (more_one, more_other);
    }
    one.is_empty() && other.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nothing(_: &Context, _: &mut Args) -> Result<Option<Content>, Error> {
        Ok(None)
    }

    const BARE: Command = Command {
        name: "bare",
        aliases: &[],
        summary: Text::Any(""),
        help: Text::Any(""),
        examples: &[],
        args: &[],
        restricted: false,
        confirm: Confirm::None,
        run: nothing,
    };

    #[test]
    fn what_is_not_said_is_left_out() {
        let manifest = Manifest {
            name: "x",
            version: "1",
            summary: Text::Any(""),
            commands: &[BARE],
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

    #[test]
    fn a_word_has_one_owner() {
        let named = |name, aliases| Command { name, aliases, ..BARE };
        assert!(are_words_unique(&[named("a", &["b"]), named("c", &["d"])]));
        assert!(are_words_unique(&[
            named("ab", &[]),
            named("a", &[]),
            named("abc", &[])
        ]));
        assert!(!are_words_unique(&[named("a", &[]), named("a", &[])]));
        assert!(!are_words_unique(&[named("a", &["b"]), named("c", &["b"])]));
        assert!(!are_words_unique(&[named("a", &["c"]), named("c", &[])]));
        assert!(!are_words_unique(&[named("a", &["a"])]));
        assert!(!are_words_unique(&[named("a", &["b", "b"])]));
    }
}
