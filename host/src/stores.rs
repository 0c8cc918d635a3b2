//! Opening the store that the configuration names: for the host, and for commands that look into it while no host runs.

use anyhow::Context;
use moa_core::config::StoreUrl;
use moa_store::{
    MemoryStore, OpenError, Options, RedbStore, RedisOpenError, RedisOptions, RedisStore, Store, SystemClock,
};
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
        StoreUrl::Memory if purpose == Purpose::Visit => {
            anyhow::bail!(
                "a store in memory (memory:) is only in the process of the host that runs on it, and none runs here: start it with `moa run`, or name another store"
            );
        }
        StoreUrl::Memory => {
            tracing::warn!(
                "store.url is \"memory:\": nothing survives the end of this process, neither what plugins remember nor accepted events that are not finished"
            );
            return Ok(Arc::new(MemoryStore::new(SystemClock)));
        }
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
        StoreUrl::Memory | StoreUrl::Redis(_) => None,
    }
}

/// Whether the store could not be opened because its data is damaged.
pub fn is_damaged(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(OpenError::Damaged { .. }))
        || matches!(error.downcast_ref(), Some(RedisOpenError::Damaged { .. }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use moa_store::{Scope, Space, Write};

    #[tokio::test]
    async fn what_is_in_memory_is_its_hosts_alone() {
        let cell = Space::new("memo", Scope::Plugin).cell("list");
        let first = open(&StoreUrl::Memory, Purpose::Host).await.unwrap();
        first.write(vec![Write::set(cell.clone(), "milk")], None).await.unwrap();
        let second = open(&StoreUrl::Memory, Purpose::Host).await.unwrap();
        assert!(second.get(&cell).await.unwrap().is_none());
        let error = open(&StoreUrl::Memory, Purpose::Visit).await.err().unwrap();
        assert!(error.to_string().contains("moa run"), "{error}");
    }
}
