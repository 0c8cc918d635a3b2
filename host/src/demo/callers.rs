//! What comes from outside by itself: webhooks of a repository and of a monitoring system, and somebody in JANDI.

use super::World;
use crate::adapter::slack::tls;
use crate::web::ENDPOINTS;
use moa_egress::sign;
use serde_json::{Value, json};
use std::convert::Infallible;
use std::path::Path;
use std::time::Duration;

/// With what the demo's callers show who they are.
pub(super) const TOKEN: &str = "demo-token";
/// Between two things that come.
const PAUSE: Duration = Duration::from_secs(12);

/// Calls again and again, from when the bot listens. Ends never; drop it.
pub async fn call(world: &World, data_dir: &Path) -> Infallible {
    let bot = listening(&data_dir.join(ENDPOINTS)).await;
    let Some(client) = client() else {
        tracing::warn!("nobody calls from outside: there is no client for HTTP");
        return std::future::pending().await;
    };
    let room = world.room();
    room.connect(client.clone(), format!("{bot}/jandi/servers"));
    // Each shows who it is in both ways that the notifier's webhooks know.
    let hook = async |name: &str, event: &str, body: Value| {
        let body = body.to_string();
        let signature = sign::hex(&sign::hmac_sha256(TOKEN.as_bytes(), body.as_bytes()));
        let request = client
            .post(format!("{bot}/hooks/notifier/{name}"))
            .bearer_auth(TOKEN)
            .header("x-hub-signature-256", format!("sha256={signature}"))
            .header("content-type", "application/json")
            .header("x-github-event", event);
        if let Err(error) = request.body(body).send().await {
            tracing::debug!(error = %error.without_url(), "a webhook of the demo was not taken");
        }
    };
    let mut round = 0_u64;
    loop {
        tokio::time::sleep(PAUSE).await;
        round += 1;
        match round % 5 {
            1 => room.write("로지", said_in_jandi(round / 5)).await,
            2 => hook("repository", "push", push(round)).await,
            3 => hook("monitoring", "alarm", alarm("firing")).await,
            4 => hook("repository", "pull_request", pull_request(round)).await,
            _ => hook("monitoring", "alarm", alarm("resolved")).await,
        }
    }
}

/// What somebody writes in JANDI, one after the other: about servers that nobody else tries out.
fn said_in_jandi(round: u64) -> &'static str {
    match round % 4 {
        1 => "/서버 qa force_start",
        3 => "/서버 qa force_stop",
        _ => "/서버 qa status",
    }
}

/// For addresses of this machine alone.
fn client() -> Option<reqwest::Client> {
    let builder = reqwest::Client::builder().tls_backend_preconfigured(tls::none().ok()?);
    builder.no_proxy().timeout(Duration::from_secs(10)).build().ok()
}

/// The bot's address, as soon as it is known.
async fn listening(file: &Path) -> String {
    loop {
        let said = tokio::fs::read(file).await.ok();
        let said = said.and_then(|text| serde_json::from_slice::<Value>(&text).ok());
        if let Some(url) = said.as_ref().and_then(|said| said.get("http")).and_then(Value::as_str) {
            return url.to_owned();
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// As GitHub tells of a push (the parts that matter).
fn push(round: u64) -> Value {
    json!({
        "ref": "refs/heads/main",
        "compare": "https://github.com/example/shop/compare/1a2b3c4...5d6e7f8",
        "repository": {"full_name": "example/shop", "html_url": "https://github.com/example/shop"},
        "pusher": {"name": "sally"},
        "sender": {"login": "sally"},
        "commits": [
            {"id": format!("5d6e7f8{round:033}"), "message": "Cart: count what is in it", "url": "https://github.com/example/shop/commit/5d6e7f8", "author": {"name": "Sally", "username": "sally"}},
        ],
    })
}

/// As GitHub tells of a pull request.
fn pull_request(round: u64) -> Value {
    json!({
        "action": "opened",
        "number": 40 + round,
        "pull_request": {
            "number": 40 + round, "title": "Lunch: a page of its own", "html_url": format!("https://github.com/example/shop/pull/{}", 40 + round),
            "user": {"login": "vincent"}, "head": {"ref": "feature/lunch"}, "base": {"ref": "main"}, "merged": false, "body": "",
        },
        "repository": {"full_name": "example/shop", "html_url": "https://github.com/example/shop"},
        "sender": {"login": "vincent"},
    })
}

/// As Alertmanager tells of an alarm (version 4 of its webhook).
fn alarm(status: &str) -> Value {
    let labels = json!({"alertname": "HighLatency", "service": "search", "severity": "warning"});
    let notes = json!({"summary": "search answers slowly", "description": "p99 is 1.8 s for 5 minutes"});
    json!({
        "version": "4", "status": status, "receiver": "moa", "externalURL": "https://alerts.example",
        "groupLabels": {"alertname": "HighLatency"}, "commonLabels": labels, "commonAnnotations": notes,
        "alerts": [{"status": status, "labels": labels, "annotations": notes, "startsAt": jiff::Timestamp::now().to_string(), "generatorURL": "https://graphs.example/search"}],
    })
}
