//! What was accepted, what its calls did, how it ended.

use super::WriteOutcome;
use crate::error::Refusal;
use serde::{Deserialize, Serialize};

/// The number of a journal record. Later records have greater ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Seq(pub u64);

impl std::fmt::Display for Seq {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// What is accepted and not finished.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// How many records.
    pub open: u64,
    /// When the one with the lowest number was received, in milliseconds since 1970; `None` where there is none.
    pub oldest_ms: Option<i64>,
}

/// Which effect of which call: the same in every rerun of the call.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EffectKey {
    /// The journal record that the call belongs to.
    pub seq: Seq,
    /// The call's id.
    pub invocation: String,
    /// The how-manieth effect of that call.
    pub ordinal: u32,
}

/// An effect that is to happen once, however often its call runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// Which one.
    pub key: EffectKey,
    /// A digest of what it does. A rerun that comes with another one did something else the second time.
    pub fingerprint: Vec<u8>,
    /// What ran the call, for instance a plugin's version; the store only keeps it.
    pub by: String,
    /// What the call was given since its last effect, as the host encodes it; the store only keeps it.
    pub seen: Vec<u8>,
}

/// An effect that happened, as a rerun needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The how-manieth effect of its call.
    pub ordinal: u32,
    /// As in [`Effect`].
    pub fingerprint: Vec<u8>,
    /// As in [`Effect`]; empty if it was recorded before data format 2.
    pub by: String,
    /// As in [`Effect`]; empty if it was recorded before data format 2.
    pub seen: Vec<u8>,
    /// What came of it.
    pub answer: Answer,
}

/// What came of an effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It was a [`write`](crate::Store::write), and this is what it returned.
    Written(Result<Vec<WriteOutcome>, Refusal>),
    /// It happened outside of the store and was [noted](crate::Store::note), with this.
    Noted(Vec<u8>),
}

/// An event to be kept until it is finished.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRecord {
    /// The same for every delivery of the same event, and for no other event.
    pub identity: String,
    /// What kind of record it is; the store only keeps it.
    pub kind: String,
    /// The event as the host encodes it.
    pub body: Vec<u8>,
    /// When it arrived, in milliseconds since 1970.
    pub received_ms: i64,
}

/// What became of an event offered to the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// It is on disk under this number, and it is the caller's to run and to finish.
    New(Seq),
    /// It was accepted before; whoever did that runs it.
    Twin {
        /// The number that it was accepted under.
        seq: Seq,
        /// Whether it is finished by now.
        finished: bool,
    },
}

/// An event in the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its number.
    pub seq: Seq,
    /// As in [`NewRecord`].
    pub identity: String,
    /// As in [`NewRecord`].
    pub kind: String,
    /// As in [`NewRecord`].
    pub body: Vec<u8>,
    /// As in [`NewRecord`].
    pub received_ms: i64,
}

/// How an event ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// All that it asked for was done.
    Done,
    /// Something was not; the user was told.
    Failed {
        /// Why, for the operator.
        reason: String,
    },
    /// It ran again and did something else than the first time, so it was stopped.
    Diverged {
        /// What differed, for the operator.
        reason: String,
    },
    /// The operator did not want it any more.
    Dropped,
}

impl Outcome {
    /// Whether nobody will want to go on with it: its effects are forgotten at once, otherwise with its record.
    pub fn is_done(&self) -> bool {
        matches!(self, Self::Done)
    }

    /// Whether an operator should look at it: it failed or diverged.
    pub fn is_failure(&self) -> bool {
        matches!(self, Self::Failed { .. } | Self::Diverged { .. })
    }
}

/// An identity that the journal remembers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remembered {
    /// The identity.
    pub identity: String,
    /// When it was accepted, in milliseconds since 1970, unless the clock has jumped since the store was opened: then as if
    /// it had not.
    pub accepted_ms: i64,
}

/// How and when a record ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// When, by the store's clock, in milliseconds since 1970.
    pub ended_ms: i64,
    /// How.
    pub outcome: Outcome,
}

/// A record as the journal keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filed {
    /// What was accepted.
    pub record: Record,
    /// Its end; `None`: it is open.
    pub end: Option<End>,
}

/// Which records an operator wants to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Which {
    /// Those that are not finished.
    Open,
    /// Those that [failed](Outcome::is_failure).
    Failed,
    /// All that are not purged.
    All,
}
