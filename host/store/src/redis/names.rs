//! What the keys in Redis are called.
//!
//! | key | type | holds |
//! |---|---|---|
//! | `moa:{b:NAME}:e` | hash | cell without its owner → entry (`VERSION EXPIRY VALUE`) |
//! | `moa:{b:NAME}:i` | zset | the cells, by their bytes |
//! | `moa:{b:NAME}:x` | zset | the cells that expire, by when |
//! | `moa:{b:NAME}:m` | hash | `used` bytes, `last` version, `epoch` of the last host that wrote |
//! | `moa:{b:NAME}:f:N` | hash | the effects of journal record N that wrote here |
//! | `moa:{s}:…` | | the same of the shared brain |
//! | `moa:{journal}:…` | | see [`Journal`] |
//!
//! Redis Cluster places a key by what stands in its braces, so that all of one owner is in one place, and a script touches
//! one owner only. NAME is the plugin's with everything but letters, digits, `-`, `_` and `.` as `%XX`: whatever the
//! name, the braces are ours.

use crate::keys;
use crate::types::{Cell, Seq, Space};
use std::fmt::Write as _;

/// The format of all this; the same number as that of the data file which holds the same.
pub(super) const FORMAT: u64 = 2;

/// Where the data of one owner is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Owner {
    /// The bytes that its cells begin with; they order the owners.
    pub bytes: Vec<u8>,
}

impl Owner {
    pub(super) fn of(space: &Space) -> Self {
        Self {
            bytes: keys::owner(space),
        }
    }

    /// `moa:{b:NAME}:` or `moa:{s}:`.
    fn prefix(&self) -> String {
        match keys::plugin_of(&self.bytes) {
            None => "moa:{s}:".to_owned(),
            Some(name) => format!("moa:{{b:{}}}:", escape(name)),
        }
    }

    pub(super) fn keys(&self) -> OwnerKeys {
        let prefix = self.prefix();
        OwnerKeys {
            entries: format!("{prefix}e"),
            index: format!("{prefix}i"),
            expiries: format!("{prefix}x"),
            meta: format!("{prefix}m"),
        }
    }

    /// The hash of the effects that wrote here.
    pub(super) fn effects(&self, seq: Seq) -> String {
        format!("{}f:{seq}", self.prefix())
    }

    /// What follows the owner in the bytes of a cell of this owner.
    pub(super) fn rest(&self, cell: &Cell) -> Vec<u8> {
        let mut bytes = keys::cell(cell);
        bytes.drain(..self.bytes.len().min(bytes.len()));
        bytes
    }

    /// The cell again.
    pub(super) fn cell(&self, rest: &[u8]) -> Option<Cell> {
        keys::decode(&[&self.bytes, rest].concat())
    }
}

/// The keys of one owner.
pub(super) struct OwnerKeys {
    pub entries: String,
    pub index: String,
    pub expiries: String,
    pub meta: String,
}

impl OwnerKeys {
    /// In the order that the scripts want them.
    pub(super) fn all(&self) -> [&str; 4] {
        [&self.entries, &self.index, &self.expiries, &self.meta]
    }
}

fn escape(name: &[u8]) -> String {
    let mut text = String::with_capacity(name.len());
    for &byte in name {
        if byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) {
            text.push(char::from(byte));
        } else {
            // Writing to a string can't fail.
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

/// The keys of the journal and of the host itself.
pub(super) struct Journal;

impl Journal {
    /// String: the format of all this.
    pub(super) const FORMAT: &str = "moa:{journal}:format";
    /// String that expires: which host has the store.
    pub(super) const LEASE: &str = "moa:{journal}:lease";
    /// Hash: `epoch` of the last host, last number `seq`.
    pub(super) const META: &str = "moa:{journal}:m";
    /// Set: the owners that have data.
    pub(super) const OWNERS: &str = "moa:{journal}:owners";
    /// Hash: name → value.
    pub(super) const FACTS: &str = "moa:{journal}:facts";
    /// Hash: identity → `NUMBER ACCEPTED TOKEN`.
    pub(super) const IDENTITIES: &str = "moa:{journal}:identity";
    /// Hash: number → identity.
    pub(super) const IDENTITY_OF: &str = "moa:{journal}:identity-of";
    /// Zset: numbers by time of acceptance, as long as the identity is remembered.
    pub(super) const ACCEPTED: &str = "moa:{journal}:accepted";
    /// Hash: number → record.
    pub(super) const RECORDS: &str = "moa:{journal}:records";
    /// Zset: all numbers.
    pub(super) const ALL: &str = "moa:{journal}:all";
    /// Zset: the numbers of open records.
    pub(super) const OPEN: &str = "moa:{journal}:open";
    /// Hash: number → end as JSON.
    pub(super) const ENDS: &str = "moa:{journal}:ends";
    /// Zset: numbers by time of their end.
    pub(super) const ENDED: &str = "moa:{journal}:ended";
    /// Zset: the numbers that failed.
    pub(super) const FAILED: &str = "moa:{journal}:failed";
    /// Set: the numbers that ended otherwise than done and have effects.
    pub(super) const KEPT: &str = "moa:{journal}:kept";
    /// Set: the numbers whose effects are to be forgotten.
    pub(super) const FORGET: &str = "moa:{journal}:forget";

    /// Hash: the effects of a record that happened outside of the store.
    pub(super) fn notes(seq: Seq) -> String {
        format!("moa:{{journal}}:f:{seq}")
    }
}

/// The field of an effect: the ordinal stands first, so that whatever the call's id is, the two are told apart.
pub(super) fn effect_field(invocation: &str, ordinal: u32) -> String {
    format!("{ordinal} {invocation}")
}

/// The ordinal and the call's id.
pub(super) fn read_effect_field(field: &str) -> Option<(u32, &str)> {
    let (ordinal, invocation) = field.split_once(' ')?;
    Some((ordinal.parse().ok()?, invocation))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Scope;

    #[test]
    fn no_name_leaves_its_braces() {
        let prefix = |name: &str| Owner::of(&Space::new(name, Scope::Plugin)).prefix();
        assert_eq!(prefix("memo-2"), "moa:{b:memo-2}:");
        assert_eq!(prefix("a}:{b"), "moa:{b:a%7D%3A%7Bb}:");
        assert_eq!(prefix(""), "moa:{b:}:");
        assert_ne!(prefix("%00"), prefix("\0"));
        let shared = Owner::of(&Space::new("memo", Scope::Shared)).prefix();
        assert_eq!(shared, "moa:{s}:");
        assert_ne!(prefix("s"), shared);
    }

    #[test]
    fn a_cell_is_found_again() {
        for scope in [Scope::Plugin, Scope::User("U\0".into()), Scope::Shared] {
            let name = if scope == Scope::Shared { "" } else { "a}" };
            let cell = Space::new(name, scope).cell("키");
            let owner = Owner::of(&cell.space);
            assert_eq!(owner.cell(&owner.rest(&cell)), Some(cell));
        }
    }

    #[test]
    fn an_effect_is_told_from_every_other() {
        for (invocation, ordinal) in [("", 0), ("a b", 1), ("1 a", 11)] {
            let field = effect_field(invocation, ordinal);
            assert_eq!(read_effect_field(&field), Some((ordinal, invocation)));
        }
    }
}
