//! The store in a file of this machine, on redb.
//!
//! Reads are short transactions on the caller's thread; writes go to one thread (`writer`). What a request does to the
//! tables (`tables`) stands in `session` and `events`, what is wrong with a file in `open`, what becomes of one of an
//! earlier format in `migrate`.

mod events;
mod migrate;
mod open;
mod session;
mod tables;
mod writer;

#[cfg(test)]
mod faults;

use crate::clock::{Clock, SystemClock};
use crate::error::{OpenError, StoreError};
use crate::keys;
use crate::plan;
use crate::store::Store;
use crate::types::{
    Accepted, Cell, Effect, Entry, KeyPage, NewRecord, Outcome, Purged, Record, Recorded, Remembered, Seq, Space,
    Write, WriteOutcome,
};
use async_trait::async_trait;
use events::Header;
use open::{Opener, store_error};
use redb::{Database, ReadOnlyTable, ReadTransaction, ReadableDatabase, ReadableTable};
use session::{Books, from_json};
use std::ops::Bound;
use std::path::PathBuf;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, PoisonError, RwLock};
use std::thread::JoinHandle;
use tokio::sync::oneshot;
use writer::{Job, Request, Writer};

/// How to open a [`RedbStore`].
pub struct Options {
    /// Where the time comes from; the machine's clock by default.
    pub clock: Box<dyn Clock>,
    /// Bytes of the file that are kept in memory, at most; 8 MiB by default.
    pub cache_bytes: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            clock: Box::new(SystemClock),
            cache_bytes: 8 << 20,
        }
    }
}

/// The data file, or why there is none.
enum Slot {
    Open(Database),
    Failed(StoreError),
    Closed,
}

/// What readers and the writer share.
struct Shared {
    clock: Box<dyn Clock>,
    slot: RwLock<Slot>,
}

impl Shared {
    /// Uses the data file; it stays open meanwhile.
    fn with<T>(&self, work: impl FnOnce(&Database) -> Result<T, StoreError>) -> Result<T, StoreError> {
        match &*self.slot.read().unwrap_or_else(PoisonError::into_inner) {
            Slot::Open(database) => work(database),
            Slot::Failed(failure) => Err(failure.clone()),
            Slot::Closed => Err(StoreError::Closed),
        }
    }

    fn set(&self, slot: Slot) {
        *self.slot.write().unwrap_or_else(PoisonError::into_inner) = slot;
    }

    fn is_open(&self) -> bool {
        matches!(
            &*self.slot.read().unwrap_or_else(PoisonError::into_inner),
            Slot::Open(_)
        )
    }
}

/// A [`Store`] in one file. See the [crate](crate) for what it promises.
///
/// Dropping it without closing loses nothing that returned; it waits for the last commit.
pub struct RedbStore {
    shared: Arc<Shared>,
    requests: Option<Sender<Request>>,
    writer: Option<JoinHandle<()>>,
}

type BrainTable = ReadOnlyTable<&'static [u8], tables::Value>;

impl RedbStore {
    /// Opens the data file, or makes it, and its folder, if it is not there. Only one process can have it open.
    ///
    /// Blocks: after a crash the whole file is read once to check it.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(path: impl Into<PathBuf>, options: Options) -> Result<Self, OpenError> {
        let Options { clock, cache_bytes } = options;
        let path = path.into();
        let file = path.clone();
        Self::start(&path, Box::new(move || open::open_file(&file, cache_bytes)), clock)
    }

    fn start(path: &std::path::Path, opener: Opener, clock: Box<dyn Clock>) -> Result<Self, OpenError> {
        let database = opener()?;
        let books = Books::load(&database).map_err(|error| OpenError::Damaged {
            path: path.to_owned(),
            detail: error.to_string(),
        })?;
        let shared = Arc::new(Shared {
            clock,
            slot: RwLock::new(Slot::Open(database)),
        });
        let (requests, waiting) = channel();
        let writer = Writer::new(Arc::clone(&shared), opener, books);
        let writer = std::thread::Builder::new()
            .name("moa-store".to_owned())
            .spawn(move || writer.run(&waiting))
            .map_err(|error| OpenError::Io {
                path: path.to_owned(),
                detail: error.to_string(),
            })?;
        Ok(Self {
            shared,
            requests: Some(requests),
            writer: Some(writer),
        })
    }

    fn read<T>(&self, work: impl FnOnce(&ReadTransaction) -> Result<T, redb::Error>) -> Result<T, StoreError> {
        self.shared.with(|database| {
            let txn = database.begin_read().map_err(|error| store_error(error.into()))?;
            work(&txn).map_err(store_error)
        })
    }

    fn send(&self, request: Request) -> Result<(), StoreError> {
        let requests = self.requests.as_ref().ok_or(StoreError::Closed)?;
        requests.send(request).map_err(|_| self.no_writer())
    }

    async fn ask<T>(&self, request: impl FnOnce(Job<T>) -> Request) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.send(request(Job::new(reply)))?;
        answer.await.unwrap_or_else(|_| Err(self.no_writer()))
    }

    fn no_writer(&self) -> StoreError {
        if self.shared.is_open() {
            StoreError::Io("its writer has ended unexpectedly, restart moa".to_owned())
        } else {
            StoreError::Closed
        }
    }
}

fn entry(table: &BrainTable, cell: &Cell, now_ms: i64) -> Result<Option<Entry>, redb::Error> {
    let Some(stored) = table.get(keys::cell(cell).as_slice())? else {
        return Ok(None);
    };
    let (version, expires_ms, value) = stored.value();
    if plan::expired(expires_ms, now_ms) {
        return Ok(None);
    }
    Ok(Some(Entry {
        value: value.to_vec(),
        version: plan::text(version),
        expires_ms,
    }))
}

impl Drop for RedbStore {
    fn drop(&mut self) {
        self.requests = None;
        if let Some(writer) = self.writer.take() {
            // It answers for its own panic in the log; here only its end matters.
            let _ended = writer.join();
        }
    }
}

#[async_trait]
impl Store for RedbStore {
    async fn get(&self, cell: &Cell) -> Result<Option<Entry>, StoreError> {
        let now_ms = self.shared.clock.now_ms();
        self.read(|txn| entry(&txn.open_table(tables::BRAIN)?, cell, now_ms))
    }

    async fn get_many(&self, cells: &[Cell]) -> Result<Vec<Option<Entry>>, StoreError> {
        let now_ms = self.shared.clock.now_ms();
        self.read(|txn| {
            let table = txn.open_table(tables::BRAIN)?;
            cells.iter().map(|cell| entry(&table, cell, now_ms)).collect()
        })
    }

    async fn keys(&self, space: &Space, prefix: &str, after: Option<&str>, limit: u32) -> Result<KeyPage, StoreError> {
        let now_ms = self.shared.clock.now_ms();
        let base = keys::space(space);
        let wanted = [base.as_slice(), prefix.as_bytes()].concat();
        let after = after.filter(|after| *after >= prefix);
        let after = after.map(|after| [base.as_slice(), after.as_bytes()].concat());
        let start = match &after {
            Some(after) => Bound::Excluded(after.as_slice()),
            None => Bound::Included(wanted.as_slice()),
        };
        let limit = limit.max(1) as usize;
        self.read(|txn| {
            let mut page = KeyPage::default();
            for row in txn
                .open_table(tables::BRAIN)?
                .range::<&[u8]>((start, Bound::Unbounded))?
            {
                let (bytes, stored) = row?;
                if !bytes.value().starts_with(&wanted) {
                    break;
                }
                if plan::expired(stored.value().1, now_ms) {
                    continue;
                }
                if page.keys.len() == limit {
                    page.next = page.keys.last().cloned();
                    break;
                }
                let key = bytes.value().strip_prefix(base.as_slice()).unwrap_or_default();
                let key = String::from_utf8(key.to_vec())
                    .map_err(|_| redb::Error::Corrupted("a key of the brain is not text".to_owned()))?;
                page.keys.push(key);
            }
            Ok(page)
        })
    }

    async fn write(&self, writes: Vec<Write>, effect: Option<Effect>) -> Result<Vec<WriteOutcome>, StoreError> {
        self.ask(|job| Request::Write { writes, effect, job }).await
    }

    async fn accept(&self, record: NewRecord) -> Result<Accepted, StoreError> {
        self.ask(|job| Request::Accept { record, job }).await
    }

    async fn note(&self, effect: Effect, answer: Vec<u8>) -> Result<(), StoreError> {
        self.send(Request::Note { effect, answer })
    }

    async fn effects(&self, seq: Seq, invocation: &str) -> Result<Vec<Recorded>, StoreError> {
        self.read(|txn| {
            let table = txn.open_table(tables::RECORDED)?;
            let of_call = (seq.0, invocation, 0)..=(seq.0, invocation, u32::MAX);
            table
                .range(of_call)?
                .map(|row| {
                    let (id, stored) = row?;
                    events::recorded(id.value().2, stored.value())
                })
                .collect()
        })
    }

    async fn finish(&self, seq: Seq, outcome: Outcome) -> Result<(), StoreError> {
        self.send(Request::Finish { seq, outcome })
    }

    async fn unfinished(&self) -> Result<Vec<Record>, StoreError> {
        self.read(|txn| {
            let journal = txn.open_table(tables::JOURNAL)?;
            let mut records = Vec::new();
            for row in txn.open_table(tables::OPEN)?.iter()? {
                let seq = row?.0.value();
                let Some(stored) = journal.get(seq)? else {
                    return Err(redb::Error::Corrupted(format!("journal record {seq} is missing")));
                };
                let (header, body) = stored.value();
                let Header {
                    identity,
                    kind,
                    received_ms,
                } = from_json(header)?;
                records.push(Record {
                    seq: Seq(seq),
                    identity: identity.into_owned(),
                    kind: kind.into_owned(),
                    body: body.to_vec(),
                    received_ms,
                });
            }
            Ok(records)
        })
    }

    async fn identities(&self, since_ms: i64) -> Result<Vec<Remembered>, StoreError> {
        self.read(|txn| {
            let mut known = Vec::new();
            for row in txn.open_table(tables::IDENTITIES)?.iter()? {
                let row = row?;
                let (accepted_ms, identity) = row.1.value();
                if accepted_ms >= since_ms {
                    known.push(Remembered {
                        identity: identity.to_owned(),
                        accepted_ms,
                    });
                }
            }
            Ok(known)
        })
    }

    async fn purge(&self, now_ms: i64) -> Result<Purged, StoreError> {
        let mut all = Purged::default();
        loop {
            let (step, more) = self.ask(|job| Request::Purge { now_ms, job }).await?;
            all.records += step.records;
            all.identities += step.identities;
            all.entries += step.entries;
            if !more {
                return Ok(all);
            }
        }
    }

    async fn fact_get(&self, name: &str) -> Result<Option<String>, StoreError> {
        self.read(|txn| {
            Ok(txn
                .open_table(tables::FACTS)?
                .get(name)?
                .map(|fact| fact.value().to_owned()))
        })
    }

    async fn fact_set(&self, name: &str, value: Option<&str>) -> Result<(), StoreError> {
        let (name, value) = (name.to_owned(), value.map(str::to_owned));
        self.ask(|job| Request::Fact { name, value, job }).await
    }

    async fn fact_list(&self, prefix: &str) -> Result<Vec<(String, String)>, StoreError> {
        self.read(|txn| {
            let mut facts = Vec::new();
            for row in txn.open_table(tables::FACTS)?.range(prefix..)? {
                let (name, value) = row?;
                if !name.value().starts_with(prefix) {
                    break;
                }
                facts.push((name.value().to_owned(), value.value().to_owned()));
            }
            Ok(facts)
        })
    }

    async fn close(&self) -> Result<(), StoreError> {
        match self.ask(|job| Request::Close { job }).await {
            Err(StoreError::Closed) => Ok(()),
            other => other,
        }
    }
}
