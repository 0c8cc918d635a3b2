//! The operator's settings as a struct, and what stands in its tables.

mod all;
mod each;

pub use all::all;
pub use each::each;

use crate::argument::Argument;
use crate::bindings::moa::plugin::types::Value as Typed;
use crate::manifest::{Kind, Setting};
use crate::{Error, log, system, time};
use serde::de::{DeserializeOwned, Deserializer, Error as _};
use serde_json::{Map, Value};

/// The plugin's settings, made by `#[derive(Config)]`: the fields are the keys of the operator's table
/// `[plugin.NAME.config]`, with `-` for `_`, and `plugin!` puts them into the manifest.
///
/// ```
/// use moa_plugin::prelude::*;
/// use moa_plugin::testing::Host;
///
/// #[derive(Config)]
/// struct Settings {
///     /// How many people make a team.
///     #[default = 4]
///     #[min = 2]
///     team_size: u32,
///     /// What is said first.
///     greeting: Option<String>,
///     /// How long a team lasts.
///     #[default = "1h30m"]
///     lasts: Duration,
///     #[choice("soup", "rice")]
///     #[default = "soup"]
///     dish: String,
///     /// Who is asked every day.
///     #[default()]
///     people: Vec<String>,
/// }
///
/// /// Says how large the teams are.
/// #[command]
/// fn size(ctx: &Context) -> Result<String> {
///     let settings: Settings = ctx.config()?;
///     Ok(format!("{} for {:?}", settings.team_size, settings.lasts))
/// }
///
/// plugin! {
///     commands: [size],
///     config: Settings,
/// }
///
/// let host = Host::new().config(serde_json::json!({ "team-size": 3 }));
/// assert_eq!(host.run::<size>("")?, Some("3 for 5400s".into()));
/// # Ok::<(), Error>(())
/// ```
///
/// A field that is neither an `Option` nor has a default must be set by the operator. The types are `String`, `bool`, the
/// integers, `f32`, `f64`, [`Duration`](std::time::Duration), [`Date`](time::Date), [`Time`](time::Time), `Vec<String>`,
/// and an `Option` of each. The first paragraph of a field's documentation is its summary. Further:
///
/// | attribute | meaning |
/// |---|---|
/// | `#[default = 4]` | what it is if the operator wrote nothing |
/// | `#[default("a", "b")]` on a `Vec<String>` | likewise |
/// | `#[min = 1]`, `#[max = 20]` | the least and greatest value of a number; negative ones are written `#[min(-1)]` |
/// | `#[choice("soup", "rice")]` on a `String` | one of these words |
/// | `#[user]`, `#[conversation]` on a `String` | the id of a person, of a conversation |
/// | `#[table]` on anything that serde reads, such as another struct with `#[derive(Config)]` or a map of such | a table of anything |
///
/// Lengths of time are read like `90s` or `1h30m`, dates like `2026-11-21`, times like `09:50`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a struct of settings",
    label = "has no settings",
    note = "write `#[derive(Config)]` above the struct"
)]
pub trait Config: Sized {
    /// The schema for the manifest.
    #[doc(hidden)]
    const SETTINGS: &'static [Setting];
    /// Takes the values from the operator's table.
    #[doc(hidden)]
    fn read(table: &mut Table) -> Result<Self, String>;
}

/// The plugin's settings, where somebody waits for an answer: if they cannot be read, the reason is in the log, and told to who
/// asked, too.
///
/// ```
/// use moa_plugin::config;
/// use moa_plugin::prelude::*;
///
/// #[derive(Config)]
/// struct Settings {
///     /// Where the menu is.
///     url: String,
/// }
///
/// /// Where the menu is.
/// #[command]
/// fn menu() -> Result<String> {
///     Ok(config::settings::<Settings>()?.url)
/// }
///
/// plugin! {
///     name: "canteen",
///     commands: [menu],
///     config: Settings,
/// }
///
/// let host = moa_plugin::testing::Host::new();
/// let told = Error::rejected("This plugin's settings in moa.toml are wrong: the setting `url` is missing");
/// assert_eq!(host.run::<menu>(""), Err(told));
/// assert!(host.log()[0].starts_with("error: "));
/// ```
///
/// # Errors
/// [`Error::rejected`] with the reason.
pub fn settings<C: Config + DeserializeOwned>() -> Result<C, Error> {
    system::config().map_err(|error| {
        log::error(error.to_string());
        Error::rejected(format!(
            "This plugin's settings in moa.toml are wrong: {}",
            error.reason()
        ))
    })
}

/// What else is wrong with the settings, where somebody waits for an answer: it is put into the log, and is told to who asked.
///
/// ```
/// use moa_plugin::config;
/// use moa_plugin::prelude::*;
///
/// /// When the shop opens.
/// #[command]
/// fn opens() -> Result<String> {
///     let days: moa_plugin::time::Weekdays = "mon-sun".parse().map_err(config::mistake)?;
///     Ok(days.to_string())
/// }
/// # plugin!(opens);
/// # assert!(moa_plugin::testing::Host::new().run::<opens>("")?.is_some());
///
/// let host = moa_plugin::testing::Host::new();
/// let error = host.with(|_| config::mistake("`open`: there is no day `moonday`"));
/// assert_eq!(error, Error::rejected("`open`: there is no day `moonday`"));
/// assert_eq!(host.log(), ["error: `open`: there is no day `moonday`"]);
/// # Ok::<(), Error>(())
/// ```
pub fn mistake(what: impl std::fmt::Display) -> Error {
    let what = what.to_string();
    log::error(what.as_str());
    Error::rejected(what)
}

/// Reads a table as any deserialiser brings it.
#[doc(hidden)]
pub fn read_config<'de, C: Config, D: Deserializer<'de>>(deserializer: D) -> Result<C, D::Error> {
    let mut table = Table(serde::Deserialize::deserialize(deserializer)?);
    let config = C::read(&mut table).map_err(D::Error::custom)?;
    // The host looks at the keys of the whole table, nobody at those of a table in it.
    match table.0.keys().next() {
        Some(key) => Err(D::Error::custom(format!("there is no setting `{key}`"))),
        None => Ok(config),
    }
}

/// The operator's table.
#[doc(hidden)]
#[derive(Debug)]
pub struct Table(Map<String, Value>);

impl Table {
    /// A setting that is there, or has a default.
    pub fn required<T: Argument>(&mut self, setting: &Setting) -> Result<T, String> {
        self.optional(setting)?.ok_or_else(|| missing(setting))
    }

    /// A setting that may be missing.
    pub fn optional<T: Argument>(&mut self, setting: &Setting) -> Result<Option<T>, String> {
        let Some(value) = self.take(setting) else {
            return Ok(None);
        };
        let is_choice = |value: &Value| {
            setting.choices.is_empty() || value.as_str().is_some_and(|word| setting.choices.contains(&word))
        };
        let typed = Some(value)
            .filter(is_choice)
            .and_then(|value| typed(T::KIND, value))
            .and_then(T::from_value);
        typed.map(Some).ok_or_else(|| wrong(setting))
    }

    /// A setting of any form that is there, or has a default.
    pub fn required_any<T: DeserializeOwned>(&mut self, setting: &Setting) -> Result<T, String> {
        self.optional_any(setting)?.ok_or_else(|| missing(setting))
    }

    /// A setting of any form that may be missing.
    pub fn optional_any<T: DeserializeOwned>(&mut self, setting: &Setting) -> Result<Option<T>, String> {
        let Some(value) = self.take(setting) else {
            return Ok(None);
        };
        let read = serde_json::from_value(value);
        read.map(Some)
            .map_err(|error| format!("the setting `{}`: {error}", setting.name))
    }

    fn take(&mut self, setting: &Setting) -> Option<Value> {
        let written = self.0.remove(setting.name);
        written.or_else(|| serde_json::to_value(setting.default?).ok())
    }
}

/// What an argument would have been.
fn typed(kind: Kind, value: Value) -> Option<Typed> {
    let typed = match (kind, value) {
        (Kind::Int, value) => Typed::Integer(value.as_i64()?),
        (Kind::Float, value) => Typed::Number(value.as_f64()?),
        (Kind::Bool, value) => Typed::Truth(value.as_bool()?),
        (Kind::String | Kind::Choice, Value::String(text)) => Typed::Text(text),
        (Kind::Duration, Value::String(text)) => Typed::Seconds(time::duration(&text)?),
        (Kind::Date, Value::String(text)) => Typed::Date(text),
        (Kind::Time, Value::String(text)) => Typed::Time(text.parse::<time::Time>().ok()?.to_string()),
        _ => return None,
    };
    Some(typed)
}

fn missing(setting: &Setting) -> String {
    format!("the setting `{}` is missing", setting.name)
}

/// Without the value, which may be none of the log's business.
fn wrong(setting: &Setting) -> String {
    let choices: Vec<String> = setting.choices.iter().map(|choice| format!("`{choice}`")).collect();
    let form = match setting.kind {
        Kind::Choice => return format!("the setting `{}` must be one of {}", setting.name, choices.join(", ")),
        Kind::Int => "a whole number within its limits",
        Kind::Float => "a number",
        Kind::Bool => "`true` or `false`",
        Kind::Duration => "a length of time like \"90s\" or \"1h30m\"",
        Kind::Date => "a date like \"2026-11-21\"",
        Kind::Time => "a time of day like \"09:50\"",
        _ => "text",
    };
    format!("the setting `{}` must be {form}", setting.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::{Literal, Text};
    use serde_json::json;
    use std::time::Duration;

    const fn setting(name: &'static str, kind: Kind, default: Option<Literal>) -> Setting {
        Setting {
            name,
            kind,
            summary: Text::Any(""),
            optional: false,
            default,
            min: None,
            max: None,
            choices: &[],
        }
    }

    fn table(json: Value) -> Table {
        Table(json.as_object().cloned().unwrap_or_default())
    }

    #[test]
    fn values_and_defaults() {
        let mut written =
            table(json!({ "n": 3, "wait": "1시간 30분", "at": "09:50", "names": ["a"], "x": { "k": 1 } }));
        assert_eq!(written.required(&setting("n", Kind::Int, None)), Ok(3_u8));
        let wait = written.required(&setting("wait", Kind::Duration, None));
        assert_eq!(wait, Ok(Duration::from_secs(5_400)));
        let at: Result<time::Time, _> = written.required(&setting("at", Kind::Time, None));
        assert_eq!(at.map(time::Time::minute), Ok(50));
        let names = setting("names", Kind::List, Some(Literal::Many(&["b", "c"])));
        assert_eq!(written.required_any(&names), Ok(vec!["a".to_owned()]));
        assert_eq!(written.required_any(&names), Ok(vec!["b".to_owned(), "c".to_owned()]));
        assert_eq!(
            written.required_any(&setting("x", Kind::Table, None)),
            Ok(json!({ "k": 1 }))
        );
        let fallback = setting("m", Kind::Int, Some(Literal::Int(4)));
        assert_eq!(written.required(&fallback), Ok(4_i64));
        assert_eq!(written.optional::<String>(&setting("s", Kind::String, None)), Ok(None));
    }

    #[test]
    fn a_word_is_one_of_the_choices() {
        let words = Setting {
            choices: &["soup", "rice"],
            ..setting("dish", Kind::Choice, None)
        };
        let dish = |word: Value| table(json!({ "dish": word })).required::<String>(&words);
        assert_eq!(dish("soup".into()), Ok("soup".into()));
        let wrong = Err("the setting `dish` must be one of `soup`, `rice`".to_owned());
        assert_eq!((dish("soap".into()), dish(1.into())), (wrong.clone(), wrong));
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let mut written = table(json!({ "n": 300, "wait": "soon", "names": 1 }));
        let errors = [
            written.required::<u8>(&setting("n", Kind::Int, None)).map(drop),
            written
                .required::<Duration>(&setting("wait", Kind::Duration, None))
                .map(drop),
            written.required::<bool>(&setting("loud", Kind::Bool, None)).map(drop),
            written
                .required_any::<Vec<String>>(&setting("names", Kind::List, None))
                .map(drop),
        ];
        let texts: Vec<String> = errors.into_iter().filter_map(Result::err).collect();
        assert_eq!(texts[0], "the setting `n` must be a whole number within its limits");
        assert_eq!(
            texts[1],
            "the setting `wait` must be a length of time like \"90s\" or \"1h30m\""
        );
        assert_eq!(texts[2], "the setting `loud` is missing");
        assert!(
            texts[3].starts_with("the setting `names`: invalid type"),
            "{}",
            texts[3]
        );
    }
}
