//! Whether this process makes progress: a pulse that goes the way that every event goes.
//!
//! Once a second a task is started anew, waits for a timer, and takes what every event takes on its way. Where the threads
//! that run tasks are all held up, or something on the way is locked for ever, the pulse stands still, and whoever looks
//! (`/livez`, the service manager's watchdog) sees how long ago its last beat was.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use tokio_util::task::AbortOnDropHandle;

/// Between two beats.
const BEAT: Duration = Duration::from_secs(1);
/// After so long without one the host does not live.
pub const STANDSTILL: Duration = Duration::from_secs(10);

/// The pulse stands still.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("nothing has moved for {} s: the threads that run everything are held up", .0.as_secs())]
pub struct Stands(pub Duration);

/// What every event takes on its way: it is taken, let go of, and must not be waited for.
type Way = Box<dyn Fn() + Send + Sync>;

/// How the host is.
pub struct Health {
    begun: Instant,
    /// Milliseconds after [`Self::begun`].
    beat: AtomicU64,
    /// How late the last beat came, in microseconds.
    late: AtomicU64,
    way: OnceLock<Way>,
}

impl Default for Health {
    fn default() -> Self {
        Self {
            begun: Instant::now(),
            beat: AtomicU64::new(0),
            late: AtomicU64::new(0),
            way: OnceLock::new(),
        }
    }
}

impl Health {
    /// Beats from now on, until the handle is dropped.
    pub fn pulse(self: &Arc<Self>) -> AbortOnDropHandle<()> {
        let health = Arc::clone(self);
        AbortOnDropHandle::new(tokio::spawn(async move {
            loop {
                let due = Instant::now() + BEAT;
                tokio::time::sleep_until(due.into()).await;
                let walker = Arc::clone(&health);
                let walk = async move {
                    if let Some(way) = walker.way.get() {
                        way();
                    }
                };
                // A task of its own: that new ones are begun is part of the question.
                if tokio::spawn(walk).await.is_ok() {
                    health.beat(due.elapsed());
                }
            }
        }))
    }

    /// From now on this is the way of events.
    pub fn goes(&self, way: impl Fn() + Send + Sync + 'static) {
        // Once, at the start.
        let _ = self.way.set(Box::new(way));
    }

    fn beat(&self, late: Duration) {
        let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.late.store(micros(late), Ordering::Relaxed);
        self.beat.store(micros(self.begun.elapsed()) / 1000, Ordering::Relaxed);
    }

    /// How long the last beat is ago.
    pub fn since_beat(&self) -> Duration {
        let beat = Duration::from_millis(self.beat.load(Ordering::Relaxed));
        self.begun.elapsed().saturating_sub(beat)
    }

    /// How late the last beat came: how long whatever is due waits for a thread.
    pub fn lateness(&self) -> Duration {
        Duration::from_micros(self.late.load(Ordering::Relaxed))
    }

    /// Whether something moved lately.
    ///
    /// # Errors
    /// Nothing did.
    pub fn alive(&self) -> Result<(), Stands> {
        let since = self.since_beat();
        if since > STANDSTILL { Err(Stands(since)) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_pulse_stands_still_where_the_way_is_blocked() {
        let health = Arc::<Health>::default();
        let way = Arc::new(Mutex::new(()));
        let walked = Arc::clone(&way);
        health.goes(move || drop(walked.lock()));
        let pulse = health.pulse();
        let age = |health: &Health| health.since_beat();
        let held = tokio::task::spawn_blocking({
            let (way, health) = (Arc::clone(&way), Arc::clone(&health));
            move || {
                let _held = way.lock().unwrap();
                std::thread::sleep(Duration::from_millis(2_500));
                health.since_beat()
            }
        });
        // No beat came through while it was held.
        let blocked = held.await.unwrap();
        assert!(blocked > Duration::from_millis(1_400), "{blocked:?}");
        let beats = async {
            while age(&health) > Duration::from_millis(900) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), beats).await.unwrap();
        assert!(health.alive().is_ok());
        drop(pulse);
    }
}
