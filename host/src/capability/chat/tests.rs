//! Where a plugin may speak, and how that reaches the service.

use super::*;
use crate::adapter::SendError;
use crate::testing::{Next, Stage, message, place, slash};
use moa_core::content::Audience;
use moa_engine::Chat as _;
use moa_store::{Outcome, Store as _};
use std::sync::atomic::Ordering;

fn requests(conversation: &str) -> moa_core::manifest::Requests {
    serde_json::from_value(serde_json::json!({"conversations": [conversation]})).unwrap()
}

#[tokio::test]
async fn here_is_free_and_elsewhere_needs_request_and_grant() {
    let mut stage = Stage::of(message("U1", "1.0", "!x")).await;
    let chat = Chat::new(stage.scene(false).await);
    chat.send(place("C1"), Content::text("here")).await.unwrap();
    let denied = chat.send(place("C2"), Content::text("there")).await.unwrap_err();
    assert!(matches!(denied, CapError::AccessDenied(_)), "{denied}");
    let elsewhere = MessageRef {
        place: place("C2"),
        id: "9.0".into(),
    };
    assert!(matches!(
        chat.edit(elsewhere.clone(), Content::text("x")).await,
        Err(CapError::AccessDenied(_))
    ));
    assert!(matches!(
        chat.react(elsewhere.clone(), "tada".into()).await,
        Err(CapError::AccessDenied(_))
    ));
    let nowhere = Place {
        service: "irc".into(),
        ..place("C1")
    };
    assert!(matches!(
        chat.send(nowhere, Content::text("x")).await,
        Err(CapError::NotFound(_))
    ));
    assert_eq!(stage.adapter.texts(), ["here"]);

    stage.requests = requests("C2");
    assert!(
        Chat::new(stage.scene(false).await)
            .send(place("C2"), Content::text("there"))
            .await
            .is_err()
    );
    stage.grants = crate::capability::Grants::Everything;
    let chat = Chat::new(stage.scene(false).await);
    chat.send(place("C2"), Content::text("there")).await.unwrap();
    chat.react(elsewhere, "tada".into()).await.unwrap();
    let told = stage.adapter.told.lock().unwrap().clone();
    assert_eq!(told[0].answers.as_deref(), Some("1.0"));
    assert_eq!(
        told[1].answers, None,
        "what is elsewhere cannot answer a message of here"
    );
    assert_eq!(told[1].conversation, "C2");
}

#[tokio::test]
async fn where_the_bot_is_mute_nothing_new_is_shown_and_what_stands_there_can_be_taken_away() {
    let mut stage = Stage::of(message("U1", "1.0", "!x")).await;
    stage.grants = crate::capability::Grants::Everything;
    let order = crate::maintenance::Order {
        by: "U9".into(),
        name: "Rosie".into(),
        at_ms: 0,
        reason: String::new(),
    };
    for mute in ["C1", "C2"] {
        stage.requests = requests("C2");
        stage.maintenance.mute("fake", mute, order.clone()).await.unwrap();
        let chat = Chat::new(stage.scene(false).await);
        let there = MessageRef {
            place: place(mute),
            id: "9.0".into(),
        };
        let button = Content {
            actions: vec![Action::Button {
                id: "a".into(),
                label: "a".into(),
                value: String::new(),
                style: moa_core::content::Style::Normal,
                confirm: None,
            }],
            ..Content::text("x")
        };
        let refused = [
            chat.send(place(mute), Content::text("x")).await.map(drop),
            chat.edit(there.clone(), Content::text("x")).await,
            chat.react(there.clone(), "tada".into()).await,
            chat.upload(place(mute), "a".into(), vec![1], String::new())
                .await
                .map(drop),
            chat.ask(place(mute), "U1".into(), "q".into(), button, 10)
                .await
                .map(drop),
        ];
        for refused in refused {
            let says = matches!(&refused, Err(CapError::AccessDenied(why)) if why.contains("!unmute"));
            assert!(says, "{refused:?}");
        }
        chat.delete(there.clone()).await.unwrap();
        chat.unreact(there, "tada".into()).await.unwrap();
    }
    assert!(stage.adapter.texts().is_empty());
}

#[tokio::test]
async fn a_rerun_says_nothing_twice_and_counts_the_same() {
    let stage = Stage::of(message("U1", "1.0", "!x")).await;
    let first = Chat::new(stage.scene(false).await);
    let one = first.send(place("C1"), Content::text("same")).await.unwrap();
    first.react(one.clone().unwrap(), "tada".into()).await.unwrap();
    first.edit(one.clone().unwrap(), Content::text("better")).await.unwrap();
    // Here it broke off.
    let again = Chat::new(stage.scene(true).await);
    assert_eq!(again.send(place("C1"), Content::text("same")).await.unwrap(), one);
    again.react(one.clone().unwrap(), "tada".into()).await.unwrap();
    again.edit(one.unwrap(), Content::text("better")).await.unwrap();
    again.send(place("C1"), Content::text("same")).await.unwrap();
    let told = stage.adapter.told.lock().unwrap().clone();
    assert_eq!(
        told.iter().map(|told| told.stamp.ordinal).collect::<Vec<_>>(),
        [1, 4],
        "equal texts are two messages"
    );
}

/// What became of the notes of what was said while the disk was full.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Notes {
    Kept,
    Lost,
    /// The event itself could not be recorded; the service delivered it again.
    NoRecord,
}

#[tokio::test]
async fn what_was_said_while_the_store_failed_is_found_by_a_rerun() {
    for notes in [Notes::Kept, Notes::Lost, Notes::NoRecord] {
        let mut stage = Stage::of(message("U1", "1.0", "!x")).await;
        let ticket = Arc::clone(&stage.ticket);
        let seq = ticket.seq().await.unwrap();
        if notes == Notes::NoRecord {
            stage.ticket = Arc::default();
            stage.ticket.resolve(None);
        }
        let speak = async |scene: Arc<Scene>| {
            let host = crate::capability::host(scene);
            for text in ["one", "two", "three", "four"] {
                host.chat.send(place("C1"), Content::text(text)).await.unwrap();
                if text == "two" {
                    host.system.config();
                }
            }
        };
        stage.store.full.store(true, Ordering::SeqCst);
        speak(stage.scene(false).await).await;
        // Here it broke off.
        stage.store.full.store(false, Ordering::SeqCst);
        stage.ticket = ticket;
        if notes == Notes::Lost {
            let reason = String::new();
            stage.store.finish(seq, Outcome::Failed { reason }).await.unwrap();
            assert!(stage.store.reopen(seq, true).await.unwrap());
        }
        let again = stage.scene(true).await;
        speak(Arc::clone(&again)).await;
        assert_eq!(again.recall.ended(), None);
        assert_eq!(stage.adapter.texts(), ["one", "two", "three", "four"], "{notes:?}");
    }
}

#[tokio::test]
async fn of_an_event_that_was_done_with_nothing_is_said() {
    let mut stage = Stage::of(message("U1", "1.0", "!x")).await;
    stage.ticket = Arc::default();
    stage.ticket.set_over();
    let scene = stage.scene(false).await;
    let said = Chat::new(Arc::clone(&scene))
        .send(place("C1"), Content::text("x"))
        .await;
    assert_eq!(said, Err(CapError::Stopped));
    assert_eq!(scene.recall.stopped(), Some(crate::recall::Stop::Closed));
    assert_eq!(stage.adapter.texts(), [] as [String; 0]);
}

#[tokio::test]
async fn after_a_slash_command_its_address_is_used_and_nothing_to_answer() {
    let stage = Stage::of(slash("U1", "trigger", "x")).await;
    let chat = Chat::new(stage.scene(false).await);
    chat.send(
        place("C1"),
        Content {
            audience: Audience::Asker,
            ..Content::text("psst")
        },
    )
    .await
    .unwrap();
    let told = stage.adapter.told.lock().unwrap()[0].clone();
    assert_eq!((told.answers, told.asker.as_deref()), (None, Some("U1")));
    assert_eq!(told.response_url.as_deref(), Some("https://answer/here"));
}

#[tokio::test]
async fn the_services_no_becomes_the_contracts() {
    let stage = Stage::of(message("U1", "1.0", "!x")).await;
    let chat = Chat::new(stage.scene(false).await);
    let no = |code: &str| SendError::Refused {
        code: code.into(),
        explanation: "no".into(),
    };
    stage
        .adapter
        .next
        .lock()
        .unwrap()
        .extend([Next::Fail(no("channel_not_found")), Next::Fail(no("no_text"))]);
    assert!(matches!(
        chat.send(place("C1"), Content::text("x")).await,
        Err(CapError::NotFound(_))
    ));
    assert!(matches!(
        chat.send(place("C1"), Content::text("x")).await,
        Err(CapError::Invalid(_))
    ));
}

#[tokio::test]
async fn who_is_here_is_free_and_others_need_request_and_grant() {
    let mut event = message("U1", "1.0", "!x");
    if let moa_core::event::EventKind::Message(message) = &mut event.kind {
        message.mentions.push(Mention::User("U8".into()));
    }
    let mut stage = Stage::of(event).await;
    let chat = Chat::new(stage.scene(false).await);
    let (ids, next) = chat.members("C1".into(), None).await.unwrap();
    assert_eq!((ids.len(), next.as_deref()), (2, Some("more")));
    assert_eq!(chat.members("C1".into(), next).await.unwrap().0, ["U2"]);
    for concerned in ["U1", "UBOT", "U8", "U2"] {
        assert_eq!(chat.get_user(concerned.into()).await.unwrap().id, concerned);
    }
    let denied = chat.get_user("U9".into()).await.unwrap_err();
    assert!(matches!(denied, CapError::AccessDenied(_)), "{denied}");
    let denied = chat.members("C2".into(), None).await.unwrap_err();
    assert!(matches!(denied, CapError::AccessDenied(_)), "{denied}");
    let denied = chat.get_conversation("C2".into()).await.unwrap_err();
    assert!(matches!(denied, CapError::AccessDenied(_)), "{denied}");

    stage.requests = serde_json::from_value(serde_json::json!({"conversations": ["C2"], "users": true})).unwrap();
    stage.grants = crate::capability::Grants::Everything;
    let chat = Chat::new(stage.scene(false).await);
    assert_eq!(chat.get_user("U9".into()).await.unwrap().id, "U9");
    for absent in [
        chat.members("C2".into(), None).await.map(drop),
        chat.get_conversation("C2".into()).await.map(drop),
    ] {
        assert!(matches!(absent, Err(CapError::NotFound(_))), "{absent:?}");
    }
}

fn press(trigger: Option<&str>) -> moa_core::event::Event {
    let mut event = message("U1", "1.0", "!x");
    event.kind = EventKind::Press(moa_core::event::Press {
        kind: moa_core::event::PressKind::Button,
        plugin: "memo".into(),
        id: "order".into(),
        value: String::new(),
        state: Vec::new(),
        user: "U1".into(),
        place: place("C1"),
        on: None,
        trigger: trigger.map(Into::into),
        response_url: None,
        time: "2026-11-21T00:50:00Z".into(),
    });
    event
}

fn at(conversation: &str, id: &str) -> MessageRef {
    MessageRef {
        place: place(conversation),
        id: id.into(),
    }
}

fn denied<T: std::fmt::Debug>(answer: CapResult<T>) {
    assert!(matches!(answer, Err(CapError::AccessDenied(_))), "{answer:?}");
}

fn not_found<T: std::fmt::Debug>(answer: CapResult<T>) {
    assert!(matches!(answer, Err(CapError::NotFound(_))), "{answer:?}");
}

#[tokio::test]
async fn what_is_taken_back_stays_so_over_a_rerun() {
    let stage = Stage::of(message("U1", "1.0", "!x")).await;
    for rerun in [false, true] {
        let chat = Chat::new(stage.scene(rerun).await);
        chat.delete(at("C1", "9.0")).await.unwrap();
        chat.unreact(at("C1", "9.0"), "tada".into()).await.unwrap();
        denied(chat.delete(at("C2", "9.0")).await);
        denied(chat.unreact(at("C2", "9.0"), "tada".into()).await);
    }
    assert_eq!(*stage.adapter.deleted.lock().unwrap(), [at("C1", "9.0")]);
    assert_eq!(*stage.adapter.reacted.lock().unwrap(), [("tada".to_owned(), false)]);
}

#[tokio::test]
async fn who_is_here_may_be_written_to_directly_once_that_is_opened() {
    let mut stage = Stage::of(message("U1", "1.0", "!x")).await;
    let chat = Chat::new(stage.scene(false).await);
    let direct = place("DU1");
    denied(chat.send(direct.clone(), Content::text("psst")).await);
    let opened = chat.open_direct("U1".into()).await.unwrap();
    assert_eq!(opened.conversation, direct.conversation);
    chat.send(opened.clone(), Content::text("psst")).await.unwrap();
    denied(chat.open_direct("U9".into()).await);
    // A rerun opens it again before it goes on.
    let again = Chat::new(stage.scene(true).await);
    denied(again.send(direct, Content::text("psst")).await);
    again.open_direct("U1".into()).await.unwrap();
    again.send(opened, Content::text("psst")).await.unwrap();
    assert_eq!(stage.adapter.texts(), ["psst"]);

    stage.requests = serde_json::from_value(serde_json::json!({"users": true})).unwrap();
    stage.grants = crate::capability::Grants::Everything;
    let chat = Chat::new(stage.scene(false).await);
    let opened = chat.open_direct("U9".into()).await.unwrap();
    chat.send(opened, Content::text("psst")).await.unwrap();
}

#[tokio::test]
async fn files_of_here_are_free_and_others_need_request_and_grant() {
    let mut event = message("U1", "1.0", "!x");
    if let EventKind::Message(message) = &mut event.kind {
        message.files.push(moa_core::event::File {
            id: "F1".into(),
            name: "a".into(),
            mime: String::new(),
            size: 1,
        });
    }
    let mut stage = Stage::of(event).await;
    let put = |id: &str, seen: &[&str], content: &[u8]| {
        let seen = seen.iter().map(|id| (*id).to_owned()).collect();
        let mut contents = stage.adapter.contents.lock().unwrap();
        contents.insert(id.into(), (seen, content.to_vec()));
    };
    put("F1", &[], b"carried");
    put("F2", &["C2", "C1"], b"here too");
    put("F3", &["C2"], b"elsewhere");
    put("F4", &[], b"nowhere");
    put("F5", &["C1"], &[0; 101]);
    let chat = Chat::new(stage.scene(false).await);
    assert_eq!(chat.download("F1".into()).await.unwrap(), b"carried");
    assert_eq!(chat.download("F2".into()).await.unwrap(), b"here too");
    denied(chat.download("F3".into()).await);
    not_found(chat.download("F4".into()).await);
    not_found(chat.download("F404".into()).await);
    let large = chat.download("F5".into()).await;
    assert!(matches!(large, Err(CapError::OverLimit(_))), "{large:?}");

    stage.requests = requests("C2");
    stage.grants = crate::capability::Grants::Everything;
    let chat = Chat::new(stage.scene(false).await);
    assert_eq!(chat.download("F3".into()).await.unwrap(), b"elsewhere");
}

#[tokio::test]
async fn a_file_that_was_read_is_the_same_for_a_rerun() {
    let stage = Stage::of(message("U1", "1.0", "!x")).await;
    let read = async |rerun: bool, content: &[u8]| {
        let file = (vec!["C1".to_owned()], content.to_vec());
        stage.adapter.contents.lock().unwrap().insert("F1".into(), file);
        let chat = Chat::new(stage.scene(rerun).await);
        let content = chat.download("F1".into()).await.unwrap();
        chat.react(at("C1", "1.0"), "tada".into()).await.unwrap();
        content
    };
    assert_eq!(read(false, b"one").await, b"one");
    assert_eq!(read(true, b"two").await, b"one");
}

#[tokio::test]
async fn a_form_needs_the_trigger_of_the_press_and_opens_once() {
    let stage = Stage::of(press(Some("t1"))).await;
    for rerun in [false, true] {
        let chat = Chat::new(stage.scene(rerun).await);
        not_found(chat.open_modal("t2".into(), "{}".into()).await);
        chat.open_modal("t1".into(), "{}".into()).await.unwrap();
        not_found(chat.open_modal("t1".into(), "{}".into()).await);
    }
    assert_eq!(
        *stage.adapter.forms.lock().unwrap(),
        [("t1".to_owned(), "{}".to_owned(), "memo".to_owned())]
    );
    for event in [press(None), message("U1", "1.0", "!x")] {
        let chat = Chat::new(Stage::of(event).await.scene(false).await);
        not_found(chat.open_modal("t1".into(), "{}".into()).await);
    }
}

#[tokio::test]
async fn the_past_of_here_is_free_and_stays_the_same_for_a_rerun() {
    let stage = Stage::of(message("U1", "1.0", "!x")).await;
    let said = |id: &str, author: &str| {
        let event = message(author, id, "said");
        let mut message = event.message().unwrap().clone();
        message.text = "{@U3} said".into();
        message.mentions.push(Mention::User("U3".into()));
        stage.adapter.past.lock().unwrap().insert(0, message);
    };
    said("1.0", "U1");
    said("2.0", "U2");
    let read = async |chat: &Chat| {
        let page = chat.history(place("C1"), None, 200).await.unwrap();
        let line = |said: &FullMessage| format!("{} {}", said.message.at.id, said.author.display_name);
        page.iter().map(line).collect::<Vec<_>>()
    };
    let chat = Chat::new(stage.scene(false).await);
    assert_eq!(read(&chat).await, ["2.0 name of U2", "1.0 name of U1"]);
    let older = chat.history(place("C1"), Some("2.0".into()), 1).await.unwrap();
    assert_eq!(older.len(), 1);
    assert_eq!(older[0].message.text, "@name of U3 said", "who repeats it calls nobody");
    chat.react(at("C1", "1.0"), "tada".into()).await.unwrap();
    denied(chat.history(place("C2"), None, 1).await);

    said("3.0", "U1");
    let again = Chat::new(stage.scene(true).await);
    assert_eq!(read(&again).await, ["2.0 name of U2", "1.0 name of U1"]);
}

#[tokio::test]
async fn the_hosts_own_ids_are_refused() {
    let stage = Stage::of(message("U1", "1.0", "!x")).await;
    let chat = Chat::new(stage.scene(false).await);
    let button = |id: &str| Content {
        actions: vec![Action::Button {
            id: id.into(),
            label: "yes".into(),
            value: String::new(),
            style: moa_core::content::Style::Normal,
            confirm: None,
        }],
        ..Content::text("?")
    };
    for refused in [
        chat.send(place("C1"), button("moa:ask:1")).await.map(drop),
        chat.edit(at("C1", "1.0"), button("moa:")).await,
    ] {
        assert!(matches!(refused, Err(CapError::Invalid(_))), "{refused:?}");
    }
    chat.send(place("C1"), button("moab")).await.unwrap();
}

#[tokio::test]
async fn an_upload_is_put_once_however_the_first_run_ended() {
    let adapter = || {
        Arc::new(crate::testing::FakeAdapter {
            files: Some(std::sync::Mutex::default()),
            ..Default::default()
        })
    };
    let put = async |chat: &Chat, name: &str, data: &[u8]| {
        chat.upload(place("C1"), name.into(), data.to_vec(), "here".into())
            .await
    };
    let mut stage = Stage::of(message("U1", "1.0", "!x")).await;
    stage.adapter = adapter();
    let chat = Chat::new(stage.scene(false).await);
    let id = put(&chat, "a.csv", b"a,b").await.unwrap();
    let denied_there = chat.upload(place("C2"), "a.csv".into(), b"a".to_vec(), String::new());
    denied(denied_there.await);
    assert!(matches!(
        put(&chat, "large", &[0; 101]).await,
        Err(CapError::OverLimit(_))
    ));
    assert!(matches!(put(&chat, " ", b"a").await, Err(CapError::Invalid(_))));
    let again = Chat::new(stage.scene(true).await);
    assert_eq!(put(&again, "a.csv", b"a,b").await.unwrap(), id, "as it was recorded");
    assert_eq!(stage.adapter.files.as_ref().unwrap().lock().unwrap().len(), 1);

    // It was put there, and the host ended before it was recorded.
    let mut stage = Stage::of(message("U1", "1.0", "!x")).await;
    stage.adapter = adapter();
    let file = |id: &str| moa_core::event::File {
        id: id.into(),
        name: "a.csv".into(),
        mime: String::new(),
        size: 3,
    };
    let shown = |id: &str, author: &str, at: &str, content: &[u8]| {
        let mut message = message(author, at, "here").message().unwrap().clone();
        message.files.push(file(id));
        stage.adapter.past.lock().unwrap().insert(0, message);
        let seen = (vec!["C1".to_owned()], content.to_vec());
        stage.adapter.contents.lock().unwrap().insert(id.into(), seen);
    };
    shown("F1", "UBOT", "2.0", b"x,y");
    shown("F2", "UBOT", "3.0", b"a,b");
    shown("F3", "U1", "4.0", b"a,b");
    let chat = Chat::new(stage.scene(true).await);
    assert_eq!(put(&chat, "a.csv", b"a,b").await.unwrap(), "F2");
    assert!(stage.adapter.files.as_ref().unwrap().lock().unwrap().is_empty());
    put(&chat, "a.csv", b"a,b").await.unwrap();
    assert_eq!(
        stage.adapter.files.as_ref().unwrap().lock().unwrap().len(),
        1,
        "two equal files are two"
    );
}

#[tokio::test]
async fn the_topic_of_a_conversation_calls_nobody() {
    let mut stage = Stage::of(message("U1", "1.0", "!x")).await;
    stage.requests = requests("C8");
    stage.grants = crate::capability::Grants::Everything;
    let chat = Chat::new(stage.scene(false).await);
    let conversation = chat.get_conversation("C8".into()).await.unwrap();
    assert_eq!(conversation.topic, "ask @name of U7");
}
