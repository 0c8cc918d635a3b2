//! How a plugin's last calls went, and what each may use.

use super::http::{self, Body};
use super::plugins::nobody;
use super::{Control, Fault};
use crate::invocation::Allowance;
use hyper::Response;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

/// How a call went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Took {
    /// What it took, in microseconds.
    pub us: u64,
    /// Whether it failed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub failed: bool,
}

/// What a plugin may use: the keys of `[plugin.NAME.limits]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct LimitRow {
    /// Milliseconds of computing.
    pub cpu_ms: u64,
    /// Milliseconds from beginning to end.
    pub wall_ms: u64,
    /// Bytes of memory.
    pub memory: u64,
    /// Calls at once.
    pub concurrency: u64,
    /// Calls that wait.
    pub queue: u64,
    /// Messages of a call.
    pub messages: u64,
    /// Calls of host functions.
    pub host_calls: u64,
    /// Bytes of log of a call.
    pub log: u64,
    /// Bytes of its brain.
    pub brain: u64,
    /// Bytes of one value.
    pub value: u64,
}

impl From<&Allowance> for LimitRow {
    fn from(allowance: &Allowance) -> Self {
        let limits = &allowance.limits;
        let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        Self {
            cpu_ms: ms(limits.cpu),
            wall_ms: ms(limits.wall),
            memory: limits.memory,
            concurrency: allowance.room.concurrency as u64,
            queue: allowance.room.queue as u64,
            messages: limits.messages.into(),
            host_calls: limits.host_calls,
            log: limits.log_bytes,
            brain: allowance.brain,
            value: limits.value as u64,
        }
    }
}

/// Tells what a plugin may use.
pub(super) type LimitsOf = Box<dyn Fn(&str) -> LimitRow + Send + Sync>;

/// How the last calls of a plugin went, the oldest first.
pub(super) async fn calls(control: Arc<Control>, plugin: String) -> Result<Response<Body>, Fault> {
    let house = control.house()?;
    let calls = house.registry.vitals().last(&plugin);
    let took: Vec<Took> = calls.into_iter().map(|(us, failed)| Took { us, failed }).collect();
    http::json(&took)
}

/// What a plugin may use.
pub(super) async fn limits(control: Arc<Control>, plugin: String) -> Result<Response<Body>, Fault> {
    let limits = control.limits.get().ok_or_else(nobody)?;
    http::json(&limits(&plugin))
}
