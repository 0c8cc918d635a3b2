//! Methods that Slack asked to rest, and the queue of those who want to call them.
//!
//! Slack counts calls by method (and app and workspace): after HTTP 429 that method rests for as long as it said, and
//! other methods go on. Calls of the resting method wait in line. When the rest is over they go one after the other, so
//! that one of them, not all, is told to wait again; as soon as the line is empty the method is free.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::OwnedMutexGuard;
use tokio::time::Instant;

/// A call that takes longer lets the next one go: what is slow need not be limited.
pub const OVERLAP: Duration = Duration::from_millis(50);

/// The methods that rest, or whose line is not empty yet.
#[derive(Default)]
pub struct Gates(Mutex<HashMap<&'static str, Arc<Gate>>>);

struct Gate {
    until: Mutex<Instant>,
    line: Arc<tokio::sync::Mutex<()>>,
}

/// The head of a method's line. Dropping it lets the next one go.
pub struct Turn<'a> {
    gates: &'a Gates,
    method: &'static str,
    gate: Arc<Gate>,
    _line: OwnedMutexGuard<()>,
}

impl Gates {
    /// Waits until the method may be called; `None` where it does not rest, and nobody waits.
    ///
    /// # Errors
    /// How long it will rest at least, if that is past `give_up`.
    pub async fn enter(&self, method: &'static str, give_up: Instant) -> Result<Option<Turn<'_>>, Duration> {
        let Some(gate) = self.lock().get(method).map(Arc::clone) else {
            return Ok(None);
        };
        gate.check(give_up)?;
        let line = tokio::time::timeout_at(give_up, Arc::clone(&gate.line).lock_owned()).await;
        let Ok(line) = line else {
            return Err(gate.rest().max(OVERLAP));
        };
        let turn = Turn {
            gates: self,
            method,
            gate,
            _line: line,
        };
        turn.wait(give_up).await?;
        Ok(Some(turn))
    }

    /// The method rests from now on for so long.
    pub fn close(&self, method: &'static str, wait: Duration) {
        let until = Instant::now() + wait;
        let mut gates = self.lock();
        let gate = gates.entry(method).or_insert_with(|| {
            Arc::new(Gate {
                until: Mutex::new(until),
                line: Arc::default(),
            })
        });
        let mut known = lock(&gate.until);
        *known = until.max(*known);
    }

    /// How long the method rests, if it does.
    pub fn resting(&self, method: &'static str) -> Option<Duration> {
        let rest = self.lock().get(method)?.rest();
        (!rest.is_zero()).then_some(rest)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<&'static str, Arc<Gate>>> {
        lock(&self.0)
    }
}

impl Turn<'_> {
    /// Waits once more, at the head of the line, after the method was closed again.
    ///
    /// # Errors
    /// As [`Gates::enter`].
    pub async fn wait(&self, give_up: Instant) -> Result<(), Duration> {
        loop {
            self.gate.check(give_up)?;
            let rest = self.gate.rest();
            if rest.is_zero() {
                return Ok(());
            }
            tokio::time::sleep(rest).await;
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut gates = self.gates.lock();
        // Everybody in the line holds the gate, and so does the map; entering takes the map's lock.
        if Arc::strong_count(&self.gate) <= 2 && self.gate.rest().is_zero() {
            gates.remove(self.method);
        }
    }
}

impl Gate {
    fn rest(&self) -> Duration {
        lock(&self.until).saturating_duration_since(Instant::now())
    }

    fn check(&self, give_up: Instant) -> Result<(), Duration> {
        let rest = self.rest();
        if Instant::now() + rest > give_up {
            return Err(rest);
        }
        Ok(())
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is behind these locks is whole between any two statements, so a panic elsewhere leaves nothing half done.
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const POST: &str = "chat.postMessage";

    fn seconds(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    #[tokio::test(start_paused = true)]
    async fn one_method_rests_and_the_others_go_on() {
        let gates = Gates::default();
        let later = Instant::now() + seconds(60);
        gates.close(POST, seconds(3));
        gates.close(POST, seconds(1));
        assert_eq!(gates.resting(POST), Some(seconds(3)));
        assert!(gates.enter("chat.update", later).await.unwrap().is_none());
        let begun = Instant::now();
        drop(gates.enter(POST, later).await.unwrap().unwrap());
        assert_eq!(begun.elapsed().as_secs(), 3);
        assert_eq!(gates.resting(POST), None);
        assert!(gates.enter(POST, later).await.unwrap().is_none(), "free again");
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_cannot_wait_so_long_is_told_at_once() {
        let gates = Gates::default();
        gates.close(POST, seconds(30));
        let begun = Instant::now();
        let refused = gates.enter(POST, begun + seconds(20)).await;
        assert_eq!(refused.err(), Some(seconds(30)));
        assert!(begun.elapsed().is_zero());
    }

    #[tokio::test(start_paused = true)]
    async fn the_line_goes_in_order_and_one_alone_is_told_to_wait_again() {
        let gates = Arc::new(Gates::default());
        gates.close(POST, seconds(2));
        let order = Arc::new(Mutex::new(Vec::new()));
        let begun = Instant::now();
        let mut callers = tokio::task::JoinSet::new();
        for n in 0..5 {
            let (gates, order) = (Arc::clone(&gates), Arc::clone(&order));
            callers.spawn(async move {
                let turn = gates.enter(POST, begun + seconds(60)).await.unwrap().unwrap();
                if n == 0 {
                    // The first is refused again; the others do not even try.
                    gates.close(POST, seconds(5));
                    turn.wait(begun + seconds(60)).await.unwrap();
                }
                lock(&order).push((n, begun.elapsed().as_secs()));
            });
            tokio::task::yield_now().await;
        }
        callers.join_all().await;
        assert_eq!(*lock(&order), [(0, 7), (1, 7), (2, 7), (3, 7), (4, 7)]);
        assert!(lock(&gates.0).is_empty(), "nothing is kept of it");
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_gives_up_in_the_line_holds_nobody_up() {
        let gates = Gates::default();
        gates.close(POST, seconds(1));
        let now = Instant::now();
        let first = gates.enter(POST, now + seconds(9)).await.unwrap();
        assert!(gates.enter(POST, now + seconds(2)).await.is_err(), "behind a slow one");
        drop(first);
        drop(gates.enter(POST, now + seconds(9)).await.unwrap());
        assert!(gates.enter(POST, now + seconds(9)).await.unwrap().is_none());
    }
}
