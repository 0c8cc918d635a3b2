//! `chat`: speaking where the call came from, and elsewhere where that is granted.

use super::Scene;
use crate::adapter::{SendError, Stamp};
use crate::outbox::Letter;
use async_trait::async_trait;
use moa_core::call::{CapError, CapResult, Sent};
use moa_core::content::Content;
use moa_core::event::{EventKind, MessageRef, Place};
use std::sync::Arc;

pub(super) struct Chat(pub(super) Arc<Scene>);

#[async_trait]
impl moa_engine::Chat for Chat {
    async fn send(&self, to: Place, what: Content) -> CapResult<Sent> {
        self.allowed(&to)?;
        let scene = &self.0;
        let message = scene.event.message();
        let here = to.conversation == message.at.place.conversation;
        // A slash command is no message in the conversation: there is nothing to hang a thread on. But it has an address
        // for answers, which is good where the bot is no member, too.
        let (answers, response_url) = match &scene.event.kind {
            EventKind::Message(message) if here => (Some(message.at.id.as_str()), None),
            EventKind::Slash(slash) if here => (None, slash.response_url.as_deref()),
            EventKind::Message(_) | EventKind::Slash(_) => (None, None),
        };
        let letter = Letter {
            to: &to,
            answers,
            asker: Some(&message.author),
            content: &what,
            invocation: &scene.effects,
            response_url,
            look_first: scene.look_first,
        };
        scene.outbox.send(letter, &scene.ordinals).await.map_err(refused)
    }

    async fn edit(&self, which: MessageRef, what: Content) -> CapResult<()> {
        self.allowed(&which.place)?;
        let stamp = Stamp {
            invocation: self.0.effects.clone(),
            ordinal: self.0.ordinals.next(),
        };
        self.0.adapter.edit(&which, &what, &stamp).await.map_err(refused)
    }

    async fn react(&self, which: MessageRef, emoji: String) -> CapResult<()> {
        self.allowed(&which.place)?;
        self.0.ordinals.next();
        self.0.adapter.react(&which, &emoji).await.map_err(refused)
    }
}

impl Chat {
    fn allowed(&self, place: &Place) -> CapResult<()> {
        let here = &self.0.event.message().at.place;
        if place.service != here.service {
            return Err(CapError::NotFound(format!(
                "no chat service `{}` is connected",
                place.service
            )));
        }
        if place.conversation == here.conversation {
            return Ok(());
        }
        self.0.granted.conversation(&place.conversation)
    }
}

fn refused(error: SendError) -> CapError {
    let text = error.to_string();
    match error {
        SendError::Refused { code, .. } if code.ends_with("not_found") => CapError::NotFound(text),
        SendError::Refused { .. } => CapError::Invalid(text),
        SendError::RateLimited { .. } | SendError::Temporary { .. } | SendError::Revoked(_) => {
            CapError::Unavailable(text)
        }
        SendError::Uncertain { .. } => CapError::Uncertain(text),
    }
}

#[cfg(test)]
mod tests;
