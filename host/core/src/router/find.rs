//! Looking a command word up.

use super::table::{Builtin, Table, Target};
use super::usage::{is_readable, names};
use crate::hangul;
use crate::locale::Locale;
use crate::text::{distance, fold, normalise};
use std::collections::{HashMap, HashSet};

/// The fewest keys that may stand for initial consonants.
const MIN_INITIAL_KEYS: usize = 3;
/// Longer words are no slips of the finger.
const MAX_SIMILAR: usize = 64;
/// More suggestions than this help nobody.
const MAX_SUGGESTIONS: usize = 3;

/// What a word means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    None,
    One(Target),
    /// At least two different ones.
    Many(Vec<Target>),
}

impl Found {
    fn of(targets: &[Target]) -> Self {
        let mut different: Vec<Target> = Vec::new();
        for target in targets {
            if !different.contains(target) {
                different.push(*target);
            }
        }
        match different.as_slice() {
            [] => Self::None,
            [one] => Self::One(*one),
            _ => Self::Many(different),
        }
    }

    fn or_else(self, next: impl FnOnce() -> Self) -> Self {
        match self {
            Self::None => next(),
            found => found,
        }
    }

    pub(super) fn one(self) -> Option<Target> {
        match self {
            Self::One(target) => Some(target),
            _ => None,
        }
    }
}

/// The words by what people may type for them.
#[derive(Clone, Debug, Default)]
pub(super) struct Words {
    exact: HashMap<String, Target>,
    folded: HashMap<String, Vec<Target>>,
    /// By the keys that are pressed for a word, on whichever layout.
    keys: HashMap<String, Vec<Target>>,
    /// By the keys that are pressed for the initial consonants.
    initials: HashMap<String, Vec<Target>>,
    similar: Vec<Similar>,
}

/// A word as it is compared for suggestions.
#[derive(Clone, Debug)]
struct Similar {
    word: String,
    folded: Vec<char>,
    keys: Vec<char>,
    target: Target,
}

impl Words {
    /// Takes a word in, unless it is there already. One that is not `forgiving` is found exactly as it is spelled.
    pub(super) fn add(&mut self, word: &str, target: Target, forgiving: bool) {
        if self.exact.contains_key(word) {
            return;
        }
        self.exact.insert(word.into(), target);
        let folded = fold(word).into_owned();
        let keys = keys_of(word);
        let hidden = matches!(target, Target::Builtin(builtin) if !builtin.is_for_all());
        if !hidden {
            self.similar.push(Similar {
                word: word.into(),
                folded: folded.chars().collect(),
                keys: keys.to_lowercase().chars().collect(),
                target,
            });
        }
        self.folded.entry(folded).or_default().push(target);
        if forgiving {
            if hangul::is_hangul(word) {
                self.initials
                    .entry(keys_of(&hangul::choseong(word)))
                    .or_default()
                    .push(target);
            }
            self.keys.entry(keys).or_default().push(target);
        }
    }

    pub(super) fn exact(&self, word: &str) -> Option<Target> {
        self.exact.get(word).copied()
    }

    fn exact_or_folded(&self, word: &str) -> Found {
        match self.exact(word) {
            Some(target) => Found::One(target),
            None => found_in(&self.folded, &fold(word)),
        }
    }
}

/// The keys for a word: those of Hangul with shift in upper case, Latin letters in lower case.
fn keys_of(word: &str) -> String {
    hangul::to_keys(&fold(word))
}

fn found_in(map: &HashMap<String, Vec<Target>>, key: &str) -> Found {
    Found::of(map.get(key).map_or(&[], Vec::as_slice))
}

/// By keys as pressed; where that gives nothing, without shift (Latin words are in lower case).
fn by_keys(map: &HashMap<String, Vec<Target>>, keys: &str) -> Found {
    found_in(map, keys).or_else(|| found_in(map, &keys.to_lowercase()))
}

impl Table {
    /// The first step alone, and `plugin:command`.
    pub(super) fn find_exact(&self, typed: &str) -> Found {
        let word = normalise(typed);
        self.words.exact_or_folded(&word).or_else(|| self.addressed(&word))
    }

    /// All steps, and `plugin:command`.
    pub(super) fn find(&self, typed: &str) -> Found {
        let word = normalise(typed);
        let latin = !hangul::is_hangul(&word);
        // As pressed: with shift, which in Hangul makes another letter.
        let keys = hangul::to_keys(&word);
        self.find_exact(&word)
            .or_else(|| match hangul::is_choseong(&word) {
                true => by_keys(&self.words.initials, &keys),
                false => Found::None,
            })
            .or_else(|| by_keys(&self.words.keys, &keys))
            .or_else(|| match latin && keys.chars().count() >= MIN_INITIAL_KEYS {
                true => by_keys(&self.words.initials, &keys),
                false => Found::None,
            })
    }

    /// `plugin:command`, whoever has the word.
    fn addressed(&self, word: &str) -> Found {
        let Some((plugin, name)) = word.split_once([':', '：']) else {
            return Found::None;
        };
        let Some((index, plugin)) = self.plugin(&fold(plugin)) else {
            return Found::None;
        };
        let folded = fold(name);
        let position = |same: &dyn Fn(&str) -> bool| {
            plugin.commands.iter().position(|command| {
                let mut words = std::iter::once(&command.name).chain(&command.aliases);
                words.any(|word| same(&normalise(word)))
            })
        };
        let command = position(&|word| word == name).or_else(|| position(&|word| fold(word) == folded));
        command.map_or(Found::None, |command| {
            Found::One(Target::Command { plugin: index, command })
        })
    }

    /// How a target can be typed without doubt.
    pub(super) fn typed(&self, target: Target) -> String {
        match target {
            Target::Builtin(Builtin::Plugins) => "plugins".into(),
            Target::Builtin(Builtin::Manage(word)) => word.name().into(),
            Target::Builtin(_) => "help".into(),
            Target::Alias(alias) => self.alias_word(alias).into(),
            Target::Command { .. } => match self.command(target) {
                Some((_, command)) if self.words.exact(&normalise(&command.name)) == Some(target) => {
                    command.name.clone()
                }
                Some((plugin, command)) => format!("{plugin}:{}", command.name),
                None => String::new(),
            },
        }
    }

    /// The same, by a name that the reader can type: whoever reads no Korean cannot type `점심팀`, but `lunch`. Who
    /// reads Korean can type both, so there the name counts that the author chose.
    pub(super) fn typed_in(&self, target: Target, locale: Locale) -> String {
        let names = self.command(target).into_iter().flat_map(|(_, command)| names(command));
        names
            .filter(|name| locale == Locale::Ko || is_readable(name, locale))
            .find(|name| self.words.exact(&normalise(name)) == Some(target))
            .map_or_else(|| self.typed(target), Into::into)
    }

    /// Words that somebody who typed this may have meant, the nearest first: as typed, or as typed on the other layout.
    /// Only those that `may` be told.
    pub(super) fn similar(&self, typed: &str, may: impl Fn(Target) -> bool) -> Vec<String> {
        let folded: Vec<char> = fold(typed).chars().take(MAX_SIMILAR + 1).collect();
        if folded.len() > MAX_SIMILAR {
            return Vec::new();
        }
        let keys: Vec<char> = hangul::to_keys(typed).to_lowercase().chars().collect();
        // Half of a short word may be wrong, not more; of its keys, of which a syllable has two or three, a third.
        let near = |a: &[char], b: &[char], part: usize| distance(a, b, 2.min(a.len().max(b.len()) / part));
        let mut near: Vec<(usize, &Similar)> = self
            .words
            .similar
            .iter()
            .filter_map(|known| {
                let as_typed = near(&folded, &known.folded, 2);
                let slipped = near(&keys, &known.keys, 3);
                let far = as_typed.into_iter().chain(slipped).min()?;
                Some((far, known))
            })
            .collect();
        near.sort_by(|(a, x), (b, y)| (a, &x.word).cmp(&(b, &y.word)));
        let mut seen = HashSet::new();
        let different = near
            .into_iter()
            .filter(|(_, known)| seen.insert(known.target) && may(known.target));
        different
            .take(MAX_SUGGESTIONS)
            .map(|(_, known)| known.word.clone())
            .collect()
    }
}
