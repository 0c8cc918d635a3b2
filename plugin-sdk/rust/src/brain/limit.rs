use super::{Brain, BrainResult};
use std::time::Duration;

impl Brain {
    /// Whether something may be done once more: `times` times at most in the time of `within`. If so, that counts. The same
    /// `call`, usually [`Context::id`](crate::Context::id), counts once, however often it is repeated.
    ///
    /// In a person's brain the limit is that person's, in the plugin's it is everybody's together. Each call is an entry
    /// `WHAT/CALL` that expires; of several at the same time there may be too few that may, never too many.
    ///
    /// ```
    /// use moa_plugin::prelude::*;
    /// use moa_plugin::testing::Host;
    ///
    /// /// Rings the bell, which nobody may do all the time.
    /// #[command]
    /// fn bell(ctx: &Context) -> Result<&'static str> {
    ///     match ctx.user_brain().allows("bell", ctx.id(), 2, Duration::from_secs(60))? {
    ///         true => Ok("🔔"),
    ///         false => Err(Error::rejected("Twice a minute is enough.")),
    ///     }
    /// }
    ///
    /// let host = Host::new();
    /// host.run::<bell>("")?;
    /// host.run::<bell>("")?;
    /// assert!(host.run::<bell>("").is_err());
    /// host.advance(Duration::from_secs(60));
    /// assert!(host.run::<bell>("").is_ok());
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`Brain::set`].
    pub fn allows(&self, what: &str, call: &str, times: u32, within: Duration) -> BrainResult<bool> {
        let (key, prefix) = (format!("{what}/{call}"), format!("{what}/"));
        // First this one is written, then all are counted: two at the same time see each other.
        self.set_with_ttl(&key, &true, within)?;
        let mut count = 0;
        for key in self.list_keys(&prefix) {
            key?;
            count += 1;
        }
        let may = count <= times;
        if !may {
            self.delete(&key)?;
        }
        Ok(may)
    }
}
