//! One Socket Mode session as a pure state machine: no sockets, no clock, no tasks.
//!
//! A session wants one usable connection at all times. [`Session::on`] is told what happened and when, and answers what
//! to do; [`Session::deadline`] says when it wants to hear [`Input::Tick`] at the latest. The driver does the rest.
//!
//! ```text
//!            ┌────────────── open ──► Opening ─► Connecting ─► Greeting ── hello ──► current
//!  Waiting ──┘                          │            │            │                     │
//!     ▲                                 └── failed ──┴────────────┘                     │ announced refresh:
//!     └───────────────────────── back-off ◄──────────────────────────── lost ◄──────────┤ opens the next one and
//!                                                                                       ▼ only then becomes
//!                                                                                    draining
//! ```
//!
//! - A ping goes out every third of the ping timeout. A connection from which nothing came for two thirds of it is under
//!   suspicion: the next one is opened already, and as soon as that is greeted the silent one is dropped. After the whole
//!   timeout it is dropped in any case. What the service still gave to a silent connection it gives to another once it
//!   sees the first one gone; that is why it is dropped, and not kept just in case.
//! - An announced refresh (`warning`, `refresh_requested`, any unknown reason) opens the next connection first. The old
//!   one stays readable and writable until the service closes it, or [`LINGER`] after the next one's `hello`; a shorter
//!   ping timeout shortens that, for nobody pings it any more.
//! - `too_many_websockets` closes first and backs off; `link_disabled` closes and tries again slowly.
//! - Back-off is exponential with full jitter up to [`MAX_WAIT`], the first retry is quick, and it never gives up.
//!   Failures are forgotten when a greeted connection has proven itself: it lived for [`PROVEN`] or brought an envelope.
//!   An opened socket or a `hello` alone proves nothing: a service that refuses after its `hello` would be hammered.
//! - Where the host itself stood still (a suspended machine), its connections get time to answer before they are judged.

pub use moa_core::slack::decode::Reason;
use std::time::Duration;
use tokio::time::Instant;

/// How long a replaced connection is kept open for what the service may still send on it.
pub const LINGER: Duration = Duration::from_secs(15);
/// A connection that lived this long was a good one.
pub const PROVEN: Duration = Duration::from_secs(30);
/// The longest wait between two attempts, apart from what the service itself asks for.
pub const MAX_WAIT: Duration = Duration::from_secs(60);
/// The longest time each step towards a connection may take: address, socket, `hello`.
pub const STEP: Duration = Duration::from_secs(15);

const QUICK_WAIT: Duration = Duration::from_millis(100);
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// A connection that answers no ping for so many ping timeouts is dead, even if other frames come.
const ONE_WAY: u32 = 3;
/// The ping timeout's parts: a ping after each, suspicion after all but one, the end after all.
const PARTS: u32 = 3;

/// Names a connection from the first step towards it until it is gone.
pub type SocketId = u64;

/// Why there is no address to connect to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpenFailure {
    /// The credentials are refused for good; the service's word for it.
    Fatal(String),
    /// The service asks to wait so long.
    Wait(Duration),
    /// Anything else.
    Other,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// Time passed.
    Tick,
    /// The service gave an address.
    Opened(SocketId),
    /// It gave none.
    OpenFailed(SocketId, OpenFailure),
    /// The WebSocket handshake is done.
    Connected(SocketId),
    /// The service greeted: the connection is usable.
    Hello(SocketId),
    /// The service wants the connection to end.
    Disconnect(SocketId, Reason),
    /// Something arrived at that time.
    Seen(SocketId, Instant),
    /// An envelope arrived.
    Worked(SocketId),
    /// Our ping was answered.
    Pong(SocketId),
    /// The connection is gone, or was never made.
    Closed(SocketId),
    /// The host ends.
    Stop,
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Ask the service for an address.
    Open(SocketId),
    /// Connect to the address that was got for it.
    Connect(SocketId),
    /// Send a ping.
    Ping(SocketId),
    /// Send what is to be acknowledged, then close. No word about this connection is needed any more.
    Close(SocketId),
    /// Drop it without ceremony.
    Abandon(SocketId),
    /// There is a usable connection now.
    Up,
    /// There is none any more.
    Down,
    /// Worth telling the operator.
    Note(Note),
    /// The credentials are refused for good (the service's word for it). Nothing more will be done.
    Fatal(String),
}

/// Things worth telling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Note {
    /// Socket Mode is switched off.
    LinkDisabled,
    /// Too many connections.
    TooMany,
    /// The connection went silent and is given up.
    Silent,
    /// The next attempt, the so-many-th in a row, is made after this time.
    Waiting(u32, Duration),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Nothing,
    Waiting { until: Instant },
    Opening { id: SocketId, by: Instant },
    Connecting { id: SocketId, by: Instant },
    Greeting { id: SocketId, by: Instant },
    Over,
}

#[derive(Clone, Copy, Debug)]
struct Current {
    id: SocketId,
    since: Instant,
    seen: Instant,
    pinged: Instant,
    unanswered: Option<Instant>,
    worked: bool,
}

impl Current {
    fn proven(&self, now: Instant) -> bool {
        self.worked || now.saturating_duration_since(self.since) >= PROVEN
    }
}

/// The state of one session. See the module's text.
#[derive(Debug)]
pub struct Session {
    ping_timeout: Duration,
    random: fastrand::Rng,
    last_id: SocketId,
    current: Option<Current>,
    next: Next,
    draining: Vec<(SocketId, Instant)>,
    failures: u32,
    /// The next connection is opened because nothing comes from the current one.
    suspicious: bool,
}

impl Session {
    /// A session that has done nothing yet; the first [`Input::Tick`] starts it. The seed decides the jitter.
    pub fn new(ping_timeout: Duration, seed: u64, now: Instant) -> Self {
        Self {
            ping_timeout: ping_timeout.max(Duration::from_millis(10)),
            random: fastrand::Rng::with_seed(seed),
            last_id: 0,
            current: None,
            next: Next::Waiting { until: now },
            draining: Vec::new(),
            failures: 0,
            suspicious: false,
        }
    }

    /// The connection in use, for [`Input::Seen`].
    pub fn current(&self) -> Option<SocketId> {
        self.current.map(|current| current.id)
    }

    /// Whether nothing will be done any more.
    pub fn is_over(&self) -> bool {
        self.next == Next::Over
    }

    /// When to come with a [`Input::Tick`] at the latest.
    pub fn deadline(&self) -> Option<Instant> {
        let next = match self.next {
            Next::Waiting { until } => Some(until),
            Next::Opening { by, .. } | Next::Connecting { by, .. } | Next::Greeting { by, .. } => Some(by),
            Next::Nothing | Next::Over => None,
        };
        let ping = self.current.map(|current| {
            let at = (current.pinged + self.part()).min(self.dead_at(&current));
            match self.next {
                Next::Nothing => at.min(self.suspect_at(&current)),
                _ => at,
            }
        });
        self.draining
            .iter()
            .map(|(_, until)| *until)
            .chain(next)
            .chain(ping)
            .min()
    }

    /// Takes in what happened and says what to do, in this order.
    pub fn on(&mut self, now: Instant, input: Input) -> Vec<Output> {
        let mut out = Vec::new();
        if self.is_over() {
            return out;
        }
        match input {
            Input::Tick => {
                self.excuse(now);
                self.tick(now, &mut out);
            }
            Input::Opened(id) => {
                if matches!(self.next, Next::Opening { id: waited, .. } if waited == id) {
                    self.next = Next::Connecting { id, by: now + STEP };
                    out.push(Output::Connect(id));
                }
            }
            Input::OpenFailed(id, failure) => {
                if matches!(self.next, Next::Opening { id: waited, .. } if waited == id) {
                    match failure {
                        OpenFailure::Fatal(code) => self.end(&mut out, Some(code)),
                        OpenFailure::Wait(wait) => self.back_off(now, wait, &mut out),
                        OpenFailure::Other => self.back_off(now, Duration::ZERO, &mut out),
                    }
                }
            }
            Input::Connected(id) => {
                if matches!(self.next, Next::Connecting { id: waited, .. } if waited == id) {
                    self.next = Next::Greeting { id, by: now + STEP };
                }
            }
            Input::Hello(id) => self.hello(now, id, &mut out),
            Input::Disconnect(id, reason) => self.disconnect(now, id, reason, &mut out),
            Input::Seen(id, at) => {
                if let Some(current) = self.current.as_mut().filter(|current| current.id == id) {
                    current.seen = current.seen.max(at);
                    self.acquit(now);
                }
            }
            Input::Worked(id) => {
                if let Some(current) = self.current.as_mut().filter(|current| current.id == id) {
                    current.worked = true;
                    self.failures = 0;
                }
            }
            Input::Pong(id) => {
                if let Some(current) = self.current.as_mut().filter(|current| current.id == id) {
                    current.unanswered = None;
                    current.seen = current.seen.max(now);
                    self.acquit(now);
                }
            }
            Input::Closed(id) => self.closed(now, id, &mut out),
            Input::Stop => self.end(&mut out, None),
        }
        out
    }

    fn tick(&mut self, now: Instant, out: &mut Vec<Output>) {
        self.draining.retain(|(id, until)| {
            let over = *until <= now;
            if over {
                out.push(Output::Close(*id));
            }
            !over
        });
        self.check_current(now, out);
        match self.next {
            Next::Waiting { until } if until <= now => self.open(now, out),
            Next::Opening { by, .. } if by <= now => self.back_off(now, Duration::ZERO, out),
            Next::Connecting { id, by } | Next::Greeting { id, by } if by <= now => {
                out.push(Output::Abandon(id));
                self.back_off(now, Duration::ZERO, out);
            }
            _ => {}
        }
    }

    fn check_current(&mut self, now: Instant, out: &mut Vec<Output>) {
        let Some(current) = self.current else { return };
        if current.proven(now) {
            self.failures = 0;
        }
        if self.dead_at(&current) <= now {
            out.push(Output::Note(Note::Silent));
            out.push(Output::Abandon(current.id));
            return self.lose_current(now, Duration::ZERO, out);
        }
        if current.pinged + self.part() <= now {
            out.push(Output::Ping(current.id));
            self.current = Some(Current {
                pinged: now,
                unanswered: current.unanswered.or(Some(now)),
                ..current
            });
        }
        if self.next == Next::Nothing && self.suspect_at(&current) <= now {
            self.suspicious = true;
            self.replace(now, out);
        }
    }

    fn part(&self) -> Duration {
        self.ping_timeout / PARTS
    }

    /// Silence of one timeout is death; where frames come but no answers, the way out is broken: a few timeouts.
    fn dead_at(&self, current: &Current) -> Instant {
        let silent = current.seen + self.ping_timeout;
        current
            .unanswered
            .map_or(silent, |since| silent.min(since + self.ping_timeout * ONE_WAY))
    }

    /// By then one ping has had a part of the timeout to be answered in.
    fn suspect_at(&self, current: &Current) -> Instant {
        current.seen + self.part() * (PARTS - 1)
    }

    /// A tick that comes late shows that the host itself stood still. What the connection sent meanwhile is not read yet.
    fn excuse(&mut self, now: Instant) {
        let late = self.deadline().is_some_and(|by| now > by + self.part());
        let recently = now.checked_sub(self.part());
        if let (true, Some(current), Some(recently)) = (late, self.current.as_mut(), recently) {
            current.seen = current.seen.max(recently);
            current.unanswered = None;
        }
    }

    /// The current connection spoke again. A next one that is not even being connected is not needed any more.
    fn acquit(&mut self, now: Instant) {
        let Some(current) = self.current else { return };
        if !self.suspicious || self.suspect_at(&current) <= now {
            return;
        }
        self.suspicious = false;
        if matches!(self.next, Next::Waiting { .. } | Next::Opening { .. }) {
            self.next = Next::Nothing;
        }
    }

    fn open(&mut self, now: Instant, out: &mut Vec<Output>) {
        self.last_id += 1;
        self.next = Next::Opening {
            id: self.last_id,
            by: now + STEP,
        };
        out.push(Output::Open(self.last_id));
    }

    fn hello(&mut self, now: Instant, id: SocketId, out: &mut Vec<Output>) {
        let waited = match self.next {
            Next::Connecting { id, .. } | Next::Greeting { id, .. } => id,
            _ => return,
        };
        if waited != id {
            return;
        }
        self.next = Next::Nothing;
        match self.current.take() {
            Some(old) if self.suspicious => {
                out.push(Output::Note(Note::Silent));
                out.push(Output::Abandon(old.id));
            }
            Some(old) => self.draining.push((old.id, now + LINGER.min(self.ping_timeout))),
            None => out.push(Output::Up),
        }
        self.suspicious = false;
        self.current = Some(Current {
            id,
            since: now,
            seen: now,
            pinged: now,
            unanswered: None,
            worked: false,
        });
    }

    fn disconnect(&mut self, now: Instant, id: SocketId, reason: Reason, out: &mut Vec<Output>) {
        let is_current = self.current() == Some(id);
        if !is_current && !self.is_next(id) {
            return;
        }
        let at_least = match reason {
            Reason::Refresh if is_current => return self.refresh(now, out),
            Reason::Refresh => Duration::ZERO,
            Reason::TooMany => {
                out.push(Output::Note(Note::TooMany));
                FIRST_WAIT
            }
            Reason::LinkDisabled => {
                out.push(Output::Note(Note::LinkDisabled));
                MAX_WAIT
            }
        };
        out.push(Output::Close(id));
        if is_current {
            // What was asked of us is fewer connections, so an attempt that is under way ends as well.
            if let Next::Connecting { id, .. } | Next::Greeting { id, .. } = self.next {
                out.push(Output::Abandon(id));
            }
            self.next = Next::Nothing;
            // A connection that is told off did not prove that the next one will be welcome.
            if let Some(current) = self.current.as_mut() {
                current.worked = false;
                current.since = now;
            }
            self.lose_current(now, at_least, out);
        } else {
            self.back_off(now, at_least, out);
        }
    }

    fn refresh(&mut self, now: Instant, out: &mut Vec<Output>) {
        // It still speaks, and so it is kept until the next one is there, whatever that was opened for.
        self.suspicious = false;
        if self.next == Next::Nothing {
            self.replace(now, out);
        }
    }

    fn replace(&mut self, now: Instant, out: &mut Vec<Output>) {
        if self.current.is_some_and(|current| current.proven(now)) {
            self.failures = 0;
            self.open(now, out);
        } else {
            self.back_off(now, Duration::ZERO, out);
        }
    }

    fn closed(&mut self, now: Instant, id: SocketId, out: &mut Vec<Output>) {
        self.draining.retain(|(draining, _)| *draining != id);
        if self.current() == Some(id) {
            self.lose_current(now, Duration::ZERO, out);
        } else if self.is_next(id) {
            self.back_off(now, Duration::ZERO, out);
        }
    }

    fn is_next(&self, id: SocketId) -> bool {
        matches!(self.next, Next::Connecting { id: next, .. } | Next::Greeting { id: next, .. } if next == id)
    }

    fn lose_current(&mut self, now: Instant, at_least: Duration, out: &mut Vec<Output>) {
        let Some(current) = self.current.take() else { return };
        self.suspicious = false;
        out.push(Output::Down);
        if current.proven(now) {
            self.failures = 0;
        }
        if self.next == Next::Nothing {
            self.back_off(now, at_least, out);
        }
    }

    fn back_off(&mut self, now: Instant, at_least: Duration, out: &mut Vec<Output>) {
        self.failures = self.failures.saturating_add(1);
        let ceiling = match self.failures {
            1 => QUICK_WAIT,
            // 2^6 s is past the longest wait already.
            n => (FIRST_WAIT * 2u32.pow((n - 2).min(6))).min(MAX_WAIT),
        };
        // Jitter comes on top of what the service asks for, so that many hosts do not all come back in one moment.
        let wait = at_least + ceiling.mul_f64(self.random.f64());
        self.next = Next::Waiting { until: now + wait };
        if self.failures > 1 || !at_least.is_zero() {
            out.push(Output::Note(Note::Waiting(self.failures, wait)));
        }
    }

    fn end(&mut self, out: &mut Vec<Output>, fatal: Option<String>) {
        let was_up = self.current.is_some();
        if let Next::Connecting { id, .. } | Next::Greeting { id, .. } = self.next {
            out.push(Output::Abandon(id));
        }
        out.extend(self.draining.drain(..).map(|(id, _)| Output::Close(id)));
        out.extend(self.current.take().map(|current| Output::Close(current.id)));
        if was_up {
            out.push(Output::Down);
        }
        out.extend(fatal.map(Output::Fatal));
        self.next = Next::Over;
    }
}

#[cfg(test)]
mod tests;
