//! How long a check was up on a day. Nothing here asks or tells anybody.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What is known of one check and one day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Day {
    /// Seconds up and down, for each hour of the day.
    hours: [(u32, u32); 24],
    /// How many incidents began.
    pub incidents: u32,
    /// The longest that ended, in seconds.
    pub longest: u32,
}

impl Day {
    /// Counts the time since the probe before.
    pub fn add(&mut self, hour: u8, passed: bool, time: Duration) {
        let seconds = u32::try_from(time.as_secs()).unwrap_or(u32::MAX);
        if let Some((up, down)) = self.hours.get_mut(usize::from(hour)) {
            let side = if passed { up } else { down };
            *side = side.saturating_add(seconds);
        }
    }

    /// An incident that ended lasted so long.
    pub fn ended(&mut self, time: Duration) {
        let seconds = u32::try_from(time.as_secs()).unwrap_or(u32::MAX);
        self.longest = self.longest.max(seconds);
    }

    /// As people read it: rounded down, so that 100 % is nothing less. Nothing is known: `None`.
    pub fn percent(&self) -> Option<String> {
        let (up, down) = self.hours.iter().fold((0_u64, 0_u64), |(up, down), hour| {
            (up + u64::from(hour.0), down + u64::from(hour.1))
        });
        let hundredths = (up * 10_000).checked_div(up + down)?;
        Some(match hundredths % 100 {
            0 => format!("{}%", hundredths / 100),
            rest => format!("{}.{rest:02}%", hundredths / 100),
        })
    }

    /// A letter for each hour: `█` is all of it up, `▁` down, `·` not known.
    pub fn sparkline(&self) -> String {
        const LETTERS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
        let letter = |&(up, down): &(u32, u32)| {
            let eighths = (u64::from(up) * 7).checked_div(u64::from(up) + u64::from(down));
            let at = eighths.and_then(|eighths| usize::try_from(eighths).ok());
            at.and_then(|at| LETTERS.get(at)).copied().unwrap_or('·')
        };
        self.hours.iter().map(letter).collect()
    }
}

/// How much time a result stands for: what passed since the one before, but not what nobody looked at.
pub fn known(since_the_last: Duration, every: Duration) -> Duration {
    since_the_last.min(every * 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percents_are_rounded_down() {
        for (up, down, percent) in [
            (0, 0, None),
            (60, 0, Some("100%")),
            (0, 60, Some("0%")),
            (86_399, 1, Some("99.99%")),
            (1, 1, Some("50%")),
            (2, 1, Some("66.66%")),
            (1_000, 1, Some("99.90%")),
        ] {
            let mut day = Day::default();
            day.add(3, true, Duration::from_secs(up));
            day.add(4, false, Duration::from_secs(down));
            assert_eq!(day.percent().as_deref(), percent, "{up} up, {down} down");
        }
    }

    #[test]
    fn each_hour_has_a_letter() {
        let mut day = Day::default();
        for (hour, up, down) in [
            (0, 3_600, 0),
            (1, 0, 3_600),
            (2, 1_800, 1_800),
            (3, 3_599, 1),
            (23, 10, 0),
        ] {
            day.add(hour, true, Duration::from_secs(up));
            day.add(hour, false, Duration::from_secs(down));
        }
        assert_eq!(day.sparkline(), "█▁▄▇···················█");
        day.add(24, true, Duration::from_secs(1));
        assert_eq!(day.sparkline().chars().count(), 24, "there is no such hour");
    }

    #[test]
    fn time_that_nobody_looked_at_is_not_counted() {
        let seconds = Duration::from_secs;
        for (passed, every, counted) in [(10, 10, 10), (19, 10, 19), (3_600, 10, 20), (0, 10, 0)] {
            assert_eq!(known(seconds(passed), seconds(every)), seconds(counted));
        }
    }
}
