//! One host at a time.

use crate::*;
use moa_store::RedisOpenError;

async fn try_open(redis: &Redis) -> Result<RedisStore, RedisOpenError> {
    RedisStore::open(&redis.url(), RedisOptions::default()).await
}

#[tokio::test]
async fn a_second_host_is_refused() {
    let Some(redis) = server() else { return };
    let first = open(&redis).await;
    let refused = try_open(&redis).await.map(drop).unwrap_err();
    assert!(matches!(refused, RedisOpenError::InUse { .. }), "{refused:?}");
    let told = refused.to_string();
    assert!(told.contains(&format!("process {}", std::process::id())), "{told}");
    set(&*first, "k", "v").await.unwrap();
    // Another database is another store.
    let other = RedisStore::open(&format!("{}/1", redis.url()), RedisOptions::default())
        .await
        .unwrap();
    assert_eq!(read(&other, "k").await, None);
    first.close().await.unwrap();
    let second = open(&redis).await;
    assert_eq!(read(&*second, "k").await.as_deref(), Some("v"));
}

/// After a crash the next host of the same machine does not wait.
#[tokio::test]
async fn a_host_that_ended_without_a_word_is_replaced_at_once() {
    let Some(redis) = server() else { return };
    let store = open(&redis).await;
    let seq = accept(&*store, "e").await;
    count(&*store, "n", seq, 0).await.unwrap();
    store.note(effect(seq, 1), b"sent".to_vec()).await.unwrap();
    store.fact_set("f", Some("v")).await.unwrap();
    drop(store);

    let begun = Instant::now();
    let store = open(&redis).await;
    assert!(begun.elapsed() < Duration::from_secs(5));
    assert_eq!(store.unfinished().await.unwrap().len(), 1);
    assert_eq!(store.effects(seq, "call").await.unwrap().len(), 2);
    assert_eq!(count(&*store, "n", seq, 0).await, Ok(1), "the effect is known");
    let noted = count(&*store, "n", seq, 1).await;
    assert!(matches!(noted, Err(StoreError::Diverged(_))), "{noted:?}");
    // The same effect aimed elsewhere is found where it was recorded.
    let elsewhere = Space::new("other", Scope::Plugin).cell("k");
    let mut changed = effect(seq, 0);
    changed.fingerprint = b"g".to_vec();
    let diverged = store.write(vec![Write::set(elsewhere, "v")], Some(changed)).await;
    assert!(matches!(diverged, Err(StoreError::Diverged(_))), "{diverged:?}");
}

/// Of a host on another machine only its lease tells whether it is there.
#[tokio::test]
async fn the_lease_of_another_machine_is_waited_for() {
    let Some(redis) = server() else { return };
    let foreign = r#"{"host":"far","pid":1,"started":1,"boot":"x","namespace":"y","number":1}"#;
    let quoted = foreign.replace('"', "\\\"");
    redis
        .say(&format!("SET moa:{{journal}}:lease \"{quoted}\" PX 1200"))
        .unwrap();
    let begun = Instant::now();
    let store = open(&redis).await;
    assert!(begun.elapsed() > Duration::from_millis(800), "{:?}", begun.elapsed());
    set(&*store, "k", "v").await.unwrap();
}

/// A host that slept while another one took over can't write any more, even before it looks at its lease.
#[tokio::test]
async fn a_host_that_was_replaced_writes_nothing() {
    let Some(redis) = server() else { return };
    let old = open(&redis).await;
    let seq = accept(&*old, "e").await;
    count(&*old, "n", seq, 0).await.unwrap();
    redis.say("DEL moa:{journal}:lease").unwrap();
    let new = open(&redis).await;

    let plain = set(&*old, "k", "old").await;
    assert!(matches!(plain, Err(StoreError::TakenOver { .. })), "{plain:?}");
    for error in [
        count(&*old, "n", seq, 1).await.unwrap_err(),
        old.accept(event("f")).await.unwrap_err(),
        old.get(&cell("k")).await.unwrap_err(),
        old.finish(seq, moa_store::Outcome::Done).await.unwrap_err(),
    ] {
        assert!(matches!(error, StoreError::TakenOver { .. }), "{error:?}");
    }
    assert_eq!(read(&*new, "k").await, None);
    assert_eq!(count(&*new, "n", seq, 1).await, Ok(2));
    old.close().await.unwrap();
    set(&*new, "k", "new").await.unwrap();
    assert!(
        try_open(&redis).await.is_err(),
        "closing the old one has not freed the lease of the new one"
    );
}

/// Commands of an operator look into everything and change the brain beside the host; without one they can do all.
#[tokio::test]
async fn a_visitor_goes_beside_the_host_or_in_its_place() {
    let Some(redis) = server() else { return };
    let visit = async || {
        let options = RedisOptions {
            visit: true,
            ..RedisOptions::default()
        };
        RedisStore::open(&redis.url(), options).await.unwrap()
    };
    let host = open(&redis).await;
    set(&*host, "k", "v").await.unwrap();
    let seq = accept(&*host, "e").await;
    let visitor = visit().await;
    assert_eq!(read(&visitor, "k").await.as_deref(), Some("v"));
    set(&visitor, "k", "w").await.unwrap();
    assert_eq!(visitor.unfinished().await.unwrap().len(), 1);
    for refused in [
        visitor.accept(event("f")).await.map(drop),
        visitor.finish(seq, moa_store::Outcome::Dropped).await,
        visitor.reopen(seq, true).await.map(drop),
        visitor.purge(0).await.map(drop),
        count(&visitor, "n", seq, 0).await.map(drop),
    ] {
        let error = refused.unwrap_err();
        assert!(matches!(error, StoreError::Declined { .. }), "{error:?}");
        assert!(
            error.to_string().contains(&format!("process {}", std::process::id())),
            "{error}"
        );
    }
    visitor.close().await.unwrap();
    assert_eq!(read(&*host, "k").await.as_deref(), Some("w"));
    assert_eq!(count(&*host, "n", seq, 0).await, Ok(1));
    assert!(try_open(&redis).await.is_err(), "the lease is still the host's");
    host.close().await.unwrap();

    let visitor = visit().await;
    visitor.finish(seq, moa_store::Outcome::Dropped).await.unwrap();
    assert_eq!(visitor.unfinished().await.unwrap(), []);
    visitor.close().await.unwrap();
    open(&redis).await;
}
