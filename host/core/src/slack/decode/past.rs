//! Messages as Slack's histories hold them (`conversations.history`, `conversations.replies`). Written by whomever: the
//! bot's own and those of other bots stand there as well.

use super::loose::{Flag, Loose, Text};
use super::{message, text, time};
use crate::event::{Message, MessageRef, Place};
use crate::text::neutralise;
use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawPast<'a> {
    #[serde(borrow)]
    subtype: Text<'a>,
    hidden: Flag,
    #[serde(borrow)]
    bot_id: Text<'a>,
    #[serde(borrow)]
    user: Text<'a>,
    #[serde(borrow)]
    text: Text<'a>,
    #[serde(borrow)]
    ts: Text<'a>,
    #[serde(borrow)]
    thread_ts: Text<'a>,
    edited: Loose<serde::de::IgnoredAny>,
    #[serde(borrow)]
    files: Option<&'a RawValue>,
}

/// A message of that place's conversation, from its JSON. The author of a bot's message that no user wrote is the bot's
/// own id (`B…`).
///
/// `None` for what nobody said: joins, changes of the topic, the stones that stand where a message was.
pub fn past(json: &str, at: &Place) -> Option<Message> {
    let raw = serde_json::from_str::<Loose<RawPast<'_>>>(json).ok()?.0?;
    match raw.subtype.as_str() {
        "" | "file_share" | "thread_broadcast" | "me_message" | "bot_message" => {}
        _ => return None,
    }
    let author = [&raw.user, &raw.bot_id].into_iter().find(|id| id.is_there())?;
    let time = time::rfc3339(raw.ts.as_str()).filter(|_| !raw.hidden.0)?;
    let ts = raw.ts.as_str();
    let thread = Some(raw.thread_ts.as_str()).filter(|thread| !thread.is_empty() && *thread != ts);
    let (text, mentions) = text::portable(raw.text.as_str());
    Some(Message {
        at: MessageRef {
            place: Place {
                thread: thread.map(Into::into),
                ..at.clone()
            },
            id: ts.into(),
        },
        author: author.as_str().into(),
        text,
        raw: neutralise(raw.text.as_str()).into_owned(),
        mentions,
        files: message::files(raw.files),
        time,
        edited: raw.edited.0.is_some(),
    })
}

#[cfg(test)]
mod tests {
    use super::past;
    use crate::event::{Message, Place, PlaceKind};
    use serde_json::json;

    fn read(json: serde_json::Value) -> Option<Message> {
        let place = Place {
            service: "slack".into(),
            conversation: "C1".into(),
            thread: Some("1.000000".into()),
            kind: PlaceKind::Channel,
        };
        past(&json.to_string(), &place)
    }

    #[test]
    fn what_people_and_bots_said_is_read() {
        let message = read(
            json!({"type": "message", "user": "U1", "text": "a &lt; b <@U2>", "ts": "2.000000", "thread_ts": "1.000000",
            "edited": {"user": "U1", "ts": "3.000000"}, "files": [{"id": "F1", "name": "a.csv", "mimetype": "text/csv", "size": 3}]}),
        )
        .unwrap();
        assert_eq!(
            (message.text.as_str(), message.author.as_str(), message.edited),
            ("a < b {@U2}", "U1", true)
        );
        assert_eq!(message.at.place.thread.as_deref(), Some("1.000000"));
        assert_eq!((message.files[0].id.as_str(), message.files[0].size), ("F1", 3));

        let first = read(json!({"user": "U1", "text": "x", "ts": "1.000000", "thread_ts": "1.000000"})).unwrap();
        assert_eq!(
            first.at.place.thread, None,
            "a thread's first message stands in the conversation"
        );
        let own = read(json!({"user": "UBOT", "bot_id": "B1", "text": "x", "ts": "1.0"})).unwrap();
        assert_eq!(own.author, "UBOT");
        let classic = read(json!({"subtype": "bot_message", "bot_id": "B2", "text": "", "ts": "1.0"})).unwrap();
        assert_eq!(classic.author, "B2");
    }

    #[test]
    fn what_nobody_said_is_none() {
        for nothing in [
            json!({"subtype": "channel_join", "user": "U1", "text": "<@U1> has joined", "ts": "1.0"}),
            json!({"subtype": "tombstone", "user": "USLACKBOT", "text": "deleted", "ts": "1.0"}),
            json!({"user": "U1", "text": "x", "ts": "soon"}),
            json!({"text": "x", "ts": "1.0"}),
            json!({"user": "U1", "text": "x", "ts": "1.0", "hidden": true}),
            json!(["no message"]),
        ] {
            assert_eq!(read(nothing.clone()), None, "{nothing}");
        }
    }
}
