//! Data that an earlier version left: it is opened, and all that was in it is there. Data of a later one is refused, and
//! nothing of it is touched.
//!
//! `tests/samples/upgrade` has a data directory of each version, frozen when that was current. `MOA_TEST_FREEZE=1` makes the
//! one of the version under test; what is released is never made again.

use super::super::support::bot::{Bot, Plan};
use super::super::support::guests::{hello, hostile, memo};
use super::super::support::process::{Ended, finish, moa};
use super::super::support::sim::{Line, Workspace};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/samples/upgrade")
}

/// Puts a frozen data directory where a bot that is not started yet has its own.
fn thaw(archive: &Path, plan: &Plan) -> PathBuf {
    let data = plan.home().join("data");
    std::fs::create_dir(&data).unwrap();
    tar(&["-xzf", archive.to_str().unwrap(), "-C", data.to_str().unwrap()]);
    data
}

fn tar(arguments: &[&str]) {
    let done = Command::new("tar").args(arguments).status().unwrap();
    assert!(done.success(), "tar {arguments:?}");
}

async fn ask_offline(data: &Path, arguments: &[&str]) -> Ended {
    finish(moa(data.parent().unwrap()).args(arguments).arg("--data-dir").arg(data)).await
}

/// What is left behind for later versions: counts, notes, a role, an alias for a stopped plugin's words, what was done and
/// what was cut off.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn todays_data_is_frozen_where_that_is_asked_for() {
    if std::env::var_os("MOA_TEST_FREEZE").is_none() {
        return;
    }
    let workspace = Workspace::start().await;
    let mut bot = Plan::new(&workspace)
        .plugin(hello())
        .plugin(memo())
        .plugin(hostile())
        .config("[plugin.hostile.limits]\ncpu = \"30s\"\nwall = \"30s\"\n")
        .start()
        .await;
    for _ in 0..3 {
        workspace.ask(&Line::new("!count")).await;
    }
    workspace.ask(&Line::new("!memo \"점심\" 김밥 두 줄")).await;
    stop_and_schedule(&bot).await;
    workspace.send(&Line::new("!sleep")).await;
    workspace.acknowledged().await;
    bot.kill();
    let archive = samples().join(concat!(env!("CARGO_PKG_VERSION"), ".tar.gz"));
    std::fs::create_dir_all(samples()).unwrap();
    let data = bot.home().join("data");
    let name = archive.to_str().unwrap();
    // Compiled code and sockets are made anew by whoever starts.
    tar(&[
        "-czf",
        name,
        "--exclude=./compiled",
        "--exclude=*.sock",
        "-C",
        data.to_str().unwrap(),
        ".",
    ]);
    println!("froze {name}");
}

async fn stop_and_schedule(bot: &Bot) {
    let data = bot.home().join("data");
    let ended = ask_offline(&data, &["plugin", "stop", "memo"]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_data_of_every_earlier_version_is_opened_with_all_that_was_in_it() {
    let mut seen = 0;
    for entry in std::fs::read_dir(samples()).unwrap() {
        let archive = entry.unwrap().path();
        if !archive.to_string_lossy().ends_with(".tar.gz") {
            continue;
        }
        seen += 1;
        println!("opening {}", archive.display());
        let workspace = Workspace::start().await;
        let plan = Plan::new(&workspace).plugin(hello()).plugin(memo());
        let data = thaw(&archive, &plan);

        // Before any host looks at it: the journal, with what was cut off.
        let ended = ask_offline(&data, &["journal", "list", "--json"]).await;
        let rows: Vec<Value> = ended
            .stdout
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let in_state = |state: &str| rows.iter().filter(|row| row["state"] == state).count();
        assert_eq!(
            (in_state("done"), in_state("open")),
            (4, 1),
            "{}{}",
            ended.stdout,
            ended.stderr
        );
        let ended = ask_offline(&data, &["audit", "verify"]).await;
        assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);

        let bot = plan.start().await;
        assert_eq!(workspace.ask(&Line::new("!count")).await.text, "That was number 4.");
        let ended = ask_offline(&data, &["plugin", "list", "--json"]).await;
        let listed: Value = serde_json::from_str(&ended.stdout).unwrap();
        assert!(
            listed["plugins"]
                .as_array()
                .unwrap()
                .iter()
                .any(|row| row["manifest"]["name"] == "memo" && row["state"] == "stopped"),
            "{listed}"
        );
        assert_eq!(ask_offline(&data, &["plugin", "start", "memo"]).await.code, Some(0));
        assert_eq!(workspace.ask(&Line::new("!memo 점심")).await.text, "김밥 두 줄");
        // What was cut off is too old by now to be run; whoever typed it is not left in the dark, and nothing is open.
        // The last record is closed a moment after its answer left.
        let begun = Instant::now();
        loop {
            let ended = ask_offline(&data, &["journal", "list", "--open"]).await;
            if !ended.stdout.contains("open") {
                break;
            }
            assert!(begun.elapsed() < Duration::from_secs(20), "{}", ended.stdout);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        drop(bot);
    }
    assert!(seen >= 1, "no data of an earlier version is there");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn data_of_a_later_version_is_refused_and_nothing_is_touched() {
    let workspace = Workspace::start().await;
    let plan = Plan::new(&workspace).plugin(hello());
    let archive = samples().join("0.1.0.tar.gz");
    let data = thaw(&archive, &plan);
    let meta = redb::TableDefinition::<&str, u64>::new("meta");
    let file = redb::Database::create(data.join("moa.redb")).unwrap();
    let change = file.begin_write().unwrap();
    change.open_table(meta).unwrap().insert("format", 1_000).unwrap();
    change.commit().unwrap();
    drop(file);

    let all = |folder: &Path| -> BTreeMap<PathBuf, Vec<u8>> {
        let mut found = BTreeMap::new();
        let mut folders = vec![folder.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                match path.is_dir() {
                    true => folders.push(path),
                    false => drop(found.insert(path.clone(), std::fs::read(&path).unwrap())),
                }
            }
        }
        found
    };
    let before = all(&data);
    let ended = plan.start_in_vain().await;
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    for words in ["moa.redb has format 1000", "run the newer moa that wrote it"] {
        assert!(ended.stderr.contains(words), "{words:?} is missing in {}", ended.stderr);
    }
    let after = all(&data);
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
    assert!(before == after, "a file was changed");
}
