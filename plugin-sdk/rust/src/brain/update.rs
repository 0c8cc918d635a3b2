use super::{Brain, BrainError, BrainResult};
use serde::{Serialize, de::DeserializeOwned};

impl Brain {
    /// Changes a value, however many others do so at the same time: reads it, lets `change` at it, and writes it if nobody
    /// else did meanwhile; otherwise all of that again. What is absent begins as `T::default()`; take an `Option` to tell
    /// it apart. Returns what `change` did last.
    ///
    /// `change` may run several times: nothing but the value should change in it. An expiry is taken away.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// # Host::new().with(|ctx| {
    /// let brain = ctx.brain();
    /// brain.update("menu", |dishes: &mut Vec<String>| dishes.push("soup".into()))?;
    /// let count = brain.update("menu", |dishes: &mut Vec<String>| dishes.len())?;
    /// assert_eq!(count, 1);
    /// # Ok::<(), moa_plugin::brain::BrainError>(())
    /// # })?;
    /// # Ok::<(), moa_plugin::brain::BrainError>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`Brain::get`] and [`Brain::set`]; a [conflict](BrainError::is_conflict) after 100 tries.
    pub fn update<T, R>(&self, key: &str, mut change: impl FnMut(&mut T) -> R) -> BrainResult<R>
    where
        T: Default + Serialize + DeserializeOwned,
    {
        self.try_update(key, |value| Ok(change(value)))
    }

    /// As [`Brain::update`], with a `change` that may refuse: then nothing is written.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// # let host = Host::new();
    /// fn take(ctx: &Context) -> Result<u32> {
    ///     ctx.brain().try_update("seats", |taken: &mut u32| {
    ///         if *taken == 2 {
    ///             return Err(Error::rejected("all seats are taken"));
    ///         }
    ///         *taken += 1;
    ///         Ok(*taken)
    ///     })
    /// }
    /// assert_eq!(host.with(take)?, 1);
    /// assert_eq!(host.with(take)?, 2);
    /// assert_eq!(host.with(take), Err(Error::rejected("all seats are taken")));
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`Brain::update`], and whatever `change` refuses with.
    pub fn try_update<T, R, E>(&self, key: &str, mut change: impl FnMut(&mut T) -> Result<R, E>) -> Result<R, E>
    where
        T: Default + Serialize + DeserializeOwned,
        E: From<BrainError>,
    {
        /// Each try that fails means that another writer got through: this many mean that something else is wrong.
        const TRIES: u32 = 100;
        let mut tries = 0;
        loop {
            tries += 1;
            let (mut value, version) = match self.entry(key)? {
                Some(entry) => (entry.value, Some(entry.version)),
                None => (T::default(), None),
            };
            let result = change(&mut value)?;
            match self.compare_and_swap(key, &value, version.as_ref()) {
                Ok(_) => return Ok(result),
                Err(error) if error.is_conflict() && tries < TRIES => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}
