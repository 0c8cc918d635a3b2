//! The frames of Socket Mode.

use crate::ts::Ts;
use crate::world::{APP, Id};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// An acknowledgement of this many bytes or more is dropped by Slack without a word.
pub(crate) const ACK_LIMIT: usize = 20_480;

/// The identity of one delivery, written as a UUID.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct EnvelopeId(u128);

impl EnvelopeId {
    /// A new one.
    pub fn random() -> Self {
        Self(fastrand::u128(..))
    }

    /// Reads the written form.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 36 {
            return None;
        }
        let mut digits = 0u128;
        for (at, byte) in text.bytes().enumerate() {
            if matches!(at, 8 | 13 | 18 | 23) {
                if byte != b'-' {
                    return None;
                }
            } else {
                digits = digits << 4 | u128::from(char::from(byte).to_digit(16)?);
            }
        }
        Some(Self(digits))
    }
}

impl fmt::Display for EnvelopeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let v = self.0;
        let part = |shift: u32, mask: u128| (v >> shift) & mask;
        let (a, b, c) = (part(96, 0xffff_ffff), part(80, 0xffff), part(64, 0xffff));
        write!(
            f,
            "{a:08x}-{b:04x}-{c:04x}-{:04x}-{:012x}",
            part(48, 0xffff),
            part(0, 0xffff_ffff_ffff)
        )
    }
}

/// How an event travels.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// redelivered until acknowledged
    EventsApi,
    /// never redelivered; may be answered in the acknowledgement
    Once(Arc<Origin>),
}

/// Who waits for the answer to what they did.
#[derive(Debug)]
pub(crate) struct Origin {
    pub user: Id,
    pub asked: Asked,
}

/// What somebody did that the bot must acknowledge while they wait.
#[derive(Debug)]
pub(crate) enum Asked {
    /// used a slash command
    Slash { channel: Id, command: String },
    /// did something with an element of a message or of a modal
    Action {
        channel: Option<Id>,
        ts: Option<Ts>,
        view: Option<String>,
        block_id: String,
        action_id: String,
    },
    /// submitted a modal
    Submission { view: String },
    /// closed a modal
    Closed,
    /// used a shortcut, on a message or from anywhere
    Shortcut { callback_id: String, message: bool },
}

impl Asked {
    /// What it is called in the record; of interactions the payload's `type`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Slash { .. } => "slash_commands",
            Self::Action { .. } => "block_actions",
            Self::Submission { .. } => "view_submission",
            Self::Closed => "view_closed",
            Self::Shortcut { message: true, .. } => "message_action",
            Self::Shortcut { message: false, .. } => "shortcut",
        }
    }
}

/// One thing to deliver.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub kind: Kind,
    /// `event_id`, the same in every redelivery; of what people wait for its `trigger_id`
    pub id: Arc<str>,
    /// such as `message`, for the record
    pub name: &'static str,
    pub channel: Id,
    pub ts: Ts,
    /// The payload's JSON without its opening brace and without `event_id`, so that an envelope is put together
    /// without serialising again.
    pub rest: Arc<str>,
}

/// A new globally unique `event_id`.
pub(crate) fn new_event_id() -> Arc<str> {
    format!("Ev{:016X}", fastrand::u64(..)).into()
}

/// The text frame that delivers an event.
pub(crate) fn frame(event: &Event, envelope: EnvelopeId, attempt: u32) -> String {
    let Event { id, rest, .. } = event;
    match &event.kind {
        Kind::EventsApi => {
            let reason = if attempt > 0 { "timeout" } else { "" };
            if event.name == "app_rate_limited" {
                return format!(
                    "{{\"envelope_id\":\"{envelope}\",\"type\":\"events_api\",\"accepts_response_payload\":false,\
                     \"retry_attempt\":{attempt},\"retry_reason\":\"{reason}\",\"payload\":{{{rest}}}"
                );
            }
            format!(
                "{{\"envelope_id\":\"{envelope}\",\"type\":\"events_api\",\"accepts_response_payload\":false,\
                 \"retry_attempt\":{attempt},\"retry_reason\":\"{reason}\",\"payload\":{{\"event_id\":\"{id}\",{rest}}}"
            )
        }
        Kind::Once(origin) => {
            let (kind, accepts) = match origin.asked {
                Asked::Slash { .. } => ("slash_commands", true),
                Asked::Submission { .. } => ("interactive", true),
                _ => ("interactive", false),
            };
            format!(
                "{{\"envelope_id\":\"{envelope}\",\"type\":\"{kind}\",\"accepts_response_payload\":{accepts},\
                 \"payload\":{{{rest}}}"
            )
        }
    }
}

/// The first frame of every connection; `life` is in seconds.
pub(crate) fn hello(connections: usize, connection: u64, life: u64) -> String {
    format!(
        "{{\"type\":\"hello\",\"num_connections\":{connections},\"debug_info\":{{\"host\":\"applink-{connection}\",\
         \"build_number\":1,\"approximate_connection_time\":{life}}},\"connection_info\":{{\"app_id\":\"{APP}\"}}}}"
    )
}

/// Why Slack tells a client that a connection ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Reason {
    /// it will be closed in about ten seconds
    Warning,
    /// it is being refreshed
    RefreshRequested,
    /// Socket Mode was switched off
    LinkDisabled,
}

impl Reason {
    /// Slack's word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::RefreshRequested => "refresh_requested",
            Self::LinkDisabled => "link_disabled",
        }
    }
}

/// The frame that says so.
pub(crate) fn disconnect(reason: Reason, connection: u64) -> String {
    let reason = reason.name();
    format!("{{\"type\":\"disconnect\",\"reason\":\"{reason}\",\"debug_info\":{{\"host\":\"applink-{connection}\"}}}}")
}

/// The only frame that a connection beyond the limit gets.
pub(crate) fn too_many(connections: usize) -> String {
    format!(
        "{{\"type\":\"disconnect\",\"reason\":\"too_many_websockets\",\"num_connections\":{connections},\
         \"debug_info\":{{\"host\":\"applink-0\"}},\"connection_info\":{{\"app_id\":\"{APP}\"}}}}"
    )
}

/// What the bot sends back.
#[derive(Deserialize)]
pub(crate) struct Ack<'a> {
    #[serde(borrow)]
    pub envelope_id: Cow<'a, str>,
    #[serde(borrow)]
    pub payload: Option<&'a RawValue>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn an_envelope_id_reads_what_it_writes() {
        for _ in 0..100 {
            let id = EnvelopeId::random();
            assert_eq!(EnvelopeId::parse(&id.to_string()), Some(id));
        }
        for text in [
            "",
            "x",
            "57d6a792-4d35-4d0b-b6aa-3361493e1cag",
            "57d6a7924d354d0bb6aa3361493e1caf0000",
        ] {
            assert_eq!(EnvelopeId::parse(text), None, "{text}");
        }
    }

    #[test]
    fn frames_are_json() {
        let event = Event {
            kind: Kind::EventsApi,
            id: "Ev1".into(),
            name: "message",
            channel: "C1".into(),
            ts: Ts(1),
            rest: "\"type\":\"event_callback\"}".into(),
        };
        let json: Value = serde_json::from_str(&frame(&event, EnvelopeId::random(), 2)).unwrap();
        assert_eq!(json["payload"]["event_id"], "Ev1");
        assert_eq!(json["retry_reason"], "timeout");
        for text in [hello(1, 2, 3), disconnect(Reason::Warning, 1), too_many(10)] {
            serde_json::from_str::<Value>(&text).unwrap();
        }
    }
}
