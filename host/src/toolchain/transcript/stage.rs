//! The host around a transcript: real but for its ends.

use super::canned::{Answers, Canned};
use super::parse::Act;
use super::room::{Happening, Room, Spot};
use crate::access::{Access, Roles};
use crate::adapter::{Ack, AckAnswer, Adapter, Delivery, Intake as _};
use crate::admins::Admins;
use crate::audit::Audit;
use crate::capability::{Grants, World};
use crate::data::Data;
use crate::dispatch::{Dispatch, Room as Places};
use crate::grants::Approvals;
use crate::intake::{self, Door, Intake};
use crate::invocation::{Allowance, Allowances, Invoker, Work};
use crate::lessons::Lessons;
use crate::maintenance::Maintenance;
use crate::matching::Matcher;
use crate::outbox::Outbox;
use crate::outward::Outward;
use crate::pending::Pendings;
use crate::questions::Questions;
use crate::registry::{self, Compiler, Loaded, Registry, RegistryError, Snapshot};
use crate::schedule::Schedules;
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use moa_core::access::Rules;
use moa_core::call::HookAnswer;
use moa_core::config::{Approval, PluginSettings, Unknown};
use moa_core::event::Event;
use moa_core::locale::Locale;
use moa_core::manifest::{Manifest, Moment};
use moa_core::router::{Me, Settings};
use moa_engine::{Engine, Limits};
use moa_store::{
    Accepted, Backlog, Cell, Clock as _, Effect, Entry, Filed, KeyPage, ManualClock, MemoryStore, NewRecord, Outcome,
    Purged, Record, Recorded, Remembered, Scan, Seq, Space, Store, StoreError, SystemClock, Usage, Which, Write,
    WriteOutcome,
};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::sync::oneshot;
use tokio_util::task::TaskTracker;

/// When a transcript begins that does not say: a Thursday, nine in the morning in Seoul.
const BEGIN: i64 = 1_767_225_600_000;
/// The time zone of all people.
const ZONE: &str = "Asia/Seoul";
/// How often is looked whether the host has become quiet.
const LOOK: Duration = Duration::from_millis(1);

/// A plugin that is loaded, ready to be put on any number of stages.
pub struct Bench {
    registry: Arc<Registry>,
    /// What is loaded.
    pub plugin: Arc<Loaded>,
}

/// Why a plugin cannot be tried.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// There is no room for it.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// It cannot be loaded.
    #[error("the plugin cannot be loaded: {0}")]
    Plugin(String),
}

impl Bench {
    /// Loads the only plugin of a folder; compiled code goes into `cache`.
    ///
    /// # Errors
    /// When it cannot be loaded.
    pub async fn new(engine: &Engine, dir: &Path, cache: &Path) -> Result<Self, BenchError> {
        let (reports, _) = tokio::sync::mpsc::unbounded_channel();
        let registry = Registry::start(registry::Parts {
            engine: engine.clone(),
            dir: dir.to_owned(),
            cache_dir: cache.to_owned(),
            // The author's own component, which the build has compiled in this process once already.
            compiler: Compiler::InProcess,
            room: usize::MAX,
            limits: Arc::new(|_| Limits::default()),
            config: Arc::new(|_| Arc::default()),
            aliases: BTreeMap::new(),
            store: Arc::new(MemoryStore::new(SystemClock)),
            reports,
        })?;
        registry.ready().await;
        let snapshot = registry.current();
        let Some(plugin) = snapshot.plugins.values().next() else {
            let problem = snapshot.problems.first().map(|problem| problem.reason.clone());
            return Err(BenchError::Plugin(
                problem.unwrap_or_else(|| "the folder is empty".into()),
            ));
        };
        Ok(Self {
            plugin: Arc::clone(plugin),
            registry: Arc::new(registry),
        })
    }

    /// The plugin's manifest is what it takes from this configuration, from here on.
    fn configure(&self, config: &Map<String, Value>) -> Arc<Manifest> {
        let plugin = Arc::new(self.plugin.under(config));
        let manifest = Arc::clone(&plugin.manifest);
        let mut snapshot = Snapshot::clone(&self.registry.current());
        snapshot.plugins.insert(plugin.name.clone(), plugin);
        self.registry.cell().store(Arc::new(snapshot));
        manifest
    }

    /// Ends what the plugin is loaded by.
    pub async fn close(self) {
        self.registry.shutdown().await;
    }
}

/// How a stage is set.
pub(super) struct Scenery {
    pub(super) people: Vec<String>,
    pub(super) channels: Vec<String>,
    pub(super) config: Map<String, Value>,
    pub(super) locale: Locale,
    /// Who looks after the bot, by name.
    pub(super) admins: Vec<String>,
    /// Its databases and buckets.
    pub(super) data: Arc<Data>,
}

/// One conversation, with a memory of its own.
pub(super) struct Stage {
    room: Arc<Room>,
    world: Arc<Played>,
    ledger: Arc<Ledger>,
    intake: Arc<Intake>,
    dispatch: Dispatch<Work>,
    pub(super) matcher: Arc<Matcher>,
    answers: Arc<Answers>,
}

impl Stage {
    pub(super) async fn set(bench: &Bench, scenery: Scenery) -> Result<Self, StoreError> {
        let world = Arc::new(Played::default());
        let manifest = bench.configure(&scenery.config);
        let room = Arc::new(Room::new(scenery.people, scenery.channels, manifest));
        let ledger = Arc::new(Ledger {
            inner: MemoryStore::new(Arc::clone(&world.clock)),
            failed: Mutex::default(),
        });
        let admins: Vec<String> = scenery.admins.iter().map(|name| room.person_id(name)).collect();
        let adapter: Arc<dyn Adapter> = Arc::clone(&room) as _;
        let store: Arc<dyn Store> = Arc::clone(&ledger) as _;
        let maintenance = Arc::new(Maintenance::none(Arc::clone(&store)));
        let schedules = Schedules::empty(Arc::clone(&store), Arc::clone(&maintenance), ZONE)
            .load(&bench.registry)
            .await?;
        let matcher = Arc::new(Matcher {
            me: Me {
                user_id: adapter.me().user_id.clone(),
                bot_id: adapter.me().bot_id.clone(),
                names: vec![adapter.me().name.clone()],
                keywords: Vec::new(),
            },
            settings: Settings {
                prefixes: vec!["!".into()],
                unknown: Unknown::Suggest,
                names: vec![adapter.me().name.clone()],
                timezone: jiff::tz::TimeZone::get(ZONE).unwrap_or(jiff::tz::TimeZone::UTC),
            },
            voices: Default::default(),
            registry: Arc::clone(&bench.registry),
            rates: Arc::default(),
            lessons: Lessons::load(Arc::clone(&store), &bench.registry).await?,
            questions: Questions::load(Arc::clone(&store)).await?,
            access: Arc::new(Access::new(
                match admins.is_empty() {
                    // What is tested is the plugin, not what an operator makes of it.
                    true => Rules::open(),
                    false => Rules::default(),
                },
                admins,
                Arc::new(Roles::empty(Arc::clone(&store))),
            )),
            maintenance,
            schedules,
            pendings: Pendings::load(Arc::clone(&store), Approval::default().expires).await?,
        });
        let answers = Arc::<Answers>::default();
        let defaults = PluginSettings::default();
        let allowances = Arc::new(Allowances {
            by_plugin: Default::default(),
            default: Arc::new(Allowance {
                limits: Limits::default(),
                // One call after the other, or the order of what is said would be chance.
                room: Places {
                    concurrency: 1,
                    queue: usize::MAX,
                },
                brain: defaults.limits.brain,
                file: usize::try_from(defaults.limits.http_body).unwrap_or(usize::MAX),
                config: Arc::new(scenery.config),
            }),
            grants: Grants::Everything,
            outward: Arc::new(Outward {
                sender: Arc::clone(&answers) as _,
                ..Outward::default()
            }),
            data: scenery.data,
        });
        let outbox = Arc::new(Outbox::new(Arc::clone(&adapter), 0.0, 1));
        let invoker = Arc::new(Invoker {
            rests: Arc::default(),
            audit: Audit::none(),
            approvals: Arc::new(Approvals::empty(Arc::clone(&store))),
            admins: Admins::none(&adapter, &outbox),
            outbox,
            adapter,
            store: Arc::clone(&store),
            world: Arc::clone(&world) as Arc<dyn World>,
            allowances: Arc::clone(&allowances),
            matcher: Arc::clone(&matcher),
            courtesies: TaskTracker::new(),
            locale: scenery.locale,
            timezone: ZONE.into(),
        });
        let dispatch = Dispatch::new(move |work: Work, turn| {
            let invoker = Arc::clone(&invoker);
            tokio::spawn(async move { invoker.run(work, turn).await });
        });
        let intake = Intake::new(intake::Parts {
            matcher: Arc::clone(&matcher),
            store,
            world: Arc::clone(&world) as Arc<dyn World>,
            dispatch: dispatch.clone(),
            allowances,
            max_age: Duration::from_secs(600),
        })
        .await?;
        intake.start().await?;
        Ok(Self {
            room,
            world,
            ledger,
            intake,
            dispatch,
            matcher,
            answers,
        })
    }

    pub(super) fn answers(&self, canned: Canned) {
        self.answers.add(canned);
    }

    pub(super) fn seed(&self, seed: u64) {
        *lock(&self.world.chance) = Chance::new(seed);
    }

    pub(super) fn set_clock(&self, now: Timestamp) {
        self.world.clock.set(now.as_millisecond());
    }

    /// The plugin begins to serve: what is due then runs. What the bot did because of it, and what failed.
    pub(super) async fn begin(&self) -> (Vec<Happening>, Vec<String>) {
        let snapshot = self.matcher.registry.current();
        let mut jobs = snapshot.plugins.values().flat_map(|plugin| &plugin.manifest.jobs);
        if jobs.any(|job| job.on == Some(Moment::Load)) {
            self.run_jobs().await;
        }
        self.quiet().await
    }

    /// Time passes, and each job runs when it is due. What the bot did because of it, and what failed, for the operator.
    pub(super) async fn pass(&self, time: SignedDuration) -> (Vec<Happening>, Vec<String>) {
        let ms = i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
        let end_ms = self.world.clock.now_ms().saturating_add(ms);
        let (mut happened, mut failed) = (Vec::new(), Vec::new());
        loop {
            self.run_jobs().await;
            let (more, wrong) = self.quiet().await;
            happened.extend(more);
            failed.extend(wrong);
            let next_ms = self
                .matcher
                .schedules
                .next_ms(self.world.clock.now_ms())
                .filter(|next| *next <= end_ms);
            let Some(next_ms) = next_ms else { break };
            // One that is told waits for nothing but its end.
            self.advance_to(next_ms.max(self.world.clock.now_ms() + 1));
        }
        self.advance_to(end_ms);
        let (more, wrong) = self.quiet().await;
        happened.extend(more);
        failed.extend(wrong);
        (happened, failed)
    }

    fn advance_to(&self, ms: i64) {
        self.world.clock.advance(ms - self.world.clock.now_ms());
        self.tell_what_is_due();
    }

    /// The jobs that are due by the clock as it is now. New ones begin now.
    async fn run_jobs(&self) {
        let tell = |event| self.intake.hand_in(event);
        self.matcher.schedules.run_due(&*self.world, &tell).await;
    }

    /// What is due by the clock as it is now: questions that nobody answered in time, commands that nobody confirmed.
    fn tell_what_is_due(&self) {
        let now = self.world.now();
        let due = self.matcher.questions.due(now).into_iter();
        due.chain(self.matcher.pendings.due(now))
            .for_each(|event| self.intake.tell(event));
    }

    /// The event of somebody writing something.
    ///
    /// # Errors
    /// Why it cannot be said there.
    pub(super) fn said(&self, who: &str, spot: &Spot, text: &str) -> Result<Event, String> {
        self.room.says(who, spot, text, self.now())
    }

    /// The event of somebody doing something else.
    ///
    /// # Errors
    /// Why it cannot be done there and then, and what could be.
    pub(super) fn done(&self, who: &str, spot: &Spot, act: &Act) -> Result<Event, String> {
        self.room.does(who, spot, act, self.now())
    }

    /// The time of the transcript.
    pub(super) fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.world.clock.now_ms()).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// Delivers an event and waits until nothing goes on any more. What the bot did, and what failed, for the operator.
    pub(super) async fn deliver(&self, event: Event) -> (Vec<Happening>, Vec<String>) {
        let ack = match event.is_answered_at_once() {
            true => {
                let (room, sent) = (Arc::clone(&self.room), event.clone());
                Ack::answering(move |answer| room.form_answered(&sent, answer))
            }
            false => Ack::new(|| {}),
        };
        Door(Arc::clone(&self.intake)).deliver(Delivery { event, ack });
        self.quiet().await
    }

    /// The same with a request from outside: also what it is answered, if it is.
    pub(super) async fn request(&self, event: Event) -> (Option<HookAnswer>, Vec<Happening>, Vec<String>) {
        let (told, mut answered) = oneshot::channel();
        let ack = Ack::answering(move |answer| match answer {
            Some(AckAnswer::Response(answer)) => told.send(answer).is_ok(),
            _ => false,
        });
        Door(Arc::clone(&self.intake)).deliver(Delivery { event, ack });
        let (got, failed) = self.quiet().await;
        (answered.try_recv().ok(), got, failed)
    }

    async fn quiet(&self) -> (Vec<Happening>, Vec<String>) {
        while self.dispatch.outstanding() > 0 || self.matcher.schedules.is_running() {
            tokio::time::sleep(LOOK).await;
        }
        (self.room.happened(), std::mem::take(&mut *lock(&self.ledger.failed)))
    }

    pub(super) fn end(&self) {
        self.dispatch.stop();
    }
}

/// Time and chance of a transcript.
struct Played {
    clock: Arc<ManualClock>,
    chance: Mutex<Chance>,
}

impl Default for Played {
    fn default() -> Self {
        Self {
            clock: Arc::new(ManualClock::at(BEGIN)),
            chance: Mutex::new(Chance::new(0)),
        }
    }
}

impl World for Played {
    fn now(&self) -> SystemTime {
        let since = Duration::from_millis(u64::try_from(self.clock.now_ms()).unwrap_or(0));
        SystemTime::UNIX_EPOCH + since
    }

    fn random(&self, buffer: &mut [u8]) {
        let mut chance = lock(&self.chance);
        for byte in buffer {
            *byte = chance.byte();
        }
    }
}

/// Bytes that look random and are the same for the same seed with every version of Moa: what a transcript expects
/// depends on them.
struct Chance {
    seed: u64,
    block: u64,
    left: VecDeque<u8>,
}

impl Chance {
    fn new(seed: u64) -> Self {
        Self {
            seed,
            block: 0,
            left: VecDeque::new(),
        }
    }

    fn byte(&mut self) -> u8 {
        loop {
            if let Some(byte) = self.left.pop_front() {
                return byte;
            }
            let mut hash = Sha256::new();
            hash.update(self.seed.to_le_bytes());
            hash.update(self.block.to_le_bytes());
            self.left.extend(hash.finalize());
            self.block += 1;
        }
    }
}

/// A store in memory that remembers why work failed.
struct Ledger {
    inner: MemoryStore,
    failed: Mutex<Vec<String>>,
}

#[async_trait]
impl Store for Ledger {
    async fn get(&self, cell: &Cell) -> Result<Option<Entry>, StoreError> {
        self.inner.get(cell).await
    }

    async fn get_many(&self, cells: &[Cell]) -> Result<Vec<Option<Entry>>, StoreError> {
        self.inner.get_many(cells).await
    }

    async fn keys(&self, space: &Space, prefix: &str, after: Option<&str>, limit: u32) -> Result<KeyPage, StoreError> {
        self.inner.keys(space, prefix, after, limit).await
    }

    async fn write(&self, writes: Vec<Write>, effect: Option<Effect>) -> Result<Vec<WriteOutcome>, StoreError> {
        self.inner.write(writes, effect).await
    }

    async fn scan(&self, holder: Option<&str>) -> Result<Box<dyn Scan>, StoreError> {
        self.inner.scan(holder).await
    }

    async fn import(&self, entries: Vec<(Cell, Entry)>) -> Result<(), StoreError> {
        self.inner.import(entries).await
    }

    async fn usage(&self) -> Result<Vec<Usage>, StoreError> {
        self.inner.usage().await
    }

    async fn note(&self, effect: Effect, answer: Vec<u8>) -> Result<(), StoreError> {
        self.inner.note(effect, answer).await
    }

    async fn effects(&self, seq: Seq, invocation: &str) -> Result<Vec<Recorded>, StoreError> {
        self.inner.effects(seq, invocation).await
    }

    async fn accept(&self, record: NewRecord) -> Result<Accepted, StoreError> {
        self.inner.accept(record).await
    }

    async fn finish(&self, seq: Seq, outcome: Outcome) -> Result<(), StoreError> {
        if let Outcome::Failed { reason } = &outcome {
            lock(&self.failed).push(reason.clone());
        }
        self.inner.finish(seq, outcome).await
    }

    async fn unfinished(&self) -> Result<Vec<Record>, StoreError> {
        self.inner.unfinished().await
    }

    async fn backlog(&self) -> Result<Backlog, StoreError> {
        self.inner.backlog().await
    }

    async fn records(&self, which: Which, before: Option<Seq>, limit: u32) -> Result<Vec<Filed>, StoreError> {
        self.inner.records(which, before, limit).await
    }

    async fn filed(&self, seq: Seq) -> Result<Option<Filed>, StoreError> {
        self.inner.filed(seq).await
    }

    async fn all_effects(&self, seq: Seq) -> Result<Vec<(String, Recorded)>, StoreError> {
        self.inner.all_effects(seq).await
    }

    async fn reopen(&self, seq: Seq, fresh: bool) -> Result<bool, StoreError> {
        self.inner.reopen(seq, fresh).await
    }

    async fn identities(&self, since_ms: i64) -> Result<Vec<Remembered>, StoreError> {
        self.inner.identities(since_ms).await
    }

    async fn purge(&self, now_ms: i64) -> Result<Purged, StoreError> {
        self.inner.purge(now_ms).await
    }

    async fn fact_get(&self, name: &str) -> Result<Option<String>, StoreError> {
        self.inner.fact_get(name).await
    }

    async fn fact_set(&self, name: &str, value: Option<&str>) -> Result<(), StoreError> {
        self.inner.fact_set(name, value).await
    }

    async fn fact_list(&self, prefix: &str) -> Result<Vec<(String, String)>, StoreError> {
        self.inner.fact_list(prefix).await
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.inner.close().await
    }
}

/// Nothing here is left half changed by a panic elsewhere.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
