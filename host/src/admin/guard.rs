//! What every request for the operator passes before anybody looks at it.

use super::{BODY, PATIENCE};
use crate::web::{Peer, Source, plain, refusal};
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use http_body_util::Limited;
use moa_core::config::{self, Network};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// What every answer carries, unless its handler says something else.
const HEADERS: &[(&str, &str)] = &[
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cache-control", "no-store"),
    (
        "content-security-policy",
        "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    ),
    ("cross-origin-resource-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
];

/// Who asks, and how: every handler finds it in the request's extensions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Where the request comes from.
    pub source: Source,
    /// Whether the browser asked by https: a trusted proxy says so.
    pub https: bool,
    /// The name that the browser knows this listener by, with a port where it is not the usual one.
    pub host: String,
}

impl Asked {
    /// The origin of the pages that the browser got here, as browsers write it: `https://moa.example.com`.
    pub fn origin(&self) -> String {
        let scheme = if self.https { "https" } else { "http" };
        format!("{scheme}://{}", self.host)
    }
}

/// By which names it may be asked, and whose word counts.
pub(super) struct Guard {
    address: SocketAddr,
    hosts: Vec<String>,
    proxies: Vec<Network>,
}

impl Guard {
    pub(super) fn new(address: SocketAddr, config: &config::Admin) -> Self {
        Self {
            address,
            hosts: config.hosts.clone(),
            proxies: config.proxies.clone(),
        }
    }

    /// Whether somebody's word is taken for who asks.
    pub(super) fn trusts(&self, peer: IpAddr) -> bool {
        self.proxies.iter().any(|network| network.has(peer))
    }

    /// Who asks, if it is by a name of this listener.
    fn asked(&self, peer: IpAddr, uri: &Uri, headers: &HeaderMap) -> Result<Asked, Refused> {
        let trusted = self.trusts(peer);
        let mut host = match (one(headers, &header::HOST), uri.authority()) {
            (Said::Many, _) => return Err(Refused::NoName),
            // What the request line says counts (RFC 9112, 3.2.2).
            (_, Some(authority)) => authority.as_str().to_owned(),
            (Said::One(host), None) => host,
            (Said::Nothing, None) => return Err(Refused::NoName),
        };
        let mut https = false;
        if trusted {
            if let Some(said) = last(headers, "x-forwarded-host") {
                host = said;
            }
            https = last(headers, "x-forwarded-proto").is_some_and(|said| said.eq_ignore_ascii_case("https"));
        }
        let host = host.to_ascii_lowercase();
        let name = name_of(&host).ok_or(Refused::NoName)?;
        if !self.knows(name) {
            return Err(Refused::Unknown(name.to_owned()));
        }
        Ok(Asked {
            source: Source::behind(peer, headers, &self.proxies),
            https,
            host,
        })
    }

    /// Whether a name is one of this listener's. Ports do not matter: a tunnel may have another.
    fn knows(&self, name: &str) -> bool {
        let own = || match name.parse::<IpAddr>() {
            // A page from elsewhere can come under a name of its own, never under an address.
            Ok(address) => {
                let any = self.address.ip().is_unspecified();
                any || address.is_loopback() || address == self.address.ip()
            }
            Err(_) => name == "localhost",
        };
        own() || self.hosts.iter().any(|host| host == name)
    }
}

/// Why a request is turned away.
#[derive(Debug, PartialEq, Eq)]
enum Refused {
    /// It says no name, or several.
    NoName,
    /// It says another one.
    Unknown(String),
}

/// What a header says that may be there once.
enum Said {
    Nothing,
    One(String),
    Many,
}

fn one(headers: &HeaderMap, name: &HeaderName) -> Said {
    let mut lines = headers.get_all(name).into_iter();
    match (lines.next(), lines.next()) {
        (None, _) => Said::Nothing,
        (Some(line), None) => line.to_str().map_or(Said::Many, |line| Said::One(line.to_owned())),
        (Some(_), Some(_)) => Said::Many,
    }
}

/// The last word of a header: what the proxy wrote that is trusted.
fn last(headers: &HeaderMap, name: &str) -> Option<String> {
    let line = headers.get_all(name).into_iter().next_back()?.to_str().ok()?;
    let word = line.rsplit(',').next()?.trim();
    (!word.is_empty()).then(|| word.to_owned())
}

/// The name in `NAME:PORT`; nothing where it is neither a name nor an address.
fn name_of(host: &str) -> Option<&str> {
    if let Some(rest) = host.strip_prefix('[') {
        let (address, port) = rest.split_once(']')?;
        return (port.is_empty() || is_port(port.strip_prefix(':')?)).then_some(address);
    }
    let name = match host.split_once(':') {
        Some((name, port)) => is_port(port).then_some(name)?,
        None => host,
    };
    let name = name.strip_suffix('.').unwrap_or(name);
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (!name.is_empty() && name.bytes().all(is_part)).then_some(name)
}

fn is_port(text: &str) -> bool {
    text.parse::<u16>().is_ok()
}

/// The routes behind the guard. What nobody has a route for passes it, too.
pub(super) fn before(routes: Router, guard: Arc<Guard>) -> Router {
    let nothing = || async { refusal(StatusCode::NOT_FOUND) };
    routes
        .fallback(nothing)
        .layer(middleware::from_fn_with_state(guard, pass))
}

async fn pass(State(guard): State<Arc<Guard>>, mut request: Request, next: Next) -> Response {
    let mut response = match request.extensions().get::<Peer>().map(|peer| peer.0) {
        // The listener always says who connected.
        None => refusal(StatusCode::INTERNAL_SERVER_ERROR),
        Some(peer) => match guard.asked(peer, request.uri(), request.headers()) {
            Ok(asked) => {
                request.extensions_mut().insert(asked);
                let request = request.map(|body| Body::new(Limited::new(body, BODY)));
                match tokio::time::timeout(PATIENCE, next.run(request)).await {
                    Ok(response) => response,
                    Err(_) => plain(StatusCode::SERVICE_UNAVAILABLE, "this takes too long"),
                }
            }
            Err(Refused::NoName) => last_word(StatusCode::BAD_REQUEST, "a request needs one Host".to_owned()),
            Err(Refused::Unknown(name)) => last_word(
                StatusCode::MISDIRECTED_REQUEST,
                format!("nobody is known here as {name}; if this listener is, add the name to admin.hosts"),
            ),
        },
    };
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        let (name, value) = (HeaderName::from_static(name), HeaderValue::from_static(value));
        headers.entry(name).or_insert(value);
    }
    response
}

/// A refusal after which the connection ends.
fn last_word(status: StatusCode, text: String) -> Response {
    let mut response = plain(status, text);
    let close = HeaderValue::from_static("close");
    response.headers_mut().insert(header::CONNECTION, close);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(listen: &str, hosts: &[&str], proxies: &[&str]) -> Guard {
        Guard {
            address: listen.parse().unwrap(),
            hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
            proxies: proxies.iter().filter_map(|text| Network::parse(text)).collect(),
        }
    }

    fn asked(guard: &Guard, peer: &str, lines: &[(&str, &str)]) -> Result<Asked, Refused> {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            let name: HeaderName = name.parse().unwrap();
            headers.append(name, value.parse().unwrap());
        }
        guard.asked(peer.parse().unwrap(), &Uri::from_static("/metrics"), &headers)
    }

    #[test]
    fn only_names_of_this_machine_and_those_that_are_configured_are_answered() {
        let local = guard("127.0.0.1:7701", &["moa.example.com"], &[]);
        let outside = guard("192.0.2.5:80", &[], &[]);
        let any = guard("0.0.0.0:80", &[], &[]);
        for (guard, host, known) in [
            (&local, "127.0.0.1:7701", true),
            (&local, "localhost:9999", true),
            (&local, "LOCALHOST", true),
            (&local, "localhost.", true),
            (&local, "[::1]:7701", true),
            (&local, "127.8.8.8", true),
            (&local, "moa.example.com", true),
            (&local, "Moa.Example.com:8443", true),
            (&local, "evil.example", false),
            (&local, "localhost.evil.example", false),
            (&local, "127.0.0.1.evil.example", false),
            (&local, "moa.example.com.evil.example", false),
            (&local, "192.0.2.5", false),
            (&outside, "192.0.2.5", true),
            (&outside, "192.0.2.6", false),
            (&outside, "localhost", true),
            (&any, "192.0.2.6:80", true),
            (&any, "[2001:db8::1]", true),
            (&any, "evil.example", false),
        ] {
            let got = asked(guard, "127.0.0.1", &[("host", host)]);
            assert_eq!(got.is_ok(), known, "{host}: {got:?}");
        }
    }

    #[test]
    fn what_says_no_name_or_two_is_refused() {
        let local = guard("127.0.0.1:7701", &[], &[]);
        for lines in [
            &[][..],
            &[("host", "")],
            &[("host", "localhost"), ("host", "evil.example")],
            &[("host", "localhost:port")],
            &[("host", "user@localhost")],
            &[("host", "[::1")],
            &[("host", "localhost/evil")],
        ] {
            assert_eq!(asked(&local, "127.0.0.1", lines), Err(Refused::NoName), "{lines:?}");
        }
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static("localhost"));
        let uri = Uri::from_static("http://evil.example/metrics");
        let got = local.asked([127, 0, 0, 1].into(), &uri, &headers);
        assert_eq!(
            got,
            Err(Refused::Unknown("evil.example".into())),
            "what is asked for counts"
        );
    }

    #[test]
    fn only_a_trusted_proxy_says_how_the_browser_asked() {
        let guard = guard("127.0.0.1:7701", &["moa.example.com"], &["10.0.0.0/8"]);
        let lines = [
            ("host", "localhost"),
            ("x-forwarded-host", "evil.example, moa.example.com"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-for", "198.51.100.7, 192.0.2.1"),
        ];
        let direct = asked(&guard, "127.0.0.1", &lines).unwrap();
        assert_eq!((direct.origin().as_str(), direct.https), ("http://localhost", false));
        assert_eq!(direct.source, Source::of([127, 0, 0, 1].into()));
        let behind = asked(&guard, "10.1.1.1", &lines).unwrap();
        assert_eq!(behind.origin(), "https://moa.example.com");
        assert_eq!(behind.source, Source::of([192, 0, 2, 1].into()));
        let evil = [("host", "localhost"), ("x-forwarded-host", "evil.example")];
        assert!(asked(&guard, "10.1.1.1", &evil).is_err());
    }
}
