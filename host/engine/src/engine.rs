//! The engine: wasmtime, the threads that guests run on, and what all calls share.

use crate::bindings;
use crate::fault::{EngineError, LoadError};
use crate::machine;
use crate::memory::Room;
use crate::plugin::Plugin;
use crate::settings::{self, Allocation, PLACES};
use crate::state::State;
use crate::ticker::Ticker;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::{Handle, Runtime};
use tokio::sync::{Semaphore, SemaphorePermit};
use wasmtime::component::{Component, HasSelf, InstancePre, Linker};

/// How an engine is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Where guests' memory comes from.
    pub allocation: Allocation,
    /// Bytes of linear memory for all calls together; 0: half of what the machine or the control group has.
    pub total_memory: u64,
    /// Threads that guests run on; 0: one for each processor.
    pub guest_threads: usize,
    /// How often computing guests are interrupted; also how exactly the CPU limit holds.
    pub tick: Duration,
    /// How long a call waits for a free place before it is answered with [`Fault::Busy`](crate::Fault::Busy).
    pub patience: Duration,
    /// Whether a fault tells file and line, where a component knows them. For those who write plugins: compiled code is
    /// larger by the way back to its lines, and what the component says of them is read by this process.
    pub source_lines: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            allocation: Allocation::Auto,
            total_memory: 0,
            guest_threads: 0,
            tick: Duration::from_millis(5),
            patience: Duration::from_secs(10),
            source_lines: false,
        }
    }
}

/// Loads plugins and runs them. Cheap to clone; ends with its last clone and the last of its [`Plugin`]s, also inside
/// of async code.
#[derive(Clone)]
pub struct Engine(Arc<Shared>);

pub(crate) struct Shared {
    engine: wasmtime::Engine,
    allocation: Allocation,
    source_lines: bool,
    linker: Linker<State>,
    pub(crate) ticker: Ticker,
    pub(crate) room: Arc<Room>,
    pub(crate) places: Semaphore,
    pub(crate) patience: Duration,
    guests: Guests,
    begins_here: Semaphore,
}

impl Engine {
    /// Starts an engine: probes what the machine allows, starts the guests' threads. Takes some milliseconds.
    ///
    /// # Errors
    ///
    /// [`EngineError`] where this machine cannot run WebAssembly, or gives no thread.
    pub fn new(options: Options) -> Result<Self, EngineError> {
        let (engine, allocation) = settings::engine(options.allocation, options.source_lines)?;
        let linker = link(&engine).map_err(|error| EngineError::Unsuitable(format!("{error:#}")))?;
        let total = match options.total_memory {
            0 => machine::memory() / 2,
            bytes => bytes,
        };
        Ok(Self(Arc::new(Shared {
            ticker: Ticker::start(&engine, options.tick)?,
            guests: Guests::start(options.guest_threads)?,
            room: Room::new(total),
            places: Semaphore::new(PLACES as usize),
            patience: options.patience,
            begins_here: Semaphore::new((machine::cores() / 2).max(1)),
            engine,
            allocation,
            source_lines: options.source_lines,
            linker,
        })))
    }

    /// What the allocation came to: pooled or on demand. A process that compiles for this one must know.
    pub fn allocation(&self) -> Allocation {
        self.0.allocation
    }

    /// Whether faults tell file and line. A process that compiles for this one must know.
    pub fn source_lines(&self) -> bool {
        self.0.source_lines
    }

    /// Names everything that compiled code depends on (engine version, settings, processor): part of the name of any
    /// file that keeps such code.
    pub fn compatibility_key(&self) -> String {
        settings::compatibility_key(&self.0.engine, self.0.source_lines)
    }

    /// Bytes of linear memory that running calls have now, all together.
    pub fn memory_in_use(&self) -> u64 {
        self.0.room.taken()
    }

    /// Compiles, in this process and on all processors; a large plugin takes seconds and hundreds of megabytes.
    ///
    /// # Errors
    ///
    /// Whatever [`inspect`](crate::inspect) finds, and [`LoadError::Refused`] for invalid code.
    pub fn precompile(&self, wasm: &[u8]) -> Result<Vec<u8>, LoadError> {
        settings::precompile(&self.0.engine, wasm)
    }

    /// Loads what [`precompile`](Self::precompile) made. The file is mapped, not read.
    ///
    /// # Safety
    ///
    /// The file is native code. It must have been made by `precompile` of an engine or [`Compiler`](crate::Compiler)
    /// with the same [`compatibility_key`](Self::compatibility_key), nobody else may have written to it (the caller
    /// checks a checksum), and it must not be changed in place as long as the plugin lives.
    ///
    /// # Errors
    ///
    /// [`LoadError::Stale`] for a file of another engine or a damaged one, [`LoadError::Refused`] for what this host
    /// cannot link.
    pub unsafe fn load_file(&self, path: &Path) -> Result<Plugin, LoadError> {
        // SAFETY: what the caller promises is what wasmtime asks for.
        let component = unsafe { Component::deserialize_file(&self.0.engine, path) };
        let component = component.map_err(|error| LoadError::Stale {
            path: path.display().to_string(),
            reason: format!("{error:#}"),
        })?;
        self.plugin(&component)
    }

    /// Compiles in this process and loads: for tests and tools.
    ///
    /// # Errors
    ///
    /// Whatever [`inspect`](crate::inspect) finds, and [`LoadError::Refused`] for invalid code.
    pub fn load_bytes(&self, wasm: &[u8]) -> Result<Plugin, LoadError> {
        crate::inspect(wasm)?;
        let component =
            Component::from_binary(&self.0.engine, wasm).map_err(|error| LoadError::Refused(format!("{error:#}")))?;
        self.plugin(&component)
    }

    fn plugin(&self, component: &Component) -> Result<Plugin, LoadError> {
        let linked: InstancePre<State> = self
            .0
            .linker
            .instantiate_pre(component)
            .map_err(|error| LoadError::Refused(format!("{error:#}")))?;
        Plugin::new(self.0.clone(), linked)
    }
}

impl Shared {
    pub(crate) fn engine(&self) -> &wasmtime::Engine {
        &self.engine
    }

    /// The right to begin a call on the caller's thread, if nobody has it.
    pub(crate) fn begin_here(&self) -> Option<SemaphorePermit<'_>> {
        self.begins_here.try_acquire().ok()
    }

    pub(crate) fn guests(&self) -> &Handle {
        &self.guests.handle
    }
}

fn link(engine: &wasmtime::Engine) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    bindings::Plugin::add_to_linker::<State, HasSelf<State>>(&mut linker, |state| state)?;
    Ok(linker)
}

/// The guests' own threads: a computing guest must not hold up the host's async workers.
struct Guests {
    handle: Handle,
    runtime: Option<Runtime>,
}

impl Guests {
    fn start(threads: usize) -> std::io::Result<Self> {
        let threads = if threads == 0 { machine::cores() } else { threads };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(threads)
            // WASI's file functions would use these; there are no files.
            .max_blocking_threads(1)
            .thread_name("moa-guest")
            .enable_time()
            .build()?;
        Ok(Self {
            handle: runtime.handle().clone(),
            runtime: Some(runtime),
        })
    }
}

impl Drop for Guests {
    fn drop(&mut self) {
        // An ordinary drop waits for the threads, which async code must not.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
