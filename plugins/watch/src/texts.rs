//! What people read, in Korean and English: `texts.txt`.

use crate::round::Days;
use moa_plugin::text::{plain, table};
use moa_plugin::time::Date;
use std::time::Duration;

const TEXTS: &str = include_str!("texts.txt");

/// The texts in a language.
#[derive(Clone, Copy)]
pub struct Texts {
    is_korean: bool,
}

impl Texts {
    /// By a locale or a language: `ko`, `ko-KR`.
    pub fn of(locale: &str) -> Self {
        let is_korean = locale.starts_with("ko");
        Self { is_korean }
    }

    /// The text of a key, with these put in as they stand: whatever is in them is no markup and calls nobody.
    pub fn say(self, key: &str, values: &[&str]) -> String {
        let mut lines = TEXTS.lines().filter_map(|line| line.split_once(" = "));
        let both = lines.find(|(known, _)| *known == key).map_or(key, |(_, both)| both);
        let (korean, english) = both.split_once(" | ").unwrap_or((both, both));
        let text = if self.is_korean { korean } else { english };
        let put_in = |text: String, (at, value): (usize, &&str)| text.replace(&format!("{{{at}}}"), &plain(value));
        values.iter().enumerate().fold(text.to_owned(), put_in)
    }

    /// A length of time in its two largest units.
    pub fn span(self, time: Duration) -> String {
        const UNITS: [(u64, &str, &str); 4] = [
            (86_400, "일", "d"),
            (3_600, "시간", "h"),
            (60, "분", "m"),
            (1, "초", "s"),
        ];
        let (mut rest, mut parts) = (time.as_secs(), Vec::new());
        for (unit, korean, english) in UNITS {
            if parts.len() < 2 && (rest >= unit || unit == 1 && parts.is_empty()) {
                parts.push(format!(
                    "{}{}",
                    rest / unit,
                    if self.is_korean { korean } else { english }
                ));
            }
            rest %= unit;
        }
        parts.join(" ")
    }

    /// How long the checks were up on a day.
    pub fn report(self, date: Date, days: &Days) -> String {
        let mut rows = vec![self.row("columns")];
        for (name, day) in days {
            let longest = Duration::from_secs(day.longest.into());
            let longest = if longest.is_zero() {
                String::new()
            } else {
                self.span(longest)
            };
            let percent = day.percent().unwrap_or_default();
            rows.push(vec![
                name.clone(),
                percent,
                day.incidents.to_string(),
                longest,
                day.sparkline(),
            ]);
        }
        format!("{}\n{}", self.say("report", &[&date.to_string()]), table(rows))
    }

    /// The heading of a table.
    pub fn row(self, key: &str) -> Vec<String> {
        self.say(key, &[]).split(", ").map(str::to_owned).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_there_in_both_languages() {
        for line in TEXTS.lines().skip(1) {
            let (_, both) = line.split_once(" = ").unwrap_or_else(|| panic!("{line}"));
            let (korean, english) = both.split_once(" | ").unwrap_or_else(|| panic!("{line}"));
            assert_eq!(korean.matches('{').count(), english.matches('{').count(), "{line}");
        }
        assert_eq!(
            Texts::of("en").say("field", &["{1}", "*b*"]),
            "{\u{2060}1} is *\u{2060}b*\u{2060}"
        );
    }

    #[test]
    fn lengths_of_time() {
        for (seconds, korean, english) in [
            (0, "0초", "0s"),
            (61, "1분 1초", "1m 1s"),
            (90_000, "1일 1시간", "1d 1h"),
            (3_601, "1시간 1초", "1h 1s"),
        ] {
            let time = Duration::from_secs(seconds);
            assert_eq!(
                (
                    Texts::of("ko-KR").span(time).as_str(),
                    Texts::of("en").span(time).as_str()
                ),
                (korean, english)
            );
        }
    }
}
