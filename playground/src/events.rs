//! The payloads of events and slash commands.

use crate::conversation::{Conversation, Kind as ConversationKind, Message, View};
use crate::interact::{channel_name, trigger_id};
use crate::socket::envelope::{Asked, Event, Kind, Origin, new_event_id};
use crate::ts::Ts;
use crate::world::{APP, BOT, BOT_USER, Id, TEAM, TEAM_DOMAIN};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use std::sync::Arc;

/// The verification token that Slack has long deprecated; it still stands in every payload.
pub(crate) const VERIFICATION: &str = "playground-verification-token";

#[derive(Serialize)]
struct Wrapper<'a, E> {
    token: &'a str,
    team_id: &'a str,
    context_team_id: &'a str,
    api_app_id: &'a str,
    event: E,
    #[serde(rename = "type")]
    kind: &'a str,
    event_time: u64,
    authorizations: [Authorization<'a>; 1],
    is_ext_shared_channel: bool,
    event_context: String,
}

#[derive(Serialize)]
struct Authorization<'a> {
    enterprise_id: Option<()>,
    team_id: &'a str,
    user_id: &'a str,
    is_bot: bool,
    is_enterprise_install: bool,
}

fn event(name: &'static str, channel: &Id, ts: Ts, body: impl Serialize) -> Event {
    let wrapper = Wrapper {
        token: VERIFICATION,
        team_id: TEAM,
        context_team_id: TEAM,
        api_app_id: APP,
        event: body,
        kind: "event_callback",
        event_time: ts.seconds(),
        authorizations: [Authorization {
            enterprise_id: None,
            team_id: TEAM,
            user_id: BOT_USER,
            is_bot: true,
            is_enterprise_install: false,
        }],
        is_ext_shared_channel: false,
        event_context: format!("4-{name}-{TEAM}-{APP}-{channel}"),
    };
    Event {
        kind: Kind::EventsApi,
        id: new_event_id(),
        name,
        channel: channel.clone(),
        ts,
        rest: rest(&wrapper),
    }
}

/// The JSON of an object without its opening brace.
pub(crate) fn rest(value: &impl Serialize) -> Arc<str> {
    // Writing plain data into a string can't fail; an empty object would be visible in the first test.
    let text = serde_json::to_string(value).unwrap_or_else(|_| "{}".into());
    text.get(1..).unwrap_or("}").into()
}

struct MessageEvent<'a> {
    conversation: &'a Conversation,
    message: &'a Message,
    mention: bool,
}

impl Serialize for MessageEvent<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self {
            conversation,
            message,
            mention,
        } = self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("type", if *mention { "app_mention" } else { "message" })?;
        conversation.view(message, false).fields(&mut map)?;
        map.serialize_entry("channel", &conversation.id)?;
        map.serialize_entry("event_ts", &message.ts)?;
        if !mention {
            map.serialize_entry("channel_type", conversation.kind.channel_type())?;
        }
        if let (true, Some(root)) = (
            message.broadcast,
            message.thread_ts.and_then(|ts| conversation.message(ts)),
        ) {
            map.serialize_entry("root", &conversation.view(root, false))?;
        }
        if message.files.is_some() {
            map.serialize_entry("upload", &false)?;
            map.serialize_entry("display_as_bot", &false)?;
        }
        if message.by_bot() {
            map.serialize_entry("bot_profile", &bot_profile("moa"))?;
        }
        map.end()
    }
}

/// The `bot_profile` that messages of a bot carry.
pub(crate) fn bot_profile(name: &str) -> Value {
    json!({"id": BOT, "app_id": APP, "user_id": BOT_USER, "name": name, "team_id": TEAM, "deleted": false, "updated": 0})
}

/// The events of a new message: `message`, and `app_mention` beside it where a person mentions the bot in a channel.
/// The two come in either order. Nothing for a conversation that the bot isn't in.
pub(crate) fn of_message(conversation: &Conversation, message: &Message) -> Vec<Event> {
    if !conversation.has(BOT_USER) {
        return Vec::new();
    }
    let make = |name, mention| {
        event(
            name,
            &conversation.id,
            message.ts,
            MessageEvent {
                conversation,
                message,
                mention,
            },
        )
    };
    let mut events = vec![make("message", false)];
    let in_channel = matches!(conversation.kind, ConversationKind::Channel | ConversationKind::Private);
    let mentioned = in_channel && !message.by_bot() && !message.of_system() && mentions_bot(&message.text);
    if mentioned {
        events.push(make("app_mention", true));
        if fastrand::bool() {
            events.reverse();
        }
    }
    events
}

fn mentions_bot(text: &str) -> bool {
    text.split("<@")
        .skip(1)
        .any(|t| t.strip_prefix(BOT_USER).is_some_and(|t| t.starts_with(['>', '|'])))
}

/// `message_changed`; its own `ts` is the time of the change.
pub(crate) fn of_edit(conversation: &Conversation, message: &Message, before: &Message, at: Ts) -> Option<Event> {
    let body = json!({
        "type": "message", "subtype": "message_changed", "hidden": true, "channel": conversation.id, "ts": at,
        "event_ts": at, "channel_type": conversation.kind.channel_type(),
        "message": conversation.view(message, false), "previous_message": conversation.view(before, false),
    });
    conversation
        .has(BOT_USER)
        .then(|| event("message_changed", &conversation.id, at, body))
}

/// `message_deleted`.
pub(crate) fn of_delete(conversation: &Conversation, gone: &Message, at: Ts) -> Option<Event> {
    let body = json!({
        "type": "message", "subtype": "message_deleted", "hidden": true, "channel": conversation.id, "ts": at,
        "event_ts": at, "channel_type": conversation.kind.channel_type(), "deleted_ts": gone.ts,
        "previous_message": conversation.view(gone, false),
    });
    conversation
        .has(BOT_USER)
        .then(|| event("message_deleted", &conversation.id, at, body))
}

/// `reaction_added` or `reaction_removed`.
pub(crate) fn of_reaction(
    conversation: &Conversation,
    message: &Message,
    user: &str,
    reaction: &str,
    added: bool,
) -> Option<Event> {
    let name = if added { "reaction_added" } else { "reaction_removed" };
    let at = Ts::now();
    let body = json!({
        "type": name, "user": user, "reaction": reaction, "item_user": message.user, "event_ts": at,
        "item": {"type": "message", "channel": conversation.id, "ts": message.ts},
    });
    conversation
        .has(BOT_USER)
        .then(|| event(name, &conversation.id, at, body))
}

/// `file_shared`, beside the message.
pub(crate) fn of_file(conversation: &Conversation, file: &str, user: &str, ts: Ts) -> Option<Event> {
    let body = json!({
        "type": "file_shared", "channel_id": conversation.id, "file_id": file, "user_id": user, "file": {"id": file},
        "event_ts": ts,
    });
    conversation
        .has(BOT_USER)
        .then(|| event("file_shared", &conversation.id, ts, body))
}

/// `file_deleted`.
pub(crate) fn of_file_deleted(file: &str) -> Event {
    let at = Ts::now();
    event(
        "file_deleted",
        &"".into(),
        at,
        json!({"type": "file_deleted", "file_id": file, "event_ts": at}),
    )
}

/// `member_joined_channel`, or `member_left_channel`.
pub(crate) fn of_member(conversation: &Conversation, user: &str, joined: bool) -> Event {
    let name = if joined {
        "member_joined_channel"
    } else {
        "member_left_channel"
    };
    let at = Ts::now();
    let kind = if conversation.kind == ConversationKind::Channel {
        "C"
    } else {
        "G"
    };
    let body = json!({
        "type": name, "user": user, "channel": conversation.id, "channel_type": kind, "team": TEAM, "event_ts": at,
    });
    event(name, &conversation.id, at, body)
}

/// `app_rate_limited`: there were too many events in this minute. It is no event itself: it has no `event`.
pub(crate) fn app_rate_limited() -> Event {
    let ts = Ts::now();
    let minute = ts.seconds() / 60 * 60;
    let body = json!({
        "token": VERIFICATION, "type": "app_rate_limited", "team_id": TEAM, "minute_rate_limited": minute,
        "api_app_id": APP,
    });
    Event {
        kind: Kind::EventsApi,
        id: new_event_id(),
        name: "app_rate_limited",
        channel: "".into(),
        ts,
        rest: rest(&body),
    }
}

/// What a slash command is made of besides its words.
pub(crate) struct Slash<'a> {
    pub conversation: &'a Conversation,
    pub user: &'a Id,
    pub user_name: &'a str,
    pub command: &'a str,
    pub text: &'a str,
    pub response_url: &'a str,
}

/// The event of a slash command; its id is the `trigger_id`.
pub(crate) fn of_slash(slash: &Slash) -> Event {
    let Slash {
        conversation,
        user,
        user_name,
        command,
        text,
        response_url,
    } = slash;
    let at = Ts::now();
    let trigger = trigger_id();
    let channel_name = channel_name(conversation);
    let payload = json!({
        "token": VERIFICATION, "team_id": TEAM, "team_domain": TEAM_DOMAIN, "channel_id": conversation.id,
        "channel_name": channel_name, "user_id": user, "user_name": user_name, "command": command, "text": text,
        "api_app_id": APP, "is_enterprise_install": "false", "response_url": response_url, "trigger_id": trigger,
    });
    let channel = conversation.id.clone();
    let asked = Asked::Slash {
        channel: channel.clone(),
        command: (*command).to_owned(),
    };
    let origin = Origin {
        user: Id::clone(user),
        asked,
    };
    Event {
        kind: Kind::Once(Arc::new(origin)),
        id: trigger,
        name: "slash_commands",
        channel,
        ts: at,
        rest: rest(&payload),
    }
}

/// A message that stands in no history, as the page and `chat.postMessage` show it.
pub(crate) fn alone(message: &Message) -> Value {
    serde_json::to_value(View::alone(message)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::socket::envelope::{EnvelopeId, frame};
    use crate::world::World;

    fn events(channel: &str, text: &str) -> Vec<Value> {
        let mut world = World::new("moa".into(), 10);
        let user = world.person("로지").unwrap().id.clone();
        let id = world.resolve(channel).unwrap();
        let ts = world
            .post(
                &id,
                Message {
                    user,
                    text: text.into(),
                    ..Default::default()
                },
            )
            .unwrap();
        let conversation = world.conversation(&id).unwrap();
        let made = of_message(conversation, conversation.message(ts).unwrap());
        made.iter()
            .map(|e| serde_json::from_str(&frame(e, EnvelopeId::random(), 0)).unwrap())
            .collect()
    }

    #[test]
    fn a_mention_in_a_channel_is_a_pair() {
        let pair = events("#dev", &format!("<@{BOT_USER}> hi"));
        let mut types: Vec<&str> = pair
            .iter()
            .map(|e| e["payload"]["event"]["type"].as_str().unwrap())
            .collect();
        types.sort_unstable();
        assert_eq!(types, ["app_mention", "message"]);
        assert_eq!(pair[0]["payload"]["event"]["ts"], pair[1]["payload"]["event"]["ts"]);
        assert_ne!(pair[0]["payload"]["event_id"], pair[1]["payload"]["event_id"]);
        assert_eq!(events("#dev", "<@U0000000BEN>").len(), 1);
    }

    #[test]
    fn a_mention_in_a_dm_is_one_message() {
        let all = events("U00000ROSIE", &format!("<@{BOT_USER}> hi"));
        assert_eq!(all.len(), 1);
        assert_eq!(all[0]["payload"]["event"]["channel_type"], "im");
        assert_eq!(all[0]["payload"]["authorizations"][0]["user_id"], BOT_USER);
    }

    #[test]
    fn where_the_bot_is_not_it_hears_nothing() {
        assert!(events("#random", "hi").is_empty());
    }
}
