//! When to stop: Ctrl-C and SIGTERM.

use std::future::poll_fn;
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
