//! JANDI: outgoing webhooks in, their responses and incoming webhooks out. There is no connection and no sign of life;
//! what JANDI cannot do (threads, reactions, changes, files, forms) is answered so.
//!
//! An answer that is ready within [`PATIENCE`] is the response to JANDI's request. What is said after that, and whatever
//! is said besides the first, goes through the incoming webhook of the same room. Where there is none, all that is said in
//! time goes into the response together, and the person is told when there will be no more.

mod incoming;
mod people;
mod route;
mod waiting;

pub use incoming::Target;
pub use route::routes;

use super::slack::told::Told;
use super::webhook::Poster;
use super::{Ack, Adapter, Delivery, Intake, Me, MemberPage, Outgoing, SendError, Stamp};
use async_trait::async_trait;
use jiff::Timestamp;
use moa_core::call::Sent;
use moa_core::config::SecretValue;
use moa_core::content::{Action, Audience, Content};
use moa_core::event::{Conversation, MessageRef, PlaceKind, User};
use moa_core::jandi::{self, Body, Post, SERVICE};
use moa_core::locale::Locale;
use people::People;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use waiting::{Answer, Waiting};

/// How long an answer has before JANDI's patience is taken to be over. JANDI tells nothing of it; the acknowledgement is
/// held back a little longer than this.
pub const PATIENCE: Duration = Duration::from_millis(2_400);
/// How often the operator hears of posts that are refused for the same reason.
const TOLD: Duration = Duration::from_secs(600);
/// What a token is compared with where no hook has the name.
const NOBODY: &str = "no hook has this name, and no token is this one";

/// An outgoing webhook.
#[derive(Debug)]
pub struct Hook {
    /// The word behind the slash.
    pub keyword: String,
    /// What JANDI identifies itself with.
    pub token: SecretValue,
    /// The way to say something later.
    pub incoming: Option<Target>,
}

/// All of JANDI.
pub struct Jandi {
    hooks: BTreeMap<String, Hook>,
    rooms: Mutex<BTreeMap<String, String>>,
    people: People,
    waiting: Waiting,
    poster: Arc<Poster>,
    locale: Locale,
    me: Me,
    told: Told,
}

/// The response to a request of JANDI's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// JSON, or nothing: then nothing is shown.
    pub body: Vec<u8>,
}

impl Response {
    fn quiet() -> Self {
        Self {
            status: 200,
            body: Vec::new(),
        }
    }

    /// Of a hook that is not there, and of a token that is wrong.
    fn unknown() -> Self {
        Self {
            status: 404,
            body: Vec::new(),
        }
    }

    fn saying(body: &Body) -> Self {
        Self {
            status: 200,
            body: body.json(),
        }
    }
}

impl Jandi {
    /// These hooks, by name. `locale` is spoken to people: JANDI does not tell theirs.
    pub fn new(hooks: BTreeMap<String, Hook>, poster: Arc<Poster>, locale: Locale) -> Self {
        let me = Me {
            user_id: String::new(),
            bot_id: String::new(),
            team: String::new(),
            name: hooks
                .values()
                .next()
                .map(|hook| hook.keyword.clone())
                .unwrap_or_default(),
        };
        Self {
            hooks,
            rooms: Mutex::default(),
            people: People::default(),
            waiting: Waiting::default(),
            poster,
            locale,
            me,
            told: Told::new(TOLD),
        }
    }

    /// The names and keywords of the hooks.
    pub fn keywords(&self) -> impl Iterator<Item = (&str, &str)> {
        self.hooks
            .iter()
            .map(|(name, hook)| (name.as_str(), hook.keyword.as_str()))
    }

    /// A request to the address of a hook. Whoever does not know the token learns nothing, not even whether there is
    /// such a hook.
    pub async fn receive(&self, name: &str, body: &[u8], intake: &dyn Intake) -> Response {
        let read = Post::read(body);
        let known = self.hooks.get(name);
        let token = known.map_or(NOBODY, |hook| hook.token.expose());
        let given = read.as_ref().map_or("", |post| post.token.as_str());
        let (Some(hook), true) = (known, jandi::same(token, given)) else {
            self.refused(name, known.is_some(), read.err());
            return Response::unknown();
        };
        let Ok(post) = read else { return Response::unknown() };
        self.people.know(&post.person);
        if !post.team_form && !post.room.is_empty() {
            let mut rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
            rooms.insert(name.to_owned(), post.room.clone());
        }
        let event = post.event(name, &hook.keyword, Timestamp::now());
        let address = event.response_url().unwrap_or_default().to_owned();
        let gather = hook.incoming.is_none();
        let Some((awaited, ending)) = self.waiting.expect(&address, gather) else {
            tracing::debug!(hook = name, "JANDI sends a post again that is being worked on");
            return Response::quiet();
        };
        let ack = Ack::answering(move |_| {
            ending.over();
            true
        });
        intake.deliver(Delivery { event, ack });
        let own = |text| Body::plain(text);
        let said = match awaited.answer(PATIENCE).await {
            Ok(Answer::Said(said)) => said,
            Ok(Answer::Lost) => vec![own(jandi::lost(self.locale))],
            Err(_) if !gather => Vec::new(),
            Err(mut said) => {
                said.push(own(jandi::no_later_answer(self.locale)));
                said
            }
        };
        match Body::joined(said, self.locale) {
            Some(body) => Response::saying(&body),
            None => Response::quiet(),
        }
    }

    /// Tells the operator, now and then, that somebody called a hook and was not let in.
    fn refused(&self, name: &str, known: bool, unreadable: Option<jandi::Unreadable>) {
        // Names that strangers make up would fill what is remembered.
        let cause = if known { name } else { "" };
        let Some(held_back) = self.told.again(cause) else {
            return;
        };
        match (known, unreadable) {
            (true, Some(error)) => tracing::warn!(
                hook = name,
                held_back,
                "a post to a hook of JANDI's is refused: {error}"
            ),
            (true, None) => tracing::warn!(
                hook = name,
                held_back,
                "a post to a hook of JANDI's is refused: its token is not the configured one; JANDI Connect shows it at the outgoing webhook"
            ),
            (false, _) => tracing::warn!(
                held_back,
                "a post to /jandi/… is refused: no [[jandi.hook]] has that name"
            ),
        }
    }

    fn hook(&self, conversation: &str) -> Result<(&str, &Hook, Option<String>), SendError> {
        let found = jandi::hook_of(conversation).and_then(|(name, person)| {
            let (name, hook) = self.hooks.get_key_value(name)?;
            Some((name.as_str(), hook, person))
        });
        found.ok_or_else(|| SendError::Refused {
            code: "channel_not_found".into(),
            explanation: format!(
                "no [[jandi.hook]] is behind the conversation `{conversation}`; it is `jandi:` and the hook's name"
            ),
        })
    }

    fn body(&self, message: &Outgoing<'_>) -> Result<Body, SendError> {
        let content = message.content;
        let by_host = message.stamp.plugin.is_empty();
        let has_buttons = content.actions.iter().any(|action| !matches!(action, Action::Link(..)));
        if by_host && has_buttons {
            // What the host asks is never asked without the buttons that answer it.
            return Err(self.lacks("buttons"));
        }
        // The host's own answers for one person hold nothing that others may not see.
        if content.audience == Audience::Asker && message.to.kind != PlaceKind::Direct && !by_host {
            return Ok(Body::plain(jandi::for_one(self.locale)));
        }
        let name_of = |mark: char, id: &str| match mark {
            '@' => self
                .people
                .get(id)
                .map(|person| person.name)
                .or_else(|| jandi::email_of(id)),
            _ => self.room(id),
        };
        jandi::body(content, self.locale, name_of).map_err(|error| SendError::Refused {
            code: match error {
                jandi::Unshown::Nothing => "no_text".into(),
                jandi::Unshown::TooLarge(_) => "msg_too_long".into(),
            },
            explanation: error.to_string(),
        })
    }

    /// The name of a hook's room, as far as it is known.
    fn room(&self, conversation: &str) -> Option<String> {
        let (hook, _) = jandi::hook_of(conversation)?;
        self.rooms
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(hook)
            .cloned()
    }
}

#[async_trait]
impl Adapter for Jandi {
    fn service(&self) -> &'static str {
        SERVICE
    }

    fn me(&self) -> &Me {
        &self.me
    }

    fn max_text(&self) -> usize {
        jandi::MAX_TEXT
    }

    async fn send(&self, message: Outgoing<'_>) -> Result<Sent, SendError> {
        let (name, hook, person) = self.hook(&message.to.conversation)?;
        let mut body = self.body(&message)?;
        if let Some(address) = message.response_url {
            body = match self.waiting.say(address, body) {
                Ok(()) => return Ok(None),
                Err(body) => body,
            };
        }
        let Some(target) = &hook.incoming else {
            return Err(SendError::Refused {
                code: "no_incoming".into(),
                explanation: format!(
                    "nothing can be said in the room of the hook `{name}` but at once as an answer: add `incoming` to its [[jandi.hook]], the address of an incoming webhook of the same room"
                ),
            });
        };
        if let Some(person) = person {
            let email = jandi::email_of(&person);
            body.email = Some(email.ok_or_else(|| SendError::Refused {
                code: "user_not_found".into(),
                explanation:
                    "JANDI did not tell this person's address, and a team webhook writes to nobody without one".into(),
            })?);
        }
        target.post(&self.poster, &body).await.map(|()| None)
    }

    async fn find(&self, _message: Outgoing<'_>) -> Result<Option<MessageRef>, SendError> {
        Err(self.lacks("history that a bot can read"))
    }

    async fn edit(&self, _at: &MessageRef, _content: &Content, _stamp: &Stamp) -> Result<(), SendError> {
        Err(self.lacks("messages that can be changed"))
    }

    async fn delete(&self, _at: &MessageRef) -> Result<(), SendError> {
        Err(self.lacks("messages that can be deleted"))
    }

    async fn react(&self, _at: &MessageRef, _emoji: &str) -> Result<(), SendError> {
        Err(self.lacks("reactions"))
    }

    async fn unreact(&self, _at: &MessageRef, _emoji: &str) -> Result<(), SendError> {
        Err(self.lacks("reactions"))
    }

    async fn find_user(&self, id: &str) -> Result<Option<User>, SendError> {
        if let Some(person) = self.people.get(id) {
            return Ok(Some(person.user()));
        }
        // Of somebody who has not written since the start there is what the id says.
        Ok(jandi::email_of(id).map(|email| User {
            name: email.clone(),
            display_name: email,
            ..User::unknown(id)
        }))
    }

    async fn find_conversation(&self, id: &str) -> Result<Option<Conversation>, SendError> {
        let Ok((name, _, person)) = self.hook(id) else {
            return Ok(None);
        };
        let (name, kind) = match person {
            None => (self.room(id).unwrap_or_else(|| name.to_owned()), PlaceKind::Channel),
            Some(_) => (String::new(), PlaceKind::Direct),
        };
        Ok(Some(Conversation {
            id: id.into(),
            name,
            kind,
            topic: String::new(),
        }))
    }

    async fn find_members(&self, _conversation: &str, _cursor: Option<&str>) -> Result<Option<MemberPage>, SendError> {
        Err(self.lacks("list of a room's members"))
    }
}

#[cfg(test)]
mod tests;
