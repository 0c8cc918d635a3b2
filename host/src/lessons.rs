//! What plugins were taught to listen for: patterns that came at run time, durable, matched beside those of the manifests.
//!
//! Each is an entry of the store, in a space that no plugin can name. What is matched is rebuilt with every change, so
//! that the reader of messages never waits for it.

use arc_swap::ArcSwap;
use moa_core::router::Hears;
use moa_core::router::hears::{Pattern, Taught};
use moa_store::{Effect, Scope, Space, Store, StoreError, Write, WriteOutcome};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::Mutex;

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

type Book = BTreeMap<(String, String), (Taught, Arc<Pattern>)>;

/// All that plugins were taught.
pub struct Lessons {
    store: Arc<dyn Store>,
    book: Mutex<Book>,
    hears: ArcSwap<Hears>,
}

impl Lessons {
    /// Nothing was taught yet.
    pub fn empty(store: Arc<dyn Store>) -> Self {
        Self::with(store, Book::new())
    }

    fn with(store: Arc<dyn Store>, book: Book) -> Self {
        let hears = ArcSwap::from_pointee(hears(&book));
        Self {
            store,
            book: Mutex::new(book),
            hears,
        }
    }

    /// Reads what was taught before.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn load(store: Arc<dyn Store>) -> Result<Arc<Self>, StoreError> {
        let mut book = Book::new();
        let mut after = None;
        loop {
            let page = store.keys(&space(), "", after.as_deref(), PAGE).await?;
            let cells: Vec<_> = page.keys.iter().map(|key| space().cell(key.as_str())).collect();
            for (key, entry) in page.keys.iter().zip(store.get_many(&cells).await?) {
                let lesson = entry.and_then(|entry| read(&entry.value));
                match (key.split_once('/'), lesson) {
                    (Some((plugin, id)), Some(lesson)) => drop(book.insert((plugin.into(), id.into()), lesson)),
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
        Ok(Arc::new(Self::with(store, book)))
    }

    /// All patterns, ready to be matched.
    pub fn hears(&self) -> Arc<Hears> {
        self.hears.load_full()
    }

    /// Teaches a plugin a pattern under an id, or unlearns it (`None`). Whether the id was there, when unlearning.
    ///
    /// When it returns, the change is on disk and counts for every message that is matched from then on.
    ///
    /// # Errors
    /// [`LessonError::Full`] past [`MAX_LESSONS`]; what the store refuses.
    pub async fn change(
        &self,
        plugin: &str,
        id: &str,
        what: Option<&Taught>,
        effect: Option<Effect>,
    ) -> Result<bool, LessonError> {
        let mut book = self.book.lock().await;
        let key = (plugin.to_owned(), id.to_owned());
        let own = || book.keys().filter(|(owner, _)| owner == plugin).count();
        if what.is_some() && !book.contains_key(&key) && own() >= MAX_LESSONS {
            return Err(LessonError::Full(plugin.into()));
        }
        let cell = space().cell(format!("{plugin}/{id}"));
        let write = match what {
            Some(taught) => {
                let value = serde_json::to_vec(taught).map_err(|error| StoreError::Io(error.to_string()))?;
                Write::set(cell.clone(), value)
            }
            None => Write::delete(cell.clone()),
        };
        let outcomes = self.store.write(vec![write], effect).await?;
        // A call that runs again does not write again, and what is there may be newer: what is stored counts.
        match self.store.get(&cell).await?.and_then(|entry| read(&entry.value)) {
            Some(lesson) => drop(book.insert(key, lesson)),
            None => drop(book.remove(&key)),
        }
        self.hears.store(Arc::new(hears(&book)));
        Ok(matches!(outcomes.as_slice(), [WriteOutcome::Deleted { existed: true }]))
    }
}

/// No plugin's name has a colon.
fn space() -> Space {
    Space::new("moa:taught", Scope::Plugin)
}

fn read(value: &[u8]) -> Option<(Taught, Arc<Pattern>)> {
    let taught: Taught = serde_json::from_slice(value).ok()?;
    let pattern = Pattern::new(&taught.what).ok()?;
    Some((taught, Arc::new(pattern)))
}

fn hears(book: &Book) -> Hears {
    let lessons = book.iter();
    Hears::of_taught(lessons.map(|((plugin, id), (taught, pattern))| (plugin.as_str(), id.as_str(), taught, pattern)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::FlakyStore;
    use moa_core::manifest::Scope as Where;
    use moa_core::router::hears::What;

    fn keyword(word: &str) -> Taught {
        Taught {
            what: What::Keyword(word.into()),
            scopes: vec![Where::Ambient],
            conversation: None,
        }
    }

    #[tokio::test]
    async fn what_was_taught_is_there_after_a_restart() {
        let store: Arc<FlakyStore> = Arc::default();
        let lessons = Lessons::load(Arc::clone(&store) as Arc<dyn Store>).await.unwrap();
        for (plugin, id) in [("a", "x/y"), ("a", "z"), ("b", "x/y")] {
            assert!(!lessons.change(plugin, id, Some(&keyword("hi")), None).await.unwrap());
        }
        assert!(lessons.change("a", "z", None, None).await.unwrap());
        assert!(!lessons.change("a", "z", None, None).await.unwrap());
        assert_eq!(lessons.hears().len(), 2);
        let again = Lessons::load(store as Arc<dyn Store>).await.unwrap();
        assert_eq!(again.hears().len(), 2);
        assert_eq!(
            *again.book.lock().await.keys().collect::<Vec<_>>()[0],
            ("a".to_owned(), "x/y".to_owned())
        );
    }

    #[tokio::test]
    async fn a_plugin_has_its_share_and_no_more() {
        let lessons = Lessons::load(Arc::<FlakyStore>::default() as Arc<dyn Store>)
            .await
            .unwrap();
        {
            let mut book = lessons.book.lock().await;
            for n in 0..MAX_LESSONS {
                let lesson = read(&serde_json::to_vec(&keyword("x")).unwrap()).unwrap();
                book.insert(("a".into(), n.to_string()), lesson);
            }
        }
        let refused = lessons
            .change("a", "more", Some(&keyword("y")), None)
            .await
            .unwrap_err();
        assert!(matches!(refused, LessonError::Full(_)), "{refused}");
        lessons.change("a", "7", Some(&keyword("y")), None).await.unwrap();
        lessons.change("b", "more", Some(&keyword("y")), None).await.unwrap();
    }
}
