//! Small components for tests, made in a moment: whatever manifest is wanted, and nothing behind it.

use moa_engine::{Engine, Options};
use std::path::Path;
use std::sync::OnceLock;

/// One engine for all tests.
pub(crate) fn engine() -> Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| Engine::new(Options::default()).unwrap()).clone()
}

/// A component whose `describe` returns this text.
pub(crate) fn component(manifest: &str) -> Vec<u8> {
    with_describe(manifest, "i32.const 0", "", "commands")
}

/// The same, which exports a listener that cannot be called, for it has not the contract's type.
pub(crate) fn listening_component(manifest: &str) -> Vec<u8> {
    with_describe(manifest, "i32.const 0", "", "listener")
}

/// The same without a listener, which can teach patterns.
pub(crate) fn deaf_component(manifest: &str) -> Vec<u8> {
    let import = r#"(import "moa:plugin/triggers@0.1.0" (instance))"#;
    with_describe(manifest, "i32.const 0", import, "commands")
}

/// A component whose `describe` never ends.
pub(crate) fn looping_component() -> Vec<u8> {
    with_describe("", "(loop (br 0)) i32.const 0", "", "commands")
}

fn with_describe(manifest: &str, code: &str, import: &str, other: &str) -> Vec<u8> {
    let function = if other == "listener" { "hear" } else { "handle" };
    let bytes = |bytes: &[u8]| bytes.iter().map(|byte| format!("\\{byte:02x}")).collect::<String>();
    let text = bytes(manifest.as_bytes());
    let pointer_and_length = bytes(&[16_u32.to_le_bytes(), (manifest.len() as u32).to_le_bytes()].concat());
    let wat = format!(
        r#"(component
            {import}
            (core module $m
                (memory (export "memory") 2)
                (data (i32.const 0) "{pointer_and_length}")
                (data (i32.const 16) "{text}")
                (func (export "describe") (result i32) {code})
                (func (export "handle")))
            (core instance $i (instantiate $m))
            (func $describe (result string)
                (canon lift (core func $i "describe") (memory (core memory $i "memory")) string-encoding=utf8))
            (func $handle (canon lift (core func $i "handle")))
            (instance $guest (export "describe" (func $describe)))
            (instance $other (export "{function}" (func $handle)))
            (export "moa:plugin/guest@0.1.0" (instance $guest))
            (export "moa:plugin/{other}@0.1.0" (instance $other)))"#
    );
    wat::parse_str(wat).unwrap()
}

/// The manifest of a plugin with these commands. The version makes it another file, and nothing else.
pub(crate) fn manifest(name: &str, version: &str, commands: &[&str]) -> String {
    let commands: Vec<_> = commands.iter().map(|name| serde_json::json!({"name": name})).collect();
    serde_json::json!({"name": name, "version": version, "commands": commands}).to_string()
}

/// [`component`] of a [`manifest`] without commands.
pub(crate) fn plugin(name: &str, version: &str) -> Vec<u8> {
    component(&manifest(name, version, &[]))
}

const CHILD_HALF: &str = "registry::compile::tests::the_childs_half";

/// What runs this very test binary in the place of `moa __compile`.
pub(crate) fn compile_script() -> String {
    let test = std::env::current_exe().unwrap();
    format!(
        "TEST_IN=$2 TEST_OUT=$3 exec {} --exact {CHILD_HALF} --ignored --nocapture",
        test.display()
    )
}

/// Writes it by another process: were it open for writing here, a child that another test starts at this very moment
/// would keep it open, and what is open for writing can't be started.
pub(crate) fn write_script(path: &Path, script: &str) {
    let written = std::process::Command::new("/bin/sh")
        .args([
            "-c",
            "printf '#!/bin/sh\n%s\n' \"$1\" > \"$2\" && chmod 755 \"$2\"",
            "sh",
            script,
        ])
        .arg(path)
        .status();
    assert!(written.unwrap().success());
}
