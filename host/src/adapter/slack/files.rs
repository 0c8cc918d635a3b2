//! Files both ways: `files.getUploadURLExternal` → the content → `files.completeUploadExternal`, and `files.info` →
//! the content.

use super::outgoing::refused;
use super::people::known;
use super::web::{Call, Doubt, PATIENCE};
use super::{Done, Slack};
use crate::adapter::{SendError, Upload};
use bytes::Bytes;
use moa_core::slack::render;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// Slack shows a file some time after it was told to; how long that is waited for where it is unclear whether it was told.
const LOOKS: [Duration; 4] = [
    Duration::ZERO,
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
];
/// What Slack says of files that are not there, or not for the bot.
const ABSENT: &[&str] = &["file_not_found", "file_deleted", "not_visible"];

#[derive(Deserialize)]
struct Ticket {
    upload_url: String,
    file_id: String,
}

#[derive(Deserialize)]
struct InfoAnswer {
    file: Info,
}

/// What Slack knows of a file.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Info {
    name: Option<String>,
    mimetype: Option<String>,
    size: Option<u64>,
    mode: Option<String>,
    is_external: Option<bool>,
    url_private: Option<String>,
    url_private_download: Option<String>,
    channels: Option<Vec<String>>,
    groups: Option<Vec<String>>,
    ims: Option<Vec<String>>,
    shares: Option<BTreeMap<String, Value>>,
}

impl Info {
    /// The conversations in which it can be seen.
    fn conversations(&self) -> Vec<String> {
        let lists = [&self.channels, &self.groups, &self.ims]
            .into_iter()
            .flatten()
            .flatten();
        let shares = self
            .shares
            .iter()
            .flat_map(BTreeMap::values)
            .filter_map(Value::as_object);
        let mut all: Vec<String> = lists.chain(shares.flat_map(|shares| shares.keys())).cloned().collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    fn is_gone(&self) -> bool {
        self.mode.as_deref() == Some("tombstone")
    }
}

impl Slack {
    pub(super) async fn upload_file(&self, file: Upload<'_>) -> Result<String, SendError> {
        if file.data.is_empty() {
            return Err(refused(
                "empty_file",
                "Slack takes no empty files; put something into it",
            ));
        }
        let comment = render::mrkdwn(file.comment);
        if comment.chars().count() > render::MAX_TEXT {
            return Err(refused(
                "msg_too_long",
                "the comment is too long for Slack; send it as a message of its own",
            ));
        }
        let conversation = self.conversation_of(file.to).await?;
        let arguments = vec![
            ("filename", file.name.to_owned()),
            ("length", file.data.len().to_string()),
        ];
        let call = Call::read("files.getUploadURLExternal", arguments);
        // Asked for twice, one of the two is never used and forgotten.
        let ticket: Ticket = self
            .web
            .call(&Call {
                patience: PATIENCE,
                ..call
            })
            .await?;
        self.web
            .put(&ticket.upload_url, Bytes::copy_from_slice(file.data))
            .await?;

        let files = json!([{"id": ticket.file_id, "title": file.name}]).to_string();
        let mut arguments = vec![("files", files), ("channel_id", conversation.clone())];
        if let Some(thread) = &file.to.thread {
            arguments.push(("thread_ts", thread.clone()));
        }
        if !comment.trim().is_empty() {
            arguments.push(("initial_comment", comment));
        }
        let call = Call {
            scope: &conversation,
            patience: PATIENCE,
            ..Call::read("files.completeUploadExternal", arguments)
        };
        let Done {} = self
            .web
            .call_or_look(&call, || Box::pin(self.is_shown(&ticket.file_id, &conversation)))
            .await?;
        Ok(ticket.file_id)
    }

    async fn is_shown(&self, file: &str, conversation: &str) -> Doubt<Done> {
        for pause in LOOKS {
            tokio::time::sleep(pause).await;
            match self.file_info(file).await {
                Ok(None) => return Doubt::NotDone,
                Ok(Some(info)) if info.conversations().iter().any(|id| id == conversation) => {
                    return Doubt::Done(Done {});
                }
                Ok(Some(_)) => {}
                Err(error) => {
                    tracing::warn!(%error, "whether a file was sent cannot be looked up");
                    return Doubt::Unknown;
                }
            }
        }
        Doubt::NotDone
    }

    async fn file_info(&self, id: &str) -> Result<Option<Info>, SendError> {
        let call = Call::read("files.info", vec![("file", id.to_owned())]);
        let answer: Option<InfoAnswer> = known(self.web.call(&call).await, ABSENT)?;
        Ok(answer.map(|answer| answer.file).filter(|info| !info.is_gone()))
    }

    pub(super) async fn look_up_file(&self, id: &str) -> Result<Option<Vec<String>>, SendError> {
        Ok(self.file_info(id).await?.map(|info| info.conversations()))
    }

    pub(super) async fn download_file(&self, id: &str, limit: usize) -> Result<Option<Vec<u8>>, SendError> {
        let Some(info) = self.file_info(id).await? else {
            return Ok(None);
        };
        if info.is_external == Some(true) || info.mode.as_deref() == Some("external") {
            return Err(refused(
                "external_file",
                "the file lies at another service; Slack has only a link to it",
            ));
        }
        if let Some(size) = info.size
            && usize::try_from(size).map_or(true, |size| size > limit)
        {
            let explanation = format!("the file has {size} bytes; the limit is {limit}");
            return Err(refused("too_large", &explanation));
        }
        let Some(url) = info.url_private_download.as_deref().or(info.url_private.as_deref()) else {
            // Past the workspace's limits, or of another workspace that does not share it any more.
            return Err(refused(
                "file_not_accessible",
                "Slack does not give the file away, for a reason of the workspace's plan or settings",
            ));
        };
        let name = info.name.unwrap_or_default().to_ascii_lowercase();
        let html = info.mimetype.as_deref() == Some("text/html") || name.ends_with(".html") || name.ends_with(".htm");
        Ok(self.web.fetch(url, limit, html).await?)
    }
}
