//! `moa brain` and `moa journal`, beside a host that runs and without one.

use super::support::bot::{Bot, Plan};
use super::support::guests::hello;
use super::support::process::{Ended, finish, moa};
use super::support::sim::{Line, Workspace};
use super::support::{DEADLINE, GLANCE, long};
use moa_store::{Cell, Entry, Options, RedbStore, Scope, Space, Store};
use moa_test_redis::Redis;
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

/// Runs a command in the bot's folder; it is expected to end so.
async fn ends(dir: &Path, code: i32, line: &str) -> Ended {
    let ended = finish(moa(dir).args(line.split(' '))).await;
    assert_eq!(ended.code, Some(code), "moa {line}: {ended:?}");
    assert!(!ended.stderr.contains('\r'), "progress is for terminals: {ended:?}");
    ended
}

async fn done(dir: &Path, line: &str) -> Ended {
    ends(dir, 0, line).await
}

fn folder(bot: &Bot) -> PathBuf {
    bot.plugins().parent().unwrap().to_owned()
}

/// Everything that `moa brain` and `moa journal` do, in a folder whose brain is empty; `name` keeps its files apart.
async fn tour(dir: &Path, name: &str) {
    done(dir, "brain set memo a 값").await;
    done(dir, "brain set memo b -5 --ttl 1h").await;
    done(dir, "brain set memo a there --conversation C1").await;
    assert_eq!(done(dir, "brain get memo a").await.stdout, "값");
    assert_eq!(done(dir, "brain get memo a --conversation C1").await.stdout, "there");
    let told = done(dir, "brain get memo b --json").await.stdout;
    let entry: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert!(entry["value"] == "-5" && entry["expires"].is_string(), "{told}");
    let missing = ends(dir, 1, "brain get memo c").await;
    assert!(missing.stderr.contains("`memo` has no entry \"c\""), "{missing:?}");
    ends(dir, 2, "brain get memo a --user U1 --shared").await;

    let list = done(dir, "brain list memo --prefix a").await.stdout;
    assert_eq!(list.lines().count(), 3, "{list}");
    assert!(list.lines().next().unwrap().starts_with("PLUGIN"), "{list}");
    assert!(list.contains("conversation:C1"), "{list}");
    let list = done(dir, "brain list --limit 2 --json").await;
    assert_eq!(list.stdout.lines().count(), 2);
    assert!(list.stderr.contains("--limit 0"), "{list:?}");
    let stats = done(dir, "brain stats").await.stdout;
    assert!(stats.contains("memo") && stats.contains("10MiB"), "{stats}");

    let (one, two) = (format!("{name}-1.jsonl"), format!("{name}-2.jsonl"));
    done(dir, &format!("brain export {one}")).await;
    done(dir, "brain delete memo a").await;
    ends(dir, 1, "brain delete memo a").await;
    done(dir, &format!("brain import {one}")).await;
    done(dir, &format!("brain export {two}")).await;
    let exported = fs::read_to_string(dir.join(&one)).unwrap();
    assert_eq!(fs::read_to_string(dir.join(&two)).unwrap(), exported);
    assert_eq!(done(dir, "brain export").await.stdout, exported);

    // A file that is not whole is refused before anything is taken.
    let half = format!("{name}-half.jsonl");
    let cut = exported.trim_end().rfind('\n').unwrap() + 1;
    fs::write(dir.join(&half), &exported[..cut]).unwrap();
    for command in ["import", "restore"] {
        let refused = ends(dir, 1, &format!("brain {command} {half}")).await;
        assert!(
            refused.stderr.contains(&half) && refused.stderr.contains("last line"),
            "{refused:?}"
        );
    }

    done(dir, "brain backup").await;
    let backup = fs::read_dir(dir.join("data/backups")).unwrap().next().unwrap().unwrap();
    assert_eq!(backup.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let backup = format!("data/backups/{}", backup.file_name().to_str().unwrap());
    done(dir, "brain set memo more v").await;
    let refused = ends(dir, 1, &format!("brain restore {backup}")).await;
    assert!(refused.stderr.contains("--replace"), "{refused:?}");
    done(dir, &format!("brain restore {backup} --replace")).await;
    assert_eq!(done(dir, "brain export").await.stdout, exported);

    let copy = format!("redb:{name}.redb");
    done(dir, &format!("brain copy --to {copy}")).await;
    done(dir, "brain delete memo b").await;
    ends(dir, 1, &format!("brain copy --to {copy}")).await;
    done(dir, &format!("brain copy --from {copy} --replace")).await;
    assert_eq!(done(dir, "brain export").await.stdout, exported);
    ends(dir, 2, "brain copy --to nowhere").await;

    let journal = done(dir, "journal list").await.stdout;
    assert!(journal.starts_with("SEQ"), "{journal}");
    let unknown = ends(dir, 1, "journal show 4711").await;
    assert!(unknown.stderr.contains("no record 4711"), "{unknown:?}");
    ends(dir, 2, "journal drop 4711").await;
    ends(dir, 1, "journal drop 4711 --yes").await;

    done(dir, "brain delete memo a").await;
    done(dir, "brain delete memo a --conversation C1").await;
    done(dir, "brain delete memo b").await;
    fs::remove_dir_all(dir.join("data/backups")).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_brain_s_commands_work_while_the_host_runs_and_while_it_does_not() {
    let workspace = Workspace::start().await;
    let mut bot = Plan::new(&workspace).start().await;
    let dir = folder(&bot);
    let socket = dir.join("data/moa.sock");
    assert!(socket.exists());
    tour(&dir, "running").await;
    assert!(bot.stop().await.success());
    assert!(!socket.exists(), "a clean stop removes it");
    tour(&dir, "stopped").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_socket_of_a_killed_host_is_in_nobody_s_way() {
    let workspace = Workspace::start().await;
    let mut bot = Plan::new(&workspace).start().await;
    let dir = folder(&bot);
    bot.kill();
    assert!(dir.join("data/moa.sock").exists());
    done(&dir, "brain set memo k v").await;
    bot.restart().await;
    assert_eq!(done(&dir, "brain get memo k").await.stdout, "v");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_user_is_refused() {
    // SAFETY: it only reads a number of this process.
    if unsafe { libc::geteuid() } != 0 {
        eprintln!("skipped: only root can be somebody else");
        return;
    }
    let workspace = Workspace::start().await;
    let open = tempfile::tempdir().unwrap();
    fs::set_permissions(open.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let socket = open.path().join("moa.sock");
    let set = ("MOA_BOT__SOCKET", socket.to_str().unwrap());
    let _bot = Plan::new(&workspace).env(set.0, set.1).start().await;
    // Where this was built may be a folder that nobody else can look into.
    let program = open.path().join("moa");
    fs::copy(env!("CARGO_BIN_EXE_moa"), &program).unwrap();
    let nobody = || {
        let mut command = Command::new(&program);
        command
            .args(["brain", "stats"])
            .current_dir(open.path())
            .env_clear()
            .env(set.0, set.1)
            .uid(65534)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    };
    let refused = finish(&mut nobody()).await;
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.stderr.contains("may not be used by this user"), "{refused:?}");
    // What the file's mode lets through is asked who it is.
    fs::set_permissions(&socket, fs::Permissions::from_mode(0o666)).unwrap();
    let refused = finish(&mut nobody()).await;
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.stderr.contains("runs as another user"), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn backups_are_made_and_the_last_ones_kept() {
    let workspace = Workspace::start().await;
    let plan = Plan::new(&workspace).config("[store.backup]\nevery = \"1s\"\nkeep = 2\n");
    let bot = plan.start().await;
    let dir = folder(&bot);
    done(&dir, "brain set memo k v").await;
    let from = bot.lines();
    bot.log().wait_for(from, &["backed up 1 entries"]).await;
    let names = || {
        let files = fs::read_dir(dir.join("data/backups")).unwrap();
        let mut names: Vec<String> = files
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        names.retain(|name| name.ends_with(".jsonl"));
        names.sort();
        names
    };
    let first = names()[0].clone();
    let begun = Instant::now();
    while names().contains(&first) {
        assert!(begun.elapsed() < DEADLINE, "the oldest is kept for ever: {:?}", names());
        tokio::time::sleep(GLANCE).await;
    }
    assert!(names().len() <= 3, "{:?}", names());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_sees_what_was_asked_and_has_it_run_again() {
    let workspace = Workspace::start().await;
    let bot = Plan::new(&workspace).plugin(hello()).start().await;
    let dir = folder(&bot);
    assert_eq!(workspace.ask(&Line::new("!count")).await.text, "That was number 1.");
    let begun = Instant::now();
    let row = loop {
        let list = done(&dir, "journal list --json").await.stdout;
        assert!(!list.contains("!count"), "what was said is nothing for a list: {list}");
        let row: serde_json::Value = serde_json::from_str(list.lines().next().unwrap()).unwrap();
        // The end comes to disk a moment after the answer.
        if row["state"] == "done" {
            break row;
        }
        assert!(begun.elapsed() < DEADLINE, "{row}");
        tokio::time::sleep(GLANCE).await;
    };
    assert_eq!(
        (&row["service"], &row["user"]),
        (&"slack".into(), &"U0000000BEN".into()),
        "{row}"
    );
    let seq = row["seq"].as_u64().unwrap();
    let shown = done(&dir, &format!("journal show {seq}")).await.stdout;
    assert!(shown.contains("!count") && shown.contains("done at"), "{shown}");

    let told = done(&dir, &format!("journal retry {seq} --fresh")).await.stdout;
    assert!(told.contains("runs again"), "{told}");
    workspace
        .until("the second count", |record| {
            (!record.saying("That was number 2.").is_empty()).then_some(())
        })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_data_file_stops_the_start_and_is_restored() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    fs::write(dir.join("moa.toml"), "[bot]\ndata-dir = \"./data\"\n").unwrap();
    done(dir, "brain set memo k v").await;
    done(dir, "brain backup backup.jsonl").await;
    let file = dir.join("data/moa.redb");
    let length = usize::try_from(fs::metadata(&file).unwrap().len()).unwrap();
    fs::OpenOptions::new()
        .write(true)
        .open(&file)
        .unwrap()
        .write_all(&vec![0x5a; length])
        .unwrap();

    let tokens = [("SLACK_APP_TOKEN", "xapp-1"), ("SLACK_BOT_TOKEN", "xoxb-1")];
    let stopped = finish(moa(dir).arg("run").envs(tokens)).await;
    assert_eq!(stopped.code, Some(1), "{stopped:?}");
    assert!(
        stopped.stderr.contains("damaged") && stopped.stderr.contains("moa brain restore"),
        "{stopped:?}"
    );
    let stopped = ends(dir, 1, "brain list").await;
    assert!(stopped.stderr.contains("moa brain restore"), "{stopped:?}");

    let restored = done(dir, "brain restore backup.jsonl").await;
    assert!(restored.stderr.contains("moved to"), "{restored:?}");
    assert_eq!(done(dir, "brain get memo k").await.stdout, "v");
    let kept = fs::read_dir(dir.join("data")).unwrap().any(|file| {
        file.unwrap()
            .file_name()
            .to_str()
            .unwrap()
            .starts_with("moa.redb.damaged-")
    });
    assert!(kept, "what is damaged is not thrown away");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_brain_moves_to_redis_and_back_while_the_bot_runs() {
    let Some(redis) = Redis::start_or_skip().unwrap() else {
        return;
    };
    let workspace = Workspace::start().await;
    let bot = Plan::new(&workspace).start().await;
    let dir = folder(&bot);
    filled(&dir.join("many"), 2_500).await;
    done(&dir, "--data-dir many brain export given.jsonl").await;
    done(&dir, "brain import given.jsonl").await;
    let given = fs::read_to_string(dir.join("given.jsonl")).unwrap();

    done(&dir, &format!("brain copy --to {}", redis.url())).await;
    let in_redis = async |line: &str| finish(moa(&dir).args(line.split(' ')).env("MOA_STORE__URL", redis.url())).await;
    // The socket is the running bot's, whose store is the file: a folder without one reaches Redis itself.
    let exported = in_redis("--data-dir elsewhere brain export").await;
    assert_eq!(exported.stdout, given, "{}", exported.stderr);

    let set = in_redis("--data-dir elsewhere brain set memo new there").await;
    assert_eq!(set.code, Some(0), "{set:?}");
    let refused = ends(&dir, 1, &format!("brain copy --from {}", redis.url())).await;
    assert!(refused.stderr.contains("--replace"), "{refused:?}");
    done(&dir, &format!("brain copy --from {} --replace", redis.url())).await;
    assert_eq!(done(&dir, "brain get memo new").await.stdout, "there");
    let exported = in_redis("--data-dir elsewhere brain export").await;
    assert_eq!(done(&dir, "brain export").await.stdout, exported.stdout);
}

/// A data file with so many entries.
async fn filled(dir: &Path, count: usize) {
    fs::create_dir_all(dir).unwrap();
    let store = RedbStore::open(dir.join("moa.redb"), Options::default()).unwrap();
    let mut random = fastrand::Rng::with_seed(7);
    let mut batch: Vec<(Cell, Entry)> = Vec::new();
    for n in 0..count {
        let scope = match n % 4 {
            0 => Scope::Plugin,
            1 => Scope::Conversation(format!("C{}", n % 101)),
            2 => Scope::User(format!("U{}\n", n % 103)),
            _ => Scope::Shared,
        };
        let value = match n % 3 {
            0 => "가나다라 \"\\\u{1}".repeat(random.usize(0..30)).into_bytes(),
            _ => (0..random.usize(0..600)).map(|_| random.u8(..)).collect(),
        };
        let entry = Entry {
            value,
            version: (n + 1).to_string(),
            expires_ms: (n % 5 == 0).then_some(4_102_444_800_000 + n as i64),
        };
        batch.push((
            Space::new(format!("plugin-{}", n % 7), scope).cell(format!("키/{n:07}")),
            entry,
        ));
        if batch.len() == 5_000 || n + 1 == count {
            store.import(std::mem::take(&mut batch)).await.unwrap();
        }
    }
    store.close().await.unwrap();
}

/// Runs a command to its end; the most memory that it ever held, in KiB.
async fn peak(dir: &Path, line: &str) -> u64 {
    let mut child: Child = moa(dir)
        .args(line.split(' '))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut most = 0;
    loop {
        let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let now = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next()?.parse().ok());
        most = most.max(now.unwrap_or(0));
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "moa {line}: {status}");
            return most;
        }
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_of_many_keys_comes_back_byte_for_byte_in_little_memory() {
    let many = if long() { 1_000_000 } else { 100_000 };
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    filled(&dir.join("few"), 100).await;
    let few = peak(dir, "--data-dir few brain export few.jsonl").await;
    filled(&dir.join("many"), many).await;
    let export = peak(dir, "--data-dir many brain export 1.jsonl").await;
    let import = peak(dir, "--data-dir again brain import 1.jsonl").await;
    let again = peak(dir, "--data-dir again brain export 2.jsonl").await;
    let (one, two) = (
        fs::read(dir.join("1.jsonl")).unwrap(),
        fs::read(dir.join("2.jsonl")).unwrap(),
    );
    assert!(one == two, "they differ");
    assert_eq!(one.iter().filter(|byte| **byte == b'\n').count(), many + 2);
    for (what, most) in [("export", export), ("import", import), ("export again", again)] {
        let more = most.saturating_sub(few) >> 10;
        let size = one.len() >> 20;
        println!("{what} of {size} MiB: {more} MiB more than of nothing");
        assert!(more < 32, "{what} of {size} MiB took {more} MiB more than of nothing");
    }
}
