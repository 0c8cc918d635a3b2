//! Messages on their way out: at the pace that the service allows, in parts where they are long, and never a second time
//! where an earlier run of the same call may have sent them.

mod edits;
mod file;
mod other;
mod pace;
mod turns;

use crate::adapter::{Adapter, Fatal, Outgoing, SendError, Stamp};
use crate::metrics;
use edits::Edits;
use moa_core::call::Sent;
use moa_core::content::Content;
use moa_core::event::{MessageRef, Place};
use moa_egress::Redactor;
use pace::Pace;
use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;
use turns::{Rank, Turns};

/// How long a message is tried while the service is away. The journal holds its event all the while.
const PATIENCE: Duration = Duration::from_secs(600);
/// Between two attempts, at first and at most.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The numbers of a call's effects, in the order in which they happen. A rerun counts the same way, which is how an
/// effect of the first run is recognised.
#[derive(Debug, Default)]
pub struct Ordinals(AtomicU32);

impl Ordinals {
    /// The next number.
    pub fn next(&self) -> u32 {
        self.0.fetch_add(1, Ordering::Relaxed)
    }

    /// The number that [`Ordinals::next`] will give.
    pub fn coming(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }

    /// The next number is this one.
    pub fn go_on_at(&self, number: u32) {
        self.0.store(number, Ordering::Relaxed);
    }
}

/// A message and all that is needed to send it.
#[derive(Clone, Copy, Debug)]
pub struct Letter<'a> {
    /// Where to.
    pub to: &'a Place,
    /// The message that it answers.
    pub answers: Option<&'a str>,
    /// Who asked.
    pub asker: Option<&'a str>,
    /// What it says, of any length.
    pub content: &'a Content,
    /// The plugin that says it; empty where the host does.
    pub plugin: &'a str,
    /// The call that says it.
    pub invocation: &'a str,
    /// Where a slash command's answer may go.
    pub response_url: Option<&'a str>,
    /// Whether an earlier run may have sent it: the conversation is looked through first.
    pub look_first: bool,
}

/// The way out of the host.
pub struct Outbox {
    adapter: Arc<dyn Adapter>,
    turns: Turns,
    edits: Edits,
    revoked: watch::Sender<Option<Fatal>>,
    redactor: Redactor,
}

impl Outbox {
    /// An outbox that writes at most `per_second` messages a second to a conversation (0: no limit) after a burst.
    pub fn new(adapter: Arc<dyn Adapter>, per_second: f64, burst: u32) -> Self {
        Self {
            adapter,
            turns: Turns::new(Pace::new(per_second, burst)),
            edits: Edits::default(),
            revoked: watch::Sender::new(None),
            redactor: Redactor::default(),
        }
    }

    /// From now on secrets are hidden in what is said.
    #[must_use]
    pub fn hiding(self, redactor: Redactor) -> Self {
        Self { redactor, ..self }
    }

    fn hidden<'a>(&self, content: &'a Content) -> Cow<'a, Content> {
        if self.redactor.is_idle() {
            return Cow::Borrowed(content);
        }
        let mut content = content.clone();
        content.each_text(|text| {
            if let Cow::Owned(hidden) = self.redactor.text(text) {
                *text = hidden;
            }
        });
        Cow::Owned(content)
    }

    /// Becomes something when the service refuses the credentials: nothing more can leave, and the host has to end.
    pub fn revoked(&self) -> watch::Receiver<Option<Fatal>> {
        self.revoked.subscribe()
    }

    /// Sends a letter, in several messages if it is long, and as a file if it were more than 5 of them and the service
    /// takes files. Answers the address of the first message; a file on its own has none.
    ///
    /// Where the credentials are refused it does not return: the host ends, and the event stays open in the journal, to
    /// be answered by the next start with credentials that are good.
    ///
    /// # Errors
    /// As [`Adapter::send`]; a service that is away is waited for up to 10 minutes.
    pub async fn send(&self, letter: Letter<'_>, ordinals: &Ordinals) -> Result<Sent, SendError> {
        self.send_as(letter, ordinals, Rank::Short).await
    }

    /// The same for what nobody waits for: answers go before it.
    ///
    /// # Errors
    /// As [`Outbox::send`].
    pub async fn send_bulk(&self, letter: Letter<'_>, ordinals: &Ordinals) -> Result<Sent, SendError> {
        self.send_as(letter, ordinals, Rank::Bulk).await
    }

    async fn send_as(&self, letter: Letter<'_>, ordinals: &Ordinals, rank: Rank) -> Result<Sent, SendError> {
        let content = self.hidden(letter.content);
        let hidden = Letter {
            content: &content,
            ..letter
        };
        let begun = Instant::now();
        let sent = self.watched(self.send_parts(hidden, ordinals, rank)).await;
        metrics::POST.took(begun.elapsed());
        // What is refused is told where the service says so, once for a cause.
        if let Err(error) = &sent
            && !matches!(error, SendError::Refused { .. })
        {
            let (conversation, invocation) = (&letter.to.conversation, letter.invocation);
            tracing::error!(conversation, invocation, "a message is given up: {error}");
        }
        sent
    }

    /// Replaces what an own message says, at a pace of its own. Where a newer change of the same message comes while this
    /// one waits, that takes its place, and this one counts as done.
    ///
    /// # Errors
    /// As [`Outbox::send`].
    pub async fn edit(&self, at: &MessageRef, content: &Content, stamp: &Stamp) -> Result<(), SendError> {
        let content = self.hidden(content).into_owned();
        let conversation = &at.place.conversation;
        let edit = self.edits.newest(conversation, &at.id);
        // Apart from the messages: the service counts changes by themselves.
        let pace = format!("changes in {conversation}");
        let Some(_on_its_way) = edit.go(self.turns.turn(&pace, Rank::Bulk)).await else {
            return Ok(());
        };
        let give_up = Instant::now() + PATIENCE;
        let attempt = || async {
            if edit.is_old() {
                return Ok(());
            }
            self.adapter.edit(at, &content, stamp).await
        };
        self.watched(patiently(give_up, attempt)).await
    }

    /// Replaces a message that only one person sees, through the address that came with a press on it.
    ///
    /// # Errors
    /// As [`Outbox::send`].
    pub async fn replace(&self, response_url: &str, content: &Content, stamp: &Stamp) -> Result<(), SendError> {
        let content = self.hidden(content);
        let give_up = Instant::now() + PATIENCE;
        self.watched(patiently(give_up, || {
            self.adapter.replace(response_url, &content, stamp)
        }))
        .await
    }

    /// Where the credentials are refused it does not return: the host ends, and the event stays open in the journal.
    async fn watched<T>(&self, doing: impl Future<Output = Result<T, SendError>>) -> Result<T, SendError> {
        match doing.await {
            Err(SendError::Revoked(fatal)) => {
                self.revoked.send_replace(Some(fatal));
                std::future::pending().await
            }
            done => done,
        }
    }

    /// The first part has this rank, the others wait behind.
    async fn send_parts(&self, letter: Letter<'_>, ordinals: &Ordinals, rank: Rank) -> Result<Sent, SendError> {
        let limit = self.adapter.max_text();
        // Bytes are never fewer than characters, so short texts are not even counted.
        if letter.content.text.len() <= limit || letter.content.text.chars().count() <= limit {
            return self.send_part(&letter, letter.content, ordinals.next(), rank).await;
        }
        let texts = moa_core::text::split(&letter.content.text, limit);
        if file::may_be_file(letter.content.audience)
            && let Some(file) = moa_core::text::as_file(&letter.content.text, &texts, limit)
            && let Some(sent) = self.send_file(&letter, &file, ordinals).await?
        {
            return Ok(sent);
        }
        let last = texts.len().saturating_sub(1);
        let mut first = None;
        for (at, text) in texts.into_iter().enumerate() {
            // Cards and buttons belong below the whole text.
            let part = if at == last {
                Content {
                    text,
                    ..letter.content.clone()
                }
            } else {
                Content {
                    audience: letter.content.audience,
                    sender: letter.content.sender.clone(),
                    ..Content::text(text)
                }
            };
            let rank = if at == 0 { rank } else { Rank::Bulk };
            let sent = self.send_part(&letter, &part, ordinals.next(), rank).await?;
            first = first.or(sent);
        }
        Ok(first)
    }

    async fn send_part(
        &self,
        letter: &Letter<'_>,
        content: &Content,
        ordinal: u32,
        rank: Rank,
    ) -> Result<Sent, SendError> {
        let stamp = Stamp {
            plugin: letter.plugin.to_owned(),
            invocation: letter.invocation.to_owned(),
            ordinal,
        };
        let outgoing = Outgoing {
            to: letter.to,
            answers: letter.answers,
            asker: letter.asker,
            content,
            stamp: &stamp,
            response_url: letter.response_url,
        };
        let give_up = Instant::now() + PATIENCE;
        if letter.look_first
            && let Some(found) = self.earlier(outgoing, give_up).await?
        {
            metrics::FOUND.add();
            return Ok(Some(found));
        }
        self.turns.turn(&letter.to.conversation, rank).await;
        loop {
            let uncertain = match patiently(give_up, || self.adapter.send(outgoing)).await {
                Err(error @ SendError::Uncertain { .. }) => error,
                sent => {
                    tracing::debug!(ok = sent.is_ok(), "a message left");
                    metrics::sent(&sent);
                    return sent;
                }
            };
            // It may stand there. It can be found out as soon as the service is back, which sending blindly could not undo.
            tracing::warn!(error = %uncertain, "whether a message was sent is looked up");
            match patiently(give_up, || self.adapter.find(outgoing)).await {
                Ok(Some(found)) => {
                    metrics::MESSAGES.add(0);
                    return Ok(Some(found));
                }
                Ok(None) if Instant::now() < give_up => tokio::time::sleep(FIRST_PAUSE).await,
                Ok(None) | Err(_) => {
                    metrics::MESSAGES.add(3);
                    return Err(uncertain);
                }
            }
        }
    }

    /// What an earlier run sent.
    async fn earlier(&self, outgoing: Outgoing<'_>, give_up: Instant) -> Result<Sent, SendError> {
        match patiently(give_up, || self.adapter.find(outgoing)).await {
            // An answer that may stand there twice is better than none.
            Err(error @ SendError::Refused { .. }) => {
                tracing::warn!(%error, "whether this was answered before cannot be looked up; it is answered now");
                Ok(None)
            }
            found => found,
        }
    }

    /// For what is no short answer.
    async fn wait_for_turn(&self, conversation: &str) {
        self.turns.turn(conversation, Rank::Bulk).await;
    }
}

/// Repeats what certainly did nothing, with growing pauses, until it works or the time is over.
async fn patiently<T, F>(give_up: Instant, mut attempt: impl FnMut() -> F) -> Result<T, SendError>
where
    F: Future<Output = Result<T, SendError>>,
{
    let mut pause = FIRST_PAUSE;
    loop {
        let error = match attempt().await {
            Ok(done) => return Ok(done),
            Err(error) => error,
        };
        let wait = match &error {
            SendError::RateLimited { retry_after } => {
                metrics::AGAIN.add(0);
                *retry_after
            }
            SendError::Temporary { .. } => {
                metrics::AGAIN.add(1);
                pause
            }
            SendError::Refused { .. } | SendError::Uncertain { .. } | SendError::Revoked(_) => return Err(error),
        };
        // No clock reaches as far as what some service may ask for.
        if Instant::now().checked_add(wait).is_none_or(|then| then > give_up) {
            return Err(error);
        }
        tracing::warn!(%error, "a message waits {} s before it is tried again", wait.as_secs());
        tokio::time::sleep(wait).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

#[cfg(test)]
mod tests;
