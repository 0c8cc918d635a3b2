//! The operator's configuration.

use crate::rules::Act;
use moa_plugin::aws::Account;
use moa_plugin::prelude::*;
use moa_plugin::time::{Exceptions, Timetable, Weekdays};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

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
    days: Weekdays,
    start: Option<Time>,
    stop: Option<Time>,
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
    /// Of webhooks: their addresses, and a secret for them.
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
    pub fn schedules(&self) -> Result<BTreeMap<String, Schedule>> {
        let all = self.schedules.iter().flatten().map(|(name, written)| {
            let schedule = serde_json::from_value(written.clone()).map_err(|error| format!(": {error}"));
            let schedule = schedule.and_then(|schedule| self.checked(schedule));
            let wrong = |what| Error::rejected(format!("plugin.servers.config.schedules.{name}{what}"));
            Ok((name.clone(), schedule.map_err(wrong)?))
        });
        all.collect()
    }

    fn checked(&self, schedule: Schedule) -> Result<Schedule, String> {
        if schedule.start.is_some() && schedule.start == schedule.stop {
            return Err(".stop: is the time of the start; write another one, or leave one out".into());
        }
        let groups = &schedule.groups;
        let mut can_start = BTreeSet::new();
        for _ in groups {
            let can = |(_, group): &(&String, &Group)| group.needs.iter().all(|need| can_start.contains(need));
            can_start = groups.iter().filter(can).map(|(name, _)| name).collect();
        }
        for (name, group) in groups {
            let addresses = [&group.start, &group.stop, &group.status];
            let complaint = match group.r#type.as_str() {
                "webhook" if !addresses.iter().all(|address| address.starts_with("http")) => {
                    "type: of a webhook needs the addresses `start`, `stop` and `status`"
                }
                "ec2" | "rds" if self.aws.is_none() => {
                    "type: needs `region` and `key` in `[plugin.servers.config.aws]`"
                }
                _ if can_start.contains(name) => continue,
                _ if group.needs.iter().all(|need| groups.contains_key(need)) => "needs: it would wait for itself",
                _ => "needs: are other groups of this schedule",
            };
            return Err(format!(".groups.{name}.{complaint}"));
        }
        Ok(schedule)
    }
}

impl Schedule {
    pub fn times(&self, exceptions: Exceptions<Act>) -> Timetable<Act> {
        let times = [(Act::Start, self.start), (Act::Stop, self.stop)];
        Timetable::new(self.days, times, exceptions)
    }
}
