//! Buttons, menus, forms, shortcuts.

use super::*;
use crate::event::{Event, MessageRef, Place, Press, PressKind};

fn interactive(payload: &Value) -> What {
    let frame = json!({
        "payload": payload, "envelope_id": "e1", "type": "interactive", "accepts_response_payload": true,
    });
    what(read(&frame.to_string()))
}

fn event(payload: &Value) -> Event {
    match interactive(payload) {
        What::Event(event) => *event,
        What::Form(form) => form.event,
        other => panic!("{payload} → {other:?}"),
    }
}

fn pressed(payload: &Value) -> Press {
    match event(payload).kind {
        EventKind::Press(press) => press,
        other => panic!("{payload} → {other:?}"),
    }
}

fn merged(mut base: Value, more: Value) -> Value {
    base.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    base
}

/// A press on an element of a message in #C1.
fn on_message(action: Value, more: Value) -> Value {
    let action = merged(
        json!({"block_id": "b1", "action_id": "lunch/go", "action_ts": "1605853850.000100"}),
        action,
    );
    let base = json!({
        "type": "block_actions", "user": {"id": "U1", "team_id": "T1"}, "team": {"id": "T1"}, "trigger_id": "1.2.abc",
        "container": {"type": "message", "message_ts": "1605853844.000800", "channel_id": "C1", "is_ephemeral": false},
        "channel": {"id": "C1", "name": "general"},
        "message": {"type": "message", "ts": "1605853844.000800", "user": "UBOT", "bot_id": "BBOT", "text": "?"},
        "state": {"values": {}}, "response_url": "https://hooks.slack.com/actions/1", "actions": [action],
    });
    merged(base, more)
}

fn opened_in(thread: Option<&str>) -> String {
    let mut place = json!({"service": "slack", "conversation": "C1", "thread": null, "kind": "channel"});
    if let Some(thread) = thread {
        place["thread"] = thread.into();
    }
    json!({"place": place, "on": {"place": place, "id": "1605853844.000800"}, "data": "table 4"}).to_string()
}

fn view(more: Value) -> Value {
    let input = |block: &str, id: &str, kind: &str| json!({"type": "input", "block_id": block, "element": {"type": kind, "action_id": id}});
    let base = json!({
        "id": "V1", "type": "modal", "callback_id": "lunch/order", "private_metadata": opened_in(Some("1605853800.000100")),
        "blocks": [
            {"type": "section", "block_id": "intro", "text": {"type": "plain_text", "text": "?"}},
            input("when", "lunch/when", "datepicker"),
            input("dish", "lunch/dish", "static_select"),
            {"type": "actions", "block_id": "row", "elements": [
                {"type": "users_select", "action_id": "lunch/who"}, {"type": "checkboxes", "action_id": "lunch/extra"}]},
            input("note", "lunch/text", "plain_text_input"),
        ],
        "state": {"values": {
            "note": {"lunch/text": {"type": "plain_text_input", "value": "no {@U9}, <!channel>"}},
            "when": {"lunch/when": {"type": "datepicker", "selected_date": "2026-11-21"}},
            "row": {
                "lunch/extra": {"type": "checkboxes", "selected_options": [{"value": "egg"}, {"value": "nori"}]},
                "lunch/who": {"type": "users_select", "selected_user": "U7"}},
            "dish": {"lunch/dish": {"type": "static_select", "selected_option": null}},
        }},
    });
    merged(base, more)
}

fn submission(more: Value) -> Value {
    json!({
        "type": "view_submission", "user": {"id": "U1", "team_id": "T1"}, "team": {"id": "T1"}, "trigger_id": "1.2.abc",
        "view": view(more), "response_urls": [],
    })
}

#[test]
fn a_button_leads_to_its_plugin_and_its_message() {
    let payload = on_message(json!({"type": "button", "value": "{@U1} 2 & 3"}), json!({}));
    let event = event(&payload);
    assert_eq!(event.identity.as_str(), "slack/T1//1.2.abc");
    assert!(!event.is_redeliverable() && !event.is_answered_at_once());
    let place = Place {
        service: "slack".into(),
        conversation: "C1".into(),
        thread: None,
        kind: PlaceKind::Channel,
    };
    let expected = Press {
        kind: PressKind::Button,
        plugin: "lunch".into(),
        id: "go".into(),
        // What the plugin put there comes back to the letter.
        value: "{@U1} 2 & 3".into(),
        state: Vec::new(),
        user: "U1".into(),
        place: place.clone(),
        on: Some(MessageRef {
            place,
            id: "1605853844.000800".into(),
        }),
        trigger: Some("1.2.abc".into()),
        response_url: Some("https://hooks.slack.com/actions/1".into()),
        time: "2020-11-20T06:30:50.0001Z".into(),
    };
    assert_eq!(event.kind, EventKind::Press(expected));
}

#[test]
fn what_was_chosen_is_the_value() {
    let option = |value: &str| json!({"text": {"type": "plain_text", "text": "x"}, "value": value});
    for (action, value) in [
        (json!({"type": "static_select", "selected_option": option("a")}), "a"),
        (json!({"type": "external_select", "selected_option": option("a")}), "a"),
        (json!({"type": "overflow", "selected_option": option("a")}), "a"),
        (json!({"type": "radio_buttons", "selected_option": option("a")}), "a"),
        (json!({"type": "radio_buttons", "selected_option": null}), ""),
        (
            json!({"type": "checkboxes", "selected_options": [option("a"), option("b")]}),
            "a,b",
        ),
        (json!({"type": "checkboxes", "selected_options": []}), ""),
        (
            json!({"type": "multi_static_select", "selected_options": [option("a"), option("b")]}),
            "a,b",
        ),
        (
            json!({"type": "multi_external_select", "selected_options": [option("a")]}),
            "a",
        ),
        (json!({"type": "users_select", "selected_user": "U2"}), "U2"),
        (
            json!({"type": "multi_users_select", "selected_users": ["U2", "U3"]}),
            "U2,U3",
        ),
        (
            json!({"type": "conversations_select", "selected_conversation": "D2"}),
            "D2",
        ),
        (
            json!({"type": "multi_conversations_select", "selected_conversations": ["C2", "G3"]}),
            "C2,G3",
        ),
        (json!({"type": "channels_select", "selected_channel": "C2"}), "C2"),
        (
            json!({"type": "multi_channels_select", "selected_channels": ["C2", "C3"]}),
            "C2,C3",
        ),
        (
            json!({"type": "datepicker", "selected_date": "2026-11-21"}),
            "2026-11-21",
        ),
        (json!({"type": "datepicker", "selected_date": null}), ""),
        (json!({"type": "timepicker", "selected_time": "09:30"}), "09:30"),
        (
            json!({"type": "datetimepicker", "selected_date_time": 1_605_853_844}),
            "1605853844",
        ),
        (json!({"type": "datetimepicker", "selected_date_time": null}), ""),
        (json!({"type": "of_tomorrow", "value": "x {@U1}"}), "x {\u{2060}@U1}"),
        (json!({"type": "of_tomorrow"}), ""),
    ] {
        let press = pressed(&on_message(action.clone(), json!({})));
        assert_eq!(
            (press.kind, press.value.as_str()),
            (PressKind::Select, value),
            "{action}"
        );
    }
}

#[test]
fn what_was_typed_can_call_nobody() {
    let typed = |action: Value| pressed(&on_message(action, json!({}))).value;
    let field = |kind: &str| typed(json!({"type": kind, "value": "to {@U1}\u{a0}& {\u{200b}#C1}"}));
    for kind in ["plain_text_input", "email_text_input", "url_text_input", "number_input"] {
        assert_eq!(field(kind), "to {\u{2060}@U1} & {\u{2060}#C1}", "{kind}");
    }
    let rich = json!({"type": "rich_text", "elements": [
        {"type": "rich_text_section", "elements": [
            {"type": "text", "text": "hi {"}, {"type": "text", "text": "@U1} "}, {"type": "user", "user_id": "U2"},
            {"type": "text", "text": " <!channel> ", "style": {"bold": true}}, {"type": "broadcast", "range": "here"},
            {"type": "emoji", "name": "tada"}, {"type": "user", "user_id": "U3> <!channel"}]},
        {"type": "rich_text_list", "style": "bullet", "elements": [
            {"type": "rich_text_section", "elements": [{"type": "link", "url": "https://e.com/?a&b", "text": "e"}]},
            {"type": "rich_text_section", "elements": [{"type": "channel", "channel_id": "C1"}]}]},
    ]});
    assert_eq!(
        typed(json!({"type": "rich_text_input", "rich_text_value": rich})),
        "hi {\u{2060}@U1} @U2 <!channel> @here:tada:@U3> <!channel\ne https://e.com/?a&b\n#C1",
        "what is repeated of it calls nobody"
    );
    assert_eq!(typed(json!({"type": "rich_text_input", "rich_text_value": null})), "");
}

#[test]
fn where_a_press_was() {
    let button = || json!({"type": "button"});
    let place = |more: Value| pressed(&on_message(button(), more)).place;
    for (channel, kind) in [
        (json!({"id": "D1", "name": "directmessage"}), PlaceKind::Direct),
        (json!({"id": "D1"}), PlaceKind::Direct),
        (json!({"id": "C2", "name": "mpdm-a--b--moa-1"}), PlaceKind::Group),
        (json!({"id": "G2", "name": "privategroup"}), PlaceKind::Channel),
    ] {
        let place = place(json!({"channel": channel}));
        assert_eq!((&json!(place.conversation), place.kind), (&channel["id"], kind));
    }
    let below = json!({"message": {"ts": "1605853844.000800", "thread_ts": "1605853800.000100"}});
    assert_eq!(place(below).thread.as_deref(), Some("1605853800.000100"));
    let first = json!({"message": {"ts": "1605853844.000800", "thread_ts": "1605853844.000800"}});
    assert_eq!(place(first).thread, None);

    // Only the person sees the message: Slack does not tell it, and its number leads to nothing.
    let unseen = json!({"message": null, "container": {"type": "message", "message_ts": "1605853844.000800",
        "thread_ts": "1605853800.000100", "channel_id": "C1", "is_ephemeral": true}});
    let press = pressed(&on_message(button(), unseen));
    assert_eq!(press.place.thread.as_deref(), Some("1605853800.000100"));
    assert_eq!(press.on.map(|on| on.id), Some(String::new()));

    let bare = pressed(&on_message(
        button(),
        json!({"message": null, "container": null, "channel": null}),
    ));
    assert_eq!(
        (bare.place.conversation.as_str(), bare.place.kind),
        ("U1", PlaceKind::Direct)
    );
    assert_eq!(bare.on, None);
}

#[test]
fn the_other_menus_come_along_in_their_order() {
    let chosen = |value: &str| json!({"type": "static_select", "selected_option": {"value": value}});
    let payload = on_message(
        json!({"type": "static_select", "block_id": "x", "action_id": "lunch/size", "selected_option": {"value": "L"}}),
        json!({
            "message": {"ts": "1605853844.000800", "blocks": [
                {"type": "actions", "block_id": "x", "elements": [
                    {"type": "static_select", "action_id": "lunch/where"}, {"type": "static_select", "action_id": "lunch/size"},
                    {"type": "static_select", "action_id": "lunch/dish"}]}],
                "attachments": [{"blocks": [
                    {"type": "section", "block_id": "k", "accessory": {"type": "static_select", "action_id": "lunch/day"}}]}]},
            "state": {"values": {
                "a": {"lunch/stray": chosen("s")},
                "k": {"lunch/day": chosen("mon")},
                "x": {"lunch/dish": chosen("soup"), "lunch/size": chosen("L"), "lunch/where": {"type": "static_select", "selected_option": null}}}},
        }),
    );
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(
        pressed(&payload).state,
        [
            pair("where", ""),
            pair("dish", "soup"),
            pair("day", "mon"),
            pair("stray", "s")
        ]
    );
}

#[test]
fn a_form_comes_from_where_it_was_opened_with_its_fields_in_order() {
    let What::Form(form) = interactive(&submission(json!({}))) else {
        panic!()
    };
    assert!(form.answerable && form.event.is_answered_at_once());
    assert_eq!(form.event.identity.as_str(), "slack/T1//1.2.abc");
    let EventKind::Press(press) = &form.event.kind else {
        panic!()
    };
    assert_eq!(
        (press.kind, press.plugin.as_str(), press.id.as_str()),
        (PressKind::Modal, "lunch", "order")
    );
    assert_eq!(press.value, "table 4");
    assert_eq!(press.place.thread.as_deref(), Some("1605853800.000100"));
    assert_eq!(press.on.as_ref().map(|on| on.id.as_str()), Some("1605853844.000800"));
    assert_eq!(
        (press.trigger.as_deref(), press.response_url.as_deref()),
        (Some("1.2.abc"), None)
    );
    assert_eq!(press.time, "2026-11-20T12:00:00Z");
    let state: Vec<(&str, &str)> = press.state.iter().map(|(name, value)| (&**name, &**value)).collect();
    // By the names of their blocks; two in one block by their own.
    assert_eq!(
        state,
        [
            ("when", "2026-11-21"),
            ("dish", ""),
            ("who", "U7"),
            ("extra", "egg,nori"),
            ("note", "no {\u{2060}@U9}, <!channel>"),
        ]
    );
}

#[test]
fn names_with_a_slash_in_them_come_back_whole() {
    let input = |block: &str, id: &str| json!({"type": "input", "block_id": block, "element": {"type": "plain_text_input", "action_id": id}});
    let mut form = submission(json!({}));
    form["view"]["blocks"] = json!([
        input("address/street", "lunch/street/name"),
        input("city", "lunch/to/city")
    ]);
    form["view"]["state"] = json!({"values": {
        "address/street": {"lunch/street/name": {"type": "plain_text_input", "value": "Main"}},
        "city": {"lunch/to/city": {"type": "plain_text_input", "value": "Busan"}}}});
    let What::Form(form) = interactive(&form) else { panic!() };
    let EventKind::Press(press) = &form.event.kind else {
        panic!()
    };
    let names: Vec<&str> = press.state.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["address/street", "city"]);
    for (name, block) in [
        ("address/street", "address/street"),
        ("street/name", "address/street"),
        ("lunch/street/name", "address/street"),
        ("to/city", "city"),
    ] {
        let errors = form.fields.errors(&[(name.to_owned(), "what?".to_owned())]).unwrap();
        assert_eq!(Value::Object(errors), json!({block: "what?"}), "{name}");
    }
}

#[test]
fn what_is_wrong_with_a_form_goes_to_fields_that_can_show_it() {
    let errors = |payload: &Value, list: &[(&str, &str)]| {
        let What::Form(form) = interactive(payload) else {
            panic!()
        };
        let list: Vec<_> = list
            .iter()
            .map(|(name, why)| ((*name).to_owned(), (*why).to_owned()))
            .collect();
        form.fields.errors(&list).map(Value::Object)
    };
    let form = submission(json!({}));
    assert_eq!(errors(&form, &[("note", "long")]), Some(json!({"note": "long"})));
    assert_eq!(errors(&form, &[("text", "long")]), Some(json!({"note": "long"})));
    assert_eq!(errors(&form, &[("lunch/text", "long")]), Some(json!({"note": "long"})));
    // No input block, so it cannot stand there.
    assert_eq!(
        errors(&form, &[("who", "is away")]),
        Some(json!({"when": "who: is away"}))
    );
    assert_eq!(
        errors(&form, &[("when", "past."), ("dish", "none left."), ("", "closed")]),
        Some(json!({"when": "past. : closed", "dish": "none left."}))
    );
    assert_eq!(errors(&form, &[]), None);
    assert_eq!(errors(&submission(json!({"blocks": []})), &[("when", "past")]), None);
}

#[test]
fn elements_of_a_form_are_pressed_where_the_form_was_opened() {
    let payload = on_message(
        json!({"type": "static_select", "block_id": "dish", "action_id": "lunch/dish", "selected_option": {"value": "soup"}}),
        json!({"container": {"type": "view", "view_id": "V1"}, "channel": null, "message": null, "state": null,
            "response_url": null, "view": view(json!({}))}),
    );
    let press = pressed(&payload);
    assert_eq!(
        (press.kind, press.id.as_str(), press.value.as_str()),
        (PressKind::Select, "dish", "soup")
    );
    assert_eq!(press.place.thread.as_deref(), Some("1605853800.000100"));
    assert_eq!(press.on.as_ref().map(|on| on.id.as_str()), Some("1605853844.000800"));
    let names: Vec<&str> = press.state.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["when", "who", "extra", "note"]);
}

#[test]
fn a_form_of_an_unknown_place_is_its_persons() {
    let foreign = pressed(&submission(json!({"private_metadata": "of another time", "state": {}})));
    assert_eq!((foreign.value.as_str(), foreign.on), ("of another time", None));
    assert_eq!(
        (foreign.place.conversation.as_str(), foreign.place.kind),
        ("U1", PlaceKind::Direct)
    );
    assert!(foreign.state.is_empty());
}

#[test]
fn shortcuts_are_presses_too() {
    let base = |kind: &str| {
        json!({"type": kind, "callback_id": "lunch/vote", "user": {"id": "U1"}, "team": {"id": "T1"},
            "trigger_id": "1.2.abc", "action_ts": "1605853850.000100"})
    };
    let anywhere = pressed(&base("shortcut"));
    assert_eq!((anywhere.kind, anywhere.id.as_str()), (PressKind::Shortcut, "vote"));
    assert_eq!(
        (anywhere.place.conversation.as_str(), anywhere.place.kind),
        ("U1", PlaceKind::Direct)
    );
    assert_eq!(
        (anywhere.on, anywhere.state.len(), anywhere.value.as_str()),
        (None, 0, "")
    );
    assert_eq!(anywhere.time, "2020-11-20T06:30:50.0001Z");

    let message = json!({"type": "message", "user": "U5", "ts": "1605853844.000800", "thread_ts": "1605853800.000100",
        "text": "{@U1} <@U2> &amp; me"});
    let on = pressed(&merged(
        base("message_action"),
        json!({"channel": {"id": "C1", "name": "general"}, "message_ts": "1605853844.000800", "message": message,
            "response_url": "https://hooks.slack.com/app/1"}),
    ));
    assert_eq!(on.on.as_ref().map(|on| on.id.as_str()), Some("1605853844.000800"));
    assert_eq!(on.place.thread.as_deref(), Some("1605853800.000100"));
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(
        on.state,
        [pair("text", "{\u{2060}@U1} {@U2} & me"), pair("author", "U5")]
    );
    assert_eq!(on.response_url.as_deref(), Some("https://hooks.slack.com/app/1"));
}

#[test]
fn what_is_nobodys_is_acknowledged_and_no_more() {
    let button = |id: &str| on_message(json!({"type": "button", "action_id": id}), json!({}));
    for payload in [
        button("moa-link-1"),
        button("go"),
        button(""),
        button("lunch/"),
        button("/go"),
        button("https://e.com"),
        on_message(json!({}), json!({"actions": []})),
        on_message(json!({}), json!({"actions": "x"})),
        submission(json!({"callback_id": "order"})),
        json!({"type": "view_closed", "user": {"id": "U1"}, "view": view(json!({}))}),
        json!({"type": "block_suggestion", "user": {"id": "U1"}, "action_id": "lunch/dish", "value": "so"}),
        json!({"type": "interactive_message", "user": {"id": "U1"}, "callback_id": "lunch/x", "actions": [{"name": "a"}]}),
        json!({"type": "dialog_submission", "user": {"id": "U1"}, "callback_id": "lunch/x"}),
        json!({"type": "of_tomorrow"}),
    ] {
        let kind = payload["type"].as_str().unwrap().to_owned();
        assert_eq!(
            interactive(&payload),
            What::Ignored(Ignored::Interaction(kind)),
            "{payload}"
        );
    }
    for payload in [
        json!({}),
        json!({"type": 5}),
        on_message(json!({"type": "button"}), json!({"user": null})),
        on_message(json!({"type": "button"}), json!({"user": "U1"})),
    ] {
        assert_eq!(interactive(&payload), What::Unreadable, "{payload}");
    }
    // Of several the first that is a plugin's.
    let several = json!({"actions": [
        {"type": "button", "action_id": "moa-link-0"}, {"type": "button", "action_id": "lunch/a", "value": "1"},
        {"type": "button", "action_id": "dice/b"}]});
    let press = pressed(&on_message(json!({}), several));
    assert_eq!(
        (press.plugin.as_str(), press.id.as_str(), press.value.as_str()),
        ("lunch", "a", "1")
    );
    // Of ids that hold one, only the first stroke parts.
    let question = pressed(&button("lunch/moa:ask:7:a/b"));
    assert_eq!(
        (question.plugin.as_str(), question.id.as_str()),
        ("lunch", "moa:ask:7:a/b")
    );
    // What the host itself asked is no plugin's.
    let own = pressed(&button("/moa:grant:0a:approve"));
    assert_eq!((own.plugin.as_str(), own.id.as_str()), ("", "moa:grant:0a:approve"));
}

#[test]
fn a_press_has_one_identity() {
    let identity = |more: Value| event(&on_message(json!({"type": "button"}), more)).identity.0;
    assert_eq!(
        identity(json!({"trigger_id": null})),
        "slack/T1//1605853850.000100/U1/lunch/go"
    );
    let bare = on_message(
        json!({"type": "button", "action_ts": null}),
        json!({"trigger_id": null}),
    );
    assert_eq!(event(&bare).identity.as_str(), "slack/T1//e1");
    assert_eq!(pressed(&bare).time, "2026-11-20T12:00:00Z");
    // Apps of whole organisations.
    assert_eq!(identity(json!({"team": null})), "slack/T1//1.2.abc");
    assert_eq!(
        identity(json!({"team": null, "user": {"id": "U1"}, "enterprise": {"id": "E1"}})),
        "slack/E1//1.2.abc"
    );
}
