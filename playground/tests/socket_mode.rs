//! Socket Mode over real sockets.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

mod support;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use support::{PATIENCE, QUIET, Socket, act, api, hasty, link, ok, quick, record, request, say, start};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::{Error, Message};

#[tokio::test]
async fn hello_comes_first_and_counts_connections() {
    let sim = start(quick()).await;
    let mut first = Socket::open(&sim).await;
    let hello = first.next().await;
    assert_eq!(
        (&hello["type"], &hello["num_connections"]),
        (&json!("hello"), &json!(1))
    );
    assert!(hello["connection_info"]["app_id"].as_str().unwrap().starts_with('A'));
    assert_eq!(Socket::open(&sim).await.next().await["num_connections"], 2);
    sim.shutdown().await;
}

#[tokio::test]
async fn a_ticket_is_good_for_one_connection() {
    let sim = start(quick()).await;
    let url = link(&sim).await;
    let (socket, _) = connect_async(&url).await.unwrap();
    for url in [
        url.clone(),
        url.replace("ticket=", "ticket=x"),
        format!("ws://{}/link", sim.addr()),
    ] {
        match connect_async(&url).await {
            Err(Error::Http(refusal)) => assert!(refusal.status().is_client_error()),
            other => panic!("{other:?}"),
        }
    }
    drop(socket);
    // Without an upgrade it is no websocket.
    assert_eq!(request(&sim, "GET", "/link", &[], b"").await.status, 400);
}

#[tokio::test]
async fn connections_need_the_app_token_in_the_header() {
    let sim = start(quick()).await;
    let error = async |headers: &[&str], body: String| {
        request(&sim, "POST", "/api/apps.connections.open", headers, body.as_bytes())
            .await
            .json()["error"]
            .clone()
    };
    assert_eq!(error(&[], format!("token={}", sim.app_token())).await, "not_authed");
    assert_eq!(
        error(&["Authorization: Bearer xapp-wrong"], String::new()).await,
        "invalid_auth"
    );
    let bot = format!("Authorization: Bearer {}", sim.bot_token());
    assert_eq!(error(&[&bot], String::new()).await, "not_allowed_token_type");
}

#[tokio::test]
async fn the_eleventh_connection_is_told_and_closed() {
    let sim = start(quick()).await;
    let mut open = Vec::new();
    for _ in 0..10 {
        open.push(Socket::greeted(&sim).await);
    }
    let mut refused = Socket::open(&sim).await;
    let frame = refused.next().await;
    assert_eq!(
        (&frame["type"], &frame["reason"]),
        (&json!("disconnect"), &json!("too_many_websockets"))
    );
    assert!(matches!(refused.next_frame().await, Some(Message::Close(_))));
    // Room again once one is gone.
    open.pop().unwrap().inner.close(None).await.unwrap();
    tokio::time::sleep(QUIET).await;
    Socket::greeted(&sim).await;
}

#[tokio::test]
async fn a_message_arrives_as_slack_sends_it() {
    let sim = start(hasty()).await;
    let mut bot = Socket::greeted(&sim).await;
    let sent = say(&sim, "로지", "#dev", "a < b, @샐리?").await;
    let envelope = bot.next().await;
    bot.ack(&envelope).await;
    assert_eq!(envelope["type"], "events_api");
    assert_eq!(envelope["accepts_response_payload"], false);
    assert_eq!(
        (&envelope["retry_attempt"], &envelope["retry_reason"]),
        (&json!(0), &json!(""))
    );
    let event = &envelope["payload"]["event"];
    assert_eq!(envelope["payload"]["type"], "event_callback");
    assert_eq!(
        (&event["type"], &event["ts"], &event["event_ts"]),
        (&json!("message"), &sent["ts"], &sent["ts"])
    );
    assert_eq!(event["text"], "a &lt; b, <@U00000SALLY>?");
    assert_eq!(
        (&event["user"], &event["channel_type"]),
        (&json!("U00000ROSIE"), &json!("channel"))
    );
    assert!(event["client_msg_id"].is_string() && event.get("bot_id").is_none() && event.get("subtype").is_none());
    assert!(
        bot.next_within(Duration::from_millis(500)).await.is_none(),
        "acknowledged, so it doesn't come again"
    );
    assert_eq!(record(&sim, "ack").await[0]["known"], true);
}

#[tokio::test]
async fn a_mention_comes_twice_and_in_a_direct_message_once() {
    let sim = start(quick()).await;
    let mut bot = Socket::greeted(&sim).await;
    say(&sim, "ben", "#general", "@moa hi").await;
    let (a, b) = (bot.next().await, bot.next().await);
    bot.ack(&a).await;
    bot.ack(&b).await;
    let kind = |e: &Value| e["payload"]["event"]["type"].as_str().unwrap().to_owned();
    let mut kinds = [kind(&a), kind(&b)];
    kinds.sort();
    assert_eq!(kinds, ["app_mention", "message"]);
    assert_eq!(a["payload"]["event"]["ts"], b["payload"]["event"]["ts"]);
    assert_ne!(a["payload"]["event_id"], b["payload"]["event_id"]);
    say(&sim, "ben", "@dm", "@moa hi").await;
    let direct = bot.next().await;
    bot.ack(&direct).await;
    assert_eq!(direct["payload"]["event"]["channel_type"], "im");
    say(&sim, "ben", "#random", "nobody hears this").await;
    assert!(bot.next_within(QUIET).await.is_none());
}

#[tokio::test]
async fn redeliveries_keep_the_event_id_and_end() {
    let sim = start(hasty()).await;
    let mut bot = Socket::greeted(&sim).await;
    say(&sim, "ally", "#lunch", "hungry").await;
    let all = [bot.next().await, bot.next().await, bot.next().await, bot.next().await];
    for (attempt, envelope) in all.iter().enumerate() {
        assert_eq!(envelope["retry_attempt"], attempt);
        assert_eq!(envelope["retry_reason"], if attempt == 0 { "" } else { "timeout" });
        assert_eq!(envelope["payload"]["event_id"], all[0]["payload"]["event_id"]);
    }
    assert_ne!(all[0]["envelope_id"], all[1]["envelope_id"]);
    assert!(bot.next_within(Duration::from_millis(500)).await.is_none());
    assert_eq!(record(&sim, "gave_up").await.len(), 1);
}

#[tokio::test]
async fn what_is_said_while_nobody_listens_comes_as_a_retry() {
    let sim = start(quick()).await;
    say(&sim, "ally", "#lunch", "anybody?").await;
    let mut bot = Socket::greeted(&sim).await;
    let envelope = bot.next().await;
    assert!(envelope["retry_attempt"].as_u64().unwrap() >= 1);
    assert_eq!(envelope["payload"]["event"]["text"], "anybody?");
}

#[tokio::test]
async fn a_large_acknowledgement_counts_as_none() {
    let sim = start(hasty()).await;
    let mut bot = Socket::greeted(&sim).await;
    say(&sim, "ally", "#lunch", "x").await;
    let envelope = bot.next().await;
    let padding = "x".repeat(20_480);
    bot.send(json!({"envelope_id": envelope["envelope_id"], "payload": {"text": padding}}).to_string())
        .await;
    assert_eq!(bot.next().await["retry_attempt"], 1);
    assert_eq!(record(&sim, "ack").await[0]["dropped"], true);
    assert!(record(&sim, "post").await.is_empty());
}

#[tokio::test]
async fn events_are_spread_over_the_connections() {
    let sim = start(quick()).await;
    let (mut a, mut b) = (Socket::greeted(&sim).await, Socket::greeted(&sim).await);
    for n in 0..6 {
        say(&sim, "ally", "#lunch", &n.to_string()).await;
    }
    for socket in [&mut a, &mut b] {
        for _ in 0..3 {
            let envelope = socket.next().await;
            assert_eq!(envelope["retry_attempt"], 0);
            socket.ack(&envelope).await;
        }
    }
}

#[tokio::test]
async fn the_bot_hears_its_own_posts_edits_and_reactions() {
    let sim = start(quick()).await;
    let mut bot = Socket::greeted(&sim).await;
    let posted = ok(
        &sim,
        "chat.postMessage",
        json!({"channel": "#dev", "text": "hi <@U0000000MOA>"}),
    )
    .await;
    let channel = posted["channel"].clone();
    let echo = bot.next().await;
    bot.ack(&echo).await;
    let event = &echo["payload"]["event"];
    assert_eq!((&event["type"], &event["ts"]), (&json!("message"), &posted["ts"]));
    assert_eq!(
        (&event["user"], &event["bot_id"]),
        (&json!("U0000000MOA"), &json!("B0000000MOA"))
    );
    assert!(event.get("subtype").is_none() && event["bot_profile"].is_object());
    ok(
        &sim,
        "chat.update",
        json!({"channel": channel, "ts": posted["ts"], "text": "bye"}),
    )
    .await;
    let changed = bot.next().await;
    bot.ack(&changed).await;
    let event = &changed["payload"]["event"];
    assert_eq!(
        (&event["subtype"], &event["message"]["ts"]),
        (&json!("message_changed"), &posted["ts"])
    );
    assert_ne!(event["ts"], posted["ts"]);
    assert_eq!(
        (&event["message"]["text"], &event["hidden"]),
        (&json!("bye"), &json!(true))
    );
    ok(
        &sim,
        "reactions.add",
        json!({"channel": channel, "timestamp": posted["ts"], "name": "eyes"}),
    )
    .await;
    let reaction = bot.next().await;
    bot.ack(&reaction).await;
    let event = &reaction["payload"]["event"];
    assert_eq!(
        (&event["type"], &event["item"]["ts"]),
        (&json!("reaction_added"), &posted["ts"])
    );
    ok(&sim, "chat.delete", json!({"channel": channel, "ts": posted["ts"]})).await;
    assert_eq!(bot.next().await["payload"]["event"]["subtype"], "message_deleted");
}

#[tokio::test]
async fn a_slash_command_is_answered_in_the_acknowledgement_or_by_its_url() {
    let sim = start(hasty()).await;
    let mut bot = Socket::greeted(&sim).await;
    let slash = json!({"user": "로지", "channel": "#random", "text": "/moa echo  @샐리", "kind": "slash"});
    act(&sim, "send", slash.clone()).await;
    let envelope = bot.next().await;
    assert_eq!(
        (&envelope["type"], &envelope["accepts_response_payload"]),
        (&json!("slash_commands"), &json!(true))
    );
    assert!(envelope.get("retry_attempt").is_none());
    let payload = &envelope["payload"];
    assert_eq!(
        (&payload["command"], &payload["text"]),
        (&json!("/moa"), &json!("echo  <@U00000SALLY>"))
    );
    assert!(
        payload.as_object().unwrap().values().all(Value::is_string),
        "all values are strings: {payload}"
    );
    let answer = json!({"envelope_id": envelope["envelope_id"], "payload": {"text": "only you"}});
    bot.send(answer.to_string()).await;
    let url = payload["response_url"].as_str().unwrap();
    let path = &url[url.find("/response/").unwrap()..];
    for n in 1..=6 {
        let body = json!({"text": format!("all {n}"), "response_type": "in_channel"}).to_string();
        let answer = request(&sim, "POST", path, &["Content-Type: application/json"], body.as_bytes()).await;
        assert_eq!(answer.status, if n <= 5 { 200 } else { 404 });
    }
    let posts = record(&sim, "post").await;
    assert_eq!(posts.len(), 6);
    assert_eq!(
        (&posts[0]["text"], &posts[0]["ephemeral_for"]),
        (&json!("only you"), &json!("U00000ROSIE"))
    );
    // Also where the bot is no member.
    assert_eq!(
        (&posts[5]["text"], &posts[5]["channel"]),
        (&json!("all 5"), &json!("C000RANDOM0"))
    );
    // Unacknowledged, it isn't sent again; the person is told.
    act(&sim, "send", slash).await;
    bot.next().await;
    assert!(bot.next_within(Duration::from_millis(400)).await.is_none());
    let last = record(&sim, "post").await.pop().unwrap();
    assert!(last["text"].as_str().unwrap().contains("operation_timeout") && last["ephemeral_for"].is_string());
}

#[tokio::test]
async fn pings_go_both_ways() {
    let sim = start(quick()).await;
    let mut bot = Socket::greeted(&sim).await;
    bot.inner.send(Message::Ping("mine".into())).await.unwrap();
    let (mut answered, mut asked) = (false, false);
    let until = Instant::now() + PATIENCE;
    while !(answered && asked) && Instant::now() < until {
        match bot.inner.next().await.unwrap().unwrap() {
            Message::Pong(payload) => answered |= payload == "mine",
            Message::Ping(payload) => asked |= payload.starts_with(b"Ping from "),
            _ => {}
        }
    }
    assert!(answered && asked);
}

#[tokio::test]
async fn who_answers_no_pings_is_dropped() {
    let sim = start(hasty()).await;
    // Not read, so pings stay unanswered.
    let _deaf = Socket::greeted(&sim).await;
    let until = Instant::now() + PATIENCE;
    while record(&sim, "close").await.is_empty() && Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(record(&sim, "close").await[0]["why"], "no pong");
}

#[tokio::test]
async fn a_warning_leads_to_a_refresh_and_a_close() {
    let sim = start(quick()).await;
    let mut bot = Socket::greeted(&sim).await;
    assert_eq!(act(&sim, "fault", json!({"kind": "warning"})).await["connections"], 1);
    assert_eq!(bot.next().await["reason"], "warning");
    // Still served while nobody else is there.
    say(&sim, "ally", "#dev", "still here?").await;
    let event = bot.next().await;
    assert_eq!(event["type"], "events_api");
    bot.ack(&event).await;
    let mut next = Socket::greeted(&sim).await;
    say(&sim, "ally", "#dev", "and now?").await;
    let event = next.next().await;
    next.ack(&event).await;
    assert_eq!(bot.next().await["reason"], "refresh_requested");
    assert!(matches!(bot.next_frame().await, Some(Message::Close(_))));
    // The TCP connection stays for a while after the close handshake.
    let asked = Instant::now();
    assert!(bot.next_frame().await.is_none());
    assert!(asked.elapsed() >= Duration::from_millis(200), "{:?}", asked.elapsed());
}

#[tokio::test]
async fn a_clean_close_by_the_bot_is_answered_at_once_and_ended_later() {
    let sim = start(quick()).await;
    let mut bot = Socket::greeted(&sim).await;
    bot.inner.send(Message::Close(None)).await.unwrap();
    let asked = Instant::now();
    assert!(matches!(bot.next_frame().await, Some(Message::Close(_))));
    assert!(bot.next_frame().await.is_none());
    assert!(asked.elapsed() >= Duration::from_millis(250), "{:?}", asked.elapsed());
    assert_eq!(record(&sim, "close").await[0]["connections"], 0);
}

#[tokio::test]
async fn a_dropped_connection_ends_without_a_close_frame() {
    let sim = start(quick()).await;
    let mut bot = Socket::greeted(&sim).await;
    act(&sim, "fault", json!({"kind": "close"})).await;
    assert!(bot.next_frame().await.is_none());
}

#[tokio::test]
async fn connections_end_after_every_so_many_messages_of_people() {
    let sim = start(quick()).await;
    let (mut old, mut young) = (Socket::greeted(&sim).await, Socket::greeted(&sim).await);
    for fault in [
        json!({"kind": "refresh", "every": 2}),
        json!({"kind": "close", "every": 3}),
    ] {
        assert_eq!(act(&sim, "fault", fault).await["connections"], 0);
    }
    let state = request(&sim, "GET", "/sim/state", &[], b"").await.json();
    assert_eq!(state["faults"], json!(["close · 1/3", "refresh · 1/2"]));
    for n in 0..3 {
        say(&sim, "ally", "#dev", &n.to_string()).await;
        // What the bot says is not counted.
        ok(&sim, "chat.postMessage", json!({"channel": "#dev", "text": "hm"})).await;
    }
    while let Some(frame) = old.next_frame().await {
        if frame.to_text().unwrap_or_default().contains("refresh_requested") {
            break;
        }
    }
    while young.next_frame().await.is_some() {}
    assert_eq!(record(&sim, "disconnect").await[0]["reason"], "refresh_requested");
    let dropped = record(&sim, "close").await;
    assert!(
        dropped
            .iter()
            .any(|close| close["why"] == "dropped" && close["connection"] == 2),
        "{dropped:?}"
    );
}

#[tokio::test]
async fn a_silent_connection_stays_open_and_its_events_go_elsewhere() {
    let sim = start(hasty()).await;
    let mut dead = Socket::greeted(&sim).await;
    act(&sim, "fault", json!({"kind": "silent"})).await;
    let mut alive = Socket::greeted(&sim).await;
    for n in 0..2 {
        say(&sim, "ally", "#dev", &n.to_string()).await;
    }
    let mut texts = Vec::new();
    for _ in 0..2 {
        let envelope = alive.next().await;
        alive.ack(&envelope).await;
        texts.push(envelope["payload"]["event"]["text"].clone());
    }
    texts.sort_by_key(Value::to_string);
    assert_eq!(texts, ["0", "1"]);
    // Neither frames nor an end: half-open. (Its pings before the fault may still be on the way.)
    assert!(dead.next_within(Duration::from_millis(500)).await.is_none());
    let ended = tokio::time::timeout(QUIET, dead.inner.next()).await;
    assert!(ended.is_err(), "{ended:?}");
}

#[tokio::test]
async fn the_next_event_comes_twice_on_demand() {
    let sim = start(hasty()).await;
    let mut bot = Socket::greeted(&sim).await;
    for (form, same_envelope, same_event) in [
        ("retry", false, true),
        ("same-envelope", true, true),
        ("new-event-id", false, false),
    ] {
        act(&sim, "fault", json!({"kind": "duplicate", "form": form})).await;
        let sent = say(&sim, "ally", "#dev", form).await;
        let (a, b) = (bot.next().await, bot.next().await);
        bot.ack(&a).await;
        bot.ack(&b).await;
        assert_eq!(a["envelope_id"] == b["envelope_id"], same_envelope, "{form}");
        assert_eq!(
            a["payload"]["event_id"] == b["payload"]["event_id"],
            same_event,
            "{form}"
        );
        assert_eq!(
            (&a["payload"]["event"]["ts"], &b["payload"]["event"]["ts"]),
            (&sent["ts"], &sent["ts"])
        );
    }
    assert!(bot.next_within(Duration::from_millis(400)).await.is_none());
}

#[tokio::test]
async fn revoked_tokens_and_a_disabled_link_refuse() {
    let sim = start(quick()).await;
    let mut bot = Socket::greeted(&sim).await;
    act(&sim, "fault", json!({"kind": "link-disabled"})).await;
    assert_eq!(bot.next().await["reason"], "link_disabled");
    let token = format!("Authorization: Bearer {}", sim.app_token());
    let refused = request(&sim, "POST", "/api/apps.connections.open", &[&token], b"")
        .await
        .json();
    assert_eq!(refused["ok"], false);
    act(&sim, "fault", json!({"kind": "clear"})).await;
    Socket::greeted(&sim).await;
    act(&sim, "fault", json!({"kind": "revoke"})).await;
    assert_eq!(api(&sim, "auth.test", json!({})).await["error"], "token_revoked");
    let refused = request(&sim, "POST", "/api/apps.connections.open", &[&token], b"")
        .await
        .json();
    assert_eq!(refused["error"], "token_revoked");
}

#[tokio::test]
async fn a_connection_has_a_life_where_asked_for() {
    let sim = start(moa_playground::Options {
        connection_life: Some(Duration::from_millis(200)),
        ..quick()
    })
    .await;
    let mut bot = Socket::greeted(&sim).await;
    assert_eq!(bot.next().await["reason"], "warning");
    assert_eq!(bot.next().await["reason"], "refresh_requested");
    assert!(matches!(bot.next_frame().await, Some(Message::Close(_))));
}

#[tokio::test]
async fn shutting_down_waits_for_no_socket() {
    let sim = start(moa_playground::Options {
        close_linger: PATIENCE,
        ..quick()
    })
    .await;
    let mut bot = Socket::greeted(&sim).await;
    let asked = Instant::now();
    sim.shutdown().await;
    assert!(asked.elapsed() < PATIENCE / 2, "{:?}", asked.elapsed());
    assert!(bot.next_frame().await.is_none());
}
