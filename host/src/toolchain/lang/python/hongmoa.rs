//! The project around a folder of apps for hongmoa.
//!
//! A script of the SDK copies the apps, without hongmoa's own modules among them and without secrets, writes the module
//! that loads them, and tells each place where they will not do what they did.

use super::super::{Job, Made, sdk};
use super::{compiler, io, told};
use crate::toolchain::build::BuildError;
use crate::toolchain::diagnostic::Diagnostic;
use crate::toolchain::inputs::Inputs;
use crate::toolchain::source::{Language, ScriptEngine, Source};
use moa_core::router::host_words;
use std::path::Path;

/// Where the project is made, below the source's own folder.
const PROJECT: &str = "hongmoa";

/// Makes the component of a source whose `plugin.toml` says `hongmoa`.
pub(in crate::toolchain) async fn build(job: &Job<'_>) -> Result<Made, BuildError> {
    let Source { dir, name, entry, .. } = job.source;
    let apps = dir.join(entry);
    if !apps.is_dir() {
        return Err(BuildError::NoEntry {
            dir: dir.clone(),
            language: Language::Hongmoa,
            entry: entry.clone(),
        });
    }
    let folder = job.own().join(PROJECT);
    std::fs::create_dir_all(&folder).map_err(|error| io((folder.clone(), error)))?;
    let source = Source {
        dir: folder,
        name: name.clone(),
        language: Language::Python,
        entry: Language::Python.entry().to_owned(),
        engine: ScriptEngine::default(),
    };
    let within = Job {
        source: &source,
        ..*job
    };
    let mut diagnostics = project(&within, &apps).await?;
    let made = super::build(&within).await?;
    diagnostics.extend(made.diagnostics);
    Ok(Made {
        file: made.file,
        inputs: Inputs {
            folders: [dir.clone()].into(),
            ..made.inputs
        },
        diagnostics,
    })
}

/// Makes the project in the job's folder. The differences are told, and are the error where an app cannot work.
pub(in crate::toolchain) async fn project(job: &Job<'_>, apps: &Path) -> Result<Vec<Diagnostic>, BuildError> {
    let sdk = sdk::unpack(Language::Python, &job.source.dir).map_err(io)?;
    let base = apps.parent().unwrap_or(apps);
    let script = sdk.join("tools/moa_hongmoa.py");
    let found = told(job, base, |python| {
        python.arg(script).arg(apps).arg(&job.source.dir).arg(&job.source.name);
        python.args(host_words());
    })
    .await?;
    match found.iter().any(Diagnostic::is_error) {
        true => Err(compiler(found)),
        false => Ok(found),
    }
}
