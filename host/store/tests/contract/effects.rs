//! What calls did, so that running them again does not do it again.

use crate::*;

contract![
    effects_happen_once,
    a_refused_effect_stays_refused,
    another_fingerprint_diverges,
    effects_are_told_apart,
    effects_need_an_open_record,
    an_effect_without_writes_is_recorded,
    what_was_recorded_is_told,
    many_effects_come_in_the_order_of_their_ordinals,
    a_note_does_not_replace_anything,
    notes_need_an_open_record,
    effects_stay_with_what_is_not_done
];

async fn effects_happen_once(House { store, .. }: House) {
    let seq = accept(&*store, "e1").await;
    let cell = own().cell("n");
    let write = || vec![Write::increment(cell.clone(), 1), Write::set(own().cell("k"), "v")];
    let first = store.write(write(), effect(seq, "i", 0, "f")).await.unwrap();
    for _ in 0..3 {
        assert_eq!(store.write(write(), effect(seq, "i", 0, "f")).await.unwrap(), first);
    }
    assert_eq!(read(&*store, &cell).await.as_deref(), Some("1"));
    // Others may have gone on meanwhile; the rerun still hears what it heard.
    count(&*store, &cell, 10).await.unwrap();
    assert_eq!(store.write(write(), effect(seq, "i", 0, "f")).await.unwrap(), first);
    assert_eq!(read(&*store, &cell).await.as_deref(), Some("11"));

    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let (store, cell) = (Arc::clone(&store), cell.clone());
            let write = Write::increment(cell, 1);
            tokio::spawn(async move { store.write(vec![write], effect(seq, "i", 1, "f")).await.unwrap() })
        })
        .collect();
    for task in tasks {
        assert!(matches!(task.await.unwrap()[..], [WriteOutcome::Sum { value: 12, .. }]));
    }
}

async fn a_refused_effect_stays_refused(House { store, .. }: House) {
    let seq = accept(&*store, "e1").await;
    let cell = own().cell("n");
    set(&*store, &cell, "word").await;
    let write = || vec![Write::increment(cell.clone(), 1)];
    let refused = Err(Refusal::NotANumber { key: "n".to_owned() }.into());
    assert_eq!(store.write(write(), effect(seq, "i", 0, "f")).await, refused);
    set(&*store, &cell, "1").await;
    assert_eq!(store.write(write(), effect(seq, "i", 0, "f")).await, refused);
    assert_eq!(read(&*store, &cell).await.as_deref(), Some("1"));
}

async fn another_fingerprint_diverges(House { store, .. }: House) {
    let seq = accept(&*store, "e1").await;
    let write = |value: &str| vec![Write::set(own().cell("k"), value)];
    store.write(write("a"), effect(seq, "i", 0, "f")).await.unwrap();
    let other = effect(seq, "i", 0, "g");
    let key = other.clone().unwrap().key;
    assert_eq!(store.write(write("b"), other).await, Err(StoreError::Diverged(key)));
    assert_eq!(read(&*store, &own().cell("k")).await.as_deref(), Some("a"));
}

async fn effects_are_told_apart(House { store, .. }: House) {
    let (one, two) = (accept(&*store, "e1").await, accept(&*store, "e2").await);
    let write = || vec![Write::increment(own().cell("n"), 1)];
    for effect in [
        effect(one, "i", 0, "f"),
        effect(one, "i", 1, "f"),
        effect(one, "j", 0, "f"),
        effect(one, "", 0, "f"),
        effect(two, "i", 0, "f"),
    ] {
        store.write(write(), effect.clone()).await.unwrap();
        store.write(write(), effect).await.unwrap();
    }
    assert_eq!(read(&*store, &own().cell("n")).await.as_deref(), Some("5"));
    // The end of one takes only its own effects along.
    store.finish(one, Outcome::Done).await.unwrap();
    store.write(write(), effect(two, "i", 0, "f")).await.unwrap();
    assert_eq!(read(&*store, &own().cell("n")).await.as_deref(), Some("5"));
}

async fn effects_need_an_open_record(House { store, .. }: House) {
    let write = || vec![Write::set(own().cell("k"), "v")];
    let missing = Seq(99);
    assert_eq!(
        store.write(write(), effect(missing, "i", 0, "f")).await,
        Err(StoreError::NotOpen(missing))
    );
    let seq = accept(&*store, "e1").await;
    store.finish(seq, Outcome::Done).await.unwrap();
    assert_eq!(
        store.write(write(), effect(seq, "i", 0, "f")).await,
        Err(StoreError::NotOpen(seq))
    );
    assert_eq!(store.get(&own().cell("k")).await.unwrap(), None);
}

async fn an_effect_without_writes_is_recorded(House { store, .. }: House) {
    let seq = accept(&*store, "e1").await;
    assert_eq!(store.write(vec![], effect(seq, "i", 0, "f")).await, Ok(vec![]));
    assert_eq!(store.write(vec![], effect(seq, "i", 0, "f")).await, Ok(vec![]));
    assert!(matches!(
        store.write(vec![], effect(seq, "i", 0, "g")).await,
        Err(StoreError::Diverged(_))
    ));
}

async fn what_was_recorded_is_told(House { store, .. }: House) {
    let (one, two) = (accept(&*store, "e1").await, accept(&*store, "e2").await);
    let with = |seq, invocation: &str, ordinal| Effect {
        by: "memo 1.2.0".to_owned(),
        seen: vec![0, 0xff, u8::try_from(ordinal).unwrap()],
        ..effect(seq, invocation, ordinal, "f").unwrap()
    };
    let cell = own().cell("n");
    let first = store.write(vec![Write::increment(cell.clone(), 1)], Some(with(one, "i", 0)));
    let first = first.await.unwrap();
    store.note(with(one, "i", 1), vec![0, 0xfe]).await.unwrap();
    let huge = store.write(vec![Write::increment(cell.clone(), i64::MAX)], Some(with(one, "i", 2)));
    let Err(StoreError::Refused(refusal)) = huge.await else {
        panic!()
    };
    for other in [
        with(one, "", 0),
        with(one, "i/1", 0),
        with(one, "j", 0),
        with(two, "i", 0),
    ] {
        store.write(vec![], Some(other)).await.unwrap();
    }
    let answers = [
        Answer::Written(Ok(first)),
        Answer::Noted(vec![0, 0xfe]),
        Answer::Written(Err(refusal)),
    ];
    let expected: Vec<_> = answers
        .into_iter()
        .zip(0..)
        .map(|(answer, ordinal)| {
            let Effect {
                fingerprint, by, seen, ..
            } = with(one, "i", ordinal);
            Recorded {
                ordinal,
                fingerprint,
                by,
                seen,
                answer,
            }
        })
        .collect();
    assert_eq!(store.effects(one, "i").await.unwrap(), expected);
    assert_eq!(store.effects(one, "i/1").await.unwrap().len(), 1);
    assert_eq!(store.effects(one, "").await.unwrap().len(), 1);
    assert_eq!(store.effects(two, "j").await.unwrap(), []);
    assert_eq!(store.effects(Seq(77), "i").await.unwrap(), []);
}

async fn many_effects_come_in_the_order_of_their_ordinals(House { store, .. }: House) {
    let seq = accept(&*store, "e").await;
    for ordinal in (0..300).rev() {
        store
            .note(effect(seq, "i", ordinal, "f").unwrap(), vec![])
            .await
            .unwrap();
    }
    store
        .note(effect(seq, "i", u32::MAX, "f").unwrap(), vec![])
        .await
        .unwrap();
    settle(&*store).await;
    let ordinals: Vec<_> = store
        .effects(seq, "i")
        .await
        .unwrap()
        .iter()
        .map(|e| e.ordinal)
        .collect();
    assert_eq!(ordinals, (0..300).chain([u32::MAX]).collect::<Vec<_>>());
}

async fn a_note_does_not_replace_anything(House { store, .. }: House) {
    let seq = accept(&*store, "e").await;
    let note = async |ordinal, fingerprint: &str, answer: &str| {
        let effect = effect(seq, "i", ordinal, fingerprint).unwrap();
        store.note(effect, answer.into()).await.unwrap();
    };
    note(0, "f", "first").await;
    note(0, "f", "second").await;
    note(0, "g", "other").await;
    let write = || vec![Write::set(own().cell("k"), "v")];
    store.write(write(), effect(seq, "i", 1, "f")).await.unwrap();
    note(1, "f", "late").await;
    settle(&*store).await;
    let answers: Vec<_> = store.effects(seq, "i").await.unwrap();
    assert_eq!(answers.len(), 2);
    assert_eq!(answers[0].answer, Answer::Noted(b"first".to_vec()));
    assert_eq!(answers[0].fingerprint, b"f");
    assert!(matches!(answers[1].answer, Answer::Written(Ok(_))));
    // What was noted has no answer to a write.
    let again = effect(seq, "i", 0, "f");
    let key = again.clone().unwrap().key;
    assert_eq!(store.write(write(), again).await, Err(StoreError::Diverged(key)));
}

async fn notes_need_an_open_record(House { store, .. }: House) {
    let seq = accept(&*store, "e").await;
    let failed = Outcome::Failed {
        reason: "why".to_owned(),
    };
    store.note(effect(seq, "i", 0, "f").unwrap(), vec![1]).await.unwrap();
    store.finish(seq, failed).await.unwrap();
    store.note(effect(seq, "i", 1, "f").unwrap(), vec![1]).await.unwrap();
    store
        .note(effect(Seq(99), "i", 0, "f").unwrap(), vec![1])
        .await
        .unwrap();
    settle(&*store).await;
    assert_eq!(store.effects(seq, "i").await.unwrap().len(), 1);
    assert_eq!(store.effects(Seq(99), "i").await.unwrap(), []);
}

async fn effects_stay_with_what_is_not_done(House { store, clock, .. }: House) {
    let outcomes = [
        Outcome::Done,
        Outcome::Failed {
            reason: "why".to_owned(),
        },
        Outcome::Diverged {
            reason: "why".to_owned(),
        },
        Outcome::Dropped,
    ];
    let mut records = Vec::new();
    for (n, outcome) in outcomes.into_iter().enumerate() {
        let seq = accept(&*store, &n.to_string()).await;
        store.write(vec![], effect(seq, "i", 0, "f")).await.unwrap();
        store.note(effect(seq, "j", 0, "f").unwrap(), vec![]).await.unwrap();
        store.finish(seq, outcome.clone()).await.unwrap();
        records.push((seq, outcome));
    }
    settle(&*store).await;
    for (seq, outcome) in &records {
        let left = usize::from(!outcome.is_done());
        assert_eq!(store.effects(*seq, "i").await.unwrap().len(), left, "{outcome:?}");
        assert_eq!(store.effects(*seq, "j").await.unwrap().len(), left, "{outcome:?}");
    }
    clock.advance(DAY);
    store.purge(START + DAY).await.unwrap();
    for (seq, outcome) in &records {
        assert_eq!(store.effects(*seq, "i").await.unwrap(), [], "{outcome:?}");
        assert_eq!(store.effects(*seq, "j").await.unwrap(), [], "{outcome:?}");
    }
}
