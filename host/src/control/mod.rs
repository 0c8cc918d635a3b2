//! What an operator can ask of a host: HTTP with JSON under `/v1`.
//!
//! The handlers ([`answer`]) know only the [`Control`], not how a request came. A running host serves them on its Unix
//! socket ([`socket`]); a command that finds no host opens the store itself and asks the very same handlers in its own
//! process ([`client`]). There is one way of doing each thing, whether the host runs or not.
//!
//! | request | answer |
//! |---|---|
//! | `GET /v1/host` | who answers |
//! | `GET, PUT, DELETE /v1/brain/entry?plugin&scope&key` | one entry (`PUT`: the value as it is, `&ttl` in ms, `&expected` the version that must be there) |
//! | `GET /v1/brain/entries?plugin&scope&prefix&limit` | entries without their values, JSON lines |
//! | `GET /v1/brain/stats` | who holds how much |
//! | `GET /v1/brain/export?plugin&facts` | the brain as [`lines`] |
//! | `POST /v1/brain/import?replace` | takes [`lines`] |
//! | `POST /v1/brain/restore?replace` | makes the brain what the [`lines`] say |
//! | `POST /v1/brain/copy` | makes another store the same as this one, or this one as the other |
//! | `GET /v1/audit` | where the audit log ends, and what was removed of it |
//! | `GET /v1/journal?which&before&limit`, `GET /v1/journal/SEQ` | accepted events |
//! | `POST /v1/journal/SEQ/retry?fresh`, `DELETE /v1/journal/SEQ` | run again, close |
//! | `GET /v1/plugins` | what is loaded, how it is, and what could not be loaded |
//! | `POST /v1/plugins?source&digest` | installs the body |
//! | `POST /v1/plugins/NAME/WHAT` | `stop`, `start`, `restart`, `rollback`, `unpin` |
//! | `DELETE /v1/plugins/NAME` | removes the file |
//! | `GET /v1/plugins/NAME/calls`, `GET /v1/plugins/NAME/limits` | how long its last calls took; what it may use |
//! | `GET /v1/logs?plugin&invocation&level&grep&since&lines&follow` | what plugins log, JSON lines |
//! | `GET /v1/logs/levels`, `PUT /v1/logs/levels?plugin&level` | how much of it each plugin writes into the host's log |
//! | `GET /v1/status` | how the host is |
//! | `POST /v1/stop` | ends it, once what runs is done |
//! | `GET /v1/schedule`, `GET /v1/schedule/next?plugin&name&count` | the jobs, and when they are due |
//! | `POST /v1/schedule/WHAT?plugin&name` | `run`, `pause`, `resume` |
//! | `GET, POST, DELETE /v1/plugins/NAME/grants` | what a plugin asks for and has; approves (`POST`: lines, or all); takes back |
//! | `POST, DELETE /v1/dashboard` | a link that lets somebody into the dashboard once; everybody is signed out |
//!
//! What changes something is done to its end and written down, also when whoever asked is gone by then; what asks, and a copy
//! of the brain, ends with its reader.
//!
//! What fails is `{"error": …, "hint"?: …}` with a status that is no success; a stream of lines that breaks off ends with
//! such a line.

mod audit;
pub mod backup;
mod brain;
mod calls;
mod carried;
pub mod client;
mod copy;
mod dashboard;
mod grants;
pub mod http;
mod journal;
mod levels;
pub mod lines;
mod order;
pub mod pipe;
mod plugins;
mod schedule;
pub mod socket;
mod status;
mod sync;

use crate::access::Roles;
use crate::audit::Audit;
use crate::grants::{Approvals, Standing};
use crate::intake::Intake;
use crate::lessons::Lessons;
use crate::logs::Logs;
use crate::maintenance::Maintenance;
use crate::pending::Pendings;
use crate::questions::Questions;
use crate::registry::Registry;
use crate::rest::Rests;
use crate::schedule::Schedules;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Body, Query};
use hyper::{Method, Request, Response, StatusCode};
use moa_core::config::{Config, StoreUrl};
use moa_store::{Store, StoreError};
use serde::{Deserialize, Serialize};
use socket::Socket;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

pub use audit::asked_by;
pub use brain::{Changed, Imported, Listed, Usage};
pub use calls::{LimitRow, Took};
pub use copy::{CopyRequest, CopyStep};
pub use dashboard::{Door, Invitation, SignedOut};
pub use grants::GrantRequest;
pub use journal::{Did, Retried, Row, Shown};
pub use levels::LevelList;
pub use plugins::{BrokenRow, Counts, Did as PluginDid, FaultRow, PluginList, PluginRow, State};
pub use schedule::{DueList, DueRow, JobDid, JobList};
pub use status::{Stopping, Watched};

/// What the handlers work on.
pub struct Control {
    store: Arc<dyn Store>,
    url: StoreUrl,
    quotas: Quotas,
    host: OnceLock<Attached>,
    house: OnceLock<plugins::House>,
    standing: OnceLock<Standing>,
    decides: OnceLock<Decides>,
    audit: OnceLock<Arc<Audit>>,
    schedules: OnceLock<Arc<Schedules>>,
    door: OnceLock<Door>,
    limits: OnceLock<calls::LimitsOf>,
    watched: OnceLock<Watched>,
    /// The right to hold a large body in memory.
    room: Arc<Semaphore>,
}

/// So many large bodies (a plugin, a value) are in memory at once.
const LARGE_BODIES: usize = 2;
/// How long the next one waits for its turn.
const TURN: Duration = Duration::from_secs(30);

/// What of a running host follows, or does, what its operator wants.
struct Attached {
    lessons: Arc<Lessons>,
    questions: Arc<Questions>,
    pendings: Arc<Pendings>,
    intake: Arc<Intake>,
}

/// What a running host decides about its plugins.
pub struct Decides {
    /// How they stand between what they ask for and what they are granted.
    pub standing: Standing,
    /// What was approved.
    pub approvals: Arc<Approvals>,
    /// Who has which role.
    pub roles: Arc<Roles>,
    /// What admins silenced.
    pub maintenance: Arc<Maintenance>,
    /// Which of them rest.
    pub rests: Arc<Rests>,
}

/// How many bytes each plugin's brain may hold.
#[derive(Clone, Debug)]
pub struct Quotas {
    /// For the plugins that have one of their own.
    pub by_plugin: BTreeMap<String, u64>,
    /// For all others.
    pub default: u64,
}

impl Control {
    /// What can be asked of this store, which was opened at `url`.
    pub fn new(store: Arc<dyn Store>, url: StoreUrl, quotas: Quotas) -> Arc<Self> {
        Arc::new(Self {
            store,
            url,
            quotas,
            host: OnceLock::new(),
            house: OnceLock::new(),
            standing: OnceLock::new(),
            decides: OnceLock::new(),
            audit: OnceLock::new(),
            schedules: OnceLock::new(),
            door: OnceLock::new(),
            limits: OnceLock::new(),
            watched: OnceLock::new(),
            room: Arc::new(Semaphore::new(LARGE_BODIES)),
        })
    }

    /// From now on these plugins can be asked for; `logs` is what their calls log, where a host runs them.
    pub fn show(&self, registry: Arc<Registry>, logs: Option<Arc<Logs>>) {
        // Once, at the start.
        let _ = self.house.set(plugins::House { registry, logs });
    }

    /// From now on what plugins ask for can be shown and decided.
    pub fn stand(&self, standing: Standing) {
        // Once, at the start.
        let _ = self.standing.set(standing);
    }

    /// From now on what plugins may use can be shown.
    pub fn limit(&self, limits: impl Fn(&str) -> LimitRow + Send + Sync + 'static) {
        // Once, at the start.
        let _ = self.limits.set(Box::new(limits));
    }

    /// From now on the operator can be let into the dashboard.
    pub fn open_door(&self, door: Door) {
        // Once, at the start.
        let _ = self.door.set(door);
    }

    /// From now on jobs can be shown, and told to rest.
    pub fn schedule(&self, schedules: Arc<Schedules>) {
        // Once, at the start.
        let _ = self.schedules.set(schedules);
    }

    /// From now on the host can be looked at, and ended.
    pub fn watch(&self, watched: Watched) {
        // Once, at the start.
        let _ = self.watched.set(watched);
    }

    /// Reads a body that may be as large as `most`, when it is its turn: however many are sent at once, only a few are in
    /// memory. The permit is to be held as long as the bytes are.
    async fn read_large(&self, body: Body, most: usize) -> Result<(Bytes, OwnedSemaphorePermit), Fault> {
        let turn = tokio::time::timeout(TURN, Arc::clone(&self.room).acquire_owned()).await;
        let Ok(Ok(permit)) = turn else {
            return Err(Fault::new(
                StatusCode::SERVICE_UNAVAILABLE,
                format!("the host is taking {LARGE_BODIES} other files or values, and no more at once"),
            )
            .hint("ask again when they are done"));
        };
        let bytes = http::read(body, most)
            .await
            .map_err(|error| Fault::wrong(format!("the body cannot be taken: {error}")))?;
        Ok((bytes, permit))
    }

    /// The brain was changed beside the plugins: what the host derives from it follows.
    async fn follow(&self) -> Result<(), Fault> {
        if let Some(decides) = self.decides.get() {
            decides.approvals.reload().await?;
            decides.roles.reload().await?;
            decides.maintenance.reload().await?;
        }
        if let Some(schedules) = self.schedules.get() {
            schedules.reload().await?;
        }
        match self.host.get() {
            Some(host) => {
                host.lessons.reload().await?;
                host.pendings.reload().await?;
                Ok(host.questions.reload().await?)
            }
            None => Ok(()),
        }
    }
}

/// What a running host does for its operator beside its work: it answers on its socket and makes backups, until this is
/// dropped.
pub struct Desk {
    control: Arc<Control>,
    _socket: Option<Socket>,
    _backups: AbortOnDropHandle<()>,
}

impl Desk {
    /// Opens it, when the plugins are being loaded: whoever finds the socket can ask for them. A socket that cannot be made
    /// is warned about: the bot is more important.
    pub async fn open(
        config: &Config,
        store: &Arc<dyn Store>,
        registry: Arc<Registry>,
        logs: Arc<Logs>,
        watched: Watched,
    ) -> Self {
        let control = Control::new(Arc::clone(store), config.store.url.clone(), Quotas::of(config));
        control.show(registry, Some(logs));
        control.watch(watched);
        let socket = Socket::open(&config.bot.socket, Arc::clone(&control)).await;
        if let Err(error) = &socket {
            tracing::warn!(%error, "commands such as `moa brain` cannot ask this host");
        }
        let backups = backup::keep(Arc::clone(store), config.bot.data_dir.clone(), config.store.backup);
        Self {
            control,
            _socket: socket.ok(),
            _backups: AbortOnDropHandle::new(tokio::spawn(backups)),
        }
    }

    /// What answers, for whoever shows the same elsewhere.
    pub fn control(&self) -> Arc<Control> {
        Arc::clone(&self.control)
    }

    /// From now on what the operator orders is written down.
    pub fn record(&self, audit: Arc<Audit>) {
        // Once, at the start.
        let _ = self.control.audit.set(audit);
    }

    /// From now on what plugins ask for can be shown and decided.
    pub fn decide(&self, decides: Decides) {
        self.control.stand(decides.standing.clone());
        // Once, at the start.
        let _ = self.control.decides.set(decides);
    }

    /// From now on jobs can be shown, and told to run or to rest.
    pub fn schedule(&self, schedules: &Arc<Schedules>) {
        self.control.schedule(Arc::clone(schedules));
    }

    /// The host is there: from now on what plugins were taught follows the operator's changes of the brain, and records
    /// of the journal run again at once.
    pub fn attach(
        &self,
        lessons: Arc<Lessons>,
        questions: Arc<Questions>,
        pendings: Arc<Pendings>,
        intake: Arc<Intake>,
    ) {
        // Once, at the start.
        let _ = self.control.host.set(Attached {
            lessons,
            questions,
            pendings,
            intake,
        });
    }
}

/// Does what a request asks for.
pub async fn answer(control: Arc<Control>, request: Request<Body>) -> Response<Body> {
    match dispatch(control, request).await {
        Ok(answer) => answer,
        Err(fault) => http::refuse(&fault),
    }
}

async fn dispatch(control: Arc<Control>, request: Request<Body>) -> Result<Response<Body>, Fault> {
    let path = request.uri().path().to_owned();
    let query = Query::of(request.uri());
    let (request, body) = request.into_parts();
    // What only looks is given up with whoever asked; so is a copy, which may take hours.
    let is_order = request.method != Method::GET && path != "/v1/brain/copy";
    // Dropped with this future, when whoever asks goes away: a body that is not there by then does not come.
    let gone = CancellationToken::new();
    let _going = gone.clone().drop_guard();
    let body = if is_order { http::until(body, gone) } else { body };
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    // Boxed, so that a request takes no more room than its own handler needs.
    let work: BoxFuture<'static, Result<Response<Body>, Fault>> = match (&request.method, parts.as_slice()) {
        (&Method::GET, ["v1", "status"]) => Box::pin(status::show(control)),
        (&Method::POST, ["v1", "stop"]) => Box::pin(status::stop(control)),
        (&Method::GET, ["v1", "host"]) => Box::pin(async move { http::json(&control.host()) }),
        (&Method::GET, ["v1", "brain", "entry"]) => Box::pin(brain::get(control, query)),
        (&Method::PUT, ["v1", "brain", "entry"]) => Box::pin(brain::set(control, query, body)),
        (&Method::DELETE, ["v1", "brain", "entry"]) => Box::pin(brain::delete(control, query)),
        (&Method::GET, ["v1", "brain", "entries"]) => Box::pin(brain::list(control, query)),
        (&Method::GET, ["v1", "brain", "stats"]) => Box::pin(brain::stats(control)),
        (&Method::GET, ["v1", "brain", "export"]) => Box::pin(brain::export(control, query)),
        (&Method::POST, ["v1", "brain", "import"]) => Box::pin(brain::import(control, query, body)),
        (&Method::POST, ["v1", "brain", "restore"]) => Box::pin(brain::restore(control, query, body)),
        (&Method::POST, ["v1", "brain", "copy"]) => Box::pin(copy::copy(control, body)),
        (&Method::GET, ["v1", "plugins"]) => Box::pin(plugins::list(control)),
        (&Method::POST, ["v1", "plugins"]) => Box::pin(plugins::install(control, query, body)),
        (&Method::DELETE, ["v1", "plugins", name]) => {
            Box::pin(plugins::order(control, plugins::Verb::Delete, (*name).into()))
        }
        (&Method::POST, ["v1", "plugins", name, verb]) if let Some(verb) = plugins::Verb::of(verb) => {
            Box::pin(plugins::order(control, verb, (*name).into()))
        }
        (&Method::GET, ["v1", "plugins", name, "calls"]) => Box::pin(calls::calls(control, (*name).into())),
        (&Method::GET, ["v1", "plugins", name, "limits"]) => Box::pin(calls::limits(control, (*name).into())),
        (&Method::POST, ["v1", "dashboard"]) => Box::pin(dashboard::invite(control)),
        (&Method::DELETE, ["v1", "dashboard"]) => Box::pin(dashboard::sign_out(control)),
        (&Method::GET, ["v1", "schedule"]) => Box::pin(schedule::list(control)),
        (&Method::GET, ["v1", "schedule", "next"]) => Box::pin(schedule::next(control, query)),
        (&Method::POST, ["v1", "schedule", verb]) if let Some(verb) = schedule::Verb::of(verb) => {
            Box::pin(schedule::order(control, verb, query))
        }
        (&Method::GET, ["v1", "logs", "levels"]) => Box::pin(levels::list()),
        (&Method::PUT, ["v1", "logs", "levels"]) => Box::pin(levels::set(control, query)),
        (&Method::GET, ["v1", "logs"]) => Box::pin(plugins::logs(control, query)),
        (&Method::GET, ["v1", "plugins", name, "grants"]) => Box::pin(grants::show(control, (*name).into())),
        (&Method::POST, ["v1", "plugins", name, "grants"]) => Box::pin(grants::approve(control, (*name).into(), body)),
        (&Method::DELETE, ["v1", "plugins", name, "grants"]) => Box::pin(grants::withdraw(control, (*name).into())),
        (&Method::GET, ["v1", "audit"]) => Box::pin(audit::show(control)),
        (&Method::GET, ["v1", "journal"]) => Box::pin(journal::list(control, query)),
        (&Method::GET, ["v1", "journal", seq]) => Box::pin(journal::show(control, (*seq).into())),
        (&Method::DELETE, ["v1", "journal", seq]) => Box::pin(journal::drop(control, (*seq).into())),
        (&Method::POST, ["v1", "journal", seq, "retry"]) => Box::pin(journal::retry(control, (*seq).into(), query)),
        _ => {
            return Err(Fault::new(StatusCode::NOT_FOUND, "this moa knows no such request")
                .hint("is it of another version than this command?"));
        }
    };
    if is_order {
        order::to_its_end(work).await
    } else {
        work.await
    }
}

/// Who answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Host {
    /// Moa's version.
    pub version: String,
    /// The process.
    pub pid: u32,
    /// The store's address, a password in it hidden.
    pub store: String,
}

impl Control {
    fn host(&self) -> Host {
        Host {
            version: env!("CARGO_PKG_VERSION").into(),
            pid: std::process::id(),
            store: self.url.to_string(),
        }
    }
}

/// Why a request was not done, as it travels.
#[derive(Clone, Debug, Serialize, Deserialize, thiserror::Error)]
#[error("{error}{}", .hint.as_ref().map_or_else(String::new, |hint| format!("; {hint}")))]
pub struct Told {
    /// What happened.
    pub error: String,
    /// What to do next, where `error` does not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Whether the store's data is damaged.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub damaged: bool,
}

/// Why a request was not done.
#[derive(Clone, Debug)]
pub struct Fault {
    status: StatusCode,
    told: Told,
}

impl Fault {
    fn new(status: StatusCode, error: impl ToString) -> Self {
        let told = Told {
            error: error.to_string(),
            hint: None,
            damaged: false,
        };
        Self { status, told }
    }

    /// The request makes no sense.
    fn wrong(error: impl ToString) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error)
    }

    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.told.hint = Some(hint.into());
        self
    }

    /// The same with a word on how far it got.
    fn after(mut self, done: impl std::fmt::Display) -> Self {
        self.told.error = format!("{} ({done})", self.told.error);
        self
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.told.fmt(f)
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        let status = match &error {
            StoreError::Refused(_) | StoreError::Diverged(_) | StoreError::NotOpen(_) => StatusCode::CONFLICT,
            StoreError::NotAVersion { .. } => StatusCode::BAD_REQUEST,
            StoreError::Damaged(_) => StatusCode::INTERNAL_SERVER_ERROR,
            // Not now.
            _ => StatusCode::SERVICE_UNAVAILABLE,
        };
        let mut fault = Self::new(status, &error);
        fault.told.damaged = matches!(error, StoreError::Damaged(_));
        fault
    }
}

impl From<lines::FormatError> for Fault {
    fn from(error: lines::FormatError) -> Self {
        Self::wrong(error)
    }
}

#[cfg(test)]
mod tests;
