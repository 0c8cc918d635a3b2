//! The operator's secrets, as one plugin may use them: by name, never by value.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

/// Before the name of a secret in a header's value.
const OPEN: &str = "{{secret:";
/// Behind it.
const CLOSE: &str = "}}";

/// Why a secret is not given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotGiven {
    /// It was not requested, not granted, or is denied.
    #[error("the secret `{0}` was not granted")]
    NotGranted(String),
    /// The configuration has none of that name.
    #[error("there is no secret `{0}`; the operator sets it below [secrets] in moa.toml")]
    Unknown(String),
    /// No rule names the host.
    #[error("the secret `{name}` does not go to {origin}: no line of `http` names that host")]
    Elsewhere {
        /// The secret.
        name: String,
        /// Where it was to go.
        origin: String,
    },
    /// It has a form that the use of it does not allow.
    #[error("the secret `{name}` {reason}")]
    Unfit {
        /// The secret.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
}

/// The secrets of the configuration by name, and which of them one plugin may use.
#[derive(Clone, Default)]
pub struct Vault {
    all: Arc<BTreeMap<String, String>>,
    granted: BTreeSet<String>,
}

/// Never the values.
impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(&self.granted).finish()
    }
}

impl Vault {
    /// Those of `granted` may be used.
    pub fn new(all: Arc<BTreeMap<String, String>>, granted: impl IntoIterator<Item = String>) -> Self {
        Self {
            all,
            granted: granted.into_iter().collect(),
        }
    }

    /// A secret.
    ///
    /// # Errors
    /// It may not be used, or is not there.
    pub fn get(&self, name: &str) -> Result<&str, NotGiven> {
        if !self.granted.contains(name) {
            return Err(NotGiven::NotGranted(name.to_owned()));
        }
        let found = self.all.get(name).map(String::as_str);
        found.ok_or_else(|| NotGiven::Unknown(name.to_owned()))
    }

    /// A header's value with its secrets in place of their names.
    ///
    /// # Errors
    /// One of them is not given.
    pub fn put_into(&self, value: &str) -> Result<String, NotGiven> {
        let mut out = String::with_capacity(value.len());
        let mut rest = value;
        while let Some((before, name, after)) = next(rest) {
            out.push_str(before);
            out.push_str(self.get(name)?);
            rest = after;
        }
        out.push_str(rest);
        Ok(out)
    }
}

/// The first secret that a header's value names.
pub fn named(value: &str) -> Option<&str> {
    next(value).map(|(_, name, _)| name)
}

fn next(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once(OPEN)?;
    let (name, after) = rest.split_once(CLOSE)?;
    Some((before, name, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_granted_is_put_in() {
        let all = [("A", "1"), ("B", "2"), ("C", "{{secret:A}}")].map(|(k, v)| (k.to_owned(), v.to_owned()));
        let vault = Vault::new(Arc::new(all.into()), ["A", "C", "D"].map(str::to_owned));
        for (value, expected) in [
            ("plain", Ok("plain")),
            ("Bearer {{secret:A}}", Ok("Bearer 1")),
            ("{{secret:A}}:{{secret:A}}", Ok("1:1")),
            // What a secret has in it is not looked at again.
            ("{{secret:C}}", Ok("{{secret:A}}")),
            ("{{secret:A", Ok("{{secret:A")),
            ("{{secret:B}}", Err(NotGiven::NotGranted("B".into()))),
            ("{{secret:D}}", Err(NotGiven::Unknown("D".into()))),
            ("{{secret:}}", Err(NotGiven::NotGranted(String::new()))),
        ] {
            assert_eq!(vault.put_into(value), expected.map(str::to_owned), "{value}");
        }
        assert!(named("x {{secret:A}}") == Some("A") && named("x").is_none());
        assert_eq!(format!("{vault:?}"), r#"{"A", "C", "D"}"#);
    }
}
