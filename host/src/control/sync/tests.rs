use super::*;
use moa_store::{MemoryStore, Space, SystemClock};
use std::collections::BTreeMap;

/// Names of few characters: equal ones, and ones that begin alike, come up soon.
fn name(random: &mut fastrand::Rng) -> String {
    let alphabet = ['\0', '\u{1}', 'a', 'b', '가'];
    (0..random.usize(0..4))
        .filter_map(|_| random.choice(alphabet))
        .collect()
}

fn cell(random: &mut fastrand::Rng) -> Cell {
    let scope = match random.u8(0..4) {
        0 => Scope::Plugin,
        1 => Scope::Conversation(name(random)),
        2 => Scope::User(name(random)),
        _ => Scope::Shared,
    };
    let plugin = if scope == Scope::Shared {
        String::new()
    } else {
        name(random)
    };
    Space::new(plugin, scope).cell(name(random))
}

/// A store with random entries, and some of them the same in each.
async fn store(random: &mut fastrand::Rng, version: u64) -> MemoryStore {
    let store = MemoryStore::new(SystemClock);
    let mut entries = BTreeMap::new();
    for _ in 0..random.usize(0..400) {
        let entry = Entry {
            value: vec![random.u8(0..2)],
            version: version.to_string(),
            expires_ms: None,
        };
        entries.insert(cell(random), entry);
    }
    store.import(entries.into_iter().collect()).await.unwrap();
    store
}

async fn entries(store: &dyn Store) -> Vec<(Cell, Entry)> {
    let mut all = Vec::new();
    let mut stored = Stored::all(store, None).await.unwrap();
    while let Some(one) = stored.next().await.unwrap() {
        all.push(one);
    }
    all
}

#[tokio::test]
async fn the_order_is_the_store_s() {
    let mut random = fastrand::Rng::with_seed(1);
    for round in 0..20 {
        let all = entries(&store(&mut random, 1).await).await;
        let sorted = all.is_sorted_by(|(one, _), (other, _)| order(one, other).is_lt());
        assert!(sorted, "round {round}");
    }
}

#[tokio::test]
async fn after_a_pass_both_are_the_same_and_the_next_finds_nothing() {
    let mut random = fastrand::Rng::with_seed(2);
    for round in 0..40 {
        let source = store(&mut random, 1).await;
        // Half of them meet entries that are the same, half of them newer ones.
        let target = store(&mut random, 1 + round % 2).await;
        let mut from = Stored::all(&source, None).await.unwrap();
        let changes = pass(&mut from, &target, &mut Unwatched).await.unwrap();
        let all = entries(&source).await;
        assert_eq!(entries(&target).await, all, "round {round}");
        assert_eq!(changes.compared, all.len() as u64);
        let mut from = Stored::all(&source, None).await.unwrap();
        let again = pass(&mut from, &target, &mut Unwatched).await.unwrap();
        assert!(!again.any(), "{again:?}");
    }
}

#[tokio::test]
async fn what_is_out_of_order_is_refused() {
    struct Given(Vec<(Cell, Entry)>);
    #[async_trait]
    impl Source for Given {
        async fn next(&mut self) -> Result<Option<(Cell, Entry)>, Fault> {
            Ok(self.0.pop())
        }
    }
    let entry = Entry {
        value: Vec::new(),
        version: "1".into(),
        expires_ms: None,
    };
    let of = |key: &str| (Space::new("p", Scope::Plugin).cell(key), entry.clone());
    for given in [["a", "b"], ["a", "a"]] {
        let mut source = Given(given.map(of).into());
        let store = MemoryStore::new(SystemClock);
        let fault = pass(&mut source, &store, &mut Unwatched).await.unwrap_err();
        assert!(fault.to_string().contains("order"), "{fault}");
    }
}
