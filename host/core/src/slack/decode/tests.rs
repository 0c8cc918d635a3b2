use super::*;
use crate::event::{EventKind, PlaceKind};
use serde_json::{Value, json};

mod changes;
mod presses;
mod samples;

fn me() -> Me {
    Me {
        user_id: "UBOT".into(),
        bot_id: "BBOT".into(),
        team: "T1".into(),
        name: "moa".into(),
    }
}

fn read(json: &str) -> Option<Frame> {
    let now = "2026-11-20T12:00:00Z".parse().unwrap();
    frame(json, Context { me: &me(), now })
}

fn what(frame: Option<Frame>) -> What {
    match frame {
        Some(Frame::Envelope { what, .. }) => what,
        other => panic!("no envelope: {other:?}"),
    }
}

/// An event as it would come.
fn event_frame(event: &Value) -> String {
    json!({
        "payload": {"type": "event_callback", "team_id": "T1", "event_id": "Ev1", "event": event},
        "envelope_id": "e1", "type": "events_api", "retry_attempt": 0, "accepts_response_payload": false,
    })
    .to_string()
}

fn message(event: &Value) -> crate::event::Event {
    match what(read(&event_frame(event))) {
        What::Event(event) => *event,
        other => panic!("{event} → {other:?}"),
    }
}

fn ignored(event: &Value) -> Ignored {
    match what(read(&event_frame(event))) {
        What::Ignored(why) => why,
        other => panic!("{event} → {other:?}"),
    }
}

fn with(more: Value) -> Value {
    let mut event =
        json!({"type": "message", "channel": "C1", "user": "U1", "text": "!hi <@UBOT>", "ts": "1605853844.000800"});
    event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    event
}

#[test]
fn a_message_becomes_an_event() {
    let event = message(&with(
        json!({"thread_ts": "1605853800.000100", "channel_type": "mpim", "edited": {"user": "U1"},
        "files": [{"id": "F1", "name": "a.csv", "mimetype": "text/csv", "size": 12}, null, {"id": 3}]}),
    ));
    assert_eq!(event.identity.as_str(), "slack/T1/C1/1605853844.000800");
    assert!(!event.redelivered && event.is_redeliverable());
    let said = event.message().unwrap();
    assert_eq!(said.text, "!hi {@UBOT}");
    assert_eq!(said.raw, "!hi <@UBOT>");
    assert_eq!(said.author, "U1");
    assert_eq!(said.at.id, "1605853844.000800");
    assert_eq!(said.at.place.thread.as_deref(), Some("1605853800.000100"));
    assert_eq!(said.at.place.kind, PlaceKind::Group);
    assert_eq!(said.time, "2020-11-20T06:30:44.0008Z");
    assert!(said.edited);
    assert_eq!(said.files.len(), 1);
    assert_eq!(said.files[0].size, 12);
}

#[test]
fn a_mention_and_its_message_are_one() {
    let plain = message(&with(json!({"channel_type": "channel", "client_msg_id": "x"})));
    let mention = message(&with(json!({"type": "app_mention"})));
    assert_eq!(plain.identity, mention.identity);
    assert_eq!(plain.kind, mention.kind);
}

#[test]
fn a_parent_of_a_thread_is_not_in_it() {
    let event = message(&with(json!({"thread_ts": "1605853844.000800"})));
    assert_eq!(event.message().unwrap().at.place.thread, None);
}

#[test]
fn kinds_of_places() {
    for (more, kind) in [
        (json!({"channel_type": "channel"}), PlaceKind::Channel),
        (json!({"channel_type": "group"}), PlaceKind::Channel),
        (json!({"channel_type": "im"}), PlaceKind::Direct),
        (json!({"channel_type": "app_home"}), PlaceKind::Direct),
        (json!({"channel_type": "mpim"}), PlaceKind::Group),
        (json!({"channel_type": "new"}), PlaceKind::Channel),
        (json!({"channel_type": null}), PlaceKind::Channel),
        (json!({"channel": "D1"}), PlaceKind::Direct),
    ] {
        assert_eq!(
            message(&with(more.clone())).message().unwrap().at.place.kind,
            kind,
            "{more}"
        );
    }
}

#[test]
fn messages_that_are_for_the_host() {
    for more in [
        json!({}),
        json!({"subtype": null}),
        json!({"subtype": "file_share", "text": "", "files": [{"id": "F1"}]}),
        json!({"subtype": "thread_broadcast", "thread_ts": "1.0"}),
        json!({"subtype": "me_message"}),
        json!({"hidden": false}),
        json!({"bot_id": null}),
        json!({"bot_id": ""}),
        json!({"blocks": "odd", "files": "odd", "team": 5}),
    ] {
        message(&with(more));
    }
}

#[test]
fn messages_that_are_not() {
    let subtype = |name: &str| Ignored::Subtype(name.into());
    for (more, why) in [
        (json!({"hidden": true}), Ignored::Hidden),
        (json!({"hidden": true, "subtype": "of_tomorrow"}), Ignored::Hidden),
        (json!({"subtype": "bot_message"}), subtype("bot_message")),
        (json!({"subtype": "message_replied"}), subtype("message_replied")),
        (json!({"subtype": "channel_join"}), subtype("channel_join")),
        (json!({"subtype": "of_tomorrow"}), subtype("of_tomorrow")),
        (json!({"bot_id": "B9"}), Ignored::FromBot),
        (json!({"bot_id": "BBOT"}), Ignored::Own),
        (json!({"user": "UBOT"}), Ignored::Own),
        (json!({"type": "app_mention", "user": "UBOT"}), Ignored::Own),
        (json!({"type": "app_mention", "bot_id": "B9"}), Ignored::FromBot),
        (json!({"user": null}), Ignored::Empty),
        (json!({"user": {"id": "U1"}}), Ignored::Empty),
        (json!({"text": ""}), Ignored::Empty),
        (json!({"text": 5}), Ignored::Empty),
        (json!({"channel": {"id": "C1"}}), Ignored::Empty),
        (json!({"ts": 1605853844.0008}), Ignored::Empty),
        (json!({"ts": "later"}), Ignored::Empty),
        (json!({"type": "pin_added"}), Ignored::Other("pin_added".into())),
        (
            json!({"type": "channel_rename", "channel": {"id": "C1"}}),
            Ignored::Other("channel_rename".into()),
        ),
    ] {
        assert_eq!(ignored(&with(more.clone())), why, "{more}");
    }
}

#[test]
fn an_own_bot_without_a_bot_id_does_not_take_everybody_for_itself() {
    let me = Me {
        bot_id: String::new(),
        ..me()
    };
    let json = event_frame(&with(json!({"bot_id": ""})));
    let frame = frame(
        &json,
        Context {
            me: &me,
            now: jiff::Timestamp::UNIX_EPOCH,
        },
    );
    assert!(matches!(what(frame), What::Event(_)));
}

#[test]
fn repetitions_are_marked() {
    let mut json: Value = serde_json::from_str(&event_frame(&with(json!({})))).unwrap();
    json["retry_attempt"] = 1.into();
    json["retry_reason"] = "timeout".into();
    let What::Event(event) = what(read(&json.to_string())) else {
        panic!()
    };
    assert!(event.redelivered);
}

#[test]
fn a_slash_command_becomes_an_event() {
    let json = json!({"envelope_id": "e1", "type": "slash_commands", "accepts_response_payload": true, "payload": {
        "team_id": "T1", "channel_id": "D1", "channel_name": "directmessage", "user_id": "U1", "command": "/moa",
        "text": "echo {@U2} <@U3|x>", "response_url": "https://hooks.slack.com/commands/1", "trigger_id": "1.2.3"}});
    let What::Event(event) = what(read(&json.to_string())) else {
        panic!()
    };
    assert_eq!(event.identity.as_str(), "slack/T1//1.2.3");
    assert!(!event.is_redeliverable());
    let EventKind::Slash(slash) = &event.kind else { panic!() };
    assert_eq!(slash.command, "moa");
    assert_eq!(
        slash.response_url.as_deref(),
        Some("https://hooks.slack.com/commands/1")
    );
    assert_eq!(slash.message.text, "echo {\u{2060}@U2} {@U3}");
    assert_eq!(slash.message.raw, "echo {\u{2060}@U2} <@U3|x>");
    assert_eq!(slash.message.at.place.kind, PlaceKind::Direct);
    assert_eq!(slash.message.time, "2026-11-20T12:00:00Z");
}

#[test]
fn whatever_has_an_envelope_id_is_acknowledged() {
    for json in [
        r#"{"envelope_id":"e1"}"#,
        r#"{"envelope_id":"e1","type":"of_tomorrow","payload":[1]}"#,
        r#"{"envelope_id":"e1","type":"events_api"}"#,
        r#"{"envelope_id":"e1","type":"events_api","payload":null}"#,
        r#"{"envelope_id":"e1","type":"events_api","payload":"x"}"#,
        r#"{"envelope_id":"e1","type":"events_api","payload":{}}"#,
        r#"{"envelope_id":"e1","type":"events_api","payload":{"event":7}}"#,
        r#"{"envelope_id":"e1","type":"events_api","payload":{"event":{}}}"#,
        r#"{"envelope_id":"e1","type":"events_api","payload":{"event":{"type":"message","text":"\ud800"}}}"#,
        r#"{"envelope_id":"e1","type":"events_api","type":"events_api"}"#,
        r#"{"envelope_id":"e0","type":"events_api","envelope_id":"e1"}"#,
        r#"{"envelope_id":"e1","type":"slash_commands","payload":{"command":7}}"#,
        r#"{"envelope_id":"e1","type":7,"payload":7}"#,
    ] {
        assert_eq!(
            read(json),
            Some(Frame::Envelope {
                id: "e1".into(),
                what: What::Unreadable
            }),
            "{json}"
        );
    }
    for json in ["{}", r#"{"type":"x"}"#, r#"{"envelope_id":5}"#, r#"{"envelope_id":""}"#] {
        assert_eq!(read(json), Some(Frame::Unknown), "{json}");
    }
    for json in ["", "null", "[]", "\"x\"", "{", "{\"envelope_id\":\"e1\""] {
        assert_eq!(read(json), None, "{json}");
    }
}

#[test]
fn control_frames() {
    let reason = |name: &str| {
        read(&format!(
            r#"{{"type":"disconnect","reason":"{name}","debug_info":{{"host":"x"}}}}"#
        ))
    };
    assert_eq!(reason("warning"), Some(Frame::Disconnect(Reason::Refresh)));
    assert_eq!(reason("refresh_requested"), Some(Frame::Disconnect(Reason::Refresh)));
    assert_eq!(reason("of_tomorrow"), Some(Frame::Disconnect(Reason::Refresh)));
    assert_eq!(reason("link_disabled"), Some(Frame::Disconnect(Reason::LinkDisabled)));
    assert_eq!(reason("too_many_websockets"), Some(Frame::Disconnect(Reason::TooMany)));
    let hello = r#"{"type":"hello","num_connections":2,"debug_info":{"approximate_connection_time":18060}}"#;
    assert_eq!(
        read(hello),
        Some(Frame::Hello {
            connections: 2,
            lifetime: 18060
        })
    );
    assert_eq!(
        read(r#"{"type":"hello"}"#),
        Some(Frame::Hello {
            connections: 0,
            lifetime: 0
        })
    );
}

/// Damaged frames: cut, with bytes changed. Nothing panics, and what is still JSON with an id is still acknowledged.
#[test]
fn damaged_frames_do_no_harm() {
    let mut random = fastrand::Rng::with_seed(11);
    let good = event_frame(&with(json!({"files": [{"id": "F1"}], "thread_ts": "1.0"})));
    for _ in 0..20_000 {
        let mut bytes = good.clone().into_bytes();
        for _ in 0..random.usize(1..4) {
            let at = random.usize(0..bytes.len());
            match random.u8(0..3) {
                0 => bytes.truncate(at.max(1)),
                1 => bytes[at] = random.u8(32..127),
                _ => drop(bytes.remove(at)),
            }
            if bytes.is_empty() {
                break;
            }
        }
        let Ok(text) = String::from_utf8(bytes) else { continue };
        let frame = read(&text);
        let whole = serde_json::from_str::<Value>(&text).ok();
        if whole
            .as_ref()
            .is_some_and(|value| value["envelope_id"].as_str().is_some_and(|id| !id.is_empty()))
            && !matches!(frame, Some(Frame::Hello { .. } | Frame::Disconnect(_)))
        {
            assert!(matches!(frame, Some(Frame::Envelope { .. })), "{text}");
        }
    }
}
