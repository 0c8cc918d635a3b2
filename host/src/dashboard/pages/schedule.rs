//! What plugins do at set times.

use super::super::ask::{Asks, Problem};
use super::super::frame::{Page, Place};
use super::super::html::{Address, Html, html, put};
use super::super::view::{Table, View, pill};
use crate::control::{DueList, JobList};
use crate::schedule::{JobState, Row};

/// Jobs on a page.
const PAGE: usize = 40;

/// The page; the how-manieth, from 0.
pub async fn page(asks: &Asks, view: &View, page: usize) -> Result<Page, Problem> {
    let list: JobList = asks.get("/v1/schedule").await?;
    let due: DueList = asks.get("/v1/schedule/next?count=12").await?;
    let pages = list.jobs.len().div_ceil(PAGE).max(1);
    let page = page.min(pages - 1);
    let mut table = Table::new(
        "jobs",
        &[
            view.t("작업", "Job"),
            view.t("상태", "State"),
            view.t("일정", "Schedule"),
            view.t("다음", "Next"),
            view.t("지난 실행", "Last run"),
            view.t("할 일", "Action"),
        ],
    );
    for job in list.jobs.iter().skip(page * PAGE).take(PAGE) {
        table.row(&cells(view, job));
    }
    let mut main = Html::new();
    let nothing = view.t("예약 작업이 없습니다.", "There is no job.");
    put!(&mut main; "<div class='live' id='jobs'>" (table.end(view.t("예약 작업", "Jobs"), nothing)) "</div>");
    if pages > 1 {
        put!(&mut main; "<nav class='turn' aria-label='" (view.t("쪽", "Pages")) "'>");
        for at in 0..pages.min(50) {
            let to = Address::new("/schedule").with("page", &at.to_string());
            match at == page {
                true => put!(&mut main; "<span aria-current='page'>" (at + 1) "</span>"),
                false => put!(&mut main; "<a href='" (to) "'>" (at + 1) "</a>"),
            }
        }
        put!(&mut main; "</nav>");
    }
    if !due.due.is_empty() {
        put!(&mut main; "<section class='card'><h2>" (view.t("곧 할 일", "Due next")) "</h2><ol class='due'>");
        for due in &due.due {
            put!(&mut main; "<li>" (view.time(due.due)) " <b>" (due.plugin) "/" (due.name) "</b> <span class='soft'>"
                (view.distance(due.due)) "</span></li>");
        }
        put!(&mut main; "</ol></section>");
    }
    Ok(Page::new(Place::Schedule, main))
}

fn cells(view: &View, job: &Row) -> [Html; 6] {
    let state = match job.state {
        JobState::Waiting => pill("good", view.t("기다림", "waiting")),
        JobState::Running => pill("busy", view.t("실행 중", "running")),
        JobState::Paused => pill("off", view.t("쉬게 함", "paused")),
        JobState::Idle => pill("off", view.t("플러그인 없음", "idle")),
        JobState::Broken => pill("bad", view.t("일정 오류", "broken")),
    };
    let schedule = match &job.schedule {
        Some(pattern) => html!("<code>" (pattern) "</code> <small class='soft'>" (job.timezone) "</small>"),
        None => html!(""(view.t("한 번", "once"))),
    };
    let next = match job.next {
        Some(next) => html!("" (view.time(next)) " <small class='soft'>" (view.distance(next)) "</small>"),
        None => html!("–"),
    };
    let last = match &job.last {
        Some(last) => {
            let word = match &last.failed {
                Some(why) => {
                    html!("<b class='bad'>" (view.t("실패", "failed")) "</b> <small lang='en'>" (why) "</small>")
                }
                None => html!(""(view.t("됨", "ok"))),
            };
            html!("" (view.time(last.ended)) " " (word))
        }
        None => html!("–"),
    };
    let to = |what: &'static str| Address::new(what).with("plugin", &job.plugin).with("name", &job.name);
    let mut acts = html!("<div class='orders'>"(view.button(
        &to("/schedule/run"),
        view.t("지금 실행", "Run now"),
        "plain"
    )));
    match job.state {
        JobState::Paused => {
            put!(&mut acts; "" (view.button(&to("/schedule/resume"), view.t("다시", "Resume"), "main")))
        }
        _ => put!(&mut acts; "" (view.button(&to("/schedule/pause"), view.t("쉬게", "Pause"), "plain"))),
    }
    acts.markup("</div>");
    let name = html!("<a href='" (Address::new("/plugins").piece(&job.plugin)) "'>" (job.plugin) "</a>/" (job.name));
    [name, state, schedule, next, last, acts]
}
