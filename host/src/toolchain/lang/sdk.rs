//! The SDKs are part of the executable: a project needs no checkout, and both are always of one version.
//!
//! They are put into `.moa/sdk` of the project, by `moa new` so that an editor knows them, and by each build.

use crate::registry::hex;
use crate::toolchain::source::Language;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The folder in a project that is moa's own. Hidden: it is neither an input of the build nor watched.
pub(crate) const FOLDER: &str = ".moa";

/// A file of an SDK: its path below `.moa/sdk`, and what stands in it.
pub(super) type SdkFile = (Cow<'static, str>, Cow<'static, str>);

/// The contract, as plugins are built against it.
pub(super) const WIT: &[(&str, &str)] = &[
    ("brain.wit", include_str!("../../../../wit/moa-plugin/brain.wit")),
    ("chat.wit", include_str!("../../../../wit/moa-plugin/chat.wit")),
    ("guest.wit", include_str!("../../../../wit/moa-plugin/guest.wit")),
    ("http.wit", include_str!("../../../../wit/moa-plugin/http.wit")),
    ("objects.wit", include_str!("../../../../wit/moa-plugin/objects.wit")),
    ("schedule.wit", include_str!("../../../../wit/moa-plugin/schedule.wit")),
    ("sql.wit", include_str!("../../../../wit/moa-plugin/sql.wit")),
    ("system.wit", include_str!("../../../../wit/moa-plugin/system.wit")),
    ("triggers.wit", include_str!("../../../../wit/moa-plugin/triggers.wit")),
    ("types.wit", include_str!("../../../../wit/moa-plugin/types.wit")),
    ("world.wit", include_str!("../../../../wit/moa-plugin/world.wit")),
];

/// What a language's SDK consists of; nothing for Rust, whose SDK is a package of its own.
fn files(language: Language) -> Vec<SdkFile> {
    match language {
        Language::Rust => Vec::new(),
        Language::Python | Language::Hongmoa => super::python::sdk_files(),
        Language::JavaScript | Language::TypeScript => super::javascript::sdk_files(),
        Language::Go => super::go::sdk_files(),
        Language::C => super::c::sdk_files(),
    }
}

/// The contract's files, below `wit`.
pub(super) fn wit() -> impl Iterator<Item = SdkFile> {
    WIT.iter()
        .map(|(name, text)| (format!("wit/{name}").into(), (*text).into()))
}

/// Changes with everything that is in a language's SDK.
pub(super) fn digest(language: Language) -> String {
    let mut hasher = Sha256::new();
    for (path, text) in files(language) {
        for part in [&path, &text] {
            hasher.update((part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
    }
    hex(&hasher.finalize())
}

/// The folder in a project that is moa's own, which is made if need be.
///
/// # Errors
/// As [`unpack`].
pub(crate) fn own(project: &Path) -> Result<PathBuf, (PathBuf, io::Error)> {
    let folder = project.join(FOLDER);
    real_folder(&folder).map_err(|error| (folder.clone(), error))?;
    Ok(folder)
}

/// Makes a folder unless it is there. A link goes: what is removed and written behind it would be somebody else's.
fn real_folder(path: &Path) -> io::Result<()> {
    if fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink()) {
        fs::remove_file(path)?;
    }
    fs::create_dir_all(path)
}

/// Puts a language's SDK into a project, and takes away what an older one left. Only what differs is written. The SDK's
/// folder.
///
/// # Errors
/// The file that can't be written or removed, and why.
pub(crate) fn unpack(language: Language, project: &Path) -> Result<PathBuf, (PathBuf, io::Error)> {
    let folder = own(project)?.join("sdk");
    let files = files(language);
    let wanted = files.iter().map(|(path, _)| folder.join(path.as_ref())).collect();
    real_folder(&folder)
        .and_then(|()| sweep(&folder, &wanted))
        .map_err(|error| (folder.clone(), error))?;
    for (path, text) in &files {
        let path = folder.join(path.as_ref());
        let failed = |error| (path.clone(), error);
        if fs::read(&path).map_or(true, |before| before != text.as_bytes()) {
            fs::create_dir_all(path.parent().unwrap_or(&folder)).map_err(failed)?;
            fs::write(&path, text.as_bytes()).map_err(failed)?;
        }
    }
    Ok(folder)
}

/// Removes files that nobody wants, and links, through which would be written.
fn sweep(folder: &Path, wanted: &BTreeSet<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        let kind = entry.file_type()?;
        if kind.is_dir() {
            sweep(&path, wanted)?;
        } else if kind.is_symlink() || !wanted.contains(&path) {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_contract_is_in_it() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit/moa-plugin");
        let mut there: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        there.sort();
        assert_eq!(
            there,
            WIT.iter().map(|(name, _)| (*name).to_owned()).collect::<Vec<_>>()
        );
    }

    #[test]
    fn a_project_gets_the_sdk_and_loses_what_is_old() {
        for language in Language::ALL {
            let dir = tempfile::tempdir().unwrap();
            let folder = unpack(language, dir.path()).unwrap();
            let files = files(language);
            for (path, text) in &files {
                assert_eq!(fs::read_to_string(folder.join(path.as_ref())).unwrap(), text.as_ref());
            }
            fs::create_dir_all(folder.join("old")).unwrap();
            fs::write(folder.join("old/file"), "").unwrap();
            unpack(language, dir.path()).unwrap();
            assert!(!folder.join("old/file").exists());
        }
    }

    #[test]
    fn what_lies_behind_a_link_stays_as_it_is() {
        let elsewhere = tempfile::tempdir().unwrap();
        fs::create_dir(elsewhere.path().join("sdk")).unwrap();
        for file in ["theirs", "moa.h", "sdk/theirs"] {
            fs::write(elsewhere.path().join(file), "theirs").unwrap();
        }
        for link in [".moa", ".moa/sdk", ".moa/sdk/wit", ".moa/sdk/moa.h"] {
            let dir = tempfile::tempdir().unwrap();
            let link = dir.path().join(link);
            fs::create_dir_all(link.parent().unwrap()).unwrap();
            let target = if link.ends_with("moa.h") { "moa.h" } else { "" };
            std::os::unix::fs::symlink(elsewhere.path().join(target), &link).unwrap();
            let folder = unpack(Language::C, dir.path()).unwrap();
            for (path, text) in files(Language::C) {
                assert_eq!(fs::read_to_string(folder.join(path.as_ref())).unwrap(), text);
            }
            for file in ["theirs", "moa.h", "sdk/theirs"] {
                assert_eq!(fs::read_to_string(elsewhere.path().join(file)).unwrap(), "theirs");
            }
        }
    }
}
