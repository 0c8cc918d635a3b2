//! What the service manager is told of a host's life: that it starts, is ready, reads its configuration again, ends; and,
//! again and again, that it goes on.
//!
//! That it goes on is told by a thread of its own, which asks all [pulses](super::pulse): where one of them stands still
//! nothing is told, and so the service manager ends the process and starts another. The thread has no part in the work
//! itself, so that neither a busy host is taken for one that hangs nor the other way round.

use super::notify::{self, Notify};
use super::pulse::{self, Pulse};
use crate::health::Health;
use moa_store::Store;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;
use tokio_util::task::AbortOnDropHandle;

/// How much more time a start gets each time that it is asked for.
const EXTENSION: Duration = Duration::from_secs(60);
/// How often it is told that it goes on where nothing must be heard of it.
const USUAL: Duration = Duration::from_secs(5);
/// The store's fact that shows that it takes writes.
const FACT: &str = "moa:alive";

/// The service manager's ear. Copies are cheap; where there is none, nothing is told.
#[derive(Clone, Default)]
pub struct Life(Option<Arc<Inner>>);

struct Inner {
    notify: Notify,
    watchdog: Option<Duration>,
    is_ready: AtomicBool,
    /// What was said last of what it is doing.
    status: Mutex<String>,
}

impl Life {
    /// The service manager that this process was started by, if it wants to hear.
    pub fn of_environment() -> Self {
        let Some(notify) = Notify::of_environment() else {
            return Self(None);
        };
        let inner = Arc::new(Inner {
            notify,
            watchdog: notify::watchdog(),
            is_ready: AtomicBool::new(false),
            status: Mutex::default(),
        });
        let (weak, every) = (Arc::downgrade(&inner), inner.every());
        let thread = std::thread::Builder::new().name("moa-watchdog".into());
        if let Err(error) = thread.spawn(move || feed(&weak, every, pulse::stalled)) {
            tracing::error!(%error, "nobody can tell the service manager that Moa goes on");
        }
        Self(Some(inner))
    }

    /// What it is doing, in a line for people.
    pub fn status(&self, text: &str) {
        self.say(&format!("STATUS={}", self.keep(text)));
    }

    /// It does its work from now on, or again.
    pub fn ready(&self, text: &str) {
        if let Some(inner) = &self.0 {
            inner.is_ready.store(true, Ordering::Relaxed);
        }
        self.say(&format!("READY=1\nSTATUS={}", self.keep(text)));
    }

    /// What it read again counts, or what was before; it does what it did.
    pub fn reloaded(&self) {
        if let Some(inner) = &self.0 {
            let status = inner.status.lock().unwrap_or_else(PoisonError::into_inner).clone();
            // Who is not ready yet does not become it by that.
            let ready = if inner.is_ready.load(Ordering::Relaxed) {
                "READY=1\n"
            } else {
                ""
            };
            self.say(&format!("{ready}STATUS={status}"));
        }
    }

    /// It reads its configuration again; [`reloaded`](Self::reloaded) ends that.
    pub fn reloading(&self) {
        let is_ready = |inner: &Arc<Inner>| inner.is_ready.load(Ordering::Relaxed);
        if !self.0.as_ref().is_some_and(is_ready) {
            // To systemd it is being started, and goes on to be.
            return;
        }
        let at = notify::monotonic();
        self.say(&format!(
            "RELOADING=1\nMONOTONIC_USEC={at}\nSTATUS=reading the configuration again"
        ));
    }

    /// It ends.
    pub fn stopping(&self) {
        self.say("STOPPING=1\nSTATUS=stopping: calls that run go on to their end");
    }

    /// Of one line, as the protocol wants it; and remembered.
    fn keep(&self, text: &str) -> String {
        let text = text.replace(['\n', '\r'], " ");
        if let Some(inner) = &self.0 {
            inner
                .status
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone_from(&text);
        }
        text
    }

    fn say(&self, text: &str) {
        if let Some(inner) = &self.0 {
            inner.notify.say(text);
        }
    }
}

impl Inner {
    fn every(&self) -> Duration {
        self.watchdog.map_or(USUAL, |time| (time / 4).min(USUAL))
    }

    /// How long something may stand still. As long again is left for what is only slow.
    fn patience(&self) -> Duration {
        self.watchdog.unwrap_or(EXTENSION) / 2
    }
}

/// Tells again and again that it goes on, for as long as it does.
fn feed(inner: &Weak<Inner>, every: Duration, stalled: impl Fn(Duration) -> Vec<(String, Duration)>) {
    let mut told = false;
    loop {
        let Some(inner) = inner.upgrade() else { return };
        let stalled = stalled(inner.patience());
        if let Some((name, since)) = stalled.first() {
            if !std::mem::replace(&mut told, true) {
                let text = format!("{name} has made no progress for {} s", since.as_secs());
                tracing::error!("{text}; the service manager ends this process if that lasts");
                inner.notify.say(&format!("STATUS={text}"));
            }
        } else {
            told = false;
            // A first start compiles all plugins, and Slack may be away for long: neither is a reason to begin anew.
            match inner.is_ready.load(Ordering::Relaxed) {
                false => {
                    let more = EXTENSION.as_micros();
                    inner.notify.say(&format!("EXTEND_TIMEOUT_USEC={more}\nWATCHDOG=1"));
                }
                true => inner.notify.say("WATCHDOG=1"),
            }
        }
        drop(inner);
        std::thread::sleep(every);
    }
}

/// Shows, until this is dropped, that tasks get their turn and that the store answers. An answer that says that the store is
/// away is one, too.
pub fn watch(store: Arc<dyn Store>, health: Arc<Health>) -> [AbortOnDropHandle<()>; 2] {
    let turns = async move {
        let pulse = Pulse::new("the event loop");
        loop {
            if health.alive().is_ok() {
                pulse.beat();
            }
            if pulse::hangs("event loop") {
                hang_all();
            }
            tokio::time::sleep(pulse::period()).await;
        }
    };
    let answers = async move {
        // It is asked by a write to the disk; where nobody acts on what comes of it, that is spared.
        if notify::watchdog().is_none() {
            return;
        }
        let pulse = Pulse::new("the store");
        loop {
            if pulse::hangs("store") {
                std::future::pending::<()>().await;
            }
            let now = jiff::Timestamp::now().to_string();
            let answer = store.fact_set(FACT, Some(&now)).await;
            if let Err(error) = answer {
                tracing::debug!(%error, "the store answers, and takes nothing");
            }
            pulse.beat();
            tokio::time::sleep(pulse::period()).await;
        }
    };
    [tokio::spawn(turns), tokio::spawn(answers)].map(AbortOnDropHandle::new)
}

/// Blocks every thread that tasks run on (tests).
fn hang_all() {
    for _ in 0..64 {
        tokio::spawn(async { std::thread::sleep(Duration::from_secs(3_600)) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixDatagram;

    fn heard(socket: &UnixDatagram) -> String {
        let mut bytes = [0; 500];
        let length = socket.recv(&mut bytes).unwrap();
        String::from_utf8(bytes[..length].to_vec()).unwrap()
    }

    #[test]
    fn it_is_fed_while_all_goes_on_and_not_any_more_when_something_hangs() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("notify");
        let there = UnixDatagram::bind(&path).unwrap();
        there.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let life = Life(Some(Arc::new(Inner {
            notify: Notify::to(&path),
            watchdog: Some(Duration::from_millis(400)),
            is_ready: AtomicBool::new(false),
            status: Mutex::default(),
        })));
        let (weak, every) = (Arc::downgrade(life.0.as_ref().unwrap()), Duration::from_millis(20));
        // Other tests have pulses of their own in this process.
        let ours = |longer_than| {
            let mut stalled = pulse::stalled(longer_than);
            stalled.retain(|(name, _)| name == "a thing");
            stalled
        };
        let feeding = std::thread::spawn(move || feed(&weak, every, ours));
        assert!(heard(&there).starts_with("EXTEND_TIMEOUT_USEC=60000000\n"));
        life.ready("2 plugins\nanswer");
        let until = |wanted: &str| while heard(&there) != wanted {};
        until("READY=1\nSTATUS=2 plugins answer");
        until("WATCHDOG=1");
        let hung = Pulse::new("a thing");
        let told = loop {
            let said = heard(&there);
            if said != "WATCHDOG=1" {
                break said;
            }
        };
        assert_eq!(told, "STATUS=a thing has made no progress for 0 s");
        there.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        let mut bytes = [0; 500];
        assert!(there.recv(&mut bytes).is_err(), "nothing more is said");
        there.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        drop(hung);
        until("WATCHDOG=1");
        life.reloading();
        let reloading = loop {
            let said = heard(&there);
            if said != "WATCHDOG=1" {
                break said;
            }
        };
        assert!(reloading.starts_with("RELOADING=1\nMONOTONIC_USEC="), "{reloading}");
        drop(life);
        feeding.join().unwrap();
    }
}
