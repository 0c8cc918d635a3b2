//! Commands that somebody has to confirm: what is shown, who decides, and that each runs once or not at all, whoever
//! presses what and whenever the bot is killed.

use super::support::bot::{Bot, Plan};
use super::support::guests::{altered, clerk, hello, put};
use super::support::process::{finish, moa};
use super::support::record::{Post, Record};
use super::support::sim::{Line, Sent, Workspace};
use super::support::{DEADLINE, GLANCE, long};
use fastrand::Rng;
use moa_playground::Options;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const BEN: &str = "U0000000BEN";
const ROSIE: &str = "U00000ROSIE";
const SALLY: &str = "U00000SALLY";
const MOA: &str = "U0000000MOA";
const GENERAL: &str = "C00GENERAL0";

fn plan(workspace: &Workspace) -> Plan {
    Plan::new(workspace)
        .plugin(hello())
        .plugin(clerk())
        .env("MOA_BOT__ADMINS", ROSIE)
}

/// A command that waits: its message, and its id.
struct Waiting {
    post: Post,
    id: String,
    sent: Sent,
}

impl Waiting {
    fn button(&self, which: &str) -> String {
        format!("/moa:run:{}:{which}", self.id)
    }
}

/// The messages that ask about a command with this argument.
fn questions(record: &Record, what: &str) -> Vec<Post> {
    let asks =
        |post: &Post| post.text.contains("🔐") && post.text.contains(&format!("\"{what}\"")) && post.only_for.is_none();
    record.posts().into_iter().filter(asks).collect()
}

/// The id that stands in the buttons of a message.
fn id_of(record: &Record, post: &Post) -> Option<String> {
    let sent = record
        .of("api")
        .filter(|call| call["args"]["blocks"].to_string().contains("/moa:run:"))
        .find(|call| call["answer"]["ts"] == post.ts.as_str() || call["args"]["text"] == post.text.as_str())?;
    let sent = sent["args"].to_string();
    let from = sent.find("/moa:run:")? + "/moa:run:".len();
    Some(sent[from..].split(':').next()?.to_owned())
}

/// Ben gives a command about `what`, which has to be confirmed.
async fn ask(workspace: &Workspace, command: &str, what: &str) -> Waiting {
    let sent = workspace.send(&Line::new(format!("!{command} {what}"))).await;
    let found = |record: &Record| {
        let post = questions(record, what).into_iter().next()?;
        let id = id_of(record, &post)?;
        Some((post, id))
    };
    let (post, id) = workspace.until(&format!("the question about {what}"), found).await;
    Waiting { post, id, sent }
}

/// What the message says now.
fn shown(record: &Record, waiting: &Waiting) -> String {
    let on_it = |entry: &&Value| entry["ts"] == waiting.post.ts.as_str();
    let last = record.of("edit").rfind(on_it);
    last.and_then(|entry| entry["text"].as_str())
        .unwrap_or(&waiting.post.text)
        .to_owned()
}

async fn until_shown(workspace: &Workspace, waiting: &Waiting, part: &str) -> String {
    workspace
        .until(&format!("the question to say {part}"), |record| {
            Some(shown(record, waiting)).filter(|text| text.contains(part))
        })
        .await
}

async fn said(workspace: &Workspace, text: &str) -> Post {
    workspace
        .until(text, |record| record.saying(text).first().cloned())
        .await
}

/// What somebody alone is told, as the last word so far.
async fn told(workspace: &Workspace, who: &str, since: u64, part: &str) -> Post {
    workspace
        .until(&format!("{who} to be told {part:?}"), |record| {
            let mut posts = record.posts().into_iter().rev();
            posts.find(|post| post.n > since && post.only_for.as_deref() == Some(who) && post.text.contains(part))
        })
        .await
}

async fn now(workspace: &Workspace) -> u64 {
    workspace.record().await.entries.len() as u64
}

/// How often a command about this began, and ended well, by the plugin's own count.
async fn counted(workspace: &Workspace, what: &str) -> (u32, u32) {
    let mut counts = Vec::new();
    for key in ["ran", "done"] {
        let answer = workspace
            .ask(&Line::new(format!("!tally {key}:{what}")).at("#dev"))
            .await;
        let (_, value) = answer.text.split_once(" = ").unwrap();
        counts.push(value.parse().unwrap());
    }
    (counts[0], counts[1])
}

/// All that the workspace and the plugin know of it says that it ran once, or not at all.
async fn ran(workspace: &Workspace, command: &str, what: &str, times: u32) {
    assert_eq!(counted(workspace, what).await, (times, times), "{what}");
    let record = workspace.record().await;
    let times = times as usize;
    assert_eq!(record.saying(&format!("{command} {what} …")).len(), times, "{what}");
    let answer = format!("{command} {what} (n=1, done=1)");
    assert_eq!(record.saying(&answer).len(), times, "{what}");
    let more = format!("{command} {what} (n=");
    let all = record.posts().into_iter().filter(|post| post.text.starts_with(&more));
    assert_eq!(all.count(), times, "{what}");
    assert_eq!(questions(&record, what).len(), 1, "{what}");
}

/// A press as Slack would deliver it of anybody who knows the button's id.
fn press_frame(user: &str, channel: &str, ts: &str, id: &str, trigger: &str, envelope: &str) -> Value {
    json!({
        "envelope_id": envelope, "type": "interactive", "accepts_response_payload": false,
        "payload": {
            "type": "block_actions", "trigger_id": trigger,
            "user": {"id": user, "team_id": "T0000000MOA"}, "team": {"id": "T0000000MOA"},
            "channel": {"id": channel, "name": "general"}, "message": {"ts": ts, "text": "x"},
            "container": {"type": "message", "message_ts": ts, "channel_id": channel, "is_ephemeral": false},
            "actions": [{"type": "button", "block_id": "b", "action_id": id, "action_ts": "1.0"}],
        },
    })
}

/// A press on a button that the message has lost meanwhile: the client had not got that yet.
async fn late_press(workspace: &Workspace, user: &str, waiting: &Waiting, which: &str) {
    let trigger = format!("late.{}", fastrand::u64(..));
    let (post, id) = (&waiting.post, waiting.button(which));
    workspace
        .frame(&press_frame(user, &post.channel, &post.ts, &id, &trigger, &trigger))
        .await;
}

async fn limit(workspace: &Workspace, method: &str) {
    let wait = json!({"kind": "rate-limit", "count": 100, "retry_after": 300, "method": method});
    workspace.fault(wait).await;
}

async fn limited(workspace: &Workspace, since: u64) {
    workspace
        .until("the service to ask for patience", |record| {
            let mut calls = record.of("api");
            calls
                .any(|call| call["status"] == 429 && call["n"].as_u64() > Some(since))
                .then_some(())
        })
        .await;
}

async fn again(workspace: &Workspace, bot: &mut Bot) {
    bot.kill();
    workspace.fault(json!({"kind": "clear"})).await;
    bot.restart().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_confirmed_by_who_asked_runs_once_where_it_was_asked() {
    let workspace = Workspace::start().await;
    let bot = plan(&workspace).start().await;
    let waiting = ask(&workspace, "launch", "rocket").await;
    for part in [
        "<@U0000000BEN>",
        "`launch`",
        "what: `\"rocket\"`",
        "plugin `clerk`",
        "until 20",
    ] {
        let text = waiting.post.text.to_lowercase();
        assert!(text.contains(&part.to_lowercase()), "{part} in {text}");
    }
    assert_eq!(waiting.post.channel, GENERAL);
    let since = now(&workspace).await;
    // Not by anybody else, whoever they are.
    workspace
        .press("rosie", &waiting.post, &waiting.button("approve"), None)
        .await;
    told(&workspace, ROSIE, since, "님만 확인할 수 있습니다").await;
    workspace
        .press("ben", &waiting.post, &waiting.button("approve"), None)
        .await;
    let answer = said(&workspace, "launch rocket (n=1, done=1)").await;
    assert_eq!((answer.channel.as_str(), &answer.only_for), (GENERAL, &None));
    until_shown(&workspace, &waiting, "✅ <@U0000000BEN> approved it").await;
    ran(&workspace, "launch", "rocket", 1).await;
    // Who wanted to decide what is another's stands in the audit log, before the line without which it had not run.
    let ended = finish(moa(bot.home()).args(["audit", "--outcome", "denied", "--json"])).await;
    let line: Value = serde_json::from_str(ended.stdout.trim()).unwrap();
    for (key, is) in [("what", "ruling"), ("command", "launch"), ("invocation", &waiting.id)] {
        assert_eq!(line[key], is, "{line}");
    }
    assert_eq!(line["who"]["id"], ROSIE, "{line}");
    // What was not wanted after all.
    let waiting = ask(&workspace, "launch", "balloon").await;
    workspace
        .press("ben", &waiting.post, &waiting.button("withdraw"), None)
        .await;
    until_shown(&workspace, &waiting, "<@U0000000BEN> withdrew it").await;
    ran(&workspace, "launch", "balloon", 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_person_approves_rejects_or_lets_it_expire_and_the_asker_can_withdraw() {
    let workspace = Workspace::start().await;
    let config = "[approval]\nexpires = \"4s\"\n";
    let _bot = plan(&workspace).config(config).start().await;
    let waiting = ask(&workspace, "erase", "disk").await;
    let since = now(&workspace).await;
    workspace
        .press("ben", &waiting.post, &waiting.button("approve"), None)
        .await;
    told(&workspace, BEN, since, "Somebody else than you has to approve").await;
    workspace
        .press("sally", &waiting.post, &waiting.button("withdraw"), None)
        .await;
    told(&workspace, SALLY, since, "님만 철회할 수 있습니다").await;
    workspace
        .press("sally", &waiting.post, &waiting.button("approve"), None)
        .await;
    said(&workspace, "erase disk (n=1, done=1)").await;
    until_shown(&workspace, &waiting, "✅ <@U00000SALLY> approved it").await;
    ran(&workspace, "erase", "disk", 1).await;

    let waiting = ask(&workspace, "erase", "tape").await;
    let since = now(&workspace).await;
    workspace
        .press("sally", &waiting.post, &waiting.button("reject"), None)
        .await;
    until_shown(&workspace, &waiting, "🚫 <@U00000SALLY> rejected it").await;
    // A changed message notifies nobody: who asked is told.
    workspace
        .until("Ben to be told", |record| {
            let mut posts = record.posts().into_iter();
            posts.find(|post| post.n > since && post.text.contains("<@U00000SALLY> rejected it"))
        })
        .await;
    ran(&workspace, "erase", "tape", 0).await;

    let waiting = ask(&workspace, "erase", "card").await;
    workspace
        .press("ben", &waiting.post, &waiting.button("withdraw"), None)
        .await;
    until_shown(&workspace, &waiting, "<@U0000000BEN> withdrew it").await;
    ran(&workspace, "erase", "card", 0).await;

    let waiting = ask(&workspace, "erase", "cloud").await;
    until_shown(&workspace, &waiting, "⌛ Nobody decided").await;
    let since = now(&workspace).await;
    late_press(&workspace, SALLY, &waiting, "approve").await;
    told(&workspace, SALLY, since, "아무도 결정하지 않아").await;
    ran(&workspace, "erase", "cloud", 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replays_double_clicks_and_forged_ids_run_nothing_twice_and_are_answered() {
    let workspace = Workspace::start().await;
    let admins = format!("{ROSIE},{BEN}");
    let mut bot = plan(&workspace).env("MOA_BOT__ADMINS", &admins).start().await;
    let waiting = ask(&workspace, "demolish", "wall").await;
    let (ts, approve) = (waiting.post.ts.as_str(), waiting.button("approve"));

    // Who may not run it may not decide, nor may the bot itself; the id alone is worth nothing elsewhere.
    let since = now(&workspace).await;
    workspace.press("sally", &waiting.post, &approve, None).await;
    told(&workspace, SALLY, since, "직접 실행할 수 있는 사람만").await;
    workspace
        .frame(&press_frame(MOA, GENERAL, ts, &approve, "bot.1", "bot-1"))
        .await;
    let foreign = [
        (ROSIE, "C000000DEV0", ts, approve.clone()),
        (ROSIE, GENERAL, "1700000000.000100", approve.clone()),
        (ROSIE, GENERAL, ts, format!("/moa:run:{}:approve", "0".repeat(20))),
        (ROSIE, GENERAL, ts, format!("/moa:run:{}:run", waiting.id)),
    ];
    for (n, (user, channel, ts, id)) in foreign.into_iter().enumerate() {
        let since = now(&workspace).await;
        let (trigger, envelope) = (format!("forged.{n}"), format!("forged-{n}"));
        workspace
            .frame(&press_frame(user, channel, ts, &id, &trigger, &envelope))
            .await;
        told(&workspace, ROSIE, since, "이 버튼에 해당하는 요청이 없습니다").await;
    }
    ran(&workspace, "demolish", "wall", 0).await;

    // A double click: two presses, one decision; and the same press again in other envelopes, also after a restart.
    let since = now(&workspace).await;
    for (n, id) in [&approve, &approve, &waiting.button("reject")].into_iter().enumerate() {
        let (trigger, envelope) = (format!("double.{n}"), format!("double-{n}"));
        workspace
            .frame(&press_frame(ROSIE, GENERAL, ts, id, &trigger, &envelope))
            .await;
    }
    said(&workspace, "demolish wall (n=1, done=1)").await;
    told(&workspace, ROSIE, since, "결정").await;
    until_shown(&workspace, &waiting, "✅ <@U00000ROSIE> approved it").await;
    for n in 0..2 {
        let since = now(&workspace).await;
        let frame = press_frame(ROSIE, GENERAL, ts, &approve, "double.0", &format!("replay-{n}"));
        workspace.frame(&frame).await;
        if n == 0 {
            told(&workspace, ROSIE, since, "이미 결정되었습니다. <@U00000ROSIE> 님이").await;
        }
        let fresh = press_frame(
            ROSIE,
            GENERAL,
            ts,
            &approve,
            &format!("fresh.{n}"),
            &format!("fresh-{n}"),
        );
        workspace.frame(&fresh).await;
        told(&workspace, ROSIE, since, "이미 결정되었습니다. <@U00000ROSIE> 님이").await;
        again(&workspace, &mut bot).await;
    }
    ran(&workspace, "demolish", "wall", 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_runs_is_what_was_shown() {
    let workspace = Workspace::start().await;
    let bot = plan(&workspace).start().await;
    // An edited message changes nothing of it, and asks nothing anew.
    let waiting = ask(&workspace, "erase", "draft").await;
    let on = json!({"user": "ben", "channel": waiting.sent.channel, "ts": waiting.sent.ts});
    workspace.touch("edit", &on, json!({"text": "!erase everything"})).await;
    workspace.acknowledged().await;
    workspace
        .press("sally", &waiting.post, &waiting.button("approve"), None)
        .await;
    said(&workspace, "erase draft (n=1, done=1)").await;
    ran(&workspace, "erase", "draft", 1).await;
    let record = workspace.record().await;
    assert!(questions(&record, "everything").is_empty());
    assert_eq!(counted(&workspace, "everything").await, (0, 0));

    // Everything that is given to it is seen.
    let line = Line::new("!erase paper 3 `x` \u{202e}now");
    workspace.send(&line).await;
    let post = workspace
        .until("the question", |record| questions(record, "paper").pop())
        .await;
    for part in ["what: `\"paper\"`", "times: `3`", "why: `\"\\u{60}x\\u{60} "] {
        assert!(post.text.contains(part), "{part} in {}", post.text);
    }
    assert!(!post.text.contains('\u{202e}'), "{}", post.text);

    // Another version of the plugin is not what was shown.
    let waiting = ask(&workspace, "erase", "plan").await;
    let from = bot.lines();
    put(
        &altered(clerk(), "it fell down", "it fell over"),
        &bot.plugins().join("clerk.wasm"),
    );
    bot.log().wait_for(from, &["replaced", "clerk"]).await;
    let since = now(&workspace).await;
    workspace
        .press("sally", &waiting.post, &waiting.button("approve"), None)
        .await;
    until_shown(&workspace, &waiting, "*not run*").await;
    workspace
        .until("Ben to be told", |record| {
            let mut posts = record.posts().into_iter();
            posts.find(|post| post.n > since && post.text.contains("not what was shown"))
        })
        .await;
    ran(&workspace, "erase", "plan", 0).await;

    // Nor may who asked have lost the right to it.
    let role = async |what: &str| {
        workspace
            .ask(&Line::new(format!("!role {what} admin @ben")).by("rosie").at("#dev"))
            .await
    };
    role("grant").await;
    let waiting = ask(&workspace, "demolish", "tower").await;
    role("revoke").await;
    workspace
        .press("rosie", &waiting.post, &waiting.button("approve"), None)
        .await;
    let text = until_shown(&workspace, &waiting, "*not run*").await;
    assert!(
        text.contains("<@U0000000BEN> may not run this command any more"),
        "{text}"
    );
    ran(&workspace, "demolish", "tower", 0).await;

    // What fails is told as what it is, and is not run again.
    let waiting = ask(&workspace, "erase", "Babel").await;
    workspace
        .press("sally", &waiting.post, &waiting.button("approve"), None)
        .await;
    until_shown(&workspace, &waiting, "*not end well*").await;
    assert_eq!(counted(&workspace, "Babel").await, (1, 1));

    // In a direct conversation nobody else is there.
    let told = workspace.ask(&Line::new("!erase secret").at("@dm")).await;
    assert!(told.text.contains("Somebody else has to approve"), "{}", told.text);
    // A slash command that nobody saw is shown to all before it runs.
    workspace.send(&Line::new("/erase mail").slash()).await;
    let post = workspace
        .until("the question", |record| questions(record, "mail").pop())
        .await;
    let id = workspace.until("its buttons", |record| id_of(record, &post)).await;
    workspace
        .press("sally", &post, &format!("/moa:run:{id}:approve"), None)
        .await;
    let answer = said(&workspace, "erase mail (n=1, done=1)").await;
    assert_eq!(answer.only_for.as_deref(), Some(BEN));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_before_it_was_asked_about_it_is_asked_about_once() {
    let workspace = Workspace::start().await;
    let mut bot = plan(&workspace).start().await;

    // As soon as the command is taken over.
    workspace.send(&Line::new("!erase one")).await;
    workspace.acknowledged().await;
    again(&workspace, &mut bot).await;
    // When it is on disk and its message is not sent.
    let since = now(&workspace).await;
    limit(&workspace, "chat.postMessage").await;
    workspace.send(&Line::new("!erase two")).await;
    limited(&workspace, since).await;
    again(&workspace, &mut bot).await;
    // When its message is sent, and the bot does not know.
    workspace
        .fault(json!({"kind": "error500", "count": 1, "after": true, "method": "chat.postMessage"}))
        .await;
    workspace.fault(json!({"kind": "slow", "ms": 1500})).await;
    workspace.send(&Line::new("!erase three")).await;
    workspace
        .until("the question", |record| questions(record, "three").pop())
        .await;
    again(&workspace, &mut bot).await;

    for what in ["one", "two", "three"] {
        let found = |record: &Record| {
            let post = questions(record, what).pop()?;
            let id = id_of(record, &post)?;
            Some((post, id))
        };
        let (post, id) = workspace.until(what, found).await;
        workspace
            .press("sally", &post, &format!("/moa:run:{id}:approve"), None)
            .await;
        said(&workspace, &format!("erase {what} (n=1, done=1)")).await;
        ran(&workspace, "erase", what, 1).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_it_waits_it_waits_on_and_expires_in_time() {
    let workspace = Workspace::start().await;
    let mut bot = plan(&workspace).config("[approval]\nexpires = \"5s\"\n").start().await;
    let (kept, late) = (
        ask(&workspace, "erase", "kept").await,
        ask(&workspace, "erase", "late").await,
    );
    again(&workspace, &mut bot).await;
    workspace
        .press("sally", &kept.post, &kept.button("approve"), None)
        .await;
    said(&workspace, "erase kept (n=1, done=1)").await;
    bot.kill();
    tokio::time::sleep(Duration::from_secs(5)).await;
    bot.restart().await;
    until_shown(&workspace, &late, "⌛ Nobody decided").await;
    again(&workspace, &mut bot).await;
    let since = now(&workspace).await;
    late_press(&workspace, SALLY, &late, "approve").await;
    told(&workspace, SALLY, since, "아무도 결정하지 않아").await;
    ran(&workspace, "erase", "kept", 1).await;
    ran(&workspace, "erase", "late", 0).await;
    let record = workspace.record().await;
    let ends = record
        .posts()
        .into_iter()
        .filter(|post| post.text.contains("it expired at"));
    assert_eq!(
        ends.filter(|post| post.only_for.is_none()).count(),
        1,
        "who asked is told once"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_after_it_was_approved_it_runs_once_and_all_are_told() {
    let workspace = Workspace::start().await;
    let mut bot = plan(&workspace).start().await;

    // As soon as the press is taken over.
    let waiting = ask(&workspace, "erase", "one").await;
    workspace
        .press("sally", &waiting.post, &waiting.button("approve"), None)
        .await;
    workspace.acknowledged().await;
    again(&workspace, &mut bot).await;
    said(&workspace, "erase one (n=1, done=1)").await;
    until_shown(&workspace, &waiting, "✅ <@U00000SALLY> approved it").await;
    ran(&workspace, "erase", "one", 1).await;

    // In the middle of the command.
    let waiting = ask(&workspace, "erase", "two").await;
    let since = now(&workspace).await;
    limit(&workspace, "chat.postMessage").await;
    workspace
        .press("sally", &waiting.post, &waiting.button("approve"), None)
        .await;
    limited(&workspace, since).await;
    again(&workspace, &mut bot).await;
    said(&workspace, "erase two (n=1, done=1)").await;
    until_shown(&workspace, &waiting, "✅ <@U00000SALLY> approved it").await;
    ran(&workspace, "erase", "two", 1).await;

    // When it is done and answered, and its message does not show it yet.
    let waiting = ask(&workspace, "erase", "three").await;
    limit(&workspace, "chat.update").await;
    workspace
        .press("sally", &waiting.post, &waiting.button("approve"), None)
        .await;
    said(&workspace, "erase three (n=1, done=1)").await;
    again(&workspace, &mut bot).await;
    until_shown(&workspace, &waiting, "✅ <@U00000SALLY> approved it").await;
    let since = now(&workspace).await;
    late_press(&workspace, SALLY, &waiting, "approve").await;
    told(&workspace, SALLY, since, "이미 결정되었습니다").await;
    ran(&workspace, "erase", "three", 1).await;

    // The same for what is rejected.
    let waiting = ask(&workspace, "erase", "four").await;
    limit(&workspace, "chat.update").await;
    let since = now(&workspace).await;
    workspace
        .press("sally", &waiting.post, &waiting.button("reject"), None)
        .await;
    limited(&workspace, since).await;
    again(&workspace, &mut bot).await;
    until_shown(&workspace, &waiting, "🚫 <@U00000SALLY> rejected it").await;
    ran(&workspace, "erase", "four", 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn approved_and_cut_off_for_too_long_it_is_not_run_and_all_are_told() {
    let workspace = Workspace::start().await;
    let plan = plan(&workspace).config("[journal]\nmax-age = \"1s\"\n");
    let mut bot = plan.start().await;
    let waiting = ask(&workspace, "erase", "slow").await;
    let since = now(&workspace).await;
    // Nothing leaves, not even the first message of the command; what it counted before is its first effect.
    limit(&workspace, "chat.update").await;
    limit(&workspace, "chat.postMessage").await;
    workspace
        .press("sally", &waiting.post, &waiting.button("approve"), None)
        .await;
    limited(&workspace, since).await;
    bot.kill();
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    workspace.fault(json!({"kind": "clear"})).await;
    bot.restart().await;
    until_shown(&workspace, &waiting, "*not run*").await;
    workspace
        .until("Ben to be told", |record| {
            let mut posts = record.posts().into_iter();
            posts.find(|post| post.n > since && post.text.contains("away for long"))
        })
        .await;
    assert!(counted(&workspace, "slow").await.1 == 0);
    assert!(workspace.record().await.saying("erase slow …").is_empty());
}

/// One command of a long run.
struct Round {
    what: String,
    plan: &'static str,
    done: bool,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_random_moments_each_approved_command_runs_once_and_no_other() {
    let (rounds, seed) = (if long() { 100 } else { 6 }, seed());
    println!("approvals: MOA_TEST_SEED={seed}");
    let workspace = Workspace::with(Options {
        ack_timeout: Duration::from_secs(1),
        retry_delays: vec![Duration::from_millis(200); 1_000],
        record_capacity: 400_000,
        ..Options::default()
    })
    .await;
    let mut rng = Rng::with_seed(seed);
    let mut bot = plan(&workspace).config("[approval]\nexpires = \"10m\"\n").start().await;
    let begun = Instant::now();
    let mut all = Vec::new();
    let (mut kills, mut presses) = (0, 0);
    for n in 0..rounds {
        let plan = ["approve", "approve", "approve", "reject", "withdraw"][rng.usize(..5)];
        let round = Round {
            what: format!("round-{n}."),
            plan,
            done: false,
        };
        // One kill a round, while it is asked about or after it was decided.
        let early = rng.bool();
        let sent = workspace.send(&Line::new(format!("!erase {}", round.what))).await;
        if early {
            kill_soon(&mut bot, &mut rng).await;
            kills += 1;
        }
        let found = |record: &Record| {
            let post = questions(record, &round.what).pop()?;
            let id = id_of(record, &post)?;
            Some((post, id))
        };
        let (post, id) = workspace.until(&round.what, found).await;
        let waiting = Waiting { post, id, sent };
        let mut round = round;
        let mut killed = early;
        // Whoever presses a button of a bot that is killed is told by the service, and presses again.
        while !round.done {
            late_press(&workspace, if plan == "withdraw" { BEN } else { SALLY }, &waiting, plan).await;
            presses += 1;
            if !killed {
                kill_soon(&mut bot, &mut rng).await;
                (killed, kills) = (true, kills + 1);
            }
            let since = Instant::now();
            while !round.done && since.elapsed() < Duration::from_secs(3) {
                let text = shown(&workspace.record().await, &waiting);
                round.done = text.contains("Asked by");
                tokio::time::sleep(GLANCE).await;
            }
            assert!(
                begun.elapsed() < DEADLINE * (rounds + 4),
                "{} is not decided",
                round.what
            );
        }
        all.push((round, waiting));
    }
    for (round, waiting) in &all {
        let times = u32::from(round.plan == "approve");
        if times == 1 {
            said(&workspace, &format!("erase {} (n=1, done=1)", round.what)).await;
        }
        ran(&workspace, "erase", &round.what, times).await;
        let text = shown(&workspace.record().await, waiting);
        let expected = match round.plan {
            "approve" => "✅ <@U00000SALLY> approved it",
            "reject" => "🚫 <@U00000SALLY> rejected it",
            _ => "<@U0000000BEN> withdrew it",
        };
        assert!(text.contains(expected), "{}: {text}", round.what);
    }
    println!(
        "approvals: {rounds} commands, {presses} presses, {kills} kills, {:.0} s",
        begun.elapsed().as_secs_f64()
    );
}

fn seed() -> u64 {
    std::env::var("MOA_TEST_SEED").map_or_else(|_| fastrand::u64(..), |seed| seed.parse().unwrap())
}

/// Kills the bot within the time that a command takes, and starts it again.
async fn kill_soon(bot: &mut Bot, rng: &mut Rng) {
    tokio::time::sleep(Duration::from_millis(rng.u64(..60))).await;
    bot.kill();
    bot.restart().await;
}
