//! Reads and durable writes of the store in a file, alone and many at once.

#![allow(clippy::unwrap_used, reason = "a benchmark without its store cannot go on")]

use criterion::{BenchmarkId, Criterion, Throughput};
use moa_store::{Cell, Options, RedbStore, Scope, Space, Store, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// As many entries as a busy bot has.
const ENTRIES: usize = 10_000;
/// How many writes each writer does before the clock is stopped, at least.
const WRITES: u64 = 32;

fn cell(number: usize) -> Cell {
    Space::new("memo", Scope::Plugin).cell(format!("key{number}"))
}

fn write(number: usize) -> Write {
    Write::set(cell(number), format!("value {number:>58}"))
}

/// `count` durable writes by each of `writers`, side by side.
async fn write_together(store: &Arc<RedbStore>, writers: usize, count: u64) -> Duration {
    let begun = Instant::now();
    let tasks: Vec<_> = (0..writers)
        .map(|writer| {
            let store = Arc::clone(store);
            tokio::spawn(async move {
                for n in 0..count {
                    let number = (writer + n as usize * writers) % ENTRIES;
                    store.write(vec![write(number)], None).await.unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    begun.elapsed()
}

fn brain(c: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(RedbStore::open(folder.path().join("moa.redb"), Options::default()).unwrap());
    runtime.block_on(async {
        for from in (0..ENTRIES).step_by(1_000) {
            store
                .write((from..from + 1_000).map(write).collect(), None)
                .await
                .unwrap();
        }
    });

    let mut group = c.benchmark_group("brain reads");
    group.throughput(Throughput::Elements(1));
    group.bench_function("get", |b| {
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
    let hundred: Vec<Cell> = (0..100).map(cell).collect();
    group.throughput(Throughput::Elements(hundred.len() as u64));
    group.bench_function("get_many, 100 keys", |b| {
        b.iter(|| runtime.block_on(store.get_many(&hundred)).unwrap());
    });
    group.finish();

    let mut group = c.benchmark_group("brain durable writes");
    group.sample_size(20).measurement_time(Duration::from_secs(5));
    for writers in [1, 8, 64] {
        // One element of the measure is one write of each writer.
        group.throughput(Throughput::Elements(writers as u64));
        group.bench_function(BenchmarkId::new("writers", writers), |b| {
            b.iter_custom(|times| {
                // The first and the last group of writes are smaller; few of them would make much of that.
                let count = times.max(WRITES);
                let took = runtime.block_on(write_together(&store, writers, count));
                took.mul_f64(times as f64 / count as f64)
            });
        });
    }
    group.finish();
    runtime.block_on(store.close()).unwrap();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    brain(&mut criterion);
    criterion.final_summary();
}
