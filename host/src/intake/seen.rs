//! Which events came before, so that a twin is known as one.
//!
//! What is on its way into the journal stands here with all that waits for it. What is there, which is a day's events, is
//! kept as [`Digests`]: 20 bytes and an eighth of each, whatever their identities are like.

use crate::adapter::Ack;
use moa_core::event::Identity;
use moa_store::{Digests, Remembered};
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// What is known of an event that is not in the journal.
enum Moving {
    /// On its way there; twins that came meanwhile are acknowledged with it.
    Offered(Vec<Ack>),
    /// The journal could not take it, though the work on it has begun (at these seconds of the host's own clock). A
    /// redelivery is recorded and not run.
    Unrecorded(u64),
}

/// What comes of another delivery.
pub(super) enum Offered {
    /// It is the first.
    New,
    /// The first is on its way into the journal; this one is acknowledged with it.
    Joined,
    /// The first is in the journal: this one is to be acknowledged now.
    Recorded(Ack),
    /// The first could not be recorded, and this one is to be, as if it was the first.
    Unrecorded,
}

/// All that is known. Times are in seconds of the host's own clock.
#[derive(Default)]
pub(super) struct Seen {
    moving: HashMap<Identity, Moving>,
    /// Since when they are in the journal: since 1970, which is good for this until 2106.
    accepted: Digests<u32>,
}

impl Seen {
    /// What the journal remembers.
    pub(super) fn of(known: Vec<Remembered>) -> Self {
        let mut seen = Self::default();
        for one in known {
            seen.remember(&one.identity, u64::try_from(one.accepted_ms / 1000).unwrap_or(0));
        }
        seen
    }

    /// Whether it came before.
    pub(super) fn knows(&self, identity: &Identity) -> bool {
        self.moving.contains_key(identity) || self.accepted.get(identity.as_str()).is_some()
    }

    /// It is delivered, for the first time or again.
    pub(super) fn offer(&mut self, identity: &Identity, ack: Ack) -> Offered {
        if self.accepted.get(identity.as_str()).is_some() {
            return Offered::Recorded(ack);
        }
        match self.moving.entry(identity.clone()) {
            Entry::Vacant(free) => {
                free.insert(Moving::Offered(vec![ack]));
                Offered::New
            }
            Entry::Occupied(mut known) => match known.get_mut() {
                Moving::Offered(acks) => {
                    acks.push(ack);
                    Offered::Joined
                }
                Moving::Unrecorded(_) => {
                    known.insert(Moving::Offered(vec![ack]));
                    Offered::Unrecorded
                }
            },
        }
    }

    /// It is in the journal, or need not be; what is to be acknowledged with it.
    pub(super) fn accepted(&mut self, identity: &Identity, at: u64) -> Vec<Ack> {
        self.remember(identity.as_str(), at);
        match self.moving.remove(identity) {
            Some(Moving::Offered(acks)) => acks,
            Some(Moving::Unrecorded(_)) | None => Vec::new(),
        }
    }

    /// The journal could not take it, and the work on it has begun.
    pub(super) fn unrecorded(&mut self, identity: Identity, at: u64) {
        self.moving.insert(identity, Moving::Unrecorded(at));
    }

    /// The journal could not take it, and the work on it will not begin: another delivery is as good as the first.
    pub(super) fn give_up(&mut self, identity: &Identity) {
        self.moving.remove(identity);
    }

    /// An earlier run left it open, so it is known however old it is.
    pub(super) fn know(&mut self, identity: &str, at: u64) {
        if self.accepted.get(identity).is_none() {
            self.remember(identity, at);
        }
    }

    /// Forgets what came before this.
    pub(super) fn forget(&mut self, limit: u64) {
        let limit = coarse(limit);
        self.accepted.retain(|at| *at >= limit);
        self.moving
            .retain(|_, moving| !matches!(moving, Moving::Unrecorded(at) if coarse(*at) < limit));
        self.moving.shrink_to(2 * self.moving.len());
    }

    fn remember(&mut self, identity: &str, at: u64) {
        self.accepted.set(identity, coarse(at));
    }
}

fn coarse(at: u64) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

#[cfg(test)]
impl Seen {
    pub(super) fn is_empty(&self) -> bool {
        self.moving.is_empty() && self.accepted.is_empty()
    }

    pub(super) fn lose(&mut self, identity: &Identity) {
        self.accepted.remove(identity.as_str());
    }

    pub(super) fn is_unrecorded(&self, identity: &Identity) -> bool {
        matches!(self.moving.get(identity), Some(Moving::Unrecorded(_)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> Identity {
        Identity(text.into())
    }

    fn ack() -> Ack {
        Ack::new(|| {})
    }

    #[test]
    fn what_is_in_the_journal_is_known_until_its_time_is_over() {
        let remembered = |identity: &str, seconds: i64| Remembered {
            identity: identity.into(),
            accepted_ms: seconds * 1000 + 999,
        };
        let mut seen = Seen::of(vec![remembered("a", 100), remembered("b", 200), remembered("e", -5)]);
        assert!(matches!(seen.offer(&id("a"), ack()), Offered::Recorded(_)));
        assert!(matches!(seen.offer(&id("c"), ack()), Offered::New));
        assert_eq!(seen.accepted(&id("c"), 150).len(), 1);
        assert!(matches!(seen.offer(&id("c"), ack()), Offered::Recorded(_)));
        // Open records of an earlier run: one that is remembered since, and one that is too old for that.
        seen.know("a", 300);
        seen.know("d", 300);

        let known = |seen: &Seen| -> String {
            ["a", "b", "c", "d", "e"]
                .into_iter()
                .filter(|one| seen.knows(&id(one)))
                .collect()
        };
        seen.forget(0);
        assert_eq!(known(&seen), "abcde");
        seen.forget(100);
        assert_eq!(known(&seen), "abcd");
        seen.forget(101);
        assert_eq!(known(&seen), "bcd");
        seen.forget(201);
        assert_eq!(known(&seen), "d");
        assert!(
            matches!(seen.offer(&id("a"), ack()), Offered::New),
            "it is as good as new"
        );
    }

    #[test]
    fn what_is_on_its_way_is_never_forgotten_and_what_could_not_be_recorded_is() {
        let mut seen = Seen::default();
        assert!(matches!(seen.offer(&id("a"), ack()), Offered::New));
        assert!(matches!(seen.offer(&id("a"), ack()), Offered::Joined));
        seen.forget(u64::MAX);
        assert_eq!(seen.accepted(&id("a"), 7).len(), 2, "both are acknowledged");

        for text in ["b", "c"] {
            seen.offer(&id(text), ack());
            seen.unrecorded(id(text), 7);
        }
        seen.forget(7);
        assert!(seen.is_unrecorded(&id("b")) && seen.knows(&id("b")));
        assert!(matches!(seen.offer(&id("b"), ack()), Offered::Unrecorded));
        seen.forget(8);
        assert!(seen.knows(&id("b")) && !seen.knows(&id("c")));
        seen.give_up(&id("b"));
        assert!(!seen.knows(&id("b")));
        seen.forget(8);
        assert!(seen.is_empty());
    }
}
