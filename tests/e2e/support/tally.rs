//! The workspace's record for runs that are too long to be kept: read once from beginning to end, an entry at a time.

use super::sim::Sim;
use serde::Deserialize;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

/// A message of the bot.
#[derive(Debug)]
pub struct Said {
    pub channel: String,
    pub text: String,
}

/// Follows the record from a cursor on and keeps only what is still open.
pub struct Tally {
    sim: Arc<Sim>,
    next: u64,
    /// websockets that were opened so far
    pub opened: usize,
    /// envelopes that wait for their acknowledgement: their event and its attempt
    waiting: HashMap<String, (String, u32)>,
    /// events that will be sent again
    again: HashSet<String>,
}

#[derive(Deserialize)]
struct Page {
    next: u64,
    dropped: u64,
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Entry {
    Post {
        channel: String,
        text: String,
    },
    Event {
        envelope_id: String,
        event_id: String,
        attempt: u32,
    },
    Ack {
        envelope_id: String,
    },
    Expired {
        event_id: String,
        attempt: u32,
    },
    GaveUp {
        event_id: String,
    },
    Open {},
    #[serde(other)]
    Other,
}

impl Tally {
    /// From the first entry on.
    pub fn new(sim: Arc<Sim>) -> Self {
        Self {
            sim,
            next: 0,
            opened: 0,
            waiting: HashMap::new(),
            again: HashSet::new(),
        }
    }

    /// What the bot said since the last look; waits up to `patience` for something to happen.
    pub async fn look(&mut self, patience: Duration) -> Vec<Said> {
        let page: Page = serde_json::from_slice(&self.sim.entries(self.next, patience).await).unwrap();
        assert_eq!(page.dropped, 0, "the record has lost entries");
        self.next = page.next;
        let mut said = Vec::new();
        for entry in page.entries {
            match entry {
                Entry::Post { channel, text } => said.push(Said { channel, text }),
                Entry::Event {
                    envelope_id,
                    event_id,
                    attempt,
                } => {
                    self.again.remove(&event_id);
                    self.waiting.insert(envelope_id, (event_id, attempt));
                }
                Entry::Ack { envelope_id } => drop(self.waiting.remove(&envelope_id)),
                Entry::Expired { event_id, attempt } => {
                    self.waiting
                        .retain(|_, (event, tried)| *event != event_id || *tried != attempt);
                    self.again.insert(event_id);
                }
                Entry::GaveUp { event_id } => panic!("the workspace gave up sending {event_id}"),
                Entry::Open {} => self.opened += 1,
                Entry::Other => {}
            }
        }
        said
    }

    /// Whether the workspace has nothing more to send: every envelope is acknowledged.
    pub fn is_quiet(&self) -> bool {
        self.waiting.is_empty() && self.again.is_empty()
    }
}
