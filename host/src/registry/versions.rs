//! The files of plugins as they were, so that a call that was cut off can go on with the version that began it.
//!
//! `HASH.wasm` is the plugin file with that SHA-256. Not compiled code: a newer engine could not use that. The versions
//! that serve are kept, those that the journal still names, and the latest of the rest.

use super::load::Loader;
use super::scan::hex;
use super::snapshot::{Loaded, short};
use moa_engine::Limits;
use moa_store::{Store, StoreError, Which};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;
use tokio::sync::Mutex;

/// Versions kept besides those in use.
const SPARE: usize = 16;
/// How many records are read at once.
const PAGE: u32 = 256;

/// Why a version cannot be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VersionError {
    /// Its file is not kept.
    #[error("version {} of `{plugin}` is not here any more", short(version))]
    Gone {
        /// The plugin.
        plugin: String,
        /// The version, whole.
        version: String,
    },
    /// It cannot be loaded, or not any more.
    #[error("version {} of `{plugin}` cannot be loaded: {reason}", short(version))]
    Unusable {
        /// The plugin.
        plugin: String,
        /// The version, whole.
        version: String,
        /// Why.
        reason: String,
    },
}

/// The folder.
#[derive(Clone, Debug)]
pub(super) struct Versions {
    dir: PathBuf,
}

impl Versions {
    /// Makes the folder, in one that is closed to others.
    pub(super) fn open(within: &Path) -> std::io::Result<Self> {
        let dir = within.join("versions");
        std::fs::create_dir_all(&dir)?;
        Ok(Self { dir })
    }

    fn file(&self, version: &str) -> PathBuf {
        self.dir.join(format!("{version}.wasm"))
    }

    /// Keeps a file. Blocks.
    pub(super) fn keep(&self, version: &str, bytes: &[u8]) -> std::io::Result<()> {
        let file = self.file(version);
        if let Ok(there) = std::fs::File::options().write(true).open(&file)
            && there.metadata()?.len() == bytes.len() as u64
        {
            // The latest in use are the last to go.
            return there.set_modified(SystemTime::now());
        }
        let mut new = tempfile::NamedTempFile::new_in(&self.dir)?;
        new.write_all(bytes)?;
        // Its name must not be on disk before its content is: a rerun after a power cut needs it.
        new.as_file().sync_data()?;
        new.persist(&file)?;
        Ok(())
    }

    /// The content of a version's file, if it is there and whole. Blocks.
    pub(super) fn read(&self, version: &str) -> Option<Vec<u8>> {
        let bytes = std::fs::read(self.file(version)).ok()?;
        (hex(&Sha256::digest(&bytes)) == version).then_some(bytes)
    }

    /// Removes what nobody needs any more.
    pub(super) async fn prune(&self, serving: &BTreeSet<String>, store: &dyn Store) {
        let versions = self.clone();
        let listed = tokio::task::spawn_blocking(move || versions.list()).await;
        let mut spare = match listed {
            Ok(Ok(all)) => all,
            Ok(Err(error)) => return tracing::warn!(%error, "the kept versions of plugins cannot be listed"),
            Err(_) => return,
        };
        spare.retain(|(_, version)| !serving.contains(version));
        if spare.len() <= SPARE {
            return;
        }
        let named = match named(store).await {
            Ok(named) => named,
            Err(error) => {
                return tracing::warn!(%error, "which versions of plugins are still needed cannot be found out; all are kept");
            }
        };
        spare.retain(|(_, version)| !named.contains(version));
        spare.sort();
        let too_many = spare.len().saturating_sub(SPARE);
        for (_, version) in spare.into_iter().take(too_many) {
            // One that stays is found again the next time.
            let _ = tokio::fs::remove_file(self.file(&version)).await;
        }
    }

    fn list(&self) -> std::io::Result<Vec<(SystemTime, String)>> {
        let mut all = Vec::new();
        for entry in std::fs::read_dir(&self.dir)? {
            let entry = entry?;
            let name = entry.file_name();
            if let Some(version) = name.to_str().and_then(|name| name.strip_suffix(".wasm")) {
                all.push((entry.metadata()?.modified()?, version.to_owned()));
            }
        }
        Ok(all)
    }
}

/// The versions that calls are recorded with that may run again.
async fn named(store: &dyn Store) -> Result<BTreeSet<String>, StoreError> {
    let mut versions = BTreeSet::new();
    for which in [Which::Open, Which::Failed] {
        let mut before = None;
        loop {
            let page = store.records(which, before, PAGE).await?;
            let Some(last) = page.last() else { break };
            before = Some(last.record.seq);
            for filed in &page {
                let effects = store.all_effects(filed.record.seq).await?;
                versions.extend(effects.into_iter().map(|(_, recorded)| recorded.by));
            }
        }
    }
    Ok(versions)
}

/// Loads versions that do not serve any more, one after the other.
pub(super) struct Old {
    loader: Loader,
    one: Mutex<()>,
}

impl Old {
    pub(super) fn new(loader: &Loader) -> Self {
        Self {
            // Calls that were cut off do not wait for new files.
            loader: loader.beside(1),
            one: Mutex::default(),
        }
    }

    pub(super) async fn load(&self, plugin: &str, version: &str, limits: &Limits) -> Result<Arc<Loaded>, VersionError> {
        let unusable = |reason: String| VersionError::Unusable {
            plugin: plugin.to_owned(),
            version: version.to_owned(),
            reason,
        };
        let _one = self.one.lock().await;
        let (versions, wanted) = (self.loader.versions.clone(), version.to_owned());
        let read = tokio::task::spawn_blocking(move || versions.read(&wanted)).await;
        let bytes = read.map_err(|error| unusable(error.to_string()))?;
        let bytes = bytes.ok_or_else(|| VersionError::Gone {
            plugin: plugin.to_owned(),
            version: version.to_owned(),
        })?;
        let loaded = self.loader.load(Arc::new(bytes), version, limits).await;
        let fresh = loaded.map_err(|failure| unusable(failure.reason))?;
        let path = self.loader.versions.file(version);
        Ok(Arc::new(fresh.settle(path, version.to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use moa_store::{Accepted, Effect, EffectKey, MemoryStore, NewRecord, SystemClock};

    #[test]
    fn a_file_that_the_power_cut_off_is_written_anew() {
        let dir = tempfile::tempdir().unwrap();
        let versions = Versions::open(dir.path()).unwrap();
        let version = hex(&Sha256::digest(b"whole"));
        std::fs::write(versions.file(&version), b"").unwrap();
        versions.keep(&version, b"whole").unwrap();
        assert_eq!(versions.read(&version).as_deref(), Some(&b"whole"[..]));
    }

    #[tokio::test]
    async fn what_serves_what_the_journal_names_and_the_latest_are_kept() {
        let dir = tempfile::tempdir().unwrap();
        let versions = Versions::open(dir.path()).unwrap();
        let hour_ago = SystemTime::now() - std::time::Duration::from_secs(3600);
        let name = |n: usize| format!("v{n:02}");
        for n in 0..SPARE + 5 {
            versions.keep(&name(n), b"x").unwrap();
            let file = std::fs::File::options().write(true).open(versions.file(&name(n)));
            let at = hour_ago + std::time::Duration::from_secs(n as u64);
            file.unwrap().set_modified(at).unwrap();
        }
        let store = MemoryStore::new(SystemClock);
        let record = NewRecord {
            identity: "one".into(),
            kind: "fake".into(),
            body: Vec::new(),
            received_ms: 0,
        };
        let Accepted::New(seq) = store.accept(record).await.unwrap() else {
            panic!("it is new")
        };
        let effect = Effect {
            key: EffectKey {
                seq,
                invocation: "call".into(),
                ordinal: 0,
            },
            fingerprint: Vec::new(),
            by: name(1),
            seen: Vec::new(),
        };
        store.write(Vec::new(), Some(effect)).await.unwrap();
        // Kept again, it is the latest.
        versions.keep(&name(2), b"x").unwrap();
        versions.prune(&BTreeSet::from([name(0)]), &store).await;
        let there: Vec<bool> = (0..7).map(|n| versions.file(&name(n)).exists()).collect();
        assert_eq!(there, [true, true, true, false, false, false, true]);
    }
}
