//! Those who have to keep up with the plugins.

use async_trait::async_trait;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// Makes something of the plugins that has to be made anew when they change.
#[async_trait]
pub trait Follower: Send + Sync {
    /// The registry has another snapshot. It waits for this before it tells anybody of the change, so that what is told to
    /// be loaded is there in every way.
    async fn plugins_changed(&self);
}

/// All of them.
#[derive(Clone, Default)]
pub(super) struct Followers(Arc<Mutex<Vec<Weak<dyn Follower>>>>);

impl Followers {
    pub(super) fn add(&self, follower: Weak<dyn Follower>) {
        self.all().push(follower);
    }

    /// Tells one after the other, and forgets those who are gone.
    pub(super) async fn tell(&self) {
        let alive: Vec<_> = {
            let mut all = self.all();
            all.retain(|one| one.strong_count() > 0);
            all.iter().filter_map(Weak::upgrade).collect()
        };
        for one in alive {
            one.plugins_changed().await;
        }
    }

    /// Nothing here is left half changed by a panic elsewhere.
    fn all(&self) -> MutexGuard<'_, Vec<Weak<dyn Follower>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
