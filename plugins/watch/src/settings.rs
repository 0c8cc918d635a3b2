//! The operator's settings, and what is wrong with them.

use moa_plugin::config::each;
use moa_plugin::prelude::*;
use moa_plugin::tickets::Desk;
use moa_plugin::time::Span;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The longest that a probe may take: several of them share one round.
const LONGEST: Duration = Duration::from_secs(5);

#[derive(Config)]
#[expect(dead_code, reason = "the host reads `round` and `daily`: they are the jobs'")]
pub struct Settings {
    /// Where incidents are told of, the conversation's id.
    #[conversation]
    conversation: Option<String>,
    /// When a round through the checks that are due begins, as a cron expression.
    #[default = "*/5 * * * * *"]
    round: String,
    /// When the day before is summed up, as a cron expression.
    #[default = "0 9 * * *"]
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
#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default, expecting = "a table")]
pub struct Check {
    #[serde(skip)]
    pub name: String,
    pub url: Option<String>,
    /// Those that are well; none: 200 to 299.
    pub status: Vec<u16>,
    /// What stands in the body.
    pub contains: Option<String>,
    /// What stands in the body's JSON, by a path with dots.
    pub json: BTreeMap<String, Value>,
    pub timeout: Span,
    /// The database of a check without `url`.
    pub sql: String,
    pub query: String,
    pub min: Option<f64>,
    pub max: Option<f64>,
    /// What the value is, for people.
    pub unit: String,
    pub every: Span,
    pub open_after: u32,
    pub close_after: u32,
    pub hold: Span,
    /// Checks of one group fail together: they share an incident.
    pub group: String,
    /// Who is called, by id.
    pub owners: Vec<String>,
}

impl Settings {
    /// The checks, and what is wrong with the others: a sentence for each, with its key.
    pub fn checks(&self) -> (Vec<Check>, Vec<String>) {
        let (open_after, close_after, hold) = (self.open_after, self.close_after, Span(self.hold));
        let defaults = json!({
            "timeout": "3s", "every": "30s", "open-after": open_after, "close-after": close_after, "hold": hold
        });
        let (mut checks, mut problems) = each("checks", self.checks.iter().flatten(), &defaults, Check::named);
        if self.conversation.as_deref().is_none_or(str::is_empty) && !checks.is_empty() {
            checks.clear();
            problems.push("`conversation`: give the id of the conversation where incidents are told of".into());
        }
        (checks, problems)
    }

    /// Where incidents are told of, and how.
    pub fn desk(&self, due: &Due) -> Desk {
        let place = Place::of(self.conversation.as_deref().unwrap_or_default());
        Desk::of_job(place, due, self.timezone.as_deref())
    }
}

impl Check {
    /// With its name, if it says all that it has to.
    fn named(name: &str, mut check: Self) -> Result<Self, String> {
        check.name = name.to_owned();
        if check.group.is_empty() {
            check.group = name.to_owned();
        }
        let is_query = !check.sql.is_empty() || !check.query.is_empty();
        let problem = if check.url.is_some() == is_query {
            "give either `url = \"https://…\"`, or `sql = \"NAME\"` with a `query`"
        } else if check.sql.is_empty() != check.query.is_empty() {
            "`sql` names a database, and `query` asks it, as in \"SELECT lag_seconds FROM replication\""
        } else if is_query && check.min.or(check.max).is_none() {
            "give the value's bound: `max = 30`, or `min`"
        } else if check.timeout.0.is_zero() || check.timeout.0 > LONGEST {
            "`timeout` is from 1s to 5s"
        } else if check.every.0.is_zero() || check.open_after == 0 || check.close_after == 0 {
            "`every`, `open-after` and `close-after` are at least 1"
        } else {
            return Ok(check);
        };
        Err(problem.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use moa_plugin::testing::Host;
    use serde_json::json;

    fn checks(checks: Value) -> (Vec<Check>, Vec<String>) {
        let host = Host::new().config(json!({ "conversation": "C1", "checks": checks }));
        host.with(|_| system::config::<Settings>()).unwrap().checks()
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
            let (good, problems) = checks(json!({ "good": {"url": "https://a.example"}, "bad": wrong }));
            assert_eq!(good.len(), 1);
            let problem = &problems[0];
            assert!(
                problem.starts_with("`checks.bad`: ") && problem.contains(says),
                "{problem}"
            );
        }
    }

    #[test]
    fn a_check_says_what_differs_from_the_others() {
        let own = json!({"url": "https://a.example", "open-after": 1, "hold": "2m", "group": "rack", "every": "10s"});
        let (checks, _) = checks(json!({ "a": own, "b": {"sql": "x", "query": "SELECT 1", "max": 3} }));
        let [a, b] = &checks[..] else { panic!() };
        assert_eq!((a.open_after, a.close_after, a.hold.0.as_secs()), (1, 2, 120));
        assert_eq!(
            (a.group.as_str(), a.every.0.as_secs(), a.timeout.0.as_secs()),
            ("rack", 10, 3)
        );
        assert_eq!((b.group.as_str(), b.open_after, b.hold.0.as_secs()), ("b", 3, 60));
    }
}
