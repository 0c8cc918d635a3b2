//! Remembers which calls Slack asked to wait with.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Past this many entries the ones that are over are thrown out.
const TIDY_AT: usize = 1000;

/// Until when calls of a method (and scope) have to wait.
#[derive(Default)]
pub struct Gates(Mutex<HashMap<(&'static str, String), Instant>>);

impl Gates {
    /// How long a call has to wait, if it has to.
    pub fn wait(&self, method: &'static str, scope: &str) -> Option<Duration> {
        let mut gates = self.lock();
        if gates.is_empty() {
            return None;
        }
        let key = (method, scope.to_owned());
        let wait = gates.get(&key)?.saturating_duration_since(Instant::now());
        if wait.is_zero() {
            gates.remove(&key);
            return None;
        }
        Some(wait)
    }

    /// Calls of this method and scope wait from now on for so long.
    pub fn close(&self, method: &'static str, scope: &str, wait: Duration) {
        let mut gates = self.lock();
        let now = Instant::now();
        if gates.len() >= TIDY_AT {
            gates.retain(|_, until| *until > now);
        }
        let until = gates.entry((method, scope.to_owned())).or_insert(now);
        *until = (*until).max(now + wait);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(&'static str, String), Instant>> {
        // The map is whole between any two statements, so a panic elsewhere leaves nothing half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_gate_closes_one_method_in_one_scope_for_a_time() {
        let gates = Gates::default();
        gates.close("chat.postMessage", "C1", Duration::from_secs(3));
        gates.close("chat.postMessage", "C1", Duration::from_secs(1));
        assert_eq!(gates.wait("chat.postMessage", "C1"), Some(Duration::from_secs(3)));
        assert_eq!(gates.wait("chat.postMessage", "C2"), None);
        assert_eq!(gates.wait("chat.update", "C1"), None);
        tokio::time::advance(Duration::from_secs(3)).await;
        assert_eq!(gates.wait("chat.postMessage", "C1"), None);
    }
}
