//! Jobs: what plugins do at set times, those of their manifests and those that they made at run time.
//!
//! Of each job the store holds where it stands ([`Standing`]): up to which instant its due times were seen to, whether it
//! rests, how its last run ended; and of one that was made at run time what it is ([`Made`]). Both lie in spaces that no
//! plugin can name. What is due becomes an event whose identity is made of job and due time, and goes the way of all
//! events, so a run has the journal's guarantees. In reading order: `kept` is what is stored, `plan` what that means,
//! `run` tells what is due, `arrival` what is due because a plugin was loaded, `view` shows it to people.
//!
//! **Once.** Before a host tells that a job is due it claims it, by a write that only one of several hosts can do; when
//! the event is in the journal it writes down that these due times are seen to. After a crash in between, the claim ends
//! after a while ([`CLAIM`]), and whoever takes the job up tells the same events, which the journal knows.

mod arrival;
mod kept;
mod plan;
mod run;
mod view;

pub use kept::{Last, Made, Standing, When};
pub use run::{CLAIM, Told};
pub use view::{JobState, LastRow, Row};

use crate::maintenance::Maintenance;
use crate::registry::{Follower, Registry, Snapshot};
use arc_swap::ArcSwap;
use arrival::Arrival;
use async_trait::async_trait;
use jiff::Timestamp;
use moa_core::event::{Event, EventKind};
use moa_core::manifest::{Manifest, Missed};
use moa_core::schedule::{Pattern, Schedule, ScheduleError};
use moa_store::{Effect, Outcome, Store, StoreError, Write, WriteOutcome};
use plan::Plan;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Instant, SystemTime};
use tokio::sync::Notify;

/// The most jobs that one plugin may make at run time.
pub const MAX_JOBS: usize = 1_000;
/// How many locks jobs share.
const LOCKS: usize = 16;

/// Why a job was not made.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// The manifest has one of that name.
    #[error("the manifest has a job with the id `{0}`; give another name")]
    Taken(String),
    /// The plugin has as many as it may have.
    #[error("the plugin `{0}` made {MAX_JOBS} jobs already, the most that it may; cancel one first")]
    Full(String),
    /// When it is due cannot be read.
    #[error(transparent)]
    Schedule(#[from] ScheduleError),
    /// There is no such job.
    #[error("there is no job `{1}` of a plugin `{0}`; `moa schedule list` shows those that there are")]
    None(String, String),
    /// The store could not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A plugin's name and a job's.
pub type Key = (String, String);
/// Whether a plugin may make jobs at run time; those of one that may not any more rest.
pub type May = Arc<dyn Fn(&str, &Manifest) -> bool + Send + Sync>;
/// Whether a plugin rests because it failed again and again.
pub type Rest = Arc<dyn Fn(&str) -> bool + Send + Sync>;
/// The plugins that serve, by name.
type Shelf = BTreeMap<String, Arc<Manifest>>;

/// All jobs.
pub struct Schedules {
    store: Arc<dyn Store>,
    maintenance: Arc<Maintenance>,
    may: May,
    rests: Rest,
    /// The bot's zone, for jobs that name none.
    zone: String,
    /// What this host is called in claims.
    me: String,
    plugins: Option<Arc<ArcSwap<Snapshot>>>,
    shelf: ArcSwap<Shelf>,
    book: Mutex<Book>,
    changed: Notify,
    /// Held over a change of a job in the store and the book, which must see the same order.
    changing: [tokio::sync::Mutex<()>; LOCKS],
}

#[derive(Default)]
struct Book {
    made: BTreeMap<Key, Made>,
    standing: BTreeMap<Key, Standing>,
    /// The plugins that serve, and since when.
    arrivals: BTreeMap<String, Arrival>,
    plans: BTreeMap<Key, Arc<Plan>>,
    /// The plans are not what is known now.
    stale: bool,
    /// Runs that were told and have not ended, and since when.
    running: BTreeMap<Key, (BTreeSet<String>, Instant)>,
    /// What is being told just now.
    telling: BTreeSet<Key>,
    /// What could not be begun: not before when it is tried again, in milliseconds since 1970, and after how many of them.
    hindered: BTreeMap<Key, (i64, i64)>,
}

impl Book {
    /// A run does not go on any more, or never did.
    fn ended(&mut self, key: &Key, due: &str) {
        if let Some((runs, _)) = self.running.get_mut(key) {
            runs.remove(due);
            if runs.is_empty() {
                self.running.remove(key);
            }
        }
    }
}

impl Schedules {
    /// No job is known yet.
    pub fn empty(store: Arc<dyn Store>, maintenance: Arc<Maintenance>, zone: &str) -> Self {
        Self {
            store,
            maintenance,
            may: Arc::new(|_, _| true),
            rests: Arc::new(|_| false),
            zone: zone.into(),
            me: format!("{:016x}", fastrand::u64(..)),
            plugins: None,
            shelf: ArcSwap::default(),
            book: Mutex::default(),
            changed: Notify::new(),
            changing: Default::default(),
        }
    }

    /// Only plugins for which `may` says so make jobs at run time.
    pub fn with(mut self, may: May) -> Self {
        self.may = may;
        self
    }

    /// What is due once waits while `rests` says so of its plugin.
    pub fn waiting(mut self, rests: Rest) -> Self {
        self.rests = rests;
        self
    }

    /// Reads what is stored, and follows the registry from then on.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn load(mut self, registry: &Registry) -> Result<Arc<Self>, StoreError> {
        self.plugins = Some(registry.cell());
        let schedules = Arc::new(self);
        schedules.reload().await?;
        let own: Weak<Self> = Arc::downgrade(&schedules);
        registry.follow(own);
        schedules.look();
        Ok(schedules)
    }

    /// Reads anew what is stored: an operator changed the store beside the host, or another host did.
    ///
    /// # Errors
    /// The store cannot be read; what was known before counts.
    pub async fn reload(&self) -> Result<(), StoreError> {
        let made = kept::all(&*self.store, &kept::made_space()).await?;
        let standing = kept::all(&*self.store, &kept::standing_space()).await?;
        let mut book = lock(&self.book);
        (book.made, book.standing, book.stale) = (made, standing, true);
        drop(book);
        self.changed.notify_one();
        Ok(())
    }

    /// Looks at the plugins as they are now.
    fn look(&self) {
        if let Some(plugins) = &self.plugins {
            let snapshot = plugins.load_full();
            let serving = snapshot.plugins.iter();
            let serving = serving.filter(|(name, _)| !snapshot.stopped.contains_key(*name));
            self.know(
                serving
                    .map(|(name, loaded)| (name.clone(), Arc::clone(&loaded.manifest)))
                    .collect(),
            );
        }
    }

    /// These plugins serve.
    pub(crate) fn know(&self, shelf: Shelf) {
        let mut book = lock(&self.book);
        arrival::arrivals(&mut book.arrivals, &shelf);
        self.shelf.store(Arc::new(shelf));
        book.stale = true;
        drop(book);
        self.changed.notify_one();
    }

    /// Makes a job of a plugin's, or replaces the one of that name.
    ///
    /// # Errors
    /// [`JobError`].
    pub async fn make(
        &self,
        plugin: &str,
        name: &str,
        when: When,
        payload: String,
        (now, effect): (SystemTime, Option<Effect>),
    ) -> Result<(), JobError> {
        let key = (plugin.to_owned(), name.to_owned());
        if self.is_manifests(&key) {
            return Err(JobError::Taken(name.into()));
        }
        if let When::Every { cron, timezone, .. } = &when {
            Schedule::new(Pattern::parse(cron)?, timezone, Vec::new())?;
        }
        let _changing = self.changing(&key).lock().await;
        {
            let book = lock(&self.book);
            let own = || book.made.keys().filter(|(owner, _)| owner == plugin).count();
            if !book.made.contains_key(&key) && own() >= MAX_JOBS {
                return Err(JobError::Full(plugin.into()));
            }
        }
        let known = kept::one::<Made>(&*self.store, &kept::made_space(), &key).await?;
        let stands = kept::one::<Standing>(&*self.store, &kept::standing_space(), &key).await?;
        let stands = stands.map(|(standing, _)| standing).unwrap_or_default();
        let known = known.map(|(made, _)| made);
        let known = known.filter(|made| made.when == when && made.payload == payload && made.uid == stands.plan);
        // A plugin that makes its jobs anew at each start loses no run by that.
        let is_same = known.is_some();
        let made = known.unwrap_or_else(|| Made {
            uid: format!("{:016x}", fastrand::u64(..)),
            when,
            payload,
            made_ms: crate::questions::milliseconds(now),
        });
        let mut writes = vec![Write::set(
            kept::made_space().cell(kept::cell(&key)),
            kept::bytes(&made)?,
        )];
        if !is_same {
            // That an operator lets it rest is no business of the plugin's.
            let standing = Standing {
                plan: made.uid.clone(),
                since_ms: made.made_ms,
                claim: None,
                ..stands
            };
            let cell = kept::standing_space().cell(kept::cell(&key));
            writes.push(Write::set(cell, kept::bytes(&standing)?));
        }
        self.store.write(writes, effect).await?;
        Ok(self.refresh(&key).await?)
    }

    /// Cancels a job that was made at run time. Whether it was there.
    ///
    /// # Errors
    /// [`JobError::Taken`] for a job of the manifest; what the store refuses.
    pub async fn cancel(&self, plugin: &str, name: &str, effect: Option<Effect>) -> Result<bool, JobError> {
        let key = (plugin.to_owned(), name.to_owned());
        if self.is_manifests(&key) {
            return Err(JobError::Taken(name.into()));
        }
        let _changing = self.changing(&key).lock().await;
        let outcomes = self.store.write(kept::deletes(&key), effect).await?;
        self.refresh(&key).await?;
        Ok(was_there(&outcomes))
    }

    /// A job's rest begins or ends. While it lasts nothing is due, and nothing is made up for afterwards; what is due once
    /// waits for its end.
    ///
    /// # Errors
    /// [`JobError::None`]; what the store refuses.
    pub async fn pause(&self, plugin: &str, name: &str, paused: bool, now: SystemTime) -> Result<(), JobError> {
        let key = (plugin.to_owned(), name.to_owned());
        let now_ms = crate::questions::milliseconds(now);
        self.replan();
        let plan = lock(&self.book).plans.get(&key).cloned();
        let Some(plan) = plan else {
            return Err(JobError::None(plugin.into(), name.into()));
        };
        self.update(&key, |standing| {
            let mut standing = standing.unwrap_or_else(|| Standing {
                plan: plan.id().into(),
                since_ms: now_ms,
                ..Standing::default()
            });
            if standing.paused && !paused {
                standing.since_ms = standing.since_ms.max(now_ms);
            }
            standing.paused = paused;
            Some(standing)
        })
        .await?;
        self.changed.notify_one();
        Ok(())
    }

    /// A call ended. Of a job's run it is written down how; `None`: it was not begun.
    pub fn ended(self: &Arc<Self>, event: &Event, outcome: Option<&Outcome>, now: SystemTime) {
        let EventKind::Due(due) = &event.kind else { return };
        let key = (due.plugin.clone(), due.name.clone());
        lock(&self.book).ended(&key, &due.due);
        self.changed.notify_one();
        let failed = match outcome {
            Some(Outcome::Done) => None,
            Some(Outcome::Failed { reason } | Outcome::Diverged { reason }) => Some(reason.clone()),
            Some(Outcome::Dropped) => Some("dropped".into()),
            None => Some("not begun: the plugin rests, or is not called for now".into()),
        };
        let last = Last {
            due: due.due.clone(),
            ended_ms: crate::questions::milliseconds(now),
            failed,
        };
        let schedules = Arc::clone(self);
        tokio::spawn(async move {
            let noted = schedules.update(&key, |standing| {
                let last = Some(last.clone());
                standing.map(|standing| Standing { last, ..standing })
            });
            if let Err(error) = noted.await {
                tracing::debug!(plugin = key.0, job = key.1, %error, "how a job's run ended could not be noted");
            }
        });
    }

    /// Whether an admin lets no plugin be called for now.
    pub fn is_held(&self) -> bool {
        self.maintenance.is_paused()
    }

    fn is_manifests(&self, key: &Key) -> bool {
        let shelf = self.shelf.load();
        shelf
            .get(&key.0)
            .is_some_and(|manifest| manifest.jobs.iter().any(|job| job.id == key.1))
    }

    /// Reads a job anew. To be called with its lock.
    async fn refresh(&self, key: &Key) -> Result<(), StoreError> {
        let made = kept::one(&*self.store, &kept::made_space(), key).await?;
        let standing = kept::one(&*self.store, &kept::standing_space(), key).await?;
        let mut book = lock(&self.book);
        match made {
            Some((made, _)) => drop(book.made.insert(key.clone(), made)),
            None => drop(book.made.remove(key)),
        }
        match standing {
            Some((standing, _)) => drop(book.standing.insert(key.clone(), standing)),
            None => drop(book.standing.remove(key)),
        }
        book.stale = true;
        drop(book);
        self.changed.notify_one();
        Ok(())
    }

    /// Changes where a job stands, as the store has it. Whether it did; `change` gives nothing where it is to stay.
    async fn update(
        &self,
        key: &Key,
        mut change: impl FnMut(Option<Standing>) -> Option<Standing>,
    ) -> Result<bool, StoreError> {
        let _changing = self.changing(key).lock().await;
        loop {
            let known = kept::one::<Standing>(&*self.store, &kept::standing_space(), key).await?;
            let (before, version) = known.unzip();
            let Some(after) = change(before.clone()) else {
                let mut book = lock(&self.book);
                match before {
                    Some(before) => drop(book.standing.insert(key.clone(), before)),
                    None => drop(book.standing.remove(key)),
                }
                return Ok(false);
            };
            let write = Write::compare_and_swap(
                kept::standing_space().cell(kept::cell(key)),
                kept::bytes(&after)?,
                version,
            );
            match self.store.write(vec![write], None).await {
                Ok(_) => {
                    lock(&self.book).standing.insert(key.clone(), after);
                    return Ok(true);
                }
                // Another host was faster.
                Err(StoreError::Refused(moa_store::Refusal::Conflict { .. })) => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn changing(&self, key: &Key) -> &tokio::sync::Mutex<()> {
        let sum = key.0.bytes().chain(key.1.bytes()).fold(0_usize, |sum, byte| {
            sum.wrapping_mul(31).wrapping_add(usize::from(byte))
        });
        let [first, ..] = &self.changing;
        self.changing.get(sum % LOCKS).unwrap_or(first)
    }
}

#[async_trait]
impl Follower for Schedules {
    async fn plugins_changed(&self) {
        self.look();
    }
}

/// What a cancellation says of the job.
pub fn was_there(outcomes: &[WriteOutcome]) -> bool {
    matches!(outcomes.first(), Some(WriteOutcome::Deleted { existed: true }))
}

fn timestamp(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// The manifest's word for what the contract calls the same.
pub fn missed(of: moa_engine::Missed) -> Missed {
    match of {
        moa_engine::Missed::Skip => Missed::Skip,
        moa_engine::Missed::Once => Missed::Once,
        moa_engine::Missed::All => Missed::All,
    }
}

/// Nothing here is left half changed by a panic elsewhere.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
