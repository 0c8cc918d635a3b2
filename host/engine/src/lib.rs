//! Runs Moa's plugins: WebAssembly components, each call in a fresh instance, under limits.
//!
//! This is the only crate that names wasmtime. In reading order: what a call may use ([`Host`], [`Limits`]), how it can
//! end ([`Fault`]), what a file is ([`inspect`]), the [`Engine`] and its [`Plugin`]s.
//!
//! ```no_run
//! # async fn example(call: moa_core::call::CommandCall, host: moa_engine::Host) -> Result<(), Box<dyn std::error::Error>> {
//! use moa_engine::{Engine, Limits, Options};
//!
//! let engine = Engine::new(Options::default())?;
//! let plugin = engine.load_bytes(&std::fs::read("hello.wasm")?)?;
//! let manifest = plugin.describe(&Limits::default()).await?;
//! let done = plugin.command(call, host, &Limits::default()).await;
//! # Ok(()) }
//! ```

mod capability;
mod limits;

mod fault;

mod inspect;

mod engine;
mod machine;
mod settings;
mod ticker;

mod backtrace;
mod plugin;
mod state;
mod verdict;

mod bindings;
mod clock;
mod convert;
mod describe;
mod imports;
mod log;
mod memory;
mod meter;
mod wasi;
mod web;

pub use capability::{
    Absent, Brain, Cell, Chat, Entry, Host, Http, HttpBody, HttpRequest, HttpResponse, Job, KeyPage, Level, Missed,
    Object, ObjectPage, Objects, Rows, Schedule, Scope, Signing, Sql, System, Triggers, Write,
};
pub use clock::local;
pub use engine::{Engine, Options};
pub use fault::{Done, EngineError, Fault, LoadError, Usage};
pub use inspect::{CONTRACT_VERSIONS, Inspection, MAX_PLUGIN_BYTES, inspect};
pub use limits::Limits;
pub use plugin::{Exports, Plugin};
pub use settings::{Allocation, Compiler};
