//! Whose memory, what lies there, what is written.

use serde::{Deserialize, Serialize};

/// Whose memory within a plugin.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// The plugin's own.
    Plugin,
    /// The plugin's about one conversation, by id.
    Conversation(String),
    /// The plugin's about one person, by id.
    User(String),
    /// Common to all plugins; the space's plugin name does not matter here.
    Shared,
}

/// A set of keys that belong together. The same key in two spaces is two entries.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Space {
    /// The plugin's name.
    pub plugin: String,
    /// Whose memory within it.
    pub scope: Scope,
}

impl Space {
    /// The space of a plugin for a scope.
    pub fn new(plugin: impl Into<String>, scope: Scope) -> Self {
        Self {
            plugin: plugin.into(),
            scope,
        }
    }

    /// One key of this space.
    pub fn cell(&self, key: impl Into<String>) -> Cell {
        Cell {
            space: self.clone(),
            key: key.into(),
        }
    }
}

/// The place of one entry.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Cell {
    /// Where.
    pub space: Space,
    /// The key there. The store sets no limit to its length; the host does.
    pub key: String,
}

/// What is stored in a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The value as it was written; a number made by an increment is its decimal digits.
    pub value: Vec<u8>,
    /// Opaque. Another one after every write, and never again the same for this cell, also after a deletion.
    pub version: String,
    /// When the entry will be gone, in milliseconds since 1970; `None`: never.
    pub expires_ms: Option<i64>,
}

/// Some keys of a space, ascending by their bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyPage {
    /// The keys.
    pub keys: Vec<String>,
    /// Pass it as `after` to get the next page; `None` if that was all.
    pub next: Option<String>,
}

/// A change to one cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// Which cell.
    pub cell: Cell,
    /// What happens to it.
    pub change: Change,
    /// How many bytes (keys and values) the plugin's brain may hold after this; `None`: no limit. All shared cells
    /// together have one account of their own. A write that adds nothing is never refused for this.
    pub limit: Option<u64>,
}

/// What happens to a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The value is stored, whatever was there.
    Set {
        /// The value; an empty one is a value, not an absence.
        value: Vec<u8>,
        /// Milliseconds until it is gone; `None`: never, also if it had an expiry before.
        ttl_ms: Option<u64>,
    },
    /// The entry is removed.
    Delete,
    /// The number there is added to. Absent counts as 0; the expiry stays as it was.
    Increment {
        /// How much.
        by: i64,
    },
    /// The value is stored if the cell is as expected.
    CompareAndSwap {
        /// The value.
        value: Vec<u8>,
        /// As in [`Change::Set`].
        ttl_ms: Option<u64>,
        /// The version that must be there; `None`: there must be no entry.
        expected: Option<String>,
    },
}

impl Write {
    /// Stores a value for ever.
    pub fn set(cell: Cell, value: impl Into<Vec<u8>>) -> Self {
        Self {
            cell,
            change: Change::Set {
                value: value.into(),
                ttl_ms: None,
            },
            limit: None,
        }
    }

    /// Removes an entry.
    pub fn delete(cell: Cell) -> Self {
        Self {
            cell,
            change: Change::Delete,
            limit: None,
        }
    }

    /// Adds to a number.
    pub fn increment(cell: Cell, by: i64) -> Self {
        Self {
            cell,
            change: Change::Increment { by },
            limit: None,
        }
    }

    /// Stores a value if the version there is `expected`.
    pub fn compare_and_swap(cell: Cell, value: impl Into<Vec<u8>>, expected: Option<String>) -> Self {
        Self {
            cell,
            change: Change::CompareAndSwap {
                value: value.into(),
                ttl_ms: None,
                expected,
            },
            limit: None,
        }
    }

    /// The same, gone after `ms` milliseconds. Deletions and increments have no time of their own and stay as they are.
    #[must_use]
    pub fn ttl(mut self, ms: u64) -> Self {
        match &mut self.change {
            Change::Set { ttl_ms, .. } | Change::CompareAndSwap { ttl_ms, .. } => *ttl_ms = Some(ms),
            Change::Delete | Change::Increment { .. } => {}
        }
        self
    }

    /// Bytes of the value that is to be stored.
    pub(crate) fn size(&self) -> usize {
        match &self.change {
            Change::Set { value, .. } | Change::CompareAndSwap { value, .. } => value.len(),
            Change::Delete | Change::Increment { .. } => 0,
        }
    }

    /// The same, within `bytes` for all that the plugin's brain holds.
    #[must_use]
    pub fn within(mut self, bytes: u64) -> Self {
        self.limit = Some(bytes);
        self
    }
}

/// What a write did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WriteOutcome {
    /// Stored (by a set or a successful compare-and-swap).
    Stored {
        /// The version that is there now.
        version: String,
    },
    /// Deleted.
    Deleted {
        /// Whether there was something.
        existed: bool,
    },
    /// Incremented.
    Sum {
        /// The number that is there now.
        value: i64,
        /// Its version.
        version: String,
    },
}

/// How much one holder has in the brain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// The plugin, or [`SHARED_HOLDER`](crate::SHARED_HOLDER).
    pub holder: String,
    /// Entries.
    pub keys: u64,
    /// Bytes of their keys and values: what a quota counts.
    pub bytes: u64,
}
