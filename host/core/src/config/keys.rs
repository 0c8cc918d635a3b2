//! Every key of the configuration: its place, its form, its default.

mod admin;
mod audit;
mod data;
mod egress;
mod http;
mod incoming;
mod rates;

use super::error::ConfigErrors;
use super::secret::{SecretSource, SecretValue};
use super::shown::{Bytes, Shown};
use super::source::{Entry, Found, Sources};
use super::units::{duration, size};
use super::{
    Approval, Backup, Bot, Config, Grant, Journal, Limits, Outbox, PluginSettings, Plugins, Slack, Store, StoreUrl,
    Unknown,
};
use crate::http_rule::Rule;
use crate::locale::Locale;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

impl Config {
    /// Reads the configuration. `file` is the file's path, as it is to stand in messages and to be the base of relative
    /// paths, and its text; `env` is the whole environment.
    ///
    /// # Errors
    /// Everything that is wrong, at once.
    pub fn parse(
        file: Option<(&str, &str)>,
        env: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigErrors> {
        let base = file
            .and_then(|(path, _)| Path::new(path).parent())
            .map(PathBuf::from)
            .unwrap_or_default();
        let mut keys = Keys {
            sources: Sources::new(file, env)?,
            base,
        };
        let bot = keys.bot();
        let slack = keys.slack();
        let store = keys.store(&bot.data_dir);
        let config = Self {
            slack,
            jandi: super::jandi::hooks(&mut keys.sources, &keys.base),
            incoming: keys.incoming(),
            store,
            outbox: Outbox {
                per_conversation_per_second: keys.rate(&["outbox", "per-conversation-per-second"], 1.0),
                burst: keys.count(&["outbox", "burst"], 1, 1000, 5),
            },
            journal: Journal {
                max_age: keys.duration(&["journal", "max-age"], Duration::from_secs(600)),
            },
            approval: Approval {
                expires: keys.read(
                    &["approval", "expires"],
                    Approval::default().expires,
                    "a length of time from \"1s\" to \"12h\", such as \"10m\"",
                    |value| {
                        let range = Duration::from_secs(1)..=Duration::from_secs(12 * 3600);
                        duration(value.as_str()?).filter(|expires| range.contains(expires))
                    },
                ),
            },
            http: keys.http(),
            admin: keys.admin(),
            log: keys.log(),
            plugins: Plugins {
                dir: keys.path(&["plugins", "dir"], bot.data_dir.join("plugins")),
            },
            rate: keys.rates(),
            audit: keys.audit(),
            egress: keys.egress(),
            secrets: keys.secrets(),
            sql: keys.databases(),
            objects: keys.buckets(),
            aliases: keys.aliases(),
            access: super::access::rules(&mut keys.sources),
            plugin: keys.plugins(),
            bot,
            base: keys.base.clone(),
            entries: Vec::new(),
        };
        let entries = keys.sources.finish()?;
        Ok(Self { entries, ..config })
    }
}

struct Keys {
    sources: Sources,
    base: PathBuf,
}

impl Keys {
    fn bot(&mut self) -> Bot {
        let data_dir = self.path(&["bot", "data-dir"], self.base.join("moa-data"));
        Bot {
            name: self.read(&["bot", "name"], "moa".to_owned(), "a word, such as \"moa\"", |value| {
                value
                    .as_str()
                    .map(str::trim)
                    .filter(|name| !name.is_empty())
                    .map(str::to_owned)
            }),
            prefixes: self.texts_that(
                &["bot", "prefixes"],
                &["!"],
                "a list of at least one text such as [\"!\"], none of them empty or with blanks in it",
                |prefixes| !prefixes.is_empty() && prefixes.iter().all(|prefix| is_word(prefix)),
            ),
            locale: self.read(
                &["bot", "locale"],
                Locale::Ko,
                "\"ko\" or \"en\"",
                |value| match value.as_str()? {
                    "ko" => Some(Locale::Ko),
                    "en" => Some(Locale::En),
                    _ => None,
                },
            ),
            timezone: self.read(
                &["bot", "timezone"],
                "Asia/Seoul".to_owned(),
                "an IANA time zone, such as \"Asia/Seoul\"",
                |value| {
                    value
                        .as_str()
                        .filter(|name| jiff::tz::TimeZone::get(name).is_ok())
                        .map(str::to_owned)
                },
            ),
            admins: self.texts_that(
                &["bot", "admins"],
                &[],
                "a list of people's ids, such as [\"U012ABC\"]; names will not do, for a name can be taken by anybody",
                |ids| ids.iter().all(|id| super::access::is_person(id)),
            ),
            unknown: self.read(
                &["bot", "unknown"],
                Unknown::Suggest,
                "\"suggest\" or \"silent\"",
                |value| match value.as_str()? {
                    "suggest" => Some(Unknown::Suggest),
                    "silent" => Some(Unknown::Silent),
                    _ => None,
                },
            ),
            socket: self.path(&["bot", "socket"], data_dir.join("moa.sock")),
            data_dir,
        }
    }

    fn slack(&mut self) -> Slack {
        let api_url = self.read(
            &["slack", "api-url"],
            "https://slack.com/api/".to_owned(),
            "an address that begins with https://, or with http:// on a loopback address",
            |value| {
                value
                    .as_str()
                    .filter(|url| base_url(url).is_some())
                    .map(|url| format!("{}/", url.trim_end_matches('/')))
            },
        );
        Slack {
            app_token: self.secret(&["slack", "app-token"], "SLACK_APP_TOKEN"),
            bot_token: self.secret(&["slack", "bot-token"], "SLACK_BOT_TOKEN"),
            loopback: base_url(&api_url).unwrap_or(false),
            api_url,
            connections: u8::try_from(self.count(&["slack", "connections"], 1, 8, 2)).unwrap_or(2),
            ping_timeout: self.read(
                &["slack", "ping-timeout"],
                Duration::from_secs(10),
                "a length of time from \"1s\" to \"10m\", such as \"10s\"",
                |value| {
                    let range = Duration::from_secs(1)..=Duration::from_secs(600);
                    duration(value.as_str()?).filter(|timeout| range.contains(timeout))
                },
            ),
        }
    }

    fn store(&mut self, data_dir: &Path) -> Store {
        let base = self.base.clone();
        let url = self.read(
            &["store", "url"],
            StoreUrl::Redb(data_dir.join("moa.redb")),
            "\"redb:PATH\", an address that begins with redis:// or rediss://, or \"memory:\", which keeps nothing",
            |value| StoreUrl::parse(value.as_str()?, &base),
        );
        // Backups of what nobody wants to keep would push those of an earlier store out of their folder.
        let keep = if url == StoreUrl::Memory { 0 } else { 7 };
        Store {
            url,
            backup: Backup {
                every: self.duration(&["store", "backup", "every"], Duration::from_secs(24 * 3600)),
                keep: self.count(&["store", "backup", "keep"], 0, 10_000, keep),
            },
        }
    }

    fn secrets(&mut self) -> BTreeMap<String, SecretSource> {
        let names = self.sources.names(&["secrets"], str::to_owned);
        names
            .into_iter()
            .map(|name| {
                let source = self.secret(&["secrets", &name], &name);
                (name, source)
            })
            .collect()
    }

    fn aliases(&mut self) -> BTreeMap<String, String> {
        let names = self.sources.names(&["commands", "alias"], str::to_lowercase);
        names
            .into_iter()
            .map(|name| {
                let form = "a command, such as \"lunch:team\" or \"echo hello\"; the alias itself is one word";
                let target = self.read(&["commands", "alias", &name], String::new(), form, |value| {
                    let text = value.as_str().filter(|text| !text.trim().is_empty() && is_word(&name));
                    text.map(str::to_owned)
                });
                (name, target)
            })
            .collect()
    }

    fn plugins(&mut self) -> BTreeMap<String, PluginSettings> {
        let names = self
            .sources
            .names(&["plugin"], |part| part.to_lowercase().replace('_', "-"));
        names
            .into_iter()
            .map(|name| {
                let settings = PluginSettings {
                    limits: self.limits(&name),
                    grant: self.grant(&name, "grant"),
                    deny: self.grant(&name, "deny"),
                    webhooks: self.webhooks(&name),
                    config: json_table(self.sources.table(&["plugin", &name, "config"])),
                };
                (name, settings)
            })
            .collect()
    }

    fn limits(&mut self, plugin: &str) -> Limits {
        let default = Limits::default();
        let at = |key: &'static str| ["plugin", plugin, "limits", key];
        Limits {
            cpu: self.duration(&at("cpu"), default.cpu),
            wall: self.duration(&at("wall"), default.wall),
            memory: self.size(&at("memory"), default.memory),
            concurrency: self.count(&at("concurrency"), 1, 1024, default.concurrency),
            queue: self.count(&at("queue"), 0, 1_000_000, default.queue),
            messages: self.count(&at("messages"), 0, 100_000, default.messages),
            log: self.size(&at("log"), default.log),
            brain: self.size(&at("brain"), default.brain),
            value: self.size(&at("value"), default.value),
            key: self.size(&at("key"), default.key),
            http_body: self.size(&at("http-body"), default.http_body),
            host_calls: self.count(&at("host-calls"), 1, u32::MAX, default.host_calls),
        }
    }

    fn grant(&mut self, plugin: &str, table: &str) -> Grant {
        let at = |key: &'static str| ["plugin", plugin, table, key];
        let form = "a list of texts";
        Grant {
            http: self.texts_that(
                &at("http"),
                &[],
                "a list such as [\"https://api.example.com\", \"GET,HEAD https://*.example.com:8443/v1/\"], or [\"*\"] for all that the plugin requests",
                |lines| lines.iter().all(|line| line == "*" || Rule::parse(line).is_ok()),
            ),
            conversations: self.texts_that(&at("conversations"), &[], form, |_| true),
            users: self.truth(&at("users")),
            sql: self.texts_that(&at("sql"), &[], form, |_| true),
            objects: self.texts_that(&at("objects"), &[], form, |_| true),
            secrets: self.texts_that(&at("secrets"), &[], form, |_| true),
            shared_brain: self.truth(&at("shared-brain")),
            schedule: self.truth(&at("schedule")),
            broadcast: self.truth(&at("broadcast")),
        }
    }

    /// One value: found and read, found and wrong (told), or the default.
    fn read<T: Shown>(
        &mut self,
        path: &[&str],
        default: T,
        form: &str,
        parse: impl Fn(&toml::Value) -> Option<T>,
    ) -> T {
        self.read_either(path, default, form, parse, |_| None)
    }

    /// The same for what is no text in the file: there it has a type, in a variable it is text like everything.
    fn read_either<T: Shown>(
        &mut self,
        path: &[&str],
        default: T,
        form: &str,
        parse: impl Fn(&toml::Value) -> Option<T>,
        parse_text: impl Fn(&str) -> Option<T>,
    ) -> T {
        let (value, origin) = match self.sources.find(path) {
            None => (default, None),
            Some(found) => match (found
                .is_text
                .then(|| found.value.as_str().and_then(&parse_text))
                .flatten())
            .or_else(|| parse(&found.value))
            {
                Some(value) => (value, Some(origin(&found))),
                None => {
                    self.sources.error(
                        path,
                        &found,
                        false,
                        "this cannot be used".into(),
                        format!("It must be {form}"),
                    );
                    return default;
                }
            },
        };
        self.enter(path, value.shown(), origin);
        value
    }

    fn enter(&mut self, path: &[&str], shown: String, origin: Option<String>) {
        // A plugin's table lists only what the operator wrote: all limits of all plugins would hide it.
        if origin.is_none() && path.first() == Some(&"plugin") {
            return;
        }
        self.sources.entries.push(Entry {
            path: path.iter().map(|part| (*part).to_owned()).collect(),
            shown,
            origin,
        });
    }

    fn texts_that(
        &mut self,
        path: &[&str],
        default: &[&str],
        form: &str,
        good: impl Fn(&[String]) -> bool,
    ) -> Vec<String> {
        let default: Vec<String> = default.iter().map(|text| (*text).to_owned()).collect();
        let all_texts = |value: &toml::Value| {
            let texts = value.as_array()?.iter().map(|value| value.as_str().map(str::to_owned));
            texts.collect::<Option<Vec<String>>>().filter(|texts| good(texts))
        };
        let by_commas = |text: &str| {
            let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
            Some(parts.map(str::to_owned).collect::<Vec<String>>()).filter(|texts| good(texts))
        };
        self.read_either(path, default, form, all_texts, by_commas)
    }

    fn duration(&mut self, path: &[&str], default: Duration) -> Duration {
        self.read(
            path,
            default,
            "a length of time above zero, such as \"500ms\", \"10s\" or \"1h30m\"",
            |value| duration(value.as_str()?).filter(|duration| !duration.is_zero()),
        )
    }

    fn size(&mut self, path: &[&str], default: u64) -> u64 {
        let bytes = self.read(
            path,
            Bytes(default),
            "a size, such as \"512B\", \"64MiB\" or \"1MB\"",
            |value| size(value.as_str()?).map(Bytes),
        );
        bytes.0
    }

    fn count(&mut self, path: &[&str], min: u32, max: u32, default: u32) -> u32 {
        let fits = |number: i64| u32::try_from(number).ok().filter(|number| (min..=max).contains(number));
        self.read_either(
            path,
            default,
            &format!("a whole number from {min} to {max}"),
            |value| value.as_integer().and_then(fits),
            |text| text.trim().parse().ok().and_then(fits),
        )
    }

    fn rate(&mut self, path: &[&str], default: f64) -> f64 {
        let fits = |number: &f64| (0.0..=1000.0).contains(number);
        self.read_either(
            path,
            default,
            "a number from 0 (no limit) to 1000",
            |value| {
                let whole = || {
                    value
                        .as_integer()
                        .and_then(|number| i32::try_from(number).ok())
                        .map(f64::from)
                };
                value.as_float().or_else(whole).filter(fits)
            },
            |text| text.trim().parse().ok().filter(fits),
        )
    }

    fn truth(&mut self, path: &[&str]) -> bool {
        self.read_either(path, false, "true or false", toml::Value::as_bool, |text| {
            text.trim().parse().ok()
        })
    }

    fn path(&mut self, path: &[&str], default: PathBuf) -> PathBuf {
        let base = self.base.clone();
        self.read(path, default, "a path", |value| {
            value
                .as_str()
                .filter(|text| !text.is_empty())
                .map(|text| base.join(text))
        })
    }

    fn secret(&mut self, path: &[&str], variable: &str) -> SecretSource {
        const REMEDY: &str = "Say where it lies: { env = \"NAME\" }, { file = \"PATH\" } or { credential = \"NAME\" }";
        if let Some(found) = self.sources.find(path) {
            match (&found.value, found.is_text) {
                (toml::Value::String(text), true) => {
                    let source = SecretSource::Value(SecretValue::new(text.clone()));
                    self.enter(path, source.to_string(), Some(origin(&found)));
                    return source;
                }
                _ => {
                    let problem = "a secret does not belong into this file".to_owned();
                    self.sources.error(path, &found, true, problem, REMEDY.into());
                }
            }
        }
        let mut given = Vec::new();
        for key in ["env", "file", "credential"] {
            let below: Vec<&str> = path.iter().copied().chain([key]).collect();
            if let Some(found) = self.sources.find(&below) {
                match found.value.as_str().filter(|text| !text.is_empty()) {
                    Some(text) => {
                        let source = match key {
                            "env" => SecretSource::Env(text.to_owned()),
                            "file" => SecretSource::File(self.base.join(text)),
                            _ => SecretSource::Credential(text.to_owned()),
                        };
                        given.push((source, found));
                    }
                    None => self
                        .sources
                        .error(&below, &found, true, "this is no text".into(), REMEDY.into()),
                }
            }
        }
        let mut given = given.into_iter();
        let (source, from) = match given.next() {
            Some((source, found)) => (source, Some(origin(&found))),
            None => (SecretSource::Env(variable.to_owned()), None),
        };
        if let Some((_, found)) = given.next() {
            self.sources.error(
                path,
                &found,
                true,
                "it lies in more than one place".into(),
                REMEDY.into(),
            );
        }
        self.enter(path, source.to_string(), from);
        source
    }
}

fn origin(found: &Found) -> String {
    match found.line {
        Some(line) => format!("{}:{line}", found.origin),
        None => found.origin.clone(),
    }
}

/// Whether a base address may be used, and whether it is on a loopback address: what is sent there holds tokens.
fn base_url(url: &str) -> Option<bool> {
    let (secure, rest) = match (url.strip_prefix("https://"), url.strip_prefix("http://")) {
        (Some(rest), _) => (true, rest),
        (None, Some(rest)) => (false, rest),
        (None, None) => return None,
    };
    let authority = rest
        .split(['/', '?', '#'])
        .next()
        .filter(|authority| !authority.is_empty())?;
    if authority.contains('@') || url.contains(|c: char| c.is_whitespace() || matches!(c, '?' | '#' | '\\')) {
        return None;
    }
    let host = match authority.strip_prefix('[') {
        Some(bracketed) => bracketed.split(']').next()?,
        None => authority.split(':').next()?,
    };
    let loopback = host.eq_ignore_ascii_case("localhost")
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback());
    (secure || loopback).then_some(loopback)
}

fn json_table(table: toml::Table) -> serde_json::Map<String, serde_json::Value> {
    table.into_iter().map(|(key, value)| (key, json(value))).collect()
}

fn json(value: toml::Value) -> serde_json::Value {
    match value {
        toml::Value::String(text) => text.into(),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => number.into(),
        toml::Value::Boolean(truth) => truth.into(),
        toml::Value::Datetime(instant) => instant.to_string().into(),
        toml::Value::Array(values) => values.into_iter().map(json).collect(),
        toml::Value::Table(table) => json_table(table).into(),
    }
}

/// Whether a text can be typed as one word.
fn is_word(text: &str) -> bool {
    !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || c.is_control())
}
