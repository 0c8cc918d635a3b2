//! One file: reading it, making a plugin of it, giving it its place.

use super::work::Lane;
use super::{AGAIN, File, Keeper};
use crate::registry::load::{Failure, Fresh};
use crate::registry::problem::{Problem, Report, Shown, Stage};
use crate::registry::scan::{self, Content, ReadError, Stamp};
use crate::registry::snapshot::Loaded;
use crate::registry::watch::QUIET;
use jiff::Timestamp;
use std::ffi::{OsStr, OsString};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::time::Instant;

/// There is no room for another plugin.
#[derive(Debug, thiserror::Error)]
#[error(
    "as many plugins are loaded as this process may have open files for ({0}); raise the hard limit of open files \
     (`ulimit -Hn`; `LimitNOFILE=` for systemd) and start Moa again, or remove a plugin"
)]
pub(super) struct Full(pub(super) usize);

impl Keeper {
    /// Looks at one file and has done what is to be done. One that has to be compiled waits for its turn, if this is not it.
    pub(super) async fn examine(&mut self, name: &OsStr, is_its_turn: bool) {
        if self.look_at(name, is_its_turn).await.is_break() {
            self.stop_work(name);
            self.decided(name);
        }
    }

    /// Breaks off where it is known what comes of the file.
    async fn look_at(&mut self, name: &OsStr, is_its_turn: bool) -> ControlFlow<()> {
        let begun = Instant::now();
        let path = self.dir.join(name);
        if self.is_full(name) {
            self.failed(name, None, Failure::of_host(Stage::Load, Full(self.room)));
            return ControlFlow::Break(());
        }
        let file = self.files.entry(name.to_owned()).or_default();
        let content = match read(path.clone()).await {
            Ok(content) if content.restless => {
                self.look_again(name);
                return ControlFlow::Continue(());
            }
            Ok(content) => content,
            // Removed since the folder was listed; the next pass sees it. A link that leads nowhere has no stamp.
            Err(ReadError::Io(error)) if error.kind() == std::io::ErrorKind::NotFound && file.stamp.is_some() => {
                file.stamp = None;
                self.look_again(name);
                return ControlFlow::Continue(());
            }
            Err(error) => {
                self.failed(name, None, Failure::of_file(Stage::Read, error));
                return ControlFlow::Break(());
            }
        };
        let serving = file.serving.clone();
        if let Some(serving) = serving.as_ref().filter(|serving| serving.version == content.hash) {
            if file.problem.take().is_some() {
                self.changed = true;
                self.pending.push(Report::Mended {
                    plugin: Arc::clone(serving),
                });
            }
            return ControlFlow::Break(());
        }
        if let Some(running) = file.running.as_mut().filter(|running| running.hash == content.hash) {
            running.stamp = content.stamp;
            return ControlFlow::Continue(());
        }
        if let Some(reason) = self.refusal_by_file(name, &content.hash) {
            self.failed(name, Some(content.hash), Failure::of_file(Stage::Pin, reason));
            return ControlFlow::Break(());
        }
        if self.take_renamed(name, &path, &content.hash).await {
            return ControlFlow::Break(());
        }
        self.stop_work(name);
        let lane = match self.loader.cache.has(&content.hash) {
            true => Lane::Warm,
            false => Lane::Cold,
        };
        if lane == Lane::Cold && !is_its_turn && !self.work.has_cold_place() {
            self.put_off(name);
            return ControlFlow::Continue(());
        }
        let limits = {
            let name = serving.map(|serving| serving.name.clone());
            let stem = || {
                path.file_stem()
                    .map(|stem| stem.to_string_lossy().into_owned())
                    .unwrap_or_default()
            };
            (self.limits)(&name.unwrap_or_else(stem))
        };
        let Content { bytes, stamp, hash, .. } = content;
        self.load(name, lane, (bytes, hash), (stamp, begun), limits);
        ControlFlow::Continue(())
    }

    /// Takes what came of a file, unless it is not what is in the folder any more.
    pub(super) async fn loaded(&mut self, name: &OsStr, id: u64, result: Result<Fresh, Failure>) {
        let Some(running) = self.ended(name, id) else { return };
        self.untidy = true;
        let path = self.dir.join(name);
        let mut is_decided = true;
        if stamp(path.clone()).await != Some(running.stamp) {
            if let Some(file) = self.files.get_mut(name) {
                file.stamp = None;
            }
            is_decided = false;
        } else {
            match result {
                Ok(fresh) => {
                    if let Some(other) = self.claimant(&fresh.manifest.name, name) {
                        return self.wait_behind(name, other);
                    }
                    self.place(name, path, running.hash, fresh, running.begun).await;
                }
                // Still being written, perhaps: it is looked at again when it has been left alone for a while.
                Err(failure) if !failure.passing && changed_lately(&path) => {
                    tracing::debug!(file = %Shown(&path), reason = %failure.reason, "not loadable yet");
                    is_decided = false;
                }
                Err(failure) => self.failed(name, Some(running.hash), failure),
            }
        }
        if self.told_full && self.files.get(name).is_some_and(|file| file.serving.is_none()) {
            // It had a place, and does not need it.
            self.try_again();
        }
        match is_decided {
            true => self.decided(name),
            false => self.look_again(name),
        }
    }

    /// The file that the plugin of this name was in before, if it may be in it still.
    fn claimant(&self, plugin: &str, name: &OsStr) -> Option<OsString> {
        if self.holder(plugin).is_some() {
            return None;
        }
        let other = OsString::from(self.owners.files.get(plugin)?);
        // What is in one that waits itself is known: another plugin.
        let file = self.files.get(&other)?;
        (other != name && file.is_busy() && file.behind.is_none()).then_some(other)
    }

    /// Whether there is no room for a plugin more, also for those that are just being loaded. A file that is a plugin
    /// already, or the successor of one that is gone, needs none.
    pub(super) fn is_full(&mut self, name: &OsStr) -> bool {
        let takes_room = |(other, file): &(&OsString, &File)| {
            *other != name && (file.serving.is_some() && !self.leaving.contains_key(*other) || file.is_begun())
        };
        let others = self.files.iter().filter(takes_room).count();
        let is_full = others >= self.room;
        if is_full && !std::mem::replace(&mut self.told_full, true) {
            tracing::warn!(dir = %self.dir.display(), "not every plugin can be loaded: {}", Full(self.room));
        }
        is_full
    }

    /// A file that went away and this one are the same plugin: only the path is new.
    async fn take_renamed(&mut self, name: &OsStr, path: &Path, hash: &str) -> bool {
        let before = self.leaving.keys().find_map(|from| {
            let serving = self.files.get(from)?.serving.as_ref()?;
            (serving.version == hash).then(|| (from.clone(), Arc::clone(serving)))
        });
        let Some((from, old)) = before else { return false };
        self.leaving.remove(&from);
        self.files.remove(&from);
        self.follow_file(&old.name, name).await;
        let plugin = Arc::new(Loaded {
            path: path.to_owned(),
            ..Loaded::clone(&old)
        });
        self.pending.push(Report::Moved {
            plugin: Arc::clone(&plugin),
            from: old.path.clone(),
        });
        self.serve(name, plugin);
        true
    }

    /// Gives a plugin its place, unless another file has its name.
    pub(super) async fn place(&mut self, name: &OsStr, path: PathBuf, hash: String, fresh: Fresh, begun: Instant) {
        let plugin = fresh.manifest.name.clone();
        if let Some(reason) = self.refusal_by_name(&plugin, &hash) {
            return self.failed(name, Some(hash), Failure::of_file(Stage::Pin, reason));
        }
        let holder = self.holder(&plugin);
        let mut before = None;
        if let Some((file, old)) = holder {
            if file != name {
                if self.leaving.remove(&file).is_some() {
                    // The file of the version before is gone: this one is its successor.
                    self.files.remove(&file);
                } else if !self.cede(&file) {
                    return self.duplicate(name, hash, &old);
                }
            }
            before = Some(old.version.clone());
        }
        self.follow_file(&plugin, name).await;
        let plugin = Arc::new(fresh.settle(path, hash));
        let took = begun.elapsed();
        self.pending.push(match before {
            Some(before) => Report::Replaced {
                plugin: Arc::clone(&plugin),
                before,
                took,
            },
            None => Report::Loaded {
                plugin: Arc::clone(&plugin),
                took,
            },
        });
        if self.locks.is_stopped(&plugin.name) {
            self.pending.push(Report::Stopped {
                plugin: Arc::clone(&plugin),
            });
        }
        self.serve(name, plugin);
    }

    /// What is decided about a plugin goes with it when its file has another name.
    async fn follow_file(&mut self, plugin: &str, file: &OsStr) {
        if self.locks.of(plugin).is_some()
            && let Err(error) = self.decide(plugin, file, |_| {}).await
        {
            tracing::warn!(plugin, %error, "the new name of a plugin's file could not be kept");
        }
    }

    /// Whether a file gives its plugin's name away: it does if it holds another plugin by now, which only waits for a name
    /// that is taken. So two files can be exchanged.
    fn cede(&mut self, name: &OsStr) -> bool {
        let Some(file) = self.files.get_mut(name) else {
            return false;
        };
        let cedes = file
            .problem
            .as_ref()
            .is_some_and(|(problem, _)| problem.stage == Stage::Name);
        if cedes {
            file.serving = None;
        }
        cedes
    }

    /// From the next snapshot on this is what the file is.
    fn serve(&mut self, name: &OsStr, plugin: Arc<Loaded>) {
        self.changed = true;
        let file = self.files.entry(name.to_owned()).or_default();
        file.problem = None;
        let old = file.serving.replace(Arc::clone(&plugin));
        if let Some(old) = old.filter(|old| old.name != plugin.name) {
            self.removed(&old);
        }
    }

    /// A name is free, and so is room, which may be what another file waits for.
    pub(super) fn removed(&mut self, old: &Loaded) {
        self.pending.push(Report::Removed {
            name: old.name.clone(),
            version: old.version.clone(),
            path: old.path.clone(),
        });
        self.try_again();
    }

    /// Has those looked at again that wait for a name or for room.
    fn try_again(&mut self) {
        for (name, file) in &mut self.files {
            let waits_for_a_name = |(problem, _): &(Problem, _)| problem.stage == Stage::Name;
            if file.again.is_some() || file.problem.as_ref().is_some_and(waits_for_a_name) {
                file.again = Some(Instant::now());
                self.touched.add(name.clone());
            }
        }
    }

    fn duplicate(&mut self, name: &OsStr, hash: String, holder: &Loaded) {
        let report = Report::DuplicateName {
            name: holder.name.clone(),
            kept: holder.path.clone(),
            refused: self.dir.join(name),
        };
        let reason = format!(
            "{} is the plugin {} already; remove one of the two files",
            Shown(&holder.path),
            holder.name
        );
        if self
            .note(name, Some(hash), Failure::of_file(Stage::Name, reason))
            .is_some()
        {
            self.pending.push(report);
        }
    }

    pub(super) fn failed(&mut self, name: &OsStr, hash: Option<String>, failure: Failure) {
        if let Some(problem) = self.note(name, hash, failure) {
            self.pending.push(Report::Failed(problem));
        }
    }

    /// Keeps why a file is not live. Returns it if it is news.
    fn note(&mut self, name: &OsStr, hash: Option<String>, failure: Failure) -> Option<Problem> {
        let file = self.files.entry(name.to_owned()).or_default();
        file.again = failure.passing.then(|| Instant::now() + AGAIN);
        let problem = Problem {
            path: self.dir.join(name),
            stage: failure.stage,
            reason: failure.reason,
            serving: file.serving.as_ref().map(|serving| serving.version.clone()),
        };
        let noted = (problem.clone(), hash);
        if file.problem.as_ref() == Some(&noted) {
            return None;
        }
        file.problem = Some(noted);
        self.changed = true;
        Some(problem)
    }

    /// What is in it now is not to be loaded; nothing is decided before it was looked at once more.
    fn look_again(&mut self, name: &OsStr) {
        self.stop_work(name);
        self.undecided(name);
    }
}

pub(super) async fn stamp(path: PathBuf) -> Option<Stamp> {
    // A panic would be none of the file's.
    tokio::task::spawn_blocking(move || scan::stamp(&path)).await.ok()?
}

pub(super) async fn read(path: PathBuf) -> Result<Content, ReadError> {
    let read = tokio::task::spawn_blocking(move || scan::read(&path)).await;
    read.unwrap_or_else(|error| Err(ReadError::Io(std::io::Error::other(error))))
}

/// Whether a file's content or name changed within the quiet time. A clock that is behind the file's is no reason to
/// wait for ever.
fn changed_lately(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let Ok(metadata) = std::fs::metadata(path) else {
        return true;
    };
    let changed = i128::from(metadata.ctime()) * 1_000_000_000 + i128::from(metadata.ctime_nsec());
    let age = Timestamp::now().as_nanosecond() - changed;
    (0..QUIET.as_nanos() as i128).contains(&age)
}
