//! One piece of work from beginning to end: look up who asked, call the plugin, send what it says, close the record.

use crate::adapter::{Adapter, SendError};
use crate::capability::{self, Grants, Scene, World};
use crate::dispatch::{Room, Turn};
use crate::journal::Ticket;
use crate::matching::{Match, Matcher, Todo};
use crate::outbox::{Letter, Ordinals, Outbox};
use crate::registry::Loaded;
use moa_core::call::{ArgValue, CommandCall, Failure, FullMessage, HeardCall, Invocation, Value};
use moa_core::content::{Audience, Content};
use moa_core::event::{Event, EventKind, Mention, Message, User};
use moa_core::locale::{Locale, UserNotice};
use moa_core::router::{CommandMatch, HeardMatch, Say};
use moa_engine::{Fault, Limits};
use moa_store::{Outcome, Store};
use serde_json::{Map, Value as JsonValue};
use sha2::{Digest, Sha256};
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};
use tokio_util::task::TaskTracker;

/// After how long a call that still runs shows its ⏳.
const SLOW: Duration = Duration::from_secs(2);
/// How long the names of those whom a message mentions are waited for.
const NAMES: Duration = Duration::from_secs(3);
/// The reaction that a slow call shows.
const HOURGLASS: &str = "hourglass_flowing_sand";
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

/// What one plugin may use, as the configuration says.
#[derive(Clone, Debug)]
pub struct Allowance {
    /// The limits of a call.
    pub limits: Limits,
    /// How much goes on at once.
    pub room: Room,
    /// Bytes that its brain may hold.
    pub brain: u64,
    /// What the operator wrote into its own table of the configuration.
    pub config: Arc<Map<String, JsonValue>>,
}

/// What the configuration says of plugins.
#[derive(Debug)]
pub struct Allowances {
    /// For plugins with a table of their own.
    pub by_plugin: BTreeMap<String, Allowance>,
    /// For all others.
    pub default: Allowance,
    /// What may be touched.
    pub grants: Grants,
}

impl Allowances {
    /// What a plugin may use.
    pub fn of(&self, plugin: &str) -> &Allowance {
        self.by_plugin.get(plugin).unwrap_or(&self.default)
    }
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
        let call = Call::Command(self.call(work, command, &id, asker, locale).await);
        self.carry_out(work, loaded, call, locale, turn).await
    }

    async fn heard(&self, work: &Work, heard: &HeardMatch, turn: &mut Turn<Work>) -> Outcome {
        let id = invocation_id(work.event.identity.as_str(), &heard.plugin, "hear", &heard.id, &[]);
        let asker = self.asker(work).await;
        let locale = self.locale_of(&asker);
        let Some(loaded) = work.matched.snapshot.plugins.get(&heard.plugin) else {
            return self.gone(work, &heard.plugin, &id, locale).await;
        };
        let message = work.event.message();
        let names = self.names(message).await;
        let readable = |group: &Option<String>| group.as_ref().map(|text| names.readable(text));
        let call = Call::Heard(HeardCall {
            invocation: self.invocation(&id, &asker, locale),
            id: heard.id.clone(),
            captures: heard.captures.iter().map(readable).collect(),
            message: full(message, &names, asker),
        });
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

    /// Shows the ⏳, or only removes it; it goes when the sender that is returned does.
    ///
    /// On its own, for it is a courtesy: the answer must not wait for it, and that it cannot be set is no failure.
    fn hourglass(&self, work: &Work, what: Hourglass) -> oneshot::Sender<()> {
        let (shown, over) = oneshot::channel();
        let EventKind::Message(message) = &work.event.kind else {
            return shown;
        };
        let (adapter, at) = (Arc::clone(&self.adapter), message.at.clone());
        self.courtesies.spawn(async move {
            if what == Hourglass::Shown
                && let Err(error) = adapter.react(&at, HOURGLASS).await
            {
                tracing::debug!(%error, "the hourglass could not be shown");
                return;
            }
            // Nothing is ever sent: the other end just goes.
            let _ = over.await;
            if let Err(error) = adapter.unreact(&at, HOURGLASS).await {
                tracing::debug!(%error, "the hourglass could not be taken away");
            }
        });
        shown
    }

    async fn call(&self, work: &Work, command: &CommandMatch, id: &str, author: User, locale: Locale) -> CommandCall {
        let message = work.event.message();
        let names = self.names(message).await;
        let mut args = Vec::with_capacity(command.args.len());
        for arg in &command.args {
            args.push((arg.name.clone(), self.value(&arg.value, &names).await));
        }
        CommandCall {
            invocation: self.invocation(id, &author, locale),
            command: command.command.clone(),
            path: command.path.clone(),
            args,
            rest: names.readable(&command.rest),
            tokens: command.tokens.iter().map(|token| names.readable(token)).collect(),
            message: full(message, &names, author),
        }
    }

    fn invocation(&self, id: &str, author: &User, locale: Locale) -> Invocation {
        Invocation {
            id: id.to_owned(),
            time: moment(self.world.now()).to_string(),
            attempt: 1,
            locale: author.locale.clone().unwrap_or_else(|| locale.tag().to_owned()),
            timezone: author.timezone.clone().unwrap_or_else(|| self.timezone.clone()),
        }
    }

    async fn value(&self, value: &ArgValue, names: &Names) -> Value {
        match value {
            ArgValue::Text(text) => Value::Text(names.readable(text)),
            ArgValue::Integer(number) => Value::Integer(*number),
            ArgValue::Number(number) => Value::Number(*number),
            ArgValue::Truth(truth) => Value::Truth(*truth),
            ArgValue::User(id) => Value::User(self.adapter.user(id).await),
            ArgValue::Conversation(id) => Value::Conversation(self.adapter.conversation(id).await),
            ArgValue::Seconds(seconds) => Value::Seconds(*seconds),
            ArgValue::Date(date) => Value::Date(date.clone()),
            ArgValue::Time(time) => Value::Time(time.clone()),
            ArgValue::Many(texts) => Value::Many(texts.iter().map(|text| names.readable(text)).collect()),
        }
    }

    /// The names of everybody and everything that a message mentions, as far as they can be had within some seconds.
    async fn names(&self, message: &Message) -> Names {
        // One message can mention hundreds that the service is slow to tell of. What is known already costs no time.
        let by = Instant::now() + NAMES;
        let mut names = HashMap::new();
        for mention in &message.mentions {
            let (mark, id) = match mention {
                Mention::User(id) => ('@', id),
                Mention::Conversation(id) => ('#', id),
                Mention::Group(_) | Mention::Everyone(_) | Mention::Link(..) => continue,
            };
            let Entry::Vacant(unknown) = names.entry((mark, id.clone())) else {
                continue;
            };
            let look_up = async {
                match mark {
                    '@' => self.adapter.user(id).await.display_name,
                    _ => self.adapter.conversation(id).await.name,
                }
            };
            // Without a name the id is shown.
            unknown.insert(timeout_at(by, look_up).await.unwrap_or_default());
        }
        Names(names)
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

    async fn failed(&self, work: &Work, loaded: &Loaded, scene: &Scene, failure: Failure, locale: Locale) -> Outcome {
        let (plugin, id) = (loaded.name.clone(), scene.invocation.clone());
        match failure {
            Failure::Usage(text) => {
                let table = &work.matched.snapshot.table;
                let content = match &work.matched.todo {
                    Todo::Command(command) => {
                        Say::usage_of(table, command, text).render(table, &self.matcher.settings, locale)
                    }
                    // Only commands have a right form to show.
                    Todo::Heard(_) | Todo::Say(_) | Todo::Tell(_) => Content::text(text),
                };
                self.said(work, scene, &content, locale).await
            }
            Failure::Rejected(text) => self.said(work, scene, &Content::text(text), locale).await,
            Failure::Retry(_) => {
                let reason = format!("the plugin asked to be tried again, {ATTEMPTS} times");
                self.tell(
                    work,
                    &scene.effects,
                    &UserNotice::Busy { plugin },
                    reason,
                    locale,
                    &scene.ordinals,
                )
                .await
            }
            Failure::Internal(text) => {
                tracing::error!(plugin, invocation = id, version = %loaded.version, "the plugin reports a failure of its own: {text}");
                self.tell(
                    work,
                    &scene.effects,
                    &UserNotice::Internal { plugin, id },
                    text,
                    locale,
                    &scene.ordinals,
                )
                .await
            }
        }
    }

    async fn faulted(&self, work: &Work, loaded: &Loaded, scene: &Scene, fault: &Fault, locale: Locale) -> Outcome {
        let (plugin, id) = (loaded.name.clone(), scene.invocation.clone());
        let blame = if fault.is_guest() { "plugin" } else { "host" };
        tracing::error!(plugin, invocation = id, version = %loaded.version, blame, "{fault}");
        if let Fault::Trap { backtrace, .. } = fault
            && !backtrace.is_empty()
        {
            tracing::info!(plugin, invocation = id, "backtrace:\n{backtrace}");
        }
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
            Fault::HostCalls { .. } | Fault::MissingExport(_) | Fault::BadOutput(_) | Fault::Engine(_) => {
                UserNotice::Internal { plugin, id }
            }
        };
        self.tell(
            work,
            &scene.effects,
            &notice,
            fault.to_string(),
            locale,
            &scene.ordinals,
        )
        .await
    }

    /// Sends what a plugin says. What the service will never take is no answer, so the person is told that there is none.
    async fn said(&self, work: &Work, scene: &Scene, content: &Content, locale: Locale) -> Outcome {
        match self.answer(work, &scene.effects, content, &scene.ordinals).await {
            Ok(()) => Outcome::Done,
            Err(error @ SendError::Refused { .. }) => {
                let (plugin, id) = (scene.plugin.clone(), scene.invocation.clone());
                tracing::error!(
                    plugin,
                    invocation = id,
                    "what the plugin said could not be sent: {error}"
                );
                let reason = error.to_string();
                self.tell(
                    work,
                    &scene.effects,
                    &UserNotice::Internal { plugin, id },
                    reason,
                    locale,
                    &scene.ordinals,
                )
                .await
            }
            Err(error) => unsent(error),
        }
    }

    /// Tells the person why it was not done; `reason` is for the operator.
    async fn tell(
        &self,
        work: &Work,
        id: &str,
        notice: &UserNotice,
        reason: String,
        locale: Locale,
        ordinals: &Ordinals,
    ) -> Outcome {
        if matches!(&work.matched.todo, Todo::Heard(heard) if heard.ambient) {
            // Nobody spoke to the bot, and nobody misses an answer.
            return Outcome::Failed { reason };
        }
        match self
            .answer(work, id, &Content::text(notice.render(locale)), ordinals)
            .await
        {
            Ok(()) => Outcome::Failed { reason },
            Err(error) => Outcome::Failed {
                reason: format!("{reason}; and the person could not be told: {error}"),
            },
        }
    }

    /// Sends what a call returned to where it came from.
    async fn answer(
        &self,
        work: &Work,
        invocation: &str,
        content: &Content,
        ordinals: &Ordinals,
    ) -> Result<(), SendError> {
        let message = work.event.message();
        let (answers, response_url, audience) = match &work.event.kind {
            EventKind::Message(message) => (Some(message.at.id.as_str()), None, content.audience),
            // Nobody else saw the slash command, so its answer is for its person unless the plugin says otherwise.
            EventKind::Slash(slash) => {
                let audience = match content.audience {
                    Audience::Everyone | Audience::Thread | Audience::Asker => Audience::Asker,
                    Audience::Broadcast => Audience::Everyone,
                };
                (None, slash.response_url.as_deref(), audience)
            }
        };
        let content = Content {
            audience,
            ..content.clone()
        };
        let letter = Letter {
            to: &message.at.place,
            answers,
            asker: Some(&message.author),
            content: &content,
            invocation,
            response_url,
            look_first: work.look_first,
        };
        self.outbox.send(letter, ordinals).await.map(drop)
    }

    async fn asker(&self, work: &Work) -> User {
        self.adapter.user(&work.event.message().author).await
    }

    fn locale_of(&self, user: &User) -> Locale {
        user.locale.as_deref().map_or(self.locale, Locale::from_tag)
    }
}

/// An instant as text is made of it; one that no calendar knows is taken for the present.
fn moment(at: std::time::SystemTime) -> jiff::Timestamp {
    jiff::Timestamp::try_from(at).unwrap_or_else(|_| jiff::Timestamp::now())
}

fn unsent(error: SendError) -> Outcome {
    Outcome::Failed {
        reason: format!("the answer could not be sent: {error}"),
    }
}

/// What is to be done about a message's ⏳.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hourglass {
    /// It is shown, and removed in the end.
    Shown,
    /// It is removed in case that it is still there.
    Leftover,
}

/// What a plugin is called for.
#[derive(Clone)]
enum Call {
    Command(CommandCall),
    Heard(HeardCall),
}

impl Call {
    fn invocation(&mut self) -> &mut Invocation {
        match self {
            Self::Command(call) => &mut call.invocation,
            Self::Heard(call) => &mut call.invocation,
        }
    }
}

/// A message as plugins get it.
fn full(message: &Message, names: &Names, author: User) -> FullMessage {
    let mut message = message.clone();
    message.text = names.readable(&message.text);
    FullMessage { message, author }
}

/// hash(identity, plugin, trigger), as 20 hexadecimal digits: short enough to be read out, long enough to be unique.
fn invocation_id(identity: &str, plugin: &str, kind: &str, name: &str, path: &[String]) -> String {
    let mut hash = Sha256::new();
    for part in [identity, plugin, kind, name]
        .into_iter()
        .chain(path.iter().map(String::as_str))
    {
        // The length first, so that no two lists of parts run together into the same bytes.
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize()
        .iter()
        .take(10)
        .fold(String::with_capacity(20), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

/// What stands in a text instead of mentions.
///
/// Plugins see what a person typed with names in the place of mentions, so that a plugin that repeats the text pings
/// nobody. Who was meant stands in the message's mentions and in typed arguments.
struct Names(HashMap<(char, String), String>);

impl Names {
    fn readable(&self, text: &str) -> String {
        let name_of = |mark: char, id: &str| {
            self.0
                .get(&(mark, id.to_owned()))
                .filter(|name| !name.is_empty())
                .cloned()
        };
        moa_core::text::plain_mentions(text, name_of).into_owned()
    }
}

#[cfg(test)]
mod tests;
