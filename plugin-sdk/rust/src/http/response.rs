use super::{header, wit};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A response. Any status is one.
///
/// ```
/// # use moa_plugin::{prelude::*, testing::Host};
/// # let host = Host::new();
/// # host.http(Ok(http::Response::of(404, "").with_header("x-left", "3")));
/// # host.with(|_| {
/// let response: http::Response = http::get("https://example.com/menu").send()?;
/// if response.status == 404 {
///     log::info(format!("no menu today, {} requests left", response.header("x-left").unwrap_or("?")));
/// }
/// # Ok::<(), Error>(())
/// # })?;
/// # assert_eq!(host.log(), ["info: no menu today, 3 requests left"]);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Response {
    /// The status.
    pub status: u16,
    /// Headers, names in lower case, in the order received. Values that are no text are left out.
    pub headers: Vec<(String, String)>,
    /// The body, decompressed. Secrets that occur in it literally are masked.
    pub body: Vec<u8>,
    /// What it answers, for errors: `GET https://example.com/menu`.
    to: String,
}

impl Response {
    pub(super) fn answering(what: &wit::Request, response: wit::Response) -> Self {
        // A query may hold what is not for logs.
        let address = what.url.split(['?', '#']).next().unwrap_or_default();
        Self {
            status: response.status,
            headers: response.headers,
            body: response.body,
            to: format!("{} {address}", what.method),
        }
    }

    /// A response with this status and body, for [tests](crate::testing::Host::http).
    ///
    /// ```
    /// use moa_plugin::http::Response;
    ///
    /// assert_eq!(Response::of(200, "soup").body, b"soup");
    /// ```
    pub fn of(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: body.into(),
            to: "the request".into(),
        }
    }

    /// With one more header, for [tests](crate::testing::Host::http).
    ///
    /// ```
    /// use moa_plugin::http::Response;
    ///
    /// assert_eq!(Response::of(304, "").with_header("ETag", "7").header("etag"), Some("7"));
    /// ```
    pub fn with_header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_ascii_lowercase(), value.into()));
        self
    }

    /// The first header of a name, in any spelling.
    ///
    /// ```
    /// use moa_plugin::http::Response;
    ///
    /// let response = Response::of(200, "").with_header("content-type", "text/csv");
    /// assert_eq!(response.header("Content-Type"), Some("text/csv"));
    /// ```
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }

    /// The same, or an error if its status is none from 200 to 299.
    ///
    /// ```
    /// use moa_plugin::http::Response;
    ///
    /// assert!(Response::of(204, "").ok().is_ok());
    /// let error = Response::of(500, "out of soup").ok().unwrap_err();
    /// assert_eq!(error.to_string(), "the request was answered with 500: out of soup");
    /// ```
    ///
    /// # Errors
    /// [`ResponseError::Status`].
    pub fn ok(self) -> Result<Self, ResponseError> {
        match self.status {
            200..=299 => Ok(self),
            status => Err(ResponseError::Status {
                status,
                body: beginning(&self.body),
                to: self.to,
            }),
        }
    }

    /// The body as text.
    ///
    /// ```
    /// use moa_plugin::http::{Response, ResponseError};
    ///
    /// assert_eq!(Response::of(200, "김밥").text()?, "김밥");
    /// assert!(Response::of(200, [0xff]).text().is_err());
    /// # Ok::<(), ResponseError>(())
    /// ```
    ///
    /// # Errors
    /// [`ResponseError::NotText`] if it is not UTF-8.
    pub fn text(&self) -> Result<&str, ResponseError> {
        std::str::from_utf8(&self.body).map_err(|_| ResponseError::NotText { to: self.to.clone() })
    }

    /// The body, read as JSON.
    ///
    /// ```
    /// use moa_plugin::http::{Response, ResponseError};
    ///
    /// let dishes: Vec<String> = Response::of(200, r#"["soup", "rice"]"#).json()?;
    /// assert_eq!(dishes, ["soup", "rice"]);
    /// # Ok::<(), ResponseError>(())
    /// ```
    ///
    /// # Errors
    /// [`ResponseError::Json`] if it does not fit `T`.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, ResponseError> {
        serde_json::from_slice(&self.body).map_err(|source| ResponseError::Json {
            to: self.to.clone(),
            source,
        })
    }

    /// A part of the body, read as JSON: what stands at a JSON pointer ([RFC 6901]). What is not there is read as `null`.
    ///
    /// ```
    /// use moa_plugin::http::{Response, ResponseError};
    ///
    /// let response = Response::of(200, r#"{"menu": {"dishes": ["soup", "rice"]}, "page": 1}"#);
    /// let dishes: Vec<String> = response.json_at("/menu/dishes")?;
    /// assert_eq!(dishes, ["soup", "rice"]);
    /// assert_eq!(response.json_at::<Option<u8>>("/next")?, None);
    /// # Ok::<(), ResponseError>(())
    /// ```
    ///
    /// # Errors
    /// [`ResponseError::Json`] if it does not fit `T`.
    ///
    /// [RFC 6901]: https://www.rfc-editor.org/rfc/rfc6901
    pub fn json_at<T: DeserializeOwned>(&self, pointer: &str) -> Result<T, ResponseError> {
        let mut whole: Value = self.json()?;
        let part = whole.pointer_mut(pointer).map(Value::take);
        serde_json::from_value(part.unwrap_or_default()).map_err(|source| ResponseError::Json {
            to: self.to.clone(),
            source,
        })
    }
}

/// What a response was not.
///
/// ```
/// use moa_plugin::http::{Response, ResponseError};
///
/// match Response::of(404, "").ok() {
///     Err(ResponseError::Status { status: 404, .. }) => {} // there is none
///     other => drop(other?),
/// }
/// # Ok::<(), ResponseError>(())
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResponseError {
    /// Its status is none from 200 to 299.
    #[error("{to} was answered with {status}{}{body}", if .body.is_empty() { "" } else { ": " })]
    Status {
        /// The status.
        status: u16,
        /// The beginning of the body, as far as it is text.
        body: String,
        /// What it answers, without the query.
        to: String,
    },
    /// Its body is not UTF-8.
    #[error("{to} was answered with something that is not UTF-8: read the bytes in `body`")]
    NotText {
        /// What it answers, without the query.
        to: String,
    },
    /// Its body does not fit the type.
    #[error("{to} was answered with JSON that does not fit the type: {source}")]
    Json {
        /// What it answers, without the query.
        to: String,
        /// Why.
        source: serde_json::Error,
    },
}

/// Enough of a body to know what it is about, on one line.
pub(crate) fn beginning(body: &[u8]) -> String {
    const MOST: usize = 200;
    let text = String::from_utf8_lossy(body);
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match words.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", words.get(..end).unwrap_or_default()),
        None => words,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_the_request_without_its_query() {
        let asked = super::super::get("https://example.com/menu?token=1#x")
            .into_parts()
            .unwrap();
        let answered = |status, body: &str| {
            let response = wit::Response {
                status,
                headers: Vec::new(),
                body: body.into(),
            };
            Response::answering(&asked, response)
        };
        let error = |error: ResponseError| error.to_string();
        assert_eq!(
            error(answered(503, "").ok().unwrap_err()),
            "GET https://example.com/menu was answered with 503"
        );
        assert_eq!(
            error(answered(400, "no\n  such dish").ok().unwrap_err()),
            "GET https://example.com/menu was answered with 400: no such dish"
        );
        let long = error(answered(500, &"가".repeat(300)).ok().unwrap_err());
        assert!(long.ends_with("가…") && long.chars().count() < 260, "{long}");
        let json = error(answered(200, "{").json::<u8>().unwrap_err());
        assert!(
            json.starts_with("GET https://example.com/menu was answered with JSON"),
            "{json}"
        );
        let part = |body: &str| error(answered(200, body).json_at::<u8>("/a/0").unwrap_err());
        for body in ["{", r#"{"a": []}"#, r#"{"a": ["many"]}"#, r#"{"a": {"1": 1}}"#] {
            assert!(
                part(body).starts_with("GET https://example.com/menu was answered"),
                "{body}"
            );
        }
        assert_eq!(answered(200, r#"{"a": [7, 8]}"#).json_at::<u8>("/a/0").unwrap(), 7);
    }
}
