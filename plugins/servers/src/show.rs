//! Messages: what the bot says, and a card with the facts below it.

use crate::desk::Desk;
use crate::rules::{Act, Groups, Seen};
use crate::settings::Schedule;
use moa_plugin::aws::State;
use moa_plugin::prelude::*;
use moa_plugin::time::Moment;

const OK: &str = "#1DDB16";
const WARNING: &str = "#FFBB00";
pub const ERROR: &str = "#FF0000";
/// How many servers of a group are shown by name.
const SHOWN: usize = 20;

pub fn message(color: &str, said: String, card: Card) -> Content {
    Content::text(said).card(card.color(color))
}

pub fn trouble(what: impl ToString) -> String {
    format!("⚠️ {}", text::plain(&what.to_string()))
}

impl Desk {
    pub fn act(&self, act: Act) -> String {
        act.either(self.texts.start(), self.texts.stop())
    }

    fn time(&self, time: Option<Time>) -> String {
        time.map_or_else(|| self.texts.none(), Time::short)
    }

    /// `2026-11-21 (Sat)`.
    fn day(&self, date: Date) -> String {
        let names = self.texts.weekdays();
        let name = names.split(' ').nth(date.weekday() as usize);
        format!("{date} ({})", name.unwrap_or_default())
    }

    pub fn status(&self, name: &str, groups: &Groups<'_>) -> Content {
        let texts = &self.texts;
        let count = |state| groups.values().map(|seen| seen.count(state)).sum::<usize>();
        let (up, down) = (count(State::Up), count(State::Down));
        let all = up + down + count(State::Between);
        let (color, said) = match all {
            _ if groups.values().any(|seen| seen.servers.is_err()) => (ERROR, texts.unseen(name)),
            0 => (WARNING, texts.no_servers(name)),
            _ if up == all => (OK, texts.up(name, all)),
            _ if down == all => (WARNING, texts.down(name, all)),
            _ => (WARNING, texts.mixed(name, all, up)),
        };
        let field = |card: Card, (group, seen): (&&str, &Seen<'_>)| card.wide_field(*group, self.servers(seen));
        message(color, said, groups.iter().fold(Card::titled(name), field))
    }

    fn servers(&self, seen: &Seen<'_>) -> String {
        match &seen.servers {
            Ok(servers) if servers.is_empty() => self.texts.none(),
            Ok(servers) => text::lines(servers, SHOWN),
            Err(why) => trouble(why),
        }
    }

    /// The times of a date, or of today; those alone that are exceptions, if `other` ones are asked for.
    pub fn day_of(&self, name: &str, schedule: &Schedule, date: Option<Date>, other: bool) -> Result<Content> {
        let date = date.unwrap_or(self.now.date);
        let (texts, day, table) = (&self.texts, self.day(date), self.times(name, schedule)?);
        let exceptions = table.exceptions.on(date);
        let shown = [Act::Start, Act::Stop]
            .into_iter()
            .filter(|act| !other || exceptions.contains_key(act));
        let times: Vec<(Act, Option<Time>)> = shown.map(|act| (act, table.at(date, &act))).collect();
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
        let what = format!("{} {}", self.act(act), self.time(time));
        message(OK, said, Card::titled(name).field(self.day(date), what))
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

    /// What was told to start or stop just now, and what was not.
    pub fn ordered(&self, name: &str, act: Act, waits: bool, is_well: bool, lines: &str) -> Content {
        let texts = &self.texts;
        let (color, said) = match (waits, is_well) {
            (true, true) => (
                WARNING,
                act.either(texts.waiting_to_start(name), texts.waiting_to_stop(name)),
            ),
            (true, false) => (ERROR, texts.trouble(name)),
            (false, true) => (OK, act.either(texts.starting(name), texts.stopping(name))),
            (false, false) => (ERROR, act.either(texts.starting(name), texts.stopping(name))),
        };
        message(color, said, Card::titled(name).text(lines))
    }

    /// All is as it was ordered.
    pub fn over(&self, name: &str, act: Act) -> Content {
        let said = act.either(self.texts.all_started(name), self.texts.all_stopped(name));
        message(OK, said, Card::titled(name))
    }
}
