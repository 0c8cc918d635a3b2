//! Events and facts.

use crate::*;

contract![
    an_event_is_accepted_once,
    an_identity_is_forgotten_after_a_day,
    an_open_record_is_never_accepted_again,
    unfinished_records_are_kept_whole,
    the_backlog_is_what_is_not_finished,
    finishing_twice_is_nothing,
    a_purge_waits_a_day,
    a_purge_of_much_ends,
    facts_are_kept,
    a_closed_store_says_so
];

async fn an_event_is_accepted_once(House { store, clock, .. }: House) {
    let first = accept(&*store, "T/C/1").await;
    let second = accept(&*store, "T/C/2").await;
    assert!(second > first);
    assert_eq!(store.accept(event("T/C/1")).await, twin(first, false));
    store.finish(first, Outcome::Done).await.unwrap();
    assert_eq!(store.accept(event("T/C/1")).await, twin(first, true));
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

async fn an_identity_is_forgotten_after_a_day(House { store, clock, .. }: House) {
    let first = accept(&*store, "e").await;
    store.finish(first, Outcome::Done).await.unwrap();
    settle(&*store).await;
    clock.advance(DAY - 1);
    store.purge(START + DAY - 1).await.unwrap();
    assert_eq!(store.accept(event("e")).await, twin(first, true));
    clock.advance(1);
    // Forgotten in time, whether or not somebody purges.
    let second = accept(&*store, "e").await;
    assert!(second > first);
    // Purging the old one leaves the new one in memory.
    assert_eq!(store.purge(START + DAY).await.unwrap().identities, 1);
    assert_eq!(store.accept(event("e")).await, twin(second, false));
}

async fn an_open_record_is_never_accepted_again(House { store, clock, .. }: House) {
    let seq = accept(&*store, "slow").await;
    let later = START + 3 * DAY;
    clock.set(later);
    assert_eq!(store.purge(later).await.unwrap(), Purged::default());
    assert_eq!(store.accept(event("slow")).await, twin(seq, false));
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

/// What waits is counted, the rest is not; also when what ended is opened once more.
async fn the_backlog_is_what_is_not_finished(House { store, clock, .. }: House) {
    assert_eq!(store.backlog().await.unwrap(), Backlog::default());
    let mut numbers = Vec::new();
    for n in 0..5 {
        let received_ms = START + n * 1000;
        let identity = format!("{n}");
        let record = NewRecord {
            received_ms,
            ..event(&identity)
        };
        let Accepted::New(seq) = store.accept(record).await.unwrap() else {
            panic!("{n} is new");
        };
        numbers.push(seq);
        clock.advance(1000);
    }
    let backlog = |open, oldest_ms| Backlog { open, oldest_ms };
    assert_eq!(store.backlog().await.unwrap(), backlog(5, Some(START)));
    for seq in [numbers[0], numbers[1], numbers[4]] {
        store.finish(seq, Outcome::Done).await.unwrap();
    }
    settle(&*store).await;
    assert_eq!(store.backlog().await.unwrap(), backlog(2, Some(START + 2000)));
    assert!(store.reopen(numbers[1], false).await.unwrap());
    assert_eq!(store.backlog().await.unwrap(), backlog(3, Some(START + 1000)));
    for seq in &numbers[1..4] {
        store.finish(*seq, Outcome::Done).await.unwrap();
    }
    settle(&*store).await;
    assert_eq!(store.backlog().await.unwrap(), Backlog::default());
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
    let mut scan = store.scan(None).await.unwrap();
    store.close().await.unwrap();
    store.close().await.unwrap();
    assert_eq!(scan.next(1).await, Err(StoreError::Closed));
    assert!(matches!(store.scan(None).await, Err(StoreError::Closed)));
    assert_eq!(store.get(&own().cell("k")).await, Err(StoreError::Closed));
    assert_eq!(
        one(&*store, Write::delete(own().cell("k"))).await,
        Err(StoreError::Closed)
    );
    assert_eq!(store.accept(event("e")).await, Err(StoreError::Closed));
    assert_eq!(store.finish(Seq(1), Outcome::Done).await, Err(StoreError::Closed));
    assert_eq!(store.fact_get("f").await, Err(StoreError::Closed));
}
