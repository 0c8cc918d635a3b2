//! The bundled plugins, as people use them.

mod apps;
mod data;
mod deploy;
mod feed;
mod links;
mod notifier;
mod servers;
mod watch;

use super::support::bot::Plan;
use super::support::guests::{lunch, memo, order};
use super::support::record::Record;
use super::support::sim::{Line, Workspace};
use serde_json::json;
use std::collections::BTreeSet;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn notes_belong_to_their_conversation_and_outlive_the_bot() {
    let workspace = Workspace::start().await;
    let mut bot = Plan::new(&workspace).plugin(memo()).start().await;
    let rosie = |text: &str| Line::new(text).by("rosie").at("#lunch");

    let kept = workspace.ask(&rosie("!메모 점심 \"김밥 두 줄\"")).await.text;
    assert!(kept.contains("점심"), "{kept}");
    assert_eq!(workspace.ask(&rosie("!메모 점심")).await.text, "김밥 두 줄");
    bot.kill();
    bot.restart().await;
    assert_eq!(
        workspace.ask(&Line::new("!memo 점심").at("#lunch")).await.text,
        "김밥 두 줄"
    );
    assert_eq!(workspace.ask(&rosie("!메모")).await.text, "메모 1개: 점심");

    let elsewhere = workspace.ask(&Line::new("!memo 점심").at("#dev")).await.text;
    assert!(elsewhere.contains("There is no note"), "{elsewhere}");

    workspace.ask(&rosie("!메모삭제 점심")).await;
    let gone = workspace.ask(&rosie("!메모 점심")).await.text;
    assert!(gone.contains("없습니다"), "{gone}");
}

/// Who is together, by an answer like `Team 1: a, b`.
fn teams(answer: &str) -> Vec<BTreeSet<String>> {
    let line = |line: &str| {
        let (_, names) = line.split_once(": ").unwrap_or_else(|| panic!("no team: {line:?}"));
        names.split(", ").map(str::to_owned).collect()
    };
    answer.lines().map(line).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lunch_teams_are_of_names_or_of_who_is_there_and_fair_over_time() {
    let workspace = Workspace::start().await;
    let _bot = Plan::new(&workspace)
        .plugin(lunch())
        .config("\n[plugin.lunch.config]\nteam-size = 3\n")
        .start()
        .await;

    // Three times, by name, by initial consonants and by a slip of the keyboard: everybody meets everybody.
    let mut pairs = BTreeSet::new();
    for command in ["!점심팀", "!ㅈㅅㅌ", "!wtx"] {
        let line = Line::new(format!("{command} 2 로지,샐리,앨리,빈센트")).by("rosie");
        let answer = workspace.ask(&line).await.text;
        assert!(answer.starts_with("1팀: "), "{answer}");
        pairs.extend(teams(&answer));
    }
    assert_eq!(pairs.len(), 6, "{pairs:?}");

    // Nobody is named: all who are there, but not the bot; and nothing had to be granted for it.
    let answer = workspace.ask(&Line::new("!lunch").at("#lunch")).await.text;
    let teams = teams(&answer);
    let sizes: Vec<usize> = teams.iter().map(BTreeSet::len).collect();
    assert_eq!(sizes, [3, 2], "{answer}");
    let all: BTreeSet<String> = teams.into_iter().flatten().collect();
    let people = ["Ben", "로지", "빈센트", "샐리", "앨리"];
    assert!(all.iter().eq(people), "{answer}");

    let alone = workspace.ask(&Line::new("lunch").at("@dm")).await.text;
    assert!(alone.contains("takes two"), "{alone}");
}

/// A person's press, or what they sent in a form: what the workspace says to it.
async fn act(workspace: &Workspace, how: &str, what: serde_json::Value) -> serde_json::Value {
    let answer = workspace
        .ask_raw("POST", &format!("/sim/{how}"), what.to_string().as_bytes())
        .await;
    let answer: serde_json::Value = serde_json::from_slice(&answer).unwrap();
    assert_eq!(answer["ok"], true, "/sim/{how} refused {what}: {answer}");
    answer
}

/// The address of the bot's last message with this in it.
async fn message(workspace: &Workspace, text: &str) -> (String, String) {
    let find = |record: &Record| {
        let mut posts = record
            .of("post")
            .filter(|post| post["text"].as_str().unwrap().contains(text));
        let post = posts.next_back()?;
        let word = |key: &str| post[key].as_str().unwrap().to_owned();
        Some((word("channel"), word("ts")))
    };
    workspace.until(&format!("a message with {text:?}"), find).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_goes_from_a_button_over_a_form_to_the_list() {
    let workspace = Workspace::start().await;
    let mut bot = Plan::new(&workspace).plugin(order()).start().await;
    let rosie = |text: &str| Line::new(text).by("rosie").at("#lunch");
    workspace.ask(&rosie("!주문")).await;
    let (channel, ts) = message(&workspace, "점심 주문을 받습니다").await;
    let press = |user: &str, at: &(String, String), action: &str| json!({"user": user, "channel": at.0, "ts": at.1, "action_id": format!("order/{action}")});
    act(&workspace, "press", press("로지", &(channel, ts), "open")).await;
    let changed = |count: usize| {
        move |record: &Record| {
            let changes: Vec<_> = record.of("view").map(|view| view["change"].clone()).collect();
            (changes.len() >= count).then_some(changes)
        }
    };
    workspace.until("the form", changed(1)).await;

    // Too many: the form stays open and tells so.
    let values = |quantity: &str| {
        json!({"user": "로지", "values": {
            "dish": {"order/dish": "gimbap"}, "quantity": {"order/quantity": quantity}, "note": {"order/note": "<!here>"},
        }})
    };
    act(&workspace, "submit", values("21")).await;
    let changes = workspace.until("what is wrong with it", changed(2)).await;
    assert_eq!(changes[1], "errors");
    act(&workspace, "submit", values("2")).await;
    let question = message(&workspace, "이대로 주문할까요?").await;

    // Everybody sees the buttons, one decides; the bot may be another one meanwhile.
    bot.kill();
    bot.restart().await;
    act(&workspace, "press", press("샐리", &question, "confirm:1")).await;
    message(&workspace, "로지님만 정할 수 있어요").await;
    act(&workspace, "press", press("로지", &question, "confirm:1")).await;
    let edited = |record: &Record| {
        let mut edits = record.of("edit").filter(|edit| edit["ts"] == question.1.as_str());
        edits.next_back().map(|edit| edit["text"].as_str().unwrap().to_owned())
    };
    let confirmed = workspace.until("the message to change", edited).await;
    assert!(confirmed.contains("주문 1번 확정"), "{confirmed}");
    let list = workspace.ask(&rosie("!주문 목록")).await.text;
    assert!(list.contains("김밥 보통") && list.contains('2'), "{list}");
    assert!(
        workspace
            .record()
            .await
            .posts()
            .iter()
            .all(|post| post.pings.is_empty())
    );
}
