//! Times of day as people say and read them.

use super::Time;

impl Time {
    /// For people who don't ask for seconds: `09:50`.
    ///
    /// ```
    /// let time: moa_plugin::time::Time = "09:50:07".parse()?;
    /// assert_eq!(time.short(), "09:50");
    /// # Ok::<(), moa_plugin::time::ParseError>(())
    /// ```
    pub fn short(self) -> String {
        format!("{:02}:{:02}", self.hour, self.minute)
    }
}

/// The time of day that somebody means, in Korean or English: `9:5`, `21:30`, `9시 반`, `오후 9시 30분`, `9pm`, `9:30 p.m.`, `정오`,
/// `midnight`. Blanks, and upper and lower case don't matter. `None` for what says nothing.
///
/// ```
/// use moa_plugin::time::{self, Time};
///
/// let evening: Option<Time> = "21:30".parse().ok();
/// assert_eq!((time::time_of_day("오후 9시 반"), time::time_of_day("9:30pm")), (evening, evening));
/// assert_eq!(time::time_of_day("later"), None);
/// ```
pub fn time_of_day(said: &str) -> Option<Time> {
    /// What is longer says something else.
    const LONGEST: usize = 64;
    if said.len() > LONGEST {
        return None;
    }
    let said: String = said
        .split_whitespace()
        .collect::<String>()
        .to_lowercase()
        .replace('.', "");
    let (half, rest) = match said.as_str() {
        "자정" | "midnight" => (Some(0), "12"),
        "정오" | "noon" => (Some(12), "12"),
        said => {
            let half = |start, end| said.strip_prefix(start).or_else(|| said.strip_suffix(end));
            let before = half("오전", "am").map(|rest| (Some(0), rest));
            before
                .or_else(|| Some((Some(12), half("오후", "pm")?)))
                .unwrap_or((None, said))
        }
    };
    let (hour, behind) = match rest.split_once([':', '시']) {
        Some((hour, behind)) => (number(hour)?, Some(behind)),
        None => (number(rest)?, None),
    };
    let (minute, second) = match behind {
        // A number alone may be anything.
        None if half.is_none() => return None,
        None => (0, 0),
        Some("") if rest.ends_with('시') => (0, 0),
        Some("반") => (30, 0),
        Some(behind) => match behind.split_once(':') {
            Some((minute, second)) => (number(minute)?, number(second)?),
            None => (number(behind.strip_suffix('분').unwrap_or(behind))?, 0),
        },
    };
    let hour = match half {
        Some(half) if (1..=12).contains(&hour) => hour % 12 + half,
        Some(_) => return None,
        None => hour,
    };
    format!("{hour:02}:{minute:02}:{second:02}").parse().ok()
}

/// One or two digits.
fn number(text: &str) -> Option<u8> {
    let is_short = text.len() <= 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_short)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_as_people_say_them() {
        for (said, time) in [
            ("9:5", "09:05:00"),
            ("09:50", "09:50:00"),
            ("23:59:07", "23:59:07"),
            ("9시", "09:00:00"),
            ("9시 5분", "09:05:00"),
            ("21시반", "21:30:00"),
            ("오전 12시 10분", "00:10:00"),
            ("오후 12시", "12:00:00"),
            ("9 PM", "21:00:00"),
            ("9:30 a.m.", "09:30:00"),
            ("12am", "00:00:00"),
            ("정오", "12:00:00"),
            ("Midnight", "00:00:00"),
        ] {
            assert_eq!(
                time_of_day(said).map(|time| time.to_string()),
                Some(time.into()),
                "{said}"
            );
        }
        for said in [
            "",
            "9",
            "스물",
            "24:00",
            "9:60",
            "9:",
            ":5",
            "13pm",
            "0am",
            "오후",
            "9시60분",
            "9:5:",
            "+9:05",
            "009:05",
            "pm",
            "없음",
        ] {
            assert_eq!(time_of_day(said), None, "{said}");
        }
    }
}
