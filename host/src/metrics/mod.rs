//! What is counted of a host, for `/metrics`, `moa status` and the dashboard.
//!
//! Like its log, the counts are the process's: whoever has something to count does so in one line, by atomic additions,
//! without a lock and without carrying a handle along. What is a state (a queue, a connection, a size) is not counted but
//! looked up when somebody asks; [`page`] puts both into the text that Prometheus reads. Each family of numbers is declared
//! once, in [`families`], and `docs/metrics.md` lists the same; a test compares them.
//!
//! Labels are bounded: they are words of this module, or names of plugins that are loaded, at most [`plugin::MOST`].

pub mod families;
pub mod number;
pub mod page;
pub mod plugin;
pub mod process;
pub mod slack;
pub mod store;

use crate::adapter::SendError;
use moa_core::event::{Event, EventKind};
use number::{Counter, Histogram, Row};

/// Where events come from.
pub const SERVICES: [&str; 6] = ["slack", "jandi", "schedule", "webhook", "host", "other"];
const RESULTS: [&str; 4] = ["matched", "ignored", "duplicate", "deferred"];

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Became {
    /// Somebody wants it.
    Matched,
    /// Nobody does.
    Ignored,
    /// It came before.
    Duplicate,
    /// It is not taken now and comes again.
    Deferred,
}

/// Events that arrived, by where from.
pub static RECEIVED: Row<6> = Row::new(SERVICES);
/// What became of them, by where from.
pub static EVENTS: [Row<4>; 6] = [const { Row::new(RESULTS) }; 6];
/// Events of an earlier run that were taken up again.
pub static RESUMED: Counter = Counter::new();

/// From arrival until a call begins.
pub static QUEUE: Histogram = Histogram::new();
/// A call of a plugin: an instance, and all that it does.
pub static CALL: Histogram = Histogram::new();
/// Until an event is on disk.
pub static COMMIT: Histogram = Histogram::new();
/// Until a message has left, its turn included.
pub static POST: Histogram = Histogram::new();

/// Messages on their way out.
pub static MESSAGES: Row<5> = Row::new(["sent", "refused", "given-up", "uncertain", "revoked"]);
/// Attempts that were repeated, by why.
pub static AGAIN: Row<2> = Row::new(["rate-limited", "temporary"]);
/// Messages of which was looked up whether they stand there already, and did.
pub static FOUND: Counter = Counter::new();
/// What the host itself answered: help, refusals, orders of admins.
pub static OWN: Counter = Counter::new();

/// Runs of jobs that were begun or not.
pub static JOBS: Row<3> = Row::new(["begun", "twin", "not-served"]);
/// Jobs of which due times were missed and left out.
pub static MISSED: Counter = Counter::new();
/// How much later than due they were begun.
pub static LATE: Histogram = Histogram::new();

/// Requests of the outside world, by what they were answered.
pub static WEBHOOKS: Row<9> = Row::new(["2xx", "3xx", "400", "401", "404", "413", "429", "4xx", "5xx"]);

/// Plugin files that were loaded, by where the code came from.
pub static LOADS: Row<2> = Row::new(["cache", "compiled"]);
/// Plugin files that could not be.
pub static LOAD_FAILURES: Counter = Counter::new();

/// Lines of the host's own log, by level.
pub static LOG_LINES: Row<2> = Row::new(["warn", "error"]);

/// What a sample of the host could not find out, by what it asked for.
pub static NOT_SAMPLED: Row<3> = Row::new(["store", "journal", "brains"]);

/// The store did not say this: one of the names of [`NOT_SAMPLED`].
pub fn not_sampled(what: &str) {
    let at = NOT_SAMPLED.each().position(|(name, _)| name == what);
    NOT_SAMPLED.add(at.unwrap_or_default());
}

/// The place of an event's service among [`SERVICES`].
pub fn service(event: &Event) -> usize {
    match &event.kind {
        EventKind::Due(_) => 2,
        EventKind::Hook(_) => 3,
        _ if event.is_timeout() => 4,
        _ => match event.place().service.as_str() {
            "slack" => 0,
            "jandi" => 1,
            _ => 5,
        },
    }
}

/// An event became this.
pub fn became(service: usize, what: Became) {
    if let Some(row) = EVENTS.get(service).or(EVENTS.last()) {
        row.add(what as usize);
    }
}

/// A message left, or did not.
pub fn sent<T>(result: &Result<T, SendError>) {
    MESSAGES.add(match result {
        Ok(_) => 0,
        Err(SendError::Refused { .. }) => 1,
        Err(SendError::RateLimited { .. } | SendError::Temporary { .. }) => 2,
        Err(SendError::Uncertain { .. }) => 3,
        Err(SendError::Revoked(_)) => 4,
    });
}

/// A request of the outside world was answered with this status.
pub fn answered(status: u16) {
    WEBHOOKS.add(match status {
        200..=299 => 0,
        300..=399 => 1,
        400 => 2,
        401 => 3,
        404 => 4,
        413 => 5,
        429 => 6,
        other if (400..500).contains(&other) => 7,
        _ => 8,
    });
}

#[cfg(test)]
mod tests;
