//! Help: everything in short, one command or plugin in full.

use super::find::Found;
use super::say::prefix;
use super::table::{Builtin, Plugin, Table, Target};
use super::usage::{chain, example, examples_in, form, name_in, names};
use super::{AdminWord, Reader, Say, Settings};
use crate::command::{is_of_machine, shown};
use crate::content::{Audience, Content};
use crate::locale::Locale;
use crate::manifest::{ArgSpec, ArgType, Command, Confirm, LocalText};
use crate::text::{harmless, markup, printable_line};

/// More lines than this go into a thread: they would push everything else away.
const LINES_IN_PLACE: usize = 12;
/// The longest summary that stands in a list, in characters.
const SUMMARY: usize = 100;

/// All commands, by plugin.
pub(super) fn overview(table: &Table, settings: &Settings, reader: Reader<'_>, locale: Locale) -> Content {
    let prefix = prefix(settings);
    let mut lines = vec![locale.pick(
        format!("할 수 있는 일입니다. 자세한 설명은 `{prefix}help 명령`이라고 쓰세요."),
        format!("This is what I can do. `{prefix}help COMMAND` tells more."),
    )];
    for (index, plugin) in table
        .plugins
        .iter()
        .enumerate()
        .filter(|(_, plugin)| !plugin.commands.is_empty() && !plugin.stopped)
    {
        let commands = commands(table, settings, reader, index, plugin, locale);
        if !commands.is_empty() {
            lines.push(heading(plugin, locale));
            lines.extend(commands);
        }
    }
    if lines.len() == 1 {
        lines.push(locale.pick("아직 명령이 없습니다.".into(), "There are no commands yet.".into()));
    }
    if reader.is_admin() {
        lines.push(locale.pick("*관리자*".into(), "*for admins*".into()));
        lines.extend(
            AdminWord::ALL
                .into_iter()
                .flat_map(|word| forms(settings, word, locale)),
        );
    }
    said(lines)
}

/// All plugins.
pub(super) fn plugins(table: &Table, locale: Locale) -> Content {
    if table.plugins.is_empty() {
        return Content::text(locale.pick("불러온 플러그인이 없습니다.", "No plugin is loaded."));
    }
    let line = |plugin: &Plugin| {
        let version = match plugin.version.is_empty() {
            true => String::new(),
            false => format!(" {}", inline(&plugin.version, 40)),
        };
        let count = plugin.commands.len();
        let count = locale.pick(format!("명령 {count}개"), format!("commands: {count}"));
        let stopped = match plugin.stopped {
            true => locale.pick(", 멈춤", ", stopped"),
            false => "",
        };
        format!("{}{version} ({count}{stopped})", heading(plugin, locale))
    };
    said(table.plugins.iter().map(line).collect())
}

/// One command, subcommand or plugin.
pub(super) fn about(table: &Table, settings: &Settings, reader: Reader<'_>, topic: &str, locale: Locale) -> Content {
    let mut words = topic.split_whitespace();
    let first = words.next().unwrap_or_default();
    // People write `!help !lunch` too.
    let first = settings
        .prefixes
        .iter()
        .find_map(|prefix| first.strip_prefix(prefix.as_str()).filter(|rest| !rest.is_empty()))
        .unwrap_or(first);
    let plugin = table.plugin(&crate::text::fold(first));
    let found = match plugin {
        // A plugin's own name is not taken for a slip of something else.
        Some(_) => table.find_exact(first),
        None => table.find(first),
    };
    let found = match found {
        Found::One(target) if !reader.may(table, target) => Found::None,
        found => found,
    };
    let mut lines = Vec::new();
    match found {
        Found::One(target) => {
            let (target, extra) = match target {
                Target::Alias(alias) => table.alias(alias).unwrap_or((target, "")),
                _ => (target, ""),
            };
            match (target, table.command(target)) {
                (_, Some((plugin, command))) => {
                    let words: Vec<&str> = extra.split_whitespace().chain(words).collect();
                    let found = (target, plugin, command);
                    lines.extend(command_help(table, settings, reader, found, &words, locale));
                }
                (Target::Builtin(Builtin::Manage(word)), None) => lines.extend(forms(settings, word, locale)),
                (_, None) if table.plugins.is_empty() || plugin.is_none() => {
                    return overview(table, settings, reader, locale);
                }
                (_, None) => {}
            }
        }
        Found::Many(targets) => {
            let say = Say::WhichOne {
                word: first.into(),
                candidates: targets.into_iter().map(|target| table.typed(target)).collect(),
            };
            return say.for_reader(table, reader).render(table, settings, reader, locale);
        }
        Found::None => {}
    }
    if let Some((index, plugin)) = plugin {
        lines.push(heading(plugin, locale));
        lines.extend(commands(table, settings, reader, index, plugin, locale));
    }
    if lines.is_empty() {
        let say = Say::Suggest {
            word: first.into(),
            similar: table.similar(first, |target| reader.may(table, target)),
        };
        return say.render(table, settings, reader, locale);
    }
    said(lines)
}

fn said(lines: Vec<String>) -> Content {
    let text = lines.join("\n");
    let audience = match text.lines().count() > LINES_IN_PLACE {
        true => Audience::Thread,
        false => Audience::Everyone,
    };
    Content {
        text,
        audience,
        ..Content::default()
    }
}

fn heading(plugin: &Plugin, locale: Locale) -> String {
    with_summary(format!("*{}*", inline(&plugin.name, 64)), &plugin.summary, locale)
}

/// Foreign text as part of a line of ours.
fn inline(text: &str, max: usize) -> String {
    markup::escape(&printable_line(text, max))
}

fn with_summary(line: String, summary: &LocalText, locale: Locale) -> String {
    let summary = inline(summary.get(locale.tag()), SUMMARY);
    match summary.is_empty() {
        true => line,
        false => format!("{line} — {summary}"),
    }
}

/// The host's own commands that begin with a word.
fn forms(settings: &Settings, word: AdminWord, locale: Locale) -> Vec<String> {
    let prefix = prefix(settings);
    let forms = word.forms(locale).iter();
    forms
        .map(|(form, summary)| format!("• `{prefix}{form}` — {summary}"))
        .collect()
}

/// A line for each command of a plugin that the reader may run.
fn commands(
    table: &Table,
    settings: &Settings,
    reader: Reader<'_>,
    index: usize,
    plugin: &Plugin,
    locale: Locale,
) -> Vec<String> {
    let line = |(command, spec): (usize, &Command)| {
        let target = Target::Command { plugin: index, command };
        let lock = if spec.restricted { " 🔒" } else { "" };
        let form = form(table, settings, reader, target, &[spec], locale);
        with_summary(format!("• `{form}`{lock}"), &spec.summary, locale)
    };
    let all = plugin.commands.iter().enumerate();
    all.filter(|(_, spec)| reader.may_below(&plugin.name, &[*spec]))
        .map(line)
        .collect()
}

/// Everything about a command, or about the subcommand that the words lead to.
fn command_help(
    table: &Table,
    settings: &Settings,
    reader: Reader<'_>,
    (target, plugin, command): (Target, &str, &Command),
    words: &[&str],
    locale: Locale,
) -> Vec<String> {
    let path = path_of(command, words);
    let mut chain = chain(command, &path);
    // Of what they may not run the reader learns as little as of what there is not.
    while chain.len() > 1 && !reader.may_below(plugin, &chain) {
        chain.pop();
    }
    let Some(last) = chain.last().copied() else {
        return Vec::new();
    };
    let mut lines = vec![with_summary(
        format!("`{}`", form(table, settings, reader, target, &chain, locale)),
        &last.summary,
        locale,
    )];
    if chain.iter().any(|command| command.restricted) {
        lines.push(locale.pick(
            "🔒 아무나 쓸 수 있는 명령이 아닙니다.".into(),
            "🔒 Not for everybody.".into(),
        ));
    }
    let confirm = chain
        .iter()
        .map(|command| command.confirm)
        .find(|confirm| *confirm != Confirm::None);
    match confirm {
        Some(Confirm::Second) => lines.push(locale.pick(
            "실행하기 전에 다른 사람의 확인을 받습니다.".into(),
            "Another person is asked before it runs.".into(),
        )),
        Some(_) => lines.push(locale.pick(
            "실행하기 전에 다시 한번 확인합니다.".into(),
            "You are asked again before it runs.".into(),
        )),
        None => {}
    }
    lines.extend(last.args.iter().map(|arg| arg_line(arg, locale)));
    for sub in reader.subcommands(plugin, &chain) {
        let mut below = chain.clone();
        below.push(sub);
        let form = form(table, settings, reader, target, &below, locale);
        let mut line = with_summary(format!("• `{form}`"), &sub.summary, locale);
        if last.default.as_ref() == Some(&sub.name) {
            line.push_str(locale.pick(" (쓰지 않으면 이것)", " (if none is typed)"));
        }
        lines.push(line);
    }
    let above = match chain.len() == 1 {
        true => table.typed_in(target, locale),
        false => name_in(last, locale).to_owned(),
    };
    let others = names(last).filter(|name| *name != above);
    let others: Vec<String> = others.map(|name| format!("`{}`", shown(name))).collect();
    if !others.is_empty() {
        let names = others.join(", ");
        lines.push(locale.pick(format!("다른 이름: {names}"), format!("Other names: {names}")));
    }
    for text in examples_in(last, locale) {
        let text = example(table, settings, text);
        lines.push(locale.pick(format!("예) `{text}`"), format!("Example: `{text}`")));
    }
    // Last, so that no unbalanced mark in it reaches a line of ours.
    let help = harmless(last.help.get(locale.tag()));
    if !help.trim().is_empty() {
        lines.push(help.trim().into());
    }
    lines
}

/// The subcommands that words name, as far as they do.
fn path_of(command: &Command, words: &[&str]) -> Vec<String> {
    let mut path = Vec::new();
    let mut at = command;
    for word in words {
        let folded = crate::text::fold(word);
        let next = at.subcommands.iter().find(|sub| {
            let mut names = std::iter::once(&sub.name).chain(&sub.aliases);
            names.any(|name| crate::text::fold(name) == folded)
        });
        let Some(next) = next else { break };
        path.push(next.name.clone());
        at = next;
    }
    path
}

fn arg_line(arg: &ArgSpec, locale: Locale) -> String {
    let mut facts = vec![type_name(arg.kind, locale).to_owned()];
    let of_people = |bound: &f64| !is_of_machine(*bound);
    match (arg.min.filter(of_people), arg.max.filter(of_people)) {
        (Some(min), Some(max)) => facts.push(format!("{min}–{max}")),
        (Some(min), None) => facts.push(locale.pick(format!("{min} 이상"), format!("{min} or more"))),
        (None, Some(max)) => facts.push(locale.pick(format!("{max} 이하"), format!("{max} or less"))),
        (None, None) => {}
    }
    if !arg.choices.is_empty() {
        let choices: Vec<String> = arg
            .choices
            .iter()
            .map(|choice| format!("`{}`", shown(choice)))
            .collect();
        facts.push(choices.join(" "));
    }
    match &arg.default {
        Some(default) => {
            let text = match default {
                serde_json::Value::String(text) => shown(text),
                other => shown(&other.to_string()),
            };
            facts.push(locale.pick(format!("없으면 `{text}`"), format!("`{text}` if left out")));
        }
        None if arg.optional => facts.push(locale.pick("생략 가능".into(), "may be left out".into())),
        None => {}
    }
    let line = format!("• `{}` ({})", shown(&arg.name), facts.join(", "));
    with_summary(line, &arg.summary, locale)
}

fn type_name(kind: ArgType, locale: Locale) -> &'static str {
    let (ko, en) = match kind {
        ArgType::String => ("글", "text"),
        ArgType::Int => ("정수", "whole number"),
        ArgType::Float => ("숫자", "number"),
        ArgType::Bool => ("예/아니오", "yes or no"),
        ArgType::User => ("@사람", "@person"),
        ArgType::Conversation => ("#채널", "#channel"),
        ArgType::Duration => ("시간 길이", "length of time"),
        ArgType::Date => ("날짜", "date"),
        ArgType::Time => ("시각", "time of day"),
        ArgType::Choice => ("선택", "choice"),
        ArgType::List => ("목록", "list"),
        ArgType::Rest => ("나머지 전부", "all that follows"),
    };
    locale.pick(ko, en)
}
