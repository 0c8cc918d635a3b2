//! Socket Mode frames → what the host does with them.
//!
//! Everything that may change without notice is read loosely: unknown types and fields are tolerated, fields of another
//! type than expected count as missing, and whatever has an envelope id is acknowledged. A frame is read in one pass
//! over its bytes, without building a tree; only what becomes an event is copied. Interactions, which are few and of many
//! shapes, are read a second time, as a tree.

mod change;
mod form;
mod loose;
mod message;
mod past;
mod press;
mod state;
mod text;
mod time;

pub use form::{Fields, Form};
pub use message::SERVICE;
pub use past::past;
pub use text::portable;

use crate::event::{Event, Me};
use loose::{Count, Flag, Loose, Text};
use message::InnerEvent;
use serde::Deserialize;
use serde_json::Value;

/// Why the service wants a connection to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It ends within seconds (`warning`), it is refreshed (`refresh_requested`), or anything unknown.
    Refresh,
    /// The app has more connections than it may.
    TooMany,
    /// Socket Mode was switched off in the app's settings.
    LinkDisabled,
}

/// A frame from Slack.
#[derive(Debug, PartialEq)]
pub enum Frame {
    /// The greeting: from now on the connection is usable.
    Hello {
        /// How many connections the app has open, as Slack counts them.
        connections: u32,
        /// After how many seconds Slack is likely to refresh this one; 0 where it does not say.
        lifetime: u32,
    },
    /// The connection is about to end.
    Disconnect(Reason),
    /// Something that must be acknowledged.
    Envelope {
        /// The name by which it is acknowledged.
        id: String,
        /// What is in it.
        what: What,
    },
    /// Nothing that needs an answer.
    Unknown,
}

/// What an envelope brings.
#[derive(Debug, PartialEq)]
pub enum What {
    /// An event for the host.
    Event(Box<Event>),
    /// A form that somebody sent: an event whose acknowledgement may carry an answer.
    Form(Box<Form>),
    /// An event that the bot has no use for.
    Ignored(Ignored),
    /// Slack holds events back because there are too many.
    RateLimited,
    /// An envelope of an unknown type, or one whose content cannot be read.
    Unreadable,
}

/// Why an event is none for the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ignored {
    /// Bookkeeping that nobody sees (`hidden`).
    Hidden,
    /// A message of a kind that nobody typed: somebody joined, a reminder, …; Slack's name for it.
    Subtype(String),
    /// A message that changed for others to see, but not by its author: a link was unfurled, somebody answered below it.
    Unchanged,
    /// Written by some bot.
    FromBot,
    /// Written by this bot.
    Own,
    /// Without an author, without an address, or with neither text nor file.
    Empty,
    /// Nothing that plugins are told of; Slack's name for it.
    Other(String),
    /// An interaction with something that no plugin put there, or of a kind that no plugin is told of; Slack's name for
    /// it.
    Interaction(String),
}

/// When and for whom frames are read.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// Who the bot is.
    pub me: &'a Me,
    /// The time of arrival: slash commands carry none of their own.
    pub now: jiff::Timestamp,
}

/// The frame, and in `events_api` envelopes the wrapper and the event itself. One struct for all payloads, because the
/// payload may stand before the type that says what it is.
#[derive(Default, Deserialize)]
#[serde(default)]
struct RawFrame<'a> {
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    #[serde(borrow)]
    envelope_id: Text<'a>,
    #[serde(borrow)]
    reason: Text<'a>,
    accepts_response_payload: Flag,
    retry_attempt: Count,
    num_connections: Count,
    debug_info: Loose<DebugInfo>,
    #[serde(borrow)]
    payload: Loose<Payload<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct DebugInfo {
    approximate_connection_time: Count,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Payload<'a> {
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    #[serde(borrow)]
    team_id: Text<'a>,
    #[serde(borrow)]
    event_id: Text<'a>,
    event_time: Count,
    #[serde(borrow)]
    event: Loose<InnerEvent<'a>>,
    // Slash commands.
    #[serde(borrow)]
    command: Text<'a>,
    #[serde(borrow)]
    text: Text<'a>,
    #[serde(borrow)]
    user_id: Text<'a>,
    #[serde(borrow)]
    channel_id: Text<'a>,
    #[serde(borrow)]
    channel_name: Text<'a>,
    #[serde(borrow)]
    response_url: Text<'a>,
    #[serde(borrow)]
    trigger_id: Text<'a>,
}

/// The part of a frame that an acknowledgement needs, for frames of which nothing else can be read.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Bare<'a> {
    #[serde(borrow)]
    envelope_id: Text<'a>,
}

/// Reads a frame. `None` where it is no JSON object.
pub fn frame(json: &str, context: Context<'_>) -> Option<Frame> {
    let raw = match serde_json::from_str::<Loose<RawFrame<'_>>>(json) {
        Ok(raw) => raw.0?,
        Err(_) => return bare(json),
    };
    Some(match raw.kind.as_str() {
        "hello" => Frame::Hello {
            connections: raw.num_connections.0,
            lifetime: raw.debug_info.0.unwrap_or_default().approximate_connection_time.0,
        },
        "disconnect" => Frame::Disconnect(match raw.reason.as_str() {
            "too_many_websockets" => Reason::TooMany,
            "link_disabled" => Reason::LinkDisabled,
            _ => Reason::Refresh,
        }),
        _ if !raw.envelope_id.is_there() => Frame::Unknown,
        kind => {
            let id = raw.envelope_id.as_str();
            let what = match (kind, raw.payload.0) {
                ("events_api", Some(payload)) => message::event(&payload, raw.retry_attempt.0 > 0, context),
                ("slash_commands", Some(payload)) => message::slash(&payload, id, context),
                ("interactive", Some(_)) => press::interaction(json, id, raw.accepts_response_payload.0, context),
                _ => What::Unreadable,
            };
            Frame::Envelope { id: id.into(), what }
        }
    })
}

/// Well-formed JSON that does not fit (a field twice, say) is still acknowledged, or it would come again and again.
fn bare(json: &str) -> Option<Frame> {
    let id = match serde_json::from_str::<Loose<Bare<'_>>>(json) {
        Ok(bare) => bare.0?.envelope_id.as_str().to_owned(),
        // The id itself is there twice: the last counts.
        Err(_) => match serde_json::from_str(json) {
            Ok(Value::Object(whole)) => whole
                .get("envelope_id")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .into(),
            _ => return None,
        },
    };
    Some(match id.as_str() {
        "" => Frame::Unknown,
        _ => Frame::Envelope {
            id,
            what: What::Unreadable,
        },
    })
}

#[cfg(test)]
mod tests;
