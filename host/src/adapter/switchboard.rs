//! Several services behind one adapter: each call goes to the service of its place. Ids without a place tell their service
//! by how they begin: those of the main service are as they are, those of every other service begin with its name.
//!
//! What is called for every message hands on the service's own future: nothing is allocated or locked here.

use super::{Adapter, ConversationPage, Form, Me, MemberPage, Outgoing, SendError, Stamp, Upload};
use async_trait::async_trait;
use moa_core::call::Sent;
use moa_core::content::Content;
use moa_core::event::{Conversation, Message, MessageRef, Place, User};
use std::pin::Pin;
use std::sync::Arc;

/// The services. The first is the main one.
pub struct Switchboard {
    main: Arc<dyn Adapter>,
    others: Vec<Arc<dyn Adapter>>,
}

/// What async functions of traits return.
type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, SendError>> + Send + 'a>>;

impl Switchboard {
    /// One adapter for all of them: where there is but one, it is that itself.
    pub fn of(main: Arc<dyn Adapter>, others: Vec<Arc<dyn Adapter>>) -> Arc<dyn Adapter> {
        match others.is_empty() {
            true => main,
            false => Arc::new(Self { main, others }),
        }
    }

    fn at(&self, place: &Place) -> &dyn Adapter {
        let named = |adapter: &&Arc<dyn Adapter>| adapter.service() == place.service;
        &**self.others.iter().find(named).unwrap_or(&self.main)
    }

    fn by_id(&self, id: &str) -> &dyn Adapter {
        let named = |adapter: &&Arc<dyn Adapter>| {
            let rest = id.strip_prefix(adapter.service());
            rest.is_some_and(|rest| rest.starts_with(':'))
        };
        &**self.others.iter().find(named).unwrap_or(&self.main)
    }
}

#[async_trait]
impl Adapter for Switchboard {
    fn service(&self) -> &'static str {
        self.main.service()
    }

    fn serves(&self, service: &str) -> bool {
        self.main.serves(service) || self.others.iter().any(|other| other.serves(service))
    }

    fn service_of(&self, conversation: &str) -> &'static str {
        self.by_id(conversation).service()
    }

    fn me(&self) -> &Me {
        self.main.me()
    }

    fn max_text(&self) -> usize {
        let others = self.others.iter().map(|other| other.max_text());
        others.fold(self.main.max_text(), usize::min)
    }

    fn send<'s, 'm, 'a>(&'s self, message: Outgoing<'m>) -> Answer<'a, Sent>
    where
        's: 'a,
        'm: 'a,
        Self: 'a,
    {
        self.at(message.to).send(message)
    }

    fn find<'s, 'm, 'a>(&'s self, message: Outgoing<'m>) -> Answer<'a, Option<MessageRef>>
    where
        's: 'a,
        'm: 'a,
        Self: 'a,
    {
        self.at(message.to).find(message)
    }

    fn find_user<'s, 'i, 'a>(&'s self, id: &'i str) -> Answer<'a, Option<User>>
    where
        's: 'a,
        'i: 'a,
        Self: 'a,
    {
        self.by_id(id).find_user(id)
    }

    fn find_conversation<'s, 'i, 'a>(&'s self, id: &'i str) -> Answer<'a, Option<Conversation>>
    where
        's: 'a,
        'i: 'a,
        Self: 'a,
    {
        self.by_id(id).find_conversation(id)
    }

    async fn edit(&self, at: &MessageRef, content: &Content, stamp: &Stamp) -> Result<(), SendError> {
        self.at(&at.place).edit(at, content, stamp).await
    }

    async fn replace(&self, response_url: &str, content: &Content, stamp: &Stamp) -> Result<(), SendError> {
        self.by_id(response_url).replace(response_url, content, stamp).await
    }

    async fn open_form(&self, form: Form<'_>) -> Result<(), SendError> {
        self.at(form.place).open_form(form).await
    }

    async fn upload(&self, file: Upload<'_>) -> Result<String, SendError> {
        self.at(file.to).upload(file).await
    }

    async fn download(&self, file: &str, limit: usize) -> Result<Option<Vec<u8>>, SendError> {
        self.by_id(file).download(file, limit).await
    }

    async fn find_file(&self, file: &str) -> Result<Option<Vec<String>>, SendError> {
        self.by_id(file).find_file(file).await
    }

    async fn open_direct(&self, user: &str) -> Result<Place, SendError> {
        self.by_id(user).open_direct(user).await
    }

    async fn history(&self, at: &Place, before: Option<&str>, limit: u32) -> Result<Vec<Message>, SendError> {
        self.at(at).history(at, before, limit).await
    }

    async fn delete(&self, at: &MessageRef) -> Result<(), SendError> {
        self.at(&at.place).delete(at).await
    }

    async fn react(&self, at: &MessageRef, emoji: &str) -> Result<(), SendError> {
        self.at(&at.place).react(at, emoji).await
    }

    async fn unreact(&self, at: &MessageRef, emoji: &str) -> Result<(), SendError> {
        self.at(&at.place).unreact(at, emoji).await
    }

    async fn find_members(&self, conversation: &str, cursor: Option<&str>) -> Result<Option<MemberPage>, SendError> {
        self.by_id(conversation).find_members(conversation, cursor).await
    }

    async fn own_conversations(&self, cursor: Option<&str>) -> Result<ConversationPage, SendError> {
        self.main.own_conversations(cursor).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapter::incoming::{self, Incoming};
    use crate::adapter::webhook::Poster;
    use crate::testing::{FakeAdapter, place};
    use moa_core::locale::Locale;

    #[tokio::test]
    async fn each_place_is_its_services_and_ids_tell_theirs() {
        let main = Arc::new(FakeAdapter::default());
        let poster = Arc::new(Poster::new([]).unwrap());
        let incoming = Arc::new(Incoming::new(Default::default(), poster, Locale::En));
        let both = Switchboard::of(Arc::clone(&main) as _, vec![incoming]);
        assert_eq!(both.service(), "fake");
        assert_eq!(
            ["C1", "incoming:ops", "incoming", "jandi:lunch"].map(|id| both.service_of(id)),
            ["fake", "incoming", "fake", "fake"]
        );
        assert!(both.serves("fake") && both.serves("incoming") && !both.serves("jandi"));
        let content = Content::text("hi");
        let stamp = Stamp {
            plugin: "p".into(),
            invocation: "i".into(),
            ordinal: 0,
        };
        let send = async |to: &Place| {
            let message = Outgoing {
                to,
                answers: None,
                asker: None,
                content: &content,
                stamp: &stamp,
                response_url: None,
            };
            both.send(message).await
        };
        let ops = Place {
            service: incoming::SERVICE.into(),
            conversation: "incoming:ops".into(),
            ..place("C1")
        };
        assert!(send(&place("C1")).await.is_ok());
        let error = send(&ops).await.unwrap_err().to_string();
        assert!(error.contains("[incoming.NAME]"), "{error}");
        assert_eq!(main.texts(), ["hi"]);
        assert!(
            both.find_members("incoming:ops", None).await.is_err(),
            "a webhook has none"
        );
        for id in ["C1", "incomings", "incoming"] {
            assert!(both.find_members(id, None).await.is_ok(), "{id}");
        }
    }

    #[test]
    fn one_service_is_itself() {
        let main: Arc<dyn Adapter> = Arc::new(FakeAdapter::default());
        assert!(Arc::ptr_eq(&Switchboard::of(Arc::clone(&main), Vec::new()), &main));
    }
}
