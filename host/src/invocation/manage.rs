//! The host's own commands for those who look after the bot. Each family is a file, and a line below.

mod maintenance;
mod role;

use super::answer::unsent;
use super::{Invoker, Work, invocation_id};
use crate::outbox::Ordinals;
use moa_core::content::{Audience, Content};
use moa_core::locale::{Locale, UserNotice};
use moa_core::router::{AdminWord, Manage};
use moa_store::Outcome;

impl Invoker {
    /// Does what an admin wants, and says what came of it. Nobody else is told more than that it is not for them.
    pub(super) async fn manage(&self, work: &Work, manage: &Manage) -> Outcome {
        let locale = self.locale_of(&self.asker(work).await);
        let id = invocation_id(work.event.identity.as_str(), "", "command", "answer", &[]);
        if !self.matcher.access.is_admin(&work.event) {
            let notice = UserNotice::ForAdmins;
            let reason = format!("{} is no admin", work.event.author());
            return self.tell(work, &id, &notice, reason, locale).await;
        }
        let content = self.managed(work, manage, locale).await;
        match self.answer(work, &id, &content, &Ordinals::default()).await {
            Ok(()) => Outcome::Done,
            Err(error) => {
                if error.is_of_closed_place() {
                    self.tell_directly(work, &id, locale).await;
                }
                unsent(error)
            }
        }
    }

    /// Does it; what is said then.
    async fn managed(&self, work: &Work, manage: &Manage, locale: Locale) -> Content {
        match manage {
            Manage::Role(order) => self.role(work, order, locale).await,
            Manage::Pause { reason } => self.pause(work, reason, locale).await,
            Manage::Resume => self.resume(work, locale).await,
            Manage::Mute { conversation } => self.mute(work, conversation, locale).await,
            Manage::Unmute { conversation } => self.unmute(work, conversation, locale).await,
            Manage::Misused(word) => self.misused(*word, locale),
        }
    }

    /// How a command for admins is written.
    fn misused(&self, word: AdminWord, locale: Locale) -> Content {
        let prefix = self.matcher.settings.prefixes.first().map_or("", String::as_str);
        let mut text = locale.pick("이렇게 씁니다.", "It is written like this.").to_owned();
        for (form, what) in word.forms(locale) {
            text.push_str(&format!("\n• `{prefix}{form}` — {what}"));
        }
        to_asker(text)
    }
}

/// What only the admin who asked needs to see.
fn to_asker(text: impl Into<String>) -> Content {
    Content {
        audience: Audience::Asker,
        ..Content::text(text)
    }
}
