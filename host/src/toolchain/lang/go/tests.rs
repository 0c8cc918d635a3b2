//! Building with the real compiler. Where the machine has none, tests that need it say so and pass; with
//! `MOA_TEST_REQUIRE=all` it is fetched.

use super::*;
use crate::registry::testing::engine;
use crate::toolchain::build::{self, Built, build};
use crate::toolchain::new::{Sdk, create};
use std::time::Duration;

const HI: &str = "package main\n\nimport \"moa\"\n\nfunc init() { moa.Command(\"hi\", hi) }\n\nfunc hi(*moa.Context, moa.None) (string, error) { return \"hi\", nil }\n\nfunc main() {}\n";

struct Bench(tempfile::TempDir);

impl Bench {
    /// `None` without Go: there is nothing to be tried then.
    async fn new() -> Option<Self> {
        let required = std::env::var("MOA_TEST_REQUIRE").is_ok_and(|what| what == "all");
        if let (false, Err(reason)) = (required, version_of(OsStr::new("go")).await) {
            eprintln!("skipped: go cannot be used ({reason})");
            return None;
        }
        let bench = Self(tempfile::tempdir().unwrap());
        create(&bench.folder(), Language::Go, &Sdk::Git).unwrap();
        Some(bench)
    }

    fn folder(&self) -> PathBuf {
        self.0.path().join("demo")
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder().join(name), text).unwrap();
    }

    async fn build(&self) -> Result<Built, BuildError> {
        // What was written just now would count as written during the build.
        tokio::time::sleep(Duration::from_millis(20)).await;
        let out = self.0.path().join("dist");
        let mut results = build(&[self.folder()], &out, &engine(), &|_| {}).await.unwrap();
        results.remove(0).outcome
    }

    /// File, line and all that is said of each error.
    async fn errors(&self) -> Vec<(String, u32, String)> {
        match self.build().await.unwrap_err() {
            build::BuildError::Compiler { diagnostics, .. } => diagnostics
                .into_iter()
                .map(|one| (one.file.clone(), one.line, one.plain()))
                .collect(),
            other => panic!("{other}"),
        }
    }
}

#[tokio::test]
async fn a_new_plugin_builds_and_then_not_again_until_something_changes() {
    let Some(bench) = Bench::new().await else { return };
    let first = bench.build().await.unwrap();
    assert!(first.rebuilt);
    let second = bench.build().await.unwrap();
    assert!(!second.rebuilt);
    assert_eq!(second.version, first.version);
    bench.write("plugin.go", HI);
    let third = bench.build().await.unwrap();
    assert!(third.rebuilt && third.changed);
}

#[tokio::test]
async fn errors_name_file_and_line_and_what_to_do_instead() {
    let Some(bench) = Bench::new().await else { return };
    bench.write("more.go", "package main\n\nfunc f() int {\n\treturn \"one\" + x\n}\n");
    let found = bench.errors().await;
    assert_eq!((found[0].0.as_str(), found[0].1), ("more.go", 4), "{found:?}");
    assert!(found.iter().any(|one| one.2.contains("undefined: x")), "{found:?}");

    bench.write(
        "more.go",
        "package main\n\nimport (\n\t\"net/http\"\n\t\"os\"\n)\n\nvar page, _ = http.Get(\"https://example.com\")\nvar menu, _ = os.ReadFile(\"menu.txt\")\n",
    );
    let found = bench.errors().await;
    let places: Vec<_> = found.iter().map(|one| (one.0.as_str(), one.1)).collect();
    assert_eq!(places, [("more.go", 4), ("more.go", 9)]);
    assert!(
        found[0].2.contains("moa.Fetch") && found[1].2.contains("ctx.Brain()"),
        "{found:?}"
    );

    bench.write("more.go", "package main\n\n// #include <stdio.h>\nimport \"C\"\n");
    let found = bench.errors().await;
    assert!(
        found[0].1 == 4 && found[0].2.contains("no C in the sandbox"),
        "{found:?}"
    );

    bench.write("more.go", "package main\n\nimport \"nowhere/none\"\n\nvar _ = none.X\n");
    let found = bench.errors().await;
    assert!(found[0].1 == 3 && found[0].2.contains("nowhere/none"), "{found:?}");
    std::fs::remove_file(bench.folder().join("more.go")).unwrap();

    std::fs::remove_file(bench.folder().join("go.mod")).unwrap();
    let found = bench.errors().await;
    assert!(
        found[0].0 == "go.mod" && found[0].2.contains("replace moa => ./.moa/sdk"),
        "{found:?}"
    );
}

#[tokio::test]
async fn a_mistake_in_the_plugins_own_declaration_is_told_when_it_is_built() {
    let Some(bench) = Bench::new().await else { return };
    bench.write("plugin.go", &HI.replace("moa.None", "struct{ Size complex64 }"));
    let error = bench.build().await.unwrap_err().to_string();
    assert!(error.contains("people cannot type a complex64"), "{error}");
}

#[tokio::test]
async fn the_sdks_own_tests_pass() {
    let Some(bench) = Bench::new().await else { return };
    let sources = crate::toolchain::find_sources(&bench.folder()).unwrap();
    let job = Job {
        source: &sources[0],
        lines: false,
        progress: &|_| {},
    };
    let program = find(&job).await.unwrap().program;
    let sdk = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugin-sdk/go");
    for (folder, what) in [(sdk, "./..."), (bench.folder(), ".")] {
        let mut go = process::command(&program, &folder);
        let output = go
            .args(["test", "-count=1", what])
            .envs([("GOTOOLCHAIN", "local"), ("GOFLAGS", "-mod=mod"), ("GOWORK", "off")])
            .env("GOCACHE", provide::cache().unwrap().join("go-build"))
            .output()
            .await
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success(),
            "{said}{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

#[tokio::test]
async fn a_missing_or_old_go_is_told_with_the_way_to_get_it() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let fake = |version: &str| {
        let path = dir.path().join(format!("go-{version}"));
        std::fs::write(&path, format!("#!/bin/sh\necho go version {version} linux/amd64\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    };
    let old = version_of(fake("go1.19.8").as_os_str()).await.unwrap_err();
    assert_eq!(old, "it is of version 1.19");
    let strange = version_of(fake("devel").as_os_str()).await.unwrap_err();
    assert!(strange.contains("does not tell its version"), "{strange}");
    assert_eq!(version_of(fake("go1.24").as_os_str()).await.unwrap().version, "1.24");
    assert_eq!(
        version_of(fake("go1.28rc1").as_os_str()).await.unwrap().version,
        "1.28rc1"
    );
    let missing = version_of(dir.path().join("go").as_os_str()).await.unwrap_err();
    let told = no_go(missing).to_string();
    assert!(
        told.contains("go cannot be used") && told.contains("https://go.dev/dl"),
        "{told}"
    );
}

#[test]
fn the_whole_sdk_is_part_of_it() {
    fn walk(folder: &Path, root: &Path, found: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, root, found);
                continue;
            }
            let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
            if !name.ends_with("_test.go") && !name.ends_with(".md") {
                found.insert(name);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugin-sdk/go");
    let mut there = BTreeSet::new();
    walk(&root, &root, &mut there);
    assert_eq!(there, SDK.iter().map(|(path, _)| (*path).to_owned()).collect());
}

#[test]
fn the_compilers_messages_are_read() {
    let text = "# demo\n./plugin.go:12:5: cannot use x\n\thave (int)\n\twant (string)\nnote: something\nplugin.go:3:8: no required module provides package a.b/c; to add it:\n";
    let found = complaints(text);
    let places: Vec<_> = found
        .iter()
        .map(|one| (one.file.as_str(), one.line, one.column))
        .collect();
    assert_eq!(places, [("plugin.go", 12, 5), ("plugin.go", 3, 8)]);
    assert!(found[0].rendered.contains("want (string)"));
    assert!(found[1].plain().contains("go get"));
}

#[test]
fn only_outermost_folders_count() {
    let folders = ["/a", "/a/b", "/c"].map(PathBuf::from);
    assert_eq!(outermost(folders.into_iter()), ["/a", "/c"].map(PathBuf::from).into());
}
