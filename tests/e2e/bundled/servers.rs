//! `servers`: Amazon's EC2 and RDS as `moto` has them, a provider behind webhooks, commands from JANDI and Slack.

use super::super::support::bot::{Bot, Plan};
use super::super::support::guests::servers;
use super::super::support::hooks::{Jandi, Recorder};
use super::super::support::process::{finish, moa};
use super::super::support::record::{Post, Record};
use super::super::support::sim::{Line, Workspace};
use super::super::support::{DEADLINE, GLANCE};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::{get, post};
use jiff::{SignedDuration, Timestamp, Zoned, tz::TimeZone};
use moa::web::Web;
use moa_core::config::Http;
use moa_test_services::{Server, moto_or_skip};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

const TOKEN: &str = "YE1ronbbuoZkq7h3J5KMI4Tn";
const OK: &str = "#1DDB16";
const WARNING: &str = "#FFBB00";
const ERROR: &str = "#FF0000";

/// Amazon, asked past the plugin.
struct Amazon<'a>(&'a Server);

impl Amazon<'_> {
    async fn ask(&self, service: &str, action: &str, more: &[(&str, &str)]) -> String {
        let mut form = vec![("Action", action)];
        form.extend(more);
        let body: Vec<String> = form.iter().map(|(name, value)| format!("{name}={value}")).collect();
        // By this it knows which service is meant; it does not look at the signature.
        let scope = format!("20261122/ap-northeast-2/{service}/aws4_request");
        let asked = reqwest::Client::new()
            .post(self.0.url())
            .header(
                "authorization",
                format!("AWS4-HMAC-SHA256 Credential=X/{scope}, SignedHeaders=host, Signature=x"),
            )
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body.join("&"));
        let answer = asked.send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{action}: {status} {text}");
        text
    }

    /// How many servers there are in this state.
    async fn count(&self, state: &str) -> usize {
        let web = self.ask("ec2", "DescribeInstances", &[]).await;
        let databases = self.ask("rds", "DescribeDBInstances", &[]).await;
        web.matches(&format!("<name>{state}</name>")).count()
            + databases
                .matches(&format!("<DBInstanceStatus>{state}</DBInstanceStatus>"))
                .count()
    }
}

/// Two web servers that need a database, and one of somebody else.
async fn furnish(amazon: &Amazon<'_>) {
    let run = [
        ("ImageId", "ami-12c6146b"),
        ("InstanceType", "t2.micro"),
        ("MaxCount", "1"),
        ("MinCount", "1"),
    ];
    let of_instance = |number: u32, key: &str, value: &str| {
        let tag = format!("TagSpecification.1.Tag.{number}");
        [
            (format!("{tag}.Key"), key.to_owned()),
            (format!("{tag}.Value"), value.to_owned()),
        ]
    };
    for (name, schedule) in [("web-1", "Office"), ("web-2", "Office"), ("other", "Elsewhere")] {
        let tags: Vec<(String, String)> = [("Name", name), ("ScheduleName", schedule), ("ScheduleGroupName", "web")]
            .into_iter()
            .zip(1..)
            .flat_map(|((key, value), number)| of_instance(number, key, value))
            .collect();
        let mut form = run.to_vec();
        form.push(("TagSpecification.1.ResourceType", "instance"));
        form.extend(tags.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        amazon.ask("ec2", "RunInstances", &form).await;
    }
    let database = [
        ("DBInstanceIdentifier", "orders"),
        ("DBInstanceClass", "db.t3.micro"),
        ("Engine", "mysql"),
        ("AllocatedStorage", "20"),
        ("MasterUsername", "moa"),
        ("MasterUserPassword", "password"),
        ("Tags.Tag.1.Key", "ScheduleName"),
        ("Tags.Tag.1.Value", "Office"),
        ("Tags.Tag.2.Key", "ScheduleGroupName"),
        ("Tags.Tag.2.Value", "db"),
    ];
    amazon.ask("rds", "CreateDBInstance", &database).await;
}

/// Another provider: one server, and what it was told.
#[derive(Default)]
struct Provider {
    is_up: bool,
    told: Vec<(String, Value)>,
}

type Shared = Arc<Mutex<Provider>>;

async fn provide() -> (Web, Shared) {
    let shared = Shared::default();
    let status = async |State(shared): State<Shared>| {
        let state = if shared.lock().unwrap().is_up {
            "running"
        } else {
            "stopped"
        };
        json!({ "servers": [{ "name": "gpu-1", "state": state }] }).to_string()
    };
    let start = async |State(shared): State<Shared>, headers: HeaderMap, body: Bytes| {
        let mut provider = shared.lock().unwrap();
        provider.is_up = true;
        let token = headers["authorization"].to_str().unwrap().to_owned();
        provider.told.push((token, serde_json::from_slice(&body).unwrap()));
    };
    let routes = Router::new()
        .route("/status", get(status))
        .route("/start", post(start))
        .route("/stop", post(async || axum::http::StatusCode::INTERNAL_SERVER_ERROR))
        .with_state(Arc::clone(&shared));
    let http = Http {
        wanted: true,
        listen: ([127, 0, 0, 1], 0).into(),
        body: 1 << 20,
        rate: None,
        proxies: Vec::new(),
    };
    (Web::open(&http, routes).await.unwrap(), shared)
}

/// So many minutes from now.
fn at(minutes: i64) -> Zoned {
    let then = Timestamp::now()
        .checked_add(SignedDuration::from_mins(minutes))
        .unwrap();
    then.to_zoned(TimeZone::get("Asia/Seoul").unwrap())
}

fn config(moto: &str, provider: &str) -> String {
    let soon = at(-2).strftime("%H:%M");
    let far = at(180).strftime("%H:%M");
    format!(
        r##"
[secrets]
AWS = {{ env = "THE_KEY" }}
GPU_TOKEN = {{ env = "THE_TOKEN" }}

[[jandi.hook]]
name = "servers"
keyword = "서버"
token = {{ env = "JANDI_TOKEN" }}
incoming = {{ env = "JANDI_INCOMING" }}

# Whoever writes in these conversations may start and stop.
[[access]]
command = "servers:서버"
conversation = ["jandi:servers", "C00GENERAL0"]
effect = "allow"

[plugin.servers.grant]
http = ["{moto}", "{provider}"]
secrets = ["AWS", "GPU_TOKEN"]
conversations = ["C00GENERAL0", "jandi:servers"]

[plugin.servers.config]
voice = "soldier"
announce = ["C00GENERAL0", "jandi:servers"]
aws = {{ region = "ap-northeast-2", key = "AWS", ec2 = "{moto}/", rds = "{moto}/" }}

[plugin.servers.config.schedules.office]
days = "all"
start = "{far}"
tag = "Office"

[plugin.servers.config.schedules.office.groups]
db = {{ type = "rds" }}
web = {{ type = "ec2", needs = ["db"] }}

[plugin.servers.config.schedules.batch]
days = "all"
start = "{soon}"

[plugin.servers.config.schedules.batch.groups.gpu]
type = "webhook"
start = "{provider}/start"
stop = "{provider}/stop"
status = "{provider}/status"
secret = "GPU_TOKEN"
"##
    )
}

/// One round of the job, until it is over.
async fn round(bot: &Bot) {
    let ended = async || {
        let list = finish(moa(bot.home()).args(["schedule", "list", "--json"])).await;
        let list: Value = serde_json::from_str(&list.stdout).unwrap();
        let job = list["jobs"]
            .as_array()
            .unwrap()
            .iter()
            .find(|job| job["name"] == "watch");
        let last = job.unwrap()["last"].clone();
        assert!(last["failed"].is_null(), "{last}");
        last["ended"].clone()
    };
    let before = ended().await;
    let ran = finish(moa(bot.home()).args(["schedule", "run", "servers/watch"])).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let over = async {
        while ended().await == before {
            tokio::time::sleep(GLANCE).await;
        }
    };
    tokio::time::timeout(DEADLINE, over).await.expect("the round ends");
}

/// What JANDI shows to a command: at once, or later where it took Amazon too long.
async fn shown(jandi: &Jandi, recorder: &Recorder, said: &str) -> Value {
    let before = recorder.posted().len();
    match jandi.say(said).await {
        Value::Null => recorder.until(before + 1).await[before].json(),
        shown => shown,
    }
}

/// What JANDI was told by itself.
async fn posted(recorder: &Recorder, text: &str) -> Value {
    for count in 1.. {
        let posted = recorder.until(count).await;
        if let Some(found) = posted.iter().find(|posted| posted.body.contains(text)) {
            return found.json();
        }
    }
    unreachable!()
}

async fn told(workspace: &Workspace, text: &str) -> Post {
    let find = |record: &Record| {
        let mut posts = record.posts().into_iter().filter(|post| post.text.contains(text));
        posts.next_back()
    };
    workspace.until(&format!("{text:?} in Slack"), find).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_at_amazon_and_elsewhere_follow_their_schedules_and_commands() {
    let Some(moto) = tokio::task::spawn_blocking(moto_or_skip).await.unwrap() else {
        return;
    };
    let (workspace, recorder) = (Workspace::start().await, Recorder::start().await);
    let amazon = Amazon(&moto);
    furnish(&amazon).await;
    let (web, provider) = provide().await;
    let bot = Plan::new(&workspace)
        .plugin(servers())
        .config(&config(&moto.url(), &format!("http://{}", web.address())))
        .env("THE_KEY", "AKIDEXAMPLE:very-secret-key")
        .env("THE_TOKEN", "very-secret-token")
        .env("JANDI_TOKEN", TOKEN)
        .env("JANDI_INCOMING", &recorder.url("connect-api/webhook/1/x"))
        .start()
        .await;
    let jandi = Jandi::of(&bot, "servers", "서버", TOKEN).await;

    // Every command of the article, from JANDI; what takes Amazon too long comes through the incoming webhook.
    let status = shown(&jandi, &recorder, "office status").await;
    assert_eq!(status["connectColor"], OK, "{status}");
    assert!(
        status["body"].as_str().unwrap().contains("총원 3대, 전원 기상"),
        "{status}"
    );
    let servers = status["connectInfo"].to_string();
    assert!(servers.contains("🟢 web-1 (running)"), "{servers}");
    assert!(
        servers.contains("🟢 orders (available)") && !servers.contains("other"),
        "{servers}"
    );
    let help = jandi.ask("help").await;
    for command in [
        "status",
        "info",
        "exception set",
        "exception del",
        "force_start",
        "force_stop",
    ] {
        assert!(help.contains(command) && help.contains("`/서버 "), "{command}: {help}");
    }
    let today = at(0).strftime("%Y-%m-%d").to_string();
    let tomorrow = at(24 * 60).strftime("%Y-%m-%d").to_string();
    for (said, color, contains) in [
        ("office info", OK, "일과 보고"),
        (&format!("office i {tomorrow}"), OK, &*tomorrow),
        ("office exception info", OK, "예외 지시가 없습니다"),
        (&format!("office exception set {tomorrow} start 7:5"), OK, "그대로 전달"),
        (&format!("office e i {tomorrow}"), WARNING, "예외 지시 보고"),
        (&format!("office info {tomorrow}"), WARNING, "예외 지시가 있습니다"),
        (&format!("office e d {tomorrow} start"), OK, "취소했습니다"),
        (&format!("office e d {tomorrow} start"), ERROR, "예외 지시가 없습니다"),
        (&format!("office e s {tomorrow} stop 25:00"), ERROR, "시각이 아닙니다"),
        ("night status", ERROR, "소대는 없습니다"),
    ] {
        let shown = shown(&jandi, &recorder, said).await;
        assert_eq!(shown["connectColor"], *color, "{said}: {shown}");
        assert!(shown["body"].as_str().unwrap().contains(contains), "{said}: {shown}");
    }
    let usage = jandi.ask(&format!("office e s {tomorrow} pause 20:00")).await;
    let form = "`/서버 [schedule] 예외 설정 ";
    assert!(usage.contains(form) && !usage.contains("서버 서버"), "{usage}");
    let usage = jandi.ask("office stat").await;
    assert!(usage.contains("강제시작"), "{usage}");
    // The keyword alone is the status.
    for said in ["", "office"] {
        let status = shown(&jandi, &recorder, said).await;
        assert!(
            status["connectInfo"].to_string().contains("🟢 web-1"),
            "{said}: {status}"
        );
    }

    // The batch schedule is due, office is not. Once started it is left alone.
    round(&bot).await;
    told(&workspace, "기상! batch 소대").await;
    round(&bot).await;
    told(&workspace, "batch 소대, 전원 기상 완료").await;
    round(&bot).await;
    {
        let told = &provider.lock().unwrap().told;
        assert_eq!(
            *told,
            [(
                "Bearer very-secret-token".to_owned(),
                json!({"group": "gpu", "action": "start"})
            )]
        );
    }
    assert_eq!(amazon.count("stopped").await, 0);

    // By hand from JANDI: all are stopped, the other one is not.
    let stopping = shown(&jandi, &recorder, "office force_stop").await;
    assert_eq!(stopping["connectColor"], OK, "{stopping}");
    round(&bot).await;
    told(&workspace, "office 소대, 전원 취침 완료").await;
    assert_eq!(amazon.count("stopped").await, 3);
    assert_eq!(amazon.count("running").await, 1);
    assert_eq!(posted(&recorder, "전원 취침 완료").await["connectColor"], OK);

    // By hand from Slack: the database first, then who needs it.
    let english = |text: &str| Line::new(text);
    let starting = workspace.ask(&english("!server office force_start")).await;
    assert!(starting.text.starts_with("Reveille!"), "{}", starting.text);
    assert_eq!((amazon.count("stopped").await, amazon.count("available").await), (2, 1));
    round(&bot).await;
    round(&bot).await;
    told(&workspace, "office 소대, 전원 기상 완료").await;
    assert_eq!(amazon.count("stopped").await, 0);

    // A stop that is near is announced once, in both; an hour more by a button.
    let near = at(6);
    let (date, time) = (near.strftime("%Y-%m-%d"), near.strftime("%H:%M"));
    workspace
        .ask(&english(&format!("!server office exception set {date} stop {time}")))
        .await;
    round(&bot).await;
    round(&bot).await;
    let announced = told(&workspace, "알림! office 소대").await;
    assert_eq!(announced.channel, "C00GENERAL0");
    let count = workspace
        .record()
        .await
        .posts()
        .iter()
        .filter(|post| post.text.contains("알림!"))
        .count();
    assert_eq!(count, 1);
    let hint = posted(&recorder, "알림!").await;
    assert_eq!(hint["connectColor"], WARNING);
    assert!(
        hint["connectInfo"].to_string().contains("/서버 office exception set"),
        "{hint}"
    );
    let later = match near.hour() {
        23 => "23:59".to_owned(),
        hour => format!("{:02}:{:02}", hour + 1, near.minute()),
    };
    let button = format!("servers/stop:{date}/{later}/office");
    workspace.press("sally", &announced, &button, None).await;
    let find = |record: &Record| record.edits().into_iter().find(|text| text.contains("샐리"));
    workspace.until("the announcement to change", find).await;
    let info = workspace.ask(&english(&format!("!server office info {date}"))).await;
    assert!(info.text.contains("special order"), "{}", info.text);

    // What another provider cannot do is told in red; who does not know the token learns nothing.
    let trouble = shown(&jandi, &recorder, "batch force_stop").await;
    assert_eq!(trouble["connectColor"], ERROR, "{trouble}");
    assert!(trouble["connectInfo"].to_string().contains("500"), "{trouble}");
    let mut wrong = jandi.post("office force_stop");
    wrong["token"] = json!("not the token");
    assert_eq!(jandi.send(&wrong).await, (404, json!(null)));
    assert_eq!(amazon.count("stopped").await, 0);
    let elsewhere = workspace
        .ask(&english("!server office force_stop").at("#dev"))
        .await
        .text;
    assert!(elsewhere.starts_with("🔒"), "{elsewhere}");
    assert_eq!(amazon.count("stopped").await, 0, "{today}");
    assert!(!bot.log().text().contains("very-secret"));
}
