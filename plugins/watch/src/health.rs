//! How a check is, by one result after the other. Nothing here asks or tells anybody.

use moa_plugin::time::Instant;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// When a run of bad luck is an outage, and when that is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// So many failures in a row open an incident.
    pub open_after: u32,
    /// So many successes in a row close it,
    pub close_after: u32,
    /// if the last failure is so long ago: what comes and goes stays one incident.
    pub hold: Duration,
}

/// What is remembered of a check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// When it was last probed; `None` before the first time, and after a pause.
    pub probed: Option<Instant>,
    /// Whether it passed then.
    pub passed: bool,
    /// How often in a row, and since when.
    pub streak: u32,
    pub since: Instant,
    /// When it last failed.
    failed: Option<Instant>,
    /// Since when it is down: the first failure of those that opened the incident.
    pub down: Option<Instant>,
}

/// What a result changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is down since then.
    Opened(Instant),
    /// It is up again since then.
    Closed(Instant),
}

impl Health {
    pub fn new(now: Instant) -> Self {
        Self {
            probed: None,
            passed: true,
            streak: 0,
            since: now,
            failed: None,
            down: None,
        }
    }

    /// Whether it is time to probe it.
    pub fn is_due(&self, now: Instant, every: Duration) -> bool {
        self.probed.is_none_or(|probed| now.since(probed) >= every)
    }

    /// Takes the next result.
    pub fn take(&mut self, passed: bool, now: Instant, rule: &Rule) -> Option<Change> {
        if self.streak == 0 || self.passed != passed {
            (self.passed, self.streak, self.since) = (passed, 0, now);
        }
        self.streak += 1;
        self.probed = Some(now);
        if !passed {
            self.failed = Some(now);
            let opens = self.down.is_none() && self.streak >= rule.open_after;
            return opens.then(|| {
                self.down = Some(self.since);
                Change::Opened(self.since)
            });
        }
        let is_calm = self.failed.is_none_or(|failed| now.since(failed) >= rule.hold);
        let closes = self.down.is_some() && self.streak >= rule.close_after && is_calm;
        closes.then(|| {
            self.down = None;
            Change::Closed(self.since)
        })
    }

    /// It is not probed for a while: what was before does not count, and the time in between neither.
    pub fn rest(&mut self) {
        (self.streak, self.probed) = (0, None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Results ten seconds apart: `+` passed, `-` failed, `.` rests. What changed: `O` opened, `C` closed.
    fn walk(results: &str, rule: Rule) -> (String, Health) {
        let begin: Instant = "2026-11-20T03:00:00Z".parse().unwrap();
        let mut health = Health::new(begin);
        let changes = results.chars().zip(0..).map(|(result, at)| {
            let now = begin + Duration::from_secs(10 * at);
            if result == '.' {
                health.rest();
                return '.';
            }
            match health.take(result == '+', now, &rule) {
                None => ' ',
                Some(Change::Opened(_)) => 'O',
                Some(Change::Closed(_)) => 'C',
            }
        });
        let changes = changes.collect();
        (changes, health)
    }

    #[test]
    fn failures_in_a_row_open_and_successes_in_a_row_close() {
        let rule = |open_after, close_after, hold| Rule {
            open_after,
            close_after,
            hold: Duration::from_secs(hold),
        };
        for (name, rule, results, changes) in [
            ("never down", rule(3, 2, 0), "+++++", "     "),
            ("two are not three", rule(3, 2, 0), "+--+--+", "       "),
            ("down and up", rule(3, 2, 0), "+-----++++", "   O   C  "),
            ("down from the start", rule(1, 1, 0), "-+", "OC"),
            ("one success is not two", rule(2, 2, 0), "--+-+-++", " O     C"),
            ("down twice", rule(2, 1, 0), "--+--+", " OC OC"),
            ("flapping is one incident", rule(2, 1, 30), "--+-+-+-+++", " O        C"),
            ("held", rule(1, 1, 30), "-++++", "O  C "),
            ("a pause begins to count anew", rule(3, 1, 0), "--.--.---", "  .  .  O"),
            ("a pause does not close", rule(1, 2, 0), "-+.+", "O .  ".trim_end()),
            ("after the pause it closes", rule(1, 2, 0), "-+.++", "O . C"),
        ] {
            assert_eq!(walk(results, rule).0.trim_end(), changes.trim_end(), "{name}");
        }
    }

    #[test]
    fn it_is_down_from_the_first_failure_to_the_first_success() {
        let rule = Rule {
            open_after: 3,
            close_after: 2,
            hold: Duration::from_secs(20),
        };
        let begin: Instant = "2026-11-20T03:00:00Z".parse().unwrap();
        let after = |seconds| begin + Duration::from_secs(seconds);
        let mut health = Health::new(begin);
        let mut take = |passed, at| health.take(passed, after(at), &rule);
        assert_eq!(take(true, 0), None);
        assert_eq!(take(false, 10), None);
        assert_eq!(take(false, 20), None);
        assert_eq!(take(false, 30), Some(Change::Opened(after(10))));
        assert_eq!(take(true, 40), None);
        assert_eq!(take(true, 45), None, "not yet calm for long enough");
        assert_eq!(take(true, 50), Some(Change::Closed(after(40))));
        assert_eq!(health.down, None);
    }
}
