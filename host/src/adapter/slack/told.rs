//! What the operator was told lately, so that one cause is one line and not one for each message.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Past this many entries those that are over are thrown out, and then all.
const ENTRIES: usize = 1000;

/// Remembers what was told for a while.
pub struct Told {
    every: Duration,
    entries: Mutex<HashMap<String, Entry>>,
}

struct Entry {
    since: Instant,
    held_back: u64,
}

impl Told {
    /// Lets each thing be told once in so long.
    pub fn new(every: Duration) -> Self {
        Self {
            every,
            entries: Mutex::default(),
        }
    }

    /// Whether this is to be told now: then how often it was held back since it was told last.
    pub fn again(&self, what: &str) -> Option<u64> {
        let now = Instant::now();
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = entries.get_mut(what) {
            if now.saturating_duration_since(entry.since) < self.every {
                entry.held_back += 1;
                return None;
            }
            entry.since = now;
            return Some(std::mem::take(&mut entry.held_back));
        }
        if entries.len() >= ENTRIES {
            entries.retain(|_, entry| now.saturating_duration_since(entry.since) < self.every);
            if entries.len() >= ENTRIES {
                entries.clear();
            }
        }
        entries.insert(
            what.to_owned(),
            Entry {
                since: now,
                held_back: 0,
            },
        );
        Some(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn each_thing_is_told_once_in_a_while_with_what_was_held_back() {
        let told = Told::new(Duration::from_secs(60));
        assert_eq!(told.again("a"), Some(0));
        assert_eq!(told.again("b"), Some(0));
        assert_eq!(told.again("a"), None);
        assert_eq!(told.again("a"), None);
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!(told.again("a"), Some(2));
        assert_eq!(told.again("a"), None);
    }

    #[tokio::test(start_paused = true)]
    async fn it_stays_bounded() {
        let told = Told::new(Duration::from_secs(60));
        for n in 0..3 * ENTRIES {
            told.again(&n.to_string());
        }
        assert!(told.entries.lock().unwrap().len() <= ENTRIES);
    }
}
