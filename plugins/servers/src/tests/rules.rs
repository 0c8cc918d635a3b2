use crate::desk::Seen;
use crate::settings::{Act, Group, Schedule};
use moa_plugin::aws::Instance;
use moa_plugin::prelude::*;
use moa_plugin::time::{Moment, Switch};
use serde_json::json;

fn moment(text: &str) -> Moment {
    text.parse().unwrap()
}

/// From nine to eight in the evening on working days. 2026-11-20 is a Friday.
fn office() -> Schedule {
    open("09:00", "20:00")
}

fn open(start: &str, stop: &str) -> Schedule {
    serde_json::from_value(json!({ "days": "weekdays", "start": start, "stop": stop, "groups": {} })).unwrap()
}

fn disabled() -> Schedule {
    Schedule {
        enabled: false,
        ..office()
    }
}

fn with(lines: &[(&str, Act, &str)]) -> Switch<Act> {
    let mut switch = Switch::default();
    for (date, act, time) in lines {
        switch.exceptions.set(date.parse().unwrap(), *act, time.parse().ok());
    }
    switch
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
        let due = office().due(&Switch::default(), moment(now));
        assert_eq!(due, (act, near.map(moment)), "{now}");
    }
    for now in ["2026-11-20 09:00", "2026-11-20 19:55"] {
        assert_eq!(disabled().due(&Switch::default(), moment(now)), (None, None));
    }
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
        let due = office().due(&with(&lines), moment(now));
        assert_eq!(due, (act, near), "{lines:?} {now}");
    }
}

#[test]
fn midnight_is_no_border() {
    let late = |now| open("09:00", "23:50").due(&Switch::default(), moment(now));
    // Saturday is none of its days, Friday was.
    assert_eq!(late("2026-11-21 00:20").0, STOP);
    assert_eq!(late("2026-11-21 00:50").0, None);
    let early = |now| open("09:00", "00:05").due(&Switch::default(), moment(now));
    assert_eq!(early("2026-11-19 23:57").1, Some(moment("2026-11-20 00:05")));
    assert_eq!(early("2026-11-20 23:57").1, None);
}

#[test]
fn of_two_times_the_later_one_counts() {
    let due = |now| open("09:00", "09:30").due(&Switch::default(), moment(now));
    assert_eq!(due("2026-11-20 09:25"), (START, Some(moment("2026-11-20 09:30"))));
    assert_eq!(due("2026-11-20 09:40").0, STOP);
}

#[test]
fn an_order_goes_on_until_it_is_done_and_what_was_before_it_no_longer_counts() {
    let order = |act, since, done: bool| {
        let mut switch = Switch::default();
        switch.order(act, moment(since));
        assert!(!done || !switch.end(act));
        switch
    };
    let of = |schedule: &Schedule, switch: &_, now| schedule.due(switch, moment(now)).0;
    let due = |switch, now| of(&office(), &switch, now);
    // Also at night, on no day of the schedule, and of one that is disabled.
    let asked = order(Act::Start, "2026-11-21 03:00", false);
    assert_eq!(of(&office(), &asked, "2026-11-21 03:40"), START);
    assert_eq!(of(&disabled(), &asked, "2026-11-21 03:05"), START);
    // But not for ever.
    assert_eq!(of(&office(), &asked, "2026-11-21 14:59"), START);
    assert_eq!(of(&office(), &asked, "2026-11-21 15:00"), None);
    // Started by hand ten minutes after the stop: it is not stopped again.
    let started = order(Act::Start, "2026-11-20 20:10", true);
    assert_eq!(due(started, "2026-11-20 20:15"), None);
    // Stopped by hand in the morning: it is not started again; but stopped in the evening, and started on Monday.
    let stopped = order(Act::Stop, "2026-11-20 09:10", true);
    assert_eq!(due(stopped.clone(), "2026-11-20 09:15"), None);
    assert_eq!(due(stopped.clone(), "2026-11-20 20:00"), STOP);
    assert_eq!(due(stopped, "2026-11-23 09:00"), START);
    // A stop is near unless an order is open.
    let near = |switch: Switch<Act>| office().due(&switch, moment("2026-11-20 19:55")).1;
    assert_eq!(near(order(Act::Start, "2026-11-20 19:50", false)), None);
    assert_eq!(
        near(order(Act::Start, "2026-11-20 19:50", true)),
        Some(moment("2026-11-20 20:00"))
    );
}

/// So many servers that are up, down, and on the way to one of both; or none that can be seen.
type Count = Option<(usize, usize, usize)>;

fn group(needs: &[&str]) -> Group {
    serde_json::from_value(json!({ "type": "webhook", "needs": needs })).unwrap()
}

fn seen<'a>(name: &'a str, group: &'a Group, count: Count) -> Seen<'a> {
    let servers = count.map(|(up, down, moving)| {
        let words = [("running", up), ("stopped", down), ("pending", moving)];
        let each = words.into_iter().flat_map(|(word, count)| vec![word; count]);
        each.map(|word| Instance::new("i", word)).collect()
    });
    let servers = servers.ok_or_else(|| Error::rejected("no answer"));
    Seen { name, group, servers }
}

fn ready<'a>(groups: &[Seen<'a>], act: Act) -> Vec<&'a str> {
    let ready = groups.iter().filter(|seen| seen.is_ready(act, groups));
    ready.map(|seen| seen.name).collect()
}

fn done(groups: &[Seen<'_>], act: Act) -> bool {
    groups.iter().all(|seen| seen.is_done(act))
}

#[test]
fn a_group_starts_when_all_that_it_needs_runs() {
    let count = |up, down, moving| Some((up, down, moving));
    let (free, bound) = (group(&[]), group(&["db", "cache"]));
    for (db, cache, web, starts) in [
        (count(0, 1, 0), count(0, 2, 0), count(0, 3, 0), &["db", "cache"][..]),
        (count(0, 0, 1), count(2, 0, 0), count(0, 3, 0), &[]),
        (count(1, 0, 0), count(1, 1, 0), count(0, 3, 0), &["cache"]),
        (count(1, 0, 0), count(2, 0, 0), count(1, 2, 0), &["web"]),
        (count(1, 0, 0), count(2, 0, 0), count(1, 0, 2), &[]),
        // Who cannot be seen does not run, and is not touched; a group without servers keeps nobody.
        (None, count(0, 2, 0), count(0, 3, 0), &["cache"]),
        (count(1, 0, 0), count(0, 0, 0), count(0, 3, 0), &["web"]),
    ] {
        let groups = [
            seen("db", &free, db),
            seen("cache", &free, cache),
            seen("web", &bound, web),
        ];
        assert_eq!(ready(&groups, Act::Start), starts, "{db:?} {cache:?} {web:?}");
        let all = [db, cache, web]
            .iter()
            .all(|count| count.is_some_and(|(_, down, moving)| down + moving == 0));
        assert_eq!(done(&groups, Act::Start), all);
    }
}

#[test]
fn all_are_stopped_at_once() {
    let (free, bound) = (group(&[]), group(&["db"]));
    let count = |up, moving| Some((up, 1, moving));
    let groups = |db, web| [seen("db", &free, db), seen("web", &bound, web)];
    assert_eq!(ready(&groups(count(1, 0), count(2, 0)), Act::Stop), ["db", "web"]);
    assert_eq!(ready(&groups(count(0, 1), count(0, 0)), Act::Stop), [""; 0]);
    assert!(!done(&groups(count(0, 1), count(0, 0)), Act::Stop));
    assert!(done(&groups(count(0, 0), count(0, 0)), Act::Stop));
    assert!(!done(&groups(None, count(0, 0)), Act::Stop));
}
