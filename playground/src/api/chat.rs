//! `chat.*`.

use super::{Answer, ok};
use crate::api::args::Args;
use crate::api::message::{Draft, Refusal};
use crate::events::bot_profile;
use crate::shared::Shared;
use crate::ts::Ts;
use crate::world::{BOT_USER, Id};
use crate::{locked, merge};
use serde::Serialize;
use serde_json::{Value, json};

/// Beyond this many characters `chat.update` refuses a text.
const UPDATE_LIMIT: usize = 4000;

/// The conversation that an argument names.
///
/// # Errors
/// `channel_not_found`.
pub(crate) fn channel(shared: &Shared, args: &Args) -> Result<Id, Refusal> {
    let name = args.str("channel").ok_or("channel_not_found")?;
    let world = locked(&shared.world);
    let found = world.resolve(name).filter(|id| world.bot_knows(id));
    found.ok_or_else(|| "channel_not_found".into())
}

/// A `ts` argument.
///
/// # Errors
/// `error` when it is missing or no `ts`.
pub(crate) fn ts(args: &Args, name: &str, error: &'static str) -> Result<Ts, Refusal> {
    args.str(name).and_then(Ts::parse).ok_or_else(|| error.into())
}

fn must_be_member(shared: &Shared, channel: &Id, user: &str, error: &'static str) -> Result<(), Refusal> {
    let world = locked(&shared.world);
    if world.conversation(channel).is_some_and(|c| c.has(user)) {
        Ok(())
    } else {
        Err(error.into())
    }
}

fn thread(args: &Args) -> Result<Option<Ts>, Refusal> {
    args.str("thread_ts")
        .map(|_| ts(args, "thread_ts", "invalid_thread_ts"))
        .transpose()
}

/// `chat.postMessage`.
pub(crate) fn post_message(shared: &Shared, args: &Args) -> Answer {
    #[derive(Serialize)]
    struct Posted<'a, M> {
        ok: bool,
        channel: &'a str,
        ts: Ts,
        message: M,
    }
    let channel = channel(shared, args)?;
    must_be_member(shared, &channel, BOT_USER, "not_in_channel")?;
    let (mut message, pings) = Draft::read(args)?.finish();
    let root = |ts| {
        locked(&shared.world)
            .conversation(&channel)
            .map_or(ts, |c| c.thread_root(ts))
    };
    message.thread_ts = thread(args)?.map(root);
    message.broadcast = message.thread_ts.is_some() && args.flag("reply_broadcast");
    let ts = shared.post(&channel, message, pings).ok_or("channel_not_found")?;
    let world = locked(&shared.world);
    let conversation = world.conversation(&channel).ok_or("channel_not_found")?;
    let message = conversation.message(ts).ok_or("message_not_found")?;
    let posted = Posted {
        ok: true,
        channel: &channel,
        ts,
        message: conversation.view(message, true),
    };
    serde_json::to_vec(&posted).map_err(|_| "fatal_error".into())
}

/// `chat.meMessage`.
pub(crate) fn me_message(shared: &Shared, args: &Args) -> Answer {
    let channel = channel(shared, args)?;
    must_be_member(shared, &channel, BOT_USER, "not_in_channel")?;
    let (mut message, pings) = Draft::read(args)?.finish();
    message.subtype = Some("me_message");
    let ts = shared.post(&channel, message, pings).ok_or("channel_not_found")?;
    ok(json!({"channel": channel, "ts": ts}))
}

/// `chat.postEphemeral`.
pub(crate) fn post_ephemeral(shared: &Shared, args: &Args) -> Answer {
    let channel = channel(shared, args)?;
    must_be_member(shared, &channel, BOT_USER, "not_in_channel")?;
    let user = args.str("user").ok_or("user_not_in_channel")?;
    must_be_member(shared, &channel, user, "user_not_in_channel")?;
    let (mut message, pings) = Draft::read(args)?.finish();
    message.thread_ts = thread(args)?;
    let ts = shared
        .post_ephemeral(&channel, &user.into(), message, pings)
        .ok_or("channel_not_found")?;
    ok(json!({"message_ts": ts}))
}

/// `chat.update`: only for the bot's own messages.
pub(crate) fn update(shared: &Shared, args: &Args) -> Answer {
    let channel = channel(shared, args)?;
    let ts = own_message(shared, args, &channel, "cant_update_message")?;
    if args.str("text").is_some_and(|text| text.chars().count() > UPDATE_LIMIT) {
        return Err("msg_too_long".into());
    }
    let (new, pings) = Draft::read(args)?.finish();
    let has_text = args.has("text") || args.has("markdown_text");
    shared
        .edit(&channel, ts, pings, |message| {
            // A text without blocks takes the old blocks away; blocks without a text leave the text.
            if has_text {
                message.text = new.text;
                message.blocks = new.blocks;
            } else if new.blocks.is_some() {
                message.blocks = new.blocks;
            }
            if args.has("attachments") {
                message.attachments = new.attachments;
            }
            message.metadata = new.metadata.or_else(|| message.metadata.take());
        })
        .ok_or("message_not_found")?;
    let world = locked(&shared.world);
    let conversation = world.conversation(&channel).ok_or("channel_not_found")?;
    let message = conversation.message(ts).ok_or("message_not_found")?;
    let mut shown = json!(conversation.view(message, true));
    merge(&mut shown, json!({"bot_profile": bot_profile(&world.bot_name)}));
    ok(json!({"channel": channel, "ts": ts, "text": message.text, "message": shown}))
}

/// `chat.delete`: only for the bot's own messages.
pub(crate) fn delete(shared: &Shared, args: &Args) -> Answer {
    let channel = channel(shared, args)?;
    let ts = own_message(shared, args, &channel, "cant_delete_message")?;
    shared.delete(&channel, ts).ok_or("message_not_found")?;
    ok(json!({"channel": channel, "ts": ts}))
}

fn own_message(shared: &Shared, args: &Args, channel: &Id, error: &'static str) -> Result<Ts, Refusal> {
    let ts = ts(args, "ts", "message_not_found")?;
    let world = locked(&shared.world);
    let message = world
        .conversation(channel)
        .and_then(|c| c.message(ts))
        .ok_or("message_not_found")?;
    if message.by_bot() { Ok(ts) } else { Err(error.into()) }
}

/// `chat.getPermalink`: the page opens it.
pub(crate) fn permalink(shared: &Shared, args: &Args) -> Answer {
    let channel = channel(shared, args)?;
    let ts = ts(args, "message_ts", "message_not_found")?;
    let world = locked(&shared.world);
    let message = world
        .conversation(&channel)
        .and_then(|c| c.message(ts))
        .ok_or("message_not_found")?;
    let thread = message
        .thread_ts
        .map_or(String::new(), |t| format!("?thread_ts={t}&cid={channel}"));
    let permalink = format!("{}/archives/{channel}/p{}{thread}", shared.base, ts.0);
    ok(json!({"channel": channel, "permalink": Value::String(permalink)}))
}
