//! Reading a conversation's past, page by page.

use super::fake::{Answer, Fake, within};
use crate::adapter::Adapter;
use moa_core::event::{Message, Place, PlaceKind};
use serde_json::{Value, json};

fn place(thread: Option<&str>) -> Place {
    Place {
        service: "slack".into(),
        conversation: "C1".into(),
        thread: thread.map(Into::into),
        kind: PlaceKind::Channel,
    }
}

fn said(ts: &str) -> Value {
    json!({"type": "message", "user": "U1", "text": ts, "ts": ts})
}

fn joined(ts: &str) -> Value {
    json!({"type": "message", "subtype": "channel_join", "user": "U1", "text": "joined", "ts": ts})
}

fn page(messages: &[Value], next: &str) -> Answer {
    Answer::Json(json!({"ok": true, "messages": messages, "has_more": !next.is_empty(),
        "response_metadata": {"next_cursor": next}}))
}

fn ids(messages: &[Message]) -> Vec<&str> {
    messages.iter().map(|message| message.at.id.as_str()).collect()
}

#[tokio::test]
async fn a_page_of_nothing_is_not_the_end() {
    let fake = Fake::start().await;
    fake.answer("conversations.history", page(&[joined("9.0")], "one"));
    fake.answer("conversations.history", page(&[], "two"));
    fake.answer(
        "conversations.history",
        page(&[said("5.0"), joined("4.0"), said("3.0")], "three"),
    );
    let slack = fake.slack().await;
    let messages = within(slack.history(&place(None), Some("10.0"), 3)).await.unwrap();
    assert_eq!(ids(&messages), ["5.0", "3.0"]);
    let calls = fake.calls("conversations.history");
    assert_eq!(
        calls[0],
        json!({"channel": "C1", "limit": "3", "latest": "10.0"}),
        "what is asked for bears no cursor at first"
    );
    assert_eq!(
        (&calls[1]["cursor"], &calls[2]["cursor"]),
        (&json!("one"), &json!("two"))
    );

    fake.answer("conversations.history", page(&[joined("2.0")], ""));
    fake.answer("conversations.history", page(&[joined("2.0")], ""));
    // The answer before is given once more.
    slack.history(&place(None), Some("3.0"), 3).await.unwrap();
    assert_eq!(slack.history(&place(None), Some("3.0"), 3).await, Ok(Vec::new()));
}

#[tokio::test]
async fn a_cursor_that_leads_nowhere_is_not_followed_for_ever() {
    let fake = Fake::start().await;
    fake.answer("conversations.history", page(&[], "again"));
    assert_eq!(
        within(fake.slack().await.history(&place(None), None, 3)).await,
        Ok(Vec::new())
    );
    assert_eq!(fake.calls("conversations.history").len(), 2);
}

#[tokio::test]
async fn a_thread_is_read_to_its_end_and_given_newest_first() {
    let fake = Fake::start().await;
    let reply = |ts: &str| {
        let mut reply = said(ts);
        reply["thread_ts"] = "1.0".into();
        reply
    };
    // Its first message stands on every page.
    fake.answer("conversations.replies", page(&[reply("1.0"), reply("2.0")], "more"));
    fake.answer(
        "conversations.replies",
        page(&[reply("1.0"), reply("3.0"), reply("4.0")], ""),
    );
    let slack = fake.slack().await;
    let messages = slack.history(&place(Some("1.0")), None, 10).await.unwrap();
    assert_eq!(ids(&messages), ["4.0", "3.0", "2.0", "1.0"]);
    assert_eq!(messages[0].at.place, place(Some("1.0")));
    assert_eq!(fake.calls("conversations.replies")[1]["cursor"], "more");

    let fake = Fake::start().await;
    fake.answer(
        "conversations.replies",
        page(&[reply("1.0"), reply("2.0"), reply("3.0")], ""),
    );
    let slack = fake.slack().await;
    let two = slack.history(&place(Some("1.0")), None, 2).await.unwrap();
    assert_eq!(ids(&two), ["3.0", "2.0"]);
    let first = slack.history(&place(Some("1.0")), Some("1.0"), 2).await.unwrap();
    assert_eq!(fake.calls("conversations.replies")[1]["latest"], "1.0");
    assert!(!ids(&first).contains(&"1.0"), "what is asked for is older");
}

#[tokio::test]
async fn a_bot_that_is_no_user_is_somebody_too() {
    let fake = Fake::start().await;
    fake.answer(
        "users.info",
        Answer::Json(json!({"ok": false, "error": "user_not_found"})),
    );
    fake.answer(
        "bots.info",
        Answer::Json(json!({"ok": true, "bot": {"id": "B2", "name": "build"}})),
    );
    let slack = fake.slack().await;
    let bot = slack.user("B2").await;
    assert_eq!((bot.display_name.as_str(), bot.bot), ("build", true));
    assert_eq!(slack.find_user("U2").await, Ok(None));
    assert_eq!(fake.calls("bots.info").len(), 1);
}
