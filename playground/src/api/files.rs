//! Upload of files: a URL, the bytes, the completion.

use super::{Answer, ok};
use crate::api::args::{Args, BodyKind, multipart};
use crate::api::message::Refusal;
use crate::conversation::Message;
use crate::locked;
use crate::shared::{File, Shared};
use crate::text;
use crate::ts::Ts;
use crate::world::BOT_USER;
use bytes::Bytes;
use serde_json::{Value, json};
use std::sync::Arc;

/// The most bytes of one file.
pub(crate) const LARGEST: usize = 64 << 20;

/// `files.getUploadURLExternal`.
pub(crate) fn upload_url(shared: &Shared, args: &Args, host: &str) -> Answer {
    let name = args.str("filename").ok_or("invalid_arguments")?;
    let announced = args
        .count("length")
        .filter(|n| (1..=LARGEST).contains(n))
        .ok_or("invalid_arguments")?;
    let id = format!("F{:010X}", fastrand::u64(..1 << 40));
    let file = File {
        name: name.to_owned(),
        title: name.to_owned(),
        announced,
        content: None,
    };
    locked(&shared.files).insert(id.clone(), file);
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

/// The media type of a file, by its name. Only pictures that hold no scripts are told apart.
pub(crate) fn kind_of(name: &str) -> &'static str {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    match extension.to_ascii_lowercase().as_str() {
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        _ => "application/octet-stream",
    }
}

fn shown(shared: &Shared, id: &str, file: &File) -> Value {
    let url = format!("{}/files/{id}", shared.base);
    let kind = file.name.rsplit_once('.').map_or("", |(_, kind)| kind);
    json!({
        "id": id, "name": file.name, "title": file.title, "size": file.announced, "mode": "hosted", "filetype": kind,
        "mimetype": kind_of(&file.name), "user": BOT_USER, "created": Ts::now().seconds(),
        "timestamp": Ts::now().seconds(), "is_external": false, "is_public": true, "url_private": url,
        "url_private_download": url, "permalink": url, "channels": [], "groups": [], "ims": [], "shares": {},
        "file_access": "visible",
    })
}

/// `files.completeUploadExternal`: the files appear as one message where `channel_id` says.
pub(crate) fn complete(shared: &Shared, args: &Args) -> Answer {
    let wanted = args.json("files", "invalid_arguments")?.ok_or("invalid_arguments")?;
    let mut done = Vec::new();
    for want in wanted.as_array().ok_or("invalid_arguments")? {
        let id = want.get("id").and_then(Value::as_str).ok_or("invalid_arguments")?;
        let mut files = locked(&shared.files);
        let file = files
            .get_mut(id)
            .filter(|f| f.content.is_some())
            .ok_or("file_not_found")?;
        if let Some(title) = want.get("title").and_then(Value::as_str) {
            file.title = title.to_owned();
        }
        done.push(shown(shared, id, file));
    }
    let targets = args
        .str("channel_id")
        .or_else(|| args.str("channels"))
        .unwrap_or_default();
    for target in targets.split(',').filter(|t| !t.is_empty()) {
        share(shared, args, target, &done)?;
    }
    ok(json!({"files": done}))
}

fn share(shared: &Shared, args: &Args, target: &str, files: &[Value]) -> Result<(), Refusal> {
    let world = locked(&shared.world);
    let channel = world.resolve(target).ok_or("channel_not_found")?;
    if !world.conversation(&channel).is_some_and(|c| c.has(BOT_USER)) {
        return Err("not_in_channel".into());
    }
    drop(world);
    let comment = text::posted(args.str("initial_comment").unwrap_or_default());
    let mut pings = Vec::new();
    text::pings(&comment, &mut pings);
    let message = Message {
        text: comment.into(),
        files: Some(Arc::new(Value::from(files.to_vec()))),
        blocks: args.json("blocks", "invalid_blocks")?.map(Arc::new),
        thread_ts: args.str("thread_ts").and_then(Ts::parse),
        ..Message::default()
    };
    shared.post(&channel, message, pings);
    Ok(())
}

/// `files.info`.
pub(crate) fn info(shared: &Shared, args: &Args) -> Answer {
    let id = args.str("file").ok_or("file_not_found")?;
    let file = locked(&shared.files).get(id).cloned().ok_or("file_not_found")?;
    ok(json!({"file": shown(shared, id, &file)}))
}
