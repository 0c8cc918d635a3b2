//! The proxy between the host and Slack, where the environment names one.
//!
//! `HTTPS_PROXY` or else `ALL_PROXY` names it, `NO_PROXY` the hosts that are reached without it (each also in lower
//! case), as with curl. Both the Web API and the socket go through it: always as a tunnel (`CONNECT`), so that it sees
//! host names and no tokens. This machine is never reached through a proxy.

use super::options::is_loopback_host;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use http_body_util::Empty;
use hyper::header::{HOST, HeaderValue, PROXY_AUTHORIZATION};
use hyper::{Request, StatusCode};
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::TokioIo;
use reqwest::Url;
use rustls::pki_types::ServerName;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_tungstenite::MaybeTlsStream;

/// A connection to Slack or to a proxy; to the proxy it may be encrypted by itself.
pub type Wire = MaybeTlsStream<TcpStream>;

/// Why the proxy that the environment names cannot be used. The value may hold a password and is not shown.
#[derive(Debug, thiserror::Error)]
pub enum ProxyError {
    /// It is no address.
    #[error("{0} is not the address of a proxy; the right form is http://USER:PASSWORD@HOST:PORT")]
    NotAnAddress(&'static str),
    /// It speaks something else than HTTP.
    #[error("{name} names a proxy that is spoken to in {scheme}; Moa can use http:// and https:// proxies")]
    Scheme {
        /// The variable.
        name: &'static str,
        /// Its address' scheme.
        scheme: String,
    },
}

/// A proxy, and which hosts are reached without it.
pub struct Proxy {
    /// The variable that names it.
    name: &'static str,
    /// With user and password, if it wants them.
    url: Url,
    no: String,
    matcher: Matcher,
}

impl std::fmt::Debug for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Proxy({})", self.shown())
    }
}

impl Proxy {
    /// The proxy that variables name, if they name one. `variable` answers the value of one.
    ///
    /// # Errors
    /// See [`ProxyError`].
    pub fn named_by(variable: impl Fn(&str) -> Option<String>) -> Result<Option<Self>, ProxyError> {
        let set = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
        let names = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
        let Some((name, value)) = names.into_iter().find_map(|name| Some((name, set(name)?))) else {
            return Ok(None);
        };
        let value = value.trim();
        // An address without a scheme is one of an HTTP proxy, as with curl.
        let url = match value.contains("://") {
            true => Url::parse(value),
            false => Url::parse(&format!("http://{value}")),
        };
        let url = url.map_err(|_| ProxyError::NotAnAddress(name))?;
        match url.scheme() {
            "http" | "https" if url.has_host() => {}
            "http" | "https" => return Err(ProxyError::NotAnAddress(name)),
            scheme => {
                return Err(ProxyError::Scheme {
                    name,
                    scheme: scheme.into(),
                });
            }
        }
        let no = set("NO_PROXY").or_else(|| set("no_proxy")).unwrap_or_default();
        let matcher = Matcher::builder().https(url.as_str()).no(no.as_str()).build();
        Ok(Some(Self { name, url, no, matcher }))
    }

    /// Its address, without user and password.
    pub fn shown(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        format!("{}://{host}:{}", self.url.scheme(), self.port())
    }

    /// The same for the HTTP client.
    ///
    /// # Errors
    /// The HTTP library's words.
    pub fn for_http(&self) -> Result<reqwest::Proxy, String> {
        let proxy = reqwest::Proxy::https(self.url.clone()).map_err(|e| e.without_url().to_string())?;
        Ok(proxy.no_proxy(reqwest::NoProxy::from_string(&self.no)))
    }

    /// Whether this host is reached through it.
    pub fn is_for(&self, host: &str) -> bool {
        if is_loopback_host(host) {
            return false;
        }
        let host = if host.contains(':') {
            format!("[{host}]")
        } else {
            host.to_owned()
        };
        // What cannot be asked about is not let past the proxy.
        match format!("https://{host}/").parse() {
            Ok(uri) => self.matcher.intercept(&uri).is_some(),
            Err(_) => true,
        }
    }

    /// Its host and port, to connect to.
    pub fn address(&self) -> (&str, u16) {
        (self.url.host_str().unwrap_or_default(), self.port())
    }

    fn port(&self) -> u16 {
        self.url.port_or_known_default().unwrap_or(80)
    }

    /// A tunnel to that host and port, over a fresh connection to the proxy.
    ///
    /// # Errors
    /// Why there is none, as a sentence.
    pub async fn tunnel(
        &self,
        tcp: TcpStream,
        tls: &Arc<rustls::ClientConfig>,
        host: &str,
        port: u16,
    ) -> Result<Wire, String> {
        let shown = self.shown();
        let wire = match self.url.scheme() {
            "https" => {
                let name = self.url.host_str().unwrap_or_default().to_owned();
                let name = ServerName::try_from(name).map_err(|_| format!("{shown} has no name for TLS"))?;
                let stream = TlsConnector::from(Arc::clone(tls)).connect(name, tcp).await;
                MaybeTlsStream::Rustls(stream.map_err(|e| format!("no TLS with the proxy {shown}: {e}"))?)
            }
            _ => MaybeTlsStream::Plain(tcp),
        };
        let broke = |e: hyper::Error| format!("the proxy {shown} opened no tunnel to {host}: {e}");
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(wire))
            .await
            .map_err(broke)?;
        let driver = tokio::spawn(connection.with_upgrades());
        let authority = if host.contains(':') {
            format!("[{host}]:{port}")
        } else {
            format!("{host}:{port}")
        };
        let mut request = Request::connect(&authority).header(HOST, &authority);
        if let Some(credentials) = self.credentials() {
            request = request.header(PROXY_AUTHORIZATION, credentials);
        }
        let request = request
            .body(Empty::<Bytes>::new())
            .map_err(|e| format!("the proxy {shown} cannot be asked for {host}: {e}"))?;
        let answer = sender.send_request(request).await.map_err(broke)?;
        match answer.status() {
            status if status.is_success() => {}
            StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
                driver.abort();
                return Err(format!(
                    "the proxy {shown} wants a user and a password that are right; put them into {}",
                    self.name
                ));
            }
            status => {
                driver.abort();
                let status = status.as_u16();
                return Err(format!("the proxy {shown} opens no tunnel to {host} (HTTP {status})"));
            }
        }
        let upgraded = hyper::upgrade::on(answer).await.map_err(broke)?;
        match upgraded.downcast::<TokioIo<Wire>>() {
            // Slack waits for the TLS handshake: whatever came already is not from Slack.
            Ok(parts) if parts.read_buf.is_empty() => Ok(parts.io.into_inner()),
            _ => Err(format!("the proxy {shown} sent something of its own into the tunnel")),
        }
    }

    fn credentials(&self) -> Option<HeaderValue> {
        if self.url.username().is_empty() && self.url.password().is_none() {
            return None;
        }
        let plain = |text: &str| percent_decoded(text);
        let mut pair = plain(self.url.username());
        pair.push(b':');
        pair.extend(plain(self.url.password().unwrap_or_default()));
        let mut value = HeaderValue::from_str(&format!("Basic {}", BASE64.encode(pair))).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

/// Addresses write what is special as `%40`; a `%` that begins nothing stands for itself.
fn percent_decoded(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let code = match rest {
            [b'%', high, low, ..] => std::str::from_utf8(&[*high, *low])
                .ok()
                .and_then(|hex| u8::from_str_radix(hex, 16).ok()),
            _ => None,
        };
        match (code, rest) {
            (Some(code), [_, _, _, after @ ..]) => {
                bytes.push(code);
                rest = after;
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy(variables: &[(&str, &str)]) -> Result<Option<Proxy>, ProxyError> {
        Proxy::named_by(|name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_environment_names_it_as_with_curl() {
        for (variables, shown) in [
            (&[][..], None),
            (&[("HTTP_PROXY", "http://p:1")], None),
            (&[("HTTPS_PROXY", " ")], None),
            (&[("HTTPS_PROXY", "http://p:3128")], Some("http://p:3128")),
            (&[("https_proxy", "p:3128")], Some("http://p:3128")),
            (&[("all_proxy", "https://p")], Some("https://p:443")),
            (
                &[("ALL_PROXY", "http://a:1"), ("https_proxy", "http://u:secret@b")],
                Some("http://b:80"),
            ),
        ] {
            let found = proxy(variables).unwrap();
            assert_eq!(found.as_ref().map(Proxy::shown).as_deref(), shown, "{variables:?}");
            assert!(!format!("{found:?}").contains("secret"));
        }
        for (value, says) in [
            ("socks5://u:secret@p:1080", "socks5"),
            ("http://", "HTTPS_PROXY is not"),
            ("http://u:secret@p:port", "HTTPS_PROXY is not"),
        ] {
            let error = proxy(&[("HTTPS_PROXY", value)]).unwrap_err().to_string();
            assert!(error.contains(says) && !error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn some_hosts_are_reached_without_it() {
        let found = proxy(&[
            ("HTTPS_PROXY", "http://p:3128"),
            ("no_proxy", "example.org, .corp,10.0.0.0/8"),
        ]);
        let found = found.unwrap().unwrap();
        for (host, through) in [
            ("slack.com", true),
            ("wss-primary.slack.com", true),
            ("example.org", false),
            ("files.example.org", false),
            ("notexample.org", true),
            ("slack.corp", false),
            ("10.1.2.3", false),
            ("11.1.2.3", true),
            ("2001:db8::1", true),
            ("localhost", false),
            ("127.0.0.1", false),
            ("::1", false),
        ] {
            assert_eq!(found.is_for(host), through, "{host}");
        }
    }

    #[test]
    fn credentials_are_decoded() {
        let of = |url| proxy(&[("HTTPS_PROXY", url)]).unwrap().unwrap().credentials();
        assert_eq!(of("http://p"), None);
        // `user:p@ss%`
        assert_eq!(of("http://user:p%40ss%25@p").unwrap(), "Basic dXNlcjpwQHNzJQ==");
        assert_eq!(percent_decoded("100%, %4 %zz"), b"100%, %4 %zz");
    }
}
