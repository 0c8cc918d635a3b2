//! What a manifest takes from the operator's table `[plugin.NAME.config]`: when a job is due, and what a plugin asks to be
//! allowed, where only the operator knows it.
//!
//! `config:feeds.*.verify` is a path through the table: keys with dots between them, and `*` for every key of a table and
//! every item of a list. As the `cron` of a job it means the times that the operator wrote there, one job for each that the
//! `*` stands for; in a list of requests it means the names and addresses there.

use super::{Job, MAX_NAME, MAX_TRIGGERS, Manifest, Missed, SettingError, check};
use crate::http_rule;
use crate::schedule::{Schedule, SkipDay};
use serde_json::{Map, Value};

/// What such a text begins with.
const PREFIX: &str = "config:";

/// A path through the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Path(Vec<String>);

/// Something that was found at a path.
struct Found<'a> {
    /// Where, each `*` filled in.
    at: String,
    /// What the last `*` stood for; empty where there was none.
    star: String,
    value: &'a Value,
    /// The table that it stands in.
    beside: Option<&'a Map<String, Value>>,
}

impl Path {
    /// The path that a text means; `None` where it means itself.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn of(text: &str) -> Option<Result<Self, String>> {
        let keys: Vec<String> = text.strip_prefix(PREFIX)?.split('.').map(str::to_owned).collect();
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
        let is_key = |key: &String| key == "*" || !key.is_empty() && key.bytes().all(plain);
        Some(
            match keys.iter().all(is_key) && keys.first().is_some_and(|key| key != "*") {
                true => Ok(Self(keys)),
                false => Err(format!(
                    "is no path into the configuration; write keys with dots between them, such as `{PREFIX}feeds.*.url`"
                )),
            },
        )
    }

    /// How many `*` are in it.
    pub(super) fn stars(&self) -> usize {
        self.0.iter().filter(|key| *key == "*").count()
    }

    fn found<'a>(&self, table: &'a Map<String, Value>) -> Vec<Found<'a>> {
        let Some((first, rest)) = self.0.split_first() else {
            return Vec::new();
        };
        let Some(value) = table.get(first) else {
            return Vec::new();
        };
        let mut found = vec![Found {
            at: first.clone(),
            star: String::new(),
            value,
            beside: Some(table),
        }];
        for key in rest {
            found = found.iter().flat_map(|one| one.below(key)).collect();
        }
        found
    }
}

impl<'a> Found<'a> {
    /// What stands under a key there.
    fn below(&self, key: &str) -> Vec<Found<'a>> {
        let found = |key: &str, value: &'a Value, is_star: bool| Found {
            at: format!("{}.{key}", self.at),
            star: if is_star { key.to_owned() } else { self.star.clone() },
            value,
            beside: self.value.as_object(),
        };
        match (self.value, key) {
            (Value::Object(table), "*") => table.iter().map(|(key, value)| found(key, value, true)).collect(),
            (Value::Array(items), "*") => {
                let items = items.iter().zip(1..);
                items
                    .map(|(item, number)| found(&number.to_string(), item, true))
                    .collect()
            }
            (Value::Object(table), key) => table
                .get(key)
                .map(|value| found(key, value, false))
                .into_iter()
                .collect(),
            _ => Vec::new(),
        }
    }

    /// The text there, or the texts.
    fn texts(&self) -> Option<Vec<&'a str>> {
        match self.value {
            Value::String(text) => Some(vec![text]),
            Value::Array(items) => items.iter().map(Value::as_str).collect(),
            _ => None,
        }
    }
}

impl Manifest {
    /// The manifest with what it takes from the plugin's configuration, and everything that is wrong there: such jobs and
    /// requests are left out.
    pub fn configured(&self, written: &Map<String, Value>) -> (Self, Vec<SettingError>) {
        let settled = self.settle(written).unwrap_or_else(|_| written.clone());
        let mut made = self.clone();
        let mut errors = Vec::new();
        let mut wrong = |key: &str, problem: String| {
            errors.push(SettingError {
                plugin: self.name.clone(),
                key: key.to_owned(),
                problem,
            });
        };
        made.jobs.clear();
        for job in &self.jobs {
            let Some(Ok(path)) = Path::of(&job.cron) else {
                made.jobs.push(job.clone());
                continue;
            };
            for found in path.found(&settled) {
                match job_of(job, &found) {
                    Ok(new) if made.jobs.len() >= MAX_TRIGGERS || made.jobs.iter().any(|known| known.id == new.id) => {
                        wrong(
                            &found.at,
                            format!("would be one job too many, or another with the id `{}`", new.id),
                        );
                    }
                    Ok(new) => made.jobs.push(new),
                    Err((key, problem)) => wrong(&key, problem),
                }
            }
        }
        let requests = &mut made.requests;
        for (list, is_http) in [
            (&mut requests.http, true),
            (&mut requests.conversations, false),
            (&mut requests.sql, false),
            (&mut requests.objects, false),
            (&mut requests.secrets, false),
        ] {
            let mut all: Vec<String> = Vec::new();
            for line in std::mem::take(list) {
                let Some(Ok(path)) = Path::of(&line) else {
                    all.push(line);
                    continue;
                };
                for found in path.found(&settled) {
                    for text in found
                        .texts()
                        .unwrap_or_default()
                        .into_iter()
                        .filter(|text| !text.is_empty())
                    {
                        match http_rule::address(text) {
                            Ok(url) if is_http => all.push(http_rule::origin(&url)),
                            Err(error) if is_http => wrong(&found.at, error.to_string()),
                            _ => all.push(text.to_owned()),
                        }
                    }
                }
            }
            for line in all {
                if !list.contains(&line) {
                    list.push(line);
                }
            }
        }
        (made, errors)
    }
}

/// The job that the operator's times make of one in the manifest; otherwise the key that is wrong, and why.
fn job_of(job: &Job, found: &Found<'_>) -> Result<Job, (String, String)> {
    let here = |problem: String| (found.at.clone(), problem);
    let mut made = Job {
        id: job.id.replace('*', &found.star),
        after: job.after.replace('*', &found.star),
        cron: String::new(),
        ..job.clone()
    };
    if made.id.chars().count() > MAX_NAME {
        return Err(here(format!(
            "makes a job's name of more than {MAX_NAME} characters; write a shorter key"
        )));
    }
    match found.value {
        Value::String(times) => made.cron.clone_from(times),
        _ => {
            let times = found.texts().filter(|times| !times.is_empty());
            let times =
                times.ok_or_else(|| here("must be when it is due: \"0 9 * * *\" or \"mon-fri 09:50\"".into()))?;
            made.rules = times.into_iter().map(str::to_owned).collect();
        }
    }
    let beside = |key: &str| found.beside.and_then(|table| table.get(key));
    let there = |key: &str, problem: &str| {
        let at = found
            .at
            .rsplit_once('.')
            .map_or(key.to_owned(), |(at, _)| format!("{at}.{key}"));
        (at, problem.to_owned())
    };
    if let Some(zone) = beside("timezone") {
        let zone = zone.as_str().filter(|zone| jiff::tz::TimeZone::get(zone).is_ok());
        let zone = zone.ok_or_else(|| there("timezone", "must be a time zone such as \"Asia/Seoul\""))?;
        made.timezone = Some(zone.to_owned());
    }
    if let Some(days) = beside("except") {
        let days: Option<Vec<String>> = days
            .as_array()
            .and_then(|days| days.iter().map(|day| day.as_str().map(str::to_owned)).collect());
        let days = days.filter(|days| days.iter().all(|day| SkipDay::parse(day).is_ok()));
        made.except =
            days.ok_or_else(|| there("except", "must be a list of days such as [\"2026-12-25\", \"01-01\"]"))?;
    }
    if let Some(missed) = beside("missed") {
        let missed = serde_json::from_value::<Missed>(missed.clone());
        made.missed = missed.map_err(|_| there("missed", "must be \"skip\", \"once\" or \"all\""))?;
    }
    if let Some(jitter) = beside("jitter") {
        let jitter = jitter.as_str().and_then(check::milliseconds);
        made.jitter_ms = jitter.ok_or_else(|| there("jitter", "must be a length of time such as \"30s\""))?;
    }
    match Schedule::of_job(&made, "", "UTC") {
        Ok(_) => Ok(made),
        Err(error) => Err(here(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn manifest() -> Manifest {
        let json = json!({
            "name": "feed",
            "config": {"feeds": {"type": "table"}, "report": {"type": "string", "optional": true}},
            "jobs": [
                {"id": "verify:*", "cron": "config:feeds.*.verify", "timezone": "Asia/Seoul", "after": "export:*"},
                {"id": "report", "cron": "config:report"},
                {"id": "own", "cron": "0 9 * * *"},
            ],
            "requests": {
                "http": ["config:feeds.*.url", "config:feeds.*.caches", "https://api.example.com"],
                "conversations": ["config:feeds.*.channel"],
                "objects": ["config:feeds.*.bucket"],
            },
        });
        Manifest::parse(&json.to_string()).unwrap().manifest
    }

    fn configured(written: &Value) -> (Manifest, Vec<String>) {
        let (made, errors) = manifest().configured(written.as_object().unwrap());
        (made, errors.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn each_feed_has_its_times_and_is_asked_for() {
        let (made, errors) = configured(&json!({"report": "mon 09:00", "feeds": {
            "eu": {"verify": ["00:05,09:50", "sat 11:00"], "timezone": "Europe/Berlin", "except": ["12-25"],
                "missed": "skip", "jitter": "5m", "url": "https://eu.example.com/p.json?all=1", "channel": "C1",
                "bucket": "feeds", "caches": ["http://127.0.0.1:8080/x", "https://eu.example.com"]},
            "kr": {"verify": "50 0,9 * * *", "channel": "C1", "bucket": "feeds"},
            "us": {"url": "https://us.example.com:8443"},
        }}));
        assert_eq!(errors, [] as [&str; 0]);
        let shown = |job: &Job| {
            format!(
                "{} {}{:?} {:?} {:?}",
                job.id, job.cron, job.rules, job.timezone, job.missed
            )
        };
        let jobs: Vec<String> = made.jobs.iter().map(shown).collect();
        assert_eq!(
            jobs,
            [
                r#"verify:eu ["00:05,09:50", "sat 11:00"] Some("Europe/Berlin") Skip"#,
                r#"verify:kr 50 0,9 * * *[] Some("Asia/Seoul") Once"#,
                r#"report mon 09:00[] None Once"#,
                r#"own 0 9 * * *[] None Once"#,
            ]
        );
        assert_eq!(
            (made.jobs[0].jitter_ms, made.jobs[0].except.as_slice()),
            (300_000, &["12-25".to_owned()][..])
        );
        assert_eq!(made.jobs[1].after, "export:kr");
        assert_eq!(
            made.requests.http,
            [
                "https://eu.example.com",
                "https://us.example.com:8443",
                "http://127.0.0.1:8080",
                "https://api.example.com"
            ]
        );
        assert_eq!(
            (made.requests.conversations, made.requests.objects),
            (vec!["C1".into()], vec!["feeds".into()])
        );
    }

    #[test]
    fn what_is_wrong_is_told_with_its_key_and_left_out() {
        let (made, errors) = configured(&json!({"feeds": {
            "a": {"verify": "0 25 * * *", "url": "ftp://x"},
            "b": {"verify": 7},
            "c": {"verify": "0 9 * * *", "timezone": "Mars"},
            "d": {"verify": "0 9 * * *", "missed": "never"},
        }}));
        assert_eq!(made.jobs.len(), 1, "{:?}", made.jobs);
        assert_eq!(made.requests.http, ["https://api.example.com"]);
        for (error, begins) in errors.iter().zip([
            "plugin.feed.config.feeds.a.verify: ",
            "plugin.feed.config.feeds.b.verify: must be when it is due",
            "plugin.feed.config.feeds.c.timezone: must be a time zone",
            "plugin.feed.config.feeds.d.missed: must be",
            "plugin.feed.config.feeds.a.url: ",
        ]) {
            assert!(error.starts_with(begins), "{error}");
        }
        assert_eq!(errors.len(), 5, "{errors:?}");
    }

    #[test]
    fn a_path_that_cannot_be_followed_is_refused_in_the_manifest() {
        for (job, reason) in [
            (json!({"id": "a", "cron": "config:feeds.*.at"}), "one `*`"),
            (json!({"id": "a:*", "cron": "config:at"}), "one `*`"),
            (json!({"id": "a", "cron": "config:feeds..at"}), "no path"),
        ] {
            let json = json!({"name": "a", "jobs": [job]});
            let error = Manifest::parse(&json.to_string()).unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
        }
        let json = json!({"name": "a", "requests": {"http": ["config:*"]}});
        assert!(
            Manifest::parse(&json.to_string())
                .unwrap_err()
                .to_string()
                .contains("no path")
        );
    }
}
