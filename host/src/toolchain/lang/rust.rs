//! Making a component of Rust, by cargo.

use super::process::{self, Ended};
use super::{Job, Made};
use crate::toolchain::build::{BuildError, BuildEvent};
use crate::toolchain::diagnostic::{CargoLine, Diagnostic};
use crate::toolchain::inputs::{Inputs, dep_info};
use crate::toolchain::source::Source;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use tokio::process::Command;

const TARGET: &str = "wasm32-wasip2";

/// What changes the outcome besides sources: the compiler that is in charge in this folder.
pub(super) async fn tools(job: &Job<'_>) -> Result<String, BuildError> {
    let output = tool("rustc", job.source)
        .arg("-vV")
        .output()
        .await
        .map_err(|error| no_rust(&error.to_string()))?;
    if !output.status.success() {
        return Err(no_rust(String::from_utf8_lossy(&output.stderr).trim()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// What a build is asked for beside the source's own settings, so that a fault can tell file and line. Code is the same
/// with or without.
const WITH_LINES: [(&str, &str); 2] = [
    ("CARGO_PROFILE_RELEASE_DEBUG", "line-tables-only"),
    ("CARGO_PROFILE_RELEASE_STRIP", "none"),
];

/// Runs cargo in the source's folder, for a component as its settings say, or with names and line tables.
pub(super) async fn build(job: &Job<'_>) -> Result<Made, BuildError> {
    let source = job.source;
    let manifest = source.dir.join("Cargo.toml");
    if !manifest.is_file() {
        return Err(BuildError::NoCargoToml {
            dir: source.dir.clone(),
        });
    }
    need_target(job).await?;
    let mut command = tool("cargo", source);
    command.envs(WITH_LINES.into_iter().filter(|_| job.lines)).args([
        "build",
        "--release",
        "--target",
        TARGET,
        "--message-format=json-diagnostic-rendered-ansi",
    ]);
    let mut cargo = Cargo::new(&manifest);
    let ended = process::run(job, command, |line| {
        if let Some(diagnostic) = cargo.line(&line) {
            (job.progress)(BuildEvent::Diagnostic { source, diagnostic });
        }
    });
    let Ended { success, words } = ended.await.map_err(|error| no_rust(&error.to_string()))?;
    let Cargo {
        diagnostics,
        component,
        folders,
        ..
    } = cargo;
    if !success {
        return Err(BuildError::Compiler { diagnostics, words });
    }
    let file = component.ok_or(BuildError::NoComponent { manifest })?;
    let files = std::fs::read_to_string(file.with_extension("d"))
        .map(|text| dep_info(&text))
        .unwrap_or_default();
    let folders: BTreeSet<PathBuf> = folders.into_iter().chain([source.dir.clone()]).collect();
    // What lies in the folders counts anyway; what a build made itself is no input.
    let files = files
        .into_iter()
        .filter(|file| !folders.iter().any(|folder| file.starts_with(folder)))
        .filter(|file| !file.ancestors().any(|dir| dir.join("CACHEDIR.TAG").is_file()))
        .collect();
    Ok(Made {
        file,
        inputs: Inputs { folders, files },
        diagnostics,
    })
}

/// What cargo's lines come to.
struct Cargo<'a> {
    manifest: &'a Path,
    diagnostics: Vec<Diagnostic>,
    component: Option<PathBuf>,
    /// Folders of packages that are not from a registry.
    folders: Vec<PathBuf>,
}

impl<'a> Cargo<'a> {
    fn new(manifest: &'a Path) -> Self {
        Self {
            manifest,
            diagnostics: Vec::new(),
            component: None,
            folders: Vec::new(),
        }
    }

    fn line(&mut self, line: &str) -> Option<&Diagnostic> {
        // Other lines are from build scripts and macros that print.
        match serde_json::from_str(line).ok()? {
            CargoLine::CompilerMessage { message } => {
                let diagnostic = message.into_diagnostic()?;
                if self.diagnostics.contains(&diagnostic) {
                    return None;
                }
                self.diagnostics.push(diagnostic);
                self.diagnostics.last()
            }
            CargoLine::CompilerArtifact {
                package_id,
                manifest_path,
                target,
                filenames,
            } => {
                if package_id.starts_with("path+") {
                    self.folders.extend(manifest_path.parent().map(Path::to_owned));
                }
                if target.kind.iter().any(|kind| kind == "cdylib") && same(&manifest_path, self.manifest) {
                    self.component = filenames
                        .into_iter()
                        .find(|file| file.extension().is_some_and(|e| e == "wasm"));
                }
                None
            }
            CargoLine::Other => None,
        }
    }
}

fn same(a: &Path, b: &Path) -> bool {
    match (a.canonicalize(), b.canonicalize()) {
        (Ok(a), Ok(b)) => a == b,
        _ => a == b,
    }
}

/// The standard library for components, from rustup where it is missing.
async fn need_target(job: &Job<'_>) -> Result<(), BuildError> {
    let source = job.source;
    if has_target(source).await? {
        return Ok(());
    }
    job.say(&format!("installing the Rust target {TARGET}"));
    let added = tool("rustup", source).args(["target", "add", TARGET]).output().await;
    let reason = match added {
        Ok(output) if output.status.success() && has_target(source).await? => return Ok(()),
        Ok(output) => {
            let words = String::from_utf8_lossy(&output.stderr);
            words
                .lines()
                .rfind(|line| !line.trim().is_empty())
                .unwrap_or("rustup did not say why")
                .to_owned()
        }
        Err(error) => format!("rustup cannot be started: {error}"),
    };
    Err(BuildError::NoTarget { reason })
}

async fn has_target(source: &Source) -> Result<bool, BuildError> {
    let output = tool("rustc", source)
        .args(["--print", "target-libdir", "--target", TARGET])
        .output()
        .await
        .map_err(|error| no_rust(&error.to_string()))?;
    let dir = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    Ok(output.status.success() && dir.is_dir())
}

fn no_rust(reason: &str) -> BuildError {
    BuildError::NoTool {
        tool: "cargo".into(),
        reason: reason.to_owned(),
        get: "install Rust from https://rustup.rs".into(),
    }
}

/// A tool of Rust in the source's folder, in a clean environment.
fn tool(name: &str, source: &Source) -> Command {
    let mut command = process::command(name, &source.dir);
    for (key, change) in environment(std::env::vars_os(), &source.dir) {
        match change {
            None => command.env_remove(key),
            Some(value) => command.env(key, value),
        };
    }
    command
}

/// What to change in the environment: when this process was started by cargo (`cargo run`, tests), it is full of what
/// concerns *this* program and would spoil a guest's build.
fn environment(here: impl IntoIterator<Item = (OsString, OsString)>, dir: &Path) -> Vec<(OsString, Option<OsString>)> {
    let mut changes = Vec::new();
    for (key, value) in here {
        let name = key.to_string_lossy().into_owned();
        if name == "CARGO_TARGET_DIR" {
            // A folder of its own: guests and host must not wait for each other, nor rebuild what they share.
            let shared = std::path::absolute(&value).unwrap_or_else(|_| PathBuf::from(&value));
            changes.push((key, Some(shared.join("guests-build").into_os_string())));
        } else if spoils(&name, dir) {
            changes.push((key, None));
        }
    }
    changes
}

fn spoils(name: &str, dir: &Path) -> bool {
    match name {
        "RUSTFLAGS" | "RUSTDOCFLAGS" | "RUSTC_WORKSPACE_WRAPPER" | "RUST_RECURSION_COUNT" => true,
        // rustup sets it for everything below a `cargo run`; the folder's own choice must win over that.
        "RUSTUP_TOOLCHAIN" => dir
            .ancestors()
            .any(|dir| dir.join("rust-toolchain.toml").is_file() || dir.join("rust-toolchain").is_file()),
        // How to reach registries and how many processors to use is the person's choice.
        "CARGO_HOME" | "CARGO_BUILD_JOBS" | "CARGO_TERM_COLOR" => false,
        name => {
            let kept = [
                "CARGO_NET_",
                "CARGO_HTTP_",
                "CARGO_REGISTR",
                "CARGO_SOURCE_",
                "CARGO_TARGET_WASM32_",
            ];
            (name == "CARGO" || name.starts_with("CARGO_")) && !kept.iter().any(|kept| name.starts_with(kept))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cargo_set_for_this_program_does_not_reach_a_guest() {
        let dir = tempfile::tempdir().unwrap();
        let changes = |keys: &[&str]| {
            let here = keys.iter().map(|key| (OsString::from(key), OsString::from("/v")));
            environment(here, dir.path())
                .into_iter()
                .map(|(key, value)| (key.into_string().unwrap(), value.map(|v| v.into_string().unwrap())))
                .collect::<Vec<_>>()
        };
        let removed = [
            "CARGO",
            "CARGO_MANIFEST_DIR",
            "CARGO_PKG_NAME",
            "CARGO_ENCODED_RUSTFLAGS",
            "RUSTFLAGS",
            "CARGO_BUILD_TARGET",
            "CARGO_PROFILE_RELEASE_LTO",
        ];
        assert_eq!(changes(&removed), removed.map(|key| (key.to_owned(), None)));
        let kept = [
            "PATH",
            "HOME",
            "CARGO_HOME",
            "RUSTUP_HOME",
            "CARGO_REGISTRIES_X_INDEX",
            "CARGO_HTTP_PROXY",
            "CARGOX",
        ];
        assert_eq!(changes(&kept), []);
        assert_eq!(
            changes(&["CARGO_TARGET_DIR"]),
            [("CARGO_TARGET_DIR".to_owned(), Some("/v/guests-build".to_owned()))]
        );
        assert_eq!(changes(&["RUSTUP_TOOLCHAIN"]), []);
        std::fs::write(dir.path().join("rust-toolchain.toml"), "").unwrap();
        assert_eq!(changes(&["RUSTUP_TOOLCHAIN"]), [("RUSTUP_TOOLCHAIN".to_owned(), None)]);
    }

    #[test]
    fn cargos_lines_come_to_component_folders_and_diagnostics() {
        let mut cargo = Cargo::new(Path::new("/p/hello/Cargo.toml"));
        for line in [
            r#"{"reason":"compiler-artifact","package_id":"registry+https://x#serde@1.0.0","manifest_path":"/reg/serde/Cargo.toml","target":{"kind":["lib"]},"filenames":["/t/libserde.rlib"],"fresh":true}"#,
            r#"{"reason":"compiler-artifact","package_id":"path+file:///sdk#moa-plugin@0.1.0","manifest_path":"/sdk/Cargo.toml","target":{"kind":["lib"]},"filenames":["/t/libmoa_plugin.rlib"]}"#,
            r#"{"reason":"compiler-artifact","package_id":"path+file:///p/other#1.0.0","manifest_path":"/p/other/Cargo.toml","target":{"kind":["cdylib"]},"filenames":["/t/other.wasm"]}"#,
            r#"{"reason":"compiler-artifact","package_id":"path+file:///p/hello#1.0.0","manifest_path":"/p/hello/Cargo.toml","target":{"kind":["cdylib"]},"filenames":["/t/hello.wasm"]}"#,
            "a macro printed this",
            r#"{"reason":"build-finished","success":true}"#,
        ] {
            assert_eq!(cargo.line(line), None);
        }
        assert_eq!(cargo.component.as_deref(), Some(Path::new("/t/hello.wasm")));
        assert_eq!(cargo.folders, ["/sdk", "/p/other", "/p/hello"].map(PathBuf::from));
        let error = r#"{"reason":"compiler-message","message":{"level":"error","message":"no","rendered":"error: no","spans":[]}}"#;
        assert_eq!(cargo.line(error).unwrap().message, "no");
        assert_eq!(cargo.line(error), None, "what is said twice is told once");
    }
}
