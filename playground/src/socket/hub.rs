//! Which event is where: a state machine without sockets. Connections are channels here, time is passed in.

use crate::faults::Twin;
use crate::locked;
use crate::record::{Record, What};
use crate::socket::envelope::{self, ACK_LIMIT, Ack, EnvelopeId, Event, Kind, Origin, Reason};
use crate::socket::regular::{Ending, Regular, Twice};
use serde_json::value::RawValue;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, mpsc};
use tokio_tungstenite::tungstenite::Utf8Bytes;

/// How many websockets one app may have open.
pub(crate) const MAX_CONNECTIONS: usize = 10;
/// How long a ticket that nobody uses stays good.
const TICKET_LIFE: Duration = Duration::from_secs(60);

/// An order to a connection.
#[derive(Debug)]
pub(crate) enum Order {
    /// send this text
    Frame(Utf8Bytes),
    /// say that the connection ends, then end it after `grace`
    Disconnect { reason: Reason, grace: Duration },
    /// drop the TCP connection without a close frame
    Drop,
    /// stay open but never read or write again
    Silence,
}

struct Connection {
    id: u64,
    orders: mpsc::UnboundedSender<Order>,
    /// about to end: gets events only when no other connection is there
    leaving: bool,
    /// plays dead; it goes on getting its share of events until that is noticed
    silent: bool,
}

struct Delivery {
    event: Event,
    attempt: u32,
    connection: u64,
    sent: Instant,
}

struct Retry {
    event: Event,
    attempt: u32,
    /// the connection that failed to acknowledge
    avoid: u64,
}

/// The acknowledgement of something that somebody waits for.
pub(crate) struct Answered {
    pub origin: Arc<Origin>,
    /// what came along
    pub payload: Option<Box<RawValue>>,
}

/// What somebody waits for was not acknowledged; they are told `error`.
pub(crate) struct Unanswered {
    pub origin: Arc<Origin>,
    pub error: &'static str,
}

#[derive(Default)]
struct Inner {
    tickets: HashMap<String, Instant>,
    connections: Vec<Connection>,
    turn: usize,
    next_connection: u64,
    waiting: HashMap<EnvelopeId, Delivery>,
    /// in order of dispatch and so of deadline, as all have the same time to live
    deadlines: VecDeque<(Instant, EnvelopeId)>,
    retries: BinaryHeap<Reverse<(Instant, u64)>>,
    retried: HashMap<u64, Retry>,
    next_retry: u64,
    twins: VecDeque<Twin>,
    twice: Option<Twice>,
    regular: Vec<Regular>,
}

/// The connections and all deliveries that are not acknowledged yet.
pub(crate) struct Hub {
    inner: Mutex<Inner>,
    record: Arc<Record>,
    ack_timeout: Duration,
    retry_delays: Vec<Duration>,
    /// an earlier deadline than the timer knows of may have appeared
    pub wake: Notify,
}

impl Hub {
    /// No connections. An event is redelivered after each of `retry_delays` in turn.
    pub fn new(record: Arc<Record>, ack_timeout: Duration, retry_delays: Vec<Duration>) -> Self {
        Self {
            inner: Mutex::default(),
            record,
            ack_timeout,
            retry_delays,
            wake: Notify::new(),
        }
    }

    /// A ticket that opens one connection once.
    pub fn ticket(&self, now: Instant) -> String {
        let ticket = EnvelopeId::random().to_string();
        let mut inner = locked(&self.inner);
        inner.tickets.retain(|_, made| now.duration_since(*made) < TICKET_LIFE);
        inner.tickets.insert(ticket.clone(), now);
        ticket
    }

    /// Uses up a ticket; false for one that is unknown, used or too old.
    pub fn redeem(&self, ticket: &str, now: Instant) -> bool {
        let made = locked(&self.inner).tickets.remove(ticket);
        made.is_some_and(|made| now.duration_since(made) < TICKET_LIFE)
    }

    /// Takes a new connection into service with its hello first in line; `Err` with the number of open ones when there
    /// are too many. `life` is what the hello announces, in seconds.
    pub fn open(&self, orders: mpsc::UnboundedSender<Order>, life: u64) -> Result<u64, usize> {
        let mut inner = locked(&self.inner);
        let count = inner.connections.len();
        if count >= MAX_CONNECTIONS {
            return Err(count);
        }
        inner.next_connection += 1;
        let id = inner.next_connection;
        // The receiver is held by the caller: the order can't be lost here.
        let _ = orders.send(Order::Frame(envelope::hello(count + 1, id, life).into()));
        inner.connections.push(Connection {
            id,
            orders,
            leaving: false,
            silent: false,
        });
        self.record.add(What::Open {
            connection: id,
            connections: count + 1,
        });
        Ok(id)
    }

    /// Takes a connection out of service. What it hasn't acknowledged is redelivered when its time is over.
    pub fn close(&self, id: u64, why: &'static str) {
        let mut inner = locked(&self.inner);
        let before = inner.connections.len();
        inner.connections.retain(|c| c.id != id);
        let connections = inner.connections.len();
        if connections < before {
            self.record.add(What::Close {
                connection: id,
                connections,
                why,
            });
        }
    }

    /// How many connections are open.
    pub fn connections(&self) -> usize {
        locked(&self.inner).connections.len()
    }

    /// Gives an order to the oldest connection that isn't leaving already, or to all; says to how many.
    pub fn order(&self, all: bool, order: impl Fn() -> Order) -> usize {
        locked(&self.inner).order(all, order)
    }

    /// Ends a connection, or all, after every so many messages of people, instead of as often as before.
    pub fn end_every(&self, ending: Ending, all: bool, every: u64) {
        let mut inner = locked(&self.inner);
        inner.regular.retain(|regular| !regular.is_like(ending));
        inner.regular.push(Regular::new(ending, all, every));
    }

    /// A person's message was dispatched: ends the connections that are due.
    pub fn said(&self) {
        let mut inner = locked(&self.inner);
        let mut regular = std::mem::take(&mut inner.regular);
        for regular in &mut regular {
            regular.said(|all, ending| inner.order(all, || ending.order()) > 0);
        }
        inner.regular = regular;
    }

    /// The connection's life is over: no new events for it where there are others.
    pub fn leaving(&self, id: u64) {
        if let Some(connection) = locked(&self.inner).connections.iter_mut().find(|c| c.id == id) {
            connection.leaving = true;
        }
    }

    /// The next events are delivered twice, in this form.
    pub fn duplicate(&self, form: Twin, count: usize) {
        locked(&self.inner).twins.extend(std::iter::repeat_n(form, count));
    }

    /// One of `every` so many events is delivered twice, in this form or in all in turn.
    pub fn duplicate_every(&self, form: Option<Twin>, every: u64) {
        locked(&self.inner).twice = Some(Twice::new(form, every));
    }

    /// Forgets the duplicates and the regular ends that are still to come.
    pub fn clear(&self) {
        let mut inner = locked(&self.inner);
        inner.twins.clear();
        inner.twice = None;
        inner.regular.clear();
    }

    /// Sends an event for the first time. `Err` for what somebody waits for while nobody is there to take it.
    pub fn dispatch(&self, event: Event, now: Instant) -> Result<(), Unanswered> {
        let mut inner = locked(&self.inner);
        let form = if matches!(event.kind, Kind::EventsApi) {
            // What reaches nobody comes neither once nor twice.
            let there = !inner.connections.is_empty();
            let periodic = inner.twice.as_mut().filter(|_| there).and_then(Twice::next);
            inner.twins.pop_front().or(periodic)
        } else {
            None
        };
        let twin = form.map(|form| (form, event.clone()));
        let idle = inner.deadlines.is_empty();
        let sent = self.send(&mut inner, event, 0, 0, None, now)?;
        // The timer sleeps at most until the first deadline, so only an event before which there was none, or one that
        // waits for its first retry, is news to it.
        let news = idle || sent.is_none();
        match (twin, sent) {
            (Some((Twin::SameEnvelope, event)), Some(id)) => self.again(&mut inner, &event, id),
            (Some((Twin::Retry, event)), _) => drop(self.send(&mut inner, event, 1, 0, Some(Twin::Retry), now)?),
            (Some((Twin::NewEventId, mut event)), _) => {
                event.id = envelope::new_event_id();
                self.send(&mut inner, event, 0, 0, Some(Twin::NewEventId), now)?;
            }
            _ => {}
        }
        drop(inner);
        if news {
            self.wake.notify_one();
        }
        Ok(())
    }

    fn send(
        &self,
        inner: &mut Inner,
        event: Event,
        attempt: u32,
        avoid: u64,
        twin: Option<Twin>,
        now: Instant,
    ) -> Result<Option<EnvelopeId>, Unanswered> {
        let Some(connection) = inner.pick(avoid) else {
            self.failed(inner, event, attempt, 0, now, "dispatch_failed")?;
            return Ok(None);
        };
        let id = EnvelopeId::random();
        let frame = envelope::frame(&event, id, attempt);
        self.note(&event, id, attempt, connection.id, twin);
        // A connection that ended a moment ago loses the frame, as a real one would; the deadline finds that out.
        let _ = connection.orders.send(Order::Frame(frame.into()));
        let connection = connection.id;
        inner.deadlines.push_back((now + self.ack_timeout, id));
        inner.waiting.insert(
            id,
            Delivery {
                event,
                attempt,
                connection,
                sent: now,
            },
        );
        Ok(Some(id))
    }

    fn again(&self, inner: &mut Inner, event: &Event, id: EnvelopeId) {
        if let Some(connection) = inner.pick(0) {
            self.note(event, id, 0, connection.id, Some(Twin::SameEnvelope));
            let _ = connection
                .orders
                .send(Order::Frame(envelope::frame(event, id, 0).into()));
        }
    }

    fn note(&self, event: &Event, id: EnvelopeId, attempt: u32, connection: u64, twin: Option<Twin>) {
        self.record.add(What::Event {
            envelope_id: id.to_string(),
            event_id: event.id.clone(),
            event: event.name,
            channel: event.channel.clone(),
            ts: event.ts,
            attempt,
            connection,
            twin,
        });
    }

    /// An attempt failed: plans the next one, or gives up.
    fn failed(
        &self,
        inner: &mut Inner,
        event: Event,
        attempt: u32,
        connection: u64,
        now: Instant,
        error: &'static str,
    ) -> Result<(), Unanswered> {
        self.record.add(What::Expired {
            event_id: event.id.clone(),
            attempt,
            connection,
        });
        if let Kind::Once(origin) = event.kind {
            return Err(Unanswered { origin, error });
        }
        match usize::try_from(attempt).ok().and_then(|n| self.retry_delays.get(n)) {
            Some(delay) => {
                inner.next_retry += 1;
                let number = inner.next_retry;
                inner.retries.push(Reverse((now + *delay, number)));
                inner.retried.insert(
                    number,
                    Retry {
                        event,
                        attempt: attempt + 1,
                        avoid: connection,
                    },
                );
            }
            None => self.record.add(What::GaveUp { event_id: event.id }),
        }
        Ok(())
    }

    /// Redelivers and gives up whatever is due; says when to come again, and what was waited for in vain.
    pub fn run_due(&self, now: Instant) -> (Option<Instant>, Vec<Unanswered>) {
        let mut inner = locked(&self.inner);
        let mut failures = Vec::new();
        let mut next = None;
        while let Some((deadline, id)) = inner.deadlines.front().copied() {
            if deadline > now && inner.waiting.contains_key(&id) {
                next = Some(deadline);
                break;
            }
            inner.deadlines.pop_front();
            let Some(late) = inner.waiting.remove(&id) else {
                continue;
            };
            let failed = self.failed(
                &mut inner,
                late.event,
                late.attempt,
                late.connection,
                now,
                "operation_timeout",
            );
            failures.extend(failed.err());
        }
        while let Some(Reverse((due, number))) = inner.retries.peek().copied() {
            if due > now {
                next = Some(next.map_or(due, |n: Instant| n.min(due)));
                break;
            }
            inner.retries.pop();
            if let Some(Retry { event, attempt, avoid }) = inner.retried.remove(&number) {
                failures.extend(self.send(&mut inner, event, attempt, avoid, None, now).err());
                // What was sent or planned just now is due later than everything looked at before.
                next = Some(next.map_or(now + self.ack_timeout, |n| n.min(now + self.ack_timeout)));
            }
        }
        (next, failures)
    }

    /// Takes what the bot sent on a connection; gives what was acknowledged of what people wait for.
    pub fn acknowledge(&self, connection: u64, frames: &[impl AsRef<str>], now: Instant) -> Vec<Answered> {
        let mut answers = Vec::new();
        let mut inner = locked(&self.inner);
        for frame in frames {
            let frame = frame.as_ref();
            // Slack says nothing about a frame that it can't read.
            let Ok(ack) = serde_json::from_str::<Ack>(frame) else {
                continue;
            };
            let dropped = frame.len() >= ACK_LIMIT;
            let id = EnvelopeId::parse(&ack.envelope_id);
            let delivery = if dropped {
                None
            } else {
                id.and_then(|id| inner.waiting.remove(&id))
            };
            self.record.add(What::Ack {
                envelope_id: ack.envelope_id.clone().into_owned(),
                connection,
                known: delivery.is_some(),
                dropped,
                took_us: delivery.as_ref().map_or(0, |d| micros(now.duration_since(d.sent))),
                payload: ack
                    .payload
                    .filter(|p| !dropped && p.get() != "{}")
                    .map(ToOwned::to_owned),
            });
            if let Some(Delivery {
                event: Event {
                    kind: Kind::Once(origin),
                    ..
                },
                ..
            }) = delivery
            {
                answers.push(Answered {
                    origin,
                    payload: ack.payload.map(ToOwned::to_owned),
                });
            }
        }
        answers
    }
}

impl Inner {
    fn order(&mut self, all: bool, order: impl Fn() -> Order) -> usize {
        let wanted = if all { usize::MAX } else { 1 };
        let mut count = 0;
        for connection in self
            .connections
            .iter_mut()
            .filter(|c| !c.leaving && !c.silent)
            .take(wanted)
        {
            let order = order();
            connection.leaving = matches!(order, Order::Disconnect { .. } | Order::Drop);
            connection.silent = matches!(order, Order::Silence);
            let _ = connection.orders.send(order);
            count += 1;
        }
        count
    }

    /// The next connection in turn: not one that is leaving, nor `avoid`, as long as there is another.
    fn pick(&mut self, avoid: u64) -> Option<&Connection> {
        let count = self.connections.len();
        let turn = self.turn;
        self.turn = self.turn.wrapping_add(1);
        let rank = |c: &Connection| (c.leaving, c.id == avoid);
        (0..count)
            .filter_map(|step| self.connections.get(turn.wrapping_add(step) % count))
            .reduce(|best, c| if rank(c) < rank(best) { c } else { best })
    }
}

pub(crate) fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
#[path = "hub_tests.rs"]
mod tests;
