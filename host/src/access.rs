//! Who may do what: the operator's rules, and the roles that admins give in chat. What decides is
//! [`moa_core::access`]; here are the roles, and what is said to whoever was denied.

mod roles;

pub use roles::{Granted, Holder, Roles};

use crate::registry::{Follower, Snapshot};
use arc_swap::ArcSwap;
use async_trait::async_trait;
use moa_core::access::{ADMIN, Asked, Caller, Rules, Verdict, Why};
use moa_core::event::Event;
use moa_core::locale::{Denied, UserNotice};
use moa_core::router::{CommandMatch, Reader, Settings, Table};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

/// How long what was typed may be to be repeated, in characters.
const REPEATED: usize = 40;

/// What decides whether somebody may do something.
pub struct Access {
    policy: ArcSwap<Policy>,
    /// What was granted in chat.
    pub roles: Arc<Roles>,
    /// The rules of which the log has told that they name what there is not.
    told: Mutex<BTreeSet<usize>>,
}

/// What the configuration says of it.
#[derive(Debug)]
pub struct Policy {
    /// The operator's rules.
    pub rules: Rules,
    /// `bot.admins`: they have the role `admin`, whatever is said in chat.
    pub admins: Vec<String>,
}

impl Policy {
    /// Somebody to whom is said only what they may know.
    pub fn reader<'a>(&'a self, caller: &'a Caller) -> Reader<'a> {
        Reader {
            rules: &self.rules,
            caller,
        }
    }
}

impl Access {
    /// By these rules, with the admins of the configuration.
    pub fn new(rules: Rules, admins: Vec<String>, roles: Arc<Roles>) -> Self {
        Self {
            policy: ArcSwap::from_pointee(Policy { rules, admins }),
            roles,
            told: Mutex::default(),
        }
    }

    /// What the configuration says now.
    pub fn policy(&self) -> Arc<Policy> {
        self.policy.load_full()
    }

    /// It says something else from now on.
    pub fn replace(&self, policy: Policy) {
        self.policy.store(Arc::new(policy));
        self.told.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Who caused an event, with all their roles.
    pub fn caller(&self, event: &Event) -> Caller {
        let service = &event.place().service;
        Caller::of(event, |user| self.roles_of(service, user))
    }

    /// Somebody else, as if they did it at the place of an event.
    pub fn other(&self, event: &Event, user: &str) -> Caller {
        Caller {
            roles: self.roles_of(&event.place().service, user),
            user: Some(user.to_owned()),
            ..self.caller(event)
        }
    }

    fn roles_of(&self, service: &str, user: &str) -> BTreeSet<String> {
        let mut roles = self.roles.of(service, user);
        if self.is_named(user) {
            roles.insert(ADMIN.to_owned());
        }
        roles
    }

    /// Whether whoever caused an event looks after the bot.
    pub fn is_admin(&self, event: &Event) -> bool {
        self.caller(event).has(ADMIN)
    }

    /// Whether the configuration names this person as an admin.
    pub fn is_named(&self, user: &str) -> bool {
        self.policy.load().admins.iter().any(|id| id == user)
    }

    /// Whether whoever caused an event may run a command.
    pub fn verdict(&self, event: &Event, table: &Table, command: &CommandMatch) -> Verdict {
        self.policy
            .load()
            .rules
            .verdict(&self.caller(event), &table.asked(command))
    }

    /// What is said where somebody may not run the command that they typed.
    pub fn denial(&self, event: &Event, table: &Table, settings: &Settings, to: &CommandMatch) -> Option<UserNotice> {
        if self.policy.load().rules.0.is_empty() && !to.restricted {
            return None;
        }
        let (caller, asked) = (self.caller(event), table.asked(to));
        let verdict = self.policy.load().rules.verdict(&caller, &asked);
        if verdict.allowed {
            return None;
        }
        let rest = match to.rest.chars().count() > REPEATED {
            true => to.path.join(" "),
            false => to.rest.clone(),
        };
        let written = written(table, settings, (&to.plugin, &to.command), &rest);
        Some(self.denied(&caller, &asked, written, verdict))
    }

    /// The same for a command that was used wrongly, which shows how it would be right.
    pub fn denial_of_usage(
        &self,
        event: &Event,
        table: &Table,
        settings: &Settings,
        (plugin, command, path): (&str, &str, &[String]),
    ) -> Option<UserNotice> {
        let caller = self.caller(event);
        let policy = self.policy();
        if table.may(policy.reader(&caller), plugin, command, path) {
            return None;
        }
        let judged = table.judge(policy.reader(&caller), plugin, command, path)?;
        Some(UserNotice::Denied(Denied {
            roles: judged.openers,
            rule: self.reason(judged.verdict),
            ..written(table, settings, (plugin, command), &path.join(" "))
        }))
    }

    /// What is said where somebody may not use a plugin at all.
    pub fn barred(&self, event: &Event, settings: &Settings, plugin: &str) -> Option<UserNotice> {
        if self.policy.load().rules.0.is_empty() {
            return None;
        }
        let (caller, asked) = (self.caller(event), Asked::plugin(plugin));
        let verdict = self.policy.load().rules.verdict(&caller, &asked);
        let written = || Denied {
            what: plugin.to_owned(),
            prefix: settings.prefixes.first().cloned().unwrap_or_default(),
            can_ask: true,
            ..Denied::default()
        };
        (!verdict.allowed).then(|| self.denied(&caller, &asked, written(), verdict))
    }

    fn denied(&self, caller: &Caller, asked: &Asked<'_>, written: Denied, verdict: Verdict) -> UserNotice {
        UserNotice::Denied(Denied {
            roles: self.policy.load().rules.openers(caller, asked),
            rule: self.reason(verdict),
            ..written
        })
    }

    /// What decided, for the operator: `[[access]] 2 (moa.toml:12)`.
    pub fn reason(&self, verdict: Verdict) -> String {
        match verdict.why {
            Why::Rule(number) => {
                let policy = self.policy.load();
                let origin = policy.rules.0.get(number).map_or("", |rule| &rule.origin);
                format!("[[access]] {} ({origin})", number + 1)
            }
            Why::Admin => "admin".into(),
            Why::Restricted => "restricted".into(),
            Why::Default => String::new(),
        }
    }

    /// Tells the log, once for each rule, of names in it that no loaded plugin has: nothing follows from it then, and
    /// nobody would notice.
    pub fn look_at_names(&self, table: &Table) {
        for (number, names) in table.unknown_names(&self.policy.load().rules) {
            let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
            if told.insert(number) {
                let rule = self.reason(Verdict {
                    allowed: false,
                    why: Why::Rule(number),
                });
                tracing::warn!(
                    rule,
                    names = names.join(", "),
                    "a rule names what no loaded plugin has: without that it never fits; `moa check FILE` shows a plugin's names"
                );
            }
        }
    }
}

/// Looks at the names in the rules whenever the plugins change.
pub struct Names {
    /// The rules.
    pub access: Arc<Access>,
    /// The plugins.
    pub plugins: Arc<ArcSwap<Snapshot>>,
}

impl Names {
    /// Looks at them, if all plugins are there that are to be.
    pub fn look(&self) {
        let snapshot = self.plugins.load();
        if snapshot.complete {
            self.access.look_at_names(&snapshot.table);
        }
    }
}

#[async_trait]
impl Follower for Names {
    async fn plugins_changed(&self) {
        self.look();
    }
}

/// A command as it is typed where these settings count.
fn written(table: &Table, settings: &Settings, (plugin, command): (&str, &str), rest: &str) -> Denied {
    let (prefix, word, can_ask) = table.written(settings, plugin, command);
    Denied {
        what: format!("{word} {rest}").trim_end().to_owned(),
        prefix: prefix.to_owned(),
        can_ask,
        ..Denied::default()
    }
}
