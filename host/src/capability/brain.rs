//! `brain`: durable memory. Each write is recorded with the call that makes it, in the same transaction, so that a call
//! that runs again after a crash does not do it twice.

use super::Scene;
use async_trait::async_trait;
use moa_core::call::{CapError, CapResult};
use moa_engine::{Entry, KeyPage, Scope, Write};
use moa_store::{Cell, Change, Effect, EffectKey, Refusal, Space, StoreError, WriteOutcome};
use sha2::{Digest, Sha256};
use std::sync::Arc;

pub(super) struct Brain(pub(super) Arc<Scene>);

#[async_trait]
impl moa_engine::Brain for Brain {
    async fn get(&self, at: Scope, key: String) -> CapResult<Option<Entry>> {
        let cell = self.space(at)?.cell(key);
        Ok(self.0.store.get(&cell).await.map_err(refused)?.map(entry))
    }

    async fn set(&self, at: Scope, what: Write) -> CapResult<String> {
        let space = self.space(at)?;
        stored(self.write(vec![set(&space, what)]).await?)
    }

    async fn delete(&self, at: Scope, key: String) -> CapResult<bool> {
        let cell = self.space(at)?.cell(key);
        match self.write(vec![(cell, Change::Delete)]).await?.as_slice() {
            [WriteOutcome::Deleted { existed }] => Ok(*existed),
            other => Err(odd(other)),
        }
    }

    async fn list_keys(&self, at: Scope, prefix: String, cursor: Option<String>, limit: u32) -> CapResult<KeyPage> {
        let space = self.space(at)?;
        let page = self
            .0
            .store
            .keys(&space, &prefix, cursor.as_deref(), limit)
            .await
            .map_err(refused)?;
        Ok(KeyPage {
            keys: page.keys,
            next: page.next,
        })
    }

    async fn increment(&self, at: Scope, key: String, by: i64) -> CapResult<i64> {
        let cell = self.space(at)?.cell(key);
        match self.write(vec![(cell, Change::Increment { by })]).await?.as_slice() {
            [WriteOutcome::Sum { value, .. }] => Ok(*value),
            other => Err(odd(other)),
        }
    }

    async fn compare_and_swap(&self, at: Scope, what: Write, expected: Option<String>) -> CapResult<String> {
        let cell = self.space(at)?.cell(what.key);
        let change = Change::CompareAndSwap {
            value: what.value,
            ttl_ms: milliseconds(what.ttl_seconds),
            expected,
        };
        stored(self.write(vec![(cell, change)]).await?)
    }

    async fn get_many(&self, at: Scope, keys: Vec<String>) -> CapResult<Vec<Option<Entry>>> {
        let space = self.space(at)?;
        let cells: Vec<Cell> = keys.into_iter().map(|key| space.cell(key)).collect();
        let entries = self.0.store.get_many(&cells).await.map_err(refused)?;
        Ok(entries.into_iter().map(|found| found.map(entry)).collect())
    }

    async fn set_many(&self, at: Scope, what: Vec<Write>) -> CapResult<()> {
        let space = self.space(at)?;
        self.write(what.into_iter().map(|write| set(&space, write)).collect())
            .await?;
        Ok(())
    }
}

impl Brain {
    fn space(&self, at: Scope) -> CapResult<Space> {
        let scope = match at {
            Scope::Plugin => moa_store::Scope::Plugin,
            Scope::Conversation(id) => moa_store::Scope::Conversation(id),
            Scope::User(id) => moa_store::Scope::User(id),
            Scope::Shared => {
                self.0.granted.shared_brain()?;
                moa_store::Scope::Shared
            }
        };
        Ok(Space::new(self.0.plugin.as_str(), scope))
    }

    async fn write(&self, changes: Vec<(Cell, Change)>) -> CapResult<Vec<WriteOutcome>> {
        let scene = &self.0;
        // The effect hangs on the journal's record of the event, so that has to be on disk before.
        let Some(seq) = scene.ticket.seq().await else {
            return Err(unrecorded());
        };
        let effect = Effect {
            key: EffectKey {
                seq,
                invocation: scene.effects.clone(),
                ordinal: scene.ordinals.next(),
            },
            fingerprint: fingerprint(&changes),
            by: String::new(),
            seen: Vec::new(),
        };
        let writes = changes
            .into_iter()
            .map(|(cell, change)| moa_store::Write {
                cell,
                change,
                limit: Some(scene.brain_limit),
            })
            .collect();
        scene.store.write(writes, Some(effect)).await.map_err(refused)
    }
}

fn set(space: &Space, what: Write) -> (Cell, Change) {
    (
        space.cell(what.key),
        Change::Set {
            value: what.value,
            ttl_ms: milliseconds(what.ttl_seconds),
        },
    )
}

fn milliseconds(seconds: Option<u32>) -> Option<u64> {
    seconds.map(|seconds| u64::from(seconds) * 1000)
}

/// What distinguishes this write from any other: a rerun that comes with another one took another way.
fn fingerprint(changes: &[(Cell, Change)]) -> Vec<u8> {
    let mut hash = Sha256::new();
    for (cell, change) in changes {
        hash.update(format!("{cell:?}{change:?}\n"));
    }
    hash.finalize().get(..16).unwrap_or_default().to_vec()
}

fn entry(found: moa_store::Entry) -> Entry {
    let expires = found
        .expires_ms
        .and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok())
        .map(|instant| instant.to_string());
    Entry {
        value: found.value,
        version: found.version,
        expires,
    }
}

fn stored(outcomes: Vec<WriteOutcome>) -> CapResult<String> {
    match outcomes.into_iter().next() {
        Some(WriteOutcome::Stored { version }) => Ok(version),
        other => Err(odd(other.as_slice())),
    }
}

fn odd(outcomes: &[WriteOutcome]) -> CapError {
    CapError::Unavailable(format!(
        "the store answered something else than was asked: {outcomes:?}"
    ))
}

/// What is written hangs on the journal's record of the event.
pub(super) fn unrecorded() -> CapError {
    CapError::Unavailable("the journal could not record the event of this call; try again later".into())
}

pub(super) fn refused(error: StoreError) -> CapError {
    let text = error.to_string();
    match error {
        StoreError::Refused(Refusal::Conflict { .. }) | StoreError::Diverged(_) => CapError::Conflict(text),
        StoreError::Refused(Refusal::NotANumber { .. } | Refusal::Overflow { .. }) => CapError::Invalid(text),
        StoreError::Refused(Refusal::Quota { .. }) => CapError::OverLimit(text),
        StoreError::NotOpen(_)
        | StoreError::NotAVersion { .. }
        | StoreError::Io(_)
        | StoreError::Damaged(_)
        | StoreError::Away { .. }
        | StoreError::Uncertain { .. }
        | StoreError::Declined { .. }
        | StoreError::TakenOver { .. }
        | StoreError::Closed => CapError::Unavailable(text),
    }
}

#[cfg(test)]
mod tests;
