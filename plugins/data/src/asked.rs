//! What was asked: the values for a query, and how it is to be answered.

use crate::Texts;
use crate::settings::Query;
use moa_plugin::params::{self, Value, ValueError, Values};
use moa_plugin::prelude::*;
use serde::Deserialize;
use sql::Cell;

#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum Answer {
    Table,
    Csv,
    Count,
}

impl Answer {
    pub fn all() -> Vec<Self> {
        vec![Self::Table, Self::Csv, Self::Count]
    }

    /// The key of its text, which is its name in the configuration.
    pub fn key(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Csv => "csv",
            Self::Count => "count",
        }
    }

    /// Whether people call it so, in any language.
    fn is_called(self, word: &str) -> bool {
        let word = word.to_lowercase();
        ["ko", "en"]
            .iter()
            .any(|language| Texts::of(language).say(self.key(), &[]) == word)
    }
}

#[derive(Debug)]
pub struct Asked {
    pub values: Values,
    pub answer: Answer,
}

impl Asked {
    /// Reads the words behind a query's name: its values, then the answer.
    pub fn read(query: &Query, mut words: &[String], today: Date) -> Result<Self, ValueError> {
        let mut answer = query.answers.first().copied().unwrap_or(Answer::Table);
        if let [before @ .., last] = words
            && let Some(chosen) = query.answers.iter().find(|answer| answer.is_called(last))
        {
            (answer, words) = (*chosen, before);
        }
        let values = params::read(&query.params, words, today)?;
        Ok(Self { values, answer })
    }

    /// The value of a `:name` in the statement. Those of a period `p` are `:p_from`, `:p_to` and `:p_until`.
    pub fn cell(&self, name: &str) -> Cell {
        let day = |date: &Date| Cell::Time(date.to_string());
        match self.values.get(name) {
            Some(Value::Text(text)) => return text.into(),
            Some(Value::Integer(number)) => return (*number).into(),
            Some(Value::Number(number)) => return (*number).into(),
            Some(Value::Day(date)) => return day(date),
            Some(Value::Period { .. }) | None => {}
        }
        let end = name.rsplit_once('_');
        match end.and_then(|(name, end)| Some((self.values.get(name)?, end))) {
            Some((Value::Period { from, .. }, "from")) => day(from),
            Some((Value::Period { to, .. }, "to")) => day(to),
            Some((Value::Period { until, .. }, "until")) => day(until),
            _ => Cell::Null,
        }
    }
}
