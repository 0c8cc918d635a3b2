//! Whether what must never stand still goes on: the event loop, each connection, the store.
//!
//! Whoever does such work in a loop holds a [`Pulse`] and [beats](Pulse::beat) at each turn, at least once in
//! [`period`]. That there is nothing to do is no excuse: a loop that waits wakes up for it. That something outside is away
//! (Slack, Redis) is no standstill: whoever waits for it goes on beating, since a restart would not bring it back.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant};

/// How often each beats, where no service manager wants to know it more often.
const USUAL: Duration = Duration::from_secs(10);
/// How often within the time that the service manager allows.
const TIMES: u32 = 6;

/// Something that must go on, for as long as this is held.
#[derive(Debug)]
pub struct Pulse(Arc<Beat>);

#[derive(Debug)]
struct Beat {
    name: String,
    /// Milliseconds since [`epoch`].
    last: AtomicU64,
}

/// All pulses of this process.
static ALL: Mutex<Vec<Weak<Beat>>> = Mutex::new(Vec::new());

impl Pulse {
    /// Begins, with a first beat. The name is for people.
    pub fn new(name: impl Into<String>) -> Self {
        let beat = Arc::new(Beat {
            name: name.into(),
            last: AtomicU64::new(now()),
        });
        let mut all = all();
        all.retain(|other| other.strong_count() > 0);
        all.push(Arc::downgrade(&beat));
        Self(beat)
    }

    /// It goes on.
    pub fn beat(&self) {
        self.0.last.store(now(), Ordering::Relaxed);
    }
}

/// How often each has to beat: several times within what the service manager allows.
pub fn period() -> Duration {
    static PERIOD: OnceLock<Duration> = OnceLock::new();
    *PERIOD.get_or_init(|| {
        let asked = super::notify::watchdog().map(|time| time / TIMES);
        asked.map_or(USUAL, |time| time.clamp(Duration::from_millis(100), USUAL))
    })
}

/// What has stood still for longer than this, and since when.
pub fn stalled(longer_than: Duration) -> Vec<(String, Duration)> {
    let now = now();
    let age = |beat: &Beat| Duration::from_millis(now.saturating_sub(beat.last.load(Ordering::Relaxed)));
    let of = |beat: Arc<Beat>| {
        let age = age(&beat);
        (age > longer_than).then(|| (beat.name.clone(), age))
    };
    all().iter().filter_map(Weak::upgrade).filter_map(of).collect()
}

fn all() -> MutexGuard<'static, Vec<Weak<Beat>>> {
    // Nothing here panics half-way.
    ALL.lock().unwrap_or_else(PoisonError::into_inner)
}

fn now() -> u64 {
    static EPOCH: OnceLock<Instant> = OnceLock::new();
    let since = EPOCH.get_or_init(Instant::now).elapsed();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Lets a test make something stand still: in a build for tests, the loop that beats under this name (`websocket`, `store`,
/// `event loop`) hangs as soon as the file that `MOA_TEST_HANG` names holds that name.
#[cfg(debug_assertions)]
pub(crate) fn hangs(name: &str) -> bool {
    static FILE: OnceLock<Option<std::path::PathBuf>> = OnceLock::new();
    let file = FILE.get_or_init(|| std::env::var_os("MOA_TEST_HANG").map(Into::into));
    let told = file.as_ref().and_then(|file| std::fs::read_to_string(file).ok());
    told.is_some_and(|told| told.trim() == name)
}

/// Nothing hangs on demand in what people run.
#[cfg(not(debug_assertions))]
pub(crate) fn hangs(_: &str) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_beat_is_found_until_it_is_let_go() {
        let quick = Pulse::new("pulse test: quick");
        let hung = Pulse::new("pulse test: hung");
        let ours = |found: Vec<(String, Duration)>| -> Vec<String> {
            let ours = |(name, _): (String, Duration)| name.strip_prefix("pulse test: ").map(str::to_owned);
            found.into_iter().filter_map(ours).collect()
        };
        assert!(ours(stalled(Duration::from_secs(60))).is_empty());
        std::thread::sleep(Duration::from_millis(30));
        quick.beat();
        assert_eq!(ours(stalled(Duration::from_millis(20))), ["hung"]);
        drop(hung);
        assert!(ours(stalled(Duration::from_millis(20))).is_empty());
        drop(quick);
    }
}
