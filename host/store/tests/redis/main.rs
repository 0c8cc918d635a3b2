//! What only a store in a server goes through: the server ends, stands still, answers too late or not at all, comes back
//! empty, is shared, is not what it should be. Against real servers; skipped where there is no `redis-server`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what it expects in the shortest way, also outside of its test functions"
)]

mod cuts;
mod keys;
mod outages;
mod sharing;
mod start;
mod twins;

use moa_store::{
    Accepted, Cell, Effect, EffectKey, NewRecord, RedisOptions, RedisStore, Scope, Seq, Space, Store, StoreError,
    Write, WriteOutcome,
};
use moa_test_redis::Redis;
use std::sync::Arc;
use std::time::{Duration, Instant};

fn server() -> Option<Redis> {
    Redis::start_or_skip().unwrap()
}

async fn open(redis: &Redis) -> Arc<RedisStore> {
    let store = RedisStore::open(&redis.url(), RedisOptions::default()).await;
    Arc::new(store.unwrap())
}

fn cell(key: &str) -> Cell {
    Space::new("memo", Scope::Plugin).cell(key)
}

async fn set(store: &dyn Store, key: &str, value: &str) -> Result<(), StoreError> {
    store.write(vec![Write::set(cell(key), value)], None).await.map(drop)
}

async fn read(store: &dyn Store, key: &str) -> Option<String> {
    let entry = store.get(&cell(key)).await.unwrap();
    entry.map(|entry| String::from_utf8(entry.value).unwrap())
}

/// Adds one, as the effect of a call.
async fn count(store: &dyn Store, key: &str, seq: Seq, ordinal: u32) -> Result<i64, StoreError> {
    let effect = effect(seq, ordinal);
    let outcomes = store.write(vec![Write::increment(cell(key), 1)], Some(effect)).await?;
    match outcomes[..] {
        [WriteOutcome::Sum { value, .. }] => Ok(value),
        _ => panic!("{outcomes:?}"),
    }
}

fn effect(seq: Seq, ordinal: u32) -> Effect {
    Effect {
        key: EffectKey {
            seq,
            invocation: "call".to_owned(),
            ordinal,
        },
        fingerprint: b"f".to_vec(),
        by: "1.0.0".to_owned(),
        seen: vec![],
    }
}

fn event(identity: &str) -> NewRecord {
    NewRecord {
        identity: identity.to_owned(),
        kind: "message".to_owned(),
        body: b"body".to_vec(),
        received_ms: 0,
    }
}

async fn accept(store: &dyn Store, identity: &str) -> Seq {
    match store.accept(event(identity)).await.unwrap() {
        Accepted::New(seq) => seq,
        twin @ Accepted::Twin { .. } => panic!("{identity}: {twin:?}"),
    }
}
