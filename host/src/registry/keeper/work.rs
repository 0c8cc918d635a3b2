//! What is done beside the keeper's task, for files and for orders: compiling, loading and asking for the manifest take as
//! long as they take. What comes of it is decided in the keeper's task alone.
//!
//! Files are looked at one after the other. One whose code is in the cache is loaded at once; one that has to be compiled
//! waits until there is a place for it, without its content, which may be large and many.

use super::Keeper;
use super::carry::Carried;
use crate::registry::load::{Failure, Fresh, Loader};
use crate::registry::problem::Stage;
use crate::registry::scan::Stamp;
use moa_engine::Limits;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ffi::{OsStr, OsString};
use std::sync::Arc;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

/// How many files are loaded at the same time that need not be compiled.
const WARM: usize = 4;

/// Whether a file has to be compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lane {
    Warm,
    Cold,
}

/// A file that is being loaded.
pub(super) struct Running {
    /// Tells this work from any other.
    id: u64,
    /// Of what is being loaded.
    pub(super) hash: String,
    /// The state of the file when that was read.
    pub(super) stamp: Stamp,
    /// When that was.
    pub(super) begun: Instant,
    lane: Lane,
    job: AbortHandle,
}

/// Whom work is for.
pub(super) enum Aim {
    File(OsString, u64),
    Order(Box<Carried>),
}

/// Work that is done.
pub(super) struct Done {
    pub(super) aim: Aim,
    pub(super) result: Result<Fresh, Failure>,
}

/// All of it.
pub(super) struct Work {
    /// Files to be looked at. Those that are not any more are passed over.
    queue: VecDeque<OsString>,
    /// Files to be compiled, likewise.
    cold: VecDeque<OsString>,
    /// Files that wait until it is known what is in another one, by that.
    behind: BTreeMap<OsString, BTreeSet<OsString>>,
    jobs: JoinSet<Done>,
    warm_running: usize,
    cold_running: usize,
    cold_places: usize,
    next: u64,
}

impl Work {
    /// With places for so many files that are compiled.
    pub(super) fn new(cold_places: usize) -> Self {
        Self {
            queue: VecDeque::new(),
            cold: VecDeque::new(),
            behind: BTreeMap::new(),
            jobs: JoinSet::new(),
            warm_running: 0,
            cold_running: 0,
            cold_places,
            next: 0,
        }
    }

    /// The next that is done; `None` while nothing is being done.
    pub(super) async fn done(&mut self) -> Option<Done> {
        loop {
            match self.jobs.join_next().await? {
                Ok(done) => return Some(done),
                // Ended on purpose; whoever did that needs no answer.
                Err(_) => continue,
            }
        }
    }

    /// Whether there is a file that another step can be done for.
    pub(super) fn can_begin(&self) -> bool {
        !self.queue.is_empty() && self.warm_running < WARM || !self.cold.is_empty() && self.has_cold_place()
    }

    /// Whether there is no file that anything is done for, or is to be.
    pub(super) fn is_idle(&self) -> bool {
        self.queue.is_empty()
            && self.cold.is_empty()
            && self.behind.is_empty()
            && self.warm_running + self.cold_running == 0
    }

    /// Those who waited until it is known what is in a file.
    pub(super) fn behind(&mut self, name: &OsStr) -> BTreeSet<OsString> {
        self.behind.remove(name).unwrap_or_default()
    }

    pub(super) fn has_cold_place(&self) -> bool {
        self.cold_running < self.cold_places
    }

    fn free(&mut self, lane: Lane) {
        match lane {
            Lane::Warm => self.warm_running -= 1,
            Lane::Cold => self.cold_running -= 1,
        }
    }

    /// Has work done.
    pub(super) fn spawn(
        &mut self,
        loader: Loader,
        (bytes, hash): (Arc<Vec<u8>>, String),
        limits: Limits,
        aim: Aim,
    ) -> AbortHandle {
        self.jobs.spawn(async move {
            let load = tokio::spawn(async move { loader.load(bytes, &hash, &limits).await });
            let loaded = AbortOnDropHandle::new(load).await;
            // A panic is not the file's fault, and must not leave it without an answer.
            let result = loaded.unwrap_or_else(|error| Err(Failure::of_host(Stage::Load, error)));
            Done { aim, result }
        })
    }
}

impl Keeper {
    /// Deals with what is done.
    pub(super) async fn apply(&mut self, Done { aim, result }: Done) {
        match aim {
            Aim::File(name, id) => self.loaded(&name, id, result).await,
            Aim::Order(carried) => self.carried(*carried, result).await,
        }
    }

    /// Has a file looked at, as soon as it is its turn.
    pub(super) fn enqueue(&mut self, name: &OsStr, stamp: Option<Stamp>) {
        let file = self.files.entry(name.to_owned()).or_default();
        file.stamp = stamp;
        file.again = None;
        self.requeue(name);
    }

    /// The same of a file whose state is known.
    pub(super) fn requeue(&mut self, name: &OsStr) {
        let Some(file) = self.files.get_mut(name) else { return };
        (file.cold, file.behind) = (false, None);
        if !std::mem::replace(&mut file.queued, true) {
            self.work.queue.push_back(name.to_owned());
        }
    }

    /// Does the next step for the next file.
    pub(super) async fn begin(&mut self) {
        if self.work.warm_running < WARM
            && let Some(name) = self.work.queue.pop_front()
        {
            let file = self.files.get_mut(&name);
            if file.is_some_and(|file| std::mem::take(&mut file.queued)) {
                self.examine(&name, false).await;
            }
        } else if self.work.has_cold_place()
            && let Some(name) = self.work.cold.pop_front()
        {
            let file = self.files.get_mut(&name);
            if file.is_some_and(|file| std::mem::take(&mut file.cold)) {
                self.examine(&name, true).await;
            }
        }
    }

    /// A file waits for its turn to be compiled.
    pub(super) fn put_off(&mut self, name: &OsStr) {
        let Some(file) = self.files.get_mut(name) else { return };
        if !std::mem::replace(&mut file.cold, true) {
            self.work.cold.push_back(name.to_owned());
        }
    }

    /// A file waits until it is known what is in another one.
    pub(super) fn wait_behind(&mut self, name: &OsStr, other: OsString) {
        let Some(file) = self.files.get_mut(name) else { return };
        file.behind = Some(other.clone());
        self.work.behind.entry(other).or_default().insert(name.to_owned());
    }

    /// Begins to load what was read of a file.
    pub(super) fn load(
        &mut self,
        name: &OsStr,
        lane: Lane,
        (bytes, hash): (Vec<u8>, String),
        (stamp, begun): (Stamp, Instant),
        limits: Limits,
    ) {
        let Some(file) = self.files.get_mut(name) else { return };
        let id = self.work.next;
        self.work.next += 1;
        match lane {
            Lane::Warm => self.work.warm_running += 1,
            Lane::Cold => self.work.cold_running += 1,
        }
        let what = (Arc::new(bytes), hash.clone());
        let aim = Aim::File(name.to_owned(), id);
        let job = self.work.spawn(self.loader.clone(), what, limits, aim);
        file.running = Some(Running {
            id,
            hash,
            stamp,
            begun,
            lane,
            job,
        });
    }

    /// The work on a file that is done, if it is still wanted.
    pub(super) fn ended(&mut self, name: &OsStr, id: u64) -> Option<Running> {
        let file = self.files.get_mut(name)?;
        let running = file.running.take_if(|running| running.id == id)?;
        self.work.free(running.lane);
        Some(running)
    }

    /// Ends the work on a file; what it would have come to is not wanted any more.
    pub(super) fn stop_work(&mut self, name: &OsStr) {
        if let Some(running) = self.files.get_mut(name).and_then(|file| file.running.take()) {
            running.job.abort();
            self.work.free(running.lane);
        }
    }

    /// The same, and it is not looked at either.
    pub(super) fn halt(&mut self, name: &OsStr) {
        self.stop_work(name);
        if let Some(file) = self.files.get_mut(name) {
            (file.queued, file.cold, file.behind) = (false, false, None);
        }
    }
}
