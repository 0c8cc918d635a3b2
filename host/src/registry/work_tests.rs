//! What happens while files are being compiled, with a compiler that takes as long as the test wants.

use super::testing::{compile_script, component, manifest, plugin, write_script};
use super::tests::{Before, Bench, live};
use super::*;
use std::path::Path;
use std::time::Duration;

/// A component whose version is this is not compiled before the test wants it.
const SLOW: &str = "slow";

/// A registry whose compiler waits.
struct Held {
    bench: Bench,
}

impl Held {
    fn new(before: Before<'_>) -> Self {
        let root = Bench::root(before);
        let at = |name: &str| root.path().join(name).display().to_string();
        let (hold, begun) = (at("hold"), at("begun"));
        let wait = format!("echo >> {begun}; while [ -e {hold} ]; do /bin/sleep 0.05; done");
        let script = format!("if /bin/grep -q {SLOW} \"$2\"; then {wait}; fi; {}", compile_script());
        let exe = root.path().join("moa.sh");
        write_script(&exe, &script);
        std::fs::write(&hold, "").unwrap();
        let bench = Bench::compiled_by(root, Compiler::Child(exe));
        Self { bench }
    }

    async fn ready(before: Before<'_>) -> Self {
        let mut held = Self::new(before);
        held.bench.registry.ready().await;
        held.bench.told();
        held
    }

    fn at(&self, name: &str) -> PathBuf {
        self.bench.root.path().join(name)
    }

    /// Waits until so many files that wait are being compiled, or were.
    async fn begun(&self, count: u64) {
        let begun = self.at("begun");
        let size = || std::fs::metadata(&begun).map_or(0, |metadata| metadata.len());
        until(|| size() >= count).await;
    }

    fn let_go(&self) {
        std::fs::remove_file(self.at("hold")).unwrap();
    }

    /// Nothing is compiled any more, and what is waits.
    fn hold_again(&self) {
        for file in std::fs::read_dir(self.at("compiled")).unwrap() {
            let file = file.unwrap().path();
            if file.is_file() {
                std::fs::remove_file(file).unwrap();
            }
        }
        std::fs::write(self.at("hold"), "").unwrap();
    }

    async fn order(&self, order: Order) -> Ordered {
        self.bench.registry.order(order).await.unwrap()
    }

    /// Waits for a plugin that comes after what was done before.
    async fn another(&mut self, name: &str) -> Vec<String> {
        self.bench.put(&format!("{name}.wasm"), &plugin(name, "1"));
        let mut told = Vec::new();
        loop {
            let report = self.bench.report().await;
            if matches!(&report, Report::Loaded { plugin, .. } if plugin.name == name) {
                return told;
            }
            told.push(report.to_string());
        }
    }
}

async fn until(mut is: impl FnMut() -> bool) {
    let wait = async {
        while !is() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), wait).await.unwrap();
}

fn install(bytes: Vec<u8>) -> Order {
    Order::Install(Package {
        bytes,
        source: None,
        digest: None,
    })
}

#[tokio::test]
async fn orders_are_carried_out_and_files_loaded_while_another_file_is_compiled() {
    let mut held = Held::ready(&[("a.wasm", &plugin("a", "1"))]).await;
    held.bench.put("x.wasm", &plugin("x", SLOW));
    held.begun(1).await;
    assert!(held.order(Order::Stop("a".into())).await.stopped);
    assert!(held.order(Order::Start("a".into())).await.loaded.is_some());
    held.order(Order::Restart("a".into())).await;
    assert!(held.order(install(plugin("b", "1"))).await.loaded.is_some());
    assert_eq!(
        held.another("c").await.last().unwrap().split(' ').next(),
        Some("loaded")
    );
    held.order(Order::Delete("a".into())).await;
    // Of itself, too.
    let done = held.order(Order::Stop("x".into())).await;
    assert!(done.stopped && done.loading && done.loaded.is_none());
    assert_eq!(held.bench.live(), live(&[("b", "1", "b.wasm"), ("c", "1", "c.wasm")]));
    held.bench.told();
    held.let_go();
    assert!(matches!(held.bench.report().await, Report::Loaded { plugin, .. } if plugin.name == "x"));
    assert!(matches!(held.bench.report().await, Report::Stopped { .. }));
    let now = held.bench.registry.current();
    assert!(now.stopped.contains_key("x") && now.plugins.len() == 2);
}

#[tokio::test]
async fn a_file_that_is_replaced_while_it_is_compiled_ends_with_what_is_in_it_now() {
    let mut held = Held::ready(&[("a.wasm", &plugin("a", "1"))]).await;
    held.bench.put("a.wasm", &plugin("a", SLOW));
    held.begun(1).await;
    held.bench.put("a.wasm", &plugin("a", "2"));
    assert!(matches!(held.bench.report().await, Report::Replaced { .. }));
    held.let_go();
    assert_eq!(held.another("b").await, [""; 0]);
    assert_eq!(held.bench.live(), live(&[("a", "2", "a.wasm"), ("b", "1", "b.wasm")]));
}

#[tokio::test]
async fn a_file_that_goes_back_while_it_is_compiled_stays_what_it_is() {
    let one = plugin("a", "1");
    let mut held = Held::ready(&[("a.wasm", &one)]).await;
    held.bench.put("a.wasm", &plugin("a", SLOW));
    held.begun(1).await;
    held.bench.put("a.wasm", &one);
    assert_eq!(held.another("b").await, [""; 0]);
    held.let_go();
    assert_eq!(held.another("c").await, [""; 0]);
    assert_eq!(held.bench.live().first(), live(&[("a", "1", "a.wasm")]).first());
}

#[tokio::test]
async fn what_is_deleted_while_it_is_compiled_does_not_come_alive() {
    let mut held = Held::ready(&[]).await;
    held.bench.put("a.wasm", &plugin("a", SLOW));
    held.bench.put("b.wasm", &plugin("b", SLOW));
    held.begun(2).await;
    held.order(Order::Delete("a".into())).await;
    assert!(!held.bench.at("a.wasm").exists());
    // Nobody has noticed that yet when it is compiled.
    std::fs::remove_file(held.bench.at("b.wasm")).unwrap();
    held.let_go();
    assert_eq!(held.another("c").await, [""; 0]);
    assert_eq!(held.bench.live(), live(&[("c", "1", "c.wasm")]));
}

#[tokio::test]
async fn a_version_under_another_name_is_a_successor_however_long_it_is_compiled() {
    let mut held = Held::ready(&[("a.wasm", &plugin("a", "1"))]).await;
    std::fs::rename(held.bench.at("a.wasm"), held.at("away")).unwrap();
    held.bench.put("b.wasm", &plugin("a", SLOW));
    held.begun(1).await;
    assert_eq!(held.bench.live(), live(&[("a", "1", "a.wasm")]));
    held.let_go();
    assert!(matches!(held.bench.report().await, Report::Replaced { .. }));
    assert_eq!(held.bench.live(), live(&[("a", SLOW, "b.wasm")]));
}

#[tokio::test]
async fn an_order_that_is_overtaken_while_its_file_is_compiled_changes_nothing() {
    let held = Held::new(&[("a.wasm", &plugin("a", SLOW))]);
    held.let_go();
    held.bench.registry.ready().await;
    held.hold_again();
    let registry = Arc::new(held.bench.registry);
    let again = tokio::spawn({
        let registry = Arc::clone(&registry);
        async move { registry.order(Order::Restart("a".into())).await }
    });
    let begun = held.bench.root.path().join("begun");
    until(|| std::fs::metadata(&begun).unwrap().len() >= 2).await;
    assert!(registry.order(Order::Stop("a".into())).await.unwrap().stopped);
    std::fs::remove_file(held.bench.root.path().join("hold")).unwrap();
    let error = again.await.unwrap().unwrap_err();
    assert!(
        matches!(&error, OrderError::Overtaken(plugin) if plugin == "a"),
        "{error}"
    );
    assert!(registry.current().stopped.contains_key("a"));
}

#[tokio::test]
async fn an_installation_that_is_overtaken_while_its_file_is_compiled_changes_nothing() {
    let held = Held::ready(&[]).await;
    let registry = &held.bench.registry;
    let overtaken = |result: Result<Ordered, OrderError>| {
        let error = result.unwrap_err();
        assert!(
            matches!(&error, OrderError::Overtaken(plugin) if plugin == "a"),
            "{error}"
        );
    };
    let two = plugin("a", "2");
    let meanwhile = async {
        held.begun(1).await;
        held.order(install(two.clone())).await;
        held.let_go();
    };
    let (slow, ()) = tokio::join!(registry.order(install(plugin("a", SLOW))), meanwhile);
    overtaken(slow);
    assert_eq!(held.bench.live(), live(&[("a", "2", "a.wasm")]));
    assert_eq!(std::fs::read(held.bench.at("a.wasm")).unwrap(), two);
    let now = registry.current();
    assert_eq!(
        now.locks.of("a").and_then(Lock::version),
        Some(&*now.plugins["a"].version)
    );

    std::fs::write(held.at("hold"), "").unwrap();
    let meanwhile = async {
        held.begun(2).await;
        held.order(Order::Delete("a".into())).await;
        held.let_go();
    };
    let another = plugin("a", &format!("{SLOW}-2"));
    let (slow, ()) = tokio::join!(registry.order(install(another)), meanwhile);
    overtaken(slow);
    assert!(held.bench.live().is_empty() && !held.bench.at("a.wasm").exists());
    assert!(registry.current().locks.all().is_empty());
}

#[tokio::test]
async fn a_restart_of_what_nobody_knows_does_not_wait_until_everything_is_compiled() {
    let held = Held::ready(&[]).await;
    held.bench.put("x.wasm", &plugin("x", SLOW));
    held.begun(1).await;
    // Nothing happens but that time passes.
    tokio::time::pause();
    let restart = held.bench.registry.order(Order::Restart("nobody".into()));
    let error = tokio::time::timeout(Duration::from_secs(60), restart).await.unwrap();
    assert!(matches!(error, Err(OrderError::NotYet(_))), "{error:?}");
}

#[tokio::test]
async fn a_file_that_was_never_loaded_is_not_overwritten_before_it_is_known_what_it_is() {
    let mut held = Held::ready(&[]).await;
    held.bench.put("b.wasm", &plugin("a", SLOW));
    held.begun(1).await;
    let error = held.bench.registry.order(install(plugin("b", "1"))).await.unwrap_err();
    assert!(error.to_string().contains("still being loaded"), "{error}");
    held.let_go();
    assert!(matches!(held.bench.report().await, Report::Loaded { plugin, .. } if plugin.name == "a"));
    assert_eq!(held.bench.live(), live(&[("a", SLOW, "b.wasm")]));
}

#[tokio::test]
async fn at_the_start_each_plugin_is_there_as_soon_as_it_is_compiled_and_ready_means_all() {
    let tea = component(&manifest("b", "1", &["tea"]));
    let mut held = Held::new(&[("a.wasm", &plugin("a", SLOW)), ("b.wasm", &tea)]);
    assert!(matches!(held.bench.report().await, Report::Loaded { plugin, .. } if plugin.name == "b"));
    let snapshot = held.bench.registry.current();
    assert!(!snapshot.complete && snapshot.plugins.contains_key("b"));
    held.begun(1).await;
    held.let_go();
    held.bench.registry.ready().await;
    let snapshot = held.bench.registry.current();
    assert!(snapshot.complete && snapshot.table.owners()["tea"] == "b");
    assert_eq!(held.bench.live(), live(&[("a", SLOW, "a.wasm"), ("b", "1", "b.wasm")]));
}

#[tokio::test]
async fn the_file_of_a_plugin_that_is_being_loaded_is_nobody_elses_to_overwrite() {
    let a = plugin("a", SLOW);
    let held = Held::new(&[("b.wasm", &a)]);
    held.let_go();
    held.bench.registry.ready().await;
    held.hold_again();
    held.bench.registry.shutdown().await;
    let held = Held {
        bench: held.bench.started_again(),
    };
    held.begun(2).await;
    let error = held.bench.registry.order(install(plugin("b", "1"))).await.unwrap_err();
    assert!(
        matches!(&error, OrderError::Taken { holder, .. } if holder == "a"),
        "{error}"
    );
    held.let_go();
    held.bench.registry.ready().await;
    assert_eq!(held.bench.live(), live(&[("a", SLOW, "b.wasm")]));
}

#[tokio::test]
async fn a_registry_that_ends_ends_its_compilations() {
    let held = Held::new(&[("a.wasm", &plugin("a", SLOW))]);
    held.begun(1).await;
    held.bench.registry.shutdown().await;
    let left = |dir: &Path| {
        let files = std::fs::read_dir(dir).unwrap();
        files.filter(|file| file.as_ref().unwrap().path().is_file()).count()
    };
    // What it wrote is gone with it.
    let compiled = held.at("compiled");
    until(|| left(&compiled) == 0).await;
}
