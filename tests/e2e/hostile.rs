//! Everything that means no good runs beside a plugin that must notice nothing of it: each fault stays where it is, and
//! is told with the plugin and the invocation; nothing is left behind.

use super::support::bot::{Bot, Plan};
use super::support::guests::{hello, hostile, intruder, put};
use super::support::record::Post;
use super::support::sim::{Line, Sim, Workspace};
use super::support::{DEADLINE, GLANCE, long};
use moa_test_guests::hostile::{Component, Fate, components, damaged, exploding};
use moa_test_guests::misdeeds::{MISDEEDS, Told, invocations, limits};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// People who use the bystander all the while, each as soon as the answer before is there.
struct Load {
    over: Arc<AtomicBool>,
    people: Vec<(&'static str, tokio::task::JoinHandle<u32>)>,
}

impl Load {
    fn begin(sim: &Arc<Sim>) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let people = ["rosie", "ally", "sally"].map(|person| {
            let (sim, over) = (Arc::clone(sim), Arc::clone(&over));
            let asking = async move {
                let mut asked = 0;
                while !over.load(Ordering::SeqCst) {
                    let word = format!("{person}-{asked}.");
                    let line = Line::new(format!("!echo {word}")).by(person).at("#lunch");
                    sim.send(&line).await;
                    sim.until("the bystander to answer", |record| record.saying(&word).pop())
                        .await;
                    asked += 1;
                }
                asked
            };
            (person, tokio::spawn(asking))
        });
        Self {
            over,
            people: people.into(),
        }
    }

    /// Ends it; each command was answered once.
    async fn end(self, workspace: &Workspace) -> u32 {
        self.over.store(true, Ordering::SeqCst);
        let mut all = 0;
        let mut asked = Vec::new();
        for (person, asking) in self.people {
            asked.push((person, asking.await.unwrap()));
        }
        let record = workspace.settled_for(&[("ben", "#lunch")]).await;
        for (person, count) in asked {
            for number in 0..count {
                let said = record.saying(&format!("{person}-{number}."));
                assert_eq!(said.len(), 1, "{person}-{number}. was answered {} times", said.len());
            }
            all += count;
        }
        all
    }
}

/// What the host's process holds.
struct Held {
    /// Memory, in KiB.
    memory: u64,
    /// What its file descriptors lead to.
    files: Vec<PathBuf>,
    /// Children, by id.
    children: String,
}

fn held(bot: &Bot) -> Held {
    let process = PathBuf::from(format!("/proc/{}", bot.process.id()));
    let status = std::fs::read_to_string(process.join("status")).unwrap();
    let memory = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    let memory = memory.trim().strip_suffix("kB").unwrap().trim().parse().unwrap();
    let files = std::fs::read_dir(process.join("fd")).unwrap();
    // One that closes meanwhile leads nowhere.
    let files = files
        .filter_map(|file| std::fs::read_link(file.unwrap().path()).ok())
        .collect();
    let tasks = std::fs::read_dir(process.join("task")).unwrap();
    let children = tasks
        .filter_map(|task| std::fs::read_to_string(task.unwrap().path().join("children")).ok())
        .collect();
    Held {
        memory,
        files,
        children,
    }
}

/// Connections to the workspace that are kept open for the next request.
const KEPT_OPEN: usize = 8;

/// Waits until the process holds no more files than it did, and has no children.
async fn let_go(bot: &Bot, before: &Held) -> Held {
    let begun = Instant::now();
    let count = |held: &Held| {
        let is_socket = |file: &&PathBuf| file.to_string_lossy().starts_with("socket:");
        let sockets = held.files.iter().filter(is_socket).count();
        (sockets, held.files.len() - sockets)
    };
    let (sockets, others) = count(before);
    loop {
        let now = held(bot);
        let left = count(&now);
        if left.0 <= sockets + KEPT_OPEN && left.1 <= others && now.children.trim().is_empty() {
            return now;
        }
        assert!(
            begun.elapsed() < DEADLINE,
            "files {:#?}, before {:#?}; children: {}",
            now.files,
            before.files,
            now.children
        );
        tokio::time::sleep(GLANCE).await;
    }
}

fn wasm_files(count: u64) -> Vec<(String, Vec<u8>)> {
    let good = std::fs::read(hello()).unwrap();
    (0..count)
        .map(|seed| (format!("damaged-{seed}.wasm"), damaged(&good, seed)))
        .collect()
}

/// Files that are no plugins, all at once; each is told, and why.
async fn files_meet_their_fate(bot: &Bot) {
    let from = bot.lines();
    let mut expected: Vec<(String, Vec<String>)> = Vec::new();
    let mut put_in = Vec::new();
    for Component { name, bytes, fate } in components() {
        let file = format!("{name}.wasm");
        put(&bytes, &bot.plugins().join(&file));
        let words = match fate {
            Fate::Refused(why) | Fate::Faulted(why) | Fate::Misdescribed(why) => vec!["not loaded", why],
            Fate::Works => vec!["loaded"],
        };
        expected.push((file.clone(), words.into_iter().map(str::to_owned).collect()));
        put_in.push(file);
    }
    // Whatever these are by now: two files of one name, or nothing at all.
    for (file, bytes) in wasm_files(if long() { 200 } else { 6 }) {
        put(&bytes, &bot.plugins().join(&file));
        expected.push((file.clone(), vec!["not loaded".to_owned()]));
        put_in.push(file);
    }
    let large = std::fs::File::create(bot.plugins().join("large.wasm")).unwrap();
    large.set_len(200 << 20).unwrap();
    expected.push(("large.wasm".to_owned(), vec!["209715200 bytes".to_owned()]));
    put_in.push("large.wasm".to_owned());
    for file in [
        "forged\n2026-11-21 ERROR moa: x.wasm",
        "\u{1b}[2Jclear.wasm",
        "\u{202e}msaw.wasm",
    ] {
        put(b"junk", &bot.plugins().join(file));
        put_in.push(file.to_owned());
    }
    let patience = DEADLINE * if long() { 20 } else { 4 };
    for (file, words) in &expected {
        let words: Vec<&str> = std::iter::once(file.as_str())
            .chain(words.iter().map(String::as_str))
            .collect();
        bot.log().wait_long_for(from, &words, patience).await;
    }
    for words in [
        ["forged; 2026", "not loaded"],
        ["clear.wasm", "not loaded"],
        ["202e}msaw.wasm", "not loaded"],
    ] {
        bot.log().wait_long_for(from, &words, patience).await;
    }
    for file in put_in {
        std::fs::remove_file(bot.plugins().join(file)).unwrap();
    }
    for name in ["clock", "changing-a", "instances", "mischief"] {
        bot.log().wait_long_for(from, &["removed", name], patience).await;
    }
}

/// One command after the other; after each its plugin does as it is told again.
async fn commands_meet_their_fate(bot: &Bot, workspace: &Workspace) {
    let mut wrong = Vec::new();
    for (plugin, command, told) in MISDEEDS {
        let by = |text: String| Line::new(text).by("vincent").at("#dev");
        let sent = workspace.send(&by(format!("!{plugin}:{command}"))).await;
        let what = format!("an answer to !{command}");
        let answer = workspace
            .until(&what, |record| {
                let told = |post: &Post| !post.text.starts_with("flood ");
                workspace.answers(record, &sent).into_iter().find(told)
            })
            .await;
        // One person a plugin may mention.
        assert!(
            answer.pings.iter().all(|ping| ping == "<@U1>"),
            "!{command} called {:?}: {}",
            answer.pings,
            answer.text
        );
        match told {
            Told::Text(text) if answer.text == *text => {}
            Told::Beginning(text) if answer.text.starts_with(text) => {}
            Told::Text(_) | Told::Beginning(_) => wrong.push(format!("!{command}: {}", answer.text)),
            Told::Fault(why) => {
                let ids = invocations(&answer.text);
                assert!(
                    ids.len() == 1 && answer.text.contains(plugin),
                    "!{command}: {}",
                    answer.text
                );
                let name = format!("plugin=\"{plugin}\"");
                bot.log()
                    .wait_for(
                        0,
                        &[
                            "ERROR",
                            why,
                            &name,
                            &format!("invocation=\"{}", ids[0]),
                            "blame=\"plugin\"",
                        ],
                    )
                    .await;
            }
        }
        let ok = workspace.ask(&by("!ok on".into())).await;
        assert_eq!(ok.text, "ok on", "after !{command}");
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_whole_corpus_harms_nobody_and_leaves_nothing_behind() {
    let workspace = Workspace::start().await;
    let mut bot = Plan::new(&workspace)
        .plugin(hello())
        .plugin(hostile())
        .plugin(intruder())
        .config(&limits(6))
        .start()
        .await;
    let process = bot.process.id();
    workspace.ask(&Line::new("!count")).await;
    let before = held(&bot);
    let load = Load::begin(&workspace.sim());

    files_meet_their_fate(&bot).await;
    commands_meet_their_fate(&bot, &workspace).await;
    let once = held(&bot);
    for _ in 0..if long() { 10 } else { 1 } {
        commands_meet_their_fate(&bot, &workspace).await;
    }

    let answered = load.end(&workspace).await;
    let after = let_go(&bot, &before).await;
    println!(
        "the bystander answered {answered} commands; memory: {} KiB before, {} after one round, {} after the last",
        before.memory, once.memory, after.memory
    );
    assert!(answered > 50, "only {answered} commands were given meanwhile");
    // What the first round made it hold (places of the pool, warm code) it may keep; another must not add to it.
    let grown = after.memory.saturating_sub(once.memory);
    assert!(grown < 32 << 10, "{grown} KiB more than after the first round");
    assert_eq!(bot.process.id(), process);
    assert!(bot.process.is_up());
    let lines = bot.log().lines();
    let forged: Vec<&String> = lines
        .iter()
        .filter(|line| line.starts_with("thread '") || line.starts_with("2026-11-21T00:00:00.0"))
        .chain(lines.iter().filter(|line| line.contains(['\u{1b}', '\u{202e}', '\r'])))
        .collect();
    assert!(forged.is_empty(), "{forged:#?}");
    assert!(bot.stop().await.success());
}

/// In its short form compiling may take only little time, in the long form all that it may.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn compiling_that_explodes_ends_in_a_process_of_its_own() {
    let workspace = Workspace::start().await;
    let plan = Plan::new(&workspace).plugin(hello());
    let (plan, bytes, patience) = match long() {
        true => (plan, exploding(2_000, 400), DEADLINE * 20),
        false => (
            plan.env("MOA_TEST_COMPILE_CPU", "4"),
            exploding(1_500, 300),
            DEADLINE * 4,
        ),
    };
    let mut bot = plan.start().await;
    let process = bot.process.id();
    workspace.ask(&Line::new("!count")).await;
    let before = held(&bot);
    let load = Load::begin(&workspace.sim());
    let from = bot.lines();
    put(&bytes, &bot.plugins().join("exploding.wasm"));
    let told = ["exploding.wasm", "not loaded", "make the plugin smaller"];
    bot.log().wait_long_for(from, &told, patience).await;
    assert!(load.end(&workspace).await > 0);
    let after = let_go(&bot, &before).await;
    let grown = after.memory.saturating_sub(before.memory);
    assert!(grown < 96 << 10, "{grown} KiB more than before");
    assert_eq!(bot.process.id(), process);
    // The next file has all the time that there is.
    put(&std::fs::read(hostile()).unwrap(), &bot.plugins().join("hostile.wasm"));
    bot.log().wait_long_for(from, &["loaded", "hostile"], patience).await;
    assert_eq!(workspace.ask(&Line::new("!ok on")).await.text, "ok on");
    assert!(bot.process.is_up());
    assert!(bot.stop().await.success());
}

/// Names and texts of a manifest, in the host's own help.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_manifest_cannot_speak_through_the_help() {
    let workspace = Workspace::start().await;
    let bot = Plan::new(&workspace).plugin(hello()).start().await;
    let mischief = components().into_iter().find(|case| case.name == "mischief").unwrap();
    put(&mischief.bytes, &bot.plugins().join("mischief.wasm"));
    bot.log().wait_for(0, &["loaded", "mischief"]).await;
    for line in ["!help", "!plugins", "!help mischief"] {
        let said = workspace.ask(&Line::new(line)).await;
        assert!(said.pings.is_empty(), "{line} called {:?}: {}", said.pings, said.text);
        for bad in ["<!", "<@", "\u{202e}", "\u{7}", "\n• `!fake`"] {
            assert!(!said.text.contains(bad), "{line} holds {bad:?}: {}", said.text);
        }
    }
}

/// A pattern that would take a backtracking matcher years, and a message made for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pattern_cannot_hold_up_the_reader() {
    let workspace = Workspace::start().await;
    let _bot = Plan::new(&workspace).plugin(hello()).plugin(intruder()).start().await;
    let taught = workspace.ask(&Line::new("!teach")).await;
    assert!(taught.text.ends_with("taught"), "{}", taught.text);
    for _ in 0..20 {
        workspace
            .send(&Line::new(format!("zz{}", "a".repeat(7_900))).by("sally"))
            .await;
    }
    assert_eq!(workspace.ask(&Line::new("!echo through")).await.text, "through");
    let heard = workspace.ask(&Line::new("zzaaaaaa!").at("#lunch")).await;
    assert_eq!(heard.text, "heard slow");
}
