//! `views.*`: modals. There are no Home tabs.

use super::{Answer, ok};
use crate::api::args::Args;
use crate::api::message::Refusal;
use crate::interact::{View, define, invalid};
use crate::locked;
use crate::record::What;
use crate::shared::Shared;
use serde_json::{Value, json};
use std::time::Instant;

fn definition(args: &Args) -> Result<Value, Refusal> {
    let view = args.json("view", "invalid_arguments")?;
    define(&view.ok_or_else(|| invalid(&["missing required field: view".to_owned()]))?)
}

fn shown(shared: &Shared, view: &View, change: &'static str) -> Answer {
    shared.record.add(What::View {
        user: view.user.clone(),
        view_id: view.id.clone(),
        change,
    });
    ok(json!({"view": view.shown(json!({"values": {}}))}))
}

/// `views.open`, and with `over` `views.push`.
pub(crate) fn open(shared: &Shared, args: &Args, over: bool) -> Answer {
    let trigger = args
        .str("trigger_id")
        .ok_or_else(|| invalid(&["missing required field: trigger_id".to_owned()]))?;
    let body = definition(args)?;
    let mut interactions = locked(&shared.interactions);
    let (user, from) = interactions
        .triggers
        .exchange(trigger, shared.options.trigger_life, Instant::now())?;
    // A modal is pushed onto the one in which something was done.
    if over && from.is_none_or(|view| interactions.views.get(&view).is_none()) {
        return Err("not_found".into());
    }
    let view = interactions.views.open(&user, body, over)?;
    shared.notice_views(&interactions.views, &user);
    drop(interactions);
    shown(shared, &view, if over { "pushed" } else { "opened" })
}

/// `views.update`.
pub(crate) fn update(shared: &Shared, args: &Args) -> Answer {
    let mut interactions = locked(&shared.interactions);
    let id = match (args.str("view_id"), args.str("external_id")) {
        (Some(id), _) => id.to_owned(),
        (None, Some(external)) => interactions.views.external(external).ok_or("not_found")?,
        (None, None) => return Err(invalid(&["must define either `view_id` or `external_id`".to_owned()])),
    };
    let body = definition(args)?;
    if interactions.views.get(&id).is_none() {
        return Err("not_found".into());
    }
    if args
        .str("hash")
        .is_some_and(|hash| !interactions.views.unchanged(&id, hash))
    {
        return Err("hash_conflict".into());
    }
    let view = interactions.views.update(&id, body)?;
    shared.notice_views(&interactions.views, &view.user);
    drop(interactions);
    shown(shared, &view, "updated")
}

/// `views.publish`: what Slack says to an app that has no Home tab.
pub(crate) fn publish() -> Answer {
    let why = "[ERROR] this workspace has no Home tabs; open a modal with views.open";
    Err(Refusal {
        error: "not_enabled".into(),
        more: Some(json!({"response_metadata": {"messages": [why]}})),
    })
}
