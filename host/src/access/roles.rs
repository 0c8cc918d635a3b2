//! The roles that admins give in chat. They are durable: of each person an entry of the store, in a space that no plugin
//! can name.

use arc_swap::ArcSwap;
use moa_store::{Scope, Space, Store, StoreError, Write};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How many are read at once at the start.
const PAGE: u32 = 1_000;

/// Since when somebody has a role, and from whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Granted {
    /// Who granted it: their id.
    pub by: String,
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
}

/// Somebody who has a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The role.
    pub role: String,
    /// The chat service.
    pub service: String,
    /// Their id there.
    pub user: String,
}

/// A person's roles, by their names.
type Held = BTreeMap<String, Granted>;

/// Who has which role.
pub struct Roles {
    store: Arc<dyn Store>,
    /// By the names of the entries.
    book: ArcSwap<BTreeMap<String, Arc<Held>>>,
    /// Held over a change of the store and the book, which must see the same order.
    changing: tokio::sync::Mutex<()>,
}

impl Roles {
    /// Nobody has any.
    pub fn empty(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            book: ArcSwap::default(),
            changing: tokio::sync::Mutex::default(),
        }
    }

    /// Reads what was granted before.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn load(store: Arc<dyn Store>) -> Result<Arc<Self>, StoreError> {
        let roles = Self::empty(store);
        roles.reload().await?;
        Ok(Arc::new(roles))
    }

    /// Reads anew what was granted: an operator changed the store beside the host.
    ///
    /// # Errors
    /// The store cannot be read; what was known before counts.
    pub async fn reload(&self) -> Result<(), StoreError> {
        let _changing = self.changing.lock().await;
        self.book.store(Arc::new(stored(&*self.store).await?));
        Ok(())
    }

    /// The names of somebody's roles.
    pub fn of(&self, service: &str, user: &str) -> BTreeSet<String> {
        let held = self.held(&key(service, user));
        held.map_or_else(BTreeSet::new, |held| held.keys().cloned().collect())
    }

    /// Everybody's roles: by service and person, then by role.
    pub fn all(&self) -> Vec<Holder> {
        let book = self.book.load();
        let of = |(key, held): (&String, &Arc<Held>)| {
            let (service, user) = key.split_once('/').unwrap_or(("", key));
            let holder = |role: &String| Holder {
                role: role.clone(),
                service: service.to_owned(),
                user: user.to_owned(),
            };
            held.keys().map(holder).collect::<Vec<_>>()
        };
        book.iter().flat_map(of).collect()
    }

    /// Gives somebody a role; whether they did not have it before.
    ///
    /// # Errors
    /// What the store refuses; they don't have it then.
    pub async fn grant(&self, role: &str, service: &str, user: &str, granted: Granted) -> Result<bool, StoreError> {
        self.change(&key(service, user), |held| {
            if !held.contains_key(role) {
                held.insert(role.to_owned(), granted);
            }
        })
        .await
    }

    /// Takes a role from somebody; whether they had it.
    ///
    /// # Errors
    /// What the store refuses; they have it then.
    pub async fn revoke(&self, role: &str, service: &str, user: &str) -> Result<bool, StoreError> {
        self.change(&key(service, user), |held| drop(held.remove(role))).await
    }

    fn held(&self, key: &str) -> Option<Arc<Held>> {
        self.book.load().get(key).cloned()
    }

    /// Changes an entry, on disk and here; whether anything is another now. Nobody sees it before it is on disk.
    async fn change(&self, key: &str, change: impl FnOnce(&mut Held)) -> Result<bool, StoreError> {
        let _changing = self.changing.lock().await;
        let before = self.held(key).unwrap_or_default();
        let mut held = Held::clone(&before);
        change(&mut held);
        if held == *before {
            return Ok(false);
        }
        let write = match held.is_empty() {
            true => Write::delete(space().cell(key)),
            false => {
                let value = serde_json::to_vec(&held).map_err(|error| StoreError::Io(error.to_string()))?;
                Write::set(space().cell(key), value)
            }
        };
        self.store.write(vec![write], None).await?;
        let mut book = BTreeMap::clone(&self.book.load());
        match held.is_empty() {
            true => drop(book.remove(key)),
            false => drop(book.insert(key.to_owned(), Arc::new(held))),
        }
        self.book.store(Arc::new(book));
        Ok(true)
    }
}

async fn stored(store: &dyn Store) -> Result<BTreeMap<String, Arc<Held>>, StoreError> {
    let mut book = BTreeMap::new();
    let mut after = None;
    loop {
        let page = store.keys(&space(), "", after.as_deref(), PAGE).await?;
        let cells: Vec<_> = page.keys.iter().map(|key| space().cell(key.as_str())).collect();
        for (key, entry) in page.keys.iter().zip(store.get_many(&cells).await?) {
            match entry.and_then(|entry| serde_json::from_slice::<Held>(&entry.value).ok()) {
                Some(held) => drop(book.insert(key.clone(), Arc::new(held))),
                None => tracing::warn!(
                    person = key,
                    "the roles of a person cannot be read; they have none until an admin grants them again"
                ),
            }
        }
        after = page.next;
        if after.is_none() {
            return Ok(book);
        }
    }
}

/// The name of a person's entry. No service has a slash in its name.
fn key(service: &str, user: &str) -> String {
    format!("{service}/{user}")
}

/// No plugin's name has a colon.
fn space() -> Space {
    Space::new("moa:roles", Scope::Plugin)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::FlakyStore;
    use std::sync::atomic::Ordering;

    fn granted(by: &str) -> Granted {
        Granted {
            by: by.into(),
            at_ms: 7,
        }
    }

    async fn loaded(store: &Arc<FlakyStore>) -> Arc<Roles> {
        Roles::load(Arc::clone(store) as Arc<dyn Store>).await.unwrap()
    }

    fn names(roles: &Roles, service: &str, user: &str) -> Vec<String> {
        roles.of(service, user).into_iter().collect()
    }

    #[tokio::test]
    async fn roles_are_given_and_taken_and_outlive_the_host() {
        let store = Arc::<FlakyStore>::default();
        let roles = loaded(&store).await;
        assert!(roles.grant("deployer", "slack", "U1", granted("U9")).await.unwrap());
        assert!(!roles.grant("deployer", "slack", "U1", granted("U8")).await.unwrap());
        assert!(roles.grant("admin", "slack", "U1", granted("U9")).await.unwrap());
        assert!(roles.grant("deployer", "slack", "U2", granted("U9")).await.unwrap());
        for roles in [&roles, &loaded(&store).await] {
            assert_eq!(names(roles, "slack", "U1"), ["admin", "deployer"]);
            assert_eq!(names(roles, "slack", "U2"), ["deployer"]);
            assert!(roles.of("jandi", "U1").is_empty(), "another service's id");
            let all: Vec<_> = roles.all().into_iter().map(|one| (one.user, one.role)).collect();
            let pair = |user: &str, role: &str| (user.to_owned(), role.to_owned());
            assert_eq!(
                all,
                [pair("U1", "admin"), pair("U1", "deployer"), pair("U2", "deployer")]
            );
        }
        assert!(roles.revoke("deployer", "slack", "U2").await.unwrap());
        assert!(!roles.revoke("deployer", "slack", "U2").await.unwrap());
        assert!(roles.revoke("admin", "slack", "U1").await.unwrap());
        let after = loaded(&store).await;
        assert_eq!(names(&after, "slack", "U1"), ["deployer"]);
        assert_eq!(after.all().len(), 1, "an empty entry is gone");
    }

    #[tokio::test]
    async fn what_is_not_on_disk_does_not_count() {
        let store = Arc::<FlakyStore>::default();
        let roles = loaded(&store).await;
        roles.grant("a", "slack", "U1", granted("U9")).await.unwrap();
        store.full.store(true, Ordering::SeqCst);
        roles.grant("b", "slack", "U1", granted("U9")).await.unwrap_err();
        roles.revoke("a", "slack", "U1").await.unwrap_err();
        assert_eq!(names(&roles, "slack", "U1"), ["a"]);
    }
}
