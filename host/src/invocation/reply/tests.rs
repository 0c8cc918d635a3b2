use super::super::tests::{House, house};
use super::*;
use crate::adapter::Ack;
use crate::invocation::HeldAck;
use crate::matching::Todo;
use crate::testing::{FakeAdapter, Next, Stage, message, place};
use moa_core::content::Audience;
use moa_core::event::{Event, MessageRef, Press, PressKind};
use std::sync::{Arc, Mutex};

/// A press on a message, by somebody who waits.
fn press(kind: PressKind) -> Event {
    let mut event = message("U1", "1.0", "x");
    event.kind = EventKind::Press(Press {
        kind,
        plugin: "memo".into(),
        id: "order".into(),
        value: String::new(),
        state: Vec::new(),
        user: "U1".into(),
        place: place("C1"),
        on: Some(MessageRef {
            place: place("C1"),
            id: "7.0".into(),
        }),
        trigger: None,
        response_url: Some("https://answer/here".into()),
        time: "2026-11-21T00:50:00Z".into(),
    });
    event
}

async fn replied(house: &House, event: Event, form: Option<HeldAck>, reply: Reply) -> Outcome {
    let stage = Stage::of(event.clone()).await;
    let mut work = house.work(event).await;
    work.held = form;
    // It is loaded, as far as this is concerned.
    work.matched.todo = Todo::Pressed { plugin: "memo".into() };
    let scene = stage.scene(false).await;
    house.invoker.replied(&work, &scene, reply, Locale::En).await
}

#[tokio::test]
async fn what_is_said_stands_where_the_press_was() {
    let house = house(FakeAdapter::default()).await;
    let said = Reply::Say(Content::text("hello"));
    assert!(replied(&house, press(PressKind::Button), None, said).await.is_done());
    let told = house.adapter.told.lock().unwrap().clone();
    assert_eq!(
        (told[0].text.as_str(), told[0].answers.as_deref()),
        ("hello", Some("7.0"))
    );
    assert_eq!(
        (told[0].audience, told[0].stamp.plugin.as_str()),
        (Audience::Everyone, "memo")
    );
}

#[tokio::test]
async fn an_update_changes_the_message_or_is_said_where_there_is_none() {
    let house = house(FakeAdapter::default()).await;
    let update = || Reply::Update(Content::text("new"));
    assert!(
        replied(&house, press(PressKind::Button), None, update())
            .await
            .is_done()
    );
    let edited = house.adapter.edited.lock().unwrap().clone();
    assert_eq!((edited[0].0.id.as_str(), edited[0].1.as_str()), ("7.0", "new"));
    let mut event = press(PressKind::Shortcut);
    if let EventKind::Press(press) = &mut event.kind {
        press.on = None;
    }
    event.identity.0.push('2');
    assert!(replied(&house, event, None, update()).await.is_done());
    assert_eq!(house.adapter.texts(), ["new"]);
}

#[tokio::test]
async fn a_form_is_told_what_is_wrong_and_its_person_if_it_is_closed_by_now() {
    let house = house(FakeAdapter::default()).await;
    let errors = || Reply::Errors(vec![("size".into(), "too large".into())]);
    let shown: Arc<Mutex<Vec<Option<AckAnswer>>>> = Arc::default();
    let tell = Arc::clone(&shown);
    let form = HeldAck::new(Ack::answering(move |what| {
        tell.lock().unwrap().push(what);
        true
    }));
    let event = press(PressKind::Modal);
    let again = Event {
        identity: moa_core::event::Identity("again".into()),
        ..event.clone()
    };
    assert!(replied(&house, event, Some(form.clone()), errors()).await.is_done());
    let expected = AckAnswer::Errors(vec![("size".into(), "too large".into())]);
    assert_eq!(*shown.lock().unwrap(), [Some(expected)]);
    assert!(house.adapter.texts().is_empty());
    assert!(replied(&house, again, Some(form), errors()).await.is_done());
    let told = house.adapter.told.lock().unwrap().clone();
    assert_eq!(
        (told[0].text.as_str(), told[0].audience),
        ("size: too large", Audience::Asker)
    );
}

#[tokio::test]
async fn a_form_that_nothing_can_open_and_an_update_that_is_refused_are_told() {
    let house = house(FakeAdapter::default()).await;
    let done = replied(&house, press(PressKind::Button), None, Reply::View("{}".into())).await;
    assert!(
        matches!(&done, Outcome::Failed { reason } if reason.contains("no_trigger")),
        "{done:?}"
    );
    let told = house.adapter.told.lock().unwrap().clone();
    assert_eq!((told.len(), told[0].audience), (1, Audience::Asker));
    let refused = SendError::Refused {
        code: "msg_too_long".into(),
        explanation: "make it shorter".into(),
    };
    house.adapter.next.lock().unwrap().push_back(Next::Fail(refused));
    let event = Event {
        identity: moa_core::event::Identity("again".into()),
        ..press(PressKind::Button)
    };
    let done = replied(&house, event, None, Reply::Say(Content::text("much"))).await;
    assert!(
        matches!(&done, Outcome::Failed { reason } if reason.contains("make it shorter")),
        "{done:?}"
    );
}

#[tokio::test]
async fn where_the_bot_may_not_write_the_person_is_told_directly_and_once() {
    let refused = |code: &str| {
        let (code, explanation) = (code.into(), "invite it".into());
        Next::Fail(SendError::Refused { code, explanation })
    };
    let house = house(FakeAdapter {
        max_text: 4_000,
        ..FakeAdapter::default()
    })
    .await;
    for (n, code) in ["not_in_channel", "is_archived", "restricted_action"]
        .into_iter()
        .enumerate()
    {
        house.adapter.next.lock().unwrap().push_back(refused(code));
        let event = Event {
            identity: moa_core::event::Identity(code.into()),
            ..press(PressKind::Button)
        };
        let done = replied(&house, event, None, Reply::Say(Content::text("hello"))).await;
        assert!(
            matches!(&done, Outcome::Failed { reason } if reason.contains(code)),
            "{done:?}"
        );
        let told = house.adapter.told.lock().unwrap().clone();
        assert_eq!((told.len(), told[n].conversation.as_str()), (n + 1, "DU1"));
        assert!(told[n].text.contains("may not write in {#C1}"), "{told:?}");
    }
    // Nobody waits for what follows a time-out.
    house.adapter.next.lock().unwrap().push_back(refused("not_in_channel"));
    let event = Event {
        identity: moa_core::event::Identity("timeout".into()),
        ..press(PressKind::Timeout)
    };
    replied(&house, event, None, Reply::Say(Content::text("hello"))).await;
    assert_eq!(house.adapter.texts().len(), 3);
}
