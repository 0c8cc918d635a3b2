//! Sends requests.

use crate::begun::Begun;
use crate::body::{Body, Bounds, ENCODINGS, is_known};
use crate::connect::{Connection, connect};
use crate::error::{Error, Refusal};
use crate::pace::{Gates, Pace};
use crate::permit::Permit;
use crate::proxy::Proxies;
use crate::redact::Redactor;
use crate::resolve::Resolver;
use crate::secrets::Vault;
use crate::sign::authority;
use crate::way::{Way, late, redirection};
use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{ACCEPT, ACCEPT_ENCODING, HOST, HeaderName, HeaderValue, PROXY_AUTHORIZATION, USER_AGENT};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

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
    pub(crate) fn secret(&self) -> &str {
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
    /// Where a request that may change something was redirected and does not get to where it was led, its answer is the
    /// redirection itself: an error would hide that the request was taken.
    ///
    /// # Errors
    /// There is none, or it is not wanted.
    pub async fn send(&self, caller: &Caller, request: Request) -> Result<Response, Error> {
        let mut way = Way::new(caller, self.redactor(), &request)?;
        let turn = tokio::time::timeout_at(way.deadline, self.gates.pass(&caller.plugin)).await;
        let turn = Arc::new(turn.map_err(|_| late(&way.url))??);
        let mut redirects = 0;
        let mut taken: Option<Response> = None;
        loop {
            let began = Instant::now();
            let (answer, connection) = match self.settled(&way, redirects).await {
                Ok(answered) => answered,
                Err(error) => {
                    way.log_failure(&error);
                    return match error {
                        Error::Uncertain(_) => Err(error),
                        _ => taken.ok_or(error),
                    };
                }
            };
            let status = answer.status().as_u16();
            way.log(status, began.elapsed());
            let next = match request.follow {
                true => redirection(&way, &answer),
                false => Ok(None),
            };
            let response = self.response(&way, answer, Box::new((connection.driver, Arc::clone(&turn))));
            redirects += 1;
            let next = next.and_then(|next| match next {
                Some(_) if redirects > REDIRECTS => Err(Error::Unavailable(format!(
                    "`{}` redirects more than {REDIRECTS} times",
                    authority(&way.url)
                ))),
                Some(_) => self
                    .gates
                    .count(&caller.plugin, std::time::Instant::now())
                    .map(|_| next),
                None => Ok(None),
            });
            match next {
                Ok(Some(next)) => way.redirect(status, next),
                Ok(None) => return Ok(response),
                Err(_) if way.changes => return Ok(response),
                Err(error) => return Err(error),
            }
            taken = way.changes.then_some(response);
        }
    }

    /// One exchange, in time. After an error nothing of it is sent any more.
    async fn settled(&self, way: &Way<'_>, redirects: usize) -> Result<(hyper::Response<Incoming>, Connection), Error> {
        let begun = Begun::default();
        let exchange = self.exchange(way, redirects, begun.clone());
        let outcome = tokio::time::timeout_at(way.deadline, exchange).await;
        outcome
            .unwrap_or_else(|_| Err(late(&way.url)))
            .map_err(|error| match error {
                Error::Unavailable(why) if begun.close() && !is_safe(&way.method) => Error::Uncertain(format!(
                    "{why}; {} had begun to be sent, and whether it was done is not known",
                    way.method
                )),
                error => error,
            })
    }

    async fn exchange(
        &self,
        way: &Way<'_>,
        redirects: usize,
        begun: Begun,
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
        let mut connection = connect(&self.outside, caller, method, url, begun).await?;
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
                Bounds {
                    limit: way.limit,
                    deadline: way.deadline,
                    host: authority(&way.url),
                    taken: way.changes.then_some(head.status.as_u16()),
                },
                with,
            ),
        }
    }
}
