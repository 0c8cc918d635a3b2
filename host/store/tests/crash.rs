//! A process that is killed while it works: what it was told to be done is done, and running the rest again does nothing
//! twice.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what it expects in the shortest way, also outside of its test functions"
)]

use moa_store::{
    Accepted, Effect, EffectKey, NewRecord, Options, Outcome, RedbStore, Scope, Seq, Space, Store, Write, WriteOutcome,
};
use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

const FILE: &str = "MOA_TEST_STORE_FILE";
const ROUND: &str = "MOA_TEST_STORE_ROUND";
const TASKS: usize = 6;

fn counter() -> moa_store::Cell {
    Space::new("hello", Scope::Plugin).cell("count")
}

/// What a call would do: one more, once for each event.
async fn call(store: &RedbStore, seq: Seq) -> i64 {
    let key = EffectKey {
        seq,
        invocation: format!("call-{seq}"),
        ordinal: 0,
    };
    let effect = Effect {
        key,
        fingerprint: b"one more".to_vec(),
        by: "1.0.0".to_owned(),
        seen: Vec::new(),
    };
    let outcomes = store
        .write(vec![Write::increment(counter(), 1)], Some(effect))
        .await
        .unwrap();
    match outcomes[..] {
        [WriteOutcome::Sum { value, .. }] => value,
        _ => panic!("{outcomes:?}"),
    }
}

/// Works until it is killed, and says each sum when it has it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the process that the other test starts and kills"]
async fn child() {
    let (Ok(file), Ok(round)) = (std::env::var(FILE), std::env::var(ROUND)) else {
        return;
    };
    let store = Arc::new(RedbStore::open(file, Options::default()).unwrap());
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let (store, round) = (Arc::clone(&store), round.clone());
            tokio::spawn(async move {
                for n in 0.. {
                    let record = NewRecord {
                        identity: format!("{round}/{task}/{n}"),
                        kind: "message".to_owned(),
                        body: b"!count".to_vec(),
                        received_ms: 0,
                    };
                    let Accepted::New(seq) = store.accept(record).await.unwrap() else {
                        panic!("a twin")
                    };
                    let sum = call(&store, seq).await;
                    writeln!(std::io::stdout(), "sum {sum}").unwrap();
                    store.finish(seq, Outcome::Done).await.unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
}

/// Lets a child say `lines` sums, kills it, and returns all sums that it said.
fn killed_after(lines: usize, file: &Path, round: usize) -> Vec<i64> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child", "--ignored", "--nocapture"])
        .env(FILE, file)
        .env(ROUND, round.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = Vec::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        // The test harness may have begun the line.
        let line = line.unwrap();
        let Some((_, sum)) = line.split_once("sum ") else {
            continue;
        };
        said.push(sum.parse().unwrap());
        if said.len() == lines {
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    said
}

#[tokio::test]
async fn nothing_is_lost_and_nothing_is_done_twice() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("moa.redb");
    let mut all_said = Vec::new();
    for round in 0..4 {
        let said = killed_after(20 + 37 * round, &file, round);
        assert!(said.len() >= 20 + 37 * round, "the child ended early");
        all_said.extend(said);

        let store = RedbStore::open(&file, Options::default()).unwrap();
        for record in store.unfinished().await.unwrap() {
            assert_eq!(record.body, b"!count");
            call(&store, record.seq).await;
            store.finish(record.seq, Outcome::Done).await.unwrap();
        }
        let accepted = store.identities(0).await.unwrap().len();
        let counted = store.get(&counter()).await.unwrap().unwrap().value;
        assert_eq!(
            String::from_utf8(counted).unwrap(),
            accepted.to_string(),
            "one for each event"
        );
        assert!(accepted >= all_said.len());
        store.close().await.unwrap();
        assert_eq!(
            RedbStore::open(&file, Options::default())
                .unwrap()
                .unfinished()
                .await
                .unwrap(),
            []
        );
    }
    let said = all_said.len();
    all_said.sort_unstable();
    all_said.dedup();
    assert_eq!(all_said.len(), said, "no sum was said twice");
}
