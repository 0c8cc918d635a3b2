//! Instants without a calendar library: RFC 3339 from and to milliseconds since 1970.

/// RFC 3339 in UTC, by Howard Hinnant's `civil_from_days`.
pub(super) fn format(millis: u64) -> String {
    let (date, time) = civil(millis);
    format!("{date}T{time}.{:03}Z", millis % 1_000)
}

/// Date and time of day in UTC.
pub(super) fn civil(millis: u64) -> (String, String) {
    let seconds = millis / 1_000;
    let (year, month, day) = i64::try_from(seconds / 86_400).map_or((0, 0, 0), ymd);
    let (hour, minute, second) = (seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
    (
        format!("{year:04}-{month:02}-{day:02}"),
        format!("{hour:02}:{minute:02}:{second:02}"),
    )
}

/// The date so many days after 1970-01-01; `None` outside of the years 0 to 9999.
pub(super) fn date(days: i64) -> Option<crate::time::Date> {
    let (year, month, day) = ymd(days.clamp(-1_000_000, 10_000_000));
    let text = (0..=9_999)
        .contains(&year)
        .then(|| format!("{year:04}-{month:02}-{day:02}"))?;
    text.parse().ok()
}

/// Year, month and day of so many days after 1970-01-01.
fn ymd(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468; // since 0000-03-01: leap days come last in a year
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// From RFC 3339 with any offset; `None` if it is malformed or before 1970.
pub(super) fn parse(text: &str) -> Option<u64> {
    let (date, time) = text.split_once(['T', 't', ' '])?;
    let date: crate::time::Date = date.parse().ok()?;
    let (clock, offset) = match time.strip_suffix(['Z', 'z']) {
        Some(clock) => (clock, 0),
        None => {
            let (clock, offset) = time.split_at_checked(time.len().checked_sub(6)?)?;
            let sign = match offset.get(..1)? {
                "+" => 1,
                "-" => -1,
                _ => return None,
            };
            let offset: crate::time::Time = format!("{}:00", offset.get(1..)?).parse().ok()?;
            (
                clock,
                sign * (i64::from(offset.hour()) * 60 + i64::from(offset.minute())),
            )
        }
    };
    let (clock, millis) = match clock.split_once('.') {
        Some((clock, fraction)) => {
            let digits = fraction.bytes().all(|byte| byte.is_ascii_digit()) && !fraction.is_empty();
            let first = format!("{fraction:0<3}");
            (clock, digits.then(|| first.get(..3)?.parse::<i64>().ok())??)
        }
        None => (clock, 0),
    };
    // An instant has seconds, a time of day need not.
    let clock: crate::time::Time = clock.parse().ok().filter(|_| clock.len() == "00:00:00".len())?;
    let seconds = days(date) * 86_400
        + i64::from(clock.hour()) * 3_600
        + (i64::from(clock.minute()) - offset) * 60
        + i64::from(clock.second());
    u64::try_from(seconds * 1_000 + millis).ok()
}

/// Days since 1970-01-01, by Howard Hinnant's `days_from_civil`.
pub(super) fn days(date: crate::time::Date) -> i64 {
    let month = i64::from(date.month());
    let year = i64::from(date.year()) - i64::from(month <= 2);
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let shifted = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * shifted + 2) / 5 + i64::from(date.day()) - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_there_and_back() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400, "2000-02-29T00:00:00.000Z"),
            (951_868_799, "2000-02-29T23:59:59.000Z"),
            (1_795_222_200, "2026-11-21T00:50:00.000Z"),
            (4_107_542_400, "2100-03-01T00:00:00.000Z"),
        ] {
            assert_eq!(format(seconds * 1_000), text);
            assert_eq!(parse(text), Some(seconds * 1_000));
        }
        assert!(format(1_007).ends_with("01.007Z"));
    }

    #[test]
    fn offsets_and_fractions() {
        let noon = parse("2026-11-20T03:00:00Z");
        assert_eq!(parse("2026-11-20T12:00:00+09:00"), noon);
        assert_eq!(parse("2026-11-19T22:30:00-04:30"), noon);
        assert_eq!(parse("1970-01-01T00:00:00.5Z"), Some(500));
        assert_eq!(parse("1970-01-01T00:00:00.1239Z"), Some(123));
        for bad in [
            "",
            "2026-11-20",
            "2026-11-20T12:00:00",
            "2026-11-20T12:00Z",
            "2026-11-20T12:00:00.Z",
            "1969-12-31T23:59:59Z",
            "2026-11-20T12:00:00*09:00",
            "가나다라마바사",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
