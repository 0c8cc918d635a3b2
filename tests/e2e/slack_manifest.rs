//! The app at Slack: made from the plugins that are there, and its slash commands lead to them.

use super::support::bot::Plan;
use super::support::guests::{CORE_MODULE, hello, links, lunch, memo, put};
use super::support::process::{Ended, finish, moa};
use super::support::sim::{Line, Workspace};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use yaml_rust2::{Yaml, YamlLoader};

/// What every bot needs, word for word.
const BASE: &str = include_str!("../../host/core/src/slack/app/base.yaml");

/// The command, which is expected to succeed.
async fn done(dir: &Path, line: &str) -> Ended {
    let ended = finish(moa(dir).args(line.split(' '))).await;
    assert_eq!(ended.code, Some(0), "moa {line}: {ended:?}");
    ended
}

/// The manifest in JSON.
async fn manifest(dir: &Path, line: &str) -> (Value, Ended) {
    let ended = done(dir, format!("slack manifest --json {line}").trim()).await;
    (serde_json::from_str(&ended.stdout).unwrap(), ended)
}

fn slash_commands(manifest: &Value) -> Vec<&str> {
    let commands = manifest["features"]["slash_commands"].as_array().unwrap();
    commands
        .iter()
        .map(|command| command["command"].as_str().unwrap())
        .collect()
}

/// YAML as another reader understands it.
fn read(text: &str) -> Value {
    fn value(yaml: &Yaml) -> Value {
        match yaml {
            Yaml::String(text) => json!(text),
            Yaml::Integer(number) => json!(number),
            Yaml::Boolean(truth) => json!(truth),
            Yaml::Array(items) => items.iter().map(value).collect(),
            Yaml::Hash(fields) => {
                let field = |(key, field): (&Yaml, &Yaml)| (key.as_str().unwrap().to_owned(), value(field));
                Value::Object(fields.iter().map(field).collect())
            }
            other => panic!("a manifest has no {other:?}"),
        }
    }
    let documents = YamlLoader::load_from_str(text).unwrap();
    assert_eq!(documents.len(), 1);
    value(&documents[0])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_plugins_it_is_what_every_bot_needs() {
    let dir = tempfile::tempdir().unwrap();
    let ended = done(dir.path(), "slack manifest").await;
    assert_eq!(ended.stdout, BASE);
    assert!(ended.stderr.contains("there is no plugin in"), "{ended:?}");
    assert!(ended.stderr.contains("https://api.slack.com/apps"), "{ended:?}");
    assert_eq!(
        read(&ended.stdout),
        manifest(dir.path(), "").await.0,
        "YAML and JSON differ"
    );
    assert!(!dir.path().join("moa-data").exists(), "a look leaves nothing behind");

    let (named, _) = manifest(dir.path(), "--name Lunchbot --senders").await;
    assert_eq!(named["display_information"]["name"], "Lunchbot");
    let scopes = &named["oauth_config"]["scopes"]["bot"];
    assert!(scopes.as_array().unwrap().contains(&json!("chat:write.customize")));
    for wrong in ["--name xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "--slash ,"] {
        let ended = finish(moa(dir.path()).args(format!("slack manifest {wrong}").split(' '))).await;
        assert_eq!(ended.code, Some(2), "{wrong}: {ended:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_made_from_the_files_where_no_host_runs() {
    let dir = tempfile::tempdir().unwrap();
    let plugins = dir.path().join("moa-data/plugins");
    fs::create_dir_all(&plugins).unwrap();
    for file in [hello(), links(), lunch(), memo()] {
        fs::copy(file, plugins.join(file.file_name().unwrap())).unwrap();
    }
    put(CORE_MODULE, &plugins.join("broken.wasm"));
    fs::copy(hello(), plugins.join("twice.wasm")).unwrap();
    fs::write(plugins.join("notes.txt"), "no plugin").unwrap();

    let (all, ended) = manifest(dir.path(), "").await;
    let commands = slash_commands(&all);
    assert_eq!(commands[0], "/moa");
    for command in ["/echo", "/count", "/lunch", "/memo"] {
        assert!(commands.contains(&command), "{command} is not in {commands:?}");
    }
    let korean =
        |command: &Value| command["command"] == "/lunch" && command["description"].as_str().unwrap().contains("점심");
    let described = all["features"]["slash_commands"].as_array().unwrap();
    assert!(described.iter().any(korean), "{described:?}");
    assert!(ended.stderr.contains("broken.wasm is left out (inspect)"), "{ended:?}");
    assert!(
        ended.stderr.contains("another file has the name hello too"),
        "{ended:?}"
    );
    assert_eq!(read(&done(dir.path(), "slack manifest").await.stdout), all);

    let (none, _) = manifest(dir.path(), "--slash none").await;
    assert_eq!(slash_commands(&none), ["/moa"]);
    let (some, ended) = manifest(dir.path(), "--slash 점심팀,/echo,nothing").await;
    assert_eq!(slash_commands(&some), ["/moa", "/echo", "/lunch"]);
    assert!(ended.stderr.contains("no plugin has a command nothing"), "{ended:?}");

    // The same where the tokens are missing, with the steps to them.
    let ended = finish(moa(dir.path()).arg("run")).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    for says in [
        "command: /lunch",
        "xapp-",
        "connections:write",
        "Install App",
        "moa dev",
    ] {
        assert!(ended.stderr.contains(says), "{says} is not in {}", ended.stderr);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_runs_is_asked_and_its_slash_commands_lead_to_the_plugins() {
    let workspace = Workspace::start().await;
    let bot = Plan::new(&workspace).plugin(hello()).plugin(lunch()).start().await;
    // It serves on, and reading the folder would tell of this file.
    put(CORE_MODULE, &bot.plugins().join("broken.wasm"));
    let (manifest, ended) = manifest(bot.home(), "").await;
    assert!(!ended.stderr.contains("broken"), "the host was not asked: {ended:?}");
    let commands = slash_commands(&manifest);
    for command in ["/moa", "/echo", "/count", "/lunch"] {
        assert!(commands.contains(&command), "{command} is not in {commands:?}");
    }

    // A workspace that has this app takes these commands and no others.
    workspace.offer(&manifest["features"]).await;
    let slash = |text: &str| Line::new(text).slash();
    for text in [
        "/lunch 2 로지,샐리,앨리,빈센트",
        "/moa 점심팀 2 로지,샐리,앨리,빈센트",
        "/moa lunch 2 로지,샐리,앨리,빈센트",
    ] {
        let answer = workspace.ask(&slash(text)).await;
        assert!(
            answer.text.contains("로지") && answer.text.lines().count() == 2,
            "{text}: {answer:?}"
        );
        assert!(answer.only_for.is_some(), "{text}: {answer:?}");
    }
    for (text, says) in [
        ("/moa ecoh hi", "echo"),
        ("/moa whatever", "whatever"),
        ("/lunch x", "lunch"),
        ("/moa", "echo"),
    ] {
        let answer = workspace.ask(&slash(text)).await;
        assert!(answer.text.contains(says), "{text}: {answer:?}");
        assert!(
            answer.only_for.is_some(),
            "{text} is answered for all to see: {answer:?}"
        );
    }
    let mention = workspace.ask(&Line::new("@moa 점심팀 2 로지,샐리,앨리,빈센트")).await;
    assert!(
        mention.text.contains("로지") && mention.only_for.is_none(),
        "{mention:?}"
    );
}
