//! What happens at which time on which days of the week, and what is otherwise on some dates.

use super::{Date, Moment, Time, Weekdays};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Times of day that come again on some days of the week, each with what happens then; and exceptions for dates.
///
/// ```
/// use moa_plugin::time::{Exceptions, Timetable};
///
/// let times = [("opens", "09:00".parse().ok()), ("closes", "20:00".parse().ok())];
/// let mut shop = Timetable::new("mon-sat".parse()?, times, Exceptions::default());
/// let christmas = "2026-12-24".parse()?;
/// shop.exceptions.set(christmas, "closes", Some("14:00".parse()?));
/// assert_eq!(shop.at(christmas, &"closes"), Some("14:00".parse()?));
///
/// let day = shop.between("2026-12-24 00:00".parse()?, "2026-12-25 00:00".parse()?);
/// let day: Vec<String> = day.iter().map(|(when, what)| format!("{} {what}", when.time)).collect();
/// assert_eq!(day, ["09:00:00 opens", "14:00:00 closes"]);
/// # Ok::<(), moa_plugin::time::ParseError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timetable<K: Ord> {
    /// The days on which its times count.
    pub days: Weekdays,
    /// When what happens on them.
    pub times: BTreeMap<K, Time>,
    /// What is otherwise.
    pub exceptions: Exceptions<K>,
}

/// Nothing happens at any time.
impl<K: Ord> Default for Timetable<K> {
    fn default() -> Self {
        Self {
            days: Weekdays::default(),
            times: BTreeMap::new(),
            exceptions: Exceptions::default(),
        }
    }
}

impl<K: Ord + Copy> Timetable<K> {
    /// On these days at these times, but for exceptions. What has no time happens only by exception.
    ///
    /// ```
    /// # use moa_plugin::time::{Exceptions, Timetable};
    /// let times = [("opens", "09:00".parse().ok()), ("closes", None)];
    /// let table = Timetable::new("all".parse()?, times, Exceptions::default());
    /// assert_eq!(table.at("2026-11-20".parse()?, &"closes"), None);
    /// # Ok::<(), moa_plugin::time::ParseError>(())
    /// ```
    pub fn new(days: Weekdays, times: impl IntoIterator<Item = (K, Option<Time>)>, exceptions: Exceptions<K>) -> Self {
        let times = times.into_iter().filter_map(|(what, time)| Some((what, time?)));
        Self {
            days,
            times: times.collect(),
            exceptions,
        }
    }

    /// The time at which something happens on a date. An exception also counts on a date that is none of the days: somebody
    /// asked for it.
    ///
    /// ```
    /// # use moa_plugin::time::{Exceptions, Timetable};
    /// let table = Timetable::new("weekdays".parse()?, [("lunch", "12:00".parse().ok())], Exceptions::default());
    /// assert_eq!(table.at("2026-11-20".parse()?, &"lunch"), Some("12:00".parse()?));
    /// assert_eq!(table.at("2026-11-21".parse()?, &"lunch"), None, "a Saturday");
    /// # Ok::<(), moa_plugin::time::ParseError>(())
    /// ```
    pub fn at(&self, date: Date, what: &K) -> Option<Time> {
        match self.exceptions.on(date).get(what) {
            Some(instead) => *instead,
            None => self
                .times
                .get(what)
                .copied()
                .filter(|_| self.days.contains(date.weekday())),
        }
    }

    /// What happens after one moment and not after another, in this order; at the same moment in the order of the keys.
    ///
    /// ```
    /// # use moa_plugin::time::{Exceptions, Timetable};
    /// let table = Timetable::new("all".parse()?, [("lunch", "12:00".parse().ok())], Exceptions::default());
    /// let due = table.between("2026-11-20 12:00".parse()?, "2026-11-22 12:00".parse()?);
    /// assert_eq!(due, [("2026-11-21 12:00".parse()?, "lunch"), ("2026-11-22 12:00".parse()?, "lunch")]);
    /// # Ok::<(), moa_plugin::time::ParseError>(())
    /// ```
    pub fn between(&self, after: Moment, until: Moment) -> Vec<(Moment, K)> {
        let dates = (0..=after.date.days_until(until.date)).filter_map(|days| after.date.plus_days(days));
        let on = |date| {
            let mut keys: Vec<K> = self
                .times
                .keys()
                .chain(self.exceptions.on(date).keys())
                .copied()
                .collect();
            keys.sort_unstable();
            keys.dedup();
            let at = move |key| {
                Some((
                    Moment {
                        date,
                        time: self.at(date, &key)?,
                    },
                    key,
                ))
            };
            keys.into_iter().filter_map(at)
        };
        let mut all: Vec<(Moment, K)> = dates
            .flat_map(on)
            .filter(|(at, _)| *at > after && *at <= until)
            .collect();
        all.sort_unstable();
        all
    }
}

/// What is otherwise on some dates: another time, or none at all. To be kept in the brain.
///
/// ```
/// use moa_plugin::prelude::*;
/// use moa_plugin::time::Exceptions;
///
/// /// Closes early on a date.
/// #[command]
/// fn early(ctx: &Context, date: Date, at: Time) -> Result<String> {
///     ctx.brain().update("exceptions", |all: &mut Exceptions<String>| {
///         all.set(date, "closes".into(), Some(at));
///         all.forget_before("2026-11-20".parse()?);
///         Ok::<_, Error>(())
///     })??;
///     Ok("Noted.".into())
/// }
/// # plugin!(early);
/// # assert_eq!(moa_plugin::testing::Host::new().run::<early>("2026-12-24 14:00")?, Some("Noted.".into()));
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Exceptions<K: Ord>(BTreeMap<Date, BTreeMap<K, Option<Time>>>);

impl<K: Ord> Default for Exceptions<K> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Ord> Exceptions<K> {
    /// Has something happen at another time on a date; `None`: not at all.
    ///
    /// ```
    /// # use moa_plugin::time::Exceptions;
    /// let mut exceptions = Exceptions::default();
    /// exceptions.set("2026-12-24".parse()?, "lunch", None);
    /// assert_eq!(exceptions.on("2026-12-24".parse()?)["lunch"], None);
    /// # Ok::<(), moa_plugin::time::ParseError>(())
    /// ```
    pub fn set(&mut self, date: Date, what: K, time: Option<Time>) {
        self.0.entry(date).or_default().insert(what, time);
    }

    /// Takes an exception away. Whether there was one.
    ///
    /// ```
    /// # use moa_plugin::time::Exceptions;
    /// let mut exceptions = Exceptions::default();
    /// exceptions.set("2026-12-24".parse()?, "lunch", None);
    /// assert!(exceptions.clear("2026-12-24".parse()?, &"lunch"));
    /// assert!(!exceptions.clear("2026-12-24".parse()?, &"lunch"));
    /// # Ok::<(), moa_plugin::time::ParseError>(())
    /// ```
    pub fn clear(&mut self, date: Date, what: &K) -> bool {
        let was_there = self.0.get_mut(&date).and_then(|day| day.remove(what)).is_some();
        self.0.retain(|_, day| !day.is_empty());
        was_there
    }

    /// Forgets those of earlier dates.
    ///
    /// ```
    /// # use moa_plugin::time::Exceptions;
    /// let mut exceptions = Exceptions::default();
    /// exceptions.set("2026-12-24".parse()?, "lunch", None);
    /// exceptions.forget_before("2026-12-25".parse()?);
    /// assert_eq!(exceptions, Exceptions::default());
    /// # Ok::<(), moa_plugin::time::ParseError>(())
    /// ```
    pub fn forget_before(&mut self, date: Date) {
        self.0.retain(|own, _| *own >= date);
    }

    /// Those of a date.
    ///
    /// ```
    /// # use moa_plugin::time::Exceptions;
    /// assert!(Exceptions::<&str>::default().on("2026-12-24".parse()?).is_empty());
    /// # Ok::<(), moa_plugin::time::ParseError>(())
    /// ```
    pub fn on(&self, date: Date) -> &BTreeMap<K, Option<Time>> {
        self.0.get(&date).unwrap_or(const { &BTreeMap::new() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str) -> Moment {
        text.parse().unwrap()
    }

    #[test]
    fn times_exceptions_and_midnight_are_in_one_order() {
        // 2026-11-20 is a Friday.
        let (friday, saturday) = ("2026-11-20".parse().unwrap(), "2026-11-21".parse().unwrap());
        let time = |text: &str| text.parse::<Time>().unwrap();
        let mut table = Timetable {
            days: "mon-fri".parse().unwrap(),
            times: [('a', time("23:30")), ('b', time("00:10")), ('c', time("23:30"))].into(),
            exceptions: Exceptions::default(),
        };
        let shown = |table: &Timetable<char>, after, until| {
            let all = table.between(moment(after), moment(until)).into_iter();
            all.map(|(at, what)| format!("{} {what}", at.to_string().get(8..16).unwrap()))
                .collect::<Vec<_>>()
        };
        let night = ("2026-11-19 23:30", "2026-11-21 23:59");
        assert_eq!(
            shown(&table, night.0, night.1),
            ["20 00:10 b", "20 23:30 a", "20 23:30 c"]
        );
        assert_eq!(
            shown(&table, "2026-11-20 23:29:59", "2026-11-20 23:30"),
            ["20 23:30 a", "20 23:30 c"]
        );
        assert_eq!(shown(&table, night.1, night.0), [""; 0]);
        table.exceptions.set(friday, 'a', None);
        table.exceptions.set(friday, 'b', Some(time("23:40")));
        // On none of its days, and with what never happens otherwise.
        table.exceptions.set(saturday, 'd', Some(time("00:20")));
        assert_eq!(
            shown(&table, night.0, night.1),
            ["20 23:30 c", "20 23:40 b", "21 00:20 d"]
        );
        table.exceptions.forget_before(saturday);
        assert_eq!(
            shown(&table, night.0, night.1),
            ["20 00:10 b", "20 23:30 a", "20 23:30 c", "21 00:20 d"]
        );
    }

    #[test]
    fn exceptions_are_kept_by_date() {
        let mut all = Exceptions::default();
        all.set("2026-11-20".parse().unwrap(), "stop".to_owned(), None);
        all.set("2026-11-20".parse().unwrap(), "start".to_owned(), "09:50".parse().ok());
        let kept = serde_json::to_string(&all).unwrap();
        assert_eq!(kept, r#"{"2026-11-20":{"start":"09:50:00","stop":null}}"#);
        assert_eq!(serde_json::from_str::<Exceptions<String>>(&kept).unwrap(), all);
    }
}
