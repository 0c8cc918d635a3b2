//! An event's place in the journal, from the moment it is offered.
//!
//! A call may begin before its event is on disk (the service would send it again after a crash), but what it writes
//! hangs on the journal's record: whoever needs that waits for the [`Ticket`].

use moa_store::{Outcome, Seq};
use std::sync::{Mutex, PoisonError};
use tokio::sync::SetOnce;

/// The number that the journal gives an event, once it has, and how much of what the event asks for is still to be done.
#[derive(Debug, Default)]
pub struct Ticket {
    seq: SetOnce<Option<Seq>>,
    shares: Mutex<Shares>,
}

/// An event may ask for several calls. Its record is closed when the last one is over.
#[derive(Debug, Default)]
struct Shares {
    /// Besides the first.
    more: usize,
    failed: Option<String>,
}

impl Ticket {
    /// A ticket of an event that is in the journal already.
    pub fn of(seq: Seq) -> Self {
        Self {
            seq: SetOnce::new_with(Some(Some(seq))),
            shares: Mutex::default(),
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

    /// The event asks for so many calls; without this, for one. To be said before the first of them may end.
    pub fn expect(&self, calls: usize) {
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        shares.more = calls.saturating_sub(1);
    }

    /// One call is over. The last one gets what the record is to be closed with: a failure if any of them failed.
    pub fn end(&self, outcome: Outcome) -> Option<Outcome> {
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        if let Outcome::Failed { reason } = outcome {
            shares.failed.get_or_insert(reason);
        }
        match shares.more {
            0 => Some(
                shares
                    .failed
                    .take()
                    .map_or(Outcome::Done, |reason| Outcome::Failed { reason }),
            ),
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
