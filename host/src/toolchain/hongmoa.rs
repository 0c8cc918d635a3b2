//! A folder of apps that were written for the chat bot hongmoa, as one plugin.
//!
//! The Python SDK has what such apps expect. What is left is to make a project around the folder, in which the apps are
//! copies, and to say what will differ; from there on it is a plugin in Python like any other.

use super::build::{BuildEvent, BuildResult, SetupError, build};
use super::lang::{self, Job};
use super::source::{Language, ScriptEngine, Source, is_name};
use moa_engine::Engine;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Where the project is made, below the folder for components.
const PROJECTS: &str = ".moa-build/hongmoa";

/// Builds the apps in `apps` into `OUT/NAME.wasm`. The name is otherwise the folder's.
///
/// # Errors
/// When the folder is not there, or its name is none for a plugin. What is wrong with the apps is in the result.
pub async fn build_hongmoa(
    apps: &Path,
    name: Option<&str>,
    out: &Path,
    engine: &Engine,
    progress: &(dyn Fn(BuildEvent<'_>) + Send + Sync),
) -> Result<Vec<BuildResult>, SetupError> {
    let begun = Instant::now();
    let apps = apps.canonicalize().map_err(|reason| SetupError::Apps {
        apps: apps.to_owned(),
        reason,
    })?;
    let name = match name {
        Some(name) => name.to_owned(),
        None => apps.file_name().unwrap_or_default().to_string_lossy().into_owned(),
    };
    if !is_name(&name) {
        return Err(SetupError::Name(name));
    }
    let project = made(&out.join(PROJECTS).join(&name)).map_err(|reason| SetupError::Out {
        out: out.to_owned(),
        reason,
    })?;
    let source = Source {
        dir: project.clone(),
        name,
        language: Language::Python,
        entry: Language::Python.entry().to_owned(),
        engine: ScriptEngine::default(),
    };
    let job = Job {
        source: &source,
        lines: engine.source_lines(),
        progress,
    };
    if let Err(error) = lang::hongmoa_project(&job, &apps).await {
        let result = BuildResult {
            source,
            outcome: Err(error),
            took: begun.elapsed(),
        };
        progress(BuildEvent::Finished { result: &result });
        return Ok(vec![result]);
    }
    build(&[project], out, engine, progress).await
}

fn made(folder: &Path) -> std::io::Result<PathBuf> {
    std::fs::create_dir_all(folder)?;
    folder.canonicalize()
}
