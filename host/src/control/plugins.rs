//! The plugins of a host: what is loaded, how it is, and what the operator has done to it.

use super::http::{self, Body, Query};
use super::pipe::{self, Ended};
use super::{Control, Decides, Fault};
use crate::logs::{Logs, Wanted};
use crate::registry::locks::is_digest;
use crate::registry::{Loaded, Order, OrderError, Ordered, Package, Registry, Snapshot};
use crate::vitals::Vital;
use hyper::{Response, StatusCode};
use jiff::Timestamp;
use moa_core::audit::{Entry, What};
use moa_core::manifest::Manifest;
use moa_engine::MAX_PLUGIN_BYTES;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The lines of a log that are shown where nobody says how many.
const LINES: usize = 50;

/// How long a list waits for the plugins of a host that has just started.
const PATIENCE: Duration = Duration::from_secs(5);

/// Plugins that can be asked for.
pub(super) struct House {
    pub(super) registry: Arc<Registry>,
    /// What their calls logged; nothing where no host runs.
    pub(super) logs: Option<Arc<Logs>>,
}

/// All that is loaded, and what could not be.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct PluginList {
    /// The plugins, by name.
    pub plugins: Vec<PluginRow>,
    /// Files of which nothing is loaded.
    #[serde(default)]
    pub broken: Vec<BrokenRow>,
    /// Which plugin each command word belongs to.
    pub words: BTreeMap<String, String>,
    /// Whether the host has just started, and files are being loaded that were there before.
    #[serde(default)]
    pub incomplete: bool,
}

/// How a plugin is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It answers.
    Serving,
    /// It failed again and again, and rests.
    Resting,
    /// The operator stopped it.
    Stopped,
    /// It would answer, and no host runs.
    Idle,
}

/// A plugin that is loaded.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct PluginRow {
    /// SHA-256 of the file in hexadecimal.
    pub version: String,
    /// The file.
    pub path: PathBuf,
    /// What it says of itself, its name first of all.
    pub manifest: Manifest,
    /// What is odd about that.
    pub warnings: Vec<String>,
    /// How it is.
    pub state: State,
    /// When this version was loaded.
    pub since: Timestamp,
    /// The digest that its file must have.
    pub pinned: Option<String>,
    /// Where it was installed from.
    pub source: Option<String>,
    /// Why what is in its file now does not serve, where that is another version.
    pub problem: Option<String>,
    /// Until when it rests; nothing also while a call finds out whether it works again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resting_until: Option<Timestamp>,
    /// What it asks for and nobody granted or denied, in lines of `[plugin.NAME.grant]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// What is counted of its calls.
    #[serde(flatten)]
    pub counts: Counts,
}

/// What is counted of calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Counts {
    /// Calls that ended.
    pub calls: u64,
    /// Calls that ended by a failure of the plugin's own, or by a fault.
    pub errors: u64,
    /// Of those, the ones by a fault.
    pub faults: u64,
    /// What half of them took at most, in microseconds.
    pub p50_us: Option<u64>,
    /// What 99 of 100 took at most, in microseconds.
    pub p99_us: Option<u64>,
    /// The most memory that one had, in bytes.
    pub memory_peak: u64,
    /// The last failure or fault.
    pub last_fault: Option<FaultRow>,
}

/// A failure or a fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultRow {
    /// When.
    pub at: Timestamp,
    /// What happened.
    pub what: String,
    /// The call.
    pub invocation: String,
}

/// A file of which nothing is loaded.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct BrokenRow {
    /// The file's name without `.wasm`.
    pub name: String,
    /// The file.
    pub path: PathBuf,
    /// How far it got.
    pub stage: String,
    /// Why it got no further, and what to do.
    pub reason: String,
}

/// What became of an order.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Did {
    /// The plugin.
    pub plugin: String,
    /// Its file.
    pub path: PathBuf,
    /// What is loaded of it: SHA-256 of the file in hexadecimal.
    pub version: Option<String>,
    /// The version before, if another one was loaded.
    pub before: Option<String>,
    /// What it says of itself.
    pub manifest: Option<Manifest>,
    /// What is odd about that.
    pub warnings: Vec<String>,
    /// Whether it is stopped.
    pub stopped: bool,
    /// The version that its file is pinned to.
    pub pinned: Option<String>,
    /// Why nothing is loaded of its file.
    pub problem: Option<String>,
    /// The file that held it under another name, and was removed for this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed: Option<PathBuf>,
    /// Whether what is in its file is still being loaded.
    #[serde(default)]
    pub loading: bool,
    /// Whether a host runs that this took effect in.
    pub running: bool,
}

/// What can be ordered of a plugin by its name alone.
#[derive(Clone, Copy)]
pub(super) enum Verb {
    Stop,
    Start,
    Restart,
    Delete,
    Rollback,
    Unpin,
}

impl Verb {
    pub(super) fn of(name: &str) -> Option<Self> {
        Some(match name {
            "stop" => Self::Stop,
            "start" => Self::Start,
            "restart" => Self::Restart,
            "rollback" => Self::Rollback,
            "unpin" => Self::Unpin,
            _ => return None,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Start => "start",
            Self::Restart => "restart",
            Self::Delete => "delete",
            Self::Rollback => "rollback",
            Self::Unpin => "unpin",
        }
    }
}

pub(super) async fn list(control: Arc<Control>) -> Result<Response<Body>, Fault> {
    let house = control.house()?;
    // What is not loaded by then is said to be missing.
    let _ = tokio::time::timeout(PATIENCE, house.registry.ready()).await;
    let mut list = house.list();
    if let Some(decides) = control.decides.get() {
        for plugin in &mut list.plugins {
            decides.mark(plugin);
        }
    }
    http::json(&list)
}

impl Decides {
    /// Adds how a plugin stands with its faults and its grants.
    fn mark(&self, plugin: &mut PluginRow) {
        let name = &plugin.manifest.name;
        if plugin.state == State::Serving
            && let Some(resting) = self.rests.of(name, (&plugin.version, plugin.since))
        {
            plugin.state = State::Resting;
            plugin.resting_until = resting.until.and_then(|until| {
                let left = until.saturating_duration_since(Instant::now());
                Timestamp::now().saturating_add(left).ok()
            });
        }
        plugin.missing = self
            .standing
            .status(name)
            .map(|status| status.missing)
            .unwrap_or_default();
    }
}

pub(super) async fn order(control: Arc<Control>, verb: Verb, plugin: String) -> Result<Response<Body>, Fault> {
    let house = control.house()?;
    let mut entry = Entry::operator(What::Plugin, "plugin", &[verb.name()]);
    entry.plugin.clone_from(&plugin);
    let order = match verb {
        Verb::Stop => Order::Stop(plugin),
        Verb::Start => Order::Start(plugin),
        Verb::Delete => Order::Delete(plugin),
        Verb::Unpin => Order::Unpin(plugin),
        // What no host loaded cannot be loaded anew, and what served before only hosts know.
        Verb::Restart | Verb::Rollback if house.logs.is_none() => return Err(nobody()),
        Verb::Restart => Order::Restart(plugin),
        Verb::Rollback => Order::Rollback(plugin),
    };
    let done = house.carry_out(order).await;
    control.ordered(entry, &done);
    done
}

pub(super) async fn install(control: Arc<Control>, query: Query, body: Body) -> Result<Response<Body>, Fault> {
    let house = control.house()?;
    let digest = query.get("digest").map(str::to_owned);
    if digest.as_deref().is_some_and(|digest| !is_digest(digest)) {
        return Err(Fault::wrong("`digest` is `sha256:` and 64 small hexadecimal digits"));
    }
    let most = usize::try_from(MAX_PLUGIN_BYTES).unwrap_or(usize::MAX);
    let (bytes, _held) = control.read_large(body, most).await?;
    let package = Package {
        bytes: bytes.into(),
        source: query.get("source").map(str::to_owned),
        digest,
    };
    let entry = Entry::operator(What::Plugin, "plugin", &["install"])
        .arg("source", package.source.as_deref().unwrap_or_default())
        .arg("bytes", package.bytes.len());
    let done = house.carry_out(Order::Install(package)).await;
    control.ordered(entry, &done);
    done
}

pub(super) async fn logs(control: Arc<Control>, query: Query) -> Result<Response<Body>, Fault> {
    let house = control.house()?;
    let logs = Arc::clone(house.logs.as_ref().ok_or_else(nobody)?);
    let count = query.parsed("lines")?.unwrap_or(LINES);
    let follow = query.is("follow")?;
    let wanted = Wanted {
        plugin: query.get("plugin").map(str::to_owned),
        invocation: query.get("invocation").map(str::to_owned),
        level: query.parsed("level")?,
        grep: query.get("grep").map(str::to_owned),
        since: query.parsed("since")?,
    };
    if let Some(plugin) = &wanted.plugin
        && !house.knows(plugin)
        && logs.last(&wanted, 1).0.is_empty()
    {
        return Err(unknown(plugin));
    }
    Ok(pipe::lines(move |pipe| {
        Box::pin(async move {
            let mut latest = logs.latest();
            let (mut lines, mut at) = logs.last(&wanted, count);
            loop {
                for line in &lines {
                    pipe.line(&**line)?;
                    pipe.pass().await?;
                }
                pipe.flush().await?;
                if !follow {
                    return Ok(());
                }
                // Seen before it is looked at, so that what comes in between is looked at once more.
                if *latest.borrow_and_update() <= at {
                    tokio::select! {
                        changed = latest.changed() => if changed.is_err() { return Ok(()) },
                        () = pipe.unread() => return Err(Ended::Gone),
                    }
                }
                (lines, at) = logs.behind(&wanted, at);
            }
        })
    }))
}

impl House {
    fn list(&self) -> PluginList {
        let snapshot = self.registry.current();
        let mut plugins: Vec<PluginRow> = snapshot
            .plugins
            .values()
            .chain(snapshot.stopped.values())
            .map(|loaded| self.row(&snapshot, loaded))
            .collect();
        plugins.sort_by(|a, b| a.manifest.name.cmp(&b.manifest.name));
        let broken = snapshot.problems.iter().filter(|problem| problem.serving.is_none());
        let broken = broken.map(|problem| BrokenRow {
            name: stem(&problem.path),
            path: problem.path.clone(),
            stage: problem.stage.to_string(),
            reason: problem.reason.clone(),
        });
        PluginList {
            plugins,
            broken: broken.collect(),
            words: snapshot.table.owners().clone(),
            incomplete: !snapshot.complete,
        }
    }

    fn row(&self, snapshot: &Snapshot, loaded: &Loaded) -> PluginRow {
        let lock = snapshot.locks.of(&loaded.name);
        let problem = snapshot.problems.iter().find(|problem| problem.path == loaded.path);
        PluginRow {
            version: loaded.version.clone(),
            path: loaded.path.clone(),
            manifest: (*loaded.manifest).clone(),
            warnings: loaded.warnings.clone(),
            state: match (&self.logs, snapshot.locks.is_stopped(&loaded.name)) {
                (_, true) => State::Stopped,
                (Some(_), false) => State::Serving,
                (None, false) => State::Idle,
            },
            since: loaded.since,
            pinned: lock.and_then(|lock| lock.digest.clone()),
            source: lock.and_then(|lock| lock.source.clone()),
            problem: problem.map(|problem| format!("{}: {}", problem.stage, problem.reason)),
            resting_until: None,
            missing: Vec::new(),
            counts: self.registry.vitals().of(&loaded.name).into(),
        }
    }

    /// Whether there is such a plugin.
    pub(super) fn known(&self, plugin: &str) -> Result<(), Fault> {
        match self.knows(plugin) {
            true => Ok(()),
            false => Err(unknown(plugin)),
        }
    }

    fn knows(&self, plugin: &str) -> bool {
        let snapshot = self.registry.current();
        snapshot.plugins.contains_key(plugin)
            || snapshot.stopped.contains_key(plugin)
            || snapshot.problems.iter().any(|problem| stem(&problem.path) == plugin)
    }

    async fn carry_out(&self, order: Order) -> Result<Response<Body>, Fault> {
        let Ordered {
            plugin,
            path,
            loaded,
            before,
            stopped,
            pinned,
            removed,
            loading,
        } = self.registry.order(order).await?;
        let snapshot = self.registry.current();
        let problem = snapshot.problems.iter().find(|problem| problem.path == path);
        http::json(&Did {
            plugin,
            version: loaded.as_ref().map(|loaded| loaded.version.clone()),
            before,
            manifest: loaded.as_ref().map(|loaded| (*loaded.manifest).clone()),
            warnings: loaded.map(|loaded| loaded.warnings.clone()).unwrap_or_default(),
            stopped,
            pinned,
            problem: problem.map(|problem| format!("{}: {}", problem.stage, problem.reason)),
            path,
            removed,
            loading,
            running: self.logs.is_some(),
        })
    }
}

impl Control {
    pub(super) fn house(&self) -> Result<&House, Fault> {
        self.house.get().ok_or_else(nobody)
    }
}

impl From<Vital> for Counts {
    fn from(vital: Vital) -> Self {
        let micros = |took: Duration| u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        Self {
            calls: vital.calls,
            errors: vital.errors,
            faults: vital.faults,
            p50_us: vital.p50.map(micros),
            p99_us: vital.p99.map(micros),
            memory_peak: vital.memory_peak,
            last_fault: vital.last_fault.map(|fault| FaultRow {
                at: fault.at,
                what: fault.what,
                invocation: fault.invocation,
            }),
        }
    }
}

impl From<OrderError> for Fault {
    fn from(error: OrderError) -> Self {
        let status = match &error {
            OrderError::Unknown(_) => StatusCode::NOT_FOUND,
            OrderError::Over | OrderError::NotYet(_) => StatusCode::SERVICE_UNAVAILABLE,
            OrderError::Folder { .. } | OrderError::Locks(_) => StatusCode::INTERNAL_SERVER_ERROR,
            OrderError::Unusable { .. }
            | OrderError::WrongDigest { .. }
            | OrderError::Taken { .. }
            | OrderError::Overtaken(_)
            | OrderError::NothingBefore(_)
            | OrderError::NotKept { .. } => StatusCode::CONFLICT,
        };
        Self::new(status, error)
    }
}

fn unknown(plugin: &str) -> Fault {
    OrderError::Unknown(plugin.to_owned()).into()
}

pub(super) fn nobody() -> Fault {
    Fault::new(StatusCode::SERVICE_UNAVAILABLE, "no moa runs here that loads plugins")
        .hint("start it with `moa run`, or name its --config or --data-dir here")
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}
