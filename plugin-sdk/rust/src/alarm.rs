//! Alarms that do not cry wolf: a run of bad luck is one, a single failure is not, and what comes and goes stays one alarm.
//!
//! An [`Alarm`] takes results one after the other, and knows nothing of what they are about: whether a page answered, a file
//! was fresh, a price was within bounds. It asks and tells nobody; keep it in the brain between two results.
//!
//! ```
//! use moa_plugin::alarm::{Alarm, Change, Rule};
//! use moa_plugin::prelude::*;
//! use moa_plugin::time::Instant;
//!
//! /// Looks whether the shop is there.
//! #[job(cron = "* * * * *", missed = "skip")]
//! fn look() -> Result<()> {
//!     let passed = http::get("https://shop.example.com/health").send().is_ok_and(|page| page.status == 200);
//!     let mut alarm: Alarm = Brain::plugin().get("shop")?.unwrap_or_default();
//!     let rule = Rule { on_after: 2, off_after: 1, hold: Duration::ZERO };
//!     match alarm.take(passed, Instant::now(), &rule) {
//!         Some(Change::On(_)) => drop(chat::send(&Place::of("C012"), "The shop is down.")?),
//!         Some(Change::Off(..)) => drop(chat::send(&Place::of("C012"), "The shop is back.")?),
//!         None => {}
//!     }
//!     Brain::plugin().set("shop", &alarm)?;
//!     Ok(())
//! }
//!
//! plugin! {
//!     name: "shop",
//!     jobs: [look],
//!     requests: { http: ["https://shop.example.com"], conversations: ["C012"] },
//! }
//!
//! let host = moa_plugin::testing::Host::new();
//! for status in [503, 503, 503, 200] {
//!     host.http(Ok(http::Response::of(status, "")));
//!     host.run_job::<look>()?;
//! }
//! assert_eq!(host.texts(), ["The shop is down.", "The shop is back."]);
//! # Ok::<(), Error>(())
//! ```

mod mute;
mod uptime;

pub use mute::Mute;
pub use uptime::Uptime;

use crate::time::Instant;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// When a run of bad luck is an alarm, and when that is over.
///
/// ```
/// use moa_plugin::alarm::Rule;
/// use std::time::Duration;
///
/// // Three failures in a row, and two successes at least a minute after the last failure.
/// let rule = Rule { on_after: 3, off_after: 2, hold: Duration::from_secs(60) };
/// # assert_eq!(rule.on_after, 3);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// So many failures in a row begin it.
    pub on_after: u32,
    /// So many successes in a row end it,
    pub off_after: u32,
    /// if the last failure is so long ago: what comes and goes stays one alarm.
    pub hold: Duration,
}

/// What a result changed.
///
/// ```
/// use moa_plugin::alarm::Change;
/// use moa_plugin::time::Instant;
///
/// fn told(change: Change) -> String {
///     match change {
///         Change::On(since) => format!("down since {since}"),
///         Change::Off(since, until) => format!("was down for {} s", until.since(since).as_secs()),
///     }
/// }
///
/// let noon: Instant = "2026-11-20T12:00:00Z".parse()?;
/// assert_eq!(told(Change::On(noon)), "down since 2026-11-20T12:00:00.000Z");
/// # Ok::<(), moa_plugin::time::ParseError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is on, since the first failure of those that began it.
    On(Instant),
    /// It was on, since then and until the first success of those that ended it.
    Off(Instant, Instant),
}

impl Change {
    /// Since when it is on, if that is what changed.
    ///
    /// ```
    /// # use moa_plugin::{alarm::Change, time::Instant};
    /// let noon: Instant = "2026-11-20T12:00:00Z".parse()?;
    /// assert_eq!((Change::On(noon).began(), Change::Off(noon, noon).began()), (Some(noon), None));
    /// # Ok::<(), moa_plugin::time::ParseError>(())
    /// ```
    pub fn began(self) -> Option<Instant> {
        match self {
            Self::On(since) => Some(since),
            Self::Off(..) => None,
        }
    }
}

/// How it stands.
///
/// ```
/// use moa_plugin::alarm::{Alarm, Rule};
/// use moa_plugin::time::Instant;
/// use std::time::Duration;
///
/// let noon: Instant = "2026-11-20T12:00:00Z".parse()?;
/// let mut alarm = Alarm::default();
/// alarm.take(false, noon, &Rule { on_after: 1, off_after: 1, hold: Duration::ZERO });
/// assert_eq!(alarm.on, Some(noon));
/// # Ok::<(), moa_plugin::time::ParseError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alarm {
    /// Since when it is on; `None` if it is not.
    pub on: Option<Instant>,
    /// The results that are there in a row; `None` before the first, and after a pause.
    pub streak: Option<Streak>,
    /// When the last result was; `None` before the first, and after a pause.
    pub last: Option<Instant>,
    /// When the last failure was.
    failed: Option<Instant>,
}

/// The same result again and again.
///
/// ```
/// use moa_plugin::alarm::Streak;
///
/// fn told(streak: &Streak) -> String {
///     format!("{} {} in a row", streak.count, if streak.passed { "successes" } else { "failures" })
/// }
///
/// let since = "2026-11-20T12:00:00Z".parse()?;
/// assert_eq!(told(&Streak { passed: false, count: 3, since }), "3 failures in a row");
/// # Ok::<(), moa_plugin::time::ParseError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Streak {
    /// Which one.
    pub passed: bool,
    /// How often.
    pub count: u32,
    /// When it was there first.
    pub since: Instant,
}

impl Alarm {
    /// Takes the next result.
    ///
    /// ```
    /// # use moa_plugin::{alarm::{Alarm, Change, Rule}, time::Instant};
    /// # use std::time::Duration;
    /// # let noon: Instant = "2026-11-20T12:00:00Z".parse()?;
    /// let rule = Rule { on_after: 2, off_after: 1, hold: Duration::ZERO };
    /// let mut alarm = Alarm::default();
    /// assert_eq!(alarm.take(false, noon, &rule), None);
    /// assert_eq!(alarm.take(false, noon + Duration::from_secs(10), &rule), Some(Change::On(noon)));
    /// # Ok::<(), moa_plugin::time::ParseError>(())
    /// ```
    pub fn take(&mut self, passed: bool, now: Instant, rule: &Rule) -> Option<Change> {
        let before = self.streak.filter(|streak| streak.passed == passed);
        let (count, since) = before.map_or((0, now), |streak| (streak.count, streak.since));
        let count = count.saturating_add(1);
        self.streak = Some(Streak { passed, count, since });
        self.last = Some(now);
        if !passed {
            self.failed = Some(now);
            let begins = self.on.is_none() && count >= rule.on_after;
            return begins.then(|| {
                self.on = Some(since);
                Change::On(since)
            });
        }
        let is_calm = self.failed.is_none_or(|failed| now.since(failed) >= rule.hold);
        let ends = count >= rule.off_after && is_calm;
        ends.then(|| self.on.take())
            .flatten()
            .map(|began| Change::Off(began, since))
    }

    /// Nobody looks for a while: what was before does not count. An alarm that is on stays on.
    ///
    /// ```
    /// # use moa_plugin::{alarm::{Alarm, Rule}, time::Instant};
    /// # use std::time::Duration;
    /// # let noon: Instant = "2026-11-20T12:00:00Z".parse()?;
    /// let rule = Rule { on_after: 2, off_after: 1, hold: Duration::ZERO };
    /// let mut alarm = Alarm::default();
    /// alarm.take(false, noon, &rule);
    /// alarm.rest();
    /// assert_eq!(alarm.take(false, noon + Duration::from_secs(3_600), &rule), None);
    /// # Ok::<(), moa_plugin::time::ParseError>(())
    /// ```
    pub fn rest(&mut self) {
        (self.streak, self.last) = (None, None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begin() -> Instant {
        "2026-11-20T03:00:00Z".parse().unwrap()
    }

    /// Results ten seconds apart: `+` passed, `-` failed, `.` rests. What changed: `O` on, `C` off.
    fn walk(results: &str, rule: Rule) -> String {
        let mut alarm = Alarm::default();
        let changes = results.chars().zip(0..).map(|(result, at)| {
            if result == '.' {
                alarm.rest();
                return '.';
            }
            match alarm.take(result == '+', begin() + Duration::from_secs(10 * at), &rule) {
                None => ' ',
                Some(Change::On(_)) => 'O',
                Some(Change::Off(..)) => 'C',
            }
        });
        changes.collect()
    }

    #[test]
    fn failures_in_a_row_begin_and_successes_in_a_row_end() {
        let rule = |on_after, off_after, hold| Rule {
            on_after,
            off_after,
            hold: Duration::from_secs(hold),
        };
        for (name, rule, results, changes) in [
            ("never down", rule(3, 2, 0), "+++++", "     "),
            ("two are not three", rule(3, 2, 0), "+--+--+", "       "),
            ("down and up", rule(3, 2, 0), "+-----++++", "   O   C  "),
            ("down from the start", rule(1, 1, 0), "-+", "OC"),
            ("one success is not two", rule(2, 2, 0), "--+-+-++", " O     C"),
            ("down twice", rule(2, 1, 0), "--+--+", " OC OC"),
            ("flapping is one alarm", rule(2, 1, 30), "--+-+-+-+++", " O        C"),
            ("held", rule(1, 1, 30), "-++++", "O  C "),
            ("a pause begins to count anew", rule(3, 1, 0), "--.--.---", "  .  .  O"),
            ("a pause does not end it", rule(1, 2, 0), "-+.+", "O . "),
            ("after the pause it ends", rule(1, 2, 0), "-+.++", "O . C"),
        ] {
            assert_eq!(walk(results, rule), changes, "{name}");
        }
    }

    #[test]
    fn it_is_on_from_the_first_failure_to_the_first_success() {
        let rule = Rule {
            on_after: 3,
            off_after: 2,
            hold: Duration::from_secs(20),
        };
        let after = |seconds| begin() + Duration::from_secs(seconds);
        let mut alarm = Alarm::default();
        let mut take = |passed, at| alarm.take(passed, after(at), &rule);
        assert_eq!(take(true, 0), None);
        assert_eq!(take(false, 10), None);
        assert_eq!(take(false, 20), None);
        assert_eq!(take(false, 30), Some(Change::On(after(10))));
        assert_eq!(take(true, 40), None);
        assert_eq!(take(true, 45), None, "not yet calm for long enough");
        assert_eq!(take(true, 50), Some(Change::Off(after(10), after(40))));
        assert_eq!((alarm.on, alarm.last), (None, Some(after(50))));
        let kept = serde_json::to_string(&alarm).unwrap();
        assert_eq!(serde_json::from_str::<Alarm>(&kept).unwrap(), alarm);
    }
}
