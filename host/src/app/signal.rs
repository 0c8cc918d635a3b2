//! When to stop: Ctrl-C and SIGTERM; and when to read the configuration again: SIGHUP.

use std::future::poll_fn;
use std::io::IsTerminal as _;
use std::task::Poll;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Returns at the first Ctrl-C or SIGTERM after it was called. To be called within a Tokio runtime: it listens from then
/// on, not only once it is awaited.
pub fn stop_requested() -> impl Future<Output = ()> + Send {
    first_of(&[SignalKind::interrupt(), SignalKind::terminate()])
}

/// The same, and when the terminal is closed. Not for what is meant to outlive it: whoever starts that with `nohup` has
/// this signal ignored.
pub fn stop_or_hangup_requested() -> impl Future<Output = ()> + Send {
    first_of(&[SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()])
}

/// What a SIGHUP means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hangup {
    /// That the configuration is to be read again.
    Reload,
    /// That the terminal is gone that it was started from.
    Gone,
}

/// The SIGHUPs of this process.
pub struct Hangups {
    signals: Option<Signal>,
    had_terminal: bool,
}

impl Hangups {
    /// Listens from now on. To be called within a Tokio runtime. What was started with `nohup` hears none.
    pub fn listen() -> Self {
        let signals = match is_ignored(libc::SIGHUP) {
            true => None,
            false => signal(SignalKind::hangup()).ok(),
        };
        Self {
            signals,
            had_terminal: std::io::stdin().is_terminal(),
        }
    }

    /// The next one.
    pub async fn next(&mut self) -> Hangup {
        let heard = match &mut self.signals {
            Some(signals) => signals.recv().await,
            None => None,
        };
        match heard {
            // A terminal that is gone is none any more.
            Some(()) if self.had_terminal && !std::io::stdin().is_terminal() => Hangup::Gone,
            Some(()) => Hangup::Reload,
            None => std::future::pending().await,
        }
    }
}

fn is_ignored(signal: libc::c_int) -> bool {
    // SAFETY: an action of zeros is a valid value to be written over.
    let mut now: libc::sigaction = unsafe { std::mem::zeroed() };
    // SAFETY: nothing is set; what is in force is written to `now`, which is ours.
    let read = unsafe { libc::sigaction(signal, std::ptr::null(), &raw mut now) };
    read == 0 && now.sa_sigaction == libc::SIG_IGN
}

fn first_of(kinds: &[SignalKind]) -> impl Future<Output = ()> + Send + use<> {
    // Without a handler a signal ends the process by itself, which is what was asked for.
    let mut signals: Vec<Signal> = kinds.iter().filter_map(|kind| signal(*kind).ok()).collect();
    async move {
        poll_fn(
            |context| match signals.iter_mut().any(|signal| signal.poll_recv(context).is_ready()) {
                true => Poll::Ready(()),
                false => Poll::Pending,
            },
        )
        .await;
    }
}
