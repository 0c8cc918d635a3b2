//! How much a plugin may send at once and one after the other.

use crate::error::Error;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How much each plugin may send.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    /// Requests a second, in the long run.
    pub per_second: f64,
    /// Requests that may be sent without a pause before.
    pub burst: f64,
    /// Requests on their way at the same time. Further ones wait.
    pub at_once: usize,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            per_second: 20.0,
            burst: 100.0,
            at_once: 8,
        }
    }
}

#[derive(Debug)]
struct Gate {
    slots: Arc<Semaphore>,
    left: f64,
    since: Instant,
}

/// Of all plugins.
#[derive(Debug)]
pub(crate) struct Gates {
    pace: Pace,
    by_plugin: Mutex<HashMap<String, Gate>>,
}

impl Gates {
    pub(crate) fn new(pace: Pace) -> Self {
        Self {
            pace,
            by_plugin: Mutex::default(),
        }
    }

    /// Counts a request and waits until it may go.
    pub(crate) async fn pass(&self, plugin: &str) -> Result<OwnedSemaphorePermit, Error> {
        let slots = self.count(plugin, Instant::now())?;
        let closed = |_| Error::Unavailable("the host is shutting down".into());
        slots.acquire_owned().await.map_err(closed)
    }

    /// Counts one more request to the same end: where a redirect leads.
    pub(crate) fn count(&self, plugin: &str, now: Instant) -> Result<Arc<Semaphore>, Error> {
        let mut gates = self.by_plugin.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = || Gate {
            slots: Arc::new(Semaphore::new(self.pace.at_once)),
            left: self.pace.burst,
            since: now,
        };
        let gate = match gates.get_mut(plugin) {
            Some(gate) => gate,
            None => gates.entry(plugin.to_owned()).or_insert_with(fresh),
        };
        let passed = now.saturating_duration_since(gate.since).as_secs_f64();
        gate.left = (gate.left + passed * self.pace.per_second).min(self.pace.burst);
        gate.since = now;
        if gate.left < 1.0 {
            return Err(Error::OverLimit(format!(
                "`{plugin}` sends more than {} HTTP requests a second; try again later",
                self.pace.per_second
            )));
        }
        gate.left -= 1.0;
        Ok(Arc::clone(&gate.slots))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_burst_and_then_a_pace_for_each_plugin() {
        let gates = Gates::new(Pace {
            per_second: 2.0,
            burst: 3.0,
            at_once: 1,
        });
        let start = Instant::now();
        let sent = |plugin, ms| gates.count(plugin, start + Duration::from_millis(ms)).is_ok();
        assert!((0..3).all(|_| sent("a", 0)));
        assert!(!sent("a", 0) && !sent("a", 400));
        assert!(sent("a", 600) && !sent("a", 700));
        assert!(sent("b", 700));
        assert!((0..3).all(|_| sent("a", 60_000)));
        assert!(!sent("a", 60_000));
    }
}
