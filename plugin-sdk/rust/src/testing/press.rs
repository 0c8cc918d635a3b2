//! What people do besides writing: pressing, filling in forms, using shortcuts; and other events.

use super::Host;
use super::state::{Question, Shown, State, Trigger};
use crate::bindings::exports::moa::plugin::actions::{Kind, Press, Reply};
use crate::bindings::moa::plugin::types::{Action, MessageRef, Place};
use crate::component::{self, EventFn, PressFn};
use crate::{Error, PressReply};
use serde_json::Value;

/// How long a trigger is good for, in milliseconds.
const TRIGGER: u64 = 3_000;

/// The form before the person.
///
/// ```
/// use moa_plugin::prelude::*;
/// use moa_plugin::testing::{Host, Opened};
///
/// #[shortcut("order", name = "Order lunch", on = anywhere)]
/// fn order() -> Form {
///     Form::new("order", "Order").text("dish", "Dish").number("bowls", "Bowls")
/// }
///
/// let host = Host::new();
/// host.shortcut::<order>()?;
/// let form: Opened = host.form().unwrap();
/// assert_eq!((form.id.as_str(), form.heading.as_str()), ("order", "Order"));
/// assert_eq!(form.fields, ["dish", "bowls"]);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Opened {
    /// Its id.
    pub id: String,
    /// Its heading.
    pub heading: String,
    /// The names of its fields, in their order.
    pub fields: Vec<String>,
    /// What it shows to be wrong: the field's name, and what.
    pub errors: Vec<(String, String)>,
    /// As the service got it.
    pub view: Value,
}

/// A field of a form.
struct Field {
    name: String,
    value: String,
    optional: bool,
}

impl Host {
    /// Presses the button, or makes the choice, with this label on the newest message that has it: whoever speaks, does.
    /// What the function answers happens: a message is sent or changed, a form opens.
    ///
    /// ```
    /// use moa_plugin::prelude::*;
    /// use moa_plugin::testing::Host;
    ///
    /// #[command]
    /// fn lunch() -> Content {
    ///     Content::text("?").button(Button::new("join:12", "at twelve"))
    /// }
    ///
    /// #[action("join:*")]
    /// fn join(ctx: &Context, hour: u8) -> String {
    ///     format!("{} at {hour}", ctx.who().name)
    /// }
    ///
    /// let host = Host::new().speaker("rosie");
    /// host.run::<lunch>("")?;
    /// assert_eq!(host.press::<join>("at twelve")?, PressReply::say("rosie at 12"));
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// What the function failed with; a [usage error](Error::usage) if there is no such label, a
    /// [rejection](Error::rejected) if the question is for somebody else, an [internal one](Error::internal) if the
    /// function is not for this button.
    pub fn press<P: PressFn>(&self, label: &str) -> Result<PressReply, Error> {
        let press = {
            let mut state = self.state.borrow_mut();
            let mut press = pressed(&mut state, label)?;
            let on = press.on.clone();
            let asked = state
                .questions
                .iter()
                .find(|question| Some(&question.message) == on.as_ref());
            if let Some(question) = asked.cloned() {
                if question.who != press.user.id {
                    return Err(Error::rejected("this question is for somebody else"));
                }
                let button = std::mem::replace(&mut press.id, question.id.clone());
                press.kind = Kind::Answer;
                if press.value.is_empty() {
                    press.value = button;
                }
                if P::PRESS.rest(press.kind, &press.id).is_some() {
                    close(&mut state, &question);
                }
            }
            press
        };
        self.act::<P>(press)
    }

    /// Submits the form that is open, with what was filled in: the field's name and its value. The others have what they
    /// begin with.
    ///
    /// ```
    /// use moa_plugin::prelude::*;
    /// use moa_plugin::testing::Host;
    ///
    /// #[shortcut("order", name = "Order lunch", on = anywhere)]
    /// fn open() -> Form {
    ///     Form::new("order", "Order").text("dish", "Dish").number("bowls", "Bowls").initial("1")
    /// }
    ///
    /// #[submit("order")]
    /// fn order(press: &Press) -> String {
    ///     format!("{} {}", press.field("bowls"), press.field("dish"))
    /// }
    ///
    /// let host = Host::new();
    /// host.shortcut::<open>()?;
    /// host.submit::<order>(&[("dish", "soup")])?;
    /// assert_eq!(host.texts(), ["1 soup"]);
    /// assert!(host.form().is_none(), "it is closed");
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// What the function failed with; a [usage error](Error::usage) if no form is open, or it can't be filled in like
    /// this, an [internal one](Error::internal) if the function is not for this form.
    pub fn submit<P: PressFn>(&self, filled: &[(&str, &str)]) -> Result<PressReply, Error> {
        let press = {
            let mut state = self.state.borrow_mut();
            let form = state.form.clone().ok_or_else(|| Error::usage("no form is open"))?;
            let fields = fill(&form, filled)?;
            let mut press = press_of(
                &mut state,
                Kind::Modal,
                text(&form.view, "/callback_id"),
                form.on,
                form.place,
            );
            press.value = text(&form.view, "/private_metadata").into();
            press.state = fields;
            press
        };
        self.act::<P>(press)
    }

    /// Uses a shortcut that stands anywhere.
    ///
    /// ```
    /// use moa_plugin::prelude::*;
    /// use moa_plugin::testing::Host;
    ///
    /// #[shortcut("order", name = "Order lunch", on = anywhere)]
    /// fn order() -> Form {
    ///     Form::new("order", "Order").text("dish", "Dish")
    /// }
    ///
    /// let host = Host::new();
    /// host.shortcut::<order>()?;
    /// assert_eq!(host.form().map(|form| form.id), Some("order".into()));
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// What the function failed with.
    pub fn shortcut<P: PressFn>(&self) -> Result<PressReply, Error> {
        let press = {
            let mut state = self.state.borrow_mut();
            // It has no place of its own: it counts as between the person and the bot.
            let place = super::state::direct(&state.speaker.id);
            press_of(&mut state, Kind::Shortcut, P::PRESS.id, None, place)
        };
        self.act::<P>(press)
    }

    /// Uses a shortcut on a message, which the speaker says before.
    ///
    /// ```
    /// use moa_plugin::prelude::*;
    /// use moa_plugin::testing::Host;
    ///
    /// #[shortcut("keep", name = "Keep it", on = message)]
    /// fn keep(press: &Press) -> String {
    ///     format!("kept: {}", text::plain(press.field("text")))
    /// }
    ///
    /// let host = Host::new();
    /// assert_eq!(host.shortcut_on::<keep>("soup is ready")?, PressReply::say("kept: soup is ready"));
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// What the function failed with.
    pub fn shortcut_on<P: PressFn>(&self, said: &str) -> Result<PressReply, Error> {
        let press = {
            let mut state = self.state.borrow_mut();
            let message = state.hear(said);
            let (address, author) = (message.ref_, message.author.id);
            let place = address.place.clone();
            let mut press = press_of(&mut state, Kind::Shortcut, P::PRESS.id, Some(address), place);
            press.state = vec![("text".into(), message.text), ("author".into(), author)];
            press
        };
        self.act::<P>(press)
    }

    /// Lets the newest question that the function is for wait in vain.
    ///
    /// ```
    /// use moa_plugin::prelude::*;
    /// use moa_plugin::testing::Host;
    ///
    /// #[command]
    /// fn lunch(ctx: &Context) -> Result<()> {
    ///     let question = Content::text("soup?").button(Button::new("yes", "Yes").value("yes"));
    ///     chat::ask(ctx.place(), &ctx.who().id, "soup", question, Duration::from_secs(60))?;
    ///     Ok(())
    /// }
    ///
    /// #[answer("soup")]
    /// fn soup(answer: Answer) -> Update {
    ///     Update(if answer == Answer::TimedOut { "too late" } else { "soup" }.into())
    /// }
    ///
    /// let host = Host::new();
    /// host.run::<lunch>("")?;
    /// host.time_out::<soup>()?;
    /// assert_eq!(host.texts(), ["too late"]);
    /// assert!(host.time_out::<soup>().is_err(), "it is over");
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// What the function failed with; a [usage error](Error::usage) if no such question is open.
    pub fn time_out<P: PressFn>(&self) -> Result<PressReply, Error> {
        let press = {
            let mut state = self.state.borrow_mut();
            let is_for = |question: &&Question| P::PRESS.rest(Kind::Timeout, &question.id).is_some();
            let question = state.questions.iter().rev().find(is_for).cloned();
            let question = question.ok_or_else(|| Error::usage("no question for this function is open"))?;
            close(&mut state, &question);
            state.now = state.now.saturating_add(u64::from(question.seconds) * 1_000);
            let (on, place) = (question.message.clone(), question.message.place);
            let asked = state.users.iter().find(|user| user.id == question.who).cloned();
            let mut press = press_of(&mut state, Kind::Timeout, &question.id, Some(on), place);
            press.user = asked.unwrap_or(press.user);
            press.trigger = None;
            press
        };
        self.act::<P>(press)
    }

    /// The form that is before the person.
    ///
    /// ```
    /// # use moa_plugin::testing::Host;
    /// assert!(Host::new().form().is_none());
    /// ```
    pub fn form(&self) -> Option<Opened> {
        let state = self.state.borrow();
        let form = state.form.as_ref()?;
        Some(Opened {
            id: text(&form.view, "/callback_id").into(),
            heading: text(&form.view, "/title/text").into(),
            fields: fields(&form.view).map(|field| field.name).collect(),
            errors: form.errors.clone(),
            view: form.view.clone(),
        })
    }

    /// Tells the function of an event: whoever speaks did it.
    ///
    /// ```
    /// use moa_plugin::events::Reacted;
    /// use moa_plugin::prelude::*;
    /// use moa_plugin::testing::Host;
    ///
    /// #[on(reacted)]
    /// fn count(ctx: &Context, what: &Reacted) -> Result<()> {
    ///     ctx.brain().increment(&what.emoji, 1)?;
    ///     Ok(())
    /// }
    ///
    /// let host = Host::new();
    /// let message = host.with(|ctx| ctx.reply("soup is ready"))?;
    /// host.event::<count>(Reacted { message, emoji: "tada".into() })?;
    /// assert_eq!(host.with(|ctx| ctx.brain().get("tada"))?, Some(1));
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// What the function failed with.
    pub fn event<E: EventFn>(&self, event: E::Event) -> Result<(), Error> {
        let (invocation, who) = {
            let mut state = self.state.borrow_mut();
            (state.invocation(), state.speaker.clone())
        };
        self.state
            .enter(|| component::on(&[E::ON], invocation, who, event.into()))
    }

    /// Calls the function, and does what follows.
    fn act<P: PressFn>(&self, press: Press) -> Result<PressReply, Error> {
        let (kind, place, on) = (press.kind, press.place.clone(), press.on.clone());
        let can_open = press.trigger.is_some();
        let reply = self.state.enter(|| component::act(&[P::PRESS], press))?;
        let mut state = self.state.borrow_mut();
        if kind == Kind::Modal && !matches!(reply, Reply::Errors(_) | Reply::View(_)) {
            state.form = None;
        }
        match &reply {
            Reply::Done => {}
            Reply::Say(content) => {
                state.post(&place, content);
            }
            Reply::Update(content) => {
                let is_there = on.is_some_and(|on| state.replace(&on, content));
                if !is_there {
                    state.post(&place, content);
                }
            }
            Reply::Errors(errors) => {
                if let Some(form) = &mut state.form {
                    form.errors.clone_from(errors);
                }
            }
            Reply::View(_) if !can_open => return Err(Error::internal("this press can open no form")),
            Reply::View(view) => {
                let view = serde_json::from_str(view)?;
                state.form = Some(Shown {
                    view,
                    errors: Vec::new(),
                    place,
                    on,
                });
            }
        }
        Ok(reply)
    }
}

fn close(state: &mut State, question: &Question) {
    state.questions.retain(|open| open.id != question.id);
}

/// A press by the speaker, with a trigger that is good from now on.
fn press_of(state: &mut State, kind: Kind, id: &str, on: Option<MessageRef>, place: Place) -> Press {
    let invocation = state.invocation();
    let trigger = Trigger {
        name: format!("trigger-{}", invocation.id),
        until: state.now + TRIGGER,
        place: place.clone(),
        on: on.clone(),
    };
    let name = trigger.name.clone();
    state.trigger = Some(trigger);
    Press {
        invocation,
        kind,
        id: id.into(),
        value: String::new(),
        state: Vec::new(),
        user: state.speaker.clone(),
        place,
        on,
        trigger: Some(name),
    }
}

/// The press of a label.
fn pressed(state: &mut State, label: &str) -> Result<Press, Error> {
    let found = state.lines.iter().rev().find_map(|line| {
        let mut actions = line.content.actions.iter();
        let (kind, id, value) = actions.find_map(|action| match action {
            Action::Button(button) if button.label == label => Some((Kind::Button, &button.id, &button.value)),
            Action::Select(select) => {
                let choice = select.choices.iter().find(|choice| choice.label == label)?;
                Some((Kind::Select, &select.id, &choice.value))
            }
            _ => None,
        })?;
        Some((line.clone(), kind, id.clone(), value.clone()))
    });
    let (line, kind, id, value) =
        found.ok_or_else(|| Error::usage(format!("there is no button or choice `{label}`")))?;
    if kind == Kind::Select {
        state
            .chosen
            .insert((line.address.id.clone(), id.clone()), value.clone());
    }
    let others = line.content.actions.iter().filter_map(|action| match action {
        Action::Select(select) if select.id != id => {
            let key = (line.address.id.clone(), select.id.clone());
            Some((select.id.clone(), state.chosen.get(&key).cloned().unwrap_or_default()))
        }
        _ => None,
    });
    let others = others.collect();
    let place = line.address.place.clone();
    let mut press = press_of(state, kind, &id, Some(line.address), place);
    (press.value, press.state) = (value, others);
    Ok(press)
}

/// All fields with their values, or what the service would not let through.
fn fill(form: &Shown, filled: &[(&str, &str)]) -> Result<Vec<(String, String)>, Error> {
    let mut values = Vec::new();
    for field in fields(&form.view) {
        let given = filled.iter().find(|(name, _)| *name == field.name);
        let value = given.map_or(field.value, |(_, value)| (*value).into());
        if value.is_empty() && !field.optional {
            return Err(Error::usage(format!("the field `{}` has to be filled in", field.name)));
        }
        values.push((field.name, value));
    }
    match filled
        .iter()
        .find(|(name, _)| values.iter().all(|(known, _)| known != name))
    {
        Some((name, _)) => Err(Error::usage(format!("the form has no field `{name}`"))),
        None => Ok(values),
    }
}

fn fields(view: &Value) -> impl Iterator<Item = Field> {
    let blocks = view.get("blocks").and_then(Value::as_array).into_iter().flatten();
    blocks.filter_map(|block| {
        let element = block.get("element")?;
        let own = text(block, "/block_id");
        let name = if own.is_empty() {
            text(element, "/action_id")
        } else {
            own
        };
        Some(Field {
            name: name.into(),
            value: initial(element),
            optional: block.get("optional") == Some(&Value::Bool(true)),
        })
    })
}

/// What a field begins with: a text, an option, or several of these.
fn initial(element: &Value) -> String {
    let of_one = |value: &Value| match value {
        Value::String(text) => text.clone(),
        option => text(option, "/value").into(),
    };
    let Value::Object(keys) = element else {
        return String::new();
    };
    let found = keys.iter().find(|(key, _)| key.starts_with("initial_"));
    match found.map(|(_, value)| value) {
        Some(Value::Array(several)) => several.iter().map(of_one).collect::<Vec<_>>().join(","),
        Some(value) => of_one(value),
        None => String::new(),
    }
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or("")
}
