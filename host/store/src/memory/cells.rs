//! The brain in memory.

use crate::bulk;
use crate::error::{Refusal, StoreError};
use crate::keys;
use crate::plan::{self, Brain, Seen};
use crate::types::{Cell, Entry, Write, WriteOutcome};
use std::collections::BTreeMap;
use std::convert::Infallible;

#[derive(Default)]
pub(super) struct Cells {
    pub entries: BTreeMap<Vec<u8>, Stored>,
    pub used: BTreeMap<Vec<u8>, u64>,
    pub last_version: u64,
}

pub(super) struct Stored {
    pub version: u64,
    pub expires_ms: Option<i64>,
    pub value: Vec<u8>,
}

impl Brain for Cells {
    type Error = Infallible;

    fn look(&self, cell: &[u8]) -> Result<Option<Seen>, Infallible> {
        let stored = self.entries.get(cell);
        Ok(stored.map(|s| Seen::of(s.version, s.expires_ms, &s.value)))
    }

    fn used(&self, owner: &[u8]) -> Result<u64, Infallible> {
        Ok(self.used.get(owner).copied().unwrap_or(0))
    }
}

impl Cells {
    pub(super) fn write(&mut self, writes: &[Write], now_ms: i64) -> Result<Vec<WriteOutcome>, Refusal> {
        let mut planned = plan_now(&*self, writes, now_ms);
        if matches!(planned, Err(Refusal::Quota { .. })) && self.sweep(now_ms) > 0 {
            planned = plan_now(&*self, writes, now_ms);
        }
        let plan = planned?;
        self.last_version = plan.last_version;
        for (cell, put) in plan.puts {
            match put.new {
                Some(new) => {
                    let stored = Stored {
                        version: new.version,
                        expires_ms: new.expires_ms,
                        value: new.value.into_owned(),
                    };
                    self.entries.insert(cell, stored);
                }
                None => {
                    self.entries.remove(&cell);
                }
            }
        }
        self.used.extend(plan.used);
        Ok(plan.outcomes)
    }

    /// Puts entries as they are.
    pub(super) fn import(&mut self, entries: Vec<(Cell, Entry)>) -> Result<(), StoreError> {
        let mut all = Vec::with_capacity(entries.len());
        for (cell, entry) in entries {
            all.push((bulk::version(&cell, &entry)?, cell, entry));
        }
        for (version, cell, entry) in all {
            let used = self.used.entry(keys::owner(&cell.space)).or_default();
            let key = cell.key.len();
            *used += (key + entry.value.len()) as u64;
            let stored = Stored {
                version,
                expires_ms: entry.expires_ms,
                value: entry.value,
            };
            if let Some(old) = self.entries.insert(keys::cell(&cell), stored) {
                *used = used.saturating_sub((key + old.value.len()) as u64);
            }
            self.last_version = self.last_version.max(version);
        }
        Ok(())
    }

    /// Removes what has expired; how many entries.
    pub(super) fn sweep(&mut self, now_ms: i64) -> u64 {
        let Self { entries, used, .. } = self;
        let before = entries.len();
        entries.retain(|bytes, stored| {
            let keep = !plan::expired(stored.expires_ms, now_ms);
            if !keep && let Some(cell) = keys::decode(bytes) {
                let size = (cell.key.len() + stored.value.len()) as u64;
                let used = used.entry(keys::owner(&cell.space)).or_default();
                *used = used.saturating_sub(size);
            }
            keep
        });
        (before - entries.len()) as u64
    }

    /// The entry, unless it has expired.
    pub(super) fn entry(&self, cell: &Cell, now_ms: i64) -> Option<Entry> {
        let stored = self.entries.get(&keys::cell(cell))?;
        stored.living(now_ms)
    }
}

impl Stored {
    /// The entry, unless it has expired.
    pub(super) fn living(&self, now_ms: i64) -> Option<Entry> {
        (!plan::expired(self.expires_ms, now_ms)).then(|| Entry {
            value: self.value.clone(),
            version: plan::text(self.version),
            expires_ms: self.expires_ms,
        })
    }
}

fn plan_now<'w>(cells: &Cells, writes: &'w [Write], now_ms: i64) -> Result<plan::Plan<'w>, Refusal> {
    match plan::plan(cells, writes, now_ms, cells.last_version) {
        Ok(planned) => planned,
        Err(never) => match never {},
    }
}
