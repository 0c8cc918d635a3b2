//! A host that ends in the middle of something.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tokio::sync::Notify;

/// Ends a host in the middle of something: from its moment on nothing comes back any more.
pub(crate) struct Crash {
    left: AtomicI64,
    happened: Notify,
}

impl Crash {
    /// After so many moments in which it may happen.
    pub(crate) fn after(moments: i64) -> Arc<Self> {
        Arc::new(Self {
            left: AtomicI64::new(moments),
            happened: Notify::new(),
        })
    }

    /// Runs something until it is done, or until the crash.
    pub(crate) async fn or<T>(&self, run: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            () = self.happened.notified() => None,
            done = run => Some(done),
        }
    }

    pub(super) async fn moment(crash: Option<&Arc<Self>>) {
        if let Some(crash) = crash
            && crash.left.fetch_sub(1, Ordering::SeqCst) <= 0
        {
            crash.happened.notify_one();
            std::future::pending::<()>().await;
        }
    }
}
