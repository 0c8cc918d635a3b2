//! Presses and events as plain data.

use super::Text;
use crate::bindings::exports::moa::plugin::{actions, events};
use crate::{Context, Error, PressReply};
use serde::ser::{Serialize, SerializeMap, Serializer};

/// Which presses a function handles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PressFor {
    /// Buttons and menus.
    Action,
    /// Submitted forms.
    Submit,
    /// Shortcuts of the service.
    Shortcut,
    /// Questions, answered or not.
    Answer,
}

/// Where a shortcut stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ShortcutOn {
    /// In the menu of a message.
    Message,
    /// Wherever one writes.
    Anywhere,
}

/// What people see of a shortcut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shortcut {
    /// Where it stands.
    pub on: ShortcutOn,
    /// Its name.
    pub name: Text,
    /// What it does.
    pub description: Text,
}

/// Presses of one id, or of all that begin alike, and the function behind them.
#[derive(Clone, Copy, Debug)]
pub struct Press {
    /// Which presses.
    pub of: PressFor,
    /// The id, or what it begins with: `order`, `order:*`.
    pub id: &'static str,
    /// For shortcuts, what people see.
    pub shortcut: Option<Shortcut>,
    /// Calls the author's function.
    pub run: fn(&crate::Press) -> Result<PressReply, Error>,
}

impl Press {
    /// What an array is filled with before it has its parts.
    pub(crate) const BLANK: Self = Self {
        of: PressFor::Action,
        id: "",
        shortcut: None,
        run: |_| Ok(PressReply::Done),
    };

    /// What follows the part of the id that is named here; `None` if this is another one's press.
    pub(crate) fn rest<'a>(&self, kind: actions::Kind, id: &'a str) -> Option<&'a str> {
        use actions::Kind;
        let is_for = match self.of {
            PressFor::Action => matches!(kind, Kind::Button | Kind::Select),
            PressFor::Submit => matches!(kind, Kind::Modal),
            PressFor::Shortcut => matches!(kind, Kind::Shortcut),
            PressFor::Answer => matches!(kind, Kind::Answer | Kind::Timeout),
        };
        match self.id.strip_suffix('*') {
            _ if !is_for => None,
            Some(start) => id.strip_prefix(start),
            None => (self.id == id).then_some(""),
        }
    }
}

/// The names that the manifest has for events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// A reaction was added.
    Reacted,
    /// A reaction was taken back.
    Unreacted,
    /// Somebody joined.
    Joined,
    /// Somebody left.
    Left,
    /// The topic changed.
    Topic,
    /// A message was edited.
    Edited,
    /// A message was deleted.
    Deleted,
}

impl Event {
    pub(crate) fn of(event: &events::Event) -> Self {
        match event {
            events::Event::Reacted(_) => Self::Reacted,
            events::Event::Unreacted(_) => Self::Unreacted,
            events::Event::Joined(_) => Self::Joined,
            events::Event::Left(_) => Self::Left,
            events::Event::Topic(_) => Self::Topic,
            events::Event::Edited(_) => Self::Edited,
            events::Event::Deleted(_) => Self::Deleted,
        }
    }
}

/// An event, and the function that learns of it.
#[derive(Clone, Copy, Debug)]
pub struct On {
    /// Which one.
    pub event: Event,
    /// Calls the author's function.
    pub run: fn(&Context, events::Event) -> Result<(), Error>,
}

impl On {
    /// What an array is filled with before it has its parts.
    pub(crate) const BLANK: Self = Self {
        event: Event::Reacted,
        run: |_, _| Ok(()),
    };
}

impl Serialize for On {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.event.serialize(serializer)
    }
}

pub(super) fn have_no_shortcuts(presses: &&[Press]) -> bool {
    presses.iter().all(|press| press.shortcut.is_none())
}

pub(super) fn shortcuts<S: Serializer>(presses: &[Press], serializer: S) -> Result<S::Ok, S::Error> {
    let named = |press: &Press| press.shortcut.map(|shortcut| Named(press.id, shortcut));
    serializer.collect_seq(presses.iter().filter_map(named))
}

struct Named(&'static str, Shortcut);

impl Serialize for Named {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(id, shortcut) = self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("id", id)?;
        map.serialize_entry("on", &shortcut.on)?;
        map.serialize_entry("name", &shortcut.name)?;
        if !shortcut.description.is_empty() {
            map.serialize_entry("description", &shortcut.description)?;
        }
        map.end()
    }
}
