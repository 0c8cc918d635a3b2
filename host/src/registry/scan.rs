//! What is in the folder. Blocking: to be called off the async threads.

use moa_engine::MAX_PLUGIN_BYTES;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::{Metadata, OpenOptions};
use std::io::Read;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

/// Tells one state of a file from another without reading it. Follows symbolic links.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            // Also moves where a tool sets the modification time back to what it was.
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

/// Which folder it is, whatever its path leads to at another time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FolderId(u64, u64);

/// The plugin files of a folder.
#[derive(Debug)]
pub(super) struct Listing {
    pub(super) folder: FolderId,
    /// By file name; without a stamp where the file can't be looked at (a link that leads nowhere).
    pub(super) files: BTreeMap<OsString, Option<Stamp>>,
}

/// Whether a file of this name is meant to be a plugin. Hidden ones are other programs' temporary files.
pub(crate) fn is_plugin_file(name: &OsStr) -> bool {
    let name = name.as_encoded_bytes();
    name.len() > 5 && name.ends_with(b".wasm") && !name.starts_with(b".")
}

/// Looks at a folder. Folders in it don't count, whatever they are called.
pub(super) fn list(dir: &Path) -> std::io::Result<Listing> {
    let folder = std::fs::metadata(dir)?;
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name();
        if !is_plugin_file(&name) {
            continue;
        }
        match std::fs::metadata(entry.path()) {
            Ok(metadata) if metadata.is_dir() => {}
            Ok(metadata) => {
                files.insert(name, Some(Stamp::of(&metadata)));
            }
            // Gone since it was listed, unless a link is left that leads nowhere.
            Err(_) if entry.path().symlink_metadata().is_err() => {}
            Err(_) => {
                files.insert(name, None);
            }
        }
    }
    Ok(Listing {
        folder: FolderId(folder.dev(), folder.ino()),
        files,
    })
}

/// The state of a file, or of what a link leads to; `None` where it can't be looked at.
pub(super) fn stamp(path: &Path) -> Option<Stamp> {
    std::fs::metadata(path).ok().map(|metadata| Stamp::of(&metadata))
}

/// A file's content.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) bytes: Vec<u8>,
    /// The state of the file that it is the content of.
    pub(super) stamp: Stamp,
    /// SHA-256 in hexadecimal.
    pub(super) hash: String,
    /// Whether it was changed while it was read.
    pub(super) restless: bool,
}

/// Why a file was not read.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadError {
    #[error("the file cannot be read ({0}); check its owner and mode, and where it leads if it is a link")]
    Io(#[from] std::io::Error),
    #[error("this is no regular file; put the component itself here, or a link to it")]
    Irregular,
    #[error("{0}")]
    TooLarge(moa_engine::LoadError),
}

/// Reads a plugin's file, unless it is too large to be one.
pub(super) fn read(path: &Path) -> Result<Content, ReadError> {
    // Without O_NONBLOCK a named pipe would keep us waiting until somebody writes to it.
    let mut file = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK)
        .open(path)?;
    let before = file.metadata()?;
    if !before.is_file() {
        return Err(ReadError::Irregular);
    }
    let too_large = |size| {
        ReadError::TooLarge(moa_engine::LoadError::TooLarge {
            size,
            limit: MAX_PLUGIN_BYTES,
        })
    };
    if before.len() > MAX_PLUGIN_BYTES {
        return Err(too_large(before.len()));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(before.len()).unwrap_or(0) + 1);
    (&mut file).take(MAX_PLUGIN_BYTES + 1).read_to_end(&mut bytes)?;
    let size = bytes.len() as u64;
    if size > MAX_PLUGIN_BYTES {
        return Err(too_large(size));
    }
    let after = file.metadata()?;
    let stamp = Stamp::of(&after);
    let restless = size != after.len() || Stamp::of(&before) != stamp;
    let hash = hex(&Sha256::digest(&bytes));
    Ok(Content {
        bytes,
        stamp,
        hash,
        restless,
    })
}

/// Bytes in hexadecimal, small letters.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            // Writing to a string does not fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plugin_files_count() {
        for (name, is) in [
            ("a.wasm", true),
            ("점심.wasm", true),
            (".wasm", false),
            (".a.wasm", false),
            ("a.wasm.tmp", false),
            ("a.WASM", false),
            ("wasm", false),
        ] {
            assert_eq!(is_plugin_file(OsStr::new(name)), is, "{name}");
        }
    }

    #[test]
    fn a_folder_lists_files_and_links_and_links_that_lead_nowhere() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        std::fs::write(at("a.wasm"), "a").unwrap();
        std::fs::create_dir(at("folder.wasm")).unwrap();
        std::fs::write(at("notes.txt"), "x").unwrap();
        std::os::unix::fs::symlink("a.wasm", at("b.wasm")).unwrap();
        std::os::unix::fs::symlink("nowhere", at("c.wasm")).unwrap();
        let listing = list(dir.path()).unwrap();
        assert_eq!(listing.files.keys().collect::<Vec<_>>(), ["a.wasm", "b.wasm", "c.wasm"]);
        assert_eq!(listing.files[OsStr::new("a.wasm")], listing.files[OsStr::new("b.wasm")]);
        assert_eq!(listing.files[OsStr::new("c.wasm")], None);
        std::fs::write(at("a.wasm"), "b").unwrap();
        assert_ne!(
            list(dir.path()).unwrap().files[OsStr::new("a.wasm")],
            listing.files[OsStr::new("a.wasm")]
        );
        assert!(list(&at("gone")).is_err());
    }

    #[test]
    fn what_is_no_file_or_too_large_is_not_read() {
        let dir = tempfile::tempdir().unwrap();
        let big = dir.path().join("big.wasm");
        std::fs::File::create(&big)
            .unwrap()
            .set_len(MAX_PLUGIN_BYTES + 1)
            .unwrap();
        assert!(matches!(read(&big), Err(ReadError::TooLarge(_))));
        let pipe = dir.path().join("pipe.wasm");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success());
        assert!(matches!(read(&pipe), Err(ReadError::Irregular)));
        let file = dir.path().join("a.wasm");
        std::fs::write(&file, "abc").unwrap();
        let content = read(&file).unwrap();
        assert_eq!(
            content.hash,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert!(!content.restless && content.bytes == b"abc");
        assert!(matches!(read(&dir.path().join("gone.wasm")), Err(ReadError::Io(_))));
    }
}
