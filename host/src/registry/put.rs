//! Putting a file into the plugin folder together with what is decided about it.
//!
//! Two files change, and the host may end in between. So the new file is laid ready first, beside its place; then it is
//! decided; then it takes its place. What the next start finds ready takes its place if that was decided, and goes if not:
//! either the old file stands with what was decided before, or the new one with what is decided now. Everything here
//! blocks: to be called off the async threads.

use super::locks::Locks;
use super::problem::Shown;
use super::scan::{self, is_plugin_file};
use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// How the name of a file begins that lies ready. No plugin's file is called so.
const READY: &str = ".moa-new-";

/// A file that lies ready.
#[derive(Debug)]
pub(super) struct Ready {
    dir: PathBuf,
    new: PathBuf,
    to: PathBuf,
}

impl Ready {
    /// Lays a file ready, under a name that is no plugin's.
    pub(super) fn lay(dir: &Path, file: &OsStr, bytes: &[u8]) -> io::Result<Self> {
        let mut new = tempfile::Builder::new().prefix(READY).tempfile_in(dir)?;
        new.write_all(bytes)?;
        new.as_file().set_permissions(Permissions::from_mode(0o644))?;
        new.as_file().sync_all()?;
        let mut name = OsString::from(READY);
        name.push(file);
        let ready = Self {
            dir: dir.to_owned(),
            new: dir.join(name),
            to: dir.join(file),
        };
        new.persist(&ready.new)?;
        sync(dir);
        Ok(ready)
    }

    /// Gives it its place, in one step.
    pub(super) fn put(&self) -> io::Result<()> {
        fs::rename(&self.new, &self.to)?;
        sync(&self.dir);
        Ok(())
    }

    /// It is not wanted any more.
    pub(super) fn discard(&self) {
        // One that stays goes with the next start.
        let _ = fs::remove_file(&self.new);
    }
}

/// Finishes what a host that ended had begun, or undoes it.
pub(super) fn recover(dir: &Path, locks: &Locks) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let new = entry?.path();
        let name = new.file_name().unwrap_or_default().as_bytes();
        let Some(file) = name.strip_prefix(READY.as_bytes()) else {
            continue;
        };
        let ready = Ready {
            dir: dir.to_owned(),
            to: dir.join(OsStr::from_bytes(file)),
            new,
        };
        match ready.is_decided(locks) {
            true => {
                ready.put()?;
                tracing::info!(file = %Shown(&ready.to), "the plugin whose installation was cut off is installed");
            }
            false => ready.discard(),
        }
    }
    Ok(())
}

impl Ready {
    fn is_decided(&self, locks: &Locks) -> bool {
        let file = self.to.file_name().unwrap_or_default();
        let pinned = locks.pinned_file(file).filter(|_| is_plugin_file(file));
        let pinned = pinned.and_then(|(_, lock)| lock.version());
        // A link would be somebody else's doing.
        let is_file = || self.new.symlink_metadata().is_ok_and(|metadata| metadata.is_file());
        pinned.is_some_and(|pinned| is_file() && scan::read(&self.new).is_ok_and(|content| content.hash == pinned))
    }
}

/// The names are on disk with the folder; a system without that keeps the files nevertheless.
fn sync(dir: &Path) {
    if let Ok(folder) = File::open(dir) {
        let _ = folder.sync_all();
    }
}

#[cfg(test)]
mod tests {
    use super::super::locks::{Lock, SHA256};
    use super::super::scan::hex;
    use super::super::testing::plugin;
    use super::super::tests::{Bench, live};
    use super::*;
    use sha2::{Digest, Sha256};

    /// What a host leaves behind that ends after so many steps of an installation over the version 1.
    async fn cut_off_after(steps: usize, pinned_before: bool) -> Bench {
        let (one, two) = (plugin("a", "1"), plugin("a", "2"));
        let root = Bench::root(&[("a.wasm", &one)]);
        let dir = root.path().join("plugins");
        let pin = |bytes: &[u8]| Lock {
            digest: Some(format!("{SHA256}{}", hex(&Sha256::digest(bytes)))),
            file: "a.wasm".into(),
            ..Lock::default()
        };
        let mut locks = Locks::read(&root.path().join("plugins.lock")).unwrap();
        if pinned_before {
            locks.set("a", pin(&one)).unwrap();
        }
        match steps {
            0 => fs::write(dir.join(format!("{READY}x1y2z3")), &two[..two.len() / 2]).unwrap(),
            _ => {
                let ready = Ready::lay(&dir, OsStr::new("a.wasm"), &two).unwrap();
                if steps >= 2 {
                    locks.set("a", pin(&two)).unwrap();
                }
                if steps >= 3 {
                    ready.put().unwrap();
                }
            }
        }
        let bench = Bench::compiled_by(root, super::super::Compiler::InProcess);
        bench.registry.ready().await;
        bench
    }

    #[tokio::test]
    async fn an_installation_that_is_cut_off_at_any_step_leaves_the_old_or_the_new() {
        for pinned_before in [false, true] {
            for steps in 0..=3 {
                let bench = cut_off_after(steps, pinned_before).await;
                let version = if steps < 2 { "1" } else { "2" };
                assert_eq!(
                    bench.live(),
                    live(&[("a", version, "a.wasm")]),
                    "{steps} {pinned_before}"
                );
                let now = bench.registry.current();
                assert!(now.problems.is_empty(), "{steps} {pinned_before}: {:?}", now.problems);
                let pinned = now.locks.of("a").and_then(Lock::version).map(str::to_owned);
                let expected = (pinned_before || steps >= 2).then(|| now.plugins["a"].version.clone());
                assert_eq!(pinned, expected, "{steps} {pinned_before}");
                let files = fs::read_dir(bench.root.path().join("plugins")).unwrap();
                assert_eq!(files.count(), 1, "{steps} {pinned_before}: something is left over");
            }
        }
    }

    #[test]
    fn what_was_not_decided_takes_nobodys_place() {
        let dir = tempfile::tempdir().unwrap();
        let plugins = dir.path().join("plugins");
        fs::create_dir(&plugins).unwrap();
        let mut locks = Locks::read(&dir.path().join("plugins.lock")).unwrap();
        let lock = Lock {
            digest: Some(format!("{SHA256}{}", hex(&Sha256::digest(b"pinned")))),
            file: "a.wasm".into(),
            ..Lock::default()
        };
        locks.set("a", lock).unwrap();
        fs::write(plugins.join("a.wasm"), b"there").unwrap();
        fs::write(dir.path().join("elsewhere"), b"pinned").unwrap();
        std::os::unix::fs::symlink("../elsewhere", plugins.join(format!("{READY}a.wasm"))).unwrap();
        fs::write(plugins.join(format!("{READY}b.wasm")), b"pinned").unwrap();
        fs::write(plugins.join(".hidden.wasm"), b"somebody else's").unwrap();
        recover(&plugins, &locks).unwrap();
        assert_eq!(fs::read(plugins.join("a.wasm")).unwrap(), b"there");
        assert_eq!(fs::read_dir(&plugins).unwrap().count(), 2);
        // The same, as a host leaves it.
        Ready::lay(&plugins, OsStr::new("a.wasm"), b"pinned").unwrap();
        recover(&plugins, &locks).unwrap();
        assert_eq!(fs::read(plugins.join("a.wasm")).unwrap(), b"pinned");
        assert_eq!(fs::read_dir(&plugins).unwrap().count(), 2);
    }
}
