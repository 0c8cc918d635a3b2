//! What is too long to be said becomes a file.

use super::turns::Rank;
use super::{Letter, Ordinals, Outbox, PATIENCE, patiently};
use crate::adapter::{Outgoing, SendError, Stamp, UNSUPPORTED, Upload};
use crate::metrics;
use moa_core::call::Sent;
use moa_core::content::{Audience, Content};
use moa_core::event::Place;
use moa_core::text::TextFile;
use std::time::Duration;
use tokio::time::Instant;

/// A file's message appears some time after the file was taken.
const APPEARS_WITHIN: u32 = 5;
const PAUSE: Duration = Duration::from_secs(1);

/// Whether a text may go as a file: one that only one person is to see can't, and one that is also told to the whole
/// conversation would be there for those in the thread only.
pub(super) fn may_be_file(audience: Audience) -> bool {
    matches!(audience, Audience::Everyone | Audience::Thread)
}

impl Outbox {
    /// Sends the letter's text as a file, and cards and buttons below it as a message. `None` where the service takes no
    /// file here: then it has to be said in parts. The file has one number in any case, so that a rerun counts alike.
    pub(super) async fn send_file(
        &self,
        letter: &Letter<'_>,
        file: &TextFile,
        ordinals: &Ordinals,
    ) -> Result<Option<Sent>, SendError> {
        match self.upload(letter, file, ordinals.next()).await {
            Ok(()) => {}
            Err(SendError::Refused { code, explanation }) => {
                if code != UNSUPPORTED {
                    tracing::warn!(
                        code,
                        explanation,
                        "a long text leaves in parts, because a file is refused"
                    );
                }
                return Ok(None);
            }
            Err(error) => return Err(error),
        }
        let rest = Content {
            text: String::new(),
            ..letter.content.clone()
        };
        if rest.cards.is_empty() && rest.actions.is_empty() && rest.native.is_none() {
            return Ok(Some(None));
        }
        let sent = self.send_part(letter, &rest, ordinals.next(), Rank::Bulk).await;
        sent.map(Some)
    }

    async fn upload(&self, letter: &Letter<'_>, file: &TextFile, ordinal: u32) -> Result<(), SendError> {
        let give_up = Instant::now() + PATIENCE;
        let stamp = Stamp {
            plugin: letter.plugin.to_owned(),
            invocation: letter.invocation.to_owned(),
            ordinal,
        };
        // A file bears no stamp; it is known by what is said with it.
        let spoken = Content {
            audience: letter.content.audience,
            ..Content::text(file.comment.clone())
        };
        let outgoing = Outgoing {
            to: letter.to,
            answers: letter.answers,
            asker: letter.asker,
            content: &spoken,
            stamp: &stamp,
            response_url: letter.response_url,
        };
        if letter.look_first && self.earlier(outgoing, give_up).await?.is_some() {
            return Ok(());
        }
        self.wait_for_turn(&letter.to.conversation).await;
        let below = letter.answers.filter(|id| !id.is_empty());
        let thread = match letter.content.audience {
            Audience::Thread => letter.to.thread.as_deref().or(below),
            _ => letter.to.thread.as_deref(),
        };
        let to = Place {
            thread: thread.map(Into::into),
            ..letter.to.clone()
        };
        let upload = Upload {
            to: &to,
            name: file.name,
            data: file.data.as_bytes(),
            comment: &file.comment,
        };
        let uncertain = match patiently(give_up, || self.adapter.upload(upload)).await {
            Ok(_) => {
                metrics::MESSAGES.add(0);
                return Ok(());
            }
            Err(error @ SendError::Uncertain { .. }) => error,
            Err(error) => return Err(error),
        };
        tracing::warn!(error = %uncertain, "whether a file was sent is looked up");
        for _ in 0..APPEARS_WITHIN {
            match patiently(give_up, || self.adapter.find(outgoing)).await {
                Ok(Some(_)) => return Ok(()),
                Ok(None) => tokio::time::sleep(PAUSE).await,
                Err(_) => break,
            }
        }
        Err(uncertain)
    }
}
