//! Looking up people and conversations, and opening the direct ones.

use super::Slack;
use super::web::{Call, CallError};
use crate::adapter::{ConversationPage, MemberPage, SendError};
use moa_core::event::{Conversation, PlaceKind, User};
use moa_core::slack::decode;
use moa_core::text::{neutralise, normalise, printable_line};
use serde::Deserialize;
use std::time::Duration;

/// Names are cut here; Slack's own limit is 80.
const MAX_NAME: usize = 200;
/// How old a list of members may be: people come and go more often than they change their names.
pub(super) const MEMBERS_KEPT: Duration = Duration::from_secs(60);
/// How many pages of members are remembered.
pub(super) const MEMBER_PAGES: usize = 500;
/// How many members one call asks for; Slack recommends no more than 200.
const MEMBERS_A_PAGE: &str = "200";
/// The conversations of several people.
const OWN_TYPES: &str = "public_channel,private_channel,mpim";

#[derive(Deserialize)]
struct UserAnswer {
    user: RawUser,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawUser {
    name: Option<String>,
    real_name: Option<String>,
    is_bot: Option<bool>,
    tz: Option<String>,
    locale: Option<String>,
    profile: RawProfile,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawProfile {
    display_name: Option<String>,
    real_name: Option<String>,
}

#[derive(Deserialize)]
struct BotAnswer {
    bot: RawBot,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawBot {
    name: Option<String>,
}

#[derive(Deserialize)]
struct OpenAnswer {
    channel: RawOpen,
}

#[derive(Deserialize)]
struct RawOpen {
    id: String,
}

#[derive(Deserialize)]
struct ConversationAnswer {
    channel: RawConversation,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawConversation {
    name: Option<String>,
    is_im: Option<bool>,
    is_mpim: Option<bool>,
    topic: RawTopic,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawTopic {
    value: Option<String>,
}

#[derive(Deserialize)]
struct MembersAnswer {
    members: Vec<String>,
    #[serde(default)]
    response_metadata: RawPaging,
}

#[derive(Deserialize)]
struct OwnAnswer {
    channels: Vec<RawOpen>,
    #[serde(default)]
    response_metadata: RawPaging,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawPaging {
    next_cursor: Option<String>,
}

/// What people call themselves: a line in which nothing is a mention.
fn name(text: &str) -> String {
    neutralise(&normalise(&printable_line(text, MAX_NAME))).into_owned()
}

fn first_filled(names: [Option<String>; 4]) -> Option<String> {
    names.into_iter().flatten().find(|name| !name.trim().is_empty())
}

impl Slack {
    pub(super) async fn look_up_user(&self, id: &str) -> Result<Option<User>, SendError> {
        let ask = async || {
            let arguments = vec![("user", id.to_owned()), ("include_locale", "true".to_owned())];
            let answer = self.web.call::<UserAnswer>(&Call::read("users.info", arguments)).await;
            let Some(UserAnswer { user }) = known(answer, &["user_not_found", "user_not_visible", "users_not_found"])?
            else {
                return self.look_up_bot(id).await;
            };
            let account = user.name.unwrap_or_default();
            let shown = first_filled([
                user.profile.display_name,
                user.profile.real_name,
                user.real_name,
                Some(account.clone()),
            ]);
            Ok(Some(User {
                id: id.into(),
                name: name(&account),
                display_name: name(&shown.unwrap_or_else(|| id.into())),
                locale: user.locale.filter(|locale| !locale.is_empty()),
                timezone: user.tz.filter(|zone| !zone.is_empty()),
                bot: user.is_bot.unwrap_or_default(),
            }))
        };
        self.users.get(id, ask).await
    }

    /// Bots that are no users have ids of their own kind, and write messages all the same.
    async fn look_up_bot(&self, id: &str) -> Result<Option<User>, SendError> {
        if !id.starts_with('B') {
            return Ok(None);
        }
        let call = Call::read("bots.info", vec![("bot", id.to_owned())]);
        let answer: Option<BotAnswer> = known(self.web.call(&call).await, &["bot_not_found"])?;
        Ok(answer.map(|BotAnswer { bot }| {
            let shown = name(&bot.name.unwrap_or_else(|| id.into()));
            User {
                name: shown.clone(),
                display_name: shown,
                bot: true,
                ..User::unknown(id)
            }
        }))
    }

    /// The id of the direct conversation with a person.
    pub(super) async fn direct_with(&self, user: &str) -> Result<String, SendError> {
        let ask = async || {
            // Opening one that is open changes nothing, so it may be repeated.
            let call = Call::read("conversations.open", vec![("users", user.to_owned())]);
            let OpenAnswer { channel } = self.web.call(&call).await?;
            Ok::<_, SendError>(Some(channel.id))
        };
        let absent = || SendError::Temporary {
            reason: "Slack opened no conversation".into(),
        };
        self.directs.get(user, ask).await?.ok_or_else(absent)
    }

    pub(super) async fn look_up_conversation(&self, id: &str) -> Result<Option<Conversation>, SendError> {
        let ask = async || {
            let call = Call::read("conversations.info", vec![("channel", id.to_owned())]);
            let answer = self.web.call::<ConversationAnswer>(&call).await;
            let Some(ConversationAnswer { channel }) = known(answer, &["channel_not_found"])? else {
                return Ok(None);
            };
            let kind = match (channel.is_im, channel.is_mpim) {
                (Some(true), _) => PlaceKind::Direct,
                (_, Some(true)) => PlaceKind::Group,
                _ => PlaceKind::Channel,
            };
            Ok(Some(Conversation {
                id: id.into(),
                name: name(&channel.name.unwrap_or_default()),
                kind,
                topic: decode::portable(&channel.topic.value.unwrap_or_default()).0,
            }))
        };
        self.conversations.get(id, ask).await
    }

    pub(super) async fn look_up_members(
        &self,
        conversation: &str,
        cursor: Option<&str>,
    ) -> Result<Option<MemberPage>, SendError> {
        let cursor = cursor.unwrap_or_default();
        let ask = async || {
            let mut arguments = vec![
                ("channel", conversation.to_owned()),
                ("limit", MEMBERS_A_PAGE.to_owned()),
            ];
            if !cursor.is_empty() {
                arguments.push(("cursor", cursor.to_owned()));
            }
            let call = Call::read("conversations.members", arguments);
            let answer = self.web.call::<MembersAnswer>(&call).await;
            let Some(MembersAnswer {
                members,
                response_metadata,
            }) = known(answer, &["channel_not_found"])?
            else {
                return Ok(None);
            };
            Ok(Some(MemberPage {
                ids: members,
                // An empty one is Slack's word for the end.
                next: response_metadata.next_cursor.filter(|next| !next.is_empty()),
            }))
        };
        // No id of Slack's holds a blank.
        self.members.get(&format!("{conversation} {cursor}"), ask).await
    }
}

impl Slack {
    /// Slack gives shorter pages than it is asked for, also empty ones in the middle: only the cursor tells the end.
    pub(super) async fn look_up_own(&self, cursor: Option<&str>) -> Result<ConversationPage, SendError> {
        let cursor = cursor.unwrap_or_default();
        let ask = async || {
            let mut arguments = vec![
                ("types", OWN_TYPES.to_owned()),
                ("exclude_archived", "true".to_owned()),
                ("limit", MEMBERS_A_PAGE.to_owned()),
            ];
            if !cursor.is_empty() {
                arguments.push(("cursor", cursor.to_owned()));
            }
            let OwnAnswer {
                channels,
                response_metadata,
            } = self.web.call(&Call::read("users.conversations", arguments)).await?;
            Ok::<_, SendError>(Some(ConversationPage {
                ids: channels.into_iter().map(|channel| channel.id).collect(),
                next: response_metadata.next_cursor.filter(|next| !next.is_empty()),
            }))
        };
        Ok(self.own.get(cursor, ask).await?.unwrap_or_default())
    }
}

/// The answer, or nothing where Slack says that there is none.
pub(super) fn known<T>(answer: Result<T, CallError>, absent: &[&str]) -> Result<Option<T>, SendError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(CallError::Api { code, .. }) if absent.contains(&code.as_str()) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
