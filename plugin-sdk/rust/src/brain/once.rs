use super::{Brain, BrainResult, json, seconds, wit};
use crate::host::brain as calls;
use std::time::Duration;

impl Brain {
    /// Whether nobody asked for this key before: `true` for the first, `false` for everybody else until it is forgotten. For
    /// what must not be done twice, whatever begins it: a job's work of a day, an order that a webhook may repeat.
    ///
    /// Ask right before it is done: what fails after that is not tried again.
    ///
    /// ```
    /// use moa_plugin::prelude::*;
    /// use moa_plugin::testing::Host;
    ///
    /// /// Wishes everybody a good morning.
    /// #[job(cron = "0 9 * * *", timezone = "Asia/Seoul")]
    /// fn morning(due: &Due) -> Result<()> {
    ///     let day = due.date("Asia/Seoul")?;
    ///     if Brain::plugin().once(&format!("morning/{day}"), Duration::from_secs(7 * 86_400))? {
    ///         chat::send(&Place::of("C012"), "Good morning!")?;
    ///     }
    ///     Ok(())
    /// }
    ///
    /// plugin! {
    ///     name: "morning",
    ///     jobs: [morning],
    ///     requests: { conversations: ["C012"] },
    /// }
    ///
    /// let host = Host::new();
    /// host.run_job::<morning>()?;
    /// host.run_job::<morning>()?;
    /// assert_eq!(host.texts(), ["Good morning!"]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`BrainError::Host`](super::BrainError::Host) if it can't be stored.
    pub fn once(&self, key: &str, remembered: Duration) -> BrainResult<bool> {
        let what = wit::Write {
            key: key.into(),
            value: json(key, &true)?,
            ttl_seconds: Some(seconds(remembered)),
        };
        match self.ask(key, || calls::compare_and_swap(&self.scope, &what, None)) {
            Ok(_) => Ok(true),
            Err(error) if error.is_conflict() => Ok(false),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Host;

    #[test]
    fn the_first_one_only_until_it_is_forgotten() {
        let (host, minute) = (Host::new(), Duration::from_secs(60));
        let once = |key: &str| host.with(|ctx| ctx.brain().once(key, minute)).unwrap();
        assert!(once("a"));
        assert!(!once("a"));
        assert!(once("b"));
        host.advance(minute);
        assert!(once("a"));
        assert!(!once("a"));
    }
}
