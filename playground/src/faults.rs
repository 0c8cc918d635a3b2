//! Faults of the Web API that a test asked for. Faults of the websocket live with the connections.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// What shall go wrong with API calls.
#[derive(Clone, Debug)]
pub(crate) enum ApiFault {
    /// HTTP 429 with this `Retry-After` in seconds; nothing is done
    RateLimit(u64),
    /// HTTP 500; with `after` the call is carried out first, as Slack warns may happen
    Broken { after: bool },
    /// HTTP 200 with `ok: false` and this error; nothing is done
    Refused(String),
}

struct Armed {
    fault: ApiFault,
    method: Option<String>,
    left: u64,
    /// one of so many calls meets it
    every: u64,
    passed: u64,
}

/// The faults in force.
#[derive(Default)]
pub(crate) struct Faults {
    armed: VecDeque<Armed>,
    /// every answer (of this method only, where given) waits this long
    pub slow: Duration,
    pub slow_method: Option<String>,
    /// pages of lists hold one item, whatever was asked for
    pub short_pages: bool,
    /// both tokens are refused
    pub revoked: bool,
    /// Socket Mode is switched off: no new tickets
    pub link_disabled: bool,
    /// one of so many events comes twice
    pub twice_every: Option<u64>,
    /// which ends of connections come after every so many messages of people
    pub ends_every: BTreeMap<&'static str, u64>,
}

impl Faults {
    /// Lets `count` calls (of `method` only, where given) go wrong: the next ones, or one of `every` so many.
    pub fn arm(&mut self, fault: ApiFault, method: Option<String>, count: u64, every: u64) {
        self.armed.push_back(Armed {
            fault,
            method,
            left: count,
            every: every.max(1),
            passed: 0,
        });
    }

    /// How long the answer of this method waits.
    pub fn delay(&self, method: &str) -> Duration {
        match &self.slow_method {
            Some(slow) if slow != method => Duration::ZERO,
            _ => self.slow,
        }
    }

    /// What is still to come, a line each.
    pub fn in_force(&self) -> Vec<String> {
        let armed = self.armed.iter().map(|armed| {
            let what = match &armed.fault {
                ApiFault::RateLimit(seconds) => format!("429, Retry-After {seconds}"),
                ApiFault::Broken { after: false } => "500".to_owned(),
                ApiFault::Broken { after: true } => "500 (done)".to_owned(),
                ApiFault::Refused(error) => error.clone(),
            };
            let often = match (armed.every, armed.left) {
                (1, left) => format!("×{left}"),
                (every, u64::MAX) => format!("1/{every}"),
                (every, left) => format!("1/{every}, ×{left}"),
            };
            format!("{what} · {} · {often}", armed.method.as_deref().unwrap_or("*"))
        });
        let slow = (!self.slow.is_zero()).then(|| {
            format!(
                "+{} ms · {}",
                self.slow.as_millis(),
                self.slow_method.as_deref().unwrap_or("*")
            )
        });
        let short = self.short_pages.then(|| "limit=1".to_owned());
        let revoked = self.revoked.then(|| "token_revoked".to_owned());
        let disabled = self.link_disabled.then(|| "link_disabled".to_owned());
        let twice = self.twice_every.map(|every| format!("duplicate · 1/{every}"));
        let ends = self.ends_every.iter().map(|(end, every)| format!("{end} · 1/{every}"));
        let others = [slow, short, revoked, disabled, twice];
        armed.chain(others.into_iter().flatten()).chain(ends).collect()
    }

    /// The fault that this call meets, if any; it is used up by that.
    pub fn meet(&mut self, method: &str) -> Option<ApiFault> {
        let mut met = None;
        for armed in &mut self.armed {
            if armed.left == 0 || armed.method.as_deref().is_some_and(|m| m != method) {
                continue;
            }
            armed.passed += 1;
            if armed.passed >= armed.every {
                armed.passed = 0;
                // `u64::MAX` is without end.
                armed.left -= u64::from(armed.left != u64::MAX);
                met = Some(armed.fault.clone());
                break;
            }
        }
        self.armed.retain(|a| a.left > 0);
        met
    }
}

/// In which form an event is delivered a second time. All three have been seen with the real Slack.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Twin {
    /// the documented redelivery: new envelope, same event id, `retry_attempt` 1
    Retry,
    /// the very same envelope again
    SameEnvelope,
    /// the same message as another event: new event id, same `ts`
    NewEventId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_meets_its_method_as_often_as_armed() {
        let mut faults = Faults::default();
        faults.arm(ApiFault::RateLimit(1), Some("chat.postMessage".into()), 2, 1);
        assert!(faults.meet("auth.test").is_none());
        assert!(faults.meet("chat.postMessage").is_some());
        assert!(faults.meet("chat.postMessage").is_some());
        assert!(faults.meet("chat.postMessage").is_none());
    }

    #[test]
    fn one_of_so_many_calls_meets_a_fault_until_it_ends() {
        let mut faults = Faults::default();
        faults.arm(ApiFault::RateLimit(1), Some("chat.postMessage".into()), u64::MAX, 3);
        for _ in 0..5 {
            assert!(faults.meet("auth.test").is_none());
            let met: Vec<bool> = (0..3).map(|_| faults.meet("chat.postMessage").is_some()).collect();
            assert_eq!(met, [false, false, true]);
        }
        assert_eq!(faults.in_force(), ["429, Retry-After 1 · chat.postMessage · 1/3"]);
    }
}
