//! What its author sees of a plugin that falls.

use super::super::support::alone;
use super::super::support::process::{Running, finish_within, moa};
use super::super::support::sim::{Line, Sim};
use super::BUILD;
use std::fs;
use std::path::{Path, PathBuf};

/// Two functions deep, so that there is a way to tell.
const FALLING: &str = r#"
/// Tells the third word.
///
/// Example: !third one two three
#[command]
fn third(#[rest] text: String) -> String {
    let words: Vec<&str> = text.split(' ').collect();
    the_third(&words).to_uppercase() // called here
}

fn the_third<'a>(words: &[&'a str]) -> &'a str {
    words[2] // falls here
}
"#;

fn target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("e2e-authors")
}

/// `src/lib.rs:LINE`, as a back trace has it.
fn place(source: &str, of: &str) -> String {
    let line = source.lines().position(|line| line.contains(of)).unwrap() + 1;
    format!("src/lib.rs:{line}:")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fall_is_told_with_functions_files_and_lines() {
    let _alone = alone().await;
    let home = tempfile::tempdir().unwrap();
    let began = finish_within(moa(home.path()).args(["new", "demo", "--lang", "rust"]), BUILD).await;
    assert_eq!(began.code, Some(0), "{}", began.stderr);
    let demo = home.path().join("demo");
    let file = demo.join("src/lib.rs");
    let text = fs::read_to_string(&file).unwrap();
    let (before, end) = text.split_at(text.find("plugin! {").unwrap());
    let end = end.replace("commands: [hi]", "commands: [hi, third]");
    let source = format!("{before}{FALLING}\n{end}");
    fs::write(&file, &source).unwrap();
    let expected = [(" the_third at ", "falls here"), (" third at ", "called here")]
        .map(|(function, mark)| (function, place(&source, mark)));

    // A conversation in which it falls.
    fs::write(demo.join("tests/fall.chat"), "Rosie: !third one two\nmoa~ /./\n").unwrap();
    let tested = finish_within(moa(&demo).arg("test").env("CARGO_TARGET_DIR", target()), BUILD).await;
    assert_eq!(tested.code, Some(0), "{}{}", tested.stdout, tested.stderr);
    for (function, place) in &expected {
        let fits = |line: &str| line.contains(function) && line.contains(place);
        assert!(tested.stderr.lines().any(fits), "{function} {place}: {}", tested.stderr);
    }

    let data = home.path().join("data");
    let mut command = moa(&demo);
    command
        .args(["dev", ".", "--port", "0", "--no-watch", "--data-dir"])
        .arg(&data)
        .env("CARGO_TARGET_DIR", target());
    let mut running = Running::start(&mut command);
    let line = running.log.wait_long_for(0, &["http://127.0.0.1:"], BUILD).await;
    let sim = Sim::at(line.split_whitespace().last().unwrap());
    sim.until("the bot to connect", |record| record.of("open").next().map(drop))
        .await;
    running.log.wait_for(0, &["loaded", "demo"]).await;
    let told = sim.ask(&Line::new("!third one two")).await.text;
    let mut words = told.split(|c: char| !c.is_ascii_alphanumeric());
    let id = words.find(|word| word.len() >= 8 && word.chars().all(|c| c.is_ascii_hexdigit()));
    let id = id.unwrap_or_else(|| panic!("{told}"));
    for (function, place) in &expected {
        running.log.wait_for(0, &[id, function, place]).await;
    }

    let mut logs = moa(&demo);
    logs.args(["logs", "--invocation", id, "--data-dir"]).arg(&data);
    let logs = finish_within(&mut logs, BUILD).await;
    let traced: Vec<&str> = logs.stdout.lines().filter(|line| line.contains("backtrace")).collect();
    assert!(traced.len() >= expected.len(), "{}{}", logs.stdout, logs.stderr);
    for (line, (function, place)) in traced.iter().zip(&expected) {
        assert!(
            line.contains(id) && line.contains(function) && line.contains(place),
            "{line}"
        );
    }
    assert!(
        !logs.stdout.contains("::h"),
        "hashes are the compiler's own: {}",
        logs.stdout
    );
    running.signal(libc::SIGINT);
    let ended = running.end().await;
    assert!(ended.success(), "{ended}");

    // What goes to a bot has no lines, and is small.
    let built = finish_within(moa(&demo).arg("build").env("CARGO_TARGET_DIR", target()), BUILD).await;
    assert_eq!(built.code, Some(0), "{}{}", built.stdout, built.stderr);
    let component = fs::read(demo.join("dist/demo.wasm")).unwrap();
    assert!(!component.windows(7).any(|bytes| bytes == b".debug_"));
}
