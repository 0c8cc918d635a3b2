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

use crate::bindings::moa::plugin::chat;
use crate::bindings::moa::plugin::types::{Content, MessageRef, Place};
use crate::{HostError, host};

/// Sends a message, and returns its address when the service has taken it.
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
/// # Errors
/// [`HostError::NotFound`] if it is gone, [`HostError::AccessDenied`] if it is somebody else's.
pub fn edit(which: &MessageRef, what: impl Into<Content>) -> Result<(), HostError> {
    let what = what.into();
    host::ask(|| chat::edit(which, &what))
}

/// Deletes a message that the bot sent. One that is already gone is success.
///
/// # Errors
/// [`HostError::AccessDenied`] if it is somebody else's.
pub fn delete(which: &MessageRef) -> Result<(), HostError> {
    host::ask(|| chat::delete(which))
}

/// Adds the bot's reaction: the service's name without colons (`thumbsup`) or a Unicode emoji.
///
/// # Errors
/// [`HostError::Invalid`] if the service does not know the emoji, [`HostError::NotFound`] if the message is gone.
pub fn react(which: &MessageRef, emoji: &str) -> Result<(), HostError> {
    host::ask(|| chat::react(which, emoji))
}

/// Takes the bot's own reaction back. One that is not there is success.
///
/// # Errors
/// [`HostError::NotFound`] if the message is gone.
pub fn unreact(which: &MessageRef, emoji: &str) -> Result<(), HostError> {
    host::ask(|| chat::unreact(which, emoji))
}
