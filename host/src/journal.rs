//! An event's place in the journal, from the moment it is offered.
//!
//! A call may begin before its event is on disk (the service would send it again after a crash), but what it writes
//! hangs on the journal's record: whoever needs that waits for the [`Ticket`].

use moa_store::Seq;
use tokio::sync::SetOnce;

/// The number that the journal gives an event, once it has.
#[derive(Debug, Default)]
pub struct Ticket(SetOnce<Option<Seq>>);

impl Ticket {
    /// A ticket of an event that is in the journal already.
    pub fn of(seq: Seq) -> Self {
        Self(SetOnce::new_with(Some(Some(seq))))
    }

    /// The number, as soon as it is known; `None` when the journal could not record the event.
    pub async fn seq(&self) -> Option<Seq> {
        *self.0.wait().await
    }

    /// Tells everybody who waits. Only the first word counts.
    pub fn resolve(&self, seq: Option<Seq>) {
        let _ = self.0.set(seq);
    }
}
