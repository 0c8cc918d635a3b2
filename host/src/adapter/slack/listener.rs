//! The sessions at work: each drives its state machine with real sockets and a real clock.

use super::explain::{self, Token};
use super::session::{Input, Note, OpenFailure, Output, Session, SocketId};
use super::socket::{Event, Link, Shared, SocketUrl};
use super::web::{Body, Call, CallError, PATIENCE, Web};
use crate::adapter::{Fatal, Intake};
use crate::metrics::slack::Open;
use crate::service::pulse::{self, Pulse};
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

/// Closing takes 3 s for acknowledgements and 1 s for the handshake; past this the rest is dropped.
const CLOSE: Duration = Duration::from_secs(6);
/// How many connections an app may have, those that are just being replaced included (Slack's limit).
const SLOTS: usize = 10;

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
        let doors = Arc::new(Doors {
            slots: Arc::new(Semaphore::new(SLOTS)),
            one_at_a_time: tokio::sync::Mutex::new(()),
        });
        let mut sessions = JoinSet::new();
        for number in 1..=connections.max(1) {
            let driver = Driver {
                machine: Session::new(ping_timeout, fastrand::u64(..), Instant::now()),
                shared: Arc::clone(&shared),
                web: Arc::clone(&web),
                live: Arc::clone(&live),
                doors: Arc::clone(&doors),
                links: HashMap::new(),
                urls: HashMap::new(),
                opening: None,
                stop: stop.clone(),
            };
            sessions.spawn(driver.run(Pulse::new(format!("connection {number} to Slack"))));
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

/// What the sessions share so as not to get into each other's way.
struct Doors {
    /// One for each connection, from before its address is asked for until it is gone. Where none is free, a session
    /// waits: its old connection goes on meanwhile, or is closed by Slack and frees its own.
    slots: Arc<Semaphore>,
    /// Addresses are asked for one after the other, so that after an outage not all sessions ask in the same moment, and
    /// only the first of them is told to wait.
    one_at_a_time: tokio::sync::Mutex<()>,
}

/// An address, and the right to have one more connection.
struct Admission {
    url: SocketUrl,
    slot: OwnedSemaphorePermit,
}

/// A connection and its slot. The slot is given back after the connection is gone: fields are dropped in this order.
struct Held {
    link: Link,
    /// From its greeting on.
    open: Option<Open>,
    _slot: OwnedSemaphorePermit,
}

/// A task that ends with whoever started it.
struct Owned(JoinHandle<()>);

impl Drop for Owned {
    fn drop(&mut self) {
        self.0.abort();
    }
}

enum Incoming {
    Opened(Result<Admission, OpenFailure>),
    Link(Event),
}

type Sender = mpsc::UnboundedSender<(SocketId, Incoming)>;

struct Driver {
    machine: Session,
    shared: Arc<Shared>,
    web: Arc<Web>,
    live: Arc<Live>,
    doors: Arc<Doors>,
    links: HashMap<SocketId, Held>,
    urls: HashMap<SocketId, Admission>,
    /// Only the newest is wanted: whoever opens again has given up the one before.
    opening: Option<Owned>,
    stop: CancellationToken,
}

impl Driver {
    async fn run(mut self, pulse: Pulse) {
        let (sender, mut incoming) = mpsc::unbounded_channel();
        let stop = self.stop.clone();
        let mut turns = tokio::time::interval(pulse::period());
        turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !(self.machine.is_over() && self.links.is_empty()) {
            pulse.beat();
            let deadline = self.machine.deadline();
            let outputs = tokio::select! {
                // What came in counts before the clock does: after a stall of the whole process a connection must not
                // be taken for dead while its frames are waiting.
                biased;
                Some((id, incoming)) = incoming.recv() => self.take(id, incoming),
                () = stop.cancelled(), if !self.machine.is_over() => self.machine.on(Instant::now(), Input::Stop),
                () = wait_until(deadline) => self.tick(),
                _ = turns.tick() => {
                    if pulse::hangs("websocket") {
                        std::future::pending::<()>().await;
                    }
                    continue;
                }
            };
            for output in outputs {
                self.perform(output, &sender);
            }
        }
    }

    fn tick(&mut self) -> Vec<Output> {
        let now = Instant::now();
        let mut outputs = self.tell_seen(now);
        outputs.extend(self.machine.on(now, Input::Tick));
        outputs
    }

    /// Readers only note the time; the machine hears of it when it is about to judge.
    fn tell_seen(&mut self, now: Instant) -> Vec<Output> {
        let current = self.machine.current();
        match current.and_then(|id| Some((id, self.links.get(&id)?))) {
            Some((id, held)) => self.machine.on(now, Input::Seen(id, held.link.seen())),
            None => Vec::new(),
        }
    }

    fn take(&mut self, id: SocketId, incoming: Incoming) -> Vec<Output> {
        let now = Instant::now();
        let mut outputs = Vec::new();
        let input = match incoming {
            Incoming::Opened(Ok(admission)) => {
                self.urls.insert(id, admission);
                Input::Opened(id)
            }
            Incoming::Opened(Err(failure)) => Input::OpenFailed(id, failure),
            Incoming::Link(Event::Connected) => Input::Connected(id),
            Incoming::Link(Event::Hello { connections, lifetime }) => {
                tracing::info!(connection = id, connections, lifetime, "connected to Slack");
                if let Some(held) = self.links.get_mut(&id) {
                    held.open = Some(held.link.open());
                }
                // What is said of the one before decides how that ends.
                outputs = self.tell_seen(now);
                Input::Hello(id)
            }
            Incoming::Link(Event::Disconnect(reason)) => {
                tracing::info!(connection = id, ?reason, "Slack announces the end of a connection");
                Input::Disconnect(id, reason)
            }
            Incoming::Link(Event::Worked) => Input::Worked(id),
            Incoming::Link(Event::Pong) => {
                if let Some(open) = self.links.get(&id).and_then(|held| held.open.as_ref()) {
                    open.pong();
                }
                Input::Pong(id)
            }
            Incoming::Link(Event::Closed(why)) => {
                tracing::info!(connection = id, why, "a connection to Slack ended");
                self.links.remove(&id);
                Input::Closed(id)
            }
        };
        outputs.extend(self.machine.on(now, input));
        // An address that the machine did not want any more is not kept: its ticket is good for one connection.
        if !outputs.contains(&Output::Connect(id)) {
            self.urls.remove(&id);
        }
        outputs
    }

    fn perform(&mut self, output: Output, sender: &Sender) {
        match output {
            Output::Open(id) => {
                let (web, doors, sender) = (Arc::clone(&self.web), Arc::clone(&self.doors), sender.clone());
                self.opening = Some(Owned(tokio::spawn(async move {
                    let opened = open(&web, &doors).await;
                    let _ = sender.send((id, Incoming::Opened(opened)));
                })));
            }
            Output::Connect(id) => {
                let Some(Admission { url, slot }) = self.urls.remove(&id) else {
                    return;
                };
                let sender = sender.clone();
                let report = move |event| drop(sender.send((id, Incoming::Link(event))));
                let link = Link::start(Arc::clone(&self.shared), url, report);
                let held = Held {
                    link,
                    open: None,
                    _slot: slot,
                };
                self.links.insert(id, held);
            }
            Output::Ping(id) => {
                if let Some(held) = self.links.get(&id) {
                    held.link.ping();
                    if let Some(open) = &held.open {
                        open.ping();
                    }
                }
            }
            Output::Close(id) => {
                if let Some(held) = self.links.get(&id) {
                    held.link.close();
                }
            }
            Output::Abandon(id) => {
                if let Some(held) = self.links.remove(&id) {
                    held.link.abandon();
                }
            }
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
async fn open(web: &Web, doors: &Doors) -> Result<Admission, OpenFailure> {
    let call = Call {
        method: "apps.connections.open",
        token: Token::App,
        scope: "",
        body: Body::Form(Vec::new()),
        patience: PATIENCE,
    };
    let slot = match Arc::clone(&doors.slots).try_acquire_owned() {
        Ok(slot) => slot,
        Err(_) => {
            tracing::info!("all {SLOTS} connections that Slack allows are in use; the next waits until one has ended");
            let slot = Arc::clone(&doors.slots).acquire_owned().await;
            slot.map_err(|_| OpenFailure::Other)?
        }
    };
    let _turn = doors.one_at_a_time.lock().await;
    if let Some(wait) = web.resting(call.method) {
        return Err(OpenFailure::Wait(wait));
    }
    match web.once::<Opened>(&call).await {
        Ok(opened) => Ok(Admission {
            url: SocketUrl(opened.url),
            slot,
        }),
        Err(CallError::Fatal(fatal)) => Err(OpenFailure::Fatal(fatal.code)),
        Err(CallError::RateLimited(wait)) => {
            tracing::warn!(
                seconds = wait.as_secs(),
                "Slack asks to wait before the next connection"
            );
            web.rest(call.method, wait);
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
