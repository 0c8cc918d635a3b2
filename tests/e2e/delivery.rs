//! Nothing lost, nothing twice: over redeliveries, broken connections and a service that fails.

use super::support::bot::{Bot, Plan};
use super::support::guests::{hello, hostile};
use super::support::record::Record;
use super::support::sim::{Line, Workspace};
use serde_json::{Value, json};
use std::time::Duration;

const TWINS: [&str; 3] = ["retry", "same-envelope", "new-event-id"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_comes_twice_is_answered_once() {
    let workspace = Workspace::start().await;
    let _bot = Plan::new(&workspace).plugin(hello()).start().await;

    for form in TWINS {
        for place in ["#general", "@dm"] {
            let word = format!("{form}-{}", &place[1..]);
            workspace.fault(json!({"kind": "duplicate", "form": form})).await;
            workspace.send(&Line::new(format!("!echo {word}")).at(place)).await;
            workspace.fault(json!({"kind": "duplicate", "form": form})).await;
            workspace.send(&Line::new("!count").at(place)).await;
        }
    }
    let record = workspace.settled_for(&[("ben", "#general"), ("ben", "@dm")]).await;
    for form in TWINS {
        assert!(
            record.of("event").filter(|event| event["twin"] == form).count() >= 4,
            "no twin as {form} was sent"
        );
        for place in ["general", "dm"] {
            assert_eq!(record.saying(&format!("{form}-{place}")).len(), 1, "{form} in {place}");
        }
    }
    let mut counted = record.counted();
    counted.sort_unstable();
    assert_eq!(counted, [1, 2, 3, 4, 5, 6]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_twin_that_comes_while_the_first_still_runs_changes_nothing() {
    let workspace = Workspace::start().await;
    let limits = "[plugin.hostile.limits]\nwall = \"700ms\"\n";
    let _bot = Plan::new(&workspace)
        .plugin(hello())
        .plugin(hostile())
        .config(limits)
        .start()
        .await;

    for form in TWINS {
        workspace.fault(json!({"kind": "duplicate", "form": form})).await;
        let sent = workspace.send(&Line::new("!sleep")).await;
        workspace
            .answer(&sent, "the line about the call that took too long")
            .await;
        let record = workspace.settled().await;
        let lines = workspace.answers(&record, &sent);
        // The other one is the answer that came last.
        assert_eq!(lines.len(), 2, "{form}: {lines:#?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_twin_is_known_after_a_restart() {
    let workspace = Workspace::start().await;
    let mut bot = Plan::new(&workspace).plugin(hello()).start().await;
    let message = |event: &str, attempt: u64, text: &str| {
        let envelope = format!("00000000-0000-4000-8000-{event}{attempt:06}");
        json!({
            "envelope_id": envelope, "type": "events_api", "accepts_response_payload": false,
            "retry_attempt": attempt, "retry_reason": if attempt > 0 { "timeout" } else { "" },
            "payload": {
                "token": "x", "team_id": "T0000PLAYMO", "api_app_id": "A0000000MOA", "type": "event_callback",
                "event_id": format!("Ev{event}"), "event_time": 1_795_000_000,
                "event": {
                    "type": "message", "channel": "C00GENERAL0", "channel_type": "channel", "team": "T0000PLAYMO",
                    "user": "U0000000BEN", "text": text, "ts": "1795000000.000100", "event_ts": "1795000000.000100",
                },
            },
        })
    };
    let acked = async |frame: &Value| {
        let id = &frame["envelope_id"];
        let seen = |record: &Record| record.of("ack").any(|ack| ack["envelope_id"] == *id).then_some(());
        workspace.until("an acknowledgement", seen).await;
    };

    let first = message("000001", 0, "!count");
    workspace.frame(&first).await;
    acked(&first).await;
    workspace
        .until("the answer", |record| (record.counted() == [1]).then_some(()))
        .await;
    for (round, event) in ["000001", "000002"].into_iter().enumerate() {
        match round {
            0 => assert!(bot.stop().await.success()),
            _ => bot.kill(),
        }
        bot.restart().await;
        // A documented retry, then the same message under another event id.
        let twin = message(event, 1 + round as u64, "!count");
        workspace.frame(&twin).await;
        acked(&twin).await;
    }
    let record = workspace.settled().await;
    assert_eq!(record.counted(), [1]);
    assert_eq!(workspace.ask(&Line::new("!count")).await.text, "That was number 2.");
}

/// Commands while `trouble` happens to the connections: each answered once, in the order of asking.
async fn through(trouble: &[Value]) {
    let workspace = Workspace::start().await;
    let plan = Plan::new(&workspace)
        .plugin(hello())
        .env("MOA_SLACK__PING_TIMEOUT", "1s");
    let _bot: Bot = plan.start().await;
    let mut asked = 0;
    let mut ask = async |count: u64| {
        for _ in 0..count {
            workspace.send(&Line::new("!count")).await;
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        asked += count;
        asked
    };
    for fault in trouble {
        ask(5).await;
        let opened = workspace.record().await.of("open").count();
        workspace.fault(fault.clone()).await;
        let sofar = ask(10).await;
        workspace
            .until("an answer to everything", |record| {
                (record.counted().len() as u64 >= sofar).then_some(())
            })
            .await;
        workspace
            .until("a new connection", |record| {
                (record.of("open").count() > opened).then_some(())
            })
            .await;
    }
    let sofar = ask(1).await;
    let mut counted = workspace.settled().await.counted();
    counted.sort_unstable();
    assert_eq!(counted, (1..=sofar).collect::<Vec<u64>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refreshed_connection_loses_nothing() {
    through(&[json!({"kind": "refresh"}), json!({"kind": "warning"})]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_is_cut_loses_nothing() {
    through(&[json!({"kind": "close"}), json!({"kind": "close", "all": true})]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_falls_silent_loses_nothing() {
    through(&[json!({"kind": "silent"}), json!({"kind": "silent", "all": true})]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_asks_to_wait_or_fails_gets_the_answer_once_and_later() {
    let workspace = Workspace::start().await;
    let _bot = Plan::new(&workspace).plugin(hello()).start().await;

    let faults = [
        (
            "asked-to-wait",
            429,
            json!({"kind": "rate-limit", "count": 2, "retry_after": 1}),
        ),
        ("failed", 500, json!({"kind": "error500", "count": 2})),
        // The service did it and could not say so.
        (
            "failed-after",
            500,
            json!({"kind": "error500", "count": 1, "after": true}),
        ),
    ];
    for (word, status, mut fault) in faults {
        fault["method"] = json!("chat.postMessage");
        workspace.fault(fault).await;
        assert_eq!(workspace.ask(&Line::new(format!("!echo {word}"))).await.text, word);
        let record = workspace.settled().await;
        assert!(
            record.of("api").any(|call| call["status"] == status),
            "the fault was never met"
        );
        assert_eq!(record.saying(word).len(), 1, "{word}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_refused_at_first_is_tried_again() {
    let workspace = Workspace::start().await;
    workspace
        .fault(json!({"kind": "error500", "count": 2, "method": "apps.connections.open"}))
        .await;
    workspace
        .fault(json!({"kind": "rate-limit", "count": 1, "retry_after": 1, "method": "apps.connections.open"}))
        .await;
    let _bot = Plan::new(&workspace).plugin(hello()).start().await;
    assert_eq!(workspace.ask(&Line::new("!echo there")).await.text, "there");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_bot_does_not_answer_itself_and_a_mention_is_one_message() {
    let workspace = Workspace::start().await;
    let _bot = Plan::new(&workspace).plugin(hello()).start().await;

    assert_eq!(workspace.ask(&Line::new("!echo !echo again")).await.text, "!echo again");
    assert_eq!(
        workspace.ask(&Line::new("@moa echo mentioned once")).await.text,
        "mentioned once"
    );
    let record = workspace.settled().await;
    assert!(record.saying("again").is_empty(), "the bot answered its own message");
    assert_eq!(record.saying("mentioned once").len(), 1);
    assert!(
        record.of("event").any(|event| event["event"] == "app_mention"),
        "the mention came as one event only"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_edited_or_deleted_is_no_new_command() {
    let workspace = Workspace::start().await;
    let _bot = Plan::new(&workspace).plugin(hello()).start().await;

    let sent = workspace.send(&Line::new("!echo before")).await;
    workspace.answer(&sent, "the answer").await;
    let touch = json!({"user": "ben", "channel": "#general", "ts": sent.ts});
    workspace.touch("edit", &touch, json!({"text": "!echo after"})).await;
    workspace.touch("react", &touch, json!({"name": "eyes"})).await;
    workspace.touch("delete", &touch, json!({})).await;
    let record = workspace.settled().await;
    assert_eq!(record.saying("before").len(), 1);
    assert!(record.saying("after").is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_is_ignored_does_not_hide_the_message_of_the_same_name() {
    let workspace = Workspace::start().await;
    let _bot = Plan::new(&workspace).plugin(hello()).start().await;

    // The same message as Slack may tell of it before it tells the message itself.
    let ts = "1795000000.000300";
    let message = json!({"type": "message", "user": "U0000000BEN", "text": "!echo plain", "ts": ts});
    let mut hidden = message.clone();
    hidden["hidden"] = json!(true);
    let changed =
        json!({"type": "message", "subtype": "message_changed", "hidden": true, "message": message, "ts": ts});
    let mut unknown = message.clone();
    unknown["subtype"] = json!("a_new_subtype");
    for (n, mut event) in [hidden, changed, unknown, message].into_iter().enumerate() {
        event["channel"] = json!("C00GENERAL0");
        event["channel_type"] = json!("channel");
        event["event_ts"] = json!(ts);
        let payload = json!({
            "team_id": "T0000PLAYMO", "type": "event_callback", "event_id": format!("EvHIDES{n}"), "event": event,
        });
        workspace
            .frame(&json!({"envelope_id": format!("hides-{n}"), "type": "events_api", "payload": payload}))
            .await;
    }
    workspace
        .until("the answer", |record| {
            (!record.saying("plain").is_empty()).then_some(())
        })
        .await;
    assert_eq!(workspace.settled().await.saying("plain").len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_come_in_the_order_in_which_one_person_asked() {
    let workspace = Workspace::start().await;
    // Slack promises no order between connections, so there is one.
    let _bot = Plan::new(&workspace).plugin(hello()).connections(1).start().await;
    for n in 0..40 {
        workspace.send(&Line::new(format!("!echo turn-{n}"))).await;
    }
    let record = workspace.settled().await;
    let said: Vec<String> = record.posts().into_iter().map(|post| post.text).collect();
    let mut wanted: Vec<String> = (0..40).map(|n| format!("turn-{n}")).collect();
    wanted.push(said.last().unwrap().clone());
    assert_eq!(said, wanted);
}
