//! `chat`: speaking where the call came from, and elsewhere where that is granted.

mod ask;
mod files;
mod past;
mod refused;

use super::Scene;
use crate::adapter::{Form, Stamp};
use crate::invocation::Names;
use crate::outbox::Letter;
use crate::recall::print::{Function, Print};
use async_trait::async_trait;
use moa_core::call::{CapError, CapResult, FullMessage, Sent};
use moa_core::content::{Action, Content};
use moa_core::event::{Conversation, EventKind, Mention, MessageRef, Place, User};
use refused::refused;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

/// What ids of the host's own buttons begin with.
const RESERVED: &str = "moa:";

pub(super) struct Chat(pub(super) Arc<Scene>, Mutex<Own>);

/// What the call may use because it made it.
#[derive(Default)]
struct Own {
    /// Direct conversations that it opened.
    directs: HashSet<String>,
    /// Files that it put somewhere.
    files: HashSet<String>,
}

#[async_trait]
impl moa_engine::Chat for Chat {
    async fn send(&self, to: Place, what: Content) -> CapResult<Sent> {
        own_ids(&what)?;
        self.send_as(Function::ChatSend, to, self.0.event.author(), &what).await
    }

    async fn ask(&self, to: Place, who: String, id: String, what: Content, wait_seconds: u32) -> CapResult<MessageRef> {
        self.question(to, who, id, what, wait_seconds).await
    }

    async fn edit(&self, which: MessageRef, what: Content) -> CapResult<()> {
        own_ids(&what)?;
        let print = Print::of(Function::ChatEdit).json(&which).json(&what).done();
        let which = self.named_one(which);
        let live = async {
            self.may_write(&which.place)?;
            self.not_the_hosts(&which)?;
            let stamp = Stamp {
                plugin: self.0.plugin.clone(),
                invocation: self.0.effects.clone(),
                ordinal: self.0.ordinals.next(),
            };
            self.0.outbox.edit(&which, &what, &stamp).await.map_err(refused)
        };
        self.0.outward(print, live).await
    }

    async fn delete(&self, which: MessageRef) -> CapResult<()> {
        let print = Print::of(Function::ChatDelete).json(&which).done();
        let which = self.named_one(which);
        let live = async {
            self.allowed(&which.place)?;
            self.not_the_hosts(&which)?;
            self.0.ordinals.next();
            let scene = &self.0;
            let done = scene.outbox.carry_out(|| scene.adapter.delete(&which));
            done.await.map_err(refused)
        };
        self.0.outward(print, live).await
    }

    async fn react(&self, which: MessageRef, emoji: String) -> CapResult<()> {
        let print = Print::of(Function::ChatReact).json(&which).text(&emoji).done();
        let which = self.named_one(which);
        let live = async {
            self.may_write(&which.place)?;
            self.0.ordinals.next();
            let scene = &self.0;
            let done = scene.outbox.carry_out(|| scene.adapter.react(&which, &emoji));
            done.await.map_err(refused)
        };
        self.0.outward(print, live).await
    }

    async fn unreact(&self, which: MessageRef, emoji: String) -> CapResult<()> {
        let print = Print::of(Function::ChatUnreact).json(&which).text(&emoji).done();
        let which = self.named_one(which);
        let live = async {
            self.allowed(&which.place)?;
            self.0.ordinals.next();
            let scene = &self.0;
            let done = scene.outbox.carry_out(|| scene.adapter.unreact(&which, &emoji));
            done.await.map_err(refused)
        };
        self.0.outward(print, live).await
    }

    async fn upload(&self, to: Place, name: String, data: Vec<u8>, comment: String) -> CapResult<String> {
        self.put(to, &name, &data, &comment).await
    }

    async fn download(&self, file: String) -> CapResult<Vec<u8>> {
        self.fetch(&file).await
    }

    async fn open_direct(&self, user: String) -> CapResult<Place> {
        let print = Print::of(Function::ChatDirect).text(&user).done();
        let live = async {
            if !self.concerns(&user).await? {
                self.0.granted.users()?;
            }
            self.0.adapter.open_direct(&user).await.map_err(refused)
        };
        let place = self.0.read(print, live).await?;
        self.own().directs.insert(place.conversation.clone());
        Ok(place)
    }

    async fn open_modal(&self, trigger: String, view: String) -> CapResult<()> {
        let print = Print::of(Function::ChatModal).text(&trigger).text(&view).done();
        let live = async {
            let EventKind::Press(press) = &self.0.event.kind else {
                return Err(CapError::NotFound(
                    "only a press brings a trigger to open a form with".into(),
                ));
            };
            if press.trigger.as_ref() != Some(&trigger) {
                return Err(CapError::NotFound(
                    "that is not the trigger which this press brought".into(),
                ));
            }
            self.0.ordinals.next();
            let form = Form {
                trigger: &trigger,
                view: &view,
                plugin: &self.0.plugin,
                place: &press.place,
                on: press.on.as_ref(),
            };
            // A trigger is good for seconds: who waits here waits in vain.
            self.0.adapter.open_form(form).await.map_err(refused)
        };
        self.0.outward(print, live).await
    }

    async fn history(&self, at: Place, before: Option<String>, limit: u32) -> CapResult<Vec<FullMessage>> {
        self.past(at, before.as_deref(), limit).await
    }

    async fn get_user(&self, id: String) -> CapResult<User> {
        let print = Print::of(Function::ChatUser).text(&id).done();
        let live = async {
            if !self.concerns(&id).await? {
                self.0.granted.users()?;
            }
            let user = self.0.adapter.find_user(&id).await.map_err(refused)?;
            user.ok_or_else(|| CapError::NotFound(format!("the chat service knows nobody with the id `{id}`")))
        };
        self.0.read(print, live).await
    }

    async fn get_conversation(&self, id: String) -> CapResult<Conversation> {
        let print = Print::of(Function::ChatConversation).text(&id).done();
        let live = async {
            self.visible(&id)?;
            let conversation = self.0.adapter.find_conversation(&id).await.map_err(refused)?;
            let conversation = conversation.ok_or_else(|| absent(&id))?;
            Ok(Names::in_topic(&*self.0.adapter, conversation).await)
        };
        self.0.read(print, live).await
    }

    async fn members(&self, conversation: String, cursor: Option<String>) -> CapResult<(Vec<String>, Option<String>)> {
        let print = Print::of(Function::ChatMembers).text(&conversation);
        let print = print.maybe(cursor.as_deref()).done();
        let live = async {
            self.visible(&conversation)?;
            let page = self.0.adapter.find_members(&conversation, cursor.as_deref());
            let page = page.await.map_err(refused)?.ok_or_else(|| absent(&conversation))?;
            Ok((page.ids, page.next))
        };
        self.0.read(print, live).await
    }
}

impl Chat {
    pub(super) fn new(scene: Arc<Scene>) -> Self {
        Self(scene, Mutex::default())
    }

    /// It is whole between any two statements.
    fn own(&self) -> std::sync::MutexGuard<'_, Own> {
        self.1.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a message; `asker` is who sees it where it is for one person.
    async fn send_as(&self, function: Function, to: Place, asker: &str, what: &Content) -> CapResult<Sent> {
        let print = Print::of(function).json(&to).json(what).done();
        let to = self.named(to);
        self.0.outward(print, self.say(&to, asker, what)).await
    }

    async fn say(&self, to: &Place, asker: &str, what: &Content) -> CapResult<Sent> {
        self.may_write(to)?;
        let scene = &self.0;
        let here = to.conversation == scene.event.place().conversation;
        // A slash command is no message in the conversation: there is nothing to hang a thread on. But it has an address
        // for answers, which is good where the bot is no member, too.
        let (answers, response_url) = match here {
            true => (scene.event.answers(), scene.event.response_url()),
            false => (None, None),
        };
        let letter = Letter {
            to,
            answers: answers.map(|at| at.id.as_str()),
            asker: Some(asker),
            content: what,
            plugin: &scene.plugin,
            invocation: &scene.effects,
            response_url,
            look_first: scene.look_first,
        };
        scene.outbox.send(letter, &scene.ordinals).await.map_err(refused)
    }

    /// A place of which only the conversation is known, with the service that its id tells. Prints are of what the plugin
    /// gave: which service an id tells may have changed when a call that was cut off runs again.
    fn named(&self, place: Place) -> Place {
        match place.service.as_str() {
            "" => Place {
                service: self.0.adapter.service_of(&place.conversation).into(),
                ..place
            },
            _ => place,
        }
    }

    fn named_one(&self, which: MessageRef) -> MessageRef {
        MessageRef {
            place: self.named(which.place),
            ..which
        }
    }

    fn allowed(&self, place: &Place) -> CapResult<()> {
        if !self.0.adapter.serves(&place.service) {
            return Err(CapError::NotFound(format!(
                "no chat service `{}` is connected",
                place.service
            )));
        }
        self.visible(&place.conversation)
    }

    /// As [`Chat::allowed`], and nobody made the bot silent there.
    fn may_write(&self, place: &Place) -> CapResult<()> {
        self.allowed(place)?;
        let conversation = &place.conversation;
        match self.0.maintenance.is_muted(&place.service, conversation) {
            true => Err(CapError::AccessDenied(format!(
                "an admin made the bot silent in the conversation `{conversation}`, until an admin writes `!unmute` and its name"
            ))),
            false => Ok(()),
        }
    }

    /// What people decide by is shown to them by the host alone: no plugin changes it or takes it away.
    fn not_the_hosts(&self, which: &MessageRef) -> CapResult<()> {
        match self.0.pendings.is_asked_on(which) {
            true => Err(CapError::AccessDenied(
                "in that message the host asks whether a command is to run; no plugin may change or delete it".into(),
            )),
            false => Ok(()),
        }
    }

    /// Where the call came from everything is free, and so is a direct conversation that it could open.
    fn visible(&self, conversation: &str) -> CapResult<()> {
        let is_here = !self.0.event.is_outside() && conversation == self.0.event.place().conversation;
        if is_here || self.own().directs.contains(conversation) {
            return Ok(());
        }
        self.0.granted.conversation(conversation)
    }

    /// Whether somebody has to do with the call: wrote its message, is mentioned there, or is a member of the
    /// conversation; or is the bot itself.
    async fn concerns(&self, id: &str) -> CapResult<bool> {
        let event = &self.0.event;
        let mentioned = |mention: &Mention| matches!(mention, Mention::User(user) if user == id);
        let mentions = event.message().map_or(&[][..], |message| &message.mentions);
        if (event.author() == id && !id.is_empty())
            || self.0.adapter.me().user_id == id
            || mentions.iter().any(mentioned)
        {
            return Ok(true);
        }
        // Who may look up everybody need not be a member; that saves the service a question.
        if self.0.granted.users().is_ok() {
            return Ok(true);
        }
        if event.is_outside() {
            return Ok(false);
        }
        let here = &event.place().conversation;
        let mut cursor = None;
        loop {
            let page = self.0.adapter.find_members(here, cursor.as_deref());
            let Some(page) = page.await.map_err(refused)? else {
                return Ok(false);
            };
            if page.ids.iter().any(|member| member == id) {
                return Ok(true);
            }
            // A service that leads back to where it was would be asked for ever.
            if page.next.is_none() || page.next == cursor {
                return Ok(false);
            }
            cursor = page.next;
        }
    }
}

fn absent(conversation: &str) -> CapError {
    CapError::NotFound(format!(
        "there is no conversation `{conversation}`, or the bot may not see it"
    ))
}

/// Buttons with such ids are the host's own.
fn own_ids(what: &Content) -> CapResult<()> {
    let reserved = |action: &&Action| match action {
        Action::Button { id, .. } | Action::Select { id, .. } => id.starts_with(RESERVED),
        Action::Link(..) => false,
    };
    if what.actions.iter().any(|action| reserved(&action)) {
        return Err(CapError::Invalid(format!(
            "ids of buttons and menus that begin with `{RESERVED}` are the host's own; give it another"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
