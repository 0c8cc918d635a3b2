//! What people and the bot do, each with all its consequences: the message itself, the record, the events to the bot,
//! the notices to open pages.

use crate::conversation::{Kind, Message};
use crate::events;
use crate::locked;
use crate::record::What;
use crate::shared::Shared;
use crate::socket::envelope::Asked;
use crate::socket::hub::{Answered, Unanswered};
use crate::text;
use crate::ts::Ts;
use crate::world::{BOT_USER, Id, World};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Instant;
use tokio_tungstenite::tungstenite::Utf8Bytes;

/// The bot id of an integration that isn't ours.
const INTEGRATION: &str = "B000000HOOK";

/// What a person writes.
#[derive(Default)]
pub(crate) struct Said {
    pub text: String,
    pub thread_ts: Option<Ts>,
    /// a reply that is also shown in the channel
    pub broadcast: bool,
    /// `me_message`, or `bot_message` where an integration writes for them
    pub subtype: Option<&'static str>,
    /// ids of files that go along
    pub files: Vec<String>,
}

impl Shared {
    /// A person writes something, already in the form that Slack's client sends.
    pub fn say(&self, user: &Id, channel: &Id, said: Said) -> Option<Ts> {
        let text: Arc<str> = said.text.into();
        let mut world = locked(&self.world);
        let conversation = world.conversation(channel)?;
        let thread_ts = said.thread_ts.map(|ts| conversation.thread_root(ts));
        let integration = said.subtype == Some("bot_message");
        let message = Message {
            user: user.clone(),
            text: text.clone(),
            thread_ts,
            broadcast: said.broadcast && thread_ts.is_some(),
            subtype: said.subtype,
            more: integration.then(|| json!({"bot_id": INTEGRATION, "username": world.name_of(user)}).into()),
            files: self.shown_files(&said.files),
            client_msg_id: (!integration).then(|| crate::socket::envelope::EnvelopeId::random().to_string().into()),
            ..Message::default()
        };
        let ts = world.post(channel, message)?;
        self.record.add(What::Message {
            channel: channel.clone(),
            ts,
            user: user.clone(),
            text,
            thread_ts: said.thread_ts,
        });
        self.spread(&world, channel, ts);
        self.share_files(&world, channel, ts, &said.files);
        self.hub.said();
        Some(ts)
    }

    /// The bot's message with files appears.
    pub fn post_files(&self, channel: &Id, mut message: Message, pings: Vec<String>, files: &[String]) -> Option<Ts> {
        message.files = self.shown_files(files);
        let ts = self.post(channel, message, pings)?;
        self.share_files(&locked(&self.world), channel, ts, files);
        Some(ts)
    }

    fn shown_files(&self, ids: &[String]) -> Option<Arc<Value>> {
        let files = locked(&self.files);
        let shown: Vec<Value> = ids
            .iter()
            .filter_map(|id| Some(files.get(id)?.shown(&self.base)))
            .collect();
        (!shown.is_empty()).then(|| Arc::new(shown.into()))
    }

    fn share_files(&self, world: &World, channel: &Id, ts: Ts, ids: &[String]) {
        let Some((conversation, message)) = world.conversation(channel).and_then(|c| Some((c, c.message(ts)?))) else {
            return;
        };
        for id in ids {
            if let Some(file) = locked(&self.files).get_mut(id) {
                file.shared_in(conversation, ts, message.thread_ts);
            }
            if let Some(event) = events::of_file(conversation, id, &message.user, ts) {
                let _ = self.hub.dispatch(event, Instant::now());
            }
        }
    }

    /// The bot's message appears. `pings` is whom it notifies.
    pub fn post(&self, channel: &Id, mut message: Message, pings: Vec<String>) -> Option<Ts> {
        message.user = BOT_USER.into();
        let (text, thread_ts) = (message.text.clone(), message.thread_ts);
        let mut world = locked(&self.world);
        let ts = world.post(channel, message)?;
        let ephemeral_for = None;
        self.record.add(What::Post {
            channel: channel.clone(),
            ts,
            text,
            thread_ts,
            ephemeral_for,
            pings,
        });
        self.spread(&world, channel, ts);
        let conversation = world.conversation(channel)?;
        let message = conversation.message(ts)?;
        self.tell_watchers(channel, thread_ts, None, || json!(conversation.view(message, true)));
        Some(ts)
    }

    /// The new message goes to the bot and to the pages.
    fn spread(&self, world: &World, channel: &Id, ts: Ts) {
        let Some(conversation) = world.conversation(channel) else {
            return;
        };
        let Some(message) = conversation.message(ts) else {
            return;
        };
        let now = Instant::now();
        for event in events::of_message(conversation, message) {
            // Only slash commands fail visibly.
            let _ = self.hub.dispatch(event, now);
        }
        self.notice_message(world, channel, ts);
        if let Some(parent) = message.thread_ts {
            // Its count of replies has changed.
            self.notice_message(world, channel, parent);
        }
    }

    fn notice_message(&self, world: &World, channel: &Id, ts: Ts) {
        let Some(conversation) = world.conversation(channel) else {
            return;
        };
        let Some(message) = conversation.message(ts) else {
            return;
        };
        self.notice(|| json!({"type": "message", "channel": channel, "message": conversation.view(message, true)}));
    }

    /// One person is shown a message of the bot.
    pub fn post_ephemeral(&self, channel: &Id, user: &Id, mut message: Message, pings: Vec<String>) -> Option<Ts> {
        message.user = BOT_USER.into();
        message.ephemeral = true;
        let (text, thread_ts) = (message.text.clone(), message.thread_ts);
        let ts = locked(&self.world).post_ephemeral(channel, user, message.clone())?;
        message.ts = ts;
        let ephemeral_for = Some(user.clone());
        self.record.add(What::Post {
            channel: channel.clone(),
            ts,
            text,
            thread_ts,
            ephemeral_for,
            pings,
        });
        let shown = || events::alone(&message);
        self.notice(|| json!({"type": "ephemeral", "channel": channel, "user": user, "message": shown()}));
        self.tell_watchers(channel, thread_ts, Some(user), shown);
        Some(ts)
    }

    /// A message gets new content; `change` makes it. `None` if there is no such message.
    pub fn edit(&self, channel: &Id, ts: Ts, pings: Vec<String>, change: impl FnOnce(&mut Message)) -> Option<()> {
        let mut world = locked(&self.world);
        let conversation = world.conversation_mut(channel)?;
        let at = conversation.next_ts();
        let message = conversation.message_mut(ts)?;
        let before = message.clone();
        change(message);
        message.edited = Some(at);
        let conversation = world.conversation(channel)?;
        let message = conversation.message(ts)?;
        let (user, text) = (message.user.clone(), message.text.clone());
        self.record.add(What::Edit {
            channel: channel.clone(),
            ts,
            user,
            text,
            pings,
        });
        if let Some(event) = events::of_edit(conversation, message, &before, at) {
            let _ = self.hub.dispatch(event, Instant::now());
        }
        self.notice_message(&world, channel, ts);
        Some(())
    }

    /// A message goes away. `None` if there is no such message.
    pub fn delete(&self, channel: &Id, ts: Ts) -> Option<()> {
        let mut world = locked(&self.world);
        let conversation = world.conversation_mut(channel)?;
        let gone = conversation.remove(ts)?;
        let at = conversation.next_ts();
        self.record.add(What::Delete {
            channel: channel.clone(),
            ts,
        });
        if let Some(event) = events::of_delete(conversation, &gone, at) {
            let _ = self.hub.dispatch(event, Instant::now());
        }
        self.notice(|| json!({"type": "deleted", "channel": channel, "ts": ts}));
        if let Some(parent) = gone.thread_ts {
            self.notice_message(&world, channel, parent);
        }
        Some(())
    }

    /// A reaction is added or taken away.
    ///
    /// # Errors
    /// Slack's error: `message_not_found`, `already_reacted`, `no_reaction`.
    pub fn react(&self, channel: &Id, ts: Ts, user: &Id, name: &str, added: bool) -> Result<(), &'static str> {
        let mut world = locked(&self.world);
        let conversation = world.conversation_mut(channel).ok_or("channel_not_found")?;
        let message = conversation.message_mut(ts).ok_or("message_not_found")?;
        let at = message.reactions.iter().position(|(n, _)| **n == *name);
        let users = at.and_then(|at| message.reactions.get_mut(at)).map(|(_, users)| users);
        match (added, users) {
            (true, Some(users)) if users.contains(user) => return Err("already_reacted"),
            (true, Some(users)) => users.push(user.clone()),
            (true, None) => message.reactions.push((name.into(), vec![user.clone()])),
            (false, Some(users)) if users.contains(user) => users.retain(|u| u != user),
            (false, _) => return Err("no_reaction"),
        }
        message.reactions.retain(|(_, users)| !users.is_empty());
        let (channel, user, name) = (channel.clone(), user.clone(), name.to_owned());
        self.record.add(What::Reaction {
            channel: channel.clone(),
            ts,
            user: user.clone(),
            name: name.clone(),
            added,
        });
        let conversation = world.conversation(&channel).ok_or("channel_not_found")?;
        let message = conversation.message(ts).ok_or("message_not_found")?;
        if let Some(event) = events::of_reaction(conversation, message, &user, &name, added) {
            let _ = self.hub.dispatch(event, Instant::now());
        }
        self.notice_message(&world, &channel, ts);
        Ok(())
    }

    /// Somebody, also the bot, joins a channel. False if they were there already.
    pub fn join(&self, channel: &Id, user: &Id) -> bool {
        self.member(channel, user, true)
    }

    /// Somebody, also the bot, leaves a channel. False if they weren't there.
    pub fn leave(&self, channel: &Id, user: &Id) -> bool {
        self.member(channel, user, false)
    }

    fn member(&self, channel: &Id, user: &Id, joins: bool) -> bool {
        let mut world = locked(&self.world);
        let Some(conversation) = world.conversation_mut(channel) else {
            return false;
        };
        if !matches!(conversation.kind, Kind::Channel | Kind::Private) || conversation.has(user) == joins {
            return false;
        }
        let (subtype, text) = match (conversation.kind, joins) {
            (Kind::Private, true) => ("group_join", format!("<@{user}> has joined the group")),
            (Kind::Private, false) => ("group_leave", format!("<@{user}> has left the group")),
            (_, true) => ("channel_join", format!("<@{user}> has joined the channel")),
            (_, false) => ("channel_leave", format!("<@{user}> has left the channel")),
        };
        if joins {
            conversation.members.push(user.clone());
        }
        if conversation.has(BOT_USER) {
            let _ = self
                .hub
                .dispatch(events::of_member(conversation, user, joins), Instant::now());
        }
        self.announce(&mut world, channel, user, subtype, text, json!({}));
        if let (false, Some(conversation)) = (joins, world.conversation_mut(channel)) {
            conversation.members.retain(|member| member != user);
        }
        self.notice(|| json!({"type": "joined", "channel": channel, "user": user}));
        true
    }

    /// Somebody changes the topic of a channel. False where there is none to change.
    pub fn set_topic(&self, channel: &Id, user: &Id, topic: &str) -> bool {
        let mut world = locked(&self.world);
        let Some(conversation) = world.conversation_mut(channel) else {
            return false;
        };
        let subtype = match conversation.kind {
            Kind::Channel => "channel_topic",
            Kind::Private => "group_topic",
            Kind::Im | Kind::Group => return false,
        };
        topic.clone_into(&mut conversation.topic);
        let text = format!("<@{user}> set the channel topic: {}", text::escape(topic));
        self.announce(&mut world, channel, user, subtype, text, json!({"topic": topic}));
        self.notice(|| json!({"type": "joined", "channel": channel, "user": user}));
        true
    }

    /// Slack itself says what somebody did.
    fn announce(&self, world: &mut World, channel: &Id, user: &Id, subtype: &'static str, text: String, more: Value) {
        let message = Message {
            user: user.clone(),
            text: text.into(),
            subtype: Some(subtype),
            more: Some(more.into()),
            ..Message::default()
        };
        if let Some(ts) = world.post(channel, message) {
            self.spread(world, channel, ts);
        }
    }

    /// A person uses a slash command, such as `/moa help`. `None` for an unknown conversation.
    pub fn slash(&self, user: &Id, channel: &Id, typed: &str) -> Option<Arc<str>> {
        let (command, text) = typed.split_once(char::is_whitespace).unwrap_or((typed, ""));
        let url = self.issue_url(channel, user, None);
        let event = {
            let world = locked(&self.world);
            events::of_slash(&events::Slash {
                conversation: world.conversation(channel)?,
                user,
                user_name: world.name_of(user),
                command,
                text: text.trim(),
                response_url: &url,
            })
        };
        let (command, text) = (command.to_owned(), text.trim().to_owned());
        let trigger_id = event.id.clone();
        locked(&self.interactions)
            .triggers
            .add(trigger_id.clone(), user.clone(), None, Instant::now());
        let (at, by) = (channel.clone(), user.clone());
        self.record.add(What::Slash {
            channel: at,
            user: by,
            command,
            text,
            trigger_id: trigger_id.clone(),
        });
        self.notice(|| json!({"type": "slash", "channel": channel, "user": user, "text": typed, "ts": event.ts}));
        if let Err(failure) = self.hub.dispatch(event, Instant::now()) {
            self.unanswered(&failure);
        }
        Some(trigger_id)
    }

    /// Tells a person that what they did got no acknowledgement.
    pub fn unanswered(&self, failure: &Unanswered) {
        let Unanswered { origin, error } = failure;
        let user = &origin.user;
        match &origin.asked {
            Asked::Slash { channel, command } => {
                let command = text::escape(command);
                let text = if locked(&self.world).is_korean(user) {
                    format!("{command} 명령이 실패했습니다: \"{error}\"")
                } else {
                    format!("{command} failed with the error \"{error}\"")
                };
                let message = Message {
                    text: text.into(),
                    ..Message::default()
                };
                self.post_ephemeral(channel, user, message, Vec::new());
            }
            Asked::Action {
                channel,
                ts,
                view,
                block_id,
                action_id,
            } => self.notice(|| {
                json!({"type": "unanswered", "user": user, "channel": channel, "ts": ts, "view": view, "error": error,
                       "block_id": block_id, "action_id": action_id})
            }),
            Asked::Submission { view } => {
                self.notice(|| json!({"type": "unanswered", "user": user, "view": view, "error": error}));
            }
            Asked::Shortcut { callback_id, .. } => {
                self.notice(|| json!({"type": "unanswered", "user": user, "shortcut": callback_id, "error": error}));
            }
            // The modal is gone: there is nobody to tell.
            Asked::Closed => {}
        }
    }

    /// Takes frames of the bot on one connection.
    pub fn acknowledge(&self, connection: u64, frames: &[Utf8Bytes]) {
        if frames.is_empty() {
            return;
        }
        for Answered { origin, payload } in self.hub.acknowledge(connection, frames, Instant::now()) {
            let answer = payload
                .and_then(|p| serde_json::from_str::<Value>(p.get()).ok())
                .unwrap_or_default();
            match &origin.asked {
                // An answer that is no message, such as `{}`, shows nothing, nor does one that is refused.
                Asked::Slash { channel, .. } => drop(self.respond(channel, &origin.user, None, &answer)),
                Asked::Submission { view } => self.submitted(&origin.user, view, &answer),
                Asked::Action {
                    channel,
                    ts,
                    view,
                    block_id,
                    action_id,
                } => self.notice(|| {
                    json!({"type": "answered", "user": origin.user, "channel": channel, "ts": ts, "view": view,
                           "block_id": block_id, "action_id": action_id})
                }),
                Asked::Closed | Asked::Shortcut { .. } => {}
            }
        }
    }
}
