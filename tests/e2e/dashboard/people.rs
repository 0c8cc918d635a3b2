//! What people find there: by the keyboard, in their language, by day and night, and in numbers that are right.

use super::super::support::tally::Tally;
use super::*;
use std::time::{Duration, Instant};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_used_by_the_keyboard_alone_in_both_languages_and_by_day_and_night() {
    let Some(browser) = Browser::start_or_skip().await.unwrap() else {
        return;
    };
    let workspace = Workspace::start().await;
    let plan = Plan::new(&workspace).plugin(hello()).plugin(memo()).plugin(almanac());
    let bot = plan.plugin(hostile()).config(SCHEDULE).start().await;
    workspace.ask(&Line::new("!trap")).await;
    let board = Board::open(&browser, "", &link(&bot).await).await;
    // The button has the keyboard already.
    board.key("Enter").await;
    assert_eq!(board.text("h1").await, "Overview");

    board.page.press("Tab").await.unwrap();
    assert_eq!(board.focused().await, "Skip to the content");
    board.page.press("Enter").await.unwrap();
    board.until("document.activeElement.id === 'main'").await;
    board.page.press("?").await.unwrap();
    board.until("document.querySelector('#keys').open").await;
    board.shoot("dashboard-keys").await;
    board.page.press("Escape").await.unwrap();
    board.until("!document.querySelector('#keys').open").await;
    board.page.press("g").await.unwrap();
    board.key("p").await;
    assert_eq!(board.text("h1").await, "Plugins");
    board.page.press("/").await.unwrap();
    board.page.type_text("hello").await.unwrap();
    board.key("Enter").await;
    assert_eq!(board.count("tbody tr").await, 1);
    board.tab_to("hello").await;
    board.key("Enter").await;
    assert!(board.text("h1").await.contains("hello"));
    board.tab_to("Stop").await;
    let ring = board
        .page
        .eval("getComputedStyle(document.activeElement).outlineStyle")
        .await
        .unwrap();
    assert_eq!(ring, "solid", "the focus can be seen");
    board.key("Enter").await;
    assert!(board.notice().await.contains("stopped"));
    board.tab_to("Roll back…").await;
    board.page.press("Enter").await.unwrap();
    board.until("document.querySelector('details.careful[open]')").await;
    board.page.press("Escape").await.unwrap();
    board.until("!document.querySelector('details.careful[open]')").await;
    assert_eq!(board.focused().await, "Roll back…");
    board.tab_back_to("Start").await;
    board.key("Enter").await;
    assert!(board.notice().await.contains("started"));

    // Korean, and back.
    board.press("한국어").await;
    assert_eq!(board.page.eval("document.documentElement.lang").await.unwrap(), "ko");
    assert!(board.text("main").await.contains("최근 호출 시간") && board.text("nav").await.contains("실시간 로그"));
    board.go("/").await;
    assert!(board.text("main").await.contains("응답하는 플러그인"));

    // Night: by the system, and by the switch whatever the system says.
    let background = async || {
        board
            .page
            .eval("getComputedStyle(document.body).backgroundColor")
            .await
            .unwrap()
    };
    board.page.prefer_dark(false).await.unwrap();
    let day = background().await;
    board.page.prefer_dark(true).await.unwrap();
    let night = background().await;
    assert_ne!(day, night);
    board.press("☀").await;
    assert_eq!(background().await, day);
    board.page.prefer_dark(false).await.unwrap();
    board.press("☾").await;
    assert_eq!(background().await, night);
    board.go("/plugins/hostile").await;
    board.shoot("dashboard-plugin-dark").await;

    // A small telephone: nothing is wider than it.
    board.page.resize(360, 740).await.unwrap();
    for path in [
        "/",
        "/plugins",
        "/plugins/almanac",
        "/log",
        "/schedule",
        "/journal",
        "/brain",
        "/brain/list?plugin=almanac",
    ] {
        board.go(path).await;
        let wide = board.page.eval("document.documentElement.scrollWidth").await.unwrap();
        assert!(wide.as_u64().unwrap() <= 360, "{path} is {wide} wide");
    }
    board.go("/plugins").await;
    board.shoot("dashboard-narrow").await;
    board.press("English").await;
    board.press("Sign out").await;
    assert!(board.text("h1").await.contains("not signed in"));
    let left = std::fs::metadata(picture("dashboard-narrow")).unwrap().len();
    assert!(left > 5_000, "the picture is empty");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn its_numbers_are_those_of_the_people_who_asked() {
    let Some(browser) = Browser::start_or_skip().await.unwrap() else {
        return;
    };
    let commands: usize = if long() { 20_000 } else { 2_000 };
    let workspace = Workspace::start().await;
    // Nobody is turned away, so that each command is one call.
    let plan = Plan::new(&workspace).plugin(hello()).plugin(hostile());
    let bot = plan.config("[plugin.hello.limits]\nqueue = 20000\n").start().await;
    let board = Board::enter(&browser, &bot).await;
    board.go("/plugins/hello").await;
    let people = ["ben", "rosie", "sally", "ally"];
    let mut tally = Tally::new(workspace.sim());
    let mut answered = 0;
    for first in (0..commands).step_by(200) {
        let lines: Vec<Line> = (first..commands.min(first + 200))
            .map(|n| Line::new(format!("!echo n{n}.")).by(people[n % 4]))
            .collect();
        workspace.send_all(&lines).await;
        // So many at a time, and the record is followed, so that it makes no difference how long it is.
        let begun = Instant::now();
        while answered < first + lines.len() {
            let said = tally.look(Duration::from_millis(200)).await;
            answered += said.iter().filter(|said| said.text.starts_with('n')).count();
            assert!(
                begun.elapsed() < Duration::from_secs(45),
                "{answered} of {commands} are answered"
            );
        }
    }
    for _ in 0..3 {
        workspace.ask(&Line::new("!trap")).await;
    }
    for said in tally.look(Duration::from_millis(200)).await {
        assert!(!said.text.starts_with('n'), "answered twice: {}", said.text);
    }
    assert_eq!(answered, commands);
    // The page's own numbers follow by themselves.
    let shown = format!("document.querySelector('dd.calls').textContent.replaceAll(',', '') === '{commands}'");
    board.until(&shown).await;
    board.go("/plugins/hostile").await;
    assert_eq!(
        (board.text("dd.calls").await, board.text("dd.bad").await),
        ("3".into(), "3".into())
    );
    board.go("/").await;
    let all = board.text("dd.calls").await.replace(',', "");
    assert_eq!(all, (commands + 3).to_string());
}
