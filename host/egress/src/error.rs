//! Why there is no response.

use crate::permit::Refused;
use crate::secrets::NotGiven;
use moa_core::http_rule::AddressError;
use url::Url;

/// Why there is no response. Texts are without secrets.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The request makes no sense.
    #[error("{0}")]
    Invalid(String),
    /// It may not be sent.
    #[error(transparent)]
    Refused(Box<Refusal>),
    /// A secret may not go with it.
    #[error(transparent)]
    Secret(#[from] NotGiven),
    /// Past a limit of size or pace.
    #[error("{0}")]
    OverLimit(String),
    /// There was no answer, or no whole one.
    #[error("{0}")]
    Unavailable(String),
    /// A request that may change something began to be sent, and whether it was done is not known, or how it was
    /// answered: it is not safe to send it again.
    #[error("{0}")]
    Uncertain(String),
}

/// A request that may not be sent. After a redirect it is the one that was to follow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{method} {url}: {why}", url = shown(url))]
pub struct Refusal {
    /// The method.
    pub method: String,
    /// Where to.
    pub url: Url,
    /// Why not.
    pub why: Refused,
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }
}

impl From<AddressError> for Error {
    fn from(error: AddressError) -> Self {
        Self::Invalid(error.to_string())
    }
}

/// An address without its query, which may be nobody's business.
pub(crate) fn shown(url: &Url) -> String {
    let mut bare = url.clone();
    bare.set_query(None);
    bare.into()
}
