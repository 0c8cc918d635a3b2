//! Parameters that an operator describes in the configuration and people give values to in chat: those of a query, a report
//! or a script that is known at run time only. What a command takes by itself are its function's parameters.
//!
//! ```
//! use moa_plugin::params::{self, Param, Value};
//! use moa_plugin::prelude::*;
//! use std::collections::BTreeMap;
//!
//! #[derive(Config)]
//! struct Settings {
//!     /// Reports, with what people say for them.
//!     #[table]
//!     reports: BTreeMap<String, Vec<Param>>,
//! }
//!
//! /// Asks for a report: `!report sales 7d gold`.
//! #[command]
//! fn report(ctx: &Context, name: String, #[rest] _values: Option<String>) -> Result<String> {
//!     let reports = ctx.config::<Settings>()?.reports;
//!     let params = reports.get(&name).ok_or_else(|| Error::rejected("There is no such report."))?;
//!     let (today, _) = moa_plugin::time::local(ctx.time(), ctx.timezone())?;
//!     // The words as people split them, with quotes; the first is the report's name.
//!     let values = params::read(params, ctx.tokens().get(1..).unwrap_or_default(), today)
//!         .map_err(|error| Error::usage(error.to_string()))?;
//!     assert_eq!(values.get("grade"), Some(&Value::Text("G".into())));
//!     Ok(format!("{name}: {values}"))
//! }
//!
//! plugin! {
//!     name: "reports",
//!     commands: [report],
//!     config: Settings,
//! }
//!
//! let sales = serde_json::json!([
//!     { "name": "since", "type": "date", "default": "7d" },
//!     { "name": "grade", "names": ["등급"], "type": "choice", "choices": { "gold": "G", "silver": "S" } },
//! ]);
//! let host = moa_plugin::testing::Host::new().config(serde_json::json!({ "reports": { "sales": sales } }));
//! let said = host.run::<report>("sales 등급=gold")?;
//! assert_eq!(said, Some("sales: since=2026-11-13 grade=gold".into()));
//! assert_eq!(host.run::<report>("sales 2 weeks ago gold")?, Some("sales: since=2026-11-06 grade=gold".into()));
//! assert_eq!(host.run::<report>("sales today lead"), Err(Error::usage("`lead` does not fit")));
//! # Ok::<(), Error>(())
//! ```

use crate::time::{self, Date};
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use std::fmt;

/// One parameter, as it stands in a table of the configuration.
///
/// ```
/// use moa_plugin::params::Param;
///
/// let most = serde_json::json!({ "name": "most", "type": "integer", "default": 5, "min": 1, "max": 10 });
/// let most: Param = serde_json::from_value(most)?;
/// assert_eq!((most.name.as_str(), most.default.as_deref()), ("most", Some("5")));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Param {
    /// Its name.
    pub name: String,
    /// What people may call it besides.
    #[serde(default)]
    pub names: Vec<String>,
    /// `type` in the configuration: what may be said for it.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// What is meant where nothing is said, as people would say it.
    #[serde(default, deserialize_with = "said")]
    pub default: Option<String>,
    /// Whether nothing may be said though there is no default.
    #[serde(default)]
    pub optional: bool,
    /// The least value; the first day.
    #[serde(default, deserialize_with = "said")]
    pub min: Option<String>,
    /// The greatest value; the last day; of a text, the most characters (otherwise 100).
    #[serde(default, deserialize_with = "said")]
    pub max: Option<String>,
    /// The most days of a period.
    pub longest: Option<i64>,
    /// Of a choice: what may be said, and the value that is meant.
    #[serde(default)]
    pub choices: BTreeMap<String, String>,
}

/// What may be said for a parameter. In the configuration in small letters.
///
/// ```
/// use moa_plugin::params::Kind;
///
/// assert_eq!(serde_json::from_str::<Kind>("\"period\"")?, Kind::Period);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Anything.
    Text,
    /// A whole number, also as `1,000`.
    Integer,
    /// A number, also as `1,000.5`.
    Number,
    /// One of the parameter's `choices`.
    Choice,
    /// `date`: a day, as [`time::days`] reads it; the first of several.
    #[serde(rename = "date")]
    Day,
    /// Several days, likewise.
    Period,
}

/// What is meant by what was said.
///
/// ```
/// use moa_plugin::params::Value;
///
/// assert_ne!(Value::Integer(7), Value::Text("7".into()));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A text; of a choice, its value.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A finite number.
    Number(f64),
    /// A day.
    Day(Date),
    /// Several days.
    Period {
        /// The first of them.
        from: Date,
        /// The last of them.
        to: Date,
        /// The day behind it, for what has a time of day: `from <= it < until`.
        until: Date,
    },
}

/// The values of all parameters. `Display` is for people: `since=2026-11-13 grade=gold`, without those that have none.
///
/// ```
/// use moa_plugin::params::{self, Values};
///
/// let nothing: Values = params::read(&[], &[], "2026-11-21".parse()?)?;
/// assert_eq!((nothing.get("since"), nothing.to_string()), (None, String::new()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Values(Vec<(String, Value, String)>);

/// What was said does not fit the parameters.
///
/// ```
/// use moa_plugin::params::{self, ValueError};
///
/// let error = params::read(&[], &["7d".into()], "2026-11-21".parse()?).unwrap_err();
/// assert_eq!(error, ValueError::Wrong("7d".into()));
/// # Ok::<(), moa_plugin::time::ParseError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// This word, or there is nothing it could be said for.
    #[error("`{0}` does not fit")]
    Wrong(String),
    /// Nothing was said for the parameter of this name, which needs a value.
    #[error("`{0}` is missing")]
    Missing(String),
}

/// A parameter that the operator has to write otherwise.
///
/// ```
/// use moa_plugin::params::{Param, ParamError};
///
/// let param: Param = serde_json::from_value(serde_json::json!({ "name": "since", "type": "date", "min": "soon" }))?;
/// let error: ParamError = param.check("2026-11-21".parse()?).unwrap_err();
/// assert!(error.to_string().starts_with("\"soon\" is no limit"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParamError {
    /// A choice without choices, or choices of something else.
    #[error("`choices` belong to `type = \"choice\"`: `choices = {{ gold = \"G\", silver = \"S\" }}`")]
    Choices,
    /// A limit that is no value of this type.
    #[error("\"{0}\" is no limit of this type; write a number, or a day like \"365d\"")]
    Limit(String),
    /// A default that people could not say.
    #[error("its default \"{0}\" is not what may be said for it")]
    Default(String),
}

/// Reads what somebody said: values in the order of the parameters, or as `name=value` anywhere. Days may be several words,
/// `2 weeks ago`. `today` is that of who speaks: [`time::local`].
///
/// ```
/// use moa_plugin::params::{self, Param, Value};
///
/// let since: Param = serde_json::from_value(serde_json::json!({ "name": "since", "type": "date" }))?;
/// let said = ["지난".to_owned(), "주".to_owned()];
/// let values = params::read(&[since], &said, "2026-11-21".parse()?)?;
/// assert_eq!(values.get("since"), Some(&Value::Day("2026-11-09".parse()?)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`ValueError`] for the first word that makes no sense, and for a parameter that is missing.
pub fn read(params: &[Param], mut words: &[String], today: Date) -> Result<Values, ValueError> {
    let mut read: Vec<(&Param, Option<(Value, String)>)> = params.iter().map(|param| (param, None)).collect();
    while let Some(first) = words.first() {
        let wrong = || ValueError::Wrong(first.clone());
        let named = first.split_once('=').and_then(|(name, value)| {
            let at = read.iter().position(|(param, _)| param.is_called(name))?;
            Some((at, value))
        });
        let free = || read.iter().position(|(_, read)| read.is_none());
        let at = named.map(|(at, _)| at).or_else(free).ok_or_else(wrong)?;
        let (param, slot) = read.get_mut(at).ok_or_else(wrong)?;
        let (said, taken) = match named {
            Some((_, value)) => (value.to_owned(), 1),
            None => longest(param, words, today),
        };
        *slot = Some(param.read(&said, today).ok_or(ValueError::Wrong(said))?);
        words = words.get(taken..).unwrap_or_default();
    }
    let mut values = Values::default();
    for (param, read) in read {
        match read.or_else(|| param.read(param.default.as_ref()?, today)) {
            Some((value, shown)) => values.0.push((param.name.clone(), value, shown)),
            None if param.optional => {}
            None => return Err(ValueError::Missing(param.name.clone())),
        }
    }
    Ok(values)
}

/// As many words as make sense together: days may be several, `지난 주`, `2026-11-01 ~ 2026-11-07`.
fn longest(param: &Param, words: &[String], today: Date) -> (String, usize) {
    let most = if param.kind.is_days() { 3 } else { 1 };
    let joined = |count: usize| words.get(..count).map(|some| some.join(" "));
    let mut several = (2..=most).rev().filter_map(|count| Some((joined(count)?, count)));
    let fitting = several.find(|(said, _)| param.read(said, today).is_some());
    fitting.unwrap_or_else(|| (joined(1).unwrap_or_default(), 1))
}

impl Param {
    /// Whether people call it so, in upper or lower case.
    ///
    /// ```
    /// # use moa_plugin::params::Param;
    /// let since = serde_json::json!({ "name": "since", "names": ["부터"], "type": "date" });
    /// let since: Param = serde_json::from_value(since)?;
    /// assert!(since.is_called("Since") && since.is_called("부터") && !since.is_called("until"));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn is_called(&self, name: &str) -> bool {
        let name = name.to_lowercase();
        let mut own = std::iter::once(&self.name).chain(&self.names);
        own.any(|own| own.to_lowercase() == name)
    }

    /// What is wrong in the configuration, for the operator, if anything is.
    ///
    /// ```
    /// # use moa_plugin::params::{Param, ParamError};
    /// let grade: Param = serde_json::from_value(serde_json::json!({ "name": "grade", "type": "choice" }))?;
    /// assert_eq!(grade.check("2026-11-21".parse()?), Err(ParamError::Choices));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self, today: Date) -> Result<(), ParamError> {
        if (self.kind == Kind::Choice) == self.choices.is_empty() {
            return Err(ParamError::Choices);
        }
        for limit in [&self.min, &self.max].into_iter().flatten() {
            let is_limit = match self.kind {
                Kind::Day | Kind::Period => time::days(limit, today).is_some(),
                Kind::Integer => limit.parse::<i64>().is_ok(),
                Kind::Text | Kind::Number | Kind::Choice => limit.parse::<f64>().is_ok(),
            };
            if !is_limit {
                return Err(ParamError::Limit(limit.clone()));
            }
        }
        match &self.default {
            Some(default) if self.read(default, today).is_none() => Err(ParamError::Default(default.clone())),
            _ => Ok(()),
        }
    }

    /// What is meant, and how it is shown; `None` for what may not be said.
    fn read(&self, said: &str, today: Date) -> Option<(Value, String)> {
        /// The most characters of a text without `max`.
        const LONGEST: f64 = 100.0;
        let digits = || said.replace(',', "");
        let (value, shown) = match self.kind {
            Kind::Text => {
                let length = said.chars().count() as f64;
                (length <= number(&self.max).unwrap_or(LONGEST)).then(|| (Value::Text(said.into()), said.into()))?
            }
            Kind::Integer => {
                let value: i64 = digits().parse().ok()?;
                let limit = |limit: &Option<String>| limit.as_ref()?.parse().ok();
                is_within(value, limit(&self.min), limit(&self.max))
                    .then(|| (Value::Integer(value), value.to_string()))?
            }
            Kind::Number => {
                let value: f64 = digits().parse().ok()?;
                let is_within = value.is_finite() && is_within(value, number(&self.min), number(&self.max));
                is_within.then(|| (Value::Number(value), value.to_string()))?
            }
            Kind::Choice => {
                let said = said.to_lowercase();
                let (word, value) = self.choices.iter().find(|(word, _)| word.to_lowercase() == said)?;
                (Value::Text(value.clone()), word.clone())
            }
            Kind::Day => {
                let (day, _) = time::days(said, today)?;
                self.allows(day, today).then(|| (Value::Day(day), day.to_string()))?
            }
            Kind::Period => {
                let (from, to) = time::days(said, today)?;
                let is_long = self.longest.is_some_and(|longest| from.days_until(to) >= longest);
                let is_allowed = !is_long && self.allows(from, today) && self.allows(to, today);
                let until = to.plus_days(1).filter(|_| is_allowed)?;
                let shown = if from == to {
                    from.to_string()
                } else {
                    format!("{from}~{to}")
                };
                (Value::Period { from, to, until }, shown)
            }
        };
        Some((value, shown))
    }

    fn allows(&self, day: Date, today: Date) -> bool {
        let limit = |limit: &Option<String>| time::days(limit.as_ref()?, today).map(|(day, _)| day);
        is_within(day, limit(&self.min), limit(&self.max))
    }
}

impl Kind {
    /// Whether it is about days.
    ///
    /// ```
    /// # use moa_plugin::params::Kind;
    /// assert!(Kind::Day.is_days() && Kind::Period.is_days() && !Kind::Text.is_days());
    /// ```
    pub fn is_days(self) -> bool {
        matches!(self, Self::Day | Self::Period)
    }
}

impl Values {
    /// The value of the parameter of this name; `None` for an optional one of which nothing was said.
    ///
    /// ```
    /// # use moa_plugin::params::{self, Param, Value};
    /// let most: Param = serde_json::from_value(serde_json::json!({ "name": "most", "type": "integer" }))?;
    /// let values = params::read(&[most], &["1,000".into()], "2026-11-21".parse()?)?;
    /// assert_eq!(values.get("most"), Some(&Value::Integer(1000)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn get(&self, name: &str) -> Option<&Value> {
        let mut named = self.0.iter().filter(|(own, ..)| own == name);
        named.next().map(|(_, value, _)| value)
    }
}

impl fmt::Display for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown: Vec<String> = self
            .0
            .iter()
            .map(|(name, _, shown)| format!("{name}={shown}"))
            .collect();
        f.write_str(&shown.join(" "))
    }
}

fn is_within<T: PartialOrd>(value: T, min: Option<T>, max: Option<T>) -> bool {
    min.is_none_or(|min| value >= min) && max.is_none_or(|max| value <= max)
}

fn number(limit: &Option<String>) -> Option<f64> {
    limit.as_ref()?.parse().ok()
}

/// A text, or a number as people would say it.
fn said<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match Option::<serde_json::Value>::deserialize(deserializer)? {
        Some(serde_json::Value::String(text)) => Some(text),
        other => other.map(|value| value.to_string()),
    })
}

#[cfg(test)]
mod tests;
