//! `chat.history`.

use super::Chat;
use super::refused::refused;
use crate::invocation::{Names, full};
use crate::recall::print::{Function, Print};
use futures_util::StreamExt;
use moa_core::call::{CapResult, FullMessage};
use moa_core::event::{Mention, Message, Place, User};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// How many authors are looked up at a time.
const AT_ONCE: usize = 8;

impl Chat {
    pub(super) async fn past(&self, at: Place, before: Option<&str>, limit: u32) -> CapResult<Vec<FullMessage>> {
        let print = Print::of(Function::ChatHistory).json(&at).maybe(before);
        let print = print.number(limit.into()).done();
        let at = &self.named(at);
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
            // What plugins repeat must call nobody, whoever wrote it.
            let mentions: Vec<Mention> = messages.iter().flat_map(|message| message.mentions.clone()).collect();
            let names = Names::of(&*self.0.adapter, &mentions).await;
            let author = |id: &str| authors.get(id).cloned().unwrap_or_else(|| User::unknown(id));
            let whole = |message: &Message| full(message, &names, author(&message.author));
            Ok(messages.iter().map(whole).collect())
        };
        self.0.read(print, live).await
    }
}
