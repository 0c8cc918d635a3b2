//! `!pause`, `!resume`, `!mute` and `!unmute`.

use super::to_asker;
use crate::invocation::{Invoker, Work};
use crate::maintenance::Order;
use moa_core::content::Content;
use moa_core::locale::{Locale, UserNotice};
use moa_store::StoreError;

impl Invoker {
    /// Stops all plugins. Whoever is there learns of it.
    pub(super) async fn pause(&self, work: &Work, reason: &str, locale: Locale) -> Content {
        let order = self.order(work, reason).await;
        let by = order.by.clone();
        match self.matcher.maintenance.pause(order).await {
            Ok(before) => {
                self.changed_by(work, "pause", &[], &[("reason", reason)]);
                tracing::warn!(
                    by,
                    reason,
                    "the bot is paused: no plugin is called until an admin writes `!resume`"
                );
                let again = before.is_some();
                Content::text(locale.pick(
                    match again {
                        true => "⏸️ 이미 점검 중입니다. 이유와 시각을 새로 적었습니다. `!재개`라고 쓰시면 끝납니다.",
                        false => "⏸️ 지금부터 점검합니다. 이미 시작한 일은 마치고, 새 명령은 실행하지 않습니다. `!재개`라고 쓰시면 끝납니다.",
                    },
                    match again {
                        true => "⏸️ The bot is paused already; reason and time are those of now. `!resume` ends it.",
                        false => "⏸️ The bot is paused. What runs already ends, and nothing else begins. `!resume` ends it.",
                    },
                ))
            }
            Err(error) => not_kept(&error, &by, locale),
        }
    }

    /// Lets the plugins be called again.
    pub(super) async fn resume(&self, work: &Work, locale: Locale) -> Content {
        let by = work.event.author();
        match self.matcher.maintenance.resume().await {
            Ok(Some(_)) => {
                self.changed_by(work, "resume", &[], &[]);
                tracing::warn!(by, "the bot is not paused any more");
                Content::text(locale.pick("▶️ 점검이 끝났습니다.", "▶️ The bot is back."))
            }
            Ok(None) => to_asker(locale.pick("점검 중이 아닙니다.", "The bot is not paused.")),
            Err(error) => not_kept(&error, by, locale),
        }
    }

    /// Makes the bot silent in a conversation.
    pub(super) async fn mute(&self, work: &Work, conversation: &str, locale: Locale) -> Content {
        let order = self.order(work, "").await;
        let by = order.by.clone();
        let service = &work.event.place().service;
        match self.matcher.maintenance.mute(service, conversation, order).await {
            Ok(Some(_)) => to_asker(locale.pick(
                format!("봇은 {{#{conversation}}} 대화방에서 이미 조용히 있습니다."),
                format!("The bot is silent in {{#{conversation}}} already."),
            )),
            Ok(None) => {
                self.changed_by(work, "mute", &[], &[("conversation", conversation)]);
                tracing::warn!(
                    by,
                    conversation,
                    "the bot is silent in a conversation until an admin writes `!unmute`"
                );
                Content::text(locale.pick(
                    format!("🔇 봇은 이제 {{#{conversation}}} 대화방에서 관리자의 명령에만 답합니다."),
                    format!("🔇 In {{#{conversation}}} the bot answers nothing but admins' own commands from now on."),
                ))
            }
            Err(error) => not_kept(&error, &by, locale),
        }
    }

    /// Lets the bot speak in a conversation.
    pub(super) async fn unmute(&self, work: &Work, conversation: &str, locale: Locale) -> Content {
        let by = work.event.author();
        let service = &work.event.place().service;
        match self.matcher.maintenance.unmute(service, conversation).await {
            Ok(Some(_)) => {
                self.changed_by(work, "unmute", &[], &[("conversation", conversation)]);
                tracing::warn!(by, conversation, "the bot speaks in a conversation again");
                Content::text(locale.pick(
                    format!("🔊 봇은 {{#{conversation}}} 대화방에서 다시 말합니다."),
                    format!("🔊 The bot speaks in {{#{conversation}}} again."),
                ))
            }
            Ok(None) => to_asker(locale.pick(
                format!("봇은 {{#{conversation}}} 대화방에서 말하고 있습니다."),
                format!("The bot is not silent in {{#{conversation}}}."),
            )),
            Err(error) => not_kept(&error, by, locale),
        }
    }

    /// What an admin wants, with their name as it is now.
    async fn order(&self, work: &Work, reason: &str) -> Order {
        let admin = self.asker(work).await;
        Order {
            by: admin.id,
            name: admin.display_name,
            at_ms: work.received_ms,
            reason: reason.to_owned(),
        }
    }
}

fn not_kept(error: &StoreError, by: &str, locale: Locale) -> Content {
    tracing::error!(%error, by, "what an admin wants silenced, or not any more, could not be kept in the store");
    to_asker(UserNotice::NotKept.render(locale))
}
