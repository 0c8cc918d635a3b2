use super::*;
use crate::access::Access;
use crate::matching::Todo;
use crate::registry::testing::{component, manifest};
use crate::testing::{FlakyStore, Stage, message, place};
use moa_core::access::Rules;
use moa_core::config::Config;
use moa_core::content::Style;
use moa_store::{Accepted, EffectKey, NewRecord};

const UID: &str = "0011";

fn question(uid: &str, id: &str, until_ms: i64) -> Question {
    Question {
        uid: uid.into(),
        plugin: "memo".into(),
        id: id.into(),
        who: "U1".into(),
        team: "T1".into(),
        place: place("C1"),
        on: None,
        until_ms,
    }
}

fn press(user: &str, id: &str) -> Event {
    Event {
        identity: Identity::other("fake", "T1", &format!("trigger-{user}-{id}")),
        team: "T1".into(),
        redelivered: false,
        kind: EventKind::Press(Press {
            kind: PressKind::Button,
            plugin: "memo".into(),
            id: id.into(),
            value: String::new(),
            state: vec![(format!("moa:ask:{UID}:size"), "L".into()), ("own".into(), "x".into())],
            user: user.into(),
            place: place("C1"),
            on: None,
            trigger: None,
            response_url: None,
            time: "2026-11-21T00:50:00Z".into(),
        }),
    }
}

fn pressed(event: &Event) -> &Press {
    match &event.kind {
        EventKind::Press(press) => press,
        other => panic!("{other:?}"),
    }
}

/// The effect of a call whose event is in the journal.
async fn effect(store: &FlakyStore, ordinal: u32) -> Effect {
    let record = NewRecord {
        identity: "x".into(),
        kind: "fake".into(),
        body: Vec::new(),
        received_ms: 0,
    };
    let seq = match store.accept(record).await.unwrap() {
        Accepted::New(seq) | Accepted::Twin { seq, .. } => seq,
    };
    Effect {
        key: EffectKey {
            seq,
            invocation: "call".into(),
            ordinal,
        },
        fingerprint: Vec::new(),
        by: "v1".into(),
        seen: Vec::new(),
    }
}

async fn asked(questions: &Questions, store: &FlakyStore, list: impl IntoIterator<Item = Question>) {
    for (ordinal, question) in list.into_iter().enumerate() {
        let effect = effect(store, u32::try_from(ordinal).unwrap()).await;
        questions.ask(question, effect).await.unwrap();
    }
}

fn at(ms: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(ms)
}

#[tokio::test]
async fn only_who_was_asked_answers_and_both_ends_are_one_event() {
    let store: Arc<FlakyStore> = Arc::default();
    let questions = Questions::empty(Arc::clone(&store) as _);
    asked(&questions, &store, [question(UID, "size?", 1_000)]).await;

    let answer = questions.resolve(press("U1", "moa:ask:0011:yes"));
    let press_of = pressed(&answer);
    assert_eq!((press_of.kind, press_of.id.as_str()), (PressKind::Answer, "size?"));
    assert_eq!(press_of.value, "yes", "a button without a value is told by its id");
    assert_eq!(press_of.state[0], ("size".to_owned(), "L".to_owned()));
    assert!(questions.refusal(press_of).is_none());

    let strangers = questions.resolve(press("U2", "moa:ask:0011:yes"));
    assert_eq!(pressed(&strangers).kind, PressKind::Button);
    let who = "U1".to_owned();
    assert_eq!(
        questions.refusal(pressed(&strangers)),
        Some(UserNotice::NotAsked { who })
    );
    assert_ne!(
        strangers.identity, answer.identity,
        "it does not take the answer's place"
    );

    assert!(questions.due(at(999)).is_empty());
    let timeout = questions.due(at(1_000)).pop().unwrap();
    assert_eq!(timeout.identity, answer.identity);
    assert_eq!(pressed(&timeout).kind, PressKind::Timeout);
    assert!(questions.due(at(2_000)).is_empty(), "it was told");
    assert_eq!(
        questions.due(at(31_000)).len(),
        1,
        "and is told again if nobody took it"
    );

    questions.close(UID).await.unwrap();
    assert!(questions.due(at(99_000)).is_empty());
    let late = questions.resolve(press("U1", "moa:ask:0011:yes"));
    assert_eq!(questions.refusal(pressed(&late)), Some(UserNotice::QuestionOver));
}

#[tokio::test]
async fn other_presses_stay_as_they_are() {
    let questions = Questions::empty(Arc::<FlakyStore>::default() as _);
    for event in [
        press("U1", "order"),
        press("U1", "moa:ask"),
        message("U1", "1.0", "moa:ask:0011:yes"),
    ] {
        assert_eq!(questions.resolve(event.clone()), event);
    }
    assert!(questions.refusal(pressed(&press("U1", "order"))).is_none());
}

#[tokio::test]
async fn what_was_asked_is_there_after_a_restart_and_a_second_question_replaces_the_first() {
    let store: Arc<FlakyStore> = Arc::default();
    let questions = Questions::empty(Arc::clone(&store) as _);
    let list = [
        question("0001", "a", 1_000),
        question("0002", "a", 2_000),
        question("0003", "b/c", 3_000),
    ];
    asked(&questions, &store, list).await;
    let on = MessageRef {
        place: place("C1"),
        id: "1.0".into(),
    };
    questions.sent("memo", "0002", on.clone()).await.unwrap();
    questions.sent("memo", "0001", on.clone()).await.unwrap();
    questions.close("0001").await.unwrap();
    let again = Questions::load(Arc::clone(&store) as _).await.unwrap();
    let due = again.due(at(9_000));
    let told: Vec<_> = due
        .iter()
        .map(|event| (pressed(event).id.as_str(), &pressed(event).on))
        .collect();
    assert_eq!(told, [("a", &Some(on)), ("b/c", &None)]);
    assert_eq!(
        again.refusal(pressed(&press("U1", "moa:ask:0001:yes"))),
        Some(UserNotice::QuestionOver)
    );
}

#[tokio::test]
async fn a_plugin_waits_for_so_many_answers_and_no_more() {
    let store: Arc<FlakyStore> = Arc::default();
    let questions = Questions::empty(Arc::clone(&store) as _);
    for n in 0..MAX_QUESTIONS {
        let question = question(&n.to_string(), &n.to_string(), 1);
        lock(&questions.book).open.insert(question.key(), question);
    }
    let refused = questions.ask(question("x", "more", 1), effect(&store, 0).await).await;
    assert!(matches!(refused, Err(AskError::Full(_))), "{refused:?}");
    questions
        .ask(question("x", "7", 1), effect(&store, 0).await)
        .await
        .unwrap();
}

fn yes_or_no() -> Content {
    let button = |id: &str| Action::Button {
        id: id.into(),
        label: id.into(),
        value: String::new(),
        style: Style::Normal,
        confirm: None,
    };
    Content {
        actions: vec![button("yes"), button("no")],
        ..Content::text("really?")
    }
}

#[tokio::test]
async fn a_rerun_asks_once() {
    let stage = Stage::of(message("U1", "1.0", "!ask")).await;
    let scene = stage.scene(false).await;
    let first = crate::capability::host(scene).chat;
    let on = first
        .ask(place("C1"), "U1".into(), "sure".into(), yes_or_no(), 60)
        .await
        .unwrap();
    let scene = stage.scene(true).await;
    let second = crate::capability::host(scene).chat;
    let again = second
        .ask(place("C1"), "U1".into(), "sure".into(), yes_or_no(), 60)
        .await
        .unwrap();
    assert_eq!(on, again);
    assert_eq!(stage.adapter.texts().len(), 1);
    let due = stage.questions.due(SystemTime::now() + Duration::from_secs(61));
    assert_eq!(due.len(), 1);
    assert_eq!(pressed(&due[0]).on, Some(on));
}

#[tokio::test]
async fn what_makes_no_question_is_refused_and_nothing_stays_open() {
    use crate::testing::Next;
    use moa_core::call::CapError;

    let stage = Stage::of(message("U1", "1.0", "!ask")).await;
    let chat = crate::capability::host(stage.scene(false).await).chat;
    let ask = |id: &str, what: Content, wait| chat.ask(place("C1"), "U1".into(), id.into(), what, wait);
    for (id, what, wait) in [
        ("", yes_or_no(), 1),
        ("moa:x", yes_or_no(), 1),
        ("x", yes_or_no(), 0),
        ("x", Content::text("?"), 1),
    ] {
        let refused = ask(id, what, wait).await;
        assert!(matches!(refused, Err(CapError::Invalid(_))), "{id}: {refused:?}");
    }
    let error = crate::adapter::SendError::Refused {
        code: "not_in_channel".into(),
        explanation: "the bot is not there".into(),
    };
    stage.adapter.next.lock().unwrap().push_back(Next::Fail(error));
    assert!(ask("x", yes_or_no(), 1).await.is_err());
    assert!(
        stage
            .questions
            .due(SystemTime::now() + Duration::from_secs(9))
            .is_empty()
    );
}

#[tokio::test]
async fn a_press_while_the_plugin_is_away_is_no_answer_yet() {
    let store: Arc<FlakyStore> = Arc::default();
    let (matcher, _dir) = crate::testing::matcher(&store, &[]);
    matcher.registry.ready().await;
    asked(&matcher.questions, &store, [question(UID, "size?", 1_000)]).await;
    let event = press("U1", "moa:ask:0011:yes");
    let resolved = matcher.resolve(event.clone());
    assert_eq!(resolved, event, "it does not take the answer's place");
    let todo = matcher.route(&resolved).remove(0).todo;
    let gone = UserNotice::PluginGone { plugin: "memo".into() };
    assert!(
        matches!(&todo, crate::matching::Todo::Tell(notice) if *notice == gone),
        "{todo:?}"
    );
}

#[tokio::test]
async fn who_is_kept_from_the_plugin_answers_nothing_and_the_question_stays_open() {
    let store: Arc<FlakyStore> = Arc::default();
    let memo = component(&manifest("memo", "1", &["memo"]));
    let (matcher, _dir) = crate::testing::matcher(&store, &[("memo", memo)]);
    matcher.registry.ready().await;
    asked(&matcher.questions, &store, [question(UID, "size?", 1_000)]).await;
    let yes = || press("U1", "moa:ask:0011:yes");
    assert_eq!(pressed(&matcher.resolve(yes())).kind, PressKind::Answer);

    let mut matcher = Arc::into_inner(matcher).unwrap();
    let rule = "[[access]]\nplugin = \"memo\"\nuser = \"U1\"\neffect = \"deny\"";
    let rules = Rules(Config::parse(Some(("moa.toml", rule)), []).unwrap().access);
    matcher.access = Arc::new(Access::new(rules, Vec::new(), Arc::clone(&matcher.access.roles)));
    let kept = matcher.resolve(yes());
    assert_eq!(kept, yes(), "nothing that would end the question");
    let told = matcher.route(&kept).remove(0).todo;
    assert!(matches!(told, Todo::Tell(UserNotice::Denied(_))), "{told:?}");
}
