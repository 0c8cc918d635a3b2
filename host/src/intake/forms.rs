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
/// How often those are looked for that were kept long enough: looking goes through all of them.
const PRUNED: Duration = Duration::from_secs(1);

/// The forms of the last while.
pub(super) type Forms = Mutex<Kept>;

/// What is remembered, and since when.
#[derive(Default)]
pub(super) struct Kept {
    forms: HashMap<Identity, (Twins, Instant)>,
    pruned: Option<Instant>,
}

impl Kept {
    /// Whether the answer to it is remembered, or is still to come.
    pub(super) fn knows(&self, identity: &Identity) -> bool {
        self.forms.contains_key(identity)
    }

    fn keep(&mut self, identity: Identity, twins: Twins, now: Instant) {
        let is_due = |pruned| now.saturating_duration_since(pruned) >= PRUNED;
        if self.pruned.is_none_or(is_due) {
            self.pruned = Some(now);
            self.forms
                .retain(|_, (_, since)| now.saturating_duration_since(*since) < KEPT);
        }
        self.forms.insert(identity, (twins, now));
    }
}

#[cfg(test)]
impl Kept {
    pub(super) fn len(&self) -> usize {
        self.forms.len()
    }
}

impl Intake {
    /// The form, if it is new. Another delivery of it must not close it while the plugin has not answered yet, so that is
    /// acknowledged with the first.
    pub(super) fn offer_held(self: &Arc<Self>, event: &Event, ack: Ack) -> Option<HeldAck> {
        // Over both steps, so that whoever comes second finds the first.
        let mut kept = lock(&self.forms);
        if self.offer(event, Ack::new(|| {})) {
            let form = HeldAck::new(ack);
            if !event.comes_once() {
                kept.keep(event.identity.clone(), form.twins(), Instant::now());
            }
            return Some(form);
        }
        match kept.forms.get(&event.identity) {
            Some((twins, _)) => twins.join(ack),
            // Of an earlier run, whose answer comes as a message.
            None => ack.done(),
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_long_enough_is_looked_for_once_a_second() {
        let (mut kept, start) = (Kept::default(), Instant::now());
        let mut keep = |id: &str, after: Duration| {
            let twins = HeldAck::new(Ack::new(|| {})).twins();
            kept.keep(Identity(id.into()), twins, start + after);
            kept.forms.len()
        };
        assert_eq!(keep("a", Duration::ZERO), 1);
        assert_eq!(keep("b", KEPT - PRUNED / 2), 2);
        assert_eq!(keep("c", KEPT), 3, "it was looked half a second ago");
        assert_eq!(keep("d", KEPT + PRUNED), 3, "the first is gone");
    }
}
