use super::*;
use crate::content::{Action, Field, Style};

fn stamp() -> Stamp {
    Stamp {
        plugin: "p".into(),
        invocation: "i1".into(),
        ordinal: 2,
    }
}

fn rendered(content: &Content) -> Map<String, Value> {
    arguments(content, &stamp()).unwrap()
}

#[test]
fn text_alone_carries_its_stamp() {
    let out = rendered(&Content::text("*hi* <you>"));
    assert_eq!(out["text"], "*hi* &lt;you&gt;");
    let payload = json!({"invocation": "i1", "ordinal": 2});
    assert_eq!(
        out["metadata"],
        json!({"event_type": "moa_reply", "event_payload": payload})
    );
    for absent in ["blocks", "attachments", "link_names", "parse", "username", "channel"] {
        assert!(!out.contains_key(absent), "{absent}");
    }
}

#[test]
fn cards_become_attachments() {
    let card = Card {
        title: "A <b>".into(),
        link: "https://e.com/?a&b".into(),
        text: "*x* <!channel>".into(),
        color: "#1DDB16".into(),
        fields: vec![Field {
            title: "<t>".into(),
            value: "{@U1}".into(),
            short: true,
        }],
        ..Card::default()
    };
    let out = rendered(&Content {
        cards: vec![card],
        ..Content::default()
    });
    assert_eq!(
        out["attachments"][0],
        json!({
            "fallback": "A &lt;b&gt;", "title": "A &lt;b&gt;", "title_link": "https://e.com/?a&amp;b",
            "text": "*x* &lt;!channel&gt;", "color": "#1DDB16",
            "fields": [{"title": "&lt;t&gt;", "value": "<@U1>", "short": true}],
            "mrkdwn_in": ["pretext", "text", "fields"],
        })
    );
    let odd = Card {
        text: "x".into(),
        color: "url(x)".into(),
        link: "javascript:x".into(),
        ..Card::default()
    };
    let out = rendered(&Content {
        cards: vec![odd],
        ..Content::default()
    });
    assert!(out["attachments"][0].get("color").is_none() && out["attachments"][0].get("title_link").is_none());
}

#[test]
fn actions_become_blocks_below_the_text() {
    let content = Content {
        text: "order? @channel".into(),
        actions: vec![
            Action::Button {
                id: "buy".into(),
                label: "B".repeat(80),
                value: "1".into(),
                style: Style::Primary,
                confirm: Some("sure?".into()),
            },
            Action::Select {
                id: "s".into(),
                placeholder: String::new(),
                choices: vec![("One".into(), "1".into())],
            },
            Action::Link("docs".into(), "https://e.com/?a=1&b=2".into()),
        ],
        ..Content::default()
    };
    let blocks = &rendered(&content)["blocks"];
    assert_eq!(blocks[0]["text"]["verbatim"], true, "plain @channel must stay text");
    let elements = &blocks[1]["elements"];
    assert_eq!(elements[0]["text"]["text"].as_str().unwrap().chars().count(), 75);
    let ids: Vec<&str> = (0..3).map(|n| elements[n]["action_id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["p/buy", "p/s", "moa-link-2"], "a link is nobody's");
    assert_eq!(elements[0]["style"], "primary");
    let confirm = &elements[0]["confirm"];
    assert_eq!(confirm["text"]["text"], "sure?");
    assert_eq!(confirm["confirm"]["text"].as_str().unwrap().chars().count(), 30);
    assert_eq!(confirm["deny"]["text"], "✕", "Slack asks for both words");
    assert_eq!(elements[1]["options"][0]["value"], "1");
    assert_eq!(elements[2]["url"], "https://e.com/?a=1&b=2");
}

#[test]
fn cards_stand_below_buttons() {
    let content = Content {
        cards: vec![Card {
            title: "t".into(),
            ..Card::default()
        }],
        actions: vec![Action::Link("l".into(), "https://e.com".into())],
        ..Content::text("x")
    };
    let out = rendered(&content);
    assert_eq!(out["blocks"].as_array().unwrap().len(), 2);
    assert_eq!(out["attachments"][0]["title"], "t");
    assert!(
        out["attachments"][0].get("blocks").is_none(),
        "the colour goes with the older kind"
    );
}

#[test]
fn sections_hold_long_text_whole() {
    let text = format!("{}\n\n{}", "&".repeat(2_500), "b ".repeat(2_000));
    let content = Content {
        text,
        actions: vec![Action::Link("l".into(), "https://e.com".into())],
        ..Content::default()
    };
    let out = rendered(&content);
    let texts: Vec<&str> = out["blocks"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|block| block["text"]["text"].as_str())
        .collect();
    assert!(texts.iter().all(|text| text.chars().count() <= 3_000));
    assert_eq!(texts.concat().matches("&amp;").count(), 2_500);
    assert_eq!(texts.concat().matches('b').count(), 2_000);
}

#[test]
fn what_slack_cannot_show_is_refused_with_a_reason() {
    let code = |content: &Content| match arguments(content, &stamp()) {
        Err(Refused { code, .. }) => code,
        other => panic!("{other:?}"),
    };
    assert_eq!(code(&Content::text(" ")), "no_text");
    assert_eq!(code(&Content::text("x".repeat(40_001))), "msg_too_long");
    let select = |choices| Content {
        text: "x".into(),
        actions: vec![Action::Select {
            id: "s".into(),
            placeholder: String::new(),
            choices,
        }],
        ..Content::default()
    };
    assert_eq!(code(&select(Vec::new())), "bad_action");
    assert_eq!(code(&select(vec![("l".into(), "v".repeat(151))])), "bad_action");
    assert_eq!(code(&select(vec![("l".into(), String::new())])), "bad_action");
    let button = |id: &str| Action::Button {
        id: id.into(),
        label: "b".into(),
        value: String::new(),
        style: Style::Normal,
        confirm: None,
    };
    let buttons = |actions| Content {
        actions,
        ..Content::text("x")
    };
    assert!(arguments(&buttons(vec![button(&"i".repeat(253))]), &stamp()).is_ok());
    assert_eq!(code(&buttons(vec![button(&"i".repeat(254))])), "bad_action");
    assert_eq!(code(&buttons(vec![button("a"), button("a")])), "bad_action");
    let cards = |count, card: Card| Content {
        cards: vec![card; count],
        ..Content::default()
    };
    let card = || Card {
        title: "t".into(),
        ..Card::default()
    };
    assert!(arguments(&cards(100, card()), &stamp()).is_ok());
    assert_eq!(code(&cards(101, card())), "too_many_parts");
    assert_eq!(code(&cards(1, Card::default())), "no_text", "it says nothing");
    let rows = (0..25 * 50).map(|n| button(&n.to_string())).collect();
    assert_eq!(code(&buttons(rows)), "too_many_parts", "the text is a block as well");
    let native = Content {
        native: Some("{\"text\": \"<!here>\"}".into()),
        ..Content::default()
    };
    assert_eq!(code(&native), "broadcast_not_granted");
}

#[test]
fn a_sender_is_a_name_and_an_icon() {
    let with = |icon: &str| Content {
        sender: Some(("Rain".into(), icon.into())),
        ..Content::text("x")
    };
    assert_eq!(rendered(&with("umbrella"))["icon_emoji"], ":umbrella:");
    assert_eq!(rendered(&with(":umbrella:"))["icon_emoji"], ":umbrella:");
    assert_eq!(
        rendered(&with("https://e.com/i.png"))["icon_url"],
        "https://e.com/i.png"
    );
    assert_eq!(rendered(&with(""))["username"], "Rain");
}
