//! From what is known to what readers see.

use super::Keeper;
use crate::registry::Visit;
use crate::registry::problem::Report;
use crate::registry::snapshot::{Loaded, Snapshot};
use moa_core::router::{Conflict, Table};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

impl Keeper {
    /// Publishes, unless that would take more of the time than loading does.
    pub(super) async fn publish_soon(&mut self) {
        let now = Instant::now();
        if self.published.is_none_or(|published| cheap_at(published) <= now) {
            self.publish().await;
        }
    }

    /// When what is put off is to be published.
    pub(super) fn publishes_at(&self) -> Option<Instant> {
        let is_put_off = self.changed || !self.pending.is_empty();
        self.published.filter(|_| is_put_off).map(cheap_at)
    }

    /// Makes what is known the present snapshot, and tells what changed.
    pub(super) async fn publish(&mut self) {
        if std::mem::take(&mut self.changed) {
            let begun = Instant::now();
            let plugins: BTreeMap<String, Arc<Loaded>> = self
                .files
                .values()
                .filter_map(|file| file.serving.as_ref())
                .map(|serving| (serving.name.clone(), Arc::clone(serving)))
                .collect();
            let manifests: Vec<_> = plugins
                .iter()
                .map(|(name, plugin)| (name.as_str(), &*plugin.manifest))
                .collect();
            let (mut table, conflicts) = Table::build(&manifests, &self.owners.words, &self.aliases);
            let files = plugins
                .iter()
                .map(|(name, plugin)| (name.as_str(), file_name(&plugin.path)))
                .collect();
            if self.whole {
                // Before that a word may seem to be free whose owner is not loaded yet.
                self.owners.update(table.owners(), &files);
            }
            table.hush(|plugin| self.locks.is_stopped(plugin));
            let problems = self
                .files
                .values()
                .filter_map(|file| file.problem.as_ref())
                .map(|(problem, _)| problem.clone())
                .collect();
            for (name, plugin) in &plugins {
                self.history.serves(name, &plugin.version);
            }
            let (stopped, plugins) = plugins.into_iter().partition(|(name, _)| self.locks.is_stopped(name));
            self.snapshot.store(Arc::new(Snapshot {
                plugins,
                stopped,
                locks: self.locks.clone(),
                table,
                problems,
                complete: self.whole,
            }));
            self.followers.tell().await;
            self.published = Some((Instant::now(), begun.elapsed()));
            if self.whole {
                self.tell_conflicts(conflicts);
                self.keep_owners().await;
            }
        }
        for report in std::mem::take(&mut self.pending) {
            self.tell(report);
        }
    }

    fn tell_conflicts(&mut self, conflicts: Vec<Conflict>) {
        let mut present = BTreeSet::new();
        for Conflict { word, kept, refused } in conflicts {
            let key = format!("{word} {kept} {refused}");
            if !self.told.contains(&key) {
                self.pending.push(Report::Conflict { word, kept, refused });
            }
            present.insert(key);
        }
        self.told = present;
    }

    async fn keep_owners(&mut self) {
        if self.visit == Visit::Brief {
            return;
        }
        self.keep_history().await;
        if self.stored.as_ref().is_none_or(|stored| *stored == self.owners) {
            return;
        }
        match self.owners.write(&*self.store).await {
            Ok(()) => self.stored = Some(self.owners.clone()),
            Err(error) => {
                tracing::error!(%error, "the owners of command words could not be kept; after a restart they may differ");
            }
        }
    }
}

impl Keeper {
    async fn keep_history(&mut self) {
        if self
            .stored_history
            .as_ref()
            .is_none_or(|stored| *stored == self.history)
        {
            return;
        }
        match self.history.write(&*self.store).await {
            Ok(()) => self.stored_history = Some(self.history.clone()),
            Err(error) => {
                tracing::error!(%error, "which versions of plugins served could not be kept; after a restart `moa plugin rollback` may not find them");
            }
        }
    }
}

/// When no more than a tenth of the time goes into publishing.
fn cheap_at((at, took): (Instant, Duration)) -> Instant {
    at + took * 10
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
