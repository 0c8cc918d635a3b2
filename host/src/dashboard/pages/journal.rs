//! The accepted events: what their calls did, and how they ended.

use super::super::ask::{Asks, Problem};
use super::super::frame::{Page, Place};
use super::super::html::{Address, Html, html, put};
use super::super::view::{Table, View, pill};
use crate::control::http::path;
use crate::control::{Row, Shown};

/// Records on one page.
const PAGE: usize = 50;
/// Bytes of a text or an event that are shown.
const TEXT: usize = 12 << 10;
/// Effects that are shown.
const EFFECTS: usize = 60;

/// Which records.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// `open`, `failed` or `all`.
    pub which: String,
    /// Those before this one.
    pub before: Option<u64>,
}

/// How a record is, in a word.
pub fn state(view: &View, state: &str) -> Html {
    match state {
        "open" => pill("busy", view.t("처리 중", "open")),
        "done" => pill("good", view.t("끝남", "done")),
        "failed" => pill("bad", view.t("실패", "failed")),
        "diverged" => pill("bad", view.t("어긋남", "diverged")),
        "dropped" => pill("off", view.t("버림", "dropped")),
        other => pill("off", other),
    }
}

/// The list.
pub async fn page(asks: &Asks, view: &View, wanted: &Wanted) -> Result<Page, Problem> {
    let which = match wanted.which.as_str() {
        "open" => "open",
        "failed" => "failed",
        _ => "all",
    };
    let limit = (PAGE + 1).to_string();
    let before = wanted.before.map(|before| before.to_string());
    let mut query = vec![("which", which), ("limit", limit.as_str())];
    query.extend(before.as_deref().map(|before| ("before", before)));
    let rows: Vec<Row> = asks.get(&path("/v1/journal", &query)).await?;
    let mut main = html!("<nav class='tabs' aria-label='" (view.t("무엇을", "Which")) "'>");
    for (name, label) in [
        ("all", view.t("모두", "All")),
        ("open", view.t("처리 중", "Open")),
        ("failed", view.t("실패", "Failed")),
    ] {
        put!(&mut main; "<a href='" (Address::new("/journal").with("which", name)) "'");
        if name == which {
            main.markup(" aria-current='page'");
        }
        put!(&mut main; ">" (label) "</a>");
    }
    put!(&mut main; "</nav>");
    let mut table = Table::new(
        "journal",
        &[
            view.t("번호", "Number"),
            view.t("상태", "State"),
            view.t("받은 때", "Received"),
            view.t("어디서", "Where"),
            view.t("누가", "Who"),
            view.t("까닭", "Reason"),
        ],
    );
    for row in rows.iter().take(PAGE) {
        let reason: String = row.reason.as_deref().unwrap_or_default().chars().take(120).collect();
        table.row(&[
            html!("<a href='" (Address::new("/journal").piece(&row.seq.to_string())) "'>" (row.seq) "</a>"),
            state(view, &row.state),
            view.time_of(&row.received),
            html!("" (row.service) " <code>" (row.conversation) "</code>"),
            html!("<code>" (row.user) "</code>"),
            html!("<span lang='en'>" (reason) "</span>"),
        ]);
    }
    let nothing = view.t("그런 기록이 없습니다.", "There is no such record.");
    put!(&mut main; "<div class='live' id='records'>" (table.end(view.t("저널", "Journal"), nothing)) "</div>");
    if rows.len() > PAGE
        && let Some(last) = rows.get(PAGE - 1)
    {
        let to = Address::new("/journal")
            .with("which", which)
            .with("before", &last.seq.to_string());
        put!(&mut main; "<nav class='turn' aria-label='" (view.t("쪽", "Pages")) "'><a rel='next' href='" (to) "'>"
            (view.t("더 오래된 것", "Older")) " →</a></nav>");
    }
    Ok(Page::new(Place::Journal, main))
}

/// One record.
pub async fn one(asks: &Asks, view: &View, seq: u64) -> Result<Page, Problem> {
    let shown: Shown = asks.get(&format!("/v1/journal/{seq}")).await?;
    let row = &shown.row;
    let mut main = Html::new();
    orders(&mut main, view, row);
    if let Some(reason) = &row.reason {
        put!(&mut main; "<section class='card bad'><h2>" (view.t("까닭", "Reason")) "</h2><pre lang='en'>" (cut(reason)) "</pre></section>");
    }
    put!(&mut main; "<section class='card'><h2>" (view.t("무엇이 왔나", "What came")) "</h2><dl class='facts'>");
    let ended = row.ended.as_deref().map(|ended| view.time_of(ended));
    let facts = [
        (view.t("받은 때", "Received"), view.time_of(&row.received)),
        (view.t("끝난 때", "Ended"), ended.unwrap_or_else(|| html!("–"))),
        (view.t("서비스", "Service"), html!(""(row.service))),
        (view.t("어디서", "Where"), html!("<code>" (row.conversation) "</code>")),
        (view.t("누가", "Who"), html!("<code>" (row.user) "</code>")),
        (view.t("신원", "Identity"), html!("<code>" (row.identity) "</code>")),
    ];
    for (name, value) in &facts {
        put!(&mut main; "<div><dt>" (name) "</dt><dd>" (value) "</dd></div>");
    }
    put!(&mut main; "</dl>");
    if let Some(text) = &shown.text {
        put!(&mut main; "<pre>" (cut(text)) "</pre>");
    }
    put!(&mut main; "</section>");
    let mut table = Table::new(
        "effects",
        &[
            view.t("호출", "Call"),
            "#",
            view.t("버전", "Version"),
            view.t("한 일", "What came of it"),
        ],
    );
    for did in shown.effects.iter().take(EFFECTS) {
        let call = did.invocation.get(..12).unwrap_or(&did.invocation);
        table.row(&[
            html!("<a href='" (Address::new("/log").with("invocation", &did.invocation)) "'><code>" (call) "</code></a>"),
            html!("" (did.ordinal)),
            html!("<code>" (did.by.get(..12).unwrap_or(&did.by)) "</code>"),
            html!("<span lang='en'>" (did.answer) "</span>"),
        ]);
    }
    let nothing = view.t(
        "아직 바깥에 한 일이 없거나, 끝나서 잊었습니다.",
        "Its calls did nothing outside yet, or it is over and that is forgotten.",
    );
    put!(&mut main; "<section class='card'><h2>" (view.t("호출이 한 일", "What its calls did")) "</h2>"
        (table.end(view.t("호출이 한 일", "What its calls did"), nothing)) "</section>");
    if let Some(event) = &shown.event {
        let text = serde_json::to_string_pretty(event).unwrap_or_default();
        put!(&mut main; "<details class='card'><summary>" (view.t("이벤트 전체", "The whole event")) "</summary><pre>" (cut(&text)) "</pre></details>");
    }
    Ok(Page::new(Place::Journal, main).about(seq.to_string()))
}

fn orders(out: &mut Html, view: &View, row: &Row) {
    let to = |what: &str| Address::new("/journal").piece(&row.seq.to_string()).piece(what);
    put!(out; "<div class='orders' role='group' aria-label='" (view.t("할 일", "Actions")) "'>" (state(view, &row.state)));
    match row.state.as_str() {
        "open" => put!(out; "" (view.careful(&to("drop"), view.t("버리기", "Drop"),
            view.t("더 처리하지 않고 닫습니다.", "It is closed, and nothing more is done about it."), view.t("버리기", "Drop it")))),
        "done" => put!(out; "" (view.careful(&to("retry").with("fresh", "true"), view.t("한 번 더", "Once more"),
            view.t("이미 끝난 일을 처음부터 다시 합니다. 한 일도 다시 일어납니다.", "It is done once more from the beginning, and so is all that its calls did."),
            view.t("처음부터 다시", "Do it once more")))),
        _ => put!(out; "" (view.button(&to("retry"), view.t("다시 시도", "Retry"), "main"))),
    }
    out.markup("</div>");
}

fn cut(text: &str) -> String {
    match text.get(..text.floor_char_boundary(TEXT)) {
        Some(start) if start.len() < text.len() => format!("{start}…"),
        _ => text.to_owned(),
    }
}
