//! The operator's settings, and what is wrong with them.

use crate::health::Rule;
use crate::probe::Probe;
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
    pub daily: String,
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

/// One check, as it is written below `[plugin.watch.config.checks.NAME]`.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Written {
    url: Option<String>,
    #[serde(default)]
    status: Vec<u16>,
    contains: Option<String>,
    #[serde(default)]
    json: BTreeMap<String, Value>,
    sql: Option<String>,
    query: Option<String>,
    min: Option<f64>,
    max: Option<f64>,
    #[serde(default)]
    unit: String,
    every: Option<Span>,
    timeout: Option<Span>,
    open_after: Option<u32>,
    close_after: Option<u32>,
    hold: Option<Span>,
    group: Option<String>,
    #[serde(default)]
    owners: Vec<String>,
}

/// One check, ready to be made.
pub struct Check {
    pub name: String,
    pub probe: Probe,
    pub every: Duration,
    pub rule: Rule,
    /// Checks of one group fail together: they share an incident.
    pub group: String,
    /// Who is called, by id.
    pub owners: Vec<String>,
}

/// All that is watched.
pub struct Watched {
    pub conversation: String,
    pub checks: Vec<Check>,
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
            checks,
            problems,
        }
    }

    fn check(&self, name: &str, written: &Value) -> Result<Check, String> {
        let written = Written::deserialize(written).map_err(|error| error.to_string())?;
        let timeout = written.timeout.map_or(Duration::from_secs(3), |span| span.0);
        if timeout.is_zero() || timeout > LONGEST {
            return Err(format!("`timeout` is from 1s to {}", Span(LONGEST)));
        }
        let probe = match (written.url, written.sql, written.query) {
            (Some(url), None, None) => Probe::Http {
                url,
                status: written.status,
                contains: written.contains,
                json: written.json,
                timeout,
            },
            (None, Some(connection), Some(query)) if written.min.is_some() || written.max.is_some() => Probe::Sql {
                connection,
                query,
                min: written.min,
                max: written.max,
                unit: written.unit,
            },
            (None, Some(_), Some(_)) => return Err("give the value's bound: `max = 30`, or `min`".into()),
            (None, Some(_), None) => {
                return Err("give the `query`, such as \"SELECT lag_seconds FROM replication\"".into());
            }
            _ => return Err("give either `url = \"https://…\"`, or `sql = \"NAME\"` with a `query`".into()),
        };
        let every = written.every.map_or(Duration::from_secs(30), |span| span.0);
        let rule = Rule {
            open_after: written.open_after.unwrap_or(self.open_after),
            close_after: written.close_after.unwrap_or(self.close_after),
            hold: written.hold.map_or(self.hold, |span| span.0),
        };
        if every.is_zero() || rule.open_after == 0 || rule.close_after == 0 {
            return Err("`every`, `open-after` and `close-after` are at least 1".into());
        }
        Ok(Check {
            name: name.to_owned(),
            probe,
            every,
            rule,
            group: written.group.unwrap_or_else(|| name.to_owned()),
            owners: written.owners,
        })
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
            (json!({"sql": "x"}), "give the `query`"),
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
        let [a, b] = &watched.checks[..] else { panic!() };
        assert_eq!(
            (a.rule.open_after, a.rule.close_after, a.rule.hold.as_secs()),
            (1, 2, 120)
        );
        assert_eq!((a.group.as_str(), a.every.as_secs()), ("rack", 10));
        assert_eq!(
            (b.group.as_str(), b.rule.open_after, b.rule.hold.as_secs()),
            ("b", 3, 60)
        );
    }
}
