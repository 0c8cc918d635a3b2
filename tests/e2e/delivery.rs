//! Nothing lost, nothing twice: over redeliveries, crashes, broken connections and a service that fails.

use super::support::bot::{Bot, Plan};
use super::support::guests::{hello, hostile};
use super::support::record::{Post, Record};
use super::support::sim::{Line, Workspace};
use super::support::{eventually, long};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

const TWINS: [&str; 3] = ["retry", "same-envelope", "new-event-id"];

/// The answers of `!count`, as numbers in the order in which they were said.
fn counted(record: &Record) -> Vec<u64> {
    let number = |post: Post| {
        post.text
            .strip_prefix("That was number ")?
            .strip_suffix('.')?
            .parse()
            .ok()
    };
    record.posts().into_iter().filter_map(number).collect()
}

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
    let mut counted = counted(&record);
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
        .until("the answer", |record| (counted(record) == [1]).then_some(()))
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
    assert_eq!(counted(&record), [1]);
    assert_eq!(workspace.ask(&Line::new("!count")).await.text, "That was number 2.");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_between_two_commands_it_loses_neither_and_counts_on() {
    let workspace = Workspace::start().await;
    let mut bot = Plan::new(&workspace).plugin(hello()).start().await;

    assert_eq!(workspace.ask(&Line::new("!count")).await.text, "That was number 1.");
    bot.kill();
    // Nobody is there to hear this; the service sends it again.
    let unheard = workspace.send(&Line::new("!count")).await;
    bot.restart().await;
    assert_eq!(
        workspace
            .answer(&unheard, "what was asked while the bot was away")
            .await
            .text,
        "That was number 2."
    );
    bot.kill();
    bot.restart().await;
    assert_eq!(workspace.ask(&Line::new("!count")).await.text, "That was number 3.");
    assert!(bot.stop().await.success());
    bot.restart().await;
    assert_eq!(workspace.ask(&Line::new("!count")).await.text, "That was number 4.");
    assert_eq!(counted(&workspace.settled().await), [1, 2, 3, 4]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_work_it_answers_every_command_exactly_once() {
    const PEOPLE: [&str; 3] = ["ben", "rosie", "vincent"];
    const PLACES: [&str; 3] = ["#general", "#lunch", "@dm"];
    let (rounds, burst) = if long() { (40, 60) } else { (4, 18) };
    let workspace = Workspace::start().await;
    let mut bot = Plan::new(&workspace).plugin(hello()).start().await;
    let everywhere: Vec<(&str, &str)> = PEOPLE
        .iter()
        .flat_map(|person| PLACES.iter().map(move |place| (*person, *place)))
        .collect();
    let mut asked = 0;
    let mut counts = 0;
    for round in 0..rounds {
        let sim = workspace.sim();
        let first = asked;
        asked += burst;
        let whom = everywhere.clone();
        let typing = tokio::spawn(async move {
            for n in first..asked {
                let (person, place) = whom[n % whom.len()];
                let text = if n % 2 == 0 {
                    format!("!echo word-{n}.")
                } else {
                    "!count".to_owned()
                };
                sim.send(&Line::new(text).by(person).at(place)).await;
                tokio::time::sleep(Duration::from_millis(3)).await;
            }
        });
        counts += (first..asked).filter(|n| n % 2 == 1).count();
        // Killed as soon as it has answered some, at another point each time; long before it has answered all.
        let enough = first + 1 + (round * 5) % (burst / 2);
        workspace
            .until("some answers", |record| (record.posts().len() >= enough).then_some(()))
            .await;
        bot.kill();
        typing.await.unwrap();
        bot.restart().await;
        workspace
            .until("an answer to everything", |record| {
                (record.posts().len() >= asked).then_some(())
            })
            .await;
    }
    let record = workspace.settled_for(&everywhere).await;
    let mut said: BTreeMap<String, u32> = BTreeMap::new();
    for post in record
        .posts()
        .into_iter()
        .filter(|post| !post.text.starts_with("settled"))
    {
        // The number is all that the two languages share.
        let digits: String = post.text.chars().filter(char::is_ascii_digit).collect();
        let key = if post.text.starts_with("word-") {
            post.text
        } else {
            format!("count {digits}")
        };
        *said.entry(key).or_default() += 1;
    }
    let wanted: BTreeMap<String, u32> = (0..asked)
        .filter(|n| n % 2 == 0)
        .map(|n| format!("word-{n}."))
        .chain((1..=counts).map(|n| format!("count {n}")))
        .map(|key| (key, 1))
        .collect();
    let differ: Vec<_> = said.iter().filter(|(key, n)| wanted.get(*key) != Some(n)).collect();
    let missing: Vec<_> = wanted.keys().filter(|key| !said.contains_key(*key)).collect();
    assert!(
        differ.is_empty() && missing.is_empty(),
        "said wrongly: {differ:?}; never said: {missing:?}"
    );
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
                (counted(record).len() as u64 >= sofar).then_some(())
            })
            .await;
        workspace
            .until("a new connection", |record| {
                (record.of("open").count() > opened).then_some(())
            })
            .await;
    }
    let sofar = ask(1).await;
    let mut counted = counted(&workspace.settled().await);
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
async fn asked_to_stop_it_finishes_what_it_took_over() {
    let workspace = Workspace::start().await;
    let mut bot = Plan::new(&workspace).plugin(hello()).start().await;
    for n in 0..20 {
        workspace.send(&Line::new(format!("!echo farewell-{n}"))).await;
    }
    workspace
        .until("a first answer", |record| (!record.posts().is_empty()).then_some(()))
        .await;
    let ended = bot.stop().await;
    assert!(ended.success(), "{ended}");
    bot.restart().await;
    workspace
        .until("all answers", |record| (record.posts().len() >= 20).then_some(()))
        .await;
    let record = workspace.settled().await;
    for n in 0..20 {
        assert_eq!(record.saying(&format!("farewell-{n}")).len(), 1, "farewell-{n}");
    }
    eventually("the process to be up", async || bot.process.is_up().then_some(())).await;
}
