//! `/sim/*`: acting as people, causing faults, seeing everything. Used by the page and by tests.

mod fault;
mod interact;

use crate::act::Said;
use crate::api::is_emoji_name;
use crate::conversation::{Conversation, Kind};
use crate::events;
use crate::files::File;
use crate::record::{Raw, What};
use crate::shared::{Shared, Watcher};
use crate::socket::hub::Order;
use crate::text::escape;
use crate::ts::Ts;
use crate::world::{BOT_USER, Id, TEAM_NAME};
use crate::{locked, merge};
use bytes::Bytes;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};
use tokio_tungstenite::tungstenite::Utf8Bytes;

/// The longest that a request may wait for something.
const LONGEST_WAIT: Duration = Duration::from_secs(120);
/// How many messages of each conversation a page loads.
const PAGE_MESSAGES: usize = 300;

/// Why a request to `/sim/*` isn't carried out, for the person who wrote it.
type Wrong = String;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Send {
    user: String,
    channel: String,
    #[serde(default)]
    text: String,
    thread_ts: Option<String>,
    #[serde(default)]
    kind: Form,
    wait_ms: Option<u64>,
    /// how many answers end the wait
    #[serde(default = "one")]
    replies: usize,
    /// ids of files that were uploaded before
    #[serde(default)]
    files: Vec<String>,
    /// a reply that is also shown in the channel
    #[serde(default)]
    broadcast: bool,
}

/// Somebody comes, goes or changes a topic. `@bot` is the bot.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    user: String,
    channel: String,
    #[serde(default)]
    topic: String,
}

fn one() -> usize {
    1
}

#[derive(Deserialize, Default, Clone, Copy, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Form {
    /// what a person types, made into what Slack's client sends
    #[default]
    Message,
    /// a slash command
    Slash,
    /// a message exactly as given, tokens included
    Raw,
    /// what `/me` makes
    Me,
    /// a message of an integration, in the person's name
    Integration,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Touch {
    user: String,
    channel: String,
    ts: String,
    /// the new text of an edit
    text: Option<String>,
    /// the reaction
    name: Option<String>,
    #[serde(default)]
    remove: bool,
}

/// A frame for the bot as a test wrote it: JSON, or any text.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum RawFrame {
    Frame(Box<RawValue>),
    Text(String),
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Wrong> {
    serde_json::from_slice(body).map_err(|error| format!("the body isn't what this takes: {error}"))
}

/// Carries out a POST to `/sim/{what}`.
pub(crate) async fn post(shared: &Shared, what: &str, body: &Bytes) -> Result<Value, Wrong> {
    match what {
        "send" if body.first() == Some(&b'[') => {
            let all: Vec<Send> = parse(body)?;
            let sent = all
                .iter()
                .map(|one| say(shared, one).unwrap_or_else(|error| json!({"ok": false, "error": error})));
            Ok(sent.collect())
        }
        "send" => send(shared, &parse(body)?).await,
        "edit" => edit(shared, &parse(body)?),
        "delete" => delete(shared, &parse(body)?),
        "react" => react(shared, &parse(body)?),
        "press" => interact::press(shared, &parse(body)?),
        "submit" => interact::submit(shared, &parse(body)?),
        "close" => interact::close(shared, &parse(body)?),
        "shortcut" => interact::shortcut(shared, &parse(body)?),
        "join" | "leave" | "topic" => change(shared, what, &parse(body)?),
        "features" => {
            shared.offer(parse(body)?);
            Ok(json!({"ok": true}))
        }
        "raw" => {
            let frame = match parse(body)? {
                RawFrame::Frame(json) => json.get().to_owned(),
                RawFrame::Text(text) => text,
            };
            let frame = Utf8Bytes::from(frame);
            match shared.hub.order(false, || Order::Frame(frame.clone())) {
                0 => Err("no bot is connected".to_owned()),
                _ => Ok(json!({"ok": true})),
            }
        }
        "fault" => {
            let fault: fault::Fault = parse(body)?;
            shared.record.add(What::Fault {
                fault: Raw(body.clone()),
            });
            let connections = fault::cause(shared, fault);
            shared.notice_faults();
            Ok(json!({"ok": true, "connections": connections}))
        }
        _ => Err(format!(
            "there is no /sim/{what}; there are send, edit, delete, react, press, submit, close, shortcut, features, \
             join, leave, topic, upload, raw, fault"
        )),
    }
}

fn user(shared: &Shared, who: &str) -> Result<(Id, Id), Wrong> {
    let world = locked(&shared.world);
    let found = world.person(who).map(|p| (p.id.clone(), p.im.clone()));
    found.ok_or_else(|| {
        let names: Vec<&str> = world.people.iter().map(|p| p.name).collect();
        format!("nobody here is called {who}; there are {}", names.join(", "))
    })
}

/// The person and the conversation, which they must be a member of.
fn place(shared: &Shared, who: &str, channel: &str) -> Result<(Id, Id), Wrong> {
    let (user, im) = user(shared, who)?;
    if channel == "@dm" {
        return Ok((user, im));
    }
    let world = locked(&shared.world);
    let id = world
        .resolve(channel)
        .ok_or_else(|| format!("there is no conversation {channel}; try #general or @dm"))?;
    match world.conversation(&id) {
        Some(c) if c.has(&user) => Ok((user, id)),
        _ => Err(format!(
            "{who} is no member of {channel}; @dm is everybody's own conversation with the bot"
        )),
    }
}

fn ts(text: &str) -> Result<Ts, Wrong> {
    Ts::parse(text).ok_or_else(|| format!("{text} is no message ts such as 1515449522.000016"))
}

/// Somebody, also the bot, comes, goes or changes the topic.
fn change(shared: &Shared, what: &str, change: &Change) -> Result<Value, Wrong> {
    let user = match change.user.as_str() {
        "@bot" => BOT_USER.into(),
        who => user(shared, who)?.0,
    };
    let found = locked(&shared.world).resolve(&change.channel);
    let channel = found.ok_or_else(|| format!("there is no conversation {}", change.channel))?;
    let done = match what {
        "join" => shared.join(&channel, &user),
        "leave" => shared.leave(&channel, &user),
        _ => shared.set_topic(&channel, &user, &change.topic),
    };
    if done {
        Ok(json!({"ok": true}))
    } else {
        Err(format!("{} can't {what} in {}", change.user, change.channel))
    }
}

/// `POST /sim/upload?user=…&name=…`: a person's file, to be sent with a message.
pub(crate) fn upload(shared: &Shared, query: &str, content: Bytes) -> Result<Value, Wrong> {
    let (mut who, mut name) = (String::new(), String::new());
    for (key, value) in form_urlencoded::parse(query.as_bytes()) {
        match &*key {
            "user" => who = value.into_owned(),
            "name" => name = value.into_owned(),
            other => return Err(format!("there is no argument {other}; there are user and name")),
        }
    }
    let (user, _) = user(shared, &who)?;
    if name.is_empty() || content.is_empty() {
        return Err("a file needs a name and content".to_owned());
    }
    let mut file = File::new(&name, content.len(), user);
    file.content = Some(content);
    let id = locked(&shared.files).add(file);
    Ok(json!({"ok": true, "file": id}))
}

/// One message or slash command, without waiting.
fn say(shared: &Shared, send: &Send) -> Result<Value, Wrong> {
    let (user, channel) = place(shared, &send.user, &send.channel)?;
    let thread = send.thread_ts.as_deref().map(ts).transpose()?;
    if send.text.trim().is_empty() && send.files.is_empty() {
        return Err("the text is empty".to_owned());
    }
    if send.kind == Form::Slash {
        if thread.is_some() {
            return Err("slash commands can't be used in threads".to_owned());
        }
        if !send.text.starts_with('/') || send.text.len() < 2 {
            return Err("a slash command begins with / and a name".to_owned());
        }
        let command = send.text.split_whitespace().next().unwrap_or_default();
        let offered = &locked(&shared.features).slash_commands;
        if !offered.is_empty() && offered.iter().all(|offer| offer.command != command) {
            return Err(format!("{command} is not a valid command"));
        }
        // The command's text holds mentions as tokens, as with "escape channels, users and links".
        let trigger = shared
            .slash(&user, &channel, &shared.names.typed(&send.text))
            .ok_or("no such conversation")?;
        return Ok(json!({"ok": true, "channel": channel, "trigger_id": trigger}));
    }
    let text = if send.kind == Form::Raw {
        send.text.clone()
    } else {
        shared.names.typed(&send.text)
    };
    let subtype = match send.kind {
        Form::Me => Some("me_message"),
        Form::Integration => Some("bot_message"),
        Form::Message | Form::Slash | Form::Raw => None,
    };
    for id in &send.files {
        if locked(&shared.files).get(id).is_none_or(|file| file.user != user) {
            return Err(format!("this person has uploaded no file {id}"));
        }
    }
    let (files, broadcast) = (send.files.clone(), send.broadcast);
    let said = Said {
        text,
        thread_ts: thread,
        broadcast,
        subtype,
        files,
    };
    let ts = shared.say(&user, &channel, said).ok_or("no such conversation")?;
    Ok(json!({"ok": true, "channel": channel, "ts": ts}))
}

async fn send(shared: &Shared, send: &Send) -> Result<Value, Wrong> {
    let Some(wait) = send.wait_ms else {
        return say(shared, send);
    };
    let (user, channel) = place(shared, &send.user, &send.channel)?;
    let thread = send.thread_ts.as_deref().map(ts).transpose()?;
    let (answers, mut received) = mpsc::unbounded_channel();
    // Watched before it is said, so that no answer is too quick.
    shared.watch(channel, Watcher { thread, user, answers });
    let mut sent = say(shared, send)?;
    let until = Instant::now() + Duration::from_millis(wait).min(LONGEST_WAIT);
    let mut replies = Vec::new();
    while replies.len() < send.replies {
        match timeout_at(until, received.recv()).await {
            Ok(Some(reply)) => replies.push(reply),
            _ => break,
        }
    }
    merge(&mut sent, json!({"replies": replies}));
    Ok(sent)
}

fn edit(shared: &Shared, touch: &Touch) -> Result<Value, Wrong> {
    let (user, channel) = place(shared, &touch.user, &touch.channel)?;
    let ts = ts(&touch.ts)?;
    let text = touch.text.as_deref().ok_or("an edit needs a text")?;
    own(shared, &user, &channel, ts)?;
    let text = shared.names.typed(text);
    shared
        .edit(&channel, ts, Vec::new(), |message| message.text = text.into())
        .ok_or("no such message")?;
    Ok(json!({"ok": true}))
}

fn delete(shared: &Shared, touch: &Touch) -> Result<Value, Wrong> {
    let (user, channel) = place(shared, &touch.user, &touch.channel)?;
    let ts = ts(&touch.ts)?;
    own(shared, &user, &channel, ts)?;
    shared.delete(&channel, ts).ok_or("no such message")?;
    Ok(json!({"ok": true}))
}

fn own(shared: &Shared, user: &Id, channel: &Id, ts: Ts) -> Result<(), Wrong> {
    let world = locked(&shared.world);
    match world.conversation(channel).and_then(|c| c.message(ts)) {
        Some(message) if message.user == *user => Ok(()),
        Some(_) => Err("people change only their own messages".to_owned()),
        None => Err(format!("there is no message {ts}")),
    }
}

fn react(shared: &Shared, touch: &Touch) -> Result<Value, Wrong> {
    let (user, channel) = place(shared, &touch.user, &touch.channel)?;
    let name = touch
        .name
        .as_deref()
        .filter(|n| is_emoji_name(n))
        .ok_or("a reaction needs a name such as eyes")?;
    shared.react(&channel, ts(&touch.ts)?, &user, name, !touch.remove)?;
    Ok(json!({"ok": true}))
}

/// `GET /sim/record`: what happened after entry `since`; waits up to `wait_ms` for something new.
pub(crate) async fn record(shared: &Shared, query: &str) -> Result<Vec<u8>, Wrong> {
    let (mut since, mut wait) = (0, 0);
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let number = || {
            value
                .parse::<u64>()
                .map_err(|_| format!("{name} takes a whole number, not {value}"))
        };
        match &*name {
            "since" => since = number()?,
            "wait_ms" => wait = number()?,
            _ => return Err(format!("there is no argument {name}; there are since and wait_ms")),
        }
    }
    let until = Instant::now() + Duration::from_millis(wait).min(LONGEST_WAIT);
    // Nothing new in time is an answer too.
    let _ = timeout_at(until, shared.record.beyond(since)).await;
    shared.record.since(since).map_err(|error| error.to_string())
}

/// `GET /sim/state`: all that a page shows.
pub(crate) fn state(shared: &Shared) -> Value {
    let world = locked(&shared.world);
    let people: Vec<Value> = world
        .people
        .iter()
        .map(|p| {
            json!({"id": p.id, "name": p.name, "display": p.display, "real": p.real, "locale": p.locale, "tz": p.tz,
                   "im": p.im})
        })
        .collect();
    let conversation = |c: &Conversation| {
        let mut messages: Vec<_> = c.newest_first(Ts(u64::MAX), Ts(0)).take(PAGE_MESSAGES).collect();
        messages.reverse();
        let messages: Vec<_> = messages.into_iter().map(|m| c.view(m, true)).collect();
        let kind = match c.kind {
            Kind::Channel => "channel",
            Kind::Private => "private",
            Kind::Im => "im",
            Kind::Group => "group",
        };
        json!({"id": c.id, "kind": kind, "name": c.name, "topic": escape(&c.topic), "members": c.members,
               "has_bot": c.has(BOT_USER), "messages": messages})
    };
    let ephemerals = world.ephemerals.iter();
    json!({
        "ok": true,
        "team": TEAM_NAME,
        "bot": {"id": BOT_USER, "name": world.bot_name, "connections": shared.hub.connections()},
        "people": people,
        "conversations": world.conversations.iter().map(conversation).collect::<Vec<_>>(),
        "ephemerals": ephemerals
            .map(|e| json!({"channel": e.channel, "user": e.user, "message": events::alone(&e.message)}))
            .collect::<Vec<_>>(),
        "views": interact::open_views(shared),
        "faults": locked(&shared.faults).in_force(),
        "features": *locked(&shared.features),
        "author": shared.author.state(),
    })
}

/// `GET /sim/frames?since=N`: what went over the wire after entry N.
pub(crate) fn frames(shared: &Shared, query: &str) -> Result<Value, Wrong> {
    let mut since = 0;
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if name != "since" {
            return Err(format!("there is no argument {name}; there is since"));
        }
        since = value
            .parse()
            .map_err(|_| format!("since takes a whole number, not {value}"))?;
    }
    shared.frames.since(since).map_err(|error| error.to_string())
}
