//! Messages that nobody wants are the most: they must not cost an allocation.

use moa_core::event::{Event, EventKind, Identity, Message, MessageRef, Place, PlaceKind};
use moa_core::manifest::Manifest;
use moa_core::router::hears::Ear;
use moa_core::router::{Hears, Me, Routed, Settings, Table, route};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::collections::BTreeMap;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: every call is passed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller keeps the rules of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the rules of `dealloc`.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

fn event(text: &str) -> Event {
    let place = Place {
        service: "slack".into(),
        conversation: "C1".into(),
        thread: None,
        kind: PlaceKind::Channel,
    };
    let message = Message {
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
    };
    Event {
        identity: Identity::message("slack", "T1", "C1", "1.0"),
        team: "T1".into(),
        redelivered: false,
        kind: EventKind::Message(message),
    }
}

#[test]
fn what_nobody_wants_allocates_nothing() {
    let manifest = r#"{"name": "p", "commands": [{"name": "echo", "args": [{"name": "text", "type": "rest"}]}],
        "hears": [{"id": "guide", "pattern": "가이드|guide"}, {"id": "number", "pattern": "^\\d+$"}]}"#;
    let manifest = Manifest::parse(manifest).unwrap().manifest;
    let (table, _) = Table::build(&[("p", &manifest)], &BTreeMap::new(), &BTreeMap::new());
    let hears = Hears::new(Ear::of_manifest(&manifest), &Hears::default());
    let settings = Settings::default();
    let me = Me {
        user_id: "UBOT".into(),
        bot_id: "BBOT".into(),
        names: vec!["모아봇".into()],
        keywords: Vec::new(),
    };
    let count = |text: &str| {
        let event = event(text);
        let before = ALLOCATIONS.with(Cell::get);
        let routed = route(&table, &hears, &settings, &me, &event);
        (routed, ALLOCATIONS.with(Cell::get) - before)
    };
    let long = "긴 글입니다. ".repeat(1_000);
    for text in [
        "",
        "오늘 점심 뭐 먹어요?",
        "moan",
        "모아보자",
        "{@U2} hi",
        "!",
        "! x",
        "!!",
        "http://x.io",
        &long,
    ] {
        // An expression makes room for what it remembers of a text, once.
        count(text);
        let (routed, allocations) = count(text);
        assert!(
            routed == Routed::Nothing && allocations == 0,
            "{allocations} for {text:?}"
        );
    }
    // The counter counts.
    let (routed, allocations) = count("!echo hi");
    assert!(matches!(routed, Routed::Command(_)) && allocations > 0);
}
