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

use crate::HostError;
use crate::bindings::moa::plugin::types::{Content, Conversation, Message, MessageRef, Place, User};
use crate::host::{self, chat};

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
