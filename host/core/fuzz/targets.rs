//! What must hold for any input. Each function takes bytes as they come and panics where something does not hold.
//!
//! The same functions are run by libFuzzer (`fuzz_targets`) and by the mutator of `tests/fuzz.rs`, which needs no tool.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a finding is a panic"
)]

use moa_core::event::{Changed, Event, EventKind, Identity, Me, Mention, Message, MessageRef, Place, PlaceKind};
use moa_core::manifest::Manifest;
use moa_core::router::hears::Ear;
use moa_core::router::{self, Hears, Settings, Table};
use moa_core::slack::decode::{self, Context, Frame, What};
use moa_core::slack::render::mrkdwn;
use moa_core::text::markup::{self, Span};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// One of them.
pub type Target = fn(&[u8]);

/// All of them, by name.
pub const TARGETS: [(&str, Target); 4] = [
    ("frames", frames),
    ("payloads", payloads),
    ("text", text),
    ("commands", commands),
];

/// A frame as a websocket brings it. Whatever is JSON and has an envelope id is acknowledged.
pub fn frames(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let frame = read(text);
    let Ok(Value::Object(whole)) = serde_json::from_str(text) else {
        return;
    };
    let id = whole.get("envelope_id").and_then(Value::as_str).unwrap_or_default();
    match frame {
        Some(Frame::Hello { .. } | Frame::Disconnect(_)) => {}
        Some(Frame::Envelope { id: read, what }) => {
            assert_eq!(read, id);
            check(what);
        }
        other => assert!(id.is_empty(), "not acknowledged: {other:?}"),
    }
}

/// A payload in each kind of envelope.
pub fn payloads(data: &[u8]) {
    let Ok(payload) = std::str::from_utf8(data) else { return };
    for kind in ["events_api", "interactive", "slash_commands"] {
        let frame =
            format!(r#"{{"envelope_id":"e","accepts_response_payload":true,"type":"{kind}","payload":{payload}}}"#);
        let read = read(&frame);
        if serde_json::from_str::<Value>(payload).is_ok() {
            match read {
                Some(Frame::Envelope { id, what }) if id == "e" => check(what),
                other => panic!("{kind}: not acknowledged: {other:?}"),
            }
        }
    }
}

fn read(frame: &str) -> Option<Frame> {
    let me = Me {
        user_id: "UBOT".into(),
        bot_id: "BBOT".into(),
        team: "T1".into(),
        name: "moa".into(),
    };
    let now = jiff::Timestamp::UNIX_EPOCH;
    decode::frame(frame, Context { me: &me, now })
}

/// What reaches the host can be kept in the journal, and nobody typed a mention into it.
fn check(what: What) {
    let event = match what {
        What::Event(event) => *event,
        What::Form(form) => {
            let errors = [
                ("dish".to_owned(), "none left".to_owned()),
                (String::new(), String::new()),
            ];
            if let Some(shown) = form.fields.errors(&errors) {
                assert!((1..=errors.len()).contains(&shown.len()));
            }
            form.event
        }
        What::Ignored(_) | What::RateLimited | What::Unreadable => return,
    };
    let kept = serde_json::to_vec(&event).unwrap();
    assert_eq!(serde_json::from_slice::<Event>(&kept).unwrap(), event);
    assert!(!event.author().is_empty() && !event.place().conversation.is_empty());
    match &event.kind {
        EventKind::Message(message) => is_honest(message),
        EventKind::Slash(slash) => is_honest(&slash.message),
        EventKind::Change(change) => {
            if let Changed::Edited(message) = &change.what {
                is_honest(message);
            }
        }
        EventKind::Ruling(_) => panic!("no service decides about commands"),
        EventKind::Press(press) => assert!(!press.plugin.contains('/') && !press.id.is_empty()),
        EventKind::Due(_) | EventKind::Hook(_) => panic!("nothing of the kind comes from Slack"),
    }
}

/// All mentions that the text makes are real ones.
fn is_honest(message: &Message) {
    let real: BTreeSet<&str> = message
        .mentions
        .iter()
        .filter_map(|mention| match mention {
            Mention::User(id) | Mention::Conversation(id) => Some(id.as_str()),
            _ => None,
        })
        .collect();
    for id in mentioned(&markup::parse(&message.text)) {
        assert!(real.contains(id.as_str()), "{id} was typed: {:?}", message.text);
    }
}

fn mentioned(spans: &[Span]) -> Vec<String> {
    spans
        .iter()
        .flat_map(|span| match span {
            Span::User(id) | Span::Conversation(id) => vec![id.clone()],
            Span::Bold(inner) | Span::Italic(inner) | Span::Strike(inner) => mentioned(inner),
            _ => Vec::new(),
        })
        .collect()
}

/// Text both ways: Slack's as the host reads it, and a plugin's as Slack is told it. None of it can call everybody, and
/// nobody who is not mentioned.
pub fn text(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    is_harmless(text);
    let (portable, mentions) = decode::portable(text);
    let real = mentions
        .iter()
        .any(|one| matches!(one, Mention::User(_) | Mention::Conversation(_)));
    assert!(
        real || mentioned(&markup::parse(&portable)).is_empty(),
        "{text:?} → {portable:?}"
    );
    is_harmless(&portable);
}

fn is_harmless(portable: &str) {
    let out = mrkdwn(portable);
    let meant = mentioned(&markup::parse(portable)).len();
    let mut made = 0;
    for (at, _) in out.match_indices('<') {
        let token = &out[at + 1..];
        let end = token
            .find('>')
            .unwrap_or_else(|| panic!("an open token: {portable:?} → {out:?}"));
        let token = token[..end].to_ascii_lowercase();
        assert!(!token.contains('<'), "{portable:?} → {out:?}");
        match token.as_bytes().first() {
            Some(b'@' | b'#') => {
                assert!(
                    token[1..].bytes().all(|b| b.is_ascii_alphanumeric()),
                    "{portable:?} → {out:?}"
                );
                made += 1;
            }
            _ => assert!(
                ["http://", "https://", "mailto:"]
                    .iter()
                    .any(|scheme| token.starts_with(scheme)),
                "{portable:?} → {out:?}"
            ),
        }
    }
    assert!(made <= meant, "{portable:?} → {out:?}");
}

/// A message to the bot and its plugins.
pub fn commands(data: &[u8]) {
    static PLUGINS: LazyLock<(Table, Hears)> = LazyLock::new(|| {
        let json = r#"{"name": "lunch", "version": "1.0.0", "summary": "x",
            "commands": [{"name": "점심팀", "aliases": ["lunch"], "summary": "x", "args": [
                {"name": "size", "type": "int", "min": 1}, {"name": "when", "type": "duration", "optional": true},
                {"name": "who", "type": "user", "optional": true}, {"name": "names", "type": "list", "optional": true}]},
                {"name": "echo", "summary": "x", "args": [{"name": "text", "type": "rest"}]}],
            "hears": [{"id": "guide", "pattern": "(가이드|guide) (\\w+)"}]}"#;
        let manifest = Manifest::parse(json).unwrap().manifest;
        let (table, _) = Table::build(&[("lunch", &manifest)], &BTreeMap::new(), &BTreeMap::new());
        (table, Hears::new(Ear::of_manifest(&manifest), &Hears::default()))
    });
    let Ok(slack) = std::str::from_utf8(data) else { return };
    let me = router::Me {
        user_id: "UBOT".into(),
        bot_id: "BBOT".into(),
        names: vec!["모아봇".into()],
        keywords: Vec::new(),
    };
    let (text, mentions) = decode::portable(slack);
    let place = Place {
        service: "slack".into(),
        conversation: "C1".into(),
        thread: None,
        kind: PlaceKind::Direct,
    };
    let event = Event {
        identity: Identity::message("slack", "T1", "C1", "1.0"),
        team: "T1".into(),
        redelivered: false,
        kind: EventKind::Message(Message {
            at: MessageRef {
                place,
                id: "1.0".into(),
            },
            author: "U1".into(),
            text,
            raw: slack.into(),
            mentions,
            files: Vec::new(),
            time: "2026-11-20T15:30:00Z".into(),
            edited: false,
        }),
    };
    let (table, hears) = &*PLUGINS;
    let once = router::route(table, hears, &Settings::default(), &me, &event);
    assert_eq!(once, router::route(table, hears, &Settings::default(), &me, &event));
}
