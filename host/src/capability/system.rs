//! `system`: configuration, clock, chance and log. Every plugin has these without asking.

use super::Scene;
use crate::recall::print::{Function, Print};
use crate::registry::snapshot::short;
use moa_engine::Level;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Time and chance as plugins meet them. The host has the machine's; a transcript has its own, so that it goes the same
/// way every time.
pub trait World: Send + Sync {
    /// The present instant.
    fn now(&self) -> SystemTime;

    /// Fills the buffer with random bytes.
    fn random(&self, buffer: &mut [u8]);
}

/// The machine's clock and the operating system's randomness.
#[derive(Clone, Copy, Debug, Default)]
pub struct Machine;

impl World for Machine {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn random(&self, buffer: &mut [u8]) {
        if let Err(error) = getrandom::fill(buffer) {
            tracing::error!(%error, "the operating system gave no randomness; a weaker source is used");
            fastrand::fill(buffer);
        }
    }
}

pub(super) struct System(pub(super) Arc<Scene>);

impl moa_engine::System for System {
    fn config(&self) -> String {
        self.0.recall.text(&Print::bare(Function::Config), || self.settled())
    }

    fn now(&self) -> SystemTime {
        self.0.recall.now(|| self.0.world.now())
    }

    fn elapsed(&self) -> Duration {
        self.0.recall.elapsed()
    }

    fn random(&self, buffer: &mut [u8]) {
        self.0.recall.random(buffer, |buffer| self.0.world.random(buffer));
    }

    fn local(&self, instant: &str, timezone: &str) -> Result<String, String> {
        let print = Print::of(Function::Local).text(instant).text(timezone).done();
        self.0.recall.local(&print, || moa_engine::local(instant, timezone))
    }

    fn log(&self, level: Level, text: &str) {
        let text = self.0.outward.redactor.text(text);
        let plugin = self.0.plugin.as_str();
        let invocation = self.0.invocation.as_str();
        let version = short(self.0.recall.by());
        // The plugin may run on a thread of its own, where no span is around it.
        let trace = crate::log::trace(&self.0.event.identity);
        let trace = trace.as_str();
        match level {
            Level::Trace => tracing::trace!(target: "plugin", plugin, invocation, version, trace, "{text}"),
            Level::Debug => tracing::debug!(target: "plugin", plugin, invocation, version, trace, "{text}"),
            Level::Info => tracing::info!(target: "plugin", plugin, invocation, version, trace, "{text}"),
            Level::Warn => tracing::warn!(target: "plugin", plugin, invocation, version, trace, "{text}"),
            Level::Error => tracing::error!(target: "plugin", plugin, invocation, version, trace, "{text}"),
        }
    }
}

impl System {
    fn settled(&self) -> String {
        let scene = &self.0;
        let settled = match scene.manifest.settle(&scene.config) {
            Ok(settled) => settled,
            Err(errors) => {
                for error in errors {
                    tracing::warn!(plugin = %scene.plugin, "{error}");
                }
                // The plugin sees what the operator wrote and can say itself what it cannot use.
                scene.config.as_ref().clone()
            }
        };
        serde_json::Value::Object(settled).to_string()
    }
}
