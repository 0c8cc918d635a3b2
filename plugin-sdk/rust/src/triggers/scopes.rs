//! Kinds of messages by the names under which people and configurations know them.

use super::Scopes;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::str::FromStr;

/// Name, Korean names, and what it is.
const NAMES: [(&str, &[&str], Scopes); 4] = [
    ("direct", &["개인", "디엠"], Scopes::DIRECT),
    ("direct-mention", &["호출"], Scopes::DIRECT_MENTION),
    ("mention", &["언급"], Scopes::MENTION),
    ("ambient", &["대화"], Scopes::AMBIENT),
];

/// A word that is no kind of messages.
///
/// ```
/// use moa_plugin::triggers::{ScopeError, Scopes};
///
/// let error: ScopeError = "loud".parse::<Scopes>().unwrap_err();
/// assert_eq!(error.word, "loud");
/// assert!(error.to_string().contains("direct-mention"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{word}` is no kind of messages; there are `direct` (개인), `direct-mention` (호출), `mention` (언급), `ambient` (대화)"
)]
pub struct ScopeError {
    /// The word.
    pub word: String,
}

impl Scopes {
    /// All of these kinds, by their names.
    ///
    /// ```
    /// use moa_plugin::triggers::Scopes;
    ///
    /// assert_eq!(Scopes::named(["direct", "언급"])?, Scopes::DIRECT | Scopes::MENTION);
    /// # Ok::<(), moa_plugin::triggers::ScopeError>(())
    /// ```
    ///
    /// # Errors
    /// For the first word that is none.
    pub fn named<W: AsRef<str>>(words: impl IntoIterator<Item = W>) -> Result<Self, ScopeError> {
        let mut all = Self::empty();
        for word in words {
            all |= word.as_ref().parse()?;
        }
        Ok(all)
    }

    /// What they are called in configurations.
    ///
    /// ```
    /// use moa_plugin::triggers::Scopes;
    ///
    /// assert_eq!((Scopes::AMBIENT | Scopes::DIRECT).names(), ["direct", "ambient"]);
    /// ```
    pub fn names(self) -> Vec<&'static str> {
        let own = NAMES.iter().filter(|(.., scope)| self.contains(*scope));
        own.map(|(name, ..)| *name).collect()
    }
}

impl FromStr for Scopes {
    type Err = ScopeError;

    /// One kind: `direct`, `direct-mention`, `mention`, `ambient`, or in Korean `개인`, `호출`, `언급`, `대화`.
    fn from_str(word: &str) -> Result<Self, ScopeError> {
        let said = word.to_lowercase();
        let is_called = |(name, korean, _): &&(&str, &[&str], Self)| *name == said || korean.contains(&said.as_str());
        let found = NAMES.iter().find(is_called).map(|(.., scope)| *scope);
        found.ok_or_else(|| ScopeError { word: word.into() })
    }
}

/// A list of names.
impl Serialize for Scopes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.names().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Scopes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let names: Vec<String> = Deserialize::deserialize(deserializer)?;
        Self::named(names).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_lists_of_names() {
        let scopes: Scopes = serde_json::from_str(r#"["Ambient", "호출", "디엠"]"#).unwrap();
        let shown = serde_json::to_string(&scopes).unwrap();
        assert_eq!(shown, r#"["direct","direct-mention","ambient"]"#);
        let error = serde_json::from_str::<Scopes>(r#"["direct", "all"]"#).unwrap_err();
        assert!(error.to_string().starts_with("`all` is no kind of messages"), "{error}");
        assert!(Scopes::named([] as [&str; 0]).unwrap().is_empty());
    }
}
