//! The bundled plugin `feed` against a shop's server and a bucket in a folder.

use crate::support::bot::{Bot, Plan};
use crate::support::guests::built;
use crate::support::process::{finish, moa};
use crate::support::record::Post;
use crate::support::sim::{Line, Workspace};
use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use moa::toolchain::Language;
use moa::web::Web;
use moa_core::config::Http;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

const GOODS: &str = r#"{"data": {"products": [
    {"id": 1, "brand": "분식", "title": "김밥\t<b>한 줄</b>", "price": 3500.4, "stock": 3, "image": "1.png"},
    {"id": 2, "brand": "분식", "title": "품절", "price": 1000, "stock": 0, "image": "2.png"},
    {"id": 3, "brand": "분식", "title": "떡볶이", "price": 5000, "stock": 9, "image": "3.png"},
    {"id": 4, "brand": "분식", "title": "test", "price": 5000, "stock": 9, "image": "4.png"}]}}"#;

/// A shop's server; what is counted is how often its cache was invalidated.
async fn shop(purged: &Arc<AtomicUsize>) -> Web {
    let goods = async |headers: HeaderMap| match headers.get("authorization") {
        Some(token) if token == "Bearer open-sesame" => (StatusCode::OK, GOODS).into_response(),
        _ => StatusCode::UNAUTHORIZED.into_response(),
    };
    let purged = Arc::clone(purged);
    let purge = async move || {
        purged.fetch_add(1, Ordering::SeqCst);
        "purged"
    };
    let http = Http {
        wanted: true,
        listen: ([127, 0, 0, 1], 0).into(),
        body: 1 << 20,
        rate: None,
        proxies: Vec::new(),
    };
    let routes = Router::new().route("/goods", get(goods)).route("/purge", post(purge));
    Web::open(&http, routes).await.unwrap()
}

async fn run(bot: &Bot, job: &str) {
    let ended = finish(moa(bot.home()).args(["schedule", "run", job])).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

/// The posts, when there are as many.
async fn posts(workspace: &Workspace, count: usize) -> Vec<Post> {
    let enough = |posts: Vec<Post>| (posts.len() >= count).then_some(posts);
    workspace.until("the reports", |record| enough(record.posts())).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_feed_is_exported_verified_and_told_of_in_one_thread() {
    let Some(plugin) = built("feed", Language::Python).await else {
        return;
    };
    let (workspace, purged) = (Workspace::start().await, Arc::<AtomicUsize>::default());
    let shop = shop(&purged).await;
    let at = format!("http://127.0.0.1:{}", shop.address().port());
    let mut bot = Plan::new(&workspace)
        .plugin(&plugin)
        .config(&format!(
            r##"
[secrets]
SHOP = {{ env = "SHOP_TOKEN" }}

[objects.exports]
url = "file:./exports"

[plugin.feed.config.feeds.shop]
name = "분식 EP"
channel = "C00GENERAL0"
mention = ["U00000SALLY"]
thread = "00:00"
export = "00:05,15:00"
verify = ["00:05,09:50", "13:50,17:50"]
url = "{at}/goods"
headers = {{ Authorization = "Bearer {{{{secret:SHOP}}}}" }}
secrets = ["SHOP"]
items = "data.products"
filter = ["stock > 0", "title !~ ^test$"]
columns = ["id", "title = {{brand}} {{title|text}}", "price_pc = {{price|int}}", "link = {at}/p/{{id}}"]
bucket = "exports"
file = "ep/products.tsv"
invalidate = {{ url = "{at}/purge" }}

[plugin.feed.config.feeds.broken]
channel = "C00GENERAL0"
verify = "0 25 * * *"

[plugin.feed.grant]
http = ["{at}"]
objects = ["exports"]
conversations = ["C00GENERAL0"]
secrets = ["SHOP"]

[plugin.feed.limits]
cpu = "20s"
"##
        ))
        .env("SHOP_TOKEN", "open-sesame")
        .start()
        .await;
    bot.log().wait_for(0, &["plugin.feed.config.feeds.broken.verify"]).await;
    let listed = finish(moa(bot.home()).args(["schedule", "list"])).await;
    for job in ["export:shop", "thread:shop", "verify:shop"] {
        assert!(listed.stdout.contains(job), "{}", listed.stdout);
    }
    assert!(!listed.stdout.contains(":broken"), "{}", listed.stdout);

    run(&bot, "feed/thread:shop").await;
    let said = posts(&workspace, 2).await;
    assert!(said[0].text.starts_with("📦 *분식 EP* "), "{said:?}");
    assert_eq!(
        said[1].thread.as_deref(),
        Some(said[0].ts.as_str()),
        "the guiding comment"
    );

    run(&bot, "feed/export:shop").await;
    let said = posts(&workspace, 3).await;
    assert!(said[2].text.contains("업로드 완료"), "{said:?}");
    let file = bot.home().join("exports/ep/products.tsv");
    let expected =
        format!("id\ttitle\tprice_pc\tlink\n1\t분식 김밥 한 줄\t3500\t{at}/p/1\n3\t분식 떡볶이\t5000\t{at}/p/3\n");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), expected);
    assert_eq!(purged.load(Ordering::SeqCst), 1);

    run(&bot, "feed/verify:shop").await;
    let said = posts(&workspace, 4).await;
    assert!(said[3].text.contains("검증 통과"), "{said:?}");
    assert!(said[3].pings.is_empty());

    // Twice the same id, a column less: Sally is called, in the same thread, also by a bot that was killed meanwhile.
    std::fs::write(&file, "id\ttitle\tlink\n1\ta\tb\n1\ta\tb\n").unwrap();
    bot.kill();
    bot.restart().await;
    run(&bot, "feed/verify:shop").await;
    let said = posts(&workspace, 5).await;
    assert!(said[4].text.contains("검증 실패"), "{said:?}");
    // What stands in a file is said as it is, so no mark in it is one of the message's.
    assert!(said[4].text.contains("열이 없습니다: price_\u{2060}pc"), "{said:?}");
    assert_eq!(said[4].pings, ["<@U00000SALLY>"]);
    for below in &said[1..] {
        assert_eq!(below.thread.as_deref(), Some(said[0].ts.as_str()), "{below:?}");
    }

    // A good file that nobody has written anew for two days.
    std::fs::write(&file, expected).unwrap();
    let opened = std::fs::File::options().write(true).open(&file).unwrap();
    opened
        .set_modified(SystemTime::now() - Duration::from_hours(48))
        .unwrap();
    run(&bot, "feed/verify:shop").await;
    let said = posts(&workspace, 6).await;
    assert!(said[5].text.contains("만들어진 지 48:0"), "{said:?}");

    let status = workspace
        .ask(&Line::new("!피드 상태").by("rosie").at("#lunch"))
        .await
        .text;
    assert!(status.contains("분식 EP") && status.contains('×'), "{status}");
    assert!(status.contains("config.feeds.broken.bucket"), "{status}");
    let past = workspace.ask(&Line::new("!feed history shop").at("#lunch")).await.text;
    assert!(past.contains("○×"), "{past}");
    assert!(!bot.log().text().contains("open-sesame"), "a secret is in the log");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_both_are_due_the_upload_goes_before_the_verification() {
    let Some(plugin) = built("feed", Language::Python).await else {
        return;
    };
    let workspace = Workspace::start().await;
    let shop = shop(&Arc::default()).await;
    let at = format!("http://127.0.0.1:{}", shop.address().port());
    let _bot = Plan::new(&workspace)
        .plugin(&plugin)
        .config(&format!(
            r##"
[secrets]
SHOP = {{ env = "SHOP_TOKEN" }}

[objects.exports]
url = "file:./exports"

[plugin.feed.config.feeds.fast]
channel = "C00GENERAL0"
export = "*/4 * * * * *"
verify = "*/4 * * * * *"
url = "{at}/goods"
headers = {{ Authorization = "Bearer {{{{secret:SHOP}}}}" }}
secrets = ["SHOP"]
items = "data.products"
columns = ["id", "title"]
bucket = "exports"
file = "fast.tsv"

[plugin.feed.grant]
http = ["{at}"]
objects = ["exports"]
conversations = ["C00GENERAL0"]
secrets = ["SHOP"]

[plugin.feed.limits]
cpu = "20s"
"##
        ))
        .env("SHOP_TOKEN", "open-sesame")
        .start()
        .await;
    // The first verification would fail if it came first: there is no file yet.
    let said = posts(&workspace, 6).await;
    for pair in said[2..6].chunks(2) {
        assert!(pair[0].text.contains("업로드 완료"), "{said:?}");
        assert!(pair[1].text.contains("검증 통과"), "{said:?}");
    }
}
