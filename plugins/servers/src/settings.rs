//! The operator's configuration.

use crate::rules::Hours;
use moa_plugin::time::{Time, Weekday};
use moa_plugin::{Config, Error, Result};
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
    /// Where Amazon is asked.
    #[table]
    pub aws: Option<Aws>,
    /// When which servers run.
    #[table]
    schedules: Option<BTreeMap<String, Value>>,
}

#[derive(Config)]
pub struct Aws {
    pub region: String,
    /// The secret with the key.
    pub key: String,
    /// Other addresses than the region's own.
    pub ec2: Option<String>,
    pub rds: Option<String>,
}

#[derive(Config)]
struct Written {
    #[default = true]
    enabled: bool,
    /// `all`, `weekdays`, or `mon,wed,fri`.
    days: String,
    start: Option<Time>,
    stop: Option<Time>,
    /// What the servers' tag `ScheduleName` says, if not the schedule's name.
    tag: Option<String>,
    #[table]
    groups: BTreeMap<String, Group>,
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

pub struct Schedule {
    pub hours: Hours,
    pub tag: String,
    pub groups: BTreeMap<String, Group>,
}

impl Settings {
    /// All schedules, or the key that is wrong and what to write.
    pub fn schedules(&self) -> Result<BTreeMap<String, Schedule>> {
        let all = self.schedules.iter().flatten();
        all.map(|(name, written)| Ok((name.clone(), self.schedule(name, written)?)))
            .collect()
    }

    fn schedule(&self, name: &str, written: &Value) -> Result<Schedule> {
        let key = format!("plugin.servers.config.schedules.{name}");
        let wrong = |what: String| Error::rejected(format!("{key}{what}"));
        let written: Written = serde_json::from_value(written.clone()).map_err(|error| wrong(format!(": {error}")))?;
        let days = days(&written.days);
        let days =
            days.ok_or_else(|| wrong(".days: write \"all\", \"weekdays\", or days like \"mon,wed,fri\"".into()))?;
        if written.start.is_some() && written.start == written.stop {
            return Err(wrong(
                ".stop: is the time of the start; write another one, or leave one out".into(),
            ));
        }
        for (group, what) in &written.groups {
            let complaint = match what.r#type.as_str() {
                "webhook"
                    if [&what.start, &what.stop, &what.status]
                        .into_iter()
                        .any(|url| !url.starts_with("http")) =>
                {
                    "type: of a webhook needs the addresses `start`, `stop` and `status`"
                }
                "ec2" | "rds" if self.aws.is_none() => {
                    "type: needs `region` and `key` in `[plugin.servers.config.aws]`"
                }
                _ if !what.needs.iter().all(|need| written.groups.contains_key(need)) => {
                    "needs: are other groups of this schedule"
                }
                _ => continue,
            };
            return Err(wrong(format!(".groups.{group}.{complaint}")));
        }
        // Takes away what waits for nobody who is left, until nothing changes.
        let mut left: Vec<(&String, &Group)> = written.groups.iter().collect();
        let waits = |left: &[(&String, &Group)], group: &Group| left.iter().any(|(name, _)| group.needs.contains(name));
        while let Some(at) = left.iter().position(|(_, group)| !waits(&left, group)) {
            left.remove(at);
        }
        if let Some((group, _)) = left.first() {
            return Err(wrong(format!(".groups.{group}.needs: it would wait for itself")));
        }
        let (enabled, start, stop) = (written.enabled, written.start, written.stop);
        let tag = written.tag.unwrap_or_else(|| name.to_owned());
        let hours = Hours {
            enabled,
            days,
            start,
            stop,
        };
        Ok(Schedule {
            hours,
            tag,
            groups: written.groups,
        })
    }
}

fn days(text: &str) -> Option<Vec<Weekday>> {
    let names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let day = |word: &str| Some(Weekday::ALL[names.iter().position(|name| *name == word.trim())?]);
    match text {
        "all" => Some(Weekday::ALL.to_vec()),
        "weekdays" => Some(Weekday::ALL[..5].to_vec()),
        _ => text.split(',').map(day).collect(),
    }
}
