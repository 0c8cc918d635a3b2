//! The languages that the host itself speaks.

mod admin;
mod approval;
mod denied;
mod notice;

pub use admin::AdminNotice;
pub use approval::{Approval, ApprovalNotice, Standing};
pub use denied::Denied;
pub use notice::UserNotice;

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A language of the host's own sentences.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Locale {
    /// Korean.
    #[default]
    Ko,
    /// English.
    En,
}

impl Locale {
    /// The language to speak to a person whose BCP 47 tag is known: Korean for Korean, English for all others.
    pub fn from_tag(tag: &str) -> Self {
        let language = tag.split(['-', '_']).next().unwrap_or_default();
        match language.eq_ignore_ascii_case("ko") {
            true => Self::Ko,
            false => Self::En,
        }
    }

    /// The tag: `ko` or `en`.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Ko => "ko",
            Self::En => "en",
        }
    }

    /// The one of two texts that is in this language.
    pub fn pick<T>(self, ko: T, en: T) -> T {
        match self {
            Self::Ko => ko,
            Self::En => en,
        }
    }

    /// A length of time, to the millisecond, as people say it: `1분 30초`, `1 min 30 s`, `0.5 s`.
    pub fn duration(self, of: Duration) -> String {
        let whole = of.as_secs();
        let mut said: Vec<String> = [
            (whole / 86_400, self.pick("일", " d")),
            (whole / 3_600 % 24, self.pick("시간", " h")),
            (whole / 60 % 60, self.pick("분", " min")),
        ]
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count}{unit}"))
        .collect();
        // Below 60,000, so nothing is lost.
        let seconds = (of.as_millis() % 60_000) as f64 / 1_000.0;
        if seconds > 0.0 || said.is_empty() {
            said.push(format!("{seconds}{}", self.pick("초", " s")));
        }
        said.join(" ")
    }
}

impl std::fmt::Display for Locale {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.tag())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_said_in_the_language() {
        for (ms, ko, en) in [
            (0, "0초", "0 s"),
            (250, "0.25초", "0.25 s"),
            (30_000, "30초", "30 s"),
            (90_500, "1분 30.5초", "1 min 30.5 s"),
            (1_800_000, "30분", "30 min"),
            (90_000_000, "1일 1시간", "1 d 1 h"),
        ] {
            let said = |locale: Locale| locale.duration(Duration::from_millis(ms));
            assert_eq!((said(Locale::Ko), said(Locale::En)), (ko.to_owned(), en.to_owned()));
        }
    }
}
