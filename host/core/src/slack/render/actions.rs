//! Buttons and menus → blocks.

use super::markup::{address, mrkdwn};
use super::{Refused, ids};
use crate::content::{Action, Style};
use crate::text::split;
use serde_json::{Value, json};
use std::collections::HashSet;

/// Slack's limits, in characters or items.
const SECTION: usize = 3_000;
const PER_BLOCK: usize = 25;
const LABEL: usize = 75;
const VALUE: usize = 2_000;
const URL: usize = 3_000;
const CHOICES: usize = 100;
const CHOICE_VALUE: usize = 150;
const PLACEHOLDER: usize = 150;
const CONFIRM: usize = 300;
const CONFIRM_LABEL: usize = 30;

/// The text as sections: where there are blocks, Slack shows only those.
pub fn sections(portable: &str) -> Vec<Value> {
    // Entities make a text up to five times as long; then the parts get smaller.
    let mut size = SECTION;
    let parts = loop {
        let parts: Vec<String> = split(portable, size).iter().map(|part| mrkdwn(part)).collect();
        if size <= SECTION / 8 || parts.iter().all(|part| part.chars().count() <= SECTION) {
            break parts;
        }
        size /= 2;
    };
    let section = |part| json!({"type": "section", "text": {"type": "mrkdwn", "text": part, "verbatim": true}});
    parts
        .into_iter()
        .filter(|part| !part.trim().is_empty())
        .map(section)
        .collect()
}

/// The plugin's actions in as many rows as they need.
pub fn blocks(actions: &[Action], plugin: &str) -> Result<Vec<Value>, Refused> {
    let mut ids = HashSet::new();
    for action in actions {
        if let Action::Button { id, .. } | Action::Select { id, .. } = action
            && !ids.insert(id)
        {
            return Err(refused(format!(
                "two buttons or menus have the id \"{id}\"; give each its own (what it is about may stand in its value)"
            )));
        }
    }
    let elements = actions
        .iter()
        .enumerate()
        .map(|(n, action)| element(n, action, plugin))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(elements
        .chunks(PER_BLOCK)
        .map(|row| json!({"type": "actions", "elements": row}))
        .collect())
}

fn element(number: usize, action: &Action, plugin: &str) -> Result<Value, Refused> {
    match action {
        Action::Button {
            id,
            label,
            value,
            style,
            confirm,
        } => {
            let id = ids::owned("a button's id", plugin, id)?;
            fits("a button's value", value, VALUE)?;
            let mut button = json!({"type": "button", "action_id": id, "text": plain(label, LABEL)});
            if let Some(button) = button.as_object_mut() {
                // Slack takes no empty one; where none was told, an empty one comes back.
                if !value.is_empty() {
                    button.insert("value".into(), value.as_str().into());
                }
                match style {
                    Style::Normal => {}
                    Style::Primary => drop(button.insert("style".into(), "primary".into())),
                    Style::Danger => drop(button.insert("style".into(), "danger".into())),
                }
                if let Some(question) = confirm {
                    // Slack asks for all four. What is not the plugin's word is none of any language.
                    let (yes, no) = (plain(label, CONFIRM_LABEL), plain("✕", CONFIRM_LABEL));
                    button.insert(
                        "confirm".into(),
                        json!({"title": plain(label, 100), "text": plain(question, CONFIRM), "confirm": yes, "deny": no}),
                    );
                }
            }
            Ok(button)
        }
        Action::Select {
            id,
            placeholder,
            choices,
        } => {
            let id = ids::owned("a menu's id", plugin, id)?;
            if choices.is_empty() || choices.len() > CHOICES {
                return Err(refused(format!(
                    "a menu has {} choices; Slack takes 1 to {CHOICES}",
                    choices.len()
                )));
            }
            let mut options = Vec::with_capacity(choices.len());
            for (label, value) in choices {
                fits("a choice's value", value, CHOICE_VALUE)?;
                if value.is_empty() {
                    return Err(refused(format!("the choice \"{label}\" has no value; give it one")));
                }
                options.push(json!({"text": plain(label, LABEL), "value": value}));
            }
            let mut menu = json!({"type": "static_select", "action_id": id, "options": options});
            if let Some(menu) = menu.as_object_mut().filter(|_| !placeholder.is_empty()) {
                menu.insert("placeholder".into(), plain(placeholder, PLACEHOLDER));
            }
            Ok(menu)
        }
        Action::Link(label, url) => {
            fits("a link's address", url, URL)?;
            // In a button the address is no text: entities would be taken literally.
            if address(url).is_none() {
                return Err(refused(format!(
                    "the button \"{label}\" leads to no http or https address"
                )));
            }
            // It is nobody's: Slack tells of a press on it as well, which then is nothing.
            Ok(
                json!({"type": "button", "action_id": format!("moa-link-{number}"), "text": plain(label, LABEL), "url": url}),
            )
        }
    }
}

/// Slack refuses a whole message for one label that is too long; a cut label is the smaller harm.
fn plain(text: &str, max: usize) -> Value {
    let text = match text.trim() {
        "" => "…",
        text => text,
    };
    let cut: String = match text.char_indices().nth(max) {
        Some(_) => text.chars().take(max - 1).chain(['…']).collect(),
        None => text.into(),
    };
    json!({"type": "plain_text", "text": cut, "emoji": true})
}

/// Ids and values come back to the plugin, so they are not cut.
fn fits(what: &str, text: &str, max: usize) -> Result<(), Refused> {
    let length = text.chars().count();
    if length > max {
        return Err(refused(format!(
            "{what} is {length} characters long; Slack takes {max}. Keep what is longer in the brain"
        )));
    }
    Ok(())
}

fn refused(explanation: String) -> Refused {
    Refused {
        code: "bad_action".into(),
        explanation,
    }
}
