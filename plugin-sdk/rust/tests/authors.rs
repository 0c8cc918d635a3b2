//! The plugins in `docs/authors.md` are what they say: each is built, and its unit test passes.

// All of this file is a test; the lints' exemption reaches only the functions marked as one.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

/// The blocks of Rust in the document, in their order.
fn blocks(document: &str) -> Vec<&str> {
    let fences = document.split("\n```rust\n").skip(1);
    fences.map(|rest| rest.split_once("\n```").unwrap().0).collect()
}

/// A plugin and its test as one program that runs the test.
fn program(plugin: &str, test: &str) -> (String, String) {
    let (before, behind) = test.split_once("#[test]\nfn ").unwrap();
    let name = behind.split_once('(').unwrap().0.to_owned();
    let main = format!("fn main() {{\n    {name}().unwrap();\n}}");
    (name.clone(), format!("{plugin}\n\n{before}\nfn {behind}\n\n{main}\n"))
}

#[test]
fn the_plugins_of_the_guide_do_what_it_says() {
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/authors.md");
    let document = fs::read_to_string(document).unwrap();
    let blocks = blocks(&document);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("authors");
    fs::create_dir_all(&folder).unwrap();
    let cases = trybuild::TestCases::new();
    let mut count = 0;
    for (at, plugin) in blocks.iter().enumerate() {
        // The others are parts of one.
        if !plugin.contains("plugin! {") {
            continue;
        }
        let test = blocks.get(at + 1).copied().unwrap_or_default();
        assert!(test.contains("#[test]"), "a plugin without a test behind it:\n{plugin}");
        let (name, program) = program(plugin, test);
        let file = folder.join(format!("{name}.rs"));
        fs::write(&file, program).unwrap();
        cases.pass(file);
        count += 1;
    }
    assert!(count >= 5, "only {count} plugins were found");
}
