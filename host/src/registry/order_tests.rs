//! Orders, with real files and real components.

use super::testing::{component, manifest, plugin};
use super::tests::{Bench, live};
use super::*;
use sha2::{Digest, Sha256};
use std::time::Duration;

fn digest(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn package(bytes: &[u8]) -> Order {
    Order::Install(Package {
        bytes: bytes.to_vec(),
        source: Some("https://plugins.example/x.wasm".into()),
        digest: None,
    })
}

impl Bench {
    async fn order(&self, order: Order) -> Ordered {
        self.registry.order(order).await.unwrap()
    }

    async fn refused(&self, order: Order) -> String {
        self.registry.order(order).await.unwrap_err().to_string()
    }

    async fn replaced_by(&mut self, name: &str, bytes: &[u8]) {
        self.told();
        self.put(name, bytes);
        let report = self.report().await;
        assert!(matches!(report, Report::Replaced { .. }), "{report}");
    }

    fn content(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.at(name)).unwrap()
    }
}

#[tokio::test]
async fn a_stopped_plugin_stays_stopped_keeps_its_words_and_serves_when_started() {
    let tea = component(&manifest("a", "1", &["tea"]));
    let bench = Bench::new(&[("x.wasm", &tea), ("b.wasm", &plugin("b", "1"))]).await;
    let running = bench.registry.current();
    let done = bench.order(Order::Stop("a".into())).await;
    assert!(done.stopped && done.loaded.is_none_or(|loaded| loaded.name == "a"));
    let now = bench.registry.current();
    assert_eq!(bench.live(), live(&[("b", "1", "b.wasm")]));
    assert!(now.stopped.contains_key("a") && now.table.owners()["tea"] == "a");
    // A call that has begun goes on.
    let text = running.plugins["a"].plugin.describe(&Limits::default()).await;
    assert!(text.unwrap().contains("tea"));

    let mut bench = bench.restart().await;
    assert_eq!(bench.live(), live(&[("b", "1", "b.wasm")]));
    let told = bench.told().join("\n");
    assert!(told.contains("moa plugin start a"), "{told}");
    // Another version of it is taken, and does not serve either.
    bench
        .replaced_by("x.wasm", &component(&manifest("a", "2", &["tea"])))
        .await;
    assert_eq!(bench.live().len(), 1);
    assert_eq!(bench.registry.current().stopped["a"].manifest.version, "2");

    bench.order(Order::Start("a".into())).await;
    assert_eq!(bench.live(), live(&[("a", "2", "x.wasm"), ("b", "1", "b.wasm")]));
    let lock = bench.root.path().join("plugins.lock");
    assert_eq!(std::fs::read_to_string(lock).unwrap(), "{}\n");
    for order in [
        Order::Stop("c".into()),
        Order::Restart("c".into()),
        Order::Delete("c".into()),
    ] {
        assert!(bench.refused(order).await.contains("no plugin `c`"));
    }
}

#[tokio::test]
async fn a_restart_loads_the_file_anew_and_forgets_what_was_counted() {
    let bench = Bench::new(&[("a.wasm", &plugin("a", "1"))]).await;
    let before = bench.registry.current();
    let vitals = bench.registry.vitals();
    vitals.record("a", "1", Duration::from_millis(1), 1, crate::vitals::Ended::Well);
    bench.order(Order::Stop("a".into())).await;
    bench.order(Order::Restart("a".into())).await;
    let now = bench.registry.current();
    assert!(now.plugins["a"].since > before.plugins["a"].since && now.stopped.is_empty());
    assert!(!Arc::ptr_eq(&now.plugins["a"], &before.plugins["a"]));
    assert_eq!(vitals.of("a").calls, 0);
    // What cannot be loaded now is refused, and what serves goes on.
    bench.copy("a.wasm", b"junk");
    assert!(bench.refused(Order::Restart("a".into())).await.contains("inspect"));
    assert_eq!(bench.live().len(), 1);
}

#[tokio::test]
async fn what_is_deleted_is_gone_with_its_file_and_what_was_decided() {
    let bench = Bench::new(&[("x.wasm", &plugin("a", "1")), ("junk.wasm", b"junk")]).await;
    bench.order(Order::Stop("a".into())).await;
    let done = bench.order(Order::Delete("a".into())).await;
    assert_eq!((done.path, done.loaded.is_none()), (bench.at("x.wasm"), true));
    assert!(!bench.at("x.wasm").exists());
    let now = bench.registry.current();
    assert!(now.plugins.is_empty() && now.stopped.is_empty() && now.locks.all().is_empty());
    // One that never loaded has no name but its file's.
    bench.order(Order::Delete("junk".into())).await;
    assert!(!bench.at("junk.wasm").exists() && bench.registry.current().problems.is_empty());
    // A file that has become another plugin is not its own any more.
    bench.put("x.wasm", &plugin("c", "1"));
    bench.order(Order::Stop("c".into())).await;
    bench.put("x.wasm", &plugin("d", "1"));
    bench.order(Order::Delete("c".into())).await;
    assert_eq!(bench.live(), live(&[("d", "1", "x.wasm")]));
    bench.order(Order::Delete("d".into())).await;
    // It is not stopped when it comes back.
    bench.put("a.wasm", &plugin("a", "1"));
    bench.order(Order::Start("a".into())).await;
    assert_eq!(bench.live().len(), 1);
}

#[tokio::test]
async fn an_installed_plugin_is_pinned_and_another_file_in_its_place_is_refused() {
    let (one, two) = (plugin("a", "1"), plugin("a", "2"));
    let bench = Bench::new(&[]).await;
    let done = bench.order(package(&one)).await;
    assert_eq!(
        (done.path.as_path(), done.pinned),
        (bench.at("a.wasm").as_path(), Some(digest(&one)))
    );
    assert_eq!(bench.live(), live(&[("a", "1", "a.wasm")]));
    let lock = bench.registry.current().locks.of("a").unwrap().clone();
    assert_eq!(lock.source.as_deref(), Some("https://plugins.example/x.wasm"));
    assert_eq!(lock.digest, Some(format!("sha256:{}", digest(&one))));

    let mut bench = bench.restart().await;
    bench.told();
    bench.put("a.wasm", &two);
    let Report::Failed(problem) = bench.report().await else {
        panic!("another file is taken")
    };
    assert_eq!(problem.stage, Stage::Pin);
    assert!(problem.reason.contains("moa plugin install") && problem.reason.contains("moa plugin unpin a"));
    assert_eq!(bench.live(), live(&[("a", "1", "a.wasm")]));
    assert!(bench.refused(Order::Restart("a".into())).await.contains("pinned"));

    // Nor after a restart, where nothing serves instead; nor under another name.
    let mut bench = bench.restart().await;
    assert_eq!(bench.live(), []);
    bench.told();
    std::fs::rename(bench.at("a.wasm"), bench.at("b.wasm")).unwrap();
    let report = bench.report().await;
    assert!(
        matches!(&report, Report::Failed(problem) if problem.stage == Stage::Pin),
        "{report}"
    );

    // Any file will do again.
    bench.order(Order::Unpin("a".into())).await;
    assert_eq!(bench.live(), live(&[("a", "2", "b.wasm")]));

    // Installed again it takes the place of the file that it was.
    let done = bench.order(package(&one)).await;
    assert_eq!(done.before, Some(digest(&two)));
    assert_eq!(done.removed, Some(bench.at("b.wasm")));
    assert_eq!(bench.live(), live(&[("a", "1", "a.wasm")]));
    assert!(!bench.at("b.wasm").exists());
    let mut bench = bench.restart().await;
    assert_eq!(bench.live(), live(&[("a", "1", "a.wasm")]));
    // Renamed it is the same, and as pinned as before.
    bench.told();
    std::fs::rename(bench.at("a.wasm"), bench.at("c.wasm")).unwrap();
    assert!(matches!(bench.report().await, Report::Moved { .. }));
    bench.put("c.wasm", &two);
    let report = bench.report().await;
    assert!(
        matches!(&report, Report::Failed(problem) if problem.stage == Stage::Pin),
        "{report}"
    );
}

#[tokio::test]
async fn what_may_not_be_installed_changes_nothing() {
    let one = plugin("a", "1");
    let bench = Bench::new(&[("b.wasm", &one)]).await;
    let wrong = Order::Install(Package {
        bytes: one.clone(),
        source: None,
        digest: Some(format!("sha256:{}", "0".repeat(64))),
    });
    assert!(bench.refused(wrong).await.contains(&digest(&one)));
    assert!(bench.refused(package(b"junk")).await.contains("inspect"));
    let taken = bench.refused(package(&plugin("b", "1"))).await;
    assert!(taken.contains("b.wasm") && taken.contains("`a`"), "{taken}");
    assert_eq!(bench.live(), live(&[("a", "1", "b.wasm")]));
    assert_eq!(bench.content("b.wasm"), one);
    assert!(!bench.root.path().join("plugins.lock").exists());
    assert_eq!(std::fs::read_dir(bench.root.path().join("plugins")).unwrap().count(), 1);
}

#[tokio::test]
async fn a_rollback_puts_the_version_before_into_service_and_into_the_folder() {
    let (one, two, three) = (plugin("a", "1"), plugin("a", "2"), plugin("a", "3"));
    let mut bench = Bench::new(&[("a.wasm", &one)]).await;
    assert!(bench.refused(Order::Rollback("a".into())).await.contains("no version"));
    bench.replaced_by("a.wasm", &two).await;
    bench.replaced_by("a.wasm", &three).await;
    // Also by the next host.
    let bench = bench.restart().await;
    let done = bench.order(Order::Rollback("a".into())).await;
    assert_eq!((done.before, done.pinned), (Some(digest(&three)), None));
    assert_eq!(
        (bench.live(), bench.content("a.wasm")),
        (live(&[("a", "2", "a.wasm")]), two.clone())
    );
    // And further, not back and forth.
    let bench = bench.restart().await;
    bench.order(Order::Rollback("a".into())).await;
    assert_eq!(
        (bench.live(), bench.content("a.wasm")),
        (live(&[("a", "1", "a.wasm")]), one.clone())
    );
    assert!(bench.refused(Order::Rollback("a".into())).await.contains("no version"));

    // The pin goes with it.
    bench.order(package(&three)).await;
    let done = bench.order(Order::Rollback("a".into())).await;
    assert_eq!(done.pinned, Some(digest(&one)));
    let mut bench = bench.restart().await;
    assert_eq!(bench.live(), live(&[("a", "1", "a.wasm")]));

    // A file that is broken is mended by it: what serves is what there is to go back to.
    bench.order(Order::Unpin("a".into())).await;
    bench.told();
    bench.put("a.wasm", b"junk");
    assert!(matches!(bench.report().await, Report::Failed(_)));
    bench.order(Order::Rollback("a".into())).await;
    assert_eq!(
        (bench.live(), bench.content("a.wasm")),
        (live(&[("a", "1", "a.wasm")]), one.clone())
    );
    assert!(bench.registry.current().problems.is_empty());
    // Also after a restart with the broken file.
    bench.put("a.wasm", b"junk");
    let bench = bench.restart().await;
    assert_eq!(bench.live(), []);
    bench.order(Order::Rollback("a".into())).await;
    assert_eq!(bench.live(), live(&[("a", "1", "a.wasm")]));
}

#[tokio::test]
async fn a_rollback_without_the_kept_file_changes_nothing() {
    let (one, two) = (plugin("a", "1"), plugin("a", "2"));
    let mut bench = Bench::new(&[("a.wasm", &one)]).await;
    bench.replaced_by("a.wasm", &two).await;
    let kept = bench
        .root
        .path()
        .join("compiled/versions")
        .join(format!("{}.wasm", digest(&one)));
    std::fs::write(&kept, b"somebody else's").unwrap();
    let refused = bench.refused(Order::Rollback("a".into())).await;
    assert!(refused.contains("not kept any more"), "{refused}");
    assert_eq!(
        (bench.live(), bench.content("a.wasm")),
        (live(&[("a", "2", "a.wasm")]), two)
    );
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_decides_nothing() {
    // Root may write everywhere, so the folder itself goes away.
    let bench = Bench::new(&[]).await;
    std::fs::remove_dir(bench.root.path().join("plugins")).unwrap();
    let refused = bench.refused(package(&plugin("a", "1"))).await;
    assert!(refused.contains("cannot be written"), "{refused}");
    let now = bench.registry.current();
    assert!(now.locks.all().is_empty() && now.plugins.is_empty());
}

#[tokio::test]
async fn orders_of_a_registry_that_is_over_are_refused() {
    let bench = Bench::new(&[("a.wasm", &plugin("a", "1"))]).await;
    bench.registry.shutdown().await;
    assert!(bench.refused(Order::Stop("a".into())).await.contains("stopping"));
}
