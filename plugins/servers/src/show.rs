//! Messages: what the bot says, and a card with the facts below it.

use crate::cloud::{self, Found, State};
use crate::desk::{All, Desk, Step};
use crate::memory;
use crate::rules::{Act, Count, Moment};
use crate::settings::Schedule;
use moa_plugin::time::{Date, Time};
use moa_plugin::{Button, Card, Content, Place, Result, text};

pub const OK: &str = "#1DDB16";
pub const WARNING: &str = "#FFBB00";
pub const ERROR: &str = "#FF0000";
/// How many servers of a group are shown by name.
const SHOWN: usize = 20;

pub type Piece = (String, Card);

pub fn piece(color: &str, said: String, title: &str) -> Piece {
    (said, Card::titled(title).color(color))
}

/// One message of several pieces.
pub fn message(pieces: impl IntoIterator<Item = Piece>) -> Content {
    let (said, cards): (Vec<String>, Vec<Card>) = pieces.into_iter().unzip();
    cards.into_iter().fold(Content::text(said.join("\n")), Content::card)
}

impl Desk {
    pub fn act(&self, act: Act) -> String {
        self.voice.say(if act == Act::Start { "start" } else { "stop" }, &[])
    }

    fn time(&self, time: Option<Time>) -> String {
        match time {
            Some(time) => format!("{:02}:{:02}", time.hour(), time.minute()),
            None => self.voice.say("none", &[]),
        }
    }

    /// `2026-11-21 (Sat)`.
    fn day(&self, date: Date) -> String {
        let names = self.voice.say("weekdays", &[]);
        format!(
            "{date} ({})",
            names.split(' ').nth(date.weekday() as usize).unwrap_or_default()
        )
    }

    /// Of all groups of a schedule together.
    pub fn count(&self, name: &str, found: &All) -> Count {
        let own = found.iter().filter(|((schedule, _), _)| schedule == name);
        let counts = own.filter_map(|(_, servers)| Some(cloud::count(servers.as_ref().ok()?)));
        counts.fold(Count::default(), |all, one| Count {
            up: all.up + one.up,
            down: all.down + one.down,
            moving: all.moving + one.moving,
        })
    }

    pub fn status(&self, name: &str, found: &All) -> Piece {
        let own = || found.iter().filter(|((schedule, _), _)| schedule == name);
        let count = self.count(name, found);
        let [up, all] = [count.up, count.up + count.down + count.moving].map(|count| count.to_string());
        let (color, key) = match count {
            _ if own().any(|(_, servers)| servers.is_err()) => (ERROR, "unseen"),
            _ if all == "0" => (WARNING, "no-servers"),
            _ if count.is(Act::Start) => (OK, "up"),
            _ if count.is(Act::Stop) => (WARNING, "down"),
            _ => (WARNING, "mixed"),
        };
        let said = self.voice.say(key, &[("schedule", name), ("up", &up), ("count", &all)]);
        let (said, card) = piece(color, said, name);
        (
            said,
            own().fold(card, |card, ((_, group), servers)| {
                card.wide_field(group, self.servers(servers))
            }),
        )
    }

    fn servers(&self, servers: &Found) -> String {
        let servers = match servers {
            Ok(servers) if servers.is_empty() => return self.voice.say("none", &[]),
            Ok(servers) => servers,
            Err(trouble) => return format!("⚠️ {}", text::plain(&trouble.0)),
        };
        let mut lines: Vec<String> = Vec::new();
        for server in servers.iter().take(SHOWN) {
            let mark = match server.state {
                State::Up => "🟢",
                State::Down => "⚫",
                State::Moving => "🟡",
            };
            lines.push(format!(
                "{mark} {} ({})",
                text::plain(&server.name),
                text::plain(&server.word)
            ));
        }
        if servers.len() > SHOWN {
            lines.push(format!("… +{}", servers.len() - SHOWN));
        }
        lines.join("\n")
    }

    /// The times of a date.
    pub fn info(&self, name: &str, schedule: &Schedule, date: Date) -> Result<Piece> {
        let exceptions = memory::exceptions(name)?;
        let times = [Act::Start, Act::Stop].map(|act| (act, schedule.hours.at(date, act, &exceptions)));
        let (color, key) = match schedule.hours.enabled {
            false => (WARNING, "disabled"),
            true if exceptions.contains_key(&date) => (WARNING, "day-with-exception"),
            true if times.iter().all(|(_, time)| time.is_none()) => (WARNING, "day-off"),
            true => (OK, "day"),
        };
        let said = self.voice.say(key, &[("schedule", name), ("date", &self.day(date))]);
        let (said, card) = piece(color, said, name);
        let field = |card: Card, (act, time)| card.field(self.act(act), self.time(time));
        Ok((said, times.into_iter().fold(card, field)))
    }

    /// The exceptions of a date.
    pub fn exceptions(&self, name: &str, date: Date) -> Result<Piece> {
        let these = memory::exceptions(name)?.remove(&date).unwrap_or_default();
        let (color, key) = if these.is_empty() {
            (OK, "no-exception")
        } else {
            (WARNING, "exceptions")
        };
        let (said, card) = piece(
            color,
            self.voice.say(key, &[("schedule", name), ("date", &self.day(date))]),
            name,
        );
        Ok((
            said,
            these
                .into_iter()
                .fold(card, |card, (act, time)| card.field(self.act(act), self.time(time))),
        ))
    }

    /// An exception that was set, or taken away.
    pub fn exception(&self, key: &str, name: &str, date: Date, act: Act, time: Option<Time>) -> Content {
        let (said, card) = piece(OK, self.voice.say(key, &[("schedule", name)]), name);
        message([(
            said,
            card.field(self.day(date), format!("{} {}", self.act(act), self.time(time))),
        )])
    }

    /// A stop that is near, with buttons where there are any. Their ids say what the stop becomes.
    pub fn near(&self, name: &str, at: Moment, place: &Place) -> Content {
        let (time, minutes, date) = (
            self.time(Some(at.time)),
            self.now.minutes_until(at),
            at.date.to_string(),
        );
        let values = [
            ("schedule", name),
            ("time", &*time),
            ("minutes", &minutes.to_string()),
            ("date", &date),
        ];
        let (said, card) = piece(WARNING, self.voice.say("near", &values), name);
        if place.conversation.starts_with("jandi:") {
            return message([(said, card.text(self.voice.say("near-hint", &values)))]);
        }
        let later = if at.time.hour() < 23 {
            format!("{:02}:{:02}", at.time.hour() + 1, at.time.minute())
        } else {
            "23:59".into()
        };
        message([(said, card)])
            .button(
                Button::new(
                    format!("stop:{date}/{later}/{name}"),
                    self.voice.say("one-hour-more", &[]),
                )
                .primary(),
            )
            .button(Button::new(
                format!("stop:{date}/none/{name}"),
                self.voice.say("not-today", &[]),
            ))
    }

    /// What was told to start or stop just now, and what was not.
    pub fn ordered(&self, name: &str, act: Act, step: &Step) -> Content {
        let (color, key) = match (act, step.ordered.is_empty(), step.troubles.is_empty()) {
            (_, true, false) => (ERROR, "trouble"),
            (Act::Start, true, true) => (WARNING, "waiting-to-start"),
            (Act::Stop, true, true) => (WARNING, "waiting-to-stop"),
            (Act::Start, false, is_well) => (if is_well { OK } else { ERROR }, "starting"),
            (Act::Stop, false, is_well) => (if is_well { OK } else { ERROR }, "stopping"),
        };
        let count = |(group, count): &(String, usize)| {
            self.voice
                .say("of-group", &[("group", group), ("count", &count.to_string())])
        };
        let troubles = step
            .troubles
            .iter()
            .map(|trouble| format!("⚠️ {}", text::plain(trouble)));
        let lines: Vec<String> = step.ordered.iter().map(count).chain(troubles).collect();
        let (said, card) = piece(color, self.voice.say(key, &[("schedule", name)]), name);
        message([(said, card.text(lines.join("\n")))])
    }

    /// All is as it was ordered.
    pub fn over(&self, name: &str, act: Act) -> Content {
        let key = if act == Act::Start {
            "all-started"
        } else {
            "all-stopped"
        };
        message([piece(OK, self.voice.say(key, &[("schedule", name)]), name)])
    }
}
