//! What is due when, and which groups may go first: no clock, no brain, no cloud.

use moa_plugin::time::{Date, Time, Weekday};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How many minutes after its time something is still carried out.
pub const WINDOW: i64 = 59;
/// How many minutes ahead a stop is announced.
pub const NOTICE: i64 = 10;

/// What is done to servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Act {
    Start,
    Stop,
}

/// What the calendar and the clock of the schedules' zone show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Moment {
    pub date: Date,
    pub time: Time,
}

impl Moment {
    pub fn minutes_until(self, other: Self) -> i64 {
        let minutes = |time: Time| i64::from(time.hour()) * 60 + i64::from(time.minute());
        self.date.days_until(other.date) * 24 * 60 + minutes(other.time) - minutes(self.time)
    }
}

/// What is otherwise on some dates: another time, or none at all.
pub type Exceptions = BTreeMap<Date, BTreeMap<Act, Option<Time>>>;

/// What somebody ordered. It goes on until it is done, and whatever the schedule had before it no longer counts.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Order {
    pub act: Act,
    pub since: Moment,
    pub done: bool,
}

/// The times of a schedule.
#[derive(Clone, Debug, PartialEq)]
pub struct Hours {
    pub enabled: bool,
    pub days: Vec<Weekday>,
    pub start: Option<Time>,
    pub stop: Option<Time>,
}

/// What is to be done now.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Due {
    pub act: Option<Act>,
    /// A stop that is near.
    pub near: Option<Moment>,
}

impl Hours {
    /// The time on a date. An exception counts also on a date that is none of the schedule's days: somebody asked for it.
    pub fn at(&self, date: Date, act: Act, exceptions: &Exceptions) -> Option<Time> {
        if let Some(instead) = exceptions.get(&date).and_then(|day| day.get(&act)) {
            return *instead;
        }
        let usual = match act {
            Act::Start => self.start,
            Act::Stop => self.stop,
        };
        usual.filter(|_| self.days.contains(&date.weekday()))
    }

    pub fn due(&self, exceptions: &Exceptions, order: Option<Order>, now: Moment) -> Due {
        if let Some(order) = order.filter(|order| !order.done) {
            return Due {
                act: Some(order.act),
                near: None,
            };
        }
        if !self.enabled {
            return Due::default();
        }
        // Also around midnight.
        let dates = [-1, 0, 1].into_iter().filter_map(|days| now.date.plus_days(days));
        let both = |date| [(date, Act::Start), (date, Act::Stop)];
        let times: Vec<(Moment, Act)> = dates
            .flat_map(both)
            .filter_map(|(date, act)| self.at(date, act, exceptions).map(|time| (Moment { date, time }, act)))
            .filter(|(at, _)| order.is_none_or(|order| *at > order.since))
            .collect();
        let passed = times
            .iter()
            .filter(|(at, _)| (0..=WINDOW).contains(&at.minutes_until(now)));
        let near = times
            .iter()
            .filter(|(at, act)| *act == Act::Stop && (1..=NOTICE).contains(&now.minutes_until(*at)));
        Due {
            // The latest counts.
            act: passed.max().map(|(_, act)| *act),
            near: near.min().map(|(at, _)| *at),
        }
    }
}

/// How many servers of a group are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Count {
    pub up: usize,
    pub down: usize,
    /// On the way to one of both.
    pub moving: usize,
}

impl Count {
    pub fn is(self, act: Act) -> bool {
        match act {
            Act::Start => self.down + self.moving == 0,
            Act::Stop => self.up + self.moving == 0,
        }
    }
}

/// A group as it stands: what it needs, and its servers, if they can be seen.
pub type Standing<'a> = BTreeMap<&'a str, (&'a [String], Option<Count>)>;

/// The groups to which something is to be done now. One is started only when all that it needs runs.
pub fn ready<'a>(standing: &Standing<'a>, act: Act) -> Vec<&'a str> {
    let runs = |name: &String| matches!(standing.get(name.as_str()), Some((_, Some(count))) if count.is(Act::Start));
    let groups = standing.iter().filter(|(_, (needs, count))| match (act, count) {
        (Act::Start, Some(count)) => count.down > 0 && needs.iter().all(runs),
        (Act::Stop, Some(count)) => count.up > 0,
        (_, None) => false,
    });
    groups.map(|(name, _)| *name).collect()
}

/// Whether nothing is left to do.
pub fn done(standing: &Standing<'_>, act: Act) -> bool {
    standing
        .values()
        .all(|(_, count)| count.is_some_and(|count| count.is(act)))
}

#[cfg(test)]
mod tests;
