//! Messages: what the bot says, and a card with the facts below it.

use crate::desk::{Desk, Named};
use crate::rules::{Act, Seen};
use moa_plugin::aws::State;
use moa_plugin::prelude::*;
use moa_plugin::time::Moment;

pub const OK: &str = "#1DDB16";
pub const WARNING: &str = "#FFBB00";
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
            Err(why) => trouble(why),
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
        let what = format!("{} {}", self.act(act), self.time(time));
        message(
            OK,
            said,
            Card::titled(name).field(date.with_weekday(&self.texts.weekdays()), what),
        )
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
