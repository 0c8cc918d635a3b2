//! `[sql.NAME]` and `[objects.NAME]`: databases and buckets under the operator's names.

use super::SecretSource;
use super::shown::Shown;
use std::fmt;
use std::time::Duration;

/// `[sql.NAME]`: a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Database {
    /// Where it is.
    pub url: Address,
    /// Whether plugins with the grant may write to it.
    pub write: bool,
    /// Rows of one query.
    pub rows: u32,
    /// Bytes of one query's rows.
    pub bytes: u64,
    /// How long one statement may take.
    pub time: Duration,
    /// Connections at a time.
    pub connections: u32,
}

/// `[objects.NAME]`: a bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bucket {
    /// `file:PATH`, `s3://BUCKET/PREFIX`, `gs://BUCKET/PREFIX` or `az://CONTAINER/PREFIX`.
    pub url: String,
    /// Whether plugins with the grant may write to it.
    pub write: bool,
    /// The base address of a service that is not the usual one.
    pub endpoint: Option<String>,
    /// S3's region.
    pub region: Option<String>,
    /// Azure's storage account.
    pub account: Option<String>,
    /// S3: the key's id.
    pub access_key: Option<SecretSource>,
    /// S3: the key. Azure: the account's key.
    pub secret_key: Option<SecretSource>,
    /// S3: what goes with a key that is good for a time only.
    pub session_token: Option<SecretSource>,
    /// Google: a service account's key, as JSON.
    pub service_account: Option<SecretSource>,
}

/// An address that may hold a password: it may lie elsewhere, and is never shown whole.
#[derive(Clone, PartialEq, Eq)]
pub enum Address {
    /// In the file.
    Plain(String),
    /// Where secrets lie.
    Secret(SecretSource),
}

impl fmt::Display for Address {
    /// As it stands in the file, a password in it hidden.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(text) => f.write_str(&toml::Value::String(without_password(text)).to_string()),
            Self::Secret(source) => source.fmt(f),
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl Shown for Address {
    fn shown(&self) -> String {
        self.to_string()
    }
}

/// An address, or a value that holds one, without the password in it.
pub(super) fn without_password(url: &str) -> String {
    let Some((scheme, _)) = url.split_once("://") else {
        return url.to_owned();
    };
    // From a password in the query on nothing is shown: what is not escaped in it could look like something else.
    let asked = url.match_indices(['?', '&']).find(|(at, _)| {
        let behind = url.get(at + 1..).unwrap_or_default();
        let key = behind.split(['=', '&']).next().unwrap_or_default();
        // A key with escapes may be any.
        key.contains('%') || key.to_ascii_lowercase().contains("password")
    });
    let (shown, hidden) = url
        .split_at_checked(asked.map_or(url.len(), |(at, _)| at))
        .unwrap_or((url, ""));
    let quote = if hidden.ends_with('"') { "\"" } else { "" };
    let rest = asked.map_or(String::new(), |(_, mark)| format!("{mark}[secret]{quote}"));
    // The last @ ends the credentials: a password may hold others, a host may not.
    match shown.rsplit_once('@') {
        // The query began inside of the credentials, or ends with something that looks so.
        _ if hidden.contains('@') => format!("{scheme}://[secret]{quote}"),
        Some((_, host)) => format!("{scheme}://[secret]@{host}{rest}"),
        None => format!("{shown}{rest}"),
    }
}

#[cfg(test)]
mod tests {
    use super::without_password;

    #[test]
    fn an_address_is_told_without_its_passwords() {
        for (url, told) in [
            (
                "mysql://u:p@ss@db/a?ssl-mode=REQUIRED",
                "mysql://[secret]@db/a?ssl-mode=REQUIRED",
            ),
            ("postgres://h/d?password=hunter2", "postgres://h/d?[secret]"),
            (
                "postgres://u:p@h/d?sslmode=disable&password=x&y=z",
                "postgres://[secret]@h/d?sslmode=disable&[secret]",
            ),
            ("\"postgres://h/d?pass%77ord=hunter2\"", "\"postgres://h/d?[secret]\""),
            ("postgres://u:p@h/d?password=x@y", "postgres://[secret]"),
            ("postgres://u:a?password=b@h/d", "postgres://[secret]"),
            ("what?password=x", "what?password=x"),
            ("sqlite:a.db", "sqlite:a.db"),
        ] {
            assert_eq!(without_password(url), told);
        }
        assert!(!without_password("postgres://u:a?b%c@h/d").contains('b'));
    }
}
