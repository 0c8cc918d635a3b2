//! What lies in the server.

use crate::*;
use moa_store::Outcome;
use std::collections::BTreeSet;

const DAY: i64 = 24 * 60 * 60 * 1000;

/// All keys, as Redis calls them.
fn keys(redis: &Redis) -> BTreeSet<String> {
    redis.ask("KEYS *").unwrap().into_iter().collect()
}

/// So that Redis Cluster can follow: one owner, one slot, whatever its name.
#[tokio::test]
async fn every_key_is_in_the_slot_of_its_owner() {
    let Some(redis) = server() else { return };
    let store = open(&redis).await;
    let seq = accept(&*store, "e").await;
    for (ordinal, space) in [
        Space::new("memo", Scope::Plugin),
        Space::new("memo", Scope::User("U}{".into())),
        Space::new("a}{b", Scope::Conversation("C".into())),
        Space::new("점심", Scope::Plugin),
        Space::new("memo", Scope::Shared),
    ]
    .into_iter()
    .enumerate()
    {
        let write = Write::set(space.cell("k"), "v").ttl(1000);
        let effect = effect(seq, ordinal.try_into().unwrap());
        store.write(vec![write], Some(effect)).await.unwrap();
    }
    store.fact_set("f", Some("v")).await.unwrap();
    let mut slots = BTreeSet::new();
    for key in keys(&redis) {
        // The slot is that of what stands between the first { and the first } after it.
        let (before, rest) = key.split_once('{').unwrap();
        let (tag, rest) = rest.split_once('}').unwrap();
        assert_eq!((before, rest.get(..1)), ("moa:", Some(":")), "{key}");
        assert!(!tag.is_empty(), "{key}");
        slots.insert(tag.to_owned());
    }
    let expected = ["journal", "s", "b:memo", "b:a%7D%7Bb", "b:%EC%A0%90%EC%8B%AC"];
    assert_eq!(slots, expected.map(str::to_owned).into());
}

/// What nobody can ask for any more must not stay in memory.
#[tokio::test]
async fn nothing_is_left_of_what_is_over() {
    let Some(redis) = server() else { return };
    let clock = Arc::new(moa_store::ManualClock::at(DAY));
    let options = RedisOptions {
        clock: Box::new(Arc::clone(&clock)),
        ..RedisOptions::default()
    };
    let store = RedisStore::open(&redis.url(), options).await.unwrap();
    let outcomes = [
        Outcome::Done,
        Outcome::Dropped,
        Outcome::Failed {
            reason: "why".to_owned(),
        },
    ];
    for (n, outcome) in outcomes.into_iter().enumerate() {
        let seq = accept(&store, &format!("e{n}")).await;
        let write = Write::set(cell(&n.to_string()), "v").ttl(5);
        store.write(vec![write], Some(effect(seq, 0))).await.unwrap();
        store.note(effect(seq, 1), vec![1]).await.unwrap();
        store.finish(seq, outcome).await.unwrap();
    }
    assert_eq!(store.unfinished().await.unwrap(), []);
    let effects = |redis: &Redis| keys(redis).into_iter().filter(|key| key.contains(":f:")).count();
    assert_eq!(store.effects(Seq(1), "call").await.unwrap(), []);
    assert_eq!(effects(&redis), 4, "two for each record that is not done");
    clock.advance(DAY);
    store.purge(2 * DAY).await.unwrap();
    assert_eq!(effects(&redis), 0);
    let left: BTreeSet<String> = [
        "moa:{b:memo}:m",
        "moa:{journal}:format",
        "moa:{journal}:lease",
        "moa:{journal}:m",
        "moa:{journal}:owners",
    ]
    .map(str::to_owned)
    .into();
    assert_eq!(keys(&redis), left);
    store.close().await.unwrap();
    assert!(!keys(&redis).contains("moa:{journal}:lease"));
}

/// What a crash left between the end of a record and the end of its effects.
#[tokio::test]
async fn effects_that_a_crash_left_are_forgotten_later() {
    let Some(redis) = server() else { return };
    let store = open(&redis).await;
    let seq = accept(&*store, "e").await;
    count(&*store, "n", seq, 0).await.unwrap();
    redis.say(&format!("HSET moa:{{b:memo}}:f:77 {} x", "f")).unwrap();
    redis.say("SADD moa:{journal}:forget 77").unwrap();
    store.purge(0).await.unwrap();
    let left: Vec<String> = keys(&redis).into_iter().filter(|key| key.contains(":f:")).collect();
    assert_eq!(left, [format!("moa:{{b:memo}}:f:{seq}")]);
}
