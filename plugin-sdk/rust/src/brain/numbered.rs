use super::{Brain, BrainError, BrainResult};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::marker::PhantomData;
use std::time::Duration;

/// Things of one kind that people call by number: orders, tickets, reminders. The first is 1, and no number is given twice.
///
/// `NAME` in the brain is the last number, `NAME/00000001` the first thing.
///
/// ```
/// use moa_plugin::brain::Numbered;
/// use moa_plugin::prelude::*;
/// use moa_plugin::testing::Host;
///
/// fn wishes() -> Numbered<String> {
///     Numbered::of(Brain::plugin(), "wish")
/// }
///
/// /// Wishes for something.
/// #[command]
/// fn wish(#[rest] what: String) -> Result<String> {
///     Ok(format!("That is wish {}.", wishes().add(&what)?))
/// }
///
/// /// The newest wishes.
/// #[command]
/// fn newest() -> Result<String> {
///     let newest = wishes().newest(3)?;
///     let lines = newest.iter().map(|(number, what)| format!("{number}. {}", text::plain(what)));
///     Ok(lines.collect::<Vec<_>>().join("\n"))
/// }
///
/// let host = Host::new();
/// host.run::<wish>("a window")?;
/// assert_eq!(host.run::<wish>("less noise")?, Some("That is wish 2.".into()));
/// assert_eq!(host.run::<newest>("")?, Some("2. less noise\n1. a window".into()));
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Numbered<T> {
    brain: Brain,
    name: String,
    keep: Option<Duration>,
    of: PhantomData<fn() -> T>,
}

impl<T: Serialize + DeserializeOwned> Numbered<T> {
    /// Those of a name in a brain.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, brain::Numbered, testing::Host};
    /// # Host::new().with(|ctx| {
    /// Numbered::of(ctx.user_brain(), "wish").add(&"peace".to_owned())?;
    /// let here: Numbered<String> = Numbered::of(ctx.conversation_brain(), "wish");
    /// assert_eq!(here.get(1)?, None);
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    pub fn of(brain: Brain, name: &str) -> Self {
        Self {
            brain,
            name: name.to_owned(),
            keep: None,
            of: PhantomData,
        }
    }

    /// The same, each for so long after it was written: a log of what was asked, done or seen.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, brain::Numbered, testing::Host};
    /// fn visits(ctx: &Context) -> Numbered<String> {
    ///     Numbered::of(ctx.brain(), "visit").kept_for(Duration::from_secs(86_400))
    /// }
    ///
    /// let host = Host::new();
    /// host.with(|ctx| visits(ctx).add(&ctx.who().name))?;
    /// assert_eq!(host.with(|ctx| visits(ctx).newest(10))?, [(1, "tester".to_owned())]);
    /// host.advance(Duration::from_secs(86_400));
    /// assert_eq!(host.with(|ctx| visits(ctx).newest(10))?, []);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn kept_for(mut self, time: Duration) -> Self {
        self.keep = Some(time);
        self
    }

    /// Keeps one more. Its number.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, brain::Numbered, testing::Host};
    /// # Host::new().with(|ctx| {
    /// let wishes = Numbered::of(ctx.brain(), "wish");
    /// assert_eq!((wishes.add(&"peace".to_owned())?, wishes.add(&"soup".to_owned())?), (1, 2));
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`Brain::set`].
    pub fn add(&self, value: &T) -> BrainResult<i64> {
        let number = self.reserve()?;
        self.set(number, value)?;
        Ok(number)
    }

    /// The next number, for a thing that knows its own: [`set`](Self::set) keeps it.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, brain::Numbered, testing::Host};
    /// # Host::new().with(|ctx| {
    /// let wishes = Numbered::of(ctx.brain(), "wish");
    /// let number = wishes.reserve()?;
    /// wishes.set(number, &format!("wish {number}"))?;
    /// assert_eq!(wishes.get(1)?.as_deref(), Some("wish 1"));
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`Brain::increment`].
    pub fn reserve(&self) -> BrainResult<i64> {
        self.brain.increment(&self.name, 1)
    }

    /// The one with a number; `None` if there is none.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, brain::Numbered, testing::Host};
    /// # Host::new().with(|ctx| {
    /// let wishes: Numbered<String> = Numbered::of(ctx.brain(), "wish");
    /// assert_eq!(wishes.get(7)?, None);
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`Brain::get`].
    pub fn get(&self, number: i64) -> BrainResult<Option<T>> {
        self.brain.get(&self.key(number))
    }

    /// Writes the one with a number, whatever was there.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, brain::Numbered, testing::Host};
    /// # Host::new().with(|ctx| {
    /// let wishes = Numbered::of(ctx.brain(), "wish");
    /// let number = wishes.add(&"peace".to_owned())?;
    /// wishes.set(number, &"peace and soup".to_owned())?;
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`Brain::set`].
    pub fn set(&self, number: i64, value: &T) -> BrainResult<()> {
        match self.keep {
            Some(time) => self.brain.set_with_ttl(&self.key(number), value, time)?,
            None => self.brain.set(&self.key(number), value)?,
        };
        Ok(())
    }

    /// Changes the one with a number as [`Brain::update`] does, and returns what `change` did last; `None` if there is none.
    /// Of one that is [kept for a while](Self::kept_for) the expiry is taken away.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, brain::Numbered, testing::Host};
    /// # Host::new().with(|ctx| {
    /// let votes = Numbered::of(ctx.brain(), "vote");
    /// let number = votes.add(&1)?;
    /// assert_eq!(votes.update(number, |count| *count += 1)?, Some(()));
    /// assert_eq!(votes.get(number)?, Some(2));
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`Brain::update`].
    pub fn update<R>(&self, number: i64, mut change: impl FnMut(&mut T) -> R) -> BrainResult<Option<R>> {
        let changed = self.brain.try_update(&self.key(number), |slot: &mut Option<T>| {
            slot.as_mut().map(&mut change).ok_or(Stop::Absent)
        });
        match changed {
            Ok(done) => Ok(Some(done)),
            Err(Stop::Absent) => Ok(None),
            Err(Stop::Failed(error)) => Err(error),
        }
    }

    /// So many of them at most, the newest first, with their numbers. Deleted ones are left out. Of those that are
    /// [kept for a while](Self::kept_for) only so many numbers are looked at: older ones are gone sooner.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, brain::Numbered, testing::Host};
    /// # Host::new().with(|ctx| {
    /// let wishes = Numbered::of(ctx.brain(), "wish");
    /// wishes.add(&"peace".to_owned())?;
    /// wishes.add(&"soup".to_owned())?;
    /// assert_eq!(wishes.newest(1)?, [(2, "soup".to_owned())]);
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`Brain::get`].
    pub fn newest(&self, count: usize) -> BrainResult<Vec<(i64, T)>> {
        let last: i64 = self.brain.get(&self.name)?.unwrap_or_default();
        let read = |number| Ok(self.get(number)?.map(|value| (number, value)));
        let looked_at = if self.keep.is_some() { count } else { usize::MAX };
        (1..=last)
            .rev()
            .take(looked_at)
            .filter_map(|number| read(number).transpose())
            .take(count)
            .collect()
    }

    /// Deletes the one with a number. Whether there was one; its number is not given again.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, brain::Numbered, testing::Host};
    /// # Host::new().with(|ctx| {
    /// let wishes = Numbered::of(ctx.brain(), "wish");
    /// assert!(wishes.delete(wishes.add(&"peace".to_owned())?)?);
    /// assert_eq!(wishes.add(&"soup".to_owned())?, 2);
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`Brain::delete`].
    pub fn delete(&self, number: i64) -> BrainResult<bool> {
        self.brain.delete(&self.key(number))
    }

    /// With zeros, so that keys stand in the order of the numbers.
    fn key(&self, number: i64) -> String {
        format!("{}/{number:08}", self.name)
    }
}

/// Why a change was not made.
enum Stop {
    Absent,
    Failed(BrainError),
}

impl From<BrainError> for Stop {
    fn from(error: BrainError) -> Self {
        Self::Failed(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Host;

    #[test]
    fn numbers_are_given_once_and_what_is_not_there_is_not_made() {
        Host::new().with(|ctx| {
            let notes: Numbered<String> = Numbered::of(ctx.brain(), "note");
            let add = |text: &str| notes.add(&text.to_owned()).unwrap();
            assert_eq!((add("a"), add("b"), add("c")), (1, 2, 3));
            assert!(notes.delete(2).unwrap());
            assert!(!notes.delete(2).unwrap());
            assert_eq!(notes.update(2, |note| note.push('!')).unwrap(), None);
            assert_eq!(notes.get(2).unwrap(), None, "a change makes nothing");
            assert_eq!(notes.update(3, |note| note.push('!')).unwrap(), Some(()));
            assert_eq!(
                notes.newest(10).unwrap(),
                [(3, "c!".to_owned()), (1, "a".to_owned())],
                "the newest first"
            );
            assert_eq!(notes.newest(1).unwrap().len(), 1);
            assert_eq!(add("d"), 4);
            let others: Numbered<String> = Numbered::of(ctx.brain(), "other");
            assert_eq!(others.newest(10).unwrap(), []);
        });
    }
}
