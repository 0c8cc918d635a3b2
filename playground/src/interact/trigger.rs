//! Trigger ids: the right to open one modal for whoever just did something.

use crate::world::Id;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The oldest ones beyond this number are forgotten.
const KEPT: usize = 10_000;

struct Trigger {
    user: Id,
    view: Option<String>,
    made: Instant,
    used: bool,
}

/// All trigger ids that may still be good.
#[derive(Default)]
pub(crate) struct Triggers {
    all: HashMap<Arc<str>, Trigger>,
    order: VecDeque<Arc<str>>,
}

impl Triggers {
    /// Remembers a trigger of this person; `view` is the modal in which something was done.
    pub fn add(&mut self, id: Arc<str>, user: Id, view: Option<String>, now: Instant) {
        let trigger = Trigger {
            user,
            view,
            made: now,
            used: false,
        };
        self.all.insert(id.clone(), trigger);
        self.order.push_back(id);
        if self.order.len() > KEPT
            && let Some(oldest) = self.order.pop_front()
        {
            self.all.remove(&oldest);
        }
    }

    /// Uses a trigger up; says whose it is and in which modal it arose.
    ///
    /// # Errors
    /// Slack's `invalid_trigger_id`, `exchanged_trigger_id`, `expired_trigger_id`.
    pub fn exchange(&mut self, id: &str, life: Duration, now: Instant) -> Result<(Id, Option<String>), &'static str> {
        let trigger = self.all.get_mut(id).ok_or("invalid_trigger_id")?;
        if trigger.used {
            return Err("exchanged_trigger_id");
        }
        if now.duration_since(trigger.made) > life {
            return Err("expired_trigger_id");
        }
        trigger.used = true;
        Ok((trigger.user.clone(), trigger.view.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_works_once_and_not_for_long() {
        let (mut triggers, now, life) = (Triggers::default(), Instant::now(), Duration::from_secs(3));
        triggers.add("t".into(), "U1".into(), None, now);
        triggers.add("late".into(), "U1".into(), None, now);
        assert_eq!(triggers.exchange("t", life, now), Ok(("U1".into(), None)));
        assert_eq!(triggers.exchange("t", life, now), Err("exchanged_trigger_id"));
        let later = now + life + Duration::from_millis(1);
        assert_eq!(triggers.exchange("late", life, later), Err("expired_trigger_id"));
        assert_eq!(triggers.exchange("x", life, now), Err("invalid_trigger_id"));
    }
}
