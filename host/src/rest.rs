//! Plugins that fail again and again rest, so that they cost nobody anything but themselves.
//!
//! After [`FAULTS`] faults in a row (what a plugin is to blame for: a trap, a limit; no failure that it reports itself) its
//! calls are refused for a while, and for longer each time that it does not help. After the pause one call is let through: it
//! goes well, and all is forgotten, or the next pause begins. Another version, or the same one loaded again by
//! the operator, begins anew.
//!
//! A pure state machine: whoever asks tells the time.

use crate::settings::shortened;
use jiff::Timestamp;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// So many faults in a row, and a plugin rests.
pub const FAULTS: u32 = 5;
/// The first pause; each further one is twice the one before.
const FIRST: Duration = Duration::from_secs(30);
/// The longest pause.
const LONGEST: Duration = Duration::from_secs(30 * 60);

/// What was loaded: its version, and since when. Loaded again it is another.
pub type Edition<'a> = (&'a str, Timestamp);

/// Whether a call may begin.
#[derive(Debug)]
pub enum Admission {
    /// It may. To be held until the call is over.
    Go(Option<Trial>),
    /// The plugin rests.
    Rests {
        /// Until when; nothing while a call finds out whether it works again.
        until: Option<Instant>,
    },
}

/// A pause begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pause {
    /// How long it is.
    pub length: Duration,
    /// The how manieth in a row, from 1 on.
    pub number: u32,
}

/// The rest of a plugin, as it is told to operators.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resting {
    /// Until when; nothing while a call finds out whether it works again.
    pub until: Option<Instant>,
    /// The how manieth pause in a row it is.
    pub pauses: u32,
    /// The fault that began it.
    pub why: String,
}

/// Tests that want to see the end of it make the first pause so many seconds.
const SHORTER_FIRST: &str = "MOA_TEST_REST";

/// Which plugins rest.
#[derive(Debug)]
pub struct Rests {
    rows: Mutex<HashMap<String, Row>>,
    /// The first pause.
    first: Duration,
}

impl Default for Rests {
    fn default() -> Self {
        Self {
            rows: Mutex::default(),
            first: shortened(SHORTER_FIRST, FIRST),
        }
    }
}

/// Of one plugin, since its last call that went well.
#[derive(Debug)]
struct Row {
    version: String,
    since: Timestamp,
    faults: u32,
    pauses: u32,
    why: String,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Serving,
    Resting(Instant),
    /// A call finds out whether it works again. The number tells it from those before.
    Trying(u64),
}

impl Row {
    fn is_of(&self, (version, since): Edition<'_>) -> bool {
        self.version == version && self.since == since
    }
}

impl Rests {
    /// Whether a call of a plugin may begin now.
    pub fn admit(self: &Arc<Self>, plugin: &str, edition: Edition<'_>, now: Instant) -> Admission {
        let mut rows = self.rows();
        let Some(row) = rows.get_mut(plugin) else {
            return Admission::Go(None);
        };
        if !row.is_of(edition) {
            rows.remove(plugin);
            return Admission::Go(None);
        }
        match row.state {
            State::Serving => Admission::Go(None),
            State::Resting(until) if now < until => Admission::Rests { until: Some(until) },
            State::Resting(_) => {
                let number = row.pauses.into();
                row.state = State::Trying(number);
                Admission::Go(Some(Trial {
                    rests: Arc::clone(self),
                    plugin: plugin.to_owned(),
                    number,
                    began: now,
                }))
            }
            State::Trying(_) => Admission::Rests { until: None },
        }
    }

    /// A call ended well: whatever was before is forgotten, unless the plugin rests since the call began.
    pub fn well(&self, plugin: &str, edition: Edition<'_>) {
        let mut rows = self.rows();
        if rows
            .get(plugin)
            .is_some_and(|row| row.is_of(edition) && !matches!(row.state, State::Resting(_)))
        {
            rows.remove(plugin);
        }
    }

    /// A call ended by a fault of the plugin's. What begins if that is one too many.
    pub fn fault(&self, plugin: &str, edition: Edition<'_>, why: &str, now: Instant) -> Option<Pause> {
        let mut rows = self.rows();
        let row = rows.entry(plugin.to_owned()).or_insert_with(|| Row::new(edition));
        if !row.is_of(edition) {
            // The last calls of a version that was replaced say nothing of the one that rests or is tried.
            if row.state != State::Serving {
                return None;
            }
            *row = Row::new(edition);
        }
        row.faults = row.faults.saturating_add(1);
        match row.state {
            State::Serving if row.faults >= FAULTS => {}
            State::Trying(_) => {}
            State::Serving | State::Resting(_) => return None,
        }
        row.pauses = row.pauses.saturating_add(1);
        row.why = why.to_owned();
        let length = pause(self.first, row.pauses);
        row.state = State::Resting(now + length);
        Some(Pause {
            length,
            number: row.pauses,
        })
    }

    /// How a plugin rests, if it does.
    pub fn of(&self, plugin: &str, edition: Edition<'_>) -> Option<Resting> {
        let rows = self.rows();
        let row = rows.get(plugin).filter(|row| row.is_of(edition))?;
        let until = match row.state {
            State::Serving => return None,
            State::Resting(until) => Some(until),
            State::Trying(_) => None,
        };
        Some(Resting {
            until,
            pauses: row.pauses,
            why: row.why.clone(),
        })
    }

    /// The trial found nothing out: the next call is one.
    fn untried(&self, plugin: &str, number: u64, now: Instant) {
        if let Some(row) = self.rows().get_mut(plugin)
            && row.state == State::Trying(number)
        {
            row.state = State::Resting(now);
        }
    }

    /// Nothing here is left half changed by a panic elsewhere.
    fn rows(&self) -> MutexGuard<'_, HashMap<String, Row>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Row {
    fn new((version, since): Edition<'_>) -> Self {
        Self {
            version: version.to_owned(),
            since,
            faults: 0,
            pauses: 0,
            why: String::new(),
            state: State::Serving,
        }
    }
}

/// The pause of this number, from 1 on.
fn pause(first: Duration, number: u32) -> Duration {
    // More than the longest by far, and still no overflow.
    (first * 2_u32.pow(number.saturating_sub(1).min(20))).min(LONGEST)
}

/// A call that finds out whether a plugin works again. Dropped without a word about how it ended (the host ended it, or
/// nobody was to be called), it leaves that to the next one.
#[derive(Debug)]
pub struct Trial {
    rests: Arc<Rests>,
    plugin: String,
    number: u64,
    began: Instant,
}

impl Drop for Trial {
    fn drop(&mut self) {
        self.rests.untried(&self.plugin, self.number, self.began);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Edition<'_> = ("one", Timestamp::UNIX_EPOCH);
    const TWO: Edition<'_> = ("two", Timestamp::UNIX_EPOCH);

    fn seconds(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    /// Some plugin that rests since `now`.
    fn resting(now: Instant) -> Arc<Rests> {
        let rests = Arc::<Rests>::default();
        for _ in 1..FAULTS {
            assert_eq!(rests.fault("p", ONE, "trap", now), None);
        }
        let pause = rests.fault("p", ONE, "the last straw", now).unwrap();
        assert_eq!((pause.length, pause.number), (FIRST, 1));
        rests
    }

    fn goes(rests: &Arc<Rests>, edition: Edition<'_>, now: Instant) -> bool {
        matches!(rests.admit("p", edition, now), Admission::Go(None))
    }

    fn trial(rests: &Arc<Rests>, now: Instant) -> Trial {
        match rests.admit("p", ONE, now) {
            Admission::Go(Some(trial)) => trial,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn faults_count_only_in_a_row() {
        let (rests, now) = (Arc::<Rests>::default(), Instant::now());
        for _ in 0..3 {
            for _ in 1..FAULTS {
                assert_eq!(rests.fault("p", ONE, "trap", now), None);
            }
            assert!(goes(&rests, ONE, now) && rests.of("p", ONE).is_none());
            rests.well("p", ONE);
        }
        assert!(rests.rows().is_empty());
    }

    #[test]
    fn pauses_grow_while_it_does_not_help_and_one_good_call_ends_them() {
        let mut now = Instant::now();
        let rests = resting(now);
        assert_eq!(rests.of("p", ONE).unwrap().why, "the last straw");
        for (number, pause) in [30, 60, 120, 240, 480, 960, 1800, 1800, 1800].into_iter().enumerate() {
            let until = now + seconds(pause);
            for early in [now, until - seconds(1)] {
                match rests.admit("p", ONE, early) {
                    Admission::Rests { until: told } => assert_eq!(told, Some(until)),
                    other => panic!("{other:?}"),
                }
            }
            now = until;
            let trial = trial(&rests, now);
            // One is enough to find out.
            assert!(matches!(rests.admit("p", ONE, now), Admission::Rests { until: None }));
            let next = rests.fault("p", ONE, "trap", now).unwrap();
            assert_eq!(next.number as usize, number + 2);
            drop(trial);
        }
        now += LONGEST;
        let trial = trial(&rests, now);
        rests.well("p", ONE);
        drop(trial);
        assert!(goes(&rests, ONE, now) && rests.rows().is_empty());
        // It begins with the shortest again.
        assert_eq!(resting(now).of("p", ONE).unwrap().until, Some(now + FIRST));
    }

    #[test]
    fn a_trial_that_found_nothing_out_is_repeated_at_once() {
        let now = Instant::now();
        let rests = resting(now);
        let later = now + FIRST;
        drop(trial(&rests, later));
        drop(trial(&rests, later));
        assert_eq!(rests.of("p", ONE).unwrap().pauses, 1);
    }

    #[test]
    fn what_began_before_the_rest_neither_ends_nor_prolongs_it() {
        let now = Instant::now();
        let rests = resting(now);
        rests.well("p", ONE);
        assert_eq!(rests.fault("p", ONE, "late", now + seconds(5)), None);
        let resting = rests.of("p", ONE).unwrap();
        assert_eq!(
            (resting.until, resting.pauses, resting.why.as_str()),
            (Some(now + FIRST), 1, "the last straw")
        );
    }

    #[test]
    fn another_edition_begins_anew_and_the_old_ones_stragglers_do_not_count() {
        let now = Instant::now();
        let again = ("one", Timestamp::from_second(1).unwrap());
        for new in [TWO, again] {
            let rests = resting(now);
            assert!(rests.of("p", new).is_none());
            assert!(goes(&rests, new, now) && rests.rows().is_empty());
        }
        let rests = resting(now);
        assert_eq!(rests.fault("p", TWO, "trap", now), None, "the other one rests");
        assert!(rests.of("p", ONE).is_some());
        // Neither rests: the one that failed last counts.
        let rests = Arc::<Rests>::default();
        for _ in 1..FAULTS {
            assert_eq!(rests.fault("p", ONE, "trap", now), None);
        }
        assert_eq!(rests.fault("p", TWO, "trap", now), None);
        assert_eq!(rests.fault("p", ONE, "trap", now), None);
        assert!(goes(&rests, ONE, now));
    }
}
