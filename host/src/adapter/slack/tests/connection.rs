//! Sockets: made, refreshed, lost, silent, refused.

use super::fake::{Answer, Fake, Log, hear, message, say, within};
use crate::adapter::Delivery;
use crate::adapter::slack::web::Call;
use crate::adapter::slack::{Slack, StartError};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::io::{ErrorKind, Write};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio_tungstenite::tungstenite::{Error, Message};

async fn next(deliveries: &mut UnboundedReceiver<Delivery>) -> Delivery {
    within(deliveries.recv()).await.unwrap()
}

fn ack(envelope: &str) -> Option<Value> {
    Some(json!({"envelope_id": envelope}))
}

fn disconnect(reason: &str) -> Value {
    json!({"type": "disconnect", "reason": reason, "debug_info": {"host": "x"}})
}

#[tokio::test]
async fn events_are_delivered_and_acknowledged_by_their_taker() {
    let fake = Fake::start().await;
    let slack = fake.slack().await;
    let (log, mut deliveries) = Log::new();
    let _listener = slack.listen(log.clone());
    let mut socket = fake.greeted().await;
    say(&mut socket, &message("e1", "1.000001")).await;
    say(&mut socket, &json!({"envelope_id": "e\"2", "type": "of_tomorrow"})).await;
    let first = next(&mut deliveries).await;
    assert_eq!(first.event.identity.as_str(), "slack/T1/C1/1.000001");
    // What nobody needs is acknowledged at once, the rest when the host says so.
    assert_eq!(hear(&mut socket).await, ack("e\"2"));
    first.ack.done();
    assert_eq!(hear(&mut socket).await, ack("e1"));
    assert_eq!(*log.connected.lock().unwrap(), [1]);
}

#[tokio::test]
async fn a_delivery_that_is_dropped_is_not_acknowledged() {
    let fake = Fake::start().await;
    let slack = fake.slack().await;
    let (log, mut deliveries) = Log::new();
    let _listener = slack.listen(log);
    let mut socket = fake.greeted().await;
    say(&mut socket, &message("e1", "1.000001")).await;
    say(&mut socket, &message("e2", "1.000002")).await;
    drop(next(&mut deliveries).await);
    next(&mut deliveries).await.ack.done();
    assert_eq!(hear(&mut socket).await, ack("e2"));
}

#[tokio::test]
async fn pings_are_answered_with_their_payload() {
    let fake = Fake::start().await;
    let slack = fake.slack().await;
    let (log, _deliveries) = Log::new();
    let _listener = slack.listen(log);
    let mut socket = fake.greeted().await;
    socket.send(Message::Ping("Ping from applink-2".into())).await.unwrap();
    let pong = within(socket.next()).await.unwrap().unwrap();
    assert_eq!(pong, Message::Pong("Ping from applink-2".into()));
}

#[tokio::test]
async fn a_refresh_is_seamless_and_the_old_socket_still_works() {
    let fake = Fake::start().await;
    let slack = fake.slack().await;
    let (log, mut deliveries) = Log::new();
    let _listener = slack.listen(log.clone());
    let mut old = fake.greeted().await;
    say(&mut old, &message("e1", "1.000001")).await;
    let outstanding = next(&mut deliveries).await;
    say(&mut old, &disconnect("warning")).await;
    let mut new = fake.greeted().await;
    say(&mut new, &message("e2", "1.000002")).await;
    next(&mut deliveries).await.ack.done();
    assert_eq!(hear(&mut new).await, ack("e2"));
    // The old one delivers and takes acknowledgements as long as it is there.
    say(&mut old, &message("e3", "1.000003")).await;
    next(&mut deliveries).await.ack.done();
    assert_eq!(hear(&mut old).await, ack("e3"));
    outstanding.ack.done();
    assert_eq!(hear(&mut old).await, ack("e1"));
    old.close(None).await.unwrap();
    say(&mut new, &message("e4", "1.000004")).await;
    next(&mut deliveries).await.ack.done();
    assert_eq!(hear(&mut new).await, ack("e4"));
    assert_eq!(*log.connected.lock().unwrap(), [1], "there never was none");
}

#[tokio::test]
async fn a_dropped_socket_is_replaced_at_once() {
    let fake = Fake::start().await;
    let slack = fake.slack().await;
    let (log, mut deliveries) = Log::new();
    let _listener = slack.listen(log.clone());
    let mut socket = fake.greeted().await;
    for round in 0..5 {
        say(&mut socket, &message("e1", &format!("{round}.000001"))).await;
        next(&mut deliveries).await.ack.done();
        drop(socket);
        let lost = Instant::now();
        socket = fake.greeted().await;
        assert!(lost.elapsed() < Duration::from_secs(2), "{:?}", lost.elapsed());
    }
    // An acknowledgement for a socket that is gone does no harm.
    say(&mut socket, &message("e9", "9.000001")).await;
    let late = next(&mut deliveries).await;
    drop(socket);
    let _socket = fake.greeted().await;
    late.ack.done();
}

#[tokio::test]
async fn a_silent_socket_is_replaced_within_the_ping_timeout() {
    let fake = Fake::start().await;
    let mut options = fake.options();
    options.ping_timeout = Duration::from_millis(1_500);
    let slack = Slack::sign_in(&options).await.unwrap();
    let (log, mut deliveries) = Log::new();
    let _listener = slack.listen(log.clone());
    // Open, but nobody reads it: pings stay unanswered.
    let mut silent = fake.greeted().await;
    say(&mut silent, &message("e1", "1.000001")).await;
    let unacknowledged = next(&mut deliveries).await;
    let start = Instant::now();
    let mut second = fake.greeted().await;
    assert!(start.elapsed() < options.ping_timeout, "{:?}", start.elapsed());
    // The silent one ends hard, so that the service notices at once although it reads nothing.
    let ended = within(async {
        loop {
            match silent.next().await {
                Some(Ok(_)) => {}
                ended => break ended,
            }
        }
    });
    match ended.await {
        Some(Err(Error::Io(error))) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
        other => panic!("not a reset: {other:?}"),
    }
    assert!(start.elapsed() < options.ping_timeout, "{:?}", start.elapsed());
    // What it brought comes again on the other; the right to acknowledge the first copy is worth nothing any more.
    say(&mut second, &message("e2", "1.000001")).await;
    unacknowledged.ack.done();
    next(&mut deliveries).await.ack.done();
    assert_eq!(hear(&mut second).await, ack("e2"));
    // This one answers pings while it is listened to, and so it stays.
    let heard = tokio::time::timeout(options.ping_timeout * 2, async {
        while let Some(Ok(message)) = second.next().await {
            assert!(!message.is_text(), "{message:?}");
        }
    });
    assert!(heard.await.is_err(), "it was closed although it answered");
    assert_eq!(*log.connected.lock().unwrap(), [1], "there always was one");
}

#[tokio::test]
async fn a_socket_that_takes_no_bytes_is_ended_all_the_same() {
    let fake = Fake::start().await;
    let slack = fake.slack().await;
    let (log, mut deliveries) = Log::new();
    let listener = slack.listen(log);
    let mut socket = fake.greeted().await;
    // Acknowledgements that nobody reads fill every buffer on the way.
    let name = "e".repeat(1 << 20);
    for n in 0..16 {
        say(&mut socket, &message(&format!("{name}{n}"), &format!("1.{n:06}"))).await;
        next(&mut deliveries).await.ack.done();
    }
    let start = Instant::now();
    within(listener.close()).await;
    assert!(start.elapsed() < Duration::from_secs(7), "{:?}", start.elapsed());
}

#[tokio::test]
async fn sessions_ask_one_after_the_other_and_one_alone_is_told_to_wait() {
    let fake = Fake::start().await;
    let mut options = fake.options();
    options.connections = 4;
    fake.answer("apps.connections.open", Answer::RetryAfter(1));
    fake.answer("apps.connections.open", Answer::Socket);
    let slack = Slack::sign_in(&options).await.unwrap();
    let (log, _deliveries) = Log::new();
    let start = Instant::now();
    let _listener = slack.listen(log);
    let mut sockets = vec![fake.greeted().await];
    assert!(start.elapsed() >= Duration::from_secs(1), "{:?}", start.elapsed());
    for _ in 0..3 {
        sockets.push(fake.greeted().await);
    }
    assert_eq!(
        fake.calls("apps.connections.open").len(),
        5,
        "the others did not even ask while the method rested"
    );
}

#[tokio::test]
async fn never_more_than_ten_connections() {
    let fake = Fake::start().await;
    let mut options = fake.options();
    options.connections = 8;
    let slack = Slack::sign_in(&options).await.unwrap();
    let (log, mut deliveries) = Log::new();
    let _listener = slack.listen(log);
    let mut sockets = Vec::new();
    for n in 0..8 {
        let mut socket = fake.greeted().await;
        say(&mut socket, &message("e", &format!("1.00000{n}"))).await;
        next(&mut deliveries).await.ack.done();
        sockets.push(socket);
    }
    // All are refreshed at once: two can have their next one, the others wait until old ones are closed.
    for socket in &mut sockets {
        say(socket, &disconnect("refresh_requested")).await;
    }
    let _new = (fake.greeted().await, fake.greeted().await);
    let more = tokio::time::timeout(Duration::from_millis(300), fake.socket()).await;
    assert!(more.is_err(), "an eleventh connection");
    sockets.pop().unwrap().close(None).await.unwrap();
    fake.greeted().await;
}

#[tokio::test]
async fn too_many_websockets_closes_and_waits() {
    let fake = Fake::start().await;
    let slack = fake.slack().await;
    let (log, _deliveries) = Log::new();
    let _listener = slack.listen(log.clone());
    let mut socket = fake.socket().await;
    say(&mut socket, &disconnect("too_many_websockets")).await;
    let told = Instant::now();
    assert_eq!(hear(&mut socket).await, None, "it closes first");
    let _second = fake.greeted().await;
    assert!(told.elapsed() >= Duration::from_secs(1), "{:?}", told.elapsed());
}

#[tokio::test]
async fn several_connections_stand_for_each_other() {
    let fake = Fake::start().await;
    let mut options = fake.options();
    options.connections = 2;
    let slack = Slack::sign_in(&options).await.unwrap();
    let (log, mut deliveries) = Log::new();
    let listener = slack.listen(log.clone());
    let first = fake.greeted().await;
    let mut second = fake.greeted().await;
    say(&mut second, &message("e1", "1.000001")).await;
    next(&mut deliveries).await.ack.done();
    assert_eq!(hear(&mut second).await, ack("e1"));
    drop(first);
    let _third = fake.greeted().await;
    within(async {
        while log.connected.lock().unwrap().last() != Some(&2) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    drop(listener);
    assert!(log.connected.lock().unwrap().iter().all(|n| *n <= 2));
}

#[tokio::test]
async fn closing_sends_what_is_due_and_delivers_nothing_more() {
    let fake = Fake::start().await;
    let slack = fake.slack().await;
    let (log, mut deliveries) = Log::new();
    let listener = slack.listen(log);
    let mut socket = fake.greeted().await;
    say(&mut socket, &message("e1", "1.000001")).await;
    let outstanding = next(&mut deliveries).await;
    listener.pause();
    say(&mut socket, &message("e2", "1.000002")).await;
    let closing = tokio::spawn(listener.close());
    tokio::time::sleep(Duration::from_millis(100)).await;
    outstanding.ack.done();
    assert_eq!(hear(&mut socket).await, ack("e1"));
    assert_eq!(hear(&mut socket).await, None, "closed, and e2 stays unacknowledged");
    let start = Instant::now();
    within(closing).await.unwrap();
    assert!(start.elapsed() < Duration::from_secs(3));
    assert!(deliveries.try_recv().is_err());
}

#[tokio::test]
async fn refused_credentials_are_told_once() {
    let fake = Fake::start().await;
    let mut options = fake.options();
    options.connections = 2;
    fake.answer(
        "apps.connections.open",
        Answer::Json(json!({"ok": false, "error": "invalid_auth"})),
    );
    let slack = Slack::sign_in(&options).await.unwrap();
    let (log, _deliveries) = Log::new();
    let _listener = slack.listen(log.clone());
    within(async {
        while log.fatal.lock().unwrap().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let told = log.fatal.lock().unwrap().clone();
    assert_eq!(told.len(), 1);
    assert!(told[0].to_string().contains("slack.app-token"), "{}", told[0]);
    assert!(fake.calls("apps.connections.open").len() <= 2, "it stopped asking");
}

#[tokio::test]
async fn a_bot_token_that_is_refused_ends_the_start() {
    let fake = Fake::start().await;
    fake.answer(
        "auth.test",
        Answer::Json(json!({"ok": false, "error": "account_inactive"})),
    );
    // The first answer is the friendly one that every fake starts with.
    fake.slack().await;
    match Slack::sign_in(&fake.options()).await {
        Err(StartError::Fatal(fatal)) => assert_eq!(fatal.code, "account_inactive"),
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("it signed in"),
    }
}

#[tokio::test]
async fn signing_in_waits_for_slack_to_come_up() {
    let fake = Fake::start().await;
    let me = json!({"ok": true, "user_id": "UX", "team_id": "T1"});
    fake.answer("auth.test", Answer::Status(503, "down"));
    fake.answer("auth.test", Answer::RetryAfter(1));
    fake.answer("auth.test", Answer::Status(200, "<html>"));
    fake.answer("auth.test", Answer::HangUp);
    fake.answer("auth.test", Answer::Json(me));
    fake.slack().await;
    let slack = within(Slack::sign_in(&fake.options())).await.unwrap();
    assert_eq!(slack.me.user_id, "UX");
    assert_eq!(slack.me.bot_id, "");
}

#[tokio::test]
async fn an_address_that_is_not_encrypted_is_not_connected_to() {
    let fake = Fake::start().await;
    let url = json!({"ok": true, "url": "ws://192.0.2.1/link/?ticket=sesame"});
    fake.answer("apps.connections.open", Answer::Json(url));
    let slack = fake.slack().await;
    let (log, _deliveries) = Log::new();
    let _listener = slack.listen(log.clone());
    within(async {
        while fake.calls("apps.connections.open").len() < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    assert!(log.connected.lock().unwrap().is_empty());
}

#[tokio::test]
async fn the_operator_is_told_once_that_events_are_held_back() {
    let lines = Lines::default();
    let _told = lines.listen();
    let fake = Fake::start().await;
    let slack = fake.slack().await;
    let (log, _deliveries) = Log::new();
    let _listener = slack.listen(log);
    let mut socket = fake.greeted().await;
    for envelope in ["e1", "e2", "e3"] {
        let limited = json!({"type": "app_rate_limited", "team_id": "T1", "minute_rate_limited": 1518467820,
            "api_app_id": "A1"});
        let frame = json!({"envelope_id": envelope, "type": "events_api", "payload": limited});
        say(&mut socket, &frame).await;
        assert_eq!(
            hear(&mut socket).await,
            ack(envelope),
            "it wants to be acknowledged all the same"
        );
    }
    let told = lines.with("30,000 events an hour");
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].contains("ERROR") && told[0].contains("Event Subscriptions"),
        "{told:?}"
    );
}

#[tokio::test]
async fn the_operator_is_told_once_of_each_cause_and_channel() {
    let lines = Lines::default();
    let _told = lines.listen();
    let fake = Fake::start().await;
    let slack = fake.slack().await;
    for (code, times) in [("not_in_channel", 3), ("missing_scope", 2), ("already_reacted", 1)] {
        let no = json!({"ok": false, "error": code, "needed": "reactions:write"});
        for _ in 0..times {
            fake.answer("reactions.add", Answer::Json(no.clone()));
        }
    }
    for _ in 0..6 {
        let call = Call::write("reactions.add", "C1", &json!({"channel": "C1"}));
        slack.web.call::<Value>(&call).await.unwrap_err();
    }
    let elsewhere = Call::write("chat.delete", "C2", &json!({"channel": "C2"}));
    fake.answer(
        "chat.delete",
        Answer::Json(json!({"ok": false, "error": "not_in_channel"})),
    );
    slack.web.call::<Value>(&elsewhere).await.unwrap_err();
    let missing = Call::read("conversations.info", vec![("channel", "C9".into())]);
    let absent = json!({"ok": false, "error": "channel_not_found"});
    fake.answer("conversations.info", Answer::Json(absent));
    slack.web.call::<Value>(&missing).await.unwrap_err();
    let invite = lines.with("/invite @bot");
    assert_eq!(invite.len(), 2, "{invite:?}");
    assert!(invite[0].contains("C1") && invite[1].contains("C2"), "{invite:?}");
    assert_eq!(lines.with("reactions:write").len(), 1);
    assert!(lines.with("already_reacted").is_empty());
    assert!(lines.with("channel_not_found").is_empty(), "looking up is no mistake");
}

/// What was logged.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    fn listen(&self) -> tracing::subscriber::DefaultGuard {
        let lines = self.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_max_level(tracing::Level::INFO)
            .with_writer(move || lines.clone())
            .finish();
        tracing::subscriber::set_default(subscriber)
    }

    fn with(&self, part: &str) -> Vec<String> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.lines()
            .filter(|line| line.contains(part))
            .map(str::to_owned)
            .collect()
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
