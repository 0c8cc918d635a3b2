//! `/sim/press`, `/sim/submit`, `/sim/close`, `/sim/shortcut`: people and the bot's elements.

use super::{Wrong, place, ts, user};
use crate::interact::Press;
use crate::locked;
use crate::shared::Shared;
use crate::world::Id;
use serde::Deserialize;
use serde_json::{Value, json};

/// Something done with an element of a message (`channel` and `ts`) or of a modal.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pressed {
    user: String,
    channel: Option<String>,
    ts: Option<String>,
    view: Option<String>,
    #[serde(default)]
    block_id: String,
    action_id: String,
    value: Option<Value>,
    #[serde(default)]
    values: Value,
}

/// A modal that is submitted or closed; without `view` the uppermost.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Modal {
    user: String,
    view: Option<String>,
    #[serde(default)]
    values: Value,
    /// close all of them
    #[serde(default)]
    all: bool,
}

/// A shortcut, on a message or from anywhere.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Shortcut {
    user: String,
    callback_id: String,
    channel: Option<String>,
    ts: Option<String>,
}

fn uppermost(shared: &Shared, user: &Id, view: Option<&str>) -> Result<String, Wrong> {
    if let Some(view) = view {
        return Ok(view.to_owned());
    }
    let stack = locked(&shared.interactions).views.stack(user);
    let last = stack
        .as_array()
        .and_then(|stack| stack.last()?.get("id")?.as_str().map(str::to_owned));
    last.ok_or_else(|| "this person has no modal open".to_owned())
}

/// Carries out `press`. `trigger_id` is null where the bot doesn't hear of it.
pub(super) fn press(shared: &Shared, what: &Pressed) -> Result<Value, Wrong> {
    let press = Press {
        block_id: &what.block_id,
        action_id: &what.action_id,
        value: what.value.as_ref(),
        values: &what.values,
    };
    let trigger = match (&what.channel, &what.ts) {
        (Some(channel), Some(at)) => {
            let (user, channel) = place(shared, &what.user, channel)?;
            shared.press(&user, &channel, ts(at)?, &press)?
        }
        (None, None) => {
            let (user, _) = user(shared, &what.user)?;
            let view = uppermost(shared, &user, what.view.as_deref())?;
            shared.press_in_view(&user, &view, &press)?
        }
        _ => return Err("a message needs both channel and ts".to_owned()),
    };
    Ok(json!({"ok": true, "trigger_id": trigger}))
}

/// Carries out `submit`. `trigger_id` is null where something is missing in the modal, as its `errors` say.
pub(super) fn submit(shared: &Shared, what: &Modal) -> Result<Value, Wrong> {
    let (user, _) = user(shared, &what.user)?;
    let view = uppermost(shared, &user, what.view.as_deref())?;
    let trigger = shared.submit(&user, &view, &what.values)?;
    Ok(json!({"ok": true, "view": view, "trigger_id": trigger}))
}

/// Carries out `close`.
pub(super) fn close(shared: &Shared, what: &Modal) -> Result<Value, Wrong> {
    let (user, _) = user(shared, &what.user)?;
    let view = uppermost(shared, &user, what.view.as_deref())?;
    shared.close_view(&user, &view, what.all)?;
    Ok(json!({"ok": true}))
}

/// Carries out `shortcut`.
pub(super) fn shortcut(shared: &Shared, what: &Shortcut) -> Result<Value, Wrong> {
    let trigger = match (&what.channel, &what.ts) {
        (Some(channel), Some(at)) => {
            let (user, channel) = place(shared, &what.user, channel)?;
            shared.shortcut(&user, &what.callback_id, Some((&channel, ts(at)?)))?
        }
        (None, None) => shared.shortcut(&user(shared, &what.user)?.0, &what.callback_id, None)?,
        _ => return Err("a message needs both channel and ts".to_owned()),
    };
    Ok(json!({"ok": true, "trigger_id": trigger}))
}

/// Who has which modals open, for a page that is just opened.
pub(super) fn open_views(shared: &Shared) -> Value {
    let interactions = locked(&shared.interactions);
    let views = &interactions.views;
    views
        .users()
        .map(|user| (user.to_string(), views.stack(user)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}
