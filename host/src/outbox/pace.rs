//! How fast one conversation may be written to: a steady rate with a burst, as a reservation in time.

use std::collections::HashMap;
use std::time::{Duration, Instant};

/// The rate that all conversations keep, and where each of them stands.
///
/// The rule is the generic cell rate algorithm: each message moves the conversation's *theoretical arrival time* on by
/// one interval, and may leave when that time is at most a burst ahead of now. A reservation is never given back, so
/// messages leave in the order in which they asked.
#[derive(Debug)]
pub struct Pace {
    interval: Duration,
    tolerance: Duration,
    conversations: HashMap<String, Instant>,
}

/// The longest pause between two messages. A slower rate is a slip of the pen, and its instants would not fit.
const SLOWEST: Duration = Duration::from_secs(24 * 3600);
/// Conversations that are kept in mind before those that are at rest are forgotten.
const KEPT: usize = 4096;

impl Pace {
    /// `per_second` messages a second and conversation after a burst of `burst`; 0 per second means no limit.
    pub fn new(per_second: f64, burst: u32) -> Self {
        let interval = match per_second > 0.0 {
            true => Duration::try_from_secs_f64(1.0 / per_second).map_or(SLOWEST, |interval| interval.min(SLOWEST)),
            false => Duration::ZERO,
        };
        let tolerance = interval.saturating_mul(burst.saturating_sub(1));
        Self {
            interval,
            tolerance,
            conversations: HashMap::new(),
        }
    }

    /// How long the next message to a conversation has to wait.
    pub fn wait(&self, conversation: &str, now: Instant) -> Duration {
        let due = self.conversations.get(conversation).copied().unwrap_or(now);
        due.max(now)
            .saturating_duration_since(now)
            .saturating_sub(self.tolerance)
    }

    /// Reserves the next message to a conversation: how long to wait before sending it.
    pub fn reserve(&mut self, conversation: &str, now: Instant) -> Duration {
        if self.interval.is_zero() {
            return Duration::ZERO;
        }
        let wait = self.wait(conversation, now);
        if self.conversations.len() >= KEPT {
            self.conversations.retain(|_, due| *due > now);
        }
        let due = match self.conversations.get_mut(conversation) {
            Some(due) => due,
            None => self.conversations.entry(conversation.to_owned()).or_insert(now),
        };
        *due = (*due).max(now) + self.interval;
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_leaves_at_once_and_the_rest_once_a_second() {
        let mut pace = Pace::new(1.0, 5);
        let now = Instant::now();
        let waits: Vec<u64> = (0..8).map(|_| pace.reserve("C1", now).as_secs()).collect();
        assert_eq!(waits, [0, 0, 0, 0, 0, 1, 2, 3]);
        assert_eq!(
            pace.reserve("C2", now),
            Duration::ZERO,
            "another conversation has a pace of its own"
        );
    }

    #[test]
    fn rest_gives_the_burst_back() {
        let mut pace = Pace::new(1.0, 2);
        let now = Instant::now();
        for _ in 0..4 {
            pace.reserve("C1", now);
        }
        assert_eq!(pace.reserve("C1", now + Duration::from_secs(60)), Duration::ZERO);
    }

    #[test]
    fn zero_is_no_limit() {
        let mut pace = Pace::new(0.0, 1);
        let now = Instant::now();
        assert!((0..1000).all(|_| pace.reserve("C1", now).is_zero()));
    }

    #[test]
    fn a_rate_of_almost_nothing_is_no_panic() {
        let mut pace = Pace::new(f64::MIN_POSITIVE, u32::MAX);
        let now = Instant::now();
        assert!(
            (0..100).all(|_| pace.reserve("C1", now).is_zero()),
            "the burst is as large as was said"
        );
    }

    #[test]
    fn conversations_at_rest_are_forgotten() {
        let mut pace = Pace::new(1.0, 1);
        let now = Instant::now();
        for n in 0..KEPT {
            pace.reserve(&format!("C{n}"), now);
        }
        pace.reserve("new", now + Duration::from_secs(10));
        assert_eq!(pace.conversations.len(), 1);
    }
}
