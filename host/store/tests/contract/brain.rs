//! Reading and writing entries: values, times, versions, numbers, swaps, batches.

use crate::*;

contract![
    what_was_written_is_read,
    an_entry_ends_with_its_time,
    a_set_without_time_lasts,
    versions_never_come_back,
    numbers_are_counted,
    what_is_no_number_is_refused,
    a_sum_too_large_is_refused,
    an_increment_keeps_the_time,
    a_swap_needs_the_version,
    a_swap_can_expect_nothing,
    a_batch_is_all_or_nothing,
    a_batch_sees_itself,
    a_refusal_spoils_nobody_else
];

async fn what_was_written_is_read(House { store, .. }: House) {
    let cell = own().cell("키");
    assert_eq!(store.get(&cell).await.unwrap(), None);
    let version = set(&*store, &cell, "값").await;
    let entry = store.get(&cell).await.unwrap().unwrap();
    assert_eq!(
        (entry.value, entry.version, entry.expires_ms),
        ("값".into(), version, None)
    );
    set(&*store, &cell, "").await;
    assert_eq!(
        read(&*store, &cell).await.as_deref(),
        Some(""),
        "an empty value is a value"
    );

    let deleted = |existed| Ok(WriteOutcome::Deleted { existed });
    assert_eq!(one(&*store, Write::delete(cell.clone())).await, deleted(true));
    assert_eq!(one(&*store, Write::delete(cell.clone())).await, deleted(false));
    assert_eq!(store.get(&cell).await.unwrap(), None);

    let large = vec![7; 1 << 20];
    one(&*store, Write::set(cell.clone(), large.clone())).await.unwrap();
    assert_eq!(store.get(&cell).await.unwrap().unwrap().value, large);
    assert_eq!(store.write(vec![], None).await, Ok(vec![]));
}

async fn an_entry_ends_with_its_time(House { store, clock, .. }: House) {
    let cell = own().cell("k");
    one(&*store, Write::set(cell.clone(), "v").ttl(1000)).await.unwrap();
    let entry = store.get(&cell).await.unwrap().unwrap();
    assert_eq!(entry.expires_ms, Some(START + 1000));
    clock.advance(999);
    assert!(store.get(&cell).await.unwrap().is_some());
    clock.advance(1);
    assert_eq!(store.get(&cell).await.unwrap(), None);
    assert_eq!(store.get_many(std::slice::from_ref(&cell)).await.unwrap(), [None]);
    assert_eq!(
        one(&*store, Write::delete(cell)).await,
        Ok(WriteOutcome::Deleted { existed: false })
    );
}

async fn a_set_without_time_lasts(House { store, clock, .. }: House) {
    let cell = own().cell("k");
    one(&*store, Write::set(cell.clone(), "v").ttl(1000)).await.unwrap();
    set(&*store, &cell, "w").await;
    clock.advance(5000);
    store.purge(START + 5000).await.unwrap();
    assert_eq!(read(&*store, &cell).await.as_deref(), Some("w"));
}

async fn versions_never_come_back(House { store, clock, .. }: House) {
    let cell = own().cell("k");
    let mut seen = std::collections::HashSet::new();
    for round in 0..4 {
        assert!(seen.insert(set(&*store, &cell, "v").await));
        assert!(seen.insert(set(&*store, &cell, "v").await), "also for the same value");
        match one(&*store, Write::set(cell.clone(), "1").ttl(10)).await.unwrap() {
            WriteOutcome::Stored { version } => assert!(seen.insert(version)),
            other => panic!("{other:?}"),
        }
        match one(&*store, Write::increment(cell.clone(), 1)).await.unwrap() {
            WriteOutcome::Sum { version, .. } => assert!(seen.insert(version)),
            other => panic!("{other:?}"),
        }
        match round {
            0 => drop(one(&*store, Write::delete(cell.clone())).await.unwrap()),
            1 => clock.advance(100),
            _ => {
                clock.advance(100);
                store.purge(START + 1000).await.unwrap();
            }
        }
    }
}

async fn numbers_are_counted(House { store, .. }: House) {
    let cell = own().cell("n");
    assert_eq!(count(&*store, &cell, 0).await, Ok(0));
    assert_eq!(count(&*store, &cell, 5).await, Ok(5));
    assert_eq!(count(&*store, &cell, -7).await, Ok(-2));
    assert_eq!(read(&*store, &cell).await.as_deref(), Some("-2"));
    set(&*store, &cell, "41").await;
    assert_eq!(count(&*store, &cell, 1).await, Ok(42));
    set(&*store, &cell, &i64::MIN.to_string()).await;
    assert_eq!(count(&*store, &cell, i64::MAX).await, Ok(-1));
}

async fn what_is_no_number_is_refused(House { store, .. }: House) {
    let cell = own().cell("n");
    for junk in [
        "",
        "x",
        "1.5",
        "+1",
        " 1",
        "1 ",
        "9223372036854775808",
        "000000000000000000000000001",
    ] {
        let version = set(&*store, &cell, junk).await;
        let refused = Refusal::NotANumber { key: "n".to_owned() };
        assert_eq!(count(&*store, &cell, 1).await, Err(refused.into()), "{junk:?}");
        assert_eq!(store.get(&cell).await.unwrap().unwrap().version, version);
    }
}

async fn a_sum_too_large_is_refused(House { store, .. }: House) {
    let cell = own().cell("n");
    count(&*store, &cell, i64::MAX).await.unwrap();
    let refused = Refusal::Overflow {
        key: "n".to_owned(),
        by: 1,
    };
    assert_eq!(count(&*store, &cell, 1).await, Err(refused.into()));
    assert_eq!(count(&*store, &cell, 0).await, Ok(i64::MAX));
}

async fn an_increment_keeps_the_time(House { store, clock, .. }: House) {
    let cell = own().cell("n");
    one(&*store, Write::set(cell.clone(), "5").ttl(1000)).await.unwrap();
    clock.advance(500);
    assert_eq!(count(&*store, &cell, 1).await, Ok(6));
    assert_eq!(store.get(&cell).await.unwrap().unwrap().expires_ms, Some(START + 1000));
    clock.advance(500);
    assert_eq!(
        count(&*store, &cell, 1).await,
        Ok(1),
        "what has expired counts as nothing"
    );
    assert_eq!(store.get(&cell).await.unwrap().unwrap().expires_ms, None);
}

async fn a_swap_needs_the_version(House { store, .. }: House) {
    let cell = own().cell("k");
    let first = set(&*store, &cell, "a").await;
    let swap = |to: &str, expected: &str| Write::compare_and_swap(cell.clone(), to, Some(expected.to_owned()));
    let Ok(WriteOutcome::Stored { version }) = one(&*store, swap("b", &first)).await else {
        panic!()
    };
    let conflict = |current: &str| {
        let current = Some(current.to_owned());
        Err(StoreError::from(Refusal::Conflict {
            key: "k".to_owned(),
            current,
        }))
    };
    assert_eq!(one(&*store, swap("c", &first)).await, conflict(&version));
    assert_eq!(one(&*store, swap("c", "no version")).await, conflict(&version));
    assert_eq!(read(&*store, &cell).await.as_deref(), Some("b"));

    // The same value again is another version: A-B-A is seen.
    set(&*store, &cell, "a").await;
    assert!(one(&*store, swap("c", &first)).await.is_err());
    let nothing = Write::compare_and_swap(cell.clone(), "c", None);
    assert!(
        one(&*store, nothing).await.is_err(),
        "nothing was expected, something is there"
    );
}

async fn a_swap_can_expect_nothing(House { store, clock, .. }: House) {
    let cell = own().cell("k");
    let create = || Write::compare_and_swap(cell.clone(), "v", None).ttl(100);
    let Ok(WriteOutcome::Stored { version }) = one(&*store, create()).await else {
        panic!()
    };
    assert!(one(&*store, create()).await.is_err());
    clock.advance(100);
    let stale = Write::compare_and_swap(cell.clone(), "w", Some(version));
    let refused = Refusal::Conflict {
        key: "k".to_owned(),
        current: None,
    };
    assert_eq!(one(&*store, stale).await, Err(refused.into()));
    assert!(one(&*store, create()).await.is_ok());
}

async fn a_batch_is_all_or_nothing(House { store, .. }: House) {
    let (a, b, word) = (own().cell("a"), own().cell("b"), own().cell("word"));
    set(&*store, &word, "word").await;
    set(&*store, &b, "old").await;
    let writes = vec![
        Write::set(a.clone(), "new"),
        Write::delete(b.clone()),
        Write::increment(word.clone(), 1),
        Write::set(b.clone(), "newer"),
    ];
    assert!(matches!(
        store.write(writes, None).await,
        Err(StoreError::Refused(Refusal::NotANumber { .. }))
    ));
    assert_eq!(read(&*store, &a).await, None);
    assert_eq!(read(&*store, &b).await.as_deref(), Some("old"));

    let writes = vec![
        Write::set(a.clone(), "1"),
        Write::set(b.clone(), "2"),
        Write::delete(word.clone()),
    ];
    assert_eq!(store.write(writes, None).await.unwrap().len(), 3);
    let all = store.get_many(&[a, b, word]).await.unwrap();
    let values: Vec<_> = all.into_iter().map(|entry| entry.map(|e| e.value)).collect();
    assert_eq!(values, [Some(b"1".to_vec()), Some(b"2".to_vec()), None]);
}

async fn a_batch_sees_itself(House { store, .. }: House) {
    let (n, gone) = (own().cell("n"), own().cell("gone"));
    let writes = vec![
        Write::set(n.clone(), "10"),
        Write::increment(n.clone(), 1),
        Write::increment(n.clone(), 1),
        Write::set(gone.clone(), "x").ttl(5),
        Write::delete(gone.clone()),
        Write::delete(gone.clone()),
        Write::compare_and_swap(gone.clone(), "y", None),
    ];
    let outcomes = store.write(writes, None).await.unwrap();
    assert!(matches!(outcomes[2], WriteOutcome::Sum { value: 12, .. }));
    assert_eq!(
        outcomes[4..6],
        [
            WriteOutcome::Deleted { existed: true },
            WriteOutcome::Deleted { existed: false }
        ]
    );
    assert_eq!(read(&*store, &n).await.as_deref(), Some("12"));
    assert_eq!(store.get(&gone).await.unwrap().unwrap().expires_ms, None);
}

async fn a_refusal_spoils_nobody_else(House { store, .. }: House) {
    let word = own().cell("word");
    set(&*store, &word, "word").await;
    let tasks: Vec<_> = (0..64)
        .map(|n| {
            let (store, word) = (Arc::clone(&store), word.clone());
            tokio::spawn(async move {
                if n % 2 == 0 {
                    count(&*store, &own().cell("good"), 1).await.map(|_| ())
                } else {
                    count(&*store, &word, 1).await.map(|_| ())
                }
            })
        })
        .collect();
    for (n, task) in tasks.into_iter().enumerate() {
        assert_eq!(task.await.unwrap().is_ok(), n % 2 == 0);
    }
    assert_eq!(read(&*store, &own().cell("good")).await.as_deref(), Some("32"));
    assert_eq!(read(&*store, &word).await.as_deref(), Some("word"));
}
