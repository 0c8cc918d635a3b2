//! The packages of `requirements.txt`: into `.moa/deps`, where they are pure Python.

use super::{Job, SANDBOX, compiler, io, process, provide};
use crate::registry::hex;
use crate::toolchain::build::BuildError;
use crate::toolchain::diagnostic::{Diagnostic, Severity};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};

const FILE: &str = "requirements.txt";
/// In the folder: what it was made of. Written last.
const MARK: &str = ".made-of";

/// Brings the folder to what the file says; empty where there is none. Answers with the digest of what it is made of.
pub(super) async fn install(job: &Job<'_>, folder: &Path) -> Result<String, BuildError> {
    let mut hasher = Sha256::new();
    hasher.update(SANDBOX);
    let mut text = String::new();
    let top = job.source.dir.join(FILE);
    for (file, read) in read(&top) {
        let words = match read {
            Ok(words) => words,
            // One that is named and is not there is told by pip.
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => return Err(unreadable(job, &file, &error)),
        };
        for part in [file.as_os_str().as_encoded_bytes(), words.as_bytes()] {
            hasher.update((part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        if file == top {
            text = words;
        }
    }
    let wanted = hex(&hasher.finalize());
    let mark = folder.join(MARK);
    if fs::read_to_string(&mark).is_ok_and(|made| made == wanted) {
        return Ok(wanted);
    }
    let failed = |error| io((folder.to_owned(), error));
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(failed)?;
    }
    fs::create_dir_all(folder).map_err(failed)?;
    if text.lines().any(|line| !bare(line).is_empty()) {
        fetch(job, &text, folder).await?;
    }
    fs::write(&mark, &wanted).map_err(failed)?;
    Ok(wanted)
}

/// The list and the further ones that it names, as far as they are there.
pub(super) fn files(dir: &Path) -> Vec<PathBuf> {
    let all = read(&dir.join(FILE));
    all.into_iter()
        .filter_map(|(file, read)| read.is_ok().then_some(file))
        .collect()
}

/// The texts of a list and of all that it names.
fn read(top: &Path) -> BTreeMap<PathBuf, Result<String, Error>> {
    let mut all = BTreeMap::new();
    let mut waiting = vec![top.to_owned()];
    while let Some(file) = waiting.pop() {
        if all.contains_key(&file) {
            continue;
        }
        let read = fs::read_to_string(&file);
        if let (Ok(text), Some(folder)) = (&read, file.parent()) {
            let further = text.lines().filter_map(named).map(|name| folder.join(name));
            // One that names itself by way of `..` is one file all the same.
            waiting.extend(further.map(|path| path.canonicalize().unwrap_or(path)));
        }
        all.insert(file, read);
    }
    all
}

/// The file that a line names as another list.
fn named(line: &str) -> Option<&str> {
    let line = bare(line.trim_start_matches('\u{feff}'));
    let name = ["--requirement", "--constraint", "-r", "-c"]
        .iter()
        .find_map(|option| line.strip_prefix(option))?;
    let name = name.trim_start_matches(|c: char| c == '=' || c.is_whitespace());
    let name = name.trim_matches(['"', '\'']);
    (!name.is_empty() && !name.contains("://")).then_some(name)
}

fn unreadable(job: &Job<'_>, file: &Path, error: &Error) -> BuildError {
    let file = super::within(file, &job.source.dir);
    let message = match error.kind() {
        ErrorKind::InvalidData => format!("{file} can't be read as text"),
        _ => format!("{file} can't be read: {error}"),
    };
    let diagnostic = Diagnostic::at(Severity::Error, &file, (0, 0), &message, "save it as UTF-8");
    job.found(&diagnostic);
    compiler(vec![diagnostic])
}

async fn fetch(job: &Job<'_>, text: &str, folder: &Path) -> Result<(), BuildError> {
    job.say(&format!("fetching the packages of {FILE}"));
    let venv = provide::python_packages(job, &[super::COMPONENTIZE]).await?;
    let mut pip = process::command(venv.join("bin/python"), &job.source.dir);
    provide::python_environment(&mut pip);
    pip.args(["-m", "pip", "install", "--disable-pip-version-check", "--no-input"])
        .args(["--progress-bar", "off", "--quiet", "--target"])
        .arg(folder)
        // Only wheels that run anywhere: of a package that has a faster native one besides, the pure one is taken.
        .args([
            "--only-binary",
            ":all:",
            "--platform",
            "any",
            "--implementation",
            "py",
            "--abi",
            "none",
        ])
        .args(["--python-version", SANDBOX, "--requirement", FILE]);
    let ended = process::run(job, pip, |line| job.say(&line)).await;
    let words = match ended {
        Ok(ended) if ended.success => return Ok(()),
        Ok(ended) => ended.words,
        Err(error) => error.to_string(),
    };
    match refused(text, &words) {
        Some(diagnostic) => {
            job.found(&diagnostic);
            Err(compiler(vec![diagnostic]))
        }
        None => Err(BuildError::Fetch {
            what: format!("the packages of {FILE}"),
            reason: words.lines().next_back().unwrap_or("pip did not say why").to_owned(),
        }),
    }
}

/// The package that has no pure wheel, at the line that wants it.
fn refused(text: &str, words: &str) -> Option<Diagnostic> {
    // Without a network pip finds no versions either.
    if words.contains("Retrying") || words.contains("Connection") {
        return None;
    }
    let wanted = words
        .lines()
        .find_map(|line| line.split_once("No matching distribution found for "))?
        .1;
    let name = name_of(wanted);
    let at = text.lines().zip(1..).find(|(line, _)| name_of(bare(line)) == name);
    // One that another needs has no line of its own.
    let line = at.map_or(0, |(_, line)| line);
    let missing = words.contains("(from versions: none)");
    let message = match missing {
        true => format!("`{name}` has no pure-Python wheel"),
        false => format!("`{wanted}` has no pure-Python wheel of a fitting version"),
    };
    let help = "the sandbox runs no native code: take another package, or one of moa's own functions; if it is misspelt, \
                mend the name";
    Some(Diagnostic::at(Severity::Error, FILE, (line, 0), &message, help))
}

/// A line without its comment.
fn bare(line: &str) -> &str {
    line.split('#').next().unwrap_or_default().trim()
}

/// The name at the beginning of a requirement, spelt as registries compare it.
fn name_of(requirement: &str) -> String {
    let name = requirement.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')));
    let name = name.into_iter().next().unwrap_or_default();
    name.to_ascii_lowercase().replace(['_', '.'], "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_that_a_list_names_are_found() {
        let temporary = tempfile::tempdir().unwrap();
        let dir = temporary.path().canonicalize().unwrap();
        fs::create_dir(dir.join("more")).unwrap();
        let write = |name: &str, text: &str| {
            fs::write(dir.join(name), text).unwrap();
        };
        write(
            FILE,
            "\u{feff}-r base.txt # ours\nsix\n--constraint=more/c.txt\n-r https://example.com/r.txt\n",
        );
        write(
            "base.txt",
            "-rmore/../requirements.txt\n--requirement gone.txt\nsix-c base\n",
        );
        write("more/c.txt", "-c d.txt\n");
        write("more/d.txt", "");
        let mut expected = [FILE, "base.txt", "more/c.txt", "more/d.txt"].map(|name| dir.join(name));
        expected.sort();
        assert_eq!(files(&dir), expected);
    }

    #[test]
    fn the_line_of_a_package_with_native_code_is_found() {
        let text = "# tools\npython-dateutil>=2\nNumPy==2.1  # fast\n";
        let words = "ERROR: Could not find a version that satisfies the requirement numpy==2.1 (from versions: none)\n\
                     ERROR: No matching distribution found for numpy==2.1";
        let found = refused(text, words).unwrap();
        assert_eq!((found.file.as_str(), found.line), ("requirements.txt", 3));
        assert_eq!(found.message, "`numpy` has no pure-Python wheel");
        let inner = refused("a\n", "ERROR: No matching distribution found for b>=3").unwrap();
        assert_eq!(inner.line, 0);
        assert!(refused(text, "ERROR: connection refused").is_none());
    }
}
