//! Plugins come, change, break and go while the bot runs; what they do wrong stays inside them.

use super::support::bot::Plan;
use super::support::guests::{CORE_MODULE, EMPTY_COMPONENT, altered, dice, hello, hostile, put};
use super::support::record::Record;
use super::support::sim::{Line, Workspace};
use serde_json::Value;
use std::fs::Permissions;
use std::path::Path;
use std::time::Instant;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_appears_changes_breaks_and_goes_takes_effect_at_once() {
    let workspace = Workspace::start().await;
    let bot = Plan::new(&workspace).start().await;
    let file = bot.plugins().join("hello.wasm");
    let original = std::fs::read(hello()).unwrap();

    // New.
    let begun = Instant::now();
    put(&original, &file);
    bot.log().wait_for(0, &["loaded", "hello"]).await;
    println!("a new file was live after {} ms", begun.elapsed().as_millis());
    assert_eq!(workspace.ask(&Line::new("!count")).await.text, "That was number 1.");

    // Another version; what it remembered is still there.
    let from = bot.lines();
    put(&altered(hello(), "That was number", "Count is number"), &file);
    bot.log().wait_for(from, &["replaced", "hello"]).await;
    assert_eq!(workspace.ask(&Line::new("!count")).await.text, "Count is number 2.");

    // Broken in several ways: told, and the version before serves on.
    for (what, bytes, words) in [
        ("junk", b"this is no plugin".as_slice(), ["hello.wasm", "not loaded"]),
        (
            "half a file",
            &original[..original.len() / 2],
            ["hello.wasm", "not loaded"],
        ),
        ("nothing", b"", ["hello.wasm", "not loaded"]),
        ("a core module", CORE_MODULE, ["hello.wasm", "moa build"]),
        ("a component of another world", EMPTY_COMPONENT, ["hello.wasm", "guest"]),
    ] {
        let from = bot.lines();
        put(bytes, &file);
        let line = bot.log().wait_for(from, &words).await;
        assert!(
            line.contains("serves on"),
            "{what}: the line does not say what serves: {line}"
        );
        assert!(!line.contains("panicked"), "{what}: {line}");
        let answer = workspace.ask(&Line::new("!count")).await.text;
        assert!(answer.starts_with("Count is number"), "{what}: {answer}");
    }

    // Whole again.
    let from = bot.lines();
    put(&original, &file);
    bot.log().wait_for(from, &["replaced", "hello"]).await;
    assert_eq!(workspace.ask(&Line::new("!count")).await.text, "That was number 8.");

    // Gone: nobody answers to its commands; a file of any other kind is nobody's business.
    let from = bot.lines();
    put(b"notes", &bot.plugins().join("README.md"));
    std::fs::remove_file(&file).unwrap();
    bot.log().wait_for(from, &["removed", "hello"]).await;
    let last = workspace.send(&Line::new("!count")).await;
    let help = workspace.ask(&Line::new("!help")).await;
    assert!(!help.text.contains("count"), "{}", help.text);
    let record = workspace.record().await;
    let counted = workspace
        .answers(&record, &last)
        .into_iter()
        .any(|post| post.text.contains("number"));
    assert!(!counted, "a removed plugin answered");
    let mentioned = bot.log().lines().into_iter().find(|line| line.contains("README.md"));
    assert_eq!(mentioned, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_or_a_folder_that_may_not_be_read_changes_nothing_until_it_may() {
    use std::os::unix::fs::PermissionsExt;
    let allow = |path: &Path, mode| std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    let workspace = Workspace::start().await;
    let mut plan = Plan::new(&workspace).plugin(hello());
    // SAFETY: takes nothing and cannot fail.
    if unsafe { libc::geteuid() } == 0 {
        // Without these two even root has to ask.
        plan = plan.by(&["setpriv", "--bounding-set", "-dac_override,-dac_read_search"]);
    }
    let bot = plan.start().await;
    let (folder, file, new) = (
        bot.plugins(),
        bot.plugins().join("hello.wasm"),
        bot.plugins().join("new.wasm"),
    );
    let answers = async |number: u32| {
        let answer = workspace.ask(&Line::new("!count")).await.text;
        assert_eq!(answer, format!("That was number {number}."));
    };

    let from = bot.lines();
    allow(&file, 0o000);
    let line = bot
        .log()
        .wait_for(from, &["hello.wasm", "is not loaded (read)", "serves on"])
        .await;
    assert!(line.contains("owner and mode"), "{line}");
    answers(1).await;
    let from = bot.lines();
    allow(&file, 0o644);
    bot.log().wait_for(from, &["hello", "is right again"]).await;

    let from = bot.lines();
    let hidden = folder.join("new.part");
    put(&std::fs::read(dice()).unwrap(), &hidden);
    allow(&hidden, 0o000);
    std::fs::rename(hidden, &new).unwrap();
    bot.log().wait_for(from, &["new.wasm", "is not loaded (read)"]).await;
    let from = bot.lines();
    allow(&new, 0o600);
    bot.log().wait_for(from, &["loaded dice"]).await;

    let from = bot.lines();
    allow(&folder, 0o000);
    bot.log()
        .wait_for(from, &["the plugin folder", "cannot be read", "serves on"])
        .await;
    answers(2).await;
    let from = bot.lines();
    allow(&folder, 0o755);
    bot.log().wait_for(from, &["the plugin folder", "is back"]).await;
    answers(3).await;
    let removed = bot.log().lines().into_iter().find(|line| line.contains("removed"));
    assert_eq!(removed, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replacing_under_load_loses_no_command() {
    let workspace = Workspace::start().await;
    let patient = "[plugin.hello.limits]\nqueue = 10000\n";
    let bot = Plan::new(&workspace).plugin(hello()).config(patient).start().await;
    let file = bot.plugins().join("hello.wasm");
    let (enough, mut end) = tokio::sync::oneshot::channel();
    let sim = workspace.sim();
    let typing = tokio::spawn(async move {
        let mut asked = 0;
        while end.try_recv().is_err() {
            sim.send(&Line::new(format!("!echo load-{asked}."))).await;
            asked += 1;
        }
        asked
    });
    let versions = [
        altered(hello(), "That was number", "Count is number"),
        std::fs::read(hello()).unwrap(),
    ];
    for version in &versions {
        let from = bot.lines();
        // Renamed into place, as `mv` does.
        let temporary = bot.plugins().join("new.part");
        put(version, &temporary);
        std::fs::rename(&temporary, &file).unwrap();
        bot.log().wait_for(from, &["replaced", "hello"]).await;
    }
    enough.send(()).unwrap();
    let asked = typing.await.unwrap();
    assert!(asked > 20, "only {asked} commands were typed meanwhile");
    let record = workspace.settled().await;
    for n in 0..asked {
        assert_eq!(record.saying(&format!("load-{n}.")).len(), 1, "load-{n}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plugin_that_misbehaves_costs_its_caller_one_line_and_nobody_else_anything() {
    let workspace = Workspace::start().await;
    let limits = "[plugin.hostile.limits]\ncpu = \"1s\"\nwall = \"2s\"\nmemory = \"32MiB\"\n";
    let plan = Plan::new(&workspace).plugin(hello()).plugin(hostile()).config(limits);
    let mut bot = plan.start().await;
    let process = bot.process.id();

    let slow = ["loop", "sleep"];
    for command in [
        "ok", "loop", "alloc", "trap", "panic", "exit", "deep", "sleep", "flood", "bigtext",
    ] {
        let caller = workspace.send(&Line::new(format!("!{command}"))).await;
        let bystander = workspace
            .ask(&Line::new(format!("!echo beside-{command}")).by("sally").at("#lunch"))
            .await;
        assert_eq!(bystander.text, format!("beside-{command}"));
        let line = workspace.answer(&caller, &format!("one line about !{command}")).await;
        if slow.contains(&command) {
            assert!(bystander.n < line.n, "!{command} kept a bystander waiting");
        }
        let record = workspace.settled().await;
        let lines = workspace.answers(&record, &caller);
        assert_eq!(
            lines.len(),
            2,
            "!{command} is answered by one line (and the last word): {lines:#?}"
        );
        if command == "ok" {
            continue;
        }
        assert!(
            !line.text.contains('\n'),
            "!{command}: more than one line: {}",
            line.text
        );
        assert!(
            line.text.contains("hostile"),
            "!{command}: the line does not name the plugin: {}",
            line.text
        );
        let id = |word: &str| word.len() >= 8 && word.chars().all(|c| c.is_ascii_hexdigit());
        let words = line.text.split(|c: char| !c.is_ascii_alphanumeric());
        let ids: Vec<&str> = words.filter(|word| id(word)).collect();
        assert_eq!(ids.len(), 1, "!{command}: no invocation id: {}", line.text);
        bot.log().wait_for(0, &[ids[0]]).await;
        // After five faults in a row it would rest.
        workspace.ask(&Line::new("!ok")).await;
    }
    assert!(bot.process.is_up());
    assert_eq!(bot.process.id(), process);
    // What guests write stands in lines of the log; only the host itself writes lines that begin like this.
    let panics: Vec<String> = bot
        .log()
        .lines()
        .into_iter()
        .filter(|line| line.starts_with("thread '"))
        .collect();
    assert!(panics.is_empty(), "the host itself panicked: {panics:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn misbehaving_calls_side_by_side_leave_room_for_others() {
    let workspace = Workspace::start().await;
    let limits = "[plugin.hostile.limits]\ncpu = \"1s\"\nwall = \"3s\"\nmemory = \"32MiB\"\n";
    let _bot = Plan::new(&workspace)
        .plugin(hello())
        .plugin(hostile())
        .config(limits)
        .start()
        .await;

    let mut bad = Vec::new();
    for (person, command) in [
        ("rosie", "loop"),
        ("ally", "alloc"),
        ("vincent", "sleep"),
        ("ben", "loop"),
    ] {
        bad.push(
            workspace
                .send(&Line::new(format!("!{command}")).by(person).at("#dev"))
                .await,
        );
    }
    for n in 0..10 {
        let answer = workspace
            .ask(&Line::new(format!("!echo through-{n}")).by("sally").at("#lunch"))
            .await;
        assert_eq!(answer.text, format!("through-{n}"));
    }
    let first = bad[0].since;
    let lines = workspace
        .until("a line for each misbehaving call", |record| {
            let posts = record
                .posts()
                .into_iter()
                .filter(|post| post.n > first && post.channel == bad[0].channel);
            let lines: Vec<_> = posts.collect();
            (lines.len() >= bad.len()).then_some(lines)
        })
        .await;
    assert!(lines.iter().all(|line| line.text.contains("hostile")), "{lines:#?}");
    assert_eq!(lines.len(), bad.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_takes_long_shows_that_it_goes_on() {
    let workspace = Workspace::start().await;
    let limits = "[plugin.hostile.limits]\nwall = \"3s\"\n";
    let _bot = Plan::new(&workspace).plugin(hostile()).config(limits).start().await;

    let sent = workspace.send(&Line::new("!sleep")).await;
    let marked = |record: &Record, added: bool| {
        let fits = |mark: &&Value| {
            mark["ts"] == *sent.ts && mark["added"] == added && mark["name"] == "hourglass_flowing_sand"
        };
        record.of("reaction").find(fits).map(|mark| mark["n"].as_u64().unwrap())
    };
    let shown = workspace
        .until("a sign that it goes on", |record| marked(record, true))
        .await;
    let line = workspace.answer(&sent, "the end of the call").await;
    assert!(shown < line.n);
    workspace.until("the sign to go", |record| marked(record, false)).await;
}
