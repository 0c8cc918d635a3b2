//! Calls that are not even tried, because their plugin rests, and what makes it rest.

use super::{Invoker, Said, Work};
use crate::admins::Admins;
use crate::dispatch::Turn;
use crate::matching::{Match, Todo};
use crate::registry::Loaded;
use crate::rest::{Admission, Edition, FAULTS, Pause, Trial};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use moa_core::call::Failure;
use moa_core::content::Content;
use moa_core::event::User;
use moa_core::locale::{AdminNotice, UserNotice};
use moa_engine::Fault;
use moa_store::Outcome;
use std::time::Instant;

impl Invoker {
    /// Whether the call may begin; where not, until when its plugin rests.
    pub(super) fn admit(&self, matched: &Match) -> Result<Option<Trial>, Option<Instant>> {
        let plugin = matched.todo.plugin();
        let Some(loaded) = matched.snapshot.plugins.get(plugin) else {
            return Ok(None);
        };
        match self.rests.admit(plugin, edition(loaded), Instant::now()) {
            Admission::Go(trial) => Ok(trial),
            Admission::Rests { until } => Err(until),
        }
    }

    /// Ends a call that may not begin: who asked for it is told, and nobody else.
    pub(super) async fn turn_away(&self, work: &Work, until: Option<Instant>, mut turn: Turn<Work>) {
        turn.leave_place();
        let plugin = work.matched.todo.plugin();
        let reason = format!("`{plugin}` rests, for it failed again and again");
        let outcome = match &work.matched.todo {
            Todo::Heard(_) | Todo::Changed { .. } | Todo::Due { .. } | Todo::Hook { .. } => {
                tracing::debug!(event = %work.event.identity, "not done: {reason}");
                Outcome::Failed { reason }
            }
            todo => {
                let asker = self.asker(work).await;
                let notice = UserNotice::Resting {
                    plugin: plugin.to_owned(),
                    until: until.map(|until| self.clock_of(&asker, until)),
                };
                let id = super::id_of(&work.event, todo).unwrap_or_default();
                self.show_not_run(work, &notice, self.locale_of(&asker)).await;
                let outcome = self.tell(work, &id, &notice, reason, self.locale_of(&asker)).await;
                tracing::info!(event = %work.event.identity, "not done: `{plugin}` rests");
                outcome
            }
        };
        self.let_go(work).await;
        drop(turn);
        self.close(&work.event, &work.ticket, outcome).await;
    }

    /// What the clock of a person shows then.
    fn clock_of(&self, person: &User, then: Instant) -> String {
        let zone = person.timezone.as_deref().unwrap_or(&self.timezone);
        let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
        let left = then.saturating_duration_since(Instant::now());
        let then = Timestamp::now().saturating_add(left).unwrap_or(Timestamp::MAX);
        then.to_zoned(zone).strftime("%H:%M:%S").to_string()
    }

    /// A call ended: it went well, or it was one fault too many. What is the host's own doing counts neither way.
    pub(super) fn count(&self, loaded: &Loaded, invocation: &str, result: &Result<Result<Said, Failure>, Fault>) {
        let fault = match result {
            Ok(_) => return self.rests.well(&loaded.name, edition(loaded)),
            Err(fault) if !fault.is_guest() => return,
            Err(fault) => fault.to_string(),
        };
        let pause = self.rests.fault(&loaded.name, edition(loaded), &fault, Instant::now());
        let Some(Pause { length, number }) = pause else {
            return;
        };
        let (plugin, seconds) = (&loaded.name, length.as_secs());
        tracing::warn!(
            plugin, invocation, version = %loaded.version,
            "rests for {seconds} s (pause {number} in a row), for it failed again and again; another version or `moa plugin restart {plugin}` ends that at once"
        );
        if number == 1 {
            let notice = AdminNotice::Rests {
                plugin: plugin.clone(),
                faults: FAULTS,
                why: fault,
                id: invocation.to_owned(),
                pause: length,
            };
            let content = Content::text(notice.render(self.admins.locale));
            Admins::tell(&self.admins, format!("{invocation}!rest"), content, false, |_| async {});
        }
    }
}

pub(crate) fn edition(loaded: &Loaded) -> Edition<'_> {
    (&loaded.version, loaded.since)
}
