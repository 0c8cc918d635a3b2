//! Which plugin an event is for, by the plugins as they are now.

use crate::lessons::Lessons;
use crate::registry::{Registry, Snapshot};
use moa_core::event::Event;
use moa_core::locale::UserNotice;
use moa_core::router::{self, CommandMatch, HeardMatch, Me, Routed, Say, Settings};
use std::sync::Arc;

/// What an event asks for.
#[derive(Clone, Debug)]
pub enum Todo {
    /// A plugin's command.
    Command(Box<CommandMatch>),
    /// A pattern that a plugin listens for fits.
    Heard(Box<HeardMatch>),
    /// An answer of the host itself.
    Say(Box<Say>),
    /// A line about why it was not done.
    Tell(UserNotice),
}

/// One thing that an event asks for, and the plugins it was matched against.
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
    /// What they listen for.
    pub lessons: Arc<Lessons>,
}

impl Matcher {
    /// What an event asks for: one thing, or a call for each pattern that fits. Nothing when it is nobody's business.
    pub fn route(&self, event: &Event) -> Vec<Match> {
        let present = self.lessons.present();
        let table = &present.snapshot.table;
        let routed = router::route(table, &present.hears, &self.settings, &self.me, event);
        let todos = match routed {
            Routed::Nothing => return Vec::new(),
            Routed::Command(command) => vec![Todo::Command(Box::new(command))],
            Routed::Heard(heard) => heard.into_iter().map(|one| Todo::Heard(Box::new(one))).collect(),
            Routed::Say(say) => vec![Todo::Say(Box::new(say))],
        };
        let with = |todo| Match {
            todo,
            snapshot: Arc::clone(&present.snapshot),
        };
        todos.into_iter().map(with).collect()
    }

    /// The match again where the plugins have changed since: what waited is for the version that serves now. Nothing
    /// where a plugin does not listen for it any more.
    pub fn refresh(&self, event: &Event, matched: Match) -> Option<Match> {
        if Arc::ptr_eq(&matched.snapshot, &self.lessons.present().snapshot) {
            return Some(matched);
        }
        match &matched.todo {
            Todo::Say(_) | Todo::Tell(_) => Some(matched),
            Todo::Command(command) => {
                let plugin = command.plugin.clone();
                let gone = || Match {
                    todo: Todo::Tell(UserNotice::PluginGone { plugin }),
                    ..matched
                };
                Some(self.route(event).into_iter().next().unwrap_or_else(gone))
            }
            Todo::Heard(heard) => self.route(event).into_iter().find(|now| match &now.todo {
                Todo::Heard(now) => now.plugin == heard.plugin && now.id == heard.id,
                _ => false,
            }),
        }
    }
}

#[cfg(test)]
mod tests;
