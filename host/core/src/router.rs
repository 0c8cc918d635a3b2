//! Whom a message is for.
//!
//! [`Table`] is built once from the loaded plugins' manifests, [`Hears`] from everything that they listen for; [`route`]
//! looks at each message. A message that addresses nobody and fits no pattern is found out without any allocation.

mod address;
mod find;
pub mod hears;
mod help;
mod manage;
mod reader;
mod say;
mod table;
mod usage;

pub use hears::{HeardMatch, Hears};
pub use manage::{AdminWord, Listed, Manage, RoleOrder};
pub use reader::{Judged, Reader, read_command};
pub use table::{Conflict, Table, host_words};

use crate::call::Arg;
use crate::command::{self, ArgError, Clock, Tokens};
use crate::config::Unknown;
use crate::event::{Event, EventKind, Mention, Message, PlaceKind};
use crate::manifest::{Confirm, Scope};
use address::{Addressed, How};
use find::Found;
use hears::{Said, Scopes};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use table::{Builtin, Target};

/// The slash command of a bot whose name cannot be one, unless a command has it.
pub const FALLBACK_SLASH: &str = "moa";

/// What the operator decided about commands.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What commands begin with. A `!` among them stands for the full-width `！` too.
    pub prefixes: Vec<String>,
    /// What happens to commands that nobody knows.
    pub unknown: Unknown,
    /// The bot's names besides those in [`Me`]: `bot.name`.
    pub names: Vec<String>,
    /// Where days begin: what `today` means.
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
    /// Slash commands that stand for the bot unless a command has that name, besides [`FALLBACK_SLASH`]: JANDI's keywords.
    pub keywords: Vec<String>,
}

/// What becomes of a message.
#[derive(Clone, Debug, PartialEq)]
pub enum Routed {
    /// It is for nobody.
    Nothing,
    /// It is a command for a plugin, with valid arguments.
    Command(CommandMatch),
    /// It is no command, and plugins listen for something in it. At least one.
    Heard(Vec<HeardMatch>),
    /// The host answers it itself.
    Say(Say),
    /// Those who look after the bot want something of the host.
    Manage(Manage),
}

/// A command for a plugin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
        /// Similar commands in the form in which each can be typed, the best first. Empty where there are none and the
        /// person should still be told (in a direct conversation, or after a slash command).
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

/// Finds out whom an event is for.
///
/// The command word is looked up in the steps of [`Table`]; the words behind it are read by [`command::read`]. The same
/// event gives the same answer at any later time: `today` is the day on which it was written. `hears` is everything that
/// plugins listen for. A command wins over patterns; a pattern that fits wins over the answer that nobody knows the word.
pub fn route(table: &Table, hears: &Hears, settings: &Settings, me: &Me, event: &Event) -> Routed {
    let Some(message) = event.message() else {
        // Whose a press is stands in it, and what else happens goes to all that want to know.
        return Routed::Nothing;
    };
    if !me.user_id.is_empty() && message.author == me.user_id {
        return Routed::Nothing;
    }
    let direct = message.at.place.kind == PlaceKind::Direct;
    let clock = Clock {
        written: &message.time,
        timezone: &settings.timezone,
    };
    match &event.kind {
        EventKind::Message(message) => {
            let addressed = address::address(&message.text, direct, settings, me);
            let routed = match &addressed {
                Some(addressed) => Call::of(*addressed, direct).route(table, settings, clock),
                None => Routed::Nothing,
            };
            if !matches!(routed, Routed::Nothing | Routed::Say(Say::Suggest { .. })) {
                return routed;
            }
            let heard = hears.hear(&said(message, addressed, direct, me));
            match heard.is_empty() {
                true => routed,
                false => Routed::Heard(heard),
            }
        }
        EventKind::Slash(slash) => {
            let command = slash.command.as_str();
            let stands_for_it =
                || command.eq_ignore_ascii_case(FALLBACK_SLASH) || me.keywords.iter().any(|keyword| keyword == command);
            let is_own = address::is_name(command, settings, me)
                || stands_for_it() && matches!(table.find_exact(command), Found::None);
            let call = match is_own {
                true => Call::of(
                    Addressed {
                        how: How::Slash,
                        text: address::without_prefix(slash.message.text.trim_start(), settings),
                    },
                    direct,
                ),
                false => Call {
                    how: How::Slash,
                    direct,
                    word: &slash.command,
                    rest: slash.message.text.trim(),
                },
            };
            call.route(table, settings, clock)
        }
        EventKind::Press(_) | EventKind::Change(_) | EventKind::Ruling(_) | EventKind::Due(_) | EventKind::Hook(_) => {
            Routed::Nothing
        }
    }
}

/// A message as patterns see it. Where it begins with the bot's name, they see what follows.
fn said<'a>(message: &'a Message, addressed: Option<Addressed<'a>>, direct: bool, me: &Me) -> Said<'a> {
    let named = addressed.filter(|addressed| matches!(addressed.how, How::Mention | How::Name));
    let is_me = |mention: &Mention| matches!(mention, Mention::User(id) if *id == me.user_id || *id == me.bot_id);
    let mut scopes = Scopes::default();
    if direct {
        scopes = scopes.with(Scope::Direct);
    }
    if named.is_some() {
        scopes = scopes.with(Scope::DirectMention);
    }
    if named.is_some() || message.mentions.iter().any(is_me) {
        scopes = scopes.with(Scope::Mention);
    }
    if scopes == Scopes::default() {
        scopes = scopes.with(Scope::Ambient);
    }
    Said {
        text: named.map_or(&message.text, |addressed| addressed.text),
        conversation: &message.at.place.conversation,
        scopes,
    }
}

/// What is said to the bot.
struct Call<'a> {
    how: How,
    direct: bool,
    word: &'a str,
    rest: &'a str,
}

impl<'a> Call<'a> {
    fn of(addressed: Addressed<'a>, direct: bool) -> Self {
        let text = addressed.text.trim();
        let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        Self {
            how: addressed.how,
            direct,
            word,
            rest: rest.trim_start(),
        }
    }

    fn route(&self, table: &Table, settings: &Settings, clock: Clock<'_>) -> Routed {
        if self.word.is_empty() {
            // Only a mention or the bot's own slash command comes with nothing behind it.
            return match self.how {
                How::Mention | How::Slash => Routed::Say(Say::Help { topic: None }),
                _ => Routed::Nothing,
            };
        }
        // `!?` and `!!!wow` are no attempts at a command, unless there is one of that very name.
        let wordlike = self.word.starts_with(char::is_alphanumeric);
        let found = match wordlike {
            true => table.find(self.word),
            false => table.find_exact(self.word),
        };
        match found {
            Found::One(target) => self.carry_out(table, target, self.rest, clock),
            Found::Many(targets) => Routed::Say(Say::WhichOne {
                word: self.word.into(),
                candidates: targets.into_iter().map(|target| table.typed(target)).collect(),
            }),
            Found::None if wordlike && settings.unknown == Unknown::Suggest => self.suggest(table),
            Found::None => Routed::Nothing,
        }
    }

    fn carry_out(&self, table: &Table, target: Target, rest: &str, clock: Clock<'_>) -> Routed {
        match target {
            Target::Builtin(Builtin::Help) => Routed::Say(Say::Help {
                topic: Some(rest.trim().to_owned()).filter(|topic| !topic.is_empty()),
            }),
            Target::Builtin(Builtin::Plugins) => Routed::Say(Say::Plugins),
            Target::Builtin(Builtin::Manage(word)) => Routed::Manage(word.read(rest)),
            Target::Command { .. } => self.command(table, target, rest, clock),
            Target::Alias(alias) => {
                let Some((target, words)) = table.alias(alias) else {
                    return Routed::Nothing;
                };
                let rest = format!("{words} {rest}");
                self.carry_out(table, target, rest.trim(), clock)
            }
        }
    }

    fn command(&self, table: &Table, target: Target, rest: &str, clock: Clock<'_>) -> Routed {
        let Some((plugin, spec)) = table.command(target) else {
            return Routed::Nothing;
        };
        let tokens = Tokens::new(rest);
        match command::read(spec, &tokens, clock) {
            Ok(matched) => Routed::Command(CommandMatch {
                plugin: plugin.into(),
                command: spec.name.clone(),
                path: matched.path,
                args: matched.args,
                rest: tokens.rest_after(0).into(),
                tokens: tokens.texts(),
                restricted: matched.restricted,
                confirm: matched.confirm,
            }),
            Err(wrong) if wrong.error == ArgError::Help => {
                let path: String = wrong.path.iter().map(|name| format!(" {name}")).collect();
                Routed::Say(Say::Help {
                    topic: Some(format!("{plugin}:{}{path}", spec.name)),
                })
            }
            Err(wrong) => Routed::Say(Say::Usage {
                plugin: plugin.into(),
                command: spec.name.clone(),
                path: wrong.path,
                error: wrong.error,
            }),
        }
    }

    fn suggest(&self, table: &Table) -> Routed {
        // People talk about the bot by its name, and mean nobody's command.
        if self.how == How::Name && !self.direct {
            return Routed::Nothing;
        }
        let similar = table.similar(self.word, |_| true);
        if similar.is_empty() && !self.direct && self.how != How::Slash {
            return Routed::Nothing;
        }
        Routed::Say(Say::Suggest {
            word: self.word.into(),
            similar,
        })
    }
}

#[cfg(test)]
mod tests;
