//! A word to those who look after the bot (`bot.admins`), in direct messages.
//!
//! Nothing waits for it: it is said beside the work, and where it cannot be said the log has it.

use crate::adapter::{Adapter, SendError};
use crate::outbox::{Letter, Ordinals, Outbox};
use arc_swap::ArcSwap;
use moa_core::content::Content;
use moa_core::locale::Locale;
use std::sync::Arc;
use tokio_util::task::TaskTracker;

/// Those who look after the bot.
pub struct Admins {
    /// Their ids in the chat service.
    pub ids: ArcSwap<Vec<String>>,
    /// The chat service.
    pub adapter: Arc<dyn Adapter>,
    /// The way out.
    pub outbox: Arc<Outbox>,
    /// The bot's own language: one text for all of them.
    pub locale: Locale,
    /// Where it is said beside the work.
    pub beside: TaskTracker,
}

impl Admins {
    /// There are none.
    pub fn none(adapter: &Arc<dyn Adapter>, outbox: &Arc<Outbox>) -> Arc<Self> {
        Arc::new(Self {
            ids: ArcSwap::default(),
            adapter: Arc::clone(adapter),
            outbox: Arc::clone(outbox),
            locale: Locale::default(),
            beside: TaskTracker::new(),
        })
    }

    /// Says something to each of them, and does not wait for it. `sign` is the message's own, by which it is found again
    /// if it was sent already and `look_first` says that it may have been. `told` is called at the end, with how many have
    /// got it.
    pub fn tell<F>(
        self: &Arc<Self>,
        sign: String,
        content: Content,
        look_first: bool,
        told: impl FnOnce(usize) -> F + Send + 'static,
    ) where
        F: Future<Output = ()> + Send,
    {
        let this = Arc::clone(self);
        self.beside.spawn(async move {
            let mut count = 0;
            for id in this.ids.load_full().iter() {
                match this.tell_one(id, &sign, &content, look_first).await {
                    Ok(()) => count += 1,
                    Err(error) => {
                        tracing::warn!(admin = id, %error, "an admin could not be told by direct message; the log says it all")
                    }
                }
            }
            told(count).await;
        });
    }

    async fn tell_one(&self, id: &str, sign: &str, content: &Content, look_first: bool) -> Result<(), SendError> {
        let place = self.outbox.carry_out(|| self.adapter.open_direct(id)).await?;
        let letter = Letter {
            to: &place,
            answers: None,
            asker: Some(id),
            content,
            plugin: "",
            invocation: sign,
            response_url: None,
            look_first,
        };
        self.outbox.send(letter, &Ordinals::default()).await.map(drop)
    }
}
