//! What all pages say and show in the same way: in the reader's language, in the bot's time zone.

use super::html::{Address, Html, html, put};
use super::session::{Look, Notice, Session};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use moa_core::locale::Locale;
use std::sync::Arc;
use std::time::Duration;

/// Whom a page is for, and what it says with it.
pub struct View {
    /// Language, dark or light.
    pub look: Look,
    /// Who looks.
    pub session: Arc<Session>,
    /// What came of their last order.
    pub notice: Option<Notice>,
    /// The bot's time zone.
    pub zone: TimeZone,
    /// Where they are: what an order leads back to.
    pub here: String,
    /// When this is.
    pub now: Timestamp,
    /// Whether the brain may be written.
    pub writes: bool,
    /// The bot's name.
    pub bot: String,
}

impl View {
    /// The one of two texts that is in the reader's language.
    pub fn t(&self, ko: &'static str, en: &'static str) -> &'static str {
        self.look.locale.pick(ko, en)
    }

    /// The language.
    pub fn locale(&self) -> Locale {
        self.look.locale
    }

    /// What is shown in the place of something that the host did not give. It says why in English, as to everybody.
    pub fn refused(&self, why: &str) -> Html {
        html!("<p class='notice odd'>" (self.t("보여 줄 수 없습니다. 호스트가 말한 이유:", "This cannot be shown. The host says why:"))
            " <span lang='en'>" (why) "</span></p>")
    }

    /// An instant, to the second.
    pub fn time(&self, at: Timestamp) -> Html {
        let shown = at.to_zoned(self.zone.clone());
        let format = match shown.date() == self.now.to_zoned(self.zone.clone()).date() {
            true => "%H:%M:%S",
            false => "%Y-%m-%d %H:%M:%S",
        };
        let whole = shown.strftime("%Y-%m-%d %H:%M:%S %Z").to_string();
        html!("<time datetime='" (at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()) "' title='" (whole) "'>"
            (shown.strftime(format).to_string()) "</time>")
    }

    /// An instant that travelled as text.
    pub fn time_of(&self, text: &str) -> Html {
        match text.parse::<Timestamp>() {
            Ok(at) => self.time(at),
            Err(_) => html!(""(text)),
        }
    }

    /// How long ago or ahead an instant is, roughly.
    pub fn distance(&self, at: Timestamp) -> String {
        let seconds = at.as_second().saturating_sub(self.now.as_second());
        let said = self.length(Duration::from_secs(seconds.unsigned_abs()));
        match (self.locale(), seconds < 0) {
            (Locale::Ko, true) => format!("{said} 전"),
            (Locale::Ko, false) => format!("{said} 뒤"),
            (Locale::En, true) => format!("{said} ago"),
            (Locale::En, false) => format!("in {said}"),
        }
    }

    /// A length of time in its two largest units.
    pub fn length(&self, of: Duration) -> String {
        let whole = of.as_secs();
        let unit = match whole {
            86_400.. => 3_600,
            3_600.. => 60,
            _ => 1,
        };
        self.locale().duration(Duration::from_secs(whole / unit * unit))
    }

    /// A form of one button.
    pub fn button(&self, to: &Address, label: &str, class: &'static str) -> Html {
        self.form(to, &Html::new(), label, class)
    }

    /// A form of one button with these fields.
    pub fn form(&self, to: &Address, fields: &Html, label: &str, class: &'static str) -> Html {
        html!("<form method='post' action='" (to) "'>" (self.hidden()) (fields)
            "<button class='" (class) "'>" (label) "</button></form>")
    }

    /// What every form sends along.
    pub fn hidden(&self) -> Html {
        html!("<input type='hidden' name='csrf' value='" (self.session.csrf()) "'><input type='hidden' name='back' value='"
            (self.here) "'>")
    }

    /// A button that is behind another one: for what cannot be taken back.
    pub fn careful(&self, to: &Address, label: &str, warning: &str, sure: &str) -> Html {
        html!("<details class='careful'><summary>" (label) "…</summary><div><p>" (warning) "</p>"
            (self.button(to, sure, "danger")) "</div></details>")
    }
}

/// A number as people read it: `12,345`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A size as people read it.
pub fn bytes(number: u64) -> String {
    let units = [("GiB", 30), ("MiB", 20), ("KiB", 10)];
    match units.iter().find(|(_, power)| number >= 1 << power) {
        Some((unit, power)) => {
            let amount = number as f64 / (1_u64 << power) as f64;
            match amount < 10.0 && amount.fract() >= 0.05 {
                true => format!("{amount:.1} {unit}"),
                false => format!("{amount:.0} {unit}"),
            }
        }
        None => format!("{number} B"),
    }
}

/// A latency as people read it.
pub fn micros(micros: u64) -> String {
    match micros {
        0..1_000 => format!("{micros} µs"),
        1_000..1_000_000 => {
            let ms = micros as f64 / 1_000.0;
            if ms < 10.0 {
                format!("{ms:.1} ms")
            } else {
                format!("{ms:.0} ms")
            }
        }
        _ => format!("{:.1} s", micros as f64 / 1_000_000.0),
    }
}

/// A word about how something is; its colour says it once more.
pub fn pill(kind: &'static str, word: &str) -> Html {
    html!("<span class='pill " (kind) "'>" (word) "</span>")
}

/// Where nothing is.
pub fn empty(text: &str) -> Html {
    html!("<p class='empty'>" (text) "</p>")
}

/// A table with these heads, or, where it would have no rows, a word instead.
pub struct Table {
    head: Vec<String>,
    rows: Html,
    class: &'static str,
}

impl Table {
    /// A table of this class, with these heads.
    pub fn new(class: &'static str, head: &[&str]) -> Self {
        Self {
            head: head.iter().map(|text| (*text).to_owned()).collect(),
            rows: Html::new(),
            class,
        }
    }

    /// Adds a row: a cell for each head. The first one names it.
    pub fn row(&mut self, cells: &[Html]) {
        self.rows.markup("<tr>");
        for (at, (head, cell)) in self.head.iter().zip(cells).enumerate() {
            match at {
                0 => put!(&mut self.rows; "<th scope='row'>" (cell) "</th>"),
                _ => put!(&mut self.rows; "<td data-label='" (head) "'>" (cell) "</td>"),
            }
        }
        self.rows.markup("</tr>");
    }

    /// All of it.
    pub fn end(self, caption: &str, nothing: &str) -> Html {
        if self.rows.is_empty() {
            return empty(nothing);
        }
        let head: Vec<Html> = self
            .head
            .iter()
            .map(|text| html!("<th scope='col'>" (text) "</th>"))
            .collect();
        html!("<table class='" (self.class) "'><caption>" (caption) "</caption><thead><tr>" (head) "</tr></thead><tbody>"
            (self.rows) "</tbody></table>")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_said_as_people_read_them() {
        assert_eq!(
            [0, 999, 1_000, 1_234_567].map(count),
            ["0", "999", "1,000", "1,234,567"]
        );
        assert_eq!(
            [0, 1_023, 1_024, 1_536, 64 << 20, 5 << 30].map(bytes),
            ["0 B", "1023 B", "1 KiB", "1.5 KiB", "64 MiB", "5 GiB"]
        );
        assert_eq!(
            [0, 999, 1_000, 9_949, 12_345, 1_500_000].map(micros),
            ["0 µs", "999 µs", "1.0 ms", "9.9 ms", "12 ms", "1.5 s"]
        );
    }
}
