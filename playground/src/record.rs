//! Everything that happened, numbered, in a bounded ring.
//!
//! Adding an entry is cheap (the parts are shared, nothing is serialised); reading writes the JSON.

use crate::faults::Twin;
use crate::locked;
use crate::ts::Ts;
use crate::world::Id;
use bytes::Bytes;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Instant;
use tokio::sync::Notify;

/// Bodies of API calls held by the ring; beyond it the oldest entries go, however few they are.
const BYTES: usize = 64 << 20;

/// One thing that happened.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum What {
    /// a person wrote a message
    Message {
        channel: Id,
        ts: Ts,
        user: Id,
        text: Arc<str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        thread_ts: Option<Ts>,
    },
    /// a person used a slash command
    Slash {
        channel: Id,
        user: Id,
        command: String,
        text: String,
        trigger_id: Arc<str>,
    },
    /// a person did something with an element, a modal or a shortcut: `block_actions`, `view_submission`, `view_closed`,
    /// `shortcut`, `message_action`
    Interaction {
        interaction: &'static str,
        user: Id,
        trigger_id: Arc<str>,
    },
    /// a modal was opened, pushed, updated, submitted, cleared, closed, shown errors, or its answer was refused
    View {
        user: Id,
        view_id: String,
        change: &'static str,
    },
    /// an envelope was sent
    Event {
        envelope_id: String,
        event_id: Arc<str>,
        event: &'static str,
        channel: Id,
        ts: Ts,
        attempt: u32,
        connection: u64,
        #[serde(skip_serializing_if = "Option::is_none")]
        twin: Option<Twin>,
    },
    /// the bot acknowledged; `known` is false for an envelope that isn't waiting (any more), `dropped` is true for an
    /// acknowledgement too large for Slack
    Ack {
        envelope_id: String,
        connection: u64,
        known: bool,
        dropped: bool,
        took_us: u64,
        #[serde(skip_serializing_if = "Option::is_none")]
        payload: Option<Box<RawValue>>,
    },
    /// no acknowledgement came in time, or nobody was connected (`connection` 0)
    Expired {
        event_id: Arc<str>,
        attempt: u32,
        connection: u64,
    },
    /// all attempts were used up: the event is lost
    GaveUp { event_id: Arc<str> },
    /// the bot called the Web API
    Api {
        method: String,
        args: Raw,
        status: u16,
        answer: Raw,
        took_us: u64,
    },
    /// the bot's message appeared
    Post {
        channel: Id,
        ts: Ts,
        text: Arc<str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        thread_ts: Option<Ts>,
        /// who alone sees it
        #[serde(skip_serializing_if = "Option::is_none")]
        ephemeral_for: Option<Id>,
        pings: Vec<String>,
    },
    /// a message was edited
    Edit {
        channel: Id,
        ts: Ts,
        user: Id,
        text: Arc<str>,
        pings: Vec<String>,
    },
    /// a message was deleted
    Delete { channel: Id, ts: Ts },
    /// a reaction was added or taken away
    Reaction {
        channel: Id,
        ts: Ts,
        user: Id,
        name: String,
        added: bool,
    },
    /// the bot answered by a `response_url`
    ResponseUrl { body: Raw, status: u16 },
    /// a test asked for a fault
    Fault { fault: Raw },
    /// a websocket is open and got its hello
    Open { connection: u64, connections: usize },
    /// a websocket was told that it ends, and why
    Disconnect { connection: u64, reason: &'static str },
    /// a websocket is gone
    Close {
        connection: u64,
        connections: usize,
        why: &'static str,
    },
}

/// Bytes that are shown as JSON where they are JSON, else as a string.
pub(crate) struct Raw(pub Bytes);

impl Serialize for Raw {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match serde_json::from_slice::<&RawValue>(&self.0) {
            Ok(json) => json.serialize(serializer),
            Err(_) => serializer.serialize_str(&String::from_utf8_lossy(&self.0)),
        }
    }
}

impl What {
    fn bytes(&self) -> usize {
        match self {
            What::Api { args, answer, .. } => args.0.len() + answer.0.len(),
            What::ResponseUrl { body, .. } => body.0.len(),
            What::Message { text, .. } | What::Post { text, .. } | What::Edit { text, .. } => text.len(),
            What::Ack {
                payload: Some(payload), ..
            } => payload.get().len(),
            _ => 0,
        }
    }
}

#[derive(Serialize)]
struct Entry {
    n: u64,
    /// microseconds since the playground started
    at_us: u64,
    #[serde(flatten)]
    what: What,
}

#[derive(Default)]
struct Ring {
    entries: VecDeque<Arc<Entry>>,
    next: u64,
    bytes: usize,
}

/// The ring. Numbers start at 1 and have no gaps; the oldest entries are dropped when it is full.
pub(crate) struct Record {
    ring: Mutex<Ring>,
    capacity: usize,
    started: Instant,
    grown: Notify,
}

impl Record {
    /// A ring of at most `capacity` entries.
    pub fn new(capacity: usize) -> Self {
        let ring = Mutex::new(Ring {
            next: 1,
            ..Ring::default()
        });
        Self {
            ring,
            capacity: capacity.max(1),
            started: Instant::now(),
            grown: Notify::new(),
        }
    }

    /// Adds what just happened.
    pub fn add(&self, what: What) {
        let bytes = what.bytes();
        let mut ring = locked(&self.ring);
        let at_us = u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX);
        let n = ring.next;
        ring.next += 1;
        ring.bytes += bytes;
        ring.entries.push_back(Arc::new(Entry { n, at_us, what }));
        while ring.entries.len() > self.capacity || (ring.bytes > BYTES && ring.entries.len() > 1) {
            let gone = ring.entries.pop_front().map_or(0, |e| e.what.bytes());
            ring.bytes -= gone;
        }
        drop(ring);
        self.grown.notify_waiters();
    }

    /// Waits until there is an entry numbered above `since`.
    pub async fn beyond(&self, since: u64) {
        loop {
            let grown = self.grown.notified();
            tokio::pin!(grown);
            // Registered before the look, so that an entry added in between wakes us.
            grown.as_mut().enable();
            if locked(&self.ring).next > since.saturating_add(1) {
                return;
            }
            grown.await;
        }
    }

    /// The entries numbered above `since` as `{"ok":true,"next":…,"dropped":…,"entries":[…]}`: pass `next` as the next
    /// `since`; `dropped` counts the entries in between that the ring no longer has.
    pub fn since(&self, since: u64) -> serde_json::Result<Vec<u8>> {
        #[derive(Serialize)]
        struct Answer {
            ok: bool,
            next: u64,
            dropped: u64,
            entries: Vec<Arc<Entry>>,
        }
        let ring = locked(&self.ring);
        let first = ring.entries.front().map_or(ring.next, |e| e.n);
        let skip = usize::try_from(since.saturating_add(1).saturating_sub(first)).unwrap_or(usize::MAX);
        let answer = Answer {
            ok: true,
            next: ring.next - 1,
            dropped: first.saturating_sub(since.saturating_add(1)),
            entries: ring.entries.iter().skip(skip).cloned().collect(),
        };
        // Written without the lock: nothing that happens has to wait for a reader.
        drop(ring);
        serde_json::to_vec(&answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn read(record: &Record, since: u64) -> Value {
        serde_json::from_slice(&record.since(since).unwrap()).unwrap()
    }

    #[test]
    fn numbers_have_no_gaps_and_old_entries_go() {
        let record = Record::new(3);
        for n in 0..5 {
            record.add(What::Open {
                connection: n,
                connections: 1,
            });
        }
        let all = read(&record, 0);
        assert_eq!(all["dropped"], 2);
        assert_eq!(all["next"], 5);
        let numbers: Vec<u64> = all["entries"]
            .as_array()
            .unwrap()
            .iter()
            .map(|e| e["n"].as_u64().unwrap())
            .collect();
        assert_eq!(numbers, [3, 4, 5]);
        assert_eq!(all["entries"][0]["kind"], "open");
        assert_eq!(read(&record, 4)["entries"].as_array().unwrap().len(), 1);
        assert_eq!(read(&record, 5)["entries"].as_array().unwrap().len(), 0);
        assert_eq!(read(&record, 99)["entries"].as_array().unwrap().len(), 0);
    }

    #[test]
    fn raw_is_json_or_text() {
        assert_eq!(
            serde_json::to_string(&Raw(Bytes::from_static(b"{\"a\":1}"))).unwrap(),
            "{\"a\":1}"
        );
        assert_eq!(
            serde_json::to_string(&Raw(Bytes::from_static(b"a=1"))).unwrap(),
            "\"a=1\""
        );
    }
}
