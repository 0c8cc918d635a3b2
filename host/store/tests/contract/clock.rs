//! A clock that is set forward or back while the store is open: see [`Store`].

use crate::*;

contract![
    no_jump_has_an_event_accepted_twice,
    a_jump_back_does_not_keep_identities,
    a_text_stays_a_day_that_passed,
    an_open_record_survives_every_jump,
    an_entry_goes_by_the_clock,
    what_has_no_time_survives_every_jump,
    an_end_shows_the_time_of_day
];

async fn purge(House { store, clock, .. }: &House) -> Purged {
    store.purge(moa_store::Clock::now_ms(clock)).await.unwrap()
}

async fn no_jump_has_an_event_accepted_twice(house: House) {
    let House { store, clock, .. } = &house;
    let seq = accept(&**store, "e").await;
    store.finish(seq, Outcome::Done).await.unwrap();
    settle(&**store).await;
    for jump in [3 * DAY, -3 * DAY, -10 * DAY, 10 * DAY, 400 * DAY, -400 * DAY] {
        clock.jump(jump);
        assert_eq!(purge(&house).await.identities, 0, "{jump}");
        assert_eq!(store.accept(event("e")).await, twin(seq, true), "{jump}");
    }
    clock.jump(-5 * DAY);
    clock.advance(DAY - 1);
    assert_eq!(store.accept(event("e")).await, twin(seq, true));
    clock.advance(1);
    assert!(accept(&**store, "e").await > seq);
}

async fn a_jump_back_does_not_keep_identities(house: House) {
    let House { store, clock, .. } = &house;
    let early = accept(&**store, "early").await;
    store.finish(early, Outcome::Done).await.unwrap();
    settle(&**store).await;
    clock.jump(-30 * DAY);
    clock.advance(DAY / 2);
    let late = accept(&**store, "late").await;
    assert!(late > early, "numbers do not go by the clock");
    store.finish(late, Outcome::Done).await.unwrap();
    settle(&**store).await;
    clock.advance(DAY / 2);
    let purged = purge(&house).await;
    assert_eq!((purged.identities, purged.records), (1, 1), "`early`, `late` not yet");
    clock.advance(DAY / 2);
    let purged = purge(&house).await;
    assert_eq!((purged.identities, purged.records), (1, 1));
}

async fn a_text_stays_a_day_that_passed(house: House) {
    let House { store, clock, .. } = &house;
    let seq = accept(&**store, "e").await;
    let outcome = Outcome::Failed {
        reason: "why".to_owned(),
    };
    store.finish(seq, outcome).await.unwrap();
    settle(&**store).await;
    clock.jump(2 * DAY);
    assert_eq!(purge(&house).await.records, 0);
    assert!(store.filed(seq).await.unwrap().is_some());
    clock.jump(-9 * DAY);
    clock.advance(DAY);
    assert_eq!(purge(&house).await.records, 1);
}

async fn an_open_record_survives_every_jump(house: House) {
    let House { store, clock, .. } = &house;
    let seq = accept(&**store, "e").await;
    store.write(vec![], effect(seq, "i", 0, "f")).await.unwrap();
    for jump in [400 * DAY, -800 * DAY, 400 * DAY] {
        clock.jump(jump);
        assert_eq!(purge(&house).await, Purged::default());
        assert_eq!(store.unfinished().await.unwrap().len(), 1);
        assert_eq!(store.effects(seq, "i").await.unwrap().len(), 1);
        assert_eq!(store.accept(event("e")).await, twin(seq, false));
    }
}

async fn an_entry_goes_by_the_clock(house: House) {
    let House { store, clock, .. } = &house;
    let cell = own().cell("k");
    one(&**store, Write::set(cell.clone(), "v").ttl(1000)).await.unwrap();
    clock.jump(-DAY);
    clock.advance(5000);
    assert_eq!(
        read(&**store, &cell).await.as_deref(),
        Some("v"),
        "its moment has not come"
    );
    assert_eq!(purge(&house).await.entries, 0);
    clock.jump(2 * DAY);
    assert_eq!(read(&**store, &cell).await, None);
    // Only whoever removes it ends it for good.
    clock.jump(-2 * DAY);
    assert_eq!(read(&**store, &cell).await.as_deref(), Some("v"));
    clock.jump(2 * DAY);
    assert_eq!(purge(&house).await.entries, 1);
    clock.jump(-2 * DAY);
    assert_eq!(read(&**store, &cell).await, None);
}

async fn what_has_no_time_survives_every_jump(house: House) {
    let House { store, clock, .. } = &house;
    let cell = own().cell("n");
    let mut versions = std::collections::BTreeSet::new();
    for jump in [400 * DAY, -800 * DAY, 0] {
        let Ok(WriteOutcome::Sum { version, .. }) = one(&**store, Write::increment(cell.clone(), 1)).await else {
            panic!()
        };
        assert!(versions.insert(version.parse::<u64>().unwrap()));
        store.fact_set("f", Some("v")).await.unwrap();
        clock.jump(jump);
        purge(&house).await;
    }
    assert_eq!(read(&**store, &cell).await.as_deref(), Some("3"));
    assert_eq!(store.fact_get("f").await.unwrap().as_deref(), Some("v"));
}

async fn an_end_shows_the_time_of_day(House { store, clock, .. }: House) {
    let seq = accept(&*store, "e").await;
    clock.jump(5 * DAY);
    store.finish(seq, Outcome::Done).await.unwrap();
    settle(&*store).await;
    assert_eq!(
        store.filed(seq).await.unwrap().unwrap().end.unwrap().ended_ms,
        START + 5 * DAY
    );
}
