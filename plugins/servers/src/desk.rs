//! What a call has at hand, and the work on servers: steps of what is due or ordered, told where somebody wants to know.
//! The brain has one key for each schedule, `schedule/NAME`, with what is remembered of it.

use crate::rules::{self, Act, Groups};
use crate::settings::{Schedule, Settings};
use crate::{Texts, show};
use moa_plugin::aws::{Instance, State};
use moa_plugin::brain::BrainResult;
use moa_plugin::prelude::*;
use moa_plugin::time::{Exceptions, Moment, Order, Timetable};
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::collections::BTreeMap;

pub struct Desk {
    pub texts: Texts,
    pub now: Moment,
    pub settings: Settings,
    /// What Amazon has, by the type of the groups: it is asked once a call.
    pub listed: RefCell<BTreeMap<String, Result<Vec<Instance>>>>,
    schedules: BTreeMap<String, Schedule>,
    /// The schedule that was named.
    named: Option<String>,
}

/// What is remembered of a schedule.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Memory {
    pub exceptions: Exceptions<Act>,
    order: Option<Order<Act>>,
    /// What was begun and is not done yet, so that its end is told.
    begun: Option<Act>,
    /// What was told last, so that it is not told again.
    told: String,
    announced: Option<Moment>,
}

impl Desk {
    /// # Errors
    /// What is wrong with the configuration; the log has it too.
    pub fn open(language: &str, named: Option<String>) -> Result<Self> {
        let read = || {
            let mut settings: Settings = system::config()?;
            let own = settings.texts.take().unwrap_or_default();
            Ok(Self {
                texts: Texts::of(language).voice(&settings.voice).with(own),
                now: Moment::now(&settings.timezone)?,
                schedules: settings.schedules()?,
                settings,
                listed: RefCell::default(),
                named,
            })
        };
        read().map_err(|error: Error| {
            log::error(error.to_string());
            Error::rejected(error.to_string())
        })
    }

    /// The schedule that was named, or the only one.
    pub fn one(&self) -> Result<(&str, &Schedule)> {
        let names: Vec<&str> = self.schedules.keys().map(String::as_str).collect();
        let wrong = match (self.named.as_deref(), &names[..]) {
            (Some(name), _) | (None, &[name]) => match self.schedules.get_key_value(name) {
                Some((name, schedule)) => return Ok((name, schedule)),
                None => self.texts.unknown_schedule(name, names.join(", ")),
            },
            (None, []) => self.texts.no_schedule(),
            (None, _) => self.texts.which_schedule(names.join(", ")),
        };
        Err(Error::rejected(wrong))
    }

    /// Shows the schedule that was named, or all.
    pub fn each(&self, show: impl Fn(&str, &Schedule) -> Result<Content>) -> Result<Content> {
        if self.named.is_none() && self.schedules.len() > 1 {
            return self.schedules.iter().map(|(name, of)| show(name, of)).collect();
        }
        self.one().and_then(|(name, of)| show(name, of))
    }

    fn recall(&self, name: &str) -> BrainResult<Memory> {
        let memory = Brain::plugin().get(&format!("schedule/{name}"))?;
        Ok(memory.unwrap_or_default())
    }

    pub fn remember<R>(&self, name: &str, change: impl Fn(&mut Memory) -> R) -> BrainResult<R> {
        Brain::plugin().update(&format!("schedule/{name}"), change)
    }

    /// A schedule's times, and their exceptions.
    pub fn times(&self, name: &str, schedule: &Schedule) -> BrainResult<Timetable<Act>> {
        Ok(schedule.times(self.recall(name)?.exceptions))
    }

    /// What somebody orders: the first step at once, the others in the rounds that follow.
    pub fn force(&self, act: Act) -> Result<Content> {
        let (name, schedule) = self.one()?;
        self.remember(name, |memory| memory.order = Some(Order::new(act, self.now)))?;
        let (said, _) = self.step(name, act, &self.look(name, schedule))?;
        // Who ordered is told here; it is still news elsewhere.
        self.remember(name, |memory| memory.told.clear())?;
        Ok(said)
    }

    /// Carries out what is due of all schedules.
    pub fn round(&self) -> Result<()> {
        for (name, schedule) in &self.schedules {
            let memory = self.recall(name)?;
            let times = schedule.enabled.then(|| schedule.times(memory.exceptions));
            let (act, near) = rules::due(&times.unwrap_or_default(), memory.order, self.now);
            // Nobody is asked where nothing is due.
            if act.is_none() && near.is_none() {
                continue;
            }
            let groups = self.look(name, schedule);
            if let Some(at) = near
                && groups.values().any(|seen| seen.count(State::Up) > 0)
                && self.remember(name, |memory| memory.announced.replace(at) != Some(at))?
            {
                chat::announce(&self.settings.announce, |place| self.near(name, at, place));
            }
            let Some(act) = act else { continue };
            let (said, is_news) = self.step(name, act, &groups)?;
            if is_news {
                chat::announce(&self.settings.announce, |_| said.clone());
            }
        }
        Ok(())
    }

    /// Starts or stops what may be now. Says how far it is, and whether that is news.
    fn step(&self, name: &str, act: Act, groups: &Groups<'_>) -> Result<(Content, bool)> {
        if groups.values().all(|seen| seen.is_done(act)) {
            let was_begun = self.remember(name, |memory| {
                if let Some(order) = memory.order.as_mut().filter(|order| order.what == act) {
                    order.done = true;
                }
                memory.begun.take_if(|begun| *begun == act).is_some()
            })?;
            return Ok((self.over(name, act), was_begun));
        }
        let (mut ordered, mut troubles) = (Vec::new(), Vec::new());
        for (group, seen) in groups {
            let count = match &seen.servers {
                Ok(servers) if seen.is_ready(act, groups) => self.order(group, seen.group, act, servers),
                Ok(_) => continue,
                Err(trouble) => Err(trouble.clone()),
            };
            match count {
                Ok(count) => ordered.push(self.texts.of_group(group, count)),
                Err(trouble) => troubles.push(show::trouble(format!("{group}: {trouble}"))),
            }
        }
        let lines = [&ordered[..], &troubles].concat().join("\n");
        let told = format!("{} {act:?} {lines}", self.now.date);
        let is_news = self.remember(name, |memory| {
            memory.begun = if ordered.is_empty() { memory.begun } else { Some(act) };
            !lines.is_empty() && std::mem::replace(&mut memory.told, told.clone()) != told
        })?;
        let said = self.ordered(name, act, ordered.is_empty(), troubles.is_empty(), &lines);
        Ok((said, is_news))
    }
}
