//! From a delivered event to accepted work: match it, recognise its twins, record it, acknowledge it, hand it on.
//!
//! An event that no plugin wants costs a match and is acknowledged at once. One that is wanted is acknowledged when the
//! journal has it on disk. What the service would send again may be worked on before that; slash commands may not,
//! because nobody repeats them.

mod forms;
mod resume;
mod seen;

use crate::adapter::{self, Ack, Delivery, Fatal};
use crate::capability::World;
use crate::dispatch::{Dispatch, Full, OrderKey, Room};
use crate::invocation::{Allowances, HeldAck, Work};
use crate::journal::Ticket;
use crate::log;
use crate::matching::{Match, Matcher, Todo};
use crate::metrics::{self, Became};
use crate::schedule::Told;
use forms::Forms;
use moa_core::event::{Event, EventKind, Identity};
use moa_core::locale::UserNotice;
use moa_core::router::Manage;
use moa_store::{Accepted, NewRecord, Outcome, Seq, Store, StoreError};
use resume::Why;
use seen::{Offered, Seen};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::{oneshot, watch};
use tracing::Instrument as _;

/// How long an identity is remembered.
const REMEMBERED: Duration = Duration::from_secs(24 * 3600);
/// How long events wait unacknowledged for the first complete set of plugins.
const PATIENCE: Duration = Duration::from_secs(2);
/// Answers of the host itself: many at once, since they compute nothing.
const OWN_ROOM: Room = Room {
    concurrency: 16,
    queue: 4096,
};
/// The lane of the host's own answers. No plugin can have this name.
const OWN_LANE: &str = "";
/// What was written before the host started, but not longer ago than this, may have been answered by the one before.
const PREDECESSOR: Duration = Duration::from_secs(3600);

/// What the host needs of its surroundings.
pub struct Parts {
    /// Which plugin an event is for.
    pub matcher: Arc<Matcher>,
    /// The journal.
    pub store: Arc<dyn Store>,
    /// The clock.
    pub world: Arc<dyn World>,
    /// Where work goes.
    pub dispatch: Dispatch<Work>,
    /// What plugins may use.
    pub allowances: Arc<Allowances>,
    /// Work older than this is not done any more after a restart.
    pub max_age: Duration,
}

/// The state of the connections to the service and to the store, for whoever waits for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// Usable connections.
    pub connections: usize,
    /// Why there will never be one again.
    pub fatal: Option<Fatal>,
    /// Why this host's store is of no more use to it: another host works on it now, and does what this one would refuse.
    pub replaced: Option<StoreError>,
}

/// What happens to events while the first set of plugins is loading.
enum Gate {
    /// They wait, unacknowledged.
    Closed(Vec<Delivery>),
    /// They are in the journal, to be matched later; with when they arrived.
    Parked(Vec<(Event, Arc<Ticket>, i64)>),
    /// They are matched at once.
    Open,
}

/// Takes events from the adapter.
pub struct Intake {
    parts: Parts,
    seen: Mutex<Seen>,
    gate: Mutex<Gate>,
    forms: Forms,
    open: AtomicBool,
    started: SystemTime,
    since: Instant,
    link: watch::Sender<Link>,
}

impl Intake {
    /// An intake that remembers what the journal remembers.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub async fn new(parts: Parts) -> Result<Arc<Self>, StoreError> {
        let since = SystemTime::now() - REMEMBERED;
        let known = parts.store.identities(milliseconds(since)).await?;
        Ok(Arc::new(Self {
            parts,
            seen: Mutex::new(Seen::of(known)),
            gate: Mutex::new(Gate::Closed(Vec::new())),
            forms: Forms::default(),
            open: AtomicBool::new(false),
            started: SystemTime::now(),
            since: Instant::now(),
            link: watch::Sender::new(Link::default()),
        }))
    }

    /// The state of the connection and its changes. What was said before anybody listened counts as a change.
    pub fn link(&self) -> watch::Receiver<Link> {
        let mut link = self.link.subscribe();
        // Credentials may be refused before the host listens; it must not wait for ever then.
        if *link.borrow() != Link::default() {
            link.mark_changed();
        }
        link
    }

    /// Waits for the first complete set of plugins, does what an earlier run left, and lets events through.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub async fn start(self: &Arc<Self>) -> Result<(), StoreError> {
        let left = self.parts.store.unfinished().await?;
        for record in &left {
            // Also those whose identity is too old to be remembered otherwise: they must not run beside themselves.
            lock(&self.seen).know(&record.identity, self.steady_seconds());
        }
        if tokio::time::timeout(PATIENCE, self.parts.matcher.registry.ready())
            .await
            .is_err()
        {
            tracing::info!("the plugins take long to load; events are recorded and matched as soon as they are there");
            self.park();
            self.parts.matcher.registry.ready().await;
        }
        if !left.is_empty() {
            tracing::info!("{} events of an earlier run are taken up again", left.len());
        }
        for record in left {
            self.resume(record, Why::CutOff).await;
        }
        self.open();
        Ok(())
    }

    /// Forgets identities that no service would repeat any more. To be called now and then.
    pub fn forget(&self) {
        let limit = self.steady_seconds().saturating_sub(REMEMBERED.as_secs());
        lock(&self.seen).forget(limit);
    }

    /// Runs a record that ended once more, as a host does that finds it unfinished, but however old it is. It goes on where
    /// it was, or from the beginning if it is to be `fresh`. Whether there was such a record, and it was not open.
    ///
    /// # Errors
    /// The journal cannot be read or written.
    pub async fn retry(self: &Arc<Self>, seq: Seq, fresh: bool) -> Result<bool, StoreError> {
        if !self.parts.store.reopen(seq, fresh).await? {
            return Ok(false);
        }
        if let Some(filed) = self.parts.store.filed(seq).await? {
            let why = if fresh { Why::AskedForAnew } else { Why::AskedFor };
            self.resume(filed.record, why).await;
        }
        Ok(true)
    }

    /// Closes an open record: after a crash it is not run again, and what runs of it is stopped at its next effect.
    /// Whether there was such a record, and it was open.
    ///
    /// # Errors
    /// The journal cannot be read or written.
    pub async fn drop_record(&self, seq: Seq) -> Result<bool, StoreError> {
        let filed = self.parts.store.filed(seq).await?;
        let open = filed.is_some_and(|filed| filed.end.is_none());
        if open {
            self.parts.store.finish(seq, Outcome::Dropped).await?;
        }
        Ok(open)
    }

    /// Whether events are matched at once: the plugins are there, and what an earlier run left is taken up.
    pub fn is_open(&self) -> bool {
        self.open.load(Ordering::Acquire)
    }

    /// Takes what every event takes on its way in, and lets go of it: it returns where the way is free.
    pub fn walk(&self) {
        drop(lock(&self.gate));
        drop(lock(&self.seen));
    }

    /// Takes in what is no delivery of a service: that nobody answered a question, or decided about a command. Until the
    /// first set of plugins is there it waits, as deliveries do.
    pub fn tell(self: &Arc<Self>, event: Event) {
        let delivery = Delivery {
            event,
            ack: Ack::new(|| {}),
        };
        adapter::Intake::deliver(&Door(Arc::clone(self)), delivery);
    }

    /// Takes in the same, and tells what came of it; the sender is dropped where the journal cannot take it.
    pub fn hand_in(self: &Arc<Self>, event: Event) -> oneshot::Receiver<Told> {
        let (told, heard) = oneshot::channel();
        let (this, identity) = (Arc::downgrade(self), event.identity.clone());
        let was_known = lock(&self.seen).knows(&identity);
        let delivery = Delivery {
            event,
            ack: Ack::new(move || {
                // What nobody wants is acknowledged, too, but not remembered.
                let is_known = this.upgrade().is_some_and(|this| lock(&this.seen).knows(&identity));
                // Whoever waited may have lost patience.
                let _ = told.send(match (was_known, is_known) {
                    (true, _) => Told::Twin,
                    (false, true) => Told::Recorded,
                    (false, false) => Told::Nobody,
                });
            }),
        };
        adapter::Intake::deliver(&Door(Arc::clone(self)), delivery);
        heard
    }

    /// Whether it came before, and what it was answered is not known any more.
    pub fn is_forgotten(&self, identity: &Identity) -> bool {
        lock(&self.seen).knows(identity) && !lock(&self.forms).knows(identity)
    }

    /// Seconds since 1970 by the clock as it was at the start, and a clock since then that nobody sets.
    fn steady_seconds(&self) -> u64 {
        seconds(self.started).saturating_add(self.since.elapsed().as_secs())
    }

    /// Events that came early go into the journal unmatched, so that they can be acknowledged.
    fn park(self: &Arc<Self>) {
        // Under the lock to the end: what comes meanwhile must not overtake what came before.
        let mut gate = lock(&self.gate);
        if let Gate::Closed(early) = &mut *gate {
            let parked = std::mem::take(early)
                .into_iter()
                .filter_map(|delivery| self.record_unmatched(delivery))
                .collect();
            *gate = Gate::Parked(parked);
        }
    }

    fn open(self: &Arc<Self>) {
        // As in `park`; the short way past the lock is open only after everything that waited has gone through.
        let mut gate = lock(&self.gate);
        match std::mem::replace(&mut *gate, Gate::Open) {
            Gate::Closed(early) => early.into_iter().for_each(|delivery| self.take(delivery)),
            Gate::Parked(early) => {
                for (event, ticket, received_ms) in early {
                    let matches = self.parts.matcher.route_accepted(&event);
                    let matches = self.parts.matcher.accepted(&event, matches);
                    if matches.is_empty() {
                        metrics::became(metrics::service(&event), Became::Ignored);
                        self.close_unwanted(&event, ticket);
                        continue;
                    }
                    metrics::became(metrics::service(&event), Became::Matched);
                    let arrived = Arrived {
                        look_first: self.may_be_answered(&event),
                        ms: received_ms,
                        at: Instant::now(),
                    };
                    self.hand_on_all(&Arc::new(event), matches, &ticket, arrived, Promised::Yes, None);
                }
            }
            Gate::Open => {}
        }
        self.open.store(true, Ordering::Release);
    }

    /// Through the gate as it stands.
    fn pass(self: &Arc<Self>, delivery: Delivery) {
        let mut gate = lock(&self.gate);
        match &mut *gate {
            Gate::Closed(early) => early.push(delivery),
            Gate::Parked(early) => early.extend(self.record_unmatched(delivery)),
            Gate::Open => {
                drop(gate);
                self.take(delivery);
            }
        }
    }

    /// Brings an event into the journal though it is not known yet whether anybody wants it; nothing for a twin.
    fn record_unmatched(self: &Arc<Self>, delivery: Delivery) -> Option<(Event, Arc<Ticket>, i64)> {
        let Delivery { event, ack } = delivery;
        if event.is_timeout() {
            // It is told again when it is known whether its plugin is there.
            ack.done();
            return None;
        }
        let event = match (self.ruling(&event), self.parts.matcher.maintenance.hold(&event)) {
            (Some(ruling), _) => ruling,
            (None, None) => self.parts.matcher.questions.resolve(event),
            (None, Some(_)) => event,
        };
        self.offer(&event, ack).then(|| {
            let ticket = Arc::new(Ticket::default());
            let received_ms = milliseconds(self.parts.world.now());
            self.record(event.clone(), received_ms, Arc::clone(&ticket), Then::Work);
            (event, ticket, received_ms)
        })
    }

    fn take(self: &Arc<Self>, delivery: Delivery) {
        let Delivery { event, ack } = delivery;
        let (at, service) = (Instant::now(), metrics::service(&event));
        let matcher = &self.parts.matcher;
        if matcher.is_put_off(&event, self.parts.world.now()) {
            metrics::became(service, Became::Deferred);
            return ack.done();
        }
        let event = match self.ruling(&event) {
            Some(ruling) => ruling,
            None => matcher.resolve(event),
        };
        let matches = matcher.route(&event);
        if matches.is_empty() {
            metrics::became(service, Became::Ignored);
            ack.done();
            return;
        }
        let held = match event.is_answered_at_once() {
            true => match self.offer_held(&event, ack) {
                Some(held) => Some(held),
                None => return,
            },
            false if self.offer(&event, ack) => None,
            false => return,
        };
        let matches = matcher.accepted(&event, matches);
        if matches.is_empty() {
            metrics::became(service, Became::Ignored);
            if let (Some(held), EventKind::Slash(_)) = (&held, &event.kind) {
                held.close();
            }
            return self.acknowledge(&event.identity);
        }
        metrics::became(service, Became::Matched);
        let ticket = Arc::new(Ticket::default());
        if let Some(held) = &held {
            held.close_in_time(&event, Arc::clone(&ticket));
        }
        let arrived = Arrived {
            look_first: self.may_be_answered(&event),
            ms: milliseconds(self.parts.world.now()),
            at,
        };
        self.record(event.clone(), arrived.ms, Arc::clone(&ticket), Then::Work);
        // A plugin that asked something waits for its end, and people for what they decided; there are no more of them
        // than were let ask.
        let promised =
            match event.ends_question() || event.ruling().is_some() || matches!(event.kind, EventKind::Due(_)) {
                true => Promised::Yes,
                false => Promised::No,
            };
        self.hand_on_all(&Arc::new(event), matches, &ticket, arrived, promised, held);
    }

    /// A press by which somebody decides about a command that waits, as that decision. Of several the first counts; the
    /// others stay presses, and whoever made them is told.
    fn ruling(&self, event: &Event) -> Option<Event> {
        let ruling = self.parts.matcher.ruling(event, self.parts.world.now())?;
        let known = lock(&self.seen).knows(&ruling.identity);
        (!known).then_some(ruling)
    }

    /// Whether an earlier run, or an earlier delivery, may have answered this event already.
    fn may_be_answered(&self, event: &Event) -> bool {
        event.redelivered || self.is_from_before(event)
    }

    /// Whether this event is new. A twin is acknowledged, at once or together with the first.
    fn offer(self: &Arc<Self>, event: &Event, ack: Ack) -> bool {
        let offered = lock(&self.seen).offer(&event.identity, ack);
        match offered {
            Offered::New => return true,
            Offered::Joined => {}
            Offered::Recorded(ack) => ack.done(),
            Offered::Unrecorded => {
                let now = milliseconds(self.parts.world.now());
                self.record(event.clone(), now, Arc::new(Ticket::default()), Then::Close);
            }
        }
        metrics::became(metrics::service(event), Became::Duplicate);
        false
    }

    /// Brings an event into the journal, in the background; then it is acknowledged.
    fn record(self: &Arc<Self>, event: Event, received_ms: i64, ticket: Arc<Ticket>, then: Then) {
        let (this, begun) = (Arc::clone(self), Instant::now());
        let span = log::event(&event);
        span.in_scope(|| tracing::debug!(event = %event.identity, "an event that somebody wants arrived"));
        let recording = async move {
            let accepted = match serde_json::to_vec(&event) {
                Ok(body) => {
                    let record = NewRecord {
                        identity: event.identity.0.clone(),
                        kind: match event.is_outside() {
                            true => "moa".into(),
                            false => event.place().service.clone(),
                        },
                        body,
                        received_ms,
                    };
                    this.parts.store.accept(record).await
                }
                Err(error) => Err(StoreError::Io(error.to_string())),
            };
            metrics::COMMIT.took(begun.elapsed());
            match accepted {
                // A twin that is open and that this host knows nothing of was recorded when the disk said that it could
                // not be: it is the record of this very event. (A store serves one host.)
                Ok(Accepted::New(seq) | Accepted::Twin { seq, finished: false }) => {
                    ticket.resolve(Some(seq));
                    this.acknowledge(&event.identity);
                    tracing::debug!(%seq, "recorded and acknowledged");
                    if then == Then::Close {
                        this.close(ticket);
                    }
                }
                Ok(Accepted::Twin { finished: true, .. }) => {
                    ticket.set_over();
                    this.acknowledge(&event.identity);
                }
                Err(error) => {
                    tracing::error!(event = %event.identity, %error, "an event could not be recorded and stays unacknowledged: the chat service sends it again");
                    if matches!(error, StoreError::TakenOver { .. }) {
                        this.link.send_modify(|link| link.replaced = Some(error));
                    }
                    ticket.resolve(None);
                    let mut seen = lock(&this.seen);
                    if then == Then::Close || event.is_redeliverable() {
                        seen.unrecorded(event.identity, this.steady_seconds());
                    } else {
                        // It waits for the journal, and now never begins.
                        seen.give_up(&event.identity);
                    }
                }
            }
        };
        tokio::spawn(recording.instrument(span));
    }

    fn acknowledge(&self, identity: &Identity) {
        let now = self.steady_seconds();
        let acks = lock(&self.seen).accepted(identity, now);
        acks.into_iter().for_each(Ack::done);
    }

    fn close(self: &Arc<Self>, ticket: Arc<Ticket>) {
        self.close_with(ticket, Outcome::Done);
    }

    /// Closes the record of what asks for nothing. What was accepted from outside asked for something that is not there any
    /// more.
    fn close_unwanted(self: &Arc<Self>, event: &Event, ticket: Arc<Ticket>) {
        let plugin = match &event.kind {
            EventKind::Due(due) => &due.plugin,
            EventKind::Hook(hook) => &hook.plugin,
            _ => return self.close(ticket),
        };
        let reason = format!("the plugin `{plugin}` is not loaded");
        tracing::warn!(event = %event.identity, "not done: {reason}");
        let outcome = Outcome::Failed { reason };
        let matcher = &self.parts.matcher;
        matcher.schedules.ended(event, Some(&outcome), self.parts.world.now());
        self.close_with(ticket, outcome);
    }

    /// Closes the record, unless other calls for the same event are still to end.
    fn close_with(self: &Arc<Self>, ticket: Arc<Ticket>, outcome: Outcome) {
        let Some(outcome) = ticket.end(outcome) else { return };
        let this = Arc::clone(self);
        tokio::spawn(async move {
            if let Some(seq) = ticket.seq().await {
                this.finish(seq, outcome).await;
            }
        });
    }

    async fn finish(&self, seq: Seq, outcome: Outcome) {
        if let Err(error) = self.parts.store.finish(seq, outcome).await {
            tracing::error!(%seq, %error, "the journal could not close an event; it is looked at again after the next start");
        }
    }

    /// Hands on all that an event asks for.
    fn hand_on_all(
        self: &Arc<Self>,
        event: &Arc<Event>,
        matches: Vec<Match>,
        ticket: &Arc<Ticket>,
        arrived: Arrived,
        promised: Promised,
        held: Option<HeldAck>,
    ) {
        // Before the first of them, which may be over at once.
        ticket.expect(matches.len());
        for matched in matches {
            let work = Work {
                event: Arc::clone(event),
                matched,
                ticket: Arc::clone(ticket),
                look_first: arrived.look_first,
                received_ms: arrived.ms,
                arrived: arrived.at,
                before: None,
                held: held.clone(),
            };
            self.hand_on(work, promised);
        }
    }

    fn hand_on(self: &Arc<Self>, work: Work, promised: Promised) {
        let key = match &work.matched.todo {
            // It takes its time, and other orders of the same admin do not wait for it.
            Todo::Manage(manage) if matches!(**manage, Manage::Announce { .. }) => {
                OrderKey::new(work.event.identity.as_str(), "")
            }
            // One run of a job after the other; requests from outside have no order.
            Todo::Due { .. } => match &work.event.kind {
                EventKind::Due(due) => OrderKey::new(&due.name, ""),
                _ => OrderKey::new(work.event.identity.as_str(), ""),
            },
            Todo::Hook { .. } => OrderKey::new(work.event.identity.as_str(), ""),
            _ => OrderKey::new(&work.event.place().conversation, work.event.author()),
        };
        let lane = work.matched.todo.plugin().to_owned();
        let room = match lane.as_str() {
            OWN_LANE => OWN_ROOM,
            plugin => self.parts.allowances.of(plugin).room,
        };
        let room = match promised {
            Promised::No => room,
            // There are no more of them than an earlier run had room for, came within the start, or were asked.
            Promised::Yes => Room {
                queue: usize::MAX,
                ..room
            },
        };
        if let Err(Full(mut work)) = self.parts.dispatch.offer(&lane, key, room, work) {
            if lane != OWN_LANE {
                metrics::plugin::of(&lane).was_full();
            }
            if work.matched.todo.is_unasked() {
                // Nobody in chat asked for it, so nobody is told. (Who waits outside for an answer learns that there is none.)
                tracing::warn!(plugin = lane, event = %work.event.identity, "the queue of the plugin is full; it does not learn of something");
                if let Some(held) = &work.held {
                    held.give_up();
                }
                let reason = format!("the queue of `{lane}` was full");
                return self.close_with(work.ticket, Outcome::Failed { reason });
            }
            tracing::warn!(plugin = lane, event = %work.event.identity, "the queue of the plugin is full; the person is told");
            work.matched.todo = Todo::Tell(UserNotice::Busy { plugin: lane });
            if let Err(Full(work)) = self.parts.dispatch.offer(OWN_LANE, key, OWN_ROOM, work) {
                // It stays open in the journal, so the next start takes it up.
                tracing::error!(event = %work.event.identity, "too much to do even to say so; the event is looked at again after the next start");
            }
        }
    }

    /// Whether it was written before this host started, so that the one before may have answered it.
    fn is_from_before(&self, event: &Event) -> bool {
        let Ok(written) = event.time().parse::<jiff::Timestamp>() else {
            return false;
        };
        let written = SystemTime::from(written);
        written < self.started
            && self
                .started
                .duration_since(written)
                .is_ok_and(|before| before < PREDECESSOR)
    }
}

/// How an event came.
#[derive(Clone, Copy)]
struct Arrived {
    /// Whether it may have been answered already.
    look_first: bool,
    /// When, in milliseconds since 1970.
    ms: i64,
    /// The same by a clock that nobody sets.
    at: Instant,
}

/// What follows when an event is in the journal.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Then {
    /// The work, which has begun already or waits for the ticket.
    Work,
    /// Nothing more is to be done about it.
    Close,
}

/// Whether the event was accepted before it was known what it asks for, or somebody counts on it: then it is not refused
/// any more.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Promised {
    Yes,
    No,
}

/// The intake as the adapter sees it.
pub struct Door(pub Arc<Intake>);

impl adapter::Intake for Door {
    fn deliver(&self, delivery: Delivery) {
        metrics::RECEIVED.add(metrics::service(&delivery.event));
        if self.0.open.load(Ordering::Acquire) {
            self.0.take(delivery);
        } else {
            self.0.pass(delivery);
        }
    }

    fn connected(&self, connections: usize) {
        self.0.link.send_modify(|link| link.connections = connections);
    }

    fn fatal(&self, why: Fatal) {
        self.0.link.send_modify(|link| link.fatal = Some(why));
    }
}

/// Nothing here leaves a map half changed, so a panic elsewhere is no reason to stop taking events.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn seconds(at: SystemTime) -> u64 {
    at.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

fn milliseconds(at: SystemTime) -> i64 {
    at.duration_since(UNIX_EPOCH)
        .map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests;
