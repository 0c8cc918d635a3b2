//! What an admin says wherever the bot is.

use super::support::bot::Plan;
use super::support::guests::hello;
use super::support::record::{Post, Record};
use super::support::sim::{Line, Workspace};
use serde_json::json;

const ROSIE: &str = "U00000ROSIE";
/// Where the bot is, but for direct conversations; it is not in #random.
const HERE: [&str; 4] = ["C000000DEV0", "C0000LUNCH0", "C0000SECRET", "C00GENERAL0"];

/// The conversations that have this text, one entry for each time.
fn where_said(record: &Record, text: &str) -> Vec<String> {
    let mut places: Vec<String> = record.saying(text).into_iter().map(|post| post.channel).collect();
    places.sort();
    places
}

async fn reported(workspace: &Workspace, count: usize) -> Post {
    let report = format!("대화방 {count}곳에 공지했습니다");
    workspace
        .until("the report", |record| {
            record.posts().into_iter().find(|post| post.text.contains(&report))
        })
        .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_announcement_is_in_each_conversation_once_also_when_it_is_cut_off() {
    let workspace = Workspace::start().await;
    let mut bot = Plan::new(&workspace)
        .plugin(hello())
        .env("MOA_BOT__ADMINS", ROSIE)
        .start()
        .await;
    let by_rosie = |text: &str| Line::new(text).by("rosie").at("@dm").raw();

    let refused = workspace.ask(&Line::new("!announce --now hello")).await;
    assert!(refused.text.contains("admins only"), "{}", refused.text);
    workspace.fault(json!({"kind": "short-pages"})).await;
    let preview = workspace.ask(&by_rosie("!announce lunch is ready")).await;
    assert!(
        preview.text.contains("대화방 4곳") && preview.text.contains("--now"),
        "{}",
        preview.text
    );
    assert!(where_said(&workspace.record().await, "lunch is ready").is_empty());

    // Nobody who is named in it is called.
    workspace
        .send(&by_rosie("!전체공지 --now lunch is ready, <@U0000000BEN>"))
        .await;
    let report = reported(&workspace, 4).await;
    assert_eq!(report.channel, "D00000ROSIE");
    let record = workspace.record().await;
    let said = "lunch is ready, @Ben";
    assert_eq!(where_said(&record, said), HERE);
    assert!(record.saying(said).iter().all(|post| post.pings.is_empty()));

    // Killed when so many have it.
    workspace
        .fault(json!({"kind": "slow", "ms": 150, "method": "chat.postMessage"}))
        .await;
    for cut in 1..=3 {
        let text = format!("cut off after {cut}");
        workspace.send(&by_rosie(&format!("!announce --now {text}"))).await;
        let has = |record: &Record| (where_said(record, &text).len() >= cut).then_some(());
        workspace.until("some to have it", has).await;
        bot.kill();
        let before = workspace.record().await.entries.len() as u64;
        bot.restart().await;
        workspace
            .until("the report", |record| {
                let report = |post: &Post| post.n > before && post.text.contains("4곳에 공지했습니다");
                record.posts().into_iter().find(report)
            })
            .await;
        assert_eq!(where_said(&workspace.record().await, &text), HERE, "{text}");
    }

    // Not where it is mute, and that is told.
    workspace.fault(json!({"kind": "clear"})).await;
    workspace.ask(&by_rosie("!mute <#C0000LUNCH0>")).await;
    let report = workspace.ask(&by_rosie("!announce --now quiet")).await;
    assert!(
        report.text.contains("3곳에") && report.text.contains("음소거한 1곳"),
        "{}",
        report.text
    );
    assert_eq!(
        where_said(&workspace.record().await, "quiet"),
        ["C000000DEV0", "C0000SECRET", "C00GENERAL0"]
    );
}
