//! Sending, finding, changing messages.

use super::web::{Call, CallError, Doubt};
use super::{Done, Slack, emoji};
use crate::adapter::{Outgoing, SendError, Stamp};
use moa_core::call::Sent;
use moa_core::content::{Audience, Content};
use moa_core::event::{MessageRef, Place, PlaceKind};
use moa_core::slack::decode;
use moa_core::slack::render::{self, STAMP};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// How far back a message is looked for: pages of a conversation's history.
const PAGES: usize = 5;
/// Who a message is from is said once, when it is sent.
const IDENTITY: [&str; 3] = ["username", "icon_emoji", "icon_url"];
/// Messages of a page. Apps that are sold outside Slack's own shop get 15 whatever they ask for.
const PAGE: u32 = 200;

#[derive(Deserialize)]
struct Posted {
    channel: String,
    ts: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct History {
    messages: Vec<Past>,
    response_metadata: Option<Cursor>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Cursor {
    next_cursor: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Past {
    ts: String,
    thread_ts: Option<String>,
    user: Option<String>,
    bot_id: Option<String>,
    text: Option<String>,
    metadata: Option<Metadata>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Metadata {
    event_type: String,
    event_payload: Value,
}

/// The thread that a message goes to, if any: the one it answers in, or a new one below the message that it answers.
fn thread<'a>(message: &Outgoing<'a>) -> Option<&'a str> {
    let below = message.answers.filter(|id| !id.is_empty());
    match message.content.audience {
        Audience::Thread | Audience::Broadcast => message.to.thread.as_deref().or(below),
        Audience::Everyone | Audience::Asker => message.to.thread.as_deref(),
    }
}

/// Only the asker is to see it. In a direct conversation nobody else does anyway, and there it may as well last.
fn is_private(message: &Outgoing<'_>) -> bool {
    message.content.audience == Audience::Asker && message.to.kind != PlaceKind::Direct
}

pub(super) fn refused(code: &str, explanation: &str) -> SendError {
    SendError::Refused {
        code: code.into(),
        explanation: explanation.into(),
    }
}

impl Slack {
    pub(super) async fn send_message(&self, message: Outgoing<'_>) -> Result<Sent, SendError> {
        let arguments = render::arguments(message.content, message.stamp)?;
        if is_private(&message) {
            return self.send_privately(&message, arguments).await.map(|()| None);
        }
        match (self.post(&message, arguments.clone()).await, message.response_url) {
            // A slash command works where the bot is no member or must not write, and so does its response URL.
            (Err(error), Some(url)) if error.is_of_closed_place() => {
                self.respond(url, arguments, "in_channel", false).await.map(|()| None)
            }
            (sent, _) => sent.map(Some),
        }
    }

    async fn post(&self, message: &Outgoing<'_>, mut arguments: Map<String, Value>) -> Result<MessageRef, SendError> {
        let thread = thread(message);
        let channel = &message.to.conversation;
        arguments.insert("channel".into(), channel.as_str().into());
        if let Some(thread) = thread {
            arguments.insert("thread_ts".into(), thread.into());
            if message.content.audience == Audience::Broadcast {
                arguments.insert("reply_broadcast".into(), true.into());
            }
        }
        let call = Call::write("chat.postMessage", channel, &arguments);
        let posted: Posted = self
            .web
            .call_or_look(&call, || Box::pin(self.look_for(message)))
            .await?;
        // Slack answers a person's id with the direct conversation that it opened.
        let place = Place {
            conversation: posted.channel,
            thread: thread.map(Into::into),
            ..message.to.clone()
        };
        Ok(MessageRef { place, id: posted.ts })
    }

    async fn look_for(&self, message: &Outgoing<'_>) -> Doubt<Posted> {
        match self.find_message(message).await {
            Ok(Some(found)) => Doubt::Done(Posted {
                channel: found.place.conversation,
                ts: found.id,
            }),
            Ok(None) => Doubt::NotDone,
            Err(error) => {
                tracing::warn!(%error, "whether a message was sent cannot be looked up");
                Doubt::Unknown
            }
        }
    }

    async fn send_privately(&self, message: &Outgoing<'_>, mut arguments: Map<String, Value>) -> Result<(), SendError> {
        if let Some(url) = message.response_url {
            match self.respond(url, arguments.clone(), "ephemeral", false).await {
                Err(SendError::Refused { code, .. }) if code == "expired_url" => {}
                other => return other,
            }
        }
        let Some(asker) = message.asker else {
            return Err(refused(
                "no_asker",
                "the message is for the person who asked, but nobody did; send it to all",
            ));
        };
        arguments.remove("metadata");
        arguments.insert("channel".into(), message.to.conversation.as_str().into());
        arguments.insert("user".into(), asker.into());
        if let Some(thread) = thread(message) {
            arguments.insert("thread_ts".into(), thread.into());
        }
        let call = Call::write("chat.postEphemeral", &message.to.conversation, &arguments);
        let Done {} = self.web.call(&call).await?;
        Ok(())
    }

    /// Replacing is the same however often it is done.
    pub(super) async fn replace_private(&self, url: &str, content: &Content, stamp: &Stamp) -> Result<(), SendError> {
        let mut arguments = render::arguments(content, stamp)?;
        arguments.retain(|name, _| !IDENTITY.contains(&name.as_str()));
        self.respond(url, arguments, "ephemeral", true).await
    }

    async fn respond(
        &self,
        url: &str,
        mut arguments: Map<String, Value>,
        how: &str,
        replace: bool,
    ) -> Result<(), SendError> {
        arguments.remove("metadata");
        arguments.insert("response_type".into(), how.into());
        arguments.insert("replace_original".into(), replace.into());
        let body = Value::Object(arguments).to_string();
        Ok(self.web.respond(url, body.into()).await?)
    }

    pub(super) async fn find_message(&self, message: &Outgoing<'_>) -> Result<Option<MessageRef>, SendError> {
        if is_private(message) {
            return Ok(None);
        }
        let thread = thread(message);
        let text = render::mrkdwn(&message.content.text);
        let (spoken, _) = decode::portable(&text);
        let mut same_text = None;
        let mut cursor = String::new();
        for _ in 0..PAGES {
            let page = match self.past(message, thread, &cursor).await {
                Ok(page) => page,
                // Nobody has answered there yet, or what would be answered is gone.
                Err(CallError::Api { code, .. }) if code == "thread_not_found" => return Ok(None),
                Err(error) => return Err(error.into()),
            };
            for past in page
                .messages
                .iter()
                .filter(|past| self.is_mine(past) && past.thread(thread))
            {
                let at = || MessageRef {
                    place: Place {
                        thread: thread.map(Into::into),
                        ..message.to.clone()
                    },
                    id: past.ts.clone(),
                };
                match &past.metadata {
                    Some(metadata) if metadata.event_type == STAMP => {
                        if metadata.is(message.stamp) {
                            return Ok(Some(at()));
                        }
                    }
                    // Metadata is not shown to every app; then author, thread and text have to do.
                    _ => {
                        let said = past.text.as_deref().map(|text| decode::portable(text).0);
                        if !spoken.is_empty() && said.as_ref() == Some(&spoken) {
                            same_text.get_or_insert_with(at);
                        }
                    }
                }
            }
            cursor = page
                .response_metadata
                .unwrap_or_default()
                .next_cursor
                .unwrap_or_default();
            if cursor.is_empty() {
                break;
            }
        }
        Ok(same_text)
    }

    async fn past(&self, message: &Outgoing<'_>, thread: Option<&str>, cursor: &str) -> Result<History, CallError> {
        let mut arguments = vec![
            ("channel", message.to.conversation.clone()),
            ("limit", PAGE.to_string()),
            ("include_all_metadata", "true".to_owned()),
        ];
        if let Some(since) = message.answers.filter(|id| !id.is_empty()) {
            arguments.push(("oldest", since.to_owned()));
        }
        if !cursor.is_empty() {
            arguments.push(("cursor", cursor.to_owned()));
        }
        let method = match thread {
            Some(thread) => {
                arguments.push(("ts", thread.to_owned()));
                "conversations.replies"
            }
            None => "conversations.history",
        };
        self.web.call(&Call::read(method, arguments)).await
    }

    fn is_mine(&self, past: &Past) -> bool {
        let same = |theirs: &Option<String>, mine: &str| !mine.is_empty() && theirs.as_deref() == Some(mine);
        same(&past.bot_id, &self.me.bot_id) || same(&past.user, &self.me.user_id)
    }

    pub(super) async fn edit_message(
        &self,
        at: &MessageRef,
        content: &Content,
        stamp: &Stamp,
    ) -> Result<(), SendError> {
        let mut arguments = render::arguments(content, stamp)?;
        arguments.retain(|name, _| !IDENTITY.contains(&name.as_str()));
        if !arguments.contains_key("markdown_text") {
            // What is not named stays as it was.
            for part in ["blocks", "attachments"] {
                arguments.entry(part).or_insert_with(|| json!([]));
            }
        }
        self.change("chat.update", at, arguments).await.map(drop)
    }

    pub(super) async fn delete_message(&self, at: &MessageRef) -> Result<(), SendError> {
        done_if(self.change("chat.delete", at, Map::new()).await, "message_not_found")
    }

    pub(super) async fn add_reaction(&self, at: &MessageRef, emoji: &str) -> Result<(), SendError> {
        done_if(self.reaction("reactions.add", at, emoji).await, "already_reacted")
    }

    pub(super) async fn remove_reaction(&self, at: &MessageRef, emoji: &str) -> Result<(), SendError> {
        done_if(self.reaction("reactions.remove", at, emoji).await, "no_reaction")
    }

    async fn reaction(&self, method: &'static str, at: &MessageRef, emoji: &str) -> Result<(), SendError> {
        let Some(name) = emoji::name(emoji) else {
            return Err(refused(
                "invalid_name",
                "Slack's reactions go by name; give the emoji's name, for example tada",
            ));
        };
        exists(at)?;
        let arguments = json!({"channel": at.place.conversation, "timestamp": at.id, "name": name});
        let Done {} = self.web.call(&Call::write(method, "", &arguments)).await?;
        Ok(())
    }

    async fn change(
        &self,
        method: &'static str,
        at: &MessageRef,
        mut arguments: Map<String, Value>,
    ) -> Result<(), SendError> {
        exists(at)?;
        arguments.insert("channel".into(), at.place.conversation.as_str().into());
        arguments.insert("ts".into(), at.id.as_str().into());
        let Done {} = self
            .web
            .call(&Call::write(method, &at.place.conversation, &arguments))
            .await?;
        Ok(())
    }
}

/// Slash commands have no message.
fn exists(at: &MessageRef) -> Result<(), SendError> {
    if at.id.is_empty() {
        return Err(refused(
            "message_not_found",
            "a slash command is no message, and what only one person sees has no id: neither can be changed or reacted to",
        ));
    }
    Ok(())
}

fn done_if(result: Result<(), SendError>, already: &str) -> Result<(), SendError> {
    match result {
        Err(SendError::Refused { code, .. }) if code == already => Ok(()),
        other => other,
    }
}

impl Past {
    /// Whether it stands in that thread, or outside all threads. A thread's first message bears its own id.
    fn thread(&self, thread: Option<&str>) -> bool {
        match thread {
            Some(thread) => self.thread_ts.as_deref() == Some(thread) && self.ts != thread,
            None => self.thread_ts.as_ref().is_none_or(|of| *of == self.ts),
        }
    }
}

impl Metadata {
    fn is(&self, stamp: &Stamp) -> bool {
        let invocation = self.event_payload.get("invocation").and_then(Value::as_str);
        // Numbers may come back as text.
        let ordinal = match self.event_payload.get("ordinal") {
            Some(Value::String(number)) => number.parse().ok(),
            Some(number) => number.as_u64(),
            None => None,
        };
        invocation == Some(&stamp.invocation) && ordinal == Some(u64::from(stamp.ordinal))
    }
}
