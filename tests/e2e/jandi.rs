//! JANDI: commands behind a keyword, answers in the response, and what comes later through an incoming webhook.

use super::support::bot::{Bot, Plan};
use super::support::guests::courier;
use super::support::hooks::{Jandi, Recorder};
use super::support::process::{finish, moa};
use super::support::sim::{Line, Workspace};
use serde_json::json;
use std::time::{Duration, Instant};

const TOKEN: &str = "YE1ronbbuoZkq7h3J5KMI4Tn";
const HOOK: &str = "[[jandi.hook]]\nname = \"lunch\"\nkeyword = \"모아\"\ntoken = { env = \"LUNCH_TOKEN\" }\n";
const MUTE: &str = "[[jandi.hook]]\nname = \"mute\"\nkeyword = \"모아\"\ntoken = { env = \"LUNCH_TOKEN\" }\n";

/// A bot in Slack and in JANDI: with a way to say things later, and without.
async fn bot(workspace: &Workspace, recorder: &Recorder) -> Bot {
    Plan::new(workspace)
        .plugin(courier())
        .config(&format!("{HOOK}incoming = {{ env = \"LUNCH_INCOMING\" }}\n{MUTE}"))
        .env("LUNCH_TOKEN", TOKEN)
        .env("LUNCH_INCOMING", &recorder.url("connect-api/webhook/1/very-secret"))
        .start()
        .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_behind_the_keyword_is_answered_in_the_response() {
    let (workspace, recorder) = (Workspace::start().await, Recorder::start().await);
    let bot = bot(&workspace, &recorder).await;
    let jandi = Jandi::of(&bot, "lunch", "모아", TOKEN).await;

    assert_eq!(
        jandi.say("메뉴 3").await,
        json!({
            "body": "**Gloria** 님의 점심",
            "connectColor": "#2EB886",
            "connectInfo": [
                {"title": "오늘의 메뉴", "description": "**비빔밥**\nhttps://lunch.example/today"},
                {"title": "몇 명", "description": "3"},
            ]
        })
    );
    // Help, usage, suggestions and refusals are written as commands are written here.
    for asked in ["", "help", "도움말"] {
        let help = jandi.ask(asked).await;
        assert!(help.contains("/모아 메뉴") && !help.contains('!'), "{asked:?}: {help}");
    }
    let usage = jandi.ask("메뉴 많이").await;
    assert!(usage.contains("`/모아 메뉴 <size>`"), "{usage}");
    let usage = jandi.ask("menu 12").await;
    assert!(usage.contains("/모아 "), "{usage}");
    let similar = jandi.ask("twise").await;
    assert!(similar.contains("/모아 twice"), "{similar}");
    let denied = jandi.ask("wipe").await;
    assert!(!denied.contains("wiped"), "nobody in JANDI has a role: {denied}");
    let unasked = jandi.ask("launch").await;
    assert!(
        !unasked.contains("launched"),
        "what has to be confirmed cannot be: {unasked}"
    );
    let private = jandi.ask("whisper").await;
    assert!(
        private.contains("나와의 대화") && !private.contains("a secret"),
        "{private}"
    );
    // In Slack nothing is otherwise than before.
    assert!(workspace.ask(&Line::new("!menu 2")).await.text.contains("님의 점심"));
    assert!(recorder.posted().is_empty(), "{:?}", recorder.posted());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_said_besides_or_later_goes_through_the_incoming_webhook() {
    let (workspace, recorder) = (Workspace::start().await, Recorder::start().await);
    let bot = bot(&workspace, &recorder).await;
    let jandi = Jandi::of(&bot, "lunch", "모아", TOKEN).await;

    assert_eq!(jandi.say("twice").await, json!({"body": "one"}));
    let posted = recorder.until(1).await;
    assert_eq!(posted[0].path, "/connect-api/webhook/1/very-secret");
    assert_eq!(posted[0].header("accept"), "application/vnd.tosslab.jandi-v2+json");
    assert_eq!(posted[0].header("content-type"), "application/json");
    assert_eq!(posted[0].json(), json!({"body": "two"}));

    let begun = Instant::now();
    assert!(jandi.say("dawdle 4000").await.is_null());
    assert!(begun.elapsed() < Duration::from_millis(3_500), "{:?}", begun.elapsed());
    assert_eq!(recorder.until(2).await[1].json(), json!({"body": "at last"}));

    // JANDI asks to slow down: the message waits and is sent again.
    recorder.answers(429, "{\"code\":42900}");
    assert_eq!(jandi.say("twice").await, json!({"body": "one"}));
    let posted = recorder.until(4).await;
    assert_eq!(posted[3].json(), json!({"body": "two"}));

    // Somebody in Slack writes into the room.
    let carried = workspace.ask(&Line::new("!carry jandi:lunch 안녕하세요")).await.text;
    assert!(carried.contains("conversations"), "it needs a grant: {carried}");
    assert!(
        !bot.log()
            .lines()
            .iter()
            .any(|line| line.contains("very-secret") || line.contains(TOKEN))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_an_incoming_webhook_the_person_is_told_in_time() {
    let (workspace, recorder) = (Workspace::start().await, Recorder::start().await);
    let bot = bot(&workspace, &recorder).await;
    let jandi = Jandi::of(&bot, "mute", "모아", TOKEN).await;

    assert_eq!(jandi.say("twice").await, json!({"body": "one\ntwo"}));
    let begun = Instant::now();
    let told = jandi.ask("dawdle 4000").await;
    assert!(told.contains("`incoming`"), "{told}");
    assert!(begun.elapsed() < Duration::from_millis(3_500), "{:?}", begun.elapsed());
    assert!(recorder.posted().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_post_is_answered_once_and_who_does_not_know_the_token_learns_nothing() {
    let (workspace, recorder) = (Workspace::start().await, Recorder::start().await);
    let mut bot = bot(&workspace, &recorder).await;
    let jandi = Jandi::of(&bot, "lunch", "모아", TOKEN).await;

    let post = jandi.post("twice");
    assert_eq!(jandi.send(&post).await, (200, json!({"body": "one"})));
    recorder.until(1).await;
    assert_eq!(jandi.send(&post).await, (200, json!(null)));

    let mut wrong = jandi.post("twice");
    wrong["token"] = json!("not the token");
    let learned = jandi.send(&wrong).await;
    assert_eq!(learned, (404, json!(null)));
    let nobody = Jandi::of(&bot, "nobody", "모아", TOKEN).await;
    assert_eq!(nobody.send(&nobody.post("twice")).await, learned);
    assert_eq!(jandi.send(&json!([1])).await, learned);

    // Also by the host that comes after.
    bot.stop().await;
    bot.restart().await;
    let jandi = Jandi::of(&bot, "lunch", "모아", TOKEN).await;
    assert_eq!(jandi.send(&post).await, (200, json!(null)));
    assert_eq!(jandi.say("메뉴 1").await["connectInfo"][1]["description"], "1");
    assert_eq!(recorder.posted().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_configuration_is_checked() {
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join("plugins")).unwrap();
    let check = async |toml: &str, address: &str| {
        std::fs::write(home.path().join("moa.toml"), toml).unwrap();
        let mut command = moa(home.path());
        command
            .args(["config", "check"])
            .env("LUNCH_TOKEN", TOKEN)
            .env("LUNCH_INCOMING", address);
        command.env_remove("SLACK_APP_TOKEN").env_remove("SLACK_BOT_TOKEN");
        let ended = finish(&mut command).await;
        (ended.code, format!("{}{}", ended.stdout, ended.stderr))
    };
    // A bot may be in JANDI alone.
    let (code, told) = check(HOOK, "").await;
    assert_eq!(code, Some(0), "{told}");
    let all = format!("{HOOK}incoming = {{ env = \"LUNCH_INCOMING\" }}\n");
    let (code, told) = check(&all, "wh.jandi.com/very-secret").await;
    assert!(code == Some(1) && told.contains("[[jandi.hook]] lunch"), "{told}");
    assert!(!told.contains("very-secret"), "{told}");
    let (code, told) = check(&format!("{HOOK}{HOOK}"), "").await;
    assert!(code == Some(2) && told.contains("another hook has this name"), "{told}");
}
