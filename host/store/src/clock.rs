//! Where the store gets the time from.
//!
//! Two kinds of time. What callers set as a moment, the expiry of an entry, is measured by the clock on the wall
//! ([`Clock::now_ms`]), which people and time servers set forward and back. How long the journal remembers is measured by
//! the time that really passed ([`Clock::steady_ms`]), so that no jump of the clock has an event answered twice or its
//! text kept too short.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// The time, as the store sees it.
pub trait Clock: Send + Sync + 'static {
    /// Milliseconds since 1970-01-01T00:00:00Z, as the clock says. It may jump.
    fn now_ms(&self) -> i64;

    /// Milliseconds that passed since some moment. It never jumps and never goes back; whether time counts in which the
    /// machine slept is left open.
    fn steady_ms(&self) -> i64;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_ms(&self) -> i64 {
        // A clock before 1970 or after the year 292 million is wrong anyway; the nearest time that fits will do.
        match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
            Err(before) => i64::try_from(before.duration().as_millis()).map_or(i64::MIN, |ms| -ms),
        }
    }

    fn steady_ms(&self) -> i64 {
        static BEGIN: LazyLock<Instant> = LazyLock::new(Instant::now);
        i64::try_from(BEGIN.elapsed().as_millis()).unwrap_or(i64::MAX)
    }
}

/// A clock that stands still until it is moved: for tests and transcripts.
#[derive(Debug, Default)]
pub struct ManualClock {
    now_ms: AtomicI64,
    steady_ms: AtomicI64,
}

impl ManualClock {
    /// A clock that shows `now_ms`, in milliseconds since 1970.
    pub fn at(now_ms: i64) -> Self {
        Self {
            now_ms: AtomicI64::new(now_ms),
            steady_ms: AtomicI64::new(0),
        }
    }

    /// Lets `ms` milliseconds pass; a negative number only sets the clock back.
    pub fn advance(&self, ms: i64) {
        self.steady_ms.fetch_add(ms.max(0), Ordering::SeqCst);
        self.jump(ms);
    }

    /// Lets time pass until the clock shows `now_ms`, in milliseconds since 1970; an earlier time only sets it back.
    pub fn set(&self, now_ms: i64) {
        self.advance(now_ms - self.now_ms());
    }

    /// Sets the clock forward by `ms` milliseconds, or back when negative, without any time passing.
    pub fn jump(&self, ms: i64) {
        self.now_ms.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now_ms(&self) -> i64 {
        self.now_ms.load(Ordering::SeqCst)
    }

    fn steady_ms(&self) -> i64 {
        self.steady_ms.load(Ordering::SeqCst)
    }
}

/// A clock may be shared: the store holds one end, a test the other.
impl<C: Clock + ?Sized> Clock for std::sync::Arc<C> {
    fn now_ms(&self) -> i64 {
        self.as_ref().now_ms()
    }

    fn steady_ms(&self) -> i64 {
        self.as_ref().steady_ms()
    }
}

/// The time that the journal counts by: it begins with the clock's, and then goes on with what really passes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Age {
    began_ms: i64,
    began_steady_ms: i64,
}

impl Age {
    /// From now on. `latest_ms` is the latest time of this kind that was written down; the clock may be behind it, this
    /// never is.
    pub(crate) fn begin(clock: &dyn Clock, latest_ms: Option<i64>) -> Self {
        let now_ms = clock.now_ms();
        Self {
            began_ms: latest_ms.map_or(now_ms, |latest| latest.max(now_ms)),
            began_steady_ms: clock.steady_ms(),
        }
    }

    /// Milliseconds, since 1970 as long as the clock has not jumped.
    pub(crate) fn now_ms(self, clock: &dyn Clock) -> i64 {
        let passed = clock.steady_ms() - self.began_steady_ms;
        self.began_ms.saturating_add(passed)
    }
}
