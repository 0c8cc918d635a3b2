//! All words that mean something, built once for each set of plugins.

use super::find::Words;
use super::manage::{self, AdminWord};
use crate::manifest::{Command, Confirm, LocalText, Manifest};
use crate::text::{fold, normalise};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Who owns the words of the host itself, in a [`Conflict`].
const HOST: &str = "moa";

/// The host's own words.
const BUILTINS: [(&str, Builtin); 4] = [
    ("help", Builtin::Help),
    ("도움말", Builtin::Help),
    ("도움", Builtin::Help),
    ("plugins", Builtin::Plugins),
];

/// Every command that can be typed.
///
/// A command word is looked for in these steps; the first that yields anything wins, and if it yields several, the bot
/// asks which:
///
/// 1. exact name or alias, as typed, then without the difference of upper and lower case;
/// 2. the initial consonants of a Korean name (`ㅈㅅㅌ` for `점심팀`);
/// 3. the same keys on the other keyboard layout (`ㅗ디ㅔ` for `help`, `wjatlaxla` for `점심팀`);
/// 4. both: the keys of the initial consonants, at least three (`wtx` for `ㅈㅅㅌ`).
///
/// Restricted commands and those that ask for confirmation are found by the first step only.
///
/// The operator's aliases come before the plugins' words, the host's own words before both.
#[derive(Clone, Debug, Default)]
pub struct Table {
    pub(super) plugins: Vec<Plugin>,
    by_name: HashMap<String, usize>,
    aliases: Vec<Alias>,
    pub(super) words: Words,
    owners: BTreeMap<String, String>,
}

/// A word that two plugins name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The word.
    pub word: String,
    /// The plugin that has it; `moa` for the host's own words.
    pub kept: String,
    /// The plugin that doesn't get it. There it is `plugin:word`.
    pub refused: String,
}

#[derive(Clone, Debug)]
pub(super) struct Plugin {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) summary: LocalText,
    pub(super) commands: Vec<Command>,
    /// Whether it does not serve for now.
    pub(super) stopped: bool,
}

#[derive(Clone, Debug)]
struct Alias {
    word: String,
    /// What it stands for: a command, and the words behind that.
    target: Option<(Target, String)>,
}

/// What a word means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Target {
    Builtin(Builtin),
    /// Indices.
    Command {
        plugin: usize,
        command: usize,
    },
    /// Index.
    Alias(usize),
}

/// The host's own commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Builtin {
    Help,
    Plugins,
    /// For those who look after the bot.
    Manage(AdminWord),
}

impl Builtin {
    /// Whether it is for everybody, so that it may be found by more than its exact name.
    pub(super) fn is_for_all(self) -> bool {
        match self {
            Self::Help | Self::Plugins => true,
            Self::Manage(word) => word.is_for_all(),
        }
    }
}

/// The words that are the host's own, in any language: no plugin gets them.
pub fn host_words() -> impl Iterator<Item = &'static str> {
    builtins().map(|(word, _)| word)
}

/// All of the host's own words.
fn builtins() -> impl Iterator<Item = (&'static str, Builtin)> {
    let manage = manage::WORDS.map(|(word, what)| (word, Builtin::Manage(what)));
    BUILTINS.into_iter().chain(manage)
}

impl Table {
    /// Builds the table from the plugins' names and manifests.
    ///
    /// `owners` tells which plugin had a word before: among several that name it, that one keeps it; otherwise the first
    /// in `plugins` gets it. `aliases` are the operator's: a word, and the `plugin:command` or command text for it; they
    /// come before any plugin.
    pub fn build(
        plugins: &[(&str, &Manifest)],
        owners: &BTreeMap<String, String>,
        aliases: &BTreeMap<String, String>,
    ) -> (Self, Vec<Conflict>) {
        let mut table = Self::default();
        for (name, manifest) in plugins {
            table.by_name.insert((*name).into(), table.plugins.len());
            table.plugins.push(Plugin {
                name: (*name).into(),
                version: manifest.version.clone(),
                summary: manifest.summary.clone(),
                commands: manifest.commands.clone(),
                stopped: false,
            });
        }
        for (word, builtin) in builtins() {
            table.words.add(word, Target::Builtin(builtin), builtin.is_for_all());
        }
        let decided: HashSet<String> = aliases.keys().map(|word| normalise(word).into_owned()).collect();
        let (claims, conflicts) = table.claims(owners, &decided);
        for (word, target) in &claims {
            if let Target::Command { plugin, .. } = target
                && let Some(plugin) = table.plugins.get(*plugin)
            {
                table.owners.insert(word.clone(), plugin.name.clone());
            }
        }
        // An alias may stand for a word that it replaces, so it is read by the words without aliases.
        let mut plain = table.clone();
        for (word, target) in &claims {
            plain.words.add(word, *target, plain.is_forgiving(*target));
        }
        for (word, text) in aliases {
            let (first, rest) = text.trim().split_once(char::is_whitespace).unwrap_or((text.trim(), ""));
            let target = plain.find_exact(first).one();
            let word = normalise(word).into_owned();
            // The host's own words are not to be had.
            if table.find_exact(&word).one().is_none() {
                let alias = Target::Alias(table.aliases.len());
                let forgiving = target.is_some_and(|target| plain.is_forgiving(target));
                table.words.add(&word, alias, forgiving);
            }
            table.aliases.push(Alias {
                word,
                target: target.map(|target| (target, rest.trim().into())),
            });
        }
        for (word, target) in claims {
            if !decided.contains(&word) {
                let forgiving = table.is_forgiving(target);
                table.words.add(&word, target, forgiving);
            }
        }
        (table, conflicts)
    }

    /// Plugins that do not serve for now: help does not offer their commands, and their words stay theirs.
    pub fn hush(&mut self, stopped: impl Fn(&str) -> bool) {
        for plugin in &mut self.plugins {
            plugin.stopped = stopped(&plugin.name);
        }
    }

    /// Which plugin each word belongs to now: to be given to the next [`Table::build`].
    pub fn owners(&self) -> &BTreeMap<String, String> {
        &self.owners
    }

    /// Who gets which word.
    fn claims(
        &self,
        owners: &BTreeMap<String, String>,
        decided: &HashSet<String>,
    ) -> (Vec<(String, Target)>, Vec<Conflict>) {
        let mut claims: Vec<(String, Target)> = Vec::new();
        let mut taken: HashMap<String, usize> = HashMap::new();
        let mut conflicts = Vec::new();
        for (plugin, command, word) in self.plugins.iter().enumerate().flat_map(words_of) {
            let word = normalise(word).into_owned();
            let target = Target::Command { plugin, command };
            let mut refuse = |kept: &str, refused: usize| {
                let refused = self.plugin_name(refused).to_owned();
                if !decided.contains(&word) {
                    let kept = kept.into();
                    conflicts.push(Conflict {
                        word: word.clone(),
                        kept,
                        refused,
                    });
                }
            };
            let folded = fold(&word);
            if builtins().any(|(builtin, _)| builtin == folded) {
                refuse(HOST, plugin);
                continue;
            }
            let Some(&at) = taken.get(&word) else {
                taken.insert(word.clone(), claims.len());
                claims.push((word, target));
                continue;
            };
            let Some((_, holder)) = claims.get_mut(at) else {
                continue;
            };
            let Target::Command { plugin: held_by, .. } = *holder else {
                continue;
            };
            let incumbent = owners.get(&word).is_some_and(|owner| owner == self.plugin_name(plugin));
            if held_by == plugin {
                // Two commands of one plugin: the manifest's rules forbid it, and the first has it.
            } else if incumbent {
                *holder = target;
                refuse(self.plugin_name(plugin), held_by);
            } else {
                refuse(self.plugin_name(held_by), plugin);
            }
        }
        (claims, conflicts)
    }

    fn plugin_name(&self, index: usize) -> &str {
        self.plugins.get(index).map_or("", |plugin| &plugin.name)
    }

    /// Whether a target may be found by more than its exact name.
    fn is_forgiving(&self, target: Target) -> bool {
        match target {
            Target::Builtin(builtin) => builtin.is_for_all(),
            Target::Command { .. } => {
                let command = self.command(target).map(|(_, command)| command);
                command.is_some_and(|command| !command.restricted && command.confirm == Confirm::None)
            }
            Target::Alias(alias) => self.alias(alias).is_some_and(|(target, _)| self.is_forgiving(target)),
        }
    }

    /// A command and its plugin's name.
    pub(super) fn command(&self, target: Target) -> Option<(&str, &Command)> {
        let Target::Command { plugin, command } = target else {
            return None;
        };
        let plugin = self.plugins.get(plugin)?;
        Some((&plugin.name, plugin.commands.get(command)?))
    }

    /// What an alias stands for: never another alias.
    pub(super) fn alias(&self, index: usize) -> Option<(Target, &str)> {
        let (target, words) = self.aliases.get(index)?.target.as_ref()?;
        Some((*target, words))
    }

    pub(super) fn alias_word(&self, index: usize) -> &str {
        self.aliases.get(index).map_or("", |alias| &alias.word)
    }

    pub(super) fn plugin(&self, name: &str) -> Option<(usize, &Plugin)> {
        let index = *self.by_name.get(name)?;
        Some((index, self.plugins.get(index)?))
    }
}

fn words_of((plugin, entry): (usize, &Plugin)) -> impl Iterator<Item = (usize, usize, &String)> {
    entry.commands.iter().enumerate().flat_map(move |(command, spec)| {
        let words = std::iter::once(&spec.name).chain(&spec.aliases);
        words.map(move |word| (plugin, command, word))
    })
}
