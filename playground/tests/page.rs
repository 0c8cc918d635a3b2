//! The page in a real browser. Pictures land in `target/screenshots`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

mod support;

use serde_json::json;
use support::page::{appears, goes, open, open_in, picture, stage, text};
use support::{QUIET, Socket, act, ok, record, request, say};

#[tokio::test]
async fn a_person_writes_and_the_bot_answers() {
    let Some((sim, browser)) = stage().await else {
        return;
    };
    let page = open(&sim, &browser).await;
    page.wait_for("document.querySelector('#bot-state').dataset.connections === '0'")
        .await
        .unwrap();
    let mut bot = Socket::greeted(&sim).await;
    page.wait_for("document.querySelector('#bot-state').dataset.connections === '1'")
        .await
        .unwrap();

    // As another person, with a line of two and a mention.
    page.click("label:has([data-person=U00000SALLY])").await.unwrap();
    page.click("[data-conversation=C000000DEV0]").await.unwrap();
    page.focus("#composer").await.unwrap();
    page.type_text("안녕 <b>@moa</b>").await.unwrap();
    page.press("Shift+Enter").await.unwrap();
    page.type_text("둘째 줄").await.unwrap();
    page.press("Enter").await.unwrap();
    page.wait_for("document.querySelectorAll('#messages [data-author=U00000SALLY]').length === 1")
        .await
        .unwrap();
    let said = &record(&sim, "message").await[0];
    assert_eq!(said["text"], "안녕 &lt;b&gt;<@U0000000MOA>&lt;/b&gt;\n둘째 줄");
    assert_eq!(
        (&said["user"], &said["channel"]),
        (&json!("U00000SALLY"), &json!("C000000DEV0"))
    );
    assert_eq!(text(&page, "#composer").await, "");
    assert_eq!(
        page.eval("document.querySelectorAll('#messages .text b').length")
            .await
            .unwrap(),
        0,
        "no HTML from text"
    );
    assert_eq!(text(&page, "#messages .mention").await, "@moa");
    let _ = bot.next().await;

    // The bot's post appears by itself, is edited, gets a reaction, goes away.
    let posted = ok(
        &sim,
        "chat.postMessage",
        json!({"channel": "#dev", "text": "*bold* `code` <https://a.example|link>"}),
    )
    .await;
    let item = format!("#messages [data-ts='{}']", posted["ts"].as_str().unwrap());
    page.wait_for(&format!(
        "document.querySelector(\"{item} strong\")?.textContent === 'bold'"
    ))
    .await
    .unwrap();
    assert_eq!(text(&page, &format!("{item} code")).await, "code");
    let href = page
        .eval(&format!("document.querySelector(\"{item} a\").href"))
        .await
        .unwrap();
    assert_eq!(href, "https://a.example/");
    ok(
        &sim,
        "chat.update",
        json!({"channel": "#dev", "ts": posted["ts"], "text": "new words"}),
    )
    .await;
    page.wait_for(&format!(
        "document.querySelector(\"{item} .text\").textContent.startsWith('new words')"
    ))
    .await
    .unwrap();
    ok(
        &sim,
        "reactions.add",
        json!({"channel": "#dev", "timestamp": posted["ts"], "name": "eyes"}),
    )
    .await;
    appears(&page, &format!("{item} [data-reaction=eyes]")).await;
    ok(&sim, "chat.delete", json!({"channel": "#dev", "ts": posted["ts"]})).await;
    goes(&page, &item).await;
}

#[tokio::test]
async fn enter_during_composition_sends_nothing() {
    let Some((sim, browser)) = stage().await else {
        return;
    };
    let page = open(&sim, &browser).await;
    page.focus("#composer").await.unwrap();
    page.eval(
        "window.keys = []; document.addEventListener('keydown', (e) => keys.push([e.isComposing, e.keyCode]), true)",
    )
    .await
    .unwrap();
    page.compose("아").await.unwrap();
    page.compose("안").await.unwrap();
    page.press_enter_while_composing().await.unwrap();
    page.wait_for("keys.length > 0").await.unwrap();
    tokio::time::sleep(QUIET).await;
    assert!(record(&sim, "message").await.is_empty(), "sent half a syllable");
    page.type_text("안녕").await.unwrap();
    page.press("Enter").await.unwrap();
    page.wait_for("document.querySelector('#messages [data-ts] .text')?.textContent === '안녕'")
        .await
        .unwrap();
    assert_eq!(record(&sim, "message").await.len(), 1);
    // Engines that forget `isComposing` still say 229.
    page.type_text("x").await.unwrap();
    page.press_enter_while_composing().await.unwrap();
    tokio::time::sleep(QUIET).await;
    assert_eq!(record(&sim, "message").await.len(), 1);
}

#[tokio::test]
async fn threads_direct_messages_and_whispers_have_their_places() {
    let Some((sim, browser)) = stage().await else {
        return;
    };
    let parent = say(&sim, "로지", "#dev", "parent").await;
    let reply = json!({"channel": "#dev", "text": "in the thread", "thread_ts": parent["ts"]});
    let reply = ok(&sim, "chat.postMessage", reply).await;
    let page = open(&sim, &browser).await;
    page.click("[data-conversation=C000000DEV0]").await.unwrap();
    assert_eq!(
        page.eval("document.querySelectorAll('#messages [data-ts]').length")
            .await
            .unwrap(),
        1
    );
    page.click("#messages .replies").await.unwrap();
    page.wait_for("document.querySelectorAll('#thread-messages [data-ts]').length === 2")
        .await
        .unwrap();
    page.focus("#thread-composer").await.unwrap();
    page.type_text("mine").await.unwrap();
    page.press("Enter").await.unwrap();
    page.wait_for("document.querySelectorAll('#thread-messages [data-ts]').length === 3")
        .await
        .unwrap();
    let said = record(&sim, "message").await.pop().unwrap();
    assert_eq!(said["thread_ts"], parent["ts"]);
    page.press("Escape").await.unwrap();
    page.wait_for("document.querySelector('#thread').hidden").await.unwrap();

    // A permalink opens the thread of a reply.
    let link = ok(
        &sim,
        "chat.getPermalink",
        json!({"channel": "C000000DEV0", "message_ts": reply["ts"]}),
    )
    .await;
    page.go(link["permalink"].as_str().unwrap()).await.unwrap();
    page.wait_for("!document.querySelector('#thread').hidden && document.querySelectorAll('#thread-messages [data-ts]').length === 3")
        .await
        .unwrap();

    // An ephemeral message is for its person alone; a slash command is shown to who typed it.
    page.click("label:has([data-person=U0000000BEN])").await.unwrap();
    page.focus("#composer").await.unwrap();
    page.type_text("/moa help").await.unwrap();
    page.press("Enter").await.unwrap();
    page.wait_for("document.querySelectorAll('#messages [data-ephemeral]').length === 2")
        .await
        .unwrap();
    assert_eq!(record(&sim, "slash").await[0]["command"], "/moa");
    page.click("label:has([data-person=U00000SALLY])").await.unwrap();
    page.wait_for("document.querySelectorAll('#messages [data-ephemeral]').length === 0")
        .await
        .unwrap();

    // Unread counts, and the direct message follows the person.
    ok(
        &sim,
        "chat.postMessage",
        json!({"channel": "U00000SALLY", "text": "psst"}),
    )
    .await;
    page.wait_for("document.querySelector('[data-conversation=D00000SALLY] .count')?.textContent === '1'")
        .await
        .unwrap();
    page.click("[data-conversation=D00000SALLY]").await.unwrap();
    page.wait_for("document.querySelector('#messages [data-ts] .text')?.textContent === 'psst'")
        .await
        .unwrap();
    page.click("label:has([data-person=U0000000BEN])").await.unwrap();
    page.wait_for("document.querySelector('[data-conversation=D0000000BEN]').getAttribute('aria-current') === 'true'")
        .await
        .unwrap();
}

#[tokio::test]
async fn it_looks_as_in_the_pictures() {
    let Some((sim, browser)) = stage().await else {
        return;
    };
    let mut bot = Socket::greeted(&sim).await;
    let page = open_in(&sim, &browser, "ko").await;
    page.screenshot(&picture("playground-first")).await.unwrap();

    let said = say(
        &sim,
        "로지",
        "#lunch",
        "@moa 안녕! 오늘 점심 팀을 정해 줄래? #dev 사람들도 와요",
    )
    .await;
    say(&sim, "로지", "#lunch", "!점심팀 2 로지,샐리,앨리,빈센트").await;
    let teams = "*오늘의 점심 팀* :ramen:\n1팀: 로지, 앨리\n2팀: 샐리, 빈센트\n&gt; 맛있게 드세요\n```let size = 2;\nteams(&amp;names, size)```";
    let posted = ok(&sim, "chat.postMessage", json!({"channel": "#lunch", "text": teams})).await;
    say(
        &sim,
        "ben",
        "#lunch",
        "Nice! `!점심팀 3` would be three, see https://example.com/teams?size=3&day=fri",
    )
    .await;
    let reply = json!({"channel": "#lunch", "text": "네, <@U00000ROSIE>님", "thread_ts": said["ts"]});
    ok(&sim, "chat.postMessage", reply).await;
    act(
        &sim,
        "react",
        json!({"user": "샐리", "channel": "#lunch", "ts": posted["ts"], "name": "tada"}),
    )
    .await;
    act(
        &sim,
        "react",
        json!({"user": "ben", "channel": "#lunch", "ts": posted["ts"], "name": "+1"}),
    )
    .await;
    ok(
        &sim,
        "chat.postEphemeral",
        json!({"channel": "#lunch", "user": "U00000ROSIE", "text": "혹시 `점심팀`을 찾으세요? ~점심탐~"}),
    )
    .await;
    let attachment = json!([{"color": "good", "title": "빌드 성공", "text": "main · 2분 13초", "fields": [{"title": "커밋", "value": "`a1b2c3d`"}, {"title": "테스트", "value": "412개 통과"}]}]);
    ok(
        &sim,
        "chat.postMessage",
        json!({"channel": "#lunch", "text": "", "attachments": attachment}),
    )
    .await;
    page.click("[data-conversation=C0000LUNCH0]").await.unwrap();
    page.wait_for("document.querySelectorAll('#messages [data-ts]').length === 6")
        .await
        .unwrap();
    page.screenshot(&picture("playground-light")).await.unwrap();
    page.click("#messages .replies").await.unwrap();
    page.prefer_dark(true).await.unwrap();
    page.wait_for("!document.querySelector('#thread').hidden")
        .await
        .unwrap();
    page.screenshot(&picture("playground-dark")).await.unwrap();
    page.press("Escape").await.unwrap();
    page.resize(420, 780).await.unwrap();
    page.screenshot(&picture("playground-narrow")).await.unwrap();
    let overflow = page
        .eval("document.documentElement.scrollWidth > innerWidth")
        .await
        .unwrap();
    assert_eq!(overflow, false, "nothing sticks out of a narrow page");
    drop(bot.next_within(QUIET).await);
    // Everything the page needs comes from the page's own server.
    let html = String::from_utf8(request(&sim, "GET", "/", &[], b"").await.body).unwrap();
    assert!(!html.contains("http"), "no external resources");
}
