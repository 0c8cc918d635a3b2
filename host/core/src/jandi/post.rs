//! What JANDI posts to an outgoing webhook's address when somebody types `/keyword …`.
//!
//! Documented are seven fields; newer posts have more, and the team form has `writer` in the place of `writerName`. Only
//! the text is needed: whatever else is missing or of another type counts as not there. There is no message id, no
//! signature and no time of sending besides `createdAt`; the token alone tells that it is JANDI.

use super::{PREFIX, SERVICE, ids};
use crate::event::{Event, EventKind, Identity, Message, MessageRef, Place, PlaceKind, Slash, User};
use crate::text::{neutralise, normalise, printable_line};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

/// The longest name that is shown, in characters.
const NAME: usize = 80;

/// Why a post cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// It is no JSON object.
    #[error("the post is no JSON object: {0}")]
    Json(#[from] serde_json::Error),
    /// It lacks what nothing can be done without.
    #[error("the post has no `{0}`; that is no post of an outgoing webhook of JANDI's")]
    Missing(&'static str),
}

/// A post.
#[derive(Clone, PartialEq, Eq)]
pub struct Post {
    /// What JANDI identifies itself with. Empty where there is none.
    pub token: String,
    /// The name of the room.
    pub room: String,
    /// Who wrote it.
    pub person: Person,
    /// Whether it is of the team form: typed in a member's own chat.
    pub team_form: bool,
    team: String,
    text: String,
    keyword: String,
    created: String,
}

/// Who wrote a post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The id, see [`super`].
    pub id: String,
    /// The name.
    pub name: String,
    /// The address at which JANDI knows them, where it is told: messages to one person go there.
    pub email: Option<String>,
}

impl Person {
    /// As the rest of the host sees people.
    pub fn user(&self) -> User {
        User {
            name: self.name.clone(),
            display_name: self.name.clone(),
            ..User::unknown(&self.id)
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Raw {
    token: Value,
    team_name: Value,
    room_name: Value,
    writer_name: Value,
    writer_email: Value,
    writer: Value,
    text: Value,
    data: Value,
    keyword: Value,
    created_at: Value,
}

/// A text, or a number as one: ids are either.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    }
}

impl std::fmt::Debug for Post {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Post")
            .field("room", &self.room)
            .field("person", &self.person.id)
            .field("text", &self.text)
            .finish_non_exhaustive()
    }
}

impl Post {
    /// Reads a post. Whoever calls it must compare the token before anything is done with the rest.
    ///
    /// # Errors
    /// It is no JSON object, or without text or writer.
    pub fn read(body: &[u8]) -> Result<Self, Unreadable> {
        let raw: Raw = serde_json::from_slice(body)?;
        let team_form = raw.writer.is_object();
        let of_writer = |key: &str| raw.writer.get(key).map(text).unwrap_or_default();
        let either = |key, plain: &Value| {
            Some(of_writer(key))
                .filter(|said| !said.is_empty())
                .unwrap_or_else(|| text(plain))
        };
        let (name, email) = (either("name", &raw.writer_name), either("email", &raw.writer_email));
        let name = printable_line(&name, NAME);
        let id = ids::by_email(&email)
            .or_else(|| ids::by_id(&of_writer("id")))
            .or_else(|| (!name.is_empty()).then(|| ids::by_name(&name)))
            .ok_or(Unreadable::Missing("writerName"))?;
        let keyword = text(&raw.keyword);
        let written = text(&raw.text);
        // Some posts are said to tell only what follows the keyword.
        let written = match (written.is_empty(), text(&raw.data)) {
            (true, data) if !data.is_empty() => format!("/{keyword} {data}"),
            _ => written,
        };
        if written.trim().is_empty() {
            return Err(Unreadable::Missing("text"));
        }
        Ok(Self {
            token: text(&raw.token),
            room: printable_line(&text(&raw.room_name), NAME),
            person: Person {
                id,
                name,
                email: Some(email).filter(|email| ids::by_email(email).is_some()),
            },
            team_form,
            team: printable_line(&text(&raw.team_name), NAME),
            text: written,
            keyword,
            created: text(&raw.created_at),
        })
    }

    /// The conversation in which it was typed.
    pub fn place(&self, hook: &str) -> Place {
        let (person, kind) = match self.team_form {
            true => (Some(self.person.id.as_str()), PlaceKind::Direct),
            false => (None, PlaceKind::Channel),
        };
        Place {
            service: SERVICE.into(),
            conversation: ids::conversation(hook, person),
            thread: None,
            kind,
        }
    }

    /// The event: the keyword is its slash command. `keyword` is the operator's word for it, in whichever way the post
    /// says it. A post that comes twice has the same identity, made of the hook, its time, its writer and its text; one
    /// that tells no time is always new. Its address for answers is `jandi:HOOK/…`, which means something to the adapter alone.
    pub fn event(&self, hook: &str, keyword: &str, received: Timestamp) -> Event {
        let created = self.created.parse::<Timestamp>().ok();
        let time = created.unwrap_or(received).to_string();
        let unique = match created {
            Some(_) => self.created.clone(),
            None => format!("at {}", received.as_nanosecond()),
        };
        let id = ids::digest(&[hook, &unique, &self.person.id, &self.text]);
        let said = self.said();
        let text = normalise(said);
        Event {
            identity: Identity::other(SERVICE, hook, &id),
            team: self.team.clone(),
            redelivered: false,
            kind: EventKind::Slash(Slash {
                command: keyword.into(),
                message: Message {
                    at: MessageRef {
                        place: self.place(hook),
                        id: String::new(),
                    },
                    author: self.person.id.clone(),
                    text: neutralise(&text).into_owned(),
                    raw: neutralise(&self.text).into_owned(),
                    mentions: Vec::new(),
                    files: Vec::new(),
                    time,
                    edited: false,
                },
                response_url: Some(format!("{PREFIX}{hook}/{id}")),
                seen: !self.team_form,
                awaited: true,
            }),
        }
    }

    /// What stands behind the keyword.
    fn said(&self) -> &str {
        let text = self.text.trim();
        let Some(command) = text.strip_prefix('/') else {
            return text;
        };
        let named = command
            .strip_prefix(self.keyword.as_str())
            .filter(|_| !self.keyword.is_empty());
        let behind = named.filter(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace));
        match behind {
            Some(rest) => rest.trim(),
            // The keyword is one word, whatever the field says.
            None => command
                .split_once(char::is_whitespace)
                .map_or("", |(_, rest)| rest.trim()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NOW: &str = "2026-11-22T00:50:00Z";

    fn topic() -> Value {
        json!({
            "token": "YE1ronbbuoZkq7h3J5KMI4Tn",
            "teamName": "Toss Lab, Inc.",
            "roomName": "토스랩 코리아",
            "writerName": "Gloria",
            "text": "/날씨 서울",
            "keyword": "날씨",
            "createdAt": "2017-07-19T14:49:11.266Z"
        })
    }

    fn with(mut post: Value, more: &[(&str, Value)]) -> Value {
        for (key, value) in more {
            post[*key] = value.clone();
        }
        post
    }

    fn read(post: &Value) -> Post {
        Post::read(post.to_string().as_bytes()).unwrap_or_else(|error| panic!("{error}: {post}"))
    }

    fn event(post: &Value) -> Event {
        read(post).event("weather", "날씨", NOW.parse().unwrap())
    }

    fn slash(event: &Event) -> &Slash {
        match &event.kind {
            EventKind::Slash(slash) => slash,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_form_of_a_topic_is_a_command_in_its_room() {
        let event = event(&topic());
        let slash = slash(&event);
        assert_eq!(slash.command, "날씨");
        assert_eq!(slash.message.text, "서울");
        assert_eq!(slash.message.raw, "/날씨 서울");
        assert!(slash.seen);
        assert_eq!(event.team, "Toss Lab, Inc.");
        assert_eq!(event.time(), "2017-07-19T14:49:11.266Z");
        assert!(
            !event.is_redeliverable(),
            "it is on disk before anything is done for it"
        );
        let place = event.place();
        assert_eq!(
            (place.service.as_str(), place.conversation.as_str()),
            ("jandi", "jandi:weather")
        );
        assert_eq!(place.kind, PlaceKind::Channel);
        assert!(event.author().starts_with("jandi:name:"));
        assert!(event.response_url().unwrap().starts_with("jandi:weather/"));
        let post = read(&topic());
        assert_eq!(
            (post.room.as_str(), post.token.as_str()),
            ("토스랩 코리아", "YE1ronbbuoZkq7h3J5KMI4Tn")
        );
        assert_eq!(post.person.user().display_name, "Gloria");
        assert!(!format!("{post:?}").contains("YE1ron"), "the token is not shown");
    }

    #[test]
    fn the_form_of_a_team_is_a_command_in_the_persons_own_chat() {
        let writer = json!({"id": 1234, "name": "Gloria", "email": "Gloria@Tosslab.com", "phoneNumber": ""});
        let mut post = with(
            topic(),
            &[
                ("writer", writer),
                ("platform", "web".into()),
                ("ip", "10.0.0.1".into()),
            ],
        );
        post.as_object_mut().unwrap().remove("writerName");
        let event = event(&post);
        assert_eq!(event.author(), "jandi:email:gloria:tosslab.com");
        assert_eq!(event.place().conversation, "jandi:weather:email:gloria:tosslab.com");
        assert_eq!(event.place().kind, PlaceKind::Direct);
        assert!(!slash(&event).seen);
        assert_eq!(read(&post).person.email.as_deref(), Some("Gloria@Tosslab.com"));
        // Without an address JANDI's own id is the next best.
        post["writer"]["email"] = Value::Null;
        assert_eq!(read(&post).person.id, "jandi:id:1234");
    }

    #[test]
    fn a_person_is_the_same_in_both_forms() {
        let topic = with(
            topic(),
            &[("writerEmail", "gloria@tosslab.com".into()), ("data", "서울".into())],
        );
        assert_eq!(read(&topic).person.id, "jandi:email:gloria:tosslab.com");
    }

    #[test]
    fn what_stands_behind_the_keyword_is_the_text() {
        for (text, keyword, said) in [
            ("/날씨", "날씨", ""),
            ("/날씨 서울", "날씨", "서울"),
            ("  /날씨 \n서울 ", "날씨", "서울"),
            ("/날씨 점심팀 3 --no-repeat", "날씨", "점심팀 3 --no-repeat"),
            ("/날씨예보 서울", "날씨", "서울"),
            ("/날씨 서울", "", "서울"),
            ("서울", "날씨", "서울"),
            // People type mentions; none of them is one.
            ("/날씨 {@U1}\u{a0}둘", "날씨", "{\u{2060}@U1} 둘"),
            ("/날씨 {\u{200b}@U1}", "날씨", "{\u{2060}@U1}"),
        ] {
            let post = with(topic(), &[("text", text.into()), ("keyword", keyword.into())]);
            assert_eq!(slash(&event(&post)).message.text, said, "{text:?}");
        }
        let mut post = with(topic(), &[("data", "서울".into())]);
        post.as_object_mut().unwrap().remove("text");
        assert_eq!(slash(&event(&post)).message.text, "서울");
    }

    #[test]
    fn what_is_optional_may_be_missing_or_of_another_type() {
        for key in ["teamName", "roomName", "createdAt", "keyword", "token"] {
            for value in [Value::Null, json!(7), json!([1]), json!({"a": 1})] {
                let post = with(topic(), &[(key, value)]);
                assert_eq!(slash(&event(&post)).message.text, "서울", "{post}");
            }
            let mut post = topic();
            post.as_object_mut().unwrap().remove(key);
            assert_eq!(slash(&event(&post)).message.text, "서울", "{post}");
        }
        for (key, missing) in [("text", "text"), ("writerName", "writerName")] {
            let error = Post::read(with(topic(), &[(key, Value::Null)]).to_string().as_bytes()).unwrap_err();
            assert!(error.to_string().contains(missing), "{error}");
        }
        for body in ["", "[]", "\"x\"", "{", "null", "{\"text\":"] {
            assert!(Post::read(body.as_bytes()).is_err(), "{body:?}");
        }
    }

    #[test]
    fn a_post_that_comes_twice_is_one_event() {
        let first = event(&topic());
        let again = read(&topic()).event("weather", "날씨", "2026-11-22T00:59:00Z".parse().unwrap());
        assert_eq!(first.identity, again.identity);
        for other in [
            with(topic(), &[("text", "/날씨 부산".into())]),
            with(topic(), &[("writerName", "Rosie".into())]),
            with(topic(), &[("createdAt", "2017-07-19T14:49:11.267Z".into())]),
        ] {
            assert_ne!(event(&other).identity, first.identity, "{other}");
        }
        assert_ne!(
            read(&topic()).event("other", "날씨", NOW.parse().unwrap()).identity,
            first.identity
        );
        // Without a time nothing tells a second command from a second delivery of the first.
        let timeless = read(&with(topic(), &[("createdAt", "yesterday".into())]));
        let at = |time: &str| timeless.event("weather", "날씨", time.parse().unwrap());
        assert_ne!(at(NOW).identity, at("2026-11-22T00:50:01Z").identity);
        assert_eq!(at(NOW).time(), NOW);
    }

    #[test]
    fn nobody_can_be_called_like_somebody_of_another_service() {
        for name in ["U012ABC", "jandi:id:1", "jandi:email:gloria:tosslab.com", ""] {
            let post = with(topic(), &[("writerName", name.into())]);
            match Post::read(post.to_string().as_bytes()) {
                Ok(post) => assert!(post.person.id.starts_with("jandi:name:") && post.person.id != name),
                Err(error) => assert!(name.is_empty(), "{error}"),
            }
        }
    }
}
