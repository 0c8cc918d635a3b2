//! `chat.upload` and `chat.download`.

use super::Chat;
use super::refused::refused;
use crate::adapter::{SendError, Upload};
use crate::recall::print::{Function, Print};
use jiff::Timestamp;
use moa_core::call::{CapError, CapResult};
use moa_core::event::{Change, Changed, EventKind, File, Place};

/// How far back a file of an earlier run is looked for: pages, and messages of each.
const PAGES: usize = 5;
const PAGE: u32 = 200;

impl Chat {
    pub(super) async fn put(&self, to: Place, name: &str, data: &[u8], comment: &str) -> CapResult<String> {
        let print = Print::of(Function::ChatUpload).json(&to).text(name);
        let print = print.bytes(data).text(comment).done();
        let to = &self.named(to);
        let live = async {
            self.may_write(to)?;
            if name.trim().is_empty() {
                return Err(CapError::Invalid("a file needs a name".into()));
            }
            self.fits(data.len())?;
            self.0.ordinals.next();
            let file = Upload {
                to,
                name,
                data,
                comment,
            };
            if self.0.look_first {
                match self.earlier(file).await {
                    Ok(Some(id)) => return Ok(id),
                    Ok(None) => {}
                    // A file that may stand there twice is better than none.
                    Err(error) => {
                        tracing::warn!(%error, "whether a file was sent before cannot be looked up; it is sent now");
                    }
                }
            }
            self.0.outbox.put(file).await.map_err(refused)
        };
        let id: String = self.0.outward(print, live).await?;
        self.own().files.insert(id.clone());
        Ok(id)
    }

    /// The very same file, if an earlier run of this call put it there. A file bears no stamp, so it is known by who put
    /// it there, its name and its content.
    async fn earlier(&self, file: Upload<'_>) -> Result<Option<String>, SendError> {
        let scene = &self.0;
        let Ok(begun) = scene.event.time().parse::<Timestamp>() else {
            return Ok(None);
        };
        let known = self.own().files.clone();
        let mut before: Option<String> = None;
        for _ in 0..PAGES {
            let page = scene.adapter.history(file.to, before.as_deref(), PAGE).await?;
            let since = |time: &str| time.parse::<Timestamp>().is_ok_and(|time| time >= begun);
            for message in page
                .iter()
                .filter(|message| message.author == scene.adapter.me().user_id)
            {
                let same = |other: &&File| other.name == file.name && other.size as usize == file.data.len();
                for other in message.files.iter().filter(same) {
                    if known.contains(&other.id) || !since(&message.time) {
                        continue;
                    }
                    let content = scene.adapter.download(&other.id, file.data.len()).await?;
                    if content.as_deref() == Some(file.data) {
                        return Ok(Some(other.id.clone()));
                    }
                }
            }
            match page.last() {
                Some(last) if since(&last.time) => before = Some(last.at.id.clone()),
                _ => break,
            }
        }
        Ok(None)
    }

    pub(super) async fn fetch(&self, file: &str) -> CapResult<Vec<u8>> {
        let print = Print::of(Function::ChatDownload).text(file).done();
        let live = async {
            self.may_fetch(file).await?;
            let content = self.0.adapter.download(file, self.0.file_limit);
            content.await.map_err(refused)?.ok_or_else(|| no_file(file))
        };
        self.0.read(print, live).await
    }

    /// Free are the files of the call's own message, those that it put somewhere, and what can be seen where it came
    /// from.
    async fn may_fetch(&self, file: &str) -> CapResult<()> {
        let event = &self.0.event;
        let message = match &event.kind {
            EventKind::Change(Change {
                what: Changed::Edited(message),
                ..
            }) => Some(message),
            _ => event.message(),
        };
        let files = message.map_or(&[][..], |message| &message.files);
        if files.iter().any(|own| own.id == file) || self.own().files.contains(file) {
            return Ok(());
        }
        let seen = self.0.adapter.find_file(file).await.map_err(refused)?;
        let mut why = no_file(file);
        for conversation in seen.unwrap_or_default() {
            match self.visible(&conversation) {
                Ok(()) => return Ok(()),
                Err(denied) => why = denied,
            }
        }
        Err(why)
    }

    fn fits(&self, bytes: usize) -> CapResult<()> {
        let limit = self.0.file_limit;
        if bytes > limit {
            return Err(CapError::OverLimit(format!(
                "the file has {bytes} bytes; the limit is {limit}, `http-body` below [plugin.{}.limits] in moa.toml",
                self.0.plugin
            )));
        }
        Ok(())
    }
}

fn no_file(file: &str) -> CapError {
    CapError::NotFound(format!("there is no file `{file}`, or the bot may not see it"))
}
