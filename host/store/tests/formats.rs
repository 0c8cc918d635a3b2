//! Data files of earlier formats: nothing of them is lost. `fixtures/README.md` says what is in them.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what it expects in the shortest way, also outside of its test functions"
)]

use moa_store::{
    Accepted, Answer, Effect, EffectKey, End, ManualClock, NewRecord, Options, Outcome, RedbStore, Refusal, Scope, Seq,
    Space, Store, StoreError, Which, Write, WriteOutcome,
};
use std::path::Path;

const START: i64 = 1_750_000_000_000;
const CENTURY: i64 = 100 * 365 * 24 * 60 * 60 * 1000;

fn open(path: &Path) -> RedbStore {
    let options = Options {
        clock: Box::new(ManualClock::at(START + 5000)),
        ..Options::default()
    };
    RedbStore::open(path, options).unwrap()
}

fn stored(version: u64) -> WriteOutcome {
    WriteOutcome::Stored {
        version: version.to_string(),
    }
}

async fn has_its_brain(store: &RedbStore) {
    let (user, conversation) = (Scope::User("U1".to_owned()), Scope::Conversation("T1/C1".to_owned()));
    let large: Vec<u8> = (0..70_000_u32).map(|n| u8::try_from(n % 251).unwrap()).collect();
    type Known<'k> = (&'k str, &'k Scope, &'k str, &'k [u8], Option<i64>);
    let entries: [Known<'_>; 15] = [
        ("memo", &Scope::Plugin, "plain", b"value", None),
        ("memo", &Scope::Plugin, "키", "값".as_bytes(), None),
        ("memo", &Scope::Plugin, "empty", b"", None),
        ("memo", &Scope::Plugin, "binary", &[0, 255, 1, 254], None),
        ("memo", &Scope::Plugin, "large", &large, None),
        ("memo", &Scope::Plugin, "in a century", b"still here", Some(CENTURY)),
        ("memo", &Scope::Plugin, "count", b"50", None),
        ("memo", &Scope::Plugin, "by 3", b"kept", None),
        ("memo", &conversation, "plain", b"of the conversation", None),
        ("memo", &user, "plain", b"of the person", None),
        ("hello", &Scope::Plugin, "plain", b"of hello", None),
        ("hello", &user, "until", b"of hello's person", Some(CENTURY)),
        ("a\0b", &Scope::Plugin, "zero\0key", b"odd names", None),
        ("hello", &Scope::Shared, "topic", b"lunch", None),
        ("memo", &Scope::Shared, "말", "안녕".as_bytes(), None),
    ];
    for (plugin, scope, key, value, ends) in entries {
        let cell = Space::new(plugin, scope.clone()).cell(key);
        let entry = store.get(&cell).await.unwrap().unwrap_or_else(|| panic!("{cell:?}"));
        assert_eq!(entry.value, value, "{cell:?}");
        assert_eq!(entry.expires_ms, ends.map(|after| START + after), "{cell:?}");
    }
    let memo = Space::new("memo", Scope::Plugin);
    let keys = store.keys(&memo, "", None, 100).await.unwrap().keys;
    assert_eq!(
        keys,
        [
            "binary",
            "by 3",
            "count",
            "empty",
            "in a century",
            "large",
            "plain",
            "키"
        ]
    );
    let version = async |key: &str| store.get(&memo.cell(key)).await.unwrap().unwrap().version;
    assert_eq!([version("plain").await, version("count").await], ["1", "20"]);
    let facts = [("owner/memo", "memo"), ("owner/점심팀", "lunch"), ("seen", "")];
    let facts = facts.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(store.fact_list("").await.unwrap(), facts);
}

async fn has_its_journal(store: &RedbStore) {
    let open = store.unfinished().await.unwrap();
    assert_eq!(
        open.iter().map(|record| record.seq).collect::<Vec<_>>(),
        [Seq(3), Seq(4)]
    );
    let record = &open[1];
    assert_eq!((record.identity.as_str(), record.kind.as_str()), ("click/4", "click"));
    assert_eq!(record.body, "body of click/4\0\u{ff}".as_bytes());
    assert_eq!(record.received_ms, START - 5);
    for (seq, identity, finished) in [(1, "T1/C1/1.0", true), (2, "T1/C1/2.0", true), (3, "T1/C1/3.0", false)] {
        let again = NewRecord {
            identity: identity.to_owned(),
            kind: String::new(),
            body: Vec::new(),
            received_ms: 0,
        };
        let twin = Accepted::Twin {
            seq: Seq(seq),
            finished,
        };
        assert_eq!(store.accept(again).await, Ok(twin));
    }
    let failed = store.records(Which::Failed, None, 9).await.unwrap();
    let end = End {
        ended_ms: START + 2000,
        outcome: Outcome::Failed {
            reason: "the plugin `memo` crashed".to_owned(),
        },
    };
    assert_eq!(failed.len(), 1);
    assert_eq!((failed[0].record.seq, failed[0].end.as_ref()), (Seq(2), Some(&end)));
    assert_eq!(store.effects(Seq(1), "call-1").await.unwrap(), []);

    let key = |key: &str| key.to_owned();
    let answers = [
        Ok(vec![stored(19)]),
        Ok(vec![
            WriteOutcome::Sum {
                value: 50,
                version: "20".to_owned(),
            },
            WriteOutcome::Deleted { existed: false },
            stored(21),
        ]),
        Ok(vec![]),
        Err(Refusal::Conflict {
            key: key("plain"),
            current: Some("1".to_owned()),
        }),
        Err(Refusal::Conflict {
            key: key("nothing"),
            current: None,
        }),
        Err(Refusal::NotANumber { key: key("plain") }),
        Err(Refusal::Overflow {
            key: key("count"),
            by: i64::MAX,
        }),
        Err(Refusal::Quota {
            holder: "memo".to_owned(),
            used: 70_127,
            needed: 71_135,
            limit: 10,
        }),
    ];
    let recorded = store.effects(Seq(3), "call-3").await.unwrap();
    assert_eq!(recorded.len(), answers.len());
    for (n, (recorded, answer)) in recorded.into_iter().zip(answers).enumerate() {
        assert_eq!(recorded.ordinal as usize, n);
        assert_eq!(recorded.fingerprint, format!("print {n}").as_bytes());
        assert_eq!((recorded.by.as_str(), recorded.seen.as_slice()), ("", &[][..]));
        assert_eq!(recorded.answer, Answer::Written(answer));
    }
    let other = store.effects(Seq(3), "call-3/1").await.unwrap();
    assert_eq!(other.len(), 1);
    assert_eq!(other[0].fingerprint, [0, 255]);
    assert_eq!(
        other[0].answer,
        Answer::Written(Ok(vec![WriteOutcome::Deleted { existed: true }]))
    );
}

#[tokio::test]
async fn format_1_is_read_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("moa.redb");
    std::fs::copy(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/format-1.redb"),
        &path,
    )
    .unwrap();
    // Migrated the first time, plain the second.
    for _ in 0..2 {
        let store = open(&path);
        has_its_brain(&store).await;
        has_its_journal(&store).await;
        drop(store);
    }

    let store = open(&path);
    let memo = Space::new("memo", Scope::Plugin);
    // A call that began under the old format goes on under the new one.
    let effect = |ordinal: u32| {
        let key = EffectKey {
            seq: Seq(3),
            invocation: "call-3".to_owned(),
            ordinal,
        };
        Some(Effect {
            key,
            fingerprint: format!("print {ordinal}").into_bytes(),
            by: "1.0.0".to_owned(),
            seen: vec![1],
        })
    };
    let write = |key: &str| vec![Write::set(memo.cell(key), "again")];
    assert_eq!(store.write(write("by 3"), effect(0)).await, Ok(vec![stored(19)]));
    assert!(matches!(
        store.write(write("by 3"), effect(5)).await,
        Err(StoreError::Refused(Refusal::NotANumber { .. }))
    ));
    assert_eq!(store.write(write("new"), effect(8)).await, Ok(vec![stored(22)]));
    assert_eq!(store.effects(Seq(3), "call-3").await.unwrap()[8].by, "1.0.0");
    let full = Write::set(memo.cell("more"), vec![0; 5000]).within(75_000);
    let full = store.write(vec![full], None).await;
    assert!(
        matches!(full, Err(StoreError::Refused(Refusal::Quota { .. }))),
        "the accounts are kept: {full:?}"
    );
    store.finish(Seq(3), Outcome::Done).await.unwrap();
    let new = NewRecord {
        identity: "new".to_owned(),
        kind: String::new(),
        body: Vec::new(),
        received_ms: 0,
    };
    assert_eq!(store.accept(new).await, Ok(Accepted::New(Seq(5))));
    assert_eq!(store.effects(Seq(3), "call-3").await.unwrap(), []);
}
