//! How values stand in TOML.

use super::units::{duration_text, size_text};
use super::{IncomingEncoding, IncomingKind, LogFormat, StoreUrl, Unknown};
use crate::locale::Locale;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// A size in bytes.
pub(super) struct Bytes(pub(super) u64);

/// How a value stands in TOML.
pub(super) trait Shown {
    fn shown(&self) -> String;
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

impl Shown for String {
    fn shown(&self) -> String {
        quoted(self)
    }
}
impl Shown for Vec<String> {
    fn shown(&self) -> String {
        format!(
            "[{}]",
            self.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(", ")
        )
    }
}
impl Shown for PathBuf {
    fn shown(&self) -> String {
        quoted(&self.to_string_lossy())
    }
}
impl Shown for Locale {
    fn shown(&self) -> String {
        quoted(self.tag())
    }
}
impl Shown for Unknown {
    fn shown(&self) -> String {
        quoted(match self {
            Self::Suggest => "suggest",
            Self::Silent => "silent",
        })
    }
}
impl Shown for IncomingKind {
    fn shown(&self) -> String {
        quoted(match self {
            Self::Slack => "slack",
            Self::Jandi => "jandi",
        })
    }
}
impl Shown for IncomingEncoding {
    fn shown(&self) -> String {
        quoted(match self {
            Self::Json => "json",
            Self::Form => "form",
        })
    }
}
impl Shown for LogFormat {
    fn shown(&self) -> String {
        quoted(match self {
            Self::Auto => "auto",
            Self::Human => "human",
            Self::Json => "json",
            Self::Journald => "journald",
        })
    }
}
impl Shown for StoreUrl {
    fn shown(&self) -> String {
        // Its display hides a password.
        quoted(&self.to_string())
    }
}
impl Shown for SocketAddr {
    fn shown(&self) -> String {
        quoted(&self.to_string())
    }
}
impl Shown for Duration {
    fn shown(&self) -> String {
        quoted(&duration_text(*self))
    }
}
impl Shown for Bytes {
    fn shown(&self) -> String {
        quoted(&size_text(self.0))
    }
}
impl Shown for u32 {
    fn shown(&self) -> String {
        self.to_string()
    }
}
impl Shown for f64 {
    fn shown(&self) -> String {
        self.to_string()
    }
}
impl Shown for bool {
    fn shown(&self) -> String {
        self.to_string()
    }
}
