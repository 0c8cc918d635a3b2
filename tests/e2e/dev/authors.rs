//! What `docs/authors.md` promises, done as it says, and every way in which a transcript can fail.

use super::super::support::alone;
use super::super::support::process::{Ended, Running, finish_within, moa};
use super::super::support::sim::{Line, Sim};
use super::{BUILD, edit, root};
use moa_test_browser::Browser;
use std::fs;
use std::path::Path;

/// The blocks of code in the document, of one language.
fn blocks(language: &str) -> Vec<String> {
    let text = fs::read_to_string(root().join("docs/authors.md")).unwrap();
    let mut blocks = Vec::new();
    let mut block: Option<(bool, String)> = None;
    for line in text.lines() {
        match (&mut block, line.strip_prefix("```")) {
            (None, Some(found)) => block = Some((found == language, String::new())),
            (Some(_), Some(_)) => blocks.extend(block.take().filter(|(wanted, _)| *wanted).map(|(_, text)| text)),
            (Some((_, text)), None) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, None) => {}
        }
    }
    blocks
}

/// The only block that holds this.
fn block(language: &str, with: &str) -> String {
    let found: Vec<String> = blocks(language)
        .into_iter()
        .filter(|block| block.contains(with))
        .collect();
    assert_eq!(found.len(), 1, "blocks of docs/authors.md with {with:?}: {found:?}");
    found.into_iter().next().unwrap()
}

/// Runs `moa` in a folder; what is compiled once is kept from one run of the tests to the next.
async fn run(folder: &Path, arguments: &[&str]) -> Ended {
    let mut command = moa(folder);
    command.args(arguments).env(
        "CARGO_TARGET_DIR",
        Path::new(env!("CARGO_TARGET_TMPDIR")).join("e2e-authors"),
    );
    finish_within(&mut command, BUILD).await
}

fn add(file: &Path, text: &str) {
    let before = fs::read_to_string(file).unwrap();
    fs::write(file, format!("{before}{text}")).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_an_idea_to_a_live_command_as_the_document_says() {
    let _alone = alone().await;
    let home = tempfile::tempdir().unwrap();
    let began = run(home.path(), &["new", "demo", "--lang", "rust"]).await;
    assert_eq!(began.code, Some(0), "{}{}", began.stdout, began.stderr);
    let demo = home.path().join("demo");
    let tested = run(&demo, &["test"]).await;
    assert_eq!(tested.code, Some(0), "{}{}", tested.stdout, tested.stderr);
    // But for the line that says where the building is, which goes to another stream.
    let promised = block("", "all passed");
    let (building, promised) = promised.split_once('\n').unwrap();
    assert!(building.starts_with("building demo ("), "{building}");
    assert!(
        tested.stderr.contains("building demo ("),
        "it is silent for a minute: {}",
        tested.stderr
    );
    assert_eq!(tested.stdout, promised);

    // The command that the document adds, with the expectation that does not fit.
    let source = demo.join("src/lib.rs");
    let transcript = demo.join("tests/hello.chat");
    let parts = fs::read_to_string(&source).unwrap();
    let (before, end) = parts.split_at(parts.find("plugin! {").unwrap());
    let command = block("rust", "fn toss");
    let end = end.replace("commands: [hi]", "commands: [hi, toss]");
    fs::write(&source, format!("{before}{command}\n{end}")).unwrap();
    add(&transcript, &block("", "@seed 7"));
    let tested = run(&demo, &["test"]).await;
    assert_eq!(tested.code, Some(1), "{}", tested.stderr);
    let promised = block("", "the bot said something else");
    assert!(
        tested.stdout.contains(&promised),
        "{}\nis not as promised:\n{promised}",
        tested.stdout
    );
    let accepted = run(&demo, &["test", "--accept"]).await;
    assert_eq!(accepted.code, Some(0), "{}", accepted.stdout);
    let tested = run(&demo, &["test"]).await;
    assert_eq!(tested.code, Some(0), "{}", tested.stdout);

    let built = run(&demo, &["build"]).await;
    assert_eq!(built.code, Some(0), "{}{}", built.stdout, built.stderr);
    let checked = run(&demo, &["check", "dist/demo.wasm"]).await;
    assert!(
        checked.code == Some(0) && checked.stdout.contains("toss"),
        "{}",
        checked.stdout
    );
    live(&demo).await;
}

/// `moa dev .` there: what is saved is live, what does not compile is told of on the page.
async fn live(demo: &Path) {
    let mut command = moa(demo);
    command.args(["dev", ".", "--port", "0"]).env(
        "CARGO_TARGET_DIR",
        Path::new(env!("CARGO_TARGET_TMPDIR")).join("e2e-authors"),
    );
    let mut running = Running::start(&mut command);
    let line = running.log.wait_long_for(0, &["http://127.0.0.1:"], BUILD).await;
    let sim = Sim::at(line.split_whitespace().last().unwrap());
    sim.until("the bot to connect", |record| record.of("open").next().map(drop))
        .await;
    running.log.wait_for(0, &["loaded", "demo"]).await;
    running.log.wait_for(0, &["try", "!hi", "!toss pizza"]).await;
    assert_eq!(sim.ask(&Line::new("!hi")).await.text, "Hello, Ben! (number 1)");

    let browser = Browser::start_or_skip().await.unwrap();
    let page = match &browser {
        Some(browser) => Some(browser.open(&sim.page_url()).await.unwrap()),
        None => None,
    };
    let source = demo.join("src/lib.rs");
    edit(&source, "Hello, {name}!", "Good day, {nmae}!");
    let told = running.log.wait_long_for(0, &["FAILED", "src/lib.rs:"], BUILD).await;
    let text = fs::read_to_string(&source).unwrap();
    let at = text.lines().position(|line| line.contains("nmae")).unwrap() + 1;
    assert!(told.contains(&format!("src/lib.rs:{at}:")), "{told}");
    let problem = "document.querySelector('#build-problems [data-problem=demo]')";
    if let Some(page) = &page {
        // Nothing had to be opened for it.
        page.wait_for(&format!("{problem}?.textContent.includes('src/lib.rs:{at} ')"))
            .await
            .unwrap();
    }
    assert_eq!(sim.ask(&Line::new("!hi")).await.text, "Hello, Ben! (number 2)");
    edit(&source, "{nmae}", "{name}");
    running.log.wait_long_for(0, &["replaced", "demo"], BUILD).await;
    assert_eq!(sim.ask(&Line::new("!hi")).await.text, "Good day, Ben! (number 3)");
    if let Some(page) = &page {
        page.wait_for(&format!("!{problem}")).await.unwrap();
    }
    running.signal(libc::SIGINT);
    let ended = running.end().await;
    assert!(ended.success(), "{ended}");
}

/// One way to fail: a transcript, and what `moa test` prints about it.
struct Case {
    name: String,
    transcript: Vec<u8>,
    told: String,
}

/// The cases of `failing.txt`: `=== NAME`, the transcript (`\xff` and `\xfe` are bytes), `---`, what is printed.
fn cases() -> Vec<Case> {
    let text = include_str!("failing.txt");
    let cases = text.split("=== ").skip(1).map(|case| {
        let (name, rest) = case.split_once('\n').unwrap();
        let (transcript, told) = match rest.strip_prefix("---\n") {
            Some(told) => ("", told),
            None => rest.split_once("\n---\n").unwrap(),
        };
        let mut bytes = Vec::new();
        for (at, part) in transcript.split("\\x").enumerate() {
            let byte = (at > 0).then(|| u8::from_str_radix(&part[..2], 16).unwrap());
            bytes.extend(byte);
            bytes.extend(&part.as_bytes()[byte.map_or(0, |_| 2)..]);
        }
        if !bytes.is_empty() {
            bytes.push(b'\n');
        }
        Case {
            name: name.to_owned(),
            transcript: bytes,
            told: told.trim_end().to_owned(),
        }
    });
    cases.collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_way_to_fail_is_told_with_its_line_and_a_difference() {
    let _alone = alone().await;
    let home = tempfile::tempdir().unwrap();
    let began = run(home.path(), &["new", "forms"]).await;
    assert_eq!(began.code, Some(0), "{}{}", began.stdout, began.stderr);
    let forms = home.path().join("forms");
    fs::write(forms.join("src/lib.rs"), include_str!("forms.rs.in")).unwrap();
    let tests = forms.join("tests");
    fs::remove_file(tests.join("hello.chat")).unwrap();
    let cases = cases();
    for case in &cases {
        fs::write(tests.join(format!("{}.chat", case.name)), &case.transcript).unwrap();
    }
    let tested = run(&forms, &["test"]).await;
    assert_eq!(tested.code, Some(1), "{}{}", tested.stdout, tested.stderr);
    let last = tested.stdout.lines().last().unwrap();
    let all = cases.len();
    assert_eq!(last, format!("{all} transcripts, 0 examples: {all} FAILED"));
    let heads: Vec<&str> = tested.stdout.split("  FAILED   tests/").skip(1).collect();
    for case in &cases {
        let head = format!("{}.chat\n", case.name);
        let printed = heads.iter().find_map(|printed| printed.strip_prefix(head.as_str()));
        let printed = printed.unwrap_or_else(|| panic!("nothing is printed about {}", case.name));
        let printed = printed.strip_suffix(&format!("{last}\n")).unwrap_or(printed);
        assert_eq!(printed.trim_end(), case.told, "{}", case.name);
        // Wherever a line differs, the file and the line stand before it, as editors want them.
        let place = format!("tests/{}.chat:", case.name);
        assert!(case.told.starts_with(&place), "{}", case.told);
    }
}
