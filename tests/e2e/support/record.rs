//! What the workspace saw, read from its record.

use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// A message of the bot.
#[derive(Clone, Debug)]
pub struct Post {
    /// its number in the record: what happened earlier has a lower one
    pub n: u64,
    pub channel: String,
    pub ts: String,
    pub text: String,
    pub thread: Option<String>,
    /// who alone sees it
    pub only_for: Option<String>,
    /// whom it notifies
    pub pings: Vec<String>,
}

/// Everything that happened, in order.
#[derive(Clone, Debug, Default)]
pub struct Record {
    pub entries: Vec<Arc<Value>>,
}

impl Record {
    /// The entries of one kind.
    pub fn of(&self, kind: &str) -> impl DoubleEndedIterator<Item = &Value> {
        self.entries
            .iter()
            .map(|entry| &**entry)
            .filter(move |entry| entry["kind"] == kind)
    }

    /// The bot's messages, in order.
    pub fn posts(&self) -> Vec<Post> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        self.of("post")
            .map(|entry| Post {
                n: entry["n"].as_u64().unwrap(),
                channel: text(&entry["channel"]).unwrap(),
                ts: text(&entry["ts"]).unwrap(),
                text: text(&entry["text"]).unwrap(),
                thread: text(&entry["thread_ts"]),
                only_for: text(&entry["ephemeral_for"]),
                pings: entry["pings"].as_array().unwrap().iter().filter_map(text).collect(),
            })
            .collect()
    }

    /// What the bot changed messages to, in order.
    pub fn edits(&self) -> Vec<String> {
        let by_bot = |entry: &&Value| entry["user"] == "U0000000MOA";
        let text = |entry: &Value| entry["text"].as_str().map(str::to_owned);
        self.of("edit").filter(by_bot).filter_map(text).collect()
    }

    /// The bot's messages with exactly this text.
    pub fn saying(&self, text: &str) -> Vec<Post> {
        self.posts().into_iter().filter(|post| post.text == text).collect()
    }

    /// The answers of `!count` in English, as numbers in the order in which they were said.
    pub fn counted(&self) -> Vec<u64> {
        let number = |post: Post| {
            post.text
                .strip_prefix("That was number ")?
                .strip_suffix('.')?
                .parse()
                .ok()
        };
        self.posts().into_iter().filter_map(number).collect()
    }

    /// Events that the bot has not acknowledged in any of their envelopes; of those that were sent twice on purpose,
    /// each envelope counts.
    pub fn unacknowledged(&self) -> Vec<&str> {
        let mut acks: HashMap<&str, usize> = HashMap::new();
        for ack in self.of("ack") {
            *acks.entry(ack["envelope_id"].as_str().unwrap()).or_default() += 1;
        }
        let mut sent: HashMap<&str, usize> = HashMap::new();
        let mut done = HashSet::new();
        for event in self.of("event") {
            let envelope = event["envelope_id"].as_str().unwrap();
            *sent.entry(envelope).or_default() += 1;
            if acks.contains_key(envelope) {
                done.insert(event["event_id"].as_str().unwrap());
            }
        }
        let open = |event: &&Value| {
            let envelope = event["envelope_id"].as_str().unwrap();
            let missing = acks.get(envelope).copied().unwrap_or_default() < sent[envelope];
            match event["twin"].is_string() {
                true => missing,
                false => !done.contains(event["event_id"].as_str().unwrap()),
            }
        };
        // What found nobody connected was never sent yet.
        let unsent = |event: &&Value| !done.contains(event["event_id"].as_str().unwrap());
        let waiting = self.of("event").filter(open).chain(self.of("expired").filter(unsent));
        waiting.filter_map(|event| event["event_id"].as_str()).collect()
    }

    /// The last entries, one a line, for the message of a failed test.
    pub fn tail(&self, count: usize) -> String {
        let skip = self.entries.len().saturating_sub(count);
        self.entries.iter().skip(skip).fold(String::new(), |mut out, entry| {
            let mut line = entry.to_string();
            if line.len() > 400 {
                line.truncate((0..=400).rev().find(|at| line.is_char_boundary(*at)).unwrap_or(0));
                line.push('…');
            }
            out.push_str("  ");
            out.push_str(&line);
            out.push('\n');
            out
        })
    }
}
