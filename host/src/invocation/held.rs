//! An acknowledgement that is held back until the plugin has spoken: a form that was sent stays before its person until
//! then, and whoever asked from outside waits.

use crate::adapter::{Ack, AckAnswer};
use crate::journal::Ticket;
use moa_core::call::HookAnswer;
use moa_core::event::{Event, EventKind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

/// After how long a form closes though the plugin has not answered yet. Slack shows an error after 3 s.
const PATIENCE: Duration = Duration::from_millis(2_500);
/// After how long a request from outside is answered though the plugin has not. GitHub gives up after 10 s.
const OUTSIDE: Duration = Duration::from_secs(8);
/// The largest response, in bytes of headers and body, that is kept for other deliveries; of a larger one they get the
/// status alone.
const KEPT: usize = 64 << 10;

/// The acknowledgement of a form, which carries what the plugin says to it. It is given once, by whoever comes first: the
/// plugin's answer or the clock. Dropped without it, the service tells the person that it did not work; whoever asked from
/// outside is told that it was taken over, if it was.
#[derive(Clone, Debug)]
pub struct HeldAck {
    waiting: Arc<Waiting>,
    given: Given,
}

/// All deliveries of the form that wait for an answer; nothing once it was given.
#[derive(Debug)]
struct Waiting {
    acks: Mutex<Option<Vec<Ack>>>,
    /// It came from outside and is in the journal: if not now, it runs at the next start.
    recorded: AtomicBool,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if *self.recorded.get_mut() {
            let acks = self.acks.get_mut().unwrap_or_else(PoisonError::into_inner).take();
            acks.into_iter().flatten().for_each(Ack::done);
        }
    }
}

/// The answer, once it was given: nothing where the form closed.
type Given = Arc<OnceLock<Option<AckAnswer>>>;

/// What further deliveries of a form need in order to be answered as the first. It holds nothing back.
#[derive(Debug)]
pub struct Twins {
    waiting: Weak<Waiting>,
    given: Given,
}

impl Twins {
    /// Answers another delivery of the form together with the first, or as that was answered.
    pub fn join(&self, ack: Ack) {
        if let Some(waiting) = self.waiting.upgrade()
            && let Some(acks) = &mut *lock(&waiting)
        {
            return acks.push(ack);
        }
        match self.given.get() {
            Some(Some(answer)) => drop(ack.answer(answer.clone())),
            Some(None) => ack.done(),
            // The first was given up unanswered, and so is this one.
            None => {}
        }
    }
}

impl HeldAck {
    /// Holds an acknowledgement back.
    pub fn new(ack: Ack) -> Self {
        Self {
            waiting: Arc::new(Waiting {
                acks: Mutex::new(Some(vec![ack])),
                recorded: AtomicBool::new(false),
            }),
            given: Arc::default(),
        }
    }

    /// For other deliveries of the same form.
    pub fn twins(&self) -> Twins {
        Twins {
            waiting: Arc::downgrade(&self.waiting),
            given: Arc::clone(&self.given),
        }
    }

    /// The form closes. Nothing happens where it is closed already.
    pub fn close(&self) {
        self.give(None).into_iter().for_each(Ack::done);
    }

    /// The form shows something else. `false` where nobody sees it: it is closed already, or can show nothing, and closes.
    pub fn show(&self, what: AckAnswer) -> bool {
        let mut shown = false;
        for ack in self.give(Some(&what)) {
            shown |= ack.answer(what.clone());
        }
        shown
    }

    /// Nobody is told anything: it will not run, and is to be sent again.
    pub fn give_up(&self) {
        let acks = lock(&self.waiting).take();
        drop(acks);
    }

    /// Acknowledges just before whoever waits would lose patience, provided that the event is in the journal by then.
    pub fn close_in_time(&self, event: &Event, ticket: Arc<Ticket>) {
        let (waiting, given) = (Arc::downgrade(&self.waiting), Arc::clone(&self.given));
        let is_hook = matches!(event.kind, EventKind::Hook(_));
        let patience = if is_hook { OUTSIDE } else { PATIENCE };
        let by = tokio::time::Instant::now() + patience;
        tokio::spawn(async move {
            if ticket.seq().await.is_none() {
                return;
            }
            if let Some(waiting) = waiting.upgrade() {
                waiting.recorded.store(is_hook, Ordering::Relaxed);
            }
            tokio::time::sleep_until(by).await;
            if let Some(waiting) = waiting.upgrade() {
                Self { waiting, given }.close();
            }
        });
    }

    /// Those who are to be told; nobody where an answer was given before.
    fn give(&self, answer: Option<&AckAnswer>) -> Vec<Ack> {
        let mut waiting = lock(&self.waiting);
        let Some(acks) = waiting.take() else { return Vec::new() };
        // Under the lock: whoever finds nobody waiting finds the answer.
        let _ = self.given.set(answer.map(kept));
        acks
    }
}

/// An answer as it is kept.
fn kept(answer: &AckAnswer) -> AckAnswer {
    match answer {
        AckAnswer::Response(answer) if answer.size() > KEPT => AckAnswer::Response(HookAnswer {
            status: answer.status,
            headers: Vec::new(),
            body: Vec::new(),
        }),
        answer => answer.clone(),
    }
}

/// Nothing here is left half changed by a panic elsewhere.
fn lock(waiting: &Waiting) -> MutexGuard<'_, Option<Vec<Ack>>> {
    waiting.acks.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::message;
    use moa_store::Seq;

    type Shown = Arc<Mutex<Vec<Option<AckAnswer>>>>;

    fn event() -> Event {
        message("C1", "1.0", "sent")
    }

    fn held() -> (HeldAck, Shown) {
        let shown = Shown::default();
        let tell = Arc::clone(&shown);
        let ack = Ack::answering(move |what| {
            tell.lock().unwrap().push(what);
            true
        });
        (HeldAck::new(ack), shown)
    }

    #[tokio::test]
    async fn a_form_that_can_show_nothing_is_closed_and_says_so() {
        let form = HeldAck::new(Ack::answering(|_| false));
        assert!(!form.show(AckAnswer::View("{}".into())));
        let plain = HeldAck::new(Ack::new(|| {}));
        assert!(!plain.show(AckAnswer::View("{}".into())));
    }

    #[tokio::test(start_paused = true)]
    async fn it_closes_before_the_service_loses_patience() {
        let (form, shown) = held();
        form.close_in_time(&event(), Arc::new(Ticket::of(Seq(1))));
        tokio::time::sleep(PATIENCE - Duration::from_millis(1)).await;
        assert!(shown.lock().unwrap().is_empty());
        tokio::time::sleep(Duration::from_millis(2)).await;
        assert_eq!(*shown.lock().unwrap(), [None]);
        assert!(!form.show(AckAnswer::View("{}".into())), "nobody sees that any more");
        assert_eq!(shown.lock().unwrap().len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_not_on_disk_is_not_acknowledged() {
        let (form, shown) = held();
        let ticket = Arc::new(Ticket::default());
        form.close_in_time(&event(), Arc::clone(&ticket));
        tokio::time::sleep(PATIENCE * 2).await;
        assert!(shown.lock().unwrap().is_empty(), "the journal takes its time");
        ticket.resolve(None);
        drop(form);
        tokio::time::sleep(PATIENCE).await;
        assert!(shown.lock().unwrap().is_empty(), "the journal did not take it");
    }

    fn request() -> Event {
        let hook = moa_core::event::Hook {
            plugin: "ci".into(),
            name: "build".into(),
            method: "POST".into(),
            path: String::new(),
            query: String::new(),
            headers: Vec::new(),
            body: Vec::new(),
            time: "2026-11-21T00:00:00Z".into(),
        };
        hook.event("a")
    }

    #[tokio::test(start_paused = true)]
    async fn a_recorded_request_that_is_dropped_was_taken_over() {
        for (event, seq, given_up, expected) in [
            (request(), Some(Seq(1)), false, 1),
            (request(), Some(Seq(1)), true, 0),
            (request(), None, false, 0),
            (event(), Some(Seq(1)), false, 0),
        ] {
            let (held, shown) = held();
            let ticket = Arc::new(Ticket::default());
            held.close_in_time(&event, Arc::clone(&ticket));
            ticket.resolve(seq);
            tokio::time::sleep(Duration::from_millis(1)).await;
            if given_up {
                held.give_up();
            }
            drop(held);
            assert_eq!(
                *shown.lock().unwrap(),
                vec![None; expected],
                "{:?} {seq:?}",
                event.identity
            );
        }
    }

    #[test]
    fn of_a_large_response_the_status_is_kept() {
        for (bytes, left) in [(KEPT, KEPT), (KEPT + 1, 0)] {
            let (request, shown) = held();
            let twins = request.twins();
            let answer = AckAnswer::Response(HookAnswer {
                status: 201,
                headers: Vec::new(),
                body: vec![b'x'; bytes],
            });
            assert!(request.show(answer.clone()));
            let again = Arc::clone(&shown);
            twins.join(Ack::answering(move |what| {
                again.lock().unwrap().push(what);
                true
            }));
            let shown = shown.lock().unwrap();
            assert_eq!(shown[0].as_ref(), Some(&answer), "the first gets all of it");
            let Some(AckAnswer::Response(second)) = &shown[1] else {
                panic!()
            };
            assert_eq!((second.status, second.body.len()), (201, left));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_answer_counts() {
        let (form, shown) = held();
        form.close_in_time(&event(), Arc::new(Ticket::of(Seq(1))));
        let errors = AckAnswer::Errors(vec![("size".into(), "too large".into())]);
        assert!(form.show(errors.clone()));
        form.close();
        tokio::time::sleep(PATIENCE * 2).await;
        assert_eq!(*shown.lock().unwrap(), [Some(errors)]);
    }

    #[test]
    fn another_delivery_of_a_form_is_answered_as_the_first() {
        let errors = AckAnswer::Errors(vec![("size".into(), "too large".into())]);
        let (shown, tell) = (Shown::default(), |shown: &Shown| {
            let shown = Arc::clone(shown);
            Ack::answering(move |what| {
                shown.lock().unwrap().push(what);
                true
            })
        });
        let form = HeldAck::new(tell(&shown));
        let twins = form.twins();
        twins.join(tell(&shown));
        assert!(shown.lock().unwrap().is_empty(), "it does not close the form");
        assert!(form.show(errors.clone()));
        drop(form);
        twins.join(tell(&shown));
        assert_eq!(*shown.lock().unwrap(), vec![Some(errors); 3]);

        let (closed, given_up) = (HeldAck::new(tell(&shown)), HeldAck::new(tell(&shown)));
        let (of_closed, of_given_up) = (closed.twins(), given_up.twins());
        closed.close();
        drop(given_up);
        of_closed.join(tell(&shown));
        of_given_up.join(tell(&shown));
        assert_eq!(shown.lock().unwrap()[3..], [None, None]);
    }
}
