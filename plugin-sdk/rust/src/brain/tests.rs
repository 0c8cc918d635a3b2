use super::*;
use crate::HostError;

#[test]
fn an_expiry_is_never_early() {
    assert_eq!(seconds(Duration::ZERO), 1);
    assert_eq!(seconds(Duration::from_millis(1_001)), 2);
    assert_eq!(seconds(Duration::from_secs(60)), 60);
    assert_eq!(seconds(Duration::MAX), u32::MAX);
}

#[test]
fn errors_name_the_key() {
    let error = Brain::plugin().get::<u8>("count").unwrap_err();
    assert!(
        error.to_string().starts_with("brain key `count`: unsupported"),
        "{error}"
    );
    let unspeakable = std::collections::HashMap::from([([1_u8], 1)]);
    let error = Brain::plugin().set("map", &unspeakable).unwrap_err();
    assert!(matches!(error, BrainError::Value { .. }), "{error}");
}

#[test]
fn an_update_begins_again_after_another_writer() {
    let host = crate::testing::Host::new();
    host.with(|ctx| {
        let brain = ctx.brain();
        let mut runs = 0;
        let sum = brain.update("n", |n: &mut i64| {
            runs += 1;
            if runs < 3 {
                brain.increment("n", 10).unwrap();
            }
            *n += 1;
            *n
        });
        assert_eq!((sum.unwrap(), runs), (21, 3));
        let endless = brain.update("n", |n: &mut i64| {
            brain.increment("n", 1).unwrap();
            *n += 1;
        });
        assert!(endless.unwrap_err().is_conflict());
    });
}

#[test]
fn a_listing_ends_after_an_error() {
    let mut keys = Brain::shared().list_keys("memo/");
    assert!(matches!(keys.next(), Some(Err(BrainError::Host { .. }))));
    assert!(keys.next().is_none());
}

#[test]
fn a_conflict_is_told_apart() {
    let error = |source| BrainError::Host {
        key: "k".into(),
        source,
    };
    assert!(error(HostError::Conflict(String::new())).is_conflict());
    assert!(!error(HostError::NotFound(String::new())).is_conflict());
}
