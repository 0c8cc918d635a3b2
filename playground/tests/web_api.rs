//! The Web API over real sockets.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

mod support;

use moa_playground::{Error, Options, Playground};
use serde_json::{Value, json};
use support::{act, api, ok, quick, request, say, start};

#[tokio::test]
async fn a_port_in_use_is_a_readable_error() {
    let sim = start(quick()).await;
    let error = Playground::start(Options {
        listen: sim.addr(),
        ..quick()
    })
    .await
    .unwrap_err();
    assert!(matches!(error, Error::InUse(address) if address == sim.addr()));
    assert!(error.to_string().contains(&sim.addr().to_string()) && error.to_string().contains("--port 0"));
    // Once the first is shut down the port is free.
    let address = sim.addr();
    sim.shutdown().await;
    Playground::start(Options {
        listen: address,
        ..quick()
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn tokens_are_checked_in_header_and_form() {
    let sim = start(quick()).await;
    let call = async |headers: &[&str], body: String| {
        request(&sim, "POST", "/api/auth.test", headers, body.as_bytes())
            .await
            .json()
    };
    assert_eq!(call(&[], String::new()).await["error"], "not_authed");
    assert_eq!(call(&[], "token=xoxb-wrong".into()).await["error"], "invalid_auth");
    assert_eq!(
        call(&[], format!("token={}", sim.app_token())).await["error"],
        "not_allowed_token_type"
    );
    let answer = call(&[], format!("token={}", sim.bot_token())).await;
    assert_eq!(
        (&answer["ok"], &answer["bot_id"], &answer["user"]),
        (&json!(true), &json!("B0000000MOA"), &json!("moa"))
    );
    let unknown = api(&sim, "no.such.method", json!({})).await;
    assert_eq!(
        (&unknown["ok"], &unknown["error"]),
        (&json!(false), &json!("unknown_method"))
    );
}

#[tokio::test]
async fn json_without_charset_is_warned_about() {
    let sim = start(quick()).await;
    let token = format!("Authorization: Bearer {}", sim.bot_token());
    let headers = [&*token, "Content-Type: application/json"];
    let answer = request(&sim, "POST", "/api/api.test", &headers, br#"{"a":"b"}"#)
        .await
        .json();
    assert_eq!((&answer["ok"], &answer["args"]["a"]), (&json!(true), &json!("b")));
    assert_eq!(answer["response_metadata"]["warnings"], json!(["missing_charset"]));
    let answer = request(&sim, "POST", "/api/conversations.list", &headers, br#"{"limit":1}"#)
        .await
        .json();
    assert_eq!(answer["warning"], "missing_charset");
    assert_ne!(answer["response_metadata"]["next_cursor"], "");
    assert_eq!(
        request(&sim, "POST", "/api/auth.test", &headers, b"{").await.json()["error"],
        "invalid_json"
    );
}

#[tokio::test]
async fn messages_go_where_they_are_sent() {
    let sim = start(quick()).await;
    for (channel, id) in [
        ("C000000DEV0", "C000000DEV0"),
        ("#dev", "C000000DEV0"),
        ("dev", "C000000DEV0"),
        ("U0000000BEN", "D0000000BEN"),
        ("D0000000BEN", "D0000000BEN"),
    ] {
        let posted = ok(&sim, "chat.postMessage", json!({"channel": channel, "text": "hi"})).await;
        assert_eq!(posted["channel"], id);
        assert_eq!(posted["message"]["bot_id"], "B0000000MOA");
    }
    for (args, error) in [
        (json!({"channel": "C0", "text": "x"}), "channel_not_found"),
        (json!({"text": "x"}), "channel_not_found"),
        (json!({"channel": "#random", "text": "x"}), "not_in_channel"),
        (json!({"channel": "#dev"}), "no_text"),
        (
            json!({"channel": "#dev", "text": "x", "thread_ts": "1.5"}),
            "invalid_thread_ts",
        ),
    ] {
        assert_eq!(
            api(&sim, "chat.postMessage", args.clone()).await["error"],
            error,
            "{args}"
        );
    }
    ok(&sim, "conversations.join", json!({"channel": "C000RANDOM0"})).await;
    ok(&sim, "chat.postMessage", json!({"channel": "#random", "text": "x"})).await;
}

#[tokio::test]
async fn history_is_newest_first_without_replies_and_pages() {
    let sim = start(quick()).await;
    let mut sent = Vec::new();
    for n in 0..5 {
        let metadata = json!({"event_type": "n", "event_payload": {"n": n}});
        let posted = ok(
            &sim,
            "chat.postMessage",
            json!({"channel": "#dev", "text": n.to_string(), "metadata": metadata}),
        )
        .await;
        sent.push(posted["ts"].as_str().unwrap().to_owned());
    }
    let reply = |text: &str, broadcast| json!({"channel": "#dev", "text": text, "thread_ts": sent[2], "reply_broadcast": broadcast});
    let inner = ok(&sim, "chat.postMessage", reply("inner", false)).await;
    ok(&sim, "chat.postMessage", reply("outer", true)).await;
    let history = async |more: Value| {
        let mut args = json!({"channel": "C000000DEV0", "limit": 2});
        args.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        ok(&sim, "conversations.history", args).await
    };
    let texts = |answer: &Value| -> Vec<String> {
        answer["messages"]
            .as_array()
            .unwrap()
            .iter()
            .map(|m| m["text"].as_str().unwrap().to_owned())
            .collect()
    };
    let (mut all, mut cursor) = (Vec::new(), json!(""));
    loop {
        let page = history(json!({"cursor": cursor})).await;
        all.extend(texts(&page));
        cursor = page["response_metadata"]["next_cursor"].clone();
        assert_eq!(page["has_more"], cursor.is_string());
        if !cursor.is_string() {
            break;
        }
    }
    assert_eq!(all, ["outer", "4", "3", "2", "1", "0"]);
    assert_eq!(
        texts(&history(json!({"oldest": sent[1], "latest": sent[3]})).await),
        ["2"]
    );
    assert_eq!(
        texts(&history(json!({"oldest": sent[1], "latest": sent[2], "inclusive": true})).await),
        ["2", "1"]
    );
    let parent = history(json!({"latest": sent[2], "inclusive": true, "limit": 1, "include_all_metadata": true})).await;
    let parent = &parent["messages"][0];
    assert_eq!(
        (&parent["reply_count"], &parent["thread_ts"]),
        (&json!(2), &json!(sent[2]))
    );
    assert_eq!(parent["metadata"]["event_payload"]["n"], 2);
    assert!(history(json!({})).await["messages"][1].get("metadata").is_none());
    assert_eq!(
        api(
            &sim,
            "conversations.history",
            json!({"channel": "C000000DEV0", "cursor": "x"})
        )
        .await["error"],
        "invalid_cursor"
    );

    let replies = ok(
        &sim,
        "conversations.replies",
        json!({"channel": "C000000DEV0", "ts": sent[2]}),
    )
    .await;
    assert_eq!(texts(&replies), ["2", "inner", "outer"]);
    // A reply's own ts leads to its thread too.
    let replies = ok(
        &sim,
        "conversations.replies",
        json!({"channel": "C000000DEV0", "ts": inner["ts"], "limit": 2}),
    )
    .await;
    assert_eq!(
        (texts(&replies), &replies["has_more"]),
        (vec!["2".to_owned(), "inner".to_owned()], &json!(true))
    );
}

#[tokio::test]
async fn only_own_messages_can_be_changed() {
    let sim = start(quick()).await;
    let theirs = say(&sim, "ben", "#dev", "mine").await;
    let own = ok(
        &sim,
        "chat.postMessage",
        json!({"channel": "#dev", "text": "a", "blocks": [{"type": "divider"}]}),
    )
    .await;
    let edit = |ts: &Value, text: &str| json!({"channel": "C000000DEV0", "ts": ts, "text": text});
    assert_eq!(
        api(&sim, "chat.update", edit(&theirs["ts"], "x")).await["error"],
        "cant_update_message"
    );
    assert_eq!(
        api(&sim, "chat.delete", edit(&theirs["ts"], "x")).await["error"],
        "cant_delete_message"
    );
    assert_eq!(
        api(&sim, "chat.update", edit(&json!("1.000000"), "x")).await["error"],
        "message_not_found"
    );
    assert_eq!(
        api(&sim, "chat.update", edit(&own["ts"], &"x".repeat(4001))).await["error"],
        "msg_too_long"
    );
    let updated = ok(&sim, "chat.update", edit(&own["ts"], "b & c")).await;
    assert_eq!(updated["text"], "b &amp; c");
    assert!(updated["message"].get("blocks").is_none() && updated["message"]["edited"].is_object());
    ok(&sim, "chat.delete", edit(&own["ts"], "")).await;
    assert_eq!(
        api(&sim, "chat.delete", edit(&own["ts"], "")).await["error"],
        "message_not_found"
    );
}

#[tokio::test]
async fn reactions_are_added_once() {
    let sim = start(quick()).await;
    let sent = say(&sim, "ben", "#dev", "x").await;
    let args = json!({"channel": "C000000DEV0", "timestamp": sent["ts"], "name": "eyes"});
    ok(&sim, "reactions.add", args.clone()).await;
    assert_eq!(
        api(&sim, "reactions.add", args.clone()).await["error"],
        "already_reacted"
    );
    act(
        &sim,
        "react",
        json!({"user": "ben", "channel": "#dev", "ts": sent["ts"], "name": "eyes"}),
    )
    .await;
    let got = ok(&sim, "reactions.get", args.clone()).await;
    assert_eq!(got["message"]["reactions"][0]["count"], 2);
    ok(&sim, "reactions.remove", args.clone()).await;
    assert_eq!(api(&sim, "reactions.remove", args).await["error"], "no_reaction");
}

#[tokio::test]
async fn people_and_conversations_can_be_read_in_pages() {
    let sim = start(quick()).await;
    let first = ok(&sim, "users.list", json!({"limit": 4})).await;
    let cursor = first["response_metadata"]["next_cursor"].clone();
    let second = ok(&sim, "users.list", json!({"limit": 4, "cursor": cursor})).await;
    let count = |answer: &Value| answer["members"].as_array().unwrap().len();
    assert_eq!((count(&first), count(&second)), (4, 2));
    assert_eq!(second["response_metadata"]["next_cursor"], "");
    let ben = ok(
        &sim,
        "users.info",
        json!({"user": "U0000000BEN", "include_locale": true}),
    )
    .await;
    assert_eq!(
        (&ben["user"]["locale"], &ben["user"]["tz"]),
        (&json!("en-US"), &json!("America/Phoenix"))
    );
    assert_eq!(
        api(&sim, "users.info", json!({"user": "U1"})).await["error"],
        "user_not_found"
    );
    let mine = ok(&sim, "users.conversations", json!({"types": "public_channel,im"})).await;
    assert_eq!(mine["channels"].as_array().unwrap().len(), 3 + 5);
    let open = ok(
        &sim,
        "conversations.open",
        json!({"users": "U0000000BEN", "return_im": true}),
    )
    .await;
    assert_eq!(
        (&open["channel"]["id"], &open["channel"]["is_im"]),
        (&json!("D0000000BEN"), &json!(true))
    );
    let group = ok(&sim, "conversations.open", json!({"users": "U0000000BEN,U00000ROSIE"})).await;
    let again = ok(&sim, "conversations.open", json!({"users": "U00000ROSIE,U0000000BEN"})).await;
    assert_eq!(group["channel"]["id"], again["channel"]["id"]);
    let info = ok(&sim, "conversations.info", json!({"channel": group["channel"]["id"]})).await;
    assert_eq!(info["channel"]["is_mpim"], true);
    let members = ok(&sim, "conversations.members", json!({"channel": "C000RANDOM0"})).await;
    assert!(!members["members"].as_array().unwrap().contains(&json!("U0000000MOA")));
}

#[tokio::test]
async fn a_file_is_uploaded_shared_and_read_back() {
    let sim = start(quick()).await;
    let place = ok(
        &sim,
        "files.getUploadURLExternal",
        json!({"filename": "a.csv", "length": 3}),
    )
    .await;
    let url = place["upload_url"].as_str().unwrap();
    let path = &url[url.find("/upload/").unwrap()..];
    assert_eq!(request(&sim, "POST", path, &[], b"toolong").await.status, 400);
    let sent = request(&sim, "POST", path, &["Content-Type: application/octet-stream"], b"a,b").await;
    assert_eq!((sent.status, &*sent.body), (200, &b"OK - 3"[..]));
    let done = json!({"files": [{"id": place["file_id"], "title": "A"}], "channel_id": "C000000DEV0"});
    let done = ok(&sim, "files.completeUploadExternal", done).await;
    assert_eq!(done["files"][0]["title"], "A");
    let history = ok(&sim, "conversations.history", json!({"channel": "C000000DEV0"})).await;
    assert_eq!(history["messages"][0]["files"][0]["id"], place["file_id"]);
    let path = format!("/files/{}", place["file_id"].as_str().unwrap());
    let token = format!("Authorization: Bearer {}", sim.bot_token());
    assert_eq!(
        request(&sim, "GET", &path, &[&token, "Host: elsewhere"], b"")
            .await
            .body,
        b"a,b"
    );
    assert_eq!(request(&sim, "GET", &path, &["Host: elsewhere"], b"").await.status, 403);
}
