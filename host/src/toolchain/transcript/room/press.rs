//! What people press, choose and fill in.

use super::people::{Scene, event};
use super::state::State;
use super::{Happening, Room, SERVICE, TEAM, What};
use crate::adapter::AckAnswer;
use crate::toolchain::transcript::control::{Control, Kind};
use crate::toolchain::transcript::form::Form;
use moa_core::event::{Event, EventKind, Identity, Place, PlaceKind, Press, PressKind};
use moa_core::manifest::{LocalText, ShortcutPlace};
use serde_json::{Map, Value};

/// How many things to click are named at most.
const NAMED: usize = 20;

impl Room {
    pub(super) fn clicks(
        &self,
        state: &mut State,
        scene: &Scene<'_>,
        label: &str,
        value: Option<&Value>,
    ) -> Result<Event, String> {
        let id_of = |mark: char, name: &str| self.id_of(mark, name);
        // An open form is in front of everything else.
        if let Some(form) = state.forms.get_mut(scene.person)
            && let Some(chosen) = pressed(&mut form.controls, label, value, &id_of)?
        {
            let press = Press {
                kind: chosen.kind,
                plugin: form.plugin.clone(),
                state: form.state(&chosen.id),
                id: chosen.id,
                value: chosen.value,
                user: scene.person.to_owned(),
                place: form.place.clone(),
                on: None,
                trigger: None,
                response_url: None,
                time: format!("{:.3}", state.now),
            };
            return Ok(pressing(state, press));
        }
        for at in &scene.seen {
            let Some(note) = state.notes.get_mut(*at) else { continue };
            let Some(chosen) = pressed(&mut note.controls, label, value, &id_of)? else {
                continue;
            };
            let others = note
                .controls
                .iter()
                .filter(|other| other.keeps() && other.id != chosen.id);
            let others = others.map(|other| (other.id.clone(), other.value())).collect();
            let press = Press {
                kind: chosen.kind,
                plugin: note.plugin.clone(),
                id: chosen.id,
                value: chosen.value,
                state: others,
                user: scene.person.to_owned(),
                place: note.message.at.place.clone(),
                on: Some(note.at()),
                trigger: None,
                response_url: Some(note.message.at.id.clone()),
                time: format!("{:.3}", state.now),
            };
            // Nobody reaches a message before the form is closed.
            state.forms.remove(scene.person);
            return Ok(pressing(state, press));
        }
        let mut there: Vec<String> = Vec::new();
        let notes = scene.seen.iter().filter_map(|at| state.notes.get(*at));
        let in_form = state
            .forms
            .get(scene.person)
            .into_iter()
            .flat_map(|form| &form.controls);
        for control in in_form.chain(notes.flat_map(|note| &note.controls)) {
            let new: Vec<String> = control
                .clicks()
                .into_iter()
                .filter(|one| !there.contains(one))
                .collect();
            there.extend(new);
        }
        there.truncate(NAMED);
        Err(match there.is_empty() {
            true => format!(
                "there is nothing that {} could click in {}: no message there has a button or a menu",
                scene.who, scene.spot
            ),
            false => format!(
                "there is no {label:?} to click for {} in {}; there is: {}",
                scene.who,
                scene.spot,
                there.join(", ")
            ),
        })
    }

    pub(super) fn submits(
        &self,
        state: &mut State,
        scene: &Scene<'_>,
        given: &Map<String, Value>,
    ) -> Result<Event, String> {
        let Some(form) = state.forms.get_mut(scene.person) else {
            return Err(format!(
                "no form is open for {}; one opens when something is clicked whose answer is a form",
                scene.who
            ));
        };
        let fields = form.submit(given, &|mark, name| self.id_of(mark, name))?;
        let press = Press {
            kind: PressKind::Modal,
            plugin: form.plugin.clone(),
            id: form.id.clone(),
            value: form.data.clone(),
            state: fields,
            user: scene.person.to_owned(),
            place: form.place.clone(),
            on: form.on.clone(),
            trigger: None,
            response_url: None,
            time: format!("{:.3}", state.now),
        };
        let event = pressing(state, press);
        if let (Some(form), EventKind::Press(press)) = (state.forms.get_mut(scene.person), &event.kind) {
            form.sent = press.trigger.clone();
        }
        Ok(event)
    }

    pub(super) fn shortcut(&self, state: &mut State, scene: &Scene<'_>, name: &str) -> Result<Event, String> {
        let called = |text: &LocalText| match text {
            LocalText::One(text) => text == name,
            LocalText::Many(texts) => texts.iter().any(|(_, text)| text == name),
        };
        let shortcuts = &self.manifest.shortcuts;
        let found = shortcuts.iter().find(|one| one.id == name || called(&one.name));
        let Some(shortcut) = found else {
            let there: Vec<String> = shortcuts
                .iter()
                .map(|one| format!("{:?}", one.name.get("ko")))
                .collect();
            return Err(match there.is_empty() {
                true => "the plugin's manifest names no shortcuts".into(),
                false => format!("the plugin has no shortcut {name:?}; it has: {}", there.join(", ")),
            });
        };
        let mut press = Press {
            kind: PressKind::Shortcut,
            plugin: self.manifest.name.clone(),
            id: shortcut.id.clone(),
            value: String::new(),
            state: Vec::new(),
            user: scene.person.to_owned(),
            // Nobody is told where it was used: the host opens the direct conversation.
            place: Place {
                service: SERVICE.into(),
                conversation: scene.person.to_owned(),
                thread: None,
                kind: PlaceKind::Direct,
            },
            on: None,
            trigger: None,
            response_url: None,
            time: format!("{:.3}", state.now),
        };
        if shortcut.on == ShortcutPlace::Message {
            let at = scene.newest(
                state,
                |note| note.only.is_none(),
                "no message that the shortcut could be used on",
            )?;
            let note = state.notes.get(at).ok_or("no message")?;
            press.place = note.message.at.place.clone();
            press.on = Some(note.at());
            press.response_url = Some(note.message.at.id.clone());
            press.state = vec![
                ("text".into(), note.message.text.clone()),
                ("author".into(), note.message.author.clone()),
            ];
        }
        Ok(pressing(state, press))
    }

    /// What the acknowledgement of a form says to the person who sent it; `false` where they do not see it.
    pub(in super::super) fn form_answered(&self, event: &Event, answer: Option<AckAnswer>) -> bool {
        let EventKind::Press(press) = &event.kind else {
            return false;
        };
        let person = &press.user;
        let mut state = self.state();
        // Meanwhile the plugin may have opened another form.
        let sent = |form: &Form| form.sent.is_some() && form.sent == press.trigger;
        if !state.forms.get(person).is_some_and(sent) {
            return false;
        }
        let Some(form) = state.forms.remove(person) else {
            return false;
        };
        match answer {
            None | Some(AckAnswer::Response(_)) => false,
            Some(AckAnswer::Errors(errors)) => {
                let Some(shown) = form.errors(&errors) else {
                    return false;
                };
                let spot = self.spot(&form.place, form.place.thread.as_deref(), &mut state);
                let who = self.person(person).unwrap_or(person);
                state.happened.extend(shown.into_iter().map(|text| Happening {
                    spot: spot.clone(),
                    what: What::Told(who.to_owned(), text),
                    below: String::new(),
                }));
                state.forms.insert(person.clone(), form);
                true
            }
            Some(AckAnswer::View(view)) => {
                match Form::open(&view, &form.plugin, &form.place, form.on.as_ref()) {
                    Ok(new) => {
                        state.forms.insert(person.clone(), new);
                        true
                    }
                    // The host opens it once more and is told what is wrong.
                    Err(_) => false,
                }
            }
        }
    }
}

/// What came of a click.
struct Pressed {
    kind: PressKind,
    id: String,
    value: String,
}

/// Presses what has this label; `None` where nothing has it.
fn pressed(
    controls: &mut [Control],
    label: &str,
    value: Option<&Value>,
    id_of: &dyn Fn(char, &str) -> Option<String>,
) -> Result<Option<Pressed>, String> {
    let fits = |control: &Control| {
        let by_choice = match &control.kind {
            Kind::Menu {
                choices, many: false, ..
            } => choices.iter().any(|(choice, _)| choice == label),
            _ => false,
        };
        // A menu of one choice goes by its choices, everything else by its name.
        if value.is_none() {
            by_choice || control.label == label
        } else {
            control.label == label
        }
    };
    let Some(control) = controls.iter_mut().find(|control| fits(control)) else {
        return Ok(None);
    };
    let id = control.id.clone();
    let (kind, value) = match (&control.kind, value) {
        (Kind::Link(url), _) => {
            return Err(format!(
                "{label:?} leads to {url}: nothing of that arrives at the bot, so there is nothing to test"
            ));
        }
        (Kind::Button(_), Some(_)) => return Err(format!("{label:?} is a button: leave out what stands behind it")),
        (Kind::Button(value), None) => (PressKind::Button, value.clone()),
        (_, given) => {
            let choice = Value::from(label);
            let bare = matches!(&control.kind, Kind::Menu { many: false, .. });
            let given = match given {
                Some(given) => given,
                None if bare => &choice,
                None => {
                    return Err(format!(
                        "say what to choose: click {}",
                        control.clicks().into_iter().next().unwrap_or_default()
                    ));
                }
            };
            control.fill(given, id_of).map_err(|why| format!("{label:?} {why}"))?;
            let value = control.value();
            if !control.keeps() {
                control.holds.clear();
            }
            (PressKind::Select, value)
        }
    };
    Ok(Some(Pressed { kind, id, value }))
}

fn pressing(state: &mut State, press: Press) -> Event {
    let trigger = state.trigger(&press.user);
    let press = Press {
        trigger: Some(trigger.clone()),
        ..press
    };
    event(Identity::other(SERVICE, TEAM, &trigger), EventKind::Press(press))
}
