//! Random deeds, against a brain of a few lines.

use crate::*;

contract![random_deeds_agree_with_a_model];

/// The brain in a few lines: what it should be, without anything that makes it fast or durable.
mod simple {
    use std::collections::BTreeMap;

    #[derive(Default)]
    pub struct Model {
        pub now: i64,
        entries: BTreeMap<String, (Vec<u8>, String, Option<i64>)>,
    }

    impl Model {
        pub fn get(&self, key: &str) -> Option<&(Vec<u8>, String, Option<i64>)> {
            self.entries
                .get(key)
                .filter(|(_, _, ends)| ends.is_none_or(|ends| self.now < ends))
        }

        pub fn keys(&self, prefix: &str) -> Vec<String> {
            let there = self
                .entries
                .keys()
                .filter(|key| key.starts_with(prefix) && self.get(key).is_some());
            there.cloned().collect()
        }

        pub fn put(&mut self, key: &str, value: Vec<u8>, version: String, ends: Option<i64>) {
            self.entries.insert(key.to_owned(), (value, version, ends));
        }

        pub fn remove(&mut self, key: &str) -> bool {
            let was = self.get(key).is_some();
            self.entries.remove(key);
            was
        }
    }
}

async fn random_deeds_agree_with_a_model(House { store, clock, .. }: House) {
    for seed in 0..8 {
        let space = Space::new(format!("plugin-{seed}"), Scope::Plugin);
        let mut random = fastrand::Rng::with_seed(seed);
        let mut model = simple::Model::default();
        for _ in 0..60 {
            use moa_store::types::WriteOutcome::{Deleted, Stored, Sum};
            clock.advance(random.i64(0..3));
            model.now = moa_store::Clock::now_ms(&clock);
            let key = random.choice(["a", "ab", "b", "가"]).unwrap();
            let cell = space.cell(key);
            let before = model.get(key).cloned();
            let ttl = random.bool().then(|| random.u64(1..8));
            let with_ttl = |write: Write| ttl.map_or(write.clone(), |ms| write.ttl(ms));
            let ends = ttl.map(|ms| model.now + i64::try_from(ms).unwrap());
            match random.u8(0..5) {
                0 => {
                    let value = random.i64(-9..9).to_string().into_bytes();
                    let done = one(&*store, with_ttl(Write::set(cell, value.clone()))).await;
                    let Ok(Stored { version }) = done else {
                        panic!("{done:?}")
                    };
                    model.put(key, value, version, ends);
                }
                1 => {
                    let done = one(&*store, Write::delete(cell)).await;
                    assert_eq!(
                        done,
                        Ok(Deleted {
                            existed: model.remove(key)
                        })
                    );
                }
                2 => {
                    let done = one(&*store, Write::increment(cell, 3)).await;
                    let was: i64 = before
                        .as_ref()
                        .map_or(0, |b| String::from_utf8_lossy(&b.0).parse().unwrap());
                    let Ok(Sum { value, version }) = done else {
                        panic!("{done:?}")
                    };
                    assert_eq!(value, was + 3);
                    model.put(key, value.to_string().into_bytes(), version, before.and_then(|b| b.2));
                }
                3 => {
                    let right = before.as_ref().map(|b| b.1.clone());
                    let expected = if random.bool() {
                        right.clone()
                    } else {
                        Some("0".to_owned())
                    };
                    let swap = Write::compare_and_swap(cell, "7", expected.clone());
                    match one(&*store, with_ttl(swap)).await {
                        Ok(Stored { version }) if expected == right => model.put(key, b"7".to_vec(), version, ends),
                        Err(StoreError::Refused(Refusal::Conflict { current, .. })) if expected != right => {
                            assert_eq!(current, right);
                        }
                        other => panic!("{other:?}"),
                    }
                }
                _ => {
                    store.purge(model.now).await.unwrap();
                }
            }
            for key in ["a", "ab", "b", "가"] {
                let there = store.get(&space.cell(key)).await.unwrap();
                let there = there.map(|entry| (entry.value, entry.version, entry.expires_ms));
                assert_eq!(there.as_ref(), model.get(key), "seed {seed}, key {key}");
            }
            let prefix = random.choice(["", "a", "가"]).unwrap();
            assert_eq!(
                store.keys(&space, prefix, None, 10).await.unwrap().keys,
                model.keys(prefix)
            );
        }
    }
}
