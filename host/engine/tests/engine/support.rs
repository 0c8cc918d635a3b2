//! An engine for all tests, the guests, and a host that writes down what it is asked.

use async_trait::async_trait;
use moa_core::call::{CapError, CapResult, CommandCall, Failure, FullMessage, Invocation, Sent};
use moa_core::content::Content;
use moa_core::event::{Message, MessageRef, Place, PlaceKind, User};
use moa_core::router::hears::Taught;
use moa_engine::{
    Brain, Chat, Done, Engine, Entry, Fault, Host, KeyPage, Level, Limits, Options, Plugin, Scope, System, Triggers,
    Write,
};
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, SystemTime};

/// How a command ends.
pub type Ended = Done<Result<Option<Content>, Failure>>;

static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::new(Options::default()).unwrap());
static HOSTILE: LazyLock<Plugin> = LazyLock::new(|| load(&ENGINE, "hostile"));
static PROBE: LazyLock<Plugin> = LazyLock::new(|| load(&ENGINE, "probe"));

pub fn engine() -> &'static Engine {
    &ENGINE
}

pub fn hostile() -> &'static Plugin {
    &HOSTILE
}

pub fn probe() -> &'static Plugin {
    &PROBE
}

pub fn wasm(name: &str) -> Vec<u8> {
    std::fs::read(moa_test_guests::fixture(name)).unwrap()
}

pub fn load(engine: &Engine, name: &str) -> Plugin {
    engine.load_bytes(&wasm(name)).unwrap()
}

/// A command as the router would make it, in a thread of a channel.
pub fn command(name: &str, rest: &str) -> CommandCall {
    let at = MessageRef {
        place: Place {
            service: "slack".into(),
            conversation: "C1".into(),
            thread: Some("1.0".into()),
            kind: PlaceKind::Channel,
        },
        id: "2.0".into(),
    };
    CommandCall {
        invocation: Invocation {
            id: "i1".into(),
            time: "2026-11-21T00:50:00.000Z".into(),
            attempt: 1,
            locale: "ko".into(),
            timezone: "Asia/Seoul".into(),
        },
        command: name.into(),
        path: Vec::new(),
        args: Vec::new(),
        rest: rest.into(),
        tokens: rest.split_whitespace().map(str::to_owned).collect(),
        message: FullMessage {
            message: Message {
                at,
                author: "U1".into(),
                text: format!("!{name} {rest}"),
                raw: format!("!{name} {rest}"),
                mentions: Vec::new(),
                files: Vec::new(),
                time: "2026-11-21T00:50:00.000Z".into(),
                edited: false,
            },
            author: User::unknown("U1"),
        },
    }
}

/// Runs a command with a fresh recording host.
pub async fn run(plugin: &Plugin, name: &str, rest: &str, limits: &Limits) -> Ended {
    plugin
        .command(command(name, rest), Recorder::default().host(), limits)
        .await
}

/// The fault of a command that must not succeed.
pub async fn fault(plugin: &Plugin, name: &str, limits: &Limits) -> Fault {
    run(plugin, name, "", limits).await.result.unwrap_err()
}

/// The text that a command answered with.
pub fn text(done: Ended) -> String {
    done.result.unwrap().unwrap().unwrap().text
}

/// Limits with short times, for guests that run into them.
pub fn short() -> Limits {
    Limits {
        cpu: Duration::from_millis(100),
        wall: Duration::from_secs(5),
        ..Limits::default()
    }
}

/// A host that keeps everything in memory and writes down what it was asked.
#[derive(Clone, Default)]
pub struct Recorder(Arc<Records>);

#[derive(Default)]
pub struct Records {
    pub asked: Mutex<Vec<String>>,
    pub logged: Mutex<Vec<(Level, String)>>,
    pub sent: Mutex<Vec<(Place, Content)>>,
    brain: Mutex<BTreeMap<(Scope, String), Entry>>,
}

impl Recorder {
    pub fn host(&self) -> Host {
        Host {
            brain: self.0.clone(),
            chat: self.0.clone(),
            system: self.0.clone(),
            triggers: self.0.clone(),
            schedule: Arc::new(moa_engine::Absent),
            http: Arc::new(moa_engine::Absent),
            sql: Arc::new(moa_engine::Absent),
            objects: Arc::new(moa_engine::Absent),
        }
    }

    pub fn records(&self) -> &Records {
        &self.0
    }
}

impl Records {
    fn ask(&self, what: String) {
        self.asked.lock().unwrap().push(what);
    }

    fn write(&self, at: Scope, what: Write) -> String {
        let mut brain = self.brain.lock().unwrap();
        let version = format!("v{}", brain.len());
        let entry = Entry {
            value: what.value,
            version: version.clone(),
            expires: what.ttl_seconds.map(|seconds| format!("in {seconds}")),
        };
        brain.insert((at, what.key), entry);
        version
    }
}

#[async_trait]
impl Brain for Records {
    async fn get(&self, at: Scope, key: String) -> CapResult<Option<Entry>> {
        self.ask(format!("get {at:?} {key}"));
        Ok(self.brain.lock().unwrap().get(&(at, key)).cloned())
    }
    async fn set(&self, at: Scope, what: Write) -> CapResult<String> {
        self.ask(format!("set {at:?} {what:?}"));
        Ok(self.write(at, what))
    }
    async fn delete(&self, at: Scope, key: String) -> CapResult<bool> {
        self.ask(format!("delete {at:?} {key}"));
        Ok(self.brain.lock().unwrap().remove(&(at, key)).is_some())
    }
    async fn list_keys(&self, at: Scope, prefix: String, cursor: Option<String>, limit: u32) -> CapResult<KeyPage> {
        self.ask(format!("list {at:?} {prefix:?} {cursor:?} {limit}"));
        Ok(KeyPage {
            keys: vec!["x".into()],
            next: Some("more".into()),
        })
    }
    async fn increment(&self, at: Scope, key: String, by: i64) -> CapResult<i64> {
        self.ask(format!("increment {at:?} {key} {by}"));
        // The host's own timers work although the guest runs on another runtime, which a fast sleep would not show.
        tokio::time::sleep(Duration::from_millis(5)).await;
        Ok(by)
    }
    async fn compare_and_swap(&self, at: Scope, what: Write, expected: Option<String>) -> CapResult<String> {
        self.ask(format!("swap {at:?} {what:?} {expected:?}"));
        Err(CapError::Conflict("it is newer".into()))
    }
    async fn get_many(&self, at: Scope, keys: Vec<String>) -> CapResult<Vec<Option<Entry>>> {
        self.ask(format!("get-many {at:?} {keys:?}"));
        let brain = self.brain.lock().unwrap();
        Ok(keys
            .into_iter()
            .map(|key| brain.get(&(at.clone(), key)).cloned())
            .collect())
    }
    async fn set_many(&self, at: Scope, what: Vec<Write>) -> CapResult<()> {
        self.ask(format!("set-many {at:?} {}", what.len()));
        for one in what {
            self.write(at.clone(), one);
        }
        Ok(())
    }
}

#[async_trait]
impl Chat for Records {
    async fn send(&self, to: Place, what: Content) -> CapResult<Sent> {
        let ephemeral = what.audience == moa_core::content::Audience::Asker;
        self.sent.lock().unwrap().push((to.clone(), what));
        Ok((!ephemeral).then(|| MessageRef {
            place: to,
            id: "3.0".into(),
        }))
    }
    async fn edit(&self, which: MessageRef, what: Content) -> CapResult<()> {
        self.ask(format!("edit {} {what:?}", which.id));
        Ok(())
    }
    async fn react(&self, which: MessageRef, emoji: String) -> CapResult<()> {
        self.ask(format!("react {} {emoji}", which.id));
        if which.id == "gone" {
            return Err(CapError::NotFound("that message".into()));
        }
        Ok(())
    }
}

#[async_trait]
impl Triggers for Records {
    async fn hear(&self, id: String, what: Taught) -> CapResult<()> {
        self.ask(format!("hear {id} {what:?}"));
        Ok(())
    }
    async fn forget(&self, id: String) -> CapResult<bool> {
        self.ask(format!("forget {id}"));
        Ok(true)
    }
}

impl System for Records {
    fn config(&self) -> String {
        r#"{"size":3}"#.into()
    }
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_000)
    }
    fn elapsed(&self) -> Duration {
        Duration::from_secs(2_000)
    }
    fn random(&self, buffer: &mut [u8]) {
        buffer.fill(7);
    }
    fn log(&self, level: Level, text: &str) {
        self.logged.lock().unwrap().push((level, text.into()));
    }
}
