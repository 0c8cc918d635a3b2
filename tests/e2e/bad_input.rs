//! What an operator may get wrong ends in one readable error with the remedy, and the right exit code.

use super::support::bot::Plan;
use super::support::guests::{CORE_MODULE, EMPTY_COMPONENT, hello};
use super::support::process::{Ended, finish, moa};
use super::support::sim::{Line, Workspace};
use serde_json::json;
use std::path::Path;

/// The end was code `code`, with one message that holds all of `words` and looks like nothing but a message.
fn assert_told(ended: &Ended, code: i32, words: &[&str]) {
    let told = format!("{}{}", ended.stdout, ended.stderr);
    assert_eq!(ended.code, Some(code), "exit code; it said:\n{told}");
    for word in words {
        assert!(told.contains(word), "nothing about {word:?} in:\n{told}");
    }
    for word in [
        "panicked",
        "RUST_BACKTRACE",
        "stack backtrace",
        "Os {",
        "Error(",
        "unwrap",
    ] {
        assert!(!told.contains(word), "{word:?} is nothing for an operator:\n{told}");
    }
}

const TOKENS: [(&str, &str); 2] = [("SLACK_APP_TOKEN", "xapp-test"), ("SLACK_BOT_TOKEN", "xoxb-test")];

/// `moa run` with this configuration, with tokens.
async fn run(dir: &Path, config: &str) -> Ended {
    std::fs::write(dir.join("moa.toml"), config).unwrap();
    finish(moa(dir).arg("run").envs(TOKENS)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mistake_in_the_configuration_is_shown_where_it_is() {
    let table: &[(&str, &[&str])] = &[
        ("[bot]\nlocal = \"ko\"\n", &["moa.toml", "bot.local", "locale", "2"]),
        ("[bott]\nname = \"x\"\n", &["moa.toml", "bott", "bot"]),
        (
            "[slack]\nconnections = \"two\"\n",
            &["moa.toml", "slack.connections", "2"],
        ),
        ("[slack]\nconnections = 99\n", &["moa.toml", "slack.connections", "8"]),
        (
            "[slack]\nping-timeout = 10\n",
            &["moa.toml", "slack.ping-timeout", "\"10s\""],
        ),
        ("[bot]\nlocale = \"xx\"\n", &["moa.toml", "bot.locale", "ko", "en"]),
        (
            "[bot]\ntimezone = \"Mars/Base\"\n",
            &["moa.toml", "bot.timezone", "Mars/Base"],
        ),
        (
            "[slack]\napi-url = \"http://example.com/api/\"\n",
            &["moa.toml", "slack.api-url", "https"],
        ),
        (
            "[plugin.hello.limits]\nmemory = \"many\"\n",
            &["moa.toml", "plugin.hello.limits.memory", "MiB"],
        ),
        ("[bot\nname = 1\n", &["moa.toml"]),
    ];
    for (config, words) in table {
        let dir = tempfile::tempdir().unwrap();
        let ended = run(dir.path(), config).await;
        println!("{config}{}", ended.stderr);
        assert_told(&ended, 2, words);
        // The same without running anything.
        let ended = finish(moa(dir.path()).args(["config", "check"]).envs(TOKENS)).await;
        assert_ne!(ended.code, Some(0), "`moa config check` likes {config}");
        assert!(
            !dir.path().join("moa-data").exists(),
            "a wrong configuration made a data directory"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mistake_in_the_environment_is_shown_by_its_name() {
    let dir = tempfile::tempdir().unwrap();
    for (name, value, words) in [
        (
            "MOA_SLACK__CONECTIONS",
            "2",
            ["MOA_SLACK__CONECTIONS", "slack.connections"],
        ),
        ("MOA_SLACK__CONNECTIONS", "two", ["MOA_SLACK__CONNECTIONS", "two"]),
    ] {
        let ended = finish(moa(dir.path()).arg("run").envs(TOKENS).env(name, value)).await;
        assert_told(&ended, 2, &words);
    }
    let ended = finish(moa(dir.path()).args(["run", "--config", "missing.toml"]).envs(TOKENS)).await;
    assert_told(&ended, 2, &["missing.toml"]);
    let ended = finish(moa(dir.path()).args(["run", "--log-level", "moa=loudly"]).envs(TOKENS)).await;
    assert_told(&ended, 2, &["--log-level", "debug"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn missing_tokens_are_told_with_the_way_to_get_them() {
    let dir = tempfile::tempdir().unwrap();
    let ended = finish(moa(dir.path()).arg("run")).await;
    // The manifest to paste, and the way to try it without an account.
    assert_told(
        &ended,
        1,
        &["SLACK_APP_TOKEN", "SLACK_BOT_TOKEN", "moa dev", "socket_mode_enabled"],
    );
    let ended = finish(moa(dir.path()).arg("run").env("SLACK_APP_TOKEN", "xapp-1")).await;
    assert_told(&ended, 1, &["SLACK_BOT_TOKEN"]);
    assert!(
        !ended.stderr.contains("xapp-1"),
        "a token was printed:\n{}",
        ended.stderr
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refused_tokens_end_with_code_3() {
    let workspace = Workspace::start().await;
    for (app, bot, word) in [
        ("xapp-wrong", None, "slack.app-token"),
        ("", Some("xoxb-wrong"), "slack.bot-token"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let (right_app, right_bot) = workspace.tokens();
        let app = if app.is_empty() { &right_app } else { app };
        let ended = finish(
            moa(dir.path())
                .arg("run")
                .env("MOA_SLACK__API_URL", workspace.api_url())
                .env("SLACK_APP_TOKEN", app)
                .env("SLACK_BOT_TOKEN", bot.unwrap_or(&right_bot)),
        )
        .await;
        assert_told(&ended, 3, &["invalid_auth", word]);
        for token in [app, bot.unwrap_or(&right_bot)] {
            assert!(!ended.stderr.contains(token), "a token was printed:\n{}", ended.stderr);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_that_are_revoked_later_end_it_with_code_3_too() {
    let workspace = Workspace::start().await;
    let mut bot = Plan::new(&workspace).plugin(hello()).start().await;
    workspace.fault(json!({"kind": "revoke"})).await;
    workspace.fault(json!({"kind": "close", "all": true})).await;
    let ended = bot.process.end().await;
    assert_eq!(ended.code(), Some(3), "{}", bot.log().text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_port_in_use_is_told_with_the_way_out() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let port = taken.local_addr().unwrap().port().to_string();
    let dir = tempfile::tempdir().unwrap();

    let ended = finish(moa(dir.path()).args(["playground", "--listen", &address])).await;
    assert_told(&ended, 1, &[&address, "in use", "port"]);
    std::fs::create_dir(dir.path().join("none")).unwrap();
    let ended = finish(moa(dir.path()).args(["dev", "none", "--port", &port])).await;
    assert_told(&ended, 1, &[&port, "in use", "--port"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_data_directory_that_cannot_be_used_is_named() {
    let workspace = Workspace::start().await;
    let (app, bot) = workspace.tokens();
    let dir = tempfile::tempdir().unwrap();
    // A file in its way stands for every reason that it cannot be written: the tests may run as root.
    std::fs::write(dir.path().join("data"), "not a directory").unwrap();
    let ended = finish(
        moa(dir.path())
            .args(["run", "--data-dir", "data"])
            .env("MOA_SLACK__API_URL", workspace.api_url())
            .env("SLACK_APP_TOKEN", app)
            .env("SLACK_BOT_TOKEN", bot),
    )
    .await;
    assert_told(&ended, 1, &["data", "bot.data-dir"]);
    assert_eq!(
        std::fs::read_to_string(dir.path().join("data")).unwrap(),
        "not a directory"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_host_on_the_same_data_is_refused_and_the_first_goes_on() {
    let workspace = Workspace::start().await;
    let bot = Plan::new(&workspace).plugin(hello()).start().await;
    let (app, token) = workspace.tokens();
    let home = bot.plugins().parent().unwrap().to_owned();
    let ended = finish(
        moa(&home)
            .arg("run")
            .env("SLACK_APP_TOKEN", app)
            .env("SLACK_BOT_TOKEN", token),
    )
    .await;
    assert_told(&ended, 1, &["data", "another moa"]);
    assert_eq!(workspace.ask(&Line::new("!echo still here")).await.text, "still here");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_store_stops_the_start_and_stays_as_it_is() {
    let workspace = Workspace::start().await;
    let (app, token) = workspace.tokens();
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    std::fs::create_dir(&data).unwrap();
    let junk = vec![0x5a_u8; 8192];
    std::fs::write(data.join("moa.redb"), &junk).unwrap();
    let ended = finish(
        moa(dir.path())
            .args(["run", "--data-dir", "data"])
            .env("MOA_SLACK__API_URL", workspace.api_url())
            .env("SLACK_APP_TOKEN", app)
            .env("SLACK_BOT_TOKEN", token),
    )
    .await;
    assert_told(&ended, 1, &["moa.redb", "restore"]);
    assert_eq!(std::fs::read(data.join("moa.redb")).unwrap(), junk);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_no_plugin_is_explained() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| std::fs::write(dir.path().join(name), bytes).unwrap();
    write("junk.wasm", b"this is no WebAssembly");
    write("core.wasm", CORE_MODULE);
    write("empty.wasm", EMPTY_COMPONENT);
    write("nothing.wasm", b"");
    let half = std::fs::read(hello()).unwrap();
    write("half.wasm", &half[..half.len() / 2]);
    for (name, words) in [
        ("junk.wasm", ["junk.wasm", "WebAssembly"]),
        ("core.wasm", ["core.wasm", "moa build"]),
        ("empty.wasm", ["empty.wasm", "guest"]),
        ("nothing.wasm", ["nothing.wasm", "WebAssembly"]),
        ("half.wasm", ["half.wasm", "damaged"]),
        ("missing.wasm", ["missing.wasm", "No such file"]),
    ] {
        let ended = finish(moa(dir.path()).args(["check", name])).await;
        println!("{}{}", ended.stdout, ended.stderr);
        assert_told(&ended, 1, &words);
    }
    let ended = finish(moa(dir.path()).arg("check").arg(hello())).await;
    assert_told(&ended, 0, &["hello", "echo", "count"]);
    let ended = finish(moa(dir.path()).arg("check").arg(hello()).arg("junk.wasm")).await;
    assert_told(&ended, 1, &["hello", "junk.wasm"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_use_of_the_command_line_ends_with_code_2() {
    let dir = tempfile::tempdir().unwrap();
    for args in [
        &["rum"][..],
        &["run", "--frequency"],
        &["check"],
        &["playground", "--listen", "here"],
        &[],
    ] {
        let ended = finish(moa(dir.path()).args(args)).await;
        assert_eq!(ended.code, Some(2), "{args:?}: {}{}", ended.stdout, ended.stderr);
    }
    let ended = finish(moa(dir.path()).arg("--version")).await;
    assert_told(&ended, 0, &["moa", env!("CARGO_PKG_VERSION"), "0.1.0"]);
}
