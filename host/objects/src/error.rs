//! What can go wrong with a bucket, in types.

use object_store::Error;

/// Why something was not done. No text holds credentials.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ObjectError {
    /// There is no such object.
    #[error("there is no object `{key}` in the bucket `{bucket}`")]
    NotFound {
        /// The operator's name of the bucket.
        bucket: String,
        /// The key.
        key: String,
    },
    /// The key, the cursor or the time is none.
    #[error("{0}")]
    Invalid(String),
    /// The content is larger than allowed.
    #[error("`{key}` in the bucket `{bucket}` is larger than the limit of {limit} bytes")]
    TooLarge {
        /// The operator's name of the bucket.
        bucket: String,
        /// The key.
        key: String,
        /// How many bytes there may be.
        limit: u64,
    },
    /// The store has no such thing.
    #[error("{0}")]
    Unsupported(String),
    /// The bucket is for reading only.
    #[error(
        "the bucket `{0}` is for reading only: the operator lets it be written to by removing `write = false` below [objects.{0}] in moa.toml"
    )]
    ReadOnly(String),
    /// The store refuses the host.
    #[error(
        "the store behind the bucket `{bucket}` refuses the host: {reason}; the operator looks at the credentials below [objects.{bucket}] in moa.toml"
    )]
    Refused {
        /// The operator's name of the bucket.
        bucket: String,
        /// What the store says.
        reason: String,
    },
    /// The store cannot be reached, or fails.
    #[error("the store behind the bucket `{bucket}` failed: {reason}; try again later")]
    Unavailable {
        /// The operator's name of the bucket.
        bucket: String,
        /// What happened.
        reason: String,
    },
    /// What was to be written could not be read to its end. Nothing was written.
    #[error("what was to be written to `{key}` broke off: {reason}; nothing was written")]
    BrokeOff {
        /// The key.
        key: String,
        /// What happened.
        reason: String,
    },
    /// The operator's settings are wrong.
    #[error("objects.{bucket}.{key}: {problem}. {remedy}")]
    Settings {
        /// The operator's name of the bucket; empty where it is not known yet.
        bucket: String,
        /// The key in its table.
        key: &'static str,
        /// What is wrong.
        problem: String,
        /// How it would be right.
        remedy: String,
    },
}

impl ObjectError {
    /// What a store says, in these words.
    pub(crate) fn of(error: Error, bucket: &str, key: &str) -> Self {
        let (bucket, key) = (bucket.to_owned(), key.to_owned());
        match error {
            Error::NotFound { .. } => Self::NotFound { bucket, key },
            Error::InvalidPath { source } => Self::Invalid(format!("`{key}` is no key here: {source}")),
            Error::NotSupported { .. } | Error::NotImplemented { .. } => {
                Self::Unsupported(format!("the store behind the bucket `{bucket}` cannot do this"))
            }
            Error::PermissionDenied { .. } => Self::Refused {
                bucket,
                reason: "it lacks the rights".into(),
            },
            Error::Unauthenticated { .. } => Self::Refused {
                bucket,
                reason: "it does not take its credentials".into(),
            },
            other => Self::Unavailable {
                bucket,
                reason: root(&other),
            },
        }
    }
}

/// The first cause, on one line and of a length that can be read. What stands above it names addresses and numbers of
/// attempts; what a server says may be a page.
fn root(error: &Error) -> String {
    const LONGEST: usize = 200;
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    let text = cause.to_string();
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line,
    }
}
