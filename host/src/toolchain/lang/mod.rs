//! How each language becomes a component.
//!
//! A module for each language does two things: `tools` says what decides over the outcome besides the sources, and
//! `build` makes the component. What they share: [`process`] runs a tool, [`provide`] fetches tools that the machine
//! lacks, [`sdk`] puts the language's SDK into the project, [`component`] makes a component of a core module.

mod c;
pub(super) mod component;
mod go;
mod javascript;
mod process;
mod provide;
mod python;
mod rust;
pub(super) mod sdk;

pub(super) use python::hongmoa::project as hongmoa_project;

use super::build::{BuildError, BuildEvent};
use super::diagnostic::Diagnostic;
use super::inputs::Inputs;
use super::source::{Language, Source};
use std::path::PathBuf;

/// One build of one source.
#[derive(Clone, Copy)]
pub(super) struct Job<'a> {
    pub(super) source: &'a Source,
    /// Whether names and lines are kept, so that a fault can tell them.
    pub(super) lines: bool,
    pub(super) progress: &'a (dyn Fn(BuildEvent<'_>) + Send + Sync),
}

impl Job<'_> {
    /// Tells one step to those who watch.
    pub(super) fn say(&self, line: &str) {
        let source = self.source;
        (self.progress)(BuildEvent::Tool { source, line });
    }

    /// Tells what was found in the source.
    pub(super) fn found(&self, diagnostic: &Diagnostic) {
        let source = self.source;
        (self.progress)(BuildEvent::Diagnostic { source, diagnostic });
    }

    /// The folder in the project that is moa's own: the SDK and what is made on the way.
    pub(super) fn own(&self) -> PathBuf {
        self.source.dir.join(sdk::FOLDER)
    }

    /// The file that the plugin begins with.
    pub(super) fn entry(&self) -> Result<PathBuf, BuildError> {
        let path = self.source.dir.join(&self.source.entry);
        if path.is_file() {
            return Ok(path);
        }
        Err(BuildError::NoEntry {
            dir: self.source.dir.clone(),
            language: self.source.language,
            entry: self.source.entry.clone(),
        })
    }
}

/// A component as the tools made it.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) file: PathBuf,
    pub(super) inputs: Inputs,
    /// Warnings.
    pub(super) diagnostics: Vec<Diagnostic>,
}

/// What decides over the outcome besides the sources: the tools' versions and the SDK's. Another text is another
/// component.
pub(super) async fn tools(job: &Job<'_>) -> Result<String, BuildError> {
    match job.source.language {
        Language::Rust => rust::tools(job).await,
        Language::Python | Language::Hongmoa => python::tools(job).await,
        Language::JavaScript | Language::TypeScript => javascript::tools(job).await,
        Language::Go => go::tools(job).await,
        Language::C => c::tools(job).await,
    }
}

/// Makes the component. Compilers' errors are told as they come, and are the error at the end.
pub(super) async fn build(job: &Job<'_>) -> Result<Made, BuildError> {
    match job.source.language {
        Language::Rust => rust::build(job).await,
        Language::Python => python::build(job).await,
        Language::Hongmoa => python::hongmoa::build(job).await,
        Language::JavaScript | Language::TypeScript => javascript::build(job).await,
        Language::Go => go::build(job).await,
        Language::C => c::build(job).await,
    }
}
