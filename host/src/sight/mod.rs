//! What a running host looks like at this moment: for `/readyz`, `/metrics`, `moa status` and the dashboard.
//!
//! Nothing here is kept up to date; it is looked up when somebody asks. What costs the store something is asked for at most
//! every few seconds, however many ask here, and is not waited for for long.

mod sample;
mod status;

pub use sample::Sample;
pub use status::{Broken, Connection, Due, Load, Queue, Status, StoreStatus, Work};

use crate::dispatch::Dispatch;
use crate::health::Health;
use crate::intake::Intake;
use crate::invocation;
use crate::registry::{Problem, Registry};
use crate::rest::Rests;
use crate::schedule::{Row, Schedules};
use crate::web::Endpoints;
use jiff::Timestamp;
use moa_core::config::{Config, StoreUrl};
use moa_store::Store;
use sample::Samples;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

/// What a host is looked at by.
pub struct Sight {
    health: Arc<Health>,
    store: Arc<dyn Store>,
    url: StoreUrl,
    registry: Arc<Registry>,
    endpoints: Arc<Endpoints>,
    data_dir: PathBuf,
    socket: PathBuf,
    begun: Timestamp,
    samples: Samples,
    host: OnceLock<Eyes>,
    stopping: AtomicBool,
}

/// What is there once the chat services have been signed in to.
pub struct Eyes {
    /// Where events come in.
    pub intake: Arc<Intake>,
    /// Where work waits.
    pub dispatch: Dispatch<invocation::Work>,
    /// What is due.
    pub schedules: Arc<Schedules>,
    /// Which plugins rest.
    pub rests: Arc<Rests>,
    /// Whether there is a service that has to be connected to.
    pub connects: bool,
}

/// How a plugin is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PluginState {
    /// `serving`, `resting` or `stopped`.
    pub state: &'static str,
    /// The most memory that one call had, in bytes.
    pub memory_peak: u64,
}

impl Sight {
    /// A host that is being started.
    pub fn new(
        config: &Config,
        health: Arc<Health>,
        store: Arc<dyn Store>,
        registry: Arc<Registry>,
        endpoints: Arc<Endpoints>,
    ) -> Arc<Self> {
        Arc::new(Self {
            health,
            store,
            url: config.store.url.clone(),
            registry,
            endpoints,
            data_dir: config.bot.data_dir.clone(),
            socket: config.bot.socket.clone(),
            begun: Timestamp::now(),
            samples: Samples::default(),
            host: OnceLock::new(),
            stopping: AtomicBool::new(false),
        })
    }

    /// The host is there.
    pub fn open(&self, eyes: Eyes) {
        // Once, at the start.
        let _ = self.host.set(eyes);
    }

    /// The host takes nothing in any more.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
    }

    /// Whether the host makes progress.
    pub fn health(&self) -> &Health {
        &self.health
    }

    /// Why the host is not ready; nothing where it is.
    pub fn reasons(&self, sample: &Sample) -> Vec<String> {
        let mut reasons = Vec::new();
        if self.stopping.load(Ordering::Acquire) {
            reasons.push("it is stopping".to_owned());
        }
        if let Err(why) = self.health.alive() {
            reasons.push(why.to_string());
        }
        match self.host.get() {
            None => reasons.push("it has not signed in to the chat service yet".to_owned()),
            Some(host) => {
                if host.connects && host.intake.link().borrow().connections == 0 {
                    reasons.push("it has no connection to the chat service".to_owned());
                }
                if !host.intake.is_open() {
                    reasons.push("it is taking up the journal".to_owned());
                }
            }
        }
        if !self.registry.current().complete {
            reasons.push("its plugins are being loaded".to_owned());
        }
        if let Err(why) = &sample.store {
            reasons.push(format!("its store does not answer: {why}"));
        }
        reasons
    }

    /// What the store says, at most a few seconds old.
    pub async fn sample(&self) -> Arc<Sample> {
        self.samples.now(self).await
    }

    /// How much each plugin remembers, at most a minute old.
    pub async fn brains(&self) -> Arc<Vec<moa_store::Usage>> {
        self.samples.brains(self).await
    }

    /// The plugins that are loaded, and how each is.
    pub fn plugin_states(&self) -> BTreeMap<String, PluginState> {
        let snapshot = self.registry.current();
        let vitals = self.registry.vitals();
        let rests = |name: &str| {
            let (host, loaded) = (self.host.get()?, snapshot.plugins.get(name)?);
            host.rests.of(name, (&loaded.version, loaded.since))
        };
        let state = |name: &String| {
            let state = match () {
                () if snapshot.stopped.contains_key(name) => "stopped",
                () if rests(name).is_some_and(|rest| rest.until.is_none_or(|until| until > Instant::now())) => {
                    "resting"
                }
                () => "serving",
            };
            PluginState {
                state,
                memory_peak: vitals.of(name).memory_peak,
            }
        };
        let names = snapshot.plugins.keys().chain(snapshot.stopped.keys());
        names.map(|name| (name.clone(), state(name))).collect()
    }

    /// Files of which nothing is loaded.
    pub fn broken(&self) -> Vec<Problem> {
        let problems = &self.registry.current().problems;
        problems
            .iter()
            .filter(|problem| problem.serving.is_none())
            .cloned()
            .collect()
    }

    /// What runs and waits, by plugin; the host's own answers under an empty name.
    pub fn loads(&self) -> BTreeMap<String, Load> {
        self.host.get().map(|host| host.dispatch.loads()).unwrap_or_default()
    }

    /// The jobs.
    pub fn jobs(&self) -> Vec<Row> {
        let schedules = self.host.get().map(|host| &host.schedules);
        schedules
            .map(|schedules| schedules.rows(Timestamp::now()))
            .unwrap_or_default()
    }
}
