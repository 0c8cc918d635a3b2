//! `moa plugin` and `moa logs`, beside a host that runs and without one.

use super::support::bot::Plan;
use super::support::guests::{altered, hello, hostile, put};
use super::support::process::{Ended, Running, finish, moa};
use super::support::sim::{Line, Workspace};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::path::Path;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// Runs a command in the bot's folder; it is expected to end so.
async fn ends(dir: &Path, code: i32, line: &str) -> Ended {
    let ended = finish(moa(dir).args(line.split(' '))).await;
    assert_eq!(ended.code, Some(code), "moa {line}: {ended:?}");
    assert!(!ended.stderr.contains('\r'), "progress is for terminals: {ended:?}");
    ended
}

async fn done(dir: &Path, line: &str) -> String {
    ends(dir, 0, line).await.stdout
}

async fn json(dir: &Path, line: &str) -> Value {
    serde_json::from_str(&done(dir, &format!("{line} --json")).await).unwrap()
}

/// The line of a plugin in `moa plugin list`.
async fn listed(dir: &Path, name: &str) -> String {
    let list = done(dir, "plugin list").await;
    let line = list.lines().find(|line| line.split(' ').next() == Some(name));
    line.unwrap_or_else(|| panic!("{name} is not in the list:\n{list}"))
        .to_owned()
}

fn digest(bytes: &[u8]) -> String {
    let hex: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

async fn says(workspace: &Workspace, line: &str) -> String {
    workspace.ask(&Line::new(line)).await.text
}

/// Another version of `hello`, in a file beside the plugin folder.
fn other(dir: &Path) -> (Vec<u8>, &'static str) {
    let bytes = altered(hello(), "That was number", "Count is number");
    std::fs::write(dir.join("other.wasm"), &bytes).unwrap();
    (bytes, "other.wasm")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_host_lists_stops_starts_and_restarts_its_plugins() {
    let workspace = Workspace::start().await;
    let mut bot = Plan::new(&workspace).plugin(hello()).plugin(hostile()).start().await;
    let dir = bot.home().to_owned();
    says(&workspace, "!count").await;
    says(&workspace, "!panic").await;
    put(b"junk", &bot.plugins().join("junk.wasm"));
    bot.log().wait_for(0, &["junk.wasm", "not loaded"]).await;

    let list = done(&dir, "plugin list").await;
    assert!(list.starts_with("NAME"), "{list}");
    let row = listed(&dir, "hello").await;
    assert!(row.contains("serving") && row.contains("MiB"), "{row}");
    assert!(listed(&dir, "junk").await.contains("broken"), "{list}");
    assert!(listed(&dir, "hostile").await.contains("panic"), "{list}");
    let list = json(&dir, "plugin list").await;
    let rows = list["plugins"].as_array().unwrap();
    let of = |name: &str| rows.iter().find(|row| row["manifest"]["name"] == name).unwrap();
    assert_eq!((&of("hello")["calls"], &of("hello")["errors"]), (&1.into(), &0.into()));
    let hostile = of("hostile");
    assert_eq!(
        (&hostile["calls"], &hostile["errors"], &hostile["faults"]),
        (&1.into(), &1.into(), &1.into())
    );
    assert!(hostile["p99-us"].as_u64().unwrap() >= hostile["p50-us"].as_u64().unwrap());
    let shown = done(&dir, "plugin show hostile").await;
    let invocation = hostile["last-fault"]["invocation"].as_str().unwrap();
    assert!(
        shown.contains(&format!("moa logs --invocation {invocation}")),
        "{shown}"
    );
    assert!(done(&dir, "plugin show junk").await.contains("moa build"));

    // Stopped: told to whoever asks, not offered by help, and stopped over a restart.
    assert!(done(&dir, "plugin stop hello").await.contains("hello is stopped"));
    let told = says(&workspace, "!count").await;
    assert!(
        told.contains("stopped by the operator") && told.contains("hello"),
        "{told}"
    );
    assert!(!says(&workspace, "!help").await.contains("!count"));
    assert!(bot.stop().await.success());
    bot.restart().await;
    assert!(listed(&dir, "hello").await.contains("stopped"));
    assert!(says(&workspace, "!count").await.contains("stopped by the operator"));
    assert!(done(&dir, "plugin start hello").await.contains("serves"));
    assert_eq!(says(&workspace, "!count").await, "That was number 2.");

    // Restarted: counted from nothing.
    assert!(done(&dir, "plugin restart hello").await.contains("loaded anew"));
    let row = json(&dir, "plugin show hello").await;
    assert_eq!((&row["calls"], &row["state"]), (&0.into(), &"serving".into()));
    assert_eq!(says(&workspace, "!count").await, "That was number 3.");

    for verb in [
        "stop", "start", "restart", "rollback", "unpin", "delete", "show", "logs",
    ] {
        let refused = ends(&dir, 1, &format!("plugin {verb} nobody")).await;
        assert!(refused.stderr.contains("`nobody`"), "{verb}: {refused:?}");
    }
    ends(&dir, 2, "plugin stop ../x").await;

    // Deleted: the file is gone, what it remembers is not.
    done(&dir, "plugin delete junk").await;
    assert!(done(&dir, "plugin delete hello").await.contains("deleted"));
    assert!(!bot.plugins().join("hello.wasm").exists());
    put(&std::fs::read(hello()).unwrap(), &bot.plugins().join("hello.wasm"));
    done(&dir, "plugin start hello").await;
    assert_eq!(says(&workspace, "!count").await, "That was number 4.");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_installed_plugin_is_pinned_and_can_be_rolled_back() {
    let workspace = Workspace::start().await;
    let mut bot = Plan::new(&workspace).plugin(hello()).start().await;
    let dir = bot.home().to_owned();
    let original = std::fs::read(hello()).unwrap();
    let file = bot.plugins().join("hello.wasm");
    let (bytes, other) = other(&dir);

    let wrong = ends(
        &dir,
        1,
        &format!("plugin install {other} --digest {}", digest(&original)),
    )
    .await;
    assert!(wrong.stderr.contains(&digest(&bytes)), "{wrong:?}");
    ends(&dir, 1, "plugin install moa.toml").await;
    ends(&dir, 1, "plugin install nowhere.wasm").await;
    ends(&dir, 2, "plugin install http://plugins.example/x.wasm").await;
    ends(&dir, 2, &format!("plugin install {other} --digest sha256:abc")).await;
    assert_eq!(says(&workspace, "!count").await, "That was number 1.");

    let installed = done(&dir, &format!("plugin install {other} --digest {}", digest(&bytes))).await;
    assert!(
        installed.contains("is installed, before") && installed.contains(&digest(&bytes)),
        "{installed}"
    );
    assert_eq!(std::fs::read(&file).unwrap(), bytes);
    assert_eq!(says(&workspace, "!count").await, "Count is number 2.");

    // Another file in its place is refused, with what to do, also by the next host.
    let from = bot.lines();
    put(&original, &file);
    let line = bot.log().wait_for(from, &["hello.wasm", "pinned"]).await;
    assert!(
        line.contains("moa plugin install") && line.contains("moa plugin unpin hello") && line.contains("serves on"),
        "{line}"
    );
    assert_eq!(says(&workspace, "!count").await, "Count is number 3.");
    assert!(bot.stop().await.success());
    bot.restart().await;
    assert!(listed(&dir, "hello").await.contains("broken"));

    // What served last is put back; then what served before that, and the pin with it.
    done(&dir, "plugin rollback hello").await;
    assert_eq!(says(&workspace, "!count").await, "Count is number 4.");
    let back = done(&dir, "plugin rollback hello").await;
    assert!(back.contains("again, before"), "{back}");
    assert_eq!(says(&workspace, "!count").await, "That was number 5.");
    assert_eq!(std::fs::read(&file).unwrap(), original);
    assert_eq!(
        json(&dir, "plugin show hello").await["pinned"],
        digest(&original).as_str()
    );
    assert!(bot.stop().await.success());
    bot.restart().await;
    assert_eq!(says(&workspace, "!count").await, "That was number 6.");
    let end = ends(&dir, 1, "plugin rollback hello").await;
    assert!(end.stderr.contains("no version"), "{end:?}");

    done(&dir, "plugin unpin hello").await;
    let from = bot.lines();
    put(&bytes, &file);
    bot.log().wait_for(from, &["replaced", "hello"]).await;
    assert_eq!(says(&workspace, "!count").await, "Count is number 7.");
}

/// A web server that has one file.
async fn server(file: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.read(&mut [0; 4096]).await;
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                file.len()
            );
            let _ = stream.write_all(&[head.as_bytes(), &file].concat()).await;
        }
    });
    format!("http://{address}/hello.wasm")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_host_the_folder_and_the_lock_file_are_changed_and_the_next_host_finds_it_so() {
    let workspace = Workspace::start().await;
    let mut bot = Plan::new(&workspace).plugin(hello()).start().await;
    let dir = bot.home().to_owned();
    let file = bot.plugins().join("hello.wasm");
    assert!(bot.stop().await.success());

    assert!(listed(&dir, "hello").await.contains("idle"));
    let shown = done(&dir, "plugin show hello").await;
    assert!(shown.contains("idle") && shown.contains("none does"), "{shown}");
    assert!(!shown.contains("latency") && !shown.contains(" ago"), "{shown}");
    assert!(done(&dir, "plugin stop hello").await.contains("stopped"));
    assert!(listed(&dir, "hello").await.contains("stopped"));
    for verb in ["restart hello", "rollback hello", "logs hello"] {
        let refused = ends(&dir, 1, &format!("plugin {verb}")).await;
        assert!(refused.stderr.contains("no moa"), "{refused:?}");
    }
    bot.restart().await;
    assert!(says(&workspace, "!count").await.contains("stopped by the operator"));
    assert!(bot.stop().await.success());

    assert!(done(&dir, "plugin start hello").await.contains("when moa runs"));
    let (bytes, _) = other(&dir);
    let url = server(bytes.clone()).await;
    let installed = done(&dir, &format!("plugin install {url} --digest {}", digest(&bytes))).await;
    assert!(installed.contains("next start"), "{installed}");
    assert_eq!(std::fs::read(&file).unwrap(), bytes);
    let lock: Value = serde_json::from_slice(&std::fs::read(dir.join("data/plugins.lock")).unwrap()).unwrap();
    let expected = serde_json::json!({
        "hello": {"stopped": false, "digest": digest(&bytes), "source": url, "file": "hello.wasm"}
    });
    assert_eq!(lock, expected);
    bot.restart().await;
    assert_eq!(says(&workspace, "!count").await, "Count is number 1.");
    // The version of the host before is still the one to go back to.
    done(&dir, "plugin rollback hello").await;
    assert_eq!(says(&workspace, "!count").await, "That was number 2.");
    assert!(bot.stop().await.success());

    // What cannot be read stops the start, by its name.
    let locks = dir.join("data/plugins.lock");
    let whole = std::fs::read(&locks).unwrap();
    std::fs::write(&locks, &whole[..whole.len() / 2]).unwrap();
    let ended = bot.start_in_vain().await;
    assert!(
        ended.code == Some(1) && ended.stderr.contains("plugins.lock"),
        "{ended:?}"
    );
    assert!(ends(&dir, 1, "plugin list").await.stderr.contains("plugins.lock"));
    std::fs::write(&locks, &whole).unwrap();

    done(&dir, "plugin delete hello").await;
    assert!(!file.exists());
    assert_eq!(std::fs::read_to_string(&locks).unwrap(), "{}\n");
    assert!(ends(&dir, 0, "plugin list").await.stderr.contains("no plugin"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_ordered_while_a_host_starts_is_not_lost() {
    let workspace = Workspace::start().await;
    let mut bot = Plan::new(&workspace).plugin(hello()).plugin(hostile()).start().await;
    let dir = bot.home().to_owned();
    for (verb, stopped) in [("stop", true), ("start", false), ("stop", true)] {
        assert!(bot.stop().await.success());
        let from = bot.lines();
        // All at once: two commands and the host that they may or may not find.
        bot.start_again();
        let (first, second) = (format!("plugin {verb} hello"), format!("plugin {verb} hostile"));
        tokio::join!(done(&dir, &first), done(&dir, &second));
        bot.log().wait_for(from, &["connected to slack"]).await;
        let lock: Value = serde_json::from_slice(&std::fs::read(dir.join("data/plugins.lock")).unwrap()).unwrap();
        for plugin in ["hello", "hostile"] {
            let state = if stopped { "stopped" } else { "serving" };
            let row = listed(&dir, plugin).await;
            assert!(row.contains(state), "{verb}: {row}");
            assert_eq!(lock[plugin]["stopped"] == true, stopped, "{verb}: {lock}");
        }
    }
}

/// The invocation that a person was told.
fn id_in(told: &str) -> String {
    let words = told.split(|c: char| !c.is_ascii_alphanumeric());
    let mut ids = words.filter(|word| word.len() >= 8 && word.chars().all(|c| c.is_ascii_hexdigit()));
    ids.next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn logs_tell_everything_of_a_call_and_are_followed() {
    let workspace = Workspace::start().await;
    let mut bot = Plan::new(&workspace)
        .plugin(hello())
        .plugin(hostile())
        // Whatever the host itself prints.
        .env("MOA_LOG", "info,plugin=off")
        .start()
        .await;
    let dir = bot.home().to_owned();
    let mut following = Running::start(moa(&dir).args(["plugin", "logs", "hostile", "-f"]));
    let first = says(&workspace, "!panic").await;
    following.log.wait_for(0, &["hostile", "this was to be expected"]).await;
    let from = following.log.lines().len();
    let second = says(&workspace, "!trap").await;
    let fault = following.log.wait_for(from, &["ERROR", "(host)"]).await;
    assert!(following.is_up(), "{fault}");

    for (told, words) in [(first, "this was to be expected"), (second, "it ended itself")] {
        let id = id_in(&told);
        // Every line about it names it, also in what the host itself prints.
        let printed = bot.log().lines();
        let printed: Vec<_> = printed.iter().filter(|line| line.contains(words)).collect();
        assert!(
            !printed.is_empty() && printed.iter().all(|line| line.contains(&id)),
            "{printed:?}"
        );
        let all = done(&dir, &format!("logs --invocation {id}")).await;
        assert!(all.contains(words) && all.contains("(host)"), "{all}");
        assert!(all.contains("backtrace 0: "), "{all}");
        let heads: Vec<&str> = all.lines().filter(|line| !line.starts_with(' ')).collect();
        assert!(
            heads.iter().all(|line| line.contains(&id) && line.contains("hostile")),
            "{all}"
        );
    }
    let lines = done(&dir, "plugin logs hostile --lines 2 --json").await;
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2);
    for line in &lines {
        assert_eq!(line["plugin"], "hostile");
        assert_eq!(line["version"].as_str().unwrap().len(), 12);
        for field in ["time", "level", "invocation", "text"] {
            assert!(line[field].is_string(), "{field}: {line}");
        }
    }
    assert_eq!(done(&dir, "plugin logs hello").await, "");
    let unknown = ends(&dir, 1, "logs --invocation ffffffffffff").await;
    assert!(unknown.stderr.contains("nothing is kept"), "{unknown:?}");

    // Who follows is told when the host is gone.
    assert!(bot.stop().await.success());
    assert_eq!(following.end().await.code(), Some(1));
    following.log.wait_for(0, &["has ended"]).await;
}
