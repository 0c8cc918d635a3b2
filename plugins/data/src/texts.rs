//! All texts, in Korean and English.

use crate::answer::{Answer, Asked};
use crate::ledger::Entry;
use crate::parameter::{Kind, Parameter, plain};
use crate::settings::Query;
use moa_plugin::prelude::*;

pub struct Texts {
    is_korean: bool,
    timezone: String,
}

impl Texts {
    pub fn of(ctx: &Context) -> Self {
        Self {
            is_korean: ctx.language() == "ko",
            timezone: ctx.timezone().into(),
        }
    }

    fn pick<T>(&self, korean: T, english: T) -> T {
        if self.is_korean { korean } else { english }
    }

    /// What the query is called in this language, as far as there is such a name.
    fn name<'a>(&self, query: &'a Query) -> &'a str {
        let fits = |name: &&String| name.is_ascii() != self.is_korean;
        query.names.iter().find(fits).unwrap_or(&query.key)
    }

    /// How it is asked: `!데이터 신규회원 [since: 날짜 = 7d] [표|파일|개수]`.
    fn form(&self, query: &Query) -> String {
        let mut form = format!("!{} {}", self.pick("데이터", "data"), self.name(query));
        for param in &query.params {
            let (name, what) = (&param.name, self.what(param));
            form += &match param.default() {
                Some(default) => format!(" [{name}: {what} = {default}]"),
                None if param.optional => format!(" [{name}: {what}]"),
                None => format!(" {name}: {what}"),
            };
        }
        let word = |answer: &Answer| self.pick(answer.words()[0], answer.words()[1]);
        let answers: Vec<&str> = query.answers.iter().map(word).collect();
        format!("`{form} [{}]`", answers.join("|"))
    }

    /// What may be said for a parameter.
    fn what(&self, param: &Parameter) -> String {
        let what = match param.kind {
            Kind::Text => self.pick("글", "text").into(),
            Kind::Integer => self.pick("정수", "whole number").into(),
            Kind::Number => self.pick("수", "number").into(),
            Kind::Choice => param.choices.keys().map(String::as_str).collect::<Vec<_>>().join("|"),
            Kind::Date => self.pick("날짜", "day").into(),
            Kind::Period => match param.longest {
                Some(longest) => self.pick(format!("기간({longest}일까지)"), format!("days (at most {longest})")),
                None => self.pick("기간", "days").into(),
            },
        };
        let limit = |limit: &Option<serde_json::Value>| limit.as_ref().map(plain).unwrap_or_default();
        match (limit(&param.min), limit(&param.max)) {
            (min, max) if min.is_empty() && max.is_empty() => what,
            (min, max) => format!("{what} {min}..{max}"),
        }
    }

    pub fn line(&self, query: &Query) -> String {
        format!("• {} {}", self.form(query), query.summary).trim_end().into()
    }

    pub fn nothing(&self) -> &'static str {
        self.pick(
            "여기서 물을 수 있는 데이터가 없습니다. 질의는 `moa.toml`의 `[plugin.data.config.queries]`에 적습니다.",
            "There is nothing to ask here. Queries stand in `moa.toml`, below `[plugin.data.config.queries]`.",
        )
    }

    pub fn unknown(&self, name: &str) -> String {
        let name = text::plain(name);
        self.pick(
            format!("`{name}` 데이터는 없거나 여기서 물을 수 없습니다. 물을 수 있는 것은 `!데이터`, 누가 물었는지는 `!데이터기록`이 알려 줍니다."),
            format!("There is no `{name}`, or it is not for you here. `!data` tells what can be asked, `!data-log` who asked what."),
        )
    }

    pub fn wrong(&self, query: &Query, what: &str) -> String {
        let (what, form) = (text::plain(what), self.form(query));
        let days = query
            .params
            .iter()
            .any(|param| matches!(param.kind, Kind::Date | Kind::Period));
        let example = match days {
            true => self.pick(
                " (날짜는 `7일`, `어제`, `지난주`, `2026-11-01`)",
                " (days are `7d`, `yesterday`, `last week`, `2026-11-01`)",
            ),
            false => "",
        };
        self.pick(
            format!("`{what}`, 여기가 맞지 않습니다. 이렇게 묻습니다: {form}{example}"),
            format!("Something is wrong with `{what}`. This is how to ask: {form}{example}"),
        )
    }

    pub fn too_often(&self, times: u32, within: Duration) -> String {
        let minutes = within.as_secs().div_ceil(60);
        self.pick(
            format!("이 데이터는 한 사람이 {minutes}분에 {times}번까지 물을 수 있습니다. 잠시 뒤에 다시 물어 주세요."),
            format!("One person may ask this {times} times in {minutes} minutes. Please try again later."),
        )
    }

    /// Why there is no answer, without what is none of the asker's business.
    pub fn failed(&self, error: &HostError) -> &'static str {
        match error {
            HostError::AccessDenied(_) => self.pick(
                "이 데이터베이스는 아직 허락되지 않았습니다. 운영자가 적을 줄은 봇의 로그에 있습니다.",
                "This database is not granted; the bot's log has the line that the operator has to write.",
            ),
            HostError::OverLimit(_) => self.pick(
                "너무 오래 걸려서 그만두었습니다. 더 좁게 물어 주세요.",
                "It took too long. Please ask for less.",
            ),
            HostError::Unavailable(_) => self.pick(
                "데이터베이스에 지금 닿지 않습니다. 잠시 뒤에 다시 물어 주세요.",
                "The database cannot be reached now. Please try again later.",
            ),
            _ => self.pick(
                "데이터베이스가 이 질의를 받지 않았습니다. 까닭은 봇의 로그에 있습니다.",
                "The database refuses this query; the bot's log says why.",
            ),
        }
    }

    /// The line above an answer.
    pub fn heading(&self, query: &Query, asked: &Asked, rows: i64, is_cut: bool) -> String {
        let (name, values) = (text::plain(self.name(query)), text::plain(&asked.line()));
        let more = if is_cut { "+" } else { "" };
        let rows = match asked.answer {
            Answer::Count => rows.to_string(),
            _ => self.pick(format!("{rows}{more}행"), format!("{rows}{more} rows")),
        };
        let values = if values.is_empty() {
            values
        } else {
            format!(" ({values})")
        };
        format!("*{name}*{values}: {rows}")
    }

    pub fn more(&self, shown: usize) -> String {
        self.pick(
            format!("처음 {shown}행입니다. 끝에 `파일`이나 `csv`를 붙이면 모두 파일로 드립니다."),
            format!("These are the first {shown}. With `csv` behind it the answer is a file with all of them."),
        )
    }

    pub fn log(&self, entries: Vec<Entry>) -> String {
        let heading = self.pick(
            ["언제", "누가", "무엇을", "값", "답", "행"],
            ["When", "Who", "What", "Values", "Answer", "Rows"],
        );
        let mut rows = vec![heading.map(str::to_owned)];
        for entry in entries {
            let local = system::local(&entry.time, &self.timezone).unwrap_or(entry.time);
            let time = local
                .chars()
                .take("2026-11-22T09:00".len())
                .collect::<String>()
                .replace('T', " ");
            let count = entry.rows.map_or("-".to_owned(), |rows| rows.to_string());
            let who = format!("{} ({})", entry.name, entry.id);
            rows.push([time, who, entry.query, entry.values, entry.answer, count]);
        }
        match rows.len() {
            1 => self.pick("아직 아무도 묻지 않았습니다.", "Nobody asked yet.").into(),
            _ => text::table(rows),
        }
    }
}
