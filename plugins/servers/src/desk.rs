//! What a call has at hand, and the work on servers: steps of what is due or ordered, told where somebody wants to know.

use crate::cloud::{self, Found, Trouble};
use crate::memory;
use crate::rules::{self, Act, Due, Moment, Order, Standing};
use crate::settings::{Schedule, Settings};
use crate::voice::Voice;
use moa_plugin::{Content, Error, Place, Result, chat, log, system, time};
use std::collections::BTreeMap;

pub struct Desk {
    pub voice: Voice,
    pub settings: Settings,
    pub schedules: BTreeMap<String, Schedule>,
    pub now: Moment,
}

/// The servers that were found, by schedule and group.
pub type All = BTreeMap<(String, String), Found>;

/// How far a schedule is brought.
pub struct Step {
    /// How many servers of which group were told to start or stop just now.
    pub ordered: Vec<(String, usize)>,
    pub troubles: Vec<String>,
    /// Whether nothing is left to do.
    pub done: bool,
}

impl Desk {
    /// # Errors
    /// What is wrong with the configuration; the log has it too.
    pub fn open(language: &str) -> Result<Self> {
        let read = || {
            let mut settings: Settings = system::config()?;
            let (date, time) = time::local(&system::now(), &settings.timezone)?;
            let voice = Voice::of(&settings.voice, language, settings.texts.take());
            let schedules = settings.schedules()?;
            Ok(Self {
                voice,
                settings,
                schedules,
                now: Moment { date, time },
            })
        };
        read().map_err(|error: Error| {
            log::error(error.to_string());
            Error::rejected(error.to_string())
        })
    }

    /// What the person who asked is told instead.
    pub fn told(&self, key: &str, values: &[(&str, &str)]) -> Error {
        Error::rejected(self.voice.say(key, values))
    }

    /// The schedule of this name, or the only one.
    pub fn one(&self, name: Option<&str>) -> Result<(&str, &Schedule)> {
        let names: Vec<&str> = self.schedules.keys().map(String::as_str).collect();
        let name = match (name, &names[..]) {
            (Some(name), _) => name,
            (None, [only]) => only,
            (None, []) => return Err(self.told("no-schedule", &[])),
            _ => return Err(self.told("which-schedule", &[("schedules", &names.join(", "))])),
        };
        let found = self
            .schedules
            .get_key_value(name)
            .map(|(name, schedule)| (name.as_str(), schedule));
        found.ok_or_else(|| {
            self.told(
                "unknown-schedule",
                &[("schedule", name), ("schedules", &names.join(", "))],
            )
        })
    }

    /// The schedule of this name, or all.
    pub fn some(&self, name: Option<&str>) -> Result<Vec<(&str, &Schedule)>> {
        match name {
            None if self.schedules.len() > 1 => Ok(self
                .schedules
                .iter()
                .map(|(name, schedule)| (name.as_str(), schedule))
                .collect()),
            _ => Ok(vec![self.one(name)?]),
        }
    }

    /// What somebody orders: the first step at once, the others in the rounds that follow.
    pub fn force(&self, name: Option<&str>, act: Act) -> Result<Content> {
        let (name, schedule) = self.one(name)?;
        let order = Order {
            act,
            since: self.now,
            done: false,
        };
        memory::set_order(name, order)?;
        let step = self.step(name, schedule, act, &cloud::look(&self.settings, &[(name, schedule)]))?;
        match step.done {
            true => memory::end(name, act)
                .map(|_| self.over(name, act))
                .map_err(Error::from),
            false => Ok(self.ordered(name, act, &step)),
        }
    }

    /// Carries out what is due of all schedules.
    pub fn round(&self) -> Result<()> {
        let mut all: Vec<(&str, &Schedule, Due)> = Vec::new();
        for (name, schedule) in &self.schedules {
            let due = schedule
                .hours
                .due(&memory::exceptions(name)?, memory::order(name)?, self.now);
            if due != Due::default() {
                all.push((name, schedule, due));
            }
        }
        // Nobody is asked where nothing is due.
        let these: Vec<(&str, &Schedule)> = all.iter().map(|(name, schedule, _)| (*name, *schedule)).collect();
        let found = cloud::look(&self.settings, &these);
        for (name, schedule, due) in all {
            if let Some(at) = due.near
                && self.count(name, &found).up > 0
                && memory::is_new("announced", name, &format!("{} {}", at.date, at.time))?
            {
                self.tell(|place| self.near(name, at, place));
            }
            let Some(act) = due.act else { continue };
            let step = self.step(name, schedule, act, &found)?;
            if step.done && memory::end(name, act)? {
                self.tell(|_| self.over(name, act));
            }
            let news = format!("{} {act:?} {:?} {:?}", self.now.date, step.ordered, step.troubles);
            if !(step.ordered.is_empty() && step.troubles.is_empty()) && memory::is_new("told", name, &news)? {
                self.tell(|_| self.ordered(name, act, &step));
            }
        }
        Ok(())
    }

    /// Starts or stops what may be now.
    fn step(&self, name: &str, schedule: &Schedule, act: Act, found: &All) -> Result<Step> {
        let servers = |group: &String| found.get(&(name.to_owned(), group.clone()));
        let count = |group: &String| servers(group)?.as_ref().ok().map(|servers| cloud::count(servers));
        let groups = schedule.groups.iter();
        let standing: Standing<'_> = groups
            .map(|(group, what)| (group.as_str(), (&*what.needs, count(group))))
            .collect();
        let ready = rules::ready(&standing, act);
        let mut step = Step {
            ordered: Vec::new(),
            troubles: Vec::new(),
            done: rules::done(&standing, act),
        };
        for (group, what) in &schedule.groups {
            let ordered = match servers(group) {
                Some(Ok(servers)) if ready.contains(&&**group) => {
                    cloud::order(&self.settings, what, group, act, servers)
                }
                Some(Err(trouble)) => Err(trouble.clone()),
                _ => continue,
            };
            match ordered {
                Ok(count) => step.ordered.push((group.clone(), count)),
                Err(Trouble(why)) => step.troubles.push(format!("{group}: {why}")),
            }
        }
        if !step.ordered.is_empty() {
            memory::begin(name, act)?;
        }
        if let Some(order) = memory::order(name)?.filter(|order| step.done && !order.done && order.act == act) {
            memory::set_order(name, Order { done: true, ..order })?;
        }
        Ok(step)
    }

    /// Says it in every conversation that is to know.
    fn tell(&self, what: impl Fn(&Place) -> Content) {
        for place in self.settings.announce.iter().map(Place::of) {
            if let Err(error) = chat::send(&place, what(&place)) {
                log::error(format!("nothing can be said in {}: {error}", place.conversation));
            }
        }
    }
}
