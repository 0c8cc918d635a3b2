//! Why Redis could not be used.

/// Why a [`RedisStore`](super::RedisStore) could not be opened. `place` is host, port and database.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RedisOpenError {
    /// The address makes no sense.
    #[error("the address of Redis can't be used: {why}")]
    Address {
        /// What is wrong; never the address itself, which may hold a password.
        why: String,
    },
    /// Nobody answers.
    #[error("cannot reach Redis at {place} ({detail}): start it, or correct store.url")]
    Unreachable {
        /// Where.
        place: String,
        /// What the system said.
        detail: String,
    },
    /// It wants another password, or none.
    #[error("Redis at {place} does not let moa in ({detail}): correct the user and the password in store.url")]
    Denied {
        /// Where.
        place: String,
        /// What it said.
        detail: String,
    },
    /// It can't do what is needed.
    #[error("Redis at {place} cannot be used: {detail}")]
    Unsuitable {
        /// Where.
        place: String,
        /// Why, and what to do.
        detail: String,
    },
    /// Another host works on it.
    #[error(
        "the data in Redis at {place} is in use by another moa ({holder}): stop that one, or give this one another database (redis://HOST/1)"
    )]
    InUse {
        /// Where.
        place: String,
        /// Machine and process.
        holder: String,
    },
    /// A newer Moa wrote it.
    #[error(
        "the data in Redis at {place} has format {found}, this moa reads up to {known}: run the newer moa that wrote it"
    )]
    Newer {
        /// Where.
        place: String,
        /// Its format.
        found: u64,
        /// The latest format that is known here.
        known: u64,
    },
    /// What is there makes no sense.
    #[error("the data in Redis at {place} is damaged ({detail}): restore the last backup with `moa brain restore`")]
    Damaged {
        /// Where.
        place: String,
        /// What was found.
        detail: String,
    },
}
