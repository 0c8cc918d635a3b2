//! A plugin that fails again and again rests: its people are told at once, its admins once, and a new version ends it.

use super::support::bot::Plan;
use super::support::guests::{altered, hello, hostile, put};
use super::support::process::{finish, moa};
use super::support::record::Post;
use super::support::sim::{Line, Workspace};
use super::support::{DEADLINE, GLANCE};
use std::time::Instant;

const ROSIE: &str = "U00000ROSIE";

async fn ask(workspace: &Workspace, text: &str) -> Post {
    workspace.ask(&Line::new(text)).await
}

/// The plugin fails until it rests.
async fn exhaust(workspace: &Workspace) {
    for _ in 0..5 {
        let said = ask(workspace, "!trap").await.text;
        assert!(said.contains("⚠️"), "{said}");
    }
}

/// What admins were told of rests.
async fn told(workspace: &Workspace, count: usize) -> Vec<Post> {
    let of_rests = |post: &Post| post.text.contains("times in a row") || post.text.contains("번 거듭 실패해서");
    workspace
        .until("the admin to be told", |record| {
            let told: Vec<Post> = record.posts().into_iter().filter(of_rests).collect();
            (told.len() >= count).then_some(told)
        })
        .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_faults_and_it_rests_until_a_new_version_comes() {
    let workspace = Workspace::start().await;
    let bot = Plan::new(&workspace)
        .plugin(hello())
        .plugin(hostile())
        .env("MOA_BOT__ADMINS", ROSIE)
        .start()
        .await;
    // A good call in between, and it is no row.
    for _ in 0..4 {
        ask(&workspace, "!trap").await;
    }
    assert_eq!(ask(&workspace, "!ok then").await.text, "ok then");
    exhaust(&workspace).await;
    for _ in 0..2 {
        let said = ask(&workspace, "!ok").await.text;
        assert!(said.starts_with("⏸️") && said.contains("hostile"), "{said}");
    }
    let list = finish(moa(bot.home()).args(["plugin", "list"])).await.stdout;
    assert!(list.contains("resting"), "{list}");
    // Nobody else notices.
    assert_eq!(ask(&workspace, "!echo hi").await.text, "hi");
    let one = told(&workspace, 1).await;
    assert_eq!(one.len(), 1, "{one:?}");
    assert!(
        one[0].channel.starts_with('D') && one[0].text.contains("trap"),
        "{one:?}"
    );

    let from = bot.lines();
    put(
        &altered(hostile(), "misbehaves", "misbehaved"),
        &bot.plugins().join("hostile.wasm"),
    );
    bot.log().wait_for(from, &["replaced", "hostile"]).await;
    assert_eq!(ask(&workspace, "!ok again").await.text, "ok again");
    // What it does from now on is another row, and another word to the admin.
    exhaust(&workspace).await;
    assert!(ask(&workspace, "!ok").await.text.starts_with("⏸️"));
    let both = told(&workspace, 2).await;
    assert_eq!(both.len(), 2, "{both:?}");
}

/// After the pause one call finds out whether the plugin works again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_the_pause_one_call_decides_whether_it_goes_on() {
    let workspace = Workspace::start().await;
    let bot = Plan::new(&workspace)
        .plugin(hostile())
        .env("MOA_TEST_REST", "1")
        .env("MOA_BOT__ADMINS", ROSIE)
        .start()
        .await;
    // Whoever comes too early is told that it rests.
    let once_awake = async |command: &str| {
        let begun = Instant::now();
        loop {
            let said = ask(&workspace, command).await.text;
            if !said.starts_with("⏸️") {
                return said;
            }
            assert!(begun.elapsed() < DEADLINE, "{said}");
            tokio::time::sleep(GLANCE).await;
        }
    };
    exhaust(&workspace).await;
    bot.log()
        .wait_for(0, &["rests for 1 s (pause 1 in a row)", "hostile"])
        .await;
    // One fault is enough now, and the pause that follows is longer.
    let said = once_awake("!trap").await;
    assert!(said.contains("⚠️"), "{said}");
    bot.log()
        .wait_for(0, &["rests for 2 s (pause 2 in a row)", "hostile"])
        .await;
    assert_eq!(once_awake("!ok again").await, "ok again");
    // All is forgotten: it takes five faults again.
    for _ in 0..4 {
        assert!(ask(&workspace, "!trap").await.text.contains("⚠️"));
        assert_eq!(
            bot.log()
                .lines()
                .iter()
                .filter(|line| line.contains("rests for"))
                .count(),
            2
        );
    }
    assert_eq!(ask(&workspace, "!ok still").await.text, "ok still");
    assert_eq!(
        told(&workspace, 1).await.len(),
        1,
        "only the first pause of a row is told"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_operator_ends_a_rest_and_so_does_a_new_start_of_the_host() {
    let workspace = Workspace::start().await;
    let mut bot = Plan::new(&workspace).plugin(hostile()).start().await;
    exhaust(&workspace).await;
    assert!(ask(&workspace, "!ok").await.text.starts_with("⏸️"));
    let restarted = finish(moa(bot.home()).args(["plugin", "restart", "hostile"])).await;
    assert_eq!(restarted.code, Some(0), "{restarted:?}");
    assert_eq!(ask(&workspace, "!ok again").await.text, "ok again");

    exhaust(&workspace).await;
    assert!(ask(&workspace, "!ok").await.text.starts_with("⏸️"));
    assert!(bot.stop().await.success());
    bot.restart().await;
    assert_eq!(ask(&workspace, "!ok once more").await.text, "ok once more");
}
