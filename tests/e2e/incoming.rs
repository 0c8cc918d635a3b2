//! Incoming webhooks as places for messages.

use super::support::bot::Plan;
use super::support::guests::courier;
use super::support::hooks::Recorder;
use super::support::sim::{Line, Workspace};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plugin_carries_messages_to_webhooks_that_are_granted() {
    let (workspace, recorder) = (Workspace::start().await, Recorder::start().await);
    let bot = Plan::new(&workspace)
        .plugin(courier())
        .config(
            r#"
[incoming.ops]
url = { env = "OPS_URL" }
username = "빵집"
icon = ":bread:"

[incoming.old]
url = { env = "OLD_URL" }
encoding = "form"

[incoming.field]
url = { env = "FIELD_URL" }
kind = "jandi"

[incoming.closed]
url = { env = "OPS_URL" }

[plugin.courier.grant]
conversations = ["incoming:ops", "incoming:old", "incoming:field"]
"#,
        )
        .env("OPS_URL", &recorder.url("services/T0/B0/very-secret"))
        .env("OLD_URL", &recorder.url("services/T0/B1/very-secret"))
        .env("FIELD_URL", &recorder.url("connect-api/webhook/1/very-secret"))
        .start()
        .await;

    for to in ["ops", "old", "field"] {
        let answer = workspace
            .ask(&Line::new(format!("!carry incoming:{to} 새 *주문*")))
            .await
            .text;
        assert_eq!(answer, "carried ``", "it tells no address");
    }
    let posted = recorder.until(3).await;
    let [ops, old, field] = posted.as_slice() else {
        panic!("{posted:?}")
    };
    assert_eq!(
        (ops.path.as_str(), ops.header("content-type")),
        ("/services/T0/B0/very-secret", "application/json")
    );
    let attachment = json!({
        "fallback": "오늘의 메뉴", "title": "오늘의 메뉴", "title_link": "https://lunch.example/today", "text": "*비빔밥*",
        "color": "good", "fields": [{"title": "몇 명", "value": "3", "short": true}], "mrkdwn_in": ["pretext", "text", "fields"],
    });
    assert_eq!(
        ops.json(),
        json!({"text": "새 *주문*", "attachments": [attachment], "username": "빵집", "icon_emoji": ":bread:"})
    );
    assert_eq!(old.header("content-type"), "application/x-www-form-urlencoded");
    let form = reqwest::Url::parse(&format!("http://x/?{}", old.body)).unwrap();
    let (name, payload) = form.query_pairs().next().unwrap();
    assert_eq!(name, "payload");
    let payload: Value = serde_json::from_str(&payload).unwrap();
    assert_eq!(payload, json!({"text": "새 *주문*", "attachments": [attachment]}));
    assert_eq!(field.header("accept"), "application/vnd.tosslab.jandi-v2+json");
    assert_eq!(field.json()["body"], "새 **주문**");

    // Blocks and a sender of the message's own.
    workspace.ask(&Line::new("!native incoming:ops")).await;
    let parcel = recorder.until(4).await[3].json();
    assert_eq!(
        parcel,
        json!({"text": "parcel", "blocks": [{"type": "divider"}], "username": "심부름꾼", "icon_emoji": ":package:"})
    );

    // What Slack says of it is told; what is not granted is not reached.
    for (status, body, says) in [
        (400, "invalid_payload", "native JSON"),
        (410, "channel_is_archived", "archived"),
        (404, "no_service", "make a new one"),
    ] {
        recorder.answers(status, body);
        let told = workspace.ask(&Line::new("!carry incoming:ops x")).await.text;
        assert!(told.contains(says), "{told}");
    }
    recorder.answers(429, "");
    let before = recorder.posted().len();
    assert_eq!(
        workspace.ask(&Line::new("!carry incoming:ops y")).await.text,
        "carried ``"
    );
    assert_eq!(recorder.posted().len(), before + 2, "it waited and was sent again");
    for to in ["incoming:closed", "jandi:lunch", "C0NOTMINE"] {
        let told = workspace.ask(&Line::new(format!("!carry {to} x"))).await.text;
        assert!(told.contains("AccessDenied") || told.contains("NotFound"), "{told}");
    }
    assert_eq!(recorder.posted().len(), before + 2);
    let log = bot.log().lines();
    assert!(!log.iter().any(|line| line.contains("very-secret")), "{log:#?}");
}
