//! The payloads of interactions, as `interactive` envelopes carry them.

use crate::conversation::{Conversation, Kind};
use crate::events::VERIFICATION;
use crate::ts::Ts;
use crate::world::{APP, Id, TEAM, TEAM_DOMAIN, World};
use serde_json::{Value, json};
use std::sync::Arc;

/// What all payloads have in common: who did something in which workspace.
pub(super) fn common(world: &World, kind: &str, user: &Id, trigger: &str) -> Value {
    let name = world.name_of(user);
    json!({
        "type": kind, "token": VERIFICATION, "api_app_id": APP, "trigger_id": trigger, "enterprise": null,
        "is_enterprise_install": false, "team": {"id": TEAM, "domain": TEAM_DOMAIN},
        "user": {"id": user, "username": name, "name": name, "team_id": TEAM},
    })
}

/// Makes the common part that of a shortcut. Slack names no app there, and of who uses one from anywhere no `name`.
pub(super) fn of_shortcut(body: &mut Value, callback_id: &str, anywhere: bool) {
    if let Some(members) = body.as_object_mut() {
        members.remove("api_app_id");
        members.insert("callback_id".to_owned(), json!(callback_id));
        members.insert("action_ts".to_owned(), json!(Ts::now()));
    }
    if let (true, Some(user)) = (anywhere, body.get_mut("user").and_then(Value::as_object_mut)) {
        user.remove("name");
    }
}

/// The `channel` of a payload; what isn't a channel has a word instead of a name.
pub(super) fn channel(conversation: &Conversation) -> Value {
    json!({"id": conversation.id, "name": channel_name(conversation)})
}

/// The name of a conversation in payloads.
pub(crate) fn channel_name(conversation: &Conversation) -> &str {
    match conversation.kind {
        Kind::Im => "directmessage",
        Kind::Private => "privategroup",
        Kind::Channel | Kind::Group => &conversation.name,
    }
}

/// A trigger id that nobody had before.
pub(crate) fn trigger_id() -> Arc<str> {
    format!("{}.{}.{:016x}", Ts::now().0, fastrand::u32(..), fastrand::u64(..)).into()
}
