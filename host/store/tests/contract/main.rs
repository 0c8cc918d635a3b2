//! What every backend must do. Each function here runs against each of them.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what it expects in the shortest way, also outside of its test functions"
)]

use moa_store::{
    Accepted, Answer, Backlog, Cell, Effect, EffectKey, End, Entry, Filed, ManualClock, MemoryStore, NewRecord,
    Options, Outcome, Purged, Recorded, RedbStore, RedisOptions, RedisStore, Refusal, Scope, Seq, Space, Store,
    StoreError, Which, Write, WriteOutcome,
};
use moa_test_redis::Redis;
use std::sync::Arc;

/// Makes of each function a test for each backend.
macro_rules! contract {
    ($($name:ident),* $(,)?) => {
        mod on_memory { $(#[tokio::test] async fn $name() { super::$name(crate::memory()).await })* }
        mod on_redb { $(#[tokio::test] async fn $name() { super::$name(crate::redb()).await })* }
        mod on_redis {
            $(#[tokio::test] async fn $name() {
                if let Some(house) = crate::redis().await {
                    super::$name(house).await;
                }
            })*
        }
    };
}

mod brain;
mod bulk;
mod clock;
mod concurrency;
mod effects;
mod journal;
mod lives;
mod model;
mod operators;
mod quota;
mod spaces;

/// A store to be tested, and the clock that it goes by.
struct House {
    store: Arc<dyn Store>,
    clock: Arc<ManualClock>,
    _folder: Option<tempfile::TempDir>,
    _redis: Option<Redis>,
}

const START: i64 = 1_750_000_000_000;
const DAY: i64 = 24 * 60 * 60 * 1000;

fn memory() -> House {
    let clock = Arc::new(ManualClock::at(START));
    let store = Arc::new(MemoryStore::new(Arc::clone(&clock)));
    House {
        store,
        clock,
        _folder: None,
        _redis: None,
    }
}

fn redb() -> House {
    let clock = Arc::new(ManualClock::at(START));
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        clock: Box::new(Arc::clone(&clock)),
        ..Options::default()
    };
    let store = Arc::new(RedbStore::open(folder.path().join("data/moa.redb"), options).unwrap());
    House {
        store,
        clock,
        _folder: Some(folder),
        _redis: None,
    }
}

/// A server of its own for each test; nothing where there is none.
async fn redis() -> Option<House> {
    let redis = Redis::start_or_skip().unwrap()?;
    let clock = Arc::new(ManualClock::at(START));
    let options = RedisOptions {
        clock: Box::new(Arc::clone(&clock)),
        ..RedisOptions::default()
    };
    let store = Arc::new(RedisStore::open(&redis.url(), options).await.unwrap());
    assert_eq!(store.warnings(), [] as [String; 0]);
    Some(House {
        store,
        clock,
        _folder: None,
        _redis: Some(redis),
    })
}

fn own() -> Space {
    Space::new("memo", Scope::Plugin)
}

async fn one(store: &dyn Store, write: Write) -> Result<WriteOutcome, StoreError> {
    let mut outcomes = store.write(vec![write], None).await?;
    assert_eq!(outcomes.len(), 1);
    Ok(outcomes.remove(0))
}

async fn set(store: &dyn Store, cell: &Cell, value: &str) -> String {
    match one(store, Write::set(cell.clone(), value)).await.unwrap() {
        WriteOutcome::Stored { version } => version,
        other => panic!("{other:?}"),
    }
}

async fn read(store: &dyn Store, cell: &Cell) -> Option<String> {
    store
        .get(cell)
        .await
        .unwrap()
        .map(|entry| String::from_utf8(entry.value).unwrap())
}

async fn count(store: &dyn Store, cell: &Cell, by: i64) -> Result<i64, StoreError> {
    match one(store, Write::increment(cell.clone(), by)).await? {
        WriteOutcome::Sum { value, .. } => Ok(value),
        other => panic!("{other:?}"),
    }
}

fn event(identity: &str) -> NewRecord {
    NewRecord {
        identity: identity.to_owned(),
        kind: "message".to_owned(),
        body: format!("body of {identity}\0\u{ff}").into_bytes(),
        received_ms: START - 5,
    }
}

async fn accept(store: &dyn Store, identity: &str) -> Seq {
    match store.accept(event(identity)).await.unwrap() {
        Accepted::New(seq) => seq,
        twin @ Accepted::Twin { .. } => panic!("{identity}: {twin:?}"),
    }
}

fn twin(seq: Seq, finished: bool) -> Result<Accepted, StoreError> {
    Ok(Accepted::Twin { seq, finished })
}

fn effect(seq: Seq, invocation: &str, ordinal: u32, fingerprint: &str) -> Option<Effect> {
    let key = EffectKey {
        seq,
        invocation: invocation.to_owned(),
        ordinal,
    };
    Some(Effect {
        key,
        fingerprint: fingerprint.as_bytes().to_vec(),
        by: String::new(),
        seen: Vec::new(),
    })
}

/// The end of a record may come to disk later than it is said; the next write takes it along.
async fn settle(store: &dyn Store) {
    store.fact_set("settled", Some("")).await.unwrap();
}
