//! Sends requests.

use crate::body::{Body, ENCODINGS, is_known};
use crate::connect::{Connection, connect};
use crate::error::{Error, Refusal, shown};
use crate::headers;
use crate::pace::{Gates, Pace};
use crate::permit::Permit;
use crate::proxy::Proxies;
use crate::redact::Redactor;
use crate::resolve::Resolver;
use crate::secrets::{NotGiven, Vault, named};
use crate::sign::{Aws, authority, hex, hmac_sha256};
use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{
    ACCEPT, ACCEPT_ENCODING, HOST, HeaderName, HeaderValue, LOCATION, PROXY_AUTHORIZATION, USER_AGENT,
};
use jiff::Timestamp;
use moa_core::http_rule::{address, settled};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use url::Url;

/// How many redirects are followed.
const REDIRECTS: usize = 5;

/// What a client is made of.
pub struct Outside {
    /// Looks names up.
    pub resolver: Arc<dyn Resolver>,
    /// Whom to trust.
    pub tls: Arc<rustls::ClientConfig>,
    /// What is between.
    pub proxies: Proxies,
    /// How much each plugin may send.
    pub pace: Pace,
    /// Hides secrets in what comes back.
    pub redactor: Redactor,
}

/// Who sends a request, and what they may.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The plugin.
    pub plugin: String,
    /// Its call.
    pub invocation: String,
    /// Where to.
    pub permit: Permit,
    /// With which secrets.
    pub vault: Vault,
}

/// How the host signs. Secrets by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sign {
    /// AWS Signature Version 4; the secret's value is `ACCESS-KEY-ID:SECRET-KEY`.
    AwsSigv4 {
        /// The secret.
        secret: String,
        /// The region.
        region: String,
        /// The service.
        service: String,
    },
    /// HMAC-SHA-256 over the body, in lower-case hexadecimal.
    HmacSha256 {
        /// The secret.
        secret: String,
        /// The header that carries it.
        header: String,
    },
}

impl Sign {
    fn secret(&self) -> &str {
        match self {
            Self::AwsSigv4 { secret, .. } | Self::HmacSha256 { secret, .. } => secret,
        }
    }
}

/// A request.
#[derive(Clone, Debug)]
pub struct Request {
    /// In capitals.
    pub method: String,
    /// Absolute.
    pub url: String,
    /// As the plugin wrote them.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
    /// How to sign.
    pub sign: Option<Sign>,
    /// A key against doing it twice; sent with methods that change something.
    pub idempotency_key: Option<String>,
    /// Whether redirects are followed; otherwise they are responses like any other.
    pub follow: bool,
    /// How long the whole exchange may take.
    pub timeout: Duration,
    /// How many bytes of body are taken, unpacked.
    pub limit: usize,
}

/// A response.
#[derive(Debug)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// Names in lower case, in the order received; values that are no text are left out.
    pub headers: Vec<(String, String)>,
    /// The body, still to be read.
    pub body: Body,
}

/// Whether a method promises to change nothing.
pub fn is_safe(method: &str) -> bool {
    matches!(method, "GET" | "HEAD" | "OPTIONS")
}

/// Sends requests of plugins.
pub struct Client {
    outside: Outside,
    gates: Gates,
}

/// One request on its way, which may be more than one where it is redirected.
struct Way<'a> {
    caller: &'a Caller,
    redactor: &'a Redactor,
    method: String,
    url: Url,
    headers: Vec<(String, String)>,
    body: Bytes,
    sign: Option<Sign>,
    limit: usize,
    deadline: Instant,
}

impl Client {
    /// A client.
    pub fn new(outside: Outside) -> Self {
        let gates = Gates::new(outside.pace);
        Self { outside, gates }
    }

    /// Hides secrets.
    pub fn redactor(&self) -> &Redactor {
        &self.outside.redactor
    }

    /// Sends a request and waits for the head of the response.
    ///
    /// # Errors
    /// There is none, or it is not wanted.
    pub async fn send(&self, caller: &Caller, request: Request) -> Result<Response, Error> {
        let mut way = Way::new(caller, self.redactor(), &request)?;
        let turn = tokio::time::timeout_at(way.deadline, self.gates.pass(&caller.plugin)).await;
        let turn = turn.map_err(|_| late(&way.url))??;
        let mut redirects = 0;
        loop {
            let began = Instant::now();
            let outcome = tokio::time::timeout_at(way.deadline, self.exchange(&way, redirects)).await;
            let outcome = outcome.unwrap_or_else(|_| Err(late(&way.url)));
            let (answer, connection) = match outcome {
                Ok(answered) => answered,
                Err(error) => {
                    way.log_failure(&error);
                    return Err(error);
                }
            };
            way.log(answer.status().as_u16(), began.elapsed());
            let next = match request.follow {
                true => redirection(&way, &answer),
                false => Ok(None),
            };
            let next = match is_safe(&request.method) {
                true => next?,
                // It was done: the answer to it is told, even where it leads to nowhere that is granted.
                false => next.ok().flatten().filter(|next| {
                    let method = way.method_after(answer.status().as_u16());
                    caller.permit.check(method, next).is_ok()
                }),
            };
            let Some(next) = next else {
                return Ok(self.response(&way, answer, Box::new((connection.driver, turn))));
            };
            redirects += 1;
            if redirects > REDIRECTS {
                return Err(Error::Unavailable(format!(
                    "`{}` redirects more than {REDIRECTS} times",
                    authority(&way.url)
                )));
            }
            self.gates.count(&caller.plugin, std::time::Instant::now())?;
            way.redirect(answer.status().as_u16(), next);
        }
    }

    async fn exchange(
        &self,
        way: &Way<'_>,
        redirects: usize,
    ) -> Result<(hyper::Response<Incoming>, Connection), Error> {
        let Way {
            caller, method, url, ..
        } = way;
        caller.permit.check(method, url).map_err(|why| Refusal {
            method: method.clone(),
            url: url.clone(),
            why,
        })?;
        let headers = way.outgoing(redirects > 0)?;
        let mut connection = connect(&self.outside, caller, method, url).await?;
        let request = self.head(way, &headers, &connection)?;
        let host = authority(url);
        let broke = |error: hyper::Error| Error::Unavailable(format!("`{host}` gave no answer: {error}"));
        let answer = connection.sender.send_request(request).await.map_err(broke)?;
        Ok((answer, connection))
    }

    fn head(
        &self,
        way: &Way<'_>,
        headers: &[(String, String)],
        connection: &Connection,
    ) -> Result<hyper::Request<Full<Bytes>>, Error> {
        let target = match &connection.through {
            Some(_) => way.url.as_str(),
            None => &way.url[url::Position::BeforePath..],
        };
        let mut request = hyper::Request::builder()
            .method(way.method.as_str())
            .uri(target)
            .header(HOST, authority(&way.url))
            .header(ACCEPT_ENCODING, ENCODINGS);
        let has = |wanted: HeaderName| headers.iter().any(|(name, _)| *name == wanted.as_str());
        if !has(USER_AGENT) {
            request = request.header(USER_AGENT, concat!("moa/", env!("CARGO_PKG_VERSION")));
        }
        if !has(ACCEPT) {
            request = request.header(ACCEPT, "*/*");
        }
        for (name, value) in headers {
            // The value may have a secret in it and is not told.
            let value = HeaderValue::from_bytes(value.as_bytes())
                .map_err(|_| Error::Invalid(format!("the header `{name}` cannot have this value")))?;
            request = request.header(name, value);
        }
        if let Some(credentials) = connection.through.as_ref().and_then(|hop| hop.credentials.as_ref()) {
            request = request.header(PROXY_AUTHORIZATION, credentials);
        }
        let request = request.body(Full::new(way.body.clone()));
        request.map_err(|error| Error::Invalid(format!("this is no request: {error}")))
    }

    fn response(
        &self,
        way: &Way<'_>,
        answer: hyper::Response<Incoming>,
        with: Box<dyn std::any::Any + Send + Sync>,
    ) -> Response {
        let (head, incoming) = answer.into_parts();
        let redactor = self.redactor();
        let encoding = head
            .headers
            .get("content-encoding")
            .and_then(|value| value.to_str().ok());
        let encoding = encoding
            .map(str::to_ascii_lowercase)
            .filter(|encoding| is_known(encoding));
        let changed = way.method != "HEAD" && (encoding.is_some() || !redactor.is_idle());
        let kept = |name: &HeaderName| match name.as_str() {
            "content-length" => !changed,
            "content-encoding" => encoding.is_none(),
            "transfer-encoding" | "connection" | "keep-alive" | "trailer" | "upgrade" => false,
            _ => true,
        };
        let headers = head.headers.iter().filter(|(name, _)| kept(name));
        let text = |(name, value): (&HeaderName, &HeaderValue)| {
            let value = std::str::from_utf8(value.as_bytes()).ok()?;
            Some((name.as_str().to_owned(), redactor.text(value).into_owned()))
        };
        Response {
            status: head.status.as_u16(),
            headers: headers.filter_map(text).collect(),
            body: Body::new(
                incoming,
                encoding.as_deref(),
                redactor,
                way.limit,
                way.deadline,
                authority(&way.url),
                with,
            ),
        }
    }
}

impl<'a> Way<'a> {
    fn new(caller: &'a Caller, redactor: &'a Redactor, request: &Request) -> Result<Self, Error> {
        let method = &request.method;
        if method.is_empty() || method.len() > 32 || !method.bytes().all(|b| b.is_ascii_uppercase() || b == b'-') {
            return Err(Error::Invalid(format!(
                "`{}` is no method: such are GET and POST, in capitals",
                method.escape_debug()
            )));
        }
        if matches!(method.as_str(), "CONNECT" | "TRACE") {
            return Err(Error::Invalid(format!("{method} is not for plugins")));
        }
        let url = address(&request.url)?;
        let mut headers = headers::checked(request.headers.clone())?;
        if let Some(key) = &request.idempotency_key
            && !is_safe(method)
            && !headers.iter().any(|(name, _)| name == "idempotency-key")
        {
            headers.push(("idempotency-key".to_owned(), key.clone()));
        }
        if let Some(Sign::HmacSha256 { header, .. }) = &request.sign {
            let found = headers::checked(vec![(header.clone(), String::new())])?;
            if found.is_empty() {
                return Err(Error::Invalid(format!(
                    "a signature cannot stand in the header `{header}`"
                )));
            }
        }
        Ok(Self {
            caller,
            redactor,
            method: method.clone(),
            url,
            headers,
            body: request.body.clone(),
            sign: request.sign.clone(),
            limit: request.limit,
            deadline: Instant::now() + request.timeout,
        })
    }

    /// The headers as they are sent: with secrets and signatures. Where a redirect led to a place that is not trusted
    /// with secrets, those that have some are left out.
    fn outgoing(&self, redirected: bool) -> Result<Vec<(String, String)>, Error> {
        let trusted = self.caller.permit.trusts(&self.method, &self.url);
        let vault = &self.caller.vault;
        let elsewhere = |name: &str| NotGiven::Elsewhere {
            name: name.to_owned(),
            origin: self.url.origin().ascii_serialization(),
        };
        let mut headers = Vec::with_capacity(self.headers.len());
        for (name, value) in &self.headers {
            let value = match named(value) {
                None => value.clone(),
                Some(_) if trusted => vault.put_into(value)?,
                Some(_) if redirected => continue,
                Some(secret) => {
                    vault.get(secret)?;
                    return Err(elsewhere(secret).into());
                }
            };
            headers.push((name.clone(), value));
        }
        let Some(sign) = &self.sign else {
            return Ok(headers);
        };
        let secret = vault.get(sign.secret())?;
        match (trusted, redirected) {
            (true, _) => {}
            (false, true) => return Ok(headers),
            (false, false) => return Err(elsewhere(sign.secret()).into()),
        }
        match sign {
            Sign::AwsSigv4 {
                secret: name,
                region,
                service,
            } => {
                let (id, key) = secret.split_once(':').ok_or_else(|| NotGiven::Unfit {
                    name: name.clone(),
                    reason: "has not the form ACCESS-KEY-ID:SECRET-KEY that aws-sigv4 needs",
                })?;
                let aws = Aws {
                    id,
                    key,
                    region,
                    service,
                };
                let added = aws.sign(&self.method, &self.url, &headers, &self.body, Timestamp::now());
                headers.retain(|(name, _)| !added.iter().any(|(own, _)| own == name));
                headers.extend(added);
            }
            Sign::HmacSha256 { header, .. } => {
                let header = header.to_ascii_lowercase();
                let signature = hex(&hmac_sha256(secret.as_bytes(), &self.body));
                headers.retain(|(name, _)| *name != header);
                headers.push((header, signature));
            }
        }
        Ok(headers)
    }

    /// The method that a redirect of this status is followed by.
    fn method_after(&self, status: u16) -> &str {
        let becomes_get = match status {
            301 | 302 => self.method == "POST",
            303 => self.method != "HEAD",
            _ => false,
        };
        if becomes_get { "GET" } else { &self.method }
    }

    /// Goes on to where an answer led, as browsers do.
    fn redirect(&mut self, status: u16, next: Url) {
        if next.origin() != self.url.origin() {
            self.headers.retain(|(name, value)| !headers::stays(name, value));
            self.sign = None;
        }
        let becomes_get = self.method_after(status) != self.method;
        if becomes_get {
            self.method = "GET".into();
            self.body = Bytes::new();
            self.headers
                .retain(|(name, _)| !headers::is_of_body(name) && name != "idempotency-key");
        }
        self.url = next;
    }

    fn log(&self, status: u16, took: Duration) {
        let Caller { plugin, invocation, .. } = self.caller;
        let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        tracing::debug!(target: "http", plugin, invocation, status, ms, sent = self.body.len(), "{} {}", self.method, self.place());
    }

    fn log_failure(&self, error: &Error) {
        let Caller { plugin, invocation, .. } = self.caller;
        let why = error.to_string();
        let why = self.redactor.text(&why);
        match error {
            Error::Refused(_) | Error::Secret(_) => {
                tracing::warn!(target: "http", plugin, invocation, "refused {} {}: {why}", self.method, self.place());
            }
            _ => {
                tracing::debug!(target: "http", plugin, invocation, "{} {}: {why}", self.method, self.place());
            }
        }
    }

    /// Where it goes, as logs show it: an address that somebody redirected to may have a secret in it.
    fn place(&self) -> String {
        self.redactor.text(&shown(&self.url)).into_owned()
    }
}

/// Where an answer leads.
fn redirection(way: &Way<'_>, answer: &hyper::Response<Incoming>) -> Result<Option<Url>, Error> {
    if !matches!(answer.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let Some(location) = answer.headers().get(LOCATION) else {
        return Ok(None);
    };
    let wrong = |why: String| {
        let why = format!("`{}` redirects to nowhere: {why}", authority(&way.url));
        let error = Error::Unavailable(way.redactor.text(&why).into_owned());
        let Caller { plugin, invocation, .. } = way.caller;
        tracing::warn!(target: "http", plugin, invocation, "refused {} {}: {error}", way.method, way.place());
        error
    };
    let location = std::str::from_utf8(location.as_bytes()).map_err(|_| wrong("that is no text".into()))?;
    let next = way.url.join(location).map_err(|error| wrong(error.to_string()))?;
    settled(next).map(Some).map_err(|error| wrong(error.to_string()))
}

fn late(url: &Url) -> Error {
    Error::Unavailable(format!("`{}` did not answer in time", authority(url)))
}
