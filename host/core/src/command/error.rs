//! What can be wrong with the words behind a command, told to the person who typed them.

use crate::hangul;
use crate::locale::Locale;
use crate::manifest::ArgType;

/// Why the words behind a command are not what it takes.
#[derive(Clone, Debug, PartialEq)]
pub enum ArgError {
    /// An argument that must be there is not.
    Missing {
        /// The argument's name.
        arg: String,
    },
    /// There is more than the command takes.
    TooMany {
        /// The first word too many.
        extra: String,
    },
    /// A word is not what the argument takes.
    Bad {
        /// The argument's name.
        arg: String,
        /// What it takes.
        kind: ArgType,
        /// What was typed.
        got: String,
        /// What a choice may be.
        choices: Vec<String>,
    },
    /// A number is too small or too large.
    Range {
        /// The argument's name.
        arg: String,
        /// What was typed.
        got: String,
        /// The least value.
        min: Option<f64>,
        /// The greatest value.
        max: Option<f64>,
    },
    /// None of the command's subcommands was typed.
    Subcommand {
        /// What was typed in its place, if anything.
        got: Option<String>,
        /// The subcommands there are.
        known: Vec<String>,
    },
    /// Nothing is wrong: it is asked what there is.
    Help,
    /// The plugin itself says how it was used wrongly.
    Told {
        /// What it says.
        text: String,
    },
}

impl ArgError {
    /// One sentence for the person, portable markup; what was typed is shown harmlessly.
    pub fn render(&self, locale: Locale) -> String {
        match self {
            Self::Missing { arg } => {
                let arg = shown(arg);
                locale.pick(format!("`{arg}` 값이 빠졌습니다."), format!("`{arg}` is missing."))
            }
            Self::TooMany { extra } => {
                let extra = shown(extra);
                locale.pick(
                    format!("`{extra}`부터는 받지 않습니다. 띄어 쓴 값은 따옴표로 묶어 주세요."),
                    format!("There is nothing to do with `{extra}`. Put quotes around a value with blanks in it."),
                )
            }
            Self::Bad {
                arg,
                kind,
                got,
                choices,
            } => {
                let (arg, got) = (shown(arg), shown(got));
                let wanted = wanted(*kind, choices, locale);
                let wrote = hangul::quoting(&got, "이라고", "라고");
                locale.pick(
                    format!("`{arg}`에는 {wanted} 필요한데, `{got}`{wrote} 쓰셨습니다."),
                    format!("`{arg}` must be {wanted}, but you wrote `{got}`."),
                )
            }
            Self::Range { arg, got, min, max } => {
                let (arg, got) = (shown(arg), shown(got));
                let range = match (min, max) {
                    (Some(min), Some(max)) => locale.pick(
                        format!("{min} 이상 {max} 이하여야"),
                        format!("at least {min} and at most {max}"),
                    ),
                    (Some(min), None) => locale.pick(format!("{min} 이상이어야"), format!("at least {min}")),
                    (None, Some(max)) => locale.pick(format!("{max} 이하여야"), format!("at most {max}")),
                    // A number that fits into no type at all.
                    (None, None) => locale.pick("더 작아야".into(), "smaller".into()),
                };
                let wrote = hangul::quoting(&got, "이라고", "라고");
                locale.pick(
                    format!("`{arg}` 값은 {range} 하는데, `{got}`{wrote} 쓰셨습니다."),
                    format!("`{arg}` must be {range}, but you wrote `{got}`."),
                )
            }
            Self::Subcommand { got, known } => {
                let known = known
                    .iter()
                    .map(|word| format!("`{}`", shown(word)))
                    .collect::<Vec<_>>()
                    .join(", ");
                match got {
                    Some(got) => {
                        let got = shown(got);
                        let called = hangul::quoting(&got, "이라는", "라는");
                        locale.pick(
                            format!("`{got}`{called} 하위 명령은 없습니다. 쓸 수 있는 것: {known}"),
                            format!("There is no subcommand `{got}`. There are: {known}"),
                        )
                    }
                    None => locale.pick(
                        format!("하위 명령이 빠졌습니다. 쓸 수 있는 것: {known}"),
                        format!("The subcommand is missing. There are: {known}"),
                    ),
                }
            }
            Self::Help => locale.pick(
                "하위 명령을 하나 골라 주세요.".into(),
                "Choose one of the subcommands.".into(),
            ),
            Self::Told { text } => text.clone(),
        }
    }
}

/// Typed text inside code marks: one line, no marks of its own, not longer than anybody wants to read again.
pub fn shown(text: &str) -> String {
    let line = crate::text::printable_line(text, 60).replace('`', "'");
    match line.is_empty() {
        true => " ".into(),
        false => crate::text::neutralise(&line).into_owned(),
    }
}

/// What a type takes, with an example; in Korean with its particle.
fn wanted(kind: ArgType, choices: &[String], locale: Locale) -> String {
    let (ko, en) = match kind {
        ArgType::String | ArgType::Rest => ("글이", "text"),
        ArgType::Int => ("정수(예: 3)가", "a whole number such as 3"),
        ArgType::Float => ("숫자(예: 1.5)가", "a number such as 1.5"),
        ArgType::Bool => ("예 또는 아니오가", "yes or no"),
        ArgType::User => ("@멘션한 사람이", "a person, mentioned with @"),
        ArgType::Conversation => ("#으로 가리킨 채널이", "a channel, mentioned with #"),
        ArgType::Duration => (
            "시간 길이(예: 10m, 1시간 30분)가",
            "a length of time such as 10m or 1h30m",
        ),
        ArgType::Date => (
            "날짜(예: 2026-11-21, 오늘, 내일)가",
            "a date such as 2026-11-21, today or tomorrow",
        ),
        ArgType::Time => ("시각(예: 15:00, 오후 3시)이", "a time such as 15:00 or 3pm"),
        ArgType::List => ("쉼표나 빈칸으로 나눈 목록이", "a list, split by commas or blanks"),
        ArgType::Choice => {
            let choices = choices
                .iter()
                .map(|c| format!("`{}`", shown(c)))
                .collect::<Vec<_>>()
                .join(", ");
            return locale.pick(format!("{choices} 중 하나가"), format!("one of {choices}"));
        }
    };
    locale.pick(ko, en).into()
}
