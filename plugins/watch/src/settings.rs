//! The operator's settings, and what is wrong with them.

use crate::health::Rule;
use moa_plugin::Config;
use moa_plugin::time::Span;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

/// The longest that a probe may take: several of them share one run of the job.
const LONGEST: Duration = Duration::from_secs(5);

#[derive(Config)]
pub struct Settings {
    /// Where incidents are told of, the conversation's id.
    #[conversation]
    conversation: Option<String>,
    /// When the day before is summed up, as a cron expression.
    #[default = "0 9 * * *"]
    #[expect(dead_code, reason = "the host reads it: it is the job's")]
    daily: String,
    /// Where days begin, a time zone; the bot's own without it.
    timezone: Option<String>,
    /// So many failures in a row open an incident.
    #[default = 3]
    #[min = 1]
    open_after: u32,
    /// So many successes in a row close it.
    #[default = 2]
    #[min = 1]
    close_after: u32,
    /// A failure keeps an incident open for so long.
    #[default = "1m"]
    hold: Duration,
    /// What is watched, by name.
    #[table]
    checks: Option<BTreeMap<String, Value>>,
}

/// One check: what stands below `[plugin.watch.config.checks.NAME]`.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Check {
    #[serde(skip)]
    pub name: String,
    pub url: Option<String>,
    /// Those that are well; none: 200 to 299.
    #[serde(default)]
    pub status: Vec<u16>,
    /// What stands in the body.
    pub contains: Option<String>,
    /// What stands in the body's JSON, by a path with dots.
    #[serde(default)]
    pub json: BTreeMap<String, Value>,
    #[serde(default = "three_seconds")]
    pub timeout: Span,
    /// The database of a check without `url`.
    #[serde(default)]
    pub sql: String,
    #[serde(default)]
    pub query: String,
    pub min: Option<f64>,
    pub max: Option<f64>,
    /// What the value is, for people.
    #[serde(default)]
    pub unit: String,
    #[serde(default = "half_a_minute")]
    pub every: Span,
    open_after: Option<u32>,
    close_after: Option<u32>,
    hold: Option<Span>,
    /// Checks of one group fail together: they share an incident.
    #[serde(default)]
    pub group: String,
    /// Who is called, by id.
    #[serde(default)]
    pub owners: Vec<String>,
}

fn three_seconds() -> Span {
    Span(Duration::from_secs(3))
}

fn half_a_minute() -> Span {
    Span(Duration::from_secs(30))
}

/// All that is watched.
pub struct Watched {
    pub conversation: String,
    pub timezone: Option<String>,
    pub checks: Vec<(Check, Rule)>,
    /// What is wrong with the other checks: a sentence for each, with its key.
    pub problems: Vec<String>,
}

impl Settings {
    /// The checks; those that can't be made are told, and keep no other from being made.
    pub fn watched(self) -> Watched {
        let (mut checks, mut problems) = (Vec::new(), Vec::new());
        for (name, written) in self.checks.iter().flatten() {
            match self.check(name, written) {
                Ok(check) => checks.push(check),
                Err(problem) => problems.push(format!("`checks.{name}`: {problem}")),
            }
        }
        let conversation = self.conversation.unwrap_or_default();
        if conversation.is_empty() && !checks.is_empty() {
            checks.clear();
            problems.push("`conversation`: give the id of the conversation where incidents are told of".into());
        }
        Watched {
            conversation,
            timezone: self.timezone,
            checks,
            problems,
        }
    }

    fn check(&self, name: &str, written: &Value) -> Result<(Check, Rule), String> {
        let mut check = Check::deserialize(written).map_err(|error| error.to_string())?;
        check.name = name.to_owned();
        if check.group.is_empty() {
            check.group.clone_from(&check.name);
        }
        let rule = Rule {
            open_after: check.open_after.unwrap_or(self.open_after),
            close_after: check.close_after.unwrap_or(self.close_after),
            hold: check.hold.map_or(self.hold, |span| span.0),
        };
        let is_query = !check.sql.is_empty() || !check.query.is_empty();
        let problem = match &check {
            _ if check.url.is_some() == is_query => {
                "give either `url = \"https://…\"`, or `sql = \"NAME\"` with a `query`"
            }
            _ if is_query && (check.sql.is_empty() || check.query.is_empty()) => {
                "`sql` names a database, and `query` asks it, as in \"SELECT lag_seconds FROM replication\""
            }
            _ if is_query && check.min.or(check.max).is_none() => "give the value's bound: `max = 30`, or `min`",
            _ if check.timeout.0.is_zero() || check.timeout.0 > LONGEST => "`timeout` is from 1s to 5s",
            _ if check.every.0.is_zero() || rule.open_after == 0 || rule.close_after == 0 => {
                "`every`, `open-after` and `close-after` are at least 1"
            }
            _ => return Ok((check, rule)),
        };
        Err(problem.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use moa_plugin::testing::Host;
    use serde_json::json;

    fn watched(checks: Value) -> Watched {
        let host = Host::new().config(json!({ "conversation": "C1", "checks": checks }));
        host.with(|ctx| ctx.config::<Settings>()).unwrap().watched()
    }

    #[test]
    fn a_wrong_check_is_told_with_its_key_and_the_others_go_on() {
        for (wrong, says) in [
            (json!({}), "give either `url"),
            (
                json!({"ulr": "https://a.example"}),
                "unknown field `ulr`, expected one of `url`",
            ),
            (json!({"url": "https://a.example", "sql": "x"}), "give either `url"),
            (json!({"sql": "x"}), "`query` asks it"),
            (json!({"sql": "x", "query": "SELECT 1"}), "`max = 30`"),
            (
                json!({"url": "https://a.example", "every": "soon"}),
                "like 90s or 1h30m",
            ),
            (json!({"url": "https://a.example", "timeout": "1m"}), "from 1s to 5s"),
            (json!({"url": "https://a.example", "open-after": 0}), "at least 1"),
        ] {
            let watched = watched(json!({ "good": {"url": "https://a.example"}, "bad": wrong }));
            assert_eq!(watched.checks.len(), 1);
            let problem = &watched.problems[0];
            assert!(
                problem.starts_with("`checks.bad`: ") && problem.contains(says),
                "{problem}"
            );
        }
    }

    #[test]
    fn a_check_says_what_differs_from_the_others() {
        let own = json!({"url": "https://a.example", "open-after": 1, "hold": "2m", "group": "rack", "every": "10s"});
        let watched = watched(json!({ "a": own, "b": {"sql": "x", "query": "SELECT 1", "max": 3} }));
        let [(a, one), (b, other)] = &watched.checks[..] else {
            panic!()
        };
        assert_eq!((one.open_after, one.close_after, one.hold.as_secs()), (1, 2, 120));
        assert_eq!((a.group.as_str(), a.every.0.as_secs()), ("rack", 10));
        assert_eq!((b.group.as_str(), other.open_after, other.hold.as_secs()), ("b", 3, 60));
    }
}
