//! Other systems ask: signed and unsigned, slow, large, twice, and while the host falls over.

use super::support::DEADLINE;
use super::support::bot::{Bot, Plan};
use super::support::guests::outside;
use super::support::process::{finish, moa};
use super::support::sim::{Line, Workspace};
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Method;
use serde_json::{Value, json};
use sha2_of_hmac::Sha256;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const GITHUB: &str = "It's a Secret to Everybody";
const SLACK: &str = "8f742231b10e8888abcd99yyyzzz85a5";
const TOKEN: &str = "a-token-that-nobody-guesses";

fn plan(workspace: &Workspace) -> Plan {
    Plan::new(workspace)
        .plugin(outside())
        .config(
            r#"
[secrets]
GITHUB_WEBHOOK = { env = "GITHUB_WEBHOOK" }
SLACK_SIGNING = { env = "SLACK_SIGNING" }
CALLER = { env = "CALLER" }
[plugin.outside.webhook.github]
secret = "GITHUB_WEBHOOK"
[plugin.outside.webhook.slack]
secret = "SLACK_SIGNING"
[plugin.outside.webhook.token]
secret = "CALLER"
body = "2KiB"
[plugin.outside.webhook.slow]
open = true
[plugin.outside.webhook.fail]
open = true
[plugin.outside.limits]
wall = "30s"
"#,
        )
        .env("GITHUB_WEBHOOK", GITHUB)
        .env("SLACK_SIGNING", SLACK)
        .env("CALLER", TOKEN)
}

/// Where it listens, by the file that it writes.
fn address(bot: &Bot) -> String {
    let text = std::fs::read_to_string(bot.home().join("data/endpoints.json")).unwrap();
    let endpoints: Value = serde_json::from_str(&text).unwrap();
    endpoints["http"].as_str().unwrap().to_owned()
}

fn hex(key: &str, body: &[u8]) -> String {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(body);
    let bytes = mac.finalize().into_bytes();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Sends as other systems do.
struct Sender {
    http: reqwest::Client,
    base: String,
}

impl Sender {
    fn to(bot: &Bot) -> Self {
        let http = reqwest::Client::builder().no_proxy().timeout(DEADLINE).build().unwrap();
        Self {
            http,
            base: format!("{}/hooks/outside", address(bot)),
        }
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<reqwest::Body>,
    ) -> Answer {
        let mut request = self.http.request(method, format!("{}/{path}", self.base)).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.unwrap();
        let head = |name: &str| {
            response
                .headers()
                .get(name)
                .map(|value| value.to_str().unwrap().to_owned())
        };
        Answer {
            status: response.status().as_u16(),
            allow: head("allow"),
            retry_after: head("retry-after"),
            count: head("x-count"),
            text: response.text().await.unwrap(),
        }
    }

    async fn post(&self, path: &str, body: &str) -> Answer {
        self.send(Method::POST, path, &[], body.to_owned()).await
    }

    /// As GitHub does.
    async fn github(&self, key: &str, delivery: &str, event: &str, body: &str) -> Answer {
        let signature = format!("sha256={}", hex(key, body.as_bytes()));
        let headers = [
            ("user-agent", "GitHub-Hookshot/044aadd"),
            ("content-type", "application/json"),
            ("x-github-event", event),
            ("x-github-delivery", delivery),
            ("x-github-hook-installation-target-type", "repository"),
            ("x-hub-signature-256", signature.as_str()),
        ];
        self.send(Method::POST, "github", &headers, body.to_owned()).await
    }

    /// As Slack does with a command of an app that has a request URL.
    async fn slack(&self, signed_at: u64, sent_as_of: u64, body: &str) -> Answer {
        let signature = format!("v0={}", hex(SLACK, format!("v0:{signed_at}:{body}").as_bytes()));
        let time = sent_as_of.to_string();
        let headers = [
            ("content-type", "application/x-www-form-urlencoded"),
            ("x-slack-request-timestamp", time.as_str()),
            ("x-slack-signature", signature.as_str()),
        ];
        self.send(Method::POST, "slack", &headers, body.to_owned()).await
    }
}

#[derive(Debug)]
struct Answer {
    status: u16,
    allow: Option<String>,
    retry_after: Option<String>,
    count: Option<String>,
    text: String,
}

/// A star, in the form of GitHub's documentation.
fn star() -> String {
    json!({
        "action": "created",
        "starred_at": "2026-11-20T03:00:00Z",
        "repository": { "id": 186_853_002, "name": "Hello-World", "full_name": "Codertocat/Hello-World", "private": false },
        "sender": { "login": "Codertocat", "id": 21_031_067, "type": "User" }
    })
    .to_string()
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

async fn counted(workspace: &Workspace, what: &str) -> String {
    workspace.ask(&Line::new(format!("!counted {what}"))).await.text
}

#[tokio::test]
async fn githubs_deliveries_are_checked_answered_and_run_once() {
    let workspace = Workspace::start().await;
    let bot = plan(&workspace).start().await;
    let sender = Sender::to(&bot);
    let (id, body) = ("72d3162e-cc78-11e3-81ab-4c9367dc0958", star());
    let first = sender.github(GITHUB, id, "star", &body).await;
    let said: Value = serde_json::from_str(&first.text).unwrap();
    assert_eq!(first.status, 200, "{first:?}");
    assert_eq!(
        said,
        json!({"event": "star", "repository": "Codertocat/Hello-World", "count": 1})
    );
    assert_eq!(first.count.as_deref(), Some("1"), "its own headers are passed on");
    // Redelivered: the same answer, and nothing is run.
    let again = sender.github(GITHUB, id, "star", &body).await;
    assert_eq!((again.status, &again.text), (200, &first.text));
    // The same at the same time, by many.
    let many = (0..8).map(|_| sender.github(GITHUB, "another", "star", &body));
    let counts: Vec<_> = futures_util::future::join_all(many).await;
    assert!(counts.iter().all(|one| one.count.as_deref() == Some("2")), "{counts:?}");
    // A name alone keeps nothing out: what it names has to be the same, too.
    let other = body.replace("created", "deleted");
    let third = sender.github(GITHUB, id, "star", &other).await;
    assert_eq!(third.count.as_deref(), Some("3"));

    for (what, refused) in [
        (
            "key",
            sender.github("It's a Secret to Nobody", "n1", "star", &body).await,
        ),
        ("unsigned", sender.post("github", &body).await),
        (
            "changed",
            sender
                .send(
                    Method::POST,
                    "github",
                    &[(
                        "x-hub-signature-256",
                        &format!("sha256={}", hex(GITHUB, body.as_bytes())),
                    )],
                    format!("{body} "),
                )
                .await,
        ),
    ] {
        assert_eq!(
            (refused.status, refused.text.as_str()),
            (401, "unauthorized\n"),
            "{what}"
        );
    }
    assert_eq!(counted(&workspace, "github/star").await, "3");
    let told = bot.log().wait_for(0, &["outside/github", "was refused"]).await;
    assert!(told.contains("127.0.0.1"), "{told}");
    assert!(!bot.log().text().contains(GITHUB));
}

#[tokio::test]
async fn slacks_signature_is_good_for_five_minutes_and_once() {
    let workspace = Workspace::start().await;
    let bot = plan(&workspace).start().await;
    let sender = Sender::to(&bot);
    let body = "token=x&command=%2Fdeploy&text=web";
    let (now, early) = (now(), now() - 200);
    let first = sender.slack(now, now, body).await;
    assert_eq!((first.status, first.text.as_str()), (200, "1 34"), "{first:?}");
    let copied = sender.slack(now, now, body).await;
    assert_eq!(
        (copied.status, copied.text.as_str()),
        (200, "1 34"),
        "a copy runs nothing"
    );
    assert_eq!(sender.slack(early, early, body).await.text, "2 34");
    for (signed, sent) in [(now - 400, now - 400), (now + 400, now + 400), (now - 400, now)] {
        let refused = sender.slack(signed, sent, body).await;
        assert_eq!(
            (refused.status, refused.text.as_str()),
            (401, "unauthorized\n"),
            "{signed} {sent}"
        );
    }
    assert_eq!(counted(&workspace, "slack").await, "2");
}

#[tokio::test]
async fn a_caller_learns_nothing_but_what_it_may_do() {
    let workspace = Workspace::start().await;
    let bot = plan(&workspace).start().await;
    let sender = Sender::to(&bot);
    let bearer = format!("Bearer {TOKEN}");
    let ask = |method, path, auth: &str, body: Vec<u8>| {
        let auth = auth.to_owned();
        let (sender, path) = (&sender, format!("token{path}"));
        async move {
            sender
                .send(method, &path, &[("authorization", &auth), ("X-Extra", "1")], body)
                .await
        }
    };
    let good = ask(Method::PUT, "/a%2Fb/?x=1&y", &bearer, vec![0xff; 2048]).await;
    assert_eq!(good.status, 200, "{good:?}");
    let seen: Value = serde_json::from_str(&good.text).unwrap();
    assert_eq!(
        (&seen["method"], &seen["path"], &seen["query"], &seen["body"]),
        (&json!("PUT"), &json!("/a%2Fb/"), &json!("x=1&y"), &json!(2048))
    );
    let headers = seen["headers"].as_array().unwrap();
    assert!(
        headers.contains(&json!("x-extra")) && !headers.contains(&json!("authorization")),
        "{seen}"
    );

    for (expected, answer) in [
        ("401 unauthorized", ask(Method::GET, "", "Bearer wrong", vec![]).await),
        ("401 unauthorized", ask(Method::GET, "", TOKEN, vec![]).await),
        ("405 method not allowed", ask(Method::POST, "", &bearer, vec![]).await),
        (
            "413 payload too large",
            ask(Method::PUT, "", &bearer, vec![0; 2049]).await,
        ),
        ("404 not found", sender.post("nothing", "").await),
        ("404 not found", sender.post("../other/token", "").await),
        // Nobody said that it may be served.
        ("503 not set up", sender.post("shut", "").await),
        ("400 so not", sender.post("fail/usage", "").await),
        ("403 you not", sender.post("fail/rejected", "").await),
        ("418 teapot", sender.post("fail/teapot", "").await),
    ] {
        assert_eq!(format!("{} {}", answer.status, answer.text.trim_end()), expected);
        let allowed = (answer.status == 405).then_some("GET, PUT");
        assert_eq!(answer.allow.as_deref(), allowed);
        assert_eq!(answer.retry_after.is_some(), answer.status == 503);
    }
    let broken = sender.post("fail/panic", "").await;
    assert!(
        broken.status == 500 && !broken.text.contains("as I was told"),
        "{broken:?}"
    );
    // What failed is new work when it is sent again.
    let key = [("idempotency-key", "7")];
    for count in ["5", "6"] {
        let failed = sender.send(Method::POST, "fail", &key, "").await;
        assert!(failed.status == 500 && !failed.text.contains("inside"), "{failed:?}");
        assert_eq!(counted(&workspace, "fail").await, count);
    }
    let line = bot.log().wait_for(0, &["outside/shut", "not served"]).await;
    assert!(line.contains("WARN"), "{line}");
    bot.log().wait_for(0, &["[plugin.outside.webhook.shut]"]).await;
    bot.log().wait_for(0, &["open = true"]).await;
}

#[tokio::test]
async fn what_is_large_or_slow_is_not_waited_for() {
    let workspace = Workspace::start().await;
    let bot = plan(&workspace).env("MOA_TEST_HTTP_SECONDS", "1").start().await;
    let base = address(&bot);
    let at = base.strip_prefix("http://").unwrap();
    let signature = hex(GITHUB, b"{}");
    let head = |more: &str| {
        format!("POST /hooks/outside/github HTTP/1.1\r\nhost: moa\r\nx-hub-signature-256: sha256={signature}\r\n{more}")
    };
    // Ten megabytes are announced, with a signature of the right form, and none of them is sent.
    let large = talk(at, &head("content-length: 10000000\r\n\r\n")).await;
    assert!(large.starts_with("HTTP/1.1 413"), "{large}");
    // Without a signature a body is not even waited for.
    let unsigned = "POST /hooks/outside/github HTTP/1.1\r\nhost: moa\r\ncontent-length: 1000\r\n\r\n{";
    let unsigned = talk(at, unsigned).await;
    assert!(unsigned.starts_with("HTTP/1.1 401"), "{unsigned}");
    let slow = talk(at, &head("content-length: 2\r\n\r\n{")).await;
    assert!(slow.starts_with("HTTP/1.1 408"), "{slow}");
    // A head that never ends, and a connection on which nothing is said.
    for start in ["POST /hooks/outside/github HTTP/1.1\r\nhost: m", ""] {
        let cut = talk(at, start).await;
        assert!(cut.is_empty() || cut.starts_with("HTTP/1.1 408"), "{cut}");
    }
    assert_eq!(counted(&workspace, "github/none").await, "0");
}

/// Sends this and reads until the other side is done.
async fn talk(at: &str, text: &str) -> String {
    let mut stream = TcpStream::connect(at).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let read = tokio::time::timeout(DEADLINE, stream.read_to_end(&mut answer)).await;
    // It may be closed hard, with what was sent unread.
    let _ = read.expect("the connection stays open");
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn what_was_accepted_is_done_once_though_the_host_is_killed() {
    let workspace = Workspace::start().await;
    let mut bot = plan(&workspace).start().await;
    let sender = Sender::to(&bot);
    // Its plugin takes longer than anybody waits: it is accepted, and goes on.
    let key = [("idempotency-key", "one")];
    let accepted = sender.send(Method::POST, "slow?ms=12000", &key, "").await;
    assert_eq!((accepted.status, accepted.text.as_str()), (202, "accepted\n"));
    assert_eq!(counted(&workspace, "slow").await, "0", "it is still at it");
    bot.kill();
    bot.restart().await;
    let sender = Sender::to(&bot);
    // Known from the journal.
    let again = sender.send(Method::POST, "slow?ms=12000", &key, "").await;
    assert_eq!(again.status, 202);
    let deadline = tokio::time::Instant::now() + DEADLINE;
    while counted(&workspace, "slow").await != "1" {
        assert!(tokio::time::Instant::now() < deadline, "what was accepted was not done");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert_eq!(counted(&workspace, "begun").await, "1", "its effects are not repeated");
    // What was answered is done, and stays done.
    assert_eq!(sender.post("slow", "").await.text, "2");
    bot.kill();
    bot.restart().await;
    assert_eq!(counted(&workspace, "slow").await, "2");
}

#[tokio::test]
async fn what_failed_is_done_when_it_is_sent_again_to_a_host_that_was_restarted() {
    let workspace = Workspace::start().await;
    let mut bot = plan(&workspace).start().await;
    let key = [("idempotency-key", "one")];
    // It broke, it says itself that it was not done, it has its own word for it; and one that was done.
    let paths = ["fail", "fail/busy", "fail/teapot", "slow"];
    let mut answers = vec![[500, 503, 418, 200]];
    // What was done, by the plugin's own word, is not done once more.
    answers.extend([[500, 503, 202, 202]; 2]);
    for (run, expected) in answers.into_iter().enumerate() {
        if run > 0 {
            assert!(bot.stop().await.success());
            bot.restart().await;
        }
        let sender = Sender::to(&bot);
        for (path, status) in paths.into_iter().zip(expected) {
            let answer = sender.send(Method::POST, path, &key, "").await;
            assert_eq!(answer.status, status, "{run} {path}: {answer:?}");
        }
        let failed = (3 + 2 * run).to_string();
        assert_eq!(counted(&workspace, "fail").await, failed);
        assert_eq!(counted(&workspace, "slow").await, "1");
    }
    // It is told to the operator, too.
    let listed = finish(moa(bot.home()).args(["journal", "list", "--failed"])).await;
    assert!(listed.stdout.contains("HTTP 503"), "{listed:?}");
}

#[tokio::test]
async fn a_stop_answers_what_runs_and_takes_its_address_away() {
    let workspace = Workspace::start().await;
    let mut bot = plan(&workspace).start().await;
    let sender = Sender::to(&bot);
    let running = sender.post("slow?ms=1500", "");
    let stop = async {
        let deadline = tokio::time::Instant::now() + DEADLINE;
        while counted(&workspace, "begun").await != "1" {
            assert!(tokio::time::Instant::now() < deadline);
        }
        bot.process.signal(libc::SIGTERM);
        bot.log().wait_for(0, &["stopping"]).await;
        // Told so, or too late for a connection.
        loop {
            let refused = sender.http.post(format!("{}/fail/teapot", sender.base)).send().await;
            match refused.map_or(503, |response| response.status().as_u16()) {
                418 => assert!(tokio::time::Instant::now() < deadline),
                other => return other,
            }
        }
    };
    let (answered, refused) = tokio::join!(running, stop);
    assert_eq!((answered.status, answered.text.as_str()), (200, "1"));
    assert_eq!(refused, 503);
    assert!(bot.process.end().await.success());
    assert!(!bot.home().join("data/endpoints.json").exists());
}

#[tokio::test]
async fn mistakes_in_the_configuration_are_told_with_the_line_to_add() {
    for (config, words) in [
        (
            "[plugin.ci.webhook.build]\nsecret = \"BUILD\"\n",
            &["plugin.ci.webhook.build.secret", "BUILD = { env = \"BUILD\" }"][..],
        ),
        (
            "[plugin.ci.webhook.build]\nsecrt = \"BUILD\"\n",
            &["secrt", "plugin.ci.webhook.build.secret"],
        ),
        (
            "[plugin.ci.webhook.build]\nheader = \"X Sig\"\n",
            &["build.header", "X-Hub-Signature-256"],
        ),
        ("[plugin.ci.webhook.build]\nbody = \"1GiB\"\n", &["build.body", "64MiB"]),
    ] {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("moa.toml"), config).unwrap();
        let ended = finish(moa(dir.path()).args(["config", "check"])).await;
        assert_eq!(ended.code, Some(2), "{config}: {ended:?}");
        for word in words {
            assert!(ended.stderr.contains(word), "{config}: {}", ended.stderr);
        }
    }
}
