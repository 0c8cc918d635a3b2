//! What can go wrong, in types.

use crate::types::{EffectKey, Seq};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Why writes were not done though the store works. Nothing of the batch was applied.
///
/// A refusal is an answer like any other: with an effect it is recorded, and a rerun gets the same one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub enum Refusal {
    /// A compare-and-swap met another version.
    #[error("the entry `{key}` has changed meanwhile: read it again and repeat the change")]
    Conflict {
        /// The key.
        key: String,
        /// The version that is there; `None`: no entry.
        current: Option<String>,
    },
    /// An increment met something else than a number.
    #[error("the entry `{key}` does not hold a whole number of 64 bits: set it to one before incrementing it")]
    NotANumber {
        /// The key.
        key: String,
    },
    /// The sum would not fit.
    #[error("adding {by} to the entry `{key}` goes beyond 64 bits; nothing was changed")]
    Overflow {
        /// The key.
        key: String,
        /// What was to be added.
        by: i64,
    },
    /// The brain would hold more than allowed.
    #[error(
        "the brain of `{holder}` holds {used} bytes and may hold {limit}: {needed} bytes would be needed; delete entries or raise the limit"
    )]
    Quota {
        /// The plugin, or `shared brain`.
        holder: String,
        /// Bytes held now.
        used: u64,
        /// Bytes that it would hold.
        needed: u64,
        /// Bytes that it may hold.
        limit: u64,
    },
}

/// Why a request to the store failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The store works, the writes were refused.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// This effect was recorded before, for something else. Nothing was applied.
    #[error(
        "effect {} of call {} did something else in an earlier run: the call is not repeatable and was stopped",
        .0.ordinal, .0.invocation
    )]
    Diverged(EffectKey),
    /// The journal has no open record of this number: it is finished, or never was.
    #[error("journal record {0} is not open: it is finished already, or was never accepted")]
    NotOpen(Seq),
    /// An entry was to be imported with a version that no store gives out.
    #[error(
        "the entry `{key}` can't be imported with the version `{version}`: a version is a whole number up to {}; nothing of this batch was imported",
        crate::bulk::GREATEST_VERSION
    )]
    NotAVersion {
        /// The key.
        key: String,
        /// What should be its version.
        version: String,
    },
    /// The disk did not do it. Nothing of the request was applied; it may be tried again.
    #[error("the store could not read or write its data ({0}): check the disk's free space and permissions")]
    Io(String),
    /// What is on disk does not make sense.
    #[error("the store's data is damaged ({0}): stop moa and restore the last backup with `moa brain restore`")]
    Damaged(String),
    /// The server that has the data can't be reached. What is not known to be done was not done, or is found done when it
    /// is asked for again.
    #[error(
        "the store at {place} cannot be reached ({detail}): see that it runs; moa goes on by itself when it answers"
    )]
    Away {
        /// Host and port.
        place: String,
        /// What was noticed.
        detail: String,
    },
    /// The server was asked, and the connection broke before it answered.
    #[error(
        "the store at {place} did not say whether it made the change ({detail}): look at what is there before repeating it"
    )]
    Uncertain {
        /// Host and port.
        place: String,
        /// What was noticed.
        detail: String,
    },
    /// The server works but won't do it. Nothing of the request was applied; it may be tried again.
    #[error("the store at {place} refused: {detail}")]
    Declined {
        /// Host and port.
        place: String,
        /// What it said, and what to do.
        detail: String,
    },
    /// Another host has the data now, and this one must not write any more.
    #[error("another moa has taken over the store at {place} ({by}): this one no longer uses it; stop one of the two")]
    TakenOver {
        /// Host and port.
        place: String,
        /// Which.
        by: String,
    },
    /// The store was closed.
    #[error("the store is closed: moa is shutting down")]
    Closed,
}

/// Why a store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file or its folder can't be made or written.
    #[error("cannot write the data file {path}: {source}; make its directory writable for moa, or set another one")]
    NotWritable {
        /// The data file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Somebody else has it open.
    #[error(
        "the data file {path} is in use: another moa is running on this data directory; stop it, or give this one another directory"
    )]
    Locked {
        /// The data file.
        path: PathBuf,
    },
    /// It is not a data file, or not a whole one.
    #[error(
        "the data file {path} is damaged ({detail}): restore the last backup with `moa brain restore`, or move the file away to start empty"
    )]
    Damaged {
        /// The data file.
        path: PathBuf,
        /// What was found.
        detail: String,
    },
    /// A newer Moa wrote it.
    #[error("the data file {path} has format {found}, this moa reads up to {known}: run the newer moa that wrote it")]
    Newer {
        /// The data file.
        path: PathBuf,
        /// Its format.
        found: u64,
        /// The latest format that is known here.
        known: u64,
    },
    /// The disk failed.
    #[error("cannot read the data file {path}: {detail}")]
    Io {
        /// The data file.
        path: PathBuf,
        /// What the system said.
        detail: String,
    },
}
