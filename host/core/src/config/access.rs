//! `[[access]]`: who may do what.

use super::source::{Row, Sources};
use crate::access::{CommandName, Effect, Pattern, Rule, Where, has_ids, role_name};
use crate::text::{distance, fold};
use std::collections::BTreeMap;
use std::path::Path;
use toml::Value;

/// What a rule may say, in the order in which it is shown.
const KEYS: [&str; 8] = [
    "command",
    "plugin",
    "user",
    "role",
    "conversation",
    "service",
    "argument",
    "effect",
];
/// The chat services there are.
const SERVICES: [&str; 2] = ["slack", "jandi"];

const TEXTS: &str = "It must be a text or a list of at least one text";

/// The rules in their order; what is wrong with them is told to the sources.
pub(super) fn rules(sources: &mut Sources) -> Vec<Rule> {
    let file = sources.file().to_owned();
    let file = Path::new(&file)
        .file_name()
        .map_or(file.clone(), |name| name.to_string_lossy().into_owned());
    let rows = sources.rows(&["access"], "Write [[access]] above each rule, with two brackets");
    let rules = rows.into_iter().enumerate().filter_map(|(index, row)| {
        let mut reader = Reader {
            sources: &mut *sources,
            number: index + 1,
            row: &row,
            good: true,
        };
        let rule = reader.rule(&file);
        reader.good.then_some(rule).flatten()
    });
    rules.collect()
}

/// Reads one rule.
struct Reader<'a> {
    sources: &'a mut Sources,
    /// From 1, as people count.
    number: usize,
    row: &'a Row,
    good: bool,
}

impl Reader<'_> {
    fn rule(&mut self, file: &str) -> Option<Rule> {
        self.strange_keys();
        let mut shown = Vec::new();
        for key in KEYS {
            if let Some((line, value)) = self.row.keys.get(key) {
                shown.push(format!("{key} = {value}"));
                self.sources
                    .enter_row(&["access"], self.number, key, value.to_string(), *line);
            }
        }
        let rule = Rule {
            commands: self.texts("command", command),
            plugins: self.texts("plugin", |text| match text.trim() {
                "" => Err(("no plugin has such a name".into(), TEXTS.into())),
                name => Ok(name.to_owned()),
            }),
            users: self.texts("user", user),
            roles: self.texts("role", |text| {
                role_name(text).ok_or_else(|| {
                    let remedy = "A role's name is one word of letters, digits, `-`, `_` and `.`";
                    ("no role can have such a name".into(), remedy.into())
                })
            }),
            conversations: self.texts("conversation", place),
            services: self.texts("service", |text| match SERVICES.contains(&text) {
                true => Ok(text.to_owned()),
                false => Err((
                    "there is no such service".into(),
                    format!("It must be one of {SERVICES:?}"),
                )),
            }),
            arguments: self.arguments(),
            effect: self.effect()?,
            origin: format!("{file}:{}", self.row.line),
            shown: shown.join(", "),
        };
        let nobody = !rule.services.is_empty() && !rule.services.iter().any(|service| has_ids(service));
        if nobody && !(rule.users.is_empty() && rule.roles.is_empty()) {
            let problem = "people of this service have names that everybody can give themselves, so no rule about a user or a role fits";
            self.error(
                "service",
                problem,
                "Tell them apart by `conversation`, or remove `user` and `role`",
            );
        }
        Some(rule)
    }

    fn strange_keys(&mut self) {
        let strange: Vec<String> = self
            .row
            .keys
            .keys()
            .filter(|key| !KEYS.contains(&key.as_str()))
            .cloned()
            .collect();
        for key in strange {
            let typed: Vec<char> = key.chars().collect();
            let near = KEYS
                .iter()
                .filter_map(|known| Some((distance(&typed, &known.chars().collect::<Vec<_>>(), 2)?, *known)))
                .min();
            let remedy = match near {
                Some((_, known)) => format!("Did you mean `{known}`?"),
                None => format!("A rule has {}", KEYS.join(", ")),
            };
            self.error(&key, "there is no such key", &remedy);
        }
    }

    fn effect(&mut self) -> Option<Effect> {
        const REMEDY: &str = "Write effect = \"allow\" or effect = \"deny\"";
        match self.row.keys.get("effect").map(|(_, value)| value.as_str()) {
            Some(Some("allow")) => return Some(Effect::Allow),
            Some(Some("deny")) => return Some(Effect::Deny),
            Some(_) => self.error("effect", "this cannot be used", REMEDY),
            None => self.error("effect", "the rule does not say what follows from it", REMEDY),
        }
        None
    }

    /// A text or a list of them, each read by `read`, which says what is wrong with one and how it would be right.
    fn texts<T>(&mut self, key: &str, read: impl Fn(&str) -> Result<T, (String, String)>) -> Vec<T> {
        let Some((_, value)) = self.row.keys.get(key) else {
            return Vec::new();
        };
        let Some(texts) = list(value, |value| value.as_str().map(str::to_owned)) else {
            self.error(key, "this cannot be used", TEXTS);
            return Vec::new();
        };
        let mut all = Vec::new();
        for text in texts {
            match read(&text) {
                Ok(one) => all.push(one),
                Err((problem, remedy)) => self.error(key, &problem, &remedy),
            }
        }
        all
    }

    fn arguments(&mut self) -> BTreeMap<String, Vec<Pattern>> {
        const REMEDY: &str =
            "It must be a table of arguments and their values, such as { branch = [\"main\", \"release/*\"] }";
        let Some((_, value)) = self.row.keys.get("argument") else {
            return BTreeMap::new();
        };
        let of_value = |value: &Value| match value {
            Value::String(text) => Some(Pattern::new(&fold(text.trim()))),
            Value::Integer(number) => Some(Pattern::new(&number.to_string())),
            Value::Float(number) => Some(Pattern::new(&number.to_string())),
            Value::Boolean(truth) => Some(Pattern::new(&truth.to_string())),
            Value::Datetime(instant) => Some(Pattern::new(&instant.to_string())),
            Value::Array(_) | Value::Table(_) => None,
        };
        let table = value.as_table().filter(|table| !table.is_empty());
        let all = table.and_then(|table| {
            let one = |(name, value): (&String, &Value)| Some((fold(name).into_owned(), list(value, of_value)?));
            table.iter().map(one).collect::<Option<BTreeMap<_, _>>>()
        });
        all.unwrap_or_else(|| {
            self.error("argument", "this cannot be used", REMEDY);
            BTreeMap::new()
        })
    }

    fn error(&mut self, key: &str, problem: &str, remedy: &str) {
        self.good = false;
        let found = self.row.keys.get(key);
        let line = found.map_or(self.row.line, |(line, _)| *line);
        let key = format!("[[access]] number {}, {key}", self.number);
        let value = found.map(|(_, value)| value.to_string());
        self.sources
            .error_at(line, key, value, problem.to_owned(), remedy.to_owned());
    }
}

/// One value or a list of at least one.
fn list<T>(value: &Value, of: impl Fn(&Value) -> Option<T>) -> Option<Vec<T>> {
    match value {
        Value::Array(values) if values.is_empty() => None,
        Value::Array(values) => values.iter().map(of).collect(),
        value => of(value).map(|one| vec![one]),
    }
}

fn command(text: &str) -> Result<CommandName, (String, String)> {
    let remedy = "Write a command without its prefix, such as \"deploy\", \"server exception\" or \"lunch:team\"";
    let prefixed = text.trim_start().starts_with(['!', '！', '/', '@']);
    let command = CommandName::new(text).filter(|_| !prefixed);
    command.ok_or_else(|| ("this is no command's name".into(), remedy.into()))
}

/// Whether a text has the form of a person's id.
pub(super) fn is_person(text: &str) -> bool {
    let is_of_id = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit();
    !text.is_empty() && text.chars().all(is_of_id)
}

/// Names would let everybody in who takes them, so only ids will do.
fn user(text: &str) -> Result<String, (String, String)> {
    match is_person(text) {
        true => Ok(text.to_owned()),
        false => Err((
            "this is no person's id, and a name can be taken by anybody".into(),
            "Write the id, such as \"U012ABC\"; the chat service shows it in the person's profile".into(),
        )),
    }
}

fn place(text: &str) -> Result<Where, (String, String)> {
    let remedy = "Write the id, such as \"C012ABC\", its beginning, such as \"ops/*\", or \"direct\"";
    let text = text.trim();
    if text == "direct" {
        return Ok(Where::Direct);
    }
    if text.starts_with(['#', '@']) {
        let problem = "a conversation's name can be taken over by another one once it is renamed or archived";
        return Err((problem.into(), remedy.into()));
    }
    let inner = text.strip_suffix('*').unwrap_or(text);
    match text.is_empty() || inner.contains('*') {
        true => Err(("this is no conversation's id".into(), remedy.into())),
        false => Ok(Where::Id(Pattern::new(&crate::text::normalise(text)))),
    }
}
