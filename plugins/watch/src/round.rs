//! The jobs: a round through the checks that are due, and the day before in a table.
//!
//! Brain: `book` is how the checks are, `day/DATE` how long they were up: both are written by the round
//! alone; `daily/DATE` says that the day before was summed up.

use crate::Texts;
use crate::commands::Mute;
use crate::incident;
use crate::settings::{Check, Settings};
use moa_plugin::alarm::{Alarm, Change, Rule, Uptime};
use moa_plugin::prelude::*;
use moa_plugin::tickets::Desk;
use moa_plugin::time::{Instant, in_words};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How long a round begins probes: with the last one it stays within the usual limit of a call.
const ROUND: Duration = Duration::from_secs(4);
/// How long days are remembered.
const KEPT: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// How the checks are.
#[derive(Default, Serialize, Deserialize)]
pub struct Book {
    /// Where days begin.
    pub zone: String,
    pub checks: BTreeMap<String, Health>,
}

/// How a check is.
#[derive(Default, Serialize, Deserialize)]
pub struct Health {
    /// When it was last probed; `None` before the first time, and after a pause.
    probed: Option<Instant>,
    /// Whether it could not be.
    pub unknown: bool,
    pub alarm: Alarm,
}

pub fn book() -> Result<Book> {
    Ok(Brain::plugin().get("book")?.unwrap_or_default())
}

impl Health {
    /// It is not probed for a while: what was before does not count, and the time in between neither.
    fn rest(&mut self) {
        self.probed = None;
        self.alarm.rest();
    }
}

fn desk(settings: &Settings, due: &Due) -> Desk {
    Desk {
        place: Place::of(settings.conversation.as_deref().unwrap_or_default()),
        locale: due.invocation.locale.clone(),
        timezone: settings
            .timezone
            .clone()
            .unwrap_or_else(|| due.invocation.timezone.clone()),
    }
}

/// Probes what is due.
#[job(id = "look", cron = "config:round", missed = "skip")]
pub fn look(due: &Due) -> Result<()> {
    let (settings, begun) = (system::config::<Settings>()?, Instant::now());
    let (desk, mut checks) = (desk(&settings, due), settings.checks().0);
    let (today, _) = begun.local(&desk.timezone)?;
    let (mut book, mut days) = (book()?, days(today)?);
    book.zone.clone_from(&desk.timezone);
    // One that is down and no longer watched has nobody else who could close its incident.
    let is_gone = |name: &String| !checks.iter().any(|check| check.name == *name);
    for (name, health) in book.checks.extract_if(.., |name, _| is_gone(name)) {
        let (mut gone, over) = (Check::default(), |since| Change::Off(since, begun));
        gone.name = name;
        incident::tell(&desk, &gone, health.alarm.on.map(over), None)?;
    }
    // Who has waited longest is first.
    checks.sort_by_key(|check| book.checks.get(&check.name).and_then(|health| health.probed));
    let mutes = Brain::plugin().all::<Mute>("mute/")?;
    for check in &checks {
        let health = book.checks.entry(check.name.clone()).or_default();
        let (now, every) = (Instant::now(), check.every.0);
        if mutes.contains_key(&check.name) {
            health.rest();
        } else if health.probed.is_none_or(|probed| now.since(probed) >= every) && now.since(begun) < ROUND {
            probe(&desk, check, health, days.entry(check.name.clone()).or_default())?;
        }
    }
    Brain::plugin().set("book", &book)?;
    Brain::plugin().set_with_ttl(&format!("day/{today}"), &days, KEPT)?;
    Ok(())
}

/// Looks once, and tells what that changes.
fn probe(desk: &Desk, check: &Check, health: &mut Health, day: &mut Uptime) -> Result<()> {
    let (now, seen) = (Instant::now(), check.look(&Texts::of(&desk.locale)));
    let before = health.probed.replace(now);
    health.unknown = seen.is_err();
    let failure = match seen {
        Ok(failure) => failure,
        Err(why) => {
            log::warn(format!("`{}` can't be probed: {why}", check.name));
            health.alarm.rest();
            return Ok(());
        }
    };
    if let Some(before) = before {
        let hour = now.local(&desk.timezone)?.1.hour();
        // A result stands for the time since the one before, but not for that in which nobody looked.
        day.add(hour, failure.is_none(), now.since(before).min(check.every.0 * 2));
    }
    let rule = Rule {
        on_after: check.open_after,
        off_after: check.close_after,
        hold: check.hold.0,
    };
    let change = health.alarm.take(failure.is_none(), now, &rule);
    change.iter().for_each(|change| day.count(change));
    match health.alarm.on.is_some() || change.is_some() {
        true => incident::tell(desk, check, change, failure),
        false => Ok(()),
    }
}

/// Sums up the day before.
#[job(id = "daily", cron = "config:daily", missed = "once")]
pub fn daily(due: &Due) -> Result<()> {
    let settings = system::config::<Settings>()?;
    let desk = desk(&settings, due);
    for problem in settings.checks().1 {
        log::error(problem);
    }
    let today = due.date(&desk.timezone)?;
    let yesterday = today.plus_days(-1).unwrap_or(today);
    let days = days(yesterday)?;
    if !days.is_empty() && Brain::plugin().once(&format!("daily/{today}"), KEPT)? {
        chat::send(&desk.place, report(&desk.locale, yesterday, &days))?;
    }
    Ok(())
}

pub fn days(date: Date) -> Result<BTreeMap<String, Uptime>> {
    Ok(Brain::plugin().get(&format!("day/{date}"))?.unwrap_or_default())
}

/// How long the checks were up on a day, as people read it.
pub fn report(locale: &str, date: Date, days: &BTreeMap<String, Uptime>) -> String {
    let texts = Texts::of(locale);
    let mut rows: Vec<Vec<String>> = vec![texts.report_columns().split(", ").map(str::to_owned).collect()];
    for (name, day) in days {
        let (percent, alarms) = (day.percent().unwrap_or_default(), day.alarms.to_string());
        let longest = Some(day.longest).filter(|longest| !longest.is_zero());
        let longest = longest.map(|longest| in_words(longest, locale)).unwrap_or_default();
        rows.push(vec![name.clone(), percent, alarms, longest, day.sparkline()]);
    }
    format!("{}\n{}", texts.report(date), text::table(rows))
}
