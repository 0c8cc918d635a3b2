//! Whom a message is for.
//!
//! [`Table`] is built once from the loaded plugins' manifests; [`route`] looks at each message. A message that addresses
//! nobody is found out from its first characters, without any allocation.

//mod address;
//mod distance;
//mod help;
//mod matching;
//mod say;
//mod table;

//pub use table::{Conflict, Table};

use crate::call::Arg;
use crate::command::ArgError;
use crate::config::Unknown;
//use crate::event::Event;
use crate::manifest::Confirm;
use jiff::tz::TimeZone;

/// What the operator decided about commands.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What commands begin with. A `!` among them stands for the full-width `！` too.
    pub prefixes: Vec<String>,
    /// What happens to commands that nobody knows.
    pub unknown: Unknown,
    /// The bot's names besides those in [`Me`]: `bot.name`.
    pub names: Vec<String>,
    /// Where days begin: what `today` means, and the time of day.
    pub timezone: TimeZone,
}

impl Default for Settings {
    /// `!`, suggestions, the name `moa`, UTC.
    fn default() -> Self {
        Self {
            prefixes: vec!["!".into()],
            unknown: Unknown::Suggest,
            names: vec!["moa".into()],
            timezone: TimeZone::UTC,
        }
    }
}

/// Who the bot is at the service that the event came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Me {
    /// The id people mention.
    pub user_id: String,
    /// The bot's own id; some services mention that.
    pub bot_id: String,
    /// The account's names there.
    pub names: Vec<String>,
}

/// What becomes of a message.
#[derive(Clone, Debug, PartialEq)]
pub enum Routed {
    /// It is for nobody.
    Nothing,
    /// It is a command for a plugin, with valid arguments.
    Command(CommandMatch),
    /// The host answers it itself.
    Say(Say),
}

/// A command for a plugin.
#[derive(Clone, Debug, PartialEq)]
pub struct CommandMatch {
    /// The plugin's name.
    pub plugin: String,
    /// The manifest's name of the command.
    pub command: String,
    /// The manifest's names of the subcommands, outermost first.
    pub path: Vec<String>,
    /// The arguments, in the manifest's order, those of the command before those of its subcommands; optional ones that
    /// were not given are left out. Text values are the person's own: before a plugin gets them, the mentions in them
    /// must go through [`plain_mentions`](crate::text::plain_mentions).
    pub args: Vec<Arg>,
    /// Everything behind the command word, as typed; subcommands are part of it.
    pub rest: String,
    /// The same in tokens.
    pub tokens: Vec<String>,
    /// Whether only admins may run it unless the operator says otherwise.
    pub restricted: bool,
    /// Who must be asked before it runs.
    pub confirm: Confirm,
}

/// What the host says itself. [`Say::render`] makes a message of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Say {
    /// Help: about everything, or about one command or plugin.
    Help {
        /// The words behind `help`.
        topic: Option<String>,
    },
    /// The list of plugins.
    Plugins,
    /// A command was used wrongly.
    Usage {
        /// The command's plugin.
        plugin: String,
        /// The command.
        command: String,
        /// The subcommands.
        path: Vec<String>,
        /// What is wrong.
        error: ArgError,
    },
    /// Nobody knows the word.
    Suggest {
        /// What was typed.
        word: String,
        /// Similar commands, the best first; may be empty in a direct conversation.
        similar: Vec<String>,
    },
    /// Several commands fit.
    WhichOne {
        /// What was typed.
        word: String,
        /// The commands that fit, in the form in which each can be typed without doubt.
        candidates: Vec<String>,
    },
}
