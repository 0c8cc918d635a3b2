//! What happens besides messages: reactions, joins, topics, edits, deletions.

use super::loose::Loose;
use super::message::{InnerEvent, SERVICE, files, is_me, is_typed, place_kind, thread, written, written_by_a_bot};
use super::{Context, Ignored, Payload, What, text, time};
use crate::event::{Change, Changed, Event, EventKind, Identity, Message, MessageRef, Place};
use crate::text::neutralise;
use jiff::Timestamp;
use serde_json::value::RawValue;

/// An event that is no message at all.
pub fn event(payload: &Payload<'_>, event: &InnerEvent<'_>, redelivered: bool, context: Context<'_>) -> What {
    let user = event.user.as_str();
    let what = match event.kind.as_str() {
        "reaction_added" => reaction(event).map(|(at, emoji)| Changed::Reacted(at, emoji)),
        "reaction_removed" => reaction(event).map(|(at, emoji)| Changed::Unreacted(at, emoji)),
        "member_joined_channel" => channel(event).map(Changed::Joined),
        "member_left_channel" => channel(event).map(Changed::Left),
        other => return What::Ignored(Ignored::Other(other.into())),
    };
    match what {
        _ if is_me(user, context) => What::Ignored(Ignored::Own),
        Some(what) if !user.is_empty() => told(payload, event, redelivered, context, user, what),
        _ => What::Ignored(Ignored::Empty),
    }
}

/// A message whose subtype says that something happened to another one, or to its conversation.
pub fn message(payload: &Payload<'_>, event: &InnerEvent<'_>, redelivered: bool, context: Context<'_>) -> What {
    let found = match event.subtype.as_str() {
        "message_changed" => edited(event, context),
        "message_deleted" => deleted(event, context),
        _ => topic(event, context),
    };
    match found {
        Ok((who, what)) => told(payload, event, redelivered, context, &who, what),
        Err(why) => What::Ignored(why),
    }
}

fn told(
    payload: &Payload<'_>,
    event: &InnerEvent<'_>,
    redelivered: bool,
    context: Context<'_>,
    who: &str,
    what: Changed<Message>,
) -> What {
    let team = payload.team_id.as_str();
    let at = match event.event_ts.is_there() {
        true => event.event_ts.as_str(),
        false => event.ts.as_str(),
    };
    let happened = || Timestamp::from_second(payload.event_time.0.into()).ok();
    let happened = || {
        happened()
            .filter(|at| *at != Timestamp::UNIX_EPOCH)
            .unwrap_or(context.now)
    };
    let change = Change {
        who: who.into(),
        what,
        time: time::rfc3339(at).unwrap_or_else(|| happened().to_string()),
    };
    // All events have an id. Of one without it, what is the same on a redelivery has to do.
    let identity = match payload.event_id.as_str() {
        "" => {
            let name = change.what.name().as_str();
            let place = &change.place().conversation;
            Identity::other(SERVICE, team, &format!("{name}/{place}/{who}/{at}"))
        }
        id => Identity::other(SERVICE, team, id),
    };
    What::Event(Box::new(Event {
        identity,
        team: team.into(),
        redelivered,
        kind: EventKind::Change(change),
    }))
}

/// Reactions to files and their comments are of an older time, and lead to no message.
fn reaction(event: &InnerEvent<'_>) -> Option<(MessageRef, String)> {
    let item = event.item.0.as_ref().filter(|item| item.kind.as_str() == "message")?;
    if !item.channel.is_there() || !item.ts.is_there() || !event.reaction.is_there() {
        return None;
    }
    // In which thread the message is, Slack does not say.
    let at = message_ref(item.channel.as_str(), "", None, item.ts.as_str());
    Some((at, neutralise(event.reaction.as_str()).into_owned()))
}

fn channel(event: &InnerEvent<'_>) -> Option<Place> {
    let (channel, kind) = (event.channel.as_str(), event.channel_type.as_str());
    (!channel.is_empty()).then(|| message_ref(channel, kind, None, "").place)
}

fn topic(event: &InnerEvent<'_>, context: Context<'_>) -> Result<(String, Changed<Message>), Ignored> {
    if let Some(why) = written_by_a_bot(event, context) {
        return Err(why);
    }
    let place = channel(event).filter(|_| event.user.is_there()).ok_or(Ignored::Empty)?;
    let (topic, _) = text::portable(event.topic.as_str());
    Ok((event.user.as_str().into(), Changed::Topic(place, topic)))
}

/// `message_changed` comes for all that makes a message look different: edits, but also unfurled links and answers in its
/// thread. Only another text or other files are an edit. The first message of a thread is not deleted but replaced by a
/// tombstone.
fn edited(event: &InnerEvent<'_>, context: Context<'_>) -> Result<(String, Changed<Message>), Ignored> {
    let now = inner(event.message).ok_or(Ignored::Empty)?;
    let before = inner(event.previous_message);
    if now.subtype.as_str() == "tombstone" {
        return gone(event, before.as_ref(), now.ts.as_str(), context);
    }
    if !is_typed(now.subtype.as_str()) {
        return Err(Ignored::Subtype(now.subtype.as_str().into()));
    }
    if let Some(why) = written_by_a_bot(&now, context) {
        return Err(why);
    }
    let changed = match &before {
        Some(before) => now.text.as_str() != before.text.as_str() || files(now.files) != files(before.files),
        None => now.edited.0.is_some(),
    };
    if !changed {
        return Err(Ignored::Unchanged);
    }
    let editor = now.edited.0.as_ref().map(|edit| edit.user.as_str());
    let who = editor.filter(|user| !user.is_empty()).unwrap_or(now.user.as_str());
    if is_me(who, context) {
        return Err(Ignored::Own);
    }
    let who = who.to_owned();
    // The event's own `ts` is the time of the edit; a message without one is known by what it was before.
    let ts = match (now.ts.is_there(), before) {
        (false, Some(before)) => before.ts,
        _ => now.ts.clone(),
    };
    let now = InnerEvent { ts, ..now };
    let message = written(&now, event.channel.as_str(), event.channel_type.as_str()).ok_or(Ignored::Empty)?;
    Ok((
        who,
        Changed::Edited(Message {
            edited: true,
            ..message
        }),
    ))
}

fn deleted(event: &InnerEvent<'_>, context: Context<'_>) -> Result<(String, Changed<Message>), Ignored> {
    let before = inner(event.previous_message);
    gone(event, before.as_ref(), event.deleted_ts.as_str(), context)
}

/// Slack does not say who deletes a message; it is hardly ever anybody but its author, who is named for it.
fn gone(
    event: &InnerEvent<'_>,
    before: Option<&InnerEvent<'_>>,
    ts: &str,
    context: Context<'_>,
) -> Result<(String, Changed<Message>), Ignored> {
    // Without the message as it was, it might be the bot's own.
    let Some(before) = before else {
        return Err(Ignored::Empty);
    };
    if !is_typed(before.subtype.as_str()) {
        return Err(Ignored::Subtype(before.subtype.as_str().into()));
    }
    if let Some(why) = written_by_a_bot(before, context) {
        return Err(why);
    }
    let ts = if ts.is_empty() { before.ts.as_str() } else { ts };
    let channel = event.channel.as_str();
    if ts.is_empty() || channel.is_empty() || !before.user.is_there() {
        return Err(Ignored::Empty);
    }
    let thread = thread(before.thread_ts.as_str(), ts);
    let at = message_ref(channel, event.channel_type.as_str(), thread, ts);
    Ok((before.user.as_str().into(), Changed::Deleted(at)))
}

fn message_ref(channel: &str, channel_type: &str, thread: Option<String>, ts: &str) -> MessageRef {
    MessageRef {
        place: Place {
            service: SERVICE.into(),
            conversation: channel.into(),
            thread,
            kind: place_kind(channel_type, channel),
        },
        id: ts.into(),
    }
}

fn inner(json: Option<&RawValue>) -> Option<InnerEvent<'_>> {
    serde_json::from_str::<Loose<InnerEvent<'_>>>(json?.get()).ok()?.0
}
