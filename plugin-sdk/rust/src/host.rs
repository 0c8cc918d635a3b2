//! The one place that knows what answers: the host, or in native tests what stands in for it.

use crate::bindings::moa::plugin::types;
use crate::error::HostError;

pub(crate) use crate::bindings::moa::plugin::system::Level;
#[cfg(target_arch = "wasm32")]
pub(crate) use crate::bindings::moa::plugin::{brain, chat, http, objects, schedule, sql, system, triggers};
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use crate::testing::imports::{brain, chat, http, objects, schedule, sql, system, triggers};

/// Asks the host for something.
pub(crate) fn ask<T>(call: impl FnOnce() -> Result<T, types::Error>) -> Result<T, HostError> {
    Ok(call()?)
}
