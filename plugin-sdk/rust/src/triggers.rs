//! Patterns taught at run time, beside those of `#[hear("…")]`.
//!
//! They are durable, and the host matches them: no plugin has to look at every message. What matches arrives at the
//! plugin's `#[hear]` function without a pattern. A plugin may have 1,000; a change counts for messages that arrive
//! after it. Of a message the first 8 KiB are looked at.
//!
//! ```
//! use moa_plugin::prelude::*;
//! use moa_plugin::testing::Host;
//! use triggers::{Pattern, Scopes};
//!
//! /// Keeps an address for a word.
//! #[command]
//! fn link(ctx: &Context, word: String, #[rest] address: String) -> Result<&'static str> {
//!     ctx.brain().set_text(&word, &address)?;
//!     triggers::hear(&word, &Pattern::keyword(&word), Scopes::all(), None)?;
//!     Ok("👍")
//! }
//!
//! #[hear]
//! fn taught(ctx: &Context) -> Result<Option<String>> {
//!     Ok(ctx.brain().get_text(ctx.pattern())?)
//! }
//!
//! plugin!(link, taught);
//!
//! let host = Host::new();
//! host.run::<link>("가이드 https://example.com")?;
//! assert_eq!(host.hear::<taught>("가이드 어디 있어요?")?, ["https://example.com".into()]);
//! # Ok::<(), Error>(())
//! ```

mod scopes;
mod words;

pub use scopes::ScopeError;

use crate::HostError;
use crate::host::{self, triggers};

/// ```
/// use moa_plugin::triggers::Pattern;
///
/// assert_ne!(Pattern::keyword("lunch"), Pattern::regex("lunch"));
/// ```
pub use crate::bindings::moa::plugin::triggers::Pattern;

/// ```
/// use moa_plugin::triggers::Scopes;
///
/// let to_the_bot = Scopes::DIRECT | Scopes::DIRECT_MENTION;
/// assert!(Scopes::all().contains(to_the_bot) && !to_the_bot.contains(Scopes::AMBIENT));
/// ```
pub use crate::bindings::moa::plugin::triggers::Scopes;

impl Pattern {
    /// This text as a whole word or sequence of words, without regard to upper and lower case. 1 to 200 characters.
    ///
    /// ```
    /// use moa_plugin::triggers::Pattern;
    ///
    /// assert_eq!(Pattern::keyword("가이드"), Pattern::Keyword("가이드".into()));
    /// ```
    pub fn keyword(text: impl Into<String>) -> Self {
        Self::Keyword(text.into())
    }

    /// A regular expression in the syntax of Rust's `regex`, without regard to upper and lower case, at most 10 kB.
    ///
    /// ```
    /// use moa_plugin::triggers::Pattern;
    ///
    /// assert_eq!(Pattern::regex("[0-9]+"), Pattern::Regex("[0-9]+".into()));
    /// ```
    pub fn regex(pattern: impl Into<String>) -> Self {
        Self::Regex(pattern.into())
    }
}

/// Teaches a pattern under an id, replacing the one that had it. `conversation` limits it to one, by id; `None` is all
/// that the bot is in.
///
/// ```
/// # use moa_plugin::{testing::Host, triggers::{self, Pattern, Scopes}};
/// # Host::new().with(|_| {
/// triggers::hear("lunch", &Pattern::regex("점심|lunch"), Scopes::AMBIENT | Scopes::DIRECT, None)?;
/// # Ok::<(), moa_plugin::HostError>(())
/// # })?;
/// # Ok::<(), moa_plugin::HostError>(())
/// ```
///
/// # Errors
/// [`HostError::Invalid`] for a malformed pattern, an empty id, that of a `#[hear("…")]` function or no scope at all,
/// [`HostError::OverLimit`] for one more than 1,000.
pub fn hear(id: &str, what: &Pattern, scopes: Scopes, conversation: Option<&str>) -> Result<(), HostError> {
    host::ask(|| triggers::hear(id, what, scopes, conversation))
}

/// Unlearns a pattern. Whether there was one of this id. Patterns of the manifest stay.
///
/// ```
/// # use moa_plugin::{testing::Host, triggers};
/// # Host::new().with(|_| {
/// assert_eq!(triggers::forget("lunch")?, false);
/// # Ok::<(), moa_plugin::HostError>(())
/// # })?;
/// # Ok::<(), moa_plugin::HostError>(())
/// ```
///
/// # Errors
/// [`HostError::Unavailable`] if the host's store cannot be reached.
pub fn forget(id: &str) -> Result<bool, HostError> {
    host::ask(|| triggers::forget(id))
}
