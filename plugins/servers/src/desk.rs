//! What a call has at hand, the work on servers, and what is said of it: a message, with a card of the facts below it.
//!
//! Brain: `schedule/NAME` is what is remembered of a schedule; `near/NAME/MOMENT` says that this stop was announced.

use crate::Texts;
use crate::settings::{Act, Group, Schedule, Settings};
use moa_plugin::aws::{Fleet, Instance, State};
use moa_plugin::config::{self, mistake};
use moa_plugin::time::{Moment, Switch};
use moa_plugin::{needs, prelude::*};
use serde_json::json;
use std::cell::RefCell;
use std::collections::BTreeMap;

const OK: &str = "#1DDB16";
const WARNING: &str = "#FFBB00";
pub const ERROR: &str = "#FF0000";
/// How many servers of a group are shown by name.
const SHOWN: usize = 20;
/// How long it is remembered that a stop was announced.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);
/// How long one request may take: the call that makes several has seconds.
const PATIENCE: Duration = Duration::from_secs(4);

/// A schedule with its name.
pub type Named<'a> = (&'a String, &'a Schedule);

pub struct Desk {
    pub texts: Texts,
    pub now: Moment,
    pub settings: Settings,
    /// What Amazon has, by the type of the groups: it is asked once a call.
    listed: RefCell<BTreeMap<String, Result<Vec<Instance>>>>,
    schedules: BTreeMap<String, Schedule>,
    /// The schedule that was named.
    named: Option<String>,
}

/// A group as it stands: its servers, if they can be seen.
pub struct Seen<'a> {
    pub name: &'a str,
    pub group: &'a Group,
    pub servers: Result<Vec<Instance>>,
}

impl Seen<'_> {
    pub fn count(&self, state: State) -> usize {
        let servers = self.servers.iter().flatten();
        servers.filter(|server| server.state == state).count()
    }

    /// Whether nothing is left to do.
    pub fn is_done(&self, act: Act) -> bool {
        let goal = act.either(State::Up, State::Down);
        matches!(&self.servers, Ok(servers) if servers.iter().all(|server| server.state == goal))
    }

    /// Whether something is to be done now. A group is started only when all that it needs runs.
    pub fn is_ready(&self, act: Act, groups: &[Self]) -> bool {
        let is_needed = |seen: &&Self| self.group.needs.iter().any(|need| need == seen.name);
        let can_start = || groups.iter().filter(is_needed).all(|seen| seen.is_done(Act::Start));
        self.count(act.either(State::Down, State::Up)) > 0 && (act == Act::Stop || can_start())
    }
}

pub fn message(color: &str, said: String, card: Card) -> Content {
    Content::text(said).card(card.color(color))
}

impl Desk {
    /// Fails with what is wrong with the configuration; the log has it too.
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

    pub fn recall(&self, name: &str) -> Result<Switch<Act>> {
        Ok(Brain::plugin().get(&format!("schedule/{name}"))?.unwrap_or_default())
    }

    pub fn remember<R>(&self, name: &str, change: impl Fn(&mut Switch<Act>) -> R) -> Result<R> {
        Ok(Brain::plugin().update(&format!("schedule/{name}"), change)?)
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
            return Ok((message(OK, said, card), was_begun));
        }
        let (mut ordered, mut troubles) = (Vec::new(), Vec::new());
        let is_next = |seen: &&Seen<'_>| seen.servers.is_err() || seen.is_ready(act, groups);
        for seen in groups.iter().filter(is_next) {
            match self.order(seen, act) {
                Ok(count) => ordered.push(texts.of_group(seen.name, count)),
                Err(trouble) => troubles.push(texts.trouble_of_group(seen.name, trouble)),
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
        let said = message(color, said, card.text(lines.join("\n")));
        Ok((said, !lines.is_empty()))
    }

    /// The groups of a schedule with their servers, each behind those that it needs.
    fn look<'a>(&self, (name, schedule): Named<'a>) -> Vec<Seen<'a>> {
        let tag = schedule.tag.as_ref().unwrap_or(name);
        let groups = needs::sorted(&schedule.groups, |group| &group.needs).into_iter();
        let seen = groups.map(|(name, group)| (name, group, self.servers_of(tag, name, group)));
        seen.map(|(name, group, servers)| Seen { name, group, servers })
            .collect()
    }

    fn servers_of(&self, schedule: &str, name: &str, group: &Group) -> Result<Vec<Instance>> {
        let Some(fleet) = self.fleet(group) else {
            return Ok(ask(group, http::get(&group.status))?.json_at("/servers")?);
        };
        let mut listed = self.listed.borrow_mut();
        let list = || fleet.tagged("ScheduleName").map_err(Error::from);
        let mut all = listed.entry(group.r#type.clone()).or_insert_with(list).clone()?;
        all.retain(|one| one.tag("ScheduleName") == Some(schedule) && one.tag("ScheduleGroupName") == Some(name));
        Ok(all)
    }

    /// Starts or stops those of a group that are not yet so; tells how many.
    fn order(&self, seen: &Seen<'_>, act: Act) -> Result<usize> {
        let (group, servers) = (seen.group, seen.servers.as_ref().map_err(Error::clone)?);
        if let Some(fleet) = self.fleet(group) {
            return Ok(fleet.bring(act.either(State::Up, State::Down), servers)?);
        }
        let order = json!({ "group": seen.name, "action": act });
        ask(group, http::post(act.either(&group.start, &group.stop)).json(&order))?;
        Ok(seen.count(act.either(State::Down, State::Up)))
    }

    fn fleet(&self, group: &Group) -> Option<Fleet> {
        let fleet = self.settings.aws.as_ref()?.fleet(&group.r#type)?;
        Some(fleet.timeout(PATIENCE))
    }

    pub fn act(&self, act: Act) -> String {
        act.either(self.texts.start(), self.texts.stop())
    }

    fn time(&self, time: Option<Time>) -> String {
        time.map_or_else(|| self.texts.none(), Time::short)
    }

    pub fn status(&self, of: Named<'_>) -> Content {
        let (texts, name, groups) = (&self.texts, of.0, self.look(of));
        let count = |state| groups.iter().map(|seen| seen.count(state)).sum::<usize>();
        let (up, down) = (count(State::Up), count(State::Down));
        let all = up + down + count(State::Between);
        let (color, said) = match all {
            _ if groups.iter().any(|seen| seen.servers.is_err()) => (ERROR, texts.unseen(name)),
            0 => (WARNING, texts.no_servers(name)),
            _ if up == all => (OK, texts.up(name, all)),
            _ if down == all => (WARNING, texts.down(name, all)),
            _ => (WARNING, texts.mixed(name, all, up)),
        };
        let field = |card: Card, seen: &Seen<'_>| card.wide_field(seen.name, self.servers(seen));
        message(color, said, groups.iter().fold(Card::titled(name), field))
    }

    fn servers(&self, seen: &Seen<'_>) -> String {
        match &seen.servers {
            Ok(servers) if servers.is_empty() => self.texts.none(),
            Ok(servers) => text::lines(servers, SHOWN),
            Err(why) => self.texts.trouble_to_look(why),
        }
    }

    /// The times of a date, or of today; those alone that are exceptions, if `other` ones are asked for.
    pub fn day_of(&self, (name, schedule): Named<'_>, date: Option<Date>, other: bool) -> Result<Content> {
        let date = date.unwrap_or(self.now.date);
        let (texts, table) = (&self.texts, schedule.times(&self.recall(name)?));
        let day = date.with_weekday(&texts.weekdays());
        let exceptions = table.exceptions.on(date);
        let mut times: Vec<(Act, Option<Time>)> = [Act::Start, Act::Stop].map(|act| (act, table.at(date, &act))).into();
        times.retain(|(act, _)| !other || exceptions.contains_key(act));
        let (color, said) = match (other, exceptions.is_empty()) {
            (true, true) => (OK, texts.no_exception(name, day)),
            (true, false) => (WARNING, texts.exceptions(name, day)),
            (false, _) if !schedule.enabled => (WARNING, texts.disabled(name)),
            (false, false) => (WARNING, texts.day_with_exception(name, day)),
            (false, true) if times.iter().all(|(_, time)| time.is_none()) => (WARNING, texts.day_off(name, day)),
            (false, true) => (OK, texts.day(name, day)),
        };
        let field = |card: Card, (act, time)| card.field(self.act(act), self.time(time));
        Ok(message(color, said, times.into_iter().fold(Card::titled(name), field)))
    }

    /// What an exception changed.
    pub fn changed(&self, said: String, name: &str, date: Date, act: Act, time: Option<Time>) -> Content {
        let (day, act, time) = (
            date.with_weekday(&self.texts.weekdays()),
            self.act(act),
            self.time(time),
        );
        message(OK, said, Card::titled(name).field(day, format!("{act} {time}")))
    }

    /// A stop that is near, with buttons where there are any. Their ids say what the stop becomes.
    pub fn near(&self, name: &str, at: Moment, place: &Place) -> Content {
        let (texts, card) = (&self.texts, Card::titled(name));
        let said = texts.near(name, self.now.minutes_until(at), at.time.short());
        if place.conversation.starts_with("jandi:") {
            return message(WARNING, said, card.text(texts.near_hint(name, at.date)));
        }
        let later = at.plus_minutes(60).filter(|later| later.date == at.date);
        let later = later.map_or_else(|| "23:59".into(), |later| later.time.short());
        let button = |time: &str, label| Button::new(format!("stop:{}/{time}/{name}", at.date), label);
        message(WARNING, said, card)
            .button(button(&later, texts.one_hour_more()).primary())
            .button(button("none", texts.not_today()))
    }
}

fn ask(group: &Group, request: http::Request) -> Result<http::Response> {
    let request = request.bearer(group.secret.as_deref()).timeout(PATIENCE);
    Ok(request.send()?.ok()?)
}
