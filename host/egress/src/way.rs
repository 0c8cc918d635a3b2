//! One request on its way: what of it is sent where, and where an answer leads.

use crate::client::{Caller, Request, Sign, is_safe};
use crate::error::{Error, shown};
use crate::headers;
use crate::redact::Redactor;
use crate::secrets::{NotGiven, named};
use crate::sign::{Aws, authority, hex, hmac_sha256};
use bytes::Bytes;
use hyper::body::Incoming;
use hyper::header::LOCATION;
use jiff::Timestamp;
use moa_core::http_rule::{address, settled};
use std::time::Duration;
use tokio::time::Instant;
use url::Url;

/// One request on its way, which may be more than one where it is redirected.
pub(crate) struct Way<'a> {
    pub(crate) caller: &'a Caller,
    pub(crate) redactor: &'a Redactor,
    /// Whether the first of them may change something.
    pub(crate) changes: bool,
    pub(crate) method: String,
    pub(crate) url: Url,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Bytes,
    pub(crate) sign: Option<Sign>,
    pub(crate) limit: usize,
    pub(crate) deadline: Instant,
}

impl<'a> Way<'a> {
    pub(crate) fn new(caller: &'a Caller, redactor: &'a Redactor, request: &Request) -> Result<Self, Error> {
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
            changes: !is_safe(method),
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
    pub(crate) fn outgoing(&self, redirected: bool) -> Result<Vec<(String, String)>, Error> {
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
    pub(crate) fn method_after(&self, status: u16) -> &str {
        let becomes_get = match status {
            301 | 302 => self.method == "POST",
            303 => self.method != "HEAD",
            _ => false,
        };
        if becomes_get { "GET" } else { &self.method }
    }

    /// Goes on to where an answer led, as browsers do.
    pub(crate) fn redirect(&mut self, status: u16, next: Url) {
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

    pub(crate) fn log(&self, status: u16, took: Duration) {
        let Caller { plugin, invocation, .. } = self.caller;
        let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        tracing::debug!(target: "http", plugin, invocation, status, ms, sent = self.body.len(), "{} {}", self.method, self.place());
    }

    pub(crate) fn log_failure(&self, error: &Error) {
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
pub(crate) fn redirection(way: &Way<'_>, answer: &hyper::Response<Incoming>) -> Result<Option<Url>, Error> {
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

pub(crate) fn late(url: &Url) -> Error {
    Error::Unavailable(format!("`{}` did not answer in time", authority(url)))
}
