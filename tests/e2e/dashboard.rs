//! The dashboard, used as an operator uses it: in a browser, by mouse and by keyboard, beside plugins that mean no good.

mod board;
mod people;

use super::support::bot::{Bot, Plan};
use super::support::guests::{almanac, altered, errands, hello, hostile, memo, put};
use super::support::process::{finish, moa};
use super::support::sim::{Line, Workspace};
use super::support::{DEADLINE, GLANCE, long};
use board::{Board, link, picture};
use moa_test_browser::Browser;
use moa_test_guests::misdeeds::limits;
use serde_json::{Value, json};
use std::path::Path;
use std::time::Instant;

const SCHEDULE: &str = "[plugin.almanac.grant]\nschedule = true\nconversations = [\"*\"]\n";

/// The lines of the audit log about what was done from the dashboard.
async fn audited(home: &Path) -> Vec<(String, String)> {
    let ended = finish(moa(home).args(["audit", "--json"])).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let lines = ended
        .stdout
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let by_session = lines.filter(|line| {
        line["who"]["id"]
            .as_str()
            .is_some_and(|id| id.starts_with("dashboard-"))
    });
    let told = by_session.map(|line| {
        assert_eq!(line["who"]["service"], "operator");
        let path = line["path"].as_array().unwrap();
        let words: Vec<&str> = path.iter().map(|word| word.as_str().unwrap()).collect();
        let command = format!("{} {}", line["command"].as_str().unwrap(), words.join(" "));
        (command, line["plugin"].as_str().unwrap_or_default().to_owned())
    });
    told.collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_opens_it_once_and_each_page_shows_what_there_is() {
    let Some(browser) = Browser::start_or_skip().await.unwrap() else {
        return;
    };
    let workspace = Workspace::start().await;
    let plan = Plan::new(&workspace).plugin(hello()).plugin(memo()).plugin(hostile());
    let bot = plan.plugin(almanac()).plugin(errands()).config(SCHEDULE).start().await;
    for n in 0..70 {
        workspace.ask(&Line::new(format!("!echo {n}"))).await;
    }
    workspace.ask(&Line::new("!trap")).await;
    workspace.ask(&Line::new("!memo 점심 \"<b id=pwned>김밥</b>\"")).await;

    let link = link(&bot).await;
    let board = Board::enter_by(&browser, &link).await;
    let (_, path) = link.split_once("/sign-in").unwrap();
    let second = Board::open(&browser, &board.origin, &format!("/sign-in{path}")).await;
    second.press("Sign in").await;
    assert!(second.text("h1").await.contains("void"));
    second.go("/plugins").await;
    // The browser is the same, so its session counts there too; the link was no way in.
    assert_eq!(second.text("h1").await, "Plugins");

    board.go("/").await;
    assert!(board.text("main").await.contains("Needs a look"));
    let host = board.text("#host").await;
    assert!(
        host.contains("ready") && host.contains("moa.redb") && host.contains(&board.origin),
        "{host}"
    );
    assert_eq!(board.count("#work .connections li").await, 2);
    assert!(board.text("#noticed").await.contains("hostile"));
    board.shoot("dashboard-overview").await;
    board.go("/plugins").await;
    let row = board.row("hello").await;
    assert!(row.contains("serving") && row.contains("70"), "{row}");
    assert!(board.row("errands").await.contains("asks for more"));
    assert_eq!(
        board.count("tr:has(a[href='/plugins/hello']) svg.spark polyline").await,
        1
    );
    assert_eq!(
        board.count("tr:has(a[href='/plugins/hostile']) svg.spark circle").await,
        1
    );
    board.shoot("dashboard-plugins").await;
    board.go("/plugins?text=echo").await;
    assert_eq!(board.count("tbody tr").await, 1, "a plugin is found by its command");
    board.go("/plugins/hostile").await;
    let page = board.text("main").await;
    assert!(
        page.contains("Last failure") && page.contains("128 MiB") && page.contains("CPU time"),
        "{page}"
    );
    board.go("/schedule").await;
    let page = board.text("main").await;
    assert!(
        page.contains("almanac/tick") && page.contains("almanac/yearly") && page.contains("Due next"),
        "{page}"
    );
    board.shoot("dashboard-schedule").await;
    board.go("/journal?which=failed").await;
    assert_eq!(board.count("tbody tr").await, 1);
    board.go("/journal").await;
    board.click("tbody tr:last-child a").await;
    let page = board.text("main").await;
    assert!(page.contains("!echo") || page.contains("job"), "{page}");
    board.go("/brain").await;
    board.click("a[href='/brain/list?plugin=memo']").await;
    board.shoot("dashboard-brain").await;
    board.click("tbody a").await;
    let page = board.text("main").await;
    assert!(page.contains("<b id=pwned>김밥</b>"), "{page}");
    assert!(
        page.contains("write-brain = true") && board.count("textarea").await == 0,
        "{page}"
    );
    assert_eq!(board.count("#pwned").await, 0);

    for path in [
        "/",
        "/plugins",
        "/plugins/errands",
        "/log",
        "/schedule",
        "/journal",
        "/brain",
        "/brain/list?plugin=memo",
    ] {
        board.go(path).await;
        let seen = board.page.eval(
            "(async () => { const page = await (await fetch(location.href)).text();
              const asked = performance.getEntriesByType('resource').map((entry) => entry.name);
              return { bytes: new Blob([page]).size, elsewhere: asked.filter((name) => !name.startsWith(location.origin)),
                       asked: asked.length, unnamed: [...document.querySelectorAll('input:not([type=hidden]), select, textarea')]
                         .filter((field) => !field.labels.length && !field.ariaLabel).length,
                       headings: document.querySelectorAll('h1').length, landmarks: document.querySelectorAll('main, nav').length }; })()",
        );
        let seen = seen.await.unwrap();
        assert!(seen["bytes"].as_u64().unwrap() < 50_000, "{path}: {seen}");
        assert_eq!(seen["elsewhere"], json!([]), "{path}");
        assert!(
            seen["asked"].as_u64().unwrap() >= 2 && seen["landmarks"].as_u64().unwrap() >= 2,
            "{path}: {seen}"
        );
        assert_eq!((&seen["unnamed"], &seen["headings"]), (&json!(0), &json!(1)), "{path}");
    }

    second.go("/log").await;
    second
        .until("document.querySelector('.stream').dataset.state === 'following'")
        .await;
    let out = finish(moa(bot.home()).args(["dashboard", "--sign-out"])).await;
    assert_eq!(out.stdout, "signed out: 1 sessions\n", "{out:?}");
    board.go("/plugins").await;
    assert!(board.text("main").await.contains("moa dashboard"));
    // Also what was open all the while ends.
    second
        .until("document.querySelector('h1')?.innerText.includes('not signed in')")
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_ordered_there_is_done_and_stands_in_the_audit_log() {
    let Some(browser) = Browser::start_or_skip().await.unwrap() else {
        return;
    };
    let workspace = Workspace::start().await;
    let plan = Plan::new(&workspace)
        .plugin(hello())
        .plugin(almanac())
        .plugin(errands());
    let bot = plan.plugin(memo()).plugin(hostile()).config(SCHEDULE).start().await;
    let board = Board::enter(&browser, &bot).await;

    // What a plugin asks for is approved, works, and is taken back.
    let reach = async || {
        workspace
            .ask(&Line::new("!direct U00000SALLY").at("#secret"))
            .await
            .text
    };
    assert!(reach().await.starts_with("Error::AccessDenied"));
    board.go("/plugins/errands").await;
    let line = "#grants tr:has(th code)";
    assert!(board.text("#grants").await.contains("users = true"));
    board.shoot("dashboard-grants").await;
    board
        .press_in(&format!("{line}:has(input[value='users = true'])"), "Approve")
        .await;
    assert!(board.notice().await.contains("errands: approved"));
    assert_eq!(reach().await, "whispered in D00000SALLY");
    board.press("Take back…").await;
    board.press("Take back all").await;
    assert!(reach().await.starts_with("Error::AccessDenied"));

    // Plugins stop and start.
    board.go("/plugins/hello").await;
    board.press("Stop").await;
    assert!(board.notice().await.contains("hello: stopped"));
    let said = workspace.ask(&Line::new("!echo x")).await.text;
    assert_ne!(said, "x");
    assert!(board.text(".orders").await.contains("stopped"));
    board.press("Start").await;
    assert_eq!(workspace.ask(&Line::new("!echo again")).await.text, "again");
    board.press("Restart").await;
    assert!(board.notice().await.contains("restarted"));
    let from = bot.lines();
    put(
        &altered(hello(), "That was number", "This was number"),
        &bot.plugins().join("hello.wasm"),
    );
    bot.log().wait_for(from, &["hello", "replaced"]).await;
    assert!(workspace.ask(&Line::new("!count")).await.text.starts_with("This"));
    board.press("Roll back…").await;
    board.press("To the version before").await;
    assert!(workspace.ask(&Line::new("!count")).await.text.starts_with("That"));
    board.press("Roll back…").await;
    board.press("To the version before").await;
    assert_eq!(
        board.count(".notice.bad[role=alert]").await,
        1,
        "there is none before that"
    );
    // A pin is taken off.
    let file = hello().to_str().unwrap();
    let installed = finish(moa(bot.home()).args(["plugin", "install", file])).await;
    assert_eq!(installed.code, Some(0), "{installed:?}");
    board.go("/plugins/hello").await;
    assert!(board.text("main").await.contains("Pinned to"));
    board.press("Unpin").await;
    assert!(!board.text("main").await.contains("Pinned to"));

    // Jobs rest and run.
    board.go("/schedule").await;
    let job = "tr:has(form[action*='name=yearly'])";
    board.press_in(job, "Pause").await;
    assert!(board.text(job).await.contains("paused"));
    board.press_in(job, "Resume").await;
    assert!(board.text(job).await.contains("waiting"));
    board.press_in(job, "Run now").await;
    assert!(board.notice().await.contains("almanac/yearly: a run was begun"));

    // A record that failed is tried again, and fails again.
    workspace.ask(&Line::new("!trap")).await;
    workspace.settled().await;
    let failed = async || {
        board.go("/plugins/hostile").await;
        board.text("dd.bad").await
    };
    assert_eq!(failed().await, "1");
    board.go("/journal?which=failed").await;
    board.click("tbody a").await;
    assert!(board.text("main").await.contains("!trap"));
    board.press("Retry").await;
    let begun = Instant::now();
    while failed().await != "2" {
        assert!(begun.elapsed() < DEADLINE, "the record did not run again");
        tokio::time::sleep(GLANCE).await;
    }

    let done = audited(bot.home()).await;
    let done: Vec<(&str, &str)> = done.iter().map(|(what, plugin)| (&**what, &**plugin)).collect();
    let expected = [
        ("dashboard sign-in", ""),
        ("plugin grant", "errands"),
        ("plugin deny", "errands"),
        ("plugin stop", "hello"),
        ("plugin start", "hello"),
        ("plugin restart", "hello"),
        ("plugin rollback", "hello"),
        ("plugin rollback", "hello"),
        ("plugin unpin", "hello"),
        ("schedule pause", "almanac"),
        ("schedule resume", "almanac"),
        ("schedule run", "almanac"),
        ("journal retry", ""),
    ];
    assert_eq!(done, expected);
}

/// The bot may have entries of its brain changed.
async fn writable(workspace: &Workspace) -> Bot {
    let plan = Plan::new(workspace).plugin(memo()).plugin(hello());
    plan.env("MOA_ADMIN__WRITE_BRAIN", "true").start().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_brain_is_written_where_the_configuration_allows_it() {
    let Some(browser) = Browser::start_or_skip().await.unwrap() else {
        return;
    };
    let workspace = Workspace::start().await;
    let bot = writable(&workspace).await;
    workspace.ask(&Line::new("!memo lunch \"two rolls\"")).await;
    let board = Board::enter(&browser, &bot).await;
    board.go("/brain/list?plugin=memo").await;
    board.click("tbody a").await;
    let text = board
        .page
        .eval("document.querySelector('textarea').value")
        .await
        .unwrap();
    let changed = text.as_str().unwrap().replace("two rolls", "three <i>rolls</i>");
    assert_ne!(text, changed.as_str(), "{text}");
    board.page.focus("textarea").await.unwrap();
    board.page.eval("document.activeElement.select()").await.unwrap();
    board.page.type_text(&changed).await.unwrap();
    board.press("Save").await;
    assert!(board.notice().await.contains("saved"));
    assert_eq!(
        workspace.ask(&Line::new("!memo lunch")).await.text,
        "three &lt;i&gt;rolls&lt;/i&gt;"
    );
    board.press("Delete…").await;
    board.press("Delete it").await;
    assert_ne!(
        workspace.ask(&Line::new("!memo lunch")).await.text,
        "three &lt;i&gt;rolls&lt;/i&gt;"
    );
    let done = audited(bot.home()).await;
    let done: Vec<&str> = done.iter().map(|(what, _)| &**what).collect();
    assert_eq!(done, ["dashboard sign-in", "brain set", "brain delete"]);
    let log = std::fs::read_dir(bot.home().join("data/audit")).unwrap();
    for file in log {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        assert!(!text.contains("rolls"), "what is remembered is nobody's business");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_is_followed_and_markup_in_it_stays_text_whatever_a_plugin_does() {
    let Some(browser) = Browser::start_or_skip().await.unwrap() else {
        return;
    };
    let workspace = Workspace::start().await;
    let bot = Plan::new(&workspace)
        .plugin(hello())
        .plugin(hostile())
        .config(&limits(1))
        .start()
        .await;
    // Markup in what it says of its end, and in the name of a file.
    let evil = altered(hostile(), "this was to be expected", "<img src=x id=pwned>abc");
    put(&evil, &bot.plugins().join("hostile.wasm"));
    put(b"none", &bot.plugins().join("<img src=x id=pwned>.wasm"));
    bot.log().wait_for(0, &["hostile", "replaced"]).await;
    let board = Board::enter(&browser, &bot).await;
    board.go("/log?plugin=hostile").await;
    board
        .until("document.querySelector('.stream').dataset.state === 'following'")
        .await;
    workspace.ask(&Line::new("!panic")).await;
    board
        .until("document.querySelector('#lines').innerText.includes('<img src=x id=pwned>')")
        .await;
    assert_eq!(board.count("#pwned").await, 0);
    board.shoot("dashboard-log").await;
    board.go("/log?plugin=hostile&text=PWNED&level=warn").await;
    board
        .until("document.querySelector('#lines').innerText.includes('<img src=x id=pwned>')")
        .await;
    let lines = board
        .page
        .eval("[...document.querySelectorAll('#lines li')].map((line) => line.innerText.toLowerCase())");
    let lines = lines.await.unwrap();
    let lines = lines.as_array().unwrap();
    assert!(
        lines.iter().all(|line| line.as_str().unwrap().contains("pwned")),
        "{lines:?}"
    );
    board.go("/plugins").await;
    assert!(board.text("main").await.contains("<img src=x id=pwned>"));
    board.go("/plugins/hostile").await;
    assert!(board.text("main").await.contains("<img src=x id=pwned>abc"));
    assert_eq!(board.count("#pwned").await, 0);

    // One floods its log, one computes for ever: the page goes on, and so do the others.
    board.go("/log").await;
    board
        .until("document.querySelector('.stream').dataset.state === 'following'")
        .await;
    for command in ["!chatter", "!loop", "!chatter", "!flood"] {
        workspace.send(&Line::new(command).by("sally").at("#lunch")).await;
    }
    let begun = Instant::now();
    let mut looks = 0;
    while begun.elapsed().as_secs() < 3 {
        let second = Board::open(&browser, &board.origin, "/plugins").await;
        assert!(second.row("hello").await.contains("serving"));
        assert_eq!(workspace.ask(&Line::new("!echo beside")).await.text, "beside");
        looks += 1;
    }
    assert!(looks > 1);
    board.until("document.querySelectorAll('#lines li').length > 50").await;
    let kept = board.count("#lines li").await;
    assert!(kept <= 1_000, "{kept}");
    workspace.settled_for(&[("sally", "#lunch")]).await;
}
