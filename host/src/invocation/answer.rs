//! What a person is told: what the plugin says, or why there is nothing of it.

use super::{Invoker, Work};
use crate::adapter::SendError;
use crate::capability::Scene;
use crate::matching::Todo;
use crate::outbox::{Letter, Ordinals};
use crate::recall::Stop;
use crate::registry::Loaded;
use moa_core::call::Failure;
use moa_core::content::{Audience, Content};
use moa_core::event::{Event, EventKind, PlaceKind};
use moa_core::locale::{Locale, UserNotice};
use moa_core::router::Say;
use moa_engine::Fault;
use moa_store::Outcome;

impl Invoker {
    pub(super) async fn failed(
        &self,
        work: &Work,
        loaded: &Loaded,
        scene: &Scene,
        failure: Failure,
        locale: Locale,
    ) -> Outcome {
        let (plugin, id) = (loaded.name.clone(), scene.invocation.clone());
        self.fail_outside(work, &failure, &id);
        match failure {
            Failure::Usage(text) => {
                let table = &work.matched.snapshot.table;
                let content = match &work.matched.todo {
                    Todo::Command(command) => {
                        let access = &self.matcher.access;
                        let (policy, caller) = (access.policy(), access.caller(&work.event));
                        let reader = policy.reader(&caller);
                        Say::usage_of(table, command, text).render(
                            table,
                            self.matcher.settings_of(&work.event),
                            reader,
                            locale,
                        )
                    }
                    // Only commands have a right form to show.
                    Todo::Heard(_)
                    | Todo::Pressed { .. }
                    | Todo::Changed { .. }
                    | Todo::Due { .. }
                    | Todo::Hook { .. }
                    | Todo::Confirm(_)
                    | Todo::Own
                    | Todo::Manage(_)
                    | Todo::Say(_)
                    | Todo::Tell(_) => Content::text(text),
                };
                self.refused(work, scene, content, locale).await
            }
            Failure::Rejected(text) => self.refused(work, scene, Content::text(text), locale).await,
            Failure::Retry(_) => {
                let reason = format!("the plugin asked to be tried again, {} times", super::ATTEMPTS);
                self.tell(work, &scene.effects, &UserNotice::Busy { plugin }, reason, locale)
                    .await
            }
            Failure::Internal(text) => {
                tracing::error!(plugin, invocation = id, version = %loaded.version, "the plugin reports a failure of its own: {text}");
                let notice = match scene.recall.is_forsaken() {
                    true => UserNotice::NoMemory { plugin, id },
                    false => UserNotice::Internal { plugin, id },
                };
                self.tell(work, &scene.effects, &notice, text, locale).await
            }
        }
    }

    /// Sends why a plugin did not do it; nobody is told who did not ask for anything.
    async fn refused(&self, work: &Work, scene: &Scene, content: Content, locale: Locale) -> Outcome {
        if matches!(work.matched.todo, Todo::Changed { .. }) || work.event.is_timeout() || work.event.is_outside() {
            return Outcome::Failed { reason: content.text };
        }
        let content = Content {
            audience: own_audience(&work.event),
            ..content
        };
        self.said(work, scene, &content, locale).await
    }

    pub(super) async fn faulted(
        &self,
        work: &Work,
        loaded: &Loaded,
        scene: &Scene,
        fault: &Fault,
        locale: Locale,
    ) -> Outcome {
        let (plugin, id) = (loaded.name.clone(), scene.invocation.clone());
        let notice = match fault {
            Fault::CpuTime { limit } => UserNotice::TooSlowCpu {
                plugin,
                limit: *limit,
                id,
            },
            Fault::WallTime { limit } => UserNotice::TooSlowWall {
                plugin,
                limit: *limit,
                id,
            },
            Fault::Memory { limit } => UserNotice::TooMuchMemory {
                plugin,
                limit: *limit,
                id,
            },
            Fault::Trap { .. } | Fault::Panic { .. } => UserNotice::Crashed { plugin, id },
            Fault::Busy(_) => UserNotice::Busy { plugin },
            Fault::HostCalls { .. }
            | Fault::MissingExport(_)
            | Fault::BadOutput(_)
            | Fault::Stopped
            | Fault::Engine(_) => UserNotice::Internal { plugin, id },
        };
        let reason = format!("{fault} ({})", scene.invocation);
        self.tell(work, &scene.effects, &notice, reason, locale).await
    }

    /// A call that was stopped: it did something else than its first run, or its record was closed.
    pub(super) async fn stopped(
        &self,
        work: &Work,
        loaded: &Loaded,
        scene: &Scene,
        stop: Stop,
        locale: Locale,
    ) -> Outcome {
        let (plugin, id) = (&scene.plugin, &scene.invocation);
        match stop {
            Stop::Diverged(reason) => {
                let reason = format!("{reason} (version {})", loaded.short_version());
                self.cut_off(work, plugin, id, &scene.effects, reason, locale).await
            }
            Stop::Closed => {
                tracing::info!(
                    plugin,
                    invocation = id,
                    "a call was stopped, for its journal record was closed"
                );
                Outcome::Done
            }
        }
    }

    /// A call that was cut off and cannot go on. Nothing more is done for it.
    pub(super) async fn cut_off(
        &self,
        work: &Work,
        plugin: &str,
        id: &str,
        effects: &str,
        reason: String,
        locale: Locale,
    ) -> Outcome {
        tracing::error!(plugin, invocation = id, "diverged: {reason}");
        let notice = UserNotice::CutOff {
            plugin: plugin.to_owned(),
            id: id.to_owned(),
        };
        match self.tell(work, effects, &notice, reason, locale).await {
            Outcome::Failed { reason } => Outcome::Diverged { reason },
            other => other,
        }
    }

    /// Sends what a plugin says. What the service will never take is no answer, so the person is told that there is none.
    /// (Who has to see to it is told by the service's own part, once for a cause.)
    pub(super) async fn said(&self, work: &Work, scene: &Scene, content: &Content, locale: Locale) -> Outcome {
        match self.answer(work, &scene.effects, content, &scene.ordinals).await {
            Ok(()) => Outcome::Done,
            Err(error @ SendError::Refused { .. }) => self.not_shown(work, scene, &error, locale).await,
            Err(error) => unsent(error),
        }
    }

    /// What came of a call cannot be shown.
    pub(super) async fn not_shown(&self, work: &Work, scene: &Scene, error: &SendError, locale: Locale) -> Outcome {
        let (plugin, id) = (scene.plugin.clone(), scene.invocation.clone());
        // The person knows the call by this number.
        let reason = format!("what `{plugin}` said could not be shown ({id}): {error}");
        if error.is_of_closed_place() {
            self.tell_directly(work, &scene.effects, locale).await;
            return Outcome::Failed { reason };
        }
        let notice = UserNotice::Internal { plugin, id };
        self.tell(work, &scene.effects, &notice, reason, locale).await
    }

    /// Tells the person directly that nothing can be said where they are. Nobody else could, and they would wait in vain.
    pub(super) async fn tell_directly(&self, work: &Work, id: &str, locale: Locale) {
        let (here, person) = (work.event.place(), work.event.author());
        if here.kind == PlaceKind::Direct || !is_waited_for(work) || work.ticket.over() {
            return;
        }
        let conversation = here.conversation.clone();
        let content = Content::text(UserNotice::NoVoice { conversation }.render(locale));
        let told = async {
            let to = self.adapter.open_direct(person).await?;
            let letter = Letter {
                to: &to,
                answers: None,
                asker: Some(person),
                content: &content,
                plugin: work.matched.todo.plugin(),
                invocation: &format!("{id}@"),
                response_url: None,
                look_first: work.look_first,
            };
            self.outbox.send(letter, &Ordinals::default()).await
        };
        if let Err(error) = told.await {
            tracing::warn!(event = %work.event.identity, %error, "a person cannot be told directly either that the bot may not write where they are");
        }
    }

    /// Tells the person why it was not done; `reason` is for the operator.
    ///
    /// Under a name of its own: should the operator have the call run again, this must not be taken for its answer. Where
    /// the bot is mute nobody else sees it.
    pub(super) async fn tell(
        &self,
        work: &Work,
        id: &str,
        notice: &UserNotice,
        reason: String,
        locale: Locale,
    ) -> Outcome {
        if !is_waited_for(work) {
            return Outcome::Failed { reason };
        }
        let place = work.event.place();
        let audience = match self.matcher.maintenance.is_muted(&place.service, &place.conversation) {
            true => Audience::Asker,
            false => own_audience(&work.event),
        };
        let content = Content {
            audience,
            ..Content::text(notice.render(locale))
        };
        match self
            .answer(work, &format!("{id}!"), &content, &Ordinals::default())
            .await
        {
            Ok(()) => Outcome::Failed { reason },
            Err(error) => {
                if error.is_of_closed_place() {
                    self.tell_directly(work, id, locale).await;
                }
                let reason = format!("{reason}; and the person could not be told: {error}");
                Outcome::Failed { reason }
            }
        }
    }

    /// Whether a plugin would speak where an admin made the bot silent. The host itself may: it answers admins.
    pub(super) fn is_hushed(&self, work: &Work) -> bool {
        let place = work.event.place();
        let maintenance = &self.matcher.maintenance;
        !work.matched.todo.plugin().is_empty() && maintenance.is_muted(&place.service, &place.conversation)
    }

    /// Sends what a call returned to where it came from.
    pub(super) async fn answer(
        &self,
        work: &Work,
        invocation: &str,
        content: &Content,
        ordinals: &Ordinals,
    ) -> Result<(), SendError> {
        if work.ticket.over() {
            tracing::info!(event = %work.event.identity, "an event that was done with before came again; nothing more is said to it");
            return Ok(());
        }
        if self.is_hushed(work) {
            let plugin = work.matched.todo.plugin();
            tracing::info!(
                plugin,
                invocation,
                "what a call says is not sent: an admin made the bot silent there meanwhile"
            );
            return Ok(());
        }
        let audience = match (&work.event.asked().kind, content.audience) {
            // Nobody else saw the slash command, so its answer is for its person unless the plugin says otherwise.
            (EventKind::Slash(slash), Audience::Everyone | Audience::Thread) if !slash.seen => Audience::Asker,
            (EventKind::Slash(slash), Audience::Broadcast) if !slash.seen => Audience::Everyone,
            (_, audience) => audience,
        };
        let content = Content {
            audience,
            ..content.clone()
        };
        let letter = Letter {
            to: work.event.place(),
            answers: work.event.answers().map(|at| at.id.as_str()),
            asker: Some(work.event.author()),
            content: &content,
            plugin: work.matched.todo.plugin(),
            invocation,
            response_url: work.event.response_url(),
            look_first: work.look_first,
        };
        self.outbox.send(letter, ordinals).await.map(drop)
    }
}

/// What of a fault is for the operator and the plugin's author. Each line bears the call's id, so that whoever looks for
/// one finds all of it.
pub(super) fn log_fault(loaded: &Loaded, scene: &Scene, fault: &Fault, backtrace: &[String]) {
    let (plugin, invocation) = (&loaded.name, &scene.invocation);
    let blame = if fault.is_guest() { "plugin" } else { "host" };
    tracing::error!(plugin, invocation, version = %loaded.version, blame, "{fault}");
    for (number, frame) in backtrace.iter().enumerate() {
        // Shown with what the plugin itself says: `moa test` shows nothing else.
        tracing::warn!(target: "plugin::fault", plugin, invocation, "backtrace {number}: {frame}");
    }
}

/// Who is told what went wrong: a press is seen by nobody else, so neither is what came of it.
pub(super) fn own_audience(event: &Event) -> Audience {
    match &event.kind {
        EventKind::Press(_) => Audience::Asker,
        EventKind::Message(_)
        | EventKind::Slash(_)
        | EventKind::Change(_)
        | EventKind::Ruling(_)
        | EventKind::Due(_)
        | EventKind::Hook(_) => Audience::Everyone,
    }
}

/// Whether somebody waits for an answer: nobody does who did not speak to the bot, or did nothing at all.
fn is_waited_for(work: &Work) -> bool {
    match &work.matched.todo {
        Todo::Heard(heard) => !heard.ambient,
        Todo::Changed { .. } | Todo::Due { .. } | Todo::Hook { .. } => false,
        Todo::Command(_)
        | Todo::Confirm(_)
        | Todo::Pressed { .. }
        | Todo::Manage(_)
        | Todo::Say(_)
        | Todo::Tell(_)
        | Todo::Own => !work.event.is_timeout(),
    }
}

pub(super) fn unsent(error: SendError) -> Outcome {
    Outcome::Failed {
        reason: format!("the answer could not be sent: {error}"),
    }
}
