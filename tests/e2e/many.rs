//! Many plugins in one folder: more than a process may usually have files open, and more than it may have at all.

use super::support::bot::{Bot, Plan};
use super::support::guests::edition;
use super::support::long;
use super::support::process::{finish, moa};
use super::support::sim::{Line, Workspace};
use serde_json::Value;
use std::time::{Duration, Instant};

/// A thousand plugins are compiled within this, also where the machine has much else to do: compiling comes last.
const PATIENCE: Duration = Duration::from_secs(2400);

fn name(number: usize) -> String {
    format!("plugin-{number:04}")
}

/// Starts a host under these limits of open files, without a plugin, and stops it again: its folder is to be filled.
async fn prepared(workspace: &Workspace, limits: &str) -> Bot {
    let script = format!(r#"ulimit {limits} && exec "$@""#);
    let mut bot = Plan::new(workspace).by(&["sh", "-c", &script, "sh"]).start().await;
    assert!(bot.stop().await.success());
    bot
}

fn fill(bot: &Bot, count: usize) {
    for number in 0..count {
        let file = bot.plugins().join(name(number)).with_extension("wasm");
        std::fs::write(file, edition(&name(number), "edition-0001")).unwrap();
    }
}

/// How many plugins serve by `moa plugin list`, and those that were never loaded.
async fn listed(bot: &Bot) -> (usize, Vec<Value>) {
    let list = finish(moa(bot.home()).args(["plugin", "list", "--json"])).await;
    let list: Value = serde_json::from_str(&list.stdout).unwrap();
    let rows = list["plugins"].as_array().unwrap().iter();
    let serving = rows.filter(|row| row["state"] == "serving").count();
    (serving, list["broken"].as_array().unwrap().clone())
}

async fn answers(workspace: &Workspace, number: usize) {
    let answer = workspace.ask(&Line::new(format!("!{} hello", name(number)))).await;
    assert_eq!(answer.text, "edition-0001 hello");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_plugins_than_files_are_usually_open_are_loaded_listed_and_answer() {
    let (count, usual) = if long() { (1_000, 256) } else { (80, 64) };
    let workspace = Workspace::start().await;
    let mut bot = prepared(&workspace, &format!("-Sn {usual}")).await;
    fill(&bot, count);
    for cache in ["cold", "warm"] {
        let from = bot.lines();
        let begun = Instant::now();
        bot.start_again();
        let all = format!("{count} plugins answer");
        bot.log().wait_long_for(from, &[&all], PATIENCE).await;
        println!(
            "{count} plugins, cache {cache}: all answer {:.1} s after the start",
            begun.elapsed().as_secs_f64()
        );
        assert_eq!(listed(&bot).await, (count, Vec::new()));
        for number in [0, count / 2, count - 1] {
            answers(&workspace, number).await;
        }
        if cfg!(target_os = "linux") {
            let open = std::fs::read_dir(format!("/proc/{}/fd", bot.process.id())).unwrap();
            let open = open.count();
            assert!(open > usual, "{open} files are open: the test is no test");
        }
        assert!(bot.stop().await.success());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plugins_for_which_too_few_files_may_be_open_are_told_and_the_others_answer() {
    let workspace = Workspace::start().await;
    // Half of them are for everything else.
    let mut bot = prepared(&workspace, "-n 80").await;
    fill(&bot, 43);
    let from = bot.lines();
    bot.start_again();
    let line = bot.log().wait_for(from, &["not every plugin can be loaded"]).await;
    assert!(line.contains("ulimit -Hn") && line.contains("(40)"), "{line}");
    bot.log().wait_for(from, &["40 plugins answer"]).await;
    bot.log().wait_for(from, &["connected to"]).await;
    answers(&workspace, 0).await;
    answers(&workspace, 39).await;
    let (serving, broken) = listed(&bot).await;
    assert_eq!((serving, broken.len()), (40, 3), "{broken:?}");
    let told = |row: &Value| row["reason"].as_str().unwrap().contains("hard limit of open files");
    assert!(broken.iter().all(told), "{broken:?}");

    // Room that one gives another takes.
    let from = bot.lines();
    std::fs::remove_file(bot.plugins().join(name(7)).with_extension("wasm")).unwrap();
    bot.log().wait_for(from, &["loaded", &name(40)]).await;
    answers(&workspace, 40).await;
    assert!(bot.stop().await.success());
}
