//! What can go wrong, and who is told.

use crate::PressReply;
use crate::bindings::moa::plugin::types;
use std::fmt;

/// The result of a command: `Result<String>` is one that may fail with [`Error`].
///
/// ```
/// use moa_plugin::prelude::*;
///
/// /// Adds two numbers.
/// #[command]
/// fn add(a: i32, b: i32) -> Result<String> {
///     let sum = a.checked_add(b).ok_or_else(|| Error::usage("That is too much."))?;
///     Ok(sum.to_string())
/// }
/// ```
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a command failed, and with that who is told what.
///
/// Everything that implements [`std::error::Error`] becomes an [internal](Error::internal) one by `?`.
///
/// ```
/// use moa_plugin::prelude::*;
///
/// fn team_size(text: &str) -> Result<u32> {
///     let size: u32 = text.trim().parse()?; // internal: the operator sees why
///     if size == 0 {
///         return Err(Error::usage("a team has at least one member"));
///     }
///     Ok(size)
/// }
/// assert_eq!(team_size("x").unwrap_err().to_string(), "invalid digit found in string");
/// ```
// It does not implement `std::error::Error`: that would collide with the conversion from everything that does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(Kind);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Usage(String),
    Rejected(String),
    Retry(u32),
    Internal(String),
    /// Name and text; of a form. Anywhere else the person is told.
    Fields(Vec<(String, String)>),
}

impl Error {
    pub(crate) fn fields(fields: Vec<(String, String)>) -> Self {
        Self(Kind::Fields(fields))
    }

    /// What the person is told who asked: the text of [`usage`](Self::usage) and [`rejected`](Self::rejected). `None` if the
    /// operator is told instead.
    ///
    /// ```
    /// use moa_plugin::Error;
    ///
    /// assert_eq!(Error::rejected("The kitchen is closed.").told(), Some("The kitchen is closed."));
    /// assert_eq!(Error::internal("the oven is on fire").told(), None);
    /// ```
    pub fn told(&self) -> Option<&str> {
        match &self.0 {
            Kind::Usage(text) | Kind::Rejected(text) => Some(text),
            Kind::Retry(_) | Kind::Internal(_) | Kind::Fields(_) => None,
        }
    }

    /// What a form shows at its fields is no failure of its handler.
    pub(crate) fn into_field_errors(self) -> Result<PressReply> {
        match self.0 {
            Kind::Fields(fields) => Ok(PressReply::Errors(fields)),
            other => Err(Self(other)),
        }
    }

    /// The command was used wrongly. The person is shown `text`, followed by the command's right form.
    ///
    /// ```
    /// let error = moa_plugin::Error::usage("a team has at least one member");
    /// assert_eq!(error.to_string(), "a team has at least one member");
    /// ```
    pub fn usage(text: impl Into<String>) -> Self {
        Self(Kind::Usage(text.into()))
    }

    /// The command was understood and is refused. The person is shown `text`.
    ///
    /// ```
    /// let error = moa_plugin::Error::rejected("all seats are taken");
    /// assert_eq!(error.to_string(), "all seats are taken");
    /// ```
    pub fn rejected(text: impl Into<String>) -> Self {
        Self(Kind::Rejected(text.into()))
    }

    /// To be tried again, as the same invocation, after `seconds`. The host gives up after a few attempts.
    ///
    /// ```
    /// let error = moa_plugin::Error::retry(30);
    /// assert_eq!(error.to_string(), "to be tried again in 30 s");
    /// ```
    pub fn retry(seconds: u32) -> Self {
        Self(Kind::Retry(seconds))
    }

    /// Something inside the plugin went wrong. The operator is shown `text`, the person the invocation's id.
    ///
    /// ```
    /// let error = moa_plugin::Error::internal("the menu has no Monday");
    /// assert_eq!(error.to_string(), "the menu has no Monday");
    /// ```
    pub fn internal(text: impl Into<String>) -> Self {
        Self(Kind::Internal(text.into()))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Usage(text) | Kind::Rejected(text) | Kind::Internal(text) => f.write_str(text),
            Kind::Retry(seconds) => write!(f, "to be tried again in {seconds} s"),
            Kind::Fields(fields) => {
                for (at, (name, text)) in fields.iter().enumerate() {
                    let gap = if at == 0 { "" } else { "\n" };
                    write!(f, "{gap}{name}: {text}")?;
                }
                Ok(())
            }
        }
    }
}

impl<E: std::error::Error> From<E> for Error {
    fn from(error: E) -> Self {
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            let cause_text = cause.to_string();
            // Many errors already end with their cause.
            if !text.ends_with(&cause_text) {
                text.push_str(": ");
                text.push_str(&cause_text);
            }
            source = cause.source();
        }
        Self::internal(text)
    }
}

impl From<Error> for types::Failure {
    fn from(error: Error) -> Self {
        match error.0 {
            Kind::Fields(_) => Self::Rejected(error.to_string()),
            Kind::Usage(text) => Self::Usage(text),
            Kind::Rejected(text) => Self::Rejected(text),
            Kind::Retry(seconds) => Self::Retry(seconds),
            Kind::Internal(text) => Self::Internal(text),
        }
    }
}

/// Refuses with a text for the person who asked, unless a condition holds: [`Error::rejected`] in one line. The text is
/// anything that becomes a `String`, or what `format!` takes.
///
/// ```
/// use moa_plugin::prelude::*;
///
/// /// Books seats.
/// #[command]
/// fn book(seats: u8) -> Result<String> {
///     ensure!(seats > 0, "Nobody is no guest.");
///     ensure!(seats <= 8, "There is no table for {seats}.");
///     Ok("Welcome!".into())
/// }
///
/// let error = moa_plugin::testing::Host::new().run::<book>("9").unwrap_err();
/// assert_eq!(error, Error::rejected("There is no table for 9."));
/// ```
#[macro_export]
macro_rules! ensure {
    ($condition:expr, $text:literal $($value:tt)*) => {
        if !$condition {
            return ::core::result::Result::Err($crate::Error::rejected(::std::format!($text $($value)*)));
        }
    };
    ($condition:expr, $text:expr $(,)?) => {
        if !$condition {
            return ::core::result::Result::Err($crate::Error::rejected($text));
        }
    };
}

/// Why the host did not do it. The texts are for the operator and may change: decide by the case.
///
/// ```
/// # use moa_plugin::{prelude::*, testing::Host};
/// # Host::new().with(|ctx| {
/// match chat::edit(ctx.message().address(), "mine now") {
///     Err(HostError::AccessDenied(_)) => {} // somebody else's
///     other => other?,
/// }
/// # Ok::<(), Error>(())
/// # })?;
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HostError {
    /// Not requested in the manifest, or not granted. The text carries the configuration line that would allow it.
    #[error("access denied: {0}")]
    AccessDenied(String),
    /// What the call names is not there.
    #[error("not found: {0}")]
    NotFound(String),
    /// The request makes no sense. Trying again is useless.
    #[error("invalid: {0}")]
    Invalid(String),
    /// Another writer was first. Read again and decide anew.
    #[error("conflict: {0}")]
    Conflict(String),
    /// Past a limit of size, number or rate.
    #[error("over a limit: {0}")]
    OverLimit(String),
    /// Not now; later may help.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// It may already have been done, by this attempt or an earlier one, and it is not safe to do twice.
    #[error("perhaps done already: {0}")]
    Uncertain(String),
    /// This host, or the chat service behind it, has no such thing.
    #[error("unsupported: {0}")]
    Unsupported(String),
}

impl From<types::Error> for HostError {
    fn from(error: types::Error) -> Self {
        match error {
            types::Error::AccessDenied(text) => Self::AccessDenied(text),
            types::Error::NotFound(text) => Self::NotFound(text),
            types::Error::Invalid(text) => Self::Invalid(text),
            types::Error::Conflict(text) => Self::Conflict(text),
            types::Error::OverLimit(text) => Self::OverLimit(text),
            types::Error::Unavailable(text) => Self::Unavailable(text),
            types::Error::Uncertain(text) => Self::Uncertain(text),
            types::Error::Unsupported(text) => Self::Unsupported(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("could not read the menu")]
    struct Menu(#[source] std::num::ParseIntError);

    #[test]
    fn causes_are_told_once() {
        let cause = "x".parse::<u8>().unwrap_err();
        let error = Error::from(Menu(cause.clone()));
        assert_eq!(
            error,
            Error::internal("could not read the menu: invalid digit found in string")
        );
        assert_eq!(Error::from(cause).to_string(), "invalid digit found in string");
    }
}
