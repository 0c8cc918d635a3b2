//! Other things that happen in chat: reactions, joins, edits. Functions with [`#[on]`](crate::on) learn of them.
//!
//! ```
//! use moa_plugin::prelude::*;
//! use moa_plugin::events::{Joined, Reacted};
//! use moa_plugin::testing::Host;
//!
//! /// What is returned is said where it happened.
//! #[on(joined)]
//! fn welcome(ctx: &Context) -> String {
//!     format!("Welcome, {}!", text::plain(&ctx.who().display_name))
//! }
//!
//! #[on(reacted)]
//! fn count(ctx: &Context, what: &Reacted) -> Result<()> {
//!     ctx.brain().increment(&what.emoji, 1)?;
//!     Ok(())
//! }
//!
//! plugin!(welcome, count);
//!
//! let host = Host::new().speaker("로지");
//! host.event::<welcome>(Joined { place: host.place() })?;
//! assert_eq!(host.texts(), ["Welcome, 로지!"]);
//! # Ok::<(), Error>(())
//! ```
//!
//! `Context::who` is the person who did it. What the bot itself does is not told.

use crate::bindings::exports::moa::plugin::events;
use crate::bindings::moa::plugin::types::{Content, Message, MessageRef, Place};
use crate::{Context, Error, chat};

/// A reaction was added.
///
/// ```
/// use moa_plugin::events::Reacted;
/// use moa_plugin::prelude::*;
///
/// #[on(reacted)]
/// fn thank(ctx: &Context, what: &Reacted) -> Option<&'static str> {
///     (what.emoji == "tada").then_some("🎉")
/// }
/// # plugin!(thank);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Reacted {
    /// To what.
    pub message: MessageRef,
    /// The emoji's name without colons.
    pub emoji: String,
}

/// A reaction was taken back.
///
/// ```
/// use moa_plugin::events::Unreacted;
/// use moa_plugin::prelude::*;
///
/// #[on(unreacted)]
/// fn uncount(ctx: &Context, what: &Unreacted) -> Result<()> {
///     ctx.brain().increment(&what.emoji, -1)?;
///     Ok(())
/// }
/// # plugin!(uncount);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Unreacted {
    /// From what.
    pub message: MessageRef,
    /// The emoji's name without colons.
    pub emoji: String,
}

/// Somebody joined a conversation.
///
/// ```
/// use moa_plugin::events::Joined;
/// use moa_plugin::prelude::*;
///
/// #[on(joined)]
/// fn welcome(ctx: &Context, what: &Joined) -> String {
///     format!("Welcome to {{#{}}}!", what.place.conversation)
/// }
/// # plugin!(welcome);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Joined {
    /// Which one.
    pub place: Place,
}

/// Somebody left a conversation.
///
/// ```
/// use moa_plugin::events::Left;
/// use moa_plugin::prelude::*;
///
/// #[on(left)]
/// fn bye(ctx: &Context, what: &Left) {
///     log::info(format!("{} left {}", ctx.who().id, what.place.conversation));
/// }
/// # plugin!(bye);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Left {
    /// Which one.
    pub place: Place,
}

/// A conversation has another topic.
///
/// ```
/// use moa_plugin::events::Topic;
/// use moa_plugin::prelude::*;
///
/// #[on(topic)]
/// fn remember(ctx: &Context, what: &Topic) -> Result<()> {
///     ctx.conversation_brain().set_text(ctx.time(), &what.topic)?;
///     Ok(())
/// }
/// # plugin!(remember);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Topic {
    /// Which one.
    pub place: Place,
    /// The new topic; empty if there is none now.
    pub topic: String,
}

/// A message was edited.
///
/// ```
/// use moa_plugin::events::Edited;
/// use moa_plugin::prelude::*;
///
/// #[on(edited)]
/// fn noticed(what: &Edited) -> Option<&'static str> {
///     what.message.text.is_empty().then_some("why so silent?")
/// }
/// # plugin!(noticed);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Edited {
    /// As it is now.
    pub message: Message,
}

/// A message was deleted.
///
/// ```
/// use moa_plugin::events::Deleted;
/// use moa_plugin::prelude::*;
///
/// #[on(deleted)]
/// fn forget(ctx: &Context, what: &Deleted) -> Result<()> {
///     ctx.conversation_brain().delete(&what.message.id)?;
///     Ok(())
/// }
/// # plugin!(forget);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Deleted {
    /// Which one it was.
    pub message: MessageRef,
}

/// Both ways between an event's own type and the contract's variant; a function gets only the event that it names.
macro_rules! cases {
    ($($case:ident: $inside:pat => $own:expr, $back:expr;)*) => {$(
        impl Told for $case {
            fn from_event(event: events::Event) -> Option<Self> {
                match event {
                    events::Event::$case($inside) => Some($own),
                    _ => None,
                }
            }
        }

        impl From<$case> for events::Event {
            fn from(event: $case) -> Self {
                let back: fn($case) -> Self = $back;
                back(event)
            }
        }
    )*};
}

/// What a function with `#[on]` is told.
#[doc(hidden)]
pub trait Told: Sized {
    /// `None` for another event.
    fn from_event(event: events::Event) -> Option<Self>;
}

cases! {
    Reacted: (message, emoji) => Self { message, emoji }, |event| Self::Reacted((event.message, event.emoji));
    Unreacted: (message, emoji) => Self { message, emoji }, |event| Self::Unreacted((event.message, event.emoji));
    Joined: place => Self { place }, |event| Self::Joined(event.place);
    Left: place => Self { place }, |event| Self::Left(event.place);
    Topic: (place, topic) => Self { place, topic }, |event| Self::Topic((event.place, event.topic));
    Edited: message => Self { message }, |event| Self::Edited(event.message);
    Deleted: message => Self { message }, |event| Self::Deleted(event.message);
}

/// Hands an event to the author's function, and says what it returns. Named by the macro alone, so that a plugin without
/// events has nothing of it.
#[doc(hidden)]
pub fn tell<E: Told>(
    context: &Context,
    event: events::Event,
    run: impl FnOnce(E) -> Result<Option<Content>, Error>,
) -> Result<(), Error> {
    // The host tells only what was asked for.
    let Some(event) = E::from_event(event) else {
        return Ok(());
    };
    if let Some(content) = run(event)? {
        chat::send(context.place(), content)?;
    }
    Ok(())
}
