//! The decision about a command that had to be confirmed.

use super::{Event, EventKind, Identity, MessageRef};
use serde::{Deserialize, Serialize};

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decided {
    /// It is to run.
    Approved,
    /// Somebody else does not want it.
    Rejected,
    /// Who asked for it does not want it any more.
    Withdrawn,
    /// Nobody decided in time.
    Expired,
}

impl Decided {
    /// A word for it, for logs and for the audit.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Withdrawn => "withdrawn",
            Self::Expired => "expired",
        }
    }
}

/// What was decided about a command that waited for it, and by whom. It carries the command's own event: what runs is
/// what was asked then, whatever has become of the message since.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ruling {
    /// The id of what waited.
    pub id: String,
    /// What was asked: a message or a slash command.
    pub asked: Box<Event>,
    /// The digest of what was shown to those who decide.
    pub digest: String,
    /// What was decided.
    pub what: Decided,
    /// The id of the person who did; empty where the time ran out.
    pub by: String,
    /// The message with the buttons, where it is known.
    pub on: Option<MessageRef>,
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
}

impl Ruling {
    /// The event of it. Whatever is decided, and by whomever, it is one event: the journal takes the first.
    pub fn event(self) -> Event {
        Event {
            identity: Identity::other(
                &self.asked.place().service,
                &self.asked.team,
                &format!("run/{}", self.id),
            ),
            team: self.asked.team.clone(),
            redelivered: false,
            kind: EventKind::Ruling(self),
        }
    }
}

impl Event {
    /// The decision that this event is.
    pub fn ruling(&self) -> Option<&Ruling> {
        match &self.kind {
            EventKind::Ruling(ruling) => Some(ruling),
            _ => None,
        }
    }

    /// What somebody did in chat: of a decision, what it is about.
    pub fn asked(&self) -> &Self {
        self.ruling().map_or(self, |ruling| &ruling.asked)
    }

    /// The same as if somebody else had done it: what it would be for them. Only of what somebody says.
    #[must_use]
    pub fn by(&self, user: &str) -> Self {
        let mut event = self.clone();
        match &mut event.kind {
            EventKind::Message(message) => user.clone_into(&mut message.author),
            EventKind::Slash(slash) => user.clone_into(&mut slash.message.author),
            EventKind::Press(_)
            | EventKind::Change(_)
            | EventKind::Ruling(_)
            | EventKind::Due(_)
            | EventKind::Hook(_) => {}
        }
        event
    }
}
