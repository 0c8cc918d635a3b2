//! Random calls that are cut off at random moments, against a simple model: whatever happens, in the end all is as if the
//! call had run once without a break.
//!
//! A call here is a program that decides each step by what it was told before, so that a single value that differs leads
//! it somewhere else. It uses the real capabilities over a real store and a chat service that is a list. Between two runs
//! others write into the same brain.

use crate::adapter::Adapter;
use crate::capability::{Scene, host};
use crate::lessons::Lessons;
use crate::questions::Questions;
use crate::recall::Stop;
use crate::testing::{Crash, FakeAdapter, FlakyStore, Stage, message, place};
use fastrand::Rng;
use moa_core::call::{CapError, Sent};
use moa_core::content::Content;
use moa_core::event::MessageRef;
use moa_core::router::hears::{Taught, What};
use moa_engine::{Entry, Host, Scope, Write};
use moa_store::{Answer, MemoryStore, Options, Recorded, RedbStore, Store, SystemClock};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex};

const KEYS: [&str; 4] = ["a", "b", "n", "m"];

/// What a call asks for.
#[derive(Clone, Debug, PartialEq)]
enum Ask {
    /// What no model needs: clocks, chance, settings, people.
    World,
    Get(&'static str),
    GetMany,
    List,
    Set(&'static str, String),
    SetBoth(String),
    Delete(&'static str),
    Increment(&'static str, i64),
    Swap(&'static str, String, Option<String>),
    Say(String),
    SayElsewhere,
    Edit(MessageRef, String),
    React(MessageRef, String),
    Unreact(MessageRef, String),
    Unsay(MessageRef),
    Upload(String),
    Question(&'static str, String),
    Hear(String),
    Forget(String),
}

impl Ask {
    /// Whether it changes something outside of the store, which is recorded twice: before and after.
    fn is_outward(&self) -> bool {
        matches!(
            self,
            Self::Say(_)
                | Self::Edit(..)
                | Self::React(..)
                | Self::Unreact(..)
                | Self::Unsay(_)
                | Self::Upload(_)
                | Self::Question(..)
                | Self::SayElsewhere
        )
    }
}

/// One step as it went.
#[derive(Clone, Debug, PartialEq)]
struct Line {
    ask: Ask,
    answer: String,
    /// The entry that was read or the version that was written, where there is one.
    entries: Vec<Option<Entry>>,
    version: Option<String>,
    /// The numbers of its effects: from here up to there.
    numbers: std::ops::Range<u32>,
}

#[derive(Clone, Copy)]
struct Program {
    seed: u64,
    steps: usize,
    /// At this step it does something else than it did before.
    odd: Option<usize>,
}

impl Program {
    /// Runs; what happened is written down step by step, also if it is cut off.
    async fn play(self, scene: &Arc<Scene>, trace: &Mutex<Vec<Line>>) -> Result<(), CapError> {
        let host = &host(Arc::clone(scene));
        let mut known = self.seed;
        let mut last: Option<MessageRef> = None;
        let mut versions: BTreeMap<&'static str, String> = BTreeMap::new();
        for step in 0..self.steps {
            let mut rng = Rng::with_seed(known ^ (step as u64) << 32);
            if self.odd == Some(step) {
                rng = Rng::with_seed(rng.u64(..));
            }
            let from = scene.ordinals.coming();
            let mut line = self.step(host, &mut rng, &mut last, &mut versions).await?;
            line.numbers = from..scene.ordinals.coming();
            let mut hasher = DefaultHasher::new();
            (known, format!("{:?} {}", line.ask, line.answer)).hash(&mut hasher);
            known = hasher.finish();
            trace.lock().unwrap().push(line);
        }
        Ok(())
    }

    async fn step(
        self,
        host: &Host,
        rng: &mut Rng,
        last: &mut Option<MessageRef>,
        versions: &mut BTreeMap<&'static str, String>,
    ) -> Result<Line, CapError> {
        let key = KEYS[rng.usize(..KEYS.len())];
        let value = format!("{:x}", rng.u32(..));
        let write = |key: &str| Write {
            key: key.into(),
            value: value.clone().into_bytes(),
            ttl_seconds: None,
        };
        let mut line = Line {
            ask: Ask::World,
            answer: String::new(),
            entries: Vec::new(),
            version: None,
            numbers: 0..0,
        };
        let (brain, chat, system) = (&host.brain, &host.chat, &host.system);
        match rng.u32(..23) {
            0 => line.answer = format!("{:?}", system.now()),
            1 => line.answer = format!("{:?}", system.elapsed()),
            2 => {
                let mut bytes = [0; 8];
                system.random(&mut bytes);
                line.answer = format!("{bytes:?}");
            }
            3 => line.answer = format!("{} {:?}", system.config(), system.local("x", "Asia/Seoul")),
            4 => line.answer = shown(&chat.get_user(format!("U{}", rng.u32(1..4))).await)?,
            5 | 6 => {
                line.ask = Ask::Get(key);
                let got = brain.get(Scope::Plugin, key.into()).await;
                line.answer = shown(&got)?;
                line.entries = vec![got.unwrap()];
                if let Some(entry) = &line.entries[0] {
                    versions.insert(key, entry.version.clone());
                }
            }
            7 => {
                line.ask = Ask::GetMany;
                let keys = KEYS.map(String::from).to_vec();
                let got = brain.get_many(Scope::Plugin, keys).await;
                line.answer = shown(&got)?;
                line.entries = got.unwrap();
            }
            8 => {
                line.ask = Ask::List;
                line.answer = shown(&brain.list_keys(Scope::Plugin, String::new(), None, 10).await)?;
            }
            9 => {
                line.ask = Ask::Set(key, value.clone());
                let set = brain.set(Scope::Plugin, write(key)).await;
                line.answer = shown(&set)?;
                line.version = set.ok();
                versions.extend(line.version.clone().map(|version| (key, version)));
            }
            10 => {
                line.ask = Ask::SetBoth(value.clone());
                line.answer = shown(&brain.set_many(Scope::Plugin, vec![write("a"), write("b")]).await)?;
            }
            11 => {
                line.ask = Ask::Delete(key);
                line.answer = shown(&brain.delete(Scope::Plugin, key.into()).await)?;
            }
            12 | 13 => {
                let by = rng.i64(-3..9);
                line.ask = Ask::Increment(key, by);
                line.answer = shown(&brain.increment(Scope::Plugin, key.into(), by).await)?;
            }
            14 => {
                let expected = versions.get(key).cloned();
                line.ask = Ask::Swap(key, value.clone(), expected.clone());
                let swapped = brain.compare_and_swap(Scope::Plugin, write(key), expected).await;
                line.answer = shown(&swapped)?;
                line.version = swapped.ok();
                versions.extend(line.version.clone().map(|version| (key, version)));
            }
            15 | 16 => {
                let text = value.repeat(if rng.u32(..4) == 0 { 40 } else { 1 });
                line.ask = Ask::Say(text.clone());
                let sent: Result<Sent, CapError> = chat.send(place("C1"), Content::text(text)).await;
                line.answer = shown(&sent)?;
                *last = sent.unwrap();
            }
            17 => match last {
                Some(at) if rng.bool() => {
                    line.ask = Ask::Edit(at.clone(), value.clone());
                    line.answer = shown(&chat.edit(at.clone(), Content::text(value.clone())).await)?;
                }
                Some(at) => {
                    line.ask = Ask::React(at.clone(), value.clone());
                    line.answer = shown(&chat.react(at.clone(), value.clone()).await)?;
                }
                None => {
                    line.ask = Ask::SayElsewhere;
                    line.answer = shown(&chat.send(place("C2"), Content::text("psst")).await)?;
                }
            },
            18 => match last {
                Some(at) if rng.bool() => {
                    line.ask = Ask::Unsay(at.clone());
                    line.answer = shown(&chat.delete(at.clone()).await)?;
                }
                Some(at) => {
                    line.ask = Ask::Unreact(at.clone(), value.clone());
                    line.answer = shown(&chat.unreact(at.clone(), value.clone()).await)?;
                }
                None => line.answer = shown(&chat.open_direct("U1".into()).await)?,
            },
            19 => {
                line.ask = Ask::Upload(value.clone());
                line.answer = shown(
                    &chat
                        .upload(place("C1"), "a.txt".into(), value.into_bytes(), String::new())
                        .await,
                )?;
            }
            20 => {
                let mut what = Content::text(value.clone());
                what.actions = vec![moa_core::content::Action::Select {
                    id: "size".into(),
                    placeholder: String::new(),
                    choices: vec![("L".into(), "L".into())],
                }];
                line.ask = Ask::Question(key, value);
                let asked = chat.ask(place("C1"), "U1".into(), key.into(), what, 600).await;
                line.answer = shown(&asked)?;
            }
            21 => {
                let what = Taught {
                    what: What::Keyword(value.clone()),
                    scopes: vec![moa_core::manifest::Scope::Ambient],
                    conversation: None,
                };
                line.ask = Ask::Hear(key.into());
                line.answer = shown(&host.triggers.hear(key.into(), what).await)?;
            }
            _ => {
                line.ask = Ask::Forget(key.into());
                line.answer = shown(&host.triggers.forget(key.into()).await)?;
            }
        }
        Ok(line)
    }
}

/// An answer as text; a call that is stopped has none.
fn shown<T: Debug>(answer: &Result<T, CapError>) -> Result<String, CapError> {
    match answer {
        Err(CapError::Stopped) => Err(CapError::Stopped),
        answer => Ok(format!("{answer:?}")),
    }
}

/// What the brain and the chat must be like.
#[derive(Default)]
struct Model {
    brain: BTreeMap<&'static str, (String, Option<String>)>,
    taught: BTreeSet<String>,
    said: Vec<String>,
    asked: BTreeSet<String>,
    files: Vec<String>,
}

impl Model {
    fn set(&mut self, key: &'static str, value: &str, version: Option<&String>) {
        self.brain.insert(key, (value.to_owned(), version.cloned()));
    }

    /// What others did.
    fn add(&mut self, key: &'static str, by: i64) {
        let sum = by + self.brain.get(key).map_or(0, |known| known.0.parse().unwrap());
        self.set(key, &sum.to_string(), None);
    }

    /// Does a step, and holds the answer to it.
    fn step(&mut self, line: &Line) {
        let answer = &line.answer;
        let fits = |key: &str, entry: &Option<Entry>, brain: &mut BTreeMap<&'static str, (String, Option<String>)>| {
            let known = brain.get_mut(key);
            assert_eq!(
                known.as_ref().map(|known| known.0.as_bytes()),
                entry.as_ref().map(|entry| &entry.value[..]),
                "{key}"
            );
            if let (Some(known), Some(entry)) = (known, entry) {
                known.1 = Some(entry.version.clone());
            }
        };
        match &line.ask {
            Ask::World => {}
            Ask::Get(key) => fits(key, &line.entries[0], &mut self.brain),
            Ask::GetMany => KEYS
                .iter()
                .zip(&line.entries)
                .for_each(|(key, entry)| fits(key, entry, &mut self.brain)),
            Ask::List => {
                for key in KEYS {
                    let listed = answer.contains(&format!("{key:?}"));
                    assert_eq!(listed, self.brain.contains_key(key), "{key} in {answer}");
                }
            }
            Ask::Set(key, value) => self.set(key, value, line.version.as_ref()),
            Ask::SetBoth(value) => {
                self.set("a", value, None);
                self.set("b", value, None);
            }
            Ask::Delete(key) => assert_eq!(*answer, format!("Ok({})", self.brain.remove(key).is_some())),
            Ask::Increment(key, by) => {
                let before = self.brain.get(key).map_or("0", |known| &known.0);
                match before.parse::<i64>() {
                    Ok(before) => {
                        assert_eq!(*answer, format!("Ok({})", before + by));
                        self.set(key, &(before + by).to_string(), None);
                    }
                    Err(_) => assert!(answer.contains("Invalid"), "{answer}"),
                }
            }
            Ask::Swap(key, value, expected) => {
                let there = self.brain.get(key);
                let same = match (there, expected) {
                    (None, None) => true,
                    (Some((_, Some(version))), Some(expected)) => version == expected,
                    _ => false,
                };
                assert_eq!(same, answer.starts_with("Ok"), "{answer} {there:?} {expected:?}");
                if same {
                    self.set(key, value, line.version.as_ref());
                }
            }
            Ask::Say(text) => self.said.push(text.clone()),
            Ask::SayElsewhere => assert!(answer.contains("AccessDenied"), "{answer}"),
            Ask::Edit(..) | Ask::React(..) | Ask::Unreact(..) | Ask::Unsay(_) => assert_eq!(answer, "Ok(())"),
            Ask::Upload(content) => {
                assert!(answer.starts_with("Ok"), "{answer}");
                self.files.push(content.clone());
            }
            Ask::Question(id, text) => {
                assert!(answer.starts_with("Ok"), "{answer}");
                self.said.push(text.clone());
                self.asked.insert((*id).to_owned());
            }
            Ask::Hear(id) => {
                assert_eq!(answer, "Ok(())");
                self.taught.insert(id.clone());
            }
            Ask::Forget(id) => assert_eq!(*answer, format!("Ok({})", self.taught.remove(id))),
        }
    }
}

/// A store that can be opened again.
struct Disk {
    memory: Option<Arc<MemoryStore>>,
    dir: tempfile::TempDir,
}

impl Disk {
    fn new(redb: bool) -> Self {
        Self {
            memory: (!redb).then(|| Arc::new(MemoryStore::new(SystemClock))),
            dir: tempfile::tempdir().unwrap(),
        }
    }

    fn open(&self) -> Arc<dyn Store> {
        match &self.memory {
            Some(memory) => Arc::clone(memory) as _,
            None => Arc::new(RedbStore::open(self.dir.path().join("moa.redb"), Options::default()).unwrap()),
        }
    }
}

/// One run of the call until its end or until the crash.
async fn run(
    stage: &mut Stage,
    program: Program,
    store: FlakyStore,
    again: bool,
) -> (Option<Result<(), CapError>>, Vec<Line>, Arc<Scene>) {
    let crash = store.crash.clone();
    stage.store = Arc::new(store);
    // After a restart this, too, is another.
    stage.lessons = Arc::new(Lessons::empty(Arc::clone(&stage.store) as _, Arc::default()));
    stage.questions = Questions::load(Arc::clone(&stage.store) as _).await.unwrap();
    *stage.adapter.crash.lock().unwrap() = crash.clone();
    let scene = stage.scene(again).await;
    let trace = Mutex::new(Vec::new());
    let play = async { program.play(&scene, &trace).await };
    let ended = match crash {
        Some(crash) => crash.or(play).await,
        None => Some(play.await),
    };
    *stage.adapter.crash.lock().unwrap() = None;
    (ended, trace.into_inner().unwrap(), scene)
}

/// How many steps are on disk: their answers will be given again. And before which step the brain is as others left it.
fn known(trace: &[Line], log: &[Recorded]) -> (usize, usize) {
    let Some(last) = log.last() else { return (0, 0) };
    match trace.iter().position(|line| line.numbers.contains(&last.ordinal)) {
        Some(at) if trace[at].ask.is_outward() && matches!(last.answer, Answer::Written(_)) => (at, at),
        Some(at) => (at + 1, at + 1),
        // It broke off in the middle of this very step.
        None => (trace.len(), trace.len() + 1),
    }
}

/// With a chat service that takes files.
async fn stage(disk: &Disk) -> Stage {
    let stage = Stage::on(FlakyStore::of(disk.open(), None), message("U1", "1.0", "!x")).await;
    let adapter = FakeAdapter {
        files: Some(Mutex::default()),
        ..FakeAdapter::default()
    };
    Stage {
        adapter: Arc::new(adapter),
        ..stage
    }
}

async fn one_call(seed: u64, redb: bool) {
    let mut rng = Rng::with_seed(seed);
    let program = Program {
        seed: rng.u64(..),
        steps: rng.usize(3..30),
        odd: None,
    };
    let disk = Disk::new(redb);
    let mut stage = stage(&disk).await;
    let seq = stage.ticket.seq().await.unwrap();
    let mut others: Vec<(usize, &'static str, i64)> = Vec::new();
    let mut given: Vec<Line> = Vec::new();
    let mut crashes = rng.usize(..4);
    let mut again = false;
    let trace = loop {
        let crash = (crashes > 0).then(|| Crash::after(rng.i64(0..50)));
        crashes = crashes.saturating_sub(1);
        let inner = match again {
            true => disk.open(),
            false => Arc::clone(&stage.store.inner),
        };
        let (ended, trace, scene) = run(&mut stage, program, FlakyStore::of(inner, crash), again).await;
        assert!(
            trace.starts_with(&given),
            "a rerun is given what the first run got: {given:#?} {trace:#?}"
        );
        if let Some(ended) = ended {
            assert_eq!((ended, scene.recall.ended()), (Ok(()), None));
            stage.store.settle(usize::MAX).await;
            break trace;
        }
        drop(scene);
        // What was lazy may be lost, from some moment on.
        stage.store.settle(rng.usize(..4)).await;
        let store = Arc::clone(&stage.store.inner);
        let log = store.effects(seq, "call").await.unwrap();
        let (steps, others_at) = known(&trace, &log);
        for _ in 0..rng.usize(..3) {
            let (key, by) = (KEYS[rng.usize(..KEYS.len())], rng.i64(1..5) * 1000);
            let cell = moa_store::Space::new("memo", moa_store::Scope::Plugin).cell(key);
            if store
                .write(vec![moa_store::Write::increment(cell, by)], None)
                .await
                .is_ok()
            {
                others.push((others_at, key, by));
            }
        }
        if redb {
            store.close().await.unwrap();
        }
        given = trace[..steps].to_vec();
        again = true;
    };

    let mut model = Model::default();
    let mut others = others.into_iter().peekable();
    for (at, line) in trace.iter().enumerate() {
        while let Some((_, key, by)) = others.next_if(|(before, ..)| *before <= at) {
            model.add(key, by);
        }
        model.step(line);
    }
    others.for_each(|(_, key, by)| model.add(key, by));
    assert_is(&model, &trace, &stage).await;
}

/// Holds the world to the model.
async fn assert_is(model: &Model, trace: &[Line], stage: &Stage) {
    let store = &stage.store.inner;
    for key in KEYS {
        let cell = moa_store::Space::new("memo", moa_store::Scope::Plugin).cell(key);
        let value = store.get(&cell).await.unwrap().map(|entry| entry.value);
        assert_eq!(
            value.as_deref(),
            model.brain.get(key).map(|known| known.0.as_bytes()),
            "{key}"
        );
    }
    let taught = moa_store::Space::new("moa:taught", moa_store::Scope::Plugin);
    let taught = store.keys(&taught, "", None, 100).await.unwrap().keys;
    let expected: Vec<String> = model.taught.iter().map(|id| format!("memo/{id}")).collect();
    assert_eq!(taught, expected);
    let asked = moa_store::Space::new("moa:asked", moa_store::Scope::Plugin);
    let asked = store.keys(&asked, "", None, 100).await.unwrap().keys;
    let expected: Vec<String> = model.asked.iter().map(|id| format!("memo/{id}")).collect();
    assert_eq!(asked, expected, "each question once, under its id");
    let files = stage.adapter.files.as_ref().unwrap().lock().unwrap().clone();
    let files: Vec<String> = files.into_iter().map(|file| file.content).collect();
    assert_eq!(files, model.files, "each file once, in order");
    let limit = stage.adapter.max_text();
    let parts = model.said.iter().flat_map(|text| moa_core::text::split(text, limit));
    assert_eq!(
        stage.adapter.texts(),
        parts.collect::<Vec<_>>(),
        "each message once, in order"
    );
    let (edited, reacted) = (
        stage.adapter.edited.lock().unwrap(),
        stage.adapter.reacted.lock().unwrap(),
    );
    let deleted = stage.adapter.deleted.lock().unwrap();
    for at in deleted.iter() {
        assert!(trace.iter().any(|line| line.ask == Ask::Unsay(at.clone())), "{at:?}");
    }
    for (at, text) in edited.iter() {
        assert!(
            trace.iter().any(|line| line.ask == Ask::Edit(at.clone(), text.clone())),
            "{text}"
        );
    }
    for line in trace {
        match &line.ask {
            Ask::Edit(at, text) => assert!(edited.contains(&(at.clone(), text.clone()))),
            Ask::React(_, emoji) => assert!(reacted.contains(&(emoji.clone(), true))),
            Ask::Unreact(_, emoji) => assert!(reacted.contains(&(emoji.clone(), false))),
            Ask::Unsay(at) => assert!(deleted.contains(at)),
            _ => {}
        }
    }
}

/// A call that does something else the second time is stopped, and nothing more happens.
async fn one_changed_call(seed: u64) {
    let mut rng = Rng::with_seed(seed);
    let program = Program {
        seed: rng.u64(..),
        steps: 20,
        odd: None,
    };
    let disk = Disk::new(false);
    let mut stage = stage(&disk).await;
    let seq = stage.ticket.seq().await.unwrap();
    let store = FlakyStore::of(disk.open(), Some(Crash::after(rng.i64(8..40))));
    let (_, first, _) = run(&mut stage, program, store, false).await;
    stage.store.settle(usize::MAX).await;
    let log = disk.open().effects(seq, "call").await.unwrap();
    let known = &first[..known(&first, &log).0];
    if known.is_empty() {
        return;
    }
    let at = rng.usize(..known.len());
    let (texts, cells) = (stage.adapter.texts(), contents(&disk).await);
    let odd = Program {
        odd: Some(at),
        ..program
    };
    let (ended, again, scene) = run(&mut stage, odd, FlakyStore::of(disk.open(), None), true).await;
    if again
        .get(at)
        .is_some_and(|line| line.ask == known[at].ask && line.answer == known[at].answer)
    {
        // It happened to be the same.
        return;
    }
    let stopped = matches!(scene.recall.ended(), Some(Stop::Diverged(_)));
    assert!(
        stopped,
        "{ended:?} {:?}\n{first:#?}\n{again:#?}",
        scene.recall.stopped()
    );
    assert_eq!(stage.adapter.texts(), texts);
    assert_eq!(contents(&disk).await, cells);
    assert_eq!(disk.open().effects(seq, "call").await.unwrap(), log);
}

async fn contents(disk: &Disk) -> Vec<Option<moa_store::Entry>> {
    let space = moa_store::Space::new("memo", moa_store::Scope::Plugin);
    let cells = KEYS.map(|key| space.cell(key));
    disk.open().get_many(&cells).await.unwrap()
}

/// Tries many; the seed of one that fails is printed by its panic.
async fn many<F: Future<Output = ()> + Send + 'static>(rounds: u64, one: impl Fn(u64) -> F) {
    let long = std::env::var_os("MOA_TEST_LONG").is_some();
    let rounds = if long { rounds * 50 } else { rounds };
    let start = match std::env::var("MOA_TEST_SEED") {
        Ok(seed) => seed.parse().unwrap(),
        // The short form tries the same ones every time, so that it does not fail for a change that is not to blame.
        Err(_) if long => fastrand::u64(..),
        Err(_) => 1,
    };
    for round in 0..rounds {
        let seed = start.wrapping_add(round);
        let ended = tokio::spawn(one(seed)).await;
        assert!(ended.is_ok(), "MOA_TEST_SEED={seed} shows it again");
    }
}

#[tokio::test]
async fn calls_that_are_cut_off_end_as_if_they_had_run_once() {
    many(300, |seed| one_call(seed, false)).await;
}

#[tokio::test]
async fn calls_that_are_cut_off_end_as_if_they_had_run_once_on_disk() {
    many(12, |seed| one_call(seed, true)).await;
}

#[tokio::test]
async fn calls_that_do_something_else_the_second_time_do_nothing_more() {
    many(200, one_changed_call).await;
}
