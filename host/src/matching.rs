//! Which plugin an event is for, by the plugins as they are now.

use crate::registry::{Registry, Snapshot};
use moa_core::event::Event;
use moa_core::locale::UserNotice;
use moa_core::router::{self, CommandMatch, Me, Routed, Say, Settings};
use std::sync::Arc;

/// What an event asks for.
#[derive(Clone, Debug)]
pub enum Todo {
    /// A plugin's command.
    Command(Box<CommandMatch>),
    /// An answer of the host itself.
    Say(Box<Say>),
    /// A line about why it was not done.
    Tell(UserNotice),
}

/// An event's match, and the plugins it was matched against.
#[derive(Clone)]
pub struct Match {
    /// What it asks for.
    pub todo: Todo,
    /// The plugins at that time.
    pub snapshot: Arc<Snapshot>,
}

/// Matches events against the current plugins.
pub struct Matcher {
    /// Who the bot is.
    pub me: Me,
    /// How commands look.
    pub settings: Settings,
    /// The plugins.
    pub registry: Arc<Registry>,
}

impl Matcher {
    /// What an event asks for; `None` when it is nobody's business.
    pub fn route(&self, event: &Event) -> Option<Match> {
        let snapshot = self.registry.current();
        let todo = match router::route(&snapshot.table, &self.settings, &self.me, event) {
            Routed::Nothing => return None,
            Routed::Command(command) => Todo::Command(Box::new(command)),
            Routed::Say(say) => Todo::Say(Box::new(say)),
        };
        Some(Match { todo, snapshot })
    }

    /// The match again where the plugins have changed since: what waited is for the version that serves now.
    pub fn refresh(&self, event: &Event, matched: Match) -> Match {
        let Todo::Command(command) = &matched.todo else {
            return matched;
        };
        if Arc::ptr_eq(&matched.snapshot, &self.registry.current()) {
            return matched;
        }
        let plugin = command.plugin.clone();
        self.route(event).unwrap_or_else(|| Match {
            todo: Todo::Tell(UserNotice::PluginGone { plugin }),
            ..matched
        })
    }
}
