//! A form that was sent and stays before its person until it is acknowledged.

use crate::adapter::{Ack, FormAnswer};
use crate::journal::Ticket;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// After how long a form closes though the plugin has not answered yet. Slack shows an error after 3 s.
const PATIENCE: Duration = Duration::from_millis(2_500);

/// The acknowledgement of a form, which carries what the plugin says to it. It is given once, by whoever comes first: the
/// plugin's answer or the clock. Dropped without it, the service tells the person that it did not work.
#[derive(Clone, Debug)]
pub struct HeldForm(Arc<Mutex<Option<Ack>>>);

impl HeldForm {
    /// Holds an acknowledgement back.
    pub fn new(ack: Ack) -> Self {
        Self(Arc::new(Mutex::new(Some(ack))))
    }

    /// The form closes. Nothing happens where it is closed already.
    pub fn close(&self) {
        if let Some(ack) = self.take() {
            ack.done();
        }
    }

    /// The form shows something else. `false` where it is closed already, so that nobody sees it.
    pub fn show(&self, what: FormAnswer) -> bool {
        self.take().map(|ack| ack.answer(what)).is_some()
    }

    /// Closes the form just before the service would lose patience, provided that the event is in the journal by then.
    pub fn close_in_time(&self, ticket: Arc<Ticket>) {
        let (form, by) = (Arc::downgrade(&self.0), tokio::time::Instant::now() + PATIENCE);
        tokio::spawn(async move {
            if ticket.seq().await.is_none() {
                return;
            }
            tokio::time::sleep_until(by).await;
            if let Some(form) = form.upgrade() {
                Self(form).close();
            }
        });
    }

    fn take(&self) -> Option<Ack> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
