//! Incidents: each is a message that tells how things stand, with a thread that tells how they went.
//!
//! Brain: `incidents` counts them, `incident/NUMBER` is one; `open/GROUP` is the number of the one that is open for a group
//! of checks, and `thread/MESSAGE` of the one below that message.

use crate::probe::Failure;
use crate::settings::Check;
use crate::texts::Texts;
use moa_plugin::prelude::*;
use moa_plugin::time::Instant;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How much of a timeline is remembered, and how much of it stands in the first message.
const LINES: (usize, usize) = (200, 8);

/// Where incidents are told of, and how.
#[derive(Clone, Serialize, Deserialize)]
pub struct Desk {
    pub place: Place,
    pub locale: String,
    pub zone: String,
}

/// How one check fares in an incident.
#[derive(Clone, Serialize, Deserialize)]
struct Trouble {
    since: Instant,
    until: Option<Instant>,
    failure: Failure,
}

#[derive(Clone, Serialize, Deserialize)]
pub struct Incident {
    pub number: i64,
    group: String,
    desk: Desk,
    /// The first message's id, which is the thread's too.
    message: String,
    opened: Instant,
    closed: Option<Instant>,
    checks: BTreeMap<String, Trouble>,
    /// Who is on it, by id.
    on_it: BTreeMap<String, String>,
    timeline: Vec<String>,
}

/// A check is down: a new incident, or another check in the one that is open for its group.
pub fn failed(desk: &Desk, check: &Check, since: Instant, failure: Failure) -> Result<()> {
    let (texts, brain, open) = (
        Texts::of(&desk.locale),
        Brain::plugin(),
        format!("open/{}", check.group),
    );
    let owners: String = check.owners.iter().map(|id| format!(" {{@{id}}}")).collect();
    let what = texts.say("fails", &[&check.name, &failure.text(texts)]) + &owners;
    let trouble = Trouble {
        since,
        until: None,
        failure,
    };
    if let Some(number) = brain.get(&open)? {
        return change(number, |incident| {
            incident.checks.insert(check.name.clone(), trouble.clone());
            Some(what.clone())
        });
    }
    let number = brain.increment("incidents", 1)?;
    let mut incident = Incident {
        number,
        group: check.group.clone(),
        desk: desk.clone(),
        message: String::new(),
        opened: since,
        closed: None,
        checks: BTreeMap::from([(check.name.clone(), trouble)]),
        on_it: BTreeMap::new(),
        timeline: Vec::new(),
    };
    let line = incident.went(&what)?;
    incident.message = chat::send(&desk.place, incident.content())?.id;
    brain.set(&key(number), &incident)?;
    brain.set(&open, &number)?;
    brain.set(&format!("thread/{}", incident.message), &number)?;
    incident.tell(&line)
}

/// A check that is down is down in another way: a server is back, and now its replica is behind.
pub fn differs(check: &str, failure: &Failure) -> Result<()> {
    let Some(incident) = open()?.into_iter().find(|incident| incident.has(check)) else {
        return Ok(());
    };
    change(incident.number, |incident| {
        let texts = incident.texts();
        let trouble = incident.checks.get_mut(check)?;
        let is_new = !trouble.failure.is_like(failure);
        trouble.failure = failure.clone();
        is_new.then(|| texts.say("differs", &[check, &failure.text(texts)]))
    })
}

/// A check is up again; with the last one the incident is over.
pub fn recovered(name: &str, until: Instant) -> Result<()> {
    let Some(incident) = open()?.into_iter().find(|incident| incident.has(name)) else {
        return Ok(());
    };
    change(incident.number, |incident| {
        let texts = incident.texts();
        let trouble = incident.checks.get_mut(name)?;
        trouble.until = Some(until);
        let told = texts.say("recovered", &[name, &texts.span(until.since(trouble.since))]);
        if incident.checks.values().any(|trouble| trouble.until.is_none()) {
            return Some(told);
        }
        incident.closed = Some(until);
        Some(format!(
            "{told}\n{}",
            texts.say("over", &[&texts.span(incident.lasted())])
        ))
    })?;
    if !incident.checks.keys().any(|other| other != name && incident.has(other)) {
        Brain::plugin().delete(&format!("open/{}", incident.group))?;
    }
    Ok(())
}

/// Somebody is on it, or not any more.
#[action("take:*")]
pub fn take(press: &Press, number: i64) -> Result<()> {
    let User { id, display_name, .. } = press.who();
    change(number, |incident| {
        let is_on_it = incident.on_it.remove(id).is_none();
        if is_on_it {
            incident.on_it.insert(id.clone(), display_name.clone());
        }
        Some(
            incident
                .texts()
                .say(if is_on_it { "on-it" } else { "let-go" }, &[display_name]),
        )
    })
}

/// Somebody found something out. What stands in the thread already is not repeated there.
pub fn note(number: i64, who: &User, note: &str, at: &Place) -> Result<()> {
    let said = append(number, |incident| {
        Some(incident.texts().say("note", &[&who.display_name, note]))
    })?;
    match said {
        Some((incident, _)) if Some(&incident.message) == at.thread.as_ref() => incident.show(),
        Some((incident, line)) => incident.show().and_then(|()| incident.tell(&line)),
        None => Ok(()),
    }
}

/// The incident that is meant where somebody writes: the thread's, or the only one that is open.
pub fn meant(at: &Place) -> Result<Option<i64>> {
    if let Some(thread) = &at.thread
        && let Some(number) = Brain::plugin().get(&format!("thread/{thread}"))?
    {
        return Ok(Some(number));
    }
    match open()?.as_slice() {
        [only] => Ok(Some(only.number)),
        _ => Ok(None),
    }
}

/// Those that are open.
pub fn open() -> Result<Vec<Incident>> {
    let mut open = Vec::new();
    for key in Brain::plugin().list_keys("open/") {
        if let Some(number) = Brain::plugin().get(&key?)? {
            open.extend(read(number)?);
        }
    }
    Ok(open)
}

/// The newest ones, the newest first.
pub fn newest(count: i64) -> Result<Vec<Incident>> {
    let last: i64 = Brain::plugin().get("incidents")?.unwrap_or_default();
    let found: Result<Vec<_>> = (last - count + 1..=last).rev().map(read).collect();
    Ok(found?.into_iter().flatten().collect())
}

fn read(number: i64) -> Result<Option<Incident>> {
    Ok(Brain::plugin().get::<Option<Incident>>(&key(number))?.flatten())
}

fn key(number: i64) -> String {
    format!("incident/{number:08}")
}

/// Changes an incident. If there is something to tell it goes into the timeline, the thread and the first message.
fn change(number: i64, change: impl FnMut(&mut Incident) -> Option<String>) -> Result<()> {
    match append(number, change)? {
        Some((incident, line)) => incident.show().and_then(|()| incident.tell(&line)),
        None => Ok(()),
    }
}

fn append(number: i64, mut change: impl FnMut(&mut Incident) -> Option<String>) -> Result<Option<(Incident, String)>> {
    Brain::plugin().try_update(&key(number), |slot: &mut Option<Incident>| {
        let Some((incident, text)) = slot
            .as_mut()
            .and_then(|incident| change(incident).map(|text| (incident, text)))
        else {
            return Ok(None);
        };
        let line = incident.went(&text)?;
        Ok(Some((incident.clone(), line)))
    })
}

impl Incident {
    /// How long it lasted, or lasts.
    pub fn lasted(&self) -> Duration {
        self.closed.unwrap_or_else(Instant::now).since(self.opened)
    }

    pub fn is_open(&self) -> bool {
        self.closed.is_none()
    }

    /// Whether a check is down in it.
    pub fn has(&self, check: &str) -> bool {
        self.checks.get(check).is_some_and(|trouble| trouble.until.is_none())
    }

    /// Who is on it.
    pub fn watchers(&self) -> String {
        self.on_it.values().map(String::as_str).collect::<Vec<_>>().join(", ")
    }

    /// The checks' names.
    pub fn names(&self) -> String {
        self.checks.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
    }

    /// When it began, where the bot is.
    pub fn began(&self) -> Result<String> {
        let (date, time) = self.opened.local(&self.desk.zone)?;
        Ok(format!("{date} {time}"))
    }

    fn texts(&self) -> Texts {
        Texts::of(&self.desk.locale)
    }

    /// A line for the timeline.
    fn went(&mut self, what: &str) -> Result<String> {
        let line = format!("`{}` {what}", Instant::now().local(&self.desk.zone)?.1);
        self.timeline.push(line.clone());
        self.timeline.drain(..self.timeline.len().saturating_sub(LINES.0));
        Ok(line)
    }

    fn tell(&self, line: &str) -> Result<()> {
        let thread = Some(self.message.clone());
        chat::send(
            &Place {
                thread,
                ..self.desk.place.clone()
            },
            line,
        )?;
        Ok(())
    }

    /// Brings the first message up to date.
    fn show(&self) -> Result<()> {
        let (place, id) = (self.desk.place.clone(), self.message.clone());
        Ok(chat::edit(&MessageRef { place, id }, self.content())?)
    }

    fn content(&self) -> Content {
        let (texts, number, names) = (self.texts(), self.number.to_string(), self.names());
        let color = if self.is_open() { "danger" } else { "good" };
        let mut card = Card::titled(texts.say("since", &[]))
            .text(self.began().unwrap_or_default())
            .color(color);
        for (name, trouble) in &self.checks {
            let state = match trouble.until {
                Some(until) => texts.say("recovered", &[name, &texts.span(until.since(trouble.since))]),
                None => texts.say("fails", &[name, &trouble.failure.text(texts)]),
            };
            card = card.wide_field(text::plain(name), state);
        }
        if !self.on_it.is_empty() {
            card = card.wide_field(texts.say("who", &[]), text::plain(&self.watchers()));
        }
        let from = self.timeline.len().saturating_sub(LINES.1);
        let newest = self.timeline.get(from..).unwrap_or_default().join("\n");
        let card = card.wide_field(texts.say("timeline", &[]), newest);
        match self.is_open() {
            true => Content::text(texts.say("open", &[&number, &names]))
                .card(card)
                .button(Button::new(format!("take:{number}"), texts.say("take", &[])).primary()),
            false => Content::text(texts.say("closed", &[&number, &names, &texts.span(self.lasted())])).card(card),
        }
    }
}
