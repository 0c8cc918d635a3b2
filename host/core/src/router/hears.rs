//! Patterns that plugins listen for, all of them looked for in one pass.
//!
//! Nearly every pattern contains some text without which it can't fit (*needles*). One automaton finds the needles of all
//! patterns at once, however many there are; only a pattern whose needle stands in a message is looked at by itself.
//! Patterns without a needle (`^\d+$`) form sets of expressions. A message that fits nothing allocates nothing.

mod pattern;
mod sets;

pub(crate) use pattern::compile;
pub use pattern::{Pattern, PatternError, Taught, What};

use crate::manifest::{Hear, Manifest, Scope};
use aho_corasick::{AhoCorasick, MatchKind};
use sets::Sets;
use std::collections::HashMap;
use std::sync::Arc;

/// Patterns are looked for in so many bytes from a message's beginning.
///
/// Matching runs on the thread that reads the connection, so its time must have a bound.
pub const MAX_HEARD_TEXT: usize = 8 * 1024;
/// The most captures that are handed over.
const MAX_CAPTURES: usize = 100;
/// Letters beyond ASCII that are the same as `s` and `k` to an expression, which the search for needles doesn't know.
const ALIKE: [(&str, &str); 2] = [("\u{17f}", "s"), ("\u{212a}", "k")];

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

/// A pattern of a plugin, from its manifest or taught at run time.
#[derive(Debug)]
pub struct Ear {
    plugin: String,
    id: String,
    pattern: Pattern,
    scopes: Scopes,
    conversation: Option<String>,
}

/// All patterns of several plugins, ready to be matched.
#[derive(Debug, Default)]
pub struct Hears {
    ears: Vec<Arc<Ear>>,
    scopes: Scopes,
    needles: Option<AhoCorasick>,
    /// For each needle whose it is; nobody's for a letter of [`ALIKE`].
    needed_by: Vec<Vec<usize>>,
    /// Those without a needle.
    loose: Sets,
}

impl Hears {
    /// All of these, to be found in one pass.
    ///
    /// It takes about two milliseconds for each thousand, so it is nothing for the thread that matches. Expressions without
    /// a needle are dear to put together: what `before` made of them is taken over where the patterns are the same.
    pub fn new(ears: Vec<Arc<Ear>>, before: &Self) -> Self {
        let mut all = Self::default();
        let mut needles: Vec<&str> = Vec::new();
        let mut known: HashMap<String, usize> = HashMap::new();
        let mut loose = Vec::new();
        for (index, ear) in ears.iter().enumerate() {
            all.scopes.0 |= ear.scopes.0;
            let Some(own) = ear.pattern.needles() else {
                loose.push(index);
                continue;
            };
            for needle in own {
                let at = *known.entry(needle.to_ascii_lowercase()).or_insert(needles.len());
                if at == needles.len() {
                    needles.push(needle);
                    all.needed_by.push(Vec::new());
                }
                if let Some(whose) = all.needed_by.get_mut(at) {
                    whose.push(index);
                }
            }
        }
        if !needles.is_empty() {
            needles.extend(ALIKE.map(|(letter, _)| letter));
            all.needed_by.resize(needles.len(), Vec::new());
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
        all.loose = Sets::new(&ears, loose, &before.loose, &before.ears);
        all.ears = ears;
        all
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
        if !self.by_needles(text, &mut candidates) {
            candidates.clear();
            self.by_needles(&plainly(text), &mut candidates);
        }
        self.loose.find(text, &mut candidates);
        candidates.sort_unstable();
        candidates.dedup();
        let fits = |index: usize| self.ears.get(index)?.fit(said, text);
        candidates.into_iter().filter_map(fits).collect()
    }

    /// Adds the patterns of which a needle stands in the text. `false` when there is a letter of [`ALIKE`]: then it has to be
    /// looked through without that.
    fn by_needles(&self, text: &str, candidates: &mut Vec<usize>) -> bool {
        let Some(needles) = &self.needles else { return true };
        let Ok(found) = needles.try_find_overlapping_iter(text) else {
            return true;
        };
        let mut seen = Vec::new();
        for needle in found {
            let needle = needle.pattern().as_usize();
            let Some(whose) = self.needed_by.get(needle) else {
                continue;
            };
            if whose.is_empty() {
                return false;
            }
            // A needle may stand there thousands of times, and many patterns may need it.
            seen.resize(self.needed_by.len(), false);
            if let Some(seen) = seen.get_mut(needle)
                && !std::mem::replace(seen, true)
            {
                candidates.extend(whose);
            }
        }
        true
    }
}

impl Ear {
    /// A pattern that a plugin was taught under an id.
    ///
    /// # Errors
    /// [`PatternError`] where it is none.
    pub fn new(plugin: &str, id: &str, taught: &Taught) -> Result<Self, PatternError> {
        Ok(Self {
            plugin: plugin.into(),
            id: id.into(),
            pattern: Pattern::new(&taught.what)?,
            scopes: taught.scopes.iter().collect(),
            conversation: taught.conversation.clone(),
        })
    }

    /// The patterns of a manifest.
    pub fn of_manifest(manifest: &Manifest) -> Vec<Arc<Self>> {
        let ear = |hear: &Hear| {
            let taught = Taught {
                what: What::Regex(hear.pattern.clone()),
                scopes: hear.scopes.clone(),
                conversation: None,
            };
            // A manifest that is read has only patterns that are some.
            Self::new(&manifest.name, &hear.id, &taught).ok().map(Arc::new)
        };
        manifest.hears.iter().filter_map(ear).collect()
    }

    /// The plugin's name.
    pub fn plugin(&self) -> &str {
        &self.plugin
    }

    /// The pattern's id within the plugin.
    pub fn id(&self) -> &str {
        &self.id
    }

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

/// A text with the letters of [`ALIKE`] as the search for needles knows them.
fn plainly(text: &str) -> String {
    ALIKE
        .iter()
        .fold(text.to_owned(), |text, (letter, plain)| text.replace(letter, plain))
}

fn beginning(text: &str) -> &str {
    text.get(..text.floor_char_boundary(MAX_HEARD_TEXT)).unwrap_or(text)
}

#[cfg(test)]
mod tests;
