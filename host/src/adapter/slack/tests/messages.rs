//! The Web API: what is sent, what its answers become.

use super::fake::{Answer, Fake, within};
use crate::adapter::slack::Slack;
use crate::adapter::{Adapter, Outgoing, SendError, Stamp};
use moa_core::content::{Audience, Content};
use moa_core::event::{MessageRef, Place, PlaceKind};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

fn place(thread: Option<&str>) -> Place {
    Place {
        service: "slack".into(),
        conversation: "C1".into(),
        thread: thread.map(Into::into),
        kind: PlaceKind::Channel,
    }
}

fn at() -> MessageRef {
    MessageRef {
        place: place(None),
        id: "5.000001".into(),
    }
}

fn stamp() -> Stamp {
    Stamp {
        plugin: "p".into(),
        invocation: "i1".into(),
        ordinal: 1,
    }
}

fn posted() -> Answer {
    Answer::Json(json!({"ok": true, "channel": "C1", "ts": "9.000001", "message": {"text": "x"}}))
}

fn error(code: &str) -> Answer {
    Answer::Json(json!({"ok": false, "error": code}))
}

fn history(messages: Value) -> Answer {
    Answer::Json(json!({"ok": true, "messages": messages, "has_more": false}))
}

/// Sends with the parts that a test cares for.
async fn send(
    slack: &Slack,
    to: &Place,
    content: &Content,
    url: Option<&str>,
) -> Result<Option<MessageRef>, SendError> {
    let message = Outgoing {
        to,
        answers: Some("5.000001"),
        asker: Some("U1"),
        content,
        stamp: &stamp(),
        response_url: url,
    };
    within(slack.send(message)).await
}

fn for_all(audience: Audience) -> Content {
    Content {
        audience,
        ..Content::text("pong & <x>")
    }
}

fn code(result: Result<Option<MessageRef>, SendError>) -> String {
    match result {
        Err(SendError::Refused { code, .. }) => code,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_message_goes_where_its_audience_says() {
    // (place's thread, audience, thread in the call, broadcast)
    for (thread, audience, in_thread, broadcast) in [
        (None, Audience::Everyone, None, false),
        (Some("1.0"), Audience::Everyone, Some("1.0"), false),
        (None, Audience::Thread, Some("5.000001"), false),
        (Some("1.0"), Audience::Thread, Some("1.0"), false),
        (None, Audience::Broadcast, Some("5.000001"), true),
    ] {
        let fake = Fake::start().await;
        fake.answer("chat.postMessage", posted());
        let slack = fake.slack().await;
        let sent = send(&slack, &place(thread), &for_all(audience), None)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(sent.id, "9.000001");
        assert_eq!(sent.place.thread.as_deref(), in_thread);
        let call = &fake.calls("chat.postMessage")[0];
        assert_eq!(call["channel"], "C1");
        assert_eq!(call["text"], "pong &amp; &lt;x&gt;");
        assert_eq!(call.get("thread_ts").and_then(Value::as_str), in_thread);
        assert_eq!(call.get("reply_broadcast").is_some(), broadcast);
        assert_eq!(
            call["metadata"]["event_payload"],
            json!({"invocation": "i1", "ordinal": 1})
        );
    }
}

#[tokio::test]
async fn what_only_the_asker_sees() {
    let fake = Fake::start().await;
    fake.answer(
        "chat.postEphemeral",
        Answer::Json(json!({"ok": true, "message_ts": "1.1"})),
    );
    fake.answer("chat.postMessage", posted());
    fake.answer("respond", Answer::Status(200, "ok"));
    fake.answer("respond-late", Answer::Status(404, "expired_url"));
    let slack = fake.slack().await;
    let content = for_all(Audience::Asker);
    let url = |name: &str| fake.api.replace("/api/", &format!("/{name}"));

    assert_eq!(send(&slack, &place(None), &content, None).await, Ok(None));
    assert_eq!(fake.calls("chat.postEphemeral")[0]["user"], "U1");

    assert_eq!(
        send(&slack, &place(None), &content, Some(&url("respond"))).await,
        Ok(None)
    );
    let call = &fake.calls("respond")[0];
    assert_eq!(
        (&call["response_type"], &call["replace_original"]),
        (&json!("ephemeral"), &json!(false))
    );
    assert!(call.get("metadata").is_none());

    // A response URL that is too old is no reason to say nothing.
    assert_eq!(
        send(&slack, &place(None), &content, Some(&url("respond-late"))).await,
        Ok(None)
    );
    assert_eq!(fake.calls("chat.postEphemeral").len(), 2);

    // In a direct conversation an ordinary message is for the asker alone, and stays.
    let direct = Place {
        kind: PlaceKind::Direct,
        ..place(None)
    };
    assert!(send(&slack, &direct, &content, None).await.unwrap().is_some());
}

#[tokio::test]
async fn a_slash_command_is_answered_where_the_bot_is_no_member() {
    let fake = Fake::start().await;
    for code in ["is_archived", "restricted_action", "not_in_channel"] {
        fake.answer("chat.postMessage", error(code));
    }
    fake.answer("respond", Answer::Status(200, "ok"));
    let slack = fake.slack().await;
    let url = fake.api.replace("/api/", "/respond");
    for _ in ["is_archived", "restricted_action"] {
        assert_eq!(
            send(&slack, &place(None), &for_all(Audience::Everyone), Some(&url)).await,
            Ok(None)
        );
    }
    assert_eq!(
        send(&slack, &place(None), &for_all(Audience::Everyone), Some(&url)).await,
        Ok(None)
    );
    assert_eq!(fake.calls("respond")[0]["response_type"], "in_channel");
    assert_eq!(
        code(send(&slack, &place(None), &for_all(Audience::Everyone), None).await),
        "not_in_channel"
    );
    let bad = "http://192.0.2.1/respond";
    assert_eq!(
        code(send(&slack, &place(None), &for_all(Audience::Everyone), Some(bad)).await),
        "bad_response_url"
    );
}

#[tokio::test]
async fn a_rate_limit_is_waited_out() {
    let fake = Fake::start().await;
    fake.answer("chat.postMessage", Answer::RetryAfter(1));
    fake.answer("chat.postMessage", posted());
    let slack = fake.slack().await;
    let start = Instant::now();
    send(&slack, &place(None), &for_all(Audience::Everyone), None)
        .await
        .unwrap();
    assert!(start.elapsed() >= Duration::from_secs(1));
    assert_eq!(fake.calls("chat.postMessage").len(), 2);
    // A wait beyond all patience is handed on.
    let patient = Fake::start().await;
    patient.answer("chat.postMessage", Answer::RetryAfter(3_600));
    let result = send(&patient.slack().await, &place(None), &for_all(Audience::Everyone), None).await;
    assert!(
        matches!(result, Err(SendError::RateLimited { retry_after }) if retry_after.as_secs() > 3_500),
        "{result:?}"
    );
    // One that no clock can count to is as long as any other.
    let endless = Fake::start().await;
    endless.answer("chat.postMessage", Answer::RetryAfter(u64::MAX));
    let result = send(&endless.slack().await, &place(None), &for_all(Audience::Everyone), None).await;
    assert!(matches!(result, Err(SendError::RateLimited { .. })), "{result:?}");
}

#[tokio::test]
async fn after_a_broken_connection_history_decides() {
    let mine = |more: Value| {
        let mut message = json!({"ts": "6.000001", "user": "UBOT", "bot_id": "BBOT", "text": "pong &amp; &lt;x&gt;"});
        message
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        json!([message])
    };
    let stamped = |invocation: &str| json!({"metadata": {"event_type": "moa_reply", "event_payload": {"invocation": invocation, "ordinal": 1}}});
    // (what history shows, whether the message is found there)
    let cases = [
        (mine(stamped("i1")), true),
        (mine(stamped("another")), false),
        (mine(json!({})), true),
        (mine(json!({"text": "something else"})), false),
        (mine(json!({"user": "U9", "bot_id": null})), false),
        (mine(json!({"thread_ts": "1.0"})), false),
        (json!([]), false),
    ];
    let failures = [
        Answer::HangUp,
        Answer::Status(500, "oops"),
        Answer::Status(200, "garbage"),
    ];
    let all = cases.iter().flat_map(|(messages, found)| {
        failures.iter().map(move |failure| async move {
            let fake = Fake::start().await;
            fake.answer("chat.postMessage", failure.clone());
            fake.answer("chat.postMessage", posted());
            fake.answer("conversations.history", history(messages.clone()));
            let slack = fake.slack().await;
            let sent = send(&slack, &place(None), &for_all(Audience::Everyone), None)
                .await
                .unwrap()
                .unwrap();
            assert_eq!(sent.id, if *found { "6.000001" } else { "9.000001" }, "{messages}");
            assert_eq!(
                fake.calls("chat.postMessage").len(),
                if *found { 1 } else { 2 },
                "{messages}"
            );
            let look = &fake.calls("conversations.history")[0];
            assert_eq!((&look["oldest"], &look["channel"]), (&json!("5.000001"), &json!("C1")));
        })
    });
    futures_util::future::join_all(all).await;
}

#[tokio::test]
async fn where_history_is_closed_only_a_server_s_own_failure_is_tried_again() {
    let fake = Fake::start().await;
    fake.answer("conversations.history", error("missing_scope"));
    fake.answer("chat.postMessage", Answer::Status(502, ""));
    fake.answer("chat.postMessage", posted());
    let slack = fake.slack().await;
    assert!(
        send(&slack, &place(None), &for_all(Audience::Everyone), None)
            .await
            .is_ok()
    );

    let fake = Fake::start().await;
    fake.answer("conversations.history", error("missing_scope"));
    fake.answer("chat.postMessage", Answer::HangUp);
    let slack = fake.slack().await;
    let result = send(&slack, &place(None), &for_all(Audience::Everyone), None).await;
    assert!(matches!(result, Err(SendError::Uncertain { .. })), "{result:?}");
    assert_eq!(fake.calls("chat.postMessage").len(), 1);
}

#[tokio::test]
async fn a_message_in_a_thread_is_found_in_the_thread() {
    let fake = Fake::start().await;
    let page = |messages: Value, next: &str| {
        Answer::Json(json!({"ok": true, "messages": messages, "response_metadata": {"next_cursor": next}}))
    };
    fake.answer(
        "conversations.replies",
        page(
            json!([{"ts": "1.0", "thread_ts": "1.0", "user": "UBOT", "text": "pong & <x>"}]),
            "n==",
        ),
    );
    let metadata = json!({"event_type": "moa_reply", "event_payload": {"invocation": "i1", "ordinal": "1"}});
    let reply =
        json!([{"ts": "7.0", "thread_ts": "1.0", "user": "UBOT", "text": "edited since", "metadata": metadata}]);
    fake.answer("conversations.replies", page(reply, ""));
    let slack = fake.slack().await;
    let content = for_all(Audience::Everyone);
    let to = place(Some("1.0"));
    let message = Outgoing {
        to: &to,
        answers: None,
        asker: None,
        content: &content,
        stamp: &stamp(),
        response_url: None,
    };
    let found = slack.find(message).await.unwrap().unwrap();
    assert_eq!((found.id.as_str(), found.place.thread.as_deref()), ("7.0", Some("1.0")));
    assert_eq!(fake.calls("conversations.replies")[1]["cursor"], "n==");
}

#[tokio::test]
async fn refusals_say_what_to_do_and_are_not_repeated() {
    for (answer, word, sentence) in [
        (error("not_in_channel"), "not_in_channel", "/invite"),
        (error("channel_not_found"), "channel_not_found", "invite the bot"),
        (error("msg_too_long"), "msg_too_long", "shorter"),
        (
            json_with("missing_scope", json!({"needed": "chat:write", "provided": "x"})),
            "missing_scope",
            "scope chat:write",
        ),
        (
            json_with(
                "invalid_arguments",
                json!({"response_metadata": {"messages": ["[ERROR] bad thing"]}}),
            ),
            "invalid_arguments",
            "[ERROR] bad thing",
        ),
        (Answer::Status(404, "<html>nothing</html>"), "http_404", "slack.api-url"),
    ] {
        let fake = Fake::start().await;
        fake.answer("chat.postMessage", answer);
        let result = send(&fake.slack().await, &place(None), &for_all(Audience::Everyone), None).await;
        let Err(SendError::Refused { code, explanation }) = result else {
            panic!("{result:?}")
        };
        assert_eq!(code, word);
        assert!(explanation.contains(sentence), "{explanation}");
        assert_eq!(fake.calls("chat.postMessage").len(), 1);
    }
}

fn json_with(code: &str, more: Value) -> Answer {
    let mut answer = json!({"ok": false, "error": code});
    answer
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    Answer::Json(answer)
}

#[tokio::test]
async fn a_revoked_token_is_told_apart() {
    let fake = Fake::start().await;
    fake.answer("chat.postMessage", error("token_revoked"));
    let result = send(&fake.slack().await, &place(None), &for_all(Audience::Everyone), None).await;
    let Err(SendError::Revoked(fatal)) = result else {
        panic!("{result:?}")
    };
    assert!(fatal.to_string().contains("slack.bot-token"));
    assert!(!fatal.to_string().contains("xoxb-1"));
}

#[tokio::test]
async fn edits_deletes_and_reactions() {
    let fake = Fake::start().await;
    for method in ["chat.update", "chat.delete", "reactions.add", "reactions.remove"] {
        fake.answer(method, Answer::Json(json!({"ok": true})));
    }
    let slack = fake.slack().await;
    slack.edit(&at(), &Content::text("new"), &stamp()).await.unwrap();
    let call = &fake.calls("chat.update")[0];
    assert_eq!((&call["ts"], &call["text"]), (&json!("5.000001"), &json!("new")));
    assert_eq!(
        (&call["blocks"], &call["attachments"]),
        (&json!([]), &json!([])),
        "what was there goes"
    );
    slack.delete(&at()).await.unwrap();
    slack.react(&at(), "⏳").await.unwrap();
    assert_eq!(
        fake.calls("reactions.add")[0],
        json!({"channel": "C1", "timestamp": "5.000001", "name": "hourglass_flowing_sand"})
    );
    slack.unreact(&at(), ":tada:").await.unwrap();
    assert_eq!(fake.calls("reactions.remove")[0]["name"], "tada");
    let slash = MessageRef {
        id: String::new(),
        ..at()
    };
    assert!(matches!(
        slack.react(&slash, "tada").await,
        Err(SendError::Refused { .. })
    ));
    assert!(matches!(
        slack.react(&at(), "a b").await,
        Err(SendError::Refused { .. })
    ));

    let fake = Fake::start().await;
    fake.answer("reactions.add", error("already_reacted"));
    fake.answer("reactions.remove", error("no_reaction"));
    fake.answer("chat.delete", error("message_not_found"));
    fake.answer("chat.update", error("cant_update_message"));
    let slack = fake.slack().await;
    slack.react(&at(), "tada").await.unwrap();
    slack.unreact(&at(), "tada").await.unwrap();
    slack.delete(&at()).await.unwrap();
    assert!(slack.edit(&at(), &Content::text("new"), &stamp()).await.is_err());
}

#[tokio::test]
async fn people_and_conversations_are_looked_up_once() {
    let fake = Fake::start().await;
    let user = json!({"id": "U1", "name": "rosie", "tz": "Asia/Seoul", "locale": "ko-KR", "is_bot": false,
        "profile": {"display_name": "로지\n{@U2}", "real_name": "Rosie"}});
    fake.answer("users.info", Answer::Json(json!({"ok": true, "user": user})));
    let channel = json!({"id": "C1", "name": "lunch", "is_im": false, "topic": {"value": "eat &amp; <@U2>"}});
    fake.answer(
        "conversations.info",
        Answer::Json(json!({"ok": true, "channel": channel})),
    );
    let slack = fake.slack().await;
    for _ in 0..3 {
        let rosie = slack.user("U1").await;
        assert_eq!((rosie.name.as_str(), rosie.locale.as_deref()), ("rosie", Some("ko-KR")));
        assert!(rosie.display_name.starts_with("로지") && !rosie.display_name.contains("{@U2}"));
        let lunch = slack.conversation("C1").await;
        assert_eq!((lunch.name.as_str(), lunch.topic.as_str()), ("lunch", "eat & {@U2}"));
    }
    assert_eq!(fake.calls("users.info").len(), 1);
    assert_eq!(fake.calls("users.info")[0]["include_locale"], "true");
    assert_eq!(fake.calls("conversations.info").len(), 1);
}

#[tokio::test]
async fn a_person_who_cannot_be_looked_up_is_still_somebody() {
    let fake = Fake::start().await;
    fake.answer("users.info", error("missing_scope"));
    fake.answer("users.info", error("user_not_found"));
    let slack = fake.slack().await;
    assert_eq!(slack.user("U1").await.display_name, "U1");
    assert_eq!(slack.find_user("U1").await, Ok(None));
    assert_eq!(slack.conversation("C9").await.id, "C9");
}

#[tokio::test]
async fn members_come_by_the_page_and_are_looked_up_once() {
    let fake = Fake::start().await;
    let page = |members: &[&str], next: &str| {
        Answer::Json(json!({"ok": true, "members": members, "response_metadata": {"next_cursor": next}}))
    };
    fake.answer("conversations.members", page(&["U1", "UBOT"], "more"));
    fake.answer("conversations.members", page(&["U2"], ""));
    fake.answer("conversations.members", error("channel_not_found"));
    let slack = fake.slack().await;
    for _ in 0..2 {
        let first = slack.find_members("C1", None).await.unwrap().unwrap();
        assert_eq!(first.ids, ["U1", "UBOT"]);
        let second = slack.find_members("C1", first.next.as_deref()).await.unwrap().unwrap();
        assert_eq!((second.ids, second.next), (vec!["U2".to_owned()], None));
    }
    assert_eq!(slack.find_members("C9", None).await, Ok(None));
    let calls = fake.calls("conversations.members");
    assert_eq!(calls.len(), 3);
    assert_eq!(calls[0]["cursor"], serde_json::Value::Null);
    assert_eq!(
        (calls[1]["channel"].as_str(), calls[1]["cursor"].as_str()),
        (Some("C1"), Some("more"))
    );
}
