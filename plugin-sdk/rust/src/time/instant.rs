//! Instants to reckon with.

use super::{Date, ParseError, Time};
use crate::{HostError, clock, system};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::ops::Add;
use std::str::FromStr;
use std::time::Duration;

/// An instant, to the millisecond. Written, also by serde, as RFC 3339 in UTC.
///
/// ```
/// use moa_plugin::prelude::*;
/// use moa_plugin::time::Instant;
///
/// /// How long nobody asked.
/// #[command]
/// fn quiet(ctx: &Context) -> Result<String> {
///     let before: Option<Instant> = ctx.brain().get("asked")?;
///     let now = Instant::now();
///     ctx.brain().set("asked", &now)?;
///     Ok(format!("{} s", now.since(before.unwrap_or(now)).as_secs()))
/// }
///
/// let host = moa_plugin::testing::Host::new();
/// host.run::<quiet>("")?;
/// host.advance(Duration::from_secs(90));
/// assert_eq!(host.run::<quiet>("")?, Some("90 s".into()));
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(u64);

impl Instant {
    /// The present one.
    ///
    /// ```
    /// # use moa_plugin::{testing::Host, time::Instant};
    /// let now = Host::new().with(|_| Instant::now());
    /// assert_eq!(now.to_string(), "2026-11-20T03:00:00.000Z");
    /// ```
    pub fn now() -> Self {
        // The host writes nothing else.
        Self(clock::parse(&system::now()).unwrap_or_default())
    }

    /// How long after `earlier` it is; nothing if it is before.
    ///
    /// ```
    /// # use moa_plugin::time::{Instant, ParseError};
    /// # use std::time::Duration;
    /// let (from, to): (Instant, Instant) = ("2026-11-20T03:00:00Z".parse()?, "2026-11-20T12:01:00+09:00".parse()?);
    /// assert_eq!((to.since(from), from.since(to)), (Duration::from_secs(60), Duration::ZERO));
    /// # Ok::<(), ParseError>(())
    /// ```
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// The day and the time of day in a time zone (IANA name).
    ///
    /// ```
    /// # use moa_plugin::{HostError, testing::Host, time::Instant};
    /// let (date, time) = Host::new().with(|_| Instant::now().local("Asia/Seoul"))?;
    /// assert_eq!((date.to_string(), time.hour()), ("2026-11-20".into(), 12));
    /// # Ok::<(), HostError>(())
    /// ```
    ///
    /// # Errors
    /// [`HostError::Invalid`] for a time zone that is none.
    pub fn local(self, timezone: &str) -> Result<(Date, Time), HostError> {
        super::local(&self.to_string(), timezone)
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, time: Duration) -> Self {
        let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(millis))
    }
}

impl FromStr for Instant {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        clock::parse(text).map(Self).ok_or_else(|| ParseError {
            text: text.into(),
            wanted: "an instant like 2026-11-21T09:50:00+09:00",
        })
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&clock::format(self.0))
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Host;

    #[test]
    fn instants_there_and_back() {
        let text = "2026-11-20T03:00:00.000Z";
        let instant: Instant = serde_json::from_value(text.into()).unwrap();
        assert_eq!(serde_json::to_value(instant).unwrap(), text);
        assert_eq!(
            (instant + Duration::from_secs(1)).since(instant),
            Duration::from_secs(1)
        );
        assert!("soon".parse::<Instant>().is_err());
        Host::new().with(|_| {
            let (date, time) = (instant + Duration::from_secs(15 * 3_600)).local("Asia/Seoul").unwrap();
            assert_eq!(
                (date.to_string(), time.to_string()),
                ("2026-11-21".into(), "03:00:00".into())
            );
            assert!(instant.local("Nowhere").is_err());
        });
    }
}
