//! What may follow a press.

use crate::bindings::exports::moa::plugin::actions;
use crate::bindings::moa::plugin::types::{Card, Content};
use crate::{Error, Form};

/// What follows a press, where one function may answer in several ways. For one way the shorter types are enough, see
/// [`IntoPressReply`].
///
/// ```
/// use moa_plugin::prelude::*;
///
/// #[action("order")]
/// fn order(ctx: &Context, press: &Press) -> Result<PressReply> {
///     Ok(match press.value() {
///         "" => PressReply::Done,
///         "soup" => PressReply::update("*soup* is ordered"),
///         "other" => PressReply::view(&Form::new("other", "Something else").text("dish", "Dish")),
///         dish => PressReply::say(format!("there is no {}", text::plain(dish))),
///     })
/// }
/// # plugin!(order);
/// ```
pub use actions::Reply as PressReply;

impl PressReply {
    /// A new message, where the press was.
    ///
    /// ```
    /// use moa_plugin::{Content, PressReply};
    ///
    /// assert_eq!(PressReply::say("soup"), PressReply::Say(Content::text("soup")));
    /// ```
    pub fn say(content: impl Into<Content>) -> Self {
        Self::Say(content.into())
    }

    /// New content for the message that carried the press: text, cards and actions are all replaced. Without such a
    /// message it is the same as [`say`](Self::say).
    ///
    /// ```
    /// use moa_plugin::{Content, PressReply};
    ///
    /// assert_eq!(PressReply::update("soup"), PressReply::Update(Content::text("soup")));
    /// ```
    pub fn update(content: impl Into<Content>) -> Self {
        Self::Update(content.into())
    }

    /// A form: another one in the place of the one that was submitted, otherwise opened before the person.
    ///
    /// ```
    /// use moa_plugin::{Form, PressReply};
    ///
    /// let form = Form::new("order", "Order").text("dish", "Dish");
    /// assert_eq!(PressReply::view(&form), PressReply::View(form.to_json()));
    /// ```
    pub fn view(form: &Form) -> Self {
        Self::View(form.to_json())
    }
}

/// New content for the message that carried the press: text, cards and actions are all replaced.
///
/// ```
/// use moa_plugin::prelude::*;
///
/// /// The buttons are gone afterwards, so that nobody confirms twice.
/// #[action("confirm")]
/// fn confirm(press: &Press) -> Update {
///     Update(format!("confirmed by {}", text::plain(&press.who().display_name)).into())
/// }
/// # plugin!(confirm);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Update(pub Content);

/// What is wrong with the fields of a form, by their names: the form stays open and shows it. As the error of a `Result`
/// it goes by `?`.
///
/// ```
/// use moa_plugin::prelude::*;
///
/// #[submit("order")]
/// fn order(press: &Press) -> Result<String> {
///     let bowls: u8 = press.field_as("bowls")?;
///     if !(1..=20).contains(&bowls) {
///         return Err(FieldErrors::of("bowls", "from 1 to 20").into());
///     }
///     Ok(format!("{bowls} bowls"))
/// }
/// # plugin!(order);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldErrors(Vec<(String, String)>);

impl FieldErrors {
    /// Nothing is wrong yet.
    ///
    /// ```
    /// assert!(moa_plugin::FieldErrors::new().is_empty());
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// One field, and what is wrong with it.
    ///
    /// ```
    /// assert!(!moa_plugin::FieldErrors::of("bowls", "from 1 to 20").is_empty());
    /// ```
    pub fn of(field: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new().and(field, text)
    }

    /// Another field.
    ///
    /// ```
    /// # use moa_plugin::{FieldErrors, IntoPressReply, PressReply};
    /// let wrong = FieldErrors::of("dish", "not today").and("bowls", "from 1 to 20");
    /// assert!(matches!(wrong.into_press_reply()?, PressReply::Errors(fields) if fields.len() == 2));
    /// # Ok::<(), moa_plugin::Error>(())
    /// ```
    pub fn and(mut self, field: impl Into<String>, text: impl Into<String>) -> Self {
        self.0.push((field.into(), text.into()));
        self
    }

    /// Whether nothing is wrong.
    ///
    /// ```
    /// # use moa_plugin::FieldErrors;
    /// let mut wrong = FieldErrors::new();
    /// if 0 < 1 {
    ///     wrong = wrong.and("bowls", "at least one");
    /// }
    /// assert!(!wrong.is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<FieldErrors> for Error {
    fn from(errors: FieldErrors) -> Self {
        Self::fields(errors.0)
    }
}

/// What a function for presses may return:
///
/// | type | what follows |
/// |---|---|
/// | `()`, `None` | nothing to be seen; a form closes |
/// | `String`, `&'static str`, [`Content`], [`Card`] | a new message, where the press was |
/// | [`Update`] | new content for the message that carried the press |
/// | [`FieldErrors`] | the form stays open and shows them |
/// | [`Form`] | opens; a submitted form is replaced |
/// | [`PressReply`] | any of these |
///
/// Each of them may stand in an `Option` or a `Result`.
///
/// ```
/// use moa_plugin::{IntoPressReply, PressReply};
///
/// assert_eq!("soup".into_press_reply()?, PressReply::say("soup"));
/// assert_eq!(().into_press_reply()?, PressReply::Done);
/// # Ok::<(), moa_plugin::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "a press can't be answered with `{Self}`",
    label = "not something that can follow a press",
    note = "return `()`, `String`, `&'static str`, `Content`, `Update`, `FieldErrors`, `Form`, `PressReply`, or an \
            `Option` or `Result` of one of these"
)]
pub trait IntoPressReply {
    /// What follows, or the failure.
    ///
    /// # Errors
    /// Whatever the function failed with.
    fn into_press_reply(self) -> Result<PressReply, Error>;
}

impl IntoPressReply for () {
    fn into_press_reply(self) -> Result<PressReply, Error> {
        Ok(PressReply::Done)
    }
}

impl IntoPressReply for String {
    fn into_press_reply(self) -> Result<PressReply, Error> {
        Ok(PressReply::say(self))
    }
}

impl IntoPressReply for &'static str {
    fn into_press_reply(self) -> Result<PressReply, Error> {
        Ok(PressReply::say(self))
    }
}

impl IntoPressReply for Content {
    fn into_press_reply(self) -> Result<PressReply, Error> {
        Ok(PressReply::Say(self))
    }
}

impl IntoPressReply for Card {
    fn into_press_reply(self) -> Result<PressReply, Error> {
        Ok(PressReply::say(self))
    }
}

impl IntoPressReply for Update {
    fn into_press_reply(self) -> Result<PressReply, Error> {
        Ok(PressReply::Update(self.0))
    }
}

impl IntoPressReply for FieldErrors {
    /// Without any error the form closes.
    fn into_press_reply(self) -> Result<PressReply, Error> {
        Ok(match self.is_empty() {
            true => PressReply::Done,
            false => PressReply::Errors(self.0),
        })
    }
}

impl IntoPressReply for Form {
    fn into_press_reply(self) -> Result<PressReply, Error> {
        Ok(PressReply::view(&self))
    }
}

impl IntoPressReply for PressReply {
    fn into_press_reply(self) -> Result<PressReply, Error> {
        Ok(self)
    }
}

impl<T: IntoPressReply> IntoPressReply for Option<T> {
    fn into_press_reply(self) -> Result<PressReply, Error> {
        self.map_or(Ok(PressReply::Done), T::into_press_reply)
    }
}

impl<T: IntoPressReply, E: Into<Error>> IntoPressReply for Result<T, E> {
    fn into_press_reply(self) -> Result<PressReply, Error> {
        match self {
            Ok(said) => said.into_press_reply(),
            Err(error) => error.into().into_field_errors(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_answer_a_press() {
        let said = Ok(PressReply::say("hi"));
        assert_eq!("hi".into_press_reply(), said);
        assert_eq!(String::from("hi").into_press_reply(), said);
        assert_eq!(Content::text("hi").into_press_reply(), said);
        assert_eq!(Some("hi").into_press_reply(), said);
        assert_eq!(Ok::<_, Error>("hi").into_press_reply(), said);
        assert_eq!(PressReply::say("hi").into_press_reply(), said);
        assert_eq!(None::<&str>.into_press_reply(), Ok(PressReply::Done));
        assert_eq!(FieldErrors::new().into_press_reply(), Ok(PressReply::Done));
        assert_eq!(Update("hi".into()).into_press_reply(), Ok(PressReply::update("hi")));
        assert_eq!(
            Err::<(), _>(Error::usage("no")).into_press_reply(),
            Err(Error::usage("no"))
        );
    }

    #[test]
    fn errors_of_fields_pass_through_a_question_mark() {
        fn checked() -> Result<&'static str, Error> {
            Err(FieldErrors::of("size", "too small"))?;
            Ok("fits")
        }
        let expected = PressReply::Errors(vec![("size".into(), "too small".into())]);
        assert_eq!(checked().into_press_reply(), Ok(expected.clone()));
        let direct: Result<(), _> = Err(FieldErrors::of("size", "too small"));
        assert_eq!(direct.into_press_reply(), Ok(expected));
        // Where no form can show them, the person is told.
        assert_eq!(checked().unwrap_err().to_string(), "size: too small");
    }
}
