//! Instants as the contract writes them.

use jiff::{Timestamp, tz::TimeZone};
use std::time::SystemTime;

/// RFC 3339 in UTC with milliseconds; an instant outside the years that RFC 3339 can write becomes the nearest one.
pub(crate) fn rfc3339(instant: SystemTime) -> String {
    let instant = Timestamp::try_from(instant).unwrap_or_else(|_| {
        if instant < SystemTime::UNIX_EPOCH {
            Timestamp::MIN
        } else {
            Timestamp::MAX
        }
    });
    format!("{instant:.3}")
}

/// An instant (RFC 3339) on the clock of a time zone (IANA name), as [`System::local`](crate::System::local) answers it.
///
/// # Errors
/// Which of the two is malformed.
pub fn local(instant: &str, timezone: &str) -> Result<String, String> {
    let at: Timestamp = instant
        .parse()
        .map_err(|_| format!("`{instant}` is no instant; write one like `2026-11-21T00:50:00Z`"))?;
    let zone = TimeZone::get(timezone)
        .map_err(|_| format!("`{timezone}` is no time zone; write an IANA name like `Asia/Seoul`"))?;
    Ok(at.to_zoned(zone).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn instants_have_milliseconds_and_zones_their_name() {
        let at = SystemTime::UNIX_EPOCH + Duration::from_millis(1_795_222_200_120);
        assert_eq!(rfc3339(at), "2026-11-21T00:50:00.120Z");
        assert_eq!(
            local("2026-11-21T00:50:00Z", "Asia/Seoul").unwrap(),
            "2026-11-21T09:50:00+09:00[Asia/Seoul]"
        );
    }

    #[test]
    fn errors_name_what_is_wrong() {
        assert!(local("yesterday", "Asia/Seoul").unwrap_err().contains("`yesterday`"));
        assert!(local("2026-11-21T00:50:00Z", "Seoul").unwrap_err().contains("`Seoul`"));
    }
}
