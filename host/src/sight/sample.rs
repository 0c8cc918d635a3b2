//! What is asked of the store and the disk now and then.

use super::Sight;
use crate::metrics;
use crate::stores;
use moa_store::{Backlog, Store, StoreError, Usage};
use std::path::Path;
use std::sync::{Arc, Mutex as Lock, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// How old a sample may be.
const FRESH: Duration = Duration::from_secs(2);
/// How old what the brains hold may be: to find out, all of them are read.
const BRAINS_FRESH: Duration = Duration::from_secs(60);
/// Reading them takes at most one part in so many of the time.
const BRAINS_PART: u32 = 50;
/// How long reading them may take before it is given up.
const BRAINS_MOST: Duration = Duration::from_secs(600);
/// How long the store may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// A fact that nobody sets: asking for it shows whether the store answers.
const NOTHING: &str = "sight/nothing";

/// What the store and the disk said.
#[derive(Clone, Debug)]
pub struct Sample {
    /// How long the store took to answer, or why it did not.
    pub store: Result<Duration, String>,
    /// Events that are accepted and not finished, as the store said last; nothing where it never did.
    pub open: Option<usize>,
    /// When the oldest of them arrived, in milliseconds since 1970.
    pub oldest_ms: Option<i64>,
    /// The size of the store's file, where it has one.
    pub store_bytes: Option<u64>,
    /// Compiled plugins: how many files, and their size.
    pub cache: Option<(u64, u64)>,
}

impl Sample {
    /// How old the oldest event is that is not finished. It grows on while the store does not answer.
    pub fn oldest_age(&self) -> Option<Duration> {
        let then = Duration::from_millis(u64::try_from(self.oldest_ms?).unwrap_or(0));
        let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
        Some(now.saturating_sub(then))
    }
}

/// The last ones. Whoever asks while one is being taken waits for it.
#[derive(Default)]
pub(super) struct Samples {
    last: Mutex<Option<(Instant, Arc<Sample>)>>,
    brains: Brains,
}

impl Samples {
    pub(super) async fn now(&self, sight: &Sight) -> Arc<Sample> {
        let mut last = self.last.lock().await;
        if let Some((at, sample)) = &*last
            && at.elapsed() < FRESH
        {
            return Arc::clone(sample);
        }
        let before = last.as_ref().map(|(_, sample)| Arc::clone(sample));
        let sample = Arc::new(take(sight, before.as_deref()).await);
        *last = Some((Instant::now(), Arc::clone(&sample)));
        sample
    }

    pub(super) async fn brains(&self, sight: &Sight) -> Arc<Vec<Usage>> {
        self.brains.now(&sight.store).await
    }
}

/// What the brains hold. To find out takes as long as they are large: nobody waits for long, it goes on meanwhile, and the
/// longer it took the rarer it is done again.
#[derive(Default)]
struct Brains {
    known: Arc<Lock<Known>>,
    reading: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Default)]
struct Known {
    brains: Arc<Vec<Usage>>,
    /// Until when that is new enough.
    until: Option<Instant>,
}

fn lock(known: &Lock<Known>) -> MutexGuard<'_, Known> {
    // Both are set whole.
    known.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Brains {
    async fn now(&self, store: &Arc<dyn Store>) -> Arc<Vec<Usage>> {
        let mut reading = self.reading.lock().await;
        if reading.as_ref().is_some_and(JoinHandle::is_finished) {
            *reading = None;
        }
        if lock(&self.known).until.is_none_or(|until| until <= Instant::now()) {
            let (known, store) = (Arc::clone(&self.known), Arc::clone(store));
            let running = reading.get_or_insert_with(|| tokio::spawn(read(store, known)));
            if tokio::time::timeout(PATIENCE, running).await.is_ok() {
                *reading = None;
            }
        }
        // What was known before is better than nothing.
        Arc::clone(&lock(&self.known).brains)
    }
}

impl Drop for Brains {
    fn drop(&mut self) {
        if let Some(reading) = self.reading.get_mut() {
            reading.abort();
        }
    }
}

/// Reads all brains. The store shows them page by page, and whoever writes goes on meanwhile.
async fn read(store: Arc<dyn Store>, known: Arc<Lock<Known>>) {
    let begun = Instant::now();
    let read = told("brains", tokio::time::timeout(BRAINS_MOST, store.usage()).await);
    let pause = (begun.elapsed() * BRAINS_PART).max(BRAINS_FRESH);
    let mut known = lock(&known);
    if let Some(brains) = read {
        known.brains = Arc::new(brains);
    }
    known.until = Some(Instant::now() + pause);
}

/// What the store said; that it did not is counted.
fn told<T>(what: &str, said: Result<Result<T, StoreError>, tokio::time::error::Elapsed>) -> Option<T> {
    let why = match said {
        Ok(Ok(said)) => return Some(said),
        Ok(Err(error)) => error.to_string(),
        Err(late) => late.to_string(),
    };
    tracing::debug!(what, why, "the store was asked how it is and does not say");
    metrics::not_sampled(what);
    None
}

async fn take(sight: &Sight, before: Option<&Sample>) -> Sample {
    let begun = Instant::now();
    let late = || format!("it took longer than {} s", PATIENCE.as_secs());
    let store = match tokio::time::timeout(PATIENCE, sight.store.fact_get(NOTHING)).await {
        Ok(Ok(_)) => Ok(begun.elapsed()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(late()),
    };
    if store.is_err() {
        metrics::not_sampled("store");
    }
    // Where the store does not answer, what was known last stays: a backlog does not go away by that.
    let backlog = match &store {
        Ok(_) => told("journal", tokio::time::timeout(PATIENCE, sight.store.backlog()).await),
        Err(_) => None,
    };
    let (open, oldest_ms) = match backlog {
        Some(Backlog { open, oldest_ms }) => (usize::try_from(open).ok(), oldest_ms),
        None => before.map_or((None, None), |before| (before.open, before.oldest_ms)),
    };
    let (file, cache) = (
        stores::file(&sight.url).map(Path::to_owned),
        sight.data_dir.join("compiled"),
    );
    let on_disk = tokio::task::spawn_blocking(move || {
        let bytes = file.and_then(|file| Some(std::fs::metadata(file).ok()?.len()));
        (bytes, folder(&cache))
    });
    let (store_bytes, cache) = on_disk.await.unwrap_or_default();
    Sample {
        store,
        open,
        oldest_ms,
        store_bytes,
        cache,
    }
}

/// How many compiled plugins are in a folder, and their size.
fn folder(dir: &Path) -> Option<(u64, u64)> {
    let (mut files, mut bytes) = (0, 0);
    for entry in std::fs::read_dir(dir).ok()?.flatten() {
        if entry.path().extension().is_some_and(|kind| kind == "cwasm") {
            files += 1;
            bytes += entry.metadata().map_or(0, |metadata| metadata.len());
        }
    }
    Some((files, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::FlakyStore;
    use moa_store::{Scope, Space, Write};
    use std::sync::atomic::Ordering;

    async fn keys(brains: &Brains, store: &Arc<dyn Store>) -> u64 {
        brains.now(store).await.iter().map(|usage| usage.keys).sum()
    }

    async fn remember(store: &FlakyStore, key: &str) {
        let cell = Space::new("memo", Scope::Plugin).cell(key);
        store.inner.write(vec![Write::set(cell, "v")], None).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn large_brains_are_read_to_the_end_and_the_rarer_for_it() {
        let flaky = Arc::new(FlakyStore::default());
        let store: Arc<dyn Store> = Arc::clone(&flaky) as _;
        let (brains, second) = (Brains::default(), Duration::from_secs(1));
        remember(&flaky, "a").await;
        *flaky.slow.lock().unwrap() = 30 * second;
        let begun = Instant::now();
        assert_eq!(keys(&brains, &store).await, 0, "nobody waits for it");
        assert_eq!(begun.elapsed().as_secs(), PATIENCE.as_secs());
        tokio::time::sleep(30 * second).await;
        assert_eq!(keys(&brains, &store).await, 1, "it went on meanwhile");
        remember(&flaky, "b").await;
        tokio::time::sleep(30 * second * BRAINS_PART - 5 * second).await;
        assert_eq!(keys(&brains, &store).await, 1, "it is not read again yet");
        *flaky.slow.lock().unwrap() = second;
        tokio::time::sleep(5 * second).await;
        assert_eq!(keys(&brains, &store).await, 2);
        remember(&flaky, "c").await;
        tokio::time::sleep(BRAINS_FRESH + second).await;
        assert_eq!(keys(&brains, &store).await, 3, "now it is quick");

        // What cannot be read is as it was, and is counted.
        let failed = || metrics::NOT_SAMPLED.each().nth(2).unwrap().1;
        let before = failed();
        flaky.unread.store(true, Ordering::SeqCst);
        tokio::time::sleep(BRAINS_FRESH + second).await;
        assert_eq!(keys(&brains, &store).await, 3);
        assert!(failed() > before);
    }
}
