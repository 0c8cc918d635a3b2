//! How often people may ask for something.

use super::support::bot::Plan;
use super::support::guests::{hello, lunch};
use super::support::record::{Post, Record};
use super::support::sim::{Line, Workspace};
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_asks_too_often_is_told_and_nobody_else_waits_for_it() {
    let workspace = Workspace::start().await;
    let limits = "[rate]\nuser = \"4/1h\"\n[rate.command]\n\"hello:count\" = \"2/1h\"\n";
    let _bot = Plan::new(&workspace)
        .plugin(hello())
        .plugin(lunch())
        .config(limits)
        .start()
        .await;

    // What comes twice is counted once.
    workspace
        .fault(json!({"kind": "duplicate", "form": "new-event-id"}))
        .await;
    assert_eq!(workspace.ask(&Line::new("!count")).await.text, "That was number 1.");
    // What is answered by the host itself, and what cannot run, counts nothing.
    for line in ["!help", "!plugins", "!lunch x y z", "good morning"] {
        workspace.send(&Line::new(line)).await;
    }
    let hers = workspace.ask(&Line::new("!count").by("rosie").at("@dm")).await;
    assert_eq!(hers.text, "2번째입니다.");
    workspace.send(&Line::new("!count")).await;
    let told = workspace
        .until("the limit of the command", |record| {
            let to_ben = |post: &Post| post.only_for.as_deref() == Some("U0000000BEN");
            record.posts().into_iter().find(to_ben)
        })
        .await;
    assert!(
        told.text.contains("`hello:count`")
            && told.text.contains("together may use")
            && told.text.contains("2 times in 1 h"),
        "{}",
        told.text
    );

    for word in ["two", "three", "four", "five", "six", "seven"] {
        workspace.send(&Line::new(format!("!echo {word}"))).await;
    }
    let record = workspace.settled_for(&[("sally", "#general")]).await;
    let echoed = |record: &Record, word: &str| record.saying(word).len();
    assert_eq!(["two", "three", "four"].map(|word| echoed(&record, word)), [1; 3]);
    assert_eq!(["five", "six", "seven"].map(|word| echoed(&record, word)), [0; 3]);
    // How often he is told hangs on how long all of this took; nobody else ever is.
    let told: Vec<_> = record.posts().into_iter().filter_map(|post| post.only_for).collect();
    assert!(
        !told.is_empty() && told.iter().all(|user| user == "U0000000BEN"),
        "{told:?}"
    );
    workspace.acknowledged().await;
}
