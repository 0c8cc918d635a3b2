//! A store that can fail.

use super::Crash;
use async_trait::async_trait;
use moa_store::{
    Accepted, Backlog, Cell, Effect, Entry, Filed, KeyPage, MemoryStore, NewRecord, Outcome, Purged, Record, Recorded,
    Remembered, Scan, Seq, Space, Store, StoreError, SystemClock, Usage, Which, Write, WriteOutcome,
};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A store, in memory unless told otherwise, whose journal fails as long as it is told to.
pub(crate) struct FlakyStore {
    pub inner: Arc<dyn Store>,
    pub broken: AtomicBool,
    /// Whether another host works on it.
    pub replaced: AtomicBool,
    /// Whether the disk is full: writes fail, notes wait until there is room.
    pub full: AtomicBool,
    /// Whether entries cannot be read.
    pub unread: AtomicBool,
    /// How long it takes to read all brains.
    pub slow: Mutex<Duration>,
    /// When the host ends. Then notes are as lazy as they may be.
    pub crash: Option<Arc<Crash>>,
    lazy: Mutex<Vec<(Effect, Vec<u8>)>>,
}

impl Default for FlakyStore {
    fn default() -> Self {
        Self::of(Arc::new(MemoryStore::new(SystemClock)), None)
    }
}

impl FlakyStore {
    pub(crate) fn of(inner: Arc<dyn Store>, crash: Option<Arc<Crash>>) -> Self {
        Self {
            inner,
            broken: AtomicBool::new(false),
            replaced: AtomicBool::new(false),
            full: AtomicBool::new(false),
            unread: AtomicBool::new(false),
            slow: Mutex::default(),
            crash,
            lazy: Mutex::default(),
        }
    }

    /// The first notes reach the disk, the others never do.
    pub(crate) async fn settle(&self, first: usize) {
        let lazy = std::mem::take(&mut *self.lazy.lock().unwrap());
        for (effect, answer) in lazy.into_iter().take(first) {
            self.inner.note(effect, answer).await.unwrap();
        }
    }
}

#[async_trait]
impl Store for FlakyStore {
    async fn get(&self, cell: &Cell) -> Result<Option<Entry>, StoreError> {
        Crash::moment(self.crash.as_ref()).await;
        if self.unread.load(Ordering::SeqCst) {
            return Err(StoreError::Io("the test says so".into()));
        }
        self.inner.get(cell).await
    }

    async fn get_many(&self, cells: &[Cell]) -> Result<Vec<Option<Entry>>, StoreError> {
        self.inner.get_many(cells).await
    }

    async fn keys(&self, space: &Space, prefix: &str, after: Option<&str>, limit: u32) -> Result<KeyPage, StoreError> {
        self.inner.keys(space, prefix, after, limit).await
    }

    async fn write(&self, writes: Vec<Write>, effect: Option<Effect>) -> Result<Vec<WriteOutcome>, StoreError> {
        Crash::moment(self.crash.as_ref()).await;
        self.settle(usize::MAX).await;
        if self.full.load(Ordering::SeqCst) {
            return Err(StoreError::Io("the test says that the disk is full".into()));
        }
        let written = self.inner.write(writes, effect).await;
        Crash::moment(self.crash.as_ref()).await;
        written
    }

    async fn scan(&self, holder: Option<&str>) -> Result<Box<dyn Scan>, StoreError> {
        self.inner.scan(holder).await
    }

    async fn import(&self, entries: Vec<(Cell, Entry)>) -> Result<(), StoreError> {
        self.inner.import(entries).await
    }

    async fn usage(&self) -> Result<Vec<Usage>, StoreError> {
        if self.unread.load(Ordering::SeqCst) {
            return Err(StoreError::Io("the test says so".into()));
        }
        let slow = *self.slow.lock().unwrap();
        tokio::time::sleep(slow).await;
        self.inner.usage().await
    }

    async fn note(&self, effect: Effect, answer: Vec<u8>) -> Result<(), StoreError> {
        if self.crash.is_none() {
            return self.inner.note(effect, answer).await;
        }
        Crash::moment(self.crash.as_ref()).await;
        self.lazy.lock().unwrap().push((effect, answer));
        Crash::moment(self.crash.as_ref()).await;
        Ok(())
    }

    async fn effects(&self, seq: Seq, invocation: &str) -> Result<Vec<Recorded>, StoreError> {
        self.inner.effects(seq, invocation).await
    }

    async fn accept(&self, record: NewRecord) -> Result<Accepted, StoreError> {
        if self.broken.load(Ordering::SeqCst) {
            return Err(StoreError::Io("the test says so".into()));
        }
        if self.replaced.load(Ordering::SeqCst) {
            return Err(StoreError::TakenOver {
                place: "here".into(),
                by: "another".into(),
            });
        }
        self.inner.accept(record).await
    }

    async fn finish(&self, seq: Seq, outcome: Outcome) -> Result<(), StoreError> {
        self.inner.finish(seq, outcome).await
    }

    async fn unfinished(&self) -> Result<Vec<Record>, StoreError> {
        self.inner.unfinished().await
    }

    async fn backlog(&self) -> Result<Backlog, StoreError> {
        self.inner.backlog().await
    }

    async fn records(&self, which: Which, before: Option<Seq>, limit: u32) -> Result<Vec<Filed>, StoreError> {
        self.inner.records(which, before, limit).await
    }

    async fn filed(&self, seq: Seq) -> Result<Option<Filed>, StoreError> {
        self.inner.filed(seq).await
    }

    async fn all_effects(&self, seq: Seq) -> Result<Vec<(String, Recorded)>, StoreError> {
        self.inner.all_effects(seq).await
    }

    async fn reopen(&self, seq: Seq, fresh: bool) -> Result<bool, StoreError> {
        self.inner.reopen(seq, fresh).await
    }

    async fn identities(&self, since_ms: i64) -> Result<Vec<Remembered>, StoreError> {
        self.inner.identities(since_ms).await
    }

    async fn purge(&self, now_ms: i64) -> Result<Purged, StoreError> {
        self.inner.purge(now_ms).await
    }

    async fn fact_get(&self, name: &str) -> Result<Option<String>, StoreError> {
        self.inner.fact_get(name).await
    }

    async fn fact_set(&self, name: &str, value: Option<&str>) -> Result<(), StoreError> {
        self.inner.fact_set(name, value).await
    }

    async fn fact_list(&self, prefix: &str) -> Result<Vec<(String, String)>, StoreError> {
        self.inner.fact_list(prefix).await
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.inner.close().await
    }
}
