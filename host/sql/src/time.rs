//! Instants, dates and times of day, as they are written in cells.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

/// What a text in a parameter says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum When {
    /// An instant: RFC 3339 with an offset or `Z`.
    Instant(Timestamp),
    /// A date and a time of day, without a zone.
    Local(DateTime),
    /// A date.
    Date(Date),
    /// A time of day.
    Time(Time),
}

impl When {
    /// Reads a text; `None` where it is none of these.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.contains('[') {
            return None;
        }
        if let Ok(instant) = text.parse() {
            return Some(Self::Instant(instant));
        }
        let has_time = text.contains(':');
        let has_date = text.get(1..).is_some_and(|rest| rest.contains('-'));
        match (has_date, has_time) {
            (true, true) => text.parse().ok().map(Self::Local),
            (true, false) => text.parse().ok().map(Self::Date),
            (false, true) => text.parse().ok().map(Self::Time),
            (false, false) => None,
        }
    }

    /// The date and time of day without a zone: an instant's in UTC.
    pub(crate) fn local(self) -> Option<DateTime> {
        match self {
            Self::Instant(instant) => Some(TimeZone::UTC.to_datetime(instant)),
            Self::Local(local) => Some(local),
            Self::Date(date) => Some(date.at(0, 0, 0, 0)),
            Self::Time(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_told_apart() {
        let instant = When::Instant("2026-11-22T00:30:00Z".parse().unwrap());
        for (text, when) in [
            ("2026-11-22T00:30:00Z", Some(instant)),
            ("2026-11-22T09:30:00+09:00", Some(instant)),
            (
                "2026-11-22T09:30:00",
                Some(When::Local("2026-11-22T09:30:00".parse().unwrap())),
            ),
            (
                "2026-11-22 09:30",
                Some(When::Local("2026-11-22T09:30:00".parse().unwrap())),
            ),
            ("2026-11-22", Some(When::Date("2026-11-22".parse().unwrap()))),
            ("09:30:00.5", Some(When::Time("09:30:00.5".parse().unwrap()))),
            ("today", None),
            ("", None),
            ("2026-13-01", None),
            ("2026-11-22T09:30:00[Asia/Seoul]", None),
        ] {
            assert_eq!(When::read(text), when, "{text}");
        }
    }
}
