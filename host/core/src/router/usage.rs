//! How a command is written.

use super::table::{Table, Target};
use super::{CommandMatch, Say, Settings};
use crate::command::{ArgError, shown};
use crate::manifest::{ArgSpec, Command};

impl Say {
    /// What is said when the plugin itself found a command used wrongly. The right form is shown as far as this table
    /// still knows the subcommands.
    pub fn usage_of(table: &Table, command: &CommandMatch, text: impl Into<String>) -> Self {
        let known = table
            .find_exact(&format!("{}:{}", command.plugin, command.command))
            .one();
        let known = known
            .and_then(|target| table.command(target))
            .map(|(_, spec)| chain(spec, &command.path).len());
        let path = command
            .path
            .iter()
            .take(known.unwrap_or(1).saturating_sub(1))
            .cloned()
            .collect();
        Self::Usage {
            plugin: command.plugin.clone(),
            command: command.command.clone(),
            path,
            error: ArgError::Told { text: text.into() },
        }
    }
}

/// The command and the subcommands of a path, outermost first, as far as they exist.
pub(super) fn chain<'a>(command: &'a Command, path: &[String]) -> Vec<&'a Command> {
    let mut out = vec![command];
    let mut at = command;
    for name in path {
        let Some(next) = at.subcommands.iter().find(|sub| sub.name == *name) else {
            break;
        };
        out.push(next);
        at = next;
    }
    out
}

/// The form of a command, such as `!점심팀 <size> [names…]`, without marks around it.
pub(super) fn form(table: &Table, settings: &Settings, target: Target, chain: &[&Command]) -> String {
    let mut out = settings
        .prefixes
        .first()
        .map_or_else(String::new, |prefix| shown(prefix));
    out.push_str(&shown(&table.typed(target)));
    for (depth, command) in chain.iter().enumerate() {
        if depth > 0 {
            out.push(' ');
            out.push_str(&shown(&command.name));
        }
        for arg in &command.args {
            out.push(' ');
            out.push_str(&placeholder(arg));
        }
    }
    if let Some(last) = chain.last().filter(|last| !last.subcommands.is_empty()) {
        let mut names: Vec<String> = last.subcommands.iter().take(5).map(|sub| shown(&sub.name)).collect();
        if last.subcommands.len() > names.len() {
            names.push("…".into());
        }
        out.push_str(&format!(" <{}>", names.join("|")));
    }
    out
}

fn placeholder(arg: &ArgSpec) -> String {
    let name = shown(&arg.name);
    let more = if arg.takes_rest() { "…" } else { "" };
    match arg.is_optional() {
        true => format!("[{name}{more}]"),
        false => format!("<{name}{more}>"),
    }
}

/// An example as it is typed here: with this bot's own prefix.
pub(super) fn example(settings: &Settings, example: &str) -> String {
    let behind = example.trim().strip_prefix('!');
    match (behind, settings.prefixes.first()) {
        (Some(behind), Some(prefix)) => shown(&format!("{prefix}{behind}")),
        _ => shown(example),
    }
}
