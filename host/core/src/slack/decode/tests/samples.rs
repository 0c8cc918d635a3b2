//! Every recorded payload, read for what it is.

use super::*;
use crate::event::PressKind;
use std::path::{Path, PathBuf};

fn samples(folder: &str) -> Vec<(PathBuf, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/samples/slack")
        .join(folder);
    let mut found: Vec<(PathBuf, Value)> = std::fs::read_dir(&folder)
        .unwrap_or_else(|e| panic!("{}: {e}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            (
                path.clone(),
                serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap(),
            )
        })
        .collect();
    found.sort_by(|(a, _), (b, _)| a.cmp(b));
    assert!(!found.is_empty());
    found
}

fn stem(path: &Path) -> &str {
    path.file_name().unwrap().to_str().unwrap()
}

/// Which change an event is that is told in any case.
fn change(event: &Value, kind: &str, subtype: &str) -> Option<&'static str> {
    match (kind, subtype) {
        ("reaction_added", _) if event["item"]["type"] == "message" => Some("reacted"),
        ("reaction_removed", _) if event["item"]["type"] == "message" => Some("unreacted"),
        ("member_joined_channel", _) => Some("joined"),
        ("member_left_channel", _) => Some("left"),
        ("message", "channel_topic" | "group_topic") => Some("topic"),
        _ => None,
    }
}

fn told_or_not(what: &What, name: &str) {
    match what {
        What::Event(read) => assert!(matches!(read.kind, EventKind::Change(_)), "{name}: {read:?}"),
        other => assert!(matches!(other, What::Ignored(_)), "{name}: {other:?}"),
    }
}

fn envelope(kind: &str, payload: &Value) -> String {
    json!({"envelope_id": "e1", "payload": payload, "type": kind, "accepts_response_payload": false}).to_string()
}

/// What an Events API payload must be read as, told from its own fields by other means than the code under test.
fn expected(payload: &Value, what: &What, name: &str) {
    let event = &payload["event"];
    let filled = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
    if !event.is_object() {
        let limited = payload["type"] == "app_rate_limited";
        assert_eq!(
            *what,
            if limited { What::RateLimited } else { What::Unreadable },
            "{name}"
        );
        return;
    }
    let kind = event["type"].as_str().unwrap_or_default();
    let subtype = event["subtype"].as_str().unwrap_or_default();
    if kind.is_empty() {
        assert_eq!(*what, What::Unreadable, "{name}");
    } else if let Some(wanted) = change(event, kind, subtype) {
        match what {
            What::Event(read) => {
                let EventKind::Change(change) = &read.kind else {
                    panic!("{name}: {what:?}")
                };
                assert_eq!(change.what.name().as_str(), wanted, "{name}");
                assert_eq!(read.team, payload["team_id"].as_str().unwrap_or_default(), "{name}");
            }
            // The shapes have no values, so there is nobody who did it.
            other => assert!(!filled(&event["user"]), "{name}: {other:?}"),
        }
    } else if kind != "message" && kind != "app_mention" {
        assert_eq!(*what, What::Ignored(Ignored::Other(kind.into())), "{name}");
    } else if subtype == "message_changed" || subtype == "message_deleted" {
        // Whether they are told is a matter of what is in them: tested by themselves.
        told_or_not(what, name);
    } else if event["hidden"] == true {
        assert_eq!(*what, What::Ignored(Ignored::Hidden), "{name}");
    } else if filled(&event["subtype"])
        && !["file_share", "thread_broadcast", "me_message"].contains(&event["subtype"].as_str().unwrap())
    {
        assert_eq!(
            *what,
            What::Ignored(Ignored::Subtype(event["subtype"].as_str().unwrap().into())),
            "{name}"
        );
    } else if filled(&event["bot_id"]) {
        assert_eq!(*what, What::Ignored(Ignored::FromBot), "{name}");
    } else if filled(&event["user"]) && filled(&event["text"]) && filled(&event["ts"]) && filled(&event["channel"]) {
        let What::Event(read) = what else {
            panic!("{name}: {what:?}")
        };
        let said = read.message().unwrap();
        assert_eq!(said.author, event["user"], "{name}");
        assert_eq!(said.at.id, event["ts"], "{name}");
        assert_eq!(said.at.place.conversation, event["channel"], "{name}");
        assert_eq!(read.team, payload["team_id"].as_str().unwrap_or_default(), "{name}");
        let in_thread = filled(&event["thread_ts"]) && event["thread_ts"] != event["ts"];
        assert_eq!(said.at.place.thread.is_some(), in_thread, "{name}");
    } else if !matches!(what, What::Event(_)) {
        assert_eq!(*what, What::Ignored(Ignored::Empty), "{name}");
    }
}

#[test]
fn every_recorded_event_is_read_for_what_it_is() {
    let mut for_the_host = Vec::new();
    let (mut seen, mut check) = (0, |payload: &Value, name: &str| {
        let what = what(read(&envelope("events_api", payload)));
        expected(payload, &what, name);
        if matches!(what, What::Event(_)) {
            for_the_host.push(name.to_owned());
        }
    });
    for folder in ["events/payloads", "events/shapes", "events/rtm-legacy"] {
        for (path, payload) in samples(folder) {
            check(&payload, stem(&path));
            seen += 1;
        }
    }
    for (path, recording) in samples("events/recordings") {
        for (key, payload) in recording.as_object().unwrap() {
            if payload.is_object() {
                check(payload, &format!("{} {key}", stem(&path)));
                seen += 1;
            }
        }
    }
    assert!(seen > 150, "{seen} samples");
    // Not everything may be read away: the messages among them get through.
    for name in [
        "app_mention.bolt-python.34f258ad.json",
        "message.file_share.bolt-python.e5ea9e63.json",
        "message.thread_broadcast.bolt-python.5fa37ba6.json",
        "recorded_dm__slack.json mention",
        "message.message_changed.bolt-python.6d6afa4b.json",
        "message.message_changed.bolt-python.c6d8ac6f.json",
        "reaction_added.bolt-python.0b3a73fe.json",
        "member_joined_channel.bolt-python.4c5da5f9.json",
        "member_left_channel.bolt-python.b3797865.json",
    ] {
        assert!(for_the_host.iter().any(|one| one == name), "{name}: {for_the_host:?}");
    }
}

/// Gives the ids that the bots of the recordings gave to the plugin `lunch`.
fn claimed(value: &Value) -> Value {
    match value {
        Value::Array(list) => list.iter().map(claimed).collect(),
        Value::Object(object) => {
            let owned = |(key, value): (&String, &Value)| {
                let id = value.as_str().filter(|_| key == "action_id" || key == "callback_id");
                (
                    key.clone(),
                    id.map_or_else(|| claimed(value), |id| format!("lunch/{id}").into()),
                )
            };
            Value::Object(object.iter().map(owned).collect())
        }
        // What stands in `state.values` has its id for a key.
        other => other.clone(),
    }
}

/// What an interaction must be read as where its ids are a plugin's, told from its own fields.
fn interaction(payload: &Value, what: &What, name: &str) {
    let kind = payload["type"].as_str().unwrap_or_default();
    let id = |value: &Value| value.as_str().is_some_and(|id| id.len() > "lunch/".len());
    let wanted = match kind {
        "block_actions"
            if payload["actions"]
                .as_array()
                .is_some_and(|actions| actions.iter().any(|one| id(&one["action_id"]))) =>
        {
            match payload["actions"][0]["type"] == "button" {
                true => PressKind::Button,
                false => PressKind::Select,
            }
        }
        "view_submission" if id(&payload["view"]["callback_id"]) => PressKind::Modal,
        "shortcut" | "message_action" if id(&payload["callback_id"]) => PressKind::Shortcut,
        "" => return assert_eq!(*what, What::Unreadable, "{name}"),
        other => {
            return assert_eq!(*what, What::Ignored(Ignored::Interaction(other.into())), "{name}");
        }
    };
    let event = match what {
        What::Event(event) => event,
        What::Form(form) => &form.event,
        // A blanked shape has no person either.
        What::Unreadable => return assert_eq!(payload["user"]["id"].as_str().unwrap_or_default(), "", "{name}"),
        other => panic!("{name}: {other:?}"),
    };
    let EventKind::Press(press) = &event.kind else {
        panic!("{name}")
    };
    assert_eq!((press.kind, press.plugin.as_str()), (wanted, "lunch"), "{name}");
    assert_eq!(press.user, payload["user"]["id"], "{name}");
    if let Some(channel) = payload["channel"]["id"].as_str().filter(|_| payload["view"].is_null()) {
        assert_eq!(press.place.conversation, channel, "{name}");
    }
    let unseen = payload["container"]["is_ephemeral"] == true;
    let on = press.on.as_ref().map(|on| on.id.as_str());
    match payload["container"]["message_ts"]
        .as_str()
        .or(payload["message_ts"].as_str())
    {
        Some(ts) if kind != "shortcut" => assert_eq!(on, Some(if unseen { "" } else { ts }), "{name}"),
        _ => assert_eq!(on, payload["message"]["ts"].as_str(), "{name}"),
    }
    let fields = payload["view"]["state"]["values"]
        .as_object()
        .or(payload["state"]["values"].as_object());
    let fields: usize = fields
        .into_iter()
        .flatten()
        .map(|(_, block)| block.as_object().map_or(0, |block| block.len()))
        .sum();
    let left = usize::from(kind == "block_actions");
    if kind != "message_action" {
        assert!(
            press.state.len() <= fields && press.state.len() + left >= fields,
            "{name}: {:?}",
            press.state
        );
    }
}

#[test]
fn every_recorded_interaction_is_read_for_what_it_is() {
    let mut kinds = std::collections::BTreeMap::new();
    for folder in [
        "interactivity/payloads",
        "interactivity/shapes",
        "interactivity/http-form",
    ] {
        for (path, payload) in samples(folder) {
            // Over HTTP it is a form, and the payload a field of it.
            let payload = payload.get("decoded").cloned().unwrap_or(payload);
            let payload = payload.get("payload").cloned().unwrap_or(payload);
            if payload.get("command").is_some() {
                let what = what(read(&envelope("slash_commands", &payload)));
                let filled = payload["command"].as_str().is_some_and(|command| !command.is_empty());
                assert_eq!(matches!(what, What::Event(_)), filled, "{}", stem(&path));
                continue;
            }
            let kind = payload["type"].as_str().unwrap_or_default();
            // As it was recorded, it is nobody's.
            let foreign = what(read(&envelope("interactive", &payload)));
            let nobodys = match kind {
                "" => What::Unreadable,
                kind => What::Ignored(Ignored::Interaction(kind.into())),
            };
            assert_eq!(foreign, nobodys, "{}", stem(&path));
            let payload = claimed(&payload);
            interaction(&payload, &what(read(&envelope("interactive", &payload))), stem(&path));
            *kinds.entry(kind.to_owned()).or_insert(0) += 1;
        }
    }
    for (kind, least) in [
        ("block_actions", 16),
        ("view_submission", 10),
        ("view_closed", 4),
        ("shortcut", 3),
        ("message_action", 2),
        ("block_suggestion", 3),
        ("dialog_submission", 4),
        ("interactive_message", 1),
    ] {
        assert!(kinds.get(kind).is_some_and(|seen| *seen >= least), "{kind}: {kinds:?}");
    }
}

#[test]
fn every_recorded_frame_is_known_by_its_name() {
    for folder in ["socket-mode/frames", "socket-mode/authored"] {
        for (path, json) in samples(folder) {
            let name = stem(&path).trim_start_matches("server.");
            let frame = read(&json.to_string()).unwrap();
            let id = json["envelope_id"].as_str();
            match name.split('.').next().unwrap() {
                "hello" => assert!(
                    matches!(
                        frame,
                        Frame::Hello {
                            connections: 1,
                            lifetime: 3600 | 18060
                        }
                    ),
                    "{name}"
                ),
                "disconnect" => assert!(matches!(frame, Frame::Disconnect(_)), "{name}"),
                // Our own direction: read as an envelope of no known type.
                "client" => assert!(
                    matches!(
                        frame,
                        Frame::Envelope {
                            what: What::Unreadable,
                            ..
                        }
                    ),
                    "{name}"
                ),
                kind => {
                    let Frame::Envelope { id: read_id, what } = frame else {
                        panic!("{name}")
                    };
                    assert_eq!(Some(read_id.as_str()), id, "{name}");
                    match kind {
                        "events_api" => expected(&json["payload"], &what, name),
                        "slash_commands" => assert!(matches!(what, What::Event(_)), "{name}"),
                        "interactive" => {
                            assert!(matches!(what, What::Ignored(Ignored::Interaction(_))), "{name}");
                            let payload = claimed(&json["payload"]);
                            let claimed = envelope("interactive", &payload);
                            interaction(&payload, &super::what(read(&claimed)), name);
                        }
                        other => panic!("{name}: {other}"),
                    }
                }
            }
        }
    }
}
