//! One piece of work from beginning to end: look up who asked, call the plugin, send what it says, close the record.
//!
//! In reading order: [`allowance`] is what a plugin may use, `input` what it is called with, `answer` what people are
//! told, `hourglass` the sign that it takes long.

mod allowance;
mod answer;
mod hourglass;
mod input;

pub use allowance::{Allowance, Allowances};

use crate::adapter::Adapter;
use crate::capability::{self, Scene, World};
use crate::dispatch::Turn;
use crate::journal::Ticket;
use crate::matching::{Match, Matcher, Todo};
use crate::outbox::{Ordinals, Outbox};
use crate::registry::Loaded;
use answer::unsent;
use hourglass::Hourglass;
use input::{Call, invocation_id};
use moa_core::call::Failure;
use moa_core::content::Content;
use moa_core::event::{Event, User};
use moa_core::locale::{Locale, UserNotice};
use moa_core::router::{CommandMatch, HeardMatch};
use moa_engine::Fault;
use moa_store::{Outcome, Store};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::task::TaskTracker;

/// After how long a call that still runs shows its ⏳.
const SLOW: Duration = Duration::from_secs(2);
/// How often a plugin may ask for another try.
const ATTEMPTS: u32 = 3;
/// The longest pause that a plugin gets before another try, in seconds.
const LONGEST_PAUSE: u32 = 60;

/// An event that is to be worked on.
pub struct Work {
    /// What happened.
    pub event: Arc<Event>,
    /// What it asks for.
    pub matched: Match,
    /// Its place in the journal.
    pub ticket: Arc<Ticket>,
    /// Whether an earlier run may have answered it.
    pub look_first: bool,
}

/// Does the work.
pub struct Invoker {
    /// The chat service.
    pub adapter: Arc<dyn Adapter>,
    /// The way out.
    pub outbox: Arc<Outbox>,
    /// Brain and journal.
    pub store: Arc<dyn Store>,
    /// Time and chance, for plugins.
    pub world: Arc<dyn World>,
    /// What plugins may use.
    pub allowances: Arc<Allowances>,
    /// Which plugin an event is for.
    pub matcher: Arc<Matcher>,
    /// What is done beside the work and never waited for by it.
    pub courtesies: TaskTracker,
    /// The language of people of whom none is known.
    pub locale: Locale,
    /// The time zone of people who have none set, an IANA name.
    pub timezone: String,
}

impl Invoker {
    /// Does one piece of work and closes its record. Gives its turn back at the end.
    pub async fn run(&self, mut work: Work, mut turn: Turn<Work>) {
        // What nobody sends again is begun only when it cannot get lost any more. (Without a record it was not
        // acknowledged either, which the service tells its person.)
        if !work.event.is_redeliverable() && work.ticket.seq().await.is_none() {
            return;
        }
        let Some(matched) = self.matcher.refresh(&work.event, work.matched) else {
            return self.close(&work.event, &work.ticket, Outcome::Done).await;
        };
        work.matched = matched;
        let own_id = || invocation_id(work.event.identity.as_str(), "", "command", "answer", &[]);
        let outcome = match &work.matched.todo {
            Todo::Command(command) => self.command(&work, command, &mut turn).await,
            Todo::Heard(heard) => self.heard(&work, heard, &mut turn).await,
            Todo::Say(say) => {
                let locale = self.locale_of(&self.asker(&work).await);
                let content = say.render(&work.matched.snapshot.table, &self.matcher.settings, locale);
                match self.answer(&work, &own_id(), &content, &Ordinals::default()).await {
                    Ok(()) => Outcome::Done,
                    Err(error) => unsent(error),
                }
            }
            Todo::Tell(notice) => {
                let locale = self.locale_of(&self.asker(&work).await);
                self.tell(
                    &work,
                    &own_id(),
                    notice,
                    notice.render(Locale::En),
                    locale,
                    &Ordinals::default(),
                )
                .await
            }
        };
        if let Outcome::Failed { reason } = &outcome {
            tracing::warn!(event = %work.event.identity, "not done: {reason}");
        }
        self.close(&work.event, &work.ticket, outcome).await;
    }

    /// Closes the event's record, if this was the last that it asked for.
    async fn close(&self, event: &Event, ticket: &Ticket, outcome: Outcome) {
        if let Some(outcome) = ticket.end(outcome)
            && let Some(seq) = ticket.seq().await
            && let Err(error) = self.store.finish(seq, outcome).await
        {
            tracing::error!(event = %event.identity, %error, "the journal could not close an event; it is looked at again after the next start");
        }
    }

    async fn command(&self, work: &Work, command: &CommandMatch, turn: &mut Turn<Work>) -> Outcome {
        let id = invocation_id(
            work.event.identity.as_str(),
            &command.plugin,
            "command",
            &command.command,
            &command.path,
        );
        let asker = self.asker(work).await;
        let locale = self.locale_of(&asker);
        let Some(loaded) = work.matched.snapshot.plugins.get(&command.plugin) else {
            return self.gone(work, &command.plugin, &id, locale).await;
        };
        let call = Call::Command(self.command_call(work, command, &id, asker, locale).await);
        self.carry_out(work, loaded, call, locale, turn).await
    }

    async fn heard(&self, work: &Work, heard: &HeardMatch, turn: &mut Turn<Work>) -> Outcome {
        let id = invocation_id(work.event.identity.as_str(), &heard.plugin, "hear", &heard.id, &[]);
        let asker = self.asker(work).await;
        let locale = self.locale_of(&asker);
        let Some(loaded) = work.matched.snapshot.plugins.get(&heard.plugin) else {
            return self.gone(work, &heard.plugin, &id, locale).await;
        };
        let call = Call::Heard(self.heard_call(work, heard, &id, asker, locale).await);
        self.carry_out(work, loaded, call, locale, turn).await
    }

    async fn gone(&self, work: &Work, plugin: &str, id: &str, locale: Locale) -> Outcome {
        let notice = UserNotice::PluginGone { plugin: plugin.into() };
        let reason = notice.render(Locale::En);
        self.tell(work, id, &notice, reason, locale, &Ordinals::default()).await
    }

    /// Calls the plugin until it does not ask for another try, and sends what comes of it.
    async fn carry_out(
        &self,
        work: &Work,
        loaded: &Loaded,
        mut call: Call,
        locale: Locale,
        turn: &mut Turn<Work>,
    ) -> Outcome {
        let id = call.invocation().id.clone();
        loop {
            let attempt = call.invocation().attempt;
            let scene = self.scene(work, loaded, &id, attempt);
            let done = match self.watched(work, loaded, call.clone(), &scene).await {
                Ok(Err(Failure::Retry(seconds))) if attempt < ATTEMPTS => {
                    let pause = seconds.min(LONGEST_PAUSE);
                    tracing::info!(plugin = %loaded.name, invocation = %id, "asked to be tried again in {pause} s");
                    tokio::time::sleep(Duration::from_secs(pause.into())).await;
                    call.invocation().attempt += 1;
                    continue;
                }
                done => done,
            };
            turn.leave_place();
            return match done {
                Ok(Ok(Some(content))) => self.said(work, &scene, &content, locale).await,
                Ok(Ok(None)) => Outcome::Done,
                Ok(Err(failure)) => self.failed(work, loaded, &scene, failure, locale).await,
                Err(fault) => self.faulted(work, loaded, &scene, &fault, locale).await,
            };
        }
    }

    /// Calls the plugin, with a ⏳ on the message while it takes long.
    async fn watched(
        &self,
        work: &Work,
        loaded: &Loaded,
        call: Call,
        scene: &Arc<Scene>,
    ) -> Result<Result<Option<Content>, Failure>, Fault> {
        let limits = &self.allowances.of(&loaded.name).limits;
        let host = capability::host(Arc::clone(scene));
        let mut running = std::pin::pin!(async {
            match call {
                Call::Command(call) => loaded.plugin.command(call, host, limits).await,
                Call::Heard(call) => loaded.plugin.hear(call, host, limits).await,
            }
        });
        let done = match tokio::time::timeout(SLOW, &mut running).await {
            Ok(done) => {
                if work.look_first {
                    // The host that began this may have ended before it took its ⏳ away.
                    self.hourglass(work, Hourglass::Leftover);
                }
                done
            }
            Err(_) => {
                let shown = self.hourglass(work, Hourglass::Shown);
                let done = running.await;
                drop(shown);
                done
            }
        };
        let usage = done.usage;
        tracing::debug!(
            plugin = %loaded.name, invocation = %scene.invocation, ok = done.result.is_ok(),
            cpu_us = usage.cpu.as_micros(), wall_us = usage.wall.as_micros(),
            memory = usage.memory_peak, host_calls = usage.host_calls, "called"
        );
        done.result
    }

    fn scene(&self, work: &Work, loaded: &Loaded, id: &str, attempt: u32) -> Arc<Scene> {
        let allowance = self.allowances.of(&loaded.name);
        Arc::new(Scene {
            plugin: loaded.name.clone(),
            invocation: id.to_owned(),
            // Another try that the plugin asked for is new work; the same try after a crash is not.
            effects: if attempt == 1 {
                id.to_owned()
            } else {
                format!("{id}#{attempt}")
            },
            event: Arc::clone(&work.event),
            ticket: Arc::clone(&work.ticket),
            look_first: work.look_first,
            ordinals: Ordinals::default(),
            granted: self.allowances.grants.of(&loaded.name, &loaded.manifest.requests),
            manifest: Arc::clone(&loaded.manifest),
            config: Arc::clone(&allowance.config),
            brain_limit: allowance.brain,
            begun: self.world.now(),
            world: Arc::clone(&self.world),
            adapter: Arc::clone(&self.adapter),
            outbox: Arc::clone(&self.outbox),
            lessons: Arc::clone(&self.matcher.lessons),
            store: Arc::clone(&self.store),
        })
    }

    async fn asker(&self, work: &Work) -> User {
        self.adapter.user(&work.event.message().author).await
    }

    fn locale_of(&self, user: &User) -> Locale {
        user.locale.as_deref().map_or(self.locale, Locale::from_tag)
    }
}

#[cfg(test)]
mod tests;
