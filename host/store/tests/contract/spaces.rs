//! Which keys lie together, and listing them.

use crate::*;

contract![
    spaces_do_not_meet,
    the_shared_brain_is_common,
    many_are_got_in_order,
    keys_come_in_pages,
    keys_leave_out_what_expired,
    keys_go_by_bytes
];

async fn spaces_do_not_meet(House { store, .. }: House) {
    let spaces = [
        Space::new("a", Scope::Plugin),
        Space::new("b", Scope::Plugin),
        Space::new("a", Scope::Conversation("C1".into())),
        Space::new("a", Scope::Conversation("C2".into())),
        Space::new("a", Scope::User("C1".into())),
        Space::new("a", Scope::Conversation(String::new())),
        Space::new("a", Scope::Conversation("C1\0".into())),
        Space::new("a\0", Scope::Plugin),
        Space::new("a", Scope::Shared),
    ];
    for (n, space) in spaces.iter().enumerate() {
        set(&*store, &space.cell("k"), &n.to_string()).await;
    }
    for (n, space) in spaces.iter().enumerate() {
        assert_eq!(read(&*store, &space.cell("k")).await, Some(n.to_string()), "{space:?}");
        assert_eq!(store.keys(space, "", None, 100).await.unwrap().keys, ["k"], "{space:?}");
    }
}

async fn the_shared_brain_is_common(House { store, .. }: House) {
    set(&*store, &Space::new("a", Scope::Shared).cell("k"), "v").await;
    let of_b = Space::new("b", Scope::Shared);
    assert_eq!(read(&*store, &of_b.cell("k")).await.as_deref(), Some("v"));
    assert_eq!(store.keys(&of_b, "", None, 10).await.unwrap().keys, ["k"]);
}

async fn many_are_got_in_order(House { store, .. }: House) {
    for n in 0..5 {
        set(&*store, &own().cell(n.to_string()), &n.to_string()).await;
    }
    let wanted: Vec<_> = ["4", "x", "0", "4"].map(|key| own().cell(key)).into();
    let got = store.get_many(&wanted).await.unwrap();
    let got: Vec<_> = got
        .into_iter()
        .map(|e| e.map(|e| String::from_utf8(e.value).unwrap()))
        .collect();
    assert_eq!(got, [Some("4".into()), None, Some("0".into()), Some("4".into())]);
    assert_eq!(store.get_many(&[]).await.unwrap(), []);
}

async fn keys_come_in_pages(House { store, .. }: House) {
    let mut writes: Vec<_> = (0..25)
        .map(|n| Write::set(own().cell(format!("item:{n:02}")), ""))
        .collect();
    for other in ["item", "itemz", "other", ""] {
        writes.push(Write::set(own().cell(other), ""));
    }
    store.write(writes, None).await.unwrap();
    let (mut all, mut after, mut pages) = (Vec::new(), None::<String>, 0);
    loop {
        let page = store.keys(&own(), "item:", after.as_deref(), 10).await.unwrap();
        assert!(page.keys.len() <= 10);
        all.extend(page.keys);
        pages += 1;
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(all, (0..25).map(|n| format!("item:{n:02}")).collect::<Vec<_>>());
    assert_eq!(pages, 3);

    let page = store.keys(&own(), "item:", None, 25).await.unwrap();
    assert_eq!((page.keys.len(), page.next), (25, None), "a full last page is the last");
    let page = store.keys(&own(), "item:", Some("item:24"), 10).await.unwrap();
    assert_eq!((page.keys.len(), page.next), (0, None));
    let page = store.keys(&own(), "item:", Some("a"), 1).await.unwrap();
    assert_eq!(page.keys, ["item:00"], "a cursor before the prefix skips nothing");
    assert_eq!(
        store.keys(&own(), "nothing", None, 10).await.unwrap().keys,
        [] as [&str; 0]
    );
    assert_eq!(store.keys(&own(), "", None, 100).await.unwrap().keys.len(), 29);
    assert_eq!(store.keys(&own(), "", None, 0).await.unwrap().keys, [""]);

    // A cursor stands for a place, not for an entry: its key may be gone.
    one(&*store, Write::delete(own().cell("item:09"))).await.unwrap();
    let page = store.keys(&own(), "item:", Some("item:09"), 1).await.unwrap();
    assert_eq!(page.keys, ["item:10"]);
}

async fn keys_leave_out_what_expired(House { store, clock, .. }: House) {
    for n in 0..10 {
        let write = Write::set(own().cell(n.to_string()), "");
        let write = if n % 3 == 0 { write } else { write.ttl(10) };
        one(&*store, write).await.unwrap();
    }
    clock.advance(10);
    let page = store.keys(&own(), "", None, 3).await.unwrap();
    assert_eq!(
        (page.keys, page.next.as_deref()),
        (vec!["0".into(), "3".into(), "6".into()], Some("6"))
    );
    let page = store.keys(&own(), "", Some("6"), 3).await.unwrap();
    assert_eq!((page.keys, page.next), (vec!["9".into()], None));
}

async fn keys_go_by_bytes(House { store, .. }: House) {
    let mut names = vec!["B", "a", "가", "나", "\0", "a\0", "aa", "é", "~", "\u{10ffff}"];
    for name in &names {
        set(&*store, &own().cell(*name), "").await;
    }
    names.sort_by_key(|name| name.as_bytes().to_vec());
    assert_eq!(store.keys(&own(), "", None, 100).await.unwrap().keys, names);
    assert_eq!(
        store.keys(&own(), "a", None, 100).await.unwrap().keys,
        ["a", "a\0", "aa"]
    );
}
