//! What admins silence in chat: the whole bot for a while, or the bot in one conversation.

use super::support::bot::{Bot, Plan};
use super::support::guests::{ears, errands, hello};
use super::support::record::{Post, Record};
use super::support::sim::{Line, Workspace};

const ROSIE: &str = "U00000ROSIE";
const BEN: &str = "U0000000BEN";

async fn start(workspace: &Workspace) -> Bot {
    Plan::new(workspace)
        .plugin(hello())
        .plugin(ears())
        .plugin(errands())
        .env("MOA_BOT__ADMINS", ROSIE)
        .config("[plugin.errands.grant]\nusers = true\n")
        .start()
        .await
}

/// What Rosie says, tokens and all, in her direct conversation with the bot, and its answer.
async fn rosie(workspace: &Workspace, text: &str) -> String {
    let line = Line::new(text).by("rosie").at("@dm").raw();
    workspace.ask(&line).await.text
}

fn to_ben(record: &Record, text: &str) -> Vec<Post> {
    let mine = |post: &Post| post.only_for.as_deref() == Some(BEN) && post.text.contains(text);
    record.posts().into_iter().filter(mine).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_bot_is_paused_no_plugin_is_called_and_everybody_is_told_why() {
    let workspace = Workspace::start().await;
    let mut bot = start(&workspace).await;
    let paused = |record: &Record| {
        let told = |post: &Post| post.text.contains("the database moves") && post.channel == "C00GENERAL0";
        let told: Vec<Post> = record.posts().into_iter().filter(told).collect();
        told
    };

    let refused = workspace.ask(&Line::new("!pause")).await;
    assert!(refused.text.contains("admins only"), "{}", refused.text);
    assert_eq!(workspace.ask(&Line::new("!echo still here")).await.text, "still here");

    assert!(rosie(&workspace, "!점검 the database moves").await.contains("⏸️"));
    let told = workspace.ask(&Line::new("!echo one")).await;
    assert!(
        told.text.contains("paused the bot on") && told.text.contains("the database moves"),
        "{}",
        told.text
    );
    assert!(told.pings.is_empty() && told.only_for.is_none());
    for line in ["!echo two", "hello, world", "!unlikely", "!lunch"] {
        workspace.send(&Line::new(line)).await;
    }
    // What the host does itself goes on, for admins and for everybody.
    assert!(rosie(&workspace, "!role list").await.contains("admin"));
    let help = workspace.ask(&Line::new("!help").by("sally").at("@dm")).await;
    assert!(
        help.text.contains("!echo") || help.text.contains("echo"),
        "{}",
        help.text
    );
    workspace.send(&Line::new("/echo three").slash()).await;
    workspace
        .until("the answer to the slash command", |record| {
            to_ben(record, "the database moves").into_iter().next()
        })
        .await;
    workspace.acknowledged().await;
    let told = paused(&workspace.record().await);
    let seen: Vec<_> = told.iter().filter(|post| post.only_for.is_none()).collect();
    assert_eq!(seen.len(), 1, "once a minute: {seen:#?}");

    bot.kill();
    bot.restart().await;
    assert!(bot.log().text().contains("the bot is paused"));
    let again = workspace.ask(&Line::new("!echo four")).await;
    assert!(again.text.contains("the database moves"), "{}", again.text);
    assert!(rosie(&workspace, "!재개").await.contains("▶️"));
    assert!(rosie(&workspace, "!resume").await.contains("점검 중이 아닙니다"));
    assert_eq!(workspace.ask(&Line::new("!echo five")).await.text, "five");
    let record = workspace.settled().await;
    for word in ["one", "two", "three", "four"] {
        assert!(record.saying(word).is_empty(), "{word} was echoed");
    }
    assert!(!record.posts().iter().any(|post| post.text.contains("heard")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_the_bot_is_mute_only_admins_are_answered_and_plugins_cannot_speak() {
    let workspace = Workspace::start().await;
    let mut bot = start(&workspace).await;
    assert!(
        rosie(&workspace, "!mute general").await.contains("#"),
        "how it is written"
    );
    assert!(rosie(&workspace, "!mute <#C00GENERAL0|general>").await.contains("🔇"));
    assert!(rosie(&workspace, "!음소거 <#D00000SALLY>").await.contains("🔇"));

    let quiet = async |from: u64| {
        for line in ["!echo one", "!help", "hello, world", "!pause", "!unlikely", "!echo"] {
            workspace.send(&Line::new(line)).await;
        }
        workspace.send(&Line::new("/echo two").slash()).await;
        workspace
            .until("the answer to the slash command", |record| {
                to_ben(record, "made the bot silent")
                    .into_iter()
                    .find(|post| post.n > from)
            })
            .await;
        // An admin's own command is answered, and whatever came before it would have been by now.
        let listed = workspace.ask(&Line::new("!role list").by("rosie")).await;
        assert!(listed.text.contains("admin"), "{}", listed.text);
        let record = workspace.record().await;
        let here = |post: &Post| post.n > from && post.channel == "C00GENERAL0";
        let posts: Vec<_> = record.posts().into_iter().filter(here).map(|post| post.text).collect();
        assert_eq!(posts.len(), 2, "{posts:#?}");
    };
    quiet(workspace.record().await.entries.len() as u64).await;
    // Elsewhere it speaks, but from there not into where it is mute.
    let elsewhere = workspace.ask(&Line::new("!direct U00000SALLY").at("@dm")).await;
    assert!(
        elsewhere.text.starts_with("Error::AccessDenied") && elsewhere.text.contains("!unmute"),
        "{}",
        elsewhere.text
    );

    bot.kill();
    bot.restart().await;
    quiet(workspace.record().await.entries.len() as u64).await;
    let unmute = Line::new("!음소거해제 <#C00GENERAL0>").by("rosie").raw();
    assert!(workspace.ask(&unmute).await.text.contains("🔊"));
    assert_eq!(workspace.ask(&Line::new("!echo three")).await.text, "three");
    assert!(rosie(&workspace, "!unmute <#D00000SALLY>").await.contains("🔊"));
    let elsewhere = workspace.ask(&Line::new("!direct U00000SALLY").at("@dm")).await;
    assert_eq!(elsewhere.text, "whispered in D00000SALLY");
}
