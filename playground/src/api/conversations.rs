//! `conversations.*` and `users.conversations`.

use super::chat::{channel, ts};
use super::{Answer, ok, page};
use crate::api::args::Args;
use crate::api::message::Refusal;
use crate::conversation::{Conversation, Kind, Message};
use crate::locked;
use crate::shared::Shared;
use crate::ts::Ts;
use crate::world::{BOT_USER, Id};
use serde::Serialize;
use serde_json::{Value, json};

/// How many people `conversations.open` takes.
const MOST_PEOPLE: usize = 8;

/// `conversations.open`: a DM, or a group for several people.
pub(crate) fn open(shared: &Shared, args: &Args) -> Answer {
    let (id, open_already) = if args.str("channel").is_some() {
        (channel(shared, args)?, true)
    } else {
        let list = args.json("users", "user_not_found").ok().flatten();
        let listed: Option<Vec<String>> = match &list {
            Some(Value::Array(ids)) => ids.iter().map(|id| id.as_str().map(str::to_owned)).collect(),
            _ => None,
        };
        let users = match (listed, args.str("users")) {
            (Some(users), _) => users,
            (None, Some(users)) => users.split(',').map(|u| u.trim().to_owned()).collect(),
            (None, None) => return Err("users_list_not_supplied".into()),
        };
        if users.len() > MOST_PEOPLE {
            return Err("too_many_users".into());
        }
        let mut world = locked(&shared.world);
        let mut people = Vec::new();
        for user in &users {
            let person = world.people.iter().find(|p| *p.id == **user).ok_or("user_not_found")?;
            people.push((person.id.clone(), person.im.clone()));
        }
        match people.as_slice() {
            [] => return Err("users_list_not_supplied".into()),
            [(_, im)] => (im.clone(), true),
            _ => {
                let (id, existed) = world.group_of(people.into_iter().map(|(id, _)| id).collect());
                let shown = world.channel_json(&id);
                shared.notice(|| json!({"type": "conversation", "channel": shown}));
                (id, existed)
            }
        }
    };
    let shown = if args.flag("return_im") {
        locked(&shared.world).channel_json(&id)
    } else {
        Some(json!({"id": id}))
    };
    ok(if open_already {
        json!({"channel": shown, "no_op": true, "already_open": true})
    } else {
        json!({"channel": shown})
    })
}

/// `conversations.info`.
pub(crate) fn info(shared: &Shared, args: &Args) -> Answer {
    let id = by_id(shared, args)?;
    let world = locked(&shared.world);
    let mut shown = world.channel_json(&id).ok_or("channel_not_found")?;
    if !args.flag("include_num_members")
        && let Some(members) = shown.as_object_mut()
    {
        members.remove("num_members");
    }
    ok(json!({"channel": shown}))
}

/// The conversation with the id in `channel`; names don't count here.
fn by_id(shared: &Shared, args: &Args) -> Result<Id, Refusal> {
    let id = args.str("channel").ok_or("channel_not_found")?;
    let world = locked(&shared.world);
    let found = world.conversation(id).filter(|c| world.bot_knows(&c.id));
    found.map(|c| c.id.clone()).ok_or_else(|| "channel_not_found".into())
}

/// `conversations.list`; only those of the bot (or of `user`) for `users.conversations`.
pub(crate) fn list(shared: &Shared, args: &Args, of_user: bool) -> Answer {
    let types: Vec<&str> = args
        .str("types")
        .unwrap_or("public_channel")
        .split(',')
        .map(str::trim)
        .collect();
    if types
        .iter()
        .any(|t| !["public_channel", "private_channel", "mpim", "im"].contains(t))
    {
        return Err("invalid_types".into());
    }
    let user = args.str("user").unwrap_or(BOT_USER);
    let world = locked(&shared.world);
    let fits =
        |c: &&Conversation| types.contains(&c.kind.list_type()) && world.bot_knows(&c.id) && (!of_user || c.has(user));
    let all: Vec<Value> = world
        .conversations
        .iter()
        .filter(fits)
        .filter_map(|c| world.channel_json(&c.id))
        .collect();
    let (channels, metadata) = page::of(args, 100, all)?;
    ok(json!({"channels": channels, "response_metadata": metadata}))
}

/// `conversations.members`.
pub(crate) fn members(shared: &Shared, args: &Args) -> Answer {
    let id = by_id(shared, args)?;
    let all = locked(&shared.world)
        .conversation(&id)
        .map(|c| c.members.clone())
        .unwrap_or_default();
    let (members, metadata) = page::of(args, 100, all)?;
    ok(json!({"members": members, "response_metadata": metadata}))
}

/// `conversations.join`.
pub(crate) fn join(shared: &Shared, args: &Args) -> Answer {
    let id = by_id(shared, args)?;
    let is_channel = locked(&shared.world)
        .conversation(&id)
        .is_some_and(|c| c.kind == Kind::Channel);
    if !is_channel {
        return Err("method_not_supported_for_channel_type".into());
    }
    let joined = shared.join(&id, &BOT_USER.into());
    let shown = locked(&shared.world).channel_json(&id);
    ok(if joined {
        json!({"channel": shown})
    } else {
        json!({"channel": shown, "warning": "already_in_channel"})
    })
}

/// `conversations.leave`.
pub(crate) fn leave(shared: &Shared, args: &Args) -> Answer {
    let id = by_id(shared, args)?;
    let general = locked(&shared.world)
        .conversation(&id)
        .is_some_and(|c| c.name == "general");
    if general {
        return Err("cant_leave_general".into());
    }
    ok(if shared.leave(&id, &BOT_USER.into()) {
        json!({})
    } else {
        json!({"not_in_channel": true})
    })
}

/// `conversations.setTopic`.
pub(crate) fn set_topic(shared: &Shared, args: &Args) -> Answer {
    let id = by_id(shared, args)?;
    let topic = args.str("topic").unwrap_or_default();
    if topic.chars().count() > 250 {
        return Err("too_long".into());
    }
    if !locked(&shared.world).conversation(&id).is_some_and(|c| c.has(BOT_USER)) {
        return Err("not_in_channel".into());
    }
    if !shared.set_topic(&id, &BOT_USER.into(), topic) {
        return Err("method_not_supported_for_channel_type".into());
    }
    let shown = locked(&shared.world).channel_json(&id);
    ok(json!({"channel": shown}))
}

/// The part of a history that was asked for.
struct Window {
    latest: Ts,
    oldest: Ts,
    limit: usize,
    metadata: bool,
}

impl Window {
    /// Reads `latest`, `oldest`, `inclusive`, `limit`, `include_all_metadata`. The bounds become exclusive.
    fn read(args: &Args) -> Result<Self, Refusal> {
        let bound = |name, error: &'static str| match args.str(name) {
            Some(text) => Ts::parse_bound(text).map(Some).ok_or(error),
            None => Ok(None),
        };
        let (latest, oldest) = (
            bound("latest", "invalid_ts_latest")?,
            bound("oldest", "invalid_ts_oldest")?,
        );
        let one = u64::from(args.flag("inclusive"));
        Ok(Self {
            latest: latest.map_or(Ts(u64::MAX), |ts| Ts(ts.0.saturating_add(one))),
            oldest: oldest.map_or(Ts(0), |ts| Ts(ts.0.saturating_sub(one))),
            limit: page::limit(args, 100),
            metadata: args.flag("include_all_metadata"),
        })
    }
}

#[derive(Serialize)]
struct History<M> {
    ok: bool,
    messages: Vec<M>,
    has_more: bool,
    pin_count: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_metadata: Option<Value>,
}

fn history_answer(conversation: &Conversation, messages: &[&Message], window: &Window, next: Option<Ts>) -> Answer {
    let history = History {
        ok: true,
        messages: messages.iter().map(|m| conversation.view(m, window.metadata)).collect(),
        has_more: next.is_some(),
        pin_count: 0,
        response_metadata: next.map(|ts| page::metadata(Some(ts.0))),
    };
    serde_json::to_vec(&history).map_err(|_| "fatal_error".into())
}

/// `conversations.history`: newest first, without the replies of threads.
pub(crate) fn history(shared: &Shared, args: &Args) -> Answer {
    let id = by_id(shared, args)?;
    let mut window = Window::read(args)?;
    if let Some(before) = page::cursor(args)? {
        window.latest = window.latest.min(Ts(before));
    }
    let world = locked(&shared.world);
    let conversation = world.conversation(&id).ok_or("channel_not_found")?;
    if !conversation.has(BOT_USER) {
        return Err("not_in_channel".into());
    }
    let mut shown = conversation
        .newest_first(window.latest, window.oldest)
        .filter(|m| !m.only_in_thread());
    let messages: Vec<&Message> = shown.by_ref().take(window.limit).collect();
    let next = shown.next().and(messages.last()).map(|m| m.ts);
    history_answer(conversation, &messages, &window, next)
}

/// `conversations.replies`: the parent, then its replies, oldest first.
pub(crate) fn replies(shared: &Shared, args: &Args) -> Answer {
    let id = by_id(shared, args)?;
    let window = Window::read(args)?;
    let after = page::cursor(args)?.map_or(window.oldest, |ts| window.oldest.max(Ts(ts)));
    let ts = ts(args, "ts", "thread_not_found")?;
    let world = locked(&shared.world);
    let conversation = world.conversation(&id).ok_or("channel_not_found")?;
    if !conversation.has(BOT_USER) {
        return Err("not_in_channel".into());
    }
    let root = conversation.thread_root(ts);
    let parent = conversation.message(root).ok_or("thread_not_found")?;
    let replies = conversation.thread(root).into_iter().flat_map(|t| &t.replies);
    let mut shown = replies
        .filter_map(|ts| conversation.message(*ts))
        .filter(|m| m.ts > after && m.ts < window.latest);
    let mut messages = vec![parent];
    messages.extend(shown.by_ref().take(window.limit.saturating_sub(1).max(1)));
    let next = shown.next().and(messages.last()).map(|m| m.ts);
    history_answer(conversation, &messages, &window, next)
}
