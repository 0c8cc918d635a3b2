//! Calendar dates and times of day, as arguments bring them.
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

use std::fmt;
use std::str::FromStr;

/// A calendar date, valid in the Gregorian calendar. Ordered by time.
///
/// ```
/// use moa_plugin::time::Date;
///
/// let date: Date = "2026-11-21".parse()?;
/// assert_eq!((date.year(), date.month(), date.day()), (2026, 11, 21));
/// assert!("2026-02-29".parse::<Date>().is_err());
/// # Ok::<(), moa_plugin::time::ParseError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

/// A time of day, to the second. Ordered by time.
///
/// ```
/// use moa_plugin::time::Time;
///
/// let time: Time = "09:50:00".parse()?;
/// assert_eq!((time.hour(), time.minute(), time.second()), (9, 50, 0));
/// # Ok::<(), moa_plugin::time::ParseError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
