//! The sessions at work: each drives its state machine with real sockets and a real clock.

use super::explain::{self, Token};
use super::session::{Input, Note, OpenFailure, Output, Session, SocketId};
use super::socket::{Event, Link, Shared, SocketUrl};
use super::web::{Body, Call, CallError, PATIENCE, Web};
use crate::adapter::{Fatal, Intake};
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Closing takes 3 s for acknowledgements and 1 s for the handshake; past this the rest is dropped.
const CLOSE: Duration = Duration::from_secs(6);

/// All sessions. Dropping it ends them at once.
#[must_use = "dropping it ends the connections"]
pub struct Listener {
    shared: Arc<Shared>,
    stop: CancellationToken,
    sessions: JoinSet<()>,
}

impl Listener {
    pub(super) fn start(shared: Arc<Shared>, web: Arc<Web>, connections: usize, ping_timeout: Duration) -> Self {
        let stop = CancellationToken::new();
        let live = Arc::new(Live {
            count: Mutex::new(0),
            intake: Arc::clone(&shared.intake),
            fatal_told: AtomicBool::new(false),
        });
        let mut sessions = JoinSet::new();
        for _ in 0..connections.max(1) {
            let driver = Driver {
                machine: Session::new(ping_timeout, fastrand::u64(..), Instant::now()),
                shared: Arc::clone(&shared),
                web: Arc::clone(&web),
                live: Arc::clone(&live),
                links: HashMap::new(),
                urls: HashMap::new(),
                stop: stop.clone(),
            };
            sessions.spawn(driver.run());
        }
        Self { shared, stop, sessions }
    }

    /// Delivers no further events. Those that were delivered can still be acknowledged; those that come now are not, so
    /// that the service sends them again later.
    pub fn pause(&self) {
        self.shared.intake_closed.store(true, Ordering::Relaxed);
    }

    /// Sends the acknowledgements that are due and closes the connections; takes a few seconds at most.
    pub async fn close(mut self) {
        self.pause();
        self.stop.cancel();
        let all = async { while self.sessions.join_next().await.is_some() {} };
        if tokio::time::timeout(CLOSE, all).await.is_err() {
            tracing::warn!("a connection to Slack did not close in time and is dropped");
        }
    }
}

/// How many sessions have a usable connection. The intake is told under the lock, so that it hears the numbers in order.
struct Live {
    count: Mutex<usize>,
    intake: Arc<dyn Intake>,
    fatal_told: AtomicBool,
}

impl Live {
    fn change(&self, by: isize) {
        let mut count = self.count.lock().unwrap_or_else(PoisonError::into_inner);
        *count = count.saturating_add_signed(by);
        self.intake.connected(*count);
    }
}

enum Incoming {
    Opened(Result<SocketUrl, OpenFailure>),
    Link(Event),
}

type Sender = mpsc::UnboundedSender<(SocketId, Incoming)>;

struct Driver {
    machine: Session,
    shared: Arc<Shared>,
    web: Arc<Web>,
    live: Arc<Live>,
    links: HashMap<SocketId, Link>,
    urls: HashMap<SocketId, SocketUrl>,
    stop: CancellationToken,
}

impl Driver {
    async fn run(mut self) {
        let (sender, mut incoming) = mpsc::unbounded_channel();
        let stop = self.stop.clone();
        while !(self.machine.is_over() && self.links.is_empty()) {
            let deadline = self.machine.deadline();
            let outputs = tokio::select! {
                // What came in counts before the clock does: after a stall of the whole process a connection must not
                // be taken for dead while its frames are waiting.
                biased;
                Some((id, incoming)) = incoming.recv() => self.take(id, incoming),
                () = stop.cancelled(), if !self.machine.is_over() => self.machine.on(Instant::now(), Input::Stop),
                () = wait_until(deadline) => self.tick(),
            };
            for output in outputs {
                self.perform(output, &sender);
            }
        }
    }

    fn tick(&mut self) -> Vec<Output> {
        let now = Instant::now();
        if let Some((id, link)) = self.machine.current().and_then(|id| Some((id, self.links.get(&id)?))) {
            let seen = link.seen();
            self.machine.on(now, Input::Seen(id, seen));
        }
        self.machine.on(now, Input::Tick)
    }

    fn take(&mut self, id: SocketId, incoming: Incoming) -> Vec<Output> {
        let input = match incoming {
            Incoming::Opened(Ok(url)) => {
                self.urls.insert(id, url);
                Input::Opened(id)
            }
            Incoming::Opened(Err(failure)) => Input::OpenFailed(id, failure),
            Incoming::Link(Event::Connected) => Input::Connected(id),
            Incoming::Link(Event::Hello { connections, lifetime }) => {
                tracing::info!(connection = id, connections, lifetime, "connected to Slack");
                Input::Hello(id)
            }
            Incoming::Link(Event::Disconnect(reason)) => {
                tracing::info!(connection = id, ?reason, "Slack announces the end of a connection");
                Input::Disconnect(id, reason)
            }
            Incoming::Link(Event::Worked) => Input::Worked(id),
            Incoming::Link(Event::Pong) => Input::Pong(id),
            Incoming::Link(Event::Closed(why)) => {
                tracing::info!(connection = id, why, "a connection to Slack ended");
                self.links.remove(&id);
                Input::Closed(id)
            }
        };
        let outputs = self.machine.on(Instant::now(), input);
        // An address that the machine did not want any more is not kept: its ticket is good for one connection.
        if !outputs.contains(&Output::Connect(id)) {
            self.urls.remove(&id);
        }
        outputs
    }

    fn perform(&mut self, output: Output, sender: &Sender) {
        match output {
            Output::Open(id) => {
                let (web, sender) = (Arc::clone(&self.web), sender.clone());
                tokio::spawn(async move {
                    let opened = open(&web).await;
                    let _ = sender.send((id, Incoming::Opened(opened)));
                });
            }
            Output::Connect(id) => {
                let Some(url) = self.urls.remove(&id) else { return };
                let sender = sender.clone();
                let report = move |event| drop(sender.send((id, Incoming::Link(event))));
                self.links
                    .insert(id, Link::start(Arc::clone(&self.shared), url, report));
            }
            Output::Ping(id) => {
                if let Some(link) = self.links.get(&id) {
                    link.ping();
                }
            }
            Output::Close(id) => {
                if let Some(link) = self.links.get(&id) {
                    link.close();
                }
            }
            Output::Abandon(id) => drop(self.links.remove(&id)),
            Output::Up => self.live.change(1),
            Output::Down => self.live.change(-1),
            Output::Note(note) => tell(note),
            Output::Fatal(code) => {
                self.stop.cancel();
                if !self.live.fatal_told.swap(true, Ordering::Relaxed) {
                    let unknown = || Fatal {
                        service: "slack",
                        code: code.clone(),
                        explanation: "check slack.app-token".into(),
                    };
                    self.live
                        .intake
                        .fatal(explain::fatal(&code, Token::App).unwrap_or_else(unknown));
                }
            }
        }
    }
}

async fn wait_until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

fn tell(note: Note) {
    match note {
        Note::LinkDisabled => tracing::error!(
            "Socket Mode is switched off for this Slack app; switch it on under Settings, Socket Mode. Moa keeps trying"
        ),
        Note::TooMany => tracing::warn!(
            "the Slack app has more than 10 connections open; is another copy of the bot running, or slack.connections too high?"
        ),
        Note::Silent => tracing::warn!("a connection to Slack went silent and is replaced"),
        Note::Waiting(attempt, wait) => tracing::info!(attempt, ?wait, "waiting before the next connection to Slack"),
    }
}

#[derive(Deserialize)]
struct Opened {
    url: String,
}

/// Asks for an address. Waiting and trying again is the session's business.
async fn open(web: &Web) -> Result<SocketUrl, OpenFailure> {
    let call = Call {
        method: "apps.connections.open",
        token: Token::App,
        scope: "",
        body: Body::Form(Vec::new()),
        patience: PATIENCE,
    };
    match web.once::<Opened>(&call).await {
        Ok(opened) => Ok(SocketUrl(opened.url)),
        Err(CallError::Fatal(fatal)) => Err(OpenFailure::Fatal(fatal.code)),
        Err(CallError::RateLimited(wait)) => {
            tracing::warn!(
                seconds = wait.as_secs(),
                "Slack asks to wait before the next connection"
            );
            Err(OpenFailure::Wait(wait))
        }
        Err(CallError::Api { code, needed, details }) => {
            let error = explain::refused(&code, needed.as_deref(), &details);
            tracing::warn!(%error, "Slack gives no connection");
            Err(OpenFailure::Other)
        }
        Err(CallError::NotDone(reason) | CallError::ServerFailed(reason) | CallError::Unclear(reason)) => {
            tracing::warn!(reason, "Slack gives no connection");
            Err(OpenFailure::Other)
        }
    }
}
