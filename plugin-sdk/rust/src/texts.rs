//! What people read, in several languages, in a file of its own: see [`texts!`](crate::texts!).

use crate::text::plain;
use std::collections::BTreeMap;
use std::fmt::Display;

/// What [`texts!`](crate::texts!) makes of its files: voices, in each the languages, in each the texts by sorted keys.
pub type Table = &'static [(
    &'static str,
    &'static [(&'static str, &'static [(&'static str, &'static str)])],
)];

/// A table's texts in one language and one voice.
#[derive(Clone, Debug)]
pub struct Chosen {
    table: Table,
    locale: String,
    voice: usize,
    own: BTreeMap<String, String>,
}

impl Chosen {
    /// In the language of a locale, `ko` or `ko-KR`. A language that the table has not is English, or the first.
    pub fn of(table: Table, locale: &str) -> Self {
        Self {
            table,
            locale: locale.to_owned(),
            voice: 0,
            own: BTreeMap::new(),
        }
    }

    /// In another voice; what that one does not say, and all if there is no such voice, is said by the first.
    pub fn voice(mut self, name: &str) -> Self {
        self.voice = self.table.iter().position(|(voice, _)| *voice == name).unwrap_or(0);
        self
    }

    /// With somebody's own texts, by key, in the places of others.
    pub fn with(mut self, own: BTreeMap<String, String>) -> Self {
        self.own = own;
        self
    }

    /// The text of a key, with the values in the places of their names. A key that does not exist says itself.
    pub fn say(&self, key: &str, values: &[(&str, &dyn Display)]) -> String {
        let own = self.own.get(key).map(String::as_str);
        let text = own.or_else(|| self.find(self.voice, key)).or_else(|| self.find(0, key));
        fill(text.unwrap_or(key), values)
    }

    fn find(&self, voice: usize, key: &str) -> Option<&'static str> {
        let (_, languages) = self.table.get(voice)?;
        let language = self.locale.split(['-', '_']).next().unwrap_or_default();
        // Another voice need not have all languages: the language is that of the first.
        let (_, known) = self.table.first()?;
        let by_name = |name: &str| known.iter().find(|(language, _)| *language == name);
        let (language, _) = by_name(language).or_else(|| by_name("en")).or(known.first())?;
        let (_, texts) = languages.iter().find(|(own, _)| own == language)?;
        let at = texts.binary_search_by_key(&key, |(key, _)| key).ok()?;
        texts.get(at).map(|(_, text)| *text)
    }
}

/// `{name}` becomes the value as plain text, `{name:markup}` the value as it stands. What is no such name stays.
fn fill(text: &str, values: &[(&str, &dyn Display)]) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('{') {
        filled += before;
        let value = behind.split_once('}').and_then(|(inside, behind)| {
            let (name, is_markup) = match inside.strip_suffix(":markup") {
                Some(name) => (name, true),
                None => (inside, false),
            };
            let (_, value) = values.iter().find(|(known, _)| *known == name)?;
            let value = value.to_string();
            Some((if is_markup { value } else { plain(&value) }, behind))
        });
        match value {
            Some((value, behind)) => {
                filled += &value;
                rest = behind;
            }
            None => {
                filled.push('{');
                rest = behind;
            }
        }
    }
    filled + rest
}

#[cfg(test)]
mod tests {
    use super::{Chosen, Table, fill};

    const TABLE: Table = &[
        (
            "plain",
            &[
                ("en", &[("bye", "bye"), ("hi", "hi, {name}")]),
                ("ko", &[("bye", "잘 가"), ("hi", "안녕, {name}")]),
            ],
        ),
        ("soldier", &[("ko", &[("hi", "충성! {name}")])]),
    ];

    #[test]
    fn the_language_and_the_voice_that_are_there_are_taken() {
        let hi = |locale: &str, voice: &str| Chosen::of(TABLE, locale).voice(voice).say("hi", &[("name", &"*로지*")]);
        assert_eq!(hi("ko-KR", "plain"), "안녕, *\u{2060}로지*\u{2060}");
        assert_eq!(hi("ko", "soldier"), "충성! *\u{2060}로지*\u{2060}");
        assert_eq!(hi("en", "soldier"), "hi, *\u{2060}로지*\u{2060}");
        assert_eq!(hi("ja", "nobody"), "hi, *\u{2060}로지*\u{2060}");
        assert_eq!(Chosen::of(TABLE, "ko").voice("soldier").say("bye", &[]), "잘 가");
        let own = [("bye".to_owned(), "또 봐".to_owned())].into();
        assert_eq!(Chosen::of(TABLE, "ko").with(own).say("bye", &[]), "또 봐");
        assert_eq!(Chosen::of(TABLE, "ko").say("no-such", &[]), "no-such");
    }

    #[test]
    fn values_stand_where_their_names_were() {
        let who = "{@U1}";
        assert_eq!(
            fill("{who} {who:markup} {other} {", &[("who", &who)]),
            "{\u{2060}@U1} {@U1} {other} {"
        );
        // A value is not filled again.
        assert_eq!(fill("{a}", &[("a", &"x{b}"), ("b", &"no")]), "x{\u{2060}b}");
    }
}
