//! Queries, answers and questions as people read them.

use crate::Texts;
use crate::asked::{Answer, Asked};
use crate::ledger::Entry;
use crate::settings::Query;
use moa_plugin::params::{Kind, Param};
use moa_plugin::prelude::*;
use moa_plugin::time;

/// What the query is called in this language: a name in the letters of the command's, as far as there is one.
fn name<'a>(texts: &Texts, query: &'a Query) -> &'a str {
    let fits = |name: &&String| name.is_ascii() == texts.command().is_ascii();
    query.names.iter().find(fits).unwrap_or(&query.key)
}

/// How it is asked: `!데이터 신규회원 [since: 날짜 = 7d] [표|파일|개수]`.
fn form(texts: &Texts, query: &Query) -> String {
    let mut form = format!("!{} {}", texts.command(), name(texts, query));
    for param in &query.params {
        let (name, what) = (&param.name, what(texts, param));
        form += &match &param.default {
            Some(default) => format!(" [{name}: {what} = {default}]"),
            None if param.optional => format!(" [{name}: {what}]"),
            None => format!(" {name}: {what}"),
        };
    }
    let answers: Vec<String> = query
        .answers
        .iter()
        .map(|answer| texts.say(answer.key(), &[]))
        .collect();
    format!("`{form} [{}]`", answers.join("|"))
}

/// What may be said for a parameter.
fn what(texts: &Texts, param: &Param) -> String {
    let what = match param.kind {
        Kind::Text => texts.text(),
        Kind::Integer => texts.integer(),
        Kind::Number => texts.number(),
        Kind::Choice => param.choices.keys().map(String::as_str).collect::<Vec<_>>().join("|"),
        Kind::Day => texts.date(),
        Kind::Period => param
            .longest
            .map_or_else(|| texts.period(), |days| texts.period_within(days)),
    };
    match (&param.min, &param.max) {
        (None, None) => what,
        (min, max) => format!(
            "{what} {}..{}",
            min.as_deref().unwrap_or(""),
            max.as_deref().unwrap_or("")
        ),
    }
}

/// A query among those that can be asked.
pub fn line(texts: &Texts, query: &Query) -> String {
    format!("• {} {}", form(texts, query), query.summary).trim_end().into()
}

/// That this is no value for the query, and how to ask it.
pub fn wrong(texts: &Texts, query: &Query, what: &str) -> String {
    let has_days = query.params.iter().any(|param| param.kind.is_days());
    texts.wrong(what, form(texts, query)) + &if has_days { texts.days() } else { String::new() }
}

/// Why there is no answer, without what is none of the asker's business.
pub fn failed(texts: &Texts, error: &HostError) -> String {
    match error {
        HostError::AccessDenied(_) => texts.not_granted(),
        HostError::OverLimit(_) => texts.too_slow(),
        HostError::Unavailable(_) => texts.away(),
        _ => texts.refused(),
    }
}

/// The line above an answer.
pub fn heading(texts: &Texts, query: &Query, asked: &Asked, rows: i64, is_cut: bool) -> String {
    let rows = match asked.answer {
        Answer::Count => rows.to_string(),
        _ if is_cut => texts.rows(format!("{rows}+")),
        _ => texts.rows(rows),
    };
    let values = match asked.values.to_string() {
        none if none.is_empty() => none,
        values => format!(" ({})", text::plain(&values)),
    };
    format!("*{}*{values}: {rows}", text::plain(name(texts, query)))
}

/// The rows below their heading, `most` of them.
pub fn table(texts: &Texts, heading: String, mut found: sql::Rows, most: usize) -> String {
    match found.rows.len() {
        0 => heading,
        count if count <= most => format!("{heading}\n{}", found.table()),
        _ => {
            found.rows.truncate(most);
            found.truncated = true;
            format!("{heading}\n{}\n{}", found.table(), texts.more(most))
        }
    }
}

/// Who asked what.
pub fn log(texts: &Texts, entries: Vec<(i64, Entry)>, timezone: &str) -> String {
    if entries.is_empty() {
        return texts.nobody();
    }
    let mut rows: Vec<Vec<String>> = vec![texts.columns().split(", ").map(str::to_owned).collect()];
    for (_, entry) in entries {
        let who = format!("{} ({})", entry.name, entry.id);
        let count = entry.rows.map_or("-".to_owned(), |rows| rows.to_string());
        let time = time::shown(&entry.time, timezone);
        rows.push(vec![time, who, entry.query, entry.values, entry.answer, count]);
    }
    text::table(rows)
}
