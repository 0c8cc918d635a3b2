//! The connection breaks between what was asked and its answer.

use crate::*;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// Between the store and the server. When it is told to, it lets requests through but no answer, and hangs up.
struct Wire {
    port: u16,
    /// How many answers are left until the one that is lost; none is if it is 0.
    cut: Arc<AtomicUsize>,
}

impl Wire {
    async fn to(redis: &Redis) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (cut, server) = (Arc::<AtomicUsize>::default(), redis.port());
        let cuts = Arc::clone(&cut);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, server, Arc::clone(&cuts)));
            }
        });
        Self { port, cut }
    }

    /// The next answer is lost; then everything is as before.
    fn lose_an_answer(&self) {
        self.lose_the_answer(1);
    }

    /// One of the next answers is lost.
    fn lose_the_answer(&self, number: usize) {
        self.cut.store(number, Ordering::SeqCst);
    }
}

async fn carry(mut client: TcpStream, server: u16, cut: Arc<AtomicUsize>) {
    let mut server = TcpStream::connect(("127.0.0.1", server)).await.unwrap();
    let (mut up, mut down) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    loop {
        tokio::select! {
            count = client.read(&mut up) => match count {
                Ok(count) if count > 0 => server.write_all(&up[..count]).await.unwrap(),
                _ => return,
            },
            count = server.read(&mut down) => match count {
                Ok(count) if count > 0 && !is_it(&cut) => {
                    if client.write_all(&down[..count]).await.is_err() {
                        return;
                    }
                }
                _ => return,
            },
        }
    }
}

fn is_it(cut: &AtomicUsize) -> bool {
    cut.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)) == Ok(1)
}

async fn wired() -> Option<(Redis, Wire, Arc<RedisStore>)> {
    let redis = server()?;
    let wire = Wire::to(&redis).await;
    let url = format!("redis://127.0.0.1:{}", wire.port);
    let store = RedisStore::open(&url, RedisOptions::default()).await.unwrap();
    Some((redis, wire, Arc::new(store)))
}

#[tokio::test]
async fn an_effect_whose_answer_is_lost_happens_once() {
    let Some((_redis, wire, store)) = wired().await else {
        return;
    };
    let seq = accept(&*store, "e").await;
    for ordinal in 0..5 {
        wire.lose_an_answer();
        assert_eq!(count(&*store, "n", seq, ordinal).await, Ok(i64::from(ordinal) + 1));
    }
    assert_eq!(read(&*store, "n").await.as_deref(), Some("5"));
}

#[tokio::test]
async fn an_event_whose_answer_is_lost_is_the_callers_own() {
    let Some((_redis, wire, store)) = wired().await else {
        return;
    };
    wire.lose_an_answer();
    let seq = accept(&*store, "e").await;
    let twin = Accepted::Twin { seq, finished: false };
    assert_eq!(
        store.accept(event("e")).await,
        Ok(twin),
        "another delivery is a twin all the same"
    );
    assert_eq!(store.unfinished().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_plain_write_whose_answer_is_lost_says_so() {
    let Some((_redis, wire, store)) = wired().await else {
        return;
    };
    let increment = || vec![Write::increment(cell("n"), 1)];
    store.write(increment(), None).await.unwrap();
    wire.lose_an_answer();
    let lost = store.write(increment(), None).await;
    assert!(matches!(lost, Err(StoreError::Uncertain { .. })), "{lost:?}");
    assert_eq!(
        read(&*store, "n").await.as_deref(),
        Some("2"),
        "it was made, and not a second time"
    );
    store.write(increment(), None).await.unwrap();
    assert_eq!(read(&*store, "n").await.as_deref(), Some("3"));
}

#[tokio::test]
async fn ends_and_notes_survive_a_lost_answer() {
    let Some((redis, wire, store)) = wired().await else {
        return;
    };
    let seq = accept(&*store, "e").await;
    store.note(effect(seq, 0), b"sent".to_vec()).await.unwrap();
    wire.lose_an_answer();
    assert_eq!(count(&*store, "n", seq, 1).await, Ok(1));
    assert_eq!(store.effects(seq, "call").await.unwrap().len(), 2);
    store.finish(seq, moa_store::Outcome::Done).await.unwrap();
    wire.lose_an_answer();
    assert_eq!(store.unfinished().await.unwrap(), []);
    assert_eq!(store.effects(seq, "call").await.unwrap(), []);
    drop(store);
    assert_eq!(open(&redis).await.unfinished().await.unwrap(), []);
}

#[tokio::test]
async fn a_record_whose_reopening_is_not_answered_is_open() {
    let Some((_redis, wire, store)) = wired().await else {
        return;
    };
    let reason = "why".to_owned();
    let seq = accept(&*store, "e").await;
    store.finish(seq, moa_store::Outcome::Failed { reason }).await.unwrap();
    store.filed(seq).await.unwrap();
    // Before it is asked whether there is something to forget.
    wire.lose_the_answer(2);
    assert_eq!(store.reopen(seq, false).await, Ok(true));
    assert_eq!(wire.cut.load(Ordering::SeqCst), 0);
    assert_eq!(count(&*store, "n", seq, 0).await, Ok(1));
    assert_eq!(store.reopen(seq, false).await, Ok(false), "it is open");
}
