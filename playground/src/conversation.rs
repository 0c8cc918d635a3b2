//! One conversation: its messages in order of `ts`, their threads, and the JSON that Slack shows of them.

use crate::ts::Ts;
use crate::world::{APP, BOT, BOT_USER, Id, TEAM};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// What a conversation is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// a public channel
    Channel,
    /// a private channel
    Private,
    /// one person and the bot
    Im,
    /// several people and the bot
    Group,
}

impl Kind {
    /// The `channel_type` of events.
    pub fn channel_type(self) -> &'static str {
        match self {
            Kind::Channel => "channel",
            Kind::Private => "group",
            Kind::Im => "im",
            Kind::Group => "mpim",
        }
    }

    /// The word in `conversations.list?types=`.
    pub fn list_type(self) -> &'static str {
        match self {
            Kind::Channel => "public_channel",
            Kind::Private => "private_channel",
            Kind::Im => "im",
            Kind::Group => "mpim",
        }
    }
}

/// A message. Everything that Slack would leave out when empty is optional.
#[derive(Clone, Default)]
pub(crate) struct Message {
    pub ts: Ts,
    pub user: Id,
    pub text: Arc<str>,
    pub blocks: Option<Arc<Value>>,
    pub attachments: Option<Arc<Value>>,
    pub metadata: Option<Arc<Value>>,
    pub files: Option<Arc<Value>>,
    /// the parent's `ts`: the message is a reply
    pub thread_ts: Option<Ts>,
    /// a reply that is also shown in the channel
    pub broadcast: bool,
    pub client_msg_id: Option<Box<str>>,
    /// when it was last edited, always by its writer
    pub edited: Option<Ts>,
    pub reactions: Vec<(Box<str>, Vec<Id>)>,
    pub ephemeral: bool,
    /// what Slack itself says of it, such as `channel_join`, `me_message`, `bot_message`
    pub subtype: Option<&'static str>,
    /// what only messages of this subtype have, an object
    pub more: Option<Arc<Value>>,
}

impl Message {
    /// Whether Slack wrote it, such as that somebody joined.
    pub fn of_system(&self) -> bool {
        self.subtype
            .is_some_and(|subtype| !matches!(subtype, "me_message" | "bot_message"))
    }

    /// Whether the bot wrote it.
    pub fn by_bot(&self) -> bool {
        &*self.user == BOT_USER
    }

    /// Whether it belongs to a thread only, not to the channel's own list.
    pub fn only_in_thread(&self) -> bool {
        self.thread_ts.is_some() && !self.broadcast
    }
}

/// What a thread's parent tells about it.
#[derive(Default)]
pub(crate) struct Thread {
    pub replies: VecDeque<Ts>,
    pub users: Vec<Id>,
}

/// A channel, a direct or a group conversation.
pub(crate) struct Conversation {
    pub id: Id,
    pub kind: Kind,
    pub name: String,
    pub topic: String,
    pub members: Vec<Id>,
    messages: VecDeque<Message>,
    threads: HashMap<Ts, Thread>,
    last: Ts,
}

impl Conversation {
    /// An empty conversation.
    pub fn new(id: Id, kind: Kind, name: String, topic: String, members: Vec<Id>) -> Self {
        let (messages, threads) = (VecDeque::new(), HashMap::new());
        Self {
            id,
            kind,
            name,
            topic,
            members,
            messages,
            threads,
            last: Ts(0),
        }
    }

    /// Whether this user is a member.
    pub fn has(&self, user: &str) -> bool {
        self.members.iter().any(|m| &**m == user)
    }

    /// A `ts` that is the present time and higher than every other one here.
    pub fn next_ts(&mut self) -> Ts {
        self.last = Ts::now().max(Ts(self.last.0 + 1));
        self.last
    }

    /// Appends a message under a new `ts`; the oldest ones beyond `keep` are forgotten.
    pub fn post(&mut self, mut message: Message, keep: usize) -> Ts {
        let ts = self.next_ts();
        message.ts = ts;
        if let Some(parent) = message.thread_ts {
            let thread = self.threads.entry(parent).or_default();
            thread.replies.push_back(ts);
            if !thread.users.contains(&message.user) {
                thread.users.push(message.user.clone());
            }
        }
        self.messages.push_back(message);
        while self.messages.len() > keep {
            if let Some(gone) = self.messages.pop_front() {
                self.forget(&gone);
            }
        }
        ts
    }

    fn forget(&mut self, gone: &Message) {
        let Some(parent) = gone.thread_ts else {
            self.threads.remove(&gone.ts);
            return;
        };
        let Some(thread) = self.threads.get_mut(&parent) else {
            return;
        };
        if let Ok(at) = thread.replies.binary_search(&gone.ts) {
            thread.replies.remove(at);
        }
        if thread.replies.is_empty() {
            self.threads.remove(&parent);
        }
    }

    /// The message with this `ts`.
    pub fn message(&self, ts: Ts) -> Option<&Message> {
        self.messages
            .get(self.messages.binary_search_by_key(&ts, |m| m.ts).ok()?)
    }

    /// The message with this `ts`, to be changed.
    pub fn message_mut(&mut self, ts: Ts) -> Option<&mut Message> {
        let at = self.messages.binary_search_by_key(&ts, |m| m.ts).ok()?;
        self.messages.get_mut(at)
    }

    /// Takes a message away; its thread's replies stay.
    pub fn remove(&mut self, ts: Ts) -> Option<Message> {
        let at = self.messages.binary_search_by_key(&ts, |m| m.ts).ok()?;
        let gone = self.messages.remove(at)?;
        if gone.thread_ts.is_some() {
            self.forget(&gone);
        }
        Some(gone)
    }

    /// The thread under this parent, if anybody replied.
    pub fn thread(&self, parent: Ts) -> Option<&Thread> {
        self.threads.get(&parent)
    }

    /// The messages older than `before` and newer than `after` (both exclusive), newest first.
    pub fn newest_first(&self, before: Ts, after: Ts) -> impl Iterator<Item = &Message> {
        let end = self.messages.partition_point(|m| m.ts < before);
        self.messages.range(..end).rev().take_while(move |m| m.ts > after)
    }

    /// The parent that a reply to `ts` belongs to: a reply to a reply goes to its thread.
    pub fn thread_root(&self, ts: Ts) -> Ts {
        self.message(ts).and_then(|m| m.thread_ts).unwrap_or(ts)
    }

    /// How Slack shows a message of this conversation.
    pub fn view<'a>(&'a self, message: &'a Message, with_metadata: bool) -> View<'a> {
        View {
            conversation: Some(self),
            message,
            with_metadata,
        }
    }
}

/// Serialises a message as Slack's APIs and events show it.
pub(crate) struct View<'a> {
    conversation: Option<&'a Conversation>,
    message: &'a Message,
    with_metadata: bool,
}

impl<'a> View<'a> {
    /// A message that is in no history, such as an ephemeral one.
    pub fn alone(message: &'a Message) -> Self {
        Self {
            conversation: None,
            message,
            with_metadata: true,
        }
    }

    /// Writes the members of the message into an open map, without `type`, so that events can add their own.
    pub fn fields<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        let m = self.message;
        // An integration is nobody.
        if m.subtype != Some("bot_message") {
            map.serialize_entry("user", &m.user)?;
        }
        map.serialize_entry("ts", &m.ts)?;
        map.serialize_entry("text", &m.text)?;
        map.serialize_entry("team", TEAM)?;
        if m.by_bot() {
            map.serialize_entry("bot_id", BOT)?;
            map.serialize_entry("app_id", APP)?;
        }
        if let Some(subtype) = m.subtype {
            map.serialize_entry("subtype", subtype)?;
        } else if m.broadcast {
            map.serialize_entry("subtype", "thread_broadcast")?;
        } else if m.files.is_some() {
            map.serialize_entry("subtype", "file_share")?;
        }
        for (name, value) in m.more.as_deref().and_then(Value::as_object).into_iter().flatten() {
            map.serialize_entry(name, value)?;
        }
        if let Some(id) = &m.client_msg_id {
            map.serialize_entry("client_msg_id", id)?;
        }
        for (name, value) in [
            ("blocks", &m.blocks),
            ("attachments", &m.attachments),
            ("files", &m.files),
        ] {
            if let Some(value) = value {
                map.serialize_entry(name, value)?;
            }
        }
        if let (true, Some(metadata)) = (self.with_metadata, &m.metadata) {
            map.serialize_entry("metadata", metadata)?;
        }
        if let Some(ts) = m.edited {
            map.serialize_entry("edited", &json!({"user": m.user, "ts": ts}))?;
        }
        if !m.reactions.is_empty() {
            map.serialize_entry("reactions", &reactions_json(m))?;
        }
        if m.ephemeral {
            map.serialize_entry("is_ephemeral", &true)?;
        }
        self.thread_fields(map)
    }

    fn thread_fields<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        let m = self.message;
        if let Some(parent) = m.thread_ts {
            map.serialize_entry("thread_ts", &parent)?;
            if let Some(parent) = self.conversation.and_then(|c| c.message(parent)) {
                map.serialize_entry("parent_user_id", &parent.user)?;
            }
        } else if let Some(thread) = self.conversation.and_then(|c| c.thread(m.ts)) {
            map.serialize_entry("thread_ts", &m.ts)?;
            map.serialize_entry("reply_count", &thread.replies.len())?;
            map.serialize_entry("reply_users", &thread.users)?;
            map.serialize_entry("reply_users_count", &thread.users.len())?;
            map.serialize_entry("latest_reply", &thread.replies.back())?;
            map.serialize_entry("subscribed", &false)?;
        }
        Ok(())
    }
}

impl Serialize for View<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("type", "message")?;
        self.fields(&mut map)?;
        map.end()
    }
}

/// The `reactions` of a message.
pub(crate) fn reactions_json(message: &Message) -> Value {
    let one = |(name, users): &(Box<str>, Vec<Id>)| json!({"name": name, "users": users, "count": users.len()});
    message.reactions.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conversation() -> Conversation {
        Conversation::new("C1".into(), Kind::Channel, "c".into(), String::new(), vec![])
    }

    #[test]
    fn every_ts_is_new_and_higher() {
        let mut c = conversation();
        let all: Vec<Ts> = (0..1000).map(|_| c.post(Message::default(), 10_000)).collect();
        assert!(all.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn old_messages_and_their_threads_are_forgotten() {
        let mut c = conversation();
        let parent = c.post(Message::default(), 3);
        let reply = c.post(
            Message {
                thread_ts: Some(parent),
                ..Default::default()
            },
            3,
        );
        assert_eq!(c.thread(parent).map(|t| t.replies.len()), Some(1));
        for _ in 0..3 {
            c.post(Message::default(), 3);
        }
        assert!(c.message(parent).is_none() && c.message(reply).is_none() && c.thread(parent).is_none());
        assert_eq!(c.newest_first(Ts(u64::MAX), Ts(0)).count(), 3);
    }

    #[test]
    fn a_reply_to_a_reply_joins_its_thread() {
        let mut c = conversation();
        let parent = c.post(Message::default(), 9);
        let reply = c.post(
            Message {
                thread_ts: Some(parent),
                ..Default::default()
            },
            9,
        );
        assert_eq!(c.thread_root(reply), parent);
        assert_eq!(c.thread_root(parent), parent);
    }

    #[test]
    fn a_parent_tells_of_its_replies_and_hides_metadata() {
        let mut c = conversation();
        let metadata = Some(Arc::new(json!({"event_type": "x"})));
        let parent = c.post(
            Message {
                metadata,
                ..Default::default()
            },
            9,
        );
        c.post(
            Message {
                thread_ts: Some(parent),
                ..Default::default()
            },
            9,
        );
        let message = c.message(parent).unwrap();
        let shown = serde_json::to_value(c.view(message, false)).unwrap();
        assert_eq!(shown["reply_count"], 1);
        assert_eq!(shown["thread_ts"], shown["ts"]);
        assert!(shown.get("metadata").is_none());
        let shown = serde_json::to_value(c.view(message, true)).unwrap();
        assert_eq!(shown["metadata"]["event_type"], "x");
    }
}
