//! A plugin's own configuration against its manifest.

use super::{Manifest, Setting, SettingType};
use crate::command::values;
use crate::text::distance;
use serde_json::{Map, Value};

/// What is wrong with one key of `[plugin.NAME.config]`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("plugin.{plugin}.config.{key}: {problem}")]
pub struct SettingError {
    /// The plugin.
    pub plugin: String,
    /// The key.
    pub key: String,
    /// What is wrong, and how it would be right.
    pub problem: String,
}

impl Manifest {
    /// The plugin's configuration with the defaults filled in, or everything that is wrong with what the operator wrote:
    /// unknown keys, missing ones, wrong types.
    pub fn settle(&self, written: &Map<String, Value>) -> Result<Map<String, Value>, Vec<SettingError>> {
        let mut errors = Vec::new();
        let mut wrong = |key: &str, problem: String| {
            errors.push(SettingError {
                plugin: self.name.clone(),
                key: key.into(),
                problem,
            });
        };
        for key in written.keys().filter(|key| !self.config.contains_key(*key)) {
            let typed: Vec<char> = key.chars().collect();
            let near = |name: &&String| distance(&typed, &name.chars().collect::<Vec<_>>(), 2).is_some();
            let hint = self
                .config
                .keys()
                .find(near)
                .map(|name| format!("; did you mean `{name}`?"));
            wrong(
                key,
                format!("the plugin has no such setting{}", hint.unwrap_or_default()),
            );
        }
        let mut out = Map::new();
        for (key, setting) in &self.config {
            match (written.get(key), &setting.default) {
                (Some(value), _) => match setting.check(value) {
                    Ok(()) => {
                        out.insert(key.clone(), value.clone());
                    }
                    Err(problem) => wrong(key, problem),
                },
                (None, Some(default)) => {
                    out.insert(key.clone(), default.clone());
                }
                (None, None) if setting.optional => {}
                (None, None) => wrong(key, format!("is missing; it must be {}", setting.wanted())),
            }
        }
        match errors.is_empty() {
            true => Ok(out),
            false => Err(errors),
        }
    }
}

impl Setting {
    /// Whether a value fits; otherwise what would.
    pub(super) fn check(&self, value: &Value) -> Result<(), String> {
        let text = |good: &dyn Fn(&str) -> bool| value.as_str().is_some_and(good);
        let in_range =
            |number: f64| self.min.is_none_or(|min| number >= min) && self.max.is_none_or(|max| number <= max);
        let fits = match self.kind {
            SettingType::String => text(&|_| true),
            SettingType::Int => value.is_i64() && value.as_f64().is_some_and(in_range),
            SettingType::Float => value.as_f64().is_some_and(in_range),
            SettingType::Bool => value.is_boolean(),
            SettingType::User | SettingType::Conversation => text(&|t| !t.is_empty()),
            SettingType::Duration => text(&|t| values::duration(t).is_some()),
            SettingType::Date => text(&|t| values::date(t, None).is_some()),
            SettingType::Time => text(&|t| values::time(t).is_some()),
            SettingType::Choice => text(&|t| self.choices.iter().any(|choice| choice == t)),
            SettingType::List => value.as_array().is_some_and(|items| items.iter().all(Value::is_string)),
            SettingType::Table => value.is_object(),
        };
        match fits {
            true => Ok(()),
            false => {
                let got = crate::text::printable_line(&value.to_string(), 60);
                Err(format!("must be {}, but is {got}", self.wanted()))
            }
        }
    }

    fn wanted(&self) -> String {
        let kind = match self.kind {
            SettingType::String => "a text",
            SettingType::Int => "a whole number",
            SettingType::Float => "a number",
            SettingType::Bool => "`true` or `false`",
            SettingType::User => "a person's id",
            SettingType::Conversation => "a conversation's id",
            SettingType::Duration => "a length of time such as \"90s\"",
            SettingType::Date => "a date such as \"2026-11-21\"",
            SettingType::Time => "a time of day such as \"09:30\"",
            SettingType::Choice => return format!("one of {}", self.choices.join(", ")),
            SettingType::List => "a list of texts",
            SettingType::Table => "a table",
        };
        match (self.min, self.max) {
            (Some(min), Some(max)) => format!("{kind} from {min} to {max}"),
            (Some(min), None) => format!("{kind} of at least {min}"),
            (None, Some(max)) => format!("{kind} of at most {max}"),
            (None, None) => kind.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn manifest() -> Manifest {
        let json = json!({"name": "lunch", "config": {
            "team-size": {"type": "int", "default": 4, "min": 1, "max": 9},
            "pause": {"type": "duration", "optional": true},
            "mode": {"type": "choice", "choices": ["a", "b"]},
        }});
        Manifest::parse(&json.to_string()).unwrap().manifest
    }

    fn settle(written: Value) -> Result<Value, Vec<String>> {
        let written = written.as_object().unwrap();
        let errors = |errors: Vec<SettingError>| errors.iter().map(ToString::to_string).collect();
        manifest().settle(written).map(Value::Object).map_err(errors)
    }

    #[test]
    fn defaults_are_filled_in() {
        assert_eq!(settle(json!({"mode": "a"})), Ok(json!({"mode": "a", "team-size": 4})));
        assert_eq!(
            settle(json!({"mode": "b", "team-size": 2, "pause": "1h"})),
            Ok(json!({"mode": "b", "team-size": 2, "pause": "1h"}))
        );
    }

    #[test]
    fn everything_wrong_is_told_at_once() {
        let errors = settle(json!({"team-siez": 3, "team-size": 10, "pause": "soon"})).unwrap_err();
        assert_eq!(
            errors,
            [
                "plugin.lunch.config.team-siez: the plugin has no such setting; did you mean `team-size`?",
                "plugin.lunch.config.mode: is missing; it must be one of a, b",
                "plugin.lunch.config.pause: must be a length of time such as \"90s\", but is \"soon\"",
                "plugin.lunch.config.team-size: must be a whole number from 1 to 9, but is 10",
            ]
        );
    }
}
