//! Where a plugin may speak, and how that reaches the service.

use super::*;
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
    let chat = Chat(stage.scene(false).await);
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
        Chat(stage.scene(false).await)
            .send(place("C2"), Content::text("there"))
            .await
            .is_err()
    );
    stage.grants = crate::capability::Grants::Everything;
    let chat = Chat(stage.scene(false).await);
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
async fn a_rerun_says_nothing_twice_and_counts_the_same() {
    let stage = Stage::of(message("U1", "1.0", "!x")).await;
    let first = Chat(stage.scene(false).await);
    let one = first.send(place("C1"), Content::text("same")).await.unwrap();
    first.react(one.clone().unwrap(), "tada".into()).await.unwrap();
    first.edit(one.clone().unwrap(), Content::text("better")).await.unwrap();
    // Here it broke off.
    let again = Chat(stage.scene(true).await);
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
    let said = Chat(Arc::clone(&scene)).send(place("C1"), Content::text("x")).await;
    assert_eq!(said, Err(CapError::Stopped));
    assert_eq!(scene.recall.stopped(), Some(crate::recall::Stop::Closed));
    assert_eq!(stage.adapter.texts(), [] as [String; 0]);
}

#[tokio::test]
async fn after_a_slash_command_its_address_is_used_and_nothing_to_answer() {
    let stage = Stage::of(slash("U1", "trigger", "x")).await;
    let chat = Chat(stage.scene(false).await);
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
    let chat = Chat(stage.scene(false).await);
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
    let chat = Chat(stage.scene(false).await);
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
    let chat = Chat(stage.scene(false).await);
    assert_eq!(chat.get_user("U9".into()).await.unwrap().id, "U9");
    for absent in [
        chat.members("C2".into(), None).await.map(drop),
        chat.get_conversation("C2".into()).await.map(drop),
    ] {
        assert!(matches!(absent, Err(CapError::NotFound(_))), "{absent:?}");
    }
}
