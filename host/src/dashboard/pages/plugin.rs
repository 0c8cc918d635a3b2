//! One plugin: how it is, what it may, what can be ordered.

use super::super::ask::{Asks, Problem};
use super::super::frame::{Page, Place};
use super::super::html::{Address, Exact, Html, html, put};
use super::super::spark::spark;
use super::super::view::{Table, View, bytes, count, micros, pill};
use super::plugins::{calls, short, state};
use crate::control::{LimitRow, PluginList, PluginRow, State};
use crate::grants::Status;
use std::time::Duration;

/// The page; nothing if there is no such plugin.
pub async fn page(asks: &Asks, view: &View, name: &str) -> Result<Option<Page>, Problem> {
    let list: PluginList = asks.get("/v1/plugins").await?;
    let Some(plugin) = list.plugins.into_iter().find(|plugin| plugin.manifest.name == name) else {
        return Ok(None);
    };
    let limits: LimitRow = asks.get(&format!("/v1/plugins/{name}/limits")).await?;
    let calls = calls(asks, name).await?;
    let words: Vec<&str> = list
        .words
        .iter()
        .filter(|(_, owner)| *owner == name)
        .map(|(word, _)| word.as_str())
        .collect();
    let mut main = Html::new();
    orders(&mut main, view, &plugin);
    put!(&mut main; "<div class='live' id='state'>");
    troubles(&mut main, view, &plugin);
    numbers(&mut main, view, &plugin, &spark(view, &calls));
    put!(&mut main; "</div>");
    match asks.get::<Status>(&format!("/v1/plugins/{name}/grants")).await {
        Ok(status) => grants(&mut main, view, &status),
        Err(Problem(why)) => put!(&mut main; "" (view.refused(&why))),
    }
    limited(&mut main, view, &limits);
    versions(&mut main, view, &plugin, &words);
    let links = html!("<p class='links'><a href='" (Address::new("/log").with("plugin", name)) "'>" (view.t("로그", "Log"))
        "</a><a href='" (Address::new("/brain/list").with("plugin", name)) "'>" (view.t("브레인", "Brain")) "</a></p>");
    Ok(Some(Page::new(Place::Plugins, main).about(name).beside(links)))
}

fn orders(out: &mut Html, view: &View, plugin: &PluginRow) {
    let to = |what: &str| Address::new("/plugins").piece(&plugin.manifest.name).piece(what);
    put!(out; "<div class='orders' role='group' aria-label='" (view.t("할 일", "Actions")) "'>" (state(view, plugin)));
    match plugin.state {
        State::Stopped => put!(out; "" (view.button(&to("start"), view.t("시작", "Start"), "main"))),
        _ => put!(out; "" (view.button(&to("stop"), view.t("멈춤", "Stop"), "plain"))),
    }
    put!(out; "" (view.button(&to("restart"), view.t("다시 시작", "Restart"), "plain"))
        (view.careful(&to("rollback"), view.t("되돌리기", "Roll back"),
            view.t("이전에 돌던 버전이 다시 응답하고, 폴더의 파일도 그 버전으로 돌아갑니다.", "The version that served before serves again, and the file in the folder is put back."),
            view.t("이전 버전으로", "To the version before"))));
    if plugin.pinned.is_some() {
        put!(out; "" (view.button(&to("unpin"), view.t("고정 풀기", "Unpin"), "plain")));
    }
    put!(out; "</div>");
}

fn troubles(out: &mut Html, view: &View, plugin: &PluginRow) {
    if let Some(problem) = &plugin.problem {
        put!(out; "<section class='card bad'><h2>" (view.t("새 파일을 쓸 수 없어 이전 버전이 돕니다", "What is in its file cannot serve; the version before does"))
            "</h2><p lang='en'>" (problem) "</p></section>");
    }
    if let Some(until) = plugin.resting_until {
        put!(out; "<p class='notice odd'>" (view.t("계속 실패해서 쉽니다. 다시 시도: ", "It failed again and again and rests. Tried again: "))
            (view.time(until)) "</p>");
    }
    if let Some(fault) = &plugin.counts.last_fault {
        put!(out; "<section class='card odd'><h2>" (view.t("마지막 실패", "Last failure")) " <small>" (view.time(fault.at))
            "</small></h2><pre>" (fault.what) "</pre><p><a href='"
            (Address::new("/log").with("plugin", &plugin.manifest.name).with("invocation", &fault.invocation)) "'>"
            (view.t("이 호출의 로그", "Log of this call")) "</a></p></section>");
    }
}

fn numbers(out: &mut Html, view: &View, plugin: &PluginRow, spark: &Html) {
    let counts = &plugin.counts;
    let took = |value: Option<u64>| value.map_or_else(|| "–".to_owned(), micros);
    let mut numbers = Html::new();
    let mut one = |label: &str, value: &str, kind: &'static str| {
        put!(&mut numbers; "<div class='number'><dt>" (label) "</dt><dd class='" (kind) "'>" (value) "</dd></div>");
    };
    let bad = |number: u64| if number == 0 { "" } else { "bad" };
    one(view.t("호출", "Calls"), &count(counts.calls), "calls");
    one(view.t("실패", "Errors"), &count(counts.errors), bad(counts.errors));
    one(view.t("오류 종료", "Faults"), &count(counts.faults), bad(counts.faults));
    one("p50", &took(counts.p50_us), "");
    one("p99", &took(counts.p99_us), "");
    one(view.t("최대 메모리", "Most memory"), &bytes(counts.memory_peak), "");
    put!(out; "<dl class='numbers'>" (numbers) "<div class='number wide'><dt>" (view.t("최근 호출 시간", "Latency of the last calls"))
        "</dt><dd>" (spark) "</dd></div></dl>");
}

fn grants(out: &mut Html, view: &View, status: &Status) {
    let to = |what: &str| Address::new("/plugins").piece(&status.plugin).piece(what);
    put!(out; "<section class='card' id='grants'><h2>" (view.t("요청과 허락", "Requests and grants")) "</h2>");
    let mut table = Table::new(
        "grants",
        &[
            view.t("요청", "Request"),
            view.t("상태", "State"),
            view.t("할 일", "Action"),
        ],
    );
    // What was approved before and is not asked for any more counts too.
    let stale = status.approved.iter().filter(|line| !status.requested.contains(line));
    for line in status.requested.iter().chain(stale) {
        let field = html!("<input type='hidden' name='line' value='" (Exact(line)) "'>");
        let missing = status.missing.contains(line);
        let word = match () {
            () if status.denied.contains(line) => pill("bad", view.t("설정이 금지", "denied")),
            () if missing => pill("odd", view.t("허락 안 됨", "not granted")),
            () if status.approved.contains(line) => pill("good", view.t("허락함", "approved")),
            () => pill("good", view.t("설정이 허용", "granted")),
        };
        let act = match missing {
            true => view.form(&to("grant"), &field, view.t("허락", "Approve"), "main"),
            false => html!("<span class='soft'>–</span>"),
        };
        table.row(&[html!("<code>" (line) "</code>"), word, act]);
    }
    let nothing = view.t(
        "자기 브레인과 답장 말고는 아무것도 요청하지 않습니다.",
        "It asks for nothing beyond its own brain and answering.",
    );
    put!(out; "" (table.end(view.t("요청과 허락", "Requests and grants"), nothing)) "<div class='orders'>");
    if status.missing.len() > 1 {
        // Exactly what is shown here: another version may ask for more by then.
        let mut fields = Html::new();
        for line in &status.missing {
            put!(&mut fields; "<input type='hidden' name='line' value='" (Exact(line)) "'>");
        }
        put!(out; "" (view.form(&to("grant"), &fields, view.t("모두 허락", "Approve all"), "main")));
    }
    if !status.approved.is_empty() {
        put!(out; "" (view.careful(&to("withdraw"), view.t("허락 거두기", "Take back"),
            view.t("허락한 것을 모두 거둡니다. 설정 파일이 허용한 것은 그대로입니다.", "All that was approved is taken back. What the configuration grants stays."),
            view.t("모두 거두기", "Take back all"))));
    }
    put!(out; "</div></section>");
}

fn limited(out: &mut Html, view: &View, limits: &LimitRow) {
    let ms = |ms: u64| view.locale().duration(Duration::from_millis(ms));
    put!(out; "<section class='card'><h2>" (view.t("제한", "Limits")) "</h2><dl class='facts'>");
    let rows = [
        (view.t("CPU 시간", "CPU time"), "cpu", ms(limits.cpu_ms)),
        (view.t("걸리는 시간", "Time"), "wall", ms(limits.wall_ms)),
        (view.t("메모리", "Memory"), "memory", bytes(limits.memory)),
        (view.t("동시에", "At once"), "concurrency", count(limits.concurrency)),
        (view.t("대기열", "Queue"), "queue", count(limits.queue)),
        (view.t("메시지", "Messages"), "messages", count(limits.messages)),
        (
            view.t("호스트 호출", "Host calls"),
            "host-calls",
            count(limits.host_calls),
        ),
        (view.t("로그", "Log"), "log", bytes(limits.log)),
        (view.t("브레인", "Brain"), "brain", bytes(limits.brain)),
        (view.t("값 하나", "One value"), "value", bytes(limits.value)),
    ];
    for (name, key, value) in &rows {
        put!(out; "<div><dt>" (name) " <code>" (key) "</code></dt><dd>" (value) "</dd></div>");
    }
    put!(out; "</dl></section>");
}

fn versions(out: &mut Html, view: &View, plugin: &PluginRow, words: &[&str]) {
    let manifest = &plugin.manifest;
    put!(out; "<section class='card'><h2>" (view.t("버전과 파일", "Version and file")) "</h2><dl class='facts'>");
    put!(out; "<div><dt>" (view.t("버전", "Version")) "</dt><dd><code title='" (plugin.version) "'>" (short(&plugin.version))
        "</code> <span class='soft'>" (view.t("부터", "since")) " " (view.time(plugin.since)) "</span></dd></div>");
    put!(out; "<div><dt>" (view.t("파일", "File")) "</dt><dd><code>" (plugin.path.to_string_lossy()) "</code></dd></div>");
    if let Some(source) = &plugin.source {
        put!(out; "<div><dt>" (view.t("설치한 곳", "Installed from")) "</dt><dd><code>" (source) "</code></dd></div>");
    }
    if let Some(pinned) = &plugin.pinned {
        put!(out; "<div><dt>" (view.t("고정", "Pinned to")) "</dt><dd><code>" (pinned) "</code></dd></div>");
    }
    put!(out; "<div><dt>" (view.t("스스로 붙인 버전", "Its own version")) "</dt><dd>" (manifest.version) "</dd></div>");
    put!(out; "<div><dt>" (view.t("명령", "Commands")) "</dt><dd>" (words.join(", ")) "</dd></div></dl>");
    if !plugin.warnings.is_empty() {
        put!(out; "<ul class='warnings' lang='en'>");
        for warning in plugin.warnings.iter().take(20) {
            put!(out; "<li>" (warning) "</li>");
        }
        put!(out; "</ul>");
    }
    put!(out; "</section>");
}
