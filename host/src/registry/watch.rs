//! When to look at the folder: soon after something happened, but not while it is still happening.

use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher, event::AccessKind, event::AccessMode};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// How long nothing may have happened before files are looked at.
pub(crate) const QUIET: Duration = Duration::from_millis(200);
/// How long a restless folder can put that off.
pub(crate) const LATEST: Duration = Duration::from_secs(1);

/// Waits for quiet, with a deadline. Knows no clock of its own.
#[derive(Debug)]
pub(crate) struct Quiet {
    quiet: Duration,
    latest: Duration,
    first_and_last: Option<(Instant, Instant)>,
}

impl Quiet {
    pub(crate) fn new(quiet: Duration, latest: Duration) -> Self {
        Self {
            quiet,
            latest,
            first_and_last: None,
        }
    }

    /// Something happened.
    pub(crate) fn event(&mut self, now: Instant) {
        let first = self.first_and_last.map_or(now, |(first, _)| first);
        self.first_and_last = Some((first, now));
    }

    /// When [`take`](Self::take) will say so; `None` while nothing has happened.
    pub(crate) fn due_at(&self) -> Option<Instant> {
        self.first_and_last
            .map(|(first, last)| (last + self.quiet).min(first + self.latest))
    }

    /// Whether it is time; if so, forgets what happened.
    pub(crate) fn take(&mut self, now: Instant) -> bool {
        let due = self.due_at().is_some_and(|at| now >= at);
        if due {
            self.first_and_last = None;
        }
        due
    }
}

/// What the system told since it was last asked. Names are kept as a set, so that a flood of events takes no room.
#[derive(Debug, Default)]
pub(crate) struct Touched {
    names: Mutex<BTreeSet<OsString>>,
    wake: Notify,
}

impl Touched {
    /// Waits until something happened.
    pub(crate) async fn wait(&self) {
        self.wake.notified().await;
    }

    /// The names of the files that something happened to.
    pub(crate) fn take(&self) -> BTreeSet<OsString> {
        std::mem::take(&mut *self.names.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Has a file looked at again.
    pub(crate) fn add(&self, name: OsString) {
        self.extend([name]);
    }

    fn extend(&self, names: impl IntoIterator<Item = OsString>) {
        self.names.lock().unwrap_or_else(PoisonError::into_inner).extend(names);
        self.wake.notify_one();
    }

    fn hear(&self, event: &Event) {
        if changes(event.kind) {
            self.extend(
                event
                    .paths
                    .iter()
                    .filter_map(|path| path.file_name())
                    .map(OsString::from),
            );
        }
    }
}

/// Reading changes nothing, and we do it ourselves.
pub(crate) fn changes(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
        EventKind::Access(_) => false,
        EventKind::Any | EventKind::Create(_) | EventKind::Modify(_) | EventKind::Remove(_) | EventKind::Other => true,
    }
}

/// The system's own notice of changes in a folder. Ends when dropped.
///
/// Only a help to be quick: what is missed here, a look at the folder every now and then finds.
pub(crate) struct FolderWatch {
    _watcher: RecommendedWatcher,
}

impl FolderWatch {
    pub(crate) fn start(dir: &Path, touched: &Arc<Touched>) -> notify::Result<Self> {
        let touched = Arc::clone(touched);
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| match event {
            Ok(event) => touched.hear(&event),
            // Events may be lost; the next look at the folder finds what they told.
            Err(_) => touched.wake.notify_one(),
        })?;
        watcher.watch(dir, RecursiveMode::NonRecursive)?;
        Ok(Self { _watcher: watcher })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Bench {
        quiet: Quiet,
        start: Instant,
    }

    impl Bench {
        fn new() -> Self {
            Self {
                quiet: Quiet::new(QUIET, LATEST),
                start: Instant::now(),
            }
        }
        fn at(&self, ms: u64) -> Instant {
            self.start + Duration::from_millis(ms)
        }
        fn event(&mut self, ms: u64) {
            let at = self.at(ms);
            self.quiet.event(at);
        }
        fn take(&mut self, ms: u64) -> bool {
            let at = self.at(ms);
            self.quiet.take(at)
        }
    }

    #[test]
    fn one_event_is_due_after_the_quiet_time() {
        let mut bench = Bench::new();
        assert_eq!(bench.quiet.due_at(), None);
        assert!(!bench.take(0));
        bench.event(10);
        assert_eq!(bench.quiet.due_at(), Some(bench.at(210)));
        assert!(!bench.take(209));
        assert!(bench.take(210));
        assert!(!bench.take(500));
        assert_eq!(bench.quiet.due_at(), None);
    }

    #[test]
    fn further_events_put_it_off_up_to_the_deadline() {
        let mut bench = Bench::new();
        for ms in (0..1000).step_by(100) {
            bench.event(ms);
            assert!(!bench.take(ms + 99), "{ms}");
        }
        assert_eq!(bench.quiet.due_at(), Some(bench.at(1000)));
        assert!(bench.take(1000));
        bench.event(1050);
        assert_eq!(bench.quiet.due_at(), Some(bench.at(1250)));
    }

    #[test]
    fn who_comes_late_finds_it_quiet() {
        let mut bench = Bench::new();
        bench.event(0);
        bench.event(900);
        assert!(bench.take(5000));
    }

    #[test]
    fn reading_is_no_change() {
        assert!(!changes(EventKind::Access(AccessKind::Open(AccessMode::Any))));
        assert!(!changes(EventKind::Access(AccessKind::Close(AccessMode::Read))));
        assert!(changes(EventKind::Access(AccessKind::Close(AccessMode::Write))));
        assert!(changes(EventKind::Remove(notify::event::RemoveKind::File)));
    }
}
