//! A disk that is slow, gets full, or fails, and comes back.

use super::RedbStore;
use super::disk::Disk;
use crate::clock::SystemClock;
use crate::error::StoreError;
use crate::store::Store;
use crate::types::{Accepted, Cell, NewRecord, Outcome, Scope, Seq, Space, Write};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

fn house() -> (RedbStore, Disk) {
    let disk = Disk::default();
    (disk.store(Box::new(SystemClock)), disk)
}

fn cell(key: &str) -> Cell {
    Space::new("memo", Scope::Plugin).cell(key)
}

fn event(identity: &str) -> NewRecord {
    NewRecord {
        identity: identity.to_owned(),
        kind: String::new(),
        body: vec![0; 100],
        received_ms: 0,
    }
}

async fn accept(store: &RedbStore, identity: &str) -> Result<Seq, StoreError> {
    match store.accept(event(identity)).await? {
        Accepted::New(seq) => Ok(seq),
        twin => panic!("{identity}: {twin:?}"),
    }
}

/// Writes until the disk takes no more; how many were taken.
async fn write_until_full(store: &RedbStore) -> (usize, StoreError) {
    for n in 0.. {
        let write = Write::set(cell(&n.to_string()), vec![1; 64 << 10]);
        if let Err(error) = store.write(vec![write], None).await {
            return (n, error);
        }
    }
    unreachable!()
}

/// Repeats until it succeeds, which it must soon.
async fn soon<T>(mut attempt: impl AsyncFnMut() -> Result<T, StoreError>) -> T {
    let trying = async {
        loop {
            if let Ok(done) = attempt().await {
                return done;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), trying).await.unwrap()
}

#[tokio::test]
async fn many_share_a_sync_and_one_waits_for_nobody() {
    let (store, disk) = house();
    let store = Arc::new(store);
    let before = disk.syncs();
    store.write(vec![Write::set(cell("one"), "v")], None).await.unwrap();
    let of_one = disk.syncs() - before;

    disk.slow_ms.store(50, Ordering::SeqCst);
    let before = disk.syncs();
    let tasks: Vec<_> = (0..60)
        .map(|n| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                // Writers and the journal share it.
                match n % 3 {
                    0 => drop(accept(&store, &n.to_string()).await.unwrap()),
                    1 => drop(store.write(vec![Write::increment(cell("n"), 1)], None).await.unwrap()),
                    _ => store.fact_set("f", Some("")).await.unwrap(),
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    // All are asked for while the first is synced; they come to disk together after it.
    let syncs = disk.syncs() - before;
    assert!(syncs <= 5 * of_one, "{syncs} syncs for 60 requests, {of_one} for one");
    assert_eq!(store.get(&cell("n")).await.unwrap().unwrap().value, b"20");
}

#[tokio::test]
async fn a_full_disk_refuses_writes_goes_on_reading_and_recovers() {
    let (store, disk) = house();
    let seq = accept(&store, "before").await.unwrap();
    disk.fill_up();
    let (written, error) = write_until_full(&store).await;
    assert!(matches!(&error, StoreError::Io(_)), "{error:?}");
    assert!(error.to_string().contains("free space"), "{error}");

    // What was written before is read, what failed is not there.
    for n in 0..=written {
        let there = store.get(&cell(&n.to_string())).await.unwrap().is_some();
        assert_eq!(there, n < written, "{n} of {written}");
    }
    // Still full: large writes go on failing, side by side too, and each time reading goes on.
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_millis(60)).await;
        let large = || store.write(vec![Write::set(cell("large"), vec![1; 1 << 20])], None);
        let (one, two) = tokio::join!(large(), large());
        assert!(one.is_err() && two.is_err());
        assert_eq!(store.unfinished().await.unwrap().len(), 1);
    }
    store.finish(seq, Outcome::Done).await.unwrap();

    disk.capacity.store(u64::MAX, Ordering::SeqCst);
    soon(async || {
        store
            .write(vec![Write::set(cell("large"), vec![1; 1 << 20])], None)
            .await
    })
    .await;
    assert_eq!(
        store.unfinished().await.unwrap(),
        [],
        "the end of the record was not forgotten"
    );
    assert_eq!(store.get(&cell("0")).await.unwrap().is_some(), written > 0);
}

#[tokio::test]
async fn a_dead_disk_fails_everything_and_comes_back_without_being_asked() {
    let (store, disk) = house();
    store.write(vec![Write::set(cell("k"), "v")], None).await.unwrap();
    disk.dead.store(true, Ordering::SeqCst);
    assert!(matches!(
        store.write(vec![Write::set(cell("k"), "w")], None).await,
        Err(StoreError::Io(_))
    ));
    assert!(matches!(store.get(&cell("k")).await, Err(StoreError::Io(_))));
    assert!(store.fact_set("f", Some("")).await.is_err());
    disk.dead.store(false, Ordering::SeqCst);
    // Reading alone asks the writer nothing.
    let entry = soon(async || store.get(&cell("k")).await).await;
    assert_eq!(entry.unwrap().value, b"v");
    soon(async || store.write(vec![Write::set(cell("k"), "w")], None).await).await;
}

#[tokio::test]
async fn a_scan_does_not_outlive_the_data_that_it_began_with() {
    let (store, disk) = house();
    let writes = (0..100).map(|n| Write::set(cell(&n.to_string()), "v")).collect();
    store.write(writes, None).await.unwrap();
    let mut scan = store.scan(None).await.unwrap();
    assert_eq!(scan.next(10).await.unwrap().len(), 10);
    disk.dead.store(true, Ordering::SeqCst);
    assert!(store.fact_set("f", Some("")).await.is_err());
    assert!(scan.next(10).await.is_err());
    disk.dead.store(false, Ordering::SeqCst);
    soon(async || store.fact_set("f", Some("")).await).await;
    // The pages that it would read may be others' by now.
    let error = scan.next(10).await.unwrap_err();
    assert!(error.to_string().contains("begin again"), "{error}");
    assert_eq!(store.usage().await.unwrap()[0].keys, 100);
}

#[tokio::test]
async fn what_failed_to_be_accepted_is_new_when_it_comes_again() {
    let (store, disk) = house();
    let first = accept(&store, "first").await.unwrap();
    disk.dead.store(true, Ordering::SeqCst);
    assert!(accept(&store, "second").await.is_err());
    disk.dead.store(false, Ordering::SeqCst);
    // A redelivery must not meet the ghost of its first delivery.
    let second = soon(async || accept(&store, "second").await).await;
    assert!(second > first);
    assert_eq!(
        store.accept(event("first")).await,
        Ok(Accepted::Twin {
            seq: first,
            finished: false
        })
    );
    assert_eq!(store.unfinished().await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_store_on_a_dead_disk_can_be_closed() {
    let (store, disk) = house();
    accept(&store, "e").await.unwrap();
    disk.dead.store(true, Ordering::SeqCst);
    assert!(store.fact_set("f", Some("")).await.is_err());
    let closed = store.close().await;
    assert!(matches!(closed, Err(StoreError::Io(_))), "{closed:?}");
    assert_eq!(store.get(&cell("k")).await, Err(StoreError::Closed));
    assert_eq!(store.close().await, Ok(()));
}
