//! Whether anything that goes into a component has changed since it was built.
//!
//! After a build it is known which folders and files went into it. Their names and contents, the settings in the folders
//! above them and the tools' versions are digested; the same digest means the same component, and no tool is started.

use super::source::is_skipped;
use crate::registry::hex;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Files that steer a Rust build from any folder above.
const ABOVE: [&str; 6] = [
    "Cargo.toml",
    "Cargo.lock",
    "rust-toolchain.toml",
    "rust-toolchain",
    ".cargo/config.toml",
    ".cargo/config",
];

/// Files that tools write while they build.
const LOCKS: [&str; 4] = ["Cargo.lock", "package-lock.json", "go.mod", "go.sum"];

/// What went into a component.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Inputs {
    /// Folders, with everything at or below them that people write.
    pub(super) folders: BTreeSet<PathBuf>,
    /// Further files; others beside them count too.
    pub(super) files: BTreeSet<PathBuf>,
}

/// What all the inputs are at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct State {
    pub(super) digest: String,
    /// When the latest change was made, except to lock files, which the tools write themselves.
    latest: SystemTime,
}

impl State {
    /// Whether nothing changed since. What changed in the very moment counts as changed.
    pub(super) fn is_older_than(&self, begun: SystemTime) -> bool {
        const GRAIN: Duration = Duration::from_millis(10);
        self.latest + GRAIN < begun
    }
}

impl Inputs {
    /// What everything is now; `None` if something is gone or can't be read. `out` does not count.
    pub(super) fn digest(&self, tools: &str, out: &Path) -> Option<State> {
        let mut hasher = Sha256::new();
        hasher.update(tools);
        let mut all = BTreeSet::new();
        for folder in &self.folders {
            walk(folder, out, &mut all).ok()?;
            for above in folder.ancestors().skip(1) {
                all.extend(ABOVE.iter().map(|name| above.join(name)).filter(|path| path.is_file()));
            }
        }
        for file in &self.files {
            if !file.is_file() {
                return None;
            }
            let beside = std::fs::read_dir(file.parent()?).ok()?;
            all.extend(
                beside
                    .filter_map(Result::ok)
                    .map(|entry| entry.path())
                    .filter(|path| path.is_file()),
            );
        }
        let mut latest = SystemTime::UNIX_EPOCH;
        for path in all {
            let modified = add(&mut hasher, &path).ok()?;
            if !path
                .file_name()
                .is_some_and(|name| LOCKS.iter().any(|lock| name == *lock))
            {
                latest = latest.max(modified);
            }
        }
        Some(State {
            digest: hex(&hasher.finalize()),
            latest,
        })
    }
}

fn walk(folder: &Path, out: &Path, all: &mut BTreeSet<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        let kind = entry.file_type()?;
        if kind.is_dir() {
            if path != out && !is_skipped(&entry.file_name().to_string_lossy()) {
                walk(&path, out, all)?;
            }
        } else if path.is_file() {
            all.insert(path);
        }
    }
    for name in ABOVE {
        let hidden = folder.join(name);
        if hidden.is_file() {
            all.insert(hidden);
        }
    }
    Ok(())
}

fn add(hasher: &mut Sha256, path: &Path) -> std::io::Result<SystemTime> {
    let name = path.as_os_str().as_encoded_bytes();
    hasher.update((name.len() as u64).to_le_bytes());
    hasher.update(name);
    let mut content = Vec::new();
    let mut file = File::open(path)?;
    file.read_to_end(&mut content)?;
    hasher.update((content.len() as u64).to_le_bytes());
    hasher.update(content);
    file.metadata()?.modified()
}

/// The files that a dep-info file of rustc (`hello.d`) names as sources.
pub(super) fn dep_info(text: &str) -> BTreeSet<PathBuf> {
    let mut files = BTreeSet::new();
    for line in text.lines() {
        let Some((_, sources)) = line.split_once(": ") else {
            continue;
        };
        let mut name = String::new();
        let mut chars = sources.chars();
        loop {
            match chars.next() {
                Some('\\') => name.extend(chars.next()),
                Some(' ') | None if !name.is_empty() => {
                    files.insert(PathBuf::from(std::mem::take(&mut name)));
                }
                Some(' ') => {}
                Some(c) => name.push(c),
                None => break,
            }
        }
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_change_shows_and_what_tools_make_does_not() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        let write = |path: &str, text: &str| {
            let path = root.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write("Cargo.lock", "1");
        write("hello/src/lib.rs", "a");
        write("wit/a.wit", "w");
        let inputs = Inputs {
            folders: [root.join("hello")].into(),
            files: [root.join("wit/a.wit")].into(),
        };
        let out = root.join("hello/dist");
        let digest = || inputs.digest("rustc 1", &out).unwrap().digest;
        let mut last = digest();
        assert_ne!(inputs.digest("rustc 2", &out).unwrap().digest, last);

        for (path, text) in [
            ("hello/src/lib.rs", "b"),
            ("hello/src/new.rs", ""),
            ("Cargo.lock", "2"),
            ("Cargo.toml", "x"),
            ("hello/.cargo/config.toml", "x"),
            ("wit/a.wit", "w2"),
            ("wit/b.wit", ""),
        ] {
            write(path, text);
            let now = digest();
            assert_ne!(now, last, "{path}");
            last = now;
        }
        for path in ["hello/target/x", "hello/dist/hello.wasm", "hello/.git/x", "other/x"] {
            write(path, "x");
            assert_eq!(digest(), last, "{path}");
        }
        std::fs::remove_file(root.join("wit/a.wit")).unwrap();
        assert_eq!(inputs.digest("rustc 1", &out), None);
    }

    #[test]
    fn a_change_during_a_build_shows() {
        let dir = tempfile::tempdir().unwrap();
        let begun = SystemTime::now();
        let old = begun - Duration::from_secs(60);
        let write = |name: &str, at: SystemTime| {
            std::fs::write(dir.path().join(name), "x").unwrap();
            File::options()
                .write(true)
                .open(dir.path().join(name))
                .unwrap()
                .set_modified(at)
                .unwrap();
        };
        let inputs = Inputs {
            folders: [dir.path().to_owned()].into(),
            ..Inputs::default()
        };
        let is_older = || inputs.digest("", Path::new("/out")).unwrap().is_older_than(begun);
        write("lib.rs", old);
        write("Cargo.lock", begun + Duration::from_secs(1));
        assert!(is_older());
        write("lib.rs", begun + Duration::from_secs(1));
        assert!(!is_older());
    }

    #[test]
    fn dep_info_is_read_with_blanks_in_names() {
        let text = "/t/hello.wasm: /a/src/lib.rs /b/with\\ blank/x.wit\n\n/a/src/lib.rs:\n";
        assert_eq!(
            dep_info(text),
            ["/a/src/lib.rs".into(), "/b/with blank/x.wit".into()].into()
        );
    }
}
