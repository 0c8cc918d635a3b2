//! Making a component of C, by Zig's C compiler.
//!
//! Zig brings a C compiler, a linker and a C library for WebAssembly in one package that needs no installing. Each file is
//! compiled by itself, so that one build tells the errors of all; then they are linked to a core module, which becomes a
//! component.

mod messages;

use super::component::componentize;
use super::sdk::{self, SdkFile};
use super::{Job, Made, process, provide};
use crate::toolchain::build::BuildError;
use crate::toolchain::diagnostic::Diagnostic;
use crate::toolchain::inputs::Inputs;
use crate::toolchain::source::is_skipped;
use std::path::{Path, PathBuf};
use tokio::process::Command;

/// The package on PyPI that holds Zig. Its version is Zig's.
const ZIG: &str = "ziglang==0.17.1";
/// Zig of this version will do where it is there already: the one that this was tried with.
const FITTING: (u32, u32) = (0, 17);
const GET: &str =
    "install Zig 0.17 (https://ziglang.org/download), or Python 3.10 or newer with venv, by which moa fetches it";
/// What every file is compiled with. Without `-Os` Zig builds in checks that make code several times as large; with it, it
/// leaves out assertions, which an author who wrote them wants.
const COMPILE: &[&str] = &[
    "-target",
    "wasm32-wasi",
    "-Os",
    "-flto",
    "-UNDEBUG",
    "-Wall",
    "-Wextra",
    "-I.moa/sdk",
    "-I.",
];
/// What all are linked with. The stack is Zig's own choice of 16 MiB otherwise, which each instance would have to hold.
const LINK: &[&str] = &[
    "-target",
    "wasm32-wasi",
    "-mexec-model=reactor",
    "-Os",
    "-flto",
    "-Wl,-z,stack-size=262144",
];
/// The SDK's source, as seen from the project.
const SDK: &str = ".moa/sdk/moa.c";
/// Settings of compilers that would lead this one astray.
const ASTRAY: [&str; 5] = [
    "CPATH",
    "C_INCLUDE_PATH",
    "CPLUS_INCLUDE_PATH",
    "LIBRARY_PATH",
    "ZIG_LIB_DIR",
];

/// The SDK's files.
pub(super) fn sdk_files() -> Vec<SdkFile> {
    vec![
        ("moa.h".into(), include_str!("../../../../plugin-sdk/c/moa.h").into()),
        ("moa.c".into(), include_str!("../../../../plugin-sdk/c/moa.c").into()),
    ]
}

/// What decides over the outcome besides the sources.
pub(super) async fn tools(job: &Job<'_>) -> Result<String, BuildError> {
    let zig = match zig_there().await {
        Some(version) => format!("zig {version}"),
        None => {
            fetched(provide::python().await)?;
            ZIG.to_owned()
        }
    };
    let sdk = sdk::digest(job.source.language);
    Ok(format!("{zig}\n{sdk}\n{COMPILE:?}\n{LINK:?}\n"))
}

/// Makes the component.
pub(super) async fn build(job: &Job<'_>) -> Result<Made, BuildError> {
    job.entry()?;
    let dir = &job.source.dir;
    let failed = |(path, source)| BuildError::Io { path, source };
    sdk::unpack(job.source.language, dir).map_err(failed)?;
    let files = sources(dir).map_err(failed)?;
    let mut diagnostics = messages::includes(dir, &files);
    for diagnostic in &diagnostics {
        job.found(diagnostic);
    }
    refuse(&diagnostics, "")?;
    let zig = Zig::find(job).await?;
    let objects = compile(job, &zig, &files, &mut diagnostics).await?;
    let module = link(job, &zig, &files, objects, &mut diagnostics).await?;
    let core = std::fs::read(&module).map_err(|error| failed((module.clone(), error)))?;
    let component = componentize(&core, job.lines)?;
    let file = zig.build.join(format!("{}.wasm", job.source.name));
    std::fs::write(&file, component).map_err(|error| failed((file.clone(), error)))?;
    let inputs = Inputs {
        folders: [dir.clone()].into(),
        ..Inputs::default()
    };
    Ok(Made {
        file,
        inputs,
        diagnostics,
    })
}

/// An error if the compiler found one, or ended without success and said why in `words`.
fn refuse(diagnostics: &[Diagnostic], words: &str) -> Result<(), BuildError> {
    if words.is_empty() && !diagnostics.iter().any(Diagnostic::is_error) {
        return Ok(());
    }
    Err(BuildError::Compiler {
        diagnostics: diagnostics.to_vec(),
        words: words.to_owned(),
    })
}

/// Zig on the search path, if it is of a version that will do.
async fn zig_there() -> Option<String> {
    let said = process::command("zig", Path::new("/"))
        .arg("version")
        .output()
        .await
        .ok()?;
    let (text, found) = provide::numbers(&String::from_utf8_lossy(&said.stdout))?;
    (found == FITTING).then_some(text)
}

/// Without Python there is no fetching; who has neither may choose.
fn fetched<T>(python: Result<T, BuildError>) -> Result<T, BuildError> {
    python.map_err(|error| match error {
        BuildError::NoTool { tool, reason, .. } => BuildError::NoTool {
            tool: "zig".into(),
            reason: format!("it is not on PATH, and {tool}, which would fetch it, cannot be used: {reason}"),
            get: GET.into(),
        },
        other => other,
    })
}

/// The compiler, and where it may write.
struct Zig {
    /// The program, and what stands before its own arguments.
    program: (PathBuf, &'static [&'static str]),
    /// Where objects and modules go.
    build: PathBuf,
}

impl Zig {
    async fn find(job: &Job<'_>) -> Result<Self, BuildError> {
        let program: (PathBuf, &[&str]) = match zig_there().await {
            Some(_) => ("zig".into(), &[]),
            None => {
                let venv = fetched(provide::python_packages(job, &[ZIG]).await)?;
                (venv.join("bin/python"), &["-m", "ziglang"])
            }
        };
        let build = job.own().join("build");
        std::fs::create_dir_all(&build).map_err(|source| BuildError::Io {
            path: build.clone(),
            source,
        })?;
        Ok(Self { program, build })
    }

    fn cc(&self, job: &Job<'_>) -> Result<Command, BuildError> {
        let (program, before) = &self.program;
        let mut command = process::command(program, &job.source.dir);
        provide::python_environment(&mut command);
        for name in ASTRAY {
            command.env_remove(name);
        }
        command
            .args(*before)
            .arg("cc")
            // The C library is built once for all projects, the project's own files for itself alone.
            .env("ZIG_GLOBAL_CACHE_DIR", provide::cache()?.join("zig"))
            .env("ZIG_LOCAL_CACHE_DIR", self.build.join("zig"));
        Ok(command)
    }

    /// Runs it: whether it succeeded, and all it said.
    async fn run(&self, mut command: Command) -> Result<(bool, String), BuildError> {
        let ended = command.output().await.map_err(|error| BuildError::NoTool {
            tool: "zig".into(),
            reason: error.to_string(),
            get: GET.into(),
        })?;
        let words = String::from_utf8_lossy(&ended.stderr).into_owned();
        Ok((ended.status.success(), words))
    }
}

/// Each file to an object. All files are compiled, also behind one that is wrong.
async fn compile(
    job: &Job<'_>,
    zig: &Zig,
    files: &[PathBuf],
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<Vec<PathBuf>, BuildError> {
    let mut objects = Vec::new();
    let mut last = String::new();
    for file in [Path::new(SDK)].into_iter().chain(files.iter().map(PathBuf::as_path)) {
        job.say(&format!("compiling {}", file.display()));
        let object = zig.build.join(format!("{}.o", objects.len()));
        let mut command = zig.cc(job)?;
        command.args(COMPILE);
        if job.lines {
            // Files are told as the author knows them: as seen from the project.
            let from = format!("-fdebug-prefix-map={}=", job.source.dir.display());
            command.args(["-g", &from]);
        }
        command.arg("-c").arg("-o").arg(&object).arg(file);
        let (success, words) = zig.run(command).await?;
        let found = messages::compiler(&words);
        for diagnostic in &found {
            job.found(diagnostic);
        }
        if !success && !found.iter().any(Diagnostic::is_error) {
            last = words;
        }
        diagnostics.extend(found);
        objects.push(object);
    }
    refuse(diagnostics, last.trim())?;
    Ok(objects)
}

/// The objects to a core module.
async fn link(
    job: &Job<'_>,
    zig: &Zig,
    files: &[PathBuf],
    objects: Vec<PathBuf>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<PathBuf, BuildError> {
    job.say("linking");
    let module = zig.build.join(format!("{}.core.wasm", job.source.name));
    let mut command = zig.cc(job)?;
    // Without being told to keep them, Zig drops names and lines too.
    command.args(LINK).arg(if job.lines { "-g" } else { "-s" });
    command.arg("-o").arg(&module).args(objects);
    let (success, words) = zig.run(command).await?;
    if success {
        return Ok(module);
    }
    let found = messages::linker(&words, &job.source.dir, files);
    for diagnostic in &found {
        job.found(diagnostic);
    }
    let last = if found.is_empty() { words.trim() } else { "" };
    diagnostics.extend(found);
    refuse(diagnostics, last)?;
    Ok(module)
}

/// All `.c` files of a project, as seen from it, except those that test it.
fn sources(dir: &Path) -> Result<Vec<PathBuf>, (PathBuf, std::io::Error)> {
    let mut found = Vec::new();
    let mut waiting = vec![PathBuf::new()];
    while let Some(below) = waiting.pop() {
        let folder = dir.join(&below);
        let failed = |error| (folder.clone(), error);
        for entry in std::fs::read_dir(&folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let path = below.join(entry.file_name());
            if entry.file_type().map_err(failed)?.is_dir() {
                let name = entry.file_name();
                if !is_skipped(&name.to_string_lossy()) && name != "tests" {
                    waiting.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "c") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests;
