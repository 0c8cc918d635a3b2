//! Rules: weekdays and times of day, as people say them: `mon-fri 09:50,18:00`, `평일 9:50`.

use super::{MAX_TIMES, ScheduleError};
use jiff::civil::{Date, Time};
use std::fmt;

/// On these weekdays at these times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    /// Bit 0 is Sunday.
    days: u8,
    /// Ascending.
    times: Vec<Time>,
}

const DAYS: [(&str, &str, &str); 7] = [
    ("sun", "sunday", "일"),
    ("mon", "monday", "월"),
    ("tue", "tuesday", "화"),
    ("wed", "wednesday", "수"),
    ("thu", "thursday", "목"),
    ("fri", "friday", "금"),
    ("sat", "saturday", "토"),
];
const GROUPS: [(&str, u8); 8] = [
    ("*", 0b111_1111),
    ("daily", 0b111_1111),
    ("매일", 0b111_1111),
    ("weekdays", 0b011_1110),
    ("평일", 0b011_1110),
    ("weekends", 0b100_0001),
    ("주말", 0b100_0001),
    ("all", 0b111_1111),
];

impl Rule {
    pub(super) fn parse(text: &str) -> Result<Self, ScheduleError> {
        let text = text.trim();
        let wrong = |problem: String| ScheduleError::Rule {
            rule: text.into(),
            problem,
        };
        let mut days = 0;
        let mut times = Vec::new();
        for part in text.split([',', ' ', '\t']).filter(|part| !part.is_empty()) {
            match part.contains(':') {
                true => times.push(time(part).ok_or_else(|| {
                    wrong(format!(
                        "`{part}` is no time of day; write `09:50`, or `09:50:30` with seconds"
                    ))
                })?),
                false if times.is_empty() => {
                    days |= weekdays(part).ok_or_else(|| {
                        wrong(format!(
                            "`{part}` is no weekday; write `mon`, `mon-fri`, `weekdays`, `weekends` or `daily`"
                        ))
                    })?;
                }
                false => {
                    return Err(wrong(format!(
                        "`{part}` stands behind a time; write the weekdays first, and the next rule by itself"
                    )));
                }
            }
        }
        if times.is_empty() || times.len() > MAX_TIMES {
            return Err(wrong(format!(
                "it has {} times of day; write 1 to {MAX_TIMES}, like `mon-fri 09:50`",
                times.len()
            )));
        }
        times.sort();
        times.dedup();
        Ok(Self {
            // Times alone are meant for every day.
            days: if days == 0 { 0b111_1111 } else { days },
            times,
        })
    }

    pub(super) fn on(&self, day: Date) -> bool {
        u32::try_from(day.weekday().to_sunday_zero_offset()).is_ok_and(|day| self.days >> day & 1 == 1)
    }

    pub(super) fn first(&self, from: Time) -> Option<Time> {
        self.times.iter().copied().find(|time| *time >= from)
    }
}

fn weekdays(part: &str) -> Option<u8> {
    let part = part.to_lowercase();
    if let Some((_, days)) = GROUPS.iter().find(|(name, _)| *name == part) {
        return Some(*days);
    }
    let Some((from, to)) = part.split_once('-') else {
        return Some(1 << weekday(&part)?);
    };
    let (from, to) = (weekday(from)?, weekday(to)?);
    Some((0..=(to + 7 - from) % 7).fold(0, |days, ahead| days | 1 << ((from + ahead) % 7)))
}

fn weekday(text: &str) -> Option<u8> {
    let korean = text.strip_suffix("요일").unwrap_or(text);
    let named = (0..)
        .zip(DAYS)
        .find(|(_, (short, long, ko))| text == *short || text == *long || korean == *ko);
    named.map(|(index, _)| index)
}

/// `9:50`, `09:50`, `09:50:30`.
fn time(text: &str) -> Option<Time> {
    let mut parts = text.split(':').map(|part| {
        let plain = (1..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| part.parse::<i8>().ok()).flatten()
    });
    let (hour, minute) = (parts.next()??, parts.next()??);
    let second = match parts.next() {
        Some(second) => second?,
        None => 0,
    };
    match parts.next() {
        Some(_) => None,
        None => Time::new(hour, minute, second, 0).ok(),
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.days {
            0b111_1111 => f.write_str("daily")?,
            days => {
                // From Monday on, as people count.
                let named = (1..=7).map(|day| day % 7).filter(|day| days >> day & 1 == 1);
                let names: Vec<&str> = named.filter_map(|day| Some(DAYS.get(day)?.0)).collect();
                f.write_str(&names.join(","))?;
            }
        }
        for (index, time) in self.times.iter().enumerate() {
            f.write_str(if index == 0 { " " } else { "," })?;
            write!(f, "{:02}:{:02}", time.hour(), time.minute())?;
            if time.second() != 0 {
                write!(f, ":{:02}", time.second())?;
            }
        }
        Ok(())
    }
}
