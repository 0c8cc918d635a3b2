//! How much is logged of each plugin.

use super::http::{self, Body, Query};
use super::{Control, Fault};
use crate::log::levels::{self, Level};
use hyper::Response;
use moa_core::audit::{Entry, What};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What is set, by plugin.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LevelList {
    /// The levels of plugins that have one of their own.
    pub levels: BTreeMap<String, Level>,
}

pub(super) async fn list() -> Result<Response<Body>, Fault> {
    http::json(&LevelList { levels: levels::all() })
}

/// Sets one, or with `default` none.
pub(super) async fn set(control: Arc<Control>, query: Query) -> Result<Response<Body>, Fault> {
    let (plugin, name) = (query.needed("plugin")?, query.needed("level")?);
    let level = match name {
        "default" => None,
        name => Some(Level::of(name).ok_or_else(|| {
            Fault::wrong(format!("there is no level {name:?}"))
                .hint("write off, error, warn, info, debug, trace, or default for what the host was started with")
        })?),
    };
    if level.is_some() {
        control.house()?.known(plugin)?;
    }
    levels::set(plugin, level);
    let mut entry = Entry::operator(What::Plugin, "logs", &["level"]).arg("level", name);
    plugin.clone_into(&mut entry.plugin);
    let done = list().await;
    control.ordered(entry, &done);
    done
}
