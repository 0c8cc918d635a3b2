//! What plugins listen for: the patterns of their manifests, and those that they were taught at run time.
//!
//! What was taught is durable: each pattern is an entry of the store, in a space that no plugin can name. All patterns of all
//! plugins are matched as one set. It is put together anew whenever the plugins or their lessons change, on a thread where
//! nobody else waits, and exchanged in one step; changes that come meanwhile share the next one.

use crate::registry::{Follower, Registry, Snapshot};
use arc_swap::ArcSwap;
use async_trait::async_trait;
use moa_core::router::Hears;
use moa_core::router::hears::{Ear, Taught};
use moa_store::{Effect, Scope, Space, Store, StoreError, Write, WriteOutcome};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// The most patterns that one plugin may be taught.
pub const MAX_LESSONS: usize = 1_000;
/// How many are read at once at the start.
const PAGE: u32 = 1_000;

/// Why a pattern was not taught.
#[derive(Debug, thiserror::Error)]
pub enum LessonError {
    /// The plugin has as many as it may have.
    #[error("the plugin `{0}` listens for {MAX_LESSONS} patterns already, the most that it may; forget one first")]
    Full(String),
    /// The store could not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is matched against, as of one moment. It never changes; a change makes another one.
#[derive(Debug)]
pub struct Present {
    /// The plugins.
    pub snapshot: Arc<Snapshot>,
    /// All that they listen for.
    pub hears: Hears,
    /// Of which edition of the book.
    edition: u64,
}

impl Present {
    fn new(snapshot: Arc<Snapshot>, edition: u64, taught: Vec<Arc<Ear>>, before: &Hears) -> Self {
        let plugins = &snapshot.plugins;
        // Plugins that are gone stay taught: they may come back. A new version's manifest may have an id that an older one
        // was taught.
        let counts = |ear: &Arc<Ear>| {
            let plugin = plugins.get(ear.plugin());
            plugin.is_some_and(|plugin| plugin.ears.iter().all(|own| own.id() != ear.id()))
        };
        let own = plugins.values().flat_map(|plugin| plugin.ears.iter().cloned());
        let ears = own.chain(taught.into_iter().filter(counts)).collect();
        Self {
            hears: Hears::new(ears, before),
            snapshot,
            edition,
        }
    }
}

/// All that was taught, by plugin and id.
#[derive(Default)]
struct Book {
    ears: BTreeMap<(String, String), Arc<Ear>>,
    /// Rises with every change.
    edition: u64,
}

/// All that plugins listen for.
pub struct Lessons {
    store: Arc<dyn Store>,
    plugins: Arc<ArcSwap<Snapshot>>,
    book: Mutex<Book>,
    present: ArcSwap<Present>,
    /// Held over a change of the store and the book, which must see the same order.
    changing: tokio::sync::Mutex<()>,
    /// Held while another set is put together.
    renewing: tokio::sync::Mutex<()>,
}

impl Lessons {
    /// Nothing was taught yet.
    pub fn empty(store: Arc<dyn Store>, plugins: Arc<ArcSwap<Snapshot>>) -> Self {
        let present = Present::new(plugins.load_full(), 0, Vec::new(), &Hears::default());
        Self {
            store,
            plugins,
            book: Mutex::default(),
            present: ArcSwap::from_pointee(present),
            changing: tokio::sync::Mutex::default(),
            renewing: tokio::sync::Mutex::default(),
        }
    }

    /// Reads what was taught before, and follows the registry from then on.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn load(store: Arc<dyn Store>, registry: &Registry) -> Result<Arc<Self>, StoreError> {
        let ears = stored(&*store).await?;
        let lessons = Self::empty(store, registry.cell());
        *lock(&lessons.book) = Book { ears, edition: 1 };
        let lessons = Arc::new(lessons);
        lessons.follow(registry);
        // The plugins may have changed before anybody followed.
        lessons.renew().await;
        Ok(lessons)
    }

    /// Reads anew what was taught: an operator changed the store beside the plugins.
    ///
    /// # Errors
    /// The store cannot be read; what was known before counts.
    pub async fn reload(&self) -> Result<(), StoreError> {
        {
            let _changing = self.changing.lock().await;
            let ears = stored(&*self.store).await?;
            let mut book = lock(&self.book);
            book.ears = ears;
            book.edition += 1;
        }
        self.renew().await;
        Ok(())
    }

    /// Keeps up with the plugins from now on.
    pub(crate) fn follow(self: &Arc<Self>, registry: &Registry) {
        let own: Weak<Self> = Arc::downgrade(self);
        registry.follow(own);
    }

    /// The plugins and all that they listen for.
    pub fn present(&self) -> Arc<Present> {
        self.present.load_full()
    }

    /// Teaches a plugin a pattern under an id, or unlearns it (`None`). Whether the id was there, when unlearning.
    ///
    /// When it returns, the change is on disk and counts for every message that is matched from then on. Once begun it is
    /// carried out even if nobody waits for it any more: what is on disk and what is listened for stay the same.
    ///
    /// # Errors
    /// [`LessonError::Full`] past [`MAX_LESSONS`]; what the store refuses.
    pub async fn change(
        self: &Arc<Self>,
        plugin: &str,
        id: &str,
        what: Option<Taught>,
        effect: Option<Effect>,
    ) -> Result<bool, LessonError> {
        let (lessons, key) = (Arc::clone(self), (plugin.to_owned(), id.to_owned()));
        let change = async move {
            let known = lessons.write(key, what, effect).await?;
            lessons.renew().await;
            Ok(known)
        };
        let lost = |error: tokio::task::JoinError| StoreError::Io(format!("a pattern's change was cut off: {error}"));
        tokio::spawn(change).await.map_err(lost)?
    }

    /// Changes the store and the book.
    async fn write(
        &self,
        (plugin, id): (String, String),
        what: Option<Taught>,
        effect: Option<Effect>,
    ) -> Result<bool, LessonError> {
        let _changing = self.changing.lock().await;
        let key = (plugin, id);
        if what.is_some() {
            let book = lock(&self.book);
            let own = || book.ears.keys().filter(|(owner, _)| *owner == key.0).count();
            if !book.ears.contains_key(&key) && own() >= MAX_LESSONS {
                return Err(LessonError::Full(key.0));
            }
        }
        let cell = space().cell(format!("{}/{}", key.0, key.1));
        let value = what.map(|taught| serde_json::to_vec(&taught)).transpose();
        let value = value.map_err(|error| StoreError::Io(error.to_string()))?;
        let write = match &value {
            Some(value) => Write::set(cell.clone(), value.clone()),
            None => Write::delete(cell.clone()),
        };
        let outcomes = self.store.write(vec![write], effect).await?;
        // A call that runs again does not write again, and what is there may be newer: what is stored counts.
        let stored = match self.store.get(&cell).await {
            Ok(entry) => entry.map(|entry| entry.value),
            // It was written, and whoever asked for it must not be told otherwise.
            Err(_) => value,
        };
        let ear = stored.and_then(|stored| read(&key.0, &key.1, &stored));
        let mut book = lock(&self.book);
        match ear {
            Some(ear) => drop(book.ears.insert(key, ear)),
            None => drop(book.ears.remove(&key)),
        }
        book.edition += 1;
        Ok(matches!(outcomes.as_slice(), [WriteOutcome::Deleted { existed: true }]))
    }

    /// Makes what is matched against that which is known now. Whoever waited while another did it has nothing left to do.
    async fn renew(&self) {
        let _renewing = self.renewing.lock().await;
        let snapshot = self.plugins.load_full();
        let before = self.present();
        let (edition, taught) = {
            let book = lock(&self.book);
            if before.edition == book.edition && Arc::ptr_eq(&before.snapshot, &snapshot) {
                return;
            }
            (book.edition, book.ears.values().cloned().collect())
        };
        let made = move || Present::new(snapshot, edition, taught, &before.hears);
        match tokio::task::spawn_blocking(made).await {
            Ok(present) => self.present.store(Arc::new(present)),
            Err(error) => {
                tracing::error!(%error, "the patterns of the plugins could not be put together; those before count")
            }
        }
    }
}

#[async_trait]
impl Follower for Lessons {
    async fn plugins_changed(&self) {
        self.renew().await;
    }
}

/// What the store says was taught.
async fn stored(store: &dyn Store) -> Result<BTreeMap<(String, String), Arc<Ear>>, StoreError> {
    let mut ears = BTreeMap::new();
    let mut after = None;
    loop {
        let page = store.keys(&space(), "", after.as_deref(), PAGE).await?;
        let cells: Vec<_> = page.keys.iter().map(|key| space().cell(key.as_str())).collect();
        for (key, entry) in page.keys.iter().zip(store.get_many(&cells).await?) {
            let named = key.split_once('/');
            let ear = named.and_then(|(plugin, id)| read(plugin, id, &entry?.value));
            match (named, ear) {
                (Some((plugin, id)), Some(ear)) => drop(ears.insert((plugin.into(), id.into()), ear)),
                _ => tracing::warn!(
                    pattern = key,
                    "a pattern that a plugin was taught cannot be read; it is not listened for"
                ),
            }
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    Ok(ears)
}

/// No plugin's name has a colon.
fn space() -> Space {
    Space::new("moa:taught", Scope::Plugin)
}

fn read(plugin: &str, id: &str, value: &[u8]) -> Option<Arc<Ear>> {
    let taught: Taught = serde_json::from_slice(value).ok()?;
    Ear::new(plugin, id, &taught).ok().map(Arc::new)
}

/// Nothing here is left half changed by a panic elsewhere.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{FlakyStore, matcher, until};
    use moa_core::manifest::Scope as Where;
    use moa_core::router::hears::What;
    use std::sync::atomic::Ordering;
    use std::time::Duration;

    fn keyword(word: &str) -> Taught {
        Taught {
            what: What::Keyword(word.into()),
            scopes: vec![Where::Ambient],
            conversation: None,
        }
    }

    fn lessons(store: &Arc<FlakyStore>) -> Arc<Lessons> {
        Arc::new(Lessons::empty(Arc::clone(store) as Arc<dyn Store>, Arc::default()))
    }

    fn known(lessons: &Lessons) -> Vec<(String, String)> {
        lock(&lessons.book).ears.keys().cloned().collect()
    }

    #[tokio::test]
    async fn what_was_taught_is_there_after_a_restart() {
        let store: Arc<FlakyStore> = Arc::default();
        let before = lessons(&store);
        for (plugin, id) in [("a", "x/y"), ("a", "z"), ("b", "x/y")] {
            assert!(!before.change(plugin, id, Some(keyword("hi")), None).await.unwrap());
        }
        assert!(before.change("a", "z", None, None).await.unwrap());
        assert!(!before.change("a", "z", None, None).await.unwrap());
        let left = [("a", "x/y"), ("b", "x/y")].map(|(plugin, id)| (plugin.to_owned(), id.to_owned()));
        assert_eq!(known(&before), left);
        let (matcher, _dir) = matcher(&store, &[]);
        let again = Lessons::load(store as Arc<dyn Store>, &matcher.registry).await.unwrap();
        assert_eq!(known(&again), left);
    }

    #[tokio::test]
    async fn what_an_operator_changed_counts_after_a_reload() {
        let store: Arc<FlakyStore> = Arc::default();
        let lessons = lessons(&store);
        lessons.change("a", "x", Some(keyword("hi")), None).await.unwrap();
        store
            .write(vec![Write::delete(space().cell("a/x"))], None)
            .await
            .unwrap();
        lessons.reload().await.unwrap();
        assert!(known(&lessons).is_empty());
        assert_eq!(lessons.present().edition, 2);
    }

    #[tokio::test]
    async fn what_is_on_disk_counts_though_it_cannot_be_read_back() {
        let store: Arc<FlakyStore> = Arc::default();
        let lessons = lessons(&store);
        store.unread.store(true, Ordering::SeqCst);
        lessons.change("a", "x", Some(keyword("hi")), None).await.unwrap();
        assert_eq!(known(&lessons).len(), 1);
        lessons.change("a", "x", None, None).await.unwrap();
        assert!(known(&lessons).is_empty());
    }

    #[tokio::test]
    async fn a_plugin_has_its_share_and_no_more() {
        let lessons = lessons(&Arc::default());
        for n in 0..MAX_LESSONS {
            let key = ("a".to_owned(), n.to_string());
            let ear = Arc::new(Ear::new(&key.0, &key.1, &keyword("x")).unwrap());
            lock(&lessons.book).ears.insert(key, ear);
        }
        let refused = lessons.change("a", "more", Some(keyword("y")), None).await.unwrap_err();
        assert!(matches!(refused, LessonError::Full(_)), "{refused}");
        lessons.change("a", "7", Some(keyword("y")), None).await.unwrap();
        lessons.change("b", "more", Some(keyword("y")), None).await.unwrap();
    }

    #[tokio::test]
    async fn a_change_that_nobody_waits_for_any_more_is_made_all_the_same() {
        let store: Arc<FlakyStore> = Arc::default();
        let lessons = lessons(&store);
        {
            let _others = lessons.changing.lock().await;
            let change = lessons.change("a", "x", Some(keyword("hi")), None);
            assert!(
                tokio::time::timeout(Duration::from_millis(1), change).await.is_err(),
                "it has to wait"
            );
        }
        until(|| lessons.present().edition == 1).await;
        assert_eq!(known(&lessons).len(), 1);
        assert!(store.get(&space().cell("a/x")).await.unwrap().is_some());
    }
}
