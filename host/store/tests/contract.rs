//! What every backend must do. Each function here runs against each of them.

use moa_store::{
    Accepted, Cell, Effect, EffectKey, ManualClock, MemoryStore, NewRecord, Options, Outcome, Purged, RedbStore,
    Refusal, Scope, Seq, Space, Store, StoreError, Write, WriteOutcome,
};
use std::sync::Arc;

/// A store to be tested, and the clock that it goes by.
struct House {
    store: Arc<dyn Store>,
    clock: Arc<ManualClock>,
    _folder: Option<tempfile::TempDir>,
}

const START: i64 = 1_750_000_000_000;
const DAY: i64 = 24 * 60 * 60 * 1000;

fn memory() -> House {
    let clock = Arc::new(ManualClock::at(START));
    let store = Arc::new(MemoryStore::new(Arc::clone(&clock)));
    House {
        store,
        clock,
        _folder: None,
    }
}

fn redb() -> House {
    let clock = Arc::new(ManualClock::at(START));
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        clock: Box::new(Arc::clone(&clock)),
        ..Options::default()
    };
    let store = Arc::new(RedbStore::open(folder.path().join("data/moa.redb"), options).unwrap());
    House {
        store,
        clock,
        _folder: Some(folder),
    }
}

macro_rules! contract {
    ($($name:ident),* $(,)?) => {
        mod on_memory { $(#[tokio::test] async fn $name() { super::$name(super::memory()).await })* }
        mod on_redb { $(#[tokio::test] async fn $name() { super::$name(super::redb()).await })* }
    };
}

contract![
    what_was_written_is_read,
    an_entry_ends_with_its_time,
    a_set_without_time_lasts,
    versions_never_come_back,
    numbers_are_counted,
    what_is_no_number_is_refused,
    a_sum_too_large_is_refused,
    an_increment_keeps_the_time,
    a_swap_needs_the_version,
    a_swap_can_expect_nothing,
    a_batch_is_all_or_nothing,
    a_batch_sees_itself,
    a_refusal_spoils_nobody_else,
    spaces_do_not_meet,
    the_shared_brain_is_common,
    many_are_got_in_order,
    keys_come_in_pages,
    keys_leave_out_what_expired,
    keys_go_by_bytes,
    a_quota_holds,
    a_quota_lets_shrink_and_counts_exactly,
    what_expired_does_not_count,
    the_shared_brain_has_its_own_account,
    tasks_counting_together_lose_nothing,
    swaps_side_by_side_have_one_winner,
    effects_happen_once,
    a_refused_effect_stays_refused,
    another_fingerprint_diverges,
    effects_are_told_apart,
    effects_need_an_open_record,
    an_effect_without_writes_is_recorded,
    an_event_is_accepted_once,
    twins_side_by_side_have_one_winner,
    an_identity_is_forgotten_after_a_day,
    an_open_record_is_never_accepted_again,
    unfinished_records_are_kept_whole,
    finishing_twice_is_nothing,
    a_purge_waits_a_day,
    a_purge_of_much_ends,
    facts_are_kept,
    a_closed_store_says_so,
    random_deeds_agree_with_a_model,
];

fn own() -> Space {
    Space::new("memo", Scope::Plugin)
}

async fn one(store: &dyn Store, write: Write) -> Result<WriteOutcome, StoreError> {
    let mut outcomes = store.write(vec![write], None).await?;
    assert_eq!(outcomes.len(), 1);
    Ok(outcomes.remove(0))
}

async fn set(store: &dyn Store, cell: &Cell, value: &str) -> String {
    match one(store, Write::set(cell.clone(), value)).await.unwrap() {
        WriteOutcome::Stored { version } => version,
        other => panic!("{other:?}"),
    }
}

async fn read(store: &dyn Store, cell: &Cell) -> Option<String> {
    store
        .get(cell)
        .await
        .unwrap()
        .map(|entry| String::from_utf8(entry.value).unwrap())
}

async fn count(store: &dyn Store, cell: &Cell, by: i64) -> Result<i64, StoreError> {
    match one(store, Write::increment(cell.clone(), by)).await? {
        WriteOutcome::Sum { value, .. } => Ok(value),
        other => panic!("{other:?}"),
    }
}

fn event(identity: &str) -> NewRecord {
    NewRecord {
        identity: identity.to_owned(),
        kind: "message".to_owned(),
        body: format!("body of {identity}\0\u{ff}").into_bytes(),
        received_ms: START - 5,
    }
}

async fn accept(store: &dyn Store, identity: &str) -> Seq {
    match store.accept(event(identity)).await.unwrap() {
        Accepted::New(seq) => seq,
        twin @ Accepted::Twin { .. } => panic!("{identity}: {twin:?}"),
    }
}

fn effect(seq: Seq, invocation: &str, ordinal: u32, fingerprint: &str) -> Option<Effect> {
    let key = EffectKey {
        seq,
        invocation: invocation.to_owned(),
        ordinal,
    };
    Some(Effect {
        key,
        fingerprint: fingerprint.as_bytes().to_vec(),
    })
}

/// The end of a record may come to disk later than it is said; the next write takes it along.
async fn settle(store: &dyn Store) {
    store.fact_set("settled", Some("")).await.unwrap();
}

async fn what_was_written_is_read(House { store, .. }: House) {
    let cell = own().cell("키");
    assert_eq!(store.get(&cell).await.unwrap(), None);
    let version = set(&*store, &cell, "값").await;
    let entry = store.get(&cell).await.unwrap().unwrap();
    assert_eq!(
        (entry.value, entry.version, entry.expires_ms),
        ("값".into(), version, None)
    );
    set(&*store, &cell, "").await;
    assert_eq!(
        read(&*store, &cell).await.as_deref(),
        Some(""),
        "an empty value is a value"
    );

    let deleted = |existed| Ok(WriteOutcome::Deleted { existed });
    assert_eq!(one(&*store, Write::delete(cell.clone())).await, deleted(true));
    assert_eq!(one(&*store, Write::delete(cell.clone())).await, deleted(false));
    assert_eq!(store.get(&cell).await.unwrap(), None);

    let large = vec![7; 1 << 20];
    one(&*store, Write::set(cell.clone(), large.clone())).await.unwrap();
    assert_eq!(store.get(&cell).await.unwrap().unwrap().value, large);
    assert_eq!(store.write(vec![], None).await, Ok(vec![]));
}

async fn an_entry_ends_with_its_time(House { store, clock, .. }: House) {
    let cell = own().cell("k");
    one(&*store, Write::set(cell.clone(), "v").ttl(1000)).await.unwrap();
    let entry = store.get(&cell).await.unwrap().unwrap();
    assert_eq!(entry.expires_ms, Some(START + 1000));
    clock.advance(999);
    assert!(store.get(&cell).await.unwrap().is_some());
    clock.advance(1);
    assert_eq!(store.get(&cell).await.unwrap(), None);
    assert_eq!(store.get_many(std::slice::from_ref(&cell)).await.unwrap(), [None]);
    assert_eq!(
        one(&*store, Write::delete(cell)).await,
        Ok(WriteOutcome::Deleted { existed: false })
    );
}

async fn a_set_without_time_lasts(House { store, clock, .. }: House) {
    let cell = own().cell("k");
    one(&*store, Write::set(cell.clone(), "v").ttl(1000)).await.unwrap();
    set(&*store, &cell, "w").await;
    clock.advance(5000);
    store.purge(START + 5000).await.unwrap();
    assert_eq!(read(&*store, &cell).await.as_deref(), Some("w"));
}

async fn versions_never_come_back(House { store, clock, .. }: House) {
    let cell = own().cell("k");
    let mut seen = std::collections::HashSet::new();
    for round in 0..4 {
        assert!(seen.insert(set(&*store, &cell, "v").await));
        assert!(seen.insert(set(&*store, &cell, "v").await), "also for the same value");
        match one(&*store, Write::set(cell.clone(), "1").ttl(10)).await.unwrap() {
            WriteOutcome::Stored { version } => assert!(seen.insert(version)),
            other => panic!("{other:?}"),
        }
        match one(&*store, Write::increment(cell.clone(), 1)).await.unwrap() {
            WriteOutcome::Sum { version, .. } => assert!(seen.insert(version)),
            other => panic!("{other:?}"),
        }
        match round {
            0 => drop(one(&*store, Write::delete(cell.clone())).await.unwrap()),
            1 => clock.advance(100),
            _ => {
                clock.advance(100);
                store.purge(START + 1000).await.unwrap();
            }
        }
    }
}

async fn numbers_are_counted(House { store, .. }: House) {
    let cell = own().cell("n");
    assert_eq!(count(&*store, &cell, 0).await, Ok(0));
    assert_eq!(count(&*store, &cell, 5).await, Ok(5));
    assert_eq!(count(&*store, &cell, -7).await, Ok(-2));
    assert_eq!(read(&*store, &cell).await.as_deref(), Some("-2"));
    set(&*store, &cell, "41").await;
    assert_eq!(count(&*store, &cell, 1).await, Ok(42));
    set(&*store, &cell, &i64::MIN.to_string()).await;
    assert_eq!(count(&*store, &cell, i64::MAX).await, Ok(-1));
}

async fn what_is_no_number_is_refused(House { store, .. }: House) {
    let cell = own().cell("n");
    for junk in [
        "",
        "x",
        "1.5",
        "+1",
        " 1",
        "1 ",
        "9223372036854775808",
        "000000000000000000000000001",
    ] {
        let version = set(&*store, &cell, junk).await;
        let refused = Refusal::NotANumber { key: "n".to_owned() };
        assert_eq!(count(&*store, &cell, 1).await, Err(refused.into()), "{junk:?}");
        assert_eq!(store.get(&cell).await.unwrap().unwrap().version, version);
    }
}

async fn a_sum_too_large_is_refused(House { store, .. }: House) {
    let cell = own().cell("n");
    count(&*store, &cell, i64::MAX).await.unwrap();
    let refused = Refusal::Overflow {
        key: "n".to_owned(),
        by: 1,
    };
    assert_eq!(count(&*store, &cell, 1).await, Err(refused.into()));
    assert_eq!(count(&*store, &cell, 0).await, Ok(i64::MAX));
}

async fn an_increment_keeps_the_time(House { store, clock, .. }: House) {
    let cell = own().cell("n");
    one(&*store, Write::set(cell.clone(), "5").ttl(1000)).await.unwrap();
    clock.advance(500);
    assert_eq!(count(&*store, &cell, 1).await, Ok(6));
    assert_eq!(store.get(&cell).await.unwrap().unwrap().expires_ms, Some(START + 1000));
    clock.advance(500);
    assert_eq!(
        count(&*store, &cell, 1).await,
        Ok(1),
        "what has expired counts as nothing"
    );
    assert_eq!(store.get(&cell).await.unwrap().unwrap().expires_ms, None);
}

async fn a_swap_needs_the_version(House { store, .. }: House) {
    let cell = own().cell("k");
    let first = set(&*store, &cell, "a").await;
    let swap = |to: &str, expected: &str| Write::compare_and_swap(cell.clone(), to, Some(expected.to_owned()));
    let Ok(WriteOutcome::Stored { version }) = one(&*store, swap("b", &first)).await else {
        panic!()
    };
    let conflict = |current: &str| {
        let current = Some(current.to_owned());
        Err(StoreError::from(Refusal::Conflict {
            key: "k".to_owned(),
            current,
        }))
    };
    assert_eq!(one(&*store, swap("c", &first)).await, conflict(&version));
    assert_eq!(one(&*store, swap("c", "no version")).await, conflict(&version));
    assert_eq!(read(&*store, &cell).await.as_deref(), Some("b"));

    // The same value again is another version: A-B-A is seen.
    set(&*store, &cell, "a").await;
    assert!(one(&*store, swap("c", &first)).await.is_err());
    let nothing = Write::compare_and_swap(cell.clone(), "c", None);
    assert!(
        one(&*store, nothing).await.is_err(),
        "nothing was expected, something is there"
    );
}

async fn a_swap_can_expect_nothing(House { store, clock, .. }: House) {
    let cell = own().cell("k");
    let create = || Write::compare_and_swap(cell.clone(), "v", None).ttl(100);
    let Ok(WriteOutcome::Stored { version }) = one(&*store, create()).await else {
        panic!()
    };
    assert!(one(&*store, create()).await.is_err());
    clock.advance(100);
    let stale = Write::compare_and_swap(cell.clone(), "w", Some(version));
    let refused = Refusal::Conflict {
        key: "k".to_owned(),
        current: None,
    };
    assert_eq!(one(&*store, stale).await, Err(refused.into()));
    assert!(one(&*store, create()).await.is_ok());
}

async fn a_batch_is_all_or_nothing(House { store, .. }: House) {
    let (a, b, word) = (own().cell("a"), own().cell("b"), own().cell("word"));
    set(&*store, &word, "word").await;
    set(&*store, &b, "old").await;
    let writes = vec![
        Write::set(a.clone(), "new"),
        Write::delete(b.clone()),
        Write::increment(word.clone(), 1),
        Write::set(b.clone(), "newer"),
    ];
    assert!(matches!(
        store.write(writes, None).await,
        Err(StoreError::Refused(Refusal::NotANumber { .. }))
    ));
    assert_eq!(read(&*store, &a).await, None);
    assert_eq!(read(&*store, &b).await.as_deref(), Some("old"));

    let writes = vec![
        Write::set(a.clone(), "1"),
        Write::set(b.clone(), "2"),
        Write::delete(word.clone()),
    ];
    assert_eq!(store.write(writes, None).await.unwrap().len(), 3);
    let all = store.get_many(&[a, b, word]).await.unwrap();
    let values: Vec<_> = all.into_iter().map(|entry| entry.map(|e| e.value)).collect();
    assert_eq!(values, [Some(b"1".to_vec()), Some(b"2".to_vec()), None]);
}

async fn a_batch_sees_itself(House { store, .. }: House) {
    let (n, gone) = (own().cell("n"), own().cell("gone"));
    let writes = vec![
        Write::set(n.clone(), "10"),
        Write::increment(n.clone(), 1),
        Write::increment(n.clone(), 1),
        Write::set(gone.clone(), "x").ttl(5),
        Write::delete(gone.clone()),
        Write::delete(gone.clone()),
        Write::compare_and_swap(gone.clone(), "y", None),
    ];
    let outcomes = store.write(writes, None).await.unwrap();
    assert!(matches!(outcomes[2], WriteOutcome::Sum { value: 12, .. }));
    assert_eq!(
        outcomes[4..6],
        [
            WriteOutcome::Deleted { existed: true },
            WriteOutcome::Deleted { existed: false }
        ]
    );
    assert_eq!(read(&*store, &n).await.as_deref(), Some("12"));
    assert_eq!(store.get(&gone).await.unwrap().unwrap().expires_ms, None);
}

async fn a_refusal_spoils_nobody_else(House { store, .. }: House) {
    let word = own().cell("word");
    set(&*store, &word, "word").await;
    let tasks: Vec<_> = (0..64)
        .map(|n| {
            let (store, word) = (Arc::clone(&store), word.clone());
            tokio::spawn(async move {
                if n % 2 == 0 {
                    count(&*store, &own().cell("good"), 1).await.map(|_| ())
                } else {
                    count(&*store, &word, 1).await.map(|_| ())
                }
            })
        })
        .collect();
    for (n, task) in tasks.into_iter().enumerate() {
        assert_eq!(task.await.unwrap().is_ok(), n % 2 == 0);
    }
    assert_eq!(read(&*store, &own().cell("good")).await.as_deref(), Some("32"));
    assert_eq!(read(&*store, &word).await.as_deref(), Some("word"));
}

async fn spaces_do_not_meet(House { store, .. }: House) {
    let spaces = [
        Space::new("a", Scope::Plugin),
        Space::new("b", Scope::Plugin),
        Space::new("a", Scope::Conversation("C1".into())),
        Space::new("a", Scope::Conversation("C2".into())),
        Space::new("a", Scope::User("C1".into())),
        Space::new("a", Scope::Conversation(String::new())),
        Space::new("a", Scope::Conversation("C1\0".into())),
        Space::new("a\0", Scope::Plugin),
        Space::new("a", Scope::Shared),
    ];
    for (n, space) in spaces.iter().enumerate() {
        set(&*store, &space.cell("k"), &n.to_string()).await;
    }
    for (n, space) in spaces.iter().enumerate() {
        assert_eq!(read(&*store, &space.cell("k")).await, Some(n.to_string()), "{space:?}");
        assert_eq!(store.keys(space, "", None, 100).await.unwrap().keys, ["k"], "{space:?}");
    }
}

async fn the_shared_brain_is_common(House { store, .. }: House) {
    set(&*store, &Space::new("a", Scope::Shared).cell("k"), "v").await;
    let of_b = Space::new("b", Scope::Shared);
    assert_eq!(read(&*store, &of_b.cell("k")).await.as_deref(), Some("v"));
    assert_eq!(store.keys(&of_b, "", None, 10).await.unwrap().keys, ["k"]);
}

async fn many_are_got_in_order(House { store, .. }: House) {
    for n in 0..5 {
        set(&*store, &own().cell(n.to_string()), &n.to_string()).await;
    }
    let wanted: Vec<_> = ["4", "x", "0", "4"].map(|key| own().cell(key)).into();
    let got = store.get_many(&wanted).await.unwrap();
    let got: Vec<_> = got
        .into_iter()
        .map(|e| e.map(|e| String::from_utf8(e.value).unwrap()))
        .collect();
    assert_eq!(got, [Some("4".into()), None, Some("0".into()), Some("4".into())]);
    assert_eq!(store.get_many(&[]).await.unwrap(), []);
}

async fn keys_come_in_pages(House { store, .. }: House) {
    let mut writes: Vec<_> = (0..25)
        .map(|n| Write::set(own().cell(format!("item:{n:02}")), ""))
        .collect();
    for other in ["item", "itemz", "other", ""] {
        writes.push(Write::set(own().cell(other), ""));
    }
    store.write(writes, None).await.unwrap();
    let (mut all, mut after, mut pages) = (Vec::new(), None::<String>, 0);
    loop {
        let page = store.keys(&own(), "item:", after.as_deref(), 10).await.unwrap();
        assert!(page.keys.len() <= 10);
        all.extend(page.keys);
        pages += 1;
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(all, (0..25).map(|n| format!("item:{n:02}")).collect::<Vec<_>>());
    assert_eq!(pages, 3);

    let page = store.keys(&own(), "item:", None, 25).await.unwrap();
    assert_eq!((page.keys.len(), page.next), (25, None), "a full last page is the last");
    let page = store.keys(&own(), "item:", Some("item:24"), 10).await.unwrap();
    assert_eq!((page.keys.len(), page.next), (0, None));
    let page = store.keys(&own(), "item:", Some("a"), 1).await.unwrap();
    assert_eq!(page.keys, ["item:00"], "a cursor before the prefix skips nothing");
    assert_eq!(
        store.keys(&own(), "nothing", None, 10).await.unwrap().keys,
        [] as [&str; 0]
    );
    assert_eq!(store.keys(&own(), "", None, 100).await.unwrap().keys.len(), 29);
    assert_eq!(store.keys(&own(), "", None, 0).await.unwrap().keys, [""]);

    // A cursor stands for a place, not for an entry: its key may be gone.
    one(&*store, Write::delete(own().cell("item:09"))).await.unwrap();
    let page = store.keys(&own(), "item:", Some("item:09"), 1).await.unwrap();
    assert_eq!(page.keys, ["item:10"]);
}

async fn keys_leave_out_what_expired(House { store, clock, .. }: House) {
    for n in 0..10 {
        let write = Write::set(own().cell(n.to_string()), "");
        let write = if n % 3 == 0 { write } else { write.ttl(10) };
        one(&*store, write).await.unwrap();
    }
    clock.advance(10);
    let page = store.keys(&own(), "", None, 3).await.unwrap();
    assert_eq!(
        (page.keys, page.next.as_deref()),
        (vec!["0".into(), "3".into(), "6".into()], Some("6"))
    );
    let page = store.keys(&own(), "", Some("6"), 3).await.unwrap();
    assert_eq!((page.keys, page.next), (vec!["9".into()], None));
}

async fn keys_go_by_bytes(House { store, .. }: House) {
    let mut names = vec!["B", "a", "가", "나", "\0", "a\0", "aa", "é", "~", "\u{10ffff}"];
    for name in &names {
        set(&*store, &own().cell(*name), "").await;
    }
    names.sort_by_key(|name| name.as_bytes().to_vec());
    assert_eq!(store.keys(&own(), "", None, 100).await.unwrap().keys, names);
    assert_eq!(
        store.keys(&own(), "a", None, 100).await.unwrap().keys,
        ["a", "a\0", "aa"]
    );
}

async fn a_quota_holds(House { store, .. }: House) {
    let (a, b) = (own().cell("aa"), own().cell("bb"));
    one(&*store, Write::set(a.clone(), "12345678").within(20))
        .await
        .unwrap();
    let refused = Refusal::Quota {
        holder: "memo".to_owned(),
        used: 10,
        needed: 21,
        limit: 20,
    };
    let result = one(&*store, Write::set(b.clone(), "123456789").within(20)).await;
    assert_eq!(result, Err(refused.into()));
    assert_eq!(store.get(&b).await.unwrap(), None);
    one(&*store, Write::set(b.clone(), "12345678").within(20))
        .await
        .unwrap();
    // A scope of the same plugin is on the same account, another plugin is not.
    let mine = Space::new("memo", Scope::User("U1".into())).cell("k");
    let other = Space::new("other", Scope::Plugin).cell("k");
    assert!(one(&*store, Write::set(mine.clone(), "").within(20)).await.is_err());
    assert!(one(&*store, Write::increment(mine, 1).within(20)).await.is_err());
    assert!(one(&*store, Write::set(other, "").within(20)).await.is_ok());
}

async fn a_quota_lets_shrink_and_counts_exactly(House { store, .. }: House) {
    let cell = own().cell("k");
    set(&*store, &cell, "0123456789").await;
    let full = |value: &str| Write::set(cell.clone(), value).within(5);
    assert!(one(&*store, full("0123456789a")).await.is_err());
    assert!(
        one(&*store, full("9876543210")).await.is_ok(),
        "the same size is no growth"
    );
    assert!(one(&*store, full("012345")).await.is_ok(), "smaller is never refused");
    assert!(one(&*store, Write::delete(cell.clone()).within(5)).await.is_ok());

    // After any number of changes the account is exact: 5 bytes fit, 6 do not.
    let mut random = fastrand::Rng::with_seed(3);
    for _ in 0..100 {
        let key = own().cell(random.u8(0..4).to_string());
        let write = match random.u8(0..3) {
            0 => Write::delete(key),
            1 => Write::set(key, vec![b'1'; random.usize(1..15)]),
            _ => Write::increment(key, random.i64(0..1000)),
        };
        one(&*store, write).await.unwrap();
    }
    for n in 0..4 {
        one(&*store, Write::delete(own().cell(n.to_string()))).await.unwrap();
    }
    assert!(one(&*store, full("01234")).await.is_err());
    assert!(one(&*store, full("0123")).await.is_ok());
}

async fn what_expired_does_not_count(House { store, clock, .. }: House) {
    for n in 0..10 {
        one(
            &*store,
            Write::set(own().cell(n.to_string()), "123456789").ttl(10).within(100),
        )
        .await
        .unwrap();
    }
    let more = || Write::set(own().cell("more"), "12345678").within(100);
    assert!(one(&*store, more()).await.is_err());
    clock.advance(10);
    assert!(one(&*store, more()).await.is_ok());
    let exact = |value: usize| Write::set(own().cell("m"), vec![0; value]).within(100);
    assert!(one(&*store, exact(88)).await.is_err());
    assert!(one(&*store, exact(87)).await.is_ok());
}

async fn the_shared_brain_has_its_own_account(House { store, .. }: House) {
    let shared = |plugin: &str, key: &str| Space::new(plugin, Scope::Shared).cell(key);
    set(&*store, &own().cell("k"), "0123456789").await;
    one(&*store, Write::set(shared("memo", "k"), "1234").within(10))
        .await
        .unwrap();
    one(&*store, Write::set(shared("other", "l"), "1234").within(10))
        .await
        .unwrap();
    let over = one(&*store, Write::set(shared("memo", "m"), "").within(10))
        .await
        .unwrap_err();
    assert!(
        matches!(&over, StoreError::Refused(Refusal::Quota { used: 10, .. })),
        "{over:?}"
    );
    assert!(over.to_string().contains("shared"), "{over}");
}

async fn tasks_counting_together_lose_nothing(House { store, .. }: House) {
    let tasks: Vec<_> = (0..16)
        .map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let mut sums = Vec::new();
                for _ in 0..25 {
                    sums.push(count(&*store, &own().cell("n"), 1).await.unwrap());
                }
                sums
            })
        })
        .collect();
    let mut all = Vec::new();
    for task in tasks {
        let sums = task.await.unwrap();
        assert!(sums.is_sorted());
        all.extend(sums);
    }
    all.sort_unstable();
    assert_eq!(all, (1..=400).collect::<Vec<_>>(), "each sum was given out once");
    assert_eq!(read(&*store, &own().cell("n")).await.as_deref(), Some("400"));
}

async fn swaps_side_by_side_have_one_winner(House { store, .. }: House) {
    let version = set(&*store, &own().cell("k"), "free").await;
    let tasks: Vec<_> = (0..16)
        .map(|n| {
            let (store, version) = (Arc::clone(&store), version.clone());
            let swap = Write::compare_and_swap(own().cell("k"), n.to_string(), Some(version));
            tokio::spawn(async move { one(&*store, swap).await.is_ok() })
        })
        .collect();
    let mut winners = Vec::new();
    for (n, task) in tasks.into_iter().enumerate() {
        if task.await.unwrap() {
            winners.push(n.to_string());
        }
    }
    assert_eq!(winners.len(), 1);
    assert_eq!(read(&*store, &own().cell("k")).await, winners.pop());
}

async fn effects_happen_once(House { store, .. }: House) {
    let seq = accept(&*store, "e1").await;
    let cell = own().cell("n");
    let write = || vec![Write::increment(cell.clone(), 1), Write::set(own().cell("k"), "v")];
    let first = store.write(write(), effect(seq, "i", 0, "f")).await.unwrap();
    for _ in 0..3 {
        assert_eq!(store.write(write(), effect(seq, "i", 0, "f")).await.unwrap(), first);
    }
    assert_eq!(read(&*store, &cell).await.as_deref(), Some("1"));
    // Others may have gone on meanwhile; the rerun still hears what it heard.
    count(&*store, &cell, 10).await.unwrap();
    assert_eq!(store.write(write(), effect(seq, "i", 0, "f")).await.unwrap(), first);
    assert_eq!(read(&*store, &cell).await.as_deref(), Some("11"));

    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let (store, cell) = (Arc::clone(&store), cell.clone());
            let write = Write::increment(cell, 1);
            tokio::spawn(async move { store.write(vec![write], effect(seq, "i", 1, "f")).await.unwrap() })
        })
        .collect();
    for task in tasks {
        assert!(matches!(task.await.unwrap()[..], [WriteOutcome::Sum { value: 12, .. }]));
    }
}

async fn a_refused_effect_stays_refused(House { store, .. }: House) {
    let seq = accept(&*store, "e1").await;
    let cell = own().cell("n");
    set(&*store, &cell, "word").await;
    let write = || vec![Write::increment(cell.clone(), 1)];
    let refused = Err(Refusal::NotANumber { key: "n".to_owned() }.into());
    assert_eq!(store.write(write(), effect(seq, "i", 0, "f")).await, refused);
    set(&*store, &cell, "1").await;
    assert_eq!(store.write(write(), effect(seq, "i", 0, "f")).await, refused);
    assert_eq!(read(&*store, &cell).await.as_deref(), Some("1"));
}

async fn another_fingerprint_diverges(House { store, .. }: House) {
    let seq = accept(&*store, "e1").await;
    let write = |value: &str| vec![Write::set(own().cell("k"), value)];
    store.write(write("a"), effect(seq, "i", 0, "f")).await.unwrap();
    let other = effect(seq, "i", 0, "g");
    let key = other.clone().unwrap().key;
    assert_eq!(store.write(write("b"), other).await, Err(StoreError::Diverged(key)));
    assert_eq!(read(&*store, &own().cell("k")).await.as_deref(), Some("a"));
}

async fn effects_are_told_apart(House { store, .. }: House) {
    let (one, two) = (accept(&*store, "e1").await, accept(&*store, "e2").await);
    let write = || vec![Write::increment(own().cell("n"), 1)];
    for effect in [
        effect(one, "i", 0, "f"),
        effect(one, "i", 1, "f"),
        effect(one, "j", 0, "f"),
        effect(one, "", 0, "f"),
        effect(two, "i", 0, "f"),
    ] {
        store.write(write(), effect.clone()).await.unwrap();
        store.write(write(), effect).await.unwrap();
    }
    assert_eq!(read(&*store, &own().cell("n")).await.as_deref(), Some("5"));
    // The end of one takes only its own effects along.
    store.finish(one, Outcome::Done).await.unwrap();
    store.write(write(), effect(two, "i", 0, "f")).await.unwrap();
    assert_eq!(read(&*store, &own().cell("n")).await.as_deref(), Some("5"));
}

async fn effects_need_an_open_record(House { store, .. }: House) {
    let write = || vec![Write::set(own().cell("k"), "v")];
    let missing = Seq(99);
    assert_eq!(
        store.write(write(), effect(missing, "i", 0, "f")).await,
        Err(StoreError::NotOpen(missing))
    );
    let seq = accept(&*store, "e1").await;
    store.finish(seq, Outcome::Done).await.unwrap();
    assert_eq!(
        store.write(write(), effect(seq, "i", 0, "f")).await,
        Err(StoreError::NotOpen(seq))
    );
    assert_eq!(store.get(&own().cell("k")).await.unwrap(), None);
}

async fn an_effect_without_writes_is_recorded(House { store, .. }: House) {
    let seq = accept(&*store, "e1").await;
    assert_eq!(store.write(vec![], effect(seq, "i", 0, "f")).await, Ok(vec![]));
    assert_eq!(store.write(vec![], effect(seq, "i", 0, "f")).await, Ok(vec![]));
    assert!(matches!(
        store.write(vec![], effect(seq, "i", 0, "g")).await,
        Err(StoreError::Diverged(_))
    ));
}

async fn an_event_is_accepted_once(House { store, clock, .. }: House) {
    let first = accept(&*store, "T/C/1").await;
    let second = accept(&*store, "T/C/2").await;
    assert!(second > first);
    assert_eq!(
        store.accept(event("T/C/1")).await,
        Ok(Accepted::Twin { finished: false })
    );
    store.finish(first, Outcome::Done).await.unwrap();
    assert_eq!(
        store.accept(event("T/C/1")).await,
        Ok(Accepted::Twin { finished: true })
    );
    clock.advance(7);
    accept(&*store, "T/C/3").await;
    let known = store.identities(0).await.unwrap();
    let known: Vec<_> = known
        .iter()
        .map(|known| (known.identity.as_str(), known.accepted_ms))
        .collect();
    assert_eq!(known, [("T/C/1", START), ("T/C/2", START), ("T/C/3", START + 7)]);
    assert_eq!(store.identities(START + 1).await.unwrap().len(), 1);
}

async fn twins_side_by_side_have_one_winner(House { store, .. }: House) {
    let tasks: Vec<_> = (0..16)
        .map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.accept(event("same")).await.unwrap() })
        })
        .collect();
    let mut accepted = 0;
    for task in tasks {
        match task.await.unwrap() {
            Accepted::New(_) => accepted += 1,
            twin => assert_eq!(twin, Accepted::Twin { finished: false }),
        }
    }
    assert_eq!(accepted, 1);
    assert_eq!(store.unfinished().await.unwrap().len(), 1);
}

async fn an_identity_is_forgotten_after_a_day(House { store, clock, .. }: House) {
    let first = accept(&*store, "e").await;
    store.finish(first, Outcome::Done).await.unwrap();
    settle(&*store).await;
    clock.advance(DAY - 1);
    store.purge(START + DAY - 1).await.unwrap();
    assert_eq!(store.accept(event("e")).await, Ok(Accepted::Twin { finished: true }));
    clock.advance(1);
    // Forgotten in time, whether or not somebody purges.
    let second = accept(&*store, "e").await;
    assert!(second > first);
    // Purging the old one leaves the new one in memory.
    assert_eq!(store.purge(START + DAY).await.unwrap().identities, 1);
    assert_eq!(store.accept(event("e")).await, Ok(Accepted::Twin { finished: false }));
}

async fn an_open_record_is_never_accepted_again(House { store, clock, .. }: House) {
    let seq = accept(&*store, "slow").await;
    let later = START + 3 * DAY;
    clock.set(later);
    assert_eq!(store.purge(later).await.unwrap(), Purged::default());
    assert_eq!(
        store.accept(event("slow")).await,
        Ok(Accepted::Twin { finished: false })
    );
    assert_eq!(store.unfinished().await.unwrap()[0].seq, seq);
}

async fn unfinished_records_are_kept_whole(House { store, .. }: House) {
    let (a, b, c) = (
        accept(&*store, "a").await,
        accept(&*store, "b").await,
        accept(&*store, "c").await,
    );
    store
        .finish(
            b,
            Outcome::Failed {
                reason: "the plugin crashed".to_owned(),
            },
        )
        .await
        .unwrap();
    settle(&*store).await;
    let open = store.unfinished().await.unwrap();
    assert_eq!(open.iter().map(|record| record.seq).collect::<Vec<_>>(), [a, c]);
    let NewRecord {
        identity,
        kind,
        body,
        received_ms,
    } = event("a");
    assert_eq!(
        open[0],
        moa_store::Record {
            seq: a,
            identity,
            kind,
            body,
            received_ms
        }
    );
}

async fn finishing_twice_is_nothing(House { store, .. }: House) {
    let seq = accept(&*store, "a").await;
    store.finish(seq, Outcome::Done).await.unwrap();
    store
        .finish(
            seq,
            Outcome::Failed {
                reason: "late".to_owned(),
            },
        )
        .await
        .unwrap();
    store.finish(Seq(1234), Outcome::Done).await.unwrap();
    settle(&*store).await;
    assert_eq!(store.unfinished().await.unwrap(), []);
}

async fn a_purge_waits_a_day(House { store, clock, .. }: House) {
    let (early, late) = (accept(&*store, "early").await, accept(&*store, "late").await);
    store.finish(early, Outcome::Done).await.unwrap();
    settle(&*store).await;
    one(&*store, Write::set(own().cell("k"), "v").ttl(1000)).await.unwrap();
    clock.advance(2 * DAY);
    store.finish(late, Outcome::Done).await.unwrap();
    settle(&*store).await;
    let now = START + 2 * DAY;
    let purged = store.purge(now).await.unwrap();
    // `late` was accepted two days ago, but it ended just now: its text stays a day.
    assert_eq!(
        purged,
        Purged {
            records: 1,
            identities: 2,
            entries: 1
        }
    );
    assert_eq!(store.purge(now).await.unwrap(), Purged::default());
    clock.advance(DAY);
    assert_eq!(store.purge(now + DAY).await.unwrap().records, 1);
    assert_eq!(store.identities(0).await.unwrap(), []);
}

async fn a_purge_of_much_ends(House { store, clock, .. }: House) {
    let writes: Vec<_> = (0..1500)
        .map(|n| Write::set(own().cell(n.to_string()), "v").ttl(10))
        .collect();
    store.write(writes, None).await.unwrap();
    let stays = accept(&*store, "stays open").await;
    let accepted: Vec<_> = (0..1100)
        .map(|n| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { accept(&*store, &n.to_string()).await })
        })
        .collect();
    for task in accepted {
        store.finish(task.await.unwrap(), Outcome::Done).await.unwrap();
    }
    settle(&*store).await;
    clock.advance(DAY);
    let purged = store.purge(START + DAY).await.unwrap();
    assert_eq!(
        purged,
        Purged {
            records: 1100,
            identities: 1100,
            entries: 1500
        }
    );
    assert_eq!(store.unfinished().await.unwrap()[0].seq, stays);
    assert_eq!(store.identities(0).await.unwrap().len(), 1);
}

async fn facts_are_kept(House { store, .. }: House) {
    assert_eq!(store.fact_get("owner/점심팀").await.unwrap(), None);
    for (name, value) in [("owner/점심팀", "lunch"), ("owner/a", "x"), ("ownes", "y"), ("b", "")] {
        store.fact_set(name, Some(value)).await.unwrap();
    }
    assert_eq!(store.fact_get("owner/점심팀").await.unwrap().as_deref(), Some("lunch"));
    assert_eq!(store.fact_get("b").await.unwrap().as_deref(), Some(""));
    let owners = [
        ("owner/a".to_owned(), "x".to_owned()),
        ("owner/점심팀".to_owned(), "lunch".to_owned()),
    ];
    assert_eq!(store.fact_list("owner/").await.unwrap(), owners);
    store.fact_set("owner/a", None).await.unwrap();
    store.fact_set("never", None).await.unwrap();
    assert_eq!(store.fact_get("owner/a").await.unwrap(), None);
    assert_eq!(store.fact_list("").await.unwrap().len(), 3);
}

async fn a_closed_store_says_so(House { store, .. }: House) {
    set(&*store, &own().cell("k"), "v").await;
    store.close().await.unwrap();
    store.close().await.unwrap();
    assert_eq!(store.get(&own().cell("k")).await, Err(StoreError::Closed));
    assert_eq!(
        one(&*store, Write::delete(own().cell("k"))).await,
        Err(StoreError::Closed)
    );
    assert_eq!(store.accept(event("e")).await, Err(StoreError::Closed));
    assert_eq!(store.finish(Seq(1), Outcome::Done).await, Err(StoreError::Closed));
    assert_eq!(store.fact_get("f").await, Err(StoreError::Closed));
}

/// The brain in a few lines: what it should be, without anything that makes it fast or durable.
mod model {
    use std::collections::BTreeMap;

    #[derive(Default)]
    pub struct Model {
        pub now: i64,
        entries: BTreeMap<String, (Vec<u8>, String, Option<i64>)>,
    }

    impl Model {
        pub fn get(&self, key: &str) -> Option<&(Vec<u8>, String, Option<i64>)> {
            self.entries
                .get(key)
                .filter(|(_, _, ends)| ends.is_none_or(|ends| self.now < ends))
        }

        pub fn keys(&self, prefix: &str) -> Vec<String> {
            let there = self
                .entries
                .keys()
                .filter(|key| key.starts_with(prefix) && self.get(key).is_some());
            there.cloned().collect()
        }

        pub fn put(&mut self, key: &str, value: Vec<u8>, version: String, ends: Option<i64>) {
            self.entries.insert(key.to_owned(), (value, version, ends));
        }

        pub fn remove(&mut self, key: &str) -> bool {
            let was = self.get(key).is_some();
            self.entries.remove(key);
            was
        }
    }
}

async fn random_deeds_agree_with_a_model(House { store, clock, .. }: House) {
    for seed in 0..8 {
        let space = Space::new(format!("plugin-{seed}"), Scope::Plugin);
        let mut random = fastrand::Rng::with_seed(seed);
        let mut model = model::Model::default();
        for _ in 0..60 {
            use moa_store::types::WriteOutcome::{Deleted, Stored, Sum};
            clock.advance(random.i64(0..3));
            model.now = moa_store::Clock::now_ms(&clock);
            let key = random.choice(["a", "ab", "b", "가"]).unwrap();
            let cell = space.cell(key);
            let before = model.get(key).cloned();
            let ttl = random.bool().then(|| random.u64(1..8));
            let with_ttl = |write: Write| ttl.map_or(write.clone(), |ms| write.ttl(ms));
            let ends = ttl.map(|ms| model.now + i64::try_from(ms).unwrap());
            match random.u8(0..5) {
                0 => {
                    let value = random.i64(-9..9).to_string().into_bytes();
                    let done = one(&*store, with_ttl(Write::set(cell, value.clone()))).await;
                    let Ok(Stored { version }) = done else {
                        panic!("{done:?}")
                    };
                    model.put(key, value, version, ends);
                }
                1 => {
                    let done = one(&*store, Write::delete(cell)).await;
                    assert_eq!(
                        done,
                        Ok(Deleted {
                            existed: model.remove(key)
                        })
                    );
                }
                2 => {
                    let done = one(&*store, Write::increment(cell, 3)).await;
                    let was: i64 = before
                        .as_ref()
                        .map_or(0, |b| String::from_utf8_lossy(&b.0).parse().unwrap());
                    let Ok(Sum { value, version }) = done else {
                        panic!("{done:?}")
                    };
                    assert_eq!(value, was + 3);
                    model.put(key, value.to_string().into_bytes(), version, before.and_then(|b| b.2));
                }
                3 => {
                    let right = before.as_ref().map(|b| b.1.clone());
                    let expected = if random.bool() {
                        right.clone()
                    } else {
                        Some("0".to_owned())
                    };
                    let swap = Write::compare_and_swap(cell, "7", expected.clone());
                    match one(&*store, with_ttl(swap)).await {
                        Ok(Stored { version }) if expected == right => model.put(key, b"7".to_vec(), version, ends),
                        Err(StoreError::Refused(Refusal::Conflict { current, .. })) if expected != right => {
                            assert_eq!(current, right);
                        }
                        other => panic!("{other:?}"),
                    }
                }
                _ => {
                    store.purge(model.now).await.unwrap();
                }
            }
            for key in ["a", "ab", "b", "가"] {
                let there = store.get(&space.cell(key)).await.unwrap();
                let there = there.map(|entry| (entry.value, entry.version, entry.expires_ms));
                assert_eq!(there.as_ref(), model.get(key), "seed {seed}, key {key}");
            }
            let prefix = random.choice(["", "a", "가"]).unwrap();
            assert_eq!(
                store.keys(&space, prefix, None, 10).await.unwrap().keys,
                model.keys(prefix)
            );
        }
    }
}
