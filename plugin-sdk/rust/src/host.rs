//! The one place that knows whether there is a host.
//!
//! A plugin's crate also compiles natively, for its unit tests. There is no host then: functions that may fail say so,
//! and the few that may not fail are done here.

use crate::bindings::moa::plugin::{system, types};
use crate::error::HostError;

pub(crate) use system::Level;

/// Asks the host for something.
pub(crate) fn ask<T>(call: impl FnOnce() -> Result<T, types::Error>) -> Result<T, HostError> {
    if cfg!(target_arch = "wasm32") {
        Ok(call()?)
    } else {
        Err(HostError::Unsupported(
            "there is no host here: this is not running as a plugin".into(),
        ))
    }
}

#[cfg(target_arch = "wasm32")]
mod present {
    use super::{Level, system};

    pub(crate) fn log(level: Level, text: &str) {
        system::log(level, text);
    }

    pub(crate) fn config() -> String {
        system::config()
    }

    pub(crate) fn now() -> String {
        system::now()
    }

    pub(crate) fn random(len: u32) -> Vec<u8> {
        system::random(len)
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod absent {
    use super::Level;
    use std::hash::{BuildHasher, RandomState};
    use std::time::{Duration, SystemTime, UNIX_EPOCH};

    pub(crate) fn log(level: Level, text: &str) {
        eprintln!("{level:?}: {text}");
    }

    /// Nothing is configured where there is no host.
    pub(crate) fn config() -> String {
        "{}".into()
    }

    pub(crate) fn now() -> String {
        // A clock before 1970 reads as 1970.
        instant(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
    }

    pub(crate) fn random(len: u32) -> Vec<u8> {
        // Each state has a fresh key: enough for tests, and no dependency.
        let words = std::iter::repeat_with(|| RandomState::new().hash_one(0_u8).to_le_bytes());
        words.flatten().take(len as usize).collect()
    }

    /// RFC 3339 in UTC of a time since 1970, by Howard Hinnant's `civil_from_days`.
    pub(super) fn instant(since: Duration) -> String {
        let seconds = since.as_secs();
        let days = seconds / 86_400 + 719_468; // since 0000-03-01: leap days come last in a year
        let (era, day_of_era) = (days / 146_097, days % 146_097);
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted + 2) / 5 + 1;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
        let year = era * 400 + year_of_era + u64::from(month <= 2);
        let (hour, minute, second) = (seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
        let millis = since.subsec_millis();
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
    }
}

#[cfg(not(target_arch = "wasm32"))]
pub(crate) use absent::{config, log, now, random};
#[cfg(target_arch = "wasm32")]
pub(crate) use present::{config, log, now, random};

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn without_a_host_nothing_is_pretended() {
        let answer: Result<u8, _> = ask(|| unreachable!("the host must not be called"));
        assert!(matches!(answer, Err(HostError::Unsupported(_))));
    }

    #[test]
    fn instants() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400, "2000-02-29T00:00:00.000Z"),
            (951_868_799, "2000-02-29T23:59:59.000Z"),
            (1_795_222_200, "2026-11-21T00:50:00.000Z"),
            (4_107_542_400, "2100-03-01T00:00:00.000Z"),
        ] {
            assert_eq!(absent::instant(Duration::from_secs(seconds)), text);
        }
        assert!(absent::instant(Duration::from_millis(1_007)).ends_with("01.007Z"));
    }

    #[test]
    fn chance_is_as_long_as_asked_and_fresh() {
        assert_eq!(random(13).len(), 13);
        assert_ne!(random(32), random(32));
    }
}
