//! Files both ways, and forms: what is sent, and where the token goes.

use super::fake::{Answer, Fake, within};
use crate::adapter::slack::Slack;
use crate::adapter::{Adapter, Form, SendError, Stamp, Upload};
use moa_core::content::Content;
use moa_core::event::{Place, PlaceKind};
use serde_json::{Value, json};

fn place(thread: Option<&str>) -> Place {
    Place {
        service: "slack".into(),
        conversation: "C1".into(),
        thread: thread.map(Into::into),
        kind: PlaceKind::Channel,
    }
}

fn done() -> Answer {
    Answer::Json(json!({"ok": true}))
}

fn error(code: &str) -> Answer {
    Answer::Json(json!({"ok": false, "error": code}))
}

/// A workspace that takes one upload.
async fn taking() -> Fake {
    let fake = Fake::start().await;
    let ticket = json!({"ok": true, "upload_url": fake.address("put"), "file_id": "F1"});
    fake.answer("files.getUploadURLExternal", Answer::Json(ticket));
    fake.answer("put", Answer::Status(200, "OK - 3"));
    fake
}

async fn upload(slack: &Slack, to: &Place) -> Result<String, SendError> {
    let file = Upload {
        to,
        name: "점심.csv",
        data: b"a,b",
        comment: "*here* & <x>",
    };
    within(slack.upload(file)).await
}

fn code<T: std::fmt::Debug>(result: Result<T, SendError>) -> String {
    match result {
        Err(SendError::Refused { code, .. }) => code,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_file_is_announced_put_and_shown() {
    let fake = taking().await;
    fake.answer("files.completeUploadExternal", done());
    let slack = fake.slack().await;
    assert_eq!(upload(&slack, &place(Some("1.0"))).await.unwrap(), "F1");
    assert_eq!(
        fake.calls("files.getUploadURLExternal"),
        [json!({"filename": "점심.csv", "length": "3"})]
    );
    assert_eq!(fake.calls("put"), [json!("a,b")]);
    let shown = &fake.calls("files.completeUploadExternal")[0];
    let files: Value = serde_json::from_str(shown["files"].as_str().unwrap()).unwrap();
    assert_eq!(files, json!([{"id": "F1", "title": "점심.csv"}]));
    assert_eq!(
        (&shown["channel_id"], &shown["thread_ts"]),
        (&json!("C1"), &json!("1.0"))
    );
    assert_eq!(shown["initial_comment"], "*here* &amp; &lt;x&gt;");

    let empty = Upload {
        to: &place(None),
        name: "x",
        data: b"",
        comment: "",
    };
    assert_eq!(code(slack.upload(empty).await), "empty_file");
}

#[tokio::test]
async fn a_file_that_may_be_shown_already_is_looked_for_before_it_is_shown_again() {
    let info = |shares: Value| Answer::Json(json!({"ok": true, "file": {"id": "F1", "shares": shares}}));
    // (what Slack knows, how often it is told to show the file)
    for (known, told) in [
        (info(json!({"public": {"C1": [{"ts": "9.0"}]}})), 1),
        (error("file_not_found"), 2),
    ] {
        let fake = taking().await;
        fake.answer("files.completeUploadExternal", Answer::HangUp);
        fake.answer("files.completeUploadExternal", done());
        fake.answer("files.info", known);
        assert_eq!(upload(&fake.slack().await, &place(None)).await.unwrap(), "F1");
        assert_eq!(fake.calls("files.completeUploadExternal").len(), told);
        assert_eq!(fake.calls("put").len(), 1);
    }
}

#[tokio::test]
async fn a_file_that_slack_shows_late_is_waited_for() {
    let info = |shares: Value| Answer::Json(json!({"ok": true, "file": {"id": "F1", "shares": shares}}));
    let fake = taking().await;
    fake.answer("files.completeUploadExternal", Answer::Status(500, "gone"));
    fake.answer("files.info", info(json!({})));
    fake.answer("files.info", info(json!({"private": {"C1": [{"ts": "9.0"}]}})));
    assert_eq!(upload(&fake.slack().await, &place(None)).await.unwrap(), "F1");
    assert_eq!(fake.calls("files.completeUploadExternal").len(), 1);
}

#[tokio::test]
async fn the_content_is_put_again_and_not_to_addresses_in_the_clear() {
    let fake = taking().await;
    fake.answer("put", Answer::Status(502, "busy"));
    fake.answer("put", Answer::HangUp);
    fake.answer("put", Answer::Status(200, "OK - 3"));
    fake.answer("files.completeUploadExternal", done());
    // The first of the answers is the one of `taking`, so this is a second file.
    let slack = fake.slack().await;
    upload(&slack, &place(None)).await.unwrap();
    upload(&slack, &place(None)).await.unwrap();
    assert_eq!(fake.calls("put").len(), 4);

    for (url, put, word) in [
        ("http://192.0.2.1/put", Answer::Status(200, "OK"), "bad_upload_url"),
        ("", Answer::Status(403, "no"), "upload_refused"),
        ("", Answer::Status(413, "no"), "too_large"),
        ("", Answer::Redirect("http://192.0.2.1/".into()), "upload_refused"),
    ] {
        let fake = Fake::start().await;
        let url = if url.is_empty() {
            fake.address("put")
        } else {
            url.into()
        };
        let ticket = json!({"ok": true, "upload_url": url, "file_id": "F1"});
        fake.answer("files.getUploadURLExternal", Answer::Json(ticket));
        fake.answer("put", put);
        assert_eq!(code(upload(&fake.slack().await, &place(None)).await), word);
        assert!(fake.calls("files.completeUploadExternal").is_empty());
    }
}

#[tokio::test]
async fn a_file_for_somebodys_id_goes_to_the_direct_conversation_with_them() {
    let fake = taking().await;
    fake.answer("files.completeUploadExternal", done());
    fake.answer(
        "conversations.open",
        Answer::Json(json!({"ok": true, "channel": {"id": "D1"}})),
    );
    fake.answer("conversations.open", error("user_not_found"));
    let slack = fake.slack().await;
    let to = Place {
        conversation: "U1".into(),
        kind: PlaceKind::Direct,
        ..place(None)
    };
    upload(&slack, &to).await.unwrap();
    assert_eq!(fake.calls("files.completeUploadExternal")[0]["channel_id"], "D1");
    for _ in 0..2 {
        let direct = slack.open_direct("U1").await.unwrap();
        assert_eq!((direct.conversation.as_str(), direct.kind), ("D1", PlaceKind::Direct));
    }
    assert_eq!(fake.calls("conversations.open"), [json!({"users": "U1"})]);
    assert_eq!(code(slack.open_direct("U2").await), "user_not_found");
}

/// A workspace with a file, of which this is known beside the address of its content.
async fn holding(more: Value, content: Answer) -> Fake {
    let fake = Fake::start().await;
    let mut file = json!({"id": "F1", "name": "a.csv", "mimetype": "text/csv", "url_private": fake.address("content")});
    file.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    fake.answer("files.info", Answer::Json(json!({"ok": true, "file": file})));
    fake.answer("content", content);
    fake
}

fn csv() -> Answer {
    Answer::Content("text/csv", b"a,b".to_vec())
}

#[tokio::test]
async fn a_file_is_fetched_whole_and_not_past_the_limit() {
    let fake = holding(json!({"size": 3}), csv()).await;
    let slack = fake.slack().await;
    assert_eq!(slack.download("F1", 3).await, Ok(Some(b"a,b".to_vec())));
    assert_eq!(code(slack.download("F1", 2).await), "too_large");
    assert_eq!(
        fake.calls("content").len(),
        1,
        "what is known to be too large is not fetched"
    );

    let fake = holding(json!({"size": 1}), csv()).await;
    assert_eq!(code(fake.slack().await.download("F1", 2).await), "too_large");

    let fake = holding(json!({}), Answer::Status(500, "")).await;
    fake.answer("content", csv());
    let slack = fake.slack().await;
    assert_eq!(slack.download("F1", 9).await, Ok(Some(b"a,b".to_vec())));
    assert_eq!(fake.calls("content").len(), 2);
}

#[tokio::test]
async fn what_is_no_file_or_not_for_the_bot() {
    for (more, content, becomes) in [
        (json!({"mode": "tombstone"}), csv(), Ok(None)),
        (json!({"is_external": true}), csv(), Err("external_file")),
        (json!({}), Answer::Status(404, ""), Ok(None)),
        (json!({}), Answer::Status(403, ""), Err("file_not_accessible")),
        (
            json!({}),
            Answer::Content("text/html; charset=utf-8", b"<h1>Sign in</h1>".to_vec()),
            Err("file_not_accessible"),
        ),
        (
            json!({"name": "a.html", "mimetype": ""}),
            Answer::Content("text/html", b"<p>".to_vec()),
            Ok(Some(b"<p>".to_vec())),
        ),
        (json!({"url_private": null}), csv(), Err("file_not_accessible")),
        (
            json!({"url_private_download": "http://192.0.2.1/a"}),
            csv(),
            Err("bad_file_url"),
        ),
        (
            json!({"url_private_download": "https://files.slack.com@192.0.2.1/a"}),
            csv(),
            Err("bad_file_url"),
        ),
    ] {
        let fake = holding(more.clone(), content).await;
        let got = fake.slack().await.download("F1", 100).await;
        match becomes {
            Ok(content) => assert_eq!(got, Ok(content), "{more}"),
            Err(word) => assert_eq!(code(got), word, "{more}"),
        }
    }
    for word in ["file_not_found", "file_deleted"] {
        let fake = Fake::start().await;
        fake.answer("files.info", error(word));
        assert_eq!(fake.slack().await.download("F1", 100).await, Ok(None));
        assert_eq!(fake.slack().await.find_file("F1").await, Ok(None));
    }
}

#[tokio::test]
async fn the_token_follows_no_redirect() {
    let elsewhere = Fake::start().await;
    elsewhere.answer("stolen", csv());
    let fake = holding(json!({}), Answer::Redirect(elsewhere.address("stolen"))).await;
    assert_eq!(
        code(fake.slack().await.download("F1", 100).await),
        "file_not_accessible"
    );
    assert!(elsewhere.calls("stolen").is_empty());
}

#[tokio::test]
async fn where_a_file_can_be_seen() {
    let shares =
        json!({"channels": ["C1"], "ims": ["D1"], "shares": {"public": {"C1": [], "C2": []}, "private": {"G1": []}}});
    let fake = holding(shares, csv()).await;
    let seen = fake.slack().await.find_file("F1").await.unwrap().unwrap();
    assert_eq!(seen, ["C1", "C2", "D1", "G1"]);
}

fn view() -> String {
    json!({"type": "modal", "callback_id": "order", "title": {"type": "plain_text", "text": "Order"},
        "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "x"}}]})
    .to_string()
}

async fn open(fake: &Fake) -> Result<(), SendError> {
    let (place, view) = (place(None), view());
    let form = Form {
        trigger: "t1",
        view: &view,
        plugin: "orders",
        place: &place,
        on: None,
    };
    within(fake.slack().await.open_form(form)).await
}

#[tokio::test]
async fn a_form_is_opened_as_the_plugins_own() {
    let fake = Fake::start().await;
    fake.answer("views.open", done());
    open(&fake).await.unwrap();
    let call = &fake.calls("views.open")[0];
    assert_eq!(
        (&call["trigger_id"], &call["view"]["callback_id"]),
        (&json!("t1"), &json!("orders/order"))
    );

    for word in ["expired_trigger_id", "exchanged_trigger_id"] {
        let fake = Fake::start().await;
        fake.answer("views.open", error(word));
        assert_eq!(code(open(&fake).await), word);
    }

    // The first attempt opened it, and the answer to it was lost.
    let fake = Fake::start().await;
    fake.answer("views.open", Answer::HangUp);
    fake.answer("views.open", error("exchanged_trigger_id"));
    open(&fake).await.unwrap();
}

#[tokio::test]
async fn a_message_for_one_person_is_replaced_through_its_address() {
    let fake = Fake::start().await;
    fake.answer("respond", Answer::Status(200, "ok"));
    fake.answer("respond-late", Answer::Status(404, ""));
    let slack = fake.slack().await;
    let stamp = Stamp {
        plugin: "p".into(),
        invocation: "i".into(),
        ordinal: 0,
    };
    let content = Content {
        sender: Some(("somebody".into(), ":cat:".into())),
        ..Content::text("new")
    };
    slack.replace(&fake.address("respond"), &content, &stamp).await.unwrap();
    assert_eq!(
        fake.calls("respond"),
        [json!({"text": "new", "replace_original": true, "response_type": "ephemeral"})]
    );
    let late = slack.replace(&fake.address("respond-late"), &content, &stamp).await;
    assert_eq!(code(late), "expired_url");
}
