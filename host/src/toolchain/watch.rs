//! Telling when plugin sources change.
//!
//! Folders in which tools work (`target`, `node_modules`, hidden ones) are not watched at all: a build writes thousands
//! of files there, and would set off the next one.

use super::source::is_skipped;
use crate::registry::{LATEST, QUIET, Quiet, changes};
use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

/// Sources can't be watched.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// The system tells no changes.
    #[error(
        "changes of the sources cannot be watched ({0}); raise `fs.inotify.max_user_watches` and `max_user_instances`, or use `--no-watch`"
    )]
    System(#[from] notify::Error),
}

/// Watches until it is dropped.
#[derive(Debug)]
pub struct SourceWatch {
    task: JoinHandle<()>,
}

impl Drop for SourceWatch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Calls `on_change` with the files that changed at or below `dirs`, once it has been quiet for 200 ms, at the latest
/// after 1 s. What is at or below `ignored` (where components are written to) does not count. To be called within a Tokio
/// runtime.
///
/// # Errors
/// When the system can't watch, or a folder is not there.
pub fn watch_sources(
    dirs: &[PathBuf],
    ignored: &[PathBuf],
    on_change: impl Fn(BTreeSet<PathBuf>) + Send + 'static,
) -> Result<SourceWatch, WatchError> {
    let (tell, told) = mpsc::unbounded_channel();
    let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        if let Ok(event) = event
            && changes(event.kind)
        {
            // Nobody listens any more when the watch ends.
            let _ = tell.send(event.paths);
        }
    })?;
    let absolute = |paths: &[PathBuf]| paths.iter().map(|path| canonical(path)).collect::<Vec<_>>();
    let mut sources = Sources {
        dirs: absolute(dirs),
        ignored: absolute(ignored),
        watcher,
        watched: BTreeSet::new(),
    };
    sources.watch_new_folders()?;
    Ok(SourceWatch {
        task: tokio::spawn(sources.run(told, on_change)),
    })
}

struct Sources {
    dirs: Vec<PathBuf>,
    ignored: Vec<PathBuf>,
    watcher: RecommendedWatcher,
    watched: BTreeSet<PathBuf>,
}

impl Sources {
    async fn run(
        mut self,
        mut told: mpsc::UnboundedReceiver<Vec<PathBuf>>,
        on_change: impl Fn(BTreeSet<PathBuf>) + Send + 'static,
    ) {
        let mut quiet = Quiet::new(QUIET, LATEST);
        let mut changed = BTreeSet::new();
        loop {
            let due = quiet.due_at();
            tokio::select! {
                paths = told.recv() => {
                    let Some(paths) = paths else { return };
                    for path in paths.into_iter().filter(|path| self.counts(path)) {
                        changed.insert(path);
                        quiet.event(Instant::now());
                    }
                }
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                    if quiet.take(Instant::now()) {
                        if let Err(error) = self.watch_new_folders() {
                            tracing::warn!(%error, "a new source folder is not watched");
                        }
                        on_change(std::mem::take(&mut changed));
                    }
                }
            }
        }
    }

    /// Whether a path is of a file that people write.
    fn counts(&self, path: &Path) -> bool {
        if self.ignored.iter().any(|ignored| path.starts_with(ignored)) {
            return false;
        }
        self.dirs.iter().any(|dir| {
            path.strip_prefix(dir).is_ok_and(|below| {
                below
                    .components()
                    .all(|part| !is_skipped(&part.as_os_str().to_string_lossy()))
            })
        })
    }

    fn watch_new_folders(&mut self) -> notify::Result<()> {
        // A folder that was removed and made again has to be watched again.
        self.watched.retain(|dir| dir.is_dir());
        let mut waiting = self.dirs.clone();
        while let Some(dir) = waiting.pop() {
            if !self.watched.contains(&dir) {
                match self.watcher.watch(&dir, RecursiveMode::NonRecursive) {
                    Ok(()) => self.watched.insert(dir.clone()),
                    // Gone again in the meantime.
                    Err(_) if !dir.is_dir() && !self.dirs.contains(&dir) => continue,
                    Err(error) => return Err(error),
                };
            }
            let Ok(entries) = std::fs::read_dir(&dir) else { continue };
            let folders = entries
                .filter_map(Result::ok)
                .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
            waiting.extend(folders.map(|entry| entry.path()).filter(|path| self.counts(path)));
        }
        Ok(())
    }
}

fn canonical(path: &Path) -> PathBuf {
    path.canonicalize()
        .or_else(|_| std::path::absolute(path))
        .unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    async fn next(heard: &mut mpsc::UnboundedReceiver<BTreeSet<PathBuf>>) -> BTreeSet<PathBuf> {
        tokio::time::timeout(Duration::from_secs(30), heard.recv())
            .await
            .unwrap()
            .unwrap()
    }

    #[tokio::test]
    async fn changes_are_told_and_those_of_tools_are_not() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        for folder in ["hello/src", "hello/target", "dist"] {
            std::fs::create_dir_all(root.join(folder)).unwrap();
        }
        let (tell, mut heard) = mpsc::unbounded_channel();
        let _watch = watch_sources(&[dir.path().into()], &[root.join("dist")], move |changed| {
            tell.send(changed).unwrap();
        })
        .unwrap();

        std::fs::write(root.join("hello/target/x"), "x").unwrap();
        std::fs::write(root.join("dist/hello.wasm"), "x").unwrap();
        std::fs::write(root.join("hello/src/lib.rs"), "1").unwrap();
        assert_eq!(next(&mut heard).await, [root.join("hello/src/lib.rs")].into());

        std::fs::create_dir(root.join("hello/src/new")).unwrap();
        assert_eq!(next(&mut heard).await, [root.join("hello/src/new")].into());
        std::fs::write(root.join("hello/src/new/a.rs"), "1").unwrap();
        assert_eq!(next(&mut heard).await, [root.join("hello/src/new/a.rs")].into());
    }

    #[tokio::test]
    async fn a_folder_that_is_not_there_is_an_error() {
        let error = watch_sources(&["/nowhere/at/all".into()], &[], |_| {}).unwrap_err();
        assert!(error.to_string().contains("--no-watch"), "{error}");
    }
}
