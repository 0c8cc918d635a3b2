//! The bundled plugins, as people use them.

use super::support::bot::Plan;
use super::support::guests::{links, lunch, memo};
use super::support::sim::{Line, Workspace};
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_word_is_answered_with_its_link_until_it_is_unlearnt() {
    let workspace = Workspace::start().await;
    let mut bot = Plan::new(&workspace).plugin(links()).start().await;
    let rosie = |text: &str| Line::new(text).by("rosie");

    workspace
        .ask(&rosie("!링크 추가 가이드 https://example.com/guide"))
        .await;
    let guide = "가이드: <https://example.com/guide>";
    assert_eq!(workspace.ask(&rosie("가이드")).await.text, guide);
    let elsewhere = Line::new("가이드 어디 있어요?").by("sally").at("#dev");
    assert_eq!(workspace.ask(&elsewhere).await.text, guide);
    bot.kill();
    bot.restart().await;
    assert_eq!(workspace.ask(&elsewhere).await.text, guide);

    workspace.ask(&rosie("!링크 삭제 가이드")).await;
    let unheard = workspace.send(&rosie("가이드")).await;
    let none = workspace.ask(&rosie("!링크 목록")).await.text;
    assert!(none.contains("아직 링크가 없습니다"), "{none}");
    let record = workspace.record().await;
    assert_eq!(
        workspace.answers(&record, &unheard).len(),
        1,
        "a word that was unlearnt is answered"
    );

    let undone = workspace.ask(&rosie("!링크 취소")).await.text;
    assert!(undone.contains(guide), "{undone}");
    assert_eq!(workspace.ask(&elsewhere).await.text, guide);
    let list = workspace.ask(&Line::new("!link list")).await.text;
    assert!(
        list.contains("https://example.com/guide") && list.contains("로지"),
        "{list}"
    );
}
