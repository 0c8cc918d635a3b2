//! What plugins listen for, beside commands.

use super::support::bot::Plan;
use super::support::guests::{altered, ears, hello, put};
use super::support::record::Record;
use super::support::sim::{Line, Workspace};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn patterns_are_heard_taught_and_forgotten_also_over_a_restart() {
    let workspace = Workspace::start().await;
    let mut bot = Plan::new(&workspace).plugin(ears()).plugin(hello()).start().await;

    let nothing = workspace.send(&Line::new("good morning")).await;
    assert_eq!(workspace.ask(&Line::new("안녕, 모두")).await.text, "greeted 모두");
    assert_eq!(
        workspace.ask(&Line::new("@moa status of web")).await.text,
        "web is well"
    );
    // A command is no message to be heard.
    assert_eq!(workspace.ask(&Line::new("!echo hello you")).await.text, "hello you");
    // One message, two patterns: both calls happen, each once.
    let twice = workspace.send(&Line::new("Hello you")).await;
    let mut both = workspace
        .until("two answers", |record| {
            let answers = workspace.answers(record, &twice);
            (answers.len() == 2).then(|| answers.into_iter().map(|answer| answer.text).collect::<Vec<_>>())
        })
        .await;
    both.sort();
    assert_eq!(both, ["greeted you", "hello number 1"]);

    workspace.send(&Line::new("가이드")).await;
    assert_eq!(
        workspace.ask(&Line::new("!teach 가이드")).await.text,
        "I listen for 가이드"
    );
    assert_eq!(
        workspace.ask(&Line::new("그 가이드 어디 있죠?")).await.text,
        "heard 가이드 as 가이드"
    );
    bot.kill();
    bot.restart().await;
    assert_eq!(workspace.ask(&Line::new("가이드")).await.text, "heard 가이드 as 가이드");
    assert_eq!(workspace.ask(&Line::new("!forget 가이드")).await.text, "known: true");
    workspace.send(&Line::new("가이드")).await;
    assert_eq!(workspace.ask(&Line::new("!forget 가이드")).await.text, "known: false");

    // Nobody spoke to the bot: that its plugin fails is not told in the channel.
    let ambient = workspace.send(&Line::new("kaboom")).await;
    let told = workspace.ask(&Line::new("@moa kaboom")).await;
    assert!(told.text.contains("ears"), "{}", told.text);

    // Everything that was said, and so nothing about what is not to be heard.
    let record = workspace.settled().await;
    let mut said: Vec<String> = workspace
        .answers(&record, &nothing)
        .into_iter()
        .map(|answer| answer.text)
        .collect();
    said.retain(|text| *text != told.text && !text.starts_with("settled"));
    said.sort();
    let expected = [
        "I listen for 가이드",
        "greeted you",
        "greeted 모두",
        "heard 가이드 as 가이드",
        "heard 가이드 as 가이드",
        "hello number 1",
        "hello you",
        "known: false",
        "known: true",
        "web is well",
    ];
    assert_eq!(said, expected);
    assert_eq!(ambient.channel, nothing.channel);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_between_the_answers_to_one_message_each_plugin_answers_it_exactly_once() {
    let workspace = Workspace::start().await;
    // A second plugin that hears the same and says it differently.
    let dir = tempfile::tempdir().unwrap();
    let other = dir.path().join("eyes.wasm");
    std::fs::copy(ears(), &other).unwrap();
    let changes = [
        (r#""name": "ears""#, r#""name": "eyes""#),
        ("greeted ", "GREETED "),
        ("hello number ", "HELLO number "),
    ];
    for (from, to) in changes {
        let bytes = altered(&other, from, to);
        put(&bytes, &other);
    }
    let plan = Plan::new(&workspace).plugin(ears()).plugin(&other).plugin(hello());
    let mut bot = plan.start().await;
    bot.kill();

    // So slow that in each of its lives it says one thing.
    let config = bot.plugins().parent().unwrap().join("moa.toml");
    let fast = std::fs::read_to_string(&config).unwrap();
    let pace = "per-conversation-per-second = 0";
    assert!(fast.contains(pace));
    std::fs::write(&config, fast.replace(pace, &format!("{pace}.001\nburst = 1"))).unwrap();
    bot.restart().await;
    let heard = workspace.send(&Line::new("Hello you")).await;
    let answers = |record: &Record| workspace.answers(record, &heard);
    for wanted in [1, 2] {
        let some = |record: &Record| (answers(record).len() == wanted).then_some(());
        workspace.until("one answer more", some).await;
        bot.kill();
        assert_eq!(answers(&workspace.record().await).len(), wanted, "killed between them");
        if wanted == 2 {
            std::fs::write(&config, &fast).unwrap();
        }
        bot.restart().await;
    }
    workspace
        .until("all answers", |record| (answers(record).len() >= 4).then_some(()))
        .await;
    // What they counted, they counted once.
    workspace.send(&Line::new("say hello")).await;
    workspace
        .until("the answers to the next", |record| {
            (answers(record).len() >= 6).then_some(())
        })
        .await;
    let record = workspace.settled().await;
    let mut said: Vec<String> = answers(&record).into_iter().map(|answer| answer.text).collect();
    said.retain(|text| !text.starts_with("settled"));
    said.sort();
    let expected = [
        "GREETED you",
        "HELLO number 1",
        "HELLO number 2",
        "greeted you",
        "hello number 1",
        "hello number 2",
    ];
    assert_eq!(said, expected);
}
