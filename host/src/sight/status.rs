//! A host in one answer: what `moa status` and the dashboard show.

use super::Sight;
use crate::errors::{self, Noticed};
use crate::metrics::{process, slack};
use crate::web::Addresses;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::Duration;

/// How many jobs are told that are due next.
const NEXT: usize = 5;

/// A running host.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Status {
    /// Moa's version.
    pub version: String,
    /// The process.
    pub pid: u32,
    /// When it started.
    pub since: Timestamp,
    /// Whether it takes in what comes.
    pub ready: bool,
    /// Why not.
    #[serde(default)]
    pub reasons: Vec<String>,
    /// The websockets to Slack that are open.
    pub connections: Vec<Connection>,
    /// What it is doing.
    pub work: Work,
    /// Its store.
    pub store: StoreStatus,
    /// Plugins that serve.
    pub serving: Vec<String>,
    /// Plugins that failed again and again, and rest.
    pub resting: Vec<String>,
    /// Plugins that the operator stopped.
    pub stopped: Vec<String>,
    /// Files of which nothing is loaded.
    pub broken: Vec<Broken>,
    /// The jobs that are due next.
    pub next: Vec<Due>,
    /// The last warnings and errors of its log, the newest last.
    pub noticed: Vec<Noticed>,
    /// Where it listens.
    pub listeners: Addresses,
    /// Its socket for operators.
    pub socket: PathBuf,
    /// Where it keeps what must last.
    pub data_dir: PathBuf,
    /// Memory that it holds, in bytes.
    pub memory: Option<u64>,
    /// Time that it computed, in seconds.
    pub cpu_seconds: Option<f64>,
    /// Files and connections that it has open.
    pub open_files: Option<u64>,
}

/// A websocket to Slack.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Connection {
    /// The service.
    pub service: String,
    /// Since when it is open.
    pub since: Timestamp,
    /// When something came last.
    pub heard: Timestamp,
    /// When it was last pinged.
    pub pinged: Option<Timestamp>,
    /// How long the last answer to that took, in milliseconds.
    pub round_trip_ms: Option<f64>,
}

/// How much there is to do.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Work {
    /// Calls that run.
    pub running: usize,
    /// Calls that wait for their turn.
    pub waiting: usize,
    /// Of which plugins.
    pub queues: Vec<Queue>,
    /// Events that are accepted and not finished; nothing where the store does not say.
    pub open: Option<usize>,
    /// Age of the oldest of them, in seconds.
    pub lag_seconds: Option<f64>,
    /// How late the host's pulse beats, in milliseconds.
    pub late_ms: f64,
}

/// What runs and waits of one plugin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queue {
    /// The plugin; empty for what the host itself answers.
    pub plugin: String,
    /// Calls that run.
    pub running: usize,
    /// Calls that wait.
    pub waiting: usize,
}

/// The same without the name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Calls that run.
    pub running: usize,
    /// Calls that wait.
    pub waiting: usize,
}

/// The store.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct StoreStatus {
    /// Its address, a password in it hidden.
    pub url: String,
    /// How long it took to answer, in milliseconds.
    pub answer_ms: Option<f64>,
    /// Why it did not.
    pub problem: Option<String>,
    /// The size of its file, in bytes, where it has one.
    pub bytes: Option<u64>,
}

/// A file of which nothing is loaded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Broken {
    /// The file.
    pub path: PathBuf,
    /// Why, and what to do.
    pub reason: String,
}

/// A job that is due next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    /// When.
    pub at: Timestamp,
    /// Its plugin.
    pub plugin: String,
    /// Its name.
    pub name: String,
}

impl Sight {
    /// The host as it is now.
    pub async fn status(&self) -> Status {
        let sample = self.sample().await;
        let reasons = self.reasons(&sample);
        let states = self.plugin_states();
        let named = |wanted: &str| {
            let found = states.iter().filter(|(_, state)| state.state == wanted);
            found.map(|(name, _)| name.clone()).collect()
        };
        let queues: Vec<Queue> = self
            .loads()
            .into_iter()
            .map(|(plugin, load)| Queue {
                plugin,
                running: load.running,
                waiting: load.waiting,
            })
            .collect();
        let usage = process::usage();
        let now = Timestamp::now();
        let schedules = self.host.get().map(|host| &host.schedules);
        let next = schedules.and_then(|schedules| schedules.upcoming(None, now, NEXT).ok());
        Status {
            version: env!("CARGO_PKG_VERSION").into(),
            pid: std::process::id(),
            since: self.begun,
            ready: reasons.is_empty(),
            reasons,
            connections: slack::open().iter().map(connection).collect(),
            work: Work {
                running: queues.iter().map(|queue| queue.running).sum(),
                waiting: queues.iter().map(|queue| queue.waiting).sum(),
                queues,
                open: sample.open,
                lag_seconds: sample.oldest_age().map(|age| age.as_secs_f64()),
                late_ms: milliseconds(self.health.lateness()),
            },
            store: StoreStatus {
                url: self.url.to_string(),
                answer_ms: sample.store.as_ref().ok().copied().map(milliseconds),
                problem: sample.store.as_ref().err().cloned(),
                bytes: sample.store_bytes,
            },
            serving: named("serving"),
            resting: named("resting"),
            stopped: named("stopped"),
            broken: self
                .broken()
                .into_iter()
                .map(|problem| Broken {
                    path: problem.path,
                    reason: format!("{}: {}", problem.stage, problem.reason),
                })
                .collect(),
            next: next
                .unwrap_or_default()
                .into_iter()
                .map(|(at, (plugin, name))| Due { at, plugin, name })
                .collect(),
            noticed: errors::last(),
            listeners: self.endpoints.addresses(),
            socket: self.socket.clone(),
            data_dir: self.data_dir.clone(),
            memory: usage.resident,
            cpu_seconds: usage.cpu.map(|cpu| cpu.as_secs_f64()),
            open_files: usage.files,
        }
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn connection(link: &slack::Link) -> Connection {
    let silent = SignedDuration::try_from(link.silent()).unwrap_or_default();
    Connection {
        service: "slack".into(),
        since: link.since,
        heard: Timestamp::now().saturating_sub(silent).unwrap_or(link.since),
        pinged: link.pinged,
        round_trip_ms: link.round_trip.map(milliseconds),
    }
}
