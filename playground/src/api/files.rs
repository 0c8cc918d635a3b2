//! Upload of files: a URL, the bytes, the completion; what is known of them, and their end.

use super::{Answer, ok};
use crate::api::args::{Args, BodyKind, multipart};
use crate::api::message::{Refusal, blocks};
use crate::conversation::Message;
use crate::events;
use crate::files::{File, of_bot};
use crate::locked;
use crate::shared::Shared;
use crate::text;
use crate::ts::Ts;
use crate::world::BOT_USER;
use bytes::Bytes;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Instant;

/// The most bytes of one file.
pub(crate) const LARGEST: usize = 64 << 20;

/// `files.getUploadURLExternal`.
pub(crate) fn upload_url(shared: &Shared, args: &Args, host: &str) -> Answer {
    let name = args.str("filename").ok_or("invalid_arguments")?;
    let announced = args
        .count("length")
        .filter(|n| (1..=LARGEST).contains(n))
        .ok_or("invalid_arguments")?;
    let mut file = File::new(name, announced, BOT_USER.into());
    file.alt_txt = args.str("alt_txt").map(str::to_owned);
    file.snippet = args.str("snippet_type").map(str::to_owned);
    let id = locked(&shared.files).add(file);
    ok(json!({"upload_url": format!("http://{host}/upload/{id}"), "file_id": id}))
}

/// Takes the bytes: raw, or the first part of a multipart body. Gives the HTTP status and text.
pub(crate) fn receive(shared: &Shared, id: &str, content_type: &str, body: Bytes) -> (u16, String) {
    let content = match BodyKind::of(content_type) {
        BodyKind::Multipart(boundary) => multipart(&body, boundary).into_iter().next().map(|p| p.content),
        _ => Some(body),
    };
    let mut files = locked(&shared.files);
    match (files.get_mut(id), content) {
        (Some(file), Some(content)) if content.len() == file.announced => {
            let length = content.len();
            file.content = Some(content);
            (200, format!("OK - {length}"))
        }
        (Some(file), content) => {
            let length = content.map_or(0, |c| c.len());
            (400, format!("{length} bytes came, {} were announced", file.announced))
        }
        (None, _) => (404, "no such upload".to_owned()),
    }
}

/// `files.completeUploadExternal`: the files appear as one message where `channel_id` says. As with Slack, the answer
/// doesn't tell of that message.
pub(crate) fn complete(shared: &Shared, args: &Args) -> Answer {
    let wanted = args.json("files", "invalid_arguments")?.ok_or("invalid_arguments")?;
    let (mut ids, mut done) = (Vec::new(), Vec::new());
    for want in wanted.as_array().ok_or("invalid_arguments")? {
        let id = want.get("id").and_then(Value::as_str).ok_or("invalid_arguments")?;
        let mut files = locked(&shared.files);
        let file = files
            .get_mut(id)
            .filter(|f| f.content.is_some() && of_bot(f))
            .ok_or("file_not_found")?;
        if let Some(title) = want.get("title").and_then(Value::as_str) {
            file.title = title.to_owned();
        }
        done.push(file.shown(&shared.base));
        ids.push(id.to_owned());
    }
    let targets = args
        .str("channel_id")
        .or_else(|| args.str("channels"))
        .unwrap_or_default();
    for target in targets.split(',').filter(|t| !t.is_empty()) {
        share(shared, args, target, &ids)?;
    }
    ok(json!({"files": done}))
}

fn share(shared: &Shared, args: &Args, target: &str, ids: &[String]) -> Result<(), Refusal> {
    let world = locked(&shared.world);
    let channel = world.resolve(target).ok_or("channel_not_found")?;
    let conversation = world.conversation(&channel).ok_or("channel_not_found")?;
    if !conversation.has(BOT_USER) {
        return Err("not_in_channel".into());
    }
    let thread_ts = args
        .str("thread_ts")
        .and_then(Ts::parse)
        .map(|ts| conversation.thread_root(ts));
    drop(world);
    let comment = text::posted(args.str("initial_comment").unwrap_or_default());
    let mut pings = Vec::new();
    text::pings(&comment, &mut pings);
    let message = Message {
        text: comment.into(),
        blocks: blocks(args)?.map(Arc::new),
        thread_ts,
        ..Message::default()
    };
    shared.post_files(&channel, message, pings, ids);
    Ok(())
}

/// `files.info`.
pub(crate) fn info(shared: &Shared, args: &Args) -> Answer {
    let id = args.str("file").ok_or("file_not_found")?;
    let file = locked(&shared.files).get(id).filter(|f| f.content.is_some()).cloned();
    let shown = file.ok_or("file_not_found")?.shown(&shared.base);
    ok(json!({"file": shown, "comments": [], "response_metadata": {"next_cursor": ""}}))
}

/// `files.delete`: only the bot's own. The messages stay, without it.
pub(crate) fn delete(shared: &Shared, args: &Args) -> Answer {
    let id = args.str("file").ok_or("file_not_found")?;
    let mut files = locked(&shared.files);
    if !of_bot(files.get(id).ok_or("file_not_found")?) {
        return Err("cant_delete_file".into());
    }
    let gone = files.remove(id).ok_or("file_deleted")?;
    drop(files);
    for (channel, ts) in gone.messages() {
        let _ = shared.edit(&channel, ts, Vec::new(), |message| {
            let left = message.files.as_deref().and_then(Value::as_array).into_iter().flatten();
            let left = left.map(|file| {
                if file.get("id").is_some_and(|own| own == id) {
                    json!({"id": id, "mode": "tombstone"})
                } else {
                    file.clone()
                }
            });
            message.files = Some(Arc::new(left.collect()));
        });
    }
    let _ = shared.hub.dispatch(events::of_file_deleted(id), Instant::now());
    ok(json!({}))
}
