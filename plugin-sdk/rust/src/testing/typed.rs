//! From what a test types to what a host hands over.

use super::state::State;
use crate::bindings::moa::plugin::types::{Arg, Value};
use crate::manifest::{ArgSpec, Command, Kind, Literal};
use crate::{Error, time};

/// What was typed behind a command's name.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) path: Vec<String>,
    pub(super) args: Vec<Arg>,
    pub(super) rest: String,
    pub(super) tokens: Vec<String>,
}

/// A word or quoted words, and where it begins.
#[derive(Debug)]
struct Token {
    text: String,
    at: usize,
    quoted: bool,
}

pub(super) fn parse(command: &Command, typed: &str, state: &mut State) -> Result<Parsed, Error> {
    let all = tokens(typed);
    let mut left = all.as_slice();
    let mut parsed = Parsed {
        path: Vec::new(),
        args: Vec::new(),
        rest: String::new(),
        tokens: Vec::new(),
    };
    let mut command = *command;
    loop {
        parsed.rest = left
            .first()
            .map_or("", |first| typed.get(first.at..).unwrap_or(""))
            .into();
        parsed.tokens = left.iter().map(|token| token.text.clone()).collect();
        for spec in command.args {
            let named = |token: &Token| !token.quoted && below(&command, &token.text).is_some();
            let optional = spec.optional || spec.default.is_some();
            let value = match left.first() {
                Some(token) if !(optional && named(token)) => {
                    let whole = typed.get(token.at..).unwrap_or("");
                    left = match spec.kind {
                        Kind::List | Kind::Rest => &[],
                        _ => left.get(1..).unwrap_or(&[]),
                    };
                    Some(read(spec, &token.text, whole, state)?)
                }
                _ => match &spec.default {
                    Some(default) => Some(read(spec, &written(default), &written(default), state)?),
                    None if spec.optional => None,
                    None => return Err(Error::usage(format!("`{}` is missing", spec.name))),
                },
            };
            parsed.args.extend(value.map(|value| Arg {
                name: spec.name.into(),
                value,
            }));
        }
        if command.subcommands.is_empty() {
            return match left.first() {
                None => Ok(parsed),
                Some(more) => Err(Error::usage(format!("`{}` is one argument too many", more.text))),
            };
        }
        let next = match left.first() {
            Some(token) => below(&command, &token.text),
            None => below(&command, command.default),
        };
        let Some(next) = next else {
            return Err(Error::usage(format!("`{}` needs a subcommand", command.name)));
        };
        parsed.path.push(next.name.into());
        left = left.get(1..).unwrap_or(&[]);
        command = next;
    }
}

/// The subcommand of a name or alias.
fn below(command: &Command, word: &str) -> Option<Command> {
    let known = command.subcommands.iter();
    let mut fitting = known.filter(|sub| sub.name == word || sub.aliases.contains(&word));
    fitting.next().copied()
}

/// Split at white space; double quotes group, a back-slash takes the next character as it is.
fn tokens(typed: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut open: Option<Token> = None;
    let mut quoted = false;
    let mut characters = typed.char_indices();
    while let Some((at, character)) = characters.next() {
        if character.is_whitespace() && !quoted {
            tokens.extend(open.take());
            continue;
        }
        let token = open.get_or_insert_with(|| Token {
            text: String::new(),
            at,
            quoted: false,
        });
        match character {
            '"' => {
                quoted = !quoted;
                token.quoted = true;
            }
            '\\' => token.text.extend(characters.next().map(|(_, next)| next)),
            other => token.text.push(other),
        }
    }
    tokens.extend(open);
    tokens
}

/// A default as it would be typed.
fn written(default: &Literal) -> String {
    match default {
        Literal::Int(number) => number.to_string(),
        Literal::Float(number) => number.to_string(),
        Literal::Bool(truth) => truth.to_string(),
        Literal::Text(text) => (*text).into(),
        Literal::Many(texts) => texts.join(","),
    }
}

fn read(spec: &ArgSpec, token: &str, whole: &str, state: &mut State) -> Result<Value, Error> {
    let wrong = |wanted: &str| Error::usage(format!("`{}` must be {wanted}, but is `{token}`", spec.name));
    let date = || Some(Value::Date(token.parse::<time::Date>().ok()?.to_string()));
    let value = match spec.kind {
        Kind::String => Some(Value::Text(token.into())),
        Kind::Rest => Some(Value::Text(whole.trim_end().into())),
        Kind::Int => token.parse().ok().map(Value::Integer),
        Kind::Float => token
            .parse()
            .ok()
            .filter(|number: &f64| number.is_finite())
            .map(Value::Number),
        Kind::Bool => match token {
            "yes" | "true" | "on" | "예" => Some(Value::Truth(true)),
            "no" | "false" | "off" | "아니오" => Some(Value::Truth(false)),
            _ => None,
        },
        Kind::User => Some(Value::User(state.user(token.trim_start_matches('@')))),
        Kind::Conversation => Some(Value::Conversation(state.conversation(token.trim_start_matches('#')))),
        Kind::Duration => time::duration(token).map(Value::Seconds),
        Kind::Date => date(),
        Kind::Time => token.parse().ok().map(|time: time::Time| Value::Time(time.to_string())),
        Kind::Choice => {
            let mut choices = spec.choices.iter();
            let chosen = choices.find(|choice| choice.to_lowercase() == token.to_lowercase());
            chosen.map(|choice| Value::Text((*choice).into()))
        }
        Kind::List => Some(Value::Many(
            whole
                .split(|c: char| c == ',' || c.is_whitespace())
                .filter(|item| !item.is_empty())
                .map(String::from)
                .collect(),
        )),
        // Configuration alone has tables.
        Kind::Table => None,
    };
    let value = value.ok_or_else(|| wrong(wanted(spec.kind)))?;
    let number = match &value {
        Value::Integer(number) => *number as f64,
        Value::Number(number) => *number,
        _ => return Ok(value),
    };
    if let Some(min) = bound(spec.min).filter(|min| number < *min) {
        return Err(wrong(&format!("at least {min}")));
    }
    if let Some(max) = bound(spec.max).filter(|max| number > *max) {
        return Err(wrong(&format!("at most {max}")));
    }
    Ok(value)
}

fn bound(literal: Option<Literal>) -> Option<f64> {
    match literal? {
        Literal::Int(number) => Some(number as f64),
        Literal::Float(number) => Some(number),
        _ => None,
    }
}

fn wanted(kind: Kind) -> &'static str {
    match kind {
        Kind::Int => "a whole number",
        Kind::Float => "a number",
        Kind::Bool => "`yes` or `no`",
        Kind::Duration => "a length of time like `90s`",
        Kind::Date => "a date like `2026-11-21`",
        Kind::Time => "a time of day like `09:50`",
        Kind::Choice => "one of the choices",
        _ => "something else",
    }
}
