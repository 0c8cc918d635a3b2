//! From a file's content to a plugin.

use super::ConfigOf;
use super::cache::Cache;
use super::compile::{CompileError, Compiler, compiled};
use super::problem::Stage;
use super::snapshot::Loaded;
use super::versions::Versions;
use jiff::Timestamp;
use moa_core::manifest::Manifest;
use moa_core::router::hears::Ear;
use moa_engine::{Engine, Exports, Fault, Inspection, Limits, LoadError, Plugin};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Makes plugins.
#[derive(Clone)]
pub(super) struct Loader {
    pub(super) engine: Engine,
    pub(super) compiler: Compiler,
    pub(super) cache: Cache,
    pub(super) versions: Versions,
    /// Whose turn it is to compile.
    pub(super) turns: Arc<Semaphore>,
    pub(super) config: ConfigOf,
}

/// A plugin that has no place yet.
pub(super) struct Fresh {
    pub(super) plugin: Plugin,
    pub(super) manifest: Manifest,
    pub(super) described: Manifest,
    pub(super) warnings: Vec<String>,
}

impl Fresh {
    /// The plugin of this file, from now on.
    pub(super) fn settle(self, path: PathBuf, version: String) -> Loaded {
        Loaded {
            name: self.manifest.name.clone(),
            version,
            path,
            ears: Ear::of_manifest(&self.manifest),
            manifest: Arc::new(self.manifest),
            described: Arc::new(self.described),
            plugin: self.plugin,
            warnings: self.warnings,
            since: Timestamp::now(),
        }
    }
}

/// Why there is none.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) stage: Stage,
    pub(super) reason: String,
    /// Whether the host is to blame, so that the same file may do later.
    pub(super) passing: bool,
}

impl Failure {
    pub(super) fn of_file(stage: Stage, reason: impl ToString) -> Self {
        Self {
            stage,
            reason: reason.to_string(),
            passing: false,
        }
    }

    pub(super) fn of_host(stage: Stage, reason: impl ToString) -> Self {
        Self {
            stage,
            reason: reason.to_string(),
            passing: true,
        }
    }
}

impl From<CompileError> for Failure {
    fn from(error: CompileError) -> Self {
        Self {
            stage: Stage::Compile,
            reason: error.to_string(),
            passing: matches!(error, CompileError::Host(_)),
        }
    }
}

impl Loader {
    /// The same which waits for nobody but this many of its own.
    pub(super) fn beside(&self, turns: usize) -> Self {
        Self {
            turns: Arc::new(Semaphore::new(turns)),
            ..self.clone()
        }
    }

    /// Every step from bytes to plugin. Nothing of the file is compiled before it was looked at, and nothing of it runs
    /// but `describe`, under these limits.
    pub(super) async fn load(&self, bytes: Arc<Vec<u8>>, hash: &str, limits: &Limits) -> Result<Fresh, Failure> {
        let looked_at = Arc::clone(&bytes);
        let file = blocking(Stage::Inspect, move || {
            moa_engine::inspect(&looked_at).map_err(|error| Failure::of_file(Stage::Inspect, error))
        })
        .await?;
        let plugin = self.plugin(&bytes, hash).await?;
        let described = plugin
            .describe(limits)
            .await
            .map_err(|fault| describe_failure(&fault))?;
        let parsed = Manifest::parse(&described).map_err(|error| Failure::of_file(Stage::Manifest, error))?;
        if let Some(missing) = missing_export(&parsed.manifest, &file, plugin.exports()) {
            return Err(Failure::of_file(Stage::Manifest, missing));
        }
        let (versions, version) = (self.versions.clone(), hash.to_owned());
        let kept = blocking(Stage::Load, move || Ok(versions.keep(&version, &bytes))).await?;
        if let Err(error) = kept {
            tracing::warn!(version = hash, %error, "a plugin's file could not be kept; calls that are cut off cannot go on with it once it is replaced");
        }
        let described = parsed.manifest;
        let (manifest, errors) = described.configured(&(self.config)(&described.name));
        let errors = errors.iter().map(ToString::to_string);
        Ok(Fresh {
            plugin,
            manifest,
            described,
            warnings: parsed.warnings.into_iter().chain(errors).collect(),
        })
    }

    async fn plugin(&self, bytes: &Arc<Vec<u8>>, hash: &str) -> Result<Plugin, Failure> {
        let mut again = true;
        loop {
            let code = compiled(&self.engine, &self.compiler, &self.cache, &self.turns, bytes, hash).await?;
            let (engine, file) = (self.engine.clone(), code.clone());
            let loaded = blocking(Stage::Load, move || Ok(map(&engine, file))).await?;
            match loaded {
                Ok(plugin) => return Ok(plugin),
                // Code of another engine under this one's name: it is made once more.
                Err(LoadError::Stale { .. }) if again => {
                    again = false;
                    let cache = self.cache.clone();
                    blocking(Stage::Load, move || {
                        cache.discard(&code);
                        Ok(())
                    })
                    .await?;
                }
                Err(error) => return Err(Failure::of_file(Stage::Load, error)),
            }
        }
    }
}

fn map(engine: &Engine, code: PathBuf) -> Result<Plugin, LoadError> {
    // SAFETY: the path comes from the cache: this engine's key is part of its name, its checksum was right a moment ago,
    // only this user can write into its folder, and the host replaces files there instead of writing into them.
    unsafe { engine.load_file(&code) }
}

fn describe_failure(fault: &Fault) -> Failure {
    if fault.is_guest() {
        Failure::of_file(Stage::Describe, fault)
    } else {
        Failure::of_host(Stage::Describe, fault)
    }
}

/// What a plugin has to export and doesn't.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum MissingExport {
    /// The manifest names something of it.
    #[error("the plugin does not export `moa:plugin/{0}`, which its manifest needs; build it again with its SDK")]
    OfManifest(&'static str),
    /// It can teach patterns, and their matches would arrive nowhere.
    #[error(
        "the plugin imports `moa:plugin/triggers` and does not export `moa:plugin/listener`, where messages arrive that \
         match what it taught; export that, or do without `triggers`"
    )]
    Listener,
}

/// The export that a plugin lacks, by what its manifest names and by what it imports.
pub(crate) fn missing_export(manifest: &Manifest, file: &Inspection, exports: Exports) -> Option<MissingExport> {
    let named = [
        (manifest.commands.is_empty() || exports.commands, "commands"),
        (manifest.hears.is_empty() || exports.listener, "listener"),
        (manifest.jobs.is_empty() || exports.jobs, "jobs"),
        (manifest.webhooks.is_empty() || exports.webhooks, "webhooks"),
        (manifest.events.is_empty() || exports.events, "events"),
        (manifest.shortcuts.is_empty() || exports.actions, "actions"),
    ];
    let missing = named
        .into_iter()
        .find_map(|(is_there, name)| (!is_there).then_some(name));
    let is_deaf = || !exports.listener && file.capabilities().any(|name| name == "triggers");
    match missing {
        Some(name) => Some(MissingExport::OfManifest(name)),
        None => is_deaf().then_some(MissingExport::Listener),
    }
}

async fn blocking<T: Send + 'static>(
    stage: Stage,
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(Failure::of_host(stage, error)))
}
