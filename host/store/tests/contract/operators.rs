//! The journal as its operator sees it.

use crate::*;

contract![
    records_are_listed_from_the_newest,
    a_record_is_shown_with_its_end,
    effects_are_shown_by_call,
    a_retry_goes_on_where_it_was,
    a_fresh_retry_begins_again,
    only_what_ended_is_opened_again,
    a_reopened_record_is_not_accepted_beside_itself,
    a_reopened_record_leaves_its_successor_alone,
    a_reopened_record_keeps_nobody_elses_identity
];

fn failed(reason: &str) -> Outcome {
    Outcome::Failed {
        reason: reason.to_owned(),
    }
}

fn diverged(reason: &str) -> Outcome {
    Outcome::Diverged {
        reason: reason.to_owned(),
    }
}

async fn finish(store: &dyn Store, seq: Seq, outcome: Outcome) {
    store.finish(seq, outcome).await.unwrap();
    settle(store).await;
}

async fn seqs(store: &dyn Store, which: Which, before: Option<Seq>, limit: u32) -> Vec<Seq> {
    let filed = store.records(which, before, limit).await.unwrap();
    filed.iter().map(|filed| filed.record.seq).collect()
}

async fn records_are_listed_from_the_newest(House { store, clock, .. }: House) {
    let mut all = Vec::new();
    for n in 0..12 {
        let seq = accept(&*store, &n.to_string()).await;
        match n % 6 {
            0 => store.finish(seq, Outcome::Done).await.unwrap(),
            1 => store.finish(seq, failed("f")).await.unwrap(),
            2 => store.finish(seq, diverged("d")).await.unwrap(),
            3 => store.finish(seq, Outcome::Dropped).await.unwrap(),
            _ => {}
        }
        all.push(seq);
    }
    settle(&*store).await;
    let of = |remainders: &[usize]| -> Vec<Seq> {
        let of = (0..12).rev().filter(|n| remainders.contains(&(n % 6)));
        of.map(|n| all[n]).collect()
    };
    assert_eq!(seqs(&*store, Which::All, None, 100).await, of(&[0, 1, 2, 3, 4, 5]));
    assert_eq!(seqs(&*store, Which::Open, None, 100).await, of(&[4, 5]));
    assert_eq!(seqs(&*store, Which::Failed, None, 100).await, of(&[1, 2]));
    for which in [Which::All, Which::Open, Which::Failed] {
        let (mut paged, mut before) = (Vec::new(), None);
        loop {
            let page = seqs(&*store, which, before, 3).await;
            assert!(page.len() <= 3);
            before = page.last().copied();
            if page.is_empty() {
                break;
            }
            paged.extend(page);
        }
        assert_eq!(paged, seqs(&*store, which, None, 100).await, "{which:?}");
    }
    assert_eq!(seqs(&*store, Which::All, None, 0).await.len(), 1);
    clock.advance(DAY);
    store.purge(START + DAY).await.unwrap();
    assert_eq!(seqs(&*store, Which::Failed, None, 100).await, []);
    assert_eq!(seqs(&*store, Which::All, None, 100).await, of(&[4, 5]));
}

async fn a_record_is_shown_with_its_end(House { store, clock, .. }: House) {
    let (open, over) = (accept(&*store, "open").await, accept(&*store, "over").await);
    clock.advance(7);
    finish(&*store, over, diverged("another text")).await;
    let shown = store.filed(over).await.unwrap().unwrap();
    let NewRecord {
        identity,
        kind,
        body,
        received_ms,
    } = event("over");
    let record = moa_store::Record {
        seq: over,
        identity,
        kind,
        body,
        received_ms,
    };
    let end = End {
        ended_ms: START + 7,
        outcome: diverged("another text"),
    };
    assert_eq!(shown, Filed { record, end: Some(end) });
    assert_eq!(store.filed(open).await.unwrap().unwrap().end, None);
    assert_eq!(store.filed(Seq(99)).await.unwrap(), None);
    let listed = store.records(Which::All, None, 10).await.unwrap();
    assert_eq!(listed[0], shown);
}

async fn effects_are_shown_by_call(House { store, .. }: House) {
    let (one, two) = (accept(&*store, "e1").await, accept(&*store, "e2").await);
    for (seq, invocation, ordinal) in [(one, "b", 1), (one, "b", 0), (one, "", 0), (one, "a", 3), (two, "a", 0)] {
        let effect = effect(seq, invocation, ordinal, "f");
        store.write(vec![], effect).await.unwrap();
    }
    let shown = store.all_effects(one).await.unwrap();
    let names: Vec<_> = shown
        .iter()
        .map(|(call, known)| (call.as_str(), known.ordinal))
        .collect();
    assert_eq!(names, [("", 0), ("a", 3), ("b", 0), ("b", 1)]);
    assert_eq!(
        shown[2..].iter().map(|(_, known)| known.clone()).collect::<Vec<_>>(),
        store.effects(one, "b").await.unwrap()
    );
    assert_eq!(store.all_effects(Seq(99)).await.unwrap(), []);
}

async fn a_retry_goes_on_where_it_was(House { store, .. }: House) {
    let seq = accept(&*store, "e").await;
    let write = || vec![Write::increment(own().cell("n"), 1)];
    let first = store.write(write(), effect(seq, "i", 0, "f")).await.unwrap();
    store.note(effect(seq, "i", 1, "f").unwrap(), vec![7]).await.unwrap();
    finish(&*store, seq, failed("why")).await;
    assert_eq!(store.reopen(seq, false).await, Ok(true));

    assert_eq!(store.filed(seq).await.unwrap().unwrap().end, None);
    assert_eq!(seqs(&*store, Which::Failed, None, 9).await, []);
    assert_eq!(store.unfinished().await.unwrap()[0].seq, seq);
    assert_eq!(store.effects(seq, "i").await.unwrap().len(), 2);
    assert_eq!(store.write(write(), effect(seq, "i", 0, "f")).await, Ok(first));
    assert_eq!(read(&*store, &own().cell("n")).await.as_deref(), Some("1"));
    finish(&*store, seq, Outcome::Done).await;
    assert_eq!(store.effects(seq, "i").await.unwrap(), []);
    assert_eq!(store.unfinished().await.unwrap(), []);
}

async fn a_fresh_retry_begins_again(House { store, .. }: House) {
    let (seq, other) = (accept(&*store, "e").await, accept(&*store, "other").await);
    let write = || vec![Write::increment(own().cell("n"), 1)];
    store.write(write(), effect(seq, "i", 0, "f")).await.unwrap();
    store.write(vec![], effect(other, "i", 0, "f")).await.unwrap();
    finish(&*store, seq, diverged("why")).await;
    assert_eq!(store.reopen(seq, true).await, Ok(true));
    assert_eq!(store.effects(seq, "i").await.unwrap(), []);
    // What it did before is done; the record only forgets that it was this call.
    store.write(write(), effect(seq, "i", 0, "g")).await.unwrap();
    assert_eq!(read(&*store, &own().cell("n")).await.as_deref(), Some("2"));
    assert_eq!(store.effects(other, "i").await.unwrap().len(), 1);
}

async fn only_what_ended_is_opened_again(House { store, clock, .. }: House) {
    let seq = accept(&*store, "e").await;
    assert_eq!(store.reopen(seq, false).await, Ok(false), "it is open");
    assert_eq!(store.reopen(Seq(99), true).await, Ok(false));
    for outcome in [Outcome::Done, Outcome::Dropped, failed("why")] {
        // Asked for in this order, done in this order.
        store.finish(seq, outcome).await.unwrap();
        assert_eq!(store.reopen(seq, false).await, Ok(true));
    }
    finish(&*store, seq, Outcome::Done).await;
    clock.advance(DAY);
    store.purge(START + DAY).await.unwrap();
    assert_eq!(store.reopen(seq, false).await, Ok(false), "it is purged");
}

async fn a_reopened_record_is_not_accepted_beside_itself(House { store, clock, .. }: House) {
    let seq = accept(&*store, "e").await;
    clock.advance(DAY / 2);
    finish(&*store, seq, failed("why")).await;
    clock.advance(DAY / 2);
    // Its identity is forgotten, its text not yet.
    let purged = store.purge(START + DAY).await.unwrap();
    assert_eq!((purged.identities, purged.records), (1, 0));
    assert_eq!(store.reopen(seq, false).await, Ok(true));
    assert_eq!(store.accept(event("e")).await, twin(seq, false));
    finish(&*store, seq, Outcome::Done).await;
    assert_eq!(store.purge(START + DAY).await.unwrap().identities, 1);
    assert_eq!(store.identities(0).await.unwrap(), []);
}

async fn a_reopened_record_leaves_its_successor_alone(House { store, clock, .. }: House) {
    let old = accept(&*store, "e").await;
    clock.advance(DAY / 2);
    finish(&*store, old, failed("why")).await;
    clock.advance(DAY / 2);
    let new = accept(&*store, "e").await;
    assert_eq!(store.reopen(old, false).await, Ok(true));
    assert_eq!(store.accept(event("e")).await, twin(new, false));
    finish(&*store, old, Outcome::Done).await;
    assert_eq!(store.accept(event("e")).await, twin(new, false));
}

async fn a_reopened_record_keeps_nobody_elses_identity(House { store, clock, .. }: House) {
    // The clock was wrong when it arrived.
    let record = NewRecord {
        received_ms: START + 100 * DAY,
        ..event("old")
    };
    let Accepted::New(old) = store.accept(record).await.unwrap() else {
        panic!()
    };
    clock.advance(DAY / 2);
    finish(&*store, old, failed("why")).await;
    clock.advance(DAY / 4);
    let other = accept(&*store, "other").await;
    finish(&*store, other, Outcome::Done).await;
    clock.advance(DAY / 4);
    assert_eq!(store.purge(START + DAY).await.unwrap().identities, 1, "of `old`");
    assert_eq!(store.reopen(old, false).await, Ok(true));
    finish(&*store, old, failed("why")).await;
    clock.advance(3 * DAY / 4);
    store.purge(START + 7 * DAY / 4).await.unwrap();
    let known = store.identities(0).await.unwrap();
    assert!(known.iter().all(|known| known.identity != "other"), "{known:?}");
    assert_eq!(store.filed(other).await.unwrap(), None);
}
