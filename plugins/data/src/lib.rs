//! Answers questions of data: queries that the operator wrote, asked for in words.

mod asked;
mod ledger;
mod settings;
mod show;

use asked::{Answer, Asked};
use ledger::Entry;
use moa_plugin::params::ValueError;
use moa_plugin::prelude::*;
use moa_plugin::time;
use settings::{Query, Settings};

moa_plugin::texts!("texts.toml");

/// Answers a question of data, or tells what can be asked.
///
/// Example: !data
/// 예) !데이터
#[command(
    name = "데이터",
    aliases = ["data"],
    summary(ko = "데이터를 찾아 줍니다", en = "Answers questions of data"),
    help(
        ko = "`!데이터`만 적으면 물을 수 있는 것을 알려 줍니다. 값은 차례대로, 또는 `이름=값`으로 적습니다. 날짜는 `7일`, `어제`, `지난주`, `2026-11-01`, 기간은 `2026-11-01~2026-11-07`처럼 적습니다. 끝에 `표`, `csv`, `개수` 가운데 하나를 붙이면 그렇게 답합니다.",
        en = "`!data` alone tells what can be asked. Values come in their order, or as `name=value`. Days are `7d`, `yesterday`, `last week`, `2026-11-01`, several are `2026-11-01~2026-11-07`. With `table`, `csv` or `count` at the end the answer is one."
    )
)]
fn data(ctx: &Context, query: Option<String>, #[rest] _words: Option<String>) -> Result<Option<Content>> {
    let (texts, settings) = (Texts::of(ctx.locale()), Settings::read()?);
    let (today, _) = time::local(ctx.time(), ctx.timezone())?;
    let (mut queries, problems) = settings.queries(today);
    queries.retain(|query| query.is_for(ctx));
    let Some(name) = query else {
        problems.iter().for_each(log::error);
        let problems = problems.iter().map(|problem| format!("⚠️ {problem}"));
        let lines: Vec<String> = queries
            .iter()
            .map(|query| show::line(&texts, query))
            .chain(problems)
            .collect();
        let overview = if lines.is_empty() {
            texts.nothing()
        } else {
            lines.join("\n")
        };
        return Ok(Some(overview.into()));
    };
    let query = queries.iter().find(|query| query.is_called(&name));
    let query = query.ok_or_else(|| Error::rejected(texts.unknown(&name)))?;
    // As people split them, with quotes: the first is the query's name.
    let words = ctx.tokens().get(1..).unwrap_or_default();
    let asked = Asked::read(query, words, today).map_err(|error| match error {
        ValueError::Wrong(what) | ValueError::Missing(what) => Error::rejected(show::wrong(&texts, query, &what)),
    })?;
    if !ledger::may_ask(ctx, &settings, query)? {
        let minutes = settings.within.as_secs().div_ceil(60);
        return Err(Error::rejected(texts.too_often(minutes, settings.times(query))));
    }
    // It is written down before it is answered, and how many rows that were behind it.
    let (questions, mut entry) = (ledger::questions(&settings), Entry::of(ctx, query, &asked));
    let number = questions.add(&entry)?;
    let found = find(&settings, query, &asked).map_err(|error| {
        log::warn(format!("`queries.{}`: {error}", query.key));
        Error::rejected(show::failed(&texts, &error))
    })?;
    let rows = match asked.answer {
        Answer::Count => found.first()?.unwrap_or_default(),
        _ => i64::try_from(found.rows.len())?,
    };
    entry.rows = Some(rows);
    questions.set(number, &entry)?;
    let heading = show::heading(&texts, query, &asked, rows, found.truncated);
    match asked.answer {
        Answer::Count => Ok(Some(heading.into())),
        Answer::Table => Ok(Some(
            show::table(&texts, heading, found, settings.table_rows as usize).into(),
        )),
        Answer::Csv => {
            found.send_csv(ctx.place(), &format!("{}-{today}.csv", query.key), &heading)?;
            Ok(None)
        }
    }
}

/// Shows who asked what, with which values, and how many rows that was.
///
/// Example: !data-log
/// 예) !데이터기록 50
#[command(
    name = "데이터기록",
    aliases = ["data-log"],
    restricted,
    summary(ko = "누가 무엇을 물었는지 보여 줍니다", en = "Shows who asked what")
)]
fn data_log(
    ctx: &Context,
    #[default = 20]
    #[min = 1]
    #[max = 200]
    count: u32,
) -> Result<Content> {
    let latest = ledger::questions(&Settings::read()?).newest(count as usize)?;
    let log = show::log(&Texts::of(ctx.locale()), latest, ctx.timezone());
    Ok(Content::text(log).to(Audience::Asker))
}

/// Asks the database. What people said is bound, never pasted into the statement.
fn find(settings: &Settings, query: &Query, asked: &Asked) -> Result<sql::Rows, HostError> {
    let mut statement = settings
        .statement(query)
        .map_err(|error| HostError::Invalid(error.to_string()))?;
    if asked.answer == Answer::Count {
        statement = statement.counted();
    }
    statement.query(&query.database, |name| asked.cell(name))
}

plugin! {
    summary: { ko: "데이터를 찾아 줍니다", en: "Answers questions of data" },
    commands: [data, data_log],
    config: Settings,
    requests: { sql: ["config:queries.*.database"] },
}

#[cfg(test)]
mod tests;
