//! Runs Moa's plugins: WebAssembly components, each call in a fresh instance, under limits.
//!
//! This is the only crate that names wasmtime. In reading order:

mod capability;
mod clock;
mod fault;
mod limits;

pub use capability::{Brain, Chat, Entry, Host, KeyPage, Level, Scope, System, Write};
pub use fault::{Done, EngineError, Fault, LoadError, Usage};
pub use limits::Limits;
