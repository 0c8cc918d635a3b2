//! Text in several languages.

use serde::{Deserialize, Serialize};

/// Text for people: one string, or one for each language. Empty where there is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum LocalText {
    /// The same for everybody.
    One(String),
    /// By language (`ko`, `en`, …), in the author's order.
    Many(#[serde(with = "ordered")] Vec<(String, String)>),
}

impl LocalText {
    /// The text for a reader's language (a BCP 47 tag: `ko`, `ko-KR`): the very tag, else its language, else `en`, else
    /// the first.
    pub fn get(&self, locale: &str) -> &str {
        let texts = match self {
            Self::One(text) => return text,
            Self::Many(texts) => texts,
        };
        let language = |tag: &str| tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
        let wanted = language(locale);
        texts
            .iter()
            .find(|(tag, _)| tag.eq_ignore_ascii_case(locale))
            .or_else(|| texts.iter().find(|(tag, _)| language(tag) == wanted))
            .or_else(|| texts.iter().find(|(tag, _)| language(tag) == "en"))
            .or_else(|| texts.first())
            .map_or("", |(_, text)| text)
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::One(text) => text.is_empty(),
            Self::Many(texts) => texts.iter().all(|(_, text)| text.is_empty()),
        }
    }
}

impl Default for LocalText {
    fn default() -> Self {
        Self::One(String::new())
    }
}

impl From<&str> for LocalText {
    fn from(text: &str) -> Self {
        Self::One(text.into())
    }
}

/// A map that keeps its order, as pairs.
mod ordered {
    use serde::de::{MapAccess, Visitor};
    use serde::{Deserializer, Serializer};

    pub fn serialize<S: Serializer>(texts: &[(String, String)], to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(texts.iter().map(|(tag, text)| (tag, text)))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<(String, String)>, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Vec<(String, String)>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("texts by language")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut out = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    out.push(pair);
                }
                Ok(out)
            }
        }
        from.deserialize_map(Pairs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_gets_the_nearest_language() {
        let many = LocalText::Many(vec![
            ("de".into(), "d".into()),
            ("en".into(), "e".into()),
            ("ko".into(), "k".into()),
        ]);
        for (locale, expected) in [
            ("ko", "k"),
            ("ko-KR", "k"),
            ("KO_kr", "k"),
            ("fr", "e"),
            ("", "e"),
            ("de-AT", "d"),
        ] {
            assert_eq!(many.get(locale), expected, "{locale}");
        }
        let odd = LocalText::Many(vec![("de".into(), "d".into()), ("fr".into(), "f".into())]);
        assert_eq!(odd.get("ko"), "d");
        assert_eq!(LocalText::from("x").get("ko"), "x");
    }

    #[test]
    fn json_keeps_the_order() {
        let json = r#"{"ko":"가","en":"a","de":"b"}"#;
        let text: LocalText = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&text).unwrap(), json);
        assert_eq!(
            serde_json::from_str::<LocalText>("\"x\"").unwrap(),
            LocalText::from("x")
        );
    }
}
