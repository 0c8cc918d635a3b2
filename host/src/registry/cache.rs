//! Compiled code on disk, so that a start does not compile everything again.
//!
//! `HASH-KEY.cwasm` is the code of the plugin file with that SHA-256, made by an engine with that compatibility key;
//! `HASH-KEY.sum` is the SHA-256 of the code. Running damaged code would be undefined behaviour, so code whose sum is
//! missing or wrong is never loaded but made again. For the same reason nobody but the host may write into the folder.
//! Everything here blocks: to be called off the async threads.

use super::RegistryError;
use super::scan::hex;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use tempfile::{NamedTempFile, TempPath};

/// Compiled files kept besides those in use, for a way back to an earlier version without compiling.
const SPARE: usize = 16;
const TEMPORARY: &str = ".tmp-";

#[derive(Clone, Debug)]
pub(super) struct Cache {
    dir: PathBuf,
    key: String,
}

impl Cache {
    /// Makes the folder if need be, closes it to others, and removes what an interrupted compilation left.
    pub(super) fn open(dir: &Path, key: String) -> Result<Self, RegistryError> {
        let failed = |reason: String| RegistryError::Cache {
            dir: dir.to_path_buf(),
            reason,
        };
        let io = |error: std::io::Error| failed(error.to_string());
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(dir)
            .map_err(io)?;
        let metadata = std::fs::metadata(dir).map_err(io)?;
        // SAFETY: takes nothing and cannot fail.
        let me = unsafe { libc::geteuid() };
        if metadata.uid() != me {
            return Err(failed(format!(
                "it belongs to user {}, not to user {me}",
                metadata.uid()
            )));
        }
        if metadata.mode() & 0o077 != 0 {
            std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o700)).map_err(io)?;
        }
        for entry in std::fs::read_dir(dir).map_err(io)? {
            let entry = entry.map_err(io)?;
            if entry.file_name().as_encoded_bytes().starts_with(TEMPORARY.as_bytes()) {
                // One that stays is only untidy.
                let _ = std::fs::remove_file(entry.path());
            }
        }
        let dir = dir.canonicalize().map_err(io)?;
        Ok(Self { dir, key })
    }

    fn code(&self, hash: &str) -> PathBuf {
        self.dir.join(format!("{hash}-{}.cwasm", self.key))
    }

    /// Whether there is code of a plugin file, whole or not.
    pub(super) fn has(&self, hash: &str) -> bool {
        sum_of(&self.code(hash)).exists()
    }

    /// The code of a plugin file, if it is here and whole.
    pub(super) fn find(&self, hash: &str) -> Option<PathBuf> {
        let code = self.code(hash);
        let expected = std::fs::read_to_string(sum_of(&code)).ok()?;
        let found = file_sum(&code).ok()?;
        if found != expected.trim_end() {
            tracing::warn!(file = %code.display(), "compiled code is damaged; it is made again");
            self.discard(&code);
            return None;
        }
        Some(code)
    }

    /// Removes code that is of no use.
    pub(super) fn discard(&self, code: &Path) {
        // What stays is found to be wrong again the next time.
        let _ = std::fs::remove_file(code);
        let _ = std::fs::remove_file(sum_of(code));
    }

    /// An empty file that is gone when it is dropped, unless it is [stored](Self::store).
    pub(super) fn temporary(&self) -> std::io::Result<NamedTempFile> {
        tempfile::Builder::new().prefix(TEMPORARY).tempfile_in(&self.dir)
    }

    /// Keeps new code, written into a [temporary](Self::temporary) file, and returns its place.
    pub(super) fn store(&self, hash: &str, new: TempPath) -> std::io::Result<PathBuf> {
        let code = self.code(hash);
        let sum = file_sum(&new)?;
        std::fs::File::open(&new)?.sync_all()?;
        // First the code, then its sum: in between the two don't match, which means that there is no code.
        new.persist(&code)?;
        let mut sum_file = self.temporary()?;
        writeln!(sum_file, "{sum}")?;
        sum_file.as_file().sync_all()?;
        sum_file.persist(sum_of(&code))?;
        Ok(code)
    }

    /// Removes old code, except that of these plugin files and the latest of the rest.
    pub(super) fn prune(&self, keep: &BTreeSet<String>) -> std::io::Result<()> {
        let mut spare: Vec<(SystemTime, PathBuf)> = Vec::new();
        for entry in std::fs::read_dir(&self.dir)? {
            let entry = entry?;
            let name = entry.file_name();
            let Some(stem) = name.to_str().and_then(|name| name.strip_suffix(".cwasm")) else {
                continue;
            };
            let in_use = stem
                .split_once('-')
                .is_some_and(|(hash, key)| key == self.key && keep.contains(hash));
            if !in_use {
                spare.push((entry.metadata()?.modified()?, entry.path()));
            }
        }
        spare.sort();
        let too_many = spare.len().saturating_sub(SPARE);
        for (_, code) in spare.into_iter().take(too_many) {
            self.discard(&code);
        }
        Ok(())
    }
}

fn sum_of(code: &Path) -> PathBuf {
    code.with_extension("sum")
}

fn file_sum(path: &Path) -> std::io::Result<String> {
    let mut file = std::fs::File::open(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hex(&hasher.finalize())),
            n => hasher.update(buffer.get(..n).unwrap_or_default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(cache: &Cache, hash: &str, code: &[u8]) -> PathBuf {
        let mut new = cache.temporary().unwrap();
        new.write_all(code).unwrap();
        cache.store(hash, new.into_temp_path()).unwrap()
    }

    #[test]
    fn whole_code_is_found_and_damaged_code_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::open(&dir.path().join("a/cache"), "k1".into()).unwrap();
        assert_eq!(cache.find("aa"), None);
        let code = filled(&cache, "aa", b"machine code");
        assert_eq!(cache.find("aa").as_ref(), Some(&code));
        assert_eq!(
            Cache::open(&dir.path().join("a/cache"), "k2".into())
                .unwrap()
                .find("aa"),
            None
        );

        let mut bytes = std::fs::read(&code).unwrap();
        bytes[3] ^= 1;
        std::fs::write(&code, &bytes).unwrap();
        assert_eq!(cache.find("aa"), None);
        assert!(!code.exists(), "damaged code is removed");

        let code = filled(&cache, "aa", b"machine code");
        std::fs::remove_file(sum_of(&code)).unwrap();
        assert_eq!(cache.find("aa"), None, "code without a sum is not trusted");
    }

    #[test]
    fn the_folder_is_closed_to_others_and_left_overs_go() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().join("cache");
        std::fs::create_dir(&dir).unwrap();
        std::fs::set_permissions(&dir, std::fs::Permissions::from_mode(0o755)).unwrap();
        std::fs::write(dir.join(".tmp-old"), "x").unwrap();
        Cache::open(&dir, "k".into()).unwrap();
        assert_eq!(std::fs::metadata(&dir).unwrap().mode() & 0o777, 0o700);
        assert!(!dir.join(".tmp-old").exists());
        let file = dir.join("file");
        std::fs::write(&file, "x").unwrap();
        let error = Cache::open(&file, "k".into()).unwrap_err().to_string();
        assert!(error.contains("bot.data-dir"), "{error}");
    }

    #[test]
    fn pruning_keeps_what_is_in_use_and_the_latest() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::open(dir.path(), "k".into()).unwrap();
        let hour_ago = SystemTime::now() - std::time::Duration::from_secs(3600);
        for n in 0..SPARE + 4 {
            let code = filled(&cache, &format!("h{n:02}"), b"x");
            let at = hour_ago + std::time::Duration::from_secs(n as u64);
            std::fs::File::options()
                .write(true)
                .open(code)
                .unwrap()
                .set_modified(at)
                .unwrap();
        }
        cache.prune(&BTreeSet::from(["h00".into()])).unwrap();
        let there: Vec<bool> = (0..6).map(|n| cache.find(&format!("h{n:02}")).is_some()).collect();
        assert_eq!(there, [true, false, false, false, true, true]);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2 * (SPARE + 1));
    }
}
