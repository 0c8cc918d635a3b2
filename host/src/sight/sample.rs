//! What is asked of the store and the disk now and then.

use super::Sight;
use crate::stores;
use moa_store::Usage;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::Mutex;

/// How old a sample may be.
const FRESH: Duration = Duration::from_secs(2);
/// How old what the brains hold may be: to find out, all of them are read.
const BRAINS_FRESH: Duration = Duration::from_secs(60);
/// How long the store may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// A fact that nobody sets: asking for it shows whether the store answers.
const NOTHING: &str = "sight/nothing";

/// What the store and the disk said.
#[derive(Clone, Debug)]
pub struct Sample {
    /// How long the store took to answer, or why it did not.
    pub store: Result<Duration, String>,
    /// Events that are accepted and not finished; nothing where the store did not say.
    pub open: Option<usize>,
    /// When the oldest of them arrived, in milliseconds since 1970.
    pub oldest_ms: Option<i64>,
    /// The size of the store's file, where it has one.
    pub store_bytes: Option<u64>,
    /// Compiled plugins: how many files, and their size.
    pub cache: Option<(u64, u64)>,
}

impl Sample {
    /// How old the oldest event is that is not finished.
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
    brains: Mutex<Option<(Instant, Arc<Vec<Usage>>)>>,
}

impl Samples {
    pub(super) async fn now(&self, sight: &Sight) -> Arc<Sample> {
        let mut last = self.last.lock().await;
        if let Some((at, sample)) = &*last
            && at.elapsed() < FRESH
        {
            return Arc::clone(sample);
        }
        let sample = Arc::new(take(sight).await);
        *last = Some((Instant::now(), Arc::clone(&sample)));
        sample
    }

    pub(super) async fn brains(&self, sight: &Sight) -> Arc<Vec<Usage>> {
        let mut last = self.brains.lock().await;
        if let Some((at, brains)) = &*last
            && at.elapsed() < BRAINS_FRESH
        {
            return Arc::clone(brains);
        }
        let asked = tokio::time::timeout(PATIENCE, sight.store.usage()).await;
        let before = last.as_ref().map(|(_, brains)| Arc::clone(brains));
        let brains = match asked {
            Ok(Ok(brains)) => Arc::new(brains),
            // What was known before is better than nothing.
            _ => before.unwrap_or_default(),
        };
        *last = Some((Instant::now(), Arc::clone(&brains)));
        brains
    }
}

async fn take(sight: &Sight) -> Sample {
    let begun = Instant::now();
    let late = || format!("it took longer than {} s", PATIENCE.as_secs());
    let store = match tokio::time::timeout(PATIENCE, sight.store.fact_get(NOTHING)).await {
        Ok(Ok(_)) => Ok(begun.elapsed()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(late()),
    };
    let open = match &store {
        Ok(_) => tokio::time::timeout(PATIENCE, sight.store.unfinished()).await.ok(),
        Err(_) => None,
    };
    let open = open.and_then(Result::ok);
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
        oldest_ms: open
            .as_ref()
            .and_then(|open| open.iter().map(|record| record.received_ms).min()),
        open: open.map(|open| open.len()),
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
