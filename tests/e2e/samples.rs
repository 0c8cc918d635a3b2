//! Whatever Slack may send, and what it never should: the bot stays up and acknowledges every envelope.

use super::support::bot::Plan;
use super::support::guests::{hello, witness};
use super::support::record::Record;
use super::support::sim::{Line, Workspace};
use super::support::{DEADLINE, GLANCE};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

/// Every JSON file at or below a folder.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "json") {
            found.push(path);
        }
    }
    found.sort();
}

/// An envelope around a payload.
fn envelope(kind: &str, payload: &Value) -> Value {
    json!({"type": kind, "accepts_response_payload": kind != "events_api", "payload": payload})
}

/// A frame that is sent to the bot.
struct Sample {
    name: String,
    frame: Value,
}

/// The frames in which what a file holds can arrive: `None` for those about the connection itself, which are tested with
/// the session. Interactions come as they were recorded, when they are nobody's, and as if they were a plugin's.
fn frames(name: &str, value: &Value) -> Option<Vec<Sample>> {
    let sample = |frame: Value| Sample {
        name: name.to_owned(),
        frame,
    };
    let interactive = |payload: &Value| {
        vec![
            sample(envelope("interactive", payload)),
            sample(envelope("interactive", &claimed(payload))),
        ]
    };
    let kind = value["type"].as_str();
    Some(match kind {
        Some("hello" | "disconnect") => return None,
        Some("interactive") => interactive(&value["payload"]),
        Some("events_api" | "slash_commands") => vec![sample(value.clone())],
        Some("event_callback" | "url_verification" | "app_rate_limited") => vec![sample(envelope("events_api", value))],
        // An acknowledgement, which is our own direction.
        _ if value.get("envelope_id").is_some() => vec![sample(value.clone())],
        _ if value.get("event").is_some() => vec![sample(envelope("events_api", value))],
        _ if value.get("command").is_some() => vec![sample(envelope("slash_commands", value))],
        // Of HTTP, where the payload is a field of a form.
        _ if value["decoded"].is_object() => match value["decoded"].get("payload") {
            Some(payload) => interactive(payload),
            None => vec![sample(envelope("slash_commands", &value["decoded"]))],
        },
        _ if value.get("botUserId").is_some() => value
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(_, part)| part.is_object())
            .filter_map(|(key, part)| frames(&format!("{name} {key}"), part))
            .flatten()
            .collect(),
        // Views, messages, and all that is no payload: whatever it is, it is acknowledged.
        _ => [interactive(value), vec![sample(envelope("events_api", value))]]
            .into_iter()
            .flatten()
            .collect(),
    })
}

/// The same with all ids as those of the plugin `witness`.
fn claimed(value: &Value) -> Value {
    match value {
        Value::Array(list) => list.iter().map(claimed).collect(),
        Value::Object(object) => {
            let owned = |(key, value): (&String, &Value)| {
                let id = value
                    .as_str()
                    .filter(|id| matches!(key.as_str(), "action_id" | "callback_id") && !id.is_empty());
                let value = id.map_or_else(|| claimed(value), |id| format!("witness/{id}").into());
                (key.clone(), value)
            };
            Value::Object(object.iter().map(owned).collect())
        }
        other => other.clone(),
    }
}

/// Gives a frame a name that no other has, wherever Slack tells events apart, and takes the way to Slack out of it.
fn unique(frame: &mut Value, number: usize) {
    let payload = &mut frame["payload"];
    let Some(object) = payload.as_object_mut() else { return };
    for (key, value) in [
        ("team_id", format!("T{number}")),
        ("event_id", format!("Ev{number}")),
        ("trigger_id", number.to_string()),
    ] {
        if object.contains_key(key) || key == "team_id" {
            object.insert(key.into(), value.into());
        }
    }
    if object.contains_key("response_url") {
        object.insert("response_url".into(), "http://127.0.0.1:9/".into());
    }
}

/// What the plugin must see of a frame, told from its fields by other means than the host's.
fn seen(frame: &Value) -> Option<String> {
    let payload = &frame["payload"];
    let event = &payload["event"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let filled = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
    if frame["type"] == "interactive" {
        let own = |id: &Value| text(id).strip_prefix("witness/").map(str::to_owned);
        let (kind, id) = match payload["type"].as_str()? {
            "block_actions" => match payload["actions"][0]["type"] == "button" {
                true => ("button", own(&payload["actions"][0]["action_id"])?),
                false => ("select", own(&payload["actions"][0]["action_id"])?),
            },
            "view_submission" => ("modal", own(&payload["view"]["callback_id"])?),
            "shortcut" | "message_action" => ("shortcut", own(&payload["callback_id"])?),
            _ => return None,
        };
        return filled(&payload["user"]["id"]).then(|| format!("{kind}: {id}"));
    }
    if frame["type"] != "events_api" {
        return None;
    }
    let by_person = |message: &Value| filled(&message["user"]) && !filled(&message["bot_id"]);
    let address = |channel: &Value, ts: &Value| {
        let both = filled(channel) && filled(ts);
        both.then(|| format!("{}/{}", text(channel), text(ts)))
    };
    let typed = |subtype: &Value| {
        matches!(
            text(subtype).as_str(),
            "" | "file_share" | "thread_broadcast" | "me_message"
        )
    };
    let reaction = |name: &str| {
        let item = &event["item"];
        let known = by_person(event) && filled(&event["reaction"]) && item["type"] == "message";
        let at = address(&item["channel"], &item["ts"]).filter(|_| known)?;
        Some(format!("{name}: {at} {}", text(&event["reaction"])))
    };
    let member = |name: &str| {
        (by_person(event) && filled(&event["channel"])).then(|| format!("{name}: {}", text(&event["channel"])))
    };
    match (event["type"].as_str()?, event["subtype"].as_str().unwrap_or_default()) {
        ("reaction_added", _) => reaction("reacted"),
        ("reaction_removed", _) => reaction("unreacted"),
        ("member_joined_channel", _) => member("joined"),
        ("member_left_channel", _) => member("left"),
        ("message", "channel_topic" | "group_topic") => {
            member("topic").map(|said| format!("{said} {}", text(&event["topic"])))
        }
        ("message", "message_changed") => {
            let (now, before) = (&event["message"], &event["previous_message"]);
            let same = before.is_object() && now["text"] == before["text"] && now["files"] == before["files"];
            let ts = if filled(&now["ts"]) { &now["ts"] } else { &before["ts"] };
            let at = address(&event["channel"], ts)?;
            (by_person(now) && typed(&now["subtype"]) && !same).then(|| format!("edited: {at}"))
        }
        ("message", "message_deleted") => {
            let before = &event["previous_message"];
            let at = address(&event["channel"], &event["deleted_ts"])?;
            (by_person(before) && typed(&before["subtype"])).then(|| format!("deleted: {at}"))
        }
        ("message" | "app_mention", _) => {
            let said = filled(&event["text"]) || event["files"].as_array().is_some_and(|files| !files.is_empty());
            let at = address(&event["channel"], &event["ts"])?;
            let wanted = by_person(event) && typed(&event["subtype"]) && event["hidden"] != true && said;
            wanted.then(|| format!("message: {at}"))
        }
        _ => None,
    }
}

/// Sends the envelopes under ids of their own, and waits until each is acknowledged.
async fn acknowledges(workspace: &Workspace, named: Vec<(String, Value)>) {
    let mut ids = Vec::new();
    for (n, (name, mut envelope)) in named.into_iter().enumerate() {
        let id = format!("{n}-{name}");
        envelope["envelope_id"] = json!(id);
        workspace.frame(&envelope).await;
        ids.push(id);
    }
    let left = |record: &Record| -> Vec<String> {
        let acked: HashSet<&str> = record.of("ack").filter_map(|ack| ack["envelope_id"].as_str()).collect();
        ids.iter().filter(|id| !acked.contains(id.as_str())).cloned().collect()
    };
    let begun = std::time::Instant::now();
    loop {
        let missing = left(&workspace.record().await);
        if missing.is_empty() {
            return;
        }
        assert!(begun.elapsed() < DEADLINE, "never acknowledged: {missing:#?}");
        tokio::time::sleep(GLANCE).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_sample_is_acknowledged_and_reaches_a_plugin_if_it_is_for_one() {
    let workspace = Workspace::start().await;
    let plan = Plan::new(&workspace).plugin(hello()).plugin(witness());
    let mut bot = plan.start().await;

    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/samples/slack");
    let mut found = Vec::new();
    files(&folder, &mut found);
    let (mut samples, mut of_the_connection) = (Vec::new(), 0);
    for file in &found {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let value: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        match frames(&name, &value) {
            Some(frames) => {
                assert!(!frames.is_empty(), "nothing is made of {name}");
                samples.extend(frames);
            }
            None => of_the_connection += 1,
        }
    }
    // Every file is sent, but for these.
    assert_eq!(of_the_connection, 8, "hello and disconnect");
    assert!(
        found.len() > 190 && samples.len() > 250,
        "{} files, {} frames",
        found.len(),
        samples.len()
    );

    let (mut expected, mut named) = (BTreeMap::new(), Vec::new());
    for (number, mut sample) in samples.into_iter().enumerate() {
        unique(&mut sample.frame, number);
        if let Some(line) = seen(&sample.frame) {
            *expected.entry(line).or_insert(0) += 1;
        }
        named.push((sample.name, sample.frame));
    }
    acknowledges(&workspace, named).await;
    assert_eq!(workspace.ask(&Line::new("!echo still here")).await.text, "still here");

    let total: usize = expected.values().sum();
    assert!(total > 60, "{total} are for a plugin: {expected:?}");
    let begun = std::time::Instant::now();
    let witnessed = loop {
        let mut witnessed: BTreeMap<String, usize> = BTreeMap::new();
        for line in bot.log().lines() {
            if let Some((_, said)) = line.split_once("saw ") {
                let said = said.split(" plugin=").next().unwrap_or_default().trim().to_owned();
                *witnessed.entry(said).or_default() += 1;
            }
        }
        if witnessed.values().sum::<usize>() >= total || begun.elapsed() > DEADLINE {
            break witnessed;
        }
        tokio::time::sleep(GLANCE).await;
    };
    // Neither more nor less, and nothing twice.
    let differ: Vec<_> = expected
        .keys()
        .chain(witnessed.keys())
        .filter(|line| expected.get(*line) != witnessed.get(*line))
        .map(|line| (line, expected.get(line), witnessed.get(line)))
        .collect();
    assert!(differ.is_empty(), "expected, seen: {differ:#?}");
    assert!(bot.process.is_up());
    let log = bot.log().text();
    assert!(!log.contains("panicked"), "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn misshapen_envelopes_are_acknowledged_and_harm_nothing() {
    let workspace = Workspace::start().await;
    let mut bot = Plan::new(&workspace).plugin(hello()).start().await;

    let deep = (0..100).fold(json!("!count"), |inner, _| json!([inner]));
    let event =
        |event: Value| json!({"type": "event_callback", "team_id": "T0000PLAYMO", "event_id": "Ev1", "event": event});
    let message = |change: Value| {
        let mut message = json!({
            "type": "message", "channel": "C00GENERAL0", "channel_type": "channel", "user": "U0000000BEN",
            "text": "hello there", "ts": "1795000000.000200",
        });
        for (key, value) in change.as_object().unwrap() {
            message[key] = value.clone();
        }
        envelope("events_api", &event(message))
    };
    let odd = vec![
        json!({"type": "no_such_type", "payload": {"a": 1}}),
        json!({"type": "events_api"}),
        json!({"type": "events_api", "payload": null}),
        json!({"type": "events_api", "payload": "text"}),
        json!({"type": "events_api", "payload": []}),
        json!({"type": "slash_commands", "payload": {}}),
        json!({"type": "slash_commands", "payload": {"command": 7}}),
        json!({"type": "interactive", "payload": {}}),
        json!({"type": 5, "payload": {}}),
        json!({"payload": {}}),
        envelope("events_api", &event(json!(null))),
        envelope("events_api", &event(json!("message"))),
        envelope("events_api", &event(json!({}))),
        envelope("events_api", &event(json!({"type": "message"}))),
        envelope("events_api", &event(json!({"type": "something_new", "text": "!count"}))),
        envelope("events_api", &json!({"type": "event_callback"})),
        message(json!({"ts": ""})),
        message(json!({"ts": "yesterday"})),
        message(json!({"ts": 17})),
        message(json!({"ts": "99999999999999999999.5"})),
        message(json!({"ts": "-1.5"})),
        message(json!({"text": null})),
        message(json!({"text": ["!count"]})),
        message(json!({"text": deep})),
        message(json!({"text": ""})),
        message(json!({"text": "\u{0}\u{1b}[2J\u{202e}"})),
        message(json!({"text": "<".repeat(20_000)})),
        message(json!({"text": "!".repeat(20_000)})),
        message(json!({"text": format!("!echo {}", "\"".repeat(20_001))})),
        message(json!({"user": null})),
        message(json!({"user": ""})),
        message(json!({"channel": ""})),
        message(json!({"channel": null})),
        message(json!({"channel_type": "spaceship"})),
        message(json!({"thread_ts": 5})),
        message(json!({"subtype": "message_changed", "message": null})),
        message(json!({"subtype": "a_new_subtype"})),
        message(json!({"files": "none", "blocks": 3, "attachments": {}})),
    ];
    let named = odd.into_iter().map(|frame| ("odd".to_owned(), frame)).collect();
    acknowledges(&workspace, named).await;

    // Not even envelopes: nothing to acknowledge.
    for text in [
        "",
        " ",
        "null",
        "[]",
        "7",
        "{",
        "{}",
        "\u{feff}{}",
        "{\"type\":\"hello\"}",
        "not json",
        "{\"envelope_id\":5}",
    ] {
        workspace.text_frame(text).await;
    }
    workspace
        .text_frame(&format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)))
        .await;
    workspace
        .text_frame(&format!("{{\"type\":\"x\",\"payload\":\"{}\"}}", "x".repeat(2_000_000)))
        .await;

    assert_eq!(workspace.ask(&Line::new("!echo still here")).await.text, "still here");
    assert!(bot.process.is_up());
    let log = bot.log().text();
    assert!(!log.contains("panicked"), "{log}");
}
