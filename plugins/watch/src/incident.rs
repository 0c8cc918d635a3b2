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
    pub checks: BTreeMap<String, State>,
}

/// How a check fares in an incident: it is down, or it was for so long.
#[derive(Clone, Serialize, Deserialize)]
pub enum State {
    Down(Failure),
    Over(Duration),
}

pub fn incidents() -> Tickets<Outage> {
    Tickets::of("incident")
}

/// Tells how a check fares, in the incident in which it is down, in the one that is open for its group, or in a new one.
pub fn tell(desk: &Desk, check: &Check, change: Option<Change>, failure: Option<Failure>) -> Result<()> {
    let open = incidents().all_open()?;
    let its = open.iter().find(|open| open.about.is_down(&check.name));
    let its = its.or(open.iter().find(|open| open.about.group == check.group));
    match (its, change) {
        (Some(its), _) => incidents().change(its.number, |incident| fares(incident, check, change, failure.clone())),
        (None, Some(Change::On(since))) => {
            let (group, checks) = (check.group.clone(), BTreeMap::new());
            let line = |new: &mut Ticket<Outage>| fares(new, check, change, failure).unwrap_or_default();
            incidents().open(desk, since, Outage { group, checks }, line).map(drop)
        }
        (None, _) => Ok(()),
    }
}

/// Writes down how a check fares. What there is to tell, if anything.
fn fares(
    incident: &mut Ticket<Outage>,
    check: &Check,
    change: Option<Change>,
    failure: Option<Failure>,
) -> Option<String> {
    let (name, locale, checks) = (&check.name, &incident.desk.locale, &mut incident.about.checks);
    let texts = Texts::of(locale);
    if let Some(Change::Off(since, until)) = change {
        let state = State::Over(until.since(since));
        let told = state.text(name, locale);
        checks.insert(name.clone(), state);
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
    /// The checks' names.
    pub fn names(&self) -> String {
        self.checks.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
    }

    pub fn is_down(&self, check: &str) -> bool {
        matches!(self.checks.get(check), Some(State::Down(_)))
    }
}

impl State {
    fn text(&self, check: &str, locale: &str) -> String {
        match self {
            Self::Down(failure) => Texts::of(locale).fails(check, &failure.text),
            Self::Over(time) => Texts::of(locale).recovered(check, in_words(*time, locale)),
        }
    }
}

impl Subject for Outage {
    fn head(incident: &Ticket<Self>) -> Content {
        let (locale, number, names) = (&incident.desk.locale, incident.number, incident.about.names());
        let texts = Texts::of(locale);
        let mut card = Card::titled(texts.since()).text(incident.began().unwrap_or_default());
        for (name, state) in &incident.about.checks {
            card = card.wide_field(text::plain(name), state.text(name, locale));
        }
        if !incident.on_it.is_empty() {
            card = card.wide_field(texts.who(), text::plain(&incident.people()));
        }
        let card = card.wide_field(texts.timeline(), incident.newest(LINES).join("\n"));
        if !incident.is_open() {
            let text = texts.closed(number, names, in_words(incident.lasted(), locale));
            return Content::text(text).card(card.color("good"));
        }
        let button = Button::new(format!("take:{number}"), texts.take()).primary();
        Content::text(texts.open(number, names))
            .card(card.color("danger"))
            .button(button)
    }
}
