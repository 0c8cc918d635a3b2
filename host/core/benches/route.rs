//! How long it takes to find out whom a message is for, with many plugins loaded.

#![allow(clippy::unwrap_used, reason = "a benchmark without its input cannot go on")]

use criterion::{Criterion, Throughput};
use moa_core::event::{Event, EventKind, Identity, Message, MessageRef, Place, PlaceKind};
use moa_core::manifest::Manifest;
use moa_core::router::{Hears, Me, Routed, Settings, Table, route};
use std::collections::BTreeMap;
use std::hint::black_box;

const PLUGINS: usize = 100;

/// Two commands each, one of them with a Korean name: the forms that are looked for longest.
fn manifest(number: usize) -> Manifest {
    let digits = ["가", "나", "다", "라", "마", "바", "사", "아", "자", "차"];
    let word = [number / 10, number % 10].map(|digit| digits.get(digit).copied().unwrap());
    let word = word.concat();
    let json = format!(
        r#"{{"name": "p{number}", "version": "1.0.0", "summary": "one of many", "commands": [
            {{"name": "점심팀{word}", "aliases": ["lunch{number}"], "summary": "makes teams",
              "args": [{{"name": "size", "type": "int", "min": 1}}, {{"name": "names", "type": "list", "optional": true}}]}},
            {{"name": "echo{number}", "summary": "says it back", "args": [{{"name": "text", "type": "rest"}}]}}]}}"#
    );
    Manifest::parse(&json).unwrap().manifest
}

fn table() -> Table {
    let manifests: Vec<(String, Manifest)> = (0..PLUGINS).map(|n| (format!("p{n}"), manifest(n))).collect();
    let plugins: Vec<(&str, &Manifest)> = manifests.iter().map(|(name, one)| (name.as_str(), one)).collect();
    Table::build(&plugins, &BTreeMap::new(), &BTreeMap::new()).0
}

fn event(text: &str) -> Event {
    let place = Place {
        service: "slack".into(),
        conversation: "C1".into(),
        thread: None,
        kind: PlaceKind::Channel,
    };
    Event {
        identity: Identity::message("slack", "T1", "C1", "1.0"),
        team: "T1".into(),
        redelivered: false,
        kind: EventKind::Message(Message {
            at: MessageRef {
                place,
                id: "1.0".into(),
            },
            author: "U1".into(),
            text: text.into(),
            raw: text.into(),
            mentions: Vec::new(),
            files: Vec::new(),
            time: "2026-11-20T15:30:00Z".into(),
            edited: false,
        }),
    }
}

fn messages(c: &mut Criterion) {
    let (loaded, hears, settings) = (table(), Hears::default(), Settings::default());
    let me = Me {
        user_id: "UBOT".into(),
        bot_id: "BBOT".into(),
        names: vec!["모아봇".into()],
        keywords: Vec::new(),
    };
    let is_command = |routed: &Routed| matches!(routed, Routed::Command(_));
    let is_nothing = |routed: &Routed| matches!(routed, Routed::Nothing);
    let is_said = |routed: &Routed| matches!(routed, Routed::Say(_));
    let mut group = c.benchmark_group("route");
    group.throughput(Throughput::Elements(1));
    let long = "긴 글입니다. ".repeat(200);
    for (name, text, expected) in [
        (
            "nobody wants it",
            "오늘 점심 뭐 먹어요?",
            &is_nothing as &dyn Fn(&Routed) -> bool,
        ),
        ("nobody wants it, 3.8 kB", &long, &is_nothing),
        ("command, as typed", "!lunch42 3 로지,샐리,앨리", &is_command),
        (
            "command, initial consonants",
            "!ㅈㅅㅌㅁㄷ 3 로지,샐리,앨리",
            &is_command,
        ),
        (
            "command, other keyboard layout",
            "!wjatlaxlaakek 3 로지,샐리,앨리",
            &is_command,
        ),
        ("wrong arguments", "!lunch42 three", &is_said),
        ("nobody knows the word", "!lanch42 3", &is_said),
    ] {
        let event = event(text);
        let routed = route(&loaded, &hears, &settings, &me, &event);
        assert!(expected(&routed), "{name}: {routed:?}");
        group.bench_function(name, |b| {
            b.iter(|| route(&loaded, &hears, &settings, &me, black_box(&event)));
        });
    }
    group.finish();
    c.bench_function("table of 100 plugins", |b| b.iter(table));
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    messages(&mut criterion);
    criterion.final_summary();
}
