//! Files: what is uploaded by the bot and by people, where it was shared, and how Slack shows it.

use crate::conversation::{Conversation, Kind};
use crate::ts::Ts;
use crate::world::{BOT_USER, Id, TEAM};
use bytes::Bytes;
use serde_json::{Map, Value, json};
use std::collections::{HashMap, VecDeque};

/// How many characters of a text are shown in a message.
const PREVIEW: usize = 600;

/// Where a file was shared.
#[derive(Clone)]
struct Share {
    channel: Id,
    name: String,
    kind: Kind,
    ts: Ts,
    thread_ts: Option<Ts>,
}

/// A file that was uploaded or is about to be.
#[derive(Clone)]
pub(crate) struct File {
    pub id: String,
    pub name: String,
    pub title: String,
    pub alt_txt: Option<String>,
    /// the language of a snippet
    pub snippet: Option<String>,
    /// bytes that were announced
    pub announced: usize,
    pub content: Option<Bytes>,
    pub user: Id,
    created: u64,
    shares: Vec<Share>,
}

impl File {
    /// A file whose bytes are still to come.
    pub fn new(name: &str, announced: usize, user: Id) -> Self {
        Self {
            id: format!("F{:010X}", fastrand::u64(..1 << 40)),
            name: name.to_owned(),
            title: name.to_owned(),
            alt_txt: None,
            snippet: None,
            announced,
            content: None,
            user,
            created: Ts::now().seconds(),
            shares: Vec::new(),
        }
    }

    /// Remembers that a message shares it.
    pub fn shared_in(&mut self, conversation: &Conversation, ts: Ts, thread_ts: Option<Ts>) {
        self.shares.push(Share {
            channel: conversation.id.clone(),
            name: conversation.name.clone(),
            kind: conversation.kind,
            ts,
            thread_ts,
        });
    }

    /// The messages that share it.
    pub fn messages(&self) -> Vec<(Id, Ts)> {
        self.shares
            .iter()
            .map(|share| (share.channel.clone(), share.ts))
            .collect()
    }

    /// The `file` object; `base` is the address of the workspace.
    pub fn shown(&self, base: &str) -> Value {
        let Self { id, name, .. } = self;
        let (filetype, mimetype, pretty) = kind_of(name);
        let slug: String = name
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() || "._-".contains(c) {
                    c.to_ascii_lowercase()
                } else {
                    '_'
                }
            })
            .collect();
        let at = |kinds: &[Kind]| -> Vec<&Id> {
            self.shares
                .iter()
                .filter(|s| kinds.contains(&s.kind))
                .map(|s| &s.channel)
                .collect()
        };
        let shares = |kinds: &[Kind]| {
            let mut found = Map::new();
            for share in self.shares.iter().filter(|share| kinds.contains(&share.kind)) {
                let mut one = json!({"ts": share.ts, "channel_name": share.name, "team_id": TEAM, "reply_users": [],
                                     "reply_users_count": 0, "reply_count": 0});
                if let Some(thread) = share.thread_ts {
                    crate::merge(&mut one, json!({"thread_ts": thread}));
                }
                if let Some(list) = found
                    .entry(share.channel.to_string())
                    .or_insert_with(|| json!([]))
                    .as_array_mut()
                {
                    list.push(one);
                }
            }
            found
        };
        let mut all = Map::new();
        let (public, private) = (
            shares(&[Kind::Channel]),
            shares(&[Kind::Private, Kind::Im, Kind::Group]),
        );
        for (word, found) in [("public", public), ("private", private)] {
            if !found.is_empty() {
                all.insert(word.to_owned(), found.into());
            }
        }
        let is_public = all.contains_key("public");
        let mut shown = json!({
            "id": id, "created": self.created, "timestamp": self.created, "name": name, "title": self.title,
            "mimetype": mimetype, "filetype": self.snippet.as_deref().unwrap_or(filetype), "pretty_type": pretty,
            "user": self.user, "user_team": TEAM, "editable": self.snippet.is_some(), "size": self.announced,
            "mode": if self.snippet.is_some() { "snippet" } else { "hosted" }, "is_external": false,
            "external_type": "", "is_public": is_public, "public_url_shared": false, "display_as_bot": false,
            "username": "", "url_private": format!("{base}/files-pri/{TEAM}-{id}/{slug}"),
            "url_private_download": format!("{base}/files-pri/{TEAM}-{id}/download/{slug}"),
            "media_display_type": "unknown", "permalink": format!("{base}/files/{id}"), "is_starred": false,
            "comments_count": 0, "has_more_shares": false, "has_rich_preview": false, "file_access": "visible",
            "shares": all, "channels": at(&[Kind::Channel]), "groups": at(&[Kind::Private, Kind::Group]),
            "ims": at(&[Kind::Im]),
        });
        if let Some(text) = &self.alt_txt {
            crate::merge(&mut shown, json!({"alt_txt": text}));
        }
        if let Some(text) = self.text(mimetype) {
            let preview: String = text.chars().take(PREVIEW).collect();
            crate::merge(
                &mut shown,
                json!({"preview": preview, "lines": text.lines().count(), "preview_is_truncated": preview.len() < text.len()}),
            );
        }
        shown
    }

    fn text(&self, mimetype: &str) -> Option<&str> {
        let textual = self.snippet.is_some() || mimetype.starts_with("text/") || mimetype == "application/json";
        self.content
            .as_ref()
            .filter(|_| textual)
            .and_then(|content| std::str::from_utf8(content).ok())
    }
}

/// `filetype`, media type and name of the kind of a file, by its name.
fn kind_of(name: &str) -> (&'static str, &'static str, &'static str) {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    match extension.to_ascii_lowercase().as_str() {
        "png" => ("png", "image/png", "PNG"),
        "jpg" | "jpeg" => ("jpg", "image/jpeg", "JPEG"),
        "gif" => ("gif", "image/gif", "GIF"),
        "webp" => ("webp", "image/webp", "WebP"),
        "svg" => ("svg", "image/svg+xml", "SVG"),
        "txt" | "log" => ("text", "text/plain", "Plain Text"),
        "md" => ("markdown", "text/markdown", "Markdown (raw)"),
        "csv" => ("csv", "text/csv", "CSV"),
        "json" => ("json", "application/json", "JSON"),
        "html" => ("html", "text/html", "HTML"),
        "pdf" => ("pdf", "application/pdf", "PDF"),
        "zip" => ("zip", "application/zip", "Zip"),
        _ => ("binary", "application/octet-stream", "Binary"),
    }
}

/// The media type of a file by its name: the true one for bots. For browsers only pictures that hold no scripts are
/// more than bytes.
pub(crate) fn media_type(name: &str, for_browser: bool) -> &'static str {
    let kind = kind_of(name).1;
    let harmless = kind.starts_with("image/") && kind != "image/svg+xml";
    if harmless || !for_browser {
        kind
    } else {
        "application/octet-stream"
    }
}

/// How many files are kept, and how many bytes of them.
const KEPT: usize = 2_000;
const BYTES: usize = 512 << 20;

/// All files by id. Beyond 2,000 files or 512 MiB the oldest are forgotten.
#[derive(Default)]
pub(crate) struct Files {
    all: HashMap<String, File>,
    order: VecDeque<String>,
}

impl Files {
    /// Takes a file in; gives its id.
    pub fn add(&mut self, file: File) -> String {
        let id = file.id.clone();
        self.order.push_back(id.clone());
        self.all.insert(id.clone(), file);
        // What was announced counts: the bytes may come any time.
        let mut bytes: usize = self.all.values().map(|file| file.announced).sum();
        while self.order.len() > 1 && (self.all.len() > KEPT || bytes > BYTES) {
            let oldest = self.order.pop_front().and_then(|oldest| self.all.remove(&oldest));
            bytes -= oldest.map_or(0, |file| file.announced);
        }
        id
    }

    /// The file with this id.
    pub fn get(&self, id: &str) -> Option<&File> {
        self.all.get(id)
    }

    /// The file with this id, to be changed.
    pub fn get_mut(&mut self, id: &str) -> Option<&mut File> {
        self.all.get_mut(id)
    }

    /// Forgets a file.
    pub fn remove(&mut self, id: &str) -> Option<File> {
        self.order.retain(|one| one != id);
        self.all.remove(id)
    }
}

/// Whether the bot uploaded it.
pub(crate) fn of_bot(file: &File) -> bool {
    &*file.user == BOT_USER
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_files_are_forgotten() {
        let mut files = Files::default();
        let first = files.add(File::new("a", 300 << 20, "U1".into()));
        let second = files.add(File::new("b", 200 << 20, "U1".into()));
        assert!(files.get(&first).is_some() && files.get(&second).is_some());
        let third = files.add(File::new("c", 200 << 20, "U1".into()));
        assert!(files.get(&first).is_none() && files.get(&second).is_some() && files.get(&third).is_some());
    }

    #[test]
    fn only_harmless_pictures_are_more_than_bytes_to_a_browser() {
        assert_eq!(media_type("a.PNG", true), "image/png");
        for name in ["a.svg", "a.html", "a.txt", "a"] {
            assert_eq!(media_type(name, true), "application/octet-stream", "{name}");
        }
        assert_eq!(media_type("a.html", false), "text/html");
    }
}
