//! `!announce`: something is said wherever the bot is.

use super::to_asker;
use crate::announcements::{self, AnnounceError, Announcement};
use crate::invocation::{Invoker, Names, Work, invocation_id};
use moa_core::content::Content;
use moa_core::locale::Locale;

/// How many conversations are named that it did not get to.
const NAMED: usize = 20;

impl Invoker {
    /// Says how many conversations it would go to, or (`now`) says it there and tells the exact number.
    pub(super) async fn announce(&self, work: &Work, text: &str, now: bool, locale: Locale) -> Content {
        let maintenance = &*self.matcher.maintenance;
        if !now {
            return match announcements::round(&*self.adapter, &self.outbox, maintenance).await {
                Ok(round) => self.previewed(round.to.len(), text, locale),
                Err(error) => unlisted(&error.to_string(), locale),
            };
        }
        let by = work.event.author();
        // Whoever is named in it is not called once for each conversation.
        let content = Content::text(Names::in_text(&*self.adapter, text).await);
        let id = invocation_id(work.event.identity.as_str(), "", "command", "announce", &[]);
        let announcement = Announcement {
            adapter: &*self.adapter,
            outbox: &self.outbox,
            store: &self.store,
            maintenance,
            id: &id,
            content: &content,
        };
        let made = announcement.make(work.look_first).await;
        let (round, progress) = match made {
            Ok(made) => made,
            Err(AnnounceError::Unlisted(error)) => return unlisted(&error.to_string(), locale),
            Err(AnnounceError::Unkept(error)) => {
                tracing::error!(by, announcement = id, %error, "an announcement ended before its last conversation");
                return to_asker(locale.pick(
                    "⚠️ 봇의 저장소를 쓸 수 없어 공지를 중간에 그만두었습니다. 일부 대화방에는 이미 올라가 있습니다.",
                    "⚠️ The bot's memory cannot be used right now, so the announcement ended half-way. Some conversations have it.",
                ));
            }
        };
        let said = round.to.len().saturating_sub(progress.missed.len());
        self.changed_by(work, "announce", &[], &[("text", text)]);
        tracing::info!(by, announcement = id, said, missed = progress.missed.len(), "announced");
        let mut report = locale.pick(
            format!("📢 대화방 {said}곳에 공지했습니다."),
            format!("📢 Announced in {said} conversations."),
        );
        if round.muted > 0 {
            let muted = round.muted;
            report.push_str(&locale.pick(
                format!(" 음소거한 {muted}곳은 뺐습니다."),
                format!(" {muted} were left out, for the bot is mute there."),
            ));
        }
        if !progress.missed.is_empty() {
            let count = progress.missed.len();
            let shown = progress.missed.iter().take(NAMED);
            let mut names: Vec<String> = shown.map(|id| format!("{{#{id}}}")).collect();
            if count > NAMED {
                names.push(format!("… (+{})", count - NAMED));
            }
            let names = names.join(", ");
            report.push_str(&locale.pick(
                format!("\n⚠️ {count}곳에는 올리지 못했습니다: {names}. 이유는 로그에 있습니다."),
                format!("\n⚠️ It did not get to {count}: {names}. The log tells why."),
            ));
        }
        Content::text(report)
    }

    fn previewed(&self, count: usize, text: &str, locale: Locale) -> Content {
        let prefix = self.matcher.settings.prefixes.first().map_or("", String::as_str);
        let length = text.chars().count();
        to_asker(locale.pick(
            format!("📢 이 글({length}자)을 봇이 있는 대화방 {count}곳에 올립니다. 그대로 하시려면 `{prefix}전체공지 --now` 뒤에 같은 글을 써 주세요."),
            format!("📢 This text ({length} characters) goes to {count} conversations. To do so, write it again behind `{prefix}announce --now`."),
        ))
    }
}

fn unlisted(error: &str, locale: Locale) -> Content {
    tracing::error!(
        error,
        "where the bot is could not be found out, so nothing was announced"
    );
    to_asker(locale.pick(
        "⚠️ 봇이 어느 대화방에 있는지 알아내지 못해 공지하지 않았습니다. 이유는 로그에 있습니다.",
        "⚠️ Where the bot is could not be found out, so nothing was announced. The log tells why.",
    ))
}
