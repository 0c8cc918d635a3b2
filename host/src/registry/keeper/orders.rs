//! What an operator has done to a plugin, in the keeper's task, between two looks at the folder.
//!
//! What takes long is `work`, and `carry` goes on when it is done. An order whose plugin is just being loaded waits for
//! that, though not for long where it can be carried out without: nobody has to wait until a file is compiled that is to be
//! stopped or deleted.

use super::carry::{Carried, Restart, Standings, Step, What};
use super::work::Aim;
use super::{File, Keeper};
use crate::registry::load::Failure;
use crate::registry::locks::{Lock, LocksError, SHA256, bare};
use crate::registry::order::{Order, OrderError, Ordered, Package};
use crate::registry::problem::{Report, Shown, Stage};
use crate::registry::scan::hex;
use crate::registry::snapshot::short;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::Instant;

/// How long an order waits for a file that is being loaded, before it is carried out without knowing what is in it.
const PATIENCE: Duration = Duration::from_secs(5);
/// The same where it cannot be carried out without; longer than compiling may take.
const TO_THE_END: Duration = Duration::from_secs(900);
/// The same where it may be about any file.
const FOR_ALL: Duration = Duration::from_secs(2);
/// How many orders compile at the same time. They do not wait for files.
pub(super) const AT_ONCE: usize = 2;

/// Where to say what came of an order.
pub(super) type Tell = oneshot::Sender<Result<Ordered, OrderError>>;

/// An order that is not answered yet.
pub(super) struct Wanted {
    what: Waits,
    tell: Tell,
    /// Until when it waits.
    pub(super) until: Instant,
}

enum Waits {
    /// To be carried out.
    Order(Order),
    /// Carried out; what came of these files is part of the answer.
    Answer {
        plugin: String,
        file: OsString,
        files: BTreeSet<OsString>,
    },
}

impl Keeper {
    /// Has an order carried out, if nothing speaks for waiting at once.
    pub(super) async fn obey(&mut self, order: Order, tell: Tell) {
        // What was put into the folder a moment ago counts.
        self.pass().await;
        let patience = match &order {
            // The file of one that is not known may be none of those that are being loaded.
            Order::Restart(plugin) if self.known(plugin).is_ok() => TO_THE_END,
            Order::Install(_) => FOR_ALL,
            _ => PATIENCE,
        };
        self.attempt(order, tell, Instant::now() + patience).await;
    }

    /// Goes on with orders that need not wait any more.
    pub(super) async fn carry_on(&mut self) {
        loop {
            let waiting = std::mem::take(&mut self.wanted);
            let before = waiting.len();
            for Wanted { what, tell, until } in waiting {
                match what {
                    Waits::Order(order) => self.attempt(order, tell, until).await,
                    Waits::Answer { plugin, file, files } => {
                        if until > Instant::now() && files.iter().any(|file| self.is_busy(file)) {
                            let what = Waits::Answer { plugin, file, files };
                            self.wanted.push(Wanted { what, tell, until });
                        } else {
                            let file = self.holder(&plugin).map_or(file, |(file, _)| file);
                            let done = self.ordered(&plugin, &file, None);
                            self.answer(tell, Ok(done)).await;
                        }
                    }
                }
            }
            // What was done for one may be what another waits for.
            if self.wanted.len() == before {
                return;
            }
        }
    }

    /// Lets what was done be seen before it is said.
    pub(super) async fn answer(&mut self, tell: Tell, done: Result<Ordered, OrderError>) {
        self.publish().await;
        // Whoever ordered it may be gone.
        let _ = tell.send(done);
    }

    async fn attempt(&mut self, order: Order, tell: Tell, until: Instant) {
        if until > Instant::now() && self.has_to_wait(&order) {
            let what = Waits::Order(order);
            return self.wanted.push(Wanted { what, tell, until });
        }
        let done = match order {
            Order::Stop(plugin) => self.set_stopped(&plugin, true).await,
            Order::Delete(plugin) => self.delete(&plugin).await,
            Order::Start(plugin) => {
                let started = self.set_stopped(&plugin, false).await;
                return self
                    .answer_later(tell, started.map(|done| (done, BTreeSet::new())))
                    .await;
            }
            Order::Unpin(plugin) => {
                let unpinned = self.unpin(&plugin).await;
                return self.answer_later(tell, unpinned).await;
            }
            Order::Restart(plugin) => return self.begin_order(self.restart(&plugin).await, tell).await,
            Order::Rollback(plugin) => return self.begin_order(self.rollback(&plugin).await, tell).await,
            Order::Install(package) => return self.begin_order(install(package, self.standings()), tell).await,
        };
        self.answer(tell, done).await;
    }

    /// Whether it is better to know first what is in the plugin's file.
    fn has_to_wait(&self, order: &Order) -> bool {
        let plugin = match order {
            // Its plugin is not known yet, and the file that is called like it may be another one's.
            Order::Install(_) => return !self.work.is_idle(),
            Order::Stop(plugin) | Order::Start(plugin) | Order::Unpin(plugin) => {
                return self.known(plugin).is_err() && !self.work.is_idle();
            }
            Order::Restart(plugin) | Order::Delete(plugin) | Order::Rollback(plugin) => plugin,
        };
        let Ok(file) = self.known(plugin) else {
            return !self.work.is_idle();
        };
        // A plugin that is called like its file and was never loaded is whatever is in that.
        let never_was = || self.files.get(&file).is_some_and(|state| state.serving.is_none());
        self.is_busy(&file) && !(matches!(order, Order::Delete(_)) && never_was())
    }

    pub(super) fn is_busy(&self, file: &OsStr) -> bool {
        self.files.get(file).is_some_and(File::is_busy)
    }

    /// Answers as soon as it is known what came of the plugin's file, and of these.
    async fn answer_later(&mut self, tell: Tell, done: Result<(Ordered, BTreeSet<OsString>), OrderError>) {
        let (done, mut files) = match done {
            Ok(done) => done,
            Err(error) => return self.answer(tell, Err(error)).await,
        };
        let file = done.path.file_name().unwrap_or_default().to_owned();
        files.insert(file.clone());
        let plugin = done.plugin;
        let what = Waits::Answer { plugin, file, files };
        let until = Instant::now() + PATIENCE;
        self.wanted.push(Wanted { what, tell, until });
    }

    /// Has the file of an order loaded, which is carried out when that is done.
    async fn begin_order(&mut self, step: Result<Step, OrderError>, tell: Tell) {
        let step = match step {
            Ok(step) => step,
            Err(error) => return self.answer(tell, Err(error)).await,
        };
        let what = (Arc::clone(&step.bytes), step.hash.clone());
        let limits = (self.limits)(step.plugin());
        let begun = Instant::now();
        let aim = Aim::Order(Box::new(Carried { step, tell, begun }));
        let loader = self.loader_of_orders.clone();
        self.work.spawn(loader, what, limits, aim);
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

    async fn restart(&self, plugin: &str) -> Result<Step, OrderError> {
        let file = self.known(plugin)?;
        let path = self.dir.join(&file);
        let content = super::examine::read(path.clone())
            .await
            .map_err(|error| unusable(&path, Failure::of_file(Stage::Read, error)))?;
        if let Some(reason) = self.refusal_by_file(&file, &content.hash) {
            return Err(unusable(&path, Failure::of_file(Stage::Pin, reason)));
        }
        let what = What::Restart(Restart {
            plugin: plugin.to_owned(),
            file,
            stamp: content.stamp,
            was_stopped: self.locks.is_stopped(plugin),
        });
        Ok(Step::new(what, content.bytes, content.hash))
    }

    async fn delete(&mut self, plugin: &str) -> Result<Ordered, OrderError> {
        let file = self.known(plugin)?;
        let mut done = self.ordered(plugin, &file, None);
        let path = self.dir.join(&file);
        self.halt(&file);
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
        self.leaving.remove(&file);
        self.decided(&file);
        self.decide(plugin, &file, |lock| *lock = Lock::default()).await?;
        self.history.forget(plugin);
        self.vitals.forget(plugin);
        done.before = done.loaded.take().map(|loaded| loaded.version.clone());
        (done.stopped, done.pinned) = (false, None);
        Ok(done)
    }

    async fn rollback(&self, plugin: &str) -> Result<Step, OrderError> {
        let (file, _, target) = self.way_back(plugin)?;
        let (versions, wanted) = (self.loader.versions.clone(), target.clone());
        let kept = tokio::task::spawn_blocking(move || versions.read(&wanted)).await;
        let bytes = kept.ok().flatten().ok_or_else(|| OrderError::NotKept {
            plugin: plugin.to_owned(),
            version: target.clone(),
        })?;
        let plugin = plugin.to_owned();
        Ok(Step::new(What::Rollback { plugin, file }, bytes, target))
    }

    /// The plugin's file, what serves, and the version to go back to.
    pub(super) fn way_back(&self, plugin: &str) -> Result<(OsString, Option<String>, String), OrderError> {
        let file = self.known(plugin)?;
        let state = self.files.get(&file);
        let serving = state
            .and_then(|state| state.serving.as_ref())
            .map(|loaded| loaded.version.clone());
        let is_other = state.is_some_and(|state| state.problem.is_some() || state.is_busy());
        let target = match &serving {
            // What is in the folder is not what serves: back to what serves.
            Some(serving) if is_other => Some(serving.as_str()),
            Some(serving) => self.history.before(plugin, serving),
            None => self.history.latest(plugin),
        };
        let target = target
            .ok_or_else(|| OrderError::NothingBefore(plugin.to_owned()))?
            .to_owned();
        Ok((file, serving, target))
    }

    async fn unpin(&mut self, plugin: &str) -> Result<(Ordered, BTreeSet<OsString>), OrderError> {
        let file = self.known(plugin)?;
        self.decide(plugin, &file, |lock| lock.digest = None).await?;
        // What was refused for its digest has its chance, whatever the file is called.
        let of_pins = |(name, state): (&OsString, &File)| {
            let (problem, _) = state.problem.as_ref()?;
            (problem.stage == Stage::Pin).then(|| name.clone())
        };
        let refused: BTreeSet<_> = self.files.iter().filter_map(of_pins).collect();
        for name in &refused {
            self.requeue(name);
        }
        Ok((self.ordered(plugin, &file, None), refused))
    }

    /// The file of a plugin: of one that is loaded, or was, or, of one that never was, the file that is called like it.
    pub(super) fn known(&self, plugin: &str) -> Result<OsString, OrderError> {
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
        file.cloned().ok_or_else(|| match self.work.is_idle() {
            true => OrderError::Unknown(plugin.to_owned()),
            false => OrderError::NotYet(plugin.to_owned()),
        })
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

    pub(super) fn ordered(&self, plugin: &str, file: &OsStr, before: Option<String>) -> Ordered {
        let loaded = self.holder(plugin).map(|(_, loaded)| loaded);
        let lock = self.locks.of(plugin);
        Ordered {
            plugin: plugin.to_owned(),
            path: self.dir.join(file),
            before: before.filter(|before| loaded.as_ref().is_none_or(|loaded| loaded.version != *before)),
            loaded,
            stopped: lock.is_some_and(|lock| lock.stopped),
            pinned: lock.and_then(Lock::version).map(str::to_owned),
            removed: None,
            loading: self.is_busy(file),
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

pub(super) fn unusable(path: &Path, failure: Failure) -> OrderError {
    OrderError::Unusable {
        what: Shown(path).to_string(),
        stage: failure.stage,
        reason: failure.reason,
    }
}

/// What is to be loaded for an installation.
fn install(package: Package, before: Standings) -> Result<Step, OrderError> {
    let Package { bytes, source, digest } = package;
    if bytes.len() as u64 > moa_engine::MAX_PLUGIN_BYTES {
        let error = moa_engine::LoadError::TooLarge {
            size: bytes.len() as u64,
            limit: moa_engine::MAX_PLUGIN_BYTES,
        };
        return Err(not_installed(source, Failure::of_file(Stage::Read, error)));
    }
    let hash = hex(&Sha256::digest(&bytes));
    if let Some(expected) = digest.filter(|expected| bare(expected) != hash) {
        let found = format!("{SHA256}{hash}");
        return Err(OrderError::WrongDigest { expected, found });
    }
    Ok(Step::new(What::Install { source, before }, bytes, hash))
}

pub(super) fn not_installed(source: Option<String>, Failure { stage, reason, .. }: Failure) -> OrderError {
    let what = source.unwrap_or_else(|| "the file".into());
    OrderError::Unusable { what, stage, reason }
}
