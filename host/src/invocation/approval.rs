//! Commands that somebody has to confirm: how they are asked about, and what follows what was decided.

use super::{Before, Invoker, Work, id_of};
use crate::adapter::{SendError, Stamp};
use crate::dispatch::Turn;
use crate::matching::Todo;
use crate::outbox::{Letter, Ordinals};
use crate::pending::{Decision, Pending, Shown, WaitError, digest, looks, sign};
use crate::questions::milliseconds;
use moa_core::audit;
use moa_core::event::{Decided, Press, Ruling};
use moa_core::locale::{ApprovalNotice, Locale, Standing, UserNotice};
use moa_core::router::CommandMatch;
use moa_store::Outcome;

impl Invoker {
    /// Asks whether a command is to run. Nothing is asked twice, whatever crashes: the message is recorded before it is
    /// sent, and looked for before it is sent again.
    pub(super) async fn confirm(&self, work: &Work, command: &CommandMatch) -> Outcome {
        let id = super::command_id(&work.event, command);
        let asker = self.asker(work).await;
        let locale = self.locale_of(&asker);
        let Some(loaded) = work.matched.snapshot.plugins.get(&command.plugin) else {
            return self.gone(work, &command.plugin, &id, locale).await;
        };
        if asker.bot {
            return self
                .not_asked(work, &id, ApprovalNotice::Robot, "a program asked".into(), locale)
                .await;
        }
        let pendings = &self.matcher.pendings;
        let lasts = i64::try_from(pendings.expires.as_millis()).unwrap_or(i64::MAX);
        let until_ms = milliseconds(self.world.now()).saturating_add(lasts);
        let until = self.matcher.clock(until_ms);
        let shown = Shown::default()
            .approval(&asker.id, loaded, command, until, &*self.adapter)
            .await;
        let pending = Pending {
            id: id.clone(),
            asked: Box::new(work.event.asked().clone()),
            command: command.clone(),
            version: loaded.version.clone(),
            digest: digest(loaded, command),
            shown,
            on: None,
            until_ms,
            decision: None,
        };
        let (pending, known) = match pendings.ask(pending).await {
            // An earlier run came so far.
            Ok((pending, _)) if pending.on.is_some() || pending.decision.is_some() => return Outcome::Done,
            Ok(asked) => asked,
            Err(error) => {
                let notice = match &error {
                    WaitError::Full => ApprovalNotice::TooMany,
                    WaitError::Store(_) => ApprovalNotice::NotKept,
                };
                return self.not_asked(work, &id, notice, error.to_string(), locale).await;
            }
        };
        let sign = sign(&id);
        let letter = Letter {
            to: work.event.place(),
            answers: work.event.answers().map(|at| at.id.as_str()),
            asker: Some(work.event.author()),
            content: &looks(&pending, &Standing::Waits, locale),
            plugin: "",
            invocation: &sign,
            // All are to see it, also where nobody saw the command.
            response_url: None,
            look_first: known || work.look_first,
        };
        let on = match self.outbox.send(letter, &Ordinals::default()).await {
            Ok(Some(on)) => on,
            Ok(None) => {
                return self
                    .not_shown_to_any(work, &id, "it has no address".into(), locale)
                    .await;
            }
            Err(error) => return self.not_shown_to_any(work, &id, error.to_string(), locale).await,
        };
        match pendings.sent(&id, on).await {
            // Somebody was so fast that the decision came before the message's address.
            Ok(Some(Pending {
                decision: Some(decision),
                ..
            })) => {
                let standing = self.standing(&decision);
                self.show(work, &id, None, &standing, locale).await;
            }
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(pending = id, %error, "where a command was asked about could not be kept");
            }
        }
        tracing::info!(
            pending = id,
            plugin = command.plugin,
            command = command.command,
            asker = asker.id,
            "a command waits to be confirmed"
        );
        self.write_down(work, command, &loaded.version, &id, audit::Outcome::Asked, "");
        Outcome::Done
    }

    async fn not_shown_to_any(&self, work: &Work, id: &str, reason: String, locale: Locale) -> Outcome {
        if let Err(error) = self.matcher.pendings.give_up(id).await {
            tracing::warn!(pending = id, %error, "a command that could not be asked about could not be removed; it expires");
        }
        let reason = format!("whether it is to run could not be asked: {reason}");
        self.not_asked(work, id, ApprovalNotice::NotShown, reason, locale).await
    }

    async fn not_asked(
        &self,
        work: &Work,
        id: &str,
        notice: ApprovalNotice,
        reason: String,
        locale: Locale,
    ) -> Outcome {
        let notice = UserNotice::Approval(notice);
        self.tell(work, id, &notice, reason, locale).await
    }

    /// Tells somebody why their press on the button of a command that waits, or waited, decides nothing.
    pub(super) async fn not_decided(&self, work: &Work, press: &Press, notice: UserNotice) -> Outcome {
        tracing::info!(user = press.user, button = press.id, ?notice, "a press decided nothing");
        let locale = self.locale_of(&self.asker(work).await);
        let reason = notice.render(Locale::En);
        self.write_down_refused(work, press, &notice, &reason);
        let id = work.event.identity.as_str();
        match self.tell(work, id, &notice, reason, locale).await {
            // Nothing failed: it is theirs to know, and nobody's to look into.
            Outcome::Failed { .. } => Outcome::Done,
            other => other,
        }
    }

    /// Writes down that somebody wanted to decide what is not theirs to decide.
    fn write_down_refused(&self, work: &Work, press: &Press, notice: &UserNotice, reason: &str) {
        let UserNotice::Approval(
            ApprovalNotice::NoRight
            | ApprovalNotice::NotYours { .. }
            | ApprovalNotice::NotYoursToWithdraw { .. }
            | ApprovalNotice::NeedsAnother,
        ) = notice
        else {
            return;
        };
        if let Some(known) = self.matcher.pendings.of_button(&press.id) {
            let entry = audit::Entry {
                what: audit::What::Ruling,
                version: known.version,
                again: work.look_first,
                ..audit::Entry::asked(&work.event, &known.command)
            };
            self.audit
                .note(entry.ended(audit::Outcome::Denied).invoked(&known.id).because(reason));
        }
    }

    /// Keeps what was decided, so that whoever presses from now on is told; whether it could be kept.
    pub(super) async fn keep(&self, work: &Work, ruling: &Ruling) -> bool {
        let (pending, by, what) = (&ruling.id, &ruling.by, ruling.what.as_str());
        tracing::info!(pending, by, "a command that waited is {what}");
        let kept = self.matcher.pendings.decide(pending, Decision::from(ruling)).await;
        if let Err(error) = &kept {
            tracing::error!(pending, %error, "what was decided about a command could not be kept");
        }
        if let Some(known) = self.matcher.pendings.get(pending) {
            let outcome = match ruling.what {
                Decided::Approved => audit::Outcome::Approved,
                Decided::Rejected => audit::Outcome::Rejected,
                Decided::Withdrawn => audit::Outcome::Withdrawn,
                Decided::Expired => audit::Outcome::Expired,
            };
            self.write_down(work, &known.command, &known.version, pending, outcome, by);
        }
        kept.is_ok()
    }

    fn write_down(
        &self,
        work: &Work,
        command: &CommandMatch,
        version: &str,
        pending: &str,
        outcome: audit::Outcome,
        approver: &str,
    ) {
        let entry = audit::Entry {
            what: audit::What::Ruling,
            version: version.to_owned(),
            again: work.look_first,
            ..audit::Entry::asked(&work.event, command)
        };
        self.audit
            .note(entry.ended(outcome).invoked(pending).approved_by(approver));
    }

    /// Does what was decided, and shows it to everybody who saw the question. What could not be kept is not begun.
    pub(super) async fn ruled(
        &self,
        work: &Work,
        ruling: &Ruling,
        kept: bool,
        before: Option<Before>,
        turn: &mut Turn<Work>,
    ) -> Outcome {
        let locale = self.locale_of(&self.asker(work).await);
        let decision = Decision::from(ruling);
        let begun = before.is_some();
        match &work.matched.todo {
            Todo::Command(_) if !kept && !begun => {
                let notice = UserNotice::Approval(ApprovalNotice::NotKept);
                self.not_run(work, &notice, locale).await
            }
            Todo::Command(_) if !begun && self.adapter.user(&ruling.by).await.bot => {
                let notice = UserNotice::Approval(ApprovalNotice::Robot);
                self.not_run(work, &notice, locale).await
            }
            todo @ Todo::Command(_) => {
                let id = id_of(&work.event, todo).unwrap_or_default();
                let standing = self.standing(&decision);
                let shown = self.show(work, &ruling.id, ruling.on.as_ref(), &standing, locale);
                // Shown first where that takes no time, so that it stands there before what the command says.
                let ((), outcome) = tokio::join!(shown, self.carried_out(work, before, turn));
                if !outcome.is_done() {
                    self.show_failed(work, ruling, id, locale).await;
                }
                outcome
            }
            Todo::Tell(notice) => self.not_run(work, notice, locale).await,
            _ => {
                let standing = self.standing(&decision);
                self.show(work, &ruling.id, ruling.on.as_ref(), &standing, locale).await;
                match ruling.what {
                    // They did it themselves.
                    Decided::Withdrawn | Decided::Approved => Outcome::Done,
                    Decided::Rejected | Decided::Expired => self.tell_asker(work, ruling, &decision, locale).await,
                }
            }
        }
    }

    /// A changed message notifies nobody, so who asked is told what came of it.
    async fn tell_asker(&self, work: &Work, ruling: &Ruling, decision: &Decision, locale: Locale) -> Outcome {
        let notice = UserNotice::Approval(ApprovalNotice::Ended {
            what: decision.what,
            asker: ruling.asked.author().to_owned(),
            by: decision.by.clone(),
            at: self.matcher.clock(decision.at_ms),
        });
        let reason = notice.render(Locale::En);
        match self.tell(work, &sign(&ruling.id), &notice, reason, locale).await {
            Outcome::Failed { .. } => Outcome::Done,
            other => other,
        }
    }

    /// It was approved, and is not run after all: all are told so, and why.
    pub(super) async fn not_run(&self, work: &Work, notice: &UserNotice, locale: Locale) -> Outcome {
        let Some(ruling) = work.event.ruling() else {
            return super::misread();
        };
        self.show_not_run(work, notice, locale).await;
        let reason = format!("approved, and not run: {}", notice.render(Locale::En));
        self.tell(work, &sign(&ruling.id), notice, reason, locale).await
    }

    /// Shows that what was approved is not run, where the event is such a decision.
    pub(super) async fn show_not_run(&self, work: &Work, notice: &UserNotice, locale: Locale) {
        let Some(ruling) = work.event.ruling() else { return };
        let standing = Standing::NotRun {
            by: ruling.by.clone(),
            at: self.matcher.clock(ruling.at_ms),
            why: notice.render(locale),
        };
        self.show(work, &ruling.id, ruling.on.as_ref(), &standing, locale).await;
    }

    async fn show_failed(&self, work: &Work, ruling: &Ruling, id: String, locale: Locale) {
        let standing = Standing::Failed {
            by: ruling.by.clone(),
            at: self.matcher.clock(ruling.at_ms),
            id,
        };
        self.show(work, &ruling.id, ruling.on.as_ref(), &standing, locale).await;
    }

    fn standing(&self, decision: &Decision) -> Standing {
        Standing::Decided {
            what: decision.what,
            by: decision.by.clone(),
            at: self.matcher.clock(decision.at_ms),
        }
    }

    /// Changes the message of the question. Where it is gone, another one says the same.
    async fn show(
        &self,
        work: &Work,
        id: &str,
        on: Option<&moa_core::event::MessageRef>,
        standing: &Standing,
        locale: Locale,
    ) {
        let Some(pending) = self.matcher.pendings.get(id) else {
            tracing::warn!(
                pending = id,
                "what was decided cannot be shown: nothing is known of the question any more"
            );
            return;
        };
        // What was not sent yet is changed when it is.
        let Some(on) = on.or(pending.on.as_ref()) else { return };
        let content = looks(&pending, standing, locale);
        let stamp = Stamp {
            plugin: String::new(),
            invocation: sign(id),
            ordinal: 0,
        };
        let error = match self.outbox.edit(on, &content, &stamp).await {
            Ok(()) => return,
            Err(error) => error,
        };
        tracing::warn!(pending = id, %error, "the message that asked about a command cannot be changed");
        if matches!(error, SendError::Refused { .. })
            && let Err(error) = self
                .answer(work, &format!("{}=", sign(id)), &content, &Ordinals::default())
                .await
        {
            tracing::warn!(pending = id, %error, "nor can what was decided be said");
        }
    }
}
