//! Each component that means no good meets its fate, and the next one finds everything as it was.

use crate::support::{Recorder, command, engine, fault, hostile, load, run, short, text};
use moa_engine::{Engine, Fault, Host, Level, Limits, LoadError, Options, System};
use moa_test_guests::hostile::{Component, Fate, components, damaged, describing};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, SystemTime};

/// Small, so that whoever runs into them does so soon.
fn limits() -> Limits {
    Limits {
        memory: 72 << 20,
        ..short()
    }
}

/// What became of a component: why it was refused, the fault that it ended with, or its manifest.
async fn tried(engine: &Engine, bytes: &[u8]) -> Result<Result<String, Fault>, LoadError> {
    let plugin = engine.load_bytes(bytes)?;
    Ok(plugin.describe(&limits()).await)
}

#[tokio::test]
async fn each_component_meets_its_fate() {
    // Of its own, so that what is left in it was left by these.
    let engine = Engine::new(Options::default()).unwrap();
    let mut wrong = Vec::new();
    for Component { name, bytes, fate } in components() {
        let ended = tried(&engine, &bytes).await;
        let right = match (&fate, &ended) {
            (Fate::Refused(why), Err(error)) => error.to_string().contains(why),
            (Fate::Faulted(why), Ok(Err(fault))) => fault.is_guest() && fault.to_string().contains(why),
            // The engine does not read manifests.
            (Fate::Misdescribed(_), Ok(Ok(_))) => true,
            (Fate::Works, Ok(Ok(said))) => {
                let again = tried(&engine, &bytes).await;
                said.contains(name) && again.is_ok_and(|again| again.as_deref() == Ok(said))
            }
            _ => false,
        };
        if !right {
            wrong.push(format!("{name}: {fate:?}, but {ended:?}"));
        }
        assert_eq!(engine.memory_in_use(), 0, "{name} left memory behind");
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(text(run(hostile(), "ok", "on", &Limits::default()).await), "ok on");
}

/// Seeded, so that what fails fails again: the seed stands in the message.
#[tokio::test]
async fn damaged_components_are_refused_or_work_and_harm_nobody() {
    let engine = Engine::new(Options::default()).unwrap();
    let long = std::env::var("MOA_TEST_LONG").is_ok_and(|value| value == "1");
    let good = describing(br#"{"name": "good"}"#);
    let others: Vec<Vec<u8>> = components()
        .into_iter()
        .filter(|case| matches!(case.name, "growing-memory" | "clock" | "trap-after-describe"))
        .map(|case| case.bytes)
        .collect();
    let limits = Limits {
        cpu: Duration::from_millis(30),
        wall: Duration::from_secs(2),
        memory: 16 << 20,
        ..Limits::default()
    };
    let (mut refused, mut faulted, mut fine) = (0, 0, 0);
    for seed in 0..if long { 20_000 } else { 1_500 } {
        let base = match seed % 4 {
            0 => &good,
            other => &others[other as usize - 1],
        };
        match engine.load_bytes(&damaged(base, seed)) {
            Err(_) => refused += 1,
            Ok(plugin) => match plugin.describe(&limits).await {
                Ok(_) => fine += 1,
                Err(fault) => {
                    assert!(fault.is_guest(), "seed {seed}: {fault}");
                    faulted += 1;
                }
            },
        }
        assert_eq!(engine.memory_in_use(), 0, "seed {seed}");
    }
    println!("{refused} refused, {faulted} faulted, {fine} fine");
    assert!(refused > 0 && faulted > 0 && fine > 0, "{refused} {faulted} {fine}");
    assert_eq!(text(run(hostile(), "ok", "on", &Limits::default()).await), "ok on");
}

/// Files, sockets, the environment, a fine clock: they are imported, because languages do so unasked, and refuse.
#[tokio::test]
async fn what_reaches_outside_finds_nothing() {
    let plugin = load(engine(), "intruder");
    let answer = async |command| text(run(&plugin, command, "", &Limits::default()).await);
    assert_eq!(answer("environment").await, "found 0");
    assert_eq!(answer("files").await, "tried 11, done: []");
    assert_eq!(answer("sockets").await, "tried 7, done: []");
    let limits = "over-limit over-limit over-limit invalid over-limit over-limit invalid invalid";
    assert!(answer("sizes").await.starts_with(limits));
}

#[tokio::test]
async fn a_flood_of_messages_ends_at_its_limit_and_is_no_fault() {
    let plugin = load(engine(), "intruder");
    let limits = Limits {
        messages: 3,
        ..Limits::default()
    };
    let recorder = Recorder::default();
    let said = text(plugin.command(command("messages", ""), recorder.host(), &limits).await);
    assert!(said.starts_with("sent 3, then Error::OverLimit"), "{said}");
    assert!(said.contains("`messages`"), "{said}");
    assert_eq!(recorder.records().sent.lock().unwrap().len(), 3);
}

#[tokio::test]
async fn chance_without_end_ends_at_a_limit() {
    let plugin = load(engine(), "intruder");
    let limits = Limits {
        host_calls: 100,
        ..short()
    };
    assert_eq!(
        fault(&plugin, "chances", &limits).await,
        Fault::HostCalls { limit: 100 }
    );
    assert_eq!(
        fault(&plugin, "answers", &limits).await,
        Fault::CpuTime { limit: limits.cpu }
    );
}

#[tokio::test]
async fn the_clock_is_too_coarse_to_watch_the_neighbours() {
    /// Nanoseconds pass, an odd number at each look.
    struct Fine(AtomicU64);
    impl System for Fine {
        fn config(&self) -> String {
            String::new()
        }
        fn now(&self) -> SystemTime {
            SystemTime::UNIX_EPOCH
        }
        fn elapsed(&self) -> Duration {
            Duration::from_nanos(self.0.fetch_add(33_337, Relaxed))
        }
        fn random(&self, _: &mut [u8]) {}
        fn log(&self, _: Level, _: &str) {}
    }
    let host = Host {
        system: Arc::new(Fine(AtomicU64::new(1))),
        ..Recorder::default().host()
    };
    let plugin = load(engine(), "intruder");
    let said = text(plugin.command(command("clock", ""), host, &Limits::default()).await);
    assert_eq!(said, "step 10000");
}
