//! The log: its forms, what each line is about, levels by plugin, and that no secret is ever in it.

use super::super::support::bot::Plan;
use super::super::support::guests::{errands, hello, hostile, put};
use super::super::support::process::{finish, moa};
use super::super::support::sim::{Line, Workspace};
use super::super::support::{DEADLINE, GLANCE};
use super::{done, get, run, until_ready};
use serde_json::Value;
use std::collections::BTreeMap;
use std::os::unix::net::UnixDatagram;
use std::time::Instant;

/// The lines of the bot's log that are JSON.
fn lines(text: &[String]) -> Vec<Value> {
    text.iter().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_trace_leads_from_the_frame_to_the_reply() {
    let workspace = Workspace::start().await;
    let bot = Plan::new(&workspace)
        .plugin(hello())
        .plugin(hostile())
        .config("[log]\nformat = \"json\"\n")
        .env("MOA_LOG", "debug")
        .start()
        .await;
    workspace.ask(&Line::new("!echo one")).await;
    workspace.ask(&Line::new("!echo two")).await;
    let said = workspace.ask(&Line::new("!panic")).await.text;
    assert!(said.contains("hostile"), "{said}");
    workspace.settled().await;
    let all = lines(&bot.log().lines());
    assert_eq!(all.len(), bot.log().lines().len(), "every line is JSON");
    let arrived: Vec<&Value> = all
        .iter()
        .filter(|line| line["message"] == "an event that somebody wants arrived")
        .collect();
    assert!(arrived.len() >= 3, "{}", bot.log().text());
    let mut traces = Vec::new();
    for event in &arrived {
        let trace = event["trace"].as_str().unwrap();
        let of_it: Vec<&Value> = all.iter().filter(|line| line["trace"] == trace).collect();
        let says = |words: &str| {
            of_it
                .iter()
                .find(|line| line["message"].as_str().unwrap().starts_with(words))
        };
        for words in ["recorded and acknowledged", "called", "a message left", "answered"] {
            let line = says(words).unwrap_or_else(|| panic!("no {words:?} in {of_it:#?}"));
            assert!(line["conversation"].as_str().unwrap().starts_with('C'), "{line}");
        }
        let called = says("called").unwrap();
        for field in ["plugin", "version", "invocation"] {
            assert!(called[field].as_str().is_some_and(|text| !text.is_empty()), "{called}");
        }
        assert_eq!(says("answered").unwrap()["invocation"], called["invocation"]);
        traces.push(trace);
    }
    traces.sort_unstable();
    traces.dedup();
    assert_eq!(traces.len(), arrived.len(), "each event has its own");
    let trapped = all
        .iter()
        .find(|line| line["level"] == "error" && line["plugin"] == "hostile")
        .unwrap();
    assert!(traces.contains(&trapped["trace"].as_str().unwrap()), "{trapped}");
}

/// The fields of a datagram to the journal.
fn fields(mut bytes: &[u8]) -> BTreeMap<String, String> {
    let mut fields = BTreeMap::new();
    while let Some(end) = bytes.iter().position(|byte| *byte == b'=' || *byte == b'\n') {
        let name = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let rest = &bytes[end + 1..];
        let (value, rest) = match bytes[end] {
            b'=' => {
                let line = rest.iter().position(|byte| *byte == b'\n').unwrap();
                (&rest[..line], &rest[line + 1..])
            }
            _ => {
                let length = u64::from_le_bytes(rest[..8].try_into().unwrap()) as usize;
                (&rest[8..8 + length], &rest[8 + length + 1..])
            }
        };
        fields.insert(name, String::from_utf8(value.to_vec()).unwrap());
        bytes = rest;
    }
    fields
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_journal_gets_every_line_field_by_field() {
    let workspace = Workspace::start().await;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("socket");
    let journal = UnixDatagram::bind(&path).unwrap();
    let heard = std::thread::spawn(move || {
        let mut buffer = vec![0; 1 << 18];
        let mut all = Vec::new();
        loop {
            let length = journal.recv(&mut buffer).unwrap();
            let line = fields(&buffer[..length]);
            let is_last = line["MESSAGE"] == "stopped";
            all.push(line);
            if is_last {
                return all;
            }
        }
    });
    let plan = Plan::new(&workspace)
        .config("[log]\nformat = \"journald\"\n")
        .env("MOA_TEST_JOURNAL_SOCKET", path.to_str().unwrap());
    let mut bot = plan.start().await;
    // Its log does not come here.
    put(&std::fs::read(hostile()).unwrap(), &bot.plugins().join("hostile.wasm"));
    let begun = Instant::now();
    while !run(bot.home(), "plugin list").await.stdout.contains("serving") {
        assert!(begun.elapsed() < DEADLINE);
        tokio::time::sleep(GLANCE).await;
    }
    assert!(workspace.ask(&Line::new("!panic")).await.text.contains("hostile"));
    assert!(bot.stop().await.success());
    let lines = tokio::task::spawn_blocking(|| heard.join().unwrap()).await.unwrap();
    assert!(
        lines
            .iter()
            .all(|line| line["SYSLOG_IDENTIFIER"] == "moa" && line.contains_key("PRIORITY"))
    );
    let fault = lines
        .iter()
        .find(|line| line["PRIORITY"] == "3" && line.get("MOA_PLUGIN").is_some_and(|plugin| plugin == "hostile"))
        .unwrap();
    for name in ["MOA_INVOCATION", "MOA_TRACE", "MOA_CONVERSATION", "TARGET"] {
        assert!(
            fault.get(name).is_some_and(|value| !value.is_empty()),
            "{name} in {fault:?}"
        );
    }
    assert!(
        bot.log().text().is_empty(),
        "nothing is said twice: {}",
        bot.log().text()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn levels_and_filters_are_the_operators_while_the_host_runs() {
    let workspace = Workspace::start().await;
    let bot = Plan::new(&workspace).plugin(hello()).plugin(hostile()).start().await;
    let dir = bot.home().to_owned();
    until_ready(&bot, 200).await;
    let from = bot.lines();
    workspace.ask(&Line::new("!echo before")).await;
    workspace.settled().await;
    let is_called = |line: &String| line.contains("DEBUG") && line.contains("called") && line.contains("plugin=hello");
    assert!(!bot.log().lines().iter().skip(from).any(is_called));
    let set = done(&dir, "logs level hello debug").await;
    assert!(set.contains("hello") && set.contains("debug"), "{set}");
    workspace.ask(&Line::new("!echo after")).await;
    bot.log().wait_for(from, &["DEBUG", "called", "hello", "trace="]).await;
    // Of others nothing more is told than before.
    let others = bot.log().lines();
    assert!(
        !others
            .iter()
            .skip(from)
            .any(|line| line.contains("DEBUG") && !line.contains("hello"))
    );
    done(&dir, "logs level hostile off").await;
    let quiet = bot.lines();
    workspace.ask(&Line::new("!panic")).await;
    workspace.settled().await;
    let is_about_it = |line: &String| line.contains("plugin=") && line.contains("hostile");
    assert!(!bot.log().lines().iter().skip(quiet).any(is_about_it));
    let list: Value = serde_json::from_str(&done(&dir, "logs level --json").await).unwrap();
    assert_eq!(list["levels"], serde_json::json!({"hello": "debug", "hostile": "off"}));
    done(&dir, "logs level hostile default").await;
    let loud = bot.lines();
    workspace.ask(&Line::new("!panic")).await;
    bot.log().wait_for(loud, &["ERROR", "hostile"]).await;
    for (line, words) in [
        ("logs level nobody debug", "nobody"),
        ("logs level hello loud", "default"),
    ] {
        let ended = run(&dir, line).await;
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(ended.stderr.contains(words), "{ended:?}");
    }
    // What is shown can be narrowed down.
    let errors = done(&dir, "logs --level error --plugin hostile").await;
    assert!(errors.lines().count() >= 2 && !errors.contains(" INFO "), "{errors}");
    assert_eq!(done(&dir, "logs --grep no-such-word").await, "");
    assert!(done(&dir, "logs --grep PANICKED --since 1h").await.contains("panicked"));
    assert_eq!(done(&dir, "logs --since 2099-01-01T00:00:00Z").await, "");
    let recorded = done(&dir, "audit --json").await;
    assert!(
        recorded.contains("\"logs\"") && recorded.contains("\"level\""),
        "{recorded}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_is_ever_told() {
    const SECRET: &str = "s3cr3t-of-the-operator";
    let workspace = Workspace::start().await;
    let (app, token) = workspace.tokens();
    for form in ["human", "json"] {
        let mut bot = Plan::new(&workspace)
            .plugin(hello())
            .plugin(errands())
            .config(&format!(
                "[log]\nformat = \"{form}\"\n[secrets]\nAPI_TOKEN = {{ env = \"API_TOKEN\" }}\n"
            ))
            .env("API_TOKEN", SECRET)
            .env("MOA_LOG", "trace")
            .start()
            .await;
        let dir = bot.home().to_owned();
        until_ready(&bot, 200).await;
        // What people write may hold one, too.
        workspace.ask(&Line::new(format!("!echo {SECRET} {token}"))).await;
        let mut told = bot.log().text();
        for path in ["/metrics", "/readyz", "/livez"] {
            told.push_str(&get(&bot, path).await.1);
        }
        for line in [
            "status",
            "status --json",
            "logs",
            "logs --json",
            "config show",
            "journal list",
            "plugin list --json",
        ] {
            told.push_str(&done(&dir, line).await);
        }
        let mut doctor = moa(&dir);
        doctor.args(["doctor", "--json"]).env("API_TOKEN", SECRET);
        let ended = finish(doctor.env("SLACK_APP_TOKEN", &app).env("SLACK_BOT_TOKEN", &token)).await;
        told.push_str(&ended.stdout);
        told.push_str(&ended.stderr);
        bot.stop().await;
        told.push_str(&bot.log().text());
        assert!(told.len() > 10_000, "there is something to look through");
        for secret in [SECRET, app.as_str(), token.as_str()] {
            let found = told.find(secret).map(|at| {
                let begin = told[..at].rfind('\n').map_or(0, |begin| begin + 1);
                told[begin..].lines().next().unwrap().to_owned()
            });
            assert_eq!(found, None, "{secret} is told");
        }
    }
}
