//! Writes that happen once however often their call runs, and whose memory it is.

use super::*;
use crate::capability::Grants;
use crate::journal::Ticket;
use crate::testing::{Stage, message};
use moa_engine::Brain as _;

async fn stage() -> Stage {
    Stage::of(message("U1", "1.0", "!x")).await
}

fn write(key: &str, value: &str) -> Write {
    Write {
        key: key.into(),
        value: value.into(),
        ttl_seconds: None,
    }
}

async fn value(brain: &Brain, at: Scope, key: &str) -> Option<String> {
    brain
        .get(at, key.into())
        .await
        .unwrap()
        .map(|entry| String::from_utf8(entry.value).unwrap())
}

#[tokio::test]
async fn a_rerun_gets_the_first_runs_answers_and_changes_nothing() {
    let stage = stage().await;
    let first = Brain(stage.scene(false).await);
    assert_eq!(first.increment(Scope::Plugin, "n".into(), 1).await, Ok(1));
    let version = first.set(Scope::Plugin, write("k", "v")).await.unwrap();
    assert!(
        first
            .compare_and_swap(Scope::Plugin, write("k", "w"), None)
            .await
            .is_err()
    );
    // Here it broke off.
    let again = Brain(stage.scene(true).await);
    assert_eq!(again.increment(Scope::Plugin, "n".into(), 1).await, Ok(1));
    assert_eq!(again.set(Scope::Plugin, write("k", "v")).await, Ok(version));
    assert!(matches!(
        again.compare_and_swap(Scope::Plugin, write("k", "w"), None).await,
        Err(CapError::Conflict(_))
    ));
    assert_eq!(
        again.delete(Scope::Plugin, "k".into()).await,
        Ok(true),
        "what the first run did not get to is done"
    );
    assert_eq!(value(&again, Scope::Plugin, "n").await.as_deref(), Some("1"));

    // A third one that takes another way is stopped.
    let other = Brain(stage.scene(true).await);
    assert_eq!(
        other.increment(Scope::Plugin, "n".into(), 2).await,
        Err(CapError::Stopped)
    );
    assert_eq!(other.get(Scope::Plugin, "n".into()).await, Err(CapError::Stopped));
    let next = Brain(stage.scene(false).await);
    assert_eq!(value(&next, Scope::Plugin, "n").await.as_deref(), Some("1"));
}

#[tokio::test]
async fn another_call_is_another_effect() {
    let stage = stage().await;
    let scene = stage.scene(false).await;
    Brain(scene).increment(Scope::Plugin, "n".into(), 1).await.unwrap();
    let mut second = stage.scene(false).await;
    Arc::get_mut(&mut second).unwrap().effects = "call#2".into();
    assert_eq!(Brain(second).increment(Scope::Plugin, "n".into(), 1).await, Ok(2));
}

#[tokio::test]
async fn without_a_record_nothing_is_written() {
    let mut stage = stage().await;
    stage.ticket = Arc::default();
    let brain = Brain(stage.scene(false).await);
    // It waits for the journal, and hears in the end that there is no record.
    let write = brain.increment(Scope::Plugin, "n".into(), 1);
    let (answer, ()) = tokio::join!(write, async { Ticket::resolve(&stage.ticket, None) });
    assert!(matches!(answer, Err(CapError::Unavailable(_))), "{answer:?}");
    assert_eq!(value(&brain, Scope::Plugin, "n").await, None);
}

#[tokio::test]
async fn scopes_are_apart_and_the_shared_one_needs_a_grant() {
    let mut stage = stage().await;
    let brain = Brain(stage.scene(false).await);
    let scopes = [Scope::Plugin, Scope::Conversation("1".into()), Scope::User("1".into())];
    for (n, scope) in scopes.iter().enumerate() {
        brain.set(scope.clone(), write("k", &n.to_string())).await.unwrap();
    }
    for (n, scope) in scopes.into_iter().enumerate() {
        assert_eq!(value(&brain, scope, "k").await, Some(n.to_string()));
    }
    assert!(matches!(
        brain.get(Scope::Shared, "k".into()).await,
        Err(CapError::AccessDenied(_))
    ));
    assert!(matches!(
        brain.set(Scope::Shared, write("k", "v")).await,
        Err(CapError::AccessDenied(_))
    ));
    assert!(matches!(
        brain.list_keys(Scope::Shared, String::new(), None, 10).await,
        Err(CapError::AccessDenied(_))
    ));
    stage.requests.shared_brain = true;
    stage.grants = Grants::Everything;
    let granted = Brain(stage.scene(false).await);
    // Its own writes came first, so this one has a number of its own.
    for _ in 0..3 {
        granted.0.ordinals.next();
    }
    granted.set(Scope::Shared, write("k", "v")).await.unwrap();
    assert_eq!(value(&granted, Scope::Shared, "k").await.as_deref(), Some("v"));
}

#[tokio::test]
async fn a_cursor_is_good_only_with_the_listing_that_it_came_from() {
    let mut stage = stage().await;
    stage.requests.shared_brain = true;
    stage.grants = Grants::Everything;
    let brain = Brain(stage.scene(false).await);
    let scopes = [
        Scope::Plugin,
        Scope::User("U1".into()),
        Scope::User("U2".into()),
        Scope::Conversation("U1".into()),
        Scope::Shared,
    ];
    for scope in &scopes {
        let keys = ["a1", "a2", "a3", "b"];
        let all = keys.map(|key| write(key, "v")).to_vec();
        brain.set_many(scope.clone(), all).await.unwrap();
    }
    let list =
        |scope: &Scope, prefix: &str, cursor: Option<String>| brain.list_keys(scope.clone(), prefix.into(), cursor, 2);
    for scope in &scopes {
        for prefix in ["a", ""] {
            let first = list(scope, prefix, None).await.unwrap();
            assert_eq!(first.keys, ["a1", "a2"]);
            let cursor = first.next.unwrap();
            let second = list(scope, prefix, Some(cursor.clone())).await.unwrap();
            assert_eq!(second.keys[0], "a3");
            for other in &scopes {
                for of in ["a", "", "b"] {
                    if (other, of) != (scope, prefix) {
                        let refused = list(other, of, Some(cursor.clone())).await;
                        assert!(
                            matches!(refused, Err(CapError::Invalid(_))),
                            "{other:?} {of}: {refused:?}"
                        );
                    }
                }
            }
        }
    }
    for made_up in ["", "a1", "\u{0}", ".a1"] {
        let refused = list(&Scope::Plugin, "", Some(made_up.into())).await;
        assert!(matches!(refused, Err(CapError::Invalid(_))), "{made_up:?}: {refused:?}");
    }
}

#[tokio::test]
async fn refusals_are_told_in_the_contracts_words() {
    let stage = stage().await;
    let brain = Brain(stage.scene(false).await);
    let large = "x".repeat(2000);
    assert!(matches!(
        brain.set(Scope::Plugin, write("k", &large)).await,
        Err(CapError::OverLimit(_))
    ));
    brain.set(Scope::Plugin, write("k", "no number")).await.unwrap();
    assert!(matches!(
        brain.increment(Scope::Plugin, "k".into(), 1).await,
        Err(CapError::Invalid(_))
    ));
    let many = vec![write("a", "1"), write("b", &large)];
    assert!(brain.set_many(Scope::Plugin, many).await.is_err());
    let keys = brain.list_keys(Scope::Plugin, String::new(), None, 10).await.unwrap();
    assert_eq!(
        keys,
        KeyPage {
            keys: vec!["k".into()],
            next: None
        },
        "all of them or none"
    );
    stage.store.inner.close().await.unwrap();
    assert!(matches!(
        brain.get(Scope::Plugin, "k".into()).await,
        Err(CapError::Unavailable(_))
    ));
}
