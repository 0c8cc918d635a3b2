use super::Change;
use crate::text;
use crate::time::in_words;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// How something fared on a day: for how long it was up and down in each hour, and its alarms. In the brain it is small.
///
/// ```
/// use moa_plugin::alarm::Uptime;
/// use std::time::Duration;
///
/// let mut day = Uptime::default();
/// day.add(9, true, Duration::from_secs(3_599));
/// day.add(9, false, Duration::from_secs(1));
/// day.add(10, true, Duration::from_secs(3_600));
/// assert_eq!(day.percent().as_deref(), Some("99.98%"));
/// assert_eq!(day.sparkline(), "·········▇█·············");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Uptime {
    /// How many alarms began.
    pub alarms: u32,
    /// How long the longest was that ended.
    pub longest: Duration,
    /// Seconds up and down, for each hour.
    hours: [(u64, u64); 24],
}

impl Uptime {
    /// Counts a time in which it was up or down, in an hour of the day, 0 to 23.
    ///
    /// ```
    /// # use moa_plugin::alarm::Uptime;
    /// # use std::time::Duration;
    /// let mut day = Uptime::default();
    /// day.add(0, true, Duration::from_secs(10));
    /// assert_eq!(day.percent().as_deref(), Some("100%"));
    /// ```
    pub fn add(&mut self, hour: u8, passed: bool, time: Duration) {
        if let Some((up, down)) = self.hours.get_mut(usize::from(hour)) {
            let side = if passed { up } else { down };
            *side = side.saturating_add(time.as_secs());
        }
    }

    /// Counts an alarm that began or ended.
    ///
    /// ```
    /// # use moa_plugin::{alarm::{Change, Uptime}, time::Instant};
    /// # use std::time::Duration;
    /// let noon: Instant = "2026-11-20T12:00:00Z".parse()?;
    /// let mut day = Uptime::default();
    /// day.count(&Change::On(noon));
    /// day.count(&Change::Off(noon, noon + Duration::from_secs(60)));
    /// assert_eq!((day.alarms, day.longest.as_secs()), (1, 60));
    /// # Ok::<(), moa_plugin::time::ParseError>(())
    /// ```
    pub fn count(&mut self, change: &Change) {
        match change {
            Change::On(_) => self.alarms += 1,
            Change::Off(since, until) => self.longest = self.longest.max(until.since(*since)),
        }
    }

    /// The share of the time in which it was up, as [`text::percent`] writes it. Nothing is known: `None`.
    ///
    /// ```
    /// assert_eq!(moa_plugin::alarm::Uptime::default().percent(), None);
    /// ```
    pub fn percent(&self) -> Option<String> {
        let up: u64 = self.hours.iter().map(|(up, _)| up).sum();
        let down: u64 = self.hours.iter().map(|(_, down)| down).sum();
        text::percent(up, up + down)
    }

    /// A table of several: name, percent, alarms, the longest of them, and the letters of [`sparkline`](Self::sparkline). The
    /// columns' names stand in `columns`, with commas between; lengths of time are written in the language of `locale`.
    ///
    /// ```
    /// # use moa_plugin::alarm::Uptime;
    /// # use std::time::Duration;
    /// let mut shop = Uptime::default();
    /// shop.add(0, true, Duration::from_secs(3_600));
    /// let days = [("shop".to_owned(), shop)].into();
    /// assert_eq!(
    ///     Uptime::table("service, up, alarms, longest, 0 to 23 h", "en", &days),
    ///     "```\n\
    ///      service up   alarms longest 0 to 23 h\n\
    ///      ------- ---- ------ ------- ------------------------\n\
    ///      shop    100%      0         █·······················\n\
    ///      ```"
    /// );
    /// ```
    pub fn table(columns: &str, locale: &str, days: &BTreeMap<String, Self>) -> String {
        let mut rows: Vec<Vec<String>> = vec![columns.split(',').map(str::to_owned).collect()];
        for (name, day) in days {
            let longest = Some(day.longest).filter(|longest| !longest.is_zero());
            rows.push(vec![
                name.clone(),
                day.percent().unwrap_or_default(),
                day.alarms.to_string(),
                longest.map(|longest| in_words(longest, locale)).unwrap_or_default(),
                day.sparkline(),
            ]);
        }
        text::table(rows)
    }

    /// A letter for each hour: `█` is all of it up, `▁` down, `·` not known.
    ///
    /// ```
    /// assert_eq!(moa_plugin::alarm::Uptime::default().sparkline(), "·".repeat(24));
    /// ```
    pub fn sparkline(&self) -> String {
        let share = |&(up, down): &(u64, u64)| (up + down > 0).then(|| up as f64 / (up + down) as f64);
        text::sparkline(self.hours.iter().map(share), 0.0..=1.0)
    }
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
            let mut day = Uptime::default();
            day.add(3, true, Duration::from_secs(up));
            day.add(4, false, Duration::from_secs(down));
            assert_eq!(day.percent().as_deref(), percent, "{up} up, {down} down");
        }
    }

    #[test]
    fn each_hour_has_a_letter() {
        let mut day = Uptime::default();
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
        let kept = serde_json::to_string(&day).unwrap();
        assert_eq!(serde_json::from_str::<Uptime>(&kept).unwrap(), day);
    }
}
