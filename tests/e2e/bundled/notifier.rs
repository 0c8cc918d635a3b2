//! The bundled plugin `notifier`: at set times, and of what a repository and a monitoring system post.

use crate::support::bot::Plan;
use crate::support::guests::built;
use crate::support::hooks::Recorder;
use crate::support::process::{finish, moa};
use crate::support::sim::{Line, Workspace};
use hmac::{Hmac, KeyInit, Mac};
use moa::toolchain::Language;
use serde_json::Value;
use sha2_of_hmac::Sha256;

const GITHUB: &str = "secret-of-the-repository";
const ALARMS: &str = "token-of-the-alarms";

/// A payload that stands beside the plugin as an example.
fn example(name: &str) -> String {
    let path = format!(
        "{}/../plugins/notifier/examples/{name}.json",
        env!("CARGO_MANIFEST_DIR")
    );
    std::fs::read_to_string(path).unwrap()
}

fn signature(body: &str) -> String {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(GITHUB.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    let bytes = mac.finalize().into_bytes();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256={hex}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn notices_come_at_their_times_and_when_other_systems_tell() {
    let Some(plugin) = built("notifier", Language::TypeScript).await else {
        return;
    };
    let (workspace, partners) = (Workspace::start().await, Recorder::start().await);
    let mut bot = Plan::new(&workspace)
        .plugin(&plugin)
        .config(
            r##"
[secrets]
GITHUB_WEBHOOK = { env = "GITHUB_WEBHOOK" }
ALARMS = { env = "ALARMS_TOKEN" }

[incoming.partners]
url = { env = "PARTNERS" }

[plugin.notifier.config]
repository = ["C00GENERAL0"]
monitoring = ["C00GENERAL0"]

[plugin.notifier.config.notices.report]
at = "5 19 * * *"
to = ["C00GENERAL0", "incoming:partners"]
text = "업무보고 보내셨나요?"
pretext = "구글드라이브:"
color = "#00FFFF"
fields = ["[알림] = 해당링크로 접속하여 작성해 주세요.", "!날짜 = {date}"]
sender = "알림봇"
icon = ":bell:"

[plugin.notifier.config.hooks.labels]
from = "repository"
when = ["event = label", "action != deleted"]
to = "C00GENERAL0"
text = "🏷️ {label.name}"

[plugin.notifier.webhook.repository]
secret = "GITHUB_WEBHOOK"

[plugin.notifier.webhook.monitoring]
secret = "ALARMS"

[plugin.notifier.grant]
schedule = true
conversations = ["*"]
"##,
        )
        .env("GITHUB_WEBHOOK", GITHUB)
        .env("ALARMS_TOKEN", ALARMS)
        .env("PARTNERS", &partners.url("services/T0/B0/very-secret"))
        .start()
        .await;

    // One of the configuration: to a conversation and to a webhook, as the card that the article shows.
    let ended = finish(moa(bot.home()).args(["schedule", "run", "notifier/notice:report"])).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let posted = partners.until(1).await.remove(0).json();
    assert_eq!(
        (posted["text"].as_str(), posted["username"].as_str()),
        (Some("업무보고 보내셨나요?"), Some("알림봇"))
    );
    let card = &posted["attachments"][0];
    assert_eq!(
        (card["pretext"].as_str(), card["color"].as_str()),
        (Some("구글드라이브:"), Some("#00FFFF"))
    );
    assert_eq!(card["fallback"], "구글드라이브:");
    assert_eq!(card["fields"][0]["title"], "[알림]");
    assert_eq!(
        (&card["fields"][0]["short"], &card["fields"][1]["short"]),
        (&Value::Bool(true), &Value::Bool(false))
    );
    let said = |text: &'static str| {
        let workspace = &workspace;
        async move {
            workspace
                .until(text, |record| record.saying(text).into_iter().next())
                .await
        }
    };
    assert_eq!(said("업무보고 보내셨나요?").await.channel, "C00GENERAL0");

    // One that somebody makes in chat; it outlives the bot.
    let rosie = |text: &str| Line::new(text).by("rosie").at("#lunch");
    let made = workspace
        .ask(&rosie("!알림 추가 점심 \"매일 11:50\" 점심 {count}"))
        .await
        .text;
    assert!(made.contains("다음은"), "{made}");
    let wrong = workspace.ask(&rosie("!알림 추가 저녁 \"나중에\" 저녁")).await.text;
    assert!(wrong.contains("읽을 수 없습니다"), "{wrong}");
    bot.kill();
    bot.restart().await;
    let ended = finish(moa(bot.home()).args(["schedule", "run", "notifier/made:점심"])).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_ne!(said("점심 1").await.channel, "C00GENERAL0");
    workspace.ask(&rosie("!알림 멈춤 점심")).await;
    finish(moa(bot.home()).args(["schedule", "run", "notifier/made:점심"])).await;
    let listed = workspace.ask(&rosie("!알림 목록")).await.text;
    assert!(listed.contains("report") && listed.contains("멈춤"), "{listed}");
    let preview = workspace.ask(&rosie("!알림 시험 점심")).await.text;
    assert_eq!(preview, "점심 2", "nothing was sent while it rested");
    let gone = workspace.ask(&rosie("!알림 삭제 점심")).await.text;
    assert!(gone.contains("지웠습니다"), "{gone}");

    // What other systems tell, with the payloads that stand beside the plugin.
    let endpoints = std::fs::read_to_string(bot.home().join("data/endpoints.json")).unwrap();
    let endpoints: Value = serde_json::from_str(&endpoints).unwrap();
    let base = format!("{}/hooks/notifier", endpoints["http"].as_str().unwrap());
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let github = async |event: &str, body: String| {
        let request = http.post(format!("{base}/repository")).header("x-github-event", event);
        let request = request.header("x-hub-signature-256", signature(&body)).body(body);
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(github("push", example("push")).await, 200);
    assert_eq!(github("pull_request", example("pull_request")).await, 200);
    assert_eq!(
        github(
            "label",
            r#"{"action": "created", "label": {"name": "<!channel> lunch"}}"#.into()
        )
        .await,
        200
    );
    let alarm = http
        .post(format!("{base}/monitoring"))
        .bearer_auth(ALARMS)
        .body(example("alarm"));
    assert_eq!(alarm.send().await.unwrap().status().as_u16(), 200);
    let unsigned = http.post(format!("{base}/repository")).body(example("push"));
    assert_eq!(unsigned.send().await.unwrap().status().as_u16(), 401);
    for text in [
        "커밋 2개를 올렸습니다",
        "풀 리퀘스트를 열었습니다",
        "search answers slowly",
        "lunch",
    ] {
        let posts = workspace
            .until(text, |record| {
                let all: Vec<_> = record
                    .posts()
                    .into_iter()
                    .filter(|post| post.text.contains(text))
                    .collect();
                (!all.is_empty()).then_some(all)
            })
            .await;
        assert!(posts.iter().all(|post| post.pings.is_empty()), "{posts:?}");
    }
}
