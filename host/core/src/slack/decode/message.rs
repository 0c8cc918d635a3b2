//! Which messages are for the host, and what they become.

use super::loose::{Count, Flag, Loose, Text};
use super::{Context, Ignored, Payload, What, text, time};
use crate::event::{Event, EventKind, File, Identity, Message, MessageRef, Place, PlaceKind, Slash};
use crate::text::neutralise;
use serde::Deserialize;
use serde_json::value::RawValue;

/// The name of this service in places and identities.
pub const SERVICE: &str = "slack";

/// The event itself. Only `message` and `app_mention` are read further; in other events the same fields may hold
/// something else, which is why all of them are read loosely.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct InnerEvent<'a> {
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    #[serde(borrow)]
    subtype: Text<'a>,
    hidden: Flag,
    #[serde(borrow)]
    bot_id: Text<'a>,
    #[serde(borrow)]
    user: Text<'a>,
    #[serde(borrow)]
    channel: Text<'a>,
    #[serde(borrow)]
    channel_type: Text<'a>,
    #[serde(borrow)]
    text: Text<'a>,
    #[serde(borrow)]
    ts: Text<'a>,
    #[serde(borrow)]
    thread_ts: Text<'a>,
    edited: Loose<serde::de::IgnoredAny>,
    #[serde(borrow)]
    files: Option<&'a RawValue>,
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
pub fn event(payload: Payload<'_>, redelivered: bool, context: Context<'_>) -> What {
    let Some(event) = payload.event.0 else {
        return match payload.kind.as_str() {
            "app_rate_limited" => What::RateLimited,
            _ => What::Unreadable,
        };
    };
    match event.kind.as_str() {
        // A mention in a channel comes as both, in either order and under two event ids. They are one message, so both
        // are treated alike: whichever comes first decides, and the second has the same identity.
        "message" | "app_mention" => message(&event, payload.team_id.as_str(), redelivered, context),
        "" => What::Unreadable,
        other => What::Ignored(Ignored::Other(other.into())),
    }
}

fn message(event: &InnerEvent<'_>, team: &str, redelivered: bool, context: Context<'_>) -> What {
    if event.hidden.0 {
        return What::Ignored(Ignored::Hidden);
    }
    match event.subtype.as_str() {
        "" | "file_share" | "thread_broadcast" | "me_message" => {}
        other => return What::Ignored(Ignored::Subtype(other.into())),
    }
    let me = context.me;
    let own_bot = !me.bot_id.is_empty() && event.bot_id.as_str() == me.bot_id;
    if own_bot || (event.user.is_there() && event.user.as_str() == me.user_id) {
        return What::Ignored(Ignored::Own);
    }
    // Today's apps post messages without a subtype and with a user: only the bot's id tells.
    if event.bot_id.is_there() {
        return What::Ignored(Ignored::FromBot);
    }
    let files = files(event.files);
    let Some(time) = time::rfc3339(event.ts.as_str()) else {
        return What::Ignored(Ignored::Empty);
    };
    if !event.user.is_there() || !event.channel.is_there() || (!event.text.is_there() && files.is_empty()) {
        return What::Ignored(Ignored::Empty);
    }
    let (channel, ts) = (event.channel.as_str(), event.ts.as_str());
    let thread = Some(event.thread_ts.as_str()).filter(|thread| !thread.is_empty() && *thread != ts);
    let (text, mentions) = text::portable(event.text.as_str());
    What::Event(Box::new(Event {
        identity: Identity::message(SERVICE, team, channel, ts),
        team: team.into(),
        redelivered,
        kind: EventKind::Message(Message {
            at: MessageRef {
                place: Place {
                    service: SERVICE.into(),
                    conversation: channel.into(),
                    thread: thread.map(Into::into),
                    kind: place_kind(event.channel_type.as_str(), channel),
                },
                id: ts.into(),
            },
            author: event.user.as_str().into(),
            text,
            raw: neutralise(event.text.as_str()).into_owned(),
            mentions,
            files,
            time,
            edited: event.edited.0.is_some(),
        }),
    }))
}

/// `channel_type` tells. `app_mention` carries none; those come from channels only, and the `D` of direct conversations
/// is looked at merely so that a wrong guess cannot happen there.
fn place_kind(channel_type: &str, channel: &str) -> PlaceKind {
    match channel_type {
        "im" | "app_home" => PlaceKind::Direct,
        "mpim" => PlaceKind::Group,
        "" if channel.starts_with('D') => PlaceKind::Direct,
        _ => PlaceKind::Channel,
    }
}

pub(super) fn files(json: Option<&RawValue>) -> Vec<File> {
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
    let kind = match payload.channel_name.as_str() {
        "directmessage" => PlaceKind::Direct,
        name if name.starts_with("mpdm-") => PlaceKind::Group,
        _ => PlaceKind::Channel,
    };
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
        }),
    }))
}
