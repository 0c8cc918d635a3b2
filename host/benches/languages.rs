//! What a plugin costs in each language: the conformance plugins of `tests/conformance`, as `moa build` makes them.
//!
//! Prints a table for docs/languages.md. A language whose tools cannot be had is left out, and that is said.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a benchmark without its plugins cannot go on"
)]

#[path = "../engine/tests/engine/support.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod support;

use async_trait::async_trait;
use moa::toolchain::{BuildError, Language, build};
use moa_core::call::{CapError, CapResult, CommandCall, Value};
use moa_engine::{Brain, Engine, Entry, Host, KeyPage, Limits, Options, Plugin, Scope, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use support::{Recorder, command, text};
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;

/// How often each is measured; the median counts.
const COMPILED: usize = 3;
const LOADED: usize = 15;
const CALLED: usize = 400;
/// How many instances live at once where their memory is measured.
const ALIVE: u32 = 32;

/// What the design allows a fresh instance and one call.
fn budget(language: Language) -> Option<Duration> {
    match language {
        Language::Rust => Some(Duration::from_micros(50)),
        Language::JavaScript | Language::TypeScript => Some(Duration::from_micros(250)),
        Language::Python | Language::Hongmoa => Some(Duration::from_micros(1_300)),
        Language::Go | Language::C => None,
    }
}

fn main() {
    let runtime = Runtime::new().unwrap();
    println!(
        "| language | size | compile | compiled | load, compiled | instance and call | budget | memory of an instance |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|--:|");
    // Apps for hongmoa are Python.
    for language in Language::ALL
        .into_iter()
        .filter(|language| *language != Language::Hongmoa)
    {
        match component(&runtime, language) {
            Ok(file) => println!("{}", row(&runtime, language, &file)),
            Err(why) => eprintln!("{language} is left out: {why}"),
        }
    }
}

/// The component, built where it is not there yet.
fn component(runtime: &Runtime, language: Language) -> Result<PathBuf, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let source = root.join("tests/conformance").join(language.name());
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("conformance")
        .join(language.name());
    let engine = Engine::new(Options::default()).unwrap();
    let results = runtime
        .block_on(build(&[source], &kept.join("built"), &engine, &|_| ()))
        .map_err(|error| error.to_string())?;
    let outcome = results.into_iter().next().expect("one source").outcome;
    outcome
        .map(|built| built.file)
        .map_err(|error: BuildError| error.to_string())
}

fn row(runtime: &Runtime, language: Language, file: &Path) -> String {
    let wasm = std::fs::read(file).unwrap();
    let engine = Engine::new(Options::default()).unwrap();
    let mut code = Vec::new();
    let compile = median(COMPILED, || code = engine.precompile(&wasm).unwrap());
    let folder = tempfile::tempdir().unwrap();
    let compiled = folder.path().join("plugin.cwasm");
    std::fs::write(&compiled, &code).unwrap();
    let load = || {
        // SAFETY: this very process wrote the file, by an engine of the same options, into a folder of its own.
        unsafe { engine.load_file(&compiled) }.unwrap()
    };
    let loaded = median(LOADED, || drop(load()));
    let plugin = load();
    let limits = Limits::default();
    let host = Recorder::default().host();
    let answer = runtime.block_on(plugin.command(echo(), host.clone(), &limits));
    assert_eq!(text(answer), "안녕 hello", "{language}");
    let call = median(CALLED, || {
        runtime.block_on(plugin.command(echo(), host.clone(), &limits))
    });
    let allowed = budget(language).map_or("".into(), |budget| {
        let kept = if call <= budget { "" } else { " **missed**" };
        format!("{}{kept}", time(budget))
    });
    format!(
        "| {language} | {} | {} | {} | {} | {} | {allowed} | {} |",
        size(wasm.len() as u64),
        time(compile),
        size(code.len() as u64),
        time(loaded),
        time(call),
        size(memory(runtime, &plugin, &limits)),
    )
}

fn echo() -> CommandCall {
    let mut call = command("echo", "안녕 hello");
    call.args = vec![("text".into(), Value::Text("안녕 hello".into()))];
    call
}

/// Private memory of one instance in the middle of a call, as the mean of several.
fn memory(runtime: &Runtime, plugin: &Plugin, limits: &Limits) -> u64 {
    let gate = Arc::new(Gate {
        waiting: Semaphore::new(0),
        open: Semaphore::new(0),
    });
    let host = Host {
        brain: gate.clone(),
        ..Recorder::default().host()
    };
    runtime.block_on(async {
        let before = private();
        let calls: Vec<_> = (0..ALIVE)
            .map(|_| {
                let mut call = command("peek", "x");
                call.args = vec![("key".into(), Value::Text("x".into()))];
                let (plugin, host, limits) = (plugin.clone(), host.clone(), limits.clone());
                tokio::spawn(async move { plugin.command(call, host, &limits).await })
            })
            .collect();
        drop(gate.waiting.acquire_many(ALIVE).await);
        let during = private();
        gate.open.add_permits(ALIVE as usize);
        for call in calls {
            assert_eq!(text(call.await.expect("no call panics")), "-");
        }
        during.saturating_sub(before) / u64::from(ALIVE)
    })
}

/// This process's own memory, in bytes.
fn private() -> u64 {
    let rollup = std::fs::read_to_string("/proc/self/smaps_rollup").unwrap();
    let of = |name: &str| {
        let line = rollup.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        let kilobytes: u64 = line.trim().trim_end_matches(" kB").trim().parse().unwrap();
        kilobytes << 10
    };
    of("Private_Dirty:") + of("Private_Clean:")
}

/// A memory whose readers wait until all of them are there.
struct Gate {
    waiting: Semaphore,
    open: Semaphore,
}

fn not_here<T>() -> CapResult<T> {
    Err(CapError::Unsupported("not in a benchmark".into()))
}

#[async_trait]
impl Brain for Gate {
    async fn get(&self, _: Scope, _: String) -> CapResult<Option<Entry>> {
        self.waiting.add_permits(1);
        self.open.acquire().await.expect("it is never closed").forget();
        Ok(None)
    }
    async fn set(&self, _: Scope, _: Write) -> CapResult<String> {
        not_here()
    }
    async fn delete(&self, _: Scope, _: String) -> CapResult<bool> {
        not_here()
    }
    async fn list_keys(&self, _: Scope, _: String, _: Option<String>, _: u32) -> CapResult<KeyPage> {
        not_here()
    }
    async fn increment(&self, _: Scope, _: String, _: i64) -> CapResult<i64> {
        not_here()
    }
    async fn compare_and_swap(&self, _: Scope, _: Write, _: Option<String>) -> CapResult<String> {
        not_here()
    }
    async fn get_many(&self, _: Scope, _: Vec<String>) -> CapResult<Vec<Option<Entry>>> {
        not_here()
    }
    async fn set_many(&self, _: Scope, _: Vec<Write>) -> CapResult<()> {
        not_here()
    }
}

fn median<T>(times: usize, mut run: impl FnMut() -> T) -> Duration {
    let mut took: Vec<Duration> = (0..times)
        .map(|_| {
            let begun = Instant::now();
            drop(std::hint::black_box(run()));
            begun.elapsed()
        })
        .collect();
    took.sort();
    took.get(times / 2).copied().unwrap_or_default()
}

fn time(time: Duration) -> String {
    let micros = time.as_secs_f64() * 1e6;
    match micros {
        ..1e3 => format!("{micros:.0} µs"),
        ..1e4 => format!("{:.2} ms", micros / 1e3),
        ..1e6 => format!("{:.0} ms", micros / 1e3),
        _ => format!("{:.1} s", micros / 1e6),
    }
}

fn size(bytes: u64) -> String {
    let kilobytes = bytes as f64 / 1e3;
    match kilobytes {
        ..1e3 => format!("{kilobytes:.0} KB"),
        _ => format!("{:.1} MB", kilobytes / 1e3),
    }
}
