//! A message that tells how far something is.

use crate::HostError;
use crate::bindings::moa::plugin::types::{Content, MessageRef, Place};
use crate::chat;

/// A message that tells how far something is: sent once, then changed. An update that would change nothing is not made,
/// and the host leaves out what is overtaken while the service keeps it waiting: tell as often as you like.
///
/// ```
/// use moa_plugin::prelude::*;
/// use moa_plugin::testing::Host;
///
/// /// Counts votes.
/// #[command]
/// fn count(ctx: &Context) -> Result<()> {
///     let mut progress = chat::Progress::begin(ctx.place(), "0 %")?;
///     for vote in 1..=1_000 {
///         progress.update(format!("{} %", vote / 100 * 10))?;
///     }
///     progress.update("*done*")?;
///     Ok(())
/// }
///
/// let host = Host::new();
/// host.run::<count>("")?;
/// assert_eq!(host.texts(), ["*done*"]);
/// assert_eq!(host.messages()[0].edits, 11);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Progress {
    message: MessageRef,
    shown: Content,
}

impl Progress {
    /// Sends the message.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// # let host = Host::new();
    /// host.with(|ctx| chat::Progress::begin(ctx.place(), "0 %"))?;
    /// assert_eq!(host.texts(), ["0 %"]);
    /// # Ok::<(), HostError>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`chat::send`].
    pub fn begin(at: &Place, what: impl Into<Content>) -> Result<Self, HostError> {
        let shown = what.into();
        let message = chat::send(at, shown.clone())?;
        Ok(Self { message, shown })
    }

    /// Changes it, if that makes a difference.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// # let host = Host::new();
    /// host.with(|ctx| chat::Progress::begin(ctx.place(), "0 %")?.update("*done*"))?;
    /// assert_eq!(host.texts(), ["*done*"]);
    /// # Ok::<(), HostError>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`chat::edit`].
    pub fn update(&mut self, what: impl Into<Content>) -> Result<(), HostError> {
        let what = what.into();
        if what != self.shown {
            chat::edit(&self.message, what.clone())?;
            self.shown = what;
        }
        Ok(())
    }

    /// The message's address.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// # Host::new().with(|ctx| {
    /// let progress = chat::Progress::begin(ctx.place(), "0 %")?;
    /// chat::react(progress.message(), "hourglass")?;
    /// # Ok::<(), HostError>(())
    /// # })?;
    /// # Ok::<(), HostError>(())
    /// ```
    pub fn message(&self) -> &MessageRef {
        &self.message
    }
}
