//! What is due is told, once.

use super::kept::{self, Standing};
use super::plan::Plan;
use super::{Key, Schedules, lock, timestamp};
use crate::capability::World;
use crate::questions::milliseconds;
use futures_util::future::join_all;
use jiff::Timestamp;
use moa_core::event::{Due, Event, Identity};
use moa_core::schedule::Owed;
use moa_store::StoreError;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// How long a claim counts: whoever made it and did not go on is gone, or could not.
pub const CLAIM: Duration = Duration::from_secs(30);
/// How long is waited until the journal has what was told.
const PATIENCE: Duration = Duration::from_secs(20);
/// The longest sleep: clocks are set, and other hosts make jobs.
const LOOK: Duration = Duration::from_secs(60);
/// The longest sleep while no plugin is called.
const GLANCE: Duration = Duration::from_secs(2);
/// A run that was told so long ago and of whose end nothing was heard keeps no other from beginning.
const LOST: Duration = Duration::from_secs(15 * 60);
/// What a clock may be set back without a job's beginning anew, in milliseconds: until it is past that again, nothing
/// is due twice.
const SET_BACK_MS: i64 = 3_600_000;

/// Takes in an event; the receiver hears when the journal has it.
pub type Tell<'a> = &'a (dyn Fn(Event) -> oneshot::Receiver<()> + Send + Sync);

impl Schedules {
    /// Tells what is due when it is, without end.
    pub async fn watch(&self, world: &dyn World, tell: Tell<'_>) {
        let mut read = Instant::now();
        loop {
            if read.elapsed() >= LOOK {
                read = Instant::now();
                if let Err(error) = self.reload().await {
                    tracing::warn!(%error, "the jobs cannot be read anew; what was known before counts");
                }
            }
            self.run_due(world, tell).await;
            let wait = self.wait(milliseconds(world.now()));
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.changed.notified() => {}
            }
        }
    }

    /// Tells what is due now. How many runs that were.
    pub async fn run_due(&self, world: &dyn World, tell: Tell<'_>) -> usize {
        let now_ms = milliseconds(world.now());
        self.replan();
        self.adopt(now_ms).await;
        let ripe = self.ripe(now_ms);
        let told = ripe.iter().map(|(key, plan)| self.fire(key, plan, now_ms, tell));
        join_all(told).await.into_iter().sum()
    }

    /// Jobs that are new, or due by another schedule than before, begin now. What no manifest has any more is forgotten.
    async fn adopt(&self, now_ms: i64) {
        let (new, gone) = {
            let (shelf, book) = (self.shelf.load(), lock(&self.book));
            let begins_anew = |key: &Key, plan: &Arc<Plan>| {
                let known = book.standing.get(key);
                known.is_none_or(|known| known.plan != plan.id() || known.since_ms > now_ms + SET_BACK_MS)
            };
            let new: Vec<_> = book
                .plans
                .iter()
                .filter(|(key, plan)| begins_anew(key, plan))
                .map(|(key, plan)| (key.clone(), Arc::clone(plan)))
                .collect();
            // A plugin that is not loaded may come back.
            let is_gone = |key: &&Key| shelf.contains_key(&key.0) && !book.plans.contains_key(*key);
            let gone: Vec<Key> = book.standing.keys().filter(is_gone).cloned().collect();
            (new, gone)
        };
        let begun = new.iter().map(|(key, plan)| self.begin(key, plan, now_ms));
        let forgotten = gone.iter().map(|key| self.forget(key, None));
        let (begun, forgotten) = tokio::join!(join_all(begun), join_all(forgotten));
        for error in begun.into_iter().chain(forgotten).filter_map(Result::err) {
            tracing::error!(%error, "where a job stands cannot be written down; trying again");
        }
    }

    async fn begin(&self, key: &Key, plan: &Plan, now_ms: i64) -> Result<(), StoreError> {
        self.update(key, |known| match known {
            Some(known) if known.plan == plan.id() && known.since_ms <= now_ms + SET_BACK_MS => None,
            known => {
                let known = known.unwrap_or_default();
                Some(Standing {
                    plan: plan.id().into(),
                    since_ms: now_ms,
                    claim: None,
                    ..known
                })
            }
        })
        .await
        .map(drop)
    }

    /// Forgets a job; one that was made only if it is that.
    async fn forget(&self, key: &Key, uid: Option<&str>) -> Result<(), StoreError> {
        let _changing = self.changing(key).lock().await;
        let made = kept::one::<kept::Made>(&*self.store, &kept::made_space(), key).await?;
        if made.is_none_or(|(made, _)| Some(made.uid.as_str()) == uid) {
            self.store.write(kept::deletes(key), None).await?;
        }
        self.refresh(key).await
    }

    /// The jobs of which something is due and may run.
    fn ripe(&self, now_ms: i64) -> Vec<(Key, Arc<Plan>)> {
        let book = lock(&self.book);
        let is_ripe = |key: &Key, plan: &Plan| {
            let standing = book.standing.get(key).filter(|standing| standing.plan == plan.id());
            standing.is_some_and(|standing| self.may_run(key, plan, standing) && begins_ms(plan, standing) <= now_ms)
        };
        let ripe = book.plans.iter().filter(|(key, plan)| is_ripe(key, plan));
        let ripe = ripe.filter(|(key, _)| !is_running(&book, key));
        ripe.map(|(key, plan)| (key.clone(), Arc::clone(plan))).collect()
    }

    /// Whether a job may run as things are, apart from the time.
    fn may_run(&self, key: &Key, plan: &Plan, standing: &Standing) -> bool {
        !standing.paused && !self.maintenance.is_paused() && self.is_served(key, plan)
    }

    /// Whether the job's plugin is there, and may have it.
    pub(super) fn is_served(&self, (plugin, _): &Key, plan: &Plan) -> bool {
        let shelf = self.shelf.load();
        let manifest = shelf.get(plugin);
        manifest.is_some_and(|manifest| !plan.is_made() || (self.may)(plugin, manifest))
    }

    /// Tells what is owed of a job, unless another host does.
    async fn fire(&self, key: &Key, plan: &Plan, now_ms: i64, tell: Tell<'_>) -> usize {
        match self.told(key, plan, now_ms, tell).await {
            Ok(runs) => runs,
            Err(error) => {
                tracing::error!(plugin = key.0, job = key.1, %error, "a job is due and cannot be begun; trying again");
                0
            }
        }
    }

    async fn told(&self, key: &Key, plan: &Plan, now_ms: i64, tell: Tell<'_>) -> Result<usize, StoreError> {
        let mut owed = Owed::default();
        let mut taken_over = false;
        let claimed = self
            .update(key, |standing| {
                let standing = standing.filter(|standing| standing.plan == plan.id() && !standing.paused)?;
                if claim_ends_ms(&standing).is_some_and(|ends| ends > now_ms) {
                    return None;
                }
                owed = plan.owed(timestamp(standing.since_ms), timestamp(now_ms));
                owed.until?;
                taken_over = standing.claim.is_some();
                Some(Standing {
                    claim: Some((self.me.clone(), now_ms)),
                    ..standing
                })
            })
            .await?;
        let Some(until) = owed.until.filter(|_| claimed) else {
            return Ok(0);
        };
        if owed.left_out {
            let missed = plan.missed();
            tracing::info!(plugin = key.0, job = key.1, ?missed, runs = owed.runs.len(), %until, "due times were missed and are left out");
        }
        // What was told before may have ended before, and nothing would be heard of it.
        if !taken_over && !owed.runs.is_empty() {
            lock(&self.book)
                .running
                .insert(key.clone(), (owed.runs.iter().map(text).collect(), Instant::now()));
        }
        let recorded: Vec<_> = owed
            .runs
            .iter()
            .map(|due| tell(event(key, plan, *due, now_ms)))
            .collect();
        let recorded = tokio::time::timeout(PATIENCE, join_all(recorded)).await;
        if !recorded.is_ok_and(|all| all.iter().all(Result::is_ok)) {
            lock(&self.book).running.remove(key);
            return Err(StoreError::Io("the journal did not take it in time".into()));
        }
        if plan.is_once() {
            self.forget(key, Some(plan.id())).await?;
        } else {
            self.update(key, |standing| {
                let standing = standing.filter(|standing| standing.plan == plan.id())?;
                Some(Standing {
                    since_ms: standing.since_ms.max(until.as_millisecond()),
                    claim: None,
                    ..standing
                })
            })
            .await?;
        }
        Ok(owed.runs.len())
    }

    /// The event of a run that somebody wants now.
    pub(super) fn now(&self, key: &Key, plan: &Plan, now_ms: i64) -> Event {
        event(key, plan, timestamp(now_ms), now_ms)
    }

    /// Whether a run goes on.
    pub(crate) fn is_running(&self) -> bool {
        !lock(&self.book).running.is_empty()
    }

    /// When the first job may begin, in milliseconds since 1970; `None` if none will.
    pub(crate) fn next_ms(&self) -> Option<i64> {
        self.replan();
        let book = lock(&self.book);
        book.plans
            .iter()
            .filter(|(key, _)| !is_running(&book, key))
            .filter_map(|(key, plan)| {
                let standing = book.standing.get(key)?;
                let may = standing.plan == plan.id() && self.may_run(key, plan, standing);
                may.then(|| begins_ms(plan, standing))
            })
            .min()
            .filter(|first| *first < i64::MAX)
    }

    /// How long until there may be something due.
    fn wait(&self, now_ms: i64) -> Duration {
        let wait = self.next_ms().map_or(i64::MAX, |at| at.saturating_sub(now_ms));
        // Nobody tells that an admin lets the plugins be called again.
        let look = if self.maintenance.is_paused() { GLANCE } else { LOOK };
        Duration::from_millis(u64::try_from(wait).unwrap_or(0).saturating_add(1)).min(look)
    }
}

/// Whether a run of the job goes on: the next one waits for its end.
fn is_running(book: &super::Book, key: &Key) -> bool {
    book.running.get(key).is_some_and(|(_, since)| since.elapsed() < LOST)
}

/// When the next run begins, in milliseconds since 1970; not before a claim ends.
fn begins_ms(plan: &Plan, standing: &Standing) -> i64 {
    let begins = plan
        .begins(timestamp(standing.since_ms))
        .map_or(i64::MAX, Timestamp::as_millisecond);
    begins.max(claim_ends_ms(standing).unwrap_or(i64::MIN))
}

fn claim_ends_ms(standing: &Standing) -> Option<i64> {
    let (_, at_ms) = standing.claim.as_ref()?;
    Some(at_ms.saturating_add(i64::try_from(CLAIM.as_millis()).unwrap_or(0)))
}

/// An instant as the contract writes it.
fn text(at: &Timestamp) -> String {
    format!("{at:.3}")
}

fn event(key: &Key, plan: &Plan, due: Timestamp, now_ms: i64) -> Event {
    let mut event = Due {
        plugin: key.0.clone(),
        name: key.1.clone(),
        due: text(&due),
        payload: plan.payload().into(),
        time: text(&timestamp(now_ms)),
    }
    .event();
    if plan.is_once() {
        // The same name may be used again for the same instant.
        event.identity = Identity(format!("{}/{}", event.identity.0, plan.id()));
    }
    event
}
