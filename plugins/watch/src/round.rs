//! The jobs: a round through the checks that are due, and the day before in a table.
//!
//! Brain: `book` is how the checks are, written by the round alone; `day/DATE` is how long they were up; `mute/NAME` says
//! that one is not probed; `daily/DATE` that the day before was summed up.

use crate::health::{Change, Health, Rule};
use crate::incident::{self, Desk};
use crate::probe::Seen;
use crate::settings::{Check, Settings, Watched};
use crate::texts::Texts;
use crate::uptime::{self, Day};
use moa_plugin::prelude::*;
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
    pub zone: String,
    pub checks: BTreeMap<String, Health>,
    /// What can't be probed, and why.
    pub unknown: BTreeMap<String, String>,
}

/// That a check is not probed.
#[derive(Serialize, Deserialize)]
pub struct Mute {
    pub until: Instant,
    pub by: String,
    pub reason: String,
}

/// How long the checks were up on a day.
pub type Days = BTreeMap<String, Day>;

impl Book {
    pub fn read() -> Result<Self> {
        Ok(Brain::plugin().get("book")?.unwrap_or_default())
    }
}

impl Mute {
    /// Of a check, as long as it lasts.
    pub fn of(check: &str) -> Result<Option<Self>> {
        Ok(Brain::plugin().get(&Self::key(check))?)
    }

    pub fn key(check: &str) -> String {
        format!("mute/{check}")
    }
}

/// What is watched.
pub fn watched() -> Result<Watched> {
    let settings = system::config::<Settings>().map_err(|error| {
        log::error(error.to_string());
        Error::rejected(format!("moa.toml, [plugin.watch.config]: {error}"))
    })?;
    Ok(settings.watched())
}

pub fn days(date: Date) -> Result<Days> {
    Ok(Brain::plugin().get(&format!("day/{date}"))?.unwrap_or_default())
}

/// Probes what is due.
#[job(cron = "*/5 * * * * *", missed = "skip")]
pub fn look(due: &Due) -> Result<()> {
    let (watched, begun) = (watched()?, Instant::now());
    let zone = watched.timezone.as_ref().unwrap_or(&due.invocation.timezone);
    let (today, _) = begun.local(zone)?;
    let (mut book, mut days) = (Book::read()?, days(today)?);
    book.zone.clone_from(zone);
    let is_there = |name: &String| watched.checks.iter().any(|(check, _)| check.name == *name);
    // One that is down and no longer watched has nobody else who could close its incident.
    for name in book.checks.keys().filter(|name| !is_there(name)) {
        incident::recovered(name, begun)?;
    }
    book.checks.retain(|name, _| is_there(name));
    book.unknown.retain(|name, _| is_there(name));
    let desk = Desk {
        place: Place::of(&watched.conversation),
        locale: due.invocation.locale.clone(),
        zone: zone.clone(),
    };
    // Who has waited longest is first.
    let mut waiting: Vec<&(Check, Rule)> = watched.checks.iter().collect();
    waiting.sort_by_key(|(check, _)| book.checks.get(&check.name).and_then(|health| health.probed));
    for (check, rule) in waiting {
        let now = Instant::now();
        let health = book
            .checks
            .entry(check.name.clone())
            .or_insert_with(|| Health::new(now));
        if Mute::of(&check.name)?.is_some() {
            health.rest();
        } else if health.is_due(now, check.every.0) && now.since(begun) < ROUND {
            let day = days.entry(check.name.clone()).or_default();
            match probe(&desk, (check, rule), health, day, now)? {
                None => book.unknown.remove(&check.name),
                Some(why) => book.unknown.insert(check.name.clone(), why),
            };
        }
    }
    Brain::plugin().set("book", &book)?;
    Brain::plugin().set_with_ttl(&format!("day/{today}"), &days, KEPT)?;
    Ok(())
}

/// Looks once, and tells what that changes. Returns why it can't be looked, if so.
fn probe(
    desk: &Desk,
    (check, rule): (&Check, &Rule),
    health: &mut Health,
    day: &mut Day,
    now: Instant,
) -> Result<Option<String>> {
    let failure = match check.look() {
        Seen::Well => None,
        Seen::Failed(failure) => Some(failure),
        Seen::Unknown(why) => {
            log::warn(format!("`{}` can't be probed: {why}", check.name));
            health.rest();
            health.probed = Some(now);
            return Ok(Some(why));
        }
    };
    if let Some(before) = health.probed {
        let hour = now.local(&desk.zone)?.1.hour();
        day.add(hour, failure.is_none(), uptime::known(now.since(before), check.every.0));
    }
    let down = health.down;
    match (health.take(failure.is_none(), now, rule), failure) {
        (Some(Change::Opened(since)), Some(failure)) => {
            day.incidents += 1;
            incident::failed(desk, check, since, failure)?;
        }
        (Some(Change::Closed(until)), _) => {
            day.ended(until.since(down.unwrap_or(until)));
            incident::recovered(&check.name, until)?;
        }
        (_, Some(failure)) if down.is_some() => incident::differs(&check.name, &failure)?,
        _ => {}
    }
    Ok(None)
}

/// Sums up the day before.
#[job(id = "daily", cron = "config:daily", missed = "once")]
pub fn daily(due: &Due) -> Result<()> {
    let watched = watched()?;
    let zone = watched.timezone.as_ref().unwrap_or(&due.invocation.timezone);
    for problem in &watched.problems {
        log::error(problem);
    }
    let today = due.date(zone)?;
    let yesterday = today.plus_days(-1).unwrap_or(today);
    let told = Brain::plugin().compare_and_swap(&format!("daily/{today}"), &true, None);
    let days = days(yesterday)?;
    if days.is_empty() || told.is_err_and(|error| error.is_conflict()) {
        return Ok(());
    }
    let text = Texts::of(&due.invocation.locale).report(yesterday, &days);
    chat::send(&Place::of(watched.conversation), text)?;
    Ok(())
}
