//! Twins, failures of the journal, the gate at the start, what an earlier run left.

mod outside;
mod presses;

use super::*;
use crate::dispatch::Turn;
use crate::testing::{FlakyStore, allowances, delivery, matcher, message, slash, until};
use moa_core::event::EventKind;

type Started = Arc<Mutex<Vec<(Work, Turn<Work>)>>>;

struct House {
    intake: Arc<Intake>,
    store: Arc<FlakyStore>,
    started: Started,
    dispatch: Dispatch<Work>,
    _dir: tempfile::TempDir,
}

async fn house() -> House {
    house_on(Arc::default()).await
}

/// A host without plugins.
async fn house_on(store: Arc<FlakyStore>) -> House {
    house_with(store, &[]).await
}

async fn house_with(store: Arc<FlakyStore>, plugins: &[(&str, Vec<u8>)]) -> House {
    let (matcher, dir) = matcher(&store, plugins);
    let started: Started = Arc::default();
    let log = Arc::clone(&started);
    let dispatch = Dispatch::new(move |work, turn| lock(&log).push((work, turn)));
    let intake = Intake::new(Parts {
        matcher,
        store: Arc::clone(&store) as Arc<dyn Store>,
        world: Arc::new(crate::capability::Machine),
        dispatch: dispatch.clone(),
        allowances: allowances(),
        max_age: Duration::from_secs(600),
    })
    .await
    .unwrap();
    House {
        intake,
        store,
        started,
        dispatch,
        _dir: dir,
    }
}

impl House {
    /// Delivers the event; whether it was acknowledged is told by what comes back.
    fn deliver(&self, event: &Event) -> Arc<AtomicBool> {
        let (delivery, done) = delivery(event);
        adapter::Intake::deliver(&Door(Arc::clone(&self.intake)), delivery);
        done
    }

    /// The ids of what was begun and has not ended, and whether it is looked for first.
    fn running(&self) -> Vec<(String, bool)> {
        lock(&self.started)
            .iter()
            .map(|(work, _)| (work.event.identity.0.clone(), work.look_first))
            .collect()
    }

    fn first_ticket(&self) -> Arc<Ticket> {
        Arc::clone(&lock(&self.started)[0].0.ticket)
    }

    /// Ends all that runs, as the invoker does.
    async fn end_all(&self) {
        let works = std::mem::take(&mut *lock(&self.started));
        for (work, turn) in works {
            if let Some(seq) = work.ticket.seq().await {
                self.store.finish(seq, Outcome::Done).await.unwrap();
            }
            drop(turn);
        }
    }

    /// Waits until no record is open.
    async fn all_finished(&self) {
        for _ in 0..10_000 {
            if self.store.unfinished().await.unwrap().is_empty() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        panic!("a record stays open");
    }
}

fn is_done(ack: &AtomicBool) -> bool {
    ack.load(Ordering::SeqCst)
}

#[tokio::test]
async fn what_nobody_wants_is_acknowledged_and_leaves_no_trace() {
    let house = house().await;
    house.intake.start().await.unwrap();
    assert!(is_done(&house.deliver(&message("U1", "1.0", "good morning"))));
    assert!(lock(&house.intake.seen).is_empty());
    assert!(house.store.identities(0).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_twin_is_answered_once_and_acknowledged_twice() {
    let house = house().await;
    house.intake.start().await.unwrap();
    let event = message("U1", "1.0", "!help");
    // Both before the journal had a chance.
    let (first, second) = (house.deliver(&event), house.deliver(&event));
    assert!(!is_done(&first) && !is_done(&second), "not before it is recorded");
    until(|| is_done(&first) && is_done(&second)).await;
    assert_eq!(house.running().len(), 1);
    house.end_all().await;
    let third = Event {
        redelivered: true,
        ..event
    };
    assert!(is_done(&house.deliver(&third)));
    assert_eq!(house.running(), []);

    // The next host remembers.
    let next = house_on(Arc::clone(&house.store)).await;
    next.intake.start().await.unwrap();
    assert!(is_done(&next.deliver(&third)));
    assert_eq!(next.running(), []);
}

#[tokio::test]
async fn a_message_that_could_not_be_recorded_is_worked_on_once() {
    let house = house().await;
    house.intake.start().await.unwrap();
    house.store.broken.store(true, Ordering::SeqCst);
    let event = message("U1", "1.0", "!help");
    let first = house.deliver(&event);
    until(|| lock(&house.intake.seen).is_unrecorded(&event.identity)).await;
    assert!(!is_done(&first), "the service sends it again");
    assert_eq!(house.running().len(), 1);
    house.end_all().await;

    house.store.broken.store(false, Ordering::SeqCst);
    let again = house.deliver(&Event {
        redelivered: true,
        ..event
    });
    until(|| is_done(&again)).await;
    assert_eq!(house.running(), [], "it was answered");
    house.all_finished().await;
}

#[tokio::test]
async fn a_slash_command_that_could_not_be_recorded_is_as_good_as_new() {
    let house = house().await;
    house.intake.start().await.unwrap();
    house.store.broken.store(true, Ordering::SeqCst);
    let event = slash("U1", "trigger", "help");
    let ack = house.deliver(&event);
    until(|| !lock(&house.intake.seen).knows(&event.identity)).await;
    assert!(!is_done(&ack));
    // It has its place in the order, and sees by its ticket that it must not begin.
    assert_eq!(house.first_ticket().seq().await, None);
    house.end_all().await;

    house.store.broken.store(false, Ordering::SeqCst);
    let ack = house.deliver(&event);
    until(|| is_done(&ack)).await;
    assert!(house.first_ticket().seq().await.is_some());
}

#[tokio::test]
async fn a_host_whose_store_another_one_has_is_to_end() {
    let house = house().await;
    house.intake.start().await.unwrap();
    let mut link = house.intake.link();
    house.store.broken.store(true, Ordering::SeqCst);
    let ack = house.deliver(&slash("U1", "one", "help"));
    assert_eq!(house.first_ticket().seq().await, None);
    assert_eq!(link.borrow().replaced, None, "it may come back");
    house.store.broken.store(false, Ordering::SeqCst);
    house.store.replaced.store(true, Ordering::SeqCst);
    let other = house.deliver(&message("U2", "1.0", "!help"));
    let why = link.wait_for(|link| link.replaced.is_some()).await.unwrap().clone();
    assert!(matches!(why.replaced, Some(StoreError::TakenOver { .. })), "{why:?}");
    assert!(
        !is_done(&ack) && !is_done(&other),
        "the service gives them to the other one"
    );
}

#[tokio::test]
async fn slash_commands_keep_their_order() {
    let house = house().await;
    house.intake.start().await.unwrap();
    for n in 0..20 {
        house.deliver(&slash("U1", &format!("trigger{n}"), "help"));
    }
    for n in 0..20 {
        assert_eq!(house.running(), [(format!("fake/T1//trigger{n}"), false)]);
        house.end_all().await;
    }
}

#[tokio::test]
async fn before_the_plugins_are_there_events_wait_unacknowledged() {
    let house = house().await;
    let (help, talk) = (
        house.deliver(&message("U1", "1.0", "!help")),
        house.deliver(&message("U1", "2.0", "hi")),
    );
    tokio::task::yield_now().await;
    assert!(!is_done(&help) && !is_done(&talk));
    house.intake.start().await.unwrap();
    until(|| is_done(&help) && is_done(&talk)).await;
    assert_eq!(house.running().len(), 1);
}

#[tokio::test]
async fn a_long_start_records_unmatched_and_matches_in_order_later() {
    let house = house().await;
    house.intake.parts.matcher.registry.ready().await;
    // One before and two after it was clear that the start takes long; one of them was sent before already.
    let early = house.deliver(&message("U1", "1.0", "!help"));
    house.intake.park();
    let again = house.deliver(&Event {
        redelivered: true,
        ..message("U1", "2.0", "!help")
    });
    let talk = house.deliver(&message("U1", "3.0", "hi"));
    let twin = house.deliver(&message("U1", "1.0", "!help"));
    until(|| [&early, &again, &talk, &twin].into_iter().all(|ack| is_done(ack))).await;
    assert_eq!(house.running(), []);
    assert_eq!(house.store.unfinished().await.unwrap().len(), 3);

    house.intake.open();
    house.deliver(&message("U1", "4.0", "!help"));
    for (id, look_first) in [("1.0", false), ("2.0", true), ("4.0", false)] {
        until(|| !house.running().is_empty()).await;
        assert_eq!(house.running(), [(format!("fake/T1/C1/{id}"), look_first)]);
        house.end_all().await;
    }
    house.all_finished().await;
}

#[tokio::test]
async fn what_was_written_before_the_start_may_have_been_answered() {
    let house = house().await;
    house.intake.start().await.unwrap();
    let mut event = message("U1", "1.0", "!help");
    let EventKind::Message(message) = &mut event.kind else {
        unreachable!()
    };
    message.time = (jiff::Timestamp::now() - jiff::SignedDuration::from_secs(30)).to_string();
    house.deliver(&event);
    assert!(house.running()[0].1);
}

#[tokio::test]
async fn what_an_earlier_run_left_is_taken_up_and_what_is_too_old_is_told() {
    let store: Arc<FlakyStore> = Arc::default();
    let record = |id: &str, text: &str, age_seconds: i64| {
        let event = message("U1", id, text);
        NewRecord {
            identity: event.identity.0.clone(),
            kind: "fake".into(),
            body: serde_json::to_vec(&event).unwrap(),
            received_ms: milliseconds(SystemTime::now()) - age_seconds * 1000,
        }
    };
    store.accept(record("1.0", "!help", 5)).await.unwrap();
    store.accept(record("2.0", "!help", 3600)).await.unwrap();
    store.accept(record("3.0", "nobody's business", 5)).await.unwrap();
    store
        .accept(NewRecord {
            body: b"?".to_vec(),
            ..record("4.0", "", 5)
        })
        .await
        .unwrap();

    let house = house_on(store).await;
    house.intake.start().await.unwrap();
    assert_eq!(house.running(), [("fake/T1/C1/1.0".to_owned(), true)]);
    house.end_all().await;
    let told = matches!(lock(&house.started)[0].0.matched.todo, Todo::Tell(UserNotice::TooOld));
    assert!(told, "the second of the same person comes after the first");
    house.end_all().await;
    until(|| house.dispatch.outstanding() == 0).await;
    house.all_finished().await;
}

#[tokio::test]
async fn what_was_accepted_is_never_refused_for_want_of_room() {
    let store: Arc<FlakyStore> = Arc::default();
    for n in 0..5000 {
        let event = message("U1", &format!("{n}.0"), "!help");
        let body = serde_json::to_vec(&event).unwrap();
        let received_ms = milliseconds(SystemTime::now());
        store
            .accept(NewRecord {
                identity: event.identity.0,
                kind: "fake".into(),
                body,
                received_ms,
            })
            .await
            .unwrap();
    }
    let house = house_on(store).await;
    house.intake.start().await.unwrap();
    assert_eq!(house.dispatch.outstanding(), 5000);
    // Others are told when there is no more room, and what even that has no room for stays open.
    house.deliver(&message("U1", "later", "!help"));
    assert_eq!(house.dispatch.outstanding(), 5000);
}

#[tokio::test]
async fn identities_are_forgotten_after_a_day() {
    let house = house().await;
    let (old, new) = (seconds(SystemTime::now()) - 25 * 3600, seconds(SystemTime::now()) - 60);
    let id = |text: &str| Identity(text.into());
    {
        let mut seen = lock(&house.intake.seen);
        seen.accepted(&id("a"), old);
        seen.unrecorded(id("b"), old);
        seen.accepted(&id("c"), new);
        seen.offer(&id("d"), Ack::new(|| {}));
    }
    house.intake.forget();
    let seen = lock(&house.intake.seen);
    assert_eq!(
        ["a", "b", "c", "d"].map(|text| seen.knows(&id(text))),
        [false, false, true, true]
    );
}

#[tokio::test]
async fn an_event_with_several_calls_is_closed_when_the_last_is_over() {
    let house = house().await;
    house.intake.start().await.unwrap();
    let event = message("U1", "1.0", "hello");
    let Accepted::New(seq) = house
        .store
        .accept(NewRecord {
            identity: event.identity.0.clone(),
            kind: "fake".into(),
            body: Vec::new(),
            received_ms: 0,
        })
        .await
        .unwrap()
    else {
        panic!("a new store knows nothing")
    };
    let heard = |plugin: &str, id: &str| Match {
        todo: Todo::Heard(Box::new(moa_core::router::HeardMatch {
            plugin: plugin.into(),
            id: id.into(),
            captures: Vec::new(),
            ambient: true,
        })),
        snapshot: house.intake.parts.matcher.registry.current(),
    };
    // Of the first plugin one call runs, one waits, and one has no room; nobody is told.
    let matches = vec![heard("a", "1"), heard("a", "2"), heard("a", "3"), heard("b", "1")];
    let ticket = Arc::new(Ticket::of(seq));
    let arrived = Arrived {
        look_first: false,
        ms: 0,
        at: std::time::Instant::now(),
    };
    house
        .intake
        .hand_on_all(&Arc::new(event), matches, &ticket, arrived, Promised::No, None);
    assert_eq!(house.running().len(), 2);
    for left in [2, 1, 0] {
        assert_eq!(house.store.unfinished().await.unwrap().len(), 1, "{left} more to come");
        let (work, turn) = lock(&house.started).remove(0);
        assert!(matches!(work.matched.todo, Todo::Heard(_)));
        house.intake.close_with(work.ticket, Outcome::Done);
        drop(turn);
    }
    house.all_finished().await;
    assert_eq!(house.running(), []);
}

/// What the effect of a call is recorded with.
fn effect(seq: Seq, invocation: &str, begun: &crate::recall::Begun) -> moa_store::Effect {
    let recall = crate::recall::Recall::first(begun.clone(), "v1".into(), SystemTime::now());
    moa_store::Effect {
        key: moa_store::EffectKey {
            seq,
            invocation: invocation.into(),
            ordinal: 0,
        },
        fingerprint: vec![0; 16],
        by: "v1".into(),
        seen: recall.seen(),
    }
}

async fn record(store: &FlakyStore, event: &Event) -> Seq {
    let record = NewRecord {
        identity: event.identity.0.clone(),
        kind: "fake".into(),
        body: serde_json::to_vec(event).unwrap(),
        received_ms: milliseconds(SystemTime::now()),
    };
    match store.accept(record).await.unwrap() {
        Accepted::New(seq) => seq,
        Accepted::Twin { .. } => panic!("it is new"),
    }
}

#[tokio::test]
async fn what_was_begun_goes_on_as_it_was_begun_whatever_the_plugins_are_by_now() {
    let store: Arc<FlakyStore> = Arc::default();
    // No plugin has such a command; what it leads to by now is help. Its second attempt got somewhere, too.
    let seq = record(&store, &message("U1", "1.0", "!help")).await;
    let mut begun = crate::testing::begun("memo");
    store
        .write(Vec::new(), Some(effect(seq, "call", &begun)))
        .await
        .unwrap();
    if let crate::invocation::Call::Command(call) = &mut begun.call {
        call.invocation.attempt = 2;
    }
    store
        .write(Vec::new(), Some(effect(seq, "call#2", &begun)))
        .await
        .unwrap();
    let house = house_on(store).await;
    house.intake.start().await.unwrap();
    {
        let started = lock(&house.started);
        let [(work, _)] = started.as_slice() else {
            panic!("one call, for a command is one")
        };
        assert!(matches!(&work.matched.todo, Todo::Command(command) if command.plugin == "memo"));
        let Some(crate::invocation::Before::Past(past)) = &work.before else {
            panic!("it has a past")
        };
        assert_eq!((&past.begun, past.by.as_str()), (&begun, "v1"), "the last attempt's");
    }
    house.end_all().await;
    house.all_finished().await;
}

#[tokio::test]
async fn what_cannot_be_read_of_a_call_ends_it_as_diverged() {
    let store: Arc<FlakyStore> = Arc::default();
    let seq = record(&store, &message("U1", "1.0", "good morning")).await;
    let strange = moa_store::Effect {
        seen: vec![99],
        ..effect(seq, "call", &crate::testing::begun("memo"))
    };
    store.write(Vec::new(), Some(strange)).await.unwrap();
    let house = house_on(store).await;
    house.intake.start().await.unwrap();
    house.all_finished().await;
    let filed = house.store.filed(seq).await.unwrap().unwrap();
    assert!(matches!(filed.end.unwrap().outcome, Outcome::Diverged { .. }));
}

#[tokio::test]
async fn a_record_is_run_again_or_dropped_when_the_operator_says_so() {
    let house = house().await;
    house.intake.start().await.unwrap();
    let event = message("U1", "1.0", "!help");
    let ack = house.deliver(&event);
    until(|| is_done(&ack)).await;
    let seq = house.first_ticket().seq().await.unwrap();
    assert!(!house.intake.retry(seq, false).await.unwrap(), "it is open");
    house.end_all().await;
    assert!(!house.intake.drop_record(seq).await.unwrap(), "it is closed");
    assert!(!house.intake.retry(Seq(999), false).await.unwrap());

    assert!(house.intake.retry(seq, false).await.unwrap());
    assert_eq!(house.running(), [(event.identity.0.clone(), true)]);
    house.end_all().await;
    assert!(house.intake.retry(seq, true).await.unwrap());
    assert_eq!(house.running(), [(event.identity.0.clone(), false)], "all of it anew");
    assert!(house.intake.drop_record(seq).await.unwrap());
    let filed = house.store.filed(seq).await.unwrap().unwrap();
    assert_eq!(filed.end.unwrap().outcome, Outcome::Dropped);
}

#[tokio::test]
async fn what_the_disk_recorded_against_its_word_is_taken_over() {
    let house = house().await;
    house.intake.start().await.unwrap();
    // The commit failed, as it was said, and landed all the same.
    let (message, command) = (message("U1", "1.0", "!help"), slash("U1", "trigger", "help"));
    let seq = record(&house.store, &message).await;
    record(&house.store, &command).await;
    let now = house.intake.steady_seconds();
    lock(&house.intake.seen).unrecorded(message.identity.clone(), now);
    // Of the first the work was done; of the second nothing, for it waits for its record.
    let first = house.deliver(&message);
    until(|| is_done(&first)).await;
    until(|| house.running().is_empty()).await;
    for _ in 0..1000 {
        if house.store.filed(seq).await.unwrap().unwrap().end.is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(house.store.unfinished().await.unwrap().len(), 1);
    let second = house.deliver(&command);
    until(|| is_done(&second)).await;
    assert_eq!(house.running().len(), 1);
    assert!(house.first_ticket().seq().await.is_some());
    house.end_all().await;
    house.all_finished().await;

    // What the journal knows to be done with is not said again.
    lock(&house.intake.seen).lose(&message.identity);
    let third = house.deliver(&message);
    until(|| is_done(&third)).await;
    assert!(house.first_ticket().over());
}
