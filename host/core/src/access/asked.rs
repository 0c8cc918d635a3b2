//! What somebody wants to do, as rules see it.

use crate::call::{Arg, ArgValue};
use crate::command::values::{duration, truth};
use crate::text::fold;

/// What somebody wants to do: run a command, or something else with a plugin.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked<'a> {
    /// The plugin's name.
    pub plugin: &'a str,
    /// The command's names, then those of each subcommand, outermost first; each with all its aliases. Nothing where it
    /// is no command but a press, or something that the plugin listens for.
    pub names: Vec<Vec<&'a str>>,
    /// The arguments.
    pub args: Args<'a>,
    /// Whether the command or one of the subcommands is restricted.
    pub restricted: bool,
}

/// The arguments of a command.
#[derive(Clone, Debug, PartialEq)]
pub enum Args<'a> {
    /// These; those that are not among them were left out.
    Given(&'a [Arg]),
    /// It takes arguments of these names, and what will be typed for them is not known.
    Open(Vec<&'a str>),
}

impl<'a> Asked<'a> {
    /// A press, or something that a plugin listens for.
    pub fn plugin(plugin: &'a str) -> Self {
        Self {
            plugin,
            names: Vec::new(),
            args: Args::Given(&[]),
            restricted: false,
        }
    }
}

/// The texts that an argument's value is compared as: of a list one for each entry, and one of several ways to write it.
/// They are folded.
pub(super) fn texts(value: &ArgValue) -> Vec<Vec<String>> {
    let folded = |text: &str| fold(text.trim()).into_owned();
    let one = |texts: Vec<String>| vec![texts];
    match value {
        ArgValue::Text(text) | ArgValue::User(text) | ArgValue::Conversation(text) | ArgValue::Date(text) => {
            one(vec![folded(text)])
        }
        ArgValue::Integer(number) => one(vec![number.to_string()]),
        ArgValue::Number(number) => one(vec![number.to_string()]),
        ArgValue::Truth(truth) => one(vec![truth.to_string()]),
        ArgValue::Seconds(seconds) => one(vec![seconds.to_string()]),
        ArgValue::Time(time) => {
            let short = time.strip_suffix(":00").unwrap_or(time);
            one(vec![time.clone(), short.to_owned()])
        }
        ArgValue::Many(items) => items.iter().map(|item| vec![folded(item)]).collect(),
    }
}

/// Whether a text of a rule means a value that can be written in many ways.
pub(super) fn means(value: &ArgValue, text: &str) -> bool {
    match value {
        ArgValue::Number(number) => text.parse() == Ok(*number),
        ArgValue::Truth(is) => truth(text) == Some(*is),
        ArgValue::Seconds(seconds) => duration(text) == Some(*seconds),
        _ => false,
    }
}
