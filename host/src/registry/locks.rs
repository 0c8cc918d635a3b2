//! `DATA/plugins.lock`: what an operator decided about plugins and a restart must not forget.
//!
//! JSON, by the plugin's name: whether it is stopped, the digest that its file must have, and where that came from. Only
//! plugins of which something was decided stand in it; a file that was dropped into the folder needs no entry.
//!
//! One process at a time may change it: a host as long as it runs, a command that finds none for a moment. What they hold is
//! a lock on the folder that the file is in (the file itself is another one after each change); it ends with its process,
//! however that ends.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often somebody who waits for the right to change the file tries again.
const GLANCE: Duration = Duration::from_millis(50);
/// How a digest begins.
pub(crate) const SHA256: &str = "sha256:";

/// What was decided about a plugin.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    /// Whether it does not serve until it is started.
    pub stopped: bool,
    /// `sha256:` and the digest that its file must have, in hexadecimal; nothing if any will do.
    pub digest: Option<String>,
    /// Where its file was installed from: a URL or a path.
    pub source: Option<String>,
    /// The name of its file in the plugin folder.
    pub file: String,
}

impl Lock {
    /// The version that its file must have.
    pub fn version(&self) -> Option<&str> {
        self.digest.as_deref().map(bare)
    }

    fn says_nothing(&self) -> bool {
        !self.stopped && self.digest.is_none() && self.source.is_none()
    }
}

/// A digest without the name of its algorithm.
pub(crate) fn bare(digest: &str) -> &str {
    digest.strip_prefix(SHA256).unwrap_or(digest)
}

/// Whether this is a whole digest, as the file and `--digest` have it.
pub(crate) fn is_digest(text: &str) -> bool {
    let hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    text.strip_prefix(SHA256)
        .is_some_and(|digest| digest.len() == 64 && digest.bytes().all(hex))
}

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LocksError {
    /// It cannot be read.
    #[error(
        "{path} cannot be read: {source}; it says which plugins are stopped and pinned, so nothing starts without it"
    )]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It is damaged.
    #[error(
        "{path} is damaged: {reason}; it says which plugins are stopped and pinned, so nothing starts with it: mend it, or \
         remove it to forget what was stopped and pinned"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// Another process may change it.
    #[error(
        "{path} is in the hands of another moa, which starts, runs or changes plugins with the same data directory; end that \
         one, or try again in a moment"
    )]
    Taken {
        /// The file.
        path: PathBuf,
    },
    /// It cannot be written.
    #[error("{path} cannot be written: {source}")]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// The file.
#[derive(Clone, Debug, Default)]
pub struct Locks {
    /// Without one nothing outlives the process.
    path: Option<PathBuf>,
    by_plugin: BTreeMap<String, Lock>,
    /// The right to change it, where there is one to be had.
    _held: Option<Arc<File>>,
}

impl Locks {
    /// Takes the right to change the file, for as long as this or a clone of it lives, and reads it then. Nothing if
    /// another process has it. The folder is made where it is missing.
    ///
    /// # Errors
    /// As [`read`](Self::read), and where the folder cannot be made.
    pub fn own(path: &Path) -> Result<Option<Self>, LocksError> {
        let unreadable = |source| LocksError::Unreadable {
            path: path.to_owned(),
            source,
        };
        let folder = folder_of(path);
        let mut make = fs::DirBuilder::new();
        make.recursive(true).mode(0o700).create(folder).map_err(unreadable)?;
        let file = File::open(folder).map_err(unreadable)?;
        let held = match file.try_lock() {
            Ok(()) => Some(Arc::new(file)),
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => {
                tracing::warn!(folder = %folder.display(), %error, "this file system cannot lock; change plugins by one command at a time");
                None
            }
        };
        let read = Self::read(path)?;
        Ok(Some(Self { _held: held, ..read }))
    }

    /// The same, waiting for so long.
    ///
    /// # Errors
    /// As [`own`](Self::own); [`LocksError::Taken`] when another process has it all the while.
    pub async fn own_within(path: &Path, patience: Duration) -> Result<Self, LocksError> {
        let begun = Instant::now();
        loop {
            match Self::own(path)? {
                Some(locks) => return Ok(locks),
                None if begun.elapsed() > patience => return Err(LocksError::Taken { path: path.to_owned() }),
                None => tokio::time::sleep(GLANCE).await,
            }
        }
    }

    /// Reads the file, without the right to change it; one that is not there says nothing.
    ///
    /// # Errors
    /// It cannot be read, or it is damaged.
    pub fn read(path: &Path) -> Result<Self, LocksError> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => "{}".to_owned(),
            Err(source) => {
                return Err(LocksError::Unreadable {
                    path: path.to_owned(),
                    source,
                });
            }
        };
        let damaged = |reason: String| LocksError::Damaged {
            path: path.to_owned(),
            reason,
        };
        let by_plugin: BTreeMap<String, Lock> =
            serde_json::from_str(&text).map_err(|error| damaged(error.to_string()))?;
        for (plugin, lock) in &by_plugin {
            if let Some(digest) = lock.digest.as_deref().filter(|digest| !is_digest(digest)) {
                let reason = format!(
                    "the digest of {plugin:?} is {digest:?} and not `sha256:` with 64 small hexadecimal digits"
                );
                return Err(damaged(reason));
            }
        }
        Ok(Self {
            path: Some(path.to_owned()),
            by_plugin,
            _held: None,
        })
    }

    /// What was decided about a plugin.
    pub fn of(&self, plugin: &str) -> Option<&Lock> {
        self.by_plugin.get(plugin)
    }

    /// Whether a plugin does not serve until it is started.
    pub fn is_stopped(&self, plugin: &str) -> bool {
        self.of(plugin).is_some_and(|lock| lock.stopped)
    }

    /// The plugin whose file has this name, if its content is pinned.
    pub(super) fn pinned_file(&self, file: &OsStr) -> Option<(&str, &Lock)> {
        self.by_plugin
            .iter()
            .find(|(_, lock)| lock.digest.is_some() && OsStr::new(&lock.file) == file)
            .map(|(plugin, lock)| (plugin.as_str(), lock))
    }

    /// All, by plugin.
    pub fn all(&self) -> &BTreeMap<String, Lock> {
        &self.by_plugin
    }

    /// Changes what is decided about a plugin, on disk first. Blocks for a moment.
    ///
    /// # Errors
    /// It cannot be written; then nothing is changed.
    pub(super) fn set(&mut self, plugin: &str, lock: Lock) -> Result<(), LocksError> {
        let mut next = self.by_plugin.clone();
        match lock.says_nothing() {
            true => drop(next.remove(plugin)),
            false => drop(next.insert(plugin.to_owned(), lock)),
        }
        if next == self.by_plugin {
            return Ok(());
        }
        if let Some(path) = &self.path {
            write(path, &next).map_err(|source| LocksError::Unwritable {
                path: path.clone(),
                source,
            })?;
        }
        self.by_plugin = next;
        Ok(())
    }
}

/// In one step: whoever reads it sees all of it or what was there before. Temporary files are for their owner alone.
fn write(path: &Path, locks: &BTreeMap<String, Lock>) -> io::Result<()> {
    let dir = folder_of(path);
    let mut file = tempfile::Builder::new().prefix(".plugins.lock-").tempfile_in(dir)?;
    serde_json::to_writer_pretty(&mut file, locks)?;
    file.write_all(b"\n")?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    // The name is on disk with the folder: what was decided outlives the machine's power, too.
    File::open(dir)?.sync_all()
}

fn folder_of(path: &Path) -> &Path {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn pinned(digit: &str) -> Lock {
        Lock {
            digest: Some(format!("{SHA256}{}", digit.repeat(64))),
            file: "echo.wasm".into(),
            ..Lock::default()
        }
    }

    #[test]
    fn what_is_decided_outlives_the_process_and_is_nobody_elses() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("plugins.lock");
        let mut locks = Locks::read(&path).unwrap();
        assert!(locks.all().is_empty() && !path.exists());
        locks.set("echo", pinned("a")).unwrap();
        let stopped = Lock {
            stopped: true,
            file: "b.wasm".into(),
            ..Lock::default()
        };
        locks.set("b", stopped).unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let mut again = Locks::read(&path).unwrap();
        assert_eq!(again.all(), locks.all());
        assert!(again.is_stopped("b") && !again.is_stopped("echo"));
        assert_eq!(again.pinned_file("echo.wasm".as_ref()).unwrap().0, "echo");
        assert!(again.pinned_file("b.wasm".as_ref()).is_none());

        // Of whom nothing is decided any more, nothing is kept.
        let free = Lock {
            file: "b.wasm".into(),
            ..Lock::default()
        };
        again.set("b", free).unwrap();
        assert!(!std::fs::read_to_string(&path).unwrap().contains("b.wasm"));
        assert_eq!(
            std::fs::read_dir(dir.path()).unwrap().count(),
            1,
            "nothing is left over"
        );
    }

    #[tokio::test]
    async fn one_at_a_time_changes_it_and_sees_what_the_one_before_did() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("data/plugins.lock");
        let mut first = Locks::own(&path).unwrap().unwrap();
        assert!(Locks::own(&path).unwrap().is_none());
        let error = Locks::own_within(&path, Duration::ZERO).await.unwrap_err();
        assert!(matches!(error, LocksError::Taken { .. }), "{error}");
        // A snapshot has a clone of it.
        let clone = first.clone();
        let waiting = tokio::spawn({
            let path = path.clone();
            async move { Locks::own_within(&path, Duration::from_secs(60)).await }
        });
        first.set("echo", pinned("a")).unwrap();
        drop(first);
        assert!(Locks::own(&path).unwrap().is_none());
        drop(clone);
        let second = waiting.await.unwrap().unwrap();
        assert_eq!(second.of("echo"), Some(&pinned("a")));
        assert_eq!(
            Locks::read(&path).unwrap().all(),
            second.all(),
            "to read it takes no right"
        );
        let folder = path.parent().unwrap().metadata().unwrap();
        assert_eq!(folder.permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn a_damaged_file_is_named_with_what_is_wrong() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("plugins.lock");
        let field =
            |field: &str| format!("{{\"echo\": {{\"stopped\": false, \"digest\": null, \"source\": null, {field}}}}}");
        for text in [
            "",
            "{\"echo\": ",
            "[]",
            &field("\"file\": 3"),
            &field("\"file\": \"a\", \"more\": 1"),
            "{\"echo\": {\"stopped\": false, \"digest\": \"sha256:abc\", \"source\": null, \"file\": \"a\"}}",
        ] {
            std::fs::write(&path, text).unwrap();
            let error = Locks::read(&path).unwrap_err();
            assert!(matches!(error, LocksError::Damaged { .. }), "{text}: {error}");
            assert!(error.to_string().contains("plugins.lock"), "{error}");
        }
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        assert!(matches!(Locks::read(&path), Err(LocksError::Unreadable { .. })));
    }

    #[test]
    fn what_cannot_be_written_is_not_decided() {
        let dir = tempfile::tempdir().unwrap();
        let mut locks = Locks::read(&dir.path().join("gone/plugins.lock")).unwrap();
        let error = locks.set("echo", pinned("a")).unwrap_err();
        assert!(matches!(error, LocksError::Unwritable { .. }), "{error}");
        assert!(locks.all().is_empty());
    }
}
