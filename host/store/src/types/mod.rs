//! The words of the store.

mod brain;
mod journal;

pub use brain::*;
pub use journal::*;

/// How much a purge removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Purged {
    /// Finished journal records.
    pub records: u64,
    /// Identities.
    pub identities: u64,
    /// Expired entries of the brain.
    pub entries: u64,
}
