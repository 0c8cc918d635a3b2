//! The registry with real files and real components.

use super::testing::{component, engine, looping_component, manifest, plugin};
use super::*;
use std::os::unix::fs::symlink;
use std::time::Duration;

/// A folder that is watched, and what the registry told.
pub(super) struct Bench {
    pub(super) root: tempfile::TempDir,
    store: Arc<dyn Store>,
    pub(super) registry: Registry,
    reports: mpsc::UnboundedReceiver<Report>,
    room: usize,
    compiler: Compiler,
}

/// Files that are there before the registry starts.
pub(super) type Before<'a> = &'a [(&'a str, &'a [u8])];

impl Bench {
    pub(super) async fn new(before: Before<'_>) -> Self {
        Self::with_room(before, usize::MAX).await
    }

    /// With room for so many plugins.
    pub(super) async fn with_room(before: Before<'_>, room: usize) -> Self {
        let bench = Self::start(Self::root(before), Self::store(), room, Compiler::InProcess);
        bench.registry.ready().await;
        bench
    }

    /// With files, for a registry that compiles with this, and may not be ready yet.
    pub(super) fn compiled_by(root: tempfile::TempDir, compiler: Compiler) -> Self {
        Self::start(root, Self::store(), usize::MAX, compiler)
    }

    pub(super) fn root(before: Before<'_>) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("plugins")).unwrap();
        for (name, content) in before {
            std::fs::write(root.path().join("plugins").join(name), content).unwrap();
        }
        root
    }

    fn store() -> Arc<dyn Store> {
        Arc::new(moa_store::MemoryStore::new(moa_store::SystemClock))
    }

    fn start(root: tempfile::TempDir, store: Arc<dyn Store>, room: usize, compiler: Compiler) -> Self {
        let (told, reports) = mpsc::unbounded_channel();
        let limits = Limits {
            cpu: Duration::from_millis(500),
            ..Limits::default()
        };
        let locks = Locks::read(&root.path().join("plugins.lock")).unwrap();
        let parts = Parts {
            engine: engine(),
            dir: root.path().join("plugins"),
            cache_dir: root.path().join("compiled"),
            compiler: compiler.clone(),
            room,
            limits: Arc::new(move |_| limits.clone()),
            config: Arc::new(|_| Arc::default()),
            aliases: BTreeMap::new(),
            store: Arc::clone(&store),
            reports: told,
        };
        let registry = Registry::with(parts, locks, Visit::Stay).unwrap();
        Self {
            root,
            store,
            registry,
            reports,
            room,
            compiler,
        }
    }

    pub(super) async fn restart(self) -> Self {
        self.registry.shutdown().await;
        let bench = self.started_again();
        bench.registry.ready().await;
        bench
    }

    /// After a shutdown; not ready yet.
    pub(super) fn started_again(self) -> Self {
        Self::start(self.root, self.store, self.room, self.compiler)
    }

    pub(super) fn at(&self, name: &str) -> PathBuf {
        self.root.path().join("plugins").join(name)
    }

    /// As a careful tool does it: elsewhere first, then in one step.
    pub(super) fn put(&self, name: &str, content: &[u8]) {
        let new = self.root.path().join("new");
        std::fs::write(&new, content).unwrap();
        std::fs::rename(new, self.at(name)).unwrap();
    }

    /// As `cp` does it: over what is there.
    pub(super) fn copy(&self, name: &str, content: &[u8]) {
        std::fs::write(self.at(name), content).unwrap();
    }

    pub(super) async fn report(&mut self) -> Report {
        tokio::time::timeout(Duration::from_secs(60), self.reports.recv())
            .await
            .unwrap()
            .unwrap()
    }

    /// What the registry told so far.
    pub(super) fn told(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.reports.try_recv().ok())
            .map(|report| report.to_string())
            .collect()
    }

    /// Name, manifest version and file of what is live.
    pub(super) fn live(&self) -> Vec<(String, String, String)> {
        let snapshot = self.registry.current();
        let shown = |plugin: &Arc<Loaded>| {
            let file = plugin.path.file_name().unwrap().to_string_lossy().into_owned();
            (plugin.name.clone(), plugin.manifest.version.clone(), file)
        };
        snapshot.plugins.values().map(shown).collect()
    }
}

pub(super) fn live(plugins: &[(&str, &str, &str)]) -> Vec<(String, String, String)> {
    plugins
        .iter()
        .map(|(name, version, file)| ((*name).into(), (*version).into(), (*file).into()))
        .collect()
}

#[tokio::test]
async fn what_is_there_at_the_start_is_live_when_ready() {
    let mut bench = Bench::new(&[("a.wasm", &plugin("a", "1")), ("notes.txt", b"x")]).await;
    assert_eq!(bench.live(), live(&[("a", "1", "a.wasm")]));
    assert!(bench.registry.current().complete);
    assert!(matches!(bench.report().await, Report::Loaded { plugin, .. } if plugin.name == "a"));
    let empty = Bench::new(&[]).await;
    assert!(empty.registry.current().complete && empty.live().is_empty());
}

#[tokio::test]
async fn a_file_is_dropped_replaced_and_deleted() {
    let mut bench = Bench::new(&[]).await;
    bench.copy("a.wasm", &plugin("a", "1"));
    assert!(matches!(bench.report().await, Report::Loaded { .. }));
    assert_eq!(bench.live(), live(&[("a", "1", "a.wasm")]));
    let old = bench.registry.current();

    bench.put("a.wasm", &plugin("a", "2"));
    let report = bench.report().await;
    assert!(
        matches!(&report, Report::Replaced { before, .. } if *before == old.plugins["a"].version),
        "{report}"
    );
    assert_eq!(bench.live(), live(&[("a", "2", "a.wasm")]));
    // A call that holds the old version goes on with it.
    let text = old.plugins["a"].plugin.describe(&Limits::default()).await.unwrap();
    assert!(text.contains("\"1\""), "{text}");

    std::fs::remove_file(bench.at("a.wasm")).unwrap();
    assert!(matches!(bench.report().await, Report::Removed { name, .. } if name == "a"));
    assert_eq!(bench.live(), []);
}

#[tokio::test]
async fn a_broken_file_changes_nothing_and_is_told_once() {
    let good = plugin("a", "1");
    let mut bench = Bench::new(&[("a.wasm", &good)]).await;
    bench.report().await;
    bench.copy("a.wasm", b"junk");
    let Report::Failed(problem) = bench.report().await else {
        panic!()
    };
    let version = bench.registry.current().plugins["a"].version.clone();
    assert_eq!((problem.stage, &problem.serving), (Stage::Inspect, &Some(version)));
    assert_eq!(bench.registry.current().problems, [problem]);
    assert_eq!(bench.live(), live(&[("a", "1", "a.wasm")]));

    // The same again is no news; that it was looked at again shows by the file that comes after it.
    bench.copy("a.wasm", b"junk");
    bench.copy("b.wasm", &plugin("b", "1"));
    assert!(matches!(bench.report().await, Report::Loaded { plugin, .. } if plugin.name == "b"));

    bench.put("a.wasm", &good);
    assert!(matches!(bench.report().await, Report::Mended { plugin } if plugin.name == "a"));
    assert!(bench.registry.current().problems.is_empty());
}

#[tokio::test]
async fn every_stage_can_fail_and_says_so() {
    let mut bench = Bench::new(&[]).await;
    let module = wat::parse_str("(module)").unwrap();
    let other_world = wat::parse_str("(component)").unwrap();
    let mut invalid = plugin("a", "1");
    let at = invalid.windows(2).rposition(|bytes| bytes == [0x41, 0x00]).unwrap();
    // `i32.const 0` becomes `i64.const 0`: names are right, types are not.
    invalid[at] = 0x42;
    for (content, stage, says) in [
        (b"junk".to_vec(), Stage::Inspect, "moa build"),
        (module, Stage::Inspect, "core WebAssembly module"),
        (other_world, Stage::Inspect, "moa:plugin/guest"),
        (invalid, Stage::Compile, "type mismatch"),
        (looping_component(), Stage::Describe, "limit"),
        (component("not json"), Stage::Manifest, "JSON"),
        (component("{\"name\": \"Not A Name\"}"), Stage::Manifest, "name"),
    ] {
        bench.put("a.wasm", &content);
        let report = bench.report().await;
        let Report::Failed(problem) = report else {
            panic!("{report}")
        };
        assert_eq!(problem.stage, stage, "{problem}");
        assert!(problem.reason.contains(says) && problem.serving.is_none(), "{problem}");
    }
    std::fs::remove_file(bench.at("a.wasm")).unwrap();
    symlink("nowhere", bench.at("b.wasm")).unwrap();
    let Report::Failed(problem) = bench.report().await else {
        panic!()
    };
    assert_eq!((problem.stage, problem.path), (Stage::Read, bench.at("b.wasm")));
}

#[tokio::test]
async fn a_file_that_is_still_being_written_is_not_complained_about() {
    let mut bench = Bench::new(&[]).await;
    let content = plugin("slow", "1");
    // Longer than the registry waits at the most.
    for part in 1..30 {
        bench.copy("slow.wasm", &content[..content.len() * part / 30]);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    bench.copy("slow.wasm", &content);
    let report = bench.report().await;
    assert!(matches!(report, Report::Loaded { .. }), "{report}");
}

#[tokio::test]
async fn a_renamed_file_stays_the_same_plugin() {
    let mut bench = Bench::new(&[("a.wasm", &plugin("a", "1"))]).await;
    let since = bench.registry.current().plugins["a"].since;
    bench.report().await;
    std::fs::rename(bench.at("a.wasm"), bench.at("b.wasm")).unwrap();
    let report = bench.report().await;
    assert!(
        matches!(&report, Report::Moved { from, .. } if *from == bench.at("a.wasm")),
        "{report}"
    );
    assert_eq!(bench.live(), live(&[("a", "1", "b.wasm")]));
    assert_eq!(bench.registry.current().plugins["a"].since, since);
    // A new version under a new file name is a replacement as well.
    let new = bench.root.path().join("new");
    std::fs::write(&new, plugin("a", "2")).unwrap();
    std::fs::rename(bench.at("b.wasm"), bench.root.path().join("away")).unwrap();
    std::fs::rename(new, bench.at("c.wasm")).unwrap();
    let report = bench.report().await;
    assert!(matches!(report, Report::Replaced { .. }), "{report}");
    assert_eq!(bench.live(), live(&[("a", "2", "c.wasm")]));
    assert_eq!(bench.told(), [""; 0]);
}

#[tokio::test]
async fn a_file_that_becomes_another_plugin_takes_the_old_one_away() {
    let mut bench = Bench::new(&[("a.wasm", &plugin("a", "1"))]).await;
    bench.report().await;
    bench.put("a.wasm", &plugin("b", "1"));
    let (one, two) = (bench.report().await, bench.report().await);
    assert!(
        matches!(&one, Report::Loaded { plugin, .. } if plugin.name == "b"),
        "{one}"
    );
    assert!(matches!(&two, Report::Removed { name, .. } if name == "a"), "{two}");
    assert_eq!(bench.live(), live(&[("b", "1", "a.wasm")]));
}

#[tokio::test]
async fn the_second_file_of_a_name_waits_for_the_first_to_go() {
    let mut bench = Bench::new(&[("b.wasm", &plugin("x", "1"))]).await;
    bench.report().await;
    bench.put("a.wasm", &plugin("x", "2"));
    let report = bench.report().await;
    let Report::DuplicateName { name, kept, refused } = &report else {
        panic!("{report}")
    };
    assert_eq!(
        (name.as_str(), kept, refused),
        ("x", &bench.at("b.wasm"), &bench.at("a.wasm"))
    );
    assert_eq!(bench.registry.current().problems[0].stage, Stage::Name);

    // The incumbent is the incumbent after a restart too, though the other comes first by name.
    let mut bench = bench.restart().await;
    assert_eq!(bench.live(), live(&[("x", "1", "b.wasm")]));
    bench.told();

    std::fs::remove_file(bench.at("b.wasm")).unwrap();
    let (one, two) = (bench.report().await, bench.report().await);
    assert!(matches!(one, Report::Removed { .. }), "{one}");
    assert!(matches!(two, Report::Loaded { .. }), "{two}");
    assert_eq!(bench.live(), live(&[("x", "2", "a.wasm")]));
}

#[tokio::test]
async fn two_files_can_be_exchanged() {
    let (a, b) = (plugin("a", "1"), plugin("b", "1"));
    let bench = Bench::new(&[("a.wasm", &a), ("b.wasm", &b)]).await;
    bench.put("a.wasm", &b);
    bench.put("b.wasm", &a);
    let expected = live(&[("a", "1", "b.wasm"), ("b", "1", "a.wasm")]);
    for _ in 0..600 {
        if bench.live() == expected {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{:?}", bench.live());
}

#[tokio::test]
async fn damaged_code_in_the_cache_is_made_again() {
    let mut bench = Bench::new(&[("a.wasm", &plugin("a", "1"))]).await;
    bench.report().await;
    let code = |bench: &Bench| {
        let files = std::fs::read_dir(bench.root.path().join("compiled")).unwrap();
        let mut code = files
            .map(|file| file.unwrap().path())
            .filter(|file| file.extension().is_some_and(|of| of == "cwasm"));
        (code.next().unwrap(), code.next())
    };
    let (file, None) = code(&bench) else {
        panic!("one plugin, one file")
    };
    bench.registry.shutdown().await;
    let whole = std::fs::read(&file).unwrap();
    let mut flipped = whole.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    std::fs::write(&file, &flipped).unwrap();
    let bench = bench.restart().await;
    assert_eq!(bench.live(), live(&[("a", "1", "a.wasm")]));
    assert_eq!(std::fs::read(&file).unwrap(), whole);

    // Nor is code that would run, but is another plugin's.
    let other = Bench::new(&[("b.wasm", &plugin("b", "1"))]).await;
    let (foreign, None) = code(&other) else {
        panic!("one plugin, one file")
    };
    std::fs::copy(foreign, &file).unwrap();
    let bench = bench.restart().await;
    assert_eq!(bench.live(), live(&[("a", "1", "a.wasm")]));
    let described = bench.registry.current().plugins["a"]
        .plugin
        .describe(&Limits::default())
        .await;
    assert!(described.unwrap().contains("\"a\""));
    assert_eq!(std::fs::read(&file).unwrap(), whole);

    // Whole code is taken as it is: nothing compiles, so the file stays the same one.
    let modified = std::fs::metadata(&file).unwrap().modified().unwrap();
    let bench = bench.restart().await;
    assert_eq!(bench.live().len(), 1);
    assert_eq!(std::fs::metadata(&file).unwrap().modified().unwrap(), modified);
}

#[tokio::test]
async fn a_word_stays_with_its_owner_over_a_restart_and_a_broken_file() {
    let lunch = |name: &str, version: &str| component(&manifest(name, version, &["lunch"]));
    let mut bench = Bench::new(&[("z.wasm", &lunch("z", "1"))]).await;
    bench.report().await;
    bench.put("a.wasm", &lunch("a", "1"));
    let (one, two) = (bench.report().await, bench.report().await);
    assert!(matches!(one, Report::Loaded { .. }), "{one}");
    let Report::Conflict { word, kept, refused } = &two else {
        panic!("{two}")
    };
    assert_eq!((word.as_str(), kept.as_str(), refused.as_str()), ("lunch", "z", "a"));

    let owner = |bench: &Bench| bench.registry.current().table.owners()["lunch"].clone();
    let bench = bench.restart().await;
    assert_eq!(owner(&bench), "z");
    bench.copy("z.wasm", b"broken");
    let bench = bench.restart().await;
    assert_eq!(owner(&bench), "a", "somebody stands in");
    bench.put("z.wasm", &lunch("z", "2"));
    let mut bench = bench.restart().await;
    assert_eq!(owner(&bench), "z", "and gives the word back");
    bench.told();
    std::fs::remove_file(bench.at("z.wasm")).unwrap();
    assert!(matches!(bench.report().await, Report::Removed { .. }));
    bench.put("z.wasm", &lunch("z", "3"));
    assert!(matches!(bench.report().await, Report::Loaded { .. }));
    assert_eq!(owner(&bench), "a", "who was removed has no claim");
}

#[tokio::test]
async fn a_version_that_was_replaced_can_still_be_had() {
    let (old, new) = (plugin("a", "1"), plugin("a", "2"));
    let mut bench = Bench::new(&[("a.wasm", &old)]).await;
    let first = bench.registry.current().plugins["a"].version.clone();
    bench.put("a.wasm", &new);
    while bench.live() != live(&[("a", "2", "a.wasm")]) {
        bench.report().await;
    }
    // Also by the next host, and without compiled code: a newer engine has none.
    let compiled = bench.root.path().join("compiled");
    for file in std::fs::read_dir(&compiled).unwrap() {
        let file = file.unwrap().path();
        if file.is_file() {
            std::fs::remove_file(file).unwrap();
        }
    }
    let bench = bench.restart().await;
    let limits = Limits::default();
    let serving = bench.registry.current().plugins["a"].version.clone();
    let same = bench.registry.version("a", &serving, &limits).await.unwrap();
    assert!(Arc::ptr_eq(&same, &bench.registry.current().plugins["a"]));
    let old = bench.registry.version("a", &first, &limits).await.unwrap();
    assert_eq!((old.name.as_str(), old.manifest.version.as_str()), ("a", "1"));

    let kept = compiled.join("versions").join(format!("{first}.wasm"));
    std::fs::write(&kept, &new).unwrap();
    let damaged = bench.registry.version("a", &first, &limits).await.unwrap_err();
    assert!(matches!(damaged, VersionError::Gone { .. }), "{damaged}");
}
