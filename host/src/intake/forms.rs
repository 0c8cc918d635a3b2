//! Forms, and requests from outside, on their way: what is delivered twice is answered twice, with the same.

use super::{Intake, lock};
use crate::adapter::Ack;
use crate::invocation::{HeldAck, Twins};
use moa_core::event::{Event, Identity};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How long the answer to a form is remembered. What is delivered later than this was given up by its service.
const KEPT: Duration = Duration::from_secs(60);

/// The forms of the last while.
pub(super) type Forms = Mutex<HashMap<Identity, (Twins, Instant)>>;

impl Intake {
    /// The form, if it is new. Another delivery of it must not close it while the plugin has not answered yet, so that is
    /// acknowledged with the first.
    pub(super) fn offer_held(self: &Arc<Self>, event: &Event, ack: Ack) -> Option<HeldAck> {
        // Over both steps, so that whoever comes second finds the first.
        let mut forms = lock(&self.forms);
        if self.offer(event, Ack::new(|| {})) {
            let form = HeldAck::new(ack);
            forms.retain(|_, (_, since)| since.elapsed() < KEPT);
            forms.insert(event.identity.clone(), (form.twins(), Instant::now()));
            return Some(form);
        }
        match forms.get(&event.identity) {
            Some((twins, _)) => twins.join(ack),
            // Of an earlier run, whose answer comes as a message.
            None => ack.done(),
        }
        None
    }
}
