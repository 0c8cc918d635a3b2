//! What a running call may use of the host, one thin file for each interface that plugins import.
//!
//! Each capability is bound to one call: it knows the plugin, who asked and where, and what is granted.

mod brain;
mod chat;
mod grant;
mod http;
mod objects;
#[cfg(test)]
mod reach;
mod record;
#[cfg(test)]
mod reruns;
mod schedule;
mod sql;
mod system;
mod triggers;

pub use grant::{Approved, Granted, Grants, Said, Says};
pub use system::{Machine, World};

use crate::adapter::Adapter;
use crate::data::Data;
use crate::journal::Ticket;
use crate::lessons::Lessons;
use crate::maintenance::Maintenance;
use crate::metrics::{self, plugin::Outside};
use crate::outbox::{Ordinals, Outbox};
use crate::outward::Outward;
use crate::pending::Pendings;
use crate::questions::Questions;
use crate::recall::Recall;
use crate::schedule::Schedules;
use moa_core::call::CapResult;
use moa_core::event::Event;
use moa_core::manifest::Manifest;
use moa_store::Store;
use serde_json::{Map, Value};
use std::sync::Arc;

/// One call of a plugin, as far as its capabilities need to know it.
pub struct Scene {
    /// The plugin's name.
    pub plugin: String,
    /// The invocation's id.
    pub invocation: String,
    /// Under which name the effects of this attempt are recorded and its messages are found again.
    pub effects: String,
    /// What started the call.
    pub event: Arc<Event>,
    /// The event's place in the journal.
    pub ticket: Arc<Ticket>,
    /// Whether an earlier run may have sent messages already.
    pub look_first: bool,
    /// The numbers of this call's effects.
    pub ordinals: Ordinals,
    /// What the plugin may touch.
    pub granted: Granted,
    /// What the plugin says of itself: its settings and their defaults among it.
    pub manifest: Arc<Manifest>,
    /// What the operator wrote into the plugin's own table of the configuration.
    pub config: Arc<Map<String, Value>>,
    /// How many bytes its brain may hold.
    pub brain_limit: u64,
    /// How many bytes a file may have, either way.
    pub file_limit: usize,
    /// The way to the outside world.
    pub outward: Arc<Outward>,
    /// Databases and buckets.
    pub data: Arc<Data>,
    /// What it is given from an earlier run, and what is recorded of it.
    pub recall: Recall,
    /// Time and chance.
    pub world: Arc<dyn World>,
    /// Ways out.
    pub adapter: Arc<dyn Adapter>,
    /// Messages.
    pub outbox: Arc<Outbox>,
    /// What plugins were taught to listen for.
    pub lessons: Arc<Lessons>,
    /// What plugins asked people.
    pub questions: Arc<Questions>,
    /// What admins silenced.
    pub maintenance: Arc<Maintenance>,
    /// Commands that wait to be confirmed.
    pub pendings: Arc<Pendings>,
    /// What plugins do at set times.
    pub schedules: Arc<Schedules>,
    /// Memory.
    pub store: Arc<dyn Store>,
}

impl Scene {
    /// What was asked of the outside world came to this, which is counted.
    fn counted<T>(&self, outside: Outside, result: CapResult<T>) -> CapResult<T> {
        metrics::plugin::of(&self.plugin).reached(outside, &result);
        result
    }
}

/// The capabilities of a call.
pub fn host(scene: Arc<Scene>) -> moa_engine::Host {
    moa_engine::Host {
        brain: Arc::new(brain::Brain(Arc::clone(&scene))),
        chat: Arc::new(chat::Chat::new(Arc::clone(&scene))),
        system: Arc::new(system::System(Arc::clone(&scene))),
        http: Arc::new(http::Http(Arc::clone(&scene))),
        sql: Arc::new(sql::Sql(Arc::clone(&scene))),
        objects: Arc::new(objects::Objects(Arc::clone(&scene))),
        schedule: Arc::new(schedule::Schedule(Arc::clone(&scene))),
        triggers: Arc::new(triggers::Triggers(scene)),
    }
}
