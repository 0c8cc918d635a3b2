//! What a command may return.

use crate::bindings::moa::plugin::types::{Card, Content};
use crate::error::Error;

/// What a command may return: `()` or `None` says nothing, text and [`Content`] are sent to where the command was, and
/// each of them may stand in a `Result`.
///
/// ```
/// use moa_plugin::{Content, IntoReply};
///
/// assert_eq!("soup".into_reply()?, Some(Content::text("soup")));
/// assert_eq!(None::<String>.into_reply()?, None);
/// # Ok::<(), moa_plugin::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "a command can't return `{Self}`",
    label = "not something that can be said",
    note = "return `()`, `String`, `&'static str`, `Content`, an `Option` of one of these, or a `Result` of any of them"
)]
pub trait IntoReply {
    /// The message to send, nothing, or the failure.
    ///
    /// # Errors
    /// Whatever the command failed with.
    fn into_reply(self) -> Result<Option<Content>, Error>;
}

impl IntoReply for () {
    fn into_reply(self) -> Result<Option<Content>, Error> {
        Ok(None)
    }
}

impl IntoReply for String {
    fn into_reply(self) -> Result<Option<Content>, Error> {
        Ok(Some(self.into()))
    }
}

impl IntoReply for &'static str {
    fn into_reply(self) -> Result<Option<Content>, Error> {
        Ok(Some(self.into()))
    }
}

impl IntoReply for Content {
    fn into_reply(self) -> Result<Option<Content>, Error> {
        Ok(Some(self))
    }
}

impl IntoReply for Card {
    fn into_reply(self) -> Result<Option<Content>, Error> {
        Ok(Some(self.into()))
    }
}

impl<T: Into<Content>> IntoReply for Option<T> {
    fn into_reply(self) -> Result<Option<Content>, Error> {
        Ok(self.map(Into::into))
    }
}

impl<T: IntoReply, E: Into<Error>> IntoReply for Result<T, E> {
    fn into_reply(self) -> Result<Option<Content>, Error> {
        self.map_err(Into::into)?.into_reply()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_say_it() {
        let said = Ok(Some(Content::text("hi")));
        assert_eq!("hi".into_reply(), said);
        assert_eq!(String::from("hi").into_reply(), said);
        assert_eq!(Content::text("hi").into_reply(), said);
        assert_eq!(Some("hi").into_reply(), said);
        assert_eq!(Ok::<_, Error>(Some("hi")).into_reply(), said);
        assert_eq!(().into_reply(), Ok(None));
        assert_eq!(None::<String>.into_reply(), Ok(None));
        assert_eq!(Err::<(), _>(Error::usage("no")).into_reply(), Err(Error::usage("no")));
        let parsed: Result<&'static str, std::num::ParseIntError> = "x".parse::<u8>().map(|_| "ok");
        assert_eq!(
            parsed.into_reply(),
            Err(Error::internal("invalid digit found in string"))
        );
    }
}
