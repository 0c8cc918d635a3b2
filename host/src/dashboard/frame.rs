//! What stands around every page: where else to go, who is there, and what came of the last order.

use super::assets;
use super::html::{Address, Html, html, put};
use super::session::{Look, Theme};
use super::view::View;
use moa_core::locale::Locale;

/// A place that the navigation leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// How everything is.
    Overview,
    /// The plugins.
    Plugins,
    /// What plugins log.
    Log,
    /// Jobs.
    Schedule,
    /// Accepted events.
    Journal,
    /// What plugins remember.
    Brain,
}

impl Place {
    /// All, in the order of the navigation.
    pub const ALL: [Self; 6] = [
        Self::Overview,
        Self::Plugins,
        Self::Log,
        Self::Schedule,
        Self::Journal,
        Self::Brain,
    ];

    fn address(self) -> Address {
        Address::new(match self {
            Self::Overview => "/",
            Self::Plugins => "/plugins",
            Self::Log => "/log",
            Self::Schedule => "/schedule",
            Self::Journal => "/journal",
            Self::Brain => "/brain",
        })
    }

    /// Its name.
    pub fn name(self, locale: Locale) -> &'static str {
        match self {
            Self::Overview => locale.pick("한눈에 보기", "Overview"),
            Self::Plugins => locale.pick("플러그인", "Plugins"),
            Self::Log => locale.pick("실시간 로그", "Live log"),
            Self::Schedule => locale.pick("예약 작업", "Schedule"),
            Self::Journal => locale.pick("저널", "Journal"),
            Self::Brain => locale.pick("브레인", "Brain"),
        }
    }

    /// Behind `g`, this key leads there.
    fn key(self) -> &'static str {
        match self {
            Self::Overview => "o",
            Self::Plugins => "p",
            Self::Log => "l",
            Self::Schedule => "s",
            Self::Journal => "j",
            Self::Brain => "b",
        }
    }

    /// The lines of its picture, in a square of 20.
    fn icon(self) -> &'static str {
        match self {
            Self::Overview => "M3 11h5V3H3zm9 6h5V9h-5zM3 17h5v-3H3zm9-11h5V3h-5z",
            Self::Plugins => "M8 3v3M12 3v3M5 6h10v4a5 5 0 0 1-10 0zM10 15v3",
            Self::Log => "M4 5h12M4 9h8M4 13h12M4 17h6",
            Self::Schedule => "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM10 6v4l3 2",
            Self::Journal => "M5 3h9l2 2v12H5zM8 8h5M8 11h5M8 14h3",
            Self::Brain => "M4 5c0-3 12-3 12 0v10c0 3-12 3-12 0zM4 5c0 3 12 3 12 0M4 10c0 3 12 3 12 0",
        }
    }
}

/// A page: its place, its title, what is in it.
pub struct Page {
    /// Where in the navigation it belongs.
    pub place: Place,
    /// What it is about, beyond its place: the name of a plugin, the number of a record.
    pub about: Option<String>,
    /// What is beside the title.
    pub beside: Html,
    /// What it shows.
    pub main: Html,
}

impl Page {
    /// A page of a place.
    pub fn new(place: Place, main: Html) -> Self {
        Self {
            place,
            about: None,
            beside: Html::new(),
            main,
        }
    }

    /// About one thing.
    #[must_use]
    pub fn about(mut self, what: impl Into<String>) -> Self {
        self.about = Some(what.into());
        self
    }

    /// With this beside the title.
    #[must_use]
    pub fn beside(mut self, what: Html) -> Self {
        self.beside = what;
        self
    }

    /// The whole of it.
    pub fn into_html(self, view: &View) -> String {
        let locale = view.locale();
        let name = self.place.name(locale);
        let mut out = Html::new();
        let title = match &self.about {
            Some(about) => html!("" (about) " · " (name)),
            None => html!(""(name)),
        };
        head(&mut out, view.look, &html!("" (title) " · " (view.bot)));
        put!(&mut out; "<body><a class='skip' href='#main'>" (view.t("본문으로 건너뛰기", "Skip to the content")) "</a>");
        self.navigation(&mut out, view);
        put!(&mut out; "<main id='main' tabindex='-1'><header class='bar'><h1>");
        match &self.about {
            Some(about) => {
                put!(&mut out; "<a href='" (self.place.address()) "'>" (name) "</a> <span>" (about) "</span>")
            }
            None => put!(&mut out; "" (name)),
        }
        put!(&mut out; "</h1>" (self.beside) "</header>");
        if let Some(notice) = &view.notice {
            match notice.done {
                true => put!(&mut out; "<p class='notice' role='status'>" (notice.text) "</p>"),
                false => {
                    put!(&mut out; "<p class='notice bad' role='alert'>" (notice.text));
                    if let Some(why) = &notice.why {
                        put!(&mut out; " <span lang='en'>" (why) "</span>");
                    }
                    put!(&mut out; "</p>");
                }
            }
        }
        put!(&mut out; "" (self.main) "</main>" (keys(view)) "</body></html>");
        out.into_string()
    }

    fn navigation(&self, out: &mut Html, view: &View) {
        let locale = view.locale();
        put!(out; "<div id='side'><a class='brand' href='/'><img src='" (assets::ICON.address())
            "' alt='' width='34' height='34'><span><b>" (view.bot) "</b><small>" (view.t("대시보드", "dashboard"))
            "</small></span></a><nav aria-label='" (view.t("대시보드", "Dashboard")) "'><ul>");
        for place in Place::ALL {
            let current = match (place == self.place, self.about.is_some()) {
                (true, false) => " aria-current='page'",
                (true, true) => " aria-current='true'",
                _ => "",
            };
            put!(out; "<li><a href='" (place.address()) "' data-key='" (place.key()) "'");
            out.markup(current);
            put!(out; "><svg viewBox='0 0 20 20' aria-hidden='true'><path d='" (place.icon()) "'/></svg>"
                (place.name(locale)) "</a></li>");
        }
        put!(out; "</ul></nav>");
        self.foot(out, view);
        put!(out; "</div>");
    }

    /// Language, theme, the way out.
    fn foot(&self, out: &mut Html, view: &View) {
        let (language, tag) = match view.locale() {
            Locale::Ko => ("English", "en"),
            Locale::En => ("한국어", "ko"),
        };
        let theme = |theme: Theme, label: &'static str, sign: &'static str| {
            let pressed = if view.look.theme == theme { "true" } else { "false" };
            html!("<button name='theme' value='" (theme.name()) "' aria-pressed='" (pressed) "' title='" (label)
                "' aria-label='" (label) "'>" (sign) "</button>")
        };
        put!(out; "<div class='foot'><form method='post' action='/look' class='themes' role='group' aria-label='"
            (view.t("화면 밝기", "Theme")) "'>" (view.hidden())
            (theme(Theme::Auto, view.t("시스템 설정대로", "As the system"), "◐"))
            (theme(Theme::Light, view.t("밝게", "Light"), "☀"))
            (theme(Theme::Dark, view.t("어둡게", "Dark"), "☾")) "</form>");
        put!(out; "<form method='post' action='/look'>" (view.hidden()) "<button name='language' value='" (tag) "' lang='"
            (tag) "'>" (language) "</button></form>");
        put!(out; "<button id='keys-open' type='button' hidden aria-keyshortcuts='?'>" (view.t("단축키", "Keys")) " <kbd>?</kbd></button>");
        put!(out; "<form method='post' action='/sign-out'>" (view.hidden()) "<button>" (view.t("로그아웃", "Sign out"))
            "</button></form></div>");
    }
}

/// The keys, shown with `?`.
fn keys(view: &View) -> Html {
    let mut out = html!("<dialog id='keys' aria-labelledby='keys-title'><h2 id='keys-title'>" (view.t("단축키", "Keyboard"))
        "</h2><dl>");
    for place in Place::ALL {
        put!(&mut out; "<div><dt><kbd>g</kbd> <kbd>" (place.key()) "</kbd></dt><dd>" (place.name(view.locale())) "</dd></div>");
    }
    let more = [
        ("/", view.t("찾기", "Search or filter")),
        ("?", view.t("이 도움말", "This help")),
        ("Esc", view.t("닫기", "Close")),
    ];
    for (key, what) in more {
        put!(&mut out; "<div><dt><kbd>" (key) "</kbd></dt><dd>" (what) "</dd></div>");
    }
    put!(&mut out; "</dl><form method='dialog'><button>" (view.t("닫기", "Close")) "</button></form></dialog>");
    out
}

/// The head of every page.
pub fn head(out: &mut Html, look: Look, title: &Html) {
    put!(out; "<!doctype html><html lang='" (look.locale.tag()) "' data-theme='" (look.theme.name())
        "'><head><meta charset='utf-8'><meta name='viewport' content='width=device-width, initial-scale=1'>"
        "<meta name='color-scheme' content='light dark'><meta name='robots' content='noindex'><title>" (title)
        "</title><link rel='icon' href='" (assets::ICON.address()) "'><link rel='stylesheet' href='" (assets::STYLE.address())
        "'><script src='" (assets::SCRIPT.address()) "' defer></script></head>");
}

/// A page for those who are not signed in: a title and a few words, and perhaps a form.
pub fn outside(look: Look, title: &str, inside: &Html) -> String {
    let mut out = Html::new();
    head(&mut out, look, &html!("" (title) " · moa"));
    put!(&mut out; "<body class='outside'><main id='main'><img src='" (assets::ICON.address()) "' alt='' width='56' height='56'><h1>"
        (title) "</h1>" (inside) "</main></body></html>");
    out.into_string()
}
