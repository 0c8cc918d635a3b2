//! Numbers that are counted without a lock.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Nothing was counted yet.
    pub const fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    /// One more.
    pub fn add(&self) {
        self.more(1);
    }

    /// So many more.
    pub fn more(&self, by: u64) {
        self.0.fetch_add(by, Ordering::Relaxed);
    }

    /// How many so far.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A counter for each of some names, which are all that the label can ever be.
#[derive(Debug)]
pub struct Row<const N: usize> {
    names: [&'static str; N],
    counts: [Counter; N],
}

impl<const N: usize> Row<N> {
    /// Nothing was counted yet.
    pub const fn new(names: [&'static str; N]) -> Self {
        Self {
            names,
            counts: [const { Counter::new() }; N],
        }
    }

    /// One more under the name at this place; a place that is none counts as the last.
    pub fn add(&self, at: usize) {
        self.more(at, 1);
    }

    /// So many more.
    pub fn more(&self, at: usize, by: u64) {
        if let Some(count) = self.counts.get(at).or(self.counts.last()) {
            count.more(by);
        }
    }

    /// The names and how many so far.
    pub fn each(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.names.iter().copied().zip(self.counts.iter().map(Counter::get))
    }
}

/// Upper ends of the steps, in microseconds; what is longer is in none of them.
pub const STEPS: [u64; 17] = [
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000,
    5_000_000, 10_000_000, 30_000_000,
];

/// How often something took how long.
#[derive(Debug)]
pub struct Histogram {
    steps: [Counter; STEPS.len()],
    longer: Counter,
    micros: Counter,
}

impl Default for Histogram {
    fn default() -> Self {
        Self::new()
    }
}

impl Histogram {
    /// Nothing was measured yet.
    pub const fn new() -> Self {
        Self {
            steps: [const { Counter::new() }; STEPS.len()],
            longer: Counter::new(),
            micros: Counter::new(),
        }
    }

    /// Something took so long.
    pub fn took(&self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let at = STEPS.partition_point(|end| *end < micros);
        self.steps.get(at).unwrap_or(&self.longer).add();
        self.micros.more(micros);
    }

    /// How often it took no longer than each step's end, with the end in microseconds.
    pub fn up_to(&self) -> impl Iterator<Item = (u64, u64)> {
        let counts = self.steps.iter().scan(0, |sum, step| {
            *sum += step.get();
            Some(*sum)
        });
        STEPS.iter().copied().zip(counts)
    }

    /// How often altogether.
    pub fn count(&self) -> u64 {
        self.steps.iter().map(Counter::get).sum::<u64>() + self.longer.get()
    }

    /// How long altogether, in seconds.
    pub fn seconds(&self) -> f64 {
        self.micros.get() as f64 / 1e6
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_counted_in_the_step_that_they_end_in() {
        let histogram = Histogram::new();
        for micros in [0, 100, 101, 2_000_000, 60_000_000] {
            histogram.took(Duration::from_micros(micros));
        }
        let steps: Vec<u64> = histogram.up_to().map(|(_, count)| count).collect();
        assert_eq!((steps[0], steps[1], steps[12], steps[13], steps[16]), (2, 3, 3, 4, 4));
        assert_eq!(histogram.count(), 5);
        assert!((histogram.seconds() - 62.000_201).abs() < 1e-9);
    }

    #[test]
    fn what_has_no_name_counts_as_the_last() {
        let row = Row::new(["a", "other"]);
        row.add(0);
        row.add(7);
        row.more(1, 3);
        assert_eq!(row.each().collect::<Vec<_>>(), [("a", 1), ("other", 4)]);
    }
}
