//! What an operator has done to a plugin. Runs in the keeper's task, between two looks at the folder.

use super::Keeper;
use super::examine::Full;
use crate::registry::load::{Failure, Fresh};
use crate::registry::locks::{Lock, LocksError, SHA256, bare};
use crate::registry::order::{Order, OrderError, Ordered, Package};
use crate::registry::problem::{Report, Shown, Stage};
use crate::registry::scan::hex;
use crate::registry::snapshot::short;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tokio::time::Instant;

impl Keeper {
    /// Does what is ordered, and lets it be seen before it says so.
    pub(super) async fn obey(&mut self, order: Order) -> Result<Ordered, OrderError> {
        // What was put into the folder a moment ago counts.
        self.pass().await;
        let done = match order {
            Order::Stop(plugin) => self.set_stopped(&plugin, true).await,
            Order::Start(plugin) => self.set_stopped(&plugin, false).await,
            Order::Restart(plugin) => self.restart(&plugin).await,
            Order::Delete(plugin) => self.delete(&plugin).await,
            Order::Rollback(plugin) => self.rollback(&plugin).await,
            Order::Unpin(plugin) => self.unpin(&plugin).await,
            Order::Install(package) => self.install(package).await,
        };
        self.publish().await;
        done
    }

    async fn set_stopped(&mut self, plugin: &str, stopped: bool) -> Result<Ordered, OrderError> {
        let file = self.known(plugin)?;
        let before = self.locks.is_stopped(plugin);
        self.decide(plugin, &file, |lock| lock.stopped = stopped).await?;
        if before != stopped
            && let Some((_, loaded)) = self.holder(plugin)
        {
            self.pending.push(match stopped {
                true => Report::Stopped { plugin: loaded },
                false => Report::Started { plugin: loaded },
            });
        }
        Ok(self.ordered(plugin, &file, None))
    }

    async fn restart(&mut self, plugin: &str) -> Result<Ordered, OrderError> {
        let file = self.known(plugin)?;
        let path = self.dir.join(&file);
        let content = super::examine::read(path.clone())
            .await
            .map_err(|error| unusable(&path, Failure::of_file(Stage::Read, error)))?;
        if let Some(reason) = self.refusal_by_file(&file, &content.hash) {
            return Err(unusable(&path, Failure::of_file(Stage::Pin, reason)));
        }
        let begun = Instant::now();
        let fresh = self
            .fresh(content.bytes, &content.hash, plugin)
            .await
            .map_err(|failure| unusable(&path, failure))?;
        let name = fresh.manifest.name.clone();
        let before = self.holder(&name).map(|(_, loaded)| loaded.version.clone());
        self.decide(&name, &file, |lock| lock.stopped = false).await?;
        self.vitals.forget(&name);
        self.place(&file, path, content.hash, fresh, &BTreeSet::new(), begun)
            .await;
        Ok(self.ordered(&name, &file, before))
    }

    async fn delete(&mut self, plugin: &str) -> Result<Ordered, OrderError> {
        let file = self.known(plugin)?;
        let mut done = self.ordered(plugin, &file, None);
        let path = self.dir.join(&file);
        match tokio::fs::remove_file(&path).await {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            removed => removed.map_err(|source| OrderError::Folder {
                path: path.clone(),
                source,
            })?,
        }
        if let Some(state) = self.files.remove(&file) {
            self.changed = true;
            if let Some(old) = state.serving {
                self.removed(&old);
            }
        }
        self.decide(plugin, &file, |lock| *lock = Lock::default()).await?;
        self.history.forget(plugin);
        self.vitals.forget(plugin);
        done.before = done.loaded.take().map(|loaded| loaded.version.clone());
        (done.stopped, done.pinned) = (false, None);
        Ok(done)
    }

    async fn rollback(&mut self, plugin: &str) -> Result<Ordered, OrderError> {
        let file = self.known(plugin)?;
        let state = self.files.get(&file);
        let serving = state
            .and_then(|state| state.serving.as_ref())
            .map(|loaded| loaded.version.clone());
        let broken = state.is_some_and(|state| state.problem.is_some());
        let target = match &serving {
            // What is in the folder is not what serves: back to what serves.
            Some(serving) if broken => Some(serving.as_str()),
            Some(serving) => self.history.before(plugin, serving),
            None => self.history.latest(plugin),
        };
        let target = target
            .ok_or_else(|| OrderError::NothingBefore(plugin.to_owned()))?
            .to_owned();
        let (versions, wanted) = (self.loader.versions.clone(), target.clone());
        let kept = tokio::task::spawn_blocking(move || versions.read(&wanted)).await;
        let bytes = kept.ok().flatten().ok_or_else(|| OrderError::NotKept {
            plugin: plugin.to_owned(),
            version: target.clone(),
        })?;
        let begun = Instant::now();
        let what = format!("version {} of `{plugin}`", short(&target));
        let refused = |Failure { stage, reason, .. }| OrderError::Unusable { what, stage, reason };
        let fresh = self.fresh(bytes.clone(), &target, plugin).await.map_err(refused)?;
        let pin = |lock: &mut Lock| {
            if lock.digest.is_some() {
                lock.digest = Some(format!("{SHA256}{target}"));
            }
        };
        self.put(plugin, &file, bytes, pin).await?;
        self.history.back_to(plugin, &target);
        let path = self.dir.join(&file);
        self.place(&file, path, target, fresh, &BTreeSet::new(), begun).await;
        Ok(self.ordered(plugin, &file, serving))
    }

    async fn unpin(&mut self, plugin: &str) -> Result<Ordered, OrderError> {
        let file = self.known(plugin)?;
        self.decide(plugin, &file, |lock| lock.digest = None).await?;
        // What was refused for its digest has its chance, whatever the file is called.
        let of_pins = |(name, state): (&OsString, &super::File)| {
            let (problem, _) = state.problem.as_ref()?;
            (problem.stage == Stage::Pin).then(|| (name.clone(), state.stamp))
        };
        let refused: Vec<_> = self.files.iter().filter_map(of_pins).collect();
        for (name, stamp) in refused {
            self.examine(&name, stamp, &BTreeSet::new()).await;
        }
        let file = self.holder(plugin).map_or(file, |(file, _)| file);
        Ok(self.ordered(plugin, &file, None))
    }

    async fn install(&mut self, package: Package) -> Result<Ordered, OrderError> {
        let Package { bytes, source, digest } = package;
        let what = source.clone().unwrap_or_else(|| "the file".into());
        let refused = |Failure { stage, reason, .. }| OrderError::Unusable { what, stage, reason };
        if bytes.len() as u64 > moa_engine::MAX_PLUGIN_BYTES {
            let error = moa_engine::LoadError::TooLarge {
                size: bytes.len() as u64,
                limit: moa_engine::MAX_PLUGIN_BYTES,
            };
            return Err(refused(Failure::of_file(Stage::Read, error)));
        }
        let hash = hex(&Sha256::digest(&bytes));
        if let Some(expected) = digest.filter(|expected| bare(expected) != hash) {
            let found = format!("{SHA256}{hash}");
            return Err(OrderError::WrongDigest { expected, found });
        }
        let begun = Instant::now();
        let fresh = self.fresh(bytes.clone(), &hash, "").await.map_err(refused)?;
        let plugin = fresh.manifest.name.clone();
        let file = OsString::from(format!("{plugin}.wasm"));
        let path = self.dir.join(&file);
        let there = self.files.get(&file).and_then(|state| state.serving.as_ref());
        if let Some(other) = there.filter(|there| there.name != plugin) {
            let holder = other.name.clone();
            return Err(OrderError::Taken { path, holder });
        }
        let old = self.holder(&plugin);
        if old.is_none() && self.is_full(&file, &BTreeSet::new()) {
            let what = source.unwrap_or_else(|| "the file".into());
            let (stage, reason) = (Stage::Load, Full(self.room).to_string());
            return Err(OrderError::Unusable { what, stage, reason });
        }
        let pin = |lock: &mut Lock| {
            lock.digest = Some(format!("{SHA256}{hash}"));
            lock.source = source;
        };
        self.put(&plugin, &file, bytes, pin).await?;
        if let Some((elsewhere, _)) = old.as_ref().filter(|(elsewhere, _)| *elsewhere != file) {
            // Two files of one name would be one too many, and this one is its successor.
            let path = self.dir.join(elsewhere);
            if let Err(source) = tokio::fs::remove_file(&path).await {
                tracing::warn!(file = %Shown(&path), error = %source, "the plugin's file before could not be removed");
            }
            self.files.remove(elsewhere);
        }
        let before = old.map(|(_, loaded)| loaded.version.clone());
        self.place(&file, path, hash, fresh, &BTreeSet::new(), begun).await;
        Ok(self.ordered(&plugin, &file, before))
    }

    /// The file of a plugin: of one that is loaded, or was, or, of one that never was, the file that is called like it.
    fn known(&self, plugin: &str) -> Result<OsString, OrderError> {
        if let Some((file, _)) = self.holder(plugin) {
            return Ok(file);
        }
        let named: Vec<OsString> = [
            self.owners.files.get(plugin).cloned(),
            self.locks.of(plugin).map(|lock| lock.file.clone()),
            Some(format!("{plugin}.wasm")),
        ]
        .into_iter()
        .flatten()
        .map(OsString::from)
        .collect();
        let is_free = |file: &&OsString| self.files.get(*file).is_some_and(|state| state.serving.is_none());
        // What was decided can be taken back when the file is gone. By now its name may be another plugin's.
        let is_gone = |file: &&OsString| self.locks.of(plugin).is_some() && !self.files.contains_key(*file);
        let file = named.iter().find(is_free).or_else(|| named.iter().find(is_gone));
        file.cloned().ok_or_else(|| OrderError::Unknown(plugin.to_owned()))
    }

    async fn fresh(&self, bytes: Vec<u8>, hash: &str, plugin: &str) -> Result<Fresh, Failure> {
        let limits = (self.limits)(plugin);
        self.loader.load(bytes, hash, &limits).await
    }

    /// Puts a file into the folder in one step, together with what is decided about it. If the folder cannot be written,
    /// nothing is decided.
    async fn put(
        &mut self,
        plugin: &str,
        file: &OsStr,
        bytes: Vec<u8>,
        change: impl FnOnce(&mut Lock),
    ) -> Result<(), OrderError> {
        let before = self.locks.of(plugin).cloned();
        self.decide(plugin, file, change).await?;
        let path = self.dir.join(file);
        let (dir, to) = (self.dir.clone(), path.clone());
        let written = tokio::task::spawn_blocking(move || write(&dir, &to, &bytes)).await;
        let Err(source) = written.unwrap_or_else(|error| Err(io::Error::other(error))) else {
            return Ok(());
        };
        self.decide(plugin, file, |lock| *lock = before.unwrap_or_default())
            .await?;
        Err(OrderError::Folder { path, source })
    }

    /// Changes what is decided about a plugin, on disk first.
    pub(super) async fn decide(
        &mut self,
        plugin: &str,
        file: &OsStr,
        change: impl FnOnce(&mut Lock),
    ) -> Result<(), LocksError> {
        let mut lock = self.locks.of(plugin).cloned().unwrap_or_default();
        lock.file = file.to_string_lossy().into_owned();
        change(&mut lock);
        if self.locks.of(plugin) == Some(&lock) {
            return Ok(());
        }
        let (mut locks, name) = (self.locks.clone(), plugin.to_owned());
        let written = tokio::task::spawn_blocking(move || locks.set(&name, lock).map(|()| locks)).await;
        // It panics nowhere, and is cut off only with the host.
        if let Ok(written) = written {
            self.locks = written?;
        }
        self.changed = true;
        Ok(())
    }

    /// Why a file must not be loaded, if it is pinned to another content.
    pub(super) fn refusal_by_file(&self, file: &OsStr, hash: &str) -> Option<String> {
        let (plugin, lock) = self.locks.pinned_file(file)?;
        refusal(plugin, lock, hash)
    }

    /// The same by the name in its manifest: a pinned plugin is pinned whatever its file is called.
    pub(super) fn refusal_by_name(&self, plugin: &str, hash: &str) -> Option<String> {
        refusal(plugin, self.locks.of(plugin)?, hash)
    }

    fn ordered(&self, plugin: &str, file: &OsStr, before: Option<String>) -> Ordered {
        let loaded = self.holder(plugin).map(|(_, loaded)| loaded);
        let lock = self.locks.of(plugin);
        Ordered {
            plugin: plugin.to_owned(),
            path: self.dir.join(file),
            before: before.filter(|before| loaded.as_ref().is_none_or(|loaded| loaded.version != *before)),
            loaded,
            stopped: lock.is_some_and(|lock| lock.stopped),
            pinned: lock.and_then(Lock::version).map(str::to_owned),
        }
    }
}

fn refusal(plugin: &str, lock: &Lock, hash: &str) -> Option<String> {
    let pinned = lock.version().filter(|pinned| *pinned != hash)?;
    Some(format!(
        "`{plugin}` is pinned to {SHA256}{}…, and this file is {SHA256}{}…; if it is right, `moa plugin install FILE` takes \
         it, and `moa plugin unpin {plugin}` takes whatever is put into the folder",
        short(pinned),
        short(hash)
    ))
}

fn unusable(path: &Path, failure: Failure) -> OrderError {
    OrderError::Unusable {
        what: Shown(path).to_string(),
        stage: failure.stage,
        reason: failure.reason,
    }
}

/// Elsewhere in the same folder first, under a name that is no plugin's.
fn write(dir: &Path, to: &PathBuf, bytes: &[u8]) -> io::Result<()> {
    let mut new = tempfile::Builder::new().prefix(".new-").tempfile_in(dir)?;
    new.write_all(bytes)?;
    let readable = std::fs::Permissions::from_mode(0o644);
    new.as_file().set_permissions(readable)?;
    new.as_file().sync_all()?;
    new.persist(to)?;
    // The name is on disk with the folder; a system without that keeps the file nevertheless.
    if let Ok(folder) = std::fs::File::open(dir) {
        let _ = folder.sync_all();
    }
    Ok(())
}
