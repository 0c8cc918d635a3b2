use super::*;

fn moment(text: &str) -> Moment {
    let (date, time) = text.split_once(' ').unwrap();
    Moment {
        date: date.parse().unwrap(),
        time: time.parse().unwrap(),
    }
}

/// From nine to eight in the evening on working days. 2026-11-20 is a Friday.
fn office() -> Hours {
    Hours {
        enabled: true,
        days: Weekday::ALL[..5].to_vec(),
        start: "09:00".parse().ok(),
        stop: "20:00".parse().ok(),
    }
}

fn exceptions(lines: &[(&str, Act, &str)]) -> Exceptions {
    let mut all = Exceptions::new();
    for (date, act, time) in lines {
        let day = all.entry(date.parse().unwrap()).or_default();
        day.insert(*act, time.parse().ok());
    }
    all
}

const START: Option<Act> = Some(Act::Start);
const STOP: Option<Act> = Some(Act::Stop);

#[test]
fn times_count_for_an_hour_on_their_days() {
    for (now, act, near) in [
        ("2026-11-20 08:59", None, None),
        ("2026-11-20 09:00", START, None),
        ("2026-11-20 09:59", START, None),
        ("2026-11-20 10:00", None, None),
        ("2026-11-20 19:49", None, None),
        ("2026-11-20 19:50", None, Some("2026-11-20 20:00")),
        ("2026-11-20 19:59", None, Some("2026-11-20 20:00")),
        ("2026-11-20 20:00", STOP, None),
        ("2026-11-20 20:59", STOP, None),
        ("2026-11-20 21:00", None, None),
        ("2026-11-21 09:00", None, None),
        ("2026-11-21 20:00", None, None),
        ("2026-11-23 09:00", START, None),
    ] {
        let near = near.map(moment);
        assert_eq!(
            office().due(&Exceptions::new(), None, moment(now)),
            Due { act, near },
            "{now}"
        );
    }
    let rests = Hours {
        enabled: false,
        ..office()
    };
    assert_eq!(
        rests.due(&Exceptions::new(), None, moment("2026-11-20 09:00")),
        Due::default()
    );
}

#[test]
fn an_exception_replaces_the_time_of_its_date_alone() {
    let later = [("2026-11-20", Act::Start, "10:30")];
    let never = [("2026-11-20", Act::Stop, "none")];
    let saturday = [("2026-11-21", Act::Start, "13:00")];
    for (lines, now, act, near) in [
        (later, "2026-11-20 09:00", None, None),
        (later, "2026-11-20 10:30", START, None),
        // The stop of that date, and other dates, are as ever.
        (later, "2026-11-20 20:00", STOP, None),
        (later, "2026-11-19 09:00", START, None),
        (never, "2026-11-20 19:55", None, None),
        (never, "2026-11-20 20:00", None, None),
        (never, "2026-11-20 09:00", START, None),
        (saturday, "2026-11-21 13:00", START, None),
        (saturday, "2026-11-21 20:00", None, None),
    ] {
        let due = office().due(&exceptions(&lines), None, moment(now));
        assert_eq!(due, Due { act, near }, "{lines:?} {now}");
    }
}

#[test]
fn midnight_is_no_border() {
    let late = Hours {
        stop: "23:50".parse().ok(),
        ..office()
    };
    // Saturday is none of its days, Friday was.
    assert_eq!(late.due(&Exceptions::new(), None, moment("2026-11-21 00:20")).act, STOP);
    assert_eq!(late.due(&Exceptions::new(), None, moment("2026-11-21 00:50")).act, None);
    let early = Hours {
        stop: "00:05".parse().ok(),
        ..office()
    };
    let near = early.due(&Exceptions::new(), None, moment("2026-11-19 23:57")).near;
    assert_eq!(near, Some(moment("2026-11-20 00:05")));
    assert_eq!(
        early.due(&Exceptions::new(), None, moment("2026-11-20 23:57")).near,
        None
    );
}

#[test]
fn of_two_times_the_later_one_counts() {
    let short = Hours {
        stop: "09:30".parse().ok(),
        ..office()
    };
    let due = |now| short.due(&Exceptions::new(), None, moment(now));
    assert_eq!(due("2026-11-20 09:25").act, START);
    assert_eq!(due("2026-11-20 09:25").near, Some(moment("2026-11-20 09:30")));
    assert_eq!(due("2026-11-20 09:40").act, STOP);
}

#[test]
fn an_order_goes_on_until_it_is_done_and_what_was_before_it_no_longer_counts() {
    let order = |act, since, done| {
        Some(Order {
            act,
            since: moment(since),
            done,
        })
    };
    let due = |order, now| office().due(&Exceptions::new(), order, moment(now)).act;
    // Also at night, and on no day of the schedule.
    assert_eq!(
        due(order(Act::Start, "2026-11-21 03:00", false), "2026-11-21 03:40"),
        START
    );
    let rests = Hours {
        enabled: false,
        ..office()
    };
    let asked = order(Act::Start, "2026-11-21 03:00", false);
    assert_eq!(
        rests.due(&Exceptions::new(), asked, moment("2026-11-21 03:05")).act,
        START
    );
    // Started by hand ten minutes after the stop: it is not stopped again.
    assert_eq!(
        due(order(Act::Start, "2026-11-20 20:10", true), "2026-11-20 20:15"),
        None
    );
    // Stopped by hand in the morning: it is not started again; but stopped in the evening, and started on Monday.
    let stopped = order(Act::Stop, "2026-11-20 09:10", true);
    assert_eq!(due(stopped, "2026-11-20 09:15"), None);
    assert_eq!(due(stopped, "2026-11-20 20:00"), STOP);
    assert_eq!(due(stopped, "2026-11-23 09:00"), START);
}

#[test]
fn a_group_starts_when_all_that_it_needs_runs() {
    let count = |up, down, moving| Some(Count { up, down, moving });
    let needs = ["db".to_owned(), "cache".to_owned()];
    for (db, cache, web, starts) in [
        (count(0, 1, 0), count(0, 2, 0), count(0, 3, 0), &["cache", "db"][..]),
        (count(0, 0, 1), count(2, 0, 0), count(0, 3, 0), &[]),
        (count(1, 0, 0), count(1, 1, 0), count(0, 3, 0), &["cache"]),
        (count(1, 0, 0), count(2, 0, 0), count(1, 2, 0), &["web"]),
        (count(1, 0, 0), count(2, 0, 0), count(1, 0, 2), &[]),
        // Who cannot be seen does not run, and is not touched; a group without servers keeps nobody.
        (None, count(0, 2, 0), count(0, 3, 0), &["cache"]),
        (count(1, 0, 0), count(0, 0, 0), count(0, 3, 0), &["web"]),
    ] {
        let standing = Standing::from([
            ("db", (&[][..], db)),
            ("cache", (&[][..], cache)),
            ("web", (&needs[..], web)),
        ]);
        assert_eq!(ready(&standing, Act::Start), starts, "{standing:?}");
        let all = [db, cache, web]
            .iter()
            .all(|count| count.is_some_and(|count| count.down + count.moving == 0));
        assert_eq!(done(&standing, Act::Start), all);
    }
}

#[test]
fn all_are_stopped_at_once() {
    let needs = ["db".to_owned()];
    let count = |up, moving| Some(Count { up, down: 1, moving });
    let standing = |db, web| Standing::from([("db", (&[][..], db)), ("web", (&needs[..], web))]);
    assert_eq!(ready(&standing(count(1, 0), count(2, 0)), Act::Stop), ["db", "web"]);
    assert_eq!(ready(&standing(count(0, 1), count(0, 0)), Act::Stop), [""; 0]);
    assert!(!done(&standing(count(0, 1), count(0, 0)), Act::Stop));
    assert!(done(&standing(count(0, 0), count(0, 0)), Act::Stop));
    assert!(!done(&standing(None, count(0, 0)), Act::Stop));
}
