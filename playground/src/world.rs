//! The workspace: its people, the bot, the conversations and what was said in them.

use crate::Channel;
use crate::conversation::{Conversation, Kind, Message};
use crate::merge;
use crate::ts::Ts;
use serde_json::{Value, json};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// An identifier such as `C0000000DEV`. Cheap to clone.
pub(crate) type Id = Arc<str>;

pub(crate) const TEAM: &str = "T0000PLAYMO";
pub(crate) const TEAM_NAME: &str = "Playground";
pub(crate) const TEAM_DOMAIN: &str = "playground";
pub(crate) const APP: &str = "A0000000MOA";
pub(crate) const BOT_USER: &str = "U0000000MOA";
pub(crate) const BOT: &str = "B0000000MOA";
/// Ephemeral messages are kept only so that a page opened later shows the last of them.
const EPHEMERALS: usize = 200;
/// 2025-01-01: when the workspace, its people and channels claim to have been made.
const CREATED: u64 = 1_735_689_600;

/// Somebody in the workspace who is not the bot.
pub(crate) struct Person {
    pub id: Id,
    /// the DM between this person and the bot
    pub im: Id,
    /// user name, ASCII
    pub name: &'static str,
    /// display name, which others mention
    pub display: &'static str,
    pub real: &'static str,
    pub locale: &'static str,
    pub tz: &'static str,
    tz_label: &'static str,
    tz_offset: i32,
}

/// A message that only one person sees. Slack keeps it out of every history.
pub(crate) struct Ephemeral {
    pub channel: Id,
    /// who sees it
    pub user: Id,
    pub message: Message,
}

/// Everything that lives in the workspace.
pub(crate) struct World {
    pub bot_name: String,
    pub people: Vec<Person>,
    pub conversations: Vec<Conversation>,
    pub ephemerals: VecDeque<Ephemeral>,
    by_id: HashMap<Id, usize>,
    keep: usize,
}

impl World {
    /// A fresh workspace whose bot is called `bot_name`; each conversation keeps its newest `keep` messages.
    pub fn new(bot_name: String, keep: usize) -> Self {
        let people = people();
        let everyone: Vec<Id> = people.iter().map(|p| p.id.clone()).collect();
        let mut world = Self {
            bot_name,
            people,
            conversations: Vec::new(),
            ephemerals: VecDeque::new(),
            by_id: HashMap::new(),
            keep: keep.max(1),
        };
        for (id, name, topic, with_bot) in [
            ("C00GENERAL0", "general", "모두의 이야기 · everyone's channel", true),
            ("C0000LUNCH0", "lunch", "오늘 뭐 먹지? · what's for lunch", true),
            ("C000000DEV0", "dev", "봇을 만드는 곳 · where bots are built", true),
            ("C000RANDOM0", "random", "봇이 없는 곳 · the bot isn't here", false),
        ] {
            let mut members = everyone.clone();
            if with_bot {
                members.push(BOT_USER.into());
            }
            world.add(Conversation::new(
                id.into(),
                Kind::Channel,
                name.into(),
                topic.into(),
                members,
            ));
        }
        // Rosie and Ben made it with the bot; nobody else knows of it.
        let secret = ["U00000ROSIE", "U0000000BEN", BOT_USER].map(Id::from).to_vec();
        world.add(Conversation::new(
            "C0000SECRET".into(),
            Kind::Private,
            "secret".into(),
            "비공개 · private".into(),
            secret,
        ));
        let ims: Vec<_> = world.people.iter().map(|p| (p.im.clone(), p.id.clone())).collect();
        for (im, person) in ims {
            world.add(Conversation::new(
                im,
                Kind::Im,
                String::new(),
                String::new(),
                vec![person, BOT_USER.into()],
            ));
        }
        world
    }

    /// One more public channel, with everybody and the bot in it.
    pub fn open_channel(&mut self, channel: &Channel) {
        let people = self.people.iter().map(|person| person.id.clone());
        let members = people.chain([BOT_USER.into()]).collect();
        let Channel { id, name, topic } = channel;
        self.add(Conversation::new(
            id.as_str().into(),
            Kind::Channel,
            name.as_str().into(),
            topic.as_str().into(),
            members,
        ));
    }

    fn add(&mut self, conversation: Conversation) {
        self.by_id.insert(conversation.id.clone(), self.conversations.len());
        self.conversations.push(conversation);
    }

    /// The conversation with this id.
    pub fn conversation(&self, id: &str) -> Option<&Conversation> {
        self.conversations.get(*self.by_id.get(id)?)
    }

    /// The conversation with this id, to be changed.
    pub fn conversation_mut(&mut self, id: &str) -> Option<&mut Conversation> {
        self.conversations.get_mut(*self.by_id.get(id)?)
    }

    /// Finds a conversation by what `chat.postMessage` accepts: an id, a person's id (their DM), `#name` or `name`.
    pub fn resolve(&self, what: &str) -> Option<Id> {
        if let Some((id, _)) = self.by_id.get_key_value(what) {
            return Some(id.clone());
        }
        if let Some(person) = self.people.iter().find(|p| &*p.id == what) {
            return Some(person.im.clone());
        }
        let name = what.strip_prefix('#').unwrap_or(what);
        self.conversations
            .iter()
            .find(|c| matches!(c.kind, Kind::Channel | Kind::Private) && c.name == name)
            .map(|c| c.id.clone())
    }

    /// Whether the bot can know of a conversation: of what is private only where it is a member.
    pub fn bot_knows(&self, id: &str) -> bool {
        self.conversation(id)
            .is_some_and(|c| c.kind == Kind::Channel || c.has(BOT_USER))
    }

    /// Finds a person by id, user name or display name; the case of ASCII letters doesn't matter.
    pub fn person(&self, who: &str) -> Option<&Person> {
        let who = who.strip_prefix('@').unwrap_or(who);
        self.people
            .iter()
            .find(|p| &*p.id == who || p.name.eq_ignore_ascii_case(who) || p.display.eq_ignore_ascii_case(who))
    }

    /// The group conversation of exactly these people and the bot, made if there is none yet; and whether there was one.
    pub fn group_of(&mut self, mut members: Vec<Id>) -> (Id, bool) {
        members.push(BOT_USER.into());
        members.sort();
        members.dedup();
        let same = |c: &&Conversation| c.kind == Kind::Group && c.members == members;
        if let Some(found) = self.conversations.iter().find(same) {
            return (found.id.clone(), true);
        }
        let names: Vec<&str> = members.iter().map(|m| self.name_of(m)).collect();
        let name = format!("mpdm-{}-1", names.join("--"));
        let id: Id = format!("G{:010}", self.conversations.len()).into();
        self.add(Conversation::new(id.clone(), Kind::Group, name, String::new(), members));
        (id, false)
    }

    /// The user name of a person or of the bot; the id itself for somebody unknown.
    pub fn name_of<'a>(&'a self, user: &'a str) -> &'a str {
        if user == BOT_USER {
            return &self.bot_name;
        }
        self.people.iter().find(|p| &*p.id == user).map_or(user, |p| p.name)
    }

    /// Puts a message into a conversation under the next free `ts`, and gives that `ts`.
    pub fn post(&mut self, channel: &str, message: Message) -> Option<Ts> {
        let keep = self.keep;
        Some(self.conversation_mut(channel)?.post(message, keep))
    }

    /// Remembers an ephemeral message for pages that open later; gives it its `ts`.
    pub fn post_ephemeral(&mut self, channel: &Id, user: &Id, mut message: Message) -> Option<Ts> {
        let ts = self.conversation_mut(channel)?.next_ts();
        message.ts = ts;
        if self.ephemerals.len() >= EPHEMERALS {
            self.ephemerals.pop_front();
        }
        self.ephemerals.push_back(Ephemeral {
            channel: channel.clone(),
            user: user.clone(),
            message,
        });
        Some(ts)
    }

    /// An ephemeral message that is still remembered.
    pub fn ephemeral(&self, channel: &Id, user: &Id, ts: Ts) -> Option<&Ephemeral> {
        self.ephemerals
            .iter()
            .find(|e| e.message.ts == ts && e.channel == *channel && e.user == *user)
    }

    /// Gives a remembered ephemeral message other content, or forgets it (`None`). False if there is none.
    pub fn replace_ephemeral(&mut self, channel: &Id, user: &Id, ts: Ts, message: Option<Message>) -> bool {
        let found = self
            .ephemerals
            .iter()
            .position(|e| e.message.ts == ts && e.channel == *channel && e.user == *user);
        let Some(at) = found else { return false };
        match (message, self.ephemerals.get_mut(at)) {
            (Some(message), Some(ephemeral)) => ephemeral.message = message,
            _ => drop(self.ephemerals.remove(at)),
        }
        true
    }

    /// Whether somebody reads Korean.
    pub fn is_korean(&self, user: &str) -> bool {
        self.people.iter().any(|p| &*p.id == user && p.locale.starts_with("ko"))
    }

    /// The `user` object of `users.info` and `users.list`; `None` for an unknown id.
    pub fn user_json(&self, user: &str, with_locale: bool) -> Option<Value> {
        let person = self.people.iter().find(|p| &*p.id == user);
        let is_bot = user == BOT_USER;
        if person.is_none() && !is_bot {
            return None;
        }
        let name = person.map_or(self.bot_name.as_str(), |p| p.name);
        let display = person.map_or("", |p| p.display);
        let real = person.map_or(self.bot_name.as_str(), |p| p.real);
        let mut profile = json!({
            "real_name": real, "real_name_normalized": real, "display_name": display,
            "display_name_normalized": display, "status_text": "", "status_emoji": "", "team": TEAM,
        });
        merge(
            &mut profile,
            match person {
                Some(p) => json!({"email": format!("{}@playground.example", p.name)}),
                None => json!({"bot_id": BOT, "api_app_id": APP}),
            },
        );
        let mut value = json!({
            "id": user, "team_id": TEAM, "name": name, "real_name": real, "deleted": false, "color": "4bbe2e",
            "tz": person.map_or("Asia/Seoul", |p| p.tz),
            "tz_label": person.map_or("Korea Standard Time", |p| p.tz_label),
            "tz_offset": person.map_or(32_400, |p| p.tz_offset),
            "profile": profile, "is_admin": false, "is_owner": false, "is_primary_owner": false,
            "is_restricted": false, "is_ultra_restricted": false, "is_bot": is_bot, "is_app_user": false,
            "updated": CREATED,
        });
        if with_locale {
            merge(&mut value, json!({"locale": person.map_or("ko-KR", |p| p.locale)}));
        }
        Some(value)
    }

    /// The `channel` object of `conversations.info` and its like; `None` for an unknown id.
    pub fn channel_json(&self, id: &str) -> Option<Value> {
        let c = self.conversation(id)?;
        let mut value = json!({
            "id": c.id, "created": CREATED, "updated": CREATED * 1000, "is_archived": false, "is_org_shared": false,
            "is_channel": matches!(c.kind, Kind::Channel | Kind::Private), "is_group": c.kind == Kind::Private, "is_im": c.kind == Kind::Im,
            "is_mpim": c.kind == Kind::Group, "is_private": c.kind != Kind::Channel, "context_team_id": TEAM,
        });
        let more = match c.kind {
            Kind::Im => {
                let person = c.members.iter().find(|m| &***m != BOT_USER);
                json!({"user": person, "is_user_deleted": false, "is_open": true})
            }
            Kind::Channel | Kind::Private | Kind::Group => json!({
                "name": c.name, "name_normalized": c.name, "is_general": c.name == "general", "is_shared": false,
                "is_member": c.has(BOT_USER), "creator": self.people.first().map(|p| &p.id),
                "topic": {"value": c.topic, "creator": "", "last_set": 0},
                "purpose": {"value": "", "creator": "", "last_set": 0}, "num_members": c.members.len(),
            }),
        };
        merge(&mut value, more);
        Some(value)
    }
}

fn people() -> Vec<Person> {
    let person = |id: &str, im: &str, name, display, real, locale, zone: (&'static str, &'static str, i32)| Person {
        id: id.into(),
        im: im.into(),
        name,
        display,
        real,
        locale,
        tz: zone.0,
        tz_label: zone.1,
        tz_offset: zone.2,
    };
    // Zones without daylight saving, so that the offset is right all year.
    let seoul = ("Asia/Seoul", "Korea Standard Time", 32_400);
    let singapore = ("Asia/Singapore", "Singapore Standard Time", 28_800);
    let phoenix = ("America/Phoenix", "Mountain Standard Time", -25_200);
    vec![
        person("U00000ROSIE", "D00000ROSIE", "rosie", "로지", "김로지", "ko-KR", seoul),
        person("U00000SALLY", "D00000SALLY", "sally", "샐리", "이샐리", "ko-KR", seoul),
        person("U000000ALLY", "D000000ALLY", "ally", "앨리", "박앨리", "ko-KR", seoul),
        person(
            "U000VINCENT",
            "D000VINCENT",
            "vincent",
            "빈센트",
            "정빈센트",
            "ko-KR",
            singapore,
        ),
        person(
            "U0000000BEN",
            "D0000000BEN",
            "ben",
            "Ben",
            "Ben Carter",
            "en-US",
            phoenix,
        ),
    ]
}
