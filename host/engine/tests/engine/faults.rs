//! Whatever a guest does wrong ends as the fault that it is.

use crate::support::{Recorder, command, fault, hostile, load, probe, run, short, text};
use async_trait::async_trait;
use moa_core::call::{CapError, CapResult, Sent};
use moa_core::content::Content;
use moa_core::event::{MessageRef, Place};
use moa_engine::{Chat, Engine, Fault, Host, Level, Limits, Options, System};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

#[tokio::test]
async fn a_good_call_answers_and_tells_what_it_used() {
    let done = run(hostile(), "ok", "안녕", &Limits::default()).await;
    assert!(done.usage.memory_peak > 0);
    assert!(done.usage.cpu > Duration::ZERO && done.usage.cpu < Duration::from_secs(1));
    assert!(done.usage.wall > Duration::ZERO);
    assert_eq!(text(done), "ok 안녕");
}

#[tokio::test]
async fn a_loop_ends_at_the_cpu_limit() {
    let limits = short();
    let done = run(hostile(), "loop", "", &limits).await;
    assert_eq!(done.result, Err(Fault::CpuTime { limit: limits.cpu }));
    assert!(done.usage.cpu >= limits.cpu, "{:?}", done.usage);
}

#[tokio::test]
async fn waiting_ends_at_the_wall_limit_and_costs_no_cpu() {
    let limits = Limits {
        wall: Duration::from_millis(150),
        ..Limits::default()
    };
    let done = run(hostile(), "sleep", "", &limits).await;
    assert_eq!(done.result, Err(Fault::WallTime { limit: limits.wall }));
    assert!(done.usage.wall >= limits.wall);
    assert!(done.usage.cpu < limits.wall, "{:?}", done.usage);
}

#[tokio::test]
async fn allocating_without_end_ends_at_the_memory_limit() {
    let limits = Limits {
        memory: 8 << 20,
        ..Limits::default()
    };
    let done = run(hostile(), "alloc", "", &limits).await;
    assert_eq!(done.result, Err(Fault::Memory { limit: 8 << 20 }));
    assert!(done.usage.memory_peak > 1 << 20 && done.usage.memory_peak <= 8 << 20);
}

#[tokio::test]
async fn a_memory_that_is_too_large_from_the_beginning_is_the_same_fault() {
    let limits = Limits {
        memory: 64 << 10,
        ..Limits::default()
    };
    assert_eq!(fault(hostile(), "ok", &limits).await, Fault::Memory { limit: 64 << 10 });
}

#[tokio::test]
async fn a_refusal_that_the_guest_survives_is_no_fault() {
    let limits = Limits {
        memory: 8 << 20,
        ..Limits::default()
    };
    assert_eq!(text(run(hostile(), "greedy", "1000000000", &limits).await), "denied");
    assert_eq!(text(run(hostile(), "greedy", "1000", &limits).await), "got it");
}

#[tokio::test]
async fn impossible_growth_between_does_not_loosen_the_limit() {
    let limits = Limits {
        memory: 8 << 20,
        ..Limits::default()
    };
    let pages: u64 = text(run(hostile(), "creep", "", &limits).await).parse().unwrap();
    assert!(pages > 0 && pages * (64 << 10) < 8 << 20, "{pages}");
}

#[tokio::test]
async fn a_trap_has_its_back_trace() {
    let done = run(hostile(), "trap", "", &Limits::default()).await;
    let message = "it ended itself".into();
    assert_eq!(done.result, Err(Fault::Trap { message }));
    assert!(!done.backtrace.is_empty());
    let deep = run(hostile(), "deep", "", &Limits::default()).await;
    assert_eq!(deep.backtrace[0], "hostile::ackermann");
    let good = run(hostile(), "ok", "", &Limits::default()).await;
    assert!(good.backtrace.is_empty());
}

#[tokio::test]
async fn whatever_ends_a_plugin_it_is_told_where_by_names_that_people_gave() {
    let limits = Limits {
        cpu: Duration::from_millis(100),
        memory: 8 << 20,
        ..Limits::default()
    };
    for command in ["panic", "loop", "alloc", "deep", "exit", "flood"] {
        let done = run(hostile(), command, "", &limits).await;
        assert!(done.result.is_err(), "{command}");
        let all = done.backtrace.join("\n");
        // Which of the functions between are left is the optimiser's choice.
        assert!(all.contains("hostile::") || all.contains("#handle"), "{command}: {all}");
        assert!(
            !all.contains("::h") && !all.contains("_ZN") && !all.contains("_R"),
            "{command}: {all}"
        );
        assert!(!done.backtrace[0].starts_with("std::"), "{command}: {all}");
        assert!(done.backtrace.len() <= 32, "{command}");
        assert!(!all.contains("lib.rs"), "{command}: no lines were asked for: {all}");
    }
}

#[tokio::test]
async fn a_panic_has_its_message_and_place() {
    match fault(hostile(), "panic", &Limits::default()).await {
        Fault::Panic { message } => {
            assert!(message.contains("this was to be expected"), "{message}");
            assert!(message.contains("src/lib.rs:"), "{message}");
            assert!(!message.contains("RUST_BACKTRACE"), "{message}");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn leaving_is_a_trap() {
    match fault(hostile(), "exit", &Limits::default()).await {
        Fault::Trap { message } => assert!(message.contains("exit code"), "{message}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn recursion_without_end_is_told_as_such() {
    match fault(hostile(), "deep", &Limits::default()).await {
        Fault::Trap { message } => assert!(message.contains("stack"), "{message}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_flood_of_host_calls_ends_at_its_limit() {
    let limits = Limits {
        host_calls: 500,
        ..Limits::default()
    };
    for flood in ["flood", "brainflood"] {
        let done = run(hostile(), flood, "", &limits).await;
        assert_eq!(done.result, Err(Fault::HostCalls { limit: 500 }), "{flood}");
    }
}

#[tokio::test]
async fn more_than_may_leave_the_guest_is_bad_output() {
    let limits = Limits {
        transfer: 1 << 20,
        ..Limits::default()
    };
    for (name, rest) in [("bigtext", ""), ("manytext", "1048577")] {
        match run(hostile(), name, rest, &limits).await.result {
            Err(Fault::BadOutput(message)) => assert!(message.contains("too much data"), "{message}"),
            other => panic!("{name}: {other:?}"),
        }
    }
    assert_eq!(text(run(hostile(), "manytext", "100000", &limits).await).len(), 100_000);
}

#[tokio::test]
async fn too_much_chance_at_once_is_a_fault() {
    match fault(hostile(), "chance", &Limits::default()).await {
        Fault::BadOutput(message) => assert!(message.contains("65537"), "{message}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_log_without_end_is_cut_and_ends_by_its_cpu() {
    let limits = Limits {
        log_bytes: 10_000,
        ..short()
    };
    let recorder = Recorder::default();
    let done = hostile()
        .command(command("chatter", ""), recorder.host(), &limits)
        .await;
    assert_eq!(done.result, Err(Fault::CpuTime { limit: limits.cpu }));
    let logged = recorder.records().logged.lock().unwrap();
    let (last, lines) = logged.split_last().unwrap();
    assert_eq!(last.0, Level::Warn);
    let bytes: usize = lines.iter().map(|(_, text)| text.len()).sum();
    assert!(!lines.is_empty() && bytes <= 10_000, "{bytes}");
}

#[tokio::test]
async fn an_interface_that_is_not_exported_is_named() {
    let engine = crate::support::engine();
    let plugin = load(engine, "bad-manifest");
    assert!(!plugin.exports().commands);
    assert!(hostile().exports().commands && !hostile().exports().jobs);
    assert_eq!(
        fault(&plugin, "ok", &Limits::default()).await,
        Fault::MissingExport("moa:plugin/commands")
    );
}

#[tokio::test]
async fn the_same_plugin_goes_on_after_each_fault() {
    for name in ["trap", "panic", "exit", "deep"] {
        assert!(fault(hostile(), name, &Limits::default()).await.is_guest());
        assert_eq!(text(run(hostile(), "ok", "on", &Limits::default()).await), "ok on");
    }
}

#[tokio::test]
async fn describing_is_the_same_each_time_and_under_limits() {
    let limits = Limits::default();
    let one = probe().describe(&limits).await.unwrap();
    let two = probe().describe(&limits).await.unwrap();
    assert_eq!(one, two);
    // Not the machine's clock, and nothing of the brain.
    assert!(
        one.contains("1970-01-01T00:00:00.000Z") && one.contains("true"),
        "{one}"
    );
    let small = Limits {
        memory: 64 << 10,
        ..limits
    };
    assert_eq!(probe().describe(&small).await, Err(Fault::Memory { limit: 64 << 10 }));
}

#[tokio::test]
async fn no_room_for_all_is_not_the_plugins_fault() {
    let engine = Engine::new(Options {
        total_memory: 8 << 20,
        ..Options::default()
    })
    .unwrap();
    let plugin = load(&engine, "hostile");
    let fault = fault(&plugin, "alloc", &Limits::default()).await;
    assert!(matches!(fault, Fault::Busy(_)) && !fault.is_guest(), "{fault:?}");
    assert_eq!(engine.memory_in_use(), 0);
}

#[tokio::test]
async fn a_host_that_fails_is_not_the_plugins_fault() {
    struct Broken;
    impl System for Broken {
        fn config(&self) -> String {
            String::new()
        }
        fn now(&self) -> SystemTime {
            panic!("this clock is broken")
        }
        fn elapsed(&self) -> Duration {
            Duration::ZERO
        }
        fn random(&self, _: &mut [u8]) {}
        fn log(&self, _: Level, _: &str) {}
    }
    let host = Host {
        system: Arc::new(Broken),
        ..Recorder::default().host()
    };
    let done = hostile().command(command("flood", ""), host, &Limits::default()).await;
    let fault = done.result.unwrap_err();
    assert!(
        matches!(&fault, Fault::Engine(why) if why.contains("this clock is broken")),
        "{fault:?}"
    );
    assert!(!fault.is_guest());
    assert_eq!(text(run(hostile(), "ok", "on", &Limits::default()).await), "ok on");
}

#[tokio::test]
async fn what_a_capability_stops_ends_there_and_is_nobodys_fault() {
    /// Stops every call that says something.
    struct Stopping;
    #[async_trait]
    impl Chat for Stopping {
        async fn send(&self, _: Place, _: Content) -> CapResult<Sent> {
            Err(CapError::Stopped)
        }
        async fn edit(&self, _: MessageRef, _: Content) -> CapResult<()> {
            panic!("the call is over")
        }
        async fn react(&self, _: MessageRef, _: String) -> CapResult<()> {
            panic!("the call is over")
        }
    }
    let host = Host {
        chat: Arc::new(Stopping),
        ..Recorder::default().host()
    };
    let done = probe().command(command("chat", ""), host, &Limits::default()).await;
    assert_eq!(done.result, Err(Fault::Stopped));
    assert!(!Fault::Stopped.is_guest());
}
