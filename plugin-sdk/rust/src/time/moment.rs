//! What a calendar and a clock show together.

use super::{Date, ParseError, Time, local};
use crate::{HostError, system};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A date and a time of day somewhere, to reckon with as people do: without the jumps of summer time. Ordered by time.
///
/// ```
/// use moa_plugin::time::{Moment, ParseError};
///
/// let evening: Moment = "2026-12-31 23:50".parse()?;
/// assert_eq!(evening.plus_minutes(15), Some("2027-01-01 00:05".parse()?));
/// # Ok::<(), ParseError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Moment {
    /// What the calendar shows.
    pub date: Date,
    /// What the clock shows.
    pub time: Time,
}

impl Moment {
    /// The present one in a time zone (IANA name).
    ///
    /// ```
    /// # use moa_plugin::{HostError, testing::Host, time::Moment};
    /// let now = Host::new().with(|_| Moment::now("Asia/Seoul"))?;
    /// assert_eq!(now.to_string(), "2026-11-20 12:00:00");
    /// # Ok::<(), HostError>(())
    /// ```
    ///
    /// # Errors
    /// [`HostError::Invalid`] for a time zone that is none.
    pub fn now(timezone: &str) -> Result<Self, HostError> {
        let (date, time) = local(&system::now(), timezone)?;
        Ok(Self { date, time })
    }

    /// How many minutes later the other one is on clocks that show no seconds; earlier, if negative.
    ///
    /// ```
    /// use moa_plugin::time::{Moment, ParseError};
    ///
    /// let (now, later): (Moment, Moment) = ("2026-11-21 23:50:30".parse()?, "2026-11-22 00:00".parse()?);
    /// assert_eq!((now.minutes_until(later), later.minutes_until(now)), (10, -10));
    /// # Ok::<(), ParseError>(())
    /// ```
    pub fn minutes_until(self, other: Self) -> i64 {
        let minutes = |time: Time| i64::from(time.hour) * 60 + i64::from(time.minute);
        self.date.days_until(other.date) * DAY + minutes(other.time) - minutes(self.time)
    }

    /// So many minutes later; earlier, if negative. `None` before the year 0 and after 9999.
    ///
    /// ```
    /// use moa_plugin::time::{Moment, ParseError};
    ///
    /// let noon: Moment = "2026-11-21 12:00:07".parse()?;
    /// assert_eq!(noon.plus_minutes(-12 * 60), Some("2026-11-21 00:00:07".parse()?));
    /// # Ok::<(), ParseError>(())
    /// ```
    pub fn plus_minutes(self, minutes: i64) -> Option<Self> {
        let clock = i64::from(self.time.hour) * 60 + i64::from(self.time.minute);
        let minutes = clock.checked_add(minutes)?;
        let of_day = minutes.rem_euclid(DAY);
        Some(Self {
            date: self.date.plus_days(minutes.div_euclid(DAY))?,
            time: Time {
                hour: u8::try_from(of_day / 60).ok()?,
                minute: u8::try_from(of_day % 60).ok()?,
                ..self.time
            },
        })
    }
}

/// In minutes.
const DAY: i64 = 24 * 60;

impl FromStr for Moment {
    type Err = ParseError;

    /// From a date, a blank or `T`, and a time.
    fn from_str(text: &str) -> Result<Self, ParseError> {
        let read = || {
            let (date, time) = text.split_once([' ', 'T'])?;
            Some(Self {
                date: date.parse().ok()?,
                time: time.parse().ok()?,
            })
        };
        read().ok_or_else(|| ParseError {
            text: text.into(),
            wanted: "a date and time like 2026-11-21 09:50",
        })
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.date, self.time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_are_reckoned_over_midnight_and_years() {
        let moment = |text: &str| text.parse::<Moment>().unwrap();
        for (from, minutes, to) in [
            ("2026-11-20 23:50:00", 10, "2026-11-21 00:00:00"),
            ("2026-11-21 00:20:59", -21, "2026-11-20 23:59:59"),
            ("2024-02-28 12:00:00", 2 * 24 * 60, "2024-03-01 12:00:00"),
            ("2026-01-01 00:00:00", -1, "2025-12-31 23:59:00"),
        ] {
            let (from, to) = (moment(from), moment(to));
            assert_eq!(from.plus_minutes(minutes), Some(to));
            assert_eq!(from.minutes_until(to), minutes);
            assert_eq!(from < to, minutes > 0);
        }
        assert_eq!(moment("9999-12-31 23:59").plus_minutes(1), None);
        assert_eq!(moment("2026-11-20 23:59").plus_minutes(i64::MAX), None);
    }

    #[test]
    fn moments_there_and_back() {
        let moment: Moment = "2026-11-20T09:50".parse().unwrap();
        assert_eq!(moment.to_string(), "2026-11-20 09:50:00");
        let kept = serde_json::to_string(&moment).unwrap();
        assert_eq!(kept, r#"{"date":"2026-11-20","time":"09:50:00"}"#);
        assert_eq!(serde_json::from_str::<Moment>(&kept).unwrap(), moment);
        let error = "soon".parse::<Moment>().unwrap_err().to_string();
        assert_eq!(error, "`soon` is not a date and time like 2026-11-21 09:50");
    }
}
