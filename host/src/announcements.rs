//! What an admin says in all conversations (`!announce`): where it goes, and how far it is.
//!
//! Both are entries of the store, in a space that no plugin can name, from before the first message is sent; they expire by
//! themselves. So an announcement that was cut off goes on where it was: only the conversation that was next is looked through
//! for the message before it is sent there.

use crate::adapter::{Adapter, SendError};
use crate::maintenance::Maintenance;
use crate::outbox::{Letter, Ordinals, Outbox};
use moa_core::content::Content;
use moa_core::event::{Place, PlaceKind};
use moa_store::{Scope, Space, Store, StoreError, Write};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// How long it is known how far an announcement was, in milliseconds: longer than anything is taken up again.
const KEPT_MS: u64 = 7 * 24 * 3600 * 1000;
/// The most conversations of one announcement.
pub const MOST: usize = 100_000;

/// Why an announcement ended before its last conversation.
#[derive(Debug, thiserror::Error)]
pub enum AnnounceError {
    /// Where it is to go could not be found out.
    #[error("where the bot is could not be found out: {0}")]
    Unlisted(#[from] SendError),
    /// How far it is could not be kept.
    #[error("how far an announcement is could not be kept, so it ends here: {0}")]
    Unkept(#[from] StoreError),
}

/// Where an announcement goes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Round {
    /// The conversations' ids.
    pub to: Vec<String>,
    /// How many are left out, for the bot is mute there.
    pub muted: usize,
}

/// How far an announcement is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// How many conversations are done with, in the order of the round.
    pub done: usize,
    /// Those of them that it did not get to.
    pub missed: Vec<String>,
}

/// An announcement on its way.
pub struct Announcement<'a> {
    /// The chat service.
    pub adapter: &'a dyn Adapter,
    /// The way out.
    pub outbox: &'a Outbox,
    /// Where it is kept how far it is.
    pub store: &'a Arc<dyn Store>,
    /// Where the bot is mute.
    pub maintenance: &'a Maintenance,
    /// Its own name, the same whenever it is taken up.
    pub id: &'a str,
    /// What is said.
    pub content: &'a Content,
}

/// Where the bot is: in conversations of several people, those left out where it is mute.
///
/// # Errors
/// The service does not tell.
pub async fn round(adapter: &dyn Adapter, outbox: &Outbox, maintenance: &Maintenance) -> Result<Round, SendError> {
    let mut round = Round::default();
    let mut cursor: Option<String> = None;
    loop {
        let page = outbox
            .carry_out(|| adapter.own_conversations(cursor.as_deref()))
            .await?;
        for id in page.ids {
            match maintenance.is_muted(adapter.service(), &id) {
                true => round.muted += 1,
                // A page may show one again that moved meanwhile.
                false if !round.to.contains(&id) => round.to.push(id),
                false => {}
            }
        }
        // A service that leads back to where it was would be asked for ever.
        if page.next.is_none() || page.next == cursor || round.to.len() >= MOST {
            return Ok(round);
        }
        cursor = page.next;
    }
}

impl Announcement<'_> {
    /// Says it in each conversation once, one after the other, behind whatever else waits there. `look_first`: an earlier
    /// run may have begun it. Answers where it went, and how that went.
    ///
    /// # Errors
    /// Why it ended before; what was said stays said.
    pub async fn make(&self, look_first: bool) -> Result<(Round, Progress), AnnounceError> {
        let kept: Option<Round> = self.read("round").await?;
        let round = match kept {
            Some(round) => round,
            None => {
                let round = round(self.adapter, self.outbox, self.maintenance).await?;
                self.keep("round", &round).await?;
                round
            }
        };
        let mut progress: Progress = self.read("progress").await?.unwrap_or_default();
        let mut look_first = look_first;
        for to in round.to.iter().skip(progress.done) {
            if let Err(error) = self.say(to, look_first).await {
                tracing::warn!(conversation = to, announcement = self.id, %error, "an announcement did not get there");
                progress.missed.push(to.clone());
            }
            // What comes after it was not begun by anybody.
            look_first = false;
            progress.done += 1;
            self.keep("progress", &progress).await?;
        }
        Ok((round, progress))
    }

    async fn say(&self, conversation: &str, look_first: bool) -> Result<(), SendError> {
        let place = Place {
            service: self.adapter.service().to_owned(),
            conversation: conversation.to_owned(),
            thread: None,
            kind: PlaceKind::Channel,
        };
        let letter = Letter {
            to: &place,
            answers: None,
            asker: None,
            content: self.content,
            plugin: "",
            // The place is part of the sign: it is another message in each of them.
            invocation: &format!("{}@{conversation}", self.id),
            response_url: None,
            look_first,
        };
        self.outbox.send_bulk(letter, &Ordinals::default()).await.map(drop)
    }

    fn key(&self, what: &str) -> String {
        format!("{}/{what}", self.id)
    }

    async fn read<T: for<'de> Deserialize<'de>>(&self, what: &str) -> Result<Option<T>, StoreError> {
        match self.store.get(&space().cell(self.key(what))).await? {
            None => Ok(None),
            Some(entry) => serde_json::from_slice(&entry.value)
                .map(Some)
                .map_err(|error| StoreError::Io(error.to_string())),
        }
    }

    async fn keep<T: Serialize>(&self, what: &str, value: &T) -> Result<(), StoreError> {
        let value = serde_json::to_vec(value).map_err(|error| StoreError::Io(error.to_string()))?;
        let write = Write::set(space().cell(self.key(what)), value).ttl(KEPT_MS);
        self.store.write(vec![write], None).await.map(drop)
    }
}

/// No plugin's name has a colon.
fn space() -> Space {
    Space::new("moa:announced", Scope::Plugin)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Crash, FakeAdapter, FlakyStore, Next};
    use moa_store::{MemoryStore, SystemClock};
    use std::sync::atomic::Ordering;

    const HERE: [&str; 5] = ["C1", "C2", "C3", "C4", "C5"];

    fn adapter() -> Arc<FakeAdapter> {
        Arc::new(FakeAdapter {
            own: HERE.map(str::to_owned).to_vec(),
            ..FakeAdapter::default()
        })
    }

    fn places(adapter: &FakeAdapter) -> Vec<String> {
        let told = adapter.told.lock().unwrap();
        told.iter().map(|told| told.conversation.clone()).collect()
    }

    /// One run, until its end or until the crash.
    async fn run(
        adapter: &Arc<FakeAdapter>,
        inner: &Arc<dyn Store>,
        crash: Option<Arc<Crash>>,
        look_first: bool,
    ) -> Option<Result<(Round, Progress), AnnounceError>> {
        let store: Arc<dyn Store> = Arc::new(FlakyStore::of(Arc::clone(inner), crash.clone()));
        let outbox = Outbox::new(Arc::clone(adapter) as Arc<dyn Adapter>, 0.0, 1);
        let maintenance = Maintenance::load(Arc::clone(inner)).await.unwrap();
        let content = Content::text("lunch is ready");
        adapter.crash.lock().unwrap().clone_from(&crash);
        let announcement = Announcement {
            adapter: &**adapter,
            outbox: &outbox,
            store: &store,
            maintenance: &maintenance,
            id: "a1",
            content: &content,
        };
        let making = announcement.make(look_first);
        let made = match &crash {
            Some(crash) => crash.or(making).await,
            None => Some(making.await),
        };
        *adapter.crash.lock().unwrap() = None;
        made
    }

    fn memory() -> Arc<dyn Store> {
        Arc::new(MemoryStore::new(SystemClock))
    }

    #[tokio::test]
    async fn wherever_it_is_cut_off_each_conversation_has_it_once() {
        let mut cut_off = 0;
        for moment in 0..60 {
            let (adapter, store) = (adapter(), memory());
            let first = run(&adapter, &store, Some(Crash::after(moment)), false).await;
            cut_off += usize::from(first.is_none());
            // And once more a little later.
            let second = run(&adapter, &store, Some(Crash::after(moment / 2)), true).await;
            cut_off += usize::from(second.is_none());
            let (round, progress) = run(&adapter, &store, None, true).await.unwrap().unwrap();
            assert_eq!(round.to, HERE);
            assert_eq!((progress.done, progress.missed.len()), (5, 0));
            assert_eq!(places(&adapter), HERE, "after {moment} moments");
        }
        assert!(cut_off > 40, "{cut_off}");
    }

    #[tokio::test]
    async fn what_it_does_not_get_to_is_counted_and_nothing_is_said_where_the_bot_is_mute() {
        let (adapter, store) = (adapter(), memory());
        let refused = SendError::Refused {
            code: "is_archived".into(),
            explanation: "it is archived".into(),
        };
        adapter.next.lock().unwrap().push_back(Next::Fail(refused));
        let order = crate::maintenance::Order {
            by: "U9".into(),
            name: "Rosie".into(),
            at_ms: 0,
            reason: String::new(),
        };
        let maintenance = Maintenance::load(Arc::clone(&store)).await.unwrap();
        maintenance.mute(adapter.service(), "C3", order).await.unwrap();
        let (round, progress) = run(&adapter, &store, None, false).await.unwrap().unwrap();
        assert_eq!((round.to.len(), round.muted), (4, 1));
        assert_eq!(progress.missed, ["C1"]);
        assert_eq!(places(&adapter), ["C2", "C4", "C5"]);
    }

    #[tokio::test]
    async fn what_cannot_be_kept_is_not_begun() {
        let adapter = adapter();
        let inner = memory();
        let full = FlakyStore::of(Arc::clone(&inner), None);
        full.full.store(true, Ordering::SeqCst);
        let full: Arc<dyn Store> = Arc::new(full);
        let made = run(&adapter, &full, None, false).await.unwrap();
        assert!(matches!(made, Err(AnnounceError::Unkept(_))), "{made:?}");
        assert!(places(&adapter).is_empty());
    }
}
