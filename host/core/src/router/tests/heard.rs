//! What plugins listen for, beside commands.

use super::*;
use crate::event::Mention;
use crate::router::hears::{Ear, Taught, What};
use std::sync::Arc;

fn manifests() -> [Manifest; 2] {
    let links = manifest(json!({"name": "links", "hears": [
        {"id": "guide", "pattern": "가이드|guide"},
        {"id": "asked", "pattern": "^deploy (\\w+)$", "scopes": ["direct-mention"]},
        {"id": "named", "pattern": "moa", "scopes": ["mention"]},
        {"id": "echo", "pattern": "^!echo"},
    ]}));
    [hello(), links]
}

fn ears() -> Vec<Arc<Ear>> {
    manifests().iter().flat_map(Ear::of_manifest).collect()
}

fn listened(ears: Vec<Arc<Ear>>, text: &str, kind: PlaceKind) -> Routed {
    let hears = Hears::new(ears, &Hears::default());
    let event = event(EventKind::Message(message(text, kind)));
    super::route(
        &table_of(&manifests(), &[]),
        &hears,
        &Settings::default(),
        &me(),
        &event,
    )
}

fn heard(text: &str, kind: PlaceKind) -> String {
    short(listened(ears(), text, kind))
}

#[test]
fn commands_come_first_and_patterns_before_not_knowing_a_word() {
    let cases = [
        ("여기 가이드 어디?", "[links:guide]"),
        ("점심", "-"),
        ("!echo guide", "hello:echo(text=guide)"),
        ("!help guide", "help guide"),
        ("!echoo guide", "[links:guide][links:echo]"),
        ("moa, deploy web", "[links:asked]"),
        ("{@UBOT} deploy web", "[links:asked]"),
        ("deploy web", "-"),
        ("{@UBOT} guide", "[links:guide]"),
    ];
    for (text, expected) in cases {
        assert_eq!(heard(text, PlaceKind::Channel), expected, "{text:?}");
    }
    assert_eq!(heard("가이드", PlaceKind::Direct), "[links:guide]");
    assert_eq!(heard("뭐지", PlaceKind::Direct), "suggest");
}

#[test]
fn captures_come_along_and_a_mention_anywhere_is_one() {
    let Routed::Heard(heard) = listened(ears(), "moa: Deploy Web", PlaceKind::Channel) else {
        panic!("heard");
    };
    let captures = [Some("Deploy Web".to_owned()), Some("Web".to_owned())];
    assert!(matches!(heard.as_slice(), [one] if one.captures == captures && !one.ambient));

    let mut message = message("ask moa {@UBOT}", PlaceKind::Channel);
    let (table, hears) = (table_of(&manifests(), &[]), Hears::new(ears(), &Hears::default()));
    let route = |message: &Message| {
        let event = event(EventKind::Message(message.clone()));
        short(super::route(&table, &hears, &Settings::default(), &me(), &event))
    };
    assert_eq!(route(&message), "-");
    message.mentions.push(Mention::User("UBOT".into()));
    assert_eq!(route(&message), "[links:named]");
    message.author = "UBOT".into();
    assert_eq!(route(&message), "-", "the bot does not listen to itself");
}

#[test]
fn what_was_taught_is_heard_besides() {
    let taught = Taught {
        what: What::Keyword("guide".into()),
        scopes: vec![Scope::Ambient],
        conversation: Some("C1".into()),
    };
    let mut ears = ears();
    ears.push(Arc::new(Ear::new("memo", "m1", &taught).unwrap()));
    let routed = listened(ears.clone(), "the guide", PlaceKind::Channel);
    assert_eq!(short(routed), "[links:guide][memo:m1]");
    let routed = listened(ears, "!echo guide", PlaceKind::Channel);
    assert_eq!(short(routed), "hello:echo(text=guide)");
}
