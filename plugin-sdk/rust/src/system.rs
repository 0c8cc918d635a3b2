//! What every plugin may have without asking: its configuration, the time, chance.
//!
//! ```
//! use moa_plugin::prelude::*;
//!
//! /// Decides who makes the coffee.
//! #[command]
//! fn coffee(#[list] mut names: Vec<String>) -> Option<String> {
//!     system::shuffle(&mut names);
//!     names.first().map(|name| text::plain(name))
//! }
//! ```

use crate::{HostError, host};
use serde::de::DeserializeOwned;

/// The plugin's own configuration, the operator's table `[plugin.NAME.config]`, with the manifest's defaults filled in.
///
/// ```
/// #[derive(serde::Deserialize, Default)]
/// #[serde(rename_all = "kebab-case", default)]
/// struct Config {
///     team_size: u32,
/// }
///
/// let config: Config = moa_plugin::system::config()?;
/// # Ok::<(), moa_plugin::system::ConfigError>(())
/// ```
///
/// # Errors
/// If the table does not fit `T`, which happens where `T` and the manifest's `config` disagree.
pub fn config<T: DeserializeOwned>() -> Result<T, ConfigError> {
    Ok(serde_json::from_str(&host::system::config())?)
}

/// The configuration does not fit the type that was asked for.
///
/// ```
/// # use moa_plugin::{system, testing::Host};
/// let host = Host::new().config(serde_json::json!([1, 2]));
/// assert!(host.with(|_| system::config::<u8>()).is_err());
/// ```
#[derive(Debug, thiserror::Error)]
#[error("the plugin's configuration does not fit; compare its type with `config` in `plugin!`: {0}")]
pub struct ConfigError(#[from] serde_json::Error);

impl ConfigError {
    /// What is wrong, alone.
    pub(crate) fn reason(&self) -> &serde_json::Error {
        &self.0
    }
}

/// The present instant, RFC 3339 in UTC, to the millisecond. Never goes back within a call.
///
/// ```
/// # use moa_plugin::{prelude::*, testing::Host};
/// let host = Host::new().now("2026-11-20T12:00:00+09:00");
/// assert_eq!(host.with(|_| system::now()), "2026-11-20T03:00:00.000Z");
/// ```
pub fn now() -> String {
    host::system::now()
}

/// An instant on the clock of a time zone, with the zone named: `2026-11-21T09:50:00+09:00[Asia/Seoul]`.
///
/// ```
/// # use moa_plugin::{system, testing::Host};
/// let local = Host::new().with(|_| system::local("2026-11-21T00:50:00Z", "Asia/Seoul"))?;
/// assert_eq!(local, "2026-11-21T09:50:00+09:00[Asia/Seoul]");
/// # Ok::<(), moa_plugin::HostError>(())
/// ```
///
/// # Errors
/// [`HostError::Invalid`] with a sentence that says which of the two is malformed.
pub fn local(instant: &str, timezone: &str) -> Result<String, HostError> {
    host::system::local(instant, timezone).map_err(HostError::Invalid)
}

/// So many bytes that nobody can foretell.
///
/// ```
/// assert_eq!(moa_plugin::system::random(16).len(), 16);
/// ```
pub fn random(len: usize) -> Vec<u8> {
    /// As much as the host gives at once.
    const MOST: u32 = 65_536;
    let mut bytes = Vec::with_capacity(len);
    while bytes.len() < len {
        let missing = u32::try_from(len - bytes.len()).unwrap_or(MOST);
        bytes.append(&mut host::system::random(missing.min(MOST)));
    }
    bytes
}

/// A number from 0 up to but not including `end`, each as likely as any other; 0 if `end` is 0.
///
/// ```
/// assert!(moa_plugin::system::random_below(6) < 6);
/// ```
pub fn random_below(end: u32) -> u32 {
    pick(end, || {
        // The host gives as many bytes as asked; should it ever give fewer, the rest counts as 0.
        let mut word = [0; 4];
        for (to, from) in word.iter_mut().zip(host::system::random(4)) {
            *to = from;
        }
        u32::from_le_bytes(word)
    })
}

/// Brings items into a random order, each order as likely as any other.
///
/// ```
/// let mut names = ["로지", "샐리", "앨리"];
/// moa_plugin::system::shuffle(&mut names);
/// assert_eq!(names.len(), 3);
/// ```
pub fn shuffle<T>(items: &mut [T]) {
    let mut rest = items;
    while let Ok(len) = u32::try_from(rest.len())
        && len > 1
    {
        rest.swap(0, random_below(len) as usize);
        rest = match rest {
            [_, tail @ ..] => tail,
            [] => return,
        };
    }
}

/// Takes words until one is in the largest whole multiple of `end`, so that none is favoured.
fn pick(end: u32, mut word: impl FnMut() -> u32) -> u32 {
    if end == 0 {
        return 0;
    }
    let spare = (u32::MAX % end + 1) % end;
    loop {
        let word = word();
        if word <= u32::MAX - spare {
            return word % end;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_number_is_favoured() {
        // 2^32 = 3 * 1431655765 + 1: the last word is taken again.
        let mut words = [u32::MAX, 7].into_iter();
        assert_eq!(pick(3, || words.next().unwrap()), 1);
        let mut words = [u32::MAX].into_iter();
        assert_eq!(pick(4, || words.next().unwrap()), 3);
        assert_eq!(pick(0, || unreachable!()), 0);
        assert_eq!(pick(1, || 9), 0);
    }

    #[test]
    fn shuffling_loses_nothing() {
        let mut items: Vec<u32> = (0..100).collect();
        shuffle(&mut items);
        let mut sorted = items.clone();
        sorted.sort_unstable();
        assert!(sorted.into_iter().eq(0..100));
        shuffle::<u8>(&mut []);
    }

    #[test]
    fn more_bytes_than_the_host_gives_at_once() {
        assert_eq!(random(70_000).len(), 70_000);
        assert!(random(0).is_empty());
    }
}
