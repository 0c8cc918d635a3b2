//! The folder itself, and what in it is no ordinary file: links, what cannot be read, very many.

use super::testing::{engine, plugin};
use super::tests::{Bench, live};
use super::*;
use std::os::unix::fs::symlink;
use std::path::Path;

#[tokio::test]
async fn a_link_can_be_swapped_and_its_target_changed() {
    let mut bench = Bench::new(&[]).await;
    for version in ["1", "2", "3"] {
        std::fs::write(bench.root.path().join(version), plugin("a", version)).unwrap();
    }
    symlink("../1", bench.at("a.wasm")).unwrap();
    assert!(matches!(bench.report().await, Report::Loaded { .. }));
    symlink("../2", bench.at("next")).unwrap();
    std::fs::rename(bench.at("next"), bench.at("a.wasm")).unwrap();
    assert!(matches!(bench.report().await, Report::Replaced { .. }));
    assert_eq!(bench.live(), live(&[("a", "2", "a.wasm")]));
    // Nothing happens in the folder itself: only looking finds this.
    std::fs::rename(bench.root.path().join("3"), bench.root.path().join("2")).unwrap();
    assert!(matches!(bench.report().await, Report::Replaced { .. }));
    assert_eq!(bench.live(), live(&[("a", "3", "a.wasm")]));
}

#[tokio::test]
async fn a_folder_that_vanishes_takes_nothing_away() {
    let mut bench = Bench::new(&[("a.wasm", &plugin("a", "1")), ("b.wasm", &plugin("b", "1"))]).await;
    bench.report().await;
    bench.report().await;
    let (folder, away) = (bench.root.path().join("plugins"), bench.root.path().join("away"));
    std::fs::rename(&folder, &away).unwrap();
    assert!(matches!(bench.report().await, Report::FolderGone { .. }));
    assert_eq!(bench.live().len(), 2);
    std::fs::create_dir(&folder).unwrap();
    std::fs::copy(away.join("a.wasm"), bench.at("a.wasm")).unwrap();
    assert!(matches!(bench.report().await, Report::FolderBack { .. }));
    assert!(matches!(bench.report().await, Report::Removed { name, .. } if name == "b"));
    assert_eq!(bench.live(), live(&[("a", "1", "a.wasm")]));
    // The new folder is watched like the old one.
    bench.put("c.wasm", &plugin("c", "1"));
    assert!(matches!(bench.report().await, Report::Loaded { .. }));

    // Removed with all that is in it, as an update may do it, it does not take that along either.
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(matches!(bench.report().await, Report::FolderGone { .. }));
    assert_eq!(bench.live().len(), 2);
    std::fs::rename(&away, &folder).unwrap();
    assert!(matches!(bench.report().await, Report::FolderBack { .. }));
    let told = [bench.report().await.to_string(), bench.report().await.to_string()].concat();
    assert!(told.contains("loaded b") && told.contains("removed c"), "{told}");
    assert_eq!(bench.live(), live(&[("a", "1", "a.wasm"), ("b", "1", "b.wasm")]));
}

#[tokio::test]
async fn a_folder_that_is_a_link_can_be_swapped() {
    let mut bench = Bench::new(&[("a.wasm", &plugin("a", "1"))]).await;
    bench.report().await;
    let at = |name: &str| bench.root.path().join(name);
    std::fs::rename(at("plugins"), at("one")).unwrap();
    symlink("one", at("plugins")).unwrap();
    std::fs::create_dir(at("two")).unwrap();
    std::fs::write(at("two/a.wasm"), plugin("a", "2")).unwrap();
    symlink("two", at("next")).unwrap();
    std::fs::rename(at("next"), at("plugins")).unwrap();
    // Whether the folder was seen to be gone in between or not, the plugin never was.
    while bench.live() != live(&[("a", "2", "a.wasm")]) {
        let report = bench.report().await;
        assert!(
            !matches!(report, Report::Removed { .. } | Report::Failed(_)),
            "{report}"
        );
    }
}

#[tokio::test]
async fn a_file_that_the_system_cannot_read_changes_nothing() {
    let good = plugin("a", "1");
    let mut bench = Bench::new(&[("a.wasm", &good)]).await;
    bench.report().await;
    // Opens, even for root, and cannot be read: nothing is mapped at address 0. A link to itself does not even open.
    for target in ["/proc/self/mem", "a.wasm"] {
        symlink(target, bench.at("next")).unwrap();
        std::fs::rename(bench.at("next"), bench.at("a.wasm")).unwrap();
        let Report::Failed(problem) = bench.report().await else {
            panic!("{target} is no plugin")
        };
        assert_eq!(problem.stage, Stage::Read, "{problem}");
        assert!(
            problem.reason.contains("cannot be read") && problem.serving.is_some(),
            "{problem}"
        );
        assert_eq!(bench.live(), live(&[("a", "1", "a.wasm")]));
        bench.put("a.wasm", &good);
        assert!(matches!(bench.report().await, Report::Mended { .. }));
    }
}

#[tokio::test]
async fn many_files_at_once_are_all_loaded() {
    let mut bench = Bench::new(&[]).await;
    for n in 0..500 {
        bench.copy(&format!("p{n}.wasm"), &plugin(&format!("p{n}"), "1"));
    }
    for _ in 0..500 {
        let report = bench.report().await;
        assert!(matches!(report, Report::Loaded { .. }), "{report}");
    }
    assert_eq!(bench.live().len(), 500);
}

#[tokio::test]
async fn folders_that_cannot_be_made_are_readable_errors() {
    let root = tempfile::tempdir().unwrap();
    std::fs::write(root.path().join("file"), "").unwrap();
    let start = |dir: &Path, cache: &Path| {
        let error = Registry::start(Parts {
            engine: engine(),
            dir: dir.into(),
            cache_dir: cache.into(),
            compiler: Compiler::InProcess,
            room: usize::MAX,
            limits: Arc::new(|_| Limits::default()),
            config: Arc::new(|_| Arc::default()),
            aliases: BTreeMap::new(),
            store: Arc::new(moa_store::MemoryStore::new(moa_store::SystemClock)),
            reports: mpsc::unbounded_channel().0,
        });
        error.err().unwrap().to_string()
    };
    let (file, good) = (root.path().join("file"), root.path().join("good"));
    assert!(start(&file.join("x"), &good).contains("plugins.dir"));
    assert!(start(&good, &file.join("x")).contains("bot.data-dir"));
}

#[tokio::test]
async fn a_plugin_for_which_there_is_no_room_waits_until_another_one_goes() {
    let of = |name| plugin(name, "1");
    let mut bench = Bench::with_room(&[("a.wasm", &of("a")), ("b.wasm", &of("b")), ("c.wasm", &of("c"))], 2).await;
    let two = live(&[("a", "1", "a.wasm"), ("b", "1", "b.wasm")]);
    assert_eq!(bench.live(), two);
    let [problem] = &bench.registry.current().problems[..] else {
        panic!("{:?}", bench.registry.current().problems)
    };
    assert_eq!((problem.stage, &problem.path), (Stage::Load, &bench.at("c.wasm")));
    assert!(problem.reason.contains("hard limit of open files"), "{problem}");
    let order = Order::Install(Package {
        bytes: of("d"),
        source: None,
        digest: None,
    });
    let refused = bench.registry.order(order).await.unwrap_err().to_string();
    assert!(refused.contains("hard limit of open files"), "{refused}");
    assert_eq!(bench.live(), two);

    // What is there already can change: its content, and its file's name.
    bench.told();
    bench.put("a.wasm", &plugin("a", "2"));
    assert!(matches!(bench.report().await, Report::Replaced { .. }));
    std::fs::rename(bench.at("a.wasm"), bench.at("d.wasm")).unwrap();
    assert!(matches!(bench.report().await, Report::Moved { .. }));
    assert_eq!(bench.live(), live(&[("a", "2", "d.wasm"), ("b", "1", "b.wasm")]));

    std::fs::remove_file(bench.at("b.wasm")).unwrap();
    let (one, two) = (bench.report().await, bench.report().await);
    assert!(matches!(&one, Report::Removed { name, .. } if name == "b"), "{one}");
    assert!(
        matches!(&two, Report::Loaded { plugin, .. } if plugin.name == "c"),
        "{two}"
    );
    assert!(bench.registry.current().problems.is_empty());
}
