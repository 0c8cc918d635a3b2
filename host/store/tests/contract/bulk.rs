//! The brain as a whole: looked through, counted, put back.

use crate::*;
use moa_store::{SHARED_HOLDER, Usage};

contract![
    everything_is_scanned_in_order,
    a_holder_is_scanned_alone,
    a_scan_goes_on_beside_writers,
    pages_are_bounded,
    what_is_imported_is_what_was_scanned,
    an_import_replaces_what_is_there,
    an_import_keeps_times,
    versions_go_on_above_imported_ones,
    what_is_no_version_is_not_imported,
    usage_is_counted_by_holder
];

async fn all(store: &dyn Store, holder: Option<&str>, limit: usize) -> Vec<(Cell, Entry)> {
    let mut scan = store.scan(holder).await.unwrap();
    let mut all = Vec::new();
    loop {
        let page = scan.next(limit).await.unwrap();
        assert!(page.len() <= limit.max(1));
        if page.is_empty() {
            assert_eq!(scan.next(limit).await.unwrap(), [], "the end is the end");
            return all;
        }
        all.extend(page);
    }
}

/// One cell for each kind of place, in the order of a scan.
fn places() -> Vec<Cell> {
    let mut cells = Vec::new();
    for plugin in ["a", "a\0b", "aa", "b", "키"] {
        let scopes = [
            Scope::Plugin,
            Scope::Conversation(String::new()),
            Scope::Conversation("C\0".into()),
            Scope::Conversation("C1".into()),
            Scope::Conversation("C10".into()),
            Scope::User("C1".into()),
            Scope::User("말".into()),
        ];
        for scope in scopes {
            for key in ["", "\0", "A", "a", "a\0", "aa", "~", "값"] {
                cells.push(Space::new(plugin, scope.clone()).cell(key));
            }
        }
    }
    cells.extend(["", "k", "키"].map(|key| Space::new("", Scope::Shared).cell(key)));
    cells
}

async fn everything_is_scanned_in_order(House { store, clock, .. }: House) {
    assert_eq!(all(&*store, None, 10).await, []);
    let places = places();
    let mut mixed = places.clone();
    fastrand::Rng::with_seed(1).shuffle(&mut mixed);
    for cell in &mixed {
        let mut value = cell.key.clone().into_bytes();
        value.push(0xff);
        one(&*store, Write::set(cell.clone(), value)).await.unwrap();
    }
    one(&*store, Write::set(own().cell("gone"), "v").ttl(10)).await.unwrap();
    one(&*store, Write::set(own().cell("deleted"), "v")).await.unwrap();
    one(&*store, Write::delete(own().cell("deleted"))).await.unwrap();
    clock.advance(10);
    for limit in [0, 1, 7, 1000] {
        let scanned = all(&*store, None, limit).await;
        assert_eq!(
            scanned.iter().map(|(cell, _)| cell).collect::<Vec<_>>(),
            places.iter().collect::<Vec<_>>()
        );
        for (cell, entry) in scanned {
            assert_eq!(store.get(&cell).await.unwrap(), Some(entry));
        }
    }
}

async fn a_holder_is_scanned_alone(House { store, .. }: House) {
    let places = places();
    for cell in &places {
        set(&*store, cell, "v").await;
    }
    for holder in ["a", "a\0b", "aa", "b", "키"] {
        let of_it: Vec<_> = places.iter().filter(|cell| cell.space.plugin == holder).collect();
        let scanned = all(&*store, Some(holder), 5).await;
        assert_eq!(
            scanned.iter().map(|(cell, _)| cell).collect::<Vec<_>>(),
            of_it,
            "{holder:?}"
        );
    }
    let shared = all(&*store, Some(SHARED_HOLDER), 2).await;
    assert_eq!(shared.len(), 3);
    assert!(shared.iter().all(|(cell, _)| cell.space.scope == Scope::Shared));
    assert_eq!(all(&*store, Some("nobody"), 5).await, []);
    assert_eq!(all(&*store, Some(""), 5).await, []);
}

async fn a_scan_goes_on_beside_writers(House { store, .. }: House) {
    for n in 0..50 {
        set(&*store, &own().cell(format!("stays {n:02}")), "v").await;
        set(&*store, &own().cell(format!("x {n:02}")), "v").await;
    }
    let mut scan = store.scan(None).await.unwrap();
    let mut keys = Vec::new();
    for round in 0.. {
        let page = scan.next(7).await.unwrap();
        if page.is_empty() {
            break;
        }
        keys.extend(page.into_iter().map(|(cell, _)| cell.key));
        one(&*store, Write::delete(own().cell(format!("x {round:02}"))))
            .await
            .unwrap();
        set(&*store, &own().cell(format!("a {round:02}")), "new").await;
        set(&*store, &own().cell(format!("stays {round:02}")), "changed").await;
    }
    assert!(keys.is_sorted_by(|a, b| a < b), "each once: {keys:?}");
    assert_eq!(keys.iter().filter(|key| key.starts_with("stays")).count(), 50);
}

async fn pages_are_bounded(House { store, .. }: House) {
    for n in 0..9 {
        one(&*store, Write::set(own().cell(n.to_string()), vec![n; 1 << 20]))
            .await
            .unwrap();
    }
    let mut scan = store.scan(None).await.unwrap();
    let mut pages = Vec::new();
    loop {
        let page = scan.next(1000).await.unwrap();
        if page.is_empty() {
            break;
        }
        pages.push(page.len());
    }
    assert_eq!(pages.iter().sum::<usize>(), 9);
    assert!(pages.iter().all(|len| *len <= 5), "{pages:?}");
}

async fn what_is_imported_is_what_was_scanned(House { store, .. }: House) {
    for (n, cell) in places().into_iter().enumerate() {
        let write = Write::set(cell, vec![0xff; n]);
        let write = if n % 3 == 0 { write.ttl(1000 + n as u64) } else { write };
        one(&*store, write).await.unwrap();
    }
    let before = all(&*store, None, 1000).await;
    for (cell, _) in &before {
        one(&*store, Write::delete(cell.clone())).await.unwrap();
    }
    assert_eq!(all(&*store, None, 1000).await, []);
    let mut mixed = before.clone();
    fastrand::Rng::with_seed(2).shuffle(&mut mixed);
    for batch in mixed.chunks(50) {
        store.import(batch.to_vec()).await.unwrap();
    }
    assert_eq!(all(&*store, None, 1000).await, before);
    store.import(mixed).await.unwrap();
    assert_eq!(all(&*store, None, 1000).await, before, "a second time changes nothing");
    store.import(Vec::new()).await.unwrap();
}

fn entry(value: &str, version: &str, expires_ms: Option<i64>) -> Entry {
    Entry {
        value: value.into(),
        version: version.to_owned(),
        expires_ms,
    }
}

async fn an_import_replaces_what_is_there(House { store, .. }: House) {
    let (a, b) = (own().cell("a"), own().cell("b"));
    one(&*store, Write::set(a.clone(), "a long value with an end").ttl(1000))
        .await
        .unwrap();
    set(&*store, &b, "b").await;
    let new = entry("new", "3", None);
    // Twice in one batch: the last counts.
    let batch = vec![
        (a.clone(), entry("old", "9", Some(START + 5))),
        (a.clone(), new.clone()),
    ];
    store.import(batch).await.unwrap();
    assert_eq!(store.get(&a).await.unwrap(), Some(new));
    assert_eq!(read(&*store, &b).await.as_deref(), Some("b"));
    // What it replaced is off the account: `anew`, `bb`, and two bytes more.
    let fits = |bytes: usize| Write::set(own().cell("c"), vec![0; bytes]).within(4 + 2 + 3);
    assert!(one(&*store, fits(3)).await.is_err());
    assert!(one(&*store, fits(2)).await.is_ok());
    // No end of an earlier entry ends the imported one.
    assert_eq!(store.purge(START + 2000).await.unwrap().entries, 0);
}

async fn an_import_keeps_times(House { store, clock, .. }: House) {
    let (soon, late, gone) = (own().cell("soon"), own().cell("late"), own().cell("gone"));
    let batch = vec![
        (soon.clone(), entry("v", "1", Some(START + 10))),
        (late.clone(), entry("v", "2", Some(START + 9 * DAY))),
        (gone.clone(), entry("v", "3", Some(START - 1))),
    ];
    store.import(batch).await.unwrap();
    assert_eq!(read(&*store, &gone).await, None);
    assert_eq!(store.get(&soon).await.unwrap(), Some(entry("v", "1", Some(START + 10))));
    clock.advance(10);
    assert_eq!(read(&*store, &soon).await, None);
    clock.advance(8 * DAY);
    assert_eq!(
        store.get(&late).await.unwrap(),
        Some(entry("v", "2", Some(START + 9 * DAY)))
    );
}

async fn versions_go_on_above_imported_ones(House { store, .. }: House) {
    let cell = own().cell("k");
    let first = set(&*store, &own().cell("other"), "v").await;
    let versions = ["5000", "70", "9007199254740993"];
    for (n, version) in versions.into_iter().enumerate() {
        let cell = own().cell(n.to_string());
        store
            .import(vec![(cell.clone(), entry("v", version, None))])
            .await
            .unwrap();
        assert_eq!(store.get(&cell).await.unwrap().unwrap().version, version);
    }
    let number = |version: &str| version.parse::<u64>().unwrap();
    let next = set(&*store, &cell, "v").await;
    assert!(number(&first) < number(&next));
    assert!(number(&next) > 9_007_199_254_740_993, "{next}");
    let swap = Write::compare_and_swap(own().cell("2"), "w", Some("9007199254740993".to_owned()));
    assert!(one(&*store, swap).await.is_ok());
}

async fn what_is_no_version_is_not_imported(House { store, .. }: House) {
    for junk in [
        "",
        "x",
        "-1",
        "+1",
        " 1",
        "1.0",
        "4611686018427387905",
        "99999999999999999999",
    ] {
        let batch = vec![
            (own().cell("good"), entry("v", "1", None)),
            (own().cell("bad"), entry("v", junk, None)),
        ];
        let error = StoreError::NotAVersion {
            key: "bad".to_owned(),
            version: junk.to_owned(),
        };
        assert_eq!(store.import(batch).await, Err(error));
        assert_eq!(read(&*store, &own().cell("good")).await, None, "all or none");
    }
}

async fn usage_is_counted_by_holder(House { store, clock, .. }: House) {
    assert_eq!(store.usage().await.unwrap(), []);
    set(&*store, &own().cell("키"), "12345").await;
    set(&*store, &Space::new("memo", Scope::User("U1".into())).cell("k"), "1").await;
    set(&*store, &Space::new("b", Scope::Plugin).cell("k"), "").await;
    set(&*store, &Space::new("b", Scope::Shared).cell("k"), "123").await;
    one(
        &*store,
        Write::set(Space::new("c", Scope::Plugin).cell("k"), "").ttl(10),
    )
    .await
    .unwrap();
    clock.advance(10);
    let of = |holder: &str, keys, bytes| Usage {
        holder: holder.to_owned(),
        keys,
        bytes,
    };
    let expected = [of("b", 1, 1), of("memo", 2, 10), of(SHARED_HOLDER, 1, 4)];
    assert_eq!(store.usage().await.unwrap(), expected);
}
