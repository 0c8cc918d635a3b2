//! The disk is full, read-only or damaged: what needs it fails politely, the rest goes on, and nothing accepted is lost.

use super::support::bot::{Bot, Plan};
use super::support::disk::Disk;
use super::support::guests::{hello, hostile, ledger};
use super::support::process::Ended;
use super::support::record::Post;
use super::support::sim::{Line, Workspace};
use super::support::{DEADLINE, GLANCE};
use std::fs;
use std::time::Instant;

/// A bot whose data directory is a small disk.
async fn on_small_disk(workspace: &Workspace) -> Option<(Bot, Disk)> {
    let plan = Plan::new(workspace)
        .plugin(hello())
        .plugin(hostile())
        .plugin(ledger())
        .config("[plugin.hostile.limits]\nwall = \"60s\"\n");
    let disk = Disk::mount(&plan.home().join("data"), "24m")?;
    let bot = plan.within(&disk).start().await;
    Some((bot, disk))
}

fn book(number: u32) -> Line {
    Line::new(format!("!book {number}")).by("rosie")
}

/// The number of the next `!count`, which must come soon; meanwhile the person is told that it does not work, and only
/// that.
async fn counts_again(workspace: &Workspace) -> String {
    let begun = Instant::now();
    loop {
        let said = workspace.ask(&Line::new("!count")).await.text;
        if said.starts_with("That was number") {
            return said;
        }
        assert_refused(&said);
        assert!(begun.elapsed() < DEADLINE, "the store does not recover: {said}");
        tokio::time::sleep(GLANCE).await;
    }
}

/// Asks for something that needs the disk until it is refused: the last of the room may be inside the data file.
async fn refused_at_last(workspace: &Workspace) -> u32 {
    for done in 0.. {
        let said = workspace.ask(&Line::new("!count")).await.text;
        if !said.starts_with("That was number") {
            assert_refused(&said);
            return done;
        }
    }
    unreachable!()
}

fn assert_refused(said: &str) {
    assert!(
        said.starts_with("⚠️") && said.contains("memory cannot be used") && said.contains("hello"),
        "{said}"
    );
}

fn assert_told(ended: &Ended, words: &[&str]) {
    assert_eq!(ended.code, Some(1), "{ended:?}");
    for word in words {
        assert!(ended.stderr.contains(word), "{word} is missing: {}", ended.stderr);
    }
    assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
}

fn texts(posts: &[Post]) -> Vec<&str> {
    posts.iter().map(|post| post.text.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_refuses_what_writes_and_recovers_by_itself() {
    let workspace = Workspace::start().await;
    let Some((bot, disk)) = on_small_disk(&workspace).await else {
        return;
    };
    assert_eq!(workspace.ask(&Line::new("!count")).await.text, "That was number 1.");
    workspace.send(&book(7)).await;
    workspace
        .until("what is there to be read", |record| {
            record.saying("booked 7 mine=1 ours=1 all=1 at=1").pop()
        })
        .await;
    let slow = workspace
        .send(&Line::new("!hold 1 2000").by("sally").at("#lunch"))
        .await;
    workspace.acknowledged().await;

    disk.fill();
    let counted = 1 + refused_at_last(&workspace).await;
    // What needs no disk is answered, what only reads is read, and what was accepted before goes on.
    assert_eq!(workspace.ask(&Line::new("!echo still here")).await.text, "still here");
    let read = workspace.ask(&Line::new("!booked 0").by("rosie")).await.text;
    assert_eq!(read, "sums mine=1 ours=1 all=1 list=7");
    assert_eq!(workspace.answer(&slow, "what began before").await.text, "held 1");
    assert!(
        bot.log()
            .lines()
            .iter()
            .any(|line| line.contains("ERROR") && line.contains("free space")),
        "the operator is not told"
    );

    disk.free();
    assert_eq!(
        counts_again(&workspace).await,
        format!("That was number {}.", counted + 1)
    );
    let record = workspace.settled_for(&[("ben", "#general"), ("sally", "#lunch")]).await;
    assert_eq!(record.saying("still here").len(), 1);
    let after = workspace.answers(&record, &slow);
    assert_eq!(after.len(), 2, "answered once, and the last word: {:?}", texts(&after));
    let mut counts = record.counted();
    counts.dedup();
    assert_eq!(counts, (1..=u64::from(counted) + 1).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_accepted_outlives_a_kill_while_the_disk_is_full() {
    let workspace = Workspace::start().await;
    let Some((mut bot, disk)) = on_small_disk(&workspace).await else {
        return;
    };
    assert_eq!(workspace.ask(&Line::new("!count")).await.text, "That was number 1.");
    let accepted = workspace.send(&Line::new("!hold 1 1500").at("#lunch")).await;
    workspace.acknowledged().await;
    disk.fill();
    let mut words = 0;
    while !bot.log().text().contains("could not be recorded") {
        let word = format!("word-{words}.");
        assert_eq!(workspace.ask(&Line::new(format!("!echo {word}"))).await.text, word);
        words += 1;
    }
    bot.kill();
    // Whether it starts now or says why not: it does not harm what is there.
    let posts = workspace.record().await.posts().len();
    bot.start_again();
    let begun = Instant::now();
    while bot.process.is_up() && workspace.record().await.posts().len() == posts && begun.elapsed() < DEADLINE {
        tokio::time::sleep(GLANCE).await;
    }
    if bot.process.is_up() {
        bot.kill();
    }
    disk.free();
    bot.restart().await;
    assert_eq!(workspace.answer(&accepted, "what was accepted").await.text, "held 1");
    assert_eq!(workspace.ask(&Line::new("!count")).await.text, "That was number 2.");
    let record = workspace.settled_for(&[("ben", "#general"), ("ben", "#lunch")]).await;
    let answers = workspace.answers(&record, &accepted);
    assert_eq!(
        answers.len(),
        2,
        "answered once, and the last word: {:?}",
        texts(&answers)
    );
    for word in 0..words {
        assert_eq!(record.saying(&format!("word-{word}.")).len(), 1, "word-{word}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_only_disk_stops_the_start() {
    let workspace = Workspace::start().await;
    let Some((mut bot, disk)) = on_small_disk(&workspace).await else {
        return;
    };
    assert_eq!(workspace.ask(&Line::new("!count")).await.text, "That was number 1.");
    assert!(bot.stop().await.success());
    disk.remount("ro").unwrap();
    assert_told(&bot.start_in_vain().await, &["data/moa.redb", "Read-only", "writable"]);
    disk.remount("rw").unwrap();
    bot.restart().await;
    assert_eq!(workspace.ask(&Line::new("!count")).await.text, "That was number 2.");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_becomes_read_only_refuses_what_needs_it_until_it_is_writable_again() {
    let workspace = Workspace::start().await;
    let Some((_bot, disk)) = on_small_disk(&workspace).await else {
        return;
    };
    assert_eq!(workspace.ask(&Line::new("!count")).await.text, "That was number 1.");
    // Nobody but the kernel, after a fault, makes a disk read-only while a file on it is open for writing. So the store
    // has to lose its file first: there is no room, and the file is gone. It is not made anew, for that would be an empty
    // brain.
    disk.fill();
    let mut counted = 1 + refused_at_last(&workspace).await;
    let begun = Instant::now();
    loop {
        disk.run("mv moa.redb aside").unwrap();
        counted += refused_at_last(&workspace).await;
        disk.run("test ! -e moa.redb && mv aside moa.redb").unwrap();
        match disk.remount("ro") {
            Ok(_) => break,
            // It was quicker, and has the file again.
            Err(why) => assert!(begun.elapsed() < DEADLINE, "{why}"),
        }
    }
    assert_refused(&workspace.ask(&Line::new("!count")).await.text);
    assert_eq!(workspace.ask(&Line::new("!echo still here")).await.text, "still here");
    disk.remount("rw").unwrap();
    disk.free();
    assert_eq!(
        counts_again(&workspace).await,
        format!("That was number {}.", counted + 1)
    );
    assert_eq!(workspace.settled().await.saying("still here").len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_data_file_stops_the_start_and_names_the_remedy() {
    let workspace = Workspace::start().await;
    let mut bot = Plan::new(&workspace).plugin(hello()).start().await;
    assert_eq!(workspace.ask(&Line::new("!count")).await.text, "That was number 1.");
    bot.kill();
    let path = bot.home().join("data/moa.redb");
    let good = fs::read(&path).unwrap();
    let scribbled = |from: usize, to: usize| {
        let mut bytes = good.clone();
        bytes[from..to].iter_mut().for_each(|byte| *byte = !*byte);
        bytes
    };
    let damages = [
        ("cut off", good[..good.len() / 2].to_vec()),
        ("without a beginning", scribbled(0, 4096)),
        ("scribbled over", scribbled(4096, good.len())),
    ];
    for (how, bytes) in damages {
        fs::write(&path, &bytes).unwrap();
        let ended = bot.start_in_vain().await;
        assert_told(&ended, &["moa.redb", "damaged", "moa brain restore"]);
        // What can be saved from it must still be there: only a mark in its head may have changed.
        let after = fs::read(&path).unwrap();
        assert_eq!(after.len(), bytes.len(), "{how}");
        assert!(
            after[4096..] == bytes[4096..],
            "what was {how} is no longer what it was"
        );
    }
    fs::write(&path, &good).unwrap();
    bot.restart().await;
    assert_eq!(workspace.ask(&Line::new("!count")).await.text, "That was number 2.");
}
