//! The host, as `moa status` tells it: what is connected, how much there is to do, how the store is, what went wrong last.

use super::super::html::{Html, html, put};
use super::super::view::{View, bytes, count, pill};
use crate::sight::{Connection, Status};
use std::time::Duration;

/// Errors that are told.
const FEW: usize = 8;

/// The card of the host.
pub fn card(out: &mut Html, view: &View, status: &Status) {
    let ready = match status.ready {
        true => pill("good", view.t("받는 중", "ready")),
        false => pill("bad", view.t("받지 않음", "not ready")),
    };
    put!(out; "<section class='card' id='host'><h2>" (view.t("호스트", "Host")) " " (ready) "</h2>");
    for reason in &status.reasons {
        put!(out; "<p class='notice odd' lang='en'>" (reason) "</p>");
    }
    let ms = |ms: Option<f64>| ms.map_or_else(|| "–".to_owned(), |ms| format!("{ms:.1} ms"));
    let store = match &status.store.problem {
        Some(problem) => html!("<b class='bad' lang='en'>" (problem) "</b>"),
        None => {
            let size = status
                .store
                .bytes
                .map(|size| format!(", {}", bytes(size)))
                .unwrap_or_default();
            html!("<code>" (status.store.url) "</code><br>" (ms(status.store.answer_ms)) (size))
        }
    };
    let listeners = [("http", &status.listeners.http), ("admin", &status.listeners.admin)];
    let listeners: Vec<Html> = listeners
        .iter()
        .filter_map(|(name, address)| {
            Some(html!("<div><small class='soft'>" (*name) "</small> <code>" (address.as_ref()?) "</code></div>"))
        })
        .collect();
    let facts = [
        (
            "moa",
            html!("" (status.version) " <span class='soft'>pid " (status.pid) "</span>"),
        ),
        (
            view.t("시작", "Since"),
            html!("" (view.time(status.since)) " <span class='soft'>" (view.distance(status.since)) "</span>"),
        ),
        (view.t("저장소", "Store"), store),
        (view.t("듣는 곳", "Listens at"), html!(""(listeners))),
        (
            view.t("메모리", "Memory"),
            html!(""(status.memory.map_or_else(|| "–".to_owned(), bytes))),
        ),
        (
            view.t("CPU 시간", "CPU time"),
            html!(""(status.cpu_seconds.map_or_else(
                || "–".to_owned(),
                |seconds| view.length(Duration::from_secs_f64(seconds.max(0.0)))
            ))),
        ),
        (
            view.t("열린 파일", "Open files"),
            html!(""(status.open_files.map_or_else(|| "–".to_owned(), count))),
        ),
    ];
    put!(out; "<dl class='facts'>");
    for (name, value) in &facts {
        put!(out; "<div><dt>" (*name) "</dt><dd>" (value) "</dd></div>");
    }
    put!(out; "</dl></section>");
}

/// The card of what there is to do, and of the connections.
pub fn work(out: &mut Html, view: &View, status: &Status) {
    let work = &status.work;
    let seconds = |seconds: f64| {
        view.locale()
            .duration(Duration::from_millis((seconds.max(0.0) * 1_000.0) as u64 / 100 * 100))
    };
    put!(out; "<section class='card' id='work'><h2>" (view.t("연결과 일", "Connections and work")) "</h2><dl class='facts'>");
    let facts = [
        (view.t("실행 중", "Running"), count(work.running as u64)),
        (view.t("기다림", "Waiting"), count(work.waiting as u64)),
        (
            view.t("끝나지 않은 것", "Open"),
            work.open.map_or_else(|| "–".to_owned(), |open| count(open as u64)),
        ),
        (
            view.t("가장 오래된 것", "Oldest of them"),
            work.lag_seconds.map_or_else(|| "–".to_owned(), seconds),
        ),
    ];
    for (name, value) in &facts {
        put!(out; "<div><dt>" (*name) "</dt><dd>" (value) "</dd></div>");
    }
    put!(out; "</dl>");
    match status.connections.as_slice() {
        [] => put!(out; "<p class='empty'>" (view.t("열린 연결이 없습니다.", "No connection is open.")) "</p>"),
        connections => {
            put!(out; "<ul class='plain connections'>");
            for connection in connections {
                put!(out; "<li>" (pill("good", &connection.service)) " <span class='soft'>" (said(view, connection)) "</span></li>");
            }
            put!(out; "</ul>");
        }
    }
    put!(out; "</section>");
}

fn said(view: &View, connection: &Connection) -> Html {
    let mut said = html!("" (view.t("연 때", "since")) " " (view.time(connection.since)) ", " (view.t("마지막 소식", "last heard")) " "
        (view.distance(connection.heard)));
    if let Some(ms) = connection.round_trip_ms {
        put!(&mut said; ", ping " (format!("{ms:.1} ms")));
    }
    said
}

/// The card of what went wrong last.
pub fn noticed(out: &mut Html, view: &View, status: &Status) {
    if status.noticed.is_empty() {
        return;
    }
    put!(out; "<section class='card' id='noticed'><h2>" (view.t("마지막 경고와 오류", "Last warnings and errors")) "</h2><ol class='plain'>");
    for one in status.noticed.iter().rev().take(FEW) {
        let text: String = one.text.chars().take(300).collect();
        let word = match one.level.as_str() {
            "error" => pill("bad", "error"),
            _ => pill("odd", "warn"),
        };
        put!(out; "<li>" (word) " " (view.time(one.at)) " <span lang='en'>" (text) "</span>");
        if one.times > 1 {
            put!(out; " <span class='soft'>×" (one.times) "</span>");
        }
        put!(out; "</li>");
    }
    put!(out; "</ol></section>");
}
