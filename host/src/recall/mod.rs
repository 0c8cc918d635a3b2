//! What a call was given and what it did, so that it can be run again after a crash as if it had never stopped.
//!
//! Every answer that the host gives a call goes through its [`Recall`]. While a call runs for the first time they gather
//! in memory; with each effect (a write to the brain, a message) those since the effect before go to disk together with
//! it. A call that runs again is given what is recorded, in order, and the world is not asked; where it asks for
//! something else than the first run did, the first run cannot be continued, and the call is stopped: nothing is ever
//! guessed. When all is given that was recorded, the call goes on as any other.
//!
//! What happens outside of the store (a message) cannot be recorded in the same moment. So what the call was given before
//! is recorded first, unless it is already: then a rerun comes to the same message and finds out whether it was sent.
//!
//! A call without effects leaves nothing on disk: it may run again from the beginning, in the world as it is then. Its
//! answer is found by a number of its own, whichever way a rerun came to it.
//!
//! In reading order: [`mod@print`] tells one host call from another, `items` is how they are stored, [`kept`] how their
//! answers are.

mod items;
pub mod kept;
pub mod print;

#[cfg(test)]
mod tests;

use crate::invocation::Call;
use crate::outbox::Ordinals;
use items::Item;
use kept::Kept;
use moa_core::call::CapResult;
use moa_store::{Answer, Recorded};
use print::{Function, Print};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How many bytes of answers are kept for one call. What is given beyond is not kept: a rerun is given what is there by
/// then, which is harmless as long as it leads to the same effects, and ends as diverged where it does not.
const LIMIT: usize = 4 << 20;

/// What a call was begun with. A rerun is begun with the same, whatever has become of names and settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Begun {
    /// The plugin's name.
    pub plugin: String,
    /// Whether nobody spoke to the bot, so that nobody is told what went wrong.
    pub ambient: bool,
    /// What it was called with.
    pub call: Call,
}

/// Why a call was stopped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stop {
    /// It does not do what its first run did.
    #[error("{0}")]
    Diverged(String),
    /// Its record is closed: somebody else ended it.
    #[error("its journal record was closed meanwhile")]
    Closed,
}

/// Why what is recorded of a call is of no use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("effect {ordinal} was recorded in a form that this moa does not know; run the moa that recorded it")]
pub struct Unreadable {
    ordinal: u32,
}

/// What an earlier run of a call recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct Past {
    /// What it was begun with.
    pub begun: Begun,
    /// The version of the plugin that ran.
    pub by: String,
    events: VecDeque<Event>,
}

#[derive(Clone, Debug, PartialEq)]
enum Event {
    Saw { print: Print, answer: Vec<u8> },
    Lost,
    Did { ordinal: u32, print: Print, answer: Answer },
}

impl Past {
    /// What the effects of one call tell; `None` if there are none.
    ///
    /// # Errors
    /// [`Unreadable`].
    pub fn read(recorded: Vec<Recorded>) -> Result<Option<Self>, Unreadable> {
        let Some(first) = recorded.first() else {
            return Ok(None);
        };
        let unreadable = Unreadable { ordinal: first.ordinal };
        let by = first.by.clone();
        let mut begun = None;
        let mut events = VecDeque::new();
        for effect in recorded {
            let unreadable = Unreadable {
                ordinal: effect.ordinal,
            };
            for item in items::read(&effect.seen).ok_or_else(|| unreadable.clone())? {
                match item {
                    Item::Begun(what) => begun = Some(*what),
                    Item::Lost => events.push_back(Event::Lost),
                    Item::Saw { print, answer } => events.push_back(Event::Saw {
                        print,
                        answer: answer.to_vec(),
                    }),
                }
            }
            events.push_back(Event::Did {
                ordinal: effect.ordinal,
                print: Print::read(&effect.fingerprint).ok_or(unreadable)?,
                answer: effect.answer,
            });
        }
        let begun = begun.ok_or(unreadable)?;
        Ok(Some(Self { begun, by, events }))
    }
}

/// What comes of a host call.
#[derive(Debug)]
pub enum Step {
    /// It is to be made.
    New,
    /// This was answered, and nothing happened outside of the call.
    Saw(Vec<u8>),
    /// It was done, with this answer.
    Did(Answer),
    /// It is not made, and the call ends.
    Stop,
}

/// One run of a call: what it is given from an earlier one, and what is to be recorded of it.
pub struct Recall {
    begun: Begun,
    by: String,
    since: Instant,
    /// Whether the store failed this run.
    forsaken: AtomicBool,
    state: Mutex<State>,
}

struct State {
    past: VecDeque<Event>,
    /// What was answered since the last effect.
    fresh: Vec<u8>,
    /// Whether the last of these is that some are not kept.
    lost: bool,
    /// Bytes that were kept until the last effect.
    kept: usize,
    /// Whether an effect is recorded, which has what the call was begun with.
    recorded: bool,
    /// Whether nothing was answered since the last effect took its number.
    settled: bool,
    /// The latest instant that the call knows of.
    latest: SystemTime,
    /// How far the call's steady clock is ahead of this run's.
    ahead: Duration,
    stop: Option<Stop>,
}

impl Recall {
    /// A first run, by this version of the plugin.
    pub fn first(begun: Begun, by: String, now: SystemTime) -> Self {
        Self::of(begun, by, now, VecDeque::new())
    }

    /// Another run.
    pub fn again(past: Past, now: SystemTime) -> Self {
        Self::of(past.begun, past.by, now, past.events)
    }

    fn of(begun: Begun, by: String, now: SystemTime, past: VecDeque<Event>) -> Self {
        let again = !past.is_empty();
        Self {
            begun,
            by,
            since: Instant::now(),
            forsaken: AtomicBool::new(false),
            state: Mutex::new(State {
                past,
                fresh: Vec::new(),
                lost: false,
                kept: 0,
                recorded: again,
                settled: again,
                // A rerun's time begins with what was recorded, which may be ahead of a clock that was set back.
                latest: if again { UNIX_EPOCH } else { now },
                ahead: Duration::ZERO,
                stop: None,
            }),
        }
    }

    /// What the call was begun with.
    pub fn begun(&self) -> &Begun {
        &self.begun
    }

    /// The version of the plugin that runs.
    pub fn by(&self) -> &str {
        &self.by
    }

    /// The store could not do what this run asked of it.
    pub fn forsake(&self) {
        self.forsaken.store(true, Ordering::Relaxed);
    }

    /// Whether it could not: then that the plugin failed is probably not its own fault.
    pub fn is_forsaken(&self) -> bool {
        self.forsaken.load(Ordering::Relaxed)
    }

    /// What comes of this host call: the first thing to be asked by each.
    pub fn ask(&self, print: &Print, ordinals: &Ordinals) -> Step {
        self.lock().ask(print, ordinals)
    }

    /// Keeps an answer, unless an earlier run's still count.
    pub fn saw<T: Kept>(&self, print: &Print, answer: &CapResult<T>) {
        self.lock().saw(print, |out| T::keep(answer, out));
    }

    /// Keeps a recorded form of an answer.
    pub fn saw_bytes(&self, print: &Print, answer: &[u8]) {
        self.lock().saw(print, |out| out.extend_from_slice(answer));
    }

    /// What goes to disk with an effect: all that the call was given since the one before.
    pub fn seen(&self) -> Vec<u8> {
        let state = self.lock();
        let mut seen = items::head((!state.recorded).then_some(&self.begun));
        seen.extend_from_slice(&state.fresh);
        seen
    }

    /// Whether the call was given nothing since its last effect, so that a rerun comes to this very point.
    ///
    /// By what the call did, not by what the store could record of it: effects are numbered by this, and a rerun over a
    /// store that works has to come to the same numbers.
    pub fn is_settled(&self) -> bool {
        self.lock().settled
    }

    /// An effect took its number, whether or not it is recorded.
    pub fn numbered(&self) {
        self.lock().settled = true;
    }

    /// The effect that [`Recall::seen`] went with is recorded.
    pub fn recorded(&self) {
        let mut state = self.lock();
        state.recorded = true;
        state.settled = true;
        state.kept += state.fresh.len();
        state.fresh.clear();
        state.lost = false;
    }

    /// Lets the call do nothing any more. The first reason counts.
    pub fn stop(&self, why: Stop) {
        self.lock().stop.get_or_insert(why);
    }

    /// The call came to its end by itself: why it was stopped, or should have been, for it left out an effect.
    pub fn ended(&self) -> Option<Stop> {
        let mut state = self.lock();
        if state.stop.is_none() && !state.past.is_empty() {
            let left_out = state.differs("came to its end");
            state.stop = Some(left_out);
        }
        state.stop.clone()
    }

    /// Why the call was stopped.
    pub fn stopped(&self) -> Option<Stop> {
        self.lock().stop.clone()
    }

    /// An answer was recorded in a form that cannot be read.
    pub fn unreadable(&self, print: &Print) {
        self.stop(Stop::Diverged(format!(
            "the answer of `{print}` is recorded in a form that this moa does not know"
        )));
    }

    /// The present instant: never before one that the call knows of already. What is asked for after a stop matters to
    /// nobody any more.
    pub fn now(&self, present: impl FnOnce() -> SystemTime) -> SystemTime {
        let print = Print::bare(Function::Now);
        let mut state = self.lock();
        if let Step::Saw(bytes) = state.ask(&print, &Ordinals::default()) {
            match duration(&bytes).and_then(|since| UNIX_EPOCH.checked_add(since)) {
                Some(then) => {
                    state.latest = state.latest.max(then);
                    return then;
                }
                None => state.unreadable(),
            }
        }
        state.latest = state.latest.max(present());
        let now = state.latest;
        state.saw(&print, |out| {
            put_duration(out, now.duration_since(UNIX_EPOCH).unwrap_or_default())
        });
        now
    }

    /// The time since the call began, on a clock that nobody sets.
    pub fn elapsed(&self) -> Duration {
        let print = Print::bare(Function::Elapsed);
        let mut state = self.lock();
        let own = self.since.elapsed();
        if let Step::Saw(bytes) = state.ask(&print, &Ordinals::default()) {
            match duration(&bytes) {
                Some(then) => {
                    state.ahead = then.saturating_sub(own);
                    return then;
                }
                None => state.unreadable(),
            }
        }
        let elapsed = own + state.ahead;
        state.saw(&print, |out| put_duration(out, elapsed));
        elapsed
    }

    /// Random bytes.
    pub fn random(&self, buffer: &mut [u8], chance: impl FnOnce(&mut [u8])) {
        let print = Print::number(Function::Random, buffer.len() as u64);
        let mut state = self.lock();
        if let Step::Saw(bytes) = state.ask(&print, &Ordinals::default()) {
            if bytes.len() == buffer.len() {
                buffer.copy_from_slice(&bytes);
                return;
            }
            state.unreadable();
        }
        chance(buffer);
        state.saw(&print, |out| out.extend_from_slice(buffer));
    }

    /// A text.
    pub fn text(&self, print: &Print, present: impl FnOnce() -> String) -> String {
        let answer = self.local(print, || Ok(present()));
        answer.unwrap_or_else(|error| error)
    }

    /// A text, or what is wrong.
    ///
    /// # Errors
    /// What `present` says.
    pub fn local(&self, print: &Print, present: impl FnOnce() -> Result<String, String>) -> Result<String, String> {
        let mut state = self.lock();
        if let Step::Saw(bytes) = state.ask(print, &Ordinals::default()) {
            match serde_json::from_slice(&bytes) {
                Ok(answer) => return answer,
                Err(_) => state.unreadable(),
            }
        }
        let answer = present();
        state.saw(print, |out| kept::keep_json(&answer, out));
        answer
    }

    /// Nothing here panics half-way.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn ask(&mut self, print: &Print, ordinals: &Ordinals) -> Step {
        if self.stop.is_some() {
            return Step::Stop;
        }
        if matches!(self.past.front(), Some(Event::Lost)) {
            if print.only_asks() {
                return Step::New;
            }
            self.past.pop_front();
        }
        let same = match self.past.front() {
            None => return Step::New,
            Some(Event::Saw { print: then, .. } | Event::Did { print: then, .. }) => then == print,
            Some(Event::Lost) => false,
        };
        if !same {
            let why = self.differs(&format!("asks for `{print}`"));
            self.stop = Some(why);
            return Step::Stop;
        }
        match self.past.pop_front() {
            Some(Event::Saw { answer, .. }) => Step::Saw(answer),
            Some(Event::Did { ordinal, answer, .. }) => {
                ordinals.go_on_at(ordinal);
                Step::Did(answer)
            }
            Some(Event::Lost) | None => Step::New,
        }
    }

    fn saw(&mut self, print: &Print, write: impl FnOnce(&mut Vec<u8>)) {
        // As long as there is a past this is a part of it.
        if !self.past.is_empty() || self.stop.is_some() {
            return;
        }
        self.settled = false;
        let before = self.fresh.len();
        items::saw(&mut self.fresh, print, write);
        // Refusals of effects are small, and a rerun that met them anew might do what was refused then.
        if self.kept + self.fresh.len() <= LIMIT || !print.only_asks() {
            self.lost = false;
            return;
        }
        self.fresh.truncate(before);
        if !std::mem::replace(&mut self.lost, true) {
            items::lost(&mut self.fresh);
        }
    }

    fn unreadable(&mut self) {
        self.stop.get_or_insert(Stop::Diverged(
            "an answer is recorded in a form that this moa does not know".into(),
        ));
    }

    /// What to say where this run does something else than the first one.
    fn differs(&self, this: &str) -> Stop {
        let next = self.past.iter().find_map(|event| match event {
            Event::Did { ordinal, print, .. } => Some((*ordinal, *print)),
            Event::Saw { .. } | Event::Lost => None,
        });
        let (ordinal, did) = match next {
            Some((ordinal, did)) => (ordinal, did.to_string()),
            None => (0, "nothing more".into()),
        };
        let (there, name) = match self.past.front() {
            Some(Event::Saw { print, .. }) => (format!("the first run asked for `{print}` there"), print.to_string()),
            Some(Event::Did { .. }) => ("the first run did that there".to_owned(), did.clone()),
            Some(Event::Lost) | None => (
                "what the first run was given there was too much to be kept".to_owned(),
                String::new(),
            ),
        };
        let same = this.ends_with(&format!("`{name}`"));
        let other = if same { " with other arguments" } else { "" };
        Stop::Diverged(format!(
            "on the way to effect {ordinal}, `{did}`, this run {this}{other}; {there}"
        ))
    }
}

fn put_duration(out: &mut Vec<u8>, duration: Duration) {
    out.extend_from_slice(&duration.as_secs().to_le_bytes());
    out.extend_from_slice(&duration.subsec_nanos().to_le_bytes());
}

fn duration(bytes: &[u8]) -> Option<Duration> {
    let (seconds, nanos) = bytes.split_first_chunk()?;
    let nanos = u32::from_le_bytes(nanos.try_into().ok()?);
    (nanos < 1_000_000_000).then(|| Duration::new(u64::from_le_bytes(*seconds), nanos))
}
