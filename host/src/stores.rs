//! Opening the store that the configuration names: for the host, and for commands that look into it while no host runs.

use anyhow::Context;
use moa_core::config::StoreUrl;
use moa_store::{OpenError, Options, RedbStore, RedisOpenError, RedisOptions, RedisStore, Store};
use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;

/// What a store is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To run a host on it: at most one at a time.
    Host,
    /// To look into it, to copy from or to it. Where several can share a store, this goes beside a running host.
    Visit,
}

/// Opens a store, or makes it where it is not there yet.
///
/// # Errors
/// What is wrong with it, with the remedy; an [`OpenError`] or [`RedisOpenError`] where the store itself says so.
pub async fn open(url: &StoreUrl, purpose: Purpose) -> anyhow::Result<Arc<dyn Store>> {
    let path = match url {
        // A file belongs to one process, whatever it is opened for: its lock decides.
        StoreUrl::Redb(path) => path.clone(),
        StoreUrl::Redis(url) => {
            let options = RedisOptions {
                visit: purpose == Purpose::Visit,
                ..RedisOptions::default()
            };
            return Ok(Arc::new(RedisStore::open(url, options).await?));
        }
    };
    if let Some(dir) = path.parent().filter(|dir| !dir.as_os_str().is_empty()) {
        // For this user alone: it holds what people told the bot.
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(dir)
            .with_context(|| format!("store.url: the folder {} cannot be made", dir.display()))?;
    }
    // Opening reads the file and may repair it: not on a thread that others wait for.
    let store = tokio::task::spawn_blocking(move || RedbStore::open(&path, Options::default())).await??;
    Ok(Arc::new(store))
}

/// The file that a store lives in; `None` for one that is elsewhere.
pub fn file(url: &StoreUrl) -> Option<&Path> {
    match url {
        StoreUrl::Redb(path) => Some(path),
        StoreUrl::Redis(_) => None,
    }
}

/// Whether the store could not be opened because its data is damaged.
pub fn is_damaged(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(OpenError::Damaged { .. }))
        || matches!(error.downcast_ref(), Some(RedisOpenError::Damaged { .. }))
}
