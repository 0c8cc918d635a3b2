//! The proxies between the host and the outside world, where the environment names some.
//!
//! `HTTPS_PROXY` or else `ALL_PROXY` names the one for https, `HTTP_PROXY` or else `ALL_PROXY` the one for http, `NO_PROXY`
//! the hosts that are reached without one (each also in lower case), as with curl. This machine is never reached through a
//! proxy. What goes through one is looked up by it: the host then checks names and literal addresses alone.

use crate::address::{Special, special};
use hyper::header::HeaderValue;
use hyper_util::client::proxy::matcher::Matcher;
use url::{Host, Url};

/// Why a proxy that the environment names cannot be used. The value may hold a password and is not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not the address of a proxy that can be used; the right form is http://USER:PASSWORD@HOST:PORT")]
pub struct NoProxy(pub &'static str);

/// One proxy, for one request.
#[derive(Clone, Debug)]
pub(crate) struct Hop {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) secure: bool,
    pub(crate) credentials: Option<HeaderValue>,
}

/// The proxies, and which hosts are reached without them.
#[derive(Debug, Default)]
pub struct Proxies(Option<Matcher>);

impl Proxies {
    /// Those that variables name. `variable` answers the value of one.
    ///
    /// # Errors
    /// A variable names none.
    pub fn named_by(variable: impl Fn(&str) -> Option<String>) -> Result<Self, NoProxy> {
        let set = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
        let first = |names: [&'static str; 4]| match names.into_iter().find_map(|name| Some((name, set(name)?))) {
            Some((name, value)) => address(value.trim()).map(Some).ok_or(NoProxy(name)),
            None => Ok(None),
        };
        let https = first(["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])?;
        let http = first(["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])?;
        if https.is_none() && http.is_none() {
            return Ok(Self(None));
        }
        let no = set("NO_PROXY").or_else(|| set("no_proxy")).unwrap_or_default();
        let mut matcher = Matcher::builder().no(no);
        if let Some(url) = https {
            matcher = matcher.https(url);
        }
        if let Some(url) = http {
            matcher = matcher.http(url);
        }
        Ok(Self(Some(matcher.build())))
    }

    /// The one that an address is reached through.
    pub(crate) fn of(&self, url: &Url) -> Option<Hop> {
        let matcher = self.0.as_ref()?;
        if is_here(url) {
            return None;
        }
        let found = matcher.intercept(&url.as_str().parse().ok()?)?;
        let uri = found.uri();
        let secure = uri.scheme_str() == Some("https");
        let host = uri.host()?;
        Some(Hop {
            host: host.trim_matches(['[', ']']).to_owned(),
            port: uri.port_u16().unwrap_or(if secure { 443 } else { 80 }),
            secure,
            credentials: found.basic_auth().cloned(),
        })
    }
}

/// An address without a scheme is one of an HTTP proxy, as with curl.
fn address(value: &str) -> Option<String> {
    let url = match value.contains("://") {
        true => Url::parse(value),
        false => Url::parse(&format!("http://{value}")),
    };
    let url = url.ok()?;
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then(|| url.into())
}

/// Whether an address is one of this machine.
fn is_here(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => special(ip.into()) == Some(Special::Loopback),
        Some(Host::Ipv6(ip)) => special(ip.into()) == Some(Special::Loopback),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(variables: &[(&str, &str)]) -> Result<Proxies, NoProxy> {
        Proxies::named_by(|name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_environment_names_them_as_with_curl() {
        let both = &[
            ("HTTPS_PROXY", "https://u:p%40@s"),
            ("http_proxy", "plain:3128"),
            ("NO_PROXY", "no.example,.corp,10.0.0.0/8"),
        ];
        for (variables, url, through) in [
            (&[][..], "https://a.example/", None),
            (both, "https://a.example/", Some(("s", 443, true))),
            (both, "http://a.example/", Some(("plain", 3128, false))),
            (both, "http://no.example/", None),
            (both, "http://x.corp/", None),
            (both, "http://10.1.1.1/", None),
            (both, "http://localhost:1/", None),
            (both, "http://127.0.0.1/", None),
            (both, "https://[::1]/", None),
            (
                &[("all_proxy", "http://p:1")],
                "http://a.example/",
                Some(("p", 1, false)),
            ),
            (
                &[("HTTPS_PROXY", " "), ("ALL_PROXY", "http://[::1]:2")],
                "https://a.example/",
                Some(("::1", 2, false)),
            ),
            (&[("HTTPS_PROXY", "http://p:1")], "http://a.example/", None),
        ] {
            let found = proxies(variables).unwrap().of(&Url::parse(url).unwrap());
            let found = found.as_ref().map(|hop| (hop.host.as_str(), hop.port, hop.secure));
            assert_eq!(found, through, "{variables:?} {url}");
        }
        let hop = proxies(both)
            .unwrap()
            .of(&Url::parse("https://a.example/").unwrap())
            .unwrap();
        assert_eq!(hop.credentials.unwrap(), "Basic dTpwQA==");
        for wrong in ["socks5://p:1", "http://", "http://p:port"] {
            assert_eq!(proxies(&[("ALL_PROXY", wrong)]).unwrap_err(), NoProxy("ALL_PROXY"));
        }
    }
}
