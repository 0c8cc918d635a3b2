//! What is loaded at one moment.

use super::locks::Locks;
use super::problem::Problem;
use jiff::Timestamp;
use moa_core::manifest::Manifest;
use moa_core::router::Table;
use moa_core::router::hears::Ear;
use moa_engine::Plugin;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// A plugin that is loaded. A call holds its `Arc` until it ends, so a replaced version lives as long as it is needed.
#[derive(Clone)]
pub struct Loaded {
    /// The manifest's name.
    pub name: String,
    /// SHA-256 of the file in hexadecimal, 64 characters.
    pub version: String,
    /// The file.
    pub path: PathBuf,
    /// What the plugin says of itself, with what it takes from the configuration.
    pub manifest: Arc<Manifest>,
    /// The same as the plugin says it.
    pub described: Arc<Manifest>,
    /// The patterns that its manifest listens for.
    pub ears: Vec<Arc<Ear>>,
    /// What can be called.
    pub plugin: Plugin,
    /// What is odd about the manifest, or about the configuration that it asks for, a sentence each.
    pub warnings: Vec<String>,
    /// When this version began to serve.
    pub since: Timestamp,
}

impl Loaded {
    /// The first characters of the version, enough for people to tell versions apart.
    pub fn short_version(&self) -> &str {
        short(&self.version)
    }

    /// The same under another configuration.
    pub(crate) fn under(&self, config: &Map<String, Value>) -> Self {
        Self {
            manifest: Arc::new(self.described.configured(config).0),
            ..self.clone()
        }
    }
}

impl std::fmt::Debug for Loaded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Loaded")
            .field("name", &self.name)
            .field("version", &self.version)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// All that is loaded, as of one moment. It never changes; a change makes another one.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// The plugins that serve, by name.
    pub plugins: BTreeMap<String, Arc<Loaded>>,
    /// Those that the operator stopped, by name. Their words are in the table, and nothing calls them.
    pub stopped: BTreeMap<String, Arc<Loaded>>,
    /// What the operator decided about plugins.
    pub locks: Locks,
    /// Which words lead to which of them.
    pub table: Table,
    /// Files that could not be loaded, by path.
    pub problems: Vec<Problem>,
    /// Whether every file that was in the folder at the start has been looked at. Events are not matched before.
    pub complete: bool,
}

/// The first characters of a version.
pub(crate) fn short(version: &str) -> &str {
    version.get(..12).unwrap_or(version)
}
