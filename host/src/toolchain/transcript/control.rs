//! What can be pressed, chosen and filled in, read from blocks as Slack has them: of a message or of a form.

use moa_core::text::{neutralise, normalise};
use serde_json::{Map, Value};

/// The most characters that Slack takes into a field of text.
const TEXT: u64 = 3_000;

/// Something to press, choose from or fill in.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Control {
    /// The plugin's own id of it.
    pub(super) id: String,
    /// The block's name; empty if it has none.
    pub(super) block: String,
    /// What people read on it, or above it.
    pub(super) label: String,
    /// What it is.
    pub(super) kind: Kind,
    /// Whether it is a field of a form, which can show what is wrong with it.
    pub(super) input: bool,
    /// Whether it may stay empty.
    pub(super) optional: bool,
    /// What it holds: of most kinds at most one.
    pub(super) holds: Vec<String>,
}

/// What a control is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    /// A button and its value.
    Button(String),
    /// A button that leads to an address.
    Link(String),
    /// A menu: label and value of each choice, whether several can be chosen, and whether it shows what was chosen.
    Menu {
        choices: Vec<(String, String)>,
        many: bool,
        keeps: bool,
    },
    /// A line or lines of text, of so many characters.
    Text { least: u64, most: u64 },
    /// A number.
    Number {
        whole: bool,
        least: Option<f64>,
        most: Option<f64>,
    },
    /// `YYYY-MM-DD`.
    Date,
    /// `HH:MM`.
    Time,
    /// Seconds since 1970.
    Moment,
    /// People (`@`) or conversations (`#`), and whether several.
    Ids(char, bool),
    /// What no transcript can fill in: its type.
    Other(String),
}

/// Everything of that sort in a list of blocks, in the order in which it stands.
pub(super) fn controls(blocks: &Value, plugin: &str) -> Vec<Control> {
    let mut found = Vec::new();
    for block in blocks.as_array().into_iter().flatten() {
        let first = found.len();
        walk(block, plugin, &mut found);
        let input = block.get("type").and_then(Value::as_str) == Some("input");
        for control in found.iter_mut().skip(first) {
            control.block = text_at(block, &["block_id"]).to_owned();
            control.input = input;
            if input {
                control.optional = block.get("optional") == Some(&Value::Bool(true));
                control.label = one_line(text_at(block, &["label", "text"]));
            }
        }
    }
    found
}

fn walk(value: &Value, plugin: &str, found: &mut Vec<Control>) {
    match value {
        Value::Array(list) => list.iter().for_each(|value| walk(value, plugin, found)),
        Value::Object(object) => match control(object, plugin) {
            Some(control) => found.push(control),
            None => object.values().for_each(|value| walk(value, plugin, found)),
        },
        _ => {}
    }
}

fn control(object: &Map<String, Value>, plugin: &str) -> Option<Control> {
    let kind = object.get("type")?.as_str()?;
    let number = |key: &str| {
        let text = object.get(key)?;
        text.as_f64().or_else(|| text.as_str()?.parse().ok())
    };
    let size = |key: &str, otherwise: u64| object.get(key).and_then(Value::as_u64).unwrap_or(otherwise);
    let menu = |many: bool, keeps: bool| Kind::Menu {
        choices: choices(object),
        many,
        keeps,
    };
    let kind = match kind {
        "button" => match object.get("url").and_then(Value::as_str) {
            Some(url) => Kind::Link(url.into()),
            None => Kind::Button(text_in(object, "value").into()),
        },
        "overflow" => menu(false, false),
        "static_select" | "radio_buttons" => menu(false, true),
        "multi_static_select" | "checkboxes" => menu(true, true),
        "plain_text_input" => Kind::Text {
            least: size("min_length", 0),
            most: size("max_length", TEXT),
        },
        "rich_text_input" | "email_text_input" | "url_text_input" => Kind::Text { least: 0, most: TEXT },
        "number_input" => Kind::Number {
            whole: object.get("is_decimal_allowed") != Some(&Value::Bool(true)),
            least: number("min_value"),
            most: number("max_value"),
        },
        "datepicker" => Kind::Date,
        "timepicker" => Kind::Time,
        "datetimepicker" => Kind::Moment,
        "users_select" => Kind::Ids('@', false),
        "multi_users_select" => Kind::Ids('@', true),
        "conversations_select" | "channels_select" => Kind::Ids('#', false),
        "multi_conversations_select" | "multi_channels_select" => Kind::Ids('#', true),
        other if other.ends_with("_input") || other.ends_with("_select") => Kind::Other(other.into()),
        _ => return None,
    };
    let id = text_in(object, "action_id");
    let own = id.strip_prefix(plugin).and_then(|id| id.strip_prefix('/'));
    let id = own.unwrap_or(id).to_owned();
    let said = ["text", "placeholder"].map(|key| object.get(key).map_or("", |text| text_at(text, &["text"])));
    let label = said.into_iter().find(|text| !text.trim().is_empty());
    Some(Control {
        label: one_line(label.unwrap_or(&id)),
        id,
        block: String::new(),
        kind,
        input: false,
        optional: true,
        holds: initial(object),
    })
}

fn choices(object: &Map<String, Value>) -> Vec<(String, String)> {
    let groups = object.get("option_groups").and_then(Value::as_array);
    let grouped = groups.into_iter().flatten().filter_map(|group| group.get("options"));
    let lists = object.get("options").into_iter().chain(grouped);
    let options = lists.filter_map(Value::as_array).flatten();
    options
        .map(|option| {
            let label = one_line(text_at(option, &["text", "text"]));
            (label, text_at(option, &["value"]).to_owned())
        })
        .collect()
}

/// What it holds before anybody touches it.
fn initial(object: &Map<String, Value>) -> Vec<String> {
    let plain = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Object(option) => Some(text_in(option, "value").to_owned()),
        _ => None,
    };
    let of_key = |key: &String| key.starts_with("initial_");
    let values = object.iter().filter(|(key, _)| of_key(key)).map(|(_, value)| value);
    values
        .flat_map(|value| match value {
            Value::Array(list) => list.iter().filter_map(plain).collect(),
            one => plain(one).into_iter().collect::<Vec<_>>(),
        })
        .filter(|value| !value.is_empty())
        .collect()
}

impl Control {
    /// Whether it keeps a value, which comes along with every press and with a form.
    pub(super) fn keeps(&self) -> bool {
        match &self.kind {
            Kind::Button(_) | Kind::Link(_) => false,
            Kind::Menu { keeps, .. } => *keeps,
            _ => true,
        }
    }

    /// What it holds, as plugins get it.
    pub(super) fn value(&self) -> String {
        self.holds.join(",")
    }

    /// As it is written below an expected message: `[label]`, and of a menu `[label: choice, choice]`.
    pub(super) fn shown(&self) -> String {
        match &self.kind {
            Kind::Menu { choices, .. } => format!("[{}: {}]", self.label, labels(choices)),
            _ => format!("[{}]", self.label),
        }
    }

    /// As it is written behind `click`, each way to press it.
    pub(super) fn clicks(&self) -> Vec<String> {
        let quoted = |text: &str| Value::from(text).to_string();
        match &self.kind {
            Kind::Button(_) => vec![quoted(&self.label)],
            Kind::Menu {
                choices, many: false, ..
            } => choices.iter().map(|(label, _)| quoted(label)).collect(),
            Kind::Link(_) | Kind::Other(_) => Vec::new(),
            _ => vec![format!("{} {}", quoted(&self.label), self.example())],
        }
    }

    /// A value that would fit, as it is written in a transcript.
    fn example(&self) -> String {
        match &self.kind {
            Kind::Menu { choices, many, .. } => {
                let first = choices.first().map_or("", |(label, _)| label);
                let quoted = Value::from(first).to_string();
                if *many { format!("[{quoted}]") } else { quoted }
            }
            Kind::Number { .. } => "\"3\"".into(),
            Kind::Date => "\"2026-11-21\"".into(),
            Kind::Time => "\"09:30\"".into(),
            Kind::Moment => "\"2026-11-21T09:30:00+09:00\"".into(),
            Kind::Ids('@', many) => if *many { "[\"@로지\"]" } else { "\"@로지\"" }.into(),
            Kind::Ids(_, many) => if *many { "[\"#lunch\"]" } else { "\"#lunch\"" }.into(),
            Kind::Button(_) | Kind::Link(_) | Kind::Text { .. } | Kind::Other(_) => "\"…\"".into(),
        }
    }

    /// Fills something in, as a person would. `id_of` knows the ids of people and conversations by mark and name.
    ///
    /// # Errors
    /// What is wrong with it, to be put behind the control's name.
    pub(super) fn fill(&mut self, given: &Value, id_of: &dyn Fn(char, &str) -> Option<String>) -> Result<(), String> {
        let texts = match given {
            Value::Null => Vec::new(),
            Value::Array(list) => list.iter().map(|one| self.text(one)).collect::<Result<_, _>>()?,
            one => vec![self.text(one)?],
        };
        let many = matches!(self.kind, Kind::Menu { many: true, .. } | Kind::Ids(_, true));
        if texts.len() > 1 && !many {
            return Err("takes one value, not several".into());
        }
        let texts = texts.into_iter().filter(|text| !text.is_empty());
        self.holds = texts.map(|text| self.one(&text, id_of)).collect::<Result<_, _>>()?;
        Ok(())
    }

    fn text(&self, given: &Value) -> Result<String, String> {
        match given {
            Value::String(text) => Ok(text.clone()),
            Value::Number(number) => Ok(number.to_string()),
            _ => Err(format!("takes {}", self.example())),
        }
    }

    fn one(&self, text: &str, id_of: &dyn Fn(char, &str) -> Option<String>) -> Result<String, String> {
        let takes = || format!("takes {}, not {text:?}", self.example());
        match &self.kind {
            Kind::Menu { choices, .. } => {
                let by_label = choices.iter().find(|(label, _)| label == text);
                let found = by_label.or_else(|| choices.iter().find(|(_, value)| value == text));
                let otherwise = || format!("has no choice {text:?}; it has: {}", labels(choices));
                found.map(|(_, value)| value.clone()).ok_or_else(otherwise)
            }
            Kind::Text { least, most } => {
                let length = text.chars().count() as u64;
                if length < *least || length > *most {
                    return Err(format!("takes {least} to {most} characters, not {length}"));
                }
                // Nobody can type a mention into a field.
                Ok(neutralise(&normalise(text)).into_owned())
            }
            Kind::Number { whole, least, most } => {
                let number: f64 = text.trim().parse().map_err(|_| takes())?;
                let fraction = *whole && number.fract() != 0.0;
                let outside = least.is_some_and(|least| number < least) || most.is_some_and(|most| number > most);
                if !number.is_finite() || fraction || outside {
                    let from = least.map(|least| format!(" from {least}")).unwrap_or_default();
                    let to = most.map(|most| format!(" to {most}")).unwrap_or_default();
                    let kind = if *whole { "a whole number" } else { "a number" };
                    return Err(format!("takes {kind}{from}{to}, not {text:?}"));
                }
                Ok(text.trim().into())
            }
            Kind::Date => {
                let date: jiff::civil::Date = text.parse().map_err(|_| takes())?;
                Ok(date.to_string())
            }
            Kind::Time => {
                let time: jiff::civil::Time = text.parse().map_err(|_| takes())?;
                Ok(format!("{:02}:{:02}", time.hour(), time.minute()))
            }
            Kind::Moment => match (text.parse::<i64>(), text.parse::<jiff::Timestamp>()) {
                (Ok(seconds), _) => Ok(seconds.to_string()),
                (_, Ok(moment)) => Ok(moment.as_second().to_string()),
                _ => Err(takes()),
            },
            Kind::Ids(mark, _) => {
                let name = text.strip_prefix(*mark).unwrap_or(text);
                id_of(*mark, name)
                    .ok_or_else(|| format!("takes somebody or something that occurs in this file, not {text:?}"))
            }
            Kind::Other(kind) => Err(format!("is a {kind}, which no transcript can fill in")),
            Kind::Button(_) | Kind::Link(_) => Err("is a button; nothing can be filled in".into()),
        }
    }
}

fn labels(choices: &[(String, String)]) -> String {
    let labels: Vec<&str> = choices.iter().map(|(label, _)| label.as_str()).collect();
    labels.join(", ")
}

fn text_in<'a>(object: &'a Map<String, Value>, key: &str) -> &'a str {
    object.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// The text at the end of a path of keys; empty where there is none.
pub(super) fn text_at<'a>(value: &'a Value, path: &[&str]) -> &'a str {
    let found = path.iter().try_fold(value, |value, key| value.get(key));
    found.and_then(Value::as_str).unwrap_or_default()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
