//! The host's own commands for those who look after the bot. Each family is a file, and a line below.

mod announce;
mod maintenance;
mod role;
mod schedules;
mod why;

use super::answer::unsent;
use super::{Invoker, Work, invocation_id};
use crate::outbox::Ordinals;
use moa_core::audit::{Entry, Outcome as Audited, What};
use moa_core::content::{Audience, Content};
use moa_core::locale::{Locale, UserNotice};
use moa_core::router::{AdminWord, Manage};
use moa_store::Outcome;

impl Invoker {
    /// Does what an admin wants, and says what came of it. Nobody else is told more than that it is not for them.
    pub(super) async fn manage(&self, work: &Work, manage: &Manage) -> Outcome {
        let locale = self.locale_of(&self.asker(work).await);
        let id = invocation_id(work.event.identity.as_str(), "", "command", "answer", &[]);
        let content = match self.matcher.access.is_admin(&work.event) || is_for_all(work, manage) {
            true => self.managed(work, manage, locale).await,
            false => {
                let user = work.event.author();
                tracing::info!(event = %work.event.identity, user, "a command for admins, from somebody who is none");
                let denied = Entry::of(What::Manage, &work.event).command(name_of(manage), &[]);
                self.audit.note(denied.ended(Audited::Denied).because("no admin"));
                to_asker(UserNotice::ForAdmins.render(locale))
            }
        };
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
            Manage::Announce { text, now } => self.announce(work, text, *now, locale).await,
            Manage::Pause { reason } => self.pause(work, reason, locale).await,
            Manage::Resume => self.resume(work, locale).await,
            Manage::Mute { conversation } => self.mute(work, conversation, locale).await,
            Manage::Unmute { conversation } => self.unmute(work, conversation, locale).await,
            Manage::Why { user, command } => self.why(work, user.as_deref(), command, locale),
            Manage::Schedules => self.schedules(work, locale),
            Manage::Misused(word) => self.misused(work, *word, locale),
        }
    }

    /// How a command for admins is written.
    fn misused(&self, work: &Work, word: AdminWord, locale: Locale) -> Content {
        let prefix = self.matcher.prefix_of(&work.event);
        let mut text = locale.pick("이렇게 씁니다.", "It is written like this.").to_owned();
        for (form, what) in word.forms(locale) {
            text.push_str(&format!("\n• `{prefix}{form}` — {what}"));
        }
        to_asker(text)
    }
}

/// What everybody may ask: about themselves.
fn is_for_all(work: &Work, manage: &Manage) -> bool {
    match manage {
        Manage::Why { user, .. } => user.as_ref().is_none_or(|user| user == work.event.author()),
        Manage::Misused(word) => matches!(word, AdminWord::Why | AdminWord::Schedules),
        Manage::Schedules => true,
        Manage::Role(_)
        | Manage::Pause { .. }
        | Manage::Resume
        | Manage::Mute { .. }
        | Manage::Unmute { .. }
        | Manage::Announce { .. } => false,
    }
}

/// Under which name the audit log has it.
fn name_of(manage: &Manage) -> &'static str {
    match manage {
        Manage::Role(_) => "role",
        Manage::Pause { .. } => "pause",
        Manage::Resume => "resume",
        Manage::Mute { .. } => "mute",
        Manage::Unmute { .. } => "unmute",
        Manage::Announce { .. } => "announce",
        Manage::Why { .. } => "why",
        Manage::Schedules => "schedules",
        Manage::Misused(_) => "",
    }
}

/// What only who asked needs to see.
fn to_asker(text: impl Into<String>) -> Content {
    Content {
        audience: Audience::Asker,
        ..Content::text(text)
    }
}
