//! How a query is answered, and what people said to get that answer.

use crate::parameter::{Kind, Parameter, Read};
use crate::settings::Query;
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

    /// In Korean and in English.
    pub fn words(self) -> [&'static str; 2] {
        match self {
            Self::Table => ["표", "table"],
            Self::Csv => ["파일", "csv"],
            Self::Count => ["개수", "count"],
        }
    }
}

/// What was said to a query.
#[derive(Debug)]
pub struct Asked {
    /// By the names in the statement.
    values: Vec<(String, Cell)>,
    /// By the parameters' names, for people.
    pub shown: Vec<(String, String)>,
    pub answer: Answer,
}

impl Asked {
    /// Reads the words behind a query's name: values in the order of the parameters or as `name=value`, then the answer.
    ///
    /// # Errors
    /// The word that makes no sense; the name of the parameter that is missing.
    pub fn read(query: &Query, mut words: &[String], today: Date) -> Result<Self, String> {
        let mut answer = query.answers.first().copied().unwrap_or(Answer::Table);
        if let [before @ .., last] = words {
            let said = last.to_lowercase();
            if let Some(chosen) = query
                .answers
                .iter()
                .find(|answer| answer.words().contains(&said.as_str()))
            {
                (answer, words) = (*chosen, before);
            }
        }
        let mut read: Vec<(&Parameter, Option<Read>)> = query.params.iter().map(|param| (param, None)).collect();
        while let Some(first) = words.first() {
            let named = first.split_once('=').and_then(|(name, value)| {
                let at = read.iter().position(|(param, _)| param.is_called(name))?;
                Some((at, value))
            });
            let free = || read.iter().position(|(_, read)| read.is_none());
            let at = named.map(|(at, _)| at).or_else(free).ok_or(first)?;
            let (param, slot) = read.get_mut(at).ok_or(first)?;
            let (said, taken) = match named {
                Some((_, value)) => (value.to_owned(), 1),
                None => longest(param, words, today),
            };
            *slot = Some(param.read(&said, today).ok_or(said)?);
            words = words.get(taken..).unwrap_or_default();
        }
        let mut asked = Self {
            values: Vec::new(),
            shown: Vec::new(),
            answer,
        };
        for (param, read) in read {
            let read = read.or_else(|| param.read(&param.default()?, today));
            if read.is_none() && !param.optional {
                return Err(param.name.clone());
            }
            let values = read
                .as_ref()
                .map_or_else(|| vec![Cell::Null; param.marks().len()], |read| read.values.clone());
            asked.values.extend(param.marks().into_iter().zip(values));
            asked.shown.extend(read.map(|read| (param.name.clone(), read.shown)));
        }
        Ok(asked)
    }

    pub fn value(&self, name: &str) -> Cell {
        let found = self.values.iter().find(|(known, _)| known == name);
        found.map_or(Cell::Null, |(_, value)| value.clone())
    }

    /// All that was said, in one line.
    pub fn line(&self) -> String {
        let values: Vec<String> = self
            .shown
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        values.join(" ")
    }
}

/// Days may be several words, `지난 주`, `2026-11-01 ~ 2026-11-07`: as many as make sense.
fn longest(param: &Parameter, words: &[String], today: Date) -> (String, usize) {
    let most = if matches!(param.kind, Kind::Date | Kind::Period) {
        3
    } else {
        1
    };
    let joined = |count: usize| words.get(..count).map(|some| some.join(" "));
    let mut several = (2..=most).rev().filter_map(|count| Some((joined(count)?, count)));
    let fitting = several.find(|(said, _)| param.read(said, today).is_some());
    fitting.unwrap_or_else(|| (joined(1).unwrap_or_default(), 1))
}
