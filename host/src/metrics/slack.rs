//! What is counted of the connection to Slack.

use super::number::{Counter, Histogram, Row};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Connections that greeted.
pub static CONNECTED: Counter = Counter::new();
/// Connections that ended.
pub static ENDED: Counter = Counter::new();
/// Pings that were sent.
pub static PINGS: Counter = Counter::new();
/// From a ping to its answer.
pub static ROUND_TRIPS: Histogram = Histogram::new();
/// Frames that came with an envelope.
pub static ENVELOPES: Counter = Counter::new();
/// Calls of the Web API.
pub static CALLS: Row<5> = Row::new(["ok", "rate-limited", "refused", "failed", "unclear"]);
/// How long they took.
pub static CALL_TIMES: Histogram = Histogram::new();

/// The connections that are open: a lock that is taken when one comes, is pinged, or goes.
static LINKS: Mutex<BTreeMap<u64, Link>> = Mutex::new(BTreeMap::new());
static NUMBER: AtomicU64 = AtomicU64::new(0);

/// An open connection.
#[derive(Clone, Debug)]
pub struct Link {
    /// Since when.
    pub since: Timestamp,
    /// When it was last pinged.
    pub pinged: Option<Timestamp>,
    /// How long the last answer to a ping took.
    pub round_trip: Option<Duration>,
    /// When something came last: milliseconds after [`Self::epoch`].
    seen: Arc<AtomicU64>,
    epoch: Instant,
    asked: Option<Instant>,
}

impl Link {
    /// How long ago something came last.
    pub fn silent(&self) -> Duration {
        let seen = Duration::from_millis(self.seen.load(Ordering::Relaxed));
        self.epoch.elapsed().saturating_sub(seen)
    }
}

/// An open connection, as long as this is held.
#[derive(Debug)]
pub struct Open(u64);

impl Open {
    /// A connection greeted; its reader keeps the time of the last frame in `seen`, in milliseconds after `epoch`.
    pub fn now(seen: Arc<AtomicU64>, epoch: Instant) -> Self {
        CONNECTED.add();
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let link = Link {
            since: Timestamp::now(),
            pinged: None,
            round_trip: None,
            seen,
            epoch,
            asked: None,
        };
        links().insert(number, link);
        Self(number)
    }

    /// It is pinged.
    pub fn ping(&self) {
        PINGS.add();
        if let Some(link) = links().get_mut(&self.0) {
            link.pinged = Some(Timestamp::now());
            link.asked = Some(Instant::now());
        }
    }

    /// It answered.
    pub fn pong(&self) {
        if let Some(link) = links().get_mut(&self.0)
            && let Some(asked) = link.asked.take()
        {
            let took = asked.elapsed();
            link.round_trip = Some(took);
            ROUND_TRIPS.took(took);
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        ENDED.add();
        links().remove(&self.0);
    }
}

/// The open connections, the oldest first.
pub fn open() -> Vec<Link> {
    links().values().cloned().collect()
}

/// Rows are replaced whole; a panic elsewhere leaves them as they are.
fn links() -> MutexGuard<'static, BTreeMap<u64, Link>> {
    LINKS.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_open_until_it_is_not() {
        let epoch = Instant::now();
        let open_one = Open::now(Arc::new(AtomicU64::new(0)), epoch);
        let number = open_one.0;
        open_one.ping();
        open_one.pong();
        open_one.pong();
        let link = links().get(&number).cloned().unwrap();
        assert!(link.pinged.is_some() && link.round_trip.is_some());
        assert!(link.silent() < Duration::from_secs(60));
        drop(open_one);
        assert!(!links().contains_key(&number));
    }
}
