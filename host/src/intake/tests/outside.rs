//! Jobs that are due, and requests from outside, whose sender waits.

use super::*;
use crate::adapter::AckAnswer;
use crate::matching::Todo;
use moa_core::call::HookAnswer;
use moa_core::event::{Due, Hook};

fn due(plugin: &str, at: &str) -> Event {
    Due {
        plugin: plugin.into(),
        name: "daily".into(),
        due: at.into(),
        payload: String::new(),
        time: at.into(),
    }
    .event()
}

fn hook(id: &str) -> Event {
    Hook {
        plugin: "memo".into(),
        name: "build".into(),
        method: "POST".into(),
        path: String::new(),
        query: String::new(),
        headers: Vec::new(),
        body: b"{}".to_vec(),
        time: "2026-11-20T00:00:00Z".into(),
    }
    .event(id)
}

async fn with_memo() -> House {
    let component = crate::registry::testing::plugin("memo", "1");
    let house = house_with(Arc::default(), &[("memo", component)]).await;
    house.intake.start().await.unwrap();
    house
}

#[tokio::test]
async fn a_due_time_is_worked_on_once_however_often_it_is_found() {
    let house = with_memo().await;
    let event = due("memo", "2026-11-20T00:50:00Z");
    let (first, second) = (house.deliver(&event), house.deliver(&event));
    until(|| is_done(&first) && is_done(&second)).await;
    assert_eq!(house.running().len(), 1);
    house.end_all().await;
    assert!(is_done(&house.deliver(&event)));
    assert_eq!(house.running(), []);
    // And not by the next host either.
    let next = house_on(Arc::clone(&house.store)).await;
    next.intake.start().await.unwrap();
    next.deliver(&event);
    assert_eq!(next.running(), []);
}

#[tokio::test]
async fn runs_of_one_job_follow_each_other_and_are_never_refused() {
    let house = with_memo().await;
    for minute in 10..16 {
        house.deliver(&due("memo", &format!("2026-11-20T00:{minute}:00Z")));
    }
    for _ in 10..16 {
        let running = house.running();
        assert_eq!(running.len(), 1, "{running:?}");
        house.end_all().await;
    }
    assert_eq!(house.running(), []);
}

#[tokio::test]
async fn what_is_for_a_plugin_that_is_not_there_leaves_no_trace() {
    let house = with_memo().await;
    assert!(is_done(&house.deliver(&due("gone", "2026-11-20T00:50:00Z"))));
    assert!(house.store.identities(0).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_sender_that_comes_twice_gets_the_same_answer_twice() {
    let house = with_memo().await;
    let shown: Arc<Mutex<Vec<Option<AckAnswer>>>> = Arc::default();
    let event = hook("1");
    let deliver = || {
        let tell = Arc::clone(&shown);
        let ack = Ack::answering(move |what| {
            lock(&tell).push(what);
            true
        });
        let event = event.clone();
        adapter::Intake::deliver(&Door(Arc::clone(&house.intake)), Delivery { event, ack });
    };
    deliver();
    deliver();
    assert!(house.first_ticket().seq().await.is_some());
    assert!(lock(&shown).is_empty(), "it waits for the plugin");
    let held = lock(&house.started)[0].0.held.clone().unwrap();
    assert!(matches!(&lock(&house.started)[0].0.matched.todo, Todo::Hook { plugin } if plugin == "memo"));
    let answer = AckAnswer::Response(HookAnswer {
        status: 201,
        headers: Vec::new(),
        body: b"made".to_vec(),
    });
    assert!(held.show(answer.clone()));
    assert_eq!(*lock(&shown), vec![Some(answer); 2]);
}

#[tokio::test]
async fn only_a_request_that_can_come_again_is_kept_in_mind() {
    let house = with_memo().await;
    for (id, kept) in [("unnamed-1", 0), ("1", 1), ("unnamed-2", 1)] {
        let event = hook(id);
        house.deliver(&event);
        assert!(lock(&house.intake.seen).knows(&event.identity), "{id}");
        assert_eq!(lock(&house.intake.forms).len(), kept, "{id}");
    }
}

#[tokio::test]
async fn what_was_handed_over_is_done_however_late() {
    let house = with_memo().await;
    let old = |event: Event| NewRecord {
        identity: event.identity.0.clone(),
        kind: "moa".into(),
        body: serde_json::to_vec(&event).unwrap(),
        received_ms: 0,
    };
    house
        .store
        .accept(old(due("memo", "1970-01-01T00:00:00Z")))
        .await
        .unwrap();
    house.store.accept(old(hook("late"))).await.unwrap();
    let component = crate::registry::testing::plugin("memo", "1");
    let next = house_with(Arc::clone(&house.store), &[("memo", component)]).await;
    next.intake.start().await.unwrap();
    let mut done = 0;
    // One has the plugin's only place.
    for _ in 0..2 {
        for (work, _) in &*lock(&next.started) {
            assert!(matches!(work.matched.todo, Todo::Due { .. } | Todo::Hook { .. }));
            done += 1;
        }
        next.end_all().await;
    }
    assert_eq!(done, 2);
}

#[tokio::test]
async fn what_was_accepted_runs_also_during_a_pause_and_fails_where_its_plugin_is_gone() {
    let house = with_memo().await;
    let event = due("memo", "2026-11-20T00:50:00Z");
    let record = |event: &Event| NewRecord {
        identity: event.identity.0.clone(),
        kind: "moa".into(),
        body: serde_json::to_vec(event).unwrap(),
        received_ms: 0,
    };
    let Accepted::New(gone) = house
        .store
        .accept(record(&due("gone", "2026-11-20T00:50:00Z")))
        .await
        .unwrap()
    else {
        panic!("it is the first")
    };
    house.store.accept(record(&event)).await.unwrap();
    let component = crate::registry::testing::plugin("memo", "1");
    let next = house_with(Arc::clone(&house.store), &[("memo", component)]).await;
    let matcher = Arc::clone(&next.intake.parts.matcher);
    let order = crate::maintenance::Order {
        by: "U9".into(),
        name: "Rosie".into(),
        at_ms: 7,
        reason: String::new(),
    };
    matcher.maintenance.pause(order).await.unwrap();
    next.intake.park();
    // It comes before the plugins are there.
    let early = due("early", "2026-11-20T00:50:00Z");
    assert_eq!(next.intake.hand_in(early.clone()).await, Ok(Told::Recorded));
    next.intake.start().await.unwrap();
    assert_eq!(next.running().len(), 1);
    let works = std::mem::take(&mut *lock(&next.started));
    for (work, turn) in works {
        assert_eq!(work.event.identity, event.identity);
        let refreshed = matcher.refresh(&work.event, work.matched).unwrap();
        assert!(matches!(refreshed.todo, Todo::Due { .. }), "also when its turn comes");
        next.store
            .finish(work.ticket.seq().await.unwrap(), Outcome::Done)
            .await
            .unwrap();
        drop(turn);
    }
    next.all_finished().await;
    let Accepted::Twin { seq: early, .. } = next.store.accept(record(&early)).await.unwrap() else {
        panic!("it is recorded")
    };
    for seq in [gone, early] {
        let end = format!("{:?}", next.store.filed(seq).await.unwrap().unwrap().end);
        assert!(end.contains("Failed") && end.contains("is not loaded"), "{end}");
    }
    // What is new is refused.
    let new = due("memo", "2026-11-20T00:51:00Z");
    assert_eq!(next.intake.hand_in(new).await, Ok(Told::Nobody));
}

#[tokio::test]
async fn whoever_hands_something_in_is_told_what_came_of_it() {
    let house = with_memo().await;
    let event = due("memo", "2026-11-20T00:50:00Z");
    let (first, second) = (house.intake.hand_in(event.clone()), house.intake.hand_in(event.clone()));
    assert_eq!((first.await, second.await), (Ok(Told::Recorded), Ok(Told::Twin)));
    assert_eq!(house.intake.hand_in(event).await, Ok(Told::Twin));
    let gone = due("gone", "2026-11-20T00:50:00Z");
    assert_eq!(house.intake.hand_in(gone).await, Ok(Told::Nobody));
}
