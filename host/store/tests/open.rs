//! Opening the data file, whatever state it is in.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what it expects in the shortest way, also outside of its test functions"
)]

use moa_store::{
    Accepted, ManualClock, NewRecord, OpenError, Options, Outcome, RedbStore, Scope, Seq, Space, Store, StoreError,
    Write,
};
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn open(path: &Path) -> Result<RedbStore, OpenError> {
    RedbStore::open(path, Options::default())
}

fn refused(path: &Path) -> OpenError {
    match open(path) {
        Ok(_) => panic!("{} opened", path.display()),
        Err(error) => error,
    }
}

fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("moa.redb");
    (folder, path)
}

fn cell() -> moa_store::Cell {
    Space::new("memo", Scope::Plugin).cell("k")
}

#[tokio::test]
async fn what_returned_is_there_after_a_drop_without_closing() {
    let (_folder, path) = folder();
    let store = open(&path).unwrap();
    store
        .write(vec![Write::set(cell(), "v").ttl(3_600_000)], None)
        .await
        .unwrap();
    store.fact_set("f", Some("1")).await.unwrap();
    let event = |identity: &str| NewRecord {
        identity: identity.to_owned(),
        kind: "message".to_owned(),
        body: b"text".to_vec(),
        received_ms: 5,
    };
    let Accepted::New(one) = store.accept(event("one")).await.unwrap() else {
        panic!()
    };
    let Accepted::New(two) = store.accept(event("two")).await.unwrap() else {
        panic!()
    };
    // Nobody waited for this to come to disk; an orderly end brings it there.
    store.finish(one, Outcome::Done).await.unwrap();
    let before = store.get(&cell()).await.unwrap();
    drop(store);

    let store = open(&path).unwrap();
    assert!(before.is_some());
    assert_eq!(store.get(&cell()).await.unwrap(), before);
    assert_eq!(store.fact_get("f").await.unwrap().as_deref(), Some("1"));
    let open = store.unfinished().await.unwrap();
    assert_eq!(open.iter().map(|record| record.seq).collect::<Vec<_>>(), [two]);
    assert_eq!(
        store.accept(event("one")).await,
        Ok(Accepted::Twin {
            seq: one,
            finished: true
        })
    );
    assert_eq!(
        store.accept(event("two")).await,
        Ok(Accepted::Twin {
            seq: two,
            finished: false
        })
    );
    let Accepted::New(three) = store.accept(event("three")).await.unwrap() else {
        panic!()
    };
    assert!(three > two, "numbers grow over a restart");
    // So do versions.
    let old = before.unwrap().version;
    store.write(vec![Write::delete(cell())], None).await.unwrap();
    store.write(vec![Write::set(cell(), "v")], None).await.unwrap();
    assert_ne!(store.get(&cell()).await.unwrap().unwrap().version, old);
}

#[tokio::test]
async fn a_clock_that_went_back_over_a_restart_does_not_stop_the_journals_time() {
    const DAY: i64 = 24 * 60 * 60 * 1000;
    let (_folder, path) = folder();
    let event = |identity: &str| NewRecord {
        identity: identity.to_owned(),
        kind: String::new(),
        body: Vec::new(),
        received_ms: 0,
    };
    let open = |clock: &Arc<ManualClock>| {
        let clock = Box::new(Arc::clone(clock));
        RedbStore::open(
            &path,
            Options {
                clock,
                ..Options::default()
            },
        )
        .unwrap()
    };
    let clock = Arc::new(ManualClock::at(100 * DAY));
    let store = open(&clock);
    assert_eq!(store.accept(event("one")).await, Ok(Accepted::New(Seq(1))));
    store.finish(Seq(1), Outcome::Done).await.unwrap();
    drop(store);

    let clock = Arc::new(ManualClock::at(90 * DAY));
    let store = open(&clock);
    let twin = Accepted::Twin {
        seq: Seq(1),
        finished: true,
    };
    assert_eq!(store.accept(event("one")).await, Ok(twin));
    assert_eq!(store.accept(event("two")).await, Ok(Accepted::New(Seq(2))));
    clock.advance(DAY);
    let purged = store.purge(91 * DAY).await.unwrap();
    assert_eq!((purged.identities, purged.records), (1, 1));
    assert_eq!(store.accept(event("one")).await, Ok(Accepted::New(Seq(3))));
}

#[tokio::test]
async fn the_end_of_a_record_comes_to_disk_by_itself() {
    let (_folder, path) = folder();
    let store = open(&path).unwrap();
    let event = NewRecord {
        identity: "i".into(),
        kind: "k".into(),
        body: vec![],
        received_ms: 0,
    };
    let Accepted::New(seq) = store.accept(event).await.unwrap() else {
        panic!()
    };
    store.finish(seq, Outcome::Done).await.unwrap();
    // Reads see only what is committed, so this sees the commit that nobody asked for.
    let committed = async {
        while !store.unfinished().await.unwrap().is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(10), committed)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_closed_file_can_be_opened_again_at_once() {
    let (_folder, path) = folder();
    let first = open(&path).unwrap();
    // Not even a scan that is not over keeps it.
    let _scan = first.scan(None).await.unwrap();
    first.close().await.unwrap();
    open(&path).unwrap();
}

#[tokio::test]
async fn a_scan_shows_one_moment() {
    let (_folder, path) = folder();
    let store = open(&path).unwrap();
    let keys: Vec<String> = (0..2000).map(|n| format!("{n:04}")).collect();
    let write = |key: &String| Write::set(Space::new("memo", Scope::Plugin).cell(key.as_str()), "before");
    store.write(keys.iter().map(write).collect(), None).await.unwrap();
    let mut scan = store.scan(None).await.unwrap();
    let mut seen = Vec::new();
    loop {
        let page = scan.next(300).await.unwrap();
        if page.is_empty() {
            break;
        }
        seen.extend(page);
        // Everything changes, more than once; the pages of the old state must not be used again.
        for value in ["after", "later"] {
            let change = |key: &String| Write::set(Space::new("memo", Scope::Plugin).cell(key.as_str()), value);
            store.write(keys.iter().map(change).collect(), None).await.unwrap();
        }
    }
    let found: Vec<_> = seen.iter().map(|(cell, _)| cell.key.as_str()).collect();
    assert_eq!(found, keys);
    assert!(seen.iter().all(|(_, entry)| entry.value == b"before"));
}

#[test]
fn two_hosts_cannot_share_a_file() {
    let (_folder, path) = folder();
    let _first = open(&path).unwrap();
    let error = refused(&path);
    assert!(matches!(error, OpenError::Locked { .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.contains("another moa is running on this data directory"), "{text}");
    assert!(text.contains("moa.redb"), "{text}");
}

#[test]
fn a_folder_that_cannot_be_made_is_told() {
    let (folder, _) = folder();
    std::fs::write(folder.path().join("file"), "").unwrap();
    for path in [folder.path().join("file/moa.redb"), folder.path().to_owned()] {
        let error = refused(&path);
        assert!(matches!(error, OpenError::NotWritable { .. }), "{error:?}");
        assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
    }
}

#[test]
fn a_file_that_was_half_made_is_in_nobodys_way() {
    let (folder, path) = folder();
    let draft = folder.path().join(format!("moa.redb.new-{}", std::process::id()));
    std::fs::write(&draft, vec![0; 10_000]).unwrap();
    drop(open(&path).unwrap());
    assert!(!draft.exists());
    assert!(path.exists());
}

#[test]
fn a_file_of_somebody_else_is_left_alone() {
    let (_folder, path) = folder();
    for content in ["", "not a database at all", &"x".repeat(100_000)] {
        std::fs::write(&path, content).unwrap();
        let error = refused(&path);
        assert!(matches!(error, OpenError::Damaged { .. }), "{error:?}");
        assert!(error.to_string().contains("moa brain restore"), "{error}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), content);
    }
}

#[test]
fn a_database_that_is_not_ours_is_left_alone() {
    let (_folder, path) = folder();
    let other = redb::Database::create(&path).unwrap();
    let txn = other.begin_write().unwrap();
    txn.open_table(redb::TableDefinition::<u64, u64>::new("theirs"))
        .unwrap()
        .insert(1, 2)
        .unwrap();
    txn.commit().unwrap();
    drop(other);
    assert!(matches!(refused(&path), OpenError::Damaged { .. }));
}

#[tokio::test]
async fn a_file_that_lost_its_end_is_damaged() {
    let (_folder, path) = folder();
    let store = open(&path).unwrap();
    store
        .write(vec![Write::set(cell(), vec![1; 300_000])], None)
        .await
        .unwrap();
    drop(store);
    let whole = std::fs::metadata(&path).unwrap().len();
    for left in [whole / 2, 5000, 100] {
        std::fs::OpenOptions::new()
            .write(true)
            .open(&path)
            .unwrap()
            .set_len(left)
            .unwrap();
        let error = refused(&path);
        assert!(
            matches!(error, OpenError::Damaged { .. }),
            "{left} of {whole}: {error:?}"
        );
    }
}

#[tokio::test]
async fn a_page_that_is_damaged_is_told_and_the_rest_goes_on() {
    let (_folder, path) = folder();
    let space = Space::new("p", Scope::Plugin);
    let key = |n: usize| format!("key{n:05}");
    let store = open(&path).unwrap();
    let writes = (0..2_000).map(|n| Write::set(space.cell(key(n)), vec![1; 40]));
    store.write(writes.collect(), None).await.unwrap();
    store.close().await.unwrap();
    drop(store);

    // The lengths in the pages of these entries point beyond their ends. The file as a whole looks sound.
    let mut bytes = std::fs::read(&path).unwrap();
    let found: Vec<usize> = (0..bytes.len() - 8)
        .filter(|at| bytes[*at..].starts_with(b"key01000"))
        .map(|at| at / 4096 * 4096 + 64)
        .collect();
    assert!(!found.is_empty());
    for at in found {
        bytes[at..at + 16].fill(0xff);
    }
    std::fs::write(&path, bytes).unwrap();

    let store = open(&path).unwrap();
    let damaged = |error: StoreError| assert!(matches!(error, StoreError::Damaged(_)), "{error:?}");
    damaged(store.usage().await.unwrap_err());
    damaged(store.keys(&space, "key", None, 2_000).await.unwrap_err());
    let all = (0..2_000).map(|n| Write::delete(space.cell(key(n))));
    damaged(store.write(all.collect(), None).await.unwrap_err());

    assert!(store.get(&space.cell(key(0))).await.unwrap().is_some());
    tokio::time::timeout(std::time::Duration::from_secs(30), async {
        while store
            .write(vec![Write::set(space.cell(key(0)), "v")], None)
            .await
            .is_err()
        {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    })
    .await
    .unwrap();
}

#[test]
fn a_newer_format_is_refused_and_left_alone() {
    let (_folder, path) = folder();
    drop(open(&path).unwrap());
    let meta = redb::TableDefinition::<&str, u64>::new("meta");
    let file = redb::Database::create(&path).unwrap();
    let txn = file.begin_write().unwrap();
    txn.open_table(meta).unwrap().insert("format", 3).unwrap();
    txn.commit().unwrap();
    drop(file);
    let before = std::fs::read(&path).unwrap();
    let error = refused(&path);
    assert!(std::fs::read(&path).unwrap() == before, "it is not even touched");
    assert!(
        matches!(error, OpenError::Newer { found: 3, known: 2, .. }),
        "{error:?}"
    );
    assert!(error.to_string().contains("newer moa"), "{error}");
}

#[cfg(unix)]
#[test]
fn nobody_else_may_read_the_file() {
    use std::os::unix::fs::PermissionsExt;
    let (_folder, path) = folder();
    drop(open(&path).unwrap());
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}
