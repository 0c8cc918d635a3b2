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

    /// The form shows something else. `false` where nobody sees it: it is closed already, or can show nothing, and closes.
    pub fn show(&self, what: FormAnswer) -> bool {
        self.take().is_some_and(|ack| ack.answer(what))
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

#[cfg(test)]
mod tests {
    use super::*;
    use moa_store::Seq;

    type Shown = Arc<Mutex<Vec<Option<FormAnswer>>>>;

    fn held() -> (HeldForm, Shown) {
        let shown = Shown::default();
        let tell = Arc::clone(&shown);
        let ack = Ack::of_form(move |what| {
            tell.lock().unwrap().push(what);
            true
        });
        (HeldForm::new(ack), shown)
    }

    #[tokio::test]
    async fn a_form_that_can_show_nothing_is_closed_and_says_so() {
        let form = HeldForm::new(Ack::of_form(|_| false));
        assert!(!form.show(FormAnswer::View("{}".into())));
        let plain = HeldForm::new(Ack::new(|| {}));
        assert!(!plain.show(FormAnswer::View("{}".into())));
    }

    #[tokio::test(start_paused = true)]
    async fn it_closes_before_the_service_loses_patience() {
        let (form, shown) = held();
        form.close_in_time(Arc::new(Ticket::of(Seq(1))));
        tokio::time::sleep(PATIENCE - Duration::from_millis(1)).await;
        assert!(shown.lock().unwrap().is_empty());
        tokio::time::sleep(Duration::from_millis(2)).await;
        assert_eq!(*shown.lock().unwrap(), [None]);
        assert!(!form.show(FormAnswer::View("{}".into())), "nobody sees that any more");
        assert_eq!(shown.lock().unwrap().len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_not_on_disk_is_not_acknowledged() {
        let (form, shown) = held();
        let ticket = Arc::new(Ticket::default());
        form.close_in_time(Arc::clone(&ticket));
        tokio::time::sleep(PATIENCE * 2).await;
        assert!(shown.lock().unwrap().is_empty(), "the journal takes its time");
        ticket.resolve(None);
        drop(form);
        tokio::time::sleep(PATIENCE).await;
        assert!(shown.lock().unwrap().is_empty(), "the journal did not take it");
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_answer_counts() {
        let (form, shown) = held();
        form.close_in_time(Arc::new(Ticket::of(Seq(1))));
        let errors = FormAnswer::Errors(vec![("size".into(), "too large".into())]);
        assert!(form.show(errors.clone()));
        form.close();
        tokio::time::sleep(PATIENCE * 2).await;
        assert_eq!(*shown.lock().unwrap(), [Some(errors)]);
    }
}
