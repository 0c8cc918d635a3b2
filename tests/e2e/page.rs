//! The playground's page, used as a person uses it: in a browser, by keyboard.

use super::support::bot::Plan;
use super::support::guests::hello;
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
