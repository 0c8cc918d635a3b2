//! What the tests of the message's way share: a chat service that is a list, a store that can fail, events.

use crate::adapter::{Ack, Adapter, Delivery, Form, Me, MemberPage, Outgoing, SendError, Stamp, Upload};
use crate::capability::{Grants, Machine, Scene};
use crate::dispatch::Room;
use crate::invocation::{Allowance, Allowances, Call};
use crate::journal::Ticket;
use crate::lessons::Lessons;
use crate::matching::Matcher;
use crate::outbox::{Ordinals, Outbox};
use crate::questions::Questions;
use crate::recall::{Begun, Past, Recall};
use crate::registry::{self, Registry};
use async_trait::async_trait;
use moa_core::call::{CommandCall, FullMessage, Invocation, Sent, Value};
use moa_core::content::{Audience, Content};
use moa_core::event::{
    Conversation, Event, EventKind, File, Identity, Message, MessageRef, Place, PlaceKind, Slash, User,
};
use moa_core::manifest::Requests;
use moa_core::router::{self, Settings};
use moa_engine::Limits;
use moa_store::{
    Accepted, Cell, Clock, Effect, Entry, Filed, KeyPage, MemoryStore, NewRecord, Outcome, Purged, Record, Recorded,
    Remembered, Scan, Seq, Space, Store, StoreError, SystemClock, Usage, Which, Write, WriteOutcome,
};
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;
use tokio::sync::Notify;

/// A message that somebody wrote into a channel.
pub(crate) fn message(author: &str, id: &str, text: &str) -> Event {
    Event {
        identity: Identity::message("fake", "T1", "C1", id),
        team: "T1".into(),
        redelivered: false,
        kind: EventKind::Message(Message {
            at: MessageRef {
                place: place("C1"),
                id: id.into(),
            },
            author: author.into(),
            text: text.into(),
            raw: text.into(),
            mentions: Vec::new(),
            files: Vec::new(),
            time: (jiff::Timestamp::now() + jiff::SignedDuration::from_secs(60)).to_string(),
            edited: false,
        }),
    }
}

/// A slash command, with an address for answers.
pub(crate) fn slash(author: &str, id: &str, text: &str) -> Event {
    let mut event = message(author, "", text);
    let message = event.message().unwrap().clone();
    event.identity = Identity::other("fake", "T1", id);
    event.kind = EventKind::Slash(Slash {
        command: "moa".into(),
        message,
        response_url: Some("https://answer/here".into()),
    });
    event
}

pub(crate) fn place(conversation: &str) -> Place {
    Place {
        service: "fake".into(),
        conversation: conversation.into(),
        thread: None,
        kind: PlaceKind::Channel,
    }
}

/// A delivery, and whether it was acknowledged.
pub(crate) fn delivery(event: &Event) -> (Delivery, Arc<AtomicBool>) {
    let done = Arc::new(AtomicBool::new(false));
    let tell = Arc::clone(&done);
    let ack = Ack::new(move || tell.store(true, Ordering::SeqCst));
    (
        Delivery {
            event: event.clone(),
            ack,
        },
        done,
    )
}

/// Waits until something is so; what other tasks do takes a moment.
pub(crate) async fn until(what: impl Fn() -> bool) {
    for _ in 0..10_000 {
        if what() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    panic!("it never came to be so");
}

/// A message as the service got it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    pub conversation: String,
    pub answers: Option<String>,
    pub asker: Option<String>,
    pub text: String,
    pub audience: Audience,
    pub stamp: Stamp,
    pub response_url: Option<String>,
}

/// A file as the service got it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SentFile {
    pub to: Place,
    pub name: String,
    pub content: String,
    pub comment: String,
}

/// What the service does with the next message.
#[derive(Clone, Debug)]
pub(crate) enum Next {
    /// Does not take it.
    Fail(SendError),
    /// Takes it, and fails to say so.
    TakeAndFail(SendError),
}

/// Where a file can be seen, and what is in it.
type Seen = (Vec<String>, Vec<u8>);

/// A chat service that is a list of messages.
pub(crate) struct FakeAdapter {
    pub me: Me,
    pub max_text: usize,
    pub told: Mutex<Vec<Told>>,
    pub next: Mutex<VecDeque<Next>>,
    pub next_find: Mutex<VecDeque<SendError>>,
    pub finds: AtomicUsize,
    pub edited: Mutex<Vec<(MessageRef, String)>>,
    pub reacted: Mutex<Vec<(String, bool)>>,
    pub deleted: Mutex<Vec<MessageRef>>,
    /// Forms: the trigger, the view, whose it is.
    pub forms: Mutex<Vec<(String, String, String)>>,
    /// What conversations hold, newest first.
    pub past: Mutex<Vec<Message>>,
    /// Files by id: where they can be seen, and what is in them.
    pub contents: Mutex<BTreeMap<String, Seen>>,
    /// Files, if the service takes any.
    pub files: Option<Mutex<Vec<SentFile>>>,
    /// Reactions and look-ups never end.
    pub stuck: bool,
    /// When the host ends.
    pub crash: Mutex<Option<Arc<Crash>>>,
}

impl Default for FakeAdapter {
    fn default() -> Self {
        Self {
            me: Me {
                user_id: "UBOT".into(),
                bot_id: "B1".into(),
                team: "T1".into(),
                name: "moa".into(),
            },
            max_text: 100,
            told: Mutex::default(),
            next: Mutex::default(),
            next_find: Mutex::default(),
            finds: AtomicUsize::new(0),
            edited: Mutex::default(),
            reacted: Mutex::default(),
            deleted: Mutex::default(),
            forms: Mutex::default(),
            past: Mutex::default(),
            contents: Mutex::default(),
            files: None,
            stuck: false,
            crash: Mutex::default(),
        }
    }
}

impl FakeAdapter {
    pub(crate) fn texts(&self) -> Vec<String> {
        self.told.lock().unwrap().iter().map(|told| told.text.clone()).collect()
    }

    async fn moment(&self) {
        let crash = self.crash.lock().unwrap().clone();
        Crash::moment(crash.as_ref()).await;
    }

    /// A file that was taken stands in the conversation.
    fn show(&self, id: &str, file: Upload<'_>) {
        let here = vec![file.to.conversation.clone()];
        self.contents
            .lock()
            .unwrap()
            .insert(id.into(), (here, file.data.to_vec()));
        let mut message = message(&self.me.user_id, id, file.comment).message().unwrap().clone();
        message.at.place = file.to.clone();
        message.files.push(File {
            id: id.into(),
            name: file.name.into(),
            mime: String::new(),
            size: u32::try_from(file.data.len()).unwrap(),
        });
        self.past.lock().unwrap().insert(0, message);
    }

    async fn stick(&self) {
        if self.stuck {
            std::future::pending::<()>().await;
        }
    }

    fn at(&self, message: &Outgoing<'_>, index: usize) -> MessageRef {
        MessageRef {
            place: message.to.clone(),
            id: index.to_string(),
        }
    }
}

#[async_trait]
impl Adapter for FakeAdapter {
    fn service(&self) -> &'static str {
        "fake"
    }

    fn me(&self) -> &Me {
        &self.me
    }

    fn max_text(&self) -> usize {
        self.max_text
    }

    async fn send(&self, message: Outgoing<'_>) -> Result<Sent, SendError> {
        self.moment().await;
        let next = self.next.lock().unwrap().pop_front();
        if let Some(Next::Fail(error)) = next {
            return Err(error);
        }
        let index = {
            let mut told = self.told.lock().unwrap();
            told.push(Told {
                conversation: message.to.conversation.clone(),
                answers: message.answers.map(Into::into),
                asker: message.asker.map(Into::into),
                text: message.content.text.clone(),
                audience: message.content.audience,
                stamp: message.stamp.clone(),
                response_url: message.response_url.map(Into::into),
            });
            told.len() - 1
        };
        self.moment().await;
        match next {
            Some(Next::TakeAndFail(error)) => Err(error),
            _ => Ok(Some(self.at(&message, index))),
        }
    }

    async fn find(&self, message: Outgoing<'_>) -> Result<Option<MessageRef>, SendError> {
        self.finds.fetch_add(1, Ordering::SeqCst);
        if let Some(error) = self.next_find.lock().unwrap().pop_front() {
            return Err(error);
        }
        let at = self
            .told
            .lock()
            .unwrap()
            .iter()
            .position(|told| told.stamp == *message.stamp);
        let file = self.files.as_ref().and_then(|files| {
            let files = files.lock().unwrap();
            files.iter().position(|file| file.comment == message.content.text)
        });
        let at = at.or(file.map(|index| 1_000 + index));
        Ok(at.map(|index| self.at(&message, index)))
    }

    async fn edit(&self, at: &MessageRef, content: &Content, _stamp: &Stamp) -> Result<(), SendError> {
        self.moment().await;
        self.edited.lock().unwrap().push((at.clone(), content.text.clone()));
        self.moment().await;
        Ok(())
    }

    /// A file's message stands among the others, without a stamp.
    async fn upload(&self, file: Upload<'_>) -> Result<String, SendError> {
        self.moment().await;
        let Some(files) = &self.files else {
            return Err(self.lacks("files"));
        };
        let next = self.next.lock().unwrap().pop_front();
        if let Some(Next::Fail(error)) = next {
            return Err(error);
        }
        let id = {
            let mut files = files.lock().unwrap();
            let content = String::from_utf8_lossy(file.data).into_owned();
            files.push(SentFile {
                to: file.to.clone(),
                name: file.name.into(),
                content,
                comment: file.comment.into(),
            });
            format!("F{}", files.len())
        };
        self.show(&id, file);
        self.moment().await;
        match next {
            Some(Next::TakeAndFail(error)) => Err(error),
            _ => Ok(id),
        }
    }

    async fn delete(&self, at: &MessageRef) -> Result<(), SendError> {
        self.moment().await;
        self.deleted.lock().unwrap().push(at.clone());
        self.moment().await;
        Ok(())
    }

    /// A trigger works once.
    async fn open_form(&self, form: Form<'_>) -> Result<(), SendError> {
        let mut forms = self.forms.lock().unwrap();
        if forms.iter().any(|(trigger, ..)| trigger == form.trigger) {
            return Err(SendError::Refused {
                code: "exchanged_trigger_id".into(),
                explanation: "used".into(),
            });
        }
        forms.push((form.trigger.into(), form.view.into(), form.plugin.into()));
        Ok(())
    }

    async fn find_file(&self, file: &str) -> Result<Option<Vec<String>>, SendError> {
        let contents = self.contents.lock().unwrap();
        Ok(contents.get(file).map(|(seen, _)| seen.clone()))
    }

    async fn download(&self, file: &str, limit: usize) -> Result<Option<Vec<u8>>, SendError> {
        let contents = self.contents.lock().unwrap();
        match contents.get(file) {
            Some((_, content)) if content.len() > limit => Err(SendError::Refused {
                code: "too_large".into(),
                explanation: "too large".into(),
            }),
            found => Ok(found.map(|(_, content)| content.clone())),
        }
    }

    /// `D` and the person's id.
    async fn open_direct(&self, user: &str) -> Result<Place, SendError> {
        Ok(Place {
            kind: PlaceKind::Direct,
            ..place(&format!("D{user}"))
        })
    }

    async fn history(&self, at: &Place, before: Option<&str>, limit: u32) -> Result<Vec<Message>, SendError> {
        let past = self.past.lock().unwrap();
        let here = past.iter().filter(|message| message.at.place == *at);
        let older = here.skip_while(|message| before.is_some_and(|before| message.at.id != before));
        let older = older.skip(usize::from(before.is_some()));
        Ok(older.take(limit as usize).cloned().collect())
    }

    async fn react(&self, _at: &MessageRef, emoji: &str) -> Result<(), SendError> {
        self.stick().await;
        self.moment().await;
        self.reacted.lock().unwrap().push((emoji.into(), true));
        self.moment().await;
        Ok(())
    }

    async fn unreact(&self, _at: &MessageRef, emoji: &str) -> Result<(), SendError> {
        self.moment().await;
        self.reacted.lock().unwrap().push((emoji.into(), false));
        Ok(())
    }

    async fn find_user(&self, id: &str) -> Result<Option<User>, SendError> {
        self.stick().await;
        self.moment().await;
        Ok(Some(User {
            display_name: format!("name of {id}"),
            locale: Some("en-US".into()),
            ..User::unknown(id)
        }))
    }

    /// Only `C8` is known, by its topic.
    async fn find_conversation(&self, id: &str) -> Result<Option<Conversation>, SendError> {
        Ok((id == "C8").then(|| Conversation {
            id: id.into(),
            name: "eight".into(),
            kind: PlaceKind::Channel,
            topic: "ask {@U7}".into(),
        }))
    }

    /// `C1` has two pages of members, `U1` and the bot, then `U2`; there is no other conversation.
    async fn find_members(&self, conversation: &str, cursor: Option<&str>) -> Result<Option<MemberPage>, SendError> {
        let (ids, next) = match (conversation, cursor) {
            ("C1", None) => (vec!["U1".into(), self.me.user_id.clone()], Some("more".into())),
            ("C1", Some(_)) => (vec!["U2".into()], None),
            _ => return Ok(None),
        };
        Ok(Some(MemberPage { ids, next }))
    }
}

/// Ends a host in the middle of something: from its moment on nothing comes back any more.
pub(crate) struct Crash {
    left: AtomicI64,
    happened: Notify,
}

impl Crash {
    /// After so many moments in which it may happen.
    pub(crate) fn after(moments: i64) -> Arc<Self> {
        Arc::new(Self {
            left: AtomicI64::new(moments),
            happened: Notify::new(),
        })
    }

    /// Runs something until it is done, or until the crash.
    pub(crate) async fn or<T>(&self, run: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            () = self.happened.notified() => None,
            done = run => Some(done),
        }
    }

    async fn moment(crash: Option<&Arc<Self>>) {
        if let Some(crash) = crash
            && crash.left.fetch_sub(1, Ordering::SeqCst) <= 0
        {
            crash.happened.notify_one();
            std::future::pending::<()>().await;
        }
    }
}

/// A store, in memory unless told otherwise, whose journal fails as long as it is told to.
pub(crate) struct FlakyStore {
    pub inner: Arc<dyn Store>,
    pub broken: AtomicBool,
    /// Whether another host works on it.
    pub replaced: AtomicBool,
    /// Whether the disk is full: writes fail, notes wait until there is room.
    pub full: AtomicBool,
    /// Whether entries cannot be read.
    pub unread: AtomicBool,
    /// When the host ends. Then notes are as lazy as they may be.
    pub crash: Option<Arc<Crash>>,
    lazy: Mutex<Vec<(Effect, Vec<u8>)>>,
}

impl Default for FlakyStore {
    fn default() -> Self {
        Self::of(Arc::new(MemoryStore::new(SystemClock)), None)
    }
}

impl FlakyStore {
    pub(crate) fn of(inner: Arc<dyn Store>, crash: Option<Arc<Crash>>) -> Self {
        Self {
            inner,
            broken: AtomicBool::new(false),
            replaced: AtomicBool::new(false),
            full: AtomicBool::new(false),
            unread: AtomicBool::new(false),
            crash,
            lazy: Mutex::default(),
        }
    }

    /// The first notes reach the disk, the others never do.
    pub(crate) async fn settle(&self, first: usize) {
        let lazy = std::mem::take(&mut *self.lazy.lock().unwrap());
        for (effect, answer) in lazy.into_iter().take(first) {
            self.inner.note(effect, answer).await.unwrap();
        }
    }
}

#[async_trait]
impl Store for FlakyStore {
    async fn get(&self, cell: &Cell) -> Result<Option<Entry>, StoreError> {
        Crash::moment(self.crash.as_ref()).await;
        if self.unread.load(Ordering::SeqCst) {
            return Err(StoreError::Io("the test says so".into()));
        }
        self.inner.get(cell).await
    }

    async fn get_many(&self, cells: &[Cell]) -> Result<Vec<Option<Entry>>, StoreError> {
        self.inner.get_many(cells).await
    }

    async fn keys(&self, space: &Space, prefix: &str, after: Option<&str>, limit: u32) -> Result<KeyPage, StoreError> {
        self.inner.keys(space, prefix, after, limit).await
    }

    async fn write(&self, writes: Vec<Write>, effect: Option<Effect>) -> Result<Vec<WriteOutcome>, StoreError> {
        Crash::moment(self.crash.as_ref()).await;
        self.settle(usize::MAX).await;
        if self.full.load(Ordering::SeqCst) {
            return Err(StoreError::Io("the test says that the disk is full".into()));
        }
        let written = self.inner.write(writes, effect).await;
        Crash::moment(self.crash.as_ref()).await;
        written
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
        if self.crash.is_none() {
            return self.inner.note(effect, answer).await;
        }
        Crash::moment(self.crash.as_ref()).await;
        self.lazy.lock().unwrap().push((effect, answer));
        Crash::moment(self.crash.as_ref()).await;
        Ok(())
    }

    async fn effects(&self, seq: Seq, invocation: &str) -> Result<Vec<Recorded>, StoreError> {
        self.inner.effects(seq, invocation).await
    }

    async fn accept(&self, record: NewRecord) -> Result<Accepted, StoreError> {
        if self.broken.load(Ordering::SeqCst) {
            return Err(StoreError::Io("the test says so".into()));
        }
        if self.replaced.load(Ordering::SeqCst) {
            return Err(StoreError::TakenOver {
                place: "here".into(),
                by: "another".into(),
            });
        }
        self.inner.accept(record).await
    }

    async fn finish(&self, seq: Seq, outcome: Outcome) -> Result<(), StoreError> {
        self.inner.finish(seq, outcome).await
    }

    async fn unfinished(&self) -> Result<Vec<Record>, StoreError> {
        self.inner.unfinished().await
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
        limits: Arc::new(|_| Limits::default()),
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
    };
    let lessons = Arc::new(Lessons::empty(Arc::clone(store) as Arc<dyn Store>, registry.cell()));
    lessons.follow(&registry);
    (
        Arc::new(Matcher {
            me,
            settings,
            lessons,
            questions: Arc::new(Questions::empty(Arc::clone(store) as Arc<dyn Store>)),
            registry: Arc::new(registry),
        }),
        dir,
    )
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
        by_plugin: BTreeMap::new(),
        default,
        grants: Grants::Everything,
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
            store,
            event: Arc::new(event),
            requests: Requests::default(),
            grants: Grants::Configured(crate::capability::Says::default()),
            ticket: Arc::new(Ticket::of(seq)),
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
            recall,
            world: Arc::new(Machine),
            adapter: Arc::clone(&adapter),
            outbox: Arc::new(Outbox::new(adapter, 0.0, 1)),
            lessons: Arc::clone(&self.lessons),
            questions: Arc::clone(&self.questions),
            store: Arc::clone(&self.store) as Arc<dyn Store>,
        })
    }
}
