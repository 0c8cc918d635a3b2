//! Incidents: the checks of a group that are down together, and who sees to it.
//!
//! Brain: `incident…`, as `Tickets` keeps them.

use crate::Texts;
use crate::probe::Failure;
use crate::settings::Check;
use moa_plugin::alarm::Change;
use moa_plugin::prelude::*;
use moa_plugin::tickets::{Desk, Subject, Ticket, Tickets};
use moa_plugin::time::in_words;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// So many lines of the timeline stand in the first message.
const LINES: usize = 8;

/// What an incident is about.
#[derive(Clone, Serialize, Deserialize)]
pub struct Outage {
    group: String,
    checks: BTreeMap<String, State>,
}

/// How a check fares in an incident: it is down, or it was for so long.
#[derive(Clone, Serialize, Deserialize)]
pub enum State {
    Down(Failure),
    Over(Duration),
}

type Incident = Ticket<Outage>;

pub fn incidents() -> Tickets<Outage> {
    Tickets::of("incident")
}

/// Tells how a check fares, in the incident in which it is down, in the one that is open for its group, or in a new one.
pub fn tell(desk: &Desk, check: &Check, change: Option<Change>, failure: Option<Failure>) -> Result<()> {
    let (since, group, checks) = (change.and_then(Change::began), check.group.clone(), BTreeMap::new());
    let fits = |open: &Outage| open.is_down(&check.name) || since.is_some() && open.group == check.group;
    let new = since.map(|since| (since, Outage { group, checks }));
    let line = |incident: &mut Incident| fares(incident, check, change, failure.clone());
    incidents().tell(desk, fits, new, line)
}

/// Writes down how a check fares. What there is to tell, if anything.
fn fares(incident: &mut Incident, check: &Check, change: Option<Change>, failure: Option<Failure>) -> Option<String> {
    let (name, locale, checks) = (&check.name, &incident.desk.locale, &mut incident.about.checks);
    let texts = Texts::of(locale);
    if let Some(Change::Off(since, until)) = change {
        let time = until.since(since);
        let told = texts.recovered(name, in_words(time, locale));
        checks.insert(name.clone(), State::Over(time));
        if checks.values().any(|state| matches!(state, State::Down(_))) {
            return Some(told);
        }
        incident.closed = Some(until);
        return Some(told + "\n" + &texts.over(in_words(incident.lasted(), locale)));
    }
    let failure = failure?;
    match (checks.insert(name.clone(), State::Down(failure.clone())), change) {
        (Some(State::Down(before)), None) if before.kind == failure.kind => None,
        (_, None) => Some(texts.differs(name, failure.text)),
        (_, Some(_)) => {
            let owners: String = check.owners.iter().map(|id| format!(" {{@{id}}}")).collect();
            Some(texts.fails(name, failure.text) + &owners)
        }
    }
}

/// Somebody is on it, or not any more.
#[action("take:*")]
pub fn take(press: &Press, number: i64) -> Result<()> {
    incidents().change(number, |incident| {
        let (texts, who) = (Texts::of(&incident.desk.locale), &press.who().display_name);
        Some(match incident.toggle(press.who()) {
            true => texts.on_it(who),
            false => texts.let_go(who),
        })
    })
}

impl Outage {
    pub fn is_down(&self, check: &str) -> bool {
        matches!(self.checks.get(check), Some(State::Down(_)))
    }
}

impl Subject for Outage {
    fn title(&self) -> String {
        self.checks.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
    }

    fn head(incident: &Incident) -> Content {
        let (locale, number) = (&incident.desk.locale, incident.number);
        let (texts, names) = (Texts::of(locale), incident.about.title());
        let mut card = Card::titled(texts.since()).text(incident.began().unwrap_or_default());
        for (name, state) in &incident.about.checks {
            let state = match state {
                State::Down(failure) => texts.fails(name, &failure.text),
                State::Over(time) => texts.recovered(name, in_words(*time, locale)),
            };
            card = card.wide_field(text::plain(name), state);
        }
        if !incident.on_it.is_empty() {
            card = card.wide_field(texts.who(), text::plain(&incident.people()));
        }
        let (newest, lasted) = (incident.newest(LINES).join("\n"), in_words(incident.lasted(), locale));
        let card = card.wide_field(texts.timeline(), newest);
        if !incident.is_open() {
            return Content::text(texts.closed(number, names, lasted)).card(card.color("good"));
        }
        let button = Button::new(format!("take:{number}"), texts.take()).primary();
        let card = card.color("danger");
        Content::text(texts.open(number, names)).card(card).button(button)
    }
}
