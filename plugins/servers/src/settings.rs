//! The operator's configuration, and what is due by it.

use moa_plugin::aws::Account;
use moa_plugin::time::{Moment, Switch, Timetable, Weekdays};
use moa_plugin::{config, needs, prelude::*};
use serde::{Deserialize, Serialize};
use serde_json::Value;
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

#[derive(Config)]
pub struct Settings {
    /// The zone of all times.
    #[default = "Asia/Seoul"]
    pub timezone: String,
    /// Who speaks.
    #[choice("plain", "soldier")]
    #[default = "plain"]
    pub voice: String,
    /// Texts in the place of the voice's own.
    #[table]
    pub texts: Option<BTreeMap<String, String>>,
    /// The conversations that are told what happens by itself.
    #[default()]
    pub announce: Vec<String>,
    /// When it looks what is due, as a cron expression.
    #[default = "*/5 * * * *"]
    #[expect(dead_code, reason = "the host reads it: it is the job's")]
    round: String,
    /// Where Amazon is asked.
    #[table]
    pub aws: Option<Account>,
    /// When which servers run.
    #[table]
    schedules: Option<BTreeMap<String, Value>>,
}

#[derive(Config)]
pub struct Schedule {
    #[default = true]
    pub enabled: bool,
    /// `all`, `weekdays`, or `mon,wed,fri`.
    #[table]
    pub days: Weekdays,
    pub start: Option<Time>,
    pub stop: Option<Time>,
    /// What the servers' tag `ScheduleName` says, if not the schedule's name.
    pub tag: Option<String>,
    #[table]
    pub groups: BTreeMap<String, Group>,
}

/// Servers that are started and stopped together.
#[derive(Config)]
pub struct Group {
    #[choice("ec2", "rds", "webhook")]
    pub r#type: String,
    /// The groups that have to run before.
    #[default()]
    pub needs: Vec<String>,
    /// Of webhooks: addresses and a secret. Of `status` comes `{"servers": [{"name": "web-1", "state": "running"}]}`.
    #[default = ""]
    pub start: String,
    #[default = ""]
    pub stop: String,
    #[default = ""]
    pub status: String,
    pub secret: Option<String>,
}

impl Settings {
    /// All schedules, or the key that is wrong and what to write.
    pub fn schedules(&self) -> Result<BTreeMap<String, Schedule>, String> {
        let (written, check) = (self.schedules.iter().flatten(), |schedule| self.checked(schedule));
        config::all("plugin.servers.config.schedules", written, check)
    }

    fn checked(&self, schedule: Schedule) -> Result<Schedule, String> {
        if schedule.start.is_some() && schedule.start == schedule.stop {
            return Err(".stop: is the time of the start; write another one, or leave one out".into());
        }
        let (aws, groups) = (&self.aws, &schedule.groups);
        let can_start: BTreeMap<_, _> = needs::sorted(groups, |group| &group.needs).into_iter().collect();
        for (name, group) in groups {
            let addresses = [&group.start, &group.stop, &group.status];
            let is_known = addresses.iter().all(|address| address.starts_with("http"));
            let complaint = match group.r#type.as_str() {
                "webhook" if !is_known => "type: of a webhook needs the addresses `start`, `stop` and `status`",
                "ec2" | "rds" if aws.is_none() => "type: needs `region` and `key` in `[plugin.servers.config.aws]`",
                _ if can_start.contains_key(name.as_str()) => continue,
                _ if group.needs.iter().all(|need| groups.contains_key(need)) => "needs: it would wait for itself",
                _ => "needs: are other groups of this schedule",
            };
            return Err(format!(".groups.{name}.{complaint}"));
        }
        Ok(schedule)
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
