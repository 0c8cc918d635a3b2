//! The end of the log in the store, so that it shows where an end was taken away.
//!
//! It is written beside the work, some time after the lines; never before they are on the disk, so that no power cut makes
//! it lie.

use super::{Audit, file};
use moa_core::audit::{Entry, Head, Outcome, What};
use moa_store::{Cell, Scope, Space, Store, StoreError, Write};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::watch;
use tokio::time::Instant;

/// At least so much time is between two writes.
const PAUSE: Duration = Duration::from_millis(500);
/// How often old files are looked for.
const LOOK: Duration = Duration::from_secs(3600);
/// When a write that failed is tried again.
const AGAIN: Duration = Duration::from_secs(5);

/// What the store knows of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// The last line.
    pub head: Head,
    /// The last line of those that were removed for their age.
    #[serde(default)]
    pub removed: Head,
}

/// Where it stands. No plugin's name has a colon.
pub const SPACE: &str = "moa:audit";

fn cell() -> Cell {
    Space::new(SPACE, Scope::Plugin).cell("head")
}

impl Kept {
    /// What the store knows; nothing if no log was ever begun.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn read(store: &dyn Store) -> Result<Option<Self>, StoreError> {
        let Some(entry) = store.get(&cell()).await? else {
            return Ok(None);
        };
        let read = serde_json::from_slice(&entry.value);
        if let Err(error) = &read {
            tracing::error!(%error, "what the store knows of the audit log's end cannot be read");
        }
        Ok(read.ok())
    }

    /// Lets the store know.
    ///
    /// # Errors
    /// What the store refuses.
    pub async fn write(&self, store: &dyn Store) -> Result<(), StoreError> {
        let value = serde_json::to_vec(self).map_err(|error| StoreError::Io(error.to_string()))?;
        store.write(vec![Write::set(cell(), value)], None).await.map(drop)
    }
}

/// Lets the store know of every new end, until the log is closed, and removes files that are older than `keep`.
pub async fn follow(audit: Arc<Audit>, store: Arc<dyn Store>, mut kept: Kept, keep: Duration) {
    let mut head = audit.head();
    let audit = Arc::downgrade(&audit);
    let mut look = tokio::time::interval(LOOK);
    loop {
        let new = tokio::select! {
            new = async { head.wait_for(|head| *head != kept.head).await.map(|head| *head) } => new,
            _ = look.tick() => {
                if let Some(audit) = audit.upgrade() {
                    remove_old(&audit, &*store, &mut kept, keep).await;
                }
                continue;
            }
        };
        let Ok(new) = new else {
            return;
        };
        let now = Kept { head: new, ..kept };
        match now.write(&*store).await {
            Ok(()) => {
                kept = now;
                rest(&mut head).await;
            }
            Err(StoreError::Closed) => return,
            Err(error) => {
                tracing::warn!(%error, "the store could not take the end of the audit log; trying again");
                tokio::time::sleep(AGAIN).await;
            }
        }
    }
}

/// A pause, which ends when the log is closed.
async fn rest(head: &mut watch::Receiver<Head>) {
    let until = Instant::now() + PAUSE;
    while let Ok(Ok(())) = tokio::time::timeout_at(until, head.changed()).await {}
}

/// Removes the files that are old enough. The log and the store know of it first: what is missing without that was
/// removed by somebody else.
async fn remove_old(audit: &Audit, store: &dyn Store, kept: &mut Kept, keep: Duration) {
    let dir = audit.dir.clone();
    let old = tokio::task::spawn_blocking(move || file::outlived(&dir, SystemTime::now(), keep)).await;
    let (files, last) = match old {
        Ok(Ok(Some(old))) => old,
        Ok(Ok(None)) => return,
        Ok(Err(error)) => return tracing::warn!(%error, "old files of the audit log cannot be looked for"),
        Err(error) => return tracing::warn!(%error, "old files of the audit log cannot be looked for"),
    };
    let reason = format!(
        "{} files with the lines up to {last} are older than audit.keep",
        files.len()
    );
    let told = audit
        .begin(Entry::own(What::Log, Outcome::Removed).because(&reason))
        .await;
    if let Err(error) = told {
        return tracing::warn!(%error, "old files of the audit log are not removed");
    }
    let now = Kept { removed: last, ..*kept };
    if let Err(error) = now.write(store).await {
        return tracing::warn!(%error, "old files of the audit log are not removed");
    }
    *kept = now;
    tracing::info!("audit log: {reason}, and are removed");
    for path in files {
        if let Err(error) = tokio::fs::remove_file(&path).await {
            // With the next ones.
            return tracing::warn!(%error, path = %path.display(), "an old file of the audit log cannot be removed");
        }
    }
}
