//! Slack's own clients run unchanged against the playground: they know how Slack behaves, and not from us.
//!
//! They are installed from their registries into `MOA_TEST_CACHE` (default `target/clients`). Without Python or Node
//! the test is skipped, except where `MOA_TEST_REQUIRE=all` asks for every check.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

mod support;

use moa_playground::{Options, Playground};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};
use support::{act, record, start};
use tokio::process::Command;
use tokio::time::sleep;

/// Clients reconnect after pauses of their own, up to 10 s.
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slack_sdk_and_bolt_for_python() {
    let Some(folder) = install("python", &["python3"]).await else {
        return;
    };
    let python = folder.join("venv/bin/python");
    // The folder must not be taken for a package: scripts are named by their path.
    let sdk = |client| {
        (
            python.clone(),
            vec![folder.join("sdk.py").into_os_string(), client],
            true,
        )
    };
    let bolt = |mode| {
        (
            python.clone(),
            vec![folder.join("bolt.py").into_os_string(), mode],
            false,
        )
    };
    all([
        sdk("builtin".into()),
        sdk("websocket_client".into()),
        sdk("aiohttp".into()),
        sdk("websockets".into()),
        bolt("sync".into()),
        bolt("async".into()),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn socket_mode_and_bolt_for_node() {
    let Some(folder) = install("node", &["node", "npm"]).await else {
        return;
    };
    let node = PathBuf::from("node");
    let socket_mode = folder.join("socket-mode.mjs").into_os_string();
    all([
        (
            node.clone(),
            vec![socket_mode.clone(), "@slack/socket-mode".into()],
            true,
        ),
        (node.clone(), vec![socket_mode, "socket-mode-2".into()], true),
        (node, vec![folder.join("bolt.mjs").into_os_string()], false),
    ])
    .await;
}

/// A lock file must install from whichever registry its reader uses.
#[test]
fn the_lock_file_names_no_registry() {
    let lock: Value = serde_json::from_str(include_str!("clients/package-lock.json")).unwrap();
    let packages = lock["packages"].as_object().unwrap();
    assert!(packages.len() > 50);
    for (name, package) in packages {
        assert!(package.get("resolved").is_none(), "{name}");
        assert!(name.is_empty() || package["integrity"].is_string(), "{name}");
    }
}

/// Installs one kind of clients; `None` where its tools are missing.
async fn install(kind: &str, tools: &[&str]) -> Option<PathBuf> {
    for tool in tools {
        let found = Command::new(tool)
            .arg("--version")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .await;
        if !found.is_ok_and(|status| status.success()) {
            assert!(
                std::env::var("MOA_TEST_REQUIRE").as_deref() != Ok("all"),
                "{tool} not found"
            );
            println!("skipped: {tool} not found");
            return None;
        }
    }
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let cache = std::env::var_os("MOA_TEST_CACHE").map_or_else(|| here.join("../target/clients"), PathBuf::from);
    let script = here.join("tests/clients/install.sh");
    let done = Command::new("sh")
        .arg(script)
        .arg(kind)
        .arg(&cache)
        .output()
        .await
        .unwrap();
    assert!(
        done.status.success(),
        "installing {kind} clients: {}",
        String::from_utf8_lossy(&done.stderr)
    );
    Some(cache.join(kind))
}

type Client = (PathBuf, Vec<std::ffi::OsString>, bool);

/// Runs every client against a playground of its own, all at once.
async fn all(clients: impl IntoIterator<Item = Client>) {
    let runs: Vec<_> = clients.into_iter().map(|client| tokio::spawn(run(client))).collect();
    for run in runs {
        run.await.unwrap();
    }
}

async fn run((program, arguments, checks): Client) {
    let name = format!(
        "{} {}",
        arguments[0].to_string_lossy(),
        arguments.last().unwrap().to_string_lossy()
    );
    let sim = start(Options {
        refresh_grace: Duration::from_millis(200),
        ..Options::default()
    })
    .await;
    let mut client = Command::new(program);
    client.args(&arguments).env("MOA_API", sim.api_url());
    client
        .env("MOA_APP_TOKEN", sim.app_token())
        .env("MOA_BOT_TOKEN", sim.bot_token());
    let mut client = client.stdin(Stdio::null()).kill_on_drop(true).spawn().unwrap();
    let worked = tokio::time::timeout(PATIENCE * 2, talk(&sim, &name, checks)).await;
    client.kill().await.unwrap();
    worked.unwrap_or_else(|_| panic!("{name} hangs"));
}

async fn talk(sim: &Playground, name: &str, checks: bool) {
    connected(sim, name, 1).await;
    let first = ask(sim, name, json!({"text": "ping 1 <ok>"}), "pong 1 &lt;ok&gt;").await;
    let reply = ask(sim, name, json!({"text": "ping 2", "thread_ts": first["ts"]}), "pong 2").await;
    assert_eq!(
        reply["replies"][0]["thread_ts"], first["ts"],
        "{name} answers in the thread"
    );
    ask(sim, name, json!({"text": "ping 3", "channel": "@dm"}), "pong 3").await;
    ask(sim, name, json!({"text": "@moa hello"}), "mentioned").await;
    let now = ask(sim, name, json!({"text": "/moa now", "kind": "slash"}), "slash now").await;
    assert_eq!(now["replies"][0]["is_ephemeral"], true, "{name}");
    ask(sim, name, json!({"text": "/moa later", "kind": "slash"}), "slash later").await;
    if checks {
        let send = json!({"user": "로지", "channel": "#general", "text": "check", "wait_ms": 30_000, "replies": 6});
        let answer = act(sim, "send", send).await;
        let texts: Vec<&Value> = answer["replies"]
            .as_array()
            .unwrap()
            .iter()
            .map(|r| &r["text"])
            .collect();
        assert!(texts.contains(&&json!("check ok")), "{name}: {texts:?}");
    }
    if !checks {
        order(sim, name).await;
    }
    assert_eq!(
        record(sim, "expired").await,
        Vec::<Value>::new(),
        "{name} acknowledged everything in time"
    );
    for ack in record(sim, "ack").await {
        assert_eq!(ack["known"], true, "{name}: {ack}");
    }
    // Told to refresh, the client comes back by itself and works on.
    let before = record(sim, "open").await.len();
    assert_eq!(act(sim, "fault", json!({"kind": "refresh"})).await["connections"], 1);
    connected(sim, name, before + 1).await;
    ask(sim, name, json!({"text": "ping 4"}), "pong 4").await;
}

/// A small order form: button, modal, what is wrong with it, submission, edited message; and a shortcut on a message.
async fn order(sim: &Playground, name: &str) {
    let offer = ask(sim, name, json!({"text": "form"}), "Lunch?").await["replies"][0].clone();
    let press = json!({"user": "로지", "channel": "#general", "ts": offer["ts"], "action_id": "order"});
    act(sim, "press", press).await;
    changed(sim, name, "opened").await;
    let submit = |count: &str| json!({"user": "로지", "values": {"count": {"n": count}}});
    act(sim, "submit", submit("many")).await;
    changed(sim, name, "errors").await;
    act(sim, "submit", submit("3")).await;
    changed(sim, name, "submitted").await;
    let until = Instant::now() + PATIENCE;
    while !record(sim, "edit").await.iter().any(|edit| edit["text"] == "ordered 3") {
        assert!(Instant::now() < until, "{name} edits its message");
        sleep(Duration::from_millis(50)).await;
    }
    let said = act(
        sim,
        "send",
        json!({"user": "로지", "channel": "#general", "text": "buy rice"}),
    )
    .await;
    let shortcut = json!({"user": "로지", "channel": "#general", "callback_id": "todo", "ts": said["ts"]});
    act(sim, "shortcut", shortcut).await;
    while !record(sim, "post")
        .await
        .iter()
        .any(|post| post["text"] == "todo: buy rice")
    {
        assert!(Instant::now() < until, "{name} takes the shortcut");
        sleep(Duration::from_millis(50)).await;
    }
}

/// Waits until this became of a modal.
async fn changed(sim: &Playground, name: &str, change: &str) {
    let until = Instant::now() + PATIENCE;
    while !record(sim, "view").await.iter().any(|view| view["change"] == change) {
        assert!(Instant::now() < until, "{name}: no modal is {change}");
        sleep(Duration::from_millis(50)).await;
    }
}

/// Somebody says something; the bot must answer with `expected`.
async fn ask(sim: &Playground, name: &str, what: Value, expected: &str) -> Value {
    let mut send = json!({"user": "로지", "channel": "#general", "wait_ms": 30_000});
    send.as_object_mut().unwrap().extend(what.as_object().unwrap().clone());
    let answer = act(sim, "send", send).await;
    assert_eq!(answer["replies"][0]["text"], expected, "{name}: {answer}");
    answer
}

/// Waits until the bot has opened its `count`th connection.
async fn connected(sim: &Playground, name: &str, count: usize) {
    let until = Instant::now() + PATIENCE;
    while record(sim, "open").await.len() < count {
        assert!(Instant::now() < until, "{name} didn't connect ({count})");
        sleep(Duration::from_millis(50)).await;
    }
}
