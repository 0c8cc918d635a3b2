//! What an operator sees of a running host, and that it is true: metrics against the driver's own count, health while the
//! workspace is away, status, doctor, stop, levels and forms of the log.

mod logs;

use super::support::bot::{Bot, Plan};
use super::support::guests::{hello, hostile, put};
use super::support::process::{Ended, finish, moa};
use super::support::sim::{Line, Workspace};
use super::support::tally::Tally;
use super::support::{DEADLINE, GLANCE, long};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

/// Where the operator is listened to.
fn admin(bot: &Bot) -> String {
    let text = std::fs::read_to_string(bot.home().join("data/endpoints.json")).unwrap();
    let endpoints: Value = serde_json::from_str(&text).unwrap();
    endpoints["admin"].as_str().unwrap().to_owned()
}

fn http() -> reqwest::Client {
    reqwest::Client::builder()
        .no_proxy()
        .timeout(Duration::from_secs(20))
        .build()
        .unwrap()
}

async fn get(bot: &Bot, path: &str) -> (u16, String) {
    let response = http().get(format!("{}{path}", admin(bot))).send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

/// The numbers of `/metrics`, by name and labels.
async fn metrics(bot: &Bot) -> BTreeMap<String, f64> {
    let (status, text) = get(bot, "/metrics").await;
    assert_eq!(status, 200, "{text}");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let (name, value) = line.rsplit_once(' ').unwrap();
            (name.to_owned(), value.parse().unwrap())
        })
        .collect()
}

fn number(metrics: &BTreeMap<String, f64>, name: &str) -> f64 {
    metrics
        .get(name)
        .copied()
        .unwrap_or_else(|| panic!("there is no {name}"))
}

async fn until_number(bot: &Bot, name: &str, wanted: f64) {
    let begun = Instant::now();
    loop {
        let found = metrics(bot).await.get(name).copied();
        if found == Some(wanted) {
            return;
        }
        assert!(begun.elapsed() < DEADLINE, "{name} is {found:?}, not {wanted}");
        tokio::time::sleep(GLANCE).await;
    }
}

async fn until_ready(bot: &Bot, wanted: u16) -> String {
    let begun = Instant::now();
    loop {
        let (status, text) = get(bot, "/readyz").await;
        if status == wanted {
            return text;
        }
        assert!(begun.elapsed() < DEADLINE, "/readyz is {status}: {text}");
        tokio::time::sleep(GLANCE).await;
    }
}

async fn run(dir: &Path, line: &str) -> Ended {
    finish(moa(dir).args(line.split(' '))).await
}

async fn done(dir: &Path, line: &str) -> String {
    let ended = run(dir, line).await;
    assert_eq!(ended.code, Some(0), "moa {line}: {ended:?}");
    ended.stdout
}

const PEOPLE: [&str; 4] = ["ben", "rosie", "ally", "sally"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metrics_agree_with_the_drivers_own_count_while_a_plugin_misbehaves() {
    let many: usize = if long() { 20_000 } else { 2_000 };
    let workspace = Workspace::start().await;
    let bot = Plan::new(&workspace)
        .plugin(hello())
        .plugin(hostile())
        .config("[plugin.hostile.limits]\ncpu = \"300ms\"\nwall = \"3s\"\nconcurrency = 2\n[plugin.hello.limits]\nqueue = 1000\n")
        .start()
        .await;
    // So that it remembers something.
    workspace.ask(&Line::new("!count")).await;
    until_ready(&bot, 200).await;
    until_number(&bot, "moa_journal_open", 0.0).await;
    let before = metrics(&bot).await;
    let mut tally = Tally::new(workspace.sim());
    tally.look(Duration::ZERO).await;
    // What misbehaves does so all the while: it loops without end, and floods its log.
    let misdeeds = ["!loop", "!chatter"];
    for text in misdeeds {
        workspace.send(&Line::new(text)).await;
    }
    let (mut sent, mut answered, mut complaints, mut looked) = (0, 0, 0, 0);
    while sent < many {
        let lines: Vec<Line> = (0..100)
            .map(|at| {
                let number = sent + at;
                let person = PEOPLE[number % PEOPLE.len()];
                Line::new(format!("!echo o{number}.")).by(person).at("#lunch")
            })
            .collect();
        workspace.send_all(&lines).await;
        // Nobody wants this one.
        workspace.send(&Line::new("what a day").by("ben").at("#lunch")).await;
        sent += lines.len();
        let begun = Instant::now();
        while answered < sent {
            for said in tally.look(Duration::from_millis(200)).await {
                match said.text.starts_with("o") {
                    true => answered += 1,
                    false => complaints += 1,
                }
            }
            assert!(begun.elapsed() < DEADLINE, "{answered} of {sent} are answered");
        }
        // Health and metrics answer meanwhile.
        let (alive, _) = get(&bot, "/livez").await;
        assert_eq!(alive, 200);
        looked += usize::from(get(&bot, "/metrics").await.0 == 200);
    }
    assert!(looked >= many / 100);
    let begun = Instant::now();
    while complaints < misdeeds.len() || !tally.is_quiet() {
        let said = tally.look(Duration::from_millis(200)).await;
        complaints += said.len();
        assert!(begun.elapsed() < DEADLINE, "{complaints} misdeeds are told");
    }
    // The last records are closed a moment after their answers left.
    until_number(&bot, "moa_journal_open", 0.0).await;
    let after = metrics(&bot).await;
    let grown = |name: &str| {
        let was = before.get(name).copied().unwrap_or(0.0);
        (number(&after, name) - was) as usize
    };
    let whole = many + misdeeds.len();
    let ignored = many / 100;
    assert_eq!(grown("moa_events_received_total{service=\"slack\"}"), whole + ignored);
    assert_eq!(grown("moa_events_total{service=\"slack\",result=\"matched\"}"), whole);
    assert_eq!(grown("moa_events_total{service=\"slack\",result=\"ignored\"}"), ignored);
    assert_eq!(grown("moa_events_total{service=\"slack\",result=\"duplicate\"}"), 0);
    let calls = "moa_calls_total{plugin=\"hello\",kind=\"command\",result=\"ok\"}";
    assert_eq!(grown(calls), many);
    assert_eq!(grown("moa_answer_seconds_count{plugin=\"hello\"}"), many);
    assert_eq!(grown("moa_answer_seconds_bucket{plugin=\"hello\",le=\"+Inf\"}"), many);
    assert_eq!(grown("moa_messages_total{result=\"sent\"}"), answered + complaints);
    for stage in ["queue", "call", "commit"] {
        assert_eq!(
            grown(&format!("moa_stage_seconds_count{{stage=\"{stage}\"}}")),
            whole,
            "{stage}"
        );
    }
    assert_eq!(grown("moa_store_seconds_count{operation=\"accept\"}"), whole);
    assert_eq!(grown("moa_store_seconds_count{operation=\"finish\"}"), whole);
    assert_eq!(grown("moa_store_failures_total{operation=\"accept\"}"), 0);
    let faults = after
        .iter()
        .filter(|(name, _)| name.starts_with("moa_plugin_faults_total{plugin=\"hostile\""));
    assert_eq!(faults.map(|(_, count)| *count as usize).sum::<usize>(), misdeeds.len());
    assert_eq!(number(&after, "moa_in_flight"), 0.0);
    assert_eq!(number(&after, "moa_ready"), 1.0);
    assert_eq!(number(&after, "moa_plugins{state=\"serving\"}"), 2.0);
    assert_eq!(number(&after, "moa_slack_connections"), 2.0);
    assert!(number(&after, "process_resident_memory_bytes") > 1e6);
    assert!(number(&after, "moa_store_bytes") > 1e3 && number(&after, "moa_brain_bytes{plugin=\"hello\"}") > 0.0);
    // The operator's own commands count alike.
    let list: Value = serde_json::from_str(&done(bot.home(), "plugin list --json").await).unwrap();
    let plugins = list["plugins"].as_array().unwrap();
    let hello = plugins.iter().find(|row| row["manifest"]["name"] == "hello").unwrap();
    assert_eq!(
        hello["calls"].as_u64().unwrap() as usize,
        number(&after, calls) as usize
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_family_that_is_documented_is_there() {
    let workspace = Workspace::start().await;
    let bot = Plan::new(&workspace).plugin(hello()).start().await;
    workspace.ask(&Line::new("!count")).await;
    until_ready(&bot, 200).await;
    let (_, text) = get(&bot, "/metrics").await;
    let docs = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/metrics.md")).unwrap();
    let rows = docs
        .lines()
        .filter(|line| line.starts_with("| `moa_") || line.starts_with("| `process_"));
    let mut documented = Vec::new();
    for row in rows {
        let mut cells = row
            .trim_matches('|')
            .split(" | ")
            .map(|cell| cell.trim().trim_matches('`').to_owned());
        documented.push((cells.next().unwrap(), cells.next().unwrap()));
    }
    let mut shown: Vec<(String, String)> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE "))
        .map(|line| line.split_once(' ').unwrap())
        .map(|(name, kind)| (name.to_owned(), kind.to_owned()))
        .collect();
    documented.sort();
    shown.sort();
    assert_eq!(shown, documented);
    // Each line is of a family that was announced.
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let name = line.split(['{', ' ']).next().unwrap();
        let base = ["_bucket", "_sum", "_count"]
            .iter()
            .find_map(|end| name.strip_suffix(end));
        let known = |name: &str| shown.iter().any(|(shown, _)| shown == name);
        assert!(known(name) || base.is_some_and(known), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readiness_goes_with_the_connection_and_comes_back() {
    let workspace = Workspace::start().await;
    let bot = Plan::new(&workspace).plugin(hello()).start().await;
    assert_eq!(until_ready(&bot, 200).await, "ready\n");
    // The workspace gives no connection any more, and drops those that there are.
    let method = "apps.connections.open";
    let error = json!({"kind": "api-error", "error": "internal_error", "method": method, "count": 1_000});
    workspace.fault(error).await;
    workspace.fault(json!({"kind": "close", "all": true})).await;
    let why = until_ready(&bot, 503).await;
    assert!(why.contains("no connection"), "{why}");
    let (alive, _) = get(&bot, "/livez").await;
    assert_eq!(alive, 200, "to start it again would not help");
    let request = http().get(format!("{}/readyz", admin(&bot)));
    let told: Value = request
        .header("accept", "application/json")
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(told["ok"], false, "{told}");
    let status = done(bot.home(), "status").await;
    assert!(
        status.contains("NOT READY") && status.contains("no connection"),
        "{status}"
    );
    workspace.fault(json!({"kind": "clear"})).await;
    until_ready(&bot, 200).await;
    let after = metrics(&bot).await;
    assert!(number(&after, "moa_slack_connections_ended_total") >= 2.0);
    assert!(number(&after, "moa_slack_connections_opened_total") >= 3.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_elsewhere_cannot_ask_under_a_name_of_its_own() {
    let workspace = Workspace::start().await;
    let bot = Plan::new(&workspace).start().await;
    for path in ["/metrics", "/livez", "/readyz", "/"] {
        let request = http().get(format!("{}{path}", admin(&bot)));
        let response = request.header("host", "evil.example").send().await.unwrap();
        assert_eq!(response.status(), 421, "{path}");
        assert!(!response.text().await.unwrap().contains("moa_"));
    }
    let request = http().get(format!("{}/livez", admin(&bot))).header("host", "localhost");
    assert_eq!(request.send().await.unwrap().status(), 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn status_doctor_and_stop_tell_of_the_host() {
    let workspace = Workspace::start().await;
    let mut bot = Plan::new(&workspace).plugin(hello()).plugin(hostile()).start().await;
    let dir = bot.home().to_owned();
    put(b"junk", &bot.plugins().join("junk.wasm"));
    bot.log().wait_for(0, &["junk.wasm", "not loaded"]).await;
    workspace.ask(&Line::new("!count")).await;
    until_ready(&bot, 200).await;

    let status: Value = serde_json::from_str(&done(&dir, "status --json").await).unwrap();
    assert_eq!(status["pid"], bot.process.id());
    assert_eq!(status["ready"], true, "{status}");
    assert_eq!(status["connections"].as_array().unwrap().len(), 2);
    assert_eq!(status["serving"], json!(["hello", "hostile"]));
    assert!(status["broken"][0]["path"].as_str().unwrap().ends_with("junk.wasm"));
    assert_eq!(status["listeners"]["admin"], admin(&bot));
    assert!(status["store"]["answer-ms"].as_f64().unwrap() < 2_000.0);
    let noticed = status["noticed"].as_array().unwrap();
    assert!(
        noticed
            .iter()
            .any(|one| one["text"].as_str().unwrap().contains("junk.wasm")),
        "{status}"
    );
    let text = done(&dir, "status").await;
    for words in [
        "is ready",
        "connections  2",
        "2 serving",
        "1 broken",
        "operator     http://127.0.0.1:",
    ] {
        assert!(text.contains(words), "{words} in {text}");
    }

    // A broken file is a problem; without it there is none.
    let (app, token) = workspace.tokens();
    let doctor = async |json: bool| {
        let mut command = moa(&dir);
        command.arg("doctor").args(json.then_some("--json"));
        finish(command.env("SLACK_APP_TOKEN", &app).env("SLACK_BOT_TOKEN", &token)).await
    };
    let ended = doctor(false).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(
        ended.stdout.contains("PROBLEM") && ended.stdout.contains("junk.wasm"),
        "{ended:?}"
    );
    assert!(ended.stdout.contains("opens connections"), "{ended:?}");
    std::fs::remove_file(bot.plugins().join("junk.wasm")).unwrap();
    bot.log().wait_for(0, &["junk"]).await;
    let begun = Instant::now();
    let findings = loop {
        let ended = doctor(true).await;
        let findings: Value = serde_json::from_str(&ended.stdout).unwrap();
        if ended.code == Some(0) {
            break findings;
        }
        assert!(begun.elapsed() < DEADLINE * 2, "{ended:?}");
    };
    let findings = findings.as_array().unwrap();
    for check in [
        "configuration",
        "data",
        "disk",
        "slack",
        "scopes",
        "clock",
        "host",
        "store",
        "journal",
        "plugins",
    ] {
        let found = findings.iter().find(|one| one["check"] == check);
        assert!(
            found.is_some_and(|one| one["level"] != "problem"),
            "{check} in {findings:?}"
        );
    }
    // Refused tokens are told, with what to do; and nothing that is secret.
    let mut command = moa(&dir);
    command
        .arg("doctor")
        .env("SLACK_APP_TOKEN", "xapp-wrong")
        .env("SLACK_BOT_TOKEN", "xoxb-wrong");
    let ended = finish(&mut command).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stdout.contains("api.slack.com/apps"), "{ended:?}");
    assert!(
        !ended.stdout.contains("xapp-wrong") && !ended.stdout.contains("xoxb-wrong"),
        "{ended:?}"
    );

    let stopped = done(&dir, "stop").await;
    assert!(stopped.contains("has stopped"), "{stopped}");
    assert!(bot.process.end().await.success());
    bot.log().wait_for(0, &["the operator asks it to stop"]).await;
    for command in ["status", "stop"] {
        let ended = run(&dir, command).await;
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(
            ended.stderr.contains("no moa runs") && ended.stderr.contains("moa run"),
            "{ended:?}"
        );
    }
    // Without a host it looks at what the next one would find.
    let ended = doctor(true).await;
    let findings: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(ended.code, Some(0), "{findings}");
    let host = findings
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["check"] == "host")
        .unwrap();
    assert!(host["found"].as_str().unwrap().contains("no moa runs"), "{host}");
    let recorded = done(&dir, "audit --json").await;
    assert!(
        recorded.contains("\"host\"") && recorded.contains("\"stop\""),
        "{recorded}"
    );
}
