//! The state machine with made-up time and no sockets.

use super::*;
use crate::socket::envelope::Asked;
use crate::ts::Ts;
use serde_json::{Value, json};

type Orders = mpsc::UnboundedReceiver<Order>;

fn hub(retry_delays: &[u64]) -> Hub {
    let delays = retry_delays.iter().map(|s| Duration::from_secs(*s)).collect();
    Hub::new(Arc::new(Record::new(1000)), Duration::from_secs(3), delays)
}

fn connect(hub: &Hub) -> (u64, Orders) {
    let (orders, mut received) = mpsc::unbounded_channel();
    let id = hub.open(orders, 1).unwrap();
    assert_eq!(frame(&mut received).unwrap()["type"], "hello");
    (id, received)
}

fn frame(orders: &mut Orders) -> Option<Value> {
    match orders.try_recv() {
        Ok(Order::Frame(text)) => Some(serde_json::from_str(&text).unwrap()),
        Ok(other) => panic!("{other:?}"),
        Err(_) => None,
    }
}

fn event(kind: Kind) -> Event {
    let rest = "\"type\":\"event_callback\"}".into();
    Event {
        kind,
        id: envelope::new_event_id(),
        name: "message",
        channel: "C1".into(),
        ts: Ts(1),
        rest,
    }
}

fn ack(frame: &Value) -> String {
    json!({"envelope_id": frame["envelope_id"]}).to_string()
}

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

#[test]
fn a_ticket_opens_once_and_not_for_ever() {
    let (hub, now) = (hub(&[]), Instant::now());
    let ticket = hub.ticket(now);
    assert!(hub.redeem(&ticket, now));
    assert!(!hub.redeem(&ticket, now));
    assert!(!hub.redeem("other", now));
    let ticket = hub.ticket(now);
    assert!(!hub.redeem(&ticket, now + TICKET_LIFE));
}

#[test]
fn the_eleventh_connection_is_refused() {
    let hub = hub(&[]);
    let all: Vec<_> = (0..MAX_CONNECTIONS).map(|_| connect(&hub)).collect();
    assert_eq!(hub.open(mpsc::unbounded_channel().0, 1), Err(MAX_CONNECTIONS));
    hub.close(all[0].0, "test");
    connect(&hub);
}

#[test]
fn connections_take_turns() {
    let (hub, now) = (hub(&[]), Instant::now());
    let (mut a, mut b) = (connect(&hub).1, connect(&hub).1);
    for _ in 0..4 {
        assert!(hub.dispatch(event(Kind::EventsApi), now).is_ok());
    }
    let count = |orders: &mut Orders| std::iter::from_fn(|| frame(orders)).count();
    assert_eq!((count(&mut a), count(&mut b)), (2, 2));
}

#[test]
fn unacknowledged_events_come_again_elsewhere_and_end() {
    let (hub, start) = (hub(&[0, 60]), Instant::now());
    let (mut a, mut b) = (connect(&hub), connect(&hub));
    assert!(hub.dispatch(event(Kind::EventsApi), start).is_ok());
    let (first, second) = (frame(&mut a.1), frame(&mut b.1));
    let (other, first) = if let Some(first) = first {
        (&mut b.1, first)
    } else {
        (&mut a.1, second.unwrap())
    };
    assert_eq!(first["retry_attempt"], 0);
    assert_eq!(first["retry_reason"], "");
    assert_eq!(hub.run_due(start + seconds(2)).0, Some(start + seconds(3)));

    hub.run_due(start + seconds(3));
    let second = frame(other).expect("redelivered on the other connection");
    assert_eq!(second["retry_attempt"], 1);
    assert_eq!(second["retry_reason"], "timeout");
    assert_eq!(second["payload"]["event_id"], first["payload"]["event_id"]);
    assert_ne!(second["envelope_id"], first["envelope_id"]);

    // An acknowledgement that comes too late is for an envelope nobody waits for.
    hub.acknowledge(1, &[ack(&first)], start + seconds(4));
    assert_eq!(hub.run_due(start + seconds(6)).0, Some(start + seconds(66)));
    hub.run_due(start + seconds(66));
    let third = frame(&mut a.1).or(frame(&mut b.1)).unwrap();
    assert_eq!(third["retry_attempt"], 2);
    assert_eq!(hub.run_due(start + seconds(69)).0, None);
    let record: Value = serde_json::from_slice(&hub.record.since(0).unwrap()).unwrap();
    assert_eq!(record["entries"].as_array().unwrap().last().unwrap()["kind"], "gave_up");
}

#[test]
fn an_acknowledged_event_does_not_come_again() {
    let (hub, start) = (hub(&[0]), Instant::now());
    let (id, mut orders) = connect(&hub);
    assert!(hub.dispatch(event(Kind::EventsApi), start).is_ok());
    let first = frame(&mut orders).unwrap();
    hub.acknowledge(id, &["not json".into(), ack(&first)], start);
    assert_eq!(hub.run_due(start + seconds(60)).0, None);
    assert!(frame(&mut orders).is_none());
}

#[test]
fn an_acknowledgement_that_is_too_large_is_none() {
    let (hub, start) = (hub(&[0]), Instant::now());
    let (id, mut orders) = connect(&hub);
    assert!(hub.dispatch(event(Kind::EventsApi), start).is_ok());
    let first = frame(&mut orders).unwrap();
    let mut large = ack(&first);
    large.push_str(&" ".repeat(ACK_LIMIT - large.len()));
    hub.acknowledge(id, &[&large], start);
    hub.run_due(start + seconds(3));
    assert_eq!(frame(&mut orders).unwrap()["retry_attempt"], 1);
    large.pop();
    assert!(large.len() < ACK_LIMIT);
}

#[test]
fn events_wait_for_a_connection_as_retries() {
    let (hub, start) = (hub(&[1, 10]), Instant::now());
    assert!(hub.dispatch(event(Kind::EventsApi), start).is_ok());
    hub.run_due(start + seconds(1));
    let (_, mut orders) = connect(&hub);
    assert!(frame(&mut orders).is_none());
    hub.run_due(start + seconds(11));
    assert_eq!(frame(&mut orders).unwrap()["retry_attempt"], 2);
}

#[test]
fn a_slash_command_is_answered_in_its_acknowledgement_or_fails() {
    let (hub, start) = (hub(&[0]), Instant::now());
    let origin = || {
        let (channel, user) = ("C1".into(), "U1".into());
        let asked = Asked::Slash {
            channel,
            command: "/moa".into(),
        };
        Kind::Once(Arc::new(Origin { user, asked }))
    };
    let nobody = hub.dispatch(event(origin()), start).err().unwrap();
    assert_eq!(nobody.error, "dispatch_failed");
    let (id, mut orders) = connect(&hub);
    assert!(hub.dispatch(event(origin()), start).is_ok());
    let command = frame(&mut orders).unwrap();
    assert_eq!(command["accepts_response_payload"], true);
    let answer = json!({"envelope_id": command["envelope_id"], "payload": {"text": "hi"}}).to_string();
    let answers = hub.acknowledge(id, &[answer], start);
    assert_eq!(answers[0].payload.as_ref().unwrap().get(), "{\"text\":\"hi\"}");
    assert!(hub.dispatch(event(origin()), start).is_ok());
    assert_eq!(hub.run_due(start + seconds(3)).1[0].error, "operation_timeout");
}

#[test]
fn twins_come_in_three_forms() {
    let (hub, now) = (hub(&[]), Instant::now());
    let mut orders = connect(&hub).1;
    let mut pair = |form| {
        hub.duplicate(form, 1);
        assert!(hub.dispatch(event(Kind::EventsApi), now).is_ok());
        let (a, b) = (frame(&mut orders).unwrap(), frame(&mut orders).unwrap());
        assert!(frame(&mut orders).is_none());
        let same = |key: &str| a[key] == b[key];
        (
            same("envelope_id"),
            a["payload"]["event_id"] == b["payload"]["event_id"],
            b["retry_attempt"].clone(),
        )
    };
    assert_eq!(pair(Twin::Retry), (false, true, json!(1)));
    assert_eq!(pair(Twin::SameEnvelope), (true, true, json!(0)));
    assert_eq!(pair(Twin::NewEventId), (false, false, json!(0)));
}

#[test]
fn one_of_so_many_events_comes_twice_in_all_forms_in_turn() {
    let (hub, now) = (hub(&[]), Instant::now());
    let mut orders = connect(&hub).1;
    hub.duplicate_every(None, 4);
    let mut frames = 0;
    for _ in 0..12 {
        assert!(hub.dispatch(event(Kind::EventsApi), now).is_ok());
        frames += std::iter::from_fn(|| frame(&mut orders)).count();
    }
    assert_eq!(frames, 12 + 3);
    hub.clear();
    assert!(hub.dispatch(event(Kind::EventsApi), now).is_ok());
    assert_eq!(std::iter::from_fn(|| frame(&mut orders)).count(), 1);
}

#[test]
fn a_leaving_connection_gets_nothing_while_another_is_there() {
    let (hub, now) = (hub(&[]), Instant::now());
    let (mut a, mut b) = (connect(&hub), connect(&hub));
    hub.leaving(a.0);
    for _ in 0..4 {
        assert!(hub.dispatch(event(Kind::EventsApi), now).is_ok());
    }
    assert!(frame(&mut a.1).is_none());
    assert_eq!(std::iter::from_fn(|| frame(&mut b.1)).count(), 4);
    hub.close(b.0, "test");
    assert!(hub.dispatch(event(Kind::EventsApi), now).is_ok());
    assert!(frame(&mut a.1).is_some());
}

#[test]
fn connections_end_after_every_so_many_messages() {
    let (hub, now) = (hub(&[]), Instant::now());
    let (mut a, mut b) = (connect(&hub).1, connect(&hub).1);
    let (reason, grace) = (Reason::RefreshRequested, seconds(1));
    // Told a second time, it counts anew.
    hub.end_every(Ending::Told { reason, grace }, false, 1);
    hub.end_every(
        Ending::Told {
            reason,
            grace: seconds(2),
        },
        false,
        2,
    );
    hub.end_every(Ending::Sudden, false, 3);
    let say = |count| {
        for _ in 0..count {
            assert!(hub.dispatch(event(Kind::EventsApi), now).is_ok());
            hub.said();
        }
    };
    fn end(orders: &mut Orders) -> Option<Order> {
        std::iter::from_fn(|| orders.try_recv().ok()).find(|order| !matches!(order, Order::Frame(_)))
    }
    say(1);
    assert!(end(&mut a).is_none() && end(&mut b).is_none());
    say(1);
    assert!(
        matches!(end(&mut a), Some(Order::Disconnect { reason: Reason::RefreshRequested, grace }) if grace == seconds(2))
    );
    say(1);
    assert!(end(&mut a).is_none());
    assert!(matches!(end(&mut b), Some(Order::Drop)));
    // Two are due while nobody is there who isn't leaving already: both come later, one at each message.
    say(3);
    assert!(end(&mut a).is_none() && end(&mut b).is_none());
    let (mut c, mut d) = (connect(&hub).1, connect(&hub).1);
    say(1);
    assert!(matches!(end(&mut c), Some(Order::Disconnect { .. })));
    assert!(matches!(end(&mut d), Some(Order::Drop)));
    hub.clear();
    let mut e = connect(&hub).1;
    say(6);
    assert!(end(&mut e).is_none());
}

#[test]
fn what_reaches_nobody_is_not_counted_for_the_twins() {
    let (hub, now) = (hub(&[]), Instant::now());
    hub.duplicate_every(None, 2);
    assert!(hub.dispatch(event(Kind::EventsApi), now).is_ok());
    let mut orders = connect(&hub).1;
    let mut dispatched = || {
        assert!(hub.dispatch(event(Kind::EventsApi), now).is_ok());
        std::iter::from_fn(|| frame(&mut orders)).count()
    };
    assert_eq!((dispatched(), dispatched()), (1, 2));
}
