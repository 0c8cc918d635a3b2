//! The plugin deploy: a branch on its way to a test server, by a CI service that is asked and one that tells.

use super::super::support::bot::{Bot, Plan};
use super::super::support::guests::hello;
use super::super::support::process::{finish, moa};
use super::super::support::record::{Post, Record};
use super::super::support::sim::{Line, Workspace};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use moa::web::Web;
use moa_core::config::Http;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

/// What was ordered, and what is told of it.
#[derive(Default)]
struct Service {
    orders: Mutex<Vec<Value>>,
    progress: Mutex<Value>,
}

type Ci = Arc<Service>;

async fn ci(service: &Ci) -> Web {
    let begin = async |State(ci): State<Ci>, headers: HeaderMap, body: Bytes| -> Response {
        if headers
            .get("authorization")
            .is_none_or(|token| token != "Bearer open-sesame")
        {
            return StatusCode::UNAUTHORIZED.into_response();
        }
        let order: Value = serde_json::from_slice(&body).unwrap();
        if order["branch"] == "nope" {
            let told = json!({"error": "there is no branch nope"}).to_string();
            return (StatusCode::UNPROCESSABLE_ENTITY, told).into_response();
        }
        ci.orders.lock().unwrap().push(order);
        let id = ci.orders.lock().unwrap().len();
        let begun = json!({"id": format!("d-{id}"), "url": "https://ci.example.com/d"}).to_string();
        (StatusCode::ACCEPTED, begun).into_response()
    };
    let show = async |State(ci): State<Ci>, Path(_): Path<String>| ci.progress.lock().unwrap().to_string();
    let routes = Router::new()
        .route("/deployments", post(begin))
        .route("/deployments/{id}", get(show))
        .with_state(Arc::clone(service));
    let http = Http {
        wanted: true,
        listen: ([127, 0, 0, 1], 0).into(),
        body: 1 << 20,
        rate: None,
        proxies: Vec::new(),
    };
    Web::open(&http, routes).await.unwrap()
}

/// 로지 orders it, and confirms.
async fn deploy(workspace: &Workspace, what: &str) -> Post {
    let since = workspace.record().await.posts().len();
    let sent = workspace
        .send(&Line::new(format!("!배포 {what}")).by("rosie").at("#dev"))
        .await;
    let question = |record: &Record| {
        let post = record
            .posts()
            .into_iter()
            .skip(since)
            .find(|post| post.text.contains("🔐"))?;
        let sent = record
            .of("api")
            .rfind(|call| call["answer"]["ts"] == post.ts.as_str())?;
        let args = sent["args"].to_string();
        let from = args.find("/moa:run:")? + "/moa:run:".len();
        let id = args[from..].split(':').next()?.to_owned();
        Some((post, id))
    };
    let (post, id) = workspace.until("the question", question).await;
    workspace
        .press("rosie", &post, &format!("/moa:run:{id}:approve"), None)
        .await;
    let answered = |record: &Record| {
        let mut posts = record.posts().into_iter().filter(|one| one.n > post.n);
        posts.find(|one| one.channel == sent.channel && one.ts != post.ts)
    };
    workspace.until("the answer", answered).await
}

async fn edited(workspace: &Workspace, part: &str) {
    let find = |record: &Record| record.edits().into_iter().rev().find(|text| text.contains(part));
    workspace.until(&format!("the message to say {part}"), find).await;
}

async fn tells(bot: &Bot, token: &str, body: &Value) -> u16 {
    let text = std::fs::read_to_string(bot.home().join("data/endpoints.json")).unwrap();
    let endpoints: Value = serde_json::from_str(&text).unwrap();
    let url = format!("{}/hooks/deploy/ci", endpoints["http"].as_str().unwrap());
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = http.post(url).bearer_auth(token).body(body.to_string());
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_branch_is_deployed_by_who_may_and_followed_in_one_message() {
    let service = Ci::default();
    let web = ci(&service).await;
    let origin = format!("http://127.0.0.1:{}", web.address().port());
    let workspace = Workspace::start().await;
    let mut bot = Plan::new(&workspace)
        .plugin(&moa_test_guests::plugin("deploy"))
        .config(&format!(
            r#"
[secrets]
CI_TOKEN = {{ env = "CI_TOKEN" }}
CI_HOOK = {{ env = "CI_HOOK" }}

[plugin.deploy.config]
url = "{origin}/deployments"
authorization = "Bearer {{{{secret:CI_TOKEN}}}}"
servers = ["test-1", "test-2"]
every = "1s"

[plugin.deploy.webhook.ci]
secret = "CI_HOOK"

[plugin.deploy.grant]
http = ["{origin}"]
secrets = ["CI_TOKEN"]
schedule = true
conversations = ["C000000DEV0"]
"#
        ))
        .env("CI_TOKEN", "open-sesame")
        .env("CI_HOOK", "it-is-me")
        .env("MOA_BOT__ADMINS", "U00000ROSIE")
        .start()
        .await;

    // Not everybody may.
    let refused = workspace.ask(&Line::new("!배포 main").by("sally").at("#dev")).await;
    assert_eq!(refused.only_for.as_deref(), Some("U00000SALLY"), "{refused:?}");
    assert!(service.orders.lock().unwrap().is_empty());

    // Followed by asking, over a restart.
    *service.progress.lock().unwrap() = json!({"state": "building", "step": "3 of 5"});
    let first = deploy(&workspace, "main").await;
    assert_eq!(first.text, "⏳ *main* → *test-1* ▰▱▱▱ 기다리는 중");
    edited(&workspace, "빌드하는 중: 3 of 5").await;
    bot.kill();
    *service.progress.lock().unwrap() = json!({"state": "deploying", "step": ""});
    bot.restart().await;
    edited(&workspace, "▰▰▰▱ 배포하는 중").await;
    let busy = deploy(&workspace, "other").await;
    assert!(
        busy.text.contains("로지님이 main 브랜치를 배포하고 있습니다"),
        "{busy:?}"
    );
    *service.progress.lock().unwrap() = json!({"state": "succeeded"});
    edited(&workspace, "✅ *main* → *test-1*").await;
    let ended = workspace
        .until("the end to be told", |record| {
            record
                .posts()
                .into_iter()
                .find(|post| post.text.ends_with("배포했습니다."))
        })
        .await;
    assert_eq!(ended.thread.as_ref(), Some(&first.ts));
    assert_eq!(ended.pings, ["<@U00000ROSIE>"]);
    let order = json!({"branch": "main", "server": "test-1", "by": "로지"});
    assert_eq!(*service.orders.lock().unwrap(), [order], "once");

    // No such branch.
    let nope = deploy(&workspace, "nope").await;
    assert!(nope.text.contains("there is no branch nope"), "{nope:?}");

    // The service tells by itself: a failure, with its log.
    *service.progress.lock().unwrap() = json!({"state": "building"});
    deploy(&workspace, "broken test-2").await;
    let failed = json!({"id": "d-2", "state": "failed", "log": "cart.rs:41: mismatched types"});
    assert_eq!(tells(&bot, "somebody", &failed).await, 401);
    assert_eq!(tells(&bot, "it-is-me", &failed).await, 200);
    assert_eq!(tells(&bot, "it-is-me", &failed).await, 404);
    edited(&workspace, "❌ *broken* → *test-2*").await;
    let told = workspace
        .until("the log", |record| {
            record.posts().into_iter().find(|post| post.text.contains("cart.rs:41"))
        })
        .await;
    assert!(told.thread.is_some());
    let table = workspace.ask(&Line::new("!배포현황").by("sally").at("#dev")).await.text;
    assert!(
        table.contains("성공") && table.contains("실패") && table.contains("로지"),
        "{table}"
    );

    // It is all in the audit log, and the token nowhere.
    let audit = finish(moa(bot.home()).args(["audit", "--command", "배포", "--json"])).await;
    for word in ["\"main\"", "\"test-2\"", "denied", "U00000ROSIE"] {
        assert!(audit.stdout.contains(word), "{word}: {}", audit.stdout);
    }
    assert!(!audit.stdout.contains("open-sesame") && !bot.log().text().contains("open-sesame"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_ghost_writes_where_it_is_granted() {
    let workspace = Workspace::start().await;
    let _bot = Plan::new(&workspace)
        .plugin(&moa_test_guests::plugin("ghost"))
        .plugin(hello())
        .config("\n[plugin.ghost.grant]\nconversations = [\"C0000LUNCH0\", \"C000RANDOM0\"]\n")
        .start()
        .await;
    let ask = async |line: &str| workspace.ask(&Line::new(line).by("rosie")).await.text;
    let said = ask("!대필 #lunch 점심 왔어요 <!channel>").await;
    assert!(said.contains("썼습니다"), "{said}");
    let record = workspace.record().await;
    let there = record
        .posts()
        .into_iter()
        .find(|post| post.text.contains("점심 왔어요"))
        .unwrap();
    assert_eq!(
        (there.channel.as_str(), there.pings.len()),
        ("C0000LUNCH0", 0),
        "{there:?}"
    );
    for (line, says) in [
        ("!유령 #dev 안녕", "허락한"),
        ("!ㄱㅅ #random 안녕", "초대"),
        ("!대필취소", "지웠습니다"),
        ("!대필취소", "지울 것이 없습니다"),
    ] {
        let said = ask(line).await;
        assert!(said.contains(says), "{line}: {said}");
    }
    let record = workspace.settled().await;
    assert!(
        record.of("delete").any(|entry| entry["ts"] == there.ts.as_str()),
        "{}",
        record.tail(10)
    );
}
