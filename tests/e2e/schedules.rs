//! Jobs: what plugins do at set times, over restarts, and what the operator and people see and order of it.

use super::support::bot::{Bot, Plan};
use super::support::guests::{almanac, hello};
use super::support::process::{Ended, finish, moa};
use super::support::sim::{Line, Workspace};
use serde_json::Value;
use std::path::Path;
use std::time::Duration;

const GRANT: &str = "[plugin.almanac.grant]\nschedule = true\nconversations = [\"*\"]\n";

async fn start(workspace: &Workspace) -> Bot {
    Plan::new(workspace)
        .plugin(almanac())
        .plugin(hello())
        .config(GRANT)
        .env("MOA_BOT__ADMINS", "U00000ROSIE")
        .start()
        .await
}

async fn says(workspace: &Workspace, line: &str) -> String {
    workspace.ask(&Line::new(line)).await.text
}

async fn ends(dir: &Path, code: i32, line: &str) -> Ended {
    let ended = finish(moa(dir).args(line.split(' '))).await;
    assert_eq!(ended.code, Some(code), "moa {line}: {ended:?}");
    ended
}

async fn json(dir: &Path, line: &str) -> Value {
    serde_json::from_str(&ends(dir, 0, &format!("{line} --json")).await.stdout).unwrap()
}

async fn job(dir: &Path, name: &str) -> Value {
    let list = json(dir, "schedule list").await;
    let jobs = list["jobs"].as_array().unwrap();
    let found = jobs.iter().find(|job| job["name"] == name);
    found.unwrap_or_else(|| panic!("{name} is not in {list}")).clone()
}

/// At which seconds of the hour `tick` ran, and how often.
async fn ticks(workspace: &Workspace) -> Vec<(u32, u32)> {
    let said = says(workspace, "!ticks").await;
    let ticks = said
        .strip_prefix("ticks")
        .unwrap_or_else(|| panic!("{said}"))
        .split_whitespace();
    ticks
        .map(|tick| {
            let (second, count) = tick.split_once('x').unwrap();
            (second.parse().unwrap(), count.parse().unwrap())
        })
        .collect()
}

/// Waits until there are so many.
async fn so_many(workspace: &Workspace, count: usize) -> Vec<(u32, u32)> {
    loop {
        let ticks = ticks(workspace).await;
        if ticks.len() >= count {
            return ticks;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_second_runs_once_whatever_happens_to_the_host() {
    let workspace = Workspace::start().await;
    let mut bot = start(&workspace).await;
    let mut count = so_many(&workspace, 3).await.len();
    for _ in 0..3 {
        bot.kill();
        // What is missed meanwhile is made up for: `missed` is "all".
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        bot.restart().await;
        count = so_many(&workspace, count + 4).await.len();
    }
    assert!(bot.stop().await.success());
    bot.restart().await;
    let ticks = so_many(&workspace, count + 2).await;
    for pair in ticks.windows(2) {
        let ((before, _), (now, count)) = (pair[0], pair[1]);
        assert_eq!(now, (before + 1) % 3_600, "one was left out: {ticks:?}");
        assert_eq!(count, 1, "{now} ran more than once: {ticks:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reminder_comes_to_where_it_was_asked_for_also_after_a_restart() {
    let workspace = Workspace::start().await;
    let mut bot = start(&workspace).await;
    assert_eq!(says(&workspace, "!remind 2s the tea").await, "I will");
    let asked = Line::new("!remind 1h the cake").by("sally").at("@dm");
    assert_eq!(workspace.ask(&asked).await.text, "I will");
    let tea =
        |text: &'static str| workspace.until("the reminder", move |record| record.saying(text).into_iter().next());
    assert_eq!(tea("time for the tea").await.channel, "C00GENERAL0");

    assert_eq!(says(&workspace, "!remind 4s the coffee").await, "I will");
    bot.kill();
    bot.restart().await;
    tea("time for the coffee").await;
    assert_eq!(
        says(&workspace, "!remind 2020-01-01T00:00:00Z the past").await,
        "I will"
    );
    tea("time for the past").await;
    let record = workspace.settled().await;
    for text in ["time for the tea", "time for the coffee", "time for the past"] {
        assert_eq!(record.saying(text).len(), 1, "{text}");
    }
    assert!(record.saying("time for the cake").is_empty());
    let jobs = says(&workspace, "!jobs").await;
    assert_eq!(jobs.matches("remind/").count(), 1, "{jobs}");
    assert!(jobs.ends_with("tick=* * * * * *; yearly=daily 00:00"), "{jobs}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn operators_see_and_order_jobs_with_a_host_and_without_one() {
    let workspace = Workspace::start().await;
    let mut bot = start(&workspace).await;
    let dir = bot.home().to_owned();
    so_many(&workspace, 2).await;
    assert_eq!(says(&workspace, "!often 0 9 * * 1-5").await, "I will");

    let listed = ends(&dir, 0, "schedule list").await.stdout;
    for words in [
        "JOB",
        "almanac/tick",
        "* * * * * *",
        "almanac/often",
        "0 9 * * 1-5",
        "daily 00:00",
        "waiting",
    ] {
        assert!(listed.contains(words), "{words}: {listed}");
    }
    let tick = job(&dir, "tick").await;
    assert_eq!(
        (&tick["missed"], &tick["made"]),
        (&Value::from("all"), &Value::from(false)),
        "{tick}"
    );
    assert!(
        tick["last"]["failed"].is_null() && tick["last"]["ended"].is_string(),
        "{tick}"
    );

    let next = json(&dir, "schedule next almanac/yearly --count 3").await;
    let due: Vec<&str> = next["due"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["due"].as_str().unwrap())
        .collect();
    assert_eq!(due.len(), 3);
    assert!(
        due.iter().all(|due| due.ends_with("T15:00:00Z")),
        "midnight in Seoul: {due:?}"
    );
    ends(&dir, 1, "schedule next almanac/none").await;

    // At once, whatever its schedule says.
    assert!(job(&dir, "yearly").await["last"].is_null());
    ends(&dir, 0, "schedule run yearly").await;
    while job(&dir, "yearly").await["last"].is_null() {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }

    ends(&dir, 0, "schedule pause almanac/tick").await;
    let before = ticks(&workspace).await.len();
    bot.kill();
    bot.restart().await;
    tokio::time::sleep(Duration::from_millis(2_200)).await;
    let now = ticks(&workspace).await.len();
    assert!(now <= before + 1, "it ran {} times while it was paused", now - before);
    assert_eq!(job(&dir, "tick").await["state"], "paused");
    for word in ["!schedules", "!스케줄"] {
        let said = says(&workspace, word).await;
        assert!(said.contains("almanac/tick") && said.contains("0 9 * * 1-5"), "{said}");
        // What somebody had it made is named to admins alone.
        let said = workspace.ask(&Line::new(word).by("ben")).await.text;
        assert!(
            !said.contains("often") && said.contains("almanac/(made in use)"),
            "{said}"
        );
        let said = workspace.ask(&Line::new(word).by("rosie")).await.text;
        assert!(said.contains("almanac/often"), "{said}");
    }

    // The same without a host.
    assert!(bot.stop().await.success());
    assert_eq!(job(&dir, "tick").await["state"], "paused");
    ends(&dir, 0, "schedule resume tick").await;
    assert_eq!(job(&dir, "tick").await["state"], "waiting");
    let in_vain = ends(&dir, 1, "schedule run tick").await;
    assert!(in_vain.stderr.contains("moa run"), "{in_vain:?}");
    let count = now;
    bot.restart().await;
    so_many(&workspace, count + 2).await;

    // Without the plugin its jobs rest, and are there when it comes back.
    std::fs::remove_file(bot.plugins().join("almanac.wasm")).unwrap();
    while job(&dir, "often").await["state"] != "idle" {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    std::fs::copy(almanac(), bot.plugins().join("almanac.wasm")).unwrap();
    while job(&dir, "often").await["state"] != "waiting" {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(says(&workspace, "!forget often").await, "forgotten: true");
    assert!(!ends(&dir, 0, "schedule list").await.stdout.contains("often"));
}
