//! From plugin sources to components in a folder.
//!
//! Each source becomes `OUT/NAME.wasm`, written in one step and only where it differs, so that a host that watches OUT
//! loads nothing half-written and nothing twice. What a component was made from is noted in `OUT/.moa-build/NAME.json`;
//! as long as that has not changed, nothing is built.

use super::check::{Trouble, examine};
use super::diagnostic::Diagnostic;
use super::inputs::Inputs;
use super::lang::component::ComponentError;
use super::lang::{self, Job, sdk};
use super::source::{Language, Source, SourceError, find_all};
use crate::registry::{OneLine, Stage, hex};
use moa_core::manifest::{Manifest, Requests};
use moa_engine::Engine;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::{File, TryLockError};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

const NOTES: &str = ".moa-build";

/// What goes on during a build.
#[derive(Clone, Copy, Debug)]
pub enum BuildEvent<'a> {
    /// Another build writes into the same folder, or builds the same project; this one goes on after it.
    Waiting {
        /// The folder, or the project's.
        out: &'a Path,
    },
    /// A source is looked at.
    Started {
        /// The source.
        source: &'a Source,
    },
    /// A tool said something.
    Tool {
        /// The source.
        source: &'a Source,
        /// One line, perhaps with colours.
        line: &'a str,
    },
    /// The compiler found something.
    Diagnostic {
        /// The source.
        source: &'a Source,
        /// What it found.
        diagnostic: &'a Diagnostic,
    },
    /// A source is done.
    Finished {
        /// How it went.
        result: &'a BuildResult,
    },
}

/// How the build of one source went.
#[derive(Debug)]
pub struct BuildResult {
    /// The source.
    pub source: Source,
    /// The component, or why there is none.
    pub outcome: Result<Built, BuildError>,
    /// From looking at it to its end.
    pub took: Duration,
}

/// A component in its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Built {
    /// Where it is.
    pub file: PathBuf,
    /// Its size in bytes.
    pub size: u64,
    /// SHA-256 of the file in hexadecimal: the plugin's version.
    pub version: String,
    /// What it asks for.
    pub requests: Requests,
    /// What is odd about its manifest, a sentence each.
    pub warnings: Vec<String>,
    /// Whether tools ran; otherwise nothing had changed.
    pub rebuilt: bool,
    /// Whether the file in its place is another one than before.
    pub changed: bool,
    /// What the compiler warned of.
    pub diagnostics: Vec<Diagnostic>,
}

/// Why there is no component of a source.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The language's tools are not there.
    #[error("{tool} cannot be used ({}); {get}", OneLine(.reason))]
    NoTool {
        /// The tool.
        tool: String,
        /// What happened.
        reason: String,
        /// How to get it, in one line.
        get: String,
    },
    /// What a language needs, and moa gets by itself, can't be had.
    #[error("{what} cannot be fetched ({}); check that the package registry can be reached, and run it again", OneLine(.reason))]
    Fetch {
        /// The packages.
        what: String,
        /// What happened.
        reason: String,
    },
    /// The file that a plugin begins with is not there.
    #[error(
        "{dir} has a plugin.toml that says `{language}` and no {entry}; write the plugin there, or name its file in plugin.toml: entry = \"FILE\""
    )]
    NoEntry {
        /// The folder.
        dir: PathBuf,
        /// The language.
        language: Language,
        /// The file that is missing.
        entry: String,
    },
    /// The compiler can't make components.
    #[error("the Rust target wasm32-wasip2 is missing and could not be installed ({}); run `rustup target add wasm32-wasip2`", OneLine(.reason))]
    NoTarget {
        /// What happened.
        reason: String,
    },
    /// A Rust source that is no package.
    #[error("{dir} has a plugin.toml that says `rust` and no Cargo.toml; add one with `crate-type = [\"cdylib\"]`")]
    NoCargoToml {
        /// The folder.
        dir: PathBuf,
    },
    /// The source is wrong.
    #[error("{}", compiler_text(.diagnostics, .words))]
    Compiler {
        /// What the compiler says, in its order; warnings too.
        diagnostics: Vec<Diagnostic>,
        /// What the tool said last on its own, where the compiler said nothing.
        words: String,
    },
    /// Everything was built, and it was no component.
    #[error("{manifest} builds, but makes no component; it needs `[lib]` with `crate-type = [\"cdylib\"]`")]
    NoComponent {
        /// The package.
        manifest: PathBuf,
    },
    /// What the compiler made can't become a component.
    #[error(transparent)]
    Component(#[from] ComponentError),
    /// The component can't be used.
    #[error("the component that was built is of no use ({}): {}", .0.stage, .0.reason)]
    Unusable(Trouble),
    /// Source and component don't agree on the name.
    #[error("{dir}/plugin.toml names the plugin `{wanted}`, its manifest names it `{found}`; make them the same")]
    Name {
        /// The source's folder.
        dir: PathBuf,
        /// The name in `plugin.toml`.
        wanted: String,
        /// The name in the manifest.
        found: String,
    },
    /// A file can't be read or written.
    #[error("{path}: {source}; check that the folder can be written to and has room")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}

/// Why nothing can be built at all.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// Sources can't be found.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// There are none.
    #[error("there is no plugin source at or below {}; a plugin source is a folder with a plugin.toml", .0.display())]
    Nothing(PathBuf),
    /// The folder of apps is not there.
    #[error("{apps} cannot be read ({reason}); give the folder that the apps lie in")]
    Apps {
        /// The folder.
        apps: PathBuf,
        /// What the system says.
        reason: std::io::Error,
    },
    /// A name that a plugin cannot have.
    #[error(
        "`{0}` is no name for a plugin: use a to z, 0 to 9 and `-`, at most 64 characters; give another with --name"
    )]
    Name(String),
    /// The folder for components can't be used.
    #[error("components cannot be written to {out} ({reason}); make it writable, or give another one with --out")]
    Out {
        /// The folder.
        out: PathBuf,
        /// What the system says.
        reason: std::io::Error,
    },
}

fn compiler_text(diagnostics: &[Diagnostic], words: &str) -> String {
    let errors: Vec<String> = diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.is_error())
        .map(Diagnostic::plain)
        .collect();
    if errors.is_empty() {
        words.to_owned()
    } else {
        errors.join("\n")
    }
}

/// What a component was made from, and what came of it.
#[derive(Debug, Serialize, Deserialize)]
struct Note {
    inputs: Inputs,
    /// Of the inputs; `None` if some of them changed during the build, so that nobody knows which state it saw.
    digest: Option<String>,
    version: String,
    requests: Requests,
    warnings: Vec<String>,
    diagnostics: Vec<Diagnostic>,
}

impl Note {
    fn built(self, file: PathBuf, bytes: &[u8], rebuilt: bool, changed: bool) -> Built {
        let Self {
            version,
            requests,
            warnings,
            diagnostics,
            ..
        } = self;
        Built {
            file,
            size: bytes.len() as u64,
            version,
            requests,
            warnings,
            rebuilt,
            changed,
            diagnostics,
        }
    }
}

/// Builds every plugin source at or below `dirs` into `out`. Two builds into the same folder go one after the other.
///
/// For an engine with [`source_lines`](moa_engine::Options::source_lines) components keep their functions' names and get
/// line tables, whatever the sources' own settings say: they are for their author, to be tried. They are several times as
/// large.
///
/// # Errors
/// When nothing can be built at all. What is wrong with one source is in its own result, and the others are built.
pub async fn build(
    dirs: &[PathBuf],
    out: &Path,
    engine: &Engine,
    progress: &(dyn Fn(BuildEvent<'_>) + Send + Sync),
) -> Result<Vec<BuildResult>, SetupError> {
    let sources = find_all(dirs)?;
    if sources.is_empty() {
        return Err(SetupError::Nothing(dirs.first().cloned().unwrap_or_else(|| ".".into())));
    }
    let unusable = |reason| SetupError::Out {
        out: out.to_owned(),
        reason,
    };
    std::fs::create_dir_all(out.join(NOTES)).map_err(unusable)?;
    let out = out.canonicalize().map_err(unusable)?;
    let _lock = lock(&out.join(NOTES), &out, progress).await.map_err(unusable)?;
    let mut results = Vec::with_capacity(sources.len());
    for mut source in sources {
        let begun = Instant::now();
        // Tools write absolute paths.
        source.dir = source.dir.canonicalize().unwrap_or(source.dir);
        progress(BuildEvent::Started { source: &source });
        let outcome = build_one(&source, &out, engine, progress).await;
        let result = BuildResult {
            source,
            outcome,
            took: begun.elapsed(),
        };
        progress(BuildEvent::Finished { result: &result });
        results.push(result);
    }
    Ok(results)
}

/// The lock in `folder`, for what is done in `out`. Held until it is dropped, also by a process that dies.
async fn lock(folder: &Path, out: &Path, progress: &(dyn Fn(BuildEvent<'_>) + Send + Sync)) -> std::io::Result<File> {
    let file = File::options().create(true).append(true).open(folder.join("lock"))?;
    match file.try_lock() {
        Ok(()) => return Ok(file),
        Err(TryLockError::Error(error)) => return Err(error),
        Err(TryLockError::WouldBlock) => progress(BuildEvent::Waiting { out }),
    }
    let locked = tokio::task::spawn_blocking(move || file.lock().map(|()| file)).await;
    locked.unwrap_or_else(|error| Err(std::io::Error::other(error)))
}

async fn build_one(
    source: &Source,
    out: &Path,
    engine: &Engine,
    progress: &(dyn Fn(BuildEvent<'_>) + Send + Sync),
) -> Result<Built, BuildError> {
    let begun = SystemTime::now();
    let file = out.join(format!("{}.wasm", source.name));
    let note_file = out.join(NOTES).join(format!("{}.json", source.name));
    let lines = engine.source_lines();
    let job = Job {
        source,
        lines,
        progress,
    };
    let mut tools = lang::tools(&job).await?;
    if lines {
        tools.push_str("with lines");
    }
    // What is made on the way lies in the project, whichever folder a build writes into. Cargo has a lock of its own.
    let project = match source.language {
        Language::Rust => None,
        language => Some(project(language, &source.dir, progress).await?),
    };
    if let Some(built) = unchanged(&note_file, &file, &tools, out) {
        return Ok(built);
    }
    let made = lang::build(&job).await?;
    let bytes = Arc::new(read(&made.file)?);
    drop(project);
    let inspection =
        moa_engine::inspect(&bytes).map_err(|error| BuildError::Unusable(Trouble::new(Stage::Inspect, error)))?;
    let sound = examine(engine, Arc::clone(&bytes), &inspection)
        .await
        .map_err(BuildError::Unusable)?;
    let Manifest { name, requests, .. } = sound.manifest;
    if name != source.name {
        return Err(BuildError::Name {
            dir: source.dir.clone(),
            wanted: source.name.clone(),
            found: name,
        });
    }
    let changed = std::fs::read(&file).map_or(true, |before| before != *bytes);
    if changed {
        replace(&file, &bytes)?;
    }
    let version = hex(&Sha256::digest(&*bytes));
    let note = Note {
        digest: made
            .inputs
            .digest(&tools, out)
            .filter(|state| state.is_older_than(begun))
            .map(|state| state.digest),
        inputs: made.inputs,
        version,
        requests,
        warnings: sound.warnings,
        diagnostics: made.diagnostics,
    };
    let text = serde_json::to_vec(&note).map_err(|error| BuildError::Io {
        path: note_file.clone(),
        source: std::io::Error::other(error),
    })?;
    replace(&note_file, &text)?;
    Ok(note.built(file, &bytes, true, changed))
}

/// A project that nobody else builds until the lock is dropped. It has its SDK, which an editor needs even where nothing
/// is built.
async fn project(
    language: Language,
    dir: &Path,
    progress: &(dyn Fn(BuildEvent<'_>) + Send + Sync),
) -> Result<File, BuildError> {
    let failed = |(path, source)| BuildError::Io { path, source };
    let own = sdk::own(dir).map_err(failed)?;
    let lock = lock(&own, dir, progress)
        .await
        .map_err(|error| failed((own.join("lock"), error)))?;
    sdk::unpack(language, dir).map_err(failed)?;
    Ok(lock)
}

/// The component that is there, if it is still what a build would make.
fn unchanged(note_file: &Path, file: &Path, tools: &str, out: &Path) -> Option<Built> {
    let note: Note = serde_json::from_slice(&std::fs::read(note_file).ok()?).ok()?;
    let bytes = std::fs::read(file).ok()?;
    let same = hex(&Sha256::digest(&bytes)) == note.version
        && note
            .inputs
            .digest(tools, out)
            .is_some_and(|state| note.digest.as_ref() == Some(&state.digest));
    same.then(|| note.built(file.to_owned(), &bytes, false, false))
}

fn read(path: &Path) -> Result<Vec<u8>, BuildError> {
    std::fs::read(path).map_err(|source| BuildError::Io {
        path: path.to_owned(),
        source,
    })
}

/// Puts a file in its place in one step. The name it has before is one that no host loads.
fn replace(path: &Path, bytes: &[u8]) -> Result<(), BuildError> {
    let write = || -> std::io::Result<()> {
        let dir = path.parent().unwrap_or(Path::new("."));
        let mut new = tempfile::Builder::new()
            .prefix(".moa-")
            .suffix(".tmp")
            .tempfile_in(dir)?;
        new.write_all(bytes)?;
        new.as_file().set_permissions(std::fs::Permissions::from_mode(0o644))?;
        new.persist(path)?;
        Ok(())
    };
    write().map_err(|source| BuildError::Io {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
#[path = "build_tests.rs"]
mod tests;
