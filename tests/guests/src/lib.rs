//! Guests for tests, built when a test wants them.
//!
//! A guest is built once for each state of its sources, into `guests/HASH/NAME.wasm` of the target directory, where
//! HASH is over everything that goes into it. Several test processes may ask at once: a file lock lets one build.
//! Those in [`hostile`] are written by hand and made in memory; [`misdeeds`] tells what two of the fixtures do wrong.

pub mod hostile;
pub mod misdeeds;

use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

const TARGET: &str = "wasm32-wasip2";

/// A guest of `tests/fixtures`: the path of its component.
///
/// # Panics
///
/// If it cannot be built; the message says why.
pub fn fixture(name: &str) -> PathBuf {
    let root = root();
    guest(&Guest {
        name,
        workspace: root.join("tests/fixtures"),
        sources: vec![root.join("wit/moa-plugin")],
    })
}

/// A guest of `tests/fixtures` that is written with the Rust SDK: the path of its component.
///
/// # Panics
///
/// If it cannot be built; the message says why.
pub fn sdk_fixture(name: &str) -> PathBuf {
    let root = root();
    guest(&Guest {
        name,
        workspace: root.join("tests/fixtures"),
        sources: vec![
            root.join("wit/moa-plugin"),
            root.join("plugin-sdk/rust"),
            root.join("Cargo.toml"),
        ],
    })
}

/// A plugin of `plugins`, written in Rust: the path of its component.
///
/// # Panics
///
/// If it cannot be built; the message says why.
pub fn plugin(name: &str) -> PathBuf {
    let root = root();
    guest(&Guest {
        name,
        workspace: root.join("plugins"),
        sources: vec![
            root.join("wit/moa-plugin"),
            root.join("plugin-sdk/rust"),
            root.join("Cargo.toml"),
        ],
    })
}

struct Guest<'a> {
    name: &'a str,
    workspace: PathBuf,
    /// What else goes into it.
    sources: Vec<PathBuf>,
}

#[expect(clippy::panic, reason = "a test without its guest cannot go on")]
fn guest(guest: &Guest<'_>) -> PathBuf {
    match build(guest) {
        Ok(path) => path,
        Err(error) => panic!("the guest `{}` cannot be built: {error}", guest.name),
    }
}

fn build(guest: &Guest<'_>) -> Result<PathBuf, String> {
    let hash = hash(guest).map_err(|error| format!("its sources cannot be read: {error}"))?;
    let guests = target_directory().join("guests");
    let built = guests.join(hash).join(format!("{}.wasm", guest.name));
    if built.exists() {
        return Ok(built);
    }
    let in_guests = |error: io::Error| format!("{}: {error}", guests.display());
    fs::create_dir_all(&guests).map_err(in_guests)?;
    let lock = File::create(guests.join(".lock")).map_err(in_guests)?;
    lock.lock().map_err(in_guests)?;
    if built.exists() {
        return Ok(built);
    }
    need_target()?;
    let made = compile(guest, &guests.join("build"))?;
    place(&made, &built).map_err(in_guests)?;
    Ok(built)
}

/// Compiles into a directory of its own; answers with the component there.
fn compile(guest: &Guest<'_>, directory: &Path) -> Result<PathBuf, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["build", "--release", "--target", TARGET, "--package", guest.name])
        .current_dir(&guest.workspace)
        .env("CARGO_TARGET_DIR", directory)
        // Meant for the host, and wrong for a guest.
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env_remove("CARGO_BUILD_TARGET")
        .output()
        .map_err(|error| format!("cargo does not start: {error}"))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let file = format!("{}.wasm", guest.name.replace('-', "_"));
    Ok(directory.join(TARGET).join("release").join(file))
}

/// Puts a file where it is looked for in one step: others look without the lock.
fn place(made: &Path, built: &Path) -> io::Result<()> {
    let folder = built.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let partial = built.with_extension("partial");
    fs::copy(made, &partial)?;
    fs::rename(&partial, built)
}

/// The target's standard library, from rustup where it is missing.
fn need_target() -> Result<(), String> {
    if has_target() {
        return Ok(());
    }
    let added = Command::new("rustup").args(["target", "add", TARGET]).status();
    if added.is_ok_and(|status| status.success()) && has_target() {
        return Ok(());
    }
    Err(format!(
        "this toolchain has no target {TARGET}; run `rustup target add {TARGET}`"
    ))
}

fn has_target() -> bool {
    Command::new("rustc")
        .args(["--print", "target-libdir", "--target", TARGET])
        .current_dir(root())
        .output()
        .is_ok_and(|output| {
            output.status.success() && Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir()
        })
}

/// The root of the repository.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}

/// Where cargo builds: the running test is below it, whatever way cargo was told.
fn target_directory() -> PathBuf {
    std::env::current_exe()
        .ok()
        .and_then(|test| {
            test.ancestors()
                .find(|folder| folder.join("CACHEDIR.TAG").is_file())
                .map(Path::to_owned)
        })
        .unwrap_or_else(|| root().join("target"))
}

fn hash(guest: &Guest<'_>) -> io::Result<String> {
    let mut files = Vec::new();
    let own = ["Cargo.toml", "Cargo.lock", guest.name].map(|name| guest.workspace.join(name));
    for source in own.iter().chain(&guest.sources) {
        list(source, &mut files)?;
    }
    files.sort();
    let mut hash = Sha256::new();
    for file in files {
        let content = fs::read(&file)?;
        hash.update(file.to_string_lossy().as_bytes());
        hash.update((content.len() as u64).to_le_bytes());
        hash.update(content);
    }
    let hash = hash.finalize();
    Ok(hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect())
}

/// All files at or below a path, without what was built there. A lock file that is not there yet is no fault.
fn list(path: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            if entry.file_name() != "target" {
                list(&entry.path(), files)?;
            }
        }
    } else if path.is_file() {
        files.push(path.to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guest_is_built_once_and_is_a_component() {
        let path = fixture("bad-manifest");
        let bytes = fs::read(&path).unwrap();
        assert_eq!(bytes.get(..8), Some(&b"\0asm\x0d\0\x01\0"[..]));
        let built = fs::metadata(&path).unwrap().modified().unwrap();
        assert_eq!(fixture("bad-manifest"), path);
        assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), built);
    }

    #[test]
    fn a_plugin_is_built_too() {
        assert!(plugin("hello").is_file());
    }

    #[test]
    fn another_source_is_another_hash() {
        let folder = target_directory().join("guests/hash-test");
        fs::create_dir_all(folder.join("x")).unwrap();
        let guest = Guest {
            name: "x",
            workspace: folder.clone(),
            sources: Vec::new(),
        };
        fs::write(folder.join("x/lib.rs"), "1").unwrap();
        let one = hash(&guest).unwrap();
        fs::write(folder.join("x/lib.rs"), "2").unwrap();
        assert_ne!(hash(&guest).unwrap(), one);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn what_cannot_be_built_says_why() {
        let error = build(&Guest {
            name: "nobody",
            workspace: root().join("tests/fixtures"),
            sources: Vec::new(),
        })
        .unwrap_err();
        assert!(error.contains("nobody"), "{error}");
    }
}
