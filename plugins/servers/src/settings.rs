//! The operator's configuration.

use moa_plugin::aws::Account;
use moa_plugin::time::Weekdays;
use moa_plugin::{config, needs, prelude::*};
use serde_json::Value;
use std::collections::BTreeMap;

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
    pub fn schedules(&self) -> Result<BTreeMap<String, Schedule>, String> {
        let (written, check) = (self.schedules.iter().flatten(), |schedule| self.checked(schedule));
        config::all("plugin.servers.config.schedules", written, check)
    }

    fn checked(&self, schedule: Schedule) -> Result<Schedule, String> {
        if schedule.start.is_some() && schedule.start == schedule.stop {
            return Err(".stop: is the time of the start; write another one, or leave one out".into());
        }
        let groups = &schedule.groups;
        let can_start: BTreeMap<_, _> = needs::sorted(groups, |group| &group.needs).into_iter().collect();
        for (name, group) in groups {
            let addresses = [&group.start, &group.stop, &group.status];
            let complaint = match group.r#type.as_str() {
                "webhook" if !addresses.iter().all(|address| address.starts_with("http")) => {
                    "type: of a webhook needs the addresses `start`, `stop` and `status`"
                }
                "ec2" | "rds" if self.aws.is_none() => {
                    "type: needs `region` and `key` in `[plugin.servers.config.aws]`"
                }
                _ if can_start.contains_key(name.as_str()) => continue,
                _ if group.needs.iter().all(|need| groups.contains_key(need)) => "needs: it would wait for itself",
                _ => "needs: are other groups of this schedule",
            };
            return Err(format!(".groups.{name}.{complaint}"));
        }
        Ok(schedule)
    }
}
