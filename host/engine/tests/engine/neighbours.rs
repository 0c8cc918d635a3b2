//! What one call does costs the others nothing, and nothing stays behind.

use crate::support::{Recorder, command, engine, hostile, load, run, short, text};
use moa_engine::{Allocation, Engine, Fault, Host, Level, Limits, Options, System};
use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::thread::ThreadId;
use std::time::{Duration, SystemTime};

/// More loops than guest threads, and on one thread at that: without yielding nobody else would ever run.
#[tokio::test]
async fn others_go_on_while_guests_loop() {
    let engine = Engine::new(Options {
        guest_threads: 1,
        ..Options::default()
    })
    .unwrap();
    let plugin = load(&engine, "hostile");
    let limits = Limits {
        cpu: Duration::from_secs(3_600),
        wall: Duration::from_secs(3_600),
        ..Limits::default()
    };
    let loops: Vec<_> = (0..3)
        .map(|_| {
            let (plugin, limits) = (plugin.clone(), limits.clone());
            tokio::spawn(async move { run(&plugin, "loop", "", &limits).await })
        })
        .collect();
    for number in 0..10 {
        let number = number.to_string();
        let answer = text(run(&plugin, "ok", &number, &Limits::default()).await);
        assert_eq!(answer, format!("ok {number}"));
    }
    for one in loops {
        assert!(!one.is_finished());
        // Whoever does not wait any more ends the call.
        one.abort();
    }
    nothing_left(&engine).await;
}

/// A call begins on its caller's thread, which saves waking another, unless the plugin's last one computed for long.
#[tokio::test]
async fn only_short_calls_begin_on_their_callers_thread() {
    #[derive(Default)]
    struct Where(Mutex<HashSet<ThreadId>>);
    impl System for Where {
        fn config(&self) -> String {
            String::new()
        }
        fn now(&self) -> SystemTime {
            self.0.lock().unwrap().insert(std::thread::current().id());
            SystemTime::UNIX_EPOCH
        }
        fn elapsed(&self) -> Duration {
            Duration::ZERO
        }
        fn random(&self, _: &mut [u8]) {}
        fn log(&self, _: Level, _: &str) {}
    }
    // Nothing is interrupted, so all of a call is where it began, however slow the machine is.
    let engine = Engine::new(Options {
        tick: Duration::from_secs(3_600),
        ..Options::default()
    })
    .unwrap();
    let plugin = load(&engine, "hostile");
    let here = HashSet::from([std::thread::current().id()]);
    let asks = async |host_calls| {
        let place = Arc::new(Where::default());
        let host = Host {
            system: place.clone(),
            ..Recorder::default().host()
        };
        let limits = Limits {
            host_calls,
            ..Limits::default()
        };
        let fault = plugin.command(command("flood", ""), host, &limits).await.result;
        assert_eq!(fault, Err(Fault::HostCalls { limit: host_calls }));
        place.0.lock().unwrap().clone()
    };
    assert_eq!(asks(100_000).await, here);
    let there = asks(1).await;
    assert!(there.len() == 1 && there != here);
}

#[tokio::test]
async fn memory_comes_back_however_a_call_ends() {
    let engine = Engine::new(Options::default()).unwrap();
    let plugin = load(&engine, "hostile");
    let limits = Limits {
        memory: 32 << 20,
        wall: Duration::from_millis(200),
        ..short()
    };
    for name in ["ok", "alloc", "loop", "sleep", "trap", "flood", "deep"] {
        let _ = run(&plugin, name, "", &limits).await;
        assert_eq!(engine.memory_in_use(), 0, "{name}");
    }
}

#[tokio::test]
async fn a_caller_that_goes_away_leaves_nothing_running() {
    let engine = Engine::new(Options::default()).unwrap();
    let plugin = load(&engine, "hostile");
    let limits = Limits::default();
    let held = run(&plugin, "hold", "4 3600000", &limits);
    assert!(tokio::time::timeout(Duration::from_millis(100), held).await.is_err());
    nothing_left(&engine).await;
}

async fn nothing_left(engine: &Engine) {
    for _ in 0..500 {
        if engine.memory_in_use() == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("a call goes on although nobody waits for it");
}

#[tokio::test]
async fn a_full_house_waits_and_then_refuses() {
    let engine = Engine::new(Options {
        patience: Duration::from_millis(50),
        ..Options::default()
    })
    .unwrap();
    let plugin = load(&engine, "hostile");
    let limits = Limits {
        wall: Duration::from_secs(3_600),
        ..Limits::default()
    };
    // One more than there are places, all of which stay: one is refused, and only one.
    let calls: Vec<_> = (0..257)
        .map(|_| {
            let (plugin, limits) = (plugin.clone(), limits.clone());
            tokio::spawn(async move { run(&plugin, "sleep", "", &limits).await })
        })
        .collect();
    let mut finished = 0;
    while finished == 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
        finished = calls.iter().filter(|call| call.is_finished()).count();
    }
    assert_eq!(finished, 1);
    for call in calls {
        if call.is_finished() {
            let fault = call.await.unwrap().result.unwrap_err();
            assert!(matches!(fault, Fault::Busy(_)), "{fault:?}");
        } else {
            call.abort();
        }
    }
    nothing_left(&engine).await;
}

#[tokio::test]
async fn without_a_pool_all_is_the_same() {
    let engine = Engine::new(Options {
        allocation: Allocation::OnDemand,
        ..Options::default()
    })
    .unwrap();
    assert_eq!(engine.allocation(), Allocation::OnDemand);
    let plugin = load(&engine, "hostile");
    let limits = Limits {
        memory: 48 << 20,
        ..short()
    };
    assert_eq!(text(run(&plugin, "ok", "x", &limits).await), "ok x");
    // Grows past what is reserved at first.
    assert_eq!(text(run(&plugin, "hold", "40 1", &limits).await), "held 40");
    for (name, expected) in [
        ("alloc", Fault::Memory { limit: 48 << 20 }),
        ("loop", Fault::CpuTime { limit: limits.cpu }),
    ] {
        assert_eq!(run(&plugin, name, "", &limits).await.result, Err(expected));
    }
    assert_eq!(engine.memory_in_use(), 0);
}

/// The same test in a process of its own that may have 4 GiB of address space.
#[cfg(unix)]
#[tokio::test]
async fn little_address_space_is_enough() {
    const INSIDE: &str = "MOA_TEST_LITTLE_ADDRESS_SPACE";
    if std::env::var_os(INSIDE).is_none() {
        let output = std::process::Command::new("sh")
            .args([
                "-c",
                r#"ulimit -v 4194304 && exec "$0" --exact neighbours::little_address_space_is_enough"#,
            ])
            .arg(std::env::current_exe().unwrap())
            .env(INSIDE, "1")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.contains("1 passed"), "{said}");
        return;
    }
    assert_eq!(engine().allocation(), Allocation::OnDemand);
    assert_eq!(text(run(hostile(), "ok", "x", &Limits::default()).await), "ok x");
    assert_eq!(
        text(run(hostile(), "hold", "40 1", &Limits::default()).await),
        "held 40"
    );
}

#[tokio::test]
async fn many_calls_at_once_each_get_their_own_answer() {
    let calls: Vec<_> = (0..100)
        .map(|number| {
            tokio::spawn(async move {
                let number = number.to_string();
                let answer = text(run(hostile(), "ok", &number, &Limits::default()).await);
                assert_eq!(answer, format!("ok {number}"));
            })
        })
        .collect();
    for call in calls {
        call.await.unwrap();
    }
}

/// Dropping a runtime inside of async code panics if it is done plainly.
#[tokio::test]
async fn an_engine_may_end_inside_of_async_code() {
    let engine = Engine::new(Options::default()).unwrap();
    let plugin = load(&engine, "hostile");
    let running = tokio::spawn({
        let plugin = plugin.clone();
        async move { run(&plugin, "sleep", "", &Limits::default()).await }
    });
    while engine.memory_in_use() == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    // The call outlives every other handle: the engine's end comes on one of its own threads.
    drop((engine, plugin));
    running.abort();
    assert!(running.await.unwrap_err().is_cancelled());
    assert_eq!(text(run(hostile(), "ok", "on", &Limits::default()).await), "ok on");
}

#[test]
fn a_call_needs_no_runtime_of_its_callers() {
    struct Unpark(std::thread::Thread);
    impl std::task::Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Arc::new(Unpark(std::thread::current())).into();
    let mut context = std::task::Context::from_waker(&waker);
    let limits = Limits::default();
    let host = Recorder::default().host();
    let mut call = std::pin::pin!(hostile().command(command("ok", "x"), host, &limits));
    let done = loop {
        match call.as_mut().poll(&mut context) {
            std::task::Poll::Ready(done) => break done,
            std::task::Poll::Pending => std::thread::park(),
        }
    };
    assert_eq!(text(done), "ok x");
    assert_eq!(engine().allocation(), Allocation::Pooled);
}

/// A call that used up its stack leaves nothing of that in the pool: otherwise each place would keep a megabyte for good.
#[tokio::test]
async fn what_a_deep_recursion_needed_of_its_stack_is_given_back() {
    assert!(run(hostile(), "deep", "", &Limits::default()).await.result.is_err());
    // Other tests do the same meanwhile.
    let begun = std::time::Instant::now();
    while let worn @ 1.. = worn_stacks() {
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "{worn} stacks hold what they held"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Stacks of 2 MiB of which more than a quarter is in memory.
fn worn_stacks() -> usize {
    let maps = std::fs::read_to_string("/proc/self/smaps").unwrap();
    let kilobytes = |line: &str| -> Option<u64> { line.split_whitespace().nth(1)?.parse().ok() };
    let of = |name: &str| -> Vec<u64> {
        maps.lines()
            .filter(|line| line.starts_with(name))
            .filter_map(kilobytes)
            .collect()
    };
    of("Size:")
        .into_iter()
        .zip(of("Anonymous:"))
        .filter(|(size, held)| *size == 2048 && *held > 512)
        .count()
}
