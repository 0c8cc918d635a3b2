//! Files, joins, leaves, topics and the other kinds of messages, as a bot hears of them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

mod support;

use moa_playground::Playground;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use support::{QUIET, Socket, act, api, ok, quick, request, say, start};

const ROSIE: &str = "U00000ROSIE";
const DEV: &str = "C000000DEV0";

/// All events that come until it is quiet, by type and subtype.
async fn heard(bot: &mut Socket) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    while let Some(frame) = bot.next_within(QUIET).await {
        bot.ack(&frame).await;
        let event = frame["payload"]["event"].clone();
        let subtype = event["subtype"].as_str().map_or(String::new(), |s| format!(".{s}"));
        all.insert(format!("{}{subtype}", event["type"].as_str().unwrap()), event);
    }
    all
}

async fn upload(sim: &Playground, user: &str, name: &str, content: &[u8]) -> Value {
    let path = format!("/sim/upload?user={user}&name={name}");
    let answer = request(sim, "POST", &path, &[], content).await;
    assert_eq!(answer.status, 200);
    answer.json()["file"].clone()
}

#[tokio::test]
async fn a_persons_file_is_a_message_and_read_with_the_token() {
    let sim = start(quick()).await;
    let mut bot = Socket::greeted(&sim).await;
    let file = upload(&sim, "rosie", "Menu.txt", "국밥".as_bytes()).await;
    act(
        &sim,
        "send",
        json!({"user": "로지", "channel": "#dev", "files": [file]}),
    )
    .await;
    let all = heard(&mut bot).await;
    let event = &all["message.file_share"];
    assert_eq!(
        (&event["text"], &event["user"], &event["upload"]),
        (&json!(""), &json!(ROSIE), &json!(false))
    );
    let shared = &event["files"][0];
    assert_eq!(
        (&shared["mimetype"], &shared["size"]),
        (&json!("text/plain"), &json!(6))
    );
    assert_eq!(all["file_shared"]["file"], json!({"id": file}));
    assert_eq!(all["file_shared"]["channel_id"], DEV);

    let info = ok(&sim, "files.info", json!({"file": file})).await;
    assert_eq!(info["file"]["channels"], json!([DEV]));
    assert_eq!(info["file"]["shares"]["public"][DEV][0]["ts"], event["ts"]);
    let url = shared["url_private_download"].as_str().unwrap();
    let path = &url[url.find("/files-pri/").unwrap()..];
    let token = format!("Authorization: Bearer {}", sim.bot_token());
    let content = request(&sim, "GET", path, &[&token], b"").await;
    assert_eq!((content.status, content.body.as_slice()), (200, "국밥".as_bytes()));
    assert!(content.headers.contains("content-type: text/plain"));
    // Without the token it is no error but a page to sign in: bots have fallen for that.
    let without = request(&sim, "GET", path, &[], b"").await;
    assert_eq!(without.status, 302);
    assert!(without.headers.contains("location: /signin"));
    assert_eq!(
        api(&sim, "files.delete", json!({"file": file})).await["error"],
        "cant_delete_file"
    );
    let wrong = request(&sim, "POST", "/sim/upload?user=rosie", &[], b"x").await;
    assert_eq!(wrong.status, 400);
}

#[tokio::test]
async fn the_bots_file_goes_where_it_says_and_away_again() {
    let sim = start(quick()).await;
    let mut bot = Socket::greeted(&sim).await;
    let parent = say(&sim, "로지", "#dev", "report?").await;
    let got = ok(
        &sim,
        "files.getUploadURLExternal",
        json!({"filename": "a.csv", "length": 3, "alt_txt": "a table"}),
    )
    .await;
    let id = &got["file_id"];
    let url = got["upload_url"].as_str().unwrap();
    let path = &url[url.find("/upload/").unwrap()..];
    let early = json!({"files": [{"id": id}]});
    assert_eq!(
        api(&sim, "files.completeUploadExternal", early).await["error"],
        "file_not_found"
    );
    assert_eq!(
        request(&sim, "POST", path, &[], b"a,b,c").await.status,
        400,
        "not as long as announced"
    );
    let sent = request(&sim, "POST", path, &[], b"a,b").await;
    assert_eq!((sent.status, sent.body.as_slice()), (200, b"OK - 3".as_slice()));
    let complete = json!({"files": [{"id": id, "title": "A"}], "channel_id": DEV, "thread_ts": parent["ts"], "initial_comment": "here"});
    let done = ok(&sim, "files.completeUploadExternal", complete).await;
    assert_eq!(
        (&done["files"][0]["title"], &done["files"][0]["shares"]),
        (&json!("A"), &json!({}))
    );
    let all = heard(&mut bot).await;
    let event = &all["message.file_share"];
    assert_eq!(
        (&event["thread_ts"], &event["user"]),
        (&parent["ts"], &json!("U0000000MOA"))
    );
    assert_eq!(event["files"][0]["alt_txt"], "a table");

    ok(&sim, "files.delete", json!({"file": id})).await;
    assert_eq!(
        api(&sim, "files.info", json!({"file": id})).await["error"],
        "file_not_found"
    );
    let all = heard(&mut bot).await;
    assert_eq!(all["file_deleted"]["file_id"], *id);
    assert_eq!(
        all["message.message_changed"]["message"]["files"],
        json!([{"id": id, "mode": "tombstone"}])
    );
}

#[tokio::test]
async fn people_come_go_and_change_topics() {
    let sim = start(quick()).await;
    let mut bot = Socket::greeted(&sim).await;
    act(&sim, "leave", json!({"user": "로지", "channel": "#dev"})).await;
    let all = heard(&mut bot).await;
    assert_eq!(all["member_left_channel"]["user"], ROSIE);
    assert_eq!(
        all["message.channel_leave"]["text"],
        format!("<@{ROSIE}> has left the channel")
    );
    act(&sim, "join", json!({"user": "로지", "channel": "#dev"})).await;
    let all = heard(&mut bot).await;
    assert_eq!(all["member_joined_channel"]["channel_type"], "C");
    assert_eq!((&all["message.channel_join"]["user"], all.len()), (&json!(ROSIE), 2));
    act(
        &sim,
        "topic",
        json!({"user": "로지", "channel": "#dev", "topic": "a & b"}),
    )
    .await;
    let all = heard(&mut bot).await;
    let topic = &all["message.channel_topic"];
    assert_eq!(
        (&topic["topic"], &topic["channel_type"]),
        (&json!("a & b"), &json!("channel"))
    );
    let info = ok(&sim, "conversations.info", json!({"channel": DEV})).await;
    assert_eq!(info["channel"]["topic"]["value"], "a & b");

    // Where the bot goes it hears of its own going, and nothing after.
    ok(&sim, "conversations.leave", json!({"channel": DEV})).await;
    assert!(heard(&mut bot).await.contains_key("member_left_channel"));
    say(&sim, "로지", "#dev", "hello?").await;
    assert!(heard(&mut bot).await.is_empty());
    assert_eq!(
        api(&sim, "chat.postMessage", json!({"channel": DEV, "text": "x"})).await["error"],
        "not_in_channel"
    );
    act(&sim, "join", json!({"user": "@bot", "channel": "#dev"})).await;
    let all = heard(&mut bot).await;
    assert_eq!(all["member_joined_channel"]["user"], "U0000000MOA");
}

#[tokio::test]
async fn messages_come_in_all_their_kinds() {
    let sim = start(quick()).await;
    let mut bot = Socket::greeted(&sim).await;
    let parent = say(&sim, "로지", "#dev", "parent").await;
    act(
        &sim,
        "send",
        json!({"user": "로지", "channel": "#dev", "text": "waves", "kind": "me"}),
    )
    .await;
    act(
        &sim,
        "send",
        json!({"user": "로지", "channel": "#dev", "text": "build ok", "kind": "integration"}),
    )
    .await;
    act(
        &sim,
        "send",
        json!({"user": "로지", "channel": "#dev", "text": "all", "thread_ts": parent["ts"], "broadcast": true}),
    )
    .await;
    let all = heard(&mut bot).await;
    assert_eq!(all["message.me_message"]["text"], "waves");
    let hook = &all["message.bot_message"];
    assert!(
        hook.get("user").is_none() && hook["bot_id"] == "B000000HOOK" && hook["username"] == "rosie",
        "{hook}"
    );
    let broadcast = &all["message.thread_broadcast"];
    assert_eq!(
        (&broadcast["root"]["text"], &broadcast["root"]["reply_count"]),
        (&json!("parent"), &json!(1))
    );

    act(
        &sim,
        "send",
        json!({"user": "로지", "channel": "#secret", "text": "@moa psst"}),
    )
    .await;
    let all = heard(&mut bot).await;
    assert_eq!(all["message"]["channel_type"], "group");
    assert!(all.contains_key("app_mention"));
    let listed = ok(&sim, "conversations.list", json!({"types": "private_channel"})).await;
    assert_eq!(listed["channels"][0]["name"], "secret");
    assert_eq!(listed["channels"][0]["is_private"], true);

    // A private channel that it isn't in doesn't exist for the bot.
    act(&sim, "leave", json!({"user": "@bot", "channel": "#secret"})).await;
    let listed = ok(&sim, "conversations.list", json!({"types": "private_channel"})).await;
    assert_eq!(listed["channels"], json!([]));
    for (method, args) in [
        ("chat.postMessage", json!({"channel": "C0000SECRET", "text": "x"})),
        ("conversations.info", json!({"channel": "C0000SECRET"})),
        ("conversations.history", json!({"channel": "C0000SECRET"})),
    ] {
        assert_eq!(api(&sim, method, args).await["error"], "channel_not_found", "{method}");
    }
}

#[tokio::test]
async fn a_warning_of_too_many_events_has_no_event() {
    let sim = start(quick()).await;
    let mut bot = Socket::greeted(&sim).await;
    act(&sim, "fault", json!({"kind": "app-rate-limited"})).await;
    let frame = bot.next().await;
    let payload = &frame["payload"];
    assert_eq!(
        (&frame["type"], &payload["type"]),
        (&json!("events_api"), &json!("app_rate_limited"))
    );
    assert!(payload.get("event").is_none() && payload.get("event_id").is_none());
    assert_eq!(payload["minute_rate_limited"].as_u64().unwrap() % 60, 0);
}

#[tokio::test]
async fn pages_can_be_shorter_than_asked_and_one_method_slow() {
    let sim = start(quick()).await;
    act(&sim, "fault", json!({"kind": "short-pages"})).await;
    act(
        &sim,
        "fault",
        json!({"kind": "slow", "ms": 60_000, "method": "auth.test"}),
    )
    .await;
    let page = ok(&sim, "users.list", json!({"limit": 200})).await;
    assert_eq!(page["members"].as_array().unwrap().len(), 1);
    assert_ne!(page["response_metadata"]["next_cursor"], "");
}
