//! What admins silence in chat: all plugins for a while (`!pause`), or the bot in one conversation (`!mute`).
//!
//! Both are durable: entries of the store, in a space that no plugin can name. They hold for what is accepted from then
//! on; a call that runs already is not ended, but says nothing more where the bot is mute.

use arc_swap::ArcSwap;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use moa_core::event::{Event, EventKind};
use moa_core::locale::UserNotice;
use moa_store::{Cell, Scope, Space, Store, StoreError, Write};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long nobody in a conversation is told again.
const TOLD: Duration = Duration::from_secs(60);
/// Conversations that are kept in mind before those are forgotten that may be told again.
const KEPT: usize = 4096;
/// How many entries are read at once at the start.
const PAGE: u32 = 1_000;
/// The entry of the pause; those of conversations hold a slash.
const PAUSE: &str = "pause";

/// By whom, since when and why something is silenced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// The admin's id.
    pub by: String,
    /// The admin's name, for people to read.
    pub name: String,
    /// Since when, in milliseconds since 1970.
    pub at_ms: i64,
    /// Why, in their words; empty where they said nothing.
    pub reason: String,
}

impl Order {
    /// Since when, as a clock in that zone shows it.
    pub fn since(&self, zone: &TimeZone) -> String {
        let at = Timestamp::from_millisecond(self.at_ms).unwrap_or(Timestamp::UNIX_EPOCH);
        at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string()
    }
}

/// What holds an event back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hold {
    /// No plugin is called.
    Paused(Order),
    /// The bot is silent where it happened.
    Muted,
}

impl Hold {
    /// What the person is told who wanted something.
    pub fn notice(&self, zone: &TimeZone) -> UserNotice {
        match self {
            Self::Paused(order) => UserNotice::Paused {
                by: order.name.clone(),
                since: order.since(zone),
                reason: order.reason.clone(),
            },
            Self::Muted => UserNotice::Muted,
        }
    }
}

/// What is silenced, by the names of the entries.
type Book = BTreeMap<String, Order>;

/// What is silenced, and who was told so.
pub struct Maintenance {
    store: Arc<dyn Store>,
    book: ArcSwap<Book>,
    told: Mutex<HashMap<String, Instant>>,
    /// Held over a change of the store and the book, which must see the same order.
    changing: tokio::sync::Mutex<()>,
}

impl Maintenance {
    /// Nothing is silenced.
    pub fn none(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            book: ArcSwap::default(),
            told: Mutex::default(),
            changing: tokio::sync::Mutex::default(),
        }
    }

    /// Reads what was silenced before.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn load(store: Arc<dyn Store>) -> Result<Arc<Self>, StoreError> {
        let maintenance = Self::none(store);
        maintenance.reload().await?;
        for (what, order) in maintenance.book.load().iter() {
            let Order { by, reason, .. } = order;
            match what.as_str() {
                PAUSE => tracing::warn!(
                    by,
                    reason,
                    "the bot is paused: no plugin is called until an admin writes `!resume`"
                ),
                conversation => tracing::info!(by, conversation, "the bot is silent in a conversation"),
            }
        }
        Ok(Arc::new(maintenance))
    }

    /// Reads anew what is silenced: an operator changed the store beside the host.
    ///
    /// # Errors
    /// The store cannot be read; what was known before counts.
    pub async fn reload(&self) -> Result<(), StoreError> {
        let _changing = self.changing.lock().await;
        self.book.store(Arc::new(stored(&*self.store).await?));
        Ok(())
    }

    /// What holds an event back. What was accepted as the end of a question is never held: nobody could repeat it.
    pub fn hold(&self, event: &Event) -> Option<Hold> {
        let book = self.book.load();
        if book.is_empty() || event.ends_question() {
            return None;
        }
        let place = event.place();
        match book.contains_key(&key(&place.service, &place.conversation)) {
            true => Some(Hold::Muted),
            false => book.get(PAUSE).cloned().map(Hold::Paused),
        }
    }

    /// Whether no plugin is called.
    pub fn is_paused(&self) -> bool {
        self.book.load().contains_key(PAUSE)
    }

    /// Whether the bot is silent in a conversation.
    pub fn is_muted(&self, service: &str, conversation: &str) -> bool {
        let book = self.book.load();
        !book.is_empty() && book.contains_key(&key(service, conversation))
    }

    /// Whether somebody is told that their event is held back: once in a while, and everybody in the conversation by the
    /// same message. Whoever did what nobody else saw is told themselves; a form that was filled in is never dropped
    /// without a word.
    pub fn tells(&self, event: &Event, now: Instant) -> bool {
        let place = event.place();
        let whom = match &event.kind {
            _ if event.is_answered_at_once() => return true,
            EventKind::Message(_) | EventKind::Change(_) | EventKind::Due(_) | EventKind::Hook(_) => "",
            EventKind::Slash(_) | EventKind::Press(_) | EventKind::Ruling(_) => event.author(),
        };
        let key = format!("{}/{}/{whom}", place.service, place.conversation);
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let recent = |at: &Instant| now.saturating_duration_since(*at) < TOLD;
        if told.get(&key).is_some_and(recent) {
            return false;
        }
        if told.len() >= KEPT {
            told.retain(|_, at| recent(at));
        }
        if told.len() < KEPT {
            told.insert(key, now);
        }
        true
    }

    /// Stops all plugins; what held before.
    ///
    /// # Errors
    /// What the store refuses; they go on then.
    pub async fn pause(&self, order: Order) -> Result<Option<Order>, StoreError> {
        self.set(PAUSE, Some(order)).await
    }

    /// Ends the pause; what held before.
    ///
    /// # Errors
    /// What the store refuses; it holds still then.
    pub async fn resume(&self) -> Result<Option<Order>, StoreError> {
        self.set(PAUSE, None).await
    }

    /// Makes the bot silent in a conversation; what held before.
    ///
    /// # Errors
    /// What the store refuses; it speaks there still then.
    pub async fn mute(&self, service: &str, conversation: &str, order: Order) -> Result<Option<Order>, StoreError> {
        self.set(&key(service, conversation), Some(order)).await
    }

    /// Lets the bot speak in a conversation; what held before.
    ///
    /// # Errors
    /// What the store refuses; it is silent there still then.
    pub async fn unmute(&self, service: &str, conversation: &str) -> Result<Option<Order>, StoreError> {
        self.set(&key(service, conversation), None).await
    }

    async fn set(&self, key: &str, order: Option<Order>) -> Result<Option<Order>, StoreError> {
        let _changing = self.changing.lock().await;
        let write = match &order {
            Some(order) => {
                let value = serde_json::to_vec(order).map_err(|error| StoreError::Io(error.to_string()))?;
                Write::set(cell(key), value)
            }
            None => Write::delete(cell(key)),
        };
        self.store.write(vec![write], None).await?;
        let mut book = Book::clone(&self.book.load());
        let before = match order {
            Some(order) => book.insert(key.to_owned(), order),
            None => book.remove(key),
        };
        self.book.store(Arc::new(book));
        // What is told from now on is news.
        self.told.lock().unwrap_or_else(PoisonError::into_inner).clear();
        Ok(before)
    }
}

async fn stored(store: &dyn Store) -> Result<Book, StoreError> {
    let mut book = Book::new();
    let mut after = None;
    loop {
        let page = store.keys(&space(), "", after.as_deref(), PAGE).await?;
        let cells: Vec<_> = page.keys.iter().map(|key| cell(key)).collect();
        for (key, entry) in page.keys.iter().zip(store.get_many(&cells).await?) {
            match entry.and_then(|entry| serde_json::from_slice::<Order>(&entry.value).ok()) {
                Some(order) => drop(book.insert(key.clone(), order)),
                None => tracing::warn!(
                    what = key,
                    "what an admin silenced cannot be read, and is not silenced any more"
                ),
            }
        }
        after = page.next;
        if after.is_none() {
            return Ok(book);
        }
    }
}

/// The name of a conversation's entry. No service has a slash in its name.
fn key(service: &str, conversation: &str) -> String {
    format!("{service}/{conversation}")
}

fn cell(key: &str) -> Cell {
    space().cell(key)
}

/// No plugin's name has a colon.
fn space() -> Space {
    Space::new("moa:maintenance", Scope::Plugin)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{FlakyStore, message};
    use std::sync::atomic::Ordering;

    fn order(reason: &str) -> Order {
        Order {
            by: "U9".into(),
            name: "Rosie".into(),
            at_ms: 7,
            reason: reason.into(),
        }
    }

    async fn loaded(store: &Arc<FlakyStore>) -> Arc<Maintenance> {
        Maintenance::load(Arc::clone(store) as Arc<dyn Store>).await.unwrap()
    }

    #[tokio::test]
    async fn what_is_silenced_outlives_the_host_and_ends_when_an_admin_says_so() {
        let store = Arc::<FlakyStore>::default();
        let event = message("U1", "1.0", "!x");
        let first = loaded(&store).await;
        assert_eq!(first.hold(&event), None);
        assert_eq!(first.pause(order("a")).await.unwrap(), None);
        assert_eq!(first.pause(order("b")).await.unwrap(), Some(order("a")));
        let second = loaded(&store).await;
        assert_eq!(second.hold(&event), Some(Hold::Paused(order("b"))));
        let (service, conversation) = (&event.place().service, &event.place().conversation);
        second.mute(service, conversation, order("")).await.unwrap();
        second.mute(service, "C999", order("")).await.unwrap();
        assert_eq!(second.hold(&event), Some(Hold::Muted));
        assert!(!second.is_muted("other", conversation));
        let third = loaded(&store).await;
        assert!(third.is_paused() && third.is_muted(service, conversation));
        third.unmute(service, conversation).await.unwrap();
        assert_eq!(third.hold(&event), Some(Hold::Paused(order("b"))));
        assert_eq!(third.resume().await.unwrap(), Some(order("b")));
        assert_eq!(third.resume().await.unwrap(), None);
        assert_eq!(loaded(&store).await.hold(&event), None);
    }

    #[tokio::test]
    async fn what_is_not_on_disk_does_not_count() {
        let store = Arc::<FlakyStore>::default();
        let maintenance = loaded(&store).await;
        store.full.store(true, Ordering::SeqCst);
        maintenance.pause(order("")).await.unwrap_err();
        assert!(!maintenance.is_paused());
    }

    #[tokio::test]
    async fn a_conversation_is_told_once_a_minute_and_again_when_something_changes() {
        let store = Arc::<FlakyStore>::default();
        let maintenance = loaded(&store).await;
        let now = Instant::now();
        let mine = message("U1", "1.0", "!x");
        let theirs = message("U2", "2.0", "!y");
        assert!(maintenance.tells(&mine, now));
        assert!(!maintenance.tells(&theirs, now + TOLD / 2));
        assert!(maintenance.tells(&theirs, now + TOLD));
        assert!(!maintenance.tells(&mine, now + TOLD));
        maintenance.pause(order("")).await.unwrap();
        assert!(maintenance.tells(&mine, now + TOLD));
    }
}
