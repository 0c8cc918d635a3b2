//! The contract's records, under the names that authors use, each with an example of its use. What they hold is
//! documented where the contract is.

use crate::bindings::moa::plugin::types;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// ```
/// use moa_plugin::{Action, Button, Content};
///
/// let order = Content::text("lunch?").button(Button::new("order", "Order"));
/// assert!(matches!(&order.actions[..], [Action::Button(button)] if button.id == "order"));
/// ```
pub use types::Action;

/// ```
/// use moa_plugin::prelude::*;
///
/// /// Tells whoever asks, and nobody else.
/// #[command]
/// fn secret() -> Content {
///     Content::text("it is soup again").to(Audience::Asker)
/// }
/// ```
pub use types::Audience;

/// ```
/// use moa_plugin::Button;
///
/// let button = Button::new("order", "Order").value("soup").danger().confirm("Really soup?");
/// assert_eq!((button.id.as_str(), button.value.as_str()), ("order", "soup"));
/// ```
pub use types::Button;

/// ```
/// use moa_plugin::{Card, Content};
///
/// let build = Card::titled("Build 12").color("#2eb67d").field("branch", "main").footer("2 minutes ago");
/// assert_eq!(Content::from(build.clone()).cards, [build]);
/// ```
pub use types::Card;

/// ```
/// use moa_plugin::{Choice, Content, Action};
///
/// let menu = Content::text("lunch?").menu("dish", "choose", [("Soup", "1"), ("Rice", "2")]);
/// let Some(Action::Select(select)) = menu.actions.first() else { panic!() };
/// assert_eq!(select.choices[1], Choice { label: "Rice".into(), value: "2".into() });
/// ```
pub use types::Choice;

/// ```
/// use moa_plugin::{Card, Content};
///
/// let content = Content { text: "*lunch*".into(), ..Content::default() };
/// assert_eq!(content, Content::text("*lunch*"));
/// assert!(content.card(Card::titled("soup")).actions.is_empty());
/// ```
pub use types::Content;

/// ```
/// use moa_plugin::prelude::*;
/// use moa_plugin::testing::Host;
///
/// /// How a conversation is called.
/// #[command]
/// fn topic(of: Conversation) -> String {
///     format!("#{}", of.name)
/// }
///
/// assert_eq!(Host::new().run::<topic>("#lunch")?, Some("#lunch".into()));
/// # Ok::<(), Error>(())
/// ```
pub use types::Conversation;

/// ```
/// use moa_plugin::{Card, Field};
///
/// let card = Card::titled("Build 12").field("branch", "main");
/// assert_eq!(card.fields, [Field { title: "branch".into(), value: "main".into(), short: true }]);
/// ```
pub use types::Field;

/// ```
/// use moa_plugin::prelude::*;
///
/// /// The size of what hangs on the message.
/// #[command]
/// fn size(ctx: &Context) -> Result<String> {
///     let Some(file) = ctx.message().files.first() else {
///         return Err(Error::usage("Attach a file."));
///     };
///     let content = chat::download(&file.id)?;
///     Ok(format!("{}: {} bytes", text::plain(&file.name), content.len()))
/// }
/// ```
pub use types::File;

/// ```
/// use moa_plugin::prelude::*;
/// use moa_plugin::Invocation;
///
/// /// Tries once, whatever happens.
/// #[job(cron = "0 9 * * *")]
/// fn once(due: &Due) -> Result<()> {
///     let Invocation { attempt, timezone, .. } = &due.invocation;
///     if *attempt == 1 {
///         log::info(format!("{} in {timezone}", due.due));
///     }
///     Ok(())
/// }
/// # plugin!(once);
/// ```
pub use types::Invocation;

/// ```
/// use moa_plugin::prelude::*;
/// use moa_plugin::Mention;
///
/// /// Whom a message mentions.
/// fn mentioned(message: &Message) -> Vec<&str> {
///     let people = message.mentions.iter();
///     people.filter_map(|one| if let Mention::User(id) = one { Some(id.as_str()) } else { None }).collect()
/// }
/// # moa_plugin::testing::Host::new().with(|ctx| assert!(mentioned(ctx.message()).is_empty()));
/// ```
pub use types::Mention;

/// ```
/// use moa_plugin::prelude::*;
/// use moa_plugin::testing::Host;
///
/// /// Shouts back whatever is said with an exclamation mark.
/// #[hear("!$")]
/// fn shout(ctx: &Context) -> String {
///     let message: &Message = ctx.message();
///     text::plain(&message.text.to_uppercase())
/// }
///
/// let said = Host::new().hear::<shout>("soup!")?;
/// assert_eq!(said, ["SOUP!".into()]);
/// # Ok::<(), Error>(())
/// ```
pub use types::Message;

/// ```
/// # use moa_plugin::{prelude::*, testing::Host};
/// # Host::new().with(|ctx| {
/// let said: MessageRef = chat::send(ctx.place(), "thinking…")?;
/// chat::edit(&said, "soup")?;
/// # Ok::<(), Error>(())
/// # })?;
/// # Ok::<(), Error>(())
/// ```
pub use types::MessageRef;

/// ```
/// # use moa_plugin::{prelude::*, testing::Host};
/// # Host::new().with(|ctx| {
/// let place: &Place = ctx.place();
/// let channel = Place { thread: None, ..place.clone() }; // not in the thread
/// chat::send(&channel, "lunch is ready")?;
/// # Ok::<(), Error>(())
/// # })?;
/// # Ok::<(), Error>(())
/// ```
pub use types::Place;

/// ```
/// use moa_plugin::prelude::*;
/// use moa_plugin::{PlaceKind, testing::Host};
///
/// /// Whether nobody else listens.
/// fn is_private(ctx: &Context) -> bool {
///     ctx.place().kind == PlaceKind::Direct
/// }
///
/// assert!(!Host::new().with(is_private));
/// ```
pub use types::PlaceKind;

/// ```
/// use moa_plugin::{Action, Content, Select};
///
/// let menu = Content::text("lunch?").menu("dish", "choose", [("Soup", "1")]);
/// let Some(Action::Select(Select { id, placeholder, .. })) = menu.actions.first() else { panic!() };
/// assert_eq!((id.as_str(), placeholder.as_str()), ("dish", "choose"));
/// ```
pub use types::Select;

/// ```
/// use moa_plugin::{Button, Style};
///
/// assert_eq!(Button::new("order", "Order").primary().style, Style::Primary);
/// ```
pub use types::Style;

/// ```
/// use moa_plugin::prelude::*;
/// use moa_plugin::testing::Host;
///
/// /// Greets somebody.
/// #[command]
/// fn greet(whom: User) -> String {
///     format!("Hello, {}!", text::plain(&whom.display_name))
/// }
///
/// assert_eq!(Host::new().run::<greet>("@로지")?, Some("Hello, 로지!".into()));
/// # Ok::<(), Error>(())
/// ```
pub use types::User;

impl Place {
    /// A channel that is known by its id, for what has no place of its own: a job, a webhook. It needs the request
    /// `conversations`.
    ///
    /// ```
    /// use moa_plugin::prelude::*;
    ///
    /// /// Opens the kitchen.
    /// #[job(cron = "0 11 * * 1-5", timezone = "Asia/Seoul")]
    /// fn open() -> Result<()> {
    ///     chat::send(&Place::channel("slack", "C0123456789"), "The kitchen is open.")?;
    ///     Ok(())
    /// }
    /// # plugin!(open);
    /// # moa_plugin::testing::Host::new().run_job::<open>()?;
    /// # Ok::<(), Error>(())
    /// ```
    pub fn channel(service: impl Into<String>, id: impl Into<String>) -> Self {
        Self {
            service: service.into(),
            conversation: id.into(),
            thread: None,
            kind: PlaceKind::Channel,
        }
    }

    /// A conversation by its id alone, as it stands in a configuration: `C0123456789`, `jandi:lunch`, `incoming:ops`. Which
    /// service it is at is told by how the id begins.
    ///
    /// ```
    /// use moa_plugin::prelude::*;
    ///
    /// #[derive(Config)]
    /// struct Settings {
    ///     /// Where the menu is shown.
    ///     #[default = "C0123456789"]
    ///     conversation: String,
    /// }
    ///
    /// /// Shows the menu.
    /// #[job(cron = "50 11 * * 1-5", timezone = "Asia/Seoul")]
    /// fn menu() -> Result<()> {
    ///     let settings: Settings = moa_plugin::system::config()?;
    ///     chat::send(&Place::of(settings.conversation), "soup")?;
    ///     Ok(())
    /// }
    /// # plugin!(menu);
    /// # moa_plugin::testing::Host::new().run_job::<menu>()?;
    /// # Ok::<(), Error>(())
    /// ```
    pub fn of(id: impl Into<String>) -> Self {
        Self::channel("", id)
    }
}

impl MessageRef {
    /// The thread below this message.
    ///
    /// ```
    /// use moa_plugin::prelude::*;
    ///
    /// /// Opens a vote.
    /// #[command]
    /// fn vote(ctx: &Context) -> Result<()> {
    ///     let head = ctx.reply("*Soup or rice?*")?;
    ///     chat::send(&head.thread(), "Tell us why, here.")?;
    ///     Ok(())
    /// }
    ///
    /// let host = moa_plugin::testing::Host::new();
    /// host.run::<vote>("")?;
    /// let [head, below] = &host.messages()[..] else { panic!() };
    /// assert_eq!(below.address.place.thread.as_ref(), Some(&head.address.id));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn thread(&self) -> Place {
        Place {
            thread: Some(self.place.thread.clone().unwrap_or_else(|| self.id.clone())),
            ..self.place.clone()
        }
    }
}

// So that a place and a message can be kept in the brain, for a job that speaks there later.

#[derive(Serialize, Deserialize)]
#[serde(remote = "types::PlaceKind", rename_all = "kebab-case")]
enum KindForm {
    Channel,
    Group,
    Direct,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "types::Place")]
struct PlaceForm {
    service: String,
    conversation: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    thread: Option<String>,
    #[serde(with = "KindForm")]
    kind: PlaceKind,
}

impl Serialize for Place {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        PlaceForm::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for Place {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        PlaceForm::deserialize(deserializer)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "types::MessageRef")]
struct MessageForm {
    place: Place,
    id: String,
}

impl Serialize for MessageRef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        MessageForm::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for MessageRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        MessageForm::deserialize(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_can_be_kept() {
        let here = Place::channel("slack", "C1");
        let json = serde_json::to_string(&here).unwrap();
        assert_eq!(json, r#"{"service":"slack","conversation":"C1","kind":"channel"}"#);
        let thread = Place {
            thread: Some("1.2".into()),
            kind: PlaceKind::Direct,
            ..here
        };
        let json = serde_json::to_string(&thread).unwrap();
        assert_eq!(serde_json::from_str::<Place>(&json).unwrap(), thread);
    }

    #[test]
    fn a_message_can_be_kept_and_has_one_thread() {
        let place = Place::channel("slack", "C1");
        let message = MessageRef { place, id: "7".into() };
        let json = serde_json::to_value(&message).unwrap();
        assert_eq!(json["id"], "7");
        assert_eq!(serde_json::from_value::<MessageRef>(json).unwrap(), message);
        let thread = message.thread();
        assert_eq!(thread.thread.as_deref(), Some("7"));
        let reply = MessageRef {
            place: thread.clone(),
            id: "8".into(),
        };
        assert_eq!(reply.thread(), thread, "a reply's thread is the one that it stands in");
    }
}
