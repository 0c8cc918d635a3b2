//! Who reads what the host says about commands: nobody is shown what they may not run.

use super::table::{Table, Target};
use super::usage::{chain, names};
use super::{CommandMatch, Routed, Say, Settings};
use crate::access::{ADMIN, Args, Asked, Caller, Rules, Verdict};
use crate::manifest::Command;

/// Somebody who reads.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    /// The operator's rules.
    pub rules: &'a Rules,
    /// The person.
    pub caller: &'a Caller,
}

/// What decides about a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// What holds unless the arguments are such.
    pub verdict: Verdict,
    /// The numbers of the rules, from 0, that decide instead if the arguments are such.
    pub depends_on: Vec<usize>,
    /// With which one role more they might.
    pub openers: Vec<String>,
}

impl Reader<'_> {
    /// Whether they may run what a word stands for, or some of what is below it, or perhaps.
    pub(super) fn may(&self, table: &Table, target: Target) -> bool {
        match target {
            Target::Builtin(builtin) => builtin.is_for_all() || self.is_admin(),
            Target::Command { .. } => match table.command(target) {
                Some((plugin, command)) => self.may_below(plugin, &[command]),
                None => false,
            },
            Target::Alias(alias) => match table.alias(alias) {
                Some((target, _)) => self.may(table, target),
                None => false,
            },
        }
    }

    /// The same for a subcommand, with those above it, outermost first.
    pub(super) fn may_below(&self, plugin: &str, chain: &[&Command]) -> bool {
        let Some(last) = chain.last() else { return false };
        if last.subcommands.is_empty() {
            return self.rules.verdict(self.caller, &asked(plugin, chain, None)).allowed;
        }
        !self.subcommands(plugin, chain).is_empty()
    }

    /// Those of a command's subcommands that they may run, or perhaps. The chain leads to the command.
    pub(super) fn subcommands<'a>(&self, plugin: &str, chain: &[&'a Command]) -> Vec<&'a Command> {
        let below = chain.last().map_or(&[][..], |last| &last.subcommands);
        let may = |sub: &&Command| {
            let mut chain = chain.to_vec();
            chain.push(*sub);
            self.may_below(plugin, &chain)
        };
        below.iter().filter(may).collect()
    }

    pub(super) fn is_admin(&self) -> bool {
        self.caller.has(ADMIN)
    }
}

/// A command as rules see it, from the command and the subcommands that lead to it. Without arguments it is what somebody
/// may perhaps run.
fn asked<'a>(plugin: &'a str, chain: &[&'a Command], args: Option<&'a [crate::call::Arg]>) -> Asked<'a> {
    let open = || {
        chain
            .iter()
            .flat_map(|command| &command.args)
            .map(|arg| arg.name.as_str())
    };
    Asked {
        plugin,
        names: chain.iter().map(|command| names(command).collect()).collect(),
        args: args.map_or_else(|| Args::Open(open().collect()), Args::Given),
        restricted: chain.iter().any(|command| command.restricted),
    }
}

impl Table {
    /// A command as rules see it.
    pub fn asked<'a>(&'a self, to: &'a CommandMatch) -> Asked<'a> {
        match self.chain_of(&to.plugin, &to.command, &to.path) {
            Some((plugin, chain)) => Asked {
                restricted: to.restricted,
                ..asked(plugin, &chain, Some(&to.args))
            },
            // Gone since: it is called by the names that it had.
            None => Asked {
                plugin: &to.plugin,
                names: std::iter::once(&to.command)
                    .chain(&to.path)
                    .map(|name| vec![name.as_str()])
                    .collect(),
                args: Args::Given(&to.args),
                restricted: to.restricted,
            },
        }
    }

    /// Whether somebody may perhaps run a command or something below it.
    pub fn may(&self, reader: Reader<'_>, plugin: &str, command: &str, path: &[String]) -> bool {
        let found = self.chain_of(plugin, command, path);
        found.is_none_or(|(plugin, chain)| reader.may_below(plugin, &chain))
    }

    /// What decides about a command of which the arguments are not known. `None` where there is no such command.
    pub fn judge(&self, reader: Reader<'_>, plugin: &str, command: &str, path: &[String]) -> Option<Judged> {
        let (plugin, chain) = self.chain_of(plugin, command, path)?;
        let mut asked = asked(plugin, &chain, None);
        let depends_on = reader.rules.depends_on(reader.caller, &asked);
        let perhaps = reader.rules.verdict(reader.caller, &asked).allowed;
        let of_open = reader.rules.openers(reader.caller, &asked);
        asked.args = Args::Given(&[]);
        // Who perhaps may with every role is asked for one that decides whatever the arguments are.
        let openers = match perhaps {
            true => reader.rules.openers(reader.caller, &asked),
            false => of_open,
        };
        Some(Judged {
            verdict: reader.rules.verdict(reader.caller, &asked),
            depends_on,
            openers,
        })
    }

    /// How a command can be typed without doubt; its own name where it is gone.
    pub fn word_for(&self, plugin: &str, command: &str) -> String {
        let target = self.find_exact(&format!("{plugin}:{command}")).one();
        target.map_or_else(|| command.to_owned(), |target| self.typed(target))
    }

    /// Whether a plugin of this name is loaded.
    pub fn has_plugin(&self, name: &str) -> bool {
        self.plugin(name).is_some()
    }

    /// What rules name that no loaded plugin has, by the rule's number: plugins, commands, arguments.
    pub fn unknown_names(&self, rules: &Rules) -> Vec<(usize, Vec<String>)> {
        let mut unknown = Vec::new();
        for (number, rule) in rules.0.iter().enumerate() {
            let mut names: Vec<String> = Vec::new();
            names.extend(rule.plugins.iter().filter(|name| !self.has_plugin(name)).cloned());
            for wanted in &rule.commands {
                let fits = |plugin: &str, chain: &[&Command]| wanted.fits(plugin, &asked(plugin, chain, None).names);
                if !self.any_command(&fits) {
                    let plugin = wanted.plugin.as_ref().map(|plugin| format!("{plugin}:"));
                    names.push(format!("{}{}", plugin.unwrap_or_default(), wanted.words.join(" ")));
                }
            }
            for arg in rule.arguments.keys() {
                let fits = |_: &str, chain: &[&Command]| {
                    let mut args = chain.iter().flat_map(|command| &command.args);
                    args.any(|spec| crate::text::fold(&spec.name) == *arg)
                };
                if !self.any_command(&fits) {
                    names.push(arg.clone());
                }
            }
            if !names.is_empty() {
                unknown.push((number, names));
            }
        }
        unknown
    }

    fn any_command(&self, fits: &dyn Fn(&str, &[&Command]) -> bool) -> bool {
        fn below(plugin: &str, chain: &[&Command], fits: &dyn Fn(&str, &[&Command]) -> bool) -> bool {
            fits(plugin, chain)
                || chain.last().is_some_and(|last| {
                    last.subcommands.iter().any(|sub| {
                        let mut chain = chain.to_vec();
                        chain.push(sub);
                        below(plugin, &chain, fits)
                    })
                })
        }
        let mut plugins = self.plugins.iter();
        plugins.any(|plugin| {
            plugin
                .commands
                .iter()
                .any(|command| below(&plugin.name, &[command], fits))
        })
    }

    fn chain_of<'a>(&'a self, plugin: &str, command: &str, path: &[String]) -> Option<(&'a str, Vec<&'a Command>)> {
        let (_, plugin) = self.plugin(plugin)?;
        let command = plugin.commands.iter().find(|one| one.name == command)?;
        Some((&plugin.name, chain(command, path)))
    }
}

impl Say {
    /// The same for somebody who is not to learn of commands that they may not run.
    pub fn for_reader(self, table: &Table, reader: Reader<'_>) -> Self {
        match self {
            Self::Suggest { word, .. } => Self::Suggest {
                similar: table.similar(&word, |target| reader.may(table, target)),
                word,
            },
            Self::WhichOne { word, mut candidates } => {
                candidates.retain(|typed| {
                    let target = table.find_exact(typed).one();
                    target.is_some_and(|target| reader.may(table, target))
                });
                match candidates.is_empty() {
                    true => Self::Suggest {
                        word,
                        similar: Vec::new(),
                    },
                    false => Self::WhichOne { word, candidates },
                }
            }
            other => other,
        }
    }
}

/// What a text means where a command is expected: without prefix, or with one.
pub fn read_command(table: &Table, settings: &Settings, text: &str, written: &str) -> Routed {
    let addressed = super::Addressed {
        how: super::How::Direct,
        text: super::address::without_prefix(text.trim(), settings),
    };
    let clock = super::Clock {
        written,
        timezone: &settings.timezone,
    };
    super::Call::of(addressed, true).route(table, settings, clock)
}
