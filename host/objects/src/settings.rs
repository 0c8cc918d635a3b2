//! Where a bucket is, and by which right the host goes there.

use crate::ObjectError;
use std::fmt;
use std::path::{Path, PathBuf};

/// Something that is printed by nobody.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a value into keeping.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// Where a bucket is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// `memory:`: nowhere else. For transcripts and for trying out.
    Memory,
    /// `file:PATH`: a folder, which is made if it is not there.
    Folder(PathBuf),
    /// `s3://BUCKET/PREFIX`
    S3(Place),
    /// `gs://BUCKET/PREFIX`
    Google(Place),
    /// `az://CONTAINER/PREFIX`
    Azure(Place),
}

/// A bucket of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The service's name for it.
    pub bucket: String,
    /// What stands before every key: empty, or ends with a slash.
    pub prefix: String,
}

impl Target {
    /// The target of an address; a relative path is relative to `base`.
    ///
    /// # Errors
    /// [`ObjectError::Settings`] with the forms that there are.
    pub fn parse(url: &str, base: &Path) -> Result<Self, ObjectError> {
        let wrong = |problem: &str| ObjectError::Settings {
            bucket: String::new(),
            key: "url",
            problem: problem.to_owned(),
            remedy:
                "It must be \"file:PATH\", \"s3://BUCKET/PREFIX\", \"gs://BUCKET/PREFIX\" or \"az://CONTAINER/PREFIX\""
                    .into(),
        };
        if url == "memory:" {
            return Ok(Self::Memory);
        }
        if let Some(path) = url.strip_prefix("file:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            return match path.is_empty() {
                true => Err(wrong("it names no folder")),
                false => Ok(Self::Folder(base.join(path))),
            };
        }
        let Some((scheme, rest)) = url.split_once("://") else {
            return Err(wrong("this is no address of a bucket"));
        };
        let make = match scheme {
            "s3" => Self::S3,
            "gs" => Self::Google,
            "az" => Self::Azure,
            _ => return Err(wrong("this is no address of a bucket")),
        };
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let named = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '$');
        if bucket.is_empty() || !bucket.chars().all(named) {
            return Err(wrong("it names no bucket, or has something else in its place"));
        }
        let prefix = prefix.trim_end_matches('/');
        if !prefix.is_empty() && crate::check(prefix).is_err() {
            return Err(wrong("what stands behind the bucket cannot be the beginning of keys"));
        }
        Ok(make(Place {
            bucket: bucket.to_owned(),
            prefix: match prefix {
                "" => String::new(),
                some => format!("{some}/"),
            },
        }))
    }
}

/// What the operator says of a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Where it is.
    pub target: Target,
    /// Whether it may be written to.
    pub write: bool,
    /// The base address of a service that is not the usual one; `http://` only where it says so.
    pub endpoint: Option<String>,
    /// S3's region.
    pub region: Option<String>,
    /// Azure's storage account.
    pub account: Option<String>,
    /// S3: the key's id. Without one the machine's own role is used.
    pub access_key: Option<Secret>,
    /// S3: the key. Azure: the account's key.
    pub secret_key: Option<Secret>,
    /// S3: what goes with a key that is good for a time only.
    pub session_token: Option<Secret>,
    /// Google: the JSON text of a service account's key.
    pub service_account: Option<Secret>,
}

impl Settings {
    /// A bucket that may be read and written, without credentials.
    pub fn new(target: Target) -> Self {
        Self {
            target,
            write: true,
            endpoint: None,
            region: None,
            account: None,
            access_key: None,
            secret_key: None,
            session_token: None,
            service_account: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_others_told() {
        let place = |bucket: &str, prefix: &str| Place {
            bucket: bucket.into(),
            prefix: prefix.into(),
        };
        let base = Path::new("/etc/moa");
        for (url, target) in [
            ("memory:", Target::Memory),
            ("file:exports", Target::Folder("/etc/moa/exports".into())),
            ("file:///var/exports", Target::Folder("/var/exports".into())),
            ("s3://b", Target::S3(place("b", ""))),
            ("s3://my.bucket/", Target::S3(place("my.bucket", ""))),
            ("gs://b/a/b/", Target::Google(place("b", "a/b/"))),
            ("az://$web/a", Target::Azure(place("$web", "a/"))),
        ] {
            assert_eq!(Target::parse(url, base), Ok(target), "{url}");
        }
        for bad in [
            "",
            "file:",
            "ftp://b",
            "s3:",
            "s3://",
            "s3:///a",
            "s3://b/../c",
            "s3://key@b/",
            "exports",
        ] {
            let told = Target::parse(bad, base).unwrap_err().to_string();
            assert!(
                told.contains("url") && told.contains("s3://BUCKET/PREFIX"),
                "{bad}: {told}"
            );
        }
    }

    #[test]
    fn secrets_are_not_printed() {
        let mut settings = Settings::new(Target::Memory);
        settings.secret_key = Some(Secret::new("hunter2"));
        assert!(!format!("{settings:?}").contains("hunter2"));
    }
}
