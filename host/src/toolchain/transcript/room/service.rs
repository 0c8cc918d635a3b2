//! What the bot does.

use super::people::mime;
use super::state::{Dead, Note, State};
use super::{BOT_ID, Happening, Room, SERVICE, What, spoken};
use crate::adapter::slack::emoji;
use crate::adapter::{Adapter, Form as Opening, Me, MemberPage, Outgoing, SendError, Stamp, Upload};
use crate::toolchain::transcript::control::{Control, controls, text_at};
use crate::toolchain::transcript::form::Form;
use async_trait::async_trait;
use moa_core::call::Sent;
use moa_core::content::{Audience, Content};
use moa_core::event::{Conversation, File, Mention, Message, MessageRef, Place, PlaceKind, User};
use moa_core::slack::render;
use moa_core::text::plain_mentions;
use serde_json::{Map, Value};

/// As long as with Slack, so that long answers come in the same parts.
const MAX_TEXT: usize = render::MAX_TEXT;
/// What the host itself shows while a call takes long: that depends on the machine and is no part of a conversation.
const HOURGLASS: &str = "hourglass_flowing_sand";

/// What a message says and what is below it.
struct Written {
    text: String,
    controls: Vec<Control>,
}

impl Room {
    /// Renders as for Slack, so that what Slack would refuse is refused, and what is native counts too.
    fn written(&self, content: &Content, stamp: &Stamp) -> Result<Written, SendError> {
        let arguments = render::arguments(content, stamp)?;
        let attached = arguments.get("attachments").and_then(Value::as_array);
        let attached = attached.into_iter().flatten().filter_map(|one| one.get("blocks"));
        let lists = arguments.get("blocks").into_iter().chain(attached);
        let controls = lists.flat_map(|blocks| controls(blocks, &stamp.plugin)).collect();
        let text = match spoken(content) {
            text if text.is_empty() => native_text(&arguments),
            text => text,
        };
        Ok(Written { text, controls })
    }

    fn note(&self, at: MessageRef, written: &Written, time: String) -> Message {
        let mut mentions = Vec::new();
        let _ = plain_mentions(&written.text, |mark, id| {
            mentions.push(match mark {
                '@' => Mention::User(id.into()),
                _ => Mention::Conversation(id.into()),
            });
            None
        });
        Message {
            at,
            author: BOT_ID.into(),
            text: written.text.clone(),
            raw: written.text.clone(),
            mentions,
            files: Vec::new(),
            time,
            edited: false,
        }
    }

    /// Changes one of the bot's messages, by the id that is known here.
    fn change(&self, id: &str, content: &Content, stamp: &Stamp) -> Result<(), SendError> {
        let written = self.written(content, stamp)?;
        let mut state = self.state();
        let note = state.find(id).ok_or_else(gone)?;
        if !note.is_from_bot() {
            return Err(refused(
                "cant_update_message",
                "the message is somebody else's; a bot can change only its own",
            ));
        }
        note.message = Message {
            edited: true,
            files: note.message.files.clone(),
            ..self.note(note.message.at.clone(), &written, note.message.time.clone())
        };
        note.plugin.clone_from(&stamp.plugin);
        note.controls = written.controls;
        let (place, below) = (note.message.at.place.clone(), note.below());
        let what = What::Edited(self.shown(&written.text));
        self.happens(&mut state, &place, what, below);
        Ok(())
    }

    fn happens(&self, state: &mut State, place: &Place, what: What, below: String) {
        let spot = self.spot(place, place.thread.as_deref(), state);
        state.happened.push(Happening { spot, what, below });
    }

    fn reacted(&self, at: &MessageRef, emoji: &str, added: bool) -> Result<(), SendError> {
        if emoji == HOURGLASS {
            return Ok(());
        }
        let name =
            emoji::name(emoji).ok_or_else(|| refused("invalid_name", "there is no such emoji; give its name"))?;
        let reaction = (BOT_ID.to_owned(), name.to_owned());
        let mut state = self.state();
        let note = state.find(&at.id).ok_or_else(gone)?;
        if note.reactions.contains(&reaction) == added {
            return Ok(());
        }
        let place = note.message.at.place.clone();
        let what = match added {
            true => {
                note.reactions.push(reaction);
                What::Reacted(emoji.to_owned())
            }
            false => {
                note.reactions.retain(|other| *other != reaction);
                What::Unreacted(emoji.to_owned())
            }
        };
        self.happens(&mut state, &place, what, String::new());
        Ok(())
    }
}

/// What a message says that a plugin wrote in the service's own JSON.
fn native_text(arguments: &Map<String, Value>) -> String {
    let named = ["text", "markdown_text"].map(|key| arguments.get(key).and_then(Value::as_str).unwrap_or_default());
    if let Some(text) = named.into_iter().find(|text| !text.is_empty()) {
        return text.to_owned();
    }
    let blocks = arguments.get("blocks").and_then(Value::as_array);
    let texts = blocks
        .into_iter()
        .flatten()
        .map(|block| text_at(block, &["text", "text"]));
    texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n")
}

fn refused(code: &str, explanation: &str) -> SendError {
    SendError::Refused {
        code: code.into(),
        explanation: explanation.into(),
    }
}

fn gone() -> SendError {
    refused("message_not_found", "the message is not there, or not any more")
}

#[async_trait]
impl Adapter for Room {
    fn service(&self) -> &'static str {
        SERVICE
    }

    fn me(&self) -> &Me {
        &self.me
    }

    fn max_text(&self) -> usize {
        MAX_TEXT
    }

    async fn send(&self, message: Outgoing<'_>) -> Result<Sent, SendError> {
        let written = self.written(message.content, message.stamp)?;
        let text = self.shown(&written.text);
        let mut state = self.state();
        let inside = message.to.thread.as_deref();
        let direct = message.to.kind == PlaceKind::Direct;
        let audience = message.content.audience;
        let thread = match audience {
            Audience::Thread | Audience::Broadcast if !direct => inside.or(message.answers),
            _ => inside,
        };
        let asker = message.asker.filter(|_| audience == Audience::Asker);
        let place = Place {
            thread: thread.map(str::to_owned),
            ..message.to.clone()
        };
        let at = MessageRef {
            place: place.clone(),
            id: state.next_id(),
        };
        let note = Note {
            message: self.note(at.clone(), &written, format!("{:.3}", state.now)),
            only: asker.map(str::to_owned),
            plugin: message.stamp.plugin.clone(),
            controls: written.controls,
            reactions: Vec::new(),
            broadcast: audience == Audience::Broadcast,
        };
        let what = match asker {
            Some(id) => What::Told(self.person(id).unwrap_or("?").to_owned(), text),
            None if audience == Audience::Asker => What::Told("?".into(), text),
            None => What::Said(text),
        };
        self.happens(&mut state, &place, what, note.below());
        state.notes.push(note);
        Ok((audience != Audience::Asker).then_some(at))
    }

    async fn find(&self, _message: Outgoing<'_>) -> Result<Option<MessageRef>, SendError> {
        // Nothing is ever sent twice here.
        Ok(None)
    }

    async fn edit(&self, at: &MessageRef, content: &Content, stamp: &Stamp) -> Result<(), SendError> {
        self.change(&at.id, content, stamp)
    }

    async fn replace(&self, response_url: &str, content: &Content, stamp: &Stamp) -> Result<(), SendError> {
        self.change(response_url, content, stamp)
    }

    async fn open_form(&self, form: Opening<'_>) -> Result<(), SendError> {
        let mut state = self.state();
        let opened = Form::open(form.view, form.plugin, form.place, form.on)?;
        let person = state.pull(form.trigger).map_err(|dead| match dead {
            Dead::Unknown => refused(
                "invalid_trigger_id",
                "this opens no form; take the trigger of the press",
            ),
            Dead::Used => refused("trigger_exchanged", "this has opened a form already; a press opens one"),
            Dead::TooOld => refused(
                "trigger_expired",
                "a form opens within 3 seconds after the press, or not at all",
            ),
        })?;
        state.forms.insert(person, opened);
        Ok(())
    }

    async fn upload(&self, file: Upload<'_>) -> Result<String, SendError> {
        let mut state = self.state();
        let id = format!("F{}", state.next_id());
        state.files.insert(id.clone(), file.data.to_vec());
        let written = Written {
            text: file.comment.into(),
            controls: Vec::new(),
        };
        let at = MessageRef {
            place: file.to.clone(),
            id: state.next_id(),
        };
        let sent = File {
            id: id.clone(),
            name: file.name.into(),
            mime: mime(file.name).into(),
            size: u32::try_from(file.data.len()).unwrap_or(u32::MAX),
        };
        let note = Note {
            message: Message {
                files: vec![sent],
                ..self.note(at, &written, format!("{:.3}", state.now))
            },
            only: None,
            plugin: String::new(),
            controls: Vec::new(),
            reactions: Vec::new(),
            broadcast: false,
        };
        state.notes.push(note);
        if !file.comment.is_empty() {
            let said = What::Said(self.shown(file.comment));
            self.happens(&mut state, file.to, said, String::new());
        }
        let what = What::Sent(file.name.into(), file.data.to_vec());
        self.happens(&mut state, file.to, what, String::new());
        Ok(id)
    }

    async fn download(&self, file: &str, limit: usize) -> Result<Option<Vec<u8>>, SendError> {
        match self.state().files.get(file) {
            Some(data) if data.len() > limit => Err(refused(
                "too_large",
                "the file is larger than what the host hands to a plugin",
            )),
            found => Ok(found.cloned()),
        }
    }

    async fn find_file(&self, file: &str) -> Result<Option<Vec<String>>, SendError> {
        let state = self.state();
        if !state.files.contains_key(file) {
            return Ok(None);
        }
        let with = |note: &&Note| note.message.files.iter().any(|one| one.id == file);
        let seen = state.notes.iter().filter(with);
        Ok(Some(
            seen.map(|note| note.message.at.place.conversation.clone()).collect(),
        ))
    }

    async fn open_direct(&self, user: &str) -> Result<Place, SendError> {
        if self.person(user).is_none() || user == BOT_ID {
            return Err(refused("user_not_found", "there is nobody of that id"));
        }
        Ok(Place {
            service: SERVICE.into(),
            conversation: format!("D{user}"),
            thread: None,
            kind: PlaceKind::Direct,
        })
    }

    async fn history(&self, at: &Place, before: Option<&str>, limit: u32) -> Result<Vec<Message>, SendError> {
        let state = self.state();
        let there = |note: &&Note| {
            let stands = &note.message.at;
            let inside = match &at.thread {
                Some(root) => stands.id == *root || stands.place.thread.as_ref() == Some(root),
                None => stands.place.thread.is_none() || note.broadcast || at.kind == PlaceKind::Direct,
            };
            note.only.is_none()
                && inside
                && stands.place.conversation == at.conversation
                && before.is_none_or(|before| stands.id.as_str() < before)
        };
        let found = state.notes.iter().rev().filter(there);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Ok(found.take(limit).map(|note| note.message.clone()).collect())
    }

    async fn delete(&self, at: &MessageRef) -> Result<(), SendError> {
        if at.id.is_empty() {
            return Err(gone());
        }
        let mut state = self.state();
        let Some(found) = state.notes.iter().position(|note| note.message.at.id == at.id) else {
            return Ok(());
        };
        if !state.notes.get(found).is_some_and(Note::is_from_bot) {
            return Err(refused(
                "cant_delete_message",
                "the message is somebody else's; a bot can delete only its own",
            ));
        }
        let note = state.notes.remove(found);
        let what = What::Deleted(self.shown(&note.message.text));
        self.happens(&mut state, &note.message.at.place, what, String::new());
        Ok(())
    }

    async fn react(&self, at: &MessageRef, emoji: &str) -> Result<(), SendError> {
        self.reacted(at, emoji, true)
    }

    async fn unreact(&self, at: &MessageRef, emoji: &str) -> Result<(), SendError> {
        self.reacted(at, emoji, false)
    }

    async fn find_user(&self, id: &str) -> Result<Option<User>, SendError> {
        Ok(self.person(id).map(|name| User {
            id: id.into(),
            name: name.into(),
            display_name: name.into(),
            locale: None,
            timezone: None,
            bot: id == BOT_ID,
        }))
    }

    async fn find_conversation(&self, id: &str) -> Result<Option<Conversation>, SendError> {
        let topic = self.state().topics.get(id).cloned().unwrap_or_default();
        Ok(self.channel(id).map(|name| Conversation {
            id: id.into(),
            name: name.into(),
            kind: PlaceKind::Channel,
            topic,
        }))
    }

    async fn find_members(&self, conversation: &str, _cursor: Option<&str>) -> Result<Option<MemberPage>, SendError> {
        let mut ids: Vec<String> = match conversation.strip_prefix('D') {
            Some(person) => vec![person.to_owned()],
            None if self.channel(conversation).is_none() => return Ok(None),
            // Everybody who occurs is in every channel, unless they left.
            None => self.people.iter().map(|name| self.person_id(name)).collect(),
        };
        let state = self.state();
        ids.retain(|id| !state.left.contains(&(conversation.to_owned(), id.clone())));
        drop(state);
        ids.push(BOT_ID.into());
        Ok(Some(MemberPage { ids, next: None }))
    }
}
