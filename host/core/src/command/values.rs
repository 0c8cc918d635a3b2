//! How the text of one value is read.

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// When and where a command was typed: what `today` means. The message's own time is taken, so that a command that is
/// run again later means the same day.
#[derive(Clone, Copy, Debug)]
pub struct Clock<'a> {
    /// When the message was written, RFC 3339.
    pub written: &'a str,
    /// Where its day began.
    pub timezone: &'a TimeZone,
}

impl Clock<'_> {
    fn today(&self) -> Option<Date> {
        let written: Timestamp = self.written.parse().ok()?;
        Some(written.to_zoned(self.timezone.clone()).date())
    }
}

/// A whole number; thousands may be grouped by commas.
pub(crate) fn int(text: &str) -> Option<i64> {
    if !text.contains(',') {
        return text.parse().ok();
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let mut groups = digits.split(',');
    let first = groups.next()?;
    let grouped = (1..=3).contains(&first.len()) && groups.all(|group| group.len() == 3);
    match grouped && digits.bytes().all(|b| b.is_ascii_digit() || b == b',') {
        true => text.replace(',', "").parse().ok(),
        false => None,
    }
}

/// A finite number in decimal notation.
pub(crate) fn float(text: &str) -> Option<f64> {
    // Rust also reads `inf`, `NaN` and their kin.
    let digits = text.bytes().any(|b| b.is_ascii_digit());
    text.parse().ok().filter(|number: &f64| digits && number.is_finite())
}

/// Yes or no.
pub(crate) fn truth(text: &str) -> Option<bool> {
    match crate::text::fold(text).as_ref() {
        "yes" | "y" | "true" | "on" | "예" | "네" => Some(true),
        "no" | "n" | "false" | "off" | "아니오" | "아니요" => Some(false),
        _ => None,
    }
}

/// The id in a mention that is the whole text; `mark` is `@` or `#`.
pub(crate) fn mentioned(text: &str, mark: char) -> Option<&str> {
    match crate::text::markup::mention(text) {
        Some((found, id, length)) if found == mark && length == text.len() => Some(id),
        _ => None,
    }
}

/// A date: `2026-11-21` (also with `/` or `.`), or a day near the clock's.
pub(crate) fn date(text: &str, clock: Option<Clock<'_>>) -> Option<Date> {
    let days = match crate::text::fold(text).as_ref() {
        "yesterday" | "어제" => Some(-1_i64),
        "today" | "오늘" => Some(0),
        "tomorrow" | "내일" => Some(1),
        "모레" => Some(2),
        _ => None,
    };
    if let Some(days) = days {
        return clock?.today()?.checked_add(days.days()).ok();
    }
    let separator = ['-', '/', '.'].into_iter().find(|&c| text.contains(c))?;
    let mut parts = text.splitn(3, separator);
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let digits = |part: &str, lengths: std::ops::RangeInclusive<usize>| {
        lengths.contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit())
    };
    if !digits(year, 4..=4) || !digits(month, 1..=2) || !digits(day, 1..=2) {
        return None;
    }
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

/// Whether a text is a date or names one, whatever the day is.
pub(crate) fn is_date(text: &str) -> bool {
    let epoch = Clock {
        written: "1970-01-01T00:00:00Z",
        timezone: &TimeZone::UTC,
    };
    date(text, Some(epoch)).is_some()
}

/// The lengths of time that a text begins with, in seconds, each with the bytes that it takes: `1시간 30분` begins with
/// an hour and with an hour and a half.
pub(crate) fn durations(text: &str) -> Vec<(u32, usize)> {
    let mut out = Vec::new();
    let mut reader = Reader::new(text);
    let mut total = 0_u32;
    let mut smaller_than = u32::MAX;
    loop {
        reader.blanks();
        let Some(count) = reader.number() else { return out };
        reader.blanks();
        let Some(unit) = reader.word(&UNITS).filter(|&unit| unit < smaller_than) else {
            return out;
        };
        let Some(sum) = count.checked_mul(unit).and_then(|part| total.checked_add(part)) else {
            return out;
        };
        total = sum;
        smaller_than = unit;
        out.push((total, reader.at));
    }
}

/// A length of time that is the whole text, in seconds.
pub(crate) fn duration(text: &str) -> Option<u32> {
    durations(text)
        .into_iter()
        .find(|(_, length)| *length == text.len())
        .map(|(seconds, _)| seconds)
}

/// Longer ones first where one begins with another.
const UNITS: [(&str, u32); 27] = [
    ("weeks", 604_800),
    ("week", 604_800),
    ("w", 604_800),
    ("주일", 604_800),
    ("주", 604_800),
    ("days", 86_400),
    ("day", 86_400),
    ("d", 86_400),
    ("일", 86_400),
    ("hours", 3_600),
    ("hour", 3_600),
    ("hrs", 3_600),
    ("hr", 3_600),
    ("h", 3_600),
    ("시간", 3_600),
    ("minutes", 60),
    ("minute", 60),
    ("mins", 60),
    ("min", 60),
    ("m", 60),
    ("분", 60),
    ("seconds", 1),
    ("second", 1),
    ("secs", 1),
    ("sec", 1),
    ("s", 1),
    ("초", 1),
];

/// The times of day that a text begins with, each with the bytes that it takes: `오후 3시 30분`, `15:30`, `3:30 pm`.
pub(crate) fn times(text: &str) -> Vec<(Time, usize)> {
    let mut out = Vec::new();
    let mut reader = Reader::new(text);
    for (word, hour) in [("정오", 12), ("noon", 12), ("자정", 0), ("midnight", 0)] {
        if reader.word(&[(word, hour)]).is_some() {
            out.extend(Time::new(hour as i8, 0, 0, 0).ok().map(|time| (time, reader.at)));
            return out;
        }
    }
    let half = reader.word(&[("오전", 0), ("오후", 12), ("am", 0), ("pm", 12)]);
    reader.blanks();
    let Some(hour) = reader.number() else { return out };
    let mut minute = 0;
    let mut second = 0;
    let mut keep = |hour: u32, minute: u32, second: u32, half: Option<u32>, at: usize| {
        let hour = match half {
            None => hour,
            Some(_) if !(1..=12).contains(&hour) => return,
            Some(half) => hour % 12 + half,
        };
        let (Ok(hour), Ok(minute), Ok(second)) = (i8::try_from(hour), i8::try_from(minute), i8::try_from(second))
        else {
            return;
        };
        // Time takes 0 to 23 and 0 to 59.
        out.extend(Time::new(hour, minute, second, 0).ok().map(|time| (time, at)));
    };
    let colons = reader.symbol(':');
    if colons {
        let Some(minutes) = reader.two_digits() else { return out };
        minute = minutes;
        if reader.symbol(':') {
            let Some(seconds) = reader.two_digits() else { return out };
            second = seconds;
        }
        keep(hour, minute, second, half, reader.at);
    } else if reader.word(&[("시", 0)]).is_some() {
        keep(hour, 0, 0, half, reader.at);
        reader.blanks();
        if reader.word(&[("반", 0)]).is_some() {
            keep(hour, 30, 0, half, reader.at);
            return out;
        }
        let mut parts = [("분", 0), ("초", 0)];
        for at_part in 0..parts.len() {
            let Some(number) = reader.number() else { return out };
            reader.blanks();
            let Some(part) = parts
                .get_mut(at_part)
                .filter(|(unit, _)| reader.word(&[(*unit, 0)]).is_some())
            else {
                return out;
            };
            part.1 = number;
            let [(_, minute), (_, second)] = parts;
            keep(hour, minute, second, half, reader.at);
            reader.blanks();
        }
        return out;
    }
    if half.is_none() {
        reader.blanks();
        if let Some(half) = reader.word(&[("am", 0), ("pm", 12)]) {
            keep(hour, minute, second, Some(half), reader.at);
        }
    }
    out
}

/// A time of day that is the whole text.
pub(crate) fn time(text: &str) -> Option<Time> {
    times(text)
        .into_iter()
        .find(|(_, length)| *length == text.len())
        .map(|(time, _)| time)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn blanks(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn number(&mut self) -> Option<u32> {
        let length = self.rest().bytes().take_while(u8::is_ascii_digit).count();
        let number = self.rest().get(..length)?.parse().ok()?;
        self.at += length;
        Some(number)
    }

    fn two_digits(&mut self) -> Option<u32> {
        let digits = self.rest().get(..2)?;
        if !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        self.at += 2;
        digits.parse().ok()
    }

    fn symbol(&mut self, symbol: char) -> bool {
        let found = self.rest().starts_with(symbol);
        if found {
            self.at += symbol.len_utf8();
        }
        found
    }

    /// The value of the first word that stands here, in upper or lower case. A Latin one must end here too.
    fn word(&mut self, words: &[(&str, u32)]) -> Option<u32> {
        let rest = self.rest();
        let (length, value) = words.iter().find_map(|(word, value)| {
            let start = rest.get(..word.len())?;
            let behind = rest.get(word.len()..)?.chars().next();
            let ends = !word.is_ascii() || !behind.is_some_and(|c| c.is_ascii_alphabetic());
            (start.eq_ignore_ascii_case(word) && ends).then_some((word.len(), *value))
        })?;
        self.at += length;
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        let cases = [
            ("3", Some(3)),
            ("-3", Some(-3)),
            ("+3", Some(3)),
            ("1,000", Some(1000)),
            ("-12,345,678", Some(-12_345_678)),
            ("9223372036854775807", Some(i64::MAX)),
            ("9223372036854775808", None),
            ("1,00", None),
            (",100", None),
            ("1,0a0", None),
            ("3.0", None),
            ("x", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(int(text), expected, "{text:?}");
        }
        for (text, expected) in [
            ("1.5", Some(1.5)),
            ("-2", Some(-2.0)),
            ("1e3", Some(1000.0)),
            ("1e999", None),
        ] {
            assert_eq!(float(text), expected, "{text:?}");
        }
        for text in ["inf", "NaN", "infinity", "", "1.2.3"] {
            assert_eq!(float(text), None, "{text:?}");
        }
    }

    #[test]
    fn yes_and_no() {
        for text in ["yes", "Y", "예", "네", "ON", "true"] {
            assert_eq!(truth(text), Some(true), "{text}");
        }
        for text in ["no", "아니오", "아니요", "off", "False"] {
            assert_eq!(truth(text), Some(false), "{text}");
        }
        assert_eq!(truth("maybe"), None);
    }

    #[test]
    fn mentions_are_whole_and_of_their_kind() {
        assert_eq!(mentioned("{@U1}", '@'), Some("U1"));
        assert_eq!(mentioned("{#C1}", '#'), Some("C1"));
        for text in ["{#C1}", "{@U1}x", "@rosie", "U1", "{\u{2060}@U1}"] {
            assert_eq!(mentioned(text, '@'), None, "{text}");
        }
    }

    #[test]
    fn lengths_of_time() {
        let cases = [
            ("10m", Some(600)),
            ("90s", Some(90)),
            ("2d", Some(172_800)),
            ("1h30m", Some(5_400)),
            ("1H 30 Min", Some(5_400)),
            ("1시간 30분", Some(5_400)),
            ("1시간30분", Some(5_400)),
            ("2주일", Some(1_209_600)),
            ("0s", Some(0)),
            ("30m 1h", None),
            ("90", None),
            ("m", None),
            ("10months", None),
            ("9999999w", None),
            ("-5m", None),
            ("1.5h", None),
        ];
        for (text, expected) in cases {
            assert_eq!(duration(text), expected, "{text:?}");
        }
        assert_eq!(durations("1시간 30분 뒤"), [(3_600, 7), (5_400, 13)]);
    }

    #[test]
    fn dates() {
        let zone = TimeZone::get("Asia/Seoul").unwrap();
        let clock = Clock {
            // Already the 21st in Seoul.
            written: "2026-11-20T15:30:00Z",
            timezone: &zone,
        };
        let cases = [
            ("2026-11-21", Some("2026-11-21")),
            ("2026/1/2", Some("2026-01-02")),
            ("2026.01.02", Some("2026-01-02")),
            ("오늘", Some("2026-11-21")),
            ("Today", Some("2026-11-21")),
            ("내일", Some("2026-11-22")),
            ("tomorrow", Some("2026-11-22")),
            ("어제", Some("2026-11-20")),
            ("2026-02-29", None),
            ("2026-13-01", None),
            ("26-1-1", None),
            ("2026-1", None),
            ("2026-1-2-3", None),
            ("someday", None),
        ];
        for (text, expected) in cases {
            let got = date(text, Some(clock)).map(|date| date.to_string());
            assert_eq!(got.as_deref(), expected, "{text:?}");
        }
        assert_eq!(date("today", None), None);
    }

    #[test]
    fn times_of_day() {
        let cases = [
            ("15:00", Some("15:00:00")),
            ("9:05:07", Some("09:05:07")),
            ("오후 3시", Some("15:00:00")),
            ("오후3시 30분", Some("15:30:00")),
            ("오전 12시 5분 6초", Some("00:05:06")),
            ("오후 12:30", Some("12:30:00")),
            ("15시", Some("15:00:00")),
            ("세시", None),
            ("3시 반", Some("03:30:00")),
            ("3pm", Some("15:00:00")),
            ("3:30 PM", Some("15:30:00")),
            ("12am", Some("00:00:00")),
            ("정오", Some("12:00:00")),
            ("24:00", None),
            ("12:60", None),
            ("오후 15시", None),
            ("0pm", None),
            ("3", None),
            ("12:5", None),
            ("3 o'clock", None),
        ];
        for (text, expected) in cases {
            let got = time(text).map(|time| time.strftime("%H:%M:%S").to_string());
            assert_eq!(got.as_deref(), expected, "{text:?}");
        }
    }
}
