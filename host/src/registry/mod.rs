//! The plugins that are loaded: a folder on one side, an immutable [`Snapshot`] on the other.
//!
//! One task decides all loading, replacing and removing, so that no two changes meet; it waits for no compilation, which is
//! done beside it. Readers take the present snapshot and are never kept waiting. A file that fails at any step changes nothing. In reading order: [`snapshot`] is what readers
//! see, [`problem`] what is told, `order` what an operator can have done, `watch` says when to look, `scan` what is there, `load` makes a plugin of a
//! file with [`compile`] and `cache`, `versions` keeps what was replaced, `owners` remembers which plugin a word belongs
//! to, `history` which version served before which, [`locks`] what the operator decided, `put` brings files into the folder, `follow` is for what has to keep up with the plugins, `keeper` is the task that binds them.

mod cache;
pub mod compile;
mod follow;
mod history;
mod keeper;
mod load;
pub mod locks;
mod order;
mod owners;
pub mod problem;
mod put;
mod scan;
pub mod snapshot;
mod versions;
mod watch;

#[cfg(test)]
mod folder_tests;
#[cfg(test)]
mod order_tests;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod work_tests;

pub use compile::Compiler;
pub use follow::Follower;
pub use locks::{Lock, Locks, LocksError};
pub use order::{Order, OrderError, Ordered, Package};
pub use problem::{Problem, Report, Stage};
pub use snapshot::{Loaded, Snapshot};
pub use versions::VersionError;

pub(crate) use load::missing_export;
pub(crate) use problem::{OneLine, Shown, steers};
pub(crate) use scan::{hex, is_plugin_file};
pub(crate) use watch::{LATEST, QUIET, Quiet, changes};

use crate::vitals::Vitals;
use arc_swap::ArcSwap;
use follow::Followers;
use moa_engine::{Engine, Limits};
use moa_store::Store;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Weak};
use tokio::sync::{mpsc, oneshot, watch as cell};
use tokio_util::sync::CancellationToken;

/// The limits of a plugin, by its name.
pub type LimitsOf = Arc<dyn Fn(&str) -> Limits + Send + Sync>;

/// The operator's table `[plugin.NAME.config]`, by the plugin's name.
pub type ConfigOf = Arc<dyn Fn(&str) -> Arc<Map<String, Value>> + Send + Sync>;

/// What the registry is made of.
pub struct Parts {
    /// Runs the plugins.
    pub engine: Engine,
    /// The plugin folder; made if it is not there.
    pub dir: PathBuf,
    /// Where compiled code is kept; made, and closed to everybody else.
    pub cache_dir: PathBuf,
    /// How machine code is made.
    pub compiler: Compiler,
    /// How many plugins may be loaded at the same time: each holds an open file.
    pub room: usize,
    /// The limits under which a plugin is asked for its manifest.
    pub limits: LimitsOf,
    /// What manifests take from the configuration: times of jobs, and what plugins ask for.
    pub config: ConfigOf,
    /// The operator's table `[commands.alias]`.
    pub aliases: BTreeMap<String, String>,
    /// Remembers which plugin a word belongs to.
    pub store: Arc<dyn Store>,
    /// Where to tell what happens. Nobody needs to listen.
    pub reports: mpsc::UnboundedSender<Report>,
}

/// Why there can be no registry.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The plugin folder can't be made.
    #[error("the plugin folder {dir} cannot be made ({source}); make it, or set `plugins.dir` to another one")]
    Folder {
        /// The folder.
        dir: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The cache can't be made, or others could write into it.
    #[error("compiled plugins cannot be kept in {dir} ({reason}); `bot.data-dir` must be writable for this user alone")]
    Cache {
        /// The folder.
        dir: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

/// How long a registry stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visit {
    /// As long as its host, whose memory the store is.
    Stay,
    /// For one command, while no host runs: nothing that a host keeps of the plugins is tidied up, for the store is not
    /// its.
    Brief,
}

/// An order, and where to say what came of it.
type Asked = (Order, oneshot::Sender<Result<Ordered, OrderError>>);

/// Orders that wait for those before them.
const ORDERS: usize = 16;

/// Keeps the plugins of a folder loaded until it is dropped.
pub struct Registry {
    snapshot: Arc<ArcSwap<Snapshot>>,
    followers: Followers,
    vitals: Arc<Vitals>,
    orders: mpsc::Sender<Asked>,
    aliases: cell::Sender<BTreeMap<String, String>>,
    old: versions::Old,
    complete: cell::Receiver<bool>,
    stop: CancellationToken,
}

impl Registry {
    /// Begins to watch the folder and to load what is in it. To be called within a Tokio runtime. What an operator decides
    /// is forgotten with it.
    ///
    /// # Errors
    /// When one of the two folders can't be made.
    pub fn start(parts: Parts) -> Result<Self, RegistryError> {
        Self::with(parts, Locks::default(), Visit::Stay)
    }

    /// The same with what an operator decided before, and where that is kept.
    ///
    /// # Errors
    /// When one of the two folders can't be made.
    pub fn with(parts: Parts, locks: Locks, visit: Visit) -> Result<Self, RegistryError> {
        let stop = CancellationToken::new();
        let (mark_complete, complete) = cell::channel(false);
        let keeper = keeper::Keeper::new(parts, locks, visit, mark_complete)?;
        let (snapshot, followers, vitals) = (keeper.snapshot(), keeper.followers(), keeper.vitals());
        let old = keeper.old();
        let (orders, asked) = mpsc::channel(ORDERS);
        let (aliases, renamed) = cell::channel(BTreeMap::new());
        tokio::spawn(keeper.run(asked, renamed, stop.clone()));
        Ok(Self {
            snapshot,
            followers,
            vitals,
            orders,
            aliases,
            old,
            complete,
            stop,
        })
    }

    /// What is loaded now. Cheap: no lock, no copy.
    pub fn current(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    /// The cell that always holds the present snapshot, for readers that live apart from the registry.
    pub fn cell(&self) -> Arc<ArcSwap<Snapshot>> {
        Arc::clone(&self.snapshot)
    }

    /// Lets somebody keep up with the plugins, for as long as it lives.
    pub fn follow(&self, follower: Weak<dyn Follower>) {
        self.followers.add(follower);
    }

    /// What is counted of the plugins' calls.
    pub fn vitals(&self) -> &Arc<Vitals> {
        &self.vitals
    }

    /// Has something done to a plugin. Once begun it is carried out even if nobody waits for it any more; when this
    /// returns, the snapshot shows it.
    ///
    /// # Errors
    /// [`OrderError`]; nothing has changed then.
    pub async fn order(&self, order: Order) -> Result<Ordered, OrderError> {
        let (tell, told) = oneshot::channel();
        let sent = self.orders.send((order, tell)).await;
        sent.map_err(|_| OrderError::Over)?;
        told.await.unwrap_or(Err(OrderError::Over))
    }

    /// Commands have these further names from now on, instead of those of the operator's table before.
    pub fn rename(&self, aliases: BTreeMap<String, String>) {
        // Nobody listens any more where it is ending.
        let _ = self.aliases.send(aliases);
    }

    /// A version of a plugin, also one that does not serve any more.
    ///
    /// # Errors
    /// [`VersionError`] where it cannot be had.
    pub async fn version(&self, plugin: &str, version: &str, limits: &Limits) -> Result<Arc<Loaded>, VersionError> {
        match self.current().plugins.get(plugin) {
            Some(serving) if serving.version == version => Ok(Arc::clone(serving)),
            _ => self.old.load(plugin, version, limits).await,
        }
    }

    /// Waits until every file that was in the folder at the start has been looked at.
    pub async fn ready(&self) {
        let mut complete = self.complete.clone();
        // An error means that the registry is shut down: nothing more will come, so there is nothing to wait for.
        let _ = complete.wait_for(|complete| *complete).await;
    }

    /// Stops watching and loading; compilations that run are ended. The last snapshot stays readable.
    pub async fn shutdown(&self) {
        self.stop.cancel();
        // The task holds the other end: once that is gone, so is the task.
        let _ = self.complete.clone().wait_for(|_| false).await;
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
