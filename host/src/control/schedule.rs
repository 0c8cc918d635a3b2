//! Jobs: what plugins do at set times.

use super::http::{self, Body, Query};
use super::{Control, Fault};
use crate::schedule::{JobError, Key, Row, Schedules, Told};
use hyper::{Response, StatusCode};
use jiff::Timestamp;
use moa_core::audit::{Entry, What};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// How many due times are told where nobody says how many.
const COUNT: usize = 10;
/// How many at most.
const MOST: usize = 1_000;
/// How long a run's event may take until the journal has it.
const PATIENCE: Duration = Duration::from_secs(20);

/// All jobs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct JobList {
    /// By plugin and name.
    pub jobs: Vec<Row>,
}

/// When a job is due.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DueRow {
    /// When.
    pub due: Timestamp,
    /// The plugin.
    pub plugin: String,
    /// The job.
    pub name: String,
}

/// What is due next.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DueList {
    /// Ascending.
    pub due: Vec<DueRow>,
}

/// What was done about a job.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct JobDid {
    /// The plugin.
    pub plugin: String,
    /// The job.
    pub name: String,
    /// Of a run that was begun, under which identity the journal has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<String>,
}

/// What can be ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Run,
    Pause,
    Resume,
}

impl Verb {
    pub(super) fn of(word: &str) -> Option<Self> {
        match word {
            "run" => Some(Self::Run),
            "pause" => Some(Self::Pause),
            "resume" => Some(Self::Resume),
            _ => None,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Pause => "pause",
            Self::Resume => "resume",
        }
    }
}

pub(super) async fn list(control: Arc<Control>) -> Result<Response<Body>, Fault> {
    let jobs = schedules(&control)?.rows(Timestamp::now());
    http::json(&JobList { jobs })
}

pub(super) async fn next(control: Arc<Control>, query: Query) -> Result<Response<Body>, Fault> {
    let count = query.parsed("count")?.unwrap_or(COUNT).min(MOST);
    let of: Option<Key> = match query.get("plugin") {
        Some(plugin) => Some((plugin.to_owned(), query.needed("name")?.to_owned())),
        None => None,
    };
    let due = schedules(&control)?.upcoming(of.as_ref(), Timestamp::now(), count)?;
    let due = due
        .into_iter()
        .map(|(due, (plugin, name))| DueRow { due, plugin, name });
    http::json(&DueList { due: due.collect() })
}

pub(super) async fn order(control: Arc<Control>, verb: Verb, query: Query) -> Result<Response<Body>, Fault> {
    let (plugin, name) = (query.needed("plugin")?.to_owned(), query.needed("name")?.to_owned());
    let done = ordered(&control, verb, &plugin, &name).await;
    let mut entry = Entry::operator(What::Plugin, "schedule", &[verb.word()]).arg("job", name.clone());
    entry.plugin.clone_from(&plugin);
    control.ordered(entry, &done);
    let identity = done?;
    http::json(&JobDid { plugin, name, identity })
}

async fn ordered(control: &Control, verb: Verb, plugin: &str, name: &str) -> Result<Option<String>, Fault> {
    let schedules = schedules(control)?;
    if verb != Verb::Run {
        schedules
            .pause(plugin, name, verb == Verb::Pause, SystemTime::now())
            .await?;
        return Ok(None);
    }
    let Some(host) = control.host.get() else {
        return Err(
            Fault::new(StatusCode::CONFLICT, "no moa runs here that could run a job").hint("start it with `moa run`"),
        );
    };
    let held = |why: &str| Fault::new(StatusCode::CONFLICT, why.to_owned());
    if schedules.is_held() {
        return Err(held("the bot is paused: no plugin is called, and no job is begun")
            .hint("`!resume` in chat ends the pause"));
    }
    let event = schedules.at_once(plugin, name, Timestamp::now())?;
    let identity = event.identity.0.clone();
    let recorded = tokio::time::timeout(PATIENCE, host.intake.hand_in(event)).await;
    match recorded {
        Ok(Ok(Told::Recorded | Told::Twin)) => Ok(Some(identity)),
        Ok(Ok(Told::Nobody)) => Err(
            held("the job's plugin is not called now: it was stopped, or the bot was paused")
                .hint("see `moa plugin list`, and try again"),
        ),
        _ => Err(Fault::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "the journal did not take the run; see the host's log",
        )),
    }
}

fn schedules(control: &Control) -> Result<&Arc<Schedules>, Fault> {
    let none = || {
        Fault::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "this moa is not connected yet, and knows no jobs until it is",
        )
        .hint("try again in a moment, or see its log")
    };
    control.schedules.get().ok_or_else(none)
}

impl From<JobError> for Fault {
    fn from(error: JobError) -> Self {
        match error {
            JobError::None(..) => Self::new(StatusCode::NOT_FOUND, error),
            JobError::Store(error) => error.into(),
            JobError::Taken(_) | JobError::Full(_) | JobError::Schedule(_) => Self::wrong(error),
        }
    }
}
