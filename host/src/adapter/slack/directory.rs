//! People and conversations, looked up when they are needed and remembered for a while. Never the whole workspace.

use std::collections::HashMap;
use std::sync::{Arc, Mutex as Lock, PoisonError};
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// How old an answer may be.
pub const KEPT: Duration = Duration::from_secs(600);
/// The same for "there is none": somebody may just be joining.
pub const ABSENCE_KEPT: Duration = Duration::from_secs(60);
/// How many answers are remembered.
pub const ENTRIES: usize = 10_000;

struct Entry<T> {
    value: Option<T>,
    until: Instant,
}

/// One key's place. Whoever asks first holds it while asking; the others wait for that answer instead of asking too.
type Slot<T> = Arc<Mutex<Option<Entry<T>>>>;

struct Kept<T> {
    slot: Slot<T>,
    used: Instant,
}

/// Answers by id.
pub struct Directory<T> {
    kept: Lock<HashMap<String, Kept<T>>>,
    entries: usize,
    keep: Duration,
}

impl<T: Clone> Directory<T> {
    /// An empty one that remembers so many answers.
    pub fn new(entries: usize) -> Self {
        Self::keeping(KEPT, entries)
    }

    /// The same for answers that grow old sooner.
    pub fn keeping(keep: Duration, entries: usize) -> Self {
        Self {
            kept: Lock::new(HashMap::new()),
            entries: entries.max(1),
            keep,
        }
    }

    /// The remembered answer, or the one that `ask` gives. Failures are not remembered.
    pub async fn get<E>(&self, id: &str, ask: impl AsyncFnOnce() -> Result<Option<T>, E>) -> Result<Option<T>, E> {
        let slot = self.slot(id);
        let mut entry = slot.lock().await;
        if let Some(entry) = entry.as_ref().filter(|entry| entry.until > Instant::now()) {
            return Ok(entry.value.clone());
        }
        let value = ask().await?;
        let keep = if value.is_some() { self.keep } else { ABSENCE_KEPT };
        *entry = Some(Entry {
            value: value.clone(),
            until: Instant::now() + keep,
        });
        Ok(value)
    }

    fn slot(&self, id: &str) -> Slot<T> {
        let now = Instant::now();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = kept.get_mut(id) {
            known.used = now;
            return Arc::clone(&known.slot);
        }
        if kept.len() >= self.entries {
            shed(&mut kept, self.entries, now);
        }
        let slot = Slot::default();
        kept.insert(
            id.to_owned(),
            Kept {
                slot: Arc::clone(&slot),
                used: now,
            },
        );
        slot
    }
}

/// Throws out what nobody asked for within the last minutes; where that is not enough, the older half.
fn shed<T>(kept: &mut HashMap<String, Kept<T>>, entries: usize, now: Instant) {
    kept.retain(|_, one| now.saturating_duration_since(one.used) < KEPT);
    if kept.len() >= entries {
        let mut used: Vec<Instant> = kept.values().map(|one| one.used).collect();
        let middle = used.len() / 2;
        let (_, median, _) = used.select_nth_unstable(middle);
        let median = *median;
        kept.retain(|_, one| one.used > median);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[tokio::test(start_paused = true)]
    async fn many_ask_once_and_again_when_it_is_old() {
        let directory = Directory::new(10);
        let asked = AtomicUsize::new(0);
        let ask = async || {
            asked.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_secs(1)).await;
            Ok::<_, ()>(Some(5))
        };
        let answers = tokio::join!(
            directory.get("U1", ask),
            directory.get("U1", ask),
            directory.get("U2", ask)
        );
        assert_eq!(answers, (Ok(Some(5)), Ok(Some(5)), Ok(Some(5))));
        assert_eq!(asked.load(Ordering::Relaxed), 2);
        tokio::time::advance(KEPT).await;
        directory.get("U1", ask).await.unwrap();
        assert_eq!(asked.load(Ordering::Relaxed), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn failures_are_not_remembered_and_absence_shortly() {
        let directory = Directory::<u8>::new(10);
        assert_eq!(directory.get("U1", async || Err("down")).await, Err("down"));
        assert_eq!(directory.get("U1", async || Ok::<_, ()>(None)).await, Ok(None));
        assert_eq!(directory.get("U1", async || Ok::<_, ()>(Some(1))).await, Ok(None));
        tokio::time::advance(ABSENCE_KEPT).await;
        assert_eq!(directory.get("U1", async || Ok::<_, ()>(Some(1))).await, Ok(Some(1)));
    }

    #[tokio::test(start_paused = true)]
    async fn it_stays_bounded() {
        let directory = Directory::new(100);
        for n in 0..1_000 {
            tokio::time::advance(Duration::from_millis(1)).await;
            directory
                .get(&format!("U{n}"), async || Ok::<_, ()>(Some(n)))
                .await
                .unwrap();
        }
        assert!(directory.kept.lock().unwrap().len() <= 100);
        let newest = directory.get("U999", async || Ok::<_, ()>(None)).await;
        assert_eq!(newest, Ok(Some(999)));
    }
}
