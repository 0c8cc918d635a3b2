//! Counts what a call uses, in a place that outlives the call's store.

use crate::fault::Usage;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// One call's counters. Written by the thread that runs the call, read when it is over.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    cpu_before: AtomicU64,
    polled_at: AtomicU64,
    memory_peak: AtomicU64,
    host_calls: AtomicU64,
}

impl Tally {
    /// Runs a future and counts the thread's CPU time while it is being polled: time in which it waits, or in which the
    /// thread runs something else, does not count.
    pub(crate) async fn measure<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        poll_fn(move |context| {
            self.polled_at.store(thread_cpu_nanos(), Relaxed);
            let answer = future.as_mut().poll(context);
            let spent = thread_cpu_nanos().saturating_sub(self.polled_at.load(Relaxed));
            self.cpu_before.fetch_add(spent, Relaxed);
            answer
        })
        .await
    }

    /// CPU time so far; to be asked on the thread that is polling.
    pub(crate) fn cpu_now(&self) -> Duration {
        let current = thread_cpu_nanos().saturating_sub(self.polled_at.load(Relaxed));
        Duration::from_nanos(self.cpu_before.load(Relaxed).saturating_add(current))
    }

    /// Counts a host call; the number of it, from 1.
    pub(crate) fn host_call(&self) -> u64 {
        self.host_calls.fetch_add(1, Relaxed).saturating_add(1)
    }

    /// Notes how much memory there is now.
    pub(crate) fn memory(&self, bytes: u64) {
        self.memory_peak.fetch_max(bytes, Relaxed);
    }

    /// Everything, once the call is over.
    pub(crate) fn usage(&self, wall: Duration) -> Usage {
        Usage {
            cpu: Duration::from_nanos(self.cpu_before.load(Relaxed)),
            wall,
            memory_peak: self.memory_peak.load(Relaxed),
            host_calls: self.host_calls.load(Relaxed),
        }
    }
}

/// The CPU time of this thread: unlike the clock on the wall it does not blame a plugin for a busy machine.
#[cfg(unix)]
fn thread_cpu_nanos() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a valid place to write to. The call can only fail where the clock does not exist, and then
    // leaves zeros, which means that only the wall limit holds.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let nanos = u64::try_from(time.tv_nsec).unwrap_or(0);
    seconds.saturating_mul(1_000_000_000).saturating_add(nanos)
}

/// Where threads have no clock of their own the one on the wall serves.
#[cfg(not(unix))]
fn thread_cpu_nanos() -> u64 {
    use std::sync::OnceLock;
    use std::time::Instant;
    static START: OnceLock<Instant> = OnceLock::new();
    u64::try_from(START.get_or_init(Instant::now).elapsed().as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn waiting_is_free_and_computing_is_not() {
        let waiting = Tally::default();
        waiting.measure(tokio::time::sleep(Duration::from_millis(50))).await;
        assert!(waiting.usage(Duration::ZERO).cpu < Duration::from_millis(20));

        let computing = Tally::default();
        computing
            .measure(async {
                while computing.cpu_now() < Duration::from_millis(20) {
                    std::hint::black_box(0);
                }
                tokio::task::yield_now().await;
            })
            .await;
        assert!(computing.usage(Duration::ZERO).cpu >= Duration::from_millis(20));
    }
}
