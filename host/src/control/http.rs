//! Requests and answers, however they travel: bodies of any length, queries, and how a [`Fault`] looks.

use super::{Fault, Told};
use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt, TryStreamExt};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::{Response, StatusCode, Uri, header};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::str::FromStr;
use tokio_util::sync::CancellationToken;

/// Why a body breaks off.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BodyError(String);

impl BodyError {
    /// What the connection, or the file behind the body, says.
    pub fn new(error: impl ToString) -> Self {
        Self(error.to_string())
    }
}

/// A body that may be longer than memory.
pub type Body = UnsyncBoxBody<Bytes, BodyError>;

/// A body that is there already.
pub fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).map_err(|never| match never {}).boxed_unsync()
}

/// No body.
pub fn empty() -> Body {
    full(Bytes::new())
}

/// A body that comes bit by bit.
pub fn stream<E: ToString + 'static>(chunks: impl Stream<Item = Result<Bytes, E>> + Send + 'static) -> Body {
    // Whoever reads to the end may ask once more.
    let frames = chunks.map_ok(Frame::data).map_err(BodyError::new).fuse();
    StreamBody::new(frames).boxed_unsync()
}

/// A body from a connection.
pub fn incoming(body: Incoming) -> Body {
    body.map_err(BodyError::new).boxed_unsync()
}

/// A body that breaks off where `gone` comes before its end.
pub(super) fn until(body: Body, gone: CancellationToken) -> Body {
    let chunks = futures_util::stream::unfold((body.into_data_stream(), gone), |(mut from, gone)| async move {
        let next = tokio::select! {
            biased;
            next = from.next() => next?,
            () = gone.cancelled() => Err(BodyError("whoever sent it went away".into())),
        };
        Some((next, (from, gone)))
    });
    stream(chunks)
}

/// Reads a body of at most so many bytes.
///
/// # Errors
/// It is longer, or breaks off.
pub async fn read(mut body: Body, most: usize) -> Result<Bytes, BodyError> {
    let mut bytes = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(chunk) = frame?.into_data() else { continue };
        if bytes.len() + chunk.len() > most {
            return Err(BodyError(format!("it is longer than {} KiB", most >> 10)));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.freeze())
}

/// An answer that is JSON.
pub(super) fn json(value: &impl Serialize) -> Result<Response<Body>, Fault> {
    let text = serde_json::to_vec(value).map_err(|error| Fault::new(StatusCode::INTERNAL_SERVER_ERROR, error))?;
    Ok(answer(StatusCode::OK, "application/json", full(text)))
}

pub(super) fn answer(status: StatusCode, kind: &'static str, body: Body) -> Response<Body> {
    let mut answer = Response::new(body);
    *answer.status_mut() = status;
    let kind = header::HeaderValue::from_static(kind);
    answer.headers_mut().insert(header::CONTENT_TYPE, kind);
    answer
}

/// A fault as an answer.
pub(super) fn refuse(fault: &Fault) -> Response<Body> {
    // Texts always have a JSON form.
    let text = serde_json::to_vec(&fault.told).unwrap_or_default();
    answer(fault.status, "application/json", full(text))
}

/// What an answer that is no success says.
pub(super) fn told(status: StatusCode, body: &[u8]) -> Told {
    serde_json::from_slice(body).unwrap_or_else(|_| Told {
        error: match String::from_utf8_lossy(body).trim() {
            "" => status.to_string(),
            text => text.to_owned(),
        },
        hint: None,
        damaged: false,
    })
}

/// The JSON in a request.
pub(super) async fn body_of<T: DeserializeOwned>(body: Body, most: usize) -> Result<T, Fault> {
    let body = read(body, most).await.map_err(Fault::wrong)?;
    serde_json::from_slice(&body).map_err(Fault::wrong)
}

/// The query of a request.
pub(super) struct Query(BTreeMap<String, String>);

impl Query {
    pub(super) fn of(uri: &Uri) -> Self {
        let query = uri.query().unwrap_or_default();
        Self(form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    /// The value of this name.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The value of a name that must be there.
    pub(super) fn needed(&self, name: &str) -> Result<&str, Fault> {
        self.get(name)
            .ok_or_else(|| Fault::wrong(format!("the request has no `{name}`")))
    }

    /// The value of a name as what it stands for, such as a number.
    pub(super) fn parsed<T: FromStr>(&self, name: &str) -> Result<Option<T>, Fault> {
        let wrong = |text: &str| Fault::wrong(format!("`{name}` cannot be {text:?}"));
        self.get(name)
            .map(|text| text.parse().map_err(|_| wrong(text)))
            .transpose()
    }

    /// Whether something is said to be so.
    pub(super) fn is(&self, name: &str) -> Result<bool, Fault> {
        Ok(self.parsed(name)?.unwrap_or(false))
    }
}

/// A path with a query of these names and values.
pub fn path(path: &str, query: &[(&str, &str)]) -> String {
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(query)
        .finish();
    format!("{path}?{query}")
}
