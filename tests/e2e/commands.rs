//! Commands in all the ways in which people address the bot.

use super::support::bot::Plan;
use super::support::guests::hello;
use super::support::process::{Running, moa};
use super::support::sim::{Line, Sim, Workspace};
use std::os::unix::fs::PermissionsExt;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_things_that_people_type() {
    let workspace = Workspace::start().await;
    let _bot = Plan::new(&workspace).plugin(hello()).start().await;

    let help = workspace.ask(&Line::new("!help")).await;
    for word in ["echo", "count"] {
        assert!(help.text.contains(word), "!help does not tell of {word}: {}", help.text);
    }
    assert_eq!(workspace.ask(&Line::new("!echo hi")).await.text, "hi");
    assert_eq!(
        workspace.ask(&Line::new("!echo 안녕  하세요 & <b>")).await.text,
        "안녕  하세요 &amp; &lt;b&gt;"
    );
    // "help" typed while the keyboard was Korean.
    assert_eq!(workspace.ask(&Line::new("!ㅗ디ㅔ")).await.text, help.text);
    assert_eq!(workspace.ask(&Line::new("!count")).await.text, "That was number 1.");
    assert_eq!(workspace.ask(&Line::new("!세기")).await.text, "That was number 2.");
    // Initial consonants of 세기; a full-width exclamation mark.
    assert_eq!(workspace.ask(&Line::new("!ㅅㄱ")).await.text, "That was number 3.");
    assert_eq!(workspace.ask(&Line::new("！COUNT")).await.text, "That was number 4.");
    assert_eq!(
        workspace.ask(&Line::new("!hello:count")).await.text,
        "That was number 5."
    );
    assert_eq!(
        workspace.ask(&Line::new("!count").by("rosie")).await.text,
        "6번째입니다."
    );
    let greeting = workspace.ask(&Line::new("!안녕").by("rosie")).await;
    assert!(greeting.text.contains("로지"), "{}", greeting.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn help_is_in_the_language_of_who_asks_and_tells_of_one_command() {
    let workspace = Workspace::start().await;
    let _bot = Plan::new(&workspace).plugin(hello()).start().await;

    let english = workspace.ask(&Line::new("!help echo")).await.text;
    assert!(
        english.contains("Says the text back") && english.contains("!echo 안녕 hello"),
        "{english}"
    );
    let korean = workspace.ask(&Line::new("!도움말 echo").by("rosie")).await.text;
    assert!(
        korean.contains("들은 말을 그대로") && !korean.contains("Says the text back"),
        "{korean}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_bot_is_addressed_by_mention_directly_and_in_threads() {
    let workspace = Workspace::start().await;
    let _bot = Plan::new(&workspace).plugin(hello()).start().await;

    assert_eq!(workspace.ask(&Line::new("@moa echo mentioned")).await.text, "mentioned");
    assert_eq!(
        workspace.ask(&Line::new("@moa: !echo twice over")).await.text,
        "twice over"
    );
    assert_eq!(workspace.ask(&Line::new("moa, echo by name")).await.text, "by name");

    // A direct message needs no prefix, and the answer stays there.
    let direct = workspace.ask(&Line::new("echo only us").at("@dm")).await;
    assert_eq!(direct.text, "only us");
    assert!(direct.channel.starts_with('D') && direct.thread.is_none(), "{direct:?}");

    let root = workspace.send(&Line::new("let us talk below").at("#dev")).await;
    let reply = workspace
        .ask(&Line::new("!echo down here").at("#dev").below(&root.ts))
        .await;
    assert_eq!(reply.text, "down here");
    assert_eq!(reply.thread.as_deref(), Some(root.ts.as_str()));
    let beside = workspace.ask(&Line::new("!echo up here").at("#dev")).await;
    assert_eq!((beside.text.as_str(), beside.thread), ("up here", None));

    // The bot is no member of #random, so it hears nothing there.
    workspace.send(&Line::new("!echo unheard").at("#random")).await;
    let record = workspace.settled().await;
    assert!(record.saying("unheard").is_empty());
    assert!(record.posts().iter().all(|post| post.only_for.is_none()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slash_command_is_answered_for_its_person_alone() {
    let workspace = Workspace::start().await;
    let _bot = Plan::new(&workspace).plugin(hello()).start().await;

    let answer = workspace.ask(&Line::new("/echo just me").slash()).await;
    assert_eq!(answer.text, "just me");
    assert_eq!(answer.only_for.as_deref(), Some("U0000000BEN"));
    let answer = workspace
        .ask(&Line::new("/moa echo by the bot's own word").slash())
        .await;
    assert_eq!(answer.text, "by the bot's own word");
    assert_eq!(answer.only_for.as_deref(), Some("U0000000BEN"));
    let help = workspace.ask(&Line::new("/moa help").slash()).await;
    assert!(help.text.contains("echo") && help.only_for.is_some(), "{help:?}");
    // Also where the bot is no member.
    let answer = workspace.ask(&Line::new("/echo no member").slash().at("#random")).await;
    assert_eq!(answer.text, "no member");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_use_is_explained_and_a_slip_gets_a_suggestion() {
    let workspace = Workspace::start().await;
    let _bot = Plan::new(&workspace).plugin(hello()).start().await;

    let usage = workspace.ask(&Line::new("!echo")).await;
    assert!(
        usage.text.contains("!echo") && usage.text.contains("text"),
        "no usage: {}",
        usage.text
    );
    let korean = workspace.ask(&Line::new("!echo").by("rosie")).await;
    assert!(
        korean.text.contains("!echo") && korean.text != usage.text,
        "{}",
        korean.text
    );
    let usage = workspace.ask(&Line::new("!count too much")).await;
    assert!(usage.text.contains("!count"), "no usage: {}", usage.text);

    let suggestion = workspace.ask(&Line::new("!ecko hi")).await;
    assert!(suggestion.text.contains("echo"), "no suggestion: {}", suggestion.text);
    assert_eq!(
        suggestion.only_for.as_deref(),
        Some("U0000000BEN"),
        "a suggestion is for one person"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_meant_for_the_bot_stays_unanswered() {
    let workspace = Workspace::start().await;
    let _bot = Plan::new(&workspace).plugin(hello()).start().await;

    for text in [
        "!",
        "!!",
        "!?",
        "!!!wow",
        "! !",
        "echo hi",
        "moa is great",
        "well!echo hi",
        "hello",
        "안녕",
        "😀!",
        "> !echo q",
    ] {
        workspace.send(&Line::new(text)).await;
    }
    let record = workspace.settled().await;
    let posts = record.posts();
    assert_eq!(posts.len(), 1, "more than the last answer was said: {posts:#?}");
    let marks = record.of("reaction").count();
    assert_eq!(marks, 0, "nothing was asked, so nothing is marked");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_may_want_silence_about_unknown_words() {
    let workspace = Workspace::start().await;
    let silent = Plan::new(&workspace).plugin(hello()).env("MOA_BOT__UNKNOWN", "silent");
    let _bot = silent.start().await;

    workspace.send(&Line::new("!ecko hi")).await;
    assert_eq!(workspace.settled().await.posts().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_answer_comes_whole_and_in_order() {
    let workspace = Workspace::start().await;
    let _bot = Plan::new(&workspace).plugin(hello()).start().await;

    let lines: Vec<String> = (0..400)
        .map(|n| format!("line {n} of a long story about nothing"))
        .collect();
    let story = lines.join("\n");
    workspace.send(&Line::new(format!("!echo {story}"))).await;
    let record = workspace.settled().await;
    let mut parts: Vec<String> = record.posts().into_iter().map(|post| post.text).collect();
    parts.pop();
    assert!(parts.len() > 1, "it was not split");
    assert_eq!(
        parts.join("\n").split_whitespace().collect::<Vec<_>>(),
        story.split_whitespace().collect::<Vec<_>>()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_without_a_file_answers_in_any_workspace_that_the_environment_names() {
    let dir = tempfile::tempdir().unwrap();
    let mut playground = Running::start(moa(dir.path()).args(["playground", "--listen", "127.0.0.1:0"]));
    let line = playground.log.wait_for(0, &["{"]).await;
    let told: serde_json::Value = serde_json::from_str(&line).unwrap();
    let [page, api, app, bot] = ["page", "api", "app_token", "bot_token"].map(|key| told[key].as_str().unwrap());
    let sim = Sim::at(page);

    std::fs::create_dir_all(dir.path().join("moa-data/plugins")).unwrap();
    std::fs::copy(hello(), dir.path().join("moa-data/plugins/hello.wasm")).unwrap();
    let mut host = Running::start(
        moa(dir.path())
            .arg("run")
            .env("SLACK_APP_TOKEN", app)
            .env("SLACK_BOT_TOKEN", bot)
            .env("MOA_SLACK__API_URL", api)
            .env("MOA_HTTP__LISTEN", "127.0.0.1:0")
            .env("MOA_ADMIN__LISTEN", "127.0.0.1:0"),
    );
    host.log.wait_for(0, &["loaded", "hello"]).await;
    assert_eq!(sim.ask(&Line::new("!echo 안녕")).await.text, "안녕");
    // As its own defaults are: Slack's pace of one message a second after a burst of five.
    for n in 1..=7 {
        assert_eq!(
            sim.ask(&Line::new("!count")).await.text,
            format!("That was number {n}.")
        );
    }
    for process in [&mut host, &mut playground] {
        process.signal(libc::SIGTERM);
        let ended = process.end().await;
        assert!(ended.success(), "{ended}");
    }
    // Its folder is for its user alone.
    let mode = std::fs::metadata(dir.path().join("moa-data"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_people_write_is_not_in_the_log_nor_are_tokens() {
    for level in ["info", "trace"] {
        let workspace = Workspace::start().await;
        let bot = Plan::new(&workspace)
            .plugin(hello())
            .env("MOA_LOG", level)
            .start()
            .await;
        for text in ["!echo pssst", "just pssst", "!ecko pssst", "!count pssst"] {
            workspace.send(&Line::new(text)).await;
        }
        workspace.ask(&Line::new("/echo pssst").slash()).await;
        workspace.settled().await;
        let log = bot.log().text();
        if level == "info" {
            assert!(!log.contains("pssst"), "{log}");
        }
        let (app, token) = workspace.tokens();
        for secret in [app.as_str(), &token, "ticket="] {
            assert!(!log.contains(secret), "a secret is in the log:\n{log}");
        }
    }
}
