//! The ⏳ on a message whose call takes long.

use super::{Invoker, Work};
use moa_core::event::EventKind;
use std::sync::Arc;
use tokio::sync::oneshot;

/// The reaction that a slow call shows.
pub(super) const HOURGLASS: &str = "hourglass_flowing_sand";

/// What is to be done about a message's ⏳.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Hourglass {
    /// It is shown, and removed in the end.
    Shown,
    /// It is removed in case that it is still there.
    Leftover,
}

impl Invoker {
    /// Shows the ⏳, or only removes it; it goes when the sender that is returned does.
    ///
    /// On its own, for it is a courtesy: the answer must not wait for it, and that it cannot be set is no failure.
    pub(super) fn hourglass(&self, work: &Work, what: Hourglass) -> oneshot::Sender<()> {
        let (shown, over) = oneshot::channel();
        let EventKind::Message(message) = &work.event.asked().kind else {
            return shown;
        };
        if what == Hourglass::Shown && self.is_hushed(work) {
            return shown;
        }
        let (adapter, at) = (Arc::clone(&self.adapter), message.at.clone());
        self.courtesies.spawn(async move {
            if what == Hourglass::Shown
                && let Err(error) = adapter.react(&at, HOURGLASS).await
            {
                tracing::debug!(%error, "the hourglass could not be shown");
                return;
            }
            // Nothing is ever sent: the other end just goes.
            let _ = over.await;
            if let Err(error) = adapter.unreact(&at, HOURGLASS).await {
                tracing::debug!(%error, "the hourglass could not be taken away");
            }
        });
        shown
    }
}
