//! Reactions, joins, topics, edits, deletions.

use super::*;
use crate::event::{Change, Changed, MessageRef, Place};

fn changed(event: &Value) -> Change {
    match message(event).kind {
        EventKind::Change(change) => change,
        other => panic!("{event} → {other:?}"),
    }
}

fn place(channel: &str, kind: PlaceKind) -> Place {
    Place {
        service: "slack".into(),
        conversation: channel.into(),
        thread: None,
        kind,
    }
}

fn at(channel: &str, ts: &str) -> MessageRef {
    MessageRef {
        place: place(channel, PlaceKind::Channel),
        id: ts.into(),
    }
}

fn reaction(more: Value) -> Value {
    let mut event = json!({
        "type": "reaction_added", "user": "U1", "reaction": "wave::skin-tone-3", "item_user": "UBOT",
        "item": {"type": "message", "channel": "C1", "ts": "1605853844.000800"}, "event_ts": "1605853850.000100",
    });
    event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    event
}

/// `U1` edits what they wrote, as Slack tells it.
fn edit(event: Value, now: Value) -> Value {
    let mut said = json!({
        "type": "message", "user": "U1", "text": "two bowls <@U2>", "ts": "1605853844.000800",
        "edited": {"user": "U1", "ts": "1605853900.000000"},
    });
    said.as_object_mut().unwrap().extend(now.as_object().unwrap().clone());
    let mut whole = json!({
        "type": "message", "subtype": "message_changed", "hidden": true, "channel": "C1", "channel_type": "channel",
        "ts": "1605853900.000200", "event_ts": "1605853900.000200", "message": said,
        "previous_message": {"type": "message", "user": "U1", "text": "one bowl", "ts": "1605853844.000800"},
    });
    whole
        .as_object_mut()
        .unwrap()
        .extend(event.as_object().unwrap().clone());
    whole
}

fn deletion(event: Value, before: Value) -> Value {
    let mut said = json!({"type": "message", "user": "U1", "text": "one bowl", "ts": "1605853844.000800"});
    said.as_object_mut()
        .unwrap()
        .extend(before.as_object().unwrap().clone());
    let mut whole = json!({
        "type": "message", "subtype": "message_deleted", "hidden": true, "channel": "C1", "channel_type": "channel",
        "ts": "1605853900.000200", "event_ts": "1605853900.000200", "deleted_ts": "1605853844.000800",
        "previous_message": said,
    });
    whole
        .as_object_mut()
        .unwrap()
        .extend(event.as_object().unwrap().clone());
    whole
}

#[test]
fn a_reaction_is_told_with_its_message() {
    let event = message(&reaction(json!({})));
    assert_eq!(event.identity.as_str(), "slack/T1//Ev1");
    assert!(event.is_redeliverable());
    let change = changed(&reaction(json!({})));
    assert_eq!(
        (change.who.as_str(), change.time.as_str()),
        ("U1", "2020-11-20T06:30:50.0001Z")
    );
    let said = at("C1", "1605853844.000800");
    assert_eq!(change.what, Changed::Reacted(said.clone(), "wave::skin-tone-3".into()));
    let back = changed(&reaction(json!({"type": "reaction_removed", "reaction": "tada"})));
    assert_eq!(back.what, Changed::Unreacted(said, "tada".into()));
    let direct = changed(&reaction(
        json!({"item": {"type": "message", "channel": "D1", "ts": "1.5"}}),
    ));
    assert_eq!(direct.place().kind, PlaceKind::Direct);
}

#[test]
fn joins_leaves_and_topics_are_told() {
    let join = |kind: &str| json!({"type": kind, "user": "U1", "channel": "C1", "channel_type": "C", "team": "T1"});
    let there = place("C1", PlaceKind::Channel);
    assert_eq!(
        changed(&join("member_joined_channel")).what,
        Changed::Joined(there.clone())
    );
    assert_eq!(changed(&join("member_left_channel")).what, Changed::Left(there.clone()));
    for subtype in ["channel_topic", "group_topic"] {
        let topic = changed(&with(
            json!({"subtype": subtype, "text": "<@U1> set the topic", "topic": "R&amp;D {@U3} <#C2|x>", "channel_type": "group"}),
        ));
        assert_eq!(
            topic.what,
            Changed::Topic(there.clone(), "R&D {\u{2060}@U3} {#C2}".into())
        );
        assert_eq!(
            (topic.who.as_str(), topic.time.as_str()),
            ("U1", "2020-11-20T06:30:44.0008Z")
        );
    }
}

#[test]
fn an_edit_is_told_as_the_message_is_now() {
    let event = edit(
        json!({"channel_type": "mpim"}),
        json!({"thread_ts": "1605853800.000100", "files": [{"id": "F1", "name": "a.csv"}]}),
    );
    let whole = message(&event);
    assert_eq!(whole.identity.as_str(), "slack/T1//Ev1", "not that of the message");
    let change = changed(&event);
    assert_eq!(
        (change.who.as_str(), change.time.as_str()),
        ("U1", "2020-11-20T06:31:40.0002Z")
    );
    let Changed::Edited(now) = change.what else { panic!() };
    assert_eq!(now.at.id, "1605853844.000800");
    assert_eq!(now.at.place.thread.as_deref(), Some("1605853800.000100"));
    assert_eq!(now.at.place.kind, PlaceKind::Group);
    assert_eq!(
        (now.text.as_str(), now.author.as_str(), now.edited),
        ("two bowls {@U2}", "U1", true)
    );
    assert_eq!((now.time.as_str(), now.files.len()), ("2020-11-20T06:30:44.0008Z", 1));
}

#[test]
fn other_text_or_other_files_are_an_edit() {
    let file = json!([{"id": "F1", "name": "a.csv", "mimetype": "text/csv", "size": 3}]);
    for event in [
        edit(json!({}), json!({})),
        // A file was taken off, and one was added.
        edit(
            json!({"previous_message": {"user": "U1", "text": "two bowls <@U2>", "ts": "1605853844.000800", "files": file}}),
            json!({}),
        ),
        edit(
            json!({"previous_message": {"user": "U1", "text": "two bowls <@U2>", "ts": "1605853844.000800"}}),
            json!({"files": file}),
        ),
        // Old apps' way, without the message as it was.
        edit(json!({"previous_message": null}), json!({})),
        edit(json!({"hidden": false}), json!({"subtype": "file_share"})),
        edit(json!({}), json!({"subtype": "thread_broadcast", "edited": null})),
        // A message that does not tell its own number is known by what it was before.
        edit(json!({}), json!({"ts": null})),
    ] {
        let change = changed(&event);
        assert!(
            matches!(&change.what, Changed::Edited(now) if now.at.id == "1605853844.000800" && now.edited),
            "{event} → {change:?}"
        );
    }
}

#[test]
fn a_deletion_is_told_with_its_author_and_its_thread() {
    let change = changed(&deletion(json!({}), json!({})));
    assert_eq!(change.who, "U1");
    assert_eq!(change.what, Changed::Deleted(at("C1", "1605853844.000800")));
    let below = changed(&deletion(json!({}), json!({"thread_ts": "1605853800.000100"})));
    assert_eq!(below.place().thread.as_deref(), Some("1605853800.000100"));
    // Where answers stand below it, a tombstone is put in its place.
    let stone =
        json!({"subtype": "tombstone", "user": "USLACKBOT", "text": "This message was deleted.", "hidden": true});
    let change = changed(&edit(json!({}), stone));
    assert_eq!(change.who, "U1");
    assert_eq!(change.what, Changed::Deleted(at("C1", "1605853844.000800")));
}

#[test]
fn what_nobody_did_is_not_told() {
    let subtype = |name: &str| Ignored::Subtype(name.into());
    let same = json!({"text": "one bowl", "edited": null});
    for (event, why) in [
        // Slack unfurls a link, somebody answers below.
        (
            edit(
                json!({}),
                json!({"text": "one bowl", "attachments": [{"from_url": "https://e.com"}]}),
            ),
            Ignored::Unchanged,
        ),
        (
            edit(json!({}), json!({"text": "one bowl", "reply_count": 1})),
            Ignored::Unchanged,
        ),
        (
            edit(json!({"previous_message": null}), same.clone()),
            Ignored::Unchanged,
        ),
        // The bot, and others of its kind.
        (edit(json!({}), json!({"user": "UBOT"})), Ignored::Own),
        (edit(json!({}), json!({"bot_id": "BBOT"})), Ignored::Own),
        (
            edit(json!({}), json!({"edited": {"user": "UBOT", "ts": "1.0"}})),
            Ignored::Own,
        ),
        (edit(json!({}), json!({"bot_id": "B9"})), Ignored::FromBot),
        (
            edit(json!({}), json!({"subtype": "bot_message", "bot_id": "B9"})),
            subtype("bot_message"),
        ),
        (deletion(json!({}), json!({"user": "UBOT"})), Ignored::Own),
        (deletion(json!({}), json!({"bot_id": "B9"})), Ignored::FromBot),
        (
            deletion(json!({}), json!({"subtype": "channel_join"})),
            subtype("channel_join"),
        ),
        // A tombstone goes as well, when the last answer is gone: the message went before.
        (
            deletion(json!({}), json!({"subtype": "tombstone", "user": "USLACKBOT"})),
            subtype("tombstone"),
        ),
        (reaction(json!({"user": "UBOT"})), Ignored::Own),
        (
            json!({"type": "member_joined_channel", "user": "UBOT", "channel": "C1"}),
            Ignored::Own,
        ),
        (
            with(json!({"subtype": "channel_topic", "user": "UBOT", "topic": "x"})),
            Ignored::Own,
        ),
        (
            with(json!({"subtype": "channel_topic", "bot_id": "B9", "topic": "x"})),
            Ignored::FromBot,
        ),
        // Too little to go by.
        (edit(json!({"message": null}), json!({})), Ignored::Empty),
        (edit(json!({"message": "x"}), json!({})), Ignored::Empty),
        (edit(json!({"channel": null}), json!({})), Ignored::Empty),
        (deletion(json!({"previous_message": null}), json!({})), Ignored::Empty),
        (deletion(json!({"channel": ""}), json!({})), Ignored::Empty),
        (
            deletion(json!({"deleted_ts": null}), json!({"ts": null})),
            Ignored::Empty,
        ),
        (
            reaction(json!({"item": {"type": "file", "file": "F1"}})),
            Ignored::Empty,
        ),
        (reaction(json!({"item": "x"})), Ignored::Empty),
        (reaction(json!({"reaction": null})), Ignored::Empty),
        (reaction(json!({"user": ""})), Ignored::Empty),
        (json!({"type": "member_left_channel", "user": "U1"}), Ignored::Empty),
        (
            with(json!({"subtype": "channel_topic", "user": null, "topic": "x"})),
            Ignored::Empty,
        ),
    ] {
        assert_eq!(ignored(&event), why, "{event}");
    }
}

#[test]
fn a_repetition_is_the_same_event_however_it_comes() {
    let frame = |envelope: &str, retry: u32, id: Option<&str>| {
        let mut payload = json!({"type": "event_callback", "team_id": "T1", "event": reaction(json!({}))});
        if let Some(id) = id {
            payload["event_id"] = id.into();
        }
        let whole = json!({"envelope_id": envelope, "type": "events_api", "retry_attempt": retry, "payload": payload});
        match what(read(&whole.to_string())) {
            What::Event(event) => *event,
            other => panic!("{other:?}"),
        }
    };
    for id in [Some("Ev7"), None] {
        let (first, again) = (frame("e1", 0, id), frame("e2", 1, id));
        assert_eq!(first.identity, again.identity);
        assert!(!first.redelivered && again.redelivered);
    }
}

#[test]
fn the_time_is_that_of_the_event_as_far_as_it_tells() {
    let frame = |event: Value, event_time: Value| {
        let payload = json!({"type": "event_callback", "team_id": "T1", "event_id": "Ev1", "event": event,
            "event_time": event_time});
        let whole = json!({"envelope_id": "e1", "type": "events_api", "payload": payload});
        match what(read(&whole.to_string())) {
            What::Event(event) => event.time().to_owned(),
            other => panic!("{other:?}"),
        }
    };
    let bare = json!({"type": "member_joined_channel", "user": "U1", "channel": "C1"});
    assert_eq!(frame(reaction(json!({})), json!(5)), "2020-11-20T06:30:50.0001Z");
    assert_eq!(frame(bare.clone(), json!(1605853844)), "2020-11-20T06:30:44Z");
    assert_eq!(frame(bare, json!("x")), "2026-11-20T12:00:00Z", "that of its arrival");
}
