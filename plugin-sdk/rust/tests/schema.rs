//! What the macros write is what `wit/manifest.schema.json` asks for: a plugin with everything in it, checked by as much of
//! JSON Schema as that file uses.

// All of this file is a test; the lints' exemption reaches only the functions marked as one.
#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use moa_plugin::__private::{CommandFn, EventFn, HearFn, JobFn, Manifest, PressFn, Requests, Setting, Text, WebhookFn};
use moa_plugin::prelude::*;
use regex::Regex;
use serde_json::{Map, Value, json};

/// Makes teams.
///
/// By chance.
///
/// Example: !team 3 로지
#[command(name = "팀", aliases = ["team"], restricted, confirm = "second")]
fn team(#[min = 1] size: u32, #[default = 0.5] ratio: f64, #[list] names: Option<Vec<String>>) -> String {
    format!("{size} {ratio} {names:?}")
}

#[hear("guide", ambient, direct_mention)]
fn guide() {}

#[job(cron = "0 9 * * 1-5", timezone = "Asia/Seoul", missed = "skip", jitter = "500ms")]
fn morning() {}

#[job(cron = "*/10 * * * * *", id = "every ten seconds")]
fn often() {}

#[job(on = "load")]
fn begun() {}

#[command]
fn now() {}

#[command(subcommands = [now], default = now)]
struct Watch;

#[webhook(verify = "hmac-sha256")]
fn build_ended() {}

#[webhook(name = "health", methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"], verify = "none")]
fn health() {}

#[shortcut("keep", name(ko = "간직하기", en = "Keep it"), on = message)]
fn keep() {}

#[on(joined)]
fn joined() {}

#[allow(dead_code, reason = "what counts is how it is described")]
#[derive(Config)]
struct Settings {
    /// How many.
    #[default = 4]
    team_size: u8,
    #[choice("good", "bad")]
    mood: Option<String>,
}

const MANIFEST: Manifest = Manifest {
    name: "test-1",
    version: "1.0.0",
    summary: Text::ByLanguage(&[("ko", "시험"), ("en", "Tests")]),
    commands: &[team::COMMAND, Watch::COMMAND],
    hears: &[guide::HEAR],
    jobs: &[morning::JOB, often::JOB, begun::JOB],
    webhooks: &[build_ended::WEBHOOK, health::WEBHOOK],
    presses: &[keep::PRESS],
    events: &[joined::ON],
    config: SETTINGS,
    requests: Requests {
        http: &["https://api.example.com"],
        conversations: &["*"],
        users: true,
        sql: &["main"],
        objects: &["files"],
        secrets: &["TOKEN"],
        shared_brain: true,
        schedule: true,
        broadcast: true,
    },
};
const SETTINGS: &[Setting] = <Settings as moa_plugin::Config>::SETTINGS;

/// What is wrong with a value, each with its place. A key that the schema does not name is wrong too: the host would warn.
struct Check {
    schema: Value,
    faults: Vec<String>,
}

impl Check {
    fn run(value: &Value) -> Vec<String> {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../wit/manifest.schema.json");
        let schema: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        let root = schema.clone();
        let mut check = Self {
            schema,
            faults: Vec::new(),
        };
        check.value(&root, value, "manifest");
        check.faults
    }

    fn fits(&self, schema: &Value, value: &Value) -> bool {
        let mut other = Self {
            schema: self.schema.clone(),
            faults: Vec::new(),
        };
        other.value(schema, value, "");
        other.faults.is_empty()
    }

    fn value(&mut self, schema: &Value, value: &Value, at: &str) {
        let rules = match schema {
            Value::Bool(true) => return,
            Value::Bool(false) => return self.faults.push(format!("{at} is not allowed")),
            other => other.as_object().unwrap(),
        };
        for (rule, of) in rules {
            let is_kept = match rule.as_str() {
                "$ref" => {
                    let target = self.schema.pointer(&of.as_str().unwrap()[1..]).unwrap().clone();
                    self.value(&target, value, at);
                    true
                }
                "allOf" => {
                    for part in of.as_array().unwrap() {
                        self.value(part, value, at);
                    }
                    true
                }
                "oneOf" => {
                    of.as_array()
                        .unwrap()
                        .iter()
                        .filter(|part| self.fits(part, value))
                        .count()
                        == 1
                }
                "if" => {
                    let branch = if self.fits(of, value) { "then" } else { "else" };
                    if let Some(branch) = rules.get(branch) {
                        self.value(branch, value, at);
                    }
                    true
                }
                _ => self.plain(rule, of, rules, value, at),
            };
            if !is_kept {
                self.faults.push(format!("{at} breaks `{rule}`: {value}"));
            }
        }
    }

    /// A rule about the value itself, or about what it holds.
    fn plain(&mut self, rule: &str, of: &Value, rules: &Map<String, Value>, value: &Value, at: &str) -> bool {
        let length = || of.as_u64().unwrap();
        let characters = value.as_str().map(|text| text.chars().count() as u64);
        let items = value.as_array().map(|items| items.len() as u64);
        match rule {
            "type" => match of.as_str().unwrap() {
                "object" => value.is_object(),
                "array" => value.is_array(),
                "string" => value.is_string(),
                "boolean" => value.is_boolean(),
                "integer" => value.is_i64() || value.is_u64(),
                "number" => value.is_number(),
                other => panic!("the schema has the type {other}, which this check does not know: teach it"),
            },
            "enum" => of.as_array().unwrap().contains(value),
            "const" => value == of,
            "pattern" => value
                .as_str()
                .is_none_or(|text| Regex::new(of.as_str().unwrap()).unwrap().is_match(text)),
            "minLength" => characters.is_none_or(|count| count >= length()),
            "maxLength" => characters.is_none_or(|count| count <= length()),
            "minItems" => items.is_none_or(|count| count >= length()),
            "maxItems" => items.is_none_or(|count| count <= length()),
            "minProperties" => value.as_object().is_none_or(|object| object.len() as u64 >= length()),
            "uniqueItems" => value
                .as_array()
                .is_none_or(|items| items.iter().enumerate().all(|(at, item)| !items[..at].contains(item))),
            "required" => value.as_object().is_none_or(|object| {
                of.as_array()
                    .unwrap()
                    .iter()
                    .all(|key| object.contains_key(key.as_str().unwrap()))
            }),
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    self.value(of, item, &format!("{at}[{index}]"));
                }
                true
            }
            "properties" => {
                let known = of.as_object().unwrap();
                for (key, inner) in value.as_object().into_iter().flatten() {
                    match known.get(key) {
                        Some(schema) => self.value(schema, inner, &format!("{at}.{key}")),
                        // Parts of a schema name some keys only; the whole one has a type.
                        None if rules.contains_key("type") => self.faults.push(format!("{at}.{key} is unknown")),
                        None => {}
                    }
                }
                true
            }
            "propertyNames" => {
                for key in value.as_object().into_iter().flatten().map(|(key, _)| key) {
                    self.value(of, &json!(key), &format!("{at}: the key {key}"));
                }
                true
            }
            "additionalProperties" => {
                for (key, inner) in value.as_object().into_iter().flatten() {
                    self.value(of, inner, &format!("{at}.{key}"));
                }
                true
            }
            "then" | "else" | "default" | "description" | "title" | "$schema" | "$id" | "$defs" => true,
            other => panic!("the schema has `{other}`, which this check does not know: teach it"),
        }
    }
}

#[test]
fn a_plugin_with_everything_fits_the_schema() {
    let manifest = serde_json::to_value(MANIFEST).unwrap();
    assert_eq!(Check::run(&manifest), [""; 0]);
    for key in [
        "commands",
        "hears",
        "jobs",
        "webhooks",
        "shortcuts",
        "events",
        "config",
        "requests",
    ] {
        assert!(!manifest[key].is_null(), "{key}");
    }
}

#[test]
fn the_check_finds_what_is_wrong() {
    let good = serde_json::to_value(MANIFEST).unwrap();
    for (place, wrong, complaint) in [
        (
            "/jobs/0/cron",
            json!("daily"),
            "manifest.jobs[0].cron breaks `minLength`",
        ),
        (
            "/jobs/0/missed",
            json!("twice"),
            "manifest.jobs[0].missed breaks `enum`",
        ),
        (
            "/jobs/0/jitter",
            json!("1d"),
            "manifest.jobs[0].jitter breaks `pattern`",
        ),
        ("/jobs/1", json!({ "id": "a" }), "manifest.jobs[1] breaks `oneOf`"),
        ("/jobs/1/id", json!(7), "manifest.jobs[1].id breaks `type`"),
        (
            "/webhooks/0/name",
            json!("A b"),
            "manifest.webhooks[0].name breaks `pattern`",
        ),
        (
            "/webhooks/1/methods",
            json!(["GET", "GET"]),
            "manifest.webhooks[1].methods breaks `uniqueItems`",
        ),
        (
            "/webhooks/1/methods/0",
            json!("get"),
            "manifest.webhooks[1].methods[0] breaks `enum`",
        ),
        (
            "/webhooks/1",
            json!({ "name": "a", "verify": "none", "path": 1 }),
            "manifest.webhooks[1].path is unknown",
        ),
        (
            "/config/team-size/default",
            json!("4"),
            "manifest.config.team-size.default breaks `type`",
        ),
        (
            "/requests/http",
            json!(["ftp://a.example"]),
            "manifest.requests.http[0] breaks `pattern`",
        ),
    ] {
        let mut bad = good.clone();
        *bad.pointer_mut(place).unwrap() = wrong;
        let faults = Check::run(&bad);
        assert!(
            faults.iter().any(|fault| fault.starts_with(complaint)),
            "{place}: {faults:?}"
        );
    }
}
