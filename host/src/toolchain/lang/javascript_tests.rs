//! Building with the real tools, where there is Node.js and its registry or what was fetched before.

use super::*;
use crate::registry::testing::engine;
use crate::toolchain::build::{Built, build};
use crate::toolchain::diagnostic::Severity;
use std::process::Command;
use std::time::Duration;

/// Whether what is missing fails the test instead of skipping it.
fn is_required() -> bool {
    std::env::var("MOA_TEST_REQUIRE").is_ok_and(|value| value == "all")
}

struct Bench {
    dir: tempfile::TempDir,
}

const GOOD: &str = "import { command } from \"moa\";\n\ncommand({ name: \"hi\" }, () => \"hi\");\n";

impl Bench {
    fn new(language: Language, text: &str) -> Self {
        let bench = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        bench.write("plugin.toml", &format!("name = \"demo\"\nlanguage = \"{language}\"\n"));
        bench.write(language.entry(), text);
        bench
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// What comes of it; `None` where the tools can't be had, which is told.
    async fn build(&self) -> Option<Result<Built, BuildError>> {
        // What was written just now would count as written during the build.
        tokio::time::sleep(Duration::from_millis(20)).await;
        let dir = self.dir.path();
        let mut results = build(&[dir.into()], &dir.join("dist"), &engine(), &|_| {})
            .await
            .unwrap();
        match results.remove(0).outcome {
            Err(error @ (BuildError::NoTool { .. } | BuildError::Fetch { .. })) if !is_required() => {
                eprintln!("skipped: {error}");
                None
            }
            outcome => Some(outcome),
        }
    }

    /// The errors of a build that must fail: file, line, and what it says.
    async fn errors(&self) -> Option<Vec<(String, u32, String)>> {
        let BuildError::Compiler { diagnostics, .. } = self.build().await?.unwrap_err() else {
            panic!("the sources are wrong, and nothing says so");
        };
        let errors = diagnostics.into_iter().filter(|one| one.severity == Severity::Error);
        Some(errors.map(|one| (one.file, one.line, one.message)).collect())
    }
}

#[tokio::test]
async fn an_unchanged_project_is_not_built_again() {
    let bench = Bench::new(Language::JavaScript, GOOD);
    let Some(first) = bench.build().await else { return };
    assert!(first.unwrap().rebuilt);
    assert!(!bench.build().await.unwrap().unwrap().rebuilt);
    bench.write("words.js", "export const word = \"ho\";\n");
    bench.write(
        "plugin.js",
        &format!("import {{ word }} from \"./words.js\";\n{GOOD}command({{ name: \"ho\" }}, async () => word);\n"),
    );
    let second = bench.build().await.unwrap().unwrap();
    assert!(second.rebuilt && second.changed);
}

#[tokio::test]
async fn an_unchanged_project_gets_its_sdk_back() {
    let bench = Bench::new(Language::JavaScript, GOOD);
    let Some(first) = bench.build().await else { return };
    first.unwrap();
    std::fs::remove_dir_all(bench.dir.path().join(".moa")).unwrap();
    assert!(!bench.build().await.unwrap().unwrap().rebuilt);
    assert!(bench.dir.path().join(".moa/sdk/types/moa.d.ts").is_file());
}

#[tokio::test]
async fn a_package_json_that_is_none_has_file_and_line() {
    let bench = Bench::new(Language::JavaScript, GOOD);
    bench.write("package.json", "{\n  \"dependencies\": {},\n}\n");
    let Some(errors) = bench.errors().await else { return };
    let (file, line, message) = errors.first().unwrap();
    assert_eq!((file.as_str(), *line), ("package.json", 3), "{message}");
    assert!(message.contains("this is no JSON"), "{message}");
}

#[tokio::test]
async fn syntax_errors_have_file_and_line() {
    let bench = Bench::new(
        Language::JavaScript,
        "import { command } from \"moa\";\n\ncommand({ name: \"hi\" };\n",
    );
    let Some(errors) = bench.errors().await else { return };
    let (file, line, message) = errors.first().unwrap();
    assert_eq!((file.as_str(), *line), ("plugin.js", 3), "{message}");
    assert!(message.contains("Expected \")\""), "{message}");
}

#[tokio::test]
async fn type_errors_have_file_and_line() {
    let text = "import { arg, command } from \"moa\";\n\ncommand({ name: \"n\", args: { n: arg.int().optional() } }, (_, { n }) => {\n  const text: string = n;\n  return text;\n});\n";
    let bench = Bench::new(Language::TypeScript, text);
    let Some(errors) = bench.errors().await else { return };
    assert_eq!(errors.len(), 1, "{errors:?}");
    let (file, line, message) = errors.first().unwrap();
    assert_eq!((file.as_str(), *line), ("plugin.ts", 4), "{message}");
    assert!(message.contains("number | undefined"), "{message}");
}

#[tokio::test]
async fn imports_that_cannot_work_say_what_to_do_instead() {
    for (import, says) in [
        ("node:fs", "brain"),
        ("http", "http.fetch"),
        ("child_process", "http.fetch"),
        ("worker_threads", "schedule"),
        ("node:os", "configuration"),
        ("node:diagnostics_channel", "npm install diagnostics_channel"),
        ("./native.node", "JavaScript alone"),
        ("nowhere", "Could not resolve"),
        ("moa/testing", "for tests alone"),
    ] {
        let bench = Bench::new(
            Language::JavaScript,
            &format!("{GOOD}import it from \"{import}\";\nit();\n"),
        );
        let Some(errors) = bench.errors().await else { return };
        let (file, line, message) = errors.first().unwrap();
        assert_eq!((file.as_str(), *line), ("plugin.js", 4), "{message}");
        assert!(message.contains(import) && message.contains(says), "{message}");
    }
}

#[tokio::test]
async fn what_is_thrown_while_building_has_file_and_line() {
    let bench = Bench::new(
        Language::JavaScript,
        &format!("{GOOD}\nconst none = undefined;\nnone.call();\n"),
    );
    let Some(errors) = bench.errors().await else { return };
    let (file, line, message) = errors.first().unwrap();
    assert_eq!((file.as_str(), *line), ("plugin.js", 6), "{message}");
    assert!(message.contains("undefined"), "{message}");
}

#[test]
fn every_file_of_the_sdk_is_in_the_executable() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugin-sdk/javascript");
    let mut there = Vec::new();
    let mut waiting = vec![folder.clone()];
    while let Some(dir) = waiting.pop() {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else {
                let path = path.strip_prefix(&folder).unwrap().to_str().unwrap().to_owned();
                there.extend((!path.starts_with("tests/")).then_some(path));
            }
        }
    }
    there.sort();
    let mut known: Vec<&str> = FILES.iter().map(|(path, _)| *path).collect();
    known.sort_unstable();
    assert_eq!(there, known);
}

/// The SDK's own tests, by Node.js.
#[test]
fn the_sdk_passes_its_own_tests() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugin-sdk/javascript");
    let tests = std::fs::read_dir(folder.join("tests"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().ends_with(".test.js"));
    let ran = Command::new("node")
        .args(["--import", "./register.mjs", "--test"])
        .args(tests)
        .current_dir(folder)
        .output();
    let ran = match ran {
        Err(error) if !is_required() => return eprintln!("skipped: node cannot be started: {error}"),
        ran => ran.unwrap(),
    };
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "{said}{}", String::from_utf8_lossy(&ran.stderr));
    // Without tests it would end well, too.
    let passed = said
        .lines()
        .find_map(|line| line.split_once(" pass ")?.1.trim().parse().ok());
    assert!(passed.is_some_and(|passed: u32| passed > 0), "{said}");
}
