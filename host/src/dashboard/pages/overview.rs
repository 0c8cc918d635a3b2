//! How everything is, at one look.

use super::super::ask::{Asks, Problem};
use super::super::frame::{Page, Place};
use super::super::html::{Address, Html, html, put};
use super::super::view::{Table, View, bytes, count, micros};
use super::host;
use super::plugins::state;
use crate::control::http::path;
use crate::control::{JobList, PluginList, PluginRow, Row, State, Usage};
use crate::schedule::Row as Job;
use crate::sight::Status;

/// Plugins, records and due times that are told of.
const FEW: usize = 6;

/// The page.
pub async fn page(asks: &Asks, view: &View) -> Result<Page, Problem> {
    let status = asks.get::<Status>("/v1/status").await;
    let list: PluginList = asks.get("/v1/plugins").await?;
    let mut main = html!("<div class='live' id='overview'>");
    numbers(&mut main, view, &list);
    put!(&mut main; "<div class='columns'>");
    troubled(&mut main, view, &list);
    match &status {
        Ok(status) => {
            host::card(&mut main, view, status);
            host::work(&mut main, view, status);
            host::noticed(&mut main, view, status);
        }
        Err(Problem(why)) => put!(&mut main; "" (view.refused(why))),
    }
    busiest(&mut main, view, &list);
    records(&mut main, asks, view).await;
    due(&mut main, asks, view).await;
    remembered(&mut main, asks, view).await;
    put!(&mut main; "</div></div>");
    Ok(Page::new(Place::Overview, main))
}

fn numbers(out: &mut Html, view: &View, list: &PluginList) {
    let of = |state: State| list.plugins.iter().filter(|plugin| plugin.state == state).count() as u64;
    let calls: u64 = list.plugins.iter().map(|plugin| plugin.counts.calls).sum();
    let errors: u64 = list.plugins.iter().map(|plugin| plugin.counts.errors).sum();
    let broken = list.broken.len() as u64;
    let (resting, stopped) = (of(State::Resting), of(State::Stopped));
    put!(out; "<dl class='numbers'>");
    let mut one = |label: &str, value: u64, class: &'static str| {
        put!(out; "<div class='number'><dt>" (label) "</dt><dd class='" (class) "'>" (count(value)) "</dd></div>");
    };
    let if_any = |value: u64, class: &'static str| if value > 0 { class } else { "" };
    one(view.t("응답하는 플러그인", "Plugins serving"), of(State::Serving), "");
    one(view.t("쉬는 중", "Resting"), resting, if_any(resting, "odd"));
    one(view.t("멈춤", "Stopped"), stopped, "");
    one(view.t("읽지 못함", "Broken"), broken, if_any(broken, "bad"));
    one(view.t("호출", "Calls"), calls, "calls");
    one(view.t("실패", "Errors"), errors, if_any(errors, "bad"));
    put!(out; "</dl>");
}

fn troubled(out: &mut Html, view: &View, list: &PluginList) {
    let is_troubled =
        |plugin: &&PluginRow| plugin.state == State::Resting || !plugin.missing.is_empty() || plugin.problem.is_some();
    let found: Vec<&PluginRow> = list.plugins.iter().filter(is_troubled).collect();
    if found.is_empty() {
        return;
    }
    put!(out; "<section class='card odd'><h2>" (view.t("살펴볼 것", "Needs a look")) "</h2><ul class='plain'>");
    for plugin in found.iter().take(FEW * 2) {
        let name = &plugin.manifest.name;
        let why = match () {
            () if plugin.state == State::Resting => view.t("계속 실패해서 쉽니다", "rests after failures"),
            () if plugin.problem.is_some() => view.t("새 파일을 쓸 수 없습니다", "its new file cannot serve"),
            () => view.t("허락을 기다립니다", "asks for more than it is granted"),
        };
        put!(out; "<li><a href='" (Address::new("/plugins").piece(name)) "'>" (name) "</a> <span class='soft'>" (why) "</span></li>");
    }
    put!(out; "</ul></section>");
}

fn busiest(out: &mut Html, view: &View, list: &PluginList) {
    let mut plugins: Vec<&PluginRow> = list.plugins.iter().filter(|plugin| plugin.counts.calls > 0).collect();
    plugins.sort_by_key(|plugin| std::cmp::Reverse(plugin.counts.calls));
    let mut table = Table::new(
        "small",
        &[
            view.t("플러그인", "Plugin"),
            view.t("상태", "State"),
            view.t("호출", "Calls"),
            "p99",
        ],
    );
    for plugin in plugins.iter().take(FEW) {
        let name = &plugin.manifest.name;
        table.row(&[
            html!("<a href='" (Address::new("/plugins").piece(name)) "'>" (name) "</a>"),
            state(view, plugin),
            html!(""(count(plugin.counts.calls))),
            html!(""(plugin.counts.p99_us.map_or_else(|| "–".to_owned(), micros))),
        ]);
    }
    let nothing = view.t("아직 아무도 부르지 않았습니다.", "Nothing was called yet.");
    put!(out; "<section class='card'><h2>" (view.t("바쁜 플러그인", "Busiest plugins")) "</h2>"
        (table.end(view.t("바쁜 플러그인", "Busiest plugins"), nothing)) "</section>");
}

async fn records(out: &mut Html, asks: &Asks, view: &View) {
    let limit = FEW.to_string();
    let of = |which: &'static str| path("/v1/journal", &[("which", which), ("limit", &limit)]);
    let (open, failed) = (
        asks.get::<Vec<Row>>(&of("open")).await,
        asks.get::<Vec<Row>>(&of("failed")).await,
    );
    put!(out; "<section class='card'><h2><a href='/journal'>" (view.t("저널", "Journal")) "</a></h2>");
    let mut table = Table::new(
        "small",
        &[
            view.t("번호", "Number"),
            view.t("상태", "State"),
            view.t("받은 때", "Received"),
        ],
    );
    for row in open.iter().flatten().chain(failed.iter().flatten()).take(FEW) {
        table.row(&[
            html!("<a href='" (Address::new("/journal").piece(&row.seq.to_string())) "'>" (row.seq) "</a>"),
            super::journal::state(view, &row.state),
            view.time_of(&row.received),
        ]);
    }
    match open.as_ref().err().or(failed.as_ref().err()) {
        Some(Problem(why)) => put!(out; "" (view.refused(why))),
        None => {
            let nothing = view.t(
                "처리 중이거나 실패한 것이 없습니다.",
                "Nothing is open, nothing failed.",
            );
            put!(out; "" (table.end(view.t("처리 중이거나 실패한 기록", "Records that are open or failed"), nothing)));
        }
    }
    put!(out; "</section>");
}

async fn due(out: &mut Html, asks: &Asks, view: &View) {
    put!(out; "<section class='card'><h2><a href='/schedule'>" (view.t("곧 할 일", "Due next")) "</a></h2>");
    // Each job once: one that is due every second would leave no room for the others.
    let jobs = asks.get::<JobList>("/v1/schedule").await.map(|list| {
        let due = |job: Job| job.next.map(|next| (next, job.plugin, job.name));
        let mut jobs: Vec<_> = list.jobs.into_iter().filter_map(due).collect();
        jobs.sort();
        jobs
    });
    match jobs {
        Ok(jobs) if jobs.is_empty() => {
            put!(out; "<p class='empty'>" (view.t("예약 작업이 없습니다.", "There is no job.")) "</p>")
        }
        Ok(jobs) => {
            put!(out; "<ol class='due'>");
            for (next, plugin, name) in jobs.iter().take(FEW) {
                put!(out; "<li>" (view.time(*next)) " <b>" (plugin) "/" (name) "</b> <span class='soft'>"
                    (view.distance(*next)) "</span></li>");
            }
            put!(out; "</ol>");
        }
        Err(Problem(why)) => put!(out; "" (view.refused(&why))),
    }
    put!(out; "</section>");
}

async fn remembered(out: &mut Html, asks: &Asks, view: &View) {
    let Ok(usage) = asks.get::<Vec<Usage>>("/v1/brain/stats").await else {
        return;
    };
    let (keys, all) = usage
        .iter()
        .fold((0, 0), |(keys, all), one| (keys + one.keys, all + one.bytes));
    put!(out; "<section class='card'><h2><a href='/brain'>" (view.t("브레인", "Brain")) "</a></h2><dl class='facts'><div><dt>"
        (view.t("항목", "Entries")) "</dt><dd>" (count(keys)) "</dd></div><div><dt>" (view.t("크기", "Size")) "</dt><dd>"
        (bytes(all)) "</dd></div><div><dt>" (view.t("주인", "Holders")) "</dt><dd>" (usage.len()) "</dd></div></dl></section>");
}
