use super::*;
use moa_core::audit::{Hash, Line};
use std::fs;
use std::path::PathBuf;

fn open(dir: &Path, known: Option<Head>) -> Arc<Audit> {
    Audit::open(dir, Policy::default(), known).unwrap()
}

/// The lines of all files, in their order.
fn lines(dir: &Path) -> Vec<Line> {
    let files: Vec<PathBuf> = file::list(dir)
        .unwrap()
        .files
        .into_iter()
        .map(|file| file.path)
        .collect();
    let text: String = files.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn entry(n: u32) -> Entry {
    Entry::own(What::Manage, Outcome::Done)
        .command("announce", &[])
        .arg("n", n)
}

#[tokio::test]
async fn what_is_noted_stands_there_in_order_and_chained_over_restarts() {
    let dir = tempfile::tempdir().unwrap();
    let audit = open(dir.path(), None);
    for n in 0..500 {
        audit.note(entry(n));
    }
    audit.begin(entry(500)).await.unwrap();
    let head = *audit.head().borrow();
    assert_eq!(head.seq, 502);
    audit.settle(entry(501)).await;
    audit.close().await;
    audit.note(entry(1000));
    assert_eq!(audit.begin(entry(1001)).await, Err(Unrecorded::Closed));

    let again = open(dir.path(), Some(*audit.head().borrow()));
    again.close().await;
    let lines = lines(dir.path());
    let outcomes: Vec<Outcome> = lines.iter().map(|line| line.outcome).collect();
    assert_eq!(outcomes[0], Outcome::Opened);
    assert_eq!(outcomes[503..], [Outcome::Closed, Outcome::Opened, Outcome::Closed]);
    for (n, line) in lines[1..503].iter().enumerate() {
        assert_eq!(line.args["n"], n);
    }
    for (before, line) in lines.iter().zip(&lines[1..]) {
        assert_eq!(line.seq, before.seq + 1);
        assert_eq!(line.prev, Hash::of(&serde_json::to_vec(before).unwrap()));
    }
}

#[tokio::test]
async fn nobody_else_writes_to_an_open_log() {
    let dir = tempfile::tempdir().unwrap();
    let audit = open(dir.path(), None);
    assert!(Audit::open(dir.path(), Policy::default(), None).is_err());
    audit.close().await;
    open(dir.path(), None);
}
