//! Nothing lost, nothing twice: over kills, stops and starts, one at a time. Many at random are in `chaos`.

use super::support::GLANCE;
use super::support::bot::Plan;
use super::support::guests::{hello, hostile};
use super::support::record::Record;
use super::support::sim::{Line, Workspace};
use serde_json::json;
use std::time::{Duration, Instant};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_between_two_commands_it_loses_neither_and_counts_on() {
    let workspace = Workspace::start().await;
    let mut bot = Plan::new(&workspace).plugin(hello()).start().await;

    assert_eq!(workspace.ask(&Line::new("!count")).await.text, "That was number 1.");
    bot.kill();
    // Nobody is there to hear this; the service sends it again.
    let unheard = workspace.send(&Line::new("!count")).await;
    bot.restart().await;
    assert_eq!(
        workspace
            .answer(&unheard, "what was asked while the bot was away")
            .await
            .text,
        "That was number 2."
    );
    bot.kill();
    bot.restart().await;
    assert_eq!(workspace.ask(&Line::new("!count")).await.text, "That was number 3.");
    assert!(bot.stop().await.success());
    bot.restart().await;
    assert_eq!(workspace.ask(&Line::new("!count")).await.text, "That was number 4.");
    assert_eq!(workspace.settled().await.counted(), [1, 2, 3, 4]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn asked_to_stop_it_finishes_what_it_took_over() {
    let workspace = Workspace::start().await;
    let mut bot = Plan::new(&workspace).plugin(hello()).start().await;
    for n in 0..20 {
        workspace.send(&Line::new(format!("!echo farewell-{n}"))).await;
    }
    workspace
        .until("a first answer", |record| (!record.posts().is_empty()).then_some(()))
        .await;
    let ended = bot.stop().await;
    assert!(ended.success(), "{ended}");
    bot.restart().await;
    workspace
        .until("all answers", |record| (record.posts().len() >= 20).then_some(()))
        .await;
    let record = workspace.settled().await;
    for n in 0..20 {
        assert_eq!(record.saying(&format!("farewell-{n}")).len(), 1, "farewell-{n}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_typed_while_it_starts_are_answered_once() {
    let workspace = Workspace::start().await;
    let mut bot = Plan::new(&workspace).plugin(hello()).start().await;
    bot.kill();
    // Compiled anew, so that the start takes its time.
    std::fs::remove_dir_all(bot.plugins().parent().unwrap().join("data/compiled")).unwrap();
    let from = bot.lines();
    bot.start_again();
    let mut asked = 0;
    while !bot
        .log()
        .lines()
        .iter()
        .skip(from)
        .any(|line| line.contains("loaded hello"))
    {
        workspace.send(&Line::new(format!("!echo early-{asked}."))).await;
        asked += 1;
        tokio::time::sleep(GLANCE).await;
    }
    let record = workspace.settled().await;
    assert!(asked > 3, "it started before anything could be typed");
    for n in 0..asked {
        assert_eq!(record.saying(&format!("early-{n}.")).len(), 1, "early-{n}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_left_just_before_the_end_is_not_said_again() {
    let workspace = Workspace::start().await;
    let mut bot = Plan::new(&workspace).plugin(hello()).start().await;

    // The service takes the message and fails to say so; all further calls are slow, so the host knows of nothing.
    workspace
        .fault(json!({"kind": "error500", "count": 1, "after": true, "method": "chat.postMessage"}))
        .await;
    workspace.fault(json!({"kind": "slow", "ms": 1500})).await;
    workspace.send(&Line::new("!echo once only")).await;
    workspace.send(&Line::new("!count")).await;
    workspace
        .until("the answer", |record| {
            (!record.saying("once only").is_empty()).then_some(())
        })
        .await;
    bot.kill();
    workspace.fault(json!({"kind": "clear"})).await;
    bot.restart().await;
    let record = workspace.settled().await;
    assert_eq!(record.saying("once only").len(), 1);
    assert_eq!(record.counted(), [1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_had_to_wait_at_the_end_is_said_after_the_next_start() {
    let workspace = Workspace::start().await;
    let mut bot = Plan::new(&workspace).plugin(hello()).start().await;

    let wait = json!({"kind": "rate-limit", "count": 100, "retry_after": 300, "method": "chat.postMessage"});
    workspace.fault(wait).await;
    workspace.send(&Line::new("!count")).await;
    let limited = |record: &Record| record.of("api").any(|call| call["status"] == 429).then_some(());
    workspace.until("the service to ask for patience", limited).await;
    bot.kill();
    workspace.fault(json!({"kind": "clear"})).await;
    bot.restart().await;
    // Counted once, in the first life; said once, in the second.
    assert_eq!(workspace.settled().await.counted(), [1]);
    assert_eq!(workspace.ask(&Line::new("!count")).await.text, "That was number 2.");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_too_old_after_a_long_outage_is_told_and_not_done() {
    let workspace = Workspace::start().await;
    let config = "[journal]\nmax-age = \"1s\"\n[plugin.hostile.limits]\nwall = \"60s\"\n";
    let plan = Plan::new(&workspace).plugin(hello()).plugin(hostile()).config(config);
    let mut bot = plan.start().await;

    let sent = workspace.send(&Line::new("!sleep")).await;
    workspace.acknowledged().await;
    bot.kill();
    let killed = Instant::now();
    while killed.elapsed() < Duration::from_millis(1500) {
        tokio::time::sleep(GLANCE).await;
    }
    bot.restart().await;
    let told = workspace.answer(&sent, "a word about what was not done").await;
    assert!(told.text.contains("away for long"), "{}", told.text);
    let record = workspace.settled().await;
    assert_eq!(
        workspace.answers(&record, &sent).len(),
        2,
        "told once, and the last word"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slash_command_that_was_taken_over_survives_a_kill() {
    let workspace = Workspace::start().await;
    let limits = "[plugin.hostile.limits]\nwall = \"3s\"\n";
    let plan = Plan::new(&workspace).plugin(hello()).plugin(hostile()).config(limits);
    let mut bot = plan.start().await;

    let sent = workspace.send(&Line::new("/sleep").slash()).await;
    workspace.acknowledged().await;
    bot.kill();
    bot.restart().await;
    let line = workspace
        .answer(&sent, "the end of a slash command that nobody sends again")
        .await;
    assert!(line.text.contains("hostile"), "{}", line.text);
    assert_eq!(line.only_for.as_deref(), Some("U0000000BEN"));
}
