//! Making messages: short ways to write [`Content`] and what is in it.

use crate::bindings::moa::plugin::types::{Action, Audience, Button, Card, Content, Field, Message, MessageRef, Style};

/// An empty message for everyone. Fill in what you need, or start with [`Content::text`].
impl Default for Content {
    fn default() -> Self {
        Self {
            text: String::new(),
            cards: Vec::new(),
            actions: Vec::new(),
            audience: Audience::Everyone,
            native: None,
            sender: None,
        }
    }
}

/// ```
/// use moa_plugin::prelude::*;
///
/// let order = Content::text("*점심* 주문을 받습니다")
///     .card(Card::titled("오늘의 메뉴").field("국", "미역국"))
///     .button(Button::new("order", "주문"))
///     .to(Audience::Thread);
/// assert_eq!(order.cards.len(), 1);
/// ```
impl Content {
    /// A message of text alone, in portable markup: `*bold*`, `_italic_`, `~strike~`, `` `code` ``, `[label](url)`,
    /// `{@USER}`, `{#CONVERSATION}`.
    pub fn text(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            ..Self::default()
        }
    }

    /// Adds a framed block below the text.
    pub fn card(mut self, card: Card) -> Self {
        self.cards.push(card);
        self
    }

    /// Adds a button.
    pub fn button(mut self, button: Button) -> Self {
        self.actions.push(Action::Button(button));
        self
    }

    /// Adds a button that leads to an address.
    pub fn link(mut self, label: impl Into<String>, address: impl Into<String>) -> Self {
        self.actions.push(Action::Link((label.into(), address.into())));
        self
    }

    /// Says who sees it: everyone, unless told otherwise.
    pub fn to(mut self, audience: Audience) -> Self {
        self.audience = audience;
        self
    }
}

impl From<&str> for Content {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<String> for Content {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

impl From<Card> for Content {
    fn from(card: Card) -> Self {
        Self::default().card(card)
    }
}

/// An empty card: nothing of it is shown.
impl Default for Card {
    fn default() -> Self {
        Self {
            pretext: String::new(),
            title: String::new(),
            link: String::new(),
            text: String::new(),
            color: String::new(),
            fields: Vec::new(),
            image: String::new(),
            footer: String::new(),
        }
    }
}

impl Card {
    /// A card with a heading. Set what else it has by its fields.
    pub fn titled(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            ..Self::default()
        }
    }

    /// Adds a named value that is short enough to stand beside another.
    pub fn field(mut self, title: impl Into<String>, value: impl Into<String>) -> Self {
        self.fields.push(Field {
            title: title.into(),
            value: value.into(),
            short: true,
        });
        self
    }
}

impl Button {
    /// A button that looks like any other and asks nothing back.
    pub fn new(id: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            label: label.into(),
            value: String::new(),
            style: Style::Normal,
            confirm: None,
        }
    }
}

impl Message {
    /// The message's address, for editing and reacting.
    pub fn address(&self) -> &MessageRef {
        &self.ref_
    }
}
