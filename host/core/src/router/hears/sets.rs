//! Patterns without a needle: sets of expressions, each tried at once.

use super::Ear;
use regex::{RegexSet, RegexSetBuilder};
use std::collections::HashMap;
use std::sync::Arc;

/// How many are tried together.
const SET: usize = 64;
/// The compiled size of such a set, in bytes.
const SET_SIZE: usize = 2 << 20;
/// What a set may remember of its work, in bytes.
const SET_CACHE: usize = 1 << 20;

/// All sets.
#[derive(Debug, Default)]
pub(super) struct Sets(Vec<Together>);

/// Some patterns.
#[derive(Debug)]
struct Together {
    /// `None`: the only one is too large to be in a set, and has to be tried by itself.
    set: Option<Arc<RegexSet>>,
    /// Indices of ears.
    members: Vec<usize>,
    /// Whether there is room for more.
    open: bool,
}

impl Sets {
    /// Sets of the ears that have these indices.
    ///
    /// Sets are dear to make, milliseconds each, so those of `before` stay where all their members are still there. Only
    /// what is new, what was with something that is gone, and the set that has room left are put together again: two sets
    /// for each change, however many there are.
    pub(super) fn new(ears: &[Arc<Ear>], loose: Vec<usize>, before: &Self, ears_before: &[Arc<Ear>]) -> Self {
        let mut left: HashMap<*const Ear, usize> = loose
            .into_iter()
            .filter_map(|index| Some((Arc::as_ptr(ears.get(index)?), index)))
            .collect();
        let mut all = Self::default();
        for old in before.0.iter().filter(|old| !old.open) {
            let was: Vec<_> = old.members.iter().filter_map(|index| ears_before.get(*index)).collect();
            let now = was.iter().map(|ear| left.get(&Arc::as_ptr(ear)).copied());
            let Some(members) = now.collect::<Option<Vec<_>>>() else {
                continue;
            };
            for ear in was {
                left.remove(&Arc::as_ptr(ear));
            }
            all.0.push(Together {
                set: old.set.clone(),
                members,
                open: false,
            });
        }
        let mut left: Vec<usize> = left.into_values().collect();
        left.sort_unstable();
        for chunk in left.chunks(SET) {
            all.add(ears, chunk, chunk.len() < SET);
        }
        all
    }

    /// One set of all, or halves of it where it becomes too large.
    fn add(&mut self, ears: &[Arc<Ear>], members: &[usize], open: bool) {
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
            (Err(_), many) if many.len() > 1 => {
                let (left, right) = many.split_at(many.len() / 2);
                self.add(ears, left, false);
                self.add(ears, right, open);
            }
            (set, members) => self.0.push(Together {
                open: open && set.is_ok(),
                set: set.ok().map(Arc::new),
                members: members.to_vec(),
            }),
        }
    }

    /// Adds those that fit a text, or may.
    pub(super) fn find(&self, text: &str, candidates: &mut Vec<usize>) {
        for Together { set, members, .. } in &self.0 {
            match set {
                Some(set) if set.is_match(text) => {
                    let matches = set.matches(text);
                    candidates.extend(matches.into_iter().filter_map(|index| members.get(index)));
                }
                Some(_) => {}
                None => candidates.extend(members),
            }
        }
    }

    /// How many sets there are, and how many that are tried by themselves.
    #[cfg(test)]
    pub(super) fn len(&self) -> (usize, usize) {
        let sets = self.0.iter().filter(|one| one.set.is_some()).count();
        (sets, self.0.len() - sets)
    }

    /// How many sets are the very same as before.
    #[cfg(test)]
    pub(super) fn kept(&self, before: &Self) -> usize {
        let same = |set: &Arc<RegexSet>| {
            before
                .0
                .iter()
                .flat_map(|old| &old.set)
                .any(|old| Arc::ptr_eq(old, set))
        };
        self.0.iter().flat_map(|one| &one.set).filter(|set| same(set)).count()
    }
}
