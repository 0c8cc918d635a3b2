//! Requests from outside: functions with [`#[webhook]`](crate::webhook) serve them, under `/hooks/PLUGIN/NAME`.
//!
//! The host checks a request before the function is called, by what `verify` names and the secret that the operator set,
//! and records it before it is answered: what was accepted is not lost. In unit tests
//! [`testing::Host::serve`](crate::testing::Host::serve) calls the function, in transcripts a line `hook NAME {…}`.
//!
//! A request has no conversation: where to speak comes from the configuration or the brain, and needs the request
//! `conversations`. A failure is answered with 400 ([usage](crate::Error::usage)), 403
//! ([rejected](crate::Error::rejected)), 503 ([retry](crate::Error::retry)) or 500.
//!
//! ```
//! use moa_plugin::prelude::*;
//! use moa_plugin::testing::Host;
//!
//! #[derive(serde::Deserialize)]
//! struct Build {
//!     branch: String,
//!     passed: bool,
//! }
//!
//! /// The build server tells how a build ended: `POST /hooks/builds/ended`.
//! #[webhook(verify = "hmac-sha256")]
//! fn ended(request: &Request) -> Result<Response> {
//!     let build: Build = request.json()?;
//!     if !build.passed {
//!         let text = format!("*{}* is broken", text::plain(&build.branch));
//!         chat::send(&Place::channel("slack", "C0123456789"), text)?;
//!     }
//!     Ok(Response::ok())
//! }
//!
//! plugin! {
//!     name: "builds",
//!     webhooks: [ended],
//!     requests: { conversations: ["C0123456789"] },
//! }
//!
//! let host = Host::new();
//! host.serve::<ended>(http::post("/").text(r#"{ "branch": "main", "passed": false }"#))?;
//! assert_eq!(host.texts(), ["*main* is broken"]);
//! # Ok::<(), Error>(())
//! ```

use crate::{Error, http};
use serde::{Serialize, de::DeserializeOwned};

/// A request that passed the check that the manifest names. Take it as a parameter of a function with
/// [`#[webhook]`](crate::webhook).
///
/// ```
/// use moa_plugin::prelude::*;
/// use moa_plugin::testing::Host;
///
/// /// What follows the hook's own address is the path.
/// #[webhook(verify = "none", methods = ["GET", "DELETE"])]
/// fn notes(request: &Request) -> String {
///     format!("{} {} {}", request.method, request.path, request.query)
/// }
///
/// let answer = Host::new().serve::<notes>(http::get("/7?all=yes"))?;
/// assert_eq!(answer.body, b"GET /7 all=yes");
/// # Ok::<(), Error>(())
/// ```
pub use crate::bindings::exports::moa::plugin::webhooks::Request;

/// The answer to a [`Request`].
///
/// ```
/// use moa_plugin::prelude::*;
///
/// let missing = Response::of(404).text("there is no such note");
/// assert_eq!((missing.status, missing.body.len()), (404, 21));
/// ```
pub use crate::bindings::exports::moa::plugin::webhooks::Response;

impl Request {
    /// The first header of a name, in any spelling.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// #[webhook(verify = "none")]
    /// fn pushed(request: &Request) -> Option<String> {
    ///     (request.header("X-GitHub-Event") == Some("push")).then(|| "thank you".into())
    /// }
    ///
    /// let answer = Host::new().serve::<pushed>(http::post("/").header("X-GitHub-Event", "push"))?;
    /// assert_eq!(answer.body, b"thank you");
    /// # Ok::<(), Error>(())
    /// ```
    pub fn header(&self, name: &str) -> Option<&str> {
        http::header(&self.headers, name)
    }

    /// The first value of a name in the query, with `+` and `%…` undone.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// #[webhook(verify = "none", methods = ["GET"])]
    /// fn greet(request: &Request) -> String {
    ///     format!("Hello, {}!", request.parameter("name").unwrap_or_default())
    /// }
    ///
    /// let answer = Host::new().serve::<greet>(http::get("/").query("name", "로지 & 샐리"))?;
    /// assert_eq!(answer.body, "Hello, 로지 & 샐리!".as_bytes());
    /// # Ok::<(), Error>(())
    /// ```
    pub fn parameter(&self, name: &str) -> Option<String> {
        let mut pairs = self
            .query
            .split('&')
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        let (_, value) = pairs.find(|(key, _)| http::decode(key) == name)?;
        Some(http::decode(value))
    }

    /// The body as text.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// #[webhook(verify = "none")]
    /// fn shout(request: &Request) -> Result<String> {
    ///     Ok(request.text()?.to_uppercase())
    /// }
    ///
    /// assert_eq!(Host::new().serve::<shout>(http::post("/").text("soup"))?.body, b"SOUP");
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// A [usage error](Error::usage), which is answered with 400, if it is not UTF-8.
    pub fn text(&self) -> Result<&str, Error> {
        std::str::from_utf8(&self.body).map_err(|_| Error::usage("the body is not UTF-8"))
    }

    /// The body, read as JSON.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// #[webhook(verify = "none")]
    /// fn sum(request: &Request) -> Result<String> {
    ///     Ok(request.json::<Vec<i64>>()?.iter().sum::<i64>().to_string())
    /// }
    ///
    /// let host = Host::new();
    /// assert_eq!(host.serve::<sum>(http::post("/").json(&[1, 2, 3]))?.body, b"6");
    /// assert!(host.serve::<sum>(http::post("/").text("1, 2, 3")).is_err());
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// A [usage error](Error::usage), which is answered with 400, if it does not fit `T`.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(&self.body).map_err(|error| Error::usage(format!("the body does not fit: {error}")))
    }
}

impl Response {
    /// 200, with nothing in it.
    ///
    /// ```
    /// assert_eq!(moa_plugin::Response::ok().status, 200);
    /// ```
    pub fn ok() -> Self {
        Self::of(200)
    }

    /// A status from 200 to 599, with nothing in it.
    ///
    /// ```
    /// assert_eq!(moa_plugin::Response::of(202).status, 202);
    /// ```
    pub fn of(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// With a plain text as its body.
    ///
    /// ```
    /// let answer = moa_plugin::Response::ok().text("안녕");
    /// assert_eq!(answer.headers, [("content-type".into(), "text/plain; charset=utf-8".into())]);
    /// ```
    pub fn text(self, text: impl Into<String>) -> Self {
        self.body("text/plain; charset=utf-8", text.into())
    }

    /// 200, with a value as JSON.
    ///
    /// ```
    /// use moa_plugin::prelude::*;
    ///
    /// /// How much there is.
    /// #[webhook(verify = "none", methods = ["GET"])]
    /// fn stock() -> Result<Response> {
    ///     Response::json(&[("soup", 3), ("rice", 0)])
    /// }
    ///
    /// # let answer = moa_plugin::testing::Host::new().serve::<stock>(http::get("/"))?;
    /// # assert_eq!(answer.body, br#"[["soup",3],["rice",0]]"#);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// If it has no JSON form.
    pub fn json<T: Serialize + ?Sized>(value: &T) -> Result<Self, Error> {
        Ok(Self::ok().body("application/json", serde_json::to_vec(value)?))
    }

    /// With these bytes as its body, of a media type.
    ///
    /// ```
    /// let answer = moa_plugin::Response::ok().body("text/csv", "dish,bowls\nsoup,3\n");
    /// assert_eq!(answer.body.len(), 18);
    /// ```
    pub fn body(mut self, mime: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self.header("content-type", mime)
    }

    /// With one more header.
    ///
    /// ```
    /// let there = moa_plugin::Response::of(303).header("location", "https://example.com/");
    /// assert_eq!(there.headers.len(), 1);
    /// ```
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }
}

/// What a webhook may return: `()` is an empty 200, text a plain one, `None` a 404, and each of them may stand in a
/// `Result`.
///
/// ```
/// use moa_plugin::{IntoResponse, Response};
///
/// assert_eq!(().into_response()?, Response::ok());
/// assert_eq!("soup".into_response()?, Response::ok().text("soup"));
/// assert_eq!(None::<String>.into_response()?.status, 404);
/// # Ok::<(), moa_plugin::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "a webhook can't return `{Self}`",
    label = "not something that can be answered",
    note = "return `()`, `String`, `&'static str`, `Response`, an `Option` of one of these, or a `Result` of any of them"
)]
pub trait IntoResponse {
    /// The answer, or the failure.
    ///
    /// # Errors
    /// Whatever the webhook failed with.
    fn into_response(self) -> Result<Response, Error>;
}

impl IntoResponse for () {
    fn into_response(self) -> Result<Response, Error> {
        Ok(Response::ok())
    }
}

impl IntoResponse for String {
    fn into_response(self) -> Result<Response, Error> {
        Ok(Response::ok().text(self))
    }
}

impl IntoResponse for &'static str {
    fn into_response(self) -> Result<Response, Error> {
        Ok(Response::ok().text(self))
    }
}

impl IntoResponse for Response {
    fn into_response(self) -> Result<Response, Error> {
        Ok(self)
    }
}

impl<T: IntoResponse> IntoResponse for Option<T> {
    fn into_response(self) -> Result<Response, Error> {
        self.map_or_else(|| Ok(Response::of(404)), T::into_response)
    }
}

impl<T: IntoResponse, E: Into<Error>> IntoResponse for Result<T, E> {
    fn into_response(self) -> Result<Response, Error> {
        self.map_err(Into::into)?.into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_answer_it() {
        let text = Ok(Response::ok().text("hi"));
        assert_eq!("hi".into_response(), text);
        assert_eq!(String::from("hi").into_response(), text);
        assert_eq!(Some("hi").into_response(), text);
        assert_eq!(Ok::<_, Error>(Some("hi")).into_response(), text);
        assert_eq!(().into_response(), Ok(Response::of(200)));
        assert_eq!(None::<()>.into_response(), Ok(Response::of(404)));
        assert_eq!(
            Err::<(), _>(Error::usage("no")).into_response(),
            Err(Error::usage("no"))
        );
        let json = Response::json(&[1]).unwrap();
        assert_eq!(
            (json.status, json.headers, json.body),
            (
                200,
                vec![("content-type".into(), "application/json".into())],
                b"[1]".to_vec()
            )
        );
    }
}
