//! The plugins that a running host has loaded.

use super::http::{self, Body};
use super::{Control, Fault};
use hyper::{Response, StatusCode};
use moa_core::manifest::Manifest;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// All that is loaded.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct PluginList {
    /// The plugins, by name.
    pub plugins: Vec<PluginRow>,
    /// Which plugin each command word belongs to.
    pub words: BTreeMap<String, String>,
}

/// A plugin that is loaded.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct PluginRow {
    /// SHA-256 of the file in hexadecimal.
    pub version: String,
    /// The file.
    pub path: PathBuf,
    /// What it says of itself, its name first of all.
    pub manifest: Manifest,
    /// What is odd about that.
    pub warnings: Vec<String>,
}

pub(super) async fn list(control: Arc<Control>) -> Result<Response<Body>, Fault> {
    let not_yet = |what: &str| Err(Fault::new(StatusCode::SERVICE_UNAVAILABLE, what).hint("ask again in a moment"));
    let Some(plugins) = control.plugins.get() else {
        return not_yet("no moa runs here that loads plugins");
    };
    let snapshot = plugins.load_full();
    if !snapshot.complete {
        return not_yet("the plugins are being loaded");
    }
    let row = |loaded: &Arc<crate::registry::Loaded>| PluginRow {
        version: loaded.version.clone(),
        path: loaded.path.clone(),
        manifest: (*loaded.manifest).clone(),
        warnings: loaded.warnings.clone(),
    };
    http::json(&PluginList {
        plugins: snapshot.plugins.values().map(row).collect(),
        words: snapshot.table.owners().clone(),
    })
}
