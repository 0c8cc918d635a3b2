//! Building with the real tools. The target folder stays from run to run, so that only the first one is slow.

use super::*;
use crate::registry::testing::engine;
use std::sync::Mutex;

struct Bench {
    dir: tempfile::TempDir,
}

const GOOD: &str = r#"
use moa_plugin::prelude::*;

/// Says hi.
#[command]
fn hi() -> String {
    "hi".into()
}

plugin!(hi);
"#;

impl Bench {
    fn new(with_sdk: bool) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let test = std::env::current_exe().unwrap();
        // The test lies in TARGET/PROFILE/deps.
        let target = test.ancestors().nth(3).unwrap().join("guests/toolchain");
        let sdk = root.join("plugin-sdk/rust");
        let sdk = if with_sdk {
            format!("moa-plugin = {{ path = {:?} }}", sdk.display())
        } else {
            String::new()
        };
        let bench = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        bench.write(
            ".cargo/config.toml",
            &format!("[build]\ntarget-dir = {:?}\n", target.display()),
        );
        bench.write("Cargo.toml", "[workspace]\nmembers = [\"greeter\"]\nresolver = \"3\"\n");
        std::fs::copy(root.join("plugins/Cargo.lock"), bench.path("Cargo.lock")).unwrap();
        std::fs::copy(root.join("rust-toolchain.toml"), bench.path("rust-toolchain.toml")).unwrap();
        bench.write("greeter/plugin.toml", "name = \"greeter\"\nlanguage = \"rust\"\n");
        bench.write(
            "greeter/Cargo.toml",
            &format!(
                "[package]\nname = \"greeter\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[lib]\ncrate-type = [\"cdylib\"]\n[dependencies]\n{sdk}\n"
            ),
        );
        bench.write("greeter/src/lib.rs", GOOD);
        bench
    }

    fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// What was written just now would count as written during the build.
    async fn let_it_age(&self) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }

    async fn build(&self) -> Result<Built, BuildError> {
        let mut results = build(&[self.dir.path().into()], &self.path("dist"), &engine(), &|_| {})
            .await
            .unwrap();
        assert_eq!(results.len(), 1);
        results.remove(0).outcome
    }
}

#[tokio::test]
async fn a_source_becomes_a_component_and_only_changes_are_built() {
    let bench = Bench::new(true);
    bench.let_it_age().await;
    let first = bench.build().await.unwrap();
    assert!(first.rebuilt && first.changed);
    assert_eq!(first.file, bench.path("dist/greeter.wasm").canonicalize().unwrap());
    let mode = std::fs::metadata(&first.file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o644);
    let report = super::super::check_file(&engine(), &first.file).await;
    assert!(report.runs, "{report}");
    assert_eq!(report.sha256.as_ref(), Some(&first.version));

    let second = bench.build().await.unwrap();
    assert!(
        !second.rebuilt && !second.changed && second.version == first.version,
        "{second:?}"
    );

    bench.write("greeter/src/lib.rs", &GOOD.replace("\"hi\"", "\"hello\""));
    bench.let_it_age().await;
    let third = bench.build().await.unwrap();
    assert!(third.rebuilt && third.changed && third.version != first.version);

    bench.write("greeter/README.md", "text");
    bench.let_it_age().await;
    let fourth = bench.build().await.unwrap();
    assert!(
        fourth.rebuilt && !fourth.changed,
        "the same component is not written again: {fourth:?}"
    );

    std::fs::remove_file(&third.file).unwrap();
    assert!(
        bench.build().await.unwrap().changed,
        "a component that is gone is made again"
    );

    bench.write("greeter/plugin.toml", "name = \"other\"\nlanguage = \"rust\"\n");
    let error = bench.build().await.unwrap_err();
    assert!(
        matches!(&error, BuildError::Name { wanted, found, .. } if wanted == "other" && found == "greeter"),
        "{error}"
    );
    assert!(!bench.path("dist/other.wasm").exists());
}

#[tokio::test]
async fn an_error_of_the_compiler_tells_file_line_and_column() {
    let bench = Bench::new(false);
    bench.write("greeter/src/lib.rs", "pub fn f() -> u32 {\n    \"no\"\n}\n");
    let seen = Mutex::new(Vec::new());
    let progress = |event: BuildEvent<'_>| {
        if let BuildEvent::Diagnostic { diagnostic, .. } = event {
            seen.lock().unwrap().push(diagnostic.clone());
        }
    };
    let results = build(&[bench.dir.path().into()], &bench.path("dist"), &engine(), &progress)
        .await
        .unwrap();
    let error = results[0].outcome.as_ref().unwrap_err();
    let BuildError::Compiler { diagnostics, .. } = error else {
        panic!("{error}")
    };
    assert_eq!(*seen.lock().unwrap(), *diagnostics);
    let one = &diagnostics[0];
    assert!(one.file.ends_with("src/lib.rs"), "{one:?}");
    assert_eq!((one.line, one.column, one.message.as_str()), (2, 5, "mismatched types"));
    assert!(
        error.to_string().contains("expected `u32`") && !error.to_string().contains('\u{1b}'),
        "{error}"
    );
    assert!(!bench.path("dist/greeter.wasm").exists());
}

#[tokio::test]
async fn what_is_no_plugin_is_refused_with_the_reason() {
    let bench = Bench::new(false);
    bench.write("greeter/src/lib.rs", "pub fn f() {}\n");
    let error = bench.build().await.unwrap_err();
    assert!(
        matches!(error, BuildError::Unusable(_)) && error.to_string().contains("moa:plugin/guest"),
        "{error}"
    );

    let manifest = std::fs::read_to_string(bench.path("greeter/Cargo.toml")).unwrap();
    bench.write("greeter/Cargo.toml", &manifest.replace("cdylib", "rlib"));
    let error = bench.build().await.unwrap_err();
    assert!(matches!(error, BuildError::NoComponent { .. }), "{error}");

    bench.write("greeter/Cargo.toml", "[package]\nname = 7\n");
    let error = bench.build().await.unwrap_err().to_string();
    assert!(
        error.contains("Cargo.toml"),
        "cargo's own words are the reason: {error}"
    );

    std::fs::remove_file(bench.path("greeter/Cargo.toml")).unwrap();
    let error = bench.build().await.unwrap_err();
    assert!(matches!(error, BuildError::NoCargoToml { .. }), "{error}");
}

#[tokio::test]
async fn where_nothing_can_be_built_the_reason_is_one_line() {
    let dir = tempfile::tempdir().unwrap();
    let error = build(&[dir.path().into()], &dir.path().join("dist"), &engine(), &|_| {})
        .await
        .unwrap_err();
    assert!(
        matches!(error, SetupError::Nothing(_)) && error.to_string().contains("plugin.toml"),
        "{error}"
    );
    std::fs::write(dir.path().join("plugin.toml"), "name = \"a\"\nlanguage = \"rust\"\n").unwrap();
    std::fs::write(dir.path().join("file"), "").unwrap();
    let error = build(&[dir.path().into()], &dir.path().join("file"), &engine(), &|_| {})
        .await
        .unwrap_err();
    assert!(
        matches!(error, SetupError::Out { .. }) && error.to_string().contains("--out"),
        "{error}"
    );
}

#[tokio::test]
async fn two_builds_into_one_folder_take_turns() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join(NOTES)).unwrap();
    let first = lock(dir.path(), dir.path(), &|_| {}).await.unwrap();
    let out = dir.path().to_owned();
    let (tell, waits) = std::sync::mpsc::channel();
    let second = tokio::spawn(async move {
        let tell = Mutex::new(tell);
        lock(&out, &out, &|event| {
            assert!(matches!(event, BuildEvent::Waiting { .. }));
            tell.lock().unwrap().send(()).unwrap();
        })
        .await
        .unwrap();
    });
    tokio::task::spawn_blocking(move || waits.recv().unwrap())
        .await
        .unwrap();
    assert!(!second.is_finished());
    drop(first);
    tokio::time::timeout(Duration::from_secs(30), second)
        .await
        .unwrap()
        .unwrap();
}
