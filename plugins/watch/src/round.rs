//! The jobs: a round through the checks that are due, and the day before in a table.
//!
//! Brain: `book` is how the checks are, `day/DATE` how long they were up, both written by the round alone; `daily/DATE` says
//! that the day before was summed up; `mute/NAME` is as the SDK's `Mute` keeps it.

use crate::Texts;
use crate::incident;
use crate::settings::{Check, Settings};
use moa_plugin::alarm::{Alarm, Change, Mute, Rule, Uptime};
use moa_plugin::config;
use moa_plugin::prelude::*;
use moa_plugin::tickets::Desk;
use moa_plugin::time::Instant;
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
    pub zone: Option<String>,
    pub checks: BTreeMap<String, Health>,
}

/// How a check is.
#[derive(Default, Serialize, Deserialize)]
pub struct Health {
    pub alarm: Alarm,
    /// Whether it could not be probed.
    pub unknown: bool,
}

/// Probes what is due.
#[job(id = "look", cron = "config:round", missed = "skip")]
pub fn look(due: &Due) -> Result<()> {
    let (settings, begun) = (config::settings::<Settings>()?, Instant::now());
    let (desk, mut checks) = (settings.desk(due), settings.checks().0);
    let (today, _) = begun.local(&desk.timezone)?;
    let mut book: Book = Brain::plugin().get("book")?.unwrap_or_default();
    let mut days = days(today)?;
    book.zone = Some(desk.timezone.clone());
    // One that is down and no longer watched has nobody else who could close its incident.
    let is_gone = |name: &String| !checks.iter().any(|check| check.name == *name);
    for (name, health) in book.checks.extract_if(.., |name, _| is_gone(name)) {
        let (mut gone, over) = (Check::default(), |since| Change::Off(since, begun));
        gone.name = name;
        incident::tell(&desk, &gone, health.alarm.on.map(over), None)?;
    }
    // Who has waited longest is first.
    checks.sort_by_key(|check| book.checks.get(&check.name).and_then(|health| health.alarm.last));
    let mutes = Mute::all()?;
    for check in &checks {
        let health = book.checks.entry(check.name.clone()).or_default();
        let (now, every) = (Instant::now(), check.every.0);
        if mutes.contains_key(&check.name) {
            health.alarm.rest();
        } else if health.alarm.last.is_none_or(|last| now.since(last) >= every) && now.since(begun) < ROUND {
            probe(&desk, check, health, days.entry(check.name.clone()).or_default())?;
        }
    }
    Brain::plugin().set("book", &book)?;
    Brain::plugin().set_with_ttl(&format!("day/{today}"), &days, KEPT)?;
    Ok(())
}

/// Looks once, and tells what that changes.
fn probe(desk: &Desk, check: &Check, health: &mut Health, day: &mut Uptime) -> Result<()> {
    let (now, before) = (Instant::now(), health.alarm.last);
    let seen = check.look(&Texts::of(&desk.locale));
    health.unknown = seen.is_err();
    let Ok(failure) = seen.inspect_err(|why| log::warn(format!("`{}` can't be probed: {why}", check.name))) else {
        health.alarm.rest();
        health.alarm.last = Some(now);
        return Ok(());
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
    incident::tell(desk, check, change, failure)
}

/// Sums up the day before.
#[job(id = "daily", cron = "config:daily", missed = "once")]
pub fn daily(due: &Due) -> Result<()> {
    let settings = config::settings::<Settings>()?;
    let desk = settings.desk(due);
    settings.checks().1.into_iter().for_each(log::error);
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
    let table = Uptime::table(&texts.report_columns(), locale, days);
    format!("{}\n{table}", texts.report(date))
}
