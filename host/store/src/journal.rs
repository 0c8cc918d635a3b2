//! What a journal must know at every moment, in memory: which identities it remembers and which records are open.
//!
//! Rebuilt from the stored journal at the start. Of identities only [`Digests`] are kept: of many thousand events a day
//! some bytes each stay in memory.

use crate::digests::Digests;
use crate::types::{Accepted, Effect, End, Seq};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How long identities are remembered, and how long finished records are kept, in milliseconds.
pub(crate) const KEPT_MS: i64 = 24 * 60 * 60 * 1000;

/// Whether something of `since_ms` is to be forgotten at `age_ms`, both as an [`Age`](crate::clock::Age) shows it.
pub(crate) fn due(since_ms: i64, age_ms: i64) -> bool {
    since_ms <= age_ms.saturating_sub(KEPT_MS)
}

/// The end of a record as it is stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Ended {
    #[serde(flatten)]
    pub end: End,
    /// When, as an [`Age`](crate::clock::Age) shows it; earlier Moas wrote only the clock's time.
    #[serde(default)]
    pub age_ms: Option<i64>,
}

impl Ended {
    pub(crate) fn due(&self, age_ms: i64) -> bool {
        due(self.age_ms.unwrap_or(self.end.ended_ms), age_ms)
    }
}

/// Whether a note is to be recorded. `known` is the fingerprint that the effect was recorded with before.
pub(crate) fn takes_note(effect: &Effect, open: bool, known: Option<&[u8]>) -> bool {
    if !open {
        tracing::debug!(effect = ?effect.key, "nothing was noted: the journal record is not open");
    } else if known.is_some_and(|known| known != effect.fingerprint) {
        tracing::debug!(effect = ?effect.key, "nothing was noted: the effect was recorded as another one");
    }
    open && known.is_none()
}

#[derive(Clone, Copy)]
struct Mark {
    seq: Seq,
    accepted_ms: i64,
}

/// The index.
#[derive(Default)]
pub(crate) struct Index {
    known: Digests<Mark>,
    open: BTreeSet<Seq>,
}

impl Index {
    /// What accepting the identity now would find; `None` if it is new.
    pub(crate) fn twin(&self, identity: &str, age_ms: i64) -> Option<Accepted> {
        let mark = self.known.get(identity)?;
        let open = self.open.contains(&mark.seq);
        // What is still open is remembered however old: running it a second time beside itself would be worse.
        (open || !due(mark.accepted_ms, age_ms)).then_some(Accepted::Twin {
            seq: mark.seq,
            finished: !open,
        })
    }

    pub(crate) fn remember(&mut self, identity: &str, seq: Seq, accepted_ms: i64) {
        let mark = Mark { seq, accepted_ms };
        self.known.set(identity, mark);
    }

    /// Whether the identity is known, of this or another record.
    pub(crate) fn knows(&self, identity: &str) -> bool {
        self.known.get(identity).is_some()
    }

    /// Forgets the identity, if it still stands for that record.
    pub(crate) fn forget(&mut self, identity: &str, seq: Seq) {
        if self.known.get(identity).is_some_and(|mark| mark.seq == seq) {
            self.known.remove(identity);
        }
    }

    pub(crate) fn open(&mut self, seq: Seq) {
        self.open.insert(seq);
    }

    /// Whether it was open.
    pub(crate) fn close(&mut self, seq: Seq) -> bool {
        self.open.remove(&seq)
    }

    pub(crate) fn is_open(&self, seq: Seq) -> bool {
        self.open.contains(&seq)
    }

    pub(crate) fn many_open(&self) -> u64 {
        self.open.len() as u64
    }

    /// The open record with the lowest number.
    pub(crate) fn first_open(&self) -> Option<Seq> {
        self.open.first().copied()
    }
}
