//! One write transaction: what each request does to the tables.
//!
//! The in-memory books change together with the tables. If the transaction does not get to the disk they are wrong, and
//! the writer loads them anew.

use super::tables::{self, Tables};
use crate::bulk;
use crate::error::{Refusal, StoreError};
use crate::journal::Index;
use crate::keys;
use crate::plan::{self, Plan};
use crate::types::{Answer, Cell, Effect, Entry, Seq, Write, WriteOutcome};
use redb::{Database, ReadableDatabase, ReadableTable, WriteTransaction};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What the writer knows by heart.
#[derive(Default)]
pub(super) struct Books {
    pub index: Index,
    pub last_version: u64,
    pub last_seq: u64,
    /// When the last event was accepted, as an [`Age`](crate::clock::Age) shows it.
    pub latest_ms: Option<i64>,
}

impl Books {
    pub(super) fn load(database: &Database) -> Result<Self, redb::Error> {
        let txn = database.begin_read()?;
        let mut books = Self::default();
        let meta = txn.open_table(tables::META)?;
        let number = |name| Ok::<_, redb::Error>(meta.get(name)?.map_or(0, |n| n.value()));
        books.last_version = number(tables::LAST_VERSION)?;
        books.last_seq = number(tables::LAST_SEQ)?;
        for row in txn.open_table(tables::IDENTITIES)?.iter()? {
            let (seq, known) = row?;
            let (accepted_ms, identity) = known.value();
            books.index.remember(identity, Seq(seq.value()), accepted_ms);
            books.latest_ms = books.latest_ms.max(Some(accepted_ms));
        }
        for row in txn.open_table(tables::OPEN)?.iter()? {
            books.index.open(Seq(row?.0.value()));
        }
        Ok(books)
    }
}

/// See the [module](self).
pub(super) struct Session<'t, 'b> {
    pub tables: Tables<'t>,
    pub books: &'b mut Books,
    pub now_ms: i64,
    pub age_ms: i64,
    pub changed: bool,
}

impl<'t, 'b> Session<'t, 'b> {
    /// With the clock's time and the journal's.
    pub(super) fn open(
        txn: &'t WriteTransaction,
        books: &'b mut Books,
        (now_ms, age_ms): (i64, i64),
    ) -> Result<Self, redb::Error> {
        Ok(Self {
            tables: Tables::open(txn)?,
            books,
            now_ms,
            age_ms,
            changed: false,
        })
    }

    /// Writes the counters. Whether there is anything to commit.
    pub(super) fn end(mut self) -> Result<bool, redb::Error> {
        if self.changed {
            self.tables.meta.insert(tables::LAST_VERSION, self.books.last_version)?;
            self.tables.meta.insert(tables::LAST_SEQ, self.books.last_seq)?;
        }
        Ok(self.changed)
    }

    pub(super) fn write(
        &mut self,
        writes: &[Write],
        effect: Option<&Effect>,
    ) -> Result<Result<Vec<WriteOutcome>, StoreError>, redb::Error> {
        let Some(effect) = effect else {
            return Ok(self.apply(writes)?.map_err(StoreError::from));
        };
        let key = &effect.key;
        if !self.books.index.is_open(key.seq) {
            return Ok(Err(StoreError::NotOpen(key.seq)));
        }
        if let Some(known) = self.recorded(key)? {
            return Ok(match known.answer {
                Answer::Written(answer) if known.fingerprint == effect.fingerprint => answer.map_err(StoreError::from),
                _ => Err(StoreError::Diverged(key.clone())),
            });
        }
        let answer = self.apply(writes)?;
        self.record(effect, false, to_json(&answer)?.as_bytes())?;
        Ok(answer.map_err(StoreError::from))
    }

    fn apply(&mut self, writes: &[Write]) -> Result<Result<Vec<WriteOutcome>, Refusal>, redb::Error> {
        let mut planned = plan::plan(&self.tables, writes, self.now_ms, self.books.last_version)?;
        // What has expired must not stand in anybody's way.
        if matches!(planned, Err(Refusal::Quota { .. })) && self.sweep(self.now_ms, usize::MAX)? > 0 {
            planned = plan::plan(&self.tables, writes, self.now_ms, self.books.last_version)?;
        }
        match planned {
            Ok(plan) => self.carry_out(plan).map(Ok),
            Err(refusal) => Ok(Err(refusal)),
        }
    }

    fn carry_out(&mut self, plan: Plan<'_>) -> Result<Vec<WriteOutcome>, redb::Error> {
        let Tables {
            brain, expiry, used, ..
        } = &mut self.tables;
        self.changed |= !plan.puts.is_empty();
        self.books.last_version = plan.last_version;
        for (cell, put) in plan.puts {
            let cell = cell.as_slice();
            if let Some(old) = put.old_expiry {
                expiry.remove((old, cell))?;
            }
            match put.new {
                Some(new) => {
                    brain.insert(cell, (new.version, new.expires_ms, new.value.as_ref()))?;
                    if let Some(at) = new.expires_ms {
                        expiry.insert((at, cell), ())?;
                    }
                }
                None => {
                    brain.remove(cell)?;
                }
            }
        }
        for (owner, bytes) in plan.used {
            used.insert(owner.as_slice(), bytes)?;
        }
        Ok(plan.outcomes)
    }

    /// Puts entries as they are.
    pub(super) fn import(&mut self, entries: &[(Cell, Entry)]) -> Result<Result<(), StoreError>, redb::Error> {
        let versions = entries.iter().map(|(cell, entry)| bulk::version(cell, entry));
        let versions: Vec<u64> = match versions.collect() {
            Ok(versions) => versions,
            Err(error) => return Ok(Err(error)),
        };
        let Tables {
            brain, expiry, used, ..
        } = &mut self.tables;
        let mut accounts = BTreeMap::<Vec<u8>, i128>::new();
        for ((cell, entry), version) in entries.iter().zip(versions) {
            let name = keys::cell(cell);
            let name = name.as_slice();
            let put = (version, entry.expires_ms, entry.value.as_slice());
            let mut more = (cell.key.len() + entry.value.len()) as i128;
            if let Some(old) = brain.insert(name, put)? {
                let (_, expires_ms, value) = old.value();
                more -= (cell.key.len() + value.len()) as i128;
                if let Some(at) = expires_ms {
                    expiry.remove((at, name))?;
                }
            }
            if let Some(at) = entry.expires_ms {
                expiry.insert((at, name), ())?;
            }
            *accounts.entry(keys::owner(&cell.space)).or_default() += more;
            self.books.last_version = self.books.last_version.max(version);
        }
        for (owner, more) in accounts {
            let before = used.get(owner.as_slice())?.map_or(0, |used| used.value());
            let after = u64::try_from(i128::from(before) + more).unwrap_or(0);
            used.insert(owner.as_slice(), after)?;
        }
        self.changed |= !entries.is_empty();
        Ok(Ok(()))
    }

    /// Removes at most `most` expired entries; how many.
    pub(super) fn sweep(&mut self, now_ms: i64, most: usize) -> Result<u64, redb::Error> {
        let nothing: &[u8] = &[];
        let mut due = Vec::new();
        for row in self
            .tables
            .expiry
            .range(..(now_ms.saturating_add(1), nothing))?
            .take(most)
        {
            let (at, cell) = {
                let row = row?;
                let (at, cell) = row.0.value();
                (at, cell.to_vec())
            };
            due.push((at, cell));
        }
        for (at, cell) in &due {
            let cell = cell.as_slice();
            self.tables.expiry.remove((*at, cell))?;
            let Some(size) = self.tables.brain.remove(cell)?.map(|entry| entry.value().2.len()) else {
                continue;
            };
            if let Some(named) = keys::decode(cell) {
                let owner = keys::owner(&named.space);
                let before = self.tables.used.get(owner.as_slice())?.map_or(0, |used| used.value());
                let freed = (size + named.key.len()) as u64;
                self.tables
                    .used
                    .insert(owner.as_slice(), before.saturating_sub(freed))?;
            }
        }
        self.changed |= !due.is_empty();
        Ok(due.len() as u64)
    }

    pub(super) fn fact(&mut self, name: &str, value: Option<&str>) -> Result<(), redb::Error> {
        match value {
            Some(value) => self.tables.facts.insert(name, value)?,
            None => self.tables.facts.remove(name)?,
        };
        self.changed = true;
        Ok(())
    }
}

pub(super) fn to_json<T: Serialize>(value: &T) -> Result<String, redb::Error> {
    serde_json::to_string(value).map_err(|error| redb::Error::Io(error.into()))
}

/// What this code wrote must be readable by it.
pub(super) fn from_json<'j, T: Deserialize<'j>>(json: &'j str) -> Result<T, redb::Error> {
    serde_json::from_str(json).map_err(|error| redb::Error::Corrupted(error.to_string()))
}
