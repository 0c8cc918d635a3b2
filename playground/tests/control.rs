//! The control endpoints, the record, the event stream, and who may use them, over real sockets.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

mod support;

use serde_json::json;
use std::time::Instant;
use support::{act, api, ok, quick, record, request, say, start};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

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
