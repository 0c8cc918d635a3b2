//! `[[jandi.hook]]`: outgoing webhooks of JANDI's.

use super::source::{Row, Sources};
use super::{JandiHook, SecretSource};
use crate::manifest::is_plain_name;
use crate::text::{distance, normalise};
use std::collections::BTreeSet;
use std::path::Path;
use toml::Value;

const ARRAY: [&str; 2] = ["jandi", "hook"];
/// What a hook may say, in the order in which it is shown.
const KEYS: [&str; 4] = ["name", "keyword", "token", "incoming"];
/// The longest keyword that JANDI takes, in characters.
const KEYWORD: usize = 50;
const SECRET: &str = "Say where it lies: { env = \"NAME\" }, { file = \"PATH\" } or { credential = \"NAME\" }";

/// The hooks in their order; what is wrong with them is told to the sources.
pub(super) fn hooks(sources: &mut Sources, base: &Path) -> Vec<JandiHook> {
    let rows = sources.rows(&ARRAY, "Write [[jandi.hook]] above each hook, with two brackets");
    let mut names = BTreeSet::new();
    let hooks = rows.into_iter().enumerate().filter_map(|(index, row)| {
        let mut reader = Reader {
            sources: &mut *sources,
            base,
            number: index + 1,
            row: &row,
            good: true,
        };
        let hook = reader.hook();
        if let Some(hook) = &hook
            && !names.insert(hook.name.clone())
        {
            reader.error("name", "another hook has this name", "Give each a name of its own");
        }
        reader.good.then_some(hook).flatten()
    });
    hooks.collect()
}

/// Reads one hook.
struct Reader<'a> {
    sources: &'a mut Sources,
    base: &'a Path,
    /// From 1, as people count.
    number: usize,
    row: &'a Row,
    good: bool,
}

impl Reader<'_> {
    fn hook(&mut self) -> Option<JandiHook> {
        self.strange_keys();
        let name = self.text(
            "name",
            is_plain_name,
            "a name of lower-case letters, digits and `-`, such as \"lunch\": JANDI calls POST /jandi/NAME",
        );
        let keyword = self.text(
            "keyword",
            is_keyword,
            "the keyword of JANDI's outgoing webhook without its slash: one word of at most 50 characters",
        );
        let token = self.secret("token");
        let incoming = self.secret("incoming");
        if token.is_none() && !self.row.keys.contains_key("token") {
            self.error(
                "token",
                "the hook has no token, and without it anybody could call it",
                SECRET,
            );
        }
        Some(JandiHook {
            name: name?,
            keyword: normalise(&keyword?).into_owned(),
            token: token?,
            incoming,
        })
    }

    fn text(&mut self, key: &'static str, good: fn(&str) -> bool, form: &str) -> Option<String> {
        let found = self.row.keys.get(key);
        match found.and_then(|(line, value)| Some((*line, value.as_str().filter(|text| good(text))?))) {
            Some((line, text)) => {
                let shown = Value::String(text.to_owned()).to_string();
                self.sources.enter_row(&ARRAY, self.number, key, shown, line);
                Some(text.to_owned())
            }
            None => {
                let problem = match found {
                    Some(_) => "this cannot be used",
                    None => "it is missing",
                };
                self.error(key, problem, &format!("It must be {form}"));
                None
            }
        }
    }

    fn secret(&mut self, key: &'static str) -> Option<SecretSource> {
        let (line, value) = self.row.keys.get(key)?;
        let one = value
            .as_table()
            .filter(|table| table.len() == 1)
            .and_then(|table| table.iter().next());
        let source = one.and_then(|(place, text)| {
            let text = text.as_str().filter(|text| !text.is_empty())?;
            match place.as_str() {
                "env" => Some(SecretSource::Env(text.to_owned())),
                "file" => Some(SecretSource::File(self.base.join(text))),
                "credential" => Some(SecretSource::Credential(text.to_owned())),
                _ => None,
            }
        });
        match &source {
            Some(source) => self
                .sources
                .enter_row(&ARRAY, self.number, key, source.to_string(), *line),
            None => self.error(key, "a secret does not belong into this file", SECRET),
        }
        source
    }

    fn strange_keys(&mut self) {
        let strange = self.row.keys.keys().filter(|key| !KEYS.contains(&key.as_str()));
        for key in strange.cloned().collect::<Vec<_>>() {
            let typed: Vec<char> = key.chars().collect();
            let near = KEYS
                .iter()
                .filter_map(|known| Some((distance(&typed, &known.chars().collect::<Vec<_>>(), 2)?, *known)))
                .min();
            let remedy = match near {
                Some((_, known)) => format!("Did you mean `{known}`?"),
                None => format!("A hook has {}", KEYS.join(", ")),
            };
            self.error(&key, "there is no such key", &remedy);
        }
    }

    /// The value is never told: it may be a secret in the wrong place.
    fn error(&mut self, key: &str, problem: &str, remedy: &str) {
        self.good = false;
        let line = self.row.keys.get(key).map_or(self.row.line, |(line, _)| *line);
        let key = format!("[[jandi.hook]] number {}, {key}", self.number);
        self.sources
            .error_at(line, key, None, problem.to_owned(), remedy.to_owned());
    }
}

/// JANDI takes letters and digits; where it draws the line is not told, so only what could not be typed is refused.
fn is_keyword(text: &str) -> bool {
    let fits = |c: char| !c.is_whitespace() && !c.is_control() && c != '/';
    (1..=KEYWORD).contains(&text.chars().count()) && text.chars().all(fits)
}

#[cfg(test)]
mod tests {
    use super::super::{Config, SecretSource};

    fn parse(text: &str) -> Result<Config, String> {
        Config::parse(Some(("etc/moa.toml", text)), []).map_err(|errors| errors.to_string())
    }

    #[test]
    fn hooks_are_read_in_their_order() {
        let config = parse(
            "[[jandi.hook]]\nname = \"lunch\"\nkeyword = \"모아\"\ntoken = { env = \"LUNCH\" }\nincoming = { file = \"in\" }\n\
             [[jandi.hook]]\nname = \"ops\"\nkeyword = \"ops\"\ntoken = { credential = \"ops\" }",
        )
        .unwrap();
        let [lunch, ops] = config.jandi.as_slice() else {
            panic!("{:?}", config.jandi)
        };
        assert_eq!((lunch.name.as_str(), lunch.keyword.as_str()), ("lunch", "모아"));
        assert_eq!(lunch.incoming, Some(SecretSource::File("etc/in".into())));
        assert_eq!(
            (&ops.token, &ops.incoming),
            (&SecretSource::Credential("ops".into()), &None)
        );
        let shown = config.show();
        assert!(
            shown.contains("[[jandi.hook]]\nname = \"lunch\"") && shown.contains("{ env = \"LUNCH\" }"),
            "{shown}"
        );
        assert!(parse("").unwrap().jandi.is_empty());
    }

    #[test]
    fn mistakes_are_told_and_no_secret_is_shown() {
        let good = "name = \"lunch\"\nkeyword = \"모아\"\ntoken = { env = \"T\" }\n";
        for (text, says) in [
            (format!("[jandi.hook]\n{good}"), "two brackets"),
            (
                format!("[[jandi.hook]]\n{good}[[jandi.hook]]\n{good}"),
                "another hook has this name",
            ),
            (
                "[[jandi.hook]]\nname = \"lunch\"\nkeyword = \"모아\"".into(),
                "has no token",
            ),
            (
                format!("[[jandi.hook]]\n{good}incomming = 1"),
                "Did you mean `incoming`?",
            ),
            (good.replace("lunch", "Lunch/1"), "lower-case letters"),
            (good.replace("모아", "모아 봇"), "one word"),
            (
                good.replace("{ env = \"T\" }", "\"very-secret\""),
                "does not belong into this file",
            ),
            (
                good.replace("{ env = \"T\" }", "{ env = \"T\", file = \"x\" }"),
                "Say where it lies",
            ),
            (
                format!("{good}incoming = \"https://wh.jandi.com/very-secret\""),
                "does not belong into this file",
            ),
        ] {
            let text = match text.starts_with('[') {
                true => text,
                false => format!("[[jandi.hook]]\n{text}"),
            };
            let error = parse(&text).unwrap_err();
            assert!(
                error.contains(says) && !error.contains("very-secret"),
                "{text}: {error}"
            );
        }
    }
}
