//! The playground's page, used as a person uses it: in a browser, by keyboard.

use super::support::bot::Plan;
use super::support::guests::{hello, links, lunch, memo};
use super::support::sim::Workspace;
use moa_test_browser::{Browser, Page};
use std::path::Path;

/// Types into the open conversation and sends it.
async fn write(page: &Page, text: &str) {
    page.focus("#composer").await.unwrap();
    page.type_text(text).await.unwrap();
    page.press("Enter").await.unwrap();
}

/// Waits until the page shows a message of the bot that holds `text`.
async fn shows(page: &Page, text: &str) {
    let text = serde_json::to_string(text).unwrap();
    let messages = "[...document.querySelectorAll('#messages [data-author=\"U0000000MOA\"]')]";
    page.wait_for(&format!(
        "{messages}.some(message => message.textContent.includes({text}))"
    ))
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_types_commands_and_sees_the_bot_answer() {
    let Some(browser) = Browser::start_or_skip().await.unwrap() else {
        return;
    };
    let workspace = Workspace::start().await;
    let _bot = Plan::new(&workspace).plugin(hello()).start().await;

    let page = browser.open(&workspace.page_url()).await.unwrap();
    page.wait_for("document.body.dataset.ready === 'true'").await.unwrap();
    page.wait_for("document.querySelector('#bot-state').dataset.connections > 0")
        .await
        .unwrap();
    page.click("[data-conversation=C00GENERAL0]").await.unwrap();

    write(&page, "!echo 안녕").await;
    shows(&page, "안녕").await;
    for number in 1..=3 {
        write(&page, "!count").await;
        shows(&page, &format!("{number}번째입니다.")).await;
    }
    write(&page, "!help").await;
    shows(&page, "echo").await;

    let picture = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .parent()
        .unwrap()
        .join("screenshots/e2e-page.png");
    page.screenshot(&picture).await.unwrap();
    assert!(
        std::fs::metadata(&picture).unwrap().len() > 10_000,
        "the picture is empty"
    );
}

/// What the bot said last, once it has said `count` things.
async fn answer(page: &Page, count: usize) -> String {
    let texts =
        "[...document.querySelectorAll('#messages [data-author=\"U0000000MOA\"] .text')].map((t) => t.innerText)";
    page.wait_for(&format!("{texts}.length === {count}")).await.unwrap();
    let last = page.eval(&format!("{texts}.at(-1)")).await.unwrap();
    last.as_str().unwrap().to_owned()
}

/// Whether these are teams of so many, of just these people.
fn is_teams(answer: &str, sizes: &[usize], people: &[&str]) -> bool {
    let lines = answer.lines().zip(1..);
    let teams: Option<Vec<Vec<&str>>> = lines
        .map(|(line, number)| Some(line.strip_prefix(&format!("{number}팀: "))?.split(", ").collect()))
        .collect();
    let Some(teams) = teams else { return false };
    let mut all = teams.concat();
    all.sort_unstable();
    let mut people = people.to_vec();
    people.sort_unstable();
    teams.iter().map(Vec::len).eq(sizes.iter().copied()) && all == people
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_bundled_plugins_answer_on_the_page_as_in_their_transcripts() {
    let Some(browser) = Browser::start_or_skip().await.unwrap() else {
        return;
    };
    let workspace = Workspace::start().await;
    let _bot = Plan::new(&workspace)
        .plugin(lunch())
        .plugin(memo())
        .plugin(links())
        .start()
        .await;
    let page = browser.open(&workspace.page_url()).await.unwrap();
    page.wait_for("document.body.dataset.ready === 'true'").await.unwrap();
    page.wait_for("document.querySelector('#bot-state').dataset.connections > 0")
        .await
        .unwrap();
    page.click("label:has([data-person=U00000ROSIE])").await.unwrap();
    page.click("[data-conversation=C0000LUNCH0]").await.unwrap();

    write(&page, "!ㅈㅅㅌ 3 로지,샐리,앨리,빈센트").await;
    let teams = answer(&page, 1).await;
    assert!(
        is_teams(&teams, &[2, 2], &["로지", "샐리", "앨리", "빈센트"]),
        "{teams}"
    );
    write(&page, "!wtx 3 로지,샐리,앨리").await;
    let teams = answer(&page, 2).await;
    assert!(is_teams(&teams, &[3], &["로지", "샐리", "앨리"]), "{teams}");
    write(&page, "!메모 점심 \"김밥 두 줄\"").await;
    assert_eq!(answer(&page, 3).await, "적어 두었습니다: 점심");
    write(&page, "!메모 점심").await;
    assert_eq!(answer(&page, 4).await, "김밥 두 줄");
    // Taught in this channel, heard in another.
    write(&page, "!링크 추가 가이드 https://example.com/guide").await;
    assert_eq!(answer(&page, 5).await, "배웠습니다: 가이드");
    page.click("[data-conversation=C00GENERAL0]").await.unwrap();
    write(&page, "가이드").await;
    assert_eq!(answer(&page, 1).await, "가이드: https://example.com/guide");
}
