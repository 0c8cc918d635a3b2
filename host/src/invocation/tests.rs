//! What a piece of work sends, where, and when nothing.

use super::hourglass::HOURGLASS;
use super::input::{NAMES, Names};
use super::*;
use crate::adapter::SendError;
use crate::audit::Audit;
use crate::dispatch::{Dispatch, OrderKey, Room};
use crate::testing::{FakeAdapter, FlakyStore, Next, Stage, allowances, matcher, message, slash, until};
use moa_core::content::Audience;
use moa_core::event::{EventKind, Mention};
use moa_store::Accepted;
use std::collections::HashMap;
use std::sync::Mutex;
use tokio::time::Instant;

pub(super) struct House {
    pub(super) invoker: Arc<Invoker>,
    pub(super) adapter: Arc<FakeAdapter>,
    store: Arc<FlakyStore>,
    _dir: tempfile::TempDir,
}

pub(super) async fn house(adapter: FakeAdapter) -> House {
    let (adapter, store) = (Arc::new(adapter), Arc::<FlakyStore>::default());
    let (matcher, dir) = matcher(&store, &[]);
    matcher.registry.ready().await;
    let out = Arc::clone(&adapter) as Arc<dyn Adapter>;
    let outbox = Arc::new(Outbox::new(Arc::clone(&out), 0.0, 1));
    let invoker = Arc::new(Invoker {
        rests: Arc::default(),
        audit: Audit::none(),
        approvals: Arc::new(Approvals::empty(Arc::clone(&store) as Arc<dyn Store>)),
        admins: Admins::none(&out, &outbox),
        outbox,
        adapter: out,
        store: Arc::clone(&store) as Arc<dyn Store>,
        world: Arc::new(capability::Machine),
        allowances: allowances(),
        matcher,
        courtesies: TaskTracker::new(),
        locale: Locale::Ko,
        timezone: "Asia/Seoul".into(),
    });
    House {
        invoker,
        adapter,
        store,
        _dir: dir,
    }
}

impl House {
    /// The event, recorded and matched.
    pub(super) async fn work(&self, event: Event) -> Work {
        let record = moa_store::NewRecord {
            identity: event.identity.0.clone(),
            kind: "fake".into(),
            body: Vec::new(),
            received_ms: 0,
        };
        let Accepted::New(seq) = self.store.accept(record).await.unwrap() else {
            panic!("it is new")
        };
        let matched = self.invoker.matcher.route(&event).remove(0);
        Work {
            held: None,
            event: Arc::new(event),
            matched,
            ticket: Arc::new(Ticket::of(seq)),
            look_first: false,
            received_ms: 0,
            arrived: std::time::Instant::now(),
            before: None,
        }
    }

    async fn run(&self, work: Work) {
        let begun = Arc::new(Mutex::new(None));
        let tell = Arc::clone(&begun);
        let dispatch = Dispatch::new(move |work, turn| *tell.lock().unwrap() = Some((work, turn)));
        dispatch
            .offer(
                "",
                OrderKey::new("C1", "U1"),
                Room {
                    concurrency: 1,
                    queue: 0,
                },
                work,
            )
            .unwrap_or_else(|_| panic!("there is room"));
        let (work, turn) = begun.lock().unwrap().take().unwrap();
        self.invoker.run(work, turn).await;
    }
}

#[test]
fn an_invocation_id_depends_on_every_part_and_on_nothing_else() {
    let id = invocation_id("slack/T/C/1", "hello", "command", "echo", &[]);
    assert_eq!(id.len(), 20);
    assert_eq!(id, invocation_id("slack/T/C/1", "hello", "command", "echo", &[]));
    assert_ne!(id, invocation_id("slack/T/C/2", "hello", "command", "echo", &[]));
    assert_ne!(id, invocation_id("slack/T/C/1", "hell", "command", "oecho", &[]));
    assert_ne!(id, invocation_id("slack/T/C/1", "hello", "hear", "echo", &[]));
    assert_ne!(
        id,
        invocation_id("slack/T/C/1", "hello", "command", "echo", &["x".to_owned()])
    );
}

#[test]
fn mentions_become_names_that_cannot_ping() {
    let names = Names(HashMap::from([
        (('@', "U1".to_owned()), "앨리".to_owned()),
        (('@', "U2".to_owned()), "{@U9}".to_owned()),
    ]));
    assert_eq!(names.readable("{@U1} and {@U3} in {#C1}"), "@앨리 and @U3 in #C1");
    assert!(
        !names.readable("{@U2}").contains("{@"),
        "a display name is no way to ping either"
    );
}
#[tokio::test]
async fn help_is_said_where_it_was_asked_for_and_the_record_closed() {
    let house = house(FakeAdapter::default()).await;
    let work = house.work(message("U1", "1.0", "!help")).await;
    house.run(work).await;
    let told = house.adapter.told.lock().unwrap().clone();
    assert_eq!(told.len(), 1);
    assert_eq!(
        (told[0].conversation.as_str(), told[0].answers.as_deref()),
        ("C1", Some("1.0"))
    );
    assert!(house.store.unfinished().await.unwrap().is_empty());
}

#[tokio::test]
async fn the_answer_to_a_slash_command_is_for_its_person_alone() {
    let house = house(FakeAdapter::default()).await;
    let work = house.work(slash("U1", "trigger", "help")).await;
    house.run(work).await;
    let told = house.adapter.told.lock().unwrap()[0].clone();
    assert_eq!(
        (told.audience, told.answers, told.asker.as_deref()),
        (Audience::Asker, None, Some("U1"))
    );
    assert_eq!(told.response_url.as_deref(), Some("https://answer/here"));
}

#[tokio::test]
async fn a_slash_command_without_a_record_is_not_begun() {
    let house = house(FakeAdapter::default()).await;
    let work = house.work(slash("U1", "trigger", "help")).await;
    let ticket = Arc::new(Ticket::default());
    ticket.resolve(None);
    house.run(Work { ticket, ..work }).await;
    assert!(house.adapter.texts().is_empty());
}

#[tokio::test]
async fn what_was_answered_before_is_not_answered_again() {
    let house = house(FakeAdapter::default()).await;
    let work = house.work(message("U1", "1.0", "!help")).await;
    let again = Work {
        held: None,
        event: Arc::clone(&work.event),
        matched: work.matched.clone(),
        ticket: Arc::clone(&work.ticket),
        look_first: true,
        received_ms: 0,
        arrived: std::time::Instant::now(),
        before: None,
    };
    house.run(work).await;
    house.run(again).await;
    assert_eq!(house.adapter.texts().len(), 1);
}

#[tokio::test]
async fn a_call_whose_version_is_gone_ends_as_diverged_and_its_person_is_told_once() {
    let house = house(FakeAdapter::default()).await;
    let event = message("U1", "1.0", "!help");
    let work = house.work(event.clone()).await;
    let (seq, ticket) = (work.ticket.seq().await.unwrap(), Arc::clone(&work.ticket));
    let begun = crate::testing::begun("memo");
    let past = || {
        let recall = Recall::first(begun.clone(), "v1".into(), std::time::SystemTime::now());
        let recorded = moa_store::Recorded {
            ordinal: 0,
            fingerprint: vec![0; 16],
            by: "v1".into(),
            seen: recall.seen(),
            answer: moa_store::Answer::Noted(Vec::new()),
        };
        Past::read(vec![recorded]).unwrap().unwrap()
    };
    for _ in 0..2 {
        let matched = Match {
            todo: begun.call.todo("memo", false),
            snapshot: Arc::clone(&work.matched.snapshot),
        };
        let again = Work {
            held: None,
            event: Arc::clone(&work.event),
            matched,
            ticket: Arc::clone(&ticket),
            look_first: true,
            received_ms: 0,
            arrived: std::time::Instant::now(),
            before: Some(Before::Past(Box::new(past()))),
        };
        house.run(again).await;
    }
    let texts = house.adapter.texts();
    assert!(
        texts.len() == 1 && texts[0].contains("`memo`") && texts[0].contains("call"),
        "{texts:?}"
    );
    let filed = house.store.filed(seq).await.unwrap().unwrap();
    assert!(
        matches!(&filed.end.unwrap().outcome, Outcome::Diverged { reason } if reason.contains("not here any more")),
        "the operator is told why"
    );
}

#[tokio::test]
async fn a_press_on_what_is_anothers_or_over_is_no_failure() {
    let house = house(FakeAdapter::default()).await;
    let not_asked = UserNotice::NotAsked { who: "U2".into() };
    for (number, notice) in [not_asked, UserNotice::QuestionOver].into_iter().enumerate() {
        let mut work = house.work(message("U1", &format!("{number}.0"), "!help")).await;
        let seq = work.ticket.seq().await.unwrap();
        work.matched.todo = Todo::Tell(notice.clone());
        house.run(work).await;
        assert_eq!(house.adapter.texts()[number], notice.render(Locale::En));
        let filed = house.store.filed(seq).await.unwrap().unwrap();
        let outcome = filed.end.unwrap().outcome;
        assert!(matches!(outcome, Outcome::Done), "the operator is told of {outcome:?}");
    }
}

#[tokio::test]
async fn what_the_service_refuses_is_told_to_the_person() {
    let house = house(FakeAdapter::default()).await;
    let work = house.work(message("U1", "1.0", "!help")).await;
    let stage = Stage::of(message("U1", "1.0", "!help")).await;
    let no = SendError::Refused {
        code: "invalid_blocks".into(),
        explanation: "they are wrong".into(),
    };
    house.adapter.next.lock().unwrap().push_back(Next::Fail(no));
    let scene = stage.scene(false).await;
    let outcome = house.invoker.said(&work, &scene, &Content::text("x"), Locale::En).await;
    assert!(
        matches!(&outcome, Outcome::Failed { reason } if reason.contains("invalid_blocks")),
        "{outcome:?}"
    );
    let texts = house.adapter.texts();
    assert!(
        texts.len() == 1 && texts[0].contains("memo") && texts[0].contains("call"),
        "{texts:?}"
    );
}

#[tokio::test]
async fn the_hourglass_goes_with_the_call_and_nobody_waits_for_it() {
    let house = house(FakeAdapter::default()).await;
    let work = house.work(message("U1", "1.0", "!help")).await;
    let reacted = || house.adapter.reacted.lock().unwrap().clone();
    let shown = house.invoker.hourglass(&work, Hourglass::Shown);
    until(|| reacted() == [(HOURGLASS.to_owned(), true)]).await;
    drop(shown);
    until(|| reacted().len() == 2).await;
    assert_eq!(reacted()[1], (HOURGLASS.to_owned(), false));

    drop(house.invoker.hourglass(&work, Hourglass::Leftover));
    until(|| reacted().len() == 3).await;
    assert_eq!(reacted()[2], (HOURGLASS.to_owned(), false));

    // There is no message to put it on.
    let slash = house.work(slash("U1", "trigger", "help")).await;
    drop(house.invoker.hourglass(&slash, Hourglass::Shown));
    house.invoker.courtesies.close();
    house.invoker.courtesies.wait().await;
    assert_eq!(reacted().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn names_that_do_not_come_are_not_waited_for() {
    let house = house(FakeAdapter {
        stuck: true,
        ..FakeAdapter::default()
    })
    .await;
    let mut event = message("U1", "1.0", "!help");
    let EventKind::Message(written) = &mut event.kind else {
        unreachable!()
    };
    written.mentions = (0..500).map(|n| Mention::User(format!("U{n}"))).collect();
    let begun = Instant::now();
    let names = house.invoker.names(event.message().unwrap()).await;
    assert!(begun.elapsed() < NAMES * 2, "{:?}", begun.elapsed());
    assert_eq!(names.readable("{@U7}"), "@U7");
}

#[tokio::test]
async fn what_the_host_says_where_it_may_not_write_is_told_directly() {
    let house = house(FakeAdapter {
        max_text: 4_000,
        ..FakeAdapter::default()
    })
    .await;
    let refused = || {
        let (code, explanation) = ("not_in_channel".into(), "invite it".into());
        Next::Fail(SendError::Refused { code, explanation })
    };
    house.adapter.next.lock().unwrap().push_back(refused());
    house.run(house.work(message("U1", "1.0", "!help")).await).await;
    let told = house.adapter.told.lock().unwrap().clone();
    assert_eq!((told.len(), told[0].conversation.as_str()), (1, "DU1"));
}

#[tokio::test]
async fn nobody_is_told_that_a_time_out_found_no_plugin() {
    let house = house(FakeAdapter::default()).await;
    let mut event = message("U1", "1.0", "x");
    event.kind = EventKind::Press(moa_core::event::Press {
        kind: moa_core::event::PressKind::Timeout,
        plugin: "gone".into(),
        id: "size?".into(),
        value: String::new(),
        state: Vec::new(),
        user: "U1".into(),
        place: crate::testing::place("C1"),
        on: None,
        trigger: None,
        response_url: None,
        time: "2026-11-21T00:50:00Z".into(),
    });
    house.run(house.work(event).await).await;
    assert_eq!(house.adapter.texts(), Vec::<String>::new());
}

#[tokio::test]
async fn topics_and_the_texts_of_messages_that_shortcuts_are_used_on_call_nobody() {
    let house = house(FakeAdapter::default()).await;
    let mut event = message("U1", "1.0", "x");
    let (place, time) = (crate::testing::place("C1"), "2026-11-21T00:50:00Z");
    let press = moa_core::event::Press {
        kind: moa_core::event::PressKind::Shortcut,
        plugin: "gone".into(),
        id: "save".into(),
        value: String::new(),
        state: vec![("text".into(), "ask {@U7}".into()), ("author".into(), "U7".into())],
        user: "U1".into(),
        place: place.clone(),
        on: None,
        trigger: None,
        response_url: None,
        time: time.into(),
    };
    event.kind = EventKind::Press(press.clone());
    let work = house.work(event).await;
    let call = house
        .invoker
        .press_call(&work, &press, "id", User::unknown("U1"), Locale::En)
        .await;
    assert_eq!(call.state[0].1, "ask @name of U7");
    let change = moa_core::event::Change {
        who: "U1".into(),
        what: moa_core::event::Changed::Topic(place, "ask {@U7} in {#C9}".into()),
        time: time.into(),
    };
    let call = house
        .invoker
        .change_call(&work, &change, "id", User::unknown("U1"), Locale::En)
        .await;
    assert!(
        matches!(&call.what, moa_core::event::Changed::Topic(_, topic) if topic == "ask @name of U7 in #C9"),
        "{call:?}"
    );
}
