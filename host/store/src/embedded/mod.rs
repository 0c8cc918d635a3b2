//! The store in a file of this machine, on redb.
//!
//! Reads are short transactions on the caller's thread (`brain`, `journal`), but for `scan`; writes go to one thread (`writer`). What a
//! request does to the tables (`tables`) stands in `session` and `events`, what is wrong with a file in `open`, what becomes of one of an
//! earlier format in `migrate`.

mod brain;
mod events;
mod journal;
mod migrate;
mod open;
mod scan;
mod session;
mod tables;
mod writer;

#[cfg(test)]
#[path = "../../tests/support/deeds.rs"]
mod deeds;
#[cfg(test)]
mod disk;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod powercut;

use crate::bulk::Tally;
use crate::clock::{Clock, SystemClock};
use crate::error::{OpenError, StoreError};
use crate::store::{Scan, Store};
use crate::types::{
    Accepted, Backlog, Cell, Effect, Entry, Filed, KeyPage, NewRecord, Outcome, Purged, Record, Recorded, Remembered,
    Seq, Space, Usage, Which, Write, WriteOutcome,
};
use async_trait::async_trait;
use open::{Opener, store_error};
use redb::{Database, ReadTransaction, ReadableDatabase};
use scan::Moment;
use session::Books;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
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
    /// Changes whenever the slot does.
    turns: AtomicU64,
}

impl Shared {
    /// Uses the data file; it stays open meanwhile.
    fn with<T>(&self, work: impl FnOnce(&Database) -> Result<T, StoreError>) -> Result<T, StoreError> {
        match &*self.slot.read().unwrap_or_else(PoisonError::into_inner) {
            Slot::Open(database) => open::sound(|| work(database)),
            Slot::Failed(failure) => Err(failure.clone()),
            Slot::Closed => Err(StoreError::Closed),
        }
    }

    fn set(&self, slot: Slot) {
        let mut place = self.slot.write().unwrap_or_else(PoisonError::into_inner);
        self.turns.fetch_add(1, Ordering::SeqCst);
        *place = slot;
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
        Self::start(&path, open::opener(path.clone(), cache_bytes), clock)
    }

    fn start(path: &std::path::Path, opener: Opener, clock: Box<dyn Clock>) -> Result<Self, OpenError> {
        let database = opener()?;
        let books = open::sound(|| Books::load(&database).map_err(open::store_error));
        let books = books.map_err(|error| OpenError::Damaged {
            path: path.to_owned(),
            detail: error.to_string(),
        })?;
        let shared = Arc::new(Shared {
            clock,
            slot: RwLock::new(Slot::Open(database)),
            turns: AtomicU64::new(0),
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
        self.read(|txn| brain::get(txn, cell, now_ms))
    }

    async fn get_many(&self, cells: &[Cell]) -> Result<Vec<Option<Entry>>, StoreError> {
        let now_ms = self.shared.clock.now_ms();
        self.read(|txn| brain::get_many(txn, cells, now_ms))
    }

    async fn keys(&self, space: &Space, prefix: &str, after: Option<&str>, limit: u32) -> Result<KeyPage, StoreError> {
        let now_ms = self.shared.clock.now_ms();
        self.read(|txn| brain::keys(txn, space, prefix, after, limit, now_ms))
    }

    async fn write(&self, writes: Vec<Write>, effect: Option<Effect>) -> Result<Vec<WriteOutcome>, StoreError> {
        self.ask(|job| Request::Write { writes, effect, job }).await
    }

    async fn scan(&self, holder: Option<&str>) -> Result<Box<dyn Scan>, StoreError> {
        Ok(Box::new(Moment::begin(&self.shared, holder)?))
    }

    async fn import(&self, entries: Vec<(Cell, Entry)>) -> Result<(), StoreError> {
        self.ask(|job| Request::Import { entries, job }).await
    }

    async fn usage(&self) -> Result<Vec<Usage>, StoreError> {
        // The scan sees no more than a page at a time, so nobody else is kept from this thread for long.
        let mut moment = Moment::begin(&self.shared, None)?;
        let mut tally = Tally::default();
        while moment.count(&mut tally)? {
            tokio::task::yield_now().await;
        }
        Ok(tally.done())
    }

    async fn accept(&self, record: NewRecord) -> Result<Accepted, StoreError> {
        self.ask(|job| Request::Accept { record, job }).await
    }

    async fn note(&self, effect: Effect, answer: Vec<u8>) -> Result<(), StoreError> {
        self.send(Request::Note { effect, answer })
    }

    async fn effects(&self, seq: Seq, invocation: &str) -> Result<Vec<Recorded>, StoreError> {
        self.read(|txn| journal::effects(txn, seq, invocation))
    }

    async fn finish(&self, seq: Seq, outcome: Outcome) -> Result<(), StoreError> {
        self.send(Request::Finish { seq, outcome })
    }

    async fn unfinished(&self) -> Result<Vec<Record>, StoreError> {
        self.read(journal::unfinished)
    }

    async fn backlog(&self) -> Result<Backlog, StoreError> {
        self.read(journal::backlog)
    }

    async fn records(&self, which: Which, before: Option<Seq>, limit: u32) -> Result<Vec<Filed>, StoreError> {
        self.read(|txn| journal::records(txn, which, before, limit))
    }

    async fn filed(&self, seq: Seq) -> Result<Option<Filed>, StoreError> {
        self.read(|txn| journal::Shelf::open(txn)?.filed(seq.0))
    }

    async fn all_effects(&self, seq: Seq) -> Result<Vec<(String, Recorded)>, StoreError> {
        self.read(|txn| journal::all_effects(txn, seq))
    }

    async fn reopen(&self, seq: Seq, fresh: bool) -> Result<bool, StoreError> {
        self.ask(|job| Request::Reopen { seq, fresh, job }).await
    }

    async fn identities(&self, since_ms: i64) -> Result<Vec<Remembered>, StoreError> {
        self.read(|txn| journal::identities(txn, since_ms))
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
