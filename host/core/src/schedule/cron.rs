//! Cron expressions: five fields, or six with seconds first.
//!
//! | in a field | means |
//! |---|---|
//! | `*`, in the fields for days also `?` | every value |
//! | `5`, `mon`, `december` | this value; names in English, three letters or all, in any case |
//! | `9-17`, `fri-mon`, `22-2` | from … to, over the end where the second is smaller |
//! | `*/15`, `9-17/2`, `5/20` | every so many, from the first; `5/20` goes on to the end |
//! | `a,b,c` | each of them |
//! | day of the month `L`, `L-2` | the last, two before the last |
//! | weekday `fri#2`, `5#2` | the second of the month |
//! | weekday `friL`, `5L`, `L5` | the last of the month |
//!
//! Weekdays count from 0, Sunday, which is 7 too. **If both fields for days say something (are neither `*` nor `?`), a day
//! that fits either of them is due**, as cron has always had it.

use super::ScheduleError;
use jiff::civil::{Date, Time};

/// The fields as sets of bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fields {
    seconds: u64,
    minutes: u64,
    hours: u64,
    months: u64,
    day: Option<MonthDays>,
    weekday: Option<WeekDays>,
}

/// What the field for days of the month says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct MonthDays {
    /// Bit 1 is the first.
    days: u64,
    /// Bit 0 is the last, bit 1 the one before it.
    from_end: u64,
}

/// What the field for weekdays says; bit 0 is Sunday.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct WeekDays {
    days: u64,
    /// Of the first of its kind in the month, the second, …
    nth: [u64; 5],
    last: u64,
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const DAYS: [&str; 7] = [
    "sunday",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
];
const NICKNAMES: [(&str, &str); 7] = [
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
    ("@monthly", "0 0 1 * *"),
    ("@weekly", "0 0 * * 0"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@hourly", "0 * * * *"),
];

/// A field: what it is called, and which numbers and names it has.
struct Field {
    name: &'static str,
    min: u8,
    max: u8,
    names: &'static [&'static str],
    /// What the first name stands for.
    first: u8,
}

const fn field(name: &'static str, min: u8, max: u8) -> Field {
    Field {
        name,
        min,
        max,
        names: &[],
        first: 0,
    }
}

const SECOND: Field = field("second", 0, 59);
const MINUTE: Field = field("minute", 0, 59);
const HOUR: Field = field("hour", 0, 23);
const DAY: Field = field("day of the month", 1, 31);
const MONTH: Field = Field {
    names: &MONTHS,
    first: 1,
    ..field("month", 1, 12)
};
const WEEKDAY: Field = Field {
    names: &DAYS,
    ..field("weekday", 0, 6)
};
/// All hours of a day.
const EVERY_HOUR: u64 = (1 << 24) - 1;

impl Fields {
    pub(super) fn parse(text: &str) -> Result<Self, ScheduleError> {
        let text = match text.starts_with('@') {
            true => {
                let found = NICKNAMES.iter().find(|(name, _)| text.eq_ignore_ascii_case(name));
                found.ok_or_else(|| ScheduleError::Nickname { name: text.into() })?.1
            }
            false => text,
        };
        let parts: Vec<&str> = text.split_whitespace().collect();
        let (second, [minute, hour, day, month, weekday]) = match parts.as_slice() {
            [minute, hour, day, month, weekday] => ("0", [*minute, *hour, *day, *month, *weekday]),
            [second, minute, hour, day, month, weekday] => (*second, [*minute, *hour, *day, *month, *weekday]),
            _ => {
                return Err(ScheduleError::Fields {
                    text: text.into(),
                    count: parts.len(),
                });
            }
        };
        Ok(Self {
            seconds: SECOND.set(second)?,
            minutes: MINUTE.set(minute)?,
            hours: HOUR.set(hour)?,
            months: MONTH.set(month)?,
            day: month_days(day)?,
            weekday: week_days(weekday)?,
        })
    }

    pub(super) fn names_every_hour(&self) -> bool {
        self.hours == EVERY_HOUR
    }

    pub(super) fn in_month(&self, day: Date) -> bool {
        has(self.months, day.month())
    }

    pub(super) fn on(&self, day: Date) -> bool {
        let fits = match (&self.day, &self.weekday) {
            (None, None) => true,
            (Some(days), None) => days.on(day),
            (None, Some(days)) => days.on(day),
            (Some(of_month), Some(of_week)) => of_month.on(day) || of_week.on(day),
        };
        fits && self.in_month(day)
    }

    /// The first due time of a due day, from a time on.
    pub(super) fn first(&self, from: Time) -> Option<Time> {
        let mut hour = next(self.hours, from.hour())?;
        let mut minute = None;
        if hour == from.hour() {
            // In the very minute seconds count, behind it none.
            minute = match next(self.minutes, from.minute()) {
                Some(same) if same == from.minute() => match next(self.seconds, from.second()) {
                    Some(second) => return Time::new(hour, same, second, 0).ok(),
                    None => next(self.minutes, same + 1),
                },
                later => later,
            };
            if minute.is_none() {
                hour = next(self.hours, hour + 1)?;
            }
        }
        let minute = minute.or_else(|| next(self.minutes, 0))?;
        Time::new(hour, minute, next(self.seconds, 0)?, 0).ok()
    }
}

impl MonthDays {
    fn on(&self, day: Date) -> bool {
        has(self.days, day.day()) || has(self.from_end, day.days_in_month() - day.day())
    }
}

impl WeekDays {
    fn on(&self, day: Date) -> bool {
        let weekday = day.weekday().to_sunday_zero_offset();
        let which = usize::try_from((day.day() - 1) / 7).unwrap_or_default();
        let is_last = day.day() + 7 > day.days_in_month();
        has(self.days, weekday)
            || self.nth.get(which).is_some_and(|days| has(*days, weekday))
            || (is_last && has(self.last, weekday))
    }
}

fn has(set: u64, value: i8) -> bool {
    u32::try_from(value).is_ok_and(|value| value < 64 && set >> value & 1 == 1)
}

/// The first value of a set that is not below `from`.
fn next(set: u64, from: i8) -> Option<i8> {
    let from = u32::try_from(from).ok()?;
    let left = set.checked_shr(from)?;
    (left != 0).then(|| i8::try_from(from + left.trailing_zeros()).ok())?
}

/// Whether a field for days says nothing.
fn is_any(text: &str) -> bool {
    matches!(text, "*" | "?" | "*/1")
}

fn month_days(text: &str) -> Result<Option<MonthDays>, ScheduleError> {
    if is_any(text) {
        return Ok(None);
    }
    let mut days = MonthDays::default();
    for part in text.split(',') {
        match part.strip_prefix(['L', 'l']) {
            None => days.days |= DAY.part(part)?,
            Some("") => days.from_end |= 1,
            Some(before) => {
                let before = before.strip_prefix('-').and_then(number);
                match before.filter(|before| (1..=30).contains(before)) {
                    Some(before) => days.from_end |= 1 << before,
                    None => return Err(DAY.wrong(part, "write `L` for the last day, `L-2` for two days before it")),
                }
            }
        }
    }
    Ok(Some(days))
}

fn week_days(text: &str) -> Result<Option<WeekDays>, ScheduleError> {
    if is_any(text) {
        return Ok(None);
    }
    let mut days = WeekDays::default();
    for part in text.split(',') {
        if let Some((day, which)) = part.split_once('#') {
            let which = number(which).filter(|which| (1..=5).contains(which));
            match which.and_then(|which| days.nth.get_mut(usize::from(which) - 1)) {
                Some(set) => *set |= 1 << (WEEKDAY.value(part, day)? % 7),
                None => return Err(WEEKDAY.wrong(part, "behind `#` stands 1 to 5: `fri#2` is the second Friday")),
            }
        } else if let Some(day) = last_of_kind(part) {
            days.last |= 1 << (WEEKDAY.value(part, day)? % 7);
        } else {
            days.days |= WEEKDAY.part(part)?;
        }
    }
    Ok(Some(days))
}

/// `5L`, `L5`, `friL`: the day. No name of a day ends with an L.
fn last_of_kind(part: &str) -> Option<&str> {
    part.strip_suffix(['L', 'l']).or_else(|| part.strip_prefix(['L', 'l']))
}

fn number(text: &str) -> Option<u8> {
    let digits = !text.is_empty() && text.len() <= 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

impl Field {
    fn is_weekday(&self) -> bool {
        self.name == WEEKDAY.name
    }

    fn wrong(&self, part: &str, problem: impl Into<String>) -> ScheduleError {
        ScheduleError::Part {
            field: self.name,
            part: part.into(),
            problem: problem.into(),
        }
    }

    /// The set of a whole field.
    fn set(&self, text: &str) -> Result<u64, ScheduleError> {
        text.split(',').try_fold(0, |set, part| Ok(set | self.part(part)?))
    }

    /// The set of what stands between commas.
    fn part(&self, part: &str) -> Result<u64, ScheduleError> {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, Some(self.step(part, step)?)),
            None => (part, None),
        };
        let (from, to) = match range.split_once('-') {
            _ if range == "*" => (self.min, self.max),
            Some((from, to)) => (self.value(part, from)?, self.value(part, to)?),
            None => {
                let from = self.value(part, range)?;
                (from, if step.is_some() { self.max } else { from })
            }
        };
        let count = self.max - self.min + 1;
        // Sunday is 7 only as an end: `5-7`.
        let from = if self.is_weekday() { from % 7 } else { from };
        let length = if to >= from { to - from } else { to + count - from };
        let values = (0..=length).step_by(usize::from(step.unwrap_or(1)));
        Ok(values.fold(0, |set, ahead| {
            set | 1 << (self.min + (from - self.min + ahead) % count)
        }))
    }

    fn step(&self, part: &str, text: &str) -> Result<u8, ScheduleError> {
        let most = self.max - self.min;
        number(text).filter(|step| (1..=most).contains(step)).ok_or_else(|| {
            self.wrong(
                part,
                format!("a step is 1 to {most}; what is due more seldom needs a field further right"),
            )
        })
    }

    fn value(&self, part: &str, text: &str) -> Result<u8, ScheduleError> {
        if let Some(number) = number(text) {
            // Sunday has two numbers.
            let max = if self.is_weekday() { 7 } else { self.max };
            if (self.min..=max).contains(&number) {
                return Ok(number);
            }
        }
        let lower = text.to_ascii_lowercase();
        let named = (0..)
            .zip(self.names)
            .find(|(_, name)| lower == **name || (lower.len() == 3 && name.starts_with(&lower)));
        match named {
            Some((index, _)) => Ok(self.first + index),
            None => Err(self.wrong(part, self.expected())),
        }
    }

    fn expected(&self) -> String {
        let names = match self.names {
            [first, .., last] => format!(
                " (or {} to {})",
                &first.get(..3).unwrap_or(first),
                &last.get(..3).unwrap_or(last)
            ),
            _ => String::new(),
        };
        let max = if self.is_weekday() { 7 } else { self.max };
        format!(
            "write numbers from {} to {max}{names}, `a-b`, `*`, steps as `*/5`, lists with commas",
            self.min
        )
    }
}
