//! The Web API, the control endpoints and who may use them, over real sockets.
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
use std::time::Instant;
use support::{act, api, ok, quick, record, request, say, start};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

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

#[tokio::test]
async fn faults_of_the_api_come_as_ordered() {
    let sim = start(quick()).await;
    let token = format!("Authorization: Bearer {}", sim.bot_token());
    let post = async || {
        request(
            &sim,
            "POST",
            "/api/chat.postMessage",
            &[&token],
            b"channel=%23dev&text=x",
        )
        .await
    };
    act(
        &sim,
        "fault",
        json!({"kind": "rate-limit", "count": 1, "retry_after": 7, "method": "chat.postMessage"}),
    )
    .await;
    assert_eq!(api(&sim, "auth.test", json!({})).await["ok"], true);
    let limited = post().await;
    assert_eq!(limited.status, 429);
    assert!(limited.headers.contains("retry-after: 7"), "{}", limited.headers);
    assert_eq!(post().await.status, 200);
    act(&sim, "fault", json!({"kind": "error500", "count": 1})).await;
    assert_eq!(post().await.status, 500);
    assert_eq!(record(&sim, "post").await.len(), 1);
    act(&sim, "fault", json!({"kind": "error500", "after": true})).await;
    assert_eq!(post().await.status, 500);
    assert_eq!(record(&sim, "post").await.len(), 2, "done all the same");
    act(&sim, "fault", json!({"kind": "api-error", "error": "missing_scope"})).await;
    let refused = post().await.json();
    assert!(refused["error"] == "missing_scope" && refused["provided"].is_string());
    act(&sim, "fault", json!({"kind": "slow", "ms": 120})).await;
    let asked = Instant::now();
    post().await;
    assert!(asked.elapsed().as_millis() >= 120);
    act(&sim, "fault", json!({"kind": "clear"})).await;
    let entry = record(&sim, "api").await.pop().unwrap();
    assert_eq!(
        (&entry["method"], &entry["answer"]["ok"]),
        (&json!("chat.postMessage"), &json!(true))
    );
}

#[tokio::test]
async fn pings_are_recorded_unless_escaped() {
    let sim = start(quick()).await;
    for (text, pings) in [
        ("<!channel> and <@U0000000BEN>", json!(["<!channel>", "<@U0000000BEN>"])),
        ("&lt;!channel&gt;", json!([])),
    ] {
        ok(&sim, "chat.postMessage", json!({"channel": "#dev", "text": text})).await;
        assert_eq!(record(&sim, "post").await.pop().unwrap()["pings"], pings);
    }
    let posted = ok(
        &sim,
        "chat.postEphemeral",
        json!({"channel": "#dev", "user": "U0000000BEN", "text": "<!here>"}),
    )
    .await;
    assert!(posted["message_ts"].is_string());
    assert_eq!(record(&sim, "post").await.pop().unwrap()["pings"], json!(["<!here>"]));
}

#[tokio::test]
async fn sending_can_wait_for_answers() {
    let sim = std::sync::Arc::new(start(quick()).await);
    let asked = sim.clone();
    let waiting = tokio::spawn(async move {
        let send = json!({"user": "ben", "channel": "#dev", "text": "<!channel>", "kind": "raw", "wait_ms": 5000, "replies": 2});
        act(&asked, "send", send).await
    });
    while record(&sim, "message").await.is_empty() {
        tokio::task::yield_now().await;
    }
    assert_eq!(record(&sim, "message").await[0]["text"], "<!channel>");
    ok(
        &sim,
        "chat.postMessage",
        json!({"channel": "#general", "text": "elsewhere"}),
    )
    .await;
    ok(
        &sim,
        "chat.postEphemeral",
        json!({"channel": "#dev", "user": "U00000ROSIE", "text": "for another"}),
    )
    .await;
    ok(
        &sim,
        "chat.postEphemeral",
        json!({"channel": "#dev", "user": "U0000000BEN", "text": "one"}),
    )
    .await;
    ok(&sim, "chat.postMessage", json!({"channel": "#dev", "text": "two"})).await;
    let answer = waiting.await.unwrap();
    let texts: Vec<&str> = answer["replies"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["text"].as_str().unwrap())
        .collect();
    assert_eq!(texts, ["one", "two"]);
    assert!(answer["ts"].is_string());
    let none = act(
        &sim,
        "send",
        json!({"user": "ben", "channel": "#dev", "text": "x", "wait_ms": 20}),
    )
    .await;
    assert_eq!(none["replies"], json!([]));
    let both =
        json!([{"user": "ben", "channel": "#dev", "text": "a"}, {"user": "nobody", "channel": "#dev", "text": "b"}]);
    let both = act(&sim, "send", both).await;
    assert_eq!((&both[0]["ok"], &both[1]["ok"]), (&json!(true), &json!(false)));
}

#[tokio::test]
async fn wrong_control_requests_say_what_is_wrong() {
    let sim = start(quick()).await;
    for (what, body, hint) in [
        (
            "send",
            json!({"user": "nobody", "channel": "#dev", "text": "x"}),
            "nobody here",
        ),
        (
            "send",
            json!({"user": "ben", "channel": "#nowhere", "text": "x"}),
            "#general",
        ),
        (
            "send",
            json!({"user": "ben", "channel": "D00000ROSIE", "text": "x"}),
            "no member",
        ),
        ("send", json!({"user": "ben", "channel": "#dev", "text": " "}), "empty"),
        (
            "send",
            json!({"user": "ben", "channel": "#dev", "text": "x", "kind": "slash"}),
            "/",
        ),
        (
            "send",
            json!({"user": "ben", "channel": "#dev", "text": "x", "wiat_ms": 1}),
            "wiat_ms",
        ),
        ("fault", json!({"kind": "rain"}), "rain"),
        ("dance", json!({}), "send"),
    ] {
        let answer = request(&sim, "POST", &format!("/sim/{what}"), &[], body.to_string().as_bytes()).await;
        assert_eq!(answer.status, 400);
        let error = answer.json()["error"].as_str().unwrap().to_owned();
        assert!(error.contains(hint), "{body}: {error}");
    }
}

#[tokio::test]
async fn other_web_pages_cannot_drive_it() {
    let sim = start(quick()).await;
    let body = json!({"user": "ben", "channel": "#dev", "text": "x"}).to_string();
    for headers in [
        &["Host: evil.example"][..],
        &["Origin: http://evil.example"],
        &["Sec-Fetch-Site: cross-site"],
    ] {
        for (method, path) in [
            ("POST", "/sim/send"),
            ("GET", "/sim/state"),
            ("GET", "/sim/stream"),
            ("GET", "/"),
        ] {
            assert_eq!(
                request(&sim, method, path, headers, body.as_bytes()).await.status,
                403,
                "{path} {headers:?}"
            );
        }
    }
    assert!(record(&sim, "message").await.is_empty());
    let page = request(&sim, "GET", "/", &[], b"").await;
    assert_eq!(page.status, 200);
    assert!(page.headers.contains("content-security-policy: default-src 'none'"));
    // The Web API is guarded by its token, whatever the host is called.
    let token = format!("Authorization: Bearer {}", sim.bot_token());
    assert_eq!(
        request(&sim, "POST", "/api/auth.test", &[&token, "Host: elsewhere:1"], b"")
            .await
            .json()["ok"],
        true
    );
}

#[tokio::test]
async fn the_record_can_be_waited_for() {
    let sim = std::sync::Arc::new(start(quick()).await);
    let next = request(&sim, "GET", "/sim/record", &[], b"").await.json()["next"]
        .as_u64()
        .unwrap();
    let asked = sim.clone();
    let waiting = tokio::spawn(async move {
        request(
            &asked,
            "GET",
            &format!("/sim/record?since={next}&wait_ms=5000"),
            &[],
            b"",
        )
        .await
        .json()
    });
    say(&sim, "ben", "#dev", "x").await;
    let answer = waiting.await.unwrap();
    assert_eq!(answer["entries"][0]["kind"], "message");
    assert_eq!(request(&sim, "GET", "/sim/record?since=x", &[], b"").await.status, 400);
}

#[tokio::test]
async fn the_page_hears_of_everything_live() {
    let sim = start(quick()).await;
    let mut stream = tokio::net::TcpStream::connect(sim.addr()).await.unwrap();
    stream
        .write_all(format!("GET /sim/stream HTTP/1.1\r\nHost: {}\r\n\r\n", sim.addr()).as_bytes())
        .await
        .unwrap();
    let mut got = String::new();
    let mut buffer = [0; 4096];
    while !got.contains(": hello") {
        let n = stream.read(&mut buffer).await.unwrap();
        got += &String::from_utf8_lossy(&buffer[..n]);
    }
    assert!(got.to_ascii_lowercase().contains("content-type: text/event-stream"));
    say(&sim, "ben", "#dev", "over the wire").await;
    while !got.contains("over the wire") {
        let n = stream.read(&mut buffer).await.unwrap();
        assert!(n > 0);
        got += &String::from_utf8_lossy(&buffer[..n]);
    }
    // An open stream doesn't keep the playground from ending.
    tokio::time::timeout(support::PATIENCE, sim.shutdown())
        .await
        .expect("it ends");
}
