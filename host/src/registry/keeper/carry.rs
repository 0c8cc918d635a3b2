//! Orders whose file is loaded: what was decided when they came is looked at again, for other things may have been done
//! meanwhile; then they are carried out.

use super::Keeper;
use super::examine::Full;
use super::orders::{Tell, not_installed, unusable};
use crate::registry::load::{Failure, Fresh};
use crate::registry::locks::{Lock, SHA256};
use crate::registry::order::{OrderError, Ordered};
use crate::registry::problem::{Shown, Stage};
use crate::registry::put::Ready;
use crate::registry::scan::Stamp;
use crate::registry::snapshot::short;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::time::Instant;

/// An order whose file is being loaded.
pub(super) struct Carried {
    pub(super) step: Step,
    pub(super) tell: Tell,
    pub(super) begun: Instant,
}

/// What is to be done with what is loaded.
pub(super) struct Step {
    /// What is loaded.
    pub(super) bytes: Arc<Vec<u8>>,
    pub(super) hash: String,
    what: What,
}

pub(super) enum What {
    Restart(Restart),
    /// It takes the place of a newer version, in the folder too.
    Rollback {
        plugin: String,
        file: OsString,
    },
    /// It comes into the folder.
    Install {
        source: Option<String>,
        /// How every plugin stood when that was ordered: which one it is shows when it is loaded.
        before: Standings,
    },
}

/// By plugin.
pub(super) type Standings = BTreeMap<String, Standing>;

/// What a plugin is pinned to, and which version of it serves.
#[derive(Default, PartialEq, Eq)]
pub(super) struct Standing {
    pinned: Option<String>,
    serving: Option<String>,
}

/// A file that an installation would overwrite holds nobody knows what.
#[derive(Debug, thiserror::Error)]
#[error(
    "{} is still being loaded, and which plugin is in it is not known yet; try again when `moa plugin list` shows it",
    Shown(.0)
)]
struct Unsettled(PathBuf);

/// It takes the place of what is loaded of its file.
pub(super) struct Restart {
    pub(super) plugin: String,
    pub(super) file: OsString,
    /// The state of the file when it was read.
    pub(super) stamp: Stamp,
    /// Whether it was stopped when that was ordered.
    pub(super) was_stopped: bool,
}

impl Step {
    pub(super) fn new(what: What, bytes: Vec<u8>, hash: String) -> Self {
        let bytes = Arc::new(bytes);
        Self { bytes, hash, what }
    }

    /// The plugin, as far as it is known.
    pub(super) fn plugin(&self) -> &str {
        match &self.what {
            What::Restart(Restart { plugin, .. }) | What::Rollback { plugin, .. } => plugin,
            What::Install { .. } => "",
        }
    }
}

impl Keeper {
    /// Carries out an order whose file is loaded, or could not be.
    pub(super) async fn carried(&mut self, carried: Carried, result: Result<Fresh, Failure>) {
        let Carried { step, tell, begun } = carried;
        self.untidy = true;
        let Step { bytes, hash, what } = step;
        let done = match what {
            What::Restart(restart) => self.restarted(restart, hash, begun, result).await,
            What::Rollback { plugin, file } => self.rolled_back((plugin, file), bytes, hash, begun, result).await,
            What::Install { source, before } => self.installed((source, before), bytes, hash, begun, result).await,
        };
        self.answer(tell, done).await;
    }

    async fn restarted(
        &mut self,
        restart: Restart,
        hash: String,
        begun: Instant,
        result: Result<Fresh, Failure>,
    ) -> Result<Ordered, OrderError> {
        let Restart {
            plugin,
            file,
            stamp,
            was_stopped,
        } = restart;
        let path = self.dir.join(&file);
        let fresh = result.map_err(|failure| unusable(&path, failure))?;
        let name = fresh.manifest.name.clone();
        let is_stopped_meanwhile = !was_stopped && self.locks.is_stopped(&name);
        if is_stopped_meanwhile || super::examine::stamp(path.clone()).await != Some(stamp) {
            return Err(OrderError::Overtaken(plugin));
        }
        let before = self.holder(&name).map(|(_, loaded)| loaded.version.clone());
        self.decide(&name, &file, |lock| lock.stopped = false).await?;
        self.vitals.forget(&name);
        self.halt(&file);
        self.place(&file, path, hash, fresh, begun).await;
        self.decided(&file);
        Ok(self.ordered(&name, &file, before))
    }

    async fn rolled_back(
        &mut self,
        (plugin, file): (String, OsString),
        bytes: Arc<Vec<u8>>,
        target: String,
        begun: Instant,
        result: Result<Fresh, Failure>,
    ) -> Result<Ordered, OrderError> {
        let what = format!("version {} of `{plugin}`", short(&target));
        let refused = |Failure { stage, reason, .. }| OrderError::Unusable { what, stage, reason };
        let fresh = result.map_err(refused)?;
        let (now, serving, way) = self.way_back(&plugin)?;
        if (&now, &way) != (&file, &target) {
            return Err(OrderError::Overtaken(plugin));
        }
        let pin = |lock: &mut Lock| {
            if lock.digest.is_some() {
                lock.digest = Some(format!("{SHA256}{target}"));
            }
        };
        self.put(&plugin, &file, bytes, pin).await?;
        self.history.back_to(&plugin, &target);
        let path = self.dir.join(&file);
        self.halt(&file);
        self.place(&file, path, target, fresh, begun).await;
        self.decided(&file);
        Ok(self.ordered(&plugin, &file, serving))
    }

    async fn installed(
        &mut self,
        (source, mut before): (Option<String>, Standings),
        bytes: Arc<Vec<u8>>,
        hash: String,
        begun: Instant,
        result: Result<Fresh, Failure>,
    ) -> Result<Ordered, OrderError> {
        let fresh = result.map_err(|failure| not_installed(source.clone(), failure))?;
        let plugin = fresh.manifest.name.clone();
        let file = OsString::from(format!("{plugin}.wasm"));
        let path = self.dir.join(&file);
        match self.lodger(&file) {
            Some(holder) if holder != plugin => return Err(OrderError::Taken { path, holder }),
            None if self.is_busy(&file) => {
                let unsettled = Failure::of_host(Stage::Name, Unsettled(path));
                return Err(not_installed(source, unsettled));
            }
            _ => {}
        }
        // Another installation, a rollback or a deletion may have been quicker, though it was ordered later.
        if before.remove(&plugin).unwrap_or_default() != self.standings().remove(&plugin).unwrap_or_default() {
            return Err(OrderError::Overtaken(plugin));
        }
        let old = self.holder(&plugin);
        if old.is_none() && self.is_full(&file) {
            let full = Failure::of_host(Stage::Load, Full(self.room));
            return Err(not_installed(source, full));
        }
        let pin = |lock: &mut Lock| {
            lock.digest = Some(format!("{SHA256}{hash}"));
            lock.source = source;
        };
        self.put(&plugin, &file, bytes, pin).await?;
        let mut removed = None;
        if let Some((elsewhere, _)) = old.as_ref().filter(|(elsewhere, _)| *elsewhere != file) {
            // Two files of one name would be one too many, and this one is its successor.
            let path = self.dir.join(elsewhere);
            match tokio::fs::remove_file(&path).await {
                Ok(()) => removed = Some(path),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(source) => {
                    tracing::warn!(file = %Shown(&path), error = %source, "the plugin's file before could not be removed");
                }
            }
            self.halt(elsewhere);
            self.files.remove(elsewhere);
            self.leaving.remove(elsewhere);
            self.decided(elsewhere);
        }
        let before = old.map(|(_, loaded)| loaded.version.clone());
        self.halt(&file);
        self.place(&file, path, hash, fresh, begun).await;
        self.decided(&file);
        let done = self.ordered(&plugin, &file, before);
        Ok(Ordered { removed, ..done })
    }

    pub(super) fn standings(&self) -> Standings {
        let mut all = Standings::new();
        for (plugin, lock) in self.locks.all() {
            all.entry(plugin.clone()).or_default().pinned = lock.digest.clone();
        }
        for loaded in self.files.values().filter_map(|file| file.serving.as_ref()) {
            all.entry(loaded.name.clone()).or_default().serving = Some(loaded.version.clone());
        }
        all
    }

    /// The plugin in a file; while that is being loaded, the one that was in it the last time.
    fn lodger(&self, file: &OsStr) -> Option<String> {
        let state = self.files.get(file)?;
        let before = || {
            let mut known = self.owners.files.iter();
            known.find_map(|(plugin, known)| (OsStr::new(known) == file).then(|| plugin.clone()))
        };
        match &state.serving {
            Some(loaded) => Some(loaded.name.clone()),
            None => state.is_busy().then(before).flatten(),
        }
    }

    /// Puts a file into the folder in one step, together with what is decided about it. If the folder cannot be written,
    /// nothing is decided.
    async fn put(
        &mut self,
        plugin: &str,
        file: &OsStr,
        bytes: Arc<Vec<u8>>,
        change: impl FnOnce(&mut Lock),
    ) -> Result<(), OrderError> {
        let path = self.dir.join(file);
        let failed = |source| OrderError::Folder {
            path: path.clone(),
            source,
        };
        let (dir, name) = (self.dir.clone(), file.to_owned());
        let ready = blocking(move || Ready::lay(&dir, &name, &bytes))
            .await
            .map_err(&failed)?;
        let before = self.locks.of(plugin).cloned();
        if let Err(error) = self.decide(plugin, file, change).await {
            ready.discard();
            return Err(error.into());
        }
        let put = blocking(move || ready.put().inspect_err(|_| ready.discard())).await;
        let Err(source) = put else { return Ok(()) };
        self.decide(plugin, file, |lock| *lock = before.unwrap_or_default())
            .await?;
        Err(failed(source))
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(io::Error::other(error)))
}
