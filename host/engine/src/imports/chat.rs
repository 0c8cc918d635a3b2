//! `chat`: speaking. What this host lacks is answered by the trait's own defaults.

use super::{Answer, invalid};
use crate::bindings::moa::plugin::chat::Host;
use crate::bindings::moa::plugin::types::{Content, Conversation, Message, MessageRef, Place, User};
use crate::state::State;

/// The most messages of one look into the history.
const HISTORY: u32 = 200;

impl Host for State {
    async fn send(&mut self, to: Place, what: Content) -> Answer<MessageRef> {
        self.enter()?;
        if let Err(error) = self.message() {
            return Ok(Err(error));
        }
        let place = to.clone();
        let answer = self.on_host(self.host.chat.send(to.into(), what.into())).await?;
        Ok(answer.map(|sent| match sent {
            Some(at) => at.into(),
            None => MessageRef {
                place,
                id: String::new(),
            },
        }))
    }

    async fn edit(&mut self, which: MessageRef, what: Content) -> Answer<()> {
        self.enter()?;
        self.on_host(self.host.chat.edit(which.into(), what.into())).await
    }

    async fn delete(&mut self, which: MessageRef) -> Answer<()> {
        self.enter()?;
        self.on_host(self.host.chat.delete(which.into())).await
    }

    async fn react(&mut self, which: MessageRef, emoji: String) -> Answer<()> {
        self.enter()?;
        self.on_host(self.host.chat.react(which.into(), emoji)).await
    }

    async fn unreact(&mut self, which: MessageRef, emoji: String) -> Answer<()> {
        self.enter()?;
        self.on_host(self.host.chat.unreact(which.into(), emoji)).await
    }

    async fn upload(&mut self, to: Place, name: String, data: Vec<u8>, comment: String) -> Answer<String> {
        self.enter()?;
        if let Err(error) = self.message() {
            return Ok(Err(error));
        }
        let chat = &self.host.chat;
        self.on_host(chat.upload(to.into(), name, data, comment)).await
    }

    async fn download(&mut self, file: String) -> Answer<Vec<u8>> {
        self.enter()?;
        self.on_host(self.host.chat.download(file)).await
    }

    async fn open_direct(&mut self, user: String) -> Answer<Place> {
        self.enter()?;
        let answer = self.on_host(self.host.chat.open_direct(user)).await?;
        Ok(answer.map(Place::from))
    }

    async fn open_modal(&mut self, trigger: String, view: String) -> Answer<()> {
        self.enter()?;
        self.on_host(self.host.chat.open_modal(trigger, view)).await
    }

    async fn get_user(&mut self, id: String) -> Answer<User> {
        self.enter()?;
        let answer = self.on_host(self.host.chat.get_user(id)).await?;
        Ok(answer.map(User::from))
    }

    async fn get_conversation(&mut self, id: String) -> Answer<Conversation> {
        self.enter()?;
        let answer = self.on_host(self.host.chat.get_conversation(id)).await?;
        Ok(answer.map(Conversation::from))
    }

    async fn members(&mut self, conversation: String, cursor: Option<String>) -> Answer<(Vec<String>, Option<String>)> {
        self.enter()?;
        self.on_host(self.host.chat.members(conversation, cursor)).await
    }

    async fn history(&mut self, at: Place, before: Option<String>, limit: u32) -> Answer<Vec<Message>> {
        self.enter()?;
        if limit == 0 || limit > HISTORY {
            return Ok(invalid(format!("`limit` is {limit}; give 1 to {HISTORY}")));
        }
        let answer = self.on_host(self.host.chat.history(at.into(), before, limit)).await?;
        Ok(answer.map(|messages| messages.into_iter().map(Message::from).collect()))
    }

    async fn ask(
        &mut self,
        to: Place,
        who: String,
        id: String,
        what: Content,
        wait_seconds: u32,
    ) -> Answer<MessageRef> {
        self.enter()?;
        if let Err(error) = self.message() {
            return Ok(Err(error));
        }
        let chat = &self.host.chat;
        let answer = self
            .on_host(chat.ask(to.into(), who, id, what.into(), wait_seconds))
            .await?;
        Ok(answer.map(MessageRef::from))
    }
}
