//! What is due when, which groups may go first, and their servers, wherever they are: at Amazon, found by their tags, or behind
//! webhooks.

use crate::desk::{Desk, Named};
use crate::settings::{Group, Schedule};
use moa_plugin::aws::{Fleet, Instance, State};
use moa_plugin::time::{Moment, Switch, Timetable};
use moa_plugin::{needs, prelude::*};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// For how many minutes from its time on something is carried out.
const WINDOW: i64 = 60;
/// How many minutes ahead a stop is announced.
const NOTICE: i64 = 10;
/// How long one request may take: the call that makes several has seconds.
const PATIENCE: Duration = Duration::from_secs(4);

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

impl Schedule {
    /// Its times, and their exceptions.
    pub fn times(&self, switch: &Switch<Act>) -> Timetable<Act> {
        let times = [(Act::Start, self.start), (Act::Stop, self.stop)];
        Timetable::new(self.days, times, switch.exceptions.clone())
    }

    /// What is to be done now, and a stop that is near. One that is disabled has no times.
    pub fn due(&self, switch: &Switch<Act>, now: Moment) -> (Option<Act>, Option<Moment>) {
        let (times, none) = (self.times(switch), Timetable::default());
        let times = if self.enabled { times } else { none };
        let near = switch.ahead(&times, now, NOTICE, Act::Stop);
        (switch.due(&times, now, WINDOW), near)
    }
}

/// A group as it stands: its servers, if they can be seen.
pub struct Seen<'a> {
    pub name: &'a str,
    pub group: &'a Group,
    pub servers: Result<Vec<Instance>>,
}

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
    pub fn is_ready(&self, act: Act, groups: &[Self]) -> bool {
        let is_needed = |seen: &&Self| self.group.needs.iter().any(|need| need == seen.name);
        let can_start = || groups.iter().filter(is_needed).all(|seen| seen.is_done(Act::Start));
        self.count(act.either(State::Down, State::Up)) > 0 && (act == Act::Stop || can_start())
    }
}

/// What a status webhook answers: `{"servers": [{"name": "web-1", "state": "running"}]}`.
#[derive(Deserialize)]
struct Told {
    servers: Vec<Instance>,
}

impl Desk {
    /// The groups of a schedule with their servers, each behind those that it needs.
    pub fn look<'a>(&self, (name, schedule): Named<'a>) -> Vec<Seen<'a>> {
        let tag = schedule.tag.as_ref().unwrap_or(name);
        let groups = needs::sorted(&schedule.groups, |group| &group.needs).into_iter();
        let seen = groups.map(|(name, group)| (name, group, self.servers_of(tag, name, group)));
        seen.map(|(name, group, servers)| Seen { name, group, servers })
            .collect()
    }

    fn servers_of(&self, schedule: &str, name: &str, group: &Group) -> Result<Vec<Instance>> {
        let Some(fleet) = self.fleet(group) else {
            return Ok(group.ask(http::get(&group.status))?.json::<Told>()?.servers);
        };
        let mut listed = self.listed.borrow_mut();
        let list = || fleet.tagged("ScheduleName").map_err(Error::from);
        let mut all = listed.entry(group.r#type.clone()).or_insert_with(list).clone()?;
        all.retain(|one| one.tag("ScheduleName") == Some(schedule) && one.tag("ScheduleGroupName") == Some(name));
        Ok(all)
    }

    /// Starts or stops those of a group that are not yet so; tells how many.
    pub fn order(&self, seen: &Seen<'_>, act: Act) -> Result<usize> {
        let (group, servers) = (seen.group, seen.servers.as_ref().map_err(Error::clone)?);
        if let Some(fleet) = self.fleet(group) {
            return Ok(fleet.bring(act.either(State::Up, State::Down), servers)?);
        }
        let order = json!({ "group": seen.name, "action": act });
        group.ask(http::post(act.either(&group.start, &group.stop)).json(&order))?;
        Ok(seen.count(act.either(State::Down, State::Up)))
    }

    fn fleet(&self, group: &Group) -> Option<Fleet> {
        let fleet = self.settings.aws.as_ref()?.fleet(&group.r#type)?;
        Some(fleet.timeout(PATIENCE))
    }
}

impl Group {
    fn ask(&self, request: http::Request) -> Result<http::Response> {
        let request = request.bearer(self.secret.as_deref()).timeout(PATIENCE);
        Ok(request.send()?.ok()?)
    }
}

#[cfg(test)]
mod tests;
