//! Days as people say them.

use super::{Date, Weekday};

/// The first and the last of the days that somebody means, in Korean or English: `어제`, `지난주`, `last month`, `2026-11-21` (also
/// with `.` or `/`), `2026-11`, `2026`, `2026-11-01~어제` (also with `..`). Of `7일`, `2 weeks ago` and `3개월` those since then. Weeks
/// begin on Mondays; blanks, `-` in words, and upper and lower case don't matter. `None` for what says nothing.
///
/// ```
/// use moa_plugin::time::{self, Date};
///
/// let today: Date = "2026-11-21".parse()?;
/// assert_eq!(time::days("7일", today), Some(("2026-11-14".parse()?, today)));
/// assert_eq!(time::days("last week", today), Some(("2026-11-09".parse()?, "2026-11-15".parse()?)));
/// assert_eq!(time::days("soon", today), None);
/// # Ok::<(), time::ParseError>(())
/// ```
pub fn days(said: &str, today: Date) -> Option<(Date, Date)> {
    /// What is longer says something else.
    const LONGEST: usize = 64;
    if said.len() > LONGEST {
        return None;
    }
    let said: String = said.split_whitespace().collect::<String>().to_lowercase();
    if let Some((first, last)) = said.split_once('~').or_else(|| said.split_once("..")) {
        let (first, last) = (days(first, today)?.0, days(last, today)?.1);
        return (first <= last).then_some((first, last));
    }
    let day = |later: i64| today.plus_days(later).map(|date| (date, date));
    let since_monday = Weekday::ALL.iter().position(|day| *day == today.weekday());
    let since_monday = i64::try_from(since_monday?).ok()?;
    let monday = |weeks: i64| {
        let monday = today.plus_days(weeks * 7 - since_monday)?;
        Some((monday, monday.plus_days(6)?))
    };
    match said.replace('-', "").as_str() {
        "오늘" | "today" => day(0),
        "어제" | "yesterday" => day(-1),
        "그제" | "그저께" => day(-2),
        "이번주" | "thisweek" => monday(0),
        "지난주" | "lastweek" => monday(-1),
        "이번달" | "thismonth" => month_of(today, 0),
        "지난달" | "lastmonth" => month_of(today, -1),
        "올해" | "thisyear" => year_of(today.year().into()),
        "작년" | "지난해" | "lastyear" => year_of(i64::from(today.year()) - 1),
        _ => ago(&said, today).map(|date| (date, today)).or_else(|| written(&said)),
    }
}

/// `7d`, `7일`, `7일 전`, `2 weeks ago`, `3개월`.
fn ago(said: &str, today: Date) -> Option<Date> {
    let unit = said.find(|c: char| !c.is_ascii_digit())?;
    let (count, unit) = said.split_at(unit);
    let count: i64 = count.parse().ok().filter(|count| *count < 100_000)?;
    let unit = unit
        .strip_suffix("전")
        .or_else(|| unit.strip_suffix("ago"))
        .unwrap_or(unit);
    match unit {
        "d" | "day" | "days" | "일" => today.plus_days(-count),
        "w" | "week" | "weeks" | "주" | "주일" => today.plus_days(-count * 7),
        "month" | "months" | "달" | "개월" => same_day(today, -count),
        "y" | "year" | "years" | "년" => same_day(today, -count * 12),
        _ => None,
    }
}

/// `2026-11-01` (also with `.` or `/`), `2026-11`, `2026`.
fn written(said: &str) -> Option<(Date, Date)> {
    let said = said.replace(['.', '/'], "-");
    let parts: Vec<&str> = said.trim_end_matches('-').split('-').collect();
    if !parts
        .iter()
        .all(|part| !part.is_empty() && part.len() <= 4 && part.bytes().all(|c| c.is_ascii_digit()))
    {
        return None;
    }
    match parts[..] {
        [year, month, day] => {
            let date = format!("{year:0>4}-{month:0>2}-{day:0>2}").parse().ok()?;
            Some((date, date))
        }
        [year, month] => month_of(format!("{year:0>4}-{month:0>2}-01").parse().ok()?, 0),
        [year] if year.len() == 4 => year_of(year.parse().ok()?),
        _ => None,
    }
}

/// The month so many months after that of a day.
fn month_of(day: Date, months: i64) -> Option<(Date, Date)> {
    let first = first_of(day, months)?;
    Some((first, first_of(first, 1)?.plus_days(-1)?))
}

fn year_of(year: i64) -> Option<(Date, Date)> {
    let read = |text: String| text.parse().ok();
    Some((read(format!("{year:04}-01-01"))?, read(format!("{year:04}-12-31"))?))
}

/// The same day so many months later; the last of that month if it has no such day.
fn same_day(day: Date, months: i64) -> Option<Date> {
    let (first, last) = month_of(day, months)?;
    first.plus_days(i64::from(day.day()) - 1).map(|date| date.min(last))
}

fn first_of(day: Date, months: i64) -> Option<Date> {
    let months = i64::from(day.year()) * 12 + i64::from(day.month()) - 1 + months;
    format!("{:04}-{:02}-01", months.div_euclid(12), months.rem_euclid(12) + 1)
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_as_people_say_them() {
        // A Sunday.
        let today: Date = "2026-11-22".parse().unwrap();
        for (said, first, last) in [
            ("오늘", "2026-11-22", "2026-11-22"),
            ("yesterday", "2026-11-21", "2026-11-21"),
            ("7일", "2026-11-15", "2026-11-22"),
            ("7D", "2026-11-15", "2026-11-22"),
            ("7 일 전", "2026-11-15", "2026-11-22"),
            ("2 weeks ago", "2026-11-08", "2026-11-22"),
            ("9개월", "2026-02-22", "2026-11-22"),
            ("지난 주", "2026-11-09", "2026-11-15"),
            ("this-week", "2026-11-16", "2026-11-22"),
            ("last month", "2026-10-01", "2026-10-31"),
            ("작년", "2025-01-01", "2025-12-31"),
            ("2026-11-01", "2026-11-01", "2026-11-01"),
            ("2026.2.5.", "2026-02-05", "2026-02-05"),
            ("2024-02", "2024-02-01", "2024-02-29"),
            ("2026", "2026-01-01", "2026-12-31"),
            ("2026-11-01 ~ 어제", "2026-11-01", "2026-11-21"),
            ("지난달..지난주", "2026-10-01", "2026-11-15"),
        ] {
            let shown = days(said, today).map(|(first, last)| (first.to_string(), last.to_string()));
            assert_eq!(shown, Some((first.into(), last.into())), "{said}");
        }
        for said in [
            "",
            "7",
            "골드",
            "2026-13-01",
            "2026-02-30",
            "내일은",
            "어제~지난달",
            "99999999d",
            "-7d",
            "12026",
            "1' OR '1",
        ] {
            assert_eq!(days(said, today), None, "{said}");
        }
        let leap = "2024-02-29".parse().unwrap();
        assert_eq!(days("1년", leap).map(|days| days.0), "2023-02-28".parse().ok());
    }
}
