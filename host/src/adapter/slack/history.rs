//! Reading a conversation's past.

use super::Slack;
use super::web::Call;
use crate::adapter::SendError;
use moa_core::event::{Message, Place};
use moa_core::slack::decode;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::VecDeque;

/// Messages of a page where a thread is read. Slack recommends no more than 200.
const PAGE: u32 = 200;
/// Pages that one look into the past reads: of a thread all have to be read, because Slack begins with the oldest.
const PAGES: usize = 50;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Page {
    messages: Vec<Box<RawValue>>,
    response_metadata: Option<Cursor>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Cursor {
    next_cursor: Option<String>,
}

impl Page {
    /// Where it goes on, if it does.
    fn next(&self) -> Option<&str> {
        let cursor = self.response_metadata.as_ref()?.next_cursor.as_deref()?;
        (!cursor.is_empty()).then_some(cursor)
    }
}

impl Slack {
    pub(super) async fn messages_before(
        &self,
        at: &Place,
        before: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Message>, SendError> {
        let conversation = self.conversation_of(at).await?;
        let at = &Place {
            conversation,
            ..at.clone()
        };
        match at.thread.as_deref() {
            Some(thread) => self.thread_before(at, thread, before, limit).await,
            None => self.conversation_before(at, before, limit).await,
        }
    }

    /// Newest first, as Slack gives them. A page of which nothing was said by anybody is not the end.
    async fn conversation_before(
        &self,
        at: &Place,
        before: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Message>, SendError> {
        let mut cursor = String::new();
        for _ in 0..PAGES {
            let page = self
                .page(at, "conversations.history", None, before, limit, &cursor)
                .await?;
            let messages: Vec<Message> = said(&page, at).take(limit as usize).collect();
            match page.next().filter(|next| *next != cursor) {
                Some(next) if messages.is_empty() => cursor = next.to_owned(),
                _ => return Ok(messages),
            }
        }
        Err(too_long())
    }

    /// Slack gives a thread oldest first, and the thread's first message on every page.
    async fn thread_before(
        &self,
        at: &Place,
        thread: &str,
        before: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Message>, SendError> {
        let (mut newest, mut cursor) = (VecDeque::new(), String::new());
        for number in 0..PAGES {
            let page = self
                .page(at, "conversations.replies", Some(thread), before, PAGE, &cursor)
                .await?;
            for message in said(&page, at) {
                let again = number > 0 && message.at.id == thread;
                if again || before.is_some_and(|before| message.at.id == before) {
                    continue;
                }
                newest.push_front(message);
                newest.truncate(limit as usize);
            }
            match page.next().filter(|next| *next != cursor) {
                Some(next) => cursor = next.to_owned(),
                None => return Ok(newest.into()),
            }
        }
        Err(too_long())
    }

    async fn page(
        &self,
        at: &Place,
        method: &'static str,
        thread: Option<&str>,
        before: Option<&str>,
        limit: u32,
        cursor: &str,
    ) -> Result<Page, SendError> {
        let mut arguments = vec![("channel", at.conversation.clone()), ("limit", limit.to_string())];
        let optional = [("ts", thread), ("latest", before), ("cursor", Some(cursor))];
        for (name, value) in optional {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                arguments.push((name, value.to_owned()));
            }
        }
        Ok(self.web.call(&Call::read(method, arguments)).await?)
    }

    /// The conversation's id: a person's own stands for the direct conversation with them, which methods that read do
    /// not know.
    pub(super) async fn conversation_of(&self, at: &Place) -> Result<String, SendError> {
        let id = at.conversation.as_str();
        if id.starts_with(['U', 'W']) {
            return self.direct_with(id).await;
        }
        Ok(id.to_owned())
    }
}

fn said<'p>(page: &'p Page, at: &'p Place) -> impl Iterator<Item = Message> + 'p {
    page.messages.iter().filter_map(|json| decode::past(json.get(), at))
}

fn too_long() -> SendError {
    SendError::Refused {
        code: "too_many_messages".into(),
        explanation: Cow::from("there is too much to be read at once; give a later message to begin before").into(),
    }
}
