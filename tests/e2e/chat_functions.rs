//! What plugins do in chat beside speaking, as the people in the workspace see it.

use super::support::bot::Plan;
use super::support::guests::{errands, hello};
use super::support::sim::{Line, Workspace};
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_and_reactions_are_taken_back() {
    let workspace = Workspace::start().await;
    let _bot = Plan::new(&workspace).plugin(errands()).plugin(hello()).start().await;
    let said = workspace.ask(&Line::new("!takeback")).await.text;
    assert_eq!(said, "a slip of the tongue");
    workspace
        .until("what was said to be gone", |record| {
            let posts = record.posts();
            let told = posts.iter().find_map(|post| post.text.strip_prefix("took back "))?;
            let gone: Vec<_> = record.of("delete").collect();
            assert_eq!(gone.len(), 1, "{gone:?}");
            assert_eq!(gone[0]["ts"], told);
            Some(())
        })
        .await;

    assert_eq!(workspace.ask(&Line::new("!unreact")).await.text, "undone");
    let record = workspace.record().await;
    let reactions: Vec<_> = record
        .of("reaction")
        .map(|entry| (entry["name"].as_str().unwrap(), entry["added"].as_bool().unwrap()))
        .collect();
    assert_eq!(reactions, [("+1", true), ("+1", false)]);

    let others = workspace.ask(&Line::new("!edit")).await.text;
    assert!(others.starts_with("Error::AccessDenied"), "{others}");
    let late = workspace.ask(&Line::new("!form")).await.text;
    assert!(late.starts_with("Error::NotFound"), "{late}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_go_both_ways() {
    let workspace = Workspace::start().await;
    let _bot = Plan::new(&workspace)
        .plugin(errands())
        .plugin(hello())
        .config("\n[plugin.errands.limits]\nhttp-body = \"1KiB\"\n")
        .start()
        .await;
    // It is carried out, and answered with an error.
    let fault = json!({"kind": "error500", "method": "files.completeUploadExternal", "after": true, "count": 1});
    workspace.fault(fault).await;
    let sent = workspace.send(&Line::new("!put")).await;
    let answers = workspace
        .until("the file and the answer", |record| {
            let answers = workspace.answers(record, &sent);
            (answers.len() >= 2).then_some(answers)
        })
        .await;
    assert_eq!(answers[0].text, "*lunch* &amp; more", "the file's message");
    assert_eq!(answers[1].text, "put 21 bytes");
    let record = workspace.settled().await;
    assert_eq!(
        record.saying("*lunch* &amp; more").len(),
        1,
        "the file stands there once"
    );

    let dropped = workspace.upload("ben", "menu.txt", "rice").await;
    let with_file = Line::new("!fetch").with_files(&[&dropped]);
    assert_eq!(workspace.ask(&with_file).await.text, "4 bytes: rice");
    let here = workspace.ask(&Line::new(format!("!fetch {dropped}"))).await.text;
    assert_eq!(here, "4 bytes: rice", "what can be seen here may be read here");
    let elsewhere = Line::new(format!("!fetch {dropped}")).at("#dev");
    let denied = workspace.ask(&elsewhere).await.text;
    assert!(
        denied.starts_with("Error::AccessDenied") && denied.contains("C00GENERAL0"),
        "{denied}"
    );
    let absent = workspace.ask(&Line::new("!fetch F404")).await.text;
    assert!(absent.starts_with("Error::NotFound"), "{absent}");
    let large = workspace.upload("ben", "large.txt", &"x".repeat(1025)).await;
    let over = workspace.ask(&Line::new("!fetch").with_files(&[&large])).await.text;
    assert!(over.starts_with("Error::OverLimit"), "{over}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_here_is_whispered_to_and_strangers_need_a_grant() {
    let workspace = Workspace::start().await;
    let _bot = Plan::new(&workspace).plugin(errands()).start().await;
    let told = workspace.ask(&Line::new("!direct")).await;
    let direct = workspace.record().await.saying("psst");
    assert_eq!(told.text, "whispered in D0000000BEN");
    assert_eq!(direct.len(), 1);
    assert_eq!(direct[0].channel, "D0000000BEN");

    // Sally is no member of #secret.
    let secret = Line::new("!direct U00000SALLY").at("#secret");
    let denied = workspace.ask(&secret).await.text;
    assert!(denied.starts_with("Error::AccessDenied"), "{denied}");
    let rosie = workspace
        .ask(&Line::new("!direct U00000ROSIE").at("#secret"))
        .await
        .text;
    assert_eq!(rosie, "whispered in D00000ROSIE");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_past_and_the_members_are_read_to_their_end() {
    let workspace = Workspace::start().await;
    let _bot = Plan::new(&workspace).plugin(errands()).plugin(hello()).start().await;
    let dropped = workspace.upload("rosie", "menu.txt", "rice").await;
    let menu = Line::new("the menu, @ben")
        .by("rosie")
        .at("#lunch")
        .with_files(&[&dropped]);
    workspace.send(&menu).await;
    workspace.ask(&Line::new("!echo thanks").at("#lunch")).await;
    workspace.fault(json!({"kind": "short-pages"})).await;
    let past = workspace.ask(&Line::new("!past").at("#lunch")).await;
    let lines: Vec<&str> = past.text.lines().take(3).collect();
    assert_eq!(
        lines,
        [
            "moa (bot): thanks [0]",
            "ben: !echo thanks [0]",
            "rosie: the menu, @Ben [1]"
        ]
    );
    assert!(past.pings.is_empty(), "who repeats the past calls nobody: {past:?}");
    let members = workspace.ask(&Line::new("!members").at("#lunch")).await.text;
    assert_eq!(members, "6 members");
}
