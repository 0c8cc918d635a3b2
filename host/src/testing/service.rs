//! A chat service that is a list.

use super::{Crash, message, place};
use crate::adapter::{Adapter, ConversationPage, Form, Me, MemberPage, Outgoing, SendError, Stamp, Upload};
use async_trait::async_trait;
use moa_core::call::Sent;
use moa_core::content::{Audience, Content};
use moa_core::event::{Conversation, File, Message, MessageRef, Place, PlaceKind, User};
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// A message as the service got it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    pub conversation: String,
    pub answers: Option<String>,
    pub asker: Option<String>,
    pub text: String,
    pub audience: Audience,
    pub stamp: Stamp,
    pub response_url: Option<String>,
}

/// A file as the service got it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SentFile {
    pub to: Place,
    pub name: String,
    pub content: String,
    pub comment: String,
}

/// What the service does with the next message.
#[derive(Clone, Debug)]
pub(crate) enum Next {
    /// Does not take it.
    Fail(SendError),
    /// Takes it, and fails to say so.
    TakeAndFail(SendError),
}

/// Where a file can be seen, and what is in it.
type Seen = (Vec<String>, Vec<u8>);

/// A chat service that is a list of messages.
pub(crate) struct FakeAdapter {
    pub me: Me,
    pub max_text: usize,
    pub told: Mutex<Vec<Told>>,
    pub next: Mutex<VecDeque<Next>>,
    pub next_find: Mutex<VecDeque<SendError>>,
    pub finds: AtomicUsize,
    pub edited: Mutex<Vec<(MessageRef, String)>>,
    pub reacted: Mutex<Vec<(String, bool)>>,
    pub deleted: Mutex<Vec<MessageRef>>,
    /// Forms: the trigger, the view, whose it is.
    pub forms: Mutex<Vec<(String, String, String)>>,
    /// What conversations hold, newest first.
    pub past: Mutex<Vec<Message>>,
    /// The conversations that the bot is in.
    pub own: Vec<String>,
    /// Files by id: where they can be seen, and what is in them.
    pub contents: Mutex<BTreeMap<String, Seen>>,
    /// Files, if the service takes any.
    pub files: Option<Mutex<Vec<SentFile>>>,
    /// Reactions and look-ups never end.
    pub stuck: bool,
    /// When the host ends.
    pub crash: Mutex<Option<Arc<Crash>>>,
}

impl Default for FakeAdapter {
    fn default() -> Self {
        Self {
            me: Me {
                user_id: "UBOT".into(),
                bot_id: "B1".into(),
                team: "T1".into(),
                name: "moa".into(),
            },
            max_text: 100,
            told: Mutex::default(),
            next: Mutex::default(),
            next_find: Mutex::default(),
            finds: AtomicUsize::new(0),
            edited: Mutex::default(),
            reacted: Mutex::default(),
            deleted: Mutex::default(),
            forms: Mutex::default(),
            past: Mutex::default(),
            own: Vec::new(),
            contents: Mutex::default(),
            files: None,
            stuck: false,
            crash: Mutex::default(),
        }
    }
}

impl FakeAdapter {
    pub(crate) fn texts(&self) -> Vec<String> {
        self.told.lock().unwrap().iter().map(|told| told.text.clone()).collect()
    }

    async fn moment(&self) {
        let crash = self.crash.lock().unwrap().clone();
        Crash::moment(crash.as_ref()).await;
    }

    /// A file that was taken stands in the conversation.
    fn show(&self, id: &str, file: Upload<'_>) {
        let here = vec![file.to.conversation.clone()];
        self.contents
            .lock()
            .unwrap()
            .insert(id.into(), (here, file.data.to_vec()));
        let mut message = message(&self.me.user_id, id, file.comment).message().unwrap().clone();
        message.at.place = file.to.clone();
        message.files.push(File {
            id: id.into(),
            name: file.name.into(),
            mime: String::new(),
            size: u32::try_from(file.data.len()).unwrap(),
        });
        self.past.lock().unwrap().insert(0, message);
    }

    async fn stick(&self) {
        if self.stuck {
            std::future::pending::<()>().await;
        }
    }

    fn at(&self, message: &Outgoing<'_>, index: usize) -> MessageRef {
        MessageRef {
            place: message.to.clone(),
            id: index.to_string(),
        }
    }
}

#[async_trait]
impl Adapter for FakeAdapter {
    fn service(&self) -> &'static str {
        "fake"
    }

    fn me(&self) -> &Me {
        &self.me
    }

    fn max_text(&self) -> usize {
        self.max_text
    }

    async fn send(&self, message: Outgoing<'_>) -> Result<Sent, SendError> {
        self.moment().await;
        let next = self.next.lock().unwrap().pop_front();
        if let Some(Next::Fail(error)) = next {
            return Err(error);
        }
        let index = {
            let mut told = self.told.lock().unwrap();
            told.push(Told {
                conversation: message.to.conversation.clone(),
                answers: message.answers.map(Into::into),
                asker: message.asker.map(Into::into),
                text: message.content.text.clone(),
                audience: message.content.audience,
                stamp: message.stamp.clone(),
                response_url: message.response_url.map(Into::into),
            });
            told.len() - 1
        };
        self.moment().await;
        match next {
            Some(Next::TakeAndFail(error)) => Err(error),
            _ => Ok(Some(self.at(&message, index))),
        }
    }

    async fn find(&self, message: Outgoing<'_>) -> Result<Option<MessageRef>, SendError> {
        self.finds.fetch_add(1, Ordering::SeqCst);
        if let Some(error) = self.next_find.lock().unwrap().pop_front() {
            return Err(error);
        }
        let at = self
            .told
            .lock()
            .unwrap()
            .iter()
            .position(|told| told.stamp == *message.stamp);
        let file = self.files.as_ref().and_then(|files| {
            let files = files.lock().unwrap();
            files.iter().position(|file| file.comment == message.content.text)
        });
        let at = at.or(file.map(|index| 1_000 + index));
        Ok(at.map(|index| self.at(&message, index)))
    }

    async fn edit(&self, at: &MessageRef, content: &Content, _stamp: &Stamp) -> Result<(), SendError> {
        self.moment().await;
        self.edited.lock().unwrap().push((at.clone(), content.text.clone()));
        self.moment().await;
        Ok(())
    }

    /// A file's message stands among the others, without a stamp.
    async fn upload(&self, file: Upload<'_>) -> Result<String, SendError> {
        self.moment().await;
        let Some(files) = &self.files else {
            return Err(self.lacks("files"));
        };
        let next = self.next.lock().unwrap().pop_front();
        if let Some(Next::Fail(error)) = next {
            return Err(error);
        }
        let id = {
            let mut files = files.lock().unwrap();
            let content = String::from_utf8_lossy(file.data).into_owned();
            files.push(SentFile {
                to: file.to.clone(),
                name: file.name.into(),
                content,
                comment: file.comment.into(),
            });
            format!("F{}", files.len())
        };
        self.show(&id, file);
        self.moment().await;
        match next {
            Some(Next::TakeAndFail(error)) => Err(error),
            _ => Ok(id),
        }
    }

    async fn delete(&self, at: &MessageRef) -> Result<(), SendError> {
        self.moment().await;
        self.deleted.lock().unwrap().push(at.clone());
        self.moment().await;
        Ok(())
    }

    /// A trigger works once.
    async fn open_form(&self, form: Form<'_>) -> Result<(), SendError> {
        let mut forms = self.forms.lock().unwrap();
        if forms.iter().any(|(trigger, ..)| trigger == form.trigger) {
            return Err(SendError::Refused {
                code: "exchanged_trigger_id".into(),
                explanation: "used".into(),
            });
        }
        forms.push((form.trigger.into(), form.view.into(), form.plugin.into()));
        Ok(())
    }

    async fn find_file(&self, file: &str) -> Result<Option<Vec<String>>, SendError> {
        let contents = self.contents.lock().unwrap();
        Ok(contents.get(file).map(|(seen, _)| seen.clone()))
    }

    async fn download(&self, file: &str, limit: usize) -> Result<Option<Vec<u8>>, SendError> {
        let contents = self.contents.lock().unwrap();
        match contents.get(file) {
            Some((_, content)) if content.len() > limit => Err(SendError::Refused {
                code: "too_large".into(),
                explanation: "too large".into(),
            }),
            found => Ok(found.map(|(_, content)| content.clone())),
        }
    }

    /// `D` and the person's id.
    async fn open_direct(&self, user: &str) -> Result<Place, SendError> {
        Ok(Place {
            kind: PlaceKind::Direct,
            ..place(&format!("D{user}"))
        })
    }

    async fn history(&self, at: &Place, before: Option<&str>, limit: u32) -> Result<Vec<Message>, SendError> {
        let past = self.past.lock().unwrap();
        let here = past.iter().filter(|message| message.at.place == *at);
        let older = here.skip_while(|message| before.is_some_and(|before| message.at.id != before));
        let older = older.skip(usize::from(before.is_some()));
        Ok(older.take(limit as usize).cloned().collect())
    }

    async fn react(&self, _at: &MessageRef, emoji: &str) -> Result<(), SendError> {
        self.stick().await;
        self.moment().await;
        self.reacted.lock().unwrap().push((emoji.into(), true));
        self.moment().await;
        Ok(())
    }

    async fn unreact(&self, _at: &MessageRef, emoji: &str) -> Result<(), SendError> {
        self.moment().await;
        self.reacted.lock().unwrap().push((emoji.into(), false));
        Ok(())
    }

    async fn find_user(&self, id: &str) -> Result<Option<User>, SendError> {
        self.stick().await;
        self.moment().await;
        Ok(Some(User {
            display_name: format!("name of {id}"),
            locale: Some("en-US".into()),
            ..User::unknown(id)
        }))
    }

    /// Only `C8` is known, by its topic.
    async fn find_conversation(&self, id: &str) -> Result<Option<Conversation>, SendError> {
        Ok((id == "C8").then(|| Conversation {
            id: id.into(),
            name: "eight".into(),
            kind: PlaceKind::Channel,
            topic: "ask {@U7}".into(),
        }))
    }

    /// `C1` has two pages of members, `U1` and the bot, then `U2`; there is no other conversation.
    async fn find_members(&self, conversation: &str, cursor: Option<&str>) -> Result<Option<MemberPage>, SendError> {
        let (ids, next) = match (conversation, cursor) {
            ("C1", None) => (vec!["U1".into(), self.me.user_id.clone()], Some("more".into())),
            ("C1", Some(_)) => (vec!["U2".into()], None),
            _ => return Ok(None),
        };
        Ok(Some(MemberPage { ids, next }))
    }

    /// Two at a time; what follows one is asked for by its number.
    async fn own_conversations(&self, cursor: Option<&str>) -> Result<ConversationPage, SendError> {
        self.moment().await;
        let from: usize = cursor.map_or(0, |cursor| cursor.parse().unwrap());
        Ok(ConversationPage {
            ids: self.own.iter().skip(from).take(2).cloned().collect(),
            next: (from + 2 < self.own.len()).then(|| (from + 2).to_string()),
        })
    }
}
