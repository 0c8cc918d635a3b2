//! From the bytes of a websocket frame to the decision what is done with it, with 100 plugins loaded, without
//! and with a thousand patterns that they were taught.

#![allow(clippy::unwrap_used, reason = "a benchmark without its input cannot go on")]

use criterion::{Criterion, Throughput};
use moa::adapter::Me;
use moa_core::manifest::{Manifest, Scope};
use moa_core::router::hears::{self, Ear, Taught};
use moa_core::router::{self, Hears, Routed, Settings, Table, route};
use moa_core::slack::decode::{Context, Frame, What, frame};
use serde_json::json;
use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;

const PLUGINS: usize = 100;
/// What each plugin was taught.
const TAUGHT: usize = 10;

fn table() -> Table {
    let manifests: Vec<(String, Manifest)> = (0..PLUGINS)
        .map(|number| {
            let name = format!("p{number}");
            let json = json!({
                "name": name, "version": "1.0.0", "summary": "one of many",
                "commands": [{
                    "name": format!("점심팀{number}"), "aliases": [format!("lunch{number}")], "summary": "makes teams",
                    "args": [{"name": "size", "type": "int"}, {"name": "names", "type": "list", "optional": true}],
                }],
            });
            (name, Manifest::parse(&json.to_string()).unwrap().manifest)
        })
        .collect();
    let plugins: Vec<(&str, &Manifest)> = manifests.iter().map(|(name, one)| (name.as_str(), one)).collect();
    Table::build(&plugins, &BTreeMap::new(), &BTreeMap::new()).0
}

/// What all plugins listen for: words and expressions, in every kind of message.
fn taught() -> Hears {
    let scopes = vec![Scope::Direct, Scope::DirectMention, Scope::Mention, Scope::Ambient];
    let ear = |n: usize| {
        let what = match n % 4 {
            0 => hears::What::Regex(format!("(?:배포|deploy)\\s+서비스{n}(\\w*)")),
            _ => hears::What::Keyword(format!("가이드{n}")),
        };
        let taught = Taught {
            what,
            scopes: scopes.clone(),
            conversation: None,
        };
        let plugin = format!("p{}", n / TAUGHT);
        Arc::new(Ear::new(&plugin, &n.to_string(), &taught).unwrap())
    };
    Hears::new((0..PLUGINS * TAUGHT).map(ear).collect(), &Hears::default())
}

/// A frame with everything that Slack sends along, `blocks` among it.
fn message(text: &str) -> String {
    json!({
        "envelope_id": "57d6a792-4d35-4d0b-b6aa-3361493e1caf", "type": "events_api",
        "accepts_response_payload": false, "retry_attempt": 0, "retry_reason": "",
        "payload": {
            "token": "XXYYZZ", "team_id": "T061EG9R6", "api_app_id": "A0FFV41KK", "type": "event_callback",
            "event": {
                "client_msg_id": "0f6b1f4e-7a6b-4b5e-9f7a-1f1c2d3e4f5a", "type": "message", "user": "U2147483697",
                "text": text, "ts": "1605853844.000800", "team": "T061EG9R6", "channel": "C2147483705",
                "event_ts": "1605853844.000800", "channel_type": "channel",
                "blocks": [{"type": "rich_text", "block_id": "o1P", "elements": [
                    {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}]}],
            },
            "event_id": "Ev0PV52K21", "event_time": 1_605_853_844, "event_context": "4-message-T061EG9R6-A0FFV41KK",
            "authorizations": [{"enterprise_id": null, "team_id": "T061EG9R6", "user_id": "UBOT", "is_bot": true,
                                "is_enterprise_install": false}],
            "is_ext_shared_channel": false,
        },
    })
    .to_string()
}

/// What the host has to do for a frame.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Decision {
    Nothing,
    Something,
}

fn frames(c: &mut Criterion) {
    let (table, settings) = (table(), Settings::default());
    let me = Me {
        user_id: "UBOT".into(),
        bot_id: "BBOT".into(),
        team: "T061EG9R6".into(),
        name: "moa".into(),
    };
    let addressed = router::Me {
        user_id: me.user_id.clone(),
        bot_id: me.bot_id.clone(),
        names: vec![me.name.clone()],
        keywords: Vec::new(),
    };
    let context = Context {
        me: &me,
        now: "2026-11-20T12:00:00Z".parse().unwrap(),
    };
    let (silent, taught) = (Hears::default(), taught());
    let decide = |hears: &Hears, json: &str| match frame(json, context) {
        Some(Frame::Envelope {
            what: What::Event(event),
            ..
        }) => match route(&table, hears, &settings, &addressed, &event) {
            Routed::Nothing => Decision::Nothing,
            _ => Decision::Something,
        },
        _ => Decision::Nothing,
    };

    let talk = message("오늘 점심 뭐 먹어요? I&amp;J 근처에 <https://example.com|새로 생긴 곳> 가 볼까요");
    let command = message("!점심팀42 3 로지,샐리,앨리,빈센트");
    let own = talk.replace("\"U2147483697\"", "\"UBOT\"");
    let edit = talk.replace("\"channel_type\"", "\"subtype\":\"message_changed\",\"channel_type\"");
    assert!(own != talk && edit != talk);

    let mut group = c.benchmark_group("decode");
    for (name, json) in [("talk", &talk), ("command", &command), ("edit", &edit)] {
        group.throughput(Throughput::Bytes(json.len() as u64));
        group.bench_function(name, |b| b.iter(|| frame(black_box(json), context)));
    }
    group.finish();

    let heard = message("혹시 가이드777 어디 있는지 아세요?");
    let groups = [
        ("bytes to decision, 100 plugins", &silent, Decision::Nothing),
        (
            "bytes to decision, 100 plugins, 1000 patterns taught",
            &taught,
            Decision::Something,
        ),
    ];
    for (title, hears, when_heard) in groups {
        let mut group = c.benchmark_group(title);
        group.throughput(Throughput::Elements(1));
        for (name, json, expected) in [
            ("nobody wants it", &talk, Decision::Nothing),
            ("the bot's own", &own, Decision::Nothing),
            ("an edit", &edit, Decision::Nothing),
            ("a command", &command, Decision::Something),
            ("a word that is listened for", &heard, when_heard),
        ] {
            assert_eq!(decide(hears, json), expected, "{title}: {name}");
            group.bench_function(name, |b| b.iter(|| decide(hears, black_box(json))));
        }
        group.finish();
    }
    c.bench_function("1000 patterns put together", |b| b.iter(self::taught));
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    frames(&mut criterion);
    criterion.final_summary();
}
