//! `moa dev --demo`: all bundled plugins at work, as a newcomer sees them within two minutes. Pictures of each are kept
//! below `target/screenshots`.

use super::support::alone;
use super::support::process::{Running, moa};
use super::support::record::{Post, Record};
use super::support::sim::{Line, Sim};
use moa_test_browser::{Browser, Page};
use std::path::Path;
use std::time::{Duration, Instant};

/// How long a build may take that begins with nothing, on a machine that does other things too.
const BUILD: Duration = Duration::from_secs(600);
/// In how long each plugin is seen at work.
const SOON: Duration = Duration::from_secs(120);

const FEED: &str = "C0000FEED00";
const NOTICES: &str = "C00NOTICES0";
const SERVERS: &str = "C00SERVERS0";
const WATCH: &str = "C0000WATCH0";

/// What is looked for, and in which channel, and how one knows it.
type Sight = (&'static str, &'static str, fn(&Post) -> bool);

/// What comes by itself.
const BY_ITSELF: &[Sight] = &[
    ("a verification in the thread of the day", FEED, |post| {
        post.thread.is_some()
    }),
    ("a notice", NOTICES, |post| post.text.contains("업무보고")),
    ("a push to the repository", NOTICES, |post| post.text.contains("sally")),
    ("an incident", WATCH, |post| {
        post.thread.is_none() && post.text.contains("search")
    }),
    ("an incident's timeline", WATCH, |post| post.thread.is_some()),
];

async fn by_itself(sim: &Sim) {
    let begun = Instant::now();
    loop {
        let record: Record = sim.record().await;
        let posts = record.posts();
        let is_missing = |(_, channel, fits): &&Sight| !posts.iter().any(|post| post.channel == *channel && fits(post));
        let missing: Vec<_> = BY_ITSELF.iter().filter(is_missing).map(|(what, ..)| what).collect();
        if missing.is_empty() {
            return;
        }
        assert!(
            begun.elapsed() < SOON,
            "not seen within two minutes: {missing:?}; there was {:#?}",
            posts.iter().map(|post| (&post.channel, &post.text)).collect::<Vec<_>>()
        );
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

/// A picture of a channel, with the newest thread in it open if there is one.
async fn picture(page: &Page, channel: &str, name: &str) {
    page.click(&format!("[data-conversation={channel}]")).await.unwrap();
    page.wait_for("document.querySelectorAll('#messages .message').length > 0")
        .await
        .unwrap();
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let file = target.join(format!("screenshots/demo-{name}.png"));
    page.screenshot(&file).await.unwrap();
    assert!(
        std::fs::metadata(&file).unwrap().len() > 10_000,
        "the picture of {name} is empty"
    );
}

/// A deployment: only for admins, confirmed by a press, and followed in one message.
async fn deploy(sim: &Sim, page: &Page) {
    page.click("[data-conversation=C000000DEV0]").await.unwrap();
    sim.send(&Line::new("!배포 main").by("rosie").at("#dev")).await;
    let button = "#messages [data-action*='/moa:run:']";
    page.wait_for(&format!("document.querySelector({button:?})"))
        .await
        .unwrap();
    page.click(button).await.unwrap();
    let begun = Instant::now();
    let ended = |text: &String| text.contains("main") && text.contains('✅');
    while !sim.record().await.edits().iter().any(ended) {
        let edits = sim.record().await.edits();
        assert!(begun.elapsed() < SOON, "the deployment did not end: {edits:#?}");
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newcomer_sees_each_of_the_systems_at_work_within_two_minutes() {
    let _alone = alone().await;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let home = tempfile::tempdir().unwrap();
    let mut command = moa(root);
    command
        .args(["dev", "--demo", "--no-watch", "--port", "0"])
        // Where the other tests have built them already.
        .env(
            "CARGO_TARGET_DIR",
            Path::new(env!("CARGO_TARGET_TMPDIR")).join("../guests/build"),
        )
        .env("TMPDIR", home.path());
    let mut running = Running::start(&mut command);
    let address = |line: &str| {
        let found = line
            .split_whitespace()
            .find(|word| word.starts_with("http://127.0.0.1:"));
        found.unwrap().to_owned()
    };
    let sim = Sim::at(&address(
        &running.log.wait_long_for(0, &["Playground", "http://"], BUILD).await,
    ));
    let outside = address(&running.log.wait_for(0, &["Outside", "http://"]).await);
    sim.until("the bot to connect", |record| record.of("open").next().map(drop))
        .await;
    for plugin in [
        "feed", "notifier", "links", "data", "servers", "watch", "deploy", "lunch",
    ] {
        running.log.wait_long_for(0, &[plugin, "loaded"], BUILD).await;
    }
    by_itself(&sim).await;

    // What is asked for.
    let rosie = |text: &str, at: &str| Line::new(text).by("rosie").at(at);
    let members = sim.ask(&rosie("!데이터 신규회원 7일", "#data")).await;
    assert!(
        members.text.contains("김로지") || members.text.contains("행"),
        "{}",
        members.text
    );
    let list = sim.ask(&rosie("!링크 목록", "@dm")).await;
    assert!(list.text.contains("업무보고"), "{}", list.text);
    let link = sim.ask(&rosie("업무보고", "@dm")).await;
    assert!(link.text.contains("https://"), "{}", link.text);
    let teams = sim.ask(&rosie("!점심팀 2 로지,샐리,앨리,벤", "#lunch")).await;
    assert!(teams.text.contains("1팀"), "{}", teams.text);
    let servers = sim.ask(&rosie("!서버 dev status", "#servers")).await;
    assert!(servers.text.contains("dev"), "{}", servers.text);
    let feed = sim.ask(&rosie("!feed status", "#feed")).await;
    assert!(feed.text.contains("EP"), "{}", feed.text);

    let Some(browser) = Browser::start_or_skip().await.unwrap() else {
        running.signal(15);
        assert!(running.end().await.success());
        return;
    };
    let page = browser.open(&sim.page_url()).await.unwrap();
    page.wait_for("document.body.dataset.ready === 'true'").await.unwrap();
    deploy(&sim, &page).await;
    for (channel, name) in [
        (FEED, "feed"),
        (NOTICES, "notices"),
        (SERVERS, "servers"),
        (WATCH, "watch"),
        ("C00000DATA0", "data"),
        ("C000000DEV0", "deploy"),
        ("C0000LUNCH0", "lunch"),
    ] {
        picture(&page, channel, name).await;
    }
    // In JANDI somebody writes for the bot and is answered in the request itself.
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let written = http
        .post(format!("{outside}jandi/write"))
        .body("text=/서버 help")
        .send()
        .await;
    assert!(written.unwrap().status().is_success());
    page.go(&format!("{outside}jandi")).await.unwrap();
    page.wait_for("document.querySelectorAll('blockquote').length > 0")
        .await
        .unwrap();
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    page.screenshot(&target.join("screenshots/demo-jandi.png"))
        .await
        .unwrap();
    running.signal(15);
    assert!(running.end().await.success());
}
