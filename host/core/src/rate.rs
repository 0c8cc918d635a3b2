//! How often something may be done: `60/1m`, by the generic cell rate algorithm.
//!
//! All that a limit has to remember is one point in time, that at which everything done so far is *paid for*: each time
//! moves it on by one share of the period. `3/1h` lets three through at once, and from then on another one every 20
//! minutes; who does nothing for an hour has all three again. So there are never more than `count` in an instant, and
//! in any stretch of time never more than that and what the time is worth.

use crate::config::{duration, duration_text};
use std::fmt;
use std::time::Duration;

/// The most times in a period.
pub const MAX_COUNT: u32 = 1_000_000;
/// The longest period.
pub const MAX_PERIOD: Duration = Duration::from_secs(30 * 24 * 3600);

/// So many times in a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    count: u32,
    per: Duration,
}

/// A point in time, as the time since some beginning that is the same for all that are compared.
pub type Instant = Duration;

impl Rate {
    /// Reads `COUNT/TIME`, such as `3/1h`. `None` for anything else, for more than [`MAX_COUNT`] times, and for periods
    /// below a second or above [`MAX_PERIOD`].
    pub fn parse(text: &str) -> Option<Self> {
        let (count, per) = text.split_once('/')?;
        let digits = count.trim();
        let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let count: u32 = is_number.then(|| digits.parse().ok()).flatten()?;
        let per = duration(per)?;
        let fits = (1..=MAX_COUNT).contains(&count) && (Duration::from_secs(1)..=MAX_PERIOD).contains(&per);
        fits.then_some(Self { count, per })
    }

    /// How many times.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// In how long.
    pub fn period(&self) -> Duration {
        self.per
    }

    /// What one time costs: rounded up, so that the period is never worth more than its count.
    fn share(&self) -> Duration {
        let (count, per) = (u128::from(self.count), self.per.as_nanos());
        Duration::from_nanos(u64::try_from(per.div_ceil(count)).unwrap_or(u64::MAX))
    }

    /// How long until it may be done again, if it is paid for until `paid`; nothing if it may be done now.
    pub fn wait(&self, paid: Instant, now: Instant) -> Duration {
        let ahead = self.share() * (self.count - 1);
        paid.saturating_sub(now).saturating_sub(ahead)
    }

    /// Until when it is paid for once it was done now.
    pub fn done(&self, paid: Instant, now: Instant) -> Instant {
        paid.max(now) + self.share()
    }
}

impl fmt::Display for Rate {
    /// As [`Rate::parse`] reads it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.count, duration_text(self.per))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Random;

    #[test]
    fn rates_are_read_and_written() {
        for text in ["60/1m", "3/1h", "1/1s", "1000000/30d", "5/1h30m"] {
            assert_eq!(Rate::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Rate::parse(" 3 / 1h ").unwrap().to_string(), "3/1h");
        for wrong in [
            "",
            "3",
            "/",
            "3/",
            "/1h",
            "0/1h",
            "-3/1h",
            "+3/1h",
            "3/1",
            "3/0s",
            "3/500ms",
            "3/31d",
            "1000001/1h",
            "3/1h/1h",
            "three/1h",
            "1.5/1h",
        ] {
            assert_eq!(Rate::parse(wrong), None, "{wrong}");
        }
    }

    /// Somebody who tries at these times: when they were let through.
    fn through(rate: Rate, tries: impl IntoIterator<Item = Duration>) -> Vec<Duration> {
        let mut paid = Duration::ZERO;
        let mut through = Vec::new();
        for now in tries {
            if rate.wait(paid, now).is_zero() {
                paid = rate.done(paid, now);
                through.push(now);
            }
        }
        through
    }

    #[test]
    fn three_an_hour_are_three_at_once_and_then_one_every_twenty_minutes() {
        let rate = Rate::parse("3/1h").unwrap();
        let every_minute = (1000..1100).map(|minute| Duration::from_secs(minute * 60));
        let minutes: Vec<u64> = through(rate, every_minute)
            .iter()
            .map(|at| at.as_secs() / 60 - 1000)
            .collect();
        assert_eq!(minutes, [0, 1, 2, 20, 40, 60, 80]);
    }

    #[test]
    fn no_stretch_of_time_has_more_than_the_count_and_what_it_is_worth() {
        let mut random = Random::new(7);
        for _ in 0..300 {
            let count = 1 + random.below(20) as u32;
            let per = Duration::from_millis(1000 + random.below(100_000) as u64);
            let rate = Rate { count, per };
            let mut now = Duration::from_secs(1_000_000);
            let tries = (0..400).map(|_| {
                // Bursts, and pauses of all lengths up to a period and a half.
                let pause = match random.below(3) {
                    0 => 0,
                    1 => random.below(per.as_millis() as usize / count as usize + 1),
                    _ => random.below(per.as_millis() as usize * 3 / 2),
                };
                now += Duration::from_millis(pause as u64);
                now
            });
            let through = through(rate, tries.collect::<Vec<_>>());
            assert!(through.len() > count as usize);
            for (first, from) in through.iter().enumerate() {
                for (last, to) in through.iter().enumerate().skip(first) {
                    let stretch = *to - *from;
                    let worth = stretch.as_nanos() * u128::from(count) / per.as_nanos();
                    let done = (last - first + 1) as u128;
                    assert!(done <= u128::from(count) + worth, "{rate}: {done} in {stretch:?}");
                }
            }
        }
    }

    #[test]
    fn the_wait_that_is_told_is_long_enough_and_not_too_long() {
        let mut random = Random::new(8);
        for _ in 0..300 {
            let rate = Rate {
                count: 1 + random.below(20) as u32,
                per: Duration::from_millis(1000 + random.below(100_000) as u64),
            };
            let (mut paid, mut now) = (Duration::ZERO, Duration::from_secs(1_000_000));
            for _ in 0..100 {
                now += Duration::from_millis(random.below(2000) as u64);
                let wait = rate.wait(paid, now);
                if !wait.is_zero() {
                    let early = now + wait - Duration::from_nanos(1);
                    assert!(!rate.wait(paid, early).is_zero(), "{rate}");
                    now += wait;
                }
                assert!(rate.wait(paid, now).is_zero(), "{rate}");
                paid = rate.done(paid, now);
            }
        }
    }

    #[test]
    fn whoever_does_nothing_for_a_period_has_all_of_it_again() {
        let rate = Rate::parse("60/1m").unwrap();
        let at = Duration::from_secs(100);
        let later = at + Duration::from_secs(60);
        let tries = std::iter::repeat_n(at, 100).chain(std::iter::repeat_n(later, 100));
        let through = through(rate, tries);
        assert_eq!(through.iter().filter(|now| **now == at).count(), 60);
        assert_eq!(through.len(), 120);
    }
}
