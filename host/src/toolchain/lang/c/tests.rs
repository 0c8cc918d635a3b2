//! Building C with the real compiler, which is fetched into the cache that `moa build` uses.

use super::*;
use crate::registry::testing::engine;
use crate::toolchain::build::{Built, build};
use crate::toolchain::diagnostic::Severity;
use std::time::Duration;

const GOOD: &str = r#"
#include "moa.h"

static moa_status hi(moa_ctx *ctx) {
    return moa_reply(ctx, "hi");
}

MOA_PLUGIN(.name = "greeter", .commands = MOA_COMMANDS({.name = "hi", .run = hi}));
"#;

struct Bench {
    dir: tempfile::TempDir,
}

impl Bench {
    fn new(plugin: &str) -> Self {
        let bench = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        bench.write("plugin.toml", "name = \"greeter\"\nlanguage = \"c\"\n");
        bench.write("plugin.c", plugin);
        bench
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    async fn build(&self) -> Result<Built, BuildError> {
        // What was written just now would count as written during the build.
        tokio::time::sleep(Duration::from_millis(20)).await;
        let out = self.dir.path().join("dist");
        let mut results = build(&[self.dir.path().into()], &out, &engine(), &|_| {})
            .await
            .unwrap();
        assert_eq!(results.len(), 1);
        results.remove(0).outcome
    }

    async fn diagnostics(&self) -> Vec<Diagnostic> {
        match self.build().await.unwrap_err() {
            BuildError::Compiler { diagnostics, .. } => diagnostics,
            other => panic!("{other}"),
        }
    }
}

/// Whether the compiler can be had; where it must be, a machine without it fails.
async fn zig_is_there() -> bool {
    if zig_there().await.is_some() || provide::python().await.is_ok() {
        return true;
    }
    assert!(
        std::env::var_os("MOA_TEST_REQUIRE").is_none_or(|value| value != "all"),
        "neither zig nor python3 found"
    );
    eprintln!("skipped: neither zig nor python3 found");
    false
}

#[tokio::test]
async fn a_project_becomes_a_component_and_only_changes_are_built() {
    if !zig_is_there().await {
        return;
    }
    let bench = Bench::new(GOOD);
    let first = bench.build().await.unwrap();
    assert!(first.rebuilt && first.changed);
    assert!(first.size < 80 << 10, "{} bytes", first.size);
    let second = bench.build().await.unwrap();
    assert!(!second.rebuilt && second.version == first.version, "{second:?}");

    bench.write("words.c", "int unused_here(void) { int nothing; return 1; }\n");
    bench.write("tests/native.c", "int main(void) { return not_even_c; }\n");
    let third = bench.build().await.unwrap();
    assert!(third.rebuilt);
    let warning = &third.diagnostics[0];
    assert_eq!((warning.file.as_str(), warning.line), ("words.c", 1));
    assert_eq!(warning.severity, Severity::Warning);
}

#[tokio::test]
async fn errors_of_all_files_are_told_with_their_places() {
    if !zig_is_there().await {
        return;
    }
    let bench = Bench::new(&GOOD.replace("\"hi\");", "hello);"));
    bench.write("other.c", "#include \"nothere.h\"\n");
    let found = bench.diagnostics().await;
    let places: Vec<_> = found.iter().map(|d| (d.file.as_str(), d.line, d.column)).collect();
    assert_eq!(places, [("other.c", 1, 10), ("plugin.c", 5, 27)]);
    assert!(found[1].message.contains("hello"), "{:?}", found[1]);
}

#[tokio::test]
async fn what_the_sandbox_has_not_is_told_with_what_to_do_instead() {
    // Found before any compiler is looked for.
    let bench = Bench::new(&format!("#include <sys/socket.h>{GOOD}"));
    let found = bench.diagnostics().await;
    assert_eq!(
        (found[0].line, found[0].message.as_str()),
        (1, "<sys/socket.h> is of no use in a plugin")
    );
    assert!(found[0].rendered.contains("moa_http_fetch"));

    if !zig_is_there().await {
        return;
    }
    let bench = Bench::new(&GOOD.replace(
        "return moa_reply",
        "extern int helper(void); helper(); return moa_reply",
    ));
    let found = bench.diagnostics().await;
    assert_eq!((found[0].file.as_str(), found[0].line), ("plugin.c", 5), "{found:?}");
    assert_eq!(found[0].message, "`helper` is used and nowhere defined");

    let bench = Bench::new("#include \"moa.h\"\n");
    let found = bench.diagnostics().await;
    assert!(found[0].rendered.contains("MOA_PLUGIN"), "{found:?}");
}

#[tokio::test]
async fn a_project_without_its_file_is_told_so() {
    let bench = Bench::new(GOOD);
    std::fs::remove_file(bench.dir.path().join("plugin.c")).unwrap();
    let error = bench.build().await.unwrap_err();
    assert!(matches!(error, BuildError::NoEntry { .. }), "{error}");
}

#[test]
fn without_zig_and_python_both_ways_are_named() {
    let python = BuildError::NoTool {
        tool: "python3".into(),
        reason: "No such file".into(),
        get: "install Python".into(),
    };
    let text = fetched::<()>(Err(python)).unwrap_err().to_string();
    for part in [
        "zig cannot be used",
        "not on PATH",
        "python3",
        "No such file",
        "https://ziglang.org/download",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

/// The SDK's own tests, on this machine's processor.
#[test]
fn the_sdk_passes_its_own_tests() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugin-sdk/c/tests/test.c");
    let dir = tempfile::tempdir().unwrap();
    let program = dir.path().join("test");
    let compiled = std::process::Command::new("cc")
        .args(["-std=c11", "-Wall", "-Wextra", "-Werror", "-fno-strict-aliasing", "-o"])
        .args([&program, &tests])
        .output();
    let compiled = match compiled {
        Ok(compiled) => compiled,
        Err(error) => {
            assert!(
                std::env::var_os("MOA_TEST_REQUIRE").is_none_or(|value| value != "all"),
                "cc: {error}"
            );
            return eprintln!("skipped: cc not found");
        }
    };
    assert!(
        compiled.status.success(),
        "{}",
        String::from_utf8_lossy(&compiled.stderr)
    );
    let ran = std::process::Command::new(program).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
}

/// The sizes that the SDK asserts are those that the canonical ABI gives the contract's records.
#[test]
fn the_sdk_lays_out_records_as_the_contract_does() {
    let mut sources = wit_parser::SourceMap::new();
    for (name, text) in sdk::WIT {
        sources.push_str(name, *text);
    }
    let mut resolve = wit_parser::Resolve::default();
    resolve
        .push_group(sources.parse().map_err(|(_, error)| error).unwrap())
        .unwrap();
    let mut sizes = wit_parser::SizeAlign::default();
    sizes.fill(&resolve);
    let size_of = |interface: &str, name: &str| {
        let (_, found) = resolve
            .interfaces
            .iter()
            .find(|(_, i)| i.name.as_deref() == Some(interface))
            .unwrap();
        sizes.size(&wit_parser::Type::Id(found.types[name])).size_wasm32()
    };
    let sdk = include_str!("../../../../../plugin-sdk/c/moa.c");
    let asserted: Vec<(&str, usize)> = sdk
        .lines()
        .filter_map(|line| line.strip_prefix("SIZE(")?.strip_suffix(");")?.split_once(", "))
        .map(|(name, size)| (name, size.parse().unwrap()))
        .collect();
    assert!(asserted.len() > 25, "{asserted:?}");
    for (c, interface, wit) in [
        ("moa_place", "types", "place"),
        ("moa_user", "types", "user"),
        ("moa_conversation", "types", "conversation"),
        ("moa_message_ref", "types", "message-ref"),
        ("moa_mention", "types", "mention"),
        ("moa_file", "types", "file"),
        ("moa_message", "types", "message"),
        ("moa_invocation", "types", "invocation"),
        ("moa_entry", "brain", "entry"),
        ("moa_press", "actions", "press"),
        ("moa_event", "events", "event"),
        ("moa_request", "webhooks", "request"),
        ("moa_http_response", "http", "response"),
        ("moa_cell", "sql", "cell"),
        ("moa_rows", "sql", "rows"),
        ("moa_object", "objects", "object"),
        ("moa_scheduled", "schedule", "job"),
        ("wire_field", "types", "field"),
        ("wire_card", "types", "card"),
        ("wire_action", "types", "action"),
        ("wire_content", "types", "content"),
        ("wire_value", "types", "value"),
        ("wire_arg", "types", "arg"),
        ("wire_call", "commands", "call"),
        ("wire_heard", "listener", "heard"),
        ("wire_write", "brain", "write"),
        ("wire_http", "http", "request"),
    ] {
        assert!(
            asserted.contains(&(c, size_of(interface, wit))),
            "{c}: {}",
            size_of(interface, wit)
        );
    }
}
