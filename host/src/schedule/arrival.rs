//! Plugins that begin to serve, and the jobs that are due then.
//!
//! That a plugin was loaded is known to nobody but the host that did it, and begins anew with the process: so nothing of it
//! is stored, and each of several hosts runs such a job for itself. What was told is in the journal as every run is.

use super::plan::Plan;
use super::run::{Tell, Told, told_in_time};
use super::{Key, Schedules, Shelf, lock};
use moa_core::event::Identity;
use moa_core::manifest::Manifest;
use moa_store::StoreError;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

/// A plugin that serves.
#[derive(Debug)]
pub(super) struct Arrival {
    /// What it says of itself under its configuration: another one for each load.
    manifest: Arc<Manifest>,
    /// Since when, in milliseconds since 1970; nothing until somebody looks at the clock.
    since_ms: Option<i64>,
    /// The jobs that ran for it.
    ran: BTreeSet<String>,
}

impl Arrival {
    /// When a job came due by it; nothing where that ran.
    pub(super) fn due_ms(&self, job: &str) -> Option<i64> {
        self.since_ms.filter(|_| !self.ran.contains(job))
    }
}

/// The arrivals of those that serve now: whoever was there stays as it is.
pub(super) fn arrivals(before: &mut BTreeMap<String, Arrival>, shelf: &Shelf) {
    before.retain(|plugin, here| {
        shelf
            .get(plugin)
            .is_some_and(|manifest| Arc::ptr_eq(manifest, &here.manifest))
    });
    for (plugin, manifest) in shelf {
        before.entry(plugin.clone()).or_insert_with(|| Arrival {
            manifest: Arc::clone(manifest),
            since_ms: None,
            ran: BTreeSet::new(),
        });
    }
}

impl Schedules {
    /// Those that arrived since somebody looked at the clock did so now.
    pub(super) fn arrive(&self, now_ms: i64) {
        let mut book = lock(&self.book);
        let new: Vec<&mut Arrival> = book
            .arrivals
            .values_mut()
            .filter(|here| here.since_ms.is_none())
            .collect();
        let is_new = !new.is_empty();
        new.into_iter().for_each(|here| here.since_ms = Some(now_ms));
        book.stale |= is_new;
    }

    /// Tells the run that a plugin's arrival makes due. How many runs the journal has now; `None` where the plugin is not
    /// called for now, and it stays due.
    pub(super) async fn tell_of_load(
        &self,
        key: &Key,
        plan: &Plan,
        now_ms: i64,
        tell: Tell<'_>,
    ) -> Result<Option<usize>, StoreError> {
        let arrived = |book: &super::Book| book.arrivals.get(&key.0).and_then(|here| here.due_ms(&key.1));
        let Some(due_ms) = arrived(&lock(&self.book)) else {
            return Ok(Some(0));
        };
        let mut event = plan.event(key, super::timestamp(due_ms), now_ms);
        // Another host may have loaded it in the same moment.
        event.identity = Identity(format!("{}/{}", event.identity.0, self.me));
        let due = super::run::text(&super::timestamp(due_ms));
        lock(&self.book)
            .running
            .insert(key.clone(), ([due.clone()].into(), Instant::now()));
        let told = told_in_time([tell(event)]).await;
        if told.as_deref() != Some(&[Told::Recorded]) {
            // Nothing is heard of its end.
            lock(&self.book).ended(key, &due);
        }
        match told.as_deref() {
            None => Err(StoreError::Io("the journal did not take it in time".into())),
            Some([Told::Nobody]) => Ok(None),
            Some(_) => {
                let mut book = lock(&self.book);
                if arrived(&book) == Some(due_ms)
                    && let Some(here) = book.arrivals.get_mut(&key.0)
                {
                    here.ran.insert(key.1.clone());
                    book.stale = true;
                }
                Ok(Some(1))
            }
        }
    }
}
