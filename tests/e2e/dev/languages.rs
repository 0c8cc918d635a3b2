//! `moa dev` in a language other than Rust: what is saved is built again, and the bot answers by it.

use super::super::support::alone;
use super::super::support::process::{Running, finish_within, moa};
use super::super::support::sim::{Line, Sim};
use super::{BUILD, edit};
use crate::languages::suite::{lacks_tools, skip};
use moa::toolchain::Language;

/// One change in a new project's source: the greeting, and a slip whose place is told.
struct Change {
    language: Language,
    source: &'static str,
    greeting: &'static str,
    other: &'static str,
    slip: (&'static str, &'static str),
}

async fn a_change_is_live(change: Change) {
    let Change { language, source, .. } = change;
    let _alone = alone().await;
    let home = tempfile::tempdir().unwrap();
    let mut new = moa(home.path());
    new.args(["new", "demo", "--lang", language.name()]);
    let made = finish_within(&mut new, BUILD).await;
    assert_eq!(made.code, Some(0), "{}{}", made.stdout, made.stderr);
    let demo = home.path().join("demo");
    // Whether its tools are there at all, before anybody waits for an address.
    let built = finish_within(moa(&demo).arg("build"), BUILD).await;
    let said = format!("{}{}", built.stdout, built.stderr);
    if lacks_tools(&said) {
        return skip(language, &said);
    }
    assert_eq!(built.code, Some(0), "{said}");

    let mut dev = moa(&demo);
    dev.args(["dev", ".", "--port", "0"]);
    let mut running = Running::start(&mut dev);
    let line = running.log.wait_long_for(0, &["http://127.0.0.1:"], BUILD).await;
    let sim = Sim::at(line.split_whitespace().last().unwrap());
    sim.until("the bot to connect", |record| record.of("open").next().map(drop))
        .await;
    running.log.wait_long_for(0, &["loaded", "demo"], BUILD).await;
    assert_eq!(sim.ask(&Line::new("!hi")).await.text, "Hello, Ben! (number 1)");

    let source = demo.join(source);
    edit(&source, change.greeting, change.other);
    running.log.wait_long_for(0, &["replaced", "demo"], BUILD).await;
    assert_eq!(sim.ask(&Line::new("!hi")).await.text, "Good day, Ben! (number 2)");

    // What cannot be built changes nothing, and its place is told.
    let (right, wrong) = change.slip;
    edit(&source, right, wrong);
    let text = std::fs::read_to_string(&source).unwrap();
    let at = text.lines().position(|line| line.contains(wrong)).unwrap() + 1;
    let place = format!("{}:{at}:", source.file_name().unwrap().display());
    running.log.wait_long_for(0, &["FAILED", &place], BUILD).await;
    assert_eq!(sim.ask(&Line::new("!hi")).await.text, "Good day, Ben! (number 3)");
    running.signal(libc::SIGINT);
    let ended = running.end().await;
    assert!(ended.success(), "{ended}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_python_a_change_of_the_source_changes_the_answer() {
    a_change_is_live(Change {
        language: Language::Python,
        source: "plugin.py",
        greeting: "f\"Hello, {name}!",
        other: "f\"Good day, {name}!",
        slip: ("if ctx.language ==", "if ctx.language ==="),
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_javascript_a_change_of_the_source_changes_the_answer() {
    a_change_is_live(Change {
        language: Language::JavaScript,
        source: "plugin.js",
        greeting: "`Hello, ${name}!",
        other: "`Good day, ${name}!",
        slip: ("const name = plain(", "const name = = plain("),
    })
    .await;
}
