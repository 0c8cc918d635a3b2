//! Speaking in chat, beyond what a command returns.
//!
//! The place that the call came from is free; others need the request `conversations`.
//!
//! ```
//! use moa_plugin::prelude::*;
//!
//! /// Counts down.
//! #[command]
//! fn launch(ctx: &Context) -> Result<()> {
//!     let message = chat::send(ctx.place(), "3…")?;
//!     chat::edit(&message, "2…")?;
//!     chat::edit(&message, "*lift-off*")?;
//!     chat::react(&message, "rocket")?;
//!     Ok(())
//! }
//! ```

mod daily;
mod progress;

pub use daily::daily_thread;
pub use progress::Progress;

use crate::bindings::moa::plugin::types::{Content, Conversation, Message, MessageRef, Place, User};
use crate::host::{self, chat};
use crate::{Form, HostError};
use std::time::Duration;

/// Sends a message, and returns its address when the service has taken it.
///
/// ```
/// # use moa_plugin::{prelude::*, testing::Host};
/// # Host::new().with(|ctx| {
/// let message = chat::send(ctx.place(), "soup is ready")?;
/// assert_eq!(message.place, *ctx.place());
/// # Ok::<(), Error>(())
/// # })?;
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// [`HostError::NotFound`] if the place is not there or the bot is not in it, [`HostError::Invalid`] if there is
/// nothing to show, [`HostError::OverLimit`] after too many messages of one call.
pub fn send(to: &Place, what: impl Into<Content>) -> Result<MessageRef, HostError> {
    let what = what.into();
    host::ask(|| chat::send(to, &what))
}

/// Says something in several conversations, by their ids as they stand in a configuration ([`Place::of`]), to each what is made
/// for it. Where nothing can be said, the log is told why, and the others hear it all the same.
///
/// ```
/// # use moa_plugin::{prelude::*, testing::Host};
/// # let host = Host::new();
/// # host.with(|_| {
/// let settings = ["C012".to_owned(), "jandi:lunch".to_owned()];
/// chat::announce(&settings, |place| match place.conversation.starts_with("jandi:") {
///     true => "Soup is ready.".into(),
///     false => Content::text("Soup is ready.").button(Button::new("eat", "I come")),
/// });
/// # });
/// # assert_eq!(host.texts(), ["Soup is ready.", "Soup is ready."]);
/// ```
pub fn announce(conversations: &[String], what: impl Fn(&Place) -> Content) {
    for place in conversations.iter().map(Place::of) {
        if let Err(error) = send(&place, what(&place)) {
            crate::log::error(format!("nothing can be said in {}: {error}", place.conversation));
        }
    }
}

/// Replaces a message that the bot sent: text, cards and actions.
///
/// ```
/// # use moa_plugin::{prelude::*, testing::Host};
/// # Host::new().with(|ctx| {
/// let message = ctx.reply("3…")?;
/// chat::edit(&message, "*lift-off*")?;
/// # Ok::<(), Error>(())
/// # })?;
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// [`HostError::NotFound`] if it is gone, [`HostError::AccessDenied`] if it is somebody else's.
pub fn edit(which: &MessageRef, what: impl Into<Content>) -> Result<(), HostError> {
    let what = what.into();
    host::ask(|| chat::edit(which, &what))
}

/// Deletes a message that the bot sent. One that is already gone is success.
///
/// ```
/// # use moa_plugin::{prelude::*, testing::Host};
/// # Host::new().with(|ctx| {
/// let message = ctx.reply("oops")?;
/// chat::delete(&message)?;
/// # Ok::<(), Error>(())
/// # })?;
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// [`HostError::AccessDenied`] if it is somebody else's.
pub fn delete(which: &MessageRef) -> Result<(), HostError> {
    host::ask(|| chat::delete(which))
}

/// Adds the bot's reaction: the service's name without colons (`thumbsup`) or a Unicode emoji.
///
/// ```
/// # use moa_plugin::{prelude::*, testing::Host};
/// # Host::new().with(|ctx| {
/// chat::react(ctx.message().address(), "eyes")?;
/// # Ok::<(), Error>(())
/// # })?;
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// [`HostError::Invalid`] if the service does not know the emoji, [`HostError::NotFound`] if the message is gone.
pub fn react(which: &MessageRef, emoji: &str) -> Result<(), HostError> {
    host::ask(|| chat::react(which, emoji))
}

/// Takes the bot's own reaction back. One that is not there is success.
///
/// ```
/// # use moa_plugin::{prelude::*, testing::Host};
/// # Host::new().with(|ctx| {
/// chat::react(ctx.message().address(), "eyes")?;
/// chat::unreact(ctx.message().address(), "eyes")?;
/// # Ok::<(), Error>(())
/// # })?;
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// [`HostError::NotFound`] if the message is gone.
pub fn unreact(which: &MessageRef, emoji: &str) -> Result<(), HostError> {
    host::ask(|| chat::unreact(which, emoji))
}

/// Puts a file into a place, with a comment in portable markup (empty: none). Returns the file's id.
///
/// ```
/// # use moa_plugin::{prelude::*, testing::Host};
/// # Host::new().with(|ctx| {
/// let file = chat::upload(ctx.place(), "team.csv", b"rosie,sally", "")?;
/// assert_eq!(chat::download(&file)?, b"rosie,sally");
/// # Ok::<(), HostError>(())
/// # })?;
/// # Ok::<(), HostError>(())
/// ```
///
/// # Errors
/// [`HostError::Invalid`] without a name, [`HostError::OverLimit`] past the size that the host or the service takes.
pub fn upload(to: &Place, name: &str, data: &[u8], comment: &str) -> Result<String, HostError> {
    host::ask(|| chat::upload(to, name, data, comment))
}

/// The content of a file by its id, whole.
///
/// ```
/// # use moa_plugin::{prelude::*, testing::Host};
/// # Host::new().with(|ctx| {
/// let file = chat::upload(ctx.place(), "note.txt", b"soup", "")?;
/// assert_eq!(chat::download(&file)?, b"soup");
/// # Ok::<(), Error>(())
/// # })?;
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// [`HostError::NotFound`] if it is gone or the bot may not see it, [`HostError::OverLimit`] if it is too large.
pub fn download(file: &str) -> Result<Vec<u8>, HostError> {
    host::ask(|| chat::download(file))
}

/// The direct conversation with a person, by id; opened if need be.
///
/// ```
/// # use moa_plugin::{prelude::*, testing::Host};
/// # let host = Host::new();
/// # host.with(|ctx| {
/// let place = chat::open_direct(&ctx.who().id)?;
/// chat::send(&place, "between us")?;
/// # Ok::<(), HostError>(())
/// # })?;
/// # assert_eq!(host.texts(), ["between us"]);
/// # Ok::<(), HostError>(())
/// ```
///
/// # Errors
/// [`HostError::NotFound`] for an id that the service does not know.
pub fn open_direct(user: &str) -> Result<Place, HostError> {
    host::ask(|| chat::open_direct(user))
}

/// Opens a form before the person who pressed; [`Press::open`](crate::Press::open) is shorter. `trigger` is
/// [`Press::trigger`](crate::Press::trigger), good for about three seconds and once.
///
/// ```
/// # use moa_plugin::{prelude::*, testing::Host};
/// # #[command]
/// # fn ask() -> Content { Content::text("?").button(Button::new("order", "Order")) }
/// # #[action("order")]
/// # fn order(press: &Press) -> Result<()> {
/// if let Some(trigger) = press.trigger() {
///     chat::open_modal(trigger, &Form::new("order", "Order").text("dish", "Dish"))?;
/// }
/// # Ok(())
/// # }
/// # let host = Host::new();
/// # host.run::<ask>("")?;
/// # host.press::<order>("Order")?;
/// # assert!(host.form().is_some());
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// [`HostError::NotFound`] if it is too late, [`HostError::Invalid`] if the form is malformed.
pub fn open_modal(trigger: &str, form: &Form) -> Result<(), HostError> {
    let view = form.to_json();
    host::ask(|| chat::open_modal(trigger, &view))
}

/// Asks a person, by id, something with the buttons and menus of a message. The answer, or that none came in time, arrives
/// at the function with [`#[answer("id")]`](crate::answer), exactly one of the two, also after a restart of the bot.
///
/// Only that person may answer; the answer is the button's value, or its id where it has none. A second question with an
/// id that is still open replaces the first: put into the id what tells questions apart (`vote:7`). Of the time the whole
/// seconds count.
///
/// ```
/// use moa_plugin::prelude::*;
/// use moa_plugin::testing::Host;
///
/// /// Asks before it deletes.
/// #[command]
/// fn wipe(ctx: &Context, list: String) -> Result<()> {
///     let question = Content::text("Really?")
///         .button(Button::new("yes", "Yes").danger())
///         .button(Button::new("no", "No"));
///     chat::ask(ctx.place(), &ctx.who().id, &format!("wipe:{list}"), question, Duration::from_secs(60))?;
///     Ok(())
/// }
///
/// #[answer("wipe:*")]
/// fn wiped(list: String, answer: Answer) -> Update {
///     let is_sure = answer == Answer::Given { value: "yes".into() };
///     Update(if is_sure { format!("{list} is gone") } else { format!("{list} stays") }.into())
/// }
/// # plugin!(wipe, wiped);
///
/// let host = Host::new();
/// host.run::<wipe>("lunch")?;
/// host.press::<wiped>("Yes")?;
/// assert_eq!(host.texts(), ["lunch is gone"]);
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// [`HostError::Invalid`] without a button or menu, otherwise those of [`send`].
pub fn ask(to: &Place, who: &str, id: &str, what: impl Into<Content>, wait: Duration) -> Result<MessageRef, HostError> {
    let what = what.into();
    let seconds = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX);
    host::ask(|| chat::ask(to, who, id, &what, seconds))
}

/// A person by id; may be some minutes old.
///
/// ```
/// # use moa_plugin::{prelude::*, testing::Host};
/// # Host::new().with(|ctx| {
/// assert_eq!(chat::user(&ctx.who().id)?.name, ctx.who().name);
/// # Ok::<(), HostError>(())
/// # })?;
/// # Ok::<(), HostError>(())
/// ```
///
/// # Errors
/// [`HostError::NotFound`] for an id that the service does not know.
pub fn user(id: &str) -> Result<User, HostError> {
    host::ask(|| chat::get_user(id))
}

/// A conversation by id; may be some minutes old.
///
/// ```
/// # use moa_plugin::{prelude::*, testing::Host};
/// # Host::new().channel("lunch").with(|ctx| {
/// assert_eq!(chat::conversation(&ctx.place().conversation)?.name, "lunch");
/// # Ok::<(), HostError>(())
/// # })?;
/// # Ok::<(), HostError>(())
/// ```
///
/// # Errors
/// [`HostError::NotFound`] for an id that the service does not know or whose conversation the bot may not see.
pub fn conversation(id: &str) -> Result<Conversation, HostError> {
    host::ask(|| chat::get_conversation(id))
}

/// The ids of all members of a conversation, the bot's own included, in the service's order.
///
/// ```
/// # use moa_plugin::{prelude::*, testing::Host};
/// # Host::new().with(|ctx| {
/// assert!(chat::members(&ctx.place().conversation)?.contains(&ctx.who().id));
/// # Ok::<(), HostError>(())
/// # })?;
/// # Ok::<(), HostError>(())
/// ```
///
/// # Errors
/// [`HostError::NotFound`] for an id that the service does not know or whose conversation the bot may not see.
pub fn members(conversation: &str) -> Result<Vec<String>, HostError> {
    let mut all = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let (mut page, next) = host::ask(|| chat::members(conversation, cursor.as_deref()))?;
        all.append(&mut page);
        if next.is_none() {
            return Ok(all);
        }
        cursor = next;
    }
}

/// Messages of a place, newest first: at most `limit`, from 1 to 200, and only those older than the message with the id
/// `before`. Fewer do not mean the end: none do.
///
/// ```
/// # use moa_plugin::{prelude::*, testing::Host};
/// # Host::new().with(|ctx| {
/// let answer = ctx.reply("hello")?;
/// assert_eq!(chat::history(ctx.place(), None, 1)?[0].text, "hello");
/// assert!(chat::history(ctx.place(), Some(&answer.id), 1)?[0].text.is_empty());
/// # Ok::<(), HostError>(())
/// # })?;
/// # Ok::<(), HostError>(())
/// ```
///
/// # Errors
/// [`HostError::NotFound`] if the place is not there, [`HostError::Invalid`] for another `limit`.
pub fn history(at: &Place, before: Option<&str>, limit: u32) -> Result<Vec<Message>, HostError> {
    host::ask(|| chat::history(at, before, limit))
}
