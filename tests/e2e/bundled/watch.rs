//! The plugin watch: a page and a replica fail together, somebody is on it, and it is over.

use super::super::support::bot::{Bot, Plan};
use super::super::support::guests::hello;
use super::super::support::process::{finish, moa};
use super::super::support::record::{Post, Record};
use super::super::support::sim::{Line, Workspace};
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use moa::web::Web;
use moa_core::config::Http;
use moa_sql::{Connection, Database, Limits, Settings};
use moa_test_databases::mariadb_or_skip;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

/// What the shop's page is answered with.
type Status = Arc<AtomicU16>;

async fn shop(status: &Status) -> Web {
    let page = async |State(status): State<Status>| {
        let status = StatusCode::from_u16(status.load(Ordering::SeqCst)).unwrap();
        (status, r#"{"db": {"up": true}}"#)
    };
    let routes = Router::new().route("/health", get(page)).with_state(Arc::clone(status));
    let http = Http {
        wanted: true,
        listen: ([127, 0, 0, 1], 0).into(),
        body: 1 << 20,
        rate: None,
        proxies: Vec::new(),
    };
    Web::open(&http, routes).await.unwrap()
}

/// Beside the bot.
async fn replica(url: &str) -> Connection {
    let settings = Settings {
        database: Database::parse("replica", url, Path::new("")).unwrap(),
        write: true,
        limits: Limits::default(),
    };
    let connection = Connection::open("replica", settings).unwrap();
    for text in [
        "CREATE TABLE replication (lag_seconds INT NULL)",
        "INSERT INTO replication VALUES (0)",
    ] {
        connection.execute(text, vec![]).await.unwrap();
    }
    connection
}

/// A round of probes, now.
async fn look(bot: &Bot) {
    let ended = finish(moa(bot.home()).args(["schedule", "run", "watch/look"])).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

/// Rounds until the workspace shows it.
async fn rounds_until(workspace: &Workspace, bot: &Bot, what: &str, mut look_for: impl FnMut(&Record) -> bool) {
    for _ in 0..100 {
        look(bot).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
        let record = workspace.settled().await;
        if look_for(&record) {
            return;
        }
    }
    panic!("{what} never happened: {}", workspace.record().await.tail(30));
}

fn post(record: &Record, part: &str) -> Option<Post> {
    record.posts().into_iter().find(|post| post.text.contains(part))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outage_has_one_thread_from_its_first_failure_to_its_end() {
    let Some(server) = mariadb_or_skip().unwrap() else {
        return;
    };
    let (status, database) = (Status::new(AtomicU16::new(200)), replica(&server.url()).await);
    let shop = shop(&status).await;
    let origin = format!("http://127.0.0.1:{}", shop.address().port());
    let workspace = Workspace::start().await;
    let mut bot = Plan::new(&workspace)
        .plugin(&moa_test_guests::plugin("watch"))
        // It answers what comes last.
        .plugin(hello())
        .config(&format!(
            r#"
[plugin.watch.config]
conversation = "C00GENERAL0"
open-after = 1
close-after = 1
hold = "0s"

[plugin.watch.config.checks.shop]
url = "{origin}/health"
json = {{ "db.up" = true }}
every = "1s"
group = "rack-1"
owners = ["U00000SALLY"]

[plugin.watch.config.checks.replica]
sql = "replica"
query = "SELECT lag_seconds FROM replication"
max = 30
unit = "s"
every = "1s"
group = "rack-1"

[sql.replica]
url = {{ env = "REPLICA" }}

[plugin.watch.grant]
conversations = ["C00GENERAL0"]
http = ["{origin}"]
sql = ["replica"]
"#
        ))
        .env("REPLICA", &server.url())
        .start()
        .await;
    let ask = async |line: &str| workspace.ask(&Line::new(line).by("rosie").at("#lunch")).await.text;

    look(&bot).await;
    loop {
        let said = ask("!장애 상태").await;
        if said.contains("🟢 *replica*") && said.contains("🟢 *shop*") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }

    // The rack goes down: the page does not answer well, its owner is called, somebody is on it.
    status.store(503, Ordering::SeqCst);
    rounds_until(&workspace, &bot, "the incident", |record| {
        post(record, "HTTP 503").is_some()
    })
    .await;
    let record = workspace.record().await;
    let first = post(&record, "🔴 *장애 1: shop*").unwrap();
    let reply = post(&record, "HTTP 503").unwrap();
    assert_eq!(reply.thread.as_ref(), Some(&first.ts));
    assert_eq!(reply.pings, ["<@U00000SALLY>"]);
    workspace.press("sally", &first, "watch/take:1", None).await;
    let find = |record: &Record| post(record, "샐리님이 보고 있습니다");
    let on_it = workspace.until("who is on it", find).await;
    assert_eq!(on_it.thread.as_ref(), Some(&first.ts));
    let said = ask("!장애 상태").await;
    assert!(said.contains("🔴 *shop*") && said.contains("🙋 샐리"), "{said}");

    // The machines are back, also this one; the replica is up, and half an hour behind: it is the same incident.
    bot.kill();
    database
        .execute("UPDATE replication SET lag_seconds = 1800", vec![])
        .await
        .unwrap();
    status.store(200, Ordering::SeqCst);
    bot.restart().await;
    rounds_until(&workspace, &bot, "the replica's lag", |record| {
        post(record, "1800 s").is_some() && post(record, "만에 돌아왔습니다").is_some()
    })
    .await;
    let note = Line::new("!장애 메모 슬레이브를 뺐습니다").by("sally").below(&first.ts);
    workspace.send(&note).await;
    workspace
        .until("the note to be taken", |record| {
            record.of("reaction").next().map(|_| ())
        })
        .await;
    // NULL is what a replica says that does not replicate at all.
    database
        .execute("UPDATE replication SET lag_seconds = NULL", vec![])
        .await
        .unwrap();
    rounds_until(&workspace, &bot, "the other trouble", |record| {
        post(record, "이제 값이 없습니다").is_some()
    })
    .await;
    database
        .execute("UPDATE replication SET lag_seconds = 3", vec![])
        .await
        .unwrap();
    rounds_until(&workspace, &bot, "the end", |record| {
        post(record, "장애가 끝났습니다").is_some()
    })
    .await;

    let record = workspace.settled().await;
    let posts = record.posts();
    let incidents = posts.iter().filter(|post| post.text.contains("*장애")).count();
    assert_eq!(incidents, 1, "{posts:#?}");
    let of_incident =
        |post: &&Post| post.channel == "C00GENERAL0" && post.ts != first.ts && !post.text.starts_with("settled");
    assert!(
        posts
            .iter()
            .filter(of_incident)
            .all(|post| post.thread.as_ref() == Some(&first.ts)),
        "{posts:#?}"
    );
    let last = record.edits().pop().unwrap();
    assert!(last.starts_with("✅ *장애 1: replica, shop* ("), "{last}");
    let list = ask("!장애 목록").await;
    assert!(list.contains("replica, shop") && list.contains("샐리"), "{list}");
    let uptime = ask("!장애 가동률").await;
    assert!(uptime.contains("replica") && uptime.contains('%'), "{uptime}");

    // What is muted is left alone.
    let muted = ask("!장애 점검 전체 1시간 이전").await;
    assert!(muted.contains("🔧 *replica, shop*"), "{muted}");
    status.store(500, Ordering::SeqCst);
    look(&bot).await;
    look(&bot).await;
    let record = workspace.settled().await;
    assert!(post(&record, "HTTP 500").is_none());
    database.close().await;
}
