//! Forms that come twice, questions whose plugin is busy or away.

use super::*;
use crate::adapter::AckAnswer;
use crate::matching::Todo;
use crate::testing::place;
use moa_core::event::{EventKind, Press, PressKind};

/// Somebody pressed something of a plugin, or did not, at that time.
fn press(kind: PressKind, plugin: &str, name: &str, time: jiff::Timestamp) -> Event {
    let mut event = message("U1", "1.0", "x");
    event.identity = Identity::other("fake", "T1", name);
    event.kind = EventKind::Press(Press {
        kind,
        plugin: plugin.into(),
        id: "order".into(),
        value: String::new(),
        state: Vec::new(),
        user: "U1".into(),
        place: place("C1"),
        on: None,
        trigger: None,
        response_url: None,
        time: time.to_string(),
    });
    event
}

#[tokio::test]
async fn a_form_that_comes_twice_is_answered_twice_and_not_closed_before() {
    let house = house().await;
    house.intake.start().await.unwrap();
    let event = press(PressKind::Modal, "gone", "trigger", jiff::Timestamp::now());
    let shown: Arc<Mutex<Vec<Option<AckAnswer>>>> = Arc::default();
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
    let ticket = house.first_ticket();
    assert!(ticket.seq().await.is_some());
    // It is in the journal by now.
    deliver();
    assert!(lock(&shown).is_empty(), "nobody has said anything to it yet");
    let form = lock(&house.started)[0].0.held.clone().unwrap();
    let errors = AckAnswer::Errors(vec![("size".into(), "too large".into())]);
    assert!(form.show(errors.clone()));
    drop(form);
    house.end_all().await;
    deliver();
    assert_eq!(*lock(&shown), vec![Some(errors); 4]);
    assert_eq!(house.running(), []);
}

#[tokio::test]
async fn the_end_of_a_question_is_never_refused_for_want_of_room() {
    let component = crate::registry::testing::plugin("memo", "1");
    let house = house_with(Arc::default(), &[("memo", component)]).await;
    house.intake.start().await.unwrap();
    let now = jiff::Timestamp::now();
    for n in 0..6 {
        let kind = [PressKind::Answer, PressKind::Timeout][n % 2];
        house.deliver(&press(kind, "memo", &format!("ask/{n}"), now));
    }
    // There is one place, and room for one that waits.
    for _ in 0..6 {
        let running = lock(&house.started)
            .iter()
            .map(|(work, _)| work.matched.todo.clone())
            .collect::<Vec<_>>();
        assert!(matches!(&running[..], [Todo::Pressed { .. }]), "{running:?}");
        house.end_all().await;
    }
    assert_eq!(house.running(), []);
}

#[tokio::test]
async fn the_end_of_a_question_waits_for_its_plugin_but_not_for_ever() {
    let house = house().await;
    house.intake.start().await.unwrap();
    let now = jiff::Timestamp::now();
    let timeout = press(
        PressKind::Timeout,
        "away",
        "ask/1",
        now - jiff::SignedDuration::from_hours(1),
    );
    assert!(is_done(&house.deliver(&timeout)));
    assert!(
        lock(&house.intake.seen).is_empty(),
        "it is as new when it is told again"
    );
    let old = press(
        PressKind::Timeout,
        "away",
        "ask/1",
        now - jiff::SignedDuration::from_hours(25),
    );
    house.deliver(&old);
    assert_eq!(house.running().len(), 1);
}

#[tokio::test]
async fn a_time_out_while_the_plugins_are_loading_is_told_again_later() {
    let house = house().await;
    house.intake.park();
    let timeout = press(PressKind::Timeout, "away", "ask/1", jiff::Timestamp::now());
    assert!(is_done(&house.deliver(&timeout)));
    assert!(lock(&house.intake.seen).is_empty());
}
