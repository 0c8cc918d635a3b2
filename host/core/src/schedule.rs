//! When work is due: cron expressions and rules, read in a time zone, with the days on which nothing happens.
//!
//! No clock and no I/O: who asks says what time it is. In reading order: [`Pattern`] is the text (`cron.rs`, `rule.rs`),
//! [`Schedule`] the pattern in a zone (`walk.rs` has the rule for changes of the clock), [`Schedule::owed`] what is to be
//! done after an absence.
//!
//! **When the clock changes.** A pattern either *follows the clock* (it names every hour: `*/10 * * * *`, `0 * * * *`) or
//! names *times of day* (all others, and all rules).
//!
//! | the clock | times of day | follows the clock |
//! |---|---|---|
//! | jumps forward over a due time | runs once, at the moment of the jump, however many due times were left out | left out: time went on without it |
//! | is set back, and shows a time twice | runs once, the first time | runs both times |
//!
//! So a daily report neither fails to appear nor appears twice, and what is done every ten minutes is done every ten
//! minutes.

mod cron;
mod error;
mod owed;
mod rule;
mod skip;
mod walk;
mod when;

pub use error::ScheduleError;
pub use owed::{GRACE, MAX_MADE_UP, Owed};
pub use skip::SkipDay;
pub use when::when;

use crate::manifest::{Job, Missed};
use cron::Fields;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rule::Rule;
use std::fmt;

/// The longest text of a pattern, in characters.
pub const MAX_PATTERN: usize = 200;
/// The most rules of a pattern.
pub const MAX_RULES: usize = 50;
/// The most times of day in a rule.
pub const MAX_TIMES: usize = 100;
/// The most days that a schedule leaves out.
pub const MAX_SKIPPED: usize = 500;
/// How far ahead a due time is looked for, in years. Within this the 29th of February falls on each day of the week.
pub const HORIZON_YEARS: i16 = 45;

/// Which times of which days, in no zone yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Cron(Fields),
    Rules(Vec<Rule>),
}

impl Pattern {
    /// Reads a cron expression (`50 9 * * 1-5`, `@daily`), or rules (`mon-fri 09:50`), several of them with `;` between.
    ///
    /// # Errors
    /// What in it cannot be read, and what would do instead. Whether it ever comes due is asked by [`Schedule::new`].
    pub fn parse(text: &str) -> Result<Self, ScheduleError> {
        let text = text.trim();
        if text.chars().count() > MAX_PATTERN {
            return Err(ScheduleError::TooLong { max: MAX_PATTERN });
        }
        let is_rules = text.contains(':') && !text.starts_with('@');
        match is_rules {
            true => Self::of_rules(&text.split(';').collect::<Vec<_>>()),
            false => Ok(Self {
                text: text.split_whitespace().collect::<Vec<_>>().join(" "),
                kind: Kind::Cron(Fields::parse(text)?),
            }),
        }
    }

    /// Reads rules: `mon-fri 09:50,18:00`.
    ///
    /// # Errors
    /// As [`Pattern::parse`].
    pub fn of_rules(rules: &[impl AsRef<str>]) -> Result<Self, ScheduleError> {
        if rules.is_empty() || rules.len() > MAX_RULES {
            return Err(ScheduleError::Rules {
                count: rules.len(),
                max: MAX_RULES,
            });
        }
        let rules: Vec<Rule> = rules
            .iter()
            .map(|rule| Rule::parse(rule.as_ref()))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            text: rules.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "),
            kind: Kind::Rules(rules),
        })
    }

    /// Whether it runs as time passes, and not at times of day. See the module's table.
    pub fn follows_clock(&self) -> bool {
        match &self.kind {
            Kind::Cron(fields) => fields.names_every_hour(),
            Kind::Rules(_) => false,
        }
    }

    /// Whether something is due on that day.
    fn on(&self, day: Date) -> bool {
        match &self.kind {
            Kind::Cron(fields) => fields.on(day),
            Kind::Rules(rules) => rules.iter().any(|rule| rule.on(day)),
        }
    }

    /// The first due time of a day that has one, from a time on.
    fn first(&self, day: Date, from: Time) -> Option<Time> {
        match &self.kind {
            Kind::Cron(fields) => fields.first(from),
            Kind::Rules(rules) => rules
                .iter()
                .filter(|rule| rule.on(day))
                .filter_map(|rule| rule.first(from))
                .min(),
        }
    }

    /// The first time on the wall, from one on, that is not on a day for which `skipped` says so. `None` if there is none
    /// within [`HORIZON_YEARS`].
    fn next_wall(&self, from: DateTime, skipped: &dyn Fn(Date) -> bool) -> Option<DateTime> {
        let last_year = from.year().saturating_add(HORIZON_YEARS);
        let (mut day, mut time) = (from.date(), from.time());
        while day.year() <= last_year {
            if let Kind::Cron(fields) = &self.kind
                && !fields.in_month(day)
            {
                day = day.last_of_month().tomorrow().ok()?;
                time = Time::midnight();
                continue;
            }
            if self.on(day)
                && !skipped(day)
                && let Some(found) = self.first(day, time)
            {
                return Some(day.to_datetime(found));
            }
            day = day.tomorrow().ok()?;
            time = Time::midnight();
        }
        None
    }
}

/// The text, as it is kept.
impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A pattern in a time zone: instants.
#[derive(Clone, Debug)]
pub struct Schedule {
    pattern: Pattern,
    zone: TimeZone,
    zone_name: String,
    except: Vec<SkipDay>,
    jitter: Option<Jitter>,
}

#[derive(Clone, Debug)]
struct Jitter {
    key: String,
    most_ms: u64,
}

impl Schedule {
    /// A pattern in a zone (an IANA name), without the days of `except`.
    ///
    /// # Errors
    /// [`ScheduleError::Zone`] for a zone that does not exist, [`ScheduleError::Never`] for what has no due time after
    /// 2000-01-01 for [`HORIZON_YEARS`].
    pub fn new(pattern: Pattern, zone: &str, except: Vec<SkipDay>) -> Result<Self, ScheduleError> {
        let schedule = Self {
            zone: find_zone(zone)?,
            zone_name: zone.into(),
            pattern,
            except,
            jitter: None,
        };
        // From a fixed day on, so that what is accepted today is accepted tomorrow.
        match schedule.next(Timestamp::constant(946_684_800, 0)) {
            Some(_) => Ok(schedule),
            None => Err(ScheduleError::Never {
                text: schedule.pattern.to_string(),
            }),
        }
    }

    /// A job of a manifest. `zone` is the bot's, for a job that names none; `plugin` is whose job it is.
    ///
    /// # Errors
    /// As [`Schedule::new`]; a manifest that was read has none of them.
    pub fn of_job(job: &Job, plugin: &str, zone: &str) -> Result<Self, ScheduleError> {
        let pattern = match job.rules.is_empty() {
            true => Pattern::parse(&job.cron)?,
            false => Pattern::of_rules(&job.rules)?,
        };
        let except = job
            .except
            .iter()
            .map(|day| SkipDay::parse(day))
            .collect::<Result<_, _>>()?;
        let schedule = Self::new(pattern, job.timezone.as_deref().unwrap_or(zone), except)?;
        Ok(schedule.with_jitter(&format!("{plugin}/{}", job.id), job.jitter_ms))
    }

    /// Each run begins up to `most_ms` milliseconds late, by how much depends on `key` and the due time alone: all hosts
    /// that share a store agree about it.
    pub fn with_jitter(mut self, key: &str, most_ms: u64) -> Self {
        self.jitter = (most_ms > 0).then(|| Jitter {
            key: key.into(),
            most_ms,
        });
        self
    }

    /// Its pattern.
    pub fn pattern(&self) -> &Pattern {
        &self.pattern
    }

    /// The name of its zone.
    pub fn zone_name(&self) -> &str {
        &self.zone_name
    }

    /// Its zone.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The first due time after an instant; `None` if there is none within [`HORIZON_YEARS`].
    pub fn next(&self, after: Timestamp) -> Option<Timestamp> {
        let skipped = |day: Date| self.except.iter().any(|skip| skip.is(day));
        walk::next(&self.pattern, &self.zone, after, &skipped)
    }

    /// All due times after an instant, ascending.
    pub fn upcoming(&self, after: Timestamp) -> impl Iterator<Item = Timestamp> {
        std::iter::successors(self.next(after), |due| self.next(*due))
    }

    /// When the run that is due at `due` begins: then, or later by the jitter, but before the next one is due.
    pub fn begins(&self, due: Timestamp) -> Timestamp {
        let Some(jitter) = &self.jitter else {
            return due;
        };
        let gap_ms = self.next(due).map_or(u64::MAX, |next| {
            u64::try_from(next.duration_since(due).as_millis()).unwrap_or(u64::MAX)
        });
        let below = jitter.most_ms.saturating_add(1).min(gap_ms).max(1);
        let late_ms = when::spread(&jitter.key, due) % below;
        let late = SignedDuration::from_millis(i64::try_from(late_ms).unwrap_or(i64::MAX));
        due.checked_add(late).unwrap_or(due)
    }

    /// What is to be run at `now`, if everything due up to `since` has been seen to.
    pub fn owed(&self, since: Timestamp, now: Timestamp, missed: Missed) -> Owed {
        owed::owed(self, since, now, missed)
    }
}

/// A time zone by its IANA name.
///
/// # Errors
/// [`ScheduleError::Zone`].
pub fn find_zone(name: &str) -> Result<TimeZone, ScheduleError> {
    TimeZone::get(name).map_err(|_| ScheduleError::Zone { name: name.into() })
}

#[cfg(test)]
mod tests;
