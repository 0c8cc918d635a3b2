//! The chat service by itself: what plugins may ask of it.

use super::*;
use crate::adapter::{Adapter, Form, SendError, Stamp, Upload};
use crate::toolchain::transcript::parse::Act;
use jiff::{SignedDuration, Timestamp};
use moa_core::event::{Event, EventKind, MessageRef};

const FORM: &str =
    r#"{"type": "modal", "callback_id": "x", "title": {"type": "plain_text", "text": "x"}, "blocks": []}"#;

fn room() -> Room {
    let manifest = Manifest::parse(r#"{"name": "orders", "shortcuts": [{"id": "x", "on": "anywhere", "name": "X"}]}"#);
    Room::new(
        vec!["로지".into(), "샐리".into()],
        vec!["lunch".into()],
        Arc::new(manifest.unwrap().manifest),
    )
}

fn lunch() -> Spot {
    Spot::Channel("lunch".into(), None)
}

fn at(event: &Event) -> MessageRef {
    event.message().unwrap().at.clone()
}

fn stamp() -> Stamp {
    Stamp {
        plugin: "orders".into(),
        invocation: "i".into(),
        ordinal: 0,
    }
}

fn did(room: &Room) -> Vec<What> {
    room.happened().into_iter().map(|one| one.what).collect()
}

fn code<T: std::fmt::Debug>(done: Result<T, SendError>) -> String {
    match done.unwrap_err() {
        SendError::Refused { code, .. } => code,
        other => other.to_string(),
    }
}

#[tokio::test]
async fn a_file_is_kept_and_can_be_read() {
    let room = room();
    let said = room.says("로지", &lunch(), "hi", Timestamp::UNIX_EPOCH).unwrap();
    let upload = Upload {
        to: &at(&said).place,
        name: "a.csv",
        data: b"a,b",
        comment: "here, {@U0}",
    };
    let id = room.upload(upload).await.unwrap();
    assert_eq!(
        did(&room),
        [
            What::Said("here, @로지".into()),
            What::Sent("a.csv".into(), b"a,b".to_vec())
        ]
    );
    assert_eq!(room.download(&id, 3).await.unwrap().as_deref(), Some(&b"a,b"[..]));
    assert_eq!(room.download("none", 3).await, Ok(None));
    assert_eq!(code(room.download(&id, 2).await), "too_large");
    assert_eq!(room.find_file(&id).await, Ok(Some(vec!["C0".to_owned()])));
    assert_eq!(room.find_file("none").await, Ok(None));
}

#[tokio::test]
async fn only_own_messages_are_changed_and_deleted() {
    let room = room();
    let said = room.says("로지", &lunch(), "hi", Timestamp::UNIX_EPOCH).unwrap();
    let (content, stamp) = (Content::text("bye"), stamp());
    assert_eq!(
        code(room.edit(&at(&said), &content, &stamp).await),
        "cant_update_message"
    );
    assert_eq!(code(room.delete(&at(&said)).await), "cant_delete_message");
    let gone = MessageRef {
        id: "none".into(),
        ..at(&said)
    };
    assert_eq!(code(room.edit(&gone, &content, &stamp).await), "message_not_found");
    assert_eq!(room.delete(&gone).await, Ok(()));
    assert_eq!(code(room.react(&gone, "+1").await), "message_not_found");
    room.react(&at(&said), "👍").await.unwrap();
    room.react(&at(&said), "+1").await.unwrap();
    room.unreact(&at(&said), "+1").await.unwrap();
    room.unreact(&at(&said), "+1").await.unwrap();
    assert_eq!(did(&room), [What::Reacted("👍".into()), What::Unreacted("+1".into())]);
}

#[tokio::test]
async fn history_is_told_newest_first_and_without_what_one_person_sees() {
    let room = room();
    let thread = Spot::Channel("lunch".into(), Some(1));
    let first = room.says("로지", &lunch(), "one @샐리", Timestamp::UNIX_EPOCH).unwrap();
    let inside = room.says("샐리", &thread, "inside", Timestamp::UNIX_EPOCH).unwrap();
    let second = room.says("로지", &lunch(), "two", Timestamp::UNIX_EPOCH).unwrap();
    let place = at(&first).place;
    let texts = async |at: &Place, before: Option<&str>, limit: u32| {
        let told = room.history(at, before, limit).await.unwrap();
        told.into_iter().map(|one| one.text).collect::<Vec<_>>()
    };
    assert_eq!(texts(&place, None, 10).await, ["two", "one {@U1}"]);
    assert_eq!(texts(&place, None, 1).await, ["two"]);
    assert_eq!(texts(&place, Some(&at(&second).id), 10).await, ["one {@U1}"]);
    assert_eq!(texts(&at(&inside).place, None, 10).await, ["inside", "one {@U1}"]);
    assert_eq!(texts(&place, Some(&at(&first).id), 10).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_press_opens_one_form_and_soon() {
    let room = room();
    let press = |seconds: i64| {
        let now = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds);
        match room
            .does("로지", &lunch(), &Act::Shortcut("X".into()), now)
            .unwrap()
            .kind
        {
            EventKind::Press(press) => press,
            other => panic!("{other:?}"),
        }
    };
    let open = async |press: &moa_core::event::Press, view: &str| {
        let trigger = press.trigger.as_deref().unwrap();
        room.open_form(Form {
            trigger,
            view,
            plugin: "orders",
            place: &press.place,
            on: None,
        })
        .await
    };
    let first = press(0);
    assert_eq!(
        code(open(&first, "{}").await),
        "bad_view",
        "a slip of the plugin costs no trigger"
    );
    open(&first, FORM).await.unwrap();
    assert_eq!(code(open(&first, FORM).await), "trigger_exchanged");
    let second = press(0);
    press(4);
    assert_eq!(code(open(&second, FORM).await), "trigger_expired");
    let foreign = moa_core::event::Press {
        trigger: Some("t".into()),
        ..second
    };
    assert_eq!(code(open(&foreign, FORM).await), "invalid_trigger_id");
    let nothing = room.does(
        "로지",
        &lunch(),
        &Act::Submit(serde_json::Map::new()),
        Timestamp::UNIX_EPOCH,
    );
    assert!(nothing.unwrap_err().contains("no button to send it"));
}

#[tokio::test]
async fn who_leaves_is_no_member_until_they_join() {
    let room = room();
    let members = async || room.find_members("C0", None).await.unwrap().unwrap().ids;
    assert_eq!(members().await, ["U0", "U1", "UBOT"]);
    room.does("샐리", &lunch(), &Act::Leave, Timestamp::UNIX_EPOCH).unwrap();
    assert_eq!(members().await, ["U0", "UBOT"]);
    room.does("샐리", &lunch(), &Act::Join, Timestamp::UNIX_EPOCH).unwrap();
    assert_eq!(members().await, ["U0", "U1", "UBOT"]);
    room.does("샐리", &lunch(), &Act::Topic("12시".into()), Timestamp::UNIX_EPOCH)
        .unwrap();
    assert_eq!(room.find_conversation("C0").await.unwrap().unwrap().topic, "12시");
    assert_eq!(room.open_direct("U1").await.unwrap().conversation, "DU1");
    assert_eq!(code(room.open_direct("U9").await), "user_not_found");
}
