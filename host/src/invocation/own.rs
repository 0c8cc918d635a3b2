//! A press on what the host itself had put there: an admin decides what a plugin may touch. (What decides about a command
//! is no press any more when it comes here.)

use super::answer::unsent;
use super::{Invoker, Work};
use crate::adapter::Stamp;
use crate::grants::{self, Decision};
use moa_core::audit::{Entry, Outcome as Audited, What};
use moa_core::event::EventKind;
use moa_core::locale::UserNotice;
use moa_store::Outcome;

impl Invoker {
    /// Only an admin's press counts, and only the first. Whoever pressed, the message shows what was decided then.
    pub(super) async fn own(&self, work: &Work) -> Outcome {
        let EventKind::Press(press) = &work.event.kind else {
            return super::misread();
        };
        if let Some(notice) = self.matcher.undecided(&work.event, self.world.now()) {
            return self.not_decided(work, press, notice).await;
        }
        let user = &press.user;
        let tell = async |notice: UserNotice, reason: String| {
            let locale = self.locale_of(&self.asker(work).await);
            self.tell(work, work.event.identity.as_str(), &notice, reason, locale)
                .await
        };
        let Some((id, approved)) = grants::pressed(&press.id) else {
            return tell(UserNotice::QuestionOver, format!("no button `{}` is known", press.id)).await;
        };
        if !self.matcher.access.is_admin(&work.event) {
            tracing::warn!(
                user,
                ask = id,
                "somebody who is no admin pressed an admin's button; it does not count"
            );
            let denied = Entry::of(What::Grant, &work.event)
                .arg("ask", id)
                .ended(Audited::Denied);
            self.audit.note(denied.because("no admin"));
            return tell(UserNotice::AdminsOnly, format!("{user} is no admin")).await;
        }
        let own = Decision {
            approved,
            by: user.clone(),
            at_ms: grants::now_ms(),
        };
        let decided = match self.approvals.decide(id, own.clone()).await {
            Ok(decided) => decided,
            Err(error) => {
                tracing::error!(user, ask = id, %error, "what an admin decided could not be kept; it does not count");
                return tell(UserNotice::Undecided, error.to_string()).await;
            }
        };
        if let Some((plugin, ask)) = &decided
            && let Some(decision) = &ask.decision
        {
            let what = ask.what.lines().join(", ");
            // The first decision counts, and stands there already.
            if *decision == own {
                tracing::info!(plugin, what, by = decision.by, approved = decision.approved, "decided");
                let mut entry = Entry::of(What::Grant, &work.event).arg("grant", what);
                entry.plugin.clone_from(plugin);
                self.audit.note(entry.ended(match approved {
                    true => Audited::Approved,
                    false => Audited::Rejected,
                }));
            }
        }
        let content = grants::decided(decided.as_ref(), self.admins.locale);
        let stamp = Stamp {
            plugin: String::new(),
            invocation: grants::sign(id),
            ordinal: 0,
        };
        match &press.on {
            Some(on) if !on.id.is_empty() => match self.outbox.edit(on, &content, &stamp).await {
                Ok(()) => Outcome::Done,
                Err(error) => unsent(error),
            },
            _ => Outcome::Done,
        }
    }
}
