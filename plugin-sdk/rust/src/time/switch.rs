//! What is remembered of something that goes by a timetable, and by hand.

use super::{Exceptions, Moment, Order, Timetable};
use serde::{Deserialize, Serialize};

/// What a bot remembers of something that it switches by a [`Timetable`]: the exceptions, what somebody ordered by hand, what
/// has begun, and what was told. To be kept in the brain under one key; [`Brain::update`](crate::Brain::update) changes it.
///
/// What takes longer than one call is done in rounds, by a job: each asks what is [`due`](Self::due), does what can be done
/// now, and says that it has [`begun`](Self::begin); when all is done, [`end`](Self::end) says whether that is worth telling.
///
/// ```
/// use moa_plugin::prelude::*;
/// use moa_plugin::time::{Exceptions, Moment, Switch, Timetable};
///
/// /// Opens the shop in the morning, and closes it in the evening.
/// #[job(cron = "*/5 * * * *")]
/// fn round() -> Result<()> {
///     let (brain, now) = (Brain::plugin(), Moment::now("Asia/Seoul")?);
///     let shop: Switch<char> = brain.get("shop")?.unwrap_or_default();
///     let times = [('o', "09:00".parse().ok()), ('c', "20:00".parse().ok())];
///     let table = Timetable::new("mon-sat".parse()?, times, shop.exceptions.clone());
///     let Some(what) = shop.due(&table, now, 60) else { return Ok(()) };
///     let said = format!("The doors are told: {what}.");
///     if brain.update("shop", |shop: &mut Switch<char>| shop.is_news(&said))? {
///         chat::send(&Place::of("C012"), said)?;
///     }
///     Ok(())
/// }
///
/// /// Closes it now.
/// #[command]
/// fn close(ctx: &Context) -> Result<&'static str> {
///     let now = Moment::now("Asia/Seoul")?;
///     ctx.brain().update("shop", |shop: &mut Switch<char>| shop.order('c', now))?;
///     Ok("It closes.")
/// }
///
/// plugin! {
///     name: "shop",
///     commands: [close],
///     jobs: [round],
///     requests: { conversations: ["C012"] },
/// }
///
/// let host = moa_plugin::testing::Host::new();
/// host.run_job::<round>()?;
/// assert!(host.texts().is_empty(), "nothing is due at noon");
/// host.run::<close>("")?;
/// host.run_job::<round>()?;
/// host.run_job::<round>()?;
/// assert_eq!(host.texts(), ["It closes.", "The doors are told: c."]);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, bound(deserialize = "K: Ord + Deserialize<'de>"))]
pub struct Switch<K: Ord> {
    /// What is otherwise on some dates.
    pub exceptions: Exceptions<K>,
    order: Option<Order<K>>,
    begun: Option<K>,
    told: String,
}

/// Nothing was ordered, and nothing has begun.
impl<K: Ord> Default for Switch<K> {
    fn default() -> Self {
        Self {
            exceptions: Exceptions::default(),
            order: None,
            begun: None,
            told: String::new(),
        }
    }
}

impl<K: Ord + Copy> Switch<K> {
    /// Somebody wants something now, whatever the timetable has. Whatever is told from here on is news.
    ///
    /// ```
    /// # use moa_plugin::time::{ParseError, Switch, Timetable};
    /// let (mut shop, now) = (Switch::default(), "2026-11-20 13:00".parse()?);
    /// shop.order("closes", now);
    /// assert_eq!(shop.due(&Timetable::default(), now, 60), Some("closes"));
    /// # Ok::<(), ParseError>(())
    /// ```
    pub fn order(&mut self, what: K, now: Moment) {
        self.order = Some(Order::new(what, now));
        self.told.clear();
    }

    /// What is to be carried out now, again and again until it is done, as [`Timetable::due`] has it.
    ///
    /// ```
    /// # use moa_plugin::time::{Exceptions, ParseError, Switch, Timetable};
    /// let table = Timetable::new("all".parse()?, [("opens", "09:00".parse().ok())], Exceptions::default());
    /// assert_eq!(Switch::default().due(&table, "2026-11-20 09:10".parse()?, 60), Some("opens"));
    /// # Ok::<(), ParseError>(())
    /// ```
    pub fn due(&self, table: &Timetable<K>, now: Moment, minutes: i64) -> Option<K> {
        table.due(now, minutes, self.order)
    }

    /// When something comes, if it does so within the next `minutes`. Nothing comes while an order is open.
    ///
    /// ```
    /// # use moa_plugin::time::{Exceptions, ParseError, Switch, Timetable};
    /// let table = Timetable::new("all".parse()?, [("opens", "09:00".parse().ok())], Exceptions::default());
    /// let (shop, now) = (Switch::default(), "2026-11-20 08:50".parse()?);
    /// assert_eq!(shop.ahead(&table, now, 10, "opens"), Some("2026-11-20 09:00".parse()?));
    /// assert_eq!(shop.ahead(&table, now, 9, "opens"), None);
    /// # Ok::<(), ParseError>(())
    /// ```
    pub fn ahead(&self, table: &Timetable<K>, now: Moment, minutes: i64, what: K) -> Option<Moment> {
        let coming = table.between(now, now.plus_minutes(minutes).unwrap_or(now));
        let first = coming.into_iter().find(|(_, coming)| *coming == what);
        let is_ordered = self.order.is_some_and(|order| order.is_open(now));
        first.map(|(at, _)| at).filter(|_| !is_ordered)
    }

    /// Something has begun, and is not done yet.
    ///
    /// ```
    /// # use moa_plugin::time::Switch;
    /// let mut shop = Switch::default();
    /// shop.begin("opens");
    /// assert!(shop.end("opens"));
    /// ```
    pub fn begin(&mut self, what: K) {
        self.begun = Some(what);
    }

    /// Something is done, and an order of it fulfilled. Whether it was this bot that began it: otherwise it was so before, and
    /// nobody has to be told.
    ///
    /// ```
    /// # use moa_plugin::time::{ParseError, Switch, Timetable};
    /// let (mut shop, now) = (Switch::default(), "2026-11-20 13:00".parse()?);
    /// shop.order("closes", now);
    /// assert!(!shop.end("closes"));
    /// assert_eq!(shop.due(&Timetable::default(), now, 60), None);
    /// # Ok::<(), ParseError>(())
    /// ```
    pub fn end(&mut self, what: K) -> bool {
        if let Some(order) = self.order.as_mut().filter(|order| order.what == what) {
            order.done = true;
        }
        self.begun.take_if(|begun| *begun == what).is_some()
    }

    /// Whether something is not what was told last; from now on it is.
    ///
    /// ```
    /// # use moa_plugin::time::Switch;
    /// let mut shop = Switch::<char>::default();
    /// assert_eq!(["a", "a", "b", "a"].map(|said| shop.is_news(said)), [true, false, true, true]);
    /// ```
    pub fn is_news(&mut self, said: &str) -> bool {
        std::mem::replace(&mut self.told, said.to_owned()) != said
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str) -> Moment {
        text.parse().unwrap()
    }

    #[test]
    fn what_begins_ends_once_and_an_order_counts_until_then() {
        let times = [('a', "09:00".parse().ok()), ('b', "09:30".parse().ok())];
        let table = Timetable::new("all".parse().unwrap(), times, Exceptions::default());
        let mut switch = Switch::default();
        let now = moment("2026-11-20 09:25");
        assert_eq!(switch.due(&table, now, 60), Some('a'));
        assert_eq!(switch.ahead(&table, now, 10, 'b'), Some(moment("2026-11-20 09:30")));
        assert_eq!(switch.ahead(&table, now, 10, 'a'), None);
        switch.begin('a');
        assert!(!switch.end('b') && switch.end('a') && !switch.end('a'));
        assert!(switch.is_news("a") && !switch.is_news("a"));
        switch.order('a', now);
        // It goes first, and nothing else is in sight; what is told of it is news.
        assert_eq!(switch.due(&table, moment("2026-11-20 09:31"), 60), Some('a'));
        assert_eq!(switch.ahead(&table, now, 10, 'b'), None);
        assert!(switch.is_news("a"));
        assert!(!switch.end('b'), "the end of something else is not its end");
        assert_eq!(switch.due(&table, now, 60), Some('a'));
        assert!(!switch.end('a'));
        assert_eq!(switch.due(&table, now, 60), None, "what was before the order is over");
        assert_eq!(switch.due(&table, moment("2026-11-20 09:31"), 60), Some('b'));
        assert_eq!(switch.ahead(&table, now, 10, 'b'), Some(moment("2026-11-20 09:30")));
    }

    #[test]
    fn it_is_kept_and_what_is_missing_is_as_at_first() {
        let mut switch = Switch::default();
        switch.exceptions.set("2026-11-20".parse().unwrap(), 'a', None);
        switch.order('a', moment("2026-11-20 09:00"));
        switch.begin('a');
        switch.is_news("a");
        let kept = serde_json::to_string(&switch).unwrap();
        assert_eq!(serde_json::from_str::<Switch<char>>(&kept).unwrap(), switch);
        assert_eq!(
            serde_json::from_str::<Switch<char>>(r#"{"more": 1}"#).unwrap(),
            Switch::default()
        );
    }
}
