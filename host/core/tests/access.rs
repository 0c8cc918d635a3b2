//! What holds of all rules, whatever they are: many of them, at random.
//!
//! They are the same in every run; with `MOA_TEST_LONG=1` they are many more and others each time, and the seed is told
//! with what is wrong.

#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test without its input cannot go on"
)]

use moa_core::access::{Args, Asked, Caller, CommandName, Effect, Pattern, Rule, Rules, Where};
use moa_core::call::{Arg, ArgValue};

struct Source {
    random: fastrand::Rng,
    seed: u64,
    left: usize,
}

impl Source {
    fn new(seed: u64) -> Self {
        let long = std::env::var_os("MOA_TEST_LONG").is_some();
        let seed = if long { fastrand::u64(..) } else { seed };
        Self {
            random: fastrand::Rng::with_seed(seed),
            seed,
            left: if long { 1_000_000 } else { 20_000 },
        }
    }

    fn more(&mut self) -> bool {
        self.left = self.left.saturating_sub(1);
        self.left > 0
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.random.usize(..of.len())]
    }

    /// None, one or several, mostly none: then rules meet.
    fn some(&mut self, of: &[&str]) -> Vec<String> {
        let count = self.random.usize(..5).saturating_sub(2);
        (0..count).map(|_| self.one(of).to_owned()).collect()
    }

    fn rule(&mut self, effect: Effect) -> Rule {
        let arguments = self.some(&["branch", "count"]);
        Rule {
            commands: self
                .some(&["deploy", "deploy status", "wipe", "lunch:deploy"])
                .iter()
                .filter_map(|text| CommandName::new(text))
                .collect(),
            plugins: self.some(&["deploy", "lunch"]),
            users: self.some(&["U1", "U2", "로지"]),
            roles: self.some(&["admin", "deployer"]),
            conversations: self
                .some(&["C1", "C*", "direct", "ops/*"])
                .iter()
                .map(|text| match text.as_str() {
                    "direct" => Where::Direct,
                    text => Where::Id(Pattern::new(text)),
                })
                .collect(),
            services: self.some(&["slack", "jandi"]),
            arguments: arguments
                .into_iter()
                .map(|name| (name, vec![Pattern::new(self.one(&["main", "m*", "3", "*"]))]))
                .collect(),
            effect,
            origin: String::new(),
            shown: String::new(),
        }
    }

    fn rules(&mut self) -> Vec<Rule> {
        (0..self.random.usize(..5))
            .map(|_| {
                let effect = if self.random.bool() {
                    Effect::Allow
                } else {
                    Effect::Deny
                };
                self.rule(effect)
            })
            .collect()
    }

    fn caller(&mut self) -> Caller {
        let service = self.one(&["slack", "slack", "jandi"]);
        let user = self.one(&["U1", "U2", "U3"]).to_owned();
        Caller {
            service: service.into(),
            user: (service == "slack").then_some(user),
            roles: match service {
                "slack" => self.some(&["admin", "deployer", "other"]).into_iter().collect(),
                _ => Default::default(),
            },
            conversation: self.one(&["C1", "C2", "D1", "ops/1"]).into(),
            direct: self.random.u8(..4) == 0,
        }
    }

    fn args(&mut self) -> Vec<Arg> {
        let mut args = Vec::new();
        if self.random.bool() {
            let values = ["main", "dev", "Main "].map(str::to_owned);
            let value = match self.random.bool() {
                true => ArgValue::Text(self.one(&["main", "dev", "MAIN"]).into()),
                false => ArgValue::Many(values[..self.random.usize(..3)].to_vec()),
            };
            args.push(Arg {
                name: "branch".into(),
                value,
            });
        }
        if self.random.bool() {
            args.push(Arg {
                name: "count".into(),
                value: ArgValue::Integer(self.random.i64(1..4)),
            });
        }
        args
    }

    fn asked<'a>(&mut self, args: &'a [Arg]) -> Asked<'a> {
        let mut names = vec![vec![self.one(&["deploy", "wipe", "team"]), "별명"]];
        if self.random.bool() {
            names.push(vec!["status"]);
        }
        let plugin = self.one(&["deploy", "lunch"]);
        match self.random.u8(..6) {
            0 => Asked::plugin(plugin),
            1 => Asked {
                plugin,
                names,
                args: Args::Open(vec!["branch", "count"]),
                restricted: self.random.bool(),
            },
            _ => Asked {
                plugin,
                names,
                args: Args::Given(args),
                restricted: self.random.bool(),
            },
        }
    }
}

#[test]
fn an_allow_rule_behind_a_deny_never_opens_anything() {
    let mut source = Source::new(7);
    let mut denied = 0;
    while source.more() {
        let mut rules = source.rules();
        rules.push(source.rule(Effect::Deny));
        let deny = rules.len() - 1;
        rules.extend(source.rules());
        let (caller, args) = (source.caller(), source.args());
        let asked = source.asked(&args);
        let before = Rules(rules.clone()).verdict(&caller, &asked);
        // Alone it says whether it fits; then nothing behind it counts.
        let alone = Rules(vec![rules[deny].clone()]).verdict(&caller, &asked);
        let fits = alone.why == moa_core::access::Why::Rule(0);
        let at = deny + 1 + source.random.usize(..=rules.len() - deny - 1);
        rules.insert(at, source.rule(Effect::Allow));
        let after = Rules(rules).verdict(&caller, &asked);
        if fits {
            denied += usize::from(!before.allowed);
            assert_eq!(before, after, "{}: {caller:?} {asked:?}", source.seed);
        } else if !before.allowed && after.allowed {
            assert_eq!(after.why, moa_core::access::Why::Rule(at), "{}: {asked:?}", source.seed);
        }
    }
    assert!(denied > 1_000, "{}: only {denied} were denied", source.seed);
}

#[test]
fn a_rule_about_a_user_or_a_role_never_fits_whoever_has_no_id() {
    let mut source = Source::new(11);
    let mut seen = 0;
    while source.more() {
        let mut rules = source.rules();
        let mut caller = source.caller();
        caller.user = None;
        // Even if somebody gave them roles.
        caller.roles = source.some(&["admin", "deployer"]).into_iter().collect();
        let args = source.args();
        let asked = source.asked(&args);
        let before = Rules(rules.clone()).verdict(&caller, &asked);
        let about_people = |rule: &Rule| !rule.users.is_empty() || !rule.roles.is_empty();
        seen += rules.iter().filter(|rule| about_people(rule)).count();
        rules.retain(|rule| !about_people(rule));
        let after = Rules(rules).verdict(&caller, &asked);
        assert_eq!(before.allowed, after.allowed, "{}: {caller:?} {asked:?}", source.seed);
        if asked.restricted && before.allowed {
            let by_rule = matches!(before.why, moa_core::access::Why::Rule(_));
            assert!(by_rule, "{}: {caller:?} {asked:?}", source.seed);
        }
    }
    assert!(seen > 1_000, "{}: only {seen} such rules", source.seed);
}
