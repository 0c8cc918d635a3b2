//! What each plugin may use, as the configuration says.

use crate::capability::Grants;
use crate::data::Data;
use crate::dispatch::Room;
use crate::outward::Outward;
use arc_swap::ArcSwap;
use moa_engine::Limits;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What one plugin may use, as the configuration says.
#[derive(Clone, Debug)]
pub struct Allowance {
    /// The limits of a call.
    pub limits: Limits,
    /// How much goes on at once.
    pub room: Room,
    /// Bytes that its brain may hold.
    pub brain: u64,
    /// Bytes of a file, either way.
    pub file: usize,
    /// What the operator wrote into its own table of the configuration.
    pub config: Arc<Map<String, Value>>,
}

/// What the configuration says of plugins.
#[derive(Debug)]
pub struct Allowances {
    /// For plugins with a table of their own; it changes when the configuration is read again.
    pub by_plugin: ArcSwap<BTreeMap<String, Arc<Allowance>>>,
    /// For all others.
    pub default: Arc<Allowance>,
    /// What may be touched.
    pub grants: Grants,
    /// The way out of the host that is no chat service.
    pub outward: Arc<Outward>,
    /// Databases and buckets.
    pub data: Arc<Data>,
}

impl Allowances {
    /// What a plugin may use.
    pub fn of(&self, plugin: &str) -> Arc<Allowance> {
        let by_plugin = self.by_plugin.load();
        Arc::clone(by_plugin.get(plugin).unwrap_or(&self.default))
    }
}
