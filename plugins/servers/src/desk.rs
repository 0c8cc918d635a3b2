//! What a call has at hand, and the work on servers: steps of what is due or ordered, told where somebody wants to know.
//!
//! Brain: `schedule/NAME` is what is remembered of a schedule; `near/NAME/MOMENT` says that this stop was announced.

use crate::Texts;
use crate::rules::{Act, Seen};
use crate::settings::{Schedule, Settings};
use crate::show::{self, ERROR, OK, WARNING};
use moa_plugin::aws::{Instance, State};
use moa_plugin::brain::BrainResult;
use moa_plugin::config::{self, mistake};
use moa_plugin::prelude::*;
use moa_plugin::time::{Moment, Switch};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// How long it is remembered that a stop was announced.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// A schedule with its name.
pub type Named<'a> = (&'a String, &'a Schedule);

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

impl Desk {
    /// # Errors
    /// What is wrong with the configuration; the log has it too.
    pub fn open(language: &str, named: Option<String>) -> Result<Self> {
        let mut settings: Settings = config::settings()?;
        let own = settings.texts.take().unwrap_or_default();
        Ok(Self {
            texts: Texts::of(language).voice(&settings.voice).with(own),
            now: Moment::now(&settings.timezone).map_err(mistake)?,
            schedules: settings.schedules().map_err(mistake)?,
            settings,
            listed: RefCell::default(),
            named,
        })
    }

    /// The schedule that was named, or the only one.
    pub fn one(&self) -> Result<Named<'_>> {
        let names: Vec<&str> = self.schedules.keys().map(String::as_str).collect();
        let wrong = match (self.named.as_deref(), &names[..]) {
            (Some(name), _) | (None, &[name]) => match self.schedules.get_key_value(name) {
                Some(schedule) => return Ok(schedule),
                None => self.texts.unknown_schedule(name, names.join(", ")),
            },
            (None, []) => self.texts.no_schedule(),
            (None, _) => self.texts.which_schedule(names.join(", ")),
        };
        Err(Error::rejected(wrong))
    }

    /// Shows the schedule that was named, or all.
    pub fn each(&self, show: impl Fn(Named<'_>) -> Result<Content>) -> Result<Content> {
        match (&self.named, self.schedules.len()) {
            (None, 2..) => self.schedules.iter().map(show).collect(),
            _ => self.one().and_then(show),
        }
    }

    pub fn recall(&self, name: &str) -> BrainResult<Switch<Act>> {
        let switch = Brain::plugin().get(&format!("schedule/{name}"))?;
        Ok(switch.unwrap_or_default())
    }

    pub fn remember<R>(&self, name: &str, change: impl Fn(&mut Switch<Act>) -> R) -> BrainResult<R> {
        Brain::plugin().update(&format!("schedule/{name}"), change)
    }

    /// What somebody orders: the first step at once, the others in the rounds that follow.
    pub fn force(&self, act: Act) -> Result<Content> {
        let (name, schedule) = self.one()?;
        self.remember(name, |switch| switch.order(act, self.now))?;
        Ok(self.step(name, act, &self.look((name, schedule)))?.0)
    }

    /// Carries out what is due of all schedules.
    pub fn round(&self) -> Result<()> {
        for (name, schedule) in &self.schedules {
            let (act, near) = schedule.due(&self.recall(name)?, self.now);
            // Nobody is asked where nothing is due.
            if act.is_none() && near.is_none() {
                continue;
            }
            let groups = self.look((name, schedule));
            if let Some(at) = near
                && groups.iter().any(|seen| seen.count(State::Up) > 0)
                && Brain::plugin().once(&format!("near/{name}/{at}"), KEPT)?
            {
                chat::announce(&self.settings.announce, |place| self.near(name, at, place));
            }
            let Some(act) = act else { continue };
            let (said, is_telling) = self.step(name, act, &groups)?;
            let told = format!("{} {said:?}", self.now.date);
            if is_telling && self.remember(name, |switch| switch.is_news(&told))? {
                chat::announce(&self.settings.announce, |_| said.clone());
            }
        }
        Ok(())
    }

    /// Starts or stops what may be now. Says how far it is, and whether that is more than that it goes on.
    fn step(&self, name: &str, act: Act, groups: &[Seen<'_>]) -> Result<(Content, bool)> {
        let (texts, card) = (&self.texts, Card::titled(name));
        if groups.iter().all(|seen| seen.is_done(act)) {
            let was_begun = self.remember(name, |switch| switch.end(act))?;
            let said = act.either(texts.all_started(name), texts.all_stopped(name));
            return Ok((show::message(OK, said, card), was_begun));
        }
        let (mut ordered, mut troubles) = (Vec::new(), Vec::new());
        let is_next = |seen: &&Seen<'_>| seen.servers.is_err() || seen.is_ready(act, groups);
        for seen in groups.iter().filter(is_next) {
            match self.order(seen, act) {
                Ok(count) => ordered.push(texts.of_group(seen.name, count)),
                Err(trouble) => troubles.push(show::trouble(format!("{}: {trouble}", seen.name))),
            }
        }
        if !ordered.is_empty() {
            self.remember(name, |switch| switch.begin(act))?;
        }
        let waiting = act.either(texts.waiting_to_start(name), texts.waiting_to_stop(name));
        let going = act.either(texts.starting(name), texts.stopping(name));
        let (color, said) = match (ordered.is_empty(), troubles.is_empty()) {
            (false, true) => (OK, going),
            (false, false) => (ERROR, going),
            (true, false) => (ERROR, texts.trouble(name)),
            (true, true) => (WARNING, waiting),
        };
        let lines = [ordered, troubles].concat();
        let said = show::message(color, said, card.text(lines.join("\n")));
        Ok((said, !lines.is_empty()))
    }
}
