//! What is due is told, once.

use super::kept::{self, Standing};
use super::plan::Plan;
use super::{Key, Schedules, lock, timestamp};
use crate::capability::World;
use crate::metrics;
use crate::questions::milliseconds;
use futures_util::StreamExt as _;
use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;
use jiff::Timestamp;
use moa_core::event::Event;
use moa_core::schedule::Owed;
use moa_store::StoreError;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// How long a claim counts: whoever made it and did not go on is gone, or could not.
pub const CLAIM: Duration = Duration::from_secs(30);
/// How long is waited until the journal has what was told.
const PATIENCE: Duration = Duration::from_secs(20);
/// The longest sleep: clocks are set, and other hosts make jobs.
const LOOK: Duration = Duration::from_secs(60);
/// The longest sleep while no plugin is called, or one rests.
const GLANCE: Duration = Duration::from_secs(2);
/// A run that was told so long ago and of whose end nothing was heard keeps no other from beginning.
const LOST: Duration = Duration::from_secs(15 * 60);
/// What a clock may be set back without a job's beginning anew, in milliseconds: until it is past that again, nothing
/// is due twice.
const SET_BACK_MS: i64 = 3_600_000;

/// For how long a job that could not be begun is let be, in milliseconds: each time twice as long.
const HINDERED_MS: std::ops::RangeInclusive<i64> = 5_000..=30_000;

/// What came of telling that a job is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// The journal has it, and its plugin is called.
    Recorded,
    /// The journal had it before.
    Twin,
    /// It is not recorded: the plugin is not there, or is not called for now.
    Nobody,
}

/// Takes in an event; the receiver hears what came of it, and nothing where the journal cannot take it.
pub type Tell<'a> = &'a (dyn Fn(Event) -> oneshot::Receiver<Told> + Send + Sync);

/// A job that is being told. Dropped, it may be told again.
struct Telling<'a> {
    schedules: &'a Schedules,
    key: Key,
}

impl<'a> Telling<'a> {
    fn of(schedules: &'a Schedules, key: Key) -> Self {
        lock(&schedules.book).telling.insert(key.clone());
        Self { schedules, key }
    }
}

impl Drop for Telling<'_> {
    fn drop(&mut self) {
        lock(&self.schedules.book).telling.remove(&self.key);
    }
}

impl Schedules {
    /// Tells what is due when it is, without end.
    pub async fn watch(&self, world: &dyn World, tell: Tell<'_>) {
        let mut read = Instant::now();
        let mut telling = FuturesUnordered::new();
        loop {
            if read.elapsed() >= LOOK {
                read = Instant::now();
                if let Err(error) = self.reload().await {
                    tracing::warn!(%error, "the jobs cannot be read anew; what was known before counts");
                }
            }
            telling.extend(self.due(world, tell).await);
            let wait = self.wait(milliseconds(world.now()));
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.changed.notified() => {}
                // One that the journal takes long for keeps no other waiting.
                Some(_) = telling.next() => {}
            }
        }
    }

    /// Tells what is due now, all of it. How many runs that were.
    pub async fn run_due(&self, world: &dyn World, tell: Tell<'_>) -> usize {
        let told = self.due(world, tell).await;
        join_all(told).await.into_iter().sum()
    }

    /// What is due now and is not being told already: how many runs each is, once it is told.
    async fn due<'a>(&'a self, world: &dyn World, tell: Tell<'a>) -> Vec<impl Future<Output = usize> + use<'a>> {
        let now_ms = milliseconds(world.now());
        self.arrive(now_ms);
        self.replan();
        self.adopt(now_ms).await;
        let ripe = self.ripe(now_ms).into_iter();
        let tells = ripe.map(|(key, plan)| {
            let one = Telling::of(self, key);
            async move { self.fire(&one.key, &plan, now_ms, tell).await }
        });
        tells.collect()
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
        if !self.is_there(key, plan).await? {
            return Ok(());
        }
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

    /// Whether a job that was made is still what the store has: another host may have cancelled or replaced it.
    async fn is_there(&self, key: &Key, plan: &Plan) -> Result<bool, StoreError> {
        if !plan.is_made() {
            return Ok(true);
        }
        let made = kept::one::<kept::Made>(&*self.store, &kept::made_space(), key).await?;
        let is_there = made.is_some_and(|(made, _)| made.uid == plan.id());
        if !is_there {
            let _changing = self.changing(key).lock().await;
            self.refresh(key).await?;
        }
        Ok(is_there)
    }

    /// Forgets a job; one that was made only if it is that.
    async fn forget(&self, key: &Key, uid: Option<&str>) -> Result<(), StoreError> {
        let _changing = self.changing(key).lock().await;
        let made = kept::one::<kept::Made>(&*self.store, &kept::made_space(), key).await?;
        if made.is_none_or(|(made, _)| Some(made.uid.as_str()) == uid) {
            self.store.write(kept::deletes(key), None).await?;
            lock(&self.book).hindered.remove(key);
        }
        self.refresh(key).await
    }

    /// The jobs of which something is due and may run.
    fn ripe(&self, now_ms: i64) -> Vec<(Key, Arc<Plan>)> {
        let book = lock(&self.book);
        let is_ripe = |key: &Key, plan: &Plan| {
            let standing = book.standing.get(key).filter(|standing| standing.plan == plan.id());
            standing.is_some_and(|standing| {
                self.may_run(key, plan, standing) && self.begins_ms(plan, standing, now_ms) <= now_ms
            })
        };
        let ripe = book.plans.iter().filter(|(key, plan)| is_ripe(key, plan));
        let ripe = ripe.filter(|(key, _)| !is_running(&book, key) && !book.telling.contains(*key));
        let ripe = ripe.filter(|(key, _)| hindered_until(&book, key, now_ms) <= now_ms);
        let ripe: BTreeMap<&Key, &Arc<Plan>> = ripe
            .filter(|(key, plan)| !waits_for_another(&book, key, plan))
            .collect();
        let goes_first = |key: &Key, plan: &Plan| {
            let first = plan.after().map(|first| (key.0.clone(), first.to_owned()));
            first.is_none_or(|first| first == *key || !ripe.contains_key(&first))
        };
        let first = ripe.iter().filter(|(key, plan)| goes_first(key, plan));
        first.map(|(key, plan)| ((*key).clone(), Arc::clone(plan))).collect()
    }

    /// Whether a job may run as things are, apart from the time.
    fn may_run(&self, key: &Key, plan: &Plan, standing: &Standing) -> bool {
        !standing.paused && !self.maintenance.is_paused() && self.is_served(key, plan) && !self.waits(key, plan)
    }

    /// Whether it is due but once, which would be in vain while its plugin rests because it failed again and again.
    fn waits(&self, (plugin, _): &Key, plan: &Plan) -> bool {
        (plan.is_once() || plan.is_on_load()) && (self.rests)(plugin)
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
            Ok(Some(runs)) => {
                lock(&self.book).hindered.remove(key);
                runs
            }
            Ok(None) => {
                tracing::info!(
                    plugin = key.0,
                    job = key.1,
                    "a job is due, and its plugin is not called now; trying again"
                );
                self.hinder(key, now_ms);
                0
            }
            Err(error) => {
                self.hinder(key, now_ms);
                tracing::error!(plugin = key.0, job = key.1, %error, "a job is due and cannot be begun; trying again");
                0
            }
        }
    }

    /// It is tried again, but not at once.
    pub(super) fn hinder(&self, key: &Key, now_ms: i64) {
        let mut book = lock(&self.book);
        let wait = book
            .hindered
            .get(key)
            .map_or(*HINDERED_MS.start(), |(_, wait)| wait * 2);
        let wait = wait.min(*HINDERED_MS.end());
        book.hindered.insert(key.clone(), (now_ms.saturating_add(wait), wait));
    }

    /// How many runs of a job the journal has now; `None` where its plugin is not called for now, and it stays due.
    async fn told(&self, key: &Key, plan: &Plan, now_ms: i64, tell: Tell<'_>) -> Result<Option<usize>, StoreError> {
        if plan.is_on_load() {
            return self.tell_of_load(key, plan, now_ms, tell).await;
        }
        if !self.is_there(key, plan).await? {
            return Ok(Some(0));
        }
        let mut owed = Owed::default();
        let mut taken_over = false;
        let claimed = self
            .update(key, |standing| {
                let standing = standing.filter(|standing| standing.plan == plan.id() && !standing.paused)?;
                if self.claim_ends_ms(&standing, now_ms).is_some_and(|ends| ends > now_ms) {
                    return None;
                }
                let since = timestamp(standing.since_ms);
                // Whoever takes it up does what was owed when it was claimed.
                let claim = standing.claim.as_ref();
                let mut claimed_ms =
                    claim.map_or(now_ms, |(_, at_ms)| standing.claimed_ms.unwrap_or(*at_ms).min(now_ms));
                owed = plan.owed(since, timestamp(claimed_ms));
                if owed.until.is_none() {
                    claimed_ms = now_ms;
                    owed = plan.owed(since, timestamp(now_ms));
                }
                owed.until?;
                taken_over = standing.claim.is_some();
                Some(Standing {
                    claim: Some((self.me.clone(), now_ms)),
                    claimed_ms: Some(claimed_ms),
                    ..standing
                })
            })
            .await?;
        let Some(until) = owed.until.filter(|_| claimed) else {
            return Ok(Some(0));
        };
        if owed.left_out {
            metrics::MISSED.add();
            let missed = plan.missed();
            tracing::info!(plugin = key.0, job = key.1, ?missed, runs = owed.runs.len(), %until, "due times were missed and are left out");
        }
        // What was told before may have ended before, and nothing would be heard of it.
        if !taken_over && !owed.runs.is_empty() {
            lock(&self.book)
                .running
                .insert(key.clone(), (owed.runs.iter().map(text).collect(), Instant::now()));
        }
        let recorded = owed.runs.iter().map(|due| tell(plan.event(key, *due, now_ms)));
        let Some(told) = told_in_time(recorded).await else {
            lock(&self.book).running.remove(key);
            return Err(StoreError::Io("the journal did not take it in time".into()));
        };
        for (due, told) in owed.runs.iter().zip(&told) {
            metrics::JOBS.add(match told {
                Told::Recorded => 0,
                Told::Twin => 1,
                Told::Nobody => 2,
            });
            if *told == Told::Recorded {
                let late = now_ms.saturating_sub(due.as_millisecond());
                metrics::LATE.took(Duration::from_millis(u64::try_from(late).unwrap_or(0)));
            }
        }
        for (due, _) in owed.runs.iter().zip(&told).filter(|(_, told)| **told != Told::Recorded) {
            // Nothing is heard of its end.
            lock(&self.book).ended(key, &text(due));
        }
        if told.contains(&Told::Nobody) {
            self.update(key, |standing| {
                let standing = standing.filter(|standing| standing.plan == plan.id())?;
                Some(Standing {
                    claim: None,
                    ..standing
                })
            })
            .await?;
            return Ok(None);
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
        Ok(Some(owed.runs.len()))
    }

    /// The event of a run that somebody wants now.
    pub(super) fn now(&self, key: &Key, plan: &Plan, now_ms: i64) -> Event {
        plan.event(key, timestamp(now_ms), now_ms)
    }

    /// Whether a run goes on.
    pub(crate) fn is_running(&self) -> bool {
        !lock(&self.book).running.is_empty()
    }

    /// When the first job may begin, in milliseconds since 1970; `None` if none will.
    pub(crate) fn next_ms(&self, now_ms: i64) -> Option<i64> {
        self.replan();
        let book = lock(&self.book);
        book.plans
            .iter()
            .filter(|(key, plan)| {
                !is_running(&book, key) && !book.telling.contains(*key) && !waits_for_another(&book, key, plan)
            })
            .filter_map(|(key, plan)| {
                let standing = book.standing.get(key)?;
                let may = standing.plan == plan.id() && self.may_run(key, plan, standing);
                may.then(|| {
                    self.begins_ms(plan, standing, now_ms)
                        .max(hindered_until(&book, key, now_ms))
                })
            })
            .min()
            .filter(|first| *first < i64::MAX)
    }

    /// When the next run begins, in milliseconds since 1970; not before another host's claim ends.
    fn begins_ms(&self, plan: &Plan, standing: &Standing, now_ms: i64) -> i64 {
        let begins = plan
            .begins(timestamp(standing.since_ms))
            .map_or(i64::MAX, Timestamp::as_millisecond);
        begins.max(self.claim_ends_ms(standing, now_ms).unwrap_or(i64::MIN))
    }

    /// Until when another host's claim counts. One of this host is left of what failed; one from far in the future is of a
    /// clock that was wrong.
    fn claim_ends_ms(&self, standing: &Standing, now_ms: i64) -> Option<i64> {
        let (who, at_ms) = standing.claim.as_ref()?;
        let counts = *who != self.me && *at_ms <= now_ms.saturating_add(SET_BACK_MS);
        counts.then(|| at_ms.saturating_add(i64::try_from(CLAIM.as_millis()).unwrap_or(0)))
    }

    /// How long until there may be something due.
    fn wait(&self, now_ms: i64) -> Duration {
        let wait = self.next_ms(now_ms).map_or(i64::MAX, |at| at.saturating_sub(now_ms));
        // Nobody tells that an admin lets the plugins be called again, or that a plugin's rest is over.
        let waits = || lock(&self.book).plans.iter().any(|(key, plan)| self.waits(key, plan));
        let look = if self.maintenance.is_paused() || waits() {
            GLANCE
        } else {
            LOOK
        };
        Duration::from_millis(u64::try_from(wait).unwrap_or(0).saturating_add(1)).min(look)
    }
}

/// Whether a run of the job goes on: the next one waits for its end.
fn is_running(book: &super::Book, key: &Key) -> bool {
    book.running.get(key).is_some_and(|(_, since)| since.elapsed() < LOST)
}

/// Whether the job that goes before this one is begun or goes on.
fn waits_for_another(book: &super::Book, (plugin, _): &Key, plan: &Plan) -> bool {
    plan.after().is_some_and(|first| {
        let first = (plugin.clone(), first.to_owned());
        is_running(book, &first) || book.telling.contains(&first)
    })
}

/// Until when a job that could not be begun is let be; the clock may have been set back since.
pub(super) fn hindered_until(book: &super::Book, key: &Key, now_ms: i64) -> i64 {
    let until = book.hindered.get(key).map(|(until, _)| *until);
    let latest = now_ms.saturating_add(*HINDERED_MS.end());
    until.filter(|until| *until <= latest).unwrap_or(i64::MIN)
}

/// An instant as the contract writes it.
pub(super) fn text(at: &Timestamp) -> String {
    format!("{at:.3}")
}

/// What came of each that was told; `None` where the journal took one not in time, or not at all.
pub(super) async fn told_in_time(recorded: impl IntoIterator<Item = oneshot::Receiver<Told>>) -> Option<Vec<Told>> {
    let recorded = tokio::time::timeout(PATIENCE, join_all(recorded)).await.ok()?;
    recorded.into_iter().map(Result::ok).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maintenance::Maintenance;
    use moa_core::event::EventKind;
    use moa_core::manifest::Manifest;
    use moa_store::{MemoryStore, Store, SystemClock};
    use std::sync::Mutex;
    use std::time::{SystemTime, UNIX_EPOCH};

    /// 2026-11-20T03:00:00Z.
    const BEGAN: Duration = Duration::from_secs(1_795_143_600);

    /// The clock of the test's runtime, which does not wait.
    struct Ticks(tokio::time::Instant);

    impl World for Ticks {
        fn now(&self) -> SystemTime {
            UNIX_EPOCH + BEGAN + self.0.elapsed()
        }

        fn random(&self, buffer: &mut [u8]) {
            buffer.fill(0);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_record_that_takes_long_keeps_no_other_job_waiting() {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new(SystemClock));
        let maintenance = Maintenance::load(Arc::clone(&store)).await.unwrap();
        let host = Schedules::empty(store, maintenance, "UTC");
        let jobs = r#"{"id": "slow", "cron": "5 0 * * * *"}, {"id": "fast", "cron": "7 0 * * * *"}"#;
        let manifest = Manifest::parse(&format!(r#"{{"name": "menu", "jobs": [{jobs}]}}"#)).unwrap();
        host.know([("menu".to_owned(), Arc::new(manifest.manifest))].into());
        host.reload().await.unwrap();

        let world = Ticks(tokio::time::Instant::now());
        let (told, open) = (Mutex::new(Vec::new()), Mutex::new(Vec::new()));
        let tell = |event: Event| {
            let EventKind::Due(due) = &event.kind else {
                panic!("{event:?}")
            };
            let (recorded, heard) = oneshot::channel();
            told.lock()
                .unwrap()
                .push((due.name.clone(), world.0.elapsed().as_secs()));
            match due.name.as_str() {
                "fast" => recorded.send(Told::Twin).unwrap(),
                // The journal says nothing.
                _ => open.lock().unwrap().push(recorded),
            }
            heard
        };
        let over = tokio::time::timeout(Duration::from_secs(40), host.watch(&world, &tell)).await;
        assert!(over.is_err());
        // The slow one is given up after 20 s, and tried again.
        let expected = [("slow", 5), ("fast", 7), ("slow", 25)];
        assert_eq!(*told.lock().unwrap(), expected.map(|(name, at)| (name.to_owned(), at)));
    }
}
