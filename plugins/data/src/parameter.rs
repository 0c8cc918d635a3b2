//! One parameter of a query: what people may say for it, and the values that the statement is given.

use moa_plugin::prelude::*;
use moa_plugin::time;
use serde::Deserialize;
use serde_json::Value;
use sql::Cell;
use std::collections::BTreeMap;

/// The most characters of a text without `max`.
const LONGEST: f64 = 100.0;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// As it stands in the statement, without the colon.
    pub name: String,
    /// Other names, for people.
    #[serde(default)]
    names: Vec<String>,
    #[serde(rename = "type")]
    pub kind: Kind,
    /// What is meant where nothing is said, as people would say it.
    default: Option<Value>,
    /// Whether nothing may be said though there is no default: then it is NULL.
    #[serde(default)]
    pub optional: bool,
    /// The least and the greatest value; the most characters of a text; the first and the last day.
    pub min: Option<Value>,
    pub max: Option<Value>,
    /// The most days of a period.
    pub longest: Option<i64>,
    /// What may be said, and what the database calls it.
    #[serde(default)]
    pub choices: BTreeMap<String, String>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Text,
    Integer,
    Number,
    Choice,
    Date,
    /// Several days: `:NAME_from` and `:NAME_to` are the first and the last, `:NAME_until` the day behind it.
    Period,
}

/// What somebody said, as the statement takes it and as people are shown it.
#[derive(Debug)]
pub struct Read {
    pub values: Vec<Cell>,
    pub shown: String,
}

impl Parameter {
    /// The names that the statement has for it, one for each value.
    pub fn marks(&self) -> Vec<String> {
        match self.kind {
            Kind::Period => ["from", "to", "until"].map(|end| format!("{}_{end}", self.name)).into(),
            _ => vec![self.name.clone()],
        }
    }

    /// Whether people call it so.
    pub fn is_called(&self, name: &str) -> bool {
        let name = name.to_lowercase();
        self.name.to_lowercase() == name || self.names.iter().any(|other| other.to_lowercase() == name)
    }

    pub fn default(&self) -> Option<String> {
        self.default.as_ref().map(plain)
    }

    /// What somebody means by a text; `None` for what may not be said.
    pub fn read(&self, said: &str, today: Date) -> Option<Read> {
        let one = |value: Cell, shown: String| {
            Some(Read {
                values: vec![value],
                shown,
            })
        };
        let (min, max) = (self.min.as_ref(), self.max.as_ref());
        match self.kind {
            Kind::Text => {
                let most = max.and_then(Value::as_f64).unwrap_or(LONGEST);
                (said.chars().count() as f64 <= most).then(|| one(said.into(), said.into()))?
            }
            Kind::Integer => {
                let number = said.replace(',', "").parse().ok()?;
                let is_within = is_within(number, min.and_then(Value::as_i64), max.and_then(Value::as_i64));
                is_within.then(|| one(number.into(), number.to_string()))?
            }
            Kind::Number => {
                let number = said
                    .replace(',', "")
                    .parse()
                    .ok()
                    .filter(|number: &f64| number.is_finite())?;
                let is_within = is_within(number, min.and_then(Value::as_f64), max.and_then(Value::as_f64));
                is_within.then(|| one(number.into(), number.to_string()))?
            }
            Kind::Choice => {
                let said = said.to_lowercase();
                let (word, value) = self.choices.iter().find(|(word, _)| word.to_lowercase() == said)?;
                one(value.into(), word.clone())
            }
            Kind::Date | Kind::Period => {
                let (first, last) = time::days(said, today)?;
                let limit = |limit: Option<&Value>| Some(time::days(&plain(limit?), today)?.0);
                let last = if self.kind == Kind::Date { first } else { last };
                let is_long = self.longest.is_some_and(|longest| first.days_until(last) >= longest);
                if is_long || [first, last].iter().any(|day| !is_within(*day, limit(min), limit(max))) {
                    return None;
                }
                let days = [first, last, last.plus_days(1)?];
                let values = days
                    .iter()
                    .map(|day| Cell::Time(day.to_string()))
                    .take(self.marks().len())
                    .collect();
                let shown = if first == last {
                    first.to_string()
                } else {
                    format!("{first}~{last}")
                };
                Some(Read { values, shown })
            }
        }
    }

    /// What the operator should write instead, if something is wrong.
    pub fn check(&self, today: Date) -> Result<(), String> {
        if (self.kind == Kind::Choice) == self.choices.is_empty() {
            return Err("`choices` belong to `type = \"choice\"`: `choices = { gold = \"G\", silver = \"S\" }`".into());
        }
        for limit in [&self.min, &self.max].into_iter().flatten() {
            let is_limit = match self.kind {
                Kind::Date | Kind::Period => time::days(&plain(limit), today).is_some(),
                _ => limit.is_number(),
            };
            if !is_limit {
                return Err(format!(
                    "{limit} is no limit of this type; write a number, or a day like \"365d\""
                ));
            }
        }
        match self.default() {
            Some(default) if self.read(&default, today).is_none() => {
                Err(format!("its default \"{default}\" is not what may be said for it"))
            }
            _ => Ok(()),
        }
    }
}

fn is_within<T: PartialOrd>(value: T, min: Option<T>, max: Option<T>) -> bool {
    min.is_none_or(|min| value >= min) && max.is_none_or(|max| value <= max)
}

/// A value of the configuration as people would say it.
pub fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
