//! Who did what stands in the audit log, whatever crashes; and whatever somebody does to the log shows.

use super::support::bot::{Bot, Plan};
use super::support::disk::Disk;
use super::support::guests::{errands, hello, hostile};
use super::support::process::{Ended, finish, moa};
use super::support::record::Post;
use super::support::sim::{Line, Workspace};
use super::support::{DEADLINE, GLANCE};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

const ROSIE: &str = "U00000ROSIE";

async fn ask(workspace: &Workspace, by: &str, text: &str) -> Post {
    workspace.ask(&Line::new(text).by(by)).await
}

async fn audit(home: &Path, arguments: &[&str]) -> Ended {
    finish(moa(home).arg("audit").args(arguments)).await
}

/// The lines that `moa audit` finds.
async fn lines(home: &Path, arguments: &[&str]) -> Vec<Value> {
    let ended = audit(home, &[arguments, &["--json"]].concat()).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let read = |line: &str| serde_json::from_str(line).unwrap();
    ended.stdout.lines().map(read).collect()
}

fn outcomes(lines: &[Value]) -> Vec<&str> {
    lines.iter().map(|line| line["outcome"].as_str().unwrap()).collect()
}

async fn assert_whole(home: &Path) -> String {
    let ended = audit(home, &["verify"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    ended.stdout
}

async fn assert_broken(home: &Path, words: &[&str]) {
    let ended = audit(home, &["verify"]).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    for word in words {
        assert!(ended.stderr.contains(word), "{word} is missing: {}", ended.stderr);
    }
}

/// The log's only file.
fn file(bot: &Bot) -> PathBuf {
    let dir = fs::read_dir(bot.home().join("data/audit")).unwrap();
    let mut files: Vec<PathBuf> = dir.map(|file| file.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
    assert_eq!(files.len(), 1, "{files:?}");
    files.remove(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_did_what_stands_there_and_what_is_done_to_it_shows() {
    let workspace = Workspace::start().await;
    let mut bot = Plan::new(&workspace)
        .plugin(hello())
        .plugin(hostile())
        .plugin(errands())
        .env("MOA_BOT__ADMINS", ROSIE)
        .start()
        .await;
    let home = bot.home().to_owned();
    ask(&workspace, "ben", "!echo between us").await;
    let failed = ask(&workspace, "ben", "!trap").await.text;
    ask(&workspace, "rosie", "!purge old xoxb-12-Ab3 leaked").await;
    ask(&workspace, "ben", "!purge all").await;
    let stopped = finish(moa(&home).args(["plugin", "stop", "hostile"])).await;
    assert_eq!(stopped.code, Some(0), "{stopped:?}");
    ask(&workspace, "ben", "!trap").await;
    // The last of its calls is over, and with it the line is there.
    workspace.settled().await;

    let echoed = lines(&home, &["--command", "echo"]).await;
    // Another one is the test's own, to see that all is over.
    assert_eq!(outcomes(&echoed)[0], "done");
    let line = &echoed[0];
    assert_eq!(line["who"], json!({"service": "slack", "id": "U0000000BEN"}));
    assert_eq!(line["where"]["conversation"], "C00GENERAL0");
    assert_eq!(
        (&line["plugin"], &line["args"]),
        (&json!("hello"), &json!({"text": {"characters": 10}}))
    );
    assert_eq!(line["version"].as_str().unwrap().len(), 64);

    let trapped = lines(&home, &["--plugin", "hostile", "--user", "U0000000BEN"]).await;
    assert_eq!(outcomes(&trapped), ["failed", "away"]);
    let id = trapped[0]["invocation"].as_str().unwrap();
    assert!(failed.contains(id), "{id}: {failed}");

    let purged = lines(&home, &["--command", "errands:purge", "--since", "1h"]).await;
    assert_eq!(outcomes(&purged), ["begins", "done", "denied"]);
    for line in &purged[..2] {
        assert_eq!(line["who"]["id"], ROSIE);
        assert_eq!(line["args"], json!({"what": "old", "why": "[secret] leaked"}));
        assert_eq!((&line["guarded"], &line["rule"]), (&json!(true), &json!("admin")));
    }
    assert_eq!(purged[0]["invocation"], purged[1]["invocation"]);

    assert_eq!(
        (&purged[2]["who"]["id"], &purged[2]["args"], &purged[2]["rule"]),
        (&json!("U0000000BEN"), &json!({"what": "all"}), &json!("restricted"))
    );
    let orders = lines(&home, &["--command", "plugin stop"]).await;
    assert_eq!(outcomes(&orders), ["done"]);
    assert_eq!(
        (&orders[0]["who"]["service"], &orders[0]["plugin"]),
        (&json!("operator"), &json!("hostile"))
    );
    assert!(lines(&home, &["--until", "2020-01-01"]).await.is_empty());
    let shown = audit(&home, &["--outcome", "failed"]).await.stdout;
    assert!(
        shown.lines().count() == 1 && shown.contains("hostile:trap  FAILED"),
        "{shown}"
    );
    assert_eq!(audit(&home, &["--since", "yesterday"]).await.code, Some(2));

    // While it runs, and when it has stopped.
    let all = lines(&home, &[]).await.len();
    let said = assert_whole(&home).await;
    assert!(said.contains(&format!("whole: {all} lines")), "{said}");
    assert!(bot.stop().await.success());
    assert_whole(&home).await;

    let path = file(&bot);
    let good = fs::read_to_string(&path).unwrap();
    let whole: Vec<&str> = good.split_inclusive('\n').collect();
    let with = |text: String| fs::write(&path, text).unwrap();
    with(good.replacen("\"what\":\"old\"", "\"what\":\"all\"", 1));
    let changed = whole.iter().position(|line| line.contains("\"what\":\"old\"")).unwrap() + 1;
    assert_broken(&home, &["was changed", &format!(".jsonl:{changed}:")]).await;
    with([&whole[..2], &whole[3..]].concat().concat());
    assert_broken(&home, &[".jsonl:3: line 3 should stand here, and line 4 does"]).await;
    with([&whole[..2], &[whole[3], whole[2]], &whole[4..]].concat().concat());
    assert_broken(&home, &[".jsonl:3:"]).await;
    with(whole[..whole.len() - 1].concat());
    assert_broken(
        &home,
        &["missing at the end", &format!("lines {0} to {0}", whole.len())],
    )
    .await;
    // A host that starts then goes on, and it shows all the same; and its admins hear of it.
    bot.restart().await;
    workspace
        .until("the admin to be told", |record| {
            let told = |post: &Post| post.channel.starts_with('D') && post.text.contains("moa audit verify");
            record.posts().into_iter().find(told)
        })
        .await;
    ask(&workspace, "ben", "!echo on and on").await;
    assert_broken(&home, &[&format!("line {} should stand here", whole.len())]).await;
    assert!(bot.stop().await.success());
    fs::remove_file(&path).unwrap();
    assert_broken(&home, &["missing at the end", "lines 1 to"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_many_commands_run_it_misses_none_that_ran() {
    let workspace = Workspace::start().await;
    let mut bot = Plan::new(&workspace).plugin(hello()).start().await;
    let home = bot.home().to_owned();
    let mut asked = 0;
    for round in 1..=3 {
        for _ in 0..30 {
            workspace.send(&Line::new("!count")).await;
            asked += 1;
        }
        let some = asked - 20 + round;
        workspace
            .until("some of them", |record| (record.counted().len() >= some).then_some(()))
            .await;
        bot.kill();
        // Nobody has looked after the log yet.
        assert_whole(&home).await;
        bot.restart().await;
        assert_whole(&home).await;
    }
    let answered =
        |posts: usize| move |record: &super::support::record::Record| (record.counted().len() >= posts).then_some(());
    workspace.until("all answers", answered(asked)).await;
    workspace.settled().await;
    assert!(bot.stop().await.success());
    assert_whole(&home).await;
    let lines = lines(&home, &["--command", "hello:count"]).await;
    let done = lines.iter().filter(|line| line["outcome"] == "done");
    let ran: BTreeSet<&str> = done.map(|line| line["invocation"].as_str().unwrap()).collect();
    assert_eq!(ran.len(), asked, "of {} lines", lines.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_restricted_does_not_run_where_it_cannot_be_written_down() {
    let workspace = Workspace::start().await;
    let plan = Plan::new(&workspace)
        .plugin(hello())
        .plugin(errands())
        .env("MOA_BOT__ADMINS", ROSIE);
    let Some(disk) = Disk::mount(&plan.home().join("data"), "24m") else {
        return;
    };
    let mut bot = plan.within(&disk).start().await;
    assert_eq!(ask(&workspace, "rosie", "!purge old").await.text, "purged old");
    disk.fill();
    // What is left of the file's last page is filled first.
    let begun = Instant::now();
    let refused = loop {
        let said = ask(&workspace, "rosie", "!purge all").await.text;
        if !said.starts_with("purged") {
            break said;
        }
        assert!(begun.elapsed() < DEADLINE, "the disk does not get full");
    };
    assert!(
        refused.contains("감사 기록") || refused.contains("audit log"),
        "{refused}"
    );
    assert_eq!(ask(&workspace, "ben", "!echo goes on").await.text, "goes on");
    workspace
        .until("the admin to be told", |record| {
            let told = |post: &Post| post.channel.starts_with('D') && post.text.contains("⚠️");
            record.posts().into_iter().find(told)
        })
        .await;
    disk.free();
    let begun = Instant::now();
    while ask(&workspace, "rosie", "!purge all").await.text != "purged all" {
        assert!(begun.elapsed() < DEADLINE, "it does not recover");
        tokio::time::sleep(GLANCE).await;
    }
    let listed = disk.run("cat audit/AUDIT-*.jsonl").unwrap();
    assert!(
        listed.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()),
        "{listed}"
    );
    let gap = listed
        .lines()
        .find(|line| line.contains("\"outcome\":\"gap\""))
        .unwrap();
    assert!(gap.contains("are missing"), "{gap}");
    assert!(bot.stop().await.success());
}
