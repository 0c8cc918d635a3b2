//! The store in memory.

mod cells;

use crate::bulk::{self, Tally};
use crate::clock::{Age, Clock};
use crate::error::StoreError;
use crate::journal::{self, Ended, Index};
use crate::keys;
use crate::plan;
use crate::store::{Scan, Store};
use crate::types::{
    Accepted, Answer, Backlog, Cell, Effect, EffectKey, End, Entry, Filed, KeyPage, NewRecord, Outcome, Purged, Record,
    Recorded, Remembered, Seq, Space, Usage, Which, Write, WriteOutcome,
};
use async_trait::async_trait;
use cells::Cells;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A [`Store`] that forgets everything with the process: for tests and transcripts. Same contract, nothing durable.
pub struct MemoryStore {
    clock: Arc<dyn Clock>,
    age: Age,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    closed: bool,
    cells: Cells,
    last_seq: u64,
    records: BTreeMap<Seq, Record>,
    ended: BTreeMap<Seq, Ended>,
    identities: BTreeMap<Seq, Remembered>,
    effects: BTreeMap<EffectKey, Recorded>,
    facts: BTreeMap<String, String>,
    index: Index,
}

impl State {
    fn filed(&self, seq: Seq, record: &Record) -> Filed {
        Filed {
            record: record.clone(),
            end: self.ended.get(&seq).map(|ended| ended.end.clone()),
        }
    }

    fn record(&mut self, effect: Effect, answer: Answer) {
        let recorded = Recorded {
            ordinal: effect.key.ordinal,
            fingerprint: effect.fingerprint,
            by: effect.by,
            seen: effect.seen,
            answer,
        };
        self.effects.insert(effect.key, recorded);
    }

    fn forget_effects(&mut self, seq: Seq) {
        let mut later = self.effects.split_off(&first_effect(seq));
        self.effects.append(&mut later.split_off(&first_effect(Seq(seq.0 + 1))));
    }
}

fn first_effect(seq: Seq) -> EffectKey {
    EffectKey {
        seq,
        invocation: String::new(),
        ordinal: 0,
    }
}

fn enter(state: &Mutex<State>) -> Result<MutexGuard<'_, State>, StoreError> {
    // Nothing in here panics half-way; and a test that panicked elsewhere must still be able to look.
    let state = state.lock().unwrap_or_else(PoisonError::into_inner);
    if state.closed {
        Err(StoreError::Closed)
    } else {
        Ok(state)
    }
}

/// A scan: how far it has come, and where it has to end.
struct Walk {
    clock: Arc<dyn Clock>,
    state: Arc<Mutex<State>>,
    holder: Vec<u8>,
    after: Option<Vec<u8>>,
}

#[async_trait]
impl Scan for Walk {
    async fn next(&mut self, limit: usize) -> Result<Vec<(Cell, Entry)>, StoreError> {
        let (state, now) = (enter(&self.state)?, self.clock.now_ms());
        let start = match self.after.take() {
            Some(after) => Bound::Excluded(after),
            None => Bound::Included(self.holder.clone()),
        };
        // Unless a page is full before, everything was seen: nothing comes after this.
        self.after = Some(vec![u8::MAX]);
        let (mut page, mut bytes) = (Vec::new(), 0);
        for (name, stored) in state.cells.entries.range((start, Bound::Unbounded)) {
            if !name.starts_with(&self.holder) {
                break;
            }
            if let (Some(cell), Some(entry)) = (keys::decode(name), stored.living(now)) {
                bytes += name.len() + entry.value.len();
                page.push((cell, entry));
            }
            if page.len() >= limit.max(1) || bytes >= bulk::PAGE_BYTES {
                self.after = Some(name.clone());
                break;
            }
        }
        Ok(page)
    }
}

impl MemoryStore {
    /// An empty store.
    pub fn new(clock: impl Clock) -> Self {
        Self {
            age: Age::begin(&clock, None),
            clock: Arc::new(clock),
            state: Arc::default(),
        }
    }

    fn state(&self) -> Result<MutexGuard<'_, State>, StoreError> {
        enter(&self.state)
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn get(&self, cell: &Cell) -> Result<Option<Entry>, StoreError> {
        Ok(self.state()?.cells.entry(cell, self.clock.now_ms()))
    }

    async fn get_many(&self, cells: &[Cell]) -> Result<Vec<Option<Entry>>, StoreError> {
        let (state, now) = (self.state()?, self.clock.now_ms());
        Ok(cells.iter().map(|cell| state.cells.entry(cell, now)).collect())
    }

    async fn keys(&self, space: &Space, prefix: &str, after: Option<&str>, limit: u32) -> Result<KeyPage, StoreError> {
        let (state, now) = (self.state()?, self.clock.now_ms());
        let base = keys::space(space);
        let wanted = [&base[..], prefix.as_bytes()].concat();
        let start = match after {
            Some(after) if after >= prefix => Bound::Excluded([&base[..], after.as_bytes()].concat()),
            _ => Bound::Included(wanted.clone()),
        };
        let limit = limit.max(1) as usize;
        let mut found = state
            .cells
            .entries
            .range((start, Bound::Unbounded))
            .take_while(|(bytes, _)| bytes.starts_with(&wanted))
            .filter(|(_, stored)| !plan::expired(stored.expires_ms, now))
            .filter_map(|(bytes, _)| keys::decode(bytes))
            .map(|cell| cell.key);
        let keys: Vec<String> = found.by_ref().take(limit).collect();
        let next = found.next().and_then(|_| keys.last().cloned());
        Ok(KeyPage { keys, next })
    }

    async fn write(&self, writes: Vec<Write>, effect: Option<Effect>) -> Result<Vec<WriteOutcome>, StoreError> {
        let (mut state, now) = (self.state()?, self.clock.now_ms());
        let Some(effect) = effect else {
            return Ok(state.cells.write(&writes, now)?);
        };
        if !state.index.is_open(effect.key.seq) {
            return Err(StoreError::NotOpen(effect.key.seq));
        }
        if let Some(recorded) = state.effects.get(&effect.key) {
            return match &recorded.answer {
                Answer::Written(answer) if recorded.fingerprint == effect.fingerprint => Ok(answer.clone()?),
                _ => Err(StoreError::Diverged(effect.key)),
            };
        }
        let answer = state.cells.write(&writes, now);
        state.record(effect, Answer::Written(answer.clone()));
        Ok(answer?)
    }

    async fn note(&self, effect: Effect, answer: Vec<u8>) -> Result<(), StoreError> {
        let mut state = self.state()?;
        let known = state.effects.get(&effect.key);
        if journal::takes_note(
            &effect,
            state.index.is_open(effect.key.seq),
            known.map(|known| &*known.fingerprint),
        ) {
            state.record(effect, Answer::Noted(answer));
        }
        Ok(())
    }

    async fn effects(&self, seq: Seq, invocation: &str) -> Result<Vec<Recorded>, StoreError> {
        let state = self.state()?;
        let first = EffectKey {
            seq,
            invocation: invocation.to_owned(),
            ordinal: 0,
        };
        let from = state.effects.range(first..);
        let of_call = from.take_while(|(key, _)| key.seq == seq && key.invocation == invocation);
        Ok(of_call.map(|(_, recorded)| recorded.clone()).collect())
    }

    async fn scan(&self, holder: Option<&str>) -> Result<Box<dyn Scan>, StoreError> {
        drop(self.state()?);
        Ok(Box::new(Walk {
            clock: Arc::clone(&self.clock),
            state: Arc::clone(&self.state),
            holder: holder.map(keys::of_holder).unwrap_or_default(),
            after: None,
        }))
    }

    async fn import(&self, entries: Vec<(Cell, Entry)>) -> Result<(), StoreError> {
        self.state()?.cells.import(entries)
    }

    async fn usage(&self) -> Result<Vec<Usage>, StoreError> {
        let (state, now) = (self.state()?, self.clock.now_ms());
        let mut tally = Tally::default();
        for (name, stored) in &state.cells.entries {
            if let Some(cell) = keys::decode(name).filter(|_| !plan::expired(stored.expires_ms, now)) {
                tally.add(&cell, stored.value.len());
            }
        }
        Ok(tally.done())
    }

    async fn accept(&self, record: NewRecord) -> Result<Accepted, StoreError> {
        let (mut state, now) = (self.state()?, self.age.now_ms(&*self.clock));
        if let Some(twin) = state.index.twin(&record.identity, now) {
            return Ok(twin);
        }
        state.last_seq += 1;
        let seq = Seq(state.last_seq);
        let NewRecord {
            identity,
            kind,
            body,
            received_ms,
        } = record;
        state.index.remember(&identity, seq, now);
        state.index.open(seq);
        state.identities.insert(
            seq,
            Remembered {
                identity: identity.clone(),
                accepted_ms: now,
            },
        );
        state.records.insert(
            seq,
            Record {
                seq,
                identity,
                kind,
                body,
                received_ms,
            },
        );
        Ok(Accepted::New(seq))
    }

    async fn finish(&self, seq: Seq, outcome: Outcome) -> Result<(), StoreError> {
        let (mut state, now) = (self.state()?, self.clock.now_ms());
        if state.index.close(seq) {
            if outcome.is_done() {
                state.forget_effects(seq);
            }
            let end = End { ended_ms: now, outcome };
            let age_ms = Some(self.age.now_ms(&*self.clock));
            state.ended.insert(seq, Ended { end, age_ms });
        }
        Ok(())
    }

    async fn unfinished(&self) -> Result<Vec<Record>, StoreError> {
        let state = self.state()?;
        let open = state.records.values().filter(|record| state.index.is_open(record.seq));
        Ok(open.cloned().collect())
    }

    async fn backlog(&self) -> Result<Backlog, StoreError> {
        let state = self.state()?;
        let first = state.index.first_open().and_then(|seq| state.records.get(&seq));
        Ok(Backlog {
            open: state.index.many_open(),
            oldest_ms: first.map(|record| record.received_ms),
        })
    }

    async fn records(&self, which: Which, before: Option<Seq>, limit: u32) -> Result<Vec<Filed>, StoreError> {
        let state = self.state()?;
        let before = before.map_or(Bound::Unbounded, Bound::Excluded);
        let newest = state.records.range((Bound::Unbounded, before)).rev();
        let filed = newest.map(|(seq, record)| state.filed(*seq, record));
        let wanted = filed.filter(|filed| match (which, &filed.end) {
            (Which::All, _) | (Which::Open, None) => true,
            (Which::Failed, Some(end)) => end.outcome.is_failure(),
            _ => false,
        });
        Ok(wanted.take(limit.max(1) as usize).collect())
    }

    async fn filed(&self, seq: Seq) -> Result<Option<Filed>, StoreError> {
        let state = self.state()?;
        Ok(state.records.get(&seq).map(|record| state.filed(seq, record)))
    }

    async fn all_effects(&self, seq: Seq) -> Result<Vec<(String, Recorded)>, StoreError> {
        let state = self.state()?;
        let from = state.effects.range(first_effect(seq)..);
        let of_record = from.take_while(|(key, _)| key.seq == seq);
        Ok(of_record
            .map(|(key, recorded)| (key.invocation.clone(), recorded.clone()))
            .collect())
    }

    async fn reopen(&self, seq: Seq, fresh: bool) -> Result<bool, StoreError> {
        let mut state = self.state()?;
        if state.ended.remove(&seq).is_none() {
            return Ok(false);
        }
        let State {
            records,
            identities,
            index,
            ..
        } = &mut *state;
        index.open(seq);
        if let Some(record) = records.get(&seq)
            && !index.knows(&record.identity)
        {
            // It was forgotten, so a day has passed. While the record is open, that does not matter.
            let accepted_ms = self.age.now_ms(&*self.clock).saturating_sub(journal::KEPT_MS);
            let identity = record.identity.clone();
            index.remember(&identity, seq, accepted_ms);
            identities.insert(seq, Remembered { identity, accepted_ms });
        }
        if fresh {
            state.forget_effects(seq);
        }
        Ok(true)
    }

    async fn identities(&self, since_ms: i64) -> Result<Vec<Remembered>, StoreError> {
        let state = self.state()?;
        let known = state.identities.values().filter(|known| known.accepted_ms >= since_ms);
        Ok(known.cloned().collect())
    }

    async fn purge(&self, now_ms: i64) -> Result<Purged, StoreError> {
        let (mut state, age_ms) = (self.state()?, self.age.now_ms(&*self.clock));
        let State {
            cells,
            records,
            ended,
            identities,
            effects,
            index,
            ..
        } = &mut *state;
        let mut purged = Purged {
            entries: cells.sweep(now_ms),
            ..Purged::default()
        };
        identities.retain(|seq, known| {
            let keep = index.is_open(*seq) || !journal::due(known.accepted_ms, age_ms);
            if !keep {
                index.forget(&known.identity, *seq);
                purged.identities += 1;
            }
            keep
        });
        ended.retain(|seq, end| {
            let keep = !end.due(age_ms);
            if !keep {
                records.remove(seq);
                purged.records += 1;
            }
            keep
        });
        effects.retain(|key, _| records.contains_key(&key.seq));
        Ok(purged)
    }

    async fn fact_get(&self, name: &str) -> Result<Option<String>, StoreError> {
        Ok(self.state()?.facts.get(name).cloned())
    }

    async fn fact_set(&self, name: &str, value: Option<&str>) -> Result<(), StoreError> {
        let mut state = self.state()?;
        match value {
            Some(value) => state.facts.insert(name.to_owned(), value.to_owned()),
            None => state.facts.remove(name),
        };
        Ok(())
    }

    async fn fact_list(&self, prefix: &str) -> Result<Vec<(String, String)>, StoreError> {
        let state = self.state()?;
        let from = state.facts.range::<str, _>((Bound::Included(prefix), Bound::Unbounded));
        let wanted = from.take_while(|(name, _)| name.starts_with(prefix));
        Ok(wanted.map(|(name, value)| (name.clone(), value.clone())).collect())
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).closed = true;
        Ok(())
    }
}
