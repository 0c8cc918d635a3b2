//! Changes of one message: while one waits, a newer one takes its place.
//!
//! A plugin that shows its progress changes one message again and again. What it looked like in between is nobody's
//! business once something newer is known; so at most one change of a message is on its way and one waits.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{MutexGuard, watch};

type Key = (String, String);

/// The messages that are being changed.
#[derive(Default)]
pub struct Edits(Mutex<HashMap<Key, Arc<Line>>>);

#[derive(Default)]
struct Line {
    newest: watch::Sender<u64>,
    on_its_way: tokio::sync::Mutex<()>,
}

/// One change of one message.
pub struct Edit<'a> {
    edits: &'a Edits,
    key: Key,
    line: Arc<Line>,
    number: u64,
}

impl Edits {
    /// The newest change of a message, from now on.
    pub fn newest(&self, conversation: &str, message: &str) -> Edit<'_> {
        let key = (conversation.to_owned(), message.to_owned());
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let line = Arc::clone(lines.entry(key.clone()).or_default());
        let mut number = 0;
        line.newest.send_modify(|newest| {
            *newest += 1;
            number = *newest;
        });
        Edit {
            edits: self,
            key,
            line,
            number,
        }
    }
}

impl Edit<'_> {
    /// Whether there is a newer one.
    pub fn is_old(&self) -> bool {
        *self.line.newest.borrow() != self.number
    }

    /// Waits until no other change of the message is on its way, and for `turn`; nothing if a newer one came meanwhile.
    pub async fn go(&self, turn: impl Future<Output = ()>) -> Option<MutexGuard<'_, ()>> {
        let mut newest = self.line.newest.subscribe();
        let go = async {
            let guard = self.line.on_its_way.lock().await;
            turn.await;
            guard
        };
        tokio::select! {
            biased;
            _ = newest.wait_for(|newest| *newest != self.number) => None,
            guard = go => Some(guard),
        }
    }
}

impl Drop for Edit<'_> {
    fn drop(&mut self) {
        let mut lines = self.edits.0.lock().unwrap_or_else(PoisonError::into_inner);
        // The map and this one hold it: nobody else does.
        if Arc::strong_count(&self.line) <= 2 {
            lines.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_is_on_its_way_and_the_newest_waits() {
        let edits = Edits::default();
        let first = edits.newest("C1", "1.0");
        let guard = first.go(async {}).await.unwrap();
        let (second, other) = (edits.newest("C1", "1.0"), edits.newest("C1", "2.0"));
        assert!(other.go(async {}).await.is_some(), "another message");
        let mut waiting = Box::pin(second.go(async {}));
        assert!(futures_util::poll!(&mut waiting).is_pending());
        let third = edits.newest("C1", "1.0");
        assert!(waiting.await.is_none(), "a newer one took its place");
        assert!(first.is_old() && second.is_old() && !third.is_old());
        drop(guard);
        assert!(third.go(async {}).await.is_some());
        drop((first, second, third, other));
        assert!(edits.0.lock().unwrap().is_empty());
    }
}
