//! What plugins remember: to be looked at and, where the configuration allows it, to be changed.

use super::super::ask::{Asks, Problem};
use super::super::frame::{Page, Place};
use super::super::html::{Address, Exact, Html, html, is_tricky, put};
use super::super::view::{Table, View, bytes, count};
use crate::control::http::path;
use crate::control::lines::EntryLine;
use crate::control::{Listed, Usage};

/// Entries on one page.
const PAGE: usize = 50;
/// Pages that are turned to; beyond them a beginning of the key finds more.
const PAGES: usize = 20;
/// Bytes of a value that are shown.
const SHOWN: usize = 24 << 10;
/// The holder's name of what all plugins share.
const SHARED: &str = "shared brain";

/// Which entries.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// The plugin.
    pub plugin: String,
    /// The scope, or nothing for all.
    pub scope: String,
    /// How the key begins.
    pub prefix: String,
    /// The how-manieth page, from 0.
    pub page: usize,
}

impl Wanted {
    fn address(&self) -> Address {
        Address::new("/brain/list")
            .with_some("plugin", Some(&self.plugin))
            .with_some("scope", Some(&self.scope))
            .with_some("prefix", Some(&self.prefix))
    }
}

/// One entry.
#[derive(Clone, Debug, Default)]
pub struct At {
    /// The plugin; nothing where the brain is shared.
    pub plugin: String,
    /// The scope.
    pub scope: String,
    /// The key.
    pub key: String,
}

impl At {
    /// Its place, below another.
    fn address(&self, to: &'static str) -> Address {
        Address::new(to)
            .with("plugin", &self.plugin)
            .with("scope", &self.scope)
            .with("key", &self.key)
    }

    /// What the host is asked for.
    pub fn request(&self) -> String {
        let query = [("plugin", &*self.plugin), ("scope", &*self.scope), ("key", &*self.key)];
        path("/v1/brain/entry", &query)
    }

    /// Whether it may be changed here: not what the host keeps for itself, for it would be an order that nobody sees.
    pub fn is_plugins(&self) -> bool {
        !self.plugin.contains(':')
    }
}

/// Who holds how much.
pub async fn page(asks: &Asks, view: &View) -> Result<Page, Problem> {
    let usage: Vec<Usage> = asks.get("/v1/brain/stats").await?;
    let mut table = Table::new(
        "brain",
        &[
            view.t("주인", "Holder"),
            view.t("항목", "Entries"),
            view.t("크기", "Size"),
            view.t("한도", "Limit"),
            view.t("쓴 만큼", "Used"),
        ],
    );
    for one in usage.iter().take(150) {
        let to = match one.plugin == SHARED {
            true => Address::new("/brain/list").with("scope", "shared"),
            false => Address::new("/brain/list").with("plugin", &one.plugin),
        };
        let share = one
            .quota
            .filter(|quota| *quota > 0)
            .map(|quota| one.bytes as f64 / quota as f64);
        let bar = match share {
            Some(share) => {
                let width = (share.min(1.0) * 100.0).round() as u64;
                html!("<svg class='bar-of' viewBox='0 0 100 8' width='100' height='8' preserveAspectRatio='none' role='img' aria-label='"
                    (width) "%'><rect class='all' width='100' height='8' rx='4'/><rect width='" (width) "' height='8' rx='4'/></svg>")
            }
            None => html!("–"),
        };
        table.row(&[
            html!("<a href='" (to) "'>" (one.plugin) "</a>"),
            html!(""(count(one.keys))),
            html!(""(bytes(one.bytes))),
            html!(""(one.quota.map_or_else(|| "–".to_owned(), bytes))),
            bar,
        ]);
    }
    let nothing = view.t("아무도 아무것도 기억하지 않습니다.", "Nobody remembers anything.");
    let main = html!(""(table.end(view.t("브레인", "Brain"), nothing))(switch(view)));
    Ok(Page::new(Place::Brain, main))
}

fn switch(view: &View) -> Html {
    match view.writes {
        true => {
            html!("<p class='soft'>" (view.t("설정에 따라 여기서 고칠 수 있습니다.", "The configuration lets entries be changed here.")) "</p>")
        }
        false => {
            html!("<p class='soft'>" (view.t("읽기만 합니다. 고치려면 ", "For reading. To change entries here: ")) "<code>[admin] write-brain = true</code></p>")
        }
    }
}

/// Entries.
pub async fn list(asks: &Asks, view: &View, wanted: &Wanted) -> Result<Page, Problem> {
    let page = wanted.page.min(PAGES);
    let limit = ((page + 1) * PAGE + 1).to_string();
    let mut query = vec![("limit", limit.as_str()), ("prefix", wanted.prefix.as_str())];
    let named = [("plugin", wanted.plugin.as_str()), ("scope", wanted.scope.as_str())];
    query.extend(named.into_iter().filter(|(_, value)| !value.is_empty()));
    let found: Vec<Listed> = asks.lines(&path("/v1/brain/entries", &query)).await?;
    let mut main = Html::new();
    put!(&mut main; "<form class='filters' role='search' action='/brain/list'><label>" (view.t("플러그인", "Plugin"))
        "<input name='plugin' value='" (wanted.plugin) "' size='14'></label><label>" (view.t("범위", "Scope"))
        "<input name='scope' value='" (wanted.scope) "' size='18' placeholder='plugin, shared, user:ID'></label><label>"
        (view.t("키의 시작", "Key begins")) "<input type='search' name='prefix' value='" (wanted.prefix)
        "'></label><button class='main'>" (view.t("찾기", "Find")) "</button></form>");
    let mut table = Table::new(
        "entries",
        &[
            view.t("키", "Key"),
            view.t("범위", "Scope"),
            view.t("크기", "Size"),
            view.t("판", "Version"),
            view.t("사라질 때", "Expires"),
        ],
    );
    for one in found.iter().skip(page * PAGE).take(PAGE) {
        let at = At {
            plugin: one.plugin.clone(),
            scope: one.scope.clone(),
            key: one.key.clone(),
        };
        let expires = one.expires.as_deref().map(|expires| view.time_of(expires));
        table.row(&[
            html!("<a href='" (at.address("/brain/entry")) "'><code>" (shown_key(&one.key)) "</code></a>"),
            html!("<code>" (one.scope) "</code>"),
            html!(""(bytes(one.bytes))),
            html!(""(one.version)),
            expires.unwrap_or_else(|| html!("–")),
        ]);
    }
    let nothing = view.t("그런 항목이 없습니다.", "There is no such entry.");
    put!(&mut main; "" (table.end(view.t("항목", "Entries"), nothing)));
    let more = found.len() > (page + 1) * PAGE;
    put!(&mut main; "<nav class='turn' aria-label='" (view.t("쪽", "Pages")) "'>");
    if page > 0 {
        put!(&mut main; "<a rel='prev' href='" (wanted.address().with("page", &(page - 1).to_string())) "'>← " (view.t("이전", "Before")) "</a>");
    }
    match (more, page < PAGES) {
        (true, true) => {
            put!(&mut main; "<a rel='next' href='" (wanted.address().with("page", &(page + 1).to_string())) "'>" (view.t("다음", "Next")) " →</a>")
        }
        (true, false) => {
            put!(&mut main; "<span>" (view.t("더 있습니다: 키의 시작으로 좁혀 보세요.", "There are more: narrow it by how the key begins.")) "</span>")
        }
        _ => {}
    }
    put!(&mut main; "</nav>");
    let about = match wanted.plugin.is_empty() {
        true => SHARED.to_owned(),
        false => wanted.plugin.clone(),
    };
    Ok(Page::new(Place::Brain, main).about(about))
}

fn shown_key(key: &str) -> String {
    match key.is_empty() {
        true => "\"\"".to_owned(),
        false => key.chars().take(120).collect(),
    }
}

/// One entry.
pub async fn entry(asks: &Asks, view: &View, at: &At) -> Result<Page, Problem> {
    let answer = asks.read(&at.request()).await?;
    let line: EntryLine<'_> = serde_json::from_slice(&answer).map_err(|error| Problem(error.to_string()))?;
    let mut main = html!("<section class='card'><dl class='facts'>");
    let whose = if at.plugin.is_empty() { SHARED } else { &at.plugin };
    put!(&mut main; "<div><dt>" (view.t("주인", "Holder")) "</dt><dd>" (whose) "</dd></div><div><dt>"
        (view.t("범위", "Scope")) "</dt><dd><code>" (at.scope) "</code></dd></div><div><dt>" (view.t("키", "Key")) "</dt><dd><code>"
        (at.key) "</code></dd></div><div><dt>" (view.t("판", "Version")) "</dt><dd>" (line.version) "</dd></div>");
    if let Some(expires) = &line.expires {
        put!(&mut main; "<div><dt>" (view.t("사라질 때", "Expires")) "</dt><dd>" (view.time_of(expires)) "</dd></div>");
    }
    put!(&mut main; "</dl>");
    // A form gives back what it shows, so only what can be shown whole can be changed; and what goes away by itself would
    // stay.
    let is_shown_whole = |text: &str| text.len() <= SHOWN && !text.contains(is_tricky);
    let editable = line
        .value
        .as_deref()
        .filter(|text| is_shown_whole(text) && line.expires.is_none());
    match (&line.value, editable) {
        (_, Some(text)) if view.writes && at.is_plugins() => {
            put!(&mut main; "<form method='post' action='" (at.address("/brain/entry/set")) "' class='edit'>" (view.hidden())
                "<input type='hidden' name='version' value='" (line.version) "'><label>" (view.t("값", "Value"))
                "<textarea name='value' rows='10' spellcheck='false'>\n" (Exact(text)) "</textarea></label><button class='main'>"
                (view.t("저장", "Save")) "</button></form>");
        }
        (Some(text), _) => {
            let start = text.get(..text.floor_char_boundary(SHOWN)).unwrap_or_default();
            put!(&mut main; "<pre id='value'>" (start) (if start.len() < text.len() { "…" } else { "" }) "</pre>");
        }
        (None, _) => {
            let code = line.base64.as_deref().unwrap_or_default();
            let start = code.get(..code.floor_char_boundary(SHOWN)).unwrap_or_default();
            put!(&mut main; "<p class='soft'>" (view.t("글이 아닙니다. base64로 보입니다.", "It is no text; this is base64.")) "</p><pre id='value'>" (start) "</pre>");
        }
    }
    put!(&mut main; "</section>");
    if view.writes && at.is_plugins() {
        put!(&mut main; "<div class='orders'>" (view.careful(&at.address("/brain/entry/delete"), view.t("지우기", "Delete"),
            view.t("플러그인이 이것을 잊습니다.", "The plugin forgets it."), view.t("지우기", "Delete it"))) "</div>");
    } else {
        put!(&mut main; "" (switch(view)));
    }
    Ok(Page::new(Place::Brain, main).about(whose))
}
