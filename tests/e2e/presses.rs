//! Buttons, menus, forms, questions, shortcuts, and what else happens in chat: from the click to what is seen of it.

use super::support::GLANCE;
use super::support::bot::{Bot, Plan};
use super::support::guests::{clerk, hello};
use super::support::record::{Post, Record};
use super::support::sim::{Line, Sent, Workspace};
use serde_json::{Value, json};

const BEN: &str = "U0000000BEN";
const ROSIE: &str = "U00000ROSIE";
const GENERAL: &str = "C00GENERAL0";

async fn open(workspace: &Workspace) -> Bot {
    Plan::new(workspace).plugin(hello()).plugin(clerk()).start().await
}

async fn said(workspace: &Workspace, text: &str) -> Post {
    workspace
        .until(text, |record| record.saying(text).first().cloned())
        .await
}

async fn changed_to(workspace: &Workspace, text: &str) {
    workspace
        .until(text, |record| {
            record.edits().iter().any(|edit| edit == text).then_some(())
        })
        .await;
}

/// Waits until what was pressed is acknowledged, and each command of Ben's before now is answered.
async fn quiet(workspace: &Workspace) -> Record {
    workspace.settled().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_reply_to_a_press_is_seen_where_it_belongs() {
    let workspace = Workspace::start().await;
    let _bot = open(&workspace).await;
    let panel = workspace.ask(&Line::new("!panel")).await;

    workspace.press("ben", &panel, "clerk/say", None).await;
    let answer = said(&workspace, "Ben said value of say (n=1)").await;
    assert_eq!((&answer.channel, &answer.only_for), (&panel.channel, &None));
    workspace.press("rosie", &panel, "clerk/size", Some("l")).await;
    said(&workspace, "size: l (n=1)").await;
    // What is refused is told to whom it concerns, and to nobody else.
    workspace.press("ben", &panel, "clerk/refuse", None).await;
    let refused = said(&workspace, "not today").await;
    assert_eq!(refused.only_for.as_deref(), Some(BEN));
    workspace.press("ben", &panel, "clerk/crash", None).await;
    let told = workspace
        .until("the bad news", |record| {
            record.posts().into_iter().find(|post| post.text.contains("⚠️"))
        })
        .await;
    assert_eq!(told.only_for.as_deref(), Some(BEN), "{}", told.text);
    workspace.press("ben", &panel, "clerk/hush", None).await;
    workspace.press("rosie", &panel, "clerk/update", None).await;
    let rosie = "changed by 로지 (n=1)";
    changed_to(&workspace, rosie).await;
    let posts = quiet(&workspace).await.posts();
    assert_eq!(posts.len(), 6, "{posts:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_for_one_person_is_changed_where_only_they_see_it() {
    let workspace = Workspace::start().await;
    let _bot = open(&workspace).await;
    let panel = workspace.ask(&Line::new("!secret")).await;
    assert_eq!(panel.only_for.as_deref(), Some(BEN));
    workspace.press("ben", &panel, "clerk/update", None).await;
    workspace
        .until("the change", |record| {
            let mut bodies = record.of("response_url").map(|entry| &entry["body"]);
            bodies
                .any(|body| body["replace_original"] == true && body["text"] == "changed by Ben (n=1)")
                .then_some(())
        })
        .await;
}

/// A form is open before the person.
async fn form(workspace: &Workspace, person: &str, what: &str, is: impl Fn(&Value) -> bool) {
    let begun = std::time::Instant::now();
    loop {
        let forms = workspace.forms().await;
        if is(&forms[person]) {
            return;
        }
        assert!(begun.elapsed() < super::support::DEADLINE, "no {what}: {forms}");
        tokio::time::sleep(GLANCE).await;
    }
}

fn filled(quantity: &str) -> Value {
    json!({"item": {"clerk/item": "rice"}, "quantity": {"clerk/quantity": quantity}})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_is_opened_refused_corrected_and_its_message_changed() {
    let workspace = Workspace::start().await;
    let _bot = open(&workspace).await;
    for (button, orders) in [("clerk/form", 1), ("clerk/open", 2)] {
        let panel = workspace.ask(&Line::new("!panel")).await;
        workspace.press("ben", &panel, button, None).await;
        form(&workspace, BEN, "form", |forms| {
            forms[0]["callback_id"] == "clerk/order"
        })
        .await;
        workspace.submit("ben", filled("many")).await;
        let errors = |record: &Record| {
            let answers = record.of("ack").map(|ack| &ack["payload"]);
            let refused = answers.filter(|answer| {
                answer["response_action"] == "errors"
                    && answer["errors"]["quantity"] == "many is no number from 1 to 20"
            });
            (refused.count() == orders).then_some(())
        };
        workspace.until("the error", errors).await;
        form(&workspace, BEN, "form that stays", |forms| forms[0].is_object()).await;
        workspace.submit("ben", filled("3")).await;
        changed_to(
            &workspace,
            &format!("Ben ordered 3 rice [mine] (orders={orders}, n={})", orders * 2),
        )
        .await;
        form(&workspace, BEN, "closed form", |forms| forms[0].is_null()).await;
    }
    quiet(&workspace).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_pressed_before_a_kill_is_done_once() {
    let workspace = Workspace::start().await;
    let mut bot = open(&workspace).await;
    let panel = workspace.ask(&Line::new("!panel")).await;
    // Nothing that the bot says gets through (a wait longer than its patience would be given up at once), so it is killed with the presses acknowledged and not answered.
    workspace
        .fault(json!({"kind": "rate-limit", "count": 100, "retry_after": 300, "method": "chat.postMessage"}))
        .await;
    workspace.press("ben", &panel, "clerk/say", None).await;
    workspace.press("rosie", &panel, "clerk/size", Some("s")).await;
    workspace.acknowledged().await;
    workspace
        .until("the bot to be told to wait", |record| {
            record.of("api").any(|call| call["status"] == 429).then_some(())
        })
        .await;
    bot.kill();
    workspace.fault(json!({"kind": "clear"})).await;
    bot.restart().await;
    said(&workspace, "Ben said value of say (n=1)").await;
    said(&workspace, "size: s (n=1)").await;
    bot.kill();
    bot.restart().await;
    let record = quiet(&workspace).await;
    for text in ["Ben said value of say (n=1)", "size: s (n=1)"] {
        assert_eq!(record.saying(text).len(), 1, "{text}");
    }
    assert_eq!(tally(&workspace, "press:say").await, "1");
}

async fn tally(workspace: &Workspace, key: &str) -> String {
    let answer = workspace.ask(&Line::new(format!("!tally {key}"))).await;
    let (_, value) = answer.text.split_once(" = ").unwrap();
    value.to_owned()
}

/// The id of the first button of a message.
async fn button(workspace: &Workspace, of: &Post) -> String {
    workspace
        .until("the message's buttons", |record| {
            let mut calls = record.of("api").filter(|call| call["method"] == "chat.postMessage");
            let call = calls.find(|call| call["answer"]["ts"] == of.ts.as_str())?;
            let id = &call["args"]["blocks"][1]["elements"][0]["action_id"];
            id.as_str().map(str::to_owned)
        })
        .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_is_answered_by_whom_it_asks_and_over_a_restart() {
    let workspace = Workspace::start().await;
    let mut bot = open(&workspace).await;
    let question = workspace.ask(&Line::new("!survey @rosie 600")).await;
    let yes = button(&workspace, &question).await;
    let no = format!("{}no", yes.strip_suffix("yes").unwrap());

    workspace.press("ben", &question, &yes, None).await;
    let told = workspace
        .until("a word to Ben", |record| {
            record.posts().into_iter().find(|post| post.only_for.is_some())
        })
        .await;
    assert!(told.text.contains(&format!("<@{ROSIE}>")), "{}", told.text);
    bot.kill();
    bot.restart().await;
    workspace.press("rosie", &question, &no, None).await;
    changed_to(&workspace, "rice: 로지 answered never (n=1)").await;
    // Asked again, twice: the second question takes the place of the first, whose buttons are dead.
    let first = workspace.ask(&Line::new("!survey @rosie 600")).await;
    let yes = button(&workspace, &first).await;
    workspace.ask(&Line::new("!survey @rosie 600")).await;
    workspace.press("rosie", &first, &yes, None).await;
    workspace
        .until("a word to Rosie", |record| {
            let mut posts = record.posts().into_iter();
            posts.find(|post| post.only_for.as_deref() == Some(ROSIE))
        })
        .await;
    assert_eq!(tally(&workspace, "press:rice").await, "1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_that_nobody_answers_ends_once_also_while_the_bot_is_away() {
    let workspace = Workspace::start().await;
    let mut bot = open(&workspace).await;
    workspace.ask(&Line::new("!survey @rosie 1")).await;
    said(&workspace, "rice: 로지 did not answer (n=1)").await;
    workspace.ask(&Line::new("!survey @rosie 2")).await;
    bot.kill();
    tokio::time::sleep(std::time::Duration::from_millis(2_100)).await;
    bot.restart().await;
    said(&workspace, "rice: 로지 did not answer (n=2)").await;
    bot.kill();
    bot.restart().await;
    assert_eq!(tally(&workspace, "press:rice").await, "2");
    let record = quiet(&workspace).await;
    let ends = record
        .posts()
        .into_iter()
        .filter(|post| post.text.contains("did not answer"));
    assert_eq!(ends.count(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shortcuts_reach_their_plugin() {
    let workspace = Workspace::start().await;
    let _bot = open(&workspace).await;
    workspace
        .offer(&json!({"shortcuts": [
            {"name": "Note it", "callback_id": "clerk/note", "description": "notes", "type": "message"},
            {"name": "Greet", "callback_id": "clerk/greet", "description": "hello", "type": "global"}]}))
        .await;
    let message = workspace.send(&Line::new("remember the milk").by("rosie")).await;
    workspace.shortcut("ben", "clerk/note", Some(&message)).await;
    let noted = said(&workspace, "note: remember the milk (n=1)").await;
    assert_eq!(noted.thread.as_ref(), Some(&message.ts));
    workspace.shortcut("ben", "clerk/greet", None).await;
    let greeted = said(&workspace, "hello Ben (n=1)").await;
    assert!(greeted.channel.starts_with('D'), "{}", greeted.channel);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_else_happens_is_told_and_the_bots_own_doings_are_not() {
    let workspace = Workspace::start().await;
    let _bot = open(&workspace).await;
    let message = workspace.send(&Line::new("hello all").by("rosie")).await;
    let Sent { channel, ts, .. } = &message;
    let on = json!({"user": "rosie", "channel": channel, "ts": ts});
    workspace
        .touch("react", &on, json!({"user": "ben", "name": "tada"}))
        .await;
    workspace
        .touch("react", &on, json!({"user": "ben", "name": "tada", "remove": true}))
        .await;
    workspace.touch("edit", &on, json!({"text": "hello everybody"})).await;
    workspace.touch("delete", &on, json!({})).await;
    workspace
        .act("topic", json!({"user": "ben", "channel": "#general", "topic": "cake"}))
        .await;
    workspace
        .act("leave", json!({"user": "rosie", "channel": "#general"}))
        .await;
    workspace
        .act("join", json!({"user": "rosie", "channel": "#general"}))
        .await;
    let joined = |record: &Record| {
        let mut events = record.of("event");
        events
            .any(|event| event["event"] == "member_joined_channel")
            .then_some(())
    };
    workspace.until("the join", joined).await;
    workspace.acknowledged().await;
    // Events have no order among each other, nor with commands.
    for (what, last) in [
        ("reacted", format!("{BEN} tada {ts}")),
        ("unreacted", format!("{BEN} tada {ts}")),
        ("edited", format!("{ROSIE} hello everybody {ts}")),
        ("deleted", format!("{ROSIE} {ts}")),
        ("topic", format!("{BEN} cake {GENERAL}")),
        ("left", format!("{ROSIE} {GENERAL}")),
        ("joined", format!("{ROSIE} {GENERAL}")),
    ] {
        let begun = std::time::Instant::now();
        let mut told = tally(&workspace, &format!("last:{what}")).await;
        while told == "0" && begun.elapsed() < super::support::DEADLINE {
            told = tally(&workspace, &format!("last:{what}")).await;
        }
        assert_eq!(told, last, "{what}");
        assert_eq!(tally(&workspace, &format!("event:{what}")).await, "1", "{what}");
    }
}
