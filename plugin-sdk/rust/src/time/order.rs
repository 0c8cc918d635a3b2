//! What is due of a timetable, and what somebody ordered instead.

use super::{Moment, Timetable};
use serde::{Deserialize, Serialize};

/// What somebody ordered by hand, whatever the timetable has: to be kept in the brain, and handed to [`Timetable::due`].
///
/// ```
/// use moa_plugin::prelude::*;
/// use moa_plugin::time::{Moment, Order};
///
/// /// Opens the shop now.
/// #[command]
/// fn open(ctx: &Context) -> Result<&'static str> {
///     let now = Moment::now(ctx.timezone())?;
///     ctx.brain().set("order", &Order::new("opens", now))?;
///     Ok("It is being opened.")
/// }
/// # plugin!(open);
/// # assert!(moa_plugin::testing::Host::new().run::<open>("")?.is_some());
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order<K> {
    /// What is to happen.
    pub what: K,
    /// When it was ordered.
    pub since: Moment,
    /// Whether it has happened.
    pub done: bool,
}

impl<K> Order<K> {
    /// For how many minutes an order is good that is not done: 12 hours.
    ///
    /// ```
    /// assert_eq!(moa_plugin::time::Order::<()>::PATIENCE, 720);
    /// ```
    pub const PATIENCE: i64 = 12 * 60;

    /// One that is not done yet.
    ///
    /// ```
    /// # use moa_plugin::time::{Order, ParseError};
    /// let order = Order::new("opens", "2026-11-20 09:00".parse()?);
    /// assert!(!order.done);
    /// # Ok::<(), ParseError>(())
    /// ```
    pub fn new(what: K, since: Moment) -> Self {
        let done = false;
        Self { what, since, done }
    }

    /// Whether it is still to be carried out.
    ///
    /// ```
    /// # use moa_plugin::time::{Order, ParseError};
    /// let order = Order::new("opens", "2026-11-20 09:00".parse()?);
    /// assert!(order.is_open("2026-11-20 20:59".parse()?));
    /// assert!(!order.is_open("2026-11-20 21:00".parse()?), "nobody waits for ever");
    /// # Ok::<(), ParseError>(())
    /// ```
    pub fn is_open(&self, now: Moment) -> bool {
        !self.done && self.since.minutes_until(now) < Self::PATIENCE
    }
}

impl<K: Ord + Copy> Timetable<K> {
    /// What is to be carried out now, again and again until it is done. An order that is open goes first. Otherwise it is the
    /// latest that happened in the last `minutes`, so that a bot that was away makes up for it, and after the order: who ordered
    /// something does not want it undone by what was before.
    ///
    /// ```
    /// # use moa_plugin::time::{Exceptions, Order, ParseError, Timetable};
    /// let times = [("opens", "09:00".parse().ok()), ("closes", "20:00".parse().ok())];
    /// let table = Timetable::new("all".parse()?, times, Exceptions::default());
    /// assert_eq!(table.due("2026-11-20 09:59".parse()?, 60, None), Some("opens"));
    /// assert_eq!(table.due("2026-11-20 10:00".parse()?, 60, None), None);
    ///
    /// let mut order = Order::new("opens", "2026-11-20 20:10".parse()?);
    /// assert_eq!(table.due("2026-11-20 20:15".parse()?, 60, Some(order)), Some("opens"));
    /// order.done = true;
    /// assert_eq!(table.due("2026-11-20 20:20".parse()?, 60, Some(order)), None);
    /// # Ok::<(), ParseError>(())
    /// ```
    pub fn due(&self, now: Moment, minutes: i64, order: Option<Order<K>>) -> Option<K> {
        if let Some(order) = order.filter(|order| order.is_open(now)) {
            return Some(order.what);
        }
        let from = now.plus_minutes(-minutes).unwrap_or(now);
        let from = order.map_or(from, |order| order.since.max(from));
        self.between(from, now).last().map(|(_, what)| *what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Exceptions;

    #[test]
    fn the_latest_counts_and_an_order_before_it() {
        let times = [('a', "09:00".parse().ok()), ('b', "09:30".parse().ok())];
        let table = Timetable::new("mon-fri".parse().unwrap(), times, Exceptions::default());
        let order = |what, since: &str, done| {
            let order = Order::new(what, since.parse().unwrap());
            Some(Order { done, ..order })
        };
        for (now, order, due) in [
            ("2026-11-20 08:59:59", None, None),
            ("2026-11-20 09:00", None, Some('a')),
            ("2026-11-20 09:59:59", None, Some('b')),
            ("2026-11-20 10:30", None, None),
            ("2026-11-21 09:00", None, None),
            // Open on any day and at any time, but not for ever.
            ("2026-11-21 03:00", order('a', "2026-11-21 02:00", false), Some('a')),
            ("2026-11-20 09:40", order('a', "2026-11-20 09:35", false), Some('a')),
            ("2026-11-20 09:40", order('a', "2026-11-19 21:40", false), Some('b')),
            // Done: what was before does not count, what comes after does.
            ("2026-11-20 09:40", order('a', "2026-11-20 09:35", true), None),
            ("2026-11-20 09:40", order('a', "2026-11-20 09:10", true), Some('b')),
            ("2026-11-20 09:40", order('a', "2026-11-19 09:10", true), Some('b')),
        ] {
            assert_eq!(table.due(now.parse().unwrap(), 60, order), due, "{now} {order:?}");
        }
        let kept = serde_json::to_string(&order('a', "2026-11-20 09:10", true)).unwrap();
        assert_eq!(
            serde_json::from_str::<Option<Order<char>>>(&kept).unwrap(),
            order('a', "2026-11-20 09:10", true)
        );
    }
}
