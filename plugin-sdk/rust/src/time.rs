//! Calendar dates, times of day and lengths of time, as people and configurations write them; instants to reckon with.
//!
//! ```
//! use moa_plugin::prelude::*;
//! use moa_plugin::testing::Host;
//!
//! /// Reserves a table.
//! #[command]
//! fn table(on: Date, at: Time) -> String {
//!     format!("{on}, {at}")
//! }
//!
//! assert!(Host::new().run::<table>("2026-11-21 12:30")?.is_some());
//! # Ok::<(), Error>(())
//! ```

mod days;
mod instant;
mod moment;
mod of_day;
mod order;
mod shown;
mod span;
mod switch;
mod timetable;
mod weekdays;
mod words;

pub use days::days;
pub use instant::Instant;
pub use moment::Moment;
pub use of_day::time_of_day;
pub use order::Order;
pub use shown::shown;
pub use span::Span;
pub use switch::Switch;
pub use timetable::{Exceptions, Timetable};
pub use weekdays::Weekdays;
pub use words::in_words;

use crate::{HostError, clock, system};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// What the calendar and the clock show somewhere at an instant.
///
/// ```
/// # use moa_plugin::testing::Host;
/// use moa_plugin::time;
///
/// # Host::new().with(|_| {
/// let (date, time) = time::local("2026-11-20T15:30:00Z", "Asia/Seoul")?;
/// assert_eq!((date.to_string(), time.to_string()), ("2026-11-21".into(), "00:30:00".into()));
/// # Ok::<(), moa_plugin::HostError>(())
/// # }).unwrap();
/// ```
///
/// # Errors
/// [`HostError::Invalid`] for what is no instant and for a zone that there is not.
pub fn local(instant: &str, timezone: &str) -> Result<(Date, Time), HostError> {
    let shown = system::local(instant, timezone)?;
    let read = |text: &str| -> Option<(Date, Time)> {
        let (date, time) = text.split_once('T')?;
        Some((date.parse().ok()?, time.get(..8)?.parse().ok()?))
    };
    read(&shown).ok_or_else(|| HostError::Invalid(format!("`{shown}` has no date and time")))
}

/// A calendar date, valid in the Gregorian calendar. Ordered by time; in the brain and in JSON it is its text.
///
/// ```
/// use moa_plugin::time::Date;
///
/// let date: Date = "2026-11-21".parse()?;
/// assert_eq!((date.year(), date.month(), date.day()), (2026, 11, 21));
/// assert!("2026-02-29".parse::<Date>().is_err());
/// # Ok::<(), moa_plugin::time::ParseError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// The year, 0 to 9999.
    ///
    /// ```
    /// let date: moa_plugin::time::Date = "2026-11-21".parse()?;
    /// assert_eq!(date.year(), 2026);
    /// # Ok::<(), moa_plugin::time::ParseError>(())
    /// ```
    pub fn year(self) -> u16 {
        self.year
    }

    /// The month, 1 to 12.
    ///
    /// ```
    /// let date: moa_plugin::time::Date = "2026-11-21".parse()?;
    /// assert_eq!(date.month(), 11);
    /// # Ok::<(), moa_plugin::time::ParseError>(())
    /// ```
    pub fn month(self) -> u8 {
        self.month
    }

    /// The day of the month, 1 to 31.
    ///
    /// ```
    /// let date: moa_plugin::time::Date = "2026-11-21".parse()?;
    /// assert_eq!(date.day(), 21);
    /// # Ok::<(), moa_plugin::time::ParseError>(())
    /// ```
    pub fn day(self) -> u8 {
        self.day
    }

    /// The day of the week.
    ///
    /// ```
    /// use moa_plugin::time::{Date, Weekday};
    ///
    /// let date: Date = "2026-11-21".parse()?;
    /// assert_eq!(date.weekday(), Weekday::Saturday);
    /// # Ok::<(), moa_plugin::time::ParseError>(())
    /// ```
    pub fn weekday(self) -> Weekday {
        // The first day of 1970 was a Thursday.
        match (clock::days(self) + 3).rem_euclid(7) {
            0 => Weekday::Monday,
            1 => Weekday::Tuesday,
            2 => Weekday::Wednesday,
            3 => Weekday::Thursday,
            4 => Weekday::Friday,
            5 => Weekday::Saturday,
            _ => Weekday::Sunday,
        }
    }

    /// So many days later; earlier, if negative. `None` before the year 0 and after 9999.
    ///
    /// ```
    /// let date: moa_plugin::time::Date = "2026-12-31".parse()?;
    /// assert_eq!(date.plus_days(1), Some("2027-01-01".parse()?));
    /// # Ok::<(), moa_plugin::time::ParseError>(())
    /// ```
    pub fn plus_days(self, days: i64) -> Option<Self> {
        clock::date(clock::days(self).checked_add(days)?)
    }

    /// How many days later the other one is; earlier, if negative.
    ///
    /// ```
    /// use moa_plugin::time::Date;
    ///
    /// let (date, other): (Date, Date) = ("2026-11-21".parse()?, "2026-12-01".parse()?);
    /// assert_eq!(date.days_until(other), 10);
    /// # Ok::<(), moa_plugin::time::ParseError>(())
    /// ```
    pub fn days_until(self, other: Self) -> i64 {
        clock::days(other) - clock::days(self)
    }
}

/// A day of the week. Ordered from Monday to Sunday.
///
/// ```
/// use moa_plugin::time::Weekday;
///
/// assert!(Weekday::ALL[..5].contains(&Weekday::Friday));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "their names say it")]
pub enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl Weekday {
    /// All seven, from Monday on.
    ///
    /// ```
    /// assert_eq!(moa_plugin::time::Weekday::ALL.len(), 7);
    /// ```
    pub const ALL: [Self; 7] = [
        Self::Monday,
        Self::Tuesday,
        Self::Wednesday,
        Self::Thursday,
        Self::Friday,
        Self::Saturday,
        Self::Sunday,
    ];
}

impl FromStr for Date {
    type Err = ParseError;

    /// From `YYYY-MM-DD`.
    fn from_str(text: &str) -> Result<Self, ParseError> {
        let fail = || ParseError {
            text: text.into(),
            wanted: "a date like 2026-11-21",
        };
        let [year, month, day] = digits::<3>(text, '-', [4, 2, 2]).ok_or_else(fail)?;
        let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let days = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            _ => return Err(fail()),
        };
        if day == 0 || day > days {
            return Err(fail());
        }
        // Two digits fit into a byte.
        Ok(Self {
            year,
            month: month as u8,
            day: day as u8,
        })
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// A time of day, to the second. Ordered by time; in the brain and in JSON it is its text.
///
/// ```
/// use moa_plugin::time::Time;
///
/// let time: Time = "09:50:00".parse()?;
/// assert_eq!((time.hour(), time.minute(), time.second()), (9, 50, 0));
/// # Ok::<(), moa_plugin::time::ParseError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Time {
    hour: u8,
    minute: u8,
    second: u8,
}

impl Time {
    /// The hour, 0 to 23.
    ///
    /// ```
    /// let time: moa_plugin::time::Time = "09:50:07".parse()?;
    /// assert_eq!(time.hour(), 9);
    /// # Ok::<(), moa_plugin::time::ParseError>(())
    /// ```
    pub fn hour(self) -> u8 {
        self.hour
    }

    /// The minute, 0 to 59.
    ///
    /// ```
    /// let time: moa_plugin::time::Time = "09:50:07".parse()?;
    /// assert_eq!(time.minute(), 50);
    /// # Ok::<(), moa_plugin::time::ParseError>(())
    /// ```
    pub fn minute(self) -> u8 {
        self.minute
    }

    /// The second, 0 to 59.
    ///
    /// ```
    /// let time: moa_plugin::time::Time = "09:50:07".parse()?;
    /// assert_eq!(time.second(), 7);
    /// # Ok::<(), moa_plugin::time::ParseError>(())
    /// ```
    pub fn second(self) -> u8 {
        self.second
    }
}

impl FromStr for Time {
    type Err = ParseError;

    /// From `HH:MM:SS`, or `HH:MM` as people and forms write it.
    fn from_str(text: &str) -> Result<Self, ParseError> {
        let without_seconds = || digits::<2>(text, ':', [2, 2]).map(|[hour, minute]| [hour, minute, 0]);
        match digits::<3>(text, ':', [2, 2, 2]).or_else(without_seconds) {
            // Checked to be below 60.
            Some([hour @ 0..=23, minute @ 0..=59, second @ 0..=59]) => Ok(Self {
                hour: hour as u8,
                minute: minute as u8,
                second: second as u8,
            }),
            _ => Err(ParseError {
                text: text.into(),
                wanted: "a time like 09:50:00",
            }),
        }
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}:{:02}", self.hour, self.minute, self.second)
    }
}

// What serde needs to read and write them as texts.

impl TryFrom<String> for Date {
    type Error = ParseError;

    fn try_from(text: String) -> Result<Self, ParseError> {
        text.parse()
    }
}

impl From<Date> for String {
    fn from(date: Date) -> Self {
        date.to_string()
    }
}

impl TryFrom<String> for Time {
    type Error = ParseError;

    fn try_from(text: String) -> Result<Self, ParseError> {
        text.parse()
    }
}

impl From<Time> for String {
    fn from(time: Time) -> Self {
        time.to_string()
    }
}

/// A length of time as people write it in whole units, larger ones first: `90s`, `1h30m`, `1시간 30분`. In seconds.
pub(crate) fn duration(text: &str) -> Option<u32> {
    let mut rest = text.trim();
    let (mut total, mut smaller_than) = (0_u32, u32::MAX);
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, behind) = rest.split_at_checked(digits)?;
        let behind = behind.trim_start();
        let letters = behind.find(|c: char| c.is_ascii_digit() || c.is_whitespace());
        let (unit, behind) = behind.split_at_checked(letters.unwrap_or(behind.len()))?;
        let unit = match unit {
            "w" | "week" | "weeks" | "주" | "주일" => 604_800,
            "d" | "day" | "days" | "일" => 86_400,
            "h" | "hour" | "hours" | "시간" => 3_600,
            "m" | "min" | "minute" | "minutes" | "분" => 60,
            "s" | "sec" | "second" | "seconds" | "초" => 1,
            _ => return None,
        };
        if unit >= smaller_than {
            return None;
        }
        smaller_than = unit;
        total = total.checked_add(number.parse::<u32>().ok()?.checked_mul(unit)?)?;
        rest = behind.trim_start();
    }
    (smaller_than != u32::MAX).then_some(total)
}

/// Text that is no date or no time of day.
///
/// ```
/// use moa_plugin::time::{Date, ParseError};
///
/// let error: ParseError = "tomorrow".parse::<Date>().unwrap_err();
/// assert!(error.to_string().starts_with("`tomorrow` is not"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {wanted}")]
pub struct ParseError {
    text: String,
    wanted: &'static str,
}

/// Numbers of fixed widths with a mark between them, nothing else.
fn digits<const N: usize>(text: &str, mark: char, widths: [usize; N]) -> Option<[u16; N]> {
    let mut parts = text.split(mark);
    let mut numbers = [0; N];
    for (number, width) in numbers.iter_mut().zip(widths) {
        let part = parts.next()?;
        if part.len() != width || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        *number = part.parse().ok()?;
    }
    parts.next().is_none().then_some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_there_and_back() {
        for good in ["2026-11-21", "2024-02-29", "2000-02-29", "0000-01-01", "9999-12-31"] {
            assert_eq!(good.parse::<Date>().unwrap().to_string(), good);
        }
        for bad in [
            "",
            "2026-11",
            "2026-11-21-1",
            "2026-13-01",
            "2026-00-10",
            "2026-04-31",
            "1900-02-29",
            "2026-1-1",
            "+026-01-01",
        ] {
            assert!(bad.parse::<Date>().is_err(), "{bad}");
        }
    }

    #[test]
    fn days_are_counted_over_months_leap_years_and_weeks() {
        let date = |text: &str| text.parse::<Date>().unwrap();
        for (from, days, to) in [
            ("2024-02-28", 1, "2024-02-29"),
            ("2026-02-28", 1, "2026-03-01"),
            ("2026-01-01", -1, "2025-12-31"),
            ("1970-01-01", -1, "1969-12-31"),
            ("0000-01-01", 3_652_424, "9999-12-31"),
        ] {
            assert_eq!(date(from).plus_days(days), Some(date(to)), "{from} {days}");
            assert_eq!(date(from).days_until(date(to)), days);
        }
        assert_eq!(date("0000-01-01").plus_days(-1), None);
        assert_eq!(date("9999-12-31").plus_days(1), None);
        assert_eq!(date("9999-12-31").plus_days(i64::MAX), None);
        for (day, weekday) in [
            ("1970-01-01", Weekday::Thursday),
            ("1969-12-28", Weekday::Sunday),
            ("2026-11-22", Weekday::Sunday),
            ("2024-02-29", Weekday::Thursday),
            ("0000-01-01", Weekday::Saturday),
        ] {
            assert_eq!(date(day).weekday(), weekday, "{day}");
        }
    }

    #[test]
    fn they_are_kept_as_texts() {
        let kept = serde_json::to_string(&(date_and_time("2026-11-21", "09:50"))).unwrap();
        assert_eq!(kept, r#"["2026-11-21","09:50:00"]"#);
        let (date, time): (Date, Time) = serde_json::from_str(&kept).unwrap();
        assert_eq!((date, time), date_and_time("2026-11-21", "09:50"));
        assert!(serde_json::from_str::<Date>("\"soon\"").is_err());
    }

    fn date_and_time(date: &str, time: &str) -> (Date, Time) {
        (date.parse().unwrap(), time.parse().unwrap())
    }

    #[test]
    fn lengths_of_time() {
        for (text, seconds) in [
            ("90s", 90),
            ("1h30m", 5_400),
            ("1시간 30분", 5_400),
            ("2 days", 172_800),
            ("0s", 0),
        ] {
            assert_eq!(duration(text), Some(seconds), "{text}");
        }
        for bad in ["", "90", "s", "1m1h", "1h1h", "9999999w", "1x", "-1s"] {
            assert_eq!(duration(bad), None, "{bad}");
        }
    }

    #[test]
    fn times_there_and_back() {
        for good in ["00:00:00", "23:59:59"] {
            assert_eq!(good.parse::<Time>().unwrap().to_string(), good);
        }
        assert_eq!("09:50".parse::<Time>(), "09:50:00".parse());
        for bad in [
            "24:00:00", "12:60:00", "12:00:60", "12", "12:60", "1:00", "1:00:00", "aa:00:00",
        ] {
            assert!(bad.parse::<Time>().is_err(), "{bad}");
        }
    }
}
