//! A folder of apps written for hongmoa, built as it is by `moa build --hongmoa`, and used as people use them.

use super::support::bot::Plan;
use super::support::guests::put;
use super::support::process::{finish_within, moa};
use super::support::sim::{Line, Workspace};
use super::support::{alone, required};
use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::any;
use moa::web::Web;
use moa_core::config::Http;
use std::path::Path;
use std::time::Duration;

/// How long a build may take, with its tools to be fetched first.
const BUILD: Duration = Duration::from_secs(900);
/// How long the host may compile it.
const COMPILE: Duration = Duration::from_secs(300);

/// Answers what it was asked.
async fn echo(asked: Request) -> Response {
    let (head, body) = asked.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let header = |name: &str| {
        let value = head.headers.get(name).map(|value| value.to_str().unwrap());
        value.unwrap_or("-").to_owned()
    };
    let told = serde_json::json!({
        "method": head.method.as_str(),
        "query": head.uri.query().unwrap_or_default(),
        "team": header("x-team"),
        "kind": header("content-type"),
        "auth": header("authorization"),
        "body": String::from_utf8(body.to_vec()).unwrap(),
    });
    let status = match head.method.as_str() {
        "POST" => StatusCode::CREATED,
        _ => StatusCode::OK,
    };
    (status, [("content-type", "application/json")], told.to_string()).into_response()
}

/// A server that stands for `api.example.com`: the host is told that it is the way to everything.
async fn api() -> Web {
    let app = Router::new()
        .route("/echo", any(echo))
        .route("/text", any(|| async { "한 줄\n두 줄" }))
        .route("/missing", any(|| async { (StatusCode::NOT_FOUND, "none") }))
        .route("/moved", any(|| async { Redirect::temporary("/text") }))
        .route(
            "/slow",
            any(|| async {
                tokio::time::sleep(Duration::from_secs(60)).await;
                "late"
            }),
        )
        // What breaks off has no answer.
        .route("/broken", any(|| async { panic!("as it is meant to") as &str }));
    let http = Http {
        wanted: true,
        listen: ([127, 0, 0, 1], 0).into(),
        body: 1 << 20,
        rate: None,
        proxies: Vec::new(),
    };
    Web::open(&http, app).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_of_apps_is_built_without_an_edit_and_its_apps_answer() {
    let apps = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/hongmoa/apps");
    // It outlives the test, so that what has not changed is not built again.
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("hongmoa");
    std::fs::create_dir_all(&out).unwrap();
    let built = {
        let _alone = alone().await;
        let mut command = moa(&out);
        command.arg("build").arg("--hongmoa").arg(&apps);
        command.args(["--name", "team"]).arg("--out").arg(&out);
        finish_within(&mut command, BUILD).await
    };
    let told = format!("{}{}", built.stdout, built.stderr);
    if told.contains("cannot be used (") || told.contains("cannot be fetched (") {
        assert!(!required(), "{told}");
        println!("skipped: {told}");
        return;
    }
    assert_eq!(built.code, Some(0), "{told}");
    for (message, place) in [
        ("`running` is as at the beginning in each call", "apps/deploy.py:16:5"),
        ("api_call('pins.add') does nothing", "apps/deploy.py:19"),
        ("`help` is a word of the host's own", "apps/helper.py:5"),
        ("`SLACK_TOKEN` is empty in the plugin", "settings.py:1"),
    ] {
        assert!(told.contains(message) && told.contains(place), "{message}: {told}");
    }
    let component = std::fs::read(out.join("team.wasm")).unwrap();
    let secret = b"this-must-not-leave-the-machine";
    assert!(!component.windows(secret.len()).any(|part| part == secret));

    let workspace = Workspace::start().await;
    let api = api().await;
    let bot = Plan::new(&workspace)
        .config("\n[plugin.team.grant]\nconversations = [\"*\"]\nhttp = [\"http://api.example.com\"]\n")
        .env("HTTP_PROXY", &format!("http://{}", api.address()))
        .start()
        .await;
    let from = bot.lines();
    put(&component, &bot.plugins().join("team.wasm"));
    bot.log().wait_long_for(from, &["loaded", "team"], COMPILE).await;
    let say = async |text: &str| workspace.ask(&Line::new(text)).await.text;

    // Every import form, both signatures; mentions call people; what the host forgives is forgiven here too.
    let hello = workspace.ask(&Line::new("!하이").by("rosie")).await;
    assert!(hello.text.starts_with("hello <@U"), "{}", hello.text);
    assert_eq!(hello.pings.len(), 1);
    assert_eq!(say("!ㅈㅅㅌ 3 로지,샐리,앨리").await, "1: 로지, 샐리, 앨리");
    assert_eq!(say("!LUNCH").await, "예) !ㅈㅅㅌ 3 로지,샐리");
    // The brain is durable, texts decode, quotes hold words together, lists keep their order.
    assert_eq!(say("!메모 vpn “주소는 10.0.0.1”").await, "저장했어요: vpn");
    assert_eq!(say("!memo vpn").await, "주소는 10.0.0.1");
    assert_eq!(say("!memo").await, "vpn");
    assert_eq!(say("!queue a").await, "1");
    assert_eq!(say("!queue b").await, "2");
    assert_eq!(say("!queue").await, "b");
    // `requests`, against a real server.
    for (what, answer) in [
        (
            "get",
            "200 True GET q=%EC%A0%90%EC%8B%AC+%ED%8C%80&tag=a&tag=b moa application/json",
        ),
        (
            "post",
            r#"201 POST application/json Basic dTpw {"\uc774\ub984": "\ub85c\uc9c0", "n": [1, null, true]}"#,
        ),
        ("form", "application/x-www-form-urlencoded a=1+2&b=x&b=y"),
        ("session", "PUT page=1 both DELETE page=1 both"),
        ("text", "한 줄\n두 줄 ['한 줄', '두 줄'] 15"),
        (
            "missing",
            "404 Client Error: Not Found for url: http://api.example.com/missing: 404 none",
        ),
        ("moved", "200 True"),
        ("rubbish", "JSONDecodeError"),
        ("slow", "timeout"),
    ] {
        // Slack has `&` as `&amp;`, and addresses in brackets.
        let said = say(&format!("!웹 {what}")).await.replace("&amp;", "&");
        assert_eq!(said.replace(['<', '>'], ""), answer, "{what}");
    }
    let broken = say("!웹 broken").await;
    assert!(
        broken.starts_with("no connection: perhaps done already") && broken.contains("had begun to be sent"),
        "{broken}"
    );
    let elsewhere = say("!웹 elsewhere").await;
    assert!(elsewhere.starts_with("no connection: "), "{elsewhere}");
    // Another channel, where it is granted.
    let sent = workspace.send(&Line::new("!유령 #lunch 안녕 여러분")).await;
    let there = workspace
        .until("the ghost in #lunch", |record| {
            record.saying("안녕 여러분").into_iter().next()
        })
        .await;
    assert_ne!(there.channel, sent.channel);
    // Where the bot is not, the person is told.
    let refused = say("!유령 #random 안녕").await;
    assert!(refused.contains("초대") || refused.contains("invite"), "{refused}");
    // A message with attachments; what they hold is looked at in the SDK's own test.
    assert_eq!(say("!짤").await, "골라 봤어요");
    // The client does what the host can, and says what it can't.
    assert_eq!(say("!ㄷㅇ").await.lines().count(), 10);
    let deployed = workspace.send(&Line::new("!deploy main")).await;
    workspace
        .until("the end of the deployment", |record| {
            let said = workspace.answers(record, &deployed);
            said.iter()
                .any(|post| post.text == "pin: unknown_method, 1")
                .then_some(())
        })
        .await;
    let record = workspace.record().await;
    assert!(
        record.edits().contains(&"배포 끝: main".to_owned()),
        "{:?}",
        record.edits()
    );
    // The host's help knows the apps by their docstrings.
    let help = say("!help 점심팀").await;
    assert!(help.contains("오늘의 점심 팀을 알려드립니다."), "{help}");
}

#[tokio::test]
async fn a_folder_that_cannot_work_names_the_place_and_builds_nothing() {
    let home = tempfile::tempdir().unwrap();
    let apps = home.path().join("apps");
    std::fs::create_dir(&apps).unwrap();
    let app = "import socket\nfrom . import on_command\n\n@on_command(['a'])\ndef run(robot, channel, tokens):\n    return 'a'\n";
    std::fs::write(apps.join("a.py"), app).unwrap();
    let mut command = moa(home.path());
    command.args(["build", "--hongmoa", "apps"]);
    let ended = finish_within(&mut command, BUILD).await;
    let told = format!("{}{}", ended.stdout, ended.stderr);
    if told.contains("cannot be used (") {
        assert!(!required(), "{told}");
        println!("skipped: {told}");
        return;
    }
    assert_eq!(ended.code, Some(1), "{told}");
    assert!(
        told.contains("apps/a.py:1") && told.contains("`socket` can't work in the sandbox"),
        "{told}"
    );
    assert!(!home.path().join("dist/apps.wasm").exists());

    let mut command = moa(home.path());
    command.args(["build", "--hongmoa", "nowhere"]);
    let ended = finish_within(&mut command, BUILD).await;
    assert!(ended.stderr.contains("nowhere cannot be read"), "{}", ended.stderr);
}
