//! What a command is told about itself.

use crate::bindings::exports::moa::plugin::commands::Call;
use crate::bindings::moa::plugin::types::{Content, Message, MessageRef, Place, User};
use crate::brain::Brain;
use crate::{HostError, chat, system};
use serde::de::DeserializeOwned;

/// Everything about one call of a command. Take it as a parameter, anywhere among the arguments.
///
/// ```
/// use moa_plugin::prelude::*;
///
/// /// Greets in the caller's language.
/// #[command]
/// fn hello(ctx: &Context) -> String {
///     let name = &ctx.who().display_name;
///     match ctx.language() {
///         "ko" => format!("{name}님, 안녕하세요!"),
///         _ => format!("Hello, {name}!"),
///     }
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Context {
    // Without the arguments, which became the function's parameters.
    call: Call,
}

impl Context {
    pub(crate) fn new(call: Call) -> Self {
        Self { call }
    }

    /// The invocation's id: the same however often the call is repeated, so good as a key against doing something
    /// twice.
    pub fn id(&self) -> &str {
        &self.call.invocation.id
    }

    /// When the call began, RFC 3339 in UTC; the same on a repetition.
    pub fn time(&self) -> &str {
        &self.call.invocation.time
    }

    /// 1 for the first try, one more for each repetition.
    pub fn attempt(&self) -> u32 {
        self.call.invocation.attempt
    }

    /// The language to answer in, a BCP 47 tag like `ko` or `en-GB`.
    pub fn locale(&self) -> &str {
        &self.call.invocation.locale
    }

    /// The language alone, without a region: `en` of `en-GB`.
    pub fn language(&self) -> &str {
        language_of(self.locale())
    }

    /// The time zone to speak of, an IANA name.
    pub fn timezone(&self) -> &str {
        &self.call.invocation.timezone
    }

    /// The command's name in the manifest, whatever alias was typed.
    pub fn command(&self) -> &str {
        &self.call.command
    }

    /// Everything behind the command word as typed, with mentions as plain names: repeating it calls nobody.
    pub fn rest(&self) -> &str {
        &self.call.rest
    }

    /// The same split at white space, with quotes and back-slashes undone.
    pub fn tokens(&self) -> &[String] {
        &self.call.tokens
    }

    /// The message that carried the command.
    pub fn message(&self) -> &Message {
        &self.call.message
    }

    /// Who gave the command. Only the id may decide what somebody is allowed to do.
    pub fn who(&self) -> &User {
        &self.call.message.author
    }

    /// Where the command was given.
    pub fn place(&self) -> &Place {
        &self.call.message.ref_.place
    }

    /// The plugin's memory.
    pub fn brain(&self) -> Brain {
        Brain::plugin()
    }

    /// The plugin's memory about this conversation.
    pub fn conversation_brain(&self) -> Brain {
        Brain::conversation(&self.place().conversation)
    }

    /// The plugin's memory about the person who gave the command.
    pub fn user_brain(&self) -> Brain {
        Brain::user(&self.who().id)
    }

    /// The plugin's configuration, see [`system::config`].
    ///
    /// # Errors
    /// If the configuration does not fit `T`.
    pub fn config<T: DeserializeOwned>(&self) -> Result<T, system::ConfigError> {
        system::config()
    }

    /// Sends a message to where the command was, at once. What the command returns is sent after it.
    ///
    /// # Errors
    /// Those of [`chat::send`].
    pub fn reply(&self, what: impl Into<Content>) -> Result<MessageRef, HostError> {
        chat::send(self.place(), what)
    }

    /// Reacts to the message that carried the command.
    ///
    /// # Errors
    /// Those of [`chat::react`].
    pub fn react(&self, emoji: &str) -> Result<(), HostError> {
        chat::react(self.message().address(), emoji)
    }
}

fn language_of(locale: &str) -> &str {
    locale.split(['-', '_']).next().unwrap_or(locale)
}

#[cfg(test)]
mod tests {
    use super::language_of;

    #[test]
    fn languages() {
        assert_eq!(language_of("ko"), "ko");
        assert_eq!(language_of("en-GB"), "en");
        assert_eq!(language_of("ko_KR"), "ko");
    }
}
