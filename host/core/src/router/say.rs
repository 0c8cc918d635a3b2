//! What the host says itself, in Korean and English.

use super::table::Table;
use super::usage::{chain, example, examples_in, form, name_in};
use super::{Reader, Say, Settings, help};
use crate::command::{ArgError, shown};
use crate::content::{Audience, Content};
use crate::hangul;
use crate::locale::Locale;

impl Say {
    /// The message. Suggestions are for the person who asked alone; long help goes into a thread. Whatever manifests and
    /// people wrote stands in it as harmless text. Help shows what its reader may run.
    pub fn render(&self, table: &Table, settings: &Settings, reader: Reader<'_>, locale: Locale) -> Content {
        match self {
            Self::Help { topic: None } => help::overview(table, settings, reader, locale),
            Self::Help { topic: Some(topic) } => help::about(table, settings, reader, topic, locale),
            Self::Plugins => help::plugins(table, locale),
            Self::Usage {
                plugin,
                command,
                path,
                error,
            } => Content::text(usage(table, settings, reader, (plugin, command, path), error, locale)),
            Self::Suggest { word, similar } => Content {
                text: suggest(settings, word, similar, locale),
                audience: Audience::Asker,
                ..Content::default()
            },
            Self::WhichOne { word, candidates } => {
                let (word, candidates) = (shown(word), list(settings, candidates));
                Content::text(locale.pick(
                    format!("`{word}`에 맞는 명령이 여럿입니다. 어느 것인가요? {candidates}"),
                    format!("Several commands fit `{word}`. Which one do you mean? {candidates}"),
                ))
            }
        }
    }
}

fn list(settings: &Settings, words: &[String]) -> String {
    let words = words
        .iter()
        .map(|word| format!("`{}{}`", prefix(settings), shown(word)));
    words.collect::<Vec<_>>().join(", ")
}

/// What commands are written behind. A blank at its end, as behind JANDI's keywords, is part of it.
pub(super) fn prefix(settings: &Settings) -> String {
    let Some(prefix) = settings.prefixes.first() else {
        return String::new();
    };
    let mut out = shown(prefix);
    if prefix.ends_with(' ') && !out.ends_with(' ') {
        out.push(' ');
    }
    out
}

fn suggest(settings: &Settings, word: &str, similar: &[String], locale: Locale) -> String {
    let (word, help) = (shown(word), format!("`{}help`", prefix(settings)));
    let called = hangul::quoting(&word, "이라는", "라는");
    match similar.is_empty() {
        true => locale.pick(
            format!("`{word}`{called} 명령은 없습니다. {help}라고 쓰시면 할 수 있는 일을 알려 드립니다."),
            format!("There is no command `{word}`. {help} shows what there is."),
        ),
        false => {
            let similar = list(settings, similar);
            locale.pick(
                format!("`{word}`{called} 명령은 없습니다. 혹시 이것인가요? {similar}"),
                format!("There is no command `{word}`. Did you mean {similar}?"),
            )
        }
    }
}

fn usage(
    table: &Table,
    settings: &Settings,
    reader: Reader<'_>,
    (plugin, command, path): (&str, &str, &[String]),
    error: &ArgError,
    locale: Locale,
) -> String {
    let target = table.find_exact(&format!("{plugin}:{command}")).one();
    // Gone since it was typed.
    let Some((target, (_, spec))) = target.and_then(|target| Some((target, table.command(target)?))) else {
        return error.render(locale);
    };
    let chain = chain(spec, path);
    let mut error = error.clone();
    if let ArgError::Subcommand { known, .. } = &mut error {
        let below = reader.subcommands(plugin, &chain);
        known.retain(|name| below.iter().any(|sub| sub.name == *name));
        // As the usage below names them.
        for name in known.iter_mut() {
            if let Some(sub) = below.iter().find(|sub| sub.name == *name) {
                name_in(sub, locale).clone_into(name);
            }
        }
    }
    let mut out = error.render(locale);
    let form = form(table, settings, reader, target, &chain, locale);
    out.push_str(&locale.pick(format!("\n사용법: `{form}`"), format!("\nUsage: `{form}`")));
    // The nearest example: a subcommand's own before the command's.
    if let Some(first) = chain
        .iter()
        .rev()
        .find_map(|command| examples_in(command, locale).next())
    {
        let first = example(table, settings, first);
        out.push_str(&locale.pick(format!("\n예) `{first}`"), format!("\nExample: `{first}`")));
    }
    out
}
