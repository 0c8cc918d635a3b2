//! What the jobs are: those of the manifests of the plugins that serve, and those that were made.

use super::kept::{Made, When};
use super::run::text;
use super::{Key, Schedules, lock, timestamp};
use jiff::Timestamp;
use moa_core::event::{Due, Event, Identity};
use moa_core::manifest::{Job, Missed, Moment};
use moa_core::schedule::{Owed, Pattern, Schedule, ScheduleError};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A job, ready to be asked when it is due.
#[derive(Debug)]
pub(super) struct Plan {
    id: String,
    of: Of,
    timing: Timing,
}

/// What it is made from.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Of {
    Manifest(Job),
    /// One that is due when its plugin begins to serve, and when that was; nothing where it ran since.
    Load(Job, Option<i64>),
    Made(Made),
}

#[derive(Debug)]
enum Timing {
    Once(Timestamp),
    Load(Option<Timestamp>),
    Every(Schedule, Missed),
    /// It could be read when it was made, and cannot be now.
    Broken(ScheduleError),
}

impl Plan {
    fn new(key: &Key, of: Of, zone: &str) -> Self {
        let (id, timing) = match &of {
            Of::Manifest(job) => (
                format!(
                    "{}|{}|{}|{}",
                    job.cron,
                    job.rules.join(";"),
                    job.except.join(","),
                    job.timezone.as_deref().unwrap_or(zone)
                ),
                Schedule::of_job(job, &key.0, zone).map(|schedule| Timing::Every(schedule, job.missed)),
            ),
            Of::Load(job, since_ms) => (
                job.on.map_or("", Moment::as_str).to_owned(),
                Ok(Timing::Load(since_ms.map(timestamp))),
            ),
            Of::Made(made) => (
                made.uid.clone(),
                match &made.when {
                    When::Once { at_ms } => Ok(Timing::Once(timestamp(*at_ms))),
                    When::Every { cron, timezone, missed } => Pattern::parse(cron)
                        .and_then(|pattern| Schedule::new(pattern, timezone, Vec::new()))
                        .map(|schedule| Timing::Every(schedule, *missed)),
                },
            ),
        };
        let timing = timing.unwrap_or_else(|error| {
            tracing::error!(plugin = key.0, job = key.1, %error, "a job's schedule cannot be read any more; it never runs");
            Timing::Broken(error)
        });
        Self { id, of, timing }
    }

    /// Another one for every schedule: what was due by another counts no more.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn is_made(&self) -> bool {
        matches!(self.of, Of::Made(_))
    }

    pub(super) fn is_once(&self) -> bool {
        matches!(self.timing, Timing::Once(_))
    }

    /// Whether it is due when its plugin begins to serve.
    pub(super) fn is_on_load(&self) -> bool {
        matches!(self.timing, Timing::Load(_))
    }

    /// The job that goes first where both are due.
    pub(super) fn after(&self) -> Option<&str> {
        match &self.of {
            Of::Manifest(job) | Of::Load(job, _) => Some(job.after.as_str()).filter(|after| !after.is_empty()),
            Of::Made(_) => None,
        }
    }

    pub(super) fn payload(&self) -> &str {
        match &self.of {
            Of::Manifest(_) | Of::Load(..) => "",
            Of::Made(made) => &made.payload,
        }
    }

    pub(super) fn schedule(&self) -> Option<&Schedule> {
        match &self.timing {
            Timing::Every(schedule, _) => Some(schedule),
            Timing::Once(_) | Timing::Load(_) | Timing::Broken(_) => None,
        }
    }

    pub(super) fn missed(&self) -> Option<Missed> {
        match &self.timing {
            Timing::Every(_, missed) => Some(*missed),
            Timing::Once(_) | Timing::Load(_) | Timing::Broken(_) => None,
        }
    }

    pub(super) fn broken(&self) -> Option<&ScheduleError> {
        match &self.timing {
            Timing::Broken(error) => Some(error),
            Timing::Once(_) | Timing::Load(_) | Timing::Every(..) => None,
        }
    }

    /// When it is due, as people read it: the cron expression, the rules, `on load`; nothing for one that runs once.
    pub(super) fn words(&self) -> Option<String> {
        match &self.timing {
            Timing::Load(_) => Some(format!("on {}", self.id)),
            _ => self.schedule().map(|schedule| schedule.pattern().to_string()),
        }
    }

    /// The first due time behind `since`; of what is due once, that.
    pub(super) fn next(&self, since: Timestamp) -> Option<Timestamp> {
        match &self.timing {
            Timing::Once(at) => Some(*at),
            Timing::Load(at) => *at,
            Timing::Every(schedule, _) => schedule.next(since),
            Timing::Broken(_) => None,
        }
    }

    /// When the first run behind `since` begins.
    pub(super) fn begins(&self, since: Timestamp) -> Option<Timestamp> {
        let due = self.next(since)?;
        Some(self.schedule().map_or(due, |schedule| schedule.begins(due)))
    }

    /// What is to be run now.
    pub(super) fn owed(&self, since: Timestamp, now: Timestamp) -> Owed {
        match &self.timing {
            Timing::Every(schedule, missed) => schedule.owed(since, now, *missed),
            Timing::Once(at) if *at <= now => Owed {
                runs: vec![*at],
                until: Some(*at),
                left_out: false,
            },
            // Seen to by the plugins' arrivals, not by due times.
            Timing::Once(_) | Timing::Load(_) | Timing::Broken(_) => Owed::default(),
        }
    }

    /// The event of a run.
    pub(super) fn event(&self, key: &Key, due: Timestamp, now_ms: i64) -> Event {
        let mut event = Due {
            plugin: key.0.clone(),
            name: key.1.clone(),
            due: text(&due),
            payload: self.payload().into(),
            time: text(&timestamp(now_ms)),
        }
        .event();
        if self.is_once() {
            // The same name may be used again for the same instant.
            event.identity = Identity(format!("{}/{}", event.identity.0, self.id()));
        }
        event
    }
}

impl Schedules {
    /// Makes the plans what is known now.
    pub(super) fn replan(&self) {
        let shelf = self.shelf.load_full();
        let mut book = lock(&self.book);
        if !std::mem::take(&mut book.stale) {
            return;
        }
        let mut plans = BTreeMap::new();
        let mut add = |key: Key, of: Of| {
            // Reading one takes its time, and most stay what they were.
            let plan = match book.plans.get(&key).filter(|plan| plan.of == of) {
                Some(plan) => Arc::clone(plan),
                None => Arc::new(Plan::new(&key, of, &self.zone)),
            };
            plans.insert(key, plan);
        };
        for (key, made) in &book.made {
            add(key.clone(), Of::Made(made.clone()));
        }
        // A new version's manifest may have a name that an older one made a job with.
        for (plugin, manifest) in shelf.iter() {
            for job in &manifest.jobs {
                let of = match job.on {
                    Some(_) => Of::Load(
                        job.clone(),
                        book.arrivals.get(plugin).and_then(|here| here.due_ms(&job.id)),
                    ),
                    None => Of::Manifest(job.clone()),
                };
                add((plugin.clone(), job.id.clone()), of);
            }
        }
        book.plans = plans;
    }
}
