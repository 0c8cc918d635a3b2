//! One piece of work from beginning to end: look up who asked, call the plugin, send what it says, close the record.
//!
//! In reading order: `allowance` is what a plugin may use, `input` what it is called with, `answer` what people are
//! told, `approval` commands that are asked about first, `reply` what follows a press, `outside` jobs and webhooks, `held`
//! an acknowledgement that waits for what the plugin says,
//! `resting` what is not even tried, `recorded` what goes into the audit log, `own` what the host itself asks of admins,
//! `manage` what admins want of the host, `hourglass` the sign that it takes long.

mod allowance;
mod answer;
mod approval;
mod held;
mod hourglass;
mod input;
mod manage;
mod outside;
mod own;
mod recorded;
mod reply;
mod resting;

pub use allowance::{Allowance, Allowances};
pub use held::{HeldAck, Twins};
pub use input::Call;
pub(crate) use input::{Names, full, id_of};
use input::{change_id, command_id, heard_id, invocation_id, outside_id, press_id};

use crate::adapter::Adapter;
use crate::admins::Admins;
use crate::audit::Audit;
use crate::capability::{self, Scene, World};
use crate::dispatch::Turn;
use crate::grants::Approvals;
use crate::journal::Ticket;
use crate::log;
use crate::matching::{Match, Matcher, Todo};
use crate::metrics::{self, plugin::Ending};
use crate::outbox::{Ordinals, Outbox};
use crate::recall::{Begun, Past, Recall, Unreadable};
use crate::registry::Loaded;
use crate::rest::Rests;
use answer::{log_fault, unsent};
use hourglass::Hourglass;
use moa_core::audit::Entry;
use moa_core::call::{Failure, HookAnswer, Reply};
use moa_core::content::{Audience, Content};
use moa_core::event::{Event, EventKind, PlaceKind, User};
use moa_core::locale::{Locale, UserNotice};
use moa_core::router::{CommandMatch, HeardMatch};
use moa_engine::Done;
use moa_store::{Outcome, Store};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

/// After how long a call that still runs shows its ⏳.
const SLOW: Duration = Duration::from_secs(2);
/// How often a plugin may ask for another try.
const ATTEMPTS: u32 = 3;
/// The number of the answer, above those of all effects: a rerun finds it whichever way it came to it.
const ANSWER: u32 = 1 << 30;
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
    /// When it arrived, in milliseconds since 1970.
    pub received_ms: i64,
    /// The same by a clock that nobody sets; of what an earlier run left, when it was taken up again.
    pub arrived: Instant,
    /// What an earlier run did of it.
    pub before: Option<Before>,
    /// The acknowledgement that waits for what the plugin says, where a form was sent or somebody asked from outside.
    pub held: Option<HeldAck>,
}

/// What a call ended with.
enum Said {
    /// Something to be sent to where the event came from, or nothing.
    Content(Option<Content>),
    /// What follows a press.
    Reply(Reply),
    /// What whoever asked from outside is answered.
    Answer(HookAnswer),
}

/// What an earlier run left of a call.
pub enum Before {
    /// What it was given and what it did.
    Past(Box<Past>),
    /// It did something, and what cannot be read.
    Unreadable(Unreadable),
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
    /// What admins decide.
    pub approvals: Arc<Approvals>,
    /// Which plugins rest.
    pub rests: Arc<Rests>,
    /// Who is told of it.
    pub admins: Arc<Admins>,
    /// Where what people do is written down.
    pub audit: Arc<Audit>,
    /// What is done beside the work and never waited for by it.
    pub courtesies: TaskTracker,
    /// The language of people of whom none is known.
    pub locale: Locale,
    /// The time zone of people who have none set, an IANA name.
    pub timezone: String,
}

impl Invoker {
    /// Does one piece of work and closes its record. Gives its turn back as soon as the answer has left.
    pub async fn run(&self, work: Work, turn: Turn<Work>) {
        let (event, ticket) = (Arc::clone(&work.event), Arc::clone(&work.ticket));
        metrics::QUEUE.took(work.arrived.elapsed());
        // In a box that is gone when it is done: many may wait for the log and the journal while the disk is slow, and then
        // each would hold what a whole call needs, some 16 KB, instead of a few hundred bytes.
        let schedules = &self.matcher.schedules;
        let Some((record, outcome)) = Box::pin(self.done(work, turn)).await else {
            return schedules.ended(&event, None, self.world.now());
        };
        schedules.ended(&event, Some(&outcome), self.world.now());
        self.record(record, &outcome).await;
        self.close(&event, &ticket, outcome).await;
    }

    /// Does one piece of work: what is to be written down of it, and what its record is to be closed with. Nothing where that
    /// is seen to, or must not be.
    async fn done(&self, mut work: Work, mut turn: Turn<Work>) -> Option<(Option<Entry>, Outcome)> {
        // What nobody sends again is begun only when it cannot get lost any more. (Without a record it was not
        // acknowledged either, which the service tells its person.)
        if !work.event.is_redeliverable() && work.ticket.seq().await.is_none() {
            return None;
        }
        self.open_place(&mut work).await;
        let kept = match work.event.ruling() {
            Some(ruling) => self.keep(&work, ruling).await,
            None => true,
        };
        let before = work.before.take();
        if before.is_none() {
            let Some(matched) = self.matcher.refresh(&work.event, work.matched) else {
                return Some((None, Outcome::Done));
            };
            work.matched = matched;
        }
        let record = self.to_record(&work, before.as_ref());
        // What an earlier run began is finished, whatever the plugin is like by now.
        let admitted = match &before {
            None => self.admit(&work.matched),
            Some(_) => Ok(None),
        };
        let _trial = match admitted {
            Ok(trial) => trial,
            Err(until) => {
                metrics::plugin::of(work.matched.todo.plugin()).rested();
                self.turned_away(record);
                self.turn_away(&work, until, turn).await;
                return None;
            }
        };
        let outcome = match work.event.ruling() {
            Some(ruling) => self.ruled(&work, ruling, kept, before, &mut turn).await,
            None => self.carried_out(&work, before, &mut turn).await,
        };
        if let Outcome::Failed { reason } | Outcome::Diverged { reason } = &outcome {
            tracing::warn!(event = %work.event.identity, "not done: {reason}");
        }
        self.let_go(&work).await;
        // That the event is on disk, which closing its record waits for, is nothing that the same person's next command
        // has to wait for too.
        drop(turn);
        Some((record, outcome))
    }

    /// Does what an event asks for.
    async fn carried_out(&self, work: &Work, before: Option<Before>, turn: &mut Turn<Work>) -> Outcome {
        let own_id = || invocation_id(work.event.identity.as_str(), "", "command", "answer", &[]);
        if work.matched.todo.plugin().is_empty() {
            metrics::OWN.add();
        }
        match (&work.matched.todo, before) {
            // What goes on where it was asks nothing of the plugins as they are now.
            (
                Todo::Command(_)
                | Todo::Heard(_)
                | Todo::Pressed { .. }
                | Todo::Changed { .. }
                | Todo::Due { .. }
                | Todo::Hook { .. },
                Some(Before::Past(past)),
            ) => self.go_on(work, *past, turn).await,
            (
                todo @ (Todo::Command(_)
                | Todo::Heard(_)
                | Todo::Pressed { .. }
                | Todo::Changed { .. }
                | Todo::Due { .. }
                | Todo::Hook { .. }),
                Some(Before::Unreadable(why)),
            ) => self.unreadable(work, todo, &why).await,
            (Todo::Command(command), None) => self.command(work, command, turn).await,
            (Todo::Confirm(command), _) => self.confirm(work, command).await,
            (Todo::Heard(heard), None) => self.heard(work, heard, turn).await,
            (Todo::Pressed { plugin }, None) => self.pressed(work, plugin, turn).await,
            (Todo::Changed { plugin }, None) => self.changed(work, plugin, turn).await,
            (Todo::Due { plugin }, None) => self.due(work, plugin, turn).await,
            (Todo::Hook { plugin }, None) => self.hooked(work, plugin, turn).await,
            (Todo::Own, _) => self.own(work).await,
            (Todo::Manage(manage), _) => self.manage(work, manage).await,
            (Todo::Say(say), _) => {
                let locale = self.locale_of(&self.asker(work).await);
                let access = &self.matcher.access;
                let (policy, caller) = (access.policy(), access.caller(&work.event));
                let reader = policy.reader(&caller);
                let content = say.render(
                    &work.matched.snapshot.table,
                    self.matcher.settings_of(&work.event),
                    reader,
                    locale,
                );
                match self.answer(work, &own_id(), &content, &Ordinals::default()).await {
                    Ok(()) => Outcome::Done,
                    Err(error) => {
                        if error.is_of_closed_place() {
                            self.tell_directly(work, &own_id(), locale).await;
                        }
                        unsent(error)
                    }
                }
            }
            // Somebody pressed what is another's, or is over, or asked too often, or at a bad time: nothing failed.
            (Todo::Tell(notice), _) if notice.is_for_one() || notice.is_wanted() => {
                let locale = self.locale_of(&self.asker(work).await);
                let audience = match notice.is_for_one() {
                    true => Audience::Asker,
                    false => answer::own_audience(&work.event),
                };
                let content = Content {
                    audience,
                    ..Content::text(notice.render(locale))
                };
                match self.answer(work, &own_id(), &content, &Ordinals::default()).await {
                    Ok(()) => Outcome::Done,
                    Err(error) => unsent(error),
                }
            }
            (Todo::Tell(notice), _) => {
                let locale = self.locale_of(&self.asker(work).await);
                self.tell(work, &own_id(), notice, notice.render(Locale::En), locale)
                    .await
            }
        }
    }

    /// Nothing that waits for the work waits any longer.
    async fn let_go(&self, work: &Work) {
        if let Some(held) = &work.held {
            // Unless it was given, with an answer or without, on the way.
            held.close();
        }
        self.close_question(&work.event).await;
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
        let id = command_id(&work.event, command);
        let asker = self.asker(work).await;
        let locale = self.locale_of(&asker);
        let Some(loaded) = work.matched.snapshot.plugins.get(&command.plugin) else {
            return self.gone(work, &command.plugin, &id, locale).await;
        };
        let Some(message) = work.event.message() else {
            return misread();
        };
        let call = self.command_call(work, message, command, &id, asker, locale).await;
        if let Err(outcome) = self.begin(work, command, &id).await {
            return outcome;
        }
        let call = Call::Command(call);
        let recall = self.first_run(loaded, call, false);
        self.carry_out(work, loaded, recall, locale, turn).await
    }

    async fn heard(&self, work: &Work, heard: &HeardMatch, turn: &mut Turn<Work>) -> Outcome {
        let id = heard_id(&work.event, heard);
        let asker = self.asker(work).await;
        let locale = self.locale_of(&asker);
        let Some(loaded) = work.matched.snapshot.plugins.get(&heard.plugin) else {
            return self.gone(work, &heard.plugin, &id, locale).await;
        };
        let Some(message) = work.event.message() else {
            return misread();
        };
        let call = Call::Heard(self.heard_call(work, message, heard, &id, asker, locale).await);
        let recall = self.first_run(loaded, call, heard.ambient);
        self.carry_out(work, loaded, recall, locale, turn).await
    }

    async fn pressed(&self, work: &Work, plugin: &str, turn: &mut Turn<Work>) -> Outcome {
        let (EventKind::Press(press), Some(id)) = (&work.event.kind, press_id(&work.event, plugin)) else {
            return misread();
        };
        let user = self.asker(work).await;
        let locale = self.locale_of(&user);
        let Some(loaded) = work.matched.snapshot.plugins.get(plugin) else {
            return self.gone(work, plugin, &id, locale).await;
        };
        let call = Call::Pressed(self.press_call(work, press, &id, user, locale).await);
        let recall = self.first_run(loaded, call, false);
        self.carry_out(work, loaded, recall, locale, turn).await
    }

    async fn changed(&self, work: &Work, plugin: &str, turn: &mut Turn<Work>) -> Outcome {
        let (EventKind::Change(change), Some(id)) = (&work.event.kind, change_id(&work.event, plugin)) else {
            return misread();
        };
        let who = self.asker(work).await;
        let locale = self.locale_of(&who);
        let Some(loaded) = work.matched.snapshot.plugins.get(plugin) else {
            // Nobody waits for it.
            return Outcome::Done;
        };
        let call = Call::Changed(self.change_call(work, change, &id, who, locale).await);
        let recall = self.first_run(loaded, call, true);
        self.carry_out(work, loaded, recall, locale, turn).await
    }

    /// What is used from anywhere comes without a place: then it is the direct conversation with its person, which is
    /// opened here, so that the plugin gets an address that is good for everything.
    async fn open_place(&self, work: &mut Work) {
        let EventKind::Press(press) = &work.event.kind else {
            return;
        };
        if press.place.kind != PlaceKind::Direct || press.place.conversation != press.user {
            return;
        }
        match self.adapter.open_direct(&press.user).await {
            Ok(place) => {
                let mut event = Event::clone(&work.event);
                if let EventKind::Press(press) = &mut event.kind {
                    press.place = place;
                }
                work.event = Arc::new(event);
            }
            // Messages find their way by the person's id, too.
            Err(error) => {
                tracing::warn!(event = %work.event.identity, %error, "the direct conversation with a person cannot be opened")
            }
        }
    }

    /// A question whose answer was told, or that there is none, is over. That comes before the record is closed: after a
    /// crash in between the call runs again, is given what it did, and comes here once more.
    async fn close_question(&self, event: &Event) {
        if !event.ends_question() {
            return;
        }
        let Some((_, uid)) = event.identity.as_str().rsplit_once("/ask/") else {
            return;
        };
        if let Err(error) = self.matcher.questions.close(uid).await {
            tracing::warn!(event = %event.identity, %error, "a question that is over could not be removed; its buttons seem open until a restart");
        }
    }

    async fn gone(&self, work: &Work, plugin: &str, id: &str, locale: Locale) -> Outcome {
        let notice = UserNotice::PluginGone { plugin: plugin.into() };
        let reason = notice.render(Locale::En);
        self.tell(work, id, &notice, reason, locale).await
    }

    async fn unreadable(&self, work: &Work, todo: &Todo, why: &Unreadable) -> Outcome {
        let locale = self.locale_of(&self.asker(work).await);
        let id = id_of(&work.event, todo).unwrap_or_default();
        self.cut_off(work, todo.plugin(), &id, &id, why.to_string(), locale)
            .await
    }

    /// Goes on with a call that an earlier run began, on the version of the plugin that began it.
    async fn go_on(&self, work: &Work, past: Past, turn: &mut Turn<Work>) -> Outcome {
        let author = past.begun.call.author();
        let locale = author.map_or(self.locale, |author| self.locale_of(author));
        let limits = &self.allowances.of(&past.begun.plugin).limits.clone();
        let version = self
            .matcher
            .registry
            .version(&past.begun.plugin, &past.by, limits)
            .await;
        match version {
            Ok(loaded) => {
                let recall = Recall::again(past, self.world.now());
                self.carry_out(work, &loaded, recall, locale, turn).await
            }
            Err(why) => {
                let reason = format!("its first run cannot be continued: {why}");
                let (plugin, invocation) = (&past.begun.plugin, past.begun.call.invocation());
                let effects = effects_of(&invocation.id, invocation.attempt);
                self.cut_off(work, plugin, &invocation.id, &effects, reason, locale)
                    .await
            }
        }
    }

    /// Calls the plugin until it does not ask for another try, and sends what comes of it.
    async fn carry_out(
        &self,
        work: &Work,
        loaded: &Loaded,
        mut recall: Recall,
        locale: Locale,
        turn: &mut Turn<Work>,
    ) -> Outcome {
        loop {
            let attempt = recall.begun().call.invocation().attempt;
            let scene = self.scene(work, loaded, recall);
            let span = log::call(&loaded.name, loaded.short_version(), &scene.invocation);
            let done = self.watched(work, loaded, &scene).instrument(span).await;
            let stop = match &done.result {
                Ok(_) => scene.recall.ended(),
                Err(_) => scene.recall.stopped(),
            };
            let ending = Ending::of(&done.result, stop.is_some(), attempt >= ATTEMPTS);
            self.counted(loaded, &scene, &done, ending);
            if let Some(stop) = stop {
                turn.leave_place();
                return self.stopped(work, loaded, &scene, stop, locale).await;
            }
            if let (Ending::Retry, Ok(Err(Failure::Retry(seconds)))) = (ending, &done.result) {
                let pause = (*seconds).min(LONGEST_PAUSE);
                tracing::info!(plugin = %loaded.name, invocation = %scene.invocation, "asked to be tried again in {pause} s");
                tokio::time::sleep(Duration::from_secs(pause.into())).await;
                let begun = scene.recall.begun();
                let begun = Begun {
                    call: begun.call.clone().next_attempt(),
                    ..begun.clone()
                };
                recall = Recall::first(begun, loaded.version.clone(), self.world.now());
                continue;
            }
            turn.leave_place();
            scene.ordinals.go_on_at(ANSWER);
            let meters = metrics::plugin::of(&loaded.name);
            let outcome = match done.result {
                Ok(Ok(Said::Content(Some(content)))) => self.said(work, &scene, &content, locale).await,
                Ok(Ok(Said::Content(None))) => Outcome::Done,
                Ok(Ok(Said::Reply(reply))) => self.replied(work, &scene, reply, locale).await,
                Ok(Ok(Said::Answer(answer))) => self.answer_outside(work, loaded, answer),
                Ok(Err(failure)) => self.failed(work, loaded, &scene, failure, locale).await,
                Err(fault) => {
                    log_fault(loaded, &scene, &fault, &done.backtrace);
                    self.faulted(work, loaded, &scene, &fault, locale).await
                }
            };
            meters.answers.took(work.arrived.elapsed());
            let (plugin, invocation) = (&loaded.name, &scene.invocation);
            tracing::debug!(plugin, invocation, ms = work.arrived.elapsed().as_millis(), "answered");
            return outcome;
        }
    }

    /// Calls the plugin, with a ⏳ on the message while it takes long.
    async fn watched(&self, work: &Work, loaded: &Loaded, scene: &Arc<Scene>) -> Done<Result<Said, Failure>> {
        let limits = &self.allowances.of(&loaded.name).limits.clone();
        let host = capability::host(Arc::clone(scene));
        let call = scene.recall.begun().call.clone();
        let mut running = std::pin::pin!(async {
            match call {
                Call::Command(call) => of(loaded.plugin.command(call, host, limits).await, Said::Content),
                Call::Heard(call) => of(loaded.plugin.hear(call, host, limits).await, Said::Content),
                Call::Pressed(call) => of(loaded.plugin.act(call, host, limits).await, Said::Reply),
                Call::Changed(call) => of(loaded.plugin.on(call, host, limits).await, |()| Said::Content(None)),
                Call::Due(call) => of(loaded.plugin.job(call, host, limits).await, |()| Said::Content(None)),
                Call::Hook(call) => of(loaded.plugin.serve(call, host, limits).await, Said::Answer),
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
        metrics::CALL.took(usage.wall);
        self.count(loaded, &scene.invocation, &done.result);
        done
    }

    /// Each call is counted here, for the metrics and for the dashboard alike.
    fn counted(&self, loaded: &Loaded, scene: &Scene, done: &Done<Result<Said, Failure>>, ending: Ending) {
        let (kind, usage) = (scene.recall.begun().call.kind(), &done.usage);
        metrics::plugin::of(&loaded.name).called(kind, ending, usage.cpu, done.result.as_ref().err());
        let vitals = self.matcher.registry.vitals();
        vitals.ended(&loaded.name, &scene.invocation, done, ending);
    }

    fn first_run(&self, loaded: &Loaded, call: Call, ambient: bool) -> Recall {
        let begun = Begun {
            plugin: loaded.name.clone(),
            ambient,
            call,
        };
        Recall::first(begun, loaded.version.clone(), self.world.now())
    }

    fn scene(&self, work: &Work, loaded: &Loaded, recall: Recall) -> Arc<Scene> {
        let allowance = self.allowances.of(&loaded.name);
        let invocation = recall.begun().call.invocation();
        Arc::new(Scene {
            plugin: loaded.name.clone(),
            invocation: invocation.id.clone(),
            effects: effects_of(&invocation.id, invocation.attempt),
            recall,
            event: Arc::clone(&work.event),
            ticket: Arc::clone(&work.ticket),
            look_first: work.look_first,
            ordinals: Ordinals::default(),
            granted: self.allowances.grants.of(&loaded.name, &loaded.manifest.requests),
            manifest: Arc::clone(&loaded.manifest),
            config: Arc::clone(&allowance.config),
            brain_limit: allowance.brain,
            file_limit: allowance.file,
            outward: Arc::clone(&self.allowances.outward),
            data: Arc::clone(&self.allowances.data),
            world: Arc::clone(&self.world),
            adapter: Arc::clone(&self.adapter),
            outbox: Arc::clone(&self.outbox),
            lessons: Arc::clone(&self.matcher.lessons),
            questions: Arc::clone(&self.matcher.questions),
            maintenance: Arc::clone(&self.matcher.maintenance),
            pendings: Arc::clone(&self.matcher.pendings),
            schedules: Arc::clone(&self.matcher.schedules),
            store: Arc::clone(&self.store),
        })
    }

    async fn asker(&self, work: &Work) -> User {
        match work.event.author() {
            "" => User::unknown(""),
            author => self.adapter.user(author).await,
        }
    }

    fn locale_of(&self, user: &User) -> Locale {
        user.locale.as_deref().map_or(self.locale, Locale::from_tag)
    }
}

/// A call's end, whatever was called.
fn of<T>(done: Done<Result<T, Failure>>, said: impl FnOnce(T) -> Said) -> Done<Result<Said, Failure>> {
    Done {
        result: done.result.map(|answer| answer.map(said)),
        usage: done.usage,
        backtrace: done.backtrace,
    }
}

/// What was matched is not what the event is.
fn misread() -> Outcome {
    Outcome::Failed {
        reason: "the event is of another kind than what it was matched to".into(),
    }
}

/// Under which name the effects of an attempt are recorded and its messages are found again. Another try that the plugin
/// asked for is new work; the same try after a crash is not.
fn effects_of(invocation: &str, attempt: u32) -> String {
    match attempt {
        1 => invocation.to_owned(),
        _ => format!("{invocation}#{attempt}"),
    }
}

#[cfg(test)]
mod tests;
