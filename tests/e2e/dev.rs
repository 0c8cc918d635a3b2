//! `moa dev`: the way in for whoever writes a plugin.

mod authors;
mod falls;
mod languages;

use super::support::alone;
use super::support::process::{Running, finish_within, moa};
use super::support::sim::{Line, Sim};
use moa_test_browser::{Browser, Page};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a build may take that begins with nothing, on a machine that does other things too.
const BUILD: Duration = Duration::from_secs(300);

/// The root of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap();
        if path.is_dir() {
            if name != "target" && name != "dist" {
                copy(&path, &to.join(name));
            }
        } else {
            fs::copy(&path, to.join(name)).unwrap();
        }
    }
}

/// The plugins that are tried here: the small ones, which are built soon.
const SMALL: [&str; 5] = ["hello", "links", "lunch", "memo", "order"];

/// A workspace of plugins of its own, with the SDK where it is.
fn plugins(home: &Path) -> PathBuf {
    let plugins = home.join("plugins");
    fs::create_dir(&plugins).unwrap();
    for file in ["Cargo.toml", "Cargo.lock"] {
        fs::copy(root().join("plugins").join(file), plugins.join(file)).unwrap();
    }
    for plugin in SMALL {
        copy(&root().join("plugins").join(plugin), &plugins.join(plugin));
    }
    fs::copy(root().join("rust-toolchain.toml"), plugins.join("rust-toolchain.toml")).unwrap();
    let manifest = plugins.join("Cargo.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    let sdk = root().join("plugin-sdk");
    assert!(text.contains("\"../plugin-sdk"), "{text}");
    let text = text.replace("\"../plugin-sdk", &format!("\"{}", sdk.display()));
    let (before, members) = text.split_once("members = [").unwrap();
    let (_, after) = members.split_once(']').unwrap();
    fs::write(&manifest, format!("{before}members = {SMALL:?}{after}")).unwrap();
    plugins
}

/// The plugin's source with one thing changed.
fn edit(source: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(source).unwrap();
    assert!(text.contains(from), "{from:?} is not in {}", source.display());
    fs::write(source, text.replace(from, to)).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_transcripts_of_the_bundled_plugins_are_what_their_plugins_do() {
    let _alone = alone().await;
    let mut command = moa(&root());
    command
        .args(["test", "plugins"])
        // Where the other tests have built them already.
        .env(
            "CARGO_TARGET_DIR",
            Path::new(env!("CARGO_TARGET_TMPDIR")).join("../guests/build"),
        );
    // All of them, in three languages.
    let tested = finish_within(&mut command, 2 * BUILD).await;
    assert_eq!(tested.code, Some(0), "{}{}", tested.stdout, tested.stderr);
    let mut all = 0;
    for plugin in fs::read_dir(root().join("plugins")).unwrap() {
        let Ok(transcripts) = fs::read_dir(plugin.unwrap().path().join("tests")) else {
            continue;
        };
        all += transcripts
            .filter(|file| {
                file.as_ref()
                    .unwrap()
                    .path()
                    .extension()
                    .is_some_and(|end| end == "chat")
            })
            .count();
    }
    let passed = tested.stdout.matches("  ok       plugins/").count();
    assert_eq!((passed, all > 5), (all, true), "{}", tested.stdout);
    // The whole order form is one of them.
    assert!(
        tested.stdout.contains("  ok       plugins/order/tests/order.chat\n"),
        "{}",
        tested.stdout
    );
}

/// `moa dev` there, and the workspace that it opened once the bot is connected and `hello` answers.
async fn dev(home: &Path) -> (Running, Sim) {
    fs::create_dir(home.join("tmp")).unwrap();
    let mut command = moa(home);
    command
        .args(["dev", "plugins", "--port", "0"])
        // What is compiled once is kept from one run of the tests to the next.
        .env(
            "CARGO_TARGET_DIR",
            Path::new(env!("CARGO_TARGET_TMPDIR")).join("e2e-dev"),
        )
        .env("TMPDIR", home.join("tmp"));
    let running = Running::start(&mut command);
    let line = running.log.wait_long_for(0, &["http://127.0.0.1:"], BUILD).await;
    let page = line
        .split_whitespace()
        .find(|word| word.starts_with("http://127.0.0.1:"))
        .unwrap();
    let sim = Sim::at(page);
    sim.until("the bot to connect", |record| record.of("open").next().map(drop))
        .await;
    for plugin in SMALL {
        running.log.wait_for(0, &[plugin, "loaded"]).await;
    }
    (running, sim)
}

/// The playground's page with the builds in sight.
async fn authors_page(browser: &Browser, sim: &Sim) -> Page {
    let page = browser.open(&sim.page_url()).await.unwrap();
    page.wait_for("document.body.dataset.ready === 'true'").await.unwrap();
    page.click("#author-toggle").await.unwrap();
    page.click("[data-tab=builds]").await.unwrap();
    page.wait_for("document.querySelector('[data-build=hello][data-state=built]')")
        .await
        .unwrap();
    page
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_the_source_changes_the_answer_and_an_error_changes_nothing() {
    let _alone = alone().await;
    let home = tempfile::tempdir().unwrap();
    let source = plugins(home.path()).join("hello/src/lib.rs");
    let (mut running, sim) = dev(home.path()).await;
    let help = sim.ask(&Line::new("!help")).await;
    assert!(help.text.contains("echo"), "{}", help.text);
    assert_eq!(sim.ask(&Line::new("!echo hi")).await.text, "hi");
    assert_eq!(sim.ask(&Line::new("!ㅗ디ㅔ")).await.text, help.text);
    assert_eq!(sim.ask(&Line::new("!count")).await.text, "That was number 1.");
    // Without `bot.admins` one of the page's people is the admin, as is said at the start.
    let chosen = ["Admins", "(U00000ROSIE), since bot.admins names nobody"];
    running.log.wait_for(0, &chosen).await;
    let roles = sim.ask(&Line::new("!role list").by("rosie")).await;
    assert!(roles.text.contains("`admin`"), "{}", roles.text);
    let refused = sim.ask(&Line::new("!role list")).await;
    assert!(refused.text.contains("admins only"), "{}", refused.text);
    // People's clients complete what Slack's would.
    let offered = sim.offered().await;
    let words = offered["slash_commands"].as_array().unwrap();
    for word in ["/moa", "/echo", "/lunch"] {
        assert!(
            words.iter().any(|one| one["command"] == word),
            "{word} is not in {offered}"
        );
    }
    assert_eq!(sim.ask(&Line::new("/echo hi").slash()).await.text, "hi");
    let browser = Browser::start_or_skip().await.unwrap();
    let page = match &browser {
        Some(browser) => Some(authors_page(browser, &sim).await),
        None => None,
    };

    let from = running.log.lines().len();
    edit(&source, "That was number {number}.", "Now it is {number}.");
    running.log.wait_long_for(from, &["replaced", "hello"], BUILD).await;
    assert_eq!(sim.ask(&Line::new("!count")).await.text, "Now it is 2.");

    let from = running.log.lines().len();
    edit(&source, "Now it is {number}.", "Now it is {nubmer}.");
    running.log.wait_long_for(from, &["nubmer"], BUILD).await;
    let told = running.log.wait_for(from, &["lib.rs:"]).await;
    if let Some(page) = &page {
        // With the file and the line that the terminal shows.
        page.wait_for("document.querySelector('[data-build=hello][data-state=failed] .diagnostic')")
            .await
            .unwrap();
        let place = "document.querySelector('[data-build=hello] .diagnostic .where').textContent";
        let place = page.eval(place).await.unwrap();
        assert!(told.contains(place.as_str().unwrap()), "{place} is not in {told}");
    }
    assert_eq!(sim.ask(&Line::new("!count")).await.text, "Now it is 3.");

    let from = running.log.lines().len();
    edit(&source, "{nubmer}", "number {number}");
    running.log.wait_long_for(from, &["replaced", "hello"], BUILD).await;
    assert_eq!(sim.ask(&Line::new("!count")).await.text, "Now it is number 4.");
    if let Some(page) = &page {
        page.wait_for("document.querySelector('[data-build=hello][data-state=built]') && !document.querySelector('.diagnostic.error')")
            .await
            .unwrap();
        // What the last call cost, though the terminal shows no such lines.
        page.click("[data-tab=log]").await.unwrap();
        page.wait_for("[...document.querySelectorAll('#log-lines .line')].some((l) => l.dataset.level === 'debug' && l.dataset.invocation && l.textContent.includes('cpu_us'))")
            .await
            .unwrap();
        page.click("[data-tab=plugins]").await.unwrap();
        page.wait_for(
            "[...document.querySelectorAll('[data-plugin=hello] .chip')].some((c) => c.textContent === '!echo')",
        )
        .await
        .unwrap();
    }

    running.signal(libc::SIGINT);
    let ended = running.end().await;
    assert!(ended.success(), "{ended}");
    let left: Vec<_> = fs::read_dir(home.path().join("tmp"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert!(left.is_empty(), "left behind: {left:?}");
    assert!(!home.path().join("moa-data").exists());
    let log = running.log.text();
    assert!(!log.contains("panicked"), "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sources_are_built_into_components_once() {
    let _alone = alone().await;
    let home = tempfile::tempdir().unwrap();
    let plugins = plugins(home.path());
    let build = || {
        let mut command = moa(&plugins);
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("e2e-dev");
        command
            .args(["build", "hello", "--out", "out"])
            .env("CARGO_TARGET_DIR", target);
        command
    };
    let first = finish_within(&mut build(), BUILD).await;
    assert_eq!(first.code, Some(0), "{}{}", first.stdout, first.stderr);
    assert!(first.stdout.contains("hello"), "{}", first.stdout);
    let built = plugins.join("out/hello.wasm");
    let bytes = fs::read(&built).unwrap();
    assert!(bytes.starts_with(b"\0asm\x0d\0\x01\0"));
    let made = fs::metadata(&built).unwrap().modified().unwrap();

    let again = finish_within(&mut build(), BUILD).await;
    assert_eq!(again.code, Some(0), "{}{}", again.stdout, again.stderr);
    assert_eq!(
        fs::metadata(&built).unwrap().modified().unwrap(),
        made,
        "it was built again without need"
    );

    edit(
        &plugins.join("hello/src/lib.rs"),
        "fn echo(#[rest] text: String) -> String",
        "fn echo(#[rest] text: Strin) -> String",
    );
    let broken = finish_within(&mut build(), BUILD).await;
    assert_eq!(broken.code, Some(1));
    let told = format!("{}{}", broken.stdout, broken.stderr);
    assert!(told.contains("Strin") && told.contains("lib.rs:"), "{told}");
    assert_eq!(
        fs::read(&built).unwrap(),
        bytes,
        "a failed build touched the last good file"
    );
}
