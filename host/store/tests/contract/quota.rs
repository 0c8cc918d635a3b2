//! How much a plugin may hold.

use crate::*;

contract![
    a_quota_holds,
    a_quota_lets_shrink_and_counts_exactly,
    what_expired_does_not_count,
    the_shared_brain_has_its_own_account
];

async fn a_quota_holds(House { store, .. }: House) {
    let (a, b) = (own().cell("aa"), own().cell("bb"));
    one(&*store, Write::set(a.clone(), "12345678").within(20))
        .await
        .unwrap();
    let refused = Refusal::Quota {
        holder: "memo".to_owned(),
        used: 10,
        needed: 21,
        limit: 20,
    };
    let result = one(&*store, Write::set(b.clone(), "123456789").within(20)).await;
    assert_eq!(result, Err(refused.into()));
    assert_eq!(store.get(&b).await.unwrap(), None);
    one(&*store, Write::set(b.clone(), "12345678").within(20))
        .await
        .unwrap();
    // A scope of the same plugin is on the same account, another plugin is not.
    let mine = Space::new("memo", Scope::User("U1".into())).cell("k");
    let other = Space::new("other", Scope::Plugin).cell("k");
    assert!(one(&*store, Write::set(mine.clone(), "").within(20)).await.is_err());
    assert!(one(&*store, Write::increment(mine, 1).within(20)).await.is_err());
    assert!(one(&*store, Write::set(other, "").within(20)).await.is_ok());
}

async fn a_quota_lets_shrink_and_counts_exactly(House { store, .. }: House) {
    let cell = own().cell("k");
    set(&*store, &cell, "0123456789").await;
    let full = |value: &str| Write::set(cell.clone(), value).within(5);
    assert!(one(&*store, full("0123456789a")).await.is_err());
    assert!(
        one(&*store, full("9876543210")).await.is_ok(),
        "the same size is no growth"
    );
    assert!(one(&*store, full("012345")).await.is_ok(), "smaller is never refused");
    assert!(one(&*store, Write::delete(cell.clone()).within(5)).await.is_ok());

    // After any number of changes the account is exact: 5 bytes fit, 6 do not.
    let mut random = fastrand::Rng::with_seed(3);
    for _ in 0..100 {
        let key = own().cell(random.u8(0..4).to_string());
        let write = match random.u8(0..3) {
            0 => Write::delete(key),
            1 => Write::set(key, vec![b'1'; random.usize(1..15)]),
            _ => Write::increment(key, random.i64(0..1000)),
        };
        one(&*store, write).await.unwrap();
    }
    for n in 0..4 {
        one(&*store, Write::delete(own().cell(n.to_string()))).await.unwrap();
    }
    assert!(one(&*store, full("01234")).await.is_err());
    assert!(one(&*store, full("0123")).await.is_ok());
}

async fn what_expired_does_not_count(House { store, clock, .. }: House) {
    for n in 0..10 {
        one(
            &*store,
            Write::set(own().cell(n.to_string()), "123456789").ttl(10).within(100),
        )
        .await
        .unwrap();
    }
    let more = || Write::set(own().cell("more"), "12345678").within(100);
    assert!(one(&*store, more()).await.is_err());
    clock.advance(10);
    assert!(one(&*store, more()).await.is_ok());
    let exact = |value: usize| Write::set(own().cell("m"), vec![0; value]).within(100);
    assert!(one(&*store, exact(88)).await.is_err());
    assert!(one(&*store, exact(87)).await.is_ok());
}

async fn the_shared_brain_has_its_own_account(House { store, .. }: House) {
    let shared = |plugin: &str, key: &str| Space::new(plugin, Scope::Shared).cell(key);
    set(&*store, &own().cell("k"), "0123456789").await;
    one(&*store, Write::set(shared("memo", "k"), "1234").within(10))
        .await
        .unwrap();
    one(&*store, Write::set(shared("other", "l"), "1234").within(10))
        .await
        .unwrap();
    let over = one(&*store, Write::set(shared("memo", "m"), "").within(10))
        .await
        .unwrap_err();
    assert!(
        matches!(&over, StoreError::Refused(Refusal::Quota { used: 10, .. })),
        "{over:?}"
    );
    assert!(over.to_string().contains("shared"), "{over}");
}
