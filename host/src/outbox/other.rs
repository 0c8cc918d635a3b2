//! What leaves and is no message: files, deletions, reactions.

use super::{Outbox, PATIENCE, patiently};
use crate::adapter::{SendError, Upload};
use tokio::time::Instant;

impl Outbox {
    /// Does something that may be repeated where it certainly did nothing, with the same patience as for messages.
    ///
    /// # Errors
    /// As [`Outbox::send`].
    pub async fn carry_out<T, F>(&self, attempt: impl FnMut() -> F) -> Result<T, SendError>
    where
        F: Future<Output = Result<T, SendError>>,
    {
        let give_up = Instant::now() + PATIENCE;
        self.watched(patiently(give_up, attempt)).await
    }

    /// Puts a file into a place, at the pace of messages. Answers the service's id of it.
    ///
    /// # Errors
    /// As [`Outbox::send`].
    pub async fn put(&self, file: Upload<'_>) -> Result<String, SendError> {
        self.wait_for_turn(&file.to.conversation).await;
        self.carry_out(|| self.adapter.upload(file)).await
    }
}
