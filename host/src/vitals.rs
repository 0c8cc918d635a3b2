//! How the plugins are: what is counted of their calls since the host's start, or since the operator restarted them.
//!
//! A call leaves a few numbers under a lock that is held for well under a microsecond. Latencies go into a histogram of
//! fixed size, so what is told of them is exact to a thirty-second part.

mod last;

use crate::metrics::plugin::Ending;
use jiff::Timestamp;
use last::Last;
use moa_core::call::Failure;
use moa_engine::Done;
use std::collections::HashMap;
use std::fmt::Display;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

/// How a call ended, as far as its plugin is to answer for it.
#[derive(Clone, Copy)]
pub enum Ended<'a> {
    /// It answered; a refusal, a wrong argument or the wish to be tried again is an answer too. Or the host had no room for
    /// it, or stopped it.
    Well,
    /// It reported a failure of its own: what is said of that.
    Failed(&'a dyn Display),
    /// It was ended for what it did, or could not be run: why.
    Fault(&'a dyn Display),
}

/// What is known of a plugin's calls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vital {
    /// Calls that ended, each try by itself: as many as `moa_calls_total` counts.
    pub calls: u64,
    /// Calls that ended by a failure of the plugin's own, or by a fault: there, the results `failed` and `fault`.
    pub errors: u64,
    /// Of those, the ones by a fault.
    pub faults: u64,
    /// What half of the calls took, at most.
    pub p50: Option<Duration>,
    /// What 99 of 100 calls took, at most.
    pub p99: Option<Duration>,
    /// The most memory that a call had, in bytes.
    pub memory_peak: u64,
    /// The last failure or fault.
    pub last_fault: Option<LastFault>,
}

/// A failure or a fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastFault {
    /// When.
    pub at: Timestamp,
    /// What happened.
    pub what: String,
    /// The call.
    pub invocation: String,
}

/// The longest text of a fault that is kept, in bytes.
const WHAT: usize = 512;

/// Of all plugins.
#[derive(Debug, Default)]
pub struct Vitals {
    by_plugin: RwLock<HashMap<String, Arc<Mutex<Counts>>>>,
}

#[derive(Debug, Default)]
struct Counts {
    calls: u64,
    errors: u64,
    faults: u64,
    took: Histogram,
    last: Last,
    memory_peak: u64,
    last_fault: Option<LastFault>,
}

impl Vitals {
    /// A call of a plugin ended so.
    pub fn ended<T>(&self, plugin: &str, invocation: &str, done: &Done<Result<T, Failure>>, ending: Ending) {
        let what: &dyn Display = match &done.result {
            Ok(Err(Failure::Internal(what))) => what,
            Ok(_) => &"it asked to be tried again once more than it may",
            Err(fault) => fault,
        };
        let ended = match ending {
            Ending::Ok | Ending::Refused | Ending::Retry | Ending::Busy | Ending::Stopped => Ended::Well,
            Ending::Failed => Ended::Failed(what),
            Ending::Fault => Ended::Fault(what),
        };
        self.record(plugin, invocation, done.usage.wall, done.usage.memory_peak, ended);
    }

    /// A call of a plugin ended, after so long and with so much memory.
    pub fn record(&self, plugin: &str, invocation: &str, took: Duration, memory: u64, ended: Ended<'_>) {
        // Outside of the lock: only what ends badly costs a text.
        let fault = match ended {
            Ended::Well => None,
            Ended::Failed(what) | Ended::Fault(what) => {
                let mut what = what.to_string();
                what.truncate(what.floor_char_boundary(WHAT));
                Some(LastFault {
                    at: Timestamp::now(),
                    what,
                    invocation: invocation.to_owned(),
                })
            }
        };
        let counts = self.counts(plugin);
        let mut counts = lock(&counts);
        counts.calls += 1;
        counts.took.add(took);
        counts.last.add(took, fault.is_some());
        counts.memory_peak = counts.memory_peak.max(memory);
        counts.faults += u64::from(matches!(ended, Ended::Fault(_)));
        if fault.is_some() {
            counts.errors += 1;
            counts.last_fault = fault;
        }
    }

    /// What is known of a plugin.
    pub fn of(&self, plugin: &str) -> Vital {
        let Some(counts) = self.known(plugin) else {
            return Vital::default();
        };
        let counts = lock(&counts);
        Vital {
            calls: counts.calls,
            errors: counts.errors,
            faults: counts.faults,
            p50: counts.took.quantile(0.50),
            p99: counts.took.quantile(0.99),
            memory_peak: counts.memory_peak,
            last_fault: counts.last_fault.clone(),
        }
    }

    /// What the last calls of a plugin took, in microseconds, and whether each failed; the oldest first.
    pub fn last(&self, plugin: &str) -> Vec<(u64, bool)> {
        self.known(plugin)
            .map(|counts| lock(&counts).last.all())
            .unwrap_or_default()
    }

    /// Begins to count anew.
    pub fn forget(&self, plugin: &str) {
        let mut all = self.by_plugin.write().unwrap_or_else(PoisonError::into_inner);
        all.remove(plugin);
    }

    fn known(&self, plugin: &str) -> Option<Arc<Mutex<Counts>>> {
        let all = self.by_plugin.read().unwrap_or_else(PoisonError::into_inner);
        all.get(plugin).cloned()
    }

    fn counts(&self, plugin: &str) -> Arc<Mutex<Counts>> {
        self.known(plugin).unwrap_or_else(|| {
            let mut all = self.by_plugin.write().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(all.entry(plugin.to_owned()).or_default())
        })
    }
}

/// Numbers are counted one after the other; a panic in between leaves them at worst off by one.
fn lock(counts: &Mutex<Counts>) -> MutexGuard<'_, Counts> {
    counts.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Steps between a power of two and the next, as a power of two.
const FINE: u32 = 4;
const STEPS: usize = 1 << FINE;
/// The highest power of two of microseconds that is told apart: half a day.
const HIGHEST: u32 = 35;
const BUCKETS: usize = STEPS * (HIGHEST - FINE + 2) as usize;

/// How often something took how long: in microseconds, the steps growing with the time.
#[derive(Clone, Debug)]
struct Histogram {
    counts: Box<[u64]>,
    total: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self {
            counts: vec![0; BUCKETS].into(),
            total: 0,
        }
    }
}

impl Histogram {
    fn add(&mut self, took: Duration) {
        let at = bucket(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
        if let Some(count) = self.counts.get_mut(at) {
            *count += 1;
            self.total += 1;
        }
    }

    /// What this part of all took at most: the middle of the step in which the exact answer lies.
    fn quantile(&self, part: f64) -> Option<Duration> {
        if self.total == 0 {
            return None;
        }
        // As many as fit into the part, and at least one.
        let rank = ((self.total as f64 * part).ceil() as u64).clamp(1, self.total);
        let mut seen = 0;
        let at = self.counts.iter().position(|count| {
            seen += count;
            seen >= rank
        })?;
        Some(Duration::from_micros(middle(at)))
    }
}

/// Up to two rows of steps each microsecond has its own; from there on each power of two is divided into as many.
fn bucket(micros: u64) -> usize {
    let micros = micros.clamp(0, (1 << (HIGHEST + 1)) - 1);
    if micros < STEPS as u64 {
        return micros as usize;
    }
    let power = micros.ilog2();
    let within = (micros >> (power - FINE)) as usize - STEPS;
    (power - FINE + 1) as usize * STEPS + within
}

fn middle(bucket: usize) -> u64 {
    let (row, within) = (bucket / STEPS, bucket % STEPS);
    if row == 0 {
        return within as u64;
    }
    let width = 1_u64 << (row - 1);
    (STEPS + within) as u64 * width + width / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_time_has_a_step_and_every_step_its_times() {
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
        for at in 0..BUCKETS {
            assert_eq!(bucket(middle(at)), at, "the middle of a step lies in it");
        }
        let mut before = 0;
        for micros in (0..5_000).chain((5_000..90_000_000).step_by(7_919)) {
            let at = bucket(micros);
            assert!(at >= before, "{micros}");
            before = at;
        }
    }

    #[test]
    fn quantiles_are_near_the_exact_ones() {
        let mut random = fastrand::Rng::with_seed(7);
        for (many, longest) in [
            (1, 50),
            (2, 900),
            (100, 3_000),
            (1_000, 200_000),
            (20_000, 90_000_000_u64),
        ] {
            let mut histogram = Histogram::default();
            let mut exact: Vec<u64> = (0..many)
                .map(|_| {
                    // Most are short and a few are long, as calls are.
                    let long = random.u64(1..=longest);
                    long >> random.u32(0..10)
                })
                .collect();
            for micros in &exact {
                histogram.add(Duration::from_micros(*micros));
            }
            exact.sort_unstable();
            for part in [0.5, 0.9, 0.99, 1.0] {
                let rank = (many as f64 * part).ceil() as usize;
                let wanted = exact[rank.clamp(1, many) - 1] as f64;
                let found = histogram.quantile(part).unwrap().as_micros() as f64;
                assert!(
                    (found - wanted).abs() <= wanted / 32.0 + 1.0,
                    "{part} of {many}: {found}, exactly {wanted}"
                );
            }
        }
        assert_eq!(Histogram::default().quantile(0.5), None);
    }

    #[test]
    fn what_a_plugin_answers_for_is_counted() {
        let vitals = Vitals::default();
        let ms = Duration::from_millis;
        vitals.record("a", "1", ms(1), 10, Ended::Well);
        vitals.record("a", "2", ms(1), 30, Ended::Failed(&"no such table"));
        vitals.record("a", "3", ms(9), 20, Ended::Fault(&"it trapped"));
        vitals.record("b", "4", ms(1), 1, Ended::Fault(&"가".repeat(WHAT)));
        let a = vitals.of("a");
        assert_eq!((a.calls, a.errors, a.faults, a.memory_peak), (3, 2, 1, 30));
        let last = a.last_fault.unwrap();
        assert_eq!((last.what.as_str(), last.invocation.as_str()), ("it trapped", "3"));
        assert!(a.p50.unwrap() < ms(2) && a.p99.unwrap() > ms(8));
        assert!(vitals.of("b").last_fault.unwrap().what.len() <= WHAT);
        vitals.forget("a");
        assert_eq!((vitals.of("a"), vitals.of("b").calls), (Vital::default(), 1));
    }

    /// What the dashboard says is what the metrics say.
    #[test]
    fn both_who_count_agree() {
        use crate::metrics::plugin::{Kind, Meters};
        use moa_engine::{Fault, Usage};
        let (vitals, meters) = (Vitals::default(), Meters::default());
        let fault = || {
            Err(Fault::WallTime {
                limit: Duration::from_secs(1),
            })
        };
        type Case = (Result<Result<(), Failure>, Fault>, bool, bool);
        let results: [Case; 9] = [
            (Ok(Ok(())), false, false),
            (Ok(Ok(())), true, false),
            (Ok(Err(Failure::Usage("so".into()))), false, false),
            (Ok(Err(Failure::Retry(1))), false, false),
            (Ok(Err(Failure::Retry(1))), false, true),
            (Ok(Err(Failure::Internal("oh".into()))), false, false),
            (fault(), false, false),
            (fault(), true, false),
            (Err(Fault::Stopped), false, false),
        ];
        for (result, stopped, last) in results {
            let ending = Ending::of(&result, stopped, last);
            let usage = Usage::default();
            meters.called(Kind::Command, ending, usage.cpu, result.as_ref().err());
            let backtrace = Vec::new();
            vitals.ended(
                "a",
                "1",
                &Done {
                    result,
                    usage,
                    backtrace,
                },
                ending,
            );
        }
        let counted: std::collections::BTreeMap<&str, u64> = meters.calls[0].each().collect();
        let a = vitals.of("a");
        assert_eq!(a.calls, counted.values().sum::<u64>());
        assert_eq!(
            (a.errors, a.faults),
            (counted["failed"] + counted["fault"], counted["fault"])
        );
        assert_eq!((a.calls, a.errors, a.faults), (9, 3, 1));
    }

    #[test]
    fn calls_side_by_side_are_all_counted() {
        let vitals = Vitals::default();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..5_000 {
                        vitals.record("a", "", Duration::from_micros(3), 1, Ended::Well);
                    }
                });
            }
        });
        assert_eq!(vitals.of("a").calls, 20_000);
    }
}
