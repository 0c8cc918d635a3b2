//! Incoming webhooks as places: `[incoming.NAME]` is the conversation `incoming:NAME` of the service `incoming`. Nothing
//! comes from there, and what was said can be neither found nor changed.

use super::jandi::Target;
use super::slack::told::Told;
use super::webhook::{Address, Poster};
use super::{Adapter, Me, MemberPage, Outgoing, SendError, Stamp};
use async_trait::async_trait;
use moa_core::call::Sent;
use moa_core::config::IncomingEncoding;
use moa_core::content::Content;
use moa_core::event::{Conversation, MessageRef, PlaceKind, User};
use moa_core::jandi;
use moa_core::locale::Locale;
use moa_core::slack::incoming::{self, Answer, Sender};
use moa_core::slack::render;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// The name of this service in places.
pub const SERVICE: &str = "incoming";
/// What the id of each of its conversations begins with.
pub const PREFIX: &str = "incoming:";
/// How often the operator hears of the same refusal of the same webhook.
const TOLD: Duration = Duration::from_secs(600);

/// A webhook.
#[derive(Debug)]
pub enum Webhook {
    /// Of Slack's.
    Slack {
        /// Its address.
        address: Address,
        /// Who messages come from.
        sender: Sender,
        /// How they are carried.
        encoding: IncomingEncoding,
    },
    /// Of JANDI's.
    Jandi {
        /// Where it is.
        target: Target,
        /// Who gets it, where it is a team webhook: addresses.
        email: Vec<String>,
    },
}

impl Webhook {
    /// Its address.
    pub fn address(&self) -> &Address {
        match self {
            Self::Slack { address, .. } => address,
            Self::Jandi { target, .. } => target.address(),
        }
    }
}

/// All webhooks.
pub struct Incoming {
    webhooks: BTreeMap<String, Webhook>,
    poster: Arc<Poster>,
    locale: Locale,
    me: Me,
    told: Told,
}

impl Incoming {
    /// These webhooks, by name. `locale` is that of the host's own words.
    pub fn new(webhooks: BTreeMap<String, Webhook>, poster: Arc<Poster>, locale: Locale) -> Self {
        Self {
            webhooks,
            poster,
            locale,
            me: Me {
                user_id: String::new(),
                bot_id: String::new(),
                team: String::new(),
                name: SERVICE.into(),
            },
            told: Told::new(TOLD),
        }
    }

    fn webhook(&self, conversation: &str) -> Result<(&str, &Webhook), SendError> {
        let found = conversation
            .strip_prefix(PREFIX)
            .and_then(|name| self.webhooks.get_key_value(name));
        let (name, webhook) = found.ok_or_else(|| SendError::Refused {
            code: "channel_not_found".into(),
            explanation: format!(
                "there is no incoming webhook behind `{conversation}`; it is `{PREFIX}` and the name of an [incoming.NAME]"
            ),
        })?;
        Ok((name, webhook))
    }

    async fn post(&self, message: &Outgoing<'_>, webhook: &Webhook) -> Result<(), SendError> {
        match webhook {
            Webhook::Slack {
                address,
                sender,
                encoding,
            } => {
                let thread = message.to.thread.as_deref();
                let payload = incoming::payload(message.content, sender, thread, message.stamp)?;
                let (content_type, body) = encoded(payload, *encoding);
                let answer = self.poster.post(address, content_type, None, body).await?;
                match incoming::answer(answer.status, answer.retry_after.as_deref(), &answer.body) {
                    Answer::Taken => Ok(()),
                    Answer::Wait(retry_after) => Err(SendError::RateLimited { retry_after }),
                    Answer::Failed(reason) => Err(SendError::Temporary { reason }),
                    Answer::Refused(refused) => Err(refused.into()),
                }
            }
            Webhook::Jandi { target, email } => {
                let body = jandi::body(message.content, self.locale, |_, _| None);
                let mut body = body.map_err(|error| SendError::Refused {
                    code: "no_text".into(),
                    explanation: error.to_string(),
                })?;
                body.email = (!email.is_empty()).then(|| email.join(","));
                target.post(&self.poster, &body).await
            }
        }
    }
}

fn encoded(payload: Map<String, Value>, encoding: IncomingEncoding) -> (&'static str, Vec<u8>) {
    let json = Value::from(payload).to_string();
    match encoding {
        IncomingEncoding::Json => ("application/json", json.into_bytes()),
        IncomingEncoding::Form => {
            let mut form = form_urlencoded::Serializer::new(String::new());
            form.append_pair("payload", &json);
            ("application/x-www-form-urlencoded", form.finish().into_bytes())
        }
    }
}

#[async_trait]
impl Adapter for Incoming {
    fn service(&self) -> &'static str {
        SERVICE
    }

    fn me(&self) -> &Me {
        &self.me
    }

    fn max_text(&self) -> usize {
        render::MAX_TEXT
    }

    async fn send(&self, message: Outgoing<'_>) -> Result<Sent, SendError> {
        let (name, webhook) = self.webhook(&message.to.conversation)?;
        let posted = self.post(&message, webhook).await;
        if let Err(error @ SendError::Refused { code, .. }) = &posted
            && let Some(held_back) = self.told.again(&format!("{name} {code}"))
        {
            let plugin = &message.stamp.plugin;
            tracing::error!(
                webhook = name,
                plugin,
                held_back,
                "an incoming webhook does not take a message: {error}"
            );
        }
        posted.map(|()| None)
    }

    async fn find(&self, _message: Outgoing<'_>) -> Result<Option<MessageRef>, SendError> {
        Err(self.lacks("history that a bot can read"))
    }

    async fn edit(&self, _at: &MessageRef, _content: &Content, _stamp: &Stamp) -> Result<(), SendError> {
        Err(self.lacks("messages that can be changed"))
    }

    async fn delete(&self, _at: &MessageRef) -> Result<(), SendError> {
        Err(self.lacks("messages that can be deleted"))
    }

    async fn react(&self, _at: &MessageRef, _emoji: &str) -> Result<(), SendError> {
        Err(self.lacks("reactions"))
    }

    async fn unreact(&self, _at: &MessageRef, _emoji: &str) -> Result<(), SendError> {
        Err(self.lacks("reactions"))
    }

    async fn find_user(&self, _id: &str) -> Result<Option<User>, SendError> {
        Ok(None)
    }

    async fn find_conversation(&self, id: &str) -> Result<Option<Conversation>, SendError> {
        Ok(self.webhook(id).ok().map(|(name, _)| Conversation {
            id: id.into(),
            name: name.into(),
            kind: PlaceKind::Channel,
            topic: String::new(),
        }))
    }

    async fn find_members(&self, _conversation: &str, _cursor: Option<&str>) -> Result<Option<MemberPage>, SendError> {
        Err(self.lacks("list of members"))
    }
}

#[cfg(test)]
mod tests;
