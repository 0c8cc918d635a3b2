//! Days on which nothing is due.

use super::ScheduleError;
use jiff::civil::Date;
use std::fmt;

/// A day that is left out: of one year, or of every year. It is the day on the wall in the schedule's zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SkipDay {
    year: Option<i16>,
    month: i8,
    day: i8,
}

impl SkipDay {
    /// Reads `2026-12-25`, or `12-25` for every year.
    ///
    /// # Errors
    /// [`ScheduleError::Day`] for what no calendar has.
    pub fn parse(text: &str) -> Result<Self, ScheduleError> {
        let digits = |text: &str, count: usize| {
            let plain = text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
            plain.then(|| text.parse::<i16>().ok()).flatten()
        };
        let parts: Vec<&str> = text.trim().split('-').collect();
        let read = match parts.as_slice() {
            [year, month, day] => digits(year, 4).map(|year| (Some(year), *month, *day)),
            [month, day] => Some((None, *month, *day)),
            _ => None,
        };
        let found = read.and_then(|(year, month, day)| {
            let month = i8::try_from(digits(month, 2)?).ok()?;
            let day = i8::try_from(digits(day, 2)?).ok()?;
            // A leap year stands for all of them.
            Date::new(year.unwrap_or(2024), month, day).ok()?;
            Some(Self { year, month, day })
        });
        found.ok_or_else(|| ScheduleError::Day { text: text.into() })
    }

    /// Whether it is this day.
    pub(super) fn is(&self, day: Date) -> bool {
        self.day == day.day() && self.month == day.month() && self.year.is_none_or(|year| year == day.year())
    }
}

impl fmt::Display for SkipDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(year) = self.year {
            write!(f, "{year:04}-")?;
        }
        write!(f, "{:02}-{:02}", self.month, self.day)
    }
}
