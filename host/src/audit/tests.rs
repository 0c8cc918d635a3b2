use super::kept::Kept;
use super::*;
use crate::testing::FlakyStore;
use moa_core::audit::verify::{Broken, Verifier, Whole};
use moa_core::audit::{Hash, Line};
use moa_store::Store;
use std::fs;

const DAY: Duration = Duration::from_secs(24 * 3600);

fn open(dir: &Path, known: Option<Head>) -> Arc<Audit> {
    Audit::open(dir, Policy::default(), known).unwrap()
}

fn files(dir: &Path) -> Vec<PathBuf> {
    file::list(dir)
        .unwrap()
        .files
        .into_iter()
        .map(|file| file.path)
        .collect()
}

/// The lines of all files, in their order.
fn lines(dir: &Path) -> Vec<Line> {
    let text: String = files(dir)
        .iter()
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn verify(dir: &Path, kept: Kept) -> Result<Whole, Broken> {
    let mut verifier = Verifier::new(kept.removed, Some(kept.head));
    for path in files(dir) {
        assert!(!verifier.file("", &fs::read(path).unwrap(), false)?);
    }
    verifier.finish()
}

fn ends(head: Head) -> Kept {
    Kept {
        head,
        removed: Head::NONE,
    }
}

fn entry(n: u32) -> Entry {
    Entry::own(What::Manage, Outcome::Done)
        .command("announce", &[])
        .arg("n", n)
}

/// A log of some lines, in one file; its end.
async fn written(dir: &Path) -> Head {
    let audit = open(dir, None);
    for n in 0..10 {
        audit.note(entry(n));
    }
    audit.close().await;
    *audit.head().borrow()
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
    assert_eq!(audit.flush().await.unwrap().seq, 503);
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
    let whole = verify(dir.path(), ends(*again.head().borrow())).unwrap();
    assert_eq!((whole.lines, whole.remarks), (506, vec![]));
}

#[tokio::test]
async fn nobody_else_writes_to_an_open_log() {
    let dir = tempfile::tempdir().unwrap();
    let audit = open(dir.path(), None);
    assert!(Audit::open(dir.path(), Policy::default(), None).is_err());
    audit.close().await;
    open(dir.path(), None);
}

#[tokio::test]
async fn the_end_of_a_log_that_a_crash_tore_is_closed_and_told() {
    for piece in [&b"{\"seq\":13,\"ti"[..], b"{", b"\0\0\0\0\n\0\0", b"{\"seq\":13\n"] {
        let dir = tempfile::tempdir().unwrap();
        let head = written(dir.path()).await;
        let file = files(dir.path()).remove(0);
        let whole = fs::read(&file).unwrap();
        fs::write(&file, [&whole, piece].concat()).unwrap();
        let audit = open(dir.path(), Some(head));
        assert_eq!(audit.found().len(), 1);
        audit.close().await;
        let told = &lines(dir.path())[usize::try_from(head.seq).unwrap()];
        assert_eq!(told.outcome, Outcome::Torn);
        let whole = verify(dir.path(), ends(*audit.head().borrow())).unwrap();
        assert_eq!(whole.remarks.len(), 1);
    }
}

#[tokio::test]
async fn an_end_that_was_taken_away_or_changed_shows_for_ever() {
    let dir = tempfile::tempdir().unwrap();
    let head = written(dir.path()).await;
    let file = files(dir.path()).remove(0);
    let text = fs::read_to_string(&file).unwrap();
    let whole: Vec<&str> = text.lines().collect();
    let last = head.seq;
    let cut = |count: usize| whole[..count].join("\n") + "\n";
    let changed = text.replacen("\"closed\"", "\"opened\"", 1);
    for (now, bad) in [
        (cut(9), 10),
        (cut(11), last),
        (cut(1), 2),
        (String::new(), 1),
        (changed, last),
    ] {
        fs::write(&file, &now).unwrap();
        // The host that starts then, and the one after it, write on.
        let mut known = head;
        for _ in 0..2 {
            let audit = open(dir.path(), Some(known));
            audit.note(entry(77));
            audit.close().await;
            known = *audit.head().borrow();
        }
        let seen = lines(dir.path());
        assert_eq!(seen.iter().filter(|line| line.outcome == Outcome::Mismatch).count(), 1);
        let broken = verify(dir.path(), ends(known)).unwrap_err();
        let named = match broken {
            Broken::Number { expected, .. } => expected,
            Broken::Changed { seq, .. } => seq,
            other => panic!("{other}"),
        };
        assert_eq!(named, bad);
        for path in files(dir.path()) {
            fs::remove_file(path).unwrap();
        }
    }
}

#[tokio::test]
async fn a_store_that_forgot_the_end_is_told_of() {
    let dir = tempfile::tempdir().unwrap();
    written(dir.path()).await;
    let audit = open(dir.path(), None);
    assert!(audit.found()[0].contains("does not know"));
    audit.close().await;
    let whole = verify(dir.path(), ends(*audit.head().borrow())).unwrap();
    assert_eq!(whole.remarks.len(), 1);
}

#[tokio::test]
async fn what_cannot_be_written_is_refused_or_told_to_be_missing() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("audit");
    // A file for each line: without its folder nothing can be written.
    let audit = Audit::of_files(&dir, Policy::default(), None, 1).unwrap();
    audit.begin(entry(0)).await.unwrap();
    let away = home.path().join("away");
    fs::rename(&dir, &away).unwrap();
    for n in 1..4 {
        audit.settle(entry(n)).await;
    }
    assert!(matches!(audit.begin(entry(4)).await, Err(Unrecorded::Disk(_))));
    let trouble = audit.trouble();
    assert!(trouble.borrow().is_some());
    fs::rename(&away, &dir).unwrap();
    audit.begin(entry(5)).await.unwrap();
    assert!(trouble.borrow().is_none());
    audit.close().await;
    let lines = lines(&dir);
    let outcomes: Vec<Outcome> = lines.iter().map(|line| line.outcome).collect();
    assert_eq!(
        outcomes,
        [
            Outcome::Opened,
            Outcome::Done,
            Outcome::Gap,
            Outcome::Done,
            Outcome::Closed
        ]
    );
    assert!(lines[2].reason.starts_with("3 entries since"), "{}", lines[2].reason);
    assert_eq!(lines[3].args["n"], 5);
    verify(&dir, ends(*audit.head().borrow())).unwrap();
}

#[test]
fn a_file_that_was_closed_and_is_gone_is_followed_by_another() {
    let dir = tempfile::tempdir().unwrap();
    let (mut log, _) = Log::open(dir.path(), None, u64::MAX).unwrap();
    let now = SystemTime::now();
    for n in 0..3 {
        log.append(now, entry(n)).unwrap();
    }
    log.close_file();
    // It is opened again where it is.
    log.append(now, entry(3)).unwrap();
    log.sync().unwrap();
    verify(dir.path(), ends(log.head())).unwrap();
    log.close_file();
    fs::remove_file(files(dir.path()).remove(0)).unwrap();
    log.append(now, entry(4)).unwrap();
    assert_eq!(lines(dir.path())[0].seq, 5);
    verify(dir.path(), ends(log.head())).unwrap_err();
}

#[test]
fn more_than_can_wait_is_refused_and_counted() {
    let queue = Queue::default();
    for n in 0..WAITING {
        queue.put(Some(entry(u32::try_from(n).unwrap())), None, false);
    }
    queue.put(Some(entry(0)), None, false);
    let (told, mut answer) = oneshot::channel();
    queue.put(Some(entry(0)), Some(told), true);
    assert_eq!(answer.try_recv().unwrap(), Err(Unrecorded::Full));
    let (items, lost, closed) = queue.take(None);
    assert_eq!((items.len(), lost, closed), (WAITING, 1, false));
}

#[tokio::test]
async fn a_file_is_followed_by_another_when_it_is_large_or_the_day_is_over() {
    let dir = tempfile::tempdir().unwrap();
    let begun = SystemTime::UNIX_EPOCH + 20_000 * DAY;
    let (mut log, _) = Log::open(dir.path(), None, 1_000).unwrap();
    for day in 0..3 {
        for n in 0..20 {
            log.append(begun + day * DAY, entry(n)).unwrap();
        }
        // A clock that was set back begins nothing new.
        log.append(begun, entry(99)).unwrap();
    }
    log.sync().unwrap();
    let kept = ends(log.head());
    verify(dir.path(), kept).unwrap();
    let names: Vec<String> = files(dir.path())
        .iter()
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    assert_eq!(names[0], "AUDIT-2024-10-04-000000000001.jsonl");
    for day in ["2024-10-04", "2024-10-05", "2024-10-06"] {
        assert!(names.iter().filter(|name| name.contains(day)).count() > 2, "{names:?}");
    }
    drop(log);
    // It goes on in the last one.
    let (mut log, told) = Log::open(dir.path(), Some(kept.head), u64::MAX).unwrap();
    assert_eq!(told, []);
    log.append(begun + 2 * DAY, entry(0)).unwrap();
    assert_eq!(files(dir.path()).len(), names.len());
    verify(dir.path(), ends(log.head())).unwrap();

    let old = |now: u32, keep: u32| {
        let old = file::outlived(dir.path(), begun + now * DAY, keep * DAY).unwrap();
        old.map_or(0, |(files, _)| files.len())
    };
    assert_eq!(old(3, 2), 0);
    let of_day = |day: &str| names.iter().filter(|name| name.contains(day)).count();
    assert_eq!(old(5, 3), of_day("10-04"));
    assert_eq!(old(100, 3), names.len() - 1, "never the one that is written to");
}

#[test]
fn what_is_written_at_once_stands_where_it_would_stand_line_by_line() {
    let begun = SystemTime::UNIX_EPOCH + 20_000 * DAY;
    let entries: Vec<_> = (0..60).map(|n| (begun + n / 20 * DAY, entry(n))).collect();
    let (by_line, at_once) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (mut log, _) = Log::open(by_line.path(), None, 1_000).unwrap();
    for (at, entry) in entries.clone() {
        log.append(at, entry).unwrap();
    }
    let (mut other, _) = Log::open(at_once.path(), None, 1_000).unwrap();
    assert!(matches!(other.append_all(entries), (60, Ok(()))));
    assert_eq!(other.head(), log.head());
    let texts = |dir: &Path| -> Vec<_> {
        let read = |path: PathBuf| (path.file_name().unwrap().to_owned(), fs::read_to_string(&path).unwrap());
        files(dir).into_iter().map(read).collect()
    };
    assert!(files(by_line.path()).len() > 6);
    assert_eq!(texts(by_line.path()), texts(at_once.path()));
    verify(at_once.path(), ends(other.head())).unwrap();
}

#[test]
fn of_what_is_written_at_once_the_first_lines_stand_there_when_there_is_no_room_for_the_others() {
    let home = tempfile::tempdir().unwrap();
    let (dir, away) = (home.path().join("audit"), home.path().join("away"));
    let (mut log, _) = Log::open(&dir, None, 1_000).unwrap();
    let now = SystemTime::now();
    log.append(now, entry(0)).unwrap();
    // The open file has room; another cannot be begun.
    fs::rename(&dir, &away).unwrap();
    let (count, written) = log.append_all((1..20).map(|n| (now, entry(n))).collect());
    assert!(written.is_err() && (1..19).contains(&count), "{count}");
    fs::rename(&away, &dir).unwrap();
    log.append(now, entry(99)).unwrap();
    let written: Vec<u64> = lines(&dir)
        .iter()
        .map(|line| line.args["n"].as_u64().unwrap())
        .collect();
    assert_eq!(written, (0..=count as u64).chain([99]).collect::<Vec<_>>());
    verify(&dir, ends(log.head())).unwrap();
}

#[tokio::test]
async fn old_files_are_removed_after_the_store_knows_of_it() {
    let dir = tempfile::tempdir().unwrap();
    let (mut log, _) = Log::open(dir.path(), None, 1).unwrap();
    let begun = SystemTime::now() - 10 * DAY;
    for day in 0..10 {
        log.append(begun + day * DAY, entry(day)).unwrap();
    }
    let head = log.head();
    drop(log);
    let audit = open(dir.path(), Some(head));
    let store: Arc<dyn Store> = Arc::<FlakyStore>::default();
    let following = kept::follow(Arc::clone(&audit), Arc::clone(&store), ends(head), 5 * DAY);
    let following = tokio::spawn(following);
    let removed = async {
        while files(dir.path()).len() > 8 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), removed).await.unwrap();
    audit.close().await;
    following.await.unwrap();
    let kept = Kept::read(&*store).await.unwrap().unwrap();
    assert_eq!(kept.head, *audit.head().borrow());
    assert!(kept.removed.seq > 2 && kept.removed.hash != Hash::NONE, "{kept:?}");
    let whole = verify(dir.path(), kept).unwrap();
    assert_eq!(whole.first.unwrap().0, kept.removed.seq + 1);
    assert!(lines(dir.path()).iter().any(|line| line.outcome == Outcome::Removed));
}
