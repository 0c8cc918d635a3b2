//! What guests import of the contract: each function counts the call, holds it to the limits that are per call or per
//! argument, and hands it to the host's capability.

mod brain;
mod chat;
mod http;
mod objects;
mod schedule;
mod sql;
mod system;
mod triggers;

use crate::bindings::moa::plugin::types;
use crate::state::State;

/// A function's answer: the outer error ends the call.
type Answer<T> = wasmtime::Result<Result<T, types::Error>>;

impl types::Host for State {}

/// A bad request, as the contract says it.
fn invalid<T>(text: impl Into<String>) -> Result<T, types::Error> {
    Err(types::Error::Invalid(text.into()))
}
