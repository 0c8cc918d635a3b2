//! Tools that come from a package registry: fetched once into a cache of moa's own, never into the project nor the system.
//!
//! The cache is `$MOA_TOOLS`, or `moa/tools` in `$XDG_CACHE_HOME` or `~/.cache`. In it is a folder for each set of packages
//! of exact versions. A folder counts only with the mark that is written last; one without (its maker was killed) is made
//! anew. Deleting the cache costs nothing but fetching it again.

use super::Job;
use super::process;
use crate::registry::hex;
use crate::toolchain::build::BuildError;
use sha2::{Digest, Sha256};
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use tokio::process::Command;

/// The oldest Python that will do.
const PYTHON: (u32, u32) = (3, 10);
/// The oldest Node.js that will do.
const NODE: (u32, u32) = (20, 0);
/// Written last.
const MARK: &str = ".complete";

/// Where fetched tools are kept.
pub(super) fn cache() -> PathBuf {
    let of = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    of("MOA_TOOLS").unwrap_or_else(|| {
        of("XDG_CACHE_HOME")
            .or_else(|| of("HOME").map(|home| home.join(".cache")))
            .unwrap_or_else(std::env::temp_dir)
            .join("moa/tools")
    })
}

/// Python that is there: its version, such as `3.11.7`.
///
/// # Errors
/// There is none, or an older one than 3.10.
pub(super) async fn python() -> Result<String, BuildError> {
    let get = format!(
        "install Python {}.{} or newer with venv (Debian: apt install python3 python3-venv; others: https://www.python.org)",
        PYTHON.0, PYTHON.1
    );
    version("python3", PYTHON, get).await
}

/// Node.js that is there: its version, such as `20.20.2`.
///
/// # Errors
/// There is none, or an older one than 20.
pub(super) async fn node() -> Result<String, BuildError> {
    let get = format!("install Node.js {} or newer with npm (https://nodejs.org)", NODE.0);
    version("node", NODE, get).await
}

/// A virtual environment of Python with these packages (`componentize-py==0.25.1`) and nothing else; programs are in `bin`.
///
/// # Errors
/// Python is missing, or the packages can't be fetched.
pub(super) async fn python_packages(job: &Job<'_>, packages: &[&str]) -> Result<PathBuf, BuildError> {
    let python = python().await?;
    let folder = cache().join(name_of("python", &python, packages));
    made_once(job, &folder, packages, || async {
        let mut venv = process::command("python3", &cache());
        venv.args(["-m", "venv"]).arg(&folder);
        python_environment(&mut venv);
        let made = process::run(job, venv, |_| {}).await;
        match made {
            Ok(ended) if ended.success => {}
            Ok(ended) => {
                return Err(BuildError::NoTool {
                    tool: "python3 -m venv".into(),
                    reason: last_line(&ended.words, "it did not say why"),
                    get: "install it (Debian: apt install python3-venv)".into(),
                });
            }
            Err(error) => return Err(fetch(packages, &error.to_string())),
        }
        let mut pip = process::command(folder.join("bin/python"), &folder);
        pip.args(["-m", "pip", "install", "--disable-pip-version-check", "--no-input"])
            .args(["--progress-bar", "off", "--only-binary", ":all:"])
            .args(packages);
        python_environment(&mut pip);
        ended_well(packages, process::run(job, pip, |line| job.say(&line)).await)
    })
    .await?;
    Ok(folder)
}

/// A folder whose `node_modules` has these packages (`esbuild@0.28.0`) and what they need. Their install scripts are not run.
///
/// # Errors
/// Node.js is missing, or the packages can't be fetched.
pub(super) async fn npm_packages(job: &Job<'_>, packages: &[&str]) -> Result<PathBuf, BuildError> {
    let node = node().await?;
    let folder = cache().join(name_of("npm", &node, packages));
    made_once(job, &folder, packages, || async {
        let failed = |error: std::io::Error| fetch(packages, &format!("{}: {error}", folder.display()));
        fs::create_dir_all(&folder).map_err(failed)?;
        fs::write(folder.join("package.json"), "{\"private\": true}\n").map_err(failed)?;
        let mut npm = process::command("npm", &folder);
        npm.args(["install", "--no-audit", "--no-fund", "--ignore-scripts", "--save-exact"])
            .args(packages);
        ended_well(packages, process::run(job, npm, |line| job.say(&line)).await)
    })
    .await?;
    Ok(folder)
}

/// What would lead Python astray: another environment that is active, and its own settings.
pub(super) fn python_environment(command: &mut Command) {
    for name in [
        "VIRTUAL_ENV",
        "PYTHONHOME",
        "PYTHONPATH",
        "PYTHONSTARTUP",
        "PIP_TARGET",
        "PIP_PREFIX",
        "PIP_USER",
    ] {
        command.env_remove(name);
    }
}

/// Makes a folder unless it is there whole. Of several processes one makes it, and the others wait.
async fn made_once<F: Future<Output = Result<(), BuildError>>>(
    job: &Job<'_>,
    folder: &Path,
    packages: &[&str],
    make: impl FnOnce() -> F,
) -> Result<(), BuildError> {
    let mark = folder.join(MARK);
    if mark.is_file() {
        return Ok(());
    }
    let failed = |error: std::io::Error| fetch(packages, &format!("{}: {error}", folder.display()));
    fs::create_dir_all(folder.parent().unwrap_or(folder)).map_err(failed)?;
    let _lock = lock(job, folder.with_extension("lock")).await.map_err(failed)?;
    if mark.is_file() {
        return Ok(());
    }
    job.say(&format!("fetching {} into {}", packages.join(", "), folder.display()));
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(failed)?;
    }
    make().await?;
    fs::write(&mark, packages.join("\n")).map_err(failed)
}

async fn lock(job: &Job<'_>, path: PathBuf) -> std::io::Result<File> {
    let file = File::options().create(true).append(true).open(path)?;
    match file.try_lock() {
        Ok(()) => return Ok(file),
        Err(TryLockError::Error(error)) => return Err(error),
        Err(TryLockError::WouldBlock) => job.say("waiting for another build that fetches the same tools"),
    }
    let locked = tokio::task::spawn_blocking(move || file.lock().map(|()| file)).await;
    locked.unwrap_or_else(|error| Err(std::io::Error::other(error)))
}

/// Asks a program for its version, and whether that will do.
async fn version(program: &str, least: (u32, u32), get: String) -> Result<String, BuildError> {
    let unusable = |reason: String| BuildError::NoTool {
        tool: program.to_owned(),
        reason,
        get: get.clone(),
    };
    let mut command = process::command(program, Path::new("/"));
    python_environment(&mut command);
    let said = command.arg("--version").output().await;
    let said = said.map_err(|error| unusable(error.to_string()))?;
    let words = String::from_utf8_lossy(&said.stdout).trim().to_owned();
    match numbers(&words) {
        Some((_, found)) if found < least => Err(unusable(format!("it is of version {}.{}", found.0, found.1))),
        Some((text, _)) if said.status.success() => Ok(text),
        _ => Err(unusable(format!("it does not tell its version, but `{words}`"))),
    }
}

/// The first version in a text, and its first two numbers.
pub(super) fn numbers(words: &str) -> Option<(String, (u32, u32))> {
    let start = words.find(|c: char| c.is_ascii_digit())?;
    let text: String = words
        .get(start..)?
        .chars()
        .take_while(|c| c.is_ascii_digit() || *c == '.')
        .collect();
    let mut parts = text.split('.').map(str::parse);
    let first = parts.next()?.ok()?;
    let second = parts.next().and_then(Result::ok).unwrap_or(0);
    Some((text, (first, second)))
}

/// The folder of a set of packages: another set, or another version of what runs them, is another folder.
fn name_of(kind: &str, version: &str, packages: &[&str]) -> String {
    let digest = hex(&Sha256::digest(format!("{version}\n{}", packages.join("\n"))));
    format!("{kind}-{}", digest.get(..16).unwrap_or(&digest))
}

fn ended_well(packages: &[&str], ended: std::io::Result<process::Ended>) -> Result<(), BuildError> {
    match ended {
        Ok(ended) if ended.success => Ok(()),
        Ok(ended) => Err(fetch(
            packages,
            &last_line(&ended.words, "the package manager did not say why"),
        )),
        Err(error) => Err(fetch(
            packages,
            &format!("the package manager cannot be started: {error}"),
        )),
    }
}

fn fetch(packages: &[&str], reason: &str) -> BuildError {
    BuildError::Fetch {
        what: packages.join(", "),
        reason: reason.to_owned(),
    }
}

/// The line that tells most: the last that speaks of an error, or else the last one.
fn last_line(words: &str, otherwise: &str) -> String {
    let lines = || words.lines().map(str::trim).filter(|line| !line.is_empty());
    lines()
        .rfind(|line| line.to_ascii_lowercase().contains("error"))
        .or_else(|| lines().next_back())
        .unwrap_or(otherwise)
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_what_programs_say() {
        assert_eq!(numbers("Python 3.11.7"), Some(("3.11.7".into(), (3, 11))));
        assert_eq!(numbers("v20.20.2"), Some(("20.20.2".into(), (20, 20))));
        assert_eq!(
            numbers("go version go1.27.3 linux/amd64"),
            Some(("1.27.3".into(), (1, 27)))
        );
        assert_eq!(numbers("none"), None);
    }

    #[test]
    fn another_set_of_packages_is_another_folder() {
        let one = name_of("python", "3.11.7", &["a==1"]);
        assert_ne!(one, name_of("python", "3.12.0", &["a==1"]));
        assert_ne!(one, name_of("python", "3.11.7", &["a==2"]));
        assert_ne!(one, name_of("python", "3.11.7", &["a==1", "b==1"]));
    }

    #[test]
    fn the_line_that_tells_most_is_the_reason() {
        assert_eq!(
            last_line("a\nERROR: no such package\nWARNING: old pip\n", "-"),
            "ERROR: no such package"
        );
        assert_eq!(last_line("one\ntwo\n\n", "-"), "two");
        assert_eq!(last_line("", "-"), "-");
    }

    #[tokio::test]
    async fn a_missing_or_old_program_is_named_with_the_way_to_get_it() {
        let missing = version("moa-no-such-program", (1, 0), "get it".into())
            .await
            .unwrap_err();
        assert!(
            missing.to_string().contains("moa-no-such-program cannot be used"),
            "{missing}"
        );
        assert!(missing.to_string().ends_with("get it"), "{missing}");
        let old = version("rustc", (999, 0), "get it".into()).await.unwrap_err();
        assert!(old.to_string().contains("it is of version 1."), "{old}");
    }
}
