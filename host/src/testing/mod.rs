//! What the tests of the message's way share: a chat service that is a list, a store that can fail, a host that ends in
//! the middle of something, events.

mod crash;
mod service;
mod stage;
mod store;

pub(crate) use crash::Crash;
pub(crate) use service::{FakeAdapter, Next, SentFile};
pub(crate) use stage::{Stage, allowances, begun, matcher};
pub(crate) use store::FlakyStore;

use crate::adapter::{Ack, Delivery};
use moa_core::event::{Event, EventKind, Identity, Message, MessageRef, Place, PlaceKind, Slash};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A message that somebody wrote into a channel.
pub(crate) fn message(author: &str, id: &str, text: &str) -> Event {
    Event {
        identity: Identity::message("fake", "T1", "C1", id),
        team: "T1".into(),
        redelivered: false,
        kind: EventKind::Message(Message {
            at: MessageRef {
                place: place("C1"),
                id: id.into(),
            },
            author: author.into(),
            text: text.into(),
            raw: text.into(),
            mentions: Vec::new(),
            files: Vec::new(),
            time: (jiff::Timestamp::now() + jiff::SignedDuration::from_secs(60)).to_string(),
            edited: false,
        }),
    }
}

/// A slash command, with an address for answers.
pub(crate) fn slash(author: &str, id: &str, text: &str) -> Event {
    let mut event = message(author, "", text);
    let message = event.message().unwrap().clone();
    event.identity = Identity::other("fake", "T1", id);
    event.kind = EventKind::Slash(Slash {
        command: "moa".into(),
        message,
        response_url: Some("https://answer/here".into()),
        seen: false,
        awaited: false,
    });
    event
}

pub(crate) fn place(conversation: &str) -> Place {
    Place {
        service: "fake".into(),
        conversation: conversation.into(),
        thread: None,
        kind: PlaceKind::Channel,
    }
}

/// A delivery, and whether it was acknowledged.
pub(crate) fn delivery(event: &Event) -> (Delivery, Arc<AtomicBool>) {
    let done = Arc::new(AtomicBool::new(false));
    let tell = Arc::clone(&done);
    let ack = Ack::new(move || tell.store(true, Ordering::SeqCst));
    (
        Delivery {
            event: event.clone(),
            ack,
        },
        done,
    )
}

/// Waits until something is so; what other tasks do takes a moment.
pub(crate) async fn until(what: impl Fn() -> bool) {
    for _ in 0..10_000 {
        if what() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    panic!("it never came to be so");
}
