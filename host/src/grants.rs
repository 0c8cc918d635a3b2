//! What admins approved beyond the configuration, and what they are asked.
//!
//! What is decided is durable: of each plugin an entry of the store, in a space that no plugin can name. A question has
//! an id that is made of the plugin and of what it is about, so that nothing is asked twice, whatever versions come and
//! whenever the host is restarted; the buttons of its message carry it.

mod asking;
mod standing;

pub use asking::Asking;
pub(crate) use asking::{decided, now_ms, pressed, sign};
pub use standing::{GrantError, Standing, Status};

use crate::capability::Approved;
use arc_swap::ArcSwap;
use moa_core::config::Grant;
use moa_store::{Scope, Space, Store, StoreError, Write};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How many are read at once at the start.
const PAGE: u32 = 1_000;
/// How many questions about a plugin are remembered. What was asked before them may be asked again.
const REMEMBERED: usize = 32;
/// Who decided, where it was by a command on the host's machine.
pub const OPERATOR: &str = "";

/// What was decided about a plugin.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Entry {
    /// What it may touch beyond the configuration.
    pub approved: Grant,
    /// What was asked, the newest last.
    pub asks: Vec<Ask>,
}

/// A question to the admins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// Its id.
    pub id: String,
    /// The version of the plugin that made it necessary.
    pub version: String,
    /// What it is about.
    pub what: Grant,
    /// Whether an admin has got it.
    pub told: bool,
    /// What came of it.
    pub decision: Option<Decision>,
}

/// What came of a question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// Whether it was approved.
    pub approved: bool,
    /// By whom: an id of the chat service, or [`OPERATOR`].
    pub by: String,
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
}

/// What was decided about all plugins.
pub struct Approvals {
    store: Arc<dyn Store>,
    book: ArcSwap<BTreeMap<String, Arc<Entry>>>,
    approved: Approved,
    /// Held over a change of the store and the book, which must see the same order.
    changing: tokio::sync::Mutex<()>,
}

impl Approvals {
    /// Nothing was decided yet.
    pub fn empty(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            book: ArcSwap::default(),
            approved: Approved::default(),
            changing: tokio::sync::Mutex::default(),
        }
    }

    /// Reads what was decided before.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn load(store: Arc<dyn Store>) -> Result<Arc<Self>, StoreError> {
        let approvals = Self::empty(store);
        approvals.reload().await?;
        Ok(Arc::new(approvals))
    }

    /// Reads anew what was decided: an operator changed the store beside the host.
    ///
    /// # Errors
    /// The store cannot be read; what was known before counts.
    pub async fn reload(&self) -> Result<(), StoreError> {
        let _changing = self.changing.lock().await;
        let book = stored(&*self.store).await?;
        self.show(book);
        Ok(())
    }

    /// What is approved, for whoever has to know it at every call.
    pub fn approved(&self) -> Approved {
        Arc::clone(&self.approved)
    }

    /// What was decided about a plugin.
    pub fn of(&self, plugin: &str) -> Arc<Entry> {
        self.book.load().get(plugin).cloned().unwrap_or_default()
    }

    /// Records a question. Nothing if admins were asked already; otherwise the question, and whether an attempt to ask
    /// them was begun before.
    ///
    /// # Errors
    /// What the store refuses.
    pub async fn ask(&self, plugin: &str, version: &str, what: &Grant) -> Result<Option<(Ask, bool)>, StoreError> {
        let id = id(plugin, what);
        if let Some(known) = self.of(plugin).asks.iter().find(|ask| ask.id == id) {
            let open = !known.told && known.decision.is_none();
            return Ok(open.then(|| (known.clone(), true)));
        }
        let ask = Ask {
            id,
            version: version.to_owned(),
            what: what.clone(),
            told: false,
            decision: None,
        };
        let new = ask.clone();
        self.change(plugin, |entry| {
            entry.asks.push(new);
            let old = entry.asks.len().saturating_sub(REMEMBERED);
            entry.asks.drain(..old);
        })
        .await?;
        Ok(Some((ask, false)))
    }

    /// An admin has got the question.
    ///
    /// # Errors
    /// What the store refuses.
    pub async fn told(&self, plugin: &str, id: &str) -> Result<(), StoreError> {
        self.change(plugin, |entry| {
            for ask in entry.asks.iter_mut().filter(|ask| ask.id == id) {
                ask.told = true;
            }
        })
        .await
    }

    /// An admin decides a question. What came of it, and the plugin: the first decision counts. Nothing where there is no
    /// such question.
    ///
    /// # Errors
    /// What the store refuses; nothing is decided then.
    pub async fn decide(&self, id: &str, decision: Decision) -> Result<Option<(String, Ask)>, StoreError> {
        let asked =
            |(plugin, entry): (&String, &Arc<Entry>)| entry.asks.iter().any(|ask| ask.id == id).then(|| plugin.clone());
        let Some(plugin) = self.book.load().iter().find_map(asked) else {
            return Ok(None);
        };
        self.change(&plugin, |entry| {
            let Some(ask) = entry.asks.iter_mut().find(|ask| ask.id == id && ask.decision.is_none()) else {
                return;
            };
            if decision.approved {
                entry.approved = entry.approved.or(&ask.what);
            }
            ask.decision = Some(decision);
        })
        .await?;
        let ask = self.of(&plugin).asks.iter().find(|ask| ask.id == id).cloned();
        Ok(ask.map(|ask| (plugin, ask)))
    }

    /// The operator approves something; open questions about nothing else are decided with it.
    ///
    /// # Errors
    /// What the store refuses.
    pub async fn approve(&self, plugin: &str, what: &Grant, at_ms: i64) -> Result<(), StoreError> {
        self.change(plugin, |entry| {
            entry.approved = entry.approved.or(what);
            let approved = entry.approved.clone();
            entry.close(true, at_ms, |ask| ask.what.without(&approved).is_empty());
        })
        .await
    }

    /// The operator takes back what was approved, and refuses what is open.
    ///
    /// # Errors
    /// What the store refuses.
    pub async fn withdraw(&self, plugin: &str, at_ms: i64) -> Result<(), StoreError> {
        self.change(plugin, |entry| {
            entry.approved = Grant::default();
            entry.close(false, at_ms, |_| true);
        })
        .await
    }

    /// Changes an entry, on disk and here. Nobody sees it before it is on disk.
    async fn change(&self, plugin: &str, change: impl FnOnce(&mut Entry)) -> Result<(), StoreError> {
        let _changing = self.changing.lock().await;
        let before = self.of(plugin);
        let mut entry = Entry::clone(&before);
        change(&mut entry);
        if entry == *before {
            return Ok(());
        }
        let value = serde_json::to_vec(&entry).map_err(|error| StoreError::Io(error.to_string()))?;
        self.store
            .write(vec![Write::set(space().cell(plugin), value)], None)
            .await?;
        let mut book = BTreeMap::clone(&self.book.load());
        book.insert(plugin.to_owned(), Arc::new(entry));
        self.show(book);
        Ok(())
    }

    fn show(&self, book: BTreeMap<String, Arc<Entry>>) {
        let approved = book
            .iter()
            .map(|(plugin, entry)| (plugin.clone(), entry.approved.clone()));
        self.approved.store(Arc::new(approved.collect()));
        self.book.store(Arc::new(book));
    }
}

impl Entry {
    fn close(&mut self, approved: bool, at_ms: i64, which: impl Fn(&Ask) -> bool) {
        for ask in &mut self.asks {
            if ask.decision.is_none() && which(ask) {
                ask.decision = Some(Decision {
                    approved,
                    by: OPERATOR.to_owned(),
                    at_ms,
                });
            }
        }
    }
}

/// The id of a question: the same for the same plugin and the same things.
fn id(plugin: &str, what: &Grant) -> String {
    let mut hash = Sha256::new();
    hash.update(plugin);
    for line in what.lines() {
        hash.update([0]);
        hash.update(line);
    }
    let digest = crate::registry::hex(&hash.finalize());
    digest.get(..20).unwrap_or(&digest).to_owned()
}

async fn stored(store: &dyn Store) -> Result<BTreeMap<String, Arc<Entry>>, StoreError> {
    let mut book = BTreeMap::new();
    let mut after = None;
    loop {
        let page = store.keys(&space(), "", after.as_deref(), PAGE).await?;
        let cells: Vec<_> = page.keys.iter().map(|key| space().cell(key.as_str())).collect();
        for (plugin, entry) in page.keys.iter().zip(store.get_many(&cells).await?) {
            match entry.and_then(|entry| serde_json::from_slice::<Entry>(&entry.value).ok()) {
                Some(entry) => drop(book.insert(plugin.clone(), Arc::new(entry))),
                None => tracing::warn!(
                    plugin,
                    "what was approved for a plugin cannot be read; only what the configuration grants counts"
                ),
            }
        }
        after = page.next;
        if after.is_none() {
            return Ok(book);
        }
    }
}

/// No plugin's name has a colon.
fn space() -> Space {
    Space::new("moa:grants", Scope::Plugin)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::FlakyStore;
    use std::sync::atomic::Ordering;

    fn users() -> Grant {
        Grant::of_line("users = true").unwrap()
    }

    fn by(who: &str, approved: bool) -> Decision {
        Decision {
            approved,
            by: who.into(),
            at_ms: 7,
        }
    }

    async fn loaded(store: &Arc<FlakyStore>) -> Arc<Approvals> {
        Approvals::load(Arc::clone(store) as Arc<dyn Store>).await.unwrap()
    }

    fn approved(approvals: &Approvals, plugin: &str) -> Grant {
        approvals.approved().load().get(plugin).cloned().unwrap_or_default()
    }

    #[tokio::test]
    async fn a_question_is_asked_once_and_decided_once_over_restarts() {
        let store = Arc::<FlakyStore>::default();
        let first = loaded(&store).await;
        let (ask, before) = first.ask("p", "v1", &users()).await.unwrap().unwrap();
        assert!(!before);
        // The host ended before anybody got it.
        let second = loaded(&store).await;
        assert_eq!(
            second.ask("p", "v2", &users()).await.unwrap(),
            Some((ask.clone(), true))
        );
        second.told("p", &ask.id).await.unwrap();
        assert_eq!(loaded(&store).await.ask("p", "v3", &users()).await.unwrap(), None);
        assert!(
            second.ask("q", "v1", &users()).await.unwrap().is_some(),
            "another plugin"
        );
        assert!(approved(&second, "p").is_empty());

        let (plugin, decided) = second.decide(&ask.id, by("U1", true)).await.unwrap().unwrap();
        assert_eq!((plugin.as_str(), decided.decision), ("p", Some(by("U1", true))));
        let (_, decided) = second.decide(&ask.id, by("U2", false)).await.unwrap().unwrap();
        assert_eq!(decided.decision, Some(by("U1", true)), "the first counts");
        assert_eq!(second.decide("other", by("U1", true)).await.unwrap(), None);
        for approvals in [&second, &loaded(&store).await] {
            assert_eq!(approved(approvals, "p"), users());
            assert!(approved(approvals, "q").is_empty());
        }
        second.withdraw("p", 8).await.unwrap();
        assert!(approved(&*loaded(&store).await, "p").is_empty());
        assert_eq!(second.ask("p", "v4", &users()).await.unwrap(), None, "that was decided");
    }

    #[tokio::test]
    async fn what_is_not_on_disk_is_not_decided() {
        let store = Arc::<FlakyStore>::default();
        let approvals = loaded(&store).await;
        let (ask, _) = approvals.ask("p", "v1", &users()).await.unwrap().unwrap();
        store.full.store(true, Ordering::SeqCst);
        approvals.decide(&ask.id, by("U1", true)).await.unwrap_err();
        assert!(approved(&approvals, "p").is_empty());
        assert_eq!(approvals.of("p").asks[0].decision, None);
    }

    #[tokio::test]
    async fn the_operator_decides_what_is_open() {
        let store = Arc::<FlakyStore>::default();
        let approvals = loaded(&store).await;
        let both = users().or(&Grant::of_line("shared-brain = true").unwrap());
        let (ask, _) = approvals.ask("p", "v1", &both).await.unwrap().unwrap();
        approvals.approve("p", &users(), 1).await.unwrap();
        assert_eq!(approved(&approvals, "p"), users());
        assert_eq!(approvals.of("p").asks[0].decision, None, "half of it is open");
        approvals.approve("p", &both, 2).await.unwrap();
        let (_, decided) = approvals.decide(&ask.id, by("U1", false)).await.unwrap().unwrap();
        assert_eq!(decided.decision.unwrap().by, OPERATOR);
        assert_eq!(approved(&approvals, "p"), both);
    }

    #[tokio::test]
    async fn old_questions_are_forgotten() {
        let approvals = loaded(&Arc::default()).await;
        for n in 0..2 * REMEMBERED {
            let what = Grant::of_line(&format!("secrets = [\"S{n}\"]")).unwrap();
            approvals.ask("p", "v1", &what).await.unwrap();
        }
        let asks = &approvals.of("p").asks;
        assert_eq!((asks.len(), asks[0].what.secrets[0].as_str()), (REMEMBERED, "S32"));
    }
}
