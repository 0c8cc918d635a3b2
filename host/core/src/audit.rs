//! Who did what: an entry of the audit log, the line that it becomes, and the chain that the lines make.
//!
//! A line is an object of JSON with the fields of [`Line`], in that order, and ends with a newline. `seq` counts from 1,
//! over all files. `prev` is the SHA-256 of the whole line before (without its newline), in hexadecimal digits; the first
//! line has [`Hash::NONE`]. So a line that was changed, removed, doubled or moved no longer fits to the one behind it,
//! and the last one not to the [`Head`], which is kept elsewhere. [`verify`] looks.

pub mod verify;

use crate::call::{Arg, ArgValue};
use crate::event::Event;
use crate::manifest::Confirm;
use crate::router::CommandMatch;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::fmt;

/// What kind of thing somebody did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// A plugin's command.
    #[default]
    Command,
    /// A button, a form or a shortcut of a plugin. Only where it was refused.
    Press,
    /// A command of the host's own, for admins: roles, maintenance, announcements.
    Manage,
    /// A command that waits for its confirmation, and what was decided about it.
    Ruling,
    /// What a plugin may touch was decided.
    Grant,
    /// The operator's order about a plugin.
    Plugin,
    /// The operator's order about a record of the journal.
    Journal,
    /// The operator changed an entry of a plugin's brain.
    Brain,
    /// Who may look into the dashboard.
    Dashboard,
    /// The operator's order about the host itself.
    Host,
    /// About the log itself.
    Log,
    /// Something that this version does not know; only where a log is read.
    #[serde(other)]
    Other,
}

/// What came of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It is about to be run: the line is on disk before the plugin is called.
    Begins,
    /// It was done.
    #[default]
    Done,
    /// It was run, and failed.
    Failed,
    /// It was cut off by a crash and could not go on.
    Diverged,
    /// A rule, or a right that is missing, forbids it.
    Denied,
    /// The same person, or everybody together, did it too often.
    Limited,
    /// Nothing is run during maintenance.
    Paused,
    /// The plugin was stopped, rests or is gone.
    Away,
    /// It was not run, for it came too late.
    Late,
    /// It was not run, for it could not be recorded.
    Unrecorded,
    /// It waits for a confirmation.
    Asked,
    /// Confirmed.
    Approved,
    /// Refused by whoever was asked.
    Rejected,
    /// Taken back by whoever wanted it.
    Withdrawn,
    /// Nobody decided in time.
    Expired,
    /// The log was opened by a host that starts.
    Opened,
    /// The log was closed by a host that stops.
    Closed,
    /// The end of the log was no whole line, after a crash, and was taken away.
    Torn,
    /// The log does not end as the store knows it.
    Mismatch,
    /// Lines are missing here, for they could not be written.
    Gap,
    /// Old files were removed.
    Removed,
    /// Something that this version does not know; only where a log is read.
    #[serde(other)]
    Other,
}

/// An argument as it goes into the log.
#[derive(Clone, Debug, PartialEq)]
pub struct Given {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: Value,
    /// Whether it is text that people write as they like: a policy decides whether that is written.
    pub free: bool,
}

/// One thing that somebody did, or was not let do. Texts that are empty are not written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Entry {
    /// What kind of thing.
    pub what: What,
    /// The chat service; [`OPERATOR`] for what came from the command line of the machine.
    pub service: String,
    /// The id of the person there.
    pub who: String,
    /// The id of the conversation.
    pub conversation: String,
    /// The id of the thread.
    pub thread: Option<String>,
    /// The plugin's name.
    pub plugin: String,
    /// The plugin's version.
    pub version: String,
    /// The command.
    pub command: String,
    /// Its subcommands.
    pub path: Vec<String>,
    /// Its arguments.
    pub args: Vec<Given>,
    /// Whether it is restricted or asks for a confirmation: such a command is not run where it cannot be recorded.
    pub guarded: bool,
    /// Why it was allowed, or not.
    pub rule: String,
    /// The id of who confirmed it.
    pub approver: String,
    /// What came of it.
    pub outcome: Outcome,
    /// The invocation's id.
    pub invocation: String,
    /// Why it came to that, in English.
    pub reason: String,
    /// Whether an earlier run, before a crash, may have begun it.
    pub again: bool,
}

/// The service of what the operator does on the machine itself.
pub const OPERATOR: &str = "operator";

impl Entry {
    /// Something that the person of an event does, where they do it. To be filled in.
    pub fn of(what: What, event: &Event) -> Self {
        let place = event.place();
        Self {
            what,
            service: place.service.clone(),
            who: event.author().to_owned(),
            conversation: place.conversation.clone(),
            thread: place.thread.clone(),
            ..Self::default()
        }
    }

    /// Something that the host does or finds by itself.
    pub fn own(what: What, outcome: Outcome) -> Self {
        Self {
            what,
            outcome,
            ..Self::default()
        }
    }

    /// Something that the operator does on the machine, for example `plugin`, `["stop"]`.
    pub fn operator(what: What, command: &str, path: &[&str]) -> Self {
        Self {
            what,
            service: OPERATOR.to_owned(),
            ..Self::default()
        }
        .command(command, path)
    }

    /// A plugin's command that an event asks for. Which of its texts are free can be told more exactly by
    /// [`Entry::chosen`].
    pub fn asked(event: &Event, command: &CommandMatch) -> Self {
        Self {
            plugin: command.plugin.clone(),
            command: command.command.clone(),
            path: command.path.clone(),
            args: command.args.iter().map(Given::of).collect(),
            guarded: command.restricted || command.confirm != Confirm::None,
            ..Self::of(What::Command, event)
        }
    }

    /// With this command and these subcommands.
    #[must_use]
    pub fn command(mut self, command: &str, path: &[&str]) -> Self {
        self.command = command.to_owned();
        self.path = path.iter().map(|part| (*part).to_owned()).collect();
        self
    }

    /// With another argument, which is an id, a name or a number; see [`Entry::free`].
    #[must_use]
    pub fn arg(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.args.push(Given {
            name: name.to_owned(),
            value: value.into(),
            free: false,
        });
        self
    }

    /// With another argument, which is text as people write it.
    #[must_use]
    pub fn free(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.args.push(Given {
            name: name.to_owned(),
            value: value.into(),
            free: true,
        });
        self
    }

    /// With this outcome.
    #[must_use]
    pub fn ended(mut self, outcome: Outcome) -> Self {
        self.outcome = outcome;
        self
    }

    /// With the rule that decided.
    #[must_use]
    pub fn by_rule(mut self, rule: impl Into<String>) -> Self {
        self.rule = rule.into();
        self
    }

    /// With the person who decided.
    #[must_use]
    pub fn approved_by(mut self, id: impl Into<String>) -> Self {
        self.approver = id.into();
        self
    }

    /// With the call's id.
    #[must_use]
    pub fn invoked(mut self, id: impl Into<String>) -> Self {
        self.invocation = id.into();
        self
    }

    /// With a reason.
    #[must_use]
    pub fn because(mut self, reason: impl Into<String>) -> Self {
        self.reason = reason.into();
        self
    }

    /// The texts of these arguments are one of a few words each, so they are not free.
    pub fn chosen(&mut self, is_choice: impl Fn(&str) -> bool) {
        for arg in &mut self.args {
            arg.free &= !is_choice(&arg.name);
        }
    }
}

impl Given {
    /// A typed argument. Text counts as free.
    pub fn of(arg: &Arg) -> Self {
        let value = match &arg.value {
            ArgValue::Text(text)
            | ArgValue::User(text)
            | ArgValue::Conversation(text)
            | ArgValue::Date(text)
            | ArgValue::Time(text) => json!(text),
            ArgValue::Integer(number) => json!(number),
            ArgValue::Number(number) => json!(number),
            ArgValue::Truth(truth) => json!(truth),
            ArgValue::Seconds(seconds) => json!(format!("{seconds}s")),
            ArgValue::Many(texts) => json!(texts),
        };
        Self {
            name: arg.name.clone(),
            value,
            free: matches!(arg.value, ArgValue::Text(_) | ArgValue::Many(_)),
        }
    }
}

/// A line of the log.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Line {
    /// Its number, from 1.
    pub seq: u64,
    /// When, RFC 3339 in UTC.
    pub time: String,
    /// The hash of the line before.
    pub prev: Hash,
    /// What kind of thing.
    pub what: What,
    /// Who.
    #[serde(skip_serializing_if = "Who::is_nobody")]
    pub who: Who,
    /// Where.
    #[serde(rename = "where", skip_serializing_if = "Where::is_nowhere")]
    pub place: Where,
    /// The plugin's name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub plugin: String,
    /// The plugin's version.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// The command.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub command: String,
    /// Its subcommands.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub path: Vec<String>,
    /// Its arguments by name; of a text that is not written, `{"characters": N}`.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub args: Map<String, Value>,
    /// Whether it is restricted or asks for a confirmation.
    #[serde(skip_serializing_if = "is_false")]
    pub guarded: bool,
    /// Why it was allowed, or not.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub rule: String,
    /// Who confirmed it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub approver: String,
    /// What came of it.
    pub outcome: Outcome,
    /// The invocation's id.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub invocation: String,
    /// Why it came to that.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Whether an earlier run may have begun it.
    #[serde(skip_serializing_if = "is_false")]
    pub again: bool,
}

/// A person, by id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Who {
    /// The chat service, or [`OPERATOR`].
    pub service: String,
    /// The id there.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub id: String,
}

/// A place, by ids.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Where {
    /// The conversation.
    pub conversation: String,
    /// The thread in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread: Option<String>,
}

impl Who {
    fn is_nobody(&self) -> bool {
        self.service.is_empty() && self.id.is_empty()
    }
}

impl Where {
    fn is_nowhere(&self) -> bool {
        self.conversation.is_empty()
    }
}

/// What serde asks with.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
fn is_false(value: &bool) -> bool {
    !value
}

/// The SHA-256 of a line.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Hash([u8; 32]);

impl Hash {
    /// That of no line: before the first one.
    pub const NONE: Self = Self([0; 32]);

    /// That of a line, without its newline.
    pub fn of(line: &[u8]) -> Self {
        Self(Sha256::digest(line).into())
    }

    /// The hash of 64 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let mut hash = [0; 32];
        let digit = |digit: &u8| {
            char::from(*digit)
                .to_digit(16)
                .and_then(|digit| u8::try_from(digit).ok())
        };
        let (pairs, []) = text.as_bytes().as_chunks::<2>() else {
            return None;
        };
        if pairs.len() != hash.len() {
            return None;
        }
        for (byte, [high, low]) in hash.iter_mut().zip(pairs) {
            *byte = digit(high)? << 4 | digit(low)?;
        }
        Some(Self(hash))
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("a hash has 64 hexadecimal digits"))
    }
}

/// The end of the chain: the number and the hash of the last line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The last line's number; 0 before the first.
    pub seq: u64,
    /// Its hash.
    pub hash: Hash,
}

impl Head {
    /// Before the first line.
    pub const NONE: Self = Self {
        seq: 0,
        hash: Hash::NONE,
    };

    /// Makes the next line of an entry, with its newline, and is its head from then on. What the policy leaves out was
    /// left out before.
    ///
    /// # Errors
    /// It cannot be written as JSON, which its types rule out. The head is what it was.
    pub fn chain(&mut self, time: String, entry: Entry, out: &mut Vec<u8>) -> Result<(), serde_json::Error> {
        let line = Line {
            seq: self.seq + 1,
            time,
            prev: self.hash,
            what: entry.what,
            who: Who {
                service: entry.service,
                id: entry.who,
            },
            place: Where {
                conversation: entry.conversation,
                thread: entry.thread,
            },
            plugin: entry.plugin,
            version: entry.version,
            command: entry.command,
            path: entry.path,
            args: entry.args.into_iter().map(|arg| (arg.name, arg.value)).collect(),
            guarded: entry.guarded,
            rule: entry.rule,
            approver: entry.approver,
            outcome: entry.outcome,
            invocation: entry.invocation,
            reason: entry.reason,
            again: entry.again,
        };
        out.clear();
        serde_json::to_writer(&mut *out, &line)?;
        *self = Self {
            seq: line.seq,
            hash: Hash::of(out),
        };
        out.push(b'\n');
        Ok(())
    }
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.seq, self.hash)
    }
}

#[cfg(test)]
mod tests;
