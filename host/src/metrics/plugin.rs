//! What is counted of each plugin.

use super::number::{Counter, Histogram, Row};
use arc_swap::ArcSwap;
use moa_core::call::{CapError, Failure};
use moa_engine::Fault;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

/// So many plugins are counted one by one; what further ones do counts as [`OTHER`].
pub const MOST: usize = 500;
/// The label of what has no place of its own. No plugin can have this name: it has no dots.
pub const OTHER: &str = "...other";

/// What kind of call it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A command.
    Command,
    /// A message that fits a pattern.
    Heard,
    /// A button, a menu, a form, a shortcut.
    Press,
    /// A reaction, a join, an edit, …
    Change,
    /// A job that is due.
    Job,
    /// A request of another system.
    Webhook,
}

/// The kinds, as labels.
pub const KINDS: [&str; 6] = ["command", "heard", "press", "change", "job", "webhook"];
const RESULTS: [&str; 7] = ["ok", "refused", "failed", "fault", "busy", "stopped", "retry"];
const FAULTS: [&str; 9] = [
    "cpu",
    "wall",
    "memory",
    "trap",
    "panic",
    "host-calls",
    "export",
    "output",
    "host",
];
const REACHED: [&str; 4] = ["ok", "denied", "limited", "failed"];
const TURNED: [&str; 2] = ["resting", "queue-full"];

/// How a call ended: the same for all who count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It did what it was asked for.
    Ok,
    /// The plugin said no, or showed the right form.
    Refused,
    /// The plugin reported a failure.
    Failed,
    /// It was ended for what it did, or could not be run.
    Fault,
    /// The host had no room for it.
    Busy,
    /// The host stopped it.
    Stopped,
    /// It asked to be tried again, and is: the next try is a call of its own.
    Retry,
}

impl Ending {
    /// How a call ended with this result. `stopped`: the host did not let it go on; `last`: it is not tried again.
    pub fn of<T>(result: &Result<Result<T, Failure>, Fault>, stopped: bool, last: bool) -> Self {
        match result {
            _ if stopped => Self::Stopped,
            Ok(Ok(_)) => Self::Ok,
            Ok(Err(Failure::Usage(_) | Failure::Rejected(_))) => Self::Refused,
            Ok(Err(Failure::Retry(_))) if !last => Self::Retry,
            Ok(Err(Failure::Internal(_) | Failure::Retry(_))) => Self::Failed,
            Err(Fault::Busy(_)) => Self::Busy,
            Err(Fault::Stopped) => Self::Stopped,
            Err(_) => Self::Fault,
        }
    }
}

/// What a call asked for outside of the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outside {
    /// HTTP.
    Http,
    /// A database.
    Sql,
    /// A bucket.
    Objects,
}

/// The counts of one plugin.
#[derive(Debug)]
pub struct Meters {
    /// Calls that ended, by kind and result.
    pub calls: [Row<7>; KINDS.len()],
    /// Calls that asked to be tried again.
    pub retries: Counter,
    /// Faults, by what they were.
    pub faults: Row<9>,
    /// What was not even tried.
    pub turned_away: Row<2>,
    /// From the event's arrival until the answer had left.
    pub answers: Histogram,
    /// Time spent computing, in microseconds.
    pub cpu: Counter,
    /// Requests to the outside world.
    pub http: Row<4>,
    /// Statements to databases.
    pub sql: Row<4>,
    /// Uses of buckets.
    pub objects: Row<4>,
}

impl Default for Meters {
    fn default() -> Self {
        Self {
            calls: [const { Row::new(RESULTS) }; KINDS.len()],
            retries: Counter::new(),
            faults: Row::new(FAULTS),
            turned_away: Row::new(TURNED),
            answers: Histogram::new(),
            cpu: Counter::new(),
            http: Row::new(REACHED),
            sql: Row::new(REACHED),
            objects: Row::new(REACHED),
        }
    }
}

impl Meters {
    /// A call of this kind ended so, and took so much computing; `fault` is what ended it, if anything did.
    pub fn called(&self, kind: Kind, ending: Ending, cpu: Duration, fault: Option<&Fault>) {
        if let Some(row) = self.calls.get(kind as usize) {
            row.add(ending as usize);
        }
        self.cpu.more(u64::try_from(cpu.as_micros()).unwrap_or(u64::MAX));
        if ending == Ending::Retry {
            self.retries.add();
        }
        if ending == Ending::Fault {
            self.faulted(fault);
        }
    }

    fn faulted(&self, fault: Option<&Fault>) {
        let at = match fault {
            None | Some(Fault::Stopped | Fault::Busy(_)) => return,
            Some(Fault::CpuTime { .. }) => 0,
            Some(Fault::WallTime { .. }) => 1,
            Some(Fault::Memory { .. }) => 2,
            Some(Fault::Trap { .. }) => 3,
            Some(Fault::Panic { .. }) => 4,
            Some(Fault::HostCalls { .. }) => 5,
            Some(Fault::MissingExport(_)) => 6,
            Some(Fault::BadOutput(_)) => 7,
            Some(Fault::Engine(_)) => 8,
        };
        self.faults.add(at);
    }

    /// What was asked of the outside world came to this.
    pub fn reached<T>(&self, outside: Outside, result: &Result<T, CapError>) {
        let row = match outside {
            Outside::Http => &self.http,
            Outside::Sql => &self.sql,
            Outside::Objects => &self.objects,
        };
        row.add(match result {
            Ok(_) => 0,
            Err(CapError::AccessDenied(_)) => 1,
            Err(CapError::OverLimit(_)) => 2,
            Err(_) => 3,
        });
    }

    /// It rests, so a call was not begun.
    pub fn rested(&self) {
        self.turned_away.add(0);
    }

    /// Its queue was full, so a call was not begun.
    pub fn was_full(&self) {
        self.turned_away.add(1);
    }
}

type Table = HashMap<String, Arc<Meters>>;

/// Read without a lock; only a name that is new changes it.
static TABLE: LazyLock<ArcSwap<Table>> = LazyLock::new(ArcSwap::default);
static GROWING: Mutex<()> = Mutex::new(());

/// The counts of a plugin that is loaded. (Nothing that people type may become a label.)
pub fn of(plugin: &str) -> Arc<Meters> {
    if let Some(known) = TABLE.load().get(plugin) {
        return Arc::clone(known);
    }
    // The table is replaced whole, so what a panic elsewhere left of it is whole.
    let _growing = GROWING.lock().unwrap_or_else(PoisonError::into_inner);
    let table = TABLE.load();
    let name = match table.len() < MOST || table.contains_key(plugin) {
        true => plugin,
        false => OTHER,
    };
    if let Some(known) = table.get(name) {
        return Arc::clone(known);
    }
    let new = Arc::<Meters>::default();
    let mut larger = Table::clone(&table);
    larger.insert(name.to_owned(), Arc::clone(&new));
    TABLE.store(Arc::new(larger));
    new
}

/// All that was counted of plugins, by name.
pub fn all() -> Vec<(String, Arc<Meters>)> {
    let table = TABLE.load();
    let mut all: Vec<_> = table
        .iter()
        .map(|(name, meters)| (name.clone(), Arc::clone(meters)))
        .collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_counted_by_kind_and_result() {
        let meters = Meters::default();
        let ended = |kind, result: Result<Result<(), Failure>, Fault>, stopped, last| {
            let ending = Ending::of(&result, stopped, last);
            meters.called(kind, ending, Duration::from_micros(5), result.as_ref().err());
        };
        let command = |result| ended(Kind::Command, result, false, true);
        command(Ok(Ok(())));
        command(Ok(Err(Failure::Rejected("no".into()))));
        command(Ok(Err(Failure::Internal("oh".into()))));
        command(Err(Fault::CpuTime {
            limit: Duration::from_secs(1),
        }));
        command(Err(Fault::Stopped));
        // Another try is coming, and then there is none left.
        ended(Kind::Job, Ok(Err(Failure::Retry(1))), false, false);
        ended(Kind::Job, Ok(Err(Failure::Retry(1))), false, true);
        // Whatever came of what the host did not let go on.
        let trap = Fault::Engine("it was cut off".into());
        ended(Kind::Job, Err(trap), true, true);
        ended(Kind::Webhook, Ok(Ok(())), false, true);
        let counted = |row: &Row<7>| row.each().map(|(_, count)| count).collect::<Vec<_>>();
        assert_eq!(counted(&meters.calls[0]), [1, 1, 1, 1, 0, 1, 0]);
        assert_eq!(counted(&meters.calls[4]), [0, 0, 1, 0, 0, 1, 1]);
        assert_eq!(counted(&meters.calls[5]), [1, 0, 0, 0, 0, 0, 0]);
        assert_eq!(meters.retries.get(), 1);
        assert_eq!(meters.faults.each().map(|(_, count)| count).sum::<u64>(), 1);
        assert_eq!(meters.cpu.get(), 45);
        meters.reached::<()>(Outside::Sql, &Err(CapError::AccessDenied("no".into())));
        assert_eq!(meters.sql.each().nth(1), Some(("denied", 1)));
    }

    #[test]
    fn however_many_plugins_come_and_go_the_labels_stay_bounded() {
        for n in 0..MOST + 50 {
            of(&format!("bounded-{n}")).retries.add();
        }
        assert!(all().len() <= MOST + 1);
        assert!(
            of("one-more-of-them").retries.get() >= 40,
            "it is counted with the others"
        );
        assert!(Arc::ptr_eq(&of("bounded-1"), &of("bounded-1")));
    }
}
