//! Words read as typed arguments.

use super::error::ArgError;
use super::tokens::{Token, Tokens, list};
use super::values::{self, Clock};
use crate::call::{Arg, ArgValue};
use crate::hangul;
use crate::manifest::{ArgSpec, ArgType, Command, Confirm};
use crate::text::fold;

/// What asks a command with subcommands what there is.
const HELP: [&str; 4] = ["help", "--help", "도움말", "도움"];

/// What the words behind a command mean.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Matched {
    /// The manifest's names of the subcommands, outermost first.
    pub path: Vec<String>,
    /// The arguments, those of the command before those of its subcommands; optional ones that were not given and have
    /// no default are left out.
    pub args: Vec<Arg>,
    /// Whether the command or one of the subcommands is restricted.
    pub restricted: bool,
    /// Who must be asked: the strictest of the command and the subcommands.
    pub confirm: Confirm,
}

/// Why the words behind a command make no sense.
#[derive(Clone, Debug, PartialEq)]
pub struct Wrong {
    /// The subcommands that were understood.
    pub path: Vec<String>,
    /// What is wrong behind them.
    pub error: ArgError,
}

/// Reads the words behind a command by its specification.
///
/// A command's own arguments stand before the name of its subcommand. Where an optional one could stand, a word that
/// is exactly a subcommand's name is taken as that; put into quotes it is a value. Where nothing follows them, the
/// subcommand that the command names as its default runs. `help` at the end, where it is no subcommand's name, asks what
/// there is.
pub fn read(command: &Command, tokens: &Tokens<'_>, clock: Clock<'_>) -> Result<Matched, Wrong> {
    let mut matched = Matched::default();
    match read_into(&mut matched, command, tokens, clock) {
        Ok(()) => Ok(matched),
        Err(error) => Err(Wrong {
            path: matched.path,
            error,
        }),
    }
}

fn read_into(matched: &mut Matched, command: &Command, tokens: &Tokens<'_>, clock: Clock<'_>) -> Result<(), ArgError> {
    let mut command = command;
    let mut at = 0;
    loop {
        matched.restricted |= command.restricted;
        matched.confirm = stricter(matched.confirm, command.confirm);
        if asks_for_help(command, tokens, at) {
            return Err(ArgError::Help);
        }
        for spec in &command.args {
            let token = tokens.get(at);
            let subcommand = || token.is_some_and(|token| exact_subcommand(command, token).is_some());
            let absent = token.is_none() || (spec.is_optional() && subcommand());
            let value = match absent {
                true if !spec.is_optional() => return Err(ArgError::Missing { arg: spec.name.clone() }),
                true => default(spec, clock),
                false => {
                    let (value, taken) = value(spec, tokens, at, clock)?;
                    at += taken;
                    Some(value)
                }
            };
            if let Some(value) = value {
                matched.args.push(Arg {
                    name: spec.name.clone(),
                    value,
                });
            }
        }
        if command.subcommands.is_empty() {
            return match tokens.get(at) {
                Some(token) => Err(ArgError::TooMany {
                    extra: token.text.clone().into_owned(),
                }),
                None => Ok(()),
            };
        }
        if asks_for_help(command, tokens, at) {
            return Err(ArgError::Help);
        }
        let token = tokens.get(at);
        let next = match token {
            Some(token) => subcommand(command, token),
            None => command.default_subcommand(),
        };
        let Some(next) = next else {
            return Err(ArgError::Subcommand {
                got: token.map(|token| token.text.clone().into_owned()),
                known: command.subcommands.iter().map(|sub| sub.name.clone()).collect(),
            });
        };
        matched.path.push(next.name.clone());
        command = next;
        at += 1;
    }
}

/// Whether a command with subcommands is asked what there is: by the last word, which is no subcommand's name.
fn asks_for_help(command: &Command, tokens: &Tokens<'_>, at: usize) -> bool {
    let Some(token) = tokens.get(at).filter(|token| !token.quoted) else {
        return false;
    };
    let is_last = tokens.get(at + 1).is_none();
    is_last
        && !command.subcommands.is_empty()
        && HELP.contains(&fold(&token.text).as_ref())
        && exact_subcommand(command, token).is_none()
}

fn stricter(a: Confirm, b: Confirm) -> Confirm {
    match (a, b) {
        (Confirm::Second, _) | (_, Confirm::Second) => Confirm::Second,
        (Confirm::Caller, _) | (_, Confirm::Caller) => Confirm::Caller,
        _ => Confirm::None,
    }
}

fn words(command: &Command) -> impl Iterator<Item = &str> {
    std::iter::once(&command.name)
        .chain(&command.aliases)
        .map(String::as_str)
}

fn exact_subcommand<'a>(command: &'a Command, token: &Token<'_>) -> Option<&'a Command> {
    if token.quoted {
        return None;
    }
    let typed = token.text.as_ref();
    let by = |same: &dyn Fn(&str) -> bool| command.subcommands.iter().find(|sub| words(sub).any(same));
    by(&|word| word == typed).or_else(|| {
        let folded = fold(typed);
        by(&|word| fold(word) == folded)
    })
}

/// The subcommand that a word means: the same steps as for commands, where exactly one fits.
fn subcommand<'a>(command: &'a Command, token: &Token<'_>) -> Option<&'a Command> {
    if let Some(exact) = exact_subcommand(command, token) {
        return Some(exact);
    }
    let typed = token.text.as_ref();
    if token.quoted {
        return None;
    }
    let keys = hangul::to_keys(typed).to_lowercase();
    let by_keys = |word: &str| hangul::to_keys(word).to_lowercase() == keys;
    let by_initials = |word: &str| hangul::is_hangul(word) && by_keys(&hangul::choseong(word));
    // Nothing fits: `None`; one: `Some(Some)`; several, which nobody can decide here: `Some(None)`.
    let step = |fits: &dyn Fn(&str) -> bool| {
        let forgiving = |sub: &&Command| !sub.restricted && sub.confirm == Confirm::None;
        let mut fitting = command
            .subcommands
            .iter()
            .filter(forgiving)
            .filter(|sub| words(sub).any(fits));
        let first = fitting.next()?;
        Some(fitting.next().is_none().then_some(first))
    };
    let short = || hangul::is_choseong(typed).then(|| step(&by_initials)).flatten();
    let slipped = || step(&by_keys);
    let both = || {
        (!hangul::is_hangul(typed) && keys.chars().count() >= 3)
            .then(|| step(&by_initials))
            .flatten()
    };
    short().or_else(slipped).or_else(both).flatten()
}

/// The default of an argument that was not given.
fn default(spec: &ArgSpec, clock: Clock<'_>) -> Option<ArgValue> {
    use serde_json::Value;
    match (spec.default.as_ref()?, spec.kind) {
        (Value::Array(items), _) => {
            let items = items.iter().filter_map(|item| item.as_str().map(str::to_owned));
            Some(ArgValue::Many(items.collect()))
        }
        (Value::Number(number), ArgType::Int) => number.as_i64().map(ArgValue::Integer),
        (Value::Number(number), _) => number.as_f64().map(ArgValue::Number),
        (Value::Bool(truth), _) => Some(ArgValue::Truth(*truth)),
        (Value::String(text), ArgType::User) => Some(ArgValue::User(text.clone())),
        (Value::String(text), ArgType::Conversation) => Some(ArgValue::Conversation(text.clone())),
        (Value::String(text), _) => one(spec, text, clock).ok(),
        _ => None,
    }
}

/// The value that begins at word `at`, and how many words it takes.
fn value(spec: &ArgSpec, tokens: &Tokens<'_>, at: usize, clock: Clock<'_>) -> Result<(ArgValue, usize), ArgError> {
    let left = tokens.list().len().saturating_sub(at);
    let Some(token) = tokens.get(at) else {
        return Err(ArgError::Missing { arg: spec.name.clone() });
    };
    match spec.kind {
        ArgType::Rest => Ok((ArgValue::Text(tokens.rest_after(at).into()), left)),
        ArgType::List => match list(tokens.rest_after(at)) {
            // Nothing but commas.
            items if items.is_empty() && !spec.is_optional() => Err(ArgError::Missing { arg: spec.name.clone() }),
            items => Ok((ArgValue::Many(items), left)),
        },
        // These may be typed in several words: the longest that makes sense is meant.
        ArgType::Duration if !token.quoted => {
            let found = values::durations(tokens.raw_from(at)).into_iter().rev();
            let found = found.filter_map(|(seconds, length)| Some((seconds, tokens.count_of(at, length)?)));
            match found.map(|(seconds, count)| (ArgValue::Seconds(seconds), count)).next() {
                Some(found) => Ok(found),
                None => Err(bad(spec, &token.text)),
            }
        }
        ArgType::Time if !token.quoted => {
            let found = values::times(tokens.raw_from(at)).into_iter().rev();
            let found = found.filter_map(|(time, length)| Some((time, tokens.count_of(at, length)?)));
            match found
                .map(|(time, count)| (ArgValue::Time(clock_text(time)), count))
                .next()
            {
                Some(found) => Ok(found),
                None => Err(bad(spec, &token.text)),
            }
        }
        _ => Ok((one(spec, &token.text, clock)?, 1)),
    }
}

/// The value that a text on its own is.
fn one(spec: &ArgSpec, text: &str, clock: Clock<'_>) -> Result<ArgValue, ArgError> {
    let value = match spec.kind {
        ArgType::String | ArgType::Rest => Some(ArgValue::Text(text.into())),
        ArgType::List => Some(ArgValue::Many(list(text))),
        ArgType::Int => match values::int(text) {
            Some(number) => {
                in_range(spec, text, number as f64)?;
                Some(ArgValue::Integer(number))
            }
            None => None,
        },
        ArgType::Float => match values::float(text) {
            Some(number) => {
                in_range(spec, text, number)?;
                Some(ArgValue::Number(number))
            }
            None => None,
        },
        ArgType::Bool => values::truth(text).map(ArgValue::Truth),
        ArgType::User => values::mentioned(text, '@').map(|id| ArgValue::User(id.into())),
        ArgType::Conversation => values::mentioned(text, '#').map(|id| ArgValue::Conversation(id.into())),
        ArgType::Duration => values::duration(text).map(ArgValue::Seconds),
        ArgType::Date => values::date(text, Some(clock)).map(|date| ArgValue::Date(date.to_string())),
        ArgType::Time => values::time(text).map(|time| ArgValue::Time(clock_text(time))),
        ArgType::Choice => {
            let folded = fold(text);
            let as_typed = spec.choices.iter().find(|choice| *choice == text);
            as_typed
                .or_else(|| spec.choices.iter().find(|choice| fold(choice) == folded))
                .map(|choice| ArgValue::Text(choice.clone()))
        }
    };
    value.ok_or_else(|| bad(spec, text))
}

fn clock_text(time: jiff::civil::Time) -> String {
    format!("{:02}:{:02}:{:02}", time.hour(), time.minute(), time.second())
}

fn in_range(spec: &ArgSpec, got: &str, number: f64) -> Result<(), ArgError> {
    let below = spec.min.is_some_and(|min| number < min);
    let above = spec.max.is_some_and(|max| number > max);
    match below || above {
        true => Err(ArgError::Range {
            arg: spec.name.clone(),
            got: got.into(),
            min: spec.min.filter(|min| below || !is_of_machine(*min)),
            max: spec.max.filter(|max| above || !is_of_machine(*max)),
        }),
        false => Ok(()),
    }
}

/// Whether a bound is only that of a machine's number of 32 bits or more, which tells people nothing.
pub(crate) fn is_of_machine(bound: f64) -> bool {
    bound >= f64::from(i32::MAX) || bound <= f64::from(i32::MIN)
}

fn bad(spec: &ArgSpec, got: &str) -> ArgError {
    ArgError::Bad {
        arg: spec.name.clone(),
        kind: spec.kind,
        got: got.into(),
        choices: spec.choices.clone(),
    }
}

#[cfg(test)]
mod tests;
