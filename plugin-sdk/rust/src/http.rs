//! Requests to the outside world. They need the request `http` with the origins that are wanted.
//!
//! In unit tests [`testing::Host::http`](crate::testing::Host::http) says what the outside world answers.
//!
//! The host resolves names itself, refuses addresses that are not public unless the operator named them, and follows up
//! to 5 redirects. Any status is a response; [`Response::ok`] makes an error of those that are none from 200 to 299.
//! What is no GET, HEAD or OPTIONS is sent at most once: whatever breaks after it began to leave, the connection, the time,
//! the answer or the host, is [`HostError::Uncertain`].
//!
//! Secrets stay with the host: `{{secret:NAME}}` in a header's value is replaced on the way out, and [`Signing`] names
//! them. They need the request `secrets`.
//!
//! ```
//! use moa_plugin::prelude::*;
//! use moa_plugin::testing::Host;
//!
//! #[derive(serde::Deserialize)]
//! struct Menu {
//!     dishes: Vec<String>,
//! }
//!
//! /// What there is for lunch.
//! #[command]
//! fn menu(place: String) -> Result<String> {
//!     let menu: Menu = http::get("https://api.example.com/menu")
//!         .query("place", place)
//!         .header("Authorization", "Bearer {{secret:MENU_TOKEN}}")
//!         .timeout(Duration::from_secs(3))
//!         .send()?
//!         .ok()?
//!         .json()?;
//!     Ok(text::plain(&menu.dishes.join(", ")))
//! }
//!
//! plugin! {
//!     name: "menu",
//!     commands: [menu],
//!     requests: { http: ["https://api.example.com"], secrets: ["MENU_TOKEN"] },
//! }
//!
//! let host = Host::new();
//! host.http(Ok(http::Response::of(200, r#"{ "dishes": ["soup", "rice"] }"#)));
//! assert_eq!(host.run::<menu>("canteen")?, Some("soup, rice".into()));
//! assert_eq!(host.requests()[0].url(), "https://api.example.com/menu?place=canteen");
//! # Ok::<(), Error>(())
//! ```

mod coding;
mod response;

pub(crate) use coding::decode;
pub(crate) use response::beginning;
pub use response::{Response, ResponseError};

use crate::HostError;
use crate::bindings::moa::plugin::http as wit;
use crate::host::{self, http as calls};
use serde::Serialize;
use std::time::Duration;

/// How the host signs a request on its way out, by secrets of the operator's configuration.
///
/// ```
/// use moa_plugin::http::{self, Signing};
///
/// let upload = http::put("https://s3.ap-northeast-2.amazonaws.com/bucket/key")
///     .body(b"dish,count")
///     .sign(Signing::aws_sigv4("AWS", "ap-northeast-2", "s3"));
/// # assert_ne!(upload, http::put("https://s3.ap-northeast-2.amazonaws.com/bucket/key"));
/// ```
pub use wit::Signing;

impl Signing {
    /// AWS Signature Version 4 over the whole request: the secret whose value is `ACCESS-KEY-ID:SECRET-KEY`, the region,
    /// the service.
    ///
    /// ```
    /// use moa_plugin::http::Signing;
    ///
    /// assert!(matches!(Signing::aws_sigv4("AWS", "us-east-1", "s3"), Signing::AwsSigv4(_)));
    /// ```
    pub fn aws_sigv4(secret: impl Into<String>, region: impl Into<String>, service: impl Into<String>) -> Self {
        Self::AwsSigv4((secret.into(), region.into(), service.into()))
    }

    /// HMAC-SHA-256 over the body, in lower-case hexadecimal: the secret, and the header that carries it.
    ///
    /// ```
    /// use moa_plugin::http::{self, Signing};
    ///
    /// let signed = http::post("https://example.com/hook")
    ///     .json(&["lunch"])
    ///     .sign(Signing::hmac_sha256("HOOK_KEY", "X-Signature"));
    /// # assert_eq!(signed.method(), "POST");
    /// ```
    pub fn hmac_sha256(secret: impl Into<String>, header: impl Into<String>) -> Self {
        Self::HmacSha256((secret.into(), header.into()))
    }
}

/// A request that is being written; [`send`](Self::send) sends it.
///
/// ```
/// use moa_plugin::http::{self, Request};
///
/// fn with_token(request: Request) -> Request {
///     request.header("Authorization", "Bearer {{secret:TOKEN}}")
/// }
///
/// let request = with_token(http::delete("https://example.com/notes/7"));
/// assert_eq!((request.method(), request.url()), ("DELETE", "https://example.com/notes/7"));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use = "it is sent by `send`"]
pub struct Request {
    what: wit::Request,
    /// Why it can't be sent: a body that has no JSON form.
    fault: Option<String>,
}

/// A GET of an absolute http or https address.
///
/// ```
/// assert_eq!(moa_plugin::http::get("https://example.com/").method(), "GET");
/// ```
pub fn get(url: impl Into<String>) -> Request {
    request("GET", url)
}

/// A HEAD.
///
/// ```
/// assert_eq!(moa_plugin::http::head("https://example.com/").method(), "HEAD");
/// ```
pub fn head(url: impl Into<String>) -> Request {
    request("HEAD", url)
}

/// A POST.
///
/// ```
/// let request = moa_plugin::http::post("https://example.com/notes").json(&[("dish", "soup")]);
/// # assert_eq!(request.method(), "POST");
/// ```
pub fn post(url: impl Into<String>) -> Request {
    request("POST", url)
}

/// A PUT.
///
/// ```
/// let request = moa_plugin::http::put("https://example.com/notes/7").text("soup");
/// # assert_eq!(request.method(), "PUT");
/// ```
pub fn put(url: impl Into<String>) -> Request {
    request("PUT", url)
}

/// A PATCH.
///
/// ```
/// let request = moa_plugin::http::patch("https://example.com/notes/7").json(&[("dish", "rice")]);
/// # assert_eq!(request.method(), "PATCH");
/// ```
pub fn patch(url: impl Into<String>) -> Request {
    request("PATCH", url)
}

/// A DELETE.
///
/// ```
/// let request = moa_plugin::http::delete("https://example.com/notes/7");
/// # assert_eq!(request.method(), "DELETE");
/// ```
pub fn delete(url: impl Into<String>) -> Request {
    request("DELETE", url)
}

/// Any method, in capitals.
///
/// ```
/// assert_eq!(moa_plugin::http::request("OPTIONS", "https://example.com/").method(), "OPTIONS");
/// ```
pub fn request(method: impl Into<String>, url: impl Into<String>) -> Request {
    Request {
        what: wit::Request {
            method: method.into(),
            url: url.into(),
            headers: Vec::new(),
            body: wit::Body::Empty,
            timeout_ms: 0,
            sign: None,
        },
        fault: None,
    }
}

impl Request {
    /// The method.
    ///
    /// ```
    /// assert_eq!(moa_plugin::http::get("https://example.com/").method(), "GET");
    /// ```
    pub fn method(&self) -> &str {
        &self.what.method
    }

    /// The address, as it now stands.
    ///
    /// ```
    /// let request = moa_plugin::http::get("https://example.com/").query("q", "1 + 1");
    /// assert_eq!(request.url(), "https://example.com/?q=1%20%2B%201");
    /// ```
    pub fn url(&self) -> &str {
        &self.what.url
    }

    /// One more name and value at the end of the address, encoded as they have to be.
    ///
    /// ```
    /// let request = moa_plugin::http::get("https://example.com/?page=2").query("dish", "김밥");
    /// assert_eq!(request.url(), "https://example.com/?page=2&dish=%EA%B9%80%EB%B0%A5");
    /// ```
    pub fn query(mut self, name: &str, value: impl AsRef<str>) -> Self {
        let url = &mut self.what.url;
        url.push(if url.contains('?') { '&' } else { '?' });
        coding::push_pair(url, name, value.as_ref());
        self
    }

    /// One more header. `Host`, `Content-Length` and the connection's own are the host's.
    ///
    /// ```
    /// let request = moa_plugin::http::get("https://example.com/")
    ///     .header("Accept", "application/json")
    ///     .header("Authorization", "Bearer {{secret:TOKEN}}");
    /// # assert_eq!(request.method(), "GET");
    /// ```
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.what.headers.push((name.into(), value.into()));
        self
    }

    /// Says who asks, by the value of a secret: `Authorization: Bearer …`. The host puts it in; without a name nothing is said.
    ///
    /// ```
    /// let request = moa_plugin::http::get("https://example.com/").bearer(Some("TOKEN"));
    /// # let header = moa_plugin::http::get("https://example.com/").header("Authorization", "Bearer {{secret:TOKEN}}");
    /// # assert_eq!(request, header);
    /// # assert_eq!(moa_plugin::http::get("https://example.com/").bearer(None), moa_plugin::http::get("https://example.com/"));
    /// ```
    pub fn bearer(self, secret: Option<&str>) -> Self {
        match secret {
            Some(secret) => self.header("Authorization", format!("Bearer {{{{secret:{secret}}}}}")),
            None => self,
        }
    }

    /// These bytes as the body. Its media type is a header's matter.
    ///
    /// ```
    /// let request = moa_plugin::http::put("https://example.com/team.csv")
    ///     .header("Content-Type", "text/csv")
    ///     .body(b"name,size");
    /// # assert_eq!(request.method(), "PUT");
    /// ```
    pub fn body(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.what.body = wit::Body::Bytes(bytes.as_ref().into());
        self
    }

    /// A plain text as the body.
    ///
    /// ```
    /// let request = moa_plugin::http::post("https://example.com/notes").text("김밥 두 줄");
    /// # assert_eq!(request.method(), "POST");
    /// ```
    pub fn text(self, text: impl AsRef<str>) -> Self {
        self.of_type("text/plain; charset=utf-8").body(text.as_ref())
    }

    /// A value as JSON as the body.
    ///
    /// ```
    /// #[derive(serde::Serialize)]
    /// struct Order {
    ///     dish: String,
    ///     bowls: u8,
    /// }
    ///
    /// let order = Order { dish: "soup".into(), bowls: 2 };
    /// let request = moa_plugin::http::post("https://example.com/orders").json(&order);
    /// # assert_eq!(request.method(), "POST");
    /// ```
    pub fn json<T: Serialize + ?Sized>(mut self, value: &T) -> Self {
        match serde_json::to_vec(value) {
            Ok(bytes) => self.of_type("application/json").body(bytes),
            Err(error) => {
                self.fault = Some(format!("the body has no JSON form: {error}"));
                self
            }
        }
    }

    /// Names and values as the body, as a form in a page sends them.
    ///
    /// ```
    /// let request = moa_plugin::http::post("https://example.com/login").form([("name", "로지"), ("team", "a b")]);
    /// # assert_eq!(request.method(), "POST");
    /// ```
    pub fn form<'a>(self, pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut body = String::new();
        for (name, value) in pairs {
            if !body.is_empty() {
                body.push('&');
            }
            coding::push_pair(&mut body, name, value);
        }
        self.of_type("application/x-www-form-urlencoded").body(body)
    }

    /// An object as the body, without passing it through the plugin: bucket and key. Needs the request `objects` too.
    ///
    /// ```
    /// let request = moa_plugin::http::put("https://example.com/backup").object("files", "backup.tar");
    /// # assert_eq!(request.method(), "PUT");
    /// ```
    pub fn object(mut self, bucket: impl Into<String>, key: impl Into<String>) -> Self {
        self.what.body = wit::Body::Object((bucket.into(), key.into()));
        self
    }

    /// How long the whole exchange may take. It never outlasts the call; without this the host decides.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let request = moa_plugin::http::get("https://example.com/").timeout(Duration::from_secs(2));
    /// # assert_eq!(request.method(), "GET");
    /// ```
    pub fn timeout(mut self, time: Duration) -> Self {
        // 0 would leave it to the host.
        self.what.timeout_ms = u32::try_from(time.as_millis()).unwrap_or(u32::MAX).max(1);
        self
    }

    /// Has the host sign it.
    ///
    /// ```
    /// use moa_plugin::http::{self, Signing};
    ///
    /// let request = http::get("https://s3.us-east-1.amazonaws.com/").sign(Signing::aws_sigv4("AWS", "us-east-1", "s3"));
    /// # assert_eq!(request.method(), "GET");
    /// ```
    pub fn sign(mut self, how: Signing) -> Self {
        self.what.sign = Some(how);
        self
    }

    /// Sends, and waits for the whole response.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// # let host = Host::new();
    /// # host.http(Err(HostError::Unavailable(String::new())));
    /// # host.with(|_| {
    /// match http::get("https://example.com/menu").send() {
    ///     Ok(response) => log::info(format!("{}", response.status)),
    ///     Err(HostError::Unavailable(_)) => return Err(Error::retry(60)),
    ///     Err(other) => return Err(other.into()),
    /// }
    /// # Ok(())
    /// # }).unwrap_err();
    /// ```
    ///
    /// # Errors
    /// [`HostError::AccessDenied`] for an origin that is not granted, [`HostError::Invalid`] for a malformed request,
    /// [`HostError::Unavailable`] if there is no answer in time, [`HostError::OverLimit`] for a body past the limit (4 MiB
    /// by default, each way), [`HostError::Uncertain`] for what is no GET, HEAD or OPTIONS and broke after it began to
    /// leave.
    pub fn send(self) -> Result<Response, HostError> {
        let what = self.checked()?;
        let response = host::ask(|| calls::fetch(&what))?;
        Ok(Response::answering(&what, response))
    }

    /// Sends, and stores the response's body as an object without passing it through the plugin; the body that is returned
    /// is empty. Nothing is stored unless the status is from 200 to 299 and the body arrived whole.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// # let host = Host::new();
    /// # host.http(Ok(http::Response::of(200, "…")));
    /// # host.with(|_| {
    /// http::get("https://example.com/menu.pdf").fetch_to_object("files", "menu.pdf")?.ok()?;
    /// assert!(!objects::get("files", "menu.pdf")?.is_empty());
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`send`](Self::send), and those of [`objects::put`](crate::objects::put).
    pub fn fetch_to_object(self, bucket: &str, key: &str) -> Result<Response, HostError> {
        let what = self.checked()?;
        let response = host::ask(|| calls::fetch_to_object(&what, bucket, key))?;
        Ok(Response::answering(&what, response))
    }

    /// The media type, unless the author gave one.
    fn of_type(self, mime: &str) -> Self {
        match header(&self.what.headers, "content-type") {
            Some(_) => self,
            None => self.header("content-type", mime),
        }
    }

    fn checked(self) -> Result<wit::Request, HostError> {
        match self.fault {
            Some(fault) => Err(HostError::Invalid(fault)),
            None => Ok(self.what),
        }
    }

    /// For what stands in for the host.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn of(what: wit::Request) -> Self {
        Self { what, fault: None }
    }

    /// For what stands in for the outside world.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn into_parts(self) -> Result<wit::Request, HostError> {
        self.checked()
    }
}

/// The first header of a name, in any spelling.
pub(crate) fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let mut fitting = headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
    fitting.next().map(|(_, value)| value.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_what_is_sent() {
        let request = post("https://example.com/a?b=c")
            .query("d", "e&f=g h/가~")
            .header("Accept", "*/*")
            .form([("a b", "c"), ("d", "=&")])
            .timeout(Duration::from_micros(1))
            .sign(Signing::hmac_sha256("KEY", "X-Signature"));
        let expected = wit::Request {
            method: "POST".into(),
            url: "https://example.com/a?b=c&d=e%26f%3Dg%20h%2F%EA%B0%80~".into(),
            headers: vec![
                ("Accept".into(), "*/*".into()),
                ("content-type".into(), "application/x-www-form-urlencoded".into()),
            ],
            body: wit::Body::Bytes(b"a%20b=c&d=%3D%26".to_vec()),
            timeout_ms: 1,
            sign: Some(Signing::HmacSha256(("KEY".into(), "X-Signature".into()))),
        };
        assert_eq!(request.checked(), Ok(expected));
    }

    #[test]
    fn an_own_media_type_stays() {
        let request = post("https://example.com/")
            .header("CONTENT-TYPE", "application/vnd.api+json")
            .json(&1);
        assert_eq!(request.what.headers.len(), 1);
        let request = put("https://example.com/").object("files", "k").timeout(Duration::MAX);
        assert_eq!(request.what.timeout_ms, u32::MAX);
        assert_eq!(request.what.body, wit::Body::Object(("files".into(), "k".into())));
    }

    #[test]
    fn a_body_without_a_json_form_is_told_when_it_is_sent() {
        let unspeakable = std::collections::HashMap::from([([1_u8], 1)]);
        let error = post("https://example.com/").json(&unspeakable).send().unwrap_err();
        assert!(
            matches!(&error, HostError::Invalid(text) if text.contains("JSON")),
            "{error}"
        );
    }
}
