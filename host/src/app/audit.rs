//! The audit log of a host that runs.

use crate::audit::kept::{self, Kept};
use crate::audit::{Audit, Policy};
use anyhow::Context;
use moa_core::config::Config;
use moa_store::Store;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;

/// How long is waited for the store to take the end of the log.
const LAST: Duration = Duration::from_secs(2);

/// The log, and the store that knows its end.
pub(super) struct Record {
    audit: Arc<Audit>,
    following: JoinHandle<()>,
}

impl Record {
    /// Opens the log, and lets the store know of its end from then on.
    pub(super) async fn open(config: &Config, store: &Arc<dyn Store>) -> anyhow::Result<Self> {
        let dir = config.bot.data_dir.join("audit");
        let known = Kept::read(&**store).await?;
        let audit = Audit::open(&dir, Policy::default(), known.map(|kept| kept.head)).with_context(|| {
            format!(
                "the audit log in {} cannot be opened; make it writable, and stop any other moa that uses it",
                dir.display()
            )
        })?;
        let known = match known {
            Some(known) => known,
            // From the very first line on.
            None => {
                let kept = Kept::default();
                kept.write(&**store).await?;
                kept
            }
        };
        let following = tokio::spawn(kept::follow(Arc::clone(&audit), Arc::clone(store), known));
        Ok(Self { audit, following })
    }

    /// The log.
    pub(super) fn audit(&self) -> Arc<Audit> {
        Arc::clone(&self.audit)
    }

    /// Closes the log, and lets the store know of its end.
    pub(super) async fn close(self) {
        self.audit.close().await;
        // It ends by itself when the writer has told of the last line.
        if !matches!(tokio::time::timeout(LAST, self.following).await, Ok(Ok(()))) {
            tracing::warn!("the store does not know the end of the audit log; the next start takes it as it is");
        }
    }
}
