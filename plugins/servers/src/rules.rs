//! What is due when, and which groups may go first: no clock, no brain, no cloud.

use crate::settings::Group;
use moa_plugin::aws::{Instance, State};
use moa_plugin::prelude::*;
use moa_plugin::time::{Moment, Order, Timetable};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// For how many minutes from its time on something is carried out.
const WINDOW: i64 = 60;
/// How many minutes ahead a stop is announced.
const NOTICE: i64 = 10;

/// What is done to servers.
#[derive(Argument, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Act {
    #[choice("start", "시작")]
    Start,
    #[choice("stop", "중지")]
    Stop,
}

impl Act {
    pub fn either<T>(self, start: T, stop: T) -> T {
        if self == Self::Start { start } else { stop }
    }
}

/// What is to be done now, and a stop that is near. A schedule that is disabled has no times.
pub fn due(times: &Timetable<Act>, order: Option<Order<Act>>, now: Moment) -> (Option<Act>, Option<Moment>) {
    let mut ahead = times.between(now, now.plus_minutes(NOTICE).unwrap_or(now)).into_iter();
    let stop = ahead.find(|(_, act)| *act == Act::Stop).map(|(at, _)| at);
    let is_ordered = order.is_some_and(|order| order.is_open(now));
    (times.due(now, WINDOW, order), stop.filter(|_| !is_ordered))
}

/// A group as it stands: its servers, if they can be seen.
pub struct Seen<'a> {
    pub group: &'a Group,
    pub servers: Result<Vec<Instance>>,
}

/// The groups of a schedule, by name.
pub type Groups<'a> = BTreeMap<&'a str, Seen<'a>>;

impl Seen<'_> {
    pub fn count(&self, state: State) -> usize {
        let servers = self.servers.iter().flatten();
        servers.filter(|server| server.state == state).count()
    }

    /// Whether nothing is left to do.
    pub fn is_done(&self, act: Act) -> bool {
        let goal = act.either(State::Up, State::Down);
        matches!(&self.servers, Ok(servers) if servers.iter().all(|server| server.state == goal))
    }

    /// Whether something is to be done now. A group is started only when all that it needs runs.
    pub fn is_ready(&self, act: Act, groups: &Groups<'_>) -> bool {
        let runs = |name: &String| {
            groups
                .get(name.as_str())
                .is_some_and(|needed| needed.is_done(Act::Start))
        };
        let left = self.count(act.either(State::Down, State::Up));
        left > 0 && (act == Act::Stop || self.group.needs.iter().all(runs))
    }
}

#[cfg(test)]
mod tests;
