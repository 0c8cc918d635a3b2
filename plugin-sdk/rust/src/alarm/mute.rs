use crate::User;
use crate::brain::{Brain, BrainResult};
use crate::time::Instant;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// That something is left alone for a while, because it is known to fail: maintenance. In the plugin's brain it is
/// `mute/NAME`, as long as it lasts.
///
/// ```
/// use moa_plugin::alarm::Mute;
/// use moa_plugin::prelude::*;
///
/// /// Leaves the shop alone for a while.
/// #[command]
/// fn mute(ctx: &Context, time: Duration, #[rest] why: Option<String>) -> Result<String> {
///     let mute = Mute::set(["shop"], time, ctx.who(), &why.unwrap_or_default())?;
///     Ok(format!("until {}", mute.until))
/// }
///
/// let host = moa_plugin::testing::Host::new().speaker("Rosie");
/// assert_eq!(host.run::<mute>("1h moving")?, Some("until 2026-11-20T04:00:00.000Z".into()));
/// let by = host.with(|_| Mute::all().map(|mutes| mutes["shop"].by.clone()))?;
/// assert_eq!(by, "Rosie");
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mute {
    /// When it ends by itself.
    pub until: Instant,
    /// The name of who said so. It may be foreign text: see [`text::plain`](crate::text::plain).
    pub by: String,
    /// Why, in their words; may be empty.
    pub reason: String,
}

impl Mute {
    /// Leaves these alone from now on, whatever was said before.
    ///
    /// # Errors
    /// Those of [`Brain::set`].
    pub fn set(
        names: impl IntoIterator<Item = impl AsRef<str>>,
        time: Duration,
        by: &User,
        reason: &str,
    ) -> BrainResult<Self> {
        let mute = Self {
            until: Instant::now() + time,
            by: by.display_name.clone(),
            reason: reason.to_owned(),
        };
        for name in names {
            Brain::plugin().set_with_ttl(&key(name.as_ref()), &mute, time)?;
        }
        Ok(mute)
    }

    /// What is left alone now, by name.
    ///
    /// # Errors
    /// Those of [`Brain::get`].
    pub fn all() -> BrainResult<BTreeMap<String, Self>> {
        Brain::plugin().all(&key(""))
    }

    /// Does not leave these alone any more.
    ///
    /// # Errors
    /// Those of [`Brain::delete`].
    pub fn lift(names: impl IntoIterator<Item = impl AsRef<str>>) -> BrainResult<()> {
        for name in names {
            Brain::plugin().delete(&key(name.as_ref()))?;
        }
        Ok(())
    }
}

fn key(name: &str) -> String {
    format!("mute/{name}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Host;

    #[test]
    fn it_ends_by_itself_or_when_somebody_says_so() {
        let (host, hour) = (Host::new(), Duration::from_secs(3_600));
        let names = || host.with(|_| Mute::all().unwrap().into_keys().collect::<Vec<_>>());
        host.with(|ctx| {
            Mute::set(["a", "c"], hour, ctx.who(), "moving").unwrap();
            Mute::set(["b"], hour * 2, ctx.who(), "").unwrap();
            Mute::lift(["a", "d"]).unwrap();
        });
        assert_eq!(names(), ["b", "c"]);
        host.advance(hour);
        assert_eq!(names(), ["b"]);
    }
}
