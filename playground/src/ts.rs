//! The message identity that Slack calls `ts`.

use serde::{Serialize, Serializer};
use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

/// Microseconds since 1970, written as `"1515449522.000016"`: seconds, a dot, six digits. It is the identity of a
/// message in its conversation, so it is kept as a whole number and never as a float.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub(crate) struct Ts(pub u64);

impl Ts {
    /// The present time.
    pub fn now() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(u64::try_from(since.as_micros()).unwrap_or(u64::MAX))
    }

    /// Reads `seconds.microseconds`; `None` for anything else, such as a float with fewer digits.
    pub fn parse(text: &str) -> Option<Self> {
        let (seconds, micros) = text.split_once('.')?;
        if micros.len() != 6 || seconds.is_empty() || !text.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
            return None;
        }
        let seconds: u64 = seconds.parse().ok()?;
        let micros: u64 = micros.parse().ok()?;
        Some(Self(seconds.checked_mul(1_000_000)?.checked_add(micros)?))
    }

    /// Reads the bounds of `conversations.history`, which may also be whole or fractional seconds (`"0"`, `"1.5"`).
    pub fn parse_bound(text: &str) -> Option<Self> {
        let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
        if fraction.len() > 6 {
            return None;
        }
        Self::parse(&format!("{seconds}.{fraction:0<6}"))
    }

    /// Whole seconds since 1970.
    pub fn seconds(self) -> u64 {
        self.0 / 1_000_000
    }
}

impl fmt::Display for Ts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}", self.0 / 1_000_000, self.0 % 1_000_000)
    }
}

impl Serialize for Ts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        for text in ["1515449522.000016", "1.000000", "0.000001"] {
            assert_eq!(Ts::parse(text).map(|ts| ts.to_string()).as_deref(), Some(text));
        }
    }

    #[test]
    fn refuses_what_is_no_identity() {
        for text in [
            "",
            ".",
            "1",
            "1.0",
            "1.0000001",
            "-1.000000",
            "1.00000a",
            "1.2.300000",
            "99999999999999999999.000000",
        ] {
            assert_eq!(Ts::parse(text), None, "{text}");
        }
    }

    #[test]
    fn bounds_may_be_short() {
        assert_eq!(Ts::parse_bound("0"), Some(Ts(0)));
        assert_eq!(Ts::parse_bound("12"), Some(Ts(12_000_000)));
        assert_eq!(Ts::parse_bound("1.5"), Some(Ts(1_500_000)));
        assert_eq!(Ts::parse_bound("now"), None);
    }
}
