//! A loaded plugin and its calls.

use crate::backtrace;
use crate::bindings::exports::moa::plugin::{actions, commands, events, guest, jobs, listener, webhooks};
use crate::capability::Host;
use crate::describe;
use crate::engine::Shared;
use crate::fault::{Done, Fault, LoadError};
use crate::limits::Limits;
use crate::meter::Tally;
use crate::state::State;
use crate::verdict;
use moa_core::call::{ChangeCall, CommandCall, Failure, HeardCall, HookAnswer, HookCall, JobCall, PressCall, Reply};
use moa_core::content::Content;
use std::fmt::Display;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::task::Poll;
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use wasmtime::component::{Instance, InstancePre};
use wasmtime::{Store, UpdateDeadline};

/// The most bytes of a manifest: 1 MiB.
const MANIFEST_BYTES: usize = 1 << 20;

/// A plugin whose calls compute for less may run on its caller's thread. A fifth of the engine's tick, and several times
/// what a small plugin takes.
const QUICK: Duration = Duration::from_millis(1);

/// Which of the contract's interfaces a plugin exports besides `guest`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exports {
    /// Commands.
    pub commands: bool,
    /// Messages that match a pattern.
    pub listener: bool,
    /// Scheduled work.
    pub jobs: bool,
    /// Requests from outside.
    pub webhooks: bool,
    /// Buttons, menus, forms.
    pub actions: bool,
    /// Other events in chat.
    pub events: bool,
}

/// A plugin, compiled and linked. Cheap to clone; each call gets a fresh instance.
#[derive(Clone)]
pub struct Plugin(Arc<Loaded>);

struct Loaded {
    engine: Arc<Shared>,
    linked: InstancePre<State>,
    guest: guest::GuestIndices,
    commands: Option<commands::GuestIndices>,
    listener: Option<listener::GuestIndices>,
    actions: Option<actions::GuestIndices>,
    events: Option<events::GuestIndices>,
    jobs: Option<jobs::GuestIndices>,
    webhooks: Option<webhooks::GuestIndices>,
    exports: Exports,
    /// Places in the pool that one call takes.
    places: u32,
    instances: AtomicU64,
    /// Whether the last call computed so shortly that the next may begin on its caller's thread.
    quick: AtomicBool,
}

impl Plugin {
    pub(crate) fn new(engine: Arc<Shared>, linked: InstancePre<State>) -> Result<Self, LoadError> {
        let guest = guest::GuestIndices::new(&linked).map_err(|error| LoadError::Refused(format!("{error:#}")))?;
        let commands = commands::GuestIndices::new(&linked).ok();
        let listener = listener::GuestIndices::new(&linked).ok();
        let actions = actions::GuestIndices::new(&linked).ok();
        let events = events::GuestIndices::new(&linked).ok();
        let jobs = jobs::GuestIndices::new(&linked).ok();
        let webhooks = webhooks::GuestIndices::new(&linked).ok();
        let exports = Exports {
            commands: commands.is_some(),
            listener: listener.is_some(),
            jobs: jobs.is_some(),
            webhooks: webhooks.is_some(),
            actions: actions.is_some(),
            events: events.is_some(),
        };
        let places = places(&linked)?;
        Ok(Self(Arc::new(Loaded {
            engine,
            linked,
            guest,
            commands,
            listener,
            actions,
            events,
            jobs,
            webhooks,
            exports,
            places,
            instances: AtomicU64::new(0),
            quick: AtomicBool::new(true),
        })))
    }

    /// What it exports.
    pub fn exports(&self) -> Exports {
        self.0.exports
    }

    /// How many instances of it were begun since it was loaded: one for each call, that for its manifest among them.
    pub fn instances(&self) -> u64 {
        self.0.instances.load(Relaxed)
    }

    /// Asks for the manifest, with nothing of the host available. The text is not looked at.
    ///
    /// # Errors
    ///
    /// The [`Fault`] that it ended with; [`Fault::BadOutput`] for more than 1 MiB.
    pub async fn describe(&self, limits: &Limits) -> Result<String, Fault> {
        self.run(Describe, describe::host(), limits).await.result
    }

    /// Runs a command. The outer result is whether the call came to its end, the inner one the plugin's own answer.
    ///
    /// Dropping the future ends the call at once, wherever it is.
    pub async fn command(
        &self,
        call: CommandCall,
        host: Host,
        limits: &Limits,
    ) -> Done<Result<Option<Content>, Failure>> {
        self.run(Command(call), host, limits).await
    }

    /// Hands over a message that the plugin listens for. As [`Plugin::command`] in everything else.
    pub async fn hear(&self, call: HeardCall, host: Host, limits: &Limits) -> Done<Result<Option<Content>, Failure>> {
        self.run(Heard(call), host, limits).await
    }

    /// Hands over what somebody pressed. As [`Plugin::command`] in everything else.
    pub async fn act(&self, call: PressCall, host: Host, limits: &Limits) -> Done<Result<Reply, Failure>> {
        self.run(Pressed(call), host, limits).await
    }

    /// Tells of something else that happened. As [`Plugin::command`] in everything else.
    pub async fn on(&self, call: ChangeCall, host: Host, limits: &Limits) -> Done<Result<(), Failure>> {
        self.run(Happened(call), host, limits).await
    }

    /// Runs a job that is due. As [`Plugin::command`] in everything else.
    pub async fn job(&self, call: JobCall, host: Host, limits: &Limits) -> Done<Result<(), Failure>> {
        self.run(Due(call), host, limits).await
    }

    /// Hands over a request from outside. As [`Plugin::command`] in everything else.
    pub async fn serve(&self, call: HookCall, host: Host, limits: &Limits) -> Done<Result<HookAnswer, Failure>> {
        self.run(Asked(call), host, limits).await
    }

    async fn run<E: Entry>(&self, entry: E, host: Host, limits: &Limits) -> Done<E::Output> {
        let tally = Arc::new(Tally::default());
        let engine = &self.0.engine;
        let caller = Handle::try_current().ok();
        let state = State::new(host, limits.clone(), engine.room.clone(), tally.clone(), caller);
        let mut call = Box::pin(perform(self.0.clone(), entry, state, tally));
        if let Some(done) = self.0.begin_here(call.as_mut()).await {
            return done;
        }
        let mut task = OnDrop(engine.guests().spawn(call));
        match (&mut task.0).await {
            Ok(done) => done,
            Err(error) => lost(&error),
        }
    }
}

impl Loaded {
    /// Runs a call on this thread up to where it waits, or computes longer than a tick of the engine; the answer, if
    /// it came that far. A thread of the guests' would have to be woken, behind whatever the processor has meanwhile
    /// been given to do, which takes longer than most calls.
    ///
    /// So that computing guests do not hold up what else the caller's threads have to do, calls begin like that on at
    /// most half of the processors at a time, and none of a plugin whose last one computed for long.
    async fn begin_here<T>(&self, mut call: Pin<&mut (impl Future<Output = Done<T>> + Send)>) -> Option<Done<T>> {
        if !self.quick.load(Relaxed) {
            return None;
        }
        poll_fn(|context| {
            let Some(_place) = self.engine.begin_here() else {
                return Poll::Ready(None);
            };
            // Its timers must be those of the guests' threads, where it goes on if it is not done.
            let _guests = self.engine.guests().enter();
            let polled = catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(context)));
            Poll::Ready(match polled {
                Ok(Poll::Ready(done)) => Some(done),
                Ok(Poll::Pending) => None,
                Err(payload) => {
                    let text = payload.downcast_ref::<&str>().copied();
                    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
                    Some(lost(&text.unwrap_or("it panicked")))
                }
            })
        })
        .await
    }
}

/// A call that the host, not the guest, did not bring to its end.
fn lost<T>(why: &dyn Display) -> Done<T> {
    Done::without_a_call(Fault::Engine(format!("the call was lost: {why}")))
}

/// Ends a call when nobody waits for it any more.
struct OnDrop<T>(JoinHandle<T>);

impl<T> Drop for OnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Waits for a place, then runs a call from instantiation to answer inside its limits.
async fn perform<E: Entry>(plugin: Arc<Loaded>, entry: E, state: State, tally: Arc<Tally>) -> Done<E::Output> {
    let engine = &plugin.engine;
    let waiting = engine.places.acquire_many(plugin.places);
    let _place = match tokio::time::timeout(engine.patience, waiting).await {
        Ok(Ok(place)) => place,
        Ok(Err(_)) | Err(_) => {
            return Done::without_a_call(Fault::Busy("all places for plugins are taken"));
        }
    };
    let _running = engine.ticker.running();
    let limit = state.limits.wall;
    let began = Instant::now();
    let call = tally.measure(live(&plugin, entry, state));
    let result = tokio::time::timeout(limit, call)
        .await
        .unwrap_or_else(|_| Err((Fault::WallTime { limit }, Vec::new())));
    let usage = tally.usage(began.elapsed());
    plugin.quick.store(usage.cpu < QUICK, Relaxed);
    let (result, backtrace) = match result {
        Ok(answer) => (Ok(answer), Vec::new()),
        Err((fault, backtrace)) => (Err(fault), backtrace),
    };
    Done {
        result,
        usage,
        backtrace,
    }
}

/// The life of one instance. Its store is dropped here, whatever happened, and never used again.
///
/// A fault comes with its back trace.
async fn live<E: Entry>(plugin: &Loaded, entry: E, state: State) -> Result<E::Output, (Fault, Vec<String>)> {
    plugin.instances.fetch_add(1, Relaxed);
    let mut store = store(plugin, state);
    let (answer, born) = match plugin.linked.instantiate_async(&mut store).await {
        Ok(instance) => (entry.call(plugin, &mut store, &instance).await, true),
        Err(error) => (Err(error), false),
    };
    store.data().log.finish();
    match answer {
        Ok(answer) => answer.map_err(|fault| (fault, Vec::new())),
        Err(error) => Err((verdict::fault(&error, store.data(), born), backtrace::of(&error))),
    }
}

fn store(plugin: &Loaded, state: State) -> Store<State> {
    let transfer = state.limits.transfer;
    let mut store = Store::new(plugin.engine.engine(), state);
    store.limiter(|state| &mut state.memory);
    store.set_hostcall_fuel(transfer);
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(|mut context| {
        let state = context.data_mut();
        let limit = state.limits.cpu;
        if state.tally.cpu_now() > limit {
            return Err(state.stop(Fault::CpuTime { limit }));
        }
        // Others get their turn.
        Ok(UpdateDeadline::Yield(1))
    });
    store
}

/// How many of the pool's places a plugin needs: it may have several memories, and many tables.
fn places(linked: &InstancePre<State>) -> Result<u32, LoadError> {
    let needs = linked
        .component()
        .resources_required()
        .ok_or_else(|| LoadError::Refused("it wants a core module from the host, which has none".into()))?;
    let for_tables = needs.num_tables.div_ceil(crate::settings::TABLES_PER_PLACE);
    Ok(needs.num_memories.max(for_tables).clamp(1, crate::settings::PLACES))
}

/// One of a plugin's functions: what goes in, what comes out.
trait Entry: Send + 'static {
    type Output: Send + 'static;

    fn call(
        self,
        plugin: &Loaded,
        store: &mut Store<State>,
        instance: &Instance,
    ) -> impl Future<Output = wasmtime::Result<Result<Self::Output, Fault>>> + Send;
}

struct Describe;

impl Entry for Describe {
    type Output = String;

    async fn call(
        self,
        plugin: &Loaded,
        store: &mut Store<State>,
        instance: &Instance,
    ) -> wasmtime::Result<Result<String, Fault>> {
        let guest = plugin.guest.load(&mut *store, instance)?;
        let manifest = guest.call_describe(store).await?;
        if manifest.len() > MANIFEST_BYTES {
            return Ok(Err(Fault::BadOutput(format!(
                "a manifest of {} bytes; at most {MANIFEST_BYTES} are allowed",
                manifest.len()
            ))));
        }
        Ok(Ok(manifest))
    }
}

struct Command(CommandCall);

impl Entry for Command {
    type Output = Result<Option<Content>, Failure>;

    async fn call(
        self,
        plugin: &Loaded,
        store: &mut Store<State>,
        instance: &Instance,
    ) -> wasmtime::Result<Result<Self::Output, Fault>> {
        let Some(commands) = &plugin.commands else {
            return Ok(Err(Fault::MissingExport("moa:plugin/commands")));
        };
        let guest = commands.load(&mut *store, instance)?;
        let answer = guest.call_handle(store, &self.0.into()).await?;
        Ok(Ok(answer
            .map(|content| content.map(Content::from))
            .map_err(Failure::from)))
    }
}

struct Heard(HeardCall);

impl Entry for Heard {
    type Output = Result<Option<Content>, Failure>;

    async fn call(
        self,
        plugin: &Loaded,
        store: &mut Store<State>,
        instance: &Instance,
    ) -> wasmtime::Result<Result<Self::Output, Fault>> {
        let Some(listener) = &plugin.listener else {
            return Ok(Err(Fault::MissingExport("moa:plugin/listener")));
        };
        let guest = listener.load(&mut *store, instance)?;
        let answer = guest.call_hear(store, &self.0.into()).await?;
        Ok(Ok(answer
            .map(|content| content.map(Content::from))
            .map_err(Failure::from)))
    }
}

struct Pressed(PressCall);

impl Entry for Pressed {
    type Output = Result<Reply, Failure>;

    async fn call(
        self,
        plugin: &Loaded,
        store: &mut Store<State>,
        instance: &Instance,
    ) -> wasmtime::Result<Result<Self::Output, Fault>> {
        let Some(actions) = &plugin.actions else {
            return Ok(Err(Fault::MissingExport("moa:plugin/actions")));
        };
        let guest = actions.load(&mut *store, instance)?;
        let answer = guest.call_act(store, &self.0.into()).await?;
        Ok(Ok(answer.map(Reply::from).map_err(Failure::from)))
    }
}

struct Happened(ChangeCall);

impl Entry for Happened {
    type Output = Result<(), Failure>;

    async fn call(
        self,
        plugin: &Loaded,
        store: &mut Store<State>,
        instance: &Instance,
    ) -> wasmtime::Result<Result<Self::Output, Fault>> {
        let Some(events) = &plugin.events else {
            return Ok(Err(Fault::MissingExport("moa:plugin/events")));
        };
        let guest = events.load(&mut *store, instance)?;
        let ChangeCall { invocation, who, what } = self.0;
        let answer = guest
            .call_on(store, &invocation.into(), &who.into(), &what.into())
            .await?;
        Ok(Ok(answer.map_err(Failure::from)))
    }
}

struct Due(JobCall);

impl Entry for Due {
    type Output = Result<(), Failure>;

    async fn call(
        self,
        plugin: &Loaded,
        store: &mut Store<State>,
        instance: &Instance,
    ) -> wasmtime::Result<Result<Self::Output, Fault>> {
        let Some(jobs) = &plugin.jobs else {
            return Ok(Err(Fault::MissingExport("moa:plugin/jobs")));
        };
        let guest = jobs.load(&mut *store, instance)?;
        let answer = guest.call_run(store, &self.0.into()).await?;
        Ok(Ok(answer.map_err(Failure::from)))
    }
}

struct Asked(HookCall);

impl Entry for Asked {
    type Output = Result<HookAnswer, Failure>;

    async fn call(
        self,
        plugin: &Loaded,
        store: &mut Store<State>,
        instance: &Instance,
    ) -> wasmtime::Result<Result<Self::Output, Fault>> {
        let Some(webhooks) = &plugin.webhooks else {
            return Ok(Err(Fault::MissingExport("moa:plugin/webhooks")));
        };
        let guest = webhooks.load(&mut *store, instance)?;
        let answer = guest.call_serve(store, &self.0.into()).await?;
        Ok(Ok(answer.map(HookAnswer::from).map_err(Failure::from)))
    }
}
