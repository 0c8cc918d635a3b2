//! What the bot's app offers besides hearing messages, as its manifest says: slash commands and shortcuts.

use serde::{Deserialize, Serialize};

/// The part of an app's manifest that people see: what their client completes after `/` and offers on messages. Fields
/// are named as in the `features` of a manifest; others are ignored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Features {
    /// The slash commands. As long as there are none every command is passed on; afterwards only these are.
    pub slash_commands: Vec<SlashCommand>,
    /// The shortcuts.
    pub shortcuts: Vec<Shortcut>,
}

/// One slash command.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SlashCommand {
    /// Its name with the slash, such as `/moa`.
    pub command: String,
    /// What it does, in a few words.
    pub description: String,
    /// What can follow it, such as `[question]`.
    pub usage_hint: String,
}

/// One shortcut.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Shortcut {
    /// What people read.
    pub name: String,
    /// By what the bot knows it.
    pub callback_id: String,
    /// What it does, in a few words.
    pub description: String,
    /// Where it is offered.
    #[serde(rename = "type")]
    pub place: ShortcutPlace,
}

/// Where a shortcut is offered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ShortcutPlace {
    /// Anywhere.
    #[default]
    Global,
    /// On messages.
    Message,
}
