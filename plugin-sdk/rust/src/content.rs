//! Making messages: short ways to write [`Content`] and what is in it.

use crate::bindings::moa::plugin::types::{
    Action, Audience, Button, Card, Choice, Content, Field, Message, MessageRef, Select, Style,
};

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
    ///
    /// ```
    /// assert_eq!(moa_plugin::Content::text("*soup*"), "*soup*".into());
    /// ```
    pub fn text(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            ..Self::default()
        }
    }

    /// Adds a framed block below the text.
    ///
    /// ```
    /// # use moa_plugin::{Card, Content};
    /// let menu = Content::text("today").card(Card::titled("soup")).card(Card::titled("rice"));
    /// assert_eq!(menu.cards.len(), 2);
    /// ```
    pub fn card(mut self, card: Card) -> Self {
        self.cards.push(card);
        self
    }

    /// Adds a button.
    ///
    /// ```
    /// # use moa_plugin::{Button, Content};
    /// let question = Content::text("soup?").button(Button::new("yes", "yes")).button(Button::new("no", "no"));
    /// assert_eq!(question.actions.len(), 2);
    /// ```
    pub fn button(mut self, button: Button) -> Self {
        self.actions.push(Action::Button(button));
        self
    }

    /// Adds a menu: its id, what stands there before anything is chosen, and from 1 to 100 choices, each what people read
    /// and what the plugin gets.
    ///
    /// ```
    /// # use moa_plugin::Content;
    /// let question = Content::text("what?").menu("dish", "a dish", [("국", "soup"), ("밥", "rice")]);
    /// assert_eq!(question.actions.len(), 1);
    /// ```
    pub fn menu<L: Into<String>, V: Into<String>>(
        mut self,
        id: impl Into<String>,
        placeholder: impl Into<String>,
        choices: impl IntoIterator<Item = (L, V)>,
    ) -> Self {
        let choices = choices.into_iter().map(|(label, value)| Choice {
            label: label.into(),
            value: value.into(),
        });
        self.actions.push(Action::Select(Select {
            id: id.into(),
            placeholder: placeholder.into(),
            choices: choices.collect(),
        }));
        self
    }

    /// Adds a button that leads to an address.
    ///
    /// ```
    /// # use moa_plugin::Content;
    /// let answer = Content::text("here").link("guide", "https://example.com/guide");
    /// assert_eq!(answer.actions.len(), 1);
    /// ```
    pub fn link(mut self, label: impl Into<String>, address: impl Into<String>) -> Self {
        self.actions.push(Action::Link((label.into(), address.into())));
        self
    }

    /// Says who sees it: everyone, unless told otherwise.
    ///
    /// ```
    /// # use moa_plugin::{Audience, Content};
    /// assert_eq!(Content::text("psst").to(Audience::Asker).audience, Audience::Asker);
    /// ```
    pub fn to(mut self, audience: Audience) -> Self {
        self.audience = audience;
        self
    }

    /// Shows another sender: a name, and the address of an icon or an `:emoji:` (empty: the usual icon). Ignored where
    /// the service has no such thing.
    ///
    /// ```
    /// # use moa_plugin::Content;
    /// assert!(Content::text("soup is ready").sender("the kitchen", ":stew:").sender.is_some());
    /// ```
    pub fn sender(mut self, name: impl Into<String>, icon: impl Into<String>) -> Self {
        self.sender = Some((name.into(), icon.into()));
        self
    }

    /// Adds the service's own message arguments, a JSON object, which win over everything else in the message.
    ///
    /// ```
    /// # use moa_plugin::Content;
    /// let quiet = Content::text("https://example.com").native(serde_json::json!({ "unfurl_links": false }));
    /// assert_eq!(quiet.native.as_deref(), Some(r#"{"unfurl_links":false}"#));
    /// ```
    pub fn native(mut self, arguments: impl Into<serde_json::Value>) -> Self {
        self.native = Some(arguments.into().to_string());
        self
    }
}

/// One message of several: their texts below each other, then all cards, then all buttons and menus. Anything else is that
/// of the first which has it.
///
/// ```
/// use moa_plugin::prelude::*;
///
/// let of = |name: &str| Content::text(format!("*{name}*")).card(Card::titled("menu"));
/// let both: Content = ["canteen", "snack bar"].map(of).into_iter().collect();
/// assert_eq!((both.text.as_str(), both.cards.len()), ("*canteen*\n*snack bar*", 2));
/// ```
impl FromIterator<Self> for Content {
    fn from_iter<I: IntoIterator<Item = Self>>(several: I) -> Self {
        let mut several = several.into_iter();
        let first = several.next().unwrap_or_default();
        several.fold(first, |mut all, next| {
            if !all.text.is_empty() && !next.text.is_empty() {
                all.text.push('\n');
            }
            all.text.push_str(&next.text);
            all.cards.extend(next.cards);
            all.actions.extend(next.actions);
            all.native = all.native.or(next.native);
            all.sender = all.sender.or(next.sender);
            all
        })
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

/// ```
/// use moa_plugin::prelude::*;
///
/// /// Shows the menu.
/// #[command]
/// fn menu() -> Card {
///     Card::titled("오늘의 메뉴")
///         .link("https://example.com/menu")
///         .color("good")
///         .field("국", "미역국")
///         .wide_field("반찬", "김치, 시금치, 멸치볶음")
///         .footer("12시까지")
/// }
/// ```
impl Card {
    /// A card with a heading.
    ///
    /// ```
    /// assert_eq!(moa_plugin::Card::titled("soup").title, "soup");
    /// ```
    pub fn titled(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            ..Self::default()
        }
    }

    /// The body, portable markup.
    ///
    /// ```
    /// # use moa_plugin::Card;
    /// assert_eq!(Card::titled("soup").text("with *rice*").text, "with *rice*");
    /// ```
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.text = text.into();
        self
    }

    /// A line above the frame, portable markup.
    ///
    /// ```
    /// # use moa_plugin::Card;
    /// assert_eq!(Card::titled("soup").pretext("today").pretext, "today");
    /// ```
    pub fn pretext(mut self, pretext: impl Into<String>) -> Self {
        self.pretext = pretext.into();
        self
    }

    /// Where the heading leads: an http or https address.
    ///
    /// ```
    /// # use moa_plugin::Card;
    /// assert_eq!(Card::titled("soup").link("https://example.com").link, "https://example.com");
    /// ```
    pub fn link(mut self, link: impl Into<String>) -> Self {
        self.link = link.into();
        self
    }

    /// The colour of the frame: `#RRGGBB`, or `good`, `warning`, `danger`.
    ///
    /// ```
    /// # use moa_plugin::Card;
    /// assert_eq!(Card::titled("soup").color("good").color, "good");
    /// ```
    pub fn color(mut self, color: impl Into<String>) -> Self {
        self.color = color.into();
        self
    }

    /// The address of a picture.
    ///
    /// ```
    /// # use moa_plugin::Card;
    /// assert_eq!(Card::titled("soup").image("https://example.com/soup.png").image, "https://example.com/soup.png");
    /// ```
    pub fn image(mut self, image: impl Into<String>) -> Self {
        self.image = image.into();
        self
    }

    /// A small line below, plain text.
    ///
    /// ```
    /// # use moa_plugin::Card;
    /// assert_eq!(Card::titled("soup").footer("until noon").footer, "until noon");
    /// ```
    pub fn footer(mut self, footer: impl Into<String>) -> Self {
        self.footer = footer.into();
        self
    }

    /// Adds a named value that is short enough to stand beside another.
    ///
    /// ```
    /// let card = moa_plugin::Card::titled("menu").field("soup", "hot").field("rice", "white");
    /// assert!(card.fields.iter().all(|field| field.short));
    /// ```
    pub fn field(self, title: impl Into<String>, value: impl Into<String>) -> Self {
        self.push(title.into(), value.into(), true)
    }

    /// Adds a named value that stands alone.
    ///
    /// ```
    /// let card = moa_plugin::Card::titled("menu").wide_field("sides", "kimchi, spinach, anchovies");
    /// assert!(!card.fields[0].short);
    /// ```
    pub fn wide_field(self, title: impl Into<String>, value: impl Into<String>) -> Self {
        self.push(title.into(), value.into(), false)
    }

    fn push(mut self, title: String, value: String, short: bool) -> Self {
        self.fields.push(Field { title, value, short });
        self
    }
}

impl Button {
    /// A button that looks like any other and asks nothing back.
    ///
    /// ```
    /// assert_eq!(moa_plugin::Button::new("order", "주문").label, "주문");
    /// ```
    pub fn new(id: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            label: label.into(),
            value: String::new(),
            style: Style::Normal,
            confirm: None,
        }
    }

    /// What comes back with the press, at most 2,000 characters.
    ///
    /// ```
    /// # use moa_plugin::Button;
    /// assert_eq!(Button::new("order", "주문").value("soup").value, "soup");
    /// ```
    pub fn value(mut self, value: impl Into<String>) -> Self {
        self.value = value.into();
        self
    }

    /// Makes it the one to press.
    ///
    /// ```
    /// # use moa_plugin::{Button, Style};
    /// assert_eq!(Button::new("order", "주문").primary().style, Style::Primary);
    /// ```
    pub fn primary(mut self) -> Self {
        self.style = Style::Primary;
        self
    }

    /// Makes it the one to think about first.
    ///
    /// ```
    /// # use moa_plugin::{Button, Style};
    /// assert_eq!(Button::new("wipe", "모두 지우기").danger().style, Style::Danger);
    /// ```
    pub fn danger(mut self) -> Self {
        self.style = Style::Danger;
        self
    }

    /// Asks the person a question, which has to be confirmed before the press counts.
    ///
    /// ```
    /// let button = moa_plugin::Button::new("wipe", "모두 지우기").confirm("정말 지울까요?");
    /// assert_eq!(button.confirm.as_deref(), Some("정말 지울까요?"));
    /// ```
    pub fn confirm(mut self, question: impl Into<String>) -> Self {
        self.confirm = Some(question.into());
        self
    }
}

impl Message {
    /// The message's address, for editing and reacting.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// let same = Host::new().with(|ctx| ctx.message().address().place == *ctx.place());
    /// assert!(same);
    /// ```
    pub fn address(&self) -> &MessageRef {
        &self.ref_
    }
}
