//! Incoming webhooks: secret addresses that messages are posted to. Nothing comes back but whether it was taken, so what
//! may have been taken is never sent again.

#[cfg(test)]
pub(crate) mod testing;
mod windows;

pub use windows::Windows;

use super::SendError;
use super::slack::proxy::{Proxy, ProxyError};
use super::slack::tls::{self, TlsError};
use reqwest::Url;
use reqwest::header::{ACCEPT, CONTENT_TYPE, RETRY_AFTER};
use std::time::Duration;

/// From the request's first byte to the answer's last.
const TIMEOUT: Duration = Duration::from_secs(15);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How much of an answer is read: those that say something are short.
const MAX_ANSWER: usize = 64 << 10;

/// A webhook's address. Whoever has it can write there, so it is shown to nobody.
#[derive(Clone)]
pub struct Address(Url);

/// Why an address cannot be used. It is not shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{key}: what lies there is no address of a webhook; it begins with https:// (or with http:// on this machine), and is copied whole from the service"
)]
pub struct AddressError {
    /// The configuration's key.
    pub key: String,
}

impl Address {
    /// Reads an address. `key` is where the configuration has it.
    ///
    /// # Errors
    /// It is none, or what is sent there would go through the network in the clear.
    pub fn parse(key: &str, text: &str) -> Result<Self, AddressError> {
        let wrong = || AddressError { key: key.to_owned() };
        let url = Url::parse(text.trim()).map_err(|_| wrong())?;
        let local = || url.host_str().is_some_and(super::slack::is_loopback_host);
        match url.scheme() {
            "https" if url.has_host() => Ok(Self(url)),
            "http" if local() => Ok(Self(url)),
            _ => Err(wrong()),
        }
    }

    fn is_encrypted(&self) -> bool {
        self.0.scheme() == "https"
    }
}

impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[secret]")
    }
}

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum PosterError {
    /// There is no TLS.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The environment names a proxy that cannot be used.
    #[error(transparent)]
    Proxy(#[from] ProxyError),
    /// The HTTP library refused.
    #[error("the HTTP client for webhooks cannot be set up: {0}")]
    Client(String),
}

/// What was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The header `Retry-After`.
    pub retry_after: Option<String>,
    /// The body; nothing where it is no text.
    pub body: String,
}

/// Posts to webhooks.
pub struct Poster(reqwest::Client);

impl Poster {
    /// A client for these addresses: it trusts whom the system trusts, and goes through the proxy that the environment
    /// names, except on this machine.
    ///
    /// # Errors
    /// See [`PosterError`].
    pub fn new<'a>(addresses: impl IntoIterator<Item = &'a Address>) -> Result<Self, PosterError> {
        let encrypted = addresses.into_iter().any(Address::is_encrypted);
        let mut tls = if encrypted { tls::system()? } else { tls::none()? };
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .user_agent(concat!("moa/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            .tcp_nodelay(true)
            // A connection that the other side is just closing would leave it open whether a message was taken.
            .pool_max_idle_per_host(0)
            // A redirect would lead what is said to where nobody sent it.
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy();
        if encrypted && let Some(proxy) = Proxy::named_by(|name| std::env::var(name).ok())? {
            builder = builder.proxy(proxy.for_http().map_err(PosterError::Client)?);
        }
        let client = builder.build();
        Ok(Self(client.map_err(|error| {
            PosterError::Client(error.without_url().to_string())
        })?))
    }

    /// Posts a body. `accept` is the header of that name, where the service wants one.
    ///
    /// # Errors
    /// The service could not be reached, or the connection broke before it answered.
    pub async fn post(
        &self,
        to: &Address,
        content_type: &str,
        accept: Option<&str>,
        body: Vec<u8>,
    ) -> Result<Answer, SendError> {
        let mut request = self.0.post(to.0.clone()).header(CONTENT_TYPE, content_type).body(body);
        if let Some(accept) = accept {
            request = request.header(ACCEPT, accept);
        }
        let mut response = request.send().await.map_err(broken)?;
        let retry_after = response.headers().get(RETRY_AFTER);
        let retry_after = retry_after.and_then(|value| value.to_str().ok()).map(str::to_owned);
        let status = response.status().as_u16();
        let mut body = Vec::new();
        // The status says what became of it; what is said besides may break off.
        while let Ok(Some(part)) = response.chunk().await {
            body.extend(part);
            if body.len() > MAX_ANSWER {
                body.truncate(MAX_ANSWER);
                break;
            }
        }
        Ok(Answer {
            status,
            retry_after,
            body: String::from_utf8(body).unwrap_or_default(),
        })
    }
}

/// The library's errors may hold the address.
fn broken(error: reqwest::Error) -> SendError {
    let unsent = error.is_connect() || error.is_builder();
    let reason = chain(&error.without_url());
    match unsent {
        true => SendError::Temporary { reason },
        false => SendError::Uncertain { reason },
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text.push_str(&format!(": {inner}"));
        source = inner.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_encrypted_or_of_this_machine_and_never_shown() {
        let parse = |text| Address::parse("incoming.ops.url", text);
        let address = parse(" https://hooks.slack.com/services/T/B/very-secret\n").unwrap();
        assert_eq!(format!("{address:?}"), "[secret]");
        assert!(parse("http://127.0.0.1:8080/very-secret").is_ok());
        for wrong in [
            "",
            "very-secret",
            "http://hooks.slack.com/very-secret",
            "ftp://x/very-secret",
            "https://",
        ] {
            let error = parse(wrong).unwrap_err().to_string();
            assert!(
                error.contains("incoming.ops.url") && !error.contains("very-secret"),
                "{error}"
            );
        }
    }

    #[tokio::test]
    async fn a_webhook_that_is_not_there_is_told_without_its_address() {
        // Bound and closed again: nobody listens there.
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let address = Address::parse("x", &format!("http://127.0.0.1:{port}/very-secret")).unwrap();
        let poster = Poster::new([&address]).unwrap();
        let error = poster
            .post(&address, "application/json", None, b"{}".to_vec())
            .await
            .unwrap_err();
        assert!(matches!(error, SendError::Temporary { .. }), "{error:?}");
        assert!(!format!("{error:?} {error}").contains("very-secret"), "{error}");
    }
}
