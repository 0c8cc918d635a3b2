//! Who may do what: the operator's rules, and the roles that admins give in chat.

mod roles;

pub use roles::{Granted, Holder, Roles};

use moa_core::access::{ADMIN, Caller};
use moa_core::event::Event;
use std::sync::Arc;

/// What decides whether somebody may do something.
pub struct Access {
    /// `bot.admins`: they have the role `admin`, whatever is said in chat.
    pub admins: Vec<String>,
    /// What was granted in chat.
    pub roles: Arc<Roles>,
}

impl Access {
    /// Who caused an event, with all their roles.
    pub fn caller(&self, event: &Event) -> Caller {
        let service = &event.place().service;
        Caller::of(event, |user| {
            let mut roles = self.roles.of(service, user);
            if self.is_named(user) {
                roles.insert(ADMIN.to_owned());
            }
            roles
        })
    }

    /// Whether whoever caused an event looks after the bot.
    pub fn is_admin(&self, event: &Event) -> bool {
        self.caller(event).has(ADMIN)
    }

    /// Whether the configuration names this person as an admin.
    pub fn is_named(&self, user: &str) -> bool {
        self.admins.iter().any(|id| id == user)
    }
}
