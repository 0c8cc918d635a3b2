//! What plugins log, and what comes while somebody looks.

use super::super::ask::{Asks, Problem};
use super::super::frame::{Page, Place};
use super::super::html::{Address, Html, html, put};
use super::super::view::View;
use crate::control::http::path;
use crate::logs::LogLine;

/// Lines that are shown at first.
const LINES: usize = 200;

/// The levels, the worst first.
const LEVELS: [&str; 4] = ["error", "warn", "info", "debug"];

/// What is looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Lines of this plugin alone.
    pub plugin: String,
    /// Lines at least as bad as this.
    pub level: String,
    /// Lines with this text in them.
    pub text: String,
    /// Lines of calls whose id begins so.
    pub invocation: String,
}

impl Wanted {
    /// What the host is asked for.
    pub fn request(&self, follow: bool) -> String {
        let (lines, follow) = (LINES.to_string(), follow.to_string());
        let level = LEVELS.iter().find(|level| **level == self.level);
        let named = [
            ("plugin", self.plugin.as_str()),
            ("invocation", self.invocation.as_str()),
            ("level", level.copied().unwrap_or_default()),
            ("grep", self.text.as_str()),
        ];
        let mut query = vec![("lines", lines.as_str()), ("follow", follow.as_str())];
        query.extend(named.into_iter().filter(|(_, value)| !value.is_empty()));
        path("/v1/logs", &query)
    }

    fn address(&self, to: &'static str) -> Address {
        Address::new(to)
            .with_some("plugin", Some(&self.plugin))
            .with_some("level", Some(&self.level))
            .with_some("text", Some(&self.text))
            .with_some("invocation", Some(&self.invocation))
    }
}

/// The page.
pub async fn page(asks: &Asks, view: &View, wanted: &Wanted) -> Result<Page, Problem> {
    let (lines, problem) = match asks.lines::<LogLine>(&wanted.request(false)).await {
        Ok(lines) => (lines, None),
        Err(Problem(why)) => (Vec::new(), Some(why)),
    };
    let mut shown = Html::new();
    for line in lines.iter().skip(lines.len().saturating_sub(budgeted(&lines))) {
        put!(&mut shown; "" (row(view, line)));
    }
    let mut main = Html::new();
    filters(&mut main, view, wanted);
    if let Some(why) = problem {
        put!(&mut main; "" (view.refused(&why)));
    }
    put!(&mut main; "<div class='stream' data-zone='" (view.zone.iana_name().unwrap_or("UTC")) "' data-from='" (wanted.address("/log/stream")) "' data-waiting='"
        (view.t("연결하는 중…", "connecting…")) "' data-following='" (view.t("이어서 보는 중", "following"))
        "' data-paused='" (view.t("멈춤", "paused")) "' data-lost='" (view.t("끊김, 다시 연결합니다", "lost, trying again"))
        "' data-skipped='" (view.t("줄을 건너뜀", "lines skipped")) "'>");
    put!(&mut main; "<div class='streambar'><span id='stream-state' role='status'>" (view.t("스크립트가 꺼져 있으면 새로 고쳐 보세요", "Without script, load again to see more"))
        "</span><button id='stream-pause' type='button' class='plain' hidden aria-pressed='false'>" (view.t("멈추기", "Pause"))
        "</button></div>");
    put!(&mut main; "<ol id='lines' class='lines' tabindex='0' role='log' aria-live='off' aria-label='" (view.t("로그", "Log")) "'>"
        (shown) "</ol></div>");
    Ok(Page::new(Place::Log, main))
}

/// How many of the last lines fit into a page of a decent size.
fn budgeted(lines: &[LogLine]) -> usize {
    let mut room: usize = 24 << 10;
    let mut count = 0;
    for line in lines.iter().rev().take(LINES) {
        match room.checked_sub(text(line).len() + 220) {
            Some(left) => room = left,
            None => break,
        }
        count += 1;
    }
    count
}

/// As much of a line as is shown on the page.
fn text(line: &LogLine) -> &str {
    line.text
        .get(..line.text.floor_char_boundary(2_000))
        .unwrap_or_default()
}

fn row(view: &View, line: &LogLine) -> Html {
    html!("<li class='" (line.level) "'>" (view.time(line.time)) "<b>" (line.level) "</b><a href='"
        (Address::new("/log").with("plugin", &line.plugin)) "'>" (line.plugin) "</a><span>" (text(line)) "</span></li>")
}

fn filters(out: &mut Html, view: &View, wanted: &Wanted) {
    let every = view.t("모든 단계", "Every level");
    put!(out; "<form class='filters' role='search' action='/log'><label>" (view.t("플러그인", "Plugin"))
        "<input name='plugin' value='" (wanted.plugin) "' size='14' autocomplete='off' spellcheck='false'></label><label>"
        (view.t("단계", "Level")) "<select name='level'><option value=''>" (every) "</option>");
    for level in LEVELS {
        put!(out; "<option");
        if level == wanted.level {
            out.markup(" selected");
        }
        put!(out; ">" (level) "</option>");
    }
    put!(out; "</select></label><label>" (view.t("글", "Text")) "<input type='search' name='text' value='" (wanted.text)
        "' autocomplete='off'></label>");
    if !wanted.invocation.is_empty() {
        put!(out; "<label>" (view.t("호출", "Call")) "<input name='invocation' value='" (wanted.invocation) "' size='14'></label>");
    }
    put!(out; "<button class='main'>" (view.t("거르기", "Filter")) "</button></form>");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_is_asked_for_what_is_looked_for() {
        let wanted = Wanted {
            plugin: "a&b".into(),
            level: "warn".into(),
            text: "disk is".into(),
            invocation: String::new(),
        };
        let asked = wanted.request(true);
        assert_eq!(
            asked,
            "/v1/logs?lines=200&follow=true&plugin=a%26b&level=warn&grep=disk+is"
        );
        let nonsense = Wanted {
            level: "\"><b>".into(),
            ..Wanted::default()
        };
        assert_eq!(nonsense.request(false), "/v1/logs?lines=200&follow=false");
    }
}
