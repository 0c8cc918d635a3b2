//! How much is logged of each plugin, as the operator wants it while the host runs.
//!
//! It lasts until the host ends: what is turned up to find something must not fill the disk for ever. What is to last stands in
//! `--log-level` or `MOA_LOG`.

use super::is_about_a_plugin;
use arc_swap::ArcSwap;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::subscriber::Interest;
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Filter};

/// The target of what plugins say themselves.
pub const PLUGIN: &str = "plugin";

/// How much is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Nothing.
    Off,
    /// What failed.
    Error,
    /// And what may go wrong.
    Warn,
    /// And what happens.
    Info,
    /// And how.
    Debug,
    /// And each step of it.
    Trace,
}

impl Level {
    fn filter(self) -> LevelFilter {
        match self {
            Self::Off => LevelFilter::OFF,
            Self::Error => LevelFilter::ERROR,
            Self::Warn => LevelFilter::WARN,
            Self::Info => LevelFilter::INFO,
            Self::Debug => LevelFilter::DEBUG,
            Self::Trace => LevelFilter::TRACE,
        }
    }

    /// The level of this name.
    pub fn of(name: &str) -> Option<Self> {
        clap::ValueEnum::from_str(name, true).ok()
    }
}

type Levels = BTreeMap<String, Level>;

/// Read for each line that is about a plugin, without a lock.
static LEVELS: LazyLock<ArcSwap<Levels>> = LazyLock::new(ArcSwap::default);
static CHANGING: Mutex<()> = Mutex::new(());

/// What is set, by plugin.
pub fn all() -> BTreeMap<String, Level> {
    Levels::clone(&LEVELS.load())
}

/// Sets how much is logged of a plugin; nothing: as the filter says.
pub fn set(plugin: &str, level: Option<Level>) {
    {
        // The map is replaced whole, so what a panic elsewhere left of it is whole.
        let _changing = CHANGING.lock().unwrap_or_else(PoisonError::into_inner);
        let mut levels = all();
        match level {
            Some(level) => drop(levels.insert(plugin.to_owned(), level)),
            None => drop(levels.remove(plugin)),
        }
        LEVELS.store(Arc::new(levels));
    }
    // What is looked at at all is remembered at each place in the code.
    tracing::callsite::rebuild_interest_cache();
}

fn of(plugin: &str) -> Option<Level> {
    LEVELS.load().get(plugin).copied()
}

fn finest() -> LevelFilter {
    let levels = LEVELS.load();
    levels
        .values()
        .map(|level| level.filter())
        .max()
        .unwrap_or(LevelFilter::OFF)
}

/// A filter, but for plugins that have a level of their own.
pub struct Own<F>(pub F);

impl<S: Subscriber, F: Filter<S>> Filter<S> for Own<F> {
    fn enabled(&self, line: &Metadata<'_>, context: &Context<'_, S>) -> bool {
        let own = line.is_event() && is_about_a_plugin(line) && *line.level() <= finest();
        own || self.0.enabled(line, context)
    }

    fn callsite_enabled(&self, line: &'static Metadata<'static>) -> Interest {
        match is_about_a_plugin(line) {
            true => Interest::sometimes(),
            false => self.0.callsite_enabled(line),
        }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        self.0.max_level_hint().map(|hint| hint.max(finest()))
    }

    fn event_enabled(&self, event: &Event<'_>, context: &Context<'_, S>) -> bool {
        let line = event.metadata();
        if is_about_a_plugin(line) && !LEVELS.load().is_empty() {
            let mut named = Named::default();
            event.record(&mut named);
            if let Some(level) = of(&named.0) {
                return *line.level() <= level.filter();
            }
        }
        self.0.enabled(line, context) && self.0.event_enabled(event, context)
    }
}

/// The plugin that a line is about.
#[derive(Default)]
struct Named(String);

impl Visit for Named {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "plugin" {
            value.clone_into(&mut self.0);
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "plugin" {
            self.0 = format!("{value:?}");
        }
    }
}
