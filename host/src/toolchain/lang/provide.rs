//! Tools that come from a package registry: fetched once into a cache of moa's own, never into the project nor the system.
//!
//! The cache is `$MOA_TOOLS`, or `moa/tools` in `$XDG_CACHE_HOME` or `~/.cache`. In it is a folder for each kind of machine
//! and set of packages of exact versions. A folder counts only with the mark that is written last; one without (its maker
//! was killed) is made anew. Deleting the cache costs nothing but fetching it again.

use super::Job;
use super::process;
use crate::registry::hex;
use crate::toolchain::build::BuildError;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::env::consts::{ARCH, OS};
use std::ffi::OsString;
use std::fs::{self, File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use tokio::process::Command;

/// The oldest Python that will do.
const PYTHON: (u32, u32) = (3, 10);
/// The oldest Node.js that will do.
const NODE: (u32, u32) = (20, 0);
/// Written last.
const MARK: &str = ".complete";

/// Where fetched tools are kept: an absolute path, since tools begin in other folders.
///
/// # Errors
/// There is no folder of this user's own. One that everybody can write to will not do: its programs are run.
pub(super) fn cache() -> Result<PathBuf, BuildError> {
    cache_by(|name| std::env::var_os(name))
}

fn cache_by(variable: impl Fn(&str) -> Option<OsString>) -> Result<PathBuf, BuildError> {
    let of = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let unusable = |reason: String| BuildError::NoTool {
        tool: "the folder for fetched tools".into(),
        reason,
        get: "set MOA_TOOLS to a folder of your own, or HOME".into(),
    };
    let folder = of("MOA_TOOLS").or_else(|| {
        of("XDG_CACHE_HOME")
            .or_else(|| of("HOME").map(|home| home.join(".cache")))
            .map(|caches| caches.join("moa/tools"))
    });
    let folder = folder.ok_or_else(|| unusable("neither MOA_TOOLS nor HOME says where it is".into()))?;
    std::path::absolute(folder).map_err(|error| unusable(error.to_string()))
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
    let cache = cache()?;
    let folder = cache.join(name_of("python", &python, packages));
    made_once(job, &folder, packages, || async {
        let mut venv = process::command("python3", &cache);
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
/// Node.js or npm is missing, or the packages can't be fetched.
pub(super) async fn npm_packages(job: &Job<'_>, packages: &[&str]) -> Result<PathBuf, BuildError> {
    let node = node().await?;
    let folder = cache()?.join(name_of("npm", &node, packages));
    made_once(job, &folder, packages, || async {
        let failed = |error: std::io::Error| fetch(packages, &format!("{}: {error}", folder.display()));
        fs::create_dir_all(&folder).map_err(failed)?;
        fs::write(folder.join("package.json"), "{\"private\": true}\n").map_err(failed)?;
        let mut npm = process::command("npm", &folder);
        // The author's own settings may leave out what the tools are made of, or install elsewhere.
        npm.env_remove("NODE_OPTIONS")
            .args(["install", "--no-audit", "--no-fund", "--ignore-scripts", "--save-exact"])
            .args(["--include=optional", "--no-global"])
            .args(packages);
        let ended = process::run(job, npm, |line| job.say(&line)).await;
        if ended.as_ref().is_err_and(|error| error.kind() == ErrorKind::NotFound) {
            return Err(BuildError::NoTool {
                tool: "npm".into(),
                reason: "it is not on PATH".into(),
                get: "install npm (Debian: apt install npm; it comes with https://nodejs.org)".into(),
            });
        }
        ended_well(packages, ended)?;
        let modules = folder.join("node_modules");
        match halved(&modules, &modules).map_err(failed)? {
            None => Ok(()),
            Some(package) => Err(fetch(
                packages,
                &format!("npm brought {package} without its part for {OS} on {ARCH}"),
            )),
        }
    })
    .await?;
    Ok(folder)
}

/// A package whose program for this machine did not come: it is one of several that the package may do without as far as
/// npm knows, which ends well without them.
fn halved(root: &Path, modules: &Path) -> std::io::Result<Option<String>> {
    #[derive(Default, Deserialize)]
    #[serde(default, rename_all = "camelCase")]
    struct Manifest {
        optional_dependencies: BTreeMap<String, serde_json::Value>,
    }
    let entries = match fs::read_dir(modules) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        entries => entries?,
    };
    for entry in entries {
        let path = entry?.path();
        let name = path
            .strip_prefix(modules)
            .unwrap_or(&path)
            .to_string_lossy()
            .into_owned();
        if name.starts_with('@') {
            // The packages of one owner lie in a folder of their own.
            if let Some(found) = halved(root, &path)? {
                return Ok(Some(found));
            }
            continue;
        }
        let Ok(text) = fs::read(path.join("package.json")) else {
            continue;
        };
        let parts = serde_json::from_slice::<Manifest>(&text)?.optional_dependencies;
        let inner = path.join("node_modules");
        let is_there = |part: &String| root.join(part).is_dir() || inner.join(part).is_dir();
        // A single one is no choice between machines: it may be for another one alone.
        if parts.len() > 1 && !parts.keys().any(is_there) {
            return Ok(Some(name));
        }
        if let Some(found) = halved(root, &inner)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
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

/// The folder of a set of packages: another set, another version of what runs them, or another kind of machine (homes are
/// shared) is another folder.
fn name_of(kind: &str, version: &str, packages: &[&str]) -> String {
    let digest = hex(&Sha256::digest(format!(
        "{OS} {ARCH}\n{version}\n{}",
        packages.join("\n")
    )));
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

/// The line that tells most: npm's on what it asked for, or behind its code; else the last that speaks of an error, or
/// else the last one. What npm says below each error tells nothing.
fn last_line(words: &str, otherwise: &str) -> String {
    let lines = || {
        words.lines().map(str::trim).filter(|line| {
            let is_filling = line.contains("complete log") || line.contains("behind a proxy");
            !is_filling && !matches!(*line, "" | "npm error" | "npm ERR!")
        })
    };
    let is_npm = |line: &&str| line.starts_with("npm error") || line.starts_with("npm ERR!");
    if let Some(asked) = lines().filter(is_npm).find(|line| line.contains("request to")) {
        return asked.to_owned();
    }
    let mut coded = lines().filter(is_npm).skip_while(|line| !line.contains(" code E"));
    if let Some(code) = coded.next() {
        let more = coded.next().map(|line| {
            let said = line.trim_start_matches("npm error").trim_start_matches("npm ERR!");
            format!(":{said}")
        });
        return format!("{code}{}", more.unwrap_or_default());
    }
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
        let end = "npm error\nnpm error If you are behind a proxy, please make sure that the 'proxy' config is set properly.  See: 'npm help config'\nnpm error A complete log of this run can be found in: /home/a/.npm/_logs/1-debug-0.log\n";
        for (said, tells) in [
            (
                "npm error code ECONNREFUSED\nnpm error syscall connect\nnpm error FetchError: request to http://127.0.0.1:1/esbuild failed, reason: connect ECONNREFUSED 127.0.0.1:1\nnpm error     at ClientRequest.emit (node:events:524:28)\n",
                "npm error FetchError: request to http://127.0.0.1:1/esbuild failed, reason: connect ECONNREFUSED 127.0.0.1:1",
            ),
            (
                "npm error code ETARGET\nnpm error notarget No matching version found for esbuild@999.0.0.\nnpm error notarget In most cases you or one of your dependencies are requesting a package version that doesn't exist.\n",
                "npm error code ETARGET: notarget No matching version found for esbuild@999.0.0.",
            ),
            ("npm ERR! code E404\n", "npm ERR! code E404"),
            ("npm error Invalid name\n", "npm error Invalid name"),
        ] {
            assert_eq!(last_line(&format!("{said}{end}"), "-"), tells);
        }
        assert_eq!(last_line("", "-"), "-");
    }

    #[test]
    fn tools_are_kept_in_a_folder_of_ones_own() {
        let with = |set: &[(&str, &str)]| {
            let set: BTreeMap<_, _> = set
                .iter()
                .map(|(name, value)| ((*name).to_owned(), OsString::from(value)))
                .collect();
            cache_by(|name| set.get(name).cloned())
        };
        assert_eq!(
            with(&[("HOME", "/home/a")]).unwrap(),
            Path::new("/home/a/.cache/moa/tools")
        );
        assert_eq!(
            with(&[("HOME", "/home/a"), ("MOA_TOOLS", "tools")]).unwrap(),
            std::env::current_dir().unwrap().join("tools")
        );
        let error = with(&[("HOME", ""), ("TMPDIR", "/tmp")]).unwrap_err().to_string();
        assert!(
            error.ends_with("set MOA_TOOLS to a folder of your own, or HOME"),
            "{error}"
        );
    }

    #[test]
    fn a_package_without_its_part_for_this_machine_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let write = |package: &str, text: &str| {
            let folder = dir.path().join(package);
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("package.json"), text).unwrap();
        };
        let halved = || halved(dir.path(), dir.path()).unwrap();
        write("watcher", "{\"optionalDependencies\": {\"for-one-machine\": \"1\"}}");
        write(
            "@owner/bundler",
            "{\"optionalDependencies\": {\"@bundler/a\": \"1\", \"@bundler/b\": \"1\"}}",
        );
        assert_eq!(halved().as_deref(), Some("bundler"));
        write("@bundler/b", "{}");
        assert_eq!(halved(), None);
        write(
            "watcher/node_modules/deep",
            "{\"optionalDependencies\": {\"c\": \"1\", \"d\": \"1\"}}",
        );
        assert_eq!(halved().as_deref(), Some("deep"));
        write("watcher/node_modules/deep/node_modules/d", "{}");
        assert_eq!(halved(), None);
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
