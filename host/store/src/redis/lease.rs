//! Who has the store: one host at a time.
//!
//! The lease is a key that expires unless its holder renews it. Whoever takes it gets the next epoch, and writes that epoch
//! into all data; a host that was asleep while another one took over is refused there, whatever it believes.

use super::names::{FORMAT, Journal};
use super::scripts::{Digests, Script};
use crate::error::StoreError;
use redis::{Cmd, Value};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How long a lease lasts that nobody renews.
pub(super) const LASTS: Duration = Duration::from_secs(10);
/// How often it is renewed.
pub(super) const RENEWED_EVERY: Duration = Duration::from_secs(3);

/// The numbers of the leases that this process holds: one that is not among them was dropped without a word.
static HELD: Mutex<BTreeSet<u64>> = Mutex::new(BTreeSet::new());

/// Which host it is, so that another one on the same machine can see whether it still runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Holder {
    /// The machine's name.
    pub host: String,
    pub pid: u32,
    /// Since the machine started, in clock ticks: a pid may come back.
    pub started: u64,
    /// Changes whenever the machine starts, and differs between machines.
    pub boot: String,
    /// Pids mean something only within it.
    pub namespace: String,
    /// Among the stores of one process.
    pub number: u64,
}

impl Holder {
    pub(super) fn me() -> Self {
        let number = random_number();
        let pid = std::process::id();
        Self {
            host: read("/proc/sys/kernel/hostname"),
            pid,
            started: started(pid).unwrap_or_default(),
            boot: read("/proc/sys/kernel/random/boot_id"),
            namespace: namespace(),
            number,
        }
    }

    /// Whether this holder certainly still runs.
    pub(super) fn is_here(&self) -> bool {
        self.is_near() && self.runs()
    }

    /// Whether this holder is certainly gone. Of other machines and containers nothing is certain.
    pub(super) fn is_gone(&self) -> bool {
        self.is_near() && !self.runs()
    }

    /// Whether its process can be seen from here.
    fn is_near(&self) -> bool {
        !self.boot.is_empty() && self.boot == read("/proc/sys/kernel/random/boot_id") && self.namespace == namespace()
    }

    fn runs(&self) -> bool {
        let same = started(self.pid) == Some(self.started);
        same && (self.pid != std::process::id() || held().contains(&self.number))
    }

    /// For people.
    pub(super) fn name(&self) -> String {
        format!("process {} on {}", self.pid, self.host)
    }

    /// As it stands in the lease.
    pub(super) fn text(&self) -> String {
        // Plain numbers and texts can always be written.
        serde_json::to_string(self).unwrap_or_default()
    }
}

fn held() -> std::sync::MutexGuard<'static, BTreeSet<u64>> {
    HELD.lock().unwrap_or_else(PoisonError::into_inner)
}

fn read(path: &str) -> String {
    // Where there is no such file nothing can be told about other processes: they are waited for.
    std::fs::read_to_string(path).unwrap_or_default().trim().to_owned()
}

fn namespace() -> String {
    std::fs::read_link("/proc/self/ns/pid")
        .map(|link| link.to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// When the process started; `None` if there is none. See `man 5 proc`: field 22, counted behind the name, which may hold
/// anything.
fn started(pid: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_ascii_whitespace();
    let state = fields.next()?;
    // Dead, and only waiting for its parent to notice.
    if matches!(state, "Z" | "X") {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

fn random_number() -> u64 {
    use std::hash::{BuildHasher, Hasher};
    // Freshly keyed for every state: as random as the standard library gets.
    std::hash::RandomState::new().build_hasher().finish()
}

/// A lease that is held. Dropping it lets other stores of this process know.
pub(super) struct Lease {
    text: String,
    number: u64,
    pub epoch: u64,
}

/// What came of a renewal.
pub(super) enum Renewed {
    /// It is ours; the last number of the journal.
    Kept { seq: u64 },
    /// It is ours, but what this host has written is gone.
    Lost,
    /// Somebody else has it.
    Taken(String),
}

impl Lease {
    pub(super) fn new(holder: &Holder, epoch: u64) -> Self {
        held().insert(holder.number);
        Self {
            text: holder.text(),
            number: holder.number,
            epoch,
        }
    }

    pub(super) fn renew(&self, digests: &Digests) -> Result<Cmd, StoreError> {
        let mut renew = digests.run(Script::Renew, [Journal::LEASE, Journal::META, Journal::FORMAT])?;
        renew
            .arg(&self.text)
            .arg(self.epoch)
            .arg(LASTS.as_millis().to_string())
            .arg(FORMAT);
        Ok(renew)
    }

    pub(super) fn renewed(&self, answer: Value) -> Renewed {
        let answer: Vec<String> = redis::from_redis_value(answer).unwrap_or_default();
        match answer.as_slice() {
            [what, seq] if what == "kept" => Renewed::Kept {
                seq: seq.parse().unwrap_or_default(),
            },
            [what, _] if what == "lost" => Renewed::Lost,
            [_, by] => Renewed::Taken(holder_name(by)),
            _ => Renewed::Taken("an unknown one".to_owned()),
        }
    }

    pub(super) fn release(&self, digests: &Digests) -> Result<Cmd, StoreError> {
        let mut release = digests.run(Script::Release, [Journal::LEASE])?;
        release.arg(&self.text);
        Ok(release)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        held().remove(&self.number);
    }
}

/// Who holds a lease of this text.
pub(super) fn read_holder(text: &str) -> Option<Holder> {
    serde_json::from_str(text).ok()
}

/// The same for people.
pub(super) fn holder_name(text: &str) -> String {
    read_holder(text).map_or_else(|| "another host".to_owned(), |holder| holder.name())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_holder_is_gone_when_its_process_is() {
        let me = Holder::me();
        assert!(me.is_gone(), "nothing of this process holds it");
        let lease = Lease::new(&me, 1);
        assert!(!me.is_gone());
        drop(lease);
        assert!(me.is_gone());

        let lease = Lease::new(&me, 1);
        let reused = Holder {
            started: me.started + 1,
            ..me.clone()
        };
        assert!(reused.is_gone(), "the pid is another process's now");
        let elsewhere = Holder {
            boot: "another".to_owned(),
            ..reused.clone()
        };
        assert!(!elsewhere.is_gone(), "of other machines nothing is known");
        let contained = Holder {
            namespace: "another".to_owned(),
            ..reused
        };
        assert!(!contained.is_gone());
        drop(lease);

        let mut child = std::process::Command::new("true").spawn().unwrap();
        let theirs = Holder {
            pid: child.id(),
            started: started(child.id()).unwrap_or(1),
            ..me
        };
        child.wait().unwrap();
        assert!(theirs.is_gone());
    }
}
