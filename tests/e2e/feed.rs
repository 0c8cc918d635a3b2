//! A bot that exports a feed: at a set time it fetches, writes a table into a bucket, and tells of it in the thread of the
//! day. The whole plugin is `tests/fixtures/feed`.

use super::support::bot::Plan;
use super::support::guests::{altered, put};
use super::support::process::{finish, moa};
use super::support::sim::Workspace;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use axum::routing::{get, put as put_route};
use moa::web::Web;
use moa_core::config::Http;
use std::sync::{Arc, Mutex};

const GOODS: &str = r#"[{"id": 1, "title": "김밥\t한 줄", "price": 3500}, {"id": 2, "title": "sold out", "price": 0},
    {"id": 3, "title": "떡볶이", "price": 5000}]"#;

/// What was put where.
type Stored = Arc<Mutex<Vec<(String, String)>>>;

/// A shop's list of goods, and a bucket as S3 has it.
async fn shop(stored: &Stored) -> Web {
    let goods = async |headers: HeaderMap| match headers.get("authorization") {
        Some(token) if token == "Bearer open-sesame" => (StatusCode::OK, GOODS).into_response(),
        _ => StatusCode::UNAUTHORIZED.into_response(),
    };
    let keep = async |State(stored): State<Stored>, Path(key): Path<String>, headers: HeaderMap, body: Bytes| {
        assert!(headers.contains_key("authorization"), "it is signed");
        stored
            .lock()
            .unwrap()
            .push((key, String::from_utf8(body.to_vec()).unwrap()));
        [("etag", "\"1\"")]
    };
    let routes = Router::new()
        .route("/goods", get(goods))
        .route("/exports/{*key}", put_route(keep))
        .with_state(Arc::clone(stored));
    let http = Http {
        wanted: true,
        listen: ([127, 0, 0, 1], 0).into(),
        body: 1 << 20,
        rate: None,
        proxies: Vec::new(),
    };
    Web::open(&http, routes).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_is_exported_and_told_of_in_the_thread_of_the_day() {
    let (workspace, stored) = (Workspace::start().await, Stored::default());
    let shop = shop(&stored).await;
    let port = shop.address().port();
    let known = moa_test_guests::fixture("feed");
    // What the plugin asks for stands in its manifest, with a port that this test cannot choose.
    let plugin = altered(&known, "127.0.0.1:10000", &format!("127.0.0.1:{port:05}"));
    let plan = Plan::new(&workspace)
        .config(&format!(
            r##"
[secrets]
FEED_TOKEN = {{ env = "FEED_TOKEN" }}

[objects.exports]
url = "s3://exports"
endpoint = "http://127.0.0.1:{port}"
access-key = {{ env = "S3_KEY_ID" }}
secret-key = {{ env = "S3_KEY" }}

[plugin.feed.config]
url = "http://127.0.0.1:{port}/goods"
conversation = "C00GENERAL0"

[plugin.feed.grant]
http = ["http://127.0.0.1:{port}"]
objects = ["exports"]
secrets = ["FEED_TOKEN"]
conversations = ["C00GENERAL0"]
"##
        ))
        .env("FEED_TOKEN", "open-sesame")
        .env("S3_KEY_ID", "AKID")
        .env("S3_KEY", "secret-of-the-bucket");
    put(&plugin, &plan.home().join("plugins/feed.wasm"));
    let bot = plan.start().await;

    let run = async || {
        let ended = finish(moa(bot.home()).args(["schedule", "run", "feed/export"])).await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
    };
    run().await;
    let card = |record: &super::support::record::Record, count: usize| {
        let posts = record.posts();
        (posts.len() == count).then_some(posts)
    };
    let posts = workspace.until("the card", |record| card(record, 3)).await;
    run().await;
    let again = workspace.until("another card", |record| card(record, 4)).await;

    let date = posts[0].text.trim_matches('*').to_owned();
    assert!(date.parse::<jiff::civil::Date>().is_ok(), "{date}");
    assert_eq!(posts[1].text, "What is exported today.");
    for below in &again[1..] {
        assert_eq!(below.thread.as_deref(), Some(posts[0].ts.as_str()), "{below:?}");
    }
    let stored = stored.lock().unwrap();
    let (key, table) = &stored[0];
    assert_eq!(*key, format!("{date}.tsv"));
    assert_eq!(table, "id\ttitle\tprice\n1\t김밥 한 줄\t3500\n3\t떡볶이\t5000\n");
    let log = bot.log().text();
    for secret in ["open-sesame", "secret-of-the-bucket"] {
        assert!(!log.contains(secret), "a secret is in the log");
    }
}
