//! `brain`: durable memory. Each write is recorded with the call that makes it, in the same transaction, so that a call
//! that runs again after a crash does not do it twice.

use super::Scene;
use super::record::{NotDone, refused};
use crate::recall::print::{Function, Print, Printer};
use async_trait::async_trait;
use moa_core::call::{CapError, CapResult};
use moa_engine::{Entry, KeyPage, Scope, Write};
use moa_store::{Cell, Change, Refusal, Space, WriteOutcome};
use std::sync::Arc;

pub(super) struct Brain(pub(super) Arc<Scene>);

#[async_trait]
impl moa_engine::Brain for Brain {
    async fn get(&self, at: Scope, key: String) -> CapResult<Option<Entry>> {
        let print = Print::of(Function::BrainGet).scope(&at).text(&key).done();
        let live = async {
            let cell = self.space(at)?.cell(key);
            let found = self.0.store.get(&cell).await;
            Ok(found.map_err(|error| self.0.failed(error))?.map(entry))
        };
        self.0.read(print, live).await
    }

    async fn set(&self, at: Scope, what: Write) -> CapResult<String> {
        let print = Print::of(Function::BrainSet).scope(&at).write(&what).done();
        self.write(print, at, |space| vec![set(space, what)], version).await
    }

    async fn delete(&self, at: Scope, key: String) -> CapResult<bool> {
        let print = Print::of(Function::BrainDelete).scope(&at).text(&key).done();
        let answer = |outcomes: Vec<WriteOutcome>| match outcomes.as_slice() {
            [WriteOutcome::Deleted { existed }] => Ok(*existed),
            other => Err(odd(other)),
        };
        self.write(print, at, |space| vec![(space.cell(key), Change::Delete)], answer)
            .await
    }

    async fn list_keys(&self, at: Scope, prefix: String, cursor: Option<String>, limit: u32) -> CapResult<KeyPage> {
        let print = Print::of(Function::BrainListKeys).scope(&at).text(&prefix);
        let print = print.maybe(cursor.as_deref()).number(limit.into()).done();
        let live = async {
            let listing = self.listing(&at, &prefix);
            let space = self.space(at)?;
            let after = cursor.as_deref().map(|cursor| behind(cursor, &listing)).transpose()?;
            let page = self.0.store.keys(&space, &prefix, after, limit);
            let page = page.await.map_err(|error| self.0.failed(error))?;
            Ok(KeyPage {
                keys: page.keys,
                next: page.next.map(|last| format!("{listing}{last}")),
            })
        };
        self.0.read(print, live).await
    }

    async fn increment(&self, at: Scope, key: String, by: i64) -> CapResult<i64> {
        let print = Print::of(Function::BrainIncrement).scope(&at).text(&key);
        let print = print.bytes(&by.to_le_bytes()).done();
        let answer = |outcomes: Vec<WriteOutcome>| match outcomes.as_slice() {
            [WriteOutcome::Sum { value, .. }] => Ok(*value),
            other => Err(odd(other)),
        };
        self.write(
            print,
            at,
            |space| vec![(space.cell(key), Change::Increment { by })],
            answer,
        )
        .await
    }

    async fn compare_and_swap(&self, at: Scope, what: Write, expected: Option<String>) -> CapResult<String> {
        let print = Print::of(Function::BrainSwap).scope(&at).write(&what);
        let print = print.maybe(expected.as_deref()).done();
        let change = |space: &Space| {
            let change = Change::CompareAndSwap {
                value: what.value,
                ttl_ms: milliseconds(what.ttl_seconds),
                expected,
            };
            vec![(space.cell(what.key), change)]
        };
        self.write(print, at, change, version).await
    }

    async fn get_many(&self, at: Scope, keys: Vec<String>) -> CapResult<Vec<Option<Entry>>> {
        let print = Print::of(Function::BrainGetMany).scope(&at);
        let print = keys.iter().fold(print, |print, key| print.text(key)).done();
        let live = async {
            let space = self.space(at)?;
            let cells: Vec<Cell> = keys.into_iter().map(|key| space.cell(key)).collect();
            let entries = self.0.store.get_many(&cells).await;
            let entries = entries.map_err(|error| self.0.failed(error))?;
            Ok(entries.into_iter().map(|found| found.map(entry)).collect())
        };
        self.0.read(print, live).await
    }

    async fn set_many(&self, at: Scope, what: Vec<Write>) -> CapResult<()> {
        let print = Print::of(Function::BrainSetMany).scope(&at);
        let print = what.iter().fold(print, Printer::write).done();
        let changes = |space: &Space| what.into_iter().map(|write| set(space, write)).collect();
        self.write(print, at, changes, |_| Ok(())).await
    }
}

impl Brain {
    /// The mark that the cursors of one listing begin with: those of another scope, prefix or plugin begin with another.
    /// It is no secret; whoever makes one up sees only what he may see anyway.
    fn listing(&self, at: &Scope, prefix: &str) -> String {
        let whose = match at {
            Scope::Shared => "",
            Scope::Plugin | Scope::Conversation(_) | Scope::User(_) => self.0.plugin.as_str(),
        };
        let print = Print::of(Function::BrainListKeys).scope(at).text(prefix);
        let print = print.text(whose).done();
        // The first byte is the function's.
        let digest = print.bytes().iter().skip(1).take(6);
        digest
            .map(|byte| format!("{byte:02x}"))
            .chain([".".to_owned()])
            .collect()
    }

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

    async fn write<T: Send>(
        &self,
        print: Print,
        at: Scope,
        changes: impl FnOnce(&Space) -> Vec<(Cell, Change)> + Send,
        answer: impl Fn(Vec<WriteOutcome>) -> CapResult<T> + Send + Sync,
    ) -> CapResult<T> {
        let scene = &self.0;
        let known = |said: Result<Vec<WriteOutcome>, Refusal>| said.map_err(|no| refused(no.into())).and_then(&answer);
        let live = |effect| async {
            let writes = changes(&self.space(at)?)
                .into_iter()
                .map(|(cell, change)| moa_store::Write {
                    cell,
                    change,
                    limit: Some(scene.brain_limit),
                });
            let outcomes = scene.store.write(writes.collect(), Some(effect)).await;
            Ok(answer(outcomes.map_err(NotDone::Store)?)?)
        };
        scene.write(print, known, live).await
    }
}

/// The key that a cursor of this listing stands behind.
fn behind<'a>(cursor: &'a str, listing: &str) -> CapResult<&'a str> {
    cursor.strip_prefix(listing).ok_or_else(|| {
        CapError::Invalid(
            "the cursor comes from another listing; it is good only with the scope and prefix that it came from".into(),
        )
    })
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

fn version(outcomes: Vec<WriteOutcome>) -> CapResult<String> {
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

#[cfg(test)]
mod tests;
