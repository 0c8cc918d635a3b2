//! Splitting, looking before sending, patience, pace.

use super::*;
use crate::testing::{FakeAdapter, Next, SentFile, place};
use moa_core::content::{Audience, Card};

fn outbox(adapter: &Arc<FakeAdapter>) -> Outbox {
    Outbox::new(Arc::clone(adapter) as Arc<dyn Adapter>, 0.0, 1)
}

fn letter<'a>(to: &'a Place, content: &'a Content, look_first: bool) -> Letter<'a> {
    Letter {
        plugin: "",
        to,
        answers: Some("1.0"),
        asker: Some("U1"),
        content,
        invocation: "call",
        response_url: None,
        look_first,
    }
}

fn temporary() -> SendError {
    SendError::Temporary { reason: "away".into() }
}

fn uncertain() -> SendError {
    SendError::Uncertain {
        reason: "cut off".into(),
    }
}

fn refused() -> SendError {
    SendError::Refused {
        code: "missing_scope".into(),
        explanation: "no".into(),
    }
}

#[tokio::test]
async fn a_long_text_leaves_in_parts_with_the_cards_below_the_last() {
    let adapter = Arc::new(FakeAdapter {
        max_text: 10,
        ..FakeAdapter::default()
    });
    let (to, ordinals) = (place("C1"), Ordinals::default());
    let content = Content {
        audience: Audience::Thread,
        cards: vec![Card::default()],
        ..Content::text("first one\n\nsecond two\n\nthird")
    };
    let sent = outbox(&adapter)
        .send(letter(&to, &content, false), &ordinals)
        .await
        .unwrap();
    assert_eq!(sent.unwrap().id, "0", "the address is the first part's");
    let told = adapter.told.lock().unwrap().clone();
    assert!(
        told.len() >= 3 && told.iter().all(|part| part.text.chars().count() <= 10),
        "{told:?}"
    );
    assert!(
        told.iter()
            .all(|part| part.audience == Audience::Thread && part.answers.as_deref() == Some("1.0"))
    );
    let numbers: Vec<u32> = told.iter().map(|part| part.stamp.ordinal).collect();
    assert_eq!(numbers, (0..told.len() as u32).collect::<Vec<_>>());
    assert_eq!(ordinals.next(), told.len() as u32);
}

#[tokio::test]
async fn a_rerun_sends_only_the_parts_that_are_not_there() {
    let adapter = Arc::new(FakeAdapter {
        max_text: 10,
        ..FakeAdapter::default()
    });
    let (to, content) = (place("C1"), Content::text("first one\n\nsecond two"));
    adapter.next.lock().unwrap().extend([Next::TakeAndFail(refused())]);
    outbox(&adapter)
        .send(letter(&to, &content, false), &Ordinals::default())
        .await
        .unwrap_err();
    assert_eq!(adapter.texts().len(), 1);
    outbox(&adapter)
        .send(letter(&to, &content, true), &Ordinals::default())
        .await
        .unwrap();
    let texts = adapter.texts();
    assert_eq!(texts.len(), 2, "{texts:?}");
    assert_ne!(texts[0], texts[1]);
}

#[tokio::test]
async fn nothing_is_looked_for_without_a_reason() {
    let adapter = Arc::new(FakeAdapter::default());
    let (to, content) = (place("C1"), Content::text("hi"));
    outbox(&adapter)
        .send(letter(&to, &content, false), &Ordinals::default())
        .await
        .unwrap();
    assert_eq!(adapter.finds.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn where_history_may_not_be_read_it_is_said_all_the_same() {
    let adapter = Arc::new(FakeAdapter::default());
    let (to, content) = (place("C1"), Content::text("hi"));
    adapter.next_find.lock().unwrap().push_back(refused());
    outbox(&adapter)
        .send(letter(&to, &content, true), &Ordinals::default())
        .await
        .unwrap();
    assert_eq!(adapter.texts(), ["hi"]);
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_longer_than_clocks_go() {
    let adapter = Arc::new(FakeAdapter::default());
    let (to, content) = (place("C1"), Content::text("hi"));
    let wait = SendError::RateLimited {
        retry_after: Duration::MAX,
    };
    adapter.next.lock().unwrap().push_back(Next::Fail(wait.clone()));
    let error = outbox(&adapter)
        .send(letter(&to, &content, false), &Ordinals::default())
        .await
        .unwrap_err();
    assert_eq!(error, wait);
}

#[tokio::test(start_paused = true)]
async fn a_service_that_is_away_is_waited_for_but_not_for_ever() {
    let adapter = Arc::new(FakeAdapter::default());
    let (to, content) = (place("C1"), Content::text("hi"));
    let wait = SendError::RateLimited {
        retry_after: Duration::from_secs(7),
    };
    adapter
        .next
        .lock()
        .unwrap()
        .extend([Next::Fail(temporary()), Next::Fail(wait)]);
    let begun = Instant::now();
    outbox(&adapter)
        .send(letter(&to, &content, false), &Ordinals::default())
        .await
        .unwrap();
    assert_eq!(adapter.texts(), ["hi"]);
    assert_eq!(begun.elapsed().as_secs(), 8);

    adapter
        .next
        .lock()
        .unwrap()
        .extend((0..10_000).map(|_| Next::Fail(temporary())));
    let begun = Instant::now();
    let error = outbox(&adapter)
        .send(letter(&to, &content, false), &Ordinals::default())
        .await
        .unwrap_err();
    assert_eq!(error, temporary());
    assert!(begun.elapsed() <= PATIENCE, "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn what_may_stand_there_is_looked_up_as_soon_as_that_is_possible() {
    let adapter = Arc::new(FakeAdapter::default());
    let (to, content) = (place("C1"), Content::text("hi"));
    // It was taken, and nobody could ask at first.
    adapter.next.lock().unwrap().push_back(Next::TakeAndFail(uncertain()));
    adapter.next_find.lock().unwrap().extend([temporary(), temporary()]);
    let sent = outbox(&adapter)
        .send(letter(&to, &content, false), &Ordinals::default())
        .await
        .unwrap();
    assert_eq!(
        (adapter.texts(), sent.unwrap().id),
        (vec!["hi".to_owned()], "0".to_owned())
    );

    // It was not taken.
    adapter.next.lock().unwrap().push_back(Next::Fail(uncertain()));
    let other = Letter {
        invocation: "another",
        ..letter(&to, &content, false)
    };
    outbox(&adapter).send(other, &Ordinals::default()).await.unwrap();
    assert_eq!(adapter.texts(), ["hi", "hi"]);

    // Nobody can ever know.
    adapter.next.lock().unwrap().push_back(Next::TakeAndFail(uncertain()));
    adapter.next_find.lock().unwrap().push_back(refused());
    let third = Letter {
        invocation: "a third",
        ..letter(&to, &content, false)
    };
    assert_eq!(
        outbox(&adapter).send(third, &Ordinals::default()).await,
        Err(uncertain())
    );
    assert_eq!(adapter.texts().len(), 3, "it is not sent a second time");
}

#[tokio::test(start_paused = true)]
async fn one_conversation_is_written_to_at_its_pace() {
    let adapter = Arc::new(FakeAdapter::default());
    let outbox = Outbox::new(Arc::clone(&adapter) as Arc<dyn Adapter>, 1.0, 1);
    let (here, there, content) = (place("C1"), place("C2"), Content::text("hi"));
    let begun = Instant::now();
    for _ in 0..3 {
        outbox
            .send(letter(&here, &content, false), &Ordinals::default())
            .await
            .unwrap();
    }
    assert_eq!(begun.elapsed().as_secs(), 2);
    outbox
        .send(letter(&there, &content, false), &Ordinals::default())
        .await
        .unwrap();
    assert_eq!(begun.elapsed().as_secs(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_short_answer_overtakes_the_rest_of_a_long_one() {
    let adapter = Arc::new(FakeAdapter {
        max_text: 10,
        ..FakeAdapter::default()
    });
    let outbox = Outbox::new(Arc::clone(&adapter) as Arc<dyn Adapter>, 1.0, 1);
    let (to, long, short) = (
        place("C1"),
        Content::text("first one\n\nsecond two\n\nthird one"),
        Content::text("short"),
    );
    let (one, other) = (Ordinals::default(), Ordinals::default());
    let (sent, other_sent) = tokio::join!(outbox.send(letter(&to, &long, false), &one), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        outbox.send(letter(&to, &short, false), &other).await
    });
    sent.unwrap();
    other_sent.unwrap();
    assert_eq!(adapter.texts(), ["first one", "short", "second two", "third one"]);
}

#[tokio::test(start_paused = true)]
async fn of_many_changes_of_a_message_the_newest_wins() {
    let adapter = Arc::new(FakeAdapter::default());
    let outbox = Outbox::new(Arc::clone(&adapter) as Arc<dyn Adapter>, 1.0, 1);
    let to = place("C1");
    let at = outbox
        .send(letter(&to, &Content::text("0 %"), false), &Ordinals::default())
        .await
        .unwrap()
        .unwrap();
    let stamp = Stamp {
        invocation: "call".into(),
        ordinal: 1,
        plugin: String::new(),
    };
    let begun = Instant::now();
    let contents: Vec<Content> = (1..=100).map(|n| Content::text(format!("{n} %"))).collect();
    let changes = contents.iter().map(|content| outbox.edit(&at, content, &stamp));
    for done in futures_util::future::join_all(changes).await {
        done.unwrap();
    }
    let said: Vec<String> = adapter
        .edited
        .lock()
        .unwrap()
        .iter()
        .map(|(_, text)| text.clone())
        .collect();
    assert_eq!(said, ["1 %", "100 %"]);
    assert_eq!(
        begun.elapsed().as_secs(),
        1,
        "the first at once, the newest a second later, nothing between them"
    );
}

#[tokio::test(start_paused = true)]
async fn refused_credentials_are_told_and_the_event_stays_open() {
    let adapter = Arc::new(FakeAdapter::default());
    let fatal = Fatal {
        service: "slack",
        code: "token_revoked".into(),
        explanation: "make a new token".into(),
    };
    adapter
        .next
        .lock()
        .unwrap()
        .push_back(Next::Fail(SendError::Revoked(fatal.clone())));
    let outbox = outbox(&adapter);
    let (to, content, ordinals) = (place("C1"), Content::text("hi"), Ordinals::default());
    let mut revoked = outbox.revoked();
    let sending = outbox.send(letter(&to, &content, false), &ordinals);
    let told = revoked.wait_for(Option::is_some);
    // It never says that it was sent or that it failed: either would close the event's record.
    tokio::select! {
        sent = sending => panic!("{sent:?}"),
        told = told => assert_eq!(told.unwrap().as_ref(), Some(&fatal)),
    }
}

const LONG: &str = "one two\n\nthree four\n\nfive six\n\nseven\n\neight\n\nnine ten\n\neleven";

fn with_files() -> Arc<FakeAdapter> {
    Arc::new(FakeAdapter {
        max_text: 10,
        files: Some(std::sync::Mutex::default()),
        ..FakeAdapter::default()
    })
}

fn files(adapter: &FakeAdapter) -> Vec<SentFile> {
    adapter.files.as_ref().unwrap().lock().unwrap().clone()
}

#[tokio::test]
async fn a_text_of_more_than_five_parts_becomes_a_file() {
    let adapter = with_files();
    let (to, ordinals) = (place("C1"), Ordinals::default());
    let content = Content {
        audience: Audience::Thread,
        cards: vec![Card::default()],
        ..Content::text(LONG)
    };
    outbox(&adapter)
        .send(letter(&to, &content, false), &ordinals)
        .await
        .unwrap();
    let below = Place {
        thread: Some("1.0".into()),
        ..place("C1")
    };
    assert_eq!(
        files(&adapter),
        [SentFile {
            to: below,
            name: "answer.txt".into(),
            content: format!("{LONG}\n"),
            comment: "one two\n…".into(),
        }]
    );
    assert_eq!(adapter.texts(), [""], "the card has a message of its own");
    assert_eq!(adapter.told.lock().unwrap()[0].stamp.ordinal, 1);
    assert_eq!(ordinals.coming(), 2);
}

#[tokio::test]
async fn where_a_file_cannot_be_a_long_text_leaves_in_parts() {
    let (to, content) = (place("C1"), Content::text(LONG));
    let without = Arc::new(FakeAdapter {
        max_text: 10,
        ..FakeAdapter::default()
    });
    let refusing = with_files();
    refusing.next.lock().unwrap().push_back(Next::Fail(refused()));
    for adapter in [without, refusing] {
        let ordinals = Ordinals::default();
        let sent = outbox(&adapter).send(letter(&to, &content, false), &ordinals).await;
        assert!(sent.unwrap().is_some());
        assert_eq!(adapter.texts().len(), 7);
        assert_eq!(ordinals.coming(), 8, "the file that was refused has its number");
    }
    // What only one person is to see is no file, and neither is what stands in two places.
    for audience in [Audience::Asker, Audience::Broadcast] {
        let adapter = with_files();
        let content = Content {
            audience,
            ..content.clone()
        };
        outbox(&adapter)
            .send(letter(&to, &content, false), &Ordinals::default())
            .await
            .unwrap();
        assert_eq!((files(&adapter).len(), adapter.texts().len()), (0, 7));
    }
}

#[tokio::test(start_paused = true)]
async fn a_file_is_not_sent_twice() {
    let adapter = with_files();
    let (to, content) = (place("C1"), Content::text(LONG));
    let taken = Next::TakeAndFail(uncertain());
    adapter.next.lock().unwrap().push_back(taken);
    for look_first in [false, true] {
        outbox(&adapter)
            .send(letter(&to, &content, look_first), &Ordinals::default())
            .await
            .unwrap();
        assert_eq!(files(&adapter).len(), 1);
    }
    // It cannot be known: its message does not appear.
    let adapter = with_files();
    adapter.next.lock().unwrap().push_back(Next::Fail(uncertain()));
    let sent = outbox(&adapter)
        .send(letter(&to, &content, false), &Ordinals::default())
        .await;
    assert_eq!(sent, Err(uncertain()));
    assert_eq!((files(&adapter).len(), adapter.texts().len()), (0, 0));
}
