//! Words that are answered with links: taught in chat, and from the configuration.

use crate::support::DEADLINE;
use crate::support::bot::{Bot, Plan};
use crate::support::guests::links;
use crate::support::process::{finish, moa};
use crate::support::sim::{Line, Workspace};
use std::time::{Duration, Instant};

const ROSIE: &str = "U00000ROSIE";
/// The links of a team that wrote about its bot: for who speaks to it.
const CONFIG: &str = r#"
[plugin.links.config]
pause = "5m"

[plugin.links.config.links]
report = { words = ["업무보고"], address = "https://docs.example.com/report", scopes = ["direct", "direct-mention", "mention"] }
guide = { words = ["가이드", "guide", "튜토리얼"], address = "https://docs.example.com/guide" }
"#;

async fn start(workspace: &Workspace) -> Bot {
    let plan = Plan::new(workspace).plugin(links()).config(CONFIG);
    plan.env("MOA_BOT__ADMINS", ROSIE).start().await
}

fn rosie(text: &str) -> Line {
    Line::new(text).by("rosie")
}

/// Whether the bot says nothing to it: what the same person asks next, there, comes behind whatever it would say.
async fn is_unheard(workspace: &Workspace, line: impl Fn(&str) -> Line, text: &str) -> bool {
    let sent = workspace.send(&line(text)).await;
    workspace.ask(&line("!link list")).await;
    workspace.answers(&workspace.record().await, &sent).len() == 1
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_word_is_answered_where_it_was_taught_until_it_is_unlearnt() {
    let workspace = Workspace::start().await;
    let mut bot = start(&workspace).await;
    let taught = "!링크 추가 배포,deploy https://example.com/deploy";
    workspace.ask(&rosie(taught)).await;
    let answer = "배포: <https://example.com/deploy>";
    assert_eq!(workspace.ask(&rosie("배포는 어떻게 하나요?")).await.text, answer);
    // Said just now, and to nobody.
    assert!(is_unheard(&workspace, rosie, "deploy").await);
    assert!(is_unheard(&workspace, |text| Line::new(text).at("#dev"), "deploy").await);
    let everywhere = taught.replace("추가", "공통 추가").replace("/deploy", "/all");
    workspace.ask(&rosie(&everywhere)).await;
    let elsewhere = workspace.ask(&Line::new("deploy").at("#dev")).await.text;
    assert_eq!(elsewhere, "배포: <https://example.com/all>");
    bot.kill();
    bot.restart().await;
    assert_eq!(workspace.ask(&Line::new("moa deploy")).await.text, answer);

    let denied = workspace.send(&Line::new("!link everywhere remove deploy")).await;
    let denied = workspace.answer(&denied, "the refusal").await;
    assert!(denied.only_for.is_some(), "{denied:?}");
    workspace.ask(&rosie("!링크 삭제 deploy")).await;
    assert_eq!(workspace.ask(&rosie("@moa 배포")).await.text, elsewhere);
    let undone = workspace.ask(&rosie("!링크 취소")).await.text;
    assert!(undone.contains("https://example.com/deploy"), "{undone}");
    assert_eq!(workspace.ask(&rosie("@moa 배포")).await.text, answer);
    let list = workspace.ask(&Line::new("!link list")).await.text;
    for part in ["https://example.com/deploy", "로지", "everywhere", "configuration"] {
        assert!(list.contains(part), "{part}: {list}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn links_of_the_configuration_are_heard_in_the_messages_that_they_are_for() {
    let workspace = Workspace::start().await;
    let bot = start(&workspace).await;
    let jobs = finish(moa(bot.home()).args(["schedule", "list"])).await;
    assert!(
        jobs.stdout.contains("links/configured") && jobs.stdout.contains("on load"),
        "{jobs:?}"
    );
    let report = "업무보고: <https://docs.example.com/report>";
    // The job runs by itself as soon as the plugin is loaded.
    let asked = rosie("@moa 업무보고");
    let begun = Instant::now();
    let first = loop {
        let sent = workspace.send(&asked).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
        let answers = workspace.answers(&workspace.record().await, &sent);
        if let Some(first) = answers.into_iter().next() {
            break first;
        }
        assert!(begun.elapsed() < DEADLINE, "the configuration is not heard");
    };
    assert_eq!(first.text, report);
    assert_eq!(workspace.ask(&rosie("업무보고 링크요").at("@dm")).await.text, report);
    assert!(is_unheard(&workspace, rosie, "업무보고 보내셨나요?").await);
    let guide = workspace.ask(&rosie("튜토리얼이 있나요?").at("#dev")).await.text;
    assert_eq!(guide, "가이드: <https://docs.example.com/guide>");
}
