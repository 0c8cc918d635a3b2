//! The one task that loads, replaces and removes.
//!
//! It goes over the folder whenever something happened there, and compares what is in it with what it knows. A look
//! every now and then does the same, so that no lost notice of the system matters. It decides, and waits for nothing that
//! takes long: compiling and the like are `work` beside it, and what comes of that counts if it is still wanted when it is
//! done. `examine` deals with one file, `leaving` with one that is gone, `publish` makes snapshots, `orders` and `carry`
//! do what the operator wants.

mod carry;
mod examine;
mod leaving;
mod orders;
mod publish;
mod work;

use super::cache::Cache;
use super::compile;
use super::history::History;
use super::load::Loader;
use super::locks::Locks;
use super::owners::Owners;
use super::problem::{Problem, Report};
use super::put;
use super::scan::{self, FolderId, Listing, Stamp};
use super::snapshot::{Loaded, Snapshot};
use super::versions::{Old, Versions};
use super::watch::{FolderWatch, LATEST, QUIET, Quiet, Touched};
use super::{Asked, Followers, LimitsOf, Parts, RegistryError, Visit};
use crate::vitals::Vitals;
use arc_swap::ArcSwap;
use leaving::Leaving;
use moa_core::router::Table;
use moa_store::Store;
use orders::Wanted;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc, watch as cell};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};
use tokio_util::sync::CancellationToken;
use work::{Running, Work};

/// How often the folder is looked at unasked.
const LOOK: Duration = Duration::from_secs(2);
/// The same where the system tells nothing.
const LOOK_ALONE: Duration = Duration::from_millis(500);
/// When something is tried again that failed for the host's own reasons.
const AGAIN: Duration = Duration::from_secs(15);

/// What is known of a file.
#[derive(Default)]
struct File {
    stamp: Option<Stamp>,
    /// What came of it and is live.
    serving: Option<Arc<Loaded>>,
    /// Why what is in it now is not live, and the hash of that.
    problem: Option<(Problem, Option<String>)>,
    /// When to try again though nothing changed.
    again: Option<Instant>,
    /// Whether it is to be looked at.
    queued: bool,
    /// Whether it was looked at, and waits for its turn to be compiled.
    cold: bool,
    /// The work on it.
    running: Option<Running>,
    /// The file that has a better claim to the name of what is in it, while it is not known what that file is.
    behind: Option<OsString>,
}

impl File {
    /// Whether it is not known yet what comes of what is in it.
    fn is_busy(&self) -> bool {
        self.queued || self.is_begun()
    }

    /// Whether what is in it is about to be a plugin.
    fn is_begun(&self) -> bool {
        self.cold || self.running.is_some() || self.behind.is_some()
    }
}

pub(super) struct Keeper {
    dir: PathBuf,
    loader: Loader,
    /// What does not wait for files.
    loader_of_orders: Loader,
    /// How many plugins may be loaded.
    room: usize,
    /// Whether it was logged that there are more.
    told_full: bool,
    limits: LimitsOf,
    aliases: BTreeMap<String, String>,
    store: Arc<dyn Store>,
    reports: mpsc::UnboundedSender<Report>,
    locks: Locks,
    visit: Visit,
    vitals: Arc<Vitals>,

    snapshot: Arc<ArcSwap<Snapshot>>,
    followers: Followers,
    complete: cell::Sender<bool>,
    files: BTreeMap<OsString, File>,
    work: Work,
    /// Files that are gone, whose plugins serve until it is known whether another file is their successor.
    leaving: BTreeMap<OsString, Leaving>,
    /// Orders that wait for a file, or for their answer.
    wanted: Vec<Wanted>,
    /// Whether every file that was there at the start has been looked at.
    whole: bool,
    /// Whether something is to be done as soon as there is nothing else to do.
    untidy: bool,
    owners: Owners,
    /// The owners as they are stored; `None` if that is not known, and they are not to be overwritten.
    stored: Option<Owners>,
    history: History,
    /// The same of the history.
    stored_history: Option<History>,
    /// Conflicts that were told.
    told: BTreeSet<String>,
    /// To be told once the snapshot shows it.
    pending: Vec<Report>,
    changed: bool,
    /// When the last snapshot was made, and how long that took.
    published: Option<(Instant, Duration)>,
    watch: Option<(FolderWatch, FolderId)>,
    folder_gone: bool,
    /// Whether it was logged that the system tells no changes.
    told_alone: bool,
    touched: Arc<Touched>,
    quiet: Quiet,
}

impl Keeper {
    pub(super) fn new(
        parts: Parts,
        locks: Locks,
        visit: Visit,
        complete: cell::Sender<bool>,
    ) -> Result<Self, RegistryError> {
        let Parts {
            engine,
            dir,
            cache_dir,
            compiler,
            room,
            limits,
            config,
            aliases,
            store,
            reports,
        } = parts;
        let folder = |source| RegistryError::Folder {
            dir: dir.clone(),
            source,
        };
        std::fs::create_dir_all(&dir).map_err(folder)?;
        // Later changes of the working folder must not matter.
        let dir = std::path::absolute(&dir).map_err(folder)?;
        if let Err(error) = put::recover(&dir, &locks) {
            tracing::warn!(dir = %dir.display(), %error, "what an interrupted installation left in the plugin folder could not be put right");
        }
        let cache = Cache::open(&cache_dir, engine.compatibility_key())?;
        let versions = Versions::open(&cache_dir).map_err(|error| RegistryError::Cache {
            dir: cache_dir.clone(),
            reason: error.to_string(),
        })?;
        let (table, _) = Table::build(&[], &BTreeMap::new(), &aliases);
        let empty = Snapshot {
            table,
            ..Snapshot::default()
        };
        let loader = Loader {
            engine,
            compiler,
            cache,
            versions,
            turns: Arc::new(Semaphore::new(compile::at_once())),
            config,
        };
        Ok(Self {
            dir,
            loader_of_orders: loader.beside(orders::AT_ONCE),
            loader,
            room,
            told_full: false,
            limits,
            aliases,
            store,
            reports,
            locks,
            visit,
            vitals: Arc::default(),
            snapshot: Arc::new(ArcSwap::from_pointee(empty)),
            followers: Followers::default(),
            complete,
            files: BTreeMap::new(),
            work: Work::new(compile::at_once()),
            leaving: BTreeMap::new(),
            wanted: Vec::new(),
            whole: false,
            untidy: true,
            owners: Owners::default(),
            stored: None,
            history: History::default(),
            stored_history: None,
            told: BTreeSet::new(),
            pending: Vec::new(),
            changed: true,
            published: None,
            watch: None,
            folder_gone: false,
            told_alone: false,
            touched: Arc::default(),
            quiet: Quiet::new(QUIET, LATEST),
        })
    }

    pub(super) fn snapshot(&self) -> Arc<ArcSwap<Snapshot>> {
        Arc::clone(&self.snapshot)
    }

    pub(super) fn followers(&self) -> Followers {
        self.followers.clone()
    }

    pub(super) fn vitals(&self) -> Arc<Vitals> {
        Arc::clone(&self.vitals)
    }

    pub(super) fn old(&self) -> Old {
        Old::new(&self.loader)
    }

    pub(super) async fn run(
        mut self,
        orders: mpsc::Receiver<Asked>,
        aliases: cell::Receiver<BTreeMap<String, String>>,
        stop: CancellationToken,
    ) {
        tokio::select! {
            biased;
            () = stop.cancelled() => {}
            () = self.keep(orders, aliases) => {}
        }
    }

    async fn keep(&mut self, mut orders: mpsc::Receiver<Asked>, mut aliases: cell::Receiver<BTreeMap<String, String>>) {
        self.stored = Owners::read(&*self.store).await;
        self.owners = self.stored.clone().unwrap_or_default();
        self.stored_history = History::read(&*self.store).await;
        self.history = self.stored_history.clone().unwrap_or_default();
        self.pass().await;
        let mut look = interval(if self.watch.is_some() { LOOK } else { LOOK_ALONE });
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let touched = Arc::clone(&self.touched);
        loop {
            self.settle().await;
            let (due, wake) = (self.quiet.due_at(), self.wakes_at());
            let begins = self.work.can_begin();
            tokio::select! {
                biased;
                Some((order, tell)) = orders.recv() => self.obey(order, tell).await,
                Ok(()) = aliases.changed() => {
                    self.aliases = aliases.borrow_and_update().clone();
                    self.changed = true;
                }
                Some(done) = self.work.done() => self.apply(done).await,
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                    if self.quiet.take(Instant::now()) {
                        self.pass().await;
                    }
                }
                () = touched.wait() => self.quiet.event(Instant::now()),
                _ = look.tick() => self.look().await,
                () = sleep_until(wake.unwrap_or_else(Instant::now)), if wake.is_some() => {}
                () = std::future::ready(()), if begins => self.begin().await,
            }
        }
    }

    /// What is to be done after each step: what changed is shown, and who waited for it is told.
    async fn settle(&mut self) {
        self.leave(Instant::now());
        let is_idle = self.work.is_idle();
        if is_idle && !std::mem::replace(&mut self.whole, true) {
            self.changed = true;
        }
        if is_idle && self.untidy {
            self.free_words();
            self.publish().await;
        } else {
            self.publish_soon().await;
        }
        if self.whole && !*self.complete.borrow() {
            // Nobody may be waiting for it.
            let _ = self.complete.send(true);
        }
        self.carry_on().await;
        if is_idle && std::mem::take(&mut self.untidy) {
            self.prune().await;
        }
    }

    /// When there is something to do though nothing happens.
    fn wakes_at(&self) -> Option<Instant> {
        let gone = self.leaving.values().map(|leaving| leaving.until);
        let asked = self.wanted.iter().map(|wanted| wanted.until);
        gone.chain(asked).chain(self.publishes_at()).min()
    }

    /// Whether something changed that nobody told of.
    async fn look(&mut self) {
        let Some(listing) = self.list().await else { return };
        let now = Instant::now();
        let moved = self.watch.as_ref().is_some_and(|(_, folder)| *folder != listing.folder);
        let differs = listing.files.len() != self.files.len()
            || listing
                .files
                .iter()
                .any(|(name, stamp)| self.files.get(name).is_none_or(|file| file.stamp != *stamp));
        let again = self.files.values().any(|file| file.again.is_some_and(|at| at <= now));
        if moved || differs || again || self.folder_gone {
            self.quiet.event(now);
        }
    }

    /// What is in the folder; `None`, and told once, if it can't be read.
    async fn list(&mut self) -> Option<Listing> {
        let dir = self.dir.clone();
        let listed = tokio::task::spawn_blocking(move || scan::list(&dir)).await;
        let reason = match listed {
            Ok(Ok(listing)) => return Some(listing),
            Ok(Err(error)) => error.to_string(),
            Err(error) => error.to_string(),
        };
        if !std::mem::replace(&mut self.folder_gone, true) {
            self.watch = None;
            self.tell(Report::FolderGone {
                dir: self.dir.clone(),
                reason,
            });
        }
        None
    }

    /// Sees to it that everything becomes as the folder says.
    async fn pass(&mut self) {
        // Before the folder is listed: what happens from now on is told.
        let touched = self.touched.take();
        let Some(mut listing) = self.list().await else {
            return;
        };
        if self.watch.as_ref().is_none_or(|(_, folder)| *folder != listing.folder) {
            self.watch_folder(listing.folder);
            match self.list().await {
                Some(again) => listing = again,
                None => return,
            }
        }
        if std::mem::take(&mut self.folder_gone) {
            self.tell(Report::FolderBack { dir: self.dir.clone() });
        }
        self.untidy = true;
        for name in self.to_examine(&listing, &touched) {
            let stamp = listing.files.get(&name).copied().flatten();
            self.enqueue(&name, stamp);
        }
        self.leaving.retain(|name, _| !listing.files.contains_key(name));
        let gone = |name: &&OsString| !listing.files.contains_key(*name) && !self.leaving.contains_key(*name);
        let gone: Vec<OsString> = self.files.keys().filter(gone).cloned().collect();
        for name in gone {
            self.gone(name);
        }
    }

    /// The files that differ from what is known; those that were plugins before come first, so that a copy that was put
    /// beside one does not take its name over a restart.
    fn to_examine(&self, listing: &Listing, touched: &BTreeSet<OsString>) -> Vec<OsString> {
        let now = Instant::now();
        let differs = |name: &OsString, stamp: &Option<Stamp>| {
            touched.contains(name)
                || self
                    .files
                    .get(name)
                    .is_none_or(|file| file.stamp != *stamp || file.again.is_some_and(|at| at <= now))
        };
        let mut names: Vec<OsString> = listing
            .files
            .iter()
            .filter(|(name, stamp)| differs(name, stamp))
            .map(|(name, _)| name.clone())
            .collect();
        names.sort_by_key(|name| (!self.owners.is_incumbent(name), name.clone()));
        names
    }

    /// The file of a plugin that is loaded.
    fn holder(&self, plugin: &str) -> Option<(OsString, Arc<Loaded>)> {
        self.files.iter().find_map(|(file, state)| {
            let loaded = state.serving.as_ref().filter(|loaded| loaded.name == plugin)?;
            Some((file.clone(), Arc::clone(loaded)))
        })
    }

    fn watch_folder(&mut self, folder: FolderId) {
        self.watch = match FolderWatch::start(&self.dir, &self.touched) {
            Ok(watch) => Some((watch, folder)),
            Err(error) => {
                if !std::mem::replace(&mut self.told_alone, true) {
                    tracing::warn!(dir = %self.dir.display(), %error, "the system tells no changes of the plugin folder; it is looked at again and again instead (`fs.inotify.max_user_watches`, `max_user_instances`)");
                }
                None
            }
        };
    }

    /// Words of plugins whose file is gone are free for others.
    fn free_words(&mut self) {
        if self.folder_gone {
            return;
        }
        let loaded = self
            .files
            .values()
            .filter_map(|file| file.serving.as_ref())
            .map(|serving| serving.name.as_str());
        let before = self.owners.clone();
        self.owners.release(&loaded.collect(), &self.files.keys().collect());
        self.changed |= self.owners != before;
    }

    async fn prune(&self) {
        if self.visit == Visit::Brief {
            return;
        }
        let serving = || self.files.values().filter_map(|file| file.serving.as_ref());
        let keep: BTreeSet<String> = serving().map(|serving| serving.version.clone()).collect();
        let way_back = self.history.needed(serving().map(|serving| serving.name.as_str()));
        let needed = keep.iter().cloned().chain(way_back).collect();
        self.loader.versions.prune(&needed, &*self.store).await;
        let cache = self.loader.cache.clone();
        let pruned = tokio::task::spawn_blocking(move || cache.prune(&keep)).await;
        if let Ok(Err(error)) = pruned {
            tracing::warn!(%error, "old compiled code could not be removed");
        }
    }

    /// Nobody needs to listen.
    fn tell(&self, report: Report) {
        let _ = self.reports.send(report);
    }
}
