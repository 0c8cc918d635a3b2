//! Where secrets come from. Reading them is the host's job; printing them is nobody's.

use std::path::PathBuf;

/// Where a secret is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretSource {
    /// In a variable of the environment.
    Env(String),
    /// In a file, without the line end at its end.
    File(PathBuf),
    /// In a systemd credential: a file in `$CREDENTIALS_DIRECTORY`.
    Credential(String),
    /// Here: it came from a `MOA_…` variable.
    Value(SecretValue),
}

impl std::fmt::Display for SecretSource {
    /// The source as it is written in the file; a value shows only that there is one.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Env(name) => write!(f, "{{ env = {} }}", quoted(name)),
            Self::File(path) => write!(f, "{{ file = {} }}", quoted(&path.to_string_lossy())),
            Self::Credential(name) => write!(f, "{{ credential = {} }}", quoted(name)),
            Self::Value(value) => write!(f, "\"{value}\""),
        }
    }
}

fn quoted(text: &str) -> toml::Value {
    toml::Value::String(text.into())
}

/// A secret's value. It is shown as `[secret]`, whoever prints it.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretValue(String);

impl SecretValue {
    /// Takes a value into keeping.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value itself: for the place that sends it, and nowhere else.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[secret]")
    }
}

impl std::fmt::Display for SecretValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[secret]")
    }
}
