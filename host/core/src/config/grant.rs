//! What a plugin may touch: what it requests and is granted, and is not denied. The one place where these three meet.

use super::Grant;
use crate::http_rule::Rule;
use crate::manifest::Requests;
use crate::text::{is_direction, is_zero_width};
use std::fmt::Write;

/// Why a line grants nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{line}` is no line of [plugin.NAME.grant]: {reason}; such are `users = true` and `conversations = [\"C012ABC\"]`"
)]
pub struct LineError {
    /// The line.
    pub line: String,
    /// What is wrong with it.
    pub reason: String,
}

/// Whether a list has something, by name or because it has all.
pub fn lists(list: &[String], one: &str) -> bool {
    list.iter().any(|listed| listed == one || listed == "*")
}

/// Whether lines about HTTP have all that one of them is about.
fn lists_http(list: &[String], one: &str) -> bool {
    lists(list, one)
        || Rule::parse(one).is_ok_and(|one| {
            let mut rules = list.iter().filter_map(|line| Rule::parse(line).ok());
            rules.any(|wide| wide.covers(&one))
        })
}

impl Grant {
    /// All that is requested.
    pub fn of(requests: &Requests) -> Self {
        Self {
            http: requests.http.clone(),
            conversations: requests.conversations.clone(),
            users: requests.users,
            sql: requests.sql.clone(),
            objects: requests.objects.clone(),
            secrets: requests.secrets.clone(),
            shared_brain: requests.shared_brain,
            schedule: requests.schedule,
            broadcast: requests.broadcast,
        }
    }

    /// What one or the other grants.
    pub fn or(&self, other: &Self) -> Self {
        let both = |a: &[String], b: &[String]| {
            let mut all = a.to_vec();
            all.extend(b.iter().filter(|one| !a.contains(one)).cloned());
            all
        };
        self.with(other, both, |a, b| a || b)
    }

    /// What of this another one does not have.
    pub fn without(&self, other: &Self) -> Self {
        let rest = |a: &[String], b: &[String]| a.iter().filter(|one| !lists(b, one)).cloned().collect();
        let http = self.http.iter().filter(|one| !lists_http(&other.http, one));
        Self {
            http: http.cloned().collect(),
            ..self.with(other, rest, |a, b| a && !b)
        }
    }

    fn with(
        &self,
        other: &Self,
        list: impl Fn(&[String], &[String]) -> Vec<String>,
        flag: impl Fn(bool, bool) -> bool,
    ) -> Self {
        Self {
            http: list(&self.http, &other.http),
            conversations: list(&self.conversations, &other.conversations),
            users: flag(self.users, other.users),
            sql: list(&self.sql, &other.sql),
            objects: list(&self.objects, &other.objects),
            secrets: list(&self.secrets, &other.secrets),
            shared_brain: flag(self.shared_brain, other.shared_brain),
            schedule: flag(self.schedule, other.schedule),
            broadcast: flag(self.broadcast, other.broadcast),
        }
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The lines of the table in the configuration that says it.
    pub fn lines(&self) -> Vec<String> {
        let lists = [
            ("http", &self.http),
            ("conversations", &self.conversations),
            ("sql", &self.sql),
            ("objects", &self.objects),
            ("secrets", &self.secrets),
        ];
        let flags = [
            ("users", self.users),
            ("shared-brain", self.shared_brain),
            ("schedule", self.schedule),
            ("broadcast", self.broadcast),
        ];
        let list = |(key, names): (&str, &Vec<String>)| {
            let names: Vec<String> = names.iter().map(|name| quoted(name)).collect();
            (!names.is_empty()).then(|| format!("{key} = [{}]", names.join(", ")))
        };
        let flag = |(key, set): (&str, bool)| set.then(|| format!("{key} = true"));
        let lists = lists.into_iter().filter_map(list);
        lists.chain(flags.into_iter().filter_map(flag)).collect()
    }

    /// What a line of the table says.
    ///
    /// # Errors
    /// It is none, or says nothing.
    pub fn of_line(line: &str) -> Result<Self, LineError> {
        let wrong = |reason: String| LineError {
            line: line.to_owned(),
            reason,
        };
        let table: toml::Table = toml::from_str(line).map_err(|error| wrong(error.message().to_owned()))?;
        if let Some(key) = table.keys().find(|key| !KEYS.contains(&key.as_str())) {
            return Err(wrong(format!("there is no `{key}`")));
        }
        let grant: Self = table
            .try_into()
            .map_err(|error: toml::de::Error| wrong(error.message().to_owned()))?;
        let rule = |line: &String| (line != "*").then(|| Rule::parse(line).err()).flatten();
        if let Some(error) = grant.http.iter().find_map(rule) {
            return Err(wrong(error.to_string()));
        }
        match grant.is_empty() {
            true => Err(wrong("it grants nothing".into())),
            false => Ok(grant),
        }
    }
}

/// A text as TOML has it, on one line, whoever chose it: what would end the text, or the line, or could make a reader see
/// another one, is escaped.
fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            _ if is_hidden(c) => {
                let _ = write!(quoted, "\\U{:08X}", u32::from(c));
            }
            _ => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// Whether a character ends a line, changes how one reads, or is not seen.
fn is_hidden(c: char) -> bool {
    c.is_control() || is_direction(c) || is_zero_width(c) || matches!(c, '\u{2028}' | '\u{2029}')
}

/// The keys of the table.
const KEYS: [&str; 9] = [
    "http",
    "conversations",
    "users",
    "sql",
    "objects",
    "secrets",
    "shared-brain",
    "schedule",
    "broadcast",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(lines: &str) -> Grant {
        lines.split(';').map(Grant::of_line).fold(Grant::default(), |all, one| {
            all.or(&one.unwrap_or_else(|error| panic!("{error}")))
        })
    }

    #[test]
    fn what_is_missing_is_what_is_requested_and_neither_granted_nor_denied() {
        let nothing = Grant::default();
        for (requested, granted, denied, missing) in [
            ("users = true", None, None, vec!["users = true"]),
            ("users = true", Some("users = true"), None, vec![]),
            ("users = true", None, Some("users = true"), vec![]),
            (
                "conversations = ['C1', 'C2', 'C3']",
                Some("conversations = ['C1']"),
                Some("conversations = ['C3']"),
                vec!["conversations = [\"C2\"]"],
            ),
            ("conversations = ['C1']", Some("conversations = ['*']"), None, vec![]),
            (
                "http = ['https://a.b.example', 'https://c.example']",
                Some("http = ['https://*.b.example', 'GET https://c.example']"),
                None,
                vec!["http = [\"https://c.example\"]"],
            ),
            // All is more than some.
            (
                "conversations = ['*']",
                Some("conversations = ['C1']"),
                None,
                vec!["conversations = [\"*\"]"],
            ),
            (
                "http = ['https://a.example'];secrets = ['A'];shared-brain = true;broadcast = true",
                Some("secrets = ['A'];schedule = true"),
                Some("broadcast = true"),
                vec!["http = [\"https://a.example\"]", "shared-brain = true"],
            ),
        ] {
            let (granted, denied) = (granted.map(grant), denied.map(grant));
            let rest = grant(requested)
                .without(granted.as_ref().unwrap_or(&nothing))
                .without(denied.as_ref().unwrap_or(&nothing));
            assert_eq!(rest.lines(), missing, "{requested}");
            assert_eq!(rest.is_empty(), missing.is_empty());
        }
    }

    #[test]
    fn lines_say_what_they_are_made_of_whatever_is_in_it() {
        let all = grant(
            "http = ['*'];conversations = ['C1', 'a\"b\\c'];users = true;sql = ['m'];objects = ['o'];secrets = ['S'];\
             shared-brain = true;schedule = true;broadcast = true",
        );
        let lines = all.lines();
        assert_eq!(lines.len(), KEYS.len());
        assert_eq!(grant(&lines.join(";")), all);
        assert_eq!(all.or(&all), all);
        assert!(all.without(&all).is_empty());
        assert_eq!(
            serde_json::from_str::<Grant>(&serde_json::to_string(&all).unwrap()).unwrap(),
            all
        );
    }

    #[test]
    fn a_name_cannot_end_its_line_nor_hide_in_it() {
        let names = [
            "C1\"]\nusers = true\n#",
            "\u{202e}\u{200b}\u{7f}\u{9b}2J\t\\",
            "a\u{2028}b\r",
            "",
            "방 🍚",
        ];
        let all = Grant {
            conversations: names.map(str::to_owned).into(),
            ..Grant::default()
        };
        let lines = all.lines();
        assert_eq!(lines.len(), 1);
        assert!(!lines[0].contains(is_hidden), "{lines:?}");
        assert!(lines[0].ends_with(", \"\", \"방 🍚\"]"), "{lines:?}");
        assert_eq!(Grant::of_line(&lines[0]).unwrap(), all);
    }

    #[test]
    fn a_line_that_grants_nothing_is_refused() {
        for line in [
            "",
            "users",
            "users = false",
            "users = 'true'",
            "conversations = []",
            "user = true",
            "[a]\nusers = true",
        ] {
            let error = Grant::of_line(line).unwrap_err().to_string();
            assert!(error.contains("conversations = [\"C012ABC\"]"), "{error}");
        }
    }
}
