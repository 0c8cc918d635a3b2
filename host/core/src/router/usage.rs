//! How a command is written.

use super::table::{Table, Target};
use super::{CommandMatch, Reader, Say, Settings};
use crate::command::{ArgError, shown};
use crate::hangul;
use crate::locale::Locale;
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

/// All names of a command, its own first.
pub(super) fn names(command: &Command) -> impl Iterator<Item = &str> {
    std::iter::once(&command.name)
        .chain(&command.aliases)
        .map(String::as_str)
}

/// Whether a text is in the script of a language: with Korean syllables, or without any Hangul.
pub(super) fn is_readable(text: &str, locale: Locale) -> bool {
    match locale {
        Locale::Ko => text.chars().any(hangul::is_syllable),
        Locale::En => !hangul::is_hangul(text),
    }
}

/// A subcommand's name: the first in the reader's script, otherwise its own.
pub(super) fn name_in(command: &Command, locale: Locale) -> &str {
    names(command)
        .find(|name| is_readable(name, locale))
        .unwrap_or(&command.name)
}

/// A command's examples: those in the reader's script, or all where there are none.
pub(super) fn examples_in(command: &Command, locale: Locale) -> impl Iterator<Item = &str> {
    let readable = move |text: &&String| is_readable(text, locale);
    let any = command.examples.iter().any(|text| readable(&text));
    let all = command.examples.iter();
    all.filter(move |text| !any || readable(text)).map(String::as_str)
}

/// The form of a command, such as `!점심팀 <size> [names…]`, without marks around it; its words are in the reader's
/// script where they can be.
pub(super) fn form(
    table: &Table,
    settings: &Settings,
    reader: Reader<'_>,
    target: Target,
    chain: &[&Command],
    locale: Locale,
) -> String {
    let mut out = match keyword(table, settings) {
        Some((keyword, own)) if own == target => format!("/{}", shown(keyword)),
        _ => super::say::prefix(settings) + &shown(&table.typed_in(target, locale)),
    };
    for (depth, command) in chain.iter().enumerate() {
        if depth > 0 {
            out.push(' ');
            out.push_str(&shown(name_in(command, locale)));
        }
        out.push_str(&arguments(command));
    }
    if let (Some(last), Some((plugin, _))) = (chain.last(), table.command(target)) {
        let below = reader.subcommands(plugin, chain).into_iter();
        out.push_str(&subcommands(below, last, locale));
    }
    out
}

impl Command {
    /// What follows its name: `<size> [names…]`; empty where nothing does.
    pub fn hint(&self, locale: Locale) -> String {
        let below = subcommands(self.subcommands.iter(), self, locale);
        let text = format!("{}{below}", arguments(self));
        text.trim_start().to_owned()
    }
}

/// A command's own arguments, a blank before each.
fn arguments(command: &Command) -> String {
    command.args.iter().fold(String::new(), |mut out, arg| {
        out.push(' ');
        out.push_str(&placeholder(arg));
        out
    })
}

/// Those subcommands that can follow, with a blank before them; empty where there are none. In brackets where one of
/// them runs by itself.
fn subcommands<'a>(below: impl Iterator<Item = &'a Command>, of: &Command, locale: Locale) -> String {
    match of.subcommands.is_empty() {
        true => String::new(),
        false => {
            let below: Vec<&Command> = below.collect();
            let runs = |default: &Command| below.iter().any(|sub| sub.name == default.name);
            let words = one_of(below.iter().map(|sub| name_in(sub, locale)));
            match of.default_subcommand().is_some_and(runs) {
                true => format!(" [{words}]"),
                false => format!(" <{words}>"),
            }
        }
    }
}

/// Words of which one is typed: `add|remove|list`. Of many only the first, since a form is one line.
fn one_of<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let mut words = words.map(shown);
    let mut out: Vec<String> = words.by_ref().take(5).collect();
    if words.next().is_some() {
        out.push("…".into());
    }
    out.join("|")
}

fn placeholder(arg: &ArgSpec) -> String {
    // What can be typed tells more than what it is called.
    let name = match arg.choices.is_empty() {
        true => shown(&arg.name),
        false => one_of(arg.choices.iter().map(String::as_str)),
    };
    let more = if arg.takes_rest() { "…" } else { "" };
    match arg.is_optional() {
        true => format!("[{name}{more}]"),
        false => format!("<{name}{more}>"),
    }
}

/// A keyword of JANDI's that is itself a command: there that one is not written behind it once more.
fn keyword<'a>(table: &Table, settings: &'a Settings) -> Option<(&'a str, Target)> {
    let keyword = settings.prefixes.first()?.strip_prefix('/')?.strip_suffix(' ')?;
    let target = match table.find_exact(keyword).one()? {
        Target::Alias(alias) => {
            let (target, words) = table.alias(alias)?;
            words.is_empty().then_some(target)?
        }
        target => target,
    };
    Some((keyword, target))
}

impl Table {
    /// A command as it is written where these settings count, and what stands before it. The text alone tells whether the
    /// bot's other commands are written behind the same: `false` behind a keyword of JANDI's that is this command itself.
    pub fn written<'a>(&self, settings: &'a Settings, plugin: &str, command: &str) -> (&'a str, String, bool) {
        let target = self.find_exact(&format!("{plugin}:{command}")).one();
        match (keyword(self, settings), target) {
            (Some((keyword, own)), Some(target)) if own == target => ("/", keyword.to_owned(), false),
            _ => {
                let prefix = settings.prefixes.first().map_or("", String::as_str);
                (prefix, self.word_for(plugin, command), true)
            }
        }
    }
}

/// An example as it is typed here: with this bot's own prefix.
pub(super) fn example(table: &Table, settings: &Settings, example: &str) -> String {
    let (Some(behind), Some(prefix)) = (example.trim().strip_prefix('!'), settings.prefixes.first()) else {
        return shown(example);
    };
    let (word, rest) = behind.split_once(' ').unwrap_or((behind, ""));
    match keyword(table, settings) {
        Some((keyword, own)) if table.find_exact(word).one() == Some(own) => shown(format!("/{keyword} {rest}").trim()),
        _ => shown(&format!("{prefix}{behind}")),
    }
}
