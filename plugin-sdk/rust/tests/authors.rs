//! The plugins in `docs/authors.md` are what they say: each is built, and its unit test passes. So is what `moa new` writes,
//! with its schedule.

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

/// The template with the lines that are commented out.
fn with_schedule(template: &str) -> String {
    let (before, schedule) = template.split_once("\n//\n").unwrap();
    let lines = schedule.lines().map(|line| {
        let code = line.trim_start();
        code.strip_prefix("// ").unwrap_or(code)
    });
    let schedule = lines.collect::<Vec<_>>().join("\n");
    format!(
        "{before}\n{schedule}\n\nfn main() {{\n    moa_plugin::testing::Host::new().run_job::<good_morning>().unwrap();\n}}\n"
    )
}

#[test]
fn the_schedule_of_a_new_plugin_runs() {
    let template = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../host/src/toolchain/new/rust/src/lib.rs.in");
    let program = with_schedule(&fs::read_to_string(template).unwrap());
    assert!(program.contains("\njobs: [good_morning],\n"), "{program}");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("authors");
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join("new.rs");
    fs::write(&file, program).unwrap();
    trybuild::TestCases::new().pass(file);
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
    assert!(count >= 7, "only {count} plugins were found");
}
