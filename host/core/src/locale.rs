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

    /// A length of time, in whole seconds, as people say it: `1분 30초`, `1 min 30 s`.
    pub fn duration(self, of: Duration) -> String {
        let seconds = of.as_secs();
        let units = [
            (seconds / 86_400, self.pick("일", " d")),
            (seconds / 3_600 % 24, self.pick("시간", " h")),
            (seconds / 60 % 60, self.pick("분", " min")),
            (seconds % 60, self.pick("초", " s")),
        ];
        let said: Vec<String> = units
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, unit)| format!("{count}{unit}"))
            .collect();
        match said.is_empty() {
            true => format!("0{}", self.pick("초", " s")),
            false => said.join(" "),
        }
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
        for (seconds, ko, en) in [
            (0, "0초", "0 s"),
            (30, "30초", "30 s"),
            (90, "1분 30초", "1 min 30 s"),
            (1_800, "30분", "30 min"),
            (90_000, "1일 1시간", "1 d 1 h"),
        ] {
            let said = |locale: Locale| locale.duration(Duration::from_secs(seconds));
            assert_eq!((said(Locale::Ko), said(Locale::En)), (ko.to_owned(), en.to_owned()));
        }
    }
}
