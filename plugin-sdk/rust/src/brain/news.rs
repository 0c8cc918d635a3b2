//! What is said once.

use super::{Brain, BrainResult};
use serde::Serialize;
use std::time::Duration;

impl Brain {
    /// Remembers a value for a while, and tells whether another one was remembered before, or none: for what is to be said
    /// once, though a job finds it again and again. Two calls at the same moment may both be told that it is news.
    ///
    /// ```
    /// use moa_plugin::prelude::*;
    ///
    /// /// Tells of each new dish, for at most a day of the same one.
    /// #[job(cron = "*/5 * * * *")]
    /// fn kitchen() -> Result<()> {
    ///     let dish = http::get("https://example.com/dish").send()?.ok()?.text()?.to_owned();
    ///     if Brain::plugin().is_news("dish", &dish, Duration::from_secs(24 * 60 * 60))? {
    ///         chat::send(&Place::of("C0123456789"), text::plain(&dish))?;
    ///     }
    ///     Ok(())
    /// }
    /// # plugin!(kitchen);
    /// # let host = moa_plugin::testing::Host::new();
    /// # for dish in ["soup", "soup", "rice"] {
    /// #     host.http(Ok(http::Response::of(200, dish)));
    /// #     host.run_job::<kitchen>()?;
    /// # }
    /// # assert_eq!(host.texts(), ["soup", "rice"]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`Brain::set`].
    pub fn is_news<T: Serialize + ?Sized>(&self, key: &str, value: &T, remembered: Duration) -> BrainResult<bool> {
        let before = self.get_bytes(key)?;
        self.set_with_ttl(key, value, remembered)?;
        Ok(before.is_none_or(|before| super::json(key, value).is_ok_and(|now| now != before)))
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::Host;
    use std::time::Duration;

    #[test]
    fn news_are_news_once_until_they_are_forgotten() {
        let host = Host::new();
        let is_news = |what: &str| {
            host.with(|ctx| ctx.brain().is_news("k", what, Duration::from_secs(60)))
                .unwrap()
        };
        assert!(is_news("soup") && !is_news("soup") && is_news("rice") && is_news("soup"));
        host.advance(Duration::from_secs(59));
        assert!(!is_news("soup"), "and remembered anew");
        host.advance(Duration::from_secs(59));
        assert!(!is_news("soup"));
        host.advance(Duration::from_secs(60));
        assert!(is_news("soup"));
    }
}
