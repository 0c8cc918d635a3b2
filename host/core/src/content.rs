//! What plugins and the host say: text in portable markup, cards and actions.

use serde::{Deserialize, Serialize};

/// A named value inside a [`Card`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// The name.
    pub title: String,
    /// The value, portable markup.
    pub value: String,
    /// Whether it is short enough to stand beside another.
    pub short: bool,
}

/// A framed block beside the text. Empty strings mean "not there".
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    /// A line above the frame.
    pub pretext: String,
    /// The heading.
    pub title: String,
    /// Where the heading leads.
    pub link: String,
    /// The body, portable markup.
    pub text: String,
    /// The colour of the frame: `#RRGGBB`, or `good`, `warning`, `danger`.
    pub color: String,
    /// Named values.
    pub fields: Vec<Field>,
    /// The address of a picture.
    pub image: String,
    /// A small line below.
    pub footer: String,
}

/// How a button looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Style {
    /// Like any other.
    #[default]
    Normal,
    /// The one to press.
    Primary,
    /// The one to think about.
    Danger,
}

/// Something to press or choose below a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// A button.
    Button {
        /// Comes back with the press.
        id: String,
        /// What stands on it.
        label: String,
        /// Comes back with the press.
        value: String,
        /// How it looks.
        style: Style,
        /// A question to confirm before the press counts.
        confirm: Option<String>,
    },
    /// A menu.
    Select {
        /// Comes back with the choice.
        id: String,
        /// What stands there before anything is chosen.
        placeholder: String,
        /// Label and value of each choice.
        choices: Vec<(String, String)>,
    },
    /// A button that leads to an address: label, address.
    Link(String, String),
}

/// Who sees a message, and where it stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Audience {
    /// All, at the place itself.
    #[default]
    Everyone,
    /// All, in a thread below the message that is answered.
    Thread,
    /// All, in the thread and in the conversation.
    Broadcast,
    /// Only the person who asked.
    Asker,
}

/// One message to be sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// Portable markup: `*bold*`, `_italic_`, `~strike~`, code, `[label](url)`, `{@USER}`, `{#CONVERSATION}`.
    pub text: String,
    /// Framed blocks.
    pub cards: Vec<Card>,
    /// Buttons and menus.
    pub actions: Vec<Action>,
    /// Who sees it.
    pub audience: Audience,
    /// JSON of the service's own message arguments, merged last.
    pub native: Option<String>,
    /// Another name and icon, where the service and the grant allow it.
    pub sender: Option<(String, String)>,
}

impl Content {
    /// Shows every text of it.
    pub fn each_text(&mut self, mut to: impl FnMut(&mut String)) {
        to(&mut self.text);
        for card in &mut self.cards {
            let own = [
                &mut card.pretext,
                &mut card.title,
                &mut card.link,
                &mut card.text,
                &mut card.image,
                &mut card.footer,
            ];
            own.into_iter().for_each(&mut to);
            for field in &mut card.fields {
                to(&mut field.title);
                to(&mut field.value);
            }
        }
        for action in &mut self.actions {
            match action {
                Action::Button {
                    label, value, confirm, ..
                } => {
                    to(label);
                    to(value);
                    confirm.iter_mut().for_each(&mut to);
                }
                Action::Select {
                    placeholder, choices, ..
                } => {
                    to(placeholder);
                    for (label, value) in choices {
                        to(label);
                        to(value);
                    }
                }
                Action::Link(label, url) => {
                    to(label);
                    to(url);
                }
            }
        }
        self.native.iter_mut().for_each(&mut to);
        if let Some((name, icon)) = &mut self.sender {
            to(name);
            to(icon);
        }
    }

    /// A message of text alone.
    pub fn text(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            ..Self::default()
        }
    }
}
