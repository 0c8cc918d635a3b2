//! What happens outside of chat: a time comes, another system asks.

use super::{Event, EventKind, Identity, Place, PlaceKind};
use serde::{Deserialize, Serialize};

/// The place of what happens in no conversation. No chat service has this name, so nothing can be sent there.
pub(super) static NOWHERE: Place = Place {
    service: String::new(),
    conversation: String::new(),
    thread: None,
    kind: PlaceKind::Direct,
};

/// What the host itself is called in identities.
const HOST: &str = "moa";

/// A job of a plugin's is due.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    /// The plugin's name.
    pub plugin: String,
    /// The job's id in the manifest, or its name in `schedule`.
    pub name: String,
    /// The instant for which it was due, RFC 3339 in UTC.
    pub due: String,
    /// What `schedule` was given; empty for jobs of the manifest.
    pub payload: String,
    /// When it was begun, RFC 3339 in UTC.
    pub time: String,
}

impl Due {
    /// The event of it. However many hosts find the same job due at the same time, it is one event.
    pub fn event(self) -> Event {
        let id = format!("due/{}/{}/{}", self.plugin, self.name, self.due);
        Event {
            identity: Identity::other(HOST, "", &id),
            team: String::new(),
            redelivered: false,
            kind: EventKind::Due(self),
        }
    }
}

/// A request from outside for a plugin's webhook, which passed its check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hook {
    /// The plugin's name.
    pub plugin: String,
    /// The hook's name in the manifest.
    pub name: String,
    /// The method, in capitals.
    pub method: String,
    /// What follows the hook's own address, without the query; empty or beginning with `/`.
    pub path: String,
    /// The query without the `?`; empty if there is none.
    pub query: String,
    /// Headers, names in lower case, in the order received.
    pub headers: Vec<(String, String)>,
    /// The body.
    #[serde(with = "body")]
    pub body: Vec<u8>,
    /// When it arrived, RFC 3339 in UTC.
    pub time: String,
}

impl Hook {
    /// What an id begins with that the host made up, since the sender gave none: no other request has it.
    pub const UNNAMED: &str = "unnamed-";

    /// What its event is known by. `id` is the sender's own for this delivery, or one that no other request has.
    pub fn identity(&self, id: &str) -> Identity {
        Identity::other(HOST, "", &format!("hook/{}/{}/{id}", self.plugin, self.name))
    }

    /// The event of it, with the [identity](Self::identity) that it has by this id.
    pub fn event(self, id: &str) -> Event {
        Event {
            identity: self.identity(id),
            team: String::new(),
            redelivered: false,
            kind: EventKind::Hook(self),
        }
    }
}

/// Bytes as text where they are text, which nearly all bodies are, otherwise as numbers.
pub(crate) mod body {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Stored {
        Text(String),
        Bytes(Vec<u8>),
    }

    pub(crate) fn serialize<S: Serializer>(body: &[u8], to: S) -> Result<S::Ok, S::Error> {
        match std::str::from_utf8(body) {
            Ok(text) => text.serialize(to),
            Err(_) => body.serialize(to),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        Ok(match Stored::deserialize(from)? {
            Stored::Text(text) => text.into_bytes(),
            Stored::Bytes(bytes) => bytes,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hook(body: &[u8]) -> Event {
        Hook {
            plugin: "build".into(),
            name: "done".into(),
            method: "POST".into(),
            path: String::new(),
            query: String::new(),
            headers: vec![("content-type".into(), "application/json".into())],
            body: body.to_vec(),
            time: "2026-11-20T03:00:00Z".into(),
        }
        .event("1")
    }

    #[test]
    fn bodies_come_back_from_the_journal_as_they_were() {
        for body in [
            &b"{\"status\": \"ok\"}"[..],
            b"",
            b"\xff\x00\xfe",
            "\u{ac00}".as_bytes(),
        ] {
            let event = hook(body);
            let text = serde_json::to_string(&event).unwrap();
            assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), event, "{text}");
        }
        let text = serde_json::to_string(&hook(b"plain")).unwrap();
        assert!(text.contains(r#""body":"plain""#), "{text}");
    }

    #[test]
    fn a_due_time_is_one_event_whoever_finds_it() {
        let due = |time: &str| Due {
            plugin: "feed".into(),
            name: "daily".into(),
            due: "2026-11-20T00:50:00Z".into(),
            payload: String::new(),
            time: time.into(),
        };
        let (first, second) = (due("2026-11-20T00:50:00Z").event(), due("2026-11-20T00:50:07Z").event());
        assert_eq!(first.identity, second.identity);
        assert_eq!(first.identity.as_str(), "moa///due/feed/daily/2026-11-20T00:50:00Z");
        assert!(first.place().conversation.is_empty() && first.author().is_empty());
    }
}
