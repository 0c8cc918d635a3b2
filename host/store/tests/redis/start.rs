//! What is said at the start.

use crate::*;
use moa_store::RedisOpenError;

async fn refused(url: &str) -> (RedisOpenError, String) {
    let error = RedisStore::open(url, RedisOptions::default())
        .await
        .map(drop)
        .unwrap_err();
    let told = error.to_string();
    (error, told)
}

#[tokio::test]
async fn settings_that_lose_data_are_warned_about() {
    for (settings, said) in [
        (&["--appendonly", "no"][..], vec!["appendonly yes"]),
        (
            &["--appendfsync", "everysec"],
            vec!["appendfsync always", "two seconds"],
        ),
        (&["--appendfsync", "no"], vec!["appendfsync always", "half a minute"]),
        (
            &["--maxmemory-policy", "allkeys-lru", "--maxmemory", "64mb"],
            vec!["maxmemory-policy noeviction"],
        ),
    ] {
        let Some(redis) = Redis::start_with(settings).unwrap() else {
            return;
        };
        let store = open(&redis).await;
        let [warning] = store.warnings() else {
            panic!("{settings:?}: {:?}", store.warnings())
        };
        for word in said {
            assert!(warning.contains(word), "{warning}");
        }
    }
    let Some(redis) = server() else { return };
    assert_eq!(open(&redis).await.warnings(), [] as [String; 0]);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named() {
    let Some(mut redis) = server() else { return };
    redis.kill().unwrap();
    let begun = Instant::now();
    let (error, told) = refused(&redis.url()).await;
    assert!(matches!(error, RedisOpenError::Unreachable { .. }), "{error:?}");
    assert!(
        told.contains(&format!("127.0.0.1:{}", redis.port())) && told.contains("store.url"),
        "{told}"
    );
    assert!(begun.elapsed() < Duration::from_secs(5));
}

/// As when both are started together.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_just_starting_is_waited_for() {
    let Some(mut redis) = server() else { return };
    redis.kill().unwrap();
    let url = redis.url();
    let opening = tokio::spawn(async move { RedisStore::open(&url, RedisOptions::default()).await });
    tokio::time::sleep(Duration::from_millis(500)).await;
    redis.start_again().unwrap();
    set(&opening.await.unwrap().unwrap(), "k", "v").await.unwrap();
}

#[tokio::test]
async fn a_password_is_asked_for_and_never_told() {
    let Some(redis) = Redis::start_with(&["--requirepass", "hush"]).unwrap() else {
        return;
    };
    let with = |user: &str| format!("redis://{user}@127.0.0.1:{}", redis.port());
    for url in [redis.url(), with(":wrong-one"), with("nobody:wrong-one")] {
        let (error, told) = refused(&url).await;
        assert!(matches!(error, RedisOpenError::Denied { .. }), "{error:?}");
        assert!(!told.contains("wrong-one"), "{told}");
    }
    let store = RedisStore::open(&with(":hush"), RedisOptions::default()).await.unwrap();
    set(&store, "k", "v").await.unwrap();
}

#[tokio::test]
async fn data_of_a_newer_moa_is_refused_and_left_alone() {
    let Some(redis) = server() else { return };
    redis.say("SET moa:{journal}:format 99").unwrap();
    let (error, told) = refused(&redis.url()).await;
    assert!(matches!(error, RedisOpenError::Newer { found: 99, .. }), "{error:?}");
    assert!(told.contains("99") && told.contains("newer"), "{told}");
    assert_eq!(redis.ask("KEYS *").unwrap(), ["moa:{journal}:format"]);
    redis.say("SET moa:{journal}:format what").unwrap();
    let (error, _) = refused(&redis.url()).await;
    assert!(matches!(error, RedisOpenError::Damaged { .. }), "{error:?}");
}

#[tokio::test]
async fn a_server_that_only_follows_is_refused() {
    let (Some(first), Some(second)) = (server(), server()) else {
        return;
    };
    second.say(&format!("REPLICAOF 127.0.0.1 {}", first.port())).unwrap();
    let (error, told) = refused(&second.url()).await;
    assert!(matches!(error, RedisOpenError::Unsuitable { .. }), "{error:?}");
    assert!(told.contains("follows"), "{told}");
}

#[tokio::test]
async fn a_cluster_and_sentinels_are_refused_clearly() {
    let Some(redis) = Redis::start_with(&["--cluster-enabled", "yes"]).unwrap() else {
        return;
    };
    let (_, told) = refused(&redis.url()).await;
    assert!(told.contains("Cluster"), "{told}");
    let (error, told) = refused("redis-sentinel://127.0.0.1/master").await;
    assert!(matches!(error, RedisOpenError::Address { .. }), "{error:?}");
    assert!(told.contains("Sentinel"), "{told}");
}

/// A user that may do only what is needed is enough; what it may not is told.
#[tokio::test]
async fn a_user_of_its_own_is_enough() {
    let Some(redis) = server() else { return };
    // As docs/redis.md has it.
    let rights = "on >pass ~moa:* +@all -@dangerous +info +config|get";
    redis.say(&format!("ACL SETUSER bot {rights}")).unwrap();
    redis.say("ACL SETUSER guest on >pass ~other:* +@all").unwrap();
    let url = |user: &str| format!("redis://{user}:pass@127.0.0.1:{}", redis.port());
    let store = RedisStore::open(&url("bot"), RedisOptions::default()).await.unwrap();
    let seq = accept(&store, "e").await;
    count(&store, "n", seq, 0).await.unwrap();
    store.purge(0).await.unwrap();
    store.close().await.unwrap();
    let (error, _) = refused(&url("guest")).await;
    assert!(matches!(error, RedisOpenError::Denied { .. }), "{error:?}");
}

/// A full server refuses what would grow, says so, and goes on when there is room.
#[tokio::test]
async fn a_full_server_refuses_clearly() {
    let Some(redis) = server() else { return };
    let store = open(&redis).await;
    let seq = accept(&*store, "e").await;
    set(&*store, "k", "v").await.unwrap();
    redis.say("CONFIG SET maxmemory 1").unwrap();
    for error in [
        set(&*store, "k", "w").await.unwrap_err(),
        count(&*store, "n", seq, 0).await.unwrap_err(),
        store.accept(event("f")).await.unwrap_err(),
    ] {
        assert!(matches!(error, StoreError::Declined { .. }), "{error:?}");
        assert!(error.to_string().contains("OOM"), "{error}");
    }
    store.finish(seq, moa_store::Outcome::Done).await.unwrap();
    assert_eq!(read(&*store, "k").await.as_deref(), Some("v"), "reading goes on");
    redis.say("CONFIG SET maxmemory 0").unwrap();
    set(&*store, "k", "w").await.unwrap();
    assert!(matches!(store.accept(event("f")).await, Ok(Accepted::New(_))));
    store.close().await.unwrap();
    let left = open(&redis).await.unfinished().await.unwrap();
    assert_eq!(left.len(), 1, "what was put off was done when there was room");
}
