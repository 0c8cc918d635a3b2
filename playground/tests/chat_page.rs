//! What makes the page a chat: completion, reactions, edits, files, what is unread, keys.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

mod support;

use moa_playground::Playground;
use moa_test_browser::{Browser, Page};
use serde_json::{Value, json};
use support::page::{appears, goes, open, stage, text};
use support::{Socket, act, ok, record, request, say};

const ROSIE: &str = "U00000ROSIE";

/// The page, speaking as Rosie in #dev.
async fn open_dev(sim: &Playground, browser: &Browser) -> Page {
    let page = open(sim, browser).await;
    page.click("[data-conversation=C000000DEV0]").await.unwrap();
    page
}

async fn value(page: &Page) -> Value {
    page.eval("document.querySelector('#composer').value").await.unwrap()
}

fn message(posted: &Value) -> String {
    format!("#messages [data-ts='{}']", posted["ts"].as_str().unwrap())
}

#[tokio::test]
async fn people_and_channels_are_completed() {
    let Some((sim, browser)) = stage().await else {
        return;
    };
    let page = open_dev(&sim, &browser).await;
    page.focus("#composer").await.unwrap();
    page.type_text("안녕 @샐").await.unwrap();
    page.wait_for("document.querySelectorAll('.choices:not([hidden]) li').length === 1")
        .await
        .unwrap();
    page.press("Enter").await.unwrap();
    assert_eq!(value(&page).await, "안녕 @샐리 ");
    assert!(record(&sim, "message").await.is_empty(), "Enter took the choice only");

    // By the other name too, the second choice by arrow, and by Tab.
    page.type_text("@").await.unwrap();
    page.press("ArrowDown").await.unwrap();
    page.press("ArrowUp").await.unwrap();
    page.press("Tab").await.unwrap();
    assert_eq!(value(&page).await, "안녕 @샐리 @moa ");
    page.type_text("a@b #lu").await.unwrap();
    page.press("Escape").await.unwrap();
    page.wait_for("document.querySelector('.choices').hidden")
        .await
        .unwrap();
    page.type_text("n").await.unwrap();
    page.press("Enter").await.unwrap();
    assert_eq!(value(&page).await, "안녕 @샐리 @moa a@b #lunch ");
    page.press("Enter").await.unwrap();
    page.wait_for("document.querySelectorAll('#messages .mention').length === 3")
        .await
        .unwrap();
    let said = &record(&sim, "message").await[0];
    assert_eq!(
        said["text"].as_str().unwrap().trim_end(),
        "안녕 <@U00000SALLY> <@U0000000MOA> a@b <#C0000LUNCH0|lunch>"
    );

    // While an input method composes, its Enter is its own.
    page.type_text("@").await.unwrap();
    page.compose("빈").await.unwrap();
    page.wait_for("document.querySelectorAll('.choices:not([hidden]) li').length === 1")
        .await
        .unwrap();
    page.press_enter_while_composing().await.unwrap();
    assert_eq!(value(&page).await, "@빈");
}

#[tokio::test]
async fn people_react_edit_and_delete() {
    let Some((sim, browser)) = stage().await else {
        return;
    };
    let page = open_dev(&sim, &browser).await;
    let theirs = say(&sim, "샐리", "#dev", "점심?").await;
    let mine = say(&sim, "로지", "#dev", "@샐리 네 & 아니요 <3").await;
    let (their_item, my_item) = (message(&theirs), message(&mine));
    appears(&page, &my_item).await;

    page.click(&format!("{their_item} [data-tool=more]")).await.unwrap();
    page.click(&format!("{their_item} [data-emoji=tada]")).await.unwrap();
    page.wait_for(&format!(
        "document.querySelector(\"{their_item} [data-reaction=tada][aria-pressed=true]\")"
    ))
    .await
    .unwrap();
    let reaction = &record(&sim, "reaction").await[0];
    assert_eq!((&reaction["user"], &reaction["name"]), (&json!(ROSIE), &json!("tada")));
    page.click(&format!("{their_item} [data-reaction=tada]")).await.unwrap();
    goes(&page, &format!("{their_item} [data-reaction]")).await;
    let others = page
        .eval(&format!("document.querySelector(\"{their_item} [data-tool=edit]\")"))
        .await
        .unwrap();
    assert_eq!(others, Value::Null, "others' messages are theirs");

    // The last own message by ArrowUp, as it was typed; Escape leaves it, Enter saves it.
    page.focus("#composer").await.unwrap();
    page.press("ArrowUp").await.unwrap();
    let field = format!("document.querySelector(\"{my_item} .editor\")");
    page.wait_for(&field).await.unwrap();
    assert_eq!(
        page.eval(&format!("{field}.value")).await.unwrap(),
        "@샐리 네 & 아니요 <3"
    );
    page.press("Escape").await.unwrap();
    page.wait_for(&format!("!{field} && document.activeElement.id === 'composer'"))
        .await
        .unwrap();
    page.press("ArrowUp").await.unwrap();
    page.wait_for(&field).await.unwrap();
    page.type_text("!").await.unwrap();
    page.press("Enter").await.unwrap();
    appears(&page, &format!("{my_item} .edited")).await;
    let edit = &record(&sim, "edit").await[0];
    assert_eq!(edit["text"], "<@U00000SALLY> 네 &amp; 아니요 &lt;3!");

    // Gone after the second click only.
    let delete = format!("{my_item} [data-tool=delete]");
    page.click(&delete).await.unwrap();
    page.wait_for(&format!("document.querySelector(\"{delete}\").dataset.sure"))
        .await
        .unwrap();
    assert!(record(&sim, "delete").await.is_empty());
    page.click(&delete).await.unwrap();
    goes(&page, &my_item).await;
}

/// A square of 2 × 2 dots.
const PNG: &[u8] = &[
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48, 0x44, 0x52, 0x00, 0x00, 0x00,
    0x02, 0x00, 0x00, 0x00, 0x02, 0x01, 0x00, 0x00, 0x00, 0x00, 0x5a, 0xcd, 0x30, 0x89, 0x00, 0x00, 0x00, 0x0c, 0x49,
    0x44, 0x41, 0x54, 0x78, 0x9c, 0x63, 0x70, 0x60, 0x68, 0x00, 0x00, 0x01, 0x44, 0x00, 0xc1, 0x3a, 0x7a, 0x1c, 0x56,
    0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82,
];

async fn upload(sim: &Playground, name: &str, content: &[u8]) -> Value {
    let got = ok(
        sim,
        "files.getUploadURLExternal",
        json!({"filename": name, "length": content.len()}),
    )
    .await;
    let path = format!("/upload/{}", got["file_id"].as_str().unwrap());
    let sent = request(sim, "POST", &path, &["Content-Type: application/octet-stream"], content).await;
    assert_eq!(sent.status, 200);
    got["file_id"].clone()
}

#[tokio::test]
async fn files_and_blocks_are_shown() {
    let Some((sim, browser)) = stage().await else {
        return;
    };
    let page = open_dev(&sim, &browser).await;
    let files = json!([
        {"id": upload(&sim, "square.png", PNG).await},
        {"id": upload(&sim, "evil.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>").await, "title": "그림"},
    ]);
    ok(
        &sim,
        "files.completeUploadExternal",
        json!({"files": files, "channel_id": "C000000DEV0", "initial_comment": "보세요"}),
    )
    .await;
    page.wait_for("document.querySelector('#messages .picture img')?.naturalWidth === 2")
        .await
        .unwrap();
    let shown = "[...document.querySelectorAll('#messages .file')].map((f) => f.textContent.trim())";
    assert_eq!(
        page.eval(shown).await.unwrap(),
        json!(["square.png 69 B", "📄 그림 41 B"]),
        "a picture that may hold scripts is a file"
    );
    let blocks = json!([
        {"type": "header", "text": {"type": "plain_text", "text": "*H*"}},
        {"type": "rich_text", "elements": [
            {"type": "rich_text_section", "elements": [
                {"type": "text", "text": "bold", "style": {"bold": true}},
                {"type": "link", "url": "javascript:alert(1)", "text": "no link"},
                {"type": "user", "user_id": ROSIE},
            ]},
            {"type": "rich_text_list", "style": "bullet", "elements": [
                {"type": "rich_text_section", "elements": [{"type": "text", "text": "one"}]},
            ]},
        ]},
        {"type": "actions", "elements": [
            {"type": "button", "text": {"type": "plain_text", "text": "확인"}, "action_id": "a", "style": "primary"},
        ]},
        {"type": "image", "image_url": "https://example.com/x.png", "alt_text": "a cat"},
    ]);
    ok(
        &sim,
        "chat.postMessage",
        json!({"channel": "#dev", "text": "x", "blocks": blocks}),
    )
    .await;
    page.wait_for("document.querySelector('#messages .block.header')?.textContent === '*H*'")
        .await
        .unwrap();
    let parts = page
        .eval(
            "(() => { const of = (s) => [...document.querySelectorAll(`#messages .block ${s}`)].map((e) => e.textContent);
               return [of('strong'), of('a'), of('.mention'), of('li'), of('button.button')]; })()",
        )
        .await
        .unwrap();
    assert_eq!(
        parts,
        json!([["bold"], ["🖼 a cat"], ["@로지"], ["one"], ["확인"]]),
        "a link only where it leads to the web"
    );
}

#[tokio::test]
async fn attachments_and_sections_are_shown() {
    let Some((sim, browser)) = stage().await else {
        return;
    };
    let page = open_dev(&sim, &browser).await;
    let message = json!({
        "channel": "#dev",
        "text": "x",
        "blocks": [
            {"type": "section", "text": {"type": "mrkdwn", "text": "*오늘* 메뉴"},
             "fields": [{"type": "mrkdwn", "text": "국: `미역국`"}, {"type": "plain_text", "text": "*밥*"}]},
            {"type": "divider"},
            {"type": "context", "elements": [{"type": "mrkdwn", "text": "_3분 전_"}]},
        ],
        "attachments": [{
            "color": "#2eb67d", "pretext": "빌드", "title": "성공", "text": "*main*", "footer": "2분",
            "fields": [{"title": "커밋", "value": "`a1b2c3d`", "short": true}],
        }, {
            "fallback": "a title in its place", "title": "A &lt;b&gt;", "title_link": "https://example.com/b",
            "fields": [{"title": "Short", "value": "1", "short": true}, {"title": "Long", "value": "2", "short": false}],
        }, {
            "fallback": "nothing else",
        }],
    });
    ok(&sim, "chat.postMessage", message).await;
    appears(&page, "#messages .attachment").await;
    let parts = page
        .eval(
            "(() => { const of = (s) => [...document.querySelectorAll(`#messages ${s}`)].map((e) => e.textContent.trim());
               return [of('.block strong'), of('.block.fields > div'), of('.block hr').length, of('.block.context em'),
                       of('.attachment strong'), of('.attachment .note'), of('.attachment code')]; })()",
        )
        .await
        .unwrap();
    assert_eq!(
        parts,
        json!([
            ["오늘", "커밋", "Short", "Long"],
            ["국: 미역국", "*밥*", "커밋a1b2c3d", "Short1", "Long2"],
            1,
            ["3분 전"],
            ["성공", "main", "커밋", "A <b>", "Short", "Long"],
            ["2분"],
            ["a1b2c3d"]
        ])
    );
    let more = page
        .eval(
            "(() => { const [, titled, bare] = document.querySelectorAll('#messages .attachment');
               const wide = (e) => Math.round(10 * e.offsetWidth / e.parentNode.offsetWidth) / 10;
               return [titled.textContent, titled.querySelector('a').href, wide(titled.querySelector('.fields').lastChild),
                       wide(titled.querySelector('.fields').firstChild) < 0.6, bare.textContent]; })()",
        )
        .await
        .unwrap();
    assert_eq!(
        more,
        json!(["A <b>Short1Long2", "https://example.com/b", 1, true, "nothing else"])
    );
    let colour = "getComputedStyle(document.querySelector('#messages .attachment')).borderLeftColor";
    assert_eq!(page.eval(colour).await.unwrap(), "rgb(46, 182, 125)");
}

#[tokio::test]
async fn it_is_light_or_dark_and_says_when_the_workspace_is_gone() {
    let Some((sim, browser)) = stage().await else {
        return;
    };
    let bot = Socket::greeted(&sim).await;
    let page = open_dev(&sim, &browser).await;
    // How bright the page and its text are, from 0 to 255.
    let brightness = "['backgroundColor', 'color'].map((what) => {
        const parts = getComputedStyle(document.body)[what].match(/[\\d.]+/g).slice(0, 3);
        return Math.round(parts.reduce((sum, part) => sum + Number(part), 0) / 3);
    })";
    for (dark, words) in [(false, "light"), (true, "dark")] {
        page.prefer_dark(dark).await.unwrap();
        let shown = page.eval(brightness).await.unwrap();
        let (back, ink) = (shown[0].as_u64().unwrap(), shown[1].as_u64().unwrap());
        assert_eq!(back < ink, dark, "{words}: {shown}");
        assert!(back.abs_diff(ink) > 150, "hard to read when {words}: {shown}");
    }
    page.wait_for("document.querySelector('#bot-state').dataset.connections === '1'")
        .await
        .unwrap();
    drop(bot);
    page.wait_for("document.querySelector('#bot-state').dataset.connections === '0'")
        .await
        .unwrap();
    let waiting = text(&page, "#bot-state").await;
    sim.shutdown().await;
    let gone = format!("document.querySelector('#bot-state').textContent !== {waiting}");
    page.wait_for(&gone).await.unwrap();
}

#[tokio::test]
async fn keys_lead_through_the_page_and_what_is_new_is_marked() {
    let Some((sim, browser)) = stage().await else {
        return;
    };
    let bot = Socket::greeted(&sim).await;
    let page = open_dev(&sim, &browser).await;
    let open_is = |id: &str| {
        format!("document.querySelector('[data-conversation={id}]').getAttribute('aria-current') === 'true'")
    };
    page.press("Alt+ArrowUp").await.unwrap();
    page.wait_for(&open_is("C0000LUNCH0")).await.unwrap();
    page.press("Alt+ArrowDown").await.unwrap();
    page.wait_for(&open_is("C000000DEV0")).await.unwrap();

    say(&sim, "샐리", "#general", "처음").await;
    say(&sim, "샐리", "#general", "둘째").await;
    page.wait_for("document.title.startsWith('(2) ')").await.unwrap();
    page.press("Alt+Shift+ArrowDown").await.unwrap();
    page.wait_for(&open_is("C00GENERAL0")).await.unwrap();
    page.wait_for("!document.title.startsWith('(')").await.unwrap();
    let first = "[...document.querySelectorAll('.unread-from')].map((m) => m.querySelector('.text').textContent)";
    assert_eq!(page.eval(first).await.unwrap(), json!(["처음"]));

    // What is edited meanwhile doesn't take the mark away, and not the field of who edits.
    page.eval("document.querySelector('#composer').value = ''")
        .await
        .unwrap();
    let said = say(&sim, "로지", "#general", "mine").await;
    appears(&page, &message(&said)).await;
    page.focus("#composer").await.unwrap();
    page.press("ArrowUp").await.unwrap();
    page.wait_for("document.querySelector('.editor')").await.unwrap();
    let reaction = json!({"user": "샐리", "channel": "#general", "ts": said["ts"], "name": "eyes"});
    act(&sim, "react", reaction).await;
    say(&sim, "샐리", "#general", "after").await;
    page.wait_for("document.querySelector('#messages').textContent.includes('after')")
        .await
        .unwrap();
    assert_eq!(
        page.eval("Boolean(document.querySelector('.editor'))").await.unwrap(),
        true
    );
    page.press("Escape").await.unwrap();
    page.wait_for(&format!(
        "document.querySelector(\"{} [data-reaction=eyes]\")",
        message(&said)
    ))
    .await
    .unwrap();
    assert_eq!(page.eval(first).await.unwrap(), json!(["처음"]));

    page.click("#keys-open").await.unwrap();
    page.wait_for("document.querySelector('#keys-help').open && document.querySelectorAll('#keys-help dt').length > 5")
        .await
        .unwrap();
    page.press("Escape").await.unwrap();
    page.wait_for("!document.querySelector('#keys-help').open")
        .await
        .unwrap();
    drop(bot);
}
