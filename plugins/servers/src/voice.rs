//! What people read: a file for each voice, a table in it for each language.

use moa_plugin::text;
use std::collections::BTreeMap;

type Texts = BTreeMap<String, String>;

pub struct Voice(Texts);

impl Voice {
    /// A voice, in which the operator's own texts take the places of others.
    pub fn of(name: &str, language: &str, own: Option<Texts>) -> Self {
        let file = match name {
            "soldier" => include_str!("../voices/soldier.toml"),
            _ => include_str!("../voices/plain.toml"),
        };
        let mut languages: BTreeMap<String, Texts> = toml::from_str(file).unwrap_or_default();
        let mut texts = languages
            .remove(language)
            .or_else(|| languages.remove("en"))
            .unwrap_or_default();
        texts.extend(own.unwrap_or_default());
        Self(texts)
    }

    /// The text with each `{name}` filled in. What stands for a name is said as it is, marks and mentions too.
    pub fn say(&self, key: &str, values: &[(&str, &str)]) -> String {
        let text = self.0.get(key).map_or(key, String::as_str).to_owned();
        values.iter().fold(text, |text, (name, value)| {
            text.replace(&format!("{{{name}}}"), &text::plain(value))
        })
    }
}

#[cfg(test)]
mod tests;
