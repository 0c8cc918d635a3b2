//! Buttons, menus, modals and shortcuts, as a bot sees them on the wire.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

mod support;

use moa_playground::{Options, Playground};
use serde_json::{Value, json};
use std::time::Duration;
use support::{Socket, act, api, hasty, ok, quick, record, request, start};

const ROSIE: &str = "U00000ROSIE";
const DEV: &str = "C000000DEV0";

fn plain(text: &str) -> Value {
    json!({"type": "plain_text", "text": text})
}

fn order_blocks() -> Value {
    let option = |value: &str| json!({"text": plain(value), "value": value});
    json!([
        {"type": "section", "block_id": "s", "text": {"type": "mrkdwn", "text": "*Lunch*"}},
        {"type": "actions", "block_id": "a", "elements": [
            {"type": "button", "action_id": "order", "text": plain("Order"), "value": "42", "style": "primary"},
            {"type": "static_select", "action_id": "menu", "options": [option("rice"), option("soup")]},
            {"type": "datepicker", "action_id": "day", "initial_date": "2026-11-21"},
            {"type": "checkboxes", "action_id": "with", "options": [option("egg"), option("ham")]},
            {"type": "overflow", "action_id": "more", "options": [option("cancel")]},
            {"type": "users_select", "action_id": "who"},
        ]},
    ])
}

fn modal(block_id: &str) -> Value {
    json!({"type": "modal", "callback_id": "form", "title": plain("Order"), "submit": plain("Send"), "close": plain("No"),
    "private_metadata": "m", "notify_on_close": true, "blocks": [
        {"type": "input", "block_id": block_id, "label": plain("How many"),
         "element": {"type": "plain_text_input", "action_id": "n"}},
    ]})
}

async fn post(sim: &Playground) -> Value {
    ok(
        sim,
        "chat.postMessage",
        json!({"channel": DEV, "text": "x", "blocks": order_blocks()}),
    )
    .await
}

/// The next interactive envelope; events are acknowledged on the way.
async fn interactive(bot: &mut Socket) -> Value {
    loop {
        let frame = bot.next().await;
        if frame["type"] == "interactive" {
            return frame;
        }
        bot.ack(&frame).await;
    }
}

/// The members of a payload, in order.
fn members(payload: &Value) -> String {
    let mut names: Vec<&str> = payload.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    names.join(" ")
}

async fn press(sim: &Playground, ts: &Value, action: &str, value: Value) -> Value {
    let press = json!({"user": "로지", "channel": "#dev", "ts": ts, "action_id": action, "value": value});
    act(sim, "press", press).await
}

async fn answer(bot: &mut Socket, envelope: &Value, payload: Value) {
    bot.send(json!({"envelope_id": envelope["envelope_id"], "payload": payload}).to_string())
        .await;
}

/// Waits until the record has so many changes of modals, and gives what they were.
async fn changes(sim: &Playground, count: usize) -> Vec<String> {
    for _ in 0..500 {
        let all = record(sim, "view").await;
        if all.len() >= count {
            return all.iter().map(|v| v["change"].as_str().unwrap().to_owned()).collect();
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("no {count} changes");
}

#[tokio::test]
async fn a_button_tells_all_that_slack_tells() {
    let sim = start(quick()).await;
    let mut bot = Socket::greeted(&sim).await;
    let posted = post(&sim).await;
    let pressed = press(&sim, &posted["ts"], "order", Value::Null).await;
    let envelope = interactive(&mut bot).await;
    assert_eq!(envelope["accepts_response_payload"], false);
    assert!(envelope.get("retry_attempt").is_none());
    let payload = &envelope["payload"];
    assert_eq!(payload["type"], "block_actions");
    assert_eq!(
        members(payload),
        "actions api_app_id channel container enterprise is_enterprise_install message response_url state team token \
         trigger_id type user"
    );
    assert_eq!(members(&payload["user"]), "id name team_id username");
    assert_eq!(payload["trigger_id"], pressed["trigger_id"]);
    assert_eq!(
        payload["container"],
        json!({"type": "message", "message_ts": posted["ts"], "channel_id": DEV, "is_ephemeral": false})
    );
    assert_eq!(payload["channel"], json!({"id": DEV, "name": "dev"}));
    assert_eq!(payload["user"]["id"], ROSIE);
    assert_eq!(payload["user"]["username"], "rosie");
    assert_eq!(payload["message"]["ts"], posted["ts"]);
    assert_eq!(payload["message"]["blocks"][1]["elements"][0]["action_id"], "order");
    let action = &payload["actions"][0];
    assert_eq!(
        (&action["type"], &action["block_id"], &action["value"]),
        (&json!("button"), &json!("a"), &json!("42"))
    );
    assert_eq!(
        action["text"],
        json!({"type": "plain_text", "text": "Order", "emoji": true})
    );
    let state = &payload["state"]["values"]["a"];
    assert_eq!(
        state["day"],
        json!({"type": "datepicker", "selected_date": "2026-11-21"})
    );
    assert_eq!(state["menu"], json!({"type": "static_select", "selected_option": null}));
    assert!(state.get("order").is_none() && state.get("more").is_none());
    bot.ack(&envelope).await;

    // What was chosen before stands in the state of what comes after.
    press(&sim, &posted["ts"], "menu", json!("soup")).await;
    let menu = interactive(&mut bot).await["payload"].clone();
    assert_eq!(menu["actions"][0]["selected_option"]["value"], "soup");
    press(&sim, &posted["ts"], "with", json!(["egg"])).await;
    let with = interactive(&mut bot).await["payload"].clone();
    assert_eq!(with["actions"][0]["selected_options"][0]["value"], "egg");
    assert_eq!(with["state"]["values"]["a"]["menu"]["selected_option"]["value"], "soup");
    press(&sim, &posted["ts"], "who", json!("U0000000BEN")).await;
    assert_eq!(
        interactive(&mut bot).await["payload"]["actions"][0]["selected_user"],
        "U0000000BEN"
    );
    press(&sim, &posted["ts"], "more", json!("cancel")).await;
    let more = interactive(&mut bot).await["payload"].clone();
    assert_eq!(more["actions"][0]["selected_option"]["value"], "cancel");
    assert!(more["state"]["values"]["a"].get("more").is_none());
}

#[tokio::test]
async fn a_response_url_replaces_adds_and_deletes() {
    let sim = start(quick()).await;
    let mut bot = Socket::greeted(&sim).await;
    let posted = post(&sim).await;
    press(&sim, &posted["ts"], "order", Value::Null).await;
    let payload = interactive(&mut bot).await["payload"].clone();
    let path = |payload: &Value| {
        let url = payload["response_url"].as_str().unwrap();
        url[url.find("/response/").unwrap()..].to_owned()
    };
    let url = path(&payload);
    let send = async |url: &str, body: Value| {
        let headers = ["Content-Type: application/json"];
        request(&sim, "POST", url, &headers, body.to_string().as_bytes())
            .await
            .status
    };
    assert_eq!(send(&url, json!({"text": "done", "replace_original": true})).await, 200);
    let history = ok(&sim, "conversations.history", json!({"channel": DEV})).await;
    assert_eq!(history["messages"][0]["text"], "done");
    assert!(history["messages"][0].get("blocks").is_none());
    assert_eq!(send(&url, json!({"text": "only you"})).await, 200);
    assert_eq!(record(&sim, "post").await.last().unwrap()["ephemeral_for"], ROSIE);
    assert_eq!(send(&url, json!({"delete_original": true})).await, 200);
    let history = ok(&sim, "conversations.history", json!({"channel": DEV})).await;
    assert_eq!(history["messages"], json!([]));
    while bot.next_within(support::QUIET).await.is_some() {}
    let loud = json!({"text": "4", "response_type": "in_channel"});
    assert_eq!(send(&url, loud).await, 200);
    let event = bot.next().await["payload"]["event"].clone();
    assert_eq!(
        (&event["subtype"], &event["bot_id"]),
        (&json!("bot_message"), &json!("B0000000MOA"))
    );
    assert!(event.get("user").is_none(), "it is nobody's");
    assert_eq!(send(&url, json!({"text": "5"})).await, 200);
    assert_eq!(send(&url, json!({"text": "6"})).await, 404, "five times");

    // An ephemeral message is in no payload, and can be changed in this way only.
    let whisper = json!({"channel": DEV, "user": ROSIE, "text": "psst", "blocks": order_blocks()});
    let whisper = ok(&sim, "chat.postEphemeral", whisper).await;
    press(&sim, &whisper["message_ts"], "order", Value::Null).await;
    let payload = interactive(&mut bot).await["payload"].clone();
    assert_eq!(payload["container"]["is_ephemeral"], true);
    assert!(payload.get("message").is_none());
    assert_eq!(
        send(&path(&payload), json!({"text": "seen", "replace_original": true})).await,
        200
    );
    let state = request(&sim, "GET", "/sim/state", &[], b"").await.json();
    let texts: Vec<&Value> = state["ephemerals"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| &e["message"]["text"])
        .collect();
    assert!(
        texts.contains(&&json!("seen")) && !texts.contains(&&json!("psst")),
        "{texts:?}"
    );
}

#[tokio::test]
async fn a_modal_is_submitted_refused_updated_pushed_and_closed() {
    let sim = start(quick()).await;
    let mut bot = Socket::greeted(&sim).await;
    let posted = post(&sim).await;
    let trigger = press(&sim, &posted["ts"], "order", Value::Null).await["trigger_id"].clone();
    let envelope = interactive(&mut bot).await;
    bot.ack(&envelope).await;
    let opened = ok(&sim, "views.open", json!({"trigger_id": trigger, "view": modal("b")})).await;
    let view = &opened["view"];
    assert_eq!(view["root_view_id"], view["id"]);
    assert_eq!(view["previous_view_id"], Value::Null);
    assert_eq!(view["state"], json!({"values": {}}));
    let again = api(&sim, "views.open", json!({"trigger_id": trigger, "view": modal("b")})).await;
    assert_eq!(again["error"], "exchanged_trigger_id");

    // What the client finds missing never reaches the bot.
    let kept = act(&sim, "submit", json!({"user": "로지"})).await;
    assert_eq!(kept["trigger_id"], Value::Null);
    let submit = json!({"user": "로지", "values": {"b": {"n": "many"}}});
    assert!(act(&sim, "submit", submit.clone()).await["trigger_id"].is_string());
    let envelope = interactive(&mut bot).await;
    assert_eq!(envelope["accepts_response_payload"], true);
    let payload = &envelope["payload"];
    assert_eq!(
        members(payload),
        "api_app_id enterprise is_enterprise_install response_urls team token trigger_id type user view"
    );
    assert_eq!(
        members(&payload["view"]),
        "app_id app_installed_team_id blocks bot_id callback_id clear_on_close close external_id hash id \
         notify_on_close previous_view_id private_metadata root_view_id state submit team_id title type"
    );
    assert_eq!(
        (&payload["type"], &payload["response_urls"]),
        (&json!("view_submission"), &json!([]))
    );
    assert_eq!(
        (&payload["view"]["id"], &payload["view"]["private_metadata"]),
        (&view["id"], &json!("m"))
    );
    assert_eq!(
        payload["view"]["state"]["values"]["b"]["n"],
        json!({"type": "plain_text_input", "value": "many"})
    );
    answer(
        &mut bot,
        &envelope,
        json!({"response_action": "errors", "errors": {"b": "a number, please"}}),
    )
    .await;
    assert_eq!(changes(&sim, 2).await, ["opened", "errors"]);
    let state = request(&sim, "GET", "/sim/state", &[], b"").await.json();
    assert_eq!(state["views"][ROSIE][0]["errors"]["b"], "a number, please");

    act(&sim, "submit", submit.clone()).await;
    let envelope = interactive(&mut bot).await;
    answer(
        &mut bot,
        &envelope,
        json!({"response_action": "update", "view": modal("c")}),
    )
    .await;
    changes(&sim, 3).await;
    act(&sim, "submit", json!({"user": "로지", "values": {"c": {"n": "1"}}})).await;
    let envelope = interactive(&mut bot).await;
    assert_eq!(
        envelope["payload"]["view"]["id"], view["id"],
        "an updated view stays the same view"
    );
    assert_ne!(envelope["payload"]["view"]["hash"], view["hash"]);
    answer(
        &mut bot,
        &envelope,
        json!({"response_action": "push", "view": modal("d")}),
    )
    .await;
    changes(&sim, 4).await;
    act(&sim, "submit", json!({"user": "로지", "values": {"d": {"n": "2"}}})).await;
    let envelope = interactive(&mut bot).await;
    assert_eq!(envelope["payload"]["view"]["previous_view_id"], view["id"]);
    bot.ack(&envelope).await;
    assert_eq!(
        changes(&sim, 5).await,
        ["opened", "errors", "updated", "pushed", "submitted"]
    );

    // The one below is there again; closing it is told, as it asks for that.
    act(&sim, "close", json!({"user": "로지"})).await;
    let closed = interactive(&mut bot).await["payload"].clone();
    assert_eq!(
        members(&closed),
        "api_app_id enterprise is_cleared is_enterprise_install team token type user view"
    );
    assert_eq!(
        (&closed["type"], &closed["is_cleared"]),
        (&json!("view_closed"), &json!(false))
    );
    assert_eq!(closed["view"]["id"], view["id"]);
    let gone = api(&sim, "views.update", json!({"view_id": view["id"], "view": modal("b")})).await;
    assert_eq!(gone["error"], "not_found");
}

#[tokio::test]
async fn views_are_updated_by_hash_and_pushed_from_within() {
    let sim = start(quick()).await;
    let mut bot = Socket::greeted(&sim).await;
    let posted = post(&sim).await;
    let trigger = press(&sim, &posted["ts"], "order", Value::Null).await["trigger_id"].clone();
    let mut view = modal("b");
    view["external_id"] = json!("mine");
    view["blocks"]
        .as_array_mut()
        .unwrap()
        .push(json!({"type": "actions", "block_id": "x", "elements": [
            {"type": "button", "action_id": "next", "text": plain("Next")},
        ]}));
    let opened = ok(
        &sim,
        "views.open",
        json!({"trigger_id": trigger, "view": view.to_string()}),
    )
    .await;
    let hash = &opened["view"]["hash"];
    let update = json!({"external_id": "mine", "hash": hash, "view": view});
    ok(&sim, "views.update", update.clone()).await;
    assert_eq!(api(&sim, "views.update", update).await["error"], "hash_conflict");
    interactive(&mut bot).await;

    let next = json!({"user": "로지", "action_id": "next", "values": {"b": {"n": "7"}}});
    let trigger = act(&sim, "press", next.clone()).await["trigger_id"].clone();
    let payload = interactive(&mut bot).await["payload"].clone();
    assert_eq!(
        payload["container"],
        json!({"type": "view", "view_id": opened["view"]["id"]})
    );
    assert_eq!(payload["view"]["state"]["values"]["b"]["n"]["value"], "7");
    assert!(payload.get("message").is_none() && payload.get("response_url").is_none());
    let pushed = ok(&sim, "views.push", json!({"trigger_id": trigger, "view": modal("b")})).await;
    assert_eq!(pushed["view"]["root_view_id"], opened["view"]["id"]);

    let bad = api(
        &sim,
        "views.open",
        json!({"trigger_id": "1.2.3", "view": {"title": plain("x"), "blocks": []}}),
    )
    .await;
    assert_eq!(bad["error"], "invalid_arguments");
    assert_eq!(
        bad["response_metadata"]["messages"],
        json!(["[ERROR] missing required field: type [json-pointer:/view]"])
    );
    let unknown = api(&sim, "views.open", json!({"trigger_id": "1.2.3", "view": modal("b")})).await;
    assert_eq!(unknown["error"], "invalid_trigger_id");
    assert_eq!(
        api(&sim, "views.publish", json!({"user_id": ROSIE})).await["error"],
        "not_enabled"
    );
}

#[tokio::test]
async fn a_trigger_is_soon_too_old() {
    let sim = start(Options {
        trigger_life: Duration::ZERO,
        ..quick()
    })
    .await;
    let _bot = Socket::greeted(&sim).await;
    let posted = post(&sim).await;
    let trigger = press(&sim, &posted["ts"], "order", Value::Null).await["trigger_id"].clone();
    let late = api(&sim, "views.open", json!({"trigger_id": trigger, "view": modal("b")})).await;
    assert_eq!(late["error"], "expired_trigger_id");
}

#[tokio::test]
async fn shortcuts_come_from_anywhere_and_from_messages() {
    let sim = start(quick()).await;
    let mut bot = Socket::greeted(&sim).await;
    act(&sim, "shortcut", json!({"user": "Ben", "callback_id": "todo"})).await;
    let payload = interactive(&mut bot).await["payload"].clone();
    assert_eq!(
        members(&payload),
        "action_ts callback_id enterprise is_enterprise_install team token trigger_id type user"
    );
    assert_eq!(members(&payload["user"]), "id team_id username");
    assert_eq!(
        (&payload["type"], &payload["callback_id"]),
        (&json!("shortcut"), &json!("todo"))
    );
    assert!(payload.get("channel").is_none() && payload.get("response_url").is_none());
    let said = support::say(&sim, "샐리", "#dev", "내일까지").await;
    act(
        &sim,
        "shortcut",
        json!({"user": "Ben", "callback_id": "todo", "channel": "#dev", "ts": said["ts"]}),
    )
    .await;
    let payload = interactive(&mut bot).await["payload"].clone();
    assert_eq!(
        (&payload["type"], &payload["message_ts"]),
        (&json!("message_action"), &said["ts"])
    );
    assert_eq!(
        members(&payload),
        "action_ts callback_id channel enterprise is_enterprise_install message message_ts response_url team token \
         trigger_id type user"
    );
    assert_eq!(payload["message"]["text"], "내일까지");
    assert!(payload["response_url"].is_string() && payload["trigger_id"].is_string());
}

#[tokio::test]
async fn interactions_come_once_and_expire() {
    let sim = start(hasty()).await;
    let mut bot = Socket::greeted(&sim).await;
    let posted = post(&sim).await;
    press(&sim, &posted["ts"], "order", Value::Null).await;
    let envelope = interactive(&mut bot).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let expired = record(&sim, "expired").await;
    assert!(
        expired
            .iter()
            .any(|e| e["event_id"] == envelope["payload"]["trigger_id"]),
        "{expired:?}"
    );
    let sent = record(&sim, "event").await;
    assert_eq!(
        sent.iter().filter(|e| e["event"] == "block_actions").count(),
        1,
        "never again"
    );
}

#[tokio::test]
async fn wrong_blocks_are_refused_in_slacks_words() {
    let sim = start(quick()).await;
    let blocks = json!([{"type": "section", "text": {"type": "mrkdwn", "text": ""}}]);
    let refused = api(
        &sim,
        "chat.postMessage",
        json!({"channel": DEV, "text": "x", "blocks": blocks}),
    )
    .await;
    let problem = "must be more than 0 characters [json-pointer:/blocks/0/text/text]";
    assert_eq!(
        refused,
        json!({"ok": false, "error": "invalid_blocks", "errors": [problem],
               "response_metadata": {"messages": [format!("[ERROR] {problem}")]}})
    );
}
