//! The entries of the record that matter here.

use serde::Deserialize;

/// The method that the bot's answers are posted by.
pub const POST: &str = "chat.postMessage";

/// One thing that happened. Times are in microseconds since the workspace started.
#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Entry {
    /// A person wrote.
    Message {
        at_us: u64,
        channel: String,
        ts: String,
        text: String,
    },
    /// An envelope was sent.
    Event {
        envelope_id: String,
        event_id: String,
        channel: String,
        ts: String,
        attempt: u32,
        connection: u64,
        #[serde(default)]
        twin: Option<String>,
    },
    /// One was acknowledged.
    Ack { envelope_id: String },
    /// One was not, or reached nobody (`connection` 0).
    Expired {
        event_id: String,
        attempt: u32,
        connection: u64,
    },
    /// An event will not be sent again.
    GaveUp { event_id: String },
    /// The bot's message appeared.
    Post {
        at_us: u64,
        text: String,
        #[serde(default)]
        thread_ts: Option<String>,
    },
    /// The bot called the Web API.
    Api { at_us: u64, method: String, status: u16 },
    /// A connection is there.
    Open { connection: u64 },
    /// A connection was told that it ends.
    Disconnect {
        at_us: u64,
        connection: u64,
        reason: String,
    },
    /// A connection is gone.
    Close { at_us: u64, connection: u64, why: String },
    /// Anything else.
    #[serde(other)]
    Other,
}
