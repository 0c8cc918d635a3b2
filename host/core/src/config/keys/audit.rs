//! `[audit]`: what is written down of what people do.

use super::super::shown::Shown;
use super::super::{Audit, Recorded};
use super::Keys;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 3600);

impl Shown for Recorded {
    fn shown(&self) -> String {
        match self {
            Self::All => "all",
            Self::Restricted => "restricted",
            Self::None => "none",
        }
        .to_owned()
        .shown()
    }
}

impl Keys {
    pub(super) fn audit(&mut self) -> Audit {
        Audit {
            keep: self.duration(&["audit", "keep"], 400 * DAY),
            commands: self.recorded("commands", Recorded::All),
            text: self.recorded("text", Recorded::Restricted),
        }
    }

    fn recorded(&mut self, key: &str, default: Recorded) -> Recorded {
        let form = "\"all\", \"restricted\" or \"none\"";
        self.read(&["audit", key], default, form, |value| match value.as_str()? {
            "all" => Some(Recorded::All),
            "restricted" => Some(Recorded::Restricted),
            "none" => Some(Recorded::None),
            _ => None,
        })
    }
}
