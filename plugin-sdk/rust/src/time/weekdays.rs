//! Days of the week, as rules name them.

use super::{Date, ParseError, Weekday};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// Some days of the week, in configurations and in the brain written as in the rules of jobs: `mon-fri`, `weekdays`,
/// `mon, wed, sat`, `all`, `평일`, `월,수`.
///
/// ```
/// use moa_plugin::prelude::*;
/// use moa_plugin::time::{Weekday, Weekdays};
///
/// #[derive(Config)]
/// struct Settings {
///     /// When there is soup.
///     #[table]
///     soup: Weekdays,
/// }
///
/// /// Whether there is soup on a date.
/// #[command]
/// fn soup(ctx: &Context, date: Date) -> Result<String> {
///     let is_soup = ctx.config::<Settings>()?.soup.contains(date.weekday());
///     Ok(if is_soup { "soup" } else { "rice" }.into())
/// }
/// # let soup: Weekdays = "mon-wed,fri".parse()?;
/// # assert!(soup.contains(Weekday::Tuesday) && !soup.contains(Weekday::Thursday));
/// # Ok::<(), moa_plugin::time::ParseError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Weekdays([bool; 7]);

const NAMES: [(&str, &str, &str); 7] = [
    ("mon", "monday", "월"),
    ("tue", "tuesday", "화"),
    ("wed", "wednesday", "수"),
    ("thu", "thursday", "목"),
    ("fri", "friday", "금"),
    ("sat", "saturday", "토"),
    ("sun", "sunday", "일"),
];

impl Weekdays {
    /// Whether a day is one of them.
    ///
    /// ```
    /// use moa_plugin::time::{ParseError, Weekday, Weekdays};
    ///
    /// assert!(!"weekdays".parse::<Weekdays>()?.contains(Weekday::Sunday));
    /// # Ok::<(), ParseError>(())
    /// ```
    pub fn contains(self, day: Weekday) -> bool {
        self.iter().any(|own| own == day)
    }

    /// They, from Monday on.
    ///
    /// ```
    /// use moa_plugin::time::{ParseError, Weekday, Weekdays};
    ///
    /// let weekend: Weekdays = "sun,sat".parse()?;
    /// assert!(weekend.iter().eq([Weekday::Saturday, Weekday::Sunday]));
    /// # Ok::<(), ParseError>(())
    /// ```
    pub fn iter(self) -> impl Iterator<Item = Weekday> {
        let days = Weekday::ALL.into_iter().zip(self.0);
        days.filter_map(|(day, is_in)| is_in.then_some(day))
    }
}

impl FromIterator<Weekday> for Weekdays {
    fn from_iter<I: IntoIterator<Item = Weekday>>(days: I) -> Self {
        let mut all = Self::default();
        all.extend(days);
        all
    }
}

impl Extend<Weekday> for Weekdays {
    fn extend<I: IntoIterator<Item = Weekday>>(&mut self, days: I) {
        for day in days {
            let known = self.0.iter_mut().zip(Weekday::ALL);
            known.for_each(|(is_in, known)| *is_in |= known == day);
        }
    }
}

/// `mon`, `Monday`, `월`, `월요일`.
fn weekday(name: &str) -> Option<Weekday> {
    let korean = name.strip_suffix("요일").unwrap_or(name);
    let is = |(short, long, ko): &(&str, &str, &str)| name == *short || name == *long || korean == *ko;
    let mut named = NAMES.iter().zip(Weekday::ALL).filter(|(names, _)| is(names));
    named.next().map(|(_, day)| day)
}

/// What stands between two commas.
fn part(text: &str) -> Option<Vec<Weekday>> {
    let [monday_to_friday, weekend] = [&Weekday::ALL[..5], &Weekday::ALL[5..]];
    Some(match text {
        "all" | "daily" | "*" | "매일" => Weekday::ALL.to_vec(),
        "weekdays" | "평일" => monday_to_friday.to_vec(),
        "weekends" | "주말" => weekend.to_vec(),
        _ => match text.split_once(['-', '~']) {
            None => vec![weekday(text)?],
            Some((from, to)) => {
                let (from, to) = (weekday(from.trim())?, weekday(to.trim())?);
                // Over the end of the week, too.
                let mut days: Vec<Weekday> = Weekday::ALL
                    .into_iter()
                    .cycle()
                    .skip_while(|day| *day != from)
                    .take(7)
                    .collect();
                days.truncate(days.iter().position(|day| *day == to)? + 1);
                days
            }
        },
    })
}

impl FromStr for Weekdays {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let parts = text.to_lowercase();
        let parts: Option<Vec<_>> = parts.split(',').map(|text| part(text.trim())).collect();
        let days = parts.map(|parts| parts.into_iter().flatten().collect());
        days.ok_or_else(|| ParseError {
            text: text.into(),
            wanted: "days of the week like \"weekdays\", \"mon,wed,fri\", \"mon-sat\" or \"all\"",
        })
    }
}

/// Each by its short name: `mon,wed,fri`.
impl fmt::Display for Weekdays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = NAMES.iter().zip(self.0).filter(|(_, is_in)| *is_in);
        let names: Vec<&str> = named.map(|((short, ..), _)| *short).collect();
        f.write_str(&names.join(","))
    }
}

impl Serialize for Weekdays {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Weekdays {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl Date {
    /// With the day of the week behind it, in words of whatever language, from Monday on: `2026-11-21 (Sat)`.
    ///
    /// ```
    /// let date: moa_plugin::time::Date = "2026-11-21".parse()?;
    /// assert_eq!(date.with_weekday("월 화 수 목 금 토 일"), "2026-11-21 (토)");
    /// # Ok::<(), moa_plugin::time::ParseError>(())
    /// ```
    pub fn with_weekday(self, names: &str) -> String {
        match names.split_whitespace().nth(self.weekday() as usize) {
            Some(name) => format!("{self} ({name})"),
            None => self.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weekdays_there_and_back() {
        for (text, shown) in [
            ("all", "mon,tue,wed,thu,fri,sat,sun"),
            ("weekdays", "mon,tue,wed,thu,fri"),
            ("주말", "sat,sun"),
            ("fri,Mon , wednesday,mon", "mon,wed,fri"),
            ("월-수,토요일", "mon,tue,wed,sat"),
            ("fri-mon", "mon,fri,sat,sun"),
            ("sun-sun", "sun"),
        ] {
            let days: Weekdays = serde_json::from_value(text.into()).unwrap();
            assert_eq!(days.to_string(), shown, "{text}");
            assert_eq!(serde_json::to_value(days).unwrap(), shown);
            assert_eq!(days.iter().collect::<Weekdays>(), days);
        }
        for bad in ["", "mun", "mon,", "mon-", "mon fri", "1"] {
            assert!(bad.parse::<Weekdays>().is_err(), "{bad}");
        }
        let error = serde_json::from_str::<Weekdays>("\"mun\"").unwrap_err().to_string();
        assert!(
            error.starts_with("`mun` is not days of the week like \"weekdays\""),
            "{error}"
        );
    }
}
