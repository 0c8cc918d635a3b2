//! Something small about each of very many names, in little memory.
//!
//! A name is kept as a keyed 128-bit digest of itself. Of a million names the odds that a new one is taken for one of them
//! are 1 in 3 · 10³², and the key is chosen anew by each process, so nobody can look for two that collide. Beside its digest
//! and its value an entry costs an eighth of that at most: a table of hashes would leave up to half of its places free, and
//! hold all entries twice whenever it grows.

use std::hash::{BuildHasher, RandomState};

/// In how many parts the entries are kept, by bits of their digests: an entry is put in its place among those of its part
/// alone.
const PARTS: usize = 256;
/// For so many entries a part has room at first.
const FIRST: usize = 4;

/// 16 bytes that need not stand at a multiple of 8 in memory.
type Digest = [u32; 4];

/// Values by name. The module's documentation says what it costs.
#[derive(Debug)]
pub struct Digests<V> {
    keys: (RandomState, RandomState),
    /// Sorted, each. None before there is a first name.
    parts: Vec<Vec<(Digest, V)>>,
}

impl<V> Default for Digests<V> {
    fn default() -> Self {
        Self {
            keys: Default::default(),
            parts: Vec::new(),
        }
    }
}

impl<V> Digests<V> {
    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&V> {
        let digest = self.digest(name);
        let part = self.parts.get(part_of(&digest))?;
        let at = place(part, &digest).ok()?;
        part.get(at).map(|(_, value)| value)
    }

    /// Sets the value of a name; the one before.
    pub fn set(&mut self, name: &str, value: V) -> Option<V> {
        let digest = self.digest(name);
        if self.parts.is_empty() {
            self.parts.resize_with(PARTS, Vec::new);
        }
        let part = self.parts.get_mut(part_of(&digest))?;
        match place(part, &digest) {
            Ok(at) => part.get_mut(at).map(|(_, old)| std::mem::replace(old, value)),
            Err(at) => {
                if part.len() == part.capacity() {
                    part.reserve_exact(FIRST.max(part.len() / 8));
                }
                part.insert(at, (digest, value));
                None
            }
        }
    }

    /// Forgets a name; its value.
    pub fn remove(&mut self, name: &str) -> Option<V> {
        let digest = self.digest(name);
        let part = self.parts.get_mut(part_of(&digest))?;
        let at = place(part, &digest).ok()?;
        let (_, value) = part.remove(at);
        give_back(part);
        Some(value)
    }

    /// Forgets the names whose values are not to be kept.
    pub fn retain(&mut self, mut keep: impl FnMut(&V) -> bool) {
        for part in &mut self.parts {
            part.retain(|(_, value)| keep(value));
            give_back(part);
        }
    }

    /// How many names there are.
    pub fn len(&self) -> usize {
        self.parts.iter().map(Vec::len).sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn digest(&self, name: &str) -> Digest {
        let halves = |number: u64| [(number >> 32) as u32, number as u32];
        let [a, b] = halves(self.keys.0.hash_one(name));
        let [c, d] = halves(self.keys.1.hash_one(name));
        [a, b, c, d]
    }
}

fn part_of(digest: &Digest) -> usize {
    let [first, ..] = digest;
    *first as usize % PARTS
}

fn place<V>(part: &[(Digest, V)], digest: &Digest) -> Result<usize, usize> {
    part.binary_search_by(|(other, _)| other.cmp(digest))
}

/// Room that is not needed any more.
fn give_back<V>(part: &mut Vec<V>) {
    let needed = part.len() + FIRST.max(part.len() / 8);
    if part.capacity() > 2 * needed {
        part.shrink_to(needed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(number: u32) -> String {
        format!("slack/T1/C1/{number}.000100")
    }

    #[test]
    fn each_name_has_its_own_value_until_it_is_forgotten() {
        let mut known = Digests::default();
        assert!(known.is_empty() && known.get("a").is_none() && known.remove("a").is_none());
        for number in 0..10_000 {
            assert_eq!(known.set(&name(number), number), None);
        }
        assert_eq!(known.len(), 10_000);
        assert_eq!(known.set(&name(7), 70_000), Some(7));
        assert_eq!(known.remove(&name(8)), Some(8));
        known.retain(|number| number % 2 == 1 || *number >= 9_000);
        for number in 0..10_000 {
            let kept = match number {
                7 => Some(70_000),
                number if number % 2 == 1 || number >= 9_000 => Some(number),
                _ => None,
            };
            assert_eq!(known.get(&name(number)).copied(), kept, "{number}");
        }
        assert_eq!(known.get(&name(10_000)), None);
    }

    #[test]
    fn a_name_costs_little_more_than_its_digest_and_its_value_and_gives_it_back() {
        let room = |known: &Digests<u32>| known.parts.iter().map(Vec::capacity).sum::<usize>();
        let mut known = Digests::default();
        for number in 0..100_000 {
            known.set(&name(number), number);
            if number > 20_000 {
                assert!(
                    room(&known) * 100 <= known.len() * 115,
                    "{} of {}",
                    known.len(),
                    room(&known)
                );
            }
        }
        assert_eq!(size_of::<(Digest, u32)>(), 20);
        known.retain(|number| *number < 1_000);
        assert!(known.len() == 1_000 && room(&known) <= 2 * (1_000 + 4 * PARTS + 125));
        for number in 0..1_000 {
            known.remove(&name(number));
        }
        assert!(known.is_empty() && room(&known) <= 2 * FIRST * PARTS);
    }
}
