//! How wasmtime is set up: one place, so that what is compiled in one process runs in another.

use crate::backtrace::FRAMES;
use crate::fault::{EngineError, LoadError};
use crate::memory::TABLE_ELEMENTS;
use sha2::{Digest, Sha256};
use std::hash::{Hash, Hasher};
use std::num::NonZeroUsize;
use wasmtime::{Config, Enabled, InstanceAllocationStrategy, PoolingAllocationConfig, WasmBacktraceDetails};

/// Memories that the pool has places for; also how many calls can run at once if each needs one.
pub(crate) const PLACES: u32 = 256;
/// Tables for each memory in the pool.
pub(crate) const TABLES_PER_PLACE: u32 = 8;
/// Memories and tables of one plugin; Python's plugins, which have most of both, stay far below.
const MEMORIES_PER_PLUGIN: u32 = 16;

/// What of a stack stays with the pool: as much as calls of most plugins need, so that they cost no page faults.
const STACK_KEPT: usize = 64 << 10;

/// Where guests' memory comes from. Code compiled for one does not run with the other: a process that compiles for
/// another must be told that one's choice ([`Engine::allocation`](crate::Engine::allocation)).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Allocation {
    /// Pooled where the process may have so much address space (about 1 TiB, of which next to nothing is used),
    /// otherwise on demand.
    #[default]
    Auto,
    /// A pool reserved once: fresh instances in microseconds.
    Pooled,
    /// Mapped for each call: little address space, slower calls.
    OnDemand,
}

/// Compiles plugins without being able to run them: what a short-lived child process needs.
pub struct Compiler {
    engine: wasmtime::Engine,
    source_lines: bool,
}

impl Compiler {
    /// A compiler for an engine with this allocation (`Auto` stands for `Pooled`), and with or without
    /// [`source_lines`](crate::Options::source_lines).
    ///
    /// # Errors
    ///
    /// [`EngineError::Unsuitable`] where code cannot be generated for this machine.
    pub fn new(allocation: Allocation, source_lines: bool) -> Result<Self, EngineError> {
        // Reserves nothing: a child process has little address space.
        let config = compile_settings(allocation != Allocation::OnDemand, source_lines);
        match wasmtime::Engine::new(&config) {
            Ok(engine) => Ok(Self { engine, source_lines }),
            Err(error) => Err(EngineError::Unsuitable(format!("{error:#}"))),
        }
    }

    /// Compiles. The answer is what [`Engine::load_file`](crate::Engine::load_file) reads.
    ///
    /// # Errors
    ///
    /// Whatever [`inspect`](crate::inspect) finds, and [`LoadError::Refused`] for invalid code.
    pub fn precompile(&self, wasm: &[u8]) -> Result<Vec<u8>, LoadError> {
        precompile(&self.engine, wasm)
    }

    /// The same as the engine's, see [`Engine::compatibility_key`](crate::Engine::compatibility_key).
    pub fn compatibility_key(&self) -> String {
        compatibility_key(&self.engine, self.source_lines)
    }
}

pub(crate) fn precompile(engine: &wasmtime::Engine, wasm: &[u8]) -> Result<Vec<u8>, LoadError> {
    crate::inspect(wasm)?;
    engine
        .precompile_component(wasm)
        .map_err(|error| LoadError::Refused(format!("{error:#}")))
}

pub(crate) fn compatibility_key(engine: &wasmtime::Engine, source_lines: bool) -> String {
    struct Digesting(Sha256);
    impl Hasher for Digesting {
        fn write(&mut self, bytes: &[u8]) {
            self.0.update(bytes);
        }
        fn finish(&self) -> u64 {
            0
        }
    }
    let mut hasher = Digesting(Sha256::new());
    engine.precompile_compatibility_hash().hash(&mut hasher);
    // Code without an address map loads into an engine that wants one, and would have no lines.
    source_lines.hash(&mut hasher);
    hasher
        .0
        .finalize()
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// An engine that can run, and the allocation that it really has.
pub(crate) fn engine(wanted: Allocation, source_lines: bool) -> Result<(wasmtime::Engine, Allocation), EngineError> {
    let unsuitable = |error: wasmtime::Error| EngineError::Unsuitable(format!("{error:#}"));
    if wanted != Allocation::OnDemand {
        match pooled(source_lines) {
            Ok(engine) => return Ok((engine, Allocation::Pooled)),
            Err(error) if wanted == Allocation::Pooled => return Err(unsuitable(error)),
            Err(error) => {
                tracing::info!(%error, "no address space for a pool of plugin memories; mapping them for each call");
            }
        }
    }
    let engine = wasmtime::Engine::new(&compile_settings(false, source_lines)).map_err(unsuitable)?;
    Ok((engine, Allocation::OnDemand))
}

fn pooled(source_lines: bool) -> wasmtime::Result<wasmtime::Engine> {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_memories(PLACES)
        .total_tables(PLACES * TABLES_PER_PLACE)
        .total_stacks(PLACES)
        .total_gc_heaps(0)
        // These two are only counted; memories and tables are the real bound.
        .total_component_instances(u32::MAX)
        .total_core_instances(u32::MAX)
        .max_memories_per_component(MEMORIES_PER_PLUGIN)
        .max_tables_per_component(MEMORIES_PER_PLUGIN * TABLES_PER_PLACE)
        .max_component_instance_size(4 << 20)
        .max_core_instance_size(4 << 20)
        .max_tables_per_module(8)
        .max_memories_per_module(4)
        .table_elements(TABLE_ELEMENTS)
        // What a used place keeps to be faster the next time, against what an idle host holds: at most some megabytes
        // after the busiest moment.
        .max_unused_warm_slots(16)
        .linear_memory_keep_resident(256 << 10)
        // The largest tables there are, Python's, have some 6,000 functions of 8 bytes.
        .table_keep_resident(64 << 10)
        .async_stack_keep_resident(STACK_KEPT)
        .pagemap_scan(Enabled::Auto);
    let mut config = compile_settings(true, source_lines);
    // Without it nothing of a stack is ever given back, and each place would keep what its deepest recursion needed.
    config.async_stack_zeroing(true);
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    wasmtime::Engine::new(&config)
}

/// Everything that changes the compiled code.
fn compile_settings(pooled: bool, source_lines: bool) -> Config {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .max_wasm_stack(1 << 20)
        .async_stack_size(2 << 20)
        // Nothing that a plugin's tools make needs a garbage-collected heap.
        .wasm_function_references(false)
        .wasm_gc(false)
        .wasm_exceptions(false)
        // Only debuggers outside need these tables.
        .native_unwind_info(false)
        .wasm_backtrace_max_frames(NonZeroUsize::new(FRAMES))
        // Names are there without it; lines need the map, which takes room, and reading what the component brings. Said in
        // any case: otherwise a variable of the environment decides.
        .generate_address_map(source_lines)
        .wasm_backtrace_details(match source_lines {
            true => WasmBacktraceDetails::Enable,
            false => WasmBacktraceDetails::Disable,
        });
    if !pooled {
        // Where address space is short, 4 GiB for each memory is too much: bounds are checked in the code instead.
        config
            .memory_reservation(16 << 20)
            .memory_reservation_for_growth(16 << 20)
            .memory_guard_size(64 << 10)
            .memory_may_move(true);
    }
    config
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compiler_makes_code_for_the_engine_of_the_same_settings_and_no_other() {
        let mut keys = std::collections::BTreeSet::new();
        for allocation in [Allocation::Pooled, Allocation::OnDemand] {
            for source_lines in [false, true] {
                let (engine, got) = engine(allocation, source_lines).unwrap();
                assert_eq!(got, allocation);
                let compiler = Compiler::new(allocation, source_lines).unwrap();
                let key = compiler.compatibility_key();
                assert_eq!(compatibility_key(&engine, source_lines), key);
                assert!(keys.insert(key), "{allocation:?} {source_lines}");
            }
        }
    }
}
