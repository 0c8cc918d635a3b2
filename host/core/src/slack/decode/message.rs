//! Which messages are for the host, and what they become.

use super::loose::{Count, Flag, Loose, Text};
use super::{Context, Ignored, Payload, What, change, text, time};
use crate::event::{Event, EventKind, File, Identity, Message, MessageRef, Place, PlaceKind, Slash};
use crate::text::neutralise;
use serde::Deserialize;
use serde_json::value::RawValue;

/// The name of this service in places and identities.
pub const SERVICE: &str = "slack";

/// The event itself, and inside `message_changed` and `message_deleted` the message. In events that are not read further
/// the same fields may hold something else, which is why all of them are read loosely.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct InnerEvent<'a> {
    #[serde(borrow, rename = "type")]
    pub kind: Text<'a>,
    #[serde(borrow)]
    pub subtype: Text<'a>,
    pub hidden: Flag,
    #[serde(borrow)]
    pub bot_id: Text<'a>,
    #[serde(borrow)]
    pub user: Text<'a>,
    #[serde(borrow)]
    pub channel: Text<'a>,
    #[serde(borrow)]
    pub channel_type: Text<'a>,
    #[serde(borrow)]
    pub text: Text<'a>,
    #[serde(borrow)]
    pub ts: Text<'a>,
    #[serde(borrow)]
    pub thread_ts: Text<'a>,
    #[serde(borrow)]
    pub edited: Loose<Edit<'a>>,
    #[serde(borrow)]
    pub files: Option<&'a RawValue>,
    // What is no plain message.
    #[serde(borrow)]
    pub event_ts: Text<'a>,
    #[serde(borrow)]
    pub reaction: Text<'a>,
    #[serde(borrow)]
    pub item: Loose<Item<'a>>,
    #[serde(borrow)]
    pub topic: Text<'a>,
    #[serde(borrow)]
    pub deleted_ts: Text<'a>,
    #[serde(borrow)]
    pub message: Option<&'a RawValue>,
    #[serde(borrow)]
    pub previous_message: Option<&'a RawValue>,
}

/// Who edited a message.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Edit<'a> {
    #[serde(borrow)]
    pub user: Text<'a>,
}

/// What a reaction is to.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Item<'a> {
    #[serde(borrow, rename = "type")]
    pub kind: Text<'a>,
    #[serde(borrow)]
    pub channel: Text<'a>,
    #[serde(borrow)]
    pub ts: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawFile<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    mimetype: Text<'a>,
    size: Count,
}

/// An `events_api` payload.
pub fn event(payload: &Payload<'_>, redelivered: bool, context: Context<'_>) -> What {
    let Some(event) = &payload.event.0 else {
        return match payload.kind.as_str() {
            "app_rate_limited" => What::RateLimited,
            _ => What::Unreadable,
        };
    };
    match event.kind.as_str() {
        // A mention in a channel comes as both, in either order and under two event ids. They are one message, so both
        // are treated alike: whichever comes first decides, and the second has the same identity.
        "message" | "app_mention" => message(payload, event, redelivered, context),
        "" => What::Unreadable,
        _ => change::event(payload, event, redelivered, context),
    }
}

fn message(payload: &Payload<'_>, event: &InnerEvent<'_>, redelivered: bool, context: Context<'_>) -> What {
    // Edits and deletions are marked as hidden, so their names come first.
    match event.subtype.as_str() {
        "" if event.hidden.0 => return What::Ignored(Ignored::Hidden),
        "message_changed" | "message_deleted" | "channel_topic" | "group_topic" => {
            return change::message(payload, event, redelivered, context);
        }
        _ if event.hidden.0 => return What::Ignored(Ignored::Hidden),
        subtype if is_typed(subtype) => {}
        other => return What::Ignored(Ignored::Subtype(other.into())),
    }
    if let Some(why) = written_by_a_bot(event, context) {
        return What::Ignored(why);
    }
    let Some(message) = written(event, event.channel.as_str(), event.channel_type.as_str()) else {
        return What::Ignored(Ignored::Empty);
    };
    if message.raw.is_empty() && message.files.is_empty() {
        return What::Ignored(Ignored::Empty);
    }
    let team = payload.team_id.as_str();
    What::Event(Box::new(Event {
        identity: Identity::message(SERVICE, team, &message.at.place.conversation, &message.at.id),
        team: team.into(),
        redelivered,
        kind: EventKind::Message(message),
    }))
}

/// Whether messages of this subtype are what somebody typed or uploaded.
pub fn is_typed(subtype: &str) -> bool {
    matches!(subtype, "" | "file_share" | "thread_broadcast" | "me_message")
}

/// Why a message is no person's, if it is none.
pub fn written_by_a_bot(message: &InnerEvent<'_>, context: Context<'_>) -> Option<Ignored> {
    let own_bot = !context.me.bot_id.is_empty() && message.bot_id.as_str() == context.me.bot_id;
    if own_bot || is_me(message.user.as_str(), context) {
        return Some(Ignored::Own);
    }
    // Today's apps post messages without a subtype and with a user: only the bot's id tells.
    message.bot_id.is_there().then_some(Ignored::FromBot)
}

/// Whether that is the bot itself.
pub fn is_me(user: &str, context: Context<'_>) -> bool {
    !user.is_empty() && user == context.me.user_id
}

/// A message as it stands; `None` without an author or an address.
pub fn written(message: &InnerEvent<'_>, channel: &str, channel_type: &str) -> Option<Message> {
    let ts = message.ts.as_str();
    let time = time::rfc3339(ts)?;
    if !message.user.is_there() || channel.is_empty() {
        return None;
    }
    let (text, mentions) = text::portable(message.text.as_str());
    Some(Message {
        at: MessageRef {
            place: Place {
                service: SERVICE.into(),
                conversation: channel.into(),
                thread: thread(message.thread_ts.as_str(), ts),
                kind: place_kind(channel_type, channel),
            },
            id: ts.into(),
        },
        author: message.user.as_str().into(),
        text,
        raw: neutralise(message.text.as_str()).into_owned(),
        mentions,
        files: files(message.files),
        time,
        edited: message.edited.0.is_some(),
    })
}

/// The thread that a message is in. Its first message carries the thread's name, too, and is not in it.
pub fn thread(thread_ts: &str, ts: &str) -> Option<String> {
    (!thread_ts.is_empty() && thread_ts != ts).then(|| thread_ts.into())
}

/// `channel_type` tells. `app_mention` carries none; those come from channels only, and the `D` of direct conversations
/// is looked at merely so that a wrong guess cannot happen there.
pub fn place_kind(channel_type: &str, channel: &str) -> PlaceKind {
    match channel_type {
        "im" | "app_home" => PlaceKind::Direct,
        "mpim" => PlaceKind::Group,
        "" if channel.starts_with('D') => PlaceKind::Direct,
        _ => PlaceKind::Channel,
    }
}

/// Commands and presses tell the conversation's name and not its type.
pub fn place_kind_by_name(name: &str) -> PlaceKind {
    match name {
        "directmessage" => PlaceKind::Direct,
        name if name.starts_with("mpdm-") => PlaceKind::Group,
        _ => PlaceKind::Channel,
    }
}

pub fn files(json: Option<&RawValue>) -> Vec<File> {
    let files: Vec<Loose<RawFile<'_>>> = json
        .and_then(|json| serde_json::from_str(json.get()).ok())
        .unwrap_or_default();
    files
        .into_iter()
        .filter_map(|file| file.0)
        .filter(|file| file.id.is_there())
        .map(|file| File {
            id: file.id.as_str().into(),
            name: neutralise(file.name.as_str()).into_owned(),
            mime: file.mimetype.as_str().into(),
            size: file.size.0,
        })
        .collect()
}

/// A `slash_commands` payload. It has no message and no time of its own, and Slack never sends it twice of its own
/// accord; its trigger id is the same should it ever.
pub fn slash(payload: &Payload<'_>, envelope_id: &str, context: Context<'_>) -> What {
    let command = payload.command.as_str().trim_start_matches('/');
    if command.is_empty() || !payload.user_id.is_there() || !payload.channel_id.is_there() {
        return What::Unreadable;
    }
    let name = if payload.trigger_id.is_there() {
        payload.trigger_id.as_str()
    } else {
        envelope_id
    };
    let kind = place_kind_by_name(payload.channel_name.as_str());
    let (text, mentions) = text::portable(payload.text.as_str());
    What::Event(Box::new(Event {
        identity: Identity::other(SERVICE, payload.team_id.as_str(), name),
        team: payload.team_id.as_str().into(),
        redelivered: false,
        kind: EventKind::Slash(Slash {
            command: command.into(),
            message: Message {
                at: MessageRef {
                    place: Place {
                        service: SERVICE.into(),
                        conversation: payload.channel_id.as_str().into(),
                        thread: None,
                        kind,
                    },
                    id: String::new(),
                },
                author: payload.user_id.as_str().into(),
                text,
                raw: neutralise(payload.text.as_str()).into_owned(),
                mentions,
                files: Vec::new(),
                time: context.now.to_string(),
                edited: false,
            },
            response_url: Some(payload.response_url.as_str())
                .filter(|url| !url.is_empty())
                .map(Into::into),
            seen: false,
            awaited: false,
        }),
    }))
}
