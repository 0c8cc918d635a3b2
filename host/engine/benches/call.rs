//! What one call of a plugin costs: a fresh instance, the call, the answer.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a benchmark without its plugin cannot go on"
)]

#[path = "../tests/engine/support.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod support;

use criterion::{Criterion, Throughput};
use moa_core::call::{CommandCall, Value};
use moa_engine::{Engine, Limits, Options};
use support::{Recorder, command, text};
use tokio::runtime::Runtime;

fn echo() -> CommandCall {
    let mut call = command("echo", "안녕 hello");
    call.args = vec![("text".into(), Value::Text("안녕 hello".into()))];
    call
}

fn calls(c: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let engine = Engine::new(Options::default()).unwrap();
    let wasm = std::fs::read(moa_test_guests::plugin("hello")).unwrap();
    let plugin = engine.load_bytes(&wasm).unwrap();
    let limits = Limits::default();
    let answer = runtime.block_on(plugin.command(echo(), Recorder::default().host(), &limits));
    assert_eq!(text(answer), "안녕 hello");

    let mut group = c.benchmark_group("instance and call, Rust plugin");
    group.throughput(Throughput::Elements(1));
    group.bench_function("one at a time", |b| {
        let host = Recorder::default().host();
        b.iter(|| runtime.block_on(plugin.command(echo(), host.clone(), &limits)));
    });
    const TOGETHER: usize = 8;
    group.throughput(Throughput::Elements(TOGETHER as u64));
    group.bench_function("8 at a time", |b| {
        let host = Recorder::default().host();
        b.iter(|| {
            runtime.block_on(async {
                let calls: Vec<_> = (0..TOGETHER)
                    .map(|_| {
                        let (plugin, host, limits) = (plugin.clone(), host.clone(), limits.clone());
                        tokio::spawn(async move { plugin.command(echo(), host, &limits).await })
                    })
                    .collect();
                for call in calls {
                    call.await.expect("no call panics");
                }
            });
        });
    });
    group.bench_function("describe", |b| {
        b.iter(|| runtime.block_on(plugin.describe(&limits)).unwrap());
    });
    group.finish();

    let mut group = c.benchmark_group("load");
    group.sample_size(10);
    group.bench_function("compile hello.wasm", |b| b.iter(|| engine.load_bytes(&wasm).unwrap()));
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    calls(&mut criterion);
    criterion.final_summary();
}
