//! The roles that admins give in chat. They are durable: of each person an entry of the store, in a space that no plugin
//! can name.

use arc_swap::ArcSwap;
use moa_store::{Scope, Space, Store, StoreError, Write};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How many are read at once at the start.
const PAGE: u32 = 1_000;

/// What was decided last about a person's role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Granted {
    /// Who decided it: their id.
    pub by: String,
    /// When it was asked for, in milliseconds since 1970.
    pub at_ms: i64,
    /// Whether it was taken away. That is remembered, so that an order from before, which runs again after a crash, does
    /// not give it back.
    #[serde(default)]
    pub revoked: bool,
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

/// What was decided about a person's roles, by their names.
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
        held.map_or_else(BTreeSet::new, |held| names(&held).cloned().collect())
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
            names(held).map(holder).collect::<Vec<_>>()
        };
        book.iter().flat_map(of).collect()
    }

    /// Gives somebody a role, or takes it away; whether that is new. `again` says that the order may have been carried out
    /// by an earlier run: then what was decided after it stays.
    ///
    /// # Errors
    /// What the store refuses; it is as before then.
    pub async fn decide(
        &self,
        role: &str,
        service: &str,
        user: &str,
        decided: Granted,
        again: bool,
    ) -> Result<bool, StoreError> {
        self.change(&key(service, user), |held| {
            let before = held.get(role);
            let is_so = before.is_none_or(|before| before.revoked) == decided.revoked;
            let is_over = again && before.is_some_and(|before| before.at_ms > decided.at_ms);
            if !is_so && !is_over {
                held.insert(role.to_owned(), decided);
            }
        })
        .await
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
        let value = serde_json::to_vec(&held).map_err(|error| StoreError::Io(error.to_string()))?;
        let write = Write::set(space().cell(key), value);
        self.store.write(vec![write], None).await?;
        let mut book = BTreeMap::clone(&self.book.load());
        book.insert(key.to_owned(), Arc::new(held));
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

/// Those that the person has.
fn names(held: &Held) -> impl Iterator<Item = &String> {
    let has = held.iter().filter(|(_, granted)| !granted.revoked);
    has.map(|(role, _)| role)
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

    fn at(at_ms: i64, revoked: bool) -> Granted {
        Granted {
            by: "U9".into(),
            at_ms,
            revoked,
        }
    }

    async fn loaded(store: &Arc<FlakyStore>) -> Arc<Roles> {
        Roles::load(Arc::clone(store) as Arc<dyn Store>).await.unwrap()
    }

    async fn grant(roles: &Roles, role: &str, user: &str) -> bool {
        roles.decide(role, "slack", user, at(7, false), false).await.unwrap()
    }

    async fn revoke(roles: &Roles, role: &str, user: &str) -> bool {
        roles.decide(role, "slack", user, at(8, true), false).await.unwrap()
    }

    fn of(roles: &Roles, user: &str) -> Vec<String> {
        roles.of("slack", user).into_iter().collect()
    }

    #[tokio::test]
    async fn roles_are_given_and_taken_and_outlive_the_host() {
        let store = Arc::<FlakyStore>::default();
        let roles = loaded(&store).await;
        assert!(grant(&roles, "deployer", "U1").await);
        assert!(!grant(&roles, "deployer", "U1").await);
        assert!(grant(&roles, "admin", "U1").await && grant(&roles, "deployer", "U2").await);
        for roles in [&roles, &loaded(&store).await] {
            assert_eq!(of(roles, "U1"), ["admin", "deployer"]);
            assert_eq!(of(roles, "U2"), ["deployer"]);
            assert!(roles.of("jandi", "U1").is_empty(), "another service's id");
            let all: Vec<_> = roles.all().into_iter().map(|one| (one.user, one.role)).collect();
            let pair = |user: &str, role: &str| (user.to_owned(), role.to_owned());
            assert_eq!(
                all,
                [pair("U1", "admin"), pair("U1", "deployer"), pair("U2", "deployer")]
            );
        }
        assert!(revoke(&roles, "deployer", "U2").await && !revoke(&roles, "deployer", "U2").await);
        assert!(revoke(&roles, "admin", "U1").await && !revoke(&roles, "other", "U1").await);
        let after = loaded(&store).await;
        assert_eq!(of(&after, "U1"), ["deployer"]);
        assert_eq!(after.all().len(), 1);
        assert!(grant(&after, "deployer", "U2").await, "whatever the clock says");
        assert_eq!(of(&after, "U2"), ["deployer"]);
    }

    #[tokio::test]
    async fn an_order_that_runs_again_after_a_crash_undoes_nothing_that_came_after_it() {
        let store = Arc::<FlakyStore>::default();
        let roles = loaded(&store).await;
        roles.decide("r", "slack", "U1", at(1, false), false).await.unwrap();
        roles.decide("r", "slack", "U1", at(2, true), false).await.unwrap();
        let after = loaded(&store).await;
        assert!(!after.decide("r", "slack", "U1", at(1, false), true).await.unwrap());
        assert!(of(&after, "U1").is_empty());
        assert!(after.decide("r", "slack", "U1", at(3, false), true).await.unwrap());
        assert!(!after.decide("r", "slack", "U1", at(2, true), true).await.unwrap());
        assert_eq!(of(&after, "U1"), ["r"]);
    }

    #[tokio::test]
    async fn what_is_not_on_disk_does_not_count() {
        let store = Arc::<FlakyStore>::default();
        let roles = loaded(&store).await;
        grant(&roles, "a", "U1").await;
        store.full.store(true, Ordering::SeqCst);
        for (role, revoked) in [("b", false), ("a", true)] {
            let refused = roles.decide(role, "slack", "U1", at(9, revoked), false).await;
            refused.unwrap_err();
        }
        assert_eq!(of(&roles, "U1"), ["a"]);
    }
}
