//! The playground's page, used as a person uses it: in a browser, by keyboard.

use super::support::bot::Plan;
use super::support::guests::{clerk, hello, links, lunch, memo, order};
use super::support::sim::Workspace;
use moa_test_browser::{Browser, Page};
use std::path::{Path, PathBuf};

/// Types into the open conversation and sends it.
async fn write(page: &Page, text: &str) {
    page.focus("#composer").await.unwrap();
    page.type_text(text).await.unwrap();
    page.press("Enter").await.unwrap();
}

/// Where a picture of the page goes.
fn picture(name: &str) -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    target.join(format!("screenshots/{name}.png"))
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

    let picture = picture("e2e-page");
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
    write(&page, "!링크 추가 가이드 https://example.com/guide").await;
    assert_eq!(answer(&page, 5).await, "배웠습니다: 가이드");
    write(&page, "가이드가 어디 있지?").await;
    assert_eq!(answer(&page, 6).await, "가이드: https://example.com/guide");
}

/// Speaks as somebody else.
async fn become_person(page: &Page, id: &str) {
    page.click(&format!("label:has([data-person={id}])")).await.unwrap();
}

/// Empties a field of the form and writes into it.
async fn fill(page: &Page, field: &str, text: &str) {
    page.focus(&format!("#modal [data-block={field}]")).await.unwrap();
    page.eval("document.activeElement.select()").await.unwrap();
    page.type_text(text).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_is_played_by_clicks_from_the_button_to_the_changed_message() {
    let Some(browser) = Browser::start_or_skip().await.unwrap() else {
        return;
    };
    let workspace = Workspace::start().await;
    let _bot = Plan::new(&workspace).plugin(order()).start().await;
    let page = browser.open(&workspace.page_url()).await.unwrap();
    page.wait_for("document.body.dataset.ready === 'true'").await.unwrap();
    page.wait_for("document.querySelector('#bot-state').dataset.connections > 0")
        .await
        .unwrap();
    become_person(&page, "U00000ROSIE").await;
    page.click("[data-conversation=C0000LUNCH0]").await.unwrap();
    let shoot = async |step: &str| page.screenshot(&picture(&format!("e2e-order-{step}"))).await.unwrap();

    // The button opens the form.
    write(&page, "!주문").await;
    page.wait_for("document.querySelector('#messages [data-action=\"order/open\"]')")
        .await
        .unwrap();
    shoot("1-button").await;
    page.click("#messages [data-action=\"order/open\"]").await.unwrap();
    page.wait_for("document.querySelector('#modal[open] [data-block=quantity]')")
        .await
        .unwrap();

    // More than there is: told at the field, and what was filled in stays.
    page.eval("(() => { const dish = document.querySelector('#modal [data-block=dish]'); dish.value = 'gimbap'; dish.dispatchEvent(new Event('change', {bubbles: true})); })()")
        .await
        .unwrap();
    page.click("#modal [data-block=size] input[value=large]").await.unwrap();
    fill(&page, "quantity", "21").await;
    fill(&page, "note", "단무지 많이").await;
    page.click("#modal-submit").await.unwrap();
    page.wait_for(
        "document.querySelector('#modal [data-in-block=quantity] .wrong')?.textContent === '1개부터 20개까지 주문할 수 있어요.'",
    )
    .await
    .unwrap();
    shoot("2-error").await;
    let note = page
        .eval("document.querySelector('#modal [data-block=note]').value")
        .await;
    assert_eq!(note.unwrap(), "단무지 많이");
    fill(&page, "quantity", "2").await;
    page.click("#modal-submit").await.unwrap();
    page.wait_for("!document.querySelector('#modal[open]')").await.unwrap();

    // What was ordered is asked back, everybody sees the buttons, and one decides.
    shows(&page, "로지님: 김밥 곱빼기 2개 (단무지 많이)").await;
    shows(&page, "이대로 주문할까요?").await;
    shoot("3-question").await;
    let confirm = "#messages [data-action^=\"order/confirm:\"]";
    become_person(&page, "U00000SALLY").await;
    page.wait_for(&format!("document.querySelector('{confirm}')"))
        .await
        .unwrap();
    page.click(confirm).await.unwrap();
    page.wait_for(
        "document.querySelector('#messages [data-ephemeral=true]')?.textContent.includes('로지님만 정할 수 있어요')",
    )
    .await
    .unwrap();
    shoot("4-not-yours").await;
    become_person(&page, "U00000ROSIE").await;
    page.wait_for("!document.querySelector('#messages [data-ephemeral=true]')")
        .await
        .unwrap();
    page.click(confirm).await.unwrap();
    shows(&page, "✅ 주문 1번 확정. 로지님: 김밥 곱빼기 2개 (단무지 많이)").await;
    page.wait_for(&format!("!document.querySelector('{confirm}')"))
        .await
        .unwrap();
    write(&page, "!주문 목록").await;
    page.wait_for("[...document.querySelectorAll('#messages pre')].some((table) => table.textContent.includes('김밥 곱빼기    2 단무지 많이'))")
        .await
        .unwrap();
    shoot("5-confirmed").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_that_needs_a_second_person_is_approved_on_the_page_by_one() {
    let Some(browser) = Browser::start_or_skip().await.unwrap() else {
        return;
    };
    let workspace = Workspace::start().await;
    let admins = "U00000ROSIE,U00000SALLY";
    let _bot = Plan::new(&workspace)
        .plugin(clerk())
        .env("MOA_BOT__ADMINS", admins)
        .start()
        .await;
    let page = browser.open(&workspace.page_url()).await.unwrap();
    page.wait_for("document.body.dataset.ready === 'true'").await.unwrap();
    page.wait_for("document.querySelector('#bot-state').dataset.connections > 0")
        .await
        .unwrap();
    become_person(&page, "U00000ROSIE").await;
    page.click("[data-conversation=C00GENERAL0]").await.unwrap();
    let shoot = async |step: &str| {
        page.screenshot(&picture(&format!("e2e-approval-{step}")))
            .await
            .unwrap()
    };
    let private = async |part: &str| {
        let part = serde_json::to_string(part).unwrap();
        page.wait_for(&format!(
            "[...document.querySelectorAll('#messages [data-ephemeral=true]')].some((one) => one.textContent.includes({part}))"
        ))
        .await
        .unwrap();
    };
    let button = |which: &str| format!("#messages [data-action^=\"/moa:run:\"][data-action$=\":{which}\"]");

    // Whose turn it is stands there, with all that would run.
    write(&page, "!demolish 탑").await;
    shows(&page, "승인이 필요합니다").await;
    shows(&page, "demolish").await;
    shows(&page, "what: \"탑\"").await;
    shows(&page, "이 명령을 실행할 수 있는 다른 사람이 결정합니다").await;
    for which in ["approve", "reject", "withdraw"] {
        let button = serde_json::to_string(&button(which)).unwrap();
        page.wait_for(&format!("document.querySelector({button})"))
            .await
            .unwrap();
    }
    shoot("1-waits").await;

    // Not who asked, and not who may not do it either.
    page.click(&button("approve")).await.unwrap();
    private("다른 사람이 승인해야 합니다").await;
    shoot("2-needs-another").await;
    become_person(&page, "U0000000BEN").await;
    page.click(&button("approve")).await.unwrap();
    private("Only somebody who may run this command can decide").await;

    become_person(&page, "U00000SALLY").await;
    page.click(&button("approve")).await.unwrap();
    shows(&page, "demolish 탑 (n=1, done=1)").await;
    // In the same message, for everybody: who decided, about what, and nothing to press any more.
    shows(&page, "님이 ").await;
    shows(&page, "승인했습니다").await;
    page.wait_for("!document.querySelector('#messages [data-action*=\"moa:run:\"]')")
        .await
        .unwrap();
    let decided = "[...document.querySelectorAll('#messages [data-author=\"U0000000MOA\"]')].find((one) => one.textContent.includes('승인했습니다'))";
    let decided = page.eval(&format!("{decided}.innerText")).await.unwrap();
    let decided = decided.as_str().unwrap();
    assert!(
        decided.contains("@샐리") && decided.contains("what: \"탑\"") && decided.contains("@로지"),
        "{decided}"
    );
    assert!(!decided.contains("승인이 필요합니다"), "{decided}");
    become_person(&page, "U00000ROSIE").await;
    shows(&page, "승인했습니다").await;
    shoot("3-approved").await;
}
