//! What a call is told about itself.

use crate::bindings::exports::moa::plugin::{actions, commands::Call, events, listener::Heard};
use crate::bindings::moa::plugin::types::{Content, Invocation, Message, MessageRef, Place, User};
use crate::brain::Brain;
use crate::{HostError, chat, system};
use serde::de::DeserializeOwned;

/// Everything about one call of a command, about one message that was heard, one press or one event. Take it as a
/// parameter, anywhere among the arguments.
///
/// ```
/// use moa_plugin::prelude::*;
/// use moa_plugin::testing::Host;
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
///
/// let host = Host::new().speaker("로지");
/// assert_eq!(host.run::<hello>("")?, Some("Hello, 로지!".into()));
/// assert_eq!(host.locale("ko", "Asia/Seoul").run::<hello>("")?, Some("로지님, 안녕하세요!".into()));
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Context {
    invocation: Invocation,
    who: User,
    message: Message,
    cause: Cause,
}

#[derive(Clone, Debug)]
enum Cause {
    Command {
        name: String,
        path: Vec<String>,
        rest: String,
        tokens: Vec<String>,
    },
    Pattern {
        id: String,
        captures: Vec<Option<String>>,
    },
    /// A press or an event, which brings its own.
    Other,
}

impl Context {
    /// Without the arguments, which become the function's parameters.
    pub(crate) fn of_call(call: Call) -> Self {
        Self {
            invocation: call.invocation,
            who: call.message.author.clone(),
            message: call.message,
            cause: Cause::Command {
                name: call.command,
                path: call.path,
                rest: call.rest,
                tokens: call.tokens,
            },
        }
    }

    pub(crate) fn of_heard(heard: Heard) -> Self {
        Self {
            invocation: heard.invocation,
            who: heard.message.author.clone(),
            message: heard.message,
            cause: Cause::Pattern {
                id: heard.id,
                captures: heard.captures,
            },
        }
    }

    /// Of a press. A shortcut on a message brings along who wrote it and what it says.
    pub(crate) fn of_press(press: actions::Press) -> Self {
        let mut message = blank(press.on.unwrap_or(MessageRef {
            place: press.place,
            id: String::new(),
        }));
        if press.kind == actions::Kind::Shortcut {
            for (name, value) in press.state {
                match name.as_str() {
                    "text" => message.text = value,
                    "author" => message.author = nameless(value),
                    _ => {}
                }
            }
        }
        Self {
            invocation: press.invocation,
            who: press.user,
            message,
            cause: Cause::Other,
        }
    }

    pub(crate) fn of_event(invocation: Invocation, who: User, event: &events::Event) -> Self {
        use events::Event;
        let message = match event {
            Event::Edited(message) => message.clone(),
            Event::Reacted((address, _)) | Event::Unreacted((address, _)) | Event::Deleted(address) => {
                blank(address.clone())
            }
            Event::Joined(place) | Event::Left(place) | Event::Topic((place, _)) => blank(MessageRef {
                place: place.clone(),
                id: String::new(),
            }),
        };
        Self {
            invocation,
            who,
            message,
            cause: Cause::Other,
        }
    }

    /// The invocation's id: the same however often the call is repeated, so good as a key against doing something
    /// twice.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// # Host::new().with(|ctx| {
    /// ctx.brain().set(ctx.id(), "done")?; // the same entry on a repetition
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    pub fn id(&self) -> &str {
        &self.invocation.id
    }

    /// When the event of the call arrived, RFC 3339 in UTC; the same on a repetition.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// # Host::new().with(|ctx| {
    /// assert_eq!(ctx.time(), "2026-11-20T03:00:00.000Z");
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    pub fn time(&self) -> &str {
        &self.invocation.time
    }

    /// 1 for the first try, one more for each repetition.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// # Host::new().with(|ctx| {
    /// assert_eq!(ctx.attempt(), 1);
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    pub fn attempt(&self) -> u32 {
        self.invocation.attempt
    }

    /// The language to answer in, a BCP 47 tag like `ko` or `en-GB`.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// let host = Host::new().locale("en-GB", "Europe/London");
    /// assert_eq!(host.with(|ctx| ctx.locale().to_owned()), "en-GB");
    /// ```
    pub fn locale(&self) -> &str {
        &self.invocation.locale
    }

    /// The language alone, without a region: `en` of `en-GB`.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// let host = Host::new().locale("en-GB", "Europe/London");
    /// assert_eq!(host.with(|ctx| ctx.language().to_owned()), "en");
    /// ```
    pub fn language(&self) -> &str {
        language_of(self.locale())
    }

    /// The time zone to speak of, an IANA name.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// # Host::new().with(|ctx| {
    /// assert_eq!(ctx.timezone(), "UTC");
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    pub fn timezone(&self) -> &str {
        &self.invocation.timezone
    }

    /// The command's name in the manifest, whatever alias was typed; empty for a message that was heard.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// # #[command(aliases = ["s"], subcommands = [add])]
    /// # struct Sum;
    /// # #[command]
    /// # fn add(ctx: &Context, #[list] _numbers: Vec<String>) {
    /// assert_eq!(ctx.command(), "sum");
    /// # }
    /// # Host::new().run::<Sum>("add 1 \"2 3\"")?;
    /// # Ok::<(), Error>(())
    /// ```
    pub fn command(&self) -> &str {
        match &self.cause {
            Cause::Command { name, .. } => name,
            Cause::Pattern { .. } | Cause::Other => "",
        }
    }

    /// The names of the subcommands in the manifest, outermost first; empty if there are none.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// # #[command(aliases = ["s"], subcommands = [add])]
    /// # struct Sum;
    /// # #[command]
    /// # fn add(ctx: &Context, #[list] _numbers: Vec<String>) {
    /// assert_eq!(ctx.path(), ["add"]);
    /// # }
    /// # Host::new().run::<Sum>("add 1 \"2 3\"")?;
    /// # Ok::<(), Error>(())
    /// ```
    pub fn path(&self) -> &[String] {
        match &self.cause {
            Cause::Command { path, .. } => path,
            Cause::Pattern { .. } | Cause::Other => &[],
        }
    }

    /// Everything behind the command words as typed, with mentions as plain names: repeating it calls nobody. Empty for
    /// a message that was heard.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// # #[command(aliases = ["s"], subcommands = [add])]
    /// # struct Sum;
    /// # #[command]
    /// # fn add(ctx: &Context, #[list] _numbers: Vec<String>) {
    /// assert_eq!(ctx.rest(), r#"1 "2 3""#);
    /// # }
    /// # Host::new().run::<Sum>("add 1 \"2 3\"")?;
    /// # Ok::<(), Error>(())
    /// ```
    pub fn rest(&self) -> &str {
        match &self.cause {
            Cause::Command { rest, .. } => rest,
            Cause::Pattern { .. } | Cause::Other => "",
        }
    }

    /// The same split at white space, with quotes and back-slashes undone.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// # #[command(aliases = ["s"], subcommands = [add])]
    /// # struct Sum;
    /// # #[command]
    /// # fn add(ctx: &Context, #[list] _numbers: Vec<String>) {
    /// assert_eq!(ctx.tokens(), ["1", "2 3"]);
    /// # }
    /// # Host::new().run::<Sum>("add 1 \"2 3\"")?;
    /// # Ok::<(), Error>(())
    /// ```
    pub fn tokens(&self) -> &[String] {
        match &self.cause {
            Cause::Command { tokens, .. } => tokens,
            Cause::Pattern { .. } | Cause::Other => &[],
        }
    }

    /// The id of the pattern that was heard; empty for a command.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// # #[hear("(soup|rice)( now)?", id = "dish")]
    /// # fn dish(ctx: &Context) {
    /// assert_eq!(ctx.pattern(), "dish");
    /// # }
    /// # assert!(Host::new().hear::<dish>("soup")?.is_empty());
    /// # Ok::<(), Error>(())
    /// ```
    pub fn pattern(&self) -> &str {
        match &self.cause {
            Cause::Command { .. } | Cause::Other => "",
            Cause::Pattern { id, .. } => id,
        }
    }

    /// What the pattern captured: the whole match, then each group, `None` for one that took no part. Empty for a
    /// command.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// # #[hear("(soup|rice)( now)?", id = "dish")]
    /// # fn dish(ctx: &Context) {
    /// assert_eq!(ctx.captures(), [Some("soup".into()), Some("soup".into()), None]);
    /// # }
    /// # assert!(Host::new().hear::<dish>("soup")?.is_empty());
    /// # Ok::<(), Error>(())
    /// ```
    pub fn captures(&self) -> &[Option<String>] {
        match &self.cause {
            Cause::Command { .. } | Cause::Other => &[],
            Cause::Pattern { captures, .. } => captures,
        }
    }

    /// One of the [captures](Self::captures): 0 is the whole match.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// # #[hear("(soup|rice)( now)?", id = "dish")]
    /// # fn dish(ctx: &Context) {
    /// assert_eq!(ctx.capture(1), Some("soup"));
    /// assert_eq!(ctx.capture(2), None);
    /// # }
    /// # assert!(Host::new().hear::<dish>("soup")?.is_empty());
    /// # Ok::<(), Error>(())
    /// ```
    pub fn capture(&self, group: usize) -> Option<&str> {
        self.captures().get(group)?.as_deref()
    }

    /// The message that carried the command, or that was heard. Of the message that a press or an event is about only the
    /// address is known; its text and author too where it was edited, or a shortcut was used on it.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// # #[hear("(soup|rice)( now)?", id = "dish")]
    /// # fn dish(ctx: &Context) {
    /// assert_eq!(ctx.message().text, "soup");
    /// # }
    /// # assert!(Host::new().hear::<dish>("soup")?.is_empty());
    /// # Ok::<(), Error>(())
    /// ```
    pub fn message(&self) -> &Message {
        &self.message
    }

    /// Who wrote that message, pressed, or did what the event tells of. Only the id may decide what somebody is allowed to do.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// # Host::new().with(|ctx| {
    /// assert_eq!(ctx.who().name, "tester");
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    pub fn who(&self) -> &User {
        &self.who
    }

    /// Where it was written, pressed or done.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// # Host::new().with(|ctx| {
    /// assert!(ctx.place().thread.is_none());
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    pub fn place(&self) -> &Place {
        &self.message.ref_.place
    }

    /// The plugin's memory.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// # Host::new().with(|ctx| {
    /// assert_eq!(ctx.brain().increment("calls", 1)?, 1);
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    pub fn brain(&self) -> Brain {
        Brain::plugin()
    }

    /// The plugin's memory about this conversation.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// # Host::new().with(|ctx| {
    /// ctx.conversation_brain().set("topic", "lunch")?;
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    pub fn conversation_brain(&self) -> Brain {
        Brain::conversation(&self.place().conversation)
    }

    /// The plugin's memory about [who](Self::who) it was.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// # Host::new().with(|ctx| {
    /// ctx.user_brain().set("likes", "soup")?;
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    pub fn user_brain(&self) -> Brain {
        Brain::user(&self.who().id)
    }

    /// The plugin's configuration: a struct with `#[derive(Config)]`, or anything that serde reads.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// #[derive(Config)]
    /// struct Settings {
    ///     #[default = 4]
    ///     team_size: u32,
    /// }
    ///
    /// let settings: Settings = Host::new().with(|ctx| ctx.config())?;
    /// assert_eq!(settings.team_size, 4);
    /// # Ok::<(), system::ConfigError>(())
    /// ```
    ///
    /// # Errors
    /// If the configuration does not fit `T`.
    pub fn config<T: DeserializeOwned>(&self) -> Result<T, system::ConfigError> {
        system::config()
    }

    /// Sends a message to where that message was, at once. What the function returns is sent after it.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// # Host::new().with(|ctx| {
    /// let first = ctx.reply("one moment …")?;
    /// chat::edit(&first, "done")?;
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`chat::send`].
    pub fn reply(&self, what: impl Into<Content>) -> Result<MessageRef, HostError> {
        chat::send(self.place(), what)
    }

    /// Reacts to the message that carried the command or the press.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// # Host::new().with(|ctx| {
    /// ctx.react("thumbsup")?;
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`chat::react`].
    pub fn react(&self, emoji: &str) -> Result<(), HostError> {
        chat::react(self.message().address(), emoji)
    }
}

/// A message of which only the address is known.
fn blank(address: MessageRef) -> Message {
    Message {
        ref_: address,
        author: nameless(String::new()),
        text: String::new(),
        raw: String::new(),
        mentions: Vec::new(),
        files: Vec::new(),
        time: String::new(),
        edited: false,
    }
}

/// A person of whom only the id is known.
fn nameless(id: String) -> User {
    User {
        name: id.clone(),
        display_name: id.clone(),
        id,
        locale: None,
        timezone: None,
        bot: false,
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
