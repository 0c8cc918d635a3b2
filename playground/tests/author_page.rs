//! The part of the page for authors. Pictures land in `target/screenshots`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

mod support;

use moa_playground::{AuthorPanel, BuildCard, BuildNote, BuildState, Level, LogLine, PluginCard};
use moa_test_browser::Page;
use serde_json::{Value, json};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use support::page::{appears, goes, open, open_in, picture, stage, text};
use support::{Socket, act, ok, request, say};

const CALL: &str = "7c41d0e99ab2f3605d18";

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_millis()
        .try_into()
        .unwrap()
}

async fn tab(page: &Page, name: &str) {
    page.click(&format!("[data-tab={name}]")).await.unwrap();
    page.wait_for(&format!("!document.querySelector('#tab-{name}').hidden"))
        .await
        .unwrap();
}

fn hello() -> PluginCard {
    PluginCard {
        name: "hello".to_owned(),
        version: "9f2c51e07bd4aa10".to_owned(),
        file: "moa-data/plugins/hello.wasm".to_owned(),
        summary: "Says things back and counts.".to_owned(),
        since: now(),
        commands: ["!echo", "!메아리", "!count", "!세기"].map(str::to_owned).to_vec(),
        manifest: json!({"name": "hello", "commands": [{"name": "echo", "summary": "Says it back."}]}),
        ..PluginCard::default()
    }
}

fn lunch() -> PluginCard {
    PluginCard {
        name: "lunch".to_owned(),
        version: "03b7e6c1d95f2284".to_owned(),
        file: "moa-data/plugins/lunch.wasm".to_owned(),
        summary: "Makes teams for lunch, fair over time.".to_owned(),
        since: now(),
        commands: vec!["!점심팀".to_owned()],
        requests: vec!["users = true".to_owned()],
        manifest: json!({"name": "lunch"}),
        ..PluginCard::default()
    }
}

fn failed() -> BuildCard {
    BuildCard {
        name: "lunch".to_owned(),
        dir: "plugins/lunch".to_owned(),
        state: BuildState::Failed,
        at: now(),
        diagnostics: vec![
            BuildNote {
                level: Level::Error,
                file: "lunch/src/lib.rs".to_owned(),
                line: 24,
                column: 31,
                message: "cannot find value `nmaes` in this scope".to_owned(),
                details: "error[E0425]: cannot find value `nmaes` in this scope\n  --> lunch/src/lib.rs:24:31\n   |\n24 |     let teams = split(&nmaes, size);\n   |                        ^^^^^ help: a local variable with a similar name exists: `names`".to_owned(),
            },
            BuildNote {
                level: Level::Warn,
                file: "lunch/src/lib.rs".to_owned(),
                line: 3,
                column: 5,
                message: "unused import: `std::fmt`".to_owned(),
                details: "warning: unused import: `std::fmt`".to_owned(),
            },
        ],
        ..BuildCard::default()
    }
}

fn built(name: &str) -> BuildCard {
    BuildCard {
        name: name.to_owned(),
        dir: format!("plugins/{name}"),
        state: BuildState::Built,
        text: format!("{name}: built in 2.4 s, 84 kB, asks for nothing"),
        at: now(),
        ..BuildCard::default()
    }
}

fn log(panel: &AuthorPanel, invocation: &str, level: Level, text: &str, fault: bool) {
    let (invocation, text) = (invocation.to_owned(), text.to_owned());
    panel.log(LogLine {
        invocation,
        plugin: "hello".to_owned(),
        level,
        text,
        at: now(),
        fault,
    });
}

#[tokio::test]
async fn a_build_error_is_shown_with_its_place_and_goes_when_mended() {
    let Some((sim, browser)) = stage().await else {
        return;
    };
    let panel = sim.author();
    panel.set_builds(vec![built("hello")]);
    let page = open(&sim, &browser).await;
    let problems = |count: &str| format!("document.querySelector('#author-toggle').dataset.problems === '{count}'");
    page.wait_for(&problems("0")).await.unwrap();

    panel.set_builds(vec![built("hello"), failed()]);
    page.wait_for(&problems("1")).await.unwrap();
    // Above the conversation, for whoever has not opened the panel; it leads there.
    let told = text(&page, "#build-problems [data-problem=lunch]").await;
    assert_eq!(
        told,
        "lunch does not build lunch/src/lib.rs:24 cannot find value `nmaes` in this scope"
    );
    page.screenshot(&picture("author-problem")).await.unwrap();
    page.click("[data-problem=lunch]").await.unwrap();
    goes(&page, "[data-problem]").await;
    page.wait_for("document.querySelector('[data-build=lunch] [data-diagnostic=\"lunch/src/lib.rs:24\"]').open")
        .await
        .unwrap();
    let shown = page
        .eval("document.querySelector('[data-build=lunch] .where').textContent")
        .await
        .unwrap();
    assert_eq!(shown, "lunch/src/lib.rs:24:31");
    page.screenshot(&picture("author-builds")).await.unwrap();

    // A page that is opened now sees it too.
    let other = open(&sim, &browser).await;
    other.wait_for(&problems("1")).await.unwrap();

    // Out of sight again: told of again, until a build mends it.
    other.click("#author-close").await.unwrap();
    appears(&other, "[data-problem=lunch]").await;
    let mut again = failed();
    again.state = BuildState::Building;
    panel.set_builds(vec![built("hello"), again]);
    other.wait_for(&problems("0")).await.unwrap();
    appears(&other, "[data-problem=lunch]").await;

    panel.set_builds(vec![built("hello"), built("lunch")]);
    goes(&other, "[data-problem]").await;
    for page in [&page, &other] {
        page.wait_for(&problems("0")).await.unwrap();
    }
    page.wait_for("document.querySelector('[data-build=lunch]').dataset.state === 'built' && !document.querySelector('[data-diagnostic]')")
        .await
        .unwrap();
}

#[tokio::test]
async fn what_can_be_tried_is_what_the_plugins_answer() {
    let Some((sim, browser)) = stage().await else {
        return;
    };
    let page = open_in(&sim, &browser, "ko").await;
    page.click("[data-conversation=C000000DEV0]").await.unwrap();
    let tries = "[...document.querySelectorAll('#intro .tries button')].map((b) => b.textContent)";
    assert_eq!(
        page.eval(tries).await.unwrap(),
        json!(["!help", "!echo 안녕", "@moa help"])
    );
    let mut memo = hello();
    memo.manifest = json!({"name": "memo", "commands": [
        {"name": "memo", "examples": ["!memo", "!메모 점심"]}, {"name": "no"},
        {"name": "link", "subcommands": [{"name": "add", "examples": ["!link add x"]}]},
    ]});
    let mut order = hello();
    order.manifest = json!({"name": "order", "commands": [{"name": "order", "examples": ["!주문"]}]});
    sim.author().set_plugins(vec![memo, order]);
    page.wait_for(&format!("{tries}.length === 5")).await.unwrap();
    assert_eq!(
        page.eval(tries).await.unwrap(),
        json!(["!help", "!메모 점심", "!주문", "!link add x", "@moa help"]),
        "each plugin is seen"
    );
    page.click("#intro .tries button:nth-child(2)").await.unwrap();
    assert_eq!(
        page.eval("document.querySelector('#composer').value").await.unwrap(),
        "!메모 점심"
    );
    page.click("#language").await.unwrap();
    page.wait_for(&format!("{tries}[1] === '!memo'")).await.unwrap();

    // What a channel is for comes first there.
    let topic =
        json!({"user": "rosie", "channel": "#dev", "topic": "장애! · what is down: !watch status, !watch uptime"});
    act(&sim, "topic", topic).await;
    page.wait_for(&format!("{tries}.length === 4")).await.unwrap();
    assert_eq!(
        page.eval(tries).await.unwrap(),
        json!(["!help", "!watch status", "!watch uptime", "@moa help"])
    );
}

#[tokio::test]
async fn a_message_leads_to_the_log_of_its_call() {
    let Some((sim, browser)) = stage().await else {
        return;
    };
    let panel = sim.author();
    panel.set_plugins(vec![hello(), lunch()]);
    log(&panel, CALL, Level::Info, "<b>counting</b>", false);
    let page = open(&sim, &browser).await;
    log(&panel, "other", Level::Warn, "not this one", false);
    let metadata = json!({"event_type": "x", "event_payload": {"invocation": CALL, "ordinal": 1}});
    ok(
        &sim,
        "chat.postMessage",
        json!({"channel": "#general", "text": "42", "metadata": metadata}),
    )
    .await;
    page.click("[data-conversation=C00GENERAL0]").await.unwrap();
    page.wait_for("document.querySelector('#messages [data-tool=log]')")
        .await
        .unwrap();
    page.click("#messages [data-tool=log]").await.unwrap();
    let lines = "[...document.querySelectorAll('#log-lines .what')].map((l) => l.textContent)";
    page.wait_for(&format!("{lines}.length === 1")).await.unwrap();
    assert_eq!(page.eval(lines).await.unwrap(), json!(["<b>counting</b>"]));
    // It grows while one looks, by its own lines alone.
    log(&panel, "other", Level::Info, "nor this one", false);
    log(&panel, CALL, Level::Error, "it trapped", true);
    page.wait_for(&format!("{lines}.length === 2")).await.unwrap();
    page.click("#log-only").await.unwrap();
    page.wait_for(&format!("{lines}.length === 4")).await.unwrap();
    page.eval("document.querySelector('#log-level').value = 'warn'; document.querySelector('#log-level').dispatchEvent(new Event('change'))")
        .await
        .unwrap();
    assert_eq!(page.eval(lines).await.unwrap(), json!(["not this one", "it trapped"]));
    log(&panel, CALL, Level::Info, "too small a matter", false);

    // The fault stands with the plugin, and what the plugin asks for.
    tab(&page, "plugins").await;
    page.wait_for("document.querySelectorAll('[data-plugin=hello] .faults li').length === 1")
        .await
        .unwrap();
    let text = |selector: &str| format!("document.querySelector('{selector}').textContent");
    let lunch_facts = page.eval(&text("[data-plugin=lunch] .facts")).await.unwrap();
    assert!(lunch_facts.as_str().unwrap().contains("users = true"), "{lunch_facts}");
    let manifest = page.eval(&text("[data-plugin=hello] pre")).await.unwrap();
    assert!(manifest.as_str().unwrap().contains("\"name\": \"hello\""), "{manifest}");
    let mut broken = hello();
    broken.problem = "inspect: no component".to_owned();
    panel.set_plugins(vec![broken]);
    page.wait_for("document.querySelector('[data-plugin=hello] .trouble')?.textContent === 'inspect: no component' && !document.querySelector('[data-plugin=lunch]')")
        .await
        .unwrap();
}

#[tokio::test]
async fn frames_go_both_ways() {
    let Some((sim, browser)) = stage().await else {
        return;
    };
    let mut bot = Socket::greeted(&sim).await;
    let page = open(&sim, &browser).await;
    page.click("#author-toggle").await.unwrap();
    tab(&page, "frames").await;
    let of = |kind: &str, name: &str| {
        format!("document.querySelector('#frame-list [data-kind={kind}][data-name=\"{name}\"]')")
    };
    page.wait_for(&of("in", "hello")).await.unwrap();
    page.wait_for(&of("call", "apps.connections.open")).await.unwrap();
    say(&sim, "샐리", "#general", "!echo 안녕").await;
    let envelope = bot.next().await;
    bot.ack(&envelope).await;
    ok(&sim, "chat.postMessage", json!({"channel": "#general", "text": "안녕"})).await;
    page.wait_for(&of("out", "ack")).await.unwrap();
    page.wait_for(&of("call", "chat.postMessage")).await.unwrap();
    let event = of("in", "events_api");
    page.eval(&format!("{event}.querySelector('details').open = true"))
        .await
        .unwrap();
    page.wait_for(&format!("{event}.querySelector('pre')")).await.unwrap();
    let raw = page
        .eval(&format!("JSON.parse({event}.querySelector('pre').textContent)"))
        .await
        .unwrap();
    assert_eq!(raw, envelope, "as it was sent");

    // The endpoint itself: what is newer, nothing else, and only for this machine's tools.
    let answer = request(&sim, "GET", "/sim/frames?since=0", &[], b"").await.json();
    let next = answer["next"].as_u64().unwrap();
    assert_eq!(answer["frames"].as_array().unwrap().len() as u64, next);
    let later = request(&sim, "GET", &format!("/sim/frames?since={next}"), &[], b"")
        .await
        .json();
    assert_eq!(later["frames"], json!([]));
    for (path, headers, status) in [
        ("/sim/frames?since=x", &[][..], 400),
        ("/sim/frames?from=1", &[], 400),
        ("/sim/frames", &["Origin: http://evil.example"], 403),
    ] {
        assert_eq!(request(&sim, "GET", path, headers, b"").await.status, status, "{path}");
    }
}

#[tokio::test]
async fn it_looks_as_in_the_pictures() {
    let Some((sim, browser)) = stage().await else {
        return;
    };
    let mut bot = Socket::greeted(&sim).await;
    let panel = sim.author();
    panel.set_plugins(vec![hello(), lunch()]);
    panel.set_builds(vec![built("hello"), failed()]);
    let page = open_in(&sim, &browser, "en").await;
    page.resize(1440, 860).await.unwrap();
    page.click("[data-conversation=C0000LUNCH0]").await.unwrap();
    let asked = say(&sim, "로지", "#lunch", "!점심팀 2 로지,샐리,앨리,빈센트").await;
    let teams = "*오늘의 점심 팀* :ramen:\n1팀: 로지, 앨리\n2팀: 샐리, 빈센트";
    let metadata = json!({"event_type": "x", "event_payload": {"invocation": CALL, "ordinal": 1}});
    let posted = ok(
        &sim,
        "chat.postMessage",
        json!({"channel": "#lunch", "text": teams, "metadata": metadata}),
    )
    .await;
    let reaction = json!({"user": "샐리", "channel": "#lunch", "ts": posted["ts"], "name": "tada"});
    act(&sim, "react", reaction).await;
    say(&sim, "ben", "#lunch", "@moa echo see you at noon, @로지!").await;
    ok(
        &sim,
        "chat.postMessage",
        json!({"channel": "#lunch", "text": "see you at noon, 로지!"}),
    )
    .await;
    while let Some(envelope) = bot.next_within(Duration::from_millis(100)).await {
        bot.ack(&envelope).await;
    }
    for (level, text) in [
        (Level::Info, "2 teams of 4 people; last time they were 1 week ago"),
        (
            Level::Debug,
            "called ok=true cpu_us=412 wall_us=611 memory=1179648 host_calls=3",
        ),
    ] {
        log(&panel, CALL, level, text, false);
    }
    log(
        &panel,
        "b81f93e04c6d725aa01e",
        Level::Error,
        "the plugin trapped: integer divide by zero",
        true,
    );
    page.click("#author-toggle").await.unwrap();
    for name in ["plugins", "log", "frames", "builds"] {
        tab(&page, name).await;
        tokio::time::sleep(Duration::from_millis(150)).await;
        page.screenshot(&picture(&format!("author-{name}-light")))
            .await
            .unwrap();
    }
    page.prefer_dark(true).await.unwrap();
    page.screenshot(&picture("author-dark")).await.unwrap();
    // The thread takes the panel's place where there is no room for both.
    let thread = json!({"channel": "#lunch", "text": "네", "thread_ts": asked["ts"]});
    ok(&sim, "chat.postMessage", thread).await;
    page.wait_for("document.querySelector('#messages .replies')")
        .await
        .unwrap();
    page.click("#messages .replies").await.unwrap();
    page.wait_for("!document.querySelector('#thread').hidden && document.querySelector('#author').hidden")
        .await
        .unwrap();
    page.press("Alt+KeyP").await.unwrap();
    page.wait_for("document.querySelector('#thread').hidden && !document.querySelector('#author').hidden")
        .await
        .unwrap();
    page.prefer_dark(false).await.unwrap();
    page.focus("#composer").await.unwrap();
    page.type_text("@").await.unwrap();
    page.screenshot(&picture("author-completion")).await.unwrap();
    for width in [1000, 420] {
        page.resize(width, 780).await.unwrap();
        page.screenshot(&picture(&format!("author-{width}"))).await.unwrap();
        let overflow = page
            .eval("document.documentElement.scrollWidth > innerWidth")
            .await
            .unwrap();
        assert_eq!(overflow, Value::Bool(false), "nothing sticks out at {width}");
    }
}
