//! What a batch of writes will do, decided before anything is changed: the rules of the brain, for every backend.
//!
//! A backend shows what is there ([`Brain`]), gets a [`Plan`] or a refusal, and carries the plan out. Nothing has to be
//! undone when a write in the middle is refused, and one caller's refusal costs the others of the same transaction
//! nothing.

use crate::error::Refusal;
use crate::keys;
use crate::types::{Change, Write, WriteOutcome};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// What a plan must know of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub version: u64,
    pub expires_ms: Option<i64>,
    /// Bytes of the value.
    pub size: u64,
    /// The value, if it is short enough to be a number.
    pub digits: Option<Vec<u8>>,
}

impl Seen {
    pub(crate) fn of(version: u64, expires_ms: Option<i64>, value: &[u8]) -> Self {
        let digits = (value.len() <= LONGEST_NUMBER).then(|| value.to_vec());
        Self {
            version,
            expires_ms,
            size: value.len() as u64,
            digits,
        }
    }
}

/// `-9223372036854775808`.
const LONGEST_NUMBER: usize = 20;

/// What lies in the brain now.
pub(crate) trait Brain {
    type Error;
    /// What is stored under the bytes of a cell, expired or not.
    fn look(&self, cell: &[u8]) -> Result<Option<Seen>, Self::Error>;
    /// The bytes on an account.
    fn used(&self, owner: &[u8]) -> Result<u64, Self::Error>;
}

/// A new content of a cell.
#[derive(Debug)]
pub(crate) struct New<'w> {
    pub version: u64,
    pub expires_ms: Option<i64>,
    pub value: Cow<'w, [u8]>,
}

/// What becomes of a cell.
#[derive(Debug)]
pub(crate) struct Put<'w> {
    /// The expiry that is stored with it now and must leave the index.
    pub old_expiry: Option<i64>,
    /// The new content; `None`: removed.
    pub new: Option<New<'w>>,
}

/// All that has to be done.
#[derive(Debug, Default)]
pub(crate) struct Plan<'w> {
    pub puts: BTreeMap<Vec<u8>, Put<'w>>,
    /// The new balance of the accounts that change.
    pub used: BTreeMap<Vec<u8>, u64>,
    pub outcomes: Vec<WriteOutcome>,
    /// The last version that was given out.
    pub last_version: u64,
}

/// Whether an entry is gone at `now_ms`.
pub(crate) fn expired(expires_ms: Option<i64>, now_ms: i64) -> bool {
    expires_ms.is_some_and(|at| at <= now_ms)
}

/// Plans the writes in order, each seeing what those before it did.
pub(crate) fn plan<'w, B: Brain>(
    brain: &B,
    writes: &'w [Write],
    now_ms: i64,
    last_version: u64,
) -> Result<Result<Plan<'w>, Refusal>, B::Error> {
    let mut plan = Plan {
        last_version,
        ..Plan::default()
    };
    for write in writes {
        if let Err(refusal) = plan.add(brain, write, now_ms)? {
            return Ok(Err(refusal));
        }
    }
    Ok(Ok(plan))
}

impl<'w> Plan<'w> {
    fn add<B: Brain>(&mut self, brain: &B, write: &'w Write, now_ms: i64) -> Result<Result<(), Refusal>, B::Error> {
        let cell = keys::cell(&write.cell);
        // What lies on disk, and what is there for the caller: earlier writes of this batch, nothing that expired.
        let (old_expiry, stored) = match self.puts.get(&cell) {
            Some(put) => {
                let seen = put.new.as_ref();
                let seen = seen.map(|new| Seen::of(new.version, new.expires_ms, &new.value));
                (put.old_expiry, seen)
            }
            None => {
                let seen = brain.look(&cell)?;
                (seen.as_ref().and_then(|seen| seen.expires_ms), seen)
            }
        };
        let there = stored.as_ref().filter(|seen| !expired(seen.expires_ms, now_ms));

        let (new, outcome) = match step(write, there, now_ms, self.last_version) {
            Ok(done) => done,
            Err(refusal) => return Ok(Err(refusal)),
        };

        let key_size = write.cell.key.len() as u64;
        let before = stored.as_ref().map_or(0, |seen| key_size + seen.size);
        let after = new.as_ref().map_or(0, |new| key_size + new.value.len() as u64);
        if before != after {
            let owner = keys::owner(&write.cell.space);
            let used = match self.used.get(&owner) {
                Some(used) => *used,
                None => brain.used(&owner)?,
            };
            let needed = used.saturating_sub(before).saturating_add(after);
            if let Some(limit) = write.limit
                && after > before
                && needed > limit
            {
                return Ok(Err(Refusal::Quota {
                    holder: keys::holder(&write.cell.space).to_owned(),
                    used,
                    needed,
                    limit,
                }));
            }
            self.used.insert(owner, needed);
        }

        if let Some(new) = &new {
            self.last_version = new.version;
        }
        self.outcomes.push(outcome);
        // Deleting what is not there is nothing to be written.
        if stored.is_some() || new.is_some() {
            self.puts.insert(cell, Put { old_expiry, new });
        }
        Ok(Ok(()))
    }
}

/// One write, given what is there.
fn step<'w>(
    write: &'w Write,
    there: Option<&Seen>,
    now_ms: i64,
    last_version: u64,
) -> Result<(Option<New<'w>>, WriteOutcome), Refusal> {
    let version = last_version + 1;
    let key = || write.cell.key.clone();
    let store = |value: &'w [u8], ttl_ms: Option<u64>| {
        let new = New {
            version,
            expires_ms: ttl_ms.map(|ttl| now_ms.saturating_add_unsigned(ttl)),
            value: Cow::Borrowed(value),
        };
        let outcome = WriteOutcome::Stored { version: text(version) };
        (Some(new), outcome)
    };
    match &write.change {
        Change::Set { value, ttl_ms } => Ok(store(value, *ttl_ms)),
        Change::CompareAndSwap {
            value,
            ttl_ms,
            expected,
        } => {
            let current = there.map(|seen| text(seen.version));
            if &current != expected {
                return Err(Refusal::Conflict { key: key(), current });
            }
            Ok(store(value, *ttl_ms))
        }
        Change::Delete => Ok((
            None,
            WriteOutcome::Deleted {
                existed: there.is_some(),
            },
        )),
        Change::Increment { by } => {
            let now = match there {
                None => 0,
                Some(seen) => number(seen).ok_or_else(|| Refusal::NotANumber { key: key() })?,
            };
            let value = now
                .checked_add(*by)
                .ok_or_else(|| Refusal::Overflow { key: key(), by: *by })?;
            let new = New {
                version,
                expires_ms: there.and_then(|seen| seen.expires_ms),
                value: Cow::Owned(value.to_string().into_bytes()),
            };
            let outcome = WriteOutcome::Sum {
                value,
                version: text(version),
            };
            Ok((Some(new), outcome))
        }
    }
}

/// Decimal digits, with a minus before them at most.
fn number(seen: &Seen) -> Option<i64> {
    let digits = std::str::from_utf8(seen.digits.as_deref()?).ok()?;
    if digits.starts_with('+') {
        return None;
    }
    digits.parse().ok()
}

/// A version as callers see it.
pub(crate) fn text(version: u64) -> String {
    version.to_string()
}
