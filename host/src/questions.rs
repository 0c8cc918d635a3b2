//! What plugins asked people and still wait for (`chat.ask`).
//!
//! A question is an entry of the store, in a space that no plugin can name, from before its message is sent until the call
//! that got the answer, or the news that none came, is over. Its buttons carry its number, so a press on one of them is
//! recognised whenever it comes. Answer and time-out have one identity: the journal takes whichever comes first, and the
//! other is its twin. So exactly one of the two reaches the plugin, whatever crashes in between.

use crate::capability::World;
use moa_core::content::{Action, Content};
use moa_core::event::{Event, EventKind, Identity, MessageRef, Place, Press, PressKind};
use moa_core::locale::UserNotice;
use moa_store::{Effect, Scope, Space, Store, StoreError, Write};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::Notify;

/// The most questions that one plugin may have open.
pub const MAX_QUESTIONS: usize = 1_000;
/// What the ids of a question's buttons and menus begin with. No plugin may use it itself.
pub const RESERVED: &str = "moa:";
const BUTTON: &str = "moa:ask:";
/// How many are read at once at the start.
const PAGE: u32 = 1_000;
/// When a time-out is told again that the journal may not have taken.
const AGAIN: Duration = Duration::from_secs(30);
/// The longest sleep: clocks are set.
const LOOK: Duration = Duration::from_secs(60);

/// Why something was not asked.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// The plugin waits for as many answers as it may.
    #[error("the plugin `{0}` waits for {MAX_QUESTIONS} answers already, the most that it may; wait for some of them")]
    Full(String),
    /// The store could not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A question that is open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// Another one for each question, also where a plugin asks under the same id again.
    pub uid: String,
    /// Who asks.
    pub plugin: String,
    /// The plugin's own id of it.
    pub id: String,
    /// Who is asked.
    pub who: String,
    /// The service's id of the team.
    pub team: String,
    /// Where.
    pub place: Place,
    /// The message, once it was sent.
    pub on: Option<MessageRef>,
    /// Until when an answer counts, in milliseconds since 1970.
    pub until_ms: i64,
}

impl Question {
    fn key(&self) -> (String, String) {
        (self.plugin.clone(), self.id.clone())
    }

    /// One for both ways in which it may end.
    fn identity(&self) -> Identity {
        Identity::other(&self.place.service, &self.team, &format!("ask/{}", self.uid))
    }

    /// What the plugin learns when nobody answered.
    fn timeout(&self) -> Event {
        let until = jiff::Timestamp::from_millisecond(self.until_ms).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        Event {
            identity: self.identity(),
            team: self.team.clone(),
            redelivered: false,
            kind: EventKind::Press(Press {
                kind: PressKind::Timeout,
                plugin: self.plugin.clone(),
                id: self.id.clone(),
                value: String::new(),
                state: Vec::new(),
                user: self.who.clone(),
                place: self.place.clone(),
                on: self.on.clone(),
                trigger: None,
                response_url: None,
                time: until.to_string(),
            }),
        }
    }
}

/// The question as it is sent: its buttons and menus lead back to it.
pub fn marked(uid: &str, content: &Content) -> Content {
    let mut content = content.clone();
    for action in &mut content.actions {
        match action {
            Action::Button { id, .. } | Action::Select { id, .. } => *id = format!("{BUTTON}{uid}:{id}"),
            Action::Link(..) => {}
        }
    }
    content
}

/// Of a button's id, the question's number and the plugin's own id of the button.
fn parted(id: &str) -> Option<(&str, &str)> {
    id.strip_prefix(BUTTON)?.split_once(':')
}

#[derive(Default)]
struct Book {
    open: BTreeMap<(String, String), Question>,
    /// When the time-out of a question was told, by its number.
    told: BTreeMap<String, SystemTime>,
}

impl Book {
    fn by_uid(&self, uid: &str) -> Option<&Question> {
        self.open.values().find(|question| question.uid == uid)
    }
}

/// All questions that are open.
pub struct Questions {
    store: Arc<dyn Store>,
    book: Mutex<Book>,
    changed: Notify,
    /// Held over a change of the store and the book, which must see the same order.
    changing: tokio::sync::Mutex<()>,
}

impl Questions {
    /// Nothing was asked yet.
    pub fn empty(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            book: Mutex::default(),
            changed: Notify::new(),
            changing: tokio::sync::Mutex::default(),
        }
    }

    /// Reads what was asked before.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn load(store: Arc<dyn Store>) -> Result<Arc<Self>, StoreError> {
        let questions = Self::empty(store);
        questions.reload().await?;
        Ok(Arc::new(questions))
    }

    /// Reads anew what is open: an operator changed the store beside the plugins.
    ///
    /// # Errors
    /// The store cannot be read; what was known before counts.
    pub async fn reload(&self) -> Result<(), StoreError> {
        let _changing = self.changing.lock().await;
        let open = stored(&*self.store).await?;
        lock(&self.book).open = open;
        self.changed.notify_one();
        Ok(())
    }

    /// Records a question before it is sent. One of the same plugin under the same id that is open is given up: its
    /// buttons say that it is over.
    ///
    /// # Errors
    /// [`AskError::Full`] past [`MAX_QUESTIONS`]; what the store refuses.
    pub async fn ask(&self, question: Question, effect: Effect) -> Result<(), AskError> {
        let _changing = self.changing.lock().await;
        let key = question.key();
        {
            let book = lock(&self.book);
            let own = || book.open.keys().filter(|(plugin, _)| *plugin == key.0).count();
            if !book.open.contains_key(&key) && own() >= MAX_QUESTIONS {
                return Err(AskError::Full(key.0));
            }
        }
        self.store.write(vec![set(&question)?], Some(effect)).await?;
        lock(&self.book).open.insert(key, question);
        self.changed.notify_one();
        Ok(())
    }

    /// The question's message was sent. Nothing happens where it is over by now.
    ///
    /// # Errors
    /// What the store refuses.
    pub async fn sent(&self, plugin: &str, uid: &str, on: MessageRef) -> Result<(), StoreError> {
        let _changing = self.changing.lock().await;
        let question = lock(&self.book).by_uid(uid).cloned();
        // A rerun says so again.
        let news = |question: &Question| question.plugin == plugin && question.on.as_ref() != Some(&on);
        let Some(mut question) = question.filter(news) else {
            return Ok(());
        };
        question.on = Some(on);
        self.store.write(vec![set(&question)?], None).await?;
        lock(&self.book).open.insert(question.key(), question);
        Ok(())
    }

    /// The question is over: its answer, or that there is none, was told. One that the plugin asked since under the same
    /// id stays.
    ///
    /// # Errors
    /// What the store refuses; the question is open still.
    pub async fn close(&self, uid: &str) -> Result<(), StoreError> {
        let _changing = self.changing.lock().await;
        let Some(question) = lock(&self.book).by_uid(uid).cloned() else {
            return Ok(());
        };
        self.store.write(vec![Write::delete(cell(&question))], None).await?;
        let mut book = lock(&self.book);
        book.open.remove(&question.key());
        book.told.remove(uid);
        Ok(())
    }

    /// A press on one of a question's buttons becomes its answer, if it is by whom it was asked; anything else stays as
    /// it is.
    pub fn resolve(&self, mut event: Event) -> Event {
        let EventKind::Press(press) = &mut event.kind else {
            return event;
        };
        let Some((uid, button)) = parted(&press.id) else {
            return event;
        };
        let question = lock(&self.book).by_uid(uid).cloned();
        let Some(question) = question.filter(|question| question.plugin == press.plugin && question.who == press.user)
        else {
            return event;
        };
        if press.value.is_empty() {
            // Two buttons without a value are told apart by their ids.
            press.value = button.to_owned();
        }
        for (id, _) in &mut press.state {
            if let Some((_, own)) = parted(id) {
                *id = own.to_owned();
            }
        }
        press.kind = PressKind::Answer;
        press.id.clone_from(&question.id);
        event.identity = question.identity();
        event
    }

    /// What the person is told whose press on a question's button is no answer to it; `None` for all other presses.
    pub fn refusal(&self, press: &Press) -> Option<UserNotice> {
        let (uid, _) = parted(&press.id)?;
        Some(match lock(&self.book).by_uid(uid) {
            Some(question) => UserNotice::NotAsked {
                who: question.who.clone(),
            },
            None => UserNotice::QuestionOver,
        })
    }

    /// What nobody answered until now. Each is told once, and again after a while if its question is open still: the
    /// journal may not have been able to take it.
    pub fn due(&self, now: SystemTime) -> Vec<Event> {
        let mut book = lock(&self.book);
        let Book { open, told } = &mut *book;
        let mut due = Vec::new();
        for question in open.values().filter(|question| question.until_ms <= milliseconds(now)) {
            let again = told.get(&question.uid).is_none_or(|at| *at + AGAIN <= now);
            if again {
                told.insert(question.uid.clone(), now);
                due.push(question.timeout());
            }
        }
        due
    }

    /// Tells time-outs when they are due, without end.
    pub async fn watch(&self, world: &dyn World, tell: impl Fn(Event)) {
        loop {
            let now = world.now();
            self.due(now).into_iter().for_each(&tell);
            let next = self.next(now);
            tokio::select! {
                () = tokio::time::sleep(next) => {}
                () = self.changed.notified() => {}
            }
        }
    }

    /// How long until there may be something due.
    fn next(&self, now: SystemTime) -> Duration {
        let book = lock(&self.book);
        let first = book.open.values().map(|question| match book.told.get(&question.uid) {
            Some(told) => milliseconds(*told + AGAIN),
            None => question.until_ms,
        });
        let wait = first.min().map_or(i64::MAX, |at| at.saturating_sub(milliseconds(now)));
        Duration::from_millis(u64::try_from(wait).unwrap_or(0).saturating_add(1)).min(LOOK)
    }
}

fn set(question: &Question) -> Result<Write, StoreError> {
    let value = serde_json::to_vec(question).map_err(|error| StoreError::Io(error.to_string()))?;
    Ok(Write::set(cell(question), value))
}

fn cell(question: &Question) -> moa_store::Cell {
    space().cell(format!("{}/{}", question.plugin, question.id))
}

/// No plugin's name has a colon.
fn space() -> Space {
    Space::new("moa:asked", Scope::Plugin)
}

async fn stored(store: &dyn Store) -> Result<BTreeMap<(String, String), Question>, StoreError> {
    let mut open = BTreeMap::new();
    let mut after = None;
    loop {
        let page = store.keys(&space(), "", after.as_deref(), PAGE).await?;
        let cells: Vec<_> = page.keys.iter().map(|key| space().cell(key.as_str())).collect();
        for (key, entry) in page.keys.iter().zip(store.get_many(&cells).await?) {
            match entry.and_then(|entry| serde_json::from_slice::<Question>(&entry.value).ok()) {
                Some(question) => drop(open.insert(question.key(), question)),
                None => tracing::warn!(
                    question = key,
                    "a question that a plugin asked cannot be read; nobody's answer to it counts"
                ),
            }
        }
        after = page.next;
        if after.is_none() {
            return Ok(open);
        }
    }
}

/// Milliseconds since 1970.
pub fn milliseconds(at: SystemTime) -> i64 {
    at.duration_since(UNIX_EPOCH)
        .map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Nothing here is left half changed by a panic elsewhere.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
