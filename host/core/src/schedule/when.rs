//! Single instants, and what looks like chance but is the same everywhere.

use super::ScheduleError;
use crate::config::duration;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

/// Reads when a job that runs once is due: an instant (`2026-11-21T09:50:00+09:00`), or a time from now (`10m`, `+1h30m`).
///
/// # Errors
/// [`ScheduleError::Instant`] for anything else, and for what is beyond the year 9999.
pub fn when(text: &str, now: Timestamp) -> Result<Timestamp, ScheduleError> {
    let text = text.trim();
    let wrong = || ScheduleError::Instant { text: text.into() };
    match duration(text.strip_prefix('+').unwrap_or(text)) {
        Some(after) => {
            let after = SignedDuration::try_from(after).map_err(|_| wrong())?;
            now.checked_add(after).map_err(|_| wrong())
        }
        None => text.parse().map_err(|_| wrong()),
    }
}

/// A number that depends on both, and on nothing else.
pub(super) fn spread(key: &str, due: Timestamp) -> u64 {
    let mut hash = Sha256::new();
    hash.update(key.as_bytes());
    hash.update([0]);
    hash.update(due.as_second().to_be_bytes());
    let hash = hash.finalize();
    hash.iter()
        .take(8)
        .fold(0, |number, byte| number << 8 | u64::from(*byte))
}
