//! Whatever Slack may send, and what it never should: the bot stays up and acknowledges every envelope.

use super::support::bot::Plan;
use super::support::guests::hello;
use super::support::record::Record;
use super::support::sim::{Line, Workspace};
use super::support::{DEADLINE, GLANCE};
use serde_json::{Value, json};
use std::collections::HashSet;
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
    json!({"type": kind, "accepts_response_payload": kind == "slash_commands", "payload": payload})
}

/// The envelopes in which what a file holds could arrive.
fn envelopes(value: &Value) -> Vec<Value> {
    match value["type"].as_str() {
        // About the connection itself: tested with the session.
        Some("hello" | "disconnect") => Vec::new(),
        Some("events_api" | "interactive" | "slash_commands") => vec![value.clone()],
        Some("event_callback" | "url_verification" | "app_rate_limited") => vec![envelope("events_api", value)],
        _ if value.get("event").is_some() => vec![envelope("events_api", value)],
        _ if value.get("command").is_some() && value.get("response_url").is_some() => {
            vec![envelope("slash_commands", value)]
        }
        Some(_) => vec![envelope("interactive", value)],
        // A recording of several.
        None => {
            let parts = value.as_object().into_iter().flat_map(|object| object.values());
            parts.filter(|part| part.is_object()).flat_map(envelopes).collect()
        }
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
async fn every_sample_of_an_event_is_acknowledged() {
    let workspace = Workspace::start().await;
    let mut bot = Plan::new(&workspace).plugin(hello()).start().await;

    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/samples/slack");
    let mut found = Vec::new();
    files(&folder, &mut found);
    let mut named = Vec::new();
    for file in &found {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let value: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        named.extend(envelopes(&value).into_iter().map(|envelope| (name.clone(), envelope)));
    }
    assert!(
        named.len() > 150,
        "only {} samples were found below {}",
        named.len(),
        folder.display()
    );
    acknowledges(&workspace, named).await;

    assert_eq!(workspace.ask(&Line::new("!echo still here")).await.text, "still here");
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
