//! The server ends, is away for a while, and comes back.

use crate::*;
use moa_store::{End, Outcome};

/// What returned is there, and what an effect did it did once, however often the server was killed in between.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_loses_nothing_that_returned() {
    const WRITERS: usize = 8;
    const KILLS: usize = 5;
    let Some(mut redis) = server() else { return };
    let store = open(&redis).await;
    let end = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let (store, end) = (Arc::clone(&store), Arc::clone(&end));
            tokio::spawn(async move {
                let (mut counted, mut written, mut ordinal) = (0, Vec::new(), 0);
                let seq = accept(&*store, &format!("event {writer}")).await;
                while !end.load(std::sync::atomic::Ordering::Relaxed) {
                    // A rerun of the same effect until it is answered, as a call does it.
                    let key = format!("count {writer}");
                    let sum = loop {
                        match count(&*store, &key, seq, ordinal).await {
                            Ok(sum) => break sum,
                            Err(StoreError::Away { .. }) => {}
                            Err(other) => panic!("{other:?}"),
                        }
                    };
                    counted += 1;
                    assert_eq!(sum, counted, "each effect counted once");
                    ordinal += 1;
                    let key = format!("{writer} {ordinal}");
                    match set(&*store, &key, "there").await {
                        Ok(()) => written.push(key),
                        Err(StoreError::Away { .. } | StoreError::Uncertain { .. }) => {}
                        Err(other) => panic!("{other:?}"),
                    }
                }
                (writer, counted, written)
            })
        })
        .collect();
    for _ in 0..KILLS {
        tokio::time::sleep(Duration::from_millis(150)).await;
        redis.kill().unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
        redis.start_again().unwrap();
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    end.store(true, std::sync::atomic::Ordering::Relaxed);
    let mut results = Vec::new();
    for writer in writers {
        results.push(writer.await.unwrap());
    }
    store.close().await.unwrap();

    let store = open(&redis).await;
    for (writer, counted, written) in results {
        assert!(counted > 0 && !written.is_empty());
        let key = format!("count {writer}");
        assert_eq!(read(&*store, &key).await.unwrap(), counted.to_string());
        for key in written {
            assert_eq!(read(&*store, &key).await.as_deref(), Some("there"), "{key}");
        }
    }
    assert_eq!(store.unfinished().await.unwrap().len(), WRITERS);
}

/// While it is away requests fail soon and say where it should be; what was put off is done when it is back.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_away_is_waited_for_a_little() {
    let Some(mut redis) = server() else { return };
    let store = open(&redis).await;
    let seq = accept(&*store, "e").await;
    let other = accept(&*store, "other").await;
    set(&*store, "k", "v").await.unwrap();
    redis.kill().unwrap();

    store.note(effect(seq, 0), b"sent".to_vec()).await.unwrap();
    store.finish(other, Outcome::Dropped).await.unwrap();
    let begun = Instant::now();
    let place = format!("127.0.0.1:{}", redis.port());
    for error in [
        store.get(&cell("k")).await.unwrap_err(),
        set(&*store, "k", "w").await.unwrap_err(),
        count(&*store, "n", seq, 1).await.unwrap_err(),
        store.accept(event("new")).await.unwrap_err(),
        store.fact_set("f", Some("v")).await.unwrap_err(),
        store.unfinished().await.unwrap_err(),
    ] {
        assert!(matches!(error, StoreError::Away { .. }), "{error:?}");
        assert!(error.to_string().contains(&place), "{error}");
    }
    assert!(begun.elapsed() < Duration::from_secs(5), "only the first one waits");

    redis.start_again().unwrap();
    let accepted = loop {
        match store.accept(event("new")).await {
            Ok(accepted) => break accepted,
            Err(error) => assert!(begun.elapsed() < Duration::from_secs(20), "{error}"),
        }
    };
    assert!(matches!(accepted, Accepted::New(_)), "{accepted:?}");
    assert_eq!(
        read(&*store, "k").await.as_deref(),
        Some("v"),
        "a write that failed was not made"
    );
    assert_eq!(count(&*store, "n", seq, 1).await, Ok(1));
    let ordinals: Vec<u32> = store
        .effects(seq, "call")
        .await
        .unwrap()
        .iter()
        .map(|e| e.ordinal)
        .collect();
    assert_eq!(ordinals, [0, 1], "the note came first");
    let end = store.filed(other).await.unwrap().unwrap().end;
    assert!(
        matches!(
            end,
            Some(End {
                outcome: Outcome::Dropped,
                ..
            })
        ),
        "{end:?}"
    );
    store.close().await.unwrap();
}

/// A server that takes connections and says nothing is as good as away, and no request hangs on it.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stands_still_is_not_waited_for_long() {
    let Some(redis) = server() else { return };
    let store = open(&redis).await;
    let seq = accept(&*store, "e").await;
    set(&*store, "k", "v").await.unwrap();
    redis.freeze();
    let begun = Instant::now();
    let known = cell("k");
    let (read_back, plain, counted) =
        tokio::join!(store.get(&known), set(&*store, "k", "w"), count(&*store, "n", seq, 0));
    let took = begun.elapsed();
    redis.resume();
    assert!(matches!(read_back, Err(StoreError::Away { .. })), "{read_back:?}");
    assert!(matches!(plain, Err(StoreError::Uncertain { .. })), "{plain:?}");
    assert!(matches!(counted, Err(StoreError::Away { .. })), "{counted:?}");
    assert!(took < Duration::from_secs(7), "{took:?}");
    // What was sent to it before is done when it goes on; with an effect no second time.
    let sum = loop {
        match count(&*store, "n", seq, 0).await {
            Ok(sum) => break sum,
            Err(error) => assert!(begun.elapsed() < Duration::from_secs(30), "{error}"),
        }
    };
    assert_eq!(sum, 1);
    assert_eq!(read(&*store, "n").await.as_deref(), Some("1"));
    store.close().await.unwrap();
}

/// Without its data, as without an append-only file: what was there is gone, but the host goes on.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_comes_back_empty_is_used_again() {
    let Some(mut redis) = Redis::start_with(&["--appendonly", "no"]).unwrap() else {
        return;
    };
    let store = open(&redis).await;
    let before = accept(&*store, "e").await;
    set(&*store, "k", "v").await.unwrap();
    redis.kill().unwrap();
    redis.start_again().unwrap();
    assert_eq!(read(&*store, "k").await, None);
    set(&*store, "k", "w").await.unwrap();
    assert!(accept(&*store, "f").await > before, "no number is given out twice");
    store.finish(before, Outcome::Done).await.unwrap();
    store.close().await.unwrap();
    let store = open(&redis).await;
    assert_eq!(read(&*store, "k").await.as_deref(), Some("w"));
    assert_eq!(store.usage().await.unwrap().len(), 1, "the owner is known again");
}

/// Somebody who tidies up the server's scripts costs nothing.
#[tokio::test]
async fn forgotten_scripts_are_given_again() {
    let Some(redis) = server() else { return };
    let store = open(&redis).await;
    let seq = accept(&*store, "e").await;
    for round in 0..3 {
        redis.say("SCRIPT FLUSH").unwrap();
        store.note(effect(seq, 2 * round), vec![]).await.unwrap();
        let sum = count(&*store, "n", seq, 2 * round + 1).await;
        assert_eq!(sum, Ok(i64::from(round) + 1));
        assert!(store.keys(&cell("").space, "", None, 9).await.is_ok());
    }
    redis.say("SCRIPT FLUSH").unwrap();
    store.finish(seq, Outcome::Done).await.unwrap();
    store.close().await.unwrap();
    let store = open(&redis).await;
    assert_eq!(store.unfinished().await.unwrap(), []);
}

/// Nor does it cost an idle host its lease.
#[tokio::test]
async fn without_scripts_the_lease_is_kept() {
    let Some(redis) = server() else { return };
    let store = open(&redis).await;
    redis.say("SCRIPT FLUSH").unwrap();
    // Longer than between two renewals. One that is not renewed has at most six of its ten seconds left by then.
    tokio::time::sleep(Duration::from_secs(4)).await;
    let begun = Instant::now();
    loop {
        let left = redis.say("PTTL moa:{journal}:lease").unwrap();
        if left.trim_start_matches(':').parse::<i64>().unwrap() > 6_000 {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(5), "{left}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    store.close().await.unwrap();
}
