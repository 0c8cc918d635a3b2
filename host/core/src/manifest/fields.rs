//! Reading an object's fields: each by name and type, then a look at what is left over.

use super::json::Json;
use super::{LocalText, ManifestError};
use crate::text::distance;

/// More warnings than this tell nobody anything.
const MAX_WARNINGS: usize = 50;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(super) struct At<'a> {
    pub(super) path: String,
    pub(super) value: &'a Json,
}

impl<'a> At<'a> {
    pub(super) fn wrong(&self, expected: impl Into<String>) -> ManifestError {
        ManifestError::Type {
            path: self.path.clone(),
            expected: expected.into(),
            got: self.value.described(),
        }
    }

    pub(super) fn invalid(&self, problem: impl Into<String>) -> ManifestError {
        ManifestError::Invalid {
            path: self.path.clone(),
            problem: problem.into(),
        }
    }

    pub(super) fn text(&self) -> Result<&'a str, ManifestError> {
        match self.value {
            Json::Text(text) => Ok(text),
            _ => Err(self.wrong("a text")),
        }
    }

    /// A text of at least one and at most `max` characters.
    pub(super) fn short(&self, max: usize) -> Result<String, ManifestError> {
        let text = self.text()?;
        match text.chars().count() {
            0 => Err(self.invalid("is empty")),
            count if count > max => Err(self.invalid(format!("has {count} characters; at most {max} are allowed"))),
            _ => Ok(text.into()),
        }
    }

    pub(super) fn truth(&self) -> Result<bool, ManifestError> {
        match self.value {
            Json::Bool(value) => Ok(*value),
            _ => Err(self.wrong("`true` or `false`")),
        }
    }

    pub(super) fn number(&self) -> Result<f64, ManifestError> {
        match self.value {
            Json::Number(number) => number.as_f64().ok_or_else(|| self.wrong("a number")),
            _ => Err(self.wrong("a number")),
        }
    }

    pub(super) fn items(&self, max: usize) -> Result<Vec<At<'a>>, ManifestError> {
        let Json::List(items) = self.value else {
            return Err(self.wrong("a list"));
        };
        if items.len() > max {
            return Err(self.invalid(format!("has {} entries; at most {max} are allowed", items.len())));
        }
        let at = |(index, value)| At {
            path: format!("{}[{index}]", self.path),
            value,
        };
        Ok(items.iter().enumerate().map(at).collect())
    }

    /// Texts, none of them empty, none there twice.
    pub(super) fn texts(&self, max: usize, longest: usize) -> Result<Vec<String>, ManifestError> {
        let mut out: Vec<String> = Vec::new();
        for item in self.items(max)? {
            let text = item.short(longest)?;
            if out.contains(&text) {
                return Err(item.invalid(format!("is there twice: {text:?}")));
            }
            out.push(text);
        }
        Ok(out)
    }

    /// One of a few words.
    pub(super) fn one_of<T: Copy>(&self, words: &[(&str, T)]) -> Result<T, ManifestError> {
        let text = self.text().map_err(|_| self.wrong(choices(words)))?;
        let found = words.iter().find(|(word, _)| *word == text);
        found.map(|(_, value)| *value).ok_or_else(|| self.wrong(choices(words)))
    }

    /// Several of a few words, none twice.
    pub(super) fn some_of<T: Copy + PartialEq>(&self, words: &[(&str, T)]) -> Result<Vec<T>, ManifestError> {
        let mut out = Vec::new();
        for item in self.items(words.len())? {
            let value = item.one_of(words)?;
            if out.contains(&value) {
                return Err(item.invalid("is there twice"));
            }
            out.push(value);
        }
        Ok(out)
    }

    /// Text in one or several languages, each no longer than the two limits.
    pub(super) fn local(&self, max_chars: usize, max_bytes: usize) -> Result<LocalText, ManifestError> {
        let check = |at: &At<'_>, text: &str| {
            let count = text.chars().count();
            if count > max_chars {
                return Err(at.invalid(format!("has {count} characters; at most {max_chars} are allowed")));
            }
            if text.len() > max_bytes {
                return Err(at.invalid(format!("has {} bytes; at most {max_bytes} are allowed", text.len())));
            }
            Ok(())
        };
        match self.value {
            Json::Text(text) => {
                check(self, text)?;
                Ok(LocalText::One(text.clone()))
            }
            Json::Object(pairs) => {
                if pairs.is_empty() || pairs.len() > 50 {
                    return Err(self.invalid("must hold at least one language, and at most 50"));
                }
                let mut out = Vec::new();
                for (tag, value) in pairs {
                    let at = At {
                        path: format!("{}.{}", self.path, shown(tag)),
                        value,
                    };
                    if !is_language(tag) {
                        return Err(
                            at.invalid("is under no language; keys here are language tags such as `ko` or `en`")
                        );
                    }
                    let text = at.text()?;
                    check(&at, text)?;
                    out.push((tag.clone(), text.to_owned()));
                }
                Ok(LocalText::Many(out))
            }
            _ => Err(self.wrong("a text, or an object of texts by language (`{\"ko\": …, \"en\": …}`)")),
        }
    }

    /// The fields of an object.
    pub(super) fn fields(&self) -> Result<Fields<'a>, ManifestError> {
        match self.value {
            Json::Object(pairs) => Ok(Fields {
                path: self.path.clone(),
                pairs,
                known: Vec::new(),
            }),
            _ => Err(self.wrong("an object")),
        }
    }
}

fn choices<T>(words: &[(&str, T)]) -> String {
    let words: Vec<String> = words.iter().map(|(word, _)| format!("{word:?}")).collect();
    match words.as_slice() {
        [one] => one.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
        [] => String::new(),
    }
}

fn is_language(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let language = parts.next().unwrap_or_default();
    (2..=3).contains(&language.len())
        && language.bytes().all(|b| b.is_ascii_lowercase())
        && parts.all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()))
}

/// A foreign key inside a path.
pub(super) fn shown(key: &str) -> String {
    crate::text::printable_line(key, 64)
}

/// The fields of one object.
pub(super) struct Fields<'a> {
    path: String,
    pairs: &'a [(String, Json)],
    known: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    pub(super) fn path(&self, name: &str) -> String {
        match self.path.is_empty() {
            true => shown(name),
            false => format!("{}.{}", self.path, shown(name)),
        }
    }

    /// The field of this name, if it is there. Of two the last counts, as elsewhere with JSON.
    pub(super) fn get(&mut self, name: &'static str) -> Option<At<'a>> {
        self.known.push(name);
        let (_, value) = self.pairs.iter().rev().find(|(key, _)| key == name)?;
        Some(At {
            path: self.path(name),
            value,
        })
    }

    /// The field of this name, which must be there.
    pub(super) fn need(&mut self, name: &'static str, expected: &str) -> Result<At<'a>, ManifestError> {
        self.get(name).ok_or_else(|| ManifestError::Missing {
            path: self.path(name),
            expected: expected.into(),
        })
    }

    /// All fields, where the names are the author's.
    pub(super) fn all(&self) -> impl Iterator<Item = (&'a str, At<'a>)> {
        self.pairs.iter().map(|(key, value)| {
            let at = At {
                path: self.path(key),
                value,
            };
            (key.as_str(), at)
        })
    }

    /// Warns about what nobody asked for.
    pub(super) fn finish(self, warnings: &mut Vec<String>) {
        for (at, (key, _)) in self.pairs.iter().enumerate() {
            if warnings.len() >= MAX_WARNINGS {
                return;
            }
            let path = self.path(key);
            if !self.known.contains(&key.as_str()) {
                let typed: Vec<char> = key.chars().take(64).collect();
                let near = |name: &&&str| distance(&typed, &name.chars().collect::<Vec<_>>(), 2).is_some();
                let hint = self
                    .known
                    .iter()
                    .find(near)
                    .map(|name| format!("; did you mean `{name}`?"));
                warnings.push(format!("`{path}` is unknown and ignored{}", hint.unwrap_or_default()));
            } else if self.pairs.iter().skip(at + 1).any(|(other, _)| other == key) {
                warnings.push(format!("`{path}` is there twice; the last one counts"));
            }
        }
    }
}
