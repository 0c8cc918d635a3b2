//! Jobs as people and plugins see them.

use super::{JobError, Key, Schedules, lock, timestamp};
use jiff::Timestamp;
use moa_core::event::Event;
use moa_core::manifest::Missed;
use serde::{Deserialize, Serialize};

/// How a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum JobState {
    /// It runs when it is due.
    Waiting,
    /// A run of it goes on.
    Running,
    /// An operator lets it rest.
    Paused,
    /// Its plugin is not there, is stopped, or may not have jobs any more.
    Idle,
    /// Its schedule cannot be read.
    Broken,
}

/// A job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Row {
    /// The plugin.
    pub plugin: String,
    /// The job's id in the manifest, or its name.
    pub name: String,
    /// The cron expression, the rules or `on load`; nothing for one that runs once.
    pub schedule: Option<String>,
    /// In which zone.
    pub timezone: String,
    /// What happens to missed runs; nothing for one that runs once.
    pub missed: Option<Missed>,
    /// Whether the plugin made it at run time.
    pub made: bool,
    /// How it is.
    pub state: JobState,
    /// When it is due next, if it may run then.
    pub next: Option<Timestamp>,
    /// How its last run ended.
    pub last: Option<LastRow>,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct LastRow {
    /// For which due time.
    pub due: String,
    /// When it ended.
    pub ended: Timestamp,
    /// Why it failed; nothing if it did not.
    pub failed: Option<String>,
}

impl Schedules {
    /// All jobs, by plugin and name.
    pub fn rows(&self, now: Timestamp) -> Vec<Row> {
        self.replan();
        let keys: Vec<Key> = lock(&self.book).plans.keys().cloned().collect();
        keys.iter().filter_map(|key| self.row(key, now)).collect()
    }

    fn row(&self, key: &Key, now: Timestamp) -> Option<Row> {
        let book = lock(&self.book);
        let plan = book.plans.get(key)?;
        let standing = book.standing.get(key).cloned().unwrap_or_default();
        let state = match () {
            () if plan.broken().is_some() => JobState::Broken,
            () if standing.paused => JobState::Paused,
            () if !self.is_served(key, plan) => JobState::Idle,
            () if book.running.contains_key(key) => JobState::Running,
            () => JobState::Waiting,
        };
        let runs = matches!(state, JobState::Waiting | JobState::Running);
        Some(Row {
            plugin: key.0.clone(),
            name: key.1.clone(),
            schedule: plan.words(),
            timezone: plan
                .schedule()
                .map_or(&*self.zone, |schedule| schedule.zone_name())
                .to_owned(),
            missed: plan.missed(),
            made: plan.is_made(),
            state,
            next: runs.then(|| plan.next(now)).flatten(),
            last: standing.last.map(|last| LastRow {
                due: last.due,
                ended: timestamp(last.ended_ms),
                failed: last.failed,
            }),
        })
    }

    /// The next due times of all jobs or of one, ascending, with when they begin at the earliest left out: at most `count`.
    ///
    /// # Errors
    /// [`JobError::None`].
    pub fn upcoming(&self, of: Option<&Key>, now: Timestamp, count: usize) -> Result<Vec<(Timestamp, Key)>, JobError> {
        self.replan();
        let book = lock(&self.book);
        if let Some(key) = of.filter(|key| !book.plans.contains_key(*key)) {
            return Err(JobError::None(key.0.clone(), key.1.clone()));
        }
        let mut all = Vec::new();
        for (key, plan) in book.plans.iter().filter(|(key, _)| of.is_none_or(|of| of == *key)) {
            let is_paused = book.standing.get(key).is_some_and(|standing| standing.paused);
            if is_paused || !self.is_served(key, plan) {
                continue;
            }
            match plan.schedule() {
                Some(schedule) => all.extend(schedule.upcoming(now).take(count).map(|due| (due, key.clone()))),
                None => all.extend(plan.next(now).map(|due| (due, key.clone()))),
            }
        }
        all.sort();
        all.truncate(count);
        Ok(all)
    }

    /// The event of a run of a job at once, whatever its schedule says. Its next due times stay what they are.
    ///
    /// # Errors
    /// [`JobError::None`] also for a job whose plugin is not there.
    pub fn at_once(&self, plugin: &str, name: &str, now: Timestamp) -> Result<Event, JobError> {
        self.replan();
        let key = (plugin.to_owned(), name.to_owned());
        let plan = lock(&self.book).plans.get(&key).cloned();
        match plan.filter(|plan| self.is_served(&key, plan)) {
            Some(plan) => Ok(self.now(&key, &plan, now.as_millisecond())),
            None => Err(JobError::None(plugin.into(), name.into())),
        }
    }

    /// A plugin's jobs as it sees them itself, ascending by name.
    pub fn jobs_of(&self, plugin: &str, now: Timestamp) -> Vec<moa_engine::Job> {
        let own = self.rows(now).into_iter().filter(|row| row.plugin == plugin);
        own.map(|row| moa_engine::Job {
            payload: self.payload(&row.plugin, &row.name),
            name: row.name,
            next: row.next.map(|next| format!("{next:.3}")),
            cron: row.schedule,
            timezone: row.timezone,
        })
        .collect()
    }

    fn payload(&self, plugin: &str, name: &str) -> String {
        let book = lock(&self.book);
        let made = book.made.get(&(plugin.to_owned(), name.to_owned()));
        made.map(|made| made.payload.clone()).unwrap_or_default()
    }
}
