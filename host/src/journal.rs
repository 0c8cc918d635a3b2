//! An event's place in the journal, from the moment it is offered.
//!
//! A call may begin before its event is on disk (the service would send it again after a crash), but what it writes
//! hangs on the journal's record: whoever needs that waits for the [`Ticket`].

use moa_store::{Outcome, Seq};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use tokio::sync::SetOnce;

/// The number that the journal gives an event, once it has, and how much of what the event asks for is still to be done.
#[derive(Debug, Default)]
pub struct Ticket {
    seq: SetOnce<Option<Seq>>,
    over: AtomicBool,
    shares: Mutex<Shares>,
}

/// An event may ask for several calls. Its record is closed when the last one is over.
#[derive(Debug, Default)]
struct Shares {
    /// Besides the first.
    more: usize,
    /// What the first call that did not do its work ended with.
    undone: Option<Outcome>,
}

impl Ticket {
    /// A ticket of an event that is in the journal already.
    pub fn of(seq: Seq) -> Self {
        Self {
            seq: SetOnce::new_with(Some(Some(seq))),
            ..Self::default()
        }
    }

    /// The number, as soon as it is known; `None` when the journal could not record the event.
    pub async fn seq(&self) -> Option<Seq> {
        *self.seq.wait().await
    }

    /// Tells everybody who waits. Only the first word counts.
    pub fn resolve(&self, seq: Option<Seq>) {
        let _ = self.seq.set(seq);
    }

    /// The journal knows the event, and that it was done with: what of it runs now must not be seen.
    pub fn set_over(&self) {
        self.over.store(true, Ordering::Release);
        self.resolve(None);
    }

    /// Whether the event turned out to be done with.
    pub fn over(&self) -> bool {
        self.over.load(Ordering::Acquire)
    }

    /// The event asks for so many calls; without this, for one. To be said before the first of them may end.
    pub fn expect(&self, calls: usize) {
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        shares.more = calls.saturating_sub(1);
    }

    /// One call is over. The last one gets what the record is to be closed with: what the first one ended with that was not done.
    pub fn end(&self, outcome: Outcome) -> Option<Outcome> {
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        if !outcome.is_done() {
            shares.undone.get_or_insert(outcome);
        }
        match shares.more {
            0 => Some(shares.undone.take().unwrap_or(Outcome::Done)),
            _ => {
                shares.more -= 1;
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_closed_by_the_last_of_its_calls() {
        let failed = |reason: &str| Outcome::Failed { reason: reason.into() };
        let one = Ticket::default();
        assert_eq!(one.end(failed("why")), Some(failed("why")));
        let three = Ticket::of(Seq(1));
        three.expect(3);
        assert_eq!(three.end(Outcome::Done), None);
        assert_eq!(three.end(failed("first")), None);
        assert_eq!(three.end(failed("second")), Some(failed("first")));
    }
}
