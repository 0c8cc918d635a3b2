//! The one task that loads, replaces and removes.
//!
//! It goes over the folder whenever something happened there, and compares what is in it with what it knows. A look
//! every now and then does the same, so that no lost notice of the system matters.

use super::cache::Cache;
use super::load::{Failure, Fresh, Loader};
use super::owners::Owners;
use super::problem::{Problem, Report, Shown, Stage};
use super::scan::{self, Content, FolderId, Listing, ReadError, Stamp};
use super::snapshot::{Loaded, Snapshot};
use super::watch::{FolderWatch, LATEST, QUIET, Quiet, Touched};
use super::{LimitsOf, Parts, RegistryError};
use arc_swap::ArcSwap;
use jiff::Timestamp;
use moa_core::router::{Conflict, Table};
use moa_store::Store;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch as cell};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};
use tokio_util::sync::CancellationToken;

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
}

pub(super) struct Keeper {
    dir: PathBuf,
    loader: Loader,
    limits: LimitsOf,
    aliases: BTreeMap<String, String>,
    store: Arc<dyn Store>,
    reports: mpsc::UnboundedSender<Report>,

    snapshot: Arc<ArcSwap<Snapshot>>,
    complete: cell::Sender<bool>,
    files: BTreeMap<OsString, File>,
    owners: Owners,
    /// The owners as they are stored; `None` if that is not known, and they are not to be overwritten.
    stored: Option<Owners>,
    /// Conflicts that were told.
    told: BTreeSet<String>,
    /// To be told once the snapshot shows it.
    pending: Vec<Report>,
    changed: bool,
    /// When the last snapshot was made, and how long that took.
    published: Option<(Instant, Duration)>,
    watch: Option<(FolderWatch, FolderId)>,
    folder_gone: bool,
    touched: Arc<Touched>,
    quiet: Quiet,
}

impl Keeper {
    pub(super) fn new(parts: Parts, complete: cell::Sender<bool>) -> Result<Self, RegistryError> {
        let Parts {
            engine,
            dir,
            cache_dir,
            compiler,
            limits,
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
        let cache = Cache::open(&cache_dir, engine.compatibility_key())?;
        let (table, _) = Table::build(&[], &BTreeMap::new(), &aliases);
        let empty = Snapshot {
            plugins: BTreeMap::new(),
            table,
            problems: Vec::new(),
            complete: false,
        };
        Ok(Self {
            dir,
            loader: Loader {
                engine,
                compiler,
                cache,
            },
            limits,
            aliases,
            store,
            reports,
            snapshot: Arc::new(ArcSwap::from_pointee(empty)),
            complete,
            files: BTreeMap::new(),
            owners: Owners::default(),
            stored: None,
            told: BTreeSet::new(),
            pending: Vec::new(),
            changed: true,
            published: None,
            watch: None,
            folder_gone: false,
            touched: Arc::default(),
            quiet: Quiet::new(QUIET, LATEST),
        })
    }

    pub(super) fn snapshot(&self) -> Arc<ArcSwap<Snapshot>> {
        Arc::clone(&self.snapshot)
    }

    pub(super) async fn run(mut self, stop: CancellationToken) {
        tokio::select! {
            biased;
            () = stop.cancelled() => {}
            () = self.keep() => {}
        }
    }

    async fn keep(&mut self) {
        self.stored = Owners::read(&*self.store).await;
        self.owners = self.stored.clone().unwrap_or_default();
        self.pass().await;
        // Nobody may be waiting for it.
        let _ = self.complete.send(true);
        let mut look = interval(if self.watch.is_some() { LOOK } else { LOOK_ALONE });
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let touched = Arc::clone(&self.touched);
        loop {
            let due = self.quiet.due_at();
            tokio::select! {
                () = touched.wait() => self.quiet.event(Instant::now()),
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                    if self.quiet.take(Instant::now()) {
                        self.pass().await;
                    }
                }
                _ = look.tick() => self.look().await,
            }
        }
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

    /// Makes everything as the folder says.
    async fn pass(&mut self) {
        // Before the folder is listed: what happens from now on is told.
        let touched = self.touched.take();
        let Some(mut listing) = self.list().await else {
            return self.publish().await;
        };
        if self.watch.as_ref().is_none_or(|(_, folder)| *folder != listing.folder) {
            self.watch_folder(listing.folder);
            match self.list().await {
                Some(again) => listing = again,
                None => return self.publish().await,
            }
        }
        if std::mem::take(&mut self.folder_gone) {
            self.tell(Report::FolderBack { dir: self.dir.clone() });
        }
        let gone: BTreeSet<OsString> = self
            .files
            .keys()
            .filter(|name| !listing.files.contains_key(*name))
            .cloned()
            .collect();
        for name in self.to_examine(&listing, &touched) {
            let stamp = listing.files.get(&name).copied().flatten();
            self.examine(&name, stamp, &gone).await;
            self.publish_soon().await;
        }
        for name in &gone {
            let Some(file) = self.files.remove(name) else { continue };
            self.changed = true;
            if let Some(old) = file.serving {
                self.removed(&old);
            }
        }
        self.free_words(&listing);
        self.publish().await;
        self.prune().await;
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

    /// Looks at one file and does what is to be done.
    async fn examine(&mut self, name: &OsStr, stamp: Option<Stamp>, gone: &BTreeSet<OsString>) {
        let begun = Instant::now();
        let path = self.dir.join(name);
        let file = self.files.entry(name.to_owned()).or_default();
        file.stamp = stamp;
        file.again = None;
        let content = match read(path.clone()).await {
            Ok(content) if content.restless => return self.look_again(name),
            Ok(content) => content,
            // Removed since the folder was listed; the next pass sees it. A link that leads nowhere has no stamp.
            Err(ReadError::Io(error)) if error.kind() == std::io::ErrorKind::NotFound && stamp.is_some() => {
                file.stamp = None;
                return self.look_again(name);
            }
            Err(error) => return self.failed(name, None, Failure::of_file(Stage::Read, error)),
        };
        let serving = file.serving.clone();
        if let Some(serving) = serving.as_ref().filter(|serving| serving.version == content.hash) {
            if file.problem.take().is_some() {
                self.changed = true;
                self.pending.push(Report::Mended {
                    plugin: Arc::clone(serving),
                });
            }
            return;
        }
        if self.take_renamed(name, &path, &content.hash, gone) {
            return;
        }
        let Content { bytes, hash, .. } = content;
        let limits = {
            let name = serving.map(|serving| serving.name.clone());
            let stem = || {
                path.file_stem()
                    .map(|stem| stem.to_string_lossy().into_owned())
                    .unwrap_or_default()
            };
            (self.limits)(&name.unwrap_or_else(stem))
        };
        match self.loader.load(bytes, &hash, &limits).await {
            Ok(fresh) => self.place(name, path, hash, fresh, gone, begun),
            // Still being written, perhaps: it is looked at again when it has been left alone for a while.
            Err(failure) if !failure.passing && changed_lately(&path) => {
                tracing::debug!(file = %Shown(&path), reason = %failure.reason, "not loadable yet");
                self.look_again(name);
            }
            Err(failure) => self.failed(name, Some(hash), failure),
        }
    }

    /// A file that went away and this one are the same plugin: only the path is new.
    fn take_renamed(&mut self, name: &OsStr, path: &Path, hash: &str, gone: &BTreeSet<OsString>) -> bool {
        let before = gone.iter().find_map(|from| {
            let serving = self.files.get(from)?.serving.as_ref()?;
            (serving.version == hash).then(|| (from.clone(), Arc::clone(serving)))
        });
        let Some((from, old)) = before else { return false };
        self.files.remove(&from);
        let plugin = Arc::new(Loaded {
            path: path.to_owned(),
            ..Loaded::clone(&old)
        });
        self.pending.push(Report::Moved {
            plugin: Arc::clone(&plugin),
            from: old.path.clone(),
        });
        self.serve(name, plugin);
        true
    }

    /// Gives a plugin its place, unless another file has its name.
    fn place(
        &mut self,
        name: &OsStr,
        path: PathBuf,
        hash: String,
        fresh: Fresh,
        gone: &BTreeSet<OsString>,
        begun: Instant,
    ) {
        let Fresh {
            plugin,
            manifest,
            warnings,
        } = fresh;
        let holder = self.files.iter().find_map(|(file, state)| {
            let serving = state.serving.as_ref().filter(|serving| serving.name == manifest.name)?;
            Some((file.clone(), Arc::clone(serving)))
        });
        let mut before = None;
        if let Some((file, old)) = holder {
            if file != name {
                if gone.contains(&file) {
                    // The file of the version before is gone: this one is its successor.
                    self.files.remove(&file);
                } else if !self.cede(&file) {
                    return self.duplicate(name, hash, &old);
                }
            }
            before = Some(old.version.clone());
        }
        let plugin = Arc::new(Loaded {
            name: manifest.name.clone(),
            version: hash,
            path,
            manifest: Arc::new(manifest),
            plugin,
            warnings,
            since: Timestamp::now(),
        });
        let took = begun.elapsed();
        self.pending.push(match before {
            Some(before) => Report::Replaced {
                plugin: Arc::clone(&plugin),
                before,
                took,
            },
            None => Report::Loaded {
                plugin: Arc::clone(&plugin),
                took,
            },
        });
        self.serve(name, plugin);
    }

    /// Whether a file gives its plugin's name away: it does if it holds another plugin by now, which only waits for a name
    /// that is taken. So two files can be exchanged.
    fn cede(&mut self, name: &OsStr) -> bool {
        let Some(file) = self.files.get_mut(name) else {
            return false;
        };
        let cedes = file
            .problem
            .as_ref()
            .is_some_and(|(problem, _)| problem.stage == Stage::Name);
        if cedes {
            file.serving = None;
        }
        cedes
    }

    /// From the next snapshot on this is what the file is.
    fn serve(&mut self, name: &OsStr, plugin: Arc<Loaded>) {
        self.changed = true;
        let file = self.files.entry(name.to_owned()).or_default();
        file.problem = None;
        let old = file.serving.replace(Arc::clone(&plugin));
        if let Some(old) = old.filter(|old| old.name != plugin.name) {
            self.removed(&old);
        }
    }

    /// A name is free, which may be what another file waits for.
    fn removed(&mut self, old: &Loaded) {
        self.pending.push(Report::Removed {
            name: old.name.clone(),
            version: old.version.clone(),
            path: old.path.clone(),
        });
        for (name, file) in &mut self.files {
            if file
                .problem
                .as_ref()
                .is_some_and(|(problem, _)| problem.stage == Stage::Name)
            {
                file.again = Some(Instant::now());
                self.touched.add(name.clone());
            }
        }
    }

    fn duplicate(&mut self, name: &OsStr, hash: String, holder: &Loaded) {
        let report = Report::DuplicateName {
            name: holder.name.clone(),
            kept: holder.path.clone(),
            refused: self.dir.join(name),
        };
        let reason = format!(
            "{} is the plugin {} already; remove one of the two files",
            Shown(&holder.path),
            holder.name
        );
        if self
            .note(name, Some(hash), Failure::of_file(Stage::Name, reason))
            .is_some()
        {
            self.pending.push(report);
        }
    }

    fn failed(&mut self, name: &OsStr, hash: Option<String>, failure: Failure) {
        if let Some(problem) = self.note(name, hash, failure) {
            self.pending.push(Report::Failed(problem));
        }
    }

    /// Keeps why a file is not live. Returns it if it is news.
    fn note(&mut self, name: &OsStr, hash: Option<String>, failure: Failure) -> Option<Problem> {
        let file = self.files.entry(name.to_owned()).or_default();
        file.again = failure.passing.then(|| Instant::now() + AGAIN);
        let problem = Problem {
            path: self.dir.join(name),
            stage: failure.stage,
            reason: failure.reason,
            serving: file.serving.as_ref().map(|serving| serving.version.clone()),
        };
        let noted = (problem.clone(), hash);
        if file.problem.as_ref() == Some(&noted) {
            return None;
        }
        file.problem = Some(noted);
        self.changed = true;
        Some(problem)
    }

    fn look_again(&mut self, name: &OsStr) {
        self.touched.add(name.to_owned());
    }

    fn watch_folder(&mut self, folder: FolderId) {
        self.watch = match FolderWatch::start(&self.dir, &self.touched) {
            Ok(watch) => Some((watch, folder)),
            Err(error) => {
                tracing::warn!(dir = %self.dir.display(), %error, "the system tells no changes of the plugin folder; it is looked at again and again instead (`fs.inotify.max_user_watches`, `max_user_instances`)");
                None
            }
        };
    }

    /// Publishes, unless that would take more of the time than loading does.
    async fn publish_soon(&mut self) {
        // During the first pass nobody looks.
        let dear = |(at, took): (Instant, Duration)| at.elapsed() < took * 10;
        if self.published.is_some_and(|published| !dear(published)) {
            self.publish().await;
        }
    }

    /// Makes what is known the present snapshot, and tells what changed.
    async fn publish(&mut self) {
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
            let (table, conflicts) = Table::build(&manifests, &self.owners.words, &self.aliases);
            let files = plugins
                .iter()
                .map(|(name, plugin)| (name.as_str(), file_name(&plugin.path)))
                .collect();
            self.owners.update(table.owners(), &files);
            let problems = self
                .files
                .values()
                .filter_map(|file| file.problem.as_ref())
                .map(|(problem, _)| problem.clone())
                .collect();
            self.snapshot.store(Arc::new(Snapshot {
                plugins,
                table,
                problems,
                complete: true,
            }));
            self.tell_conflicts(conflicts);
            self.published = Some((Instant::now(), begun.elapsed()));
            self.keep_owners().await;
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

    /// Words of plugins whose file is gone are free for others.
    fn free_words(&mut self, listing: &Listing) {
        let loaded = self
            .files
            .values()
            .filter_map(|file| file.serving.as_ref())
            .map(|serving| serving.name.as_str());
        let before = self.owners.clone();
        self.owners.release(&loaded.collect(), &listing.files.keys().collect());
        self.changed |= self.owners != before;
    }

    async fn prune(&self) {
        let keep = self
            .files
            .values()
            .filter_map(|file| file.serving.as_ref())
            .map(|serving| serving.version.clone());
        let (cache, keep) = (self.loader.cache.clone(), keep.collect());
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

async fn read(path: PathBuf) -> Result<Content, ReadError> {
    let read = tokio::task::spawn_blocking(move || scan::read(&path)).await;
    read.unwrap_or_else(|error| Err(ReadError::Io(std::io::Error::other(error))))
}

/// Whether a file's content or name changed within the quiet time. A clock that is behind the file's is no reason to
/// wait for ever.
fn changed_lately(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let Ok(metadata) = std::fs::metadata(path) else {
        return true;
    };
    let changed = i128::from(metadata.ctime()) * 1_000_000_000 + i128::from(metadata.ctime_nsec());
    let age = Timestamp::now().as_nanosecond() - changed;
    (0..QUIET.as_nanos() as i128).contains(&age)
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
