//! Making a component of Python, by componentize-py.
//!
//! Before anything is built a script of the SDK looks at the sources ([`lint`]) for what can't work in the sandbox. Pure
//! packages of `requirements.txt` are put into `.moa/deps` ([`requirements`]). componentize-py then runs the plugin's
//! module once and keeps what memory holds: the component has no files, only modules that were imported. In what it keeps
//! objects lose their counts of references ([`stay`]).

pub(super) mod hongmoa;
mod requirements;
mod stay;
#[cfg(test)]
mod tests;

use super::sdk::{self, SdkFile};
use super::{Job, Made, process, provide};
use crate::registry::hex;
use crate::toolchain::build::BuildError;
use crate::toolchain::diagnostic::{Diagnostic, Severity};
use crate::toolchain::inputs::Inputs;
use crate::toolchain::source::{Language, is_skipped};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use tokio::process::Command;

/// What makes the component. Its Python is the one in the sandbox.
const COMPONENTIZE: &str = "componentize-py==0.25.1";
/// The Python in the sandbox.
const SANDBOX: &str = "3.14";
/// The world in the contract.
const WORLD: &str = "plugin";
/// The module that the build writes.
const APP: &str = "moa_app";

/// A file of the SDK, at the same path in the project.
macro_rules! files {
    ($($path:literal),* $(,)?) => {
        &[$(($path, include_str!(concat!("../../../../plugin-sdk/python/", $path)))),*]
    };
}

const FILES: &[(&str, &str)] = files![
    "hongmoa/__init__.py",
    "hongmoa/_apps.py",
    "hongmoa/_markup.py",
    "hongmoa/_requests.py",
    "hongmoa/_robot.py",
    "moa/__init__.py",
    "moa/_arguments.py",
    "moa/_calls.py",
    "moa/_component.py",
    "moa/_config.py",
    "moa/_docs.py",
    "moa/_guard.py",
    "moa/_host.py",
    "moa/_parts.py",
    "moa/_pick.py",
    "moa/_preload.py",
    "moa/_texts.py",
    "moa/_warm.py",
    "moa/_wit.py",
    "moa/brain.py",
    "moa/chat.py",
    "moa/content.py",
    "moa/context.py",
    "moa/decorators.py",
    "moa/errors.py",
    "moa/events.py",
    "moa/form.py",
    "moa/http.py",
    "moa/log.py",
    "moa/objects.py",
    "moa/press.py",
    "moa/py.typed",
    "moa/schedule.py",
    "moa/sql.py",
    "moa/system.py",
    "moa/testing/__init__.py",
    "moa/testing/_memory.py",
    "moa/testing/_typed.py",
    "moa/text.py",
    "moa/triggers.py",
    "moa/types.py",
    "tools/moa_hongmoa.py",
    "tools/moa_lint.py",
    "tools/moa_secrets.py",
];

/// The SDK's files.
pub(super) fn sdk_files() -> Vec<SdkFile> {
    let own = FILES.iter().map(|(path, text)| ((*path).into(), (*text).into()));
    own.chain(sdk::wit()).collect()
}

/// What decides over the outcome besides the sources.
pub(super) async fn tools(_: &Job<'_>) -> Result<String, BuildError> {
    let python = provide::python().await?;
    Ok(format!(
        "python {python}\n{COMPONENTIZE}\n{}",
        sdk::digest(Language::Python)
    ))
}

/// Makes the component.
pub(super) async fn build(job: &Job<'_>) -> Result<Made, BuildError> {
    let entry = job.entry()?;
    let module = module(job, &entry)?;
    let sdk = sdk::unpack(Language::Python, &job.source.dir).map_err(io)?;
    let deps = job.own().join("deps");
    let packages = requirements::install(job, &deps).await?;
    let mut diagnostics = lint(job, &entry, [&sdk, &deps]).await?;
    if diagnostics.iter().any(Diagnostic::is_error) {
        return Err(compiler(diagnostics));
    }
    let root = entry.parent().unwrap_or(&job.source.dir);
    let app = job.own().join("build/app");
    let kept = Kept::of(job, &format!("{}\n{packages}", tools(job).await?));
    if let Some(file) = kept.find() {
        return Ok(made(job, file, diagnostics));
    }
    write_app(&app, &module, &job.source.name)?;
    let venv = provide::python_packages(job, &[COMPONENTIZE]).await?;
    job.say("making the component");
    kept.forget();
    let mut tool = process::command(venv.join("bin/componentize-py"), &job.source.dir);
    provide::python_environment(&mut tool);
    tool.arg("--quiet").arg("--wit-path").arg(sdk.join("wit"));
    tool.args(["--world", WORLD, "componentize", APP]);
    // In this order: what a traceback calls `/0/…` is the author's.
    for folder in [root, &app, &sdk, &deps] {
        tool.arg("--python-path").arg(folder);
    }
    tool.arg("--output").arg(&kept.file);
    let output = tool.output().await.map_err(|error| BuildError::NoTool {
        tool: "componentize-py".into(),
        reason: error.to_string(),
        get: format!("remove {} and build again", venv.display()),
    })?;
    if !output.status.success() || !kept.file.is_file() {
        let words = String::from_utf8_lossy(&output.stderr);
        match raised(&words, job, root) {
            Some(diagnostic) => {
                job.found(&diagnostic);
                diagnostics.push(diagnostic);
                return Err(compiler(diagnostics));
            }
            None => {
                return Err(BuildError::Compiler {
                    diagnostics,
                    words: words.into_owned(),
                });
            }
        }
    }
    take_counts(&kept.file).map_err(io)?;
    kept.note().map_err(io)?;
    Ok(made(job, kept.file, diagnostics))
}

/// What is said of a component whose memory is laid out otherwise than [`stay`] knows.
const SLOWER: &str = "Python's objects are not found in this component: each of its calls takes half as long again";

/// Makes the objects of a component that stay cheap to look at.
fn take_counts(file: &Path) -> Result<(), (PathBuf, std::io::Error)> {
    let taken = fs::read(file).and_then(|mut component| {
        let taken = stay::take_counts(&mut component).map_err(std::io::Error::other)?;
        // It works all the same, but somebody should know why it is slower.
        if taken == 0 {
            tracing::warn!(file = %file.display(), "{SLOWER}");
        }
        fs::write(file, component)
    });
    taken.map_err(|error| (file.to_owned(), error))
}

fn made(job: &Job<'_>, file: PathBuf, diagnostics: Vec<Diagnostic>) -> Made {
    let inputs = inputs(job);
    Made {
        file,
        inputs,
        diagnostics,
    }
}

fn inputs(job: &Job<'_>) -> Inputs {
    let named = requirements::files(&job.source.dir).into_iter();
    Inputs {
        folders: [job.source.dir.clone()].into(),
        files: named.filter(|file| !file.starts_with(&job.source.dir)).collect(),
    }
}

/// The component that the last build left in the project. It is taken again by a build into another folder (each `moa test`
/// is one), as long as nothing has changed: making one takes seconds, and never twice the same bytes.
struct Kept {
    file: PathBuf,
    note: PathBuf,
    /// Of what goes into it; `None` if something can't be read. Taken before the build, so that what changes during it
    /// shows the next time.
    digest: Option<String>,
}

impl Kept {
    fn of(job: &Job<'_>, tools: &str) -> Self {
        let folder = job.own().join("build");
        Self {
            file: folder.join(format!("{}.wasm", job.source.name)),
            note: folder.join(format!("{}.made-of", job.source.name)),
            digest: digest(&job.source.dir, tools).ok(),
        }
    }

    /// The last component, if it is still what a build would make.
    fn find(&self) -> Option<PathBuf> {
        let noted = fs::read_to_string(&self.note).ok()?;
        (self.digest.as_ref() == Some(&noted) && self.file.is_file()).then(|| self.file.clone())
    }

    /// What a build that was broken off left must not be taken for a later one's.
    fn forget(&self) {
        let _ = fs::remove_file(&self.note);
        let _ = fs::remove_file(&self.file);
    }

    fn note(&self) -> Result<(), (PathBuf, std::io::Error)> {
        let digest = self.digest.as_deref().unwrap_or_default();
        fs::write(&self.note, digest).map_err(|error| (self.note.clone(), error))
    }
}

fn io((path, source): (PathBuf, std::io::Error)) -> BuildError {
    BuildError::Io { path, source }
}

fn compiler(diagnostics: Vec<Diagnostic>) -> BuildError {
    BuildError::Compiler {
        diagnostics,
        words: String::new(),
    }
}

/// The entry's name as Python imports it.
fn module(job: &Job<'_>, entry: &Path) -> Result<String, BuildError> {
    let stem = entry.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let is_name = stem
        .chars()
        .enumerate()
        .all(|(at, c)| c == '_' || c.is_alphabetic() || (at > 0 && c.is_numeric()));
    if is_name && entry.extension().is_some_and(|end| end == "py") && !matches!(stem.as_str(), "moa" | APP) {
        return Ok(stem);
    }
    let message = format!("`{}` can't be imported as a module", job.source.entry);
    let help = "name the file like `plugin.py`: letters, digits and `_`, and not `moa`";
    let diagnostic = Diagnostic::at(Severity::Error, "plugin.toml", (0, 0), &message, help);
    job.found(&diagnostic);
    Err(compiler(vec![diagnostic]))
}

/// The module that componentize-py begins with.
fn write_app(folder: &Path, module: &str, name: &str) -> Result<(), BuildError> {
    let text = format!(
        "from moa._component import Actions, Commands, Events, Guest, Jobs, Listener, Webhooks, load\n\n\
         load(\"{module}\", \"{name}\", \"/0/\")\n"
    );
    let path = folder.join(format!("{APP}.py"));
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(&path, text))
        .map_err(|source| io((path, source)))
}

/// Of all files that the module may read while it is imported. The tests and the README are none of them: who changes those
/// waits for nothing.
fn digest(dir: &Path, tools: &str) -> std::io::Result<String> {
    let mut all = BTreeSet::new();
    let mut waiting = vec![dir.to_owned()];
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let is_top = folder == dir;
            let is_left_out = is_skipped(&name) || (is_top && (name == "dist" || name == "tests"));
            if path.is_dir() && !path.is_symlink() && !is_left_out {
                waiting.push(path);
            } else if path.is_file() && !(is_top && name == "README.md") {
                all.insert(path);
            }
        }
    }
    let mut hasher = Sha256::new();
    hasher.update(tools);
    for path in all {
        let name = path.as_os_str().as_encoded_bytes();
        let content = fs::read(&path)?;
        for part in [name, &content] {
            hasher.update((part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
    }
    Ok(hex(&hasher.finalize()))
}

/// What the SDK's script prints about a place.
#[derive(Deserialize)]
struct Finding {
    severity: Severity,
    file: PathBuf,
    line: u32,
    column: u32,
    message: String,
    help: String,
}

/// Looks at the sources for what can't work.
async fn lint(job: &Job<'_>, entry: &Path, folders: [&Path; 2]) -> Result<Vec<Diagnostic>, BuildError> {
    let base = &job.source.dir;
    told(job, base, |python| {
        python
            .arg(folders[0].join("tools/moa_lint.py"))
            .arg(entry)
            .args(folders);
    })
    .await
}

/// What a script of the SDK tells about places in files, as seen from `base`.
async fn told(job: &Job<'_>, base: &Path, arguments: impl FnOnce(&mut Command)) -> Result<Vec<Diagnostic>, BuildError> {
    let mut python = process::command("python3", &job.source.dir);
    provide::python_environment(&mut python);
    python.arg("-I");
    arguments(&mut python);
    let mut found = Vec::new();
    let ended = process::run(job, python, |line| {
        // Anything else is no finding.
        let Ok(finding) = serde_json::from_str::<Finding>(&line) else {
            return;
        };
        let file = within(&finding.file, base);
        let place = (finding.line, finding.column);
        let diagnostic = Diagnostic::at(finding.severity, &file, place, &finding.message, &finding.help);
        job.found(&diagnostic);
        found.push(diagnostic);
    })
    .await;
    match ended {
        Ok(ended) if ended.success => Ok(found),
        Ok(ended) => Err(BuildError::Compiler {
            diagnostics: found,
            words: ended.words,
        }),
        Err(error) => Err(BuildError::NoTool {
            tool: "python3".into(),
            reason: error.to_string(),
            get: "install Python 3.10 or newer".into(),
        }),
    }
}

/// A file as its author knows it.
fn within(file: &Path, dir: &Path) -> String {
    file.strip_prefix(dir).unwrap_or(file).display().to_string()
}

/// What the plugin's module raised while it was imported: the last line of the traceback, at the author's last line in it.
fn raised(words: &str, job: &Job<'_>, root: &Path) -> Option<Diagnostic> {
    let trace = words.split_once("Traceback (most recent call last):")?.1;
    // The tool itself is Python, and its words begin with a traceback of its own.
    let trace = trace.split_once("AssertionError: ").map_or(trace, |(_, inner)| inner);
    let trace = trace.split("\n\n").next()?.trim_end();
    let message = trace
        .lines()
        .rfind(|line| !line.trim().is_empty() && !line.starts_with(' '))?;
    let (mut place, mut last) = (None, "");
    for line in trace.lines() {
        let Some((path, rest)) = line
            .trim()
            .strip_prefix("File \"")
            .and_then(|rest| rest.split_once('"'))
        else {
            continue;
        };
        let number = rest.split_once("line ").map_or(rest, |(_, number)| number);
        let number: String = number.chars().take_while(char::is_ascii_digit).collect();
        last = path;
        if let Some(own) = path.strip_prefix("/0/") {
            place = Some((within(&root.join(own), &job.source.dir), number.parse().unwrap_or(0)));
        }
    }
    let (file, line) = place.unwrap_or_default();
    let help = match message.split(':').next()? {
        "ModuleNotFoundError" => {
            "the sandbox has no such module; add its package to requirements.txt, if it is pure Python"
        }
        "RuntimeError" if message.contains("there is no host here") => {
            "the module's top level runs once, when the component is made; move this into a function"
        }
        _ if file.is_empty() && !last.is_empty() => "it was raised outside of the plugin's own files",
        _ => "",
    };
    Some(Diagnostic::at(Severity::Error, &file, (line, 0), message, help))
}
