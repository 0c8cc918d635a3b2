//! How long the store takes, and how often it fails.

use super::number::{Counter, Histogram};
use async_trait::async_trait;
use moa_store::{
    Accepted, Backlog, Cell, Effect, Entry, Filed, KeyPage, NewRecord, Outcome, Purged, Record, Recorded, Remembered,
    Scan, Seq, Space, Store, StoreError, Usage, Which, Write, WriteOutcome,
};
use std::sync::Arc;
use std::time::Instant;

/// What is asked of the store again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// To read the brain, facts, or what a call did.
    Read,
    /// To write the brain or facts.
    Write,
    /// To accept an event.
    Accept,
    /// To close an event's record.
    Finish,
    /// To note what was done outside.
    Note,
}

/// The operations, as labels.
pub const OPERATIONS: [&str; 5] = ["read", "write", "accept", "finish", "note"];

/// How long they took.
pub static TIMES: [Histogram; OPERATIONS.len()] = [const { Histogram::new() }; OPERATIONS.len()];
/// How often they failed: the store did, not what was asked of it.
pub static FAILURES: [Counter; OPERATIONS.len()] = [const { Counter::new() }; OPERATIONS.len()];

/// A store that is measured.
pub struct Measured(Arc<dyn Store>);

impl Measured {
    /// The same store, measured.
    pub fn over(store: Arc<dyn Store>) -> Arc<dyn Store> {
        Arc::new(Self(store))
    }
}

async fn measured<T>(
    operation: Operation,
    doing: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    let begun = Instant::now();
    let done = doing.await;
    let at = operation as usize;
    if let Some(times) = TIMES.get(at) {
        times.took(begun.elapsed());
    }
    let is_answer = |error: &StoreError| {
        matches!(
            error,
            StoreError::Refused(_) | StoreError::Diverged(_) | StoreError::NotOpen(_) | StoreError::NotAVersion { .. }
        )
    };
    if let (Some(failures), Err(error)) = (FAILURES.get(at), &done)
        && !is_answer(error)
    {
        failures.add();
    }
    done
}

#[async_trait]
impl Store for Measured {
    async fn get(&self, cell: &Cell) -> Result<Option<Entry>, StoreError> {
        measured(Operation::Read, self.0.get(cell)).await
    }

    async fn get_many(&self, cells: &[Cell]) -> Result<Vec<Option<Entry>>, StoreError> {
        measured(Operation::Read, self.0.get_many(cells)).await
    }

    async fn keys(&self, space: &Space, prefix: &str, after: Option<&str>, limit: u32) -> Result<KeyPage, StoreError> {
        measured(Operation::Read, self.0.keys(space, prefix, after, limit)).await
    }

    async fn write(&self, writes: Vec<Write>, effect: Option<Effect>) -> Result<Vec<WriteOutcome>, StoreError> {
        measured(Operation::Write, self.0.write(writes, effect)).await
    }

    async fn scan(&self, holder: Option<&str>) -> Result<Box<dyn Scan>, StoreError> {
        self.0.scan(holder).await
    }

    async fn import(&self, entries: Vec<(Cell, Entry)>) -> Result<(), StoreError> {
        self.0.import(entries).await
    }

    async fn usage(&self) -> Result<Vec<Usage>, StoreError> {
        self.0.usage().await
    }

    async fn accept(&self, record: NewRecord) -> Result<Accepted, StoreError> {
        measured(Operation::Accept, self.0.accept(record)).await
    }

    async fn note(&self, effect: Effect, answer: Vec<u8>) -> Result<(), StoreError> {
        measured(Operation::Note, self.0.note(effect, answer)).await
    }

    async fn effects(&self, seq: Seq, invocation: &str) -> Result<Vec<Recorded>, StoreError> {
        measured(Operation::Read, self.0.effects(seq, invocation)).await
    }

    async fn finish(&self, seq: Seq, outcome: Outcome) -> Result<(), StoreError> {
        measured(Operation::Finish, self.0.finish(seq, outcome)).await
    }

    async fn unfinished(&self) -> Result<Vec<Record>, StoreError> {
        self.0.unfinished().await
    }

    async fn backlog(&self) -> Result<Backlog, StoreError> {
        self.0.backlog().await
    }

    async fn records(&self, which: Which, before: Option<Seq>, limit: u32) -> Result<Vec<Filed>, StoreError> {
        self.0.records(which, before, limit).await
    }

    async fn filed(&self, seq: Seq) -> Result<Option<Filed>, StoreError> {
        self.0.filed(seq).await
    }

    async fn all_effects(&self, seq: Seq) -> Result<Vec<(String, Recorded)>, StoreError> {
        self.0.all_effects(seq).await
    }

    async fn reopen(&self, seq: Seq, fresh: bool) -> Result<bool, StoreError> {
        self.0.reopen(seq, fresh).await
    }

    async fn identities(&self, since_ms: i64) -> Result<Vec<Remembered>, StoreError> {
        self.0.identities(since_ms).await
    }

    async fn purge(&self, now_ms: i64) -> Result<Purged, StoreError> {
        self.0.purge(now_ms).await
    }

    async fn fact_get(&self, name: &str) -> Result<Option<String>, StoreError> {
        measured(Operation::Read, self.0.fact_get(name)).await
    }

    async fn fact_set(&self, name: &str, value: Option<&str>) -> Result<(), StoreError> {
        measured(Operation::Write, self.0.fact_set(name, value)).await
    }

    async fn fact_list(&self, prefix: &str) -> Result<Vec<(String, String)>, StoreError> {
        measured(Operation::Read, self.0.fact_list(prefix)).await
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.0.close().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use moa_store::{MemoryStore, SystemClock};

    #[tokio::test]
    async fn the_store_is_the_same_and_its_times_are_known() {
        let store = Measured::over(Arc::new(MemoryStore::new(SystemClock)));
        let before = TIMES[Operation::Write as usize].count();
        store.fact_set("a", Some("b")).await.unwrap();
        assert_eq!(store.fact_get("a").await.unwrap().as_deref(), Some("b"));
        assert!(TIMES[Operation::Write as usize].count() > before);
        let failed = FAILURES[Operation::Finish as usize].get();
        // What is not there cannot be closed; that is no failure of the store's.
        let _ = store.finish(Seq(99), Outcome::Done).await;
        assert_eq!(FAILURES[Operation::Finish as usize].get(), failed);
        store.close().await.unwrap();
    }
}
