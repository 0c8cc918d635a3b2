//! What an earlier run accepted and did not finish, and what the operator wants to be run again.

use super::{Intake, Promised, milliseconds};
use crate::invocation::{Before, Work, id_of};
use crate::journal::Ticket;
use crate::matching::{Match, Todo};
use crate::recall::{Past, Unreadable};
use moa_core::event::{Decided, Event};
use moa_core::locale::UserNotice;
use moa_store::{Outcome, Record, Recorded, Seq, StoreError};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Why a record is run again.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// The host ended before it was finished.
    CutOff,
    /// The operator wants it to go on where it was.
    AskedFor,
    /// The operator wants it from the beginning.
    AskedForAnew,
}

/// What is recorded of an event's calls, by their ids.
type Pasts = BTreeMap<String, Result<Past, Unreadable>>;

impl Intake {
    /// Runs a recorded event, each of its calls from where it was.
    pub(super) async fn resume(self: &Arc<Self>, record: Record, why: Why) {
        let event: Event = match serde_json::from_slice(&record.body) {
            Ok(event) => event,
            Err(error) => {
                tracing::error!(seq = %record.seq, event = record.identity, %error, "a recorded event cannot be read and is dropped");
                let reason = format!("unreadable: {error}");
                return self.finish(record.seq, Outcome::Failed { reason }).await;
            }
        };
        let pasts = match self.pasts(record.seq).await {
            Ok(pasts) => pasts,
            Err(error) => {
                // Without them it might do again what was done.
                tracing::error!(seq = %record.seq, event = record.identity, %error, "what an event's calls did cannot be read; it is looked at again after the next start");
                return;
            }
        };
        let ticket = Arc::new(Ticket::of(record.seq));
        let age = milliseconds(self.parts.world.now()).saturating_sub(record.received_ms);
        let too_old = Duration::from_millis(u64::try_from(age).unwrap_or(0)) > self.parts.max_age;
        let mut todo = match self.todo(&event, pasts) {
            Ok(todo) if todo.is_empty() => return self.close_unwanted(&event, ticket),
            Ok(todo) => todo,
            Err(why) => {
                let reason = why.to_string();
                tracing::error!(event = %event.identity, "a call cannot go on, and its plugin is gone: {reason}");
                return self.close_with(ticket, Outcome::Diverged { reason });
            }
        };
        // A plugin that asked something waits for one of the two, however late. That a command does not run is told however
        // late, too; and one that is to be confirmed can be asked about at any time.
        // Whoever handed something over from outside was told that it will be done, and a job knows for when it was due.
        let harmless = event.is_outside()
            || event.ruling().is_some_and(|ruling| ruling.what != Decided::Approved)
            || todo.iter().all(|(one, _)| matches!(one.todo, Todo::Confirm(_)));
        if too_old && why == Why::CutOff && !event.ends_question() && !harmless {
            tracing::warn!(event = %event.identity, age_seconds = age / 1000, "an event of an earlier run is older than journal.max-age and is not done any more");
            if todo.iter().all(|(one, _)| one.todo.is_unasked()) {
                // Nobody waits for an answer.
                let reason = "older than journal.max-age".into();
                return self.close_with(ticket, Outcome::Failed { reason });
            }
            for (one, before) in &mut todo {
                one.todo = Todo::Tell(UserNotice::TooOld);
                *before = None;
            }
        }
        let event = Arc::new(event);
        ticket.expect(todo.len());
        for (matched, before) in todo {
            let work = Work {
                event: Arc::clone(&event),
                matched,
                ticket: Arc::clone(&ticket),
                look_first: why != Why::AskedForAnew,
                received_ms: record.received_ms,
                arrived: Instant::now(),
                before,
                held: None,
            };
            self.hand_on(work, Promised::Yes);
        }
    }

    /// What the calls of a record did, of each its last attempt that did anything.
    async fn pasts(&self, seq: Seq) -> Result<Pasts, StoreError> {
        let mut attempts: BTreeMap<(String, u32), Vec<Recorded>> = BTreeMap::new();
        for (effects, recorded) in self.parts.store.all_effects(seq).await? {
            let (id, attempt) = effects.split_once('#').unwrap_or((&effects, "1"));
            let attempt = (id.to_owned(), attempt.parse().unwrap_or(1));
            attempts.entry(attempt).or_default().push(recorded);
        }
        // In order of the attempts: a later one takes the place of an earlier one.
        let past = |((id, _), recorded)| Past::read(recorded).transpose().map(|past| (id, past));
        Ok(attempts.into_iter().filter_map(past).collect())
    }

    /// What is to be done: what was begun as it was begun, whatever the plugins are by now, and what was not begun as they
    /// are now. Fails where a call was begun that cannot be read, by a plugin that nothing leads to any more.
    fn todo(&self, event: &Event, mut pasts: Pasts) -> Result<Vec<(Match, Option<Before>)>, Unreadable> {
        let is_alone = |past: &Result<Past, Unreadable>| past.as_ref().is_ok_and(|past| past.begun.call.is_alone());
        let alone = pasts.values().any(is_alone);
        let mut todo = Vec::new();
        for matched in self.parts.matcher.route_accepted(event) {
            match id_of(event, &matched.todo).and_then(|id| pasts.remove(&id)) {
                Some(Ok(past)) => todo.push(self.begun(past)),
                Some(Err(why)) => todo.push((matched, Some(Before::Unreadable(why)))),
                // A command or a press is one call. What it leads to by now is not what was begun.
                None if alone => {}
                None => todo.push((matched, None)),
            }
        }
        for past in pasts.into_values() {
            todo.push(self.begun(past?));
        }
        Ok(todo)
    }

    fn begun(&self, past: Past) -> (Match, Option<Before>) {
        let matched = Match {
            todo: past.begun.call.todo(&past.begun.plugin, past.begun.ambient),
            snapshot: self.parts.matcher.registry.current(),
        };
        (matched, Some(Before::Past(Box::new(past))))
    }
}
