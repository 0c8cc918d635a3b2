//! A call of a plugin, and what it is matched against.

use super::{FakeAdapter, FlakyStore, message};
use crate::access::{Access, Roles};
use crate::adapter::Adapter;
use crate::capability::{Grants, Machine, Scene};
use crate::data::Data;
use crate::dispatch::Room;
use crate::invocation::{Allowance, Allowances, Call};
use crate::journal::Ticket;
use crate::lessons::Lessons;
use crate::maintenance::Maintenance;
use crate::matching::Matcher;
use crate::outbox::{Ordinals, Outbox};
use crate::outward::Outward;
use crate::pending::Pendings;
use crate::questions::Questions;
use crate::recall::{Begun, Past, Recall};
use crate::registry::{self, Registry};
use crate::schedule::Schedules;
use moa_core::call::{CommandCall, FullMessage, Invocation, Value};
use moa_core::event::{Event, User};
use moa_core::manifest::Requests;
use moa_core::router::{self, Settings};
use moa_engine::Limits;
use moa_store::{Accepted, Clock, NewRecord, Store, SystemClock};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

/// With these plugins, by name and content. Without any, `!help` and unknown words are answered by the host, and everything
/// else is nobody's business. The folder has to live as long.
pub(crate) fn matcher(store: &Arc<FlakyStore>, plugins: &[(&str, Vec<u8>)]) -> (Arc<Matcher>, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("plugins")).unwrap();
    for (name, content) in plugins {
        std::fs::write(dir.path().join("plugins").join(format!("{name}.wasm")), content).unwrap();
    }
    let (reports, _) = tokio::sync::mpsc::unbounded_channel();
    let registry = Registry::start(registry::Parts {
        engine: registry::testing::engine(),
        dir: dir.path().join("plugins"),
        cache_dir: dir.path().join("cache"),
        compiler: registry::Compiler::InProcess,
        room: usize::MAX,
        limits: Arc::new(|_| Limits::default()),
        config: Arc::new(|_| Arc::default()),
        aliases: BTreeMap::new(),
        store: Arc::clone(store) as Arc<dyn Store>,
        reports,
    })
    .unwrap();
    let settings = Settings {
        prefixes: vec!["!".into()],
        unknown: moa_core::config::Unknown::Suggest,
        names: vec!["moa".into()],
        timezone: jiff::tz::TimeZone::UTC,
    };
    let me = router::Me {
        user_id: "UBOT".into(),
        bot_id: "B1".into(),
        names: vec!["moa".into()],
        keywords: Vec::new(),
    };
    let lessons = Arc::new(Lessons::empty(Arc::clone(store) as Arc<dyn Store>, registry.cell()));
    lessons.follow(&registry);
    (
        Arc::new(Matcher {
            me,
            settings,
            rates: Arc::default(),
            lessons,
            questions: Arc::new(Questions::empty(Arc::clone(store) as Arc<dyn Store>)),
            access: Arc::new(Access::new(
                Default::default(),
                vec!["UADMIN".into()],
                Arc::new(Roles::empty(Arc::clone(store) as Arc<dyn Store>)),
            )),
            maintenance: Arc::new(Maintenance::none(Arc::clone(store) as Arc<dyn Store>)),
            pendings: Arc::new(Pendings::empty(
                Arc::clone(store) as Arc<dyn Store>,
                Duration::from_secs(600),
            )),
            voices: Default::default(),
            schedules: schedules(store),
            registry: Arc::new(registry),
        }),
        dir,
    )
}

/// No plugin has a job.
fn schedules(store: &Arc<FlakyStore>) -> Arc<Schedules> {
    let store = Arc::clone(store) as Arc<dyn Store>;
    let maintenance = Arc::new(Maintenance::none(Arc::clone(&store)));
    Arc::new(Schedules::empty(store, maintenance, "Asia/Seoul"))
}

/// Every plugin gets one place and one that waits.
pub(crate) fn allowances() -> Arc<Allowances> {
    let default = Allowance {
        limits: Limits::default(),
        room: Room {
            concurrency: 1,
            queue: 1,
        },
        brain: 1000,
        file: 100,
        config: Arc::default(),
    };
    Arc::new(Allowances {
        by_plugin: Default::default(),
        default: Arc::new(default),
        grants: Grants::Everything,
        outward: Arc::default(),
        data: Arc::default(),
    })
}

/// What a call without arguments is begun with.
pub(crate) fn begun(plugin: &str) -> Begun {
    let mut message = message("U1", "1.0", "!x").message().unwrap().clone();
    message.time = "2026-11-21T00:50:00Z".into();
    Begun {
        plugin: plugin.into(),
        ambient: false,
        call: Call::Command(CommandCall {
            invocation: Invocation {
                id: "call".into(),
                time: "2026-11-21T00:50:00Z".into(),
                attempt: 1,
                locale: "ko".into(),
                timezone: "Asia/Seoul".into(),
            },
            command: "x".into(),
            path: Vec::new(),
            args: vec![("number".into(), Value::Number(0.1))],
            rest: String::new(),
            tokens: Vec::new(),
            message: FullMessage {
                message,
                author: User::unknown("U1"),
            },
        }),
    }
}

/// A call of the plugin `memo` for an event, with this grant and in the journal of the store if `recorded`.
pub(crate) struct Stage {
    pub adapter: Arc<FakeAdapter>,
    pub store: Arc<FlakyStore>,
    pub event: Arc<Event>,
    pub requests: Requests,
    pub grants: Grants,
    pub ticket: Arc<Ticket>,
    pub lessons: Arc<Lessons>,
    pub questions: Arc<Questions>,
    pub maintenance: Arc<Maintenance>,
    pub pendings: Arc<Pendings>,
    pub outward: Arc<Outward>,
    pub data: Arc<Data>,
    pub schedules: Arc<Schedules>,
    /// How many calls there were.
    pub calls: AtomicUsize,
}

impl Stage {
    /// The event is recorded, nothing is requested or granted.
    pub(crate) async fn of(event: Event) -> Self {
        Self::on(FlakyStore::default(), event).await
    }

    /// The same, on this store.
    pub(crate) async fn on(store: FlakyStore, event: Event) -> Self {
        let store = Arc::new(store);
        let record = NewRecord {
            identity: event.identity.0.clone(),
            kind: "fake".into(),
            body: Vec::new(),
            received_ms: SystemClock.now_ms(),
        };
        let Accepted::New(seq) = store.accept(record).await.unwrap() else {
            panic!("a new store knows nothing")
        };
        Self {
            adapter: Arc::default(),
            lessons: Arc::new(Lessons::empty(Arc::clone(&store) as Arc<dyn Store>, Arc::default())),
            questions: Arc::new(Questions::empty(Arc::clone(&store) as Arc<dyn Store>)),
            maintenance: Arc::new(Maintenance::none(Arc::clone(&store) as Arc<dyn Store>)),
            pendings: Arc::new(Pendings::empty(
                Arc::clone(&store) as Arc<dyn Store>,
                Duration::from_secs(600),
            )),
            schedules: {
                let schedules = schedules(&store);
                schedules.know([("memo".to_owned(), Arc::default())].into());
                schedules
            },
            store,
            event: Arc::new(event),
            requests: Requests::default(),
            grants: Grants::Configured(crate::capability::Says::default()),
            ticket: Arc::new(Ticket::of(seq)),
            outward: Arc::default(),
            data: crate::data::in_memory(),
            calls: AtomicUsize::new(0),
        }
    }

    /// A call, or (`look_first`) another run of the last one, which is given what is recorded.
    pub(crate) async fn scene(&self, look_first: bool) -> Arc<Scene> {
        let call = match (look_first, self.calls.load(Ordering::SeqCst)) {
            (true, calls) => format!("call{}", "'".repeat(calls.saturating_sub(1))),
            (false, calls) => {
                self.calls.store(calls + 1, Ordering::SeqCst);
                format!("call{}", "'".repeat(calls))
            }
        };
        let recall = if look_first {
            let seq = self.ticket.seq().await.unwrap();
            let recorded = self.store.effects(seq, &call).await.unwrap();
            let past = Past::read(recorded).unwrap();
            past.map(|past| Recall::again(past, SystemTime::now()))
        } else {
            None
        };
        let first = || Recall::first(begun("memo"), "v1".into(), SystemTime::now());
        let recall = recall.unwrap_or_else(first);
        let adapter: Arc<dyn Adapter> = Arc::clone(&self.adapter) as _;
        Arc::new(Scene {
            plugin: "memo".into(),
            invocation: "call".into(),
            effects: call,
            event: Arc::clone(&self.event),
            ticket: Arc::clone(&self.ticket),
            look_first,
            ordinals: Ordinals::default(),
            granted: self.grants.of("memo", &self.requests),
            manifest: Arc::default(),
            config: Arc::default(),
            brain_limit: 1000,
            file_limit: 100,
            outward: Arc::clone(&self.outward),
            data: Arc::clone(&self.data),
            recall,
            world: Arc::new(Machine),
            adapter: Arc::clone(&adapter),
            outbox: Arc::new(Outbox::new(adapter, 0.0, 1)),
            lessons: Arc::clone(&self.lessons),
            questions: Arc::clone(&self.questions),
            maintenance: Arc::clone(&self.maintenance),
            pendings: Arc::clone(&self.pendings),
            schedules: Arc::clone(&self.schedules),
            store: Arc::clone(&self.store) as Arc<dyn Store>,
        })
    }
}
