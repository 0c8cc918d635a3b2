//! How often something may happen: so many times within so long, by several such rules at once.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The rules, and when it happened lately.
#[derive(Debug)]
pub struct Windows {
    rules: &'static [(usize, Duration)],
    /// The oldest first; no more than the largest rule counts.
    happened: VecDeque<Instant>,
}

impl Windows {
    /// By these rules: how often, within how long.
    pub fn new(rules: &'static [(usize, Duration)]) -> Self {
        Self {
            rules,
            happened: VecDeque::new(),
        }
    }

    /// Lets it happen now.
    ///
    /// # Errors
    /// It happened too often; how long to wait.
    pub fn take(&mut self, now: Instant) -> Result<(), Duration> {
        let mut wait = Duration::ZERO;
        for (most, within) in self.rules {
            // The one that has to be out of the window before another may be in it.
            let first = self
                .happened
                .len()
                .checked_sub(*most)
                .and_then(|at| self.happened.get(at));
            if let Some(first) = first {
                wait = wait.max((*first + *within).saturating_duration_since(now));
            }
        }
        if !wait.is_zero() {
            return Err(wait);
        }
        self.happened.push_back(now);
        let most = self.rules.iter().map(|(most, _)| *most).max().unwrap_or(0);
        while self.happened.len() > most {
            self.happened.pop_front();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_counts() {
        const RULES: [(usize, Duration); 2] = [(3, Duration::from_secs(10)), (5, Duration::from_secs(100))];
        let mut windows = Windows::new(&RULES);
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        for seconds in [0, 1, 2] {
            assert_eq!(windows.take(at(seconds)), Ok(()));
        }
        assert_eq!(windows.take(at(4)), Err(Duration::from_secs(6)));
        assert_eq!(windows.take(at(10)), Ok(()));
        assert_eq!(windows.take(at(30)), Ok(()));
        assert_eq!(
            windows.take(at(60)),
            Err(Duration::from_secs(40)),
            "five within the longer window"
        );
        assert_eq!(windows.take(at(100)), Ok(()));
        assert_eq!(windows.take(at(100)), Err(Duration::from_secs(1)));
    }
}
