//! `chat.history`.

use super::Chat;
use super::refused::refused;
use crate::recall::print::{Function, Print};
use futures_util::StreamExt;
use moa_core::call::{CapResult, FullMessage};
use moa_core::event::{Place, User};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// How many authors are looked up at a time.
const AT_ONCE: usize = 8;

impl Chat {
    pub(super) async fn past(&self, at: &Place, before: Option<&str>, limit: u32) -> CapResult<Vec<FullMessage>> {
        let print = Print::of(Function::ChatHistory).json(at).maybe(before);
        let print = print.number(limit.into()).done();
        let live = async {
            self.allowed(at)?;
            let messages = self.0.adapter.history(at, before, limit).await.map_err(refused)?;
            let ids: BTreeSet<String> = messages.iter().map(|message| message.author.clone()).collect();
            let look_up = |id: String| {
                let adapter = Arc::clone(&self.0.adapter);
                async move {
                    let user = adapter.user(&id).await;
                    (id, user)
                }
            };
            let looked_up = futures_util::stream::iter(ids).map(look_up).buffer_unordered(AT_ONCE);
            let authors: HashMap<String, User> = looked_up.collect().await;
            let whole = |message: moa_core::event::Message| FullMessage {
                author: authors
                    .get(&message.author)
                    .cloned()
                    .unwrap_or_else(|| User::unknown(&message.author)),
                message,
            };
            Ok(messages.into_iter().map(whole).collect())
        };
        self.0.read(print, live).await
    }
}
