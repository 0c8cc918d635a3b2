//! Where values come from: the file with its lines, the environment, the defaults; and what nobody asked for.

use super::error::{ConfigError, ConfigErrors};
use crate::text::distance;
use std::collections::{BTreeMap, BTreeSet};
use toml::de::{DeTable, DeValue};

/// What every variable that overrides a value begins with.
const PREFIX: &str = "MOA_";
/// Variables with that beginning that have uses of their own.
const RESERVED: [&str; 2] = ["MOA_CONFIG", "MOA_LOG"];
const RESERVED_PREFIX: &str = "MOA_TEST_";

/// A value of the effective configuration, for showing it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Table and key, outermost first.
    pub path: Vec<String>,
    /// The value as TOML; a secret's source.
    pub shown: String,
    /// Where it came from; `None` for a default.
    pub origin: Option<String>,
}

/// A value of the file.
#[derive(Clone, Debug)]
struct Node {
    line: usize,
    value: toml::Value,
}

/// A table of an array of tables.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// The line of its header.
    pub line: usize,
    /// Its values, each with its line.
    pub keys: BTreeMap<String, (usize, toml::Value)>,
}

/// A value that was found, and where.
pub(super) struct Found {
    pub value: toml::Value,
    pub origin: String,
    pub line: Option<usize>,
    /// Whether it is the text of a variable, in which everything looks like a string.
    pub is_text: bool,
}

/// All sources, while they are read.
pub(super) struct Sources {
    file: String,
    /// Every value of the file that is no table, by its path.
    leaves: BTreeMap<Vec<String>, Node>,
    /// The arrays of tables among them.
    rows: BTreeMap<Vec<String>, Vec<Row>>,
    /// The lines of tables.
    tables: BTreeMap<Vec<String>, usize>,
    variables: BTreeMap<String, String>,
    read: BTreeSet<Vec<String>>,
    read_variables: BTreeSet<String>,
    known: BTreeSet<Vec<String>>,
    errors: Vec<ConfigError>,
    pub(super) entries: Vec<Entry>,
}

impl Sources {
    pub(super) fn new(
        file: Option<(&str, &str)>,
        env: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigErrors> {
        let (name, text) = file.unwrap_or(("moa.toml", ""));
        let mut sources = Self {
            file: name.to_owned(),
            leaves: BTreeMap::new(),
            rows: BTreeMap::new(),
            tables: BTreeMap::new(),
            variables: env.into_iter().filter(|(name, _)| is_override(name)).collect(),
            read: BTreeSet::new(),
            read_variables: BTreeSet::new(),
            known: BTreeSet::new(),
            errors: Vec::new(),
            entries: Vec::new(),
        };
        let lines = Lines::of(text);
        let root = DeTable::parse(text).map_err(|error| {
            ConfigErrors(vec![ConfigError {
                origin: name.to_owned(),
                line: error.span().map(|span| lines.at(span.start)),
                key: String::new(),
                value: None,
                problem: format!("this is not TOML: {}", error.message()),
                remedy: "A line reads like key = \"value\" below a [table]".into(),
            }])
        })?;
        let mut path = Vec::new();
        sources.take(root.get_ref(), &lines, &mut path);
        Ok(sources)
    }

    fn take(&mut self, table: &DeTable<'_>, lines: &Lines, path: &mut Vec<String>) {
        for (key, value) in table {
            path.push(key.get_ref().clone().into_owned());
            let line = lines.at(key.span().start);
            match value.get_ref() {
                DeValue::Table(inner) => {
                    self.tables.insert(path.clone(), line);
                    self.take(inner, lines, path);
                }
                other => {
                    if let Some(rows) = rows_of(other, lines) {
                        self.rows.insert(path.clone(), rows);
                    }
                    self.leaves.insert(
                        path.clone(),
                        Node {
                            line,
                            value: plain(other),
                        },
                    );
                }
            }
            path.pop();
        }
    }

    /// The value at a path, wherever it stands: environment over file.
    pub(super) fn find(&mut self, path: &[&str]) -> Option<Found> {
        let path: Vec<String> = path.iter().map(|part| (*part).to_owned()).collect();
        self.known.insert(path.clone());
        let variable = variable(&path);
        let node = self.leaves.get(&path).cloned();
        if node.is_some() {
            self.read.insert(path);
        }
        if let Some(text) = self.variables.get(&variable) {
            self.read_variables.insert(variable.clone());
            return Some(Found {
                value: toml::Value::String(text.clone()),
                origin: variable,
                line: None,
                is_text: true,
            });
        }
        node.map(|node| Found {
            value: node.value,
            origin: self.file.clone(),
            line: Some(node.line),
            is_text: false,
        })
    }

    /// A whole table of the file, with all that is in it.
    pub(super) fn table(&mut self, path: &[&str]) -> toml::Table {
        let path: Vec<String> = path.iter().map(|part| (*part).to_owned()).collect();
        let below: Vec<(Vec<String>, Node)> = self
            .leaves
            .iter()
            .filter(|(key, _)| key.len() > path.len() && key.starts_with(&path))
            .map(|(key, node)| (key.clone(), node.clone()))
            .collect();
        self.known.insert(path.clone());
        let mut table = toml::Table::new();
        for (key, node) in below {
            let origin = format!("{}:{}", self.file, node.line);
            self.entries.push(Entry {
                path: key.clone(),
                shown: node.value.to_string(),
                origin: Some(origin),
            });
            insert(&mut table, key.get(path.len()..).unwrap_or_default(), node.value);
            self.read.insert(key);
        }
        self.override_table(&path, &mut table);
        table
    }

    /// Lets the environment change the scalars of a table whose types only its plugin knows: a text in the file stays a
    /// text, otherwise what looks like a number or truth value is one.
    fn override_table(&mut self, path: &[String], table: &mut toml::Table) {
        let prefix = format!("{}__", variable(path));
        for (name, text) in &self.variables {
            let Some(part) = name.strip_prefix(&prefix).filter(|part| !part.contains("__")) else {
                continue;
            };
            let written = table.keys().find(|key| variable_part(key) == part).cloned();
            let key = written.unwrap_or_else(|| part.to_lowercase().replace('_', "-"));
            let value = match table.get(&key) {
                Some(toml::Value::String(_)) => toml::Value::String(text.clone()),
                _ => scalar(text),
            };
            let path: Vec<String> = path.iter().cloned().chain([key.clone()]).collect();
            self.entries.retain(|entry| entry.path != path);
            self.entries.push(Entry {
                path,
                shown: value.to_string(),
                origin: Some(name.clone()),
            });
            table.insert(key, value);
            self.read_variables.insert(name.clone());
        }
    }

    /// The tables of an array. Where the key stands for something else, it is told how it would be right.
    pub(super) fn rows(&mut self, path: &[&str], remedy: &str) -> Vec<Row> {
        let path: Vec<String> = path.iter().map(|part| (*part).to_owned()).collect();
        self.known.insert(path.clone());
        if let Some(rows) = self.rows.get(&path).cloned() {
            self.read.insert(path);
            return rows;
        }
        let wrong = match (self.leaves.get(&path), self.tables.get(&path)) {
            (Some(node), _) => (node.line, Some(node.value.to_string())),
            (None, Some(line)) => (*line, None),
            (None, None) => return Vec::new(),
        };
        // What stands in it is not told one by one.
        let below: Vec<_> = self
            .leaves
            .keys()
            .filter(|leaf| leaf.starts_with(&path))
            .cloned()
            .collect();
        self.read.extend(below);
        let (line, value) = wrong;
        let problem = "this is no list of tables".to_owned();
        self.error_at(line, path.join("."), value, problem, remedy.to_owned());
        Vec::new()
    }

    /// The file's name, as it is to stand in messages.
    pub(super) fn file(&self) -> &str {
        &self.file
    }

    /// A value of a table of an array, for showing it.
    pub(super) fn enter_row(&mut self, array: &[&str], number: usize, key: &str, shown: String, line: usize) {
        let number = number.to_string();
        let path = array.iter().copied().chain([number.as_str(), key]);
        self.entries.push(Entry {
            path: path.map(str::to_owned).collect(),
            shown,
            origin: Some(format!("{}:{line}", self.file)),
        });
    }

    /// Something in the file is wrong.
    pub(super) fn error_at(
        &mut self,
        line: usize,
        key: String,
        value: Option<String>,
        problem: String,
        remedy: String,
    ) {
        self.errors.push(ConfigError {
            origin: self.file.clone(),
            line: Some(line),
            key,
            value,
            problem,
            remedy,
        });
    }

    /// The names that stand directly in a table, in the file or as variables. `from_variable` makes the name of a part of a
    /// variable's name.
    pub(super) fn names(&mut self, path: &[&str], from_variable: impl Fn(&str) -> String) -> BTreeSet<String> {
        let path: Vec<String> = path.iter().map(|part| (*part).to_owned()).collect();
        let mut names: BTreeSet<String> = self
            .leaves
            .keys()
            .chain(self.tables.keys())
            .filter(|key| key.starts_with(&path))
            .filter_map(|key| key.get(path.len()).cloned())
            .collect();
        self.known.insert(path.clone());
        let prefix = format!("{}__", variable(&path));
        let written: BTreeSet<String> = names.iter().map(|name| variable_part(name)).collect();
        for name in self.variables.keys() {
            if let Some(part) = name.strip_prefix(&prefix).and_then(|rest| rest.split("__").next())
                && !written.contains(part)
            {
                names.insert(from_variable(part));
            }
        }
        names
    }

    pub(super) fn error(&mut self, path: &[&str], found: &Found, secret: bool, problem: String, remedy: String) {
        self.errors.push(ConfigError {
            origin: found.origin.clone(),
            line: found.line,
            key: path.join("."),
            value: (!secret).then(|| super::data::without_password(&found.value.to_string())),
            problem,
            remedy,
        });
    }

    /// Everything that is wrong, with what nobody asked for.
    pub(super) fn finish(mut self) -> Result<Vec<Entry>, ConfigErrors> {
        let unknown: Vec<(Vec<String>, Node)> = self
            .leaves
            .iter()
            .filter(|(path, _)| !self.read.contains(*path))
            .map(|(path, node)| (path.clone(), node.clone()))
            .collect();
        for (path, node) in unknown {
            // Only the value of a key that is known cannot be a secret in the wrong place.
            let error = self.unknown(self.file.clone(), Some(node.line), path);
            self.errors.push(error);
        }
        // A table that nobody reads, and with nothing in it that would be told already.
        let empty: Vec<(Vec<String>, usize)> = self
            .tables
            .iter()
            .filter(|(path, _)| !self.known.iter().any(|known| known.starts_with(path)))
            .filter(|(path, _)| {
                !self
                    .leaves
                    .keys()
                    .chain(self.tables.keys())
                    .any(|key| key.len() > path.len() && key.starts_with(path))
            })
            .map(|(path, line)| (path.clone(), *line))
            .collect();
        for (path, line) in empty {
            let error = self.unknown(self.file.clone(), Some(line), path);
            self.errors.push(error);
        }
        let strange: Vec<String> = self
            .variables
            .keys()
            .filter(|name| !self.read_variables.contains(*name))
            .cloned()
            .collect();
        for name in strange {
            let path = name
                .strip_prefix(PREFIX)
                .unwrap_or(&name)
                .split("__")
                .map(|part| part.to_lowercase().replace('_', "-"))
                .collect();
            let error = self.unknown(name, None, path);
            self.errors.push(error);
        }
        if self.errors.is_empty() {
            Ok(self.entries)
        } else {
            Err(ConfigErrors(self.errors))
        }
    }

    fn unknown(&self, origin: String, line: Option<usize>, path: Vec<String>) -> ConfigError {
        let key = path.join(".");
        let typed: Vec<char> = key.chars().collect();
        let near = self
            .known
            .iter()
            .map(|path| path.join("."))
            .filter(|known| *known != key)
            .filter_map(|known| Some((distance(&typed, &known.chars().collect::<Vec<_>>(), 3)?, known)))
            .min();
        let remedy = match near {
            Some((_, known)) => format!("Did you mean `{known}`?"),
            None => "Remove it; `moa config show` lists all keys".into(),
        };
        ConfigError {
            origin,
            line,
            key,
            value: None,
            problem: "there is no such key".into(),
            remedy,
        }
    }
}

/// A variable's text as the scalar that it looks like.
fn scalar(text: &str) -> toml::Value {
    if let Ok(number) = text.parse() {
        return toml::Value::Integer(number);
    }
    match (text, text.parse::<f64>()) {
        ("true", _) => toml::Value::Boolean(true),
        ("false", _) => toml::Value::Boolean(false),
        // Not `inf` or `nan`.
        (_, Ok(number)) if text.contains('.') => toml::Value::Float(number),
        _ => toml::Value::String(text.to_owned()),
    }
}

/// Puts a value into nested tables, which are made where they are missing.
fn insert(table: &mut toml::Table, path: &[String], value: toml::Value) {
    match path {
        [] => {}
        [last] => {
            table.insert(last.clone(), value);
        }
        [first, rest @ ..] => {
            let inner = table
                .entry(first.clone())
                .or_insert_with(|| toml::Value::Table(toml::Table::new()));
            if let toml::Value::Table(inner) = inner {
                insert(inner, rest, value);
            }
        }
    }
}

fn is_override(name: &str) -> bool {
    name.starts_with(PREFIX) && name.contains("__") && !RESERVED.contains(&name) && !name.starts_with(RESERVED_PREFIX)
}

/// The variable that overrides the value at a path.
fn variable(path: &[String]) -> String {
    let parts: Vec<String> = path.iter().map(|part| variable_part(part)).collect();
    format!("{PREFIX}{}", parts.join("__"))
}

fn variable_part(name: &str) -> String {
    name.to_uppercase().replace('-', "_")
}

/// The tables of an array that holds nothing else.
fn rows_of(value: &DeValue<'_>, lines: &Lines) -> Option<Vec<Row>> {
    let DeValue::Array(items) = value else { return None };
    if items.is_empty() {
        return None;
    }
    let row = |item: &toml::Spanned<DeValue<'_>>| match item.get_ref() {
        DeValue::Table(table) => Some(Row {
            line: lines.at(item.span().start),
            keys: table
                .iter()
                .map(|(key, value)| {
                    let line = lines.at(key.span().start);
                    (key.get_ref().clone().into_owned(), (line, plain(value.get_ref())))
                })
                .collect(),
        }),
        _ => None,
    };
    items.iter().map(row).collect()
}

fn plain(value: &DeValue<'_>) -> toml::Value {
    match value {
        DeValue::String(text) => toml::Value::String(text.clone().into_owned()),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => toml::Value::Integer(number),
            Err(_) => toml::Value::String(number.as_str().to_owned()),
        },
        DeValue::Float(number) => match number.as_str().parse() {
            Ok(number) => toml::Value::Float(number),
            Err(_) => toml::Value::String(number.as_str().to_owned()),
        },
        DeValue::Boolean(truth) => toml::Value::Boolean(*truth),
        DeValue::Datetime(instant) => toml::Value::Datetime(*instant),
        DeValue::Array(values) => toml::Value::Array(values.iter().map(|value| plain(value.get_ref())).collect()),
        DeValue::Table(table) => toml::Value::Table(
            table
                .iter()
                .map(|(key, value)| (key.get_ref().clone().into_owned(), plain(value.get_ref())))
                .collect(),
        ),
    }
}

/// The lines of a text by byte offset.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        Self(text.match_indices('\n').map(|(at, _)| at).collect())
    }

    /// The line of an offset, from 1.
    fn at(&self, offset: usize) -> usize {
        self.0.partition_point(|end| *end < offset) + 1
    }
}
