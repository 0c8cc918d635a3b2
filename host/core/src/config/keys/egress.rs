//! `[egress]`.

use super::Keys;
use crate::config::Egress;

impl Keys {
    pub(super) fn egress(&mut self) -> Egress {
        Egress {
            internal: self.texts_that(
                &["egress", "internal"],
                &[],
                "a list of names, addresses and networks, such as [\"wiki.corp.example\", \"*.corp.example\", \"10.20.0.0/16\"]",
                |texts| {
                    let plain = |c: char| c.is_ascii_alphanumeric() || ".:*/_-".contains(c);
                    texts.iter().all(|text| !text.is_empty() && text.chars().all(plain))
                },
            ),
            per_second: self.rate(&["egress", "per-second"], 20.0),
            burst: self.count(&["egress", "burst"], 1, 10_000, 100),
            at_once: self.count(&["egress", "at-once"], 1, 1000, 8),
        }
    }
}
