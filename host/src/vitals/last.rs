//! How the last calls went, one by one: what a small picture of them is made of.

use std::time::Duration;

/// Calls that are remembered.
const KEPT: usize = 64;

/// The last calls. What failed is told by the highest bit, so that a call takes four bytes.
#[derive(Debug)]
pub(super) struct Last {
    took: Box<[u32; KEPT]>,
    /// Calls so far.
    count: usize,
}

const FAILED: u32 = 1 << 31;

impl Default for Last {
    fn default() -> Self {
        Self {
            took: Box::new([0; KEPT]),
            count: 0,
        }
    }
}

impl Last {
    pub(super) fn add(&mut self, took: Duration, failed: bool) {
        // Half an hour and more is all the same here.
        let micros = u32::try_from(took.as_micros()).unwrap_or(u32::MAX).min(FAILED - 1);
        if let Some(place) = self.took.get_mut(self.count % KEPT) {
            *place = micros | if failed { FAILED } else { 0 };
        }
        self.count += 1;
    }

    /// Microseconds of each and whether it failed, the oldest first.
    pub(super) fn all(&self) -> Vec<(u64, bool)> {
        let (newer, older) = self.took.split_at(self.count % KEPT);
        let older = if self.count < KEPT { &[][..] } else { older };
        let calls = older.iter().chain(newer);
        calls
            .map(|call| (u64::from(call & !FAILED), call & FAILED != 0))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_calls_are_there_in_their_order() {
        let mut last = Last::default();
        assert!(last.all().is_empty());
        for micros in 0..3 {
            last.add(Duration::from_micros(micros), micros == 1);
        }
        assert_eq!(last.all(), [(0, false), (1, true), (2, false)]);
        for micros in 3..KEPT as u64 + 5 {
            last.add(Duration::from_micros(micros), false);
        }
        let all = last.all();
        assert_eq!(
            (all.len(), all[0], all[KEPT - 1]),
            (KEPT, (5, false), (KEPT as u64 + 4, false))
        );
        last.add(Duration::from_secs(1 << 40), true);
        assert_eq!(last.all().last(), Some(&(u64::from(FAILED) - 1, true)));
    }
}
