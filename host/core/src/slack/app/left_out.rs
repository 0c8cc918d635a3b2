//! What an app manifest has not, although a plugin names it.

use super::MAX_SLASH_COMMANDS;
use super::words::MAX_SLASH;
use crate::manifest::OFFERED_SHORTCUTS;

/// Something that Slack would not take, or that nobody has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeftOut {
    /// None of a command's words is one that Slack takes.
    NoWord {
        /// The command.
        command: String,
        /// The bot's own slash command.
        bot: String,
    },
    /// Slack has a command of this name itself.
    BuiltIn {
        /// The command.
        command: String,
        /// The word.
        word: String,
        /// The bot's own slash command.
        bot: String,
    },
    /// The bot or another command has this slash command.
    Taken {
        /// The command.
        command: String,
        /// The word.
        word: String,
        /// The bot's own slash command.
        bot: String,
    },
    /// There is no room for more.
    NoRoom {
        /// The command.
        command: String,
        /// The bot's own slash command.
        bot: String,
    },
    /// There is no room for another shortcut.
    NoRoomForShortcut {
        /// The plugin.
        plugin: String,
        /// The shortcut's id.
        id: String,
    },
    /// A slash command was wanted, and no plugin has such a command.
    Unknown {
        /// The word.
        word: String,
    },
}

impl std::fmt::Display for LeftOut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoWord { command, bot } => write!(
                f,
                "{command} has no slash command of its own: Slack takes at most {MAX_SLASH} of a-z, 0-9, - and _; give \
                 it such an alias, or type /{bot} {command}"
            ),
            Self::BuiltIn { command, word, bot } => write!(
                f,
                "{command} has no slash command of its own: Slack has /{word} itself; type /{bot} {command}"
            ),
            Self::Taken { command, word, bot } => write!(
                f,
                "{command} has no slash command of its own: /{word} is another's; type /{bot} {command}"
            ),
            Self::NoRoom { command, bot } => write!(
                f,
                "{command} has no slash command of its own: Slack takes {MAX_SLASH_COMMANDS} from one app; choose which \
                 with --slash, or type /{bot} {command}"
            ),
            Self::NoRoomForShortcut { plugin, id } => write!(
                f,
                "the shortcut {id} of {plugin} is left out: Slack takes {OFFERED_SHORTCUTS} from one app"
            ),
            Self::Unknown { word } => write!(f, "no plugin has a command {word}, so there is no slash command for it"),
        }
    }
}
