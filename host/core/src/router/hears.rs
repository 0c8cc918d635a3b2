//! Patterns that plugins listen for, all of them looked for in one pass.
//!
//! Nearly every pattern contains some text without which it can't fit (*needles*). One automaton finds the needles of all
//! patterns at once, however many there are; only a pattern whose needle stands in a message is looked at by itself.
//! Patterns without a needle (`^\d+$`) form sets of expressions. A message that fits nothing allocates nothing.

mod pattern;

pub(crate) use pattern::compile;
pub use pattern::{Pattern, PatternError, Taught, What};

use crate::manifest::{Manifest, Scope};
use aho_corasick::{AhoCorasick, MatchKind};
use regex::{RegexSet, RegexSetBuilder};
use std::sync::Arc;

/// Patterns are looked for in so many bytes from a message's beginning.
///
/// Matching runs on the thread that reads the connection, so its time must have a bound.
pub const MAX_HEARD_TEXT: usize = 8 * 1024;
/// The most captures that are handed over.
const MAX_CAPTURES: usize = 100;
/// Patterns without a needle that are tried together.
const SET: usize = 64;
/// The compiled size of such a set, in bytes.
const SET_SIZE: usize = 2 << 20;
/// What a set may remember of its work, in bytes.
const SET_CACHE: usize = 1 << 20;
/// Letters beyond ASCII that are the same as `s` and `k` to an expression, which the search for needles doesn't know.
const ALIKE: [&str; 2] = ["\u{17f}", "\u{212a}"];

/// A pattern that fits a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeardMatch {
    /// The plugin's name.
    pub plugin: String,
    /// The pattern's id within the plugin.
    pub id: String,
    /// The whole match, then each group; `None` for a group that took no part. As in the message: mentions in it must go
    /// through [`plain_mentions`](crate::text::plain_mentions) before a plugin gets them.
    pub captures: Vec<Option<String>>,
    /// Whether nobody spoke to the bot: then it should not speak of what went wrong either.
    pub ambient: bool,
}

/// The kinds of message that a pattern is looked for in, or that a message is of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Scopes(u8);

impl Scopes {
    pub(super) fn with(self, scope: Scope) -> Self {
        let bit = match scope {
            Scope::Direct => 1,
            Scope::DirectMention => 2,
            Scope::Mention => 4,
            Scope::Ambient => 8,
        };
        Self(self.0 | bit)
    }

    fn meet(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

impl<'a> FromIterator<&'a Scope> for Scopes {
    fn from_iter<T: IntoIterator<Item = &'a Scope>>(scopes: T) -> Self {
        scopes.into_iter().fold(Self::default(), |all, scope| all.with(*scope))
    }
}

/// A message, as patterns see it.
pub(super) struct Said<'a> {
    /// What is said; to the bot, without its name.
    pub(super) text: &'a str,
    /// The conversation's id.
    pub(super) conversation: &'a str,
    /// What kinds of message this is.
    pub(super) scopes: Scopes,
}

#[derive(Clone, Debug)]
struct Ear {
    plugin: String,
    id: String,
    pattern: Arc<Pattern>,
    scopes: Scopes,
    conversation: Option<String>,
}

/// All patterns of several plugins, ready to be matched.
#[derive(Clone, Debug, Default)]
pub struct Hears {
    ears: Vec<Ear>,
    scopes: Scopes,
    needles: Option<AhoCorasick>,
    /// For each needle whose it is; none for a letter of [`ALIKE`], which stands for all.
    needed_by: Vec<Option<usize>>,
    sets: Vec<(RegexSet, Vec<usize>)>,
    /// Neither with a needle nor small enough for a set.
    alone: Vec<usize>,
}

impl Hears {
    /// The patterns of manifests, by the plugins' names.
    pub fn of_manifests(plugins: &[(&str, &Manifest)]) -> Self {
        let mut ears = Vec::new();
        for (plugin, manifest) in plugins {
            for hear in &manifest.hears {
                // A manifest that is read has only patterns that are some.
                let Ok(pattern) = Pattern::new(&What::Regex(hear.pattern.clone())) else {
                    continue;
                };
                ears.push(Ear {
                    plugin: (*plugin).into(),
                    id: hear.id.clone(),
                    pattern: Arc::new(pattern),
                    scopes: hear.scopes.iter().collect(),
                    conversation: None,
                });
            }
        }
        Self::of(ears)
    }

    /// Patterns taught at run time: plugin, id, what was taught and its pattern, which is kept for the next time.
    pub fn of_taught<'a>(taught: impl IntoIterator<Item = (&'a str, &'a str, &'a Taught, &'a Arc<Pattern>)>) -> Self {
        let ear = |(plugin, id, taught, pattern): (&str, &str, &Taught, &Arc<Pattern>)| Ear {
            plugin: plugin.into(),
            id: id.into(),
            pattern: Arc::clone(pattern),
            scopes: taught.scopes.iter().collect(),
            conversation: taught.conversation.clone(),
        };
        Self::of(taught.into_iter().map(ear).collect())
    }

    fn of(ears: Vec<Ear>) -> Self {
        let mut all = Self::default();
        let mut needles: Vec<&str> = Vec::new();
        let mut loose = Vec::new();
        for (index, ear) in ears.iter().enumerate() {
            all.scopes.0 |= ear.scopes.0;
            match ear.pattern.needles() {
                Some(own) => {
                    needles.extend(own.iter().map(String::as_str));
                    all.needed_by.resize(needles.len(), Some(index));
                }
                None => loose.push(index),
            }
        }
        if !needles.is_empty() {
            needles.extend(ALIKE);
            all.needed_by.resize(needles.len(), None);
            all.needles = AhoCorasick::builder()
                .ascii_case_insensitive(true)
                .match_kind(MatchKind::Standard)
                .build(&needles)
                .ok();
            if all.needles.is_none() {
                // More than such an automaton can hold: slow, but right.
                loose = (0..ears.len()).collect();
            }
        }
        for chunk in loose.chunks(SET) {
            all.add_set(&ears, chunk);
        }
        all.ears = ears;
        all
    }

    /// One set of all, or halves of it where it becomes too large.
    fn add_set(&mut self, ears: &[Ear], members: &[usize]) {
        let sources = members
            .iter()
            .filter_map(|index| ears.get(*index))
            .map(|ear| ear.pattern.source());
        let set = RegexSetBuilder::new(sources)
            .case_insensitive(true)
            .size_limit(SET_SIZE)
            .dfa_size_limit(SET_CACHE)
            .build();
        match (set, members) {
            (Ok(set), _) => self.sets.push((set, members.to_vec())),
            (Err(_), [one]) => self.alone.push(*one),
            (Err(_), many) => {
                let (left, right) = many.split_at(many.len() / 2);
                self.add_set(ears, left);
                self.add_set(ears, right);
            }
        }
    }

    /// How many patterns there are.
    pub fn len(&self) -> usize {
        self.ears.len()
    }

    /// Whether there is no pattern.
    pub fn is_empty(&self) -> bool {
        self.ears.is_empty()
    }

    /// The patterns that fit, in the order in which they were given.
    pub(super) fn hear(&self, said: &Said<'_>) -> Vec<HeardMatch> {
        if !self.scopes.meet(said.scopes) {
            return Vec::new();
        }
        let text = beginning(said.text);
        let mut candidates = Vec::new();
        self.by_needles(text, &mut candidates);
        for (set, members) in &self.sets {
            if set.is_match(text) {
                let matches = set.matches(text);
                candidates.extend(matches.into_iter().filter_map(|index| members.get(index)));
            }
        }
        candidates.extend(&self.alone);
        candidates.sort_unstable();
        candidates.dedup();
        let fits = |index: usize| self.ears.get(index)?.fit(said, text);
        candidates.into_iter().filter_map(fits).collect()
    }

    fn by_needles(&self, text: &str, candidates: &mut Vec<usize>) {
        let Some(needles) = &self.needles else { return };
        let Ok(found) = needles.try_find_overlapping_iter(text) else {
            return;
        };
        for needle in found {
            match self.needed_by.get(needle.pattern().as_usize()) {
                Some(Some(index)) => {
                    // A needle that stands there many times is still one.
                    if candidates.last() != Some(index) {
                        candidates.push(*index);
                    }
                }
                _ => {
                    candidates.clear();
                    candidates.extend(0..self.ears.len());
                    return;
                }
            }
        }
    }
}

impl Ear {
    fn fit(&self, said: &Said<'_>, text: &str) -> Option<HeardMatch> {
        let here = self.conversation.as_ref().is_none_or(|only| only == said.conversation);
        if !here || !self.scopes.meet(said.scopes) {
            return None;
        }
        let captures = self.pattern.captures(text)?;
        let captures = captures.iter().take(MAX_CAPTURES);
        Some(HeardMatch {
            plugin: self.plugin.clone(),
            id: self.id.clone(),
            captures: captures
                .map(|group| group.map(|group| group.as_str().to_owned()))
                .collect(),
            ambient: said.scopes == Scopes::default().with(Scope::Ambient),
        })
    }
}

fn beginning(text: &str) -> &str {
    text.get(..text.floor_char_boundary(MAX_HEARD_TEXT)).unwrap_or(text)
}

#[cfg(test)]
mod tests;
