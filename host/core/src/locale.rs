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
}

impl std::fmt::Display for Locale {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.tag())
    }
}
