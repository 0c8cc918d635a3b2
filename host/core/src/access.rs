//! Who may do what: the operator's rules, and what holds where none of them says anything.
//!
//! The first rule that fits decides. Where none fits, everybody may, but that restricted commands are for those with the
//! role [`ADMIN`]. Nothing here does any I/O: what a person's roles are is told by whoever asks.

mod asked;
mod caller;
mod rule;
#[cfg(test)]
mod tests;

pub use asked::{Args, Asked};
pub use caller::{ADMIN, Caller, has_ids, role_name};
pub use rule::{CommandName, Effect, Pattern, Rule, Where};

use rule::Fit;
use std::collections::{BTreeMap, BTreeSet};

/// The operator's rules, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules(pub Vec<Rule>);

/// Whether somebody may do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whether they may.
    pub allowed: bool,
    /// What decided.
    pub why: Why,
}

/// What decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The rule of this number, from 0.
    Rule(usize),
    /// No rule: the command is restricted, and the caller is an admin.
    Admin,
    /// No rule: the command is restricted, and the caller is no admin.
    Restricted,
    /// No rule: what is not restricted is for everybody.
    Default,
}

impl Rules {
    /// Everybody may do everything.
    pub fn open() -> Self {
        Self(vec![Rule {
            commands: Vec::new(),
            plugins: Vec::new(),
            users: Vec::new(),
            roles: Vec::new(),
            conversations: Vec::new(),
            services: Vec::new(),
            arguments: BTreeMap::new(),
            effect: Effect::Allow,
            origin: String::new(),
            shown: String::new(),
        }])
    }

    /// Whether the caller may do it.
    ///
    /// Of a command whose arguments are not known yet ([`Args::Open`]) it tells whether they perhaps may: a rule about
    /// arguments that are open allows, and does not deny.
    pub fn verdict(&self, caller: &Caller, asked: &Asked<'_>) -> Verdict {
        for (number, rule) in self.0.iter().enumerate() {
            let allowed = rule.effect == Effect::Allow;
            let decides = match rule.fit(caller, asked) {
                Fit::Yes => true,
                Fit::Open => allowed,
                Fit::No => false,
            };
            if decides {
                let why = Why::Rule(number);
                return Verdict { allowed, why };
            }
        }
        let why = match (asked.restricted, caller.has(ADMIN)) {
            (false, _) => Why::Default,
            (true, true) => Why::Admin,
            (true, false) => Why::Restricted,
        };
        Verdict {
            allowed: why != Why::Restricted,
            why,
        }
    }

    /// The numbers of the rules that decide if the arguments are such: those about arguments that are open, before the
    /// one that decides anyway.
    pub fn depends_on(&self, caller: &Caller, asked: &Asked<'_>) -> Vec<usize> {
        let mut numbers = Vec::new();
        for (number, rule) in self.0.iter().enumerate() {
            match rule.fit(caller, asked) {
                Fit::Yes => break,
                Fit::Open => numbers.push(number),
                Fit::No => {}
            }
        }
        numbers
    }

    /// With which one role more the caller might: what somebody who was denied can ask for. None for whoever has no id.
    pub fn openers(&self, caller: &Caller, asked: &Asked<'_>) -> Vec<String> {
        if caller.user.is_none() {
            return Vec::new();
        }
        let named = self.0.iter().filter(|rule| rule.effect == Effect::Allow);
        let named: BTreeSet<&str> = named.flat_map(|rule| &rule.roles).map(String::as_str).collect();
        let opens = |role: &&str| {
            let mut with = caller.clone();
            with.roles.insert((*role).to_owned());
            self.verdict(&with, asked).allowed
        };
        let mut roles: Vec<String> = named.into_iter().filter(opens).map(Into::into).collect();
        if !roles.iter().any(|role| role == ADMIN) && opens(&ADMIN) {
            roles.push(ADMIN.to_owned());
        }
        roles
    }
}
