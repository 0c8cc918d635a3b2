//! Reads, durable writes and journaled events of every backend, alone and many at once, side by side.

#![allow(clippy::unwrap_used, reason = "a benchmark without its store cannot go on")]

use criterion::{BenchmarkId, Criterion, Throughput};
use moa_store::{
    Accepted, Cell, Effect, EffectKey, MemoryStore, NewRecord, Options, Outcome, RedbStore, RedisOptions, RedisStore,
    Scope, Space, Store, SystemClock, Write,
};
use moa_test_redis::Redis;
use std::any::Any;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// As many entries as a busy bot has.
const ENTRIES: usize = 10_000;
/// How many times each of many does what is measured before the clock is stopped, at least.
const LEAST: u64 = 32;
/// How many do it side by side.
const TOGETHER: [usize; 3] = [1, 8, 64];

/// A backend to be measured.
struct House {
    name: &'static str,
    store: Arc<dyn Store>,
    /// What it needs to live: its folder, its server.
    _ground: Box<dyn Any>,
}

/// All backends that can be had here: Redis, where there is a server, as safe as the file and as it is by default.
fn houses(runtime: &Runtime) -> Vec<House> {
    let redis = |name, fsync| runtime.block_on(redis(name, fsync));
    let there = [
        Some(memory()),
        Some(redb()),
        redis("redis", "always"),
        redis("redis, everysec", "everysec"),
    ];
    there.into_iter().flatten().collect()
}

/// Nothing of it is durable: what the rest costs.
fn memory() -> House {
    House {
        name: "memory",
        store: Arc::new(MemoryStore::new(SystemClock)),
        _ground: Box::new(()),
    }
}

fn redb() -> House {
    let folder = tempfile::tempdir().unwrap();
    let store = RedbStore::open(folder.path().join("moa.redb"), Options::default()).unwrap();
    House {
        name: "redb",
        store: Arc::new(store),
        _ground: Box::new(folder),
    }
}

/// `fsync` says when the server brings its log to disk.
async fn redis(name: &'static str, fsync: &str) -> Option<House> {
    let redis = Redis::start_with(&["--appendfsync", fsync]).unwrap()?;
    let store = RedisStore::open(&redis.url(), RedisOptions::default()).await.unwrap();
    Some(House {
        name,
        store: Arc::new(store),
        _ground: Box::new(redis),
    })
}

fn cell(number: usize) -> Cell {
    Space::new("memo", Scope::Plugin).cell(format!("key{number}"))
}

fn write(number: usize) -> Write {
    Write::set(cell(number), format!("value {number:>58}"))
}

/// The `n`th durable write of one of `writers`.
async fn durable_write(store: Arc<dyn Store>, writer: usize, writers: usize, n: u64) {
    let number = (writer + n as usize * writers) % ENTRIES;
    store.write(vec![write(number)], None).await.unwrap();
}

/// An event as a counting command has it: accepted, one write that happens once, finished.
async fn event(store: Arc<dyn Store>, writer: usize) {
    static EVENTS: AtomicU64 = AtomicU64::new(0);
    let number = EVENTS.fetch_add(1, Ordering::Relaxed);
    let record = NewRecord {
        identity: format!("T1/C1/{number}"),
        kind: "message".to_owned(),
        body: vec![b'x'; 200],
        received_ms: 0,
    };
    let seq = match store.accept(record).await.unwrap() {
        Accepted::New(seq) | Accepted::Twin { seq, .. } => seq,
    };
    let effect = Effect {
        key: EffectKey {
            seq,
            invocation: number.to_string(),
            ordinal: 0,
        },
        fingerprint: vec![0; 16],
        by: "1.0.0".to_owned(),
        seen: vec![0; 32],
    };
    let count = Write::increment(Space::new("count", Scope::Plugin).cell(writer.to_string()), 1);
    store.write(vec![count], Some(effect)).await.unwrap();
    store.finish(seq, Outcome::Done).await.unwrap();
}

/// How long `many` tasks take to do something `count` times each, side by side.
async fn together<F>(many: usize, count: u64, deed: impl Fn(usize, u64) -> F + Clone + Send + 'static) -> Duration
where
    F: Future<Output = ()> + Send,
{
    let begun = Instant::now();
    let tasks: Vec<_> = (0..many)
        .map(|which| {
            let deed = deed.clone();
            tokio::spawn(async move {
                for n in 0..count {
                    deed(which, n).await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    begun.elapsed()
}

fn reads(c: &mut Criterion, runtime: &Runtime, houses: &[House]) {
    let mut group = c.benchmark_group("brain reads");
    let hundred: Vec<Cell> = (0..100).map(cell).collect();
    for House { name, store, .. } in houses {
        group.throughput(Throughput::Elements(1));
        group.bench_function(BenchmarkId::new("get", name), |b| {
            b.iter_custom(|times| {
                runtime.block_on(async {
                    let cells: Vec<Cell> = (0..ENTRIES).map(|n| cell(n * 7 % ENTRIES)).collect();
                    let begun = Instant::now();
                    for cell in cells.iter().cycle().take(times as usize) {
                        assert!(store.get(cell).await.unwrap().is_some());
                    }
                    begun.elapsed()
                })
            });
        });
        group.throughput(Throughput::Elements(hundred.len() as u64));
        group.bench_function(BenchmarkId::new("get_many, 100 keys", name), |b| {
            b.iter(|| runtime.block_on(store.get_many(&hundred)).unwrap());
        });
    }
    group.finish();
}

/// Measures `deed`, done by one and by many; an element of the measure is one of each of them.
fn side_by_side<F>(
    c: &mut Criterion,
    runtime: &Runtime,
    houses: &[House],
    what: &str,
    deed: impl Fn(Arc<dyn Store>, usize, usize, u64) -> F + Copy + Send + Sync + 'static,
) where
    F: Future<Output = ()> + Send + 'static,
{
    let mut group = c.benchmark_group(what);
    group.sample_size(20).measurement_time(Duration::from_secs(5));
    for many in TOGETHER {
        group.throughput(Throughput::Elements(many as u64));
        for House { name, store, .. } in houses {
            group.bench_function(BenchmarkId::new(*name, many), |b| {
                b.iter_custom(|times| {
                    // The first and the last of them have less company; few rounds would make much of that.
                    let count = times.max(LEAST);
                    let store = Arc::clone(store);
                    let deed = move |which, n| deed(Arc::clone(&store), which, many, n);
                    let took = runtime.block_on(together(many, count, deed));
                    took.mul_f64(times as f64 / count as f64)
                });
            });
        }
    }
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let runtime = Runtime::new().unwrap();
    let _guard = runtime.enter();
    let houses = houses(&runtime);
    for House { store, .. } in &houses {
        for from in (0..ENTRIES).step_by(1_000) {
            let writes = (from..from + 1_000).map(write).collect();
            runtime.block_on(store.write(writes, None)).unwrap();
        }
    }
    reads(&mut criterion, &runtime, &houses);
    side_by_side(&mut criterion, &runtime, &houses, "brain durable writes", durable_write);
    side_by_side(
        &mut criterion,
        &runtime,
        &houses,
        "journaled events",
        |store, which, _, _| event(store, which),
    );
    for House { store, .. } in &houses {
        runtime.block_on(store.close()).unwrap();
    }
    criterion.final_summary();
}
