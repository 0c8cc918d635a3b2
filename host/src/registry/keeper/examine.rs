//! One file: reading it, making a plugin of it, giving it its place.

use super::{AGAIN, Keeper};
use crate::registry::load::{Failure, Fresh};
use crate::registry::problem::{Problem, Report, Shown, Stage};
use crate::registry::scan::{self, Content, ReadError, Stamp};
use crate::registry::snapshot::Loaded;
use crate::registry::watch::QUIET;
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
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
    /// Looks at one file and does what is to be done.
    pub(super) async fn examine(&mut self, name: &OsStr, stamp: Option<Stamp>, gone: &BTreeSet<OsString>) {
        let begun = Instant::now();
        let path = self.dir.join(name);
        let file = self.files.entry(name.to_owned()).or_default();
        file.stamp = stamp;
        file.again = None;
        if self.is_full(name, gone) {
            return self.failed(name, None, Failure::of_host(Stage::Load, Full(self.room)));
        }
        let file = self.files.entry(name.to_owned()).or_default();
        let content = match read(path.clone()).await {
            Ok(content) if content.restless => return self.look_again(name),
            Ok(content) => content,
            // Removed since the folder was listed; the next pass sees it. A link that leads nowhere has no stamp.
            Err(ReadError::Io(error)) if error.kind() == std::io::ErrorKind::NotFound && stamp.is_some() => {
                file.stamp = None;
                return self.look_again(name);
            }
            Err(error) => return self.failed(name, None, Failure::of_file(Stage::Read, error)),
        };
        let serving = file.serving.clone();
        if let Some(serving) = serving.as_ref().filter(|serving| serving.version == content.hash) {
            if file.problem.take().is_some() {
                self.changed = true;
                self.pending.push(Report::Mended {
                    plugin: Arc::clone(serving),
                });
            }
            return;
        }
        if let Some(reason) = self.refusal_by_file(name, &content.hash) {
            return self.failed(name, Some(content.hash), Failure::of_file(Stage::Pin, reason));
        }
        if self.take_renamed(name, &path, &content.hash, gone).await {
            return;
        }
        let Content { bytes, hash, .. } = content;
        let limits = {
            let name = serving.map(|serving| serving.name.clone());
            let stem = || {
                path.file_stem()
                    .map(|stem| stem.to_string_lossy().into_owned())
                    .unwrap_or_default()
            };
            (self.limits)(&name.unwrap_or_else(stem))
        };
        match self.loader.load(bytes, &hash, &limits).await {
            Ok(fresh) => self.place(name, path, hash, fresh, gone, begun).await,
            // Still being written, perhaps: it is looked at again when it has been left alone for a while.
            Err(failure) if !failure.passing && changed_lately(&path) => {
                tracing::debug!(file = %Shown(&path), reason = %failure.reason, "not loadable yet");
                self.look_again(name);
            }
            Err(failure) => self.failed(name, Some(hash), failure),
        }
    }

    /// Whether there is no room for a plugin more. A file that is a plugin already, or the successor of one that is gone,
    /// needs none.
    pub(super) fn is_full(&mut self, name: &OsStr, gone: &BTreeSet<OsString>) -> bool {
        let others = self
            .files
            .iter()
            .filter(|(other, file)| *other != name && file.serving.is_some() && !gone.contains(*other))
            .count();
        let is_full = others >= self.room;
        if is_full && !std::mem::replace(&mut self.told_full, true) {
            tracing::warn!(dir = %self.dir.display(), "not every plugin can be loaded: {}", Full(self.room));
        }
        is_full
    }

    /// A file that went away and this one are the same plugin: only the path is new.
    async fn take_renamed(&mut self, name: &OsStr, path: &Path, hash: &str, gone: &BTreeSet<OsString>) -> bool {
        let before = gone.iter().find_map(|from| {
            let serving = self.files.get(from)?.serving.as_ref()?;
            (serving.version == hash).then(|| (from.clone(), Arc::clone(serving)))
        });
        let Some((from, old)) = before else { return false };
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
    pub(super) async fn place(
        &mut self,
        name: &OsStr,
        path: PathBuf,
        hash: String,
        fresh: Fresh,
        gone: &BTreeSet<OsString>,
        begun: Instant,
    ) {
        let plugin = fresh.manifest.name.clone();
        if let Some(reason) = self.refusal_by_name(&plugin, &hash) {
            return self.failed(name, Some(hash), Failure::of_file(Stage::Pin, reason));
        }
        let holder = self.holder(&plugin);
        let mut before = None;
        if let Some((file, old)) = holder {
            if file != name {
                if gone.contains(&file) {
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

    fn failed(&mut self, name: &OsStr, hash: Option<String>, failure: Failure) {
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

    fn look_again(&mut self, name: &OsStr) {
        self.touched.add(name.to_owned());
    }
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
