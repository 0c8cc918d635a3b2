//! The plugins, each in a line.

use super::super::ask::{Asks, Problem};
use super::super::frame::{Page, Place};
use super::super::html::{Address, Html, html, put};
use super::super::spark::spark;
use super::super::view::{Table, View, count, micros, pill};
use crate::control::{PluginList, PluginRow, State, Took};

/// Plugins on one page.
const PAGE: usize = 25;

/// What is looked for.
#[derive(Debug, Default)]
pub struct Wanted {
    /// Part of a name, a word or a description.
    pub text: String,
    /// The how-manieth page, from 0.
    pub page: usize,
}

/// How a plugin is, in a word.
pub fn state(view: &View, plugin: &PluginRow) -> Html {
    match plugin.state {
        State::Serving => pill("good", view.t("응답 중", "serving")),
        State::Resting => pill("odd", view.t("쉬는 중", "resting")),
        State::Stopped => pill("off", view.t("멈춤", "stopped")),
        State::Idle => pill("off", view.t("대기", "idle")),
    }
}

/// The first digits of a version.
pub fn short(version: &str) -> &str {
    version.get(..12).unwrap_or(version)
}

/// The last calls of a plugin.
pub async fn calls(asks: &Asks, plugin: &str) -> Result<Vec<Took>, Problem> {
    asks.get(&format!("/v1/plugins/{plugin}/calls")).await
}

/// The page.
pub async fn page(asks: &Asks, view: &View, wanted: &Wanted) -> Result<Page, Problem> {
    let list: PluginList = asks.get("/v1/plugins").await?;
    let text = wanted.text.to_lowercase();
    let fits = |plugin: &&PluginRow| {
        let manifest = &plugin.manifest;
        let words = || {
            list.words
                .iter()
                .any(|(word, owner)| *owner == manifest.name && word.contains(&text))
        };
        text.is_empty() || manifest.name.contains(&text) || words()
    };
    let found: Vec<&PluginRow> = list.plugins.iter().filter(fits).collect();
    let pages = found.len().div_ceil(PAGE).max(1);
    let page = wanted.page.min(pages - 1);
    let mut main = Html::new();
    if list.incomplete {
        put!(&mut main; "<p class='notice odd'>" (view.t("플러그인을 아직 읽는 중입니다.", "Plugins are still being loaded.")) "</p>");
    }
    broken(&mut main, view, &list);
    let mut table = Table::new(
        "plugins",
        &[
            view.t("플러그인", "Plugin"),
            view.t("상태", "State"),
            view.t("호출", "Calls"),
            view.t("실패", "Errors"),
            "p50",
            "p99",
            view.t("최근 호출", "Latency"),
            view.t("버전", "Version"),
        ],
    );
    for plugin in found.iter().skip(page * PAGE).take(PAGE) {
        let calls = calls(asks, &plugin.manifest.name).await?;
        table.row(&cells(view, plugin, &calls));
    }
    let nothing = view.t("플러그인이 없습니다.", "There is no plugin.");
    put!(&mut main; "<div class='live' id='plugins'>" (table.end(view.t("플러그인", "Plugins"), nothing)) "</div>");
    turn(&mut main, view, wanted, page, pages);
    Ok(Page::new(Place::Plugins, main).beside(search(view, &wanted.text)))
}

fn cells(view: &View, plugin: &PluginRow, calls: &[Took]) -> [Html; 8] {
    let (manifest, counts) = (&plugin.manifest, &plugin.counts);
    let mut name = html!("<a href='" (Address::new("/plugins").piece(&manifest.name)) "'>" (manifest.name) "</a>");
    if !plugin.missing.is_empty() {
        put!(&mut name; " " (pill("odd", view.t("허락 필요", "asks for more"))));
    }
    if plugin.problem.is_some() {
        put!(&mut name; " " (pill("bad", view.t("새 파일 오류", "new file broken"))));
    }
    let took = |value: Option<u64>| html!(""(value.map_or_else(|| "–".to_owned(), micros)));
    let errors = match counts.errors {
        0 => html!("0"),
        errors => html!("<b class='bad'>" (count(errors)) "</b>"),
    };
    let mut version = html!("<code>" (short(&plugin.version)) "</code>");
    if plugin.pinned.is_some() {
        put!(&mut version; " " (pill("off", view.t("고정", "pinned"))));
    }
    [
        name,
        state(view, plugin),
        html!(""(count(counts.calls))),
        errors,
        took(counts.p50_us),
        took(counts.p99_us),
        spark(view, calls),
        version,
    ]
}

fn broken(out: &mut Html, view: &View, list: &PluginList) {
    if list.broken.is_empty() {
        return;
    }
    put!(out; "<section class='card bad'><h2>" (view.t("읽지 못한 파일", "Files that could not be loaded")) "</h2><dl class='facts'>");
    for broken in list.broken.iter().take(PAGE) {
        let reason: String = broken.reason.chars().take(400).collect();
        put!(out; "<div><dt><code>" (broken.name) "</code></dt><dd lang='en'>" (broken.stage) ": " (reason) "</dd></div>");
    }
    put!(out; "</dl></section>");
}

fn search(view: &View, text: &str) -> Html {
    let label = view.t("이름이나 명령으로 찾기", "Find by name or command");
    html!("<form class='search' role='search' action='/plugins'><input type='search' name='text' value='" (text)
        "' placeholder='" (label) "' aria-label='" (label) "'><button>" (view.t("찾기", "Find")) "</button></form>")
}

fn turn(out: &mut Html, view: &View, wanted: &Wanted, page: usize, pages: usize) {
    if pages < 2 {
        return;
    }
    let to = |page: usize| {
        Address::new("/plugins")
            .with_some("text", Some(&wanted.text))
            .with("page", &page.to_string())
    };
    put!(out; "<nav class='turn' aria-label='" (view.t("쪽", "Pages")) "'>");
    if page > 0 {
        put!(out; "<a rel='prev' href='" (to(page - 1)) "'>← " (view.t("이전", "Before")) "</a>");
    }
    put!(out; "<span>" (page + 1) " / " (pages) "</span>");
    if page + 1 < pages {
        put!(out; "<a rel='next' href='" (to(page + 1)) "'>" (view.t("다음", "Next")) " →</a>");
    }
    put!(out; "</nav>");
}
