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

/// The last @ ends the credentials: a password may hold others, a host may not.
fn without_password(url: &str) -> String {
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://[secret]@{host}"),
        _ => url.to_owned(),
    }
}
