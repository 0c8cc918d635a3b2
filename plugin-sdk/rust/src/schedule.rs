//! Work at a time: functions with [`#[job]`](crate::job), which the manifest names, and jobs that are made at run time.
//!
//! In unit tests [`testing::Host`](crate::testing::Host) keeps them and runs what is due.
//!
//! Jobs are durable and belong to the plugin; each due time runs at most once over all hosts. A job has no message and
//! nobody who gave it: where to speak comes from the configuration, from the brain or from the payload, and needs the
//! request `conversations`. Jobs that are made at run time need the request `schedule`.
//!
//! ```
//! use moa_plugin::prelude::*;
//! use moa_plugin::testing::Host;
//!
//! /// Reminds you of something.
//! ///
//! /// Example: !remind 10m the tea
//! #[command]
//! fn remind(ctx: &Context, after: Duration, #[rest] what: String) -> Result<String> {
//!     let number = ctx.brain().increment("reminders", 1)?;
//!     ctx.brain().set(&format!("place/{number}"), ctx.place())?;
//!     schedule::after(&format!("remind:{number}"), after, &what)?;
//!     Ok(format!("I will. It is number {number}."))
//! }
//!
//! /// Jobs whose names begin with `remind:`. The payload is what was handed over when the job was made.
//! #[job(id = "remind:*")]
//! fn reminded(due: &Due, number: u32) -> Result<()> {
//!     let place: Option<Place> = Brain::plugin().get(&format!("place/{number}"))?;
//!     if let Some(place) = place {
//!         chat::send(&place, text::plain(&due.payload))?;
//!     }
//!     Ok(())
//! }
//!
//! plugin! {
//!     name: "remind",
//!     commands: [remind],
//!     jobs: [reminded],
//!     requests: { schedule: true, conversations: ["*"] },
//! }
//!
//! let host = Host::new();
//! host.run::<remind>("10m the tea")?;
//! assert_eq!(host.run_job::<reminded>()?, 0, "not yet");
//! host.advance(Duration::from_secs(600));
//! assert_eq!(host.run_job::<reminded>()?, 1);
//! assert_eq!(host.texts(), ["I will. It is number 1.", "the tea"]);
//! # Ok::<(), Error>(())
//! ```

use crate::host::{self, schedule};
use crate::time::Date;
use crate::{Error, HostError, clock, system};
use std::str::FromStr;
use std::time::Duration;

/// What a function with [`#[job]`](crate::job) is told: which job, for when, and what was handed over when it was made.
///
/// ```
/// use moa_plugin::prelude::*;
/// use moa_plugin::testing::Host;
///
/// /// Counts the working days.
/// #[job(cron = "0 9 * * 1-5", timezone = "Asia/Seoul")]
/// fn working_day(due: &Due) -> Result<()> {
///     log::info(format!("{} at {}, try {}", due.name, due.due, due.invocation.attempt));
///     Brain::plugin().increment("working-days", 1)?;
///     Ok(())
/// }
///
/// plugin!(working_day);
///
/// let host = Host::new();
/// host.run_job::<working_day>()?;
/// assert_eq!(host.log(), ["info: working-day at 2026-11-20T03:00:00.000Z, try 1"]);
/// # Ok::<(), Error>(())
/// ```
pub use crate::bindings::exports::moa::plugin::jobs::Job as Due;

impl Due {
    /// The date on which it was due, on the calendar of a time zone (IANA name).
    ///
    /// ```
    /// use moa_plugin::prelude::*;
    /// use moa_plugin::testing::Host;
    ///
    /// /// At midnight in London it is morning in Seoul.
    /// #[job(cron = "0 0 * * *")]
    /// fn midnight(due: &Due) -> Result<()> {
    ///     log::info(due.date("Asia/Seoul")?.to_string());
    ///     Ok(())
    /// }
    ///
    /// plugin!(midnight);
    ///
    /// let host = Host::new();
    /// host.run_job::<midnight>()?;
    /// assert_eq!(host.log(), ["info: 2026-11-20"]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`HostError::Invalid`] for a time zone that is none.
    pub fn date(&self, timezone: &str) -> Result<Date, HostError> {
        let local = system::local(&self.due, timezone)?;
        let date = local.split('T').next().unwrap_or_default();
        date.parse().map_err(|error| HostError::Invalid(format!("{error}")))
    }
}

/// A job, as [`list`] tells of it.
///
/// ```
/// # use moa_plugin::{prelude::*, schedule::Job, testing::Host};
/// # Host::new().with(|_| {
/// schedule::at("tidy", "2026-12-01T00:00:00Z", "all")?;
/// let jobs: Vec<Job> = schedule::list()?;
/// assert_eq!((jobs[0].name.as_str(), jobs[0].payload.as_str()), ("tidy", "all"));
/// # Ok::<(), HostError>(())
/// # })?;
/// # Ok::<(), HostError>(())
/// ```
pub use crate::bindings::moa::plugin::schedule::Job;

/// What happens to due times that passed while nobody could run them.
///
/// ```
/// # use moa_plugin::{prelude::*, schedule::Missed, testing::Host};
/// # Host::new().with(|_| {
/// // However long the bot was away: one report, not one for each week.
/// schedule::every("report", "0 9 * * 1", "Asia/Seoul", Missed::Once, "")?;
/// # Ok::<(), HostError>(())
/// # })?;
/// # Ok::<(), HostError>(())
/// ```
pub use crate::bindings::moa::plugin::schedule::Missed;

/// Once, at an instant in RFC 3339; a past one is due at once. Replaces the job of that name. For a time from now there is
/// [`after`].
///
/// It runs the function with `#[job(id = "…")]` for this name. A payload has at most 64 KiB.
///
/// ```
/// # use moa_plugin::{prelude::*, testing::Host};
/// # Host::new().with(|_| {
/// schedule::at("open-voting", "2026-12-24T09:00:00+09:00", "")?;
/// # Ok::<(), HostError>(())
/// # })?;
/// # Ok::<(), HostError>(())
/// ```
///
/// # Errors
/// [`HostError::Invalid`] for what is no instant, [`HostError::Conflict`] for the name of a job of the manifest, [`HostError::AccessDenied`] without the grant.
pub fn at(name: &str, when: &str, payload: &str) -> Result<(), HostError> {
    host::ask(|| schedule::at(name, when, payload))
}

/// Once, after a while. Replaces the job of that name.
///
/// ```
/// # use moa_plugin::{prelude::*, testing::Host};
/// # Host::new().with(|_| {
/// schedule::after("close-voting", Duration::from_secs(3_600), "lunch")?;
/// assert_eq!(schedule::list()?[0].next.as_deref(), Some("2026-11-20T04:00:00.000Z"));
/// # Ok::<(), HostError>(())
/// # })?;
/// # Ok::<(), HostError>(())
/// ```
///
/// # Errors
/// Those of [`at`].
pub fn after(name: &str, time: Duration, payload: &str) -> Result<(), HostError> {
    let now = clock::parse(&system::now()).unwrap_or_default();
    let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    at(name, &clock::format(now.saturating_add(millis)), payload)
}

/// Again and again, read in a time zone: by a cron expression of 5 fields, or 6 with seconds first, or by weekdays and times
/// of day (`mon-fri 09:50; sat 11:00`). Replaces the job of that name.
///
/// ```
/// # use moa_plugin::{prelude::*, schedule::Missed, testing::Host};
/// # Host::new().with(|_| {
/// schedule::every("menu:C012", "50 11 * * 1-5", "Asia/Seoul", Missed::Skip, "")?;
/// # Ok::<(), HostError>(())
/// # })?;
/// # Ok::<(), HostError>(())
/// ```
///
/// # Errors
/// Those of [`at`]; [`HostError::Invalid`] for an expression that is malformed or never comes due.
pub fn every(name: &str, cron: &str, timezone: &str, missed: Missed, payload: &str) -> Result<(), HostError> {
    host::ask(|| schedule::every(name, cron, timezone, missed, payload))
}

/// Cancels a job. Whether it was there. A run that has begun goes on.
///
/// ```
/// # use moa_plugin::{prelude::*, testing::Host};
/// # Host::new().with(|_| {
/// schedule::after("close-voting", Duration::from_secs(3_600), "")?;
/// assert!(schedule::cancel("close-voting")?);
/// assert!(!schedule::cancel("close-voting")?);
/// # Ok::<(), HostError>(())
/// # })?;
/// # Ok::<(), HostError>(())
/// ```
///
/// # Errors
/// [`HostError::Conflict`] for the name of a job of the manifest, [`HostError::AccessDenied`] without the grant.
pub fn cancel(name: &str) -> Result<bool, HostError> {
    host::ask(|| schedule::cancel(name))
}

/// The plugin's jobs, those of the manifest included, ascending by name.
///
/// ```
/// # use moa_plugin::{prelude::*, testing::Host};
/// # Host::new().with(|_| {
/// let open = schedule::list()?.iter().filter(|job| job.name.starts_with("remind:")).count();
/// assert_eq!(open, 0);
/// # Ok::<(), HostError>(())
/// # })?;
/// # Ok::<(), HostError>(())
/// ```
///
/// # Errors
/// Those of [`cancel`].
pub fn list() -> Result<Vec<Job>, HostError> {
    host::ask(schedule::list)
}

/// What a job may return: `()`, or a `Result` of it.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a job can't return `{Self}`",
    label = "nobody is there who would get it",
    note = "return `()` or `Result<()>`, and say something by `chat::send`"
)]
pub trait IntoEnd {
    /// How it ended.
    fn into_end(self) -> Result<(), Error>;
}

impl IntoEnd for () {
    fn into_end(self) -> Result<(), Error> {
        Ok(())
    }
}

impl<E: Into<Error>> IntoEnd for Result<(), E> {
    fn into_end(self) -> Result<(), Error> {
        self.map_err(Into::into)
    }
}

/// Reads what follows `start` in a job's name as the function's parameter.
#[doc(hidden)]
pub fn name_behind<T: FromStr>(due: &Due, start: &str) -> Result<T, Error> {
    let rest = due.name.strip_prefix(start).unwrap_or_default();
    rest.parse()
        .map_err(|_| Error::internal(format!("`{rest}` of the job `{}` does not fit its function", due.name)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Host;

    #[test]
    fn what_follows_the_id_is_parsed() {
        let due = |name: &str| {
            let invocation = Host::new().with(|ctx| crate::bindings::moa::plugin::types::Invocation {
                id: ctx.id().into(),
                time: ctx.time().into(),
                attempt: 1,
                locale: "ko".into(),
                timezone: "UTC".into(),
            });
            Due {
                invocation,
                name: name.into(),
                due: String::new(),
                payload: String::new(),
            }
        };
        assert_eq!(name_behind(&due("remind:7"), "remind:"), Ok(7_u8));
        let error = name_behind::<u8>(&due("remind:x"), "remind:").unwrap_err();
        assert_eq!(
            error,
            Error::internal("`x` of the job `remind:x` does not fit its function")
        );
    }

    #[test]
    fn later_than_ever_is_still_an_instant() {
        Host::new().with(|_| {
            after("a", Duration::from_millis(1_500), "").unwrap();
            assert_eq!(list().unwrap()[0].next.as_deref(), Some("2026-11-20T03:00:01.500Z"));
            assert!(after("b", Duration::MAX, "").is_err(), "beyond the year 9999");
        });
    }
}
