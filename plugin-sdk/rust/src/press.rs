//! Presses: what somebody did with a button, a menu, a form, a shortcut or a question.

mod reply;

pub use reply::{FieldErrors, IntoPressReply, PressReply, Update};

use crate::bindings::exports::moa::plugin::actions;
use crate::bindings::moa::plugin::types::{MessageRef, Place, User};
use crate::{Context, Error, Form, HostError, chat};
use std::str::FromStr;

/// ```
/// use moa_plugin::prelude::*;
/// use moa_plugin::PressKind;
///
/// /// Buttons and menus of the same id can be told apart.
/// #[action("dish")]
/// fn dish(press: &Press) -> String {
///     let how = if press.kind() == PressKind::Select { "chosen" } else { "pressed" };
///     format!("{how}: {}", press.value())
/// }
/// # plugin!(dish);
/// ```
pub use actions::Kind as PressKind;

/// What somebody pressed, chose, submitted or used. Take it as a parameter of a function with [`#[action]`](crate::action),
/// [`#[submit]`](crate::submit), [`#[shortcut]`](crate::shortcut) or [`#[answer]`](crate::answer).
///
/// Anybody who sees a button can press it: check [`who`](Self::who), if it matters.
///
/// ```
/// use moa_plugin::prelude::*;
/// use moa_plugin::testing::Host;
///
/// /// Asks.
/// #[command]
/// fn lunch() -> Content {
///     Content::text("soup?").button(Button::new("soup", "Yes").value("2"))
/// }
///
/// #[action("soup")]
/// fn soup(press: &Press) -> String {
///     format!("{} bowls for {}", press.value(), text::plain(&press.who().display_name))
/// }
///
/// plugin!(lunch, soup);
///
/// let host = Host::new().speaker("로지");
/// host.run::<lunch>("")?;
/// host.press::<soup>("Yes")?;
/// assert_eq!(host.texts(), ["soup?", "2 bowls for 로지"]);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Press {
    context: Context,
    kind: PressKind,
    id: String,
    /// What the handler does not name of the id.
    rest: String,
    value: String,
    state: Vec<(String, String)>,
    on: Option<MessageRef>,
    trigger: Option<String>,
}

impl Press {
    pub(crate) fn of(press: actions::Press, rest: String) -> Self {
        Self {
            kind: press.kind,
            id: press.id.clone(),
            rest,
            value: press.value.clone(),
            on: press.on.clone(),
            trigger: press.trigger.clone(),
            state: press.state.clone(),
            context: Context::of_press(press),
        }
    }

    /// What it was.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host, PressKind};
    /// # #[command]
    /// # fn ask() -> Content { Content::text("?").button(Button::new("yes", "Yes")) }
    /// # #[action("yes")]
    /// # fn yes(press: &Press) {
    /// assert_eq!(press.kind(), PressKind::Button);
    /// # }
    /// # let host = Host::new();
    /// # host.run::<ask>("")?;
    /// # host.press::<yes>("Yes")?;
    /// # Ok::<(), Error>(())
    /// ```
    pub fn kind(&self) -> PressKind {
        self.kind
    }

    /// The id of the button, menu, form, shortcut or question, whole.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// # #[command]
    /// # fn ask() -> Content { Content::text("?").button(Button::new("yes:7", "Yes")) }
    /// # #[action("yes:*")]
    /// # fn yes(press: &Press) {
    /// assert_eq!(press.id(), "yes:7");
    /// # }
    /// # let host = Host::new();
    /// # host.run::<ask>("")?;
    /// # host.press::<yes>("Yes")?;
    /// # Ok::<(), Error>(())
    /// ```
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What of the id the `*` of the handler stands for, which the handler may take as a parameter as well.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// # #[command]
    /// # fn ask() -> Content { Content::text("?").button(Button::new("yes:7", "Yes")) }
    /// # #[action("yes:*")]
    /// # fn yes(press: &Press) {
    /// assert_eq!(press.rest(), "7");
    /// # }
    /// # let host = Host::new();
    /// # host.run::<ask>("")?;
    /// # host.press::<yes>("Yes")?;
    /// # Ok::<(), Error>(())
    /// ```
    pub fn rest(&self) -> &str {
        &self.rest
    }

    /// The value of the button or of the choice; of a form, its [data](Form::data). Empty where there is none.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// # #[command]
    /// # fn ask() -> Content { Content::text("?").menu("dish", "a dish", [("Soup", "1"), ("Rice", "2")]) }
    /// # #[action("dish")]
    /// # fn dish(press: &Press) {
    /// assert_eq!(press.value(), "2");
    /// # }
    /// # let host = Host::new();
    /// # host.run::<ask>("")?;
    /// # host.press::<dish>("Rice")?;
    /// # Ok::<(), Error>(())
    /// ```
    pub fn value(&self) -> &str {
        &self.value
    }

    /// The form's fields, or the other menus of the message: name and value, in the order in which they stand.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// # #[action("open")]
    /// # fn open() -> Form { Form::new("order", "Order").text("dish", "Dish") }
    /// # #[command]
    /// # fn ask() -> Content { Content::text("?").button(Button::new("open", "Order")) }
    /// # #[submit("order")]
    /// # fn order(press: &Press) {
    /// assert_eq!(press.state(), [("dish".into(), "soup".into())]);
    /// # }
    /// # let host = Host::new();
    /// # host.run::<ask>("")?;
    /// # host.press::<open>("Order")?;
    /// # host.submit::<order>(&[("dish", "soup")])?;
    /// # Ok::<(), Error>(())
    /// ```
    pub fn state(&self) -> &[(String, String)] {
        &self.state
    }

    /// The value of a field, by its name. Empty where nothing was given, or there is no such field.
    ///
    /// Several values are joined by `,`; dates are `YYYY-MM-DD`, times `HH:MM`, people and conversations their ids. Of a
    /// shortcut on a message, `text` is what it says and `author` who wrote it.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// # #[action("open")]
    /// # fn open() -> Form { Form::new("order", "Order").text("dish", "Dish").text("note", "Note").optional() }
    /// # #[command]
    /// # fn ask() -> Content { Content::text("?").button(Button::new("open", "Order")) }
    /// # #[submit("order")]
    /// # fn order(press: &Press) {
    /// assert_eq!((press.field("dish"), press.field("note")), ("soup", ""));
    /// # }
    /// # let host = Host::new();
    /// # host.run::<ask>("")?;
    /// # host.press::<open>("Order")?;
    /// # host.submit::<order>(&[("dish", "soup")])?;
    /// # Ok::<(), Error>(())
    /// ```
    pub fn field(&self, name: &str) -> &str {
        let mut fields = self.state.iter();
        fields.find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// The value of a field as a number, a [`Date`](crate::time::Date), or whatever else it may be. What does not fit is
    /// told at the field, in the person's language, and the form stays open.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host, PressReply};
    /// # #[action("open")]
    /// # fn open() -> Form { Form::new("order", "Order").number("bowls", "Bowls") }
    /// # #[command]
    /// # fn ask() -> Content { Content::text("?").button(Button::new("open", "Order")) }
    /// #[submit("order")]
    /// fn order(press: &Press) -> Result<String> {
    ///     let bowls: u8 = press.field_as("bowls")?;
    ///     Ok(format!("{bowls} bowls"))
    /// }
    /// # let host = Host::new();
    /// # host.run::<ask>("")?;
    /// # host.press::<open>("Order")?;
    /// let wrong = host.submit::<order>(&[("bowls", "many")])?;
    /// assert_eq!(wrong, PressReply::Errors(vec![("bowls".into(), "This does not fit.".into())]));
    /// assert_eq!(host.submit::<order>(&[("bowls", "2")])?, PressReply::say("2 bowls"));
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// If nothing was given, or it does not fit.
    pub fn field_as<T: FromStr>(&self, name: &str) -> Result<T, FieldErrors> {
        let value = self.field(name).trim();
        value.parse().map_err(|_| self.misfit(name, value.is_empty()))
    }

    /// The same, for a field that may be left empty.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// # #[action("open")]
    /// # fn open() -> Form { Form::new("order", "Order").date("day", "Day").optional() }
    /// # #[command]
    /// # fn ask() -> Content { Content::text("?").button(Button::new("open", "Order")) }
    /// # #[submit("order")]
    /// # fn order(press: &Press) -> Result<()> {
    /// let day: Option<Date> = press.optional_as("day")?;
    /// assert_eq!(day, None);
    /// # Ok(())
    /// # }
    /// # let host = Host::new();
    /// # host.run::<ask>("")?;
    /// # host.press::<open>("Order")?;
    /// # host.submit::<order>(&[])?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// If what was given does not fit.
    pub fn optional_as<T: FromStr>(&self, name: &str) -> Result<Option<T>, FieldErrors> {
        if self.field(name).trim().is_empty() {
            return Ok(None);
        }
        self.field_as(name).map(Some)
    }

    /// The values of a field that has several: checked boxes, chosen people.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// # #[action("open")]
    /// # fn open() -> Form {
    /// #     Form::new("order", "Order").checkboxes("with", "With", [("Rice", "rice"), ("Egg", "egg"), ("Nori", "nori")])
    /// # }
    /// # #[command]
    /// # fn ask() -> Content { Content::text("?").button(Button::new("open", "Order")) }
    /// # #[submit("order")]
    /// # fn order(press: &Press) {
    /// assert!(press.values("with").eq(["rice", "egg"]));
    /// # }
    /// # let host = Host::new();
    /// # host.run::<ask>("")?;
    /// # host.press::<open>("Order")?;
    /// # host.submit::<order>(&[("with", "rice,egg")])?;
    /// # Ok::<(), Error>(())
    /// ```
    pub fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        self.field(name).split(',').filter(|value| !value.is_empty())
    }

    /// Who did it, or was asked.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// # #[command]
    /// # fn ask() -> Content { Content::text("?").button(Button::new("yes", "Yes")) }
    /// # #[action("yes")]
    /// # fn yes(press: &Press) {
    /// assert_eq!(press.who().name, "tester");
    /// # }
    /// # let host = Host::new();
    /// # host.run::<ask>("")?;
    /// # host.press::<yes>("Yes")?;
    /// # Ok::<(), Error>(())
    /// ```
    pub fn who(&self) -> &User {
        self.context.who()
    }

    /// Where it was done.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// # #[command]
    /// # fn ask() -> Content { Content::text("?").button(Button::new("yes", "Yes")) }
    /// # #[action("yes")]
    /// # fn yes(press: &Press) {
    /// assert_eq!(press.on().map(|message| &message.place), Some(press.place()));
    /// # }
    /// # let host = Host::new();
    /// # host.run::<ask>("")?;
    /// # host.press::<yes>("Yes")?;
    /// # Ok::<(), Error>(())
    /// ```
    pub fn place(&self) -> &Place {
        self.context.place()
    }

    /// The message that carried it; `None` if there is none.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// # #[command]
    /// # fn ask() -> Content { Content::text("?").button(Button::new("yes", "Yes")) }
    /// # #[action("yes")]
    /// # fn yes(press: &Press) -> Result<()> {
    /// if let Some(message) = press.on() {
    ///     chat::edit(message, "answered")?;
    /// }
    /// # Ok(())
    /// # }
    /// # let host = Host::new();
    /// # host.run::<ask>("")?;
    /// # host.press::<yes>("Yes")?;
    /// # assert_eq!(host.texts(), ["answered"]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn on(&self) -> Option<&MessageRef> {
        self.on.as_ref()
    }

    /// What opens a form, good for about three seconds and once; `None` where no form can be opened.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// # #[command]
    /// # fn ask() -> Content { Content::text("?").button(Button::new("yes", "Yes")) }
    /// # #[action("yes")]
    /// # fn yes(press: &Press) {
    /// assert!(press.trigger().is_some());
    /// # }
    /// # let host = Host::new();
    /// # host.run::<ask>("")?;
    /// # host.press::<yes>("Yes")?;
    /// # Ok::<(), Error>(())
    /// ```
    pub fn trigger(&self) -> Option<&str> {
        self.trigger.as_deref()
    }

    /// Opens a form before the person, at once. To open it as the last thing, return the form instead.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// # #[command]
    /// # fn ask() -> Content { Content::text("?").button(Button::new("order", "Order")) }
    /// #[action("order")]
    /// fn order(press: &Press) -> Result<()> {
    ///     press.open(&Form::new("order", "Order").text("dish", "Dish"))?;
    ///     // A form waits for three seconds at most; this has time.
    ///     log::info("somebody orders");
    ///     Ok(())
    /// }
    /// # let host = Host::new();
    /// # host.run::<ask>("")?;
    /// # host.press::<order>("Order")?;
    /// # assert!(host.form().is_some());
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`HostError::NotFound`] where no form can be opened, or it is too late.
    pub fn open(&self, form: &Form) -> Result<(), HostError> {
        match &self.trigger {
            Some(trigger) => chat::open_modal(trigger, form),
            None => Err(HostError::NotFound("this press can open no form".into())),
        }
    }

    /// What every call is told about itself, which a handler may take as a parameter as well.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// # #[command]
    /// # fn ask() -> Content { Content::text("?").button(Button::new("yes", "Yes")) }
    /// # #[action("yes")]
    /// # fn yes(press: &Press) {
    /// assert_eq!(press.context().language(), "en");
    /// # }
    /// # let host = Host::new();
    /// # host.run::<ask>("")?;
    /// # host.press::<yes>("Yes")?;
    /// # Ok::<(), Error>(())
    /// ```
    pub fn context(&self) -> &Context {
        &self.context
    }

    fn misfit(&self, name: &str, is_empty: bool) -> FieldErrors {
        let text = match (self.context.language(), is_empty) {
            ("ko", true) => "이 칸을 채워 주세요.",
            ("ko", false) => "여기에 맞지 않는 값이에요.",
            (_, true) => "Please fill this in.",
            (_, false) => "This does not fit.",
        };
        FieldErrors::of(name, text)
    }
}

/// How a question of [`chat::ask`] ended. Take it as a parameter of a function with [`#[answer]`](crate::answer).
///
/// ```
/// use moa_plugin::prelude::*;
/// use moa_plugin::testing::Host;
///
/// /// Asks the person who gave the command.
/// #[command]
/// fn lunch(ctx: &Context) -> Result<()> {
///     let question = Content::text("soup?").button(Button::new("yes", "Yes").value("soup"));
///     chat::ask(ctx.place(), &ctx.who().id, "soup", question, Duration::from_secs(600))?;
///     Ok(())
/// }
///
/// #[answer("soup")]
/// fn soup(answer: Answer) -> Update {
///     match answer {
///         Answer::Given { value } => Update(format!("{value} it is").into()),
///         Answer::TimedOut => Update("no lunch".into()),
///     }
/// }
///
/// plugin!(lunch, soup);
///
/// let host = Host::new();
/// host.run::<lunch>("")?;
/// host.press::<soup>("Yes")?;
/// host.run::<lunch>("")?;
/// host.time_out::<soup>()?;
/// assert_eq!(host.texts(), ["soup it is", "no lunch"]);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The person pressed or chose.
    Given {
        /// The button's value, its id where it has no value, or the value of the choice.
        value: String,
    },
    /// The person did not, in time.
    TimedOut,
}

/// Reads the rest of an id as the handler's parameter.
pub fn rest_of<T: FromStr>(press: &Press) -> Result<T, Error> {
    let rest = press.rest();
    rest.parse()
        .map_err(|_| Error::internal(format!("`{rest}` of the id `{}` does not fit its handler", press.id())))
}

/// How the question ended, for the handler's parameter.
pub fn answer_of(press: &Press) -> Answer {
    match press.kind() {
        PressKind::Timeout => Answer::TimedOut,
        _ => Answer::Given {
            value: press.value().into(),
        },
    }
}
