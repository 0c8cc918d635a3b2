//! What the text says, and what an absence makes of it. Five years in many zones are in `tests/clock.rs`.

use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn schedule(text: &str, zone: &str) -> Schedule {
    Schedule::new(Pattern::parse(text).unwrap(), zone, Vec::new()).unwrap()
}

/// The next due times, as the wall shows them.
fn upcoming(text: &str, zone: &str, after: &str, count: usize) -> Vec<String> {
    let schedule = schedule(text, zone);
    let due = schedule.upcoming(at(after)).take(count);
    due.map(|due| {
        due.to_zoned(schedule.zone().clone())
            .strftime("%a %F %T %:z")
            .to_string()
    })
    .collect()
}

#[test]
fn what_people_write() {
    let seoul = |text, count| upcoming(text, "Asia/Seoul", "2026-11-20T03:00:00Z", count);
    assert_eq!(
        seoul("50 9 * * 1-5", 2),
        ["Mon 2026-11-23 09:50:00 +09:00", "Tue 2026-11-24 09:50:00 +09:00"]
    );
    assert_eq!(
        seoul("*/15,40 30 12 * * *", 3),
        [
            "Fri 2026-11-20 12:30:00 +09:00",
            "Fri 2026-11-20 12:30:15 +09:00",
            "Fri 2026-11-20 12:30:30 +09:00"
        ]
    );
    assert_eq!(seoul("0 18 L * *", 1), ["Mon 2026-11-30 18:00:00 +09:00"]);
    assert_eq!(seoul("0 18 L-3 feb *", 1), ["Thu 2027-02-25 18:00:00 +09:00"]);
    assert_eq!(seoul("0 18 * * FRIL", 1), ["Fri 2026-11-27 18:00:00 +09:00"]);
    assert_eq!(seoul("0 18 * * L5", 1), seoul("0 18 * * 5l", 1));
    assert_eq!(seoul("0 18 * * Monday#1", 1), ["Mon 2026-12-07 18:00:00 +09:00"]);
    assert_eq!(seoul("@weekly", 1), ["Sun 2026-11-22 00:00:00 +09:00"]);
    assert_eq!(seoul("  @Yearly ", 1), ["Fri 2027-01-01 00:00:00 +09:00"]);
    assert_eq!(seoul("0 0 29 2 ?", 2)[1], "Sun 2032-02-29 00:00:00 +09:00");
    assert_eq!(seoul("0 9 * * 5-7", 3)[2], "Fri 2026-11-27 09:00:00 +09:00");
    assert_eq!(seoul("0 9 * * 0-7", 7), seoul("0 9 * * *", 7));
    assert_eq!(seoul("0 9 * * 1-7", 7), seoul("0 9 * * 7-6", 7));
    // Either of both days.
    assert_eq!(
        seoul("0 0 13 * fri", 4),
        [
            "Fri 2026-11-27 00:00:00 +09:00",
            "Fri 2026-12-04 00:00:00 +09:00",
            "Fri 2026-12-11 00:00:00 +09:00",
            "Sun 2026-12-13 00:00:00 +09:00"
        ]
    );
}

#[test]
fn rules() {
    let seoul = |text| upcoming(text, "Asia/Seoul", "2026-11-20T03:00:00Z", 3);
    let expected = [
        "Fri 2026-11-20 18:00:00 +09:00",
        "Mon 2026-11-23 09:50:00 +09:00",
        "Mon 2026-11-23 18:00:00 +09:00",
    ];
    for text in [
        "mon-fri 9:50,18:00",
        "weekdays 18:00 09:50",
        "월-금 09:50, 18:00",
        "평일 09:50,18:00:00",
        "mon,tue,wed-thursday 09:50; 월요일,화,수,목 18:00; fri 09:50,18:00",
    ] {
        assert_eq!(seoul(text), expected, "{text}");
    }
    assert_eq!(seoul("12:00:01")[0], "Fri 2026-11-20 12:00:01 +09:00");
    assert_eq!(seoul("fri-mon 11:00")[2], "Mon 2026-11-23 11:00:00 +09:00");
    // As they are kept, and read again.
    let pattern = Pattern::parse("주말 7:30 ; 매일 9:00:05,8:00").unwrap();
    assert_eq!(pattern.to_string(), "sat,sun 07:30; daily 08:00,09:00:05");
    assert_eq!(Pattern::parse(&pattern.to_string()).unwrap(), pattern);
}

#[test]
fn what_cannot_be_read_is_told() {
    for (text, told) in [
        ("* * *", "has 3 fields"),
        (
            "60 * * * *",
            "`60` in the field for the minute: write numbers from 0 to 59",
        ),
        ("* 24 * * *", "for the hour"),
        ("* * 0 * *", "numbers from 1 to 31"),
        ("* * 32 * *", "numbers from 1 to 31"),
        ("* * * 13 *", "numbers from 1 to 12 (or jan to dec)"),
        ("* * * * 8", "numbers from 0 to 7 (or sun to sat)"),
        ("*/0 * * * *", "a step is 1 to 59"),
        ("*/90 * * * *", "a step is 1 to 59"),
        ("1- * * * *", "`1-`"),
        (", * * * *", "``"),
        ("+1 * * * *", "`+1`"),
        ("* * L-31 * *", "`L-2` for two days before it"),
        ("* * LW * *", "`LW`"),
        ("* * * * L", "`L`"),
        ("* * * * mon#6", "behind `#` stands 1 to 5"),
        ("* * * * mo", "`mo`"),
        ("@reboot", "there are @yearly"),
        ("mon-fri 25:00", "`25:00` is no time of day"),
        ("moonday 9:00", "`moonday` is no weekday"),
        ("mon 9:00 tue 10:00", "`tue` stands behind a time"),
        ("mon 9:00;", "it has 0 times"),
        (&"1,".repeat(101), "longer than 200 characters"),
    ] {
        let error = Pattern::parse(text).unwrap_err().to_string();
        assert!(error.contains(told), "{text}: {error}");
    }
    let never = Schedule::new(Pattern::parse("0 0 30 2 *").unwrap(), "UTC", Vec::new());
    assert!(matches!(never, Err(ScheduleError::Never { .. })));
    let except = vec![SkipDay::parse("12-25").unwrap()];
    let never = Schedule::new(Pattern::parse("0 0 25 12 *").unwrap(), "UTC", except);
    assert!(matches!(never, Err(ScheduleError::Never { .. })));
    assert!(matches!(
        Schedule::new(Pattern::parse("@daily").unwrap(), "Mars/Olympus", Vec::new()),
        Err(ScheduleError::Zone { .. })
    ));
    for text in [
        "2026-02-29",
        "2026-13-01",
        "12-32",
        "25",
        "26-12-25",
        "2026-12-25-1",
        "+1-02",
        "",
    ] {
        assert!(SkipDay::parse(text).is_err(), "{text}");
    }
    assert_eq!(SkipDay::parse("02-29").unwrap().to_string(), "02-29");
    assert_eq!(SkipDay::parse("2026-12-25").unwrap().to_string(), "2026-12-25");
}

#[test]
fn clocks_that_change() {
    // 2026-03-29 02:00 → 03:00, 2026-10-25 03:00 → 02:00.
    let spring = |text| upcoming(text, "Europe/Berlin", "2026-03-28T23:30:00Z", 3);
    let autumn = |text| upcoming(text, "Europe/Berlin", "2026-10-24T23:30:00Z", 3);
    assert_eq!(
        spring("*/20 2 * * *"),
        [
            "Sun 2026-03-29 03:00:00 +02:00",
            "Mon 2026-03-30 02:00:00 +02:00",
            "Mon 2026-03-30 02:20:00 +02:00"
        ]
    );
    assert_eq!(
        spring("30 * * * *"),
        [
            "Sun 2026-03-29 01:30:00 +01:00",
            "Sun 2026-03-29 03:30:00 +02:00",
            "Sun 2026-03-29 04:30:00 +02:00"
        ]
    );
    assert_eq!(
        autumn("30 2 * * *"),
        [
            "Sun 2026-10-25 02:30:00 +02:00",
            "Mon 2026-10-26 02:30:00 +01:00",
            "Tue 2026-10-27 02:30:00 +01:00"
        ]
    );
    assert_eq!(
        autumn("30 * * * *"),
        [
            "Sun 2026-10-25 02:30:00 +02:00",
            "Sun 2026-10-25 02:30:00 +01:00",
            "Sun 2026-10-25 03:30:00 +01:00"
        ]
    );
    // A whole day that no clock in Samoa showed.
    assert_eq!(
        upcoming("0 12 * * *", "Pacific/Apia", "2011-12-30T00:00:00Z", 2),
        ["Sat 2011-12-31 00:00:00 +14:00", "Sat 2011-12-31 12:00:00 +14:00"]
    );
    // Asked in the second half hour that has the name of the first.
    assert_eq!(
        upcoming("30 2 * * *", "Europe/Berlin", "2026-10-25T01:10:00.5Z", 1),
        ["Mon 2026-10-26 02:30:00 +01:00"]
    );
}

#[test]
fn between_seconds_and_before_1970() {
    let every = schedule("* * * * * *", "UTC");
    assert_eq!(
        every.next(at("2026-11-20T03:00:00.999Z")),
        Some(at("2026-11-20T03:00:01Z"))
    );
    assert_eq!(every.next(at("2026-11-20T03:00:01Z")), Some(at("2026-11-20T03:00:02Z")));
    let daily = schedule("0 0 * * *", "UTC");
    assert_eq!(
        daily.next(at("1960-01-01T00:00:00.25Z")),
        Some(at("1960-01-02T00:00:00Z"))
    );
    assert_eq!(
        daily.next(at("1959-12-31T23:59:59.75Z")),
        Some(at("1960-01-01T00:00:00Z"))
    );
    assert_eq!(daily.next(at("9999-12-30T21:00:00Z")), None);
}

#[test]
fn an_absence() {
    let hourly = schedule("0 * * * *", "UTC");
    let (since, now) = (at("2026-11-20T09:00:00Z"), at("2026-11-20T12:10:00Z"));
    let hours = ["2026-11-20T10:00:00Z", "2026-11-20T11:00:00Z", "2026-11-20T12:00:00Z"].map(at);
    let until = Some(hours[2]);
    let owed = |missed| hourly.owed(since, now, missed);
    let left_out = true;
    assert_eq!(
        owed(Missed::Skip),
        Owed {
            runs: vec![],
            until,
            left_out
        }
    );
    let runs = vec![hours[2]];
    assert_eq!(owed(Missed::Once), Owed { runs, until, left_out });
    let (runs, left_out) = (hours.to_vec(), false);
    assert_eq!(owed(Missed::All), Owed { runs, until, left_out });
    // Nothing came due: nothing to do, nothing to write down.
    for missed in [Missed::Skip, Missed::Once, Missed::All] {
        assert_eq!(hourly.owed(hours[2], now, missed), Owed::default());
        // A little late is not missed.
        let owed = hourly.owed(hours[1], at("2026-11-20T12:00:20Z"), missed);
        assert_eq!((owed.runs, owed.left_out), (vec![hours[2]], false));
    }
}

#[test]
fn a_long_absence_costs_little_and_has_an_end() {
    let every_second = schedule("* * * * * *", "Asia/Seoul");
    let (since, now) = (at("2021-01-01T00:00:00Z"), at("2026-11-20T12:00:00Z"));
    let owed = every_second.owed(since, now, Missed::All);
    assert_eq!(
        (owed.runs.len(), owed.left_out, owed.until),
        (MAX_MADE_UP, true, Some(now))
    );
    assert_eq!(owed.runs[0], at("2026-11-20T11:58:21Z"));
    assert_eq!(every_second.owed(since, now, Missed::Once).runs, [now]);
    let yearly = schedule("@yearly", "Asia/Seoul");
    assert_eq!(yearly.owed(since, now, Missed::Once).runs, [at("2025-12-31T15:00:00Z")]);
    assert_eq!(yearly.owed(since, now, Missed::All).runs.len(), 5);
    // The clock was set back.
    assert_eq!(every_second.owed(now, since, Missed::All), Owed::default());
}

#[test]
fn jitter_is_the_same_everywhere_and_ends_before_the_next() {
    let plain = schedule("*/10 * * * *", "UTC");
    let (one, same) = (
        plain.clone().with_jitter("a/x", 3_600_000),
        plain.clone().with_jitter("a/x", 3_600_000),
    );
    let other = plain.clone().with_jitter("b/x", 3_600_000);
    let mut late = std::collections::HashSet::new();
    let mut differ = false;
    for due in plain.upcoming(at("2026-11-20T12:00:00Z")).take(200) {
        let begins = one.begins(due);
        assert_eq!(begins, same.begins(due));
        assert!(begins >= due && begins < plain.next(due).unwrap(), "{due} {begins}");
        assert_eq!(plain.begins(due), due);
        differ |= begins != other.begins(due);
        late.insert(begins.duration_since(due).as_millis());
    }
    assert!(differ && late.len() > 150, "{} different ones", late.len());
    // Before it begins it isn't owed; everything before it is.
    let due = at("2026-11-20T12:00:00Z");
    let begins = one.begins(due);
    let earlier = begins.checked_sub(SignedDuration::from_millis(1)).unwrap();
    let owed = |now| one.owed(at("2026-11-20T11:45:00Z"), now, Missed::All).runs;
    assert_eq!(owed(begins).last(), Some(&due));
    assert_eq!(owed(earlier), [at("2026-11-20T11:50:00Z")]);
}

#[test]
fn single_instants() {
    let now = at("2026-11-20T03:00:00Z");
    for (text, expected) in [
        ("2026-11-21T09:50:00+09:00", "2026-11-21T00:50:00Z"),
        ("2020-01-01T00:00:00Z", "2020-01-01T00:00:00Z"),
        ("10m", "2026-11-20T03:10:00Z"),
        ("+1h30m", "2026-11-20T04:30:00Z"),
    ] {
        assert_eq!(when(text, now).unwrap(), at(expected), "{text}");
    }
    for text in [
        "",
        "tomorrow",
        "2026-11-21",
        "2026-11-21T09:50:00",
        "-10m",
        "9999999999d",
    ] {
        assert!(when(text, now).is_err(), "{text}");
    }
}

/// What stands in back quotes in the comment above this function of the contract.
fn examples(function: &str) -> Vec<&'static str> {
    let contract = include_str!("../../../../wit/moa-plugin/schedule.wit");
    let (before, _) = contract.split_once(&format!("  {function}: func(")).unwrap();
    let comment = before.rsplit("\n\n").next().unwrap();
    comment
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|one| *one != "invalid")
        .collect()
}

#[test]
fn what_the_contract_gives_as_examples_is_read() {
    let now = at("2026-11-20T03:00:00Z");
    let instants = examples("at");
    assert!(instants.len() >= 4, "{instants:?}");
    for text in instants {
        assert!(when(text, now).is_ok(), "{text}");
    }
    let expressions = examples("every");
    assert!(expressions.len() >= 6, "{expressions:?}");
    for text in expressions {
        assert!(Pattern::parse(text).is_ok(), "{text}");
    }
}

#[test]
fn what_the_documentation_gives_as_examples_is_read() {
    let text = include_str!("../../../../docs/schedules.md");
    let line = |begin: &str| text.lines().find(|line| line.starts_with(begin)).unwrap();
    let quoted = |line: &'static str| line.split('`').skip(1).step_by(2).collect::<Vec<_>>();
    for one in quoted(line("`schedule.at` takes"))
        .into_iter()
        .filter(|one| one.contains(char::is_numeric))
    {
        assert!(when(one, at("2026-11-20T03:00:00Z")).is_ok(), "{one}");
    }
    let parts = |line: &'static str| line.split('"').skip(1).step_by(2).skip(1).collect::<Vec<_>>();
    let cron = parts(line("| `\"cron\":"));
    let rules = parts(line("| `\"rules\":"));
    assert_eq!((cron.len(), rules.len()), (1, 2));
    for one in cron.into_iter().chain(rules) {
        assert!(Pattern::parse(one).is_ok(), "{one}");
    }
}
